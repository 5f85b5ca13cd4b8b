/* SPDX-License-Identifier: MIT */
/* file.c - opening and closing, positions, flushing. */
#include "ntio/win32/win32.h"

static ULONG Options(DWORD Flags)
{
    ULONG Result = (Flags & FILE_FLAG_OVERLAPPED) ? 0 : FILE_SYNCHRONOUS_IO_NONALERT;

    if (Flags & FILE_FLAG_WRITE_THROUGH)
        Result |= FILE_WRITE_THROUGH;
    if (Flags & FILE_FLAG_NO_BUFFERING)
        Result |= FILE_NO_INTERMEDIATE_BUFFERING;
    if (Flags & FILE_FLAG_RANDOM_ACCESS)
        Result |= FILE_RANDOM_ACCESS;
    if (Flags & FILE_FLAG_SEQUENTIAL_SCAN)
        Result |= FILE_SEQUENTIAL_ONLY;
    if (Flags & FILE_FLAG_DELETE_ON_CLOSE)
        Result |= FILE_DELETE_ON_CLOSE;
    if (Flags & FILE_FLAG_OPEN_REPARSE_POINT)
        Result |= FILE_OPEN_REPARSE_POINT;
    if (Flags & FILE_FLAG_OPEN_NO_RECALL)
        Result |= FILE_OPEN_NO_RECALL;
    Result |= (Flags & FILE_FLAG_BACKUP_SEMANTICS) ? FILE_OPEN_FOR_BACKUP_INTENT
                                                   : FILE_NON_DIRECTORY_FILE;
    return Result;
}

HANDLE WINAPI CreateFileW(LPCWSTR FileName, DWORD DesiredAccess, DWORD ShareMode,
                          LPSECURITY_ATTRIBUTES SecurityAttributes, DWORD CreationDisposition,
                          DWORD FlagsAndAttributes, HANDLE Template)
{
    WIN32_ENTER();
    static const ULONG Disposition[] = {0,         FILE_CREATE,  FILE_OVERWRITE_IF,
                                        FILE_OPEN, FILE_OPEN_IF, FILE_OVERWRITE};
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    UNICODE_STRING Path;
    HANDLE Handle;
    BOOLEAN Slash;
    NTSTATUS Status;

    if (CreationDisposition < CREATE_NEW || CreationDisposition > TRUNCATE_EXISTING ||
        (CreationDisposition == TRUNCATE_EXISTING &&
         !(DesiredAccess & (GENERIC_WRITE | GENERIC_ALL))) ||
        Template != NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return INVALID_HANDLE_VALUE;
    }
    Status = Win32pNtPath(FileName, &Path);
    if (!NT_SUCCESS(Status)) {
        /* An empty name is "the path is not there" to programs. */
        SetLastError(Status == STATUS_OBJECT_NAME_INVALID ? ERROR_PATH_NOT_FOUND
                                                          : RtlNtStatusToDosErrorNoTeb(Status));
        return INVALID_HANDLE_VALUE;
    }
    InitializeObjectAttributes(
        &Attributes, &Path,
        (FlagsAndAttributes & FILE_FLAG_POSIX_SEMANTICS) ? 0 : OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (SecurityAttributes != NULL && SecurityAttributes->bInheritHandle)
        Attributes.Attributes |= OBJ_INHERIT;
    if (FlagsAndAttributes & FILE_FLAG_DELETE_ON_CLOSE)
        DesiredAccess |= DELETE;
    Status = NtCreateFile(&Handle, DesiredAccess | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &Attributes,
                          &IoStatus, NULL,
                          FlagsAndAttributes & 0xFFFF & ~(ULONG)FILE_ATTRIBUTE_DIRECTORY, ShareMode,
                          Disposition[CreationDisposition], Options(FlagsAndAttributes), NULL, 0);
    Slash = Path.Buffer[Path.Length / sizeof(WCHAR) - 1] == L'\\';
    Win32pFreeName(&Path);
    if (!NT_SUCCESS(Status)) {
        if (Status == STATUS_OBJECT_NAME_COLLISION && CreationDisposition == CREATE_NEW)
            SetLastError(ERROR_FILE_EXISTS);
        else if (Slash &&
                 (Status == STATUS_FILE_IS_A_DIRECTORY || Status == STATUS_OBJECT_NAME_INVALID))
            SetLastError(ERROR_PATH_NOT_FOUND); /* a file's name does not end so */
        else
            Win32pFail(Status);
        return INVALID_HANDLE_VALUE;
    }
    SetLastError(
        (CreationDisposition == CREATE_ALWAYS && IoStatus.Information == FILE_OVERWRITTEN) ||
                (CreationDisposition == OPEN_ALWAYS && IoStatus.Information == FILE_OPENED)
            ? ERROR_ALREADY_EXISTS
            : ERROR_SUCCESS);
    return Handle;
}

HANDLE WINAPI CreateFileA(LPCSTR FileName, DWORD DesiredAccess, DWORD ShareMode,
                          LPSECURITY_ATTRIBUTES SecurityAttributes, DWORD CreationDisposition,
                          DWORD FlagsAndAttributes, HANDLE Template)
{
    UNICODE_STRING Name;
    HANDLE Handle;
    NTSTATUS Status = Win32pWide(FileName == NULL ? "" : FileName, &Name);

    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return INVALID_HANDLE_VALUE;
    }
    Handle = CreateFileW(Name.Buffer, DesiredAccess, ShareMode, SecurityAttributes,
                         CreationDisposition, FlagsAndAttributes, Template);
    Win32pFreeName(&Name);
    return Handle;
}

BOOL WINAPI CloseHandle(HANDLE Handle)
{
    WIN32_ENTER();
    NTSTATUS Status = NtClose(Handle);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI DuplicateHandle(HANDLE SourceProcess, HANDLE Source, HANDLE TargetProcess,
                            LPHANDLE Target, DWORD DesiredAccess, BOOL Inherit, DWORD Options_)
{
    WIN32_ENTER();
    NTSTATUS Status = NtDuplicateObject(SourceProcess, Source, TargetProcess, Target, DesiredAccess,
                                        Inherit ? OBJ_INHERIT : 0, Options_);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI FlushFileBuffers(HANDLE File)
{
    WIN32_ENTER();
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtFlushBuffersFile(File, &IoStatus);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI GetFileSizeEx(HANDLE File, PLARGE_INTEGER Size)
{
    WIN32_ENTER();
    FILE_STANDARD_INFORMATION Standard;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtQueryInformationFile(File, &IoStatus, &Standard, sizeof(Standard),
                                             FileStandardInformation);

    if (!NT_SUCCESS(Status))
        return Win32pFail(Status);
    *Size = Standard.EndOfFile;
    return TRUE;
}

BOOL WINAPI SetFilePointerEx(HANDLE File, LARGE_INTEGER Distance, PLARGE_INTEGER NewPosition,
                             DWORD Method)
{
    WIN32_ENTER();
    FILE_POSITION_INFORMATION Position;
    IO_STATUS_BLOCK IoStatus;
    LARGE_INTEGER Base = {.QuadPart = 0};
    NTSTATUS Status;

    switch (Method) {
    case FILE_BEGIN:
        break;
    case FILE_CURRENT:
        Status = NtQueryInformationFile(File, &IoStatus, &Position, sizeof(Position),
                                        FilePositionInformation);
        if (!NT_SUCCESS(Status))
            return Win32pFail(Status);
        Base = Position.CurrentByteOffset;
        break;
    case FILE_END:
        if (!GetFileSizeEx(File, &Base))
            return FALSE;
        break;
    default:
        return Win32pFail(STATUS_INVALID_PARAMETER);
    }
    if (__builtin_add_overflow(Base.QuadPart, Distance.QuadPart,
                               &Position.CurrentByteOffset.QuadPart))
        return Win32pFail(STATUS_INVALID_PARAMETER);
    if (Position.CurrentByteOffset.QuadPart < 0) {
        SetLastError(ERROR_NEGATIVE_SEEK);
        return FALSE;
    }
    Status =
        NtSetInformationFile(File, &IoStatus, &Position, sizeof(Position), FilePositionInformation);
    if (!NT_SUCCESS(Status))
        return Win32pFail(Status);
    if (NewPosition != NULL)
        *NewPosition = Position.CurrentByteOffset;
    return TRUE;
}

DWORD WINAPI SetFilePointer(HANDLE File, LONG Distance, PLONG DistanceHigh, DWORD Method)
{
    LARGE_INTEGER Wide, New;

    if (DistanceHigh != NULL) {
        Wide.LowPart = (ULONG)Distance;
        Wide.HighPart = *DistanceHigh;
    } else {
        Wide.QuadPart = Distance;
    }
    if (!SetFilePointerEx(File, Wide, &New, Method))
        return INVALID_SET_FILE_POINTER;
    if (DistanceHigh != NULL) {
        *DistanceHigh = New.HighPart;
    } else if (New.HighPart != 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return INVALID_SET_FILE_POINTER;
    }
    if (New.LowPart == INVALID_SET_FILE_POINTER)
        SetLastError(ERROR_SUCCESS); /* a position like any other: the caller asks GetLastError */
    return New.LowPart;
}

BOOL WINAPI SetEndOfFile(HANDLE File)
{
    WIN32_ENTER();
    FILE_POSITION_INFORMATION Position;
    FILE_END_OF_FILE_INFORMATION End;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtQueryInformationFile(File, &IoStatus, &Position, sizeof(Position),
                                             FilePositionInformation);

    if (NT_SUCCESS(Status)) {
        End.EndOfFile = Position.CurrentByteOffset;
        Status = NtSetInformationFile(File, &IoStatus, &End, sizeof(End), FileEndOfFileInformation);
    }
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}
