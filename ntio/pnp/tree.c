/* SPDX-License-Identifier: MIT */
/*
 * tree.c - device nodes: how they hang together, who holds them, how to find one.
 *
 * Only the worker writes; it needs no lock to read. Everybody else reads under PnpTreeLock. A node
 * lives while it has references: the tree's, those of queued actions, those of callers. The PDO's
 * extension points to the node exactly while the node is in the tree.
 */
#include "ntio/pnp/pnpp.h"

KI_LOCK PnpTreeLock;
PDEVICE_NODE PnpRootNode;

static PDEVICE_NODE *PnppNodeOf(PDEVICE_OBJECT Pdo)
{
    return (PDEVICE_NODE *)&IopDeviceExtension(Pdo)->Public.DeviceNode;
}

/* io reads the pointer under its own lock, to see whether a driver still serves a device. Under
 * PnpTreeLock. */
static VOID PnppPointTo(PDEVICE_OBJECT Pdo, PDEVICE_NODE Node)
{
    KiLock(&IopDeviceLock);
    *PnppNodeOf(Pdo) = Node;
    KiUnlock(&IopDeviceLock);
}

PDEVICE_NODE PnpCreateNode(PDEVICE_OBJECT Pdo)
{
    PDEVICE_NODE Node = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Node), PNP_TAG);

    if (Node == NULL)
        return NULL;
    memset(Node, 0, sizeof(*Node));
    ObReferenceObject(Pdo);
    Node->PhysicalDeviceObject = Pdo;
    Node->State = PnpUninitialized;
    atomic_init(&Node->References, 1);
    Node->EnumerateAction.Run = PnpEnumerateRoutine;
    Node->StateAction.Run = PnpStateRoutine;
    Node->EjectAction.Run = PnpEjectRoutine;
    Node->CloseAction.Run = PnpCloseRoutine;
    Node->EnumerateAction.Node = Node->StateAction.Node = Node->EjectAction.Node =
        Node->CloseAction.Node = Node;
    return Node;
}

VOID PnpReferenceNode(PDEVICE_NODE Node)
{
    atomic_fetch_add_explicit(&Node->References, 1, memory_order_relaxed);
}

VOID PnpDereferenceNode(PDEVICE_NODE Node)
{
    if (atomic_fetch_sub_explicit(&Node->References, 1, memory_order_acq_rel) != 1)
        return;
    NTIO_ASSERT(Node->Child == NULL);
    PnpReleaseResources(Node);
    PnpFree(Node->BootResources);
    PnpFree(Node->Requirements);
    PnpFree(Node->Filtered);
    PnpFree(Node->InstancePath);
    PnpFree(Node->Service);
    PnpFree(Node->HardwareIds);
    PnpFree(Node->CompatibleIds);
    PnpFree(Node->Description);
    ObDereferenceObject(Node->PhysicalDeviceObject);
    ExFreePool(Node);
}

VOID PnpLinkNode(PDEVICE_NODE Parent, PDEVICE_NODE Node)
{
    PDEVICE_NODE *Link;

    PnpReferenceNode(Node);
    KiLock(&PnpTreeLock);
    Node->Parent = Parent;
    if (Parent != NULL) {
        for (Link = &Parent->Child; *Link != NULL; Link = &(*Link)->Sibling)
            ;
        *Link = Node;
    }
    PnppPointTo(Node->PhysicalDeviceObject, Node);
    IopDeviceExtension(Node->PhysicalDeviceObject)->WasPdo = TRUE;
    KiUnlock(&PnpTreeLock);
}

VOID PnpUnlinkNode(PDEVICE_NODE Node)
{
    PDEVICE_NODE *Link;

    NTIO_ASSERT(Node->Child == NULL);
    KiLock(&PnpTreeLock);
    if (Node->Parent != NULL) {
        for (Link = &Node->Parent->Child; *Link != Node; Link = &(*Link)->Sibling)
            NTIO_ASSERT(*Link != NULL);
        *Link = Node->Sibling;
    }
    Node->Parent = Node->Sibling = NULL;
    Node->State = PnpRemoved;
    if (*PnppNodeOf(Node->PhysicalDeviceObject) == Node)
        PnppPointTo(Node->PhysicalDeviceObject, NULL);
    KiUnlock(&PnpTreeLock);
    PnpDereferenceNode(Node);
}

VOID PnpSetState(PDEVICE_NODE Node, PNP_STATE State)
{
    KiLock(&PnpTreeLock);
    Node->State = State;
    KiUnlock(&PnpTreeLock);
}

VOID PnpSetProblem(PDEVICE_NODE Node, PNP_STATE State, ULONG Problem, NTSTATUS Status)
{
    KiLock(&PnpTreeLock);
    Node->State = State;
    Node->Problem = Problem;
    Node->ProblemStatus = Status;
    KiUnlock(&PnpTreeLock);
}

VOID PnpSetService(PDEVICE_NODE Node, WCHAR *Service)
{
    WCHAR *Old;

    KiLock(&PnpTreeLock);
    Old = Node->Service;
    Node->Service = Service;
    KiUnlock(&PnpTreeLock);
    if (Node->InstancePath != NULL && Old != NULL)
        PnpUnlistDevice(Old, Node->InstancePath);
    if (Node->InstancePath != NULL && Service != NULL)
        PnpListDevice(Service, Node->InstancePath);
    PnpFree(Old);
}

PDEVICE_NODE PnpNodeOfDevice(PDEVICE_OBJECT Pdo)
{
    PDEVICE_NODE Node;

    if (Pdo == NULL)
        return NULL;
    KiLock(&PnpTreeLock);
    Node = *PnppNodeOf(Pdo);
    if (Node != NULL)
        PnpReferenceNode(Node);
    KiUnlock(&PnpTreeLock);
    return Node;
}

PDEVICE_NODE PnpNamedNode(PDEVICE_OBJECT Pdo)
{
    PDEVICE_NODE Node;

    if (Pdo == NULL)
        return NULL;
    KiLock(&PnpTreeLock);
    Node = *PnppNodeOf(Pdo);
    if (Node != NULL && Node->InstancePath == NULL)
        Node = NULL;
    if (Node != NULL)
        PnpReferenceNode(Node);
    KiUnlock(&PnpTreeLock);
    return Node;
}

BOOLEAN PnpIsDeleted(PDEVICE_OBJECT Device)
{
    BOOLEAN Is;

    KiLock(&IopDeviceLock);
    Is = IopDeviceExtension(Device)->DeletePending;
    KiUnlock(&IopDeviceLock);
    return Is;
}

BOOLEAN PnpIsPdo(PDEVICE_OBJECT Device)
{
    BOOLEAN Is;

    if (Device == NULL)
        return FALSE;
    KiLock(&PnpTreeLock);
    Is = IopDeviceExtension(Device)->WasPdo;
    KiUnlock(&PnpTreeLock);
    return Is;
}

BOOLEAN PnpQueueDeviceAction(PDEVICE_OBJECT Pdo, SIZE_T Offset)
{
    PDEVICE_NODE Node;

    /* Queued under the lock, so that no reference has to be dropped here, where the IRQL may be
     * DISPATCH_LEVEL. */
    KiLock(&PnpTreeLock);
    Node = *PnppNodeOf(Pdo);
    if (Node != NULL)
        PnpQueueNodeAction(Node, (PNP_ACTION *)((PUCHAR)Node + Offset));
    KiUnlock(&PnpTreeLock);
    return Node != NULL;
}

ULONG PnpDepth(PDEVICE_NODE Node)
{
    ULONG Depth = 0;

    for (; Node->Parent != NULL; Node = Node->Parent)
        Depth++;
    return Depth;
}

BOOLEAN PnpIsLive(PDEVICE_NODE Node)
{
    return Node->State != PnpRemoved && Node->State != PnpSurpriseRemoved;
}

static PDEVICE_NODE PnppDeepest(PDEVICE_NODE Node)
{
    while (Node->Child != NULL)
        Node = Node->Child;
    return Node;
}

PDEVICE_NODE PnpNextLeafFirst(PDEVICE_NODE Root, PDEVICE_NODE Node)
{
    if (Node == NULL)
        return PnppDeepest(Root);
    if (Node == Root)
        return NULL;
    return Node->Sibling != NULL ? PnppDeepest(Node->Sibling) : Node->Parent;
}

/* Parents first; under PnpTreeLock or on the worker. */
static PDEVICE_NODE PnppNext(PDEVICE_NODE Node, ULONG *Depth)
{
    if (Node->Child != NULL) {
        ++*Depth;
        return Node->Child;
    }
    while (Node != NULL && Node->Sibling == NULL) {
        --*Depth;
        Node = Node->Parent;
    }
    return Node != NULL ? Node->Sibling : NULL;
}

PDEVICE_NODE PnpFindNode(const WCHAR *InstancePath)
{
    PDEVICE_NODE Node, Found = NULL;
    ULONG Depth = 0;

    KE_IRQL_AT_MOST(APC_LEVEL);
    KiLock(&PnpTreeLock);
    /* One that waits for its last close may have a successor of the same name: that one is meant.
     */
    for (Node = PnpRootNode; Node != NULL; Node = PnppNext(Node, &Depth)) {
        if (!PnpSameString(Node->InstancePath, InstancePath))
            continue;
        if (PnpIsLive(Node)) {
            Found = Node;
            break;
        }
        if (Found == NULL)
            Found = Node;
    }
    if (Found != NULL)
        PnpReferenceNode(Found);
    KiUnlock(&PnpTreeLock);
    return Found;
}

VOID PnpEnumerateNodes(PNP_NODE_ROUTINE *Each, PVOID Context)
{
    PDEVICE_NODE Node;
    ULONG Depth = 0;

    KiLock(&PnpTreeLock);
    for (Node = PnpRootNode; Node != NULL; Node = PnppNext(Node, &Depth))
        Each(Node, Depth, Context);
    KiUnlock(&PnpTreeLock);
}
