/* SPDX-License-Identifier: MIT */
/* wdm/interlocked.h - atomic operations, sequentially consistent; any IRQL. */
#ifndef NTIO_DDK_WDM_INTERLOCKED_H
#define NTIO_DDK_WDM_INTERLOCKED_H

#include "../ntdef.h"

/* The new value. */
FORCEINLINE LONG InterlockedIncrement(LONG volatile *p)
{
    return __atomic_add_fetch(p, 1, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG InterlockedDecrement(LONG volatile *p)
{
    return __atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG InterlockedAdd(LONG volatile *p, LONG n)
{
    return __atomic_add_fetch(p, n, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedIncrement64(LONG64 volatile *p)
{
    return __atomic_add_fetch(p, 1, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedDecrement64(LONG64 volatile *p)
{
    return __atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedAdd64(LONG64 volatile *p, LONG64 n)
{
    return __atomic_add_fetch(p, n, __ATOMIC_SEQ_CST);
}

FORCEINLINE SHORT InterlockedIncrement16(SHORT volatile *p)
{
    return __atomic_add_fetch(p, (SHORT)1, __ATOMIC_SEQ_CST);
}

FORCEINLINE SHORT InterlockedDecrement16(SHORT volatile *p)
{
    return __atomic_sub_fetch(p, (SHORT)1, __ATOMIC_SEQ_CST);
}

/* The value before. */
FORCEINLINE LONG InterlockedExchange(LONG volatile *p, LONG v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedExchange64(LONG64 volatile *p, LONG64 v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE CHAR InterlockedExchange8(CHAR volatile *p, CHAR v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE SHORT InterlockedExchange16(SHORT volatile *p, SHORT v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE PVOID InterlockedExchangePointer(PVOID volatile *p, PVOID v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG InterlockedExchangeAdd(LONG volatile *p, LONG n)
{
    return __atomic_fetch_add(p, n, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedExchangeAdd64(LONG64 volatile *p, LONG64 n)
{
    return __atomic_fetch_add(p, n, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG InterlockedCompareExchange(LONG volatile *p, LONG v, LONG comparand)
{
    __atomic_compare_exchange_n(p, &comparand, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}

FORCEINLINE SHORT InterlockedCompareExchange16(SHORT volatile *p, SHORT v, SHORT comparand)
{
    __atomic_compare_exchange_n(p, &comparand, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}

FORCEINLINE LONG64 InterlockedCompareExchange64(LONG64 volatile *p, LONG64 v, LONG64 comparand)
{
    __atomic_compare_exchange_n(p, &comparand, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}

FORCEINLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *p, PVOID v, PVOID comparand)
{
    __atomic_compare_exchange_n(p, &comparand, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}

FORCEINLINE LONG InterlockedAnd(LONG volatile *p, LONG v)
{
    return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG InterlockedOr(LONG volatile *p, LONG v)
{
    return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG InterlockedXor(LONG volatile *p, LONG v)
{
    return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedAnd64(LONG64 volatile *p, LONG64 v)
{
    return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedOr64(LONG64 volatile *p, LONG64 v)
{
    return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedXor64(LONG64 volatile *p, LONG64 v)
{
    return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST);
}

FORCEINLINE UCHAR InterlockedBitTestAndSet(LONG volatile *p, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));

    return (UCHAR)((__atomic_fetch_or(p + (bit >> 5), mask, __ATOMIC_SEQ_CST) & mask) != 0);
}

FORCEINLINE UCHAR InterlockedBitTestAndReset(LONG volatile *p, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));

    return (UCHAR)((__atomic_fetch_and(p + (bit >> 5), ~mask, __ATOMIC_SEQ_CST) & mask) != 0);
}

#define InterlockedExchangeAddSizeT(p, n)                                                          \
    ((SIZE_T)InterlockedExchangeAdd64((LONG64 volatile *)(p), (LONG64)(n)))
#define InterlockedIncrementSizeT(p) ((SIZE_T)InterlockedIncrement64((LONG64 volatile *)(p)))
#define InterlockedDecrementSizeT(p) ((SIZE_T)InterlockedDecrement64((LONG64 volatile *)(p)))

#define InterlockedIncrementAcquire              InterlockedIncrement
#define InterlockedIncrementRelease              InterlockedIncrement
#define InterlockedIncrementNoFence              InterlockedIncrement
#define InterlockedDecrementAcquire              InterlockedDecrement
#define InterlockedDecrementRelease              InterlockedDecrement
#define InterlockedDecrementNoFence              InterlockedDecrement
#define InterlockedExchangeAcquire               InterlockedExchange
#define InterlockedExchangeNoFence               InterlockedExchange
#define InterlockedExchangeAddAcquire            InterlockedExchangeAdd
#define InterlockedExchangeAddRelease            InterlockedExchangeAdd
#define InterlockedCompareExchangeAcquire        InterlockedCompareExchange
#define InterlockedCompareExchangeRelease        InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence        InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire64      InterlockedCompareExchange64
#define InterlockedCompareExchangeRelease64      InterlockedCompareExchange64
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedExchangePointerNoFence        InterlockedExchangePointer
#define InterlockedOrAcquire                     InterlockedOr
#define InterlockedAndAcquire                    InterlockedAnd

#define ReadAcquire(p)            __atomic_load_n((LONG const volatile *)(p), __ATOMIC_ACQUIRE)
#define ReadNoFence(p)            __atomic_load_n((LONG const volatile *)(p), __ATOMIC_RELAXED)
#define ReadRaw(p)                ReadNoFence(p)
#define WriteRelease(p, v)        __atomic_store_n((LONG volatile *)(p), v, __ATOMIC_RELEASE)
#define WriteNoFence(p, v)        __atomic_store_n((LONG volatile *)(p), v, __ATOMIC_RELAXED)
#define WriteRaw(p, v)            WriteNoFence(p, v)
#define ReadPointerAcquire(p)     __atomic_load_n((PVOID const volatile *)(p), __ATOMIC_ACQUIRE)
#define ReadPointerNoFence(p)     __atomic_load_n((PVOID const volatile *)(p), __ATOMIC_RELAXED)
#define WritePointerRelease(p, v) __atomic_store_n((PVOID volatile *)(p), v, __ATOMIC_RELEASE)
#define WritePointerNoFence(p, v) __atomic_store_n((PVOID volatile *)(p), v, __ATOMIC_RELAXED)

#define KeMemoryBarrier()             __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KeMemoryBarrierWithoutFence() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define MemoryBarrier()               __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define _ReadWriteBarrier()           __atomic_signal_fence(__ATOMIC_SEQ_CST)

#if defined(__x86_64__)
#define YieldProcessor() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define YieldProcessor() __asm__ volatile("yield" ::: "memory")
#else
#define YieldProcessor() __asm__ volatile("" ::: "memory")
#endif

#endif
