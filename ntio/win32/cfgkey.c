/* SPDX-License-Identifier: MIT */
/* cfgkey.c - registry keys of devices, opened for programs. A key is an ordinary handle. */
#include "ntio/win32/cfgmgr.h"
#include "ntio/cm/ntcm.h"

CONFIGRET CfgOpenPath(const WCHAR *Path, REGSAM Access, BOOLEAN Create, PHKEY Key)
{
    WIN32_ENTER();
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    HANDLE Handle = NULL;
    NTSTATUS Status = STATUS_SUCCESS;

    *Key = NULL;
    if (Create)
        Status = CmpCreateKey(Path);
    if (NT_SUCCESS(Status)) {
        RtlInitUnicodeString(&Name, Path);
        InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
        Status = NtOpenKey(&Handle, Access, &Attributes);
    }
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND || Status == STATUS_OBJECT_PATH_NOT_FOUND)
        return CR_NO_SUCH_REGISTRY_KEY;
    if (!NT_SUCCESS(Status))
        return CfgFromStatus(Status);
    *Key = (HKEY)Handle;
    return CR_SUCCESS;
}

CONFIGRET CfgKeyPath(const WCHAR *InstanceId, ULONG Flags, WCHAR Path[PNP_PATH_CHARACTERS])
{
    const WCHAR *Root = Flags & CM_REGISTRY_CONFIG ? CFG_PROFILE_KEY : CFG_CONTROL_SET;
    WCHAR *Driver;
    BOOLEAN Fits;

    if (!(Flags & CM_REGISTRY_SOFTWARE)) {
        Fits = CfgJoin(Path, PNP_PATH_CHARACTERS, Root, L"\\Enum\\", InstanceId,
                       L"\\Device Parameters", NULL);
        return Fits ? CR_SUCCESS : CR_INVALID_DEVICE_ID;
    }
    if (!PnpEnumPath(InstanceId, NULL, Path) ||
        !NT_SUCCESS(CmpQueryString(Path, L"Driver", &Driver)))
        return CR_NO_SUCH_VALUE;
    Fits = CfgJoin(Path, PNP_PATH_CHARACTERS, Root, L"\\Control\\Class\\", Driver, NULL);
    ExFreePool(Driver);
    return Fits ? CR_SUCCESS : CR_INVALID_DEVICE_ID;
}

CONFIGRET CfgMakeDriverKey(const WCHAR *InstanceId)
{
    WCHAR Enum[PNP_PATH_CHARACTERS], Path[PNP_PATH_CHARACTERS], Name[64], Number[8];
    WCHAR *Class;
    NTSTATUS Status = STATUS_NAME_TOO_LONG;
    ULONG i;

    if (!PnpEnumPath(InstanceId, NULL, Enum) ||
        !NT_SUCCESS(CmpQueryString(Enum, L"ClassGUID", &Class)))
        return CR_NO_SUCH_VALUE;
    for (i = 0; i < 10000; i++) {
        NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%04u", i);
        if (!CfgJoin(Name, RTL_NUMBER_OF(Name), Class, L"\\", Number, NULL) ||
            !CfgJoin(Path, PNP_PATH_CHARACTERS, CFG_CLASS_KEY L"\\", Name, NULL))
            break;
        if (CmpKeyExists(Path))
            continue;
        Status = CmpCreateKey(Path);
        if (NT_SUCCESS(Status))
            Status = CmpSetString(Enum, L"Driver", Name);
        break;
    }
    ExFreePool(Class);
    return CfgFromStatus(Status);
}

static BOOLEAN ProfilePath(const WCHAR *InstanceId, WCHAR Path[PNP_PATH_CHARACTERS])
{
    return CfgJoin(Path, PNP_PATH_CHARACTERS, CFG_PROFILE_KEY L"\\Enum\\", InstanceId, NULL);
}

ULONG CfgProfileFlags(const WCHAR *InstanceId)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    ULONG Flags = 0;

    if (ProfilePath(InstanceId, Path))
        (void)CmpQueryUlong(Path, L"CSConfigFlags", &Flags);
    return Flags;
}

CONFIGRET CfgSetProfileFlags(const WCHAR *InstanceId, ULONG Flags)
{
    WCHAR Path[PNP_PATH_CHARACTERS];

    if (!ProfilePath(InstanceId, Path))
        return CR_INVALID_DEVICE_ID;
    return CfgFromStatus(CmpSetUlong(Path, L"CSConfigFlags", Flags));
}

CONFIGRET WINAPI CM_Open_DevNode_Key(DEVINST DevInst, REGSAM Access, ULONG HardwareProfile,
                                     REGDISPOSITION Disposition, PHKEY Key, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS], Path[PNP_PATH_CHARACTERS];
    BOOLEAN Create = Disposition == RegDisposition_OpenAlways;
    CONFIGRET Code;

    if (Key == NULL)
        return CR_INVALID_POINTER;
    *Key = NULL;
    if ((Flags & ~CM_REGISTRY_BITS) || (Flags & CM_REGISTRY_USER))
        return CR_INVALID_FLAG;
    if (Disposition & ~RegDisposition_Bits)
        return CR_INVALID_DATA;
    if (HardwareProfile != 0)
        return CR_NO_MORE_HW_PROFILES; /* there is the current one alone */
    Code = CfgDevice(DevInst, 0, 0, Id);
    if (Code != CR_SUCCESS)
        return Code;
    if (!CfgKnown(Id))
        return CR_NO_SUCH_DEVNODE;
    Code = CfgKeyPath(Id, Flags, Path);
    if (Code == CR_NO_SUCH_VALUE && Create && CfgMakeDriverKey(Id) == CR_SUCCESS)
        Code = CfgKeyPath(Id, Flags, Path);
    return Code == CR_SUCCESS ? CfgOpenPath(Path, Access, Create, Key) : Code;
}

CONFIGRET WINAPI CM_Delete_DevNode_Key(DEVNODE DevInst, ULONG HardwareProfile, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS], Path[PNP_PATH_CHARACTERS];
    CONFIGRET Code;

    if ((Flags & ~CM_REGISTRY_BITS) || (Flags & CM_REGISTRY_USER))
        return CR_INVALID_FLAG;
    if (HardwareProfile != 0)
        return CR_NO_MORE_HW_PROFILES;
    Code = CfgDevice(DevInst, 0, 0, Id);
    if (Code == CR_SUCCESS)
        Code = CfgKeyPath(Id, Flags, Path);
    if (Code != CR_SUCCESS)
        return Code;
    if (!CmpKeyExists(Path))
        return CR_NO_SUCH_REGISTRY_KEY;
    Code = CfgFromStatus(CmpDeleteTree(Path));
    if (Code == CR_SUCCESS && (Flags & CM_REGISTRY_SOFTWARE) && !(Flags & CM_REGISTRY_CONFIG) &&
        PnpEnumPath(Id, NULL, Path))
        (void)CmpDeleteValue(Path, L"Driver");
    return Code;
}
