/* SPDX-License-Identifier: MIT */
/* handleapi.h - what is common to all handles. */
#ifndef NTIO_WIN32_HANDLEAPI_H
#define NTIO_WIN32_HANDLEAPI_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Closes a handle of the calling thread's process. A file's last handle sends IRP_MJ_CLEANUP before
 * this returns. ERROR_INVALID_HANDLE.
 */
WINBASEAPI BOOL WINAPI CloseHandle(HANDLE Handle);

#define DUPLICATE_CLOSE_SOURCE 0x00000001
#define DUPLICATE_SAME_ACCESS  0x00000002
/* A second handle of the same object, in the process of TargetProcess. ERROR_INVALID_HANDLE,
 * ERROR_ACCESS_DENIED. */
WINBASEAPI BOOL WINAPI DuplicateHandle(HANDLE SourceProcess, HANDLE Source, HANDLE TargetProcess,
                                       LPHANDLE Target, DWORD DesiredAccess, BOOL Inherit,
                                       DWORD Options);

#ifdef __cplusplus
}
#endif
#endif
