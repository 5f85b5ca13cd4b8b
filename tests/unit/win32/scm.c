/* SPDX-License-Identifier: MIT */
/*
 * scm.c - services started and stopped by programs: states, errors, dependencies, a stop under an
 * open handle, and races of start, stop and delete.
 *
 * Arguments: hello_io.so, scmdriver.so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <windows.h>
#include "ntio.h"
#include <cmocka.h>

#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

static const char *hello, *driver;
static char folder[] = "/tmp/ntio-scm-XXXXXX";
static SC_HANDLE manager;

#define assert_fails(expression, error)                                                            \
    do {                                                                                           \
        SetLastError(0);                                                                           \
        assert_false(expression);                                                                  \
        assert_int_equal(GetLastError(), error);                                                   \
    } while (0)

/* Each service has an image of its own: a copy of scmdriver.so under its name. */
static const char *const names[] = {"a", "b", "c", "d"};

static int copy(const char *from, const char *to)
{
    char buffer[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t n;
    if (in == NULL || out == NULL)
        return -1;
    while ((n = fread(buffer, 1, sizeof(buffer), in)) != 0)
        if (fwrite(buffer, 1, n, out) != n)
            return -1;
    fclose(in);
    return fclose(out);
}

static int group_setup(void **state)
{
    char path[100];
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s.so", folder, names[i]);
        if (copy(driver, path) != 0)
            return -1;
    }
    return 0;
}

static int group_teardown(void **state)
{
    char path[100];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s.so", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static int setup(void **state)
{
    (void)state;
    if (ntio_boot(NULL) != 0 || ntio_add_driver_directory(folder) != 0)
        return -1;
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    return manager != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    if (!CloseServiceHandle(manager))
        return -1;
    return ntio_shutdown() == 0 ? 0 : -1;
}

static SC_HANDLE create(const char *name, const char *path, const char *dependencies)
{
    SC_HANDLE h = CreateServiceA(manager, name, NULL, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                                 SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, NULL, NULL,
                                 dependencies, NULL, NULL);
    assert_non_null(h);
    return h;
}

static void remove_service(SC_HANDLE h)
{
    assert_true(DeleteService(h));
    assert_true(CloseServiceHandle(h));
}

static SERVICE_STATUS_PROCESS query(SC_HANDLE h)
{
    SERVICE_STATUS_PROCESS status;
    DWORD needed;
    assert_true(
        QueryServiceStatusEx(h, SC_STATUS_PROCESS_INFO, (LPBYTE)&status, sizeof(status), &needed));
    assert_int_equal(needed, sizeof(status));
    return status;
}

static void assert_state(SC_HANDLE h, DWORD state)
{
    assert_int_equal(query(h).dwCurrentState, state);
}

static void stop(SC_HANDLE h)
{
    SERVICE_STATUS status;
    assert_true(ControlService(h, SERVICE_CONTROL_STOP, &status));
    assert_int_equal(status.dwCurrentState, SERVICE_STOPPED);
}

static HANDLE open_hello(void)
{
    return CreateFileW(L"\\\\.\\HelloIo", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0,
                       NULL);
}

static void start_and_stop(void **state)
{
    SC_HANDLE h = create("hello_io", hello, NULL);
    SERVICE_STATUS status;
    (void)state;
    assert_state(h, SERVICE_STOPPED);
    assert_int_equal(query(h).dwWin32ExitCode, ERROR_SERVICE_NEVER_STARTED);
    assert_fails(ControlService(h, SERVICE_CONTROL_STOP, &status), ERROR_SERVICE_NOT_ACTIVE);
    assert_int_equal(status.dwCurrentState, SERVICE_STOPPED);
    assert_fails(ControlService(h, SERVICE_CONTROL_INTERROGATE, &status), ERROR_SERVICE_NOT_ACTIVE);
    assert_true(open_hello() == INVALID_HANDLE_VALUE);

    assert_true(StartServiceA(h, 0, NULL));
    assert_state(h, SERVICE_RUNNING);
    assert_int_equal(query(h).dwControlsAccepted, SERVICE_ACCEPT_STOP);
    assert_int_equal(query(h).dwServiceType, SERVICE_KERNEL_DRIVER);
    assert_int_equal(query(h).dwWin32ExitCode, 0);
    assert_fails(StartServiceA(h, 0, NULL), ERROR_SERVICE_ALREADY_RUNNING);
    assert_true(ControlService(h, SERVICE_CONTROL_INTERROGATE, &status));
    assert_int_equal(status.dwCurrentState, SERVICE_RUNNING);
    assert_fails(ControlService(h, SERVICE_CONTROL_PAUSE, &status), ERROR_INVALID_SERVICE_CONTROL);
    assert_fails(ControlService(h, 200, &status), ERROR_INVALID_SERVICE_CONTROL);
    assert_fails(ControlService(h, 0, &status), ERROR_INVALID_PARAMETER);
    HANDLE device = open_hello();
    assert_true(device != INVALID_HANDLE_VALUE);
    assert_true(CloseHandle(device));

    stop(h);
    assert_int_equal(query(h).dwWin32ExitCode, 0);
    assert_true(open_hello() == INVALID_HANDLE_VALUE);
    /* What the host or a driver starts the manager sees as well. */
    assert_int_equal(ntio_start_service("hello_io", NULL, 0), 0);
    assert_state(h, SERVICE_RUNNING);
    stop(h);
    remove_service(h);
}

/* As Windows: nobody can open it any more, and it goes with the last close. */
static void stop_under_an_open_handle(void **state)
{
    SC_HANDLE h = create("hello_io", hello, NULL);
    SERVICE_STATUS status;
    char text[8];
    DWORD n;
    (void)state;
    assert_true(StartServiceA(h, 0, NULL));
    HANDLE device = open_hello();
    assert_true(device != INVALID_HANDLE_VALUE);
    assert_true(ControlService(h, SERVICE_CONTROL_STOP, &status));
    assert_int_equal(status.dwCurrentState, SERVICE_STOP_PENDING);
    assert_int_equal(status.dwControlsAccepted, 0);
    assert_true(open_hello() == INVALID_HANDLE_VALUE);
    assert_fails(ControlService(h, SERVICE_CONTROL_STOP, &status),
                 ERROR_SERVICE_CANNOT_ACCEPT_CTRL);
    assert_fails(StartServiceA(h, 0, NULL), ERROR_SERVICE_ALREADY_RUNNING);
    /* The one that is open still works. */
    assert_true(WriteFile(device, "still", 5, &n, NULL));
    assert_true(ReadFile(device, text, sizeof(text), &n, NULL));
    assert_int_equal(n, 5);
    assert_true(CloseHandle(device));
    assert_state(h, SERVICE_STOPPED);
    assert_true(StartServiceA(h, 0, NULL));
    stop(h);
    /* The same with a deletion: the entry goes with the last handle after the stop. */
    assert_true(StartServiceA(h, 0, NULL));
    device = open_hello();
    assert_true(ControlService(h, SERVICE_CONTROL_STOP, &status));
    remove_service(h);
    h = OpenServiceA(manager, "hello_io", SERVICE_QUERY_STATUS);
    assert_non_null(h);
    assert_state(h, SERVICE_STOP_PENDING);
    assert_true(CloseHandle(device));
    assert_state(h, SERVICE_STOPPED);
    assert_true(CloseServiceHandle(h));
    assert_fails(OpenServiceA(manager, "hello_io", 0), ERROR_SERVICE_DOES_NOT_EXIST);
}

static void a_deleted_service_runs_on(void **state)
{
    SC_HANDLE h = create("hello_io", hello, NULL);
    SERVICE_STATUS status;
    (void)state;
    assert_true(StartServiceA(h, 0, NULL));
    remove_service(h);
    HANDLE device = open_hello();
    assert_true(device != INVALID_HANDLE_VALUE);
    assert_true(CloseHandle(device));
    h = OpenServiceA(manager, "hello_io", SERVICE_STOP);
    assert_non_null(h);
    assert_true(ControlService(h, SERVICE_CONTROL_STOP, &status));
    assert_true(CloseServiceHandle(h));
    assert_fails(OpenServiceA(manager, "hello_io", 0), ERROR_SERVICE_DOES_NOT_EXIST);
}

static void what_does_not_start(void **state)
{
    SC_HANDLE h = create("nowhere", "\\SystemRoot\\System32\\drivers\\nowhere.sys", NULL);
    SERVICE_STATUS status;
    (void)state;
    assert_fails(StartServiceA(h, 0, NULL), ERROR_FILE_NOT_FOUND);
    assert_state(h, SERVICE_STOPPED);
    assert_int_equal(query(h).dwWin32ExitCode, ERROR_FILE_NOT_FOUND);
    assert_true(ChangeServiceConfigA(h, SERVICE_NO_CHANGE, SERVICE_DISABLED, SERVICE_NO_CHANGE,
                                     NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    assert_fails(StartServiceA(h, 0, NULL), ERROR_SERVICE_DISABLED);
    remove_service(h);

    h = create("a", "a.so", NULL);
    assert_int_equal(ntio_registry_set_uint32(SERVICES "a", "TestStatus", 0xc000009a), 0);
    assert_fails(StartServiceA(h, 0, NULL), ERROR_NO_SYSTEM_RESOURCES);
    assert_int_equal(query(h).dwWin32ExitCode, ERROR_NO_SYSTEM_RESOURCES);
    assert_int_equal(ntio_registry_set_uint32(SERVICES "a", "TestStatus", 0), 0);
    /* No DriverUnload: it can't be stopped. */
    assert_int_equal(ntio_registry_set_uint32(SERVICES "a", "TestStay", 1), 0);
    assert_true(StartServiceA(h, 0, NULL));
    assert_int_equal(query(h).dwControlsAccepted, 0);
    assert_fails(ControlService(h, SERVICE_CONTROL_STOP, &status), ERROR_INVALID_SERVICE_CONTROL);
    assert_int_equal(status.dwCurrentState, SERVICE_RUNNING);
    remove_service(h); /* it stays, running, until the system ends */
    h = OpenServiceA(manager, "a", SERVICE_QUERY_STATUS);
    assert_state(h, SERVICE_RUNNING);
    assert_true(CloseServiceHandle(h));
}

static void dependencies(void **state)
{
    SC_HANDLE a = create("a", "a.so", NULL), b = create("b", "b.so", "a\0");
    SC_HANDLE c = create("c", "c.so", "b\0"), d = create("d", "d.so", "missing\0");
    SERVICE_STATUS status;
    (void)state;
    assert_true(StartServiceA(c, 0, NULL));
    assert_state(a, SERVICE_RUNNING);
    assert_state(b, SERVICE_RUNNING);
    assert_fails(ControlService(a, SERVICE_CONTROL_STOP, &status),
                 ERROR_DEPENDENT_SERVICES_RUNNING);
    assert_state(a, SERVICE_RUNNING);
    stop(c);
    stop(b);
    stop(a);
    assert_fails(StartServiceA(d, 0, NULL), ERROR_SERVICE_DEPENDENCY_DELETED);
    assert_int_equal(ntio_registry_set_uint32(SERVICES "a", "TestStatus", 0xc0000001), 0);
    assert_fails(StartServiceA(c, 0, NULL), ERROR_SERVICE_DEPENDENCY_FAIL);
    assert_state(b, SERVICE_STOPPED);
    assert_int_equal(query(b).dwWin32ExitCode, ERROR_SERVICE_DEPENDENCY_FAIL);
    assert_int_equal(query(a).dwWin32ExitCode, ERROR_GEN_FAILURE);
    assert_int_equal(ntio_registry_set_uint32(SERVICES "a", "TestStatus", 0), 0);

    /* A group: one member that runs is enough, and the last one that runs is needed. */
    assert_true(ChangeServiceConfigA(a, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                     NULL, "Grp", NULL, NULL, NULL, NULL, NULL));
    assert_true(ChangeServiceConfigA(b, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                     NULL, "Grp", NULL, "", NULL, NULL, NULL));
    assert_true(ChangeServiceConfigA(c, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                     NULL, NULL, NULL, "+grp\0", NULL, NULL, NULL));
    assert_int_equal(ntio_registry_set_uint32(SERVICES "a", "TestStatus", 0xc0000001), 0);
    assert_true(StartServiceA(c, 0, NULL));
    assert_state(a, SERVICE_STOPPED);
    assert_state(b, SERVICE_RUNNING);
    assert_fails(ControlService(b, SERVICE_CONTROL_STOP, &status),
                 ERROR_DEPENDENT_SERVICES_RUNNING);
    assert_int_equal(ntio_registry_set_uint32(SERVICES "a", "TestStatus", 0), 0);
    assert_true(StartServiceA(a, 0, NULL));
    stop(b);
    assert_fails(ControlService(a, SERVICE_CONTROL_STOP, &status),
                 ERROR_DEPENDENT_SERVICES_RUNNING);
    stop(c);
    stop(a);
    /* A circle that somebody wrote into the registry. */
    assert_int_equal(ntio_registry_set_string(SERVICES "a", "DependOnService", "b"), 0);
    assert_int_equal(ntio_registry_set_string(SERVICES "b", "DependOnService", "a"), 0);
    assert_fails(StartServiceA(a, 0, NULL), ERROR_CIRCULAR_DEPENDENCY);
    assert_state(b, SERVICE_STOPPED);
    remove_service(a);
    remove_service(b);
    remove_service(c);
    remove_service(d);
}

/* ---- races ---- */

enum { ROUNDS = 150 };
static const DWORD start_errors[] = {ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_MARKED_FOR_DELETE,
                                     ERROR_SERVICE_DOES_NOT_EXIST, 0};
static const DWORD stop_errors[] = {ERROR_SERVICE_NOT_ACTIVE, ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
                                    ERROR_SERVICE_DOES_NOT_EXIST, ERROR_DEPENDENT_SERVICES_RUNNING,
                                    0};
static volatile LONG unexpected;

static void expect_one_of(const DWORD *errors)
{
    DWORD error = GetLastError();
    for (; *errors != 0; errors++)
        if (*errors == error)
            return;
    __atomic_store_n(&unexpected, (LONG)error, __ATOMIC_RELAXED);
}

static SC_HANDLE open_or_create(SC_HANDLE own, const char *name)
{
    char image[8], dependency[4] = "a\0";
    snprintf(image, sizeof(image), "%s.so", name);
    SC_HANDLE h = OpenServiceA(own, name, SERVICE_ALL_ACCESS);
    if (h == NULL && GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST)
        h = CreateServiceA(own, name, NULL, SERVICE_ALL_ACCESS, 1, 3, 1, image, NULL, NULL,
                           *name == 'b' ? dependency : NULL, NULL, NULL);
    return h;
}

static DWORD WINAPI racer(LPVOID parameter)
{
    unsigned seed = (unsigned)(uintptr_t)parameter;
    SC_HANDLE own = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    for (int i = 0; i < ROUNDS; i++) {
        SERVICE_STATUS status;
        SC_HANDLE h = open_or_create(own, rand_r(&seed) % 3 == 0 ? "a" : "b");
        if (h == NULL)
            continue; /* another thread created, or has just marked it */
        switch (rand_r(&seed) % 4) {
        case 0:
        case 1:
            /* b needs a, which another thread may have deleted or be stopping. */
            if (!StartServiceA(h, 0, NULL) && GetLastError() != ERROR_SERVICE_DEPENDENCY_DELETED &&
                GetLastError() != ERROR_SERVICE_DEPENDENCY_FAIL)
                expect_one_of(start_errors);
            break;
        case 2:
            if (!ControlService(h, SERVICE_CONTROL_STOP, &status))
                expect_one_of(stop_errors);
            break;
        default:
            if (rand_r(&seed) % 4 == 0 && !DeleteService(h) &&
                GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE)
                expect_one_of(start_errors);
            QueryServiceStatus(h, &status);
        }
        CloseServiceHandle(h);
    }
    CloseServiceHandle(own);
    return 0;
}

static void start_against_stop_against_delete(void **state)
{
    enum { THREADS = 4 };
    HANDLE threads[THREADS];
    SERVICE_STATUS status;
    (void)state;
    unexpected = 0;
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = CreateThread(NULL, 0, racer, (LPVOID)(i * 7919 + 1), 0, NULL);
        assert_non_null(threads[i]);
    }
    assert_int_equal(WaitForMultipleObjects(THREADS, threads, TRUE, 60000), WAIT_OBJECT_0);
    for (int i = 0; i < THREADS; i++)
        CloseHandle(threads[i]);
    assert_int_equal(unexpected, 0);
    /* The two are whole: they stop, b before a that it needs, and can be deleted and made anew. */
    for (int i = 1; i >= 0; i--) {
        SC_HANDLE h = OpenServiceA(manager, names[i], SERVICE_ALL_ACCESS);
        if (h != NULL) {
            if (!ControlService(h, SERVICE_CONTROL_STOP, &status))
                assert_int_equal(GetLastError(), ERROR_SERVICE_NOT_ACTIVE);
            assert_state(h, SERVICE_STOPPED);
            DeleteService(h);
            assert_true(CloseServiceHandle(h));
        }
        assert_fails(OpenServiceA(manager, names[i], 0), ERROR_SERVICE_DOES_NOT_EXIST);
    }
    SC_HANDLE a = create("a", "a.so", NULL);
    assert_true(StartServiceA(a, 0, NULL));
    stop(a);
    remove_service(a);
}

/* A stop against opens and closes: whoever comes last unloads it, once. */
static DWORD WINAPI opener(LPVOID parameter)
{
    (void)parameter;
    for (int i = 0; i < ROUNDS * 3; i++) {
        HANDLE device = open_hello();
        if (device != INVALID_HANDLE_VALUE)
            CloseHandle(device);
    }
    return 0;
}

static void stop_against_open(void **state)
{
    SC_HANDLE h = create("hello_io", hello, NULL);
    HANDLE threads[2];
    SERVICE_STATUS status;
    (void)state;
    for (int i = 0; i < 2; i++)
        threads[i] = CreateThread(NULL, 0, opener, NULL, 0, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        if (!StartServiceA(h, 0, NULL))
            assert_int_equal(GetLastError(), ERROR_SERVICE_ALREADY_RUNNING);
        /* Not active: the last close came between the two. */
        if (!ControlService(h, SERVICE_CONTROL_STOP, &status))
            expect_one_of(stop_errors);
    }
    assert_int_equal(unexpected, 0);
    assert_int_equal(WaitForMultipleObjects(2, threads, TRUE, 60000), WAIT_OBJECT_0);
    for (int i = 0; i < 2; i++)
        CloseHandle(threads[i]);
    assert_state(h, SERVICE_STOPPED);
    assert_true(StartServiceA(h, 0, NULL));
    stop(h);
    remove_service(h);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(start_and_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_under_an_open_handle, setup, teardown),
        cmocka_unit_test_setup_teardown(a_deleted_service_runs_on, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_start, setup, teardown),
        cmocka_unit_test_setup_teardown(dependencies, setup, teardown),
        cmocka_unit_test_setup_teardown(start_against_stop_against_delete, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_against_open, setup, teardown),
    };
    if (argc < 3)
        return 2;
    hello = argv[1];
    driver = argv[2];
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
