/* SPDX-License-Identifier: MIT */
/* setupdiparam.c - parameters of installations, of an element or (Device NULL) of a set. */
#include "ntio/win32/setupdi.h"

/* What a program may not change: the system keeps it. */
#define READ_ONLY_FLAGS                                                                            \
    (DI_DIDCOMPAT | DI_DIDCLASS | DI_MULTMFGS | DI_PROPERTIES_CHANGE | DI_DISABLED)

BOOL WINAPI SetupDiGetDeviceInstallParamsW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                           PSP_DEVINSTALL_PARAMS_W Result)
{
    SETUPDI_PARAMS *Params;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockParams(Handle, Device, &Set, &Params);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Result == NULL)
        Error = ERROR_INVALID_PARAMETER;
    else if (Result->cbSize != sizeof(*Result))
        Error = ERROR_INVALID_USER_BUFFER;
    else
        *Result = Params->Install;
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiSetDeviceInstallParamsW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                           PSP_DEVINSTALL_PARAMS_W New)
{
    SETUPDI_PARAMS *Params;
    SETUPDI_SET *Set;
    DWORD Kept, Error = SetupdiLockParams(Handle, Device, &Set, &Params);
    ULONG i;

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (New == NULL) {
        Error = ERROR_INVALID_PARAMETER;
    } else if (New->cbSize != sizeof(*New)) {
        Error = ERROR_INVALID_USER_BUFFER;
    } else {
        for (i = 0; i < MAX_PATH && New->DriverPath[i] != 0; i++)
            ;
        /* The parameters that DI_CLASSINSTALLPARAMS turns on must be there. */
        if (i == MAX_PATH)
            Error = ERROR_INVALID_PARAMETER;
        else if ((New->Flags & DI_CLASSINSTALLPARAMS) && Params->Class == NULL)
            Error = ERROR_NO_CLASSINSTALL_PARAMS;
    }
    if (Error == ERROR_SUCCESS) {
        Kept = Params->Install.Flags & READ_ONLY_FLAGS;
        Params->Install = *New;
        Params->Install.Flags = (New->Flags & ~(DWORD)READ_ONLY_FLAGS) | Kept;
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDeviceInstallParamsA(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                           PSP_DEVINSTALL_PARAMS_A Result)
{
    SP_DEVINSTALL_PARAMS_W Wide = {.cbSize = sizeof(Wide)};
    DWORD Error;

    if (Result != NULL && Result->cbSize != sizeof(*Result))
        Wide.cbSize = 0;
    if (!SetupDiGetDeviceInstallParamsW(Handle, Device, Result != NULL ? &Wide : NULL))
        return FALSE;
    Result->Flags = Wide.Flags;
    Result->FlagsEx = Wide.FlagsEx;
    Result->hwndParent = Wide.hwndParent;
    Result->InstallMsgHandler = Wide.InstallMsgHandler;
    Result->InstallMsgHandlerContext = Wide.InstallMsgHandlerContext;
    Result->FileQueue = Wide.FileQueue;
    Result->ClassInstallReserved = Wide.ClassInstallReserved;
    Result->Reserved = Wide.Reserved;
    Error = SetupdiGiveNarrow(Wide.DriverPath, Result->DriverPath, MAX_PATH, NULL);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiSetDeviceInstallParamsA(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                           PSP_DEVINSTALL_PARAMS_A New)
{
    SP_DEVINSTALL_PARAMS_W Wide = {.cbSize = sizeof(Wide)};
    WCHAR *Path;

    if (New == NULL || New->cbSize != sizeof(*New) ||
        strnlen(New->DriverPath, MAX_PATH) == MAX_PATH) {
        Wide.cbSize = New != NULL && New->cbSize == sizeof(*New) ? sizeof(Wide) : 0;
        if (New != NULL && Wide.cbSize != 0)
            return SetupdiAnswer(ERROR_INVALID_PARAMETER);
        return SetupDiSetDeviceInstallParamsW(Handle, Device, New != NULL ? &Wide : NULL);
    }
    Wide.Flags = New->Flags;
    Wide.FlagsEx = New->FlagsEx;
    Wide.hwndParent = New->hwndParent;
    Wide.InstallMsgHandler = New->InstallMsgHandler;
    Wide.InstallMsgHandlerContext = New->InstallMsgHandlerContext;
    Wide.FileQueue = New->FileQueue;
    Wide.ClassInstallReserved = New->ClassInstallReserved;
    Wide.Reserved = New->Reserved;
    Path = CfgWide(New->DriverPath, strlen(New->DriverPath), NULL);
    if (Path == NULL)
        return SetupdiAnswer(ERROR_NOT_ENOUGH_MEMORY);
    (void)CfgJoin(Wide.DriverPath, MAX_PATH, Path, NULL);
    CfgFree(Path);
    return SetupDiSetDeviceInstallParamsW(Handle, Device, &Wide);
}

/* ---- of the next call of the class installer ---- */

static DWORD CheckClassParams(const SP_CLASSINSTALL_HEADER *Header, DWORD Size)
{
    const SP_PROPCHANGE_PARAMS *Change = (const SP_PROPCHANGE_PARAMS *)Header;
    const SP_REMOVEDEVICE_PARAMS *Remove = (const SP_REMOVEDEVICE_PARAMS *)Header;

    if (Size < sizeof(*Header))
        return ERROR_INVALID_PARAMETER;
    if (Header->cbSize != sizeof(*Header))
        return ERROR_INVALID_USER_BUFFER;
    switch (Header->InstallFunction) {
    case DIF_PROPERTYCHANGE:
        if (Size < sizeof(*Change) || Change->StateChange < DICS_ENABLE ||
            Change->StateChange > DICS_STOP)
            return ERROR_INVALID_PARAMETER;
        if (Change->Scope != DICS_FLAG_GLOBAL && Change->Scope != DICS_FLAG_CONFIGSPECIFIC)
            return ERROR_INVALID_PARAMETER;
        /* Starting and stopping is a matter of a hardware profile. */
        return Change->StateChange >= DICS_START && Change->Scope != DICS_FLAG_CONFIGSPECIFIC
                   ? ERROR_INVALID_PARAMETER
                   : ERROR_SUCCESS;
    case DIF_REMOVE:
        if (Size < sizeof(*Remove) || (Remove->Scope != DI_REMOVEDEVICE_GLOBAL &&
                                       Remove->Scope != DI_REMOVEDEVICE_CONFIGSPECIFIC))
            return ERROR_INVALID_PARAMETER;
        return ERROR_SUCCESS;
    default:
        return ERROR_SUCCESS;
    }
}

BOOL WINAPI SetupDiSetClassInstallParamsW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                          PSP_CLASSINSTALL_HEADER New, DWORD Size)
{
    PSP_CLASSINSTALL_HEADER Copy = NULL;
    SETUPDI_PARAMS *Params;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockParams(Handle, Device, &Set, &Params);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (New == NULL && Size != 0)
        Error = ERROR_INVALID_PARAMETER;
    else if (New != NULL)
        Error = CheckClassParams(New, Size);
    if (Error == ERROR_SUCCESS && New != NULL) {
        Copy = ExAllocatePoolWithTag(PagedPool, Size, TAG_SETUPDI);
        if (Copy == NULL)
            Error = ERROR_NOT_ENOUGH_MEMORY;
        else
            memcpy(Copy, New, Size);
    }
    if (Error == ERROR_SUCCESS) {
        if (Params->Class != NULL)
            ExFreePoolWithTag(Params->Class, TAG_SETUPDI);
        Params->Class = Copy;
        Params->ClassBytes = Copy != NULL ? Size : 0;
        if (Copy != NULL)
            Params->Install.Flags |= DI_CLASSINSTALLPARAMS;
        else
            Params->Install.Flags &= ~(DWORD)DI_CLASSINSTALLPARAMS;
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

/* The structures that are known here have no text in them. */
BOOL WINAPI SetupDiSetClassInstallParamsA(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                          PSP_CLASSINSTALL_HEADER New, DWORD Size)
{
    return SetupDiSetClassInstallParamsW(Handle, Device, New, Size);
}

BOOL WINAPI SetupDiGetClassInstallParamsW(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                          PSP_CLASSINSTALL_HEADER Result, DWORD Size,
                                          PDWORD RequiredSize)
{
    SETUPDI_PARAMS *Params;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockParams(Handle, Device, &Set, &Params);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Result == NULL ? Size != 0 : Size < sizeof(*Result))
        Error = ERROR_INVALID_PARAMETER;
    else if (Result != NULL && Result->cbSize != sizeof(*Result))
        Error = ERROR_INVALID_USER_BUFFER;
    else if (Params->Class == NULL)
        Error = ERROR_NO_CLASSINSTALL_PARAMS;
    else
        Error = SetupdiGiveData(Params->Class, Params->ClassBytes, Result, Size, RequiredSize);
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetClassInstallParamsA(HDEVINFO Handle, PSP_DEVINFO_DATA Device,
                                          PSP_CLASSINSTALL_HEADER Result, DWORD Size,
                                          PDWORD RequiredSize)
{
    return SetupDiGetClassInstallParamsW(Handle, Device, Result, Size, RequiredSize);
}
