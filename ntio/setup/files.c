/* SPDX-License-Identifier: MIT */
/*
 * files.c - CopyFiles, DelFiles and RenFiles, and where the files of a package are.
 *
 * A native build of a driver has another ending than the package says: where x.sys is wanted and
 * the package has x.so too, that is taken, and copied as x.sys. The loader looks at what is in a
 * file, not at its name. Source: MS docs, "INF CopyFiles directive", "INF SourceDisksFiles
 * section", "INF DestinationDirs section".
 */
#include "ntio/setup/setupp.h"

#include <strings.h>
#include <sys/stat.h>

#define COPYFLG_NO_OVERWRITE         0x00000010
#define COPYFLG_OVERWRITE_OLDER_ONLY 0x00000040
#define COPYFLG_REPLACEONLY          0x00000400

/* The line with this key in Section.<architecture>, else in Section; NULL: none. */
static const INF_LINE *SetuppDiskLine(const INF_FILE *File, const WCHAR *Section, const WCHAR *Key)
{
    WCHAR *Decorated = SetuppJoin(Section, L".", InfThisSystem.Architecture, NULL);
    const WCHAR *Names[2] = {Decorated, Section};
    const INF_LINE *Line = NULL;

    for (ULONG i = 0; i < 2 && Line == NULL && Decorated != NULL; i++) {
        const INF_SECTION *Found = InfFindSection(File, Names[i]);
        ULONG At = Found == NULL ? MAXULONG : InfFindLine(File, Found, 0, Key);

        if (At != MAXULONG)
            Line = &Found->Lines[At];
    }
    free(Decorated);
    return Line;
}

/* disk's path \ file's subdirectory \ Name, below the package's folder; malloc. */
static WCHAR *SetuppSourceText(const INF_FILE *File, const WCHAR *Name)
{
    const INF_LINE *Line = SetuppDiskLine(File, L"SourceDisksFiles", Name), *Disk = NULL;
    WCHAR *Id = NULL, *Sub = NULL, *Path = NULL, *Text = NULL;

    if (Line == NULL)
        return InfDuplicate(Name);
    Id = InfFieldOrEmpty(File, Line, 1);
    Sub = InfFieldOrEmpty(File, Line, 2);
    if (Id != NULL)
        Disk = SetuppDiskLine(File, L"SourceDisksNames", Id);
    Path = Disk != NULL ? InfFieldOrEmpty(File, Disk, 4) : InfDuplicate(L"");
    if (Sub != NULL && Path != NULL)
        Text = SetuppJoin(Path, L"\\", Sub, L"\\", Name, NULL);
    free(Id);
    free(Sub);
    free(Path);
    return Text;
}

/* The native build beside x.sys, or what Path says; malloc, NULL: neither is there. */
static char *SetuppNative(char *Path)
{
    SIZE_T Length = Path == NULL ? 0 : strlen(Path);
    char *Native = NULL;

    if (Length > 4 && strcasecmp(Path + Length - 4, ".sys") == 0)
        Native = SetuppPrint("%.*s.so", (int)(Length - 4), Path);
    if (Native != NULL && SetuppFileExists(Native)) {
        free(Path);
        return Native;
    }
    free(Native);
    if (SetuppFileExists(Path))
        return Path;
    free(Path);
    return NULL;
}

char *SetuppSource(const SETUP_RUN *Run, ULONG Part, const WCHAR *Name)
{
    WCHAR *Text = SetuppSourceText(Run->Inf->Parts[Part].File, Name);
    char *Folder = Run->SourceRoot != NULL ? SetuppHostPath(Run->SourceRoot)
                                           : SetuppFolderOf(Run->Inf->Parts[Part].Path);
    char *Path = Text == NULL || Folder == NULL ? NULL : SetuppNative(SetuppBelow(Folder, Text));

    free(Text);
    /* A package in the store has its files where the .inf is, and so have many on a disk. */
    if (Path == NULL && Folder != NULL)
        Path = SetuppNative(SetuppBelow(Folder, Name));
    free(Folder);
    return Path;
}

/* The host's folder for the files of a list; malloc. */
static char *SetuppDestination(const SETUP_RUN *Run, ULONG Part, const WCHAR *List)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    const INF_SECTION *Section = InfFindSection(File, L"DestinationDirs");
    WCHAR *Sub, *Absolute;
    char *Base, *Path;
    ULONG At = MAXULONG;
    LONG Id;

    if (Section != NULL && List != NULL)
        At = InfFindLine(File, Section, 0, List);
    if (Section != NULL && At == MAXULONG)
        At = InfFindLine(File, Section, 0, L"DefaultDestDir");
    if (At == MAXULONG)
        return SetuppDirectoryPath(11, Run->Inf->Folder); /* as documented: System32 */
    if (!InfFieldNumber(File, &Section->Lines[At], 1, &Id))
        return NULL;
    Sub = InfFieldOrEmpty(File, &Section->Lines[At], 2);
    if (Sub == NULL)
        return NULL;
    if (Id == -1 || Id == 0xffff) {
        Absolute = Sub;
        Path = Absolute[0] != 0 && Absolute[1] == L':' ? SetuppHostPath(Absolute) : NULL;
    } else {
        Base = SetuppDirectoryPath((ULONG)Id, Run->Inf->Folder);
        Path = Base == NULL ? NULL : SetuppBelow(Base, Sub);
        free(Base);
    }
    free(Sub);
    return Path;
}

/* ---- CopyFiles ---- */

static ULONG SetuppEachFile(SETUP_RUN *Run, ULONG Part, const WCHAR *List, const WCHAR *To,
                            const WCHAR *From, ULONG Flags, SETUPP_FILE_ROUTINE *Each)
{
    char *Folder = SetuppDestination(Run, Part, List), *Path = NULL;
    ULONG Error = ERROR_INVALID_DATA;

    if (Folder != NULL && To[0] != 0)
        Path = SetuppBelow(Folder, To);
    if (Path != NULL)
        Error = Each(Run, Part, From[0] != 0 ? From : To, Path, Flags);
    else
        SetuppLog(Run->Log, "cpy", "!!! No destination for '%s'", SetuppLogText(Run->Log, To));
    free(Path);
    free(Folder);
    return Error;
}

ULONG SetuppEachCopy(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section,
                     SETUPP_FILE_ROUTINE *Each)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    ULONG Error = ERROR_SUCCESS;

    for (ULONG i = 0; i < Section->Count && Error == ERROR_SUCCESS; i++) {
        WCHAR *To = InfFieldOrEmpty(File, &Section->Lines[i], 1);
        WCHAR *From = InfFieldOrEmpty(File, &Section->Lines[i], 2);
        LONG Flags;

        (void)InfFieldNumber(File, &Section->Lines[i], 4, &Flags);
        if (To == NULL || From == NULL)
            Error = ERROR_NOT_ENOUGH_MEMORY;
        else
            Error = SetuppEachFile(Run, Part, Section->Name, To, From, (ULONG)Flags, Each);
        free(To);
        free(From);
    }
    return Error;
}

static ULONG SetuppCopy(SETUP_RUN *Run, ULONG Part, const WCHAR *Source, const char *To,
                        ULONG Flags)
{
    struct stat Old, New;
    BOOLEAN Exists = stat(To, &Old) == 0;
    char *From;
    ULONG Error;

    if ((Exists && (Flags & COPYFLG_NO_OVERWRITE)) || (!Exists && (Flags & COPYFLG_REPLACEONLY)))
        return ERROR_SUCCESS;
    From = SetuppSource(Run, Part, Source);
    if (From == NULL) {
        SetuppLog(Run->Log, "cpy", "!!! The package has no file '%s'",
                  SetuppLogText(Run->Log, Source));
        return ERROR_FILE_NOT_FOUND;
    }
    if (Exists && (Flags & COPYFLG_OVERWRITE_OLDER_ONLY) && stat(From, &New) == 0 &&
        New.st_mtime <= Old.st_mtime)
        Error = ERROR_SUCCESS;
    else if (strcmp(From, To) == 0) /* dirid 13: it runs from the store */
        Error = ERROR_SUCCESS;
    else
        Error = SetuppCopyFile(From, To);
    SetuppLog(Run->Log, "flq", "Copying '%s' to '%s'", From, To);
    if (Error != ERROR_SUCCESS)
        SetuppLog(Run->Log, "flq", "!!! error 0x%x", (unsigned)Error);
    free(From);
    return Error;
}

ULONG SetuppCopySection(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    return SetuppEachCopy(Run, Part, Section, Run->Copy != NULL ? Run->Copy : SetuppCopy);
}

ULONG SetuppCopyOne(SETUP_RUN *Run, ULONG Part, const WCHAR *Name)
{
    return SetuppEachFile(Run, Part, NULL, Name, Name, 0,
                          Run->Copy != NULL ? Run->Copy : SetuppCopy);
}

/* ---- DelFiles, RenFiles ---- */

ULONG SetuppDeleteSection(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    char *Folder = SetuppDestination(Run, Part, Section->Name);

    if (Folder == NULL)
        return ERROR_INVALID_DATA;
    for (ULONG i = 0; i < Section->Count; i++) {
        WCHAR *Name = InfFieldOrEmpty(File, &Section->Lines[i], 1);
        char *Path = Name == NULL || Name[0] == 0 ? NULL : SetuppBelow(Folder, Name);

        if (Path != NULL && SetuppFileExists(Path)) {
            SetuppLog(Run->Log, "flq", "Deleting '%s'", Path);
            (void)SetuppDeleteFile(Path);
        }
        free(Path);
        free(Name);
    }
    free(Folder);
    return ERROR_SUCCESS;
}

/* new-name,old-name */
ULONG SetuppRenameSection(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    char *Folder = SetuppDestination(Run, Part, Section->Name);
    ULONG Error = ERROR_SUCCESS;

    if (Folder == NULL)
        return ERROR_INVALID_DATA;
    for (ULONG i = 0; i < Section->Count && Error == ERROR_SUCCESS; i++) {
        WCHAR *New = InfFieldOrEmpty(File, &Section->Lines[i], 1);
        WCHAR *Old = InfFieldOrEmpty(File, &Section->Lines[i], 2);
        char *From = Old == NULL || Old[0] == 0 ? NULL : SetuppBelow(Folder, Old);
        char *To = New == NULL || New[0] == 0 ? NULL : SetuppBelow(Folder, New);

        if (From != NULL && To != NULL && SetuppFileExists(From)) {
            SetuppLog(Run->Log, "flq", "Renaming '%s' to '%s'", From, To);
            Error = SetuppCopyFile(From, To);
            if (Error == ERROR_SUCCESS)
                Error = SetuppDeleteFile(From);
        }
        free(From);
        free(To);
        free(Old);
        free(New);
    }
    free(Folder);
    return Error;
}
