/* SPDX-License-Identifier: MIT */
/* Answers to SRBs: what comes with each status, what does not fit, what is malformed. */
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

/* READ(10) of one block, not sent yet. */
static void prepare_read(rig_srb *r, uint32_t lba)
{
    rig_srb_prepare(r, device, SRB_FUNCTION_EXECUTE_SCSI,
                    CDB(SCSIOP_READ, 0, 0, 0, 0, (uint8_t)lba, 0, 0, 1, 0), RIG_IN, data, 2048);
}

/* ---- answers that do not fit ---- */

typedef void spoil(answer *a);

static void other_kind(answer *a)
{
    answer_header(a)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    answer_header(a)->IoControlCode = IOCTL_STORAGE_POWER_ACTIVE;
    a->used = 48;
}

static void too_much_data(answer *a)
{
    answer_srb(a)->DataTransferLength = 2049;
    answer_add(a, data, 2049);
}

static void more_than_was_asked(answer *a)
{
    answer_srb(a)->SrbFlags = 0;
    answer_srb(a)->DataTransferLength = 2049;
}

static void still_pending(answer *a)
{
    answer_srb(a)->SrbStatus = SRB_STATUS_PENDING;
    answer_srb(a)->DataTransferLength = 0;
}

static void an_answer_that_does_not_fit_ends_the_request(void **state)
{
    static spoil *const spoils[] = {other_kind, too_much_data, more_than_was_asked, still_pending};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(spoils); i++) {
        rig_srb r;
        fetch f;
        answer a;

        read_begin(&r, device, 1, 1, data);
        fetch_one(&f, program);
        answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 2048);
        spoils[i](&a);
        assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
        assert_status(rig_srb_end(&r), STATUS_DEVICE_PROTOCOL_ERROR);
        assert_int_equal(r.srb.SrbStatus, SRB_STATUS_ERROR);
        assert_int_equal(r.srb.DataTransferLength, 0);
        assert_int_equal(r.information, 0);
        fetch_free(&f);
    }
}

static void data_for_one_that_wants_none(void **state)
{
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    rig_srb_begin(&r, device, SRB_FUNCTION_EXECUTE_SCSI,
                  CDB(SCSIOP_WRITE, 0, 0, 0, 0, 0, 0, 0, 1, 0), RIG_OUT, data, 512);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 512);
    answer_srb(&a)->SrbFlags = SRB_FLAGS_DATA_IN;
    answer_add(&a, data, 512);
    assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
    assert_status(rig_srb_end(&r), STATUS_DEVICE_PROTOCOL_ERROR);
    fetch_free(&f);
}

static void malformed_answers_change_nothing(void **state)
{
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 2048);
    answer_add(&a, data, 2047); /* one too few */
    assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
    answer_add(&a, data, 1);
    answer_header(&a)->Op = OP_PLUGOUT;
    assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
    answer_header(&a)->Op = OP_REQUEST;
    /* Statuses that a driver must not complete with. */
    answer_header(&a)->Status = STATUS_PENDING;
    assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
    answer_header(&a)->Status = STATUS_MORE_PROCESSING_REQUIRED;
    assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
    answer_header(&a)->Status = STATUS_SUCCESS;
    /* Length says more than there is. */
    answer_header(&a)->Length = a.used;
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, a.bytes, a.used - 1, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, a.bytes, 91, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, a.bytes, 48, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, a.bytes, 47, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, NULL, 0, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, NULL, 0, data, 100, NULL),
                  STATUS_INVALID_PARAMETER);
    answer_header(&a)->Length = 0xFFFFFFFF;
    assert_status(rig_call(program, IOCTL_COMPLETE_REQUEST, a.bytes, a.used, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_false(rig_srb_done(&r));
    assert_ok(answer_send(&a, program));
    assert_ok(rig_srb_end(&r));
    fetch_free(&f);
}

/* ---- statuses and what comes with them ---- */

static void sense_data(void **state)
{
    static const struct {
        uint8_t sent, room, got;
    } rows[] = {{18, 64, 18}, {18, 18, 18}, {18, 8, 8}, {255, 64, 64}, {18, 0, 0}, {0, 64, 0}};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        uint8_t sense[255];
        rig_srb r;
        fetch f;
        answer a;

        memset(sense, 0x5A, sizeof(sense));
        prepare_read(&r, 1);
        r.srb.SenseInfoBufferLength = rows[i].room;
        rig_srb_send(&r, device);
        fetch_one(&f, program);
        answer_start(&a, &f, STATUS_IO_DEVICE_ERROR, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID,
                     2048);
        answer_srb(&a)->ScsiStatus = SCSISTAT_CHECK_CONDITION;
        answer_srb(&a)->SenseInfoBufferLength = rows[i].sent;
        answer_add(&a, sense, rows[i].sent);
        assert_ok(answer_send(&a, program));
        assert_status(rig_srb_end(&r), STATUS_IO_DEVICE_ERROR);
        assert_int_equal(r.srb.ScsiStatus, SCSISTAT_CHECK_CONDITION);
        assert_int_equal(r.srb.SrbStatus,
                         SRB_STATUS_ERROR | (rows[i].got != 0 ? SRB_STATUS_AUTOSENSE_VALID : 0));
        if (rows[i].got != 0)
            assert_int_equal(r.srb.SenseInfoBufferLength, rows[i].got);
        for (int k = 0; k < 64; k++)
            assert_int_equal(r.sense[k], k < rows[i].got ? 0x5A : 0);
        assert_int_equal(r.srb.DataTransferLength, 0); /* nothing came */
        fetch_free(&f);
    }
}

static void a_short_transfer_delivers_what_came(void **state)
{
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN, 5);
    answer_add(&a, "short", 5);
    assert_ok(answer_send(&a, program));
    assert_status(rig_srb_end(&r), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_DATA_OVERRUN);
    assert_int_equal(r.srb.DataTransferLength, 5);
    assert_memory_equal(data, "short\0", 6);
    fetch_free(&f);
    /* From a server that leaves the data out. */
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN, 5);
    assert_ok(answer_send(&a, program));
    assert_status(rig_srb_end(&r), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(r.srb.DataTransferLength, 0);
    fetch_free(&f);
}

static void statuses_never_contradict_each_other(void **state)
{
    static const struct {
        NTSTATUS sent;
        UCHAR srb_sent;
        NTSTATUS status;
        UCHAR srb_status;
    } rows[] = {{STATUS_SUCCESS, SRB_STATUS_SUCCESS, STATUS_SUCCESS, SRB_STATUS_SUCCESS},
                {STATUS_SUCCESS, SRB_STATUS_SUCCESS | SRB_STATUS_QUEUE_FROZEN, STATUS_SUCCESS,
                 SRB_STATUS_SUCCESS},
                {STATUS_SUCCESS, SRB_STATUS_DATA_OVERRUN, STATUS_SUCCESS, SRB_STATUS_DATA_OVERRUN},
                {STATUS_SUCCESS, SRB_STATUS_ERROR, STATUS_IO_DEVICE_ERROR, SRB_STATUS_ERROR},
                {STATUS_SUCCESS, SRB_STATUS_TIMEOUT, STATUS_IO_DEVICE_ERROR, SRB_STATUS_TIMEOUT},
                {STATUS_IO_TIMEOUT, SRB_STATUS_SUCCESS, STATUS_IO_TIMEOUT, SRB_STATUS_ERROR},
                {STATUS_IO_TIMEOUT, SRB_STATUS_TIMEOUT, STATUS_IO_TIMEOUT, SRB_STATUS_TIMEOUT}};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        rig_srb r;
        fetch f;
        answer a;

        rig_srb_begin(&r, device, SRB_FUNCTION_EXECUTE_SCSI, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL,
                      0);
        fetch_one(&f, program);
        answer_start(&a, &f, rows[i].sent, rows[i].srb_sent, 0);
        assert_ok(answer_send(&a, program));
        assert_status(rig_srb_end(&r), rows[i].status);
        assert_int_equal(r.srb.SrbStatus, rows[i].srb_status);
        fetch_free(&f);
    }
}

static void an_answer_that_says_more_than_it_brings(void **state)
{
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 2048);
    answer_srb(&a)->SrbFlags = 0; /* so there is no data in the frame */
    assert_ok(answer_send(&a, program));
    rig_srb_end(&r);
    assert_int_equal(r.srb.DataTransferLength, 0);
    assert_int_equal(r.information, 0);
    fetch_free(&f);
}

static void a_refusal_with_its_status_alone(void **state)
{
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    read_begin(&r, device, 1, 1, data);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_NOT_SUPPORTED, 0, 0);
    a.used = 48;
    assert_ok(answer_send(&a, program));
    assert_status(rig_srb_end(&r), STATUS_NOT_SUPPORTED);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_ERROR);
    assert_int_equal(r.srb.DataTransferLength, 0);
    fetch_free(&f);
}

static void a_claim_gives_our_own_device(void **state)
{
    PDEVICE_OBJECT pdo = child_pdo("1");
    rig_srb r;
    fetch f;
    answer a;

    (void)state;
    for (int good = 0; good < 2; good++) {
        rig_srb_begin(&r, device, SRB_FUNCTION_CLAIM_DEVICE, NULL, 0, RIG_NONE, NULL, 0);
        fetch_one(&f, program);
        assert_int_equal(srb_of(&f)->Function, SRB_FUNCTION_CLAIM_DEVICE);
        answer_start(&a, &f, good ? STATUS_SUCCESS : STATUS_DEVICE_BUSY,
                     good ? SRB_STATUS_SUCCESS : SRB_STATUS_BUSY, 0);
        assert_ok(answer_send(&a, program));
        assert_status(rig_srb_end(&r), good ? STATUS_SUCCESS : STATUS_DEVICE_BUSY);
        assert_ptr_equal(r.srb.DataBuffer, good ? pdo : NULL);
        fetch_free(&f);
    }
    ObDereferenceObject(pdo);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_that_does_not_fit_ends_the_request),
        TEST(data_for_one_that_wants_none),
        TEST(malformed_answers_change_nothing),
        TEST(sense_data),
        TEST(a_short_transfer_delivers_what_came),
        TEST(statuses_never_contradict_each_other),
        TEST(an_answer_that_says_more_than_it_brings),
        TEST(a_refusal_with_its_status_alone),
        TEST(a_claim_gives_our_own_device),
    };

    return cmocka_run_group_tests_name("scsiclient-answers", tests, NULL, NULL);
}
