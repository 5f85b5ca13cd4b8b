/* SPDX-License-Identifier: MIT */
/* queue.c - requests that wait: holds, cancelling, aborting, resetting, removing; and many threads
 * at once. */
#include "rig.h"

#include <stdio.h>

#define READ_AT(lba, blocks) CDB(0x28, 0, 0, 0, (lba) >> 8, (lba)&0xFF, 0, 0, blocks, 0)

static void a_hold_and_its_release(void **state)
{
    ULONG lun = rig_add(rig_image("one", 300));
    PDEVICE_OBJECT device = rig_device(lun);
    struct rig_request held, other;
    static uint8_t one[8 * 2048], two[2048];

    (void)state;
    rig_settle(device);
    assert_int_equal(rig_hold(lun, 100, 10), 0);
    rig_begin(&held, device, SRB_FUNCTION_EXECUTE_SCSI, READ_AT(95, 8), RIG_IN, one, sizeof(one));
    rig_wait_held(lun, 1);
    assert_false(rig_wait(&held, 0));
    /* Beside the range, and no blocks at all: both pass by. */
    rig_scsi(&other, device, READ_AT(99, 1), RIG_IN, two, 2048);
    assert_int_equal(other.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_scsi(&other, device, READ_AT(110, 1), RIG_IN, two, 2048);
    assert_int_equal(other.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_scsi(&other, device, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    assert_int_equal(other.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_release(lun);
    rig_end(&held);
    assert_int_equal(held.srb.SrbStatus, SRB_STATUS_SUCCESS);
    assert_int_equal(held.srb.DataTransferLength, sizeof(one));
    for (unsigned i = 0; i < sizeof(one); i++)
        assert_int_equal(one[i], rig_byte(95 + i / 2048, i % 2048));

    assert_int_equal(rig_hold(lun, 0, 0), 0); /* everything */
    rig_begin(&held, device, SRB_FUNCTION_EXECUTE_SCSI, CDB(0, 0, 0, 0, 0, 0), RIG_NONE, NULL, 0);
    rig_wait_held(lun, 1);
    for (int i = 1; i < VHBA_MAXIMUM_HOLDS; i++)
        assert_int_equal(rig_hold(lun, 0, 1), 0);
    assert_int_equal(rig_hold(lun, 0, 1), ERROR_NO_SYSTEM_RESOURCES);
    rig_release(lun);
    rig_end(&held);
    assert_int_equal(held.srb.SrbStatus, SRB_STATUS_SUCCESS);
    ObDereferenceObject(device);
}

static void ends_of_held_requests(void **state)
{
    ULONG lun = rig_add(rig_image("one", 300));
    PDEVICE_OBJECT device = rig_device(lun);
    struct rig_request r[3], control;
    static uint8_t data[3][2048];

    (void)state;
    rig_settle(device);
    assert_int_equal(rig_hold(lun, 0, 300), 0);

    /* Cancelled. */
    rig_begin(&r[0], device, SRB_FUNCTION_EXECUTE_SCSI, READ_AT(1, 1), RIG_IN, data[0], 2048);
    rig_wait_held(lun, 1);
    assert_true(IoCancelIrp(r[0].irp));
    rig_end(&r[0]);
    assert_int_equal(r[0].srb.SrbStatus, SRB_STATUS_ABORTED);
    assert_int_equal(r[0].status, STATUS_CANCELLED);
    assert_int_equal(r[0].srb.DataTransferLength, 0);
    rig_wait_held(lun, 0);

    /* One of three aborted, the others reset. */
    for (int i = 0; i < 3; i++)
        rig_begin(&r[i], device, SRB_FUNCTION_EXECUTE_SCSI, READ_AT(i, 1), RIG_IN, data[i], 2048);
    rig_wait_held(lun, 3);
    memset(&control, 0, sizeof(control));
    rig_abort(&control, device, &r[1].srb);
    assert_int_equal(control.srb.SrbStatus, SRB_STATUS_SUCCESS);
    rig_end(&r[1]);
    assert_int_equal(r[1].srb.SrbStatus, SRB_STATUS_ABORTED);
    assert_false(rig_wait(&r[0], 0));
    rig_begin(&control, device, SRB_FUNCTION_RESET_BUS, CDB(0), RIG_NONE, NULL, 0);
    rig_end(&control);
    rig_end(&r[0]);
    rig_end(&r[2]);
    assert_int_equal(r[0].srb.SrbStatus, SRB_STATUS_BUS_RESET);
    assert_int_equal(r[2].status, STATUS_IO_TIMEOUT);
    rig_settle(device);

    /* Removed. */
    rig_begin(&r[0], device, SRB_FUNCTION_EXECUTE_SCSI, READ_AT(1, 1), RIG_IN, data[0], 2048);
    rig_wait_held(lun, 1);
    assert_int_equal(rig_remove(lun), 0);
    rig_end(&r[0]);
    assert_int_equal(r[0].srb.SrbStatus, SRB_STATUS_NO_DEVICE);
    assert_int_equal(r[0].status, STATUS_NO_SUCH_DEVICE);
    rig_begin(&r[0], device, SRB_FUNCTION_EXECUTE_SCSI, READ_AT(1, 1), RIG_IN, data[0], 2048);
    rig_end(&r[0]);
    assert_int_equal(r[0].srb.SrbStatus, SRB_STATUS_NO_DEVICE);
    ntio_pnp_settle();
    assert_null(rig_device(lun));
    ObDereferenceObject(device);
}

struct reader {
    PDEVICE_OBJECT device;
    ULONG lun, seed, wrong, rounds, ended, refused, cancelled;
};

static DWORD WINAPI read_and_compare(LPVOID parameter)
{
    struct reader *me = parameter;
    uint8_t *data = malloc(8 * 2048);
    ULONG x = me->seed * 2654435761u + 1;

    for (ULONG i = 0; i < me->rounds; i++) {
        struct rig_request r;
        ULONG lba, blocks;
        x = x * 1664525 + 1013904223;
        lba = (x >> 8) % 1000;
        blocks = 1 + (x >> 24) % 8;
        rig_scsi(&r, me->device, READ_AT(lba, blocks), RIG_IN, data, blocks * 2048);
        if (r.srb.SrbStatus != SRB_STATUS_SUCCESS) {
            me->refused++;
            continue;
        }
        me->ended++;
        for (ULONG b = 0; b < blocks * 2048; b += 97)
            me->wrong += data[b] != rig_byte(lba + b / 2048, b % 2048);
    }
    free(data);
    return 0;
}

static void run(LPTHREAD_START_ROUTINE routine, struct reader *readers, int count)
{
    HANDLE threads[16];

    for (int i = 0; i < count; i++)
        threads[i] = CreateThread(NULL, 0, routine, &readers[i], 0, NULL);
    assert_int_equal(WaitForMultipleObjects((DWORD)count, threads, TRUE, 20000), WAIT_OBJECT_0);
    for (int i = 0; i < count; i++)
        assert_true(CloseHandle(threads[i]));
}

static void eight_threads_read(void **state)
{
    ULONG lun = rig_add(rig_image("one", 1008));
    PDEVICE_OBJECT device = rig_device(lun);
    struct reader readers[8];
    VHBA_COUNTERS counters;

    (void)state;
    rig_settle(device);
    for (ULONG i = 0; i < 8; i++)
        readers[i] = (struct reader){.device = device, .lun = lun, .seed = i, .rounds = 400};
    run(read_and_compare, readers, 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(readers[i].ended, 400);
        assert_int_equal(readers[i].wrong, 0);
    }
    rig_query(lun, &counters);
    assert_int_equal(counters.ReadCount, 3200);
    ObDereferenceObject(device);
}

/* Whatever the order, each request ends once, and well or cancelled. */
static DWORD WINAPI pend_and_cancel(LPVOID parameter)
{
    struct reader *me = parameter;
    uint8_t *data = malloc(2048);

    for (ULONG i = 0; i < me->rounds; i++) {
        struct rig_request r;
        if ((me->seed + i) % 5 == 0 && rig_hold(me->lun, 0, 50) != 0)
            rig_release(me->lun);
        rig_begin(&r, me->device, SRB_FUNCTION_EXECUTE_SCSI, READ_AT(i % 100, 1), RIG_IN, data,
                  2048);
        if ((me->seed + i) % 3 == 0)
            rig_release(me->lun);
        if (!rig_wait(&r, 0))
            IoCancelIrp(r.irp);
        rig_end(&r);
        if (r.srb.SrbStatus == SRB_STATUS_SUCCESS) {
            me->ended++;
            me->wrong += data[100] != rig_byte(i % 100, 100);
        } else if (r.srb.SrbStatus == SRB_STATUS_ABORTED && r.status == STATUS_CANCELLED) {
            me->cancelled++;
        } else {
            me->refused++;
        }
    }
    free(data);
    return 0;
}

static void holds_releases_and_cancels(void **state)
{
    ULONG lun = rig_add(rig_image("one", 200));
    PDEVICE_OBJECT device = rig_device(lun);
    struct reader readers[6];
    ULONG ended = 0;

    (void)state;
    rig_settle(device);
    for (ULONG i = 0; i < 6; i++)
        readers[i] = (struct reader){.device = device, .lun = lun, .seed = i, .rounds = 200};
    run(pend_and_cancel, readers, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(readers[i].wrong, 0);
        assert_int_equal(readers[i].refused, 0);
        assert_int_equal(readers[i].ended + readers[i].cancelled, 200);
        ended += readers[i].ended;
    }
    assert_int_not_equal(ended, 0);
    rig_release(lun);
    rig_wait_held(lun, 0);
    ObDereferenceObject(device);
}

static DWORD WINAPI change_media(LPVOID parameter)
{
    struct reader *me = parameter;
    char path[300];

    strcpy(path, rig_image("two", 1008));
    for (ULONG i = 0; i < me->rounds; i++) {
        rig_eject(me->lun, true);
        rig_insert(me->lun, path, true);
    }
    return 0;
}

static DWORD WINAPI read_or_change(LPVOID parameter)
{
    struct reader *me = parameter;

    return me->seed == 0 ? change_media(me) : read_and_compare(me);
}

/* A medium that is taken out goes when the last read of it has ended; both images hold the same. */
static void media_change_under_readers(void **state)
{
    ULONG lun = rig_add(rig_image("one", 1008));
    PDEVICE_OBJECT device = rig_device(lun);
    struct reader readers[4];

    (void)state;
    rig_settle(device);
    for (ULONG i = 0; i < 4; i++)
        readers[i] =
            (struct reader){.device = device, .lun = lun, .seed = i, .rounds = i == 0 ? 100 : 300};
    run(read_or_change, readers, 4);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(readers[i].wrong, 0);
        assert_int_equal(readers[i].ended + readers[i].refused, 300);
    }
    ObDereferenceObject(device);
}

static DWORD WINAPI remove_it(LPVOID parameter)
{
    struct reader *me = parameter;

    Sleep(3);
    me->refused = rig_remove(me->lun);
    return 0;
}

static DWORD WINAPI read_or_remove(LPVOID parameter)
{
    struct reader *me = parameter;

    return me->seed == 0 ? remove_it(me) : read_and_compare(me);
}

static void removal_under_readers(void **state)
{
    const char *path = rig_image("one", 1008);

    (void)state;
    for (int round = 0; round < 5; round++) {
        ULONG lun = rig_add(path);
        PDEVICE_OBJECT device = rig_device(lun);
        struct reader readers[4];
        rig_settle(device);
        if (round % 2 == 1)
            assert_int_equal(rig_hold(lun, 500, 500), 0);
        for (ULONG i = 0; i < 4; i++)
            readers[i] = (struct reader){.device = device, .lun = lun, .seed = i, .rounds = 500};
        run(read_or_remove, readers, 4);
        assert_int_equal(readers[0].refused, 0);
        for (int i = 1; i < 4; i++) {
            assert_int_equal(readers[i].wrong, 0);
            assert_int_equal(readers[i].ended + readers[i].refused, 500);
        }
        ObDereferenceObject(device);
        ntio_pnp_settle();
        assert_null(rig_device(lun));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_hold_and_its_release, rig_clean),
        cmocka_unit_test_teardown(ends_of_held_requests, rig_clean),
        cmocka_unit_test_teardown(eight_threads_read, rig_clean),
        cmocka_unit_test_teardown(holds_releases_and_cancels, rig_clean),
        cmocka_unit_test_teardown(media_change_under_readers, rig_clean),
        cmocka_unit_test_teardown(removal_under_readers, rig_clean),
    };
    return cmocka_run_group_tests_name("vhba queue", tests, rig_setup, rig_teardown);
}
