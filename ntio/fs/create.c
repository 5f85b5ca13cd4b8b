/* SPDX-License-Identifier: MIT */
/*
 * create.c - IRP_MJ_CREATE, IRP_MJ_CLEANUP and IRP_MJ_CLOSE.
 *
 * The whole of a create is one step under FspLock: between finding a name and sharing its file
 * nobody can make, rename or delete it here.
 */
#include "ntio/fs/fsp.h"

typedef struct _FSP_CREATE {
    PFSP_VOLUME Volume;
    PFILE_OBJECT File;
    ACCESS_MASK Access;
    ULONG Options, Disposition, Attributes, Share;
    LONGLONG Allocation;
    BOOLEAN Target; /* SL_OPEN_TARGET_DIRECTORY */
    FSP_FOUND Found;
    /* What comes of it. */
    PFSP_LINK Link;
    int Descriptor;
    ULONG_PTR Information;
} FSP_CREATE, *PFSP_CREATE;

/* Rights that a drive for reading alone does not give. */
#define FSP_CHANGES                                                                                \
    (FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES |                  \
     FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER)

static BOOLEAN FspOverwrites(ULONG Disposition)
{
    return Disposition == FILE_SUPERSEDE || Disposition == FILE_OVERWRITE ||
           Disposition == FILE_OVERWRITE_IF;
}

static BOOLEAN FspReads(ACCESS_MASK Access)
{
    return (Access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
}

static BOOLEAN FspWrites(ACCESS_MASK Access)
{
    return (Access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
}

/* What speaks against opening a file that is there, before its sharing is looked at. */
static NTSTATUS FspCheckThere(PFSP_CREATE Create, BOOLEAN Directory)
{
    PFSP_LINK Link = FspFindLink(Create->Volume, Create->Found.Path, &Create->Found.Stat);
    BOOLEAN Overwrite = FspOverwrites(Create->Disposition);
    FSP_FACTS Facts;
    NTSTATUS Status;

    if (!Directory && !S_ISREG(Create->Found.Stat.st_mode))
        return STATUS_ACCESS_DENIED; /* the host's devices, pipes and sockets are none of NT's */
    if (Link != NULL && Link->DeletePending)
        return STATUS_DELETE_PENDING;
    if (Create->Disposition == FILE_CREATE)
        return STATUS_OBJECT_NAME_COLLISION;
    if ((Create->Options & FILE_DIRECTORY_FILE) != 0 && !Directory)
        return STATUS_NOT_A_DIRECTORY;
    if (Create->Found.Slash && !Directory)
        return STATUS_OBJECT_NAME_INVALID;
    if ((Create->Options & FILE_NON_DIRECTORY_FILE) != 0 && Directory)
        return STATUS_FILE_IS_A_DIRECTORY;
    if (Overwrite && Directory)
        return STATUS_OBJECT_NAME_COLLISION;
    if (Create->Volume->ReadOnly && (Overwrite || (Create->Access & FSP_CHANGES) != 0 ||
                                     (Create->Options & FILE_DELETE_ON_CLOSE) != 0))
        return STATUS_MEDIA_WRITE_PROTECTED;
    if ((Create->Options & FILE_DELETE_ON_CLOSE) != 0 && Create->Found.Path[0] == '\0')
        return STATUS_CANNOT_DELETE;
    Status = FspQueryFacts(Create->Found.Descriptor, &Facts);
    if (!NT_SUCCESS(Status))
        return Status;
    if (!Directory && (Facts.Info.FileAttributes & FILE_ATTRIBUTE_READONLY) != 0) {
        if (FspWrites(Create->Access) || Overwrite)
            return STATUS_ACCESS_DENIED;
        if ((Create->Options & FILE_DELETE_ON_CLOSE) != 0)
            return STATUS_CANNOT_DELETE;
    }
    /* Who overwrites a hidden or a system file has to say that it is one. */
    if (Overwrite && (Facts.Info.FileAttributes & ~Create->Attributes &
                      (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM)) != 0)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* Overwriting takes the rights that it needs, whatever was asked for. */
static NTSTATUS FspShare(PFSP_CREATE Create, PFSP_NODE Node)
{
    ACCESS_MASK Needed = Create->Access;
    NTSTATUS Status;

    if (Create->Disposition == FILE_SUPERSEDE)
        Needed |= DELETE;
    else if (FspOverwrites(Create->Disposition))
        Needed |= FILE_WRITE_DATA;
    if ((Create->Options & FILE_DELETE_ON_CLOSE) != 0)
        Needed |= DELETE;
    Status = IoCheckShareAccess(Needed, Create->Share, Create->File, &Node->Share, FALSE);
    if (NT_SUCCESS(Status))
        Status =
            IoCheckShareAccess(Create->Access, Create->Share, Create->File, &Node->Share, TRUE);
    return Status;
}

static NTSTATUS FspOpenDescriptor(PFSP_CREATE Create, BOOLEAN Directory)
{
    BOOLEAN Read = FspReads(Create->Access), Write = FspWrites(Create->Access);

    if (Directory)
        Create->Descriptor =
            FspReopen(Create->Found.Descriptor, (Create->Access & FILE_LIST_DIRECTORY) != 0
                                                    ? O_RDONLY | O_DIRECTORY
                                                    : O_PATH | O_DIRECTORY);
    else if (!Read && !Write)
        Create->Descriptor = FspReopen(Create->Found.Descriptor, O_PATH);
    else
        Create->Descriptor = FspReopen(Create->Found.Descriptor, (Read && Write ? O_RDWR
                                                                  : Write       ? O_WRONLY
                                                                                : O_RDONLY) |
                                                                     O_NONBLOCK | O_NOCTTY);
    return Create->Descriptor < 0 ? FspStatus(errno) : STATUS_SUCCESS;
}

static NTSTATUS FspAllocate(int Descriptor, LONGLONG Size)
{
    /* Room that is asked for at the beginning is a hint where the host can't give it. */
    if (Size > 0 && fallocate(Descriptor, FALLOC_FL_KEEP_SIZE, 0, Size) != 0 && errno != EOPNOTSUPP)
        return FspStatus(errno);
    return STATUS_SUCCESS;
}

static NTSTATUS FspTruncateForOverwrite(PFSP_CREATE Create, PFSP_NODE Node)
{
    int Descriptor = Create->Descriptor;
    NTSTATUS Status = STATUS_SUCCESS;

    if (!FspWrites(Create->Access))
        Descriptor = FspReopen(Create->Found.Descriptor, O_WRONLY | O_NONBLOCK);
    if (Descriptor < 0)
        return FspStatus(errno);
    KiLock(&Node->SizeLock);
    if (atomic_load(&Node->Views) != 0)
        Status = STATUS_USER_MAPPED_FILE;
    else if (ftruncate(Descriptor, 0) != 0)
        Status = FspStatus(errno);
    KiUnlock(&Node->SizeLock);
    if (NT_SUCCESS(Status))
        Status = FspAllocate(Descriptor, Create->Allocation);
    if (Descriptor != Create->Descriptor)
        close(Descriptor);
    if (NT_SUCCESS(Status))
        Status = FspSetAttributes(Create->Found.Descriptor,
                                  Create->Attributes | FILE_ATTRIBUTE_ARCHIVE, FALSE);
    return Status;
}

static NTSTATUS FspOpenThere(PFSP_CREATE Create)
{
    BOOLEAN Directory = S_ISDIR(Create->Found.Stat.st_mode);
    NTSTATUS Status = FspCheckThere(Create, Directory);

    if (!NT_SUCCESS(Status))
        return Status;
    Status =
        FspReferenceLink(Create->Volume, Create->Found.Path, &Create->Found.Stat, &Create->Link);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = FspShare(Create, Create->Link->Node);
    if (NT_SUCCESS(Status)) {
        Status = FspOpenDescriptor(Create, Directory);
        if (NT_SUCCESS(Status) && FspOverwrites(Create->Disposition))
            Status = FspTruncateForOverwrite(Create, Create->Link->Node);
        if (NT_SUCCESS(Status)) {
            Create->Information = Create->Disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED
                                  : FspOverwrites(Create->Disposition)  ? FILE_OVERWRITTEN
                                                                        : FILE_OPENED;
            return Status;
        }
        IoRemoveShareAccess(Create->File, &Create->Link->Node->Share);
    }
    Create->Link->Handles--;
    FspDereferenceLink(Create->Link);
    return Status;
}

/* Nothing comes into a directory that is about to go. */
static BOOLEAN FspIsDirectoryGoing(PFSP_VOLUME Volume, const char *Path, int Parent)
{
    const char *Last = strrchr(Path, '/');
    char Directory[PATH_MAX];
    struct stat Stat;
    PFSP_LINK Link;

    if (Last == NULL || fstat(Parent, &Stat) != 0)
        return FALSE;
    memcpy(Directory, Path, (SIZE_T)(Last - Path));
    Directory[Last - Path] = '\0';
    Link = FspFindLink(Volume, Directory, &Stat);
    return Link != NULL && Link->DeletePending;
}

static NTSTATUS FspMakeOnHost(PFSP_CREATE Create, int Parent, const char *Name, BOOLEAN Directory)
{
    NTSTATUS Status;

    if (Directory) {
        if (mkdirat(Parent, Name, 0777) != 0)
            return FspStatus(errno);
        Create->Descriptor = openat(Parent, Name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    } else {
        Create->Descriptor =
            openat(Parent, Name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    }
    if (Create->Descriptor < 0)
        return FspStatus(errno);
    Status =
        FspSetAttributes(Create->Descriptor,
                         Create->Attributes | (Directory ? 0 : FILE_ATTRIBUTE_ARCHIVE), Directory);
    if (NT_SUCCESS(Status) && !Directory)
        Status = FspAllocate(Create->Descriptor, Create->Allocation);
    if (NT_SUCCESS(Status) && fstat(Create->Descriptor, &Create->Found.Stat) != 0)
        Status = FspStatus(errno);
    if (NT_SUCCESS(Status))
        Status = FspReferenceLink(Create->Volume, Create->Found.Path, &Create->Found.Stat,
                                  &Create->Link);
    if (NT_SUCCESS(Status))
        Status = FspShare(Create, Create->Link->Node);
    if (!NT_SUCCESS(Status)) {
        if (Create->Link != NULL) {
            Create->Link->Handles--;
            FspDereferenceLink(Create->Link);
        }
        close(Create->Descriptor);
        unlinkat(Parent, Name, Directory ? AT_REMOVEDIR : 0);
    }
    return Status;
}

static NTSTATUS FspMakeNew(PFSP_CREATE Create)
{
    BOOLEAN Directory = (Create->Options & FILE_DIRECTORY_FILE) != 0;
    const char *Name;
    NTSTATUS Status;
    int Parent;

    if (Create->Disposition == FILE_OPEN || Create->Disposition == FILE_OVERWRITE)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (Create->Found.Slash && !Directory)
        return STATUS_OBJECT_NAME_INVALID;
    if (Create->Volume->ReadOnly)
        return STATUS_MEDIA_WRITE_PROTECTED;
    if (Directory && (Create->Attributes & FILE_ATTRIBUTE_TEMPORARY) != 0)
        return STATUS_INVALID_PARAMETER;
    if (!Directory && (Create->Options & FILE_DELETE_ON_CLOSE) != 0 &&
        (Create->Attributes & FILE_ATTRIBUTE_READONLY) != 0)
        return STATUS_CANNOT_DELETE;
    Parent = FspOpenParent(Create->Volume, Create->Found.Path, &Name);
    if (Parent < 0)
        return errno == ENOENT ? STATUS_OBJECT_PATH_NOT_FOUND : FspStatus(errno);
    if (FspIsDirectoryGoing(Create->Volume, Create->Found.Path, Parent))
        Status = STATUS_DELETE_PENDING;
    else
        Status = FspMakeOnHost(Create, Parent, Name, Directory);
    close(Parent);
    if (NT_SUCCESS(Status)) {
        Create->Link->New = TRUE;
        Create->Information = FILE_CREATED;
    }
    return Status;
}

/*
 * The directory that a name is in, for a rename: FileName becomes the name alone, and Information
 * tells whether it is taken.
 */
static NTSTATUS FspOpenTarget(PFSP_CREATE Create)
{
    BOOLEAN There = Create->Found.Descriptor >= 0;
    char *Slash = strrchr(Create->Found.Path, '/');
    PUNICODE_STRING Name = &Create->File->FileName;
    USHORT Length = Name->Length, Start;

    if (Create->Found.Path[0] == '\0')
        return STATUS_OBJECT_NAME_INVALID;
    if (There)
        close(Create->Found.Descriptor);
    if (Slash != NULL)
        *Slash = '\0';
    else
        Create->Found.Path[0] = '\0';
    Create->Found.Descriptor = FspOpenBelow(Create->Volume, Create->Found.Path, O_PATH);
    if (Create->Found.Descriptor < 0)
        return FspStatus(errno);
    if (fstat(Create->Found.Descriptor, &Create->Found.Stat) != 0)
        return FspStatus(errno);
    Create->Disposition = FILE_OPEN;
    Create->Options = FILE_DIRECTORY_FILE;
    Create->Found.Slash = FALSE;
    NTSTATUS Status = FspOpenThere(Create);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Length != 0 && Name->Buffer[Length / sizeof(WCHAR) - 1] == L'\\')
        Length -= sizeof(WCHAR);
    for (Start = Length; Start != 0 && Name->Buffer[Start / sizeof(WCHAR) - 1] != L'\\';)
        Start -= sizeof(WCHAR);
    memmove(Name->Buffer, Name->Buffer + Start / sizeof(WCHAR), Length - Start);
    Name->Length = Length - Start;
    Create->Information = There ? FILE_EXISTS : FILE_DOES_NOT_EXIST;
    return Status;
}

/* The file object carries its whole path, whatever it was opened relative to. */
static NTSTATUS FspGiveName(PFILE_OBJECT File, PFSP_LINK Link)
{
    UNICODE_STRING Path;
    NTSTATUS Status = FspNtPath(Link, &Path);

    if (!NT_SUCCESS(Status))
        return Status;
    if (File->FileName.Buffer != NULL)
        ExFreePoolWithTag(File->FileName.Buffer, FSP_TAG_NAME);
    File->FileName = Path;
    return Status;
}

/* Where the name begins: the directory that it is relative to, or the root. */
static NTSTATUS FspBaseOf(PFILE_OBJECT Related, PCUNICODE_STRING Name, const char **Base)
{
    PFSP_OPEN Open;

    *Base = "";
    if (Related == NULL || (Open = FspOpenOf(Related))->Link == NULL)
        return STATUS_SUCCESS;
    if (!Open->Link->Node->Directory && Name->Length != 0)
        return STATUS_INVALID_PARAMETER;
    if (Open->Link->Deleted)
        return STATUS_FILE_DELETED;
    *Base = Open->Link->Path;
    return STATUS_SUCCESS;
}

static NTSTATUS FspFindAndOpen(PFSP_CREATE Create, PFILE_OBJECT Related)
{
    const char *Base;
    NTSTATUS Status = FspBaseOf(Related, &Create->File->FileName, &Base);

    if (NT_SUCCESS(Status))
        Status = FspFind(Create->Volume, Base, &Create->File->FileName, &Create->Found);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Create->Target)
        Status = FspOpenTarget(Create);
    else if (Create->Found.Descriptor >= 0)
        Status = FspOpenThere(Create);
    else
        Status = FspMakeNew(Create);
    if (Create->Found.Descriptor >= 0)
        close(Create->Found.Descriptor);
    return Status;
}

static PFSP_OPEN FspMakeOpen(PFSP_VOLUME Volume)
{
    PFSP_OPEN Open = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Open), FSP_TAG);

    if (Open == NULL)
        return NULL;
    memset(Open, 0, sizeof(*Open));
    Open->Volume = Volume;
    Open->Descriptor = -1;
    FspReferenceVolume(Volume);
    return Open;
}

static VOID FspFreeOpen(PFSP_OPEN Open)
{
    if (Open->Descriptor >= 0)
        close(Open->Descriptor);
    FspForgetSearch(Open);
    FspDereferenceVolume(Open->Volume);
    ExFreePoolWithTag(Open, FSP_TAG);
}

/* The volume itself: for asking about it and for flushing it. */
static NTSTATUS FspOpenVolume(PFSP_CREATE Create, PFSP_OPEN Open)
{
    if ((Create->Options & FILE_DIRECTORY_FILE) != 0)
        return STATUS_NOT_A_DIRECTORY;
    if (Create->Target || (Create->Options & FILE_DELETE_ON_CLOSE) != 0 ||
        (Create->Disposition != FILE_OPEN && Create->Disposition != FILE_OPEN_IF))
        return STATUS_ACCESS_DENIED;
    if (Create->Volume->ReadOnly && (Create->Access & FSP_CHANGES) != 0)
        return STATUS_MEDIA_WRITE_PROTECTED;
    Open->Access = Create->Access;
    Create->Information = FILE_OPENED;
    return STATUS_SUCCESS;
}

/* Consumes what has been opened where it fails. */
static NTSTATUS FspFinishOpen(PFSP_CREATE Create, PFSP_OPEN Open, BOOLEAN Relative)
{
    NTSTATUS Status = Relative ? FspGiveName(Create->File, Create->Link) : STATUS_SUCCESS;

    Open->Descriptor = Create->Descriptor;
    if (!NT_SUCCESS(Status)) { /* a file that was made stays: as on a disk, it has been made */
        IoRemoveShareAccess(Create->File, &Create->Link->Node->Share);
        Create->Link->Handles--;
        FspDereferenceLink(Create->Link);
        return Status;
    }
    Open->Link = Create->Link;
    Open->Access = Create->Access;
    Open->CanRead = FspReads(Create->Access);
    Open->CanWrite = FspWrites(Create->Access);
    Open->DeleteOnClose = (Create->Options & FILE_DELETE_ON_CLOSE) != 0;
    Open->Target = Create->Target;
    Create->File->FsContext = Create->Link->Node;
    Create->File->SectionObjectPointer = &Create->Link->Node->Section;
    return Status;
}

NTSTATUS FspCreate(PFSP_VOLUME Volume, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFILE_OBJECT File = Stack->FileObject, Related = File->RelatedFileObject;
    FSP_CREATE Create = {.Volume = Volume,
                         .File = File,
                         .Access = Stack->Parameters.Create.SecurityContext->DesiredAccess,
                         .Options = Stack->Parameters.Create.Options & 0xffffff,
                         .Disposition = Stack->Parameters.Create.Options >> 24,
                         .Attributes = Stack->Parameters.Create.FileAttributes,
                         .Share = Stack->Parameters.Create.ShareAccess,
                         .Allocation = Irp->Overlay.AllocationSize.QuadPart,
                         .Target = (Stack->Flags & SL_OPEN_TARGET_DIRECTORY) != 0,
                         .Descriptor = -1};
    PFSP_OPEN Open;
    NTSTATUS Status;

    if ((Create.Options & FILE_OPEN_BY_FILE_ID) != 0)
        return STATUS_NOT_SUPPORTED;
    if (Stack->Parameters.Create.EaLength != 0)
        return STATUS_EAS_NOT_SUPPORTED;
    Open = FspMakeOpen(Volume);
    if (Open == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (File->FileName.Length == 0 && (Related == NULL || FspOpenOf(Related)->Link == NULL)) {
        Status = FspOpenVolume(&Create, Open);
    } else {
        KiLock(&FspLock);
        Status = FspFindAndOpen(&Create, Related);
        if (NT_SUCCESS(Status))
            Status = FspFinishOpen(&Create, Open, Related != NULL && !Create.Target);
        KiUnlock(&FspLock);
    }
    if (!NT_SUCCESS(Status)) {
        FspFreeOpen(Open);
        return Status;
    }
    File->FsContext2 = Open;
    Irp->IoStatus.Information = Create.Information;
    return Status;
}

/* The last handle: sharing ends now, and what was to be deleted goes. */
NTSTATUS FspCleanup(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFILE_OBJECT File = Stack->FileObject;
    PFSP_OPEN Open = FspOpenOf(File);

    UNREFERENCED_PARAMETER(Irp);
    if (Open == NULL || Open->Link == NULL)
        return STATUS_SUCCESS;
    KiLock(&FspLock);
    IoRemoveShareAccess(File, &Open->Link->Node->Share);
    if (Open->DeleteOnClose)
        Open->Link->DeletePending = TRUE;
    /* What can't be deleted any more (a directory that is no longer empty) stays: nobody is left
     * to be told. */
    if (--Open->Link->Handles == 0 && Open->Link->DeletePending && !Open->Link->Deleted &&
        !NT_SUCCESS(FspDeleteName(Open->Link)))
        Open->Link->DeletePending = FALSE;
    KiUnlock(&FspLock);
    return STATUS_SUCCESS;
}

NTSTATUS FspClose(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFSP_OPEN Open = FspOpenOf(Stack->FileObject);

    UNREFERENCED_PARAMETER(Irp);
    if (Open == NULL)
        return STATUS_SUCCESS;
    Stack->FileObject->FsContext = Stack->FileObject->FsContext2 = NULL;
    Stack->FileObject->SectionObjectPointer = NULL;
    if (Open->Link != NULL) {
        KiLock(&FspLock);
        FspDereferenceLink(Open->Link);
        KiUnlock(&FspLock);
    }
    FspFreeOpen(Open);
    return STATUS_SUCCESS;
}
