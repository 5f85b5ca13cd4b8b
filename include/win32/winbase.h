/* SPDX-License-Identifier: MIT */
/* winbase.h - the base API: its parts, and what has no part of its own. */
#ifndef NTIO_WIN32_WINBASE_H
#define NTIO_WIN32_WINBASE_H

#include "winerror.h"

#include "errhandlingapi.h"
#include "fileapi.h"
#include "handleapi.h"
#include "ioapiset.h"
#include "processthreadsapi.h"
#include "synchapi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Milliseconds since the host's start. */
WINBASEAPI ULONGLONG WINAPI GetTickCount64(VOID);
WINBASEAPI DWORD WINAPI GetTickCount(VOID);
WINBASEAPI BOOL WINAPI QueryPerformanceCounter(PLARGE_INTEGER Count);
WINBASEAPI BOOL WINAPI QueryPerformanceFrequency(PLARGE_INTEGER Frequency);

/* A line for whoever listens to debug output (the same sink as a driver's DbgPrint). */
WINBASEAPI VOID WINAPI OutputDebugStringA(LPCSTR Text);
WINBASEAPI VOID WINAPI OutputDebugStringW(LPCWSTR Text);

#ifdef UNICODE
#define OutputDebugString OutputDebugStringW
#else
#define OutputDebugString OutputDebugStringA
#endif

#ifdef __cplusplus
}
#endif
#endif
