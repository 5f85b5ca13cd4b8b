/* SPDX-License-Identifier: MIT */
/* expect.h - tables of commands and what each answers, byte by byte. */
#ifndef TESTS_UNIT_VHBA_EXPECT_H
#define TESTS_UNIT_VHBA_EXPECT_H

#include "rig.h"

#define ANY (-1) /* in expected bytes */

struct expectation {
    const char *name;
    uint8_t cdb[16];
    unsigned cdb_length;
    ULONG buffer;   /* bytes of data-in */
    unsigned sense; /* 0: GOOD */
    ULONG transferred;
    int bytes[64];
    unsigned byte_count;
};
#define C(...)  {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
#define B(...)  {__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int)
#define NOTHING {0}, 0

static void expect_all(PDEVICE_OBJECT device, const struct expectation *list, size_t count)
{
    static uint8_t data[131072];

    for (size_t i = 0; i < count; i++) {
        const struct expectation *e = &list[i];
        struct rig_request r;

        memset(data, 0xEE, sizeof(data));
        rig_scsi(&r, device, e->cdb, e->cdb_length, e->buffer ? RIG_IN : RIG_NONE, data, e->buffer);
        if (rig_sense(&r) != e->sense)
            fail_msg("%s: sense %06x, not %06x", e->name, rig_sense(&r), e->sense);
        if (e->sense == 0 &&
            r.srb.SrbStatus !=
                (e->transferred == e->buffer ? SRB_STATUS_SUCCESS : SRB_STATUS_DATA_OVERRUN))
            fail_msg("%s: SRB status %02x", e->name, r.srb.SrbStatus);
        if (r.srb.DataTransferLength != e->transferred || r.information != e->transferred)
            fail_msg("%s: %u bytes, not %u", e->name, r.srb.DataTransferLength, e->transferred);
        if (r.status != (e->sense != 0                 ? STATUS_IO_DEVICE_ERROR
                         : e->transferred == e->buffer ? STATUS_SUCCESS
                                                       : STATUS_BUFFER_OVERFLOW))
            fail_msg("%s: status %08x", e->name, (unsigned)r.status);
        for (unsigned b = 0; b < e->byte_count; b++)
            if (e->bytes[b] != ANY && data[b] != e->bytes[b])
                fail_msg("%s: byte %u is %02x, not %02x", e->name, b, data[b],
                         (unsigned)e->bytes[b]);
        if (e->transferred < e->buffer && data[e->transferred] != 0xEE)
            fail_msg("%s: a byte behind the data was written", e->name);
    }
}
#define CHECK(device, list) expect_all(device, list, sizeof(list) / sizeof((list)[0]))

#define ILLEGAL_FIELD  0x052400
#define ILLEGAL_OPCODE 0x052000
#define OUT_OF_RANGE   0x052100
#define NO_MEDIUM      0x023A00
#define PROTECTED      0x072700

#endif
