/* SPDX-License-Identifier: MIT */
/* setupdrv.c - the driver lists of device information sets, and the installation of a driver. */
#include "ntio/win32/setupinf.h"
#include "ntio/win32/setupdrv.h"

VOID SetupDrvFreeSlot(SETUP_DRIVER_SLOT *Slot)
{
    SetupFreeDriverList(&Slot->Compatible);
    SetupFreeDriverList(&Slot->Class);
    SetupDereferenceDriver(Slot->Selected);
    memset(Slot, 0, sizeof(*Slot));
}

/* The list of a type, or NULL: it was not built. */
static SETUP_DRIVER_LIST *ListOf(SETUP_DRIVER_SLOT *Slot, DWORD Type)
{
    if (Type == SPDIT_COMPATDRIVER)
        return Slot->HasCompatible ? &Slot->Compatible : NULL;
    return Slot->HasClass ? &Slot->Class : NULL;
}

static DWORD CheckType(PSP_DEVINFO_DATA Device, DWORD Type)
{
    if (Type != SPDIT_CLASSDRIVER && (Type != SPDIT_COMPATDRIVER || Device == NULL))
        return ERROR_INVALID_PARAMETER;
    return ERROR_SUCCESS;
}

/* ---- building ---- */

/* Keeps the driver that the device has now alone. */
static VOID KeepInstalled(SETUP_DRIVER_LIST *List, const WCHAR *InstancePath)
{
    WCHAR *Key = SetuppDriverKey(InstancePath), *Inf = NULL, *Section = NULL, *Name = NULL;
    ULONG Kept = 0;

    if (Key != NULL) {
        (void)CmpQueryString(Key, L"InfPath", &Inf);
        (void)CmpQueryString(Key, L"InfSection", &Section);
        (void)CmpQueryString(Key, L"DriverDesc", &Name);
    }
    for (ULONG i = 0; i < List->Count; i++) {
        SETUP_DRIVER *Driver = List->Drivers[i];

        if (InfSame(Driver->InfName, Inf) && InfSame(Driver->Section, Section) &&
            InfSame(Driver->Description, Name))
            List->Drivers[Kept++] = Driver;
        else
            SetupDereferenceDriver(Driver);
    }
    List->Count = Kept;
    if (Inf != NULL)
        ExFreePool(Inf);
    if (Section != NULL)
        ExFreePool(Section);
    if (Name != NULL)
        ExFreePool(Name);
    free(Key);
}

static DWORD BuildList(const SETUP_DRIVER_TARGET *Target, DWORD Type, SETUP_DRIVER_LIST *List)
{
    static const GUID None;
    SP_DEVINSTALL_PARAMS_W *Params = Target->Params;
    char *Path = NULL;
    DWORD Error;

    memset(List, 0, sizeof(*List));
    if (Params->DriverPath[0] != 0) {
        Path = SetuppHostPath(Params->DriverPath);
        if (Path == NULL)
            return ERROR_NOT_ENOUGH_MEMORY;
    } else if (Params->Flags & DI_ENUMSINGLEINF) {
        return ERROR_INVALID_PARAMETER;
    }
    if (Type == SPDIT_COMPATDRIVER)
        Error = SetupDriversOf(Target->InstancePath, Path, List);
    else if (memcmp(&Target->Class, &None, sizeof(None)) == 0)
        Error = ERROR_NO_ASSOCIATED_CLASS;
    else
        Error = SetupFindDrivers(NULL, NULL, Path, &Target->Class, List);
    free(Path);
    if (Error == ERROR_SUCCESS && (Params->FlagsEx & DI_FLAGSEX_INSTALLEDDRIVER) &&
        Target->InstancePath != NULL)
        KeepInstalled(List, Target->InstancePath);
    return Error;
}

BOOL WINAPI SetupDiBuildDriverInfoList(HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Type)
{
    SETUP_DRIVER_TARGET Target;
    DWORD Error = CheckType(Device, Type);

    if (Error == ERROR_SUCCESS)
        Error = SetupDipLockTarget(Set, Device, &Target);
    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    if (ListOf(Target.Slot, Type) == NULL) {
        if (Type == SPDIT_COMPATDRIVER) {
            Error = BuildList(&Target, Type, &Target.Slot->Compatible);
            Target.Slot->HasCompatible = Error == ERROR_SUCCESS;
            if (Error == ERROR_SUCCESS)
                Target.Params->Flags |= DI_DIDCOMPAT;
        } else {
            Error = BuildList(&Target, Type, &Target.Slot->Class);
            Target.Slot->HasClass = Error == ERROR_SUCCESS;
            if (Error == ERROR_SUCCESS)
                Target.Params->Flags |= DI_DIDCLASS;
        }
    }
    SetupDipUnlockTarget(Set);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupDiDestroyDriverInfoList(HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Type)
{
    SETUP_DRIVER_TARGET Target;
    SETUP_DRIVER_LIST *List;
    DWORD Error = CheckType(Device, Type);

    if (Error == ERROR_SUCCESS)
        Error = SetupDipLockTarget(Set, Device, &Target);
    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    List = ListOf(Target.Slot, Type);
    if (List != NULL) {
        for (ULONG i = 0; i < List->Count; i++) {
            if (List->Drivers[i] == Target.Slot->Selected) {
                SetupDereferenceDriver(Target.Slot->Selected);
                Target.Slot->Selected = NULL;
            }
        }
        SetupFreeDriverList(List);
        if (Type == SPDIT_COMPATDRIVER)
            Target.Slot->HasCompatible = FALSE;
        else
            Target.Slot->HasClass = FALSE;
        Target.Params->Flags &=
            Type == SPDIT_COMPATDRIVER ? ~(DWORD)DI_DIDCOMPAT : ~(DWORD)DI_DIDCLASS;
    }
    SetupDipUnlockTarget(Set);
    return TRUE;
}

/* ---- drivers for programs ---- */

static VOID PutText(WCHAR To[LINE_LEN], const WCHAR *Text)
{
    SIZE_T Length = NtCrt_wcsnlen(Text, LINE_LEN - 1);

    memcpy(To, Text, Length * sizeof(WCHAR));
    To[Length] = 0;
}

static FILETIME DateOf(ULONG Date)
{
    TIME_FIELDS Fields = {.Year = (CSHORT)(Date >> 16),
                          .Month = (CSHORT)(Date >> 8 & 0xff),
                          .Day = (CSHORT)(Date & 0xff)};
    LARGE_INTEGER Time = {0};
    FILETIME Result;

    (void)RtlTimeFieldsToTime(&Fields, &Time);
    Result.dwLowDateTime = (DWORD)Time.QuadPart;
    Result.dwHighDateTime = (DWORD)((ULONGLONG)Time.QuadPart >> 32);
    return Result;
}

static BOOLEAN GoodSize(const SP_DRVINFO_DATA_W *Data)
{
    return Data->cbSize == sizeof(SP_DRVINFO_DATA_V2_W) ||
           Data->cbSize == sizeof(SP_DRVINFO_DATA_V1_W);
}

static VOID Describe(SETUP_DRIVER *Driver, PSP_DRVINFO_DATA_W Data)
{
    Data->DriverType = Driver->Rank == INF_NO_RANK ? SPDIT_CLASSDRIVER : SPDIT_COMPATDRIVER;
    Data->Reserved = (ULONG_PTR)Driver;
    PutText(Data->Description, Driver->Description);
    PutText(Data->MfgName, Driver->Manufacturer);
    PutText(Data->ProviderName, Driver->Provider);
    if (Data->cbSize == sizeof(SP_DRVINFO_DATA_V2_W)) {
        Data->DriverDate = DateOf(Driver->Date);
        Data->DriverVersion = Driver->DriverVer;
    }
}

/* A driver of the slot's lists that Data names; NULL: none. */
static SETUP_DRIVER *Resolve(SETUP_DRIVER_SLOT *Slot, const SP_DRVINFO_DATA_W *Data)
{
    static const DWORD Types[] = {SPDIT_COMPATDRIVER, SPDIT_CLASSDRIVER};

    for (ULONG i = 0; i < RTL_NUMBER_OF(Types); i++) {
        SETUP_DRIVER_LIST *List = ListOf(Slot, Types[i]);

        for (ULONG j = 0; List != NULL && j < List->Count; j++) {
            SETUP_DRIVER *Driver = List->Drivers[j];

            if (Data->Reserved != 0 ? (ULONG_PTR)Driver == Data->Reserved
                                    : Data->DriverType == Types[i] &&
                                          InfSame(Driver->Description, Data->Description) &&
                                          InfSame(Driver->Manufacturer, Data->MfgName) &&
                                          (Data->ProviderName[0] == 0 ||
                                           InfSame(Driver->Provider, Data->ProviderName)))
                return Driver;
        }
    }
    return NULL;
}

BOOL WINAPI SetupDiEnumDriverInfoW(HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Type, DWORD Index,
                                   PSP_DRVINFO_DATA_W Data)
{
    SETUP_DRIVER_TARGET Target;
    SETUP_DRIVER_LIST *List;
    DWORD Error = CheckType(Device, Type);

    if (Error == ERROR_SUCCESS && (Data == NULL || !GoodSize(Data)))
        Error = ERROR_INVALID_USER_BUFFER;
    if (Error == ERROR_SUCCESS)
        Error = SetupDipLockTarget(Set, Device, &Target);
    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    List = ListOf(Target.Slot, Type);
    if (List == NULL || Index >= List->Count)
        Error = ERROR_NO_MORE_ITEMS;
    else
        Describe(List->Drivers[Index], Data);
    SetupDipUnlockTarget(Set);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupDiGetSelectedDriverW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                      PSP_DRVINFO_DATA_W Data)
{
    SETUP_DRIVER_TARGET Target;
    DWORD Error = Data == NULL || !GoodSize(Data) ? ERROR_INVALID_USER_BUFFER
                                                  : SetupDipLockTarget(Set, Device, &Target);

    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    if (Target.Slot->Selected == NULL)
        Error = ERROR_NO_DRIVER_SELECTED;
    else
        Describe(Target.Slot->Selected, Data);
    SetupDipUnlockTarget(Set);
    return Win32pSetup(Error);
}

/* The lock is held. */
static VOID Select(SETUP_DRIVER_SLOT *Slot, SETUP_DRIVER *Driver)
{
    if (Driver != NULL)
        SetupReferenceDriver(Driver);
    SetupDereferenceDriver(Slot->Selected);
    Slot->Selected = Driver;
}

BOOL WINAPI SetupDiSetSelectedDriverW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                      PSP_DRVINFO_DATA_W Data)
{
    SETUP_DRIVER_TARGET Target;
    SETUP_DRIVER *Driver = NULL;
    DWORD Error = Data != NULL && !GoodSize(Data) ? ERROR_INVALID_USER_BUFFER
                                                  : SetupDipLockTarget(Set, Device, &Target);

    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    if (Data != NULL && (Driver = Resolve(Target.Slot, Data)) == NULL)
        Error = ERROR_INVALID_PARAMETER;
    if (Error == ERROR_SUCCESS) {
        Select(Target.Slot, Driver);
        if (Data != NULL)
            Data->Reserved = (ULONG_PTR)Driver;
    }
    SetupDipUnlockTarget(Set);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupDiSelectBestCompatDrv(HDEVINFO Set, PSP_DEVINFO_DATA Device)
{
    SETUP_DRIVER_TARGET Target;
    DWORD Error;

    if (!SetupDiBuildDriverInfoList(Set, Device, SPDIT_COMPATDRIVER))
        return FALSE;
    Error = SetupDipLockTarget(Set, Device, &Target);
    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    if (!Target.Slot->HasCompatible || Target.Slot->Compatible.Count == 0)
        Error = ERROR_NO_COMPAT_DRIVERS;
    else
        Select(Target.Slot, Target.Slot->Compatible.Drivers[0]);
    SetupDipUnlockTarget(Set);
    return Win32pSetup(Error);
}

/* ---- details ---- */

/* The driver that Data (NULL: the selection) means, referenced. */
static DWORD TakeDriver(HDEVINFO Set, PSP_DEVINFO_DATA Device, const SP_DRVINFO_DATA_W *Data,
                        SETUP_DRIVER **Driver)
{
    SETUP_DRIVER_TARGET Target;
    DWORD Error = Data != NULL && !GoodSize(Data) ? ERROR_INVALID_USER_BUFFER
                                                  : SetupDipLockTarget(Set, Device, &Target);

    *Driver = NULL;
    if (Error != ERROR_SUCCESS)
        return Error;
    *Driver = Data != NULL ? Resolve(Target.Slot, Data) : Target.Slot->Selected;
    if (*Driver == NULL)
        Error = Data != NULL ? ERROR_INVALID_PARAMETER : ERROR_NO_DRIVER_SELECTED;
    else
        SetupReferenceDriver(*Driver);
    SetupDipUnlockTarget(Set);
    return Error;
}

static SIZE_T IdCharacters(const SETUP_DRIVER *Driver, ULONG First)
{
    const WCHAR *At = Driver->Ids;
    SIZE_T Length = 0;

    for (ULONG i = 0; i < Driver->IdCount; i++) {
        if (i >= First)
            Length += NtCrt_wcslen(At) + 1;
        At += NtCrt_wcslen(At) + 1;
    }
    return Length;
}

/* What the .inf is called by programs. */
static VOID PutInfName(WCHAR To[MAX_PATH], const SETUP_DRIVER *Driver)
{
    char *Folder = SetuppFolderOf(Driver->InfPath);
    WCHAR *Directory = Folder == NULL ? NULL : SetuppDirectoryText(13, Folder);
    WCHAR *Name = SetuppWide(SetuppNameOf(Driver->InfPath));
    WCHAR *Path = Directory == NULL || Name == NULL
                      ? NULL
                      : SetuppJoin(Directory, Directory[0] == L'/' ? L"/" : L"\\", Name, NULL);
    SIZE_T Length = Path == NULL ? 0 : NtCrt_wcsnlen(Path, MAX_PATH - 1);

    if (Path != NULL)
        memcpy(To, Path, Length * sizeof(WCHAR));
    To[Length] = 0;
    free(Path);
    free(Name);
    free(Directory);
    free(Folder);
}

BOOL WINAPI SetupDiGetDriverInfoDetailW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                        PSP_DRVINFO_DATA_W Data, PSP_DRVINFO_DETAIL_DATA_W Detail,
                                        DWORD Size, PDWORD RequiredSize)
{
    const SIZE_T Header = FIELD_OFFSET(SP_DRVINFO_DETAIL_DATA_W, HardwareID);
    SETUP_DRIVER *Driver;
    SIZE_T First, Others, Needed, Room;
    DWORD Error = ERROR_SUCCESS;

    if (Detail != NULL && (Size < sizeof(*Detail) || Detail->cbSize != sizeof(*Detail)))
        return Win32pSetup(ERROR_INVALID_USER_BUFFER);
    if (Detail == NULL && Size != 0)
        return Win32pSetup(ERROR_INVALID_USER_BUFFER);
    Error = TakeDriver(Set, Device, Data, &Driver);
    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    First = Driver->IdCount == 0 ? 1 : NtCrt_wcslen(Driver->Ids) + 1;
    Others = Driver->IdCount > 1 ? IdCharacters(Driver, 1) + 1 : 0;
    Needed = Header + (First + Others) * sizeof(WCHAR);
    if (Needed < sizeof(*Detail))
        Needed = sizeof(*Detail);
    if (RequiredSize != NULL)
        *RequiredSize = (DWORD)Needed;
    if (Detail == NULL) {
        Error = ERROR_INSUFFICIENT_BUFFER;
    } else {
        Detail->InfDate = DateOf(Driver->Date);
        Detail->CompatIDsOffset = Others != 0 ? (DWORD)First : 0;
        Detail->CompatIDsLength = (DWORD)Others;
        Detail->Reserved = 0;
        PutText(Detail->SectionName, Driver->Section);
        PutInfName(Detail->InfFileName, Driver);
        PutText(Detail->DrvDescription, Driver->Description);
        Room = (Size - Header) / sizeof(WCHAR);
        if (Room >= First + Others) {
            memcpy(Detail->HardwareID, Driver->Ids,
                   (First + (Others ? Others - 1 : 0)) * sizeof(WCHAR));
            if (Others != 0)
                Detail->HardwareID[First + Others - 1] = 0;
        } else {
            Detail->HardwareID[0] = 0;
            Error = ERROR_INSUFFICIENT_BUFFER;
        }
    }
    SetupDereferenceDriver(Driver);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupDiGetDriverInstallParamsW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                           PSP_DRVINFO_DATA_W Data, PSP_DRVINSTALL_PARAMS Params)
{
    SETUP_DRIVER *Driver;
    DWORD Error;

    if (Params == NULL || Params->cbSize != sizeof(*Params))
        return Win32pSetup(ERROR_INVALID_USER_BUFFER);
    Error = TakeDriver(Set, Device, Data, &Driver);
    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    Params->Rank = Driver->Rank;
    Params->Flags = Driver->Rank == INF_NO_RANK ? DNF_CLASS_DRIVER : DNF_COMPATIBLE_DRIVER;
    Params->PrivateData = 0;
    Params->Reserved = 0;
    SetupDereferenceDriver(Driver);
    return TRUE;
}

/* ---- installing ---- */

DWORD SetupDrvInstall(HDEVINFO Set, PSP_DEVINFO_DATA Device, SETUP_DRIVER *Driver, BOOLEAN *Reboot)
{
    SETUP_DRIVER_TARGET Target;
    WCHAR *Path;
    DWORD Error;

    *Reboot = FALSE;
    if (Device == NULL)
        return ERROR_INVALID_PARAMETER;
    Error = SetupDipLockTarget(Set, Device, &Target);
    if (Error != ERROR_SUCCESS)
        return Error;
    Path = InfDuplicate(Target.InstancePath);
    SetupDipUnlockTarget(Set);
    if (Path == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = SetupInstallDevice(Path, Driver, Reboot); /* the set is not locked meanwhile */
    free(Path);
    if (Error == ERROR_SUCCESS && *Reboot &&
        SetupDipLockTarget(Set, Device, &Target) == ERROR_SUCCESS) {
        Target.Params->Flags |= DI_NEEDREBOOT;
        SetupDipUnlockTarget(Set);
    }
    return Error;
}

static DWORD InstallSelected(HDEVINFO Set, PSP_DEVINFO_DATA Device, BOOLEAN FilesOnly)
{
    SETUP_DRIVER *Driver;
    BOOLEAN Reboot, Existed;
    WCHAR *Name = NULL;
    DWORD Error = Device == NULL ? ERROR_INVALID_PARAMETER : TakeDriver(Set, Device, NULL, &Driver);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (!FilesOnly)
        Error = SetupDrvInstall(Set, Device, Driver, &Reboot);
    else if (SetuppPublishedName(Driver->InfPath) == NULL)
        Error =
            SetupPublish(Driver->InfPath, &Name, &Existed); /* its files are in the store then */
    free(Name);
    SetupDereferenceDriver(Driver);
    return Error;
}

DWORD SetupDrvClassInstaller(DWORD Function, HDEVINFO Set, PSP_DEVINFO_DATA Device)
{
    switch (Function) {
    case DIF_SELECTBESTCOMPATDRV:
        return SetupDiSelectBestCompatDrv(Set, Device) ? ERROR_SUCCESS : GetLastError();
    case DIF_INSTALLDEVICEFILES:
        return InstallSelected(Set, Device, TRUE);
    case DIF_INSTALLDEVICE:
        return InstallSelected(Set, Device, FALSE);
    default:
        return ERROR_DI_DO_DEFAULT;
    }
}

BOOL WINAPI SetupDiInstallDriverFiles(HDEVINFO Set, PSP_DEVINFO_DATA Device)
{
    return Win32pSetup(InstallSelected(Set, Device, TRUE));
}

BOOL WINAPI SetupDiInstallDevice(HDEVINFO Set, PSP_DEVINFO_DATA Device)
{
    return Win32pSetup(InstallSelected(Set, Device, FALSE));
}

DWORD SetupDrvTake(HDEVINFO Set, PSP_DEVINFO_DATA Device, const SP_DRVINFO_DATA_W *Data,
                   SETUP_DRIVER **Driver)
{
    DWORD Error = TakeDriver(Set, Device, Data, Driver);

    /* A class driver may have been found in the set's own list. */
    if (Error == ERROR_INVALID_PARAMETER && Data != NULL)
        Error = TakeDriver(Set, NULL, Data, Driver);
    return Error;
}
