/* SPDX-License-Identifier: MIT */
/* regcommon.c - keys behind handles, whole answers, text both ways. */
#include "ntio/win32/reg.h"

LSTATUS RegpResult(NTSTATUS Status)
{
    return (LSTATUS)RtlNtStatusToDosErrorNoTeb(Status);
}

static LPCWSTR PathOfRoot(HKEY Key)
{
    switch ((ULONG_PTR)Key & 0xffffffff) {
    case 0x80000000:
        return L"\\Registry\\Machine\\Software\\Classes";
    case 0x80000001:
        return L"\\Registry\\User\\.Default";
    case 0x80000002:
        return L"\\Registry\\Machine";
    case 0x80000003:
        return L"\\Registry\\User";
    case 0x80000005:
        return L"\\Registry\\Machine\\System\\CurrentControlSet\\Hardware Profiles\\Current";
    default:
        return NULL;
    }
}

NTSTATUS RegpBegin(HKEY Key, REG_KEY *Open)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    LPCWSTR Path;

    Open->Own = FALSE;
    Open->Handle = (HANDLE)Key;
    if ((LONG_PTR)Key >= 0) /* a predefined one is a negative number */
        return Key != NULL ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
    Path = PathOfRoot(Key);
    if (Path == NULL)
        return STATUS_INVALID_HANDLE;
    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS Status = NtOpenKey(&Open->Handle, MAXIMUM_ALLOWED, &Attributes);
    Open->Own = NT_SUCCESS(Status);
    return Status;
}

VOID RegpEnd(REG_KEY *Open)
{
    if (Open->Own)
        NtClose(Open->Handle);
    Open->Own = FALSE;
}

NTSTATUS RegpOpen(HANDLE Root, LPCWSTR Name, ACCESS_MASK Access, ULONG Options, HANDLE *Key)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING String;
    NTSTATUS Status;

    if (Name != NULL && Name[0] == L'\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    Status = RtlInitUnicodeStringEx(&String, Name != NULL ? Name : L"");
    if (!NT_SUCCESS(Status))
        return Status;
    InitializeObjectAttributes(&Attributes, &String, OBJ_CASE_INSENSITIVE, Root, NULL);
    return NtOpenKeyEx(Key, Access & ~(ACCESS_MASK)(KEY_WOW64_32KEY | KEY_WOW64_64KEY), &Attributes,
                       Options);
}

/* ---- whole answers ---- */

/* The four services, with what they have in common; Kind says which. */
enum { QueryValue, EnumValue, EnumKey, QueryKey };

static NTSTATUS Ask(int Kind, HANDLE Key, LPCWSTR Name, ULONG Index, PVOID Buffer, ULONG Length,
                    ULONG *Needed)
{
    UNICODE_STRING String;

    switch (Kind) {
    case QueryValue: {
        NTSTATUS Status = RtlInitUnicodeStringEx(&String, Name);
        return NT_SUCCESS(Status) ? NtQueryValueKey(Key, &String, KeyValuePartialInformation,
                                                    Buffer, Length, Needed)
                                  : Status;
    }
    case EnumValue:
        return NtEnumerateValueKey(Key, Index, KeyValueFullInformation, Buffer, Length, Needed);
    case EnumKey:
        return NtEnumerateKey(Key, Index, KeyNodeInformation, Buffer, Length, Needed);
    default:
        return NtQueryKey(Key, KeyFullInformation, Buffer, Length, Needed);
    }
}

static NTSTATUS Whole(int Kind, HANDLE Key, LPCWSTR Name, ULONG Index, PVOID *Answer)
{
    ULONG Length = 512, Needed = 0;

    for (;;) {
        PVOID Buffer = ExAllocatePoolWithTag(PagedPool, Length, REG_TAG);
        *Answer = Buffer;
        if (Buffer == NULL)
            return STATUS_NO_MEMORY;
        NTSTATUS Status = Ask(Kind, Key, Name, Index, Buffer, Length, &Needed);
        if (NT_SUCCESS(Status))
            return Status;
        ExFreePoolWithTag(Buffer, REG_TAG);
        *Answer = NULL;
        if ((Status != STATUS_BUFFER_OVERFLOW && Status != STATUS_BUFFER_TOO_SMALL) ||
            Needed <= Length)
            return Status;
        Length = Needed; /* somebody may make it longer still: then once more */
    }
}

NTSTATUS RegpQueryValue(HANDLE Key, LPCWSTR Name, KEY_VALUE_PARTIAL_INFORMATION **Value)
{
    return Whole(QueryValue, Key, Name, 0, (PVOID *)Value);
}

NTSTATUS RegpEnumValue(HANDLE Key, ULONG Index, KEY_VALUE_FULL_INFORMATION **Value)
{
    return Whole(EnumValue, Key, NULL, Index, (PVOID *)Value);
}

NTSTATUS RegpEnumKey(HANDLE Key, ULONG Index, KEY_NODE_INFORMATION **Node)
{
    return Whole(EnumKey, Key, NULL, Index, (PVOID *)Node);
}

NTSTATUS RegpQueryKey(HANDLE Key, KEY_FULL_INFORMATION **Full)
{
    return Whole(QueryKey, Key, NULL, 0, (PVOID *)Full);
}

VOID RegpFree(PVOID Answer)
{
    if (Answer != NULL)
        ExFreePoolWithTag(Answer, REG_TAG);
}

/* ---- text and data ---- */

BOOLEAN RegpIsText(ULONG Type)
{
    return Type == REG_SZ || Type == REG_EXPAND_SZ || Type == REG_MULTI_SZ;
}

LSTATUS RegpGiveData(ULONG Type, const VOID *From, ULONG Bytes, BOOLEAN Ansi, LPVOID Data,
                     LPDWORD Size)
{
    BOOLEAN Convert = Ansi && RegpIsText(Type);
    ULONG Length = Bytes, Room, Written;

    if (Size == NULL)
        return Data == NULL ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    if (Convert && Bytes / sizeof(WCHAR) == 0)
        Length = 0;
    else if (Convert && !NT_SUCCESS(RtlUnicodeToUTF8N(NULL, 0, &Length, From, Bytes & ~(ULONG)1)))
        return ERROR_INVALID_DATA;
    Room = *Size;
    *Size = Length;
    if (Data == NULL)
        return ERROR_SUCCESS;
    if (Room < Length)
        return ERROR_MORE_DATA;
    if (Length == 0)
        return ERROR_SUCCESS;
    if (Convert)
        RtlUnicodeToUTF8N(Data, Length, &Written, From, Bytes & ~(ULONG)1);
    else
        RtlCopyMemory(Data, From, Length);
    return ERROR_SUCCESS;
}

LSTATUS RegpGiveName(const WCHAR *Name, ULONG Bytes, BOOLEAN Ansi, LPVOID To, LPDWORD Characters)
{
    ULONG Length = Bytes / sizeof(WCHAR), Written;

    if (Ansi && Bytes != 0 && !NT_SUCCESS(RtlUnicodeToUTF8N(NULL, 0, &Length, Name, Bytes)))
        return ERROR_INVALID_DATA;
    if (*Characters <= Length)
        return ERROR_MORE_DATA; /* *Characters stays: the count is not promised here */
    *Characters = Length;
    if (Ansi) {
        if (Bytes != 0)
            RtlUnicodeToUTF8N(To, Length, &Written, Name, Bytes);
        ((PCHAR)To)[Length] = '\0';
    } else {
        RtlCopyMemory(To, Name, Bytes);
        ((PWCHAR)To)[Length] = 0;
    }
    return ERROR_SUCCESS;
}

LSTATUS RegpWide(LPCSTR Text, PUNICODE_STRING Wide)
{
    RtlZeroMemory(Wide, sizeof(*Wide));
    return Text != NULL ? RegpResult(Win32pWide(Text, Wide)) : ERROR_SUCCESS;
}

LSTATUS RegpWidenData(const VOID *Data, DWORD Size, PVOID *Wide, DWORD *WideSize)
{
    ULONG Bytes = 0;

    *Wide = NULL;
    *WideSize = 0;
    if (Data == NULL || Size == 0)
        return ERROR_SUCCESS;
    if (Size > MAXLONG / 2)
        return ERROR_INVALID_PARAMETER;
    *Wide = ExAllocatePoolWithTag(PagedPool, (SIZE_T)Size * sizeof(WCHAR), REG_TAG);
    if (*Wide == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    RtlUTF8ToUnicodeN(*Wide, Size * (ULONG)sizeof(WCHAR), &Bytes, Data, Size);
    *WideSize = Bytes;
    return ERROR_SUCCESS;
}
