/* SPDX-License-Identifier: MIT */
/*
 * hello_nt.c - a driver that is no plug and play driver: it has no AddDevice, makes its device in
 * DriverEntry and is loaded by the service control manager, because somebody asked for it or
 * because its Start value says so.
 */
#include <ntddk.h>

#define HELLO_NAME L"\\Device\\HelloNt"
#define HELLO_LINK L"\\??\\HelloNt" /* what a program opens as \\.\HelloNt */

static const CHAR Greeting[] = "hello from hello_nt";

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD HelloUnload;
static DRIVER_DISPATCH HelloOpenClose, HelloRead;

static NTSTATUS HelloComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI HelloOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return HelloComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI HelloRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Length > sizeof(Greeting) - 1)
        Length = sizeof(Greeting) - 1;
    if (Length != 0)
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Greeting, Length);
    DbgPrint("a program reads %u bytes\n", Length);
    return HelloComplete(Irp, STATUS_SUCCESS, Length);
}

/* What DriverEntry made goes here: afterwards no code of the driver is there any more. Without this
 * routine the driver can't be stopped at all. */
static VOID NTAPI HelloUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, HELLO_LINK);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
    DbgPrint("unloaded\n");
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    /* RegistryPath is the service's key: where a driver keeps its own parameters, too. */
    DbgPrint("loaded for %wZ\n", RegistryPath);
    RtlInitUnicodeString(&Name, HELLO_NAME);
    RtlInitUnicodeString(&Link, HELLO_LINK);
    Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = HelloOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = HelloOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = HelloOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = HelloRead;
    DriverObject->DriverUnload = HelloUnload;
    Device->Flags |= DO_BUFFERED_IO;
    return STATUS_SUCCESS;
}
