/* SPDX-License-Identifier: MIT */
/* readwrite.c - NtReadFile, NtWriteFile, NtFlushBuffersFile. */
#include "ntio/io/iop.h"

/* Where Windows mounts its raw file system: reading goes on where the last one ended. A file system
 * that is mounted moves the position itself. */
static BOOLEAN IopMovesPosition(PFILE_OBJECT File)
{
    return File->Vpb != NULL && File->Vpb->DeviceObject == NULL;
}

typedef struct _IOP_TRANSFER {
    PVOID Buffer;
    ULONG Length;
    BOOLEAN Write;
    BOOLEAN HasOffset;
    LARGE_INTEGER Offset;
    ULONG Key;
} IOP_TRANSFER;

/* Unbuffered: whole sectors, at sector boundaries, in memory that the device can reach. */
static NTSTATUS IopCheckUnbuffered(PIOP_REQUEST Request, const IOP_TRANSFER *Transfer)
{
    PDEVICE_OBJECT Device = Request->Device;

    if ((IopFileFlags(Request->File) & FO_NO_INTERMEDIATE_BUFFERING) == 0 ||
        Device->SectorSize == 0)
        return STATUS_SUCCESS;
    if (Transfer->Length % Device->SectorSize != 0 ||
        ((ULONG_PTR)Transfer->Buffer & Device->AlignmentRequirement) != 0)
        return STATUS_INVALID_PARAMETER;
    if (Transfer->HasOffset && Transfer->Offset.QuadPart >= 0 &&
        Transfer->Offset.QuadPart % Device->SectorSize != 0)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* The offset that the request is for; a synchronous file has one of its own. */
static NTSTATUS IopResolveOffset(PIOP_REQUEST Request, IOP_TRANSFER *Transfer)
{
    LARGE_INTEGER *Offset = &Transfer->Offset;
    BOOLEAN Own = !Transfer->HasOffset ||
                  (Offset->HighPart == -1 && Offset->LowPart == FILE_USE_FILE_POINTER_POSITION);

    if (Own) {
        if (!Request->Synchronous) {
            if ((Request->File->Flags & (FO_NAMED_PIPE | FO_MAILSLOT)) == 0)
                return STATUS_INVALID_PARAMETER;
            Offset->QuadPart = 0;
        } else {
            *Offset = Request->File->CurrentByteOffset;
        }
        return STATUS_SUCCESS;
    }
    if (Transfer->Write && Offset->HighPart == -1 && Offset->LowPart == FILE_WRITE_TO_END_OF_FILE)
        return STATUS_SUCCESS;
    return Offset->QuadPart < 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/*
 * A buffer that the driver gets as it is. What is read into is tried; of what is written from only
 * the range is looked at, as ProbeForRead does: the driver's own access is guarded.
 */
static NTSTATUS IopProbeBare(PIOP_REQUEST Request, const IOP_TRANSFER *Transfer)
{
    ULONG_PTR Begin = (ULONG_PTR)Transfer->Buffer, End = Begin + Transfer->Length;

    if (!Transfer->Write)
        return IopProbe(Request->Mode, Transfer->Buffer, Transfer->Length, TRUE);
    return Request->Mode != KernelMode && Transfer->Length != 0 &&
                   (End < Begin || End > *MmUserProbeAddress)
               ? STATUS_ACCESS_VIOLATION
               : STATUS_SUCCESS;
}

static NTSTATUS IopPrepareTransfer(PIOP_REQUEST Request, IOP_TRANSFER *Transfer)
{
    PIRP Irp = Request->Irp;
    NTSTATUS Status = IopCheckUnbuffered(Request, Transfer);

    if (NT_SUCCESS(Status))
        Status = IopResolveOffset(Request, Transfer);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Request->Synchronous && IopMovesPosition(Request->File) && Transfer->Offset.QuadPart >= 0)
        IopPrefixOf(Irp)->StartOffset = Transfer->Offset.QuadPart;
    Irp->Flags |= Transfer->Write ? IRP_WRITE_OPERATION : IRP_READ_OPERATION;
    if ((Request->Device->Flags & DO_BUFFERED_IO) != 0) {
        Status = Transfer->Write
                     ? IopBufferRequest(Request, Transfer->Buffer, Transfer->Length, NULL, 0)
                     : IopBufferRequest(Request, NULL, 0, Transfer->Buffer, Transfer->Length);
    } else if ((Request->Device->Flags & DO_DIRECT_IO) != 0) {
        Status = IopMapRequest(Request, Transfer->Buffer, Transfer->Length,
                               Transfer->Write ? IoReadAccess : IoWriteAccess);
    } else {
        Status = IopProbeBare(Request, Transfer);
        Irp->UserBuffer = Transfer->Buffer;
    }
    if (!NT_SUCCESS(Status))
        return Status;
    if (Transfer->Write && (IopFileFlags(Request->File) & FO_WRITE_THROUGH) != 0)
        Request->Stack->Flags |= SL_WRITE_THROUGH;
    /* Read and Write have one layout. */
    Request->Stack->Parameters.Read.Length = Transfer->Length;
    Request->Stack->Parameters.Read.Key = Transfer->Key;
    Request->Stack->Parameters.Read.ByteOffset = Transfer->Offset;
    return STATUS_SUCCESS;
}

static NTSTATUS IopTransferFile(KPROCESSOR_MODE Mode, HANDLE FileHandle, HANDLE Event,
                                PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                                PLARGE_INTEGER ByteOffset, PULONG Key, BOOLEAN Write, PVOID Caller)
{
    IOP_TRANSFER Transfer = {.Buffer = Buffer, .Length = Length, .Write = Write};
    IOP_REQUEST Request;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (ByteOffset != NULL) {
        Status = IopProbe(Mode, ByteOffset, sizeof(*ByteOffset), FALSE);
        if (!NT_SUCCESS(Status))
            return Status;
        Transfer.Offset = *ByteOffset;
        Transfer.HasOffset = TRUE;
    }
    if (Key != NULL) {
        Status = IopProbe(Mode, Key, sizeof(*Key), FALSE);
        if (!NT_SUCCESS(Status))
            return Status;
        Transfer.Key = *Key;
    }
    Status = IopBeginRequest(&Request, Mode, FileHandle, Write ? 0 : FILE_READ_DATA, Event,
                             ApcRoutine, ApcContext, IoStatusBlock, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Write && Mode != KernelMode &&
        (Request.GrantedAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == 0)
        Status = STATUS_ACCESS_DENIED;
    /* The right to append alone: always at the end. */
    if (NT_SUCCESS(Status) && Write && Mode != KernelMode &&
        (Request.GrantedAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == FILE_APPEND_DATA) {
        Transfer.HasOffset = TRUE;
        Transfer.Offset.HighPart = -1;
        Transfer.Offset.LowPart = FILE_WRITE_TO_END_OF_FILE;
    }
    if (NT_SUCCESS(Status))
        Status = IopPrepareTransfer(&Request, &Transfer);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    return IopSendRequest(&Request, Write ? IRP_MJ_WRITE : IRP_MJ_READ);
}

NTSTATUS NTAPI NtReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                          ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    return IopTransferFile(IopPreviousMode(), FileHandle, Event, ApcRoutine, ApcContext,
                           IoStatusBlock, Buffer, Length, ByteOffset, Key, FALSE,
                           __builtin_return_address(0));
}

NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                          ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    return IopTransferFile(KernelMode, FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock,
                           Buffer, Length, ByteOffset, Key, FALSE, __builtin_return_address(0));
}

NTSTATUS NTAPI NtWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                           PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    return IopTransferFile(IopPreviousMode(), FileHandle, Event, ApcRoutine, ApcContext,
                           IoStatusBlock, Buffer, Length, ByteOffset, Key, TRUE,
                           __builtin_return_address(0));
}

NTSTATUS NTAPI ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                           PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    return IopTransferFile(KernelMode, FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock,
                           Buffer, Length, ByteOffset, Key, TRUE, __builtin_return_address(0));
}
