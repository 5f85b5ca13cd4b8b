/* SPDX-License-Identifier: MIT */
/*
 * time.c - the device, and reads that time out.
 *
 * A read waits in a cancel-safe queue. While it is there its timer runs: both begin and end under
 * the queue's lock, so there is no timer without a read in the queue. Three may end it: a write
 * brings data, the timer's DPC cancels it, the program cancels it. Whoever takes it out of the
 * queue completes it, and nobody else can. What a read needs beside its IRP is held by two, the IRP
 * and the timer: the timer lets go when its DPC has run, or when KeCancelTimer says that it won't.
 */
#include "labtime.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD TimeUnload;
static DRIVER_DISPATCH TimeOpenClose, TimeCleanup, TimeRead, TimeWrite;
static KDEFERRED_ROUTINE TimeExpired;

typedef struct _TIME_REQUEST {
    KTIMER Timer;
    KDPC Dpc;
    IO_CSQ_IRP_CONTEXT Queued;
    PTIME_EXTENSION Extension;
    BOOLEAN TimerGone; /* it was cancelled in time: its reference is to be dropped with the IRP's */
    LONG References;
} TIME_REQUEST, *PTIME_REQUEST;

#define TimeRequestOf(Irp) ((PTIME_REQUEST)(Irp)->Tail.Overlay.DriverContext[0])

NTSTATUS TimeComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* ---- the queue's routines ---- */

static VOID NTAPI TimeInsert(PIO_CSQ Queue, PIRP Irp)
{
    PTIME_EXTENSION Extension = CONTAINING_RECORD(Queue, TIME_EXTENSION, Queue);
    PTIME_REQUEST Request = TimeRequestOf(Irp);
    LARGE_INTEGER Due;

    InsertTailList(&Extension->Reads, &Irp->Tail.Overlay.ListEntry);
    InterlockedIncrement(&Extension->Count.Reads);
    Due.QuadPart = -10000LL * InterlockedCompareExchange(&Extension->Limit, 0, 0);
    KeSetTimer(&Request->Timer, Due, &Request->Dpc);
}

static VOID NTAPI TimeRemove(PIO_CSQ Queue, PIRP Irp)
{
    PTIME_REQUEST Request = TimeRequestOf(Irp);

    UNREFERENCED_PARAMETER(Queue);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    /* FALSE: the DPC runs, or will soon; it finds that the IRP is not in the queue. */
    Request->TimerGone = KeCancelTimer(&Request->Timer);
    if (Request->TimerGone)
        InterlockedIncrement(&Request->Extension->Count.Timers);
}

/* The first after Irp (NULL: of all) that belongs to the file object (NULL: to any). */
static PIRP NTAPI TimePeek(PIO_CSQ Queue, PIRP Irp, PVOID FileObject)
{
    PTIME_EXTENSION Extension = CONTAINING_RECORD(Queue, TIME_EXTENSION, Queue);
    PLIST_ENTRY Entry = Irp == NULL ? Extension->Reads.Flink : Irp->Tail.Overlay.ListEntry.Flink;

    for (; Entry != &Extension->Reads; Entry = Entry->Flink) {
        PIRP Next = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);

        if (FileObject == NULL || IoGetCurrentIrpStackLocation(Next)->FileObject == FileObject)
            return Next;
    }
    return NULL;
}

static VOID NTAPI TimeLock(PIO_CSQ Queue, PKIRQL Irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(Queue, TIME_EXTENSION, Queue)->Lock, Irql);
}

static VOID NTAPI TimeUnlock(PIO_CSQ Queue, KIRQL Irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(Queue, TIME_EXTENSION, Queue)->Lock, Irql);
}

/* ---- the three ends of a read ---- */

static VOID TimeDrop(PTIME_REQUEST Request)
{
    if (InterlockedDecrement(&Request->References) == 0)
        ExFreePoolWithTag(Request, TIME_TAG);
}

/* Of a read that the caller has taken out of the queue. */
static VOID TimeEnd(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    PTIME_REQUEST Request = TimeRequestOf(Irp);
    BOOLEAN TimerGone = Request->TimerGone;

    TimeDrop(Request);
    if (TimerGone)
        TimeDrop(Request);
    TimeComplete(Irp, Status, Information);
}

/* The program has cancelled it. */
static VOID NTAPI TimeCompleteCancelled(PIO_CSQ Queue, PIRP Irp)
{
    InterlockedIncrement(&CONTAINING_RECORD(Queue, TIME_EXTENSION, Queue)->Count.Cancelled);
    TimeEnd(Irp, STATUS_CANCELLED, 0);
}

/* Its time is up. At DISPATCH_LEVEL. */
static VOID NTAPI TimeExpired(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PTIME_REQUEST Request = Context;
    PTIME_EXTENSION Extension = Request->Extension;
    PIRP Irp = IoCsqRemoveIrp(&Extension->Queue, &Request->Queued);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    InterlockedIncrement(&Extension->Count.Expired);
    if (Irp != NULL) {
        InterlockedIncrement(&Extension->Count.TimedOut);
        TimeEnd(Irp, STATUS_CANCELLED, 0);
    }
    TimeDrop(Request);
}

/* ---- dispatch ---- */

static NTSTATUS NTAPI TimeRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTIME_EXTENSION Extension = DeviceObject->DeviceExtension;
    PTIME_REQUEST Request = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Request), TIME_TAG);

    if (Request == NULL)
        return TimeComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    KeInitializeTimer(&Request->Timer);
    KeInitializeDpc(&Request->Dpc, TimeExpired, Request);
    Request->Extension = Extension;
    Request->TimerGone = FALSE;
    Request->References = 2;
    Irp->Tail.Overlay.DriverContext[0] = Request;
    /* Marks it pending. It may have ended before this returns. */
    IoCsqInsertIrp(&Extension->Queue, Irp, &Request->Queued);
    return STATUS_PENDING;
}

/* To the read that has waited longest. STATUS_NOT_FOUND: nobody waits. */
static NTSTATUS NTAPI TimeWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTIME_EXTENSION Extension = DeviceObject->DeviceExtension;
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length, Room;
    PIRP Read = IoCsqRemoveNextIrp(&Extension->Queue, NULL);

    if (Read == NULL)
        return TimeComplete(Irp, STATUS_NOT_FOUND, 0);
    Room = IoGetCurrentIrpStackLocation(Read)->Parameters.Read.Length;
    if (Length > Room)
        Length = Room;
    if (Length != 0)
        RtlCopyMemory(Read->AssociatedIrp.SystemBuffer, Irp->AssociatedIrp.SystemBuffer, Length);
    InterlockedIncrement(&Extension->Count.InTime);
    TimeEnd(Read, STATUS_SUCCESS, Length);
    return TimeComplete(Irp, STATUS_SUCCESS, Length);
}

static NTSTATUS NTAPI TimeOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return TimeComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI TimeCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTIME_EXTENSION Extension = DeviceObject->DeviceExtension;
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP Read;

    while ((Read = IoCsqRemoveNextIrp(&Extension->Queue, FileObject)) != NULL)
        TimeCompleteCancelled(&Extension->Queue, Read);
    return TimeComplete(Irp, STATUS_SUCCESS, 0);
}

/* No handle is open, so no read waits and no timer is set; but a timer's DPC may still run. */
static VOID NTAPI TimeUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\LabTime");

    IoStopTimer(DriverObject->DeviceObject);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\LabTime");
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\LabTime");
    PTIME_EXTENSION Extension;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = TimeOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = TimeCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = TimeOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = TimeRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = TimeWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TimeControl;
    DriverObject->DriverUnload = TimeUnload;
    Status = IoCreateDevice(DriverObject, sizeof(TIME_EXTENSION), &Name, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Device->DeviceExtension;
    KeInitializeSpinLock(&Extension->Lock);
    InitializeListHead(&Extension->Reads);
    Extension->Limit = 1000;
    IoCsqInitialize(&Extension->Queue, TimeInsert, TimeRemove, TimePeek, TimeLock, TimeUnlock,
                    TimeCompleteCancelled);
    Status = IoInitializeTimer(Device, TimeTick, Extension);
    if (NT_SUCCESS(Status))
        Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    Device->Flags |= DO_BUFFERED_IO;
    return STATUS_SUCCESS;
}
