/* SPDX-License-Identifier: MIT */
/*
 * difxapi.h - the Driver Install Frameworks' routines for packages, over the driver store. Gone
 * from today's kits; programs of their time still call them.
 *
 * Paths are as in setupapi_inf.h. Each answers a Win32 code: ERROR_FILE_NOT_FOUND, there is no such
 * .inf, or a file of the package is missing; ERROR_INVALID_PARAMETER; the codes of reading an .inf;
 * and what is said beside the routine. Packages are not signed, and no signature is asked for.
 * Source: MS docs, DIFxAPI reference.
 */
#ifndef NTIO_WIN32_DIFXAPI_H
#define NTIO_WIN32_DIFXAPI_H

#include "windows.h"
#include "setupapi_err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DRIVER_PACKAGE_REPAIR                 0x00000001
#define DRIVER_PACKAGE_SILENT                 0x00000002
#define DRIVER_PACKAGE_FORCE                  0x00000004
#define DRIVER_PACKAGE_ONLY_IF_DEVICE_PRESENT 0x00000008
#define DRIVER_PACKAGE_LEGACY_MODE            0x00000010
#define DRIVER_PACKAGE_DELETE_FILES           0x00000020

/* clang-format off */
#define ERROR_DEPENDENT_APPLICATIONS_EXIST (APPLICATION_ERROR_MASK|ERROR_SEVERITY_ERROR|0x300)
#define ERROR_NO_DEVICE_ID                 (APPLICATION_ERROR_MASK|ERROR_SEVERITY_ERROR|0x301)
#define ERROR_DRIVER_PACKAGE_NOT_IN_STORE  (APPLICATION_ERROR_MASK|ERROR_SEVERITY_ERROR|0x302)
#define ERROR_MISSING_FILE                 (APPLICATION_ERROR_MASK|ERROR_SEVERITY_ERROR|0x303)
#define ERROR_INVALID_CATALOG_DATA         (APPLICATION_ERROR_MASK|ERROR_SEVERITY_ERROR|0x304)
/* clang-format on */

typedef struct _INSTALLERINFO_W {
    PWSTR pApplicationId;
    PWSTR pDisplayName;
    PWSTR pProductName;
    PWSTR pMfgName;
} INSTALLERINFO_W, *PINSTALLERINFO_W;
typedef const INSTALLERINFO_W *PCINSTALLERINFO_W;

typedef struct _INSTALLERINFO_A {
    PSTR pApplicationId;
    PSTR pDisplayName;
    PSTR pProductName;
    PSTR pMfgName;
} INSTALLERINFO_A, *PINSTALLERINFO_A;
typedef const INSTALLERINFO_A *PCINSTALLERINFO_A;

typedef enum _DIFXAPI_LOG {
    DIFXAPI_SUCCESS = 0,
    DIFXAPI_INFO = 1,
    DIFXAPI_WARNING = 2,
    DIFXAPI_ERROR = 3
} DIFXAPI_LOG;

typedef VOID(WINAPIV *DIFXAPILOGCALLBACK_W)(DIFXAPI_LOG EventType, DWORD ErrorCode,
                                            PCWSTR EventDescription, PVOID CallbackContext);
typedef VOID(WINAPIV *DIFXAPILOGCALLBACK_A)(DIFXAPI_LOG EventType, DWORD ErrorCode,
                                            PCSTR EventDescription, PVOID CallbackContext);

/* Into the store, no device is touched. ERROR_ALREADY_EXISTS: it is there already, and no
 * DRIVER_PACKAGE_REPAIR or _FORCE. */
WINBASEAPI DWORD WINAPI DriverPackagePreinstallW(PCWSTR DriverPackageInfPath, DWORD Flags);
WINBASEAPI DWORD WINAPI DriverPackagePreinstallA(PCSTR DriverPackageInfPath, DWORD Flags);
/*
 * Into the store, and on every device that it fits better than what the device has
 * (DRIVER_PACKAGE_FORCE: on every one that it fits). ERROR_NO_MORE_ITEMS: it fits, but is nowhere
 * better; it is in the store then. ERROR_NO_SUCH_DEVINST: DRIVER_PACKAGE_ONLY_IF_DEVICE_PRESENT,
 * and none is; it is not in the store then. NeedReboot: a device is in use, and has its old driver
 * until it restarts.
 */
WINBASEAPI DWORD WINAPI DriverPackageInstallW(PCWSTR DriverPackageInfPath, DWORD Flags,
                                              PCINSTALLERINFO_W InstallerInfo, BOOL *NeedReboot);
WINBASEAPI DWORD WINAPI DriverPackageInstallA(PCSTR DriverPackageInfPath, DWORD Flags,
                                              PCINSTALLERINFO_A InstallerInfo, BOOL *NeedReboot);
/*
 * Out of the store. Devices that have its driver get the next best one, or none: then they are of
 * class Unknown. DRIVER_PACKAGE_DELETE_FILES: what it copied into the system root goes too.
 * ERROR_DRIVER_PACKAGE_NOT_IN_STORE.
 */
WINBASEAPI DWORD WINAPI DriverPackageUninstallW(PCWSTR DriverPackageInfPath, DWORD Flags,
                                                PCINSTALLERINFO_W InstallerInfo, BOOL *NeedReboot);
WINBASEAPI DWORD WINAPI DriverPackageUninstallA(PCSTR DriverPackageInfPath, DWORD Flags,
                                                PCINSTALLERINFO_A InstallerInfo, BOOL *NeedReboot);
/* Where the package's .inf is in the store. *Characters: room, then what is needed.
 * ERROR_INSUFFICIENT_BUFFER, ERROR_DRIVER_PACKAGE_NOT_IN_STORE. */
WINBASEAPI DWORD WINAPI DriverPackageGetPathW(PCWSTR DriverPackageInfPath, PWSTR DestInfPath,
                                              DWORD *Characters);
WINBASEAPI DWORD WINAPI DriverPackageGetPathA(PCSTR DriverPackageInfPath, PSTR DestInfPath,
                                              DWORD *Characters);
/* Told what each routine above came to, on its thread. NULL: nobody. */
WINBASEAPI VOID WINAPI SetDifxLogCallbackW(DIFXAPILOGCALLBACK_W LogCallback, PVOID CallbackContext);
WINBASEAPI VOID WINAPI SetDifxLogCallbackA(DIFXAPILOGCALLBACK_A LogCallback, PVOID CallbackContext);
#define DIFXAPISetLogCallbackW SetDifxLogCallbackW
#define DIFXAPISetLogCallbackA SetDifxLogCallbackA

#ifdef UNICODE
#define NTIO_DIFX_AW_(n) n##W
typedef INSTALLERINFO_W INSTALLERINFO, *PINSTALLERINFO;
typedef PCINSTALLERINFO_W PCINSTALLERINFO;
typedef DIFXAPILOGCALLBACK_W DIFXAPILOGCALLBACK;
#else
#define NTIO_DIFX_AW_(n) n##A
typedef INSTALLERINFO_A INSTALLERINFO, *PINSTALLERINFO;
typedef PCINSTALLERINFO_A PCINSTALLERINFO;
typedef DIFXAPILOGCALLBACK_A DIFXAPILOGCALLBACK;
#endif
#define DriverPackagePreinstall NTIO_DIFX_AW_(DriverPackagePreinstall)
#define DriverPackageInstall    NTIO_DIFX_AW_(DriverPackageInstall)
#define DriverPackageUninstall  NTIO_DIFX_AW_(DriverPackageUninstall)
#define DriverPackageGetPath    NTIO_DIFX_AW_(DriverPackageGetPath)
#define SetDifxLogCallback      NTIO_DIFX_AW_(SetDifxLogCallback)
#define DIFXAPISetLogCallback   NTIO_DIFX_AW_(SetDifxLogCallback)

#ifdef __cplusplus
}
#endif
#endif
