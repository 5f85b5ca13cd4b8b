/* SPDX-License-Identifier: MIT */
/*
 * services.c - drivers loaded as services: hello_io behaves the same as a .so and as a .sys, an
 * image is fresh after each load, and what can't be loaded says why.
 *
 * Arguments: hello_io.so, then hello_io.sys and peprobe.sys where mingw-w64 is there.
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
#include <winerror.h>
#include "ntio.h"
#include <cmocka.h>

#define NT_OBJECT_NAME_INVALID         ((int32_t)0xc0000033)
#define NT_OBJECT_NAME_NOT_FOUND       ((int32_t)0xc0000034)
#define NT_OBJECT_NAME_COLLISION       ((int32_t)0xc0000035)
#define NT_INVALID_IMAGE_FORMAT        ((int32_t)0xc000007b)
#define NT_IMAGE_ALREADY_LOADED        ((int32_t)0xc000010e)
#define NT_PLUGPLAY_NO_DEVICE          ((int32_t)0xc000025e)
#define NT_ILL_FORMED_SERVICE_ENTRY    ((int32_t)0xc0000160)
#define NT_DRIVER_ENTRYPOINT_NOT_FOUND ((int32_t)0xc0000263)

#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

static const char *native, *sys, *probe; /* NULL: mingw-w64 is not there */

static void start(const char *name)
{
    char reason[512] = "";
    if (ntio_start_service(name, reason, sizeof(reason)) != 0)
        fail_msg("%s", reason);
}

static void boot_with(const char *name, const char *file)
{
    if (file == NULL)
        skip();
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_create_service(name, file), 0);
}

static HANDLE open_hello(void)
{
    return CreateFileW(L"\\\\.\\HelloIo", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       FILE_ATTRIBUTE_NORMAL, NULL);
}

/* ---- the driver's behaviour, whatever it was compiled to ---- */

static void check_echo(HANDLE device)
{
    char buffer[2048];
    DWORD done = 99;

    assert_true(WriteFile(device, "hello, driver", 13, &done, NULL));
    assert_int_equal(done, 13);
    memset(buffer, '.', sizeof(buffer));
    assert_true(ReadFile(device, buffer, sizeof(buffer), &done, NULL));
    assert_int_equal(done, 13);
    assert_memory_equal(buffer, "hello, driver", 13);
    assert_int_equal(buffer[13], '.'); /* no byte more than the driver said */
    /* What was read stays, and a short read gets the front of it. */
    assert_true(ReadFile(device, buffer, 5, &done, NULL));
    assert_int_equal(done, 5);
    assert_memory_equal(buffer, "hello", 5);
    /* A shorter text replaces the longer one as a whole. */
    assert_true(WriteFile(device, "hi", 2, &done, NULL));
    assert_true(ReadFile(device, buffer, sizeof(buffer), &done, NULL));
    assert_int_equal(done, 2);
    assert_memory_equal(buffer, "hi", 2);
}

static void check_limit(HANDLE device)
{
    char text[1025], buffer[2048];
    DWORD done = 99;

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    assert_true(WriteFile(device, text, 1024, &done, NULL));
    assert_int_equal(done, 1024);
    assert_false(WriteFile(device, text, 1025, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_NO_SYSTEM_RESOURCES); /* 1450 */
    assert_int_equal(done, 0);
    /* The write that failed changed nothing. */
    assert_true(ReadFile(device, buffer, sizeof(buffer), &done, NULL));
    assert_int_equal(done, 1024);
    assert_memory_equal(buffer, text, 1024);
    assert_true(WriteFile(device, text, 0, &done, NULL));
    assert_true(ReadFile(device, buffer, sizeof(buffer), &done, NULL));
    assert_int_equal(done, 0);
}

static void check_hello(const char *file)
{
    char buffer[16];
    DWORD done;

    boot_with("hello_io", file);
    for (int round = 0; round < 3; round++) {
        start("hello_io");
        assert_int_equal(ntio_start_service("hello_io", NULL, 0), NT_IMAGE_ALREADY_LOADED);
        HANDLE device = open_hello();
        assert_true(device != INVALID_HANDLE_VALUE);
        /* A fresh image, a fresh device: nothing of the round before. */
        assert_true(ReadFile(device, buffer, sizeof(buffer), &done, NULL));
        assert_int_equal(done, 0);
        check_echo(device);
        check_limit(device);
        /* What the driver does not serve, the I/O manager refuses. */
        assert_false(DeviceIoControl(device, 0x222000, NULL, 0, NULL, 0, &done, NULL));
        assert_int_equal(GetLastError(), ERROR_INVALID_FUNCTION);
        /* It can't be stopped under an open handle. */
        assert_true(ntio_stop_service("hello_io") < 0);
        assert_true(CloseHandle(device));
        assert_int_equal(ntio_stop_service("hello_io"), 0);
        assert_int_equal(ntio_stop_service("hello_io"), NT_OBJECT_NAME_NOT_FOUND);
        assert_true(open_hello() == INVALID_HANDLE_VALUE);
        assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    }
    assert_int_equal(ntio_shutdown(), 0);
}

static void hello_native(void **state)
{
    (void)state;
    check_hello(native);
}

static void hello_sys(void **state)
{
    (void)state;
    check_hello(sys);
}

/* ---- the loader ---- */

/* The model of peprobe.c's ports. */
static uint32_t port_value;
static unsigned port_accesses;

static uint32_t read_doubled(void *context, uint16_t offset, unsigned size)
{
    (void)context, (void)size;
    port_accesses++;
    return offset == 7 ? port_accesses : 2 * port_value;
}

static void write_port(void *context, uint16_t offset, unsigned size, uint32_t value)
{
    (void)context, (void)offset;
    port_accesses++;
    port_value = size == 4 ? value : value & ((1u << size * 8) - 1);
}

static void sys_sees_cr8_ports_and_its_relocations(void **state)
{
    (void)state;
    assert_int_equal(ntio_add_ports(&(const ntio_ports){0x40, 8, read_doubled, write_port, NULL}),
                     0);
    boot_with("peprobe", probe);
    for (int round = 0; round < 3; round++) {
        port_accesses = 0;
        start("peprobe"); /* its DriverEntry checks */
        assert_int_equal(ntio_stop_service("peprobe"), 0);
    }
    assert_int_equal(port_accesses, 24);
    assert_int_equal(ntio_remove_ports(0x40), 0);
    assert_int_equal(ntio_shutdown(), 0);
}

static void one_image_serves_one_service(void **state)
{
    char reason[512];
    (void)state;
    boot_with("first", native);
    assert_int_equal(ntio_create_service("second", native), 0);
    start("first");
    assert_int_equal(ntio_start_service("second", reason, sizeof(reason)), NT_IMAGE_ALREADY_LOADED);
    assert_string_equal(reason, "hello_io.so is loaded already");
    assert_int_equal(ntio_stop_service("first"), 0);
    start("second");
    assert_int_equal(ntio_shutdown(), 0);
}

static void failed_entry_leaves_nothing(void **state)
{
    char reason[512];
    (void)state;
    /* The .sys under two names: the second one's device name is taken. */
    boot_with("first", sys);
    assert_int_equal(ntio_create_service("second", sys), 0);
    start("first");
    assert_int_equal(ntio_start_service("second", reason, sizeof(reason)),
                     NT_OBJECT_NAME_COLLISION);
    assert_string_equal(reason, "DriverEntry of second failed with status 0xc0000035");
    assert_int_equal(ntio_shutdown(), 0);
}

static void service_keys_are_checked(void **state)
{
    char reason[512];
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_start_service("nobody", reason, sizeof(reason)),
                     NT_OBJECT_NAME_NOT_FOUND);
    assert_string_equal(reason, "there is no service nobody");
    assert_int_equal(ntio_create_service("a/b", NULL), NT_OBJECT_NAME_INVALID);
    assert_int_equal(ntio_create_service("", NULL), NT_OBJECT_NAME_INVALID);

    assert_int_equal(ntio_create_service("one", native), 0);
    assert_int_equal(ntio_create_service("one", native), NT_OBJECT_NAME_COLLISION);
    assert_int_equal(ntio_registry_set_uint32(SERVICES "one", "Start", 4), 0);
    assert_int_equal(ntio_start_service("one", reason, sizeof(reason)), NT_PLUGPLAY_NO_DEVICE);
    assert_string_equal(reason, "service one is disabled");
    assert_int_equal(ntio_registry_set_uint32(SERVICES "one", "Start", 3), 0);
    assert_int_equal(ntio_registry_set_uint32(SERVICES "one", "Type", 0x10), 0);
    assert_int_equal(ntio_start_service("one", reason, sizeof(reason)),
                     NT_ILL_FORMED_SERVICE_ENTRY);
    assert_string_equal(reason, "service one is not a driver's");
    assert_int_equal(ntio_registry_set_uint32(SERVICES "one", "Type", 1), 0);
    start("one");
    assert_int_equal(ntio_delete_service("one"), 0);
    assert_int_equal(ntio_delete_service("one"), NT_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ntio_shutdown(), 0);
}

static void files_are_found_in_directories(void **state)
{
    char reason[512], directory[4096];
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_create_service("hello_io", NULL), 0);
    assert_int_equal(ntio_start_service("hello_io", reason, sizeof(reason)),
                     NT_OBJECT_NAME_NOT_FOUND);
    assert_string_equal(reason, "neither hello_io.so nor hello_io.sys is in a driver directory");
    assert_true(ntio_add_driver_directory("/nowhere/at/all") < 0);
    assert_true(ntio_add_driver_directory(native) < 0);
    snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(native, '/') - native), native);
    assert_int_equal(ntio_add_driver_directory(directory), 0);
    start("hello_io");
    assert_int_equal(ntio_stop_service("hello_io"), 0);
    /* As Windows' SCM writes it: the last part counts. */
    assert_int_equal(ntio_registry_set_string(SERVICES "hello_io", "ImagePath",
                                              "\\SystemRoot\\System32\\drivers\\hello_io.so"),
                     0);
    start("hello_io");
    assert_int_equal(ntio_stop_service("hello_io"), 0);
    assert_int_equal(ntio_registry_set_string(SERVICES "hello_io", "ImagePath", "other.sys"), 0);
    assert_int_equal(ntio_start_service("hello_io", reason, sizeof(reason)),
                     NT_OBJECT_NAME_NOT_FOUND);
    assert_string_equal(reason, "other.sys is in no driver directory");
    /* A directory two levels up: DIR/hello_io/hello_io.so. */
    assert_int_equal(ntio_shutdown(), 0);
    assert_int_equal(ntio_boot(NULL), 0);
    *strrchr(directory, '/') = '\0';
    assert_int_equal(ntio_add_driver_directory(directory), 0);
    assert_int_equal(ntio_create_service("hello_io", NULL), 0);
    start("hello_io");
    assert_int_equal(ntio_shutdown(), 0);
}

static void what_is_no_driver_is_refused(void **state)
{
    char path[] = "/tmp/ntio-ldr-XXXXXX", reason[512];
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
    close(fd);
    assert_int_equal(ntio_create_service("text", path), 0);
    assert_int_equal(ntio_start_service("text", reason, sizeof(reason)), NT_INVALID_IMAGE_FORMAT);
    unlink(path);
    assert_non_null(strstr(reason, "is neither a .so nor a .sys"));
    assert_true(ntio_start_service("text", reason, sizeof(reason)) < 0);
    assert_non_null(strstr(reason, "there is no file /tmp/ntio-ldr-"));
    /* A shared object without a DriverEntry: ntio's own. */
    assert_int_equal(ntio_create_service("library", getenv("NTIO_LIBRARY")), 0);
    assert_true(ntio_start_service("library", reason, sizeof(reason)) < 0);
    assert_int_equal(ntio_shutdown(), 0);
}

static void count_import(const char *module, const char *name, bool there, void *context)
{
    assert_string_equal(module, "ntoskrnl.exe");
    assert_true(there);
    if (strcmp(name, "IofCompleteRequest") == 0)
        *(int *)context += 100;
    ++*(int *)context;
}

static void imports_are_listed(void **state)
{
    char reason[256];
    int count = 0;
    (void)state;
    if (sys == NULL)
        skip();
    assert_int_equal(ntio_list_imports(sys, count_import, &count, reason, sizeof(reason)), 0);
    assert_true(count > 100 + 5 && count < 100 + 40);
    assert_true(ntio_list_imports(native, count_import, &count, reason, sizeof(reason)) < 0);
    assert_string_equal(reason, "hello_io.so is not a PE file");
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_native),
        cmocka_unit_test(hello_sys),
        cmocka_unit_test(sys_sees_cr8_ports_and_its_relocations),
        cmocka_unit_test(one_image_serves_one_service),
        cmocka_unit_test(failed_entry_leaves_nothing),
        cmocka_unit_test(service_keys_are_checked),
        cmocka_unit_test(files_are_found_in_directories),
        cmocka_unit_test(what_is_no_driver_is_refused),
        cmocka_unit_test(imports_are_listed),
    };
    native = argc > 1 ? argv[1] : NULL;
    sys = argc > 2 ? argv[2] : NULL;
    probe = argc > 3 ? argv[3] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
