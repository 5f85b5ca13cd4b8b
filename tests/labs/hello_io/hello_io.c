/* SPDX-License-Identifier: MIT */
/* hello_io: what is written is read back; 1,024 bytes at most; a request goes one way and back. */
#include "../lab.h"

enum { MJ_CREATE = 0, MJ_CLOSE = 2, MJ_READ = 3, MJ_WRITE = 4, MJ_CLEANUP = 0x12 };

static void what_is_written_is_read_back(void **state)
{
    char buffer[1100];
    DWORD done = 0;

    (void)state;
    lab_start("hello_io");
    HANDLE device = lab_open(L"\\\\.\\HelloIo", 0);
    assert_true(WriteFile(device, "hello, driver", 13, &done, NULL));
    assert_int_equal(done, 13);
    memset(buffer, '.', sizeof(buffer));
    assert_true(ReadFile(device, buffer, sizeof(buffer), &done, NULL));
    assert_int_equal(done, 13);
    assert_memory_equal(buffer, "hello, driver...", 16);
    memset(buffer, 'x', sizeof(buffer));
    assert_true(WriteFile(device, buffer, 1024, &done, NULL));
    assert_false(WriteFile(device, buffer, 1025, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_NO_SYSTEM_RESOURCES);
    assert_int_equal(ERROR_NO_SYSTEM_RESOURCES, 1450);
    assert_true(CloseHandle(device));
    lab_stop("hello_io");
}

static void a_request_goes_one_way_and_back(void **state)
{
    char buffer[8];
    DWORD done;

    (void)state;
    lab_start("hello_io");
    lab_trace_begin();
    HANDLE device = lab_open(L"\\\\.\\HelloIo", 0);
    assert_true(WriteFile(device, "abc", 3, &done, NULL));
    assert_true(ReadFile(device, buffer, sizeof(buffer), &done, NULL));
    assert_true(CloseHandle(device));
    lab_trace_end();
    static const int order[] = {MJ_CREATE, MJ_WRITE, MJ_READ, MJ_CLEANUP, MJ_CLOSE};
    int at = 0;
    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        at = lab_expect(at, NTIO_IRP_CALL, "hello_io", order[i], -1);
        assert_int_equal(lab_count(NTIO_IRP_CALL, "hello_io", order[i], -1), 1);
        at = lab_expect(at, NTIO_IRP_COMPLETE, "hello_io", order[i], -1);
        assert_int_equal(lab_event_at((unsigned)at)->status, 0);
    }
    lab_stop("hello_io");
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(what_is_written_is_read_back),
    LAB_TEST(a_request_goes_one_way_and_back),
};

LAB_MAIN("lab-hello_io", tests)
