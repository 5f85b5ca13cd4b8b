/* SPDX-License-Identifier: MIT */
/*
 * synchronisation_app.c - exercises both drivers and says what it saw. 0: all is as it should be.
 */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "synchronisation_public.h"

#define THREADS 4
#define ROUNDS  5000

static int good = 1;

static void check(const char *what, int right)
{
    printf("%s: %s\n", what, right ? "as it should be" : "WRONG");
    if (!right)
        good = 0;
}

static HANDLE open_device(const WCHAR *path)
{
    HANDLE device = CreateFileW(path, GENERIC_READ | GENERIC_WRITE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        good = 0;
    }
    return device;
}

static int ask(HANDLE device, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size)
{
    DWORD done = 0;

    if (!DeviceIoControl(device, code, in, in_size, out, out_size, &done, NULL)) {
        printf("code %lx failed with error %lu\n", (unsigned long)code,
               (unsigned long)GetLastError());
        good = 0;
        return 0;
    }
    return done == out_size;
}

static void show_irql(HANDLE device)
{
    SYNC_IRQL irql;

    if (!ask(device, IOCTL_SYNC_IRQL, NULL, 0, &irql, sizeof(irql)))
        return;
    printf("IRQL: %lu, raised to %lu and %lu, lowered to %lu; under a spin lock %lu, a fast mutex "
           "%lu\n",
           (unsigned long)irql.Start, (unsigned long)irql.Apc, (unsigned long)irql.Dispatch,
           (unsigned long)irql.Lowered, (unsigned long)irql.SpinLock,
           (unsigned long)irql.FastMutex);
    check("IRQL", irql.Start == 0 && irql.Apc == 1 && irql.Dispatch == 2 && irql.Lowered == 0 &&
                      irql.SpinLock == 2 && irql.FastMutex == 1);
}

/* ---- several threads count under the same lock ---- */

static HANDLE counting;
static DWORD means;

static DWORD WINAPI count_thread(LPVOID context)
{
    SYNC_COUNT in = {means, ROUNDS};
    SYNC_TOTAL out;

    (void)context;
    return (DWORD)ask(counting, IOCTL_SYNC_COUNT, &in, sizeof(in), &out, sizeof(out));
}

static void show_counting(HANDLE device)
{
    static const char *const names[SYNC_MEANS] = {"spin lock",  "queued spin lock", "fast mutex",
                                                  "mutex",      "semaphore",        "event",
                                                  "interlocked"};
    HANDLE threads[THREADS];

    counting = device;
    for (means = 0; means < SYNC_MEANS; means++) {
        SYNC_COUNT in = {means, 0};
        SYNC_TOTAL out = {0, 0};
        DWORD count = 0;

        for (; count < THREADS; count++) {
            threads[count] = CreateThread(NULL, 0, count_thread, NULL, 0, NULL);
            if (threads[count] == NULL)
                break;
        }
        WaitForMultipleObjects(count, threads, TRUE, INFINITE);
        for (DWORD i = 0; i < count; i++)
            CloseHandle(threads[i]);
        ask(device, IOCTL_SYNC_COUNT, &in, sizeof(in), &out, sizeof(out));
        printf("%lu threads, one lock (%s): %llu\n", (unsigned long)count, names[means],
               (unsigned long long)out.Total);
        check(names[means], out.Total == (ULONG64)THREADS * ROUNDS && out.Overlaps == 0);
    }
}

static void show_threads(HANDLE device)
{
    SYNC_THREADS out;

    if (!ask(device, IOCTL_SYNC_THREADS, NULL, 0, &out, sizeof(out)))
        return;
    printf("a system thread ran in process %lu, the other in %lu, which is ours: %lu\n",
           (unsigned long)out.SystemThreadProcess, (unsigned long)out.ProcessThreadProcess,
           (unsigned long)GetCurrentProcessId());
    check("threads", out.Wait == 0 && out.SystemThreadProcess != out.OwnProcess &&
                         out.ProcessThreadProcess == GetCurrentProcessId());
}

static void show_waits(HANDLE device)
{
    static const char *const names[SYNC_STEPS] = {"one event, not set",
                                                  "one event, set",
                                                  "any of five, none",
                                                  "any: the synchronization event",
                                                  "again",
                                                  "any: the notification event",
                                                  "again",
                                                  "any: the semaphore",
                                                  "its second unit",
                                                  "and no third",
                                                  "any: the mutex",
                                                  "any: the thread, which stands before the mutex",
                                                  "all, without the semaphore",
                                                  "all"};
    static const ULONG expected[SYNC_STEPS] = {0x102, 0, 0x102, 1, 0x102, 0,     0,
                                               2,     2, 0x102, 4, 3,     0x102, 0};
    SYNC_WAITS out;

    if (!ask(device, IOCTL_SYNC_WAITS, NULL, 0, &out, sizeof(out)))
        return;
    for (int i = 0; i < SYNC_STEPS; i++)
        printf("wait for %s: status %lx\n", names[i], (unsigned long)out.Status[i]);
    check("waits", memcmp(out.Status, expected, sizeof(expected)) == 0);
}

static void show_given_event(HANDLE device)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    ULONG64 handle = (ULONG64)(ULONG_PTR)event;

    if (ask(device, IOCTL_SYNC_GIVE_EVENT, &handle, sizeof(handle), NULL, 0) &&
        ask(device, IOCTL_SYNC_SET_EVENT, NULL, 0, NULL, 0))
        check("an event of ours, set by a thread of the System process",
              WaitForSingleObject(event, 10000) == WAIT_OBJECT_0);
    CloseHandle(event);
}

static void show_named_event(HANDLE device, HANDLE partner)
{
    SYNC_NAMED out, set;
    ULONG limit = 10;

    ask(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out));
    check("the named event is not set", out.Status == 0x102);
    ask(partner, IOCTL_PARTNER_SET, NULL, 0, &set, sizeof(set));
    ask(device, IOCTL_SYNC_WAIT_NAMED, &limit, sizeof(limit), &out, sizeof(out));
    check("set by the other driver", out.Status == 0 && out.Event == set.Event);
    ask(partner, IOCTL_PARTNER_CLEAR, NULL, 0, &set, sizeof(set));
}

static void show_interlocked(HANDLE device)
{
    SYNC_INTERLOCKED out;

    if (!ask(device, IOCTL_SYNC_INTERLOCKED, NULL, 0, &out, sizeof(out)))
        return;
    check("interlocked operations",
          out.Increment == 42 && out.Decrement == 41 && out.Exchange == 41 && out.Exchanged == 7 &&
              out.Add == 7 && out.Added == 12 && out.Hit == 12 && out.AfterHit == 100 &&
              out.Miss == 100 && out.AfterMiss == 100 && out.LargeAdd == 1LL << 32 &&
              out.AfterLarge == (1LL << 32) + 3);
}

int main(void)
{
    HANDLE device = open_device(L"\\\\.\\LabSync"), partner = open_device(L"\\\\.\\LabSyncPartner");

    if (good) {
        show_irql(device);
        show_counting(device);
        show_threads(device);
        show_waits(device);
        show_given_event(device);
        show_named_event(device, partner);
        show_interlocked(device);
    }
    if (device != INVALID_HANDLE_VALUE)
        CloseHandle(device);
    if (partner != INVALID_HANDLE_VALUE)
        CloseHandle(partner);
    return good ? 0 : 1;
}
