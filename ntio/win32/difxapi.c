/* SPDX-License-Identifier: MIT */
/* difxapi.c - DriverPackagePreinstall, -Install, -Uninstall, -GetPath. */
#include "ntio/win32/setupinf.h"
#include "difxapi.h"

#define KNOWN_FLAGS                                                                                \
    (DRIVER_PACKAGE_REPAIR | DRIVER_PACKAGE_SILENT | DRIVER_PACKAGE_FORCE |                        \
     DRIVER_PACKAGE_ONLY_IF_DEVICE_PRESENT | DRIVER_PACKAGE_LEGACY_MODE |                          \
     DRIVER_PACKAGE_DELETE_FILES)

static KI_LOCK DifxLock;
static DIFXAPILOGCALLBACK_W DifxCallbackW; /* one of the two at most; DifxLock */
static DIFXAPILOGCALLBACK_A DifxCallbackA;
static PVOID DifxContext;

VOID WINAPI SetDifxLogCallbackW(DIFXAPILOGCALLBACK_W LogCallback, PVOID Context)
{
    KiLock(&DifxLock);
    DifxCallbackW = LogCallback;
    DifxCallbackA = NULL;
    DifxContext = Context;
    KiUnlock(&DifxLock);
}

VOID WINAPI SetDifxLogCallbackA(DIFXAPILOGCALLBACK_A LogCallback, PVOID Context)
{
    KiLock(&DifxLock);
    DifxCallbackA = LogCallback;
    DifxCallbackW = NULL;
    DifxContext = Context;
    KiUnlock(&DifxLock);
}

/* Tells the program what a routine came to; returns Error. */
static DWORD Tell(DWORD Error, const char *What, const char *Path)
{
    DIFXAPI_LOG Kind = Error == ERROR_SUCCESS ? DIFXAPI_SUCCESS : DIFXAPI_ERROR;
    DIFXAPILOGCALLBACK_W CallbackW;
    DIFXAPILOGCALLBACK_A CallbackA;
    PVOID Context;
    char *Text;
    WCHAR *Wide;

    KiLock(&DifxLock);
    CallbackW = DifxCallbackW;
    CallbackA = DifxCallbackA;
    Context = DifxContext;
    KiUnlock(&DifxLock);
    if (CallbackW == NULL && CallbackA == NULL)
        return Error;
    Text = SetuppPrint("%s: %s: 0x%x", What, Path != NULL ? Path : "", (unsigned)Error);
    Wide = SetuppWide(Text);
    if (CallbackA != NULL && Text != NULL)
        CallbackA(Kind, Error, Text, Context);
    if (CallbackW != NULL && Wide != NULL)
        CallbackW(Kind, Error, Wide, Context);
    free(Wide);
    free(Text);
    return Error;
}

/* The host's path of a package; malloc. NULL: *Error says why. */
static char *PackagePath(PCWSTR InfPath, DWORD Flags, DWORD *Error)
{
    char *Path;

    *Error = ERROR_INVALID_PARAMETER;
    if (InfPath == NULL || InfPath[0] == 0 || (Flags & ~(DWORD)KNOWN_FLAGS) != 0)
        return NULL;
    *Error = ERROR_FILENAME_EXCED_RANGE;
    if (NtCrt_wcslen(InfPath) >= 4096)
        return NULL;
    Path = SetuppHostPath(InfPath);
    *Error = Path == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
    return Path;
}

DWORD WINAPI DriverPackagePreinstallW(PCWSTR InfPath, DWORD Flags)
{
    DWORD Error;
    char *Path = PackagePath(InfPath, Flags, &Error);
    BOOLEAN Existed = FALSE;
    WCHAR *Name = NULL;

    if (Path != NULL)
        Error = SetupPublish(Path, &Name, &Existed);
    if (Error == ERROR_SUCCESS && Existed &&
        (Flags & (DRIVER_PACKAGE_REPAIR | DRIVER_PACKAGE_FORCE)) == 0)
        Error = ERROR_ALREADY_EXISTS;
    Tell(Error, "DriverPackagePreinstall", Path);
    free(Name);
    free(Path);
    return Error;
}

DWORD WINAPI DriverPackagePreinstallA(PCSTR InfPath, DWORD Flags)
{
    WCHAR *Wide = SetuppWide(InfPath);
    DWORD Error = DriverPackagePreinstallW(Wide, Flags);

    free(Wide);
    return Error;
}

static DWORD InstallPackage(const char *Path, DWORD Flags, BOOLEAN *Reboot)
{
    BOOLEAN Force = (Flags & DRIVER_PACKAGE_FORCE) != 0, Existed;
    SETUP_UPDATE Result;
    WCHAR *Name = NULL;
    char *Published;
    DWORD Error;

    if (Flags & DRIVER_PACKAGE_ONLY_IF_DEVICE_PRESENT) {
        Error = SetupUpdateDevices(NULL, Path, Force, TRUE, &Result);
        if (Error != ERROR_SUCCESS)
            return Error;
        if (Result.Matched == 0)
            return ERROR_NO_SUCH_DEVINST;
    }
    Error = SetupPublish(Path, &Name, &Existed);
    if (Error != ERROR_SUCCESS)
        return Error;
    Published = SetupPublishedPath(Name);
    free(Name);
    if (Published == NULL)
        return ERROR_DRIVER_STORE_ADD_FAILED;
    Error = SetupUpdateDevices(NULL, Published, Force, FALSE, &Result);
    free(Published);
    *Reboot = Result.Reboot;
    if (Error == ERROR_SUCCESS && Result.Matched != 0 && Result.Better == 0)
        Error = ERROR_NO_MORE_ITEMS;
    return Error;
}

DWORD WINAPI DriverPackageInstallW(PCWSTR InfPath, DWORD Flags, PCINSTALLERINFO_W InstallerInfo,
                                   BOOL *NeedReboot)
{
    DWORD Error;
    char *Path = PackagePath(InfPath, Flags, &Error);
    BOOLEAN Reboot = FALSE;

    (void)InstallerInfo; /* for the list of installed programs, which is not here */
    if (NeedReboot == NULL)
        Error = ERROR_INVALID_PARAMETER;
    if (Error == ERROR_SUCCESS)
        Error = InstallPackage(Path, Flags, &Reboot);
    if (NeedReboot != NULL)
        *NeedReboot = Reboot;
    Tell(Error, "DriverPackageInstall", Path);
    free(Path);
    return Error;
}

DWORD WINAPI DriverPackageInstallA(PCSTR InfPath, DWORD Flags, PCINSTALLERINFO_A InstallerInfo,
                                   BOOL *NeedReboot)
{
    WCHAR *Wide = SetuppWide(InfPath);
    DWORD Error;

    (void)InstallerInfo;
    Error = DriverPackageInstallW(Wide, Flags, NULL, NeedReboot);
    free(Wide);
    return Error;
}

DWORD WINAPI DriverPackageUninstallW(PCWSTR InfPath, DWORD Flags, PCINSTALLERINFO_W InstallerInfo,
                                     BOOL *NeedReboot)
{
    DWORD Error;
    char *Path = PackagePath(InfPath, Flags, &Error), *Published = NULL;
    BOOLEAN Reboot = FALSE;
    WCHAR *Name = NULL;

    (void)InstallerInfo;
    if (NeedReboot == NULL)
        Error = ERROR_INVALID_PARAMETER;
    if (Error == ERROR_SUCCESS) {
        Published = SetupFindPublished(Path, &Name);
        Error = SetuppFileExists(Path) ? ERROR_SUCCESS : ERROR_FILE_NOT_FOUND;
        if (Error == ERROR_SUCCESS && Name == NULL)
            Error = ERROR_DRIVER_PACKAGE_NOT_IN_STORE;
    }
    if (Error == ERROR_SUCCESS)
        Error = SetupUninstall(Name, (Flags & DRIVER_PACKAGE_DELETE_FILES) != 0, &Reboot);
    if (NeedReboot != NULL)
        *NeedReboot = Reboot;
    Tell(Error, "DriverPackageUninstall", Path);
    free(Published);
    free(Name);
    free(Path);
    return Error;
}

DWORD WINAPI DriverPackageUninstallA(PCSTR InfPath, DWORD Flags, PCINSTALLERINFO_A InstallerInfo,
                                     BOOL *NeedReboot)
{
    WCHAR *Wide = SetuppWide(InfPath);
    DWORD Error;

    (void)InstallerInfo;
    Error = DriverPackageUninstallW(Wide, Flags, NULL, NeedReboot);
    free(Wide);
    return Error;
}

/* Where the package's .inf is, malloc. */
static DWORD StorePath(PCWSTR InfPath, WCHAR **Text)
{
    DWORD Error;
    char *Path = PackagePath(InfPath, 0, &Error), *Published = NULL, *Folder;

    *Text = NULL;
    if (Error == ERROR_SUCCESS && !SetuppFileExists(Path))
        Error = ERROR_FILE_NOT_FOUND;
    if (Error == ERROR_SUCCESS && (Published = SetupFindPublished(Path, NULL)) == NULL)
        Error = ERROR_DRIVER_PACKAGE_NOT_IN_STORE;
    if (Error == ERROR_SUCCESS) {
        WCHAR *Directory, *Name = SetuppWide(SetuppNameOf(Published));

        Folder = SetuppFolderOf(Published);
        Directory = Folder == NULL ? NULL : SetuppDirectoryText(13, Folder);
        if (Directory != NULL && Name != NULL)
            *Text = SetuppJoin(Directory, L"\\", Name, NULL);
        free(Folder);
        free(Directory);
        free(Name);
        Error = *Text == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
    }
    free(Published);
    free(Path);
    return Error;
}

DWORD WINAPI DriverPackageGetPathW(PCWSTR InfPath, PWSTR Destination, DWORD *Characters)
{
    WCHAR *Text;
    DWORD Error = Characters == NULL ? ERROR_INVALID_PARAMETER : StorePath(InfPath, &Text);

    if (Error == ERROR_SUCCESS) {
        Error = Win32pGive(Text, Destination, Destination == NULL ? 0 : *Characters, Characters);
        if (Destination == NULL)
            Error = ERROR_INSUFFICIENT_BUFFER;
        free(Text);
    }
    return Error;
}

DWORD WINAPI DriverPackageGetPathA(PCSTR InfPath, PSTR Destination, DWORD *Characters)
{
    WCHAR *Wide = SetuppWide(InfPath), *Text;
    DWORD Error = Characters == NULL ? ERROR_INVALID_PARAMETER : StorePath(Wide, &Text);

    free(Wide);
    if (Error == ERROR_SUCCESS) {
        Error = Win32pGiveA(Text, NtCrt_wcslen(Text) + 1, Destination,
                            Destination == NULL ? 0 : *Characters, Characters);
        if (Destination == NULL)
            Error = ERROR_INSUFFICIENT_BUFFER;
        free(Text);
    }
    return Error;
}
