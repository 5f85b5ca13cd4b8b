/* SPDX-License-Identifier: MIT */
/* What the power manager stops the host for. */
#include "powerrig.h"
#include "tests/support/bugcheck.h"

static void a_driver_keeps_a_system_irp(void *context)
{
    (void)context;
    power_use();
    PopWatchdogSeconds = 1;
    power_rig.keeps = "d"; /* its device IRP; so the system IRP is never completed */
    (void)ntio_set_system_power(NTIO_POWER_SLEEP1, NULL, 0);
}

static void a_device_goes_with_its_power_irp(void *context)
{
    POWER_STATE lowest = {.SystemState = PowerSystemSleeping3};

    (void)context;
    power_use();
    (void)PoRequestPowerIrp(power_c.pdo, IRP_MN_WAIT_WAKE, lowest, NULL, NULL, NULL);
    rig_unplug(&power_c); /* nobody cancels it */
}

int main(void)
{
    static const struct bugcheck_case cases[] = {
        {"a driver keeps a system IRP", DRIVER_POWER_STATE_FAILURE, 3, a_driver_keeps_a_system_irp},
        {"a device goes with its power IRP", DRIVER_POWER_STATE_FAILURE, 1,
         a_device_goes_with_its_power_irp},
    };

    return run_bugcheck_cases("po stops", cases, RTL_NUMBER_OF(cases));
}
