/* SPDX-License-Identifier: MIT */
/*
 * synchronisation: IRQL, locks under contention, threads of both processes, waits on one and on
 * many, the program's event, the event of two drivers, interlocked operations.
 */
#include "../lab.h"
#include <winioctl.h>
#include "samples/synchronisation/synchronisation_public.h"

#define SYSTEM_PROCESS 4
#define THREADS        4
#define ROUNDS         2000
#define TIMEOUT        0x102u

static HANDLE device;

static void start(void)
{
    lab_start("synchronisation");
    device = lab_open(L"\\\\.\\LabSync", 0);
}

static void stop(void)
{
    assert_true(CloseHandle(device));
    lab_stop("synchronisation");
}

static void ask(HANDLE to, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size)
{
    DWORD done = 0;
    if (!DeviceIoControl(to, code, in, in_size, out, out_size, &done, NULL))
        fail_msg("code %x: error %u", (unsigned)code, (unsigned)GetLastError());
    assert_int_equal(done, out_size);
}

static void refused(DWORD code, void *in, DWORD in_size, DWORD error)
{
    DWORD done = 99;
    assert_false(DeviceIoControl(device, code, in, in_size, NULL, 0, &done, NULL));
    assert_int_equal(GetLastError(), error);
    assert_int_equal(done, 0);
}

static void irql_goes_up_and_down(void **state)
{
    SYNC_IRQL out;

    (void)state;
    start();
    memset(&out, 0xff, sizeof(out));
    ask(device, IOCTL_SYNC_IRQL, NULL, 0, &out, sizeof(out));
    assert_int_equal(out.Start, 0);
    assert_int_equal(out.Apc, 1);
    assert_int_equal(out.Dispatch, 2);
    assert_int_equal(out.Lowered, 0);
    assert_int_equal(out.SpinLock, 2);
    assert_int_equal(out.AfterSpinLock, 0);
    assert_int_equal(out.FastMutex, 1);
    assert_int_equal(out.AfterFastMutex, 0);
    refused(IOCTL_SYNC_IRQL, NULL, 0, ERROR_INSUFFICIENT_BUFFER);
    stop();
}

static DWORD WINAPI count(LPVOID context)
{
    SYNC_COUNT in = {(ULONG)(ULONG_PTR)context, ROUNDS};
    SYNC_TOTAL out;
    DWORD done;

    return DeviceIoControl(device, IOCTL_SYNC_COUNT, &in, sizeof(in), &out, sizeof(out), &done,
                           NULL) &&
           done == sizeof(out) && out.Overlaps == 0 && out.Total >= ROUNDS;
}

static void locks_lose_nothing(void **state)
{
    (void)state;
    start();
    for (ULONG means = 0; means < SYNC_MEANS; means++) {
        HANDLE threads[THREADS];
        SYNC_COUNT in = {means, 0};
        SYNC_TOTAL out;

        for (int i = 0; i < THREADS; i++) {
            threads[i] = CreateThread(NULL, 0, count, (LPVOID)(ULONG_PTR)means, 0, NULL);
            assert_non_null(threads[i]);
        }
        assert_int_equal(WaitForMultipleObjects(THREADS, threads, TRUE, 60000), WAIT_OBJECT_0);
        for (int i = 0; i < THREADS; i++) {
            DWORD code = 0;
            assert_true(GetExitCodeThread(threads[i], &code));
            assert_int_equal(code, 1);
            assert_true(CloseHandle(threads[i]));
        }
        ask(device, IOCTL_SYNC_COUNT, &in, sizeof(in), &out, sizeof(out));
        assert_int_equal(out.Total, (uint64_t)THREADS * ROUNDS);
        assert_int_equal(out.Overlaps, 0);
    }
    SYNC_COUNT none = {SYNC_MEANS, 1};
    SYNC_TOTAL out;
    DWORD done;
    assert_false(DeviceIoControl(device, IOCTL_SYNC_COUNT, &none, sizeof(none), &out, sizeof(out),
                                 &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    stop();
}

static void threads_of_both_processes(void **state)
{
    SYNC_THREADS out;
    ntio_counts before, after;

    (void)state;
    start();
    ntio_get_counts(&before);
    memset(&out, 0xff, sizeof(out));
    ask(device, IOCTL_SYNC_THREADS, NULL, 0, &out, sizeof(out));
    assert_int_equal(out.Wait, 0);
    assert_int_equal(out.OwnProcess, GetCurrentProcessId());
    assert_int_equal(out.OwnThread, GetCurrentThreadId());
    assert_int_equal(out.SystemThreadProcess, SYSTEM_PROCESS);
    assert_int_equal(out.ProcessThreadProcess, GetCurrentProcessId());
    assert_true(out.SystemThread != out.ProcessThread && out.SystemThread != out.OwnThread &&
                out.ProcessThread != out.OwnThread && out.SystemThread != 0 &&
                out.ProcessThread != 0);
    ntio_get_counts(&after);
    assert_int_equal(after.handles, before.handles);

    /* From another program the second thread is that one's. */
    DWORD own = GetCurrentProcessId();
    ntio_process *other = ntio_process_create("other");
    assert_non_null(other);
    ntio_process_enter(other);
    HANDLE theirs = lab_open(L"\\\\.\\LabSync", 0);
    ask(theirs, IOCTL_SYNC_THREADS, NULL, 0, &out, sizeof(out));
    assert_int_equal(out.SystemThreadProcess, SYSTEM_PROCESS);
    assert_int_equal(out.ProcessThreadProcess, GetCurrentProcessId());
    assert_int_not_equal(out.ProcessThreadProcess, own);
    assert_true(CloseHandle(theirs));
    ntio_process_enter(NULL);
    ntio_process_end(other);
    stop();
}

static void waits_on_one_and_on_many(void **state)
{
    static const ULONG expected[SYNC_STEPS] = {
        [SYNC_ONE_TIMEOUT] = TIMEOUT,
        [SYNC_ONE_SET] = 0,
        [SYNC_ANY_NONE] = TIMEOUT,
        [SYNC_ANY_SYNCHRONIZATION] = 1,
        [SYNC_ANY_SYNCHRONIZATION_AGAIN] = TIMEOUT,
        [SYNC_ANY_NOTIFICATION] = 0,
        [SYNC_ANY_NOTIFICATION_AGAIN] = 0,
        [SYNC_ANY_SEMAPHORE] = 2,
        [SYNC_ANY_SEMAPHORE_AGAIN] = 2,
        [SYNC_ANY_SEMAPHORE_EMPTY] = TIMEOUT,
        [SYNC_ANY_MUTEX] = 4,
        [SYNC_ANY_THREAD] = 3,
        [SYNC_ALL_BUT_ONE] = TIMEOUT,
        [SYNC_ALL] = 0,
    };
    SYNC_WAITS out;

    (void)state;
    start();
    memset(&out, 0xcc, sizeof(out));
    ask(device, IOCTL_SYNC_WAITS, NULL, 0, &out, sizeof(out));
    for (int i = 0; i < SYNC_STEPS; i++) {
        if (out.Status[i] != expected[i])
            fail_msg("step %d: status %x, not %x", i, (unsigned)out.Status[i],
                     (unsigned)expected[i]);
    }
    /* The wait for all took what can be taken, once, and left the rest. */
    assert_int_equal(out.Notification, 1);
    assert_int_equal(out.Synchronization, 0);
    assert_int_equal(out.Semaphore, 0);
    assert_int_equal(out.Mutex, 0); /* owned, once */
    stop();
}

static void the_programs_event(void **state)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), mutex = CreateMutexW(NULL, FALSE, NULL);
    ULONG64 handle = (ULONG64)(ULONG_PTR)event;

    (void)state;
    assert_non_null(event);
    assert_non_null(mutex);
    start();
    refused(IOCTL_SYNC_SET_EVENT, NULL, 0, ERROR_NOT_FOUND);
    ask(device, IOCTL_SYNC_GIVE_EVENT, &handle, sizeof(handle), NULL, 0);
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    ask(device, IOCTL_SYNC_SET_EVENT, NULL, 0, NULL, 0);
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    refused(IOCTL_SYNC_SET_EVENT, NULL, 0, ERROR_NOT_FOUND);

    /* The driver's reference outlives the program's handle. */
    ask(device, IOCTL_SYNC_GIVE_EVENT, &handle, sizeof(handle), NULL, 0);
    assert_true(CloseHandle(event));
    ask(device, IOCTL_SYNC_SET_EVENT, NULL, 0, NULL, 0);
    /* The last of them is given back by DriverUnload. */
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    handle = (ULONG64)(ULONG_PTR)event;
    ask(device, IOCTL_SYNC_GIVE_EVENT, &handle, sizeof(handle), NULL, 0);
    ask(device, IOCTL_SYNC_GIVE_EVENT, &handle, sizeof(handle), NULL, 0);

    /* No handle, one that is closed, one of another kind of object, one without the right. */
    ULONG64 wrong = 0;
    refused(IOCTL_SYNC_GIVE_EVENT, &wrong, sizeof(wrong), ERROR_INVALID_HANDLE);
    wrong = 0x7fff0;
    refused(IOCTL_SYNC_GIVE_EVENT, &wrong, sizeof(wrong), ERROR_INVALID_HANDLE);
    wrong = (ULONG64)(ULONG_PTR)mutex;
    refused(IOCTL_SYNC_GIVE_EVENT, &wrong, sizeof(wrong), ERROR_INVALID_HANDLE);
    HANDLE weak = NULL;
    assert_true(DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &weak, SYNCHRONIZE,
                                FALSE, 0));
    wrong = (ULONG64)(ULONG_PTR)weak;
    refused(IOCTL_SYNC_GIVE_EVENT, &wrong, sizeof(wrong), ERROR_ACCESS_DENIED);
    refused(IOCTL_SYNC_GIVE_EVENT, &wrong, 4, ERROR_INSUFFICIENT_BUFFER);

    /* A handle is one of its process alone. */
    ntio_process *other = ntio_process_create("other");
    assert_non_null(other);
    ntio_process_enter(other);
    HANDLE own = device;
    device = lab_open(L"\\\\.\\LabSync", 0);
    refused(IOCTL_SYNC_GIVE_EVENT, &handle, sizeof(handle), ERROR_INVALID_HANDLE);
    assert_true(CloseHandle(device));
    device = own;
    ntio_process_enter(NULL);
    ntio_process_end(other);

    assert_true(CloseHandle(weak));
    assert_true(CloseHandle(event));
    assert_true(CloseHandle(mutex));
    stop();
}

/* A wait in one driver for what the other one does. */
static DWORD WINAPI wait_named(LPVOID context)
{
    SYNC_NAMED out = {.Status = 0xffffffff};
    ULONG limit = 30000;
    DWORD done;

    (void)context;
    DeviceIoControl(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out), &done,
                    NULL);
    return out.Status;
}

static void an_event_of_two_drivers(void **state)
{
    SYNC_NAMED out, set;
    ULONG limit = 5;
    DWORD code = 99;

    (void)state;
    start();
    lab_start("sync_partner");
    HANDLE partner = lab_open(L"\\\\.\\LabSyncPartner", 0);
    ask(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out));
    assert_int_equal(out.Status, TIMEOUT);
    ask(partner, IOCTL_PARTNER_SET, NULL, 0, &set, sizeof(set));
    assert_int_equal(set.Status, 0);
    assert_true(set.Event != 0 && set.Event == out.Event); /* one object */
    ask(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out));
    assert_int_equal(out.Status, 0);
    ask(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out));
    assert_int_equal(out.Status, 0); /* a notification event stays set */
    ask(partner, IOCTL_PARTNER_CLEAR, NULL, 0, &set, sizeof(set));
    assert_int_equal(set.Status, 1);
    ask(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out));
    assert_int_equal(out.Status, TIMEOUT);

    /* One waits in the first driver until the second one sets it. */
    HANDLE thread = CreateThread(NULL, 0, wait_named, NULL, 0, NULL);
    assert_non_null(thread);
    assert_int_equal(WaitForSingleObject(thread, 20), WAIT_TIMEOUT);
    ask(partner, IOCTL_PARTNER_SET, NULL, 0, &set, sizeof(set));
    assert_int_equal(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 0);
    assert_true(CloseHandle(thread));

    /* The name lives as long as either has its handle, and not longer: the next one is new. */
    assert_true(CloseHandle(partner));
    lab_stop("sync_partner");
    ask(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out));
    assert_int_equal(out.Status, 0);
    lab_start("sync_partner");
    partner = lab_open(L"\\\\.\\LabSyncPartner", 0);
    ask(partner, IOCTL_PARTNER_CLEAR, NULL, 0, &set, sizeof(set));
    assert_int_equal(set.Status, 1);
    assert_true(set.Event == out.Event);
    assert_true(CloseHandle(partner));
    lab_stop("sync_partner");
    stop();
    HANDLE gone = OpenEventW(SYNCHRONIZE, FALSE, L"LabSyncEvent");
    assert_null(gone);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
}

static void interlocked_operations(void **state)
{
    SYNC_INTERLOCKED out;

    (void)state;
    start();
    ask(device, IOCTL_SYNC_INTERLOCKED, NULL, 0, &out, sizeof(out));
    assert_int_equal(out.Increment, 42);
    assert_int_equal(out.Decrement, 41);
    assert_int_equal(out.Exchange, 41);
    assert_int_equal(out.Exchanged, 7);
    assert_int_equal(out.Add, 7);
    assert_int_equal(out.Added, 12);
    assert_int_equal(out.Hit, 12);
    assert_int_equal(out.AfterHit, 100);
    assert_int_equal(out.Miss, 100);
    assert_int_equal(out.AfterMiss, 100);
    assert_true(out.LargeAdd == 1LL << 32);
    assert_true(out.AfterLarge == (1LL << 32) + 3);
    stop();
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(irql_goes_up_and_down),     LAB_TEST(locks_lose_nothing),
    LAB_TEST(threads_of_both_processes), LAB_TEST(waits_on_one_and_on_many),
    LAB_TEST(the_programs_event),        LAB_TEST(an_event_of_two_drivers),
    LAB_TEST(interlocked_operations),
};

LAB_MAIN("lab-synchronisation", tests)
