/* SPDX-License-Identifier: MIT */
/* registry.c - the registry and its files, as the host names them. */
#include "ntio/cm/regfile.h"
#include "ntio/init/initp.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t InitpFileError(char *Reason, size_t Size, const char *What, const char *File)
{
    int Error = errno;
    if (Reason != NULL && Size != 0)
        snprintf(Reason, Size, "can't %s %s: %s", What, File, strerror(Error));
    return Error == ENOENT   ? STATUS_OBJECT_NAME_NOT_FOUND
           : Error == ENOMEM ? STATUS_INSUFFICIENT_RESOURCES
           : Error == EACCES ? STATUS_ACCESS_DENIED
           : Error == ENOSPC ? STATUS_DISK_FULL
           : Error == EISDIR ? STATUS_FILE_IS_A_DIRECTORY
                             : STATUS_UNSUCCESSFUL;
}

/* All bytes of a file, malloc'ed. */
static int32_t InitpReadFile(const char *File, char **Bytes, size_t *Length, char *Reason,
                             size_t Size)
{
    size_t Room = 0, Count = 0;
    char *Data = NULL;
    FILE *In = fopen(File, "rbe");

    if (In == NULL)
        return InitpFileError(Reason, Size, "open", File);
    for (;;) {
        if (Count == Room) {
            char *Larger = realloc(Data, Room = 2 * Room + 65536);
            if (Larger == NULL)
                break;
            Data = Larger;
        }
        size_t Read = fread(Data + Count, 1, Room - Count, In);
        Count += Read;
        if (Read == 0)
            break;
    }
    if (ferror(In) || !feof(In)) {
        int32_t Status = InitpFileError(Reason, Size, "read", File);
        free(Data);
        fclose(In);
        return Status;
    }
    fclose(In);
    *Bytes = Data;
    *Length = Count;
    return STATUS_SUCCESS;
}

NTSTATUS InitpLoadRegistry(const char *File, char *Reason, size_t Size)
{
    char Text[400] = "", *Bytes = NULL;
    size_t Length = 0;
    NTSTATUS Status = InitpReadFile(File, &Bytes, &Length, Reason, Size);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = CmpLoadText(Bytes, Length, Text, sizeof(Text));
    free(Bytes);
    if (!NT_SUCCESS(Status) && Reason != NULL && Size != 0)
        snprintf(Reason, Size, "%s, %s", File, Text);
    return Status;
}

int32_t ntio_registry_load(const char *file, char *reason, size_t size)
{
    if (!InitpIsUp() || file == NULL) {
        if (reason != NULL && size != 0)
            snprintf(reason, size, "%s", file == NULL ? "no file" : "ntio is not booted");
        return file == NULL ? STATUS_INVALID_PARAMETER : STATUS_DEVICE_NOT_READY;
    }
    return InitpLoadRegistry(file, reason, size);
}

/* The whole file or none of it: a new one is written beside it and put in its place. */
static int32_t InitpWriteFile(const char *File, const void *Bytes, size_t Length, char *Reason,
                              size_t Size)
{
    char New[PATH_MAX];
    mode_t Mask = umask(0);
    int Descriptor;

    umask(Mask);
    if (snprintf(New, sizeof(New), "%s.XXXXXX", File) >= (int)sizeof(New)) {
        errno = ENAMETOOLONG;
        return InitpFileError(Reason, Size, "write", File);
    }
    Descriptor = mkstemp(New);
    if (Descriptor < 0)
        return InitpFileError(Reason, Size, "write", File);
    FILE *Out = fdopen(Descriptor, "wb");
    BOOLEAN Done = Out != NULL && fwrite(Bytes, 1, Length, Out) == Length;
    Done = Done && fchmod(Descriptor, 0666 & ~Mask) == 0;
    int Error = errno;
    if (Out != NULL ? fclose(Out) != 0 : close(Descriptor) != 0) {
        if (Done)
            Error = errno;
        Done = FALSE;
    }
    if (Done && rename(New, File) == 0)
        return STATUS_SUCCESS;
    if (!Done)
        errno = Error;
    int32_t Status = InitpFileError(Reason, Size, "write", File);
    unlink(New);
    return Status;
}

int32_t ntio_registry_save(const char *file, const char *key, char *reason, size_t size)
{
    REGTEXT_OUT Text;
    NTSTATUS Status;

    if (!InitpIsUp() || file == NULL) {
        if (reason != NULL && size != 0)
            snprintf(reason, size, "%s", file == NULL ? "no file" : "ntio is not booted");
        return file == NULL ? STATUS_INVALID_PARAMETER : STATUS_DEVICE_NOT_READY;
    }
    WCHAR *Path = InitpWide(key != NULL ? key : "\\Registry");
    if (Path == NULL)
        return STATUS_INVALID_PARAMETER;
    Status = CmpSaveText(Path, &Text, reason, size);
    free(Path);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = InitpWriteFile(file, Text.Text, Text.Count * sizeof(WCHAR), reason, size);
    RegTextFree(&Text);
    return Status;
}
