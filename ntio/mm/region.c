/* SPDX-License-Identifier: MIT */
/*
 * region.c - whole pages: contiguous and non-cached memory, pages for MDLs.
 *
 * They are the host's own pages, apart from pool. Physical addresses are virtual ones, so every
 * region is contiguous, and a limit on addresses is met by a mapping below it or not at all. Each
 * is known until it is freed.
 *
 * Lock: MmpRegionLock guards the list, innermost.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "ntio/mm/mmp.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MMP_TAG_MDL 0x206c644d /* "Mdl ", Windows' own */

typedef enum _MMP_REGION_KIND { MmpContiguous, MmpNonCached, MmpPages } MMP_REGION_KIND;

typedef struct _MMP_REGION {
    LIST_ENTRY Link;
    PVOID Base;
    SIZE_T Bytes; /* as asked for */
    PVOID Caller;
    MMP_REGION_KIND Kind;
} MMP_REGION;

static KI_LOCK MmpRegionLock;
static LIST_ENTRY MmpRegions = {&MmpRegions, &MmpRegions};

static const char *const MmpRegionName[] = {"contiguous memory", "non-cached memory", "MDL pages"};

static PVOID MmpMapRegion(SIZE_T Bytes, ULONG_PTR Lowest, ULONG_PTR Highest, ULONG_PTR Boundary)
{
    static const int Where[] = {0,
#ifdef MAP_32BIT
                                MAP_32BIT
#endif
    };
    size_t i;

    for (i = 0; i < RTL_NUMBER_OF(Where); i++) {
        PUCHAR Base = mmap(NULL, Bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | Where[i], -1, 0);

        if (Base == MAP_FAILED)
            return NULL;
        if ((ULONG_PTR)Base >= Lowest && (ULONG_PTR)Base + Bytes - 1 <= Highest &&
            (Boundary == 0 ||
             (ULONG_PTR)Base / Boundary == ((ULONG_PTR)Base + Bytes - 1) / Boundary))
            return Base;
        munmap(Base, Bytes);
    }
    return NULL;
}

static PVOID MmpNewRegion(MMP_REGION_KIND Kind, SIZE_T Bytes, ULONG_PTR Lowest, ULONG_PTR Highest,
                          ULONG_PTR Boundary, PVOID Caller)
{
    MMP_REGION *Region;
    PVOID Base;

    if (Bytes == 0 || Bytes > (SIZE_T)1 << 46 || ExpAllocationMustFail())
        return NULL;
    Region = malloc(sizeof(*Region));
    if (Region == NULL)
        return NULL;
    Base = MmpMapRegion(ROUND_TO_PAGES(Bytes), Lowest, Highest, Boundary);
    if (Base == NULL) {
        free(Region);
        return NULL;
    }
    Region->Base = Base;
    Region->Bytes = Bytes;
    Region->Caller = Caller;
    Region->Kind = Kind;
    KiLock(&MmpRegionLock);
    InsertTailList(&MmpRegions, &Region->Link);
    KiUnlock(&MmpRegionLock);
    return Base;
}

/* Bytes 0: any. FALSE: there is no such region. */
static BOOLEAN MmpFreeRegion(MMP_REGION_KIND Kind, PVOID Base, SIZE_T Bytes)
{
    MMP_REGION *Found = NULL;
    PLIST_ENTRY Entry;

    KiLock(&MmpRegionLock);
    for (Entry = MmpRegions.Flink; Entry != &MmpRegions; Entry = Entry->Flink) {
        MMP_REGION *Region = CONTAINING_RECORD(Entry, MMP_REGION, Link);

        if (Region->Base == Base && Region->Kind == Kind &&
            (Bytes == 0 || Region->Bytes == Bytes)) {
            RemoveEntryList(Entry);
            Found = Region;
            break;
        }
    }
    KiUnlock(&MmpRegionLock);
    if (Found == NULL)
        return FALSE;
    munmap(Found->Base, ROUND_TO_PAGES(Found->Bytes));
    free(Found);
    return TRUE;
}

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes,
                                       PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return MmpNewRegion(MmpContiguous, NumberOfBytes, 0,
                        (ULONG_PTR)HighestAcceptableAddress.QuadPart, 0,
                        __builtin_return_address(0));
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE CacheType)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(CacheType);
    return MmpNewRegion(MmpContiguous, NumberOfBytes, (ULONG_PTR)LowestAcceptableAddress.QuadPart,
                        (ULONG_PTR)HighestAcceptableAddress.QuadPart,
                        (ULONG_PTR)BoundaryAddressMultiple.QuadPart, __builtin_return_address(0));
}

VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!MmpFreeRegion(MmpContiguous, BaseAddress, 0))
        KeBugCheckEx(BAD_POOL_CALLER, 0x60, (ULONG_PTR)BaseAddress, 0, 0);
}

VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
                                              MEMORY_CACHING_TYPE CacheType)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(CacheType);
    if (!MmpFreeRegion(MmpContiguous, BaseAddress, NumberOfBytes))
        KeBugCheckEx(BAD_POOL_CALLER, 0x60, (ULONG_PTR)BaseAddress, 0, 0);
}

PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    return MmpNewRegion(MmpNonCached, NumberOfBytes, 0, MAXULONG_PTR, 0,
                        __builtin_return_address(0));
}

VOID NTAPI MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    if (!MmpFreeRegion(MmpNonCached, BaseAddress, NumberOfBytes))
        KeBugCheckEx(BAD_POOL_CALLER, 0x60, (ULONG_PTR)BaseAddress, 0, 0);
}

static PMDL MmpAllocatePages(ULONG_PTR Lowest, ULONG_PTR Highest, SIZE_T Bytes, PVOID Caller)
{
    PPFN_NUMBER Frame;
    SIZE_T Pages = BYTES_TO_PAGES(Bytes), i;
    KIRQL Irql = MmpIrql();
    PUCHAR Base;
    PMDL Mdl;

    if (NTIO_UNLIKELY(Irql > DISPATCH_LEVEL))
        VfStop(0x7e, Irql, DISPATCH_LEVEL, 0, NULL);
    /* 4 GiB less a page at most, as on Windows. */
    if (Bytes == 0 || Bytes > 0xfffff000u)
        return NULL;
    Mdl = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(MDL) + Pages * sizeof(PFN_NUMBER),
                                MMP_TAG_MDL);
    if (Mdl == NULL)
        return NULL;
    Base = MmpNewRegion(MmpPages, Pages << PAGE_SHIFT, Lowest, Highest, 0, Caller);
    if (Base == NULL) {
        ExFreePool(Mdl);
        return NULL;
    }
    MmInitializeMdl(Mdl, NULL, Pages << PAGE_SHIFT);
    Mdl->Process = NULL;
    Mdl->MappedSystemVa = NULL;
    Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    Frame = MmGetMdlPfnArray(Mdl);
    for (i = 0; i < Pages; i++)
        Frame[i] = ((ULONG_PTR)Base >> PAGE_SHIFT) + i;
    return Mdl;
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    UNREFERENCED_PARAMETER(SkipBytes); /* further ranges: the first is all there is */
    return MmpAllocatePages((ULONG_PTR)LowAddress.QuadPart, (ULONG_PTR)HighAddress.QuadPart,
                            TotalBytes, __builtin_return_address(0));
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    /* It is always zeroed, complete and contiguous, which every flag allows. */
    UNREFERENCED_PARAMETER(SkipBytes);
    UNREFERENCED_PARAMETER(CacheType);
    UNREFERENCED_PARAMETER(Flags);
    return MmpAllocatePages((ULONG_PTR)LowAddress.QuadPart, (ULONG_PTR)HighAddress.QuadPart,
                            TotalBytes, __builtin_return_address(0));
}

VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    PMDL Mdl = MemoryDescriptorList;
    KIRQL Irql = MmpIrql();
    PVOID Base;

    if (NTIO_UNLIKELY(Irql > DISPATCH_LEVEL))
        VfStop(0x7e, Irql, DISPATCH_LEVEL, 0, NULL);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & MDL_PAGES_LOCKED) == 0))
        VfStop(0x7c, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, 0,
               "MmFreePagesFromMdl of an MDL that has no pages");
    Base = (PVOID)(MmGetMdlPfnArray(Mdl)[0] << PAGE_SHIFT);
    if (!MmpFreeRegion(MmpPages, Base, 0))
        VfStop(0x7c, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, 0,
               "MmFreePagesFromMdl of pages that MmAllocatePagesForMdl did not give");
    Mdl->MdlFlags &= (CSHORT) ~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
    Mdl->MappedSystemVa = NULL;
}

static VOID MmpAccountRegions(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    PLIST_ENTRY Entry;

    KiLock(&MmpRegionLock);
    for (Entry = MmpRegions.Flink; Entry != &MmpRegions; Entry = Entry->Flink) {
        MMP_REGION *Region = CONTAINING_RECORD(Entry, MMP_REGION, Link);
        char Sentence[320], Who[200];

        VfDescribeAddress(Region->Caller, Who, sizeof(Who));
        snprintf(Sentence, sizeof(Sentence), "%llu bytes at %p, allocated by %s", Region->Bytes,
                 Region->Base, Who);
        Left(MmpRegionName[Region->Kind], Sentence, Context);
    }
    KiUnlock(&MmpRegionLock);
}

VOID MmpInitializeRegions(VOID)
{
    /* What an earlier boot left was named then, and nobody can name it to free it any more: it is
     * let go. */
    while (!IsListEmpty(&MmpRegions)) {
        MMP_REGION *Region = CONTAINING_RECORD(MmpRegions.Flink, MMP_REGION, Link);

        MmpFreeRegion(Region->Kind, Region->Base, 0);
    }
    VfAddAccountingSource("mm", MmpAccountRegions);
}
