/* SPDX-License-Identifier: MIT */
/* Devices come: names, drivers, order of requests, resources, properties. */
#include "rig.h"

#define ENUM  L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\"
#define CLASS L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"

static const GUID test_class = {
    0x4d36e965, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};
#define TEST_CLASS L"{4d36e965-e325-11ce-bfc1-08002be10318}"

/* Devices outlive the test's function: the shutdown takes them away. */
static rig_child things[8];
static int thing_count;

static rig_child *thing(const char *name, const WCHAR *instance)
{
    rig_child *child = &things[thing_count++ % 8];

    *child = (rig_child){.name = name,
                         .device_id = L"TBUS\\Thing",
                         .instance_id = instance,
                         .hardware_ids = L"TBUS\\ThingRev2\0TBUS\\Thing\0",
                         .compatible_ids = L"GenThing\0",
                         .description = L"A thing",
                         .unique = true};
    return child;
}

#define RIGFUNC L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\rigfunc"

/* Services\\NAME\\Enum says which devices a service drives. */
static void service_lists_its_devices(void **state)
{
    WCHAR path[128], second[128], *listed;
    ULONG count;

    (void)state;
    assert_status(CmpSetUlong(RIGFUNC, L"Type", 1), STATUS_SUCCESS);
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\A\0", L"rigfunc", path, 128), STATUS_SUCCESS);
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\A\0", L"rigfunc", second, 128),
                  STATUS_SUCCESS);
    assert_status(CmpQueryUlong(RIGFUNC L"\\Enum", L"Count", &count), STATUS_SUCCESS);
    assert_int_equal(count, 2);
    assert_status(CmpQueryString(RIGFUNC L"\\Enum", L"1", &listed), STATUS_SUCCESS);
    assert_wide(listed, L"Root\\RIG\\0001");
    ExFreePool(listed);
    assert_status(PnpRemoveDevice(path, FALSE), STATUS_SUCCESS);
    assert_status(CmpQueryUlong(RIGFUNC L"\\Enum", L"NextInstance", &count), STATUS_SUCCESS);
    assert_int_equal(count, 1);
    assert_status(CmpQueryString(RIGFUNC L"\\Enum", L"0", &listed), STATUS_SUCCESS);
    assert_wide(listed, L"Root\\RIG\\0001");
    ExFreePool(listed);
    assert_status(CmpQueryString(RIGFUNC L"\\Enum", L"1", &listed), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(PnpRemoveDevice(second, FALSE), STATUS_SUCCESS);
    assert_status(CmpQueryUlong(RIGFUNC L"\\Enum", L"Count", &count), STATUS_SUCCESS);
    assert_int_equal(count, 0);
    assert_status(CmpDeleteTree(RIGFUNC), STATUS_SUCCESS);
    rig_clear_log();
}

static void root_device_is_made_started_and_removed(void **state)
{
    WCHAR path[128], second[128], small[4];

    (void)state;
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\A\0", L"rigfunc", path, 128), STATUS_SUCCESS);
    assert_wide(path, L"Root\\RIG\\0000");
    rig_assert_log("func ADD root|func START root");
    assert_int_equal(rig_state(path), PnpStarted);
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\A\0", L"rigfunc", second, 128),
                  STATUS_SUCCESS);
    assert_wide(second, L"Root\\RIG\\0001");
    rig_assert_log("func ADD root|func START root");
    assert_status(PnpRemoveDevice(path, FALSE), STATUS_SUCCESS);
    rig_assert_log("func QUERY_REMOVE root|func REMOVE root");
    assert_null(PnpFindNode(path));
    assert_false(CmpKeyExists(ENUM L"Root\\RIG\\0000"));
    assert_status(PnpRemoveDevice(path, FALSE), STATUS_NO_SUCH_DEVICE);
    assert_status(PnpRemoveDevice(second, TRUE), STATUS_SUCCESS);
    rig_assert_log("func SURPRISE root|func REMOVE root|func UNLOAD");
    /* The number is free again. */
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\A\0", NULL, path, 128), STATUS_SUCCESS);
    assert_wide(path, L"Root\\RIG\\0000");
    assert_int_equal(rig_state(path), PnpNoDriver);
    assert_int_equal(rig_problem(path, NULL), CM_PROB_FAILED_INSTALL);
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\A\0", NULL, small, 4),
                  STATUS_BUFFER_TOO_SMALL);
    assert_status(PnpCreateRootDevice(L"A\\B", NULL, NULL, path, 128), STATUS_INVALID_PARAMETER);
    assert_status(PnpCreateRootDevice(L"", NULL, NULL, path, 128), STATUS_INVALID_PARAMETER);
}

static void requests_to_a_new_device_come_in_order(void **state)
{
    rig_child *child = thing("c", L"1");
    WCHAR path[256];

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_clear_log();
    rig_verbose = true;
    rig_plug(child);
    rig_verbose = false;
    rig_assert_log("bus RELATIONS root|pdo ID c|pdo CAPABILITIES c|pdo TEXT c|pdo TEXT c|pdo ID c|"
                   "pdo ID c|pdo ID c|pdo ID c|pdo RESOURCES c|pdo REQUIREMENTS c|pdo BUS c|"
                   "func ADD c|func FILTER c|pdo FILTER c|func START c|pdo START c|"
                   "func CAPABILITIES c|pdo CAPABILITIES c|func STATE c|pdo STATE c|"
                   "func RELATIONS c|pdo RELATIONS c");
    rig_path(child, path);
    assert_wide(path, L"TBUS\\Thing\\1");
    assert_int_equal(rig_state(path), PnpStarted);
    assert_int_equal(rig_func.got_count, 0);
    rig_unplug(child);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c|func REMOVE c|pdo REMOVE c|func UNLOAD");
}

static void hardware_ids_come_before_compatible_ones(void **state)
{
    rig_child *child = thing("c", L"1"), *second = thing("d", L"2");
    WCHAR path[256], *service;

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"GenThing", L"rigother", NULL), STATUS_SUCCESS);
    rig_plug(child);
    rig_path(child, path);
    assert_int_equal(rig_other.starts, 1);
    assert_status(PnpAddMatch(L"tbus\\thing", L"rigfunc", &test_class), STATUS_SUCCESS);
    rig_plug(second);
    assert_int_equal(rig_func.starts, 1);
    /* The match was written down; the first keeps its driver when it comes back. */
    assert_status(CmpQueryString(ENUM L"TBUS\\Thing\\2", L"Service", &service), STATUS_SUCCESS);
    assert_wide(service, L"rigfunc");
    ExFreePool(service);
    rig_unplug(child);
    rig_plug(child);
    assert_int_equal(rig_other.starts, 2);
    assert_int_equal(rig_func.starts, 1);
    assert_status(PnpAddMatch(L"", L"rigfunc", NULL), STATUS_INVALID_PARAMETER);
    assert_status(PnpAddMatch(L"x", L"", NULL), STATUS_INVALID_PARAMETER);
}

static void filters_stand_in_documented_order(void **state)
{
    rig_child *child = thing("c", L"1");
    WCHAR path[256];

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", &test_class), STATUS_SUCCESS);
    assert_status(CmpSetMultiString(ENUM L"TBUS\\Thing\\1", L"UpperFilters", L"rigupper\0"), 0);
    assert_status(CmpSetMultiString(CLASS TEST_CLASS, L"LowerFilters", L"riglower\0"), 0);
    assert_status(CmpSetMultiString(CLASS TEST_CLASS, L"UpperFilters", L"rigother\0"), 0);
    assert_status(CmpSetString(CLASS TEST_CLASS, L"Class", L"CDROM"), 0);
    rig_clear_log();
    rig_plug(child);
    rig_assert_log("lower ADD c|func ADD c|upper ADD c|other ADD c|other START c|upper START c|"
                   "func START c|lower START c|pdo START c");
    rig_path(child, path);
    /* A restart after the class filter is gone leaves it out. */
    assert_status(CmpDeleteValue(CLASS TEST_CLASS, L"LowerFilters"), 0);
    assert_status(PnpRestartDevice(path), STATUS_SUCCESS);
    rig_assert_log("other QUERY_REMOVE c|upper QUERY_REMOVE c|func QUERY_REMOVE c|"
                   "lower QUERY_REMOVE c|pdo QUERY_REMOVE c|other REMOVE c|upper REMOVE c|"
                   "func REMOVE c|lower REMOVE c|pdo REMOVE c|func ADD c|upper ADD c|other ADD c|"
                   "other START c|upper START c|func START c|pdo START c|lower UNLOAD");
}

static void filter_that_is_not_there_fails_the_device(void **state)
{
    rig_child *child = thing("c", L"1");
    WCHAR path[256];
    NTSTATUS status;

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    assert_status(CmpSetMultiString(ENUM L"TBUS\\Thing\\1", L"UpperFilters", L"nowhere\0"), 0);
    rig_plug(child);
    rig_path(child, path);
    assert_int_equal(rig_state(path), PnpFailed);
    assert_int_equal(rig_problem(path, &status), CM_PROB_DRIVER_SERVICE_KEY_INVALID);
    assert_status(status, STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(rig_func.adds, 0);
    assert_int_equal(rig_func.loads, rig_func.unloads);
}

static void failures_leave_the_device_with_its_problem(void **state)
{
    rig_child *child = thing("c", L"1");
    WCHAR path[256];
    NTSTATUS status;

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    assert_status(CmpSetMultiString(ENUM L"TBUS\\Thing\\1", L"LowerFilters", L"riglower\0"), 0);
    rig_func.add = STATUS_NO_MEMORY;
    rig_clear_log();
    rig_plug(child);
    rig_path(child, path);
    rig_assert_log("lower ADD c|func ADD c|lower REMOVE c|pdo REMOVE c|func UNLOAD|lower UNLOAD");
    assert_int_equal(rig_state(path), PnpFailed);
    assert_int_equal(rig_problem(path, &status), CM_PROB_FAILED_ADD);
    assert_status(status, STATUS_NO_MEMORY);

    rig_func.add = STATUS_SUCCESS;
    rig_func.start = STATUS_DEVICE_CONFIGURATION_ERROR;
    assert_status(PnpRestartDevice(path), STATUS_DEVICE_CONFIGURATION_ERROR);
    rig_assert_log("lower ADD c|func ADD c|func START c|lower START c|pdo START c|func REMOVE c|"
                   "lower REMOVE c|pdo REMOVE c|func UNLOAD|lower UNLOAD");
    assert_int_equal(rig_problem(path, &status), CM_PROB_FAILED_START);
    assert_status(status, STATUS_DEVICE_CONFIGURATION_ERROR);

    rig_func.start = STATUS_SUCCESS;
    rig_func.load = STATUS_UNSUCCESSFUL;
    assert_status(PnpRestartDevice(path), STATUS_UNSUCCESSFUL);
    assert_int_equal(rig_problem(path, NULL), CM_PROB_FAILED_DRIVER_ENTRY);
    rig_func.load = STATUS_SUCCESS;
    rig_clear_log();
    assert_status(PnpRestartDevice(path), STATUS_SUCCESS);
    rig_assert_log("lower ADD c|func ADD c|func START c|lower START c|pdo START c");
    assert_int_equal(rig_problem(path, NULL), 0);
    assert_int_equal(rig_state(path), PnpStarted);
    /* The bus deletes the PDO once the device is gone for good. */
    rig_func.start = STATUS_UNSUCCESSFUL;
    assert_status(PnpRestartDevice(path), STATUS_UNSUCCESSFUL);
    rig_clear_log();
    rig_unplug(child);
    rig_assert_log("pdo REMOVE c");
    assert_null(PnpFindNode(path));
    assert_false(child->listed);
}

static void device_waits_for_a_driver_or_runs_raw(void **state)
{
    rig_child *child = thing("c", L"1"), *raw = thing("r", L"2");
    WCHAR path[256];

    (void)state;
    raw->raw = true;
    rig_make_bus(path);
    rig_clear_log();
    rig_plug(child);
    rig_path(child, path);
    rig_assert_log("");
    assert_int_equal(rig_state(path), PnpNoDriver);
    assert_int_equal(rig_problem(path, NULL), CM_PROB_FAILED_INSTALL);
    assert_status(PnpRestartDevice(path), STATUS_SUCCESS);
    assert_int_equal(rig_state(path), PnpNoDriver);
    assert_status(PnpAddMatch(L"GenThing", L"rigfunc", NULL), STATUS_SUCCESS);
    assert_status(PnpRestartDevice(path), STATUS_SUCCESS);
    assert_int_equal(rig_state(path), PnpStarted);
    raw->compatible_ids = raw->hardware_ids = NULL;
    rig_clear_log();
    rig_plug(raw);
    rig_path(raw, path);
    rig_assert_log("pdo START r");
    assert_int_equal(rig_state(path), PnpStarted);
    rig_unplug(raw);
    rig_assert_log("pdo SURPRISE r|pdo REMOVE r");
}

static void instance_ids_of_one_bus_get_a_prefix(void **state)
{
    rig_child *child = thing("c", L"0"), *other = thing("d", L"1"), *none = thing("n", NULL);
    WCHAR bus[128], path[256], again[256], *prefix;

    (void)state;
    child->unique = other->unique = false;
    rig_make_bus(bus);
    rig_plug(child);
    rig_plug(other);
    rig_plug(none);
    rig_path(child, path);
    assert_status(CmpQueryString(ENUM L"Root\\RIG\\0000", L"ParentIdPrefix", &prefix), 0);
    assert_int_equal(NtCrt__wcsnicmp(path, L"TBUS\\Thing\\2&", 13), 0);
    assert_int_equal(NtCrt__wcsnicmp(path + 11, prefix, NtCrt_wcslen(prefix)), 0);
    assert_wide(path + 11 + NtCrt_wcslen(prefix), L"&0");
    rig_path(none, again);
    assert_wide(again + 11, prefix);
    ExFreePool(prefix);
    /* It is the same the next time. */
    rig_unplug(child);
    rig_plug(child);
    rig_path(child, again);
    assert_wide(again, path);
}

static void ids_are_mended_and_written_down(void **state)
{
    rig_child *child = thing("c", L"a b");
    WCHAR path[256], *text;
    ULONG number;

    (void)state;
    child->device_id = L"TBUS\\A thing";
    rig_make_bus(path);
    rig_plug(child);
    rig_path(child, path);
    assert_wide(path, L"TBUS\\A_thing\\a_b");
    assert_status(CmpQueryString(ENUM L"TBUS\\A_thing\\a_b", L"DeviceDesc", &text), 0);
    assert_wide(text, L"A thing");
    ExFreePool(text);
    assert_status(CmpQueryUlong(ENUM L"TBUS\\A_thing\\a_b", L"Capabilities", &number), 0);
    assert_int_equal(number, 0x2 | 0x4 | 0x10 | 0x80);
    assert_status(CmpQueryString(ENUM L"TBUS\\A_thing\\a_b", L"HardwareID", &text), 0);
    assert_wide(text, L"TBUS\\ThingRev2");
    assert_wide(text + 15, L"TBUS\\Thing");
    ExFreePool(text);
}

static void bus_reports_the_same_device_twice_in_one_answer(void **state)
{
    rig_child *child = thing("c", L"1");
    WCHAR path[256];

    (void)state;
    child->duplicate_report = true;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_plug(child);
    assert_int_equal(rig_func.starts, 1);
    IoInvalidateDeviceRelations(rig_bus_pdo(), BusRelations);
    PnpSettle();
    assert_int_equal(rig_func.starts, 1);
    rig_unplug(child);
    assert_int_equal(child->removes, 1);
}

static void devices_below_devices(void **state)
{
    WCHAR bus[128], path[256];
    rig_child *first = thing("c", L"1"), *second = thing("d", L"2"), *third = thing("e", L"3");

    (void)state;
    rig_make_bus(bus);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_plug_later(first);
    rig_plug_later(second);
    rig_plug_later(third);
    PnpSettle();
    assert_int_equal(rig_func.starts, 3);
    rig_clear_log();
    /* The bus goes: children first. */
    assert_status(PnpRemoveDevice(bus, FALSE), STATUS_SUCCESS);
    rig_assert_log("func QUERY_REMOVE c|pdo QUERY_REMOVE c|func QUERY_REMOVE d|pdo QUERY_REMOVE d|"
                   "func QUERY_REMOVE e|pdo QUERY_REMOVE e|bus QUERY_REMOVE root|"
                   "func REMOVE c|pdo REMOVE c|func REMOVE d|pdo REMOVE d|func REMOVE e|"
                   "pdo REMOVE e|bus REMOVE root|func UNLOAD|bus UNLOAD");
    assert_null(PnpFindNode(L"TBUS\\Thing\\1"));
    rig_make_bus(bus);
    rig_plug(first);
    rig_path(first, path);
    assert_int_equal(rig_state(path), PnpStarted);
    rig_clear_log();
    assert_status(PnpRemoveDevice(bus, TRUE), STATUS_SUCCESS);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c|bus SURPRISE root|func REMOVE c|pdo REMOVE c|"
                   "bus REMOVE root|func UNLOAD|bus UNLOAD");
}

/* ---- resources ---- */

typedef struct requirements {
    IO_RESOURCE_REQUIREMENTS_LIST list;
    IO_RESOURCE_DESCRIPTOR more[3];
} requirements;

static IO_RESOURCE_DESCRIPTOR *descriptor(requirements *r, ULONG index)
{
    /* By address: the array is declared with one element, as on Windows. */
    return (IO_RESOURCE_DESCRIPTOR *)((UCHAR *)r + offsetof(IO_RESOURCE_REQUIREMENTS_LIST,
                                                            List[0].Descriptors)) +
           index;
}

static void wants_interrupt(IO_RESOURCE_DESCRIPTOR *d, ULONG first, ULONG last, UCHAR share)
{
    d->Type = CmResourceTypeInterrupt;
    d->ShareDisposition = share;
    d->Flags = CM_RESOURCE_INTERRUPT_LATCHED;
    d->u.Interrupt.MinimumVector = first;
    d->u.Interrupt.MaximumVector = last;
}

static void wants_port(IO_RESOURCE_DESCRIPTOR *d, LONGLONG first, LONGLONG last, ULONG length)
{
    d->Type = CmResourceTypePort;
    d->ShareDisposition = CmResourceShareDeviceExclusive;
    d->Flags = CM_RESOURCE_PORT_IO;
    d->u.Port.Length = length;
    d->u.Port.Alignment = 8;
    d->u.Port.MinimumAddress.QuadPart = first;
    d->u.Port.MaximumAddress.QuadPart = last;
}

static void start_list(requirements *r, ULONG count)
{
    memset(r, 0, sizeof(*r));
    r->list.ListSize = sizeof(*r);
    r->list.InterfaceType = Isa;
    r->list.AlternativeLists = 1;
    r->list.List[0].Version = r->list.List[0].Revision = 1;
    r->list.List[0].Count = count;
}

static void resources_are_granted_without_conflict(void **state)
{
    requirements r, other;
    rig_child *child = thing("c", L"1"), *second = thing("d", L"2"), *third = thing("e", L"3");
    WCHAR path[256];
    NTSTATUS status;
    ULONG bytes;
    struct {
        CM_RESOURCE_LIST list;
        CM_PARTIAL_RESOURCE_DESCRIPTOR more[3];
    } resources;

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    start_list(&r, 2);
    wants_interrupt(descriptor(&r, 0), 5, 6, CmResourceShareDeviceExclusive);
    wants_port(descriptor(&r, 1), 0x301, 0x3ff, 8);
    child->requirements = second->requirements = third->requirements = &r.list;
    rig_plug(child);
    assert_int_equal(rig_func.got_count, 2);
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 5);
    assert_int_equal(rig_func.raw_level, 5);
    assert_in_range(rig_func.got[0].u.Interrupt.Level, DISPATCH_LEVEL + 1, 12);
    assert_int_equal(rig_func.got[1].u.Port.Start.QuadPart, 0x308);
    assert_int_equal(rig_func.got[1].u.Port.Length, 8);
    rig_path(child, path);
    assert_status(IoGetDeviceProperty(child->pdo, DevicePropertyAllocatedResources,
                                      sizeof(resources), &resources, &bytes),
                  STATUS_SUCCESS);
    assert_int_equal(resources.list.List[0].PartialResourceList.Count, 2);
    rig_plug(second);
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 6);
    assert_int_equal(rig_func.got[1].u.Port.Start.QuadPart, 0x310);
    rig_plug(third);
    rig_path(third, path);
    assert_int_equal(rig_state(path), PnpFailed);
    assert_int_equal(rig_problem(path, &status), CM_PROB_NORMAL_CONFLICT);
    assert_status(status, STATUS_CONFLICTING_ADDRESSES);
    /* What a device gives back others can have. */
    rig_unplug(child);
    assert_status(PnpRestartDevice(path), STATUS_SUCCESS);
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 5);
    /* The function driver knows better what it needs: an alternative that is still free. */
    start_list(&other, 2);
    wants_interrupt(descriptor(&other, 0), 6, 6, CmResourceShareDeviceExclusive);
    wants_interrupt(descriptor(&other, 1), 9, 9, CmResourceShareDeviceExclusive);
    descriptor(&other, 1)->Option = IO_RESOURCE_ALTERNATIVE;
    rig_func.filtered = &other.list;
    assert_status(PnpRestartDevice(path), STATUS_SUCCESS);
    assert_int_equal(rig_func.got_count, 1);
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 9);
}

static void shared_interrupts_are_shared(void **state)
{
    requirements r;
    rig_child *child = thing("c", L"1"), *second = thing("d", L"2");
    WCHAR path[256];

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    start_list(&r, 1);
    wants_interrupt(descriptor(&r, 0), 11, 11, CmResourceShareShared);
    child->requirements = second->requirements = &r.list;
    rig_plug(child);
    rig_plug(second);
    assert_int_equal(rig_func.starts, 2);
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 11);
}

static void device_is_stopped_to_get_other_resources(void **state)
{
    requirements r, more;
    rig_child *child = thing("c", L"1");
    WCHAR path[256];

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    start_list(&r, 1);
    wants_interrupt(descriptor(&r, 0), 5, 5, CmResourceShareDeviceExclusive);
    start_list(&more, 1);
    wants_interrupt(descriptor(&more, 0), 7, 7, CmResourceShareDeviceExclusive);
    child->requirements = &r.list;
    rig_plug(child);
    rig_path(child, path);
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 5);
    rig_clear_log();
    child->requirements = &more.list;
    rig_func.state = PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED;
    IoInvalidateDeviceState(child->pdo);
    PnpSettle();
    rig_assert_log("func QUERY_STOP c|pdo QUERY_STOP c|func STOP c|pdo STOP c|func START c|"
                   "pdo START c");
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 7);
    assert_int_equal(rig_state(path), PnpStarted);
    /* One that can't be stopped now keeps what it has. */
    rig_func.query_stop = STATUS_DEVICE_BUSY;
    child->requirements = &r.list;
    IoInvalidateDeviceState(child->pdo);
    PnpSettle();
    rig_assert_log("func QUERY_STOP c|func CANCEL_STOP c|pdo CANCEL_STOP c");
    assert_int_equal(rig_func.got[0].u.Interrupt.Vector, 7);
}

/* ---- properties and keys ---- */

static void properties_of_a_device(void **state)
{
    rig_child *child = thing("c", L"1");
    WCHAR path[256], text[128];
    ULONG length, number;

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", &test_class), STATUS_SUCCESS);
    rig_plug(child);
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyDeviceDescription, 0, NULL, &length),
        STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 8 * sizeof(WCHAR));
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyDeviceDescription, length, text, &length),
        STATUS_SUCCESS);
    assert_wide(text, L"A thing");
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyEnumeratorName, sizeof(text), text, &length),
        STATUS_SUCCESS);
    assert_wide(text, L"TBUS");
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyClassGuid, sizeof(text), text, &length),
        STATUS_SUCCESS);
    assert_wide(text, TEST_CLASS);
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyDriverKeyName, sizeof(text), text, &length),
        STATUS_SUCCESS);
    assert_wide(text, TEST_CLASS L"\\0000");
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyHardwareID, sizeof(text), text, &length),
        STATUS_SUCCESS);
    assert_wide(text, L"TBUS\\ThingRev2");
    assert_status(IoGetDeviceProperty(child->pdo, DevicePropertyPhysicalDeviceObjectName,
                                      sizeof(text), text, &length),
                  STATUS_SUCCESS);
    assert_int_equal(NtCrt__wcsnicmp(text, L"\\Device\\", 8), 0);
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyAddress, sizeof(number), &number, &length),
        STATUS_SUCCESS);
    assert_int_equal(number, 7);
    assert_status(IoGetDeviceProperty(child->pdo, DevicePropertyRemovalPolicy, sizeof(number),
                                      &number, &length),
                  STATUS_SUCCESS);
    assert_int_equal(number, RemovalPolicyExpectSurpriseRemoval);
    assert_status(
        IoGetDeviceProperty(child->pdo, DevicePropertyFriendlyName, sizeof(text), text, &length),
        STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(IoGetDeviceProperty(child->pdo, (DEVICE_REGISTRY_PROPERTY)0x7f, sizeof(text),
                                      text, &length),
                  STATUS_INVALID_PARAMETER_2);
    assert_status(IoGetDeviceProperty(child->pdo->AttachedDevice, DevicePropertyAddress,
                                      sizeof(number), &number, &length),
                  STATUS_INVALID_DEVICE_REQUEST);
    /* The root bus says what it is. */
    assert_status(IoGetDeviceProperty(rig_bus_pdo(), DevicePropertyLegacyBusType, sizeof(number),
                                      &number, &length),
                  STATUS_SUCCESS);
    assert_int_equal(number, PNPBus);
}

static void keyed_properties_are_kept(void **state)
{
    static const DEVPROPKEY key = {{0x11223344, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8}}, 5};
    WCHAR path[128];
    ULONG value = 77, size;
    DEVPROPTYPE type;
    PDEVICE_OBJECT pdo;

    (void)state;
    rig_make_bus(path);
    pdo = rig_bus_pdo();
    assert_status(IoGetDevicePropertyData(pdo, &key, 0, 0, sizeof(value), &value, &size, &type),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(IoSetDevicePropertyData(pdo, &key, 0, PLUGPLAY_PROPERTY_PERSISTENT,
                                          DEVPROP_TYPE_UINT32, sizeof(value), &value),
                  STATUS_SUCCESS);
    assert_status(IoGetDevicePropertyData(pdo, &key, 0, 0, 0, NULL, &size, &type),
                  STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, 4);
    value = 0;
    assert_status(IoGetDevicePropertyData(pdo, &key, 0, 0, sizeof(value), &value, &size, &type),
                  STATUS_SUCCESS);
    assert_int_equal(value, 77);
    assert_int_equal(type, DEVPROP_TYPE_UINT32);
    assert_status(IoSetDevicePropertyData(pdo, &key, 0, 0, DEVPROP_TYPE_EMPTY, 0, NULL),
                  STATUS_SUCCESS);
    assert_status(IoGetDevicePropertyData(pdo, &key, 0, 0, sizeof(value), &value, &size, &type),
                  STATUS_OBJECT_NAME_NOT_FOUND);
}

static void registry_keys_of_a_device(void **state)
{
    rig_child *child = thing("c", L"1");
    WCHAR path[256];
    HANDLE key;

    (void)state;
    rig_make_bus(path);
    rig_plug(child);
    assert_status(IoOpenDeviceRegistryKey(child->pdo, PLUGPLAY_REGKEY_DEVICE, KEY_ALL_ACCESS, &key),
                  STATUS_SUCCESS);
    ZwClose(key);
    assert_true(CmpKeyExists(ENUM L"TBUS\\Thing\\1\\Device Parameters"));
    /* No class, no software key. */
    assert_status(IoOpenDeviceRegistryKey(child->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_ALL_ACCESS, &key),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", &test_class), STATUS_SUCCESS);
    rig_path(child, path);
    assert_status(PnpRestartDevice(path), STATUS_SUCCESS);
    assert_status(IoOpenDeviceRegistryKey(child->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_ALL_ACCESS, &key),
                  STATUS_SUCCESS);
    ZwClose(key);
    assert_status(IoOpenDeviceRegistryKey(child->pdo,
                                          PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER,
                                          KEY_ALL_ACCESS, &key),
                  STATUS_INVALID_PARAMETER);
    assert_status(IoOpenDeviceRegistryKey(child->pdo->AttachedDevice, PLUGPLAY_REGKEY_DEVICE,
                                          KEY_ALL_ACCESS, &key),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_status(
        IoOpenDriverRegistryKey(rig_func.driver, DriverRegKeyParameters, KEY_ALL_ACCESS, 0, &key),
        STATUS_SUCCESS);
    ZwClose(key);
}

/* ---- what a driver finds by itself ---- */

static void detected_device_is_started_already(void **state)
{
    WCHAR path[128];
    PDEVICE_OBJECT pdo = NULL;
    PDEVICE_NODE node;

    (void)state;
    rig_make_bus(path);
    assert_status(IoReportDetectedDevice(rig_bus.driver, InterfaceTypeUndefined, (ULONG)-1,
                                         (ULONG)-1, NULL, NULL, FALSE, &pdo),
                  STATUS_SUCCESS);
    assert_non_null(pdo);
    assert_int_equal(rig_state(L"Root\\rigbus\\0000"), PnpStarted);
    node = PnpFindNode(L"Root\\rigbus\\0000");
    assert_ptr_equal(node->PhysicalDeviceObject, pdo);
    assert_wide(node->CompatibleIds, L"DETECTEDInternal\\rigbus");
    PnpDereferenceNode(node);
    assert_status(PnpRemoveDevice(L"Root\\rigbus\\0000", FALSE), STATUS_SUCCESS);
}

static void driver_reports_its_root_device_once(void **state)
{
    WCHAR path[128];

    (void)state;
    assert_status(PnpCreateRootDevice(L"RIG", NULL, L"rigfunc", path, 128), STATUS_SUCCESS);
    assert_status(IoReportRootDevice(rig_func.driver), STATUS_SUCCESS);
    assert_status(IoReportRootDevice(rig_func.driver), STATUS_SUCCESS);
    PnpSettle();
    assert_int_equal(rig_func.starts, 2);
    assert_int_equal(rig_state(L"Root\\rigfunc\\0000"), PnpStarted);
    assert_int_equal(rig_state(L"Root\\rigfunc\\0001"), PnpRemoved);
}

static void settle_waits_for_what_follows(void **state)
{
    WCHAR path[128];
    rig_child *child = thing("c", L"1");

    (void)state;
    rig_make_bus(path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_plug_later(child);
    PnpSettle();
    assert_int_equal(rig_func.starts, 1);
    assert_status(PnpEnumerateDevice(path), STATUS_SUCCESS);
    assert_status(PnpEnumerateDevice(L"No\\Such\\Device"), STATUS_NO_SUCH_DEVICE);
    assert_status(IoSynchronousInvalidateDeviceRelations(rig_bus_pdo(), BusRelations),
                  STATUS_SUCCESS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_boot, rig_shutdown)
    const struct CMUnitTest tests[] = {
        TEST(service_lists_its_devices),
        TEST(root_device_is_made_started_and_removed),
        TEST(requests_to_a_new_device_come_in_order),
        TEST(hardware_ids_come_before_compatible_ones),
        TEST(filters_stand_in_documented_order),
        TEST(filter_that_is_not_there_fails_the_device),
        TEST(failures_leave_the_device_with_its_problem),
        TEST(device_waits_for_a_driver_or_runs_raw),
        TEST(instance_ids_of_one_bus_get_a_prefix),
        TEST(ids_are_mended_and_written_down),
        TEST(bus_reports_the_same_device_twice_in_one_answer),
        TEST(devices_below_devices),
        TEST(resources_are_granted_without_conflict),
        TEST(shared_interrupts_are_shared),
        TEST(device_is_stopped_to_get_other_resources),
        TEST(properties_of_a_device),
        TEST(keyed_properties_are_kept),
        TEST(registry_keys_of_a_device),
        TEST(detected_device_is_started_already),
        TEST(driver_reports_its_root_device_once),
        TEST(settle_waits_for_what_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
