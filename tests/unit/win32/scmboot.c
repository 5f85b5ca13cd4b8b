/* SPDX-License-Identifier: MIT */
/*
 * scmboot.c - a boot from a registry file: what starts with it, in which order, and what becomes of
 * those that fail. scmdriver.c counts in the registry.
 *
 * Argument: scmdriver.so.
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

#define NAMES   9
#define HEAD    "Windows Registry Editor Version 5.00\r\n\r\n"
#define CONTROL "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\"
#define SERVICE(name)                                                                              \
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\" name "]\r\n\"Type\"=dword:1\r\n"

static const char *driver;
static char folder[] = "/tmp/ntio-boot-XXXXXX", file[64], reason[512];

static void driver_file(char *path, size_t size, int i)
{
    snprintf(path, size, "%s/%c.so", folder, 'a' + i);
}

static int setup(void **state)
{
    static char image[1 << 20];
    char path[64];
    FILE *in = fopen(driver, "rb"), *out;
    (void)state;
    if (in == NULL || mkdtemp(folder) == NULL)
        return -1;
    size_t length = fread(image, 1, sizeof(image), in);
    fclose(in);
    if (length == sizeof(image))
        return -1;
    for (int i = 0; i < NAMES; i++) {
        driver_file(path, sizeof(path), i);
        out = fopen(path, "wb");
        if (out == NULL || fwrite(image, 1, length, out) != length || fclose(out) != 0)
            return -1;
    }
    snprintf(file, sizeof(file), "%s/x.reg", folder);
    return 0;
}

static int teardown(void **state)
{
    char path[64];
    (void)state;
    for (int i = 0; i < NAMES; i++) {
        driver_file(path, sizeof(path), i);
        unlink(path);
    }
    unlink(file);
    return rmdir(folder);
}

static int32_t boot(const char *text)
{
    FILE *out = fopen(file, "wb");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(ntio_add_driver_directory(folder), 0);
    reason[0] = '\0';
    return ntio_boot_from(NULL, file, reason, sizeof(reason));
}

static void booted(const char *text)
{
    if (boot(text) != 0)
        fail_msg("%s", reason);
}

/* The how-manieth this service's DriverEntry was; 0: not called. */
static DWORD place(const char *name)
{
    DWORD number = 0, size = sizeof(number);
    LSTATUS error =
        RegGetValueA(HKEY_LOCAL_MACHINE, "Hardware", name, RRF_RT_REG_DWORD, NULL, &number, &size);
    assert_true(error == 0 || error == ERROR_FILE_NOT_FOUND);
    return number;
}

static DWORD state_of(const char *name, DWORD *exit_code)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceA(manager, name, SERVICE_QUERY_STATUS);
    SERVICE_STATUS status;
    assert_non_null(service);
    assert_true(QueryServiceStatus(service, &status));
    assert_true(CloseServiceHandle(service));
    assert_true(CloseServiceHandle(manager));
    if (exit_code != NULL)
        *exit_code = status.dwWin32ExitCode;
    return status.dwCurrentState;
}

static void in_windows_order(void **state)
{
    (void)state;
    booted(HEAD
               CONTROL "ServiceGroupOrder]\r\n\"List\"=hex(7):46,00,00,00,47,00,00,00,00,00\r\n"
           /* F, G; within G tag 2 before tag 1, others behind */
           CONTROL
                       "GroupOrderList]\r\n\"G\"=hex:02,00,00,00,02,00,00,00,01,00,00,"
                       "00\r\n" SERVICE("a") "\"Start\"=dword:2\r\n" SERVICE("b") "\"Start\"=dword:"
                                                                                  "1\r\n\"Group\"="
                                                                                  "\"G\"\r"
                                                                                  "\n" SERVICE("c") "\"Start\"=dword:1\r\n\"Group\"=\"g\"\r\n\"Tag\"=dword:1\r\n" SERVICE("d") "\"Start\"=dword:1\r\n\"Group\"=\"G\"\r\n\"Tag\"=dword:2\r\n" SERVICE(
                                                                                      "e") "\"Start"
                                                                                           "\"="
                                                                                           "dword:"
                                                                                           "1\r"
                                                                                           "\n" SERVICE("f") "\"Start\"=dword:1\r\n\"Group\"="
                                                                                                             "\"F\"\r\n" SERVICE(
                                                                                                                 "g") "\"Start\"=dword:"
                                                                                                                      "3\r\n" SERVICE("h") "\"Start\"=dword:0\r\n" SERVICE(
                                                                                                                          "i") "\"Start\"=dword:4\r\n");
    assert_int_equal(place("h"), 1);
    assert_int_equal(place("f"), 2);
    assert_int_equal(place("d"), 3);
    assert_int_equal(place("c"), 4);
    assert_int_equal(place("b"), 5);
    assert_int_equal(place("e"), 6);
    assert_int_equal(place("a"), 7);
    assert_int_equal(place("g"), 0);
    assert_int_equal(place("i"), 0);
    assert_int_equal(place("Count"), 7);
    assert_int_equal(state_of("a", NULL), SERVICE_RUNNING);
    assert_int_equal(state_of("g", NULL), SERVICE_STOPPED);
    assert_int_equal(ntio_shutdown(), 0);
}

static void with_what_they_depend_on(void **state)
{
    (void)state;
    booted(HEAD SERVICE("a") "\"Start\"=dword:1\r\n\"DependOnService\"=hex(7):63,00,00,00,00,"
                             "00\r\n" SERVICE("b") "\"Start\"=dword:1\r\n" SERVICE(
                                 "c") "\"Start\"=dword:3\r\n" /* on demand: demanded by a */
           SERVICE("d") "\"Start\"=dword:2\r\n\"DependOnGroup\"=hex(7):47,00,00,00,00,"
                        "00\r\n" SERVICE("e") "\"Start\"=dword:2\r\n\"Group\"=\"G\"\r\n" SERVICE(
                            "f") "\"Start\"=dword:"
                                 "2\r\n\"DelayedAutostart\""
                                 "=dword:1\r\n" SERVICE("g") "\"Start\"=dword:2\r\n");
    assert_int_equal(place("c"), 1);
    assert_int_equal(place("a"), 2);
    assert_int_equal(place("b"), 3);
    assert_int_equal(place("e"), 4);
    assert_int_equal(place("d"), 5);
    assert_int_equal(place("g"), 6);
    assert_int_equal(place("f"), 7);
    assert_int_equal(ntio_shutdown(), 0);
}

static char lines[4096];
static void keep(const char *line, void *context)
{
    (void)context;
    strncat(lines, line, sizeof(lines) - strlen(lines) - 2);
    strcat(lines, "\n");
}

static void failures_by_error_control(void **state)
{
    DWORD error;
    (void)state;
    lines[0] = '\0';
    ntio_set_debug_sink(keep, NULL);
    booted(
        HEAD SERVICE("a") "\"Start\"=dword:1\r\n\"ErrorControl\"=dword:1\r\n\"TestStatus\"=dword:"
                          "c000009a\r\n" SERVICE("b") "\"Start\"=dword:1\r\n\"ErrorControl\"=dword:"
                                                      "0\r\n\"TestStatus\"=dword:"
                                                      "c0000001\r\n" SERVICE(
                                                          "c") "\"Start\"=dword:"
                                                               "1\r\n\"ErrorControl\"=dword:"
                                                               "2\r\n\"ImagePath\"=\"nowhere."
                                                               "sys\"\r\n" SERVICE("d") "\"Start\"="
                                                                                        "dword:"
                                                                                        "2\r\n");
    ntio_set_debug_sink(NULL, NULL);
    assert_int_equal(place("d"), 3); /* a and b were called, d still came */
    assert_int_equal(state_of("a", &error), SERVICE_STOPPED);
    assert_int_equal(error, ERROR_NO_SYSTEM_RESOURCES);
    assert_int_equal(state_of("c", &error), SERVICE_STOPPED);
    assert_int_equal(error, ERROR_FILE_NOT_FOUND);
    assert_int_equal(state_of("d", NULL), SERVICE_RUNNING);
    assert_non_null(strstr(lines, "service a did not start (error 1450)"));
    assert_null(strstr(lines, "service b did not start"));
    assert_non_null(strstr(lines, "service c did not start (error 2): nowhere.sys is in no driver "
                                  "directory"));
    assert_int_equal(ntio_shutdown(), 0);

    assert_true(boot(HEAD SERVICE("a") "\"Start\"=dword:1\r\n" SERVICE(
                    "b") "\"Start\"=dword:1\r\n\"ErrorControl\"=dword:3\r\n\"TestStatus\"=dword:"
                         "c0000001\r\n") < 0);
    assert_string_equal(reason,
                        "service b, which is critical, did not start: DriverEntry of b failed "
                        "with status 0xc0000001");
    /* Nothing of it is left: it can be booted again. */
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_shutdown(), 0);
}

static void what_was_deleted_is_gone(void **state)
{
    HKEY key;
    (void)state;
    booted(HEAD SERVICE("a") "\"Start\"=dword:1\r\n\"DeleteFlag\"=dword:1\r\n");
    assert_int_equal(place("a"), 0);
    assert_int_equal(
        RegOpenKeyA(HKEY_LOCAL_MACHINE, "System\\CurrentControlSet\\Services\\a", &key),
        ERROR_FILE_NOT_FOUND);
    assert_int_equal(ntio_shutdown(), 0);
}

/* What one boot's program registers, the next boot starts. */
static void registered_saved_started(void **state)
{
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
    SC_HANDLE service = CreateServiceA(manager, "a", "A driver", 0, SERVICE_KERNEL_DRIVER,
                                       SERVICE_SYSTEM_START, SERVICE_ERROR_NORMAL,
                                       "System32\\drivers\\a.sys", NULL, NULL, NULL, NULL, NULL);
    assert_non_null(service);
    assert_true(CloseServiceHandle(service));
    assert_true(CloseServiceHandle(manager));
    assert_int_equal(ntio_registry_save(file, NULL, reason, sizeof(reason)), 0);
    assert_int_equal(ntio_shutdown(), 0);
    assert_int_equal(ntio_add_driver_directory(folder), 0);
    if (ntio_boot_from(NULL, file, reason, sizeof(reason)) != 0)
        fail_msg("%s", reason);
    assert_int_equal(state_of("a", NULL), SERVICE_RUNNING);
    assert_int_equal(place("a"), 1);
    assert_int_equal(ntio_shutdown(), 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_windows_order),          cmocka_unit_test(with_what_they_depend_on),
        cmocka_unit_test(failures_by_error_control), cmocka_unit_test(what_was_deleted_is_gone),
        cmocka_unit_test(registered_saved_started),
    };
    if (argc < 2)
        return 2;
    driver = argv[1];
    return cmocka_run_group_tests(tests, setup, teardown);
}
