/* SPDX-License-Identifier: MIT */
/* directory.c - NtQueryDirectoryFile. */
#include "ntio/io/iop.h"

/* The fixed part of each class's entries; 0: no such class. */
static ULONG IopEntryLength(FILE_INFORMATION_CLASS Class)
{
    switch (Class) {
    case FileDirectoryInformation:
        return sizeof(FILE_DIRECTORY_INFORMATION);
    case FileFullDirectoryInformation:
        return sizeof(FILE_FULL_DIR_INFORMATION);
    case FileBothDirectoryInformation:
        return sizeof(FILE_BOTH_DIR_INFORMATION);
    case FileNamesInformation:
        return sizeof(FILE_NAMES_INFORMATION);
    case FileIdBothDirectoryInformation:
        return sizeof(FILE_ID_BOTH_DIR_INFORMATION);
    case FileIdFullDirectoryInformation:
        return sizeof(FILE_ID_FULL_DIR_INFORMATION);
    default:
        return 0;
    }
}

/* A copy that goes with the IRP, the string and its text in one. */
static NTSTATUS IopCopyPattern(PIOP_REQUEST Request, PUNICODE_STRING FileName)
{
    UNICODE_STRING Name;
    PUNICODE_STRING Copy;
    NTSTATUS Status = IopProbe(Request->Mode, FileName, sizeof(*FileName), FALSE);

    if (!NT_SUCCESS(Status))
        return Status;
    Name = *FileName;
    if (Name.Length == 0)
        return STATUS_SUCCESS;
    Copy = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Copy) + Name.Length, IOP_TAG_NAME);
    if (Copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Copy->Length = Copy->MaximumLength = Name.Length;
    Copy->Buffer = (PWSTR)(Copy + 1);
    Request->Irp->Tail.Overlay.AuxiliaryBuffer = (PCHAR)Copy;
    Request->Stack->Parameters.QueryDirectory.FileName = Copy;
    if (Request->Mode != KernelMode)
        return MmpCopyUser(Copy->Buffer, Name.Buffer, Name.Length);
    memcpy(Copy->Buffer, Name.Buffer, Name.Length);
    return STATUS_SUCCESS;
}

static NTSTATUS IopGiveBuffer(PIOP_REQUEST Request, PVOID Buffer, ULONG Length)
{
    if ((Request->Device->Flags & DO_BUFFERED_IO) != 0)
        return IopBufferRequest(Request, NULL, 0, Buffer, Length);
    if ((Request->Device->Flags & DO_DIRECT_IO) != 0)
        return IopMapRequest(Request, Buffer, Length, IoWriteAccess);
    Request->Irp->UserBuffer = Buffer;
    return STATUS_SUCCESS;
}

static NTSTATUS IopQueryDirectory(KPROCESSOR_MODE Mode, HANDLE FileHandle, HANDLE Event,
                                  PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                  PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                                  FILE_INFORMATION_CLASS Class, BOOLEAN Single,
                                  PUNICODE_STRING FileName, BOOLEAN Restart, PVOID Caller)
{
    IOP_REQUEST Request;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (IopEntryLength(Class) == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < IopEntryLength(Class))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = IopProbe(Mode, Buffer, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status = IopBeginRequest(&Request, Mode, FileHandle, FILE_LIST_DIRECTORY, Event, ApcRoutine,
                                 ApcContext, IoStatusBlock, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    if (FileName != NULL)
        Status = IopCopyPattern(&Request, FileName);
    if (NT_SUCCESS(Status))
        Status = IopGiveBuffer(&Request, Buffer, Length);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    Request.Stack->MinorFunction = IRP_MN_QUERY_DIRECTORY;
    Request.Stack->Parameters.QueryDirectory.Length = Length;
    Request.Stack->Parameters.QueryDirectory.FileInformationClass = Class;
    if (Restart)
        Request.Stack->Flags |= SL_RESTART_SCAN;
    if (Single)
        Request.Stack->Flags |= SL_RETURN_SINGLE_ENTRY;
    return IopSendRequest(&Request, IRP_MJ_DIRECTORY_CONTROL);
}

NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                    PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass,
                                    BOOLEAN ReturnSingleEntry, PUNICODE_STRING FileName,
                                    BOOLEAN RestartScan)
{
    return IopQueryDirectory(IopPreviousMode(), FileHandle, Event, ApcRoutine, ApcContext,
                             IoStatusBlock, FileInformation, Length, FileInformationClass,
                             ReturnSingleEntry, FileName, RestartScan, __builtin_return_address(0));
}

NTSTATUS NTAPI ZwQueryDirectoryFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                    PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass,
                                    BOOLEAN ReturnSingleEntry, PUNICODE_STRING FileName,
                                    BOOLEAN RestartScan)
{
    return IopQueryDirectory(KernelMode, FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock,
                             FileInformation, Length, FileInformationClass, ReturnSingleEntry,
                             FileName, RestartScan, __builtin_return_address(0));
}
