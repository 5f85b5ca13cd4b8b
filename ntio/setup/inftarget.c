/* SPDX-License-Identifier: MIT */
/*
 * inftarget.c - which sections of a file are meant for a system.
 *
 * Decorations: nt[Architecture][.[Major][.[Minor][.[ProductType][.[SuiteMask][.[Build]]]]]]. Since
 * Windows Server 2003 SP1 a models section without an architecture is for x86 alone.
 */
#include "ntio/setup/infp.h"

/* As RtlGetVersion says. */
const INF_TARGET InfThisSystem = {
#if defined(__x86_64__)
    .Architecture = L"amd64",
#elif defined(__aarch64__)
    .Architecture = L"arm64",
#else
    .Architecture = L"x86",
#endif
    .Major = 10,
    .Minor = 0,
    .Build = 19045,
    .ProductType = 1,
    .SuiteMask = 0x100, /* VER_SUITE_SINGLEUSERTS */
};

#define INFP_ABSENT MAXULONG

/* The part up to the next full stop, as a number. FALSE: it is none. */
static BOOLEAN InfpPart(const WCHAR **At, ULONG *Value)
{
    WCHAR Text[16];
    ULONG Length = 0;
    LONG Number;

    *Value = INFP_ABSENT;
    if (**At == 0)
        return TRUE;
    ++*At; /* the full stop */
    while (**At != 0 && **At != L'.') {
        if (Length == RTL_NUMBER_OF(Text) - 1)
            return FALSE;
        if (!(**At == L' ' || **At == L'\t'))
            Text[Length++] = **At;
        ++*At;
    }
    Text[Length] = 0;
    if (Length == 0)
        return TRUE;
    if (!InfNumber(Text, &Number) || Number < 0)
        return FALSE;
    *Value = (ULONG)Number;
    return TRUE;
}

static BOOLEAN InfpPrefix(const WCHAR **At, const WCHAR *Prefix)
{
    SIZE_T Length = NtCrt_wcslen(Prefix);

    for (SIZE_T i = 0; i < Length; i++) {
        if (NtCrt_towupper((*At)[i]) != NtCrt_towupper(Prefix[i]))
            return FALSE;
    }
    *At += Length;
    return TRUE;
}

BOOLEAN InfDecorationFits(const WCHAR *Decoration, const INF_TARGET *Target, ULONGLONG *Score)
{
    const WCHAR *At = Decoration;
    ULONG Major, Minor, Product, Suite, Build;

    *Score = 0;
    if (!InfpPrefix(&At, L"nt"))
        return FALSE;
    if (*At != 0 && *At != L'.') {
        if (!InfpPrefix(&At, Target->Architecture))
            return FALSE;
    } else if (!InfSame(Target->Architecture, L"x86")) {
        return FALSE;
    }
    if (*At != 0 && *At != L'.')
        return FALSE;
    if (!InfpPart(&At, &Major) || !InfpPart(&At, &Minor) || !InfpPart(&At, &Product) ||
        !InfpPart(&At, &Suite) || !InfpPart(&At, &Build) || *At != 0)
        return FALSE;
    if (Major != INFP_ABSENT) {
        ULONG Least = Minor != INFP_ABSENT ? Minor : 0;

        if (Target->Major < Major || (Target->Major == Major && Target->Minor < Least))
            return FALSE;
        if (Build != INFP_ABSENT && Target->Major == Major && Target->Minor == Least &&
            Target->Build < Build)
            return FALSE;
    }
    if (Product != INFP_ABSENT && Product != Target->ProductType)
        return FALSE;
    if (Suite != INFP_ABSENT && (Suite & Target->SuiteMask) == 0)
        return FALSE;
    /* The nearest version that is not past the system's; of two for one version, the choosier. */
    if (Major != INFP_ABSENT)
        *Score = (ULONGLONG)((Major & 0x7ff) + 1) << 52 |
                 (ULONGLONG)((Minor != INFP_ABSENT ? Minor : 0) & 0xffff) << 36 |
                 (ULONGLONG)(Build != INFP_ABSENT ? Build : 0) << 4;
    *Score |= (ULONGLONG)(Product != INFP_ABSENT) << 2 | (ULONGLONG)(Suite != INFP_ABSENT) << 1;
    return TRUE;
}

WCHAR *InfModelsSection(const INF_FILE *File, const INF_LINE *Manufacturer,
                        const INF_TARGET *Target)
{
    WCHAR *Name = InfField(File, Manufacturer, 1), *Best = NULL, *Section = NULL;
    ULONGLONG Score, BestScore = 0;

    if (Name == NULL)
        return NULL;
    for (ULONG i = 2; i <= Manufacturer->Count; i++) {
        WCHAR *Decoration = InfField(File, Manufacturer, i);

        if (Decoration != NULL && InfDecorationFits(Decoration, Target, &Score) &&
            (Best == NULL || Score > BestScore)) {
            free(Best);
            Best = Decoration;
            BestScore = Score;
        } else {
            free(Decoration);
        }
    }
    if (Best != NULL) {
        Section = InfJoin(Name, L".", Best);
    } else if (InfSame(Target->Architecture, L"x86")) {
        Section = Name;
        Name = NULL;
    }
    free(Best);
    free(Name);
    return Section;
}

WCHAR *InfActualSection(const INF_FILE *File, const WCHAR *Section, const INF_TARGET *Target)
{
    WCHAR *Name = InfJoin(Section, L".NT", Target->Architecture);

    if (Name != NULL && InfFindSection(File, Name) != NULL)
        return Name;
    free(Name);
    Name = InfJoin(Section, L".NT", L"");
    if (Name != NULL && InfFindSection(File, Name) != NULL)
        return Name;
    free(Name);
    return InfFindSection(File, Section) != NULL ? InfDuplicate(Section) : NULL;
}
