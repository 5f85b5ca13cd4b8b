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

/*
 * What Windows makes of the part behind the drive, in place: '.' and '..' are worked off, double
 * slashes are one, dots at the end of a component and dots and blanks at the end of the path go. At
 * points behind the drive's backslash; returns the characters that are left.
 */
static SIZE_T Collapse(WCHAR *At, SIZE_T Count)
{
    SIZE_T In = 0, Out = 0;

    while (Count != 0 &&
           (At[Count - 1] == L' ' || (At[Count - 1] == L'.' && Count != 1 &&
                                      At[Count - 2] != L'.' && At[Count - 2] != L'\\')))
        Count--;
    while (In < Count) {
        SIZE_T End = In, Length;
        while (End < Count && At[End] != L'\\')
            End++;
        Length = End - In;
        if (Length == 2 && At[In] == L'.' && At[In + 1] == L'.') {
            /* The component before goes, with the backslash behind it. */
            if (Out != 0)
                Out--;
            while (Out != 0 && At[Out - 1] != L'\\')
                Out--;
        } else if (Length != 0 && !(Length == 1 && At[In] == L'.')) {
            while (Length > 1 && At[In + Length - 1] == L'.')
                Length--;
            memmove(At + Out, At + In, Length * sizeof(WCHAR));
            Out += Length;
            if (End < Count)
                At[Out++] = L'\\';
        }
        In = End + 1;
    }
    At[Out] = 0;
    return Out;
}

static BOOLEAN IsDrivePath(LPCWSTR Name)
{
    return IsDriveLetter(Name[0]) && Name[1] == L':';
}

/* A path on a drive; the current directory of each is its root, the current drive C:. */
static NTSTATUS DrivePath(LPCWSTR Name, PUNICODE_STRING Path)
{
    WCHAR Drive[] = L"\\??\\C:\\";
    const SIZE_T Prefix = RTL_NUMBER_OF(Drive) - 1;
    NTSTATUS Status;

    if (IsDrivePath(Name)) {
        Drive[4] = Name[0];
        Name += 2;
    }
    if (IsSlash(Name[0]))
        Name++;
    Status = Allocate(Prefix + NtCrt_wcslen(Name), Path);
    if (!NT_SUCCESS(Status))
        return Status;
    Append(Path, Drive, Prefix, FALSE);
    Append(Path, Name, NtCrt_wcslen(Name), TRUE);
    Path->Length =
        (USHORT)((Prefix + Collapse(Path->Buffer + Prefix, Path->Length / sizeof(WCHAR) - Prefix)) *
                 sizeof(WCHAR));
    return STATUS_SUCCESS;
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
    } else if (IsDosDevice(Name)) {
        Prefix = L"\\??\\";
    } else {
        return DrivePath(Name, Path);
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

NTSTATUS Win32pNarrow(const WCHAR *Text, ULONG Characters, LPSTR To, ULONG Size, PULONG Length)
{
    /* Half a surrogate pair becomes U+FFFD, as for every program with this code page. */
    NTSTATUS Status = RtlUnicodeToUTF8N(To, Size, Length, Text, Characters * (ULONG)sizeof(WCHAR));

    return Status == STATUS_BUFFER_TOO_SMALL ? Status : STATUS_SUCCESS;
}
