/* SPDX-License-Identifier: MIT */
/*
 * rundown.c - rundown protection: references that can be closed off and waited out.
 *
 * Count is twice the references while protection is given. Once somebody waits it is the address of
 * his EXP_RUNDOWN_WAIT with bit 0 set, and the references still out are counted there; when they
 * are gone it is 1.
 */
#include "ntio/ex/exp.h"

#define EXP_RUNDOWN_ACTIVE ((ULONG_PTR)1)
#define EXP_RUNDOWN_ONE    ((ULONG_PTR)2)

typedef struct DECLSPEC_ALIGN(16) _EXP_RUNDOWN_WAIT {
    _Atomic ULONG_PTR Count;
    KEVENT Event;
} EXP_RUNDOWN_WAIT;

VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    __atomic_store_n(&RunRef->Count, 0, __ATOMIC_RELEASE);
}

VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    /* Only what was run down may be used anew. */
    if ((__atomic_load_n(&RunRef->Count, __ATOMIC_RELAXED) & EXP_RUNDOWN_ACTIVE) == 0)
        VfBugCheck(REFERENCE_BY_POINTER, 0, (ULONG_PTR)RunRef, 0, RunRef->Count,
                   "ExReInitializeRundownProtection of a reference that was not run down");
    __atomic_store_n(&RunRef->Count, 0, __ATOMIC_RELEASE);
}

VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    __atomic_store_n(&RunRef->Count, EXP_RUNDOWN_ACTIVE, __ATOMIC_RELEASE);
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ULONG_PTR Count = __atomic_load_n(&RunRef->Count, __ATOMIC_RELAXED);

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    do {
        if ((Count & EXP_RUNDOWN_ACTIVE) != 0)
            return FALSE;
    } while (!__atomic_compare_exchange_n(&RunRef->Count, &Count, Count + EXP_RUNDOWN_ONE, TRUE,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return TRUE;
}

VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ULONG_PTR Count = __atomic_load_n(&RunRef->Count, __ATOMIC_ACQUIRE);
    EXP_RUNDOWN_WAIT *Wait;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    do {
        if ((Count & EXP_RUNDOWN_ACTIVE) != 0) {
            Wait = (EXP_RUNDOWN_WAIT *)(Count & ~EXP_RUNDOWN_ACTIVE);
            if (Wait == NULL)
                break;
            /* The last one out; the waiter's stack is gone after this. */
            if (atomic_fetch_sub_explicit(&Wait->Count, 1, memory_order_acq_rel) == 1)
                KeSetEvent(&Wait->Event, IO_NO_INCREMENT, FALSE);
            return;
        }
        if (Count == 0)
            break;
    } while (!__atomic_compare_exchange_n(&RunRef->Count, &Count, Count - EXP_RUNDOWN_ONE, TRUE,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    if ((Count & EXP_RUNDOWN_ACTIVE) == 0 && Count != 0)
        return;
    VfBugCheck(REFERENCE_BY_POINTER, 0, (ULONG_PTR)RunRef, 0, Count,
               "ExReleaseRundownProtection without a reference");
}

VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    ULONG_PTR Count = __atomic_load_n(&RunRef->Count, __ATOMIC_ACQUIRE);
    EXP_RUNDOWN_WAIT Wait;
    ULONG_PTR After;

    KE_IRQL_AT_MOST(APC_LEVEL);
    KeInitializeEvent(&Wait.Event, SynchronizationEvent, FALSE);
    do {
        if (Count == EXP_RUNDOWN_ACTIVE)
            return;
        if ((Count & EXP_RUNDOWN_ACTIVE) != 0)
            VfBugCheck(REFERENCE_BY_POINTER, 0, (ULONG_PTR)RunRef, 0, Count,
                       "two threads wait for the same rundown");
        atomic_store_explicit(&Wait.Count, Count / EXP_RUNDOWN_ONE, memory_order_relaxed);
        After = Count == 0 ? EXP_RUNDOWN_ACTIVE : ((ULONG_PTR)&Wait | EXP_RUNDOWN_ACTIVE);
    } while (!__atomic_compare_exchange_n(&RunRef->Count, &Count, After, FALSE, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    if (After == EXP_RUNDOWN_ACTIVE)
        return;
    KeWaitForSingleObject(&Wait.Event, WrRundown, KernelMode, FALSE, NULL);
    __atomic_store_n(&RunRef->Count, EXP_RUNDOWN_ACTIVE, __ATOMIC_RELEASE);
}
