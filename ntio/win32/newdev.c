/* SPDX-License-Identifier: MIT */
/* newdev.c - UpdateDriverForPlugAndPlayDevices, DiInstallDriver, DiInstallDevice and their ends. */
#include "ntio/win32/setupinf.h"
#include "ntio/win32/setupdrv.h"
#include "newdev.h"

static DWORD PublishPath(const WCHAR *InfPath, char **Published)
{
    BOOLEAN Existed;
    WCHAR *Name = NULL;
    char *Path = SetuppHostPath(InfPath);
    DWORD Error = Path == NULL ? ERROR_NOT_ENOUGH_MEMORY : SetupPublish(Path, &Name, &Existed);

    *Published = NULL;
    free(Path);
    if (Error != ERROR_SUCCESS)
        return Error;
    *Published = SetupPublishedPath(Name);
    free(Name);
    return *Published == NULL ? ERROR_DRIVER_STORE_ADD_FAILED : ERROR_SUCCESS;
}

static VOID CountDevice(const WCHAR *InstancePath, PVOID Context)
{
    (void)InstancePath;
    ++*(ULONG *)Context;
}

static DWORD Update(LPCWSTR HardwareId, LPCWSTR InfPath, BOOLEAN Force, PBOOL Reboot)
{
    SETUP_UPDATE Result = {0};
    char *Published;
    DWORD Error = PublishPath(InfPath, &Published);

    if (Error != ERROR_SUCCESS)
        return Error;
    Error = SetupUpdateDevices(HardwareId, Published, Force, FALSE, &Result);
    free(Published);
    if (Error == ERROR_SUCCESS && Result.Better == 0)
        Error = ERROR_NO_MORE_ITEMS;
    if (Reboot != NULL)
        *Reboot = Result.Reboot;
    return Error;
}

BOOL WINAPI UpdateDriverForPlugAndPlayDevicesW(HWND Parent, LPCWSTR HardwareId, LPCWSTR FullInfPath,
                                               DWORD InstallFlags, PBOOL RebootRequired)
{
    ULONG Devices = 0;
    char *Path;
    BOOLEAN There;

    (void)Parent;
    if (RebootRequired != NULL)
        *RebootRequired = FALSE;
    if (HardwareId == NULL || HardwareId[0] == 0 || FullInfPath == NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    if (InstallFlags & ~(DWORD)INSTALLFLAG_BITS)
        return Win32pSetup(ERROR_INVALID_FLAGS);
    Path = SetuppHostPath(FullInfPath);
    There = SetuppFileExists(Path);
    free(Path);
    if (!There)
        return Win32pSetup(ERROR_FILE_NOT_FOUND);
    PnpSettle();
    SetupDevicesWithId(HardwareId, CountDevice, &Devices);
    if (Devices == 0)
        return Win32pSetup(ERROR_NO_SUCH_DEVINST);
    if (InstallFlags & INSTALLFLAG_READONLY) /* it would have to be copied */
        return Win32pSetup(ERROR_ACCESS_DENIED);
    return Win32pSetup(
        Update(HardwareId, FullInfPath, (InstallFlags & INSTALLFLAG_FORCE) != 0, RebootRequired));
}

BOOL WINAPI UpdateDriverForPlugAndPlayDevicesA(HWND Parent, LPCSTR HardwareId, LPCSTR FullInfPath,
                                               DWORD InstallFlags, PBOOL RebootRequired)
{
    WCHAR *Id, *Path = NULL;
    BOOL Result =
        Win32pWiden(HardwareId, &Id) && Win32pWiden(FullInfPath, &Path) &&
        UpdateDriverForPlugAndPlayDevicesW(Parent, Id, Path, InstallFlags, RebootRequired);

    free(Id);
    free(Path);
    return Result;
}

BOOL WINAPI DiInstallDriverW(HWND Parent, LPCWSTR InfPath, DWORD Flags, PBOOL Reboot)
{
    (void)Parent;
    if (Reboot != NULL)
        *Reboot = FALSE;
    if (InfPath == NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    if (Flags & ~(DWORD)DIIRFLAG_BITS)
        return Win32pSetup(ERROR_INVALID_FLAGS);
    return Win32pSetup(Update(NULL, InfPath, (Flags & DIIRFLAG_FORCE_INF) != 0, Reboot));
}

BOOL WINAPI DiInstallDriverA(HWND Parent, LPCSTR InfPath, DWORD Flags, PBOOL Reboot)
{
    WCHAR *Path;
    BOOL Result = Win32pWiden(InfPath, &Path) && DiInstallDriverW(Parent, Path, Flags, Reboot);

    free(Path);
    return Result;
}

/* ---- one device ---- */

static DWORD BestDriver(HDEVINFO Set, PSP_DEVINFO_DATA Device, SETUP_DRIVER **Driver)
{
    SETUP_DRIVER_TARGET Target;
    SETUP_DRIVER_LIST List;
    DWORD Error = SetupDipLockTarget(Set, Device, &Target);

    *Driver = NULL;
    if (Error != ERROR_SUCCESS)
        return Error;
    Error = SetupDriversOf(Target.InstancePath, NULL, &List);
    SetupDipUnlockTarget(Set);
    if (Error != ERROR_SUCCESS)
        return Error;
    if (List.Count == 0) {
        Error = ERROR_NO_COMPAT_DRIVERS;
    } else {
        *Driver = List.Drivers[0];
        SetupReferenceDriver(*Driver);
    }
    SetupFreeDriverList(&List);
    return Error;
}

BOOL WINAPI DiInstallDevice(HWND Parent, HDEVINFO Set, PSP_DEVINFO_DATA Device,
                            PSP_DRVINFO_DATA_W Data, DWORD Flags, PBOOL Reboot)
{
    SETUP_DRIVER *Driver = NULL;
    BOOLEAN Needed = FALSE;
    DWORD Error = ERROR_SUCCESS;

    (void)Parent;
    if (Reboot != NULL)
        *Reboot = FALSE;
    if (Device == NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    if (Flags & ~(DWORD)DIIDFLAG_BITS)
        return Win32pSetup(ERROR_INVALID_FLAGS);
    if (Data != NULL)
        Error = SetupDrvTake(Set, Device, Data, &Driver);
    else if (!(Flags & DIIDFLAG_INSTALLNULLDRIVER))
        Error = BestDriver(Set, Device, &Driver);
    if (Error == ERROR_SUCCESS)
        Error = SetupDrvInstall(Set, Device, Driver, &Needed);
    SetupDereferenceDriver(Driver);
    if (Reboot != NULL)
        *Reboot = Needed;
    return Win32pSetup(Error);
}

BOOL WINAPI DiUninstallDevice(HWND Parent, HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Flags,
                              PBOOL Reboot)
{
    SP_DEVINSTALL_PARAMS_W Params = {.cbSize = sizeof(Params)};

    (void)Parent;
    if (Reboot != NULL)
        *Reboot = FALSE;
    if (Device == NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    if (Flags != 0)
        return Win32pSetup(ERROR_INVALID_FLAGS);
    if (!SetupDiCallClassInstaller(DIF_REMOVE, Set, Device))
        return FALSE;
    if (Reboot != NULL && SetupDiGetDeviceInstallParamsW(Set, Device, &Params))
        *Reboot = (Params.Flags & (DI_NEEDREBOOT | DI_NEEDRESTART)) != 0;
    return TRUE;
}

/* ---- a package's end ---- */

BOOL WINAPI DiUninstallDriverW(HWND Parent, LPCWSTR InfPath, DWORD Flags, PBOOL Reboot)
{
    BOOLEAN Needed = FALSE;
    WCHAR *Name = NULL;
    char *Path, *Published;
    DWORD Error = ERROR_SUCCESS;

    (void)Parent;
    if (Reboot != NULL)
        *Reboot = FALSE;
    if (InfPath == NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    if (Flags != 0)
        return Win32pSetup(ERROR_INVALID_FLAGS);
    Published = SetupPublishedPath(InfPath);
    if (Published != NULL) {
        Name = InfDuplicate(InfPath);
    } else {
        Path = SetuppHostPath(InfPath);
        Published = Path == NULL ? NULL : SetupFindPublished(Path, &Name);
        free(Path);
    }
    free(Published);
    if (Name == NULL)
        Error = ERROR_NOT_AN_INSTALLED_OEM_INF;
    if (Error == ERROR_SUCCESS)
        Error = SetupUninstall(Name, FALSE, &Needed);
    free(Name);
    if (Reboot != NULL)
        *Reboot = Needed;
    return Win32pSetup(Error);
}

BOOL WINAPI DiUninstallDriverA(HWND Parent, LPCSTR InfPath, DWORD Flags, PBOOL Reboot)
{
    WCHAR *Path;
    BOOL Result = Win32pWiden(InfPath, &Path) && DiUninstallDriverW(Parent, Path, Flags, Reboot);

    free(Path);
    return Result;
}
