/* SPDX-License-Identifier: MIT */
/*
 * guard.c - faults: the signal handler, the guards it comes back to, and native __try over them.
 *
 * A thread's guards are a list from the innermost out, in thread-local memory. A fault pops the
 * innermost and jumps to it; without one, it is a bugcheck where the code is ntio's or a driver's,
 * and the earlier handler's otherwise. Under ASan it is always the earlier handler's, which is
 * ASan's: its report says more.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "ntio/mm/mmp.h"
#include "ntseh.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#if NTIO_ASAN
void __asan_handle_no_return(void);
#endif

C_ASSERT(sizeof(NTIO_SEH_FRAME) >= sizeof(MMP_GUARD));
C_ASSERT(sizeof(sigjmp_buf) >= 5 * sizeof(PVOID));
C_ASSERT(offsetof(MMP_GUARD, Buffer) == 0);

static __thread MMP_GUARD *MmpThreadGuard;
static MMP_FAULT_ROUTINE *_Atomic MmpFaultRoutine;

static const int MmpSignals[] = {SIGSEGV, SIGBUS, SIGILL};
static struct sigaction MmpEarlier[RTL_NUMBER_OF(MmpSignals)];
static BOOLEAN MmpInstalled;

VOID MmpPushGuard(MMP_GUARD *Guard)
{
    Guard->Outer = MmpThreadGuard;
    Guard->Status = STATUS_SUCCESS;
    Guard->Flags = MMP_GUARD_PUSHED;
    /* The handler runs on this thread: the guard is whole before it is seen. */
    atomic_signal_fence(memory_order_release);
    MmpThreadGuard = Guard;
}

VOID MmpLeaveGuard(MMP_GUARD *Guard)
{
    NTIO_ASSERT(MmpThreadGuard == Guard);
    MmpThreadGuard = Guard->Outer;
    Guard->Flags &= ~(ULONG)MMP_GUARD_PUSHED;
}

static _Noreturn VOID MmpJump(MMP_GUARD *Guard, NTSTATUS Status)
{
    MmpThreadGuard = Guard->Outer;
    Guard->Status = Status;
    Guard->Flags &= ~(ULONG)MMP_GUARD_PUSHED;
    if ((Guard->Flags & MMP_GUARD_BUILTIN) == 0)
        siglongjmp(Guard->Buffer, 1);
#if NTIO_ASAN
    __asan_handle_no_return();
#endif
    __builtin_longjmp((void **)(void *)Guard->Buffer, 1);
}

VOID MmpRaise(NTSTATUS Status, PVOID Address)
{
    /* A guard tells an exception from none by its status. */
    NTIO_ASSERT(Status != STATUS_SUCCESS);
    if (MmpThreadGuard != NULL)
        MmpJump(MmpThreadGuard, Status);
    KeBugCheckEx(KiCurrentThread != NULL && KiCurrentThread->SystemThread
                     ? SYSTEM_THREAD_EXCEPTION_NOT_HANDLED
                     : KMODE_EXCEPTION_NOT_HANDLED,
                 (ULONG_PTR)(LONG_PTR)Status, (ULONG_PTR)Address, 0, 0);
}

/* ---- native __try ---- */

VOID NTAPI NtioSehEnter(NTIO_SEH_FRAME *Frame, BOOLEAN Builtin)
{
    MMP_GUARD *Guard = (MMP_GUARD *)Frame;

    MmpPushGuard(Guard);
    if (Builtin)
        Guard->Flags |= MMP_GUARD_BUILTIN;
}

VOID NTAPI NtioSehLeave(NTIO_SEH_FRAME *Frame)
{
    MMP_GUARD *Guard = (MMP_GUARD *)Frame;

    if ((Guard->Flags & MMP_GUARD_PUSHED) != 0)
        MmpLeaveGuard(Guard);
}

VOID NTAPI NtioSehForget(NTIO_SEH_FRAME *Frame)
{
    MMP_GUARD *Guard;

    /* Only what is in the list is known to have been entered. Those inside it went before it. */
    for (Guard = MmpThreadGuard; Guard != NULL; Guard = Guard->Outer) {
        if (Guard == (MMP_GUARD *)Frame) {
            MmpLeaveGuard(Guard);
            return;
        }
    }
}

VOID NTAPI NtioSehGoOut(NTIO_SEH_FRAME *Frame)
{
    NTIO_ASSERT(MmpThreadGuard == (MMP_GUARD *)Frame);
    MmpJump((MMP_GUARD *)Frame, STATUS_SUCCESS);
}

NTSTATUS NTAPI NtioSehCode(NTIO_SEH_FRAME *Frame)
{
    return ((MMP_GUARD *)Frame)->Status;
}

VOID NTAPI NtioSehFilter(NTIO_SEH_FRAME *Frame, LONG Filter)
{
    if (Filter > 0)
        return;
    if (Filter < 0)
        VfNotImplemented("EXCEPTION_CONTINUE_EXECUTION natively");
    MmpRaise(((MMP_GUARD *)Frame)->Status, __builtin_return_address(0));
}

/* ---- the handler ---- */

VOID MmpSetFaultRoutine(MMP_FAULT_ROUTINE *Routine)
{
    atomic_store(&MmpFaultRoutine, Routine);
}

static NTSTATUS MmpFaultStatus(int Signal, const siginfo_t *Info)
{
    if (Signal == SIGBUS)
        return Info->si_code == BUS_ADRALN ? STATUS_DATATYPE_MISALIGNMENT : STATUS_IN_PAGE_ERROR;
    if (Signal == SIGILL)
        return STATUS_ILLEGAL_INSTRUCTION;
    return STATUS_ACCESS_VIOLATION;
}

static VOID MmpChain(int Signal, siginfo_t *Info, PVOID Context)
{
    struct sigaction *Earlier = NULL;
    size_t i;

    for (i = 0; i < RTL_NUMBER_OF(MmpSignals); i++) {
        if (MmpSignals[i] == Signal)
            Earlier = &MmpEarlier[i];
    }
    if ((Earlier->sa_flags & SA_SIGINFO) != 0) {
        Earlier->sa_sigaction(Signal, Info, Context);
    } else if (Earlier->sa_handler != SIG_DFL && Earlier->sa_handler != SIG_IGN) {
        Earlier->sa_handler(Signal);
    } else {
        /* The default ends the process when the instruction runs again; a signal that somebody sent
         * is sent anew. */
        sigaction(Signal, Earlier, NULL);
        if (Info->si_code <= 0)
            raise(Signal);
    }
}

static VOID MmpSignal(int Signal, siginfo_t *Info, PVOID Context)
{
    MMP_FAULT_ROUTINE *Routine = atomic_load(&MmpFaultRoutine);
    MMP_GUARD *Guard = MmpThreadGuard;
    int Error = errno;

    /* si_code <= 0: somebody sent it. */
    if (Info->si_code > 0) {
        if (Routine != NULL && Routine(Signal, Info, Context)) {
            errno = Error;
            return;
        }
        if (Guard != NULL) {
            /* Nobody returns from here, so the mask of before is put back now (TSan's handler
             * blocks all). */
            pthread_sigmask(SIG_SETMASK, &((ucontext_t *)Context)->uc_sigmask, NULL);
            errno = Error;
            MmpJump(Guard, MmpFaultStatus(Signal, Info));
        }
        if (!NTIO_ASAN || Signal == SIGILL)
            MmpFaultStop(Signal, Info, Context);
    }
    MmpChain(Signal, Info, Context);
    errno = Error;
}

VOID MmpInstallFaultHandler(VOID)
{
    struct sigaction Action = {0};
    size_t i;

    NTIO_ASSERT(!MmpInstalled);
    Action.sa_sigaction = MmpSignal;
    /* NODEFER: a fault inside, where the stop probes memory, is answered as well. */
    Action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigemptyset(&Action.sa_mask);
    for (i = 0; i < RTL_NUMBER_OF(MmpSignals); i++)
        sigaction(MmpSignals[i], &Action, &MmpEarlier[i]);
    MmpInstalled = TRUE;
}

VOID MmpRemoveFaultHandler(VOID)
{
    size_t i;

    if (!MmpInstalled)
        return;
    for (i = 0; i < RTL_NUMBER_OF(MmpSignals); i++) {
        struct sigaction Now;

        /* Somebody who came later keeps his, and may chain to ours. */
        if (sigaction(MmpSignals[i], NULL, &Now) == 0 && (Now.sa_flags & SA_SIGINFO) != 0 &&
            Now.sa_sigaction == MmpSignal)
            sigaction(MmpSignals[i], &MmpEarlier[i], NULL);
    }
    MmpInstalled = FALSE;
}
