/* SPDX-License-Identifier: MIT */
/* CM_Register_Notification: interfaces, instances, and the device behind a handle, which asks
 * before it goes. */
#include "setupdirig.h"
#include "tests/support/host.h"

#include <pthread.h>

static rig_child thing;

/* What was heard, in order, and by whom. */
typedef struct heard {
    pthread_mutex_t lock;
    char text[1024];
    HCMNOTIFICATION notify;
    HANDLE file;       /* closed when the device asks */
    bool refuses;      /* query-remove */
    bool unregisters;  /* in its own callback */
    PEPROCESS process; /* of the last callback */
    HDEVINFO set;      /* looked at in each callback, where there is one */
} heard;

static void note(heard *h, const char *what)
{
    pthread_mutex_lock(&h->lock);
    strncat(h->text, what, sizeof(h->text) - strlen(h->text) - 1);
    strncat(h->text, "|", sizeof(h->text) - strlen(h->text) - 1);
    h->process = PsGetCurrentProcess();
    pthread_mutex_unlock(&h->lock);
}

/* Not inlined: under ASan gcc 12 believes that the text of a constant has no bytes. */
static __attribute__((noinline)) bool has_text(heard *h, const char *text)
{
    bool is;

    pthread_mutex_lock(&h->lock);
    is = strcmp(h->text, text) == 0;
    pthread_mutex_unlock(&h->lock);
    return is;
}

typedef struct expectation {
    heard *h;
    const char *text;
} expectation;

static bool met(void *context)
{
    expectation *e = context;

    return has_text(e->h, e->text);
}

#define assert_heard(h, expected)                                                                  \
    do {                                                                                           \
        expectation wanted = {(h), (expected)};                                                    \
        if (!wait_until(met, &wanted, 5000))                                                       \
            fail_msg("heard %s instead of %s", (h)->text, wanted.text);                            \
        pthread_mutex_lock(&(h)->lock);                                                            \
        (h)->text[0] = 0;                                                                          \
        pthread_mutex_unlock(&(h)->lock);                                                          \
    } while (0)

static DWORD WINAPI callback(HCMNOTIFICATION notify, PVOID context, CM_NOTIFY_ACTION action,
                             PCM_NOTIFY_EVENT_DATA data, DWORD size)
{
    static const char *const names[] = {"arrival", "removal",  "query",  "query-failed",
                                        "pending", "complete", "custom", "enumerated",
                                        "started", "removed"};
    heard *h = context;
    char text[256];

    assert_true(size >= sizeof(*data));
    switch (data->FilterType) {
    case CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE:
        NtCrt__snprintf(text, sizeof(text), "%s %.15ws", names[action],
                        data->u.DeviceInterface.SymbolicLink + 4);
        break;
    case CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE:
        NtCrt__snprintf(text, sizeof(text), "%s %ws", names[action],
                        data->u.DeviceInstance.InstanceId);
        break;
    default:
        NtCrt__snprintf(text, sizeof(text), "%s %u", names[action], data->u.DeviceHandle.DataSize);
        break;
    }
    note(h, text);
    if (h->set != NULL)
        (void)rig_count(h->set);
    if (action == CM_NOTIFY_ACTION_DEVICEQUERYREMOVE) {
        if (h->refuses)
            return ERROR_CANCELLED;
        if (h->file != NULL)
            CloseHandle(h->file);
        h->file = NULL;
    }
    if (h->unregisters)
        assert_int_equal(CM_Unregister_Notification(notify), CR_SUCCESS);
    return ERROR_SUCCESS;
}

static heard new_heard(void)
{
    return (heard){.lock = PTHREAD_MUTEX_INITIALIZER};
}

static CM_NOTIFY_FILTER filter_of(CM_NOTIFY_FILTER_TYPE type)
{
    return (CM_NOTIFY_FILTER){.cbSize = sizeof(CM_NOTIFY_FILTER), .FilterType = type};
}

static void make_thing(void)
{
    WCHAR bus[128];

    rig_make_bus(bus);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    thing = rig_thing("c", L"1");
}

static void interfaces_come_and_go(void **state)
{
    CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE);
    heard one = new_heard(), all = new_heard(), other = new_heard();

    (void)state;
    make_thing();
    filter.u.DeviceInterface.ClassGuid = rig_class;
    assert_int_equal(CM_Register_Notification(&filter, &one, callback, &one.notify), CR_SUCCESS);
    filter.u.DeviceInterface.ClassGuid = test_class;
    assert_int_equal(CM_Register_Notification(&filter, &other, callback, &other.notify),
                     CR_SUCCESS);
    filter.u.DeviceInterface.ClassGuid = (GUID){0};
    filter.Flags = CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES;
    assert_int_equal(CM_Register_Notification(&filter, &all, callback, &all.notify), CR_SUCCESS);
    all.set = SetupDiCreateDeviceInfoList(NULL, NULL);
    rig_plug(&thing);
    assert_heard(&one, "arrival TBUS#Thing#1#{6|");
    assert_heard(&all, "arrival TBUS#Thing#1#{6|");
    assert_ptr_equal(one.process, PsGetCurrentProcess()); /* the program's, not System's */
    assert_int_equal(CM_Unregister_Notification(one.notify), CR_SUCCESS);
    assert_int_equal(CM_Unregister_Notification(one.notify), CR_INVALID_DATA);
    rig_unplug(&thing);
    assert_heard(&all, "removal TBUS#Thing#1#{6|");
    assert_heard(&one, "");
    assert_heard(&other, "");
    /* The two that are left end with the program. */
}

static void instances_are_followed(void **state)
{
    CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE);
    heard h = new_heard();

    (void)state;
    make_thing();
    NtCrt_wcscpy(filter.u.DeviceInstance.InstanceId, L"tbus\\thing\\1");
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_SUCCESS);
    rig_plug(&thing);
    assert_heard(&h, "enumerated TBUS\\Thing\\1|started TBUS\\Thing\\1|");
    assert_int_equal(CM_Setup_DevNode(rig_devinst(L"TBUS\\Thing\\1"), CM_SETUP_DEVNODE_RESET),
                     CR_SUCCESS);
    assert_heard(&h, "started TBUS\\Thing\\1|");
    rig_unplug(&thing);
    assert_heard(&h, "removed TBUS\\Thing\\1|");
    assert_int_equal(CM_Unregister_Notification(h.notify), CR_SUCCESS);
}

static HANDLE open_thing(void)
{
    HANDLE file = CreateFileW(L"\\\\?\\TBUS#Thing#1#{6a1d2b30-5c4e-4f7a-9122-102030405060}",
                              GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);

    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    return file;
}

static void a_handle_s_device_asks(void **state)
{
    CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE);
    TARGET_DEVICE_CUSTOM_NOTIFICATION custom = {
        .Version = 1, .Size = sizeof(custom), .Event = test_class, .NameBufferOffset = -1};
    heard h = new_heard();
    PNP_VETO_TYPE type;
    WCHAR name[64];
    DEVINST a;

    (void)state;
    make_thing();
    rig_plug(&thing);
    a = rig_devinst(L"TBUS\\Thing\\1");
    h.file = filter.u.DeviceHandle.hTarget = open_thing();
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_SUCCESS);
    assert_status(IoReportTargetDeviceChange(thing.pdo, &custom), STATUS_SUCCESS);
    assert_heard(
        &h, sizeof(custom) - FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) == 4
                ? "custom 4|"
                : "custom 1|");

    /* It refuses: named as the program, and nothing has changed. */
    h.refuses = true;
    rig_clear_log();
    assert_int_equal(CM_Query_And_Remove_SubTreeW(a, &type, name, 64, 0), CR_REMOVE_VETOED);
    assert_int_equal(type, PNP_VetoWindowsApp);
    assert_wide(name, L"program");
    rig_assert_log("func CANCEL_REMOVE c|pdo CANCEL_REMOVE c");
    assert_heard(&h, "query 0|query-failed 0|");
    assert_int_equal(rig_state(L"TBUS\\Thing\\1"), PnpStarted);

    /* It closes its handle when it is asked: the device goes. */
    h.refuses = false;
    assert_int_equal(CM_Query_And_Remove_SubTreeW(a, &type, name, 64, CM_REMOVE_NO_RESTART),
                     CR_SUCCESS);
    assert_heard(&h, "query 0|complete 0|");
    assert_null(h.file);
    assert_int_equal(CM_Unregister_Notification(h.notify), CR_SUCCESS);

    assert_int_equal(CM_Setup_DevNode(a, CM_SETUP_DEVNODE_READY), CR_SUCCESS);
    h.file = filter.u.DeviceHandle.hTarget = open_thing();
    h.unregisters = true;
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_SUCCESS);
    /* Pulled out: told, not asked; the callback unregisters itself. */
    rig_unplug(&thing);
    assert_heard(&h, "complete 0|");
    assert_int_equal(CM_Unregister_Notification(h.notify), CR_INVALID_DATA);
    CloseHandle(h.file);
}

static void what_is_wrong_has_its_code(void **state)
{
    CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE);
    heard h = new_heard();

    (void)state;
    assert_int_equal(CM_Register_Notification(NULL, &h, callback, &h.notify), CR_INVALID_POINTER);
    assert_int_equal(CM_Register_Notification(&filter, &h, NULL, &h.notify), CR_INVALID_POINTER);
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, NULL), CR_INVALID_POINTER);
    filter.cbSize--;
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_INVALID_DATA);
    filter = filter_of(CM_NOTIFY_FILTER_TYPE_MAX);
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_INVALID_DATA);
    filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE);
    filter.Flags = CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES;
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_INVALID_FLAG);
    filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE);
    filter.u.DeviceHandle.hTarget = (HANDLE)0x4444;
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_INVALID_DATA);
    filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE);
    assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_INVALID_DATA);
    assert_int_equal(CM_Unregister_Notification(NULL), CR_INVALID_POINTER);
    assert_int_equal(CM_Unregister_Notification((HCMNOTIFICATION)&h), CR_INVALID_DATA);
}

/* Registrations come and go while interfaces do. */
static void registering_races_with_events(void **state)
{
    CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE);
    heard h = new_heard();

    (void)state;
    make_thing();
    rig_silent = true;
    filter.u.DeviceInterface.ClassGuid = rig_class;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(CM_Register_Notification(&filter, &h, callback, &h.notify), CR_SUCCESS);
        if (i % 2 == 0)
            rig_plug_later(&thing);
        else
            rig_unplug_later(&thing);
        if (i % 3 == 0)
            PnpSettle();
        assert_int_equal(CM_Unregister_Notification(h.notify), CR_SUCCESS);
        PnpSettle();
    }
    rig_silent = false;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_boot, rig_shutdown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(interfaces_come_and_go),        TEST(instances_are_followed),
        TEST(a_handle_s_device_asks),        TEST(what_is_wrong_has_its_code),
        TEST(registering_races_with_events),
    };

    return cmocka_run_group_tests_name("win32 cfgnotify", tests, NULL, NULL);
}
