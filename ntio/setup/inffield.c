/* SPDX-License-Identifier: MIT */
/* inffield.c - what stands in a field: tokens replaced, numbers read. */
#include "ntio/setup/infp.h"

BOOLEAN InfSame(const WCHAR *A, const WCHAR *B)
{
    return A != NULL && B != NULL && NtCrt__wcsicmp(A, B) == 0;
}

WCHAR *InfJoin(const WCHAR *A, const WCHAR *B, const WCHAR *C)
{
    SIZE_T a = NtCrt_wcslen(A), b = NtCrt_wcslen(B), c = NtCrt_wcslen(C);
    WCHAR *Text = malloc((a + b + c + 1) * sizeof(WCHAR));

    if (Text != NULL) {
        memcpy(Text, A, a * sizeof(WCHAR));
        memcpy(Text + a, B, b * sizeof(WCHAR));
        memcpy(Text + a + b, C, (c + 1) * sizeof(WCHAR));
    }
    return Text;
}

WCHAR *InfDuplicate(const WCHAR *Text)
{
    return Text == NULL ? NULL : InfJoin(Text, L"", L"");
}

const INF_SECTION *InfFirstSection(const INF_FILE *File)
{
    return File->First;
}

VOID InfSetDirectories(INF_FILE *File, INF_DIRECTORY_ROUTINE *Routine, PVOID Context)
{
    File->Directory = Routine;
    File->DirectoryContext = Context;
}

/* Keys are compared with their tokens replaced only where they have some. */
static BOOLEAN InfpIsKey(const INF_FILE *File, const INF_LINE *Line, const WCHAR *Key)
{
    BOOLEAN Same;
    WCHAR *Expanded;

    if (Line->Key == NULL)
        return FALSE;
    if (NtCrt_wcschr(Line->Key, L'%') == NULL)
        return InfSame(Line->Key, Key);
    Expanded = InfExpand(File, Line->Key);
    Same = InfSame(Expanded, Key);
    free(Expanded);
    return Same;
}

ULONG InfFindLine(const INF_FILE *File, const INF_SECTION *Section, ULONG Start, const WCHAR *Key)
{
    for (ULONG i = Start; i < Section->Count; i++) {
        if (Key == NULL || InfpIsKey(File, &Section->Lines[i], Key))
            return i;
    }
    return MAXULONG;
}

/* ---- tokens ---- */

/* Tokens in a hostile file would make more of it than a machine holds. */
#define INFP_MAXIMUM_EXPANDED 65536

/* A string that grows; Failed: out of memory, or too long. */
typedef struct _INFP_STRING {
    WCHAR *Text;
    SIZE_T Length, Capacity;
    BOOLEAN Failed;
} INFP_STRING;

static VOID InfpAppend(INFP_STRING *String, const WCHAR *Text, SIZE_T Length)
{
    if (String->Failed || String->Length + Length > INFP_MAXIMUM_EXPANDED) {
        String->Failed = TRUE;
        return;
    }
    if (String->Length + Length + 1 > String->Capacity) {
        SIZE_T Capacity = (String->Length + Length + 1) * 2;
        WCHAR *Larger = realloc(String->Text, Capacity * sizeof(WCHAR));

        if (Larger == NULL) {
            String->Failed = TRUE;
            return;
        }
        String->Text = Larger;
        String->Capacity = Capacity;
    }
    memcpy(String->Text + String->Length, Text, Length * sizeof(WCHAR));
    String->Length += Length;
    String->Text[String->Length] = 0;
}

static BOOLEAN InfpIsToken(const WCHAR *Key, const WCHAR *Token, SIZE_T Length)
{
    for (SIZE_T i = 0; i < Length; i++) {
        if (NtCrt_towupper(Key[i]) != NtCrt_towupper(Token[i]))
            return FALSE; /* also where Key ends */
    }
    return Key[Length] == 0;
}

/* What the file says the token stands for; NULL: it does not. Not expanded again. */
static const WCHAR *InfpString(const INF_FILE *File, const WCHAR *Token, SIZE_T Length)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(File->Strings); i++) {
        const INF_SECTION *Strings = File->Strings[i];

        for (ULONG j = 0; Strings != NULL && j < Strings->Count; j++) {
            const INF_LINE *Line = &Strings->Lines[j];

            if (Line->Key != NULL && InfpIsToken(Line->Key, Token, Length))
                return Line->Fields[0];
        }
    }
    return NULL;
}

/* %12%: a directory. FALSE: there is none of that number. */
static BOOLEAN InfpDirectory(const INF_FILE *File, const WCHAR *Token, SIZE_T Length,
                             INFP_STRING *To)
{
    ULONG Id = 0;
    WCHAR *Path;

    if (File->Directory == NULL || Length == 0 || Length > 9)
        return FALSE;
    for (SIZE_T i = 0; i < Length; i++) {
        if (Token[i] < L'0' || Token[i] > L'9')
            return FALSE;
        Id = Id * 10 + (Token[i] - L'0');
    }
    Path = File->Directory(Id, File->DirectoryContext);
    if (Path == NULL)
        return FALSE;
    InfpAppend(To, Path, NtCrt_wcslen(Path));
    free(Path);
    return TRUE;
}

WCHAR *InfExpand(const INF_FILE *File, const WCHAR *Text)
{
    INFP_STRING To = {0};
    const WCHAR *End, *Value;

    InfpAppend(&To, L"", 0);
    while (*Text != 0 && !To.Failed) {
        if (*Text != L'%') {
            for (End = Text; *End != 0 && *End != L'%';)
                End++;
            InfpAppend(&To, Text, (SIZE_T)(End - Text));
            Text = End;
            continue;
        }
        End = NtCrt_wcschr(Text + 1, L'%');
        if (End == Text + 1) { /* %% */
            InfpAppend(&To, L"%", 1);
        } else if (End == NULL) {
            InfpAppend(&To, Text, NtCrt_wcslen(Text));
            break;
        } else if ((Value = InfpString(File, Text + 1, (SIZE_T)(End - Text - 1))) != NULL) {
            InfpAppend(&To, Value, NtCrt_wcslen(Value));
        } else if (!InfpDirectory(File, Text + 1, (SIZE_T)(End - Text - 1), &To)) {
            InfpAppend(&To, Text, (SIZE_T)(End - Text + 1)); /* stays as it is */
        }
        Text = End + 1;
    }
    if (To.Failed) {
        free(To.Text); /* too long answers as no memory does */
        return NULL;
    }
    return To.Text;
}

WCHAR *InfField(const INF_FILE *File, const INF_LINE *Line, ULONG Index)
{
    const WCHAR *Raw;

    if (Index == 0)
        Raw = Line->Key;
    else
        Raw = Index <= Line->Count ? Line->Fields[Index - 1] : NULL;
    return Raw == NULL ? NULL : InfExpand(File, Raw);
}

WCHAR *InfFieldOrEmpty(const INF_FILE *File, const INF_LINE *Line, ULONG Index)
{
    if (Index == 0 ? Line->Key == NULL : Index > Line->Count)
        return InfDuplicate(L"");
    return InfField(File, Line, Index);
}

WCHAR *InfValue(const INF_FILE *File, const WCHAR *Section, const WCHAR *Key)
{
    const INF_SECTION *Found = InfFindSection(File, Section);
    ULONG Line = Found == NULL ? MAXULONG : InfFindLine(File, Found, 0, Key);

    return Line == MAXULONG ? NULL : InfField(File, &Found->Lines[Line], 1);
}

/* ---- numbers ---- */

BOOLEAN InfNumber(const WCHAR *Text, LONG *Number)
{
    BOOLEAN Negative = FALSE;
    ULONG Value = 0, Base = 10, Digit;

    *Number = 0;
    if (*Text == L'-' || *Text == L'+')
        Negative = *Text++ == L'-';
    if (Text[0] == L'0' && (Text[1] == L'x' || Text[1] == L'X')) {
        Base = 16;
        Text += 2;
    }
    if (*Text == 0)
        return FALSE;
    for (; *Text != 0; Text++) {
        if (*Text >= L'0' && *Text <= L'9')
            Digit = *Text - L'0';
        else if (*Text >= L'a' && *Text <= L'f')
            Digit = *Text - L'a' + 10;
        else if (*Text >= L'A' && *Text <= L'F')
            Digit = *Text - L'A' + 10;
        else
            return FALSE;
        if (Digit >= Base)
            return FALSE;
        Value = Value * Base + Digit;
    }
    *Number = (LONG)(Negative ? 0 - Value : Value);
    return TRUE;
}

BOOLEAN InfFieldNumber(const INF_FILE *File, const INF_LINE *Line, ULONG Index, LONG *Number)
{
    WCHAR *Text = InfField(File, Line, Index);
    BOOLEAN Is = Text != NULL && InfNumber(Text, Number);

    if (!Is)
        *Number = 0;
    free(Text);
    return Is;
}
