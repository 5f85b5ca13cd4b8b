/* SPDX-License-Identifier: MIT */
/* fileinfo.c - IRP_MJ_QUERY_INFORMATION, IRP_MJ_SET_INFORMATION: what a file is. */
#include "ntio/fs/fsp.h"

/* The path behind the volume as FILE_NAME_INFORMATION, as much of it as Room takes. */
static NTSTATUS FspQueryName(PFSP_OPEN Open, FILE_NAME_INFORMATION *Name, ULONG Room,
                             ULONG_PTR *Used)
{
    const ULONG Fixed = FIELD_OFFSET(FILE_NAME_INFORMATION, FileName);
    UNICODE_STRING Path;
    ULONG Copy;
    NTSTATUS Status;

    KiLock(&FspLock);
    Status = FspNtPath(Open->Link, &Path);
    KiUnlock(&FspLock);
    if (!NT_SUCCESS(Status))
        return Status;
    Copy = Path.Length;
    if (Copy > Room - Fixed) {
        Copy = (Room - Fixed) & ~1u;
        Status = STATUS_BUFFER_OVERFLOW;
    }
    Name->FileNameLength = Path.Length;
    memcpy(Name->FileName, Path.Buffer, Copy);
    *Used = Fixed + Copy;
    ExFreePoolWithTag(Path.Buffer, FSP_TAG_NAME);
    return Status;
}

static BOOLEAN FspIsDeletePending(PFSP_OPEN Open)
{
    BOOLEAN Pending;

    KiLock(&FspLock);
    Pending = Open->Link->DeletePending;
    KiUnlock(&FspLock);
    return Pending;
}

static VOID FspFillBasic(const FSP_FACTS *Facts, FILE_BASIC_INFORMATION *Basic)
{
    memset(Basic, 0, sizeof(*Basic));
    Basic->CreationTime = Facts->Info.CreationTime;
    Basic->LastAccessTime = Facts->Info.LastAccessTime;
    Basic->LastWriteTime = Facts->Info.LastWriteTime;
    Basic->ChangeTime = Facts->Info.ChangeTime;
    Basic->FileAttributes = Facts->Info.FileAttributes;
}

static VOID FspFillStandard(PFSP_OPEN Open, const FSP_FACTS *Facts,
                            FILE_STANDARD_INFORMATION *Standard)
{
    memset(Standard, 0, sizeof(*Standard));
    Standard->AllocationSize = Facts->Info.AllocationSize;
    Standard->EndOfFile = Facts->Info.EndOfFile;
    Standard->DeletePending = FspIsDeletePending(Open);
    Standard->NumberOfLinks = Facts->Links;
    Standard->Directory = Facts->Directory;
    if (Standard->DeletePending && Standard->NumberOfLinks != 0)
        Standard->NumberOfLinks--;
}

/* Access, mode and alignment are io's, and there already. */
static NTSTATUS FspQueryAll(PFILE_OBJECT File, const FSP_FACTS *Facts, FILE_ALL_INFORMATION *All,
                            ULONG Room, ULONG_PTR *Used)
{
    const ULONG Fixed = FIELD_OFFSET(FILE_ALL_INFORMATION, NameInformation);
    PFSP_OPEN Open = FspOpenOf(File);
    NTSTATUS Status;

    FspFillBasic(Facts, &All->BasicInformation);
    FspFillStandard(Open, Facts, &All->StandardInformation);
    All->InternalInformation.IndexNumber.QuadPart = Facts->FileId;
    All->EaInformation.EaSize = 0;
    All->PositionInformation.CurrentByteOffset = File->CurrentByteOffset;
    Status = FspQueryName(Open, &All->NameInformation, Room - Fixed, Used);
    *Used += Fixed;
    return Status;
}

NTSTATUS FspQueryInformation(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFSP_OPEN Open = FspOpenOf(Stack->FileObject);
    ULONG Room = Stack->Parameters.QueryFile.Length;
    ULONG_PTR *Used = &Irp->IoStatus.Information;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    FSP_FACTS Facts;
    NTSTATUS Status;

    if (Open->Link == NULL) /* a volume has no such thing */
        return STATUS_INVALID_PARAMETER;
    Status = FspQueryFacts(Open->Descriptor, &Facts);
    if (!NT_SUCCESS(Status))
        return Status;
    /* io has seen to it that the fixed part of each class fits. */
    switch (Stack->Parameters.QueryFile.FileInformationClass) {
    case FileBasicInformation:
        FspFillBasic(&Facts, Buffer);
        *Used = sizeof(FILE_BASIC_INFORMATION);
        return STATUS_SUCCESS;
    case FileStandardInformation:
        FspFillStandard(Open, &Facts, Buffer);
        *Used = sizeof(FILE_STANDARD_INFORMATION);
        return STATUS_SUCCESS;
    case FileInternalInformation:
        ((PFILE_INTERNAL_INFORMATION)Buffer)->IndexNumber.QuadPart = Facts.FileId;
        *Used = sizeof(FILE_INTERNAL_INFORMATION);
        return STATUS_SUCCESS;
    case FileEaInformation:
        ((PFILE_EA_INFORMATION)Buffer)->EaSize = 0;
        *Used = sizeof(FILE_EA_INFORMATION);
        return STATUS_SUCCESS;
    case FilePositionInformation:
        ((PFILE_POSITION_INFORMATION)Buffer)->CurrentByteOffset =
            Stack->FileObject->CurrentByteOffset;
        *Used = sizeof(FILE_POSITION_INFORMATION);
        return STATUS_SUCCESS;
    case FileNameInformation:
        return FspQueryName(Open, Buffer, Room, Used);
    case FileAllInformation:
        return FspQueryAll(Stack->FileObject, &Facts, Buffer, Room, Used);
    case FileNetworkOpenInformation:
        *(FILE_NETWORK_OPEN_INFORMATION *)Buffer = Facts.Info;
        *Used = sizeof(FILE_NETWORK_OPEN_INFORMATION);
        return STATUS_SUCCESS;
    case FileAttributeTagInformation:
        ((PFILE_ATTRIBUTE_TAG_INFORMATION)Buffer)->FileAttributes = Facts.Info.FileAttributes;
        ((PFILE_ATTRIBUTE_TAG_INFORMATION)Buffer)->ReparseTag = 0;
        *Used = sizeof(FILE_ATTRIBUTE_TAG_INFORMATION);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* ---- setting ---- */

static NTSTATUS FspSetBasic(PFSP_OPEN Open, const FILE_BASIC_INFORMATION *Basic)
{
    BOOLEAN Directory = Open->Link->Node->Directory;
    ULONG Attributes = Basic->FileAttributes;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Attributes != 0 && ((!Directory && (Attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) ||
                            (Directory && (Attributes & FILE_ATTRIBUTE_TEMPORARY) != 0)))
        return STATUS_INVALID_PARAMETER;
    if (Attributes != 0)
        Status = FspSetAttributes(Open->Descriptor, Attributes, Directory);
    if (NT_SUCCESS(Status))
        Status = FspSetTimes(Open->Descriptor, Basic);
    return Status;
}

static NTSTATUS FspSetDisposition(PFILE_OBJECT File, BOOLEAN Delete)
{
    PFSP_OPEN Open = FspOpenOf(File);
    PFSP_LINK Link = Open->Link;
    NTSTATUS Status = STATUS_SUCCESS;
    FSP_FACTS Facts;

    KiLock(&FspLock);
    if (Delete && !Link->Deleted) {
        Status = FspQueryFacts(Open->Descriptor, &Facts);
        if (Link->Path[0] == '\0' || atomic_load(&Link->Node->Views) != 0)
            Status = STATUS_CANNOT_DELETE;
        else if (NT_SUCCESS(Status) && (Facts.Info.FileAttributes & FILE_ATTRIBUTE_READONLY) != 0)
            Status = STATUS_CANNOT_DELETE;
        else if (NT_SUCCESS(Status) && Link->Node->Directory)
            Status = FspIsEmpty(Link->Volume, Link->Path);
    }
    if (NT_SUCCESS(Status)) {
        Link->DeletePending = Delete;
        File->DeletePending = Delete;
    }
    KiUnlock(&FspLock);
    return Status;
}

static NTSTATUS FspSetAllocation(PFILE_OBJECT File, LONGLONG Size)
{
    PFSP_OPEN Open = FspOpenOf(File);
    struct stat Stat;

    if (Open->Link->Node->Directory || Size < 0)
        return Size < 0 ? STATUS_INVALID_PARAMETER : STATUS_INVALID_DEVICE_REQUEST;
    if (fstat(Open->Descriptor, &Stat) != 0)
        return FspStatus(errno);
    if (Size < Stat.st_size) /* less room than data: the data goes */
        return FspSetSize(File, Size);
    if (Size == Stat.st_size)
        return STATUS_SUCCESS;
    if (!Open->CanWrite)
        return STATUS_ACCESS_DENIED;
    return fallocate(Open->Descriptor, FALLOC_FL_KEEP_SIZE, 0, Size) == 0 ? STATUS_SUCCESS
                                                                          : FspStatus(errno);
}

/* A new name: io has opened the directory of the target, where one was named with its path. */
static NTSTATUS FspSetName(PIO_STACK_LOCATION Stack, FILE_RENAME_INFORMATION *Rename, ULONG Length,
                           BOOLEAN Link)
{
    PFILE_OBJECT Target = Stack->Parameters.SetFile.FileObject;
    UNICODE_STRING Name;

    if (Target != NULL)
        return FspRename(Stack->FileObject, Target, Stack->Parameters.SetFile.ReplaceIfExists, Link,
                         &Target->FileName);
    if (Rename->FileNameLength > Length - FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName) ||
        Rename->FileNameLength > MAXUSHORT)
        return STATUS_INVALID_PARAMETER;
    Name.Buffer = Rename->FileName;
    Name.Length = Name.MaximumLength = (USHORT)Rename->FileNameLength;
    return FspRename(Stack->FileObject, NULL, Rename->ReplaceIfExists, Link, &Name);
}

NTSTATUS FspSetInformation(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFILE_OBJECT File = Stack->FileObject;
    PFSP_OPEN Open = FspOpenOf(File);
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    FILE_INFORMATION_CLASS Class = Stack->Parameters.SetFile.FileInformationClass;

    if (Open->Link == NULL)
        return STATUS_INVALID_PARAMETER;
    if (Open->Volume->ReadOnly && Class != FilePositionInformation)
        return STATUS_MEDIA_WRITE_PROTECTED;
    switch (Class) {
    case FileBasicInformation:
        return FspSetBasic(Open, Buffer);
    case FileDispositionInformation:
        return FspSetDisposition(File, ((PFILE_DISPOSITION_INFORMATION)Buffer)->DeleteFile);
    case FileEndOfFileInformation:
        return FspSetSize(File, ((PFILE_END_OF_FILE_INFORMATION)Buffer)->EndOfFile.QuadPart);
    case FileAllocationInformation:
        return FspSetAllocation(File,
                                ((PFILE_ALLOCATION_INFORMATION)Buffer)->AllocationSize.QuadPart);
    case FileRenameInformation:
    case FileLinkInformation:
        return FspSetName(Stack, Buffer, Stack->Parameters.SetFile.Length,
                          Class == FileLinkInformation);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
