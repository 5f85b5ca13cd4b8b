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

/* Boot and shutdown. Between them: SetupIsUp. */
NTSTATUS SetupInitialize(VOID);
VOID SetupShutdown(VOID);
BOOLEAN SetupIsUp(VOID);

/*
 * An .inf file with those that it includes. Path is the host's; a name without a slash is looked
 * for in the system root's INF and System32. Codes as InfParse's, and the host's for the file.
 */
typedef struct _SETUP_INF SETUP_INF;
ULONG SetupOpenInf(const char *Path, SETUP_INF **Inf, ULONG *Line);
ULONG SetupAppendInf(SETUP_INF *Inf, const char *Path, ULONG *Line);
VOID SetupCloseInf(SETUP_INF *Inf);

/* What SetupRunSection does of a section's directives. */
#define SETUP_RUN_FILES      0x01 /* CopyFiles, DelFiles, RenFiles */
#define SETUP_RUN_REGISTRY   0x02 /* AddReg, DelReg, BitReg */
#define SETUP_RUN_SERVICES   0x04 /* AddService, DelService of the section itself */
#define SETUP_RUN_INTERFACES 0x08 /* AddInterface */
/* For programs that install a section without a device. Hkr: NT path or NULL. */
ULONG SetupRunSection(SETUP_INF *Inf, const WCHAR *Section, ULONG Do, const WCHAR *Hkr,
                      const WCHAR *SourceRoot, ULONG CopyStyle, BOOLEAN *Reboot);

/*
 * The store. Publishing copies an .inf and its files and gives it a name, oemN.inf, which comes in
 * *Name (malloc); one that is there already keeps its name (*Existed). Unsigned, all of them.
 */
ULONG SetupPublish(const char *InfPath, WCHAR **Name, BOOLEAN *Existed);
/* Takes it out of the store. Without Force ERROR_INF_IN_USE_BY_DEVICES while a device has it.
 * ERROR_NOT_AN_INSTALLED_OEM_INF. */
ULONG SetupUnpublish(const WCHAR *Name, BOOLEAN Force, BOOLEAN DeleteFiles);
/* The host's path of a published .inf, by oemN.inf, or of the package that has the same content as
 * InfPath; malloc, NULL: not published. *Name (may be NULL) is its oemN.inf, malloc. */
char *SetupPublishedPath(const WCHAR *Name);
char *SetupFindPublished(const char *InfPath, WCHAR **Name);

/* One driver for one device (or class): a line of a models section. Counted. */
typedef struct _SETUP_DRIVER {
    _Atomic ULONG References;
    char *InfPath;                     /* of the host */
    WCHAR *InfName;                    /* its last part: oem3.inf */
    WCHAR *Description, *Manufacturer; /* of the models section */
    /* "%token%" where the section says that and nothing else, or NULL */
    WCHAR *DescriptionToken, *ManufacturerToken;
    WCHAR *Provider; /* empty: none */
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
/* The drivers for a device that Enum knows, as SetupFindDrivers. */
ULONG SetupDriversOf(const WCHAR *InstancePath, const char *Path, SETUP_DRIVER_LIST *List);

/*
 * Installs the .inf's best driver on every device in the tree that it fits (HardwareId: with this
 * ID) where it is better than what the device has, or Force. Look: only counts. The counts are good
 * whatever comes back, which is the first failure. Waits for the PnP worker.
 */
typedef struct _SETUP_UPDATE {
    ULONG Present; /* devices that were looked at */
    ULONG Matched, Better, Installed;
    BOOLEAN Reboot;
} SETUP_UPDATE;
ULONG SetupUpdateDevices(const WCHAR *HardwareId, const char *InfPath, BOOLEAN Force, BOOLEAN Look,
                         SETUP_UPDATE *Result);
/* Takes the package out of the store and its driver from every device that has it; they get the
 * next best driver, or none. Waits for the PnP worker. */
ULONG SetupUninstall(const WCHAR *Name, BOOLEAN DeleteFiles, BOOLEAN *Reboot);
/* The rank of the driver that the device has now (one that came without a package counts as one of
 * Windows' own); INF_NO_RANK: it has none. *Date and *DriverVer may be NULL. */
ULONG SetupCurrentRank(const WCHAR *InstancePath, ULONG *Date, ULONGLONG *DriverVer);
/* Calls Each for each device that has a driver of the package Name. */
typedef VOID SETUP_DEVICE_ROUTINE(const WCHAR *InstancePath, PVOID Context);
VOID SetupDevicesOf(const WCHAR *Name, SETUP_DEVICE_ROUTINE *Each, PVOID Context);
/* Calls Each for each device in the tree with a hardware or compatible ID that is Id. */
VOID SetupDevicesWithId(const WCHAR *Id, SETUP_DEVICE_ROUTINE *Each, PVOID Context);

#endif
