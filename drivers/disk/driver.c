/* SPDX-License-Identifier: MIT */
#include "disk.h"

static NTSTATUS NTAPI DispatchOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ClassCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject); /* every device is gone, and everything was theirs */
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ClassInitialize(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = DiskDispatchReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DiskDispatchReadWrite;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = DiskDispatchFlush;
    DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = DiskDispatchFlush;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DiskDispatchDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = ClassDispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = ClassDispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = ClassDispatchForward;
    DriverObject->DriverExtension->AddDevice = DiskAddDevice;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
