/* SPDX-License-Identifier: MIT */
/* disk.c - what a disk says of itself, what it takes for an image, and what it refuses. */
#define _GNU_SOURCE
#include "expect.h"

#include <sys/stat.h>

#define MIB 1048576ull

static const struct expectation identity[] = {
    {"INQUIRY", C(0x12, 0, 0, 0, 36, 0), 36, 0, 36,
     B(0x00, 0x00, 0x06, 0x02, 31, 0, 0, 0x02, 'N', 'T', 'I', 'O')},
    {"VPD 00h", C(0x12, 1, 0, 0, 64, 0), 64, 0, 10,
     B(0x00, 0x00, 0, 6, 0x00, 0x80, 0x83, 0xB0, 0xB1, 0xB2)},
    {"VPD 80h", C(0x12, 1, 0x80, 0, 64, 0), 64, 0, 11,
     B(0x00, 0x80, 0, 7, 'S', 'N', '1', '2', '3', '4', '5')},
    {"VPD 83h", C(0x12, 1, 0x83, 0, 64, 0), 64, 0, 39, B(0x00, 0x83, 0, 35, 0x02, 0x01, 0, 31)},
    {"VPD B0h", C(0x12, 1, 0xB0, 0, 64, 0), 64, 0, 64,
     B(0x00, 0xB0, 0, 0x3C, 0x01, 0, 0, 8, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF,
       0xFF, 0, 0, 1, 0, 0, 0, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0)},
    {"VPD B1h", C(0x12, 1, 0xB1, 0, 64, 0), 64, 0, 64, B(0x00, 0xB1, 0, 0x3C, 0, 1, 0, 0)},
    {"VPD B2h", C(0x12, 1, 0xB2, 0, 64, 0), 64, 0, 8, B(0x00, 0xB2, 0, 4, 0, 0xE4, 2, 0)},
    {"VPD, unknown", C(0x12, 1, 0xB3, 0, 64, 0), 64, ILLEGAL_FIELD, 0, NOTHING},
    {"TEST UNIT READY", C(0x00, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"REPORT LUNS", C(0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 16, 0, 16, B(0, 0, 0, 8)},
    {"READ CAPACITY(10)", C(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, 0, 8,
     B(0, 0, 0x1F, 0xFF, 0, 0, 2, 0)},
    {"READ CAPACITY(10), PMI", C(0x25, 0, 0, 0, 0, 0, 0, 0, 1, 0), 8, ILLEGAL_FIELD, 0, NOTHING},
    {"READ CAPACITY(16)", C(0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32, 0, 32,
     B(0, 0, 0, 0, 0, 0, 0x1F, 0xFF, 0, 0, 2, 0, 0, 3, 0xC0, 0)},
    {"SERVICE ACTION IN(16), another", C(0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32,
     ILLEGAL_FIELD, 0, NOTHING},
    {"MODE SENSE(6) 08h", C(0x1A, 0, 0x08, 0, 255, 0), 255, 0, 32,
     B(31, 0, 0x10, 8, 0, 0, 0x20, 0, 0, 0, 2, 0, 0x08, 0x12, 0x04)},
    {"MODE SENSE(6) 08h, changeable, no descriptor", C(0x1A, 8, 0x48, 0, 255, 0), 255, 0, 24,
     B(23, 0, 0x10, 0, 0x08, 0x12, 0x04, 0)},
    {"MODE SENSE(10) 0Ah, long descriptor", C(0x5A, 0x10, 0x0A, 0, 0, 0, 0, 0, 64, 0), 64, 0, 36,
     B(0, 34, 0, 0x10, 1, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x0A, 0x0A,
       0, 0x10)},
    {"MODE SENSE(10) 1Ch", C(0x5A, 8, 0x1C, 0, 0, 0, 0, 0, 64, 0), 64, 0, 20,
     B(0, 18, 0, 0x10, 0, 0, 0, 0, 0x1C, 0x0A, 0x08)},
    {"MODE SENSE(10) 3Fh", C(0x5A, 8, 0x3F, 0, 0, 0, 0, 0, 255, 0), 255, 0, 52,
     B(0, 50, 0, 0x10, 0, 0, 0, 0, 0x08, 0x12)},
    {"MODE SENSE 2Ah: a CD drive's", C(0x1A, 0, 0x2A, 0, 255, 0), 255, ILLEGAL_FIELD, 0, NOTHING},
    {"FORMAT UNIT", C(0x04, 0, 0, 0, 0, 0), 0, ILLEGAL_OPCODE, 0, NOTHING},
    {"READ TOC: a CD drive's", C(0x43, 0, 0, 0, 0, 0, 0, 0, 4, 0), 4, ILLEGAL_OPCODE, 0, NOTHING},
    {"READ DEFECT DATA", C(0x37, 0, 0, 0, 0, 0, 0, 0, 4, 0), 4, ILLEGAL_OPCODE, 0, NOTHING},
    {"PREVENT", C(0x1E, 0, 0, 0, 1, 0), 0, 0, 0, NOTHING},
    {"START STOP UNIT, eject of what is fixed", C(0x1B, 0, 0, 0, 2, 0), 0, ILLEGAL_FIELD, 0,
     NOTHING},
    {"SEEK", C(0x2B, 0, 0, 0, 0x1F, 0xFF, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"SEEK, behind", C(0x2B, 0, 0, 0, 0x20, 0, 0, 0, 0, 0), 0, OUT_OF_RANGE, 0, NOTHING},
};

static void what_it_is(void **state)
{
    PDEVICE_OBJECT device = rig_device(rig_add_disk(rig_disk_image("a.img", 4 * MIB), 0, 0));

    (void)state;
    rig_settle(device);
    CHECK(device, identity);
    ObDereferenceObject(device);
}

#define LAST 0x1F, 0xFF
static const struct expectation reads[] = {
    {"READ(6)", C(0x08, 0, 0, 3, 2, 0), 1024, 0, 1024, NOTHING},
    {"READ(6), 256 blocks", C(0x08, 0, 0, 3, 0, 0), 131072, 0, 131072, NOTHING},
    {"READ(10)", C(0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0), 1024, 0, 1024, NOTHING},
    {"READ(10), FUA", C(0x28, 8, 0, 0, 0, 3, 0, 0, 2, 0), 1024, 0, 1024, NOTHING},
    {"READ(12)", C(0xA8, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0), 1024, 0, 1024, NOTHING},
    {"READ(16)", C(0x88, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0), 1024, 0, 1024, NOTHING},
    {"READ(10), nothing", C(0x28, 0, 0, 0, 0, 3, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"READ(10), the last", C(0x28, 0, 0, 0, LAST, 0, 0, 1, 0), 512, 0, 512, NOTHING},
    {"READ(10), over the end", C(0x28, 0, 0, 0, LAST, 0, 0, 2, 0), 1024, OUT_OF_RANGE, 0, NOTHING},
    {"READ(10), behind", C(0x28, 0, 0, 0, 0x20, 0, 0, 0, 1, 0), 512, OUT_OF_RANGE, 0, NOTHING},
    {"READ(16), far behind",
     C(0x88, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0), 512,
     OUT_OF_RANGE, 0, NOTHING},
    {"READ(10), RDPROTECT", C(0x28, 0x20, 0, 0, 0, 3, 0, 0, 2, 0), 1024, ILLEGAL_FIELD, 0, NOTHING},
    {"READ(10), more than the limit", C(0x28, 0, 0, 0, 0, 0, 0, 1, 1, 0), 131072, ILLEGAL_FIELD, 0,
     NOTHING},
    {"VERIFY(10)", C(0x2F, 0, 0, 0, 0, 0, 0, 0x20, 0, 0), 0, 0, 0, NOTHING},
    {"VERIFY(10), over the end", C(0x2F, 0, 0, 0, 0, 0, 0, 0x20, 1, 0), 0, OUT_OF_RANGE, 0,
     NOTHING},
    {"VERIFY(16)", C(0x8F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0), 0, 0, 0, NOTHING},
    {"VERIFY(10), one block for all", C(0x2F, 6, 0, 0, 0, 0, 0, 0, 1, 0), 0, ILLEGAL_FIELD, 0,
     NOTHING},
    {"SYNCHRONIZE CACHE(10)", C(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
    {"SYNCHRONIZE CACHE(16)", C(0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0, 0,
     NOTHING},
    {"SYNCHRONIZE CACHE(10), behind", C(0x35, 0, 0, 0, 0x20, 0, 0, 0, 1, 0), 0, OUT_OF_RANGE, 0,
     NOTHING},
};

static void what_it_reads(void **state)
{
    static uint8_t data[131072];
    PDEVICE_OBJECT device = rig_device(rig_add_disk(rig_disk_image("a.img", 4 * MIB), 512, 0));
    struct rig_request r;

    (void)state;
    rig_settle(device);
    CHECK(device, reads);
    for (unsigned lba = 0; lba < 8192; lba += 257) {
        unsigned count = 8192 - lba < 256 ? 8192 - lba : 256;
        rig_scsi(&r, device,
                 CDB(0x28, 0, 0, 0, lba >> 8, lba & 0xFF, 0, count >> 8, count & 0xFF, 0), RIG_IN,
                 data, count * 512);
        assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
        for (unsigned i = 0; i < count * 512; i++)
            if (data[i] != rig_disk_byte(lba * 512ull + i))
                fail_msg("block %u, byte %u", lba + i / 512, i % 512);
    }
    /* Less room than asked for: whole blocks, and the SRB says so. */
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 3, 0, 0, 4, 0), RIG_IN, data, 1024);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_DATA_OVERRUN);
    assert_int_equal(r.srb.DataTransferLength, 1024);
    assert_int_equal(data[1023], rig_disk_byte(3 * 512 + 1023));
    ObDereferenceObject(device);
}

static const struct expectation protected[] = {
    {"MODE SENSE, WP", C(0x1A, 8, 0x3F, 0, 255, 0), 255, 0, 48, B(47, 0, 0x90, 0)},
    {"MODE SENSE(10), WP", C(0x5A, 8, 0x08, 0, 0, 0, 0, 0, 255, 0), 255, 0, 28, B(0, 26, 0, 0x90)},
    {"FORMAT UNIT", C(0x04, 0, 0, 0, 0, 0), 0, PROTECTED, 0, NOTHING},
    {"WRITE(6)", C(0x0A, 0, 0, 0, 1, 0), 0, PROTECTED, 0, NOTHING},
    {"WRITE(10)", C(0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0, PROTECTED, 0, NOTHING},
    {"WRITE(12)", C(0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0, PROTECTED, 0, NOTHING},
    {"WRITE(16)", C(0x8A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0, PROTECTED, 0, NOTHING},
    {"WRITE AND VERIFY", C(0x2E, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0, PROTECTED, 0, NOTHING},
    {"WRITE SAME", C(0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0, PROTECTED, 0, NOTHING},
    {"UNMAP", C(0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0), 0, PROTECTED, 0, NOTHING},
    {"READ", C(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512, 0, 512, NOTHING},
    {"SYNCHRONIZE CACHE", C(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0, 0, NOTHING},
};

/* By its permissions, and because it was asked for. */
static void write_protected(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *image = rig_disk_image(i == 0 ? "a.img" : "b.img", MIB);
        PDEVICE_OBJECT device;

        if (i == 0)
            assert_int_equal(chmod(image, 0444), 0);
        device = rig_device(rig_add_disk(image, 0, i == 0 ? 0 : VHBA_READ_ONLY));
        rig_settle(device);
        CHECK(device, protected);
        ObDereferenceObject(device);
    }
}

static void blocks_of_4096(void **state)
{
    static const struct expectation list[] = {
        {"READ CAPACITY(10)", C(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, 0, 8,
         B(0, 0, 3, 0xFF, 0, 0, 0x10, 0)},
        {"READ CAPACITY(16)", C(0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32, 0, 32,
         B(0, 0, 0, 0, 0, 0, 3, 0xFF, 0, 0, 0x10, 0, 0, 0, 0xC0, 0)},
        {"VPD B0h", C(0x12, 1, 0xB0, 0, 64, 0), 64, 0, 64,
         B(0x00, 0xB0, 0, 0x3C, 0x01, 0, 0, 1, 0, 0, 0, 32)},
        {"READ(10), the last", C(0x28, 0, 0, 0, 3, 0xFF, 0, 0, 1, 0), 4096, 0, 4096, NOTHING},
        {"READ(10), behind", C(0x28, 0, 0, 0, 4, 0, 0, 0, 1, 0), 4096, OUT_OF_RANGE, 0, NOTHING},
    };
    PDEVICE_OBJECT device = rig_device(rig_add_disk(rig_disk_image("a.img", 4 * MIB), 4096, 0));
    uint8_t data[4096];
    struct rig_request r;

    (void)state;
    rig_settle(device);
    CHECK(device, list);
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 7, 0, 0, 1, 0), RIG_IN, data, sizeof(data));
    for (unsigned i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], rig_disk_byte(7 * 4096 + i));
    ObDereferenceObject(device);
}

static void what_is_no_disk(void **state)
{
    ULONG lun;

    (void)state;
    assert_int_equal(rig_try_add_disk(rig_disk_image("a.img", 1000), 0, 0, NULL),
                     ERROR_UNRECOGNIZED_MEDIA);
    assert_int_equal(rig_try_add_disk(rig_disk_image("b.img", 0), 0, 0, NULL),
                     ERROR_UNRECOGNIZED_MEDIA);
    assert_int_equal(rig_try_add_disk(rig_disk_image("c.img", 512 * 9), 4096, 0, NULL),
                     ERROR_UNRECOGNIZED_MEDIA);
    assert_int_equal(rig_try_add_disk("/nowhere/at/all", 0, 0, NULL), ERROR_FILE_NOT_FOUND);
    assert_int_equal(rig_try_add_disk(rig_disk_image("d.img", MIB), 2048, 0, NULL),
                     ERROR_INVALID_PARAMETER);
    assert_int_equal(rig_try_add_disk(rig_disk_image("d.img", MIB), 0, 4, NULL),
                     ERROR_INVALID_PARAMETER);
    assert_int_equal(rig_try_add_disk(NULL, 0, 0, NULL), ERROR_INVALID_PARAMETER);
    /* One writer, or any number of readers. */
    rig_add_disk(rig_disk_image("e.img", MIB), 0, 0);
    lun = rig_add_disk(rig_disk_image("f.img", MIB), 0, VHBA_READ_ONLY);
    assert_int_equal(rig_try_add_disk(rig_disk_image("e.img", MIB), 0, 0, NULL),
                     ERROR_SHARING_VIOLATION);
    assert_int_equal(rig_try_add_disk(rig_disk_image("e.img", MIB), 0, VHBA_READ_ONLY, NULL),
                     ERROR_SHARING_VIOLATION);
    rig_add_disk(rig_disk_image("f.img", MIB), 0, VHBA_READ_ONLY);
    assert_int_equal(rig_eject(lun, true), ERROR_INVALID_FUNCTION); /* it is fixed */
}

static void stopped_and_started(void **state)
{
    ULONG lun = rig_add_disk(rig_disk_image("a.img", MIB), 0, 0);
    PDEVICE_OBJECT device = rig_device(lun);
    static VHBA_COUNTERS before, after;
    uint8_t data[512];
    struct rig_request r;

    (void)state;
    rig_settle(device);
    rig_query(lun, &before);
    rig_scsi(&r, device, CDB(0x1B, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), 0);
    rig_query(lun, &after);
    assert_int_equal(after.Flushes, before.Flushes + 1); /* the cache first */
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), RIG_IN, data, 512);
    assert_int_equal(rig_sense(&r), 0x020402);
    rig_scsi(&r, device, CDB(0x1B, 0, 0, 0, 1, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), 0);
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), RIG_IN, data, 512);
    assert_int_equal(rig_sense(&r), 0);
    ObDereferenceObject(device);
}

static void a_removable_disk(void **state)
{
    ULONG lun = rig_add_disk(NULL, 0, VHBA_REMOVABLE);
    PDEVICE_OBJECT device = rig_device(lun);
    uint8_t data[36];
    struct rig_request r;

    (void)state;
    rig_settle(device);
    rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), NO_MEDIUM);
    rig_scsi(&r, device, CDB(0x12, 0, 0, 0, 36, 0), RIG_IN, data, 36);
    assert_int_equal(data[1], 0x80);
    assert_int_equal(rig_insert(lun, rig_disk_image("a.img", MIB), false), 0);
    rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), 0x062800);
    rig_scsi(&r, device, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), RIG_IN, data, 8);
    assert_int_equal(data[2] << 8 | data[3], 2047);
    rig_scsi(&r, device, CDB(0x1E, 0, 0, 0, 1, 0), RIG_NONE, NULL, 0);
    rig_scsi(&r, device, CDB(0x1B, 0, 0, 0, 2, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), 0x055302);
    rig_scsi(&r, device, CDB(0x1E, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    rig_scsi(&r, device, CDB(0x1B, 0, 0, 0, 2, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), 0);
    rig_scsi(&r, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(rig_sense(&r), NO_MEDIUM);
    ObDereferenceObject(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_it_is, rig_clean),
        cmocka_unit_test_teardown(what_it_reads, rig_clean),
        cmocka_unit_test_teardown(write_protected, rig_clean),
        cmocka_unit_test_teardown(blocks_of_4096, rig_clean),
        cmocka_unit_test_teardown(what_is_no_disk, rig_clean),
        cmocka_unit_test_teardown(stopped_and_started, rig_clean),
        cmocka_unit_test_teardown(a_removable_disk, rig_clean),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
