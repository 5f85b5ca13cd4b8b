/* SPDX-License-Identifier: MIT */
/*
 * setupp.h - what the files of setup share: the host's files, the log, and the run of a section.
 *
 * Locks, outermost first: SetuppInstallLock (one installation at a time writes files and registry)
 * → SetuppStoreLock (the list of packages) → pnp's, Cm's. Neither is held while the PnP worker is
 * waited for, nor over a call into a driver.
 */
#ifndef NTIO_SETUP_SETUPP_H
#define NTIO_SETUP_SETUPP_H

#include "ntio/setup/setup.h"
#include "ntio/setup/setuperr.h"
#include "ntio/cm/cm.h"
#include "ntio/ke/ke.h"
#include "ntio/ex/ex.h"
#include "ntio/pnp/pnp.h"

#include <stdlib.h>

#define SETUPP_CONTROL_SET L"\\Registry\\Machine\\System\\CurrentControlSet"
#define SETUPP_CLASS_KEY   SETUPP_CONTROL_SET L"\\Control\\Class\\"
#define SETUPP_ENUM_KEY    SETUPP_CONTROL_SET L"\\Enum\\"
#define SETUPP_SERVICES    SETUPP_CONTROL_SET L"\\Services\\"
#define SETUPP_WINDOWS     L"C:\\Windows" /* what a program calls the system root */
#define SETUPP_GUID        39             /* characters of a GUID as text, with its zero */

/* ---- text.c ---- */
/* UTF-8 and UTF-16, malloc. NULL: no memory, no text, or NULL in. */
char *SetuppNarrow(const WCHAR *Text);
WCHAR *SetuppWide(const char *Text);
/* printf to malloc; NULL: no memory. */
char *SetuppPrint(const char *Format, ...) __attribute__((format(printf, 1, 2)));
/* Strings put together until NULL; malloc. */
WCHAR *SetuppJoin(const WCHAR *First, ...);
VOID SetuppGuidText(const GUID *Guid, WCHAR Text[SETUPP_GUID]);
ULONG SetuppError(NTSTATUS Status); /* Win32's code */
NTSYSAPI ULONG NTAPI RtlNtStatusToDosError(NTSTATUS Status);

/* ---- hostfile.c: paths of the host, UTF-8; Win32 codes ---- */
ULONG SetuppReadFile(const char *Path, UCHAR **Bytes, SIZE_T *Size);
/* Writes a whole file under another name and renames it; makes the folders above it. */
ULONG SetuppWriteFile(const char *Path, const VOID *Bytes, SIZE_T Size);
ULONG SetuppCopyFile(const char *From, const char *To);
ULONG SetuppDeleteFile(const char *Path);
VOID SetuppDeleteTree(const char *Folder);
BOOLEAN SetuppFileExists(const char *Path);
/* A path below Folder for what a package calls Relative: '/' for '\', without drives, "." and "..";
 * what exists is found without regard to case. malloc; NULL: no memory, or it would leave Folder.
 */
char *SetuppBelow(const char *Folder, const WCHAR *Relative);
/* The names in a folder that end with Ending, sorted; malloc, ended by NULL. */
char **SetuppList(const char *Folder, const char *Ending);
VOID SetuppFreeList(char **List);
char *SetuppFolderOf(const char *Path);     /* malloc; "." for none */
const char *SetuppNameOf(const char *Path); /* its last part */

/* ---- root.c ---- */
/* The host's folder that is C:\Windows. Create: a temporary one is made where none was set. NULL:
 * there is none. Never changes once there. */
const char *SetuppRoot(BOOLEAN Create);
VOID SetuppForgetRoot(VOID); /* at shutdown; a temporary one goes */
/* The directory Id of DestinationDirs, as a program would call it; malloc, NULL: unknown. Package:
 * what 1 and 13 are, or NULL. */
WCHAR *SetuppDirectoryText(ULONG Id, const char *Package);
/* The host's folder of the same. */
char *SetuppDirectoryPath(ULONG Id, const char *Package);
/* C:\Windows\... or C:\... to a path of the host; malloc. NULL: not there. */
char *SetuppHostPath(const WCHAR *Text);

/* ---- log.c ---- */
typedef struct _SETUP_LOG SETUP_LOG;
/* Begins a section of setupapi.dev.log. NULL (no memory) is a log into which nothing goes. */
SETUP_LOG *SetuppLogOpen(const char *Format, ...) __attribute__((format(printf, 1, 2)));
/* A line; Kind is the three letters of the component: dvi, inf, sto, flq, ndv, cpy, utl. */
VOID SetuppLog(SETUP_LOG *Log, const char *Kind, const char *Format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes what is there to the file: before something that may stop the host. */
VOID SetuppLogFlush(SETUP_LOG *Log);
VOID SetuppLogClose(SETUP_LOG *Log, ULONG Error);
/* Text for a log line: UTF-8 in one of a few buffers of the log's. */
const char *SetuppLogText(SETUP_LOG *Log, const WCHAR *Text);

extern USHORT SetuppLanguage; /* LANGID for strings of packages */

/* ---- package.c: an .inf with those that it includes ---- */
#define SETUPP_PARTS 16
struct _SETUP_INF {
    ULONG Count;
    struct {
        INF_FILE *File;
        char *Path;
    } Parts[SETUPP_PARTS];
    char *Folder; /* of the first: where its files are */
};

/* ---- section.c: what a section of directives does ---- */
typedef struct _SETUP_RUN SETUP_RUN;
/* Called for a file that a section copies: its name in the package, and where it goes. */
typedef ULONG SETUPP_FILE_ROUTINE(SETUP_RUN *Run, ULONG Part, const WCHAR *Source, const char *To,
                                  ULONG Flags);
struct _SETUP_RUN {
    SETUP_INF *Inf;
    SETUP_LOG *Log;
    const WCHAR *Hkr; /* NT path of HKR, or NULL: HKR is refused */
    /* HKR of a .HW section: these values belong to the device, not to its parameters. */
    const WCHAR *DeviceKey;
    const WCHAR *OemName;      /* oem3.inf, or NULL: owner of the services */
    WCHAR *Service;            /* out: of SPSVCINST_ASSOCSERVICE; malloc */
    WCHAR *Stops;              /* out: services to stop, one behind the other; malloc */
    BOOLEAN NullDriver;        /* out: a driver without a service was asked for */
    BOOLEAN Reboot;            /* out */
    ULONG Depth;               /* of Needs */
    PDEVICE_OBJECT Pdo;        /* for AddInterface, or NULL */
    ULONG Do;                  /* SETUP_RUN_* */
    ULONG CopyStyle;           /* SP_COPY_* */
    const WCHAR *SourceRoot;   /* program's path; NULL: the folder of the .inf */
    SETUPP_FILE_ROUTINE *Copy; /* instead of copying; NULL: copies */
    PVOID Context;             /* Copy's */
};

/* Runs all directives of Section that Run->Do says, in all parts. ERROR_SECTION_NOT_FOUND. */
ULONG SetuppRunSection(SETUP_RUN *Run, const WCHAR *Section);
/* One directive line's lists of sections: Each for each. */
typedef ULONG SETUPP_SECTION_ROUTINE(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section);
VOID SetuppFreeRun(SETUP_RUN *Run);

/* ---- registry.c, services.c, files.c ---- */
SETUPP_SECTION_ROUTINE SetuppAddReg, SetuppDelReg, SetuppBitReg;
SETUPP_SECTION_ROUTINE SetuppCopySection, SetuppDeleteSection, SetuppRenameSection;
/* Adds to a REG_MULTI_SZ what is not in it; takes out of it. *Left: how many are left. */
NTSTATUS SetuppAppendMulti(const WCHAR *Key, const WCHAR *Name, const WCHAR *String);
NTSTATUS SetuppRemoveMulti(const WCHAR *Key, const WCHAR *Name, const WCHAR *String, ULONG *Left);
ULONG SetuppCopyOne(SETUP_RUN *Run, ULONG Part, const WCHAR *Name); /* @file */
/* An AddService, a DelService line. */
ULONG SetuppAddService(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line);
ULONG SetuppDelService(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line);
/* Stops what Run->Stops names. No lock is held. */
VOID SetuppStopServices(SETUP_RUN *Run);
/* The package is no longer an owner of any service; those without owners go. */
VOID SetuppDisownServices(const WCHAR *OemName);
/* Where a file of the package is; malloc. NULL: it is not there. */
char *SetuppSource(const SETUP_RUN *Run, ULONG Part, const WCHAR *Name);
/* Calls Each for every file that Section copies. */
ULONG SetuppEachCopy(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section,
                     SETUPP_FILE_ROUTINE *Each);

/* ---- store.c ---- */
extern KI_LOCK SetuppInstallLock, SetuppStoreLock;
VOID SetuppForgetStore(VOID); /* at shutdown */
/* Paths of all published .inf files, ended by NULL (SetuppFreeList); NULL: there are none. */
char **SetuppPublishedInfs(VOID);
WCHAR *SetuppPublishedName(const char *InfPath); /* malloc; NULL: it is not in the store */

/* ---- install.c ---- */
/* What SetupInstallDevice does before the restart. Driver is of the store. */
ULONG SetuppInstall(const WCHAR *InstancePath, const SETUP_DRIVER *Driver, SETUP_LOG *Log,
                    BOOLEAN *Reboot);

/* ---- interfaces.c ---- */
ULONG SetuppAddInterface(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line);

/* ---- devices.c ---- */
/* In a driver's key: what the installation measured. */
#define SETUPP_RANK    L"DriverRank"
#define SETUPP_DATE    L"DriverDateNumber"
#define SETUPP_VERSION L"DriverVersionNumber"
/* A driver that came without a package stands for one of Windows' own: SIGNERSCORE_INBOX. */
#define SETUPP_INBOX_RANK 0x0dff0000
/* A string of the device's Enum key; pool (ExFreePool), NULL: not there. */
WCHAR *SetuppDeviceValue(const WCHAR *InstancePath, const WCHAR *Name);
WCHAR *SetuppDriverKey(const WCHAR *InstancePath); /* its NT path, malloc; NULL: it has none */
/* Calls Each for each device that Enum knows, until it answers FALSE; Present: those in the tree
 * alone. */
typedef BOOLEAN SETUPP_DEVICE_ROUTINE(const WCHAR *InstancePath, PVOID Context);
VOID SetuppEachDevice(BOOLEAN Present, SETUPP_DEVICE_ROUTINE *Each, PVOID Context);

#endif
