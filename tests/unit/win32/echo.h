/* SPDX-License-Identifier: MIT */
/*
 * echo.h - a small driver within the test: \\.\Echo.
 *
 * Reads at offset 0 deliver what was written, 1,024 bytes at most (more written:
 * STATUS_INSUFFICIENT_RESOURCES); at ECHO_PEND they stay until IOCTL_ECHO_FINISH or a cancel; at
 * ECHO_END they are at the end of the file.
 */
#ifndef TESTS_UNIT_WIN32_ECHO_H
#define TESTS_UNIT_WIN32_ECHO_H

#include "ntio/win32/win32.h"
#include "winioctl.h"

#define ECHO_PEND 0x10000
#define ECHO_END  0x20000

#define ECHO_CTL(n)         CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900 + (n), METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_ECHO_COPY     ECHO_CTL(0) /* out is in */
#define IOCTL_ECHO_OVERFLOW ECHO_CTL(1) /* four bytes and STATUS_BUFFER_OVERFLOW */
#define IOCTL_ECHO_PEND     ECHO_CTL(2) /* stays until FINISH or a cancel */
#define IOCTL_ECHO_FINISH                                                                          \
    ECHO_CTL(3) /* in: ECHO_OUTCOME; ends the oldest that stays; STATUS_NOT_FOUND */
#define IOCTL_ECHO_WAITING ECHO_CTL(4) /* out: ULONG, how many stay */
#define IOCTL_ECHO_FSCTL   CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 0x905, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _ECHO_OUTCOME {
    NTSTATUS Status;
    ULONG Bytes;
} ECHO_OUTCOME;

/* cmocka's group setup and teardown: boots, loads the driver; the reverse, nothing left behind. */
int echo_setup(void **state);
int echo_teardown(void **state);
HANDLE echo_open(DWORD flags);
void echo_finish(NTSTATUS status, ULONG bytes);
ULONG echo_waiting(void);

#endif
