/* SPDX-License-Identifier: MIT */
/*
 * readwrite.c - IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_FLUSH_BUFFERS and a file's size.
 *
 * The host's page cache is the cache: data goes straight between it and the requestor's buffer, on
 * the requestor's thread, and a request has ended when its dispatch routine returns. Write-through
 * and flush end when the host says that the data is on the disk.
 */
#include "ntio/fs/fsp.h"

#include <sys/uio.h>

PVOID FspBuffer(PIRP Irp)
{
    if (Irp->MdlAddress != NULL)
        return MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    return Irp->AssociatedIrp.SystemBuffer != NULL ? Irp->AssociatedIrp.SystemBuffer
                                                   : Irp->UserBuffer;
}

/* A file that can be read and written; not a directory and not the volume. */
static NTSTATUS FspDataOf(PFILE_OBJECT File, PFSP_OPEN *Open)
{
    *Open = FspOpenOf(File);
    if (*Open == NULL || (*Open)->Link == NULL || (*Open)->Link->Node->Directory)
        return STATUS_INVALID_DEVICE_REQUEST;
    return STATUS_SUCCESS;
}

static VOID FspMovePosition(PFILE_OBJECT File, LONGLONG End)
{
    if ((File->Flags & FO_SYNCHRONOUS_IO) != 0) /* under the file's lock, which its requestor has */
        File->CurrentByteOffset.QuadPart = End;
}

NTSTATUS FspRead(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    LONGLONG Offset = Stack->Parameters.Read.ByteOffset.QuadPart;
    ULONG Length = Stack->Parameters.Read.Length, Done = 0;
    PVOID Buffer = FspBuffer(Irp);
    PFSP_OPEN Open;
    NTSTATUS Status = FspDataOf(Stack->FileObject, &Open);

    if (!NT_SUCCESS(Status))
        return Status;
    if (!Open->CanRead)
        return STATUS_ACCESS_DENIED;
    if (Offset < 0)
        return STATUS_INVALID_PARAMETER;
    if (Length == 0)
        return STATUS_SUCCESS;
    if (Buffer == NULL)
        return STATUS_INVALID_USER_BUFFER;
    while (Done < Length) {
        ssize_t Got = pread(Open->Descriptor, (PUCHAR)Buffer + Done, Length - Done, Offset + Done);
        if (Got < 0 && errno == EINTR)
            continue;
        if (Got < 0) /* what has been read counts */
            return Done == 0 ? FspStatus(errno) : STATUS_SUCCESS;
        if (Got == 0)
            break;
        Done += (ULONG)Got;
        Irp->IoStatus.Information = Done;
        FspMovePosition(Stack->FileObject, Offset + Done);
    }
    return Done == 0 ? STATUS_END_OF_FILE : STATUS_SUCCESS;
}

static NTSTATUS FspSyncData(int Descriptor)
{
    return fdatasync(Descriptor) == 0 ? STATUS_SUCCESS : FspStatus(errno);
}

static NTSTATUS FspWriteAt(PIRP Irp, PFSP_OPEN Open, PVOID Buffer, ULONG Length, LONGLONG Offset,
                           BOOLEAN Through)
{
    ULONG Done = 0;

    if (Offset > MAXLONGLONG - (LONGLONG)Length)
        return STATUS_INVALID_PARAMETER;
    while (Done < Length) {
        struct iovec Vector = {(PUCHAR)Buffer + Done, Length - Done};
        ssize_t Put =
            pwritev2(Open->Descriptor, &Vector, 1, Offset + Done, Through ? RWF_DSYNC : 0);
        if (Put < 0 && errno == EINTR)
            continue;
        if (Put < 0 && errno == EOPNOTSUPP && Through) {
            Put = pwrite(Open->Descriptor, Vector.iov_base, Vector.iov_len, Offset + Done);
            if (Put >= 0) {
                NTSTATUS Status = FspSyncData(Open->Descriptor);
                if (!NT_SUCCESS(Status))
                    return Status;
            }
        }
        if (Put < 0)
            return Done == 0 || Through ? FspStatus(errno) : STATUS_SUCCESS;
        Done += (ULONG)Put;
        Irp->IoStatus.Information = Done;
    }
    return STATUS_SUCCESS;
}

NTSTATUS FspWrite(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFILE_OBJECT File = Stack->FileObject;
    LARGE_INTEGER Offset = Stack->Parameters.Write.ByteOffset;
    ULONG Length = Stack->Parameters.Write.Length;
    BOOLEAN Through =
        (Stack->Flags & SL_WRITE_THROUGH) != 0 || (File->Flags & FO_WRITE_THROUGH) != 0;
    BOOLEAN Append = Offset.HighPart == -1 && Offset.LowPart == FILE_WRITE_TO_END_OF_FILE;
    PVOID Buffer = FspBuffer(Irp);
    PFSP_OPEN Open;
    NTSTATUS Status = FspDataOf(File, &Open);

    if (!NT_SUCCESS(Status))
        return Status;
    if (!Open->CanWrite)
        return STATUS_ACCESS_DENIED;
    /* The right to append alone writes nowhere else. */
    if ((Open->Access & FILE_WRITE_DATA) == 0)
        Append = TRUE;
    if (!Append && Offset.QuadPart < 0)
        return STATUS_INVALID_PARAMETER;
    if (Length != 0 && Buffer == NULL)
        return STATUS_INVALID_USER_BUFFER;
    if (Append) {
        struct stat Stat;
        KiLock(&Open->Link->Node->SizeLock);
        if (fstat(Open->Descriptor, &Stat) != 0) {
            Status = FspStatus(errno);
        } else {
            Offset.QuadPart = Stat.st_size;
            Status = FspWriteAt(Irp, Open, Buffer, Length, Offset.QuadPart, Through);
        }
        KiUnlock(&Open->Link->Node->SizeLock);
    } else {
        Status = FspWriteAt(Irp, Open, Buffer, Length, Offset.QuadPart, Through);
    }
    if (NT_SUCCESS(Status))
        FspMovePosition(File, Offset.QuadPart + (LONGLONG)Irp->IoStatus.Information);
    else
        Irp->IoStatus.Information = 0;
    return Status;
}

/* The file's data and size; and its name, where that was made here. */
static NTSTATUS FspFlushFile(PFSP_OPEN Open)
{
    NTSTATUS Status = STATUS_SUCCESS;
    int Descriptor = Open->Descriptor;
    const char *Name;

    if (!Open->CanRead && !Open->CanWrite) /* O_PATH, or a directory */
        Descriptor = FspReopen(Open->Descriptor, O_RDONLY | O_NONBLOCK);
    if (Descriptor < 0)
        return FspStatus(errno);
    if (fsync(Descriptor) != 0)
        Status = FspStatus(errno);
    if (Descriptor != Open->Descriptor)
        close(Descriptor);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&FspLock);
    Descriptor = Open->Link->New && !Open->Link->Deleted
                     ? FspOpenParent(Open->Volume, Open->Link->Path, &Name)
                     : -1;
    Open->Link->New = FALSE;
    KiUnlock(&FspLock);
    if (Descriptor >= 0) {
        if (fsync(Descriptor) != 0)
            Status = FspStatus(errno);
        close(Descriptor);
    }
    return Status;
}

NTSTATUS FspFlush(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFSP_OPEN Open = FspOpenOf(Stack->FileObject);
    NTSTATUS Status = STATUS_SUCCESS;
    int Descriptor;

    UNREFERENCED_PARAMETER(Irp);
    if (Open->Link != NULL)
        return FspFlushFile(Open);
    Descriptor = FspOpenBelow(Open->Volume, "", O_RDONLY | O_DIRECTORY);
    if (Descriptor < 0)
        return FspStatus(errno);
    if (syncfs(Descriptor) != 0)
        Status = FspStatus(errno);
    close(Descriptor);
    return Status;
}

/* A descriptor to write with: the open's own, or, for a caller whom no handle's rights bind, a new
 * one (which the caller closes). */
static int FspWriter(PFSP_OPEN Open)
{
    return Open->CanWrite ? Open->Descriptor : FspReopen(Open->Descriptor, O_WRONLY | O_NONBLOCK);
}

NTSTATUS FspSetSize(PFILE_OBJECT File, LONGLONG Size)
{
    PFSP_OPEN Open;
    NTSTATUS Status = FspDataOf(File, &Open);
    struct stat Stat;
    int Descriptor;

    if (!NT_SUCCESS(Status))
        return Status;
    if (Size < 0)
        return STATUS_INVALID_PARAMETER;
    if (Open->Volume->ReadOnly)
        return STATUS_MEDIA_WRITE_PROTECTED;
    Descriptor = FspWriter(Open);
    if (Descriptor < 0)
        return FspStatus(errno);
    KiLock(&Open->Link->Node->SizeLock);
    if (fstat(Descriptor, &Stat) != 0)
        Status = FspStatus(errno);
    else if (Size < Stat.st_size && atomic_load(&Open->Link->Node->Views) != 0)
        Status = STATUS_USER_MAPPED_FILE;
    else if (ftruncate(Descriptor, Size) != 0)
        Status = FspStatus(errno);
    KiUnlock(&Open->Link->Node->SizeLock);
    if (Descriptor != Open->Descriptor)
        close(Descriptor);
    return Status;
}

/* ---- what sections need ---- */

static PFSP_OPEN FspOwnFile(PFILE_OBJECT File)
{
    PFSP_OPEN Open;

    /* Whose file it is shows where its sharing stands. */
    if (File->DeviceObject == NULL || !FspIsVolumeDevice(File->DeviceObject) ||
        !NT_SUCCESS(FspDataOf(File, &Open)))
        return NULL;
    return Open;
}

NTSTATUS FsOpenBacking(PFILE_OBJECT File, BOOLEAN Write, int *Descriptor)
{
    PFSP_OPEN Open = FspOwnFile(File);

    if (Open == NULL)
        return STATUS_INVALID_FILE_FOR_SECTION;
    if (Write && Open->Volume->ReadOnly)
        return STATUS_MEDIA_WRITE_PROTECTED;
    *Descriptor = FspReopen(Open->Descriptor, (Write ? O_RDWR : O_RDONLY) | O_NONBLOCK);
    return *Descriptor < 0 ? FspStatus(errno) : STATUS_SUCCESS;
}

VOID FsAddView(PFILE_OBJECT File)
{
    PFSP_NODE Node = FspOpenOf(File)->Link->Node;

    KiLock(&Node->SizeLock); /* whoever is cutting it short does that before or not at all */
    atomic_fetch_add(&Node->Views, 1);
    KiUnlock(&Node->SizeLock);
}

VOID FsRemoveView(PFILE_OBJECT File)
{
    atomic_fetch_sub(&FspOpenOf(File)->Link->Node->Views, 1);
}

NTSTATUS FsExtend(PFILE_OBJECT File, LONGLONG Size)
{
    PFSP_OPEN Open = FspOwnFile(File);
    NTSTATUS Status = STATUS_SUCCESS;
    struct stat Stat;
    int Descriptor;

    if (Open == NULL)
        return STATUS_INVALID_FILE_FOR_SECTION;
    Descriptor = FspWriter(Open);
    if (Descriptor < 0)
        return FspStatus(errno);
    KiLock(&Open->Link->Node->SizeLock);
    if (fstat(Descriptor, &Stat) != 0 || (Stat.st_size < Size && ftruncate(Descriptor, Size) != 0))
        Status = FspStatus(errno);
    KiUnlock(&Open->Link->Node->SizeLock);
    if (Descriptor != Open->Descriptor)
        close(Descriptor);
    return Status;
}
