/* SPDX-License-Identifier: MIT */
/*
 * random.c - random numbers, 0 to MAXLONG - 1. Not for secrets. RtlUniform is a linear congruential
 * generator with the constants of Windows; RtlRandom and RtlRandomEx shuffle its output through a
 * table that all callers share.
 */
#include "rtlp.h"

static _Atomic ULONG RtlpShuffle[128];
static _Atomic ULONG RtlpShuffled;

ULONG NTAPI RtlUniform(PULONG Seed)
{
    *Seed = (ULONG)((0x7fffffedULL * *Seed + 0x7fffffc3) % 0x7fffffff);
    return *Seed;
}

ULONG NTAPI RtlRandomEx(PULONG Seed)
{
    ULONG Next, Slot;

    /* The table's first content is a sequence of its own; filling it twice does no harm. */
    if (atomic_load_explicit(&RtlpShuffled, memory_order_acquire) == 0) {
        ULONG First = 0x4c78e1a5;

        for (ULONG i = 0; i < RTL_NUMBER_OF(RtlpShuffle); i++)
            atomic_store_explicit(&RtlpShuffle[i], RtlUniform(&First), memory_order_relaxed);
        atomic_store_explicit(&RtlpShuffled, 1, memory_order_release);
    }
    Next = RtlUniform(Seed);
    Slot = Next % RTL_NUMBER_OF(RtlpShuffle);
    return atomic_exchange_explicit(&RtlpShuffle[Slot], Next, memory_order_relaxed);
}

ULONG NTAPI RtlRandom(PULONG Seed)
{
    return RtlRandomEx(Seed);
}
