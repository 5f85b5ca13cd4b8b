/* SPDX-License-Identifier: MIT */
/* poolapi.c - the pool routines that drivers call: their flags, tags and IRQL rules. */
#include "ntio/ex/exp.h"

#define EXP_TAG_NONE 0x656e6f4e /* "None": ExAllocatePool's */
#define EXP_TAG_BIG  0x00474942
#define EXP_REQUEST_FLAGS                                                                          \
    (POOL_QUOTA_FAIL_INSTEAD_OF_RAISE | POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_COLD_ALLOCATION |  \
     POOL_ZERO_ALLOCATION)

static BOOLEAN ExpTagHasLetterOrDigit(ULONG Tag)
{
    ULONG i;

    for (i = 0; i < 4; i++, Tag >>= 8) {
        UCHAR c = Tag & 0x7f; /* bit 31 was PROTECTED_POOL once */
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
            return TRUE;
    }
    return FALSE;
}

/* Stops at what Windows' pool or its verifier stops at. Returns the type without request flags. */
static POOL_TYPE ExpCheckRequest(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    ULONG Type = (ULONG)PoolType & ~(ULONG)EXP_REQUEST_FLAGS;
    KIRQL Irql = ExpIrql();

    if (NTIO_UNLIKELY((Type & 3) == NonPagedPoolMustSucceed))
        KeBugCheckEx(BAD_POOL_CALLER, 0x9a, (ULONG_PTR)PoolType, Bytes, Tag);
    /* Nonpaged or paged, cache-aligned, session, NX: no other bits, and not DontUseThisType. */
    if (NTIO_UNLIKELY((Type & 3) == DontUseThisType || (Type & ~(ULONG)(1 | 4 | 32 | 512)) != 0))
        VfStop(0x16, 0, (ULONG_PTR)PoolType, 0, "the pool type is not valid");
    if (NTIO_UNLIKELY(Tag == 0))
        KeBugCheckEx(BAD_POOL_CALLER, 0x9b, (ULONG_PTR)PoolType, Bytes, (ULONG_PTR)Caller);
    if (NTIO_UNLIKELY(Tag == EXP_TAG_BIG))
        KeBugCheckEx(BAD_POOL_CALLER, 0x9c, (ULONG_PTR)PoolType, Bytes, (ULONG_PTR)Caller);
    if (NTIO_UNLIKELY(!ExpTagHasLetterOrDigit(Tag)))
        KeBugCheckEx(BAD_POOL_CALLER, 0x9d, Tag, (ULONG_PTR)PoolType, (ULONG_PTR)Caller);
    if (NTIO_UNLIKELY(Bytes == 0))
        VfStop(0x00, Irql, Type, 0, NULL);
    if (NTIO_UNLIKELY(Irql > ((Type & 1) != 0 ? APC_LEVEL : DISPATCH_LEVEL)))
        VfStop((Type & 1) != 0 ? 0x01 : 0x02, Irql, Type, Bytes, NULL);
    return (POOL_TYPE)Type;
}

static PVOID ExpAllocateWithTag(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    POOL_TYPE Type = ExpCheckRequest(PoolType, Bytes, Tag, Caller);
    PVOID Block = ExpAllocatePool(Type, Bytes, Tag,
                                  (BOOLEAN)((PoolType & POOL_ZERO_ALLOCATION) != 0), Caller);

    if (NTIO_UNLIKELY(Block == NULL && (PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0))
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return Block;
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocateWithTag(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return ExpAllocateWithTag(PoolType, NumberOfBytes, EXP_TAG_NONE, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority)
{
    /* Memory here is never low in the sense of the priorities; special pool is a hint. */
    UNREFERENCED_PARAMETER(Priority);
    return ExpAllocateWithTag(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}

/* Quota is not charged: programs and drivers share one process. What is kept is how a failure is
 * told. */
static PVOID ExpAllocateWithQuota(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    BOOLEAN Raise = (BOOLEAN)((PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0);
    PVOID Block = ExpAllocateWithTag((POOL_TYPE)(PoolType & ~POOL_RAISE_IF_ALLOCATION_FAILURE),
                                     Bytes, Tag, Caller);

    if (NTIO_UNLIKELY(Block == NULL && Raise))
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return Block;
}

PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return ExpAllocateWithQuota(PoolType, NumberOfBytes, EXP_TAG_NONE, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocateWithQuota(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}

static PVOID ExpAllocateByFlags(POOL_FLAGS Flags, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    const POOL_FLAGS Known = POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |
                             POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE |
                             POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    const POOL_FLAGS Kinds = POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    POOL_FLAGS Kind = Flags & Kinds;
    NTSTATUS Status = STATUS_INVALID_PARAMETER;
    PVOID Block = NULL;
    ULONG Type;

    /* Unknown flags in the lower half are an error; in the upper half they are only asked for. One
     * kind, not two. */
    if ((Flags & ((1ULL << 32) - 1) & ~Known) != 0 || Kind == 0 || (Kind & (Kind - 1)) != 0 ||
        Tag == 0 || Bytes == 0)
        goto Exit;
    Type = Kind == POOL_FLAG_PAGED       ? PagedPool
           : Kind == POOL_FLAG_NON_PAGED ? NonPagedPoolNx
                                         : NonPagedPool;
    if ((Flags & POOL_FLAG_CACHE_ALIGNED) != 0)
        Type |= NonPagedPoolCacheAligned;
    if ((Flags & POOL_FLAG_SESSION) != 0)
        Type |= NonPagedPoolSession;
    Block = ExpAllocatePool(ExpCheckRequest((POOL_TYPE)Type, Bytes, Tag, Caller), Bytes, Tag,
                            (BOOLEAN)((Flags & POOL_FLAG_UNINITIALIZED) == 0), Caller);
    Status = STATUS_INSUFFICIENT_RESOURCES;
Exit:
    if (NTIO_UNLIKELY(Block == NULL && (Flags & POOL_FLAG_RAISE_ON_FAILURE) != 0))
        ExRaiseStatus(Status);
    return Block;
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocateByFlags(Flags, NumberOfBytes, Tag, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                            PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                            ULONG ExtendedParametersCount)
{
    /* Priority and NUMA node are hints; secure pool is not there, and its parameter is not looked
     * at. */
    UNREFERENCED_PARAMETER(ExtendedParameters);
    if (ExtendedParametersCount != 0)
        VfNotImplemented("ExAllocatePool3 with extended parameters");
    return ExpAllocateByFlags(Flags, NumberOfBytes, Tag, __builtin_return_address(0));
}

VOID NTAPI ExFreePool(PVOID P)
{
    ExpFreePool(P, 0, __builtin_return_address(0));
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    ExpFreePool(P, Tag, __builtin_return_address(0));
}

VOID NTAPI ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                       ULONG ExtendedParametersCount)
{
    UNREFERENCED_PARAMETER(ExtendedParameters);
    if (ExtendedParametersCount != 0)
        VfNotImplemented("ExFreePool2 with extended parameters");
    ExpFreePool(P, Tag, __builtin_return_address(0));
}
