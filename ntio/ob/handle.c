/* SPDX-License-Identifier: MIT */
/*
 * handle.c - handle tables.
 *
 * A table is a tree of chunks that grows and never moves, so an entry's address is good for ever.
 * An entry holds the object's header with two bits: 1, locked; 2, somebody sleeps on the lock.
 * Zero: no handle. A look-up locks the entry, adds a reference, unlocks: threads that use different
 * handles share nothing. Free entries are a list, last out first in, under FreeLock.
 */
#include "ntio/ob/obp.h"

#define OBP_CHUNK_ENTRIES 256
#define OBP_GROUP_CHUNKS  256
#define OBP_GROUPS        16
#define OBP_MAXIMUM_INDEX (OBP_GROUPS * OBP_GROUP_CHUNKS * OBP_CHUNK_ENTRIES) /* 1M */

#define OBP_KERNEL_HANDLE_MASK ((ULONG_PTR)0xffffffff80000000ULL)

#define OBP_ENTRY_LOCKED  ((ULONG_PTR)1)
#define OBP_ENTRY_WAITERS ((ULONG_PTR)2)
#define OBP_ENTRY_BITS    (OBP_ENTRY_LOCKED | OBP_ENTRY_WAITERS)

#define OBP_HANDLE_INHERIT 1
#define OBP_HANDLE_PROTECT 2

typedef struct _OBP_HANDLE_ENTRY {
    _Atomic ULONG_PTR Value;
    ACCESS_MASK Access; /* under the entry's lock */
    union {
        ULONG Flags;    /* OBP_HANDLE_*, of an entry in use; under its lock */
        ULONG NextFree; /* of a free one; under FreeLock */
    };
} OBP_HANDLE_ENTRY, *POBP_HANDLE_ENTRY;

typedef struct _OBP_HANDLE_GROUP {
    POBP_HANDLE_ENTRY _Atomic Chunks[OBP_GROUP_CHUNKS];
} OBP_HANDLE_GROUP, *POBP_HANDLE_GROUP;

typedef struct _HANDLE_TABLE {
    _Atomic LONG References; /* the process's, and those of whoever enumerates */
    PEPROCESS Process;
    LIST_ENTRY ListEntry; /* ObpTables */
    KI_LOCK FreeLock;
    ULONG FirstFree;         /* index; 0: none */
    _Atomic ULONG NextFresh; /* the first index that was never used; written under FreeLock */
    POBP_HANDLE_GROUP _Atomic Groups[OBP_GROUPS];
} HANDLE_TABLE, *PHANDLE_TABLE;

static LIST_ENTRY ObpTables = {&ObpTables, &ObpTables};
static KI_LOCK ObpTablesLock;

/* ---- entries ---- */

static POBP_HANDLE_ENTRY ObpEntry(PHANDLE_TABLE Table, ULONG_PTR Index)
{
    POBP_HANDLE_GROUP Group;
    POBP_HANDLE_ENTRY Chunk;

    if (Index == 0 || Index >= OBP_MAXIMUM_INDEX)
        return NULL;
    Group = atomic_load_explicit(&Table->Groups[Index / (OBP_GROUP_CHUNKS * OBP_CHUNK_ENTRIES)],
                                 memory_order_acquire);
    if (Group == NULL)
        return NULL;
    Chunk = atomic_load_explicit(&Group->Chunks[Index / OBP_CHUNK_ENTRIES % OBP_GROUP_CHUNKS],
                                 memory_order_acquire);
    return Chunk != NULL ? &Chunk[Index % OBP_CHUNK_ENTRIES] : NULL;
}

/* The low half of a value, which the kernel can sleep on: processors here are little-endian. */
static _Atomic ULONG *ObpEntryFutex(POBP_HANDLE_ENTRY Entry)
{
    return (_Atomic ULONG *)&Entry->Value;
}

/* The object's header, with the entry locked; NULL, and nothing locked, where there is no handle.
 */
static POBJECT_HEADER ObpLockEntry(POBP_HANDLE_ENTRY Entry)
{
    ULONG_PTR Value = atomic_load_explicit(&Entry->Value, memory_order_relaxed);
    ULONG_PTR Locked = OBP_ENTRY_LOCKED; /* with the waiters bit once this thread has slept */

    for (ULONG Spins = 0;;) {
        if (Value == 0)
            return NULL;
        if ((Value & OBP_ENTRY_LOCKED) == 0) {
            if (atomic_compare_exchange_weak_explicit(&Entry->Value, &Value, Value | Locked,
                                                      memory_order_acquire, memory_order_relaxed))
                return (POBJECT_HEADER)(Value & ~OBP_ENTRY_BITS);
        } else if (++Spins < 100) {
            Value = atomic_load_explicit(&Entry->Value, memory_order_relaxed);
        } else if ((Value & OBP_ENTRY_WAITERS) != 0 ||
                   atomic_compare_exchange_weak_explicit(
                       &Entry->Value, &Value, Value | OBP_ENTRY_WAITERS, memory_order_relaxed,
                       memory_order_relaxed)) {
            KiFutexWait(ObpEntryFutex(Entry), (ULONG)(Value | OBP_ENTRY_WAITERS), 0);
            Locked = OBP_ENTRY_BITS; /* others may sleep still */
            Value = atomic_load_explicit(&Entry->Value, memory_order_relaxed);
        }
    }
}

/* Header NULL: the handle is gone. */
static VOID ObpUnlockEntry(POBP_HANDLE_ENTRY Entry, POBJECT_HEADER Header)
{
    ULONG_PTR Before =
        atomic_exchange_explicit(&Entry->Value, (ULONG_PTR)Header, memory_order_release);

    if (NTIO_UNLIKELY((Before & OBP_ENTRY_WAITERS) != 0))
        KiFutexWake(ObpEntryFutex(Entry), MAXLONG);
}

/* ---- tables ---- */

NTSTATUS ObpCreateHandleTable(PEPROCESS Process, PHANDLE_TABLE *Result)
{
    PHANDLE_TABLE Table = ObpAllocate(sizeof(*Table));

    *Result = NULL;
    if (Table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Table->References = 1;
    Table->Process = Process;
    Table->NextFresh = 1;
    KiLock(&ObpTablesLock);
    InsertTailList(&ObpTables, &Table->ListEntry);
    KiUnlock(&ObpTablesLock);
    *Result = Table;
    return STATUS_SUCCESS;
}

static VOID ObpDereferenceTable(PHANDLE_TABLE Table)
{
    if (atomic_fetch_sub(&Table->References, 1) != 1)
        return;
    for (ULONG i = 0; i < OBP_GROUPS; i++) {
        POBP_HANDLE_GROUP Group = Table->Groups[i];
        if (Group == NULL)
            continue;
        for (ULONG j = 0; j < OBP_GROUP_CHUNKS; j++) {
            POBP_HANDLE_ENTRY Chunk = Group->Chunks[j];
            if (Chunk != NULL)
                free(Chunk);
        }
        free(Group);
    }
    free(Table);
}

VOID ObpFreeHandleTable(PHANDLE_TABLE Table)
{
    if (Table == NULL)
        return;
    KiLock(&ObpTablesLock);
    RemoveEntryList(&Table->ListEntry);
    Table->Process = NULL;
    KiUnlock(&ObpTablesLock);
    ObpDereferenceTable(Table);
}

/* Makes sure that Index has an entry. Under FreeLock. */
static BOOLEAN ObpGrowTable(PHANDLE_TABLE Table, ULONG Index)
{
    POBP_HANDLE_GROUP _Atomic *GroupSlot =
        &Table->Groups[Index / (OBP_GROUP_CHUNKS * OBP_CHUNK_ENTRIES)];
    POBP_HANDLE_ENTRY _Atomic *ChunkSlot;

    if (*GroupSlot == NULL) {
        POBP_HANDLE_GROUP Group = ObpAllocate(sizeof(*Group));
        if (Group == NULL)
            return FALSE;
        atomic_store_explicit(GroupSlot, Group, memory_order_release);
    }
    ChunkSlot = &(*GroupSlot)->Chunks[Index / OBP_CHUNK_ENTRIES % OBP_GROUP_CHUNKS];
    if (*ChunkSlot == NULL) {
        POBP_HANDLE_ENTRY Chunk = ObpAllocate(OBP_CHUNK_ENTRIES * sizeof(*Chunk));
        if (Chunk == NULL)
            return FALSE;
        atomic_store_explicit(ChunkSlot, Chunk, memory_order_release);
    }
    return TRUE;
}

/* An entry that is in no list and holds nothing yet; 0: none. */
static ULONG ObpAllocateIndex(PHANDLE_TABLE Table)
{
    ULONG Index;

    KiLock(&Table->FreeLock);
    Index = Table->FirstFree;
    if (Index != 0) {
        Table->FirstFree = ObpEntry(Table, Index)->NextFree;
    } else {
        ULONG Fresh = atomic_load_explicit(&Table->NextFresh, memory_order_relaxed);
        if (Fresh < OBP_MAXIMUM_INDEX && ObpGrowTable(Table, Fresh)) {
            Index = Fresh;
            atomic_store_explicit(&Table->NextFresh, Fresh + 1, memory_order_release);
        }
    }
    KiUnlock(&Table->FreeLock);
    return Index;
}

static VOID ObpFreeIndex(PHANDLE_TABLE Table, ULONG Index)
{
    KiLock(&Table->FreeLock);
    ObpEntry(Table, Index)->NextFree = Table->FirstFree;
    Table->FirstFree = Index;
    KiUnlock(&Table->FreeLock);
}

/* ---- handle counts of an object ---- */

static NTSTATUS ObpCountHandle(POBJECT_HEADER Header, PEPROCESS Process)
{
    NTSTATUS Status = STATUS_SUCCESS;
    POBP_HANDLE_COUNT Count, Unused = NULL;

    KiLock(&Header->HandleLock);
    if ((atomic_load(&Header->Flags) & OBP_EXCLUSIVE) != 0 &&
        atomic_load(&Header->HandleCount) != 0) {
        /* All handles of an exclusive object are one process's. */
        for (Count = &Header->FirstCount; Count != NULL; Count = Count->Next)
            if (Count->Count != 0 && Count->Process != Process)
                Status = STATUS_ACCESS_DENIED;
        if (!NT_SUCCESS(Status))
            goto Exit;
    }
    for (Count = &Header->FirstCount; Count != NULL; Count = Count->Next) {
        if (Count->Count != 0 && Count->Process == Process)
            break;
        if (Count->Count == 0 && Unused == NULL)
            Unused = Count;
    }
    if (Count == NULL)
        Count = Unused;
    if (Count == NULL) {
        Count = ObpAllocate(sizeof(*Count));
        if (Count == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            goto Exit;
        }
        Count->Next = Header->FirstCount.Next;
        Header->FirstCount.Next = Count;
    }
    Count->Process = Process;
    Count->Count++;
    atomic_fetch_add(&Header->HandleCount, 1);
    atomic_fetch_add_explicit(&Header->Type->Handles, 1, memory_order_relaxed);

Exit:
    KiUnlock(&Header->HandleLock);
    return Status;
}

/* Both counts as they were before. */
static VOID ObpUncountHandle(POBJECT_HEADER Header, PEPROCESS Process, ULONG *OfProcess,
                             ULONG *OfSystem)
{
    POBP_HANDLE_COUNT *Link = NULL, Count, Gone = NULL;

    KiLock(&Header->HandleLock);
    for (Count = &Header->FirstCount; Count != NULL; Count = Count->Next) {
        if (Count->Count != 0 && Count->Process == Process)
            break;
        Link = &Count->Next;
    }
    NTIO_ASSERT(Count != NULL);
    *OfProcess = Count->Count--;
    if (Count->Count == 0 && Link != NULL) {
        *Link = Count->Next;
        Gone = Count;
    }
    *OfSystem = (ULONG)atomic_fetch_sub(&Header->HandleCount, 1);
    atomic_fetch_sub_explicit(&Header->Type->Handles, 1, memory_order_relaxed);
    KiUnlock(&Header->HandleLock);
    if (Gone != NULL)
        free(Gone);
}

/* ---- handles ---- */

BOOLEAN ObpIsKernelHandle(HANDLE Handle)
{
    return ((ULONG_PTR)Handle & OBP_KERNEL_HANDLE_MASK) == OBP_KERNEL_HANDLE_MASK &&
           Handle != NtCurrentProcess() && Handle != NtCurrentThread();
}

BOOLEAN NTAPI ObIsKernelHandle(HANDLE Handle)
{
    return ObpIsKernelHandle(Handle);
}

NTSTATUS ObpCreateHandleIn(PEPROCESS Process, BOOLEAN Kernel, PVOID Object, ACCESS_MASK Access,
                           ULONG Attributes, HANDLE *Handle)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    PHANDLE_TABLE Table;
    POBP_HANDLE_ENTRY Entry;
    ULONG_PTR Value;
    NTSTATUS Status;
    ULONG Index;

    *Handle = NULL;
    if (Kernel)
        Process = PsInitialSystemProcess;
    Table = Process->ObjectTable;
    if (Table == NULL) /* it has ended */
        return STATUS_PROCESS_IS_TERMINATING;
    Index = ObpAllocateIndex(Table);
    if (Index == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = ObpCountHandle(Header, Process);
    if (!NT_SUCCESS(Status)) {
        ObpFreeIndex(Table, Index);
        return Status;
    }
    ObfReferenceObject(Object);
    Entry = ObpEntry(Table, Index);
    Entry->Access = ObpMapAccess(Header->Type, Access);
    Entry->Flags = (Attributes & OBJ_INHERIT) != 0 ? OBP_HANDLE_INHERIT : 0;
    Value = (ULONG_PTR)Index * 4;
    if (Kernel)
        Value |= OBP_KERNEL_HANDLE_MASK;
    *Handle = (HANDLE)Value;
    atomic_store_explicit(&Entry->Value, (ULONG_PTR)Header, memory_order_release);
    return STATUS_SUCCESS;
}

NTSTATUS ObpCreateHandle(PVOID Object, ACCESS_MASK Access, ULONG HandleAttributes, HANDLE *Handle)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    return ObpCreateHandleIn(PsGetCurrentProcess(), (HandleAttributes & OBJ_KERNEL_HANDLE) != 0,
                             Object, Access, HandleAttributes, Handle);
}

NTSTATUS ObpCreateHandleByName(PVOID Object, ACCESS_MASK Access, ULONG Attributes, HANDLE *Handle)
{
    NTSTATUS Status = ObpCreateHandle(Object, Access, Attributes, Handle);
    BOOLEAN Lost;

    if (!NT_SUCCESS(Status))
        return Status;
    /*
     * The last handle may have closed between look-up and here, and have taken the name away: then
     * a third party that creates the name would not meet this object. With our handle counted it
     * can't any more.
     */
    KiLock(&ObpNamespaceLock);
    Lost = (atomic_load(&ObpHeader(Object)->Flags) & OBP_NAME_LOST) != 0;
    KiUnlock(&ObpNamespaceLock);
    if (Lost) {
        ObCloseHandle(*Handle, KernelMode);
        *Handle = NULL;
        return STATUS_RETRY;
    }
    return STATUS_SUCCESS;
}

/* The entry of a handle, and the table and process that it belongs to; NULL: no such handle can be.
 */
static POBP_HANDLE_ENTRY ObpFindHandle(PEPROCESS *Process, HANDLE Handle, KPROCESSOR_MODE Mode,
                                       PHANDLE_TABLE *Table, ULONG *Index)
{
    ULONG_PTR Value = (ULONG_PTR)Handle;

    if (ObpIsKernelHandle(Handle)) {
        if (Mode != KernelMode)
            return NULL;
        *Process = PsInitialSystemProcess;
        Value &= ~OBP_KERNEL_HANDLE_MASK;
    }
    *Table = (*Process)->ObjectTable;
    if (*Table == NULL || Value / 4 >= OBP_MAXIMUM_INDEX)
        return NULL;
    *Index = (ULONG)(Value / 4); /* the two low bits are the owner's to use */
    return ObpEntry(*Table, *Index);
}

NTSTATUS ObpLookupHandle(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode, PVOID *Object,
                         ACCESS_MASK *Access, ULONG *Attributes)
{
    PHANDLE_TABLE Table;
    ULONG Index, Flags;
    POBP_HANDLE_ENTRY Entry = ObpFindHandle(&Process, Handle, Mode, &Table, &Index);
    POBJECT_HEADER Header = Entry != NULL ? ObpLockEntry(Entry) : NULL;

    *Object = NULL;
    if (Header == NULL)
        return STATUS_INVALID_HANDLE;
    atomic_fetch_add_explicit(&Header->PointerCount, 1,
                              memory_order_relaxed); /* the handle has one */
    *Access = Entry->Access;
    Flags = Entry->Flags;
    ObpUnlockEntry(Entry, Header);
    *Attributes = (Flags & OBP_HANDLE_INHERIT) != 0 ? OBJ_INHERIT : 0;
    *Object = Header->Body;
    return STATUS_SUCCESS;
}

/* What follows once an entry is empty: the counts, the type's Close, the name, the reference. */
static VOID ObpHandleGone(PEPROCESS Process, POBJECT_HEADER Header, ACCESS_MASK Access)
{
    ULONG OfProcess, OfSystem;

    ObpUncountHandle(Header, Process, &OfProcess, &OfSystem);
    if (Header->Type->Info.Close != NULL)
        Header->Type->Info.Close(Process, Header->Body, Access, OfProcess, OfSystem);
    if (OfSystem == 1)
        ObpCheckName(Header);
    ObfDereferenceObject(Header->Body);
}

NTSTATUS ObpCloseHandleIn(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode)
{
    PHANDLE_TABLE Table;
    ULONG Index;
    POBP_HANDLE_ENTRY Entry = ObpFindHandle(&Process, Handle, Mode, &Table, &Index);
    POBJECT_HEADER Header = Entry != NULL ? ObpLockEntry(Entry) : NULL;
    ACCESS_MASK Access;

    if (Header == NULL)
        return STATUS_INVALID_HANDLE;
    if ((Entry->Flags & OBP_HANDLE_PROTECT) != 0) {
        ObpUnlockEntry(Entry, Header);
        return STATUS_HANDLE_NOT_CLOSABLE;
    }
    Access = Entry->Access;
    ObpUnlockEntry(Entry, NULL);
    ObpFreeIndex(Table, Index);
    ObpHandleGone(Process, Header, Access);
    return STATUS_SUCCESS;
}

NTSTATUS ObpSetHandleAttributes(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode,
                                BOOLEAN Inherit, BOOLEAN Protect)
{
    PHANDLE_TABLE Table;
    ULONG Index;
    POBP_HANDLE_ENTRY Entry = ObpFindHandle(&Process, Handle, Mode, &Table, &Index);
    POBJECT_HEADER Header = Entry != NULL ? ObpLockEntry(Entry) : NULL;

    if (Header == NULL)
        return STATUS_INVALID_HANDLE;
    Entry->Flags = (Inherit ? OBP_HANDLE_INHERIT : 0) | (Protect ? OBP_HANDLE_PROTECT : 0);
    ObpUnlockEntry(Entry, Header);
    return STATUS_SUCCESS;
}

VOID ObpCloseAllHandles(PEPROCESS Process)
{
    PHANDLE_TABLE Table = Process->ObjectTable;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Table == NULL)
        return;
    for (ULONG i = 1; i < atomic_load_explicit(&Table->NextFresh, memory_order_acquire); i++) {
        POBP_HANDLE_ENTRY Entry = ObpEntry(Table, i);
        POBJECT_HEADER Header = ObpLockEntry(Entry);
        ACCESS_MASK Access;

        if (Header == NULL)
            continue;
        Access = Entry->Access; /* protected or not */
        ObpUnlockEntry(Entry, NULL);
        ObpFreeIndex(Table, i);
        ObpHandleGone(Process, Header, Access);
    }
}

static VOID ObpEnumerateTable(PEPROCESS Process, PHANDLE_TABLE Table, OBP_HANDLE_ROUTINE *Each,
                              PVOID Context)
{
    for (ULONG i = 1; i < atomic_load_explicit(&Table->NextFresh, memory_order_acquire); i++) {
        HANDLE Handle = (HANDLE)((ULONG_PTR)i * 4);
        POBP_HANDLE_ENTRY Entry = ObpEntry(Table, i);
        POBJECT_HEADER Header = ObpLockEntry(Entry);
        ACCESS_MASK Access;

        if (Header == NULL)
            continue;
        atomic_fetch_add_explicit(&Header->PointerCount, 1, memory_order_relaxed);
        Access = Entry->Access;
        ObpUnlockEntry(Entry, Header);
        Each(Process, Handle, Header->Body, Access, Context);
        ObfDereferenceObject(Header->Body);
    }
}

/* Process NULL: all processes that have a table. */
VOID ObpEnumerateHandles(PEPROCESS Process, OBP_HANDLE_ROUTINE *Each, PVOID Context)
{
    PHANDLE_TABLE Table = NULL, Last = NULL;
    PLIST_ENTRY Entry;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Process != NULL) {
        if (Process->ObjectTable != NULL)
            ObpEnumerateTable(Process, Process->ObjectTable, Each, Context);
        return;
    }
    for (;;) {
        PEPROCESS Owner = NULL;

        /* A table that the walk stands on may leave the list meanwhile: then the walk ends there.
         */
        KiLock(&ObpTablesLock);
        Entry = Last == NULL            ? ObpTables.Flink
                : Last->Process == NULL ? &ObpTables
                                        : Last->ListEntry.Flink;
        Table = NULL;
        if (Entry != &ObpTables) {
            Table = CONTAINING_RECORD(Entry, HANDLE_TABLE, ListEntry);
            Owner = Table->Process;
            atomic_fetch_add(&Table->References, 1);
        }
        KiUnlock(&ObpTablesLock);
        if (Last != NULL)
            ObpDereferenceTable(Last);
        if (Table == NULL)
            return;
        ObpEnumerateTable(Owner, Table, Each, Context);
        Last = Table;
    }
}
