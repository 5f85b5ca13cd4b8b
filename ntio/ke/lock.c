/* SPDX-License-Identifier: MIT */
/* lock.c - sleeping in the host's kernel, and the two small locks built on it. */
#include "kip.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

BOOLEAN NTAPI KiFutexWaitUntil(_Atomic ULONG *Word, ULONG Expected, ULONGLONG Deadline,
                               BOOLEAN System)
{
    struct timespec At, *Limit = NULL;
    int Operation = FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG;
    int Saved = errno;
    BOOLEAN InTime = TRUE;

    if (Deadline != KI_NO_DEADLINE) {
        if (System) {
            Operation |= FUTEX_CLOCK_REALTIME;
            Deadline = Deadline > KI_EPOCH_1601 ? Deadline - KI_EPOCH_1601 : 0;
        }
        At.tv_sec = (time_t)(Deadline / 10000000);
        At.tv_nsec = (long)(Deadline % 10000000) * 100;
        Limit = &At;
    }
    if (syscall(SYS_futex, Word, Operation, Expected, Limit, NULL, FUTEX_BITSET_MATCH_ANY) != 0)
        InTime = errno != ETIMEDOUT;
    errno = Saved;
    return InTime;
}

BOOLEAN NTAPI KiFutexWait(_Atomic ULONG *Word, ULONG Expected, ULONGLONG Timeout100ns)
{
    return KiFutexWaitUntil(Word, Expected,
                            Timeout100ns == 0 ? KI_NO_DEADLINE : KiNow() + Timeout100ns, FALSE);
}

/* Takes an address, not memory: Word may be gone already, and then nobody is woken. */
VOID NTAPI KiFutexWake(_Atomic ULONG *Word, INT Count)
{
    int Saved = errno;

    syscall(SYS_futex, Word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, Count, NULL, NULL, 0);
    errno = Saved;
}

VOID NTAPI KiLockSlow(PKI_LOCK Lock)
{
    for (int i = 0; i < KI_SPIN_COUNT; i++) {
        ULONG Free = 0;

        if (atomic_load_explicit(&Lock->Word, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong_explicit(&Lock->Word, &Free, 1, memory_order_acquire,
                                                    memory_order_relaxed))
            return;
        KiPause();
    }
    /* From here on it is taken as 2, because somebody else may be asleep too. */
    while (atomic_exchange_explicit(&Lock->Word, 2, memory_order_acquire) != 0)
        KiFutexWait(&Lock->Word, 2, 0);
}

VOID NTAPI KiUnlockSlow(PKI_LOCK Lock)
{
    KiFutexWake(&Lock->Word, 1);
}

/*
 * An object's lock is two bits of a word whose other bytes change too (a timer's Inserted): so each
 * step reads the word anew, and a sleeper that finds another value merely looks again.
 */
VOID NTAPI KiLockObjectSlow(PDISPATCHER_HEADER Header)
{
    LONG Mark = 0; /* KI_OBJECT_SLEEPER once this thread has slept: others may sleep still */
    int Spins = 0;

    for (;;) {
        LONG Old = __atomic_load_n(&Header->Lock, __ATOMIC_RELAXED);

        if (!(Old & KI_OBJECT_LOCKED)) {
            if (__atomic_compare_exchange_n(&Header->Lock, &Old, Old | KI_OBJECT_LOCKED | Mark, 0,
                                            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return;
        } else if (Spins < KI_SPIN_COUNT) {
            Spins++;
            KiPause();
        } else if ((Old & KI_OBJECT_SLEEPER) ||
                   __atomic_compare_exchange_n(&Header->Lock, &Old, Old | KI_OBJECT_SLEEPER, 0,
                                               __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            KiFutexWait((_Atomic ULONG *)&Header->Lock, (ULONG)(Old | KI_OBJECT_SLEEPER), 0);
            Mark = KI_OBJECT_SLEEPER;
        }
    }
}

VOID NTAPI KiUnlockObjectSlow(PDISPATCHER_HEADER Header)
{
    KiFutexWake((_Atomic ULONG *)&Header->Lock, 1);
}
