/* SPDX-License-Identifier: MIT */
/* dispatch.h - what the two files of the driver share. */
#ifndef SAMPLE_DISPATCH_H
#define SAMPLE_DISPATCH_H

#include <ntddk.h>
#include <ntseh.h>
#include "dispatch_public.h"

#define DISPATCH_TAG   'hcsD'
#define DISPATCH_LABEL 32 /* characters */

/* The three devices, by the way in which they take the buffers of reads and writes. */
typedef enum _DISPATCH_WAY {
    DispatchBuffered,
    DispatchDirect,
    DispatchNeither,
    DispatchWays
} DISPATCH_WAY;

typedef struct _DISPATCH_EXTENSION {
    DISPATCH_WAY Way;
    PDEVICE_OBJECT Function;             /* the device on the PDO's stack: the buffered one */
    PDEVICE_OBJECT Lower;                /* of Function alone; NULL: not in a stack */
    PDEVICE_OBJECT Device[DispatchWays]; /* Function's: all three */
    FAST_MUTEX Lock;                     /* guards what follows */
    ULONG Size;
    UCHAR Data[DISPATCH_SIZE];
    DISPATCH_SEEN Seen;
    PFILE_OBJECT Locked; /* the open that has locked the file, or NULL */
    ULONG LabelBytes;
    WCHAR Label[DISPATCH_LABEL];
    ULONG SecurityBytes;
    UCHAR Security[64]; /* self-relative */
} DISPATCH_EXTENSION, *PDISPATCH_EXTENSION;

/* Completes Irp, returns Status. */
NTSTATUS DispatchComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* transfer.c: each completes its IRP. */
NTSTATUS DispatchReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp, BOOLEAN Write);
NTSTATUS DispatchDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp);
/* Copies to a program's buffer, in its context; the exception's status where it is none. */
NTSTATUS DispatchToUser(PVOID To, const VOID *From, SIZE_T Length);
/* dispatch.c: how often each major came; one that the driver sends itself. */
VOID DispatchCounts(ULONG *To);
NTSTATUS DispatchSend(PDISPATCH_EXTENSION Extension, ULONG Major);

#endif
