/* SPDX-License-Identifier: MIT */
/* Each fault, at its exact bound: the last frame that is good and the first that is not. */
#include "frames.h"

static struct frame f;

static void every_fault_has_words_of_its_own(void **state)
{
    (void)state;
    for (int a = ScsinetFrameGood; a <= ScsinetFaultCapabilities; a++) {
        assert_non_null(ScsinetFaultText((SCSINET_FAULT)a));
        assert_string_not_equal(ScsinetFaultText((SCSINET_FAULT)a), "unknown fault");
        for (int b = ScsinetFrameGood; b < a; b++)
            assert_string_not_equal(ScsinetFaultText((SCSINET_FAULT)a),
                                    ScsinetFaultText((SCSINET_FAULT)b));
    }
    assert_string_equal(ScsinetFaultText((SCSINET_FAULT)99), "unknown fault");
}

static void header_bounds(void **state)
{
    static const struct {
        uint32_t op, length;
        SCSINET_SENDER sender;
        SCSINET_FAULT fault;
    } rows[] = {
        {OP_PLUGIN, 48 + 108, ScsinetFromServer, ScsinetFrameGood},
        {OP_PLUGIN, 48 + 107, ScsinetFromServer, ScsinetFaultTooShort},
        {OP_PLUGIN, 48 + 16384, ScsinetFromServer, ScsinetFrameGood},
        {OP_PLUGIN, 48 + 16385, ScsinetFromServer, ScsinetFaultTooLong},
        {OP_PLUGIN, 48 + 108, ScsinetFromClient, ScsinetFaultOp},
        {OP_PLUGIN, 0, ScsinetFromServer, ScsinetFaultTooShort},
        {OP_PLUGOUT, 48, ScsinetFromServer, ScsinetFrameGood},
        {OP_PLUGOUT, 48, ScsinetFromClient, ScsinetFrameGood},
        {OP_PLUGOUT, 47, ScsinetFromClient, ScsinetFaultTooShort},
        {OP_PLUGOUT, 49, ScsinetFromClient, ScsinetFaultLength},
        {OP_REQUEST, 48, ScsinetFromClient, ScsinetFrameGood},
        {OP_REQUEST, 47, ScsinetFromClient, ScsinetFaultTooShort},
        {OP_REQUEST, 1000, ScsinetFromServer, ScsinetFrameGood},
        {OP_REQUEST, 1001, ScsinetFromServer, ScsinetFaultTooLong},
        {OP_REQUEST, 0xFFFFFFFF, ScsinetFromServer, ScsinetFaultTooLong},
        {0, 48, ScsinetFromServer, ScsinetFaultOp},
        {4, 48, ScsinetFromClient, ScsinetFaultOp},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        REQUEST_HEADER header = {.Op = rows[i].op, .Length = rows[i].length};
        SCSINET_FAULT fault = ScsinetCheckHeader(&header, rows[i].sender, 1000);

        if (fault != rows[i].fault)
            fail_msg("row %zu: %s", i, ScsinetFaultText(fault));
    }
}

static void plugout_carries_nothing(void **state)
{
    (void)state;
    frame_start(&f, OP_PLUGOUT, 0);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
}

/* ---- requests ---- */

static void srb_requests(void **state)
{
    (void)state;
    srb_frame(&f, SRB_FLAGS_DATA_IN, 2048, 18);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    f.used++;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
    f.used = sizeof(PACKED_SRB) - 1;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultTooShort);
    f.used = 0;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultTooShort);

    srb_frame(&f, SRB_FLAGS_DATA_OUT, 100, 18);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
    frame_add(&f, NULL, 100);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    f.used--;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);

    /* Both directions, as SRB_FLAGS_UNSPECIFIED_DIRECTION is written: the data goes out. */
    srb_frame(&f, SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT, 8, 0);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
    frame_add(&f, NULL, 8);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);

    srb_frame(&f, 0, 0, 0);
    srb_of(&f)->CdbLength = 16;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    srb_of(&f)->CdbLength = 17;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultCdb);

    srb_frame(&f, SRB_FLAGS_DATA_IN, SCSINET_MAXIMUM_DATA, 0);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    srb_of(&f)->DataTransferLength++;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultData);
    srb_of(&f)->DataTransferLength = 0xFFFFFFFF;
    srb_of(&f)->SrbFlags = SRB_FLAGS_DATA_OUT;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultData);
}

static void other_functions_are_unsupported_whatever_they_carry(void **state)
{
    (void)state;
    frame_start(&f, OP_REQUEST, 3);
    frame_add(&f, NULL, 5);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameUnsupported);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameUnsupported);
    ioctl_frame(&f, 0x12345678, 0xFFFFFFFF, 0xFFFFFFFF);
    frame_add(&f, NULL, 5);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameUnsupported);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameUnsupported);
}

static void ioctl_requests(void **state)
{
    static const uint32_t with_input[] = {IOCTL_STORAGE_QUERY_PROPERTY,
                                          IOCTL_STORAGE_ENABLE_IDLE_POWER};
    static const uint32_t without[] = {IOCTL_SCSI_GET_ADDRESS, IOCTL_STORAGE_POWER_ACTIVE};

    (void)state;
    for (int i = 0; i < 2; i++) {
        ioctl_frame(&f, with_input[i], 12, 1024);
        frame_add(&f, NULL, 12);
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
        f.used++;
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
        f.used -= 2;
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
        ioctl_frame(&f, with_input[i], 65536, 65536);
        frame_add(&f, NULL, 65536);
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
        f.header.OutputBufferLength++;
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultData);
        ioctl_frame(&f, with_input[i], 65537, 65536);
        frame_add(&f, NULL, 65537);
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultData);

        ioctl_frame(&f, without[i], 0, 65536);
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
        frame_add(&f, NULL, 1);
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
        ioctl_frame(&f, without[i], 0, 65537);
        assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultData);
    }
}

static void pass_through_requests(void **state)
{
    SCSI_PASS_THROUGH *spt;

    (void)state;
    /* In: the structure goes, the output buffer has to hold what comes. */
    spt = pass_through_frame(&f, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    f.header.OutputBufferLength--;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    f.header.OutputBufferLength = 0;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    f.header.OutputBufferLength = SCSINET_MAXIMUM_FRAME + 1;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    f.header.OutputBufferLength = SCSINET_MAXIMUM_FRAME;
    f.header.InputBufferLength = SCSINET_MAXIMUM_FRAME + 1;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    f.header.InputBufferLength = 55;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    f.header.InputBufferLength = 56;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    frame_add(&f, NULL, 1);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);

    spt = pass_through_frame(&f, SCSI_IOCTL_DATA_IN, 36, 0);
    f.used = 55;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultTooShort);
    f.used = 56;
    spt->Length = 55;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->Length = 56;
    spt->CdbLength = 17;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->CdbLength = 16;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    spt->DataBufferOffset = 55;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->DataBufferOffset = 56;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    spt->DataBufferOffset = 65537;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->DataBufferOffset = (ULONG_PTR)-36;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->DataBufferOffset = 65536;
    f.header.OutputBufferLength = 65536 + 36;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    spt->DataTransferLength = SCSINET_MAXIMUM_DATA + 1;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultData);
    spt->DataTransferLength = 36;
    spt->DataIn = 2;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    /* Nothing to carry: offset and direction say nothing. */
    spt->DataTransferLength = 0;
    spt->DataBufferOffset = 1;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);

    /* Out: all up to the end of the data. */
    spt = pass_through_frame(&f, SCSI_IOCTL_DATA_OUT, 36, 32);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
    frame_add(&f, NULL, 96 + 36 - 56);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    f.used--;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultLength);
    f.used++;
    f.header.InputBufferLength--;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    /* No answer but the status is wanted, but there would be sense data. */
    f.header.InputBufferLength++;
    f.header.OutputBufferLength = 0;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->SenseInfoLength = 0;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);

    /* Sense data: within its bounds, and not in the data. */
    spt = pass_through_frame(&f, SCSI_IOCTL_DATA_IN, 36, 40);
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    spt->SenseInfoLength = 41;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->SenseInfoLength = 40;
    spt->SenseInfoOffset = 55;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->SenseInfoOffset = 96 + 36;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    f.header.OutputBufferLength += 40;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFrameGood);
    spt->SenseInfoOffset--;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->SenseInfoOffset = 65537;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
    spt->SenseInfoOffset = 0xFFFFFFFF;
    assert_int_equal(frame_check(&f, ScsinetFromClient), ScsinetFaultPassThrough);
}

/* ---- answers ---- */

static void srb_answers(void **state)
{
    (void)state;
    /* Success: data, no sense data. */
    srb_frame(&f, SRB_FLAGS_DATA_IN, 100, 18);
    srb_of(&f)->SrbStatus = 1;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    frame_add(&f, NULL, 100);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    frame_add(&f, NULL, 18);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    /* Failure: sense data if it is valid, no data. */
    srb_frame(&f, SRB_FLAGS_DATA_IN, 100, 18);
    f.header.Status = NT_ERROR_STATUS;
    srb_of(&f)->SrbStatus = 4;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    srb_of(&f)->SrbStatus = 4 | AUTOSENSE;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    frame_add(&f, NULL, 18);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    /* A short transfer: both, or without the data. */
    srb_of(&f)->SrbStatus = OVERRUN | AUTOSENSE;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    frame_add(&f, NULL, 99);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    frame_add(&f, NULL, 1);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    frame_add(&f, NULL, 1);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    /* The data of one that succeeded can't be left out. */
    srb_frame(&f, SRB_FLAGS_DATA_IN, 100, 0);
    srb_of(&f)->SrbStatus = OVERRUN;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    /* A refusal with its status alone, and a success that says nothing. */
    frame_start(&f, OP_REQUEST, 0x0F);
    f.header.Status = NT_ERROR_STATUS;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    f.header.Status = 0;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultTooShort);
    srb_frame(&f, SRB_FLAGS_DATA_IN, SCSINET_MAXIMUM_DATA + 1, 0);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultData);
    srb_of(&f)->DataTransferLength = 0xFFFFFFFF;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultData);
    f.used = sizeof(PACKED_SRB) - 1;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultTooShort);
}

static void received_data_is_what_is_there(void **state)
{
    PACKED_SRB *srb = srb_of(&f);

    (void)state;
    srb_frame(&f, SRB_FLAGS_DATA_IN, 100, 18);
    f.header.Status = NT_ERROR_STATUS;
    srb->SrbStatus = OVERRUN | AUTOSENSE;
    f.header.Length = 48 + 44 + 100 + 18;
    assert_int_equal(ScsinetReceivedDataLength(&f.header, srb), 100);
    assert_int_equal(ScsinetAnswerSenseLength(&f.header, srb), 18);
    f.header.Length = 48 + 44 + 18;
    assert_int_equal(ScsinetReceivedDataLength(&f.header, srb), 0);
    srb->SrbStatus = OVERRUN;
    f.header.Length = 48 + 44;
    assert_int_equal(ScsinetReceivedDataLength(&f.header, srb), 0);
    assert_int_equal(ScsinetAnswerSenseLength(&f.header, srb), 0);
    f.header.Status = 0;
    srb->SrbStatus = 1;
    f.header.Length = 48 + 44 + 100;
    assert_int_equal(ScsinetReceivedDataLength(&f.header, srb), 100);
    assert_int_equal(ScsinetRequestDataLength(srb), 0);
    srb->SrbFlags = SRB_FLAGS_DATA_OUT;
    assert_int_equal(ScsinetRequestDataLength(srb), 100);
    assert_int_equal(ScsinetReceivedDataLength(&f.header, srb), 0);
}

static void ioctl_answers(void **state)
{
    static const uint32_t with_output[] = {IOCTL_STORAGE_QUERY_PROPERTY, IOCTL_SCSI_GET_ADDRESS};
    static const uint32_t without[] = {IOCTL_STORAGE_ENABLE_IDLE_POWER, IOCTL_STORAGE_POWER_ACTIVE};

    (void)state;
    for (int i = 0; i < 2; i++) {
        ioctl_frame(&f, with_output[i], 12, 1024);
        f.header.Information = 8;
        frame_add(&f, NULL, 8);
        assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
        f.header.Information = 9;
        assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
        f.header.Information = 65537;
        assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultData);
        f.header.Information = 65536;
        f.used = 65536;
        assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
        ioctl_frame(&f, without[i], 12, 0);
        assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
        frame_add(&f, NULL, 1);
        assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    }
}

static void pass_through_answers(void **state)
{
    SCSI_PASS_THROUGH *spt;

    (void)state;
    /* All, or what the article's server leaves out left out; never more. */
    spt = pass_through_frame(&f, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    frame_add(&f, NULL, 96 + 36 - 56);
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    f.used = 56 + 32;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFrameGood);
    f.used = 96 + 36 + 1;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultLength);
    f.used = 55;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultTooShort);
    f.used = 56;
    spt->DataBufferOffset = (ULONG_PTR)-1;
    assert_int_equal(frame_check(&f, ScsinetFromServer), ScsinetFaultPassThrough);

    spt = pass_through_frame(&f, SCSI_IOCTL_DATA_IN, 36, 32);
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), 96 + 36);
    spt->DataIn = SCSI_IOCTL_DATA_OUT;
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), 56 + 32);
    spt->SenseInfoLength = 0;
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), 56);
    spt->SenseInfoLength = 1;
    spt->SenseInfoOffset = 0xFFFFFFFF;
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), 0);
    spt->SenseInfoLength = 0;
    spt->DataIn = SCSI_IOCTL_DATA_IN;
    spt->DataBufferOffset = SCSINET_MAXIMUM_FRAME - 36;
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), SCSINET_MAXIMUM_FRAME);
    spt->DataBufferOffset++;
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), 0);
    /* The sum would wrap to something small. */
    spt->DataBufferOffset = (ULONG_PTR)-1;
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), 0);
    spt->DataBufferOffset = (ULONG_PTR)-36;
    assert_int_equal(ScsinetPassThroughAnswerLength(spt), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_words_of_its_own),
        cmocka_unit_test(header_bounds),
        cmocka_unit_test(plugout_carries_nothing),
        cmocka_unit_test(srb_requests),
        cmocka_unit_test(other_functions_are_unsupported_whatever_they_carry),
        cmocka_unit_test(ioctl_requests),
        cmocka_unit_test(pass_through_requests),
        cmocka_unit_test(srb_answers),
        cmocka_unit_test(received_data_is_what_is_there),
        cmocka_unit_test(ioctl_answers),
        cmocka_unit_test(pass_through_answers),
    };

    return cmocka_run_group_tests_name("frame-bounds", tests, NULL, NULL);
}
