/* SPDX-License-Identifier: MIT */
/*
 * format.c - the formatter behind DbgPrint, _snprintf, swprintf and the rest, narrow and wide.
 *
 * Microsoft's format language: %[flags][width][.precision][h|l|ll|w|I|I32|I64|L|z|j|t]type. The n
 * types are not there, as in the kernel. Lengths are 64-bit Windows': long is 32 bits. Text changes
 * between UTF-8 and UTF-16 where the output's units and a string's differ; a precision counts the
 * units of the string. Source: MS docs, "Format specification syntax: printf and wprintf
 * functions", DbgPrint.
 */
#include "rtlp.h"

#include <stdio.h>

typedef struct _RTLP_SPEC {
    BOOLEAN Left, Plus, Space, Zero, Alternate;
    LONG Width, Precision; /* -1: none */
    enum { SizeNone, SizeByte, SizeShort, SizeLong, SizeWide, Size32, Size64, SizePointer } Size;
    WCHAR Type;
} RTLP_SPEC;

static VOID RtlpEmit(RTLP_OUTPUT *Output, WCHAR Unit)
{
    if (Output->Count < Output->Limit) {
        if (Output->Wide)
            ((PWCHAR)Output->Buffer)[Output->Count] = Unit;
        else
            ((PCHAR)Output->Buffer)[Output->Count] = (CHAR)Unit;
    }
    Output->Count++;
}

static VOID RtlpPad(RTLP_OUTPUT *Output, WCHAR Unit, LONG Count)
{
    while (Count-- > 0)
        RtlpEmit(Output, Unit);
}

/* One character, as the output's units. */
static VOID RtlpEmitCode(RTLP_OUTPUT *Output, ULONG Code)
{
    ULONG Count;

    if (Output->Wide) {
        WCHAR Units[2];
        Count = RtlpEncodeUtf16(Code, Units);
        for (ULONG i = 0; i < Count; i++)
            RtlpEmit(Output, Units[i]);
    } else {
        CHAR Units[4];
        Count = RtlpEncodeUtf8(Code, Units);
        for (ULONG i = 0; i < Count; i++)
            RtlpEmit(Output, (UCHAR)Units[i]);
    }
}

static VOID RtlpEmitString(RTLP_OUTPUT *Output, const VOID *Text, SIZE_T Length, BOOLEAN Wide)
{
    if (Wide == Output->Wide) {
        for (SIZE_T i = 0; i < Length; i++)
            RtlpEmit(Output, Wide ? ((const WCHAR *)Text)[i] : ((const UCHAR *)Text)[i]);
    } else if (Wide) {
        const WCHAR *At = Text, *End = At + Length;
        ULONG Code;

        while (At != End) {
            RtlpDecodeUtf16(&At, End, &Code);
            RtlpEmitCode(Output, Code);
        }
    } else {
        const CHAR *At = Text, *End = At + Length;
        ULONG Code;

        while (At != End) {
            RtlpDecodeUtf8(&At, End, &Code);
            RtlpEmitCode(Output, Code);
        }
    }
}

/* How many units of the output a string will take: for the padding in front of it. */
static LONG RtlpMeasure(RTLP_OUTPUT *Output, const VOID *Text, SIZE_T Length, BOOLEAN Wide)
{
    RTLP_OUTPUT Nowhere = {Output->Wide, NULL, 0, 0};

    RtlpEmitString(&Nowhere, Text, Length, Wide);
    return (LONG)Nowhere.Count;
}

static VOID RtlpFormatText(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, const VOID *Text,
                           SIZE_T Length, BOOLEAN Wide)
{
    LONG Padding = Spec->Width > 0 ? Spec->Width - RtlpMeasure(Output, Text, Length, Wide) : 0;

    if (!Spec->Left)
        RtlpPad(Output, Spec->Zero ? '0' : ' ', Padding);
    RtlpEmitString(Output, Text, Length, Wide);
    if (Spec->Left)
        RtlpPad(Output, ' ', Padding);
}

static VOID RtlpFormatString(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, const VOID *Text,
                             BOOLEAN Wide)
{
    SIZE_T Most = Spec->Precision >= 0 ? (SIZE_T)Spec->Precision : (SIZE_T)-1;
    SIZE_T Length = 0;

    if (Text == NULL) {
        Text = "(null)";
        Wide = FALSE;
    }
    /* Not beyond the precision: the text need not be terminated. */
    if (Wide)
        while (Length < Most && ((const WCHAR *)Text)[Length] != 0)
            Length++;
    else
        while (Length < Most && ((const CHAR *)Text)[Length] != 0)
            Length++;
    RtlpFormatText(Output, Spec, Text, Length, Wide);
}

/* %Z: an ANSI_STRING, or a UNICODE_STRING with l or w. */
static VOID RtlpFormatCounted(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, const STRING *String)
{
    BOOLEAN Wide = Spec->Size == SizeLong || Spec->Size == SizeWide;
    SIZE_T Length;

    if (String == NULL || String->Buffer == NULL) {
        RtlpFormatString(Output, Spec, NULL, FALSE);
        return;
    }
    Length = Wide ? String->Length / sizeof(WCHAR) : String->Length;
    if (Spec->Precision >= 0 && Length > (SIZE_T)Spec->Precision)
        Length = (SIZE_T)Spec->Precision;
    RtlpFormatText(Output, Spec, String->Buffer, Length, Wide);
}

static VOID RtlpFormatNumber(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, ULONGLONG Value,
                             BOOLEAN Negative, ULONG Base, BOOLEAN Upper)
{
    const char *Digits = Upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char Text[24], Prefix[2];
    LONG Count = 0, Prefixes = 0, Zeros, Padding;

    /* A precision of 0 shows no digit for 0. */
    for (ULONGLONG Rest = Value; Rest != 0; Rest /= Base)
        Text[Count++] = Digits[Rest % Base];
    if (Value == 0 && Spec->Precision != 0)
        Text[Count++] = '0';
    if (Negative)
        Prefix[Prefixes++] = '-';
    else if (Spec->Plus)
        Prefix[Prefixes++] = '+';
    else if (Spec->Space)
        Prefix[Prefixes++] = ' ';
    Zeros = Spec->Precision > Count ? Spec->Precision - Count : 0;
    if (Spec->Alternate && Base == 16 && Value != 0) {
        Prefix[Prefixes++] = '0';
        Prefix[Prefixes++] = Upper ? 'X' : 'x';
    } else if (Spec->Alternate && Base == 8 && Zeros == 0 &&
               (Count == 0 || Text[Count - 1] != '0')) {
        Zeros = 1;
    }
    Padding = Spec->Width - Prefixes - Zeros - Count;
    if (Spec->Zero && !Spec->Left && Spec->Precision < 0 && Padding > 0) {
        Zeros += Padding;
        Padding = 0;
    }
    if (!Spec->Left)
        RtlpPad(Output, ' ', Padding);
    for (LONG i = 0; i < Prefixes; i++)
        RtlpEmit(Output, (WCHAR)Prefix[i]);
    RtlpPad(Output, '0', Zeros);
    while (Count > 0)
        RtlpEmit(Output, (WCHAR)Text[--Count]);
    if (Spec->Left)
        RtlpPad(Output, ' ', Padding);
}

/* The digits are the host's business; exponents have two digits there and here. */
static VOID RtlpFormatDouble(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, double Value)
{
    char Format[8] = "%", Text[400];
    RTLP_SPEC Padding = *Spec;
    int Length, At = 1;

    if (Spec->Plus)
        Format[At++] = '+';
    if (Spec->Space)
        Format[At++] = ' ';
    if (Spec->Alternate)
        Format[At++] = '#';
    memcpy(Format + At, ".*", 2);
    Format[At + 2] = (char)Spec->Type;
    Format[At + 3] = 0;
    Length = snprintf(Text, sizeof(Text), Format,
                      Spec->Precision < 0    ? 6
                      : Spec->Precision > 64 ? 64
                                             : Spec->Precision,
                      Value);
    if (Length < 0 || Length >= (int)sizeof(Text))
        Length = (int)sizeof(Text) - 1;
    if (Padding.Zero && !Padding.Left && Padding.Width > Length) {
        /* The sign stays in front of the zeros. */
        int Sign = Text[0] == '-' || Text[0] == '+' || Text[0] == ' ';

        RtlpEmitString(Output, Text, (SIZE_T)Sign, FALSE);
        RtlpPad(Output, '0', Padding.Width - Length);
        RtlpEmitString(Output, Text + Sign, (SIZE_T)(Length - Sign), FALSE);
        return;
    }
    Padding.Zero = FALSE;
    RtlpFormatText(Output, &Padding, Text, (SIZE_T)Length, FALSE);
}

static ULONGLONG RtlpNumberArgument(const RTLP_SPEC *Spec, BOOLEAN Signed,
                                    RTLP_ARGUMENTS *Arguments)
{
    switch (Spec->Size) {
    case Size64:
    case SizePointer:
        return NT_VA_ARG(Arguments->List, ULONGLONG);
    case SizeShort: {
        int Value = NT_VA_ARG(Arguments->List, int);
        return Signed ? (ULONGLONG)(LONGLONG)(SHORT)Value : (USHORT)Value;
    }
    case SizeByte: {
        int Value = NT_VA_ARG(Arguments->List, int);
        return Signed ? (ULONGLONG)(LONGLONG)(SCHAR)Value : (UCHAR)Value;
    }
    default: {
        int Value = NT_VA_ARG(Arguments->List, int);
        return Signed ? (ULONGLONG)(LONGLONG)Value : (ULONG)Value;
    }
    }
}

/* Format's units, one after the other. */
typedef struct _RTLP_READER {
    const VOID *Format;
    BOOLEAN Wide;
    SIZE_T At;
} RTLP_READER;

static WCHAR RtlpPeek(const RTLP_READER *Reader, SIZE_T Ahead)
{
    return Reader->Wide ? ((const WCHAR *)Reader->Format)[Reader->At + Ahead]
                        : ((const UCHAR *)Reader->Format)[Reader->At + Ahead];
}

static BOOLEAN RtlpAccept(RTLP_READER *Reader, WCHAR Unit)
{
    if (RtlpPeek(Reader, 0) != Unit)
        return FALSE;
    Reader->At++;
    return TRUE;
}

static LONG RtlpReadCount(RTLP_READER *Reader, RTLP_ARGUMENTS *Arguments)
{
    LONG Value = 0;

    if (RtlpAccept(Reader, '*'))
        return NT_VA_ARG(Arguments->List, int);
    while (RtlpPeek(Reader, 0) >= '0' && RtlpPeek(Reader, 0) <= '9') {
        if (Value < 100000)
            Value = Value * 10 + (RtlpPeek(Reader, 0) - '0');
        Reader->At++;
    }
    return Value;
}

static VOID RtlpReadSize(RTLP_READER *Reader, RTLP_SPEC *Spec)
{
    Spec->Size = SizeNone;
    if (RtlpAccept(Reader, 'h')) {
        Spec->Size = RtlpAccept(Reader, 'h') ? SizeByte : SizeShort;
    } else if (RtlpAccept(Reader, 'l')) {
        Spec->Size = RtlpAccept(Reader, 'l') ? Size64 : SizeLong;
    } else if (RtlpAccept(Reader, 'w')) {
        Spec->Size = SizeWide;
    } else if (RtlpAccept(Reader, 'I')) {
        Spec->Size = SizePointer;
        if (RtlpPeek(Reader, 0) == '6' && RtlpPeek(Reader, 1) == '4') {
            Reader->At += 2;
            Spec->Size = Size64;
        } else if (RtlpPeek(Reader, 0) == '3' && RtlpPeek(Reader, 1) == '2') {
            Reader->At += 2;
            Spec->Size = Size32;
        }
    } else if (RtlpAccept(Reader, 'z') || RtlpAccept(Reader, 't')) {
        Spec->Size = SizePointer;
    } else if (RtlpAccept(Reader, 'j')) {
        Spec->Size = Size64;
    } else {
        RtlpAccept(Reader, 'L');
    }
}

static VOID RtlpReadSpec(RTLP_READER *Reader, RTLP_SPEC *Spec, RTLP_ARGUMENTS *Arguments)
{
    memset(Spec, 0, sizeof(*Spec));
    Spec->Precision = -1;
    for (;;) {
        if (RtlpAccept(Reader, '-'))
            Spec->Left = TRUE;
        else if (RtlpAccept(Reader, '+'))
            Spec->Plus = TRUE;
        else if (RtlpAccept(Reader, ' '))
            Spec->Space = TRUE;
        else if (RtlpAccept(Reader, '0'))
            Spec->Zero = TRUE;
        else if (RtlpAccept(Reader, '#'))
            Spec->Alternate = TRUE;
        else
            break;
    }
    Spec->Width = RtlpReadCount(Reader, Arguments);
    if (Spec->Width < 0) {
        Spec->Left = TRUE;
        Spec->Width = Spec->Width == (LONG)MINLONG ? 0 : -Spec->Width;
    }
    if (RtlpAccept(Reader, '.')) {
        Spec->Precision = RtlpReadCount(Reader, Arguments);
        if (Spec->Precision < 0)
            Spec->Precision = -1;
    }
    RtlpReadSize(Reader, Spec);
    Spec->Type = RtlpPeek(Reader, 0);
    if (Spec->Type != 0)
        Reader->At++;
}

/* c and s are of the format's units, C and S of the other ones; h says narrow, l and w say wide. */
static BOOLEAN RtlpIsWideText(const RTLP_SPEC *Spec, BOOLEAN FormatWide)
{
    BOOLEAN Other = Spec->Type == 'C' || Spec->Type == 'S';

    if (Spec->Size == SizeLong || Spec->Size == SizeWide)
        return TRUE;
    if (Spec->Size == SizeShort)
        return FALSE;
    return Other ? !FormatWide : FormatWide;
}

static VOID RtlpFormatOne(RTLP_OUTPUT *Output, RTLP_SPEC *Spec, RTLP_ARGUMENTS *Arguments)
{
    ULONGLONG Value;

    switch (Spec->Type) {
    case 'c':
    case 'C': {
        int Unit = NT_VA_ARG(Arguments->List, int);
        BOOLEAN Wide = RtlpIsWideText(Spec, Output->Wide);
        WCHAR WideUnit = (WCHAR)Unit;
        CHAR NarrowUnit = (CHAR)Unit;

        RtlpFormatText(Output, Spec, Wide ? (PVOID)&WideUnit : (PVOID)&NarrowUnit, 1, Wide);
        break;
    }
    case 's':
    case 'S':
        RtlpFormatString(Output, Spec, NT_VA_ARG(Arguments->List, PVOID),
                         RtlpIsWideText(Spec, Output->Wide));
        break;
    case 'Z':
        RtlpFormatCounted(Output, Spec, NT_VA_ARG(Arguments->List, PSTRING));
        break;
    case 'd':
    case 'i': {
        LONGLONG Signed = (LONGLONG)RtlpNumberArgument(Spec, TRUE, Arguments);

        RtlpFormatNumber(Output, Spec, Signed < 0 ? 0 - (ULONGLONG)Signed : (ULONGLONG)Signed,
                         Signed < 0, 10, FALSE);
        break;
    }
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        Value = RtlpNumberArgument(Spec, FALSE, Arguments);
        Spec->Plus = Spec->Space = FALSE;
        RtlpFormatNumber(Output, Spec, Value, FALSE,
                         Spec->Type == 'u'   ? 10
                         : Spec->Type == 'o' ? 8
                                             : 16,
                         Spec->Type == 'X');
        break;
    case 'p':
        Spec->Plus = Spec->Space = Spec->Alternate = FALSE;
        Spec->Precision = 16;
        RtlpFormatNumber(Output, Spec, (ULONG_PTR)NT_VA_ARG(Arguments->List, PVOID), FALSE, 16,
                         TRUE);
        break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        RtlpFormatDouble(Output, Spec, NT_VA_ARG(Arguments->List, double));
        break;
    case 0:
        break;
    default: /* "%%", and what nobody knows is shown as it is */
        RtlpEmit(Output, Spec->Type);
        break;
    }
}

VOID RtlpFormat(RTLP_OUTPUT *Output, const VOID *Format, RTLP_ARGUMENTS *Arguments)
{
    RTLP_READER Reader = {Format, Output->Wide, 0};
    RTLP_SPEC Spec;
    WCHAR Unit;

    while ((Unit = RtlpPeek(&Reader, 0)) != 0) {
        Reader.At++;
        if (Unit != '%') {
            RtlpEmit(Output, Unit);
        } else {
            RtlpReadSpec(&Reader, &Spec, Arguments);
            RtlpFormatOne(Output, &Spec, Arguments);
        }
    }
}
