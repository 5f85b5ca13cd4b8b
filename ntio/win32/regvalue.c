/* SPDX-License-Identifier: MIT */
/* regvalue.c - values: asked for, set, listed, deleted. */
#include "ntio/win32/reg.h"

/* ---- query ---- */

static LSTATUS Query(HKEY Key, LPCWSTR ValueName, LPDWORD Reserved, LPDWORD Type, LPBYTE Data,
                     LPDWORD Size, BOOLEAN Ansi)
{
    WIN32_ENTER();
    KEY_VALUE_PARTIAL_INFORMATION *Value;
    REG_KEY Root;
    LSTATUS Error;
    NTSTATUS Status;

    if (Reserved != NULL || (Data != NULL && Size == NULL))
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Status = RegpQueryValue(Root.Handle, ValueName, &Value);
    RegpEnd(&Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    if (Type != NULL)
        *Type = Value->Type;
    Error = RegpGiveData(Value->Type, Value->Data, Value->DataLength, Ansi, Data, Size);
    RegpFree(Value);
    return Error;
}

LSTATUS WINAPI RegQueryValueExW(HKEY Key, LPCWSTR ValueName, LPDWORD Reserved, LPDWORD Type,
                                LPBYTE Data, LPDWORD Size)
{
    return Query(Key, ValueName, Reserved, Type, Data, Size, FALSE);
}

LSTATUS WINAPI RegQueryValueExA(HKEY Key, LPCSTR ValueName, LPDWORD Reserved, LPDWORD Type,
                                LPBYTE Data, LPDWORD Size)
{
    UNICODE_STRING Wide;
    LSTATUS Error = RegpWide(ValueName, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = Query(Key, Wide.Buffer, Reserved, Type, Data, Size, TRUE);
    Win32pFreeName(&Wide);
    return Error;
}

/* ---- a value of the right type ---- */

static const struct {
    LPCWSTR Name, Value;
} Variables[] = {
    {L"%SystemRoot%", L"C:\\Windows"}, {L"%windir%", L"C:\\Windows"}, {L"%SystemDrive%", L"C:"}};

/* Text with its variables expanded and terminated, from pool. *Bytes: with the zero. */
static PWCHAR Expand(const WCHAR *Text, SIZE_T Count, ULONG *Bytes)
{
    /* No variable's value is longer than its name. */
    PWCHAR To = ExAllocatePoolWithTag(PagedPool, (Count + 1) * sizeof(WCHAR), REG_TAG);
    SIZE_T Written = 0, At = 0, i;

    if (To == NULL)
        return NULL;
    while (At < Count && Text[At] != 0) {
        for (i = 0; i < RTL_NUMBER_OF(Variables); i++) {
            SIZE_T Length = NtCrt_wcslen(Variables[i].Name);
            if (Length <= Count - At && NtCrt__wcsnicmp(Text + At, Variables[i].Name, Length) == 0)
                break;
        }
        if (i == RTL_NUMBER_OF(Variables)) {
            To[Written++] = Text[At++];
            continue;
        }
        SIZE_T Length = NtCrt_wcslen(Variables[i].Value);
        RtlCopyMemory(To + Written, Variables[i].Value, Length * sizeof(WCHAR));
        Written += Length;
        At += NtCrt_wcslen(Variables[i].Name);
    }
    To[Written++] = 0;
    *Bytes = (ULONG)(Written * sizeof(WCHAR));
    return To;
}

static PWCHAR Terminate(ULONG Type, const WCHAR *Text, SIZE_T Count, ULONG *Bytes)
{
    SIZE_T Zeros = Type == REG_MULTI_SZ ? 2 : 1, Have = 0;
    PWCHAR To = ExAllocatePoolWithTag(PagedPool, (Count + Zeros) * sizeof(WCHAR), REG_TAG);

    if (To == NULL)
        return NULL;
    if (Count != 0)
        RtlCopyMemory(To, Text, Count * sizeof(WCHAR));
    while (Have < Zeros && Have < Count && Text[Count - 1 - Have] == 0)
        Have++;
    if (Type == REG_MULTI_SZ && Count == 1 && Have == 1)
        Have = Zeros; /* an empty list is one zero */
    for (; Have < Zeros; Have++)
        To[Count++] = 0;
    *Bytes = (ULONG)(Count * sizeof(WCHAR));
    return To;
}

static LSTATUS CheckType(DWORD Flags, ULONG Type, ULONG Bytes)
{
    static const struct {
        ULONG Type;
        DWORD Flag;
    } Types[] = {{REG_NONE, RRF_RT_REG_NONE},           {REG_SZ, RRF_RT_REG_SZ},
                 {REG_EXPAND_SZ, RRF_RT_REG_EXPAND_SZ}, {REG_BINARY, RRF_RT_REG_BINARY},
                 {REG_DWORD, RRF_RT_REG_DWORD},         {REG_MULTI_SZ, RRF_RT_REG_MULTI_SZ},
                 {REG_QWORD, RRF_RT_REG_QWORD}};
    DWORD Wanted = Flags & RRF_RT_ANY;

    if (Wanted == RRF_RT_ANY)
        return ERROR_SUCCESS;
    if (Type == REG_BINARY && ((Wanted == RRF_RT_DWORD && Bytes != sizeof(DWORD)) ||
                               (Wanted == RRF_RT_QWORD && Bytes != sizeof(ULONGLONG))))
        return ERROR_INVALID_DATA;
    for (ULONG i = 0; i < RTL_NUMBER_OF(Types); i++)
        if (Types[i].Type == Type && (Types[i].Flag & Wanted) != 0)
            return ERROR_SUCCESS;
    return ERROR_UNSUPPORTED_TYPE;
}

static LSTATUS GiveChecked(const KEY_VALUE_PARTIAL_INFORMATION *Value, DWORD Flags, LPDWORD Type,
                           PVOID Data, LPDWORD Size, BOOLEAN Ansi)
{
    SIZE_T Count = Value->DataLength / sizeof(WCHAR);
    ULONG Kind = Value->Type, Bytes = Value->DataLength;
    PWCHAR Text = NULL;
    LSTATUS Error;

    if (Kind == REG_EXPAND_SZ && (Flags & RRF_NOEXPAND) == 0) {
        Kind = REG_SZ;
        Text = Expand((const WCHAR *)Value->Data, Count, &Bytes);
    } else if (RegpIsText(Kind)) {
        Text = Terminate(Kind, (const WCHAR *)Value->Data, Count, &Bytes);
    }
    if (Text == NULL && RegpIsText(Kind))
        return ERROR_NOT_ENOUGH_MEMORY;
    if (Type != NULL)
        *Type = Kind;
    Error = CheckType(Flags, Kind, Bytes);
    if (Error == ERROR_SUCCESS)
        Error = RegpGiveData(Kind, Text != NULL ? (PVOID)Text : (PVOID)Value->Data, Bytes, Ansi,
                             Data, Size);
    RegpFree(Text);
    return Error;
}

static LSTATUS GetValue(HKEY Key, LPCWSTR SubKey, LPCWSTR ValueName, DWORD Flags, LPDWORD Type,
                        PVOID Data, LPDWORD Size, BOOLEAN Ansi)
{
    WIN32_ENTER();
    KEY_VALUE_PARTIAL_INFORMATION *Value;
    DWORD Room = Data != NULL && Size != NULL ? *Size : 0;
    HANDLE Handle = NULL;
    REG_KEY Root;
    LSTATUS Error;
    NTSTATUS Status;

    if ((Data != NULL && Size == NULL) || (Flags & RRF_RT_ANY) == 0 ||
        ((Flags & RRF_RT_REG_EXPAND_SZ) != 0 && (Flags & RRF_NOEXPAND) == 0 &&
         (Flags & RRF_RT_ANY) != RRF_RT_ANY))
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (NT_SUCCESS(Status) && SubKey != NULL && *SubKey != 0)
        Status = RegpOpen(Root.Handle, SubKey, KEY_QUERY_VALUE, 0, &Handle);
    if (NT_SUCCESS(Status))
        Status = RegpQueryValue(Handle != NULL ? Handle : Root.Handle, ValueName, &Value);
    if (Handle != NULL)
        NtClose(Handle);
    RegpEnd(&Root);
    Error = RegpResult(Status);
    if (NT_SUCCESS(Status)) {
        Error = GiveChecked(Value, Flags, Type, Data, Size, Ansi);
        RegpFree(Value);
    }
    if (Error != ERROR_SUCCESS && (Flags & RRF_ZEROONFAILURE) != 0 && Room != 0)
        RtlZeroMemory(Data, Room);
    return Error;
}

LSTATUS WINAPI RegGetValueW(HKEY Key, LPCWSTR SubKey, LPCWSTR ValueName, DWORD Flags, LPDWORD Type,
                            PVOID Data, LPDWORD Size)
{
    return GetValue(Key, SubKey, ValueName, Flags, Type, Data, Size, FALSE);
}

LSTATUS WINAPI RegGetValueA(HKEY Key, LPCSTR SubKey, LPCSTR ValueName, DWORD Flags, LPDWORD Type,
                            PVOID Data, LPDWORD Size)
{
    UNICODE_STRING Wide, WideName = {0};
    LSTATUS Error = RegpWide(SubKey, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = RegpWide(ValueName, &WideName);
    if (Error == ERROR_SUCCESS)
        Error = GetValue(Key, Wide.Buffer, WideName.Buffer, Flags, Type, Data, Size, TRUE);
    Win32pFreeName(&WideName);
    Win32pFreeName(&Wide);
    return Error;
}

/* ---- set ---- */

static NTSTATUS Set(HANDLE Key, LPCWSTR ValueName, DWORD Type, LPCVOID Data, DWORD Size)
{
    UNICODE_STRING Name;
    NTSTATUS Status = RtlInitUnicodeStringEx(&Name, ValueName);

    if (!NT_SUCCESS(Status))
        return Status;
    return NtSetValueKey(Key, &Name, 0, Type, (PVOID)(ULONG_PTR)Data, Size);
}

LSTATUS WINAPI RegSetValueExW(HKEY Key, LPCWSTR ValueName, DWORD Reserved, DWORD Type,
                              const BYTE *Data, DWORD Size)
{
    WIN32_ENTER();
    REG_KEY Root;
    NTSTATUS Status;

    if (Reserved != 0)
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Status = Set(Root.Handle, ValueName, Type, Data, Size);
    RegpEnd(&Root);
    return RegpResult(Status);
}

LSTATUS WINAPI RegSetValueExA(HKEY Key, LPCSTR ValueName, DWORD Reserved, DWORD Type,
                              const BYTE *Data, DWORD Size)
{
    UNICODE_STRING Wide;
    PVOID Text = NULL;
    LSTATUS Error = RegpWide(ValueName, &Wide);

    if (Error == ERROR_SUCCESS && RegpIsText(Type))
        Error = RegpWidenData(Data, Size, &Text, &Size);
    if (Error == ERROR_SUCCESS)
        Error = RegSetValueExW(Key, Wide.Buffer, Reserved, Type, Text != NULL ? Text : Data, Size);
    RegpFree(Text);
    Win32pFreeName(&Wide);
    return Error;
}

LSTATUS WINAPI RegSetKeyValueW(HKEY Key, LPCWSTR SubKey, LPCWSTR ValueName, DWORD Type,
                               LPCVOID Data, DWORD Size)
{
    HKEY Below;
    LSTATUS Error;

    if (SubKey == NULL || *SubKey == 0)
        return RegSetValueExW(Key, ValueName, 0, Type, Data, Size);
    Error = RegCreateKeyExW(Key, SubKey, 0, NULL, 0, KEY_SET_VALUE, NULL, &Below, NULL);
    if (Error != ERROR_SUCCESS)
        return Error;
    Error = RegSetValueExW(Below, ValueName, 0, Type, Data, Size);
    RegCloseKey(Below);
    return Error;
}

LSTATUS WINAPI RegSetKeyValueA(HKEY Key, LPCSTR SubKey, LPCSTR ValueName, DWORD Type, LPCVOID Data,
                               DWORD Size)
{
    UNICODE_STRING Wide, WideName = {0};
    PVOID Text = NULL;
    LSTATUS Error = RegpWide(SubKey, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = RegpWide(ValueName, &WideName);
    if (Error == ERROR_SUCCESS && RegpIsText(Type))
        Error = RegpWidenData(Data, Size, &Text, &Size);
    if (Error == ERROR_SUCCESS)
        Error = RegSetKeyValueW(Key, Wide.Buffer, WideName.Buffer, Type, Text != NULL ? Text : Data,
                                Size);
    RegpFree(Text);
    Win32pFreeName(&WideName);
    Win32pFreeName(&Wide);
    return Error;
}

/* ---- delete ---- */

LSTATUS WINAPI RegDeleteKeyValueW(HKEY Key, LPCWSTR SubKey, LPCWSTR ValueName)
{
    WIN32_ENTER();
    UNICODE_STRING Name;
    HANDLE Handle = NULL;
    REG_KEY Root;
    NTSTATUS Status = RtlInitUnicodeStringEx(&Name, ValueName);

    if (NT_SUCCESS(Status))
        Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    if (SubKey != NULL && *SubKey != 0)
        Status = RegpOpen(Root.Handle, SubKey, KEY_SET_VALUE, 0, &Handle);
    if (NT_SUCCESS(Status))
        Status = NtDeleteValueKey(Handle != NULL ? Handle : Root.Handle, &Name);
    if (Handle != NULL)
        NtClose(Handle);
    RegpEnd(&Root);
    return RegpResult(Status);
}

LSTATUS WINAPI RegDeleteKeyValueA(HKEY Key, LPCSTR SubKey, LPCSTR ValueName)
{
    UNICODE_STRING Wide, WideName = {0};
    LSTATUS Error = RegpWide(SubKey, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = RegpWide(ValueName, &WideName);
    if (Error == ERROR_SUCCESS)
        Error = RegDeleteKeyValueW(Key, Wide.Buffer, WideName.Buffer);
    Win32pFreeName(&WideName);
    Win32pFreeName(&Wide);
    return Error;
}

LSTATUS WINAPI RegDeleteValueW(HKEY Key, LPCWSTR ValueName)
{
    return RegDeleteKeyValueW(Key, NULL, ValueName);
}

LSTATUS WINAPI RegDeleteValueA(HKEY Key, LPCSTR ValueName)
{
    return RegDeleteKeyValueA(Key, NULL, ValueName);
}

/* ---- list ---- */

static LSTATUS EnumValues(HKEY Key, DWORD Index, LPVOID ValueName, LPDWORD Characters,
                          LPDWORD Reserved, LPDWORD Type, LPBYTE Data, LPDWORD Size, BOOLEAN Ansi)
{
    WIN32_ENTER();
    KEY_VALUE_FULL_INFORMATION *Value;
    REG_KEY Root;
    LSTATUS Error;
    NTSTATUS Status;

    if (ValueName == NULL || Characters == NULL || Reserved != NULL ||
        (Data != NULL && Size == NULL))
        return ERROR_INVALID_PARAMETER;
    Status = RegpBegin(Key, &Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    Status = RegpEnumValue(Root.Handle, Index, &Value);
    RegpEnd(&Root);
    if (!NT_SUCCESS(Status))
        return RegpResult(Status);
    if (Type != NULL)
        *Type = Value->Type;
    Error = RegpGiveName(Value->Name, Value->NameLength, Ansi, ValueName, Characters);
    LSTATUS DataError =
        RegpGiveData(Value->Type, Value->DataLength != 0 ? (PUCHAR)Value + Value->DataOffset : NULL,
                     Value->DataLength, Ansi, Data, Size);
    RegpFree(Value);
    return Error != ERROR_SUCCESS ? Error : DataError;
}

LSTATUS WINAPI RegEnumValueW(HKEY Key, DWORD Index, LPWSTR ValueName, LPDWORD Characters,
                             LPDWORD Reserved, LPDWORD Type, LPBYTE Data, LPDWORD Size)
{
    return EnumValues(Key, Index, ValueName, Characters, Reserved, Type, Data, Size, FALSE);
}

LSTATUS WINAPI RegEnumValueA(HKEY Key, DWORD Index, LPSTR ValueName, LPDWORD Characters,
                             LPDWORD Reserved, LPDWORD Type, LPBYTE Data, LPDWORD Size)
{
    return EnumValues(Key, Index, ValueName, Characters, Reserved, Type, Data, Size, TRUE);
}
