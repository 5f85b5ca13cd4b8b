/* SPDX-License-Identifier: MIT */
/*
 * property.c - what drivers read of a device, and its registry keys.
 *
 * A device that is no PDO: STATUS_INVALID_DEVICE_REQUEST. Properties are Enum values, or known to
 * the node.
 */
#include "ntio/pnp/pnpp.h"

static NTSTATUS PnppGive(const VOID *Data, ULONG Bytes, ULONG Length, PVOID Buffer, PULONG Result)
{
    *Result = Bytes;
    if (Length < Bytes || (Buffer == NULL && Bytes != 0))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(Buffer, Data, Bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS PnppGiveString(const WCHAR *String, ULONG Length, PVOID Buffer, PULONG Result)
{
    return PnppGive(String, (ULONG)((NtCrt_wcslen(String) + 1) * sizeof(WCHAR)), Length, Buffer,
                    Result);
}

static NTSTATUS PnppGiveValue(PDEVICE_NODE Node, const WCHAR *Name, ULONG WantedType, ULONG Length,
                              PVOID Buffer, PULONG Result)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    NTSTATUS Status;
    ULONG Type, Bytes;
    PVOID Data;

    if (!PnpEnumPath(Node->InstancePath, NULL, Path))
        return STATUS_NAME_TOO_LONG;
    Status = CmpQueryValue(Path, Name, &Type, &Data, &Bytes);
    if (!NT_SUCCESS(Status))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (Type != WantedType)
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (Type == REG_SZ && *(WCHAR *)Data == L'@') /* an installed device's description */
        Status = PnppGiveString(PnpPlainText(Data), Length, Buffer, Result);
    else
        Status = PnppGive(Data, Bytes, Length, Buffer, Result);
    ExFreePool(Data);
    return Status;
}

static NTSTATUS PnppGiveResources(const CM_RESOURCE_LIST *List, ULONG Length, PVOID Buffer,
                                  PULONG Result)
{
    if (List == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return PnppGive(List, (ULONG)PnpResourceListBytes(List), Length, Buffer, Result);
}

static NTSTATUS PnppGivePdoName(PDEVICE_NODE Node, ULONG Length, PVOID Buffer, PULONG Result)
{
    UNICODE_STRING Name;
    NTSTATUS Status = ObpQueryName(Node->PhysicalDeviceObject, &Name);
    WCHAR *Copy;

    if (!NT_SUCCESS(Status))
        return Status;
    Copy = ExAllocatePoolWithTag(PagedPool, Name.Length + sizeof(WCHAR), PNP_TAG);
    if (Copy != NULL) {
        memcpy(Copy, Name.Buffer, Name.Length);
        Copy[Name.Length / sizeof(WCHAR)] = 0;
        Status = PnppGive(Copy, Name.Length + (ULONG)sizeof(WCHAR), Length, Buffer, Result);
        ExFreePool(Copy);
    } else {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    PnpFree(Name.Buffer);
    return Status;
}

static NTSTATUS PnppGiveEnumerator(PDEVICE_NODE Node, ULONG Length, PVOID Buffer, PULONG Result)
{
    WCHAR Name[MAX_DEVICE_ID_LEN];
    ULONG i;

    for (i = 0;
         i < MAX_DEVICE_ID_LEN - 1 && Node->InstancePath[i] != 0 && Node->InstancePath[i] != L'\\';
         i++)
        Name[i] = Node->InstancePath[i];
    Name[i] = 0;
    return PnppGiveString(Name, Length, Buffer, Result);
}

static NTSTATUS PnppGiveUlong(ULONG Value, ULONG Length, PVOID Buffer, PULONG Result)
{
    return PnppGive(&Value, sizeof(Value), Length, Buffer, Result);
}

static ULONG PnppRemovalPolicy(const DEVICE_CAPABILITIES *Capabilities)
{
    if (!Capabilities->Removable)
        return RemovalPolicyExpectNoRemoval;
    return Capabilities->SurpriseRemovalOK ? RemovalPolicyExpectSurpriseRemoval
                                           : RemovalPolicyExpectOrderlyRemoval;
}

/* What the node itself knows; under PnpTreeLock, for the worker may exchange it. */
static NTSTATUS PnppGiveField(PDEVICE_NODE Node, DEVICE_REGISTRY_PROPERTY Property, ULONG Length,
                              PVOID Buffer, PULONG Result)
{
    const PNP_BUS_INFORMATION *Bus = &Node->BusInformation;

    switch (Property) {
    case DevicePropertyBootConfiguration:
    case DevicePropertyBootConfigurationTranslated:
        return PnppGiveResources(Node->BootResources, Length, Buffer, Result);
    case DevicePropertyAllocatedResources:
        return PnppGiveResources(Node->Resources, Length, Buffer, Result);
    case DevicePropertyResourceRequirements:
        if (Node->Requirements == NULL)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        return PnppGive(Node->Requirements, Node->Requirements->ListSize, Length, Buffer, Result);
    case DevicePropertyBusTypeGuid:
        if (!Node->HasBusInformation)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        return PnppGive(&Bus->BusTypeGuid, sizeof(GUID), Length, Buffer, Result);
    case DevicePropertyLegacyBusType:
        if (!Node->HasBusInformation)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        return PnppGiveUlong((ULONG)Bus->LegacyBusType, Length, Buffer, Result);
    case DevicePropertyBusNumber:
        if (!Node->HasBusInformation)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        return PnppGiveUlong(Bus->BusNumber, Length, Buffer, Result);
    case DevicePropertyEnumeratorName:
        return PnppGiveEnumerator(Node, Length, Buffer, Result);
    case DevicePropertyAddress:
        return PnppGiveUlong(Node->Capabilities.Address, Length, Buffer, Result);
    case DevicePropertyUINumber:
        return PnppGiveUlong(Node->Capabilities.UINumber, Length, Buffer, Result);
    case DevicePropertyInstallState:
        return PnppGiveUlong(InstallStateInstalled, Length, Buffer, Result);
    case DevicePropertyRemovalPolicy:
        return PnppGiveUlong(PnppRemovalPolicy(&Node->Capabilities), Length, Buffer, Result);
    default:
        return STATUS_INVALID_PARAMETER_2;
    }
}

static NTSTATUS PnppGetProperty(PDEVICE_NODE Node, DEVICE_REGISTRY_PROPERTY Property, ULONG Length,
                                PVOID Buffer, PULONG Result)
{
    static const struct {
        DEVICE_REGISTRY_PROPERTY Property;
        const WCHAR *Name;
        ULONG Type;
    } Values[] = {
        {DevicePropertyDeviceDescription, L"DeviceDesc", REG_SZ},
        {DevicePropertyHardwareID, L"HardwareID", REG_MULTI_SZ},
        {DevicePropertyCompatibleIDs, L"CompatibleIDs", REG_MULTI_SZ},
        {DevicePropertyClassName, L"Class", REG_SZ},
        {DevicePropertyClassGuid, L"ClassGUID", REG_SZ},
        {DevicePropertyDriverKeyName, L"Driver", REG_SZ},
        {DevicePropertyManufacturer, L"Mfg", REG_SZ},
        {DevicePropertyFriendlyName, L"FriendlyName", REG_SZ},
        {DevicePropertyLocationInformation, L"LocationInformation", REG_SZ},
        {DevicePropertyContainerID, L"ContainerID", REG_SZ},
    };
    NTSTATUS Status;
    ULONG i;

    for (i = 0; i < RTL_NUMBER_OF(Values); i++) {
        if (Values[i].Property == Property)
            return PnppGiveValue(Node, Values[i].Name, Values[i].Type, Length, Buffer, Result);
    }
    if (Property == DevicePropertyPhysicalDeviceObjectName)
        return PnppGivePdoName(Node, Length, Buffer, Result);
    KiLock(&PnpTreeLock);
    Status = PnppGiveField(Node, Property, Length, Buffer, Result);
    KiUnlock(&PnpTreeLock);
    return Status;
}

NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject,
                                   DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength,
                                   PVOID PropertyBuffer, PULONG ResultLength)
{
    PDEVICE_NODE Node;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *ResultLength = 0;
    Node = PnpNamedNode(DeviceObject);
    if (Node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    Status = PnppGetProperty(Node, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
    PnpDereferenceNode(Node);
    return Status;
}

/* ---- properties with a key: Enum\...\Properties\{fmtid}\pid, values Type and Data ---- */

static BOOLEAN PnppPropertyPath(const WCHAR *InstancePath, const DEVPROPKEY *Key, LCID Lcid,
                                WCHAR Path[PNP_PATH_CHARACTERS])
{
    WCHAR Guid[PNP_GUID_CHARACTERS], Number[32];

    PnpGuidString(&Key->fmtid, Guid);
    NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"\\%04x\\%08x", Key->pid, Lcid);
    return PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_ENUM_KEY L"\\", InstancePath, L"\\Properties\\",
                   Guid, Number, NULL);
}

NTSTATUS PnpGetKeyedProperty(const WCHAR *InstancePath, const DEVPROPKEY *Key, LCID Lcid,
                             DEVPROPTYPE *Type, PVOID *Data, ULONG *Bytes)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    ULONG ValueType, PropertyType;

    if (!PnppPropertyPath(InstancePath, Key, Lcid, Path))
        return STATUS_NAME_TOO_LONG;
    if (!NT_SUCCESS(CmpQueryUlong(Path, L"Type", &PropertyType)) ||
        !NT_SUCCESS(CmpQueryValue(Path, L"Data", &ValueType, Data, Bytes)))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *Type = PropertyType;
    return STATUS_SUCCESS;
}

NTSTATUS PnpSetKeyedProperty(const WCHAR *InstancePath, const DEVPROPKEY *Key, LCID Lcid,
                             DEVPROPTYPE Type, const VOID *Data, ULONG Bytes)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    NTSTATUS Status;

    if (!PnppPropertyPath(InstancePath, Key, Lcid, Path))
        return STATUS_NAME_TOO_LONG;
    if (Type == DEVPROP_TYPE_EMPTY)
        return CmpDeleteTree(Path);
    Status = CmpSetUlong(Path, L"Type", Type);
    if (NT_SUCCESS(Status))
        Status = CmpSetValue(Path, L"Data", REG_BINARY, Data, Bytes);
    return Status;
}

NTSTATUS NTAPI IoGetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY *PropertyKey, LCID Lcid,
                                       ULONG Flags, ULONG Size, PVOID Data, PULONG RequiredSize,
                                       PDEVPROPTYPE Type)
{
    ULONG Bytes;
    NTSTATUS Status;
    PDEVICE_NODE Node;
    PVOID Value;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    (void)Flags;
    *RequiredSize = 0;
    Node = PnpNamedNode(Pdo);
    if (Node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (NT_SUCCESS(
            PnpGetKeyedProperty(Node->InstancePath, PropertyKey, Lcid, Type, &Value, &Bytes))) {
        Status = PnppGive(Value, Bytes, Size, Data, RequiredSize);
        ExFreePool(Value);
    } else {
        Status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    PnpDereferenceNode(Node);
    return Status;
}

NTSTATUS NTAPI IoSetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY *PropertyKey, LCID Lcid,
                                       ULONG Flags, DEVPROPTYPE Type, ULONG Size, PVOID Data)
{
    NTSTATUS Status;
    PDEVICE_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    /* The registry lives as long as the system: everything is as persistent as that. */
    (void)Flags;
    Node = PnpNamedNode(Pdo);
    if (Node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    Status = PnpSetKeyedProperty(Node->InstancePath, PropertyKey, Lcid, Type, Data, Size);
    PnpDereferenceNode(Node);
    return Status;
}

/* ---- keys ---- */

static NTSTATUS PnppOpenKey(const WCHAR *Path, ACCESS_MASK Access, PHANDLE Key)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    NTSTATUS Status = CmpCreateKey(Path);

    if (!NT_SUCCESS(Status))
        return Status;
    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    return ZwOpenKey(Key, Access, &Attributes);
}

NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType,
                                       ACCESS_MASK DesiredAccess, PHANDLE DeviceRegKey)
{
    static const WCHAR Profile[] = PNP_PROFILE_KEY;
    WCHAR Path[PNP_PATH_CHARACTERS], Enum[PNP_PATH_CHARACTERS];
    const WCHAR *Root =
        DevInstKeyType & PLUGPLAY_REGKEY_CURRENT_HWPROFILE ? Profile : PNP_CONTROL_SET;
    ULONG Kind = DevInstKeyType & ~PLUGPLAY_REGKEY_CURRENT_HWPROFILE;
    PDEVICE_NODE Node;
    NTSTATUS Status = STATUS_NAME_TOO_LONG;
    WCHAR *Driver;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *DeviceRegKey = NULL;
    if (Kind != PLUGPLAY_REGKEY_DEVICE && Kind != PLUGPLAY_REGKEY_DRIVER)
        return STATUS_INVALID_PARAMETER;
    Node = PnpNamedNode(DeviceObject);
    if (Node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (Kind == PLUGPLAY_REGKEY_DEVICE) {
        if (PnpJoin(Path, PNP_PATH_CHARACTERS, Root, L"\\Enum\\", Node->InstancePath,
                    L"\\Device Parameters", NULL))
            Status = PnppOpenKey(Path, DesiredAccess, DeviceRegKey);
    } else if (PnpEnumPath(Node->InstancePath, NULL, Enum)) {
        Status = CmpQueryString(Enum, L"Driver", &Driver);
        if (NT_SUCCESS(Status)) {
            Status = STATUS_NAME_TOO_LONG;
            if (PnpJoin(Path, PNP_PATH_CHARACTERS, Root, L"\\Control\\Class\\", Driver, NULL))
                Status = PnppOpenKey(Path, DesiredAccess, DeviceRegKey);
            ExFreePool(Driver);
        }
    }
    PnpDereferenceNode(Node);
    return Status;
}

NTSTATUS NTAPI IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, DRIVER_REGKEY_TYPE RegKeyType,
                                       ACCESS_MASK DesiredAccess, ULONG Flags, PHANDLE DriverRegKey)
{
    static const WCHAR *const Below[] = {L"\\Parameters", L"\\PersistentState",
                                         L"\\SharedPersistentState"};
    const UNICODE_STRING *Service = &DriverObject->DriverExtension->ServiceKeyName;
    WCHAR Path[PNP_PATH_CHARACTERS], Name[PNP_PATH_CHARACTERS];

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *DriverRegKey = NULL;
    if (Flags != 0 || (ULONG)RegKeyType >= RTL_NUMBER_OF(Below) ||
        Service->Length / sizeof(WCHAR) >= PNP_PATH_CHARACTERS)
        return STATUS_INVALID_PARAMETER;
    memcpy(Name, Service->Buffer, Service->Length);
    Name[Service->Length / sizeof(WCHAR)] = 0;
    if (!PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_CONTROL_SET L"\\Services\\", Name,
                 Below[RegKeyType], NULL))
        return STATUS_NAME_TOO_LONG;
    return PnppOpenKey(Path, DesiredAccess, DriverRegKey);
}
