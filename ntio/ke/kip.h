/* SPDX-License-Identifier: MIT */
/* kip.h - what the files of ke share and nobody else sees. */
#ifndef NTIO_KE_KIP_H
#define NTIO_KE_KIP_H

#include "ntio/ke/ke.h"
#include "ntio/vf/vf.h"

/*
 * The processor control region that GS points to while a thread is attached, with those fields at
 * 64-bit Windows' offsets that compiled drivers read inline. Ours is per thread, a thread-local
 * variable, so it costs nothing to switch; Number is the slot that the thread owns or owned last.
 */
struct _KPCR {
    PVOID GdtBase;
    PVOID TssBase;
    ULONG_PTR UserRsp;
    struct _KPCR *Self; /* gs:[0x18] */
    PVOID CurrentPrcb;  /* gs:[0x20], KPCR + 0x180 */
    PVOID LockArray;
    PVOID UsedSelf;
    PVOID IdtBase;
    ULONGLONG Unused[2];
    KIRQL Irql; /* gs:[0x50] */
    UCHAR Reserved[0x180 - 0x51];
    ULONG MxCsr;                    /* the PRCB begins here */
    ULONG Number;                   /* gs:[0x184] */
    struct _KTHREAD *CurrentThread; /* gs:[0x188] */
    UCHAR ReservedPrcb[0x200 - 0x190];
};
C_ASSERT(offsetof(KPCR, Self) == 0x18);
C_ASSERT(offsetof(KPCR, CurrentPrcb) == 0x20);
C_ASSERT(offsetof(KPCR, Irql) == 0x50);
C_ASSERT(offsetof(KPCR, MxCsr) == 0x180);
C_ASSERT(offsetof(KPCR, Number) == 0x184);
C_ASSERT(offsetof(KPCR, CurrentThread) == 0x188);

#if defined(__x86_64__) || defined(__i386__)
#define KiPause() __builtin_ia32_pause()
#else
#define KiPause() __asm__ volatile("" ::: "memory")
#endif
/* How often a lock is looked at before its waiter sleeps: a few microseconds, less than a sleep
 * costs. */
#define KI_SPIN_COUNT 200

/* Time. 100 ns since the host started (CLOCK_MONOTONIC), and since 1601. */
ULONGLONG KiNow(VOID);
ULONGLONG KiSystemNow(VOID);
#define KI_EPOCH_1601     116444736000000000ULL /* 1970 in 100 ns since 1601 */
#define KI_TIME_INCREMENT 156250 /* the tick that KeQueryTickCount counts: 15.625 ms */

/*
 * Sleeps while *Word is Expected, until the moment Deadline: KiNow's scale, or the system time's
 * where System is TRUE. FALSE: the time was up. Like every futex it may return TRUE for no reason.
 */
#define KI_NO_DEADLINE MAXULONGLONG
BOOLEAN NTAPI KiFutexWaitUntil(_Atomic ULONG *Word, ULONG Expected, ULONGLONG Deadline,
                               BOOLEAN System);

/* Processor slots (processor.c). */
#define KI_SLOT_DPC_OWNER  0x40000000u /* the slot is its DPC thread's, or handed to it */
#define KI_SLOT_DPC_WANTED 0x80000000u /* whoever leaves the slot hands it to the DPC thread */
typedef struct DECLSPEC_CACHEALIGN _KI_SLOT {
    _Atomic ULONG Owner; /* 0, a HostThreadId or KI_SLOT_DPC_OWNER; with KI_SLOT_DPC_WANTED */
} KI_SLOT;
extern KI_SLOT KiSlots[KI_MAXIMUM_PROCESSORS];
VOID KiInitializeProcessors(ULONG Processors);
VOID NTAPI KiAcquireProcessor(PKTHREAD Thread);
VOID NTAPI KiReleaseProcessor(PKTHREAD Thread);
/* Has the slot handed to its DPC thread as soon as it is free. */
VOID NTAPI KiRequestSlotForDpc(ULONG Number);
/* The DPC thread gives it back: FALSE, and it keeps the slot, where a DPC was queued meanwhile. */
BOOLEAN KiReleaseSlotFromDpc(ULONG Number);
KAFFINITY KiActiveAffinity(VOID);

/* IRQL without slots and APCs. */
static inline VOID KiSetIrql(PKTHREAD Thread, KIRQL Irql)
{
    Thread->Irql = Irql;
    Thread->Pcr->Irql = Irql;
}

/* Threads (thread.c). */
VOID KiAttachBootThread(VOID);
VOID KiDetachBootThread(VOID);
VOID KiRundownMutants(PKTHREAD Thread);

/* Dispatcher objects (object.c, wait.c). */
#define KI_OBJECT_LOCKED  0x80 /* of Header.Lock */
#define KI_OBJECT_SLEEPER 0x40
VOID NTAPI KiLockObjectSlow(PDISPATCHER_HEADER Header);
VOID NTAPI KiUnlockObjectSlow(PDISPATCHER_HEADER Header);
static inline VOID KiLockObject(PDISPATCHER_HEADER Header)
{
    LONG Old =
        __atomic_load_n(&Header->Lock, __ATOMIC_RELAXED) & ~(KI_OBJECT_LOCKED | KI_OBJECT_SLEEPER);
    if (NTIO_UNLIKELY(!__atomic_compare_exchange_n(&Header->Lock, &Old, Old | KI_OBJECT_LOCKED, 0,
                                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
        KiLockObjectSlow(Header);
}
/* Nothing of the object may be touched after this where it could be freed. */
static inline VOID KiUnlockObject(PDISPATCHER_HEADER Header)
{
    LONG Old = __atomic_fetch_and(&Header->Lock, ~(KI_OBJECT_LOCKED | KI_OBJECT_SLEEPER),
                                  __ATOMIC_RELEASE);
    if (NTIO_UNLIKELY(Old & KI_OBJECT_SLEEPER))
        KiUnlockObjectSlow(Header);
}
static inline UCHAR KiObjectType(PDISPATCHER_HEADER Header)
{
    return __atomic_load_n(&Header->Type, __ATOMIC_RELAXED) & 0x3f;
}
/* SignalState is written under the object's lock and read by KeReadStateXxx without it. */
static inline LONG KiSignalState(PDISPATCHER_HEADER Header)
{
    return __atomic_load_n(&Header->SignalState, __ATOMIC_RELAXED);
}
static inline VOID KiSetSignalState(PDISPATCHER_HEADER Header, LONG State)
{
    __atomic_store_n(&Header->SignalState, State, __ATOMIC_RELAXED);
}
VOID NTAPI KiInitializeHeader(PDISPATCHER_HEADER Header, UCHAR Type, SIZE_T Bytes, LONG State);

/* Threads whose waits have been decided, linked by NextClaimed; KiPublish lets them run. */
typedef struct _KI_CLAIMED {
    PKTHREAD First;
} KI_CLAIMED;
/* Object locked: satisfies waiters from the front while it is signalled. */
VOID NTAPI KiWaitTest(PDISPATCHER_HEADER Header, KI_CLAIMED *Claimed);
/* Object not locked. */
VOID NTAPI KiPublish(KI_CLAIMED *Claimed);
/*
 * Makes a waiting thread look again: at APCs, at alerts, at all objects. Under its ApcLock,
 * KiPublish after it: a thread that has seen what was queued may be gone, but not before the lock
 * was dropped.
 */
VOID NTAPI KiClaimForRetest(PKTHREAD Thread, KI_CLAIMED *Claimed);

/* APCs (apc.c). */
BOOLEAN NTAPI KiKernelApcDue(PKTHREAD Thread);   /* one could be delivered at PASSIVE_LEVEL now */
VOID NTAPI KiDeliverKernelApcs(PKTHREAD Thread); /* at PASSIVE_LEVEL */
/* STATUS_ALERTED or STATUS_USER_APC where a wait of this kind ends at once, else STATUS_SUCCESS.
 * Consume: takes the alert. */
NTSTATUS NTAPI KiTestAlert(PKTHREAD Thread, KPROCESSOR_MODE Mode, BOOLEAN Alertable,
                           BOOLEAN Consume);
VOID KiRundownApcs(PKTHREAD Thread);
static inline VOID KiCheckKernelApcs(PKTHREAD Thread)
{
    if (NTIO_UNLIKELY(atomic_load_explicit(&Thread->KernelApcPending, memory_order_acquire)) &&
        Thread->Irql == PASSIVE_LEVEL)
        KiDeliverKernelApcs(Thread);
}

/* DPCs (dpc.c). */
VOID KiInitializeDpcs(VOID);
/* Queues Dpc without having it run; FALSE: it was queued. *Number gets the slot for KiRequestDpc.
 */
BOOLEAN NTAPI KiQueueDpc(PKDPC Dpc, PVOID Argument1, PVOID Argument2, ULONG *Number);
VOID NTAPI KiRequestDpc(ULONG Number);
VOID KiEnumerateDpcs(KI_ENUMERATE_ROUTINE *Each, PVOID Context);
VOID NTAPI KiWakeDpcThread(ULONG Number); /* its slot has been handed to it */

/* Timers (timer.c). */
NTSTATUS KiInitializeTimers(VOID);
VOID KiStopTimerThread(VOID);

#endif
