/* SPDX-License-Identifier: MIT */
/*
 * enumerate.c - asks a bus for its children and brings the tree in line: those that are missing go,
 * those that are new come.
 */
#include "ntio/pnp/pnpp.h"

/* Takes what the bus reported into the tree; consumes Relations. New nodes are PnpUninitialized. */
static NTSTATUS PnppAdopt(PDEVICE_NODE Parent, PDEVICE_RELATIONS Relations)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PDEVICE_NODE Node;
    ULONG i;

    for (i = 0; i < Relations->Count; i++) {
        PDEVICE_OBJECT Pdo = Relations->Objects[i];

        if (Pdo == NULL)
            KeBugCheckEx(PNP_DETECTED_FATAL_ERROR, PNP_FATAL_NULL_PDO,
                         (ULONG_PTR)Parent->PhysicalDeviceObject, Relations->Count, i);
        if (PnpIsDeleted(Pdo))
            KeBugCheckEx(PNP_DETECTED_FATAL_ERROR, PNP_FATAL_DELETED_PDO, (ULONG_PTR)Pdo, 0, 0);
        Node = PnpNodeOfDevice(Pdo);
        if (Node == NULL) {
            Node = PnpCreateNode(Pdo);
            if (Node == NULL) {
                Status = STATUS_INSUFFICIENT_RESOURCES; /* the next enumeration will find it */
                continue;
            }
            __atomic_fetch_or(&Pdo->Flags, DO_BUS_ENUMERATED_DEVICE, __ATOMIC_RELAXED);
            PnpLinkNode(Parent, Node);
        }
        if (Node->Parent == Parent)
            Node->Enumerated = TRUE;
        else
            DbgPrint("PnP: %ws reports a device of another bus, %ws\n", Parent->InstancePath,
                     Node->InstancePath);
        PnpDereferenceNode(Node);
    }
    PnpFreeRelations(Relations);
    return Status;
}

/* The first child that is gone; or the first that nobody has asked who it is, or that lost its
 * drivers to PnpRemoveSubtree and may have them again. The list may change between calls. */
static PDEVICE_NODE PnppFirst(PDEVICE_NODE Parent, BOOLEAN Missing)
{
    PDEVICE_NODE Child;

    for (Child = Parent->Child; Child != NULL; Child = Child->Sibling) {
        if (!PnpIsLive(Child))
            continue;
        if (Missing ? !Child->Enumerated
                    : Child->State == PnpUninitialized ||
                          (Child->State == PnpInitialized && Child->Problem == 0))
            return Child;
    }
    return NULL;
}

NTSTATUS PnpEnumerateBus(PDEVICE_NODE Parent)
{
    PDEVICE_RELATIONS Relations;
    PDEVICE_NODE Child;
    NTSTATUS Status;

    if (Parent->State != PnpStarted)
        return Parent->State == PnpRemoved ? STATUS_NO_SUCH_DEVICE : STATUS_INVALID_DEVICE_STATE;
    Status = PnpQueryRelations(Parent->PhysicalDeviceObject, BusRelations, NULL, &Relations);
    if (!NT_SUCCESS(Status))
        return Status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS
                                              : Status; /* no bus, or it can't say */
    for (Child = Parent->Child; Child != NULL; Child = Child->Sibling)
        Child->Enumerated = FALSE;
    if (Relations != NULL)
        Status = PnppAdopt(Parent, Relations);
    /* First those that went: one that came may bear the name of one that went. */
    while ((Child = PnppFirst(Parent, TRUE)) != NULL)
        PnpSurpriseRemove(Child, FALSE, 0, STATUS_SUCCESS);
    while ((Child = PnppFirst(Parent, FALSE)) != NULL) {
        PnpReferenceNode(Child);
        if (Child->State != PnpUninitialized) {
            (void)PnpConfigure(Child);
        } else if (NT_SUCCESS(PnpIdentify(Child))) {
            (void)PnpTellNode(Child, PnpEventEnumerated, NULL);
            (void)PnpConfigure(Child);
        }
        PnpDereferenceNode(Child);
    }
    return Status;
}

VOID PnpEnumerateRoutine(PNP_ACTION *Action)
{
    (void)PnpEnumerateBus(Action->Node);
}

VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!PnpIsPdo(DeviceObject))
        PnpInvalidPdo(DeviceObject);
    /* The other relations are asked for each time they are needed: nothing is kept that could be
     * stale. */
    if (Type == BusRelations || Type == SingleBusRelations)
        (void)PnpQueueDeviceAction(DeviceObject, FIELD_OFFSET(DEVICE_NODE, EnumerateAction));
}

typedef struct _PNP_BUS_ACTION {
    PNP_ACTION Action;
    PDEVICE_OBJECT Pdo; /* or: */
    const WCHAR *InstancePath;
} PNP_BUS_ACTION;

static VOID PnppBusRoutine(PNP_ACTION *Action)
{
    PNP_BUS_ACTION *Bus = CONTAINING_RECORD(Action, PNP_BUS_ACTION, Action);
    PDEVICE_NODE Node =
        Bus->Pdo != NULL ? PnpNodeOfDevice(Bus->Pdo) : PnpFindNode(Bus->InstancePath);

    Action->Status = STATUS_NO_SUCH_DEVICE;
    if (Node != NULL) {
        Action->Status = PnpEnumerateBus(Node);
        PnpDereferenceNode(Node);
    }
}

NTSTATUS NTAPI IoSynchronousInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject,
                                                      DEVICE_RELATION_TYPE Type)
{
    PNP_BUS_ACTION Bus = {.Action.Run = PnppBusRoutine, .Pdo = DeviceObject};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!PnpIsPdo(DeviceObject))
        PnpInvalidPdo(DeviceObject);
    if (Type != BusRelations && Type != SingleBusRelations)
        return STATUS_NOT_IMPLEMENTED;
    return PnpRunAction(&Bus.Action);
}

NTSTATUS PnpEnumerateDevice(const WCHAR *InstancePath)
{
    PNP_BUS_ACTION Bus = {.Action.Run = PnppBusRoutine, .InstancePath = InstancePath};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnpRunAction(&Bus.Action);
}
