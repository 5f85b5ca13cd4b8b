/* SPDX-License-Identifier: MIT */
/*
 * cfgprop.c - properties by number (CM_DRP_*, which are SPDRP_* and one), of devices and classes.
 *
 * Most are values of the device's Enum key, so a phantom has them too; some only pnp knows, of a
 * device that is there.
 */
#include "ntio/win32/cfgmgr.h"

typedef struct _PROPERTY {
    ULONG Property;
    const WCHAR *Name; /* of the value in Enum; NULL: pnp knows */
    ULONG Type;
    BOOLEAN MaySet;
    DEVICE_REGISTRY_PROPERTY Live;
} PROPERTY;

static const PROPERTY DeviceProperties[] = {
    {CM_DRP_DEVICEDESC, L"DeviceDesc", REG_SZ, TRUE, 0},
    {CM_DRP_HARDWAREID, L"HardwareID", REG_MULTI_SZ, TRUE, 0},
    {CM_DRP_COMPATIBLEIDS, L"CompatibleIDs", REG_MULTI_SZ, TRUE, 0},
    {CM_DRP_SERVICE, L"Service", REG_SZ, TRUE, 0},
    {CM_DRP_CLASS, L"Class", REG_SZ, TRUE, 0},
    {CM_DRP_CLASSGUID, L"ClassGUID", REG_SZ, TRUE, 0},
    {CM_DRP_DRIVER, L"Driver", REG_SZ, TRUE, 0},
    {CM_DRP_CONFIGFLAGS, L"ConfigFlags", REG_DWORD, TRUE, 0},
    {CM_DRP_MFG, L"Mfg", REG_SZ, TRUE, 0},
    {CM_DRP_FRIENDLYNAME, L"FriendlyName", REG_SZ, TRUE, 0},
    {CM_DRP_LOCATION_INFORMATION, L"LocationInformation", REG_SZ, TRUE, 0},
    {CM_DRP_PHYSICAL_DEVICE_OBJECT_NAME, NULL, REG_SZ, FALSE,
     DevicePropertyPhysicalDeviceObjectName},
    {CM_DRP_CAPABILITIES, L"Capabilities", REG_DWORD, FALSE, 0},
    {CM_DRP_UI_NUMBER, L"UINumber", REG_DWORD, FALSE, 0},
    {CM_DRP_UPPERFILTERS, L"UpperFilters", REG_MULTI_SZ, TRUE, 0},
    {CM_DRP_LOWERFILTERS, L"LowerFilters", REG_MULTI_SZ, TRUE, 0},
    {CM_DRP_BUSTYPEGUID, NULL, REG_BINARY, FALSE, DevicePropertyBusTypeGuid},
    {CM_DRP_LEGACYBUSTYPE, NULL, REG_DWORD, FALSE, DevicePropertyLegacyBusType},
    {CM_DRP_BUSNUMBER, NULL, REG_DWORD, FALSE, DevicePropertyBusNumber},
    {CM_DRP_SECURITY, L"Security", REG_BINARY, TRUE, 0},
    {CM_DRP_SECURITY_SDS, L"SecuritySDS", REG_SZ, TRUE, 0},
    {CM_DRP_DEVTYPE, L"DeviceType", REG_DWORD, TRUE, 0},
    {CM_DRP_EXCLUSIVE, L"Exclusive", REG_DWORD, TRUE, 0},
    {CM_DRP_CHARACTERISTICS, L"DeviceCharacteristics", REG_DWORD, TRUE, 0},
    {CM_DRP_ADDRESS, L"Address", REG_DWORD, FALSE, 0},
    {CM_DRP_UI_NUMBER_DESC_FORMAT, L"UINumberDescFormat", REG_SZ, TRUE, 0},
    {CM_DRP_REMOVAL_POLICY, NULL, REG_DWORD, FALSE, DevicePropertyRemovalPolicy},
    {CM_DRP_REMOVAL_POLICY_HW_DEFAULT, NULL, REG_DWORD, FALSE, DevicePropertyRemovalPolicy},
    {CM_DRP_REMOVAL_POLICY_OVERRIDE, L"RemovalPolicy", REG_DWORD, TRUE, 0},
    {CM_DRP_BASE_CONTAINERID, L"ContainerID", REG_SZ, FALSE, 0},
};

/* Values of a class's key. */
static const PROPERTY ClassProperties[] = {
    {CM_CRP_UPPERFILTERS, L"UpperFilters", REG_MULTI_SZ, TRUE, 0},
    {CM_CRP_LOWERFILTERS, L"LowerFilters", REG_MULTI_SZ, TRUE, 0},
    {CM_CRP_SECURITY, L"Security", REG_BINARY, TRUE, 0},
    {CM_CRP_SECURITY_SDS, L"SecuritySDS", REG_SZ, TRUE, 0},
    {CM_CRP_DEVTYPE, L"DeviceType", REG_DWORD, TRUE, 0},
    {CM_CRP_EXCLUSIVE, L"Exclusive", REG_DWORD, TRUE, 0},
    {CM_CRP_CHARACTERISTICS, L"DeviceCharacteristics", REG_DWORD, TRUE, 0},
};

static const PROPERTY *Find(const PROPERTY *List, SIZE_T Count, ULONG Property)
{
    SIZE_T i;

    for (i = 0; i < Count; i++) {
        if (List[i].Property == Property)
            return &List[i];
    }
    return NULL;
}

CONFIGRET CfgGive(const VOID *Data, ULONG Bytes, PVOID Buffer, PULONG Length)
{
    ULONG Room = *Length;

    *Length = Bytes;
    if (Room < Bytes)
        return CR_BUFFER_SMALL;
    if (Bytes != 0)
        memcpy(Buffer, Data, Bytes);
    return CR_SUCCESS;
}

/* A copy in pool of what stands in a variable. */
static CONFIGRET Copy(const VOID *From, ULONG Count, PVOID *Data, ULONG *Bytes)
{
    *Data = ExAllocatePoolWithTag(PagedPool, Count + 2 * sizeof(WCHAR), TAG_CFG);
    if (*Data == NULL)
        return CR_OUT_OF_MEMORY;
    memcpy(*Data, From, Count);
    memset((PUCHAR)*Data + Count, 0, 2 * sizeof(WCHAR));
    *Bytes = Count;
    return CR_SUCCESS;
}

static CONFIGRET ReadValue(const WCHAR *Path, const PROPERTY *Property, ULONG *Type, PVOID *Data,
                           ULONG *Bytes)
{
    NTSTATUS Status = CmpQueryValue(Path, Property->Name, Type, Data, Bytes);

    if (!NT_SUCCESS(Status))
        return Status == STATUS_INSUFFICIENT_RESOURCES ? CR_OUT_OF_MEMORY : CR_NO_SUCH_VALUE;
    if (*Type == Property->Type)
        return CR_SUCCESS;
    CfgFree(*Data); /* somebody wrote something else there: as if there were none */
    *Data = NULL;
    return CR_NO_SUCH_VALUE;
}

static CONFIGRET ReadLive(const WCHAR *InstanceId, const PROPERTY *Property, ULONG *Type,
                          PVOID *Data, ULONG *Bytes)
{
    UCHAR Buffer[1024];
    NTSTATUS Status = PnpGetLiveProperty(InstanceId, Property->Live, sizeof(Buffer), Buffer, Bytes);

    if (Status == STATUS_NO_SUCH_DEVICE)
        return CR_NO_SUCH_VALUE; /* a phantom has none of these */
    if (!NT_SUCCESS(Status))
        return CfgFromStatus(Status);
    /* A device without a name has none, not an empty one. */
    if (Property->Type == REG_SZ && *Bytes <= sizeof(WCHAR))
        return CR_NO_SUCH_VALUE;
    *Type = Property->Type;
    return Copy(Buffer, *Bytes, Data, Bytes);
}

static CONFIGRET ReadEnumerator(const WCHAR *InstanceId, PVOID *Data, ULONG *Bytes)
{
    WCHAR Name[MAX_DEVICE_ID_LEN];
    ULONG i;

    for (i = 0; i < MAX_DEVICE_ID_LEN - 1 && InstanceId[i] != 0 && InstanceId[i] != L'\\'; i++)
        Name[i] = InstanceId[i];
    Name[i] = 0;
    return Copy(Name, (i + 1) * (ULONG)sizeof(WCHAR), Data, Bytes);
}

static CONFIGRET ReadInstallState(const WCHAR *Path, PVOID *Data, ULONG *Bytes)
{
    ULONG Flags = 0, State;
    WCHAR *Service;

    if (!NT_SUCCESS(CmpQueryUlong(Path, L"ConfigFlags", &Flags))) {
        if (NT_SUCCESS(CmpQueryString(Path, L"Service", &Service)))
            ExFreePool(Service);
        else
            Flags = CFG_REINSTALL; /* nobody has installed anything for it */
    }
    State = Flags & CFG_FAILED_INSTALL   ? CM_INSTALL_STATE_FAILED_INSTALL
            : Flags & CFG_FINISH_INSTALL ? CM_INSTALL_STATE_FINISH_INSTALL
            : Flags & CFG_REINSTALL      ? CM_INSTALL_STATE_NEEDS_REINSTALL
                                         : CM_INSTALL_STATE_INSTALLED;
    return Copy(&State, sizeof(State), Data, Bytes);
}

CONFIGRET CfgReadProperty(const WCHAR *InstanceId, ULONG Property, ULONG *Type, PVOID *Data,
                          ULONG *Bytes)
{
    const PROPERTY *Found = Find(DeviceProperties, RTL_NUMBER_OF(DeviceProperties), Property);
    WCHAR Path[PNP_PATH_CHARACTERS];
    CONFIGRET Code;

    *Data = NULL;
    *Bytes = 0;
    if (Property < CM_DRP_MIN || Property > CM_DRP_MAX)
        return CR_INVALID_PROPERTY;
    if (!PnpEnumPath(InstanceId, NULL, Path))
        return CR_INVALID_DEVICE_ID;
    if (Property == CM_DRP_ENUMERATOR_NAME) {
        *Type = REG_SZ;
        return ReadEnumerator(InstanceId, Data, Bytes);
    }
    if (Property == CM_DRP_INSTALL_STATE) {
        *Type = REG_DWORD;
        return ReadInstallState(Path, Data, Bytes);
    }
    if (Found == NULL)
        return CR_NO_SUCH_VALUE; /* such as power data: no device here has them */
    if (Found->Name == NULL)
        return ReadLive(InstanceId, Found, Type, Data, Bytes);
    Code = ReadValue(Path, Found, Type, Data, Bytes);
    if (Code == CR_SUCCESS && *Type == REG_SZ && *Bytes >= 2 * sizeof(WCHAR) &&
        *(WCHAR *)*Data == L'@') { /* as an installation writes descriptions */
        const WCHAR *Plain = PnpPlainText(*Data);

        *Bytes -= (ULONG)((ULONG_PTR)Plain - (ULONG_PTR)*Data);
        memmove(*Data, Plain, *Bytes);
    }
    return Code;
}

/* Is Data of this type's form? */
static BOOLEAN GoodForm(ULONG Type, const VOID *Data, ULONG Bytes)
{
    const WCHAR *Text = Data;
    ULONG Characters = Bytes / sizeof(WCHAR);

    switch (Type) {
    case REG_DWORD:
        return Bytes == sizeof(ULONG);
    case REG_SZ:
        return Bytes % sizeof(WCHAR) == 0 && Characters != 0 && Text[Characters - 1] == 0;
    case REG_MULTI_SZ:
        return Bytes % sizeof(WCHAR) == 0 && Characters != 0 && Text[Characters - 1] == 0 &&
               (Characters == 1 || Text[Characters - 2] == 0);
    default:
        return TRUE;
    }
}

static CONFIGRET WriteValue(const WCHAR *Path, const PROPERTY *Property, const VOID *Data,
                            ULONG Bytes)
{
    NTSTATUS Status;

    if (Data == NULL && Bytes != 0)
        return CR_INVALID_POINTER;
    if (Data == NULL) {
        Status = CmpDeleteValue(Path, Property->Name);
        return Status == STATUS_OBJECT_NAME_NOT_FOUND ? CR_SUCCESS : CfgFromStatus(Status);
    }
    if (!GoodForm(Property->Type, Data, Bytes))
        return CR_INVALID_DATA;
    return CfgFromStatus(CmpSetValue(Path, Property->Name, Property->Type, Data, Bytes));
}

/* A device that changes its class loses its driver: that belonged to the old one. */
static VOID LeaveClass(const WCHAR *Path, const WCHAR *ClassGuid)
{
    WCHAR Key[PNP_PATH_CHARACTERS];
    WCHAR *Old, *Driver;

    if (!NT_SUCCESS(CmpQueryString(Path, L"ClassGUID", &Old)))
        return;
    if (!CfgSame(Old, ClassGuid) && NT_SUCCESS(CmpQueryString(Path, L"Driver", &Driver))) {
        if (CfgJoin(Key, PNP_PATH_CHARACTERS, CFG_CLASS_KEY L"\\", Driver, NULL))
            (void)CmpDeleteTree(Key);
        (void)CmpDeleteValue(Path, L"Driver");
        ExFreePool(Driver);
    }
    ExFreePool(Old);
}

CONFIGRET CfgWriteProperty(const WCHAR *InstanceId, ULONG Property, const VOID *Data, ULONG Bytes)
{
    const PROPERTY *Found = Find(DeviceProperties, RTL_NUMBER_OF(DeviceProperties), Property);
    WCHAR Path[PNP_PATH_CHARACTERS];

    if (Found == NULL || !Found->MaySet)
        return CR_INVALID_PROPERTY;
    if (!PnpEnumPath(InstanceId, NULL, Path))
        return CR_INVALID_DEVICE_ID;
    if (!CmpKeyExists(Path))
        return CR_NO_SUCH_DEVNODE;
    if (Property == CM_DRP_CLASSGUID && (Data == NULL || GoodForm(REG_SZ, Data, Bytes)))
        LeaveClass(Path, Data);
    return WriteValue(Path, Found, Data, Bytes);
}

static CONFIGRET ClassPath(const GUID *Class, WCHAR Path[PNP_PATH_CHARACTERS])
{
    WCHAR Text[CFG_GUID_CHARACTERS];

    CfgGuidText(Class, Text);
    (void)CfgJoin(Path, PNP_PATH_CHARACTERS, CFG_CLASS_KEY L"\\", Text, NULL);
    return CmpKeyExists(Path) ? CR_SUCCESS : CR_NO_SUCH_REGISTRY_KEY;
}

CONFIGRET CfgReadClassProperty(const GUID *Class, ULONG Property, ULONG *Type, PVOID *Data,
                               ULONG *Bytes)
{
    const PROPERTY *Found = Find(ClassProperties, RTL_NUMBER_OF(ClassProperties), Property);
    WCHAR Path[PNP_PATH_CHARACTERS];
    CONFIGRET Code;

    *Data = NULL;
    *Bytes = 0;
    if (Found == NULL)
        return CR_INVALID_PROPERTY;
    Code = ClassPath(Class, Path);
    return Code == CR_SUCCESS ? ReadValue(Path, Found, Type, Data, Bytes) : Code;
}

CONFIGRET CfgWriteClassProperty(const GUID *Class, ULONG Property, const VOID *Data, ULONG Bytes)
{
    const PROPERTY *Found = Find(ClassProperties, RTL_NUMBER_OF(ClassProperties), Property);
    WCHAR Path[PNP_PATH_CHARACTERS];
    CONFIGRET Code;

    if (Found == NULL)
        return CR_INVALID_PROPERTY;
    Code = ClassPath(Class, Path);
    return Code == CR_SUCCESS ? WriteValue(Path, Found, Data, Bytes) : Code;
}

/* ---- what programs call ---- */

CONFIGRET WINAPI CM_Get_DevNode_Registry_PropertyW(DEVINST DevInst, ULONG Property, PULONG DataType,
                                                   PVOID Buffer, PULONG Length, ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS];
    ULONG Type, Bytes;
    CONFIGRET Code;
    PVOID Data;

    if (Length == NULL || (Buffer == NULL && *Length != 0))
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Path);
    if (Code == CR_SUCCESS)
        Code = CfgReadProperty(Path, Property, &Type, &Data, &Bytes);
    if (Code != CR_SUCCESS) {
        *Length = 0;
        return Code;
    }
    if (DataType != NULL)
        *DataType = Type;
    Code = CfgGive(Data, Bytes, Buffer, Length);
    CfgFree(Data);
    return Code;
}

static BOOLEAN IsText(ULONG Type)
{
    return Type == REG_SZ || Type == REG_MULTI_SZ;
}

CONFIGRET WINAPI CM_Get_DevNode_Registry_PropertyA(DEVINST DevInst, ULONG Property, PULONG DataType,
                                                   PVOID Buffer, PULONG Length, ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS];
    ULONG Type, Bytes;
    CONFIGRET Code;
    PVOID Data, Narrow;

    if (Length == NULL || (Buffer == NULL && *Length != 0))
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Path);
    if (Code == CR_SUCCESS)
        Code = CfgReadProperty(Path, Property, &Type, &Data, &Bytes);
    if (Code != CR_SUCCESS) {
        *Length = 0;
        return Code;
    }
    if (IsText(Type)) {
        Narrow = CfgNarrow(Data, Bytes / sizeof(WCHAR), &Bytes);
        CfgFree(Data);
        Data = Narrow;
    }
    if (DataType != NULL)
        *DataType = Type;
    Code = Data == NULL ? CR_OUT_OF_MEMORY : CfgGive(Data, Bytes, Buffer, Length);
    CfgFree(Data);
    return Code;
}

CONFIGRET WINAPI CM_Set_DevNode_Registry_PropertyW(DEVINST DevInst, ULONG Property, PCVOID Buffer,
                                                   ULONG Length, ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS];
    CONFIGRET Code = CfgDevice(DevInst, Flags, 0, Path);

    return Code == CR_SUCCESS ? CfgWriteProperty(Path, Property, Buffer, Length) : Code;
}

CONFIGRET WINAPI CM_Set_DevNode_Registry_PropertyA(DEVINST DevInst, ULONG Property, PCVOID Buffer,
                                                   ULONG Length, ULONG Flags)
{
    const PROPERTY *Found = Find(DeviceProperties, RTL_NUMBER_OF(DeviceProperties), Property);
    ULONG Characters;
    CONFIGRET Code;
    WCHAR *Wide;

    if (Found == NULL || !IsText(Found->Type) || Buffer == NULL)
        return CM_Set_DevNode_Registry_PropertyW(DevInst, Property, Buffer, Length, Flags);
    Wide = CfgWide(Buffer, Length, &Characters);
    if (Wide == NULL)
        return CR_OUT_OF_MEMORY;
    Code = CM_Set_DevNode_Registry_PropertyW(DevInst, Property, Wide,
                                             Characters * (ULONG)sizeof(WCHAR), Flags);
    CfgFree(Wide);
    return Code;
}

CONFIGRET WINAPI CM_Get_Class_Registry_PropertyW(LPGUID ClassGuid, ULONG Property, PULONG DataType,
                                                 PVOID Buffer, PULONG Length, ULONG Flags,
                                                 HMACHINE Machine)
{
    ULONG Type, Bytes;
    CONFIGRET Code;
    PVOID Data;

    if (ClassGuid == NULL || Length == NULL || (Buffer == NULL && *Length != 0))
        return CR_INVALID_POINTER;
    if (Flags != 0)
        return CR_INVALID_FLAG;
    if (Machine != NULL)
        return CR_MACHINE_UNAVAILABLE;
    Code = CfgReadClassProperty(ClassGuid, Property, &Type, &Data, &Bytes);
    if (Code != CR_SUCCESS) {
        *Length = 0;
        return Code;
    }
    if (DataType != NULL)
        *DataType = Type;
    Code = CfgGive(Data, Bytes, Buffer, Length);
    CfgFree(Data);
    return Code;
}

CONFIGRET WINAPI CM_Set_Class_Registry_PropertyW(LPGUID ClassGuid, ULONG Property, PCVOID Buffer,
                                                 ULONG Length, ULONG Flags, HMACHINE Machine)
{
    if (ClassGuid == NULL)
        return CR_INVALID_POINTER;
    if (Flags != 0)
        return CR_INVALID_FLAG;
    if (Machine != NULL)
        return CR_MACHINE_UNAVAILABLE;
    return CfgWriteClassProperty(ClassGuid, Property, Buffer, Length);
}

CONFIGRET WINAPI CM_Enumerate_Classes(ULONG Index, LPGUID ClassGuid, ULONG Flags)
{
    const WCHAR *Path =
        Flags & CM_ENUMERATE_CLASSES_INTERFACE ? CFG_DEVICE_CLASSES_KEY : CFG_CLASS_KEY;
    BOOLEAN Good;
    WCHAR *Name;
    ULONG i;

    if (ClassGuid == NULL)
        return CR_INVALID_POINTER;
    if (Flags & ~CM_ENUMERATE_CLASSES_BITS)
        return CR_INVALID_FLAG;
    for (i = 0; NT_SUCCESS(CmpEnumerateSubkey(Path, i, &Name)); i++) {
        Good = CfgParseGuid(Name, ClassGuid);
        ExFreePool(Name);
        if (Good && Index-- == 0)
            return CR_SUCCESS;
    }
    return CR_NO_SUCH_VALUE;
}
