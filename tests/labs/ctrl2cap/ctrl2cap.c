/* SPDX-License-Identifier: MIT */
/*
 * ctrl2cap: the keyboard class driver over a virtual port, and a filter that is attached to it by
 * name while the system runs, swaps two keys, and goes only when no read of its is left.
 */
#include "../lab.h"
#include <winioctl.h>
#include <ntddkbd.h>
#include "drivers/vkbd/vkbd_public.h"

#include <pthread.h>
#include <stdatomic.h>

#define CTRL  0x1D
#define CAPS  0x3A
#define KEY_A 0x1E

enum { MJ_READ = 3 };

static HANDLE keyboard, reader;

static HANDLE open_reader(DWORD flags)
{
    HANDLE handle = CreateFileW(L"\\\\?\\GLOBALROOT\\Device\\KeyboardClass0", GENERIC_READ, 0, NULL,
                                OPEN_EXISTING, flags, NULL);

    assert_ptr_not_equal(handle, INVALID_HANDLE_VALUE);
    return handle;
}

static int setup(void **state)
{
    lab_setup(state);
    lab_match("ROOT\\VKBD", "vkbd");
    lab_match("VKBD\\Keyboard", "kbdclass");
    (void)lab_device("VKBD", "ROOT\\VKBD");
    ntio_pnp_settle();
    keyboard = lab_open(L"\\\\.\\VirtualKeyboard0", 0);
    reader = open_reader(FILE_FLAG_OVERLAPPED);
    return 0;
}

static int teardown(void **state)
{
    if (reader != NULL)
        assert_true(CloseHandle(reader));
    assert_true(CloseHandle(keyboard));
    return lab_teardown(state);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static bool type_flags(USHORT code, USHORT flags)
{
    KEYBOARD_INPUT_DATA key = {0, code, flags, 0, 0};
    ULONG taken = 0;
    DWORD done;

    if (!DeviceIoControl(keyboard, IOCTL_VKBD_TYPE, &key, sizeof(key), &taken, sizeof(taken), &done,
                         NULL))
        return false;
    assert_int_equal(taken, 1);
    return true;
}

static void type(USHORT code)
{
    assert_true(type_flags(code, KEY_MAKE));
}

/* A read that waits for a key. */
typedef struct pending {
    OVERLAPPED overlapped;
    KEYBOARD_INPUT_DATA keys[4];
} pending;

static void begin_read(pending *p)
{
    memset(p, 0, sizeof(*p));
    p->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(p->overlapped.hEvent);
    assert_false(ReadFile(reader, p->keys, sizeof(p->keys), NULL, &p->overlapped));
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
}

static bool is_pending(pending *p)
{
    return WaitForSingleObject(p->overlapped.hEvent, 0) == WAIT_TIMEOUT;
}

/* Its error, or 0; *count: how many keys it got. */
static DWORD end_read(pending *p, unsigned *count)
{
    DWORD done = 0, error = 0;

    assert_int_equal(WaitForSingleObject(p->overlapped.hEvent, 20000), WAIT_OBJECT_0);
    if (!GetOverlappedResult(reader, &p->overlapped, &done, FALSE))
        error = GetLastError();
    CloseHandle(p->overlapped.hEvent);
    *count = done / sizeof(KEYBOARD_INPUT_DATA);
    return error;
}

static USHORT read_one(pending *p)
{
    unsigned count;

    assert_int_equal(end_read(p, &count), 0);
    assert_int_equal(count, 1);
    return p->keys[0].MakeCode;
}

/* ---- the class driver ---- */

static void input_waits_for_reads_and_reads_for_input(void **state)
{
    KEYBOARD_INPUT_DATA keys[130], got[130];
    OVERLAPPED overlapped = {0};
    ULONG taken;
    DWORD done;
    unsigned count;
    pending p;

    (void)state;
    begin_read(&p);
    assert_true(is_pending(&p));
    type(KEY_A);
    assert_int_equal(read_one(&p), KEY_A);
    /* A hundred wait; what comes then is not taken. */
    for (unsigned i = 0; i < 130; i++)
        keys[i] = (KEYBOARD_INPUT_DATA){0, (USHORT)i, KEY_MAKE, 0, i};
    assert_true(DeviceIoControl(keyboard, IOCTL_VKBD_TYPE, keys, sizeof(keys), &taken,
                                sizeof(taken), &done, NULL));
    assert_int_equal(taken, 100);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_true(ReadFile(reader, got, sizeof(got), &done, &overlapped));
    assert_int_equal(done, 100 * sizeof(keys[0]));
    assert_memory_equal(got, keys, done);
    /* Half a key. */
    assert_false(ReadFile(reader, got, sizeof(got[0]) + 1, &done, &overlapped));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    CloseHandle(overlapped.hEvent);
    /* A read can be cancelled. */
    begin_read(&p);
    assert_true(CancelIoEx(reader, &p.overlapped));
    assert_int_equal(end_read(&p, &count), ERROR_OPERATION_ABORTED);
}

static void what_the_port_answers(void **state)
{
    KEYBOARD_ATTRIBUTES attributes;
    KEYBOARD_INDICATOR_PARAMETERS lights = {0, KEYBOARD_CAPS_LOCK_ON};
    USHORT on = 0;
    DWORD done;
    HANDLE sync = open_reader(0);

    (void)state;
    assert_true(DeviceIoControl(sync, IOCTL_KEYBOARD_QUERY_ATTRIBUTES, NULL, 0, &attributes,
                                sizeof(attributes), &done, NULL));
    assert_int_equal(done, sizeof(attributes));
    assert_int_equal(attributes.NumberOfFunctionKeys, 12);
    assert_false(DeviceIoControl(sync, IOCTL_KEYBOARD_QUERY_ATTRIBUTES, NULL, 0, &attributes, 4,
                                 &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_true(DeviceIoControl(sync, IOCTL_KEYBOARD_SET_INDICATORS, &lights, sizeof(lights), NULL,
                                0, &done, NULL));
    assert_true(
        DeviceIoControl(keyboard, IOCTL_VKBD_LIGHTS, NULL, 0, &on, sizeof(on), &done, NULL));
    assert_int_equal(on, KEYBOARD_CAPS_LOCK_ON);
    lights.LedFlags = 0x100;
    assert_false(DeviceIoControl(sync, IOCTL_KEYBOARD_SET_INDICATORS, &lights, sizeof(lights), NULL,
                                 0, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(DeviceIoControl(sync, IOCTL_KEYBOARD_QUERY_INDICATORS, NULL, 0, &lights,
                                sizeof(lights), &done, NULL));
    assert_int_equal(lights.LedFlags, KEYBOARD_CAPS_LOCK_ON);
    CloseHandle(sync);
}

static void a_read_outlives_the_sleep(void **state)
{
    pending p;

    (void)state;
    begin_read(&p);
    assert_int_equal(ntio_set_system_power(NTIO_POWER_SLEEP3, NULL, 0), 0);
    assert_false(type_flags(KEY_A, KEY_MAKE)); /* no power */
    assert_int_equal(GetLastError(), ERROR_NOT_READY);
    assert_true(is_pending(&p));
    assert_int_equal(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), 0);
    type(KEY_A);
    assert_int_equal(read_one(&p), KEY_A);
}

static bool find_keyboard(const ntio_device *device, void *context)
{
    if (strcmp(device->service, "kbdclass") != 0)
        return true;
    snprintf(context, 128, "%s", device->instance);
    return false;
}

static void a_keyboard_that_is_pulled_out_ends_its_reads(void **state)
{
    char instance[128] = "";
    unsigned count;
    pending p, q;

    (void)state;
    lab_start("ctrl2cap");
    begin_read(&p);
    ntio_enumerate_devices(find_keyboard, instance);
    assert_string_not_equal(instance, "");
    assert_int_equal(ntio_remove_device(instance, true), 0);
    assert_int_equal(end_read(&p, &count), ERROR_DEVICE_NOT_CONNECTED);
    memset(&q, 0, sizeof(q));
    assert_false(ReadFile(reader, q.keys, sizeof(q.keys), NULL, &q.overlapped));
    assert_int_equal(GetLastError(), ERROR_DEVICE_NOT_CONNECTED);
    assert_false(type_flags(KEY_A, KEY_MAKE));
    /* With the last handle the stack goes, the filter's device too. */
    CloseHandle(reader);
    reader = NULL;
    ntio_pnp_settle();
    lab_stop("ctrl2cap");
}

/* ---- the filter ---- */

static void keys_are_swapped_while_it_is_there(void **state)
{
    pending p;
    int from;

    (void)state;
    begin_read(&p);
    type(CTRL);
    assert_int_equal(read_one(&p), CTRL);
    begin_read(&p); /* in the stack before the filter: not its business */
    lab_start("ctrl2cap");
    type(CAPS);
    assert_int_equal(read_one(&p), CAPS);
    lab_trace_begin();
    begin_read(&p);
    type(CTRL);
    assert_int_equal(read_one(&p), CAPS);
    lab_trace_end();
    from = lab_expect(0, NTIO_IRP_CALL, "ctrl2cap", MJ_READ, -1);
    from = lab_expect(from, NTIO_IRP_CALL, "kbdclass", MJ_READ, -1);
    from = lab_expect(from, NTIO_IRP_COMPLETE, "kbdclass", MJ_READ, -1);
    (void)lab_expect(from, NTIO_IRP_COMPLETION_ROUTINE, "ctrl2cap", MJ_READ, -1);
    begin_read(&p);
    type(CAPS);
    assert_int_equal(read_one(&p), CTRL);
    begin_read(&p);
    type(KEY_A);
    assert_int_equal(read_one(&p), KEY_A);
    begin_read(&p); /* the right Ctrl key */
    assert_true(type_flags(CTRL, KEY_E0 | KEY_BREAK));
    assert_int_equal(read_one(&p), CTRL);
    assert_int_equal(p.keys[0].Flags, KEY_E0 | KEY_BREAK);
}

/*
 * Its code goes with the last completion routine, which may return a moment after the stop that it
 * let go on.
 */
static void start_again(void)
{
    char reason[256] = "";
    int32_t status = -1;

    for (int i = 0; i < 20000 && status < 0; i++) {
        status = ntio_start_service("ctrl2cap", reason, sizeof(reason));
        if (status < 0)
            Sleep(1);
    }
    if (status < 0)
        fail_msg("%s", reason);
}

static atomic_bool waits, stopped;
static atomic_int stop_status;

static void see_wait(const char *line, void *context)
{
    (void)context;
    if (strstr(line, "ctrl2cap: waiting for 1 reads") != NULL)
        atomic_store(&waits, true);
}

static void *stop(void *unused)
{
    (void)unused;
    stop_status = ntio_stop_service("ctrl2cap");
    atomic_store(&stopped, true);
    return NULL;
}

static void it_stays_until_its_last_read_has_passed(void **state)
{
    pthread_t thread;
    pending through, after;

    (void)state;
    waits = stopped = false;
    lab_start("ctrl2cap");
    begin_read(&through);
    ntio_set_debug_sink(see_wait, NULL);
    assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
    for (int i = 0; i < 20000 && !atomic_load(&waits); i++)
        Sleep(1);
    ntio_set_debug_sink(NULL, NULL);
    assert_true(atomic_load(&waits));
    assert_false(atomic_load(&stopped));
    /* It is out of the stack: a new read does not pass it. */
    lab_trace_begin();
    begin_read(&after);
    lab_trace_end();
    assert_int_equal(lab_count(NTIO_IRP_CALL, "ctrl2cap", MJ_READ, -1), 0);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "kbdclass", MJ_READ, -1), 1);
    assert_false(atomic_load(&stopped));
    /* The key that ends its last read is still swapped; then it goes. */
    type(CTRL);
    assert_int_equal(read_one(&through), CAPS);
    pthread_join(thread, NULL);
    assert_int_equal(stop_status, 0);
    assert_true(is_pending(&after));
    type(CTRL);
    assert_int_equal(read_one(&after), CTRL);
    /* And it can come again. */
    start_again();
    begin_read(&after);
    type(CAPS);
    assert_int_equal(read_one(&after), CTRL);
}

/* Many times over, with a key that is typed while the filter leaves. */
static void comes_and_goes(void **state)
{
    pending p;

    (void)state;
    for (int i = 0; i < 50; i++) {
        pthread_t thread;

        start_again();
        begin_read(&p);
        assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
        type(CTRL);
        assert_int_equal(read_one(&p), CAPS);
        pthread_join(thread, NULL);
        assert_int_equal(stop_status, 0);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(input_waits_for_reads_and_reads_for_input),
    TEST(what_the_port_answers),
    TEST(a_read_outlives_the_sleep),
    TEST(a_keyboard_that_is_pulled_out_ends_its_reads),
    TEST(keys_are_swapped_while_it_is_there),
    TEST(it_stays_until_its_last_read_has_passed),
    TEST(comes_and_goes),
};

LAB_MAIN("ctrl2cap", tests)
