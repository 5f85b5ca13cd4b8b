/* SPDX-License-Identifier: MIT */
/*
 * object.c - the life of an object: making, counting references, deletion now or by a work item.
 *
 * An object's count reaches zero once. From then on only the thread that took it there (or the work
 * item that it was handed to) touches it; somebody who finds it by name or in a shard sees zero
 * under the lock that unlinking it needs, and leaves it alone.
 */
#include "ntio/ob/obp.h"

#define OBP_SHARDS 64

/* A freed header holds this count as long as its memory keeps it: a later dereference stops the
 * system. */
#define OBP_FREED_COUNT ((LONG_PTR)0x8000000000000000LL / 2)

typedef struct _OBP_SHARD {
    KI_LOCK Lock;
    LIST_ENTRY Head;
    ULONG Count;
} __attribute__((aligned(64))) OBP_SHARD;

static OBP_SHARD ObpShards[OBP_SHARDS];
static POBJECT_HEADER _Atomic ObpDeferredList;
static WORK_QUEUE_ITEM ObpDeferredItem;
static POBJECT_HEADER ObpKept; /* OBP_KEEP: freed at shutdown */
static KI_LOCK ObpKeptLock;

static OBP_SHARD *ObpShardOf(POBJECT_HEADER Header)
{
    return &ObpShards[((ULONG_PTR)Header >> 7) % OBP_SHARDS];
}

static VOID NTAPI ObpDeleteDeferred(PVOID Context);

VOID ObpInitializeObjects(VOID)
{
    for (ULONG i = 0; i < OBP_SHARDS; i++) {
        InitializeListHead(&ObpShards[i].Head);
        ObpShards[i].Count = 0;
    }
    atomic_store(&ObpDeferredList, NULL);
    ExInitializeWorkItem(&ObpDeferredItem, ObpDeleteDeferred, NULL);
}

VOID ObpFreeKept(VOID)
{
    POBJECT_HEADER Header = ObpKept;

    ObpKept = NULL;
    while (Header != NULL) {
        POBJECT_HEADER Next = Header->NextDeferred;
        free(Header);
        Header = Next;
    }
}

/* Copies name and flags, and references the root directory, for ObpInsert. */
static NTSTATUS ObpKeepAttributes(POBJECT_ATTRIBUTES Attributes, POBP_CREATE_INFO *Result)
{
    PCUNICODE_STRING Name = Attributes->ObjectName;
    USHORT Length = Name != NULL ? Name->Length : 0;
    POBP_CREATE_INFO Info;

    if (Length % sizeof(WCHAR) != 0 || (Length != 0 && Name->Buffer == NULL))
        return STATUS_OBJECT_NAME_INVALID;
    Info = ObpAllocate(sizeof(*Info) + Length);
    if (Info == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Info->Attributes = Attributes->Attributes;
    Info->HasName = Length != 0;
    Info->Name.Buffer = (PWCH)(Info + 1);
    Info->Name.Length = Info->Name.MaximumLength = Length;
    if (Length != 0)
        memcpy(Info->Name.Buffer, Name->Buffer, Length);
    if (Info->HasName && Attributes->RootDirectory != NULL) {
        NTSTATUS Status = ObReferenceObjectByHandle(Attributes->RootDirectory, 0, NULL, KernelMode,
                                                    &Info->Root, NULL);
        if (!NT_SUCCESS(Status)) {
            free(Info);
            return Status;
        }
    }
    *Result = Info;
    return STATUS_SUCCESS;
}

VOID ObpFreeCreateInfo(POBJECT_HEADER Header)
{
    POBP_CREATE_INFO Info = Header->CreateInfo;

    Header->CreateInfo = NULL;
    if (Info == NULL)
        return;
    if (Info->Root != NULL)
        ObfDereferenceObject(Info->Root);
    free(Info);
}

NTSTATUS ObpCreate(POBJECT_TYPE Type, POBJECT_ATTRIBUTES Attributes, SIZE_T Size, PVOID *Object)
{
    POBP_CREATE_INFO Info = NULL;
    POBJECT_HEADER Header;
    OBP_SHARD *Shard;

    KE_IRQL_AT_MOST(APC_LEVEL);
    *Object = NULL;
    if (Size > MAXULONG)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Attributes != NULL) {
        NTSTATUS Status = ObpKeepAttributes(Attributes, &Info);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Header =
        ExpAllocationMustFail() ? NULL : aligned_alloc(64, (sizeof(*Header) + Size + 63) & ~63ULL);
    if (Header == NULL) {
        if (Info != NULL) {
            if (Info->Root != NULL)
                ObfDereferenceObject(Info->Root);
            free(Info);
        }
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memset(Header, 0, sizeof(*Header) + Size);
    Header->Type = Type;
    Header->CreateInfo = Info;
    if (Info != NULL && (Info->Attributes & OBJ_EXCLUSIVE) != 0)
        Header->Flags = OBP_EXCLUSIVE;
    atomic_store_explicit(&Header->PointerCount, 1, memory_order_release);
    if (Type != NULL) /* Type's own type object: it is set by the maker */
        atomic_fetch_add_explicit(&Type->Objects, 1, memory_order_relaxed);

    Shard = ObpShardOf(Header);
    KiLock(&Shard->Lock);
    InsertTailList(&Shard->Head, &Header->ShardEntry);
    Shard->Count++;
    KiUnlock(&Shard->Lock);
    *Object = Header->Body;
    return STATUS_SUCCESS;
}

/* The count is zero and nobody else will touch the object. PASSIVE_LEVEL. */
static VOID ObpDeleteObject(POBJECT_HEADER Header)
{
    POBJECT_TYPE Type = Header->Type;
    PVOID Directory = NULL;
    OBP_SHARD *Shard = ObpShardOf(Header);
    LONG_PTR Handles = atomic_load(&Header->HandleCount);

    if (Handles != 0)
        KeBugCheckEx(REFERENCE_BY_POINTER, (ULONG_PTR)Type, (ULONG_PTR)Header->Body, 3,
                     (ULONG_PTR)Handles);
    KiLock(&ObpNamespaceLock);
    Directory = ObpUnlinkEntry(Header);
    KiUnlock(&ObpNamespaceLock);
    if (Directory != NULL)
        ObfDereferenceObject(Directory);

    if (Type->Info.Delete != NULL)
        Type->Info.Delete(Header->Body);
    ObpFreeCreateInfo(Header);

    KiLock(&Shard->Lock);
    RemoveEntryList(&Header->ShardEntry);
    Shard->Count--;
    KiUnlock(&Shard->Lock);

    if (Header->Name.Buffer != NULL)
        free(Header->Name.Buffer);
    atomic_fetch_sub_explicit(&Type->Objects, 1, memory_order_relaxed);
    atomic_store_explicit(&Header->PointerCount, OBP_FREED_COUNT, memory_order_relaxed);
    if ((atomic_load(&Header->Flags) & OBP_KEEP) != 0) {
        KiLock(&ObpKeptLock);
        Header->NextDeferred = ObpKept;
        ObpKept = Header;
        KiUnlock(&ObpKeptLock);
        return;
    }
    free(Header);
}

static VOID NTAPI ObpDeleteDeferred(PVOID Context)
{
    POBJECT_HEADER Header;

    UNREFERENCED_PARAMETER(Context);
    /* From the exchange on, the next one who defers queues the item again. */
    Header = atomic_exchange_explicit(&ObpDeferredList, NULL, memory_order_acq_rel);
    while (Header != NULL) {
        POBJECT_HEADER Next = Header->NextDeferred;
        ObpDeleteObject(Header);
        Header = Next;
    }
}

VOID ObpDrainDeferred(VOID)
{
    (void)ExpDrainWorkOf((PVOID)(ULONG_PTR)ObpDeleteDeferred, 1);
}

static VOID ObpDeferDelete(POBJECT_HEADER Header)
{
    POBJECT_HEADER Head = atomic_load_explicit(&ObpDeferredList, memory_order_relaxed);

    do {
        Header->NextDeferred = Head;
    } while (!atomic_compare_exchange_weak_explicit(&ObpDeferredList, &Head, Header,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (Head == NULL)
        ExQueueWorkItem(&ObpDeferredItem, CriticalWorkQueue);
}

static _Noreturn VOID ObpBadCount(POBJECT_HEADER Header, ULONG_PTR What, LONG_PTR Count)
{
    KeBugCheckEx(REFERENCE_BY_POINTER, (ULONG_PTR)Header->Type, (ULONG_PTR)Header->Body, What,
                 (ULONG_PTR)Count);
    __builtin_unreachable();
}

LONG_PTR NTAPI ObfReferenceObject(PVOID Object)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    LONG_PTR Before;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Before = atomic_fetch_add_explicit(&Header->PointerCount, 1, memory_order_relaxed);
    if (NTIO_UNLIKELY(Before <= 0))
        ObpBadCount(Header, 16, Before + 1);
    return Before + 1;
}

static inline LONG_PTR ObpDereference(PVOID Object, BOOLEAN Defer)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    LONG_PTR After;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    After = atomic_fetch_sub_explicit(&Header->PointerCount, 1, memory_order_acq_rel) - 1;
    if (NTIO_LIKELY(After > 0))
        return After;
    if (After < 0)
        ObpBadCount(Header, 2, After);
    if (Defer || KeGetCurrentIrql() > PASSIVE_LEVEL)
        ObpDeferDelete(Header);
    else
        ObpDeleteObject(Header);
    return 0;
}

LONG_PTR NTAPI ObfDereferenceObject(PVOID Object)
{
    return ObpDereference(Object, FALSE);
}

/* Tags serve a debugger's reference tracing, which ntio does not keep: the count is the same one.
 */
LONG_PTR NTAPI ObfReferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    UNREFERENCED_PARAMETER(Tag);
    return ObfReferenceObject(Object);
}

LONG_PTR NTAPI ObfDereferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    UNREFERENCED_PARAMETER(Tag);
    return ObpDereference(Object, FALSE);
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object)
{
    ObpDereference(Object, TRUE);
}

VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG Tag)
{
    UNREFERENCED_PARAMETER(Tag);
    ObpDereference(Object, TRUE);
}

BOOLEAN ObpReferenceUnlessDying(PVOID Object)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    LONG_PTR Count = atomic_load_explicit(&Header->PointerCount, memory_order_relaxed);

    while (Count > 0) {
        if (atomic_compare_exchange_weak_explicit(&Header->PointerCount, &Count, Count + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return TRUE;
    }
    return FALSE;
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess,
                                          POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode)
{
    POBJECT_TYPE Type = ObpHeader(Object)->Type;

    UNREFERENCED_PARAMETER(DesiredAccess);
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    /* No type named passes for the kernel only. */
    if (Type != ObjectType && (AccessMode != KernelMode || ObjectType != NULL))
        return STATUS_OBJECT_TYPE_MISMATCH;
    ObfReferenceObject(Object);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK DesiredAccess,
                                                 POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, ULONG Tag)
{
    UNREFERENCED_PARAMETER(Tag);
    return ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, AccessMode);
}

POBJECT_TYPE ObpTypeOf(PVOID Object)
{
    return ObpHeader(Object)->Type;
}

LONG_PTR ObpReferenceCount(PVOID Object)
{
    return atomic_load(&ObpHeader(Object)->PointerCount);
}

LONG_PTR ObpHandleCount(PVOID Object)
{
    return atomic_load(&ObpHeader(Object)->HandleCount);
}

PDISPATCHER_HEADER ObpDispatcherHeader(PVOID Object)
{
    POBJECT_TYPE Type = ObpHeader(Object)->Type;

    if (!Type->Info.Waitable)
        return NULL;
    return (PDISPATCHER_HEADER)((PUCHAR)Object + Type->Info.DispatcherOffset);
}

NTSTATUS ObpSnapshotObjects(PVOID **Objects, ULONG *Count)
{
    ULONG Capacity = 0, Used = 0;
    PVOID *Array;

    for (ULONG i = 0; i < OBP_SHARDS; i++) {
        KiLock(&ObpShards[i].Lock);
        Capacity += ObpShards[i].Count;
        KiUnlock(&ObpShards[i].Lock);
    }
    Capacity += Capacity / 2 + 64; /* what is made meanwhile; more than that is not seen */
    Array = ExAllocatePool2(POOL_FLAG_NON_PAGED, Capacity * sizeof(*Array), OBP_TAG_WORK);
    if (Array == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < OBP_SHARDS; i++) {
        KiLock(&ObpShards[i].Lock);
        for (PLIST_ENTRY Entry = ObpShards[i].Head.Flink;
             Entry != &ObpShards[i].Head && Used < Capacity; Entry = Entry->Flink) {
            POBJECT_HEADER Header = CONTAINING_RECORD(Entry, OBJECT_HEADER, ShardEntry);
            if (ObpReferenceUnlessDying(Header->Body))
                Array[Used++] = Header->Body;
        }
        KiUnlock(&ObpShards[i].Lock);
    }
    *Objects = Array;
    *Count = Used;
    return STATUS_SUCCESS;
}

VOID ObpEnumerateObjects(OBP_OBJECT_ROUTINE *Each, PVOID Context)
{
    PVOID *Objects;
    ULONG Count;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!NT_SUCCESS(ObpSnapshotObjects(&Objects, &Count)))
        return;
    for (ULONG i = 0; i < Count; i++) {
        /* Without the snapshot's own reference. */
        Each(Objects[i], ObpTypeOf(Objects[i]), ObpReferenceCount(Objects[i]) - 1,
             ObpHandleCount(Objects[i]), Context);
        ObfDereferenceObject(Objects[i]);
    }
    ExFreePoolWithTag(Objects, OBP_TAG_WORK);
}
