/* SPDX-License-Identifier: MIT */
/*
 * Good frames, damaged. Each is looked at in a heap block of just its Length, so that ASan sees a
 * byte read too many; what is accepted must be what the protocol's page says, by rules written down
 * a second time here.
 */
#include "frames.h"

#define ROUNDS      100000
#define LARGEST     80000 /* bytes of a frame that is really made */
#define SAMPLES_MAX 32

static struct frame samples[SAMPLES_MAX];
static SCSINET_SENDER senders[SAMPLES_MAX];
static unsigned sample_count;

static uint64_t random_state;

static uint32_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

static struct frame *sample(SCSINET_SENDER sender)
{
    assert_true(sample_count < SAMPLES_MAX);
    senders[sample_count] = sender;
    return &samples[sample_count++];
}

static void make_samples(void)
{
    static const uint32_t codes[] = {IOCTL_STORAGE_QUERY_PROPERTY, IOCTL_STORAGE_ENABLE_IDLE_POWER,
                                     IOCTL_SCSI_GET_ADDRESS, IOCTL_STORAGE_POWER_ACTIVE};
    struct frame *f;

    sample_count = 0;
    pnp_drive(sample(ScsinetFromServer));
    f = sample(ScsinetFromServer);
    pnp_drive(f);
    PNP_TEXT(f, ID_SERIAL, "12");
    PNP_TEXT(f, ID_CONTAINER, "{c}");
    frame_start(sample(ScsinetFromClient), OP_PLUGOUT, 0);
    srb_frame(sample(ScsinetFromClient), SRB_FLAGS_DATA_IN, 2048, 18);
    f = sample(ScsinetFromClient);
    srb_frame(f, SRB_FLAGS_DATA_OUT, 64, 18);
    frame_add(f, NULL, 64);
    for (int i = 0; i < 4; i++) {
        f = sample(ScsinetFromClient);
        ioctl_frame(f, codes[i], i < 2 ? 12 : 0, 64);
        frame_add(f, NULL, i < 2 ? 12 : 0);
        f = sample(ScsinetFromServer);
        ioctl_frame(f, codes[i], 12, 64);
        f->header.Information = i == 0 || i == 2 ? 16 : 0;
        frame_add(f, NULL, f->header.Information);
    }
    pass_through_frame(sample(ScsinetFromClient), SCSI_IOCTL_DATA_IN, 36, 32);
    f = sample(ScsinetFromClient);
    pass_through_frame(f, SCSI_IOCTL_DATA_OUT, 36, 32);
    frame_add(f, NULL, 96 + 36 - 56);
    f = sample(ScsinetFromServer);
    pass_through_frame(f, SCSI_IOCTL_DATA_IN, 36, 32);
    frame_add(f, NULL, 96 + 36 - 56);
    f = sample(ScsinetFromServer);
    srb_frame(f, SRB_FLAGS_DATA_IN, 64, 18);
    frame_add(f, NULL, 64);
    f = sample(ScsinetFromServer);
    srb_frame(f, SRB_FLAGS_DATA_IN, 64, 18);
    f->header.Status = NT_ERROR_STATUS;
    srb_of(f)->SrbStatus = OVERRUN | AUTOSENSE;
    frame_add(f, NULL, 64 + 18);
    f = sample(ScsinetFromServer);
    frame_start(f, OP_REQUEST, 0x0F);
    f->header.Status = NT_ERROR_STATUS;
}

/* ---- the rules, once more ---- */

static uint16_t character(const uint8_t *text, uint32_t index)
{
    return (uint16_t)(text[2 * index] | text[2 * index + 1] << 8);
}

static void rule_id(const uint8_t *text, uint32_t length, unsigned backslashes_least,
                    unsigned backslashes_most)
{
    unsigned backslashes = 0;

    assert_true(length >= 1 && length <= 199);
    for (uint32_t i = 0; i < length; i++) {
        uint16_t c = character(text, i);

        assert_true(c >= 0x20 && c < 0x80 && c != ',');
        backslashes += c == '\\';
    }
    assert_true(backslashes >= backslashes_least && backslashes <= backslashes_most);
}

static void rule_pnp(const uint8_t *body, uint32_t size)
{
    uint32_t path = 0;

    assert_true(size >= 108 && size <= 16384);
    for (unsigned which = 0; which < 9; which++) {
        PNP_ENTRY entry;
        const uint8_t *text;
        uint32_t count;

        memcpy(&entry, body + 12 * which, sizeof(entry));
        if (entry.InfoOffset == 0) {
            assert_true(which != ID_DEVICE && which != ID_HARDWARE && which != ID_INSTANCE);
            continue;
        }
        assert_true(entry.InfoOffset >= 108 &&
                    (uint64_t)entry.InfoOffset + entry.InfoLength <= size);
        if (entry.Status < 0) {
            assert_true(which != ID_DEVICE && which != ID_HARDWARE && which != ID_INSTANCE);
            continue;
        }
        text = body + entry.InfoOffset;
        count = entry.InfoLength / 2;
        if (which == CAPABILITIES) {
            assert_int_equal(entry.InfoLength, 64);
            continue;
        }
        assert_true(count > 0 && entry.InfoLength % 2 == 0);
        assert_int_equal(character(text, count - 1), 0);
        if (which == ID_HARDWARE || which == ID_COMPATIBLE) {
            uint32_t at = 0;

            assert_true(count <= 1024);
            while (character(text, at) != 0) {
                uint32_t length = 0;

                while (character(text, at + length) != 0)
                    length++;
                rule_id(text + 2 * at, length, 0, 199);
                at += length + 1;
            }
            assert_true(which == ID_COMPATIBLE || at > 0);
            assert_true(at + 1 == count || (at == 0 && count == 2));
            continue;
        }
        for (uint32_t i = 0; i + 1 < count; i++)
            assert_int_not_equal(character(text, i), 0);
        if (which == ID_DEVICE)
            rule_id(text, count - 1, 1, 1);
        else if (which == ID_INSTANCE)
            rule_id(text, count - 1, 0, 0);
        else if (which < TEXT_DESCRIPTION)
            rule_id(text, count - 1, 0, 199);
        path += which == ID_DEVICE || which == ID_INSTANCE ? count : 0;
    }
    assert_true(path <= 160);
}

static void rule_request(const REQUEST_HEADER *header, const uint8_t *body, uint32_t size)
{
    if (header->MajorFunction == 0x0F) {
        PACKED_SRB srb;

        assert_true(size >= sizeof(srb));
        memcpy(&srb, body, sizeof(srb));
        assert_true(srb.CdbLength <= 16);
        assert_true(srb.DataTransferLength <= SCSINET_MAXIMUM_DATA);
        assert_int_equal(size,
                         44 + (srb.SrbFlags & SRB_FLAGS_DATA_OUT ? srb.DataTransferLength : 0));
        return;
    }
    assert_int_equal(header->MajorFunction, 0x0E);
    if (header->IoControlCode == IOCTL_SCSI_PASS_THROUGH) {
        SCSI_PASS_THROUGH spt;
        uint64_t data_end, sense_end;

        assert_true(size >= sizeof(spt) && size <= header->InputBufferLength);
        memcpy(&spt, body, sizeof(spt));
        data_end = spt.DataBufferOffset + spt.DataTransferLength;
        sense_end = (uint64_t)spt.SenseInfoOffset + spt.SenseInfoLength;
        assert_true(spt.CdbLength <= 16 && spt.Length == 56);
        if (spt.DataTransferLength != 0) {
            assert_true(spt.DataBufferOffset >= 56 && spt.DataIn <= 1);
            assert_true(data_end <=
                        (spt.DataIn == SCSI_IOCTL_DATA_OUT ? size : header->OutputBufferLength));
        }
        if (spt.SenseInfoLength != 0) {
            assert_true(spt.SenseInfoOffset >= 56 && sense_end <= header->OutputBufferLength);
            assert_true(spt.DataTransferLength == 0 || sense_end <= spt.DataBufferOffset ||
                        data_end <= spt.SenseInfoOffset);
        }
        return;
    }
    assert_true(header->OutputBufferLength <= 65536);
    if (header->IoControlCode == IOCTL_STORAGE_QUERY_PROPERTY ||
        header->IoControlCode == IOCTL_STORAGE_ENABLE_IDLE_POWER)
        assert_int_equal(size, header->InputBufferLength);
    else
        assert_int_equal(size, 0);
}

static void rule_answer(const REQUEST_HEADER *header, const uint8_t *body, uint32_t size)
{
    if (size == 0 && header->Status < 0)
        return;
    if (header->MajorFunction == 0x0F) {
        uint32_t data, sense;
        PACKED_SRB srb;

        assert_true(size >= sizeof(srb));
        memcpy(&srb, body, sizeof(srb));
        data = ScsinetReceivedDataLength(header, &srb);
        sense = ScsinetAnswerSenseLength(header, &srb);
        assert_int_equal(size, 44 + data + sense);
        assert_true(data == 0 || data == srb.DataTransferLength);
        assert_true(data == 0 || (srb.SrbFlags & SRB_FLAGS_DATA_IN));
        assert_true(sense == 0 || (sense == srb.SenseInfoBufferLength && header->Status < 0));
        return;
    }
    assert_int_equal(header->MajorFunction, 0x0E);
    switch (header->IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH: {
        SCSI_PASS_THROUGH spt;

        assert_true(size >= sizeof(spt));
        memcpy(&spt, body, sizeof(spt));
        assert_true(size <= ScsinetPassThroughAnswerLength(&spt));
        assert_true(spt.DataTransferLength == 0 || spt.DataBufferOffset >= 56);
        break;
    }
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_SCSI_GET_ADDRESS:
        assert_int_equal(size, header->Information);
        break;
    default:
        assert_int_equal(size, 0);
        break;
    }
}

static void check_rules(const REQUEST_HEADER *frame, SCSINET_SENDER sender)
{
    const uint8_t *body = (const uint8_t *)(frame + 1);
    uint32_t size = frame->Length - (uint32_t)sizeof(*frame);

    if (frame->Op == OP_PLUGIN)
        rule_pnp(body, size);
    else if (frame->Op == OP_PLUGOUT)
        assert_int_equal(size, 0);
    else if (sender == ScsinetFromClient)
        rule_request(frame, body, size);
    else
        rule_answer(frame, body, size);
}

/* ---- the loop ---- */

static uint32_t interesting(void)
{
    static const uint32_t values[] = {0,
                                      1,
                                      2,
                                      43,
                                      44,
                                      45,
                                      47,
                                      48,
                                      55,
                                      56,
                                      57,
                                      92,
                                      107,
                                      108,
                                      109,
                                      255,
                                      65535,
                                      65536,
                                      65537,
                                      SCSINET_MAXIMUM_DATA,
                                      SCSINET_MAXIMUM_DATA + 1,
                                      0x7FFFFFFF,
                                      0x80000000,
                                      0xFFFFFFF0,
                                      0xFFFFFFFF};

    return values[random_next() % (sizeof(values) / sizeof(values[0]))];
}

static void damage(uint8_t *bytes, uint32_t size)
{
    uint32_t at = random_next() % size;
    uint32_t value = interesting();

    switch (random_next() % 5) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << random_next() % 8);
        break;
    case 1:
        bytes[at] = (uint8_t)random_next();
        break;
    case 2: /* a whole field */
        at &= ~3u;
        memcpy(bytes + at, &value, size - at < 4 ? size - at : 4);
        break;
    case 3: /* a field, by a little */
        at &= ~3u;
        if (size - at >= 4) {
            memcpy(&value, bytes + at, 4);
            value += random_next() % 9 - 4;
            memcpy(bytes + at, &value, 4);
        }
        break;
    default: { /* a bit of the frame over another */
        uint32_t from = random_next() % size;
        uint32_t most = size - (at > from ? at : from);

        memmove(bytes + at, bytes + from, most < 8 ? most : 8);
        break;
    }
    }
}

static void damaged_frames(void **state)
{
    unsigned seen[ScsinetFaultCapabilities + 1] = {0};
    unsigned unchecked = 0;

    (void)state;
    random_state = 0x9E3779B97F4A7C15u;
    make_samples();
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned which = random_next() % sample_count;
        SCSINET_SENDER sender = random_next() % 16 == 0 ? !senders[which] : senders[which];
        REQUEST_HEADER *frame = frame_copy(&samples[which]);
        uint32_t size = frame->Length;
        SCSINET_FAULT fault;

        for (unsigned times = 1 + random_next() % 3; times > 0; times--)
            damage((uint8_t *)frame, size);
        if (random_next() % 4 !=
            0) /* most get past the header by a Length that is that of the frame, or near it */
            frame->Length = size + (random_next() % 8 == 0 ? random_next() % 5 - 2 : 0);
        fault = ScsinetCheckHeader(frame, sender, SCSINET_MAXIMUM_FRAME);
        if (fault == ScsinetFrameGood && frame->Length <= LARGEST) {
            REQUEST_HEADER *exact = calloc(1, frame->Length);

            assert_non_null(exact);
            assert_true(frame->Length >= sizeof(*frame));
            memcpy(exact, frame, frame->Length < size ? frame->Length : size);
            fault = ScsinetCheckFrame(exact, sender);
            if (fault == ScsinetFrameGood)
                check_rules(exact, sender);
            free(exact);
        } else if (fault == ScsinetFrameGood) {
            unchecked++;
        }
        assert_true((unsigned)fault <= ScsinetFaultCapabilities);
        seen[fault]++;
        free(frame);
    }
    /* The loop goes where it should: each outcome comes up, and neither good nor bad frames are
     * rare. */
    for (int fault = 0; fault <= ScsinetFaultCapabilities; fault++)
        if (seen[fault] == 0)
            fail_msg("no frame was found to be: %s", ScsinetFaultText((SCSINET_FAULT)fault));
    assert_true(seen[ScsinetFrameGood] > ROUNDS / 10);
    assert_true(seen[ScsinetFrameGood] < ROUNDS / 10 * 9);
    assert_true(unchecked < ROUNDS / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_frames),
    };

    return cmocka_run_group_tests_name("frame-mutate", tests, NULL, NULL);
}
