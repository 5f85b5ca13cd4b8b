/* SPDX-License-Identifier: MIT */
/*
 * spinlock.c - EX_SPIN_LOCK: spin locks that many may share or one may have.
 *
 * The word: bit 31 held exclusively, bit 30 somebody waits to (no new sharers then), bit 29
 * somebody sleeps; below, the sharers. 0 is free, so zeroed memory is one. As every spin lock here
 * it spins briefly and then sleeps.
 */
#include "ntio/ex/exp.h"

#define EXP_RW_EXCLUSIVE 0x80000000u
#define EXP_RW_WAITING   0x40000000u
#define EXP_RW_SLEEPERS  0x20000000u
#define EXP_RW_SHARERS   0x1fffffffu
#define EXP_RW_SPINS     100

static inline _Atomic ULONG *ExpRwWord(PEX_SPIN_LOCK Lock)
{
    return (_Atomic ULONG *)Lock;
}

/* Spins the first times, then sleeps until the word changes. Want: bits to leave there while
 * waiting. */
static VOID ExpRwPause(PEX_SPIN_LOCK Lock, ULONG Word, ULONG Want, PULONG Spins)
{
    if ((*Spins)++ < EXP_RW_SPINS) {
        if ((Word | Want) != Word)
            atomic_compare_exchange_strong(ExpRwWord(Lock), &Word, Word | Want);
        YieldProcessor();
        return;
    }
    Want |= EXP_RW_SLEEPERS;
    if ((Word | Want) != Word &&
        !atomic_compare_exchange_strong(ExpRwWord(Lock), &Word, Word | Want))
        return;
    KiFutexWait(ExpRwWord(Lock), Word | Want, 0);
}

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    ULONG Spins = 0;

    for (;;) {
        ULONG Word = atomic_load_explicit(ExpRwWord(SpinLock), memory_order_relaxed);

        /* The waiting bit goes with whoever gets in; other waiters set it again. */
        if ((Word & (EXP_RW_EXCLUSIVE | EXP_RW_SHARERS)) == 0) {
            if (atomic_compare_exchange_strong_explicit(ExpRwWord(SpinLock), &Word,
                                                        EXP_RW_EXCLUSIVE | (Word & EXP_RW_SLEEPERS),
                                                        memory_order_acquire, memory_order_relaxed))
                return;
            continue;
        }
        ExpRwPause(SpinLock, Word, EXP_RW_WAITING, &Spins);
    }
}

VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    ULONG Word = atomic_exchange_explicit(ExpRwWord(SpinLock), 0, memory_order_release);

    if (NTIO_UNLIKELY((Word & EXP_RW_EXCLUSIVE) == 0))
        KeBugCheckEx(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)SpinLock, 0, 0, 0);
    if (NTIO_UNLIKELY((Word & EXP_RW_SLEEPERS) != 0))
        KiFutexWake(ExpRwWord(SpinLock), MAXLONG);
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    ULONG Spins = 0;

    for (;;) {
        ULONG Word = atomic_load_explicit(ExpRwWord(SpinLock), memory_order_relaxed);

        if ((Word & (EXP_RW_EXCLUSIVE | EXP_RW_WAITING)) == 0) {
            if (atomic_compare_exchange_strong_explicit(ExpRwWord(SpinLock), &Word, Word + 1,
                                                        memory_order_acquire, memory_order_relaxed))
                return;
            continue;
        }
        ExpRwPause(SpinLock, Word, 0, &Spins);
    }
}

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    ULONG Word = atomic_load_explicit(ExpRwWord(SpinLock), memory_order_relaxed);
    ULONG After;

    do {
        if (NTIO_UNLIKELY((Word & EXP_RW_SHARERS) == 0))
            KeBugCheckEx(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)SpinLock, 0, 0, 0);
        /* The last one out wakes everybody; then nobody sleeps. */
        After = (Word & EXP_RW_SHARERS) == 1 ? Word & EXP_RW_WAITING : Word - 1;
    } while (!atomic_compare_exchange_weak_explicit(ExpRwWord(SpinLock), &Word, After,
                                                    memory_order_release, memory_order_relaxed));
    if ((Word & EXP_RW_SHARERS) == 1 && (Word & EXP_RW_SLEEPERS) != 0)
        KiFutexWake(ExpRwWord(SpinLock), MAXLONG);
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();

    ExAcquireSpinLockExclusiveAtDpcLevel(SpinLock);
    return OldIrql;
}

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    ExReleaseSpinLockExclusiveFromDpcLevel(SpinLock);
    KeLowerIrql(OldIrql);
}

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();

    ExAcquireSpinLockSharedAtDpcLevel(SpinLock);
    return OldIrql;
}

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    ExReleaseSpinLockSharedFromDpcLevel(SpinLock);
    KeLowerIrql(OldIrql);
}
