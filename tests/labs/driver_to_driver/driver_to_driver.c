/* SPDX-License-Identifier: MIT */
/*
 * driver_to_driver: each way of calling another driver brings the same data; which IRPs reach it,
 * when the call comes back, who frees the IRP.
 */
#include "../lab.h"

#include <winioctl.h>

#include "samples/driver_to_driver/driver_to_driver.h"

enum { MJ_CREATE = 0, MJ_CLOSE = 2, MJ_READ = 3, MJ_CONTROL = 0xe, MJ_CLEANUP = 0x12 };
#define S_PENDING 0x103

/* Has caller call target, with a trace around it. */
static CALL_RESULT call(DWORD way)
{
    CALL_RESULT result;
    DWORD done = 0;

    lab_start("target");
    lab_start("caller");
    HANDLE caller = lab_open(L"\\\\.\\Caller", 0);
    lab_trace_begin();
    if (!DeviceIoControl(caller, IOCTL_CALL, &way, sizeof(way), &result, sizeof(result), &done,
                         NULL))
        fail_msg("way %u: error %u", (unsigned)way, (unsigned)GetLastError());
    assert_int_equal(done, sizeof(result));
    assert_true(CloseHandle(caller));
    lab_stop("caller");
    /* Who completed the read lets go of the file object after its event: a moment later. */
    for (int i = 0; i < 10000 && ntio_stop_service("target") < 0; i++)
        Sleep(1);
    lab_trace_end();
    return result;
}

static void expect_text(const CALL_RESULT *result, const char *text)
{
    assert_int_equal(result->Status, 0);
    assert_int_equal(result->Information, strlen(text));
    assert_memory_equal(result->Data, text, strlen(text));
}

/* The one IRP of this kind that target got; it pended and was freed once. Index of its CALL. */
static unsigned the_irp(int major, bool pended)
{
    unsigned frees = 0;
    int at = lab_expect(0, NTIO_IRP_CALL, "target", major, -1);
    int returned = lab_expect(at, NTIO_IRP_RETURN, "target", -1, -1);
    int ended = lab_expect(0, NTIO_IRP_COMPLETE, "target", major, -1);
    const void *irp = lab_event_at((unsigned)at)->irp;

    assert_int_equal(lab_count(NTIO_IRP_CALL, "target", major, -1), 1);
    assert_ptr_equal(lab_event_at((unsigned)ended)->irp, irp);
    assert_true(ended > at);
    assert_int_equal(lab_event_at((unsigned)returned)->status, pended ? S_PENDING : 0);
    for (unsigned i = (unsigned)at; i < lab_event_count(); i++) {
        const lab_event *event = lab_event_at(i);
        if (event->irp == irp && event->step == NTIO_IRP_FREE) {
            frees++;
            assert_true((int)i > ended);
            break;
        }
    }
    assert_int_equal(frees, 1);
    return (unsigned)at;
}

/* target was opened and closed for the call: CREATE, then the request, then CLEANUP, CLOSE. */
static void opened_and_closed(int major)
{
    int at = lab_expect(0, NTIO_IRP_CALL, "target", MJ_CREATE, -1);
    at = lab_expect(at, NTIO_IRP_CALL, "target", major, -1);
    at = lab_expect(at, NTIO_IRP_COMPLETE, "target", major, -1);
    at = lab_expect(at, NTIO_IRP_CALL, "target", MJ_CLEANUP, -1);
    lab_expect(at, NTIO_IRP_CALL, "target", MJ_CLOSE, -1);
}

/* A pointer keeps a file object, no handle: CLEANUP came when the open's handle was closed. */
static void pointed_at(int major)
{
    int create = lab_expect(0, NTIO_IRP_CALL, "target", MJ_CREATE, -1);
    int cleanup = lab_expect(create, NTIO_IRP_CALL, "target", MJ_CLEANUP, -1);
    int request = lab_expect(cleanup, NTIO_IRP_CALL, "target", major, -1);
    int ended = lab_expect(request, NTIO_IRP_COMPLETE, "target", major, -1);
    lab_expect(ended, NTIO_IRP_CALL, "target", MJ_CLOSE, -1);
}

#define READ_TEXT "defghijklmnopqrs" /* CALL_BYTES from CALL_OFFSET on */

static void a_synchronous_handle_waits(void **state)
{
    (void)state;
    CALL_RESULT result = call(CALL_SYNCHRONOUSLY);
    expect_text(&result, READ_TEXT);
    assert_int_equal(result.Returned, 0); /* though the read was pending */
    the_irp(MJ_READ, true);
    opened_and_closed(MJ_READ);
}

static void an_apc_says_when_it_is_done(void **state)
{
    (void)state;
    CALL_RESULT result = call(CALL_WITH_APC);
    expect_text(&result, READ_TEXT);
    assert_int_equal(result.Returned, S_PENDING);
    assert_int_equal(result.ApcCalls, 1);
    assert_int_equal(result.ApcIrql, 0);
    assert_true(result.ApcInCaller);
    the_irp(MJ_READ, true);
    opened_and_closed(MJ_READ);
}

static void the_files_event_says_when_it_is_done(void **state)
{
    (void)state;
    CALL_RESULT result = call(CALL_WITH_FILE_EVENT);
    expect_text(&result, READ_TEXT);
    assert_int_equal(result.Returned, S_PENDING);
    the_irp(MJ_READ, true);
    opened_and_closed(MJ_READ);
}

static void a_link_leads_to_the_device(void **state)
{
    static const WCHAR target[] = L"\\Device\\Target";

    (void)state;
    CALL_RESULT result = call(CALL_THROUGH_LINK);
    expect_text(&result, READ_TEXT);
    assert_memory_equal(result.LinkTarget, target, sizeof(target));
    the_irp(MJ_READ, true);
    opened_and_closed(MJ_READ);
}

static void the_io_manager_frees_synchronous_irps(void **state)
{
    (void)state;
    CALL_RESULT result = call(CALL_SYNCHRONOUS_FSD);
    expect_text(&result, READ_TEXT);
    assert_int_equal(result.Returned, S_PENDING);
    the_irp(MJ_READ, true);
    pointed_at(MJ_READ);
    assert_int_equal(lab_find(0, NTIO_IRP_COMPLETION_ROUTINE, NULL, MJ_READ, -1), -1);
}

static void an_io_control_goes_by_pointer(void **state)
{
    (void)state;
    CALL_RESULT result = call(CALL_DEVICE_CONTROL);
    expect_text(&result, "reward");
    assert_int_equal(result.Returned, 0);
    unsigned at = the_irp(MJ_CONTROL, false);
    assert_int_equal(lab_event_at(at)->code, IOCTL_TARGET_REVERSE);
    pointed_at(MJ_CONTROL);
}

/* The completion routine keeps the IRP from the I/O manager, and frees it itself. */
static void freed_in_the_completion_routine(DWORD way)
{
    CALL_RESULT result = call(way);
    expect_text(&result, READ_TEXT);
    assert_int_equal(result.Returned, S_PENDING);
    const void *irp = lab_event_at(the_irp(MJ_READ, true))->irp;
    pointed_at(MJ_READ);
    unsigned i = 0, routines = 0;
    for (; i < lab_event_count(); i++) {
        const lab_event *event = lab_event_at(i);
        if (event->irp == irp && event->step == NTIO_IRP_COMPLETION_ROUTINE)
            routines++;
    }
    assert_int_equal(routines, 1);
}

static void asynchronous_fsd_request_is_freed_by_its_maker(void **state)
{
    (void)state;
    freed_in_the_completion_routine(CALL_ASYNCHRONOUS_FSD);
}

static void own_irp_is_freed_by_its_maker(void **state)
{
    (void)state;
    freed_in_the_completion_routine(CALL_OWN_IRP);
}

static void the_pointer_can_be_got_by_hand(void **state)
{
    (void)state;
    CALL_RESULT result = call(CALL_OWN_POINTER);
    expect_text(&result, READ_TEXT);
    assert_true(result.SamePointer);
    the_irp(MJ_READ, true);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "target", MJ_CREATE, -1), 2);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "target", MJ_CLOSE, -1), 2);
}

/* A reference on target's file object keeps it loaded; without target there is nobody to call. */
static void without_target_the_call_fails(void **state)
{
    CALL_RESULT result;
    DWORD done;

    (void)state;
    lab_start("caller");
    HANDLE caller = lab_open(L"\\\\.\\Caller", 0);
    for (DWORD way = 0; way < CALL_WAYS; way++) {
        assert_false(DeviceIoControl(caller, IOCTL_CALL, &way, sizeof(way), &result, sizeof(result),
                                     &done, NULL));
        assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    }
    DWORD way = CALL_WAYS;
    lab_start("target");
    assert_false(DeviceIoControl(caller, IOCTL_CALL, &way, sizeof(way), &result, sizeof(result),
                                 &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(CloseHandle(caller));
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(a_synchronous_handle_waits),
    LAB_TEST(an_apc_says_when_it_is_done),
    LAB_TEST(the_files_event_says_when_it_is_done),
    LAB_TEST(a_link_leads_to_the_device),
    LAB_TEST(the_io_manager_frees_synchronous_irps),
    LAB_TEST(an_io_control_goes_by_pointer),
    LAB_TEST(asynchronous_fsd_request_is_freed_by_its_maker),
    LAB_TEST(own_irp_is_freed_by_its_maker),
    LAB_TEST(the_pointer_can_be_got_by_hand),
    LAB_TEST(without_target_the_call_fails),
};

LAB_MAIN("lab-driver_to_driver", tests)
