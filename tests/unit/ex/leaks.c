/* SPDX-License-Identifier: MIT */
/* What a driver leaves behind is counted and named at shutdown, and not again at the next one. */
#include "ntio.h"
#include "ntio/ex/ex.h"
#include "ntio/mm/mm.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define TAG 'kaeL'

static char text[16384];

/* ntio_shutdown with what it prints in text. */
static unsigned shut_down(void)
{
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    unsigned left;
    size_t length;

    assert_non_null(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    left = ntio_shutdown();
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = '\0';
    fclose(file);
    return left;
}

static NPAGED_LOOKASIDE_LIST list;
static ERESOURCE resource;

static void test_leaks(void **state)
{
    PHYSICAL_ADDRESS highest = {.QuadPart = MAXLONGLONG};
    PVOID block, contiguous;
    PMDL mdl;

    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    block = ExAllocatePoolWithTag(PagedPool, 4242, TAG);
    mdl = IoAllocateMdl(block, 77, FALSE, FALSE, NULL);
    contiguous = MmAllocateContiguousMemory(100, highest);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    ExInitializeResourceLite(&resource);
    assert_non_null(contiguous);
    assert_int_equal(shut_down(), 5);
    assert_non_null(strstr(text, "ntio: left behind: pool block: 'Leak' 4242 bytes paged at "));
    assert_non_null(strstr(text, "ntio: left behind: MDL: "));
    assert_non_null(strstr(text, "ntio: left behind: contiguous memory: 100 bytes at "));
    assert_non_null(strstr(text, "ntio: left behind: lookaside list: at "));
    assert_non_null(strstr(text, "ntio: left behind: resource: at "));

    assert_int_equal(ntio_boot(NULL), 0);
    /* Late, but it may still be done. */
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, TAG);
    assert_int_equal(shut_down(), 0);
    assert_string_equal(text, "");
}

static void test_quiet(void **state)
{
    ntio_config config = {.quiet_accounting = true};
    PVOID block;

    (void)state;
    assert_int_equal(ntio_boot(&config), 0);
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG);
    assert_int_equal(shut_down(), 1);
    assert_string_equal(text, "");
    assert_int_equal(ntio_boot(NULL), 0);
    ExFreePool(block);
    assert_int_equal(shut_down(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_leaks), cmocka_unit_test(test_quiet)};
    return cmocka_run_group_tests_name("ex leaks", tests, NULL, NULL);
}
