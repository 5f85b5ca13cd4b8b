/* SPDX-License-Identifier: MIT */
/*
 * cfgmgr.h - what the files of the configuration manager share, and setupdi with them.
 *
 * It keeps nothing: each routine asks pnp or reads the registry. No lock is held across a call.
 */
#ifndef NTIO_WIN32_CFGMGR_H
#define NTIO_WIN32_CFGMGR_H

#include "ntio/win32/win32.h"
#include "ntio/pnp/pnp.h"
#include "cfgmgr32.h"
#include "setupapi_err.h"

#define TAG_CFG 'fC3W'

#define CFG_CONTROL_SET        L"\\Registry\\Machine\\System\\CurrentControlSet"
#define CFG_CLASS_KEY          CFG_CONTROL_SET L"\\Control\\Class"
#define CFG_DEVICE_CLASSES_KEY CFG_CONTROL_SET L"\\Control\\DeviceClasses"
#define CFG_PROFILE_KEY        CFG_CONTROL_SET L"\\Hardware Profiles\\Current\\System\\CurrentControlSet"
#define CFG_GUID_CHARACTERS    39 /* {8-4-4-4-12} with its zero */

/* Enum's ConfigFlags and the profile's CSConfigFlags. Source: regstr.h's CONFIGFLAG_*. */
#define CFG_DISABLED         0x00000001
#define CFG_REINSTALL        0x00000020
#define CFG_FAILED_INSTALL   0x00000040
#define CFG_FINISH_INSTALL   0x00000400
#define CFG_CS_DISABLED      0x00000001
#define CFG_CS_DO_NOT_CREATE 0x00000002
#define CFG_CS_DO_NOT_START  0x00000004

/* ---- cfgtext.c ---- */
/* Puts strings together until NULL; FALSE: too long. */
BOOLEAN CfgJoin(WCHAR *To, ULONG Characters, ...);
VOID CfgGuidText(const GUID *Guid, WCHAR Text[CFG_GUID_CHARACTERS]);
BOOLEAN CfgParseGuid(const WCHAR *Text, GUID *Guid); /* with its braces */
BOOLEAN CfgSame(const WCHAR *A, const WCHAR *B);     /* without regard to case */
SIZE_T CfgMultiCharacters(const WCHAR *List);        /* with both zeros */
/* UTF-8, Characters units of which some may be zeros; *Bytes without a zero that was not among
 * them. Pool of TAG_CFG; NULL: no memory. */
CHAR *CfgNarrow(const WCHAR *Text, SIZE_T Characters, ULONG *Bytes);
/* UTF-16 of Bytes bytes likewise. */
WCHAR *CfgWide(const CHAR *Text, SIZE_T Bytes, ULONG *Characters);
VOID CfgFree(PVOID Block); /* NULL: nothing */

/* ---- cfgdev.c ---- */
CONFIGRET CfgFromStatus(NTSTATUS Status);
/* The instance ID of a number. Flags: those given, Known: those that may be. */
CONFIGRET CfgDevice(DEVINST DevInst, ULONG Flags, ULONG Known, WCHAR Path[PNP_INSTANCE_CHARACTERS]);
/* Could this be an instance ID? */
BOOLEAN CfgGoodInstanceId(const WCHAR *Id);
/* Its Enum key is there. */
BOOLEAN CfgKnown(const WCHAR *InstanceId);
/* Every instance ID that Enum has, or (Present) that is there; double terminated, TAG_CFG or pool
 * that CfgFree takes. NULL: no memory. */
WCHAR *CfgAllDevices(BOOLEAN Present);

/* ---- cfgprop.c ---- */
/* A property by CM_DRP_*, of a device; *Data is for CfgFree. */
CONFIGRET CfgReadProperty(const WCHAR *InstanceId, ULONG Property, ULONG *Type, PVOID *Data,
                          ULONG *Bytes);
CONFIGRET CfgWriteProperty(const WCHAR *InstanceId, ULONG Property, const VOID *Data, ULONG Bytes);
CONFIGRET CfgReadClassProperty(const GUID *Class, ULONG Property, ULONG *Type, PVOID *Data,
                               ULONG *Bytes);
CONFIGRET CfgWriteClassProperty(const GUID *Class, ULONG Property, const VOID *Data, ULONG Bytes);
/* Copies out with the size rules of all: *Length is room, then size. */
CONFIGRET CfgGive(const VOID *Data, ULONG Bytes, PVOID Buffer, PULONG Length);

/* ---- cfgkeyed.c ---- */
CONFIGRET CfgReadKeyed(const WCHAR *InstanceId, const DEVPROPKEY *Key, DEVPROPTYPE *Type,
                       PVOID *Data, ULONG *Bytes);
CONFIGRET CfgReadInterfaceKeyed(const WCHAR *Name, const DEVPROPKEY *Key, DEVPROPTYPE *Type,
                                PVOID *Data, ULONG *Bytes);

/* ---- cfgkey.c ---- */
/* A key by its NT path, for the program. CR_NO_SUCH_REGISTRY_KEY. */
CONFIGRET CfgOpenPath(const WCHAR *Path, REGSAM Access, BOOLEAN Create, PHKEY Key);
/* The key of a device that CM_Open_DevNode_Key's flags mean. CR_NO_SUCH_VALUE: it has no driver. */
CONFIGRET CfgKeyPath(const WCHAR *InstanceId, ULONG Flags, WCHAR Path[PNP_PATH_CHARACTERS]);
/* A number below its class, where it has none. CR_NO_SUCH_VALUE: it has no class. */
CONFIGRET CfgMakeDriverKey(const WCHAR *InstanceId);
ULONG CfgProfileFlags(const WCHAR *InstanceId);
CONFIGRET CfgSetProfileFlags(const WCHAR *InstanceId, ULONG Flags);

/* ---- cfgnotify.c ---- */
VOID CfgEndNotifications(PEPROCESS Process); /* those of a program that ends; NULL: of all */

#endif
