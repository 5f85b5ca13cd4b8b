/* SPDX-License-Identifier: MIT */
/*
 * dispatch_public.h - what the driver dispatch offers its program. The including file has brought
 * the base types (a driver: ntddk.h; a program: windows.h and winioctl.h).
 *
 * Three devices take reads and writes in the three ways: \\.\DispatchBuffered, \\.\DispatchDirect,
 * \\.\DispatchNeither. Each is a file of up to DISPATCH_SIZE bytes.
 */
#ifndef DISPATCH_PUBLIC_H
#define DISPATCH_PUBLIC_H

#define DISPATCH_SIZE   4096
#define DISPATCH_MAJORS 28 /* IRP_MJ_CREATE to IRP_MJ_PNP */

#define DISPATCH_CODE(n, method) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (n), method, FILE_ANY_ACCESS)

/* Out: ULONG[DISPATCH_MAJORS], how often each major has reached the dispatch routine. */
#define IOCTL_DISPATCH_COUNTS DISPATCH_CODE(0, METHOD_BUFFERED)
/*
 * In: ULONG, a major function that no program's call makes: the driver sends one to its own stack.
 * STATUS_INVALID_PARAMETER for any other.
 */
#define IOCTL_DISPATCH_SEND DISPATCH_CODE(1, METHOD_BUFFERED)
/* Out: DISPATCH_SEEN, of the last transfer on this device. */
#define IOCTL_DISPATCH_SEEN DISPATCH_CODE(2, METHOD_BUFFERED)
typedef struct _DISPATCH_SEEN {
    ULONG Major;
    ULONG Length;
    ULONG64 SystemBuffer;            /* the system's copy; 0: none */
    ULONG64 UserBuffer, Type3Buffer; /* the program's, as they came; 0: none */
    ULONG64 MdlUser, MdlSystem;      /* the locked buffer's address in the program, and as mapped */
    ULONG MdlLength, MdlOffset;      /* of the buffer; of its first byte in the first page */
    ULONG Process;                   /* in which the dispatch routine ran */
    ULONG Caught;                    /* the exception's status, or 0 */
} DISPATCH_SEEN;

/* Each turns its input round, last byte first. Out: as many bytes as came in. */
#define IOCTL_DISPATCH_BUFFERED   DISPATCH_CODE(3, METHOD_BUFFERED)
#define IOCTL_DISPATCH_OUT_DIRECT DISPATCH_CODE(4, METHOD_OUT_DIRECT)
#define IOCTL_DISPATCH_NEITHER    DISPATCH_CODE(5, METHOD_NEITHER)
/* The second buffer, of which the driver only reads, becomes the device's file. */
#define IOCTL_DISPATCH_IN_DIRECT DISPATCH_CODE(6, METHOD_IN_DIRECT)

/* A file system's control code: IRP_MJ_FILE_SYSTEM_CONTROL. */
#define FSCTL_DISPATCH CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

#endif
