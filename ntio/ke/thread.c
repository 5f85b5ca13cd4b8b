/* SPDX-License-Identifier: MIT */
/*
 * thread.c - how the host's threads become kernel threads and stop being such; priorities.
 *
 * The thread that boots has no ETHREAD before ps is up, nor after ps has gone: KiBootThread stands
 * in. Every other thread gets one through KiThreadCallouts, and while that is being created it
 * lives on a KTHREAD on its stack, which KiSwapCurrentThread then replaces.
 */
#define _GNU_SOURCE /* gettid, pthread_setname_np */
#include "kip.h"
#include "ntio/ps/ps.h" /* for the size of an ETHREAD alone */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

__thread PKTHREAD KiCurrentThread;
const KI_THREAD_CALLOUTS *_Atomic KiThreadCallouts;

static __thread DECLSPEC_CACHEALIGN KPCR KiPcr;
static _Atomic ULONG KiNextProcessor;
static ETHREAD KiBootThread;

#if defined(__x86_64__)
/* Bit 1: the host lets programs write the GS base themselves, 10 ns instead of 165. */
static VOID KiSetGs(ULONG_PTR Base)
{
    static _Atomic signed char FsGsBase = -1;

    if (atomic_load_explicit(&FsGsBase, memory_order_relaxed) < 0)
        atomic_store_explicit(&FsGsBase, (getauxval(AT_HWCAP2) & 2) != 0, memory_order_relaxed);
    if (atomic_load_explicit(&FsGsBase, memory_order_relaxed))
        __asm__ volatile("wrgsbase %0" : : "r"(Base) : "memory");
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, Base);
}
#else
static VOID KiSetGs(ULONG_PTR Base)
{
    UNREFERENCED_PARAMETER(Base);
}
#endif

/* What can be there before the thread runs: whoever creates it may hand it to a waiter or queue an
 * APC to it. */
VOID KiInitializeThread(PKTHREAD Thread)
{
    /* The header can't be asked: others may wait there already. */
    if (Thread->MutantListHead.Flink != NULL)
        return;
    KiInitializeHeader(&Thread->Header, ThreadObject, sizeof(KTHREAD), 0);
    InitializeListHead(&Thread->MutantListHead);
    InitializeListHead(&Thread->ApcListHead[KernelMode]);
    InitializeListHead(&Thread->ApcListHead[UserMode]);
    Thread->ApcQueueable = TRUE;
    Thread->Priority = Thread->BasePriority = 8;
    Thread->Affinity = KiActiveAffinity();
    Thread->Processor = atomic_fetch_add(&KiNextProcessor, 1) % KeActiveProcessors;
}

static VOID KiMakeCurrent(PKTHREAD Thread)
{
    Thread->Pcr = &KiPcr;
    Thread->HostThreadId = (ULONG)gettid();
    Thread->HostThread = pthread_self();
    Thread->CurrentSlot = &KiCurrentThread;
    KiPcr.Self = &KiPcr;
    KiPcr.CurrentPrcb = &KiPcr.MxCsr;
    KiPcr.Number = Thread->Processor;
    KiPcr.Irql = Thread->Irql;
    KiPcr.CurrentThread = Thread;
    KiCurrentThread = Thread;
}

VOID KeAttachCurrentThread(PKTHREAD Thread)
{
    NTIO_ASSERT(KiCurrentThread == NULL);
    KiInitializeThread(Thread);
    KiMakeCurrent(Thread);
    KiSetGs((ULONG_PTR)&KiPcr);
}

PKTHREAD KiSwapCurrentThread(PKTHREAD New)
{
    PKTHREAD Old = KiCurrentThread;

    NTIO_ASSERT(Old != NULL && Old->Irql == PASSIVE_LEVEL && IsListEmpty(&Old->MutantListHead));
    NTIO_ASSERT(!atomic_load(&Old->KernelApcPending));
    KiInitializeThread(New);
    New->Processor = Old->Processor;
    New->Affinity = Old->Affinity;
    New->SavedAffinity = Old->SavedAffinity;
    New->KernelApcDisable = Old->KernelApcDisable;
    New->SpecialApcDisable = Old->SpecialApcDisable;
    KiMakeCurrent(New);
    return Old;
}

VOID KeDetachCurrentThread(VOID)
{
    PKTHREAD Thread = KiCurrentThread;

    NTIO_ASSERT(Thread != NULL);
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Thread->KernelApcDisable != 0 || Thread->SpecialApcDisable != 0) {
        KiRundownMutants(Thread); /* a mutex that is held is the better explanation */
        KeBugCheckEx(
            KERNEL_APC_PENDING_DURING_EXIT, 0,
            (ULONG_PTR)(ULONG)(Thread->SpecialApcDisable << 16 | (USHORT)Thread->KernelApcDisable),
            Thread->Irql, 1);
    }
    KiRundownApcs(Thread);
    KiRundownMutants(Thread);
    KiCurrentThread = NULL;
    KiPcr.CurrentThread = NULL;
    KiSetGs(0);
    KiSignalObject(&Thread->Header, 1);
}

PKTHREAD NTAPI KiAttachedThread(VOID)
{
    const KI_THREAD_CALLOUTS *Callouts = atomic_load(&KiThreadCallouts);

    if (Callouts == NULL) {
        fputs("ntio: a kernel routine was called while ntio is not booted\n", stderr);
        NTIO_ASSERT(Callouts != NULL);
    }
    Callouts->Attach(NULL, FALSE);
    return KiCurrentThread;
}

static VOID KiInitializeBareThread(PETHREAD Thread)
{
    memset(Thread, 0, sizeof(*Thread));
    Thread->Tcb.SystemThread = TRUE;
    InitializeListHead(&Thread->IrpList);
}

VOID KiAttachBootThread(VOID)
{
    KiInitializeBareThread(&KiBootThread);
    KeAttachCurrentThread(&KiBootThread.Tcb);
}

VOID KiDetachBootThread(VOID)
{
    NTIO_ASSERT(KiCurrentThread == &KiBootThread.Tcb);
    KeDetachCurrentThread();
}

PKTHREAD KiStandInThread(VOID)
{
    KiInitializeBareThread(&KiBootThread);
    return &KiBootThread.Tcb;
}

/* Threads of ntio's own. */

struct _KI_HOST_THREAD {
    KI_HOST_ROUTINE *Routine;
    PVOID Context;
    /* As it was when the thread was made: one that is made before ps is up stays bare, however late
     * it gets to run, and so does not attach when ps has shut down again. */
    const KI_THREAD_CALLOUTS *Callouts;
    char Name[16]; /* what the host's tools show */
    pthread_t Thread;
};

int KiStartThread(pthread_t *Thread, void *(*Routine)(void *), void *Context)
{
    static const int Faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t Blocked, Before;
    int Error;

    sigfillset(&Blocked);
    for (size_t i = 0; i < RTL_NUMBER_OF(Faults); i++)
        sigdelset(&Blocked, Faults[i]);
    pthread_sigmask(SIG_SETMASK, &Blocked, &Before);
    Error = pthread_create(Thread, NULL, Routine, Context);
    pthread_sigmask(SIG_SETMASK, &Before, NULL);
    return Error;
}

static void *KiHostThreadStart(void *Context)
{
    PKI_HOST_THREAD Self = Context;
    const KI_THREAD_CALLOUTS *Callouts = Self->Callouts;
    ETHREAD Bare;

    pthread_setname_np(pthread_self(), Self->Name);
    if (Callouts != NULL) {
        Callouts->Attach(Self->Name, TRUE);
    } else {
        KiInitializeBareThread(&Bare);
        KeAttachCurrentThread(&Bare.Tcb);
    }
    Self->Routine(Self->Context);
    if (Callouts != NULL)
        Callouts->Detach();
    else
        KeDetachCurrentThread();
    return NULL;
}

NTSTATUS KiCreateHostThread(KI_HOST_ROUTINE *Routine, PVOID Context, const char *Name,
                            PKI_HOST_THREAD *Thread)
{
    PKI_HOST_THREAD New = calloc(1, sizeof(*New));

    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Routine = Routine;
    New->Context = Context;
    New->Callouts = atomic_load(&KiThreadCallouts);
    snprintf(New->Name, sizeof(New->Name), "nt-%s", Name);
    if (KiStartThread(&New->Thread, KiHostThreadStart, New) != 0) {
        free(New);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Thread = New;
    return STATUS_SUCCESS;
}

VOID KiJoinHostThread(PKI_HOST_THREAD Thread)
{
    pthread_join(Thread->Thread, NULL);
    free(Thread);
}

/* Priorities are kept and answered; the host's scheduler decides for itself. */

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (Priority <= LOW_PRIORITY || Priority > HIGH_PRIORITY)
        Priority = Priority <= LOW_PRIORITY ? 1 : HIGH_PRIORITY;
    return __atomic_exchange_n(&Thread->Priority, (SCHAR)Priority, __ATOMIC_RELAXED);
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return __atomic_load_n(&Thread->Priority, __ATOMIC_RELAXED);
}

/* The base is the process's, 8, plus an increment; the increment before is returned. */
LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    LONG Base = 8 + Increment;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Base = Base < 1 ? 1 : Base > LOW_REALTIME_PRIORITY - 1 ? LOW_REALTIME_PRIORITY - 1 : Base;
    __atomic_store_n(&Thread->Priority, (SCHAR)Base, __ATOMIC_RELAXED);
    return __atomic_exchange_n(&Thread->BasePriority, (SCHAR)Base, __ATOMIC_RELAXED) - 8;
}
