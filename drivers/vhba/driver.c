/* SPDX-License-Identifier: MIT */
/* driver.c - DriverEntry, and the way of each IRP to the FDO's or the PDO's routine. */
#include "vhba.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;
static DRIVER_DISPATCH DispatchCreateClose, DispatchPnp, DispatchPower, DispatchControl,
    DispatchScsi, DispatchSystemControl;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI DispatchCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVHBA_COMMON Common = DeviceObject->DeviceExtension;
    UCHAR Major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;

    Irp->IoStatus.Information = 0;
    if (Major == IRP_MJ_CREATE && VhbaIs(&Common->Gone))
        return Complete(Irp, STATUS_NO_SUCH_DEVICE);
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVHBA_COMMON Common = DeviceObject->DeviceExtension;

    return Common->IsFdo ? VhbaFdoPnp((PVHBA_FDO)Common, Irp) : VhbaPdoPnp((PVHBA_LUN)Common, Irp);
}

static NTSTATUS NTAPI DispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVHBA_COMMON Common = DeviceObject->DeviceExtension;

    return Common->IsFdo ? VhbaFdoPower((PVHBA_FDO)Common, Irp)
                         : VhbaPdoPower((PVHBA_LUN)Common, Irp);
}

static NTSTATUS NTAPI DispatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVHBA_COMMON Common = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);

    if (!NT_SUCCESS(Status) || VhbaIs(&Common->Gone)) {
        if (NT_SUCCESS(Status))
            IoReleaseRemoveLock(&Common->RemoveLock, Irp);
        Irp->IoStatus.Information = 0;
        return Complete(Irp, STATUS_NO_SUCH_DEVICE);
    }
    return Common->IsFdo ? VhbaFdoControl((PVHBA_FDO)Common, Irp)
                         : VhbaPdoControl((PVHBA_LUN)Common, Irp);
}

static NTSTATUS NTAPI DispatchScsi(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVHBA_COMMON Common = DeviceObject->DeviceExtension;

    if (Common->IsFdo)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    return VhbaScsi((PVHBA_LUN)Common, Irp);
}

/* No WMI: the FDO passes it on, the PDO leaves the status as it came. */
static NTSTATUS NTAPI DispatchSystemControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVHBA_COMMON Common = DeviceObject->DeviceExtension;

    if (!Common->IsFdo)
        return Complete(Irp, Irp->IoStatus.Status);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((PVHBA_FDO)Common)->LowerDevice, Irp);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject); /* every device is gone, and everything was theirs */
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    VhbaInitializeRawBlocks();
    DriverObject->DriverExtension->AddDevice = VhbaAddDevice;
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchCreateClose;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = DispatchPower;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
    DriverObject->MajorFunction[IRP_MJ_SCSI] = DispatchScsi;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = DispatchSystemControl;
    return STATUS_SUCCESS;
}
