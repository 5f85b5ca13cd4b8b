/* SPDX-License-Identifier: MIT */
/* Device power IRPs that drivers ask for: one at a time, at the right IRQL, none lost; idle
 * devices. */
#include "powerrig.h"
#include "tests/support/host.h"

#include <pthread.h>

static _Atomic int ended;
static _Atomic int last_state;
static _Atomic NTSTATUS last_status;
static VOID NTAPI done(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                       PIO_STATUS_BLOCK io)
{
    (void)device;
    (void)context;
    (void)minor;
    last_state = state.DeviceState;
    last_status = io->Status;
    ended++;
}

static NTSTATUS set(rig_child *child, DEVICE_POWER_STATE device_state)
{
    POWER_STATE power = {.DeviceState = device_state};

    return PoRequestPowerIrp(child->pdo, IRP_MN_SET_POWER, power, done, NULL, NULL);
}

static void one_at_a_time_in_a_stack(void **state)
{
    (void)state;
    ended = 0;
    power_rig.keeps = "c";
    assert_status(set(&power_c, PowerDeviceD1), STATUS_PENDING);
    assert_non_null(power_rig.kept);
    assert_status(set(&power_c, PowerDeviceD2), STATUS_PENDING);
    assert_status(set(&power_c, PowerDeviceD0), STATUS_PENDING);
    assert_int_equal(ended, 0);
    rig_assert_log("func SET D1 c");
    /* Another device does not wait for it. */
    assert_status(set(&power_d, PowerDeviceD2), STATUS_PENDING);
    assert_int_equal(ended, 1);
    rig_assert_log("func SET D2 d|pdo SET D2 d");
    power_release(STATUS_SUCCESS);
    assert_int_equal(ended, 4);
    assert_int_equal(last_state, PowerDeviceD0);
    rig_assert_log("pdo SET D1 c|func SET D2 c|pdo SET D2 c|func SET D0 c|pdo SET D0 c");
    assert_int_equal(power_state_of(&power_c), PowerDeviceD0);
}

static void one_inrush_device_at_a_time(void **state)
{
    (void)state;
    ended = 0;
    power_c.pdo->Flags |= DO_POWER_INRUSH;
    power_d.pdo->Flags |= DO_POWER_INRUSH;
    power_rig.keeps = "c";
    assert_status(set(&power_c, PowerDeviceD0), STATUS_PENDING);
    assert_status(set(&power_d, PowerDeviceD0), STATUS_PENDING);
    rig_assert_log("func SET D0 c");
    /* To power down takes no current. */
    power_release(STATUS_SUCCESS);
    rig_assert_log("pdo SET D0 c|func SET D0 d|pdo SET D0 d");
    assert_int_equal(ended, 2);
}

static bool has_ended(void *context)
{
    return ended == *(int *)context;
}

static void pagable_devices_are_called_at_passive_level(void **state)
{
    KIRQL irql;
    int one = 1;

    (void)state;
    ended = 0;
    power_rig.system_waits = true; /* the log tells IRQLs */
    IoGetAttachedDevice(power_c.pdo)->Flags |= DO_POWER_PAGABLE;
    power_c.pdo->Flags |= DO_POWER_PAGABLE;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_status(set(&power_c, PowerDeviceD3), STATUS_PENDING);
    KeLowerIrql(irql);
    assert_true(wait_until(has_ended, &one, 10000));
    rig_assert_log("func SET D3 c|pdo SET D3 c");
    /* The others where the request was made. */
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_status(set(&power_d, PowerDeviceD3), STATUS_PENDING);
    KeLowerIrql(irql);
    assert_int_equal(ended, 2);
    rig_assert_log("func SET D3 d at dispatch|pdo SET D3 d at dispatch");
}

static void failures(void **state)
{
    POWER_STATE power = {.DeviceState = PowerDeviceD3};

    (void)state;
    assert_status(PoRequestPowerIrp(power_c.pdo, IRP_MN_POWER_SEQUENCE, power, done, NULL, NULL),
                  STATUS_INVALID_PARAMETER_2);
    ended = 0;
    power_rig.refuses = "c";
    power_rig.refuse_status = STATUS_DEVICE_BUSY;
    assert_status(PoRequestPowerIrp(power_c.pdo, IRP_MN_QUERY_POWER, power, done, NULL, NULL),
                  STATUS_PENDING);
    assert_int_equal(ended, 1);
    assert_status(last_status, STATUS_DEVICE_BUSY);
    for (ULONGLONG n = 1; n <= 2; n++) { /* the entry, the IRP */
        ExpFailAllocationNumber = n;
        NTSTATUS status = PoRequestPowerIrp(power_c.pdo, IRP_MN_SET_POWER, power, done, NULL, NULL);
        bool failed = ExpFailAllocationNumber == 0;

        ExpFailAllocationNumber = 0;
        assert_status(status, failed ? STATUS_INSUFFICIENT_RESOURCES : STATUS_PENDING);
    }
    assert_true(IsListEmpty(&PopIrps));
}

/* ---- dropped ---- */

static int dropped;
static char dropped_text[200];
static void note(const char *kind, const char *sentence, PVOID context)
{
    (void)context;
    if (strcmp(kind, "power IRP dropped") != 0)
        return;
    dropped++;
    snprintf(dropped_text, sizeof(dropped_text), "%s", sentence);
}

static void a_dropped_irp_is_accounted_for(void **state)
{
    (void)state;
    dropped = 0;
    power_rig.drops = "c";
    assert_status(set(&power_c, PowerDeviceD3), STATUS_PENDING);
    assert_status(set(&power_d, PowerDeviceD3), STATUS_PENDING);
    VfAccount(note, NULL);
    assert_int_equal(dropped, 1);
    assert_string_equal(dropped_text,
                        "SET_POWER D3 was completed by \\Driver\\rigfunc and never came to the bus "
                        "driver");
    power_rig.drops = NULL;
    PopForgetDropped();
}

/* ---- idleness ---- */

static bool is_asleep(void *context)
{
    return power_state_of(context) == PowerDeviceD3;
}

static void idle_devices_go_to_sleep(void **state)
{
    PDEVICE_OBJECT device = IoGetAttachedDevice(power_c.pdo),
                   other = IoGetAttachedDevice(power_d.pdo);
    PULONG counter, busy;

    (void)state;
    ended = 0;
    assert_status(set(&power_c, PowerDeviceD0), STATUS_PENDING);
    assert_status(set(&power_d, PowerDeviceD0), STATUS_PENDING);
    assert_null(PoRegisterDeviceForIdleDetection(device, (ULONG)-1, (ULONG)-1, PowerDeviceD3));
    counter = PoRegisterDeviceForIdleDetection(device, 1, 1, PowerDeviceD3);
    busy = PoRegisterDeviceForIdleDetection(other, 1, 1, PowerDeviceD3);
    assert_non_null(counter);
    assert_non_null(busy);
    assert_ptr_equal(PoRegisterDeviceForIdleDetection(device, 1, 1, PowerDeviceD3), counter);
    PoStartDeviceBusy(busy);
    assert_true(wait_until(is_asleep, &power_c, 10000));
    assert_int_equal(power_state_of(&power_d), PowerDeviceD0);
    /* Powered up again by its driver, it is watched on. */
    PoSetDeviceBusyEx(counter); /* PoSetDeviceBusy, for a .sys */
    assert_status(set(&power_c, PowerDeviceD0), STATUS_PENDING);
    PoEndDeviceBusy(busy);
    assert_true(wait_until(is_asleep, &power_d, 10000));
    assert_true(wait_until(is_asleep, &power_c, 10000));
    assert_null(PoRegisterDeviceForIdleDetection(device, 0, 0, PowerDeviceD3));
    /* The other's goes with its device: the shutdown finds no timer left. */
    rig_clear_log();
}

/* ---- races ---- */

static void *requester(void *context)
{
    rig_child *child = context;

    for (int i = 0; i < 2000; i++) {
        if (set(child, i % 2 ? PowerDeviceD0 : PowerDeviceD3) != STATUS_PENDING)
            return (void *)1;
    }
    return NULL;
}

static void many_requests_at_once(void **state)
{
    pthread_t threads[4];
    void *failed;
    int all = 8000;

    (void)state;
    ended = 0;
    rig_silent = true;
    power_c.pdo->Flags |= DO_POWER_INRUSH;
    power_d.pdo->Flags |= DO_POWER_INRUSH;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, requester, i % 2 ? &power_c : &power_d),
                         0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_true(wait_until(has_ended, &all, 60000));
    rig_silent = false;
    assert_true(IsListEmpty(&PopIrps));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, power_boot, power_shutdown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_at_a_time_in_a_stack),
        TEST(one_inrush_device_at_a_time),
        TEST(pagable_devices_are_called_at_passive_level),
        TEST(failures),
        TEST(a_dropped_irp_is_accounted_for),
        TEST(idle_devices_go_to_sleep),
        TEST(many_requests_at_once),
    };

    return cmocka_run_group_tests_name("po requests", tests, NULL, NULL);
}
