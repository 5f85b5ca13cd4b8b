/* SPDX-License-Identifier: MIT */
/*
 * setupinf.h - open .inf files of programs, and text between them and setup.
 *
 * InfpLock guards the list of handles and their references; nothing is called under it.
 */
#ifndef NTIO_WIN32_SETUPINF_H
#define NTIO_WIN32_SETUPINF_H

#include "ntio/win32/win32.h"
#include "ntio/setup/setupp.h"
#include "setupapi_inf.h"

/* The file behind a handle, referenced; NULL: it is none. */
SETUP_INF *Win32pInf(HINF Handle);
VOID Win32pReleaseInf(HINF Handle);
/* The file behind a handle that the caller has referenced, though it may be closed since. */
SETUP_INF *Win32pInfHeld(HINF Handle);
/* SetLastError(Error); whether it is ERROR_SUCCESS (which is not set). */
BOOL Win32pSetup(DWORD Error);
/* UTF-8 to UTF-16, malloc; NULL in gives NULL with TRUE. FALSE: no memory, last error set. */
BOOL Win32pWiden(PCSTR Text, WCHAR **Wide);
/* Gives Text to a program with the size rules of all; a Win32 code. Size in characters. */
DWORD Win32pGive(const WCHAR *Text, PWSTR Buffer, DWORD Size, PDWORD RequiredSize);
DWORD Win32pGiveA(const WCHAR *Text, SIZE_T Characters, PSTR Buffer, DWORD Size,
                  PDWORD RequiredSize);

#endif
