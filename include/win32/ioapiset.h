/* SPDX-License-Identifier: MIT */
/*
 * ioapiset.h - device control, the outcome of overlapped requests, cancelling, completion ports.
 * Source: MS docs, pages of each routine.
 */
#ifndef NTIO_WIN32_IOAPISET_H
#define NTIO_WIN32_IOAPISET_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * IRP_MJ_DEVICE_CONTROL (IRP_MJ_FILE_SYSTEM_CONTROL where the code's device type says so).
 * BytesReturned may be NULL only with an OVERLAPPED. A warning status (STATUS_BUFFER_OVERFLOW:
 * ERROR_MORE_DATA) returns FALSE with its bytes delivered.
 */
WINBASEAPI BOOL WINAPI DeviceIoControl(HANDLE Device, DWORD ControlCode, LPVOID InBuffer,
                                       DWORD InSize, LPVOID OutBuffer, DWORD OutSize,
                                       LPDWORD BytesReturned, LPOVERLAPPED Overlapped);

/*
 * The outcome of a request. Not over yet: with Wait sleeps on hEvent, or on the file where there is
 * none; without, ERROR_IO_INCOMPLETE. The Ex form waits Milliseconds (0: ERROR_IO_INCOMPLETE, over:
 * WAIT_TIMEOUT) and, Alertable, ends with WAIT_IO_COMPLETION when an APC ran.
 */
WINBASEAPI BOOL WINAPI GetOverlappedResult(HANDLE File, LPOVERLAPPED Overlapped, LPDWORD Bytes,
                                           BOOL Wait);
WINBASEAPI BOOL WINAPI GetOverlappedResultEx(HANDLE File, LPOVERLAPPED Overlapped, LPDWORD Bytes,
                                             DWORD Milliseconds, BOOL Alertable);

/* Cancels what this thread asked for on the handle. Returns at once: the requests end in their own
 * time. */
WINBASEAPI BOOL WINAPI CancelIo(HANDLE File);
/* Cancels what the process asked for on the handle: one request, or with NULL all. ERROR_NOT_FOUND:
 * none there. */
WINBASEAPI BOOL WINAPI CancelIoEx(HANDLE File, LPOVERLAPPED Overlapped);
/* Cancels the request in which Thread sleeps. ERROR_NOT_FOUND: none. */
WINBASEAPI BOOL WINAPI CancelSynchronousIo(HANDLE Thread);

/*
 * What the end of an overlapped request on File does not do. ON_SUCCESS: no packet for a request
 * that was over, without an error, when it was made. Flags add up and stay.
 * ERROR_INVALID_PARAMETER.
 */
#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 0x1
#define FILE_SKIP_SET_EVENT_ON_HANDLE        0x2
WINBASEAPI BOOL WINAPI SetFileCompletionNotificationModes(HANDLE File, UCHAR Flags);

/*
 * A port; or, with Existing, an overlapped File bound to that port under Key. File
 * INVALID_HANDLE_VALUE: only a port. NULL on failure. ERROR_INVALID_PARAMETER: the file is bound
 * already, or is not overlapped.
 */
WINBASEAPI HANDLE WINAPI CreateIoCompletionPort(HANDLE File, HANDLE Existing, ULONG_PTR Key,
                                                DWORD Threads);
/*
 * The next packet. FALSE with *Overlapped NULL: none came (WAIT_TIMEOUT, ERROR_INVALID_HANDLE);
 * FALSE with an OVERLAPPED: the packet of a request that failed.
 */
WINBASEAPI BOOL WINAPI GetQueuedCompletionStatus(HANDLE Port, LPDWORD Bytes, PULONG_PTR Key,
                                                 LPOVERLAPPED *Overlapped, DWORD Milliseconds);
/* Up to Count packets at once; at least one, or FALSE. */
WINBASEAPI BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE Port, LPOVERLAPPED_ENTRY Entries,
                                                   ULONG Count, PULONG Removed, DWORD Milliseconds,
                                                   BOOL Alertable);
WINBASEAPI BOOL WINAPI PostQueuedCompletionStatus(HANDLE Port, DWORD Bytes, ULONG_PTR Key,
                                                  LPOVERLAPPED Overlapped);

#ifdef __cplusplus
}
#endif
#endif
