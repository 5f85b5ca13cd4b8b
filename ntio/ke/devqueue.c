/* SPDX-License-Identifier: MIT */
/* devqueue.c - device queues: what StartIo's IRPs wait in. Busy: an entry is with the device. */
#include "kip.h"

VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    memset(DeviceQueue, 0, sizeof(*DeviceQueue));
    DeviceQueue->Type = DeviceQueueObject;
    DeviceQueue->Size = sizeof(*DeviceQueue);
    InitializeListHead(&DeviceQueue->DeviceListHead);
    KeInitializeSpinLock(&DeviceQueue->Lock);
}

BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY Entry)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&DeviceQueue->Lock);
    BOOLEAN Inserted = DeviceQueue->Busy;

    if (Inserted)
        InsertTailList(&DeviceQueue->DeviceListHead, &Entry->DeviceListEntry);
    else
        DeviceQueue->Busy = TRUE;
    Entry->Inserted = Inserted;
    KeReleaseSpinLock(&DeviceQueue->Lock, Irql);
    return Inserted;
}

/* Behind all entries with the same or a lower key. */
BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY Entry,
                                       ULONG SortKey)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&DeviceQueue->Lock);
    BOOLEAN Inserted = DeviceQueue->Busy;

    Entry->SortKey = SortKey;
    if (Inserted) {
        PLIST_ENTRY Before = DeviceQueue->DeviceListHead.Blink;

        while (Before != &DeviceQueue->DeviceListHead &&
               CONTAINING_RECORD(Before, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > SortKey)
            Before = Before->Blink;
        InsertHeadList(Before, &Entry->DeviceListEntry);
    } else {
        DeviceQueue->Busy = TRUE;
    }
    Entry->Inserted = Inserted;
    KeReleaseSpinLock(&DeviceQueue->Lock, Irql);
    return Inserted;
}

/* The entry that follows the one with the device, or NULL: then the queue is no longer busy. Lock
 * held. */
static PKDEVICE_QUEUE_ENTRY KiTakeEntry(PKDEVICE_QUEUE DeviceQueue, PLIST_ENTRY Next)
{
    PKDEVICE_QUEUE_ENTRY Entry;

    if (!DeviceQueue->Busy)
        KeBugCheckEx(DEVICE_QUEUE_NOT_BUSY, (ULONG_PTR)DeviceQueue, 0, 0, 0);
    if (IsListEmpty(&DeviceQueue->DeviceListHead)) {
        DeviceQueue->Busy = FALSE;
        return NULL;
    }
    Entry = CONTAINING_RECORD(Next, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    RemoveEntryList(Next);
    Entry->Inserted = FALSE;
    return Entry;
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&DeviceQueue->Lock);
    PKDEVICE_QUEUE_ENTRY Entry = KiTakeEntry(DeviceQueue, DeviceQueue->DeviceListHead.Flink);

    KeReleaseSpinLock(&DeviceQueue->Lock, Irql);
    return Entry;
}

/* The first whose key is not below SortKey; past the last, the first of all. */
PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&DeviceQueue->Lock);
    PLIST_ENTRY Head = &DeviceQueue->DeviceListHead, Next = Head->Flink;
    PKDEVICE_QUEUE_ENTRY Entry;

    while (Next != Head &&
           CONTAINING_RECORD(Next, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey < SortKey)
        Next = Next->Flink;
    Entry = KiTakeEntry(DeviceQueue, Next != Head ? Next : Head->Flink);
    KeReleaseSpinLock(&DeviceQueue->Lock, Irql);
    return Entry;
}

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY Entry)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&DeviceQueue->Lock);
    BOOLEAN Inserted = Entry->Inserted;

    if (Inserted) {
        RemoveEntryList(&Entry->DeviceListEntry);
        Entry->Inserted = FALSE;
    }
    KeReleaseSpinLock(&DeviceQueue->Lock, Irql);
    return Inserted;
}
