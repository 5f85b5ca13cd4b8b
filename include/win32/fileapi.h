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

/*
 * Files by name. Each fails with ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED,
 * ERROR_SHARING_VIOLATION, ERROR_INVALID_NAME, ERROR_WRITE_PROTECT, and what stands beside it.
 */

/* The name goes when the last handle does. A read-only file, a directory: ERROR_ACCESS_DENIED. */
WINBASEAPI BOOL WINAPI DeleteFileW(LPCWSTR FileName);
WINBASEAPI BOOL WINAPI DeleteFileA(LPCSTR FileName);
/* ERROR_ALREADY_EXISTS. */
WINBASEAPI BOOL WINAPI CreateDirectoryW(LPCWSTR PathName, LPSECURITY_ATTRIBUTES SecurityAttributes);
WINBASEAPI BOOL WINAPI CreateDirectoryA(LPCSTR PathName, LPSECURITY_ATTRIBUTES SecurityAttributes);
/* ERROR_DIR_NOT_EMPTY; ERROR_DIRECTORY: it is a file. */
WINBASEAPI BOOL WINAPI RemoveDirectoryW(LPCWSTR PathName);
WINBASEAPI BOOL WINAPI RemoveDirectoryA(LPCSTR PathName);

#define INVALID_FILE_ATTRIBUTES ((DWORD)-1)
typedef enum _GET_FILEEX_INFO_LEVELS {
    GetFileExInfoStandard,
    GetFileExMaxInfoLevel
} GET_FILEEX_INFO_LEVELS;
typedef struct _WIN32_FILE_ATTRIBUTE_DATA {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
} WIN32_FILE_ATTRIBUTE_DATA, *LPWIN32_FILE_ATTRIBUTE_DATA;
/* INVALID_FILE_ATTRIBUTES on failure. */
WINBASEAPI DWORD WINAPI GetFileAttributesW(LPCWSTR FileName);
WINBASEAPI DWORD WINAPI GetFileAttributesA(LPCSTR FileName);
WINBASEAPI BOOL WINAPI GetFileAttributesExW(LPCWSTR FileName, GET_FILEEX_INFO_LEVELS Level,
                                            LPVOID Information);
WINBASEAPI BOOL WINAPI GetFileAttributesExA(LPCSTR FileName, GET_FILEEX_INFO_LEVELS Level,
                                            LPVOID Information);
WINBASEAPI BOOL WINAPI SetFileAttributesW(LPCWSTR FileName, DWORD Attributes);
WINBASEAPI BOOL WINAPI SetFileAttributesA(LPCSTR FileName, DWORD Attributes);

/*
 * Searches. FileName's last component is a pattern; FindNextFile ends with ERROR_NO_MORE_FILES. A
 * search is ended with FindClose; INVALID_HANDLE_VALUE is none.
 */
typedef struct _WIN32_FIND_DATAW {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
    DWORD dwReserved0;
    DWORD dwReserved1;
    WCHAR cFileName[MAX_PATH];
    WCHAR cAlternateFileName[14];
} WIN32_FIND_DATAW, *PWIN32_FIND_DATAW, *LPWIN32_FIND_DATAW;
typedef struct _WIN32_FIND_DATAA {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
    DWORD dwReserved0;
    DWORD dwReserved1;
    CHAR cFileName[MAX_PATH];
    CHAR cAlternateFileName[14];
} WIN32_FIND_DATAA, *PWIN32_FIND_DATAA, *LPWIN32_FIND_DATAA;
WINBASEAPI HANDLE WINAPI FindFirstFileW(LPCWSTR FileName, LPWIN32_FIND_DATAW FindFileData);
WINBASEAPI HANDLE WINAPI FindFirstFileA(LPCSTR FileName, LPWIN32_FIND_DATAA FindFileData);
WINBASEAPI BOOL WINAPI FindNextFileW(HANDLE FindFile, LPWIN32_FIND_DATAW FindFileData);
WINBASEAPI BOOL WINAPI FindNextFileA(HANDLE FindFile, LPWIN32_FIND_DATAA FindFileData);
WINBASEAPI BOOL WINAPI FindClose(HANDLE FindFile);

/* What a handle's file is. Its size as DWORDs: INVALID_FILE_SIZE may be half of one, see
 * GetLastError. */
typedef struct _BY_HANDLE_FILE_INFORMATION {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD dwVolumeSerialNumber;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
    DWORD nNumberOfLinks;
    DWORD nFileIndexHigh;
    DWORD nFileIndexLow;
} BY_HANDLE_FILE_INFORMATION, *PBY_HANDLE_FILE_INFORMATION, *LPBY_HANDLE_FILE_INFORMATION;
WINBASEAPI BOOL WINAPI GetFileInformationByHandle(HANDLE File,
                                                  LPBY_HANDLE_FILE_INFORMATION Information);
WINBASEAPI DWORD WINAPI GetFileSize(HANDLE File, LPDWORD SizeHigh);
/* Each may be NULL. */
WINBASEAPI BOOL WINAPI GetFileTime(HANDLE File, LPFILETIME CreationTime, LPFILETIME LastAccessTime,
                                   LPFILETIME LastWriteTime);
WINBASEAPI BOOL WINAPI SetFileTime(HANDLE File, const FILETIME *CreationTime,
                                   const FILETIME *LastAccessTime, const FILETIME *LastWriteTime);
WINBASEAPI LONG WINAPI CompareFileTime(const FILETIME *First, const FILETIME *Second);
#define FILE_TYPE_UNKNOWN 0x0000
#define FILE_TYPE_DISK    0x0001
#define FILE_TYPE_CHAR    0x0002
#define FILE_TYPE_PIPE    0x0003
WINBASEAPI DWORD WINAPI GetFileType(HANDLE File);

/*
 * The whole path, which need not be there; FilePart (may be NULL) gets the place of its last
 * component, or NULL. Returns the characters stored, or, where Buffer is too small, how many with
 * the closing zero there would be.
 */
WINBASEAPI DWORD WINAPI GetFullPathNameW(LPCWSTR FileName, DWORD Characters, LPWSTR Buffer,
                                         LPWSTR *FilePart);
WINBASEAPI DWORD WINAPI GetFullPathNameA(LPCSTR FileName, DWORD Characters, LPSTR Buffer,
                                         LPSTR *FilePart);
/* C:\Temp\, whether it is there or not. */
WINBASEAPI DWORD WINAPI GetTempPathW(DWORD Characters, LPWSTR Buffer);
WINBASEAPI DWORD WINAPI GetTempPathA(DWORD Characters, LPSTR Buffer);

#ifdef UNICODE
#define CreateFile          CreateFileW
#define QueryDosDevice      QueryDosDeviceW
#define DeleteFile          DeleteFileW
#define CreateDirectory     CreateDirectoryW
#define RemoveDirectory     RemoveDirectoryW
#define GetFileAttributes   GetFileAttributesW
#define GetFileAttributesEx GetFileAttributesExW
#define SetFileAttributes   SetFileAttributesW
#define FindFirstFile       FindFirstFileW
#define FindNextFile        FindNextFileW
#define GetFullPathName     GetFullPathNameW
#define GetTempPath         GetTempPathW
typedef WIN32_FIND_DATAW WIN32_FIND_DATA;
typedef LPWIN32_FIND_DATAW LPWIN32_FIND_DATA;
#else
#define CreateFile          CreateFileA
#define QueryDosDevice      QueryDosDeviceA
#define DeleteFile          DeleteFileA
#define CreateDirectory     CreateDirectoryA
#define RemoveDirectory     RemoveDirectoryA
#define GetFileAttributes   GetFileAttributesA
#define GetFileAttributesEx GetFileAttributesExA
#define SetFileAttributes   SetFileAttributesA
#define FindFirstFile       FindFirstFileA
#define FindNextFile        FindNextFileA
#define GetFullPathName     GetFullPathNameA
#define GetTempPath         GetTempPathA
typedef WIN32_FIND_DATAA WIN32_FIND_DATA;
typedef LPWIN32_FIND_DATAA LPWIN32_FIND_DATA;
#endif

#ifdef __cplusplus
}
#endif
#endif
