/* SPDX-License-Identifier: MIT */
/* utf8.c - UTF-8 (the ANSI code page here) and UTF-16 into each other. */
#include "rtlp.h"

#define RTLP_REPLACEMENT 0xfffd

BOOLEAN RtlpDecodeUtf8(const CHAR **At, const CHAR *End, ULONG *Code)
{
    const UCHAR *p = (const UCHAR *)*At;
    ULONG Lead = *p++, Value, Least, Follow;

    *Code = RTLP_REPLACEMENT;
    if (Lead < 0x80) {
        *Code = Lead;
        *At = (const CHAR *)p;
        return TRUE;
    }
    if (Lead >= 0xc2 && Lead <= 0xdf) {
        Follow = 1, Value = Lead & 0x1f, Least = 0x80;
    } else if (Lead >= 0xe0 && Lead <= 0xef) {
        Follow = 2, Value = Lead & 0x0f, Least = 0x800;
    } else if (Lead >= 0xf0 && Lead <= 0xf4) {
        Follow = 3, Value = Lead & 0x07, Least = 0x10000;
    } else {
        *At = (const CHAR *)p;
        return FALSE;
    }
    for (ULONG i = 0; i < Follow; i++) {
        ULONG Next;

        if (p == (const UCHAR *)End || (*p & 0xc0) != 0x80) {
            *At = (const CHAR *)p; /* what comes next may be whole */
            return FALSE;
        }
        Next = Value << 6 | (*p & 0x3f);
        /* The second byte shows overlong forms, surrogates and what is above Unicode. */
        if (i == 0) {
            ULONG Floor = Next << (6 * (Follow - 1)),
                  Ceiling = ((Next + 1) << (6 * (Follow - 1))) - 1;

            if (Ceiling < Least || Floor > 0x10ffff || (Floor >= 0xd800 && Ceiling <= 0xdfff)) {
                *At = (const CHAR *)p;
                return FALSE;
            }
        }
        Value = Next;
        p++;
    }
    *At = (const CHAR *)p;
    *Code = Value;
    return TRUE;
}

BOOLEAN RtlpDecodeUtf16(const WCHAR **At, const WCHAR *End, ULONG *Code)
{
    const WCHAR *p = *At;
    ULONG First = *p++;

    *Code = First;
    *At = p;
    if (First < 0xd800 || First > 0xdfff)
        return TRUE;
    if (First < 0xdc00 && p != End && *p >= 0xdc00 && *p <= 0xdfff) {
        *Code = 0x10000 + ((First - 0xd800) << 10) + (*p - 0xdc00u);
        *At = p + 1;
        return TRUE;
    }
    *Code = RTLP_REPLACEMENT;
    return FALSE;
}

ULONG RtlpEncodeUtf8(ULONG Code, CHAR *To)
{
    if (Code < 0x80) {
        To[0] = (CHAR)Code;
        return 1;
    }
    if (Code < 0x800) {
        To[0] = (CHAR)(0xc0 | Code >> 6);
        To[1] = (CHAR)(0x80 | (Code & 0x3f));
        return 2;
    }
    if (Code < 0x10000) {
        To[0] = (CHAR)(0xe0 | Code >> 12);
        To[1] = (CHAR)(0x80 | (Code >> 6 & 0x3f));
        To[2] = (CHAR)(0x80 | (Code & 0x3f));
        return 3;
    }
    To[0] = (CHAR)(0xf0 | Code >> 18);
    To[1] = (CHAR)(0x80 | (Code >> 12 & 0x3f));
    To[2] = (CHAR)(0x80 | (Code >> 6 & 0x3f));
    To[3] = (CHAR)(0x80 | (Code & 0x3f));
    return 4;
}

ULONG RtlpEncodeUtf16(ULONG Code, WCHAR *To)
{
    if (Code < 0x10000) {
        To[0] = (WCHAR)Code;
        return 1;
    }
    To[0] = (WCHAR)(0xd800 + ((Code - 0x10000) >> 10));
    To[1] = (WCHAR)(0xdc00 + ((Code - 0x10000) & 0x3ff));
    return 2;
}

/* Only whole characters are written. A NULL destination asks for the size alone. */
NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                                 PULONG UnicodeStringActualByteCount, PCSTR UTF8StringSource,
                                 ULONG UTF8StringByteCount)
{
    const CHAR *At = UTF8StringSource, *End = UTF8StringSource + UTF8StringByteCount;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Bytes = 0;

    if (UTF8StringSource == NULL)
        return STATUS_INVALID_PARAMETER_4;
    if (UnicodeStringDestination == NULL && UnicodeStringActualByteCount == NULL)
        return STATUS_INVALID_PARAMETER;
    while (At != End) {
        WCHAR Units[2];
        ULONG Code, Size;

        if (!RtlpDecodeUtf8(&At, End, &Code))
            Status = STATUS_SOME_NOT_MAPPED;
        Size = RtlpEncodeUtf16(Code, Units) * sizeof(WCHAR);
        if (UnicodeStringDestination != NULL) {
            if (Bytes + Size > UnicodeStringMaxByteCount) {
                Status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            memcpy((PUCHAR)UnicodeStringDestination + Bytes, Units, Size);
        }
        Bytes += Size;
    }
    if (UnicodeStringActualByteCount != NULL)
        *UnicodeStringActualByteCount = Bytes;
    return Status;
}

NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                                 PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                                 ULONG UnicodeStringByteCount)
{
    const WCHAR *At = UnicodeStringSource,
                *End = UnicodeStringSource + UnicodeStringByteCount / sizeof(WCHAR);
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Bytes = 0;

    if (UnicodeStringSource == NULL)
        return STATUS_INVALID_PARAMETER_4;
    if (UnicodeStringByteCount % sizeof(WCHAR) != 0)
        return STATUS_INVALID_PARAMETER_5;
    if (UTF8StringDestination == NULL && UTF8StringActualByteCount == NULL)
        return STATUS_INVALID_PARAMETER;
    while (At != End) {
        CHAR Units[4];
        ULONG Code, Size;

        if (!RtlpDecodeUtf16(&At, End, &Code))
            Status = STATUS_SOME_NOT_MAPPED;
        Size = RtlpEncodeUtf8(Code, Units);
        if (UTF8StringDestination != NULL) {
            if (Bytes + Size > UTF8StringMaxByteCount) {
                Status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            memcpy(UTF8StringDestination + Bytes, Units, Size);
        }
        Bytes += Size;
    }
    if (UTF8StringActualByteCount != NULL)
        *UTF8StringActualByteCount = Bytes;
    return Status;
}

/* The code page's conversions leave off without a word what does not fit. */
NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                      PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                      ULONG BytesInMultiByteString)
{
    ULONG Bytes;

    RtlUTF8ToUnicodeN(UnicodeString, MaxBytesInUnicodeString, &Bytes, MultiByteString,
                      BytesInMultiByteString);
    if (BytesInUnicodeString != NULL)
        *BytesInUnicodeString = Bytes;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString)
{
    ULONG Bytes;

    RtlUnicodeToUTF8N(MultiByteString, MaxBytesInMultiByteString, &Bytes, UnicodeString,
                      BytesInUnicodeString & ~1u);
    if (BytesInMultiByteString != NULL)
        *BytesInMultiByteString = Bytes;
    return STATUS_SUCCESS;
}

/* Both count the closing zero. */
ULONG NTAPI RtlxAnsiStringToUnicodeSize(const STRING *AnsiString)
{
    ULONG Bytes = 0;

    if (AnsiString->Length != 0)
        RtlUTF8ToUnicodeN(NULL, 0, &Bytes, AnsiString->Buffer, AnsiString->Length);
    return Bytes + sizeof(WCHAR);
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    ULONG Bytes = 0;

    if (UnicodeString->Length >= sizeof(WCHAR))
        RtlUnicodeToUTF8N(NULL, 0, &Bytes, UnicodeString->Buffer, UnicodeString->Length & ~1u);
    return Bytes + 1;
}
