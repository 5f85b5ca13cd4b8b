/* SPDX-License-Identifier: MIT */
/* pop.h - what the files of po share. */
#ifndef NTIO_POP_H
#define NTIO_POP_H

#include "ntio/po/po.h"
#include "ntio/ex/ex.h"

#define POP_TAG 'rwoP'

/* First parameter of DRIVER_POWER_STATE_FAILURE. */
#define POP_FAILURE_DEVICE_DELETED 0x1 /* 2: the device, which still has a power IRP on its way */
#define POP_FAILURE_BLOCKED        0x3 /* 2: the PDO, 4: the IRP that somebody keeps */

/* System IRPs that are sent together and waited for together. */
typedef struct _POP_BROADCAST {
    KEVENT Done;
    ULONG Left;             /* PopLock */
    NTSTATUS Status;        /* PopLock: the first failure */
    PDEVICE_OBJECT Refused; /* PopLock: whose; referenced */
} POP_BROADCAST, *PPOP_BROADCAST;

/* A power IRP of the power manager's making, from the request to the end of its completion. */
typedef struct _POP_IRP {
    LIST_ENTRY Link; /* PopIrps, in the order of the requests; PopLock */
    PIRP Irp;
    PDEVICE_OBJECT Device;    /* as the driver named it; referenced */
    PDEVICE_OBJECT Top, Base; /* of its stack; referenced */
    UCHAR MinorFunction;      /* IRP_MN_* */
    POWER_STATE_TYPE Type;    /* of State; a wait-wake has none */
    POWER_STATE State;
    BOOLEAN Sent;       /* PopLock: no more in the queue of its device */
    BOOLEAN AtDispatch; /* power-up of a device with DO_POWER_INRUSH */
    BOOLEAN Wakes;      /* PopLock: PoSetSystemWake */
    PREQUEST_POWER_COMPLETE Routine;
    PVOID Context;
    PPOP_BROADCAST Broadcast; /* of a system IRP */
} POP_IRP, *PPOP_IRP;

extern KI_LOCK PopLock;
extern LIST_ENTRY PopIrps;
/* After so long a driver that keeps a system IRP is given up; tests shorten it. Windows' is ten
 * minutes. */
extern ULONG PopWatchdogSeconds;

/* ---- irp.c ---- */
VOID PopInitializeIrps(VOID);
/* Makes an IRP for Device's stack. NULL: no memory. Not sent yet. */
PPOP_IRP PopAllocate(PDEVICE_OBJECT Device, UCHAR MinorFunction, POWER_STATE_TYPE Type,
                     POWER_STATE State);
/* Sends it, or leaves it in its device's queue. The IRP may be gone on return. */
VOID PopSend(PPOP_IRP Entry);
/* What a system IRP says about the transition. */
VOID PopSetContext(PPOP_IRP Entry, POWER_ACTION Action, SYSTEM_POWER_STATE Current,
                   SYSTEM_POWER_STATE Target);
VOID PopAccountIrps(VF_LEFT_ROUTINE *Left, PVOID Context);
VOID PopForgetDropped(VOID);

/* ---- system.c ---- */
VOID PopInitializeState(VOID);
POWER_ACTION PopCurrentAction(VOID); /* PowerActionNone between transitions */

/* ---- idle.c ---- */
VOID PopInitializeIdle(VOID);
VOID PopShutdownIdle(VOID);
VOID PopForgetIdle(PDEVICE_OBJECT Device);

#endif
