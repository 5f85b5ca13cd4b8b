/* SPDX-License-Identifier: MIT */
/*
 * wait.c - waiting.
 *
 * The waiter's side. All objects are locked (by address), tested, and if they don't satisfy the
 * wait, a block is queued on each and WaitState becomes Waiting before the locks are dropped: so a
 * signal comes either before the test or after the block is there. Afterwards APCs and alerts are
 * looked for once more, because whoever queues one sets its flag first and looks at WaitState
 * second.
 *
 * The signaller's side, KiWaitTest: with the object locked it claims waiters from the front.
 * Whoever wins WaitState from Waiting to Claimed decides how the wait ends: a signaller, the
 * waiter's own time-out, an APC or alert. A claimed wait for any takes the signal and leaves the
 * object's list; a wait for all stays in the lists and looks again itself, since only the waiter
 * locks several objects.
 */
#include "kip.h"

#include <sched.h>

#define KI_WAIT_RETEST ((NTSTATUS)0x7fffffff) /* WaitStatus: look again; never returned */

enum { KiBlockQueued = 1, KiBlockOut = 0 };

static BOOLEAN KiClaim(PKTHREAD Thread)
{
    ULONG Waiting = KiWaitWaiting;

    return atomic_compare_exchange_strong(&Thread->WaitState, &Waiting, KiWaitClaimed);
}

VOID NTAPI KiPublish(KI_CLAIMED *Claimed)
{
    PKTHREAD Thread = Claimed->First;

    while (Thread != NULL) {
        PKTHREAD Next = Thread->NextClaimed; /* before it runs and waits again */

        atomic_store(&Thread->WaitState, KiWaitDone);
        KiFutexWake(&Thread->WaitState, 1);
        Thread = Next;
    }
    Claimed->First = NULL;
}

VOID NTAPI KiClaimForRetest(PKTHREAD Thread, KI_CLAIMED *Claimed)
{
    if (KiClaim(Thread)) {
        Thread->WaitStatus = KI_WAIT_RETEST;
        Thread->NextClaimed = Claimed->First;
        Claimed->First = Thread;
    }
}

static BOOLEAN KiIsSignalled(PDISPATCHER_HEADER Header, PKTHREAD Thread)
{
    return KiSignalState(Header) > 0 ||
           (KiObjectType(Header) == MutantObject && ((PRKMUTANT)Header)->OwnerThread == Thread);
}

/*
 * Takes the signal for Thread. Returns STATUS_ABANDONED for an abandoned mutant,
 * STATUS_MUTANT_LIMIT_EXCEEDED for one that is held as often as can be (and is left as it is), else
 * STATUS_SUCCESS.
 */
static NTSTATUS NTAPI KiSatisfy(PDISPATCHER_HEADER Header, PKTHREAD Thread)
{
    switch (KiObjectType(Header)) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
        KiSetSignalState(Header, 0);
        break;
    case SemaphoreObject:
        KiSetSignalState(Header, KiSignalState(Header) - 1);
        break;
    case MutantObject: {
        PRKMUTANT Mutant = (PRKMUTANT)Header;
        LONG State;

        if (__builtin_sub_overflow(KiSignalState(Header), 1, &State))
            return STATUS_MUTANT_LIMIT_EXCEEDED;
        KiSetSignalState(Header, State);
        if (State == 0) {
            Mutant->OwnerThread = Thread;
            Thread->KernelApcDisable -= Mutant->ApcDisable;
            InsertTailList(&Thread->MutantListHead, &Mutant->MutantListEntry);
            if (Mutant->Abandoned) {
                Mutant->Abandoned = FALSE;
                return STATUS_ABANDONED;
            }
        }
        break;
    }
    default: /* notification events and timers, threads, processes stay signalled */
        break;
    }
    return STATUS_SUCCESS;
}

VOID NTAPI KiWaitTest(PDISPATCHER_HEADER Header, KI_CLAIMED *Claimed)
{
    PLIST_ENTRY Entry = Header->WaitListHead.Flink;

    while (Entry != &Header->WaitListHead && KiSignalState(Header) > 0) {
        PKWAIT_BLOCK Block = CONTAINING_RECORD(Entry, KWAIT_BLOCK, WaitListEntry);
        PKTHREAD Thread = Block->Thread;

        Entry = Entry->Flink;
        if (!KiClaim(Thread))
            continue; /* another signal, a time-out or an APC was first; the thread takes the block
                         out */
        if (Block->WaitType == WaitAny) {
            RemoveEntryList(&Block->WaitListEntry);
            Block->BlockState = KiBlockOut;
            Thread->WaitStatus = KiSatisfy(Header, Thread) + Block->WaitKey;
        } else {
            Thread->WaitStatus = KI_WAIT_RETEST;
        }
        Thread->NextClaimed = Claimed->First;
        Claimed->First = Thread;
    }
}

/* One wait, as its thread sees it. */
typedef struct _KI_WAIT {
    ULONG Count;
    PVOID *Objects;
    WAIT_TYPE Type;
    KPROCESSOR_MODE Mode;
    BOOLEAN Alertable;
    PKWAIT_BLOCK Blocks;
    PDISPATCHER_HEADER Sorted[MAXIMUM_WAIT_OBJECTS]; /* by address, each once */
    ULONG SortedCount;
    ULONGLONG Deadline;
    BOOLEAN SystemTime; /* Deadline is on the system time's scale */
    BOOLEAN Poll;       /* zero time-out */
} KI_WAIT;

static VOID KiSortObjects(KI_WAIT *Wait)
{
    Wait->SortedCount = 0;
    for (ULONG i = 0; i < Wait->Count; i++) {
        PDISPATCHER_HEADER Header = Wait->Objects[i];
        ULONG At = Wait->SortedCount;

        while (At > 0 && Wait->Sorted[At - 1] > Header)
            At--;
        if (At > 0 && Wait->Sorted[At - 1] == Header)
            continue;
        for (ULONG j = Wait->SortedCount; j > At; j--)
            Wait->Sorted[j] = Wait->Sorted[j - 1];
        Wait->Sorted[At] = Header;
        Wait->SortedCount++;
    }
}

static VOID KiLockAll(KI_WAIT *Wait)
{
    for (ULONG i = 0; i < Wait->SortedCount; i++)
        KiLockObject(Wait->Sorted[i]);
}

static VOID KiUnlockAll(KI_WAIT *Wait)
{
    for (ULONG i = 0; i < Wait->SortedCount; i++)
        KiUnlockObject(Wait->Sorted[i]);
}

/* All locked. TRUE: the wait is satisfied, with *Status. */
static BOOLEAN KiTestObjects(KI_WAIT *Wait, PKTHREAD Thread, NTSTATUS *Status)
{
    if (Wait->Type == WaitAny) {
        for (ULONG i = 0; i < Wait->Count; i++) {
            if (KiIsSignalled(Wait->Objects[i], Thread)) {
                *Status = KiSatisfy(Wait->Objects[i], Thread);
                if (NT_SUCCESS(*Status))
                    *Status += (NTSTATUS)i;
                return TRUE;
            }
        }
        return FALSE;
    }
    for (ULONG i = 0; i < Wait->SortedCount; i++)
        if (!KiIsSignalled(Wait->Sorted[i], Thread))
            return FALSE;
    *Status = STATUS_SUCCESS;
    for (ULONG i = 0; i < Wait->SortedCount; i++) {
        NTSTATUS One = KiSatisfy(Wait->Sorted[i], Thread);

        if (One != STATUS_SUCCESS && NT_SUCCESS(*Status))
            *Status = One;
    }
    return TRUE;
}

/* All locked. */
static VOID KiQueueBlocks(KI_WAIT *Wait, PKTHREAD Thread)
{
    for (ULONG i = 0; i < Wait->Count; i++) {
        PKWAIT_BLOCK Block = &Wait->Blocks[i];
        PDISPATCHER_HEADER Header = Wait->Objects[i];

        Block->Thread = Thread;
        Block->Object = Header;
        Block->WaitKey = (USHORT)i;
        Block->WaitType = (UCHAR)Wait->Type;
        Block->BlockState = KiBlockQueued;
        InsertTailList(&Header->WaitListHead, &Block->WaitListEntry);
    }
}

/* None locked. Except: the block that a signaller has taken out, whose object may be gone. */
static VOID KiRemoveBlocks(KI_WAIT *Wait, ULONG Except)
{
    for (ULONG i = 0; i < Wait->Count; i++) {
        PKWAIT_BLOCK Block = &Wait->Blocks[i];

        if (i == Except)
            continue;
        KiLockObject(Block->Object);
        if (Block->BlockState == KiBlockQueued) {
            RemoveEntryList(&Block->WaitListEntry);
            Block->BlockState = KiBlockOut;
        }
        KiUnlockObject(Block->Object);
    }
}

/* Sleeps until somebody has published the outcome, or the time is up. */
static NTSTATUS KiSleep(KI_WAIT *Wait, PKTHREAD Thread)
{
    ULONG State;

    while ((State = atomic_load(&Thread->WaitState)) != KiWaitDone) {
        /* Claimed: the claimer has only to leave the object, and then wakes us. */
        if (State == KiWaitClaimed)
            KiFutexWait(&Thread->WaitState, State, 0);
        else if (!KiFutexWaitUntil(&Thread->WaitState, State, Wait->Deadline, Wait->SystemTime) &&
                 KiClaim(Thread))
            return STATUS_TIMEOUT;
    }
    return Thread->WaitStatus;
}

static BOOLEAN KiInterrupted(KI_WAIT *Wait, PKTHREAD Thread)
{
    return KiKernelApcDue(Thread) ||
           KiTestAlert(Thread, Wait->Mode, Wait->Alertable, FALSE) != STATUS_SUCCESS;
}

/* What KeWaitXxx returns, or raises. */
static NTSTATUS KiWaitResult(NTSTATUS Status)
{
    if (NTIO_UNLIKELY(Status == STATUS_MUTANT_LIMIT_EXCEEDED))
        ExRaiseStatus(Status);
    return Status;
}

static __attribute__((noinline)) NTSTATUS NTAPI KiWait(KI_WAIT *Wait)
{
    PKTHREAD Thread;
    NTSTATUS Status;

    KiSortObjects(Wait);
Restart:
    /* Anew each time: an APC routine may have waited too, and used the thread's blocks. */
    Thread = KiThread();
    KiCheckKernelApcs(Thread);
    KiLockAll(Wait);
    if (KiTestObjects(Wait, Thread, &Status)) {
        KiUnlockAll(Wait);
        return KiWaitResult(Status);
    }
    Status = KiTestAlert(Thread, Wait->Mode, Wait->Alertable, TRUE);
    if (Status == STATUS_SUCCESS && Wait->Poll)
        Status = STATUS_TIMEOUT;
    if (Status != STATUS_SUCCESS) {
        KiUnlockAll(Wait);
        if (Status == STATUS_USER_APC && Thread->Irql == PASSIVE_LEVEL)
            KiDeliverUserApcs();
        return Status;
    }
    KiQueueBlocks(Wait, Thread);
Again:
    Thread->WaitMode = Wait->Mode;
    Thread->WaitAlertable = Wait->Alertable;
    atomic_store(&Thread->WaitState, KiWaitWaiting);
    KiUnlockAll(Wait);

    if (KiInterrupted(Wait, Thread) && KiClaim(Thread))
        Status = KI_WAIT_RETEST;
    else
        Status = KiSleep(Wait, Thread);
    atomic_store_explicit(&Thread->WaitState, KiWaitNone, memory_order_relaxed);

    if (Status == KI_WAIT_RETEST) {
        if (Wait->Type == WaitAny || KiInterrupted(Wait, Thread)) {
            KiRemoveBlocks(Wait, MAXULONG);
            goto Restart;
        }
        /* A wait for all keeps its places in the queues. */
        KiLockAll(Wait);
        if (!KiTestObjects(Wait, Thread, &Status))
            goto Again;
        KiUnlockAll(Wait);
        KiRemoveBlocks(Wait, MAXULONG);
        return KiWaitResult(Status);
    }
    KiRemoveBlocks(Wait, Status == STATUS_TIMEOUT ? MAXULONG
                                                  : (ULONG)Status & (MAXIMUM_WAIT_OBJECTS - 1));
    return Status;
}

static VOID KiSetDeadline(KI_WAIT *Wait, PLARGE_INTEGER Timeout)
{
    Wait->Poll = FALSE;
    Wait->SystemTime = FALSE;
    Wait->Deadline = KI_NO_DEADLINE;
    if (Timeout == NULL)
        return;
    if (Timeout->QuadPart == 0) {
        Wait->Poll = TRUE;
    } else if (Timeout->QuadPart > 0) {
        Wait->SystemTime = TRUE;
        Wait->Deadline = (ULONGLONG)Timeout->QuadPart;
    } else if (__builtin_add_overflow(KiNow(), -(ULONGLONG)Timeout->QuadPart, &Wait->Deadline)) {
        Wait->Deadline = KI_NO_DEADLINE;
    }
    /* The host's seconds are signed. */
    if (Wait->Deadline > (ULONGLONG)MAXLONGLONG)
        Wait->Deadline = KI_NO_DEADLINE;
}

/* Bug check 0xC4, 0x3B: a wait that may block, above APC_LEVEL. */
static inline VOID KiCheckWaitIrql(PVOID Object, PLARGE_INTEGER Timeout)
{
    KIRQL Irql = KiThread()->Irql;

    if (NTIO_UNLIKELY(Irql > APC_LEVEL &&
                      (Irql > DISPATCH_LEVEL || Timeout == NULL || Timeout->QuadPart != 0)))
        VfStop(0x3b, Irql, (ULONG_PTR)Object, (ULONG_PTR)Timeout,
               "KeWaitXxx that may block at DISPATCH_LEVEL or above");
}

/* What an object that is not signalled takes. Apart, so that the other case is short. */
static __attribute__((noinline)) NTSTATUS NTAPI KiWaitForOne(PVOID Object, KPROCESSOR_MODE WaitMode,
                                                             BOOLEAN Alertable,
                                                             PLARGE_INTEGER Timeout)
{
    KI_WAIT Wait;

    Wait.Count = 1;
    Wait.Objects = &Object;
    Wait.Type = WaitAny;
    Wait.Mode = WaitMode;
    Wait.Alertable = Alertable;
    Wait.Blocks = KiThread()->WaitBlock;
    KiSetDeadline(&Wait, Timeout);
    return KiWait(&Wait);
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout)
{
    PKTHREAD Thread = KiThread();
    PDISPATCHER_HEADER Header = Object;

    UNREFERENCED_PARAMETER(WaitReason);
    KiCheckWaitIrql(Object, Timeout);
    KiCheckKernelApcs(Thread);
    KiLockObject(Header);
    if (KiIsSignalled(Header, Thread)) {
        NTSTATUS Status = KiSatisfy(Header, Thread);

        KiUnlockObject(Header);
        return KiWaitResult(Status);
    }
    KiUnlockObject(Header);
    return KiWaitForOne(Object, WaitMode, Alertable, Timeout);
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray)
{
    KI_WAIT Wait;

    UNREFERENCED_PARAMETER(WaitReason);
    if (Count > (WaitBlockArray != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS))
        KeBugCheckEx(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0);
    KiCheckWaitIrql(Count != 0 ? Object[0] : NULL, Timeout);
    Wait.Count = Count;
    Wait.Objects = Object;
    Wait.Type = WaitType;
    Wait.Mode = WaitMode;
    Wait.Alertable = Alertable;
    Wait.Blocks = WaitBlockArray != NULL ? WaitBlockArray : KiThread()->WaitBlock;
    KiSetDeadline(&Wait, Timeout);
    return KiWait(&Wait);
}

/* A wait for none of no objects. */
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval)
{
    KI_WAIT Wait;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Wait.Count = 0;
    Wait.Objects = NULL;
    Wait.Type = WaitAny;
    Wait.Mode = WaitMode;
    Wait.Alertable = Alertable;
    Wait.Blocks = NULL;
    KiSetDeadline(&Wait, Interval);
    if (Wait.Poll)
        sched_yield();
    Status = KiWait(&Wait);
    return Status == STATUS_TIMEOUT ? STATUS_SUCCESS : Status;
}
