/* SPDX-License-Identifier: MIT */
/* regkey.c - keys: opened, made, listed, asked about, deleted. */
#include "ntio/win32/reg.h"

/* ---- open and create ---- */

LSTATUS WINAPI RegOpenKeyExW(HKEY Key, LPCWSTR SubKey, DWORD Options, REGSAM Desired, PHKEY Result)
{
    WIN32_ENTER();
    HANDLE New = NULL;
    REG_KEY Root;
    NTSTATUS Status;

    if (Result == NULL || (Options & ~(DWORD)REG_OPTION_OPEN_LINK) != 0)
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (NT_SUCCESS(Status)) {
        Status = RegpOpen(Root.Handle, SubKey, Desired, Options, &New);
        RegpEnd(&Root);
    }
    *Result = (HKEY)New;
    return RegpResult(Status);
}

LSTATUS WINAPI RegOpenKeyExA(HKEY Key, LPCSTR SubKey, DWORD Options, REGSAM Desired, PHKEY Result)
{
    UNICODE_STRING Wide;
    LSTATUS Error = RegpWide(SubKey, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = RegOpenKeyExW(Key, Wide.Buffer, Options, Desired, Result);
    Win32pFreeName(&Wide);
    return Error;
}

static NTSTATUS Create(HANDLE Root, PUNICODE_STRING Name, PUNICODE_STRING Class, ULONG Options,
                       ACCESS_MASK Access, HANDLE *Key, ULONG *Disposition)
{
    OBJECT_ATTRIBUTES Attributes;

    InitializeObjectAttributes(&Attributes, Name, OBJ_CASE_INSENSITIVE, Root, NULL);
    return NtCreateKey(Key, Access, &Attributes, 0, Class, Options, Disposition);
}

/* With what is missing in between: the service makes the last one alone. */
static NTSTATUS CreateAll(HANDLE Root, LPCWSTR SubKey, PUNICODE_STRING Class, ULONG Options,
                          ACCESS_MASK Access, HANDLE *Key, ULONG *Disposition)
{
    UNICODE_STRING Name, Front;
    NTSTATUS Status = RtlInitUnicodeStringEx(&Name, SubKey);
    HANDLE Between;

    if (NT_SUCCESS(Status))
        Status = Create(Root, &Name, Class, Options, Access, Key, Disposition);
    if (Status != STATUS_OBJECT_NAME_NOT_FOUND)
        return Status;
    Front = Name;
    for (USHORT i = 0; i < Name.Length / sizeof(WCHAR); i++) {
        if (Name.Buffer[i] != L'\\')
            continue;
        Front.Length = (USHORT)(i * sizeof(WCHAR));
        Status = Create(Root, &Front, NULL, Options & REG_OPTION_VOLATILE, KEY_CREATE_SUB_KEY,
                        &Between, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
        NtClose(Between);
    }
    return Create(Root, &Name, Class, Options, Access, Key, Disposition);
}

LSTATUS WINAPI RegCreateKeyExW(HKEY Key, LPCWSTR SubKey, DWORD Reserved, LPWSTR Class,
                               DWORD Options, REGSAM Desired,
                               const LPSECURITY_ATTRIBUTES SecurityAttributes, PHKEY Result,
                               LPDWORD Disposition)
{
    WIN32_ENTER();
    ULONG Done = REG_OPENED_EXISTING_KEY;
    UNICODE_STRING ClassName;
    HANDLE New = NULL;
    REG_KEY Root;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(SecurityAttributes);
    if (SubKey == NULL || Result == NULL || Reserved != 0)
        return ERROR_INVALID_PARAMETER;
    if (SubKey[0] == L'\\')
        return ERROR_BAD_PATHNAME;
    Desired &= ~(REGSAM)(KEY_WOW64_32KEY | KEY_WOW64_64KEY);
    Status = RtlInitUnicodeStringEx(&ClassName, Class);
    if (NT_SUCCESS(Status))
        Status = RegpBegin(Key, &Root);
    if (NT_SUCCESS(Status)) {
        Status = CreateAll(Root.Handle, SubKey, Class != NULL ? &ClassName : NULL, Options, Desired,
                           &New, &Done);
        RegpEnd(&Root);
    }
    *Result = (HKEY)New;
    if (NT_SUCCESS(Status) && Disposition != NULL)
        *Disposition = Done;
    return RegpResult(Status);
}

LSTATUS WINAPI RegCreateKeyExA(HKEY Key, LPCSTR SubKey, DWORD Reserved, LPSTR Class, DWORD Options,
                               REGSAM Desired, const LPSECURITY_ATTRIBUTES SecurityAttributes,
                               PHKEY Result, LPDWORD Disposition)
{
    UNICODE_STRING Wide, WideClass = {0};
    LSTATUS Error = RegpWide(SubKey, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = RegpWide(Class, &WideClass);
    if (Error == ERROR_SUCCESS)
        Error = RegCreateKeyExW(Key, Wide.Buffer, Reserved, WideClass.Buffer, Options, Desired,
                                SecurityAttributes, Result, Disposition);
    Win32pFreeName(&WideClass);
    Win32pFreeName(&Wide);
    return Error;
}

LSTATUS WINAPI RegOpenKeyW(HKEY Key, LPCWSTR SubKey, PHKEY Result)
{
    return RegOpenKeyExW(Key, SubKey, 0, MAXIMUM_ALLOWED, Result);
}

LSTATUS WINAPI RegOpenKeyA(HKEY Key, LPCSTR SubKey, PHKEY Result)
{
    return RegOpenKeyExA(Key, SubKey, 0, MAXIMUM_ALLOWED, Result);
}

LSTATUS WINAPI RegCreateKeyW(HKEY Key, LPCWSTR SubKey, PHKEY Result)
{
    return RegCreateKeyExW(Key, SubKey != NULL ? SubKey : L"", 0, NULL, 0, MAXIMUM_ALLOWED, NULL,
                           Result, NULL);
}

LSTATUS WINAPI RegCreateKeyA(HKEY Key, LPCSTR SubKey, PHKEY Result)
{
    return RegCreateKeyExA(Key, SubKey != NULL ? SubKey : "", 0, NULL, 0, MAXIMUM_ALLOWED, NULL,
                           Result, NULL);
}

LSTATUS WINAPI RegCloseKey(HKEY Key)
{
    WIN32_ENTER();
    REG_KEY Root;
    NTSTATUS Status;

    if ((LONG_PTR)Key < 0) { /* a predefined one has nothing to be closed */
        Status = RegpBegin(Key, &Root);
        if (NT_SUCCESS(Status))
            RegpEnd(&Root);
        return RegpResult(Status);
    }
    return RegpResult(NtClose((HANDLE)Key));
}

LSTATUS WINAPI RegFlushKey(HKEY Key)
{
    WIN32_ENTER();
    REG_KEY Root;
    NTSTATUS Status = RegpBegin(Key, &Root);

    if (NT_SUCCESS(Status)) {
        Status = NtFlushKey(Root.Handle);
        RegpEnd(&Root);
    }
    return RegpResult(Status);
}

/* ---- what is below ---- */

static LSTATUS EnumKeys(HKEY Key, DWORD Index, LPVOID Name, LPDWORD Characters, LPDWORD Reserved,
                        LPVOID Class, LPDWORD ClassCharacters, PFILETIME LastWriteTime,
                        BOOLEAN Ansi)
{
    WIN32_ENTER();
    KEY_NODE_INFORMATION *Node;
    REG_KEY Root;
    LSTATUS Error;
    NTSTATUS Status;

    if (Name == NULL || Characters == NULL || Reserved != NULL ||
        (Class != NULL && ClassCharacters == NULL))
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Status = RegpEnumKey(Root.Handle, Index, &Node);
    RegpEnd(&Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Error = RegpGiveName(Node->Name, Node->NameLength, Ansi, Name, Characters);
    if (Error == ERROR_SUCCESS && Class != NULL)
        Error = RegpGiveName(
            Node->ClassLength != 0 ? (const WCHAR *)((PUCHAR)Node + Node->ClassOffset) : L"",
            Node->ClassLength, Ansi, Class, ClassCharacters);
    if (LastWriteTime != NULL)
        *LastWriteTime =
            (FILETIME){Node->LastWriteTime.LowPart, (DWORD)Node->LastWriteTime.HighPart};
    RegpFree(Node);
    return Error;
}

LSTATUS WINAPI RegEnumKeyExW(HKEY Key, DWORD Index, LPWSTR Name, LPDWORD Characters,
                             LPDWORD Reserved, LPWSTR Class, LPDWORD ClassCharacters,
                             PFILETIME LastWriteTime)
{
    return EnumKeys(Key, Index, Name, Characters, Reserved, Class, ClassCharacters, LastWriteTime,
                    FALSE);
}

LSTATUS WINAPI RegEnumKeyExA(HKEY Key, DWORD Index, LPSTR Name, LPDWORD Characters,
                             LPDWORD Reserved, LPSTR Class, LPDWORD ClassCharacters,
                             PFILETIME LastWriteTime)
{
    return EnumKeys(Key, Index, Name, Characters, Reserved, Class, ClassCharacters, LastWriteTime,
                    TRUE);
}

static VOID Put(LPDWORD To, DWORD Value)
{
    if (To != NULL)
        *To = Value;
}

/* UTF-8 has three bytes at most for a character of UTF-16. */
static LSTATUS QueryInfo(HKEY Key, LPVOID Class, LPDWORD ClassCharacters, LPDWORD Reserved,
                         LPDWORD SubKeys, LPDWORD LongestSubKey, LPDWORD LongestClass,
                         LPDWORD Values, LPDWORD LongestValueName, LPDWORD LongestValue,
                         LPDWORD SecurityDescriptor, PFILETIME LastWriteTime, BOOLEAN Ansi)
{
    WIN32_ENTER();
    const DWORD Unit = sizeof(WCHAR), Most = Ansi ? 3 : 1;
    KEY_FULL_INFORMATION *Full;
    LSTATUS Error = ERROR_SUCCESS;
    REG_KEY Root;
    NTSTATUS Status;

    if (Reserved != NULL || (Class != NULL && ClassCharacters == NULL))
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Status = RegpQueryKey(Root.Handle, &Full);
    RegpEnd(&Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    if (Class != NULL)
        Error = RegpGiveName(
            Full->ClassLength != 0 ? (const WCHAR *)((PUCHAR)Full + Full->ClassOffset) : L"",
            Full->ClassLength, Ansi, Class, ClassCharacters);
    else
        Put(ClassCharacters, Full->ClassLength / Unit);
    Put(SubKeys, Full->SubKeys);
    Put(LongestSubKey, Full->MaxNameLen / Unit * Most);
    Put(LongestClass, Full->MaxClassLen / Unit * Most);
    Put(Values, Full->Values);
    Put(LongestValueName, Full->MaxValueNameLen / Unit * Most);
    Put(LongestValue, Ansi ? Full->MaxValueDataLen / Unit * Most + 1 : Full->MaxValueDataLen);
    Put(SecurityDescriptor, 0);
    if (LastWriteTime != NULL)
        *LastWriteTime =
            (FILETIME){Full->LastWriteTime.LowPart, (DWORD)Full->LastWriteTime.HighPart};
    RegpFree(Full);
    return Error;
}

LSTATUS WINAPI RegQueryInfoKeyW(HKEY Key, LPWSTR Class, LPDWORD ClassCharacters, LPDWORD Reserved,
                                LPDWORD SubKeys, LPDWORD LongestSubKey, LPDWORD LongestClass,
                                LPDWORD Values, LPDWORD LongestValueName, LPDWORD LongestValue,
                                LPDWORD SecurityDescriptor, PFILETIME LastWriteTime)
{
    return QueryInfo(Key, Class, ClassCharacters, Reserved, SubKeys, LongestSubKey, LongestClass,
                     Values, LongestValueName, LongestValue, SecurityDescriptor, LastWriteTime,
                     FALSE);
}

LSTATUS WINAPI RegQueryInfoKeyA(HKEY Key, LPSTR Class, LPDWORD ClassCharacters, LPDWORD Reserved,
                                LPDWORD SubKeys, LPDWORD LongestSubKey, LPDWORD LongestClass,
                                LPDWORD Values, LPDWORD LongestValueName, LPDWORD LongestValue,
                                LPDWORD SecurityDescriptor, PFILETIME LastWriteTime)
{
    return QueryInfo(Key, Class, ClassCharacters, Reserved, SubKeys, LongestSubKey, LongestClass,
                     Values, LongestValueName, LongestValue, SecurityDescriptor, LastWriteTime,
                     TRUE);
}

/* ---- deletion ---- */

LSTATUS WINAPI RegDeleteKeyExW(HKEY Key, LPCWSTR SubKey, REGSAM Desired, DWORD Reserved)
{
    WIN32_ENTER();
    HANDLE Handle;
    REG_KEY Root;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Desired); /* which view: there is one */
    if (SubKey == NULL || Reserved != 0)
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Status = RegpOpen(Root.Handle, SubKey, DELETE, 0, &Handle);
    RegpEnd(&Root);
    if (NT_SUCCESS(Status)) {
        Status = NtDeleteKey(Handle);
        NtClose(Handle);
    }
    return RegpResult(Status);
}

LSTATUS WINAPI RegDeleteKeyExA(HKEY Key, LPCSTR SubKey, REGSAM Desired, DWORD Reserved)
{
    UNICODE_STRING Wide;
    LSTATUS Error = RegpWide(SubKey, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = RegDeleteKeyExW(Key, Wide.Buffer, Desired, Reserved);
    Win32pFreeName(&Wide);
    return Error;
}

LSTATUS WINAPI RegDeleteKeyW(HKEY Key, LPCWSTR SubKey)
{
    return RegDeleteKeyExW(Key, SubKey, 0, 0);
}

LSTATUS WINAPI RegDeleteKeyA(HKEY Key, LPCSTR SubKey)
{
    return RegDeleteKeyExA(Key, SubKey, 0, 0);
}

#define TREE_DEPTH 512 /* no key of Windows' registry lies deeper */

/* What is below Key, keys first. */
static NTSTATUS DeleteBelow(HANDLE Key, ULONG Depth)
{
    KEY_NODE_INFORMATION *Node;
    NTSTATUS Status;
    HANDLE Child;

    if (Depth == TREE_DEPTH)
        return STATUS_NAME_TOO_LONG;
    while (NT_SUCCESS(Status = RegpEnumKey(Key, 0, &Node))) {
        UNICODE_STRING Name = {(USHORT)Node->NameLength, (USHORT)Node->NameLength, Node->Name};
        OBJECT_ATTRIBUTES Attributes;
        InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, Key, NULL);
        Status = NtOpenKeyEx(&Child, DELETE | KEY_ENUMERATE_SUB_KEYS | KEY_QUERY_VALUE, &Attributes,
                             REG_OPTION_OPEN_LINK);
        RegpFree(Node);
        if (!NT_SUCCESS(Status))
            return Status;
        Status = DeleteBelow(Child, Depth + 1);
        if (NT_SUCCESS(Status))
            Status = NtDeleteKey(Child);
        NtClose(Child);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    return Status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : Status;
}

static NTSTATUS DeleteValues(HANDLE Key)
{
    KEY_VALUE_FULL_INFORMATION *Value;
    NTSTATUS Status;

    while (NT_SUCCESS(Status = RegpEnumValue(Key, 0, &Value))) {
        UNICODE_STRING Name = {(USHORT)Value->NameLength, (USHORT)Value->NameLength, Value->Name};
        Status = NtDeleteValueKey(Key, &Name);
        RegpFree(Value);
        if (!NT_SUCCESS(Status) && Status != STATUS_OBJECT_NAME_NOT_FOUND)
            return Status;
    }
    return Status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : Status;
}

LSTATUS WINAPI RegDeleteTreeW(HKEY Key, LPCWSTR SubKey)
{
    WIN32_ENTER();
    ACCESS_MASK Access = DELETE | KEY_ENUMERATE_SUB_KEYS | KEY_QUERY_VALUE | KEY_SET_VALUE;
    HANDLE Top = NULL;
    REG_KEY Root;
    NTSTATUS Status = RegpBegin(Key, &Root);

    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    if (SubKey == NULL || *SubKey == 0) {
        Status = DeleteBelow(Root.Handle, 0);
        if (NT_SUCCESS(Status))
            Status = DeleteValues(Root.Handle);
    } else {
        Status = RegpOpen(Root.Handle, SubKey, Access, 0, &Top);
        if (NT_SUCCESS(Status)) {
            Status = DeleteBelow(Top, 0);
            if (NT_SUCCESS(Status))
                Status = NtDeleteKey(Top);
            NtClose(Top);
        }
    }
    RegpEnd(&Root);
    return RegpResult(Status);
}

LSTATUS WINAPI RegDeleteTreeA(HKEY Key, LPCSTR SubKey)
{
    UNICODE_STRING Wide;
    LSTATUS Error = RegpWide(SubKey, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = RegDeleteTreeW(Key, Wide.Buffer);
    Win32pFreeName(&Wide);
    return Error;
}

/* ---- changes ---- */

LSTATUS WINAPI RegNotifyChangeKeyValue(HKEY Key, BOOL WatchSubtree, DWORD NotifyFilter,
                                       HANDLE Event, BOOL Asynchronous)
{
    WIN32_ENTER();
    REG_KEY Root;
    NTSTATUS Status;

    if (Asynchronous && Event == NULL)
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Status = CmpNotify(Root.Handle, Asynchronous ? Event : NULL, NULL, 0, NULL,
                       NotifyFilter & ~(DWORD)REG_NOTIFY_THREAD_AGNOSTIC, WatchSubtree != FALSE,
                       Asynchronous == FALSE, UserMode);
    if (!Asynchronous || !NT_SUCCESS(Status))
        RegpEnd(&Root); /* else its close would end the watch */
    return NT_SUCCESS(Status) ? ERROR_SUCCESS : RegpResult(Status);
}
