/* SPDX-License-Identifier: MIT */
/*
 * removelock.c - remove locks.
 *
 * IoCount begins at 1, which IoReleaseRemoveLockAndWait takes away together with its caller's own.
 * So it comes to 0 once, after Removed was set, and nobody counts up from 0: whoever brings it
 * there is the only one to set the event, and touches the lock no more. (Windows lets a late
 * acquisition count up and down again; then two may bring it to 0, and the slower one sets the
 * event of a device that has gone.)
 *
 * A driver that was built with DBG=1 passes a larger size: then each acquisition is remembered by
 * its tag.
 */
#include "ntio/io/iop.h"

struct _IO_REMOVE_LOCK_TRACKING_BLOCK {
    PIO_REMOVE_LOCK_TRACKING_BLOCK Next;
    PVOID Tag;
    PCSTR File;
    ULONG Line;
};

typedef struct _IOP_DBG_REMOVE_LOCK {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
    IO_REMOVE_LOCK_DBG_BLOCK Dbg;
} IOP_DBG_REMOVE_LOCK, *PIOP_DBG_REMOVE_LOCK;

#define IOP_REMOVE_LOCK_SIGNATURE 'COLR'

static BOOLEAN IopTracks(ULONG RemlockSize)
{
    return RemlockSize >= sizeof(IOP_DBG_REMOVE_LOCK);
}

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Lock == NULL)
        return;
    memset(&Lock->Common, 0, sizeof(Lock->Common));
    Lock->Common.IoCount = 1;
    KeInitializeEvent(&Lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
    if (IopTracks(RemlockSize)) {
        PIOP_DBG_REMOVE_LOCK Tracked = (PIOP_DBG_REMOVE_LOCK)Lock;
        memset(&Tracked->Dbg, 0, sizeof(Tracked->Dbg));
        Tracked->Dbg.Signature = IOP_REMOVE_LOCK_SIGNATURE;
        Tracked->Dbg.HighWatermark = HighWatermark;
        Tracked->Dbg.MaxLockedTicks = (LONGLONG)MaxLockedMinutes * 600000000; /* 100 ns here */
        Tracked->Dbg.AllocateTag = (LONG)AllocateTag;
        InitializeListHead(&Tracked->Dbg.LockList);
        KeInitializeSpinLock(&Tracked->Dbg.Spin);
    }
}

static VOID IopTrackAcquire(PIOP_DBG_REMOVE_LOCK Lock, PVOID Tag, PCSTR File, ULONG Line,
                            LONG Count)
{
    PIO_REMOVE_LOCK_TRACKING_BLOCK Block;
    KIRQL Irql;

    if (Lock->Dbg.HighWatermark != 0 && (ULONG)Count > Lock->Dbg.HighWatermark)
        IopStop(IOP_VF_REMOVE_LOCK, Lock, (ULONG_PTR)Tag, (ULONG_PTR)Count);
    Block = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Block), (ULONG)Lock->Dbg.AllocateTag);
    if (Block == NULL) {
        InterlockedIncrement(&Lock->Dbg.LowMemoryCount);
        return;
    }
    *Block = (struct _IO_REMOVE_LOCK_TRACKING_BLOCK){NULL, Tag, File, Line};
    KeAcquireSpinLock(&Lock->Dbg.Spin, &Irql);
    Block->Next = Lock->Dbg.Blocks;
    Lock->Dbg.Blocks = Block;
    KeReleaseSpinLock(&Lock->Dbg.Spin, Irql);
}

/* The tag's block goes; a tag that has acquired nothing is a fault, but for one that there was no
 * memory for. */
static VOID IopTrackRelease(PIOP_DBG_REMOVE_LOCK Lock, PVOID Tag)
{
    PIO_REMOVE_LOCK_TRACKING_BLOCK *Link, Block = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock->Dbg.Spin, &Irql);
    for (Link = &Lock->Dbg.Blocks; *Link != NULL; Link = &(*Link)->Next) {
        if ((*Link)->Tag == Tag) {
            Block = *Link;
            *Link = Block->Next;
            break;
        }
    }
    KeReleaseSpinLock(&Lock->Dbg.Spin, Irql);
    if (Block != NULL)
        ExFreePoolWithTag(Block, (ULONG)Lock->Dbg.AllocateTag);
    else if (InterlockedDecrement(&Lock->Dbg.LowMemoryCount) < 0)
        IopStop(IOP_VF_REMOVE_LOCK, Lock, (ULONG_PTR)Tag, (ULONG_PTR)Lock->Common.IoCount);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                                     ULONG RemlockSize)
{
    LONG Count;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Count = __atomic_load_n(&RemoveLock->Common.IoCount, __ATOMIC_ACQUIRE);
    do {
        /* Count was read before Removed: it is 1 or more, and if it still stands, ReleaseAndWait
         * either has not taken its two away or waits for others, and then for us as well. */
        if (NTIO_UNLIKELY(__atomic_load_n(&RemoveLock->Common.Removed, __ATOMIC_SEQ_CST)))
            return STATUS_DELETE_PENDING;
    } while (!__atomic_compare_exchange_n(&RemoveLock->Common.IoCount, &Count, Count + 1, FALSE,
                                          __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
    Count++;
    if (IopTracks(RemlockSize))
        IopTrackAcquire((PIOP_DBG_REMOVE_LOCK)RemoveLock, Tag, File, Line, Count);
    return STATUS_SUCCESS;
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    LONG Count;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (IopTracks(RemlockSize))
        IopTrackRelease((PIOP_DBG_REMOVE_LOCK)RemoveLock, Tag);
    Count = InterlockedDecrement(&RemoveLock->Common.IoCount);
    if (NTIO_LIKELY(Count > 0))
        return;
    /* 0 is for the time after ReleaseAndWait began; before it the lock's own count stands. */
    if (Count < 0 || !__atomic_load_n(&RemoveLock->Common.Removed, __ATOMIC_SEQ_CST))
        IopStop(IOP_VF_REMOVE_LOCK, RemoveLock, (ULONG_PTR)Tag, (ULONG_PTR)(LONG_PTR)Count);
    KeSetEvent(&RemoveLock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    LONG Count;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (IopTracks(RemlockSize))
        IopTrackRelease((PIOP_DBG_REMOVE_LOCK)RemoveLock, Tag);
    if (__atomic_exchange_n(&RemoveLock->Common.Removed, TRUE, __ATOMIC_SEQ_CST))
        IopStop(IOP_VF_REMOVE_LOCK, RemoveLock, (ULONG_PTR)Tag,
                (ULONG_PTR)(LONG_PTR)RemoveLock->Common.IoCount);
    /* Its own and the lock's at once: nobody else can bring the count to 0 in between. */
    Count = InterlockedExchangeAdd(&RemoveLock->Common.IoCount, -2) - 2;
    if (Count < 0)
        IopStop(IOP_VF_REMOVE_LOCK, RemoveLock, (ULONG_PTR)Tag, (ULONG_PTR)(LONG_PTR)Count);
    if (Count > 0)
        KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
    if (IopTracks(RemlockSize) && ((PIOP_DBG_REMOVE_LOCK)RemoveLock)->Dbg.Blocks != NULL)
        IopStop(IOP_VF_REMOVE_LOCK, RemoveLock, (ULONG_PTR)Tag, 0);
}
