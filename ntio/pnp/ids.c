/* SPDX-License-Identifier: MIT */
/*
 * ids.c - who a new device is: the requests that ask its bus driver, what their answers must look
 * like, and the Enum key.
 *
 * A bus driver that answers with an ID that can't be one is stopped with PNP_DETECTED_FATAL_ERROR,
 * as on Windows: parameter 1 is 3, 2 the PDO, 3 the buffer, 4 which ID. Spaces become underscores.
 */
#include "ntio/pnp/pnpp.h"

#define PNP_US_ENGLISH           1033
#define PNP_HARDWARE_IDS_MAXIMUM 1024 /* characters of a whole list */

/* Asks for something that comes back as a pool block in Information. STATUS_NOT_SUPPORTED also
 * where success brought nothing. */
static NTSTATUS PnppAsk(PDEVICE_NODE Node, const IO_STACK_LOCATION *Stack, PVOID *Answer)
{
    ULONG_PTR Information = 0;
    NTSTATUS Status = PnpSendIrp(Node->PhysicalDeviceObject, Stack, &Information);

    *Answer = NULL;
    if (!NT_SUCCESS(Status))
        return Status;
    if (Information == 0)
        return STATUS_NOT_SUPPORTED;
    *Answer = (PVOID)Information;
    return STATUS_SUCCESS;
}

static _Noreturn VOID PnppBadId(PDEVICE_NODE Node, PVOID Id, BUS_QUERY_ID_TYPE Type)
{
    ULONG Which = Type == BusQueryDeviceID      ? 1
                  : Type == BusQueryInstanceID  ? 2
                  : Type == BusQueryHardwareIDs ? 3
                                                : 4;

    KeBugCheckEx(PNP_DETECTED_FATAL_ERROR, PNP_FATAL_INVALID_ID,
                 (ULONG_PTR)Node->PhysicalDeviceObject, (ULONG_PTR)Id, Which);
}

/* Checks one string and mends its spaces. Returns its length, or MAXULONG. */
static ULONG PnppCheckId(WCHAR *Id, ULONG Maximum, ULONG *Separators)
{
    ULONG At;

    *Separators = 0;
    for (At = 0; At < Maximum; At++) {
        if (Id[At] == 0)
            return At;
        if (Id[At] == L' ')
            Id[At] = L'_';
        if (Id[At] < 0x20 || Id[At] > 0x7f || Id[At] == L',')
            return MAXULONG;
        if (Id[At] == L'\\')
            ++*Separators;
    }
    return MAXULONG;
}

/* DeviceID has one backslash, an instance ID none; a list's strings any number. */
static VOID PnppValidate(PDEVICE_NODE Node, BUS_QUERY_ID_TYPE Type, WCHAR *Id)
{
    ULONG Separators, Length, Left = PNP_HARDWARE_IDS_MAXIMUM;

    if (Type == BusQueryDeviceID || Type == BusQueryInstanceID) {
        Length = PnppCheckId(Id, MAX_DEVICE_ID_LEN, &Separators);
        if (Length == MAXULONG || Separators != (Type == BusQueryDeviceID ? 1 : 0))
            PnppBadId(Node, Id, Type);
        return;
    }
    while (*Id != 0) {
        Length = PnppCheckId(Id, Left < MAX_DEVICE_ID_LEN ? Left : MAX_DEVICE_ID_LEN, &Separators);
        if (Length == MAXULONG || Length + 1 >= Left)
            PnppBadId(Node, Id, Type);
        Left -= Length + 1;
        Id += Length + 1;
    }
}

/* *Id is a copy of ours, or NULL with the bus driver's status. */
static NTSTATUS PnppQueryId(PDEVICE_NODE Node, BUS_QUERY_ID_TYPE Type, WCHAR **Id)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_ID};
    BOOLEAN List = Type == BusQueryHardwareIDs || Type == BusQueryCompatibleIDs;
    PVOID Answer;
    NTSTATUS Status;

    *Id = NULL;
    Stack.Parameters.QueryId.IdType = Type;
    Status = PnppAsk(Node, &Stack, &Answer);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Type != BusQueryContainerID)
        PnppValidate(Node, Type, Answer);
    *Id = List ? PnpDuplicateMultiString(Answer) : PnpDuplicateString(Answer);
    ExFreePool(Answer);
    return *Id != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static WCHAR *PnppQueryText(PDEVICE_NODE Node, DEVICE_TEXT_TYPE Type)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT};
    WCHAR *Copy = NULL;
    PVOID Answer;

    Stack.Parameters.QueryDeviceText.DeviceTextType = Type;
    Stack.Parameters.QueryDeviceText.LocaleId = PNP_US_ENGLISH;
    if (NT_SUCCESS(PnppAsk(Node, &Stack, &Answer))) {
        Copy = PnpDuplicateString(Answer);
        ExFreePool(Answer);
    }
    return Copy;
}

/*
 * What makes an instance ID that is unique on one bus only unique in the machine: depth of the bus,
 * a hash of its path, and a number that tells buses apart whose hashes agree. Kept with the bus.
 */
static NTSTATUS PnppParentPrefix(PDEVICE_NODE Parent, WCHAR Prefix[32])
{
    WCHAR Path[PNP_PATH_CHARACTERS], Name[48], *Kept;
    const WCHAR *At;
    ULONG Hash = 0, Number = 0, Level = PnpDepth(Parent) + 1;

    if (!PnpEnumPath(Parent->InstancePath, NULL, Path))
        return STATUS_NAME_TOO_LONG;
    if (NT_SUCCESS(CmpQueryString(Path, L"ParentIdPrefix", &Kept))) {
        BOOLEAN Fits = PnpJoin(Prefix, 32, Kept, NULL);

        ExFreePool(Kept);
        if (Fits)
            return STATUS_SUCCESS;
    }
    for (At = Parent->InstancePath; *At != 0; At++)
        Hash = Hash * 37 + NtCrt_towupper(*At);
    NtCrt__snwprintf(Name, RTL_NUMBER_OF(Name), L"NextParentID.%x.%x", Hash, Level);
    (void)CmpQueryUlong(PNP_ENUM_KEY, Name, &Number);
    (void)CmpSetUlong(PNP_ENUM_KEY, Name, Number + 1);
    NtCrt__snwprintf(Prefix, 32, L"%x&%x&%x", Level, Hash, Number);
    return CmpSetString(Path, L"ParentIdPrefix", Prefix);
}

/* Another device of this name that is not on its way out. */
static PDEVICE_NODE PnppFindTwin(PDEVICE_NODE Node, const WCHAR *Path)
{
    PDEVICE_NODE At = NULL;

    while ((At = PnpNextLeafFirst(PnpRootNode, At)) != NULL) {
        if (At != Node && PnpIsLive(At) && PnpSameString(At->InstancePath, Path))
            return At;
    }
    return NULL;
}

/* Puts device and instance ID together to a path that nothing else in the tree has. */
static NTSTATUS PnppMakePath(PDEVICE_NODE Node, const WCHAR *DeviceId, const WCHAR *InstanceId,
                             WCHAR **Result)
{
    WCHAR Path[2 * MAX_DEVICE_ID_LEN + 40], Prefix[32];
    BOOLEAN Global = Node->Capabilities.UniqueID && InstanceId != NULL;
    PDEVICE_NODE Twin;
    NTSTATUS Status;

    for (;;) {
        Prefix[0] = 0;
        if (!Global) {
            Status = PnppParentPrefix(Node->Parent, Prefix);
            if (!NT_SUCCESS(Status))
                return Status;
        }
        if (!PnpJoin(Path, RTL_NUMBER_OF(Path), DeviceId, L"\\", Prefix,
                     Prefix[0] != 0 && InstanceId != NULL ? L"&" : L"",
                     InstanceId != NULL ? InstanceId : L"", NULL))
            return STATUS_NAME_TOO_LONG;
        Twin = PnppFindTwin(Node, Path);
        if (Twin == NULL)
            break;
        /* Two of one bus are the bus driver's fault. One on each of two buses: neither ID was as
         * unique as was claimed. */
        if (!Global || Twin->Parent == Node->Parent)
            KeBugCheckEx(PNP_DETECTED_FATAL_ERROR, PNP_FATAL_DUPLICATE_PDO,
                         (ULONG_PTR)Node->PhysicalDeviceObject,
                         (ULONG_PTR)Twin->PhysicalDeviceObject, 0);
        Global = FALSE;
    }
    *Result = PnpDuplicateString(Path);
    return *Result != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* CM_DEVCAP_* */
static ULONG PnppCapabilityBits(const DEVICE_CAPABILITIES *Capabilities)
{
    return (Capabilities->LockSupported ? 0x001 : 0) | (Capabilities->EjectSupported ? 0x002 : 0) |
           (Capabilities->Removable ? 0x004 : 0) | (Capabilities->DockDevice ? 0x008 : 0) |
           (Capabilities->UniqueID ? 0x010 : 0) | (Capabilities->SilentInstall ? 0x020 : 0) |
           (Capabilities->RawDeviceOK ? 0x040 : 0) | (Capabilities->SurpriseRemovalOK ? 0x080 : 0) |
           (Capabilities->HardwareDisabled ? 0x100 : 0) | (Capabilities->NonDynamic ? 0x200 : 0);
}

/* What the device says of itself, as it says it now; what an installation wrote is left alone. */
static NTSTATUS PnppWriteEnum(PDEVICE_NODE Node, const WCHAR *Location, const WCHAR *Container)
{
    const DEVICE_CAPABILITIES *Capabilities = &Node->Capabilities;
    WCHAR Path[PNP_PATH_CHARACTERS];
    WCHAR *Kept = NULL;
    NTSTATUS Status;

    if (!PnpEnumPath(Node->InstancePath, NULL, Path))
        return STATUS_NAME_TOO_LONG;
    Status = CmpCreateKey(Path);
    if (NT_SUCCESS(Status) && Node->HardwareIds != NULL)
        Status = CmpSetMultiString(Path, L"HardwareID", Node->HardwareIds);
    if (NT_SUCCESS(Status) && Node->CompatibleIds != NULL)
        Status = CmpSetMultiString(Path, L"CompatibleIDs", Node->CompatibleIds);
    if (NT_SUCCESS(Status) && Location != NULL)
        Status = CmpSetString(Path, L"LocationInformation", Location);
    if (NT_SUCCESS(Status) && Container != NULL)
        Status = CmpSetString(Path, L"ContainerID", Container);
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Path, L"Capabilities", PnppCapabilityBits(Capabilities));
    if (NT_SUCCESS(Status) && Capabilities->Address != MAXULONG)
        Status = CmpSetUlong(Path, L"Address", Capabilities->Address);
    if (NT_SUCCESS(Status) && Capabilities->UINumber != MAXULONG)
        Status = CmpSetUlong(Path, L"UINumber", Capabilities->UINumber);
    if (!NT_SUCCESS(Status))
        return Status;
    if (NT_SUCCESS(CmpQueryString(Path, L"DeviceDesc", &Kept))) {
        if (Node->Description == NULL) {
            WCHAR *Copy = PnpDuplicateString(PnpPlainText(Kept));

            KiLock(&PnpTreeLock);
            Node->Description = Copy;
            KiUnlock(&PnpTreeLock);
        }
        ExFreePool(Kept);
    } else if (Node->Description != NULL) {
        Status = CmpSetString(Path, L"DeviceDesc", Node->Description);
    }
    return Status;
}

static VOID PnppQueryResources(PDEVICE_NODE Node)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_RESOURCES};
    PVOID Boot, Requirements;

    (void)PnppAsk(Node, &Stack, &Boot);
    Stack.MinorFunction = IRP_MN_QUERY_RESOURCE_REQUIREMENTS;
    (void)PnppAsk(Node, &Stack, &Requirements);
    KiLock(&PnpTreeLock);
    Node->BootResources = Boot;
    Node->Requirements = Requirements;
    KiUnlock(&PnpTreeLock);
}

static VOID PnppQueryBus(PDEVICE_NODE Node)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_BUS_INFORMATION};
    PVOID Answer;

    if (!NT_SUCCESS(PnppAsk(Node, &Stack, &Answer)))
        return;
    KiLock(&PnpTreeLock);
    Node->BusInformation = *(PPNP_BUS_INFORMATION)Answer;
    Node->HasBusInformation = TRUE;
    KiUnlock(&PnpTreeLock);
    ExFreePool(Answer);
}

NTSTATUS PnpIdentify(PDEVICE_NODE Node)
{
    WCHAR *DeviceId = NULL, *InstanceId = NULL, *Location = NULL, *Container = NULL, *Path = NULL;
    WCHAR *HardwareIds = NULL, *CompatibleIds = NULL, *Description;
    DEVICE_CAPABILITIES Capabilities;
    NTSTATUS Status;

    Status = PnppQueryId(Node, BusQueryDeviceID, &DeviceId);
    if (!NT_SUCCESS(Status))
        goto Exit;
    if (!NT_SUCCESS(PnpQueryCapabilities(Node->PhysicalDeviceObject, &Capabilities))) {
        memset(&Capabilities, 0, sizeof(Capabilities));
        Capabilities.Size = sizeof(Capabilities);
        Capabilities.Version = 1;
        Capabilities.Address = Capabilities.UINumber = MAXULONG;
    }
    Description = PnppQueryText(Node, DeviceTextDescription);
    Location = PnppQueryText(Node, DeviceTextLocationInformation);
    KiLock(&PnpTreeLock);
    Node->Capabilities = Capabilities;
    Node->RawAllowed = Capabilities.RawDeviceOK;
    Node->Description = Description;
    KiUnlock(&PnpTreeLock);
    /* An instance ID that is missing is no failure; one that could not be had is. */
    Status = PnppQueryId(Node, BusQueryInstanceID, &InstanceId);
    if (!NT_SUCCESS(Status) && Status != STATUS_NOT_SUPPORTED)
        goto Exit;
    Status = PnppMakePath(Node, DeviceId, InstanceId, &Path);
    if (!NT_SUCCESS(Status))
        goto Exit;
    (void)PnppQueryId(Node, BusQueryHardwareIDs, &HardwareIds);
    (void)PnppQueryId(Node, BusQueryCompatibleIDs, &CompatibleIds);
    (void)PnppQueryId(Node, BusQueryContainerID, &Container);
    KiLock(&PnpTreeLock);
    Node->InstancePath = Path;
    Node->HardwareIds = HardwareIds;
    Node->CompatibleIds = CompatibleIds;
    Node->RootEnumerated = PnpIsRootPdo(Node->PhysicalDeviceObject);
    KiUnlock(&PnpTreeLock);
    PnppQueryResources(Node);
    PnppQueryBus(Node);
    Status = PnppWriteEnum(Node, Location, Container);
Exit:
    PnpFree(DeviceId);
    PnpFree(InstanceId);
    PnpFree(Location);
    PnpFree(Container);
    if (NT_SUCCESS(Status))
        PnpSetState(Node, PnpInitialized);
    else
        PnpSetProblem(Node, PnpFailed,
                      Status == STATUS_INSUFFICIENT_RESOURCES ? CM_PROB_OUT_OF_MEMORY
                                                              : CM_PROB_INVALID_DATA,
                      Status);
    return Status;
}
