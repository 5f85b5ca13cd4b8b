/* SPDX-License-Identifier: MIT */
/*
 * synchapi.h - events, semaphores, mutexes, waiting, sleeping. Times are milliseconds, INFINITE is
 * for ever.
 *
 * Create routines return NULL on failure; ERROR_ALREADY_EXISTS as the last error of a success says
 * that an object of that name was there and was opened. Names live in \BaseNamedObjects ("Global\"
 * and "Local\" before them change nothing). ERROR_INVALID_HANDLE: the name is another kind's.
 */
#ifndef NTIO_WIN32_SYNCHAPI_H
#define NTIO_WIN32_SYNCHAPI_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL ManualReset,
                                      BOOL InitialState, LPCWSTR Name);
WINBASEAPI HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL ManualReset,
                                      BOOL InitialState, LPCSTR Name);
/* ERROR_FILE_NOT_FOUND. */
WINBASEAPI HANDLE WINAPI OpenEventW(DWORD DesiredAccess, BOOL Inherit, LPCWSTR Name);
WINBASEAPI HANDLE WINAPI OpenEventA(DWORD DesiredAccess, BOOL Inherit, LPCSTR Name);
WINBASEAPI BOOL WINAPI SetEvent(HANDLE Event);
WINBASEAPI BOOL WINAPI ResetEvent(HANDLE Event);
WINBASEAPI BOOL WINAPI PulseEvent(HANDLE Event);

WINBASEAPI HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES SecurityAttributes, LONG Initial,
                                          LONG Maximum, LPCWSTR Name);
WINBASEAPI HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES SecurityAttributes, LONG Initial,
                                          LONG Maximum, LPCSTR Name);
/* ERROR_TOO_MANY_POSTS: over the maximum; nothing was released. */
WINBASEAPI BOOL WINAPI ReleaseSemaphore(HANDLE Semaphore, LONG Count, PLONG Previous);

WINBASEAPI HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL InitialOwner,
                                      LPCWSTR Name);
WINBASEAPI HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL InitialOwner,
                                      LPCSTR Name);
/* ERROR_NOT_OWNER. */
WINBASEAPI BOOL WINAPI ReleaseMutex(HANDLE Mutex);

/* WAIT_OBJECT_0 (+ index), WAIT_ABANDONED (+ index), WAIT_TIMEOUT, WAIT_IO_COMPLETION (Alertable),
 * WAIT_FAILED. */
WINBASEAPI DWORD WINAPI WaitForSingleObject(HANDLE Handle, DWORD Milliseconds);
WINBASEAPI DWORD WINAPI WaitForSingleObjectEx(HANDLE Handle, DWORD Milliseconds, BOOL Alertable);
WINBASEAPI DWORD WINAPI WaitForMultipleObjects(DWORD Count, const HANDLE *Handles, BOOL WaitAll,
                                               DWORD Milliseconds);
WINBASEAPI DWORD WINAPI WaitForMultipleObjectsEx(DWORD Count, const HANDLE *Handles, BOOL WaitAll,
                                                 DWORD Milliseconds, BOOL Alertable);
WINBASEAPI VOID WINAPI Sleep(DWORD Milliseconds);
/* 0, or WAIT_IO_COMPLETION. */
WINBASEAPI DWORD WINAPI SleepEx(DWORD Milliseconds, BOOL Alertable);

#ifdef UNICODE
#define CreateEvent     CreateEventW
#define OpenEvent       OpenEventW
#define CreateSemaphore CreateSemaphoreW
#define CreateMutex     CreateMutexW
#else
#define CreateEvent     CreateEventA
#define OpenEvent       OpenEventA
#define CreateSemaphore CreateSemaphoreA
#define CreateMutex     CreateMutexA
#endif

#ifdef __cplusplus
}
#endif
#endif
