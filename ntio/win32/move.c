/* SPDX-License-Identifier: MIT */
/* move.c - moving and copying files. */
#include "ntio/win32/win32.h"

#define TAG_MOVE  'vM3W'
#define COPY_SIZE 65536

static NTSTATUS RenameTo(HANDLE File, PCUNICODE_STRING Path, BOOLEAN Replace)
{
    ULONG Size = FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName) + Path->Length + sizeof(WCHAR);
    FILE_RENAME_INFORMATION *Rename;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    if (Size < sizeof(*Rename))
        Size = sizeof(*Rename);
    Rename = ExAllocatePoolWithTag(PagedPool, Size, TAG_MOVE);
    if (Rename == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Rename, Size);
    Rename->ReplaceIfExists = Replace;
    Rename->FileNameLength = Path->Length;
    RtlCopyMemory(Rename->FileName, Path->Buffer, Path->Length);
    Status = NtSetInformationFile(File, &IoStatus, Rename, Size, FileRenameInformation);
    ExFreePoolWithTag(Rename, TAG_MOVE);
    return Status;
}

static BOOL CopyThenDelete(LPCWSTR ExistingName, LPCWSTR NewName, DWORD Flags)
{
    DWORD Attributes = GetFileAttributesW(ExistingName);

    if (Attributes == INVALID_FILE_ATTRIBUTES)
        return FALSE;
    if ((Attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        return Win32pFail(STATUS_ACCESS_DENIED); /* directories are not copied */
    if (!CopyFileW(ExistingName, NewName, !(Flags & MOVEFILE_REPLACE_EXISTING))) {
        if (GetLastError() == ERROR_FILE_EXISTS)
            SetLastError(ERROR_ALREADY_EXISTS);
        return FALSE;
    }
    return DeleteFileW(ExistingName);
}

BOOL WINAPI MoveFileExW(LPCWSTR ExistingName, LPCWSTR NewName, DWORD Flags)
{
    WIN32_ENTER();
    UNICODE_STRING Path;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;
    HANDLE File;

    if ((Flags &
         ~(DWORD)(MOVEFILE_REPLACE_EXISTING | MOVEFILE_COPY_ALLOWED | MOVEFILE_WRITE_THROUGH)) != 0)
        return Win32pFail(STATUS_INVALID_PARAMETER);
    File = Win32pOpenPath(ExistingName, DELETE | FILE_READ_ATTRIBUTES,
                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
                          FILE_OPEN_FOR_BACKUP_INTENT, 0);
    if (File == INVALID_HANDLE_VALUE)
        return FALSE;
    Status = Win32pNtPath(NewName, &Path);
    if (NT_SUCCESS(Status)) {
        Status = RenameTo(File, &Path, (Flags & MOVEFILE_REPLACE_EXISTING) != 0);
        Win32pFreeName(&Path);
        if (NT_SUCCESS(Status) && (Flags & MOVEFILE_WRITE_THROUGH) != 0) {
            /* Not the handle that was opened for deleting: flushing needs the right to write. */
            HANDLE Written = Win32pOpenPath(NewName, FILE_APPEND_DATA,
                                            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                            FILE_OPEN, FILE_OPEN_FOR_BACKUP_INTENT, 0);
            if (Written == INVALID_HANDLE_VALUE) {
                NtClose(File);
                return FALSE;
            }
            Status = NtFlushBuffersFile(Written, &IoStatus);
            NtClose(Written);
        }
    }
    NtClose(File);
    if (Status == STATUS_NOT_SAME_DEVICE && (Flags & MOVEFILE_COPY_ALLOWED) != 0)
        return CopyThenDelete(ExistingName, NewName, Flags);
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI MoveFileExA(LPCSTR ExistingName, LPCSTR NewName, DWORD Flags)
{
    UNICODE_STRING Wide = {0};
    NTSTATUS Status = NewName == NULL ? STATUS_SUCCESS : Win32pWide(NewName, &Wide);
    UNICODE_STRING From = {0};
    BOOL Done = FALSE;

    if (NT_SUCCESS(Status) && ExistingName != NULL)
        Status = Win32pWide(ExistingName, &From);
    if (NT_SUCCESS(Status))
        Done = MoveFileExW(From.Buffer, Wide.Buffer, Flags);
    else
        Win32pFail(Status);
    Win32pFreeName(&Wide);
    Win32pFreeName(&From);
    return Done;
}

BOOL WINAPI MoveFileW(LPCWSTR ExistingName, LPCWSTR NewName)
{
    return MoveFileExW(ExistingName, NewName, MOVEFILE_COPY_ALLOWED);
}

BOOL WINAPI MoveFileA(LPCSTR ExistingName, LPCSTR NewName)
{
    return MoveFileExA(ExistingName, NewName, MOVEFILE_COPY_ALLOWED);
}

/* ---- copying ---- */

static NTSTATUS CopyData(HANDLE From, HANDLE To)
{
    PVOID Buffer = ExAllocatePoolWithTag(PagedPool, COPY_SIZE, TAG_MOVE);
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (;;) {
        Status = NtReadFile(From, NULL, NULL, NULL, &IoStatus, Buffer, COPY_SIZE, NULL, NULL);
        if (!NT_SUCCESS(Status))
            break;
        Status = NtWriteFile(To, NULL, NULL, NULL, &IoStatus, Buffer, (ULONG)IoStatus.Information,
                             NULL, NULL);
        if (!NT_SUCCESS(Status))
            break;
    }
    ExFreePoolWithTag(Buffer, TAG_MOVE);
    return Status == STATUS_END_OF_FILE ? STATUS_SUCCESS : Status;
}

/* Consumes To; what is not whole goes. */
static BOOL CopyInto(HANDLE From, HANDLE To, const FILE_BASIC_INFORMATION *Basic)
{
    FILE_BASIC_INFORMATION New = {.LastWriteTime = Basic->LastWriteTime,
                                  .FileAttributes = Basic->FileAttributes};
    FILE_DISPOSITION_INFORMATION Disposition = {TRUE};
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = CopyData(From, To);

    if (NT_SUCCESS(Status))
        Status = NtSetInformationFile(To, &IoStatus, &New, sizeof(New), FileBasicInformation);
    if (!NT_SUCCESS(Status))
        NtSetInformationFile(To, &IoStatus, &Disposition, sizeof(Disposition),
                             FileDispositionInformation);
    NtClose(To);
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI CopyFileW(LPCWSTR ExistingName, LPCWSTR NewName, BOOL FailIfExists)
{
    WIN32_ENTER();
    FILE_BASIC_INFORMATION Basic;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;
    HANDLE From, To;
    BOOL Copied;

    From = Win32pOpenPath(ExistingName, FILE_GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                          FILE_OPEN, FILE_NON_DIRECTORY_FILE | FILE_SEQUENTIAL_ONLY, 0);
    if (From == INVALID_HANDLE_VALUE)
        return FALSE;
    Status = NtQueryInformationFile(From, &IoStatus, &Basic, sizeof(Basic), FileBasicInformation);
    if (!NT_SUCCESS(Status)) {
        NtClose(From);
        return Win32pFail(Status);
    }
    To = Win32pOpenPath(NewName, FILE_GENERIC_WRITE | DELETE, 0,
                        FailIfExists ? FILE_CREATE : FILE_OVERWRITE_IF,
                        FILE_NON_DIRECTORY_FILE | FILE_SEQUENTIAL_ONLY,
                        Basic.FileAttributes & ~(ULONG)FILE_ATTRIBUTE_READONLY);
    if (To == INVALID_HANDLE_VALUE) {
        if (FailIfExists && GetLastError() == ERROR_ALREADY_EXISTS)
            SetLastError(ERROR_FILE_EXISTS);
        NtClose(From);
        return FALSE;
    }
    Copied = CopyInto(From, To, &Basic);
    NtClose(From);
    return Copied;
}

BOOL WINAPI CopyFileA(LPCSTR ExistingName, LPCSTR NewName, BOOL FailIfExists)
{
    UNICODE_STRING From = {0}, To = {0};
    NTSTATUS Status = ExistingName == NULL ? STATUS_SUCCESS : Win32pWide(ExistingName, &From);
    BOOL Copied = FALSE;

    if (NT_SUCCESS(Status) && NewName != NULL)
        Status = Win32pWide(NewName, &To);
    if (NT_SUCCESS(Status))
        Copied = CopyFileW(From.Buffer, To.Buffer, FailIfExists);
    else
        Win32pFail(Status);
    Win32pFreeName(&From);
    Win32pFreeName(&To);
    return Copied;
}
