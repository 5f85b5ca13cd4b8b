/* SPDX-License-Identifier: MIT */
/* Devices go, or stay because somebody says so; drivers are exchanged. */
#include "rig.h"

#define ENUM L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\"

static WCHAR bus_path[128];
static rig_child child, second;

static int boot_with_child(void **state)
{
    rig_child c = {.name = "c",
                   .device_id = L"TBUS\\Thing",
                   .instance_id = L"1",
                   .hardware_ids = L"TBUS\\Thing\0",
                   .unique = true};

    if (rig_boot(state) != 0)
        return -1;
    child = second = c;
    second.name = "d";
    second.instance_id = L"2";
    rig_make_bus(bus_path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_plug(&child);
    rig_clear_log();
    return 0;
}

#define CHILD L"TBUS\\Thing\\1"

static void open_handle_vetoes_and_all_is_as_before(void **state)
{
    WCHAR veto[128];
    HANDLE handle, again;

    (void)state;
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", veto, 128), STATUS_SHARING_VIOLATION);
    assert_non_null(NtCrt_wcsstr(veto, L"\\Device\\"));
    assert_non_null(NtCrt_wcsstr(veto, L": 1 open handle"));
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func CANCEL_REMOVE c|"
                   "pdo CANCEL_REMOVE c|other UNLOAD");
    assert_int_equal(rig_state(CHILD), PnpStarted);
    assert_status(rig_open_device(child.pdo, &again), STATUS_SUCCESS);
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", veto, 128), STATUS_SHARING_VIOLATION);
    assert_non_null(NtCrt_wcsstr(veto, L": 2 open handles"));
    /* The whole subtree is asked: the bus can't go either. */
    assert_status(PnpRemoveDevice(bus_path, FALSE), STATUS_SHARING_VIOLATION);
    assert_status(PnpDisableDevice(bus_path), STATUS_SHARING_VIOLATION);
    assert_status(PnpRestartDevice(bus_path), STATUS_SHARING_VIOLATION);
    ZwClose(again);
    ZwClose(handle);
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", veto, 128), STATUS_SUCCESS);
    assert_int_equal(veto[0], 0);
    assert_int_equal(rig_other.starts, 1);
}

static void driver_vetoes_with_its_own_status(void **state)
{
    WCHAR veto[128];

    (void)state;
    rig_plug(&second);
    rig_clear_log();
    rig_func.query_remove = STATUS_DEVICE_BUSY;
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", veto, 128), STATUS_DEVICE_BUSY);
    assert_non_null(NtCrt_wcsstr(veto, CHILD));
    assert_non_null(NtCrt_wcsstr(veto, L"rigfunc"));
    rig_assert_log("func QUERY_REMOVE c|func CANCEL_REMOVE c|pdo CANCEL_REMOVE c|other UNLOAD");
    rig_func.query_remove = STATUS_SUCCESS;
    rig_bus.query_remove = STATUS_UNSUCCESSFUL;
    assert_status(PnpRemoveDevice(bus_path, FALSE), STATUS_UNSUCCESSFUL);
    /* Asked leaves first, told to go on in the reverse order. */
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func QUERY_REMOVE d|pdo QUERY_REMOVE d|"
                   "bus QUERY_REMOVE root|bus CANCEL_REMOVE root|func CANCEL_REMOVE d|"
                   "pdo CANCEL_REMOVE d|func CANCEL_REMOVE c|pdo CANCEL_REMOVE c");
    assert_int_equal(rig_state(CHILD), PnpStarted);
    assert_int_equal(rig_state(bus_path), PnpStarted);
}

static void device_that_must_stay_says_so(void **state)
{
    (void)state;
    rig_func.state = PNP_DEVICE_NOT_DISABLEABLE;
    IoInvalidateDeviceState(child.pdo);
    PnpSettle();
    assert_status(PnpDisableDevice(CHILD), STATUS_NOT_SUPPORTED);
    assert_status(PnpRemoveDevice(bus_path, FALSE), STATUS_NOT_SUPPORTED);
    rig_assert_log("");
    rig_func.state = PNP_DEVICE_DONT_DISPLAY_IN_UI;
    IoInvalidateDeviceState(child.pdo);
    PnpSettle();
    assert_status(PnpDisableDevice(CHILD), STATUS_SUCCESS);
}

static void surprise_removal_waits_for_the_last_close(void **state)
{
    HANDLE handle, other, late;
    WCHAR name[128];
    ULONG length;

    (void)state;
    assert_status(IoGetDeviceProperty(child.pdo, DevicePropertyPhysicalDeviceObjectName,
                                      sizeof(name), name, &length),
                  STATUS_SUCCESS);
    assert_status(rig_open(name, &handle), STATUS_SUCCESS);
    assert_status(rig_open(name, &other), STATUS_SUCCESS);
    rig_unplug(&child);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c");
    assert_int_equal(rig_state(CHILD), PnpSurpriseRemoved);
    assert_status(rig_open(name, &late), STATUS_DELETE_PENDING);
    assert_status(PnpRestartDevice(CHILD), STATUS_NO_SUCH_DEVICE);
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", NULL, 0), STATUS_NO_SUCH_DEVICE);
    ZwClose(handle);
    PnpSettle();
    rig_assert_log(""); /* one handle is left */
    assert_int_equal(rig_state(CHILD), PnpSurpriseRemoved);
    ZwClose(other);
    PnpSettle();
    rig_assert_log("func REMOVE c|pdo REMOVE c|func UNLOAD");
    assert_null(PnpFindNode(CHILD));
    assert_false(child.listed);
    assert_status(rig_open(name, &late), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void device_comes_back_while_its_predecessor_waits(void **state)
{
    static rig_child successor;
    PDEVICE_NODE node;
    HANDLE handle, link;

    (void)state;
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    successor = child;
    rig_unplug(&child);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c");
    successor.name = "c2";
    rig_plug(&successor);
    rig_assert_log("func ADD c2|func START c2|pdo START c2");
    node = PnpFindNode(CHILD);
    assert_ptr_equal(node->PhysicalDeviceObject, successor.pdo);
    assert_int_equal(node->State, PnpStarted);
    PnpDereferenceNode(node);
    /* The predecessor's drivers turn "their" interface off as they go: it is the successor's by
     * now. */
    ZwClose(handle);
    PnpSettle();
    rig_assert_log("func REMOVE c|pdo REMOVE c");
    assert_status(rig_open(L"\\??\\TBUS#Thing#1#{6a1d2b30-5c4e-4f7a-9122-102030405060}", &link),
                  STATUS_SUCCESS);
    ZwClose(link);
}

static void parent_waits_for_a_child_that_is_open(void **state)
{
    HANDLE handle;

    (void)state;
    rig_plug(&second);
    rig_clear_log();
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    assert_status(PnpRemoveDevice(bus_path, TRUE), STATUS_SUCCESS);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c|func SURPRISE d|pdo SURPRISE d|"
                   "bus SURPRISE root|func REMOVE d|pdo REMOVE d");
    assert_int_equal(rig_state(bus_path), PnpSurpriseRemoved);
    ZwClose(handle);
    PnpSettle();
    rig_assert_log("func REMOVE c|pdo REMOVE c|bus REMOVE root|func UNLOAD|bus UNLOAD");
    assert_null(PnpFindNode(bus_path));
    assert_false(CmpKeyExists(ENUM L"Root\\RIG\\0000"));
}

static void function_driver_is_swapped_and_swapped_back(void **state)
{
    WCHAR *service;

    (void)state;
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", NULL, 0), STATUS_SUCCESS);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|other ADD c|"
                   "other START c|pdo START c|func UNLOAD");
    assert_status(CmpQueryString(ENUM CHILD, L"Service", &service), STATUS_SUCCESS);
    assert_wide(service, L"rigother");
    ExFreePool(service);
    assert_int_equal(rig_func.unloads, 1);
    /* The best match is what the database says. */
    assert_status(PnpSetFunctionDriver(CHILD, NULL, NULL, 0), STATUS_SUCCESS);
    rig_assert_log("other QUERY_REMOVE c|pdo QUERY_REMOVE c|other REMOVE c|pdo REMOVE c|func ADD c|"
                   "func START c|pdo START c|other UNLOAD");
    assert_int_equal(rig_state(CHILD), PnpStarted);
    assert_status(PnpSetFunctionDriver(L"No\\Such\\1", L"rigother", NULL, 0),
                  STATUS_NO_SUCH_DEVICE);
    assert_status(PnpSetFunctionDriver(CHILD, L"", NULL, 0), STATUS_INVALID_PARAMETER);
    assert_status(PnpSetFunctionDriver(L"HTREE\\ROOT\\0", L"rigother", NULL, 0),
                  STATUS_INVALID_PARAMETER);
}

static void failing_new_driver_gives_way_to_the_old(void **state)
{
    WCHAR *service;

    (void)state;
    rig_other.start = STATUS_DEVICE_DATA_ERROR;
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", NULL, 0), STATUS_DEVICE_DATA_ERROR);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|other ADD c|"
                   "other START c|pdo START c|other REMOVE c|pdo REMOVE c|func ADD c|func START c|"
                   "pdo START c|other UNLOAD");
    assert_int_equal(rig_state(CHILD), PnpStarted);
    assert_int_equal(rig_problem(CHILD, NULL), 0);
    assert_status(CmpQueryString(ENUM CHILD, L"Service", &service), STATUS_SUCCESS);
    assert_wide(service, L"rigfunc");
    ExFreePool(service);
    rig_other.start = STATUS_SUCCESS;
    rig_other.add = STATUS_NO_MEMORY;
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", NULL, 0), STATUS_NO_MEMORY);
    assert_int_equal(rig_state(CHILD), PnpStarted);
    rig_clear_log();
    /* One that does not load touches nothing. */
    rig_other.load = STATUS_UNSUCCESSFUL;
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", NULL, 0), STATUS_UNSUCCESSFUL);
    assert_status(PnpSetFunctionDriver(CHILD, L"nowhere", NULL, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    rig_assert_log("");
}

static void best_match_needs_one(void **state)
{
    rig_child odd = {.name = "o", .device_id = L"TBUS\\Odd", .instance_id = L"1", .unique = true};

    (void)state;
    rig_plug(&odd);
    assert_int_equal(rig_state(L"TBUS\\Odd\\1"), PnpNoDriver);
    assert_status(PnpSetFunctionDriver(L"TBUS\\Odd\\1", NULL, NULL, 0), STATUS_NOT_FOUND);
    assert_status(PnpSetFunctionDriver(L"TBUS\\Odd\\1", L"rigother", NULL, 0), STATUS_SUCCESS);
    assert_int_equal(rig_state(L"TBUS\\Odd\\1"), PnpStarted);
    assert_status(PnpSetFunctionDriver(L"TBUS\\Odd\\1", NULL, NULL, 0), STATUS_NOT_FOUND);
    assert_int_equal(rig_state(L"TBUS\\Odd\\1"), PnpStarted);
    rig_unplug(&odd);
}

static void disabled_device_stays_so(void **state)
{
    (void)state;
    assert_status(PnpDisableDevice(CHILD), STATUS_SUCCESS);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|func UNLOAD");
    assert_int_equal(rig_problem(CHILD, NULL), CM_PROB_DISABLED);
    assert_int_equal(rig_state(CHILD), PnpInitialized);
    assert_status(PnpRestartDevice(CHILD), STATUS_SUCCESS);
    rig_unplug(&child);
    rig_plug(&child);
    assert_int_equal(rig_problem(CHILD, NULL), CM_PROB_DISABLED);
    rig_clear_log();
    assert_status(PnpEnableDevice(CHILD), STATUS_SUCCESS);
    rig_assert_log("func ADD c|func START c|pdo START c");
    assert_status(PnpEnableDevice(CHILD), STATUS_SUCCESS);
    rig_assert_log("");
    assert_int_equal(rig_state(CHILD), PnpStarted);
    assert_status(PnpEnableDevice(L"No\\Such\\1"), STATUS_NO_SUCH_DEVICE);
}

static void removed_child_returns_with_the_next_enumeration(void **state)
{
    HANDLE handle;

    (void)state;
    assert_status(PnpRemoveDevice(CHILD, FALSE), STATUS_SUCCESS);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|func UNLOAD");
    assert_null(PnpFindNode(CHILD));
    assert_status(PnpEnumerateDevice(bus_path), STATUS_SUCCESS);
    assert_int_equal(rig_state(CHILD), PnpStarted);
    rig_clear_log();
    assert_status(PnpRemoveDevice(CHILD, TRUE), STATUS_SUCCESS);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c|func REMOVE c|pdo REMOVE c|func UNLOAD");
    assert_status(PnpEnumerateDevice(bus_path), STATUS_SUCCESS);
    assert_int_equal(rig_state(CHILD), PnpStarted);
    /* Reported again while the removal waits: it returns when the handle is closed. */
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    assert_status(PnpRemoveDevice(CHILD, TRUE), STATUS_SUCCESS);
    assert_status(PnpEnumerateDevice(bus_path), STATUS_SUCCESS);
    assert_int_equal(rig_state(CHILD), PnpSurpriseRemoved);
    ZwClose(handle);
    PnpSettle();
    assert_int_equal(rig_state(CHILD), PnpStarted);
}

static void driver_that_declares_its_device_dead(void **state)
{
    HANDLE handle;
    NTSTATUS status;

    (void)state;
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    rig_func.state = PNP_DEVICE_FAILED;
    IoInvalidateDeviceState(child.pdo);
    PnpSettle();
    rig_assert_log("func SURPRISE c|pdo SURPRISE c");
    assert_int_equal(rig_state(CHILD), PnpSurpriseRemoved);
    ZwClose(handle);
    PnpSettle();
    rig_assert_log("func REMOVE c|pdo REMOVE c|func UNLOAD");
    assert_int_equal(rig_state(CHILD), PnpFailed);
    assert_int_equal(rig_problem(CHILD, &status), CM_PROB_FAILED_POST_START);
    rig_func.state = 0;
    assert_status(PnpRestartDevice(CHILD), STATUS_SUCCESS);
    assert_int_equal(rig_state(CHILD), PnpStarted);
    rig_func.state = PNP_DEVICE_REMOVED;
    IoInvalidateDeviceState(child.pdo);
    PnpSettle();
    assert_int_equal(rig_problem(CHILD, NULL), CM_PROB_DEVICE_NOT_THERE);
}

static void removal_relations_go_along(void **state)
{
    WCHAR path[128];
    HANDLE handle;

    (void)state;
    rig_plug(&second);
    rig_bus.removal_relation = NULL;
    assert_status(PnpSetFunctionDriver(CHILD, L"rigother", NULL, 0), STATUS_SUCCESS);
    rig_other.removal_relation = second.pdo;
    rig_clear_log();
    assert_status(rig_open_device(second.pdo, &handle), STATUS_SUCCESS);
    assert_status(PnpRestartDevice(CHILD), STATUS_SHARING_VIOLATION);
    ZwClose(handle);
    rig_assert_log("other QUERY_REMOVE c|pdo QUERY_REMOVE c|func QUERY_REMOVE d|"
                   "pdo QUERY_REMOVE d|func CANCEL_REMOVE d|pdo CANCEL_REMOVE d|"
                   "other CANCEL_REMOVE c|pdo CANCEL_REMOVE c");
    assert_status(PnpRestartDevice(CHILD), STATUS_SUCCESS);
    PnpSettle();
    assert_int_equal(rig_state(L"TBUS\\Thing\\2"), PnpStarted);
    assert_int_equal(rig_func.removes, 2);
    /* A root-enumerated device that goes along comes back as what it was. */
    assert_status(PnpCreateRootDevice(L"REL", NULL, L"rigfunc", path, 128), STATUS_SUCCESS);
    rig_other.removal_relation = rig_pdo_of(path);
    assert_status(PnpRestartDevice(CHILD), STATUS_SUCCESS);
    PnpSettle();
    assert_int_equal(rig_state(path), PnpStarted);
    assert_int_equal(rig_func.removes, 3);
    rig_other.removal_relation = NULL;
}

static void ejected_device_leaves(void **state)
{
    HANDLE handle;

    (void)state;
    child.ejected = true;
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    IoRequestDeviceEject(child.pdo);
    PnpSettle();
    assert_int_equal(rig_state(CHILD), PnpStarted);
    ZwClose(handle);
    rig_clear_log();
    IoRequestDeviceEject(child.pdo);
    PnpSettle();
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func REMOVE c|pdo REMOVE c|pdo EJECT c|"
                   "pdo REMOVE c|func UNLOAD");
    assert_null(PnpFindNode(CHILD));
}

static VOID NTAPI eject_done(NTSTATUS status, PVOID context)
{
    *(NTSTATUS *)context = status;
}

static void eject_that_fails_is_told(void **state)
{
    NTSTATUS status = STATUS_PENDING;

    (void)state;
    assert_status(IoRequestDeviceEjectEx(child.pdo, eject_done, &status, rig_func.driver),
                  STATUS_SUCCESS);
    PnpSettle();
    assert_status(status, STATUS_DEVICE_BUSY);
    assert_int_equal(rig_problem(CHILD, NULL), CM_PROB_HELD_FOR_EJECT);
}

static void handles_open_at_the_shutdown_are_no_obstacle(void **state)
{
    HANDLE handle;

    (void)state;
    /* The handle is System's: nobody closes it before the devices are removed. */
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    rig_clear_log();
    assert_int_not_equal(ntio_shutdown(), 0);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func CANCEL_REMOVE c|"
                   "pdo CANCEL_REMOVE c|func SURPRISE c|pdo SURPRISE c|bus SURPRISE root");
}

static int no_teardown(void **state)
{
    (void)state;
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, boot_with_child, rig_shutdown)
    const struct CMUnitTest tests[] = {
        TEST(open_handle_vetoes_and_all_is_as_before),
        TEST(driver_vetoes_with_its_own_status),
        TEST(device_that_must_stay_says_so),
        TEST(surprise_removal_waits_for_the_last_close),
        TEST(device_comes_back_while_its_predecessor_waits),
        TEST(parent_waits_for_a_child_that_is_open),
        TEST(function_driver_is_swapped_and_swapped_back),
        TEST(failing_new_driver_gives_way_to_the_old),
        TEST(best_match_needs_one),
        TEST(disabled_device_stays_so),
        TEST(removed_child_returns_with_the_next_enumeration),
        TEST(driver_that_declares_its_device_dead),
        TEST(removal_relations_go_along),
        TEST(ejected_device_leaves),
        TEST(eject_that_fails_is_told),
        cmocka_unit_test_setup_teardown(handles_open_at_the_shutdown_are_no_obstacle,
                                        boot_with_child, no_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
