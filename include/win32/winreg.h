/* SPDX-License-Identifier: MIT */
/*
 * winreg.h - the registry for programs.
 *
 * Every routine returns a Win32 code, ERROR_SUCCESS or what went wrong; the last error stays as it
 * is. A handle is held to the rights that it was opened with (ERROR_ACCESS_DENIED). Reserved
 * parameters are zero. Key names are compared without regard to case; a path relative to Key has no
 * backslash in front (ERROR_BAD_PATHNAME). Text of the A forms is UTF-8, and so is what they give
 * of REG_SZ, REG_EXPAND_SZ and REG_MULTI_SZ. PASSIVE_LEVEL, any thread of a program.
 *
 * Source: MS docs, winreg.h.
 */
#ifndef NTIO_WIN32_WINREG_H
#define NTIO_WIN32_WINREG_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef ACCESS_MASK REGSAM;
typedef LONG LSTATUS;

#define HKEY_CLASSES_ROOT   ((HKEY)(ULONG_PTR)((LONG)0x80000000))
#define HKEY_CURRENT_USER   ((HKEY)(ULONG_PTR)((LONG)0x80000001))
#define HKEY_LOCAL_MACHINE  ((HKEY)(ULONG_PTR)((LONG)0x80000002))
#define HKEY_USERS          ((HKEY)(ULONG_PTR)((LONG)0x80000003))
#define HKEY_CURRENT_CONFIG ((HKEY)(ULONG_PTR)((LONG)0x80000005))

/* What RegGetValue may give. */
#define RRF_RT_REG_NONE      0x00000001
#define RRF_RT_REG_SZ        0x00000002
#define RRF_RT_REG_EXPAND_SZ 0x00000004
#define RRF_RT_REG_BINARY    0x00000008
#define RRF_RT_REG_DWORD     0x00000010
#define RRF_RT_REG_MULTI_SZ  0x00000020
#define RRF_RT_REG_QWORD     0x00000040
#define RRF_RT_DWORD         (RRF_RT_REG_BINARY | RRF_RT_REG_DWORD)
#define RRF_RT_QWORD         (RRF_RT_REG_BINARY | RRF_RT_REG_QWORD)
#define RRF_RT_ANY           0x0000ffff
#define RRF_NOEXPAND         0x10000000
#define RRF_ZEROONFAILURE    0x20000000

/* SubKey NULL or empty: Key once more. ERROR_FILE_NOT_FOUND. */
WINADVAPI LSTATUS WINAPI RegOpenKeyExW(HKEY Key, LPCWSTR SubKey, DWORD Options, REGSAM Desired,
                                       PHKEY Result);
WINADVAPI LSTATUS WINAPI RegOpenKeyExA(HKEY Key, LPCSTR SubKey, DWORD Options, REGSAM Desired,
                                       PHKEY Result);
/* Opens or creates, with those in between. Options: REG_OPTION_VOLATILE; Disposition (may be NULL):
 * REG_CREATED_NEW_KEY, REG_OPENED_EXISTING_KEY. ERROR_CHILD_MUST_BE_VOLATILE. */
WINADVAPI LSTATUS WINAPI RegCreateKeyExW(HKEY Key, LPCWSTR SubKey, DWORD Reserved, LPWSTR Class,
                                         DWORD Options, REGSAM Desired,
                                         const LPSECURITY_ATTRIBUTES SecurityAttributes,
                                         PHKEY Result, LPDWORD Disposition);
WINADVAPI LSTATUS WINAPI RegCreateKeyExA(HKEY Key, LPCSTR SubKey, DWORD Reserved, LPSTR Class,
                                         DWORD Options, REGSAM Desired,
                                         const LPSECURITY_ATTRIBUTES SecurityAttributes,
                                         PHKEY Result, LPDWORD Disposition);
/* With all that the caller may have. */
WINADVAPI LSTATUS WINAPI RegOpenKeyW(HKEY Key, LPCWSTR SubKey, PHKEY Result);
WINADVAPI LSTATUS WINAPI RegOpenKeyA(HKEY Key, LPCSTR SubKey, PHKEY Result);
WINADVAPI LSTATUS WINAPI RegCreateKeyW(HKEY Key, LPCWSTR SubKey, PHKEY Result);
WINADVAPI LSTATUS WINAPI RegCreateKeyA(HKEY Key, LPCSTR SubKey, PHKEY Result);
WINADVAPI LSTATUS WINAPI RegCloseKey(HKEY Key);
WINADVAPI LSTATUS WINAPI RegFlushKey(HKEY Key);

/*
 * A value as it is stored. Data NULL: its size only. *Size: bytes of the buffer in, of the value
 * out. ERROR_MORE_DATA, ERROR_FILE_NOT_FOUND.
 */
WINADVAPI LSTATUS WINAPI RegQueryValueExW(HKEY Key, LPCWSTR ValueName, LPDWORD Reserved,
                                          LPDWORD Type, LPBYTE Data, LPDWORD Size);
WINADVAPI LSTATUS WINAPI RegQueryValueExA(HKEY Key, LPCSTR ValueName, LPDWORD Reserved,
                                          LPDWORD Type, LPBYTE Data, LPDWORD Size);
/*
 * A value of one of the types in Flags, its strings terminated in any case and, but for
 * RRF_NOEXPAND, REG_EXPAND_SZ with %SystemRoot%, %windir% and %SystemDrive% expanded, as REG_SZ.
 * ERROR_UNSUPPORTED_TYPE, ERROR_INVALID_DATA (RRF_RT_DWORD, RRF_RT_QWORD: binary data of another
 * size), ERROR_MORE_DATA, ERROR_FILE_NOT_FOUND.
 */
WINADVAPI LSTATUS WINAPI RegGetValueW(HKEY Key, LPCWSTR SubKey, LPCWSTR ValueName, DWORD Flags,
                                      LPDWORD Type, PVOID Data, LPDWORD Size);
WINADVAPI LSTATUS WINAPI RegGetValueA(HKEY Key, LPCSTR SubKey, LPCSTR ValueName, DWORD Flags,
                                      LPDWORD Type, PVOID Data, LPDWORD Size);
WINADVAPI LSTATUS WINAPI RegSetValueExW(HKEY Key, LPCWSTR ValueName, DWORD Reserved, DWORD Type,
                                        const BYTE *Data, DWORD Size);
WINADVAPI LSTATUS WINAPI RegSetValueExA(HKEY Key, LPCSTR ValueName, DWORD Reserved, DWORD Type,
                                        const BYTE *Data, DWORD Size);
/* In a subkey, which is created where it is missing. */
WINADVAPI LSTATUS WINAPI RegSetKeyValueW(HKEY Key, LPCWSTR SubKey, LPCWSTR ValueName, DWORD Type,
                                         LPCVOID Data, DWORD Size);
WINADVAPI LSTATUS WINAPI RegSetKeyValueA(HKEY Key, LPCSTR SubKey, LPCSTR ValueName, DWORD Type,
                                         LPCVOID Data, DWORD Size);
WINADVAPI LSTATUS WINAPI RegDeleteValueW(HKEY Key, LPCWSTR ValueName);
WINADVAPI LSTATUS WINAPI RegDeleteValueA(HKEY Key, LPCSTR ValueName);
WINADVAPI LSTATUS WINAPI RegDeleteKeyValueW(HKEY Key, LPCWSTR SubKey, LPCWSTR ValueName);
WINADVAPI LSTATUS WINAPI RegDeleteKeyValueA(HKEY Key, LPCSTR SubKey, LPCSTR ValueName);

/* *Characters: of the buffer in; without the zero out. ERROR_NO_MORE_ITEMS; ERROR_MORE_DATA. */
WINADVAPI LSTATUS WINAPI RegEnumKeyExW(HKEY Key, DWORD Index, LPWSTR Name, LPDWORD Characters,
                                       LPDWORD Reserved, LPWSTR Class, LPDWORD ClassCharacters,
                                       PFILETIME LastWriteTime);
WINADVAPI LSTATUS WINAPI RegEnumKeyExA(HKEY Key, DWORD Index, LPSTR Name, LPDWORD Characters,
                                       LPDWORD Reserved, LPSTR Class, LPDWORD ClassCharacters,
                                       PFILETIME LastWriteTime);
WINADVAPI LSTATUS WINAPI RegEnumValueW(HKEY Key, DWORD Index, LPWSTR ValueName, LPDWORD Characters,
                                       LPDWORD Reserved, LPDWORD Type, LPBYTE Data, LPDWORD Size);
WINADVAPI LSTATUS WINAPI RegEnumValueA(HKEY Key, DWORD Index, LPSTR ValueName, LPDWORD Characters,
                                       LPDWORD Reserved, LPDWORD Type, LPBYTE Data, LPDWORD Size);
/* Each out parameter may be NULL. Lengths of names are in characters, without a zero (of the A
 * form: an upper bound). There are no security descriptors: their size is 0. */
WINADVAPI LSTATUS WINAPI RegQueryInfoKeyW(HKEY Key, LPWSTR Class, LPDWORD ClassCharacters,
                                          LPDWORD Reserved, LPDWORD SubKeys, LPDWORD LongestSubKey,
                                          LPDWORD LongestClass, LPDWORD Values,
                                          LPDWORD LongestValueName, LPDWORD LongestValue,
                                          LPDWORD SecurityDescriptor, PFILETIME LastWriteTime);
WINADVAPI LSTATUS WINAPI RegQueryInfoKeyA(HKEY Key, LPSTR Class, LPDWORD ClassCharacters,
                                          LPDWORD Reserved, LPDWORD SubKeys, LPDWORD LongestSubKey,
                                          LPDWORD LongestClass, LPDWORD Values,
                                          LPDWORD LongestValueName, LPDWORD LongestValue,
                                          LPDWORD SecurityDescriptor, PFILETIME LastWriteTime);

#define REG_NOTIFY_THREAD_AGNOSTIC 0x10000000 /* watches outlive the thread here in any case */
/*
 * Waits for a change to Key, or to it and what is below (WatchSubtree): REG_NOTIFY_CHANGE_NAME,
 * REG_NOTIFY_CHANGE_LAST_SET. Asynchronous: returns at once, and Event is signalled then, or when
 * the key is closed or deleted. One change is told of; for the next one it is called again. Needs
 * KEY_NOTIFY. A predefined key that is watched asynchronously stays open until the program ends.
 */
WINADVAPI LSTATUS WINAPI RegNotifyChangeKeyValue(HKEY Key, BOOL WatchSubtree, DWORD NotifyFilter,
                                                 HANDLE Event, BOOL Asynchronous);

/* ERROR_ACCESS_DENIED: it has subkeys. */
WINADVAPI LSTATUS WINAPI RegDeleteKeyW(HKEY Key, LPCWSTR SubKey);
WINADVAPI LSTATUS WINAPI RegDeleteKeyA(HKEY Key, LPCSTR SubKey);
WINADVAPI LSTATUS WINAPI RegDeleteKeyExW(HKEY Key, LPCWSTR SubKey, REGSAM Desired, DWORD Reserved);
WINADVAPI LSTATUS WINAPI RegDeleteKeyExA(HKEY Key, LPCSTR SubKey, REGSAM Desired, DWORD Reserved);
/* With all below. SubKey NULL: what is in Key, which itself stays. */
WINADVAPI LSTATUS WINAPI RegDeleteTreeW(HKEY Key, LPCWSTR SubKey);
WINADVAPI LSTATUS WINAPI RegDeleteTreeA(HKEY Key, LPCSTR SubKey);

#ifdef UNICODE
#define RegOpenKeyEx      RegOpenKeyExW
#define RegCreateKeyEx    RegCreateKeyExW
#define RegOpenKey        RegOpenKeyW
#define RegCreateKey      RegCreateKeyW
#define RegQueryValueEx   RegQueryValueExW
#define RegGetValue       RegGetValueW
#define RegSetValueEx     RegSetValueExW
#define RegSetKeyValue    RegSetKeyValueW
#define RegDeleteValue    RegDeleteValueW
#define RegDeleteKeyValue RegDeleteKeyValueW
#define RegEnumKeyEx      RegEnumKeyExW
#define RegEnumValue      RegEnumValueW
#define RegQueryInfoKey   RegQueryInfoKeyW
#define RegDeleteKey      RegDeleteKeyW
#define RegDeleteKeyEx    RegDeleteKeyExW
#define RegDeleteTree     RegDeleteTreeW
#else
#define RegOpenKeyEx      RegOpenKeyExA
#define RegCreateKeyEx    RegCreateKeyExA
#define RegOpenKey        RegOpenKeyA
#define RegCreateKey      RegCreateKeyA
#define RegQueryValueEx   RegQueryValueExA
#define RegGetValue       RegGetValueA
#define RegSetValueEx     RegSetValueExA
#define RegSetKeyValue    RegSetKeyValueA
#define RegDeleteValue    RegDeleteValueA
#define RegDeleteKeyValue RegDeleteKeyValueA
#define RegEnumKeyEx      RegEnumKeyExA
#define RegEnumValue      RegEnumValueA
#define RegQueryInfoKey   RegQueryInfoKeyA
#define RegDeleteKey      RegDeleteKeyA
#define RegDeleteKeyEx    RegDeleteKeyExA
#define RegDeleteTree     RegDeleteTreeA
#endif

#ifdef __cplusplus
}
#endif
#endif
