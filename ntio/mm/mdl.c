/* SPDX-License-Identifier: MIT */
/*
 * mdl.c - MDLs from their making to their end: IoAllocateMdl, what they describe, what is locked.
 *
 * Each MDL that IoAllocateMdl made has a prefix in front, and stands in the list of one of 16
 * shards: that of the thread that made it, so that threads do not meet. MDLs of up to
 * MMP_FIXED_PAGES pages are kept by the shard for the next. Under a sanitizer nothing is kept.
 *
 * Frame numbers are addresses shifted by PAGE_SHIFT. Locking a page proves that it is there and may
 * be written; the host's pager stays free to move it, and a program that unmaps its own locked
 * buffer is not held back as Windows would.
 *
 * Lock: MMP_SHARD.Lock, innermost.
 */
#include "ntio/mm/mmp.h"
#include <stdio.h>
#include <stdlib.h>

#define MMP_SHARDS      16
#define MMP_FIXED_PAGES 33 /* 128 KiB that begin anywhere */
#define MMP_KEEP        (NTIO_SANITIZED ? 0 : 64)
#define MMP_MDL_LIVE    0x4c444d21
#define MMP_MDL_FREE    0x6c646d21
/* Flags that belong to the MDL's memory and not to what it describes. */
#define MMP_MEMORY_FLAGS (MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED)

typedef struct _MMP_MDL_PREFIX {
    LIST_ENTRY Link; /* Live, or (Flink alone) Free */
    PVOID Caller;
    ULONG Magic;
    USHORT Shard;
    USHORT Generation; /* the boot it belongs to */
} MMP_MDL_PREFIX;
C_ASSERT(sizeof(MMP_MDL_PREFIX) % 16 == 0);

typedef struct DECLSPEC_ALIGN(64) _MMP_SHARD {
    KI_LOCK Lock;
    ULONG Kept;
    ULONGLONG Count;
    LIST_ENTRY Live;
    PLIST_ENTRY Free;
} MMP_SHARD;

static MMP_SHARD MmpShard[MMP_SHARDS];
static USHORT MmpGeneration;
static _Atomic ULONG MmpNextShard;
static __thread ULONG MmpThreadShard; /* + 1 */

static inline PMDL MmpMdlOf(MMP_MDL_PREFIX *Prefix)
{
    return (PMDL)(Prefix + 1);
}

static inline MMP_MDL_PREFIX *MmpPrefixOf(PMDL Mdl)
{
    return (MMP_MDL_PREFIX *)Mdl - 1;
}

static inline ULONG MmpSpan(PMDL Mdl)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES(Mdl->ByteOffset, Mdl->ByteCount);
}

/* The shard's lock is held. */
static inline VOID MmpEnterMdl(MMP_SHARD *Shard, MMP_MDL_PREFIX *Prefix, PVOID Caller)
{
    Prefix->Caller = Caller;
    Prefix->Magic = MMP_MDL_LIVE;
    Prefix->Shard = (USHORT)(Shard - MmpShard);
    Prefix->Generation = MmpGeneration;
    InsertTailList(&Shard->Live, &Prefix->Link);
    Shard->Count++;
}

static MMP_MDL_PREFIX *MmpTakeMdl(ULONG Pages, PVOID Caller)
{
    MMP_MDL_PREFIX *Prefix = NULL;
    MMP_SHARD *Shard;

    if (NTIO_UNLIKELY(MmpThreadShard == 0))
        MmpThreadShard = atomic_fetch_add(&MmpNextShard, 1) % MMP_SHARDS + 1;
    Shard = &MmpShard[MmpThreadShard - 1];
    if (Pages <= MMP_FIXED_PAGES) {
        KiLock(&Shard->Lock);
        if (Shard->Free != NULL) {
            Prefix = CONTAINING_RECORD(Shard->Free, MMP_MDL_PREFIX, Link);
            Shard->Free = Shard->Free->Flink;
            Shard->Kept--;
            MmpEnterMdl(Shard, Prefix, Caller);
        }
        KiUnlock(&Shard->Lock);
        if (Prefix != NULL)
            return Prefix;
        Pages = MMP_FIXED_PAGES;
    }
    Prefix = malloc(sizeof(*Prefix) + sizeof(MDL) + Pages * sizeof(PFN_NUMBER));
    if (Prefix == NULL)
        return NULL;
    KiLock(&Shard->Lock);
    MmpEnterMdl(Shard, Prefix, Caller);
    KiUnlock(&Shard->Lock);
    return Prefix;
}

static VOID MmpGiveMdl(MMP_MDL_PREFIX *Prefix)
{
    MMP_SHARD *Shard = &MmpShard[Prefix->Shard];
    BOOLEAN Keep = (BOOLEAN)((MmpMdlOf(Prefix)->MdlFlags & MDL_ALLOCATED_FIXED_SIZE) != 0);

    Prefix->Magic = MMP_MDL_FREE;
    KiLock(&Shard->Lock);
    RemoveEntryList(&Prefix->Link);
    Shard->Count--;
    Keep = (BOOLEAN)(Keep && Shard->Kept + 1 <= MMP_KEEP); /* 0 under sanitizers */
    if (Keep) {
        Prefix->Link.Flink = Shard->Free;
        Shard->Free = &Prefix->Link;
        Shard->Kept++;
    }
    KiUnlock(&Shard->Lock);
    if (!Keep)
        free(Prefix);
}

PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
                         BOOLEAN ChargeQuota, PIRP Irp)
{
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    MMP_MDL_PREFIX *Prefix;
    PMDL Mdl, *Link;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(ChargeQuota);
    /* Windows 7 and later: 4 GiB less a page. */
    if (Length > 0xfffff000u || ExpAllocationMustFail())
        return NULL;
    Prefix = MmpTakeMdl(Pages, __builtin_return_address(0));
    if (Prefix == NULL)
        return NULL;
    Mdl = MmpMdlOf(Prefix);
    MmInitializeMdl(Mdl, VirtualAddress, Length);
    Mdl->Process = NULL;
    Mdl->MappedSystemVa = NULL;
    if (Pages <= MMP_FIXED_PAGES)
        Mdl->MdlFlags |= MDL_ALLOCATED_FIXED_SIZE;
    if (Irp != NULL) {
        Link = &Irp->MdlAddress;
        while (SecondaryBuffer && *Link != NULL)
            Link = &(*Link)->Next;
        *Link = Mdl;
    }
    return Mdl;
}

VOID NTAPI IoFreeMdl(PMDL Mdl)
{
    EXP_POOL_BLOCK_INFO Block;
    MMP_MDL_PREFIX *Prefix;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    MmPrepareMdlForReuse(Mdl);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0))
        VfBugCheck(PROCESS_HAS_LOCKED_PAGES, 0, (ULONG_PTR)Mdl->Process, MmpSpan(Mdl),
                   (ULONG_PTR)Mdl, "IoFreeMdl of an MDL whose pages are still locked");
    if (NTIO_UNLIKELY((Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL)) ==
                      MDL_MAPPED_TO_SYSTEM_VA))
        VfStop(0xb8, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, 0, NULL);
    /* One that a driver allocated itself, or MmAllocatePagesForMdl did, is a pool block. */
    if ((Mdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE) == 0 && ExpQueryPoolBlock(Mdl, &Block)) {
        ExFreePool(Mdl);
        return;
    }
    Prefix = MmpPrefixOf(Mdl);
    if (NTIO_UNLIKELY(Prefix->Magic != MMP_MDL_LIVE))
        VfBugCheck(BAD_POOL_CALLER, Prefix->Magic == MMP_MDL_FREE ? 0x07 : 0x46,
                   Prefix->Magic == MMP_MDL_FREE ? 0 : (ULONG_PTR)Mdl, 0, (ULONG_PTR)Mdl,
                   Prefix->Magic == MMP_MDL_FREE ? "IoFreeMdl of an MDL that is free already"
                                                 : "IoFreeMdl of what is no MDL");
    MmpGiveMdl(Prefix);
}

/* The frame numbers of what the MDL describes. */
static VOID MmpFillFrames(PMDL Mdl)
{
    PPFN_NUMBER Frame = MmGetMdlPfnArray(Mdl);
    PFN_NUMBER First = (ULONG_PTR)Mdl->StartVa >> PAGE_SHIFT;
    ULONG Pages = MmpSpan(Mdl);
    ULONG i;

    for (i = 0; i < Pages; i++)
        Frame[i] = First + i;
}

VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    ULONG_PTR Start = (ULONG_PTR)MmGetMdlVirtualAddress(SourceMdl);
    ULONG_PTR Offset = (ULONG_PTR)VirtualAddress - Start;
    ULONG Pages, SkipPages;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if ((SourceMdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)) == 0)
        VfStop(0xb3, (ULONG_PTR)SourceMdl, (USHORT)SourceMdl->MdlFlags,
               MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL,
               "IoBuildPartialMdl of an MDL whose pages are not locked");
    if (Offset > SourceMdl->ByteCount || Length > SourceMdl->ByteCount - Offset)
        VfStop(0x16, (ULONG_PTR)SourceMdl, (ULONG_PTR)VirtualAddress, Length,
               "IoBuildPartialMdl of more than the source MDL describes");
    if (Length == 0)
        Length = SourceMdl->ByteCount - (ULONG)Offset;
    Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    /* Size has 16 bits, so it says nothing about an MDL of 8,000 pages. */
    if (Pages < 4000 && (USHORT)TargetMdl->Size < sizeof(MDL) + Pages * sizeof(PFN_NUMBER))
        KeBugCheckEx(TARGET_MDL_TOO_SMALL, (ULONG_PTR)SourceMdl, (ULONG_PTR)TargetMdl,
                     (ULONG_PTR)VirtualAddress, Length);

    MmPrepareMdlForReuse(TargetMdl);
    SkipPages = (ULONG)((SourceMdl->ByteOffset + Offset) >> PAGE_SHIFT);
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = Length;
    TargetMdl->MdlFlags =
        (CSHORT)((TargetMdl->MdlFlags & MMP_MEMORY_FLAGS) | MDL_PARTIAL |
                 (SourceMdl->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA |
                                         MDL_IO_PAGE_READ | MDL_IO_SPACE | MDL_WRITE_OPERATION)));
    if ((SourceMdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0)
        TargetMdl->MdlFlags |= MDL_PARENT_MAPPED_SYSTEM_VA;
    /* The source's mapping serves for the part. */
    TargetMdl->MappedSystemVa =
        (SourceMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0
            ? (PVOID)((PUCHAR)SourceMdl->MappedSystemVa + Offset)
            : NULL;
    memcpy(MmGetMdlPfnArray(TargetMdl), MmGetMdlPfnArray(SourceMdl) + SkipPages,
           Pages * sizeof(PFN_NUMBER));
}

VOID NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    PMDL Mdl = MemoryDescriptorList;
    const USHORT Wrong = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL;
    EXP_POOL_BLOCK_INFO Block;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & Wrong) != 0))
        VfStop(0xb0, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, (USHORT)Mdl->MdlFlags & Wrong,
               "MmBuildMdlForNonPagedPool of an MDL that is locked, mapped or partial");
    if (NTIO_UNLIKELY(ExpQueryPoolBlock(MmGetMdlVirtualAddress(Mdl), &Block) &&
                      (Block.Type & 1) != 0))
        VfStop(0x7f, MmpIrql(), (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, NULL);
    Mdl->Process = NULL;
    Mdl->MappedSystemVa = MmGetMdlVirtualAddress(Mdl);
    Mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    MmpFillFrames(Mdl);
}

VOID NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation)
{
    PMDL Mdl = MemoryDescriptorList;
    const USHORT Wrong = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL |
                         MDL_PARTIAL | MDL_IO_SPACE;
    KIRQL Irql = MmpIrql();

    if (NTIO_UNLIKELY(Irql > DISPATCH_LEVEL))
        VfStop(0x70, Irql, (ULONG_PTR)Mdl, (ULONG_PTR)AccessMode, NULL);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & Wrong) != 0))
        VfStop(0xb0, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, (USHORT)Mdl->MdlFlags & Wrong, NULL);
    if (MmpProbeRange(MmGetMdlVirtualAddress(Mdl), Mdl->ByteCount,
                      (BOOLEAN)(Operation != IoReadAccess)) != STATUS_SUCCESS)
        ExRaiseStatus(STATUS_ACCESS_VIOLATION);
    MmpFillFrames(Mdl);
    Mdl->Process = NULL;
    if (AccessMode != KernelMode && KiCurrentThread != NULL)
        Mdl->Process = KiCurrentThread->AttachedProcess != NULL ? KiCurrentThread->AttachedProcess
                                                                : KiCurrentThread->Process;
    Mdl->MappedSystemVa = NULL;
    Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (Operation != IoReadAccess)
        Mdl->MdlFlags |= MDL_WRITE_OPERATION;
    else
        Mdl->MdlFlags &= (CSHORT)~MDL_WRITE_OPERATION;
}

VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList)
{
    PMDL Mdl = MemoryDescriptorList;
    KIRQL Irql = MmpIrql();

    if (NTIO_UNLIKELY(Irql > DISPATCH_LEVEL))
        VfStop(0x78, Irql, (ULONG_PTR)Mdl, 0, NULL);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0))
        VfStop(0x7d, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, 0, NULL);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & MDL_PARTIAL) != 0))
        VfStop(0xb4, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, MDL_PARTIAL, NULL);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & MDL_PAGES_LOCKED) == 0))
        VfStop(0x7c, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, 0, NULL);
    /* As on Windows, a system mapping goes with the lock. */
    if ((Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0)
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    Mdl->MdlFlags &= (CSHORT) ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
}

NTSTATUS NTAPI MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes)
{
    ULONG Pages, Left;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (NumberOfBytes >= Mdl->ByteCount)
        return STATUS_INVALID_PARAMETER_2;
    Pages = (Mdl->ByteOffset + NumberOfBytes) >> PAGE_SHIFT;
    Left = MmpSpan(Mdl) - Pages;
    memmove(MmGetMdlPfnArray(Mdl), MmGetMdlPfnArray(Mdl) + Pages, Left * sizeof(PFN_NUMBER));
    Mdl->StartVa = (PUCHAR)Mdl->StartVa + ((SIZE_T)Pages << PAGE_SHIFT);
    Mdl->ByteOffset = (Mdl->ByteOffset + NumberOfBytes) & (PAGE_SIZE - 1);
    Mdl->ByteCount -= NumberOfBytes;
    if ((Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0)
        Mdl->MappedSystemVa = (PUCHAR)Mdl->MappedSystemVa + NumberOfBytes;
    return STATUS_SUCCESS;
}

/* ---- accounting ---- */

VOID MmpEnumerateMdls(MMP_MDL_ROUTINE *Each, PVOID Context)
{
    ULONG i;

    for (i = 0; i < MMP_SHARDS; i++) {
        MMP_SHARD *Shard = &MmpShard[i];
        PLIST_ENTRY Entry;

        KiLock(&Shard->Lock);
        for (Entry = Shard->Live.Flink; Entry != &Shard->Live; Entry = Entry->Flink) {
            MMP_MDL_PREFIX *Prefix = CONTAINING_RECORD(Entry, MMP_MDL_PREFIX, Link);

            if (Prefix->Generation == MmpGeneration)
                Each(MmpMdlOf(Prefix), Prefix->Caller, Context);
        }
        KiUnlock(&Shard->Lock);
    }
}

ULONGLONG MmpQueryMdlCount(VOID)
{
    ULONGLONG Count = 0;
    ULONG i;

    for (i = 0; i < MMP_SHARDS; i++) {
        KiLock(&MmpShard[i].Lock);
        Count += MmpShard[i].Count;
        KiUnlock(&MmpShard[i].Lock);
    }
    return Count;
}

typedef struct _MMP_ACCOUNT {
    VF_LEFT_ROUTINE *Left;
    PVOID Context;
} MMP_ACCOUNT;

static VOID MmpAccountMdl(PMDL Mdl, PVOID Caller, PVOID Context)
{
    MMP_ACCOUNT *Account = Context;
    char Sentence[320], Who[200];

    VfDescribeAddress(Caller, Who, sizeof(Who));
    snprintf(Sentence, sizeof(Sentence), "%p of %u bytes at %p%s%s, allocated by %s", (PVOID)Mdl,
             Mdl->ByteCount, MmGetMdlVirtualAddress(Mdl),
             (Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0 ? ", locked" : "",
             (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0 ? ", mapped" : "", Who);
    Account->Left("MDL", Sentence, Account->Context);
}

static VOID MmpAccountMdls(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    MMP_ACCOUNT Account = {Left, Context};

    MmpEnumerateMdls(MmpAccountMdl, &Account);
}

VOID MmpInitializeMdls(VOID)
{
    ULONG i;

    /* What an earlier boot left stays in the lists, under its generation: its owner may still free
     * it. */
    MmpGeneration++;
    for (i = 0; i < MMP_SHARDS; i++) {
        if (MmpShard[i].Live.Flink == NULL)
            InitializeListHead(&MmpShard[i].Live);
    }
    VfAddAccountingSource("mm", MmpAccountMdls);
}
