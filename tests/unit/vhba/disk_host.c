/* SPDX-License-Identifier: MIT */
/*
 * disk_host.c - what a disk asks of the host, and what the host's failures are to a class driver:
 * flush and FUA end in fdatasync and RWF_DSYNC, ENOSPC and EIO in sense data.
 *
 * This program's own pwritev2 and fdatasync stand before libc's for vhba.
 */
#define _GNU_SOURCE
#include "rig.h"

#define PROTECTED 0x072700

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#endif

static atomic_uint flushes, durable, plain;
static atomic_int write_error, flush_error; /* an errno, for all from now on; 0: none */

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    int error = atomic_load(&flush_error);

    atomic_fetch_add(&flushes, 1);
    if (error == 0)
        return (int)syscall(SYS_fdatasync, fd);
    errno = error;
    return -1;
}

__attribute__((visibility("default"))) ssize_t pwritev2(int fd, const struct iovec *iov, int count,
                                                        off_t offset, int flags)
{
    int error = atomic_load(&write_error);

    if (error != 0) {
        errno = error;
        return -1;
    }
    if (!(flags & 8 /* RWF_NOWAIT */))
        atomic_fetch_add(flags & RWF_DSYNC ? &durable : &plain, 1);
    return (ssize_t)syscall(SYS_pwritev2, fd, iov, count, offset, 0, flags);
}

static ULONG lun;
static PDEVICE_OBJECT device;
static uint8_t data[4096];

static int plug(void **state)
{
    (void)state;
    lun = rig_add_disk(rig_disk_image("a.img", 1 << 20), 512, 0);
    device = rig_device(lun);
    rig_settle(device);
    flushes = durable = plain = 0;
    write_error = flush_error = 0;
    return 0;
}

static int clean(void **state)
{
    write_error = flush_error = 0;
    ObDereferenceObject(device);
    return rig_clean(state);
}

static unsigned out(const uint8_t *cdb, size_t length, ULONG size)
{
    struct rig_request r;

    rig_scsi(&r, device, cdb, length, size != 0 ? RIG_OUT : RIG_NONE, data, size);
    return rig_sense(&r);
}
#define WRITE             CDB(0x2A, 0, 0, 0, 0, 1, 0, 0, 1, 0)
#define WRITE_FUA         CDB(0x2A, 8, 0, 0, 0, 1, 0, 0, 1, 0)
#define SYNCHRONIZE_CACHE CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0)

static void function(UCHAR code, UCHAR srb_status)
{
    struct rig_request r;

    rig_begin(&r, device, code, CDB(0), RIG_NONE, NULL, 0);
    rig_end(&r);
    assert_int_equal(r.srb.SrbStatus, srb_status);
}

static void what_reaches_the_medium(void **state)
{
    static VHBA_COUNTERS counters;

    (void)state;
    assert_int_equal(out(WRITE, 512), 0);
    assert_int_equal(durable + flushes, 0);
    assert_int_equal(out(WRITE_FUA, 512), 0);
    assert_int_equal(durable, 1);
    assert_int_equal(out(SYNCHRONIZE_CACHE, 0), 0);
    assert_int_equal(flushes, 1);
    function(SRB_FUNCTION_FLUSH, SRB_STATUS_SUCCESS);
    function(SRB_FUNCTION_SHUTDOWN, SRB_STATUS_SUCCESS);
    assert_int_equal(flushes, 3);
    rig_query(lun, &counters);
    assert_int_equal(counters.Flushes, 3);
    assert_int_equal(counters.WriteCount, 2);
    assert_int_equal(counters.DurableWrites, 1);
    assert_int_equal(counters.BytesWritten, 1024);
}

static void a_flush_needs_no_attention(void **state)
{
    (void)state;
    function(SRB_FUNCTION_RESET_DEVICE, SRB_STATUS_SUCCESS);
    function(SRB_FUNCTION_FLUSH, SRB_STATUS_SUCCESS);
    assert_int_equal(flushes, 1);
    assert_int_equal(out(WRITE, 512), 0x062903); /* still there to be reported */
}

static void the_cache_switched_off(void **state)
{
    uint8_t select[4 + 20] = {0, 0, 0, 0, 0x08, 0x12};

    (void)state;
    memcpy(data, select, sizeof(select));
    assert_int_equal(out(CDB(0x15, 0x10, 0, 0, 24, 0), 24), 0);
    assert_int_equal(flushes, 1); /* what was in it */
    assert_int_equal(out(WRITE, 512), 0);
    assert_int_equal(durable, 1);
    {
        uint8_t page[24];
        struct rig_request r;
        rig_scsi(&r, device, CDB(0x1A, 8, 0x08, 0, 24, 0), RIG_IN, page, 24);
        assert_int_equal(page[6], 0);
    }
    select[6] = 4;
    memcpy(data, select, sizeof(select));
    assert_int_equal(out(CDB(0x15, 0x10, 0, 0, 24, 0), 24), 0);
    assert_int_equal(out(WRITE, 512), 0);
    assert_int_equal(durable, 1);
    data[7 + 4] = 1; /* nothing else may be changed */
    memcpy(data, select, 11);
    assert_int_equal(out(CDB(0x15, 0x10, 0, 0, 24, 0), 24), 0x052600);
}

static void no_room(void **state)
{
    static const int errors[] = {ENOSPC, EDQUOT, EFBIG};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        write_error = errors[i];
        assert_int_equal(out(WRITE, 512), 0x072707);
        assert_int_equal(out(WRITE_FUA, 512), 0x072707);
    }
    write_error = 0;
    assert_int_equal(out(WRITE, 512), 0);
}

static void a_broken_medium(void **state)
{
    struct rig_request r;

    (void)state;
    write_error = EIO;
    rig_scsi(&r, device, CDB(0x2A, 0, 0, 0, 1, 2, 0, 0, 1, 0), RIG_OUT, data, 512);
    assert_int_equal(rig_sense(&r), 0x030C00);
    assert_int_equal(r.sense[0], 0xF0); /* with the block's address */
    assert_int_equal(r.sense[5] << 8 | r.sense[6], 0x102);
    assert_int_equal(r.srb.DataTransferLength, 0);
    write_error = EROFS;
    assert_int_equal(out(WRITE, 512), PROTECTED);
    write_error = 0;
    flush_error = EIO;
    assert_int_equal(out(SYNCHRONIZE_CACHE, 0), 0x030C00);
    function(SRB_FUNCTION_FLUSH, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID);
    flush_error = 0;
    assert_int_equal(out(SYNCHRONIZE_CACHE, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_reaches_the_medium, plug, clean),
        cmocka_unit_test_setup_teardown(a_flush_needs_no_attention, plug, clean),
        cmocka_unit_test_setup_teardown(the_cache_switched_off, plug, clean),
        cmocka_unit_test_setup_teardown(no_room, plug, clean),
        cmocka_unit_test_setup_teardown(a_broken_medium, plug, clean),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
