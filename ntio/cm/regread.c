/* SPDX-License-Identifier: MIT */
/*
 * regread.c - reads registry text (regtext.h): first its characters, whatever they are coded in,
 * then line by line.
 *
 * Everything works on one array of characters with a zero behind its end, which no character of a
 * text can be (RegTextRead refuses them): a look at *At never passes the end.
 */
#include "ntio/cm/regtext.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct _READER {
    const WCHAR *At, *End;
    ULONG Line;
    BOOLEAN Old;    /* REGEDIT4: text in hexadecimal values is ANSI */
    BOOLEAN HasKey; /* values belong to a key that was not deleted */
    WCHAR *Path;    /* room for any line */
    WCHAR *Name;
    PUCHAR Data;
    SIZE_T DataRoom;
    const REGTEXT_SINK *Sink;
    char *Reason;
    size_t Size;
} READER;

static NTSTATUS Say(READER *Reader, NTSTATUS Status, const char *Format, ...)
    __attribute__((format(printf, 3, 4)));
static NTSTATUS Say(READER *Reader, NTSTATUS Status, const char *Format, ...)
{
    va_list Arguments;

    if (Reader->Reason == NULL || Reader->Size == 0)
        return Status;
    int Length = snprintf(Reader->Reason, Reader->Size, "line %u: ", (unsigned)Reader->Line);
    if (Length < 0 || (size_t)Length >= Reader->Size)
        return Status;
    va_start(Arguments, Format);
    vsnprintf(Reader->Reason + Length, Reader->Size - (size_t)Length, Format, Arguments);
    va_end(Arguments);
    return Status;
}

#define BAD(...) Say(Reader, STATUS_INVALID_PARAMETER, __VA_ARGS__)

/* ---- characters ---- */

/* One character of UTF-8, or 0: these bytes are none. */
static SIZE_T DecodeUtf8(const UCHAR *At, const UCHAR *End, ULONG *Character)
{
    SIZE_T More = *At < 0x80             ? 0
                  : (*At & 0xe0) == 0xc0 ? 1
                  : (*At & 0xf0) == 0xe0 ? 2
                  : (*At & 0xf8) == 0xf0 ? 3
                                         : MAXULONG;
    static const ULONG Least[] = {0, 0x80, 0x800, 0x10000};

    if (More == MAXULONG || (SIZE_T)(End - At) <= More)
        return 0;
    *Character = More == 0 ? *At : *At & (0x3fu >> More);
    for (SIZE_T i = 1; i <= More; i++) {
        if ((At[i] & 0xc0) != 0x80)
            return 0;
        *Character = *Character << 6 | (At[i] & 0x3f);
    }
    if (*Character < Least[More] || *Character > 0x10ffff ||
        (*Character >= 0xd800 && *Character <= 0xdfff))
        return 0;
    return More + 1;
}

static BOOLEAN IsUtf8(const UCHAR *At, const UCHAR *End)
{
    ULONG Character;

    while (At < End) {
        SIZE_T Used = DecodeUtf8(At, End, &Character);
        if (Used == 0)
            return FALSE;
        At += Used;
    }
    return TRUE;
}

/* Windows-1252 where it differs from Latin-1. */
static WCHAR DecodeAnsi(UCHAR Byte)
{
    static const WCHAR Upper[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
                                    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

    return Byte >= 0x80 && Byte < 0xa0 ? Upper[Byte - 0x80] : Byte;
}

/* To holds as many characters as From has bytes. Returns how many there are. */
static SIZE_T Widen(const UCHAR *At, const UCHAR *End, WCHAR *To)
{
    BOOLEAN Utf8 = IsUtf8(At, End);
    SIZE_T Count = 0;
    ULONG Character;

    while (At < End) {
        if (!Utf8) {
            To[Count++] = DecodeAnsi(*At++);
            continue;
        }
        At += DecodeUtf8(At, End, &Character);
        if (Character >= 0x10000) {
            To[Count++] = (WCHAR)(0xd800 + ((Character - 0x10000) >> 10));
            Character = 0xdc00 + ((Character - 0x10000) & 0x3ff);
        }
        To[Count++] = (WCHAR)Character;
    }
    return Count;
}

/* The text as characters, from the heap, with a zero behind. */
static NTSTATUS Decode(READER *Reader, const UCHAR *Text, SIZE_T Bytes, WCHAR **Result,
                       SIZE_T *Count)
{
    BOOLEAN Mark = Bytes >= 2 && Text[0] == 0xff && Text[1] == 0xfe;
    WCHAR *To;

    if (Bytes >= 2 && Text[0] == 0xfe && Text[1] == 0xff)
        return BAD("the text is big-endian");
    /* The first character of every such text is ASCII. */
    BOOLEAN Utf16 = Mark || (Bytes >= 2 && Text[0] != 0 && Text[1] == 0);
    if (Utf16 && Bytes % sizeof(WCHAR) != 0)
        return BAD("half a character is missing at the end of the text");
    To = malloc((Bytes + 1) * sizeof(WCHAR));
    if (To == NULL)
        return Say(Reader, STATUS_INSUFFICIENT_RESOURCES, "out of memory");
    if (Utf16) {
        SIZE_T Skip = Mark ? 2 : 0;
        *Count = (Bytes - Skip) / sizeof(WCHAR);
        memcpy(To, Text + Skip, Bytes - Skip);
    } else {
        SIZE_T Skip = Bytes >= 3 && memcmp(Text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        *Count = Widen(Text + Skip, Text + Bytes, To);
    }
    To[*Count] = 0;
    *Result = To;
    return STATUS_SUCCESS;
}

/* ---- small things ---- */

static BOOLEAN IsBlank(WCHAR Character)
{
    return Character == L' ' || Character == L'\t';
}

static BOOLEAN IsEndOfLine(WCHAR Character)
{
    return Character == 0 || Character == L'\r' || Character == L'\n';
}

static VOID SkipBlanks(READER *Reader)
{
    while (IsBlank(*Reader->At))
        Reader->At++;
}

/* Over the end of the line that At stands at. */
static VOID SkipEndOfLine(READER *Reader)
{
    if (*Reader->At == L'\r')
        Reader->At++;
    if (*Reader->At == L'\n')
        Reader->At++;
    Reader->Line++;
}

/* Behind a value: blanks, a comment, nothing else. */
static NTSTATUS FinishLine(READER *Reader)
{
    SkipBlanks(Reader);
    if (*Reader->At == L';')
        while (!IsEndOfLine(*Reader->At))
            Reader->At++;
    if (!IsEndOfLine(*Reader->At))
        return BAD("something stands behind the value");
    return STATUS_SUCCESS;
}

static int HexDigit(WCHAR Character)
{
    if (Character >= L'0' && Character <= L'9')
        return Character - L'0';
    if (Character >= L'a' && Character <= L'f')
        return Character - L'a' + 10;
    return Character >= L'A' && Character <= L'F' ? Character - L'A' + 10 : -1;
}

/* Takes Word, lower case ASCII, if it is next. */
static BOOLEAN Take(READER *Reader, const char *Word)
{
    const WCHAR *At = Reader->At;

    for (; *Word != '\0'; Word++, At++) {
        WCHAR Lower = *At >= L'A' && *At <= L'Z' ? (WCHAR)(*At + 32) : *At;
        if (Lower != (WCHAR)*Word)
            return FALSE;
    }
    Reader->At = At;
    return TRUE;
}

/* The whole of the line is Text (and blanks). */
static BOOLEAN TakeLine(READER *Reader, const char *Text)
{
    const WCHAR *Before = Reader->At;

    if (Take(Reader, Text)) {
        SkipBlanks(Reader);
        if (IsEndOfLine(*Reader->At))
            return TRUE;
    }
    Reader->At = Before;
    return FALSE;
}

/* At stands behind the opening quote; To takes the text between, *Count its characters. */
static NTSTATUS ReadQuoted(READER *Reader, WCHAR *To, SIZE_T *Count)
{
    ULONG First = Reader->Line;

    for (*Count = 0; *Reader->At != L'"'; Reader->At++) {
        WCHAR Character = *Reader->At;
        if (Character == 0) {
            Reader->Line = First;
            return BAD("the text in quotes has no end");
        }
        if (Character == L'\n' || (Character == L'\r' && Reader->At[1] != L'\n'))
            Reader->Line++; /* a text of several lines */
        if (Character == L'\\') {
            Character = *++Reader->At;
            if (Character == L'n')
                Character = L'\n';
            else if (Character == L'r')
                Character = L'\r';
            else if (Character != L'\\' && Character != L'"')
                return BAD("a backslash in quotes stands before neither \\ nor \"");
        }
        To[(*Count)++] = Character;
    }
    Reader->At++;
    return STATUS_SUCCESS;
}

/* ---- values ---- */

static NTSTATUS Deliver(READER *Reader, SIZE_T NameCount, ULONG Type, const VOID *Data,
                        SIZE_T Bytes, BOOLEAN Delete)
{
    const char *Problem = "it can't be set";
    NTSTATUS Status = FinishLine(Reader);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Bytes > MAXLONG)
        return BAD("the value is too long");
    Status = Reader->Sink->Value(Reader->Sink->Context, Reader->Name, NameCount, Type, Data,
                                 (ULONG)Bytes, Delete, &Problem);
    return NT_SUCCESS(Status) ? Status : Say(Reader, Status, "%s", Problem);
}

static NTSTATUS ReadNumber(READER *Reader, SIZE_T NameCount)
{
    ULONG Number = 0, Digits = 0;

    SkipBlanks(Reader);
    for (; HexDigit(*Reader->At) >= 0; Reader->At++, Digits++) {
        if (Digits == 8)
            return BAD("a dword has eight digits at most");
        Number = Number << 4 | (ULONG)HexDigit(*Reader->At);
    }
    if (Digits == 0)
        return BAD("hexadecimal digits are expected behind dword:");
    return Deliver(Reader, NameCount, REG_DWORD, &Number, sizeof(Number), FALSE);
}

static BOOLEAN PutByte(READER *Reader, SIZE_T *Count, UCHAR Byte)
{
    if (*Count == Reader->DataRoom) {
        SIZE_T Room = Reader->DataRoom != 0 ? 2 * Reader->DataRoom : 256;
        PUCHAR Larger = realloc(Reader->Data, Room);
        if (Larger == NULL)
            return FALSE;
        Reader->Data = Larger;
        Reader->DataRoom = Room;
    }
    Reader->Data[(*Count)++] = Byte;
    return TRUE;
}

/* A backslash at the end of a line: the list goes on in the next one, behind blanks. */
static NTSTATUS SkipContinuation(READER *Reader)
{
    for (SkipBlanks(Reader); *Reader->At == L'\\'; SkipBlanks(Reader)) {
        Reader->At++;
        SkipBlanks(Reader);
        if (*Reader->At == 0)
            return STATUS_SUCCESS; /* the text ends in the middle: regedit takes that, too */
        if (!IsEndOfLine(*Reader->At))
            return BAD("a backslash in a list of bytes ends its line");
        SkipEndOfLine(Reader);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS ReadBytes(READER *Reader, SIZE_T *Count)
{
    NTSTATUS Status = SkipContinuation(Reader);

    *Count = 0;
    while (NT_SUCCESS(Status)) {
        int High = HexDigit(*Reader->At), Low;
        if (High < 0)
            break;
        Low = HexDigit(*++Reader->At);
        if (Low >= 0)
            Reader->At++;
        if (HexDigit(*Reader->At) >= 0)
            return BAD("a byte has two hexadecimal digits");
        if (!PutByte(Reader, Count, (UCHAR)(Low >= 0 ? High << 4 | Low : High)))
            return Say(Reader, STATUS_INSUFFICIENT_RESOURCES, "out of memory");
        Status = SkipContinuation(Reader);
        if (!NT_SUCCESS(Status) || *Reader->At != L',')
            break;
        Reader->At++;
        Status = SkipContinuation(Reader);
    }
    return Status;
}

/* REGEDIT4 has text as ANSI bytes: it becomes UTF-16 in Data. */
static NTSTATUS WidenData(READER *Reader, SIZE_T *Count)
{
    WCHAR *Wide = malloc((*Count + 1) * sizeof(WCHAR));

    if (Wide == NULL)
        return Say(Reader, STATUS_INSUFFICIENT_RESOURCES, "out of memory");
    *Count = *Count != 0 ? Widen(Reader->Data, Reader->Data + *Count, Wide) * sizeof(WCHAR) : 0;
    free(Reader->Data);
    Reader->Data = (PUCHAR)Wide;
    Reader->DataRoom = *Count; /* at least that much */
    return STATUS_SUCCESS;
}

static NTSTATUS ReadHex(READER *Reader, SIZE_T NameCount)
{
    ULONG Type = REG_BINARY, Digits = 0;
    NTSTATUS Status;
    SIZE_T Count;

    if (*Reader->At == L'(') {
        Reader->At++;
        for (Type = 0; HexDigit(*Reader->At) >= 0; Reader->At++, Digits++) {
            if (Digits == 8)
                return BAD("a type has eight hexadecimal digits at most");
            Type = Type << 4 | (ULONG)HexDigit(*Reader->At);
        }
        if (Digits == 0 || *Reader->At != L')')
            return BAD("a type is a hexadecimal number in parentheses");
        Reader->At++;
    }
    if (*Reader->At != L':')
        return BAD("a colon is expected behind hex");
    Reader->At++;
    Status = ReadBytes(Reader, &Count);
    if (NT_SUCCESS(Status) && Reader->Old &&
        (Type == REG_SZ || Type == REG_EXPAND_SZ || Type == REG_MULTI_SZ))
        Status = WidenData(Reader, &Count);
    if (!NT_SUCCESS(Status))
        return Status;
    return Deliver(Reader, NameCount, Type, Reader->Data, Count, FALSE);
}

static NTSTATUS ReadText(READER *Reader, SIZE_T NameCount)
{
    NTSTATUS Status;
    SIZE_T Count;

    Reader->At++;
    Status = ReadQuoted(Reader, Reader->Path, &Count); /* no key is being read: its room is free */
    if (!NT_SUCCESS(Status))
        return Status;
    Reader->Path[Count] = 0;
    return Deliver(Reader, NameCount, REG_SZ, Reader->Path, (Count + 1) * sizeof(WCHAR), FALSE);
}

static NTSTATUS ReadValue(READER *Reader)
{
    SIZE_T NameCount = 0;
    NTSTATUS Status = STATUS_SUCCESS;

    if (!Reader->HasKey)
        return BAD("a value stands before any key, or behind a key that was deleted");
    if (*Reader->At++ == L'"')
        Status = ReadQuoted(Reader, Reader->Name, &NameCount);
    if (!NT_SUCCESS(Status))
        return Status;
    SkipBlanks(Reader);
    if (*Reader->At != L'=')
        return BAD("an equals sign is expected behind the value's name");
    Reader->At++;
    SkipBlanks(Reader);
    if (*Reader->At == L'"')
        return ReadText(Reader, NameCount);
    if (*Reader->At == L'-') {
        Reader->At++;
        return Deliver(Reader, NameCount, REG_NONE, NULL, 0, TRUE);
    }
    if (Take(Reader, "dword:"))
        return ReadNumber(Reader, NameCount);
    if (Take(Reader, "hex"))
        return ReadHex(Reader, NameCount);
    return BAD("the value is neither text in quotes nor dword: nor hex:");
}

/* ---- keys ---- */

static NTSTATUS ReadKey(READER *Reader)
{
    const WCHAR *Begin = ++Reader->At, *Close = NULL;
    const char *Problem = "the key can't be made";
    BOOLEAN Delete = *Begin == L'-';
    SIZE_T Count = 0;
    NTSTATUS Status;

    if (Delete)
        Begin++;
    for (; !IsEndOfLine(*Reader->At); Reader->At++)
        if (*Reader->At == L']') /* the last one: a name may have them, too */
            Close = Reader->At;
    if (Close == NULL || Close < Begin)
        return BAD("the key's name has no closing bracket");
    for (; Begin < Close; Begin++)
        if (*Begin != L'\\' || (Count != 0 && Reader->Path[Count - 1] != L'\\'))
            Reader->Path[Count++] = *Begin;
    while (Count != 0 && Reader->Path[Count - 1] == L'\\')
        Count--;
    if (Count == 0)
        return BAD("the key has no name");
    Status = Reader->Sink->Key(Reader->Sink->Context, Reader->Path, Count, Delete, &Problem);
    if (!NT_SUCCESS(Status))
        return Say(Reader, Status, "%s", Problem);
    Reader->HasKey = !Delete;
    return STATUS_SUCCESS;
}

/* ---- the whole ---- */

static NTSTATUS ReadLines(READER *Reader)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (TakeLine(Reader, "regedit4"))
        Reader->Old = TRUE;
    else if (!TakeLine(Reader, "windows registry editor version 5.00"))
        return BAD("this is no registry text: its first line is neither \"Windows Registry Editor "
                   "Version 5.00\" nor \"REGEDIT4\"");
    while (NT_SUCCESS(Status)) {
        SkipBlanks(Reader);
        if (*Reader->At == 0)
            break;
        if (IsEndOfLine(*Reader->At)) {
            SkipEndOfLine(Reader);
        } else if (*Reader->At == L';') {
            while (!IsEndOfLine(*Reader->At))
                Reader->At++;
        } else if (*Reader->At == L'[') {
            Status = ReadKey(Reader);
        } else if (*Reader->At == L'"' || *Reader->At == L'@') {
            Status = ReadValue(Reader);
        } else {
            Status = BAD("the line is neither a key nor a value");
        }
    }
    return Status;
}

NTSTATUS RegTextRead(const VOID *Text, SIZE_T Bytes, const REGTEXT_SINK *Sink, char *Reason,
                     size_t Size)
{
    READER State = {.Line = 1, .Sink = Sink, .Reason = Reason, .Size = Size}, *Reader = &State;
    WCHAR *Characters = NULL;
    SIZE_T Count = 0;
    NTSTATUS Status;

    if (Bytes > MAXLONG)
        return BAD("the text is too long");
    Status = Decode(Reader, Text, Bytes, &Characters, &Count);
    for (SIZE_T i = 0; i < Count && NT_SUCCESS(Status); i++) {
        if (Characters[i] == L'\n')
            State.Line++;
        if (Characters[i] == 0)
            Status = BAD("there is a zero in the text");
    }
    if (NT_SUCCESS(Status)) {
        State.Line = 1;
        State.At = Characters;
        State.End = Characters + Count;
        State.Path = malloc((Count + 1) * sizeof(WCHAR));
        State.Name = malloc((Count + 1) * sizeof(WCHAR));
        if (State.Path != NULL && State.Name != NULL)
            Status = ReadLines(Reader);
        else
            Status = Say(Reader, STATUS_INSUFFICIENT_RESOURCES, "out of memory");
    }
    free(State.Data);
    free(State.Name);
    free(State.Path);
    free(Characters);
    return Status;
}
