/* SPDX-License-Identifier: MIT */
/* package.c - an .inf of the host with those that it includes, opened as one. */
#include "ntio/setup/setupp.h"

static WCHAR *SetuppDirectoryToken(ULONG Id, PVOID Context)
{
    return SetuppDirectoryText(Id, ((SETUP_INF *)Context)->Folder);
}

/* A name alone is looked for where Windows keeps its own; malloc. */
static char *SetuppFindInf(const char *Path)
{
    static const WCHAR *const Folders[] = {L"INF\\", L"System32\\"};
    const char *Root = SetuppRoot(FALSE);
    WCHAR *Wide, *Relative;
    char *Found = NULL;

    if (strchr(Path, '/') != NULL)
        return SetuppPrint("%s", Path);
    Wide = SetuppWide(Path);
    for (ULONG i = 0; i < RTL_NUMBER_OF(Folders) && Root != NULL && Wide != NULL; i++) {
        Relative = SetuppJoin(Folders[i], Wide, NULL);
        Found = Relative == NULL ? NULL : SetuppBelow(Root, Relative);
        free(Relative);
        if (SetuppFileExists(Found))
            break;
        free(Found);
        Found = NULL;
    }
    free(Wide);
    return Found;
}

static ULONG SetuppLoad(SETUP_INF *Inf, char *Path /* becomes the part's */, ULONG *Line)
{
    INF_FILE *File = NULL;
    UCHAR *Bytes = NULL;
    SIZE_T Size;
    ULONG Error;

    *Line = 0;
    if (Inf->Count == SETUPP_PARTS) {
        free(Path);
        return ERROR_TOO_MANY_OPEN_FILES;
    }
    Error = SetuppReadFile(Path, &Bytes, &Size);
    if (Error == ERROR_SUCCESS)
        Error = InfParse(Bytes, Size, SetuppLanguage, &File, Line);
    free(Bytes);
    if (Error != ERROR_SUCCESS) {
        free(Path);
        return Error;
    }
    InfSetDirectories(File, SetuppDirectoryToken, Inf);
    Inf->Parts[Inf->Count].File = File;
    Inf->Parts[Inf->Count].Path = Path;
    Inf->Count++;
    return ERROR_SUCCESS;
}

ULONG SetupAppendInf(SETUP_INF *Inf, const char *Path, ULONG *Line)
{
    char *Found = NULL;
    WCHAR *Wide;

    *Line = 0;
    for (ULONG i = 0; i < Inf->Count; i++) {
        if (strcmp(SetuppNameOf(Inf->Parts[i].Path), SetuppNameOf(Path)) == 0)
            return ERROR_SUCCESS; /* it is there already */
    }
    if (strchr(Path, '/') == NULL) { /* beside the first one, too */
        Wide = SetuppWide(Path);
        Found = Wide == NULL ? NULL : SetuppBelow(Inf->Folder, Wide);
        free(Wide);
        if (!SetuppFileExists(Found)) {
            free(Found);
            Found = NULL;
        }
    }
    if (Found == NULL)
        Found = SetuppFindInf(Path);
    return Found == NULL ? ERROR_FILE_NOT_FOUND : SetuppLoad(Inf, Found, Line);
}

ULONG SetupOpenInf(const char *Path, SETUP_INF **Result, ULONG *Line)
{
    char *Found = SetuppFindInf(Path);
    SETUP_INF *Inf = calloc(1, sizeof(*Inf));
    ULONG Error;

    *Result = NULL;
    *Line = 0;
    if (Found == NULL || Inf == NULL || (Inf->Folder = SetuppFolderOf(Found)) == NULL) {
        free(Inf);
        Error = Found == NULL ? ERROR_FILE_NOT_FOUND : ERROR_NOT_ENOUGH_MEMORY;
        free(Found);
        return Error;
    }
    Error = SetuppLoad(Inf, Found, Line);
    if (Error != ERROR_SUCCESS) {
        SetupCloseInf(Inf);
        return Error;
    }
    *Result = Inf;
    return ERROR_SUCCESS;
}

VOID SetupCloseInf(SETUP_INF *Inf)
{
    if (Inf == NULL)
        return;
    for (ULONG i = 0; i < Inf->Count; i++) {
        InfFree(Inf->Parts[i].File);
        free(Inf->Parts[i].Path);
    }
    free(Inf->Folder);
    free(Inf);
}
