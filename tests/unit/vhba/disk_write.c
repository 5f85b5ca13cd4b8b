/* SPDX-License-Identifier: MIT */
/* disk_write.c - what is written is on the image, bit for bit, and nothing beside it. */
#define _GNU_SOURCE
#include "expect.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB 1048576ull

static ULONG lun;
static PDEVICE_OBJECT device;
static char image[256];
static uint8_t data[131072], back[131072];

static void plug(uint64_t bytes, ULONG block_size)
{
    strcpy(image, rig_disk_image("a.img", bytes));
    lun = rig_add_disk(image, block_size, 0);
    device = rig_device(lun);
    rig_settle(device);
}

static int clean(void **state)
{
    ObDereferenceObject(device);
    return rig_clean(state);
}

static void fill(uint8_t *to, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)((i * 31 + seed * 97) >> 2 ^ i >> 9);
}

/* What the image file holds there. */
static void read_image(uint64_t offset, void *to, size_t size)
{
    int fd = open(image, O_RDONLY);

    assert_int_equal(pread(fd, to, size, (off_t)offset), size);
    close(fd);
}

static void scsi_out(const uint8_t *cdb, size_t length, void *from, ULONG size, unsigned sense)
{
    struct rig_request r;

    rig_scsi(&r, device, cdb, length, size != 0 ? RIG_OUT : RIG_NONE, from, size);
    assert_int_equal(rig_sense(&r), sense);
    if (sense == 0) {
        assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
        assert_int_equal(r.srb.DataTransferLength, size);
        assert_int_equal(r.information, size);
    }
}

static void every_write(void **state)
{
    static const struct {
        uint8_t cdb[16];
        unsigned length;
    } list[] = {
        {C(0x0A, 0, 0, 9, 4, 0)},
        {C(0x2A, 0, 0, 0, 0, 9, 0, 0, 4, 0)},
        {C(0x2A, 8, 0, 0, 0, 9, 0, 0, 4, 0)},
        {C(0xAA, 0, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0)},
        {C(0x8A, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0)},
        {C(0x2E, 0, 0, 0, 0, 9, 0, 0, 4, 0)},
        {C(0x2E, 2, 0, 0, 0, 9, 0, 0, 4, 0)},
        {C(0xAE, 2, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0)},
        {C(0x8E, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0)},
    };

    (void)state;
    plug(MIB, 512);
    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        fill(data, 2048, i);
        scsi_out(list[i].cdb, list[i].length, data, 2048, 0);
        read_image(8 * 512, back, 6 * 512);
        assert_memory_equal(back + 512, data, 2048);
        for (unsigned n = 0; n < 512; n++) { /* and its neighbours are as they were */
            assert_int_equal(back[n], rig_disk_byte(8 * 512 + n));
            assert_int_equal(back[2560 + n], rig_disk_byte(13 * 512 + n));
        }
    }
}

static void over_the_end(void **state)
{
    struct stat st;

    (void)state;
    plug(MIB, 512);
    fill(data, 1024, 1);
    scsi_out(CDB(0x2A, 0, 0, 0, 7, 0xFF, 0, 0, 2, 0), data, 1024, OUT_OF_RANGE);
    scsi_out(CDB(0x2A, 0, 0, 0, 8, 0, 0, 0, 1, 0), data, 512, OUT_OF_RANGE);
    read_image(MIB - 512, back, 512);
    for (unsigned n = 0; n < 512; n++)
        assert_int_equal(back[n], rig_disk_byte(MIB - 512 + n));
    scsi_out(CDB(0x2A, 0, 0, 0, 7, 0xFF, 0, 0, 1, 0), data, 512, 0);
    assert_int_equal(stat(image, &st), 0);
    assert_int_equal(st.st_size, MIB);
}

static void past_two_tebibytes(void **state)
{
    static const struct expectation list[] = {
        {"READ CAPACITY(10)", C(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, 0, 8,
         B(0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 2, 0)},
        {"READ CAPACITY(16)", C(0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32, 0, 32,
         B(0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 2, 0)},
    };
    uint8_t write[] = {0x8A, 0, 0, 0, 0, 1, 0x40, 0, 0, 5, 0, 0, 0, 2, 0, 0};

    (void)state;
    plug(3ull << 40, 512);
    CHECK(device, list);
    fill(data, 1024, 3);
    scsi_out(write, 16, data, 1024, 0);
    read_image(0x140000005ull * 512, back, 1024);
    assert_memory_equal(back, data, 1024);
    read_image(0x40000005ull * 512, back, 1024); /* what 32 bits would have made of it */
    for (unsigned n = 0; n < 1024; n++)
        assert_int_equal(back[n], 0);
    write[0] = 0x88;
    {
        struct rig_request r;
        rig_scsi(&r, device, write, 16, RIG_IN, back, 1024);
        assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
        assert_memory_equal(back, data, 1024);
    }
}

static void comparing(void **state)
{
    struct rig_request r;

    (void)state;
    plug(MIB, 512);
    for (unsigned n = 0; n < 131072; n++)
        data[n] = rig_disk_byte(1024 + n);
    scsi_out(CDB(0x2F, 2, 0, 0, 0, 2, 0, 1, 0, 0), data, 131072, 0);
    data[70001] ^= 1;
    rig_scsi(&r, device, CDB(0x2F, 2, 0, 0, 0, 2, 0, 1, 0, 0), RIG_OUT, data, 131072);
    assert_int_equal(rig_sense(&r), 0x0E1D00);
    assert_int_equal(r.sense[0], 0xF0);
    assert_int_equal(r.sense[3] << 24 | r.sense[4] << 16 | r.sense[5] << 8 | r.sense[6], 70001);
}

static void the_same_everywhere(void **state)
{
    struct stat before, after;

    (void)state;
    plug(MIB, 512);
    fill(data, 512, 5);
    scsi_out(CDB(0x41, 0, 0, 0, 0, 3, 0, 1, 0x2C, 0), data, 512, 0); /* 300 blocks */
    read_image(512 * 2, back, 512);
    assert_int_equal(back[511], rig_disk_byte(512 * 3 - 1));
    for (unsigned i = 3; i < 303; i++) {
        read_image(512 * i, back, 512);
        assert_memory_equal(back, data, 512);
    }
    read_image(512 * 303, back, 512);
    assert_int_equal(back[0], rig_disk_byte(512 * 303));
    /* Zeros, given back: the image has fewer blocks, and reads as zeros. */
    assert_int_equal(stat(image, &before), 0);
    memset(data, 0, 512);
    scsi_out(CDB(0x93, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 1, 0, 0, 0), data, 512, 0); /* 256 */
    assert_int_equal(stat(image, &after), 0);
    assert_true(after.st_blocks <= before.st_blocks - 248);
    assert_int_equal(after.st_size, before.st_size);
    for (unsigned i = 8; i < 264; i++) {
        read_image(512 * i, back, 512);
        assert_memory_equal(back, data, 512);
    }
    /* Another block is written, UNMAP or not. */
    fill(data, 512, 6);
    scsi_out(CDB(0x41, 8, 0, 0, 0, 8, 0, 0, 1, 0), data, 512, 0);
    read_image(512 * 8, back, 512);
    assert_memory_equal(back, data, 512);
    scsi_out(CDB(0x41, 0, 0, 0, 0, 8, 0, 0, 0, 0), data, 512, ILLEGAL_FIELD); /* WSNZ */
    scsi_out(CDB(0x41, 0x10, 0, 0, 0, 8, 0, 0, 1, 0), data, 512, ILLEGAL_FIELD);
    scsi_out(CDB(0x41, 0, 0, 0, 8, 0, 0, 0, 1, 0), data, 512, OUT_OF_RANGE);
}

static void put_range(uint8_t *list, unsigned i, uint64_t lba, uint32_t count)
{
    for (unsigned n = 0; n < 8; n++)
        list[8 + i * 16 + n] = (uint8_t)(lba >> (56 - 8 * n));
    for (unsigned n = 0; n < 4; n++)
        list[16 + i * 16 + n] = (uint8_t)(count >> (24 - 8 * n));
}

static void given_back(void **state)
{
    uint8_t list[40] = {0, 38, 0, 32};
    static VHBA_COUNTERS counters;
    struct stat before, after;

    (void)state;
    plug(MIB, 512);
    assert_int_equal(stat(image, &before), 0);
    put_range(list, 0, 16, 64);
    put_range(list, 1, 1024, 256);
    scsi_out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0), list, 40, 0);
    assert_int_equal(stat(image, &after), 0);
    assert_int_equal(after.st_blocks, before.st_blocks - 320);
    rig_query(lun, &counters);
    assert_int_equal(counters.BytesUnmapped, 320 * 512);
    read_image(16 * 512, back, 64 * 512);
    for (unsigned n = 0; n < 64 * 512; n++)
        assert_int_equal(back[n], 0);
    read_image(15 * 512, back, 512);
    assert_int_equal(back[511], rig_disk_byte(16 * 512 - 1));
    /* A range that is not all on the disk: nothing is done, for the others neither. */
    put_range(list, 0, 200, 8);
    put_range(list, 1, 2040, 9);
    scsi_out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0), list, 40, OUT_OF_RANGE);
    read_image(200 * 512, back, 512);
    assert_int_equal(back[1], rig_disk_byte(200 * 512 + 1));
    list[3] = 64; /* more ranges than the list has */
    scsi_out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0), list, 40, 0x051A00);
    scsi_out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 4, 0), list, 4, 0x051A00);
    scsi_out(CDB(0x42, 1, 0, 0, 0, 0, 0, 0, 40, 0), list, 40, ILLEGAL_FIELD);
}

/* Each writes its own blocks, in turns with the others; then each reads what it wrote. */
#define WRITERS 8
#define ROUNDS  40
struct writer {
    pthread_t thread;
    unsigned number, failures;
};

static void *write_and_read(void *context)
{
    struct writer *writer = context;
    uint8_t *mine = malloc(65536), *read = malloc(65536);

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned lba = (round * WRITERS + writer->number) * 16, count = 1 + (round * 5) % 16;
        struct rig_request r;

        fill(mine, count * 512, round * WRITERS + writer->number);
        rig_scsi(&r, device,
                 CDB(0x2A, round % 4 == 0 ? 8 : 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, count, 0),
                 RIG_OUT, mine, count * 512);
        writer->failures += r.srb.SrbStatus != SRB_STATUS_SUCCESS;
        rig_scsi(&r, device, CDB(0x28, 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, count, 0), RIG_IN, read,
                 count * 512);
        writer->failures +=
            r.srb.SrbStatus != SRB_STATUS_SUCCESS || memcmp(mine, read, count * 512) != 0;
    }
    free(mine);
    free(read);
    return NULL;
}

static void eight_at_once(void **state)
{
    struct writer writers[WRITERS];

    (void)state;
    plug(4 * MIB, 512);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_and_read, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_int_equal(writers[i].failures, 0);
    }
    for (unsigned n = 0; n < WRITERS * ROUNDS; n++) {
        unsigned count = 1 + (n / WRITERS * 5) % 16;
        fill(data, count * 512, n);
        read_image(n * 16 * 512, back, 16 * 512);
        assert_memory_equal(back, data, count * 512);
        for (unsigned i = count * 512; i < 16 * 512; i++)
            assert_int_equal(back[i], rig_disk_byte(n * 16 * 512 + i));
    }
}

/* Data out by the control code, as a program sends it. */
static void a_programs_pass_through(void **state)
{
    struct {
        SCSI_PASS_THROUGH header;
        uint8_t data[512];
    } in = {.header = {.Length = sizeof(SCSI_PASS_THROUGH),
                       .CdbLength = 10,
                       .DataIn = SCSI_IOCTL_DATA_OUT,
                       .DataTransferLength = 512,
                       .TimeOutValue = 10,
                       .DataBufferOffset = sizeof(SCSI_PASS_THROUGH),
                       .Cdb = {0x2A, 0, 0, 0, 0, 5, 0, 0, 1, 0}}};
    ULONG_PTR n;

    (void)state;
    plug(MIB, 512);
    fill(in.data, 512, 9);
    assert_int_equal(
        rig_ioctl(device, IOCTL_SCSI_PASS_THROUGH, &in, sizeof(in), &in, sizeof(in), &n),
        STATUS_SUCCESS);
    assert_int_equal(in.header.ScsiStatus, SCSISTAT_GOOD);
    read_image(5 * 512, back, 512);
    fill(data, 512, 9);
    assert_memory_equal(back, data, 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_write, clean),
        cmocka_unit_test_teardown(over_the_end, clean),
        cmocka_unit_test_teardown(past_two_tebibytes, clean),
        cmocka_unit_test_teardown(comparing, clean),
        cmocka_unit_test_teardown(the_same_everywhere, clean),
        cmocka_unit_test_teardown(given_back, clean),
        cmocka_unit_test_teardown(eight_at_once, clean),
        cmocka_unit_test_teardown(a_programs_pass_through, clean),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
