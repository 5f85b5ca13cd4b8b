/* SPDX-License-Identifier: MIT */
#include "cdrom.h"

NTSTATUS NTAPI CdromCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI DispatchOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return CdromCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI DispatchWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return CdromCompleteIrp(Irp, STATUS_MEDIA_WRITE_PROTECTED, 0);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = CdromDispatchRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DispatchWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CdromDispatchDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = CdromDispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = CdromDispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = CdromDispatchForward;
    DriverObject->DriverExtension->AddDevice = CdromAddDevice;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
