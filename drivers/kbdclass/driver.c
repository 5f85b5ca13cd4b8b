/* SPDX-License-Identifier: MIT */
/* driver.c - the keyboard class driver: dispatch, and the requests that the port answers. */
#include "kbdclass.h"

static DRIVER_DISPATCH Dispatch, Power, Forward;
static DRIVER_UNLOAD Unload;
DRIVER_INITIALIZE DriverEntry;

/* To the driver below, as it came or as an internal request. */
static NTSTATUS PassOn(PKBDCLASS_DEVICE Device, PIRP Irp, BOOLEAN Internal)
{
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return KbdClassComplete(Irp, STATUS_DEVICE_NOT_CONNECTED, 0);
    if (Internal) {
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoGetNextIrpStackLocation(Irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
        IoSetCompletionRoutine(Irp, NULL, NULL, FALSE, FALSE, FALSE);
    } else {
        IoSkipCurrentIrpStackLocation(Irp);
    }
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

static NTSTATUS Control(PKBDCLASS_DEVICE Device, PIRP Irp)
{
    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_KEYBOARD_QUERY_ATTRIBUTES:
    case IOCTL_KEYBOARD_QUERY_INDICATOR_TRANSLATION:
    case IOCTL_KEYBOARD_QUERY_INDICATORS:
    case IOCTL_KEYBOARD_SET_INDICATORS:
    case IOCTL_KEYBOARD_QUERY_TYPEMATIC:
    case IOCTL_KEYBOARD_SET_TYPEMATIC:
        return PassOn(Device, Irp, TRUE);
    default:
        return KbdClassComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI Dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PKBDCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    switch (Stack->MajorFunction) {
    case IRP_MJ_READ:
        return KbdClassRead(Device, Irp);
    case IRP_MJ_FLUSH_BUFFERS:
        KbdClassFlush(Device);
        return KbdClassComplete(Irp, STATUS_SUCCESS, 0);
    case IRP_MJ_CLEANUP:
        KbdClassEndReads(Device, Stack->FileObject, FALSE, STATUS_CANCELLED);
        return KbdClassComplete(Irp, STATUS_SUCCESS, 0);
    case IRP_MJ_DEVICE_CONTROL:
        return Control(Device, Irp);
    default: /* CREATE, CLOSE */
        return KbdClassComplete(Irp, STATUS_SUCCESS, 0);
    }
}

static NTSTATUS NTAPI Power(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PKBDCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return KbdClassComplete(Irp, Status, 0);
    return FollowPower(&Device->Power, Irp);
}

static NTSTATUS NTAPI Forward(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return PassOn(DeviceObject->DeviceExtension, Irp, FALSE);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_READ] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = Forward;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = Forward;
    DriverObject->MajorFunction[IRP_MJ_PNP] = KbdClassPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = Power;
    DriverObject->DriverExtension->AddDevice = KbdClassAddDevice;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
