/* SPDX-License-Identifier: MIT */
/*
 * hello_io.c - a first driver: what a program writes to \\.\HelloIo it can read back.
 *
 * One named device with a link for programs, buffered I/O, five kinds of request. The text lives in
 * the device extension. Requests of several programs come at the same time, so a lock guards it: a
 * fast mutex, because buffered I/O has copied the program's data already and nothing here waits for
 * long.
 */
#include <ntddk.h>

#define HELLO_NAME    L"\\Device\\HelloIo"
#define HELLO_LINK    L"\\??\\HelloIo" /* what a program opens as \\.\HelloIo */
#define HELLO_MAXIMUM 1024

typedef struct _HELLO_EXTENSION {
    FAST_MUTEX Lock; /* guards the two below */
    ULONG Length;    /* bytes of Text that were written last */
    UCHAR Text[HELLO_MAXIMUM];
} HELLO_EXTENSION, *PHELLO_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD HelloUnload;
static DRIVER_DISPATCH HelloOpenClose, HelloRead, HelloWrite;

/* Answers a request: the one place where this driver completes. */
static NTSTATUS HelloComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE: an open keeps no state. */
static NTSTATUS NTAPI HelloOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return HelloComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI HelloRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PHELLO_EXTENSION Extension = DeviceObject->DeviceExtension;
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;

    ExAcquireFastMutex(&Extension->Lock);
    if (Length > Extension->Length)
        Length = Extension->Length;
    if (Length != 0)
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Extension->Text, Length);
    ExReleaseFastMutex(&Extension->Lock);
    /* The I/O manager copies as many bytes to the program as Information says. */
    return HelloComplete(Irp, STATUS_SUCCESS, Length);
}

static NTSTATUS NTAPI HelloWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PHELLO_EXTENSION Extension = DeviceObject->DeviceExtension;
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    if (Length > HELLO_MAXIMUM) {
        DbgPrint("hello_io: %u bytes are too many\n", Length);
        return HelloComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    ExAcquireFastMutex(&Extension->Lock);
    if (Length != 0)
        RtlCopyMemory(Extension->Text, Irp->AssociatedIrp.SystemBuffer, Length);
    Extension->Length = Length;
    ExReleaseFastMutex(&Extension->Lock);
    return HelloComplete(Irp, STATUS_SUCCESS, Length);
}

static VOID NTAPI HelloUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, HELLO_LINK);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
    DbgPrint("hello_io: bye\n");
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    PHELLO_EXTENSION Extension;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, HELLO_NAME);
    RtlInitUnicodeString(&Link, HELLO_LINK);
    Status = IoCreateDevice(DriverObject, sizeof(HELLO_EXTENSION), &Name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    Extension = Device->DeviceExtension; /* zeroed by IoCreateDevice */
    ExInitializeFastMutex(&Extension->Lock);

    /* What is not set here the I/O manager fails with STATUS_INVALID_DEVICE_REQUEST. */
    DriverObject->MajorFunction[IRP_MJ_CREATE] = HelloOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = HelloOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = HelloOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = HelloRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = HelloWrite;
    DriverObject->DriverUnload = HelloUnload;

    Device->Flags |= DO_BUFFERED_IO;
    DbgPrint("hello_io: hello\n");
    return STATUS_SUCCESS;
}
