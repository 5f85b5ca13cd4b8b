/* SPDX-License-Identifier: MIT */
/* setupdiprop.c - properties of devices, interfaces and classes. SPDRP_* is CM_DRP_* less one. */
#include "ntio/win32/setupdi.h"

static BOOLEAN IsText(ULONG Type)
{
    return Type == REG_SZ || Type == REG_MULTI_SZ || Type == REG_EXPAND_SZ;
}

/* A text property to UTF-8, in place of Data. */
static DWORD Narrow(ULONG Type, PVOID *Data, ULONG *Bytes)
{
    PVOID Text;

    if (!IsText(Type))
        return ERROR_SUCCESS;
    Text = CfgNarrow(*Data, *Bytes / sizeof(WCHAR), Bytes);
    CfgFree(*Data);
    *Data = Text;
    return Text != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

/* ---- devices, by number ---- */

static DWORD GetProperty(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Property, BOOLEAN Ansi,
                         PDWORD Type, PBYTE Buffer, DWORD Size, PDWORD RequiredSize)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    ULONG RegType = 0, Bytes = 0;
    PVOID Data = NULL;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (Property >= SPDRP_MAXIMUM_PROPERTY)
        Error = ERROR_INVALID_REG_PROPERTY;
    else if (Buffer == NULL && Size != 0)
        Error = ERROR_INVALID_USER_BUFFER;
    else if (!CfgKnown(Element->InstanceId))
        Error = ERROR_NO_SUCH_DEVINST;
    else
        Error = SetupdiFromCr(
            CfgReadProperty(Element->InstanceId, Property + 1, &RegType, &Data, &Bytes));
    SetupdiUnlock(Set);
    if (Error == ERROR_SUCCESS && Ansi)
        Error = Narrow(RegType, &Data, &Bytes);
    if (Error == ERROR_SUCCESS) {
        if (Type != NULL)
            *Type = RegType;
        Error = SetupdiGiveData(Data, Bytes, Buffer, Size, RequiredSize);
    }
    CfgFree(Data);
    return Error;
}

BOOL WINAPI SetupDiGetDeviceRegistryPropertyW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                              DWORD Property, PDWORD Type, PBYTE Buffer, DWORD Size,
                                              PDWORD RequiredSize)
{
    return SetupdiAnswer(
        GetProperty(Handle, Device, Property, FALSE, Type, Buffer, Size, RequiredSize));
}

BOOL WINAPI SetupDiGetDeviceRegistryPropertyA(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                              DWORD Property, PDWORD Type, PBYTE Buffer, DWORD Size,
                                              PDWORD RequiredSize)
{
    return SetupdiAnswer(
        GetProperty(Handle, Device, Property, TRUE, Type, Buffer, Size, RequiredSize));
}

/* A class GUID brings its class's name, and the element's class. */
static VOID FollowClass(SETUPDI_ELEMENT *Element)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Key[PNP_PATH_CHARACTERS], Text[CFG_GUID_CHARACTERS], *Name;

    SetupdiReadClass(Element->InstanceId, &Element->Class);
    if (!PnpEnumPath(Element->InstanceId, NULL, Path))
        return;
    CfgGuidText(&Element->Class, Text);
    if (!IsEqualGUID(&Element->Class, &SetupdiNone) &&
        CfgJoin(Key, PNP_PATH_CHARACTERS, CFG_CLASS_KEY L"\\", Text, NULL) &&
        NT_SUCCESS(CmpQueryString(Key, L"Class", &Name))) {
        (void)CmpSetString(Path, L"Class", Name);
        ExFreePool(Name);
    } else {
        (void)CmpDeleteValue(Path, L"Class");
    }
}

static DWORD SetProperty(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Property, BOOLEAN Ansi,
                         const BYTE *Buffer, DWORD Size)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    WCHAR *Wide = NULL;
    ULONG Characters;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return Error;
    /* The class's name comes with its GUID. */
    if (Property >= SPDRP_MAXIMUM_PROPERTY || Property == SPDRP_CLASS)
        Error = ERROR_INVALID_REG_PROPERTY;
    if (Error == ERROR_SUCCESS && Ansi && Buffer != NULL) {
        Wide = CfgWide((const CHAR *)Buffer, Size, &Characters);
        if (Wide == NULL)
            Error = ERROR_NOT_ENOUGH_MEMORY;
        Buffer = (const BYTE *)Wide;
        Size = Characters * (DWORD)sizeof(WCHAR);
    }
    if (Error == ERROR_SUCCESS)
        Error = SetupdiFromCr(CfgWriteProperty(Element->InstanceId, Property + 1, Buffer, Size));
    if (Error == ERROR_SUCCESS && Property == SPDRP_CLASSGUID)
        FollowClass(Element);
    SetupdiUnlock(Set);
    CfgFree(Wide);
    return Error;
}

BOOL WINAPI SetupDiSetDeviceRegistryPropertyW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                              DWORD Property, const BYTE *Buffer, DWORD Size)
{
    return SetupdiAnswer(SetProperty(Handle, Device, Property, FALSE, Buffer, Size));
}

BOOL WINAPI SetupDiSetDeviceRegistryPropertyA(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                              DWORD Property, const BYTE *Buffer, DWORD Size)
{
    BOOLEAN Text = Property != SPDRP_CONFIGFLAGS && Property != SPDRP_SECURITY &&
                   Property != SPDRP_DEVTYPE && Property != SPDRP_EXCLUSIVE &&
                   Property != SPDRP_CHARACTERISTICS && Property != SPDRP_REMOVAL_POLICY_OVERRIDE;

    return SetupdiAnswer(SetProperty(Handle, Device, Property, Text, Buffer, Size));
}

/* ---- classes, by number ---- */

static DWORD FromClassCr(CONFIGRET Code)
{
    return Code == CR_NO_SUCH_REGISTRY_KEY ? ERROR_INVALID_CLASS : SetupdiFromCr(Code);
}

static DWORD GetClassProperty(const GUID *Class, DWORD Property, BOOLEAN Ansi, PDWORD Type,
                              PBYTE Buffer, DWORD Size, PDWORD RequiredSize)
{
    ULONG RegType, Bytes;
    PVOID Data = NULL;
    DWORD Error;

    if (Class == NULL)
        return ERROR_INVALID_PARAMETER;
    if (Property >= SPCRP_MAXIMUM_PROPERTY)
        return ERROR_INVALID_REG_PROPERTY;
    if (Buffer == NULL && Size != 0)
        return ERROR_INVALID_USER_BUFFER;
    Error = FromClassCr(CfgReadClassProperty(Class, Property + 1, &RegType, &Data, &Bytes));
    if (Error == ERROR_SUCCESS && Ansi)
        Error = Narrow(RegType, &Data, &Bytes);
    if (Error == ERROR_SUCCESS) {
        if (Type != NULL)
            *Type = RegType;
        Error = SetupdiGiveData(Data, Bytes, Buffer, Size, RequiredSize);
    }
    CfgFree(Data);
    return Error;
}

BOOL WINAPI SetupDiGetClassRegistryPropertyW(const GUID *Class, DWORD Property, PDWORD Type,
                                             PBYTE Buffer, DWORD Size, PDWORD RequiredSize,
                                             PCWSTR MachineName, PVOID Reserved)
{
    if (MachineName != NULL || Reserved != NULL)
        return SetupdiAnswer(MachineName != NULL ? ERROR_INVALID_MACHINENAME
                                                 : ERROR_INVALID_PARAMETER);
    return SetupdiAnswer(
        GetClassProperty(Class, Property, FALSE, Type, Buffer, Size, RequiredSize));
}

BOOL WINAPI SetupDiGetClassRegistryPropertyA(const GUID *Class, DWORD Property, PDWORD Type,
                                             PBYTE Buffer, DWORD Size, PDWORD RequiredSize,
                                             PCSTR MachineName, PVOID Reserved)
{
    if (MachineName != NULL || Reserved != NULL)
        return SetupdiAnswer(MachineName != NULL ? ERROR_INVALID_MACHINENAME
                                                 : ERROR_INVALID_PARAMETER);
    return SetupdiAnswer(GetClassProperty(Class, Property, TRUE, Type, Buffer, Size, RequiredSize));
}

static DWORD SetClassProperty(const GUID *Class, DWORD Property, BOOLEAN Ansi, const BYTE *Buffer,
                              DWORD Size)
{
    WCHAR *Wide = NULL;
    ULONG Characters;
    DWORD Error;

    if (Class == NULL)
        return ERROR_INVALID_PARAMETER;
    if (Property >= SPCRP_MAXIMUM_PROPERTY)
        return ERROR_INVALID_REG_PROPERTY;
    if (Ansi && Buffer != NULL) {
        Wide = CfgWide((const CHAR *)Buffer, Size, &Characters);
        if (Wide == NULL)
            return ERROR_NOT_ENOUGH_MEMORY;
        Buffer = (const BYTE *)Wide;
        Size = Characters * (DWORD)sizeof(WCHAR);
    }
    Error = FromClassCr(CfgWriteClassProperty(Class, Property + 1, Buffer, Size));
    CfgFree(Wide);
    return Error;
}

BOOL WINAPI SetupDiSetClassRegistryPropertyW(const GUID *Class, DWORD Property, const BYTE *Buffer,
                                             DWORD Size, PCWSTR MachineName, PVOID Reserved)
{
    if (MachineName != NULL || Reserved != NULL)
        return SetupdiAnswer(MachineName != NULL ? ERROR_INVALID_MACHINENAME
                                                 : ERROR_INVALID_PARAMETER);
    return SetupdiAnswer(SetClassProperty(Class, Property, FALSE, Buffer, Size));
}

BOOL WINAPI SetupDiSetClassRegistryPropertyA(const GUID *Class, DWORD Property, const BYTE *Buffer,
                                             DWORD Size, PCSTR MachineName, PVOID Reserved)
{
    BOOLEAN Text = Property == SPCRP_UPPERFILTERS || Property == SPCRP_LOWERFILTERS ||
                   Property == SPCRP_SECURITY_SDS;

    if (MachineName != NULL || Reserved != NULL)
        return SetupdiAnswer(MachineName != NULL ? ERROR_INVALID_MACHINENAME
                                                 : ERROR_INVALID_PARAMETER);
    return SetupdiAnswer(SetClassProperty(Class, Property, Text, Buffer, Size));
}

/* ---- by key ---- */

/* As the pages of these routines have it: what is not there is ERROR_NOT_FOUND. */
static DWORD FromKeyedCr(CONFIGRET Code)
{
    return Code == CR_NO_SUCH_VALUE ? ERROR_NOT_FOUND : SetupdiFromCr(Code);
}

BOOL WINAPI SetupDiGetDevicePropertyW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                      const DEVPROPKEY *Key, DEVPROPTYPE *Type, PBYTE Buffer,
                                      DWORD Size, PDWORD RequiredSize, DWORD Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    PVOID Data = NULL;
    ULONG Bytes;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    (void)CfgJoin(Id, PNP_INSTANCE_CHARACTERS, Element->InstanceId, NULL);
    SetupdiUnlock(Set); /* relations are asked of drivers */
    if (Flags != 0)
        Error = ERROR_INVALID_FLAGS;
    else if (Key == NULL || Type == NULL)
        Error = ERROR_INVALID_PARAMETER;
    else if (Buffer == NULL && Size != 0)
        Error = ERROR_INVALID_USER_BUFFER;
    else if (!CfgKnown(Id))
        Error = ERROR_NO_SUCH_DEVINST;
    else
        Error = FromKeyedCr(CfgReadKeyed(Id, Key, Type, &Data, &Bytes));
    if (Error == ERROR_SUCCESS)
        Error = SetupdiGiveData(Data, Bytes, Buffer, Size, RequiredSize);
    CfgFree(Data);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiSetDevicePropertyW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                      const DEVPROPKEY *Key, DEVPROPTYPE Type, const BYTE *Buffer,
                                      DWORD Size, DWORD Flags)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Flags != 0)
        Error = ERROR_INVALID_FLAGS;
    else if (Key == NULL)
        Error = ERROR_INVALID_PARAMETER;
    else if (Buffer == NULL && Size != 0)
        Error = ERROR_INVALID_USER_BUFFER;
    else
        Error = FromKeyedCr(CM_Set_DevNode_PropertyW(Element->DevInst, Key, Type, Buffer, Size, 0));
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDevicePropertyKeys(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DEVPROPKEY *Keys,
                                         DWORD Count, PDWORD RequiredCount, DWORD Flags)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    ULONG Number = Count;
    DEVINST DevInst;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    DevInst = Element->DevInst;
    SetupdiUnlock(Set);
    if (Flags != 0)
        return SetupdiAnswer(ERROR_INVALID_FLAGS);
    if (Keys == NULL && Count != 0)
        return SetupdiAnswer(ERROR_INVALID_USER_BUFFER);
    Error = SetupdiFromCr(CM_Get_DevNode_Property_Keys(DevInst, Keys, &Number, 0));
    if (RequiredCount != NULL)
        *RequiredCount = Number;
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDeviceInterfacePropertyW(HDEVINFO Handle,
                                               PSP_DEVICE_INTERFACE_DATA InterfaceData,
                                               const DEVPROPKEY *Key, DEVPROPTYPE *Type,
                                               PBYTE Buffer, DWORD Size, PDWORD RequiredSize,
                                               DWORD Flags)
{
    SETUPDI_INTERFACE *Interface;
    SETUPDI_SET *Set;
    PVOID Data = NULL;
    ULONG Bytes;
    DWORD Error = SetupdiLock(Handle, &Set);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Error = SetupdiFindInterface(Set, InterfaceData, &Interface);
    if (Error == ERROR_SUCCESS) {
        if (Flags != 0)
            Error = ERROR_INVALID_FLAGS;
        else if (Key == NULL || Type == NULL)
            Error = ERROR_INVALID_PARAMETER;
        else if (Buffer == NULL && Size != 0)
            Error = ERROR_INVALID_USER_BUFFER;
        else
            Error = FromKeyedCr(CfgReadInterfaceKeyed(Interface->Name, Key, Type, &Data, &Bytes));
    }
    SetupdiUnlock(Set);
    if (Error == ERROR_SUCCESS)
        Error = SetupdiGiveData(Data, Bytes, Buffer, Size, RequiredSize);
    CfgFree(Data);
    return SetupdiAnswer(Error);
}
