/* SPDX-License-Identifier: MIT */
/* winhost.h - device access for the programs: the Win32 API that both kernels offer, and the
 * drivers' structures. */
#ifndef SCSINET_WINHOST_H
#define SCSINET_WINHOST_H

#include <windows.h>
#include <winioctl.h>
#include <ntddscsi.h>
#include "drivers/common/scsinet_ioctl.h"
#include "drivers/common/scsinet_frame.h"

#include <stddef.h>
#include <stdint.h>

/* UTF-8 to a malloc'ed UTF-16 string and back; NULL without memory or where the text is not well
 * formed. */
WCHAR *wide_from_utf8(const char *text);
char *utf8_from_wide(const WCHAR *text);

/* Opens a device interface (a path of ntio_get_interfaces) for overlapped I/O;
 * INVALID_HANDLE_VALUE. */
HANDLE open_interface(const char *path);
/*
 * A DeviceIoControl on an overlapped handle, waited for. Returns 0 or a Win32 error. Also for a
 * handle with a completion port, which gets no packet of it.
 */
DWORD control_and_wait(HANDLE device, DWORD code, const void *in, size_t in_size, void *out,
                       size_t out_size, size_t *returned);

#endif
