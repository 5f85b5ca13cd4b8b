/* SPDX-License-Identifier: MIT */
/* query.c - what the tree is asked by programs: copies of what was true at one moment. */
#include "ntio/pnp/pnpp.h"

/* A device that is there: in the tree, named, not on its way out. Referenced; NULL: none. */
static PDEVICE_NODE PnppPresent(const WCHAR *InstancePath)
{
    PDEVICE_NODE Node = PnpFindNode(InstancePath);
    BOOLEAN Live;

    if (Node == NULL)
        return NULL;
    KiLock(&PnpTreeLock);
    Live = PnpIsLive(Node);
    KiUnlock(&PnpTreeLock);
    if (Live)
        return Node;
    PnpDereferenceNode(Node);
    return NULL;
}

NTSTATUS PnpGetFacts(const WCHAR *InstancePath, PNP_FACTS *Facts)
{
    PDEVICE_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    memset(Facts, 0, sizeof(*Facts));
    Node = PnppPresent(InstancePath);
    if (Node == NULL)
        return STATUS_NO_SUCH_DEVICE;
    KiLock(&PnpTreeLock);
    Facts->State = Node->State;
    Facts->Problem = Node->Problem;
    Facts->ProblemStatus = Node->ProblemStatus;
    Facts->DeviceState = Node->DeviceState;
    Facts->Capabilities = Node->Capabilities;
    Facts->IsRoot = Node == PnpRootNode;
    Facts->RootEnumerated = Node->RootEnumerated;
    Facts->HasStack = Node->HasStack;
    Facts->HasService = Node->Service != NULL;
    Facts->Uninstalled = Node->Uninstalled;
    KiUnlock(&PnpTreeLock);
    PnpDereferenceNode(Node);
    return STATUS_SUCCESS;
}

/* From Node on along its siblings, the first that a program may see. Under PnpTreeLock. */
static PDEVICE_NODE PnppShown(PDEVICE_NODE Node)
{
    while (Node != NULL && (Node->InstancePath == NULL || !PnpIsLive(Node)))
        Node = Node->Sibling;
    return Node;
}

NTSTATUS PnpGetRelative(const WCHAR *InstancePath, PNP_RELATIVE Which,
                        WCHAR Relative[PNP_INSTANCE_CHARACTERS])
{
    PDEVICE_NODE Node, Found;
    NTSTATUS Status = STATUS_NO_MORE_ENTRIES;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Node = PnppPresent(InstancePath);
    if (Node == NULL)
        return STATUS_NO_SUCH_DEVICE;
    KiLock(&PnpTreeLock);
    Found = Which == PnpParentOf
                ? Node->Parent
                : PnppShown(Which == PnpFirstChildOf ? Node->Child : Node->Sibling);
    if (Found != NULL)
        Status = PnpJoin(Relative, PNP_INSTANCE_CHARACTERS, Found->InstancePath, NULL)
                     ? STATUS_SUCCESS
                     : STATUS_NAME_TOO_LONG;
    KiUnlock(&PnpTreeLock);
    PnpDereferenceNode(Node);
    return Status;
}

NTSTATUS PnpGetLiveProperty(const WCHAR *InstancePath, DEVICE_REGISTRY_PROPERTY Property,
                            ULONG Length, PVOID Buffer, PULONG ResultLength)
{
    PDEVICE_NODE Node = PnppPresent(InstancePath);
    NTSTATUS Status;

    *ResultLength = 0;
    if (Node == NULL)
        return STATUS_NO_SUCH_DEVICE;
    Status =
        IoGetDeviceProperty(Node->PhysicalDeviceObject, Property, Length, Buffer, ResultLength);
    PnpDereferenceNode(Node);
    return Status == STATUS_INVALID_DEVICE_REQUEST ? STATUS_NO_SUCH_DEVICE : Status;
}

/* ---- relations: drivers are asked, so this runs on the worker ---- */

typedef struct _PNP_RELATIONS_ACTION {
    PNP_ACTION Action;
    const WCHAR *InstancePath;
    DEVICE_RELATION_TYPE Type;
    WCHAR *Paths;
} PNP_RELATIONS_ACTION;

static NTSTATUS PnppNameRelations(PDEVICE_RELATIONS Relations, WCHAR **Paths)
{
    SIZE_T Characters = 1;
    PDEVICE_NODE Node;
    WCHAR *To;
    ULONG i;

    for (i = 0; Relations != NULL && i < Relations->Count; i++)
        Characters += PNP_INSTANCE_CHARACTERS;
    To = *Paths = ExAllocatePoolWithTag(PagedPool, Characters * sizeof(WCHAR), PNP_TAG);
    if (To == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; Relations != NULL && i < Relations->Count; i++) {
        Node = PnpNamedNode(Relations->Objects[i]);
        if (Node == NULL)
            continue;
        if (PnpJoin(To, PNP_INSTANCE_CHARACTERS, Node->InstancePath, NULL))
            To += NtCrt_wcslen(To) + 1;
        PnpDereferenceNode(Node);
    }
    *To = 0;
    return STATUS_SUCCESS;
}

static VOID PnppRelationsRoutine(PNP_ACTION *Action)
{
    PNP_RELATIONS_ACTION *Asked = CONTAINING_RECORD(Action, PNP_RELATIONS_ACTION, Action);
    PDEVICE_NODE Node = PnppPresent(Asked->InstancePath);
    PDEVICE_RELATIONS Relations = NULL;

    Action->Status = STATUS_NO_SUCH_DEVICE;
    if (Node == NULL)
        return;
    if (Node->State == PnpStarted)
        Action->Status =
            PnpQueryRelations(Node->PhysicalDeviceObject, Asked->Type, NULL, &Relations);
    if (Action->Status == STATUS_NOT_SUPPORTED || Node->State != PnpStarted)
        Action->Status = STATUS_SUCCESS; /* it has none */
    if (NT_SUCCESS(Action->Status))
        Action->Status = PnppNameRelations(Relations, &Asked->Paths);
    PnpFreeRelations(Relations);
    PnpDereferenceNode(Node);
}

NTSTATUS PnpGetRelations(const WCHAR *InstancePath, DEVICE_RELATION_TYPE Type, WCHAR **Paths)
{
    PNP_RELATIONS_ACTION Asked = {
        .Action.Run = PnppRelationsRoutine, .InstancePath = InstancePath, .Type = Type};
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *Paths = NULL;
    Status = PnpRunAction(&Asked.Action);
    if (NT_SUCCESS(Status))
        *Paths = Asked.Paths;
    return Status;
}
