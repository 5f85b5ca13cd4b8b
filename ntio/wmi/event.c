/* SPDX-License-Identifier: MIT */
/*
 * event.c - events: who listens, who is told that somebody listens, and how they arrive.
 *
 * A driver may fire at DISPATCH_LEVEL, so a work item delivers. Providers hear of it
 * (IRP_MN_ENABLE_EVENTS, _COLLECTION and their ends) when the first listener or reader of a block
 * comes and when the last has gone.
 */
#include "ntio/wmi/wmip.h"

typedef struct _WMIP_EVENT {
    LIST_ENTRY Link;
    PWNODE_HEADER Node; /* pool, of the driver's tag */
} WMIP_EVENT, *PWMIP_EVENT;

static LIST_ENTRY WmipEvents; /* WmipLock, as the next */
static BOOLEAN WmipDelivering;
static WORK_QUEUE_ITEM WmipEventItem;
static KMUTEX WmipControl;

static VOID NTAPI WmipDeliverRoutine(PVOID Context);

VOID WmipInitializeEvents(VOID)
{
    InitializeListHead(&WmipEvents);
    WmipDelivering = FALSE;
    ExInitializeWorkItem(&WmipEventItem, WmipDeliverRoutine, NULL);
    KeInitializeMutex(&WmipControl, 0);
}

/* ---- providers are told ---- */

/* Under WmipLock. */
static BOOLEAN WmipIsWanted(const WMIP_BLOCK *Block, BOOLEAN Events)
{
    PLIST_ENTRY Link;

    if (!Events && (Block->Flags & WMIREG_FLAG_EXPENSIVE) == 0)
        return FALSE;
    for (Link = WmipObjects.Flink; Link != &WmipObjects; Link = Link->Flink) {
        PWMIP_OBJECT Object = CONTAINING_RECORD(Link, WMIP_OBJECT, Link);

        if (WmipSameGuid(&Object->Guid, &Block->Guid) &&
            (Events ? Object->Callback != NULL : (Object->Access & WMIGUID_QUERY) != 0))
            return TRUE;
    }
    return FALSE;
}

/* One block that knows something else than what is so; its new state is written. */
static BOOLEAN WmipNextChange(PWMIP_TARGET Target, PUCHAR MinorFunction)
{
    PLIST_ENTRY ProviderLink, Link;

    for (ProviderLink = WmipProviders.Flink; ProviderLink != &WmipProviders;
         ProviderLink = ProviderLink->Flink) {
        PWMIP_PROVIDER Provider = CONTAINING_RECORD(ProviderLink, WMIP_PROVIDER, Link);

        for (Link = Provider->Blocks.Flink; Link != &Provider->Blocks; Link = Link->Flink) {
            PWMIP_BLOCK Block = CONTAINING_RECORD(Link, WMIP_BLOCK, Link);
            BOOLEAN Events = WmipIsWanted(Block, TRUE), Collection = WmipIsWanted(Block, FALSE);

            if (Events != Block->Events) {
                Block->Events = Events;
                *MinorFunction = Events ? IRP_MN_ENABLE_EVENTS : IRP_MN_DISABLE_EVENTS;
            } else if (Collection != Block->Collection) {
                Block->Collection = Collection;
                *MinorFunction = Collection ? IRP_MN_ENABLE_COLLECTION : IRP_MN_DISABLE_COLLECTION;
            } else {
                continue;
            }
            Provider->References++;
            Block->References++;
            Target->Provider = Provider;
            Target->Block = Block;
            return TRUE;
        }
    }
    return FALSE;
}

VOID WmipTellProviders(VOID)
{
    KeWaitForSingleObject(&WmipControl, Executive, KernelMode, FALSE, NULL);
    for (;;) {
        PWMIP_TARGET Target = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Target), WMIP_TAG);
        UCHAR MinorFunction = 0;
        BOOLEAN Found;
        GUID Guid;

        if (Target == NULL)
            break; /* the next change tells them */
        memset(Target, 0, sizeof(*Target));
        KiLock(&WmipLock);
        Found = WmipNextChange(Target, &MinorFunction);
        KiUnlock(&WmipLock);
        if (Found) {
            Guid = Target->Block->Guid;
            (void)WmipSend(Target->Provider, MinorFunction, &Guid, NULL, 0, NULL);
        }
        WmipFreeTargets(Target, 1);
        if (!Found)
            break;
    }
    KeReleaseMutex(&WmipControl, FALSE);
}

NTSTATUS NTAPI IoWMISetNotificationCallback(PVOID Object, WMI_NOTIFICATION_CALLBACK Callback,
                                            PVOID Context)
{
    PWMIP_OBJECT Block = Object;
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if ((Block->Access & WMIGUID_NOTIFICATION) == 0)
        return STATUS_ACCESS_DENIED;
    KiLock(&WmipLock);
    if (Block->Callback != NULL) {
        Status = STATUS_INVALID_DEVICE_STATE;
    } else {
        Block->Callback = Callback;
        Block->Context = Context;
    }
    KiUnlock(&WmipLock);
    if (NT_SUCCESS(Status))
        WmipTellProviders();
    return Status;
}

/* ---- delivery ---- */

/* The instance's name, where the provider registered one: a copy of the node with it. */
static PWNODE_HEADER WmipNamedEvent(PWNODE_HEADER Node)
{
    PWNODE_SINGLE_INSTANCE Single = (PWNODE_SINGLE_INSTANCE)Node, Named = NULL;
    PWMIP_TARGET Targets;
    ULONG Count, i, Bytes = (Node->BufferSize + 1) & ~1u;

    if ((Node->Flags & WNODE_FLAG_SINGLE_INSTANCE) == 0 ||
        (Node->Flags & (WNODE_FLAG_STATIC_INSTANCE_NAMES | WNODE_FLAG_PDO_INSTANCE_NAMES)) == 0 ||
        Node->BufferSize < FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData) ||
        Node->BufferSize > WMIP_LARGEST ||
        !NT_SUCCESS(WmipFindTargets(&Node->Guid, &Targets, &Count)))
        return NULL;
    for (i = 0; i < Count; i++) {
        PWMIP_BLOCK Block = Targets[i].Block;
        PUNICODE_STRING Name;

        if (Targets[i].Provider->Id != Node->ProviderId || Block->Names == NULL ||
            Single->InstanceIndex >= Block->InstanceCount)
            continue;
        Name = &Block->Names[Single->InstanceIndex];
        Named =
            ExAllocatePoolWithTag(NonPagedPoolNx, Bytes + sizeof(USHORT) + Name->Length, WMIP_TAG);
        if (Named == NULL)
            break;
        memcpy(Named, Node, Node->BufferSize);
        Named->OffsetInstanceName = Bytes;
        memcpy((PUCHAR)Named + Bytes, &Name->Length, sizeof(USHORT));
        memcpy((PUCHAR)Named + Bytes + sizeof(USHORT), Name->Buffer, Name->Length);
        Named->WnodeHeader.BufferSize = Bytes + (ULONG)sizeof(USHORT) + Name->Length;
        break;
    }
    WmipFreeTargets(Targets, Count);
    return &Named->WnodeHeader;
}

/* The listener behind Last (NULL: the first), referenced; Last's reference is dropped. The list
 * keeps its order while somebody stands on one of its members. */
static PWMIP_OBJECT WmipNextListener(LPCGUID Guid, PWMIP_OBJECT Last)
{
    PLIST_ENTRY Link;
    PWMIP_OBJECT Found = NULL;

    KiLock(&WmipLock);
    for (Link = Last != NULL ? Last->Link.Flink : WmipObjects.Flink; Link != &WmipObjects;
         Link = Link->Flink) {
        PWMIP_OBJECT Object = CONTAINING_RECORD(Link, WMIP_OBJECT, Link);

        /* One whose last reference has gone waits for this lock to leave the list. */
        if (Object->Callback != NULL && WmipSameGuid(&Object->Guid, Guid) &&
            ObpReferenceUnlessDying(Object)) {
            Found = Object;
            break;
        }
    }
    KiUnlock(&WmipLock);
    if (Last != NULL)
        ObDereferenceObject(Last);
    return Found;
}

static VOID WmipDeliver(PWNODE_HEADER Node)
{
    PWNODE_HEADER Named = WmipNamedEvent(Node);
    PWMIP_OBJECT Listener = NULL;

    while ((Listener = WmipNextListener(&Node->Guid, Listener)) != NULL)
        Listener->Callback(Named != NULL ? Named : Node, Listener->Context);
    if (Named != NULL)
        ExFreePoolWithTag(Named, WMIP_TAG);
}

static VOID NTAPI WmipDeliverRoutine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (;;) {
        PWMIP_EVENT Event = NULL;

        KiLock(&WmipLock);
        if (!IsListEmpty(&WmipEvents))
            Event = CONTAINING_RECORD(RemoveHeadList(&WmipEvents), WMIP_EVENT, Link);
        else
            WmipDelivering = FALSE;
        KiUnlock(&WmipLock);
        if (Event == NULL)
            return;
        WmipDeliver(Event->Node);
        ExFreePool(Event->Node);
        ExFreePoolWithTag(Event, WMIP_TAG);
    }
}

NTSTATUS NTAPI IoWMIWriteEvent(PVOID WnodeEventItem)
{
    PWNODE_HEADER Node = WnodeEventItem;
    PWMIP_EVENT Event;
    BOOLEAN Start;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if ((Node->Flags & WNODE_FLAG_EVENT_ITEM) == 0 || Node->BufferSize < sizeof(*Node))
        return STATUS_UNSUCCESSFUL;
    Event = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Event), WMIP_TAG);
    if (Event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Event->Node = Node;
    KiLock(&WmipLock);
    InsertTailList(&WmipEvents, &Event->Link);
    Start = !WmipDelivering;
    WmipDelivering = TRUE;
    KiUnlock(&WmipLock);
    if (Start)
        ExQueueWorkItem(&WmipEventItem, DelayedWorkQueue);
    return STATUS_SUCCESS;
}
