/* SPDX-License-Identifier: MIT */
/* driver.c - dispatch to the bus or to its port. */
#include "vkbd.h"

static DRIVER_DISPATCH Dispatch, Pnp, Power;
static DRIVER_UNLOAD Unload;
DRIVER_INITIALIZE DriverEntry;

NTSTATUS VkbdComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI Pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVKBD_COMMON Common = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return VkbdComplete(Irp, Status, 0);
    if (Common->IsBus)
        return VkbdBusPnp((PVKBD_BUS)Common, Irp);
    Status = VkbdPortPnp((PVKBD_PORT)Common, Irp);
    IoReleaseRemoveLock(&Common->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI Power(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVKBD_COMMON Common = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return VkbdComplete(Irp, Status, 0);
    if (Common->IsBus)
        return FollowPower(&((PVKBD_BUS)Common)->Power, Irp);
    Status = VkbdPortPower((PVKBD_PORT)Common, Irp);
    IoReleaseRemoveLock(&Common->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI Dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVKBD_COMMON Common = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status;

    switch (Stack->MajorFunction) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE:
        return VkbdComplete(Irp, STATUS_SUCCESS, 0);
    default:
        break;
    }
    Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);
    if (!NT_SUCCESS(Status))
        return VkbdComplete(Irp, STATUS_DEVICE_NOT_CONNECTED, 0);
    if (Stack->MajorFunction == IRP_MJ_SYSTEM_CONTROL) {
        if (Common->IsBus) {
            IoSkipCurrentIrpStackLocation(Irp);
            Status = IoCallDriver(((PVKBD_BUS)Common)->Lower, Irp);
        } else {
            Status = VkbdComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
        }
    } else if (Stack->MajorFunction == IRP_MJ_DEVICE_CONTROL && Common->IsBus) {
        Status = VkbdBusControl((PVKBD_BUS)Common, Irp);
    } else if (Stack->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL && !Common->IsBus) {
        Status = VkbdPortControl((PVKBD_PORT)Common, Irp);
    } else {
        Status = VkbdComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    IoReleaseRemoveLock(&Common->RemoveLock, Irp);
    return Status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_PNP] = Pnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = Power;
    DriverObject->DriverExtension->AddDevice = VkbdAddDevice;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
