/* SPDX-License-Identifier: MIT */
/*
 * match.c - names against patterns with wildcards: FsRtlIsNameInExpression and its kin.
 *
 * '*' and '?' are what they seem. '<' (DOS_STAR) is a '*' that leaves the last dot alone, '>'
 * (DOS_QM) a '?' that also stands for nothing before a dot or at the end, '"' (DOS_DOT) a dot, or
 * nothing at the end. Source: MS docs, FsRtlIsNameInExpression.
 */
#include "ntio/fs/fsp.h"

BOOLEAN NTAPI FsRtlDoesNameContainWildCards(PUNICODE_STRING Name)
{
    for (USHORT i = 0; i < Name->Length / sizeof(WCHAR); i++) {
        WCHAR c = Name->Buffer[i];
        if (c == L'*' || c == L'?' || c == L'<' || c == L'>' || c == L'"')
            return TRUE;
    }
    return FALSE;
}

typedef struct _FSP_PATTERN {
    const WCHAR *Text;
    ULONG Count;
    const WCHAR *Upcase; /* table of 65,536, or NULL */
    BOOLEAN IgnoreCase;
} FSP_PATTERN;

static WCHAR FspFold(const FSP_PATTERN *Pattern, WCHAR c)
{
    if (!Pattern->IgnoreCase)
        return c;
    return Pattern->Upcase != NULL ? Pattern->Upcase[c] : RtlUpcaseUnicodeChar(c);
}

/* From each place that the match may have come to (Here), those it may be at without a character
 * more. End: the name is over; else c is what comes next. */
static VOID FspSkipEmpty(const FSP_PATTERN *Pattern, UCHAR *Here, BOOLEAN End, WCHAR c)
{
    for (ULONG p = 0; p < Pattern->Count; p++) {
        WCHAR e = Pattern->Text[p];
        if (Here[p] &&
            (e == L'*' || e == L'<' || (e == L'>' && (End || c == L'.')) || (e == L'"' && End)))
            Here[p + 1] = TRUE;
    }
}

static VOID FspStep(const FSP_PATTERN *Pattern, const UCHAR *Here, UCHAR *There, WCHAR c,
                    BOOLEAN LastDot)
{
    memset(There, 0, Pattern->Count + 1);
    for (ULONG p = 0; p < Pattern->Count; p++) {
        if (!Here[p])
            continue;
        switch (Pattern->Text[p]) {
        case L'*':
            There[p] = TRUE;
            break;
        case L'<':
            There[p] |= !LastDot;
            break;
        case L'?':
            There[p + 1] = TRUE;
            break;
        case L'>':
            There[p + 1] |= c != L'.';
            break;
        case L'"':
            There[p + 1] |= c == L'.';
            break;
        default:
            There[p + 1] |= FspFold(Pattern, Pattern->Text[p]) == FspFold(Pattern, c);
        }
    }
}

static ULONG FspLastDot(PUNICODE_STRING Name)
{
    ULONG Count = Name->Length / sizeof(WCHAR);

    while (Count != 0 && Name->Buffer[Count - 1] != L'.')
        Count--;
    return Count - 1; /* MAXULONG: there is none */
}

BOOLEAN NTAPI FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name,
                                      BOOLEAN IgnoreCase, PWCH UpcaseTable)
{
    FSP_PATTERN Pattern = {Expression->Buffer, Expression->Length / sizeof(WCHAR), UpcaseTable,
                           IgnoreCase};
    ULONG Count = Name->Length / sizeof(WCHAR), LastDot = FspLastDot(Name);
    UCHAR Small[2][FSP_COMPONENT + 1], *Places[2] = {Small[0], Small[1]}, *Large = NULL;
    BOOLEAN Matches;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Count == 0 || Pattern.Count == 0)
        return Count == 0 && Pattern.Count == 0;
    if (Pattern.Count > FSP_COMPONENT) {
        Large = ExAllocatePoolWithTag(PagedPool, 2 * ((SIZE_T)Pattern.Count + 1), FSP_TAG);
        if (Large == NULL) /* Windows raises it */
            ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
        Places[0] = Large;
        Places[1] = Large + Pattern.Count + 1;
    }
    memset(Places[0], 0, Pattern.Count + 1);
    Places[0][0] = TRUE;
    for (ULONG i = 0; i < Count; i++) {
        UCHAR *Here = Places[i % 2];
        FspSkipEmpty(&Pattern, Here, FALSE, Name->Buffer[i]);
        FspStep(&Pattern, Here, Places[(i + 1) % 2], Name->Buffer[i], i == LastDot);
    }
    FspSkipEmpty(&Pattern, Places[Count % 2], TRUE, 0);
    Matches = Places[Count % 2][Pattern.Count];
    if (Large != NULL)
        ExFreePoolWithTag(Large, FSP_TAG);
    return Matches;
}
