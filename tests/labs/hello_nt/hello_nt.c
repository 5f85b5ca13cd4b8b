/* SPDX-License-Identifier: MIT */
/*
 * hello_nt: a driver that is no plug and play driver is registered, started, stopped and removed
 * through the service control manager; Start=1 loads it at boot; what it prints a viewer sees.
 */
#include "../lab.h"

#include <unistd.h>

#define KEY "SYSTEM\\CurrentControlSet\\Services\\hello_nt"

static SC_HANDLE manager;

/* lab_setup registers the service; here a program does. */
static int setup(void **state)
{
    (void)state;
    if (ntio_boot(NULL) != 0)
        return -1;
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    return manager != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    CloseServiceHandle(manager);
    return ntio_shutdown() == 0 ? 0 : -1;
}

static SC_HANDLE create(DWORD start)
{
    SC_HANDLE service = CreateServiceA(manager, "hello_nt", "Hello NT", SERVICE_ALL_ACCESS,
                                       SERVICE_KERNEL_DRIVER, start, SERVICE_ERROR_NORMAL,
                                       lab_file("hello_nt"), NULL, NULL, NULL, NULL, NULL);
    assert_non_null(service);
    return service;
}

static DWORD number(const char *name)
{
    DWORD value = 0xdead, size = sizeof(value);
    assert_int_equal(
        RegGetValueA(HKEY_LOCAL_MACHINE, KEY, name, RRF_RT_REG_DWORD, NULL, &value, &size), 0);
    return value;
}

static void assert_state(SC_HANDLE service, DWORD expected)
{
    SERVICE_STATUS status;
    assert_true(QueryServiceStatus(service, &status));
    assert_int_equal(status.dwCurrentState, expected);
}

static HANDLE open_device(void)
{
    return CreateFileW(L"\\\\.\\HelloNt", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
}

static void assert_greeting(void)
{
    char text[64] = {0};
    DWORD length;
    HANDLE device = open_device();
    assert_true(device != INVALID_HANDLE_VALUE);
    assert_true(ReadFile(device, text, sizeof(text), &length, NULL));
    assert_string_equal(text, "hello from hello_nt");
    assert_int_equal(length, strlen(text));
    assert_true(CloseHandle(device));
}

static void registered_started_stopped_removed(void **state)
{
    char text[512];
    DWORD size = sizeof(text), type;
    SERVICE_STATUS status;
    HKEY key;
    (void)state;
    SC_HANDLE service = create(SERVICE_DEMAND_START);
    assert_int_equal(number("Type"), 1);
    assert_int_equal(number("Start"), 3);
    assert_int_equal(number("ErrorControl"), 1);
    assert_int_equal(RegGetValueA(HKEY_LOCAL_MACHINE, KEY, "ImagePath", RRF_RT_ANY | RRF_NOEXPAND,
                                  &type, text, &size),
                     0);
    assert_int_equal(type, REG_EXPAND_SZ);
    assert_string_equal(text, lab_file("hello_nt"));
    assert_state(service, SERVICE_STOPPED);
    assert_true(open_device() == INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);

    for (int round = 0; round < 2; round++) {
        assert_true(StartServiceA(service, 0, NULL));
        assert_state(service, SERVICE_RUNNING);
        assert_false(StartServiceA(service, 0, NULL));
        assert_int_equal(GetLastError(), ERROR_SERVICE_ALREADY_RUNNING);
        assert_greeting();
        assert_true(ControlService(service, SERVICE_CONTROL_STOP, &status));
        assert_int_equal(status.dwCurrentState, SERVICE_STOPPED);
        assert_true(open_device() == INVALID_HANDLE_VALUE);
    }
    assert_true(DeleteService(service));
    assert_true(CloseServiceHandle(service));
    assert_int_equal(RegOpenKeyA(HKEY_LOCAL_MACHINE, KEY, &key), ERROR_FILE_NOT_FOUND);
    assert_null(OpenServiceA(manager, "hello_nt", SERVICE_START));
    assert_int_equal(GetLastError(), ERROR_SERVICE_DOES_NOT_EXIST);
}

static void loaded_at_boot(void **state)
{
    char file[] = "/tmp/ntio-lab-XXXXXX", reason[512];
    SERVICE_STATUS status;
    (void)state;
    SC_HANDLE service = create(SERVICE_SYSTEM_START);
    assert_int_equal(number("Start"), 1);
    assert_true(CloseServiceHandle(service));
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(ntio_registry_save(file, NULL, reason, sizeof(reason)), 0);
    assert_true(CloseServiceHandle(manager));
    assert_int_equal(ntio_shutdown(), 0);

    int32_t result = ntio_boot_from(NULL, file, reason, sizeof(reason));
    unlink(file);
    if (result != 0)
        fail_msg("%s", reason);
    assert_greeting(); /* nobody started it */
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    service = OpenServiceA(manager, "hello_nt", SERVICE_ALL_ACCESS);
    assert_non_null(service);
    assert_state(service, SERVICE_RUNNING);
    assert_true(ControlService(service, SERVICE_CONTROL_STOP, &status));
    assert_true(CloseServiceHandle(service));
}

/* ---- the viewer ---- */

enum { MAXIMUM = 32 };
static struct {
    uint64_t number, time_ns;
    uint32_t process;
    bool kernel;
    char source[32], text[200];
} seen[MAXIMUM];
static unsigned count;

static void view(const ntio_debug_line *line, void *context)
{
    (void)context;
    if (count == MAXIMUM)
        return;
    seen[count].number = line->number;
    seen[count].time_ns = line->time_ns;
    seen[count].process = line->process;
    seen[count].kernel = line->kernel;
    snprintf(seen[count].source, sizeof(seen[count].source), "%s", line->source);
    snprintf(seen[count].text, sizeof(seen[count].text), "%s", line->text);
    count++;
}

static void what_it_prints_is_seen(void **state)
{
    static const struct {
        bool kernel;
        const char *source, *text;
    } expected[] = {
        {false, "program", "before"},
        {true, "hello_nt",
         "loaded for \\Registry\\Machine\\System\\CurrentControlSet\\Services\\hello_nt"},
        {true, "hello_nt", "a program reads 19 bytes"},
        {true, "hello_nt", "unloaded"},
        {false, "program",
         "\xc3\xa4"
         "fter"},
    };
    SERVICE_STATUS status;
    char line[256];
    (void)state;
    SC_HANDLE service = create(SERVICE_DEMAND_START);
    count = 0;
    ntio_set_debug_view(view, NULL);
    OutputDebugStringA("before");
    assert_true(StartServiceA(service, 0, NULL));
    assert_greeting();
    assert_true(ControlService(service, SERVICE_CONTROL_STOP, &status));
    OutputDebugStringW(L"\x00e4"
                       L"fter");
    ntio_set_debug_view(NULL, NULL);
    OutputDebugStringA("nobody looks");
    assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
    for (unsigned i = 0; i < count; i++) {
        assert_string_equal(seen[i].text, expected[i].text);
        assert_string_equal(seen[i].source, expected[i].source);
        assert_int_equal(seen[i].kernel, expected[i].kernel);
        assert_int_equal(seen[i].number, seen[0].number + i);
        assert_true(i == 0 || seen[i].time_ns >= seen[i - 1].time_ns);
        /* DriverEntry and DriverUnload run in System, the read in the program. */
        if (i == 0 || i == 2)
            assert_int_equal(seen[i].process, GetCurrentProcessId());
        else if (i != 4)
            assert_int_not_equal(seen[i].process, GetCurrentProcessId());
    }
    ntio_debug_line one = {7, seen[0].time_ns, "hello_nt", 4, true, "text"};
    assert_true(ntio_format_debug_line(&one, line, sizeof(line)) > 0);
    one.time_ns += 1500000;
    ntio_format_debug_line(&one, line, sizeof(line));
    assert_string_equal(line, "00000007     0.001500 kernel   hello_nt: text");
    assert_true(DeleteService(service));
    assert_true(CloseServiceHandle(service));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(registered_started_stopped_removed, setup, teardown),
    cmocka_unit_test_setup_teardown(loaded_at_boot, setup, teardown),
    cmocka_unit_test_setup_teardown(what_it_prints_is_seen, setup, teardown),
};

LAB_MAIN("lab-hello_nt", tests)
