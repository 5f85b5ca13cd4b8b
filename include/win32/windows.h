/* SPDX-License-Identifier: MIT */
/*
 * windows.h - what a program includes: devices, threads, events, as on Windows. No routine of the
 * kernel is visible here. Compile with -fshort-wchar; define UNICODE for the W forms.
 */
#ifndef NTIO_WIN32_WINDOWS_H
#define NTIO_WIN32_WINDOWS_H

#include "windef.h"
#include "winnt.h"
#include "winerror.h"
#include "winbase.h"
#include "winreg.h"
#ifndef NOSERVICE
#include "winsvc.h"
#endif

#endif
