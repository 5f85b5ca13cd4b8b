/* SPDX-License-Identifier: MIT */
/*
 * ntstrsafe.h - strings with bounds: RtlStringCb... counts bytes, RtlStringCch... characters, A
 * narrow, W wide; RtlUnicodeString... writes counted strings. Inline, as on Windows, over
 * NtCrt__vsnprintf and its wide twin.
 *
 * All return STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW (cut short; plain buffers still end with zero)
 * or STATUS_INVALID_PARAMETER. Source: MS docs, "Using safe string functions".
 */
#ifndef NTIO_DDK_NTSTRSAFE_H
#define NTIO_DDK_NTSTRSAFE_H

#include "ntcrt.h"
#include "ntstatus.h"

#define NTSTRSAFE_MAX_CCH                2147483647
#define NTSTRSAFE_MAX_LENGTH             (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

/* Flags of the Ex forms; the low byte is what FILL writes. */
#define STRSAFE_FILL_BYTE(b)           ((ULONG)(((b)&0xff) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(b)        ((ULONG)(((b)&0xff) | STRSAFE_FILL_ON_FAILURE))
#define STRSAFE_IGNORE_NULLS           0x00000100
#define STRSAFE_FILL_BEHIND_NULL       0x00000200
#define STRSAFE_FILL_ON_FAILURE        0x00000400
#define STRSAFE_NULL_ON_FAILURE        0x00000800
#define STRSAFE_NO_TRUNCATION          0x00001000
#define STRSAFE_ZERO_LENGTH_ON_FAILURE 0x00002000

typedef char *NTSTRSAFE_PSTR;
typedef const char *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;

#define NTSTRSAFEDDI static inline __attribute__((unused)) NTSTATUS

#define NTSTRSAFE_CHAR      char
#define NTSTRSAFE_NAME(n)   n##A
#define NTSTRSAFE_VSNPRINTF NtCrt__vsnprintf
#include "wdm/strsafe_body.h"
#undef NTSTRSAFE_CHAR
#undef NTSTRSAFE_NAME
#undef NTSTRSAFE_VSNPRINTF

#define NTSTRSAFE_CHAR      WCHAR
#define NTSTRSAFE_NAME(n)   n##W
#define NTSTRSAFE_VSNPRINTF NtCrt__vsnwprintf
#include "wdm/strsafe_body.h"
#undef NTSTRSAFE_CHAR
#undef NTSTRSAFE_NAME
#undef NTSTRSAFE_VSNPRINTF

#ifdef UNICODE
#define RtlStringCbCopy    RtlStringCbCopyW
#define RtlStringCbCat     RtlStringCbCatW
#define RtlStringCbLength  RtlStringCbLengthW
#define RtlStringCbPrintf  RtlStringCbPrintfW
#define RtlStringCchCopy   RtlStringCchCopyW
#define RtlStringCchCat    RtlStringCchCatW
#define RtlStringCchLength RtlStringCchLengthW
#define RtlStringCchPrintf RtlStringCchPrintfW
#else
#define RtlStringCbCopy    RtlStringCbCopyA
#define RtlStringCbCat     RtlStringCbCatA
#define RtlStringCbLength  RtlStringCbLengthA
#define RtlStringCbPrintf  RtlStringCbPrintfA
#define RtlStringCchCopy   RtlStringCchCopyA
#define RtlStringCchCat    RtlStringCchCatA
#define RtlStringCchLength RtlStringCchLengthA
#define RtlStringCchPrintf RtlStringCchPrintfA
#endif

/* Counted strings: Length and MaximumLength even, Length within, a buffer where there is room. */
NTSTRSAFEDDI RtlUnicodeStringValidate(PCUNICODE_STRING s)
{
    if (s == NULL || s->Length % sizeof(WCHAR) != 0 || s->MaximumLength % sizeof(WCHAR) != 0 ||
        s->Length > s->MaximumLength || (s->Buffer == NULL && s->MaximumLength != 0))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* Appends n characters at `at` (bytes), as many as there is room for. */
NTSTRSAFEDDI NtioUnicodeStringPut(PUNICODE_STRING to, USHORT at, const WCHAR *from, SIZE_T n)
{
    SIZE_T room;
    NTSTATUS status = RtlUnicodeStringValidate(to);

    if (status != STATUS_SUCCESS)
        return status;
    room = (SIZE_T)(to->MaximumLength - at) / sizeof(WCHAR);
    if (n > room) {
        n = room;
        status = STATUS_BUFFER_OVERFLOW;
    }
    if (n != 0)
        __builtin_memmove((PUCHAR)to->Buffer + at, from, n * sizeof(WCHAR));
    to->Length = (USHORT)(at + n * sizeof(WCHAR));
    return status;
}

NTSTRSAFEDDI RtlUnicodeStringInit(PUNICODE_STRING to, NTSTRSAFE_PCWSTR from)
{
    SIZE_T n = 0;

    if (to == NULL)
        return STATUS_INVALID_PARAMETER;
    to->Length = 0;
    to->MaximumLength = 0;
    to->Buffer = NULL;
    if (from == NULL)
        return STATUS_SUCCESS;
    if (RtlStringCchLengthW(from, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &n) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    to->Length = (USHORT)(n * sizeof(WCHAR));
    to->MaximumLength = (USHORT)((n + 1) * sizeof(WCHAR));
    to->Buffer = (PWCH)(ULONG_PTR)from;
    return STATUS_SUCCESS;
}

NTSTRSAFEDDI RtlUnicodeStringCopy(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    if (RtlUnicodeStringValidate(from) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    return NtioUnicodeStringPut(to, 0, from->Buffer, from->Length / sizeof(WCHAR));
}

NTSTRSAFEDDI RtlUnicodeStringCopyString(PUNICODE_STRING to, NTSTRSAFE_PCWSTR from)
{
    return NtioUnicodeStringPut(to, 0, from, NtCrt_wcslen(from));
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyStringN(PUNICODE_STRING to, NTSTRSAFE_PCWSTR from, SIZE_T cb)
{
    return NtioUnicodeStringPut(to, 0, from, NtCrt_wcsnlen(from, cb / sizeof(WCHAR)));
}

NTSTRSAFEDDI RtlUnicodeStringCat(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    if (RtlUnicodeStringValidate(to) != STATUS_SUCCESS ||
        RtlUnicodeStringValidate(from) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    return NtioUnicodeStringPut(to, to->Length, from->Buffer, from->Length / sizeof(WCHAR));
}

NTSTRSAFEDDI RtlUnicodeStringCatString(PUNICODE_STRING to, NTSTRSAFE_PCWSTR from)
{
    if (RtlUnicodeStringValidate(to) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    return NtioUnicodeStringPut(to, to->Length, from, NtCrt_wcslen(from));
}

NTSTRSAFEDDI RtlUnicodeStringVPrintf(PUNICODE_STRING to, NTSTRSAFE_PCWSTR format, NT_VA_LIST args)
{
    SIZE_T room;
    int n;

    if (RtlUnicodeStringValidate(to) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    room = to->MaximumLength / sizeof(WCHAR);
    to->Length = 0;
    if (room == 0)
        return *format == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
    n = NtCrt__vsnwprintf(to->Buffer, room, format, args);
    if (n < 0 || (SIZE_T)n > room) {
        to->Length = (USHORT)(room * sizeof(WCHAR));
        return STATUS_BUFFER_OVERFLOW;
    }
    to->Length = (USHORT)((SIZE_T)n * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static inline __attribute__((unused)) NTSTATUS NTAPI RtlUnicodeStringPrintf(PUNICODE_STRING to,
                                                                            NTSTRSAFE_PCWSTR format,
                                                                            ...)
{
    NT_VA_LIST args;
    NTSTATUS status;

    NT_VA_START(args, format);
    status = RtlUnicodeStringVPrintf(to, format, args);
    NT_VA_END(args);
    return status;
}

#endif
