/* SPDX-License-Identifier: MIT */
/*
 * worker.c - work items: three queues, each with worker threads of its own.
 *
 * A worker is a system thread at PASSIVE_LEVEL that sleeps on its queue's semaphore, which counts
 * the items. An item that finds no idle worker makes one, up to EXP_MAXIMUM_WORKERS a queue: a
 * worker may block in an item until another item has run. Workers stay until shutdown. They come
 * from KiCreateHostThread, because an item may be queued at DISPATCH_LEVEL, where
 * PsCreateSystemThread must not be called.
 *
 * Lock: EXP_WORK_QUEUE.Lock guards the queue's list, numbers, workers and drainers; it is taken
 * before a dispatcher object's lock.
 */
#include "ntio/ex/exp.h"

#define EXP_MAXIMUM_WORKERS 16

typedef enum _EXP_QUEUE { ExpHyperCritical, ExpCritical, ExpDelayed, ExpQueueCount } EXP_QUEUE;

typedef struct _EXP_WORKER {
    struct _EXP_WORK_QUEUE *Queue;
    PKI_HOST_THREAD Thread; /* valid when Started is 1 */
    _Atomic ULONG Started;  /* a futex */
    ULONGLONG Running;      /* the number of the item it runs, or 0 */
    PWORKER_THREAD_ROUTINE Routine;
    BOOLEAN Used;
} EXP_WORKER;

/* Somebody waits until every item up to Target has run, or (Size not 0) all those with a routine in
 * a range of addresses. */
typedef struct _EXP_DRAINER {
    LIST_ENTRY Link;
    ULONGLONG Target;
    ULONG_PTR Base;
    SIZE_T Size;
    const struct _EXP_WORKER *Except; /* who waits, where it is a worker */
    KEVENT Done;
} EXP_DRAINER;

typedef struct _EXP_WORK_QUEUE {
    KI_LOCK Lock;
    const char *Name;
    LIST_ENTRY Items;
    ULONGLONG Queued; /* items are numbered from 1 in the order they come */
    ULONGLONG Taken;  /* ... and are taken in that order */
    ULONG Pending;    /* Queued - Taken */
    ULONG Idle;       /* workers at the semaphore */
    BOOLEAN Stop;     /* workers leave when there is nothing to do */
    LIST_ENTRY Drainers;
    KSEMAPHORE Semaphore;
    EXP_WORKER Worker[EXP_MAXIMUM_WORKERS];
} EXP_WORK_QUEUE;

static EXP_WORK_QUEUE ExpWorkQueue[ExpQueueCount];
/* Items in all queues: a free of pool looks for them only where there are any. */
static _Atomic ULONG ExpPendingItems;
/* What this thread is; drains of everything and shutdown refuse to run on a worker. */
static __thread EXP_WORKER *ExpThisWorker;

static EXP_WORK_QUEUE *ExpQueueOf(WORK_QUEUE_TYPE Type)
{
    switch ((ULONG)Type) {
    case HyperCriticalWorkQueue:
    case SuperCriticalWorkQueue:
    case RealTimeWorkQueue:
        return &ExpWorkQueue[ExpHyperCritical];
    case CriticalWorkQueue:
    case NormalWorkQueue:
        return &ExpWorkQueue[ExpCritical];
    case DelayedWorkQueue:
    case BackgroundWorkQueue:
        return &ExpWorkQueue[ExpDelayed];
    default:
        /* CustomPriorityWorkQueue + a thread priority, 0 to 31. */
        if ((ULONG)Type >= CustomPriorityWorkQueue && (ULONG)Type < CustomPriorityWorkQueue + 32) {
            ULONG Priority = (ULONG)Type - CustomPriorityWorkQueue;
            return &ExpWorkQueue[Priority >= 15   ? ExpHyperCritical
                                 : Priority >= 13 ? ExpCritical
                                                  : ExpDelayed];
        }
        return NULL;
    }
}

/* The lock is held: the number of the oldest item that has not run to its end, or the next number.
 */
static ULONGLONG ExpOldestUnfinished(EXP_WORK_QUEUE *Queue)
{
    ULONGLONG Oldest = Queue->Taken + 1;
    ULONG i;

    for (i = 0; i < EXP_MAXIMUM_WORKERS; i++) {
        if (Queue->Worker[i].Running != 0 && Queue->Worker[i].Running < Oldest)
            Oldest = Queue->Worker[i].Running;
    }
    return Oldest;
}

static BOOLEAN ExpIsIn(PWORKER_THREAD_ROUTINE Routine, ULONG_PTR Base, SIZE_T Size)
{
    return (ULONG_PTR)Routine - Base < Size;
}

/* The lock is held: is an item of that range queued, or run by another worker than Except? */
static BOOLEAN ExpRangeBusy(EXP_WORK_QUEUE *Queue, ULONG_PTR Base, SIZE_T Size,
                            const EXP_WORKER *Except)
{
    for (ULONG i = 0; i < EXP_MAXIMUM_WORKERS; i++) {
        const EXP_WORKER *Worker = &Queue->Worker[i];
        if (Worker->Running != 0 && Worker != Except && ExpIsIn(Worker->Routine, Base, Size))
            return TRUE;
    }
    for (PLIST_ENTRY Entry = Queue->Items.Flink; Entry != &Queue->Items; Entry = Entry->Flink) {
        PWORK_QUEUE_ITEM Item = CONTAINING_RECORD(Entry, WORK_QUEUE_ITEM, List);
        if (ExpIsIn(Item->WorkerRoutine, Base, Size))
            return TRUE;
    }
    return FALSE;
}

/* The lock is held. */
static VOID ExpWakeDrainers(EXP_WORK_QUEUE *Queue)
{
    ULONGLONG Oldest;
    PLIST_ENTRY Entry;

    if (NTIO_LIKELY(IsListEmpty(&Queue->Drainers)))
        return;
    Oldest = ExpOldestUnfinished(Queue);
    for (Entry = Queue->Drainers.Flink; Entry != &Queue->Drainers;) {
        EXP_DRAINER *Drainer = CONTAINING_RECORD(Entry, EXP_DRAINER, Link);

        Entry = Entry->Flink;
        if (Drainer->Size != 0 ? !ExpRangeBusy(Queue, Drainer->Base, Drainer->Size, Drainer->Except)
                               : Drainer->Target < Oldest) {
            /* It lies on the waiter's stack: nothing touches it afterwards. */
            RemoveEntryList(&Drainer->Link);
            KeSetEvent(&Drainer->Done, IO_NO_INCREMENT, FALSE);
        }
    }
}

static VOID ExpRunItem(PWORK_QUEUE_ITEM Item, PWORKER_THREAD_ROUTINE Routine, PVOID Parameter)
{
    PKTHREAD Thread = KeGetCurrentThread();
    SHORT ApcDisable = Thread->KernelApcDisable;

    Routine(Parameter);
    /* The item may be gone; only its address is told. */
    if (NTIO_UNLIKELY(Thread->Irql != PASSIVE_LEVEL))
        KeBugCheckEx(WORKER_THREAD_RETURNED_AT_BAD_IRQL, (ULONG_PTR)Routine, Thread->Irql,
                     (ULONG_PTR)Parameter, (ULONG_PTR)Item);
    if (NTIO_UNLIKELY(Thread->KernelApcDisable != ApcDisable))
        VfStop(0xc5, (ULONG_PTR)Routine, (ULONG_PTR)(LONG_PTR)Thread->KernelApcDisable,
               (ULONG_PTR)(LONG_PTR)ApcDisable,
               "a work item's routine came back with another count of critical regions");
}

static VOID ExpWorkerThread(PVOID Context)
{
    EXP_WORKER *Worker = Context;
    EXP_WORK_QUEUE *Queue = Worker->Queue;

    ExpThisWorker = Worker;

    KiLock(&Queue->Lock);
    for (;;) {
        PWORKER_THREAD_ROUTINE Routine;
        PWORK_QUEUE_ITEM Item;
        PVOID Parameter;

        if (Queue->Pending == 0) {
            if (Queue->Stop)
                break;
            Queue->Idle++;
            KiUnlock(&Queue->Lock);
            KeWaitForSingleObject(&Queue->Semaphore, WrQueue, KernelMode, FALSE, NULL);
            KiLock(&Queue->Lock);
            continue;
        }
        Item = CONTAINING_RECORD(Queue->Items.Flink, WORK_QUEUE_ITEM, List);
        if (NTIO_UNLIKELY(Item->List.Flink == NULL || Item->List.Blink == NULL))
            KeBugCheckEx(INVALID_WORK_QUEUE_ITEM, (ULONG_PTR)Item, (ULONG_PTR)Queue,
                         (ULONG_PTR)ExpWorkQueue, (ULONG_PTR)Item->WorkerRoutine);
        RemoveEntryList(&Item->List);
        /* From here on it may be queued again. */
        Item->List.Flink = NULL;
        Routine = Item->WorkerRoutine;
        Parameter = Item->Parameter;
        Queue->Pending--;
        atomic_fetch_sub_explicit(&ExpPendingItems, 1, memory_order_relaxed);
        Worker->Running = ++Queue->Taken;
        Worker->Routine = Routine;
        KiUnlock(&Queue->Lock);

        ExpRunItem(Item, Routine, Parameter);

        KiLock(&Queue->Lock);
        Worker->Running = 0;
        Worker->Routine = NULL;
        ExpWakeDrainers(Queue);
    }
    KiUnlock(&Queue->Lock);
}

/* Starts Worker, whose place is taken already. DISPATCH_LEVEL at most. */
static VOID ExpStartWorker(EXP_WORKER *Worker)
{
    NTSTATUS Status =
        KiCreateHostThread(ExpWorkerThread, Worker, Worker->Queue->Name, &Worker->Thread);

    if (!NT_SUCCESS(Status))
        VfBugCheck(PROCESS1_INITIALIZATION_FAILED, (ULONG_PTR)(LONG_PTR)Status, 0, 0, 0,
                   "the host gives no thread for a worker");
    atomic_store(&Worker->Started, 1);
    KiFutexWake(&Worker->Started, 1);
}

/* A place for one more worker, counted, or NULL: there are enough. The lock is held; ExpStartWorker
 * comes after it. */
static EXP_WORKER *ExpNewWorker(EXP_WORK_QUEUE *Queue)
{
    ULONG i;

    for (i = 0; i < EXP_MAXIMUM_WORKERS; i++) {
        EXP_WORKER *Worker = &Queue->Worker[i];

        if (!Worker->Used) {
            Worker->Used = TRUE;
            Worker->Queue = Queue;
            Worker->Running = 0;
            atomic_store(&Worker->Started, 0);
            return Worker;
        }
    }
    return NULL;
}

VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    EXP_WORK_QUEUE *Queue = ExpQueueOf(QueueType);
    EXP_WORKER *Start = NULL;
    BOOLEAN Wake = FALSE;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (NTIO_UNLIKELY(Queue == NULL))
        KeBugCheckEx(WORKER_INVALID, 6, (ULONG_PTR)WorkItem, QueueType, 0);
    if (NTIO_UNLIKELY(WorkItem->WorkerRoutine == NULL))
        KeBugCheckEx(WORKER_INVALID, 7, (ULONG_PTR)WorkItem, QueueType, 0);

    KiLock(&Queue->Lock);
    if (NTIO_UNLIKELY(WorkItem->List.Flink != NULL)) {
        KiUnlock(&Queue->Lock);
        KeBugCheckEx(WORKER_INVALID, 1, (ULONG_PTR)WorkItem, QueueType, 0);
    }
    InsertTailList(&Queue->Items, &WorkItem->List);
    Queue->Queued++;
    Queue->Pending++;
    atomic_fetch_add_explicit(&ExpPendingItems, 1, memory_order_relaxed);
    if (Queue->Idle != 0) {
        Queue->Idle--;
        Wake = TRUE;
    } else {
        Start = ExpNewWorker(Queue);
    }
    KiUnlock(&Queue->Lock);
    if (Wake)
        KeReleaseSemaphore(&Queue->Semaphore, IO_NO_INCREMENT, 1, FALSE);
    if (Start != NULL)
        ExpStartWorker(Start);
}

static VOID ExpDrainQueue(EXP_WORK_QUEUE *Queue)
{
    EXP_DRAINER Drainer;

    KiLock(&Queue->Lock);
    Drainer.Size = 0;
    Drainer.Target = Queue->Queued;
    if (Drainer.Target < ExpOldestUnfinished(Queue)) {
        KiUnlock(&Queue->Lock);
        return;
    }
    KeInitializeEvent(&Drainer.Done, SynchronizationEvent, FALSE);
    InsertTailList(&Queue->Drainers, &Drainer.Link);
    KiUnlock(&Queue->Lock);
    KeWaitForSingleObject(&Drainer.Done, Executive, KernelMode, FALSE, NULL);
}

VOID ExpDrainWorkQueues(VOID)
{
    ULONG i;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    NTIO_ASSERT(ExpThisWorker == NULL);
    for (i = 0; i < ExpQueueCount; i++)
        ExpDrainQueue(&ExpWorkQueue[i]);
}

BOOLEAN ExpDrainWorkOf(PVOID Base, SIZE_T Size)
{
    EXP_DRAINER Drainer = {.Base = (ULONG_PTR)Base, .Size = Size, .Except = ExpThisWorker};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Size == 0)
        return TRUE;
    for (ULONG i = 0; i < ExpQueueCount; i++) {
        EXP_WORK_QUEUE *Queue = &ExpWorkQueue[i];

        KiLock(&Queue->Lock);
        if (!ExpRangeBusy(Queue, Drainer.Base, Size, Drainer.Except)) {
            KiUnlock(&Queue->Lock);
            continue;
        }
        KeInitializeEvent(&Drainer.Done, SynchronizationEvent, FALSE);
        InsertTailList(&Queue->Drainers, &Drainer.Link);
        KiUnlock(&Queue->Lock);
        KeWaitForSingleObject(&Drainer.Done, Executive, KernelMode, FALSE, NULL);
    }
    return Drainer.Except == NULL || !ExpIsIn(Drainer.Except->Routine, Drainer.Base, Size);
}

/* Runs what is queued and ends the workers. A later item starts new ones. */
static VOID ExpStopQueue(EXP_WORK_QUEUE *Queue)
{
    ULONG Idle, i;

    KiLock(&Queue->Lock);
    Queue->Stop = TRUE;
    Idle = Queue->Idle;
    Queue->Idle = 0;
    KiUnlock(&Queue->Lock);
    if (Idle != 0)
        KeReleaseSemaphore(&Queue->Semaphore, IO_NO_INCREMENT, (LONG)Idle, FALSE);
    /* An item that still runs may queue others, and so start workers anew. */
    for (;;) {
        EXP_WORKER *Worker = NULL, *Start = NULL;

        KiLock(&Queue->Lock);
        for (i = 0; i < EXP_MAXIMUM_WORKERS && Worker == NULL; i++) {
            if (Queue->Worker[i].Used)
                Worker = &Queue->Worker[i];
        }
        if (Worker == NULL) {
            if (Queue->Pending != 0)
                Worker = Start = ExpNewWorker(Queue);
            else
                Queue->Stop = FALSE;
        }
        KiUnlock(&Queue->Lock);
        if (Worker == NULL)
            break;
        if (Start != NULL)
            ExpStartWorker(Start);
        while (atomic_load(&Worker->Started) == 0)
            KiFutexWait(&Worker->Started, 0, 0);
        KiJoinHostThread(Worker->Thread);
        KiLock(&Queue->Lock);
        Worker->Used = FALSE;
        KiUnlock(&Queue->Lock);
    }
}

VOID ExpStopWorkers(VOID)
{
    ULONG i;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    NTIO_ASSERT(ExpThisWorker == NULL);
    ExpDrainWorkQueues();
    for (i = 0; i < ExpQueueCount; i++)
        ExpStopQueue(&ExpWorkQueue[i]);
}

VOID ExShutdownSystem(VOID)
{
    /* Nothing is queued after ps has stopped; this finds the queues as ExpStopWorkers left them. */
    ExpStopWorkers();
}

VOID ExpCheckFreedForWorkItems(PVOID Address, SIZE_T Bytes)
{
    ULONG i;

    if (NTIO_LIKELY(atomic_load_explicit(&ExpPendingItems, memory_order_relaxed) == 0))
        return;
    for (i = 0; i < ExpQueueCount; i++) {
        EXP_WORK_QUEUE *Queue = &ExpWorkQueue[i];
        PLIST_ENTRY Entry;

        KiLock(&Queue->Lock);
        for (Entry = Queue->Items.Flink; Entry != &Queue->Items; Entry = Entry->Flink) {
            if ((ULONG_PTR)Entry - (ULONG_PTR)Address < Bytes)
                break;
        }
        KiUnlock(&Queue->Lock);
        if (NTIO_UNLIKELY(Entry != &Queue->Items))
            KeBugCheckEx(WORKER_INVALID, 0,
                         (ULONG_PTR)CONTAINING_RECORD(Entry, WORK_QUEUE_ITEM, List),
                         (ULONG_PTR)Address, (ULONG_PTR)Address + Bytes);
    }
}

static VOID ExpAccountWorkItems(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    ULONG i;

    for (i = 0; i < ExpQueueCount; i++) {
        EXP_WORK_QUEUE *Queue = &ExpWorkQueue[i];
        char Sentence[320], Who[200];
        PLIST_ENTRY Entry;
        ULONG j;

        KiLock(&Queue->Lock);
        for (Entry = Queue->Items.Flink; Entry != &Queue->Items; Entry = Entry->Flink) {
            PWORK_QUEUE_ITEM Item = CONTAINING_RECORD(Entry, WORK_QUEUE_ITEM, List);

            VfDescribeAddress((PVOID)(ULONG_PTR)Item->WorkerRoutine, Who, sizeof(Who));
            snprintf(Sentence, sizeof(Sentence), "%p for %s, queued", (PVOID)Item, Who);
            Left("work item", Sentence, Context);
        }
        for (j = 0; j < EXP_MAXIMUM_WORKERS; j++) {
            if (Queue->Worker[j].Running == 0)
                continue;
            VfDescribeAddress((PVOID)(ULONG_PTR)Queue->Worker[j].Routine, Who, sizeof(Who));
            snprintf(Sentence, sizeof(Sentence), "for %s, running", Who);
            Left("work item", Sentence, Context);
        }
        KiUnlock(&Queue->Lock);
    }
}

VOID ExpInitializeWorkers(VOID)
{
    static const char *const Name[ExpQueueCount] = {"work-hyper", "work-crit", "work-delay"};
    ULONG i;

    for (i = 0; i < ExpQueueCount; i++) {
        EXP_WORK_QUEUE *Queue = &ExpWorkQueue[i];

        memset(Queue, 0, sizeof(*Queue));
        Queue->Name = Name[i];
        InitializeListHead(&Queue->Items);
        InitializeListHead(&Queue->Drainers);
        KeInitializeSemaphore(&Queue->Semaphore, 0, MAXLONG);
    }
    atomic_store(&ExpPendingItems, 0);
    VfAddAccountingSource("ex", ExpAccountWorkItems);
}
