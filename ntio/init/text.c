/* SPDX-License-Identifier: MIT */
/* text.c - between the host's UTF-8 and NT's UTF-16; growing arrays. */
#include "ntio/init/initp.h"

#include <stdlib.h>

WCHAR *InitpWide(const char *Text)
{
    ULONG Bytes = 0;
    if (Text == NULL)
        return NULL;
    size_t Length = strlen(Text);
    if (Length > MAXUSHORT)
        return NULL;
    /* UTF-16 never has more units than UTF-8 has bytes. */
    WCHAR *Wide = malloc((Length + 1) * sizeof(WCHAR));
    if (Wide == NULL)
        return NULL;
    if (Length != 0 && RtlUTF8ToUnicodeN(Wide, (ULONG)(Length * sizeof(WCHAR)), &Bytes, Text,
                                         (ULONG)Length) != STATUS_SUCCESS) {
        free(Wide);
        return NULL;
    }
    Wide[Bytes / sizeof(WCHAR)] = 0;
    return Wide;
}

char *InitpNarrowString(PCUNICODE_STRING Text)
{
    ULONG Bytes = 0;
    size_t Space = (size_t)Text->Length / sizeof(WCHAR) * 3;
    char *Narrow = malloc(Space + 1);
    if (Narrow == NULL)
        return NULL;
    /* A lone surrogate becomes U+FFFD and a status that is still success: good enough to be read.
     */
    if (Text->Length != 0 &&
        !NT_SUCCESS(RtlUnicodeToUTF8N(Narrow, (ULONG)Space, &Bytes, Text->Buffer, Text->Length))) {
        free(Narrow);
        return NULL;
    }
    Narrow[Bytes] = '\0';
    return Narrow;
}

char *InitpNarrow(const WCHAR *Text)
{
    UNICODE_STRING String;
    if (Text == NULL)
        return NULL;
    SIZE_T Length = NtCrt_wcsnlen(Text, UNICODE_STRING_MAX_CHARS);
    String.Length = String.MaximumLength = (USHORT)(Length * sizeof(WCHAR));
    String.Buffer = (PWCH)(ULONG_PTR)Text;
    return InitpNarrowString(&String);
}

WCHAR *InitpJoin(const WCHAR *Prefix, const WCHAR *Text)
{
    SIZE_T First = NtCrt_wcslen(Prefix), Second = NtCrt_wcslen(Text);
    WCHAR *Joined = malloc((First + Second + 1) * sizeof(WCHAR));
    if (Joined == NULL)
        return NULL;
    memcpy(Joined, Prefix, First * sizeof(WCHAR));
    memcpy(Joined + First, Text, (Second + 1) * sizeof(WCHAR));
    return Joined;
}

BOOLEAN InitpAppend(INITP_LIST *List, PVOID Item)
{
    if (List->Count == List->Space) {
        ULONG Space = List->Space != 0 ? List->Space * 2 : 32;
        PVOID *Items = realloc(List->Items, Space * sizeof(PVOID));
        if (Items == NULL) {
            List->Failed = TRUE;
            return FALSE;
        }
        List->Items = Items;
        List->Space = Space;
    }
    List->Items[List->Count++] = Item;
    return TRUE;
}
