/* SPDX-License-Identifier: MIT */
/* named.c - files by name: deleting, directories, attributes. */
#include "ntio/win32/win32.h"

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

HANDLE Win32pOpenPath(LPCWSTR Name, ACCESS_MASK Access, ULONG Share, ULONG Disposition,
                      ULONG Options, ULONG Attributes)
{
    OBJECT_ATTRIBUTES Object;
    IO_STATUS_BLOCK IoStatus;
    UNICODE_STRING Path;
    HANDLE Handle;
    NTSTATUS Status = Win32pNtPath(Name, &Path);

    if (NT_SUCCESS(Status)) {
        InitializeObjectAttributes(&Object, &Path, OBJ_CASE_INSENSITIVE, NULL, NULL);
        Status = NtCreateFile(&Handle, Access | SYNCHRONIZE, &Object, &IoStatus, NULL, Attributes,
                              Share, Disposition, Options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
        Win32pFreeName(&Path);
        if (NT_SUCCESS(Status))
            return Handle;
        Win32pFail(Status);
    } else {
        SetLastError(Status == STATUS_OBJECT_NAME_INVALID ? ERROR_PATH_NOT_FOUND
                                                          : RtlNtStatusToDosErrorNoTeb(Status));
    }
    return INVALID_HANDLE_VALUE;
}

static BOOL Delete(LPCWSTR Name, ULONG Options)
{
    WIN32_ENTER();
    FILE_DISPOSITION_INFORMATION Disposition = {TRUE};
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;
    HANDLE File =
        Win32pOpenPath(Name, DELETE | FILE_READ_ATTRIBUTES, SHARE_ALL, FILE_OPEN, Options, 0);

    if (File == INVALID_HANDLE_VALUE)
        return FALSE;
    Status = NtSetInformationFile(File, &IoStatus, &Disposition, sizeof(Disposition),
                                  FileDispositionInformation);
    NtClose(File);
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI DeleteFileW(LPCWSTR FileName)
{
    return Delete(FileName, FILE_NON_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT);
}

BOOL WINAPI DeleteFileA(LPCSTR FileName)
{
    WIN32P_WITH_WIDE(FileName, Wide, FALSE, DeleteFileW(Wide));
}

BOOL WINAPI RemoveDirectoryW(LPCWSTR PathName)
{
    return Delete(PathName, FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT);
}

BOOL WINAPI RemoveDirectoryA(LPCSTR PathName)
{
    WIN32P_WITH_WIDE(PathName, Wide, FALSE, RemoveDirectoryW(Wide));
}

BOOL WINAPI CreateDirectoryW(LPCWSTR PathName, LPSECURITY_ATTRIBUTES SecurityAttributes)
{
    WIN32_ENTER();
    HANDLE Directory;

    UNREFERENCED_PARAMETER(SecurityAttributes); /* nobody is refused anything by one */
    Directory = Win32pOpenPath(PathName, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE,
                               FILE_CREATE, FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT,
                               FILE_ATTRIBUTE_NORMAL);
    if (Directory == INVALID_HANDLE_VALUE)
        return FALSE;
    NtClose(Directory);
    return TRUE;
}

BOOL WINAPI CreateDirectoryA(LPCSTR PathName, LPSECURITY_ATTRIBUTES SecurityAttributes)
{
    WIN32P_WITH_WIDE(PathName, Wide, FALSE, CreateDirectoryW(Wide, SecurityAttributes));
}

/* ---- attributes ---- */

static BOOL QueryByName(LPCWSTR Name, FILE_NETWORK_OPEN_INFORMATION *Information)
{
    OBJECT_ATTRIBUTES Object;
    UNICODE_STRING Path;
    NTSTATUS Status = Win32pNtPath(Name, &Path);

    if (!NT_SUCCESS(Status)) {
        SetLastError(Status == STATUS_OBJECT_NAME_INVALID ? ERROR_PATH_NOT_FOUND
                                                          : RtlNtStatusToDosErrorNoTeb(Status));
        return FALSE;
    }
    InitializeObjectAttributes(&Object, &Path, OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = NtQueryFullAttributesFile(&Object, Information);
    Win32pFreeName(&Path);
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

DWORD WINAPI GetFileAttributesW(LPCWSTR FileName)
{
    WIN32_ENTER();
    FILE_NETWORK_OPEN_INFORMATION Information;

    return QueryByName(FileName, &Information) ? Information.FileAttributes
                                               : INVALID_FILE_ATTRIBUTES;
}

DWORD WINAPI GetFileAttributesA(LPCSTR FileName)
{
    WIN32P_WITH_WIDE(FileName, Wide, INVALID_FILE_ATTRIBUTES, GetFileAttributesW(Wide));
}

BOOL WINAPI GetFileAttributesExW(LPCWSTR FileName, GET_FILEEX_INFO_LEVELS Level, LPVOID Information)
{
    WIN32_ENTER();
    FILE_NETWORK_OPEN_INFORMATION From;
    WIN32_FILE_ATTRIBUTE_DATA *To = Information;

    if (Level != GetFileExInfoStandard)
        return Win32pFail(STATUS_INVALID_PARAMETER);
    if (!QueryByName(FileName, &From))
        return FALSE;
    To->dwFileAttributes = From.FileAttributes;
    To->ftCreationTime = Win32pFileTime(From.CreationTime);
    To->ftLastAccessTime = Win32pFileTime(From.LastAccessTime);
    To->ftLastWriteTime = Win32pFileTime(From.LastWriteTime);
    To->nFileSizeHigh = (DWORD)From.EndOfFile.HighPart;
    To->nFileSizeLow = From.EndOfFile.LowPart;
    return TRUE;
}

BOOL WINAPI GetFileAttributesExA(LPCSTR FileName, GET_FILEEX_INFO_LEVELS Level, LPVOID Information)
{
    WIN32P_WITH_WIDE(FileName, Wide, FALSE, GetFileAttributesExW(Wide, Level, Information));
}

BOOL WINAPI SetFileAttributesW(LPCWSTR FileName, DWORD Attributes)
{
    WIN32_ENTER();
    FILE_BASIC_INFORMATION Basic = {0};
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;
    HANDLE File = Win32pOpenPath(FileName, FILE_WRITE_ATTRIBUTES, SHARE_ALL, FILE_OPEN,
                                 FILE_OPEN_FOR_BACKUP_INTENT, 0);

    if (File == INVALID_HANDLE_VALUE)
        return FALSE;
    /* 0 is for "leave them": a program that takes all away gets none but NORMAL. */
    Basic.FileAttributes = (Attributes & ~(DWORD)FILE_ATTRIBUTE_DIRECTORY) | FILE_ATTRIBUTE_NORMAL;
    Status = NtSetInformationFile(File, &IoStatus, &Basic, sizeof(Basic), FileBasicInformation);
    NtClose(File);
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI SetFileAttributesA(LPCSTR FileName, DWORD Attributes)
{
    WIN32P_WITH_WIDE(FileName, Wide, FALSE, SetFileAttributesW(Wide, Attributes));
}
