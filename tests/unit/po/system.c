/* SPDX-License-Identifier: MIT */
/* The system's transitions: who is told, in which order, who may refuse, who wakes it. */
#include "powerrig.h"
#include "tests/support/host.h"

static void down_children_first_and_up_parents_first(void **state)
{
    (void)state;
    assert_int_equal(ntio_get_system_power(), NTIO_POWER_WORKING);
    assert_status(ntio_set_system_power(NTIO_POWER_SLEEP3, NULL, 0), STATUS_SUCCESS);
    rig_assert_log(
        /* all are asked before any is told */
        "func QUERY S3 c|pdo QUERY S3 c|func QUERY D3 c|pdo QUERY D3 c|"
        "func QUERY S3 d|pdo QUERY S3 d|func QUERY D3 d|pdo QUERY D3 d|"
        "bus QUERY S3 root|bus QUERY D3 root|"
        "func SET S3 c|pdo SET S3 c|func SET D3 c|pdo SET D3 c|"
        "func SET S3 d|pdo SET S3 d|func SET D3 d|pdo SET D3 d|"
        "bus SET S3 root|bus SET D3 root");
    assert_int_equal(ntio_get_system_power(), NTIO_POWER_SLEEP3);
    assert_int_equal(power_state_of(&power_c), PowerDeviceD3);
    assert_int_equal(power_state_of(&power_d), PowerDeviceD3);
    assert_int_equal(power_rig.action, PowerActionSleep);
    assert_int_equal(power_rig.context.TargetSystemState, PowerSystemSleeping3);
    assert_int_equal(power_rig.context.CurrentSystemState, PowerSystemWorking);

    assert_status(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), STATUS_SUCCESS);
    rig_assert_log("bus SET S0 root|bus SET D0 root|"
                   "func SET S0 c|pdo SET S0 c|func SET D0 c|pdo SET D0 c|"
                   "func SET S0 d|pdo SET S0 d|func SET D0 d|pdo SET D0 d");
    assert_int_equal(power_state_of(&power_c), PowerDeviceD0);
    assert_int_equal(power_rig.action, PowerActionSleep);
    assert_int_equal(power_rig.context.TargetSystemState, PowerSystemWorking);
    assert_int_equal(power_rig.context.CurrentSystemState, PowerSystemSleeping3);
    /* Nothing to do: nobody is told. */
    assert_status(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), STATUS_SUCCESS);
    rig_assert_log("");
}

static void a_refusal_cancels(void **state)
{
    char veto[128];

    (void)state;
    power_rig.refuses = "d";
    power_rig.refuse_status = STATUS_DEVICE_BUSY;
    assert_status(ntio_set_system_power(NTIO_POWER_SLEEP1, veto, sizeof(veto)), STATUS_DEVICE_BUSY);
    assert_non_null(strstr(veto, "TBUS\\Thing\\2 (rigfunc)"));
    /* The bus was not asked any more, so it need not be reassured. */
    rig_assert_log("func QUERY S1 c|pdo QUERY S1 c|func QUERY D3 c|pdo QUERY D3 c|"
                   "func QUERY S1 d|pdo QUERY S1 d|"
                   "func SET S0 c|pdo SET S0 c|func SET D0 c|pdo SET D0 c|"
                   "func SET S0 d|pdo SET S0 d|func SET D0 d|pdo SET D0 d");
    assert_int_equal(ntio_get_system_power(), NTIO_POWER_WORKING);
    assert_int_equal(power_state_of(&power_c), PowerDeviceD0);
    /* In an emergency nobody is asked. */
    assert_status(PnpSetSystemPower(PowerSystemSleeping1, TRUE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(power_state_of(&power_d), PowerDeviceD3);
    rig_clear_log();
}

static void only_from_and_to_work(void **state)
{
    (void)state;
    assert_status(ntio_set_system_power(0, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_status(ntio_set_system_power(7, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_status(ntio_set_system_power(NTIO_POWER_SLEEP1, NULL, 0), STATUS_SUCCESS);
    assert_status(ntio_set_system_power(NTIO_POWER_SLEEP3, NULL, 0), STATUS_INVALID_DEVICE_STATE);
    assert_status(ntio_set_system_power(NTIO_POWER_SHUTDOWN, NULL, 0), STATUS_INVALID_DEVICE_STATE);
    assert_status(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), STATUS_SUCCESS);
    assert_status(ntio_set_system_power(NTIO_POWER_SHUTDOWN, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(power_rig.action, PowerActionShutdown);
    assert_int_equal(power_rig.context.TargetSystemState, PowerSystemShutdown);
    assert_status(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), STATUS_INVALID_DEVICE_STATE);
}

static void shutdown_wakes_a_sleeping_system(void **state)
{
    (void)state;
    assert_status(ntio_set_system_power(NTIO_POWER_HIBERNATE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(power_rig.action, PowerActionHibernate);
    rig_clear_log();
    assert_int_equal(ntio_shutdown(), 0);
    assert_int_equal(power_state_of(&power_c), PowerDeviceD0);
    assert_int_equal(power_state_of(&power_d), PowerDeviceD0);
}

/* ---- waking ---- */

static _Atomic int wakes;
static _Atomic NTSTATUS wake_status;
static VOID NTAPI woken(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                        PIO_STATUS_BLOCK io)
{
    (void)device;
    (void)state;
    (void)context;
    assert_int_equal(minor, IRP_MN_WAIT_WAKE);
    wake_status = io->Status;
    wakes++;
}

static bool is_working(void *context)
{
    (void)context;
    return ntio_get_system_power() == NTIO_POWER_WORKING;
}

static void a_wait_wake_wakes_the_system(void **state)
{
    POWER_STATE lowest = {.SystemState = PowerSystemSleeping3};
    PIRP irp = NULL, second = NULL;

    (void)state;
    wakes = 0;
    assert_status(PoRequestPowerIrp(power_c.pdo, IRP_MN_WAIT_WAKE, lowest, woken, NULL, &irp),
                  STATUS_PENDING);
    assert_ptr_equal(irp, power_rig.wake);
    rig_assert_log("func WAKE c|pdo WAKE c");
    /* A bus driver keeps one. */
    assert_status(PoRequestPowerIrp(power_c.pdo, IRP_MN_WAIT_WAKE, lowest, woken, NULL, &second),
                  STATUS_PENDING);
    assert_int_equal(wakes, 1);
    assert_status(wake_status, STATUS_DEVICE_BUSY);
    /* It stays with the bus driver while the system falls asleep. */
    assert_status(ntio_set_system_power(NTIO_POWER_SLEEP3, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(wakes, 1);
    rig_clear_log();
    assert_false(PoGetSystemWake(irp));
    PoSetSystemWake(irp);
    assert_true(PoGetSystemWake(irp));
    assert_true(power_end_wake(STATUS_SUCCESS));
    assert_int_equal(wakes, 2);
    assert_status(wake_status, STATUS_SUCCESS);
    assert_true(wait_until(is_working, NULL, 10000));
    PnpSettle();
    rig_assert_log("bus SET S0 root|bus SET D0 root|"
                   "func SET S0 c|pdo SET S0 c|func SET D0 c|pdo SET D0 c|"
                   "func SET S0 d|pdo SET S0 d|func SET D0 d|pdo SET D0 d");
    /* One that its driver cancels wakes nobody, and neither does one in a system at work. */
    assert_status(PoRequestPowerIrp(power_c.pdo, IRP_MN_WAIT_WAKE, lowest, woken, NULL, &irp),
                  STATUS_PENDING);
    assert_status(ntio_set_system_power(NTIO_POWER_SLEEP1, NULL, 0), STATUS_SUCCESS);
    assert_true(IoCancelIrp(irp));
    assert_status(wake_status, STATUS_CANCELLED);
    assert_int_equal(wakes, 3);
    PnpSettle();
    assert_int_equal(ntio_get_system_power(), NTIO_POWER_SLEEP1);
    rig_clear_log();
}

/* ---- IRQL ---- */

static void inrush_comes_at_dispatch_level(void **state)
{
    (void)state;
    power_rig.system_waits = true;
    power_c.pdo->Flags |= DO_POWER_INRUSH;
    power_d.pdo->Flags |= DO_POWER_PAGABLE | DO_POWER_INRUSH;
    assert_status(PnpSetSystemPower(PowerSystemSleeping3, TRUE, NULL, 0), STATUS_SUCCESS);
    rig_assert_log("func SET S3 c|pdo SET S3 c|func SET D3 c|pdo SET D3 c|"
                   "func SET S3 d|pdo SET S3 d|func SET D3 d|pdo SET D3 d|"
                   "bus SET S3 root|bus SET D3 root");
    assert_status(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), STATUS_SUCCESS);
    rig_assert_log("bus SET S0 root|bus SET D0 root|"
                   "func SET S0 c at dispatch|pdo SET S0 c at dispatch|"
                   "func SET D0 c at dispatch|pdo SET D0 c at dispatch|"
                   "func SET S0 d|pdo SET S0 d|func SET D0 d|pdo SET D0 d");
}

/* A hundred cycles, with requests of a driver in between: everything ends where it should. */
static void again_and_again(void **state)
{
    (void)state;
    rig_silent = true;
    for (int i = 0; i < 100; i++) {
        assert_status(ntio_set_system_power(NTIO_POWER_SLEEP1 + i % 4, NULL, 0), STATUS_SUCCESS);
        assert_int_equal(power_state_of(&power_c), PowerDeviceD3);
        assert_status(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), STATUS_SUCCESS);
        assert_int_equal(power_state_of(&power_c), PowerDeviceD0);
    }
    rig_silent = false;
    assert_true(IsListEmpty(&PopIrps));
    assert_int_equal(IopCountIrps(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, power_boot, power_shutdown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(down_children_first_and_up_parents_first),
        TEST(a_refusal_cancels),
        TEST(only_from_and_to_work),
        cmocka_unit_test_setup(shutdown_wakes_a_sleeping_system, power_boot),
        TEST(a_wait_wake_wakes_the_system),
        TEST(inrush_comes_at_dispatch_level),
        TEST(again_and_again),
    };

    return cmocka_run_group_tests_name("po system", tests, NULL, NULL);
}
