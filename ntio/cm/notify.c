/* SPDX-License-Identifier: MIT */
/*
 * notify.c - being told of changes to keys: ZwNotifyChangeKey.
 *
 * Watches stand in one list under CmpLock; an empty list costs a change one comparison. A watch is
 * done once: by the first change that it waits for, or with its key's last handle. That happens
 * under CmpLock: events are set and work items queued there, whose locks come after it.
 *
 * Source: MS docs, ZwNotifyChangeKey, RegNotifyChangeKeyValue.
 */
#include "ntio/cm/cmp.h"
#include "ntio/cm/ntcm.h"

/* One who waits in the call itself; on the waiting thread's stack. */
typedef struct _CMP_WAITER {
    KEVENT Done;
    NTSTATUS Status;
} CMP_WAITER;

typedef struct _CMP_WATCH {
    LIST_ENTRY Link;
    PCM_KEY Key; /* not referenced: its close ends the watch */
    BOOLEAN Tree;
    ULONG Filter;
    PKEVENT Event; /* a reference, or NULL */
    PWORK_QUEUE_ITEM Work;
    WORK_QUEUE_TYPE Queue;
    PIO_STATUS_BLOCK IoStatus; /* a driver's, or NULL */
    CMP_WAITER *Waiter;
} CMP_WATCH;

static LIST_ENTRY CmpWatches = {&CmpWatches, &CmpWatches};

static VOID CmpEndWatch(CMP_WATCH *Watch, NTSTATUS Status)
{
    RemoveEntryList(&Watch->Link);
    if (Watch->IoStatus != NULL) {
        Watch->IoStatus->Information = 0;
        Watch->IoStatus->Status = Status;
    }
    if (Watch->Event != NULL) {
        KeSetEvent(Watch->Event, IO_NO_INCREMENT, FALSE);
        ObfDereferenceObject(Watch->Event);
    }
    if (Watch->Work != NULL)
        ExQueueWorkItem(Watch->Work, Watch->Queue);
    if (Watch->Waiter != NULL) {
        Watch->Waiter->Status = Status;
        KeSetEvent(&Watch->Waiter->Done, IO_NO_INCREMENT, FALSE);
    }
    free(Watch);
}

static BOOLEAN CmpIsBelow(PCM_NODE Node, PCM_NODE Above)
{
    for (; Node != NULL; Node = Node->Parent)
        if (Node == Above)
            return TRUE;
    return FALSE;
}

VOID CmpReportChange(PCM_NODE Node, ULONG What)
{
    PLIST_ENTRY Entry = CmpWatches.Flink;

    while (Entry != &CmpWatches) {
        CMP_WATCH *Watch = CONTAINING_RECORD(Entry, CMP_WATCH, Link);
        Entry = Entry->Flink;
        if ((Watch->Filter & What) != 0 &&
            (Watch->Key->Node == Node || (Watch->Tree && CmpIsBelow(Node, Watch->Key->Node))))
            CmpEndWatch(Watch, STATUS_NOTIFY_ENUM_DIR);
    }
}

VOID CmpEndWatchesOf(PCM_KEY Key, PCM_NODE Node)
{
    PLIST_ENTRY Entry = CmpWatches.Flink;

    while (Entry != &CmpWatches) {
        CMP_WATCH *Watch = CONTAINING_RECORD(Entry, CMP_WATCH, Link);
        Entry = Entry->Flink;
        if ((Key == NULL && Node == NULL) || (Key != NULL && Watch->Key == Key) ||
            (Node != NULL && Watch->Key->Node == Node))
            CmpEndWatch(Watch, STATUS_NOTIFY_CLEANUP);
    }
}

#define CMP_FILTER                                                                                 \
    (REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_ATTRIBUTES | REG_NOTIFY_CHANGE_LAST_SET |          \
     REG_NOTIFY_CHANGE_SECURITY)

NTSTATUS CmpNotify(HANDLE KeyHandle, HANDLE Event, PWORK_QUEUE_ITEM Work, WORK_QUEUE_TYPE Queue,
                   PIO_STATUS_BLOCK IoStatus, ULONG Filter, BOOLEAN Tree, BOOLEAN Wait,
                   KPROCESSOR_MODE Mode)
{
    CMP_WAITER Waiter = {.Status = STATUS_PENDING};
    PVOID EventObject = NULL;
    CMP_WATCH *Watch;
    NTSTATUS Status;
    PCM_KEY Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Filter == 0 || (Filter & ~(ULONG)CMP_FILTER) != 0)
        return STATUS_INVALID_PARAMETER;
    Status = CmpReferenceKey(KeyHandle, KEY_NOTIFY, Mode, &Key);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Event != NULL)
        Status = ObReferenceObjectByHandle(Event, EVENT_MODIFY_STATE, ExpEventObjectType, Mode,
                                           &EventObject, NULL);
    Watch = NT_SUCCESS(Status) ? CmpAllocate(sizeof(*Watch)) : NULL;
    if (Watch == NULL) {
        if (EventObject != NULL)
            ObfDereferenceObject(EventObject);
        ObfDereferenceObject(Key);
        return NT_SUCCESS(Status) ? STATUS_INSUFFICIENT_RESOURCES : Status;
    }
    *Watch = (CMP_WATCH){.Key = Key,
                         .Tree = Tree,
                         .Filter = Filter,
                         .Event = EventObject,
                         .Work = Work,
                         .Queue = Queue,
                         .IoStatus = IoStatus,
                         .Waiter = Wait ? &Waiter : NULL};
    KeInitializeEvent(&Waiter.Done, NotificationEvent, FALSE);
    if (EventObject != NULL)
        KeClearEvent(EventObject);
    KiLock(&CmpLock);
    /* A handle that was closed meanwhile has ended its watches: this one would stay for ever. */
    if (Key->Node->Deleted)
        Status = STATUS_KEY_DELETED;
    else if (ObpHandleCount(Key) == 0)
        Status = STATUS_INVALID_HANDLE;
    if (NT_SUCCESS(Status))
        InsertTailList(&CmpWatches, &Watch->Link);
    KiUnlock(&CmpLock);
    if (!NT_SUCCESS(Status)) {
        if (EventObject != NULL)
            ObfDereferenceObject(EventObject);
        free(Watch);
    } else if (Wait) {
        KeWaitForSingleObject(&Waiter.Done, Executive, Mode, FALSE, NULL);
        /* Who set it may still be under the lock, with this stack in his hands. */
        KiLock(&CmpLock);
        Status = Waiter.Status;
        KiUnlock(&CmpLock);
    } else {
        Status = STATUS_PENDING;
    }
    ObfDereferenceObject(Key);
    return Status;
}

NTSTATUS NTAPI ZwNotifyChangeKey(HANDLE KeyHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                 PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                 ULONG CompletionFilter, BOOLEAN WatchTree, PVOID Buffer,
                                 ULONG BufferSize, BOOLEAN Asynchronous)
{
    UNREFERENCED_PARAMETER(Buffer); /* nothing is ever returned in it */
    if (BufferSize != 0 && Buffer == NULL)
        return STATUS_INVALID_PARAMETER;
    /* A driver's "APC" is a work item of its own, and the context the queue that it goes to. */
    return CmpNotify(KeyHandle, Event, (PWORK_QUEUE_ITEM)(ULONG_PTR)ApcRoutine,
                     (WORK_QUEUE_TYPE)(ULONG_PTR)ApcContext, IoStatusBlock, CompletionFilter,
                     WatchTree, !Asynchronous, KernelMode);
}
