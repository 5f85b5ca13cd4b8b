/* SPDX-License-Identifier: MIT */
/*
 * powerrig.h - pnp's rig with drivers that know power: the function drivers own their devices'
 * power policy (a device IRP for each system IRP), the PDOs keep the state that they were set to.
 *
 * The log has a line for each power IRP that a driver sees, "func SET S3 c". A PDO's line stands
 * when it completes the IRP.
 */
#ifndef TESTS_UNIT_PO_POWERRIG_H
#define TESTS_UNIT_PO_POWERRIG_H

#include "tests/unit/pnp/rig.h"
#include "ntio/po/pop.h"

/* How the drivers behave; cleared by power_boot. */
extern struct power_rig {
    const char *refuses; /* the device whose PDO refuses queries, with refuse_status */
    NTSTATUS refuse_status;
    const char *keeps; /* the device whose PDO keeps the next device IRP: kept */
    PIRP kept;
    PDEVICE_OBJECT kept_by;
    const char *drops;   /* the device whose function driver completes SET itself */
    PIRP wake;           /* the wait-wake that a PDO keeps, cancellable */
    bool system_waits;   /* IRQL of each SET is logged too */
    POWER_ACTION action; /* of the last system IRP that a PDO saw */
    SYSTEM_POWER_STATE_CONTEXT context;
    DEVICE_POWER_STATE sleeping; /* what S1..S5 map to */
} power_rig;

/* Bus "root" with c and d below it, all started. */
int power_boot(void **state);
/* The same where somebody else has booted. */
void power_use(void);
int power_shutdown(void **state);
extern rig_child power_c, power_d;
/* The device state that the PDO was set to last. */
DEVICE_POWER_STATE power_state_of(rig_child *child);
/* Completes what a PDO keeps. */
void power_release(NTSTATUS status);
bool power_end_wake(NTSTATUS status);

#endif
