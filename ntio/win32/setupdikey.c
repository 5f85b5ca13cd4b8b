/* SPDX-License-Identifier: MIT */
/* setupdikey.c - registry keys of devices and classes, and lists of classes. */
#include "ntio/win32/setupdi.h"

/* ---- keys of devices ---- */

/* The configuration manager's flags for a scope and a kind of key. */
static DWORD KeyFlags(DWORD Scope, DWORD HwProfile, DWORD KeyType, ULONG *Flags)
{
    if (Scope != DICS_FLAG_GLOBAL && Scope != DICS_FLAG_CONFIGSPECIFIC)
        return ERROR_INVALID_FLAGS;
    if (KeyType != DIREG_DEV && KeyType != DIREG_DRV)
        return ERROR_INVALID_FLAGS;
    if (Scope == DICS_FLAG_CONFIGSPECIFIC && HwProfile != 0)
        return ERROR_INVALID_HWPROFILE;
    *Flags = (KeyType == DIREG_DRV ? CM_REGISTRY_SOFTWARE : CM_REGISTRY_HARDWARE) |
             (Scope == DICS_FLAG_CONFIGSPECIFIC ? CM_REGISTRY_CONFIG : 0);
    return ERROR_SUCCESS;
}

static DWORD FromKeyCr(CONFIGRET Code)
{
    return Code == CR_NO_SUCH_VALUE ? ERROR_KEY_DOES_NOT_EXIST : SetupdiFromCr(Code);
}

static HKEY OpenKey(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Scope, DWORD HwProfile,
                    DWORD KeyType, REGSAM Access, BOOLEAN Create)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    HKEY Key = NULL;
    ULONG Flags;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error == ERROR_SUCCESS) {
        Error = KeyFlags(Scope, HwProfile, KeyType, &Flags);
        /* A device that is not registered has a hardware key to be filled; a driver's not yet. */
        if (Error == ERROR_SUCCESS && Element->Created && KeyType == DIREG_DRV)
            Error = ERROR_DEVINFO_NOT_REGISTERED;
        if (Error == ERROR_SUCCESS)
            Error = FromKeyCr(CM_Open_DevNode_Key(
                Element->DevInst, Access, 0,
                Create ? RegDisposition_OpenAlways : RegDisposition_OpenExisting, &Key, Flags));
        SetupdiUnlock(Set);
    }
    (void)SetupdiAnswer(Error);
    return Error == ERROR_SUCCESS ? Key : (HKEY)INVALID_HANDLE_VALUE;
}

HKEY WINAPI SetupDiOpenDevRegKey(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Scope,
                                 DWORD HwProfile, DWORD KeyType, REGSAM Access)
{
    return OpenKey(Handle, Device, Scope, HwProfile, KeyType, Access, FALSE);
}

HKEY WINAPI SetupDiCreateDevRegKeyW(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Scope,
                                    DWORD HwProfile, DWORD KeyType, HINF Inf, PCWSTR InfSection)
{
    /* What a section of an .inf says of a key, its installation writes. */
    if (Inf != NULL || InfSection != NULL) {
        SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
        return (HKEY)INVALID_HANDLE_VALUE;
    }
    return OpenKey(Handle, Device, Scope, HwProfile, KeyType, KEY_ALL_ACCESS, TRUE);
}

HKEY WINAPI SetupDiCreateDevRegKeyA(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Scope,
                                    DWORD HwProfile, DWORD KeyType, HINF Inf, PCSTR InfSection)
{
    return SetupDiCreateDevRegKeyW(Handle, Device, Scope, HwProfile, KeyType, Inf,
                                   InfSection != NULL ? L"" : NULL);
}

BOOL WINAPI SetupDiDeleteDevRegKey(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Scope,
                                   DWORD HwProfile, DWORD KeyType)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    ULONG Flags;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (KeyType == DIREG_BOTH) {
        Error = KeyFlags(Scope, HwProfile, DIREG_DRV, &Flags);
        if (Error == ERROR_SUCCESS)
            Error = FromKeyCr(CM_Delete_DevNode_Key(Element->DevInst, 0, Flags));
        /* One that has no driver loses its hardware key alone. */
        if (Error == ERROR_SUCCESS || Error == ERROR_KEY_DOES_NOT_EXIST)
            KeyType = DIREG_DEV;
    }
    if (KeyType != DIREG_BOTH)
        Error = KeyFlags(Scope, HwProfile, KeyType, &Flags);
    if (KeyType != DIREG_BOTH && Error == ERROR_SUCCESS)
        Error = FromKeyCr(CM_Delete_DevNode_Key(Element->DevInst, 0, Flags));
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

/* ---- keys of classes ---- */

static HKEY OpenClassKey(const GUID *Class, REGSAM Access, DWORD Flags)
{
    const WCHAR *Root = Flags == DIOCR_INTERFACE ? CFG_DEVICE_CLASSES_KEY : CFG_CLASS_KEY;
    WCHAR Path[PNP_PATH_CHARACTERS], Text[CFG_GUID_CHARACTERS] = {0};
    DWORD Error = ERROR_INVALID_FLAGS;
    HKEY Key = NULL;

    if (Flags == DIOCR_INSTALLER || Flags == DIOCR_INTERFACE) {
        if (Class != NULL)
            CfgGuidText(Class, Text);
        (void)CfgJoin(Path, PNP_PATH_CHARACTERS, Root, Class != NULL ? L"\\" : L"", Text, NULL);
        Error = SetupdiFromCr(CfgOpenPath(Path, Access, FALSE, &Key));
        if (Error == ERROR_KEY_DOES_NOT_EXIST)
            Error = Flags == DIOCR_INTERFACE ? ERROR_NO_SUCH_INTERFACE_CLASS : ERROR_INVALID_CLASS;
    }
    (void)SetupdiAnswer(Error);
    return Error == ERROR_SUCCESS ? Key : (HKEY)INVALID_HANDLE_VALUE;
}

HKEY WINAPI SetupDiOpenClassRegKey(const GUID *Class, REGSAM Access)
{
    return OpenClassKey(Class, Access, DIOCR_INSTALLER);
}

HKEY WINAPI SetupDiOpenClassRegKeyExW(const GUID *Class, REGSAM Access, DWORD Flags,
                                      PCWSTR MachineName, PVOID Reserved)
{
    if (MachineName == NULL && Reserved == NULL)
        return OpenClassKey(Class, Access, Flags);
    SetLastError(MachineName != NULL ? ERROR_INVALID_MACHINENAME : ERROR_INVALID_PARAMETER);
    return (HKEY)INVALID_HANDLE_VALUE;
}

HKEY WINAPI SetupDiOpenClassRegKeyExA(const GUID *Class, REGSAM Access, DWORD Flags,
                                      PCSTR MachineName, PVOID Reserved)
{
    return SetupDiOpenClassRegKeyExW(Class, Access, Flags, MachineName != NULL ? L"" : NULL,
                                     Reserved);
}

/* ---- lists of classes ---- */

/* A text value of a class's key, for CfgFree. */
static DWORD ClassText(const GUID *Class, const WCHAR *Name, WCHAR **Text)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Guid[CFG_GUID_CHARACTERS];

    *Text = NULL;
    if (Class == NULL)
        return ERROR_INVALID_PARAMETER;
    CfgGuidText(Class, Guid);
    (void)CfgJoin(Path, PNP_PATH_CHARACTERS, CFG_CLASS_KEY L"\\", Guid, NULL);
    return NT_SUCCESS(CmpQueryString(Path, Name, Text)) ? ERROR_SUCCESS : ERROR_INVALID_CLASS;
}

/* Whether the class is one that DIBCI_* leave out: its key has the value. */
static BOOLEAN Says(const GUID *Class, const WCHAR *Name)
{
    WCHAR *Text;

    if (ClassText(Class, Name, &Text) != ERROR_SUCCESS)
        return FALSE;
    CfgFree(Text);
    return TRUE;
}

/* All classes, or those of a name. */
static DWORD ListClasses(const WCHAR *Name, DWORD Flags, LPGUID List, DWORD Size,
                         PDWORD RequiredSize)
{
    DWORD Count = 0;
    WCHAR *Text;
    GUID Class;
    ULONG i;

    if (RequiredSize == NULL || (List == NULL && Size != 0))
        return ERROR_INVALID_PARAMETER;
    for (i = 0; CM_Enumerate_Classes(i, &Class, CM_ENUMERATE_CLASSES_INSTALLER) == CR_SUCCESS;
         i++) {
        BOOLEAN Wanted = TRUE;

        if (Name != NULL) {
            Wanted = ClassText(&Class, L"Class", &Text) == ERROR_SUCCESS && CfgSame(Text, Name);
            CfgFree(Text);
        }
        if (((Flags & DIBCI_NOINSTALLCLASS) && Says(&Class, L"NoInstallClass")) ||
            ((Flags & DIBCI_NODISPLAYCLASS) && Says(&Class, L"NoDisplayClass")))
            Wanted = FALSE;
        if (!Wanted)
            continue;
        if (Count < Size)
            List[Count] = Class;
        Count++;
    }
    *RequiredSize = Count;
    return Count <= Size ? ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER;
}

BOOL WINAPI SetupDiBuildClassInfoList(DWORD Flags, LPGUID List, DWORD Size, PDWORD RequiredSize)
{
    if (Flags & ~(DWORD)(DIBCI_NOINSTALLCLASS | DIBCI_NODISPLAYCLASS))
        return SetupdiAnswer(ERROR_INVALID_FLAGS);
    return SetupdiAnswer(ListClasses(NULL, Flags, List, Size, RequiredSize));
}

BOOL WINAPI SetupDiClassGuidsFromNameW(PCWSTR Name, LPGUID List, DWORD Size, PDWORD RequiredSize)
{
    if (Name == NULL || Name[0] == 0)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    return SetupdiAnswer(ListClasses(Name, 0, List, Size, RequiredSize));
}

BOOL WINAPI SetupDiClassGuidsFromNameA(PCSTR Name, LPGUID List, DWORD Size, PDWORD RequiredSize)
{
    WCHAR *Wide;
    BOOL Done;

    if (Name == NULL || Name[0] == 0)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    Wide = CfgWide(Name, strlen(Name), NULL);
    if (Wide == NULL)
        return SetupdiAnswer(ERROR_NOT_ENOUGH_MEMORY);
    Done = SetupDiClassGuidsFromNameW(Wide, List, Size, RequiredSize);
    CfgFree(Wide);
    return Done;
}

BOOL WINAPI SetupDiClassNameFromGuidW(const GUID *Class, PWSTR Name, DWORD Size,
                                      PDWORD RequiredSize)
{
    WCHAR *Text;
    DWORD Error = ClassText(Class, L"Class", &Text);

    if (Error == ERROR_SUCCESS)
        Error = SetupdiGiveText(Text, Name, Size, RequiredSize);
    CfgFree(Text);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiClassNameFromGuidA(const GUID *Class, PSTR Name, DWORD Size, PDWORD RequiredSize)
{
    WCHAR *Text;
    DWORD Error = ClassText(Class, L"Class", &Text);

    if (Error == ERROR_SUCCESS)
        Error = SetupdiGiveNarrow(Text, Name, Size, RequiredSize);
    CfgFree(Text);
    return SetupdiAnswer(Error);
}

/* The class key's unnamed value; a class without one is described by its name. */
static DWORD Description(const GUID *Class, WCHAR **Text)
{
    DWORD Error = ClassText(Class, L"", Text);

    return Error == ERROR_INVALID_CLASS ? ClassText(Class, L"Class", Text) : Error;
}

BOOL WINAPI SetupDiGetClassDescriptionW(const GUID *Class, PWSTR Text, DWORD Size,
                                        PDWORD RequiredSize)
{
    WCHAR *Found;
    DWORD Error = Description(Class, &Found);

    if (Error == ERROR_SUCCESS)
        Error = SetupdiGiveText(Found, Text, Size, RequiredSize);
    CfgFree(Found);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetClassDescriptionA(const GUID *Class, PSTR Text, DWORD Size,
                                        PDWORD RequiredSize)
{
    WCHAR *Found;
    DWORD Error = Description(Class, &Found);

    if (Error == ERROR_SUCCESS)
        Error = SetupdiGiveNarrow(Found, Text, Size, RequiredSize);
    CfgFree(Found);
    return SetupdiAnswer(Error);
}
