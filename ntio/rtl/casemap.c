/* SPDX-License-Identifier: MIT */
/* casemap.c - upper and lower case of single UTF-16 units, without regard to language. */
#include "rtlp.h"

typedef struct _RTLP_CASE_RUN {
    USHORT First, Last, Step;
    LONG Distance; /* from a letter to its upper case */
} RTLP_CASE_RUN;

/* Sorted by First. */
static const RTLP_CASE_RUN RtlpCaseRuns[] = {
#include "casemap.inc"
};

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    ULONG Low = 0, High = RTL_NUMBER_OF(RtlpCaseRuns);

    if (SourceCharacter < 0x80)
        return SourceCharacter >= 'a' && SourceCharacter <= 'z' ? SourceCharacter - 32
                                                                : SourceCharacter;
    while (Low < High) {
        ULONG Middle = (Low + High) / 2;
        const RTLP_CASE_RUN *Run = &RtlpCaseRuns[Middle];

        if (SourceCharacter < Run->First)
            High = Middle;
        else if (SourceCharacter > Run->Last)
            Low = Middle + 1;
        else
            return (SourceCharacter - Run->First) % Run->Step == 0
                       ? (WCHAR)(SourceCharacter + Run->Distance)
                       : SourceCharacter;
    }
    return SourceCharacter;
}

/* The reverse; rare, so the runs are gone through. Of several letters with one upper case the first
 * counts. */
WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    if (SourceCharacter < 0x80)
        return SourceCharacter >= 'A' && SourceCharacter <= 'Z' ? SourceCharacter + 32
                                                                : SourceCharacter;
    for (ULONG i = 0; i < RTL_NUMBER_OF(RtlpCaseRuns); i++) {
        const RTLP_CASE_RUN *Run = &RtlpCaseRuns[i];
        LONG Letter = SourceCharacter - Run->Distance;

        if (Letter >= Run->First && Letter <= Run->Last && (Letter - Run->First) % Run->Step == 0)
            return (WCHAR)Letter;
    }
    return SourceCharacter;
}

/* The ANSI code page is UTF-8, so single bytes have case only where they are ASCII. */
CHAR NTAPI RtlUpperChar(CHAR Character)
{
    return Character >= 'a' && Character <= 'z' ? (CHAR)(Character - 32) : Character;
}
