/* SPDX-License-Identifier: MIT */
/*
 * spinlock.c - spin locks.
 *
 * A KSPIN_LOCK: low half 0 free, 1 held, 2 held and somebody sleeps (the futex); high half the
 * owner's host thread id. A held one whose owner was preempted is slept for, after a short spin.
 * Queued spin locks use the word as the queue's tail instead, so a lock must not be taken in both
 * ways, as documented.
 */
#include "kip.h"

#include <sched.h>

#define KI_SPIN_HELD       1u
#define KI_SPIN_SLEEPERS   2u
#define KiSpinOwner(value) ((ULONG)((value) >> 32))
#define KiSpinState(value) ((ULONG)(value))
/* The futex is the low half. */
C_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    __atomic_store_n(SpinLock, 0, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) VOID NTAPI KiAcquireSpinLockSlow(PKTHREAD Thread,
                                                                  PKSPIN_LOCK SpinLock)
{
    ULONG State = KI_SPIN_HELD;
    int Spins = 0;

    for (;;) {
        KSPIN_LOCK Old = __atomic_load_n(SpinLock, __ATOMIC_RELAXED);

        if (Old == 0) {
            if (__atomic_compare_exchange_n(SpinLock, &Old,
                                            (KSPIN_LOCK)Thread->HostThreadId << 32 | State, 0,
                                            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return;
            continue;
        }
        if (KiSpinOwner(Old) == Thread->HostThreadId)
            KeBugCheckEx(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)SpinLock, 0, 0, 0);
        if (KiSpinState(Old) == 0 || KiSpinState(Old) > KI_SPIN_SLEEPERS || KiSpinOwner(Old) == 0)
            KeBugCheckEx(SPIN_LOCK_INIT_FAILURE, (ULONG_PTR)SpinLock, Old, 0, 0);
        if (Spins++ < KI_SPIN_COUNT) {
            KiPause();
            continue;
        }
        if (KiSpinState(Old) == KI_SPIN_SLEEPERS ||
            __atomic_compare_exchange_n(SpinLock, &Old, Old + 1, 0, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
            KiFutexWait((_Atomic ULONG *)SpinLock, KI_SPIN_SLEEPERS, 0);
            State = KI_SPIN_SLEEPERS; /* others may be asleep too */
        }
    }
}

static inline VOID KiAcquireSpinLock(PKTHREAD Thread, PKSPIN_LOCK SpinLock)
{
    KSPIN_LOCK Free = 0;

    if (NTIO_UNLIKELY(!__atomic_compare_exchange_n(
            SpinLock, &Free, (KSPIN_LOCK)Thread->HostThreadId << 32 | KI_SPIN_HELD, 0,
            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
        KiAcquireSpinLockSlow(Thread, SpinLock);
    Thread->SpinLocksHeld++;
}

static inline VOID KiReleaseSpinLock(PKTHREAD Thread, PKSPIN_LOCK SpinLock)
{
    if (NTIO_UNLIKELY(KiSpinOwner(__atomic_load_n(SpinLock, __ATOMIC_RELAXED)) !=
                      Thread->HostThreadId))
        KeBugCheckEx(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)SpinLock, 0, 0, 0);
    Thread->SpinLocksHeld--;
    if (NTIO_UNLIKELY(KiSpinState(__atomic_exchange_n(SpinLock, 0, __ATOMIC_RELEASE)) ==
                      KI_SPIN_SLEEPERS))
        KiFutexWake((_Atomic ULONG *)SpinLock, 1);
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    PKTHREAD Thread = KiThread();
    KIRQL Old = Thread->Irql;

    if (NTIO_UNLIKELY(Old > DISPATCH_LEVEL))
        VfStop(0x42, Old, (ULONG_PTR)SpinLock, 0, "KeAcquireSpinLock above DISPATCH_LEVEL");
    if (Old < DISPATCH_LEVEL) {
        KiAcquireProcessor(Thread);
        KiSetIrql(Thread, DISPATCH_LEVEL);
    }
    KiAcquireSpinLock(Thread, SpinLock);
    return Old;
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    PKTHREAD Thread = KiThread();

    if (NTIO_UNLIKELY(Thread->Irql != DISPATCH_LEVEL))
        VfStop(0x32, Thread->Irql, (ULONG_PTR)SpinLock, 0,
               "KeReleaseSpinLock at another IRQL than DISPATCH_LEVEL");
    KiReleaseSpinLock(Thread, SpinLock);
    KeLowerIrql(NewIrql);
}

KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK SpinLock)
{
    return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

VOID NTAPI KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    KeReleaseSpinLock(SpinLock, NewIrql);
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    PKTHREAD Thread = KiThread();

    if (NTIO_UNLIKELY(Thread->Irql < DISPATCH_LEVEL))
        VfStop(0x40, Thread->Irql, (ULONG_PTR)SpinLock, 0,
               "KeAcquireSpinLockAtDpcLevel below DISPATCH_LEVEL");
    KiAcquireSpinLock(Thread, SpinLock);
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    PKTHREAD Thread = KiThread();

    if (NTIO_UNLIKELY(Thread->Irql < DISPATCH_LEVEL))
        VfStop(0x41, Thread->Irql, (ULONG_PTR)SpinLock, 0,
               "KeReleaseSpinLockFromDpcLevel below DISPATCH_LEVEL");
    KiReleaseSpinLock(Thread, SpinLock);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    PKTHREAD Thread = KiThread();
    KSPIN_LOCK Free = 0;

    if (NTIO_UNLIKELY(Thread->Irql < DISPATCH_LEVEL))
        VfStop(0x40, Thread->Irql, (ULONG_PTR)SpinLock, 0,
               "KeTryToAcquireSpinLockAtDpcLevel below DISPATCH_LEVEL");
    if (!__atomic_compare_exchange_n(SpinLock, &Free,
                                     (KSPIN_LOCK)Thread->HostThreadId << 32 | KI_SPIN_HELD, 0,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return FALSE;
    Thread->SpinLocksHeld++;
    return TRUE;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    return __atomic_load_n(SpinLock, __ATOMIC_RELAXED) == 0;
}

KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    PKTHREAD Thread = KiThread();
    KIRQL Old = Thread->Irql;

    if (Old < DISPATCH_LEVEL)
        KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireSpinLock(Thread, SpinLock);
    return Old;
}

VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    PKTHREAD Thread = KiThread();

    KiReleaseSpinLock(Thread, SpinLock);
    if (OldIrql < DISPATCH_LEVEL)
        KeLowerIrql(OldIrql);
}

/*
 * Queued spin locks: the lock's word is the last handle of the queue. Each waiter sleeps on its own
 * handle's Lock word, whose low bits say what it is doing; its predecessor makes it the owner. The
 * owner's host thread id lies in the handle's padding, to catch a thread that takes the lock twice.
 */
#define KI_QUEUE_WAIT  ((ULONG_PTR)1)
#define KI_QUEUE_OWNER ((ULONG_PTR)2)
#define KI_QUEUE_SLEEP ((ULONG_PTR)4)
#define KI_QUEUE_BITS  ((ULONG_PTR)7)
typedef struct _KI_QUEUE_HANDLE {
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
    ULONG HostThreadId;
} KI_QUEUE_HANDLE;
C_ASSERT(sizeof(KI_QUEUE_HANDLE) == sizeof(KLOCK_QUEUE_HANDLE));

static VOID NTAPI KiAcquireQueued(PKTHREAD Thread, PKSPIN_LOCK SpinLock,
                                  PKLOCK_QUEUE_HANDLE LockHandle)
{
    KI_QUEUE_HANDLE *Handle = (KI_QUEUE_HANDLE *)LockHandle, *Before;
    ULONG_PTR *Word = (ULONG_PTR *)&Handle->LockQueue.Lock;
    int Spins = 0;

    Handle->HostThreadId = Thread->HostThreadId;
    __atomic_store_n(&Handle->LockQueue.Next, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(Word, (ULONG_PTR)SpinLock | KI_QUEUE_WAIT, __ATOMIC_RELAXED);
    Before = (KI_QUEUE_HANDLE *)__atomic_exchange_n(SpinLock, (KSPIN_LOCK)(ULONG_PTR)Handle,
                                                    __ATOMIC_ACQ_REL);
    if (Before == NULL) {
        __atomic_store_n(Word, (ULONG_PTR)SpinLock | KI_QUEUE_OWNER, __ATOMIC_RELAXED);
        Thread->SpinLocksHeld++;
        return;
    }
    /* Before stays where it is until Next is set. */
    if (Before->HostThreadId == Thread->HostThreadId)
        KeBugCheckEx(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)SpinLock, 0, 0, 0);
    __atomic_store_n(&Before->LockQueue.Next, &Handle->LockQueue, __ATOMIC_RELEASE);
    for (;;) {
        ULONG_PTR Old = __atomic_load_n(Word, __ATOMIC_ACQUIRE);

        if (Old & KI_QUEUE_OWNER)
            break;
        if (Spins++ < KI_SPIN_COUNT) {
            KiPause();
        } else if ((Old & KI_QUEUE_SLEEP) ||
                   __atomic_compare_exchange_n(Word, &Old, Old | KI_QUEUE_SLEEP, 0,
                                               __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
            KiFutexWait((_Atomic ULONG *)Word, (ULONG)(Old | KI_QUEUE_SLEEP), 0);
        }
    }
    Thread->SpinLocksHeld++;
}

/* Somebody has taken the tail and will link itself in its next instructions. */
static __attribute__((noinline)) PKSPIN_LOCK_QUEUE NTAPI KiAwaitNext(PKSPIN_LOCK_QUEUE Queue)
{
    PKSPIN_LOCK_QUEUE Next;

    for (int i = 0; (Next = __atomic_load_n(&Queue->Next, __ATOMIC_ACQUIRE)) == NULL; i++) {
        if (i < KI_SPIN_COUNT)
            KiPause();
        else
            sched_yield();
    }
    return Next;
}

static VOID NTAPI KiReleaseQueued(PKTHREAD Thread, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KI_QUEUE_HANDLE *Handle = (KI_QUEUE_HANDLE *)LockHandle;
    ULONG_PTR Word = __atomic_load_n((ULONG_PTR *)&Handle->LockQueue.Lock, __ATOMIC_RELAXED);
    PKSPIN_LOCK SpinLock = (PKSPIN_LOCK)(Word & ~KI_QUEUE_BITS);
    PKSPIN_LOCK_QUEUE Next = __atomic_load_n(&Handle->LockQueue.Next, __ATOMIC_ACQUIRE);
    ULONG_PTR *NextWord;

    if (!(Word & KI_QUEUE_OWNER) || Handle->HostThreadId != Thread->HostThreadId)
        KeBugCheckEx(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)SpinLock, 0, 0, 0);
    Thread->SpinLocksHeld--;
    __atomic_store_n((ULONG_PTR *)&Handle->LockQueue.Lock, (ULONG_PTR)SpinLock, __ATOMIC_RELAXED);
    if (Next == NULL) {
        KSPIN_LOCK Mine = (KSPIN_LOCK)(ULONG_PTR)Handle;

        if (__atomic_compare_exchange_n(SpinLock, &Mine, 0, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return;
        Next = KiAwaitNext(&Handle->LockQueue);
    }
    NextWord = (ULONG_PTR *)&Next->Lock;
    if (__atomic_exchange_n(NextWord, (ULONG_PTR)SpinLock | KI_QUEUE_OWNER, __ATOMIC_RELEASE) &
        KI_QUEUE_SLEEP)
        KiFutexWake((_Atomic ULONG *)NextWord, 1); /* an address only: the handle may be gone */
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    PKTHREAD Thread = KiThread();

    if (NTIO_UNLIKELY(Thread->Irql > DISPATCH_LEVEL))
        VfStop(0x42, Thread->Irql, (ULONG_PTR)SpinLock, 0,
               "KeAcquireInStackQueuedSpinLock above DISPATCH_LEVEL");
    LockHandle->OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireQueued(Thread, SpinLock, LockHandle);
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    PKTHREAD Thread = KiThread();

    if (NTIO_UNLIKELY(Thread->Irql != DISPATCH_LEVEL))
        VfStop(0x32, Thread->Irql, (ULONG_PTR)LockHandle, 0,
               "KeReleaseInStackQueuedSpinLock at another IRQL than DISPATCH_LEVEL");
    KiReleaseQueued(Thread, LockHandle);
    KeLowerIrql(LockHandle->OldIrql);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle)
{
    PKTHREAD Thread = KiThread();

    if (NTIO_UNLIKELY(Thread->Irql < DISPATCH_LEVEL))
        VfStop(0x40, Thread->Irql, (ULONG_PTR)SpinLock, 0,
               "KeAcquireInStackQueuedSpinLockAtDpcLevel below DISPATCH_LEVEL");
    LockHandle->OldIrql = Thread->Irql;
    KiAcquireQueued(Thread, SpinLock, LockHandle);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    PKTHREAD Thread = KiThread();

    if (NTIO_UNLIKELY(Thread->Irql < DISPATCH_LEVEL))
        VfStop(0x41, Thread->Irql, (ULONG_PTR)LockHandle, 0,
               "KeReleaseInStackQueuedSpinLockFromDpcLevel below DISPATCH_LEVEL");
    KiReleaseQueued(Thread, LockHandle);
}
