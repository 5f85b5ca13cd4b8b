/* SPDX-License-Identifier: MIT */
/*
 * cm.h - the registry, in memory. Paths are NT paths
 * (L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\vhba"), case-insensitive.
 *
 * CurrentControlSet is a link to ControlSet001. One lock (CmpLock, a mutex at PASSIVE_LEVEL) guards
 * the tree; under it only those of events and work queues are taken (notify.c), and the pool's. Key
 * objects are Ob objects of type Key; Zw key routines are here. The Cmp routines below are for
 * ntio's own components: no handles, keys are made on the way where Create says so.
 */
#ifndef NTIO_CM_H
#define NTIO_CM_H

#include "ntio/ob/ob.h"

NTSTATUS CmInitializeSystem(
    VOID); /* \Registry\Machine\{System\ControlSet001\{Services,Enum,Control\Class,...},Software,Hardware},
              \Registry\User */
VOID CmShutdownSystem(VOID);

NTSTATUS CmpCreateKey(const WCHAR *Path);         /* and those above it */
NTSTATUS CmpCreateVolatileKey(const WCHAR *Path); /* the same; it is saved to no file */
NTSTATUS CmpDeleteTree(const WCHAR *Path);
BOOLEAN CmpKeyExists(const WCHAR *Path);
/* Makes the key where it is missing. Data is copied. */
NTSTATUS CmpSetValue(const WCHAR *Path, const WCHAR *Name, ULONG Type, const VOID *Data,
                     ULONG Bytes);
NTSTATUS CmpSetString(const WCHAR *Path, const WCHAR *Name, const WCHAR *String); /* REG_SZ */
NTSTATUS CmpSetMultiString(const WCHAR *Path, const WCHAR *Name,
                           const WCHAR *Strings /* double terminated */);
NTSTATUS CmpSetUlong(const WCHAR *Path, const WCHAR *Name, ULONG Value);
NTSTATUS CmpDeleteValue(const WCHAR *Path, const WCHAR *Name);
/* *Data from paged pool, tag 'mCmR', with two WCHARs of zero behind it; the caller frees with
 * ExFreePool. STATUS_OBJECT_NAME_NOT_FOUND. */
NTSTATUS CmpQueryValue(const WCHAR *Path, const WCHAR *Name, ULONG *Type, PVOID *Data,
                       ULONG *Bytes);
/* A REG_SZ, REG_EXPAND_SZ or REG_MULTI_SZ; same ownership. STATUS_OBJECT_TYPE_MISMATCH for other
 * types. */
NTSTATUS CmpQueryString(const WCHAR *Path, const WCHAR *Name, WCHAR **String);
NTSTATUS CmpQueryUlong(const WCHAR *Path, const WCHAR *Name, ULONG *Value);
/* The Index-th subkey's name, allocated as above. STATUS_NO_MORE_ENTRIES. */
NTSTATUS CmpEnumerateSubkey(const WCHAR *Path, ULONG Index, WCHAR **Name);

#endif
