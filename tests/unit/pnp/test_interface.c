/* SPDX-License-Identifier: MIT */
/* Interfaces, and who is told of them and of what becomes of a device. */
#include "rig.h"

static WCHAR bus_path[128];
static rig_child child;

#define CHILD     L"TBUS\\Thing\\1"
#define LINK      L"\\??\\TBUS#Thing#1#{6a1d2b30-5c4e-4f7a-9122-102030405060}"
#define ARRIVED   0xcb3a4004
#define REMOVED   0xcb3a4005
#define ASKED     0xcb3a4006
#define CANCELLED 0xcb3a4007
#define COMPLETE  0xcb3a4008

static int boot_with_bus(void **state)
{
    static const rig_child c = {.name = "c",
                                .device_id = L"TBUS\\Thing",
                                .instance_id = L"1",
                                .hardware_ids = L"TBUS\\Thing\0",
                                .unique = true};

    if (rig_boot(state) != 0)
        return -1;
    child = c;
    rig_make_bus(bus_path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_clear_log();
    return 0;
}

static void interface_is_found_and_opened_while_the_device_runs(void **state)
{
    WCHAR *list;
    HANDLE handle;

    (void)state;
    assert_status(PnpGetInterfaces(&rig_class, NULL, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
    rig_plug(&child);
    assert_status(PnpGetInterfaces(&rig_class, NULL, &list), STATUS_SUCCESS);
    assert_wide(list, LINK);
    assert_int_equal(list[NtCrt_wcslen(list) + 1], 0);
    assert_status(rig_open(list, &handle), STATUS_SUCCESS);
    ExFreePool(list);
    assert_int_equal(rig_func.creates, 1);
    ZwClose(handle);
    assert_int_equal(rig_func.closes, 1);
    assert_status(PnpGetInterfaces(&rig_class, L"tbus\\thing\\1", &list), STATUS_SUCCESS);
    assert_wide(list, LINK);
    ExFreePool(list);
    assert_status(PnpGetInterfaces(&rig_class, bus_path, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
    rig_unplug(&child);
    assert_status(PnpGetInterfaces(&rig_class, NULL, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
    assert_status(rig_open(LINK, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void interface_states_have_their_statuses(void **state)
{
    UNICODE_STRING link, unknown, reference, again;
    WCHAR *list;

    (void)state;
    rig_plug(&child);
    RtlInitUnicodeString(&link, LINK);
    RtlInitUnicodeString(&unknown, L"\\??\\nothing");
    assert_status(IoSetDeviceInterfaceState(&link, TRUE), STATUS_OBJECT_NAME_EXISTS);
    assert_status(IoSetDeviceInterfaceState(&link, FALSE), STATUS_SUCCESS);
    assert_status(IoSetDeviceInterfaceState(&link, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(IoSetDeviceInterfaceState(&unknown, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
    /* Known, but not in use. */
    assert_status(IoGetDeviceInterfaces(&rig_class, child.pdo, 0, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
    assert_status(
        IoGetDeviceInterfaces(&rig_class, child.pdo, DEVICE_INTERFACE_INCLUDE_NONACTIVE, &list),
        STATUS_SUCCESS);
    assert_wide(list, LINK);
    ExFreePool(list);
    assert_status(IoSetDeviceInterfaceState(&link, TRUE), STATUS_SUCCESS);
    assert_status(IoRegisterDeviceInterface(child.pdo, &rig_class, NULL, &again),
                  STATUS_OBJECT_NAME_EXISTS);
    assert_true(RtlEqualUnicodeString(&again, &link, TRUE));
    RtlFreeUnicodeString(&again);
    RtlInitUnicodeString(&reference, L"a\\b");
    assert_status(IoRegisterDeviceInterface(child.pdo, &rig_class, &reference, &again),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_status(IoRegisterDeviceInterface(child.pdo->AttachedDevice, &rig_class, NULL, &again),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_status(IoGetDeviceInterfaces(&rig_class, child.pdo->AttachedDevice, 0, &list),
                  STATUS_INVALID_DEVICE_REQUEST);
    rig_unplug(&child);
    /* The registration stays; without a device it can't be turned on. */
    assert_status(IoSetDeviceInterfaceState(&link, TRUE), STATUS_INVALID_DEVICE_REQUEST);
}

static void reference_string_reaches_the_driver(void **state)
{
    UNICODE_STRING reference, plain, alias;
    static const GUID other = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    HANDLE handle, key;
    WCHAR *list;

    (void)state;
    rig_func.reference = L"left";
    rig_plug(&child);
    assert_status(PnpGetInterfaces(&rig_class, NULL, &list), STATUS_SUCCESS);
    assert_wide(list, LINK L"\\left");
    assert_status(rig_open(list, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    ExFreePool(list);
    assert_wide(rig_func.opened, L"\\left");
    /* A second interface of the class on the device shares the link. */
    RtlInitUnicodeString(&reference, L"right");
    assert_status(IoRegisterDeviceInterface(child.pdo, &rig_class, &reference, &plain),
                  STATUS_SUCCESS);
    assert_status(IoSetDeviceInterfaceState(&plain, TRUE), STATUS_SUCCESS);
    assert_status(IoSetDeviceInterfaceState(&rig_func.link, FALSE), STATUS_SUCCESS);
    assert_status(rig_open(LINK L"\\right", &handle), STATUS_SUCCESS);
    assert_wide(rig_func.opened, L"\\right");
    ZwClose(handle);
    assert_status(IoGetDeviceInterfaceAlias(&plain, &other, &alias), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(IoRegisterDeviceInterface(child.pdo, &other, &reference, &alias), STATUS_SUCCESS);
    RtlFreeUnicodeString(&alias);
    assert_status(IoGetDeviceInterfaceAlias(&plain, &other, &alias), STATUS_SUCCESS);
    assert_wide(alias.Buffer, L"\\??\\TBUS#Thing#1#{00000001-0002-0003-0405-060708090a0b}\\right");
    RtlFreeUnicodeString(&alias);
    assert_status(IoOpenDeviceInterfaceRegistryKey(&plain, KEY_ALL_ACCESS, &key), STATUS_SUCCESS);
    ZwClose(key);
    assert_true(CmpKeyExists(
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses\\"
        L"{6a1d2b30-5c4e-4f7a-9122-102030405060}\\"
        L"##?#TBUS#Thing#1#{6a1d2b30-5c4e-4f7a-9122-102030405060}\\#right\\Device Parameters"));
    assert_status(IoSetDeviceInterfaceState(&plain, FALSE), STATUS_SUCCESS);
    assert_status(rig_open(LINK L"\\right", &handle), STATUS_OBJECT_PATH_NOT_FOUND);
    RtlFreeUnicodeString(&plain);
    RtlInitUnicodeString(&plain, L"\\??\\nothing");
    assert_status(IoOpenDeviceInterfaceRegistryKey(&plain, KEY_ALL_ACCESS, &key),
                  STATUS_OBJECT_NAME_NOT_FOUND);
}

static void interface_that_a_driver_forgets_is_turned_off(void **state)
{
    HANDLE handle;
    WCHAR *list;

    (void)state;
    rig_func.leaves_interface = true;
    rig_plug(&child);
    assert_status(PnpDisableDevice(CHILD), STATUS_SUCCESS);
    assert_status(PnpGetInterfaces(&rig_class, NULL, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
    assert_status(rig_open(LINK, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(PnpEnableDevice(CHILD), STATUS_SUCCESS);
    assert_status(rig_open(LINK, &handle), STATUS_SUCCESS);
    rig_unplug(&child);
    assert_status(PnpGetInterfaces(&rig_class, NULL, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
    ZwClose(handle);
}

static void device_without_a_name_has_no_interface(void **state)
{
    WCHAR *list;

    (void)state;
    child.no_name = true;
    rig_plug(&child);
    assert_int_equal(rig_state(CHILD), PnpStarted);
    assert_status(PnpGetInterfaces(&rig_class, NULL, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
}

static void nothing_is_opened_before_the_device_has_started(void **state)
{
    HANDLE handle;

    (void)state;
    rig_func.opens_at_start = true;
    rig_plug(&child);
    assert_status(rig_func.opened_at_start, STATUS_NO_SUCH_DEVICE);
    assert_int_equal(rig_func.creates, 0);
    assert_status(rig_open(LINK, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    assert_status(PnpRestartDevice(CHILD), STATUS_SUCCESS);
    assert_status(rig_func.opened_at_start, STATUS_NO_SUCH_DEVICE);
    assert_status(rig_open(LINK, &handle), STATUS_SUCCESS);
    ZwClose(handle);
}

/* ---- notifications ---- */

typedef struct listener {
    const char *name;
    PVOID entry;
    NTSTATUS answer;
    HANDLE close;      /* closed when asked to let go */
    bool unregister;   /* in the callback */
    PFILE_OBJECT file; /* expected */
    int heard;
} listener;

static NTSTATUS NTAPI hear(PVOID notification, PVOID context)
{
    PPLUGPLAY_NOTIFICATION_HEADER header = notification;
    listener *l = context;

    l->heard++;
    rig_log("%s %x", l->name, header->Event.Data1);
    if (header->Event.Data1 == ARRIVED || header->Event.Data1 == REMOVED) {
        PDEVICE_INTERFACE_CHANGE_NOTIFICATION change = notification;

        if (NtCrt__wcsicmp(change->SymbolicLinkName->Buffer, LINK) != 0 ||
            memcmp(&change->InterfaceClassGuid, &rig_class, sizeof(GUID)) != 0)
            rig_log("another");
    } else if (((PTARGET_DEVICE_REMOVAL_NOTIFICATION)notification)->FileObject != l->file) {
        rig_log("another");
    }
    if (header->Event.Data1 == ASKED && l->close != NULL) {
        ZwClose(l->close);
        l->close = NULL;
    }
    if (l->unregister) {
        (void)IoUnregisterPlugPlayNotificationEx(l->entry);
        l->entry = NULL;
    }
    return header->Event.Data1 == ASKED ? l->answer : STATUS_SUCCESS;
}

static NTSTATUS listen_to_class(listener *l, ULONG flags)
{
    return IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, flags,
                                          (PVOID)&rig_class, rig_bus.driver, hear, l, &l->entry);
}

static void interfaces_are_announced(void **state)
{
    listener first = {.name = "first"}, second = {.name = "second"}, once = {.name = "once"};

    (void)state;
    assert_status(listen_to_class(&first, 0), STATUS_SUCCESS);
    rig_plug(&child);
    rig_assert_log("func ADD c|func START c|pdo START c|first cb3a4004");
    assert_status(listen_to_class(&second, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES),
                  STATUS_SUCCESS);
    rig_assert_log("second cb3a4004");
    once.unregister = true;
    assert_status(listen_to_class(&once, 0), STATUS_SUCCESS);
    rig_unplug(&child);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c|func REMOVE c|pdo REMOVE c|func UNLOAD|"
                   "first cb3a4005|second cb3a4005|once cb3a4005");
    assert_null(once.entry);
    assert_status(IoUnregisterPlugPlayNotification(first.entry), STATUS_SUCCESS);
    rig_plug(&child);
    rig_assert_log("func ADD c|func START c|pdo START c|second cb3a4004");
    assert_status(IoUnregisterPlugPlayNotificationEx(second.entry), STATUS_SUCCESS);
    rig_unplug(&child);
    assert_int_equal(once.heard, 1);
    assert_int_equal(first.heard, 2);
}

static void listen_to_device(listener *l, PFILE_OBJECT file)
{
    l->file = file;
    assert_status(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file,
                                                 rig_bus.driver, hear, l, &l->entry),
                  STATUS_SUCCESS);
}

static void target_device_listener_lets_go_when_asked(void **state)
{
    listener l = {.name = "l"};
    HANDLE handle;
    PFILE_OBJECT file;

    (void)state;
    rig_plug(&child);
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    file = rig_file_of(handle);
    listen_to_device(&l, file);
    ObDereferenceObject(file);
    l.close = handle;
    rig_clear_log();
    assert_status(PnpDisableDevice(CHILD), STATUS_SUCCESS);
    rig_assert_log("l cb3a4006|func QUERY_REMOVE c|pdo QUERY_REMOVE c|l cb3a4008|func REMOVE c|"
                   "pdo REMOVE c|func UNLOAD");
    assert_status(IoUnregisterPlugPlayNotification(l.entry), STATUS_SUCCESS);
}

static void target_device_listener_may_refuse(void **state)
{
    listener l = {.name = "l", .answer = STATUS_UNSUCCESSFUL};
    HANDLE handle;
    PFILE_OBJECT file;

    (void)state;
    rig_plug(&child);
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    file = rig_file_of(handle);
    listen_to_device(&l, file);
    ObDereferenceObject(file);
    rig_clear_log();
    assert_status(PnpDisableDevice(CHILD), STATUS_UNSUCCESSFUL);
    rig_assert_log("l cb3a4006|func CANCEL_REMOVE c|pdo CANCEL_REMOVE c|l cb3a4007");
    /* It agrees, but its handle stays open. */
    l.answer = STATUS_SUCCESS;
    assert_status(PnpDisableDevice(CHILD), STATUS_SHARING_VIOLATION);
    rig_assert_log("l cb3a4006|func QUERY_REMOVE c|pdo QUERY_REMOVE c|func CANCEL_REMOVE c|"
                   "pdo CANCEL_REMOVE c|l cb3a4007");
    /* Pulled out: nobody asks. */
    rig_unplug(&child);
    rig_assert_log("func SURPRISE c|pdo SURPRISE c|l cb3a4008");
    ZwClose(handle);
    assert_status(IoUnregisterPlugPlayNotificationEx(l.entry), STATUS_SUCCESS);
    PnpSettle();
}

static VOID NTAPI reported(PVOID context)
{
    *(int *)context += 1;
}

static void custom_events_reach_the_listeners(void **state)
{
    TARGET_DEVICE_CUSTOM_NOTIFICATION custom = {
        .Version = 1, .Size = sizeof(custom), .Event = {0x55, 1, 1, {1}}, .NameBufferOffset = -1};
    listener l = {.name = "l"};
    HANDLE handle;
    PFILE_OBJECT file;
    int done = 0;

    (void)state;
    rig_plug(&child);
    assert_status(rig_open_device(child.pdo, &handle), STATUS_SUCCESS);
    file = rig_file_of(handle);
    listen_to_device(&l, file);
    ObDereferenceObject(file);
    rig_clear_log();
    assert_status(IoReportTargetDeviceChange(child.pdo, &custom), STATUS_SUCCESS);
    rig_assert_log("l 55");
    custom.FileObject = NULL;
    assert_status(IoReportTargetDeviceChangeAsynchronous(child.pdo, &custom, reported, &done),
                  STATUS_PENDING);
    PnpSettle();
    rig_assert_log("l 55");
    assert_int_equal(done, 1);
    custom.Event = (GUID){ASKED, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
    assert_status(IoReportTargetDeviceChange(child.pdo, &custom), STATUS_INVALID_DEVICE_REQUEST);
    assert_status(IoReportTargetDeviceChangeAsynchronous(child.pdo, &custom, NULL, NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_status(IoUnregisterPlugPlayNotificationEx(l.entry), STATUS_SUCCESS);
    ZwClose(handle);
}

static void registrations_are_checked(void **state)
{
    listener l = {.name = "l"};
    PVOID entry;

    (void)state;
    assert_status(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, NULL,
                                                 rig_bus.driver, hear, &l, &entry),
                  STATUS_INVALID_PARAMETER);
    assert_status(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, NULL,
                                                 rig_bus.driver, hear, &l, &entry),
                  STATUS_INVALID_PARAMETER);
    assert_status(IoRegisterPlugPlayNotification((IO_NOTIFICATION_EVENT_CATEGORY)77, 0, NULL,
                                                 rig_bus.driver, hear, &l, &entry),
                  STATUS_INVALID_PARAMETER);
    assert_status(IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, NULL,
                                                 rig_bus.driver, hear, &l, &entry),
                  STATUS_SUCCESS);
    assert_status(IoUnregisterPlugPlayNotification(entry), STATUS_SUCCESS);
    assert_status(IoUnregisterPlugPlayNotification(NULL), STATUS_INVALID_PARAMETER);
}

/* ---- what may not be waited for on the worker ---- */

static NTSTATUS NTAPI ask_inside(PVOID notification, PVOID context)
{
    NTSTATUS *status = context;

    (void)notification;
    status[0] = PnpRestartDevice(CHILD);
    status[1] = IoSynchronousInvalidateDeviceRelations(rig_bus_pdo(), BusRelations);
    PnpSettle(); /* returns */
    return STATUS_SUCCESS;
}

static void waiting_on_the_worker_is_refused(void **state)
{
    NTSTATUS status[2] = {STATUS_SUCCESS, STATUS_SUCCESS};
    PVOID entry;

    (void)state;
    assert_status(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                                 (PVOID)&rig_class, rig_bus.driver, ask_inside,
                                                 status, &entry),
                  STATUS_SUCCESS);
    rig_plug(&child);
    assert_status(status[0], STATUS_POSSIBLE_DEADLOCK);
    assert_status(status[1], STATUS_POSSIBLE_DEADLOCK);
    assert_status(IoUnregisterPlugPlayNotificationEx(entry), STATUS_SUCCESS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, boot_with_bus, rig_shutdown)
    const struct CMUnitTest tests[] = {
        TEST(interface_is_found_and_opened_while_the_device_runs),
        TEST(interface_states_have_their_statuses),
        TEST(reference_string_reaches_the_driver),
        TEST(interface_that_a_driver_forgets_is_turned_off),
        TEST(device_without_a_name_has_no_interface),
        TEST(nothing_is_opened_before_the_device_has_started),
        TEST(interfaces_are_announced),
        TEST(target_device_listener_lets_go_when_asked),
        TEST(target_device_listener_may_refuse),
        TEST(custom_events_reach_the_listeners),
        TEST(registrations_are_checked),
        TEST(waiting_on_the_worker_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
