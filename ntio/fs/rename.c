/* SPDX-License-Identifier: MIT */
/* rename.c - a new name for a file, instead of its old one or beside it (a hard link). */
#include "ntio/fs/fsp.h"

#include <stdlib.h>
#include <sys/syscall.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

typedef struct _FSP_RENAME {
    PFSP_LINK Link;
    PFSP_OPEN Target; /* the directory it goes to; NULL: the one it is in */
    BOOLEAN Replace;
    BOOLEAN HardLink;
    BOOLEAN Same; /* the name that is taken is the file's own, in another case */
    BOOLEAN Taken;
    FSP_FOUND Found; /* the name that is taken, as it is spelt */
    char New[PATH_MAX];
} FSP_RENAME;

/* The directory of the new name. */
static NTSTATUS FspTargetDirectory(FSP_RENAME *Rename, char *Directory)
{
    const char *Path, *End;

    if (Rename->Target != NULL) {
        if (Rename->Target->Link == NULL || Rename->Target->Volume != Rename->Link->Volume)
            return STATUS_NOT_SAME_DEVICE;
        strcpy(Directory, Rename->Target->Link->Path);
        return STATUS_SUCCESS;
    }
    Path = Rename->Link->Path;
    End = strrchr(Path, '/');
    if (End == NULL)
        End = Path;
    memcpy(Directory, Path, (SIZE_T)(End - Path));
    Directory[End - Path] = '\0';
    return STATUS_SUCCESS;
}

/* May what has the name go? */
static NTSTATUS FspCheckReplaced(FSP_RENAME *Rename)
{
    FSP_FACTS Facts;
    NTSTATUS Status;

    if (!Rename->Replace)
        return STATUS_OBJECT_NAME_COLLISION;
    Status = FspQueryFacts(Rename->Found.Descriptor, &Facts);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Facts.Directory || (Facts.Info.FileAttributes & FILE_ATTRIBUTE_READONLY) != 0 ||
        FspIsOpen(&Rename->Found.Stat))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

static NTSTATUS FspPrepareRename(FSP_RENAME *Rename, PCUNICODE_STRING Name)
{
    PFSP_LINK Link = Rename->Link;
    char Directory[PATH_MAX], Component[PATH_MAX];
    BOOLEAN Slash;
    NTSTATUS Status = FspTargetDirectory(Rename, Directory);

    if (NT_SUCCESS(Status))
        Status = FspHostName(Name, Component, &Slash);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Component[0] == '\0' || strchr(Component, '/') != NULL || Name->Buffer[0] == L'\\')
        return STATUS_OBJECT_NAME_INVALID;
    if (snprintf(Rename->New, sizeof(Rename->New), "%s%s%s", Directory,
                 Directory[0] != '\0' ? "/" : "", Component) >= (int)sizeof(Rename->New))
        return STATUS_NAME_TOO_LONG;
    if (Link->Path[0] == '\0') /* the root keeps its name */
        return STATUS_INVALID_PARAMETER;
    if (Link->Deleted || Link->DeletePending)
        return STATUS_DELETE_PENDING;
    if (Link->Node->Directory && Rename->HardLink)
        return STATUS_FILE_IS_A_DIRECTORY;
    if (Link->Node->Directory && FspIsOpenBelow(Link->Volume, Link->Path))
        return STATUS_ACCESS_DENIED;
    if (!FspIsStillThere(Link))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    Status = FspFind(Link->Volume, Directory, Name, &Rename->Found);
    if (!NT_SUCCESS(Status))
        return Status;
    Rename->Taken = Rename->Found.Descriptor >= 0;
    if (!Rename->Taken)
        return STATUS_SUCCESS;
    Rename->Same = strcmp(Rename->Found.Path, Link->Path) == 0;
    if (Rename->Same && !Rename->HardLink)
        return STATUS_SUCCESS;
    return Rename->Same ? STATUS_OBJECT_NAME_COLLISION : FspCheckReplaced(Rename);
}

/* A host's file system that can't refuse to replace is asked without that: FspFind found nothing.
 */
static int FspRenameEntry(int From, const char *OldName, int To, const char *NewName,
                          BOOLEAN Replace)
{
    if (!Replace) {
        if (syscall(SYS_renameat2, From, OldName, To, NewName, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EINVAL && errno != ENOSYS)
            return -1;
    }
    return renameat(From, OldName, To, NewName);
}

static NTSTATUS FspRenameOnHost(FSP_RENAME *Rename)
{
    const char *OldName, *NewName, *Spelling;
    int From = FspOpenParent(Rename->Link->Volume, Rename->Link->Path, &OldName);
    int To = FspOpenParent(Rename->Link->Volume, Rename->New, &NewName);
    NTSTATUS Status = STATUS_SUCCESS;

    if (From < 0 || To < 0) {
        Status = FspStatus(errno);
        goto Exit;
    }
    /* What is replaced goes in the same step, under the name that it has. */
    Spelling = NewName;
    if (Rename->Taken && !Rename->Same) {
        const char *Last = strrchr(Rename->Found.Path, '/');
        Spelling = Last != NULL ? Last + 1 : Rename->Found.Path;
    }
    if (Rename->HardLink) {
        if (Rename->Taken && unlinkat(To, Spelling, 0) != 0)
            Status = FspStatus(errno);
        else if (linkat(From, OldName, To, NewName, 0) != 0)
            Status = errno == EXDEV ? STATUS_NOT_SAME_DEVICE : FspStatus(errno);
        goto Exit;
    }
    if (strcmp(Rename->New, Rename->Link->Path) != 0 &&
        FspRenameEntry(From, OldName, To, Spelling, Rename->Taken && !Rename->Same) != 0)
        Status = errno == EXDEV    ? STATUS_NOT_SAME_DEVICE
                 : errno == EINVAL ? STATUS_ACCESS_DENIED /* into itself */
                                   : FspStatus(errno);
    else if (strcmp(Spelling, NewName) != 0 && renameat(To, Spelling, To, NewName) != 0)
        Status = FspStatus(errno);
Exit:
    if (From >= 0)
        close(From);
    if (To >= 0)
        close(To);
    return Status;
}

NTSTATUS FspRename(PFILE_OBJECT File, PFILE_OBJECT Target, BOOLEAN Replace, BOOLEAN HardLink,
                   PCUNICODE_STRING Name)
{
    FSP_RENAME Rename = {.Link = FspOpenOf(File)->Link,
                         .Target = Target != NULL ? FspOpenOf(Target) : NULL,
                         .Replace = Replace,
                         .HardLink = HardLink,
                         .Found = {.Descriptor = -1}};
    NTSTATUS Status;

    KiLock(&FspLock);
    Status = FspPrepareRename(&Rename, Name);
    if (NT_SUCCESS(Status)) {
        char *Path = HardLink ? NULL : strdup(Rename.New);
        if (Path == NULL && !HardLink)
            Status = STATUS_INSUFFICIENT_RESOURCES;
        if (NT_SUCCESS(Status))
            Status = FspRenameOnHost(&Rename);
        if (NT_SUCCESS(Status) && !HardLink) {
            free(Rename.Link->Path);
            Rename.Link->Path = Path;
            Rename.Link->New = TRUE;
        } else {
            free(Path);
        }
    }
    if (Rename.Found.Descriptor >= 0)
        close(Rename.Found.Descriptor);
    KiUnlock(&FspLock);
    return Status;
}
