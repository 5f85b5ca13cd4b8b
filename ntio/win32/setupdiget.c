/* SPDX-License-Identifier: MIT */
/* setupdiget.c - sets by class and enumerator, and elements that are made or opened by name. */
#include "ntio/win32/setupdi.h"

/* ---- devices of a class ---- */

static BOOLEAN IsInstanceId(const WCHAR *Enumerator)
{
    return Enumerator != NULL && NtCrt_wcschr(Enumerator, L'\\') != NULL;
}

static BOOLEAN OfEnumerator(const WCHAR *Id, const WCHAR *Enumerator)
{
    SIZE_T Length;

    if (Enumerator == NULL)
        return TRUE;
    if (IsInstanceId(Enumerator))
        return CfgSame(Id, Enumerator);
    Length = NtCrt_wcslen(Enumerator);
    return NtCrt__wcsnicmp(Id, Enumerator, Length) == 0 && Id[Length] == L'\\';
}

static BOOLEAN OfClass(const WCHAR *Id, const GUID *Class)
{
    GUID Own;

    if (Class == NULL)
        return TRUE;
    SetupdiReadClass(Id, &Own);
    return IsEqualGUID(&Own, Class);
}

static DWORD AddDevices(SETUPDI_SET *Set, const GUID *Class, const WCHAR *Enumerator, DWORD Flags)
{
    WCHAR Path[PNP_PATH_CHARACTERS], *All, *Id;
    SETUPDI_ELEMENT *Element;
    DWORD Error = ERROR_SUCCESS;

    /* An enumerator that nobody knows is a mistake; one without such devices is not. */
    if (Enumerator != NULL && (!PnpEnumPath(Enumerator, NULL, Path) || !CmpKeyExists(Path)))
        return IsInstanceId(Enumerator) ? ERROR_NO_SUCH_DEVINST : ERROR_INVALID_DATA;
    All = CfgAllDevices((Flags & DIGCF_PRESENT) != 0);
    if (All == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    for (Id = All; *Id != 0 && Error == ERROR_SUCCESS; Id += NtCrt_wcslen(Id) + 1) {
        if (!OfEnumerator(Id, Enumerator) || !OfClass(Id, Class))
            continue;
        if ((Flags & DIGCF_PROFILE) && (CfgProfileFlags(Id) & CFG_CS_DO_NOT_CREATE))
            continue;
        Error = SetupdiAdd(Set, Id, &Element);
    }
    CfgFree(All);
    return Error;
}

/* ---- interfaces of a class ---- */

static DWORD AddInterfaces(SETUPDI_SET *Set, const GUID *Class, const WCHAR *Enumerator,
                           DWORD Flags)
{
    PNP_INTERFACE_FACTS *List;
    SETUPDI_INTERFACE *Interface;
    DWORD Error = ERROR_SUCCESS;
    ULONG Count, i;

    if (Enumerator != NULL && !CfgGoodInstanceId(Enumerator))
        return ERROR_INVALID_DATA;
    if (!NT_SUCCESS(PnpListInterfaces(Class, Enumerator, NULL, &List, &Count)))
        return ERROR_NOT_ENOUGH_MEMORY;
    for (i = 0; i < Count && Error == ERROR_SUCCESS; i++) {
        if ((Flags & DIGCF_PRESENT) && !List[i].Enabled)
            continue;
        if ((Flags & DIGCF_PROFILE) &&
            (CfgProfileFlags(List[i].InstancePath) & CFG_CS_DO_NOT_CREATE))
            continue;
        if (Flags & DIGCF_DEFAULT) {
            WCHAR *Default = SetupdiDefaultInterface(&List[i].Class);
            BOOLEAN Is = Default != NULL && CfgSame(Default + 4, List[i].Name + 4);

            CfgFree(Default);
            if (!Is)
                continue;
        }
        Error = SetupdiAddInterface(Set, &List[i], &Interface);
    }
    CfgFree(List);
    return Error;
}

static HDEVINFO GetClassDevs(const GUID *Class, const WCHAR *Enumerator, DWORD Flags,
                             HDEVINFO Handle)
{
    const DWORD Known =
        DIGCF_DEFAULT | DIGCF_PRESENT | DIGCF_ALLCLASSES | DIGCF_PROFILE | DIGCF_DEVICEINTERFACE;
    HDEVINFO New = NULL;
    SETUPDI_SET *Set;
    DWORD Error = ERROR_SUCCESS;

    if (Enumerator != NULL && Enumerator[0] == 0)
        Enumerator = NULL;
    if (Flags & DIGCF_ALLCLASSES)
        Class = NULL;
    else if (Class == NULL)
        Error = ERROR_INVALID_PARAMETER;
    if (Flags & ~Known)
        Error = ERROR_INVALID_FLAGS;
    if (Error == ERROR_SUCCESS && Handle == NULL) {
        Error = SetupdiCreateSet(Flags & DIGCF_DEVICEINTERFACE ? NULL : Class, &New);
        Handle = New;
    }
    if (Error == ERROR_SUCCESS)
        Error = SetupdiLock(Handle, &Set);
    if (Error == ERROR_SUCCESS) {
        Error = Flags & DIGCF_DEVICEINTERFACE ? AddInterfaces(Set, Class, Enumerator, Flags)
                                              : AddDevices(Set, Class, Enumerator, Flags);
        SetupdiUnlock(Set);
    }
    if (Error != ERROR_SUCCESS) {
        if (New != NULL)
            (void)SetupDiDestroyDeviceInfoList(New);
        Handle = INVALID_HANDLE_VALUE;
    }
    (void)SetupdiAnswer(Error);
    return Handle;
}

HDEVINFO WINAPI SetupDiGetClassDevsExW(const GUID *Class, PCWSTR Enumerator, HWND Parent,
                                       DWORD Flags, HDEVINFO Set, PCWSTR MachineName,
                                       PVOID Reserved)
{
    UNREFERENCED_PARAMETER(Parent);
    if (MachineName != NULL || Reserved != NULL) {
        SetLastError(MachineName != NULL ? ERROR_INVALID_MACHINENAME : ERROR_INVALID_PARAMETER);
        return INVALID_HANDLE_VALUE;
    }
    return GetClassDevs(Class, Enumerator, Flags, Set);
}

HDEVINFO WINAPI SetupDiGetClassDevsExA(const GUID *Class, PCSTR Enumerator, HWND Parent,
                                       DWORD Flags, HDEVINFO Set, PCSTR MachineName, PVOID Reserved)
{
    HDEVINFO Handle = INVALID_HANDLE_VALUE;
    WCHAR *Wide = NULL;

    UNREFERENCED_PARAMETER(Parent);
    if (MachineName != NULL || Reserved != NULL) {
        SetLastError(MachineName != NULL ? ERROR_INVALID_MACHINENAME : ERROR_INVALID_PARAMETER);
        return Handle;
    }
    if (Enumerator != NULL && (Wide = CfgWide(Enumerator, strlen(Enumerator), NULL)) == NULL)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    else
        Handle = GetClassDevs(Class, Wide, Flags, Set);
    CfgFree(Wide);
    return Handle;
}

HDEVINFO WINAPI SetupDiGetClassDevsW(const GUID *Class, PCWSTR Enumerator, HWND Parent, DWORD Flags)
{
    return SetupDiGetClassDevsExW(Class, Enumerator, Parent, Flags, NULL, NULL, NULL);
}

HDEVINFO WINAPI SetupDiGetClassDevsA(const GUID *Class, PCSTR Enumerator, HWND Parent, DWORD Flags)
{
    return SetupDiGetClassDevsExA(Class, Enumerator, Parent, Flags, NULL, NULL, NULL);
}

/* ---- by name ---- */

/* What a new device's key says, beside its name. */
static DWORD WriteNew(SETUPDI_ELEMENT *Element, const GUID *Class, const WCHAR *Description)
{
    WCHAR Path[PNP_PATH_CHARACTERS], ClassKey[PNP_PATH_CHARACTERS], Text[CFG_GUID_CHARACTERS];
    NTSTATUS Status = STATUS_SUCCESS;
    WCHAR *Name;

    if (!PnpEnumPath(Element->InstanceId, NULL, Path))
        return ERROR_INVALID_DEVINST_NAME;
    if (!IsEqualGUID(Class, &SetupdiNone)) {
        CfgGuidText(Class, Text);
        Status = CmpSetString(Path, L"ClassGUID", Text);
        if (NT_SUCCESS(Status) &&
            CfgJoin(ClassKey, PNP_PATH_CHARACTERS, CFG_CLASS_KEY L"\\", Text, NULL) &&
            NT_SUCCESS(CmpQueryString(ClassKey, L"Class", &Name))) {
            Status = CmpSetString(Path, L"Class", Name);
            ExFreePool(Name);
        }
    }
    if (NT_SUCCESS(Status) && Description != NULL)
        Status = CmpSetString(Path, L"DeviceDesc", Description);
    return NT_SUCCESS(Status) ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

static DWORD CreateInfo(SETUPDI_SET *Set, const WCHAR *Name, const GUID *Class,
                        const WCHAR *Description, DWORD Flags, SETUPDI_ELEMENT **Element)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    DEVINST Root, DevInst;
    CONFIGRET Code;
    DWORD Error;

    if (Set->HasClass && !IsEqualGUID(&Set->Class, Class))
        return ERROR_CLASS_MISMATCH;
    Code = CM_Locate_DevNodeW(&Root, NULL, CM_LOCATE_DEVNODE_NORMAL);
    if (Code == CR_SUCCESS && (!CfgJoin(Id, PNP_INSTANCE_CHARACTERS, Name, NULL) || Id[0] == 0))
        Code = CR_INVALID_DEVICE_ID;
    if (Code == CR_SUCCESS)
        Code =
            CM_Create_DevNodeW(&DevInst, Id, Root,
                               CM_CREATE_DEVNODE_PHANTOM |
                                   (Flags & DICD_GENERATE_ID ? CM_CREATE_DEVNODE_GENERATE_ID : 0));
    if (Code != CR_SUCCESS)
        return SetupdiFromCr(Code);
    if (!PnpNumberedDevice(DevInst, Id))
        return ERROR_INVALID_DATA;
    Error = SetupdiAdd(Set, Id, Element);
    if (Error != ERROR_SUCCESS) {
        (void)CM_Uninstall_DevNode(DevInst, 0);
        return Error;
    }
    (*Element)->Created = TRUE;
    (*Element)->Class = *Class;
    return WriteNew(*Element, Class, Description);
}

BOOL WINAPI SetupDiCreateDeviceInfoW(HDEVINFO Handle, PCWSTR Name, const GUID *Class,
                                     PCWSTR Description, HWND Parent, DWORD Flags,
                                     PSP_DEVINFO_DATA Device)
{
    SETUPDI_ELEMENT *Element = NULL;
    SETUPDI_SET *Set;
    DWORD Error;

    UNREFERENCED_PARAMETER(Parent);
    if (Name == NULL)
        return SetupdiAnswer(ERROR_INVALID_DEVINST_NAME);
    Error = SetupdiLock(Handle, &Set);
    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Class == NULL)
        Error = ERROR_INVALID_PARAMETER;
    else if (Flags & ~(DWORD)(DICD_GENERATE_ID | DICD_INHERIT_CLASSDRVS))
        Error = ERROR_INVALID_FLAGS;
    else if (Device != NULL && Device->cbSize != sizeof(*Device))
        Error = ERROR_INVALID_USER_BUFFER;
    else
        Error = CreateInfo(Set, Name, Class, Description, Flags, &Element);
    if (Error == ERROR_SUCCESS && Device != NULL)
        Error = SetupdiDescribe(Element, Device);
    if (Error != ERROR_SUCCESS && Element != NULL) {
        RemoveEntryList(&Element->Link);
        SetupdiFreeElement(Element);
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiCreateDeviceInfoA(HDEVINFO Handle, PCSTR Name, const GUID *Class,
                                     PCSTR Description, HWND Parent, DWORD Flags,
                                     PSP_DEVINFO_DATA Device)
{
    WCHAR *WideName = NULL, *WideText = NULL;
    BOOL Done = FALSE;

    if (Name == NULL)
        return SetupdiAnswer(ERROR_INVALID_DEVINST_NAME);
    WideName = CfgWide(Name, strlen(Name), NULL);
    if (Description != NULL)
        WideText = CfgWide(Description, strlen(Description), NULL);
    if (WideName == NULL || (Description != NULL && WideText == NULL))
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    else
        Done = SetupDiCreateDeviceInfoW(Handle, WideName, Class, WideText, Parent, Flags, Device);
    CfgFree(WideName);
    CfgFree(WideText);
    return Done;
}

BOOL WINAPI SetupDiOpenDeviceInfoW(HDEVINFO Handle, PCWSTR InstanceId, HWND Parent, DWORD Flags,
                                   PSP_DEVINFO_DATA Device)
{
    SETUPDI_ELEMENT *Element = NULL;
    SETUPDI_SET *Set;
    DWORD Error;

    UNREFERENCED_PARAMETER(Parent);
    if (InstanceId == NULL)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    if (Flags & ~(DWORD)(DIOD_INHERIT_CLASSDRVS | DIOD_CANCEL_REMOVE))
        return SetupdiAnswer(ERROR_INVALID_FLAGS);
    Error = SetupdiLock(Handle, &Set);
    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Device != NULL && Device->cbSize != sizeof(*Device))
        Error = ERROR_INVALID_USER_BUFFER;
    else if (!CfgGoodInstanceId(InstanceId) || !CfgKnown(InstanceId))
        Error = ERROR_NO_SUCH_DEVINST;
    else if (Set->HasClass && !OfClass(InstanceId, &Set->Class))
        Error = ERROR_CLASS_MISMATCH;
    else
        Error = SetupdiAdd(Set, InstanceId, &Element);
    if (Error == ERROR_SUCCESS && Device != NULL)
        Error = SetupdiDescribe(Element, Device);
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiOpenDeviceInfoA(HDEVINFO Handle, PCSTR InstanceId, HWND Parent, DWORD Flags,
                                   PSP_DEVINFO_DATA Device)
{
    WCHAR *Wide;
    BOOL Done;

    if (InstanceId == NULL)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    Wide = CfgWide(InstanceId, strlen(InstanceId), NULL);
    if (Wide == NULL)
        return SetupdiAnswer(ERROR_NOT_ENOUGH_MEMORY);
    Done = SetupDiOpenDeviceInfoW(Handle, Wide, Parent, Flags, Device);
    CfgFree(Wide);
    return Done;
}
