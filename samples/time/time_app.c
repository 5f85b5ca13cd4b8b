/* SPDX-License-Identifier: MIT */
/* time_app.c - exercises the driver and says what it saw. 0: all is as it should be. */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "time_public.h"

static int good = 1;
static HANDLE device;

static void check(const char *what, int right)
{
    printf("%s: %s\n", what, right ? "as it should be" : "WRONG");
    if (!right)
        good = 0;
}

static int ask(DWORD code, void *in, DWORD in_size, void *out, DWORD out_size)
{
    OVERLAPPED overlapped = {0};
    DWORD done = 0;
    BOOL ok;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    ok = DeviceIoControl(device, code, in, in_size, out, out_size, &done, &overlapped) ||
         (GetLastError() == ERROR_IO_PENDING &&
          GetOverlappedResult(device, &overlapped, &done, TRUE));
    if (!ok) {
        printf("code %lx failed with error %lu\n", (unsigned long)code,
               (unsigned long)GetLastError());
        good = 0;
    }
    CloseHandle(overlapped.hEvent);
    return ok && done == out_size;
}

static void show_clocks(void)
{
    TIME_CLOCKS clocks;

    if (!ask(IOCTL_TIME_CLOCKS, NULL, 0, &clocks, sizeof(clocks)))
        return;
    printf("system time %lld, local time %u-%02u-%02u %02u:%02u:%02u.%03u, day %u of the week\n",
           (long long)clocks.System, clocks.Year, clocks.Month, clocks.Day, clocks.Hour,
           clocks.Minute, clocks.Second, clocks.Milliseconds, clocks.Weekday);
    printf("%llu ticks of %lu, interrupt time %llu\n", (unsigned long long)clocks.Ticks,
           (unsigned long)clocks.Increment, (unsigned long long)clocks.Interrupt);
    check("clocks", clocks.Local / 10000 == clocks.Again / 10000 && clocks.Year >= 2020 &&
                        clocks.Interrupt / clocks.Increment >= clocks.Ticks);
}

static void show_io_timer(void)
{
    TIME_IO_TICKS ticks = {0, 0}, later;
    ULONG on = 1, off = 0;

    ask(IOCTL_TIME_IO_TIMER, &on, sizeof(on), NULL, 0);
    for (int i = 0; i < 500 && ticks.Ticks < 2; i++) {
        Sleep(10);
        ask(IOCTL_TIME_IO_TICKS, NULL, 0, &ticks, sizeof(ticks));
    }
    ask(IOCTL_TIME_IO_TIMER, &off, sizeof(off), NULL, 0);
    ask(IOCTL_TIME_IO_TICKS, NULL, 0, &later, sizeof(later));
    printf("the device's timer: %lu ticks, at IRQL %lu\n", (unsigned long)later.Ticks,
           (unsigned long)later.Irql);
    check("IoTimer", later.Ticks >= 2 && later.Irql == 2);
}

static void show_timer(ULONG milliseconds, ULONG count)
{
    TIME_DPC_REQUEST in = {milliseconds, count};
    TIME_DPC_RESULT out;

    if (!ask(IOCTL_TIME_DPC, &in, sizeof(in), &out, sizeof(out)))
        return;
    printf("a timer of %lu ms: %lu runs of its DPC, the first after %llu us, the last after %llu "
           "us\n",
           (unsigned long)milliseconds, (unsigned long)out.Runs, (unsigned long long)out.First / 10,
           (unsigned long long)out.Last / 10);
    check(count == 1 ? "one-shot" : "periodic",
          out.Runs >= count && out.Irql == 2 && out.Later == 0 &&
              (count > 1) == (out.WasSet != 0) && out.First >= milliseconds * 10000ull &&
              out.Last >= count * milliseconds * 10000ull);
}

static void show_targets(void)
{
    static const char *const names[] = {"low", "medium", "high"};
    TIME_TARGETS out;
    int right = 1;

    if (!ask(IOCTL_TIME_TARGETS, NULL, 0, &out, sizeof(out)))
        return;
    for (int i = 0; i < 3; i++) {
        if (out.Order[i] < 3)
            printf("DPC of %s importance ran as number %d\n", names[out.Order[i]], i + 1);
    }
    for (ULONG i = 0; i < out.Processors && i < 64; i++) {
        printf("the DPC for processor %lu ran on %lu\n", (unsigned long)i,
               (unsigned long)out.RanOn[i]);
        right = right && out.RanOn[i] == i;
    }
    check("importance and target", right && out.Order[0] == 2 && out.Order[1] == 0 &&
                                       out.Order[2] == 1 && out.QueuedTwice == 0);
}

static void show_waits(void)
{
    static const char *const names[TIME_WAYS] = {"KeStallExecutionProcessor",
                                                 "KeDelayExecutionThread",
                                                 "an event and a time-out", "a timer"};
    static const ULONG expected[TIME_WAYS] = {0, 0, 0x102, 0};
    ULONG microseconds = 2000;
    TIME_WAITS_RESULT out;
    int right = 1;

    if (!ask(IOCTL_TIME_WAITS, &microseconds, sizeof(microseconds), &out, sizeof(out)))
        return;
    for (int i = 0; i < TIME_WAYS; i++) {
        printf("%s: %llu us for %lu, status %lx\n", names[i], (unsigned long long)out.Took[i] / 10,
               (unsigned long)microseconds, (unsigned long)out.Status[i]);
        right = right && out.Took[i] >= microseconds * 10ull && out.Status[i] == expected[i];
    }
    check("four ways to wait", right);
}

/* A read that nobody writes for, and one that gets its data in time. */
static void show_time_out(void)
{
    OVERLAPPED read = {0}, write = {0};
    TIME_COUNTS counts;
    ULONG limit = 50;
    char text[16];
    DWORD done = 0;

    read.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    write.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    ask(IOCTL_TIME_SET_LIMIT, &limit, sizeof(limit), NULL, 0);
    check("the read waits",
          !ReadFile(device, text, sizeof(text), NULL, &read) && GetLastError() == ERROR_IO_PENDING);
    check("and is cancelled when its time is up",
          !GetOverlappedResult(device, &read, &done, TRUE) &&
              GetLastError() == ERROR_OPERATION_ABORTED);

    limit = 60000;
    ask(IOCTL_TIME_SET_LIMIT, &limit, sizeof(limit), NULL, 0);
    check("another read waits",
          !ReadFile(device, text, sizeof(text), NULL, &read) && GetLastError() == ERROR_IO_PENDING);
    check("a write brings its data",
          WriteFile(device, "in time", 7, NULL, &write) || GetLastError() == ERROR_IO_PENDING);
    check("which it gets", GetOverlappedResult(device, &read, &done, TRUE) && done == 7 &&
                               memcmp(text, "in time", 7) == 0);
    ask(IOCTL_TIME_COUNTS, NULL, 0, &counts, sizeof(counts));
    printf("%lu reads: %lu in time, %lu timed out, %lu cancelled; %lu timers cancelled, %lu "
           "expired\n",
           (unsigned long)counts.Reads, (unsigned long)counts.InTime,
           (unsigned long)counts.TimedOut, (unsigned long)counts.Cancelled,
           (unsigned long)counts.Timers, (unsigned long)counts.Expired);
    check("timers", counts.Timers == 1 && counts.Expired == 1);
    CloseHandle(read.hEvent);
    CloseHandle(write.hEvent);
}

int main(void)
{
    device = CreateFileW(L"\\\\.\\LabTime", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                         FILE_FLAG_OVERLAPPED, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        return 1;
    }
    show_clocks();
    show_io_timer();
    show_timer(20, 1);
    show_timer(5, 10);
    show_targets();
    show_waits();
    show_time_out();
    CloseHandle(device);
    return good ? 0 : 1;
}
