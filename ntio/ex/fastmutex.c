/* SPDX-License-Identifier: MIT */
/*
 * fastmutex.c - fast mutexes and guarded mutexes.
 *
 * Count is 1 when free, 0 when held, and one less for each waiter. Who leaves and finds waiters
 * sets the event, which hands the mutex to exactly one of them: Count does not become 1 in between.
 */
#include "ntio/ex/exp.h"

static VOID ExpWaitForMutex(PFAST_MUTEX Mutex, KWAIT_REASON Reason)
{
    __atomic_fetch_add(&Mutex->Contention, 1, __ATOMIC_RELAXED);
    KeWaitForSingleObject(&Mutex->Event, Reason, KernelMode, FALSE, NULL);
}

static inline VOID ExpAcquireMutex(PFAST_MUTEX Mutex, KWAIT_REASON Reason)
{
    PKTHREAD Thread = KeGetCurrentThread();

    if (NTIO_UNLIKELY(__atomic_load_n(&Mutex->Owner, __ATOMIC_RELAXED) == Thread))
        VfStop(0x1000, (ULONG_PTR)Mutex, 0, 0, NULL);
    if (NTIO_UNLIKELY(__atomic_fetch_sub(&Mutex->Count, 1, __ATOMIC_ACQUIRE) != 1))
        ExpWaitForMutex(Mutex, Reason);
    __atomic_store_n(&Mutex->Owner, (PVOID)Thread, __ATOMIC_RELAXED);
}

static inline BOOLEAN ExpTryAcquireMutex(PFAST_MUTEX Mutex)
{
    LONG Free = 1;

    if (!__atomic_compare_exchange_n(&Mutex->Count, &Free, 0, FALSE, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return FALSE;
    __atomic_store_n(&Mutex->Owner, (PVOID)KeGetCurrentThread(), __ATOMIC_RELAXED);
    return TRUE;
}

static inline VOID ExpReleaseMutex(PFAST_MUTEX Mutex)
{
    PVOID Owner = __atomic_load_n(&Mutex->Owner, __ATOMIC_RELAXED);

    if (NTIO_UNLIKELY(Owner != KeGetCurrentThread())) {
        if (Owner == NULL)
            VfStop(0x1007, (ULONG_PTR)Mutex, 0, 0, NULL);
        VfStop(0x1004, (ULONG_PTR)Mutex, (ULONG_PTR)Owner, (ULONG_PTR)KeGetCurrentThread(), NULL);
    }
    __atomic_store_n(&Mutex->Owner, NULL, __ATOMIC_RELAXED);
    if (NTIO_UNLIKELY(__atomic_fetch_add(&Mutex->Count, 1, __ATOMIC_RELEASE) != 0))
        KeSetEvent(&Mutex->Event, IO_NO_INCREMENT, FALSE);
}

VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    if (NTIO_UNLIKELY(OldIrql > APC_LEVEL))
        VfStop(0x33, OldIrql, (ULONG_PTR)FastMutex, 0, NULL);
    KfRaiseIrql(APC_LEVEL);
    ExpAcquireMutex(FastMutex, WrFastMutex);
    FastMutex->OldIrql = OldIrql;
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    if (NTIO_UNLIKELY(OldIrql > APC_LEVEL))
        VfStop(0x33, OldIrql, (ULONG_PTR)FastMutex, 0, NULL);
    KfRaiseIrql(APC_LEVEL);
    if (!ExpTryAcquireMutex(FastMutex)) {
        KeLowerIrql(OldIrql);
        return FALSE;
    }
    FastMutex->OldIrql = OldIrql;
    return TRUE;
}

VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql = (KIRQL)FastMutex->OldIrql;

    if (NTIO_UNLIKELY(KeGetCurrentIrql() != APC_LEVEL))
        VfStop(0x34, KeGetCurrentIrql(), (ULONG_PTR)FastMutex, 0, NULL);
    ExpReleaseMutex(FastMutex);
    KeLowerIrql(OldIrql);
}

static inline VOID ExpCheckUnsafe(ULONG Subcode, PFAST_MUTEX Mutex)
{
    PKTHREAD Thread = KeGetCurrentThread();

    if (NTIO_UNLIKELY(Thread->Irql > APC_LEVEL ||
                      (Thread->Irql != APC_LEVEL && Thread->KernelApcDisable == 0 &&
                       Thread->SpecialApcDisable == 0)))
        VfStop(Subcode, Thread->Irql, (ULONG_PTR)(LONG_PTR)Thread->KernelApcDisable,
               (ULONG_PTR)Mutex, NULL);
}

VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    ExpCheckUnsafe(0x39, FastMutex);
    ExpAcquireMutex(FastMutex, WrFastMutex);
}

VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    ExpCheckUnsafe(0x3a, FastMutex);
    ExpReleaseMutex(FastMutex);
}

VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ExInitializeFastMutex(Mutex);
}

VOID NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    if (NTIO_UNLIKELY(KeGetCurrentIrql() > APC_LEVEL))
        VfStop(0x33, KeGetCurrentIrql(), (ULONG_PTR)Mutex, 0, NULL);
    KeEnterGuardedRegion();
    ExpAcquireMutex(Mutex, WrGuardedMutex);
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    if (NTIO_UNLIKELY(KeGetCurrentIrql() > APC_LEVEL))
        VfStop(0x33, KeGetCurrentIrql(), (ULONG_PTR)Mutex, 0, NULL);
    KeEnterGuardedRegion();
    if (!ExpTryAcquireMutex(Mutex)) {
        KeLeaveGuardedRegion();
        return FALSE;
    }
    return TRUE;
}

VOID NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    ExpReleaseMutex(Mutex);
    KeLeaveGuardedRegion();
}

VOID NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    ExpCheckUnsafe(0x39, Mutex);
    ExpAcquireMutex(Mutex, WrGuardedMutex);
}

VOID NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    ExpCheckUnsafe(0x3a, Mutex);
    ExpReleaseMutex(Mutex);
}
