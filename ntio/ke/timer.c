/* SPDX-License-Identifier: MIT */
/*
 * timer.c - timers.
 *
 * Timers that are set stand in a binary heap by due time (KiNow's scale), under KiTimerLock. One
 * thread sleeps until the first is due, exactly; nothing ticks. The heap holds what it needs of a
 * timer, so that it can name one whose memory a driver freed while it was set. A timer's place in
 * the heap is kept in its TimerListEntry.Flink.
 *
 * An absolute due time is converted when the timer is set; setting the host's clock afterwards
 * doesn't move it.
 */
#include "kip.h"

#include <stdlib.h>

typedef struct _KI_TIMER_ENTRY {
    ULONGLONG Due;
    PKTIMER Timer;
    PVOID Routine; /* its DPC's, for the accounting */
} KI_TIMER_ENTRY;

static KI_LOCK KiTimerLock;
static KI_TIMER_ENTRY *KiTimers;
static ULONG KiTimerCount, KiTimerCapacity;
static _Atomic ULONG KiTimerChange; /* the thread's futex: counts changes of the first due time */
static BOOLEAN KiTimerExit;         /* KiTimerLock */
static PKI_HOST_THREAD KiTimerThread;

static VOID KiPlaceTimer(ULONG Index, KI_TIMER_ENTRY Entry)
{
    KiTimers[Index] = Entry;
    Entry.Timer->TimerListEntry.Flink = (PLIST_ENTRY)(ULONG_PTR)Index;
}

/* Puts Entry at Index or where it belongs above or below it. */
static VOID KiSiftTimer(ULONG Index, KI_TIMER_ENTRY Entry)
{
    while (Index > 0 && KiTimers[(Index - 1) / 2].Due > Entry.Due) {
        KiPlaceTimer(Index, KiTimers[(Index - 1) / 2]);
        Index = (Index - 1) / 2;
    }
    for (;;) {
        ULONG Child = Index * 2 + 1;

        if (Child + 1 < KiTimerCount && KiTimers[Child + 1].Due < KiTimers[Child].Due)
            Child++;
        if (Child >= KiTimerCount || KiTimers[Child].Due >= Entry.Due)
            break;
        KiPlaceTimer(Index, KiTimers[Child]);
        Index = Child;
    }
    KiPlaceTimer(Index, Entry);
}

/* A timer can't be refused, so a host without memory stops. */
static VOID KiReserveTimers(ULONG Count)
{
    KI_TIMER_ENTRY *More;
    ULONG Capacity = KiTimerCapacity == 0 ? 64 : KiTimerCapacity * 2;

    if (Count <= KiTimerCapacity)
        return;
    More = realloc(KiTimers, Capacity * sizeof(*More));
    if (More == NULL)
        KeBugCheckEx(PHASE1_INITIALIZATION_FAILED, (ULONG_PTR)STATUS_INSUFFICIENT_RESOURCES, Count,
                     0, 0);
    KiTimers = More;
    KiTimerCapacity = Capacity;
}

static BOOLEAN KiTimerInserted(PKTIMER Timer)
{
    return __atomic_load_n(&Timer->Header.Inserted, __ATOMIC_RELAXED);
}

static VOID KiInsertTimer(PKTIMER Timer, ULONGLONG Due)
{
    KI_TIMER_ENTRY Entry = {Due, Timer, NULL};

    if (Timer->Dpc != NULL)
        Entry.Routine = (PVOID)(ULONG_PTR)Timer->Dpc->DeferredRoutine;
    KiReserveTimers(KiTimerCount + 1);
    Timer->DueTime.QuadPart = Due;
    __atomic_store_n(&Timer->Header.Inserted, TRUE, __ATOMIC_RELAXED);
    KiTimerCount++;
    KiSiftTimer(KiTimerCount - 1, Entry);
}

static VOID KiRemoveTimer(PKTIMER Timer)
{
    ULONG Index = (ULONG)(ULONG_PTR)Timer->TimerListEntry.Flink;

    NTIO_ASSERT(Index < KiTimerCount && KiTimers[Index].Timer == Timer);
    KiTimerCount--;
    if (Index != KiTimerCount)
        KiSiftTimer(Index, KiTimers[KiTimerCount]);
    __atomic_store_n(&Timer->Header.Inserted, FALSE, __ATOMIC_RELAXED);
}

/* What is left to do once the locks are dropped. */
typedef struct _KI_EXPIRED {
    KI_CLAIMED Claimed;
    ULONGLONG Slots; /* with DPCs queued */
} KI_EXPIRED;

/*
 * KiTimerLock and the object's lock held; the timer is in no heap. Signals it, sets it anew where
 * it is periodic, and returns its DPC, for KiQueueTimerDpc once the object's lock is dropped: a DPC
 * that has been queued may free the timer at once.
 */
static PKDPC KiExpireTimer(PKTIMER Timer, ULONGLONG Due, ULONGLONG Now, KI_EXPIRED *Expired)
{
    if (Timer->Period != 0) {
        ULONGLONG Period = (ULONGLONG)(ULONG)Timer->Period * 10000;

        /* From due time to due time; expirations that nobody could serve in time are left out. */
        KiInsertTimer(Timer, Due + Period > Now ? Due + Period : Now + Period);
    }
    KiSetSignalState(&Timer->Header, 1);
    KiWaitTest(&Timer->Header, &Expired->Claimed);
    return Timer->Dpc;
}

/* KiTimerLock held: who is told by KeCancelTimer that the timer has expired finds its DPC queued.
 */
static VOID KiQueueTimerDpc(PKDPC Dpc, KI_EXPIRED *Expired)
{
    ULONGLONG System = KiSystemNow();
    ULONG Number;

    if (KiQueueDpc(Dpc, UlongToPtr((ULONG)System), UlongToPtr((ULONG)(System >> 32)), &Number))
        Expired->Slots |= (ULONGLONG)1 << Number;
}

static VOID KiFinishExpired(KI_EXPIRED *Expired)
{
    KiPublish(&Expired->Claimed);
    for (; Expired->Slots != 0; Expired->Slots &= Expired->Slots - 1)
        KiRequestDpc((ULONG)__builtin_ctzll(Expired->Slots));
}

static VOID KiTimerThreadRoutine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (;;) {
        KI_EXPIRED Expired = {{NULL}, 0};
        ULONGLONG Now = KiNow(), Next;
        BOOLEAN Exit;
        ULONG Change;

        KiLock(&KiTimerLock);
        while (KiTimerCount != 0 && KiTimers[0].Due <= Now) {
            ULONGLONG Due = KiTimers[0].Due;
            PKTIMER Timer = KiTimers[0].Timer;
            PKDPC Dpc;

            KiLockObject(&Timer->Header);
            KiRemoveTimer(Timer);
            Dpc = KiExpireTimer(Timer, Due, Now, &Expired);
            KiUnlockObject(&Timer->Header);
            if (Dpc != NULL)
                KiQueueTimerDpc(Dpc, &Expired);
        }
        Change = atomic_load(&KiTimerChange);
        Next = KiTimerCount != 0 ? KiTimers[0].Due : KI_NO_DEADLINE;
        Exit = KiTimerExit;
        KiUnlock(&KiTimerLock);
        KiFinishExpired(&Expired);
        if (Exit)
            return;
        KiFutexWaitUntil(&KiTimerChange, Change, Next, FALSE);
    }
}

static VOID KiWakeTimerThread(VOID)
{
    atomic_fetch_add(&KiTimerChange, 1);
    KiFutexWake(&KiTimerChange, 1);
}

NTSTATUS KiInitializeTimers(VOID)
{
    KiTimerCount = 0; /* what an earlier boot left */
    KiTimerExit = FALSE;
    return KiCreateHostThread(KiTimerThreadRoutine, NULL, "timer", &KiTimerThread);
}

VOID KiStopTimerThread(VOID)
{
    KiLock(&KiTimerLock);
    KiTimerExit = TRUE;
    KiUnlock(&KiTimerLock);
    KiWakeTimerThread();
    KiJoinHostThread(KiTimerThread);
    KiTimerThread = NULL;
    KiLock(&KiTimerLock);
    if (KiTimerCount == 0) {
        free(KiTimers);
        KiTimers = NULL;
        KiTimerCapacity = 0;
    }
    KiUnlock(&KiTimerLock);
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    memset(Timer, 0, sizeof(*Timer));
    KiInitializeHeader(&Timer->Header, (UCHAR)(TimerNotificationObject + Type), sizeof(KTIMER), 0);
    /* The size fits its byte, and leaves the one above it, Inserted, FALSE. */
    C_ASSERT(sizeof(KTIMER) / sizeof(ULONG) < 0x100);
}

static VOID KiCheckTimer(PKTIMER Timer)
{
    UCHAR Type = KiObjectType(&Timer->Header);

    if (NTIO_UNLIKELY(Type != TimerNotificationObject && Type != TimerSynchronizationObject))
        KeBugCheckEx(TIMER_OR_DPC_INVALID, 0, (ULONG_PTR)Timer, 0, 0);
}

/* Saturates: a due time that can't be reckoned is never. */
static ULONGLONG KiDueTime(LARGE_INTEGER DueTime, ULONGLONG Now)
{
    ULONGLONG System, Due;

    if (DueTime.QuadPart > 0) {
        System = KiSystemNow();
        if ((ULONGLONG)DueTime.QuadPart <= System)
            return Now;
        Due = Now + ((ULONGLONG)DueTime.QuadPart - System);
    } else if (__builtin_add_overflow(Now, -(ULONGLONG)DueTime.QuadPart, &Due)) {
        Due = MAXLONGLONG;
    }
    return Due < (ULONGLONG)MAXLONGLONG ? Due : (ULONGLONG)MAXLONGLONG;
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    KI_EXPIRED Expired = {{NULL}, 0};
    BOOLEAN Before, First = FALSE;
    PKDPC ExpiredDpc = NULL;
    ULONGLONG Now, Due;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiCheckTimer(Timer);
    Now = KiNow();
    Due = KiDueTime(DueTime, Now);
    KiLock(&KiTimerLock);
    KiLockObject(&Timer->Header);
    Before = KiTimerInserted(Timer);
    if (Before)
        KiRemoveTimer(Timer);
    KiSetSignalState(&Timer->Header, 0);
    Timer->Dpc = Dpc;
    Timer->Period = Period;
    if (Due <= Now) {
        Timer->DueTime.QuadPart = Due;
        ExpiredDpc = KiExpireTimer(Timer, Due, Now, &Expired);
    } else {
        KiInsertTimer(Timer, Due);
    }
    if (KiTimerInserted(Timer))
        First = KiTimers[0].Timer == Timer;
    KiUnlockObject(&Timer->Header);
    if (ExpiredDpc != NULL)
        KiQueueTimerDpc(ExpiredDpc, &Expired);
    KiUnlock(&KiTimerLock);
    if (First)
        KiWakeTimerThread();
    KiFinishExpired(&Expired);
    return Before;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    return KeSetTimerEx(Timer, DueTime, 0, Dpc);
}

/* Being punctual is within any tolerance. */
BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc)
{
    UNREFERENCED_PARAMETER(TolerableDelay);
    return KeSetTimerEx(Timer, DueTime, (LONG)Period, Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    BOOLEAN Before;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiCheckTimer(Timer);
    /* Alone the timer lock: expiry, which signals, holds it from the first touch of a timer to the
     * last. */
    KiLock(&KiTimerLock);
    Before = KiTimerInserted(Timer);
    if (Before)
        KiRemoveTimer(Timer);
    KiUnlock(&KiTimerLock);
    return Before;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return KiSignalState(&Timer->Header) != 0;
}

VOID KiEnumerateTimers(KI_ENUMERATE_ROUTINE *Each, PVOID Context)
{
    KiLock(&KiTimerLock);
    for (ULONG i = 0; i < KiTimerCount; i++)
        Each("timer", KiTimers[i].Timer, KiTimers[i].Routine, Context);
    KiUnlock(&KiTimerLock);
    KiEnumerateDpcs(Each, Context);
}
