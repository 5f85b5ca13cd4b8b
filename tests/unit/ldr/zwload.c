/* SPDX-License-Identifier: MIT */
/* zwload.c - a driver loads and unloads another one by its registry path. Argument: hello_io.so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include "ntio.h"
#include <cmocka.h>
#include <ntddk.h> /* last: it renames what the C library has, too */

#define SERVICES L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

static const char *image;

static bool is_there(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\HelloIo");
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;

    if (!NT_SUCCESS(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device)))
        return false;
    ObDereferenceObject(file);
    return true;
}

static void loaded_and_unloaded(void **state)
{
    UNICODE_STRING path = RTL_CONSTANT_STRING(SERVICES L"hello_io");
    UNICODE_STRING nowhere = RTL_CONSTANT_STRING(SERVICES L"nowhere");

    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(ntio_create_service("hello_io", image), 0);
    assert_int_equal(ZwLoadDriver(&nowhere), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_false(is_there());
    assert_int_equal(ZwLoadDriver(&path), STATUS_SUCCESS);
    assert_true(is_there());
    assert_int_equal(ZwLoadDriver(&path), STATUS_IMAGE_ALREADY_LOADED);
    assert_int_equal(ZwUnloadDriver(&path), STATUS_SUCCESS);
    assert_false(is_there());
    assert_true(ZwUnloadDriver(&path) < 0);
    assert_int_equal(ntio_shutdown(), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loaded_and_unloaded),
    };

    image = argc > 1 ? realpath(argv[1], NULL) : NULL;
    return cmocka_run_group_tests_name("ldr zwload", tests, NULL, NULL);
}
