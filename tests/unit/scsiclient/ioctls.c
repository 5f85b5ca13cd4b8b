/* SPDX-License-Identifier: MIT */
/* The IOCTLs that go over the wire, pass-through in both forms among them, from a program that has
 * the child open. */
#include "client.h"

static HANDLE program, drive;

static int setup(void **state)
{
    client_setup(state);
    program = plug("1");
    drive = child_open("1");
    return 0;
}

static int teardown(void **state)
{
    rig_close(drive);
    rig_close(program);
    return client_teardown(state);
}

/* An IOCTL is answered with these bytes. */
static NTSTATUS answer_with(fetch *f, NTSTATUS status, const void *bytes, ULONG count)
{
    answer a;

    answer_start(&a, f, status, 0, 0);
    answer_header(&a)->Information = count;
    answer_add(&a, bytes, count);
    return answer_send(&a, program);
}

static void the_plain_ones(void **state)
{
    static const struct {
        ULONG code, in, out, sent;
    } rows[] = {
        {IOCTL_STORAGE_QUERY_PROPERTY, 12, 30, 12}, {IOCTL_STORAGE_QUERY_PROPERTY, 0, 30, 0},
        {IOCTL_STORAGE_QUERY_PROPERTY, 0, 0, 0},    {IOCTL_STORAGE_ENABLE_IDLE_POWER, 16, 0, 16},
        {IOCTL_STORAGE_POWER_ACTIVE, 0, 0, 0},      {IOCTL_SCSI_GET_ADDRESS, 0, 8, 0}};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        uint8_t in[16], out[64], bytes[64];
        ULONG brought =
            rows[i].code == IOCTL_STORAGE_QUERY_PROPERTY || rows[i].code == IOCTL_SCSI_GET_ADDRESS
                ? rows[i].out
                : 0;
        rig_io io;
        fetch f;

        for (unsigned k = 0; k < 16; k++)
            in[k] = (uint8_t)(k + 1);
        memset(bytes, 0xB7, sizeof(bytes));
        memset(out, 0, sizeof(out));
        assert_status(rig_control(&io, drive, rows[i].code, in, rows[i].in, out, rows[i].out),
                      STATUS_PENDING);
        fetch_one(&f, program);
        assert_int_equal(header_of(&f)->MajorFunction, IRP_MJ_DEVICE_CONTROL);
        assert_int_equal(header_of(&f)->IoControlCode, rows[i].code);
        assert_int_equal(header_of(&f)->InputBufferLength, rows[i].in);
        assert_int_equal(header_of(&f)->OutputBufferLength, rows[i].out);
        assert_int_equal(header_of(&f)->Length, 48 + rows[i].sent);
        assert_memory_equal(body_of(&f), in, rows[i].sent);
        assert_ok(answer_with(&f, STATUS_SUCCESS, bytes, brought));
        assert_ok(rig_io_end(&io));
        assert_int_equal(io.iosb.Information, brought);
        for (unsigned k = 0; k < 64; k++)
            assert_int_equal(out[k], k < brought ? 0xB7 : 0);
        fetch_free(&f);
    }
}

static void others_do_not_leave_the_machine(void **state)
{
    uint8_t buffer[8] = {0};
    fetch f;

    (void)state;
    assert_status(fetch_begin(&f, program, FETCH_ROOM), STATUS_PENDING);
    assert_status(rig_call(drive, IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, NULL, 0, NULL),
                  STATUS_NOT_SUPPORTED);
    assert_status(rig_call(drive, IOCTL_SCSI_MINIPORT, buffer, 8, buffer, 8, NULL),
                  STATUS_NOT_SUPPORTED);
    {
        uint8_t *large = calloc(1, 65537);

        assert_non_null(large);
        assert_status(rig_call(drive, IOCTL_STORAGE_QUERY_PROPERTY, large, 65537, NULL, 0, NULL),
                      STATUS_INVALID_PARAMETER);
        assert_status(rig_call(drive, IOCTL_STORAGE_QUERY_PROPERTY, NULL, 0, large, 65537, NULL),
                      STATUS_INVALID_PARAMETER);
        free(large);
    }
    assert_false(rig_io_done(&f.io));
    rig_io_cancel(&f.io);
    assert_status(fetch_end(&f), STATUS_CANCELLED);
    fetch_free(&f);
}

static void an_answer_that_is_not_this_ioctls(void **state)
{
    uint8_t out[30], bytes[64] = {0};
    rig_io io;
    fetch f;
    answer a;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_status(rig_control(&io, drive, IOCTL_STORAGE_QUERY_PROPERTY, NULL, 0, out, 30),
                      STATUS_PENDING);
        fetch_one(&f, program);
        if (i == 0) {
            assert_status(answer_with(&f, STATUS_SUCCESS, bytes, 31),
                          STATUS_INVALID_PARAMETER); /* more than there is room for */
        } else {
            answer_start(&a, &f, STATUS_SUCCESS, 0, 0);
            if (i == 1) {
                answer_header(&a)->IoControlCode = IOCTL_STORAGE_POWER_ACTIVE;
            } else {
                PACKED_SRB srb = {.SrbStatus = SRB_STATUS_SUCCESS};

                answer_header(&a)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
                answer_add(&a, &srb, sizeof(srb));
            }
            assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
        }
        assert_status(rig_io_end(&io), STATUS_DEVICE_PROTOCOL_ERROR);
        assert_int_equal(io.iosb.Information, 0);
        fetch_free(&f);
    }
    /* An error comes through as it is, bare or not. */
    assert_status(rig_control(&io, drive, IOCTL_STORAGE_QUERY_PROPERTY, NULL, 0, out, 30),
                  STATUS_PENDING);
    fetch_one(&f, program);
    assert_ok(answer_with(&f, STATUS_INVALID_DEVICE_REQUEST, NULL, 0));
    assert_status(rig_io_end(&io), STATUS_INVALID_DEVICE_REQUEST);
    fetch_free(&f);
}

static void an_ioctl_is_cancelled(void **state)
{
    uint8_t out[30];
    rig_io io;
    fetch f;

    (void)state;
    assert_status(rig_control(&io, drive, IOCTL_STORAGE_QUERY_PROPERTY, NULL, 0, out, 30),
                  STATUS_PENDING);
    fetch_one(&f, program);
    rig_io_cancel(&io);
    assert_status(rig_io_end(&io), STATUS_CANCELLED);
    assert_status(answer_with(&f, STATUS_SUCCESS, "x", 1), STATUS_NOT_FOUND);
    fetch_free(&f);
}

/* ---- SCSI_PASS_THROUGH: structure, sense data at 56, data at 96 ---- */

typedef struct through {
    union {
        SCSI_PASS_THROUGH spt;
        SCSI_PASS_THROUGH_DIRECT direct;
        uint8_t bytes[96 + 512];
    };
} through;

static void through_init(through *t, uint8_t direction, ULONG length, uint8_t sense)
{
    memset(t, 0, sizeof(*t));
    t->spt = (SCSI_PASS_THROUGH){.Length = sizeof(SCSI_PASS_THROUGH),
                                 .CdbLength = 6,
                                 .DataIn = direction,
                                 .DataTransferLength = length,
                                 .TimeOutValue = 5,
                                 .DataBufferOffset = 96,
                                 .SenseInfoLength = sense,
                                 .SenseInfoOffset = 56};
    t->spt.Cdb[0] = SCSIOP_INQUIRY;
}

static void pass_through_in(void **state)
{
    through t, back;
    rig_io io;
    fetch f;
    answer a;

    (void)state;
    through_init(&t, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 96 + 36),
                  STATUS_PENDING);
    fetch_one(&f, program);
    assert_int_equal(header_of(&f)->Length, 48 + 56);
    assert_int_equal(header_of(&f)->InputBufferLength, 56);
    assert_int_equal(header_of(&f)->OutputBufferLength, 96 + 36);
    memcpy(&back, body_of(&f), 56);
    assert_int_equal(back.spt.Cdb[0], SCSIOP_INQUIRY);
    back.spt.DataTransferLength = 20;
    back.spt.SenseInfoLength = 0;
    memset(back.bytes + 56, 0, 40);
    memset(back.bytes + 96, 0xD1, 20);
    answer_start(&a, &f, STATUS_SUCCESS, 0, 0);
    answer_add(&a, back.bytes, 96 + 20);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_io_end(&io));
    assert_int_equal(io.iosb.Information, 96 + 20);
    assert_int_equal(t.spt.DataTransferLength, 20);
    assert_int_equal(t.bytes[96], 0xD1);
    assert_int_equal(t.bytes[96 + 19], 0xD1);
    assert_int_equal(t.bytes[96 + 20], 0);
    fetch_free(&f);

    /* Sense data without data, as the article's server has it; then nothing but the structure. */
    for (int i = 0; i < 2; i++) {
        through_init(&t, SCSI_IOCTL_DATA_IN, 36, 32);
        assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 96 + 36),
                      STATUS_PENDING);
        fetch_one(&f, program);
        memcpy(&back, body_of(&f), 56);
        back.spt.ScsiStatus = 2;
        back.spt.SenseInfoLength = 18;
        memset(back.bytes + 56, 0x70, 18);
        answer_start(&a, &f, STATUS_SUCCESS, 0, 0);
        answer_add(&a, back.bytes, i == 0 ? 56 + 18 : 56);
        assert_ok(answer_send(&a, program));
        assert_ok(rig_io_end(&io));
        assert_int_equal(t.spt.ScsiStatus, 2);
        assert_int_equal(t.spt.DataTransferLength, 0); /* none came */
        assert_int_equal(t.spt.SenseInfoLength, i == 0 ? 18 : 0);
        assert_int_equal(t.bytes[56], i == 0 ? 0x70 : 0);
        assert_int_equal(io.iosb.Information, i == 0 ? 56 + 18 : 56);
        fetch_free(&f);
    }
}

static void pass_through_out(void **state)
{
    through t;
    rig_io io;
    fetch f;
    answer a;

    (void)state;
    through_init(&t, SCSI_IOCTL_DATA_OUT, 512, 0);
    for (int i = 0; i < 512; i++)
        t.bytes[96 + i] = (uint8_t)(i * 11);
    assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH, &t, sizeof(t), &t, 56),
                  STATUS_PENDING);
    fetch_one(&f, program);
    assert_int_equal(header_of(&f)->Length, 48 + 96 + 512);
    for (int i = 0; i < 512; i++)
        assert_int_equal(body_of(&f)[96 + i], (uint8_t)(i * 11));
    answer_start(&a, &f, STATUS_SUCCESS, 0, 0);
    answer_add(&a, body_of(&f), 56);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_io_end(&io));
    assert_int_equal(io.iosb.Information, 56);
    assert_int_equal(t.spt.DataTransferLength, 512);
    fetch_free(&f);
}

static void pass_through_answers_that_do_not_fit(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        through t, back;
        rig_io io;
        fetch f;
        answer a;

        through_init(&t, SCSI_IOCTL_DATA_IN, 36, 32);
        assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 96 + 36),
                      STATUS_PENDING);
        fetch_one(&f, program);
        through_init(&back, SCSI_IOCTL_DATA_IN, 36, 32);
        switch (i) {
        case 0:
            back.spt.DataTransferLength = 37;
            break;
        case 1:
            back.spt.DataBufferOffset = 97;
            break;
        case 2:
            back.spt.SenseInfoLength = 33;
            break;
        case 3:
            back.spt.SenseInfoOffset = 60;
            break;
        default:
            back.spt.DataIn = SCSI_IOCTL_DATA_OUT;
            break;
        }
        answer_start(&a, &f, STATUS_SUCCESS, 0, 0);
        answer_add(&a, back.bytes, 56);
        assert_status(answer_send(&a, program), STATUS_INVALID_PARAMETER);
        assert_status(rig_io_end(&io), STATUS_DEVICE_PROTOCOL_ERROR);
        fetch_free(&f);
    }
}

static void pass_through_that_is_refused_at_once(void **state)
{
    through t;

    (void)state;
    through_init(&t, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 55, &t, 132, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, NULL, 0, &t, 132, NULL),
                  STATUS_INVALID_PARAMETER);
    t.spt.Length = 44; /* a 32-bit program's */
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 132, NULL),
                  STATUS_REVISION_MISMATCH);
    t.spt.Length = 56;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 131, NULL),
                  STATUS_INVALID_PARAMETER);
    t.spt.CdbLength = 17;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 132, NULL),
                  STATUS_INVALID_PARAMETER);
    through_init(&t, SCSI_IOCTL_DATA_IN, 36, 32);
    t.spt.DataBufferOffset = 80; /* in the sense data */
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 132, NULL),
                  STATUS_INVALID_PARAMETER);
    t.spt.DataBufferOffset = (ULONG_PTR)-4;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 56, &t, 132, NULL),
                  STATUS_INVALID_PARAMETER);
    through_init(&t, SCSI_IOCTL_DATA_OUT, 512, 0);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 96 + 511, &t, 56, NULL),
                  STATUS_INVALID_PARAMETER);
    t.spt.DataTransferLength = 0xFFFFFFFF;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 608, &t, 56, NULL),
                  STATUS_INVALID_PARAMETER);
    t.spt.DataBufferOffset = (ULONG_PTR)-1;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH, &t, 608, &t, 56, NULL),
                  STATUS_INVALID_PARAMETER);
}

/* ---- SCSI_PASS_THROUGH_DIRECT: goes as an SRB ---- */

static void direct_init(through *t, uint8_t direction, void *buffer, ULONG length, uint8_t sense)
{
    through_init(t, direction, length, sense);
    t->direct.DataBuffer = buffer;
}

static void direct_in(void **state)
{
    uint8_t *buffer = calloc(1, 2048); /* not on a page */
    through t;
    rig_io io;
    fetch f;
    answer a;

    (void)state;
    assert_non_null(buffer);
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 2048, 18);
    assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96),
                  STATUS_PENDING);
    fetch_one(&f, program);
    assert_int_equal(header_of(&f)->MajorFunction, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    assert_int_equal(header_of(&f)->Length, 92);
    assert_int_equal(srb_of(&f)->Function, SRB_FUNCTION_EXECUTE_SCSI);
    assert_int_equal(srb_of(&f)->SrbFlags & (SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT),
                     SRB_FLAGS_DATA_IN);
    assert_int_equal(srb_of(&f)->DataTransferLength, 2048);
    assert_int_equal(srb_of(&f)->SenseInfoBufferLength, 18);
    assert_int_equal(srb_of(&f)->TimeOutValue, 5);
    assert_int_equal(srb_of(&f)->CdbLength, 6);
    assert_int_equal(srb_of(&f)->Cdb[0], SCSIOP_INQUIRY);
    answer_start(&a, &f, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN, 36);
    answer_add(&a, "123456789012345678901234567890123456", 36);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_io_end(&io)); /* a short transfer is no failure */
    assert_int_equal(t.direct.DataTransferLength, 36);
    assert_int_equal(t.direct.SenseInfoLength, 0);
    assert_int_equal(io.iosb.Information, 56);
    assert_memory_equal(buffer, "123456789012345678901234567890123456\0", 37);
    fetch_free(&f);

    /* A check condition is the program's to judge. */
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 2048, 18);
    assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96),
                  STATUS_PENDING);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_IO_DEVICE_ERROR, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID, 0);
    answer_srb(&a)->ScsiStatus = 2;
    answer_srb(&a)->SenseInfoBufferLength = 20; /* two more than there is room for */
    answer_add(&a,
               "\x70\0\x05"
               "34567890123456789",
               20);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_io_end(&io));
    assert_int_equal(t.direct.ScsiStatus, 2);
    assert_int_equal(t.direct.SenseInfoLength, 18);
    assert_int_equal(t.bytes[58], 5);
    assert_int_equal(t.bytes[56 + 18], 0);
    assert_int_equal(io.iosb.Information, 56 + 18);
    fetch_free(&f);

    /* A failure without sense data, and a bare refusal. */
    for (int i = 0; i < 2; i++) {
        direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 2048, 18);
        assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96),
                      STATUS_PENDING);
        fetch_one(&f, program);
        answer_start(&a, &f, STATUS_IO_TIMEOUT, SRB_STATUS_TIMEOUT, 0);
        if (i == 1)
            a.used = 48;
        assert_ok(answer_send(&a, program));
        assert_status(rig_io_end(&io), STATUS_IO_TIMEOUT);
        fetch_free(&f);
    }
    free(buffer);
}

static void direct_out(void **state)
{
    uint8_t *buffer = malloc(700);
    through t;
    rig_io io;
    fetch f;
    answer a;

    (void)state;
    assert_non_null(buffer);
    memset(buffer, 0xC3, 700);
    direct_init(&t, SCSI_IOCTL_DATA_OUT, buffer, 700, 0);
    assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 56, &t, 56),
                  STATUS_PENDING);
    fetch_one(&f, program);
    assert_int_equal(header_of(&f)->Length, 92 + 700);
    assert_memory_equal(body_of(&f) + 44, buffer, 700);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 700);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_io_end(&io));
    assert_int_equal(t.direct.DataTransferLength, 700);
    fetch_free(&f);
    /* No data at all. */
    direct_init(&t, SCSI_IOCTL_DATA_UNSPECIFIED, NULL, 0, 0);
    assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 56, &t, 56),
                  STATUS_PENDING);
    fetch_one(&f, program);
    assert_int_equal(header_of(&f)->Length, 92);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 0);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_io_end(&io));
    fetch_free(&f);
    free(buffer);
}

static void a_smaller_buffer_for_the_answer(void **state)
{
    uint8_t *small = malloc(16); /* ASan has an eye on what lies behind */
    through t;
    rig_io io;
    fetch f;
    answer a;

    (void)state;
    assert_non_null(small);
    direct_init(&t, SCSI_IOCTL_DATA_UNSPECIFIED, NULL, 0, 0);
    assert_status(rig_control(&io, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 56, small, 16),
                  STATUS_PENDING);
    fetch_one(&f, program);
    answer_start(&a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 0);
    assert_ok(answer_send(&a, program));
    assert_ok(rig_io_end(&io));
    assert_int_equal(io.iosb.Information, 16);
    fetch_free(&f);
    free(small);
}

static void direct_that_is_refused_at_once(void **state)
{
    uint8_t buffer[512];
    through t;

    (void)state;
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 512, 18);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 55, &t, 96, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, NULL, 0, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    t.direct.Length = 55;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_REVISION_MISMATCH);
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 512, 18);
    t.direct.CdbLength = 17;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_INVALID_PARAMETER);
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, SCSINET_MAXIMUM_DATA + 1, 18);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_INVALID_PARAMETER);
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 512, 41); /* sense data over the end */
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_INVALID_PARAMETER);
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 512, 18);
    t.direct.SenseInfoOffset = 55;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_INVALID_PARAMETER);
    t.direct.SenseInfoOffset = 0xFFFFFFFF;
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_INVALID_PARAMETER);
    direct_init(&t, 3, buffer, 512, 0);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_INVALID_PARAMETER);
    /* Memory that the program does not have. */
    direct_init(&t, SCSI_IOCTL_DATA_IN, (void *)(uintptr_t)0x1000, 512, 0);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_ACCESS_VIOLATION);
    direct_init(&t, SCSI_IOCTL_DATA_OUT, NULL, 512, 0);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_ACCESS_VIOLATION);
}

static void direct_is_cancelled_and_ends_with_the_device(void **state)
{
    uint8_t buffer[512];
    rig_io waiting, fetched, last;
    through t, u, v;
    fetch f;

    (void)state;
    /* The buffer is unlocked in each way out: the host would say so at its end. */
    direct_init(&t, SCSI_IOCTL_DATA_IN, buffer, 512, 18);
    u = v = t;
    assert_status(rig_control(&fetched, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96),
                  STATUS_PENDING);
    assert_status(rig_control(&waiting, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &u, 96, &u, 96),
                  STATUS_PENDING);
    assert_status(rig_control(&last, drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &v, 96, &v, 96),
                  STATUS_PENDING);
    fetch_one(&f, program);
    rig_io_cancel(&fetched);
    rig_io_cancel(&waiting);
    assert_status(rig_io_end(&fetched), STATUS_CANCELLED);
    assert_status(rig_io_end(&waiting), STATUS_CANCELLED);
    assert_ok(plug_out(program));
    assert_status(rig_io_end(&last), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_status(rig_call(drive, IOCTL_SCSI_PASS_THROUGH_DIRECT, &t, 96, &t, 96, NULL),
                  STATUS_DEVICE_DOES_NOT_EXIST);
    fetch_free(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_plain_ones),
        TEST(others_do_not_leave_the_machine),
        TEST(an_answer_that_is_not_this_ioctls),
        TEST(an_ioctl_is_cancelled),
        TEST(pass_through_in),
        TEST(pass_through_out),
        TEST(pass_through_answers_that_do_not_fit),
        TEST(pass_through_that_is_refused_at_once),
        TEST(direct_in),
        TEST(direct_out),
        TEST(a_smaller_buffer_for_the_answer),
        TEST(direct_that_is_refused_at_once),
        TEST(direct_is_cancelled_and_ends_with_the_device),
    };

    return cmocka_run_group_tests_name("scsiclient-ioctls", tests, NULL, NULL);
}
