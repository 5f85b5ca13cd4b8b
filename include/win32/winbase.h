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
#include "securitybaseapi.h"
#include "synchapi.h"

#ifdef __cplusplus
extern "C" {
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
