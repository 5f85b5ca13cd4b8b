/* SPDX-License-Identifier: MIT */
/* asynchronous_app.c - the program: overlapped I/O with events and APCs, cancelling, three drivers
 * that keep requests waiting, each in its way. */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "asynchronous.h"

#define REQUESTS 4

static int faults;

static void check(const char *what, int good)
{
    printf("  %-60s %s\n", what, good ? "ok" : "NOT SO");
    faults += !good;
}

static HANDLE open_device(const WCHAR *path)
{
    HANDLE device =
        CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                    OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    if (device == INVALID_HANDLE_VALUE)
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
    return device;
}

/* A request that was started, and its outcome: 0 or an error. */
static DWORD finish(HANDLE device, OVERLAPPED *overlapped, DWORD *done)
{
    return GetOverlappedResult(device, overlapped, done, TRUE) ? 0 : GetLastError();
}

static int pending(BOOL result)
{
    return !result && GetLastError() == ERROR_IO_PENDING;
}

/* A write that another, overlapped read waits for. */
static void feed(HANDLE device, const char *text)
{
    OVERLAPPED overlapped = {0};
    DWORD done;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (WriteFile(device, text, (DWORD)strlen(text), NULL, &overlapped) ||
        GetLastError() == ERROR_IO_PENDING)
        finish(device, &overlapped, &done);
    CloseHandle(overlapped.hEvent);
}

static int apcs;
static char apc_order[8];

static VOID WINAPI read_done(DWORD error, DWORD bytes, LPOVERLAPPED overlapped)
{
    /* hEvent is ours with ReadFileEx. */
    if (error == 0 && bytes == 5 && apcs < (int)sizeof(apc_order))
        apc_order[apcs++] = *(char *)overlapped->hEvent;
}

static void with_events(HANDLE device)
{
    OVERLAPPED overlapped = {0};
    char text[32] = "";
    DWORD done = 0;

    printf("an overlapped read with an event:\n");
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    check("it waits", pending(ReadFile(device, text, sizeof(text) - 1, NULL, &overlapped)) &&
                          WaitForSingleObject(overlapped.hEvent, 0) == WAIT_TIMEOUT);
    feed(device, "event");
    check("a write brings its data and signals the event",
          WaitForSingleObject(overlapped.hEvent, 5000) == WAIT_OBJECT_0 &&
              finish(device, &overlapped, &done) == 0 && done == 5 && strcmp(text, "event") == 0);
    CloseHandle(overlapped.hEvent);
}

static void with_apcs(HANDLE device)
{
    OVERLAPPED overlapped[2] = {{0}, {0}};
    char text[2][32] = {"", ""}, names[2] = {'1', '2'};

    printf("ReadFileEx with APCs:\n");
    for (int i = 0; i < 2; i++) {
        overlapped[i].hEvent = &names[i];
        check("a read is started", ReadFileEx(device, text[i], 31, &overlapped[i], read_done));
    }
    feed(device, "first");
    feed(device, "other");
    check("no APC runs before the thread waits alertably", apcs == 0);
    while (apcs < 2 && SleepEx(5000, TRUE) == WAIT_IO_COMPLETION)
        ;
    check("both routines ran, in order", apcs == 2 && memcmp(apc_order, "12", 2) == 0 &&
                                             strcmp(text[0], "first") == 0 &&
                                             strcmp(text[1], "other") == 0);
}

static void with_cancelling(HANDLE device)
{
    OVERLAPPED overlapped[3] = {{0}, {0}, {0}};
    char text[3][8];
    DWORD done;

    printf("CancelIoEx, CancelIo, and closing the handle:\n");
    for (int i = 0; i < 3; i++) {
        overlapped[i].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        ReadFile(device, text[i], sizeof(text[i]), NULL, &overlapped[i]);
    }
    check("CancelIoEx cancels the one it names",
          CancelIoEx(device, &overlapped[1]) &&
              finish(device, &overlapped[1], &done) == ERROR_OPERATION_ABORTED &&
              WaitForSingleObject(overlapped[0].hEvent, 0) == WAIT_TIMEOUT &&
              WaitForSingleObject(overlapped[2].hEvent, 0) == WAIT_TIMEOUT);
    check("CancelIo cancels the thread's others",
          CancelIo(device) && finish(device, &overlapped[0], &done) == ERROR_OPERATION_ABORTED &&
              finish(device, &overlapped[2], &done) == ERROR_OPERATION_ABORTED);
    check("there is nothing left to cancel",
          !CancelIoEx(device, NULL) && GetLastError() == ERROR_NOT_FOUND);
    ResetEvent(overlapped[0].hEvent);
    check("a read waits again",
          pending(ReadFile(device, text[0], sizeof(text[0]), NULL, &overlapped[0])));
    CloseHandle(device);
    check("closing the handle has the driver complete it at cleanup",
          WaitForSingleObject(overlapped[0].hEvent, 5000) == WAIT_OBJECT_0);
    for (int i = 0; i < 3; i++)
        CloseHandle(overlapped[i].hEvent);
}

static int control(HANDLE device, DWORD code, void *facts, DWORD size)
{
    OVERLAPPED overlapped = {0};
    DWORD done = 0, error = 0;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!DeviceIoControl(device, code, NULL, 0, facts, size, NULL, &overlapped) &&
        GetLastError() != ERROR_IO_PENDING)
        error = GetLastError();
    else
        error = finish(device, &overlapped, &done);
    CloseHandle(overlapped.hEvent);
    return error == 0 && done == size;
}

static void with_interrupts(void)
{
    static const char *const texts[REQUESTS] = {"start", "io", "one", "by one"};
    static const char *const answers[REQUESTS] = {"START", "IO", "ONE", "BY ONE"};
    OVERLAPPED overlapped[REQUESTS] = {{0}};
    char answer[REQUESTS][16] = {""};
    TRANSMIT_FACTS facts;
    HANDLE device = open_device(L"\\\\.\\Transmit");
    DWORD done, errors[REQUESTS];

    printf("StartIo, an interrupt's service routine and its DPC:\n");
    if (device == INVALID_HANDLE_VALUE) {
        check("the device opens", 0);
        return;
    }
    control(device, IOCTL_TRANSMIT_HOLD, NULL, 0);
    for (int i = 0; i < REQUESTS; i++) {
        overlapped[i].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        check("a request is queued",
              pending(DeviceIoControl(device, IOCTL_TRANSMIT, (void *)texts[i],
                                      (DWORD)strlen(texts[i]), answer[i], sizeof(answer[i]), NULL,
                                      &overlapped[i])));
    }
    check("one that waits in the queue is cancelled", CancelIoEx(device, &overlapped[2]));
    control(device, IOCTL_TRANSMIT_GO, NULL, 0);
    for (int i = 0; i < REQUESTS; i++) {
        errors[i] = finish(device, &overlapped[i], &done);
        CloseHandle(overlapped[i].hEvent);
    }
    check("the others come back as the hardware made them",
          errors[0] == 0 && errors[1] == 0 && errors[2] == ERROR_OPERATION_ABORTED &&
              errors[3] == 0 && strcmp(answer[0], answers[0]) == 0 &&
              strcmp(answer[1], answers[1]) == 0 && strcmp(answer[3], answers[3]) == 0);
    check("there was never more than one under way",
          control(device, IOCTL_TRANSMIT_FACTS, &facts, sizeof(facts)) && facts.MostAtOnce == 1);
    printf("  START: ports 0x%x+%u, line %u (raw level %u), IRQL %u, processors 0x%llx\n",
           (unsigned)facts.Port, (unsigned)facts.Ports, (unsigned)facts.Vector,
           (unsigned)facts.RawLevel, (unsigned)facts.Level, (unsigned long long)facts.Affinity);
    printf("  IRQL: StartIo %u, KeSynchronizeExecution %u, service routine %u, DPC %u\n",
           (unsigned)facts.StartIoIrql, (unsigned)facts.SynchronizeIrql,
           (unsigned)facts.ServiceIrql, (unsigned)facts.DpcIrql);
    check("a byte is an interrupt, a request a DPC", facts.Interrupts == 13 && facts.Dpcs == 3);
    CloseHandle(device);
}

static void with_own_queue(void)
{
    OVERLAPPED writes[REQUESTS] = {{0}}, reads[REQUESTS] = {{0}};
    char text[REQUESTS][8];
    QUEUE_FACTS facts;
    HANDLE device = open_device(L"\\\\.\\OwnQueue");
    DWORD done;

    printf("a driver's own StartIo over device queues:\n");
    if (device == INVALID_HANDLE_VALUE) {
        check("the device opens", 0);
        return;
    }
    control(device, IOCTL_QUEUE_HOLD, NULL, 0);
    for (int i = 0; i < REQUESTS; i++) {
        writes[i].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        reads[i].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        WriteFile(device, "text", 4, NULL, &writes[i]);
        ReadFile(device, text[i], sizeof(text[i]), NULL, &reads[i]);
    }
    check("one that waits is cancelled",
          CancelIoEx(device, &writes[REQUESTS - 1]) &&
              finish(device, &writes[REQUESTS - 1], &done) == ERROR_OPERATION_ABORTED);
    control(device, IOCTL_QUEUE_GO, NULL, 0);
    for (int i = 0; i < REQUESTS; i++) {
        finish(device, &writes[i], &done);
        finish(device, &reads[i], &done);
        CloseHandle(writes[i].hEvent);
        CloseHandle(reads[i].hEvent);
    }
    check("reads and writes have a queue each, one at a time",
          control(device, IOCTL_QUEUE_FACTS, &facts, sizeof(facts)) &&
              facts.Reads.Completed == REQUESTS && facts.Writes.Completed == REQUESTS - 1 &&
              facts.Writes.Cancelled == 1 && facts.Reads.MostAtOnce == 1 &&
              facts.Writes.MostAtOnce == 1);
    CloseHandle(device);
}

int main(int argc, char **argv)
{
    HANDLE device = open_device(L"\\\\.\\Pend");

    (void)argc, (void)argv;
    if (device == INVALID_HANDLE_VALUE)
        return 1;
    with_events(device);
    with_apcs(device);
    with_cancelling(device); /* closes it */
    with_interrupts();
    with_own_queue();
    printf(faults == 0 ? "all as it should be\n" : "%d things are not as they should be\n", faults);
    return faults != 0;
}
