/* SPDX-License-Identifier: MIT */
/* number.c - numbers and GUIDs as text. */
#include "rtlp.h"

static ULONG RtlpDigit(WCHAR c)
{
    return c >= '0' && c <= '9'   ? (ULONG)(c - '0')
           : c >= 'a' && c <= 'f' ? (ULONG)(c - 'a' + 10)
           : c >= 'A' && c <= 'F' ? (ULONG)(c - 'A' + 10)
                                  : 99;
}

static BOOLEAN RtlpKnownBase(ULONG Base)
{
    return Base == 2 || Base == 8 || Base == 10 || Base == 16;
}

/* Takes as many digits as there are; what follows them is left alone. Base 0: 0x, 0o, 0b, or ten.
 */
NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    const WCHAR *At = String->Buffer, *End = At + String->Length / sizeof(WCHAR);
    BOOLEAN Negative = FALSE;
    ULONG Result = 0;

    while (At != End && *At <= ' ')
        At++;
    if (At != End && (*At == '-' || *At == '+'))
        Negative = *At++ == '-';
    if (Base == 0) {
        Base = 10;
        if (End - At >= 2 && At[0] == '0') {
            Base = At[1] == 'x' ? 16 : At[1] == 'o' ? 8 : At[1] == 'b' ? 2 : 10;
            if (Base != 10)
                At += 2;
        }
    } else if (!RtlpKnownBase(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (; At != End && RtlpDigit(*At) < Base; At++)
        Result = Result * Base + RtlpDigit(*At);
    *Value = Negative ? 0 - Result : Result;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    WCHAR Digits[64];
    ULONG Count = 0;

    if (Base == 0)
        Base = 10;
    if (!RtlpKnownBase(Base))
        return STATUS_INVALID_PARAMETER;
    do {
        Digits[RTL_NUMBER_OF(Digits) - ++Count] = (WCHAR) "0123456789ABCDEF"[Value % Base];
        Value /= Base;
    } while (Value != 0);
    /* The closing zero has to fit too. */
    if ((Count + 1) * sizeof(WCHAR) > String->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    memcpy(String->Buffer, &Digits[RTL_NUMBER_OF(Digits) - Count], Count * sizeof(WCHAR));
    String->Length = (USHORT)(Count * sizeof(WCHAR));
    String->Buffer[Count] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    return RtlInt64ToUnicodeString(Value, Base, String);
}

/* Where each byte of a GUID stands in its text: high digit first, -1 a dash. */
static const signed char RtlpGuidOrder[] = {3,  2, 1, 0,  -1, 5,  4,  -1, 7,  6,
                                            -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};
#define RTLP_GUID_CHARS 38 /* with braces */

NTSTATUS NTAPI RtlStringFromGUID(const GUID *Guid, PUNICODE_STRING GuidString)
{
    const UCHAR *Bytes = (const UCHAR *)Guid;
    WCHAR *To = RtlpAllocate((RTLP_GUID_CHARS + 1) * sizeof(WCHAR));

    if (To == NULL)
        return STATUS_NO_MEMORY;
    GuidString->Buffer = To;
    GuidString->Length = RTLP_GUID_CHARS * sizeof(WCHAR);
    GuidString->MaximumLength = (RTLP_GUID_CHARS + 1) * sizeof(WCHAR);
    *To++ = '{';
    for (ULONG i = 0; i < RTL_NUMBER_OF(RtlpGuidOrder); i++) {
        if (RtlpGuidOrder[i] < 0) {
            *To++ = '-';
        } else {
            *To++ = (WCHAR) "0123456789abcdef"[Bytes[RtlpGuidOrder[i]] >> 4];
            *To++ = (WCHAR) "0123456789abcdef"[Bytes[RtlpGuidOrder[i]] & 15];
        }
    }
    *To++ = '}';
    *To = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    const WCHAR *At = GuidString->Buffer;
    UCHAR Bytes[sizeof(GUID)];

    if (GuidString->Length < RTLP_GUID_CHARS * sizeof(WCHAR) || *At++ != '{')
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < RTL_NUMBER_OF(RtlpGuidOrder); i++) {
        if (RtlpGuidOrder[i] < 0) {
            if (*At++ != '-')
                return STATUS_INVALID_PARAMETER;
        } else {
            ULONG High = RtlpDigit(At[0]), Low = RtlpDigit(At[1]);

            if (High > 15 || Low > 15)
                return STATUS_INVALID_PARAMETER;
            Bytes[RtlpGuidOrder[i]] = (UCHAR)(High << 4 | Low);
            At += 2;
        }
    }
    if (*At != '}')
        return STATUS_INVALID_PARAMETER;
    memcpy(Guid, Bytes, sizeof(Bytes));
    return STATUS_SUCCESS;
}
