/* SPDX-License-Identifier: MIT */
/* object.c - events, semaphores, and what every dispatcher object has in common. */
#include "kip.h"

VOID NTAPI KiInitializeHeader(PDISPATCHER_HEADER Header, UCHAR Type, SIZE_T Bytes, LONG State)
{
    __atomic_store_n(&Header->Lock, Type | (LONG)(Bytes / sizeof(ULONG)) << 16, __ATOMIC_RELAXED);
    KiSetSignalState(Header, State);
    InitializeListHead(&Header->WaitListHead);
}

VOID NTAPI KiSignalObject(PDISPATCHER_HEADER Header, LONG State)
{
    KI_CLAIMED Claimed = {NULL};

    KiLockObject(Header);
    KiSetSignalState(Header, State);
    KiWaitTest(Header, &Claimed);
    KiUnlockObject(Header);
    KiPublish(&Claimed);
}

/*
 * Wait TRUE says that the caller waits at once. On Windows it spares a change of context; here
 * nothing is gained by it, and only the rule on the IRQL remains.
 */
#define KI_CHECK_SIGNAL_IRQL(wait) KE_IRQL_AT_MOST((wait) ? APC_LEVEL : DISPATCH_LEVEL)

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    KiInitializeHeader(&Event->Header, (UCHAR)(EventNotificationObject + Type), sizeof(KEVENT),
                       State != FALSE);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    KI_CLAIMED Claimed = {NULL};
    LONG Old;

    UNREFERENCED_PARAMETER(Increment);
    if (NTIO_UNLIKELY(KiCurrentThread != NULL && KiCurrentThread->Irql > DISPATCH_LEVEL))
        VfStop(0x80, KiCurrentThread->Irql, (ULONG_PTR)Event, 0, "KeSetEvent above DISPATCH_LEVEL");
    KI_CHECK_SIGNAL_IRQL(Wait);
    KiLockObject(&Event->Header);
    Old = KiSignalState(&Event->Header);
    if (Old == 0) {
        KiSetSignalState(&Event->Header, 1);
        KiWaitTest(&Event->Header, &Claimed);
    }
    KiUnlockObject(&Event->Header);
    KiPublish(&Claimed);
    return Old;
}

VOID KiSetEventWith(PRKEVENT Event, KI_WITH_EVENT *With, PVOID Context)
{
    KI_CLAIMED Claimed = {NULL};

    KiLockObject(&Event->Header);
    With(Context);
    if (KiSignalState(&Event->Header) == 0) {
        KiSetSignalState(&Event->Header, 1);
        KiWaitTest(&Event->Header, &Claimed);
    }
    KiUnlockObject(&Event->Header);
    KiPublish(&Claimed);
}

LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    LONG Old;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLockObject(&Event->Header);
    Old = KiSignalState(&Event->Header);
    KiSetSignalState(&Event->Header, 0);
    KiUnlockObject(&Event->Header);
    return Old;
}

VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiSetSignalState(&Event->Header, 0);
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return KiSignalState(&Event->Header);
}

/* A thread that waits for all of several objects looks again when the pulse is over, and so misses
 * it. */
LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    KI_CLAIMED Claimed = {NULL};
    LONG Old;

    UNREFERENCED_PARAMETER(Increment);
    KI_CHECK_SIGNAL_IRQL(Wait);
    KiLockObject(&Event->Header);
    Old = KiSignalState(&Event->Header);
    if (Old == 0) {
        KiSetSignalState(&Event->Header, 1);
        KiWaitTest(&Event->Header, &Claimed);
    }
    KiSetSignalState(&Event->Header, 0);
    KiUnlockObject(&Event->Header);
    KiPublish(&Claimed);
    return Old;
}

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    KiInitializeHeader(&Semaphore->Header, SemaphoreObject, sizeof(KSEMAPHORE), Count);
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait)
{
    KI_CLAIMED Claimed = {NULL};
    LONG Old, New;

    UNREFERENCED_PARAMETER(Increment);
    KI_CHECK_SIGNAL_IRQL(Wait);
    KiLockObject(&Semaphore->Header);
    Old = KiSignalState(&Semaphore->Header);
    if (__builtin_add_overflow(Old, Adjustment, &New) || New > Semaphore->Limit || New < Old) {
        KiUnlockObject(&Semaphore->Header);
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    }
    KiSetSignalState(&Semaphore->Header, New);
    if (Old == 0)
        KiWaitTest(&Semaphore->Header, &Claimed);
    KiUnlockObject(&Semaphore->Header);
    KiPublish(&Claimed);
    return Old;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return KiSignalState(&Semaphore->Header);
}
