/* SPDX-License-Identifier: MIT */
/*
 * fileapi.h - opening devices and files; reading, writing, positions; the names of DOS devices.
 * Source: MS docs, pages of each routine. A routine that returns BOOL says FALSE with
 * GetLastError().
 */
#ifndef NTIO_WIN32_FILEAPI_H
#define NTIO_WIN32_FILEAPI_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CREATE_NEW        1
#define CREATE_ALWAYS     2
#define OPEN_EXISTING     3
#define OPEN_ALWAYS       4
#define TRUNCATE_EXISTING 5

#define FILE_FLAG_WRITE_THROUGH      0x80000000
#define FILE_FLAG_OVERLAPPED         0x40000000
#define FILE_FLAG_NO_BUFFERING       0x20000000
#define FILE_FLAG_RANDOM_ACCESS      0x10000000
#define FILE_FLAG_SEQUENTIAL_SCAN    0x08000000
#define FILE_FLAG_DELETE_ON_CLOSE    0x04000000
#define FILE_FLAG_BACKUP_SEMANTICS   0x02000000
#define FILE_FLAG_POSIX_SEMANTICS    0x01000000
#define FILE_FLAG_OPEN_REPARSE_POINT 0x00200000
#define FILE_FLAG_OPEN_NO_RECALL     0x00100000

#define FILE_BEGIN   0
#define FILE_CURRENT 1
#define FILE_END     2

#define INVALID_FILE_SIZE        ((DWORD)0xFFFFFFFF)
#define INVALID_SET_FILE_POINTER ((DWORD)-1)

/*
 * Opens a device or file. "\\.\X" and "\\?\X" are the NT path \??\X, "\\server\x" is
 * \??\UNC\server\x, "X:..." is \??\X:...; anything else is taken from the current directory, which
 * is C:\. Without FILE_FLAG_OVERLAPPED the handle is synchronous: requests on it are serialised and
 * have ended when a call returns. INVALID_HANDLE_VALUE on failure; after success with CREATE_ALWAYS
 * or OPEN_ALWAYS the last error is ERROR_ALREADY_EXISTS where the file was there. Template must be
 * NULL. ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION,
 * ERROR_FILE_EXISTS (CREATE_NEW), or what the driver's IRP_MJ_CREATE said.
 */
WINBASEAPI HANDLE WINAPI CreateFileW(LPCWSTR FileName, DWORD DesiredAccess, DWORD ShareMode,
                                     LPSECURITY_ATTRIBUTES SecurityAttributes,
                                     DWORD CreationDisposition, DWORD FlagsAndAttributes,
                                     HANDLE Template);
WINBASEAPI HANDLE WINAPI CreateFileA(LPCSTR FileName, DWORD DesiredAccess, DWORD ShareMode,
                                     LPSECURITY_ATTRIBUTES SecurityAttributes,
                                     DWORD CreationDisposition, DWORD FlagsAndAttributes,
                                     HANDLE Template);

/*
 * With an OVERLAPPED on an overlapped handle the request may go on: FALSE, ERROR_IO_PENDING.
 * The end of a file is success with 0 bytes, or FALSE, ERROR_HANDLE_EOF where an OVERLAPPED was
 * given. BytesRead may be NULL only with an OVERLAPPED.
 */
WINBASEAPI BOOL WINAPI ReadFile(HANDLE File, LPVOID Buffer, DWORD Length, LPDWORD BytesRead,
                                LPOVERLAPPED Overlapped);
WINBASEAPI BOOL WINAPI WriteFile(HANDLE File, LPCVOID Buffer, DWORD Length, LPDWORD BytesWritten,
                                 LPOVERLAPPED Overlapped);
/*
 * The routine is called once the request has ended, in an alertable wait of this thread. hEvent of
 * the OVERLAPPED is the program's own. TRUE: the request is under way (or done) and the routine
 * will be called.
 */
WINBASEAPI BOOL WINAPI ReadFileEx(HANDLE File, LPVOID Buffer, DWORD Length, LPOVERLAPPED Overlapped,
                                  LPOVERLAPPED_COMPLETION_ROUTINE Routine);
WINBASEAPI BOOL WINAPI WriteFileEx(HANDLE File, LPCVOID Buffer, DWORD Length,
                                   LPOVERLAPPED Overlapped,
                                   LPOVERLAPPED_COMPLETION_ROUTINE Routine);
/* IRP_MJ_FLUSH_BUFFERS. */
WINBASEAPI BOOL WINAPI FlushFileBuffers(HANDLE File);

/* The file position of a synchronous handle. ERROR_NEGATIVE_SEEK, ERROR_INVALID_PARAMETER. */
WINBASEAPI BOOL WINAPI SetFilePointerEx(HANDLE File, LARGE_INTEGER Distance,
                                        PLARGE_INTEGER NewPosition, DWORD Method);
WINBASEAPI DWORD WINAPI SetFilePointer(HANDLE File, LONG Distance, PLONG DistanceHigh,
                                       DWORD Method);
WINBASEAPI BOOL WINAPI GetFileSizeEx(HANDLE File, PLARGE_INTEGER Size);
WINBASEAPI BOOL WINAPI SetEndOfFile(HANDLE File);

/*
 * A range of bytes for this handle alone; fails at once where another has it. The Ex forms take the
 * offset from the OVERLAPPED; without FAIL_IMMEDIATELY the request waits (ERROR_IO_PENDING on an
 * overlapped handle). ERROR_LOCK_VIOLATION, ERROR_NOT_LOCKED.
 */
#define LOCKFILE_FAIL_IMMEDIATELY 0x00000001
#define LOCKFILE_EXCLUSIVE_LOCK   0x00000002
WINBASEAPI BOOL WINAPI LockFile(HANDLE File, DWORD OffsetLow, DWORD OffsetHigh, DWORD BytesLow,
                                DWORD BytesHigh);
WINBASEAPI BOOL WINAPI LockFileEx(HANDLE File, DWORD Flags, DWORD Reserved, DWORD BytesLow,
                                  DWORD BytesHigh, LPOVERLAPPED Overlapped);
WINBASEAPI BOOL WINAPI UnlockFile(HANDLE File, DWORD OffsetLow, DWORD OffsetHigh, DWORD BytesLow,
                                  DWORD BytesHigh);
WINBASEAPI BOOL WINAPI UnlockFileEx(HANDLE File, DWORD Reserved, DWORD BytesLow, DWORD BytesHigh,
                                    LPOVERLAPPED Overlapped);

/* About the volume of an open file. What is NULL is not asked for. ERROR_BAD_LENGTH: a name is
 * longer than its buffer. */
WINBASEAPI BOOL WINAPI GetVolumeInformationByHandleW(HANDLE File, LPWSTR Name, DWORD NameCharacters,
                                                     LPDWORD SerialNumber, LPDWORD MaximumComponent,
                                                     LPDWORD FileSystemFlags, LPWSTR FileSystem,
                                                     DWORD FileSystemCharacters);

/*
 * What a DOS device name ("CdRom0", no "\\.\") leads to, as a list with an empty string at its end;
 * with DeviceName NULL the names of all DOS devices. Returns the number of characters stored; 0:
 * ERROR_FILE_NOT_FOUND, or ERROR_INSUFFICIENT_BUFFER.
 */
WINBASEAPI DWORD WINAPI QueryDosDeviceW(LPCWSTR DeviceName, LPWSTR TargetPath, DWORD Characters);
WINBASEAPI DWORD WINAPI QueryDosDeviceA(LPCSTR DeviceName, LPSTR TargetPath, DWORD Characters);

#ifdef UNICODE
#define CreateFile     CreateFileW
#define QueryDosDevice QueryDosDeviceW
#else
#define CreateFile     CreateFileA
#define QueryDosDevice QueryDosDeviceA
#endif

#ifdef __cplusplus
}
#endif
#endif
