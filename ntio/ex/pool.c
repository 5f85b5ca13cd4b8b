/* SPDX-License-Identifier: MIT */
/*
 * pool.c - tagged pool: blocks, where they are found, and what is checked when one goes.
 *
 * Every block is known by its address, in one of 64 shards with hash chains, so that a free looks
 * nothing up in memory that the caller may have made up. The header lies in front of a small block;
 * that of a block of a page or more, which must begin on a page, lies elsewhere; under ASan all do,
 * so that both ends of a block are ASan's. Otherwise a canary stands on either side.
 *
 * Lock: EXP_SHARD.Lock guards its chains, tags and history. Innermost; nothing is called under it
 * but the stop.
 */
#include "ntio/ex/exp.h"
#include <stdlib.h>

#define EXP_SHARDS          64
#define EXP_BUCKETS         1024 /* a shard */
#define EXP_TAGS            256  /* a shard; what comes after is counted under tag 0 */
#define EXP_HISTORY         64   /* frees that a shard remembers */
#define EXP_CANARY          0x7e5aa11c0de5a1adULL
#define EXP_CANARY_FREED    0xdeadf4eedb10c000ULL
#define EXP_FILL_NEW        0xA5
#define EXP_FILL_FREED      0xDD
#define EXP_FILL_BYTES      PAGE_SIZE
#define EXP_CACHE_ALIGNMENT SYSTEM_CACHE_ALIGNMENT_SIZE

typedef struct _EXP_POOL_HEADER {
    struct _EXP_POOL_HEADER *Next; /* the chain */
    PVOID Base;                    /* what the host's allocator gave: header and data, or data */
    PUCHAR Data;
    SIZE_T Bytes;
    PVOID Caller;
    ULONG Tag;
    USHORT Type;
    USHORT Generation; /* the boot it belongs to */
    ULONGLONG Reserved;
    ULONGLONG Canary; /* last: next to a small block's data */
} EXP_POOL_HEADER;
C_ASSERT(sizeof(EXP_POOL_HEADER) % 16 == 0);

typedef struct _EXP_TAG_ENTRY {
    ULONG Tag;
    USHORT Type; /* 0 nonpaged, 1 paged */
    USHORT Used;
    ULONGLONG Allocations, Frees, Bytes;
} EXP_TAG_ENTRY;

typedef struct _EXP_FREED {
    PVOID Address;
    PVOID Caller;
    ULONG Tag;
} EXP_FREED;

typedef struct DECLSPEC_ALIGN(64) _EXP_SHARD {
    KI_LOCK Lock;
    ULONG NextFreed;
    ULONGLONG Blocks, Bytes;
    EXP_POOL_HEADER *Bucket[EXP_BUCKETS];
    EXP_TAG_ENTRY Tag[EXP_TAGS];
    EXP_FREED Freed[EXP_HISTORY]; /* a ring: the newest at NextFreed - 1 */
} EXP_SHARD;

static EXP_SHARD ExpShard[EXP_SHARDS];
static USHORT ExpGeneration;
_Atomic ULONGLONG ExpFailAllocationNumber;

static inline ULONGLONG ExpHash(PVOID Address)
{
    return ((ULONGLONG)(ULONG_PTR)Address >> 4) * 0x9e3779b97f4a7c15ULL;
}

static inline EXP_SHARD *ExpShardOf(ULONGLONG Hash)
{
    return &ExpShard[Hash >> 58];
}

static inline EXP_POOL_HEADER **ExpBucketOf(EXP_SHARD *Shard, ULONGLONG Hash)
{
    return &Shard->Bucket[(Hash >> 48) & (EXP_BUCKETS - 1)];
}

static inline ULONGLONG ExpHeaderCanary(const EXP_POOL_HEADER *Header)
{
    return EXP_CANARY ^ (ULONG_PTR)Header->Data ^ Header->Bytes ^ ((ULONGLONG)Header->Tag << 32);
}

static inline ULONGLONG ExpTrailerCanary(const EXP_POOL_HEADER *Header)
{
    return EXP_CANARY ^ ((ULONG_PTR)Header->Data << 1);
}

static _Noreturn VOID ExpHeaderDamaged(const EXP_POOL_HEADER *Header)
{
    /* Nothing in it can be trusted; it may not even be readable data, so only its address is told.
     */
    KeBugCheckEx(BAD_POOL_HEADER, 0x20, (ULONG_PTR)(Header + 1), (ULONG_PTR)Header, 0);
}

/* The shard's lock is held. */
static EXP_TAG_ENTRY *ExpTagEntry(EXP_SHARD *Shard, ULONG Tag, USHORT Type)
{
    ULONG Start = (Tag * 0x9e3779b1u) >> 24;
    ULONG i;

    for (i = 0; i < EXP_TAGS - 1; i++) {
        /* Entry 0 is for what finds no place. */
        EXP_TAG_ENTRY *Entry = &Shard->Tag[1 + (Start + i) % (EXP_TAGS - 1)];
        if (!Entry->Used) {
            Entry->Used = 1;
            Entry->Tag = Tag;
            Entry->Type = Type & 1;
            return Entry;
        }
        if (Entry->Tag == Tag && Entry->Type == (Type & 1))
            return Entry;
    }
    Shard->Tag[0].Used = 1;
    return &Shard->Tag[0];
}

static EXP_POOL_HEADER *ExpNewBlock(SIZE_T Bytes, SIZE_T Alignment)
{
    SIZE_T Trailer = NTIO_ASAN ? 0 : sizeof(ULONGLONG);
    EXP_POOL_HEADER *Header;
    PVOID Base;

    if (Bytes > (SIZE_T)1 << 46)
        return NULL;
    if (!NTIO_ASAN && Alignment <= 16) {
        Base = malloc(sizeof(EXP_POOL_HEADER) + Bytes + Trailer);
        if (Base == NULL)
            return NULL;
        Header = Base;
        Header->Data = (PUCHAR)(Header + 1);
        Header->Base = Base;
        return Header;
    }
    Header = malloc(sizeof(EXP_POOL_HEADER));
    if (Header == NULL)
        return NULL;
    if (posix_memalign(&Base, Alignment, Bytes + Trailer) != 0) {
        free(Header);
        return NULL;
    }
    Header->Data = Base;
    Header->Base = Base;
    return Header;
}

static VOID ExpReleaseBlock(EXP_POOL_HEADER *Header)
{
    if (Header->Base != (PVOID)Header)
        free(Header->Base);
    free(Header);
}

PVOID ExpAllocatePool(POOL_TYPE Type, SIZE_T Bytes, ULONG Tag, BOOLEAN Zero, PVOID Caller)
{
    SIZE_T Alignment = 16;
    EXP_POOL_HEADER *Header, **Bucket;
    EXP_TAG_ENTRY *Entry;
    EXP_SHARD *Shard;
    ULONGLONG Hash;

    if (ExpAllocationMustFail())
        return NULL;
    /* A block of a page or more begins on a page, as on Windows. */
    if (Bytes >= PAGE_SIZE)
        Alignment = PAGE_SIZE;
    else if ((Type & NonPagedPoolCacheAligned) != 0)
        Alignment = EXP_CACHE_ALIGNMENT;
    Header = ExpNewBlock(Bytes, Alignment);
    if (Header == NULL)
        return NULL;
    Header->Bytes = Bytes;
    Header->Caller = Caller;
    Header->Tag = Tag;
    Header->Type = (USHORT)Type;
    Header->Generation = ExpGeneration;
    Header->Reserved = 0;
    Header->Canary = ExpHeaderCanary(Header);
    if (Zero)
        memset(Header->Data, 0, Bytes);
    else
        memset(Header->Data, EXP_FILL_NEW, Bytes < EXP_FILL_BYTES ? Bytes : EXP_FILL_BYTES);
    if (!NTIO_ASAN) {
        ULONGLONG Canary = ExpTrailerCanary(Header);
        memcpy(Header->Data + Bytes, &Canary, sizeof(Canary));
    }

    Hash = ExpHash(Header->Data);
    Shard = ExpShardOf(Hash);
    Bucket = ExpBucketOf(Shard, Hash);
    KiLock(&Shard->Lock);
    Header->Next = *Bucket;
    *Bucket = Header;
    Shard->Blocks++;
    Shard->Bytes += Bytes;
    Entry = ExpTagEntry(Shard, Tag, (USHORT)Type);
    Entry->Allocations++;
    Entry->Bytes += Bytes;
    KiUnlock(&Shard->Lock);
    return Header->Data;
}

/* The block at Address, with the link that leads to it; its shard's lock is held. */
static EXP_POOL_HEADER **ExpFindBlock(EXP_SHARD *Shard, ULONGLONG Hash, PVOID Address)
{
    EXP_POOL_HEADER **Link = ExpBucketOf(Shard, Hash);

    while (*Link != NULL) {
        if (NTIO_UNLIKELY((*Link)->Canary != ExpHeaderCanary(*Link)))
            ExpHeaderDamaged(*Link);
        if ((*Link)->Data == Address)
            return Link;
        Link = &(*Link)->Next;
    }
    return NULL;
}

typedef struct _EXP_CONTAINS {
    PUCHAR Address;
    EXP_POOL_BLOCK_INFO Block;
    BOOLEAN Found;
} EXP_CONTAINS;

static VOID ExpTestContains(const EXP_POOL_BLOCK_INFO *Block, PVOID Context)
{
    EXP_CONTAINS *Search = Context;

    if (Search->Address >= (PUCHAR)Block->Address &&
        Search->Address < (PUCHAR)Block->Address + Block->Bytes) {
        Search->Block = *Block;
        Search->Found = TRUE;
    }
}

/* No block begins at Address: freed before, or never one. The shard's lock is held and is let go.
 */
static _Noreturn VOID ExpBadFree(EXP_SHARD *Shard, PVOID Address)
{
    EXP_CONTAINS Search = {Address, {0}, FALSE};
    EXP_FREED Freed = {0};
    char What[256], Who[160];
    ULONG i;

    for (i = 1; i <= EXP_HISTORY; i++) {
        EXP_FREED *Entry = &Shard->Freed[(Shard->NextFreed - i) % EXP_HISTORY];
        if (Entry->Address == Address) {
            Freed = *Entry;
            break;
        }
    }
    KiUnlock(&Shard->Lock);
    if (Freed.Address != NULL) {
        VfDescribeAddress(Freed.Caller, Who, sizeof(Who));
        snprintf(What, sizeof(What), "pool block %p '%.4s' was freed already, by %s", Address,
                 (const char *)&Freed.Tag, Who);
        VfBugCheck(BAD_POOL_CALLER, 0x07, (ULONG_PTR)Freed.Caller, Freed.Tag, (ULONG_PTR)Address,
                   What);
    }
    ExpEnumeratePool(ExpTestContains, &Search);
    if (Search.Found) {
        VfDescribeAddress(Search.Block.Caller, Who, sizeof(Who));
        snprintf(What, sizeof(What), "%p lies inside the pool block %p '%.4s' of %s", Address,
                 Search.Block.Address, (const char *)&Search.Block.Tag, Who);
        VfBugCheck(BAD_POOL_CALLER, 0x46, (ULONG_PTR)Address, 0, 0, What);
    }
    KeBugCheckEx(BAD_POOL_CALLER, 0x46, (ULONG_PTR)Address, 0, 0);
}

VOID ExpFreePool(PVOID Address, ULONG Tag, PVOID Caller)
{
    ULONGLONG Hash = ExpHash(Address);
    EXP_SHARD *Shard = ExpShardOf(Hash);
    KIRQL Irql = ExpIrql();
    EXP_POOL_HEADER **Link, *Header;
    EXP_TAG_ENTRY *Entry;
    EXP_FREED *Freed;

    KiLock(&Shard->Lock);
    Link = ExpFindBlock(Shard, Hash, Address);
    if (NTIO_UNLIKELY(Link == NULL))
        ExpBadFree(Shard, Address);
    Header = *Link;
    if (NTIO_UNLIKELY(Tag != 0 && ((Tag ^ Header->Tag) & 0x7fffffff) != 0)) {
        ULONG OwnTag = Header->Tag;
        KiUnlock(&Shard->Lock);
        KeBugCheckEx(BAD_POOL_CALLER, 0x0a, (ULONG_PTR)Address, OwnTag, Tag);
    }
    if (NTIO_UNLIKELY(Irql > ((Header->Type & 1) != 0 ? APC_LEVEL : DISPATCH_LEVEL))) {
        USHORT Type = Header->Type;
        KiUnlock(&Shard->Lock);
        VfStop((Type & 1) != 0 ? 0x11 : 0x12, Irql, Type, (ULONG_PTR)Address, NULL);
    }
    *Link = Header->Next;
    Shard->Blocks--;
    Shard->Bytes -= Header->Bytes;
    Entry = ExpTagEntry(Shard, Header->Tag, Header->Type);
    Entry->Frees++;
    Entry->Bytes -= Header->Bytes;
    Freed = &Shard->Freed[Shard->NextFreed++ % EXP_HISTORY];
    Freed->Address = Address;
    Freed->Caller = Caller;
    Freed->Tag = Header->Tag;
    KiUnlock(&Shard->Lock);

    ExpCheckFreedMemory(Address, Header->Bytes);
    ExpCheckFreedForWorkItems(Address, Header->Bytes);
    if (!NTIO_ASAN) {
        ULONGLONG Canary;

        memcpy(&Canary, Header->Data + Header->Bytes, sizeof(Canary));
        if (NTIO_UNLIKELY(Canary != ExpTrailerCanary(Header))) {
            char What[256], Who[160];

            VfDescribeAddress(Header->Caller, Who, sizeof(Who));
            snprintf(
                What, sizeof(What),
                "pool block %p '%.4s' of %llu bytes, allocated by %s, was written past its end",
                Address, (const char *)&Header->Tag, Header->Bytes, Who);
            VfBugCheck(BAD_POOL_HEADER, 0x21, (ULONG_PTR)Address, Header->Bytes, Canary, What);
        }
        memset(Address, EXP_FILL_FREED,
               Header->Bytes < EXP_FILL_BYTES ? Header->Bytes : EXP_FILL_BYTES);
    }
    Header->Canary = EXP_CANARY_FREED;
    ExpReleaseBlock(Header);
}

BOOLEAN ExpQueryPoolBlock(PVOID Address, EXP_POOL_BLOCK_INFO *Info)
{
    ULONGLONG Hash = ExpHash(Address);
    EXP_SHARD *Shard = ExpShardOf(Hash);
    EXP_POOL_HEADER **Link;

    KiLock(&Shard->Lock);
    Link = ExpFindBlock(Shard, Hash, Address);
    if (Link != NULL)
        *Info = (EXP_POOL_BLOCK_INFO){(*Link)->Data, (*Link)->Bytes, (*Link)->Tag,
                                      (POOL_TYPE)(*Link)->Type, (*Link)->Caller};
    KiUnlock(&Shard->Lock);
    return (BOOLEAN)(Link != NULL);
}

VOID ExpEnumeratePool(EXP_POOL_ROUTINE *Each, PVOID Context)
{
    ULONG i, j;

    for (i = 0; i < EXP_SHARDS; i++) {
        EXP_SHARD *Shard = &ExpShard[i];

        KiLock(&Shard->Lock);
        for (j = 0; Shard->Blocks != 0 && j < EXP_BUCKETS; j++) {
            EXP_POOL_HEADER *Header;

            for (Header = Shard->Bucket[j]; Header != NULL; Header = Header->Next) {
                if (Header->Canary != ExpHeaderCanary(Header))
                    ExpHeaderDamaged(Header);
                if (Header->Generation == ExpGeneration) {
                    EXP_POOL_BLOCK_INFO Info = {Header->Data, Header->Bytes, Header->Tag,
                                                (POOL_TYPE)Header->Type, Header->Caller};
                    Each(&Info, Context);
                }
            }
        }
        KiUnlock(&Shard->Lock);
    }
}

ULONG ExpQueryPoolTags(EXP_POOL_TAG_INFO *Tags, ULONG Count)
{
    ULONG Found = 0;
    ULONG i, j, k;

    for (i = 0; i < EXP_SHARDS; i++) {
        EXP_SHARD *Shard = &ExpShard[i];

        KiLock(&Shard->Lock);
        for (j = 0; j < EXP_TAGS; j++) {
            EXP_TAG_ENTRY *Entry = &Shard->Tag[j];

            if (!Entry->Used)
                continue;
            for (k = 0; k < Found && k < Count; k++) {
                if (Tags[k].Tag == Entry->Tag && Tags[k].Type == (POOL_TYPE)Entry->Type)
                    break;
            }
            if (k == Found) {
                Found++;
                if (k < Count)
                    Tags[k] = (EXP_POOL_TAG_INFO){Entry->Tag, (POOL_TYPE)Entry->Type, 0, 0, 0};
            }
            if (k < Count) {
                Tags[k].Allocations += Entry->Allocations;
                Tags[k].Frees += Entry->Frees;
                Tags[k].Bytes += Entry->Bytes;
            }
        }
        KiUnlock(&Shard->Lock);
    }
    return Found;
}

VOID ExpQueryPoolTotals(PULONGLONG Blocks, PULONGLONG Bytes)
{
    ULONG i;

    *Blocks = 0;
    *Bytes = 0;
    for (i = 0; i < EXP_SHARDS; i++) {
        KiLock(&ExpShard[i].Lock);
        *Blocks += ExpShard[i].Blocks;
        *Bytes += ExpShard[i].Bytes;
        KiUnlock(&ExpShard[i].Lock);
    }
}

typedef struct _EXP_ACCOUNT {
    VF_LEFT_ROUTINE *Left;
    PVOID Context;
} EXP_ACCOUNT;

static VOID ExpAccountBlock(const EXP_POOL_BLOCK_INFO *Block, PVOID Context)
{
    EXP_ACCOUNT *Account = Context;
    char Sentence[320], Who[200];

    VfDescribeAddress(Block->Caller, Who, sizeof(Who));
    snprintf(Sentence, sizeof(Sentence), "'%.4s' %llu bytes %s at %p, allocated by %s",
             (const char *)&Block->Tag, Block->Bytes, (Block->Type & 1) != 0 ? "paged" : "nonpaged",
             Block->Address, Who);
    Account->Left("pool block", Sentence, Account->Context);
}

static VOID ExpAccountPool(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    EXP_ACCOUNT Account = {Left, Context};

    ExpEnumeratePool(ExpAccountBlock, &Account);
}

VOID ExpInitializePool(VOID)
{
    /* What an earlier boot left was named then. */
    ExpGeneration++;
    VfAddAccountingSource("pool", ExpAccountPool);
}
