/* SPDX-License-Identifier: MIT */
/*
 * asynchronous: requests that wait are completed by data, by cancelling and at cleanup; StartIo and
 * a driver's own queue take one at a time; an interrupt's routines run where they should.
 */
#include "../lab.h"

#include <pthread.h>
#include <winioctl.h>

#include "samples/asynchronous/asynchronous.h"
#include "samples/asynchronous/hardware.h"

enum { MJ_CLOSE = 2, MJ_READ = 3, MJ_WRITE = 4, MJ_CONTROL = 0xe, MJ_CLEANUP = 0x12 };
#define S_PENDING   0x103
#define S_CANCELLED ((int32_t)0xC0000120)
#define WAIT_LIMIT  10000

static const WCHAR PEND[] = L"\\\\.\\Pend";

typedef struct {
    OVERLAPPED overlapped;
    char data[32];
} request;

static void request_init(request *r)
{
    memset(r, 0, sizeof(*r));
    r->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(r->overlapped.hEvent);
}

/* Waits for its end: 0 or the error; *done gets the bytes. */
static DWORD request_end(HANDLE device, request *r, DWORD *done)
{
    DWORD error = 0;

    *done = 0;
    assert_int_equal(WaitForSingleObject(r->overlapped.hEvent, WAIT_LIMIT), WAIT_OBJECT_0);
    if (!GetOverlappedResult(device, &r->overlapped, done, FALSE))
        error = GetLastError();
    CloseHandle(r->overlapped.hEvent);
    return error;
}

static bool is_pending(request *r)
{
    return WaitForSingleObject(r->overlapped.hEvent, 0) == WAIT_TIMEOUT &&
           !HasOverlappedIoCompleted(&r->overlapped);
}

static void expect_pending(BOOL result)
{
    assert_false(result);
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
}

static void start_read(HANDLE device, request *r)
{
    request_init(r);
    expect_pending(ReadFile(device, r->data, sizeof(r->data), NULL, &r->overlapped));
}

static DWORD write_text(HANDLE device, const char *text)
{
    request r;
    DWORD done, error;

    request_init(&r);
    if (!WriteFile(device, text, (DWORD)strlen(text), NULL, &r.overlapped) &&
        GetLastError() != ERROR_IO_PENDING) {
        error = GetLastError();
        CloseHandle(r.overlapped.hEvent);
        return error;
    }
    return request_end(device, &r, &done);
}

static void control(HANDLE device, DWORD code, void *output, DWORD size)
{
    request r;
    DWORD done;

    request_init(&r);
    if (!DeviceIoControl(device, code, NULL, 0, output, size, NULL, &r.overlapped))
        assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    assert_int_equal(request_end(device, &r, &done), 0);
    assert_int_equal(done, size);
}

static void a_read_waits_for_its_event(void **state)
{
    request reads[2];
    DWORD done;

    (void)state;
    lab_start("pend");
    HANDLE device = lab_open(PEND, FILE_FLAG_OVERLAPPED);
    assert_int_equal(write_text(device, "nobody"), ERROR_NOT_READY);
    lab_trace_begin();
    start_read(device, &reads[0]);
    start_read(device, &reads[1]);
    assert_true(is_pending(&reads[0]));
    assert_int_equal(write_text(device, "first"), 0);
    /* The older read, and that alone. */
    assert_int_equal(request_end(device, &reads[0], &done), 0);
    assert_int_equal(done, 5);
    assert_memory_equal(reads[0].data, "first", 6);
    assert_true(is_pending(&reads[1]));
    assert_int_equal(write_text(device, "second"), 0);
    assert_int_equal(request_end(device, &reads[1], &done), 0);
    assert_memory_equal(reads[1].data, "second", 7);
    lab_trace_end();
    int at = lab_expect(0, NTIO_IRP_CALL, "pend", MJ_READ, -1);
    const void *irp = lab_event_at((unsigned)at)->irp;
    at = lab_expect(at, NTIO_IRP_RETURN, "pend", -1, -1);
    assert_int_equal(lab_event_at((unsigned)at)->status, S_PENDING);
    at = lab_expect(at, NTIO_IRP_CALL, "pend", MJ_WRITE, -1);
    at = lab_expect(at, NTIO_IRP_COMPLETE, "pend", MJ_READ, -1);
    assert_ptr_equal(lab_event_at((unsigned)at)->irp, irp);
    assert_int_equal(lab_event_at((unsigned)at)->information, 5);
    lab_expect(at, NTIO_IRP_COMPLETE, "pend", MJ_WRITE, -1);
    assert_true(CloseHandle(device));
    lab_stop("pend");
}

static struct {
    unsigned count;
    DWORD error, bytes;
    OVERLAPPED *overlapped[4];
    DWORD thread;
} apcs;

static VOID WINAPI apc(DWORD error, DWORD bytes, LPOVERLAPPED overlapped)
{
    assert_true(apcs.count < 4);
    apcs.overlapped[apcs.count++] = overlapped;
    apcs.error = error;
    apcs.bytes = bytes;
    apcs.thread = GetCurrentThreadId();
}

static void completions_come_as_apcs(void **state)
{
    request reads[3] = {0};

    (void)state;
    memset(&apcs, 0, sizeof(apcs));
    lab_start("pend");
    HANDLE device = lab_open(PEND, FILE_FLAG_OVERLAPPED);
    for (int i = 0; i < 3; i++)
        assert_true(
            ReadFileEx(device, reads[i].data, sizeof(reads[i].data), &reads[i].overlapped, apc));
    assert_int_equal(write_text(device, "a"), 0);
    assert_int_equal(write_text(device, "bc"), 0);
    /* write_text has waited, but not alertably. */
    assert_int_equal(apcs.count, 0);
    assert_int_equal(SleepEx(WAIT_LIMIT, TRUE), WAIT_IO_COMPLETION);
    assert_int_equal(apcs.count, 2);
    assert_ptr_equal(apcs.overlapped[0], &reads[0].overlapped);
    assert_ptr_equal(apcs.overlapped[1], &reads[1].overlapped);
    assert_int_equal(apcs.error, 0);
    assert_int_equal(apcs.bytes, 2);
    assert_int_equal(apcs.thread, GetCurrentThreadId());
    assert_memory_equal(reads[0].data, "a", 2);
    assert_memory_equal(reads[1].data, "bc", 3);
    /* A cancelled one has its APC too. */
    assert_true(CancelIoEx(device, &reads[2].overlapped));
    assert_int_equal(SleepEx(WAIT_LIMIT, TRUE), WAIT_IO_COMPLETION);
    assert_int_equal(apcs.count, 3);
    assert_int_equal(apcs.error, ERROR_OPERATION_ABORTED);
    assert_int_equal(SleepEx(0, TRUE), 0);
    assert_true(CloseHandle(device));
    lab_stop("pend");
}

struct other_thread {
    HANDLE device;
    request read;
};

static void *read_on_another_thread(void *context)
{
    struct other_thread *other = context;
    DWORD done;

    start_read(other->device, &other->read);
    /* CancelIo of the first thread leaves it alone; it ends with data. */
    assert_int_equal(request_end(other->device, &other->read, &done), 0);
    assert_int_equal(done, 5);
    return NULL;
}

static void requests_are_cancelled(void **state)
{
    struct other_thread other;
    request reads[3];
    pthread_t thread;
    DWORD done;

    (void)state;
    lab_start("pend");
    HANDLE device = lab_open(PEND, FILE_FLAG_OVERLAPPED);
    lab_trace_begin();
    for (int i = 0; i < 3; i++)
        start_read(device, &reads[i]);
    assert_true(CancelIoEx(device, &reads[1].overlapped));
    assert_int_equal(request_end(device, &reads[1], &done), ERROR_OPERATION_ABORTED);
    assert_int_equal(done, 0);
    assert_true(is_pending(&reads[0]));
    assert_true(is_pending(&reads[2]));
    lab_trace_end();
    int at = lab_expect(0, NTIO_IRP_COMPLETE, "pend", MJ_READ, -1);
    assert_int_equal(lab_event_at((unsigned)at)->status, S_CANCELLED);
    assert_int_equal(lab_count(NTIO_IRP_COMPLETE, "pend", MJ_READ, -1), 1);
    /* The list is whole: the two others get their data in order. */
    assert_int_equal(write_text(device, "zero"), 0);
    assert_int_equal(request_end(device, &reads[0], &done), 0);
    other.device = device;
    assert_int_equal(pthread_create(&thread, NULL, read_on_another_thread, &other), 0);
    /* CancelIo: this thread's, not the other's. */
    assert_true(CancelIo(device));
    assert_int_equal(request_end(device, &reads[2], &done), ERROR_OPERATION_ABORTED);
    DWORD error;
    while ((error = write_text(device, "other")) == ERROR_NOT_READY)
        Sleep(1); /* until the other thread has begun */
    assert_int_equal(error, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(CancelIoEx(device, NULL));
    assert_int_equal(GetLastError(), ERROR_NOT_FOUND);
    assert_true(CloseHandle(device));
    lab_stop("pend");
}

static void what_waits_is_completed_at_cleanup(void **state)
{
    request mine[3], others;
    DWORD done;

    (void)state;
    lab_start("pend");
    HANDLE device = lab_open(PEND, FILE_FLAG_OVERLAPPED);
    HANDLE other = lab_open(PEND, FILE_FLAG_OVERLAPPED);
    start_read(other, &others);
    for (int i = 0; i < 3; i++)
        start_read(device, &mine[i]);
    lab_trace_begin();
    assert_true(CloseHandle(device));
    lab_trace_end();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(WaitForSingleObject(mine[i].overlapped.hEvent, 0), WAIT_OBJECT_0);
        assert_int_equal((int32_t)mine[i].overlapped.Internal, S_CANCELLED);
        CloseHandle(mine[i].overlapped.hEvent);
    }
    /* CLEANUP came, completed the three, was completed; then CLOSE. */
    int at = lab_expect(0, NTIO_IRP_CALL, "pend", MJ_CLEANUP, -1);
    assert_int_equal(lab_find(0, NTIO_IRP_COMPLETE, "pend", MJ_READ, -1) > at, true);
    int ended = lab_expect(at, NTIO_IRP_COMPLETE, "pend", MJ_CLEANUP, -1);
    for (int i = 0; i < 3; i++) {
        at = lab_expect(at + 1, NTIO_IRP_COMPLETE, "pend", MJ_READ, -1);
        assert_int_equal(lab_event_at((unsigned)at)->status, S_CANCELLED);
        assert_true(at < ended);
    }
    lab_expect(ended, NTIO_IRP_CALL, "pend", MJ_CLOSE, -1);
    assert_int_equal(lab_count(NTIO_IRP_COMPLETE, "pend", MJ_READ, -1), 3);
    assert_true(is_pending(&others)); /* another handle's */
    assert_int_equal(write_text(other, "still there"), 0);
    assert_int_equal(request_end(other, &others, &done), 0);
    assert_true(CloseHandle(other));
    lab_stop("pend");
}

/* ---- StartIo and the interrupt ---- */

static HANDLE open_transmitter(const char **instance)
{
    lab_match("ROOT\\TRANSMIT", "transmit");
    *instance = lab_device("TRANSMIT", "ROOT\\TRANSMIT");
    return lab_open(L"\\\\.\\Transmit", FILE_FLAG_OVERLAPPED);
}

static void start_transmit(HANDLE device, request *r, const char *text)
{
    request_init(r);
    expect_pending(DeviceIoControl(device, IOCTL_TRANSMIT, (void *)text, (DWORD)strlen(text),
                                   r->data, sizeof(r->data), NULL, &r->overlapped));
}

static void start_brings_the_interrupt(void **state)
{
    TRANSMIT_FACTS facts;
    const char *instance;
    request r;
    DWORD done;

    (void)state;
    HANDLE device = open_transmitter(&instance);
    start_transmit(device, &r, "interrupts");
    assert_int_equal(request_end(device, &r, &done), 0);
    assert_int_equal(done, 10);
    assert_memory_equal(r.data, "INTERRUPTS", 10);
    control(device, IOCTL_TRANSMIT_FACTS, &facts, sizeof(facts));
    /* What was asked for and given: raw as the bus counts, translated as the processor does. */
    assert_int_equal(facts.Port, HW_PORT);
    assert_int_equal(facts.Ports, HW_PORTS);
    assert_in_range(facts.RawVector, HW_FIRST_LINE, HW_LAST_LINE);
    assert_int_equal(facts.RawLevel, facts.RawVector);
    assert_int_equal(facts.Vector, facts.RawVector);
    assert_int_equal(facts.Level, 3 + facts.Vector % 9);
    assert_true(facts.Affinity != 0);
    /* A byte is an interrupt, the request one StartIo and one DPC. */
    assert_int_equal(facts.Interrupts, 10);
    assert_int_equal(facts.Started, 1);
    assert_int_equal(facts.Dpcs, 1);
    assert_int_equal(facts.StartIoIrql, 2);
    assert_int_equal(facts.SynchronizeIrql, facts.Level);
    assert_int_equal(facts.ServiceIrql, facts.Level);
    assert_int_equal(facts.DpcIrql, 2);
    assert_true(CloseHandle(device));
    /* Removed, it has let go of its line and of its ports: another one gets them. */
    assert_int_equal(ntio_remove_device(instance, false), 0);
    device = open_transmitter(&instance);
    start_transmit(device, &r, "again");
    assert_int_equal(request_end(device, &r, &done), 0);
    assert_memory_equal(r.data, "AGAIN", 5);
    assert_true(CloseHandle(device));
}

#define REQUESTS 6

static void start_io_takes_one_at_a_time(void **state)
{
    static const char *const texts[REQUESTS] = {"zero", "one", "two", "three", "four", "five"};
    static const char *const answers[REQUESTS] = {"ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE"};
    const void *irps[REQUESTS];
    TRANSMIT_FACTS facts;
    request r[REQUESTS];
    const char *instance;
    DWORD done;

    (void)state;
    HANDLE device = open_transmitter(&instance);
    lab_trace_begin();
    control(device, IOCTL_TRANSMIT_HOLD, NULL, 0);
    for (int i = 0; i < REQUESTS; i++)
        start_transmit(device, &r[i], texts[i]);
    control(device, IOCTL_TRANSMIT_FACTS, &facts, sizeof(facts));
    assert_int_equal(facts.Started, 1);
    /* From the middle of the queue; the one that is being sent goes to its end all the same. */
    assert_true(CancelIoEx(device, &r[3].overlapped));
    assert_int_equal(request_end(device, &r[3], &done), ERROR_OPERATION_ABORTED);
    (void)CancelIoEx(device, &r[0].overlapped);
    assert_true(is_pending(&r[0]));
    control(device, IOCTL_TRANSMIT_GO, NULL, 0);
    for (int i = 0; i < REQUESTS; i++) {
        if (i == 3)
            continue;
        assert_int_equal(request_end(device, &r[i], &done), 0);
        assert_int_equal(done, strlen(texts[i]));
        assert_memory_equal(r[i].data, answers[i], done);
    }
    lab_trace_end();
    control(device, IOCTL_TRANSMIT_FACTS, &facts, sizeof(facts));
    assert_int_equal(facts.MostAtOnce, 1);
    assert_int_equal(facts.Started, REQUESTS - 1);
    assert_int_equal(facts.Dpcs, REQUESTS - 1);
    assert_int_equal(facts.Cancelled, 1);
    /* They ended in the order in which they came. */
    int at = 0, end = 0;
    for (int i = 0; i < REQUESTS; i++) {
        do
            at = lab_expect(at + 1, NTIO_IRP_CALL, "transmit", MJ_CONTROL, -1);
        while (lab_event_at((unsigned)at)->code != IOCTL_TRANSMIT);
        irps[i] = lab_event_at((unsigned)at)->irp;
    }
    for (int i = 0; i < REQUESTS; i++) {
        if (i == 3)
            continue;
        do
            end = lab_expect(end + 1, NTIO_IRP_COMPLETE, "transmit", MJ_CONTROL, -1);
        while (lab_event_at((unsigned)end)->code != IOCTL_TRANSMIT ||
               lab_event_at((unsigned)end)->status == S_CANCELLED);
        assert_ptr_equal(lab_event_at((unsigned)end)->irp, irps[i]);
    }
    assert_true(CloseHandle(device));
}

static void own_queues_run_side_by_side(void **state)
{
    static const char *const texts[REQUESTS] = {"a", "bb", "ccc", "dddd", "eeeee", "ffffff"};
    request writes[REQUESTS], reads[REQUESTS];
    QUEUE_FACTS facts;
    DWORD done;

    (void)state;
    lab_start("ownqueue");
    HANDLE device = lab_open(L"\\\\.\\OwnQueue", FILE_FLAG_OVERLAPPED);
    control(device, IOCTL_QUEUE_HOLD, NULL, 0);
    lab_trace_begin();
    for (int i = 0; i < REQUESTS; i++) {
        request_init(&writes[i]);
        expect_pending(
            WriteFile(device, texts[i], (DWORD)strlen(texts[i]), NULL, &writes[i].overlapped));
    }
    for (int i = 0; i < REQUESTS; i++)
        start_read(device, &reads[i]);
    /* The first read was started though five writes wait. */
    control(device, IOCTL_QUEUE_FACTS, &facts, sizeof(facts));
    assert_int_equal(facts.Writes.Started, 1);
    assert_int_equal(facts.Reads.Started, 1);
    assert_true(CancelIoEx(device, &reads[2].overlapped));
    assert_int_equal(request_end(device, &reads[2], &done), ERROR_OPERATION_ABORTED);
    control(device, IOCTL_QUEUE_GO, NULL, 0);
    for (int i = 0; i < REQUESTS; i++) {
        assert_int_equal(request_end(device, &writes[i], &done), 0);
        assert_int_equal(done, strlen(texts[i]));
        if (i != 2)
            assert_int_equal(request_end(device, &reads[i], &done), 0);
    }
    lab_trace_end();
    control(device, IOCTL_QUEUE_FACTS, &facts, sizeof(facts));
    assert_int_equal(facts.Writes.MostAtOnce, 1);
    assert_int_equal(facts.Reads.MostAtOnce, 1);
    assert_int_equal(facts.Writes.Completed, REQUESTS);
    assert_int_equal(facts.Reads.Completed, REQUESTS - 1);
    assert_int_equal(facts.Reads.Cancelled, 1);
    /* Each queue's requests ended in order. */
    int call = 0, end = 0;
    for (int i = 0; i < REQUESTS; i++) {
        call = lab_expect(i == 0 ? 0 : call + 1, NTIO_IRP_CALL, "ownqueue", MJ_WRITE, -1);
        end = lab_expect(end + 1, NTIO_IRP_COMPLETE, "ownqueue", MJ_WRITE, -1);
        assert_ptr_equal(lab_event_at((unsigned)call)->irp, lab_event_at((unsigned)end)->irp);
        assert_int_equal(lab_event_at((unsigned)end)->information, strlen(texts[i]));
    }
    /* A read after them all sees the last. */
    start_read(device, &reads[0]);
    assert_int_equal(request_end(device, &reads[0], &done), 0);
    assert_int_equal(done, 6);
    assert_memory_equal(reads[0].data, "ffffff", 6);
    assert_true(CloseHandle(device));
    lab_stop("ownqueue");
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(a_read_waits_for_its_event),  LAB_TEST(completions_come_as_apcs),
    LAB_TEST(requests_are_cancelled),      LAB_TEST(what_waits_is_completed_at_cleanup),
    LAB_TEST(start_brings_the_interrupt),  LAB_TEST(start_io_takes_one_at_a_time),
    LAB_TEST(own_queues_run_side_by_side),
};

LAB_MAIN("lab-asynchronous", tests)
