/* SPDX-License-Identifier: MIT */
/*
 * ke.h - the kernel: threads as the scheduler sees them, IRQL and processors, waiting, timers,
 * DPCs.
 *
 * Calls: rtl, vf (bugcheck) and the host. Called by: everybody above.
 *
 * IRQL and processors. A thread's IRQL is in its KTHREAD and its KPCR. Raising it to DISPATCH_LEVEL
 * or above takes one of KeActiveProcessors processor slots for as long as the IRQL stays there; the
 * slot that the thread had last is tried first (one compare-and-swap when it is free). So at most
 * that many threads are at DISPATCH_LEVEL at once, and per-processor data is safe there. A thread
 * that finds no free slot sleeps in the kernel until one is.
 *
 * Waiting. Each dispatcher object has a lock of its own: bit 7 of DISPATCHER_HEADER.Type (bit 6:
 * somebody sleeps on the lock). A wait locks all its objects in order of address, tests, and queues
 * one KWAIT_BLOCK on each. Whoever signals an object claims a waiter with a compare-and-swap on
 * KTHREAD.WaitState (Waiting -> Claimed), drops the object's lock, and only then publishes the
 * outcome (Claimed -> Done) and wakes the thread: the object may be gone once the waiter runs
 * (an event on its stack), so nothing touches it after that. A wait for all is woken to test again.
 * Time-outs are the host's; no tick runs.
 *
 * Lock order: a spin lock of a driver or of a higher component, then the timer lock (KiTimerLock),
 * then a dispatcher object's lock (several only by a waiter, by ascending address), then a DPC
 * queue's lock or a thread's ApcLock. Setting, cancelling and expiry of a timer happen under the
 * timer lock, so whoever has cancelled one may free it.
 */
#ifndef NTIO_KE_H
#define NTIO_KE_H

#include "ntio/ntos.h"
#include <pthread.h>

#define KI_MAXIMUM_PROCESSORS 64

typedef struct _KTHREAD KTHREAD;
typedef struct _KPCR KPCR, *PKPCR;

typedef enum _KI_WAIT_STATE {
    KiWaitNone,    /* running */
    KiWaitWaiting, /* may be claimed */
    KiWaitClaimed, /* somebody has decided the outcome and will publish it */
    KiWaitDone     /* WaitStatus is valid; the thread runs on */
} KI_WAIT_STATE;

/*
 * The scheduler's part of a thread; the first member of ETHREAD. What IRQL and spin locks need
 * stands in the first cache line.
 */
struct _KTHREAD {
    DISPATCHER_HEADER Header; /* signalled when the thread has ended */
    KIRQL Irql;               /* written by the thread alone */
    BOOLEAN OwnsProcessor;    /* TRUE from DISPATCH_LEVEL up */
    BOOLEAN SystemThread;
    BOOLEAN InDpc;                  /* a DPC routine runs on this thread */
    ULONG Processor;                /* the slot owned, or the one owned last */
    struct _KPCR *Pcr;              /* what GS points to while the thread runs */
    ULONG HostThreadId;             /* gettid() */
    ULONG SpinLocksHeld;            /* for the verifier */
    SHORT KernelApcDisable;         /* critical regions: negative inside */
    SHORT SpecialApcDisable;        /* guarded regions */
    _Atomic UCHAR KernelApcPending; /* the kernel list may hold something */
    BOOLEAN KernelApcInProgress;    /* a normal kernel APC runs */
    BOOLEAN UserApcPending;         /* Alerted or the user list may hold something */
    BOOLEAN ApcQueueable;           /* under ApcLock: FALSE once the thread ends */
    struct _EPROCESS *Process;      /* the process it belongs to */

    struct _EPROCESS *AttachedProcess; /* the one it acts for now */
    _Atomic ULONG WaitState;           /* KI_WAIT_STATE; the futex that a waiter sleeps on */
    NTSTATUS WaitStatus;               /* valid when WaitState is KiWaitDone */
    BOOLEAN WaitAlertable;
    KPROCESSOR_MODE WaitMode;
    BOOLEAN Alerted[2];
    _Atomic ULONG ApcLock;        /* guards the two lists, Alerted, ApcQueueable */
    LIST_ENTRY ApcListHead[2];    /* by KPROCESSOR_MODE */
    LIST_ENTRY MutantListHead;    /* owned; the thread's, or whoever's has claimed its wait */
    struct _KTHREAD *NextClaimed; /* the claimer's: threads it will publish to */
    KWAIT_BLOCK WaitBlock[THREAD_WAIT_OBJECTS + 1];

    pthread_t HostThread;
    struct _KTHREAD **CurrentSlot; /* its KiCurrentThread, for PsShutdownSystem */
    KAFFINITY Affinity;            /* slots it may take */
    KAFFINITY SavedAffinity;       /* set by KeSetSystemAffinityThreadEx; 0: nothing */
    SCHAR Priority;
    SCHAR BasePriority;
};
C_ASSERT(offsetof(struct _KTHREAD, AttachedProcess) == 64);

/* The current thread, or NULL where the host's thread was never attached: use KeGetCurrentThread.
 */
extern __thread PKTHREAD KiCurrentThread;
extern ULONG KeActiveProcessors;
extern NTKERNELAPI CCHAR KeNumberProcessors; /* the same, as drivers import it */

/* Starts the component: processor slots, DPC threads, the timer thread. Processors 0: the host's
 * number. */
NTSTATUS KeInitializeSystem(ULONG Processors);
/* Stops timer and DPC threads once they are idle. Pending timers stay for vf to name. */
VOID KeShutdownSystem(VOID);

/* What of Thread (zeroed) can be there before it runs: header, APC queues. Attaching does it where
 * it was not done. */
VOID KiInitializeThread(PKTHREAD Thread);
/* pthread_create with the program's signals blocked: those are for the program's threads. 0 or an
 * errno. */
int KiStartThread(pthread_t *Thread, void *(*Routine)(void *), void *Context);
/* Makes Thread (zeroed, in an ETHREAD) the current host thread's, sets GS, IRQL PASSIVE_LEVEL. ps
 * calls it. */
VOID KeAttachCurrentThread(PKTHREAD Thread);
/* The reverse, on the thread itself at PASSIVE_LEVEL: signals the header. Memory stays the
 * caller's. */
VOID KeDetachCurrentThread(VOID);

/*
 * Makes New (zeroed) the current host thread's in place of the one it has, with all its state;
 * PASSIVE_LEVEL, no mutant owned, no APC queued. Returns the old one. So a thread can call ke while
 * its ETHREAD is being created.
 */
PKTHREAD KiSwapCurrentThread(PKTHREAD New);
/* The KTHREAD that serves the booting or shutting down thread while ps is not up, initialised for a
 * swap. */
PKTHREAD KiStandInThread(VOID);

/*
 * What ps registers (NULL: none yet, or no more). Attach: gives the current host thread its
 * ETHREAD; System for a thread of ntio's own, else the host's default process. Detach: on such a
 * thread as it ends.
 */
typedef struct _KI_THREAD_CALLOUTS {
    VOID (*Attach)(const char *Name, BOOLEAN SystemThread);
    VOID (*Detach)(VOID);
} KI_THREAD_CALLOUTS;
extern const KI_THREAD_CALLOUTS *_Atomic KiThreadCallouts;
/* KiCurrentThread, attached first where it is NULL. */
PKTHREAD NTAPI KiAttachedThread(VOID);
static inline PKTHREAD KiThread(VOID)
{
    PKTHREAD Thread = KiCurrentThread;
    return NTIO_LIKELY(Thread != NULL) ? Thread : KiAttachedThread();
}

/*
 * A thread of ntio's own (DPCs, timers, ex's workers): a system thread at PASSIVE_LEVEL in System;
 * any IRQL. Routine returns to end it. While ps is up it has a thread object, so all of them but
 * the timer thread end before PsShutdownSystem (which stops the DPC threads; they start again when
 * needed, then without an object). Join waits for its end, frees it. STATUS_INSUFFICIENT_RESOURCES.
 */
typedef VOID KI_HOST_ROUTINE(PVOID Context);
typedef struct _KI_HOST_THREAD *PKI_HOST_THREAD;
NTSTATUS KiCreateHostThread(KI_HOST_ROUTINE *Routine, PVOID Context, const char *Name,
                            PKI_HOST_THREAD *Thread);
VOID KiJoinHostThread(PKI_HOST_THREAD Thread);
/* Drains the DPC queues and ends their threads. PASSIVE_LEVEL, no DPC is being queued. */
VOID KiStopDpcThreads(VOID);
/* Ends the threads of interrupt lines (interrupt.h), whoever is still connected. PASSIVE_LEVEL. */
VOID KiStopInterrupts(VOID);

/*
 * Stops with DRIVER_VERIFIER_DETECTED_VIOLATION or IRQL_NOT_LESS_OR_EQUAL, as Windows does for
 * Routine, where the current IRQL is above Maximum. Cheap enough for every routine; on in every
 * build.
 */
VOID NTAPI KiIrqlTooHigh(KIRQL Maximum, const char *Routine);
#define KE_IRQL_AT_MOST(max)                                                                       \
    do {                                                                                           \
        if (NTIO_UNLIKELY(KiCurrentThread != NULL && KiCurrentThread->Irql > (max)))               \
            KiIrqlTooHigh((max), __func__);                                                        \
    } while (0)

/* A lock for ntio's own short sections: one word, spins briefly, then sleeps. No IRQL, no
 * recursion. */
typedef struct _KI_LOCK {
    _Atomic ULONG Word; /* 0 free, 1 held, 2 held and somebody sleeps */
} KI_LOCK, *PKI_LOCK;
VOID NTAPI KiLockSlow(PKI_LOCK Lock);
VOID NTAPI KiUnlockSlow(PKI_LOCK Lock);
static inline VOID KiLock(PKI_LOCK Lock)
{
    ULONG Free = 0;
    if (NTIO_UNLIKELY(!atomic_compare_exchange_strong_explicit(
            &Lock->Word, &Free, 1, memory_order_acquire, memory_order_relaxed)))
        KiLockSlow(Lock);
}
static inline VOID KiUnlock(PKI_LOCK Lock)
{
    if (NTIO_UNLIKELY(atomic_exchange_explicit(&Lock->Word, 0, memory_order_release) == 2))
        KiUnlockSlow(Lock);
}

/* Sleeps while *Word is Expected, Timeout100ns at most (relative, 0: for ever). Returns FALSE when
 * the time was up. */
BOOLEAN NTAPI KiFutexWait(_Atomic ULONG *Word, ULONG Expected, ULONGLONG Timeout100ns);
VOID NTAPI KiFutexWake(_Atomic ULONG *Word, INT Count);

/*
 * Signals the thread to look at its user APC list or alert: ends an alertable wait. STATUS_ALERTED
 * alerts it (KernelMode), STATUS_USER_APC only makes it look.
 */
VOID NTAPI KiAlertThread(PKTHREAD Thread, NTSTATUS Status);
/* Runs the current thread's user APCs, as a return to user mode would. Returns whether there were
 * any. PASSIVE_LEVEL. */
BOOLEAN NTAPI KiDeliverUserApcs(VOID);

/*
 * APCs (KeInitializeApc, KeInsertQueueApc: ntifs.h). KernelRoutine runs at APC_LEVEL and may free
 * Apc or change what follows; NormalRoutine (NULL: a special kernel APC) at PASSIVE_LEVEL.
 * RundownRoutine (may be NULL) runs where the thread ends first. Insert is FALSE where Apc is
 * queued already or the thread has ended. IRQL <= DISPATCH_LEVEL. Remove: TRUE where it was queued.
 */
NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueApc(PRKAPC Apc);

/* What hal.dll calls KeAcquireSpinLockRaiseToDpc and KeReleaseSpinLock. */
NTHALAPI KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK SpinLock);
NTHALAPI VOID NTAPI KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);

/* Mutexes of programs: held on across critical regions, abandoned where their owner ends.
 * KeReleaseMutex is for drivers'. */
NTKERNELAPI VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner);
NTKERNELAPI LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned,
                                       BOOLEAN Wait);

/* For the accounting: calls Each for every timer that is set and every DPC that is queued. */
typedef VOID KI_ENUMERATE_ROUTINE(const char *Kind, PVOID Object, PVOID Detail, PVOID Context);
VOID KiEnumerateTimers(KI_ENUMERATE_ROUTINE *Each, PVOID Context);

/*
 * KeSetEvent, with With(Context) under the event's lock before it: whoever sees what With did and
 * then calls KeResetEvent (KeClearEvent does not look at the lock) resets after the event was set,
 * not before. With is short, waits for nothing and calls nothing of ke. IRQL <= DISPATCH_LEVEL.
 */
typedef VOID KI_WITH_EVENT(PVOID Context);
VOID KiSetEventWith(PRKEVENT Event, KI_WITH_EVENT *With, PVOID Context);

/* The object's lock bit, for components that build dispatcher objects of their own (threads,
 * processes, queues). */
VOID NTAPI KiSignalObject(PDISPATCHER_HEADER Header, LONG State);

#endif
