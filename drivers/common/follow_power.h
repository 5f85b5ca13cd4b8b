/* SPDX-License-Identifier: MIT */
/*
 * follow_power.h - the device power policy of a device that follows the system: in D0 while the
 * system works, else in the state that its bus names for the system's (DEVICE_CAPABILITIES).
 *
 * The FDO's dispatch routine for IRP_MJ_POWER acquires its remove lock with the IRP as the tag and
 * calls FollowPower, which releases it when the IRP has passed.
 */
#ifndef DRIVERS_COMMON_FOLLOW_POWER_H
#define DRIVERS_COMMON_FOLLOW_POWER_H

#include <wdm.h>

typedef struct _FOLLOW_POWER {
    PDEVICE_OBJECT Self, Lower;
    PIO_REMOVE_LOCK RemoveLock;
    DEVICE_POWER_STATE DeviceState[POWER_SYSTEM_MAXIMUM];
} FOLLOW_POWER, *PFOLLOW_POWER;

/* In AddDevice, once the device is attached. */
VOID FollowInitialize(PFOLLOW_POWER Power, PDEVICE_OBJECT Self, PDEVICE_OBJECT Lower,
                      PIO_REMOVE_LOCK RemoveLock);
/* In START_DEVICE, once the device below has started: asks the bus which states go together.
 * PASSIVE_LEVEL. */
VOID FollowStarted(PFOLLOW_POWER Power);
/* Handles an IRP_MJ_POWER; IRQL <= DISPATCH_LEVEL. */
NTSTATUS FollowPower(PFOLLOW_POWER Power, PIRP Irp);

#endif
