/* SPDX-License-Identifier: MIT */
/* The accounting: who is asked, when, and what is printed. */
#include "ntio/vf/vf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static VOID two_left(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    Left("thing", "the first", Context);
    Left("thing", "the second", Context);
}

static VOID none_left(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    (void)Left;
    (void)Context;
}

static VOID block_left(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    Left("pool block", "a block", Context);
}

static VOID collect(const char *Kind, const char *Sentence, PVOID Context)
{
    strcat(Context, Kind);
    strcat(Context, "=");
    strcat(Context, Sentence);
    strcat(Context, ";");
}

static char *print(ULONG (*routine)(FILE *), ULONG *count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    *count = routine(out);
    fclose(out);
    return text;
}

static void test_account(void **state)
{
    char text[256] = "";
    ULONG count;
    char *printed;

    (void)state;
    VfAddAccountingSource("a", two_left);
    VfAddAccountingSource("pool", block_left);
    VfAddAccountingSource("b", none_left);
    VfAddAccountingSource("a", two_left); /* once is enough */

    assert_int_equal(VfAccount(collect, text), 3);
    assert_string_equal(text, "thing=the first;thing=the second;pool block=a block;");
    assert_int_equal(VfAccount(NULL, NULL), 3);

    printed = print(VfAccountAtShutdown, &count);
    assert_int_equal(count, 2);
    assert_string_equal(printed, "ntio: left behind: thing: the first\n"
                                 "ntio: left behind: thing: the second\n");
    free(printed);
    assert_int_equal(VfAccountAtShutdown(NULL), 2);

    printed = print(VfAccountPoolAtShutdown, &count);
    assert_int_equal(count, 1);
    assert_string_equal(printed, "ntio: left behind: pool block: a block\n");
    free(printed);

    /* All sources are forgotten. */
    assert_int_equal(VfAccount(NULL, NULL), 0);
    assert_int_equal(VfAccountPoolAtShutdown(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_account)};
    return cmocka_run_group_tests_name("vf account", tests, NULL, NULL);
}
