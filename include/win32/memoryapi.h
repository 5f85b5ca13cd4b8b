/* SPDX-License-Identifier: MIT */
/* memoryapi.h - files and memory mapped. Source: MS docs, pages of each routine. */
#ifndef NTIO_WIN32_MEMORYAPI_H
#define NTIO_WIN32_MEMORYAPI_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As in ddk/wdm/mm.h, to the letter: ntio's own sources see both. */
/* clang-format off */
#define PAGE_NOACCESS          0x01
#define PAGE_READONLY          0x02
#define PAGE_READWRITE         0x04
#define PAGE_WRITECOPY         0x08
#define PAGE_EXECUTE           0x10
#define PAGE_EXECUTE_READ      0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_EXECUTE_WRITECOPY 0x80
#define SEC_RESERVE            0x4000000
#define SEC_COMMIT             0x8000000
#define SEC_IMAGE              0x1000000
#define SEC_NOCACHE            0x10000000
#define SECTION_QUERY          0x0001
#define SECTION_MAP_WRITE      0x0002
#define SECTION_MAP_READ       0x0004
#define SECTION_MAP_EXECUTE    0x0008
#define SECTION_EXTEND_SIZE    0x0010
#define SECTION_ALL_ACCESS     (STANDARD_RIGHTS_REQUIRED | 0x1f)
/* clang-format on */
#define FILE_MAP_COPY       0x00000001
#define FILE_MAP_WRITE      SECTION_MAP_WRITE
#define FILE_MAP_READ       SECTION_MAP_READ
#define FILE_MAP_ALL_ACCESS SECTION_ALL_ACCESS
#define FILE_MAP_EXECUTE    0x00000020

/*
 * A mapping object over File, or over memory where File is INVALID_HANDLE_VALUE; a size of 0 is the
 * file's. NULL on failure: ERROR_FILE_INVALID (an empty file), ERROR_NOT_ENOUGH_MEMORY (larger than
 * a file that may not grow), ERROR_INVALID_PARAMETER, ERROR_ACCESS_DENIED. ERROR_ALREADY_EXISTS
 * with a handle: there was one of that Name.
 */
WINBASEAPI HANDLE WINAPI CreateFileMappingW(HANDLE File, LPSECURITY_ATTRIBUTES SecurityAttributes,
                                            DWORD Protect, DWORD SizeHigh, DWORD SizeLow,
                                            LPCWSTR Name);
WINBASEAPI HANDLE WINAPI CreateFileMappingA(HANDLE File, LPSECURITY_ATTRIBUTES SecurityAttributes,
                                            DWORD Protect, DWORD SizeHigh, DWORD SizeLow,
                                            LPCSTR Name);
/* Bytes from an offset that is a multiple of 64 KiB; 0: to the end. NULL: ERROR_MAPPED_ALIGNMENT,
 * ERROR_ACCESS_DENIED, ERROR_INVALID_ADDRESS. */
WINBASEAPI LPVOID WINAPI MapViewOfFile(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh,
                                       DWORD OffsetLow, SIZE_T Bytes);
/* At Address, a multiple of 64 KiB, where it is not NULL. */
WINBASEAPI LPVOID WINAPI MapViewOfFileEx(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh,
                                         DWORD OffsetLow, SIZE_T Bytes, LPVOID Address);
/* ERROR_INVALID_ADDRESS. */
WINBASEAPI BOOL WINAPI UnmapViewOfFile(LPCVOID Address);
WINBASEAPI BOOL WINAPI FlushViewOfFile(LPCVOID Address, SIZE_T Bytes);

#ifdef UNICODE
#define CreateFileMapping CreateFileMappingW
#else
#define CreateFileMapping CreateFileMappingA
#endif

#ifdef __cplusplus
}
#endif
#endif
