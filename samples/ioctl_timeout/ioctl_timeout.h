/* SPDX-License-Identifier: MIT */
/* ioctl_timeout.h - what impatient and slow are asked. */
#ifndef IOCTL_TIMEOUT_H
#define IOCTL_TIMEOUT_H

/* Of slow: input SLOW_REQUEST, output its Text; answered when Microseconds are over. */
#define IOCTL_SLOW CTL_CODE(FILE_DEVICE_UNKNOWN, 0x920, METHOD_BUFFERED, FILE_ANY_ACCESS)
typedef struct _SLOW_REQUEST {
    ULONG Microseconds;
    CHAR Text[16];
} SLOW_REQUEST;

/* Of impatient: sends Slow on to slow, waits for LimitMicroseconds at most; output:
 * IMPATIENT_ANSWER. */
#define IOCTL_IMPATIENT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x921, METHOD_BUFFERED, FILE_ANY_ACCESS)
typedef struct _IMPATIENT_REQUEST {
    ULONG LimitMicroseconds;
    SLOW_REQUEST Slow;
} IMPATIENT_REQUEST;
typedef struct _IMPATIENT_ANSWER {
    LONG Status;      /* STATUS_IO_TIMEOUT: it was cancelled; else what slow answered */
    LONG LowerStatus; /* how the IRP ended */
    ULONG Information;
    ULONG TimeWasUp; /* the wait was over before the answer had come, ... */
    ULONG Cancelled; /* ... and the exchange was won: the IRP was cancelled */
    CHAR Text[16];
} IMPATIENT_ANSWER;

#endif
