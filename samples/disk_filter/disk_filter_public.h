/* SPDX-License-Identifier: MIT */
/* What the filter tells a program that opens the disk: include windows.h and winioctl.h, or
 * ntddk.h, first. */
#ifndef DISK_FILTER_PUBLIC_H
#define DISK_FILTER_PUBLIC_H

/* Out: DISK_FILTER_REPORT, of the uppermost filter of the stack. Without one:
 * ERROR_INVALID_FUNCTION. */
#define IOCTL_DISK_FILTER_REPORT                                                                   \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x810, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _DISK_FILTER_REPORT {
    LONG Reads, Writes; /* a program's requests: seen above the disk driver */
    LONG Commands;      /* the disk driver's: seen below it */
    LONG Refused;       /* of these, writes that were refused */
    LONG Edited;        /* of these, MODE SENSE data that got the WP bit */
} DISK_FILTER_REPORT, *PDISK_FILTER_REPORT;

#endif
