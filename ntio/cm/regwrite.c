/* SPDX-License-Identifier: MIT */
/* regwrite.c - writes registry text (regtext.h), as regedit exports it. */
#include "ntio/cm/regtext.h"

#include <stdlib.h>

#define LINE_MAXIMUM 79 /* characters of a line of bytes, with the backslash at its end */

static VOID PutWide(REGTEXT_OUT *Out, const WCHAR *Text, SIZE_T Count)
{
    if (Out->Failed)
        return;
    if (Out->Room - Out->Count < Count) {
        SIZE_T Room = 2 * Out->Room + Count + 256;
        WCHAR *Larger = realloc(Out->Text, Room * sizeof(WCHAR));
        if (Larger == NULL) {
            Out->Failed = TRUE;
            return;
        }
        Out->Text = Larger;
        Out->Room = Room;
    }
    if (Count != 0)
        memcpy(Out->Text + Out->Count, Text, Count * sizeof(WCHAR));
    Out->Count += Count;
}

static VOID Put(REGTEXT_OUT *Out, WCHAR Character)
{
    PutWide(Out, &Character, 1);
}

static VOID PutText(REGTEXT_OUT *Out, const char *Text)
{
    for (; *Text != '\0'; Text++)
        Put(Out, (WCHAR)*Text);
}

static VOID PutHex(REGTEXT_OUT *Out, ULONG Value, ULONG Digits)
{
    while (Digits-- != 0)
        Put(Out, (WCHAR) "0123456789abcdef"[Value >> (4 * Digits) & 15]);
}

static VOID PutQuoted(REGTEXT_OUT *Out, const WCHAR *Text, SIZE_T Count)
{
    Put(Out, L'"');
    for (; Count != 0; Text++, Count--) {
        if (*Text == L'\\' || *Text == L'"')
            Put(Out, L'\\');
        if (*Text == L'\n')
            PutText(Out, "\\n"); /* only a name comes here with one */
        else if (*Text == L'\r')
            PutText(Out, "\\r");
        else
            Put(Out, *Text);
    }
    Put(Out, L'"');
}

/* A string that quotes can hold: whole characters, one zero and that at the end, one line. */
static BOOLEAN IsPlainText(const VOID *Data, ULONG Bytes)
{
    ULONG Count = Bytes / sizeof(WCHAR);
    WCHAR Character;

    if (Bytes % sizeof(WCHAR) != 0 || Count == 0)
        return FALSE;
    for (ULONG i = 0; i < Count; i++) {
        memcpy(&Character, (const UCHAR *)Data + i * sizeof(WCHAR), sizeof(Character));
        if ((Character == 0) != (i + 1 == Count) || (Character != 0 && Character < L' '))
            return FALSE;
    }
    return TRUE;
}

VOID RegTextBegin(REGTEXT_OUT *Out)
{
    memset(Out, 0, sizeof(*Out));
    Put(Out, 0xfeff);
    PutText(Out, "Windows Registry Editor Version 5.00\r\n");
}

VOID RegTextKey(REGTEXT_OUT *Out, const WCHAR *Path, SIZE_T Characters)
{
    PutText(Out, "\r\n[");
    PutWide(Out, Path, Characters);
    PutText(Out, "]\r\n");
}

static VOID PutBytes(REGTEXT_OUT *Out, SIZE_T LineBegin, ULONG Type, const UCHAR *Data, ULONG Bytes)
{
    PutText(Out, "hex");
    if (Type != REG_BINARY) {
        ULONG Digits = 1;
        while (Digits < 8 && Type >> (4 * Digits) != 0)
            Digits++;
        Put(Out, L'(');
        PutHex(Out, Type, Digits);
        Put(Out, L')');
    }
    Put(Out, L':');
    for (ULONG i = 0; i < Bytes; i++) {
        if (Out->Count - LineBegin + 4 > LINE_MAXIMUM) {
            PutText(Out, "\\\r\n");
            LineBegin = Out->Count;
            PutText(Out, "  ");
        }
        PutHex(Out, Data[i], 2);
        if (i + 1 < Bytes)
            Put(Out, L',');
    }
}

VOID RegTextValue(REGTEXT_OUT *Out, const WCHAR *Name, SIZE_T Characters, ULONG Type,
                  const VOID *Data, ULONG Bytes)
{
    SIZE_T LineBegin = Out->Count;
    ULONG Number;

    if (Characters != 0)
        PutQuoted(Out, Name, Characters);
    else
        Put(Out, L'@');
    Put(Out, L'=');
    if (Type == REG_SZ && IsPlainText(Data, Bytes)) {
        Put(Out, L'"');
        for (ULONG i = 0; i + 1 < Bytes / sizeof(WCHAR); i++) {
            WCHAR Character;
            memcpy(&Character, (const UCHAR *)Data + i * sizeof(WCHAR), sizeof(Character));
            if (Character == L'\\' || Character == L'"')
                Put(Out, L'\\');
            Put(Out, Character);
        }
        Put(Out, L'"');
    } else if (Type == REG_DWORD && Bytes == sizeof(Number)) {
        memcpy(&Number, Data, sizeof(Number));
        PutText(Out, "dword:");
        PutHex(Out, Number, 8);
    } else {
        PutBytes(Out, LineBegin, Type, Data, Bytes);
    }
    PutText(Out, "\r\n");
}

VOID RegTextEnd(REGTEXT_OUT *Out)
{
    PutText(Out, "\r\n");
}

VOID RegTextFree(REGTEXT_OUT *Out)
{
    free(Out->Text);
    memset(Out, 0, sizeof(*Out));
}
