/* SPDX-License-Identifier: MIT */
/*
 * mutant.c - mutexes (ApcDisable 1: made by KeInitializeMutex, for drivers) and mutants
 * (programs').
 *
 * SignalState is 1 when free, else 1 minus the number of times it is held. Taking one is wait.c's.
 * The list of a thread's mutants and its KernelApcDisable are touched by the thread itself, or,
 * while it waits, by whoever has claimed it.
 */
#include "kip.h"

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    UNREFERENCED_PARAMETER(Level);
    KiInitializeHeader(&Mutex->Header, MutantObject, sizeof(KMUTANT), 1);
    Mutex->OwnerThread = NULL;
    Mutex->Abandoned = FALSE;
    Mutex->ApcDisable = 1;
}

VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner)
{
    KiInitializeHeader(&Mutant->Header, MutantObject, sizeof(KMUTANT), InitialOwner ? 0 : 1);
    Mutant->OwnerThread = NULL;
    Mutant->Abandoned = FALSE;
    Mutant->ApcDisable = 0;
    if (InitialOwner) {
        Mutant->OwnerThread = KiThread();
        InsertTailList(&Mutant->OwnerThread->MutantListHead, &Mutant->MutantListEntry);
    }
}

/* Lets it go and gives it to the next; Mutant is locked, and free to go where it is not. */
static VOID KiFreeMutant(PRKMUTANT Mutant, PKTHREAD Owner, KI_CLAIMED *Claimed)
{
    RemoveEntryList(&Mutant->MutantListEntry);
    Mutant->OwnerThread = NULL;
    Owner->KernelApcDisable += Mutant->ApcDisable;
    KiSetSignalState(&Mutant->Header, 1);
    KiWaitTest(&Mutant->Header, Claimed);
}

LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait)
{
    KI_CLAIMED Claimed = {NULL};
    PKTHREAD Thread = KiThread();
    LONG Old;

    UNREFERENCED_PARAMETER(Increment);
    KE_IRQL_AT_MOST(Wait ? APC_LEVEL : DISPATCH_LEVEL);
    KiLockObject(&Mutant->Header);
    Old = KiSignalState(&Mutant->Header);
    if (Mutant->OwnerThread != Thread) {
        BOOLEAN WasAbandoned = Mutant->Abandoned;

        KiUnlockObject(&Mutant->Header);
        ExRaiseStatus(WasAbandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED);
    }
    if (Abandoned)
        Mutant->Abandoned = TRUE;
    if (Abandoned || Old == 0)
        KiFreeMutant(Mutant, Thread, &Claimed);
    else
        KiSetSignalState(&Mutant->Header, Old + 1);
    KiUnlockObject(&Mutant->Header);
    KiPublish(&Claimed);
    if (Thread->KernelApcDisable == 0)
        KiCheckKernelApcs(Thread);
    return Old;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    return KeReleaseMutant(Mutex, 1, FALSE, Wait);
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return KiSignalState(&Mutex->Header);
}

/* The thread ends: a driver's mutex that it still holds stops the host, a program's is abandoned.
 */
VOID KiRundownMutants(PKTHREAD Thread)
{
    while (!IsListEmpty(&Thread->MutantListHead)) {
        PRKMUTANT Mutant =
            CONTAINING_RECORD(Thread->MutantListHead.Flink, KMUTANT, MutantListEntry);

        if (Mutant->ApcDisable != 0)
            KeBugCheckEx(THREAD_TERMINATE_HELD_MUTEX, (ULONG_PTR)Thread, (ULONG_PTR)Mutant, 0, 0);
        KeReleaseMutant(Mutant, 1, TRUE, FALSE);
    }
}
