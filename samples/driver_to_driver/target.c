/* SPDX-License-Identifier: MIT */
/*
 * target.c - the driver that is called: a read gives the alphabet from its offset on, in its own
 * time: it is pending, and a DPC completes it. Direct I/O.
 */
#include <ntddk.h>

#include "driver_to_driver.h"

#define TARGET_NAME L"\\Device\\Target"
#define TARGET_LINK L"\\??\\TargetLink"

typedef struct _TARGET_EXTENSION {
    LIST_ENTRY Reads; /* under Lock: what the DPC will complete */
    KSPIN_LOCK Lock;
    KDPC Dpc;
} TARGET_EXTENSION, *PTARGET_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD TargetUnload;
static DRIVER_DISPATCH TargetOpenClose, TargetRead, TargetControl;
static KDEFERRED_ROUTINE TargetDpc;

static NTSTATUS TargetComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI TargetOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return TargetComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI TargetRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTARGET_EXTENSION Extension = DeviceObject->DeviceExtension;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length == 0 || Irp->MdlAddress == NULL)
        return TargetComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    IoMarkIrpPending(Irp);
    ExInterlockedInsertTailList(&Extension->Reads, &Irp->Tail.Overlay.ListEntry, &Extension->Lock);
    KeInsertQueueDpc(&Extension->Dpc, NULL, NULL);
    return STATUS_PENDING;
}

static VOID NTAPI TargetDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PTARGET_EXTENSION Extension = Context;
    PLIST_ENTRY Entry;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    while ((Entry = ExInterlockedRemoveHeadList(&Extension->Reads, &Extension->Lock)) != NULL) {
        PIRP Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
        PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
        ULONG Length = Stack->Parameters.Read.Length, i;
        ULONGLONG Offset = (ULONGLONG)Stack->Parameters.Read.ByteOffset.QuadPart;
        PUCHAR Data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

        if (Data == NULL) {
            TargetComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
            continue;
        }
        for (i = 0; i < Length; i++)
            Data[i] = (UCHAR)('a' + (Offset + i) % 26);
        TargetComplete(Irp, STATUS_SUCCESS, Length);
    }
}

static NTSTATUS NTAPI TargetControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Stack->Parameters.DeviceIoControl.InputBufferLength, i;
    PUCHAR Data = Irp->AssociatedIrp.SystemBuffer;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_TARGET_REVERSE)
        return TargetComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < Length)
        return TargetComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    for (i = 0; i < Length / 2; i++) {
        UCHAR Byte = Data[i];
        Data[i] = Data[Length - 1 - i];
        Data[Length - 1 - i] = Byte;
    }
    return TargetComplete(Irp, STATUS_SUCCESS, Length);
}

static VOID NTAPI TargetUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, TARGET_LINK);
    IoDeleteSymbolicLink(&Link);
    KeFlushQueuedDpcs();
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PTARGET_EXTENSION Extension;
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, TARGET_NAME);
    RtlInitUnicodeString(&Link, TARGET_LINK);
    Status = IoCreateDevice(DriverObject, sizeof(TARGET_EXTENSION), &Name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    Extension = Device->DeviceExtension;
    InitializeListHead(&Extension->Reads);
    KeInitializeSpinLock(&Extension->Lock);
    KeInitializeDpc(&Extension->Dpc, TargetDpc, Extension);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = TargetOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = TargetOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = TargetOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = TargetRead;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TargetControl;
    DriverObject->DriverUnload = TargetUnload;
    Device->Flags |= DO_DIRECT_IO;
    return STATUS_SUCCESS;
}
