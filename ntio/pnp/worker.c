/* SPDX-License-Identifier: MIT */
/*
 * worker.c - the one thread that changes the tree, and its queue.
 *
 * Because there is one, each device's PnP requests come one at a time and in an order that somebody
 * asked for. It sleeps on an event while the queue is empty.
 */
#include "ntio/pnp/pnpp.h"

static KI_LOCK PnpQueueLock;
static LIST_ENTRY PnpQueue;
static BOOLEAN PnpAccepting; /* PnpQueueLock */
static KEVENT PnpWork;       /* synchronization event: something was queued, or the end */
static _Atomic(PKTHREAD) PnpWorkerThread;
static PVOID PnpWorkerObject;

BOOLEAN PnpOnWorker(VOID)
{
    return atomic_load_explicit(&PnpWorkerThread, memory_order_relaxed) == KeGetCurrentThread();
}

/* Under PnpQueueLock. */
static VOID PnppInsert(PNP_ACTION *Action)
{
    Action->Queued = TRUE;
    Action->ByWorker = PnpOnWorker();
    InsertTailList(&PnpQueue, &Action->Link);
}

static BOOLEAN PnppQueue(PNP_ACTION *Action)
{
    BOOLEAN Taken;

    KiLock(&PnpQueueLock);
    Taken = PnpAccepting;
    if (Taken)
        PnppInsert(Action);
    KiUnlock(&PnpQueueLock);
    if (Taken)
        KeSetEvent(&PnpWork, IO_NO_INCREMENT, FALSE);
    return Taken;
}

VOID PnpQueueNodeAction(PDEVICE_NODE Node, PNP_ACTION *Action)
{
    BOOLEAN Added = FALSE;

    KiLock(&PnpQueueLock);
    if (PnpAccepting && !Action->Queued) {
        PnpReferenceNode(Node);
        PnppInsert(Action);
        Added = TRUE;
    }
    KiUnlock(&PnpQueueLock);
    if (Added)
        KeSetEvent(&PnpWork, IO_NO_INCREMENT, FALSE);
}

VOID PnpQueueActionOnce(PNP_ACTION *Action)
{
    BOOLEAN Added = FALSE;

    KiLock(&PnpQueueLock);
    if (PnpAccepting && !Action->Queued) {
        PnppInsert(Action);
        Added = TRUE;
    }
    KiUnlock(&PnpQueueLock);
    if (Added)
        KeSetEvent(&PnpWork, IO_NO_INCREMENT, FALSE);
}

BOOLEAN PnpQueueAction(PNP_ACTION *Action)
{
    return PnppQueue(Action);
}

NTSTATUS PnpRunAction(PNP_ACTION *Action)
{
    KEVENT Done;

    if (PnpOnWorker())
        return STATUS_POSSIBLE_DEADLOCK;
    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    Action->Done = &Done;
    Action->Node = NULL;
    Action->Status = STATUS_SUCCESS;
    if (!PnppQueue(Action))
        return STATUS_DEVICE_NOT_READY;
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    return Action->Status;
}

static VOID PnppSettleRoutine(PNP_ACTION *Action)
{
    (void)Action;
}

/*
 * A settle marker that has come to its turn goes to the end again while something that the worker
 * itself queued is left: what its caller waits for is not done yet.
 */
static BOOLEAN PnppPostpone(PNP_ACTION *Action)
{
    PLIST_ENTRY Link;
    BOOLEAN Postpone = FALSE;

    KiLock(&PnpQueueLock);
    for (Link = PnpQueue.Flink; Link != &PnpQueue && !Postpone; Link = Link->Flink)
        Postpone = CONTAINING_RECORD(Link, PNP_ACTION, Link)->ByWorker;
    if (Postpone) {
        PnppInsert(Action);
        Action->ByWorker = FALSE; /* markers do not wait for each other */
    }
    KiUnlock(&PnpQueueLock);
    return Postpone;
}

VOID PnpSettle(VOID)
{
    PNP_ACTION Action = {.Run = PnppSettleRoutine};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    (void)PnpRunAction(&Action);
}

static PNP_ACTION *PnppNext(BOOLEAN *Accepting)
{
    PNP_ACTION *Action = NULL;

    KiLock(&PnpQueueLock);
    if (!IsListEmpty(&PnpQueue)) {
        Action = CONTAINING_RECORD(RemoveHeadList(&PnpQueue), PNP_ACTION, Link);
        Action->Queued = FALSE; /* before it runs: what happens from now on asks for another turn */
    }
    *Accepting = PnpAccepting;
    KiUnlock(&PnpQueueLock);
    return Action;
}

static VOID NTAPI PnppWorker(PVOID Context)
{
    PNP_ACTION *Action;
    PDEVICE_NODE Node;
    PKEVENT Done;
    BOOLEAN Accepting;

    (void)Context;
    atomic_store(&PnpWorkerThread, KeGetCurrentThread());
    for (;;) {
        Action = PnppNext(&Accepting);
        if (Action == NULL) {
            if (!Accepting)
                break;
            KeWaitForSingleObject(&PnpWork, Executive, KernelMode, FALSE, NULL);
            continue;
        }
        if (Action->Run == PnppSettleRoutine && PnppPostpone(Action))
            continue;
        Node = Action->Node;
        Done = Action->Done;
        Action->Run(Action);
        PnpUnloadIdleDrivers();
        if (Node != NULL)
            PnpDereferenceNode(Node);
        if (Done != NULL)
            KeSetEvent(Done, IO_NO_INCREMENT, FALSE); /* the action is gone with this */
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS PnpStartWorker(VOID)
{
    HANDLE Handle;
    NTSTATUS Status;

    InitializeListHead(&PnpQueue);
    KeInitializeEvent(&PnpWork, SynchronizationEvent, FALSE);
    PnpAccepting = TRUE;
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, PnppWorker, NULL);
    if (!NT_SUCCESS(Status)) {
        PnpAccepting = FALSE;
        return Status;
    }
    Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, *PsThreadType, KernelMode,
                                       &PnpWorkerObject, NULL);
    NTIO_ASSERT(NT_SUCCESS(Status));
    ZwClose(Handle);
    return Status;
}

VOID PnpStopWorker(VOID)
{
    if (PnpWorkerObject == NULL)
        return;
    KiLock(&PnpQueueLock);
    PnpAccepting = FALSE;
    KiUnlock(&PnpQueueLock);
    KeSetEvent(&PnpWork, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(PnpWorkerObject, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(PnpWorkerObject);
    PnpWorkerObject = NULL;
    atomic_store(&PnpWorkerThread, NULL);
}
