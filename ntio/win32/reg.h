/* SPDX-License-Identifier: MIT */
/*
 * reg.h - what the files of the registry's API share.
 *
 * Each routine enters user mode (WIN32_ENTER) and calls the Nt services of cm: rights and pointers
 * are checked there. Nothing is kept between calls, no lock is taken here.
 */
#ifndef NTIO_WIN32_REG_H
#define NTIO_WIN32_REG_H

#include "ntio/cm/ntcm.h"
#include "ntio/win32/win32.h"

#include "winreg.h"

#define REG_TAG 'gR3W'

/* A key to work on: a predefined one is opened for the call. RegpEnd closes what RegpBegin opened.
 */
typedef struct _REG_KEY {
    HANDLE Handle;
    BOOLEAN Own;
} REG_KEY;
NTSTATUS RegpBegin(HKEY Key, REG_KEY *Open);
VOID RegpEnd(REG_KEY *Open);
/* Below an open key; Name NULL or empty: the key itself, once more. */
NTSTATUS RegpOpen(HANDLE Root, LPCWSTR Name, ACCESS_MASK Access, ULONG Options, HANDLE *Key);
LSTATUS RegpResult(NTSTATUS Status);

/* Whole answers, from pool (RegpFree). */
NTSTATUS RegpQueryValue(HANDLE Key, LPCWSTR Name, KEY_VALUE_PARTIAL_INFORMATION **Value);
NTSTATUS RegpEnumValue(HANDLE Key, ULONG Index, KEY_VALUE_FULL_INFORMATION **Value);
NTSTATUS RegpEnumKey(HANDLE Key, ULONG Index, KEY_NODE_INFORMATION **Node);
NTSTATUS RegpQueryKey(HANDLE Key, KEY_FULL_INFORMATION **Full);
VOID RegpFree(PVOID Answer);

/*
 * Data to a program. *Size as in RegQueryValueEx (may be NULL where Data is). Ansi: strings become
 * UTF-8. ERROR_MORE_DATA, ERROR_INVALID_PARAMETER.
 */
LSTATUS RegpGiveData(ULONG Type, const VOID *From, ULONG Bytes, BOOLEAN Ansi, LPVOID Data,
                     LPDWORD Size);
/* A counted name to a program, terminated; *Characters as in RegEnumKeyEx. */
LSTATUS RegpGiveName(const WCHAR *Name, ULONG Bytes, BOOLEAN Ansi, LPVOID To, LPDWORD Characters);
BOOLEAN RegpIsText(ULONG Type);
/* Text that programs gave in an A form. */
LSTATUS RegpWide(LPCSTR Text, PUNICODE_STRING Wide); /* NULL stays NULL; Win32pFreeName */
/* Data of a text type, UTF-8 to UTF-16, from pool (RegpFree). */
LSTATUS RegpWidenData(const VOID *Data, DWORD Size, PVOID *Wide, DWORD *WideSize);

#endif
