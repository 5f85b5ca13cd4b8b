/* SPDX-License-Identifier: MIT */
/*
 * ioctl_timeout: in time there is an answer, too late the IRP is cancelled, at the limit it is one
 * of the two; each IRP is completed and freed once.
 */
#include "../lab.h"

#include <winioctl.h>

#include "samples/ioctl_timeout/ioctl_timeout.h"

enum { MJ_CONTROL = 0xe };
#define S_CANCELLED  ((int32_t)0xC0000120)
#define S_IO_TIMEOUT ((int32_t)0xC00000B5)
#define ROUNDS       400

static HANDLE start(void)
{
    lab_start("slow");
    lab_start("impatient");
    return lab_open(L"\\\\.\\Impatient", 0);
}

static void stop(HANDLE device)
{
    assert_true(CloseHandle(device));
    lab_stop("impatient");
    lab_stop("slow");
}

static IMPATIENT_ANSWER ask(HANDLE device, DWORD limit, DWORD slow)
{
    IMPATIENT_REQUEST request = {limit, {slow, "patience"}};
    IMPATIENT_ANSWER answer;
    DWORD done;

    assert_true(DeviceIoControl(device, IOCTL_IMPATIENT, &request, sizeof(request), &answer,
                                sizeof(answer), &done, NULL));
    assert_int_equal(done, sizeof(answer));
    return answer;
}

static void expect_answer(const IMPATIENT_ANSWER *answer)
{
    assert_int_equal(answer->Status, 0);
    assert_int_equal(answer->Information, sizeof(answer->Text));
    assert_string_equal(answer->Text, "patience");
}

static void expect_cancelled(const IMPATIENT_ANSWER *answer)
{
    assert_int_equal(answer->Status, S_IO_TIMEOUT);
    assert_int_equal(answer->LowerStatus, S_CANCELLED);
    assert_int_equal(answer->Information, 0);
    assert_true(answer->TimeWasUp);
    assert_true(answer->Cancelled);
    assert_int_equal(answer->Text[0], 0);
}

/* slow's IRP at event `from`: completed by slow with this status, its completion routine called so
 * often; then freed. Index of the FREE. */
static int follow(int from, int32_t status, unsigned routines)
{
    int at = lab_expect(from, NTIO_IRP_CALL, "slow", MJ_CONTROL, -1);
    const void *irp = lab_event_at((unsigned)at)->irp;
    unsigned called = 0, completed = 0;

    for (unsigned i = (unsigned)at; i < lab_event_count(); i++) {
        const lab_event *event = lab_event_at(i);
        if (event->irp != irp)
            continue;
        if (event->step == NTIO_IRP_COMPLETE && completed++ == 0)
            assert_int_equal(event->status, status);
        if (event->step == NTIO_IRP_COMPLETION_ROUTINE)
            called++;
        if (event->step == NTIO_IRP_FREE) {
            assert_int_equal(called, routines);
            /* Where impatient completes it once more no driver is left to be told. */
            assert_int_equal(completed, 1);
            return (int)i;
        }
    }
    lab_print_events();
    fail_msg("the IRP is not freed");
    return -1;
}

static void in_time_there_is_an_answer(void **state)
{
    (void)state;
    HANDLE device = start();
    lab_trace_begin();
    IMPATIENT_ANSWER answer = ask(device, 30000000, 1000);
    lab_trace_end();
    expect_answer(&answer);
    assert_false(answer.TimeWasUp);
    assert_false(answer.Cancelled);
    follow(0, 0, 1);
    stop(device);
}

static void too_late_it_is_cancelled(void **state)
{
    (void)state;
    HANDLE device = start();
    lab_trace_begin();
    IMPATIENT_ANSWER answer = ask(device, 2000, 60000000);
    lab_trace_end();
    expect_cancelled(&answer);
    follow(0, S_CANCELLED, 1);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "slow", MJ_CONTROL, -1), 1);
    /* No time at all. */
    answer = ask(device, 0, 60000000);
    expect_cancelled(&answer);
    stop(device); /* and no timer is left behind */
}

static void at_the_limit_it_is_one_of_the_two(void **state)
{
    unsigned answers = 0, cancelled = 0;

    (void)state;
    HANDLE device = start();
    for (DWORD i = 0; i < ROUNDS; i++) {
        IMPATIENT_ANSWER answer = ask(device, 300, 200 + i / 2);
        if (answer.Status == 0) {
            expect_answer(&answer);
            answers++;
        } else {
            expect_cancelled(&answer);
            cancelled++;
        }
    }
    assert_int_equal(answers + cancelled, ROUNDS);
    stop(device);
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(in_time_there_is_an_answer),
    LAB_TEST(too_late_it_is_cancelled),
    LAB_TEST(at_the_limit_it_is_one_of_the_two),
};

LAB_MAIN("lab-ioctl_timeout", tests)
