/* SPDX-License-Identifier: MIT */
#include "scsiserver.h"

NTSTATUS NTAPI ServerCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID NTAPI ServerUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->MajorFunction[IRP_MJ_CREATE] = ServerDispatchCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ServerDispatchCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ServerDispatchClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = ServerDispatchDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = ServerDispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = ServerDispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = ServerDispatchSystemControl;
    DriverObject->DriverExtension->AddDevice = ServerAddDevice;
    DriverObject->DriverUnload = ServerUnload;
    return STATUS_SUCCESS;
}
