/* SPDX-License-Identifier: MIT */
/* A working device makes room for one that comes: paused, moved, or not because it refuses. */
#include "rig.h"

/* Two interrupt lines to choose from. */
typedef union choice {
    IO_RESOURCE_REQUIREMENTS_LIST list;
    UCHAR room[sizeof(IO_RESOURCE_REQUIREMENTS_LIST) + 2 * sizeof(IO_RESOURCE_DESCRIPTOR)];
} choice;

static void choose(choice *c, ULONG first, ULONG second)
{
    IO_RESOURCE_DESCRIPTOR *descriptor = c->list.List[0].Descriptors;
    ULONG count = second != 0 ? 2 : 1;

    memset(c, 0, sizeof(*c));
    c->list.ListSize = sizeof(*c);
    c->list.AlternativeLists = 1;
    c->list.List[0].Version = c->list.List[0].Revision = 1;
    c->list.List[0].Count = count;
    for (ULONG i = 0; i < count; i++) {
        descriptor[i].Option = i != 0 ? IO_RESOURCE_ALTERNATIVE : 0;
        descriptor[i].Type = CmResourceTypeInterrupt;
        descriptor[i].ShareDisposition = CmResourceShareDeviceExclusive;
        descriptor[i].u.Interrupt.MinimumVector = i != 0 ? second : first;
        descriptor[i].u.Interrupt.MaximumVector = i != 0 ? second : first;
    }
}

static rig_child things[4];

static rig_child *thing(int which, const char *name, const WCHAR *id, choice *wants)
{
    things[which] = (rig_child){.name = name,
                                .device_id = L"TBUS\\Thing",
                                .instance_id = id,
                                .hardware_ids = L"TBUS\\Thing\0",
                                .unique = true,
                                .requirements = &wants->list};
    return &things[which];
}

static ULONG vector_of(rig_child *child)
{
    union {
        CM_RESOURCE_LIST list;
        UCHAR room[256];
    } resources;
    ULONG bytes;

    assert_status(IoGetDeviceProperty(child->pdo, DevicePropertyAllocatedResources,
                                      sizeof(resources), &resources, &bytes),
                  STATUS_SUCCESS);
    return resources.list.List[0].PartialResourceList.PartialDescriptors[0].u.Interrupt.Vector;
}

static void a_device_makes_room(void **state)
{
    static choice either, only;
    rig_child *a = thing(0, "a", L"1", &either), *b = thing(1, "b", L"2", &only);
    WCHAR path[256];

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    choose(&either, 5, 7);
    choose(&only, 5, 0);
    rig_plug(a);
    assert_int_equal(vector_of(a), 5);
    rig_clear_log();
    rig_plug(b);
    rig_assert_log("func ADD b|func QUERY_STOP a|pdo QUERY_STOP a|func STOP a|pdo STOP a|"
                   "func START a|pdo START a|func START b|pdo START b");
    assert_int_equal(vector_of(a), 7);
    assert_int_equal(vector_of(b), 5);
    rig_path(a, path);
    assert_int_equal(rig_state(path), PnpStarted);
}

static void a_device_that_refuses_stays(void **state)
{
    static choice either, only;
    rig_child *a = thing(0, "a", L"1", &either), *b = thing(1, "b", L"2", &only);
    NTSTATUS status;
    WCHAR path[256];

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    choose(&either, 5, 7);
    choose(&only, 5, 0);
    rig_plug(a);
    rig_func.query_stop = STATUS_DEVICE_BUSY;
    rig_clear_log();
    rig_plug(b);
    rig_assert_log("func ADD b|func QUERY_STOP a|func CANCEL_STOP a|pdo CANCEL_STOP a|"
                   "func REMOVE b|pdo REMOVE b");
    assert_int_equal(vector_of(a), 5);
    rig_path(b, path);
    assert_int_equal(rig_problem(path, &status), CM_PROB_NORMAL_CONFLICT);
    assert_status(status, STATUS_CONFLICTING_ADDRESSES);
}

/* Nobody is stopped for nothing: neither one that can't move, nor where moving does not help. */
static void nobody_is_paused_in_vain(void **state)
{
    static choice only, other, taken;
    rig_child *a = thing(0, "a", L"1", &only), *b = thing(1, "b", L"2", &other),
              *c = thing(2, "c", L"3", &taken);
    WCHAR path[256];

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    choose(&only, 5, 0);
    choose(&other, 6, 5); /* its alternative is a's */
    choose(&taken, 6, 0);
    rig_plug(a);
    rig_plug(b);
    assert_int_equal(vector_of(b), 6);
    rig_clear_log();
    rig_plug(c);
    rig_assert_log("func ADD c|func REMOVE c|pdo REMOVE c");
    rig_path(c, path);
    assert_int_equal(rig_problem(path, NULL), CM_PROB_NORMAL_CONFLICT);
    assert_int_equal(vector_of(a), 5);
    assert_int_equal(vector_of(b), 6);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_boot, rig_shutdown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_makes_room),
        TEST(a_device_that_refuses_stays),
        TEST(nobody_is_paused_in_vain),
    };

    return cmocka_run_group_tests_name("pnp rebalance", tests, NULL, NULL);
}
