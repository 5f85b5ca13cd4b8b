/* SPDX-License-Identifier: MIT */
/*
 * ex.h - the executive's support: tagged pools, lookaside lists, work items, resources, interlocked
 * lists.
 *
 * Calls: ke, vf. Pool blocks carry a header with size, tag, type and the caller's address, and
 * stand in one of 64 lists by address, each with a KI_LOCK (innermost; nothing is called under it).
 */
#ifndef NTIO_EX_H
#define NTIO_EX_H

#include "ntio/ke/ke.h"
#include "ntio/vf/vf.h"

NTSTATUS ExInitializeSystem(VOID); /* worker threads start when the first item is queued */
VOID ExShutdownSystem(VOID);       /* drains the work queues, ends the workers */
/*
 * Drains the queues and ends the worker threads (KiCreateHostThread, KiJoinHostThread); a later
 * item starts one again. PsShutdownSystem calls it, because workers are thread objects while ps is
 * up. PASSIVE_LEVEL, not on a worker.
 */
VOID ExpStopWorkers(VOID);
/* Returns when every work item that was queued before the call has run. PASSIVE_LEVEL, not on a
 * worker. */
VOID ExpDrainWorkQueues(VOID);
/*
 * Returns when no work item is queued or runs whose routine lies in the Size bytes at Base: the
 * code is about to go. Others are not waited for. PASSIVE_LEVEL. FALSE: the caller itself runs on
 * such an item, and that one was left out.
 */
BOOLEAN ExpDrainWorkOf(PVOID Base, SIZE_T Size);

typedef struct _EXP_POOL_BLOCK_INFO {
    PVOID Address;
    SIZE_T Bytes;
    ULONG Tag;
    POOL_TYPE Type;
    PVOID Caller; /* return address of the allocation */
} EXP_POOL_BLOCK_INFO;
typedef VOID EXP_POOL_ROUTINE(const EXP_POOL_BLOCK_INFO *Block, PVOID Context);
VOID ExpEnumeratePool(EXP_POOL_ROUTINE *Each, PVOID Context);

typedef struct _EXP_POOL_TAG_INFO {
    ULONG Tag;
    POOL_TYPE Type;
    ULONGLONG Allocations, Frees, Bytes; /* Bytes: now in use */
} EXP_POOL_TAG_INFO;
/* Fills at most Count entries; returns how many tags there are. */
ULONG ExpQueryPoolTags(EXP_POOL_TAG_INFO *Tags, ULONG Count);
/* The block that begins at Address; FALSE where none does. */
BOOLEAN ExpQueryPoolBlock(PVOID Address, EXP_POOL_BLOCK_INFO *Info);
/* Totals for ntio_get_counts. */
VOID ExpQueryPoolTotals(PULONGLONG Blocks, PULONGLONG Bytes);

/*
 * Tests: n makes the n-th allocation from now fail (1: the next one), 0 none. It counts pool
 * blocks, MDLs and mappings of MDLs. One relaxed load on the path.
 */
extern _Atomic ULONGLONG ExpFailAllocationNumber;
static inline BOOLEAN ExpAllocationMustFail(VOID)
{
    ULONGLONG Number = atomic_load_explicit(&ExpFailAllocationNumber, memory_order_relaxed);

    while (NTIO_UNLIKELY(Number != 0)) {
        if (atomic_compare_exchange_weak(&ExpFailAllocationNumber, &Number, Number - 1))
            return (BOOLEAN)(Number == 1);
    }
    return FALSE;
}

/*
 * What ExGetPreviousMode answers on a program's thread (a system thread: KernelMode). win32 sets it
 * to UserMode while a program's call is inside, and puts it back.
 */
extern __thread KPROCESSOR_MODE ExpPreviousMode;

#endif
