/* SPDX-License-Identifier: MIT */
/* winbase.h - the base API: its parts, and what has no part of its own. */
#ifndef NTIO_WIN32_WINBASE_H
#define NTIO_WIN32_WINBASE_H

#include "winerror.h"

#include "errhandlingapi.h"
#include "fileapi.h"
#include "handleapi.h"
#include "ioapiset.h"
#include "memoryapi.h"
#include "processthreadsapi.h"
#include "securitybaseapi.h"
#include "synchapi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOVEFILE_REPLACE_EXISTING 0x00000001
#define MOVEFILE_COPY_ALLOWED     0x00000002
#define MOVEFILE_WRITE_THROUGH    0x00000008
/* Another name for a file or directory, on another drive (a file alone) as a copy where
 * MOVEFILE_COPY_ALLOWED. ERROR_ALREADY_EXISTS; ERROR_NOT_SAME_DEVICE; ERROR_INVALID_PARAMETER:
 * another flag. MoveFile is MoveFileEx with MOVEFILE_COPY_ALLOWED. */
WINBASEAPI BOOL WINAPI MoveFileExW(LPCWSTR ExistingName, LPCWSTR NewName, DWORD Flags);
WINBASEAPI BOOL WINAPI MoveFileExA(LPCSTR ExistingName, LPCSTR NewName, DWORD Flags);
WINBASEAPI BOOL WINAPI MoveFileW(LPCWSTR ExistingName, LPCWSTR NewName);
WINBASEAPI BOOL WINAPI MoveFileA(LPCSTR ExistingName, LPCSTR NewName);
/* Data, attributes and the time of the last write. ERROR_FILE_EXISTS with FailIfExists. */
WINBASEAPI BOOL WINAPI CopyFileW(LPCWSTR ExistingName, LPCWSTR NewName, BOOL FailIfExists);
WINBASEAPI BOOL WINAPI CopyFileA(LPCSTR ExistingName, LPCSTR NewName, BOOL FailIfExists);
#ifdef UNICODE
#define MoveFileEx MoveFileExW
#define MoveFile   MoveFileW
#define CopyFile   CopyFileW
#else
#define MoveFileEx MoveFileExA
#define MoveFile   MoveFileA
#define CopyFile   CopyFileA
#endif

/* Milliseconds since the host's start. */
WINBASEAPI ULONGLONG WINAPI GetTickCount64(VOID);
WINBASEAPI DWORD WINAPI GetTickCount(VOID);
WINBASEAPI BOOL WINAPI QueryPerformanceCounter(PLARGE_INTEGER Count);
WINBASEAPI BOOL WINAPI QueryPerformanceFrequency(PLARGE_INTEGER Frequency);

/* RootPath ends in a backslash; NULL: C:\\. Label NULL takes the label away. ERROR_INVALID_NAME,
 * ERROR_LABEL_TOO_LONG. */
WINBASEAPI BOOL WINAPI SetVolumeLabelW(LPCWSTR RootPath, LPCWSTR Label);
WINBASEAPI BOOL WINAPI SetVolumeLabelA(LPCSTR RootPath, LPCSTR Label);

/* A line for whoever listens to debug output (the same sink as a driver's DbgPrint). */
WINBASEAPI VOID WINAPI OutputDebugStringA(LPCSTR Text);
WINBASEAPI VOID WINAPI OutputDebugStringW(LPCWSTR Text);

#ifdef UNICODE
#define OutputDebugString OutputDebugStringW
#define SetVolumeLabel    SetVolumeLabelW
#else
#define OutputDebugString OutputDebugStringA
#define SetVolumeLabel    SetVolumeLabelA
#endif

#ifdef __cplusplus
}
#endif
#endif
