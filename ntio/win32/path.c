/* SPDX-License-Identifier: MIT */
/* path.c - names: a program's paths to NT paths, the A routines' text to UTF-16. */
#include "ntio/win32/win32.h"

#define TAG_PATH 'tP3W'

/* Nothing longer fits into a UNICODE_STRING with its terminating zero. */
#define LONGEST (UNICODE_STRING_MAX_CHARS - 1)

VOID Win32pFreeName(PUNICODE_STRING Name)
{
    if (Name->Buffer != NULL)
        ExFreePoolWithTag(Name->Buffer, TAG_PATH);
    RtlZeroMemory(Name, sizeof(*Name));
}

static NTSTATUS Allocate(SIZE_T Characters, PUNICODE_STRING Name)
{
    RtlZeroMemory(Name, sizeof(*Name));
    if (Characters > LONGEST)
        return STATUS_NAME_TOO_LONG;
    Name->MaximumLength = (USHORT)((Characters + 1) * sizeof(WCHAR));
    Name->Buffer = ExAllocatePoolWithTag(PagedPool, Name->MaximumLength, TAG_PATH);
    return Name->Buffer == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static VOID Append(PUNICODE_STRING Name, const WCHAR *Text, SIZE_T Characters, BOOLEAN Slashes)
{
    WCHAR *To = Name->Buffer + Name->Length / sizeof(WCHAR);

    for (SIZE_T i = 0; i < Characters; i++)
        To[i] = Slashes && Text[i] == L'/' ? L'\\' : Text[i];
    To[Characters] = 0;
    Name->Length += (USHORT)(Characters * sizeof(WCHAR));
}

static BOOLEAN IsSlash(WCHAR c)
{
    return c == L'\\' || c == L'/';
}

static BOOLEAN IsDriveLetter(WCHAR c)
{
    return (c >= L'a' && c <= L'z') || (c >= L'A' && c <= L'Z');
}

/* NUL, CON, COM1...: device names wherever the program is. */
static BOOLEAN IsDosDevice(LPCWSTR Name)
{
    static const WCHAR *const Plain[] = {L"NUL", L"CON", L"AUX", L"PRN", L"CONIN$", L"CONOUT$"};

    for (SIZE_T i = 0; i < RTL_NUMBER_OF(Plain); i++)
        if (NtCrt__wcsicmp(Name, Plain[i]) == 0)
            return TRUE;
    return (NtCrt__wcsnicmp(Name, L"COM", 3) == 0 || NtCrt__wcsnicmp(Name, L"LPT", 3) == 0) &&
           Name[3] >= L'1' && Name[3] <= L'9' && Name[4] == 0;
}

NTSTATUS Win32pNtPath(LPCWSTR Name, PUNICODE_STRING Path)
{
    const WCHAR *Prefix;
    SIZE_T Skip = 0, Length, PrefixLength;
    BOOLEAN Slashes = TRUE;
    NTSTATUS Status;

    RtlZeroMemory(Path, sizeof(*Path));
    if (Name == NULL || Name[0] == 0)
        return STATUS_OBJECT_NAME_INVALID;
    if (NtCrt_wcsncmp(Name, L"\\\\?\\", 4) == 0 || NtCrt_wcsncmp(Name, L"\\??\\", 4) == 0) {
        Prefix = L"\\??\\"; /* as it is: not even slashes are touched */
        Skip = 4;
        Slashes = FALSE;
    } else if (IsSlash(Name[0]) && IsSlash(Name[1]) && (Name[2] == L'.' || Name[2] == L'?') &&
               IsSlash(Name[3])) {
        Prefix = L"\\??\\";
        Skip = 4;
    } else if (IsSlash(Name[0]) && IsSlash(Name[1])) {
        Prefix = L"\\??\\UNC\\";
        Skip = 2;
    } else if (IsDosDevice(Name) || (IsDriveLetter(Name[0]) && Name[1] == L':')) {
        Prefix = L"\\??\\";
    } else if (IsSlash(Name[0])) {
        Prefix = L"\\??\\C:";
    } else {
        Prefix = L"\\??\\C:\\";
    }
    Length = NtCrt_wcslen(Name) - Skip;
    PrefixLength = NtCrt_wcslen(Prefix);
    if (Length == 0)
        return STATUS_OBJECT_NAME_INVALID;
    Status = Allocate(PrefixLength + Length, Path);
    if (!NT_SUCCESS(Status))
        return Status;
    Append(Path, Prefix, PrefixLength, FALSE);
    Append(Path, Name + Skip, Length, Slashes);
    return STATUS_SUCCESS;
}

/* One character of UTF-8; a byte that is no part of one stands for U+FFFD. Returns the bytes used.
 */
static SIZE_T Decode(const UCHAR *Text, ULONG *Character)
{
    static const UCHAR Lead[] = {0xC0, 0xE0, 0xF0}, Mask[] = {0xE0, 0xF0, 0xF8};
    static const ULONG Least[] = {0x80, 0x800, 0x10000};

    if (Text[0] < 0x80) {
        *Character = Text[0];
        return 1;
    }
    for (SIZE_T n = 0; n < 3; n++) {
        ULONG c = Text[0] & (UCHAR)~Mask[n];
        SIZE_T i;
        if ((Text[0] & Mask[n]) != Lead[n])
            continue;
        for (i = 1; i <= n + 1 && (Text[i] & 0xC0) == 0x80; i++)
            c = c << 6 | (Text[i] & 0x3F);
        if (i == n + 2 && c >= Least[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF)) {
            *Character = c;
            return i;
        }
    }
    *Character = 0xFFFD;
    return 1;
}

NTSTATUS Win32pWide(LPCSTR Text, PUNICODE_STRING Wide)
{
    const UCHAR *From = (const UCHAR *)Text;
    SIZE_T Count = 0;
    NTSTATUS Status = Allocate(strlen(Text), Wide); /* never more units than bytes */

    if (!NT_SUCCESS(Status))
        return Status;
    while (*From != 0) {
        ULONG c;
        From += Decode(From, &c);
        if (c >= 0x10000) {
            Wide->Buffer[Count++] = (WCHAR)(0xD800 + ((c - 0x10000) >> 10));
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        Wide->Buffer[Count++] = (WCHAR)c;
    }
    Wide->Buffer[Count] = 0;
    Wide->Length = (USHORT)(Count * sizeof(WCHAR));
    return STATUS_SUCCESS;
}
