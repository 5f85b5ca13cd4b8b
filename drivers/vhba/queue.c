/* SPDX-License-Identifier: MIT */
/*
 * queue.c - commands that can't be done at once: held by a test's hold, or waiting for a worker
 * thread that may sleep.
 *
 * An IRP in one of the lists has its cancel routine set. Whoever takes the routine away
 * (IoSetCancelRoutine answers it) owns the IRP's end; a routine that has begun owns it itself, and
 * finds the request in its list, or out of it with the entry pointing to itself.
 */
#include "vhba.h"

static KSTART_ROUTINE WorkerThread;
static IO_WORKITEM_ROUTINE StartWorkerItem;

static VOID Finish(PVHBA_REQUEST Request, NTSTATUS Status, UCHAR SrbStatus)
{
    if (Request->Command.Medium != NULL) {
        VhbaDereferenceMedium(Request->Command.Medium);
        Request->Command.Medium = NULL;
    }
    Request->Complete(&Request->Command, Request->Irp, Status, SrbStatus);
    ExFreePoolWithTag(Request, VHBA_TAG);
}

/* Out of its list, with the counts. QueueLock. */
static VOID Unlink(PVHBA_REQUEST Request)
{
    if (IsListEmpty(&Request->Entry))
        return;
    RemoveEntryList(&Request->Entry);
    InitializeListHead(&Request->Entry);
    if (Request->Held)
        Request->Command.Lun->HeldCount--;
    else
        Request->Command.Lun->Adapter->QueueLength--;
}

static VOID NTAPI CancelRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVHBA_LUN Lun = DeviceObject->DeviceExtension;
    PVHBA_REQUEST Request = Irp->Tail.Overlay.DriverContext[0];
    KIRQL OldIrql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&Lun->Adapter->QueueLock, &OldIrql);
    Unlink(Request);
    KeReleaseSpinLock(&Lun->Adapter->QueueLock, OldIrql);
    Finish(Request, STATUS_CANCELLED, SRB_STATUS_ABORTED);
}

static BOOLEAN IsHeld(PVHBA_LUN Lun, const VHBA_COMMAND *Command)
{
    ULONG64 Lba = 0;
    ULONG Blocks = 0;
    BOOLEAN HasBlocks = VhbaBlocksOf(Command, &Lba, &Blocks);

    if (Lun->Asleep)
        return TRUE;
    for (LONG i = 0; i < Lun->HoldCount; i++) {
        const VHBA_RANGE *Range = &Lun->Holds[i];
        if (Range->Blocks == 0)
            return TRUE;
        if (HasBlocks && Blocks != 0 && Lba < Range->Lba + Range->Blocks &&
            Range->Lba < Lba + Blocks)
            return TRUE;
    }
    return FALSE;
}

/* Makes one more worker. PASSIVE_LEVEL. Where none can be made and none is there, what waits fails.
 */
static VOID StartWorker(PVHBA_FDO Fdo)
{
    OBJECT_ATTRIBUTES Attributes;
    PVOID Thread = NULL;
    HANDLE Handle;
    KIRQL OldIrql;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, WorkerThread,
                                  Fdo);
    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, NULL, KernelMode, &Thread, NULL);
        NT_ASSERT(NT_SUCCESS(Status));
        ZwClose(Handle);
    }
    KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
    Fdo->StartingWorker = FALSE;
    if (Thread != NULL)
        Fdo->Workers[Fdo->WorkerCount++] = Thread;
    if (Thread == NULL && Fdo->WorkerCount == 0) {
        LIST_ENTRY Failed;
        InitializeListHead(&Failed);
        while (!IsListEmpty(&Fdo->Queue)) {
            PVHBA_REQUEST Request = CONTAINING_RECORD(Fdo->Queue.Flink, VHBA_REQUEST, Entry);
            Unlink(Request);
            if (IoSetCancelRoutine(Request->Irp, NULL) != NULL)
                InsertTailList(&Failed, &Request->Entry);
        }
        KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
        while (!IsListEmpty(&Failed))
            Finish(CONTAINING_RECORD(RemoveHeadList(&Failed), VHBA_REQUEST, Entry),
                   STATUS_INSUFFICIENT_RESOURCES, SRB_STATUS_ERROR);
        return;
    }
    KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
}

static VOID NTAPI StartWorkerItem(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PVHBA_FDO Fdo = DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Context);
    StartWorker(Fdo);
    IoReleaseRemoveLock(&Fdo->Common.RemoveLock, StartWorkerItem);
}

/*
 * Tells the workers of one more request, makes another where all are busy. The request's own remove
 * lock on its LUN keeps the adapter there only until a worker has it: so the caller holds the
 * adapter's under Tag, which this releases.
 */
static VOID WakeWorker(PVHBA_FDO Fdo, PVOID Tag)
{
    BOOLEAN Start;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
    Start = Fdo->QueueLength > Fdo->IdleWorkers && Fdo->WorkerCount < VHBA_WORKERS &&
            !Fdo->StartingWorker && !Fdo->Stopping;
    Fdo->StartingWorker |= Start;
    KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
    KeReleaseSemaphore(&Fdo->Work, IO_NO_INCREMENT, 1, FALSE);
    if (Start && KeGetCurrentIrql() == PASSIVE_LEVEL) {
        StartWorker(Fdo);
    } else if (Start) { /* a thread is made at PASSIVE_LEVEL only */
        NTSTATUS Status = IoAcquireRemoveLock(&Fdo->Common.RemoveLock, StartWorkerItem);
        NT_ASSERT(NT_SUCCESS(Status)); /* Tag's is held */
        UNREFERENCED_PARAMETER(Status);
        IoQueueWorkItem(Fdo->WorkerItem, StartWorkerItem, DelayedWorkQueue, NULL);
    }
    IoReleaseRemoveLock(&Fdo->Common.RemoveLock, Tag);
}

/* Pends the IRP and puts it into a list. FALSE: there is no memory, and nothing was done. */
static BOOLEAN Park(PVHBA_COMMAND Command, PIRP Irp, VHBA_COMPLETE *Complete, BOOLEAN Started)
{
    PVHBA_LUN Lun = Command->Lun;
    PVHBA_FDO Fdo = Lun->Adapter;
    PVHBA_REQUEST Request = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Request), VHBA_TAG);
    BOOLEAN Held;
    KIRQL OldIrql;

    if (Request == NULL)
        return FALSE;
    if (!NT_SUCCESS(IoAcquireRemoveLock(&Fdo->Common.RemoveLock, Request))) {
        ExFreePoolWithTag(Request, VHBA_TAG);
        return FALSE;
    }
    Request->Command = *Command;
    Request->Irp = Irp;
    Request->Complete = Complete;
    Request->Started = Started;
    InitializeListHead(&Request->Entry);
    Irp->Tail.Overlay.DriverContext[0] = Request;
    IoMarkIrpPending(Irp);

    KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
    if (VhbaIs(&Lun->Common.Gone)) {
        KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
        IoReleaseRemoveLock(&Fdo->Common.RemoveLock, Request);
        Finish(Request, STATUS_NO_SUCH_DEVICE, SRB_STATUS_NO_DEVICE);
        return TRUE;
    }
    IoSetCancelRoutine(Irp, CancelRequest);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
        IoReleaseRemoveLock(&Fdo->Common.RemoveLock, Request);
        Finish(Request, STATUS_CANCELLED, SRB_STATUS_ABORTED);
        return TRUE;
    }
    /* Looked at again: the hold may have gone in the meantime, and then a worker runs the command.
     */
    Request->Held = Held = !Started && IsHeld(Lun, Command);
    if (Held) {
        Lun->HeldCount++;
        InsertTailList(&Lun->Held, &Request->Entry);
    } else {
        Fdo->QueueLength++;
        InsertTailList(&Fdo->Queue, &Request->Entry);
    }
    KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
    /* The request may be gone; its address is only the lock's tag. */
    if (Held)
        IoReleaseRemoveLock(&Fdo->Common.RemoveLock, Request);
    else
        WakeWorker(Fdo, Request);
    return TRUE;
}

NTSTATUS VhbaStart(PVHBA_COMMAND Command, PIRP Irp, VHBA_COMPLETE *Complete)
{
    PVHBA_LUN Lun = Command->Lun;
    BOOLEAN Held = FALSE;

    if (ReadAcquire(&Lun->HoldCount) != 0 || VhbaIs(&Lun->Asleep)) {
        KIRQL OldIrql;
        KeAcquireSpinLock(&Lun->Adapter->QueueLock, &OldIrql);
        Held = IsHeld(Lun, Command);
        KeReleaseSpinLock(&Lun->Adapter->QueueLock, OldIrql);
    }
    if (!Held && (VhbaExecute(Command) == VhbaDone || VhbaRun(Command, FALSE)))
        return Complete(Command, Irp, STATUS_SUCCESS, 0);
    if (Park(Command, Irp, Complete, !Held))
        return STATUS_PENDING;
    if (Command->Medium != NULL)
        VhbaDereferenceMedium(Command->Medium);
    return Complete(Command, Irp, STATUS_INSUFFICIENT_RESOURCES, SRB_STATUS_ERROR);
}

ULONG VhbaFlush(PVHBA_LUN Lun, PVOID Srb, UCHAR SrbStatus, NTSTATUS Status)
{
    PVHBA_FDO Fdo = Lun->Adapter;
    PLIST_ENTRY Heads[2] = {&Lun->Held, &Fdo->Queue};
    LIST_ENTRY Ended;
    ULONG Count = 0;
    KIRQL OldIrql;

    InitializeListHead(&Ended);
    KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
    for (ULONG i = 0; i < 2; i++) {
        for (PLIST_ENTRY Entry = Heads[i]->Flink, Next; Entry != Heads[i]; Entry = Next) {
            PVHBA_REQUEST Request = CONTAINING_RECORD(Entry, VHBA_REQUEST, Entry);
            Next = Entry->Flink;
            if (Request->Command.Lun != Lun || (Srb != NULL && Request->Command.Srb != Srb))
                continue;
            Unlink(Request);
            if (IoSetCancelRoutine(Request->Irp, NULL) != NULL)
                InsertTailList(&Ended, &Request->Entry);
        }
    }
    KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
    while (!IsListEmpty(&Ended)) {
        Finish(CONTAINING_RECORD(RemoveHeadList(&Ended), VHBA_REQUEST, Entry), Status, SrbStatus);
        Count++;
    }
    return Count;
}

NTSTATUS VhbaAddHold(PVHBA_LUN Lun, ULONG64 Lba, ULONG Blocks)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Lun->Adapter->QueueLock, &OldIrql);
    if (Lun->HoldCount < VHBA_MAXIMUM_HOLDS) {
        Lun->Holds[Lun->HoldCount].Lba = Lba;
        Lun->Holds[Lun->HoldCount].Blocks = Blocks;
        InterlockedIncrement(&Lun->HoldCount);
        Status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&Lun->Adapter->QueueLock, OldIrql);
    return Status;
}

/*
 * What is not held any more goes to the workers. The requests keep their order, and their cancel
 * routines: they only change lists. Whoever calls keeps the adapter, by a control request or
 * because plug and play sends power IRPs to the LUNs first.
 */
static VOID Resume(PVHBA_LUN Lun, volatile LONG *Change)
{
    PVHBA_FDO Fdo = Lun->Adapter;
    ULONG Moved = 0;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
    InterlockedExchange(Change, 0);
    for (PLIST_ENTRY Entry = Lun->Held.Flink, Next; Entry != &Lun->Held; Entry = Next) {
        PVHBA_REQUEST Request = CONTAINING_RECORD(Entry, VHBA_REQUEST, Entry);
        Next = Entry->Flink;
        if (IsHeld(Lun, &Request->Command))
            continue;
        RemoveEntryList(Entry);
        Request->Held = FALSE;
        Lun->HeldCount--;
        Fdo->QueueLength++;
        InsertTailList(&Fdo->Queue, &Request->Entry);
        Moved++;
    }
    KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
    for (; Moved != 0; Moved--) {
        NTSTATUS Status = IoAcquireRemoveLock(&Fdo->Common.RemoveLock, Lun);
        NT_ASSERT(NT_SUCCESS(Status));
        UNREFERENCED_PARAMETER(Status);
        WakeWorker(Fdo, Lun);
    }
}

VOID VhbaReleaseHolds(PVHBA_LUN Lun)
{
    Resume(Lun, &Lun->HoldCount);
}

VOID VhbaSetAsleep(PVHBA_LUN Lun, BOOLEAN Asleep)
{
    KIRQL OldIrql;

    if (!Asleep) {
        Resume(Lun, &Lun->Asleep);
        return;
    }
    KeAcquireSpinLock(&Lun->Adapter->QueueLock, &OldIrql);
    InterlockedExchange(&Lun->Asleep, 1);
    KeReleaseSpinLock(&Lun->Adapter->QueueLock, OldIrql);
}

/* The oldest request nobody cancels at this moment, the IRP ours; NULL: none. */
static PVHBA_REQUEST Next(PVHBA_FDO Fdo, BOOLEAN *Stop)
{
    PVHBA_REQUEST Found = NULL;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
    Fdo->IdleWorkers--;
    while (Found == NULL && !IsListEmpty(&Fdo->Queue)) {
        PVHBA_REQUEST Request = CONTAINING_RECORD(Fdo->Queue.Flink, VHBA_REQUEST, Entry);
        Unlink(Request);
        if (IoSetCancelRoutine(Request->Irp, NULL) != NULL)
            Found = Request;
    }
    *Stop = Fdo->Stopping && Found == NULL;
    KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
    return Found;
}

static VOID NTAPI WorkerThread(PVOID Context)
{
    PVHBA_FDO Fdo = Context;
    BOOLEAN Stop = FALSE;

    while (!Stop) {
        PVHBA_REQUEST Request;
        KIRQL OldIrql;
        KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
        Fdo->IdleWorkers++;
        KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
        KeWaitForSingleObject(&Fdo->Work, Executive, KernelMode, FALSE, NULL);
        Request = Next(Fdo, &Stop);
        if (Request == NULL)
            continue; /* cancelled, or the end */
        if (Request->Started || VhbaExecute(&Request->Command) == VhbaTransfer)
            VhbaRun(&Request->Command, TRUE);
        Finish(Request, STATUS_SUCCESS, 0);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

VOID VhbaStopWorkers(PVHBA_FDO Fdo)
{
    ULONG Count;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Fdo->QueueLock, &OldIrql);
    Fdo->Stopping = TRUE;
    Count = Fdo->WorkerCount;
    KeReleaseSpinLock(&Fdo->QueueLock, OldIrql);
    if (Count != 0)
        KeReleaseSemaphore(&Fdo->Work, IO_NO_INCREMENT, (LONG)Count, FALSE);
    for (ULONG i = 0; i < Count; i++) {
        KeWaitForSingleObject(Fdo->Workers[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Fdo->Workers[i]);
    }
    Fdo->WorkerCount = 0;
}
