/* SPDX-License-Identifier: MIT */
/*
 * resource.c - ERESOURCE: shared or exclusive, recursive, in Windows' layout.
 *
 * SpinLock's first half is a KI_LOCK that guards everything else. Owners: OwnerEntry holds the
 * exclusive owner, or the first shared one; OwnerTable (entry 0: its size) the other shared ones.
 * ActiveEntries counts the threads that own it, ActiveCount is 1 while somebody does. Waiters stand
 * on their own stacks in two lists, SharedWaiters and ExclusiveWaiters; who gives the resource up
 * makes the next ones owners before it wakes them, so nobody slips in between.
 *
 * Who is next: an exclusive owner gives to all waiting for shared access, or else to the first
 * waiting for exclusive access; the last shared owner to the first waiting for exclusive access.
 */
#include "ntio/ex/exp.h"

#define EXP_RESOURCE_TAG             0x54736552 /* "ResT": owner tables */
#define EXP_RESOURCE_OWNED_EXCLUSIVE 0x0080
#define EXP_TABLE_STEP               4

typedef struct _EXP_RESOURCE_WAITER {
    struct _EXP_RESOURCE_WAITER *Next;
    ERESOURCE_THREAD Thread;
    KEVENT Granted;
} EXP_RESOURCE_WAITER;

typedef enum _EXP_SHARED_RULE { ExpSharedNormal, ExpSharedStarve, ExpSharedWait } EXP_SHARED_RULE;

static inline VOID ExpLockResource(PERESOURCE Resource)
{
    KiLock((PKI_LOCK)&Resource->SpinLock);
}

static inline VOID ExpUnlockResource(PERESOURCE Resource)
{
    KiUnlock((PKI_LOCK)&Resource->SpinLock);
}

static inline ERESOURCE_THREAD ExpResourceThread(VOID)
{
    return (ERESOURCE_THREAD)KeGetCurrentThread();
}

static inline BOOLEAN ExpOwnedExclusive(PERESOURCE Resource)
{
    return (BOOLEAN)((Resource->Flag & EXP_RESOURCE_OWNED_EXCLUSIVE) != 0);
}

static VOID ExpCheckResource(PERESOURCE Resource, ULONG Subcode)
{
    PKTHREAD Thread = KeGetCurrentThread();

    if (NTIO_UNLIKELY(((ULONG_PTR)Resource & 7) != 0))
        VfStop(0x3d, 0, 0, (ULONG_PTR)Resource, NULL);
    if (NTIO_UNLIKELY(Thread->Irql > APC_LEVEL || !ExpApcsHeldOff()))
        VfStop(Subcode, Thread->Irql, (ULONG_PTR)(LONG_PTR)Thread->KernelApcDisable,
               (ULONG_PTR)Resource, NULL);
}

/* The entry of Thread, or NULL. The lock is held. */
static POWNER_ENTRY ExpFindOwner(PERESOURCE Resource, ERESOURCE_THREAD Thread)
{
    ULONG i;

    if (Resource->OwnerEntry.OwnerThread == Thread && Resource->OwnerEntry.OwnerCount != 0)
        return &Resource->OwnerEntry;
    if (Resource->OwnerTable != NULL) {
        for (i = 1; i < Resource->OwnerTable[0].TableSize; i++) {
            if (Resource->OwnerTable[i].OwnerThread == Thread &&
                Resource->OwnerTable[i].OwnerCount != 0)
                return &Resource->OwnerTable[i];
        }
    }
    return NULL;
}

/* An entry that is free, or NULL: the table must grow. The lock is held. */
static POWNER_ENTRY ExpFreeOwner(PERESOURCE Resource)
{
    ULONG i;

    if (Resource->OwnerEntry.OwnerCount == 0)
        return &Resource->OwnerEntry;
    if (Resource->OwnerTable != NULL) {
        for (i = 1; i < Resource->OwnerTable[0].TableSize; i++) {
            if (Resource->OwnerTable[i].OwnerCount == 0)
                return &Resource->OwnerTable[i];
        }
    }
    return NULL;
}

/* Makes room for one more owner beside those there are and those that wait. The lock is held. */
static BOOLEAN ExpGrowOwnerTable(PERESOURCE Resource)
{
    ULONG Old = Resource->OwnerTable != NULL ? Resource->OwnerTable[0].TableSize : 1;
    ULONG New = Old + EXP_TABLE_STEP;
    POWNER_ENTRY Table = ExpAllocatePool(NonPagedPoolNx, New * sizeof(OWNER_ENTRY),
                                         EXP_RESOURCE_TAG, TRUE, __builtin_return_address(0));

    if (Table == NULL)
        return FALSE;
    if (Resource->OwnerTable != NULL) {
        memcpy(Table, Resource->OwnerTable, Old * sizeof(OWNER_ENTRY));
        ExpFreePool(Resource->OwnerTable, EXP_RESOURCE_TAG, __builtin_return_address(0));
    }
    Table[0].TableSize = New;
    Resource->OwnerTable = Table;
    return TRUE;
}

/*
 * Is there an entry for a new shared owner, now and, with the waiters counted, when they are let
 * in? Grants happen in release, which must not fail, so room for a waiter is made before it waits.
 * The lock is held.
 */
static BOOLEAN ExpReserveOwner(PERESOURCE Resource)
{
    ULONG Entries = 1 + (Resource->OwnerTable != NULL ? Resource->OwnerTable[0].TableSize - 1 : 0);

    while (Entries < Resource->ActiveEntries + Resource->NumberOfSharedWaiters + 1) {
        if (!ExpGrowOwnerTable(Resource))
            return FALSE;
        Entries += EXP_TABLE_STEP;
    }
    return TRUE;
}

static VOID ExpMakeSharedOwner(PERESOURCE Resource, ERESOURCE_THREAD Thread)
{
    POWNER_ENTRY Entry = ExpFreeOwner(Resource);

    NTIO_ASSERT(Entry != NULL);
    Entry->OwnerThread = Thread;
    Entry->OwnerCount = 1;
    Resource->ActiveEntries++;
    Resource->ActiveCount = 1;
}

static VOID ExpMakeExclusiveOwner(PERESOURCE Resource, ERESOURCE_THREAD Thread)
{
    Resource->OwnerEntry.OwnerThread = Thread;
    Resource->OwnerEntry.OwnerCount = 1;
    Resource->ActiveEntries = 1;
    Resource->ActiveCount = 1;
    Resource->Flag |= EXP_RESOURCE_OWNED_EXCLUSIVE;
}

/* All that wait for shared access own it now. The lock is held; the list is woken after it is let
 * go. */
static EXP_RESOURCE_WAITER *ExpGrantShared(PERESOURCE Resource)
{
    EXP_RESOURCE_WAITER *List = Resource->SharedWaiters;
    EXP_RESOURCE_WAITER *Waiter;

    Resource->SharedWaiters = NULL;
    Resource->NumberOfSharedWaiters = 0;
    for (Waiter = List; Waiter != NULL; Waiter = Waiter->Next)
        ExpMakeSharedOwner(Resource, Waiter->Thread);
    return List;
}

static EXP_RESOURCE_WAITER *ExpGrantExclusive(PERESOURCE Resource)
{
    EXP_RESOURCE_WAITER *Waiter = Resource->ExclusiveWaiters;

    Resource->ExclusiveWaiters = Waiter->Next;
    Resource->NumberOfExclusiveWaiters--;
    Waiter->Next = NULL;
    ExpMakeExclusiveOwner(Resource, Waiter->Thread);
    return Waiter;
}

static VOID ExpWakeWaiters(EXP_RESOURCE_WAITER *List)
{
    while (List != NULL) {
        /* Gone as soon as its thread runs. */
        EXP_RESOURCE_WAITER *Next = List->Next;

        KeSetEvent(&List->Granted, IO_NO_INCREMENT, FALSE);
        List = Next;
    }
}

/* The lock is held and is let go. */
static VOID ExpWaitForResource(PERESOURCE Resource, PVOID *List, PULONG Count)
{
    EXP_RESOURCE_WAITER Waiter, **Link;

    Waiter.Next = NULL;
    Waiter.Thread = ExpResourceThread();
    KeInitializeEvent(&Waiter.Granted, SynchronizationEvent, FALSE);
    for (Link = (EXP_RESOURCE_WAITER **)List; *Link != NULL; Link = &(*Link)->Next)
        ;
    *Link = &Waiter;
    (*Count)++;
    Resource->ContentionCount++;
    ExpUnlockResource(Resource);
    KeWaitForSingleObject(&Waiter.Granted, WrResource, KernelMode, FALSE, NULL);
}

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (((ULONG_PTR)Resource & 7) != 0)
        VfStop(0x3d, 0, 0, (ULONG_PTR)Resource, NULL);
    if (!ExpTrack(Resource, ExpTrackedResource, __builtin_return_address(0)))
        VfStop(0xd0, (ULONG_PTR)Resource, 0, 0, NULL);
    memset(Resource, 0, sizeof(*Resource));
    InitializeListHead(&Resource->SystemResourcesList);
    return STATUS_SUCCESS;
}

/* Nobody may own it or wait for it. */
static VOID ExpEmptyResource(PERESOURCE Resource)
{
    POWNER_ENTRY Table;

    ExpLockResource(Resource);
    if (Resource->ActiveEntries != 0 || Resource->SharedWaiters != NULL ||
        Resource->ExclusiveWaiters != NULL) {
        ERESOURCE_THREAD Owner = Resource->OwnerEntry.OwnerThread;
        ExpUnlockResource(Resource);
        VfStop(0x100b, (ULONG_PTR)Resource, Owner, 0, NULL);
    }
    Table = Resource->OwnerTable;
    Resource->OwnerTable = NULL;
    ExpUnlockResource(Resource);
    if (Table != NULL)
        ExpFreePool(Table, EXP_RESOURCE_TAG, __builtin_return_address(0));
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpEmptyResource(Resource);
    memset(Resource, 0, sizeof(*Resource));
    InitializeListHead(&Resource->SystemResourcesList);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!ExpUntrack(Resource, ExpTrackedResource))
        VfStop(0xd1, (ULONG_PTR)Resource, 0, 0, NULL);
    ExpEmptyResource(Resource);
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    ERESOURCE_THREAD Thread = ExpResourceThread();
    BOOLEAN Acquired = TRUE;

    ExpCheckResource(Resource, 0x37);
    ExpLockResource(Resource);
    if (Resource->ActiveEntries == 0) {
        ExpMakeExclusiveOwner(Resource, Thread);
    } else if (ExpOwnedExclusive(Resource) && Resource->OwnerEntry.OwnerThread == Thread) {
        Resource->OwnerEntry.OwnerCount++;
    } else if (!Wait) {
        Acquired = FALSE;
    } else {
        /* It would wait for itself for ever. */
        if (ExpFindOwner(Resource, Thread) != NULL) {
            ExpUnlockResource(Resource);
            VfStop(0x1000, (ULONG_PTR)Resource, 0, 0,
                   "a thread that owns a resource shared waits for it exclusively");
        }
        ExpWaitForResource(Resource, &Resource->ExclusiveWaiters,
                           &Resource->NumberOfExclusiveWaiters);
        return TRUE;
    }
    ExpUnlockResource(Resource);
    return Acquired;
}

static BOOLEAN ExpAcquireShared(PERESOURCE Resource, BOOLEAN Wait, EXP_SHARED_RULE Rule)
{
    ERESOURCE_THREAD Thread = ExpResourceThread();
    POWNER_ENTRY Own;
    BOOLEAN Must;

    ExpCheckResource(Resource, 0x37);
    for (;;) {
        ExpLockResource(Resource);
        Own = ExpFindOwner(Resource, Thread);
        Must = FALSE;
        if (Own != NULL && (ExpOwnedExclusive(Resource) || Rule != ExpSharedWait ||
                            Resource->ExclusiveWaiters == NULL)) {
            Own->OwnerCount++;
            ExpUnlockResource(Resource);
            return TRUE;
        }
        if (ExpOwnedExclusive(Resource) ||
            (Rule != ExpSharedStarve && Resource->ExclusiveWaiters != NULL))
            Must = TRUE;
        if (Must && !Wait) {
            ExpUnlockResource(Resource);
            return FALSE;
        }
        if (ExpReserveOwner(Resource))
            break;
        /* No memory for the owner table: as on Windows, try again in a while. */
        ExpUnlockResource(Resource);
        LARGE_INTEGER Interval = {.QuadPart = -100000};
        KeDelayExecutionThread(KernelMode, FALSE, &Interval);
    }
    if (Must) {
        /* SharedWait and this thread owns it: Windows' documentation says that it waits, and so
         * does it. */
        ExpWaitForResource(Resource, &Resource->SharedWaiters, &Resource->NumberOfSharedWaiters);
        return TRUE;
    }
    ExpMakeSharedOwner(Resource, Thread);
    ExpUnlockResource(Resource);
    return TRUE;
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return ExpAcquireShared(Resource, Wait, ExpSharedNormal);
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return ExpAcquireShared(Resource, Wait, ExpSharedStarve);
}

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return ExpAcquireShared(Resource, Wait, ExpSharedWait);
}

static VOID ExpReleaseResource(PERESOURCE Resource, ERESOURCE_THREAD Thread)
{
    EXP_RESOURCE_WAITER *Wake = NULL;
    POWNER_ENTRY Own;

    ExpLockResource(Resource);
    Own = ExpFindOwner(Resource, Thread);
    if (NTIO_UNLIKELY(Own == NULL)) {
        POWNER_ENTRY Table = Resource->OwnerTable;
        ExpUnlockResource(Resource);
        KeBugCheckEx(RESOURCE_NOT_OWNED, (ULONG_PTR)Resource, Thread, (ULONG_PTR)Table, 0);
    }
    if (--Own->OwnerCount == 0) {
        Own->OwnerThread = 0;
        Resource->ActiveEntries--;
        if (ExpOwnedExclusive(Resource)) {
            Resource->Flag &= (USHORT)~EXP_RESOURCE_OWNED_EXCLUSIVE;
            Resource->ActiveCount = 0;
            if (Resource->SharedWaiters != NULL)
                Wake = ExpGrantShared(Resource);
            else if (Resource->ExclusiveWaiters != NULL)
                Wake = ExpGrantExclusive(Resource);
        } else if (Resource->ActiveEntries == 0) {
            Resource->ActiveCount = 0;
            if (Resource->ExclusiveWaiters != NULL)
                Wake = ExpGrantExclusive(Resource);
            else if (Resource->SharedWaiters != NULL)
                Wake = ExpGrantShared(Resource);
        }
    }
    ExpUnlockResource(Resource);
    ExpWakeWaiters(Wake);
}

VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource)
{
    ExpCheckResource(Resource, 0x38);
    ExpReleaseResource(Resource, ExpResourceThread());
}

VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    /* Often at DISPATCH_LEVEL, from a completion routine. */
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpReleaseResource(Resource, ResourceThreadId);
}

VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer)
{
    ERESOURCE_THREAD Thread = ExpResourceThread();
    POWNER_ENTRY Own, Other;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (((ULONG_PTR)OwnerPointer & 3) != 3)
        VfStop(0x16, 0, (ULONG_PTR)OwnerPointer, 0,
               "ExSetResourceOwnerPointer: the two low bits of the owner pointer must be set");
    ExpLockResource(Resource);
    Own = ExpFindOwner(Resource, Thread);
    if (Own == NULL) {
        ExpUnlockResource(Resource);
        KeBugCheckEx(RESOURCE_NOT_OWNED, (ULONG_PTR)Resource, Thread, 0, 0);
    }
    Other = ExpFindOwner(Resource, (ERESOURCE_THREAD)OwnerPointer);
    if (Other != NULL) {
        Other->OwnerCount += Own->OwnerCount;
        Own->OwnerThread = 0;
        Own->OwnerCount = 0;
        Resource->ActiveEntries--;
    } else {
        Own->OwnerThread = (ERESOURCE_THREAD)OwnerPointer;
    }
    ExpUnlockResource(Resource);
}

VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    EXP_RESOURCE_WAITER *Wake = NULL;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpLockResource(Resource);
    if (!ExpOwnedExclusive(Resource)) {
        ExpUnlockResource(Resource);
        KeBugCheckEx(RESOURCE_NOT_OWNED, (ULONG_PTR)Resource, ExpResourceThread(), 0, 0);
    }
    Resource->Flag &= (USHORT)~EXP_RESOURCE_OWNED_EXCLUSIVE;
    if (Resource->SharedWaiters != NULL)
        Wake = ExpGrantShared(Resource);
    ExpUnlockResource(Resource);
    ExpWakeWaiters(Wake);
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    BOOLEAN Owned;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpLockResource(Resource);
    Owned = (BOOLEAN)(ExpOwnedExclusive(Resource) &&
                      Resource->OwnerEntry.OwnerThread == ExpResourceThread());
    ExpUnlockResource(Resource);
    return Owned;
}

/* How often the thread has it, shared or exclusive. */
ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    POWNER_ENTRY Own;
    ULONG Count;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpLockResource(Resource);
    Own = ExpFindOwner(Resource, ExpResourceThread());
    Count = Own != NULL ? Own->OwnerCount : 0;
    ExpUnlockResource(Resource);
    return Count;
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    ULONG Count;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpLockResource(Resource);
    Count = Resource->NumberOfExclusiveWaiters;
    ExpUnlockResource(Resource);
    return Count;
}

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource)
{
    ULONG Count;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExpLockResource(Resource);
    Count = Resource->NumberOfSharedWaiters;
    ExpUnlockResource(Resource);
    return Count;
}

/* NULL: no priority to give back later. */
PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(Resource, TRUE);
    return NULL;
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(Resource, TRUE);
    return NULL;
}

VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    ExReleaseResourceLite(Resource);
    KeLeaveCriticalRegion();
}
