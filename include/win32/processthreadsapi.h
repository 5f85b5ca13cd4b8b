/* SPDX-License-Identifier: MIT */
/* processthreadsapi.h - threads of the program's process. */
#ifndef NTIO_WIN32_PROCESSTHREADSAPI_H
#define NTIO_WIN32_PROCESSTHREADSAPI_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CREATE_SUSPENDED                  0x00000004
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x00010000

/*
 * A thread of the caller's process; its handle is signalled when it has ended. CREATE_SUSPENDED: it
 * waits for ResumeThread before its first instruction. StackSize 0: the host's default. NULL on
 * failure.
 */
WINBASEAPI HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES SecurityAttributes, SIZE_T StackSize,
                                      LPTHREAD_START_ROUTINE StartAddress, LPVOID Parameter,
                                      DWORD CreationFlags, LPDWORD ThreadId);
/*
 * Starts a thread that was created suspended. Returns the suspend count before: 1, or 0 for a
 * thread that runs; a running thread can't be suspended here. (DWORD)-1: failure.
 */
WINBASEAPI DWORD WINAPI ResumeThread(HANDLE Thread);
/* Ends the calling thread, which CreateThread must have made: its requests are cancelled and waited
 * for. */
WINBASEAPI DECLSPEC_NORETURN VOID WINAPI ExitThread(DWORD ExitCode);
/* STILL_ACTIVE while the thread runs. */
WINBASEAPI BOOL WINAPI GetExitCodeThread(HANDLE Thread, LPDWORD ExitCode);

WINBASEAPI DWORD WINAPI GetCurrentThreadId(VOID);
WINBASEAPI DWORD WINAPI GetCurrentProcessId(VOID);
WINBASEAPI DWORD WINAPI GetThreadId(HANDLE Thread);
/* Pseudo handles, valid in the calling thread; nothing to close. */
WINBASEAPI HANDLE WINAPI GetCurrentThread(VOID);
WINBASEAPI HANDLE WINAPI GetCurrentProcess(VOID);

#ifdef __cplusplus
}
#endif
#endif
