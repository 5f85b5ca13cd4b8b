/* SPDX-License-Identifier: MIT */
/* EXECUTE_REQUEST: what goes down, what comes back, what is refused. */
#include "server.h"

static HANDLE handle;

static int setup(void **state)
{
    server_setup(state);
    handle = rig_open(&server_guid);
    fake_clear(&lun);
    return 0;
}

static int teardown(void **state)
{
    rig_close(handle);
    return server_teardown(state);
}

/* The mark is the client's: it comes back as it was. */
static void assert_answer(request *r, NTSTATUS status, uint32_t length)
{
    assert_int_equal(header_of(r)->Id, 7);
    assert_int_equal(header_of(r)->Op, OP_REQUEST);
    assert_int_equal(header_of(r)->Irp[0], 0x11223344);
    assert_int_equal(header_of(r)->Irp[1], 0x55667788);
    assert_status(header_of(r)->Status, status);
    assert_int_equal(header_of(r)->Length, length);
    assert_int_equal(ScsinetCheckFrame(header_of(r), ScsinetFromServer), ScsinetFrameGood);
}

/* ---- SRBs ---- */

static void a_read_comes_back_with_its_data(void **state)
{
    fake_record seen;
    request r;

    (void)state;
    make_read(&r, 5, 3);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 92 + 3 * 2048);
    assert_int_equal(srb_of(&r)->SrbStatus, SRB_STATUS_SUCCESS);
    assert_int_equal(srb_of(&r)->DataTransferLength, 3 * 2048);
    assert_true(fake_holds(r.buffer + 92, 1, 5, 3));
    assert_int_equal(fake_count(&lun), 1);
    seen = fake_recorded(&lun, 0);
    assert_int_equal(seen.function, SRB_FUNCTION_EXECUTE_SCSI);
    assert_int_equal(seen.cdb[0], SCSIOP_READ);
    assert_int_equal(seen.length, 3 * 2048);
    free_request(&r);
}

static uint8_t written[512];

static NTSTATUS take_data_out(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    (void)l;
    assert_int_equal(srb->DataTransferLength, sizeof(written));
    memcpy(written, fake_data(irp), sizeof(written));
    return fake_good(irp);
}

static void data_out_goes_down(void **state)
{
    request r;

    (void)state;
    lun.on_srb = take_data_out;
    make_srb(&r, SRB_FUNCTION_EXECUTE_SCSI, CDB(SCSIOP_WRITE, 0, 0, 0, 0, 0, 0, 0, 1, 0),
             SRB_FLAGS_DATA_OUT, 512, 18);
    for (int i = 0; i < 512; i++)
        body_of(&r)[44 + i] = (uint8_t)(i * 3);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 92);
    for (int i = 0; i < 512; i++)
        assert_int_equal(written[i], (uint8_t)(i * 3));
    free_request(&r);
}

static PACKED_SRB passed_down;
static ULONG passed_flags;

static NTSTATUS look_at_fields(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    (void)l;
    passed_down = (PACKED_SRB){.Function = srb->Function,
                               .PathId = srb->PathId,
                               .TargetId = srb->TargetId,
                               .Lun = srb->Lun,
                               .QueueTag = srb->QueueTag,
                               .QueueAction = srb->QueueAction,
                               .CdbLength = srb->CdbLength,
                               .SenseInfoBufferLength = srb->SenseInfoBufferLength,
                               .TimeOutValue = srb->TimeOutValue,
                               .QueueSortKey = srb->QueueSortKey};
    passed_flags = srb->SrbFlags;
    assert_int_equal(srb->Length, sizeof(*srb));
    assert_ptr_equal(srb->OriginalRequest, irp);
    assert_null(srb->NextSrb);
    assert_null(srb->SrbExtension);
    return fake_good(irp);
}

static void fields_go_down_but_nobody_elses_pointers(void **state)
{
    request r;

    (void)state;
    lun.on_srb = look_at_fields;
    make_srb(&r, SRB_FUNCTION_EXECUTE_SCSI,
             CDB(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), 0, 0, 255);
    srb_of(&r)->PathId = 1;
    srb_of(&r)->TargetId = 2;
    srb_of(&r)->Lun = 3;
    srb_of(&r)->QueueTag = 4;
    srb_of(&r)->QueueAction = 5;
    srb_of(&r)->TimeOutValue = 6;
    srb_of(&r)->QueueSortKey = 7;
    srb_of(&r)->SrbFlags = ~(ULONG)(SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT);
    assert_ok(execute(&r, handle));
    assert_int_equal(passed_down.PathId, 1);
    assert_int_equal(passed_down.TargetId, 2);
    assert_int_equal(passed_down.Lun, 3);
    assert_int_equal(passed_down.QueueTag, 4);
    assert_int_equal(passed_down.QueueAction, 5);
    assert_int_equal(passed_down.TimeOutValue, 6);
    assert_int_equal(passed_down.QueueSortKey, 7);
    assert_int_equal(passed_down.CdbLength, 16);
    assert_int_equal(passed_down.SenseInfoBufferLength, 255);
    /* Who owns which memory is this machine's affair. */
    assert_int_equal(passed_flags, SRB_FLAGS_QUEUE_ACTION_ENABLE | SRB_FLAGS_DISABLE_DISCONNECT |
                                       SRB_FLAGS_DISABLE_SYNCH_TRANSFER |
                                       SRB_FLAGS_BYPASS_FROZEN_QUEUE | SRB_FLAGS_DISABLE_AUTOSENSE |
                                       SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_ADAPTER_CACHE_ENABLE |
                                       SRB_FLAGS_BYPASS_LOCKED_QUEUE);
    free_request(&r);
}

static void each_function(void **state)
{
    static const UCHAR allowed[] = {
        SRB_FUNCTION_EXECUTE_SCSI,       SRB_FUNCTION_CLAIM_DEVICE, SRB_FUNCTION_RELEASE_DEVICE,
        SRB_FUNCTION_SHUTDOWN,           SRB_FUNCTION_FLUSH,        SRB_FUNCTION_RESET_DEVICE,
        SRB_FUNCTION_RESET_LOGICAL_UNIT, SRB_FUNCTION_LOCK_QUEUE,   SRB_FUNCTION_UNLOCK_QUEUE,
        SRB_FUNCTION_FLUSH_QUEUE};

    (void)state;
    for (unsigned function = 0; function < 256; function++) {
        bool known = false;
        request r;

        for (size_t i = 0; i < sizeof(allowed); i++)
            known = known || allowed[i] == function;
        fake_clear(&lun);
        make_srb(&r, (UCHAR)function, CDB(SCSIOP_TEST_UNIT_READY, 0, 0, 0, 0, 0), 0, 0, 18);
        assert_ok(execute(&r, handle));
        if (known) {
            assert_answer(&r, STATUS_SUCCESS, 92);
            assert_int_equal(fake_count(&lun), 1);
            assert_int_equal(fake_recorded(&lun, 0).function, function);
        } else {
            assert_answer(&r, STATUS_NOT_SUPPORTED, 92);
            assert_int_equal(srb_of(&r)->SrbStatus, SRB_STATUS_INVALID_REQUEST);
            assert_int_equal(fake_count(&lun), 0);
        }
        free_request(&r);
    }
}

static void a_short_transfer_brings_what_there_is(void **state)
{
    request r;

    (void)state;
    make_srb(&r, SRB_FUNCTION_EXECUTE_SCSI, CDB(SCSIOP_INQUIRY, 0, 0, 0, 255, 0), SRB_FLAGS_DATA_IN,
             255, 18);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_BUFFER_OVERFLOW, 92 + 36);
    assert_int_equal(srb_of(&r)->SrbStatus, SRB_STATUS_DATA_OVERRUN);
    assert_int_equal(srb_of(&r)->DataTransferLength, 36);
    assert_memory_equal(body_of(&r) + 44 + 8, "FAKE", 4);
    free_request(&r);
}

static void a_failure_brings_sense_data(void **state)
{
    request r;

    (void)state;
    make_read(&r, 2000, 1);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_IO_DEVICE_ERROR, 92 + 18);
    assert_int_equal(srb_of(&r)->SrbStatus, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID);
    assert_int_equal(srb_of(&r)->ScsiStatus, SCSISTAT_CHECK_CONDITION);
    assert_int_equal(srb_of(&r)->SenseInfoBufferLength, 18);
    assert_int_equal(body_of(&r)[44 + 2], SCSI_SENSE_ILLEGAL_REQUEST);
    assert_int_equal(body_of(&r)[44 + 12], SCSI_ADSENSE_ILLEGAL_BLOCK);
    free_request(&r);
    /* None asked for, none given. */
    make_read(&r, 2000, 1);
    srb_of(&r)->SenseInfoBufferLength = 0;
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_IO_DEVICE_ERROR, 92);
    free_request(&r);
}

static NTSTATUS boast(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    (void)l;
    srb->SenseInfoBufferLength = 255;
    return fake_complete_srb(irp, STATUS_IO_DEVICE_ERROR,
                             SRB_STATUS_DATA_OVERRUN | SRB_STATUS_AUTOSENSE_VALID, 2, 0xFFFFFFFF);
}

static void lengths_that_a_driver_makes_up_are_cut(void **state)
{
    request r;

    (void)state;
    lun.on_srb = boast;
    make_read(&r, 0, 1);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_IO_DEVICE_ERROR, 92 + 2048 + 18);
    assert_int_equal(srb_of(&r)->DataTransferLength, 2048);
    assert_int_equal(srb_of(&r)->SenseInfoBufferLength, 18);
    free_request(&r);
}

static void more_than_the_adapter_takes_is_refused(void **state)
{
    request r;

    (void)state;
    make_read(&r, 0, 32);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 92 + 65536);
    free_request(&r);
    fake_clear(&lun);
    make_srb(&r, SRB_FUNCTION_EXECUTE_SCSI, CDB(SCSIOP_READ, 0, 0, 0, 0, 0, 0, 0, 33, 0),
             SRB_FLAGS_DATA_IN, 65537, 18);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_INVALID_PARAMETER, 92);
    assert_int_equal(srb_of(&r)->SrbStatus, SRB_STATUS_INVALID_REQUEST);
    assert_int_equal(srb_of(&r)->DataTransferLength, 0);
    assert_int_equal(fake_count(&lun), 0);
    free_request(&r);
}

/* ---- IOCTLs ---- */

static NTSTATUS echo(fake_lun *l, PIRP irp, PIO_STACK_LOCATION stack)
{
    uint8_t *buffer = irp->AssociatedIrp.SystemBuffer;
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;

    (void)l;
    for (ULONG i = 0; i < out; i++)
        buffer[i] = (uint8_t)(i < in ? buffer[i] + 1 : 0x55);
    return fake_complete(irp, STATUS_SUCCESS, out);
}

static void the_five_ioctls(void **state)
{
    static const struct {
        uint32_t code, in, out;
        bool data;
    } rows[] = {{IOCTL_STORAGE_QUERY_PROPERTY, 12, 30, true},
                {IOCTL_STORAGE_QUERY_PROPERTY, 30, 12, true},
                {IOCTL_STORAGE_QUERY_PROPERTY, 0, 8, true},
                {IOCTL_SCSI_GET_ADDRESS, 0, 8, true},
                {IOCTL_SCSI_GET_ADDRESS, 0, 0, true},
                {IOCTL_STORAGE_ENABLE_IDLE_POWER, 16, 0, false},
                {IOCTL_STORAGE_POWER_ACTIVE, 0, 0, false}};
    uint8_t in[30];

    (void)state;
    lun.on_ioctl = echo;
    for (int i = 0; i < 30; i++)
        in[i] = (uint8_t)i;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        request r;

        fake_clear(&lun);
        make_ioctl(&r, rows[i].code, in, rows[i].in, rows[i].out);
        assert_ok(execute(&r, handle));
        assert_answer(&r, STATUS_SUCCESS, 48 + (rows[i].data ? rows[i].out : 0));
        assert_int_equal(fake_recorded(&lun, 0).code, rows[i].code);
        assert_int_equal(fake_recorded(&lun, 0).input, rows[i].in);
        assert_int_equal(fake_recorded(&lun, 0).output, rows[i].out);
        for (uint32_t k = 0; rows[i].data && k < rows[i].out; k++)
            assert_int_equal(body_of(&r)[k], k < rows[i].in ? k + 1 : 0x55);
        free_request(&r);
    }
}

static NTSTATUS refuse(fake_lun *l, PIRP irp, PIO_STACK_LOCATION stack)
{
    (void)l;
    (void)stack;
    return fake_complete(irp, STATUS_INVALID_DEVICE_REQUEST, 5);
}

static NTSTATUS too_much(fake_lun *l, PIRP irp, PIO_STACK_LOCATION stack)
{
    (void)l;
    return fake_complete(irp, STATUS_SUCCESS,
                         stack->Parameters.DeviceIoControl.OutputBufferLength + 100);
}

static void an_ioctl_that_fails_or_says_too_much(void **state)
{
    uint8_t in[12] = {0};
    request r;

    (void)state;
    lun.on_ioctl = refuse;
    make_ioctl(&r, IOCTL_STORAGE_QUERY_PROPERTY, in, 12, 30);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_INVALID_DEVICE_REQUEST, 48);
    assert_int_equal(header_of(&r)->Information, 0);
    free_request(&r);
    lun.on_ioctl = too_much;
    make_ioctl(&r, IOCTL_SCSI_GET_ADDRESS, NULL, 0, 8);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 56);
    free_request(&r);
}

static void any_other_ioctl_is_answered_not_supported(void **state)
{
    request r;

    (void)state;
    make_ioctl(&r, IOCTL_SCSI_PASS_THROUGH_DIRECT, "0123456789", 10, 10);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_NOT_SUPPORTED, 48);
    /* Whatever its lengths say: no room is made for it. */
    header_of(&r)->Length = 58;
    header_of(&r)->Status = 0;
    header_of(&r)->InputBufferLength = 0xFFFFFFFF;
    header_of(&r)->OutputBufferLength = 0xFFFFFFFF;
    assert_ok(execute(&r, handle));
    assert_status(header_of(&r)->Status, STATUS_NOT_SUPPORTED);
    free_request(&r);
    make_ioctl(&r, 0, NULL, 0, 0);
    header_of(&r)->MajorFunction = IRP_MJ_READ;
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_NOT_SUPPORTED, 48);
    free_request(&r);
    assert_int_equal(fake_count(&lun), 0);
}

/* ---- pass-through ---- */

static SCSI_PASS_THROUGH *make_pass_through(request *r, uint8_t direction, uint32_t data,
                                            uint8_t sense)
{
    uint8_t whole[96 + 512] = {0};
    SCSI_PASS_THROUGH *spt = (SCSI_PASS_THROUGH *)whole;
    uint32_t in = direction == SCSI_IOCTL_DATA_OUT ? 96 + data : sizeof(*spt);

    assert_true(data <= 512 && sense <= 40);
    *spt = (SCSI_PASS_THROUGH){.Length = sizeof(*spt),
                               .CdbLength = 6,
                               .DataIn = direction,
                               .DataTransferLength = data,
                               .TimeOutValue = 10,
                               .DataBufferOffset = 96,
                               .SenseInfoLength = sense,
                               .SenseInfoOffset = sizeof(*spt)};
    for (uint32_t i = 0; i < data; i++)
        whole[96 + i] = (uint8_t)(i ^ 0x3C);
    make_ioctl(r, IOCTL_SCSI_PASS_THROUGH, whole, in, 96 + data);
    header_of(r)->InputBufferLength = 96 + data;
    return (SCSI_PASS_THROUGH *)body_of(r);
}

static struct {
    uint32_t transferred;
    uint8_t sense;
    ULONG_PTR data_offset;
    ULONG sense_offset;
    uint8_t data_in;
    NTSTATUS status;
    bool change;
} port;

static NTSTATUS pass_through_port(fake_lun *l, PIRP irp, PIO_STACK_LOCATION stack)
{
    SCSI_PASS_THROUGH *spt = irp->AssociatedIrp.SystemBuffer;

    (void)l;
    assert_int_equal(stack->Parameters.DeviceIoControl.IoControlCode, IOCTL_SCSI_PASS_THROUGH);
    if (spt->DataIn == SCSI_IOCTL_DATA_OUT)
        for (uint32_t i = 0; i < spt->DataTransferLength; i++)
            assert_int_equal(((uint8_t *)spt)[spt->DataBufferOffset + i], (uint8_t)(i ^ 0x3C));
    else if (spt->DataTransferLength != 0)
        memset((uint8_t *)spt + spt->DataBufferOffset, 0xDA, spt->DataTransferLength);
    if (spt->SenseInfoLength != 0)
        memset((uint8_t *)spt + spt->SenseInfoOffset, 0x5E, spt->SenseInfoLength);
    if (port.change) {
        spt->DataTransferLength = port.transferred;
        spt->SenseInfoLength = port.sense;
        spt->DataBufferOffset = port.data_offset;
        spt->SenseInfoOffset = port.sense_offset;
        spt->DataIn = port.data_in;
        spt->ScsiStatus = 2;
    }
    return fake_complete(irp, port.status, stack->Parameters.DeviceIoControl.OutputBufferLength);
}

static void pass_through_in_out_and_with_sense(void **state)
{
    SCSI_PASS_THROUGH *spt;
    request r;

    (void)state;
    memset(&port, 0, sizeof(port));
    lun.on_ioctl = pass_through_port;
    spt = make_pass_through(&r, SCSI_IOCTL_DATA_IN, 36, 0);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 48 + 96 + 36);
    for (int i = 0; i < 36; i++)
        assert_int_equal(((uint8_t *)spt)[96 + i], 0xDA);
    free_request(&r);

    make_pass_through(&r, SCSI_IOCTL_DATA_OUT, 512, 0);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 48 + 56);
    free_request(&r);

    /* A check condition: less data, sense data. */
    port.change = true;
    port.transferred = 10;
    port.sense = 18;
    port.data_offset = 96;
    port.sense_offset = 56;
    port.data_in = SCSI_IOCTL_DATA_IN;
    spt = make_pass_through(&r, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 48 + 96 + 10);
    assert_int_equal(spt->ScsiStatus, 2);
    assert_int_equal(spt->SenseInfoLength, 18);
    assert_int_equal(((uint8_t *)spt)[56], 0x5E);
    free_request(&r);
    port.transferred = 0;
    spt = make_pass_through(&r, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_SUCCESS, 48 + 56 + 18);
    free_request(&r);
    /* An error is told with what there is. */
    port.status = STATUS_IO_DEVICE_ERROR;
    spt = make_pass_through(&r, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_ok(execute(&r, handle));
    assert_answer(&r, STATUS_IO_DEVICE_ERROR, 48 + 56 + 18);
    free_request(&r);
}

static void a_port_driver_that_moves_what_is_not_its_own(void **state)
{
    static const struct {
        uint32_t transferred;
        uint8_t sense;
        ULONG_PTR data_offset;
        ULONG sense_offset;
        uint8_t data_in;
    } rows[] = {{36, 32, 97, 56, 1},
                {36, 32, (ULONG_PTR)-1, 56, 1},
                {36, 32, (ULONG_PTR)-36, 56, 1},
                {36, 32, 0, 56, 1},
                {37, 32, 96, 56, 1},
                {0xFFFFFFFF, 32, 96, 56, 1},
                {36, 33, 96, 56, 1},
                {36, 32, 96, 57, 1},
                {36, 32, 96, 0xFFFFFFFF, 1},
                {36, 32, 96, 56, 0},
                {36, 255, 96, 0, 1},
                {36, 32, 60000, 56, 1}};

    (void)state;
    memset(&port, 0, sizeof(port));
    lun.on_ioctl = pass_through_port;
    port.change = true;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        request r;

        port.transferred = rows[i].transferred;
        port.sense = rows[i].sense;
        port.data_offset = rows[i].data_offset;
        port.sense_offset = rows[i].sense_offset;
        port.data_in = rows[i].data_in;
        make_pass_through(&r, SCSI_IOCTL_DATA_IN, 36, 32);
        assert_ok(execute(&r, handle));
        assert_answer(&r, STATUS_IO_DEVICE_ERROR, 48);
        free_request(&r);
    }
}

/* ---- what is malformed ---- */

static void assert_refused(request *r, NTSTATUS status)
{
    uint8_t *before = malloc(r->capacity);

    assert_non_null(before);
    memcpy(before, r->buffer, r->capacity);
    assert_status(execute(r, handle), status);
    assert_memory_equal(before, r->buffer, r->capacity);
    assert_int_equal(fake_count(&lun), 0);
    free(before);
}

static void malformed_requests_are_refused_and_nothing_is_touched(void **state)
{
    uint8_t in[12] = {0};
    request r;

    (void)state;
    assert_status(rig_call(handle, IOCTL_EXECUTE_REQUEST, NULL, 0, NULL, 0, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    make_read(&r, 0, 1);
    r.capacity = 47;
    assert_refused(&r, STATUS_BUFFER_TOO_SMALL);
    r.capacity = 92 + 2048 + 17; /* no room for all the sense data */
    assert_refused(&r, STATUS_BUFFER_TOO_SMALL);
    r.capacity++;
    header_of(&r)->Op = OP_PLUGIN;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Op = OP_PLUGOUT;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Op = 77;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Op = OP_REQUEST;
    header_of(&r)->Length = 47;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Length = 91;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Length = 93;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Length = r.capacity + 1; /* longer than the buffer */
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Length = 0xFFFFFFFF;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->Length = 92;
    srb_of(&r)->CdbLength = 17;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    srb_of(&r)->CdbLength = 10;
    srb_of(&r)->DataTransferLength = SCSINET_MAXIMUM_DATA + 1;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    srb_of(&r)->DataTransferLength = 2049; /* the buffer ends before */
    assert_refused(&r, STATUS_BUFFER_TOO_SMALL);
    srb_of(&r)->SrbFlags = SRB_FLAGS_DATA_OUT;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    free_request(&r);

    make_ioctl(&r, IOCTL_STORAGE_QUERY_PROPERTY, in, 12, 30);
    header_of(&r)->InputBufferLength = 11;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->InputBufferLength = 12;
    header_of(&r)->OutputBufferLength = 31; /* the answer would not fit */
    assert_refused(&r, STATUS_BUFFER_TOO_SMALL);
    header_of(&r)->OutputBufferLength = SCSINET_MAXIMUM_FRAME + 1;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    header_of(&r)->OutputBufferLength = SCSINET_MAXIMUM_FRAME;
    assert_refused(&r, STATUS_BUFFER_TOO_SMALL);
    free_request(&r);

    make_pass_through(&r, SCSI_IOCTL_DATA_IN, 36, 32)->DataBufferOffset = 80;
    assert_refused(&r, STATUS_INVALID_PARAMETER);
    free_request(&r);
}

/* ---- a program that changes its mind ---- */

static void changing_the_buffer_meanwhile_changes_nothing(void **state)
{
    request r;
    PIRP irp;

    (void)state;
    lun.on_srb = fake_hold_srb;
    make_read(&r, 9, 2);
    assert_status(begin(&r, handle), STATUS_PENDING);
    memset(r.buffer, 0xFF, r.capacity);
    irp = fake_take(&lun);
    assert_non_null(irp);
    assert_int_equal(fake_srb_of(irp)->CdbLength, 10);
    assert_int_equal(fake_srb_of(irp)->DataTransferLength, 4096);
    assert_int_equal(fake_srb_of(irp)->Cdb[5], 9);
    fake_finish(&lun, irp);
    assert_ok(end(&r));
    assert_answer(&r, STATUS_SUCCESS, 92 + 4096);
    assert_true(fake_holds(r.buffer + 92, 1, 9, 2));
    free_request(&r);

    /* An IOCTL's input and lengths too. */
    lun.on_ioctl = fake_hold_ioctl;
    {
        uint8_t in[12] = {1, 2, 3};

        make_ioctl(&r, IOCTL_STORAGE_QUERY_PROPERTY, in, 12, 30);
    }
    assert_status(begin(&r, handle), STATUS_PENDING);
    memset(r.buffer, 0xFF, r.capacity);
    irp = fake_take(&lun);
    assert_non_null(irp);
    assert_int_equal(((uint8_t *)irp->AssociatedIrp.SystemBuffer)[1], 2);
    assert_int_equal(
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength, 30);
    fake_complete(irp, STATUS_SUCCESS, 30);
    assert_ok(end(&r));
    assert_answer(&r, STATUS_SUCCESS, 48 + 30);
    free_request(&r);
}

static void cancelled_in_flight(void **state)
{
    request r;

    (void)state;
    lun.on_srb = fake_hold_srb;
    make_read(&r, 0, 1);
    assert_status(begin(&r, handle), STATUS_PENDING);
    rig_io_cancel(&r.io);
    /* The control succeeds: that the device was cancelled is in the answer. */
    assert_ok(end(&r));
    assert_answer(&r, STATUS_CANCELLED, 92);
    assert_int_equal(SRB_STATUS(srb_of(&r)->SrbStatus), SRB_STATUS_ABORTED);
    assert_int_equal(lun.cancelled, 1);
    rig_io_cancel(&r.io); /* nothing to cancel any more */
    free_request(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_read_comes_back_with_its_data),
        TEST(data_out_goes_down),
        TEST(fields_go_down_but_nobody_elses_pointers),
        TEST(each_function),
        TEST(a_short_transfer_brings_what_there_is),
        TEST(a_failure_brings_sense_data),
        TEST(lengths_that_a_driver_makes_up_are_cut),
        TEST(more_than_the_adapter_takes_is_refused),
        TEST(the_five_ioctls),
        TEST(an_ioctl_that_fails_or_says_too_much),
        TEST(any_other_ioctl_is_answered_not_supported),
        TEST(pass_through_in_out_and_with_sense),
        TEST(a_port_driver_that_moves_what_is_not_its_own),
        TEST(malformed_requests_are_refused_and_nothing_is_touched),
        TEST(changing_the_buffer_meanwhile_changes_nothing),
        TEST(cancelled_in_flight),
    };

    return cmocka_run_group_tests_name("scsiserver-execute", tests, NULL, NULL);
}
