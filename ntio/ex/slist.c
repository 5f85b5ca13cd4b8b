/* SPDX-License-Identifier: MIT */
/*
 * slist.c - S-lists, with Windows' header: depth and sequence in the first half, the first entry in
 * the second.
 *
 * An entry lies on a 16-byte boundary, so the four low bits of the second half are free: bit 0
 * locks the header, bit 1 says that somebody sleeps on it. A lock rather than a 16-byte
 * compare-and-swap, because a pop must read the entry's link: without one it reads memory that its
 * owner may have freed since (on Windows the fault handler knows that one instruction). And ABA
 * cannot be. Any IRQL. The holder runs a dozen instructions; waiters spin, then sleep.
 */
#include "ntio/ex/exp.h"

#define EXP_SLIST_LOCKED   ((ULONGLONG)1)
#define EXP_SLIST_SLEEPERS ((ULONGLONG)2)
#define EXP_SLIST_BITS     ((ULONGLONG)15)
#define EXP_SLIST_SPINS    100

/* The half of the second word that has the two bits: little-endian, its first. */
static inline _Atomic ULONG *ExpSListFutex(PSLIST_HEADER Header)
{
    return (_Atomic ULONG *)&Header->Region;
}

static __attribute__((noinline)) PSLIST_ENTRY ExpSListLockSlow(PSLIST_HEADER Header)
{
    ULONG Spins = 0;

    for (;;) {
        ULONGLONG Word = __atomic_load_n(&Header->Region, __ATOMIC_RELAXED);

        if ((Word & EXP_SLIST_LOCKED) == 0) {
            /* No sleepers' bit is due: an unlock wakes them all, and who must sleep again sets it
             * again. */
            if (__atomic_compare_exchange_n(&Header->Region, &Word, Word | EXP_SLIST_LOCKED, FALSE,
                                            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return (PSLIST_ENTRY)Word;
            continue;
        }
        if (Spins++ < EXP_SLIST_SPINS) {
            YieldProcessor();
            continue;
        }
        if ((Word & EXP_SLIST_SLEEPERS) == 0 &&
            !__atomic_compare_exchange_n(&Header->Region, &Word, Word | EXP_SLIST_SLEEPERS, FALSE,
                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
        KiFutexWait(ExpSListFutex(Header), (ULONG)(Word | EXP_SLIST_SLEEPERS), 0);
    }
}

/* Returns the first entry. */
static inline PSLIST_ENTRY ExpSListLock(PSLIST_HEADER Header)
{
    ULONGLONG Word = __atomic_load_n(&Header->Region, __ATOMIC_RELAXED) & ~EXP_SLIST_BITS;

    if (NTIO_LIKELY(__atomic_compare_exchange_n(&Header->Region, &Word, Word | EXP_SLIST_LOCKED,
                                                FALSE, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
        return (PSLIST_ENTRY)Word;
    return ExpSListLockSlow(Header);
}

/* Sets both halves and lets go. */
static inline VOID ExpSListUnlock(PSLIST_HEADER Header, PSLIST_ENTRY First, ULONGLONG Alignment)
{
    /* Depth is read without the lock; the sequence counts every change. */
    __atomic_store_n(&Header->Alignment, Alignment, __ATOMIC_RELAXED);
    if (NTIO_UNLIKELY((__atomic_exchange_n(&Header->Region, (ULONG_PTR)First, __ATOMIC_RELEASE) &
                       EXP_SLIST_SLEEPERS) != 0))
        KiFutexWake(ExpSListFutex(Header), MAXLONG);
}

static inline ULONGLONG ExpSListNext(PSLIST_HEADER Header, USHORT Depth)
{
    ULONGLONG Now = __atomic_load_n(&Header->Alignment, __ATOMIC_RELAXED);

    return (((Now >> 16) + 1) << 16) | Depth;
}

VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead)
{
    if (((ULONG_PTR)SListHead & 15) != 0)
        ExRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
    __atomic_store_n(&SListHead->Alignment, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&SListHead->Region, 0, __ATOMIC_RELEASE);
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return (USHORT)__atomic_load_n(&SListHead->Alignment, __ATOMIC_RELAXED);
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    PSLIST_ENTRY First;

    if (NTIO_UNLIKELY(((ULONG_PTR)ListEntry & 15) != 0))
        ExRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
    First = ExpSListLock(ListHead);
    ListEntry->Next = First;
    ExpSListUnlock(ListHead, ListEntry,
                   ExpSListNext(ListHead, (USHORT)(ExQueryDepthSList(ListHead) + 1)));
    return First;
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY First;

    /* An empty list is left alone: no locked operation. */
    if ((__atomic_load_n(&ListHead->Region, __ATOMIC_RELAXED) & ~EXP_SLIST_BITS) == 0)
        return NULL;
    First = ExpSListLock(ListHead);
    if (First == NULL)
        ExpSListUnlock(ListHead, NULL, ListHead->Alignment);
    else
        ExpSListUnlock(ListHead, First->Next,
                       ExpSListNext(ListHead, (USHORT)(ExQueryDepthSList(ListHead) - 1)));
    return First;
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY First;

    if ((__atomic_load_n(&ListHead->Region, __ATOMIC_RELAXED) & ~EXP_SLIST_BITS) == 0)
        return NULL;
    First = ExpSListLock(ListHead);
    ExpSListUnlock(ListHead, NULL, ExpSListNext(ListHead, 0));
    return First;
}

/* The first entry, for who knows that nobody else pops. */
PSLIST_ENTRY NTAPI FirstEntrySList(PSLIST_HEADER ListHead)
{
    return (PSLIST_ENTRY)(__atomic_load_n(&ListHead->Region, __ATOMIC_ACQUIRE) & ~EXP_SLIST_BITS);
}
