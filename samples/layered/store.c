/* SPDX-License-Identifier: MIT */
/*
 * store.c - the device below: 64 KiB of memory, 4 KiB of which are read or written at most with one
 * request. Direct I/O. Requests are pending until a DPC does them.
 */
#include <ntddk.h>

#include "layered.h"

#define STORE_NAME L"\\Device\\Store"
#define STORE_LINK L"\\??\\Store"
#define STORE_TAG  0x726f7453 /* Stor */

typedef struct _STORE_EXTENSION {
    LIST_ENTRY Requests; /* under Lock: for the DPC */
    KSPIN_LOCK Lock;
    KDPC Dpc;
    PUCHAR Data; /* STORE_BYTES, under Lock */
} STORE_EXTENSION, *PSTORE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD StoreUnload;
static DRIVER_DISPATCH StoreAtOnce, StoreReadWrite, StoreControl;
static KDEFERRED_ROUTINE StoreDpc;

static NTSTATUS StoreComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* IRP_MJ_CREATE, CLEANUP, CLOSE, FLUSH_BUFFERS. */
static NTSTATUS NTAPI StoreAtOnce(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return StoreComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS StoreLater(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTORE_EXTENSION Extension = DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    ExInterlockedInsertTailList(&Extension->Requests, &Irp->Tail.Overlay.ListEntry,
                                &Extension->Lock);
    KeInsertQueueDpc(&Extension->Dpc, NULL, NULL);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI StoreReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Stack->Parameters.Read.Length; /* Parameters.Write lies alike */
    LONGLONG Offset = Stack->Parameters.Read.ByteOffset.QuadPart;

    if (Length > STORE_LIMIT || Offset < 0 || Offset > STORE_BYTES - (LONGLONG)Length)
        return StoreComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    if (Length == 0)
        return StoreComplete(Irp, STATUS_SUCCESS, 0);
    return StoreLater(DeviceObject, Irp);
}

static NTSTATUS NTAPI StoreControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_STORE_COUNT)
        return StoreComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG) ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return StoreComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    return StoreLater(DeviceObject, Irp);
}

static VOID StoreTransfer(PSTORE_EXTENSION Extension, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Stack->Parameters.Read.Length;
    PUCHAR Data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    PUCHAR Mine = &Extension->Data[Stack->Parameters.Read.ByteOffset.QuadPart];

    if (Data == NULL) {
        StoreComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
        return;
    }
    KeAcquireSpinLockAtDpcLevel(&Extension->Lock);
    if (Stack->MajorFunction == IRP_MJ_READ)
        RtlCopyMemory(Data, Mine, Length);
    else
        RtlCopyMemory(Mine, Data, Length);
    KeReleaseSpinLockFromDpcLevel(&Extension->Lock);
    StoreComplete(Irp, STATUS_SUCCESS, Length);
}

static VOID NTAPI StoreDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PSTORE_EXTENSION Extension = Context;
    PLIST_ENTRY Entry;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    while ((Entry = ExInterlockedRemoveHeadList(&Extension->Requests, &Extension->Lock)) != NULL) {
        PIRP Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);

        if (IoGetCurrentIrpStackLocation(Irp)->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
            StoreTransfer(Extension, Irp);
            continue;
        }
        *(PULONG)Irp->AssociatedIrp.SystemBuffer += 1;
        StoreComplete(Irp, STATUS_SUCCESS, sizeof(ULONG));
    }
}

static VOID NTAPI StoreUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, STORE_LINK);
    IoDeleteSymbolicLink(&Link);
    KeFlushQueuedDpcs();
    ExFreePool(((PSTORE_EXTENSION)DriverObject->DeviceObject->DeviceExtension)->Data);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PSTORE_EXTENSION Extension;
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, STORE_NAME);
    RtlInitUnicodeString(&Link, STORE_LINK);
    Status = IoCreateDevice(DriverObject, sizeof(STORE_EXTENSION), &Name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Device->DeviceExtension;
    /* An extension is smaller than 64 KiB. */
    Extension->Data = ExAllocatePoolWithTag(NonPagedPool, STORE_BYTES, STORE_TAG);
    if (Extension->Data == NULL) {
        IoDeleteDevice(Device);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Extension->Data, STORE_BYTES);
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        ExFreePool(Extension->Data);
        IoDeleteDevice(Device);
        return Status;
    }
    InitializeListHead(&Extension->Requests);
    KeInitializeSpinLock(&Extension->Lock);
    KeInitializeDpc(&Extension->Dpc, StoreDpc, Extension);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = StoreAtOnce;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = StoreAtOnce;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = StoreAtOnce;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = StoreAtOnce;
    DriverObject->MajorFunction[IRP_MJ_READ] = StoreReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = StoreReadWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = StoreControl;
    DriverObject->DriverUnload = StoreUnload;
    Device->Flags |= DO_DIRECT_IO;
    return STATUS_SUCCESS;
}
