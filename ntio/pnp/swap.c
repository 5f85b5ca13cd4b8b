/* SPDX-License-Identifier: MIT */
/*
 * swap.c - what a host or a setup program asks to be done with one device: another driver, restart,
 * disable, enable, remove, eject.
 *
 * The device is looked up when the action's turn comes, so that what was queued before it (a bus
 * that reports its children) counts.
 */
#include "ntio/pnp/pnpp.h"

typedef struct _PNP_DEVICE_ACTION {
    PNP_ACTION Action;
    const WCHAR *InstancePath;
    const WCHAR *Service;
    PNP_VETO Veto;
    BOOLEAN Surprise;
    BOOLEAN Persist;   /* disabled for good */
    BOOLEAN NoRestart; /* taken down, and not brought back by its bus */
} PNP_DEVICE_ACTION;

/* The device, referenced; NULL: it is not there, or on its way out. */
static PDEVICE_NODE PnppTarget(PNP_DEVICE_ACTION *Device)
{
    PDEVICE_NODE Node = PnpFindNode(Device->InstancePath);

    Device->Action.Status = STATUS_NO_SUCH_DEVICE;
    if (Node == NULL)
        return NULL;
    if (Node == PnpRootNode)
        Device->Action.Status = STATUS_INVALID_PARAMETER;
    else if (PnpIsLive(Node))
        return Node;
    PnpDereferenceNode(Node);
    return NULL;
}

/* Down to the PDO, if nobody objects: PnpInitialized without drivers and children. */
static NTSTATUS PnppTakeDown(PDEVICE_NODE Node, PNP_VETO *Veto, PNP_NODE_LIST *Buses)
{
    PNP_NODE_LIST List;
    NTSTATUS Status = PnpQueryRemove(Node, FALSE, Veto, &List);

    if (NT_SUCCESS(Status))
        PnpRemoveQueried(Node, &List, Buses);
    return Status;
}

/* What left with the device, but was not below it, comes back. */
static VOID PnppEnumerateLater(PNP_NODE_LIST *Buses)
{
    ULONG i;

    for (i = 0; i < Buses->Count; i++)
        PnpQueueNodeAction(Buses->Nodes[i], &Buses->Nodes[i]->EnumerateAction);
    PnpFreeNodeList(Buses);
}

static VOID PnppRestartRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PNP_NODE_LIST Buses = {0};
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = Node->InstancePath == NULL ? STATUS_NO_SUCH_DEVICE
                                                : PnppTakeDown(Node, &Device->Veto, &Buses);
    if (NT_SUCCESS(Action->Status))
        Action->Status = PnpConfigure(Node);
    PnppEnumerateLater(&Buses);
    PnpDereferenceNode(Node);
}

/* ---- another function driver ---- */

/* Can this service drive a PnP device at all? It is loaded then, before anything is taken down for
 * it. */
static NTSTATUS PnppTryService(const WCHAR *Service)
{
    PDRIVER_OBJECT Driver;
    NTSTATUS Status = PnpLoadDriver(Service, &Driver);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Driver->DriverExtension->AddDevice == NULL)
        Status = STATUS_INVALID_DEVICE_REQUEST;
    IopLetGoDriver(Driver);
    ObDereferenceObject(Driver);
    return Status;
}

static NTSTATUS PnppTryBestMatch(PDEVICE_NODE Node)
{
    WCHAR *Service, *ClassGuid;
    NTSTATUS Status = PnpMatchService(Node, &Service, &ClassGuid);

    if (!NT_SUCCESS(Status))
        return Node->RawAllowed ? STATUS_SUCCESS : STATUS_NOT_FOUND;
    Status = PnppTryService(Service);
    PnpFree(Service);
    PnpFree(ClassGuid);
    return Status;
}

/* Sets a string value, or takes it away for NULL. */
static NTSTATUS PnppPutBack(const WCHAR *Path, const WCHAR *Name, const WCHAR *String)
{
    NTSTATUS Status;

    if (String != NULL)
        return CmpSetString(Path, Name, String);
    Status = CmpDeleteValue(Path, Name);
    return Status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : Status;
}

static NTSTATUS PnppSwap(PDEVICE_NODE Node, const WCHAR *Service, PNP_VETO *Veto)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    WCHAR *OldService = NULL, *OldClass = NULL;
    PNP_NODE_LIST Buses = {0};
    NTSTATUS Status;

    if (Node->InstancePath == NULL || !PnpEnumPath(Node->InstancePath, NULL, Path))
        return STATUS_NO_SUCH_DEVICE;
    Status = Service != NULL ? PnppTryService(Service) : PnppTryBestMatch(Node);
    if (!NT_SUCCESS(Status))
        return Status;
    (void)CmpQueryString(Path, L"Service", &OldService);
    (void)CmpQueryString(Path, L"ClassGUID", &OldClass);
    Status = PnppTakeDown(Node, Veto, &Buses);
    if (!NT_SUCCESS(Status))
        goto Exit;
    Status = PnppPutBack(Path, L"Service", Service);
    if (NT_SUCCESS(Status))
        Status = PnpConfigure(Node);
    if (!NT_SUCCESS(Status)) {
        (void)PnppPutBack(Path, L"Service", OldService);
        (void)PnppPutBack(Path, L"ClassGUID", OldClass);
        /* Where the failed driver's stack waits for a last close the old one can't come back before
         * it. */
        if (PnpIsLive(Node))
            (void)PnpConfigure(Node);
    }
Exit:
    PnppEnumerateLater(&Buses);
    PnpFree(OldService);
    PnpFree(OldClass);
    return Status;
}

static VOID PnppSwapRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = PnppSwap(Node, Device->Service, &Device->Veto);
    PnpDereferenceNode(Node);
}

/* ---- off and on ---- */

static NTSTATUS PnppSetDisabled(PDEVICE_NODE Node, BOOLEAN Disabled)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    ULONG Flags = 0;

    if (Node->InstancePath == NULL || !PnpEnumPath(Node->InstancePath, NULL, Path))
        return STATUS_NO_SUCH_DEVICE;
    (void)CmpQueryUlong(Path, L"ConfigFlags", &Flags);
    Flags = Disabled ? Flags | PNP_CONFIGFLAG_DISABLED : Flags & ~PNP_CONFIGFLAG_DISABLED;
    return CmpSetUlong(Path, L"ConfigFlags", Flags);
}

static VOID PnppDisableRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = PnppTakeDown(Node, &Device->Veto, NULL);
    if (NT_SUCCESS(Action->Status)) {
        if (Device->Persist)
            Action->Status = PnppSetDisabled(Node, TRUE);
        PnpBarOpens(Node, FALSE);
        PnpSetProblem(Node, PnpInitialized, CM_PROB_DISABLED, STATUS_SUCCESS);
    }
    PnpDereferenceNode(Node);
}

static VOID PnppEnableRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = PnppSetDisabled(Node, FALSE);
    if (NT_SUCCESS(Action->Status) && Node->State == PnpInitialized)
        Action->Status = PnpConfigure(Node);
    PnpDereferenceNode(Node);
}

static VOID PnppRemoveRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = STATUS_SUCCESS;
    if (Device->Surprise) {
        PnpForgetRootDevice(Node->PhysicalDeviceObject);
        PnpSurpriseRemove(Node, FALSE, 0, STATUS_SUCCESS);
    } else {
        Action->Status = PnppTakeDown(Node, &Device->Veto, NULL);
        if (NT_SUCCESS(Action->Status)) {
            PnpForgetRootDevice(Node->PhysicalDeviceObject);
            PnpDropNode(Node, Node->RootEnumerated);
        }
    }
    PnpDereferenceNode(Node);
}

static VOID PnppSubtreeRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PNP_NODE_LIST Buses = {0};
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = PnppTakeDown(Node, &Device->Veto, &Buses);
    if (NT_SUCCESS(Action->Status)) {
        PnpBarOpens(Node, FALSE);
        PnpSetProblem(Node, PnpInitialized, Device->NoRestart ? CM_PROB_HELD_FOR_EJECT : 0,
                      STATUS_SUCCESS);
    }
    PnppEnumerateLater(&Buses);
    PnpDereferenceNode(Node);
}

static VOID PnppStartRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = STATUS_SUCCESS;
    if (Node->InstancePath != NULL && Node->Problem != CM_PROB_DISABLED &&
        (Node->State == PnpInitialized || Node->State == PnpNoDriver || Node->State == PnpFailed))
        Action->Status = PnpConfigure(Node);
    PnpDereferenceNode(Node);
}

static VOID PnppMarkRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    KiLock(&PnpTreeLock);
    Node->Uninstalled = TRUE;
    KiUnlock(&PnpTreeLock);
    PnpDereferenceNode(Node);
    Action->Status = STATUS_SUCCESS;
}

static NTSTATUS PnppRun(PNP_DEVICE_ACTION *Device)
{
    if (Device->Veto.Text != NULL && Device->Veto.Characters != 0)
        Device->Veto.Text[0] = 0;
    if (Device->Veto.Refusal != NULL)
        memset(Device->Veto.Refusal, 0, sizeof(*Device->Veto.Refusal));
    if (Device->InstancePath == NULL)
        return STATUS_INVALID_PARAMETER;
    return PnpRunAction(&Device->Action);
}

NTSTATUS PnpSetFunctionDriver(const WCHAR *InstancePath, const WCHAR *Service, WCHAR *Veto,
                              ULONG VetoCharacters)
{
    PNP_DEVICE_ACTION Device = {.Action.Run = PnppSwapRoutine,
                                .InstancePath = InstancePath,
                                .Service = Service,
                                .Veto = {.Text = Veto, .Characters = VetoCharacters}};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Service != NULL && Service[0] == 0)
        return STATUS_INVALID_PARAMETER;
    return PnppRun(&Device);
}

NTSTATUS PnpRestartDeviceEx(const WCHAR *InstancePath, PNP_REFUSAL *Refusal)
{
    PNP_DEVICE_ACTION Device = {
        .Action.Run = PnppRestartRoutine, .InstancePath = InstancePath, .Veto.Refusal = Refusal};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

NTSTATUS PnpRestartDevice(const WCHAR *InstancePath)
{
    return PnpRestartDeviceEx(InstancePath, NULL);
}

NTSTATUS PnpDisableDeviceEx(const WCHAR *InstancePath, BOOLEAN Persist, PNP_REFUSAL *Refusal)
{
    PNP_DEVICE_ACTION Device = {.Action.Run = PnppDisableRoutine,
                                .InstancePath = InstancePath,
                                .Persist = Persist,
                                .Veto.Refusal = Refusal};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

NTSTATUS PnpDisableDevice(const WCHAR *InstancePath)
{
    return PnpDisableDeviceEx(InstancePath, TRUE, NULL);
}

NTSTATUS PnpRemoveSubtree(const WCHAR *InstancePath, BOOLEAN NoRestart, PNP_REFUSAL *Refusal)
{
    PNP_DEVICE_ACTION Device = {.Action.Run = PnppSubtreeRoutine,
                                .InstancePath = InstancePath,
                                .NoRestart = NoRestart,
                                .Veto.Refusal = Refusal};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

NTSTATUS PnpRemoveDeviceEx(const WCHAR *InstancePath, PNP_REFUSAL *Refusal)
{
    PNP_DEVICE_ACTION Device = {
        .Action.Run = PnppRemoveRoutine, .InstancePath = InstancePath, .Veto.Refusal = Refusal};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

NTSTATUS PnpStartDevice(const WCHAR *InstancePath)
{
    PNP_DEVICE_ACTION Device = {.Action.Run = PnppStartRoutine, .InstancePath = InstancePath};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

NTSTATUS PnpMarkUninstalled(const WCHAR *InstancePath)
{
    PNP_DEVICE_ACTION Device = {.Action.Run = PnppMarkRoutine, .InstancePath = InstancePath};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

NTSTATUS PnpEnableDevice(const WCHAR *InstancePath)
{
    PNP_DEVICE_ACTION Device = {.Action.Run = PnppEnableRoutine, .InstancePath = InstancePath};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

NTSTATUS PnpRemoveDevice(const WCHAR *InstancePath, BOOLEAN Surprise)
{
    PNP_DEVICE_ACTION Device = {
        .Action.Run = PnppRemoveRoutine, .InstancePath = InstancePath, .Surprise = Surprise};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

/* ---- eject ---- */

static NTSTATUS PnppEject(PDEVICE_NODE Node, PNP_VETO *Veto)
{
    PDEVICE_NODE Parent = Node->Parent;
    PNP_NODE_LIST List;
    NTSTATUS Status;

    if (!PnpIsLive(Node) || Parent == NULL)
        return STATUS_NO_SUCH_DEVICE;
    Status = PnpQueryRemove(Node, TRUE, Veto, &List);
    if (!NT_SUCCESS(Status))
        return Status;
    PnpReferenceNode(Parent); /* the bus may be among what is ejected */
    PnpRemoveQueried(Node, &List, NULL);
    /* Only the PDO is left: the bus lets go of the device, and then no longer reports it. */
    Status = PnpSendSimpleIrp(Node->PhysicalDeviceObject, IRP_MN_EJECT);
    PnpBarOpens(Node, FALSE);
    PnpSetProblem(Node, PnpInitialized, CM_PROB_HELD_FOR_EJECT, Status);
    (void)PnpEnumerateBus(Parent);
    PnpDereferenceNode(Parent);
    return Status;
}

VOID PnpEjectRoutine(PNP_ACTION *Action)
{
    (void)PnppEject(Action->Node, NULL);
}

static VOID PnppEjectNowRoutine(PNP_ACTION *Action)
{
    PNP_DEVICE_ACTION *Device = CONTAINING_RECORD(Action, PNP_DEVICE_ACTION, Action);
    PDEVICE_NODE Node = PnppTarget(Device);

    if (Node == NULL)
        return;
    Action->Status = PnppEject(Node, &Device->Veto);
    PnpDereferenceNode(Node);
}

NTSTATUS PnpEjectDevice(const WCHAR *InstancePath, PNP_REFUSAL *Refusal)
{
    PNP_DEVICE_ACTION Device = {
        .Action.Run = PnppEjectNowRoutine, .InstancePath = InstancePath, .Veto.Refusal = Refusal};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppRun(&Device);
}

VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!PnpIsPdo(PhysicalDeviceObject))
        PnpInvalidPdo(PhysicalDeviceObject);
    (void)PnpQueueDeviceAction(PhysicalDeviceObject, FIELD_OFFSET(DEVICE_NODE, EjectAction));
}

typedef struct _PNP_EJECT_ACTION {
    PNP_ACTION Action;
    PDEVICE_OBJECT Pdo;    /* referenced */
    PDRIVER_OBJECT Driver; /* the callback's; referenced, or NULL */
    PIO_DEVICE_EJECT_CALLBACK Callback;
    PVOID Context;
} PNP_EJECT_ACTION;

static VOID PnppEjectExRoutine(PNP_ACTION *Action)
{
    PNP_EJECT_ACTION *Eject = CONTAINING_RECORD(Action, PNP_EJECT_ACTION, Action);
    PDEVICE_NODE Node = PnpNodeOfDevice(Eject->Pdo);
    NTSTATUS Status = STATUS_NO_SUCH_DEVICE;

    if (Node != NULL) {
        Status = PnppEject(Node, NULL);
        PnpDereferenceNode(Node);
    }
    if (Eject->Callback != NULL)
        Eject->Callback(Status, Eject->Context);
    ObDereferenceObject(Eject->Pdo);
    if (Eject->Driver != NULL) {
        IopDereferenceImage(Eject->Driver);
        ObDereferenceObject(Eject->Driver);
    }
    ExFreePool(Eject);
}

NTSTATUS NTAPI IoRequestDeviceEjectEx(PDEVICE_OBJECT PhysicalDeviceObject,
                                      PIO_DEVICE_EJECT_CALLBACK Callback, PVOID Context,
                                      PDRIVER_OBJECT DriverObject)
{
    PNP_EJECT_ACTION *Eject;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!PnpIsPdo(PhysicalDeviceObject))
        PnpInvalidPdo(PhysicalDeviceObject);
    Eject = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Eject), PNP_TAG);
    if (Eject == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Eject, 0, sizeof(*Eject));
    Eject->Action.Run = PnppEjectExRoutine;
    Eject->Pdo = PhysicalDeviceObject;
    Eject->Driver = DriverObject;
    Eject->Callback = Callback;
    Eject->Context = Context;
    ObReferenceObject(PhysicalDeviceObject);
    if (DriverObject != NULL) {
        ObReferenceObject(DriverObject);
        IopReferenceImage(DriverObject);
    }
    if (PnpQueueAction(&Eject->Action))
        return STATUS_SUCCESS;
    ObDereferenceObject(PhysicalDeviceObject);
    if (DriverObject != NULL) {
        IopDereferenceImage(DriverObject);
        ObDereferenceObject(DriverObject);
    }
    ExFreePool(Eject);
    return STATUS_DEVICE_NOT_READY;
}
