/* SPDX-License-Identifier: MIT */
/*
 * infparse.c - from text to sections, lines and fields.
 *
 * One pass, a character at a time. A field is gathered in one scratch buffer as large as the text
 * and then copied to the file's own blocks, so what a parse costs is linear in the file.
 */
#include "ntio/setup/infp.h"

#define INFP_END 0x1a /* the end of a file of CP/M's children */

typedef struct _INFP_PARSE {
    INF_FILE *File;
    const WCHAR *At, *End;
    ULONG Line;
    INF_SECTION *Section; /* NULL: none yet */
    WCHAR *Scratch;
    SIZE_T Length, Kept; /* of what is in Scratch; Kept without trailing white space */
    const WCHAR **Fields;
    ULONG Count, Capacity;
    const WCHAR *Key;
    BOOLEAN NoMemory;
} INFP_PARSE;

/* ---- memory ---- */

PVOID InfpAllocate(INF_FILE *File, SIZE_T Bytes)
{
    INFP_BLOCK *Block = File->Blocks;
    SIZE_T Size;
    PVOID Memory;

    Bytes = (Bytes + sizeof(PVOID) - 1) & ~(sizeof(PVOID) - 1);
    if (Block == NULL || Block->Size - Block->Used < Bytes) {
        Size = Bytes > INFP_BLOCK_BYTES ? Bytes : INFP_BLOCK_BYTES;
        Block = malloc(sizeof(*Block) + Size);
        if (Block == NULL)
            return NULL;
        Block->Used = 0;
        Block->Size = Size;
        /* What is left of a block that can still serve small things stays in front. */
        if (File->Blocks != NULL && Bytes > INFP_BLOCK_BYTES / 4) {
            Block->Next = File->Blocks->Next;
            File->Blocks->Next = Block;
        } else {
            Block->Next = File->Blocks;
            File->Blocks = Block;
        }
    }
    Memory = Block->Data + Block->Used;
    Block->Used += Bytes;
    return Memory;
}

static WCHAR *InfpCopy(INF_FILE *File, const WCHAR *Text, SIZE_T Length)
{
    WCHAR *Copy = InfpAllocate(File, (Length + 1) * sizeof(WCHAR));

    if (Copy != NULL) {
        memcpy(Copy, Text, Length * sizeof(WCHAR));
        Copy[Length] = 0;
    }
    return Copy;
}

static ULONG InfpBucket(const WCHAR *Name)
{
    ULONG Hash = 2166136261u;

    for (; *Name != 0; Name++)
        Hash = (Hash ^ NtCrt_towupper(*Name)) * 16777619u;
    return (Hash ^ Hash >> 16) % INFP_BUCKETS;
}

static INF_SECTION *InfpLookUp(const INF_FILE *File, const WCHAR *Name, ULONG Bucket)
{
    INF_SECTION *Section = File->Buckets[Bucket];

    while (Section != NULL && !InfSame(Section->Name, Name))
        Section = Section->NextInBucket;
    return Section;
}

const INF_SECTION *InfFindSection(const INF_FILE *File, const WCHAR *Name)
{
    return Name == NULL ? NULL : InfpLookUp(File, Name, InfpBucket(Name));
}

INF_SECTION *InfpSection(INF_FILE *File, const WCHAR *Name)
{
    ULONG Bucket = InfpBucket(Name);
    INF_SECTION *Section = InfpLookUp(File, Name, Bucket);

    if (Section != NULL)
        return Section;
    Section = InfpAllocate(File, sizeof(*Section));
    if (Section == NULL)
        return NULL;
    memset(Section, 0, sizeof(*Section));
    Section->Name = InfpCopy(File, Name, NtCrt_wcslen(Name));
    if (Section->Name == NULL)
        return NULL;
    Section->NextInBucket = File->Buckets[Bucket];
    File->Buckets[Bucket] = Section;
    *File->Last = Section;
    File->Last = &Section->Next;
    return Section;
}

/* ---- characters ---- */

static BOOLEAN InfpIsEnd(const INFP_PARSE *Parse)
{
    return Parse->At == Parse->End || *Parse->At == L'\n' || *Parse->At == L'\r';
}

/* Zero too: a string here ends with one. */
static BOOLEAN InfpIsSpace(WCHAR c)
{
    return (c <= L' ' && c != L'\n' && c != L'\r' && c != INFP_END) || c == 0xa0 || c == 0x3000 ||
           c == 0xfeff;
}

static VOID InfpSkipSpaces(INFP_PARSE *Parse)
{
    while (Parse->At != Parse->End && InfpIsSpace(*Parse->At))
        Parse->At++;
}

static VOID InfpSkipToEnd(INFP_PARSE *Parse)
{
    while (!InfpIsEnd(Parse))
        Parse->At++;
}

/* Past CR, LF or CR LF. */
static VOID InfpNextLine(INFP_PARSE *Parse)
{
    if (Parse->At == Parse->End)
        return;
    if (*Parse->At == L'\r' && Parse->At + 1 != Parse->End && Parse->At[1] == L'\n')
        Parse->At++;
    Parse->At++;
    Parse->Line++;
}

static VOID InfpPut(INFP_PARSE *Parse, WCHAR c, BOOLEAN Keep)
{
    Parse->Scratch[Parse->Length++] = c;
    if (Keep)
        Parse->Kept = Parse->Length;
}

/* ---- fields ---- */

static const WCHAR *InfpEndField(INFP_PARSE *Parse)
{
    const WCHAR *Text = InfpCopy(Parse->File, Parse->Scratch, Parse->Kept);

    Parse->Length = Parse->Kept = 0;
    if (Text == NULL)
        Parse->NoMemory = TRUE;
    return Text;
}

static VOID InfpAddField(INFP_PARSE *Parse)
{
    if (Parse->Count == Parse->Capacity) {
        ULONG Capacity = Parse->Capacity == 0 ? 64 : Parse->Capacity * 2;
        const WCHAR **Larger = realloc(Parse->Fields, Capacity * sizeof(*Larger));

        if (Larger == NULL) {
            Parse->NoMemory = TRUE;
            return;
        }
        Parse->Fields = Larger;
        Parse->Capacity = Capacity;
    }
    Parse->Fields[Parse->Count] = InfpEndField(Parse);
    if (!Parse->NoMemory)
        Parse->Count++;
}

/* What stands in quotes is taken as it is; "" is one quote; an end of line ends it too. */
static VOID InfpQuoted(INFP_PARSE *Parse)
{
    Parse->At++;
    while (!InfpIsEnd(Parse)) {
        WCHAR c = *Parse->At++;

        if (c == L'"') {
            if (Parse->At == Parse->End || *Parse->At != L'"')
                return;
            Parse->At++;
        }
        InfpPut(Parse, c != 0 ? c : L' ', TRUE);
    }
}

/* A backslash with nothing but white space or a comment behind it goes on with the next line. */
static BOOLEAN InfpContinued(INFP_PARSE *Parse)
{
    const WCHAR *Before = Parse->At;

    Parse->At++;
    InfpSkipSpaces(Parse);
    if (Parse->At != Parse->End && *Parse->At == L';')
        InfpSkipToEnd(Parse);
    if (!InfpIsEnd(Parse)) {
        Parse->At = Before;
        return FALSE;
    }
    InfpNextLine(Parse);
    Parse->Length = Parse->Kept; /* white space before it does not count, nor what the next begins
                                    with */
    InfpSkipSpaces(Parse);
    return TRUE;
}

static BOOLEAN InfpStoreLine(INFP_PARSE *Parse, ULONG Number)
{
    INF_SECTION *Section = Parse->Section;
    INF_LINE *Line;

    if (Section->Count == Section->Capacity) {
        /* The old array stays in its block: half of it all at most. */
        ULONG Capacity = Section->Capacity == 0 ? 4 : Section->Capacity * 2;
        INF_LINE *Larger = InfpAllocate(Parse->File, Capacity * sizeof(*Larger));

        if (Larger == NULL)
            return FALSE;
        if (Section->Count != 0)
            memcpy(Larger, Section->Lines, Section->Count * sizeof(*Larger));
        Section->Lines = Larger;
        Section->Capacity = Capacity;
    }
    Line = &Section->Lines[Section->Count];
    Line->Number = Number;
    Line->Count = Parse->Count;
    Line->Key = Parse->Key;
    /* A line of one value alone is found by it. */
    if (Line->Key == NULL && Line->Count == 1)
        Line->Key = Parse->Fields[0];
    Line->Fields = InfpAllocate(Parse->File, Parse->Count * sizeof(*Line->Fields));
    if (Line->Fields == NULL)
        return FALSE;
    memcpy(Line->Fields, Parse->Fields, Parse->Count * sizeof(*Line->Fields));
    Section->Count++;
    return TRUE;
}

static ULONG InfpParseLine(INFP_PARSE *Parse)
{
    ULONG Number = Parse->Line;

    if (Parse->Section == NULL)
        return ERROR_EXPECTED_SECTION_NAME;
    Parse->Count = 0;
    Parse->Key = NULL;
    Parse->Length = Parse->Kept = 0;
    while (!InfpIsEnd(Parse) && *Parse->At != L';' && !Parse->NoMemory) {
        WCHAR c = *Parse->At;

        if (c == L'"') {
            InfpQuoted(Parse);
            continue;
        }
        if (c == L'\\' && InfpContinued(Parse))
            continue;
        Parse->At++;
        if (c == L',') {
            InfpAddField(Parse);
            InfpSkipSpaces(Parse);
        } else if (c == L'=' && Parse->Key == NULL && Parse->Count == 0) {
            Parse->Key = InfpEndField(Parse);
            InfpSkipSpaces(Parse);
        } else if (Parse->Length != 0 || !InfpIsSpace(c)) {
            InfpPut(Parse, c != 0 ? c : L' ', !InfpIsSpace(c));
        }
    }
    InfpAddField(Parse);
    if (Parse->NoMemory || !InfpStoreLine(Parse, Number))
        return ERROR_NOT_ENOUGH_MEMORY;
    InfpSkipToEnd(Parse);
    return ERROR_SUCCESS;
}

static ULONG InfpParseSection(INFP_PARSE *Parse)
{
    Parse->At++;
    Parse->Length = Parse->Kept = 0;
    InfpSkipSpaces(Parse);
    while (!InfpIsEnd(Parse) && *Parse->At != L']') {
        WCHAR c = *Parse->At++;

        InfpPut(Parse, c != 0 ? c : L' ', !InfpIsSpace(c));
    }
    if (InfpIsEnd(Parse))
        return ERROR_BAD_SECTION_NAME_LINE;
    InfpSkipToEnd(Parse);
    if (Parse->Kept > INF_MAXIMUM_NAME)
        return ERROR_SECTION_NAME_TOO_LONG;
    Parse->Scratch[Parse->Kept] = 0;
    Parse->Section = InfpSection(Parse->File, Parse->Scratch);
    return Parse->Section != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

static ULONG InfpParseText(INFP_PARSE *Parse)
{
    ULONG Error = ERROR_SUCCESS;

    while (Parse->At != Parse->End && Error == ERROR_SUCCESS) {
        InfpSkipSpaces(Parse);
        if (InfpIsEnd(Parse)) {
            InfpNextLine(Parse);
            continue;
        }
        if (*Parse->At == INFP_END)
            break;
        if (*Parse->At == L';')
            InfpSkipToEnd(Parse);
        else if (*Parse->At == L'[')
            Error = InfpParseSection(Parse);
        else
            Error = InfpParseLine(Parse);
    }
    return Error;
}

/* ---- the file as a whole ---- */

static ULONG InfpCheckStyle(const INF_FILE *File)
{
    static const WCHAR *const Signatures[] = {L"$Windows NT$", L"$Chicago$", L"$Windows 95$"};
    WCHAR *Signature = InfValue(File, L"Version", L"Signature");
    ULONG Error = ERROR_WRONG_INF_STYLE;

    for (ULONG i = 0; i < RTL_NUMBER_OF(Signatures) && Signature != NULL; i++) {
        if (InfSame(Signature, Signatures[i]))
            Error = ERROR_SUCCESS;
    }
    free(Signature);
    return Error;
}

/* Of this language; of its primary language alone; of that with its default country; of none. */
static VOID InfpChooseStrings(INF_FILE *File, USHORT Language)
{
    const USHORT Tried[3] = {Language, Language & 0x3ff, (Language & 0x3ff) | 0x400};
    WCHAR Name[16];

    for (ULONG i = 0; i < 3; i++) {
        NtCrt__snwprintf(Name, RTL_NUMBER_OF(Name), L"Strings.%04x", Tried[i]);
        File->Strings[i] = InfFindSection(File, Name);
    }
    File->Strings[3] = InfFindSection(File, L"Strings");
}

ULONG InfParse(const VOID *Bytes, SIZE_T Size, USHORT Language, INF_FILE **Result, ULONG *Line)
{
    INFP_PARSE Parse = {.Line = 1};
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;
    SIZE_T Characters = 0;
    WCHAR *Text;
    INF_FILE *File;

    *Result = NULL;
    *Line = 0;
    if (Size > INF_MAXIMUM_BYTES)
        return ERROR_BAD_FORMAT;
    File = calloc(1, sizeof(*File));
    Text = InfDecode(Bytes, Size, &Characters);
    if (Text != NULL)
        Parse.Scratch = malloc((Characters + 1) * sizeof(WCHAR));
    if (File != NULL && Parse.Scratch != NULL) {
        File->Last = &File->First;
        Parse.File = File;
        Parse.At = Text;
        Parse.End = Text + Characters;
        Error = InfpParseText(&Parse);
        *Line = Error == ERROR_SUCCESS || Error == ERROR_NOT_ENOUGH_MEMORY ? 0 : Parse.Line;
        if (Error == ERROR_SUCCESS) {
            InfpChooseStrings(File, Language);
            Error = InfpCheckStyle(File);
        }
    }
    free(Text);
    free(Parse.Scratch);
    free(Parse.Fields);
    if (Error != ERROR_SUCCESS) {
        InfFree(File);
        return Error;
    }
    *Result = File;
    return ERROR_SUCCESS;
}

VOID InfFree(INF_FILE *File)
{
    INFP_BLOCK *Block;

    if (File == NULL)
        return;
    while ((Block = File->Blocks) != NULL) {
        File->Blocks = Block->Next;
        free(Block);
    }
    free(File);
}
