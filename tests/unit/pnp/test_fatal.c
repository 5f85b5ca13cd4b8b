/* SPDX-License-Identifier: MIT */
/* What Windows stops for, this stops for: bus drivers and callers that break the rules. */
#include "rig.h"
#include "tests/support/bugcheck.h"

/* In the child process, which is booted already: the rig's part alone. */
static rig_child child = {.name = "c",
                          .device_id = L"TBUS\\Thing",
                          .instance_id = L"1",
                          .hardware_ids = L"TBUS\\Thing\0",
                          .unique = true};

static void prepare(void)
{
    WCHAR path[128];

    rig_use();
    rig_make_bus(path);
}

static void two_devices_of_one_name(void *context)
{
    static rig_child twin;

    (void)context;
    prepare();
    twin = child;
    rig_plug(&child);
    rig_plug(&twin);
}

static void twins_in_the_parent_s_name_space(void *context)
{
    static rig_child twin;

    (void)context;
    prepare();
    child.unique = false;
    twin = child;
    rig_plug(&child);
    rig_plug(&twin);
}

static void device_id_with_a_comma(void *context)
{
    (void)context;
    prepare();
    child.device_id = L"TBUS\\Thi,ng";
    rig_plug(&child);
}

static void device_id_without_an_enumerator(void *context)
{
    (void)context;
    prepare();
    child.device_id = L"Thing";
    rig_plug(&child);
}

static void instance_id_with_a_backslash(void *context)
{
    (void)context;
    prepare();
    child.instance_id = L"1\\2";
    rig_plug(&child);
}

static void hardware_id_beyond_ascii(void *context)
{
    (void)context;
    prepare();
    child.hardware_ids = L"TBUS\\Th\x00ef\0";
    rig_plug(&child);
}

static void device_id_that_does_not_end(void *context)
{
    static WCHAR text[MAX_DEVICE_ID_LEN + 8];

    (void)context;
    prepare();
    for (int i = 0; i < MAX_DEVICE_ID_LEN + 7; i++)
        text[i] = i == 4 ? L'\\' : L'x';
    child.device_id = text;
    rig_plug(&child);
}

static void invalidating_what_is_no_pdo(void *context)
{
    (void)context;
    prepare();
    IoInvalidateDeviceRelations(rig_bus_pdo()->AttachedDevice, BusRelations);
}

static void ejecting_what_is_no_pdo(void *context)
{
    (void)context;
    prepare();
    IoRequestDeviceEject(rig_bus_pdo()->AttachedDevice);
}

static void deleted_pdo_is_reported(void *context)
{
    (void)context;
    prepare();
    rig_plug(&child);
    ObReferenceObject(child.pdo);
    IoDeleteDevice(child.pdo);
    IoInvalidateDeviceRelations(rig_bus_pdo(), BusRelations);
    PnpSettle();
}

static void nothing_is_reported_as_a_device(void *context)
{
    (void)context;
    prepare();
    child.report_null = true;
    rig_plug(&child);
}

static NTSTATUS NTAPI forget_irql(PVOID notification, PVOID context)
{
    KIRQL old;

    (void)notification;
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    return STATUS_SUCCESS;
}

static void callback_that_leaves_the_irql_raised(void *context)
{
    PVOID entry;

    (void)context;
    prepare();
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    assert_status(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                                 (PVOID)&rig_class, rig_bus.driver, forget_irql,
                                                 NULL, &entry),
                  STATUS_SUCCESS);
    rig_plug(&child);
}

int main(void)
{
#define STOPS(parameter, f)                                                                        \
    {                                                                                              \
        .name = #f, .code = 0xca, .p1 = (parameter), .fn = (f)                                     \
    }
    static const struct bugcheck_case cases[] = {
        STOPS(1, two_devices_of_one_name),         STOPS(1, twins_in_the_parent_s_name_space),
        STOPS(3, device_id_with_a_comma),          STOPS(3, device_id_without_an_enumerator),
        STOPS(3, instance_id_with_a_backslash),    STOPS(3, hardware_id_beyond_ascii),
        STOPS(3, device_id_that_does_not_end),     STOPS(2, invalidating_what_is_no_pdo),
        STOPS(2, ejecting_what_is_no_pdo),         STOPS(4, deleted_pdo_is_reported),
        STOPS(8, nothing_is_reported_as_a_device), STOPS(0xa, callback_that_leaves_the_irql_raised),
    };
    return run_bugcheck_cases("unit-pnp-fatal", cases, RTL_NUMBER_OF(cases));
}
