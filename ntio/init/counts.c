/* SPDX-License-Identifier: MIT */
/* counts.c - how many of each thing there are, by the same enumerators that the accounting asks. */
#include "ntio/init/initp.h"

static VOID InitpCountIrp(PIRP Irp, PVOID AllocatedBy, PVOID Context)
{
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(AllocatedBy);
    ((ntio_counts *)Context)->irps++;
}

static VOID InitpCountMdl(PMDL Mdl, PVOID Caller, PVOID Context)
{
    UNREFERENCED_PARAMETER(Mdl);
    UNREFERENCED_PARAMETER(Caller);
    ((ntio_counts *)Context)->mdls++;
}

static VOID InitpCountBlock(const EXP_POOL_BLOCK_INFO *Block, PVOID Context)
{
    ntio_counts *Counts = Context;
    Counts->pool_blocks++;
    Counts->pool_bytes += Block->Bytes;
}

static VOID InitpCountObject(PVOID Object, POBJECT_TYPE Type, LONG_PTR References, LONG_PTR Handles,
                             PVOID Context)
{
    ntio_counts *Counts = Context;
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(References);
    Counts->objects++;
    Counts->handles += (uint64_t)Handles;
    if (Type == PspThreadType)
        Counts->threads++;
}

static VOID InitpCountTimer(const char *Kind, PVOID Object, PVOID Detail, PVOID Context)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Detail);
    if (strcmp(Kind, "timer") == 0)
        ((ntio_counts *)Context)->timers++;
}

void ntio_get_counts(ntio_counts *counts)
{
    memset(counts, 0, sizeof(*counts));
    if (!InitpIsUp())
        return;
    IopEnumerateIrps(InitpCountIrp, counts);
    MmpEnumerateMdls(InitpCountMdl, counts);
    ExpEnumeratePool(InitpCountBlock, counts);
    ObpEnumerateObjects(InitpCountObject, counts);
    KiEnumerateTimers(InitpCountTimer, counts);
}
