/* SPDX-License-Identifier: MIT */
/*
 * setupdi.h - device information sets: what the files of setupdi share.
 *
 * A set belongs to the process that made it. SetupdiListLock guards the list of sets and their
 * references; each set's Mutex its elements, and is held by a routine of setupdi over what it reads
 * of pnp and registry, never over what changes a device or calls anybody back. Order: Mutex of a
 * set, then nothing of this file.
 */
#ifndef NTIO_WIN32_SETUPDI_H
#define NTIO_WIN32_SETUPDI_H

#include "ntio/win32/cfgmgr.h"
#include "ntio/win32/setupdrv.h"

#define TAG_SETUPDI 'iD3W'

typedef struct _SETUPDI_PARAMS {
    SP_DEVINSTALL_PARAMS_W Install;
    PSP_CLASSINSTALL_HEADER Class; /* pool, or NULL */
    DWORD ClassBytes;
    SETUP_DRIVER_SLOT Drivers;
} SETUPDI_PARAMS;

typedef struct _SETUPDI_ELEMENT {
    LIST_ENTRY Link;
    DEVINST DevInst;
    GUID Class; /* zero: none */
    WCHAR InstanceId[PNP_INSTANCE_CHARACTERS];
    BOOLEAN Created; /* by this set, and not registered yet: its key goes with it */
    LIST_ENTRY Interfaces;
    SETUPDI_PARAMS Params;
} SETUPDI_ELEMENT;

typedef struct _SETUPDI_INTERFACE {
    LIST_ENTRY Link;
    SETUPDI_ELEMENT *Element;
    GUID Class;
    DWORD Flags; /* SPINT_* */
    WCHAR Name[1];
} SETUPDI_INTERFACE;

typedef struct _SETUPDI_SET {
    LIST_ENTRY Link;
    LONG References;
    PEPROCESS Process; /* compared, not used */
    KGUARDED_MUTEX Mutex;
    BOOLEAN HasClass;
    GUID Class;
    LIST_ENTRY Elements;
    SETUPDI_PARAMS Params;
} SETUPDI_SET;

/* ---- setupdi.c ---- */
extern const GUID SetupdiNone; /* no class */
/* A Win32 code to what a routine answers. */
BOOL SetupdiAnswer(DWORD Error);
/* What SetupDi says where the configuration manager says Code. */
DWORD SetupdiFromCr(CONFIGRET Code);
/* Finds and locks. ERROR_INVALID_HANDLE. */
DWORD SetupdiLock(HDEVINFO Handle, SETUPDI_SET **Set);
VOID SetupdiUnlock(SETUPDI_SET *Set);
/* The element that Device names, in a locked set. ERROR_INVALID_PARAMETER. */
DWORD SetupdiFind(SETUPDI_SET *Set, const SP_DEVINFO_DATA *Device, SETUPDI_ELEMENT **Element);
/* Both; unlocks where it fails. */
DWORD SetupdiLockElement(HDEVINFO Handle, const SP_DEVINFO_DATA *Device, SETUPDI_SET **Set,
                         SETUPDI_ELEMENT **Element);
/* The parameters of the element, or for Device NULL of the set; locked. */
DWORD SetupdiLockParams(HDEVINFO Handle, const SP_DEVINFO_DATA *Device, SETUPDI_SET **Set,
                        SETUPDI_PARAMS **Params);
DWORD SetupdiCreateSet(const GUID *Class, HDEVINFO *Handle);
/* Adds a device, or finds it there. ERROR_NOT_ENOUGH_MEMORY. */
DWORD SetupdiAdd(SETUPDI_SET *Set, const WCHAR *InstanceId, SETUPDI_ELEMENT **Element);
VOID SetupdiFreeElement(SETUPDI_ELEMENT *Element);
/* Fills in what names the element. ERROR_INVALID_USER_BUFFER: its cbSize. */
DWORD SetupdiDescribe(const SETUPDI_ELEMENT *Element, PSP_DEVINFO_DATA Device);
/* Its class by the registry; zero: none. */
VOID SetupdiReadClass(const WCHAR *InstanceId, GUID *Class);
/* A text with the size rules of all: Size in characters. */
DWORD SetupdiGiveText(const WCHAR *Text, PWSTR Buffer, DWORD Size, PDWORD RequiredSize);
DWORD SetupdiGiveNarrow(const WCHAR *Text, PSTR Buffer, DWORD Size, PDWORD RequiredSize);
/* Data with the same: Size in bytes. */
DWORD SetupdiGiveData(const VOID *Data, DWORD Bytes, PVOID Buffer, DWORD Size, PDWORD RequiredSize);

/* ---- setupdiface.c ---- */
/* Adds an interface to a locked set, or finds it there. */
DWORD SetupdiAddInterface(SETUPDI_SET *Set, const PNP_INTERFACE_FACTS *Facts,
                          SETUPDI_INTERFACE **Interface);
/* The name of the class's default interface, for CfgFree; NULL: none. */
WCHAR *SetupdiDefaultInterface(const GUID *Class);
DWORD SetupdiFindInterface(SETUPDI_SET *Set, const SP_DEVICE_INTERFACE_DATA *Data,
                           SETUPDI_INTERFACE **Interface);

#endif
