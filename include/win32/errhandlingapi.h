/* SPDX-License-Identifier: MIT */
/* errhandlingapi.h - the calling thread's last error. */
#ifndef NTIO_WIN32_ERRHANDLINGAPI_H
#define NTIO_WIN32_ERRHANDLINGAPI_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each thread has its own code. A routine that succeeds need not touch it. */
WINBASEAPI DWORD WINAPI GetLastError(VOID);
WINBASEAPI VOID WINAPI SetLastError(DWORD Error);

#ifdef __cplusplus
}
#endif
#endif
