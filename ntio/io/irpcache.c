/* SPDX-License-Identifier: MIT */
/*
 * irpcache.c - where IRPs come from.
 *
 * Storage is made in slabs that are never given back, so a prefix can be looked at whenever (the
 * accounting does, and whoever sent an IRP and wants to know what became of it). Each thread has a
 * few free ones for each class of stack sizes; what is too many goes, half of it at a time, to a
 * list for all. So a request costs no lock that others want, and IRPs that one thread makes and
 * another one completes flow back.
 *
 * Under sanitizers slabs hold prefixes alone and each IRP is a block of its own, so that a report
 * names who made and who freed it.
 */
#include "ntio/io/iop.h"

#include <stdlib.h>

#define IOP_SLAB_ENTRIES 32
#define IOP_THREAD_KEEPS 32 /* of each class */

static const UCHAR IopClassLocations[IOP_IRP_CLASSES] = {1, 2, 4, 8, 16, IOP_MAXIMUM_STACK};

typedef struct _IOP_SLAB {
    struct _IOP_SLAB *Next;
    SIZE_T Stride;
    ULONG Count;
    PUCHAR Entries;
} IOP_SLAB, *PIOP_SLAB;

/* Only ever pushed to: readers take no lock. */
static PIOP_SLAB _Atomic IopSlabs;

static struct {
    KI_LOCK Lock;
    PIOP_IRP_PREFIX First;
} IopGlobalFree[IOP_IRP_CLASSES];

static UCHAR IopClassOf(CCHAR StackSize)
{
    UCHAR Class = 0;
    while (IopClassLocations[Class] < StackSize)
        Class++;
    return Class;
}

/* A new slab, as a chain of free entries; NULL: no memory. */
static PIOP_IRP_PREFIX IopGrow(UCHAR Class)
{
    SIZE_T Stride = sizeof(IOP_IRP_PREFIX);
#if !NTIO_SANITIZED
    Stride += (IoSizeOfIrp(IopClassLocations[Class]) + 63) & ~(SIZE_T)63;
#endif
    PIOP_SLAB Slab = malloc(sizeof(*Slab));
    PUCHAR Entries = aligned_alloc(64, Stride * IOP_SLAB_ENTRIES);
    if (Slab == NULL || Entries == NULL) {
        free(Slab);
        free(Entries);
        return NULL;
    }
    memset(Entries, 0, Stride * IOP_SLAB_ENTRIES);
    PIOP_IRP_PREFIX First = NULL;
    for (ULONG i = IOP_SLAB_ENTRIES; i-- > 0;) {
        PIOP_IRP_PREFIX Prefix = (PIOP_IRP_PREFIX)(Entries + i * Stride);
        Prefix->Class = Class;
        Prefix->NextFree = First;
#if !NTIO_SANITIZED
        Prefix->Irp = (PIRP)(Prefix + 1);
#endif
        First = Prefix;
    }
    *Slab = (IOP_SLAB){NULL, Stride, IOP_SLAB_ENTRIES, Entries};
    Slab->Next = atomic_load(&IopSlabs);
    while (!atomic_compare_exchange_weak(&IopSlabs, &Slab->Next, Slab))
        ;
    return First;
}

/* Up to Want entries from the list for all, or a new slab's. */
static PIOP_IRP_PREFIX IopTakeGlobal(UCHAR Class, ULONG Want, PULONG Taken)
{
    PIOP_IRP_PREFIX First, Last;
    ULONG Count = 0;

    KiLock(&IopGlobalFree[Class].Lock);
    First = IopGlobalFree[Class].First;
    if (First != NULL) {
        Last = First;
        for (Count = 1; Count < Want && Last->NextFree != NULL; Count++)
            Last = Last->NextFree;
        IopGlobalFree[Class].First = Last->NextFree;
        Last->NextFree = NULL;
    }
    KiUnlock(&IopGlobalFree[Class].Lock);
    if (First == NULL) {
        First = IopGrow(Class);
        Count = First != NULL ? IOP_SLAB_ENTRIES : 0;
    }
    *Taken = Count;
    return First;
}

static VOID IopGiveGlobal(UCHAR Class, PIOP_IRP_PREFIX First)
{
    PIOP_IRP_PREFIX Last = First;
    while (Last->NextFree != NULL)
        Last = Last->NextFree;
    KiLock(&IopGlobalFree[Class].Lock);
    Last->NextFree = IopGlobalFree[Class].First;
    IopGlobalFree[Class].First = First;
    KiUnlock(&IopGlobalFree[Class].Lock);
}

PIOP_THREAD_CACHE IopThreadCache(PETHREAD Thread)
{
    PIOP_THREAD_CACHE Cache = __atomic_load_n(&Thread->IrpCache, __ATOMIC_RELAXED);
    if (NTIO_LIKELY(Cache != NULL))
        return Cache;
    Cache = calloc(1, sizeof(*Cache));
    if (Cache != NULL) {
        KiLock(&Thread->IrpLock);
        __atomic_store_n(&Thread->IrpCache, Cache, __ATOMIC_RELEASE);
        KiUnlock(&Thread->IrpLock);
    }
    return Cache;
}

VOID IopFreeThreadCache(PETHREAD Thread)
{
    KiLock(&Thread->IrpLock);
    PIOP_THREAD_CACHE Cache = Thread->IrpCache;
    __atomic_store_n(&Thread->IrpCache, NULL, __ATOMIC_RELAXED);
    KiUnlock(&Thread->IrpLock);
    if (Cache == NULL)
        return;
    NTIO_ASSERT(Cache->Waiters == NULL);
    for (UCHAR Class = 0; Class < IOP_IRP_CLASSES; Class++) {
        if (Cache->Free[Class].First != NULL)
            IopGiveGlobal(Class, Cache->Free[Class].First);
    }
    free(Cache);
}

/* The last half of a thread's list, for all. */
static VOID IopTrim(PIOP_THREAD_CACHE Cache, UCHAR Class)
{
    PIOP_IRP_PREFIX Last = Cache->Free[Class].First;
    for (ULONG i = 1; i < IOP_THREAD_KEEPS / 2; i++)
        Last = Last->NextFree;
    PIOP_IRP_PREFIX Rest = Last->NextFree;
    Last->NextFree = NULL;
    Cache->Free[Class].Count = IOP_THREAD_KEEPS / 2;
    IopGiveGlobal(Class, Rest);
}

PIRP IopAllocateIrp(CCHAR StackSize, PVOID AllocatedBy)
{
    UCHAR Class = IopClassOf(StackSize);
    PIOP_THREAD_CACHE Cache = IopThreadCache(IopCurrentThread());
    PIOP_IRP_PREFIX Prefix;
    PIRP Irp;

    if (NTIO_UNLIKELY(Cache == NULL))
        return NULL;
    Prefix = Cache->Free[Class].First;
    if (NTIO_UNLIKELY(Prefix == NULL)) {
        Prefix = IopTakeGlobal(Class, IOP_THREAD_KEEPS / 2, &Cache->Free[Class].Count);
        if (Prefix == NULL)
            return NULL;
    }
#if NTIO_SANITIZED
    PUCHAR Block = malloc(IOP_IRP_FRONT + IoSizeOfIrp(StackSize));
    if (Block == NULL) {
        Cache->Free[Class].First = Prefix;
        return NULL;
    }
    *(PIOP_IRP_PREFIX *)Block = Prefix;
    __atomic_store_n(&Prefix->Irp, (PIRP)(Block + IOP_IRP_FRONT), __ATOMIC_RELAXED);
#endif
    Cache->Free[Class].First = Prefix->NextFree;
    Cache->Free[Class].Count--;
    Prefix->NextFree = NULL;
    Irp = Prefix->Irp;
    __atomic_store_n(&Prefix->AllocatedBy, AllocatedBy, __ATOMIC_RELAXED);
    Prefix->OutputLength = 0;
    Prefix->StartOffset = -1;
    Prefix->Process = NULL;
    Prefix->FileReferenced = Prefix->EventReferenced = Prefix->Queued = FALSE;
    atomic_store_explicit(&Prefix->Pins, 0, memory_order_relaxed);
    IopInitializeIrpFields(Irp, IoSizeOfIrp(StackSize), StackSize);
    Irp->AllocationFlags = IOP_IRP_HAS_PREFIX | IRP_ALLOCATED_FIXED_SIZE;
    ULONG State = atomic_load_explicit(&Prefix->State, memory_order_relaxed);
    atomic_store_explicit(&Prefix->State, State | IOP_IRP_IN_USE, memory_order_release);
    return Irp;
}

VOID IopFreeIrpStorage(PIOP_IRP_PREFIX Prefix)
{
    UCHAR Class = Prefix->Class;
    ULONG State = atomic_load_explicit(&Prefix->State, memory_order_relaxed);
    /* Not made for this: a thread frees its last IRPs when its cache is gone already. */
    PIOP_THREAD_CACHE Cache = __atomic_load_n(&IopCurrentThread()->IrpCache, __ATOMIC_RELAXED);

    IopTrace(IopTraceFree, NULL, Prefix->Irp, NULL, STATUS_SUCCESS);
    Prefix->Irp->Type = 0; /* whoever uses it after this is found out */
    atomic_store_explicit(&Prefix->State, (State & ~(ULONG)IOP_IRP_FLAGS) + IOP_IRP_GENERATION,
                          memory_order_release);
#if NTIO_SANITIZED
    free((PUCHAR)Prefix->Irp - IOP_IRP_FRONT);
    __atomic_store_n(&Prefix->Irp, NULL, __ATOMIC_RELAXED);
#endif
    if (NTIO_UNLIKELY(Cache == NULL)) {
        Prefix->NextFree = NULL;
        IopGiveGlobal(Class, Prefix);
        return;
    }
    Prefix->NextFree = Cache->Free[Class].First;
    Cache->Free[Class].First = Prefix;
    if (++Cache->Free[Class].Count > IOP_THREAD_KEEPS)
        IopTrim(Cache, Class);
}

VOID IopEnumerateIrps(IOP_IRP_ROUTINE *Each, PVOID Context)
{
    for (PIOP_SLAB Slab = atomic_load(&IopSlabs); Slab != NULL; Slab = Slab->Next) {
        for (ULONG i = 0; i < Slab->Count; i++) {
            PIOP_IRP_PREFIX Prefix = (PIOP_IRP_PREFIX)(Slab->Entries + i * Slab->Stride);
            if ((atomic_load_explicit(&Prefix->State, memory_order_acquire) & IOP_IRP_IN_USE) == 0)
                continue;
            Each(__atomic_load_n(&Prefix->Irp, __ATOMIC_RELAXED),
                 __atomic_load_n(&Prefix->AllocatedBy, __ATOMIC_RELAXED), Context);
        }
    }
}

static VOID IopCountOne(PIRP Irp, PVOID AllocatedBy, PVOID Context)
{
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(AllocatedBy);
    ++*(PULONG)Context;
}

ULONG IopCountIrps(VOID)
{
    ULONG Count = 0;
    IopEnumerateIrps(IopCountOne, &Count);
    return Count;
}

/* What was left behind has been named; it is nobody's now, and is not named again. Its storage is
 * lost on purpose. */
VOID IopForgetIrps(VOID)
{
    for (PIOP_SLAB Slab = atomic_load(&IopSlabs); Slab != NULL; Slab = Slab->Next) {
        for (ULONG i = 0; i < Slab->Count; i++) {
            PIOP_IRP_PREFIX Prefix = (PIOP_IRP_PREFIX)(Slab->Entries + i * Slab->Stride);
            atomic_fetch_and(&Prefix->State, ~(ULONG)IOP_IRP_IN_USE);
        }
    }
}

/*
 * Small ones stay with the IRP's storage and cost nothing from the second time on; the pool's own
 * checks are wanted under sanitizers. A driver may put a pool block of its own in place of either.
 */
PVOID IopAllocateSystemBuffer(PIRP Irp, ULONG Length)
{
    if (!NTIO_SANITIZED && Length <= IOP_SMALL_BUFFER) {
        PIOP_IRP_PREFIX Prefix = IopPrefixOf(Irp);
        if (Prefix->SmallBuffer == NULL)
            Prefix->SmallBuffer = malloc(IOP_SMALL_BUFFER);
        return Prefix->SmallBuffer;
    }
    return ExAllocatePoolWithTag(NonPagedPool, Length, IOP_TAG_BUFFER);
}

VOID IopFreeSystemBuffer(PIRP Irp)
{
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    if (!NTIO_SANITIZED && IopHasPrefix(Irp) && Buffer == IopPrefixOf(Irp)->SmallBuffer)
        return;
    ExFreePool(Buffer);
}
