/* SPDX-License-Identifier: MIT */
/*
 * hostfile.c - files and folders of the host: packages, the store and the system root live there.
 *
 * A file is replaced under another name and renamed, so that a driver that is loaded from the old
 * one keeps it.
 */
#include "ntio/setup/setupp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETUPP_LARGEST_FILE ((off_t)1 << 30)

static ULONG SetuppErrno(int Number)
{
    switch (Number) {
    case 0:
        return ERROR_SUCCESS;
    case ENOENT:
        return ERROR_FILE_NOT_FOUND;
    case ENOTDIR:
        return ERROR_PATH_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case EISDIR:
        return ERROR_ACCESS_DENIED;
    case ENOMEM:
        return ERROR_NOT_ENOUGH_MEMORY;
    case ENOSPC:
    case EDQUOT:
        return ERROR_DISK_FULL;
    case ENAMETOOLONG:
        return ERROR_FILENAME_EXCED_RANGE;
    case EMFILE:
    case ENFILE:
        return ERROR_TOO_MANY_OPEN_FILES;
    default:
        return ERROR_GEN_FAILURE;
    }
}

const char *SetuppNameOf(const char *Path)
{
    const char *Slash = strrchr(Path, '/');

    return Slash != NULL ? Slash + 1 : Path;
}

char *SetuppFolderOf(const char *Path)
{
    const char *Slash = strrchr(Path, '/');

    if (Slash == NULL)
        return SetuppPrint(".");
    return SetuppPrint("%.*s", Slash == Path ? 1 : (int)(Slash - Path), Path);
}

BOOLEAN SetuppFileExists(const char *Path)
{
    struct stat About;

    return Path != NULL && stat(Path, &About) == 0 && S_ISREG(About.st_mode);
}

ULONG SetuppReadFile(const char *Path, UCHAR **Bytes, SIZE_T *Size)
{
    int File = open(Path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ULONG Error = ERROR_SUCCESS;
    struct stat About;
    SIZE_T Done = 0;
    ssize_t Count;

    *Bytes = NULL;
    *Size = 0;
    if (File < 0)
        return SetuppErrno(errno);
    if (fstat(File, &About) != 0)
        Error = SetuppErrno(errno);
    else if (!S_ISREG(About.st_mode))
        Error = ERROR_ACCESS_DENIED;
    else if (About.st_size > SETUPP_LARGEST_FILE)
        Error = ERROR_BAD_FORMAT;
    else if ((*Bytes = malloc((SIZE_T)About.st_size + 1)) == NULL)
        Error = ERROR_NOT_ENOUGH_MEMORY;
    while (Error == ERROR_SUCCESS && Done < (SIZE_T)About.st_size) {
        Count = read(File, *Bytes + Done, (SIZE_T)About.st_size - Done);
        if (Count > 0)
            Done += (SIZE_T)Count;
        else if (Count == 0)
            break; /* it became shorter */
        else if (errno != EINTR)
            Error = SetuppErrno(errno);
    }
    close(File);
    if (Error != ERROR_SUCCESS) {
        free(*Bytes);
        *Bytes = NULL;
        return Error;
    }
    *Size = Done;
    return ERROR_SUCCESS;
}

/* The folders above Path. */
static ULONG SetuppMakeFolders(const char *Path)
{
    char *Folder = SetuppFolderOf(Path), *At;
    ULONG Error = ERROR_SUCCESS;
    struct stat About;

    if (Folder == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    for (At = Folder + 1; Error == ERROR_SUCCESS; At++) {
        char Kept = *At;

        if (Kept != '/' && Kept != '\0')
            continue;
        *At = '\0';
        if (mkdir(Folder, 0755) != 0 && (stat(Folder, &About) != 0 || !S_ISDIR(About.st_mode)))
            Error = errno == EEXIST ? ERROR_PATH_NOT_FOUND : SetuppErrno(errno);
        *At = Kept;
        if (Kept == '\0')
            break;
    }
    free(Folder);
    return Error;
}

ULONG SetuppWriteFile(const char *Path, const VOID *Bytes, SIZE_T Size)
{
    ULONG Error = SetuppMakeFolders(Path);
    char *Other = SetuppPrint("%s.%d.new", Path, (int)getpid());
    SIZE_T Done = 0;
    ssize_t Count;
    int File;

    if (Other == NULL)
        Error = ERROR_NOT_ENOUGH_MEMORY;
    if (Error != ERROR_SUCCESS) {
        free(Other);
        return Error;
    }
    File = open(Other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (File < 0) {
        Error = SetuppErrno(errno);
        free(Other);
        return Error;
    }
    while (Error == ERROR_SUCCESS && Done < Size) {
        Count = write(File, (const UCHAR *)Bytes + Done, Size - Done);
        if (Count >= 0)
            Done += (SIZE_T)Count;
        else if (errno != EINTR)
            Error = SetuppErrno(errno);
    }
    if (close(File) != 0 && Error == ERROR_SUCCESS)
        Error = SetuppErrno(errno);
    if (Error == ERROR_SUCCESS && rename(Other, Path) != 0)
        Error = SetuppErrno(errno);
    if (Error != ERROR_SUCCESS)
        unlink(Other);
    free(Other);
    return Error;
}

ULONG SetuppCopyFile(const char *From, const char *To)
{
    UCHAR *Bytes;
    SIZE_T Size;
    ULONG Error = SetuppReadFile(From, &Bytes, &Size);

    if (Error == ERROR_SUCCESS)
        Error = SetuppWriteFile(To, Bytes, Size);
    free(Bytes);
    return Error;
}

ULONG SetuppDeleteFile(const char *Path)
{
    return unlink(Path) == 0 ? ERROR_SUCCESS : SetuppErrno(errno);
}

VOID SetuppDeleteTree(const char *Folder)
{
    DIR *Listing = opendir(Folder);
    struct dirent *Entry;

    while (Listing != NULL && (Entry = readdir(Listing)) != NULL) {
        char *Path;

        if (strcmp(Entry->d_name, ".") == 0 || strcmp(Entry->d_name, "..") == 0)
            continue;
        Path = SetuppPrint("%s/%s", Folder, Entry->d_name);
        /* A link is taken away, never followed. */
        if (Path != NULL && unlink(Path) != 0)
            SetuppDeleteTree(Path);
        free(Path);
    }
    if (Listing != NULL)
        closedir(Listing);
    (void)rmdir(Folder);
}

/* Name as it is spelt in Folder; malloc, NULL: not there. */
static char *SetuppSpelling(const char *Folder, const char *Name)
{
    char *Path = SetuppPrint("%s/%s", Folder, Name), *Found = NULL;
    struct dirent *Entry;
    DIR *Listing;

    if (Path != NULL && access(Path, F_OK) == 0) {
        free(Path);
        return SetuppPrint("%s", Name);
    }
    free(Path);
    Listing = opendir(Folder);
    while (Listing != NULL && Found == NULL && (Entry = readdir(Listing)) != NULL) {
        if (strcasecmp(Entry->d_name, Name) == 0)
            Found = SetuppPrint("%s", Entry->d_name);
    }
    if (Listing != NULL)
        closedir(Listing);
    return Found;
}

char *SetuppBelow(const char *Folder, const WCHAR *Relative)
{
    char *Text = SetuppNarrow(Relative), *Path = SetuppPrint("%s", Folder), *Next, *Part;

    if (Text != NULL && strchr(Text, ':') != NULL) {
        free(Text);
        Text = NULL;
    }
    for (Part = Text; Part != NULL && Path != NULL && *Part != '\0';) {
        SIZE_T Length = strcspn(Part, "\\/");
        BOOLEAN Last = Part[Length] == '\0';
        char *Spelt, *Longer;

        Part[Length] = '\0';
        if (strcmp(Part, "..") == 0) {
            free(Path);
            Path = NULL;
            break;
        }
        Next = Part + Length + (Last ? 0 : 1);
        if (Length != 0 && strcmp(Part, ".") != 0) {
            Spelt = SetuppSpelling(Path, Part);
            Longer = SetuppPrint("%s/%s", Path, Spelt != NULL ? Spelt : Part);
            free(Spelt);
            free(Path);
            Path = Longer;
        }
        Part = Next;
    }
    if (Text == NULL) {
        free(Path);
        Path = NULL;
    }
    free(Text);
    return Path;
}

static int SetuppCompare(const void *A, const void *B)
{
    return strcmp(*(char *const *)A, *(char *const *)B);
}

char **SetuppList(const char *Folder, const char *Ending)
{
    char **List = calloc(1, sizeof(*List)), **Larger;
    DIR *Listing = opendir(Folder);
    struct dirent *Entry;
    SIZE_T Count = 0;

    while (Listing != NULL && List != NULL && (Entry = readdir(Listing)) != NULL) {
        SIZE_T Length = strlen(Entry->d_name), Tail = strlen(Ending);

        if (Entry->d_name[0] == '.' || Length < Tail ||
            strcasecmp(Entry->d_name + Length - Tail, Ending) != 0)
            continue;
        Larger = realloc(List, (Count + 2) * sizeof(*List));
        if (Larger == NULL || (Larger[Count] = SetuppPrint("%s", Entry->d_name)) == NULL) {
            if (Larger != NULL)
                List = Larger;
            break;
        }
        List = Larger;
        List[++Count] = NULL;
    }
    if (Listing != NULL)
        closedir(Listing);
    if (List != NULL && Count > 1)
        qsort(List, Count, sizeof(*List), SetuppCompare);
    return List;
}

VOID SetuppFreeList(char **List)
{
    for (SIZE_T i = 0; List != NULL && List[i] != NULL; i++)
        free(List[i]);
    free(List);
}
