/* SPDX-License-Identifier: MIT */
/*
 * startio.c - StartIo: a device queue that gives its driver one request at a time.
 *
 * An IRP with a cancel function goes through the cancel spin lock, so that CurrentIrp and the queue
 * change together for a cancel routine that looks at both. Documented order: cancel spin lock, then
 * the device queue's lock.
 */
#include "ntio/io/iop.h"

/* DEVOBJ_EXTENSION.StartIoFlags. */
#define IOP_STARTIO_NO_CANCEL  0x1 /* StartIo holds no cancel lock: NonCancelable */
#define IOP_STARTIO_DEFERRED   0x2 /* StartIo is not called from within StartIo */
#define IOP_STARTIO_KEY        0x4 /* a packet was asked for by key while deferred */
#define IOP_STARTIO_CANCELABLE 0x8

VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo,
                                  BOOLEAN NonCancelable)
{
    PDEVOBJ_EXTENSION Extension = DeviceObject->DeviceObjectExtension;

    Extension->StartIoFlags &= ~(ULONG)(IOP_STARTIO_NO_CANCEL | IOP_STARTIO_DEFERRED);
    if (DeferredStartIo)
        Extension->StartIoFlags |= IOP_STARTIO_DEFERRED;
    if (NonCancelable)
        Extension->StartIoFlags |= IOP_STARTIO_NO_CANCEL;
}

/* Takes the next packet and makes it current; NULL: the queue is idle. */
static PIRP IopTakePacket(PDEVICE_OBJECT Device, BOOLEAN ByKey, ULONG Key, BOOLEAN Cancelable)
{
    PKDEVICE_QUEUE_ENTRY Entry;
    PIRP Irp = NULL;
    KIRQL Irql = 0;

    if (Cancelable)
        IoAcquireCancelSpinLock(&Irql);
    Device->CurrentIrp = NULL;
    Entry = ByKey ? KeRemoveByKeyDeviceQueue(&Device->DeviceQueue, Key)
                  : KeRemoveDeviceQueue(&Device->DeviceQueue);
    if (Entry != NULL) {
        Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.DeviceQueueEntry);
        Device->CurrentIrp = Irp;
        /* One that its driver said it does not cancel once it has started. */
        if (Cancelable &&
            (Device->DeviceObjectExtension->StartIoFlags & IOP_STARTIO_NO_CANCEL) != 0)
            IoSetCancelRoutine(Irp, NULL);
    }
    if (Cancelable)
        IoReleaseCancelSpinLock(Irql);
    return Irp;
}

static VOID IopStartNext(PDEVICE_OBJECT Device, BOOLEAN ByKey, ULONG Key, BOOLEAN Cancelable)
{
    PDEVOBJ_EXTENSION Extension = Device->DeviceObjectExtension;
    PIRP Irp;

    if ((Extension->StartIoFlags & IOP_STARTIO_DEFERRED) == 0) {
        Irp = IopTakePacket(Device, ByKey, Key, Cancelable);
        if (Irp != NULL)
            Device->DriverObject->DriverStartIo(Device, Irp);
        return;
    }
    /* Whoever is in StartIo for this device goes on when it comes back: no recursion. */
    if (InterlockedIncrement(&Extension->StartIoCount) > 1) {
        if (ByKey)
            __atomic_store_n(&Extension->StartIoKey, (LONG)Key, __ATOMIC_RELAXED);
        return;
    }
    do {
        Irp = IopTakePacket(Device, ByKey, Key, Cancelable);
        if (Irp != NULL)
            Device->DriverObject->DriverStartIo(Device, Irp);
        if (ByKey)
            Key = (ULONG)__atomic_load_n(&Extension->StartIoKey, __ATOMIC_RELAXED);
    } while (InterlockedDecrement(&Extension->StartIoCount) != 0);
}

static BOOLEAN IopInsertPacket(PDEVICE_OBJECT Device, PIRP Irp, PULONG Key)
{
    PKDEVICE_QUEUE_ENTRY Entry = &Irp->Tail.Overlay.DeviceQueueEntry;

    return Key != NULL ? KeInsertByKeyDeviceQueue(&Device->DeviceQueue, Entry, *Key)
                       : KeInsertDeviceQueue(&Device->DeviceQueue, Entry);
}

VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key,
                         PDRIVER_CANCEL CancelFunction)
{
    ULONG Flags = DeviceObject->DeviceObjectExtension->StartIoFlags;
    KIRQL Old, CancelIrql = DISPATCH_LEVEL;
    BOOLEAN Queued, WasIdle;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    if (CancelFunction != NULL) {
        IoAcquireCancelSpinLock(&CancelIrql);
        IoSetCancelRoutine(Irp, CancelFunction);
    }
    Queued = IopInsertPacket(DeviceObject, Irp, Key);
    /*
     * Deferred, also the first one goes through IopStartNext, because whoever took the last packet
     * and found the queue idle may not be out of it yet. So it stands in the queue, which is busy
     * now and stays so: nobody asks for a next packet before one has been started.
     */
    WasIdle = !Queued && (Flags & IOP_STARTIO_DEFERRED) != 0;
    if (WasIdle)
        Queued = IopInsertPacket(DeviceObject, Irp, Key);
    if (!Queued) {
        DeviceObject->CurrentIrp = Irp;
        if (CancelFunction != NULL) {
            if ((Flags & IOP_STARTIO_NO_CANCEL) != 0)
                IoSetCancelRoutine(Irp, NULL);
            IoReleaseCancelSpinLock(CancelIrql);
        }
        DeviceObject->DriverObject->DriverStartIo(DeviceObject, Irp);
    } else if (CancelFunction != NULL) {
        if (IopIsCancelled(Irp) && IoSetCancelRoutine(Irp, NULL) != NULL) {
            /* Cancelled before it came here: its routine finds it in the queue. */
            Irp->CancelIrql = CancelIrql;
            CancelFunction(DeviceObject, Irp); /* releases the lock */
        } else {
            IoReleaseCancelSpinLock(CancelIrql);
        }
    }
    if (WasIdle)
        IopStartNext(DeviceObject, FALSE, 0, CancelFunction != NULL);
    KeLowerIrql(Old);
}

VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    if (KeGetCurrentIrql() != DISPATCH_LEVEL)
        KeBugCheckEx(IRQL_NOT_DISPATCH_LEVEL, (ULONG_PTR)DeviceObject, KeGetCurrentIrql(), 0, 0);
    IopStartNext(DeviceObject, FALSE, 0, Cancelable);
}

VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    if (KeGetCurrentIrql() != DISPATCH_LEVEL)
        KeBugCheckEx(IRQL_NOT_DISPATCH_LEVEL, (ULONG_PTR)DeviceObject, KeGetCurrentIrql(), 0, 0);
    IopStartNext(DeviceObject, TRUE, Key, Cancelable);
}
