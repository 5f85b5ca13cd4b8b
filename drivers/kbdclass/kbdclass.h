/* SPDX-License-Identifier: MIT */
/* kbdclass.h - the keyboard class driver's device. */
#ifndef DRIVERS_KBDCLASS_H
#define DRIVERS_KBDCLASS_H

#include <wdm.h>
#include <kbdmou.h>
#include "follow_power.h"

#define KBDCLASS_TAG     'cdbK'
#define KBDCLASS_QUEUE   100 /* inputs kept while nobody reads; as Windows' default */
#define KBDCLASS_DEVICES 100

typedef struct _KBDCLASS_DEVICE {
    PDEVICE_OBJECT Self, Physical, Lower;
    IO_REMOVE_LOCK RemoveLock;
    FOLLOW_POWER Power;
    UNICODE_STRING InterfaceName;
    BOOLEAN InterfaceEnabled;

    KSPIN_LOCK Lock; /* guards all below */
    BOOLEAN Gone;    /* no read is taken any more */
    IO_CSQ Reads;    /* those that wait for input */
    LIST_ENTRY ReadList;
    ULONG First, Count; /* in Inputs, a ring */
    KEYBOARD_INPUT_DATA Inputs[KBDCLASS_QUEUE];
} KBDCLASS_DEVICE, *PKBDCLASS_DEVICE;

/* read.c */
VOID KbdClassInitializeReads(PKBDCLASS_DEVICE Device);
/* A read waits while there is no input: one is always pending. IRP_MJ_READ. */
NTSTATUS KbdClassRead(PKBDCLASS_DEVICE Device, PIRP Irp);
/* The port driver's inputs. DISPATCH_LEVEL. */
SERVICE_CALLBACK_ROUTINE KbdClassService;
/* Ends the reads of a file object (NULL: all). Gone: no other is taken. */
VOID KbdClassEndReads(PKBDCLASS_DEVICE Device, PFILE_OBJECT File, BOOLEAN Gone, NTSTATUS Status);
VOID KbdClassFlush(PKBDCLASS_DEVICE Device);

/* pnp.c */
DRIVER_ADD_DEVICE KbdClassAddDevice;
DRIVER_DISPATCH KbdClassPnp;
NTSTATUS KbdClassComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

#endif
