/* SPDX-License-Identifier: MIT */
/* path.c - where the files of drivers are. */
#include "ntio/ldr/ldrp.h"
#include "ntio.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define LDRP_DIRECTORIES 16

static KI_LOCK LdrpDirectoryLock;
static char *LdrpDirectories[LDRP_DIRECTORIES]; /* absolute; in the order added */
static char *LdrpSystemRoot;                    /* LdrpDirectoryLock */

const char *LdrpBaseName(const char *Path)
{
    const char *Slash = strrchr(Path, '/');
    return Slash != NULL ? Slash + 1 : Path;
}

int32_t ntio_add_driver_directory(const char *path)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    struct stat About;

    if (path == NULL)
        return STATUS_INVALID_PARAMETER;
    char *Absolute = realpath(path, NULL);
    if (Absolute == NULL)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    if (stat(Absolute, &About) != 0 || !S_ISDIR(About.st_mode)) {
        free(Absolute);
        return STATUS_NOT_A_DIRECTORY;
    }
    KiLock(&LdrpDirectoryLock);
    for (ULONG i = 0; i < LDRP_DIRECTORIES; i++) {
        if (LdrpDirectories[i] == NULL) {
            LdrpDirectories[i] = Absolute;
            Absolute = NULL;
        } else if (strcmp(LdrpDirectories[i], Absolute) != 0) {
            continue; /* another one; look on */
        }
        Status = STATUS_SUCCESS;
        break;
    }
    KiUnlock(&LdrpDirectoryLock);
    free(Absolute);
    return Status;
}

static BOOLEAN LdrpFileExists(const char *Path)
{
    struct stat About;
    return stat(Path, &About) == 0 && S_ISREG(About.st_mode);
}

VOID LdrSetSystemRoot(const char *Path)
{
    char *Copy = Path != NULL ? strdup(Path) : NULL, *Old;

    KiLock(&LdrpDirectoryLock);
    Old = LdrpSystemRoot;
    LdrpSystemRoot = Copy;
    KiUnlock(&LdrpDirectoryLock);
    free(Old);
}

/* Name as it is spelt in Folder, appended to it. FALSE: it is not there. */
static BOOLEAN LdrpDescend(char *Folder, size_t Size, const char *Name, size_t NameLength)
{
    size_t Length = strlen(Folder);
    struct dirent *Entry;
    DIR *Listing = opendir(Folder);
    BOOLEAN Found = FALSE;

    while (Listing != NULL && !Found && (Entry = readdir(Listing)) != NULL) {
        if (strlen(Entry->d_name) != NameLength ||
            strncasecmp(Entry->d_name, Name, NameLength) != 0 || Length + 1 + NameLength >= Size)
            continue;
        snprintf(Folder + Length, Size - Length, "/%s", Entry->d_name);
        Found = TRUE;
    }
    if (Listing != NULL)
        closedir(Listing);
    return Found;
}

/* What a service's ImagePath means in the system root, without regard to case. */
static BOOLEAN LdrpFindInSystemRoot(const char *ImagePath, char *Path, size_t Size)
{
    static const char *const Prefixes[] = {"\\SystemRoot\\", "%SystemRoot%\\", "C:\\Windows\\"};
    const char *At = ImagePath;
    BOOLEAN Rooted = FALSE;
    int Length = 0;

    for (ULONG i = 0; i < RTL_NUMBER_OF(Prefixes) && !Rooted; i++) {
        Rooted = strncasecmp(At, Prefixes[i], strlen(Prefixes[i])) == 0;
        if (Rooted)
            At += strlen(Prefixes[i]);
    }
    if (!Rooted && (*At == '\\' || strchr(At, ':') != NULL || strchr(At, '\\') == NULL))
        return FALSE; /* elsewhere, or a name alone */
    KiLock(&LdrpDirectoryLock);
    if (LdrpSystemRoot != NULL)
        Length = snprintf(Path, Size, "%s", LdrpSystemRoot);
    KiUnlock(&LdrpDirectoryLock);
    if (Length <= 0 || (size_t)Length >= Size)
        return FALSE;
    while (*At != '\0') {
        size_t Part = strcspn(At, "\\");

        if (Part != 0 && (At[0] == '.' || !LdrpDescend(Path, Size, At, Part)))
            return FALSE;
        At += At[Part] != '\0' ? Part + 1 : Part;
    }
    return LdrpFileExists(Path);
}

VOID LdrpForgetDirectories(VOID)
{
    KiLock(&LdrpDirectoryLock);
    for (ULONG i = 0; i < LDRP_DIRECTORIES; i++) {
        free(LdrpDirectories[i]);
        LdrpDirectories[i] = NULL;
    }
    KiUnlock(&LdrpDirectoryLock);
}

/*
 * File in one of the directories, or in a folder of its own name there (DIR/vhba/vhba.so, as the
 * build lays them out).
 */
static BOOLEAN LdrpSearch(const char *File, char *Path, size_t PathSize)
{
    BOOLEAN Found = FALSE;
    const char *Dot = strrchr(File, '.');
    int Stem = (int)(Dot != NULL ? (size_t)(Dot - File) : strlen(File));

    KiLock(&LdrpDirectoryLock);
    for (ULONG i = 0; i < LDRP_DIRECTORIES && LdrpDirectories[i] != NULL && !Found; i++) {
        int Length = snprintf(Path, PathSize, "%s/%s", LdrpDirectories[i], File);
        Found = Length > 0 && (size_t)Length < PathSize && LdrpFileExists(Path);
        if (Found)
            break;
        Length = snprintf(Path, PathSize, "%s/%.*s/%s", LdrpDirectories[i], Stem, File, File);
        Found = Length > 0 && (size_t)Length < PathSize && LdrpFileExists(Path);
    }
    KiUnlock(&LdrpDirectoryLock);
    return Found;
}

NTSTATUS LdrpFindFile(const char *ImagePath, const char *Name, char *Path, size_t PathSize,
                      char *Reason, size_t Size)
{
    char File[300];

    if (ImagePath == NULL || *ImagePath == '\0') {
        snprintf(File, sizeof(File), "%s.so", Name);
        if (LdrpSearch(File, Path, PathSize))
            return STATUS_SUCCESS;
        snprintf(File, sizeof(File), "%s.sys", Name);
        if (LdrpSearch(File, Path, PathSize))
            return STATUS_SUCCESS;
        return LdrpSay(Reason, Size, STATUS_OBJECT_NAME_NOT_FOUND,
                       "neither %s.so nor %s.sys is in a driver directory", Name, Name);
    }
    if (strncasecmp(ImagePath, "\\??\\", 4) == 0)
        ImagePath += 4;
    if (strchr(ImagePath, '/') != NULL) {
        int Length = snprintf(Path, PathSize, "%s", ImagePath);
        if (Length < 0 || (size_t)Length >= PathSize)
            return LdrpSay(Reason, Size, STATUS_NAME_TOO_LONG, "the path of %s is too long", Name);
        if (LdrpFileExists(Path))
            return STATUS_SUCCESS;
        return LdrpSay(Reason, Size, STATUS_OBJECT_NAME_NOT_FOUND, "there is no file %s",
                       ImagePath);
    }
    if (LdrpFindInSystemRoot(ImagePath, Path, PathSize))
        return STATUS_SUCCESS;
    /* A Windows path (\SystemRoot\System32\drivers\x.sys, C:\...): its last part counts. */
    const char *Last = strrchr(ImagePath, '\\');
    Last = Last != NULL ? Last + 1 : ImagePath;
    if (strlen(Last) >= sizeof(File))
        return LdrpSay(Reason, Size, STATUS_NAME_TOO_LONG, "the path of %s is too long", Name);
    if (LdrpSearch(Last, Path, PathSize))
        return STATUS_SUCCESS;
    /* What a program registers is a .sys; where its source was only built natively, that serves. */
    size_t Length = strlen(Last);
    if (Length > 4 && strcasecmp(Last + Length - 4, ".sys") == 0) {
        snprintf(File, sizeof(File), "%.*s.so", (int)(Length - 4), Last);
        if (LdrpSearch(File, Path, PathSize))
            return STATUS_SUCCESS;
    }
    return LdrpSay(Reason, Size, STATUS_OBJECT_NAME_NOT_FOUND, "%s is in no driver directory",
                   Last);
}
