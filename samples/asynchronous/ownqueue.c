/* SPDX-License-Identifier: MIT */
/*
 * ownqueue.c - a driver's own StartIo: the I/O manager has one queue for each device object, this
 * device has two of its own, so that a read need not wait for the writes. A request "takes" a
 * millisecond: a timer's DPC ends it and starts the next.
 *
 * A KDEVICE_QUEUE is busy or not: inserting into one that is not makes it busy and the request is
 * started at once; removing from one that is empty makes it idle. The cancel spin lock is held over
 * both, so a request in the queue has a cancel routine and one that was started has none.
 */
#include <ntddk.h>

#include "asynchronous.h"

#define OWN_NAME    L"\\Device\\OwnQueue"
#define OWN_LINK    L"\\??\\OwnQueue"
#define OWN_MAXIMUM 256
#define OWN_TIME    (-10000LL) /* 1 ms */

typedef struct _OWN_QUEUE {
    KDEVICE_QUEUE Queue;
    PIRP Current; /* started; only StartIo and the DPC touch it, never both at once */
    KTIMER Timer;
    KDPC Dpc;
    struct _OWN_EXTENSION *Extension;
    LONG AtOnce, Started, Completed, Cancelled, MostAtOnce;
} OWN_QUEUE, *POWN_QUEUE;

typedef struct _OWN_EXTENSION {
    OWN_QUEUE Reads, Writes;
    KSPIN_LOCK Lock; /* guards the rest */
    BOOLEAN Hold;
    ULONG Length;
    UCHAR Text[OWN_MAXIMUM];
} OWN_EXTENSION, *POWN_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD OwnUnload;
static DRIVER_DISPATCH OwnOpenClose, OwnReadWrite, OwnControl;
static DRIVER_CANCEL OwnCancel;
static KDEFERRED_ROUTINE OwnDpc;

static NTSTATUS OwnComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static POWN_QUEUE OwnQueueOf(POWN_EXTENSION Extension, PIRP Irp)
{
    return IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_READ ? &Extension->Reads
                                                                           : &Extension->Writes;
}

/* Our StartIo: one request at a time for each queue. IRQL: DISPATCH_LEVEL. */
static VOID OwnStartIo(POWN_QUEUE Queue, PIRP Irp)
{
    LARGE_INTEGER Due;

    Queue->Current = Irp;
    Queue->Started++;
    if (InterlockedIncrement(&Queue->AtOnce) > Queue->MostAtOnce)
        Queue->MostAtOnce = Queue->AtOnce;
    Due.QuadPart = OWN_TIME;
    KeSetTimer(&Queue->Timer, Due, &Queue->Dpc);
}

/* Takes the next request and makes it nobody's to cancel; NULL: the queue is idle now. */
static PIRP OwnTakeNext(POWN_QUEUE Queue)
{
    PKDEVICE_QUEUE_ENTRY Entry;
    PIRP Irp = NULL;
    KIRQL Irql;

    IoAcquireCancelSpinLock(&Irql);
    Entry = KeRemoveDeviceQueue(&Queue->Queue);
    if (Entry != NULL) {
        Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.DeviceQueueEntry);
        IoSetCancelRoutine(Irp, NULL);
    }
    IoReleaseCancelSpinLock(Irql);
    return Irp;
}

/* The device has done its work, or is held and looks again a little later. */
static VOID NTAPI OwnDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    POWN_QUEUE Queue = Context;
    POWN_EXTENSION Extension = Queue->Extension;
    PIRP Irp = Queue->Current, Next;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    LARGE_INTEGER Due;
    ULONG Length = 0;
    BOOLEAN Hold;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&Extension->Lock);
    Hold = Extension->Hold;
    if (Hold) {
        /* looked at below */
    } else if (Stack->MajorFunction == IRP_MJ_READ) {
        Length = Stack->Parameters.Read.Length;
        if (Length > Extension->Length)
            Length = Extension->Length;
        if (Length != 0)
            RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Extension->Text, Length);
    } else {
        Length = Stack->Parameters.Write.Length; /* checked when it came */
        if (Length != 0)
            RtlCopyMemory(Extension->Text, Irp->AssociatedIrp.SystemBuffer, Length);
        Extension->Length = Length;
    }
    KeReleaseSpinLockFromDpcLevel(&Extension->Lock);
    if (Hold) {
        Due.QuadPart = OWN_TIME;
        KeSetTimer(&Queue->Timer, Due, &Queue->Dpc);
        return;
    }
    Queue->Completed++;
    InterlockedDecrement(&Queue->AtOnce);
    OwnComplete(Irp, STATUS_SUCCESS, Length); /* before the next starts: they end as they came */
    Next = OwnTakeNext(Queue);
    if (Next != NULL)
        OwnStartIo(Queue, Next);
}

/* The cancel spin lock is held: what is cancelled stands in the queue. */
static VOID NTAPI OwnCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    POWN_QUEUE Queue = OwnQueueOf(DeviceObject->DeviceExtension, Irp);

    KeRemoveEntryDeviceQueue(&Queue->Queue, &Irp->Tail.Overlay.DeviceQueueEntry);
    Queue->Cancelled++;
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    OwnComplete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI OwnReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    POWN_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    POWN_QUEUE Queue = OwnQueueOf(Extension, Irp);
    BOOLEAN Queued, Cancelled = FALSE;
    KIRQL Old, Irql;

    if (Stack->MajorFunction == IRP_MJ_WRITE && Stack->Parameters.Write.Length > OWN_MAXIMUM)
        return OwnComplete(Irp, STATUS_INVALID_BUFFER_SIZE, 0);
    IoMarkIrpPending(Irp);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    IoAcquireCancelSpinLock(&Irql);
    Queued = KeInsertDeviceQueue(&Queue->Queue, &Irp->Tail.Overlay.DeviceQueueEntry);
    if (Queued) {
        IoSetCancelRoutine(Irp, OwnCancel);
        if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
            KeRemoveEntryDeviceQueue(&Queue->Queue, &Irp->Tail.Overlay.DeviceQueueEntry);
            Queue->Cancelled++;
            Cancelled = TRUE;
        }
    }
    IoReleaseCancelSpinLock(Irql);
    if (!Queued)
        OwnStartIo(Queue, Irp);
    else if (Cancelled)
        OwnComplete(Irp, STATUS_CANCELLED, 0);
    KeLowerIrql(Old);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI OwnControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    POWN_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    QUEUE_FACTS *Facts = Irp->AssociatedIrp.SystemBuffer;
    KIRQL Irql;

    switch (Code) {
    case IOCTL_QUEUE_HOLD:
    case IOCTL_QUEUE_GO:
        KeAcquireSpinLock(&Extension->Lock, &Irql);
        Extension->Hold = Code == IOCTL_QUEUE_HOLD;
        KeReleaseSpinLock(&Extension->Lock, Irql);
        return OwnComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_QUEUE_FACTS:
        if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(*Facts))
            return OwnComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        Facts->Reads.Started = Extension->Reads.Started;
        Facts->Reads.Completed = Extension->Reads.Completed;
        Facts->Reads.Cancelled = Extension->Reads.Cancelled;
        Facts->Reads.MostAtOnce = Extension->Reads.MostAtOnce;
        Facts->Writes.Started = Extension->Writes.Started;
        Facts->Writes.Completed = Extension->Writes.Completed;
        Facts->Writes.Cancelled = Extension->Writes.Cancelled;
        Facts->Writes.MostAtOnce = Extension->Writes.MostAtOnce;
        return OwnComplete(Irp, STATUS_SUCCESS, sizeof(*Facts));
    default:
        return OwnComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI OwnOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return OwnComplete(Irp, STATUS_SUCCESS, 0);
}

static VOID OwnInitializeQueue(POWN_QUEUE Queue, POWN_EXTENSION Extension)
{
    KeInitializeDeviceQueue(&Queue->Queue);
    KeInitializeTimer(&Queue->Timer);
    KeInitializeDpc(&Queue->Dpc, OwnDpc, Queue);
    Queue->Extension = Extension;
}

static VOID NTAPI OwnUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, OWN_LINK);
    IoDeleteSymbolicLink(&Link);
    KeFlushQueuedDpcs(); /* the DPC that completed the last request may still be on its way out */
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    POWN_EXTENSION Extension;
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, OWN_NAME);
    RtlInitUnicodeString(&Link, OWN_LINK);
    Status = IoCreateDevice(DriverObject, sizeof(OWN_EXTENSION), &Name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    Extension = Device->DeviceExtension;
    KeInitializeSpinLock(&Extension->Lock);
    OwnInitializeQueue(&Extension->Reads, Extension);
    OwnInitializeQueue(&Extension->Writes, Extension);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = OwnOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = OwnOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = OwnReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = OwnReadWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = OwnControl;
    DriverObject->DriverUnload = OwnUnload;
    Device->Flags |= DO_BUFFERED_IO;
    return STATUS_SUCCESS;
}
