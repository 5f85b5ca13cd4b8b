/* SPDX-License-Identifier: MIT */
/*
 * windef.h - the types of programs. The scalars are the driver's own (ddk/ntdef.h): one set of
 * types on both sides of a device.
 */
#ifndef NTIO_WIN32_WINDEF_H
#define NTIO_WIN32_WINDEF_H

#include "../ddk/ntdef.h"

/* How every routine of this API is called, and how a program's callbacks are: Windows' convention.
 */
#define WINAPI     NTAPI
#define APIENTRY   WINAPI
#define WINAPIV    NTAPI
#define WINBASEAPI __attribute__((visibility("default")))
#define WINUSERAPI WINBASEAPI
#define WINADVAPI  WINBASEAPI
#define FAR
#define NEAR

typedef void *LPVOID;
typedef const void *LPCVOID;
typedef BOOL *PBOOL, *LPBOOL;
typedef INT *LPINT;
typedef LONG *LPLONG;
typedef WORD *LPWORD;
typedef HANDLE *LPHANDLE;
typedef HANDLE HLOCAL, HGLOBAL;
typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM, LRESULT;
typedef LONG HRESULT;

DECLARE_HANDLE(HINSTANCE);
typedef HINSTANCE HMODULE;
DECLARE_HANDLE(HWND);
DECLARE_HANDLE(HKEY);
typedef HKEY *PHKEY;

typedef INT_PTR(NTAPI *FARPROC)(void);

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

#define MAX_PATH 260

#ifndef NTIO_KERNEL_SOURCE
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif

#endif
