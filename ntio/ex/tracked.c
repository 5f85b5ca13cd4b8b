/* SPDX-License-Identifier: MIT */
/*
 * tracked.c - lookaside lists and resources stand in drivers' memory and must be deleted before it
 * goes.
 *
 * A table of their addresses: every pool free looks through it without a lock, so it is compact and
 * read by relaxed loads; writers hold ExpTrackLock. Should the table ever be full, further objects
 * are not watched.
 */
#include "ntio/ex/exp.h"

#define EXP_TRACKED_OBJECTS 1024

typedef struct _EXP_TRACKED_OBJECT {
    _Atomic ULONG_PTR
        Object; /* | EXP_TRACKED in the low bits, which are 0 in an address; 0: free */
    PVOID Caller;
} EXP_TRACKED_OBJECT;

static KI_LOCK ExpTrackLock;
static EXP_TRACKED_OBJECT ExpTrackedObjects[EXP_TRACKED_OBJECTS];
static _Atomic ULONG ExpTrackedHigh; /* entries from here on are free */

static const ULONG_PTR ExpKindMask = 3;

BOOLEAN ExpTrack(PVOID Object, EXP_TRACKED Kind, PVOID Caller)
{
    ULONG_PTR Value = (ULONG_PTR)Object | Kind;
    ULONG Free = EXP_TRACKED_OBJECTS;
    BOOLEAN New = TRUE;
    ULONG High, i;

    KiLock(&ExpTrackLock);
    High = atomic_load_explicit(&ExpTrackedHigh, memory_order_relaxed);
    for (i = 0; i < High; i++) {
        ULONG_PTR Entry = atomic_load_explicit(&ExpTrackedObjects[i].Object, memory_order_relaxed);
        if (Entry == Value) {
            New = FALSE;
            break;
        }
        if (Entry == 0 && Free == EXP_TRACKED_OBJECTS)
            Free = i;
    }
    if (New) {
        if (Free == EXP_TRACKED_OBJECTS && High < EXP_TRACKED_OBJECTS) {
            Free = High;
            atomic_store_explicit(&ExpTrackedHigh, High + 1, memory_order_relaxed);
        }
        if (Free != EXP_TRACKED_OBJECTS) {
            ExpTrackedObjects[Free].Caller = Caller;
            atomic_store_explicit(&ExpTrackedObjects[Free].Object, Value, memory_order_relaxed);
        }
    }
    KiUnlock(&ExpTrackLock);
    return New;
}

BOOLEAN ExpUntrack(PVOID Object, EXP_TRACKED Kind)
{
    ULONG_PTR Value = (ULONG_PTR)Object | Kind;
    BOOLEAN Found = FALSE;
    ULONG High, i;

    KiLock(&ExpTrackLock);
    High = atomic_load_explicit(&ExpTrackedHigh, memory_order_relaxed);
    for (i = 0; i < High && !Found; i++) {
        if (atomic_load_explicit(&ExpTrackedObjects[i].Object, memory_order_relaxed) == Value) {
            atomic_store_explicit(&ExpTrackedObjects[i].Object, 0, memory_order_relaxed);
            Found = TRUE;
        }
    }
    while (High != 0 &&
           atomic_load_explicit(&ExpTrackedObjects[High - 1].Object, memory_order_relaxed) == 0)
        High--;
    /* A full table says nothing about an object that is not in it. */
    if (!Found && High == EXP_TRACKED_OBJECTS)
        Found = TRUE;
    atomic_store_explicit(&ExpTrackedHigh, High, memory_order_relaxed);
    KiUnlock(&ExpTrackLock);
    return Found;
}

VOID ExpCheckFreedMemory(PVOID Address, SIZE_T Bytes)
{
    ULONG High = atomic_load_explicit(&ExpTrackedHigh, memory_order_relaxed);
    ULONG i;

    for (i = 0; i < High; i++) {
        ULONG_PTR Entry = atomic_load_explicit(&ExpTrackedObjects[i].Object, memory_order_relaxed);
        ULONG_PTR Object = Entry & ~ExpKindMask;
        if (Object - (ULONG_PTR)Address < Bytes && Entry != 0)
            VfStop((Entry & ExpKindMask) == ExpTrackedLookaside ? 0xcc : 0xd2, Object,
                   (ULONG_PTR)Address, Bytes, NULL);
    }
}

static VOID ExpAccountTracked(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    ULONG High, i;

    KiLock(&ExpTrackLock);
    High = atomic_load_explicit(&ExpTrackedHigh, memory_order_relaxed);
    for (i = 0; i < High; i++) {
        ULONG_PTR Entry = atomic_load_explicit(&ExpTrackedObjects[i].Object, memory_order_relaxed);
        char Sentence[320], Who[200];

        if (Entry == 0)
            continue;
        VfDescribeAddress(ExpTrackedObjects[i].Caller, Who, sizeof(Who));
        snprintf(Sentence, sizeof(Sentence), "at %p, initialised by %s",
                 (PVOID)(Entry & ~ExpKindMask), Who);
        Left((Entry & ExpKindMask) == ExpTrackedLookaside ? "lookaside list" : "resource", Sentence,
             Context);
    }
    KiUnlock(&ExpTrackLock);
}

VOID ExpInitializeTracking(VOID)
{
    ULONG i;

    /* What an earlier boot left was named then. */
    for (i = 0; i < EXP_TRACKED_OBJECTS; i++)
        atomic_store_explicit(&ExpTrackedObjects[i].Object, 0, memory_order_relaxed);
    atomic_store_explicit(&ExpTrackedHigh, 0, memory_order_relaxed);
    /* With pool, not before: ntio's own components have resources and lists as well. */
    VfAddAccountingSource("pool", ExpAccountTracked);
}
