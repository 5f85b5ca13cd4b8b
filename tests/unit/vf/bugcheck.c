/* SPDX-License-Identifier: MIT */
/* The stop: its report, its end, and stops within a stop. */
#include "ntio/vf/vf.h"
#include "ntio/ntos.h"
#include "tests/support/bugcheck.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static void stop_with_four(void *context)
{
    (void)context;
    KeBugCheckEx(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1000, 2, 0xfedcba9876543210, 4);
}

static void test_first_line(void **state)
{
    (void)state;
    expect_bugcheck_unbooted(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1000, stop_with_four, NULL);
    const char *first =
        "*** STOP: 0x000000C4 (0x0000000000001000, 0x0000000000000002, "
        "0xFEDCBA9876543210, 0x0000000000000004) DRIVER_VERIFIER_DETECTED_VIOLATION\n";
    assert_memory_equal(bugcheck_report(), first, strlen(first));
    /* What the subcode means, and a parameter of it. */
    assert_non_null(strstr(bugcheck_report(), "the thread takes a lock that it holds already"));
    assert_non_null(strstr(bugcheck_report(), "0000000000000002  lock"));
    assert_non_null(strstr(bugcheck_report(), "*** Stack:\n"));
}

static void stop_bare(void *context)
{
    KeBugCheck(*(ULONG *)context);
}

static void test_without_parameters(void **state)
{
    (void)state;
    ULONG code = MANUALLY_INITIATED_CRASH;
    expect_bugcheck_unbooted(code, 0, stop_bare, &code);
    assert_int_equal(bugcheck_parameter(4), 0);
    assert_non_null(strstr(bugcheck_report(), ") MANUALLY_INITIATED_CRASH\n"));
    code = 0x12345;
    expect_bugcheck_unbooted(code, 0, stop_bare, &code);
    assert_non_null(strstr(bugcheck_report(), ") UNKNOWN\n"));
}

static void stop_verifier(void *context)
{
    (void)context;
    VfStop(0x33, 2, 0xabc, 0, "in so many words");
}

static void test_verifier(void **state)
{
    (void)state;
    expect_bugcheck_unbooted(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x33, stop_verifier, NULL);
    assert_int_equal(bugcheck_parameter(2), 2);
    assert_int_equal(bugcheck_parameter(3), 0xabc);
    assert_non_null(strstr(bugcheck_report(), "*** in so many words\n"));
}

static void stop_missing(void *context)
{
    (void)context;
    VfNotImplemented("ExTakeOverTheWorld");
}

static void test_not_implemented(void **state)
{
    (void)state;
    expect_bugcheck_unbooted(NTIO_ROUTINE_NOT_IMPLEMENTED, BUGCHECK_ANY, stop_missing, NULL);
    assert_non_null(strstr(bugcheck_report(), "ExTakeOverTheWorld is not implemented"));
}

static void stop_assertion(void *context)
{
    NTIO_ASSERT(context != NULL);
}

static void test_assertion(void **state)
{
    (void)state;
    expect_bugcheck_unbooted(NTIO_ASSERTION_FAILED, BUGCHECK_ANY, stop_assertion, NULL);
    assert_non_null(strstr(bugcheck_report(), "assertion failed: context != NULL"));
    assert_non_null(strstr(bugcheck_report(), "bugcheck.c:"));
}

static VOID NTAPI say_so(PVOID Buffer, ULONG Length)
{
    dprintf(STDERR_FILENO, "callback %.*s\n", (int)Length, (char *)Buffer);
}

static void stop_with_callbacks(void *context)
{
    static KBUGCHECK_CALLBACK_RECORD first, second;
    (void)context;
    KeInitializeCallbackRecord(&first);
    KeInitializeCallbackRecord(&second);
    if (!KeRegisterBugCheckCallback(&first, say_so, (PVOID) "one", 3, (PUCHAR) "test") ||
        !KeRegisterBugCheckCallback(&second, say_so, (PVOID) "two", 3, (PUCHAR) "test") ||
        /* It is in already; and what was taken out is not in any more. */
        KeRegisterBugCheckCallback(&first, say_so, (PVOID) "one", 3, (PUCHAR) "test") ||
        !KeDeregisterBugCheckCallback(&second) || KeDeregisterBugCheckCallback(&second))
        return;
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void test_callbacks(void **state)
{
    (void)state;
    expect_bugcheck_unbooted(MANUALLY_INITIATED_CRASH, 0, stop_with_callbacks, NULL);
    assert_non_null(strstr(bugcheck_report(), "callback one\n"));
    assert_null(strstr(bugcheck_report(), "callback two\n"));
}

static VOID NTAPI stop_again(PVOID Buffer, ULONG Length)
{
    (void)Buffer;
    KeBugCheckEx(PHASE0_EXCEPTION, Length, 0, 0, 0);
}

static void stop_twice(void *context)
{
    static KBUGCHECK_CALLBACK_RECORD record;
    (void)context;
    KeInitializeCallbackRecord(&record);
    KeRegisterBugCheckCallback(&record, stop_again, NULL, 0, (PUCHAR) "test");
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void test_stop_within_a_stop(void **state)
{
    (void)state;
    /* It ends at once, and the second says nothing. */
    expect_bugcheck_unbooted(MANUALLY_INITIATED_CRASH, 0, stop_twice, NULL);
    assert_null(strstr(bugcheck_report(), "PHASE0_EXCEPTION"));
}

static void *stop_in_thread(void *context)
{
    pthread_barrier_wait(context);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
    return NULL;
}

static void stop_in_threads(void *context)
{
    pthread_barrier_t *together = calloc(1, sizeof(*together));
    pthread_t thread[4];
    int i;

    (void)context;
    pthread_barrier_init(together, NULL, 4);
    for (i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, stop_in_thread, together);
    for (i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

static void test_stops_at_once(void **state)
{
    (void)state;
    expect_bugcheck_unbooted(MANUALLY_INITIATED_CRASH, 0, stop_in_threads, NULL);
    const char *first = strstr(bugcheck_report(), "*** STOP:");
    assert_non_null(first);
    assert_null(strstr(first + 1, "*** STOP:"));
    assert_non_null(strstr(first, "*** Stack:\n"));
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(VfBugCheckName(0x0a), "IRQL_NOT_LESS_OR_EQUAL");
    assert_string_equal(VfBugCheckName(0x44), "MULTIPLE_IRP_COMPLETE_REQUESTS");
    assert_string_equal(VfBugCheckName(NTIO_ASSERTION_FAILED), "NTIO_ASSERTION_FAILED");
    assert_null(VfBugCheckName(0x7fffffff));
}

static BOOLEAN describe_test(PVOID Address, char *Text, size_t Size)
{
    if (Address != (PVOID)0x1234000)
        return FALSE;
    snprintf(Text, Size, "fake.sys!Entry+0x0");
    return TRUE;
}

static void test_describe(void **state)
{
    (void)state;
    char text[64], small[8];

    VfDescribeAddress((PVOID)(ULONG_PTR)&sysconf, text, sizeof(text));
    assert_non_null(strstr(text, "!sysconf"));
    VfDescribeAddress((PVOID)0x1234000, text, sizeof(text));
    assert_string_equal(text, "0x1234000");
    assert_false(VfIsDriverAddress((PVOID)0x1234000));
    VfSetImageDescriber(describe_test);
    VfDescribeAddress((PVOID)0x1234000, text, sizeof(text));
    assert_string_equal(text, "fake.sys!Entry+0x0");
    VfDescribeAddress((PVOID)0x1234000, small, sizeof(small));
    assert_string_equal(small, "fake.sy");
    assert_true(VfIsDriverAddress((PVOID)0x1234000));
    VfSetImageDescriber(NULL);
    assert_true(VfIsKernelAddress((PVOID)(ULONG_PTR)&VfIsKernelAddress));
    assert_false(VfIsKernelAddress((PVOID)(ULONG_PTR)&sysconf));
    assert_false(VfIsDriverAddress((PVOID)(ULONG_PTR)&sysconf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_line),
        cmocka_unit_test(test_without_parameters),
        cmocka_unit_test(test_verifier),
        cmocka_unit_test(test_not_implemented),
        cmocka_unit_test(test_assertion),
        cmocka_unit_test(test_callbacks),
        cmocka_unit_test(test_stop_within_a_stop),
        cmocka_unit_test(test_stops_at_once),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_describe),
    };
    return cmocka_run_group_tests_name("vf bugcheck", tests, NULL, NULL);
}
