/* SPDX-License-Identifier: MIT */
/*
 * lookaside.c - caches of blocks of one size. Taking and giving is inline in drivers (wdm/ex.h);
 * here they are made and emptied.
 *
 * Windows moves a list's depth between 4 and 256 by its hit rate; here it is fixed, so that an idle
 * host does nothing. Under a sanitizer it is 0, and each block is one allocation.
 */
#include "ntio/ex/exp.h"

#define EXP_LOOKASIDE_DEPTH         (NTIO_SANITIZED ? 0 : 64)
#define EXP_LOOKASIDE_MAXIMUM_DEPTH 256
#define EXP_LOOKASIDE_MINIMUM_SIZE  sizeof(PVOID)

static PVOID NTAPI ExpLookasideAllocate(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                        PLOOKASIDE_LIST_EX Lookaside)
{
    UNREFERENCED_PARAMETER(Lookaside);
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

static VOID NTAPI ExpLookasideFree(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside)
{
    UNREFERENCED_PARAMETER(Lookaside);
    ExFreePool(Buffer);
}

/* The fields that all kinds begin with; a LOOKASIDE_LIST_EX is not cache-aligned. */
static VOID ExpInitializeLookaside(PGENERAL_LOOKASIDE_POOL List, POOL_TYPE Type, SIZE_T Size,
                                   ULONG Tag, PVOID Caller)
{
    if (Size < EXP_LOOKASIDE_MINIMUM_SIZE || Size > MAXLONG)
        VfStop(0xcd, (ULONG_PTR)List, Size, EXP_LOOKASIDE_MINIMUM_SIZE, NULL);
    if (!ExpTrack(List, ExpTrackedLookaside, Caller))
        VfStop(0xca, (ULONG_PTR)List, 0, 0, NULL);
    memset(List, 0, sizeof(*List));
    InitializeSListHead(&List->ListHead);
    List->Depth = EXP_LOOKASIDE_DEPTH;
    List->MaximumDepth = EXP_LOOKASIDE_MAXIMUM_DEPTH;
    List->Type = Type;
    List->Tag = Tag;
    List->Size = (ULONG)Size;
    InitializeListHead(&List->ListEntry);
}

static VOID ExpDeleteLookaside(PGENERAL_LOOKASIDE_POOL List)
{
    PSLIST_ENTRY Entry;

    if (!ExpUntrack(List, ExpTrackedLookaside))
        VfStop(0xcb, (ULONG_PTR)List, 0, 0, NULL);
    while ((Entry = ExpInterlockedPopEntrySList(&List->ListHead)) != NULL)
        List->Free(Entry);
}

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside,
                                           PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                           ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    POOL_TYPE Type = NonPagedPool;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Depth); /* reserved */
    if ((Flags & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0)
        Type = (POOL_TYPE)(Type | POOL_RAISE_IF_ALLOCATION_FAILURE);
    ExpInitializeLookaside((PGENERAL_LOOKASIDE_POOL)&Lookaside->L, Type, Size, Tag,
                           __builtin_return_address(0));
    Lookaside->L.Allocate = Allocate != NULL ? Allocate : ExAllocatePoolWithTag;
    Lookaside->L.Free = Free != NULL ? Free : ExFreePool;
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpDeleteLookaside((PGENERAL_LOOKASIDE_POOL)&Lookaside->L);
}

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside,
                                          PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                          ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    POOL_TYPE Type = PagedPool;

    KE_IRQL_AT_MOST(APC_LEVEL);
    UNREFERENCED_PARAMETER(Depth); /* reserved */
    if ((Flags & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0)
        Type = (POOL_TYPE)(Type | POOL_RAISE_IF_ALLOCATION_FAILURE);
    ExpInitializeLookaside((PGENERAL_LOOKASIDE_POOL)&Lookaside->L, Type, Size, Tag,
                           __builtin_return_address(0));
    Lookaside->L.Allocate = Allocate != NULL ? Allocate : ExAllocatePoolWithTag;
    Lookaside->L.Free = Free != NULL ? Free : ExFreePool;
}

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    ExpDeleteLookaside((PGENERAL_LOOKASIDE_POOL)&Lookaside->L);
}

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside,
                                           PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free,
                                           POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                           USHORT Depth)
{
    const ULONG Both =
        EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if ((Flags & ~Both) != 0 || (Flags & Both) == Both)
        return STATUS_INVALID_PARAMETER_5;
    if (Depth != 0)
        return STATUS_INVALID_PARAMETER_8;
    if ((Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) != 0)
        PoolType = (POOL_TYPE)(PoolType | POOL_RAISE_IF_ALLOCATION_FAILURE);
    if ((Flags & EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE) != 0)
        PoolType = (POOL_TYPE)(PoolType | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE);
    ExpInitializeLookaside(&Lookaside->L, PoolType, Size, Tag, __builtin_return_address(0));
    Lookaside->L.AllocateEx = Allocate != NULL ? Allocate : ExpLookasideAllocate;
    Lookaside->L.FreeEx = Free != NULL ? Free : ExpLookasideFree;
    return STATUS_SUCCESS;
}

VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    PSLIST_ENTRY Entry;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    while ((Entry = ExpInterlockedPopEntrySList(&Lookaside->L.ListHead)) != NULL)
        Lookaside->L.FreeEx(Entry, Lookaside);
}

VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!ExpUntrack(&Lookaside->L, ExpTrackedLookaside))
        VfStop(0xcb, (ULONG_PTR)Lookaside, 0, 0, NULL);
    ExFlushLookasideListEx(Lookaside);
}
