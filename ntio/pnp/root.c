/* SPDX-License-Identifier: MIT */
/*
 * root.c - the root of the tree, and \Driver\PnpManager, the bus driver of root-enumerated devices.
 *
 * The root device reports the devices in PnppRootDevices. A device made here has a PDO of this
 * driver; one that a driver reported with IoReportDetectedDevice may have that driver's own.
 * Enum\Root\NAME\NNNN holds what a device has to say: HardwareID, CompatibleIDs, LogConf\BootConfig
 * and LogConf\BasicConfigVector. The list is touched on the worker alone: BusRelations comes there.
 */
#include "ntio/pnp/pnpp.h"

typedef struct _PNP_ROOT_DEVICE {
    LIST_ENTRY Link;
    PDEVICE_OBJECT Device; /* referenced */
    WCHAR *DeviceId, *InstanceId;
    BOOLEAN Listed; /* still reported */
} PNP_ROOT_DEVICE;

/* Extension of every device of this driver. */
typedef struct _PNP_ROOT_EXTENSION {
    PNP_ROOT_DEVICE *Entry; /* NULL: the root itself */
} PNP_ROOT_EXTENSION;

static const GUID PnppInternalBus = {
    0x2530ea73, 0x086b, 0x11d1, {0xa0, 0x9f, 0x00, 0xc0, 0x4f, 0xc3, 0x40, 0xb1}};

static PDRIVER_OBJECT PnppDriver;
static LIST_ENTRY PnppRootDevices;

static VOID PnppFreeEntry(PNP_ROOT_DEVICE *Entry)
{
    PDEVICE_OBJECT Device = Entry->Device;

    PnpFree(Entry->DeviceId);
    PnpFree(Entry->InstanceId);
    ExFreePool(Entry);
    if (Device != NULL)
        ObDereferenceObject(Device);
}

/* The answer to BusRelations. */
static NTSTATUS PnppReport(ULONG_PTR *Information)
{
    PDEVICE_RELATIONS Relations;
    PLIST_ENTRY Link;
    ULONG Count = 0;

    for (Link = PnppRootDevices.Flink; Link != &PnppRootDevices; Link = Link->Flink)
        Count++;
    Relations = ExAllocatePoolWithTag(
        PagedPool, sizeof(*Relations) + Count * sizeof(Relations->Objects[0]), PNP_TAG);
    if (Relations == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Relations->Count = 0;
    for (Link = PnppRootDevices.Flink; Link != &PnppRootDevices; Link = Link->Flink) {
        PNP_ROOT_DEVICE *Entry = CONTAINING_RECORD(Link, PNP_ROOT_DEVICE, Link);

        ObReferenceObject(Entry->Device);
        Relations->Objects[Relations->Count++] = Entry->Device;
    }
    *Information = (ULONG_PTR)Relations;
    return STATUS_SUCCESS;
}

static NTSTATUS PnppReportTarget(PDEVICE_OBJECT Device, ULONG_PTR *Information)
{
    PDEVICE_RELATIONS Relations = ExAllocatePoolWithTag(PagedPool, sizeof(*Relations), PNP_TAG);

    if (Relations == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObject(Device);
    Relations->Count = 1;
    Relations->Objects[0] = Device;
    *Information = (ULONG_PTR)Relations;
    return STATUS_SUCCESS;
}

/* A value of the device's Enum key (or of Below it), as the pool block that the asker frees. */
static NTSTATUS PnppFromEnum(PNP_ROOT_DEVICE *Entry, const WCHAR *Below, const WCHAR *Name,
                             ULONG WantedType, ULONG_PTR *Information)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    NTSTATUS Status;
    PVOID Data;
    ULONG Type;

    if (!PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_ENUM_KEY L"\\", Entry->DeviceId, L"\\",
                 Entry->InstanceId, Below, NULL))
        return STATUS_NAME_TOO_LONG;
    Status = CmpQueryValue(Path, Name, &Type, &Data, NULL);
    if (!NT_SUCCESS(Status))
        return STATUS_NOT_SUPPORTED; /* it has none: as if the request were unknown */
    if (Type != WantedType) {
        ExFreePool(Data);
        return STATUS_NOT_SUPPORTED;
    }
    *Information = (ULONG_PTR)Data;
    return STATUS_SUCCESS;
}

static NTSTATUS PnppString(const WCHAR *String, ULONG_PTR *Information)
{
    WCHAR *Copy = PnpDuplicateString(String);

    if (Copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Information = (ULONG_PTR)Copy;
    return STATUS_SUCCESS;
}

static NTSTATUS PnppQueryId(PNP_ROOT_DEVICE *Entry, BUS_QUERY_ID_TYPE Type, ULONG_PTR *Information)
{
    switch (Type) {
    case BusQueryDeviceID:
        return PnppString(Entry->DeviceId, Information);
    case BusQueryInstanceID:
        return PnppString(Entry->InstanceId, Information);
    case BusQueryHardwareIDs:
        return PnppFromEnum(Entry, L"", L"HardwareID", REG_MULTI_SZ, Information);
    case BusQueryCompatibleIDs:
        return PnppFromEnum(Entry, L"", L"CompatibleIDs", REG_MULTI_SZ, Information);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static VOID PnppCapabilities(PDEVICE_CAPABILITIES Capabilities)
{
    ULONG i;

    Capabilities->UniqueID = 1;
    Capabilities->SilentInstall = 1;
    for (i = 0; i < PowerSystemMaximum; i++)
        Capabilities->DeviceState[i] = PowerDeviceD3;
    Capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
}

static NTSTATUS PnppBusInformation(ULONG_PTR *Information)
{
    PPNP_BUS_INFORMATION Bus = ExAllocatePoolWithTag(PagedPool, sizeof(*Bus), PNP_TAG);

    if (Bus == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Bus->BusTypeGuid = PnppInternalBus;
    Bus->LegacyBusType = PNPBus;
    Bus->BusNumber = 0;
    *Information = (ULONG_PTR)Bus;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI PnppDispatchPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PNP_ROOT_DEVICE *Entry = ((PNP_ROOT_EXTENSION *)Device->DeviceExtension)->Entry;
    NTSTATUS Status = Irp->IoStatus.Status;
    ULONG_PTR Information = Irp->IoStatus.Information;
    PNP_ROOT_DEVICE *Gone = NULL;

    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        Status = STATUS_SUCCESS;
        if (Entry != NULL && !Entry->Listed)
            Gone = Entry; /* a device that is still listed may get drivers again: it stays */
        break;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Entry == NULL && Stack->Parameters.QueryDeviceRelations.Type == BusRelations)
            Status = PnppReport(&Information);
        else if (Stack->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation)
            Status = PnppReportTarget(Device, &Information);
        break;
    case IRP_MN_QUERY_ID:
        if (Entry != NULL)
            Status = PnppQueryId(Entry, Stack->Parameters.QueryId.IdType, &Information);
        break;
    case IRP_MN_QUERY_CAPABILITIES:
        PnppCapabilities(Stack->Parameters.DeviceCapabilities.Capabilities);
        Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_BUS_INFORMATION:
        Status = PnppBusInformation(&Information);
        break;
    case IRP_MN_QUERY_RESOURCES:
        if (Entry != NULL)
            Status =
                PnppFromEnum(Entry, L"\\LogConf", L"BootConfig", REG_RESOURCE_LIST, &Information);
        break;
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        if (Entry != NULL)
            Status = PnppFromEnum(Entry, L"\\LogConf", L"BasicConfigVector",
                                  REG_RESOURCE_REQUIREMENTS_LIST, &Information);
        break;
    default:
        break;
    }
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    if (Gone != NULL) {
        IoDeleteDevice(Device);
        PnppFreeEntry(Gone);
    }
    return Status;
}

static NTSTATUS NTAPI PnppDispatchPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = Irp->IoStatus.Status;

    (void)Device;
    if (Stack->MinorFunction == IRP_MN_SET_POWER || Stack->MinorFunction == IRP_MN_QUERY_POWER)
        Status = STATUS_SUCCESS;
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* A bus passes requests for WMI up unchanged where it has nothing to say. */
static NTSTATUS NTAPI PnppDispatchSystemControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS Status = Irp->IoStatus.Status;

    (void)Device;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID NTAPI PnppUnload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
}

static NTSTATUS NTAPI PnppDriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    (void)RegistryPath;
    Driver->MajorFunction[IRP_MJ_PNP] = PnppDispatchPnp;
    Driver->MajorFunction[IRP_MJ_POWER] = PnppDispatchPower;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = PnppDispatchSystemControl;
    Driver->DriverUnload = PnppUnload;
    return STATUS_SUCCESS;
}

static NTSTATUS PnppCreatePdo(PDEVICE_OBJECT *Device)
{
    NTSTATUS Status =
        IoCreateDevice(PnppDriver, sizeof(PNP_ROOT_EXTENSION), NULL, FILE_DEVICE_CONTROLLER,
                       FILE_AUTOGENERATED_DEVICE_NAME, FALSE, Device);

    if (NT_SUCCESS(Status))
        (*Device)->Flags |= DO_BUS_ENUMERATED_DEVICE;
    return Status;
}

NTSTATUS PnpCreateRoot(VOID)
{
    IOP_DRIVER_IMAGE Image = {.Entry = PnppDriverEntry};
    PDEVICE_OBJECT Device;
    WCHAR *Path;
    NTSTATUS Status;

    InitializeListHead(&PnppRootDevices);
    Status = IopCreateDriver(L"PnpManager", &Image, &PnppDriver);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PnppCreatePdo(&Device);
    if (!NT_SUCCESS(Status))
        goto Unload;
    Path = PnpDuplicateString(L"HTREE\\ROOT\\0");
    PnpRootNode = Path == NULL ? NULL : PnpCreateNode(Device);
    if (PnpRootNode == NULL) {
        PnpFree(Path);
        IoDeleteDevice(Device);
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Unload;
    }
    PnpRootNode->InstancePath = Path;
    PnpRootNode->State = PnpStarted;
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    PnpLinkNode(NULL, PnpRootNode);
    return STATUS_SUCCESS;
Unload:
    (void)IopUnloadDriver(PnppDriver);
    PnppDriver = NULL;
    return Status;
}

VOID PnpDeleteRoot(VOID)
{
    PDEVICE_NODE Root = PnpRootNode;
    PDEVICE_OBJECT Device;

    if (Root == NULL)
        return;
    /* What is left here could not be removed: somebody still has it open, and the accounting says
     * who. */
    while (!IsListEmpty(&PnppRootDevices)) {
        PNP_ROOT_DEVICE *Entry =
            CONTAINING_RECORD(RemoveHeadList(&PnppRootDevices), PNP_ROOT_DEVICE, Link);

        PnppFreeEntry(Entry);
    }
    Device = Root->PhysicalDeviceObject;
    ObReferenceObject(Device);
    KiLock(&PnpTreeLock);
    PnpRootNode = NULL;
    KiUnlock(&PnpTreeLock);
    PnpUnlinkNode(Root);
    PnpDereferenceNode(Root);
    IoDeleteDevice(Device);
    ObDereferenceObject(Device);
    (void)IopUnloadDriver(PnppDriver);
    PnppDriver = NULL;
}

BOOLEAN PnpIsRootPdo(PDEVICE_OBJECT Device)
{
    PLIST_ENTRY Link;

    for (Link = PnppRootDevices.Flink; Link != &PnppRootDevices; Link = Link->Flink) {
        if (CONTAINING_RECORD(Link, PNP_ROOT_DEVICE, Link)->Device == Device)
            return TRUE;
    }
    return FALSE;
}

VOID PnpForgetRootDevice(PDEVICE_OBJECT Pdo)
{
    PLIST_ENTRY Link;

    for (Link = PnppRootDevices.Flink; Link != &PnppRootDevices; Link = Link->Flink) {
        PNP_ROOT_DEVICE *Entry = CONTAINING_RECORD(Link, PNP_ROOT_DEVICE, Link);

        if (Entry->Device != Pdo)
            continue;
        RemoveEntryList(&Entry->Link);
        Entry->Listed = FALSE;
        if (Pdo->DriverObject != PnppDriver)
            PnppFreeEntry(Entry); /* the driver that reported it owns the PDO */
        return;
    }
}

/* The first instance number that Enum does not know, as four digits. */
static NTSTATUS PnppFreeInstance(const WCHAR *DeviceId, WCHAR Instance[8])
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    ULONG Number;

    for (Number = 0; Number < 10000; Number++) {
        NtCrt__snwprintf(Instance, 8, L"%04u", Number);
        if (!PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_ENUM_KEY L"\\", DeviceId, L"\\", Instance,
                     NULL))
            return STATUS_NAME_TOO_LONG;
        if (!CmpKeyExists(Path))
            return STATUS_SUCCESS;
    }
    return STATUS_OBJECT_NAME_COLLISION;
}

static NTSTATUS PnppAddEntry(PDEVICE_OBJECT Device, const WCHAR *DeviceId, const WCHAR *Instance)
{
    PNP_ROOT_DEVICE *Entry = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Entry), PNP_TAG);

    if (Entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Entry, 0, sizeof(*Entry));
    Entry->DeviceId = PnpDuplicateString(DeviceId);
    Entry->InstanceId = PnpDuplicateString(Instance);
    if (Entry->DeviceId == NULL || Entry->InstanceId == NULL) {
        PnppFreeEntry(Entry);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ObReferenceObject(Device);
    Entry->Device = Device;
    Entry->Listed = TRUE;
    if (Device->DriverObject == PnppDriver)
        ((PNP_ROOT_EXTENSION *)Device->DeviceExtension)->Entry = Entry;
    InsertTailList(&PnppRootDevices, &Entry->Link);
    return STATUS_SUCCESS;
}

/* The device's Enum key, before anybody asks the PDO. */
static NTSTATUS PnppWriteEnum(const PNP_CREATE_ACTION *Create, const WCHAR *InstancePath)
{
    WCHAR Path[PNP_PATH_CHARACTERS], LogConf[PNP_PATH_CHARACTERS];
    NTSTATUS Status;

    if (!PnpEnumPath(InstancePath, NULL, Path) || !PnpEnumPath(InstancePath, L"LogConf", LogConf))
        return STATUS_NAME_TOO_LONG;
    Status = CmpCreateKey(Path);
    if (NT_SUCCESS(Status) && Create->HardwareIds != NULL)
        Status = CmpSetMultiString(Path, L"HardwareID", Create->HardwareIds);
    if (NT_SUCCESS(Status) && Create->CompatibleIds != NULL)
        Status = CmpSetMultiString(Path, L"CompatibleIDs", Create->CompatibleIds);
    if (NT_SUCCESS(Status) && Create->Service != NULL)
        Status = CmpSetString(Path, L"Service", Create->Service);
    if (NT_SUCCESS(Status) && Create->Resources != NULL)
        Status = CmpSetValue(LogConf, L"BootConfig", REG_RESOURCE_LIST, Create->Resources,
                             (ULONG)PnpResourceListBytes(Create->Resources));
    if (NT_SUCCESS(Status) && Create->Requirements != NULL)
        Status = CmpSetValue(LogConf, L"BasicConfigVector", REG_RESOURCE_REQUIREMENTS_LIST,
                             Create->Requirements, Create->Requirements->ListSize);
    return Status;
}

/* A detected device runs already, without AddDevice and START: only a node is made for it. */
static NTSTATUS PnppLinkDetected(const PNP_CREATE_ACTION *Create, PDEVICE_OBJECT Device,
                                 const WCHAR *InstancePath)
{
    PDEVICE_NODE Node = PnpCreateNode(Device);

    if (Node == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Node->InstancePath = PnpDuplicateString(InstancePath);
    Node->Service = PnpDuplicateString(Create->Service);
    Node->CompatibleIds = PnpDuplicateMultiString(Create->CompatibleIds);
    if (Node->InstancePath == NULL || Node->Service == NULL) {
        PnpDereferenceNode(Node);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Node->RootEnumerated = TRUE;
    Node->HasStack = TRUE;
    Node->State = PnpStarted;
    __atomic_fetch_or(&Device->Flags, DO_BUS_ENUMERATED_DEVICE, __ATOMIC_RELAXED);
    PnpLinkNode(PnpRootNode, Node);
    PnpDereferenceNode(Node);
    return STATUS_SUCCESS;
}

/* Device ID and instance of the device to come: a new instance of Create->Name, or those of the
 * path that is given. */
static NTSTATUS PnppNameDevice(const PNP_CREATE_ACTION *Create, WCHAR DeviceId[MAX_DEVICE_ID_LEN],
                               WCHAR Instance[MAX_DEVICE_ID_LEN])
{
    WCHAR Key[PNP_PATH_CHARACTERS];
    PDEVICE_NODE Node;
    WCHAR *Slash;

    if (Create->ExistingPath == NULL) {
        if (!PnpJoin(DeviceId, MAX_DEVICE_ID_LEN, L"Root\\", Create->Name, NULL))
            return STATUS_INVALID_PARAMETER;
        return PnppFreeInstance(DeviceId, Instance);
    }
    Node = PnpFindNode(Create->ExistingPath);
    if (Node != NULL) {
        PnpDereferenceNode(Node);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    if (!PnpEnumPath(Create->ExistingPath, NULL, Key) || !CmpKeyExists(Key))
        return STATUS_NO_SUCH_DEVICE;
    if (!PnpJoin(DeviceId, MAX_DEVICE_ID_LEN, Create->ExistingPath, NULL))
        return STATUS_INVALID_PARAMETER;
    Slash = NtCrt_wcsrchr(DeviceId, L'\\');
    if (Slash == NULL || NtCrt__wcsnicmp(DeviceId, L"Root\\", 5) != 0 || Slash <= DeviceId + 5)
        return STATUS_INVALID_PARAMETER;
    (void)PnpJoin(Instance, MAX_DEVICE_ID_LEN, Slash + 1, NULL);
    *Slash = 0;
    return STATUS_SUCCESS;
}

VOID PnpCreateRoutine(PNP_ACTION *Action)
{
    PNP_CREATE_ACTION *Create = CONTAINING_RECORD(Action, PNP_CREATE_ACTION, Action);
    WCHAR DeviceId[MAX_DEVICE_ID_LEN], Path[2 * MAX_DEVICE_ID_LEN], Instance[MAX_DEVICE_ID_LEN];
    WCHAR Key[PNP_PATH_CHARACTERS];
    PDEVICE_OBJECT Device = Create->Device;
    PDEVICE_NODE Node;
    NTSTATUS Status;

    Status = PnppNameDevice(Create, DeviceId, Instance);
    if (!NT_SUCCESS(Status)) {
        Action->Status = Status;
        return;
    }
    PnpJoin(Path, RTL_NUMBER_OF(Path), DeviceId, L"\\", Instance, NULL);
    if (Create->InstancePath != NULL &&
        !PnpJoin(Create->InstancePath, Create->Characters, Path, NULL)) {
        Action->Status = STATUS_BUFFER_TOO_SMALL;
        return;
    }
    if (Create->PhantomOnly) {
        Action->Status =
            PnpEnumPath(Path, NULL, Key) ? CmpSetUlong(Key, L"Phantom", 1) : STATUS_NAME_TOO_LONG;
        return;
    }
    Status = PnppWriteEnum(Create, Path);
    if (NT_SUCCESS(Status) && Device == NULL)
        Status = PnppCreatePdo(&Device);
    if (!NT_SUCCESS(Status))
        goto Undo;
    Status = PnppAddEntry(Device, DeviceId, Instance);
    if (!NT_SUCCESS(Status))
        goto Undo;
    if (PnpEnumPath(Path, NULL, Key))
        (void)CmpDeleteValue(Key, L"Phantom");
    if (Create->Device == NULL)
        Device->Flags &= ~DO_DEVICE_INITIALIZING;
    if (Create->Started) {
        Status = PnppLinkDetected(Create, Device, Path);
        if (!NT_SUCCESS(Status)) {
            PnpForgetRootDevice(Device);
            if (Device->DriverObject == PnppDriver)
                PnppFreeEntry(((PNP_ROOT_EXTENSION *)Device->DeviceExtension)->Entry);
            goto Undo;
        }
        Create->Device = Device;
        Action->Status = STATUS_SUCCESS;
        return;
    }
    Status = PnpEnumerateBus(PnpRootNode);
    Node = PnpNodeOfDevice(Device);
    if (Node != NULL) {
        Status = Node->State == PnpFailed ? Node->ProblemStatus : STATUS_SUCCESS;
        PnpDereferenceNode(Node);
    }
    Create->Device = Device;
    Action->Status = Status;
    return;
Undo:
    if (Create->Device == NULL && Device != NULL)
        IoDeleteDevice(Device);
    if (Create->ExistingPath == NULL && PnpEnumPath(Path, NULL, Key))
        (void)CmpDeleteTree(Key);
    Action->Status = Status;
}

BOOLEAN PnpGoodName(const WCHAR *Name)
{
    const WCHAR *At;

    if (Name == NULL || Name[0] == 0)
        return FALSE;
    for (At = Name; *At != 0; At++) {
        if (*At <= L' ' || *At > 0x7f || *At == L',' || *At == L'\\' || *At == L'/')
            return FALSE;
    }
    return At - Name < MAX_DEVICE_ID_LEN - 16;
}

NTSTATUS PnpCreateRootDevice(const WCHAR *Name, const WCHAR *HardwareIds, const WCHAR *Service,
                             WCHAR *InstancePath, ULONG Characters)
{
    PNP_CREATE_ACTION Create = {.Action.Run = PnpCreateRoutine,
                                .Name = Name,
                                .HardwareIds = HardwareIds,
                                .Service = Service,
                                .InstancePath = InstancePath,
                                .Characters = Characters};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!PnpGoodName(Name) || (InstancePath != NULL && Characters == 0))
        return STATUS_INVALID_PARAMETER;
    if (InstancePath != NULL)
        InstancePath[0] = 0;
    return PnpRunAction(&Create.Action);
}

NTSTATUS PnpCreatePhantom(const WCHAR *Name, WCHAR InstancePath[PNP_INSTANCE_CHARACTERS])
{
    PNP_CREATE_ACTION Create = {.Action.Run = PnpCreateRoutine,
                                .Name = Name,
                                .PhantomOnly = TRUE,
                                .InstancePath = InstancePath,
                                .Characters = PNP_INSTANCE_CHARACTERS};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    InstancePath[0] = 0;
    return PnpGoodName(Name) ? PnpRunAction(&Create.Action) : STATUS_INVALID_PARAMETER;
}

NTSTATUS PnpRegisterRootDevice(const WCHAR *InstancePath)
{
    PNP_CREATE_ACTION Create = {.Action.Run = PnpCreateRoutine, .ExistingPath = InstancePath};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnpRunAction(&Create.Action);
}
