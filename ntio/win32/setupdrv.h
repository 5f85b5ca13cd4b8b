/* SPDX-License-Identifier: MIT */
/*
 * setupdrv.h - the driver lists of device information sets: what the code of the sets (setupdi) and
 * that of the lists (setupdrv.c) ask of each other.
 */
#ifndef NTIO_WIN32_SETUPDRV_H
#define NTIO_WIN32_SETUPDRV_H

#include "ntio/win32/win32.h"
#include "ntio/setup/setup.h"
#include "setupapi.h"

/* One in each element of a set, and one in the set itself; zero when new. The set's lock. */
typedef struct _SETUP_DRIVER_SLOT {
    SETUP_DRIVER_LIST Compatible, Class; /* SPDIT_COMPATDRIVER, SPDIT_CLASSDRIVER */
    BOOLEAN HasCompatible, HasClass;
    SETUP_DRIVER *Selected; /* a reference, or NULL */
} SETUP_DRIVER_SLOT;

/* By setupdrv.c; called by the sets when an element or a set goes. */
VOID SetupDrvFreeSlot(SETUP_DRIVER_SLOT *Slot);
/* By setupdrv.c: what SetupDiCallClassInstaller does by default for DIF_SELECTBESTCOMPATDRV,
 * DIF_INSTALLDEVICE and DIF_INSTALLDEVICEFILES. A Win32 code. The set is not locked. */
DWORD SetupDrvClassInstaller(DWORD InstallFunction, HDEVINFO Set, PSP_DEVINFO_DATA Device);

/* By the sets: what a routine of the lists works on. */
typedef struct _SETUP_DRIVER_TARGET {
    SETUP_DRIVER_SLOT *Slot;
    SP_DEVINSTALL_PARAMS_W *Params; /* of the element or the set */
    const WCHAR *InstancePath;      /* NULL: the set */
    GUID Class;                     /* zero: none */
} SETUP_DRIVER_TARGET;
/* Finds the element (NULL: the set itself) and locks the set; a Win32 code, ERROR_SUCCESS: locked.
 * ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER (cbSize), ERROR_INVALID_USER_BUFFER as documented
 * for every SetupDi routine. */
DWORD SetupDipLockTarget(HDEVINFO Set, PSP_DEVINFO_DATA Device, SETUP_DRIVER_TARGET *Target);
VOID SetupDipUnlockTarget(HDEVINFO Set);

/* By setupdrv.c, for newdev: a driver that Data names, referenced; and its installation on an
 * element of a set that is not locked (Driver NULL: none). */
DWORD SetupDrvTake(HDEVINFO Set, PSP_DEVINFO_DATA Device, const SP_DRVINFO_DATA_W *Data,
                   SETUP_DRIVER **Driver);
DWORD SetupDrvInstall(HDEVINFO Set, PSP_DEVINFO_DATA Device, SETUP_DRIVER *Driver, BOOLEAN *Reboot);

#endif
