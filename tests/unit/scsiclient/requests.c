/* SPDX-License-Identifier: MIT */
/* SRBs: queued, fetched, answered, cancelled. */
#include "client.h"

static HANDLE program;
static PDEVICE_OBJECT device;
static uint8_t data[65536];

static int setup(void **state)
{
    client_setup(state);
    program = plug("1");
    device = child_top("1");
    memset(data, 0, sizeof(data));
    return 0;
}

static int teardown(void **state)
{
    ObDereferenceObject(device);
    rig_close(program);
    return client_teardown(state);
}

static void fetched_before_it_is_asked(void **state)
{
    rig_srb r;
    fetch f;

    (void)state;
    assert_status(fetch_begin(&f, program, FETCH_ROOM), STATUS_PENDING);
    assert_false(rig_io_done(&f.io));
    read_begin(&r, device, 5, 2, data);
    assert_ok(fetch_end(&f));
    assert_false(rig_srb_done(&r));
    assert_int_equal(header_of(&f)->Length, 92);
    assert_int_equal(header_of(&f)->MajorFunction, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&r));
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    assert_int_equal(r.srb.DataTransferLength, 4096);
    assert_int_equal(r.information, 4096);
    assert_true(fake_holds(data, 1, 5, 2));
    fetch_free(&f);
}

static void asked_before_it_is_fetched(void **state)
{
    rig_srb r;
    fetch f;

    (void)state;
    read_begin(&r, device, 7, 1, data);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_PENDING);
    assert_false(rig_srb_done(&r));
    fetch_begin(&f, program, 92); /* just as much as it needs */
    assert_ok(fetch_end(&f));
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&r));
    assert_true(fake_holds(data, 1, 7, 1));
    fetch_free(&f);
}

static void data_in_a_second_buffer(void **state)
{
    static uint8_t sent[2048];
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    for (int i = 0; i < 2048; i++)
        sent[i] = fake_byte(1, 7, (uint32_t)i);
    read_begin(&r, device, 7, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 2048);
    /* Less than the answer says: refused, and the request goes on waiting. */
    answer_header(&a)->Length = a.used + 2048;
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, a.bytes, a.used, sent, 2047, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_false(rig_srb_done(&r));
    assert_ok(answer_send_split(&a, program, sent, 2048));
    assert_ok(rig_srb_end(&r));
    assert_true(fake_holds(data, 1, 7, 1));
    fetch_free(&f);

    /* With sense data: that stays in the first. */
    read_begin(&r, device, 7, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_IO_DEVICE_ERROR,
                 SRB_STATUS_DATA_OVERRUN | SRB_STATUS_AUTOSENSE_VALID, 100);
    answer_srb(&a)->SenseInfoBufferLength = 3;
    answer_add(&a, "\x70\x00\x05", 3);
    assert_ok(answer_send_split(&a, program, sent, 100));
    assert_status(rig_srb_end(&r), STATUS_IO_DEVICE_ERROR);
    assert_int_equal(r.srb.DataTransferLength, 100);
    assert_int_equal(r.srb.SenseInfoBufferLength, 3);
    assert_int_equal(r.sense[2], 5);
    fetch_free(&f);
}

static void all_fields_are_packed(void **state)
{
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    for (int i = 0; i < 512; i++)
        data[i] = (uint8_t)(i * 5);
    rig_srb_begin(&r, device, SRB_FUNCTION_EXECUTE_SCSI,
                  CDB(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), RIG_OUT, data, 512);
    fetch_one(&f, program);
    assert_int_equal(header_of(&f)->Length, 92 + 512);
    assert_int_equal(header_of(&f)->IoControlCode, 0);
    assert_int_equal(header_of(&f)->Status, 0);
    assert_int_equal(header_of(&f)->Information, 0);
    assert_int_equal(srb_of(&f)->Function, SRB_FUNCTION_EXECUTE_SCSI);
    assert_int_equal(srb_of(&f)->CdbLength, 16);
    assert_int_equal(srb_of(&f)->Cdb[15], 16);
    assert_int_equal(srb_of(&f)->SenseInfoBufferLength, 64);
    assert_int_equal(srb_of(&f)->SrbFlags, SRB_FLAGS_DATA_OUT);
    assert_int_equal(srb_of(&f)->DataTransferLength, 512);
    assert_int_equal(srb_of(&f)->TimeOutValue, 10);
    assert_int_equal(((uint8_t *)srb_of(&f))[10], 0); /* padding says nothing of this machine */
    assert_int_equal(((uint8_t *)srb_of(&f))[11], 0);
    assert_memory_equal(body_of(&f) + 44, data, 512);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 512);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_srb_end(&r));
    assert_int_equal(r.srb.DataTransferLength, 512);
    fetch_free(&f);
}

/* READ(10) of one block, not sent yet. */
static void prepare_read(rig_srb *r, uint32_t lba)
{
    rig_srb_prepare(r, device, SRB_FUNCTION_EXECUTE_SCSI,
                    CDB(SCSIOP_READ, 0, 0, 0, 0, (uint8_t)lba, 0, 0, 1, 0), RIG_IN, data, 2048);
}

static void the_data_lies_within_the_mdl(void **state)
{
    uint8_t *middle = data + 2048;
    rig_srb r;
    fetch f;

    (void)state;
    rig_srb_prepare(&r, device, SRB_FUNCTION_EXECUTE_SCSI,
                    CDB(SCSIOP_READ, 0, 0, 0, 0, 7, 0, 0, 1, 0), RIG_IN, data, 6144);
    r.srb.DataBuffer = middle;
    r.srb.DataTransferLength = 2048;
    rig_srb_send(&r, device);
    fetch_one(&f, program);
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&r));
    assert_true(fake_holds(middle, 1, 7, 1));
    for (int i = 0; i < 2048; i++)
        assert_true(data[i] == 0 && data[4096 + i] == 0);
    fetch_free(&f);
    /* Without an MDL it is where the SRB says. */
    rig_srb_prepare(&r, device, SRB_FUNCTION_EXECUTE_SCSI,
                    CDB(SCSIOP_READ, 0, 0, 0, 0, 9, 0, 0, 1, 0), RIG_NONE, NULL, 0);
    r.srb.SrbFlags = SRB_FLAGS_DATA_IN;
    r.srb.DataBuffer = data;
    r.srb.DataTransferLength = 2048;
    rig_srb_send(&r, device);
    fetch_one(&f, program);
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&r));
    assert_true(fake_holds(data, 1, 9, 1));
    fetch_free(&f);
}

static void assert_refused(rig_srb *r, NTSTATUS status, UCHAR srb_status)
{
    rig_srb_send(r, device);
    assert_status(rig_srb_end(r), status);
    assert_int_equal(r->srb.SrbStatus, srb_status);
}

static void refused_before_anything_is_sent(void **state)
{
    rig_srb r;
    fetch f;

    (void)state;
    assert_status(fetch_begin(&f, program, FETCH_ROOM), STATUS_PENDING);
    prepare_read(&r, 1);
    r.srb.Function = SRB_FUNCTION_IO_CONTROL;
    assert_refused(&r, STATUS_INVALID_DEVICE_REQUEST, SRB_STATUS_INVALID_REQUEST);
    prepare_read(&r, 1);
    r.srb.Function = SRB_FUNCTION_ABORT_COMMAND;
    assert_refused(&r, STATUS_INVALID_DEVICE_REQUEST, SRB_STATUS_INVALID_REQUEST);
    prepare_read(&r, 1);
    r.srb.CdbLength = 17;
    assert_refused(&r, STATUS_INVALID_PARAMETER, SRB_STATUS_INVALID_REQUEST);
    prepare_read(&r, 1);
    r.srb.DataTransferLength = SCSINET_MAXIMUM_DATA + 1;
    assert_refused(&r, STATUS_INVALID_PARAMETER, SRB_STATUS_INVALID_REQUEST);
    /* Data that is not where the MDL is. */
    prepare_read(&r, 1);
    r.srb.DataTransferLength = 2049;
    assert_refused(&r, STATUS_INSUFFICIENT_RESOURCES, SRB_STATUS_INTERNAL_ERROR);
    prepare_read(&r, 1);
    r.srb.DataBuffer = (PVOID)((ULONG_PTR)data - 1);
    assert_refused(&r, STATUS_INSUFFICIENT_RESOURCES, SRB_STATUS_INTERNAL_ERROR);
    prepare_read(&r, 1);
    r.srb.DataBuffer = data + 1;
    assert_refused(&r, STATUS_INSUFFICIENT_RESOURCES, SRB_STATUS_INTERNAL_ERROR);
    assert_false(rig_io_done(&f.io));
    rig_io_cancel(&f.io);
    assert_status(fetch_end(&f), STATUS_CANCELLED);
    fetch_free(&f);
}

/* ---- many ---- */

#define MANY 300

static rig_srb many[MANY];
static fetch fetched[MANY];

static void more_requests_than_slots(void **state)
{
    fetch waiting, next;

    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        rig_srb_begin(&many[i], device, SRB_FUNCTION_EXECUTE_SCSI,
                      CDB(SCSIOP_TEST_UNIT_READY, 0, (uint8_t)(i >> 8), (uint8_t)i, 0, 0), RIG_NONE,
                      NULL, 0);
    for (unsigned i = 0; i < 256; i++) {
        fetch_begin(&fetched[i], program, 92);
        assert_ok(fetch_end(&fetched[i]));
        /* In the order in which they came, and each with a mark of its own. */
        assert_int_equal(srb_of(&fetched[i])->Cdb[2] << 8 | srb_of(&fetched[i])->Cdb[3], i);
        for (unsigned k = 0; k < i; k += 17)
            assert_memory_not_equal(header_of(&fetched[k])->Irp, header_of(&fetched[i])->Irp, 8);
    }
    /* The slots are full. */
    assert_status(fetch_begin(&waiting, program, 92), STATUS_PENDING);
    assert_status(fetch_begin(&next, program, 92), STATUS_PENDING);
    assert_false(rig_io_done(&waiting.io));
    /* One that is answered makes room. */
    {
        answer a;

        answer_start(&a, &fetched[17], STATUS_SUCCESS, SRB_STATUS_SUCCESS, 0);
        assert_ok(answer_send(&a, program));
        assert_ok(rig_srb_end(&many[17]));
    }
    assert_ok(fetch_end(&waiting));
    assert_int_equal(srb_of(&waiting)->Cdb[2] << 8 | srb_of(&waiting)->Cdb[3], 256);
    /* So does one that is cancelled. */
    assert_false(rig_io_done(&next.io));
    IoCancelIrp(many[18].irp);
    assert_status(rig_srb_end(&many[18]), STATUS_CANCELLED);
    assert_ok(fetch_end(&next));
    assert_int_equal(srb_of(&next)->Cdb[2] << 8 | srb_of(&next)->Cdb[3], 257);
    /* The rest ends with the device. */
    assert_ok(plug_out(program));
    for (unsigned i = 0; i < MANY; i++) {
        if (i == 17 || i == 18)
            continue;
        assert_status(rig_srb_end(&many[i]), STATUS_DEVICE_DOES_NOT_EXIST);
        assert_int_equal(many[i].srb.SrbStatus, SRB_STATUS_NO_DEVICE);
    }
    for (unsigned i = 0; i < 256; i++)
        fetch_free(&fetched[i]);
    fetch_free(&waiting);
    fetch_free(&next);
}

static void answered_in_any_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 24; i++)
        read_begin(&many[i], device, i, 1, data + 2048 * i);
    for (unsigned i = 0; i < 24; i++)
        fetch_one(&fetched[i], program);
    for (unsigned i = 0; i < 24; i++) {
        unsigned which = (i * 7 + 3) % 24;

        assert_ok(answer_read(&fetched[which], program));
        assert_ok(rig_srb_end(&many[which]));
        fetch_free(&fetched[which]);
    }
    assert_true(fake_holds(data, 1, 0, 24));
}

static void a_fetch_that_is_too_small_leaves_the_request(void **state)
{
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    fetch_begin(&f, program, 91); /* too small for any */
    assert_status(fetch_end(&f), STATUS_BUFFER_TOO_SMALL);
    fetch_free(&f);
    fetch_begin(&f, program, 0);
    assert_status(fetch_end(&f), STATUS_BUFFER_TOO_SMALL);
    fetch_free(&f);
    rig_srb_begin(&r, device, SRB_FUNCTION_EXECUTE_SCSI,
                  CDB(SCSIOP_WRITE, 0, 0, 0, 0, 0, 0, 0, 1, 0), RIG_OUT, data, 512);
    fetch_begin(&f, program, 92 + 511);
    assert_status(fetch_end(&f), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(f.buffer[0], 0xEE); /* nothing was written */
    fetch_free(&f);
    assert_false(rig_srb_done(&r));
    fetch_begin(&f, program, 92 + 512);
    assert_ok(fetch_end(&f));
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 512);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_srb_end(&r));
    fetch_free(&f);
}

/* ---- marks ---- */

static void marks_that_are_not_that_requests(void **state)
{
    rig_srb r, other;
    fetch f, g;
    answer a;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_DEVICE_NOT_READY, SRB_STATUS_ERROR, 0);
    answer_header(&a)->Irp[1]++;
    assert_status(answer_send(&a, program), STATUS_NOT_FOUND);
    answer_header(&a)->Irp[1] -= 2;
    assert_status(answer_send(&a, program), STATUS_NOT_FOUND);
    answer_header(&a)->Irp[1]++;
    answer_header(&a)->Irp[0]++; /* a slot that nobody is in */
    assert_status(answer_send(&a, program), STATUS_NOT_FOUND);
    answer_header(&a)->Irp[0] = 256;
    assert_status(answer_send(&a, program), STATUS_NOT_FOUND);
    answer_header(&a)->Irp[0] = 0xFFFFFFFF;
    assert_status(answer_send(&a, program), STATUS_NOT_FOUND);
    assert_false(rig_srb_done(&r));
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&r));
    /* Once. */
    assert_status(answer_read(&f, program), STATUS_NOT_FOUND);
    /* The slot is used again; the old mark is not the new one's. */
    read_begin(&other, device, 2, 1, data);
    fetch_one(&g, program);
    assert_int_equal(header_of(&g)->Irp[0], header_of(&f)->Irp[0]);
    assert_int_not_equal(header_of(&g)->Irp[1], header_of(&f)->Irp[1]);
    assert_status(answer_read(&f, program), STATUS_NOT_FOUND);
    assert_false(rig_srb_done(&other));
    assert_ok(answer_read(&g, program));
    assert_ok(rig_srb_end(&other));
    fetch_free(&f);
    fetch_free(&g);
}

static void another_handles_mark(void **state)
{
    HANDLE second = plug("2");
    rig_srb r;
    fetch f;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    assert_status(answer_read(&f, second), STATUS_NOT_FOUND);
    assert_false(rig_srb_done(&r));
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&r));
    fetch_free(&f);
    rig_close(second);
}

/* ---- cancel ---- */

static void cancelled_while_it_waits(void **state)
{
    rig_srb r, other;
    fetch f;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    read_begin(&other, device, 2, 1, data);
    IoCancelIrp(r.irp);
    assert_status(rig_srb_end(&r), STATUS_CANCELLED);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_ABORTED);
    fetch_one(&f, program);
    assert_int_equal(srb_of(&f)->Cdb[5], 2); /* the first is not there any more */
    assert_ok(answer_read(&f, program));
    assert_ok(rig_srb_end(&other));
    fetch_free(&f);
}

static void cancelled_once_it_is_fetched(void **state)
{
    rig_srb r;
    fetch f;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    IoCancelIrp(r.irp);
    assert_status(rig_srb_end(&r), STATUS_CANCELLED); /* at once */
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_ABORTED);
    data[0] = 0x77;
    assert_status(answer_read(&f, program), STATUS_NOT_FOUND);
    assert_int_equal(data[0],
                     0x77); /* nothing was written into memory that is not the request's any more */
    fetch_free(&f);
}

static void cancelled_before_it_is_sent(void **state)
{
    rig_srb r;
    fetch f;

    (void)state;
    /* The flag is set, and nobody will call a routine. */
    for (int fetching = 0; fetching < 2; fetching++) {
        if (fetching)
            assert_status(fetch_begin(&f, program, FETCH_ROOM), STATUS_PENDING);
        prepare_read(&r, 1);
        IoCancelIrp(r.irp);
        assert_refused(&r, STATUS_CANCELLED, SRB_STATUS_ABORTED);
    }
    assert_false(rig_io_done(&f.io));
    rig_io_cancel(&f.io);
    assert_status(fetch_end(&f), STATUS_CANCELLED);
    fetch_free(&f);
}

static void a_fetch_is_cancelled(void **state)
{
    fetch f, g;
    rig_srb r;

    (void)state;
    assert_status(fetch_begin(&f, program, FETCH_ROOM), STATUS_PENDING);
    assert_status(fetch_begin(&g, program, FETCH_ROOM), STATUS_PENDING);
    rig_io_cancel(&f.io);
    assert_status(fetch_end(&f), STATUS_CANCELLED);
    fetch_free(&f);
    read_begin(&r, device, 1, 1, data);
    assert_ok(fetch_end(&g));
    assert_ok(answer_read(&g, program));
    assert_ok(rig_srb_end(&r));
    fetch_free(&g);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fetched_before_it_is_asked),
        TEST(asked_before_it_is_fetched),
        TEST(data_in_a_second_buffer),
        TEST(all_fields_are_packed),
        TEST(the_data_lies_within_the_mdl),
        TEST(refused_before_anything_is_sent),
        TEST(more_requests_than_slots),
        TEST(answered_in_any_order),
        TEST(a_fetch_that_is_too_small_leaves_the_request),
        TEST(marks_that_are_not_that_requests),
        TEST(another_handles_mark),
        TEST(cancelled_while_it_waits),
        TEST(cancelled_once_it_is_fetched),
        TEST(cancelled_before_it_is_sent),
        TEST(a_fetch_is_cancelled),
    };

    return cmocka_run_group_tests_name("scsiclient-requests", tests, NULL, NULL);
}
