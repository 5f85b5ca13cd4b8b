/* SPDX-License-Identifier: MIT */
/*
 * thread.c - the IRPs that a thread has asked for: its list, cancelling what is in it, a thread's
 * end.
 *
 * An IRP leaves the list when it is finished, on whatever thread that is; whoever wants to cancel
 * it pins its storage under the list's lock, and calls the cancel routine with no lock held.
 */
#include "ntio/io/iop.h"

NTSTATUS IopQueueThreadIrp(PIRP Irp, PVOID Caller)
{
    PETHREAD Thread = IopCurrentThread();
    UNREFERENCED_PARAMETER(Caller);
    if (IopThreadCache(Thread) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTIO_ASSERT(IopHasPrefix(Irp) && !IopIsQueued(Irp));
    IopPrefixOf(Irp)->Process = PsGetCurrentProcess();
    IopPrefixOf(Irp)->Queued = TRUE;
    Irp->Tail.Overlay.Thread = Thread;
    KiLock(&Thread->IrpLock);
    InsertHeadList(&Thread->IrpList, &Irp->ThreadListEntry);
    KiUnlock(&Thread->IrpLock);
    return STATUS_SUCCESS;
}

PIOP_IRP_WAITER IopDequeueThreadIrp(PIRP Irp)
{
    PETHREAD Thread = Irp->Tail.Overlay.Thread;
    PIOP_IRP_WAITER Waiters;

    KiLock(&Thread->IrpLock);
    atomic_fetch_add_explicit(&Thread->IrpsFinishing, 1, memory_order_relaxed);
    RemoveEntryList(&Irp->ThreadListEntry);
    Waiters = Thread->IrpCache->Waiters;
    Thread->IrpCache->Waiters = NULL;
    KiUnlock(&Thread->IrpLock);
    InitializeListHead(&Irp->ThreadListEntry);
    IopPrefixOf(Irp)->Queued = FALSE;
    return Waiters;
}

/* Somebody waits for IrpsFinishing to become zero. */
#define IOP_FINISH_WAITED 0x80000000u

VOID IopEndFinish(PETHREAD Thread, PIOP_IRP_WAITER Waiters)
{
    /* The thread may be gone with this; a wake-up takes an address only. */
    if ((atomic_fetch_sub_explicit(&Thread->IrpsFinishing, 1, memory_order_acq_rel) &
         IOP_FINISH_WAITED) != 0)
        KiFutexWake(&Thread->IrpsFinishing, MAXLONG);
    while (Waiters != NULL) {
        PIOP_IRP_WAITER Next = Waiters->Next;
        KeSetEvent(&Waiters->Event, IO_NO_INCREMENT, FALSE); /* it is gone now */
        Waiters = Next;
    }
}

static VOID IopUnpin(PIOP_IRP_PREFIX Prefix)
{
    if (atomic_fetch_sub(&Prefix->Pins, 1) == (IOP_PINS_RELEASED | 1))
        IopFreeIrpStorage(Prefix);
}

ULONG IopCancelThreadIrps(PETHREAD Thread, IOP_IRP_MATCH *Match, PVOID Context)
{
    ULONG Count = 0;

    for (;;) {
        PIRP Found = NULL;
        KiLock(&Thread->IrpLock);
        for (PLIST_ENTRY Entry = Thread->IrpList.Flink; Entry != &Thread->IrpList;
             Entry = Entry->Flink) {
            PIRP Irp = CONTAINING_RECORD(Entry, IRP, ThreadListEntry);
            /* One that is cancelled already is as good as tried: its driver has been told. */
            if (!IopIsCancelled(Irp) && Match(Irp, Context)) {
                Found = Irp;
                atomic_fetch_add(&IopPrefixOf(Irp)->Pins, 1);
                break;
            }
        }
        KiUnlock(&Thread->IrpLock);
        if (Found == NULL)
            return Count;
        PIOP_IRP_PREFIX Prefix = IopPrefixOf(Found);
        IoCancelIrp(Found);
        IopUnpin(Prefix);
        Count++;
    }
}

VOID IopWaitThreadIrps(PETHREAD Thread, IOP_IRP_MATCH *Match, PVOID Context)
{
    for (;;) {
        IOP_IRP_WAITER Waiter;
        BOOLEAN Found = FALSE;
        KeInitializeEvent(&Waiter.Event, NotificationEvent, FALSE);
        KiLock(&Thread->IrpLock);
        for (PLIST_ENTRY Entry = Thread->IrpList.Flink; Entry != &Thread->IrpList && !Found;
             Entry = Entry->Flink)
            Found = Match(CONTAINING_RECORD(Entry, IRP, ThreadListEntry), Context);
        if (Found) {
            Waiter.Next = Thread->IrpCache->Waiters;
            Thread->IrpCache->Waiters = &Waiter;
        }
        KiUnlock(&Thread->IrpLock);
        if (!Found)
            break;
        KeWaitForSingleObject(&Waiter.Event, Executive, KernelMode, FALSE, NULL);
    }
    /* Off the list, but perhaps with the last reference to a file that a device's removal waits
     * for. */
    if (atomic_load_explicit(&Thread->IrpsFinishing, memory_order_acquire) == 0)
        return;
    atomic_fetch_or(&Thread->IrpsFinishing, IOP_FINISH_WAITED);
    ULONG Left;
    while (((Left = atomic_load_explicit(&Thread->IrpsFinishing, memory_order_acquire)) &
            ~IOP_FINISH_WAITED) != 0)
        KiFutexWait(&Thread->IrpsFinishing, Left, 0);
}

typedef struct _IOP_THREADS {
    PETHREAD *Threads;
    ULONG Count, Room;
} IOP_THREADS;

static VOID IopKeepThread(PETHREAD Thread, PVOID Context)
{
    IOP_THREADS *Kept = Context;
    if (Kept->Count < Kept->Room) {
        ObReferenceObject(Thread);
        Kept->Threads[Kept->Count] = Thread;
    }
    Kept->Count++;
}

static VOID IopDropThreads(PETHREAD *Threads, ULONG Count)
{
    for (ULONG i = 0; i < Count; i++)
        ObDereferenceObject(Threads[i]);
    if (Threads != NULL)
        ExFreePoolWithTag(Threads, IOP_TAG_MISC);
}

static NTSTATUS IopSnapshotThreads(PETHREAD **Threads, PULONG Count)
{
    IOP_THREADS Kept = {NULL, 0, 0};

    for (;;) {
        Kept.Count = 0;
        PspEnumerateThreads(IopKeepThread, &Kept);
        if (Kept.Count <= Kept.Room)
            break;
        ULONG Want = Kept.Count + 8; /* some may come in between */
        IopDropThreads(Kept.Threads, Kept.Room);
        Kept.Threads = ExAllocatePoolWithTag(NonPagedPool, Want * sizeof(PETHREAD), IOP_TAG_MISC);
        if (Kept.Threads == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        Kept.Room = Want;
    }
    *Threads = Kept.Threads;
    *Count = Kept.Count;
    return STATUS_SUCCESS;
}

NTSTATUS IopForEachThread(PSP_THREAD_ROUTINE *Each, PVOID Context)
{
    PETHREAD *Threads;
    ULONG Count;

    NTSTATUS Status = IopSnapshotThreads(&Threads, &Count);
    if (!NT_SUCCESS(Status))
        return Status;
    for (ULONG i = 0; i < Count; i++)
        Each(Threads[i], Context);
    IopDropThreads(Threads, Count);
    return STATUS_SUCCESS;
}

static BOOLEAN IopMatchAll(PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return TRUE;
}

/*
 * Windows waits five minutes for a driver that does not complete what was cancelled, then lets the
 * IRP go and the thread with it. Here the thread stays: a driver that hangs is a fault to be found.
 */
VOID IopThreadExit(PETHREAD Thread)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    if (__atomic_load_n(&Thread->IrpCache, __ATOMIC_RELAXED) == NULL)
        return;
    IopCancelThreadIrps(Thread, IopMatchAll, NULL);
    IopWaitThreadIrps(Thread, IopMatchAll, NULL);
    IopFreeThreadCache(Thread);
}
