/* SPDX-License-Identifier: MIT */
/*
 * remove.c - how devices go: asked first, or pulled out.
 *
 * Orderly: everything at or below the device, and its removal relations, is asked with
 * QUERY_REMOVE, children first. While it is asked nothing can be opened. Whoever refuses, or has a
 * handle open, ends it: all that were asked get CANCEL_REMOVE, in the reverse order. Else all get
 * REMOVE.
 *
 * Surprise: SURPRISE_REMOVAL at once, children first; REMOVE when no handle is open on the stack
 * and nothing is left below it. io says when the last handle closes (PnpLastClose); the worker
 * never waits for one. Against a missed close stands the order of events: here the state is
 * written, then the opens are counted; there the open is taken off the count, then the state is
 * read.
 */
#include "ntio/pnp/pnpp.h"

static const WCHAR *PnppName(PDEVICE_NODE Node)
{
    return Node->InstancePath != NULL ? Node->InstancePath : L"(a device without a name)";
}

VOID PnpSetStartPending(PDEVICE_NODE Node, BOOLEAN Pending)
{
    PDEVICE_OBJECT Device;

    KiLock(&IopDeviceLock);
    for (Device = Node->PhysicalDeviceObject; Device != NULL; Device = Device->AttachedDevice) {
        if (Pending) {
            Device->DeviceObjectExtension->ExtensionFlags |= DOE_START_PENDING;
            IopDeviceExtension(Device)->RemovePending = FALSE;
        } else {
            Device->DeviceObjectExtension->ExtensionFlags &= ~(ULONG)DOE_START_PENDING;
        }
    }
    KiUnlock(&IopDeviceLock);
}

VOID PnpBarOpens(PDEVICE_NODE Node, BOOLEAN Bar)
{
    PDEVICE_OBJECT Device;

    KiLock(&IopDeviceLock);
    for (Device = Node->PhysicalDeviceObject; Device != NULL; Device = Device->AttachedDevice)
        IopDeviceExtension(Device)->RemovePending = Bar;
    KiUnlock(&IopDeviceLock);
}

/* ---- lists of nodes ---- */

static BOOLEAN PnppContains(const PNP_NODE_LIST *List, PDEVICE_NODE Node)
{
    ULONG i;

    for (i = 0; i < List->Count; i++) {
        if (List->Nodes[i] == Node)
            return TRUE;
    }
    return FALSE;
}

static NTSTATUS PnppAdd(PNP_NODE_LIST *List, PDEVICE_NODE Node)
{
    if (PnppContains(List, Node))
        return STATUS_SUCCESS;
    if (List->Count == List->Capacity) {
        ULONG Capacity = List->Capacity == 0 ? 16 : List->Capacity * 2;
        PDEVICE_NODE *Larger =
            ExAllocatePoolWithTag(NonPagedPoolNx, Capacity * sizeof(*Larger), PNP_TAG);

        if (Larger == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        if (List->Count != 0)
            memcpy(Larger, List->Nodes, List->Count * sizeof(*Larger));
        PnpFree(List->Nodes);
        List->Nodes = Larger;
        List->Capacity = Capacity;
    }
    PnpReferenceNode(Node);
    List->Nodes[List->Count++] = Node;
    return STATUS_SUCCESS;
}

VOID PnpFreeNodeList(PNP_NODE_LIST *List)
{
    ULONG i;

    for (i = 0; i < List->Count; i++)
        PnpDereferenceNode(List->Nodes[i]);
    PnpFree(List->Nodes);
    memset(List, 0, sizeof(*List));
}

static NTSTATUS PnppAddSubtree(PNP_NODE_LIST *List, PDEVICE_NODE Root)
{
    PDEVICE_NODE Node = NULL;
    NTSTATUS Status = STATUS_SUCCESS;

    while (NT_SUCCESS(Status) && (Node = PnpNextLeafFirst(Root, Node)) != NULL)
        Status = PnppAdd(List, Node);
    return Status;
}

/* What has to go when Node goes, by what its drivers say. */
static NTSTATUS PnppAddRelations(PNP_NODE_LIST *List, PDEVICE_NODE Node, DEVICE_RELATION_TYPE Type)
{
    PDEVICE_RELATIONS Relations;
    NTSTATUS Status = STATUS_SUCCESS;
    PDEVICE_NODE Related;
    ULONG i;

    if (!NT_SUCCESS(PnpQueryRelations(Node->PhysicalDeviceObject, Type, NULL, &Relations)) ||
        Relations == NULL)
        return STATUS_SUCCESS; /* most have none, and say so */
    for (i = 0; i < Relations->Count && NT_SUCCESS(Status); i++) {
        PDEVICE_OBJECT Device = Relations->Objects[i];

        if (PnpIsDeleted(Device))
            KeBugCheckEx(PNP_DETECTED_FATAL_ERROR, PNP_FATAL_DELETED_RELATION, (ULONG_PTR)Device,
                         (ULONG_PTR)Relations, 0);
        Related = PnpNodeOfDevice(Device);
        if (Related == NULL)
            continue;
        if (Related != PnpRootNode)
            Status = PnppAddSubtree(List, Related);
        PnpDereferenceNode(Related);
    }
    PnpFreeRelations(Relations);
    return Status;
}

/* ---- orderly removal ---- */

static BOOLEAN PnppIsStarted(PDEVICE_NODE Node)
{
    return Node->State == PnpStarted || Node->State == PnpQueryRemoved;
}

static VOID PnppVetoText(PNP_VETO *Veto, const WCHAR *Text)
{
    if (Veto != NULL && Veto->Text != NULL && Veto->Characters != 0)
        (void)PnpJoin(Veto->Text, Veto->Characters, Text, NULL);
}

static VOID PnppRefuse(PNP_VETO *Veto, PNP_VETO_TYPE Type, PDEVICE_NODE Node)
{
    if (Veto == NULL || Veto->Refusal == NULL)
        return;
    Veto->Refusal->Type = Type;
    (void)PnpJoin(Veto->Refusal->Name, PNP_INSTANCE_CHARACTERS,
                  Node->InstancePath != NULL ? Node->InstancePath : L"", NULL);
}

/* The name of the device that is open, in \Device, or where it has none the instance path. */
static VOID PnppVetoOpen(PNP_VETO *Veto, PDEVICE_NODE Node, ULONG Opens)
{
    PDEVICE_OBJECT Device = IoGetAttachedDeviceReference(Node->PhysicalDeviceObject), Lower;
    UNICODE_STRING Name;
    WCHAR Text[PNP_PATH_CHARACTERS], Open[PNP_PATH_CHARACTERS];

    PnppRefuse(Veto, PNP_VetoOutstandingOpen, Node);
    (void)PnpJoin(Open, PNP_PATH_CHARACTERS, PnppName(Node), NULL);
    for (; Device != NULL; Device = Lower) {
        if ((Device->Flags & DO_DEVICE_HAS_NAME) && NT_SUCCESS(ObpQueryName(Device, &Name))) {
            if (Name.Length != 0)
                NtCrt__snwprintf(Open, PNP_PATH_CHARACTERS - 1, L"%wZ", &Name);
            Open[PNP_PATH_CHARACTERS - 1] = 0;
            PnpFree(Name.Buffer);
        }
        Lower = IoGetLowerDeviceObject(Device);
        ObDereferenceObject(Device);
    }
    NtCrt__snwprintf(Text, PNP_PATH_CHARACTERS - 1, L"%ws: %u open handle%ws", Open, Opens,
                     Opens == 1 ? L"" : L"s");
    Text[PNP_PATH_CHARACTERS - 1] = 0;
    PnppVetoText(Veto, Text);
}

static VOID PnppVetoBy(PNP_VETO *Veto, PDEVICE_NODE Node, const WCHAR *What, NTSTATUS Status)
{
    WCHAR Text[PNP_PATH_CHARACTERS];

    NtCrt__snwprintf(Text, PNP_PATH_CHARACTERS - 1, L"%ws (%ws): %ws 0x%08x", PnppName(Node),
                     Node->Service != NULL ? Node->Service : L"no driver", What, Status);
    Text[PNP_PATH_CHARACTERS - 1] = 0;
    PnppVetoText(Veto, Text);
}

/* Asks one device. On failure it has to be told CANCEL_REMOVE all the same: some of its drivers may
 * have agreed. */
static NTSTATUS PnppAskOne(PDEVICE_NODE Node, PNP_VETO *Veto)
{
    NTSTATUS Status;
    ULONG Opens;

    if (PnppIsStarted(Node)) {
        PnpSetState(Node, PnpQueryRemoved);
        Status = PnpNotifyTarget(Node, &PnpTargetQueryRemove, Veto);
        if (!NT_SUCCESS(Status)) {
            PnppVetoBy(Veto, Node, L"who is notified of its removal refused with", Status);
            return Status;
        }
        Status = PnpSendSimpleIrp(Node->PhysicalDeviceObject, IRP_MN_QUERY_REMOVE_DEVICE);
        if (!NT_SUCCESS(Status)) {
            PnppRefuse(Veto, PNP_VetoDevice, Node);
            PnppVetoBy(Veto, Node, L"a driver refused query-remove with", Status);
            return Status;
        }
    }
    Opens = IopOpenCountOfStack(Node->PhysicalDeviceObject);
    if (Opens != 0) {
        PnppVetoOpen(Veto, Node, Opens);
        return STATUS_SHARING_VIOLATION;
    }
    return STATUS_SUCCESS;
}

static VOID PnppCancel(PNP_NODE_LIST *List)
{
    ULONG i;

    for (i = List->Count; i-- > 0;) {
        PDEVICE_NODE Node = List->Nodes[i];

        if (Node->State == PnpQueryRemoved) {
            (void)PnpSendSimpleIrp(Node->PhysicalDeviceObject, IRP_MN_CANCEL_REMOVE_DEVICE);
            PnpSetState(Node, PnpStarted);
            PnpBarOpens(Node, FALSE);
            (void)PnpNotifyTarget(Node, &PnpTargetRemoveCancelled, NULL);
        } else if (PnpIsLive(Node)) {
            PnpBarOpens(Node, FALSE);
        }
    }
}

NTSTATUS PnpQueryRemove(PDEVICE_NODE Node, BOOLEAN Eject, PNP_VETO *Veto, PNP_NODE_LIST *List)
{
    NTSTATUS Status;
    ULONG i;

    memset(List, 0, sizeof(*List));
    Status = PnppAddSubtree(List, Node);
    if (NT_SUCCESS(Status) && Eject && PnppIsStarted(Node))
        Status = PnppAddRelations(List, Node, EjectionRelations);
    for (i = 0; i < List->Count && NT_SUCCESS(Status); i++) { /* it grows meanwhile */
        if (PnppIsStarted(List->Nodes[i]))
            Status = PnppAddRelations(List, List->Nodes[i], RemovalRelations);
    }
    for (i = 0; i < List->Count && NT_SUCCESS(Status); i++) {
        if (!PnppIsStarted(List->Nodes[i]) ||
            !(List->Nodes[i]->DeviceState & PNP_DEVICE_NOT_DISABLEABLE))
            continue;
        Status = STATUS_NOT_SUPPORTED;
        PnppRefuse(Veto, PNP_VetoNonDisableable, List->Nodes[i]);
        PnppVetoBy(Veto, List->Nodes[i], L"can't be disabled,", Status);
    }
    if (!NT_SUCCESS(Status)) {
        PnpFreeNodeList(List);
        return Status;
    }
    for (i = 0; i < List->Count; i++)
        PnpBarOpens(List->Nodes[i], TRUE);
    for (i = 0; i < List->Count && NT_SUCCESS(Status); i++)
        Status = PnppAskOne(List->Nodes[i], Veto);
    if (!NT_SUCCESS(Status)) {
        PnppCancel(List);
        PnpFreeNodeList(List);
    }
    return Status;
}

/* The end of a stack: REMOVE, and what its drivers should have undone by then. */
static VOID PnppSendRemove(PDEVICE_NODE Node)
{
    PDEVICE_OBJECT Pdo = Node->PhysicalDeviceObject;

    PnpSetRemoving(Node);
    (void)PnpSendSimpleIrp(Pdo, IRP_MN_REMOVE_DEVICE);
    PnpSetRemoving(NULL);
    PnpDisableInterfaces(Node, TRUE);
    if (Node->HasStack && __atomic_load_n(&Pdo->AttachedDevice, __ATOMIC_ACQUIRE) != NULL)
        DbgPrint("PnP: a driver of %ws left its device attached after REMOVE\n", PnppName(Node));
    KiLock(&PnpTreeLock); /* programs read them */
    Node->HasStack = FALSE;
    Node->DeviceState = 0;
    KiUnlock(&PnpTreeLock);
    PnpReleaseResources(Node);
    PnpSetService(Node, NULL);
    PnpLookForIdleDrivers();
}

/* A node leaves the tree; with a root-enumerated device that is gone for good goes what was kept of
 * it. */
static VOID PnppLeave(PDEVICE_NODE Node)
{
    BOOLEAN Forget = Node->RootEnumerated && !PnpIsRootPdo(Node->PhysicalDeviceObject);
    WCHAR Path[PNP_PATH_CHARACTERS];

    PnpOrphanInterfaces(Node, Forget);
    (void)PnpTellNode(Node, PnpEventRemoved, NULL);
    if (Forget && PnpEnumPath(Node->InstancePath, NULL, Path))
        (void)CmpDeleteTree(Path);
    PnpUnlinkNode(Node);
}

VOID PnpDropNode(PDEVICE_NODE Node, BOOLEAN TellBus)
{
    PnpReferenceNode(Node);
    if (TellBus)
        PnppSendRemove(Node);
    PnpBarOpens(Node, FALSE);
    PnppLeave(Node);
    PnpDereferenceNode(Node);
}

static BOOLEAN PnppIsBelow(PDEVICE_NODE Node, PDEVICE_NODE Root)
{
    for (; Node != NULL; Node = Node->Parent) {
        if (Node == Root)
            return TRUE;
    }
    return FALSE;
}

VOID PnpRemoveQueried(PDEVICE_NODE Node, PNP_NODE_LIST *List, PNP_NODE_LIST *Buses)
{
    ULONG i;

    for (i = 0; i < List->Count; i++) {
        PDEVICE_NODE Item = List->Nodes[i];

        if (Item->State == PnpQueryRemoved)
            (void)PnpNotifyTarget(Item, &PnpTargetRemoveComplete, NULL);
        if (Item != Node) {
            if (!PnppIsBelow(Item, Node) && Buses != NULL && !PnppContains(List, Item->Parent))
                (void)PnppAdd(Buses, Item->Parent);
            PnpDropNode(Item, TRUE);
            continue;
        }
        if (Item->HasStack)
            PnppSendRemove(Item);
        PnpSetProblem(Item, PnpInitialized, 0, STATUS_SUCCESS);
    }
    PnpFreeNodeList(List);
}

/* ---- surprise removal ---- */

/* Is it time for REMOVE? */
static BOOLEAN PnppIsDue(PDEVICE_NODE Node)
{
    return Node->State == PnpSurpriseRemoved && Node->Child == NULL &&
           IopOpenCountOfStack(Node->PhysicalDeviceObject) == 0;
}

/* Finishes a device that is due, and then its parents where they were waiting for this alone. */
static VOID PnppFinish(PDEVICE_NODE Node)
{
    PDEVICE_NODE Parent;

    for (; Node != NULL && PnppIsDue(Node); Node = Parent) {
        Parent = Node->Parent;
        if (Node->Stays) {
            if (Node->HasStack)
                PnppSendRemove(Node);
            PnpBarOpens(Node, FALSE);
            Node->Stays = FALSE;
            PnpSetState(Node, PnpFailed);
            return;
        }
        /* The same PDO was reported again meanwhile: the bus has to say it once more. */
        if (Node->Enumerated)
            PnpQueueNodeAction(Parent, &Parent->EnumerateAction);
        PnpDropNode(Node, TRUE);
    }
}

static VOID PnppSurpriseOne(PDEVICE_NODE Node)
{
    BOOLEAN Started = PnppIsStarted(Node);

    PnpBarOpens(Node, TRUE);
    if (Started) {
        PnpSetRemoving(Node);
        (void)PnpSendSimpleIrp(Node->PhysicalDeviceObject, IRP_MN_SURPRISE_REMOVAL);
        PnpSetRemoving(NULL);
    }
    PnpDisableInterfaces(Node, FALSE);
    PnpSetState(Node, PnpSurpriseRemoved);
    if (Started)
        (void)PnpNotifyTarget(Node, &PnpTargetRemoveComplete, NULL);
}

VOID PnpSurpriseRemove(PDEVICE_NODE Node, BOOLEAN Stays, ULONG Problem, NTSTATUS Status)
{
    PDEVICE_NODE At;

    PnpReferenceNode(Node);
    /* Nothing leaves or joins the tree in this pass: only states change. */
    for (At = PnpNextLeafFirst(Node, NULL); At != NULL; At = PnpNextLeafFirst(Node, At)) {
        if (At->State != PnpSurpriseRemoved)
            PnppSurpriseOne(At);
        At->Stays = FALSE;
        At->Enumerated = FALSE;
    }
    Node->Stays = Stays;
    PnpSetProblem(Node, PnpSurpriseRemoved, Problem, Status);
    /* Each that goes changes the tree: look anew from the start. Memory could be short, so no list
     * is made. */
    while (Node->State == PnpSurpriseRemoved) {
        for (At = PnpNextLeafFirst(Node, NULL); At != NULL && !PnppIsDue(At);)
            At = PnpNextLeafFirst(Node, At);
        if (At == NULL)
            break;
        PnppFinish(At);
    }
    PnpDereferenceNode(Node);
}

VOID PnpFailDevice(PDEVICE_NODE Node, ULONG Problem, NTSTATUS Status)
{
    /* A device that was never started gets REMOVE alone; one that somebody opened already waits for
     * the close as any other. */
    PnpSurpriseRemove(Node, TRUE, Problem, Status);
}

VOID PnpCloseRoutine(PNP_ACTION *Action)
{
    PnppFinish(Action->Node);
}

VOID PnpLastClose(PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_NODE Node = PnpNodeOfDevice(PhysicalDeviceObject);
    BOOLEAN Waiting;

    if (Node == NULL)
        return;
    KiLock(&PnpTreeLock);
    Waiting = Node->State == PnpSurpriseRemoved;
    KiUnlock(&PnpTreeLock);
    if (Waiting)
        PnpQueueNodeAction(Node, &Node->CloseAction);
    PnpDereferenceNode(Node);
}

VOID PnpRemoveTree(VOID)
{
    PDEVICE_NODE Node;
    PNP_NODE_LIST List;

    for (;;) {
        for (Node = PnpRootNode->Child; Node != NULL && !PnpIsLive(Node); Node = Node->Sibling)
            ;
        if (Node == NULL)
            return;
        PnpReferenceNode(Node);
        if (NT_SUCCESS(PnpQueryRemove(Node, FALSE, NULL, &List))) {
            PnpRemoveQueried(Node, &List, NULL);
            PnpForgetRootDevice(Node->PhysicalDeviceObject);
            PnpDropNode(Node, TRUE);
        } else {
            PnpForgetRootDevice(Node->PhysicalDeviceObject);
            PnpSurpriseRemove(Node, FALSE, 0, STATUS_SUCCESS);
        }
        PnpDereferenceNode(Node);
    }
}
