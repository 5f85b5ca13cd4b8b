/* SPDX-License-Identifier: MIT */
/* media.c - images as media: what is refused, changes, the tray, prevention; an image that shrinks;
 * what is read, and nothing else. */
#define _GNU_SOURCE
#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned sense_of(PDEVICE_OBJECT device, const uint8_t *cdb, size_t cdb_length)
{
    struct rig_request r;

    rig_scsi(&r, device, cdb, cdb_length, RIG_NONE, NULL, 0);
    return rig_sense(&r);
}
#define TEST_UNIT_READY(device)  sense_of(device, CDB(0, 0, 0, 0, 0, 0))
#define START_STOP(device, bits) sense_of(device, CDB(0x1B, 0, 0, 0, bits, 0))
#define PREVENT(device, bits)    sense_of(device, CDB(0x1E, 0, 0, 0, bits, 0))

/* Event code << 8 | status of the media class. */
static unsigned media_event(PDEVICE_OBJECT device)
{
    struct rig_request r;
    uint8_t data[8];

    rig_scsi(&r, device, CDB(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0), RIG_IN, data, 8);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    return (unsigned)data[4] << 8 | data[5];
}

static void images_that_are_refused(void **state)
{
    char path[300];
    const char *good = rig_image("good", 20);
    ULONG lun;
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "%s-not", good);
    assert_int_equal(rig_try_add(path, &lun), ERROR_FILE_NOT_FOUND);
    snprintf(path, sizeof(path), "%s/below", good);
    assert_int_equal(rig_try_add(path, &lun), ERROR_FILE_NOT_FOUND);
    assert_int_equal(rig_try_add("/tmp", &lun),
                     ERROR_ACCESS_DENIED); /* STATUS_FILE_IS_A_DIRECTORY */
    assert_int_equal(rig_try_add("/dev/null", &lun), ERROR_UNRECOGNIZED_MEDIA);
    if (geteuid() != 0) {
        assert_int_equal(chmod(good, 0), 0);
        assert_int_equal(rig_try_add(good, &lun), ERROR_ACCESS_DENIED);
        assert_int_equal(chmod(good, 0600), 0);
    }
    assert_int_equal(rig_try_add(rig_image("short", 16), &lun),
                     ERROR_UNRECOGNIZED_MEDIA); /* ends before the descriptor */
    assert_int_equal(truncate(good, 20 * 2048 - 1), 0);
    assert_int_equal(rig_try_add(good, &lun), ERROR_UNRECOGNIZED_MEDIA);
    assert_int_equal(truncate(good, 0), 0);
    assert_int_equal(rig_try_add(good, &lun), ERROR_UNRECOGNIZED_MEDIA);
    good = rig_image("good", 20);
    fd = open(good, O_WRONLY);
    assert_int_equal(pwrite(fd, "CD002", 5, 16 * 2048 + 1), 5);
    assert_int_equal(rig_try_add(good, &lun), ERROR_UNRECOGNIZED_MEDIA);
    /* UDF: the extended area may come after other descriptors. */
    assert_int_equal(pwrite(fd, "BEA01", 5, 18 * 2048 + 1), 5);
    close(fd);
    assert_int_equal(rig_try_add(good, &lun), 0);
}

static void inputs_that_are_refused(void **state)
{
    VHBA_ADD_LUN in = {.Size = sizeof(in), .Type = 0};
    VHBA_LUN_NUMBER out, number = {sizeof(number), 7};
    VHBA_ADAPTER adapter = {sizeof(adapter), 4096 + 512};
    VHBA_COUNTERS counters;

    (void)state;
    assert_int_equal(rig_control(IOCTL_VHBA_ADD_LUN, &in, sizeof(in), &out, sizeof(out)),
                     ERROR_INVALID_PARAMETER);
    in.Type = VHBA_TYPE_CD;
    in.PathLength = 100; /* behind the input's end */
    assert_int_equal(rig_control(IOCTL_VHBA_ADD_LUN, &in, sizeof(in), &out, sizeof(out)),
                     ERROR_INVALID_PARAMETER);
    in.PathLength = 0xFFFFFFFF;
    assert_int_equal(rig_control(IOCTL_VHBA_ADD_LUN, &in, sizeof(in), &out, sizeof(out)),
                     ERROR_INVALID_PARAMETER);
    in.PathLength = 0;
    in.Vendor[0] = '\n';
    assert_int_equal(rig_control(IOCTL_VHBA_ADD_LUN, &in, sizeof(in), &out, sizeof(out)),
                     ERROR_INVALID_PARAMETER);
    assert_int_equal(rig_control(IOCTL_VHBA_ADD_LUN, &in, 8, &out, sizeof(out)),
                     ERROR_INVALID_PARAMETER);
    assert_int_equal(rig_control(IOCTL_VHBA_ADD_LUN, &in, sizeof(in), &out, 4),
                     ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(
        rig_control(IOCTL_VHBA_QUERY, &number, sizeof(number), &counters, sizeof(counters)),
        ERROR_NO_SUCH_DEVICE);
    assert_int_equal(rig_control(IOCTL_VHBA_QUERY, &number, 4, &counters, sizeof(counters)),
                     ERROR_INVALID_PARAMETER);
    assert_int_equal(rig_control(IOCTL_VHBA_QUERY, &number, sizeof(number), &counters, 100),
                     ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(rig_control(IOCTL_VHBA_REMOVE_LUN, &number, sizeof(number), NULL, 0),
                     ERROR_NO_SUCH_DEVICE);
    assert_int_equal(rig_control(VHBA_CTL(50, 0), &number, sizeof(number), NULL, 0),
                     ERROR_INVALID_FUNCTION);
    assert_int_equal(rig_control(IOCTL_VHBA_SET_ADAPTER, &adapter, sizeof(adapter), NULL, 0),
                     ERROR_INVALID_PARAMETER);
    adapter.MaximumTransferLength = 2 * VHBA_LARGEST_TRANSFER;
    assert_int_equal(rig_control(IOCTL_VHBA_SET_ADAPTER, &adapter, sizeof(adapter), NULL, 0),
                     ERROR_INVALID_PARAMETER);
}

static void numbers_are_taken_and_given_back(void **state)
{
    ULONG lun;

    (void)state;
    for (ULONG i = 0; i < VHBA_MAXIMUM_LUNS; i++) {
        assert_int_equal(rig_try_add(NULL, &lun), 0);
        assert_int_equal(lun, i);
    }
    assert_int_equal(rig_try_add(NULL, &lun), ERROR_NO_SYSTEM_RESOURCES);
    ntio_pnp_settle();
    assert_int_equal(rig_remove(5), 0);
    assert_int_equal(rig_remove(5), ERROR_NO_SUCH_DEVICE);
    ntio_pnp_settle();
    assert_int_equal(rig_try_add(NULL, &lun), 0);
    assert_int_equal(lun, 5);
    ntio_pnp_settle();
}

static void a_medium_change(void **state)
{
    ULONG lun = rig_add(rig_image("one", 100));
    PDEVICE_OBJECT device = rig_device(lun);
    VHBA_COUNTERS counters;

    (void)state;
    rig_settle(device);
    assert_int_equal(media_event(device), 0x0002);
    assert_int_equal(rig_insert(lun, rig_image("two", 200), false), 0);
    assert_int_equal(media_event(device),
                     0x0302); /* removal, then a new one; the attention waits */
    assert_int_equal(media_event(device), 0x0202);
    assert_int_equal(media_event(device), 0x0002);
    assert_int_equal(TEST_UNIT_READY(device), 0x062800);
    assert_int_equal(TEST_UNIT_READY(device), 0);
    rig_query(lun, &counters);
    assert_int_equal(counters.LastBlocks, 200);

    assert_int_equal(rig_eject(lun, false), 0);
    assert_int_equal(media_event(device), 0x0300);
    assert_int_equal(TEST_UNIT_READY(device), 0x023A00);
    assert_int_equal(rig_eject(lun, false), ERROR_NOT_READY); /* nothing in it */
    assert_int_equal(rig_insert(lun, "/nowhere/image", false), ERROR_FILE_NOT_FOUND);
    assert_int_equal(rig_insert(lun, rig_image("three", 50), false), 0);
    assert_int_equal(TEST_UNIT_READY(device), 0x062800);
    assert_int_equal(TEST_UNIT_READY(device), 0);
    assert_int_equal(media_event(device), 0x0202);
    ObDereferenceObject(device);
}

static void the_tray(void **state)
{
    ULONG lun = rig_add(rig_image("one", 100));
    PDEVICE_OBJECT device = rig_device(lun);
    struct rig_request r;
    uint8_t data[48];

    (void)state;
    rig_settle(device);
    assert_int_equal(START_STOP(device, 2), 0); /* eject */
    assert_int_equal(TEST_UNIT_READY(device), 0x023A00);
    assert_int_equal(media_event(device), 0x0301);
    rig_scsi(&r, device, CDB(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0), RIG_IN, data, 8);
    assert_int_equal(data[1], 0x10);
    assert_int_equal(START_STOP(device, 3), 0); /* load: the same disc */
    assert_int_equal(media_event(device), 0x0202);
    assert_int_equal(TEST_UNIT_READY(device), 0x062800);
    assert_int_equal(TEST_UNIT_READY(device), 0);

    assert_int_equal(PREVENT(device, 1), 0);
    rig_scsi(&r, device, CDB(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 40, 0), RIG_IN, data, 40);
    assert_int_equal(data[8 + 6], 0x2B); /* locked */
    assert_int_equal(START_STOP(device, 2), 0x055302);
    assert_int_equal(rig_eject(lun, false), ERROR_UNABLE_TO_UNLOAD_MEDIA);
    assert_int_equal(rig_insert(lun, rig_image("two", 50), false), ERROR_UNABLE_TO_UNLOAD_MEDIA);
    assert_int_equal(media_event(device), 0x0102); /* the button was pressed */
    assert_int_equal(media_event(device), 0x0102);
    assert_int_equal(TEST_UNIT_READY(device), 0);
    assert_int_equal(PREVENT(device, 0), 0);
    assert_int_equal(rig_eject(lun, false), 0);
    assert_int_equal(rig_insert(lun, rig_image("two", 50), false), 0);
    assert_int_equal(TEST_UNIT_READY(device), 0x062800);
    assert_int_equal(PREVENT(device, 3), 0); /* persistent: a reset does not end it */
    rig_begin(&r, device, SRB_FUNCTION_RESET_DEVICE, CDB(0), RIG_NONE, NULL, 0);
    rig_end(&r);
    assert_int_equal(TEST_UNIT_READY(device), 0x062903);
    assert_int_equal(START_STOP(device, 2), 0x055302);
    assert_int_equal(rig_eject(lun, true), 0); /* the paper clip */
    assert_int_equal(TEST_UNIT_READY(device), 0x023A00);
    ObDereferenceObject(device);
}

static void an_image_that_shrinks(void **state)
{
    const char *path = rig_image("one", 100);
    PDEVICE_OBJECT device = rig_device(rig_add(path));
    static uint8_t data[8 * 2048];
    struct rig_request r;

    (void)state;
    rig_settle(device);
    assert_int_equal(truncate(path, 50 * 2048 + 100), 0);
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 46, 0, 0, 8, 0), RIG_IN, data, sizeof(data));
    assert_int_equal(rig_sense(&r), 0x031100);
    assert_int_equal(r.sense[0], 0xF0); /* with the block that failed */
    assert_int_equal(r.sense[3] << 24 | r.sense[4] << 16 | r.sense[5] << 8 | r.sense[6], 50);
    assert_int_equal(r.srb.DataTransferLength, 4 * 2048);
    for (unsigned i = 0; i < 4 * 2048; i++)
        assert_int_equal(data[i], rig_byte(46 + i / 2048, i % 2048));
    rig_scsi(&r, device, CDB(0xBE, 0, 0, 0, 0, 60, 0, 0, 1, 0xF8, 0, 0), RIG_IN, data, 2352);
    assert_int_equal(rig_sense(&r), 0x031100);
    ObDereferenceObject(device);
}

static void only_what_is_asked_for_is_read(void **state)
{
    ULONG lun = rig_add(rig_image("one", 400));
    PDEVICE_OBJECT device = rig_device(lun);
    static uint8_t data[128 * 2048];
    VHBA_COUNTERS counters;
    struct rig_request r;

    (void)state;
    rig_settle(device);
    rig_query(lun, &counters);
    assert_int_equal(counters.ReadCount, 0);
    assert_int_equal(counters.BytesRead, 0);
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 1, 44, 0, 0, 64, 0), RIG_IN, data, 64 * 2048);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    for (unsigned i = 0; i < 64 * 2048; i++)
        assert_int_equal(data[i], rig_byte(300 + i / 2048, i % 2048));
    rig_scsi(&r, device, CDB(0xBE, 0, 0, 0, 0, 7, 0, 0, 3, 0xF8, 0, 0), RIG_IN, data, 3 * 2352);
    rig_query(lun, &counters);
    assert_int_equal(counters.ReadCount, 2);
    assert_int_equal(counters.BytesRead, 67 * 2048);
    assert_int_equal(counters.Reads[0].Lba, 300);
    assert_int_equal(counters.Reads[0].Blocks, 64);
    assert_int_equal(counters.Reads[1].Lba, 7);
    assert_int_equal(counters.Reads[1].Blocks, 3);

    /* The adapter's limit: one byte more is no request for it. */
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 65, 0), RIG_IN, data, 65 * 2048);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_INVALID_REQUEST);
    assert_int_equal(r.status, STATUS_INVALID_PARAMETER);
    assert_int_equal(rig_control(IOCTL_VHBA_SET_ADAPTER,
                                 &(VHBA_ADAPTER){sizeof(VHBA_ADAPTER), 256 * 1024},
                                 sizeof(VHBA_ADAPTER), NULL, 0),
                     0);
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 128, 0), RIG_IN, data, 128 * 2048);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
    /* A buffer that is smaller than the transfer: what fits, and the host is told. */
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), RIG_IN, data, 1000);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_DATA_OVERRUN);
    assert_int_equal(r.srb.DataTransferLength, 1000);
    rig_scsi(&r, device, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), RIG_NONE, NULL, 0);
    assert_int_equal(r.srb.SrbStatus, SRB_STATUS_DATA_OVERRUN);
    ObDereferenceObject(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(images_that_are_refused, rig_clean),
        cmocka_unit_test_teardown(inputs_that_are_refused, rig_clean),
        cmocka_unit_test_teardown(numbers_are_taken_and_given_back, rig_clean),
        cmocka_unit_test_teardown(a_medium_change, rig_clean),
        cmocka_unit_test_teardown(the_tray, rig_clean),
        cmocka_unit_test_teardown(an_image_that_shrinks, rig_clean),
        cmocka_unit_test_teardown(only_what_is_asked_for_is_read, rig_clean),
    };
    return cmocka_run_group_tests_name("vhba media", tests, rig_setup, rig_teardown);
}
