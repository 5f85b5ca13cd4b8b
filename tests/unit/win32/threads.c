/* SPDX-License-Identifier: MIT */
/* threads.c - threads, events, semaphores, mutexes, waits; requests of several threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "echo.h"

#define WAIT 5000 /* what a wait that must end may take */

static void events(void **state)
{
    HANDLE manual = CreateEventW(NULL, TRUE, TRUE, NULL),
           automatic = CreateEventA(NULL, FALSE, TRUE, NULL);

    (void)state;
    assert_int_equal(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    assert_true(ResetEvent(manual));
    assert_int_equal(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    assert_int_equal(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(automatic, 1), WAIT_TIMEOUT);
    assert_true(SetEvent(automatic));
    assert_true(PulseEvent(manual));
    assert_int_equal(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    assert_true(CloseHandle(manual));
    assert_true(CloseHandle(automatic));
    assert_int_equal(WaitForSingleObject(manual, 0), WAIT_FAILED);
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
}

static void names_of_objects(void **state)
{
    HANDLE one = CreateEventW(NULL, TRUE, FALSE, L"Global\\win32-test"), two, three;

    (void)state;
    assert_non_null(one);
    assert_int_equal(GetLastError(), ERROR_SUCCESS);
    two = CreateEventA(NULL, TRUE, FALSE, "win32-test");
    assert_non_null(two);
    assert_int_equal(GetLastError(), ERROR_ALREADY_EXISTS);
    three = OpenEventW(EVENT_ALL_ACCESS, FALSE, L"Local\\win32-test");
    assert_non_null(three);
    assert_true(SetEvent(two));
    assert_int_equal(WaitForSingleObject(three, 0), WAIT_OBJECT_0);
    assert_null(CreateSemaphoreW(NULL, 0, 1, L"win32-test")); /* another kind's name */
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_true(CloseHandle(one));
    assert_true(CloseHandle(two));
    assert_true(CloseHandle(three));
    assert_null(OpenEventA(EVENT_ALL_ACCESS, FALSE, "win32-test")); /* gone with the last handle */
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
}

static void semaphores(void **state)
{
    HANDLE s = CreateSemaphoreW(NULL, 1, 2, NULL);
    LONG before = -1;

    (void)state;
    assert_int_equal(WaitForSingleObject(s, 0), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(s, 0), WAIT_TIMEOUT);
    assert_true(ReleaseSemaphore(s, 2, &before));
    assert_int_equal(before, 0);
    assert_false(ReleaseSemaphore(s, 1, NULL));
    assert_int_equal(GetLastError(), ERROR_TOO_MANY_POSTS);
    assert_false(ReleaseSemaphore(s, 0, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(CloseHandle(s));
    assert_null(CreateSemaphoreA(NULL, 3, 2, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
}

static DWORD WINAPI abandon(LPVOID mutex)
{
    return WaitForSingleObject(mutex, WAIT);
}

static void mutexes(void **state)
{
    HANDLE m = CreateMutexW(NULL, TRUE, NULL), thread;

    (void)state;
    assert_int_equal(WaitForSingleObject(m, 0), WAIT_OBJECT_0); /* again, by its owner */
    assert_true(ReleaseMutex(m));
    assert_true(ReleaseMutex(m));
    assert_false(ReleaseMutex(m));
    assert_int_equal(GetLastError(), ERROR_NOT_OWNER);
    thread = CreateThread(NULL, 0, abandon, m, 0, NULL);
    assert_int_equal(WaitForSingleObject(thread, WAIT), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(m, WAIT), WAIT_ABANDONED);
    assert_true(ReleaseMutex(m));
    assert_true(CloseHandle(thread));
    assert_true(CloseHandle(m));
}

static void waiting_for_many(void **state)
{
    HANDLE h[3] = {CreateEventW(NULL, FALSE, FALSE, NULL), CreateEventW(NULL, FALSE, TRUE, NULL),
                   CreateEventW(NULL, FALSE, TRUE, NULL)};

    (void)state;
    assert_int_equal(WaitForMultipleObjects(3, h, TRUE, 1), WAIT_TIMEOUT);
    assert_int_equal(WaitForMultipleObjects(3, h, FALSE, 1), WAIT_OBJECT_0 + 1);
    assert_int_equal(WaitForMultipleObjects(3, h, FALSE, 1), WAIT_OBJECT_0 + 2);
    assert_int_equal(WaitForMultipleObjectsEx(3, h, FALSE, 1, TRUE), WAIT_TIMEOUT);
    for (int i = 0; i < 3; i++)
        assert_true(SetEvent(h[i]));
    assert_int_equal(WaitForMultipleObjects(3, h, TRUE, WAIT), WAIT_OBJECT_0);
    assert_int_equal(WaitForMultipleObjects(0, h, TRUE, 0), WAIT_FAILED);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    for (int i = 0; i < 3; i++)
        assert_true(CloseHandle(h[i]));
}

static DWORD ids[2];

static DWORD WINAPI report(LPVOID parameter)
{
    ids[0] = GetCurrentThreadId();
    ids[1] = GetCurrentProcessId();
    SetLastError(4711);
    return (DWORD)(ULONG_PTR)parameter;
}

static void a_thread(void **state)
{
    DWORD id = 0, code = 0;
    HANDLE thread;

    (void)state;
    SetLastError(1);
    thread = CreateThread(NULL, 65536, report, (LPVOID)42, CREATE_SUSPENDED, &id);
    assert_non_null(thread);
    SetLastError(2);
    assert_int_equal(GetThreadId(thread), id);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, STILL_ACTIVE);
    assert_int_equal(WaitForSingleObject(thread, 2), WAIT_TIMEOUT);
    assert_int_equal(ResumeThread(thread), 1);
    assert_int_equal(WaitForSingleObject(thread, WAIT), WAIT_OBJECT_0);
    assert_int_equal(ResumeThread(thread), 0);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 42);
    assert_int_equal(ids[0], id);
    assert_int_equal(ids[1], GetCurrentProcessId()); /* the creator's process */
    assert_int_not_equal(ids[0], GetCurrentThreadId());
    assert_int_equal(GetLastError(), 2); /* each thread has its own */
    assert_true(CloseHandle(thread));
    assert_null(CreateThread(NULL, 0, NULL, NULL, 0, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
}

static DWORD WINAPI leave_early(LPVOID parameter)
{
    UNREFERENCED_PARAMETER(parameter);
    ExitThread(7);
}

static void leaving_a_thread(void **state)
{
    HANDLE thread = CreateThread(NULL, 0, leave_early, NULL, 0, NULL);
    DWORD code;

    (void)state;
    assert_int_equal(WaitForSingleObject(thread, WAIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 7);
    assert_true(CloseHandle(thread));
}

static HANDLE shared;
static OVERLAPPED abandoned;
static char abandoned_data[4];

static DWORD WINAPI ask_and_go(LPVOID parameter)
{
    UNREFERENCED_PARAMETER(parameter);
    ReadFile(shared, abandoned_data, sizeof(abandoned_data), NULL, &abandoned);
    return GetLastError();
}

static void a_thread_that_ends_cancels_its_requests(void **state)
{
    HANDLE thread;
    DWORD n, code;

    (void)state;
    shared = echo_open(FILE_FLAG_OVERLAPPED);
    abandoned = (OVERLAPPED){.Offset = ECHO_PEND, .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    thread = CreateThread(NULL, 0, ask_and_go, NULL, 0, NULL);
    assert_int_equal(WaitForSingleObject(thread, WAIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, ERROR_IO_PENDING);
    assert_false(GetOverlappedResultEx(shared, &abandoned, &n, WAIT, FALSE));
    assert_int_equal(GetLastError(), ERROR_OPERATION_ABORTED);
    assert_true(CloseHandle(thread));
    assert_true(CloseHandle(abandoned.hEvent));
    assert_true(CloseHandle(shared));
}

#define ROUNDS 200

/* Each has handles of its own; pends, and cancels or is finished by whoever comes first. */
static DWORD WINAPI pend_and_cancel(LPVOID parameter)
{
    HANDLE h = echo_open(FILE_FLAG_OVERLAPPED), event = CreateEventW(NULL, TRUE, FALSE, NULL);
    ECHO_OUTCOME outcome = {STATUS_SUCCESS, 1};
    DWORD ended = 0;

    for (int i = 0; i < ROUNDS; i++) {
        OVERLAPPED ov = {.Offset = ECHO_PEND, .hEvent = event};
        char data[4];
        DWORD n;
        if (ReadFile(h, data, sizeof(data), NULL, &ov) || GetLastError() != ERROR_IO_PENDING)
            break;
        if ((ULONG_PTR)parameter & 1)
            CancelIoEx(h, &ov);
        else /* ends somebody's, maybe this one */
            DeviceIoControl(h, IOCTL_ECHO_FINISH, &outcome, sizeof(outcome), NULL, 0, &n,
                            &(OVERLAPPED){.hEvent = NULL});
        CancelIoEx(h, &ov);
        if (!GetOverlappedResultEx(h, &ov, &n, WAIT, FALSE) &&
            GetLastError() != ERROR_OPERATION_ABORTED)
            break;
        ended++;
    }
    CloseHandle(event);
    CloseHandle(h);
    return ended;
}

static void many_threads_pend_and_cancel(void **state)
{
    HANDLE threads[4];

    (void)state;
    for (ULONG_PTR i = 0; i < 4; i++)
        threads[i] = CreateThread(NULL, 0, pend_and_cancel, (LPVOID)i, 0, NULL);
    assert_int_equal(WaitForMultipleObjects(4, threads, TRUE, 4 * WAIT), WAIT_OBJECT_0);
    for (int i = 0; i < 4; i++) {
        DWORD ended;
        assert_true(GetExitCodeThread(threads[i], &ended));
        assert_int_equal(ended, ROUNDS);
        assert_true(CloseHandle(threads[i]));
    }
    assert_int_equal(echo_waiting(), 0);
}

static void clocks(void **state)
{
    ULONGLONG before = GetTickCount64();
    LARGE_INTEGER one, two, frequency;

    (void)state;
    assert_true(QueryPerformanceFrequency(&frequency));
    assert_true(frequency.QuadPart > 0);
    assert_true(QueryPerformanceCounter(&one));
    Sleep(20);
    assert_true(QueryPerformanceCounter(&two));
    assert_true((two.QuadPart - one.QuadPart) * 1000 / frequency.QuadPart >= 15);
    assert_true(GetTickCount64() - before >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events),
        cmocka_unit_test(names_of_objects),
        cmocka_unit_test(semaphores),
        cmocka_unit_test(mutexes),
        cmocka_unit_test(waiting_for_many),
        cmocka_unit_test(a_thread),
        cmocka_unit_test(leaving_a_thread),
        cmocka_unit_test(a_thread_that_ends_cancels_its_requests),
        cmocka_unit_test(many_threads_pend_and_cancel),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests_name("win32 threads", tests, echo_setup, echo_teardown);
}
