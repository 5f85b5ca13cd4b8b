/* SPDX-License-Identifier: MIT */
/*
 * setup.h - setup: the driver store, and drivers that are installed on devices. win32 → setup →
 * pnp.
 *
 * inf.h reads .inf files; this is what is done with them. Paths here are the host's, UTF-8; text
 * and IDs are UTF-16. Codes are Win32's. Everything is called at PASSIVE_LEVEL. What says that it
 * waits for the PnP worker is not called on it.
 *
 * Lock: SetuppStoreLock guards the list of packages; nothing but Cm and the host's files is called
 * under it.
 */
#ifndef NTIO_SETUP_SETUP_H
#define NTIO_SETUP_SETUP_H

#include "ntio/setup/inf.h"

/* One driver for one device (or class): a line of a models section. Counted. */
typedef struct _SETUP_DRIVER {
    _Atomic ULONG References;
    char *InfPath;                     /* of the host */
    WCHAR *InfName;                    /* its last part: oem3.inf */
    WCHAR *Description, *Manufacturer; /* of the models section */
    WCHAR *Provider;                   /* empty: none */
    WCHAR *Section, *ActualSection;
    WCHAR *Ids; /* hardware ID (may be empty), compatible IDs; double terminated by IdCount */
    ULONG IdCount;
    WCHAR *MatchedId; /* the device's, or NULL: a driver of a class */
    GUID ClassGuid;
    WCHAR *ClassName;
    ULONG Rank; /* INF_NO_RANK: of a class */
    ULONG Date; /* INF_DRIVER_DATE */
    ULONGLONG DriverVer;
} SETUP_DRIVER;

typedef struct _SETUP_DRIVER_LIST {
    SETUP_DRIVER **Drivers; /* each referenced; the best first */
    ULONG Count, Capacity;
} SETUP_DRIVER_LIST;

VOID SetupReferenceDriver(SETUP_DRIVER *Driver);
VOID SetupDereferenceDriver(SETUP_DRIVER *Driver);
VOID SetupFreeDriverList(SETUP_DRIVER_LIST *List);

/*
 * The drivers for a device, from the store, or (Path) from one .inf, or from all in a folder.
 * Ids are the device's. ClassOnly: those of a class instead, without regard to IDs.
 */
ULONG SetupFindDrivers(const WCHAR *HardwareIds, const WCHAR *CompatibleIds, const char *Path,
                       const GUID *ClassOnly, SETUP_DRIVER_LIST *List);

/*
 * Installs Driver (NULL: none, the device goes back to class Unknown) on a device: files, services,
 * Class and Enum keys; then restarts the device, where it is there. Waits for the PnP worker.
 * *Reboot: the device is in use, so the new driver comes with the next restart. A driver from
 * outside the store is published first.
 */
ULONG SetupInstallDevice(const WCHAR *InstancePath, SETUP_DRIVER *Driver, BOOLEAN *Reboot);

#endif
