/* SPDX-License-Identifier: MIT */
/*
 * store.c - the driver store: System32\DriverStore\FileRepository\<name>_<architecture>_<hash> has
 * an .inf and the files that its install sections copy; INF\oemN.inf is a copy of the .inf. The
 * file .published in the folder holds its N, so that a system root that is set again at the next
 * boot has its store again.
 */
#include "ntio/setup/setupp.h"

#include <stdio.h>
#include <strings.h>

#define SETUPP_REPOSITORY L"System32\\DriverStore\\FileRepository"

typedef struct _SETUPP_PACKAGE {
    struct _SETUPP_PACKAGE *Next;
    WCHAR *Name;   /* oem3.inf */
    char *Folder;  /* in the repository */
    char *InfPath; /* in it */
} SETUPP_PACKAGE;

KI_LOCK SetuppInstallLock, SetuppStoreLock;
static SETUPP_PACKAGE *SetuppPackages; /* SetuppStoreLock; in the order published */
static BOOLEAN SetuppStoreLoaded;

static VOID SetuppFreePackage(SETUPP_PACKAGE *Package)
{
    free(Package->Name);
    free(Package->Folder);
    free(Package->InfPath);
    free(Package);
}

/* Takes the strings; FALSE: no memory, and they are freed. */
static BOOLEAN SetuppAddPackage(WCHAR *Name, char *Folder, char *InfPath)
{
    SETUPP_PACKAGE *Package = calloc(1, sizeof(*Package)), **Link = &SetuppPackages;

    if (Package == NULL || Name == NULL || Folder == NULL || InfPath == NULL) {
        free(Package);
        free(Name);
        free(Folder);
        free(InfPath);
        return FALSE;
    }
    Package->Name = Name;
    Package->Folder = Folder;
    Package->InfPath = InfPath;
    while (*Link != NULL)
        Link = &(*Link)->Next;
    *Link = Package;
    return TRUE;
}

static char *SetuppRepository(BOOLEAN Create)
{
    const char *Root = SetuppRoot(Create);

    return Root == NULL ? NULL : SetuppBelow(Root, SETUPP_REPOSITORY);
}

/* ---- what an earlier boot left ---- */

static VOID SetuppLoadPackage(const char *Repository, const char *Name)
{
    char *Folder = SetuppPrint("%s/%s", Repository, Name), *Mark = NULL, **Infs = NULL;
    UCHAR *Bytes = NULL;
    SIZE_T Size = 0;

    if (Folder != NULL)
        Mark = SetuppPrint("%s/.published", Folder);
    if (Mark == NULL || SetuppReadFile(Mark, &Bytes, &Size) != ERROR_SUCCESS)
        goto Exit;
    while (Size != 0 && Bytes[Size - 1] <= ' ')
        Size--;
    Bytes[Size] = '\0';
    Infs = SetuppList(Folder, ".inf");
    if (Infs == NULL || Infs[0] == NULL || strlen((char *)Bytes) < 8 ||
        strchr((char *)Bytes, '/') != NULL)
        goto Exit;
    (void)SetuppAddPackage(SetuppWide((char *)Bytes), SetuppPrint("%s", Folder),
                           SetuppPrint("%s/%s", Folder, Infs[0]));
Exit:
    SetuppFreeList(Infs);
    free(Bytes);
    free(Mark);
    free(Folder);
}

/* Under SetuppStoreLock. */
static VOID SetuppLoadStore(VOID)
{
    char *Repository, **Folders;

    if (SetuppStoreLoaded)
        return;
    Repository = SetuppRepository(FALSE);
    if (Repository == NULL)
        return; /* a root may still be set */
    SetuppStoreLoaded = TRUE;
    Folders = SetuppList(Repository, "");
    for (ULONG i = 0; Folders != NULL && Folders[i] != NULL; i++)
        SetuppLoadPackage(Repository, Folders[i]);
    SetuppFreeList(Folders);
    free(Repository);
}

VOID SetuppForgetStore(VOID)
{
    SETUPP_PACKAGE *Package;

    KiLock(&SetuppStoreLock);
    while ((Package = SetuppPackages) != NULL) {
        SetuppPackages = Package->Next;
        SetuppFreePackage(Package);
    }
    SetuppStoreLoaded = FALSE;
    KiUnlock(&SetuppStoreLock);
}

char **SetuppPublishedInfs(VOID)
{
    char **List = NULL, **Larger;
    ULONG Count = 0;

    KiLock(&SetuppStoreLock);
    SetuppLoadStore();
    for (SETUPP_PACKAGE *Package = SetuppPackages; Package != NULL; Package = Package->Next) {
        Larger = realloc(List, (Count + 2) * sizeof(*List));
        if (Larger == NULL)
            break;
        List = Larger;
        List[Count] = SetuppPrint("%s", Package->InfPath);
        List[Count + 1] = NULL;
        if (List[Count] == NULL)
            break;
        Count++;
    }
    KiUnlock(&SetuppStoreLock);
    return List;
}

WCHAR *SetuppPublishedName(const char *InfPath)
{
    WCHAR *Name = NULL;

    KiLock(&SetuppStoreLock);
    SetuppLoadStore();
    for (SETUPP_PACKAGE *Package = SetuppPackages; Package != NULL; Package = Package->Next) {
        if (strcmp(Package->InfPath, InfPath) == 0)
            Name = InfDuplicate(Package->Name);
    }
    KiUnlock(&SetuppStoreLock);
    return Name;
}

char *SetupPublishedPath(const WCHAR *Name)
{
    char *Path = NULL;

    KiLock(&SetuppStoreLock);
    SetuppLoadStore();
    for (SETUPP_PACKAGE *Package = SetuppPackages; Package != NULL; Package = Package->Next) {
        if (InfSame(Package->Name, Name))
            Path = SetuppPrint("%s", Package->InfPath);
    }
    KiUnlock(&SetuppStoreLock);
    return Path;
}

static BOOLEAN SetuppSameFile(const char *Path, const UCHAR *Bytes, SIZE_T Size)
{
    UCHAR *Other;
    SIZE_T OtherSize;
    BOOLEAN Same;

    if (SetuppReadFile(Path, &Other, &OtherSize) != ERROR_SUCCESS)
        return FALSE;
    Same = OtherSize == Size && memcmp(Other, Bytes, Size) == 0;
    free(Other);
    return Same;
}

char *SetupFindPublished(const char *InfPath, WCHAR **Name)
{
    char *Path = NULL;
    UCHAR *Bytes;
    SIZE_T Size;

    if (Name != NULL)
        *Name = NULL;
    if (SetuppReadFile(InfPath, &Bytes, &Size) != ERROR_SUCCESS)
        return NULL;
    KiLock(&SetuppStoreLock);
    SetuppLoadStore();
    for (SETUPP_PACKAGE *Package = SetuppPackages; Package != NULL; Package = Package->Next) {
        if (strcasecmp(SetuppNameOf(Package->InfPath), SetuppNameOf(InfPath)) != 0 ||
            !SetuppSameFile(Package->InfPath, Bytes, Size))
            continue;
        free(Path);
        Path = SetuppPrint("%s", Package->InfPath);
        if (Name != NULL) {
            free(*Name);
            *Name = InfDuplicate(Package->Name);
        }
    }
    KiUnlock(&SetuppStoreLock);
    free(Bytes);
    return Path;
}

/* ---- publishing ---- */

typedef struct _SETUPP_FILES {
    struct {
        WCHAR *Name; /* in the package's folder */
        char *From;
    } * Files;
    ULONG Count;
    ULONGLONG Hash;
} SETUPP_FILES;

static VOID SetuppHash(SETUPP_FILES *Files, const VOID *Bytes, SIZE_T Size)
{
    for (SIZE_T i = 0; i < Size; i++)
        Files->Hash = (Files->Hash ^ ((const UCHAR *)Bytes)[i]) * 0x100000001b3ULL;
}

/* Stands in for copying while the files of a package are gathered. */
static ULONG SetuppGather(SETUP_RUN *Run, ULONG Part, const WCHAR *Source, const char *To,
                          ULONG Flags)
{
    SETUPP_FILES *Files = Run->Context;
    UCHAR *Bytes = NULL;
    SIZE_T Size;
    ULONG Error;
    PVOID Larger;
    char *From;

    (void)To;
    (void)Flags;
    for (ULONG i = 0; i < Files->Count; i++) {
        if (InfSame(Files->Files[i].Name, Source))
            return ERROR_SUCCESS;
    }
    if (Part != 0)
        return ERROR_SUCCESS; /* a file of an included package, which has it */
    From = SetuppSource(Run, Part, Source);
    if (From == NULL) {
        SetuppLog(Run->Log, "sto", "!!! The package has no file '%s'",
                  SetuppLogText(Run->Log, Source));
        return ERROR_FILE_NOT_FOUND;
    }
    Error = SetuppReadFile(From, &Bytes, &Size);
    Larger = realloc(Files->Files, (Files->Count + 1) * sizeof(*Files->Files));
    if (Larger != NULL)
        Files->Files = Larger;
    if (Error == ERROR_SUCCESS && Larger == NULL)
        Error = ERROR_NOT_ENOUGH_MEMORY;
    if (Error == ERROR_SUCCESS) {
        SetuppHash(Files, Source, NtCrt_wcslen(Source) * sizeof(WCHAR));
        SetuppHash(Files, Bytes, Size);
        Files->Files[Files->Count].Name = InfDuplicate(Source);
        Files->Files[Files->Count].From = From;
        if (Files->Files[Files->Count].Name != NULL) {
            Files->Count++;
            From = NULL;
        } else {
            Error = ERROR_NOT_ENOUGH_MEMORY;
        }
    }
    free(From);
    free(Bytes);
    return Error;
}

typedef struct _SETUPP_GATHER {
    SETUP_RUN *Run;
    ULONG Error;
} SETUPP_GATHER;

static BOOLEAN SetuppGatherModel(const INF_MODEL *Model, PVOID Context)
{
    SETUPP_GATHER *Gather = Context;

    Gather->Error = SetuppRunSection(Gather->Run, Model->ActualSection);
    if (Gather->Error == ERROR_SECTION_NOT_FOUND)
        Gather->Error = ERROR_SUCCESS;
    return Gather->Error == ERROR_SUCCESS;
}

static ULONG SetuppGatherFiles(SETUP_INF *Inf, SETUP_LOG *Log, SETUPP_FILES *Files)
{
    SETUP_RUN Run = {
        .Inf = Inf, .Log = Log, .Do = SETUP_RUN_FILES, .Copy = SetuppGather, .Context = Files};
    SETUPP_GATHER Gather = {&Run, ERROR_SUCCESS};
    WCHAR *Default;
    UCHAR *Bytes;
    SIZE_T Size;
    ULONG Error = SetuppReadFile(Inf->Parts[0].Path, &Bytes, &Size);

    if (Error != ERROR_SUCCESS)
        return Error;
    Files->Hash = 0xcbf29ce484222325ULL;
    SetuppHash(Files, Bytes, Size);
    free(Bytes);
    if (!InfEnumerateModels(Inf->Parts[0].File, &InfThisSystem, SetuppGatherModel, &Gather))
        Gather.Error = ERROR_NOT_ENOUGH_MEMORY;
    Default = InfActualSection(Inf->Parts[0].File, L"DefaultInstall", &InfThisSystem);
    if (Gather.Error == ERROR_SUCCESS && Default != NULL)
        Gather.Error = SetuppRunSection(&Run, Default);
    free(Default);
    SetuppFreeRun(&Run);
    return Gather.Error;
}

static VOID SetuppFreeFiles(SETUPP_FILES *Files)
{
    for (ULONG i = 0; i < Files->Count; i++) {
        free(Files->Files[i].Name);
        free(Files->Files[i].From);
    }
    free(Files->Files);
}

/* The first oemN.inf that there is not. */
static WCHAR *SetuppNewName(const char *Root)
{
    WCHAR Name[32], Relative[40];

    for (ULONG i = 0; i < 100000; i++) {
        BOOLEAN Taken;
        char *Path;

        NtCrt__snwprintf(Name, RTL_NUMBER_OF(Name), L"oem%u.inf", i);
        NtCrt__snwprintf(Relative, RTL_NUMBER_OF(Relative), L"INF\\%ws", Name);
        Path = SetuppBelow(Root, Relative);
        Taken = Path == NULL || SetuppFileExists(Path);
        free(Path);
        if (!Taken)
            return InfDuplicate(Name);
    }
    return NULL;
}

/* Copies it all; *Folder and *Path are malloc. Under SetuppStoreLock. */
static ULONG SetuppCopyPackage(const SETUP_INF *Inf, const SETUPP_FILES *Files, const char *Folder,
                               const char *Path, const WCHAR *Name)
{
    const char *Root = SetuppRoot(TRUE);
    WCHAR *Relative = SetuppJoin(L"INF\\", Name, NULL);
    char *Copy = Relative == NULL ? NULL : SetuppBelow(Root, Relative);
    char *Mark = SetuppPrint("%s/.published", Folder), *Narrow = SetuppNarrow(Name);
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;

    if (Copy != NULL && Mark != NULL && Narrow != NULL)
        Error = SetuppCopyFile(Inf->Parts[0].Path, Path);
    for (ULONG i = 0; i < Files->Count && Error == ERROR_SUCCESS; i++) {
        char *To = SetuppBelow(Folder, Files->Files[i].Name);

        Error = To == NULL ? ERROR_INVALID_DATA : SetuppCopyFile(Files->Files[i].From, To);
        free(To);
    }
    if (Error == ERROR_SUCCESS)
        Error = SetuppCopyFile(Inf->Parts[0].Path, Copy);
    if (Error == ERROR_SUCCESS)
        Error = SetuppWriteFile(Mark, Narrow, strlen(Narrow));
    if (Error != ERROR_SUCCESS)
        SetuppDeleteTree(Folder);
    free(Narrow);
    free(Mark);
    free(Copy);
    free(Relative);
    return Error;
}

static ULONG SetuppStorePackage(const SETUP_INF *Inf, const SETUPP_FILES *Files, SETUP_LOG *Log,
                                WCHAR **Name, BOOLEAN *Existed)
{
    char *Repository = SetuppRepository(TRUE), *Folder = NULL, *Path = NULL;
    const char *InfName = SetuppNameOf(Inf->Parts[0].Path);
    char *Architecture = SetuppNarrow(InfThisSystem.Architecture);
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;

    SetuppLoadStore();
    if (Repository != NULL && Architecture != NULL)
        Folder = SetuppPrint("%s/%s_%s_%016llx", Repository, InfName, Architecture,
                             (unsigned long long)Files->Hash);
    if (Folder != NULL)
        Path = SetuppPrint("%s/%s", Folder, InfName);
    if (Path == NULL)
        goto Exit;
    for (SETUPP_PACKAGE *Package = SetuppPackages; Package != NULL; Package = Package->Next) {
        if (strcmp(Package->Folder, Folder) == 0) {
            *Existed = TRUE;
            *Name = InfDuplicate(Package->Name);
            Error = *Name == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
            goto Exit;
        }
    }
    *Name = SetuppNewName(SetuppRoot(TRUE));
    Error = *Name == NULL ? ERROR_NOT_ENOUGH_MEMORY
                          : SetuppCopyPackage(Inf, Files, Folder, Path, *Name);
    if (Error == ERROR_SUCCESS) {
        SetuppLog(Log, "sto", "Published '%s' as '%s'", Path, SetuppLogText(Log, *Name));
        if (!SetuppAddPackage(InfDuplicate(*Name), Folder, Path))
            Error = ERROR_NOT_ENOUGH_MEMORY;
        Folder = Path = NULL;
    }
Exit:
    free(Path);
    free(Folder);
    free(Architecture);
    free(Repository);
    return Error;
}

ULONG SetupPublish(const char *InfPath, WCHAR **Name, BOOLEAN *Existed)
{
    SETUPP_FILES Files = {0};
    SETUP_LOG *Log = SetuppLogOpen("Import Driver Package - %s", InfPath);
    SETUP_INF *Inf = NULL;
    ULONG Line = 0, Error;

    *Name = NULL;
    *Existed = FALSE;
    Error = SetupOpenInf(InfPath, &Inf, &Line);
    if (Error != ERROR_SUCCESS)
        SetuppLog(Log, "inf", "!!! The file can't be read: error 0x%x in line %u", (unsigned)Error,
                  (unsigned)Line);
    if (Error == ERROR_SUCCESS)
        Error = SetuppGatherFiles(Inf, Log, &Files);
    if (Error == ERROR_SUCCESS) {
        SetuppLog(Log, "sig", "The package is not signed; ntio checks no signatures.");
        KiLock(&SetuppStoreLock);
        Error = SetuppStorePackage(Inf, &Files, Log, Name, Existed);
        KiUnlock(&SetuppStoreLock);
    }
    if (*Existed)
        SetuppLog(Log, "sto", "It is in the store already, as '%s'", SetuppLogText(Log, *Name));
    if (Error != ERROR_SUCCESS) {
        free(*Name);
        *Name = NULL;
    }
    SetuppFreeFiles(&Files);
    SetupCloseInf(Inf);
    SetuppLogClose(Log, Error);
    return Error;
}

/* ---- the end of a package ---- */

static VOID SetuppCountDevice(const WCHAR *InstancePath, PVOID Context)
{
    (void)InstancePath;
    ++*(ULONG *)Context;
}

/* Stands in for copying: what a package copied out of the store goes. */
static ULONG SetuppDeleteCopy(SETUP_RUN *Run, ULONG Part, const WCHAR *Source, const char *To,
                              ULONG Flags)
{
    (void)Source;
    (void)Flags;
    if (Part == 0 && SetuppFileExists(To)) {
        SetuppLog(Run->Log, "flq", "Deleting '%s'", To);
        (void)SetuppDeleteFile(To);
    }
    return ERROR_SUCCESS;
}

static VOID SetuppDeleteCopies(const char *InfPath, SETUP_LOG *Log)
{
    SETUP_INF *Inf;
    ULONG Line;

    if (SetupOpenInf(InfPath, &Inf, &Line) != ERROR_SUCCESS)
        return;
    SETUP_RUN Run = {.Inf = Inf, .Log = Log, .Do = SETUP_RUN_FILES, .Copy = SetuppDeleteCopy};
    SETUPP_GATHER Gather = {&Run, ERROR_SUCCESS};
    (void)InfEnumerateModels(Inf->Parts[0].File, &InfThisSystem, SetuppGatherModel, &Gather);
    SetuppFreeRun(&Run);
    SetupCloseInf(Inf);
}

ULONG SetupUnpublish(const WCHAR *Name, BOOLEAN Force, BOOLEAN DeleteFiles)
{
    SETUP_LOG *Log;
    SETUPP_PACKAGE **Link, *Package = NULL;
    ULONG Users = 0, Error = ERROR_SUCCESS;
    WCHAR *Relative;
    char *Copy;

    SetupDevicesOf(Name, SetuppCountDevice, &Users);
    if (Users != 0 && !Force)
        return ERROR_INF_IN_USE_BY_DEVICES;
    KiLock(&SetuppStoreLock);
    SetuppLoadStore();
    for (Link = &SetuppPackages; *Link != NULL; Link = &(*Link)->Next) {
        if (InfSame((*Link)->Name, Name)) {
            Package = *Link;
            *Link = Package->Next;
            break;
        }
    }
    KiUnlock(&SetuppStoreLock);
    if (Package == NULL)
        return ERROR_NOT_AN_INSTALLED_OEM_INF;
    Log = SetuppLogOpen("Delete Driver Package - %s", Package->InfPath);
    if (DeleteFiles)
        SetuppDeleteCopies(Package->InfPath, Log);
    SetuppDisownServices(Package->Name);
    SetuppDeleteTree(Package->Folder);
    Relative = SetuppJoin(L"INF\\", Package->Name, NULL);
    Copy = Relative == NULL ? NULL : SetuppBelow(SetuppRoot(TRUE), Relative);
    if (Copy != NULL)
        Error = SetuppDeleteFile(Copy);
    SetuppLog(Log, "sto", "Unpublished '%s'", SetuppLogText(Log, Package->Name));
    SetuppLogClose(Log, Error);
    free(Copy);
    free(Relative);
    SetuppFreePackage(Package);
    return ERROR_SUCCESS;
}
