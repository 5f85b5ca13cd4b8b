/* SPDX-License-Identifier: MIT */
/*
 * time: clocks against the host's, the device's timer, timers with DPCs, importance and targets,
 * four ways to wait, and reads that end by data, by their timer or by the program, each once.
 */
#include "../lab.h"
#include <sched.h>
#include <time.h>
#include <winioctl.h>
#include "samples/time/time_public.h"

#define EPOCH_1601 116444736000000000ll /* of the host's 1970, since 1601 */
#define TIMEOUT    0x102u

enum { MJ_READ = 3, MJ_WRITE = 4 };

static HANDLE device;

static void start(void)
{
    lab_start("time");
    device = lab_open(L"\\\\.\\LabTime", FILE_FLAG_OVERLAPPED);
}

static void stop(void)
{
    assert_true(CloseHandle(device));
    lab_stop("time");
}

static DWORD control(DWORD code, void *in, DWORD in_size, void *out, DWORD out_size)
{
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD done = 0, error = ERROR_SUCCESS;

    assert_non_null(overlapped.hEvent);
    if (!DeviceIoControl(device, code, in, in_size, out, out_size, &done, &overlapped)) {
        error = GetLastError();
        if (error == ERROR_IO_PENDING)
            error = GetOverlappedResult(device, &overlapped, &done, TRUE) ? ERROR_SUCCESS
                                                                          : GetLastError();
    }
    assert_true(CloseHandle(overlapped.hEvent));
    if (error == ERROR_SUCCESS)
        assert_int_equal(done, out_size);
    return error;
}

static void ask(DWORD code, void *in, DWORD in_size, void *out, DWORD out_size)
{
    assert_int_equal(control(code, in, in_size, out, out_size), ERROR_SUCCESS);
}

static TIME_COUNTS counts(void)
{
    TIME_COUNTS now;
    ask(IOCTL_TIME_COUNTS, NULL, 0, &now, sizeof(now));
    return now;
}

static int64_t host_time(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 10000000 + now.tv_nsec / 100;
}

static void clocks_are_the_hosts(void **state)
{
    TIME_CLOCKS clocks, later;

    (void)state;
    start();
    int64_t before = host_time(CLOCK_REALTIME) + EPOCH_1601, up = host_time(CLOCK_MONOTONIC);
    ask(IOCTL_TIME_CLOCKS, NULL, 0, &clocks, sizeof(clocks));
    int64_t after = host_time(CLOCK_REALTIME) + EPOCH_1601, up_after = host_time(CLOCK_MONOTONIC);
    assert_true(clocks.System >= before && clocks.System <= after);
    assert_true((int64_t)clocks.Interrupt >= up && (int64_t)clocks.Interrupt <= up_after);
    assert_int_equal(clocks.Increment, 156250);
    assert_true(clocks.Ticks >= (uint64_t)up / 156250 &&
                clocks.Ticks <= (uint64_t)up_after / 156250);

    time_t seconds = (time_t)((clocks.System - EPOCH_1601) / 10000000);
    struct tm local;
    assert_non_null(localtime_r(&seconds, &local));
    assert_true(clocks.Local - clocks.System == (int64_t)local.tm_gmtoff * 10000000);
    assert_int_equal(clocks.Year, local.tm_year + 1900);
    assert_int_equal(clocks.Month, local.tm_mon + 1);
    assert_int_equal(clocks.Day, local.tm_mday);
    assert_int_equal(clocks.Hour, local.tm_hour);
    assert_int_equal(clocks.Minute, local.tm_min);
    assert_int_equal(clocks.Second, local.tm_sec);
    assert_int_equal(clocks.Weekday, local.tm_wday);
    assert_int_equal(clocks.Milliseconds, clocks.Local / 10000 % 1000);
    assert_true(clocks.Again == clocks.Local - clocks.Local % 10000);

    Sleep(32); /* two ticks */
    ask(IOCTL_TIME_CLOCKS, NULL, 0, &later, sizeof(later));
    assert_true(later.Ticks >= clocks.Ticks + 2 && later.Interrupt >= clocks.Interrupt + 320000);
    stop();
}

static void the_devices_timer(void **state)
{
    ULONG on = 1, off = 0;
    TIME_IO_TICKS ticks, later;
    ntio_counts before, after;

    (void)state;
    start();
    ntio_get_counts(&before);
    ask(IOCTL_TIME_IO_TICKS, NULL, 0, &ticks, sizeof(ticks));
    assert_int_equal(ticks.Ticks, 0);
    int64_t began = host_time(CLOCK_MONOTONIC);
    ask(IOCTL_TIME_IO_TIMER, &on, sizeof(on), NULL, 0);
    do {
        Sleep(5);
        ask(IOCTL_TIME_IO_TICKS, NULL, 0, &ticks, sizeof(ticks));
        assert_true(host_time(CLOCK_MONOTONIC) - began < 300000000); /* 30 s */
    } while (ticks.Ticks < 2);
    int64_t took = host_time(CLOCK_MONOTONIC) - began;
    assert_true(took >= 20000000); /* once a second */
    assert_int_equal(ticks.Irql, 2);
    ask(IOCTL_TIME_IO_TIMER, &off, sizeof(off), NULL, 0);
    ask(IOCTL_TIME_IO_TICKS, NULL, 0, &ticks, sizeof(ticks));
    Sleep(1100);
    ask(IOCTL_TIME_IO_TICKS, NULL, 0, &later, sizeof(later));
    assert_int_equal(later.Ticks, ticks.Ticks);
    ntio_get_counts(&after);
    assert_int_equal(after.timers, before.timers);
    /* Running still, when the driver goes. */
    ask(IOCTL_TIME_IO_TIMER, &on, sizeof(on), NULL, 0);
    stop();
}

static void timers_with_dpcs(void **state)
{
    TIME_DPC_REQUEST once = {20, 1}, often = {4, 20}, none = {1, 0};
    TIME_DPC_RESULT out;

    (void)state;
    start();
    ask(IOCTL_TIME_DPC, &once, sizeof(once), &out, sizeof(out));
    assert_int_equal(out.Runs, 1);
    assert_int_equal(out.Later, 0);
    assert_int_equal(out.WasSet, 0);
    assert_int_equal(out.Irql, 2);
    assert_true(out.First == out.Last && out.First >= 200000);
    ask(IOCTL_TIME_DPC, &often, sizeof(often), &out, sizeof(out));
    assert_true(out.Runs >= 20);
    assert_int_equal(out.Later, 0);
    assert_int_equal(out.WasSet, 1);
    assert_int_equal(out.Irql, 2);
    assert_true(out.First >= 40000 && out.Last >= 20 * 40000 && out.Last > out.First);
    assert_int_equal(control(IOCTL_TIME_DPC, &none, sizeof(none), &out, sizeof(out)),
                     ERROR_INVALID_PARAMETER);
    stop();
}

static void importance_and_target(void **state)
{
    TIME_TARGETS out;

    (void)state;
    start();
    for (int round = 0; round < 20; round++) {
        ask(IOCTL_TIME_TARGETS, NULL, 0, &out, sizeof(out));
        /* Queued low, medium, high: the important one goes to the front. */
        assert_int_equal(out.Order[0], 2);
        assert_int_equal(out.Order[1], 0);
        assert_int_equal(out.Order[2], 1);
        assert_int_equal(out.QueuedTwice, 0);
        assert_true(out.Processors >= 1 && out.Processors <= 64);
        for (ULONG i = 0; i < out.Processors; i++)
            assert_int_equal(out.RanOn[i], i);
    }
    stop();
}

static void four_ways_to_wait(void **state)
{
    static const ULONG lengths[] = {50, 1000, 20000};
    TIME_WAITS_RESULT out;

    (void)state;
    start();
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        ULONG microseconds = lengths[i];
        ask(IOCTL_TIME_WAITS, &microseconds, sizeof(microseconds), &out, sizeof(out));
        for (int way = 0; way < TIME_WAYS; way++)
            assert_true(out.Took[way] >= microseconds * 10ull);
        assert_int_equal(out.Status[TIME_STALL], 0);
        assert_int_equal(out.Status[TIME_DELAY], 0);
        assert_int_equal(out.Status[TIME_EVENT], TIMEOUT);
        assert_int_equal(out.Status[TIME_TIMER], 0);
    }
    stop();
}

/* ---- reads that time out ---- */

typedef struct reading {
    OVERLAPPED overlapped;
    char text[16];
} reading;

static void begin_read(reading *read)
{
    memset(read, 0, sizeof(*read));
    read->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(read->overlapped.hEvent);
    assert_false(ReadFile(device, read->text, sizeof(read->text), NULL, &read->overlapped));
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
}

static DWORD end_read(reading *read, DWORD *done)
{
    *done = 0;
    assert_int_equal(WaitForSingleObject(read->overlapped.hEvent, 30000), WAIT_OBJECT_0);
    DWORD error = GetOverlappedResult(device, &read->overlapped, done, FALSE) ? ERROR_SUCCESS
                                                                              : GetLastError();
    assert_true(CloseHandle(read->overlapped.hEvent));
    return error;
}

static void set_limit(ULONG milliseconds)
{
    ask(IOCTL_TIME_SET_LIMIT, &milliseconds, sizeof(milliseconds), NULL, 0);
}

static DWORD write_text(const char *text, DWORD length)
{
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD done = 0, error = ERROR_SUCCESS;

    if (!WriteFile(device, text, length, NULL, &overlapped))
        error = GetLastError();
    if (error == ERROR_SUCCESS) {
        assert_true(GetOverlappedResult(device, &overlapped, &done, TRUE));
        assert_int_equal(done, length);
    }
    assert_true(CloseHandle(overlapped.hEvent));
    return error;
}

/* The timer's DPC cancels it, no earlier than it may. */
static void a_read_times_out(void **state)
{
    reading read;
    DWORD done;

    (void)state;
    start();
    set_limit(30);
    lab_trace_begin();
    int64_t began = host_time(CLOCK_MONOTONIC);
    begin_read(&read);
    assert_int_equal(end_read(&read, &done), ERROR_OPERATION_ABORTED);
    assert_true(host_time(CLOCK_MONOTONIC) - began >= 300000);
    assert_int_equal(done, 0);
    lab_trace_end();
    /* The dispatch routine left it pending, and it came back cancelled. */
    int at = lab_expect(0, NTIO_IRP_CALL, "time", MJ_READ, -1);
    at = lab_expect(at, NTIO_IRP_RETURN, "time", -1, -1);
    assert_int_equal(lab_event_at((unsigned)at)->status, 0x103);
    at = lab_expect(at, NTIO_IRP_COMPLETE, "time", MJ_READ, -1);
    assert_int_equal((uint32_t)lab_event_at((unsigned)at)->status, 0xc0000120);
    TIME_COUNTS now = counts();
    assert_int_equal(now.Reads, 1);
    assert_int_equal(now.TimedOut, 1);
    assert_int_equal(now.Expired, 1);
    assert_int_equal(now.InTime, 0);
    assert_int_equal(now.Timers, 0);
    assert_int_equal(write_text("late", 4), ERROR_NOT_FOUND); /* nobody waits any more */
    stop();
}

static void a_read_in_time_cancels_its_timer(void **state)
{
    reading read[3];
    ntio_counts host;
    DWORD done;

    (void)state;
    start();
    set_limit(60000);
    ntio_get_counts(&host);
    uint64_t timers = host.timers, blocks = host.pool_blocks;
    for (int i = 0; i < 3; i++)
        begin_read(&read[i]);
    ntio_get_counts(&host);
    assert_int_equal(host.timers, timers + 3);
    assert_int_equal(write_text("first", 5), ERROR_SUCCESS); /* the oldest gets it */
    assert_int_equal(end_read(&read[0], &done), ERROR_SUCCESS);
    assert_int_equal(done, 5);
    assert_memory_equal(read[0].text, "first", 5);
    ntio_get_counts(&host);
    assert_int_equal(host.timers, timers + 2);
    assert_int_equal(counts().Timers, 1);

    /* The program cancels the next one alone: that stops its timer too. */
    assert_true(CancelIoEx(device, &read[1].overlapped));
    assert_int_equal(end_read(&read[1], &done), ERROR_OPERATION_ABORTED);
    TIME_COUNTS now = counts();
    assert_int_equal(now.Cancelled, 1);
    assert_int_equal(now.Timers, 2);
    assert_int_equal(write_text("last", 4), ERROR_SUCCESS);
    assert_int_equal(end_read(&read[2], &done), ERROR_SUCCESS);
    assert_memory_equal(read[2].text, "last", 4);
    now = counts();
    assert_int_equal(now.Reads, 3);
    assert_int_equal(now.InTime, 2);
    assert_int_equal(now.Timers, 3);
    assert_int_equal(now.Expired, 0);
    assert_int_equal(now.TimedOut, 0);
    ntio_get_counts(&host);
    assert_int_equal(host.timers, timers);
    assert_int_equal(host.pool_blocks, blocks);
    stop();
}

/* A handle that closes takes its reads along, with their timers; those of another handle stay. */
static void closing_cancels(void **state)
{
    reading own, theirs;
    DWORD done;

    (void)state;
    start();
    set_limit(60000);
    begin_read(&own);
    HANDLE first = device;
    device = lab_open(L"\\\\.\\LabTime", FILE_FLAG_OVERLAPPED);
    begin_read(&theirs);
    assert_true(CloseHandle(device));
    assert_int_equal(WaitForSingleObject(theirs.overlapped.hEvent, 30000), WAIT_OBJECT_0);
    assert_int_equal((uint32_t)theirs.overlapped.Internal, 0xc0000120);
    assert_true(CloseHandle(theirs.overlapped.hEvent));
    device = first;
    assert_int_equal(WaitForSingleObject(own.overlapped.hEvent, 0), WAIT_TIMEOUT);
    assert_int_equal(write_text("still", 5), ERROR_SUCCESS);
    assert_int_equal(end_read(&own, &done), ERROR_SUCCESS);
    assert_int_equal(done, 5);
    stop();
}

/* ---- all three ends at once ---- */

#define READERS 2
#define RACES   5000 /* of each */

static struct {
    unsigned in_time, aborted;
} ended[READERS];
static unsigned writers_stop;

static DWORD WINAPI race_reader(LPVOID context)
{
    unsigned self = (unsigned)(ULONG_PTR)context;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    for (unsigned race = 0; race < RACES; race++) {
        OVERLAPPED read = {.hEvent = event};
        char text[8] = "";
        DWORD done = 0;

        if (ReadFile(device, text, sizeof(text), NULL, &read) || GetLastError() != ERROR_IO_PENDING)
            return 1;
        if (race % 3 == self && !CancelIoEx(device, &read) && GetLastError() != ERROR_NOT_FOUND)
            return 2;
        if (GetOverlappedResult(device, &read, &done, TRUE)) {
            if (done != 4 || memcmp(text, "race", 4) != 0)
                return 3;
            ended[self].in_time++;
        } else {
            if (GetLastError() != ERROR_OPERATION_ABORTED || done != 0)
                return 4;
            ended[self].aborted++;
        }
    }
    CloseHandle(event);
    return 0;
}

static DWORD WINAPI race_writer(LPVOID context)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    (void)context;
    while (__atomic_load_n(&writers_stop, __ATOMIC_RELAXED) == 0) {
        OVERLAPPED write = {.hEvent = event};
        DWORD done;

        if (WriteFile(device, "race", 4, NULL, &write)) {
            if (!GetOverlappedResult(device, &write, &done, TRUE) || done != 4)
                return 1;
        } else if (GetLastError() != ERROR_NOT_FOUND) {
            return 2;
        } else {
            sched_yield();
        }
    }
    CloseHandle(event);
    return 0;
}

/* Data, the timer's DPC and the program's cancel, some ten thousand times: each read ends once. */
static void cancel_against_completion(void **state)
{
    HANDLE readers[READERS], writer;
    unsigned in_time = 0, aborted = 0;
    ntio_counts before, after;
    DWORD code;

    (void)state;
    start();
    ntio_get_counts(&before);
    memset(ended, 0, sizeof(ended));
    writers_stop = 0;
    set_limit(0);
    writer = CreateThread(NULL, 0, race_writer, NULL, 0, NULL);
    assert_non_null(writer);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = CreateThread(NULL, 0, race_reader, (LPVOID)(ULONG_PTR)i, 0, NULL);
        assert_non_null(readers[i]);
    }
    /* Limits of nothing and of a millisecond, in turn. */
    for (ULONG limit = 0; WaitForMultipleObjects(READERS, readers, TRUE, 5) == WAIT_TIMEOUT;
         limit = 1 - limit)
        set_limit(limit);
    for (unsigned i = 0; i < READERS; i++) {
        assert_true(GetExitCodeThread(readers[i], &code));
        assert_int_equal(code, 0);
        assert_true(CloseHandle(readers[i]));
        in_time += ended[i].in_time;
        aborted += ended[i].aborted;
    }
    __atomic_store_n(&writers_stop, 1, __ATOMIC_RELAXED);
    assert_int_equal(WaitForSingleObject(writer, 30000), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(writer, &code));
    assert_int_equal(code, 0);
    assert_true(CloseHandle(writer));
    TIME_COUNTS now = counts();
    assert_int_equal(now.Reads, READERS * RACES);
    assert_int_equal(in_time + aborted, READERS * RACES);
    assert_int_equal(now.InTime, in_time);
    assert_int_equal(now.TimedOut + now.Cancelled, aborted);
    assert_true(now.InTime != 0 && now.TimedOut != 0 && now.Cancelled != 0);
    ntio_get_counts(&after);
    assert_int_equal(after.timers, before.timers);
    assert_int_equal(after.irps, before.irps);
    stop(); /* flushes the DPCs of timers that expired late: then they have all had one end */
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(clocks_are_the_hosts),
    LAB_TEST(the_devices_timer),
    LAB_TEST(timers_with_dpcs),
    LAB_TEST(importance_and_target),
    LAB_TEST(four_ways_to_wait),
    LAB_TEST(a_read_times_out),
    LAB_TEST(a_read_in_time_cancels_its_timer),
    LAB_TEST(closing_cancels),
    LAB_TEST(cancel_against_completion),
};

LAB_MAIN("lab-time", tests)
