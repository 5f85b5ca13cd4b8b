/* SPDX-License-Identifier: MIT */
/*
 * filelock.c - NtLockFile and NtUnlockFile: ranges of bytes, which the driver keeps. The range's
 * length goes as a pointer, to the IRP's system buffer.
 */
#include "ntio/io/iop.h"

/* Reading or writing, whichever: without either there is nothing to keep others from. */
static NTSTATUS IopCheckLockAccess(PIOP_REQUEST Request)
{
    return Request->Mode != KernelMode &&
                   (Request->GrantedAccess & (FILE_READ_DATA | FILE_WRITE_DATA)) == 0
               ? STATUS_ACCESS_DENIED
               : STATUS_SUCCESS;
}

typedef struct _IOP_RANGE {
    LARGE_INTEGER Offset, Length;
    ULONG Key;
    UCHAR MinorFunction, Flags;
} IOP_RANGE;

static NTSTATUS IopCaptureRange(KPROCESSOR_MODE Mode, PLARGE_INTEGER ByteOffset,
                                PLARGE_INTEGER Length, IOP_RANGE *Range)
{
    NTSTATUS Status = IopProbe(Mode, ByteOffset, sizeof(*ByteOffset), FALSE);

    if (NT_SUCCESS(Status))
        Status = IopProbe(Mode, Length, sizeof(*Length), FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    Range->Offset = *ByteOffset;
    Range->Length = *Length;
    return STATUS_SUCCESS;
}

static NTSTATUS IopPrepareLock(PIOP_REQUEST Request, IOP_RANGE *Range)
{
    PIO_STACK_LOCATION Stack = Request->Stack;
    NTSTATUS Status = IopCheckLockAccess(Request);

    if (NT_SUCCESS(Status))
        Status = IopBufferRequest(Request, &Range->Length, sizeof(Range->Length), NULL, 0);
    if (!NT_SUCCESS(Status))
        return Status;
    Stack->MinorFunction = Range->MinorFunction;
    Stack->Flags = Range->Flags;
    Stack->Parameters.LockControl.Length = Request->Irp->AssociatedIrp.SystemBuffer;
    Stack->Parameters.LockControl.Key = Range->Key;
    Stack->Parameters.LockControl.ByteOffset = Range->Offset;
    return STATUS_SUCCESS;
}

static NTSTATUS IopLockFile(KPROCESSOR_MODE Mode, HANDLE FileHandle, HANDLE Event,
                            PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                            PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER ByteOffset,
                            PLARGE_INTEGER Length, ULONG Key, BOOLEAN FailImmediately,
                            BOOLEAN ExclusiveLock, PVOID Caller)
{
    IOP_RANGE Range = {.Key = Key, .MinorFunction = IRP_MN_LOCK};
    IOP_REQUEST Request;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (FailImmediately)
        Range.Flags |= SL_FAIL_IMMEDIATELY;
    if (ExclusiveLock)
        Range.Flags |= SL_EXCLUSIVE_LOCK;
    Status = IopCaptureRange(Mode, ByteOffset, Length, &Range);
    if (NT_SUCCESS(Status))
        Status = IopBeginRequest(&Request, Mode, FileHandle, 0, Event, ApcRoutine, ApcContext,
                                 IoStatusBlock, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopPrepareLock(&Request, &Range);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    return IopSendRequest(&Request, IRP_MJ_LOCK_CONTROL);
}

static NTSTATUS IopUnlockFile(KPROCESSOR_MODE Mode, HANDLE FileHandle,
                              PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER ByteOffset,
                              PLARGE_INTEGER Length, ULONG Key, PVOID Caller)
{
    IOP_RANGE Range = {.Key = Key, .MinorFunction = IRP_MN_UNLOCK_SINGLE};
    IOP_REQUEST Request;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = IopCaptureRange(Mode, ByteOffset, Length, &Range);
    if (NT_SUCCESS(Status))
        Status = IopBeginQuery(&Request, Mode, FileHandle, 0, IoStatusBlock, &IoStatus, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopPrepareLock(&Request, &Range);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    Status = IopSendAndWait(&Request, IRP_MJ_LOCK_CONTROL, &IoStatus);
    return IopAnswer(IoStatusBlock, Mode, Status, IoStatus.Information);
}

NTSTATUS NTAPI NtLockFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                          PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length, ULONG Key,
                          BOOLEAN FailImmediately, BOOLEAN ExclusiveLock)
{
    return IopLockFile(IopPreviousMode(), FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock,
                       ByteOffset, Length, Key, FailImmediately, ExclusiveLock,
                       __builtin_return_address(0));
}

NTSTATUS NTAPI ZwLockFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                          PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length, ULONG Key,
                          BOOLEAN FailImmediately, BOOLEAN ExclusiveLock)
{
    return IopLockFile(KernelMode, FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock,
                       ByteOffset, Length, Key, FailImmediately, ExclusiveLock,
                       __builtin_return_address(0));
}

NTSTATUS NTAPI NtUnlockFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length, ULONG Key)
{
    return IopUnlockFile(IopPreviousMode(), FileHandle, IoStatusBlock, ByteOffset, Length, Key,
                         __builtin_return_address(0));
}

NTSTATUS NTAPI ZwUnlockFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length, ULONG Key)
{
    return IopUnlockFile(KernelMode, FileHandle, IoStatusBlock, ByteOffset, Length, Key,
                         __builtin_return_address(0));
}
