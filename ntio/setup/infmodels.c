/* SPDX-License-Identifier: MIT */
/* infmodels.c - the drivers that a file offers, their version, and how well each fits a device. */
#include "ntio/setup/infp.h"

/* ---- [Version] ---- */

static ULONG InfpDigits(const WCHAR **At)
{
    ULONG Value = 0;

    while (**At >= L'0' && **At <= L'9' && Value < 100000)
        Value = Value * 10 + (*(*At)++ - L'0');
    return Value;
}

/* mm/dd/yyyy, also with '-'. 0: it is none. */
static ULONG InfpDate(const WCHAR *Text)
{
    ULONG Month = InfpDigits(&Text), Day, Year;

    if (*Text != L'/' && *Text != L'-')
        return 0;
    Text++;
    Day = InfpDigits(&Text);
    if (*Text != L'/' && *Text != L'-')
        return 0;
    Text++;
    Year = InfpDigits(&Text);
    if (*Text != 0 || Month < 1 || Month > 12 || Day < 1 || Day > 31 || Year < 1601 || Year > 9999)
        return 0;
    return INF_DRIVER_DATE(Year, Month, Day);
}

/* w[.x[.y[.z]]] */
static ULONGLONG InfpVersion(const WCHAR *Text)
{
    ULONGLONG Version = 0;

    for (ULONG i = 0; i < 4; i++) {
        ULONG Part = InfpDigits(&Text);

        if (Part > 0xffff)
            return 0;
        Version |= (ULONGLONG)Part << (48 - 16 * i);
        if (*Text != L'.')
            break;
        Text++;
    }
    return *Text == 0 ? Version : 0;
}

BOOLEAN InfGetVersion(const INF_FILE *File, INF_VERSION *Version)
{
    const INF_SECTION *Section = InfFindSection(File, L"Version");
    WCHAR *Guid = InfValue(File, L"Version", L"ClassGUID"), *Text;
    UNICODE_STRING Name;
    ULONG Line;

    memset(Version, 0, sizeof(*Version));
    Version->Class = InfValue(File, L"Version", L"Class");
    Version->Provider = InfValue(File, L"Version", L"Provider");
    Version->CatalogFile = InfValue(File, L"Version", L"CatalogFile");
    if (Guid != NULL) {
        RtlInitUnicodeString(&Name, Guid);
        Version->HasClassGuid = NT_SUCCESS(RtlGUIDFromString(&Name, &Version->ClassGuid));
        free(Guid);
    }
    Line = Section == NULL ? MAXULONG : InfFindLine(File, Section, 0, L"DriverVer");
    if (Line != MAXULONG) {
        Text = InfField(File, &Section->Lines[Line], 1);
        Version->Date = Text == NULL ? 0 : InfpDate(Text);
        free(Text);
        Text = InfField(File, &Section->Lines[Line], 2);
        Version->DriverVer = Text == NULL ? 0 : InfpVersion(Text);
        free(Text);
    }
    return TRUE;
}

VOID InfFreeVersion(INF_VERSION *Version)
{
    free(Version->Class);
    free(Version->Provider);
    free(Version->CatalogFile);
    memset(Version, 0, sizeof(*Version));
}

/* ---- models ---- */

/* All IDs one behind the other. NULL: no memory. */
static WCHAR *InfpIds(const INF_FILE *File, const INF_LINE *Line, ULONG *Count)
{
    WCHAR *Ids = calloc(1, sizeof(WCHAR)), *Larger, *Id;
    SIZE_T Used = 0, Length;

    *Count = 0;
    for (ULONG i = 2; Ids != NULL && i <= Line->Count; i++) {
        Id = InfField(File, Line, i);
        Length = Id == NULL ? 0 : NtCrt_wcslen(Id) + 1;
        Larger = Id == NULL ? NULL : realloc(Ids, (Used + Length + 1) * sizeof(WCHAR));
        if (Larger == NULL) {
            free(Id);
            free(Ids);
            return NULL;
        }
        Ids = Larger;
        memcpy(Ids + Used, Id, Length * sizeof(WCHAR));
        Used += Length;
        Ids[Used] = 0;
        free(Id);
        ++*Count;
    }
    return Ids;
}

/* One byte, hexadecimal with or without 0x. */
static ULONG InfpFeatureScore(const INF_FILE *File, const WCHAR *Section)
{
    WCHAR *Text = InfValue(File, Section, L"FeatureScore"), *Hex = NULL;
    LONG Score = 0xff;

    if (Text != NULL) {
        BOOLEAN Prefixed = Text[0] == L'0' && (Text[1] == L'x' || Text[1] == L'X');

        Hex = InfJoin(Prefixed ? L"" : L"0x", Text, L"");
        if (Hex == NULL || !InfNumber(Hex, &Score) || Score < 0 || Score > 0xff)
            Score = 0xff;
    }
    free(Hex);
    free(Text);
    return (ULONG)Score;
}

/* FALSE: no memory, or Each wants no more (*Stopped). */
static BOOLEAN InfpModel(const INF_FILE *File, const INF_TARGET *Target, const INF_LINE *Line,
                         WCHAR *Manufacturer, const WCHAR *RawManufacturer, INF_MODEL_ROUTINE *Each,
                         PVOID Context, BOOLEAN *Stopped)
{
    INF_MODEL Model = {.Manufacturer = Manufacturer,
                       .RawManufacturer = RawManufacturer,
                       .RawDescription = Line->Key,
                       .Order = Line->Number};
    BOOLEAN Done = FALSE;

    Model.Description = InfField(File, Line, 0);
    Model.Section = InfField(File, Line, 1);
    Model.Ids = InfpIds(File, Line, &Model.IdCount);
    if (Model.Section != NULL) {
        Model.ActualSection = InfActualSection(File, Model.Section, Target);
        if (Model.ActualSection == NULL)
            Model.ActualSection = InfDuplicate(Model.Section);
    }
    if (Model.Description != NULL && Model.Ids != NULL && Model.ActualSection != NULL) {
        Model.FeatureScore = InfpFeatureScore(File, Model.ActualSection);
        Done = Each(&Model, Context);
        *Stopped = !Done;
    }
    free(Model.Description);
    free(Model.Section);
    free(Model.ActualSection);
    free(Model.Ids);
    return Done;
}

BOOLEAN InfEnumerateModels(const INF_FILE *File, const INF_TARGET *Target, INF_MODEL_ROUTINE *Each,
                           PVOID Context)
{
    const INF_SECTION *Manufacturers = InfFindSection(File, L"Manufacturer");
    BOOLEAN Done = TRUE, Stopped = FALSE;

    for (ULONG i = 0; Manufacturers != NULL && i < Manufacturers->Count && Done; i++) {
        const INF_LINE *Line = &Manufacturers->Lines[i];
        WCHAR *Name = InfField(File, Line, Line->Key != NULL ? 0 : 1);
        WCHAR *Section = InfModelsSection(File, Line, Target);
        const INF_SECTION *Models = Section == NULL ? NULL : InfFindSection(File, Section);

        Done = Name != NULL;
        for (ULONG j = 0; Done && Models != NULL && j < Models->Count; j++) {
            if (Models->Lines[j].Key != NULL && Models->Lines[j].Count != 0)
                Done = InfpModel(File, Target, &Models->Lines[j], Name,
                                 Line->Key != NULL ? Line->Key : Line->Fields[0], Each, Context,
                                 &Stopped);
        }
        free(Section);
        free(Name);
    }
    return Done || Stopped;
}

/* ---- rank ---- */

/* An unsigned driver; worse where its install section has no .NT decoration. */
static ULONG InfpSignatureScore(const INF_MODEL *Model)
{
    const WCHAR *Dot = NtCrt_wcsrchr(Model->ActualSection, L'.');
    BOOLEAN Decorated =
        Dot != NULL && NtCrt_towupper(Dot[1]) == L'N' && NtCrt_towupper(Dot[2]) == L'T';

    return Decorated ? 0x80000000 : 0xc0000000;
}

static ULONG InfpIdScore(const INF_MODEL *Model, const WCHAR *Ids, BOOLEAN Compatible,
                         const WCHAR **Matched)
{
    ULONG Best = INF_NO_RANK, Position = 0, Score;

    for (; Ids != NULL && *Ids != 0; Ids += NtCrt_wcslen(Ids) + 1, Position++) {
        const WCHAR *Id = Model->Ids;

        for (ULONG i = 0; i < Model->IdCount; i++, Id += NtCrt_wcslen(Id) + 1) {
            if (*Id == 0 || !InfSame(Id, Ids))
                continue;
            Score = (Compatible ? 0x2000 : 0) + (i == 0 ? 0 : 0x1000) + (Position & 0xff);
            if (Compatible && i > 0)
                Score += ((i - 1) & 0xf) << 8;
            if (Score < Best) {
                Best = Score;
                *Matched = Ids;
            }
        }
    }
    return Best;
}

ULONG InfRank(const INF_MODEL *Model, const WCHAR *HardwareIds, const WCHAR *CompatibleIds,
              const WCHAR **Matched)
{
    const WCHAR *Ignored;
    ULONG Score;

    if (Matched == NULL)
        Matched = &Ignored;
    *Matched = NULL;
    Score = InfpIdScore(Model, HardwareIds, FALSE, Matched);
    if (Score == INF_NO_RANK)
        Score = InfpIdScore(Model, CompatibleIds, TRUE, Matched);
    if (Score == INF_NO_RANK)
        return INF_NO_RANK;
    return InfpSignatureScore(Model) + (Model->FeatureScore << 16) + Score;
}
