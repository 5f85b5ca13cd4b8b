/* SPDX-License-Identifier: MIT */
/* astring.c - counted narrow strings. Case is that of ASCII: the code page is UTF-8. */
#include "rtlp.h"

VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    SIZE_T Length = SourceString != NULL ? strlen(SourceString) : 0;

    if (Length > 0xfffe)
        Length = 0xfffe;
    DestinationString->Length = (USHORT)Length;
    DestinationString->MaximumLength = SourceString != NULL ? (USHORT)(Length + 1) : 0;
    DestinationString->Buffer = (PCHAR)SourceString;
}

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    RtlInitString(DestinationString, SourceString);
}

VOID NTAPI RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT Length;

    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    Length = SourceString->Length;
    if (Length > DestinationString->MaximumLength)
        Length = DestinationString->MaximumLength;
    if (Length != 0)
        memmove(DestinationString->Buffer, SourceString->Buffer, Length);
    DestinationString->Length = Length;
}

LONG NTAPI RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    USHORT Length = String1->Length < String2->Length ? String1->Length : String2->Length;

    for (USHORT i = 0; i < Length; i++) {
        CHAR c1 = String1->Buffer[i], c2 = String2->Buffer[i];

        if (CaseInSensitive)
            c1 = RtlUpperChar(c1), c2 = RtlUpperChar(c2);
        if (c1 != c2)
            return (LONG)(UCHAR)c1 - (LONG)(UCHAR)c2;
    }
    return (LONG)String1->Length - (LONG)String2->Length;
}

BOOLEAN NTAPI RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length &&
           RtlCompareString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    STRING Front = *String2;

    if (String1->Length > String2->Length)
        return FALSE;
    Front.Length = String1->Length;
    return RtlCompareString(String1, &Front, CaseInSensitive) == 0;
}

VOID NTAPI RtlUpperString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT Length = SourceString->Length;

    if (Length > DestinationString->MaximumLength)
        Length = DestinationString->MaximumLength;
    for (USHORT i = 0; i < Length; i++)
        DestinationString->Buffer[i] = RtlUpperChar(SourceString->Buffer[i]);
    DestinationString->Length = Length;
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    if (AnsiString->Buffer != NULL)
        ExFreePool(AnsiString->Buffer);
    AnsiString->Buffer = NULL;
    AnsiString->Length = AnsiString->MaximumLength = 0;
}
