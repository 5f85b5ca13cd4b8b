/* SPDX-License-Identifier: MIT */
/* files.c - opening, reading, control codes, overlapped requests, cancelling, completion ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "echo.h"

static HANDLE open_(LPCWSTR name, DWORD disposition)
{
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, disposition, 0, NULL);
}

static void opening_fails(void **state)
{
    (void)state;
    assert_ptr_equal(open_(L"\\\\.\\NoSuchDevice", OPEN_EXISTING), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_ptr_equal(open_(L"\\\\.\\No\\Such", OPEN_EXISTING), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_PATH_NOT_FOUND);
    assert_ptr_equal(open_(L"", OPEN_EXISTING), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_PATH_NOT_FOUND);
    assert_ptr_equal(open_(L"\\\\.\\Echo", 0), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_ptr_equal(open_(L"\\\\.\\Echo", 6), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_false(CloseHandle((HANDLE)0x7654));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
}

static void the_a_form_opens_too(void **state)
{
    HANDLE h = CreateFileA("//?/Echo", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);

    (void)state;
    assert_ptr_not_equal(h, INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_SUCCESS);
    assert_true(CloseHandle(h));
}

static void what_is_written_is_read(void **state)
{
    HANDLE h = echo_open(0);
    char big[1025] = "too much", back[32] = "";
    DWORD n;

    (void)state;
    assert_true(WriteFile(h, "hello", 5, &n, NULL));
    assert_int_equal(n, 5);
    assert_true(SetFilePointerEx(h, (LARGE_INTEGER){.QuadPart = 0}, NULL, FILE_BEGIN));
    assert_true(ReadFile(h, back, sizeof(back), &n, NULL));
    assert_int_equal(n, 5);
    assert_string_equal(back, "hello");
    assert_true(SetFilePointerEx(h, (LARGE_INTEGER){.QuadPart = 0}, NULL, FILE_BEGIN));
    assert_false(WriteFile(h, big, sizeof(big), &n, NULL));
    assert_int_equal(GetLastError(), 1450);
    assert_int_equal(n, 0);
    assert_true(FlushFileBuffers(h));
    assert_true(CloseHandle(h));
}

static void the_end_of_a_file(void **state)
{
    HANDLE h = echo_open(0), o = echo_open(FILE_FLAG_OVERLAPPED);
    OVERLAPPED ov = {.Offset = ECHO_END};
    char c;
    DWORD n = 7;

    (void)state;
    assert_true(SetFilePointerEx(h, (LARGE_INTEGER){.QuadPart = ECHO_END}, NULL, FILE_BEGIN));
    assert_true(ReadFile(h, &c, 1, &n, NULL));
    assert_int_equal(n, 0);
    n = 7;
    assert_false(ReadFile(o, &c, 1, &n, &ov));
    assert_int_equal(GetLastError(), ERROR_HANDLE_EOF);
    assert_int_equal(n, 0);
    assert_true(CloseHandle(h));
    assert_true(CloseHandle(o));
}

static void positions(void **state)
{
    HANDLE h = echo_open(0);
    LARGE_INTEGER at;
    LONG high = 1;

    (void)state;
    assert_true(SetFilePointerEx(h, (LARGE_INTEGER){.QuadPart = 100}, &at, FILE_BEGIN));
    assert_int_equal(at.QuadPart, 100);
    assert_true(SetFilePointerEx(h, (LARGE_INTEGER){.QuadPart = -40}, &at, FILE_CURRENT));
    assert_int_equal(at.QuadPart, 60);
    assert_false(SetFilePointerEx(h, (LARGE_INTEGER){.QuadPart = -61}, &at, FILE_CURRENT));
    assert_int_equal(GetLastError(), ERROR_NEGATIVE_SEEK);
    assert_false(SetFilePointerEx(h, (LARGE_INTEGER){.QuadPart = 0}, &at, 3));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_int_equal(SetFilePointer(h, 5, &high, FILE_BEGIN), 5);
    assert_int_equal(high, 1);
    assert_int_equal(SetFilePointer(h, 0, NULL, FILE_CURRENT), INVALID_SET_FILE_POINTER);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(CloseHandle(h));
}

static void control_codes(void **state)
{
    HANDLE h = echo_open(0);
    char out[8] = "";
    DWORD n;

    (void)state;
    assert_true(DeviceIoControl(h, IOCTL_ECHO_COPY, "abc", 4, out, sizeof(out), &n, NULL));
    assert_int_equal(n, 4);
    assert_string_equal(out, "abc");
    assert_false(DeviceIoControl(h, IOCTL_ECHO_OVERFLOW, NULL, 0, out, sizeof(out), &n, NULL));
    assert_int_equal(GetLastError(), ERROR_MORE_DATA);
    assert_int_equal(n, 4);
    assert_memory_equal(out, "wwww", 4);
    assert_false(DeviceIoControl(h, IOCTL_ECHO_OVERFLOW, NULL, 0, out, 2, &n, NULL));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(n, 0);
    assert_false(DeviceIoControl(h, ECHO_CTL(99), NULL, 0, NULL, 0, &n, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_FUNCTION);
    assert_true(DeviceIoControl(h, IOCTL_ECHO_FSCTL, NULL, 0, NULL, 0, &n, NULL));
    assert_false(DeviceIoControl(h, IOCTL_ECHO_COPY, NULL, 0, NULL, 0, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_NOACCESS);
    assert_true(CloseHandle(h));
    assert_false(DeviceIoControl(h, IOCTL_ECHO_COPY, NULL, 0, NULL, 0, &n, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
}

static void an_overlapped_request(void **state)
{
    HANDLE h = echo_open(FILE_FLAG_OVERLAPPED), event = CreateEventW(NULL, TRUE, FALSE, NULL);
    OVERLAPPED ov = {.Offset = ECHO_PEND, .hEvent = event};
    UCHAR data[16] = {0};
    DWORD n = 99;

    (void)state;
    assert_false(ReadFile(h, data, sizeof(data), NULL, &ov));
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    assert_false(HasOverlappedIoCompleted(&ov));
    assert_false(GetOverlappedResult(h, &ov, &n, FALSE));
    assert_int_equal(GetLastError(), ERROR_IO_INCOMPLETE);
    assert_false(GetOverlappedResultEx(h, &ov, &n, 1, FALSE));
    assert_int_equal(GetLastError(), WAIT_TIMEOUT);
    echo_finish(STATUS_SUCCESS, 7);
    assert_true(GetOverlappedResult(h, &ov, &n, TRUE));
    assert_true(HasOverlappedIoCompleted(&ov));
    assert_int_equal(n, 7);
    assert_int_equal(data[6], 0x5A);
    assert_int_equal(data[7], 0);
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_OBJECT_0);

    /* Sent again the event is reset, and a failure comes through; a wait on the file where there is
     * no event. */
    ov.hEvent = NULL;
    assert_false(ReadFile(h, data, sizeof(data), NULL, &ov));
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    echo_finish(STATUS_DEVICE_NOT_CONNECTED, 0);
    assert_false(GetOverlappedResult(h, &ov, &n, TRUE));
    assert_int_equal(GetLastError(), ERROR_DEVICE_NOT_CONNECTED);

    /* At once: no waiting. */
    ov.Offset = 0;
    assert_true(WriteFile(h, "12", 2, &n, &ov));
    assert_int_equal(n, 2);
    assert_true(GetOverlappedResult(h, &ov, &n, FALSE));
    assert_int_equal(n, 2);
    assert_true(CloseHandle(event));
    assert_true(CloseHandle(h));
}

static void cancelling(void **state)
{
    HANDLE h = echo_open(FILE_FLAG_OVERLAPPED);
    OVERLAPPED one = {.Offset = ECHO_PEND}, two = {.Offset = ECHO_PEND};
    char data[4];
    DWORD n;

    (void)state;
    one.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    two.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_false(CancelIoEx(h, NULL));
    assert_int_equal(GetLastError(), ERROR_NOT_FOUND);
    assert_false(ReadFile(h, data, 4, NULL, &one));
    assert_false(ReadFile(h, data, 4, NULL, &two));
    assert_int_equal(echo_waiting(), 2);
    assert_true(CancelIoEx(h, &two));
    assert_false(GetOverlappedResult(h, &two, &n, TRUE));
    assert_int_equal(GetLastError(), ERROR_OPERATION_ABORTED);
    assert_false(HasOverlappedIoCompleted(&one));
    assert_false(CancelIoEx(h, &two));
    assert_int_equal(GetLastError(), ERROR_NOT_FOUND);
    assert_true(CancelIo(h));
    assert_false(GetOverlappedResult(h, &one, &n, TRUE));
    assert_int_equal(GetLastError(), ERROR_OPERATION_ABORTED);
    assert_true(CancelIo(h)); /* nothing there: no error */

    /* Closing the handle ends what is left. */
    assert_false(ReadFile(h, data, 4, NULL, &one));
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    assert_true(CloseHandle(h));
    assert_int_equal(WaitForSingleObject(one.hEvent, 5000), WAIT_OBJECT_0);
    assert_int_equal((NTSTATUS)one.Internal, STATUS_CANCELLED);
    assert_true(CloseHandle(one.hEvent));
    assert_true(CloseHandle(two.hEvent));
}

static struct {
    int calls;
    DWORD error, bytes;
    LPOVERLAPPED overlapped;
} routine;

static VOID WINAPI completed(DWORD error, DWORD bytes, LPOVERLAPPED overlapped)
{
    routine.calls++;
    routine.error = error;
    routine.bytes = bytes;
    routine.overlapped = overlapped;
}

static void completion_routines(void **state)
{
    HANDLE h = echo_open(FILE_FLAG_OVERLAPPED);
    OVERLAPPED ov = {.Offset = ECHO_PEND, .hEvent = (HANDLE)0x1234 /* the program's own */};
    char data[8];

    (void)state;
    routine.calls = 0;
    assert_true(ReadFileEx(h, data, sizeof(data), &ov, completed));
    assert_int_equal(SleepEx(1, TRUE), 0);
    echo_finish(STATUS_SUCCESS, 3);
    Sleep(1);
    assert_int_equal(routine.calls, 0); /* only in an alertable wait */
    assert_int_equal(SleepEx(5000, TRUE), WAIT_IO_COMPLETION);
    assert_int_equal(routine.calls, 1);
    assert_int_equal(routine.error, 0);
    assert_int_equal(routine.bytes, 3);
    assert_ptr_equal(routine.overlapped, &ov);
    assert_ptr_equal(ov.hEvent, (HANDLE)0x1234);

    assert_true(WriteFileEx(h, data, sizeof(data), &ov, completed));
    assert_true(CancelIoEx(h, &ov));
    assert_int_equal(SleepEx(5000, TRUE), WAIT_IO_COMPLETION);
    assert_int_equal(routine.calls, 2);
    assert_int_equal(routine.error, ERROR_OPERATION_ABORTED);
    assert_true(CloseHandle(h));
}

static void completion_ports(void **state)
{
    HANDLE h = echo_open(FILE_FLAG_OVERLAPPED), port, event = CreateEventW(NULL, TRUE, FALSE, NULL);
    OVERLAPPED ov = {.Offset = ECHO_PEND}, *got = (OVERLAPPED *)1;
    OVERLAPPED_ENTRY entries[4];
    ULONG_PTR key = 0;
    ULONG count;
    char data[8];
    DWORD n = 0;

    (void)state;
    port = CreateIoCompletionPort(h, NULL, 77, 0);
    assert_non_null(port);
    assert_null(CreateIoCompletionPort(h, port, 78, 0)); /* bound already */
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &got, 0));
    assert_int_equal(GetLastError(), WAIT_TIMEOUT);
    assert_null(got);

    assert_false(ReadFile(h, data, sizeof(data), NULL, &ov));
    echo_finish(STATUS_SUCCESS, 6);
    assert_true(GetQueuedCompletionStatus(port, &n, &key, &got, 5000));
    assert_ptr_equal(got, &ov);
    assert_int_equal(key, 77);
    assert_int_equal(n, 6);

    /* A failed request's packet: FALSE with the OVERLAPPED. */
    assert_false(ReadFile(h, data, sizeof(data), NULL, &ov));
    assert_true(CancelIoEx(h, &ov));
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &got, 5000));
    assert_int_equal(GetLastError(), ERROR_OPERATION_ABORTED);
    assert_ptr_equal(got, &ov);

    /* A request that ended at once has a packet, too; with the event's lowest bit set none has. */
    ov.Offset = 0;
    assert_true(WriteFile(h, "x", 1, &n, &ov));
    assert_true(GetQueuedCompletionStatus(port, &n, &key, &got, 5000));
    assert_ptr_equal(got, &ov);
    ov.hEvent = (HANDLE)((ULONG_PTR)event | 1);
    assert_true(WriteFile(h, "x", 1, &n, &ov));
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &got, 0));

    assert_true(PostQueuedCompletionStatus(port, 11, 12, (LPOVERLAPPED)13));
    assert_true(PostQueuedCompletionStatus(port, 21, 22, NULL));
    assert_true(GetQueuedCompletionStatusEx(port, entries, 4, &count, 5000, FALSE));
    assert_int_equal(count, 2);
    assert_int_equal(entries[0].dwNumberOfBytesTransferred, 11);
    assert_int_equal(entries[0].lpCompletionKey, 12);
    assert_ptr_equal(entries[0].lpOverlapped, (LPOVERLAPPED)13);
    assert_int_equal(entries[1].lpCompletionKey, 22);
    assert_false(GetQueuedCompletionStatusEx(port, entries, 4, &count, 1, FALSE));
    assert_int_equal(GetLastError(), WAIT_TIMEOUT);

    assert_true(CloseHandle(event));
    assert_true(CloseHandle(h));
    assert_true(CloseHandle(port));
}

static void names_of_devices(void **state)
{
    WCHAR target[64];
    CHAR narrow[64];
    static WCHAR all[4096];
    BOOLEAN found = FALSE;
    DWORD n = QueryDosDeviceW(L"Echo", target, RTL_NUMBER_OF(target));

    (void)state;
    assert_int_equal(n, 14); /* both zeros with it */
    assert_memory_equal(target, L"\\Device\\Echo\0", 14 * sizeof(WCHAR));
    assert_int_equal(QueryDosDeviceA("ECHO", narrow, sizeof(narrow)), 14);
    assert_string_equal(narrow, "\\Device\\Echo");
    assert_int_equal(QueryDosDeviceW(L"Echo", target, 5), 0);
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(QueryDosDeviceW(L"Nobody", target, 64), 0);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_int_not_equal(QueryDosDeviceW(NULL, all, RTL_NUMBER_OF(all)), 0);
    for (WCHAR *name = all; *name != 0; name += NtCrt_wcslen(name) + 1)
        found |= NtCrt__wcsicmp(name, L"Echo") == 0;
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_fails),
        cmocka_unit_test(the_a_form_opens_too),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_end_of_a_file),
        cmocka_unit_test(positions),
        cmocka_unit_test(control_codes),
        cmocka_unit_test(an_overlapped_request),
        cmocka_unit_test(cancelling),
        cmocka_unit_test(completion_routines),
        cmocka_unit_test(completion_ports),
        cmocka_unit_test(names_of_devices),
    };
    return cmocka_run_group_tests_name("win32 files", tests, echo_setup, echo_teardown);
}
