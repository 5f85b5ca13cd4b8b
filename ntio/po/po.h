/* SPDX-License-Identifier: MIT */
/*
 * po.h - the power manager: power IRPs, the system's sleep and its end, idle devices.
 *
 * Calls: io, ex, ke, ob. Called by: pnp (which knows the device tree and runs a transition on its
 * worker, so that the tree stands still), drivers. README.md has the states and threads.
 *
 * Locks: PopLock (a KI_LOCK: every power IRP that is on its way, the system's state), PopIdleLock
 * (a KI_LOCK: devices watched for idleness). Neither is held over a call into a driver or io, and
 * neither is taken under the other.
 */
#ifndef NTIO_PO_H
#define NTIO_PO_H

#include "ntio/io/io.h"

NTSTATUS PoInitializeSystem(VOID);
VOID PoShutdownSystem(VOID);

/* One stack that takes part in a transition. */
typedef struct _PO_DEVICE {
    PDEVICE_OBJECT Physical; /* the bottom; the list's owner has a reference */
    ULONG Depth;             /* in the device tree; the root's children have 1 */
} PO_DEVICE, *PPO_DEVICE;

/*
 * Takes the system to State and returns when every device is there.
 *
 * From PowerSystemWorking down: QUERY_POWER to all, children before parents; who refuses ends it:
 * all that were asked get SET_POWER for PowerSystemWorking, and the status of the refusal comes
 * back with *Refused (referenced; may be NULL). Then SET_POWER in the same order. For
 * PowerSystemShutdown IRP_MJ_SHUTDOWN goes to whoever registered, between the two. Critical: nobody
 * is asked.
 *
 * Back to PowerSystemWorking: SET_POWER, parents before children; nobody is asked.
 *
 * STATUS_INVALID_PARAMETER: no such state. STATUS_INVALID_DEVICE_STATE: from one sleeping state to
 * another, or from PowerSystemShutdown to anything. STATUS_SUCCESS at once where the system is
 * there already. One caller at a time; PASSIVE_LEVEL.
 */
NTSTATUS PoSetSystemPower(SYSTEM_POWER_STATE State, BOOLEAN Critical, const PO_DEVICE *Devices,
                          ULONG Count, PDEVICE_OBJECT *Refused);
/* The state that the system is in; during a transition the one that it comes from. */
SYSTEM_POWER_STATE PoQuerySystemPower(VOID);

/* pnp registers: a device woke the sleeping system. Any IRQL up to DISPATCH_LEVEL. */
typedef VOID PO_WAKE(VOID);
extern PO_WAKE *_Atomic PopWakeCallout;

#endif
