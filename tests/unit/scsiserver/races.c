/* SPDX-License-Identifier: MIT */
/* Cancel against completion, close against both, programs that write into what is being read,
 * devices that vanish under it all. */
#include "server.h"

#define ROUNDS (6000 / RIG_SLOWER)

/* Finishes what is held as it comes. */
typedef struct finisher {
    rig_thread thread;
    atomic_bool stop;
    atomic_uint finished;
} finisher;

static void finish_held(void *context)
{
    finisher *f = context;
    unsigned seed = 3;

    while (!f->stop) {
        PIRP irp = fake_take(&lun);

        if (irp == NULL) {
            sched_yield();
            continue;
        }
        rig_spin(&seed, 200);
        fake_finish(&lun, irp);
        f->finished++;
    }
}

static void finisher_start(finisher *f)
{
    memset(f, 0, sizeof(*f));
    rig_start(&f->thread, finish_held, f);
}

static void finisher_stop(finisher *f)
{
    f->stop = true;
    rig_join(&f->thread);
}

/* Either it was cancelled, by whoever came first, or it is whole. */
static bool check_end(request *r, uint32_t lba)
{
    NTSTATUS status = end(r);

    if (status == STATUS_CANCELLED)
        return false; /* before it was sent */
    assert_ok(status);
    if (header_of(r)->Status == STATUS_CANCELLED) {
        assert_int_equal(SRB_STATUS(srb_of(r)->SrbStatus), SRB_STATUS_ABORTED);
        assert_int_equal(header_of(r)->Length, 92);
        return false;
    }
    assert_ok(header_of(r)->Status);
    assert_int_equal(header_of(r)->Length, 92 + 2048);
    assert_true(fake_holds(r->buffer + 92, 1, lba, 1));
    return true;
}

static void cancel_against_completion(void **state)
{
    HANDLE handle = rig_open(&server_guid);
    unsigned seed = 1, whole = 0;
    finisher f;

    (void)state;
    lun.on_srb = fake_hold_srb;
    finisher_start(&f);
    for (unsigned round = 0; round < ROUNDS; round++) {
        request r;

        make_read(&r, round % 900, 1);
        begin(&r, handle);
        rig_spin(&seed, 400);
        rig_io_cancel(&r.io);
        whole += check_end(&r, round % 900);
        free_request(&r);
    }
    finisher_stop(&f);
    rig_close(handle);
    assert_int_equal(f.finished, whole);
    assert_int_equal(lun.held_count, 0);
}

/* A thread that cancels whatever the other one has under way, at once. */
typedef struct canceller {
    rig_thread thread;
    HANDLE handle;
    atomic_bool stop;
} canceller;

static void cancel_all(void *context)
{
    canceller *c = context;

    while (!c->stop) {
        IO_STATUS_BLOCK iosb;

        NtCancelIoFileEx(c->handle, NULL, &iosb);
        sched_yield();
    }
}

static NTSTATUS hold_or_not(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    /* Every other one is completed at once, in the caller's thread. */
    return srb->Cdb[5] & 1 ? fake_drive(l, irp, srb) : fake_hold(l, irp);
}

static void cancel_from_the_very_first_moment(void **state)
{
    canceller c = {.handle = rig_open(&server_guid)};
    finisher f;

    (void)state;
    lun.on_srb = hold_or_not;
    finisher_start(&f);
    rig_start(&c.thread, cancel_all, &c);
    for (unsigned round = 0; round < ROUNDS; round++) {
        request r;

        make_read(&r, round % 900, 1);
        begin(&r, c.handle);
        check_end(&r, round % 900);
        free_request(&r);
    }
    c.stop = true;
    rig_join(&c.thread);
    finisher_stop(&f);
    rig_close(c.handle);
}

#define MANY 32

static void close_against_everything(void **state)
{
    finisher f;

    (void)state;
    lun.on_srb = fake_hold_srb;
    finisher_start(&f);
    for (unsigned round = 0; round < ROUNDS / MANY; round++) {
        HANDLE handle = NULL;
        request r[MANY];

        rig_until(rig_try_open(&server_guid, &handle) != STATUS_SHARING_VIOLATION);
        assert_non_null(handle);
        for (unsigned i = 0; i < MANY; i++) {
            make_read(&r[i], i, 1);
            begin(&r[i], handle);
        }
        rig_close(handle);
        for (unsigned i = 0; i < MANY; i++) {
            check_end(&r[i], i);
            free_request(&r[i]);
        }
    }
    finisher_stop(&f);
    assert_int_equal(lun.held_count, 0);
}

/* ---- a program that writes into the request while it is captured ---- */

typedef struct scribbler {
    rig_thread thread;
    request *r;
    atomic_bool stop;
} scribbler;

static void scribble(void *context)
{
    scribbler *s = context;
    volatile uint32_t *words = (volatile uint32_t *)s->r->buffer;
    unsigned seed = 9;

    while (!s->stop) {
        seed = seed * 1103515245 + 12345;
        switch (seed >> 28) {
        case 0:
            words[4] = seed; /* Length */
            break;
        case 1:
            words[5] = 0x0E + (seed >> 8 & 1); /* MajorFunction */
            break;
        case 2:
            words[12 + 2] = seed & 0xFFFF; /* CdbLength, SenseInfoBufferLength */
            break;
        case 3:
            words[12 + 3] = seed; /* SrbFlags */
            break;
        case 4:
            words[12 + 4] = seed >> (seed & 31); /* DataTransferLength */
            break;
        default: /* as it should be */
            words[4] = 92;
            words[5] = 0x0F;
            words[12 + 2] = 10 | 18 << 8;
            words[12 + 3] = SRB_FLAGS_DATA_IN;
            words[12 + 4] = 2048;
            break;
        }
    }
}

static NTSTATUS suspicious(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    (void)l;
    assert_true(srb->CdbLength <= 16);
    assert_true(srb->DataTransferLength <= 65536);
    if (srb->DataTransferLength != 0)
        memset(fake_data(irp), 0xAB,
               srb->DataTransferLength); /* asserts that it lies in the buffer */
    assert_true(srb->DataTransferLength + srb->SenseInfoBufferLength <= FRAME_ROOM - 92);
    if (srb->SenseInfoBufferLength != 0)
        memset(srb->SenseInfoBuffer, 0x70, srb->SenseInfoBufferLength);
    return fake_complete_srb(irp, STATUS_IO_DEVICE_ERROR,
                             SRB_STATUS_DATA_OVERRUN | SRB_STATUS_AUTOSENSE_VALID, 2,
                             srb->DataTransferLength);
}

__attribute__((unused)) static void a_program_that_writes_meanwhile(void **state)
{
    HANDLE handle = rig_open(&server_guid);
    unsigned good = 0, refused = 0;
    scribbler s = {0};
    request r;

    (void)state;
    lun.on_srb = suspicious;
    make_srb(&r, SRB_FUNCTION_EXECUTE_SCSI, CDB(SCSIOP_READ, 0, 0, 0, 0, 0, 0, 0, 1, 0),
             SRB_FLAGS_DATA_IN, 2048, 18);
    r.buffer = realloc(r.buffer, FRAME_ROOM);
    assert_non_null(r.buffer);
    r.capacity = FRAME_ROOM;
    s.r = &r;
    rig_start(&s.thread, scribble, &s);
    /* At least so often, and until both have been seen: the other thread may not be let in for
     * long. */
    for (unsigned round = 0;
         round < ROUNDS || ((good == 0 || refused == 0) && round < ROUNDS * 1000); round++) {
        NTSTATUS status;

        if (round % 64 == 0)
            sched_yield();
        header_of(&r)->Op = OP_REQUEST;
        begin(&r, handle);
        status = rig_io_end(&r.io);
        assert_true(status == STATUS_SUCCESS || status == STATUS_INVALID_PARAMETER ||
                    status == STATUS_BUFFER_TOO_SMALL);
        if (NT_SUCCESS(status))
            assert_true(r.io.iosb.Information <= FRAME_ROOM);
        good += NT_SUCCESS(status);
        refused += !NT_SUCCESS(status);
    }
    s.stop = true;
    rig_join(&s.thread);
    assert_true(good > 0 && refused > 0);
    rig_close(handle);
    free_request(&r);
}

/* ---- devices that vanish ---- */

typedef struct user {
    rig_thread thread;
    HANDLE handle;
} user;

static void use_until_gone(void *context)
{
    user *u = context;

    for (;;) {
        NTSTATUS status;
        request r;

        make_read(&r, 1, 1);
        begin(&r, u->handle);
        status = rig_io_end(&r.io);
        free_request(&r);
        if (status == STATUS_DEVICE_NOT_READY || status == STATUS_DEVICE_DOES_NOT_EXIST)
            break;
        assert_ok(status);
    }
}

static void pulled_out_while_it_is_used(void **state)
{
    unsigned seed = 4;
    finisher f;

    (void)state;
    lun.on_srb = hold_or_not;
    finisher_start(&f);
    for (unsigned round = 0; round < 100 / RIG_SLOWER + 2; round++) {
        user users[2] = {0};
        HANDLE handle = rig_open(&server_guid);

        for (int i = 0; i < 2; i++) {
            users[i].handle = handle;
            rig_start(&users[i].thread, use_until_gone, &users[i]);
        }
        rig_spin(&seed, 100000);
        fake_unplug_later(&lun);
        for (int i = 0; i < 2; i++)
            rig_join(&users[i].thread);
        rig_close(handle);
        PnpSettle();
        rig_until(lun.removes == 1);
        PnpSettle();
        ObDereferenceObject(lun.pdo);
        lun.pdo = NULL;
        lun.removes = 0;
        fake_plug(&lun);
    }
    finisher_stop(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cancel_against_completion),
        TEST(cancel_from_the_very_first_moment),
        TEST(close_against_everything),
#if !RIG_TSAN /* it is a race, on purpose */
        TEST(a_program_that_writes_meanwhile),
#endif
        TEST(pulled_out_while_it_is_used),
    };

    return cmocka_run_group_tests_name("scsiserver-races", tests, NULL, NULL);
}
