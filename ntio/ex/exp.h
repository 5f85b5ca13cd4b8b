/* SPDX-License-Identifier: MIT */
/* exp.h - ex's own. */
#ifndef NTIO_EX_EXP_H
#define NTIO_EX_EXP_H

#include "ntio/ex/ex.h"
#include "ntio/vf/sanitizer.h"

static inline KIRQL ExpIrql(VOID)
{
    return KiCurrentThread != NULL ? KiCurrentThread->Irql : PASSIVE_LEVEL;
}

/* Are normal kernel APCs held off from this thread? System threads get none that would matter. */
static inline BOOLEAN ExpApcsHeldOff(VOID)
{
    PKTHREAD Thread = KiCurrentThread;

    return (BOOLEAN)(Thread == NULL || Thread->SystemThread || Thread->Irql >= APC_LEVEL ||
                     Thread->KernelApcDisable != 0 || Thread->SpecialApcDisable != 0);
}

/* ---- tracked.c: objects in drivers' memory that must be deleted before it goes ---- */
typedef enum _EXP_TRACKED { ExpTrackedLookaside = 1, ExpTrackedResource = 2 } EXP_TRACKED;
/* FALSE: Object is there already. */
BOOLEAN ExpTrack(PVOID Object, EXP_TRACKED Kind, PVOID Caller);
/* FALSE: it was not there. */
BOOLEAN ExpUntrack(PVOID Object, EXP_TRACKED Kind);
/* Stops with 0xCC or 0xD2 where a tracked object lies in memory that is freed. */
VOID ExpCheckFreedMemory(PVOID Address, SIZE_T Bytes);
VOID ExpInitializeTracking(VOID);

/* ---- worker.c ---- */
VOID ExpInitializeWorkers(VOID);
/* Stops with WORKER_INVALID where a queued item lies in memory that is freed. */
VOID ExpCheckFreedForWorkItems(PVOID Address, SIZE_T Bytes);

VOID ExpInitializePool(VOID);
VOID ExpInitializeCallbacks(VOID);

/* ---- pool.c ---- */
/* Type without its request flags. */
PVOID ExpAllocatePool(POOL_TYPE Type, SIZE_T Bytes, ULONG Tag, BOOLEAN Zero, PVOID Caller);
VOID ExpFreePool(PVOID Address, ULONG Tag, PVOID Caller);

#endif
