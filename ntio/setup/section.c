/* SPDX-License-Identifier: MIT */
/*
 * section.c - runs the directives of an install section.
 *
 * Include opens further files, Needs runs sections of any of them in this one's place. Files come
 * before the registry, deletions before additions, as on Windows.
 */
#include "ntio/setup/setupp.h"

#define SETUPP_NEEDS_DEPTH 8

VOID SetuppFreeRun(SETUP_RUN *Run)
{
    free(Run->Service);
    free(Run->Stops);
    Run->Service = Run->Stops = NULL;
}

/* Each for every section (of every part) that Key's lines in Section name. */
static ULONG SetuppForLists(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section,
                            const WCHAR *Key, SETUPP_SECTION_ROUTINE *Each)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    ULONG Error = ERROR_SUCCESS, At = 0;

    for (; (At = InfFindLine(File, Section, At, Key)) != MAXULONG && Error == ERROR_SUCCESS; At++) {
        const INF_LINE *Line = &Section->Lines[At];

        for (ULONG i = 1; i <= Line->Count && Error == ERROR_SUCCESS; i++) {
            WCHAR *Name = InfField(File, Line, i);
            BOOLEAN Found = FALSE;

            if (Name == NULL) {
                Error = ERROR_NOT_ENOUGH_MEMORY;
            } else if (Name[0] == L'@' && Each == SetuppCopySection) {
                Error = SetuppCopyOne(Run, Part, Name + 1);
                Found = TRUE;
            } else if (Name[0] == 0) {
                Found = TRUE;
            }
            for (ULONG j = 0; j < Run->Inf->Count && Error == ERROR_SUCCESS && !Found; j++) {
                const INF_SECTION *List = InfFindSection(Run->Inf->Parts[j].File, Name);

                if (List != NULL) {
                    Found = TRUE;
                    Error = Each(Run, j, List);
                }
            }
            if (!Found && Error == ERROR_SUCCESS) {
                SetuppLog(Run->Log, "inf", "!!! No section [%s], named in line %u",
                          SetuppLogText(Run->Log, Name), (unsigned)Line->Number);
                Error = ERROR_SECTION_NOT_FOUND;
            }
            free(Name);
        }
    }
    return Error;
}

/* What is not done here is said, once for each line. */
static VOID SetuppLogIgnored(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    static const WCHAR *const Ignored[] = {
        L"UpdateInis",      L"UpdateIniFields", L"Ini2Reg",     L"RegisterDlls",
        L"UnregisterDlls",  L"ProfileItems",    L"CopyINF",     L"AddProperty",
        L"DelProperty",     L"AddComponent",    L"AddSoftware", L"AddEventProvider",
        L"AddPowerSetting", L"LogConfig"};
    const INF_FILE *File = Run->Inf->Parts[Part].File;

    for (ULONG i = 0; i < RTL_NUMBER_OF(Ignored); i++) {
        if (InfFindLine(File, Section, 0, Ignored[i]) != MAXULONG)
            SetuppLog(Run->Log, "inf", "! %s of [%s] is left out",
                      SetuppLogText(Run->Log, Ignored[i]), SetuppLogText(Run->Log, Section->Name));
    }
}

static ULONG SetuppInclude(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    ULONG Error = ERROR_SUCCESS, At = 0, Where;

    for (; (At = InfFindLine(File, Section, At, L"Include")) != MAXULONG; At++) {
        for (ULONG i = 1; i <= Section->Lines[At].Count; i++) {
            WCHAR *Name = InfField(File, &Section->Lines[At], i);
            char *Narrow = SetuppNarrow(Name);
            ULONG Found =
                Narrow == NULL ? ERROR_NOT_ENOUGH_MEMORY : SetupAppendInf(Run->Inf, Narrow, &Where);

            /* Windows' own files are not here; what they would do, ntio does without them. */
            if (Found != ERROR_SUCCESS)
                SetuppLog(Run->Log, "inf", "! Include=%s: error 0x%x", Narrow, (unsigned)Found);
            free(Narrow);
            free(Name);
        }
    }
    for (At = 0; (At = InfFindLine(File, Section, At, L"Needs")) != MAXULONG; At++) {
        for (ULONG i = 1; i <= Section->Lines[At].Count && Error == ERROR_SUCCESS; i++) {
            WCHAR *Name = InfField(File, &Section->Lines[At], i);

            if (Name == NULL)
                return ERROR_NOT_ENOUGH_MEMORY;
            if (Run->Depth == SETUPP_NEEDS_DEPTH) {
                SetuppLog(Run->Log, "inf", "!!! Needs=%s: sections need each other",
                          SetuppLogText(Run->Log, Name));
                Error = ERROR_GENERAL_SYNTAX;
            } else {
                Run->Depth++;
                Error = SetuppRunSection(Run, Name);
                Run->Depth--;
                if (Error == ERROR_SECTION_NOT_FOUND) {
                    SetuppLog(Run->Log, "inf", "! Needs=%s: there is no such section",
                              SetuppLogText(Run->Log, Name));
                    Error = ERROR_SUCCESS;
                }
            }
            free(Name);
        }
    }
    return Error;
}

static ULONG SetuppServices(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    ULONG Error = ERROR_SUCCESS, At = 0;

    for (; (At = InfFindLine(File, Section, At, L"DelService")) != MAXULONG; At++) {
        if (Error == ERROR_SUCCESS)
            Error = SetuppDelService(Run, Part, &Section->Lines[At]);
    }
    for (At = 0; (At = InfFindLine(File, Section, At, L"AddService")) != MAXULONG; At++) {
        if (Error == ERROR_SUCCESS)
            Error = SetuppAddService(Run, Part, &Section->Lines[At]);
    }
    return Error;
}

static ULONG SetuppRunOne(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    static const struct {
        const WCHAR *Key;
        ULONG Do;
        SETUPP_SECTION_ROUTINE *Each;
    } Directives[] = {
        {L"CopyFiles", SETUP_RUN_FILES, SetuppCopySection},
        {L"RenFiles", SETUP_RUN_FILES, SetuppRenameSection},
        {L"DelFiles", SETUP_RUN_FILES, SetuppDeleteSection},
        {L"DelReg", SETUP_RUN_REGISTRY, SetuppDelReg},
        {L"AddReg", SETUP_RUN_REGISTRY, SetuppAddReg},
        {L"BitReg", SETUP_RUN_REGISTRY, SetuppBitReg},
    };
    ULONG Error = SetuppInclude(Run, Part, Section);

    for (ULONG i = 0; i < RTL_NUMBER_OF(Directives) && Error == ERROR_SUCCESS; i++) {
        if (Run->Copy != NULL && Directives[i].Each != SetuppCopySection)
            continue; /* the files are looked at, nothing is done */
        if (Run->Do & Directives[i].Do)
            Error = SetuppForLists(Run, Part, Section, Directives[i].Key, Directives[i].Each);
    }
    if (Error == ERROR_SUCCESS && (Run->Do & SETUP_RUN_SERVICES))
        Error = SetuppServices(Run, Part, Section);
    if (Run->Do & SETUP_RUN_INTERFACES) {
        for (ULONG At = 0; Error == ERROR_SUCCESS; At++) {
            At = InfFindLine(Run->Inf->Parts[Part].File, Section, At, L"AddInterface");
            if (At == MAXULONG)
                break;
            Error = SetuppAddInterface(Run, Part, &Section->Lines[At]);
        }
    }
    if (InfFindLine(Run->Inf->Parts[Part].File, Section, 0, L"Reboot") != MAXULONG)
        Run->Reboot = TRUE;
    SetuppLogIgnored(Run, Part, Section);
    return Error;
}

ULONG SetuppRunSection(SETUP_RUN *Run, const WCHAR *Name)
{
    ULONG Error = ERROR_SUCCESS;
    BOOLEAN Found = FALSE;

    for (ULONG i = 0; i < Run->Inf->Count && Error == ERROR_SUCCESS; i++) {
        const INF_SECTION *Section = InfFindSection(Run->Inf->Parts[i].File, Name);

        if (Section != NULL) {
            Found = TRUE;
            Error = SetuppRunOne(Run, i, Section);
        }
    }
    return Found ? Error : ERROR_SECTION_NOT_FOUND;
}

ULONG SetupRunSection(SETUP_INF *Inf, const WCHAR *Section, ULONG Do, const WCHAR *Hkr,
                      const WCHAR *SourceRoot, ULONG CopyStyle, BOOLEAN *Reboot)
{
    SETUP_RUN Run = {.Inf = Inf,
                     .Hkr = Hkr,
                     .Do = Do,
                     .CopyStyle = CopyStyle,
                     .SourceRoot = SourceRoot,
                     .Log = SetuppLogOpen("Setup Install - %s", Inf->Parts[0].Path)};
    ULONG Error;

    SetuppLog(Run.Log, "inf", "Section [%s]", SetuppLogText(Run.Log, Section));
    KiLock(&SetuppInstallLock);
    Error = SetuppRunSection(&Run, Section);
    KiUnlock(&SetuppInstallLock);
    SetuppStopServices(&Run);
    SetuppLogClose(Run.Log, Error);
    if (Reboot != NULL)
        *Reboot = Run.Reboot;
    SetuppFreeRun(&Run);
    return Error;
}
