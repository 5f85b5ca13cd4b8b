/* SPDX-License-Identifier: MIT */
/* run.c - the drivers of this folder do what they were written to do. */
#include "tests/labs/lab.h"
#include <winioctl.h>
#include "shared.h"

static HANDLE start(const char *service, const WCHAR *path, DWORD flags)
{
    lab_start(service);
    return lab_open(path, flags);
}

static void reads_wait_in_a_cancel_safe_queue(void **state)
{
    HANDLE device = start("cancel", L"\\\\.\\CompileCancel", FILE_FLAG_OVERLAPPED);
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    unsigned char buffer[16] = {0xff}, first;
    DWORD done;

    (void)state;
    if (!ReadFile(device, buffer, sizeof(buffer), NULL, &overlapped))
        assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    assert_true(GetOverlappedResult(device, &overlapped, &done, TRUE));
    assert_int_equal(done, sizeof(buffer));
    first = buffer[0];
    for (unsigned i = 1; i < sizeof(buffer); i++)
        assert_int_equal(buffer[i], first);
    /* The poll comes, or the cancel: one of the two. */
    for (int i = 0; i < 100; i++) {
        ResetEvent(overlapped.hEvent);
        (void)ReadFile(device, buffer, sizeof(buffer), NULL, &overlapped);
        (void)CancelIoEx(device, &overlapped);
        if (!GetOverlappedResult(device, &overlapped, &done, TRUE))
            assert_int_equal(GetLastError(), ERROR_OPERATION_ABORTED);
        else
            assert_int_equal(done, sizeof(buffer));
    }
    CloseHandle(overlapped.hEvent);
    assert_true(CloseHandle(device));
    lab_stop("cancel");
}

static void an_event_is_set(void **state)
{
    HANDLE device = start("event", L"\\\\.\\CompileEvent", 0);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    REGISTER_EVENT request = {(ULONG64)(ULONG_PTR)event, 20, 0};
    DWORD done;

    (void)state;
    assert_true(DeviceIoControl(device, IOCTL_REGISTER_EVENT, &request, sizeof(request), NULL, 0,
                                &done, NULL));
    assert_int_equal(WaitForSingleObject(event, 20000), WAIT_OBJECT_0);
    request.Event = 0x1234560;
    assert_false(DeviceIoControl(device, IOCTL_REGISTER_EVENT, &request, sizeof(request), NULL, 0,
                                 &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    CloseHandle(event);
    assert_true(CloseHandle(device));
    lab_stop("event");
}

static void turn(HANDLE device, DWORD code)
{
    char in[] = "Mixed Case 1", out[sizeof(in)] = "";
    DWORD done = 0;

    assert_true(DeviceIoControl(device, code, in, sizeof(in), out, sizeof(out), &done, NULL));
    assert_int_equal(done, sizeof(in));
    assert_string_equal(out, "mIXED cASE 1");
}

static void each_method_and_an_exception(void **state)
{
    HANDLE device = start("ioctl", L"\\\\.\\CompileIoctl", 0);
    char out[64] = "";
    DWORD done;

    (void)state;
    turn(device, IOCTL_TURN_BUFFERED);
    turn(device, IOCTL_TURN_DIRECT);
    turn(device, IOCTL_TURN_NEITHER);
    assert_false(DeviceIoControl(device, IOCTL_TURN_NEITHER, out, 32, out, 16, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER); /* __leave */
    /* An address that is no program's: ProbeForRead raises. */
    assert_false(DeviceIoControl(device, IOCTL_TURN_NEITHER, (void *)0xFFFFF78000000000, 32, out,
                                 64, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_NOACCESS);
#ifndef __SANITIZE_ADDRESS__ /* whose handler is asked first */
    /* One where nothing is: the copy faults, and the outer block sees it. */
    assert_false(
        DeviceIoControl(device, IOCTL_TURN_NEITHER, (void *)0x10000, 32, out, 64, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_NOACCESS);
#else
    assert_false(DeviceIoControl(device, IOCTL_TURN_NEITHER, (void *)0xFFFFF78000000000, 32, out,
                                 64, &done, NULL));
#endif
    assert_true(DeviceIoControl(device, IOCTL_TURN_FAULTS, NULL, 0, out, sizeof(out), &done, NULL));
    assert_string_equal(out, "2");
    /* Nothing is left protected: what was returned out of is gone. */
    turn(device, IOCTL_TURN_NEITHER);
    assert_true(CloseHandle(device));
    lab_stop("ioctl");
}

static void classes_in_pool(void **state)
{
    HANDLE device = start("cpp", L"\\\\.\\CompileCpp", 0);
    ULONG numbers[] = {3, 10, 4};
    CPP_ANSWER answer;
    DWORD done;

    (void)state;
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(DeviceIoControl(device, IOCTL_CPP_FOLD, numbers, sizeof(numbers), &answer,
                                    sizeof(answer), &done, NULL));
        assert_int_equal(answer.Sum, 17);
        assert_int_equal(answer.Largest, 10);
        assert_int_equal(answer.Destroyed, 2 * i);
    }
    assert_true(CloseHandle(device));
    lab_stop("cpp");
}

static void plug_and_play_power_and_wmi(void **state)
{
    char **list = NULL, instance[256];

    (void)state;
    lab_match("ROOT\\CompileToaster", "toaster");
    snprintf(instance, sizeof(instance), "%s", lab_device("TOASTER", "ROOT\\CompileToaster"));
    assert_int_equal(ntio_get_interfaces("{781EF630-72B2-11d2-B852-00C04EAD5171}", instance, &list),
                     0);
    assert_non_null(list[0]);
    assert_null(list[1]);
    ntio_free_list(list);
    for (int i = 0; i < 10; i++) {
        lab_trace_begin();
        assert_int_equal(ntio_set_system_power(NTIO_POWER_SLEEP3, NULL, 0), 0);
        assert_int_equal(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), 0);
        lab_trace_end();
        /* QUERY and SET, for the system and the device, and SET twice on the way back. */
        assert_int_equal(lab_count(NTIO_IRP_CALL, "toaster", 0x16, 0x03), 2);
        assert_int_equal(lab_count(NTIO_IRP_CALL, "toaster", 0x16, 0x02), 4);
    }
    assert_int_equal(ntio_remove_device(instance, false), 0);
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(reads_wait_in_a_cancel_safe_queue), LAB_TEST(an_event_is_set),
    LAB_TEST(each_method_and_an_exception),      LAB_TEST(classes_in_pool),
    LAB_TEST(plug_and_play_power_and_wmi),
};

LAB_MAIN("compile", tests)
