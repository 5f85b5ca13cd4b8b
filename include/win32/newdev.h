/* SPDX-License-Identifier: MIT */
/*
 * newdev.h - drivers for devices that are there: of a package, or of one device.
 *
 * Each answers FALSE with its reason in GetLastError(). Reboot (may be NULL): a device is in use,
 * and has its old driver until it restarts. What Windows would ask the user is not asked. Source:
 * MS docs, newdev.h.
 */
#ifndef NTIO_WIN32_NEWDEV_H
#define NTIO_WIN32_NEWDEV_H

#include "setupapi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INSTALLFLAG_FORCE          0x00000001
#define INSTALLFLAG_READONLY       0x00000002
#define INSTALLFLAG_NONINTERACTIVE 0x00000004
#define INSTALLFLAG_BITS           0x00000007

#define DIIDFLAG_SHOWSEARCHUI          0x00000001
#define DIIDFLAG_NOFINISHINSTALLUI     0x00000002
#define DIIDFLAG_INSTALLNULLDRIVER     0x00000004
#define DIIDFLAG_INSTALLCOPYINFDRIVERS 0x00000008
#define DIIDFLAG_BITS                  0x0000000F

#define DIIRFLAG_INF_ALREADY_COPIED 0x00000001
#define DIIRFLAG_FORCE_INF          0x00000002
#define DIIRFLAG_HW_USING_THE_INF   0x00000004
#define DIIRFLAG_HOTPATCH           0x00000008
#define DIIRFLAG_NOBACKUP           0x00000010
#define DIIRFLAG_BITS               (DIIRFLAG_FORCE_INF | DIIRFLAG_HOTPATCH)

/*
 * Publishes the package and installs it on every device that is there with HardwareId and that it
 * fits better than its driver (INSTALLFLAG_FORCE: that it fits). ERROR_FILE_NOT_FOUND;
 * ERROR_INVALID_FLAGS; ERROR_NO_SUCH_DEVINST, no device has this ID; ERROR_NO_MORE_ITEMS, it fits
 * none of them, or is better for none.
 */
WINBASEAPI BOOL WINAPI UpdateDriverForPlugAndPlayDevicesW(HWND Parent, LPCWSTR HardwareId,
                                                          LPCWSTR FullInfPath, DWORD InstallFlags,
                                                          PBOOL RebootRequired);
WINBASEAPI BOOL WINAPI UpdateDriverForPlugAndPlayDevicesA(HWND Parent, LPCSTR HardwareId,
                                                          LPCSTR FullInfPath, DWORD InstallFlags,
                                                          PBOOL RebootRequired);
/* The same for all devices. ERROR_NO_MORE_ITEMS: it is in the store, but on no device. */
WINBASEAPI BOOL WINAPI DiInstallDriverW(HWND Parent, LPCWSTR InfPath, DWORD Flags, PBOOL Reboot);
WINBASEAPI BOOL WINAPI DiInstallDriverA(HWND Parent, LPCSTR InfPath, DWORD Flags, PBOOL Reboot);
/*
 * Installs a driver on one device, however it ranks: Driver is of one of the element's or the set's
 * lists; NULL, the best in the store (ERROR_NO_COMPAT_DRIVERS) or, with DIIDFLAG_INSTALLNULLDRIVER,
 * none.
 */
WINBASEAPI BOOL WINAPI DiInstallDevice(HWND Parent, HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                       PSP_DRVINFO_DATA_W Driver, DWORD Flags, PBOOL Reboot);
/* Takes the device out of the tree, with its keys. Flags must be 0. */
WINBASEAPI BOOL WINAPI DiUninstallDevice(HWND Parent, HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                         DWORD Flags, PBOOL Reboot);
/* Takes a package from all devices and out of the store. InfPath is oemN.inf or a copy of the .inf.
 * Flags must be 0. ERROR_NOT_AN_INSTALLED_OEM_INF. */
WINBASEAPI BOOL WINAPI DiUninstallDriverW(HWND Parent, LPCWSTR InfPath, DWORD Flags, PBOOL Reboot);
WINBASEAPI BOOL WINAPI DiUninstallDriverA(HWND Parent, LPCSTR InfPath, DWORD Flags, PBOOL Reboot);

#ifdef UNICODE
#define UpdateDriverForPlugAndPlayDevices UpdateDriverForPlugAndPlayDevicesW
#define DiInstallDriver                   DiInstallDriverW
#define DiUninstallDriver                 DiUninstallDriverW
#else
#define UpdateDriverForPlugAndPlayDevices UpdateDriverForPlugAndPlayDevicesA
#define DiInstallDriver                   DiInstallDriverA
#define DiUninstallDriver                 DiUninstallDriverA
#endif

#ifdef __cplusplus
}
#endif
#endif
