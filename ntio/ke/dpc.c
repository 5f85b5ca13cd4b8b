/* SPDX-License-Identifier: MIT */
/*
 * dpc.c - deferred procedure calls.
 *
 * Each processor slot has a queue and, from its first DPC on, a thread that runs the queue at
 * DISPATCH_LEVEL while it owns that slot. Whoever queues a DPC asks for the slot on the thread's
 * behalf (KiRequestSlotForDpc): free, it is the thread's at once, else whoever has it hands it over
 * when its IRQL falls. So a thread at DISPATCH_LEVEL is not overtaken by its own processor's DPCs,
 * as on Windows. The thread sleeps until the slot has been handed to it.
 *
 * KDPC.DpcData names the queue while the DPC is in one, and changes under that queue's lock.
 */
#include "kip.h"

typedef struct DECLSPEC_CACHEALIGN _KI_DPC_QUEUE {
    KI_LOCK Lock;
    SINGLE_LIST_ENTRY First;  /* Next of it */
    PSINGLE_LIST_ENTRY Last;  /* &First when empty */
    _Atomic ULONG HandedOver; /* the thread's futex: 1 once the slot is its own */
    _Atomic ULONG Started;    /* 0, 1 while the thread is being made, 2 */
    _Atomic BOOLEAN Exit;
    PKI_HOST_THREAD Thread;
} KI_DPC_QUEUE;

static KI_DPC_QUEUE KiDpcQueues[KI_MAXIMUM_PROCESSORS];

VOID KiInitializeDpcs(VOID)
{
    for (ULONG i = 0; i < KI_MAXIMUM_PROCESSORS; i++)
        KiDpcQueues[i].Last = &KiDpcQueues[i].First;
}

VOID NTAPI KiWakeDpcThread(ULONG Number)
{
    atomic_store(&KiDpcQueues[Number].HandedOver, 1);
    KiFutexWake(&KiDpcQueues[Number].HandedOver, 1);
}

static VOID KiRunDpcs(PKTHREAD Thread, KI_DPC_QUEUE *Queue)
{
    for (;;) {
        PKDEFERRED_ROUTINE Routine;
        PVOID Context, Argument1, Argument2;
        PKDPC Dpc;

        KiLock(&Queue->Lock);
        if (Queue->First.Next == NULL) {
            KiUnlock(&Queue->Lock);
            return;
        }
        Dpc = CONTAINING_RECORD(PopEntryList(&Queue->First), KDPC, DpcListEntry);
        if (Queue->First.Next == NULL)
            Queue->Last = &Queue->First;
        Routine = Dpc->DeferredRoutine;
        Context = Dpc->DeferredContext;
        Argument1 = Dpc->SystemArgument1;
        Argument2 = Dpc->SystemArgument2;
        __atomic_store_n(&Dpc->DpcData, NULL, __ATOMIC_RELEASE);
        KiUnlock(&Queue->Lock);

        /* The routine may free Dpc, so it is no more than an address now. */
        Thread->InDpc = TRUE;
        Routine(Dpc, Context, Argument1, Argument2);
        Thread->InDpc = FALSE;
        if (NTIO_UNLIKELY(Thread->Irql != DISPATCH_LEVEL || Thread->SpinLocksHeld != 0))
            KeBugCheckEx(IRQL_UNEXPECTED_VALUE,
                         (ULONG_PTR)Thread->Irql << 16 | DISPATCH_LEVEL << 8 | 4,
                         (ULONG_PTR)Routine, (ULONG_PTR)Dpc, Thread->SpinLocksHeld);
    }
}

static VOID KiDpcThread(PVOID Context)
{
    ULONG Number = (ULONG)(ULONG_PTR)Context;
    KI_DPC_QUEUE *Queue = &KiDpcQueues[Number];
    PKTHREAD Thread = KiThread();
    BOOLEAN Exit;

    Thread->Affinity = (KAFFINITY)1 << Number;
    Thread->Processor = Number;
    Thread->Pcr->Number = Number;
    do {
        while (atomic_exchange(&Queue->HandedOver, 0) == 0)
            KiFutexWait(&Queue->HandedOver, 0, 0);
        /* The slot is ours: not taken, but given. */
        Thread->OwnsProcessor = TRUE;
        KiSetIrql(Thread, DISPATCH_LEVEL);
        do {
            Exit = atomic_load(&Queue->Exit);
            KiRunDpcs(Thread, Queue);
        } while (!KiReleaseSlotFromDpc(Number));
        KiSetIrql(Thread, PASSIVE_LEVEL);
        Thread->OwnsProcessor = FALSE;
    } while (!Exit);
}

static VOID KiStartDpcThread(ULONG Number)
{
    KI_DPC_QUEUE *Queue = &KiDpcQueues[Number];
    ULONG Old = 0;

    if (!atomic_compare_exchange_strong(&Queue->Started, &Old, 1))
        return;
    /* A DPC can't be refused. */
    if (!NT_SUCCESS(
            KiCreateHostThread(KiDpcThread, (PVOID)(ULONG_PTR)Number, "dpc", &Queue->Thread)))
        KeBugCheckEx(PHASE1_INITIALIZATION_FAILED, (ULONG_PTR)STATUS_INSUFFICIENT_RESOURCES, Number,
                     0, 0);
    atomic_store(&Queue->Started, 2);
}

VOID NTAPI KiRequestDpc(ULONG Number)
{
    if (NTIO_UNLIKELY(atomic_load_explicit(&KiDpcQueues[Number].Started, memory_order_relaxed) ==
                      0))
        KiStartDpcThread(Number);
    KiRequestSlotForDpc(Number);
}

VOID KiStopDpcThreads(VOID)
{
    for (ULONG i = 0; i < KeActiveProcessors; i++) {
        KI_DPC_QUEUE *Queue = &KiDpcQueues[i];

        if (atomic_load(&Queue->Started) == 0)
            continue;
        NTIO_ASSERT(atomic_load(&Queue->Started) == 2);
        atomic_store(&Queue->Exit, TRUE);
        KiRequestSlotForDpc(i);
        KiJoinHostThread(Queue->Thread);
        Queue->Thread = NULL;
        atomic_store(&Queue->Exit, FALSE);
        atomic_store(&Queue->Started, 0);
    }
}

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    memset(Dpc, 0, sizeof(*Dpc));
    Dpc->Type = DpcObject;
    Dpc->Importance = MediumImportance;
    Dpc->DeferredRoutine = DeferredRoutine;
    Dpc->DeferredContext = DeferredContext;
}

/* A threaded DPC's routine must be able to run at DISPATCH_LEVEL; here it always does, as where
 * Windows has them disabled. */
VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                                   PVOID DeferredContext)
{
    KeInitializeDpc(Dpc, DeferredRoutine, DeferredContext);
    Dpc->Type = 24; /* ThreadedDpcObject */
}

BOOLEAN NTAPI KiQueueDpc(PKDPC Dpc, PVOID Argument1, PVOID Argument2, ULONG *Number)
{
    PKTHREAD Thread = KiCurrentThread;
    KI_DPC_QUEUE *Queue;
    PVOID Free = NULL;

    if (NTIO_UNLIKELY(Dpc->DeferredRoutine == NULL))
        KeBugCheckEx(TIMER_OR_DPC_INVALID, 1, (ULONG_PTR)Dpc, 0, 0);
    *Number = Dpc->Number >= MAXIMUM_PROCESSORS ? (ULONG)Dpc->Number - MAXIMUM_PROCESSORS
              : Thread != NULL                  ? Thread->Processor
                                                : 0;
    Queue = &KiDpcQueues[*Number];
    KiLock(&Queue->Lock);
    if (!__atomic_compare_exchange_n(&Dpc->DpcData, &Free, Queue, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
        KiUnlock(&Queue->Lock);
        return FALSE;
    }
    Dpc->SystemArgument1 = Argument1;
    Dpc->SystemArgument2 = Argument2;
    if (Dpc->Importance == HighImportance) {
        PushEntryList(&Queue->First, &Dpc->DpcListEntry);
        if (Queue->Last == &Queue->First)
            Queue->Last = &Dpc->DpcListEntry;
    } else {
        Dpc->DpcListEntry.Next = NULL;
        Queue->Last->Next = &Dpc->DpcListEntry;
        Queue->Last = &Dpc->DpcListEntry;
    }
    KiUnlock(&Queue->Lock);
    return TRUE;
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    ULONG Number;

    if (!KiQueueDpc(Dpc, SystemArgument1, SystemArgument2, &Number))
        return FALSE;
    KiRequestDpc(Number);
    return TRUE;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    KI_DPC_QUEUE *Queue;

    while ((Queue = __atomic_load_n((KI_DPC_QUEUE **)&Dpc->DpcData, __ATOMIC_ACQUIRE)) != NULL) {
        PSINGLE_LIST_ENTRY Before;

        KiLock(&Queue->Lock);
        if (__atomic_load_n((KI_DPC_QUEUE **)&Dpc->DpcData, __ATOMIC_RELAXED) != Queue) {
            KiUnlock(&Queue->Lock);
            continue; /* it has run, and was perhaps queued elsewhere */
        }
        for (Before = &Queue->First; Before->Next != &Dpc->DpcListEntry; Before = Before->Next)
            NTIO_ASSERT(Before->Next != NULL);
        Before->Next = Dpc->DpcListEntry.Next;
        if (Before->Next == NULL)
            Queue->Last = Before;
        __atomic_store_n(&Dpc->DpcData, NULL, __ATOMIC_RELEASE);
        KiUnlock(&Queue->Lock);
        return TRUE;
    }
    return FALSE;
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    Dpc->Importance = (UCHAR)Importance;
}

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    if (Number < 0 || (ULONG)Number >= KeActiveProcessors)
        KeBugCheckEx(INVALID_AFFINITY_SET, (ULONG_PTR)Number, KiActiveAffinity(), (ULONG_PTR)Dpc,
                     0);
    Dpc->Number = (USHORT)(MAXIMUM_PROCESSORS + Number);
}

static VOID NTAPI KiFlushDpcRoutine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent(Context, 0, FALSE);
}

/* A marker runs through each queue behind everything that stands there. */
VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    struct {
        KDPC Dpc;
        KEVENT Event;
        BOOLEAN Queued;
    } Marker[KI_MAXIMUM_PROCESSORS];

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    for (ULONG i = 0; i < KeActiveProcessors; i++) {
        Marker[i].Queued = atomic_load(&KiDpcQueues[i].Started) != 0;
        if (!Marker[i].Queued)
            continue;
        KeInitializeEvent(&Marker[i].Event, NotificationEvent, FALSE);
        KeInitializeDpc(&Marker[i].Dpc, KiFlushDpcRoutine, &Marker[i].Event);
        KeSetTargetProcessorDpc(&Marker[i].Dpc, (CCHAR)i);
        KeInsertQueueDpc(&Marker[i].Dpc, NULL, NULL);
    }
    for (ULONG i = 0; i < KeActiveProcessors; i++)
        if (Marker[i].Queued)
            KeWaitForSingleObject(&Marker[i].Event, Executive, KernelMode, FALSE, NULL);
}

VOID KiEnumerateDpcs(KI_ENUMERATE_ROUTINE *Each, PVOID Context)
{
    for (ULONG i = 0; i < KI_MAXIMUM_PROCESSORS; i++) {
        KI_DPC_QUEUE *Queue = &KiDpcQueues[i];

        KiLock(&Queue->Lock);
        for (PSINGLE_LIST_ENTRY Entry = Queue->First.Next; Entry != NULL; Entry = Entry->Next) {
            PKDPC Dpc = CONTAINING_RECORD(Entry, KDPC, DpcListEntry);
            Each("DPC", Dpc, (PVOID)(ULONG_PTR)Dpc->DeferredRoutine, Context);
        }
        KiUnlock(&Queue->Lock);
    }
}
