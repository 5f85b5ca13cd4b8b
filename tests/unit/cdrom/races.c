/* SPDX-License-Identifier: MIT */
/* Reads that are cancelled at any moment: while pieces are sent, in flight, waiting for a timer,
 * tried again, read again. */
#include "drive.h"

#define ROUNDS (3000 / RIG_SLOWER)

static atomic_bool stop;
static atomic_uint trouble; /* one in so many commands fails; 0: none */

static bool troubled(void)
{
    static atomic_uint turn;
    unsigned every = trouble;

    return every != 0 && atomic_fetch_add(&turn, 1) % every == 0;
}

/* Some at once, some later, some not at the first try. */
static NTSTATUS moody(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    static atomic_uint turn;

    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI)
        return fake_drive(l, irp, srb);
    if (troubled()) {
        switch (atomic_fetch_add(&turn, 1) % 4) {
        case 0:
            return fake_sense(irp, SCSI_SENSE_UNIT_ATTENTION, 0x29, 0);
        case 1:
            return fake_sense(irp, SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, 1);
        case 2:
            return fake_sense(irp, SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_MEDIUM_CHANGED, 0);
        default:
            return fake_complete_srb(irp, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN, 0,
                                     srb->DataTransferLength / 2);
        }
    }
    if (srb->Cdb[0] == SCSIOP_READ && (atomic_fetch_add(&turn, 1) & 1))
        return fake_hold(l, irp);
    return fake_drive(l, irp, srb);
}

static void finish_held(void *context)
{
    unsigned seed = 3;

    (void)context;
    while (!stop) {
        PIRP irp = fake_take(&lun);

        if (irp == NULL) {
            sched_yield();
            continue;
        }
        rig_spin(&seed, 200);
        if (troubled())
            fake_sense(irp, SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, 1);
        else
            fake_finish(&lun, irp);
    }
}

typedef struct reader {
    rig_thread thread;
    unsigned seed, rounds, good, cancelled;
    bool never_cancels, gone;
} reader;

static void read_and_cancel(void *context)
{
    uint8_t *buffer = malloc(130 * 2048);
    reader *r = context;

    assert_non_null(buffer);
    for (unsigned round = 0; r->rounds == 0 || round < r->rounds; round++) {
        uint32_t lba = (r->seed >> 4) % 800, count = (r->seed >> 9) % 130 + 1;
        NTSTATUS status;
        rig_io io;

        rig_read(&io, drive, lba * 2048ull, buffer, count * 2048);
        rig_spin(&r->seed, 2000);
        if (!r->never_cancels && (r->seed >> 13) % 2 == 0)
            rig_io_cancel(&io);
        status = rig_io_end(&io);
        if (status == STATUS_SUCCESS) {
            assert_int_equal(io.iosb.Information, count * 2048);
            assert_true(fake_holds(buffer, 1, lba, count));
            r->good++;
        } else if (status == STATUS_CANCELLED) {
            assert_false(r->never_cancels);
            r->cancelled++;
        } else {
            r->gone = status == STATUS_DEVICE_DOES_NOT_EXIST;
            if (r->rounds == 0 && r->gone)
                break;
            /* Too much trouble for one command. */
            assert_true(status == STATUS_IO_DEVICE_ERROR || status == STATUS_DEVICE_NOT_READY);
            assert_true(trouble != 0);
        }
    }
    free(buffer);
}

static void run(unsigned rounds, unsigned every)
{
    reader readers[3] = {{.seed = 1, .rounds = rounds},
                         {.seed = 2, .rounds = rounds},
                         {.seed = 3, .rounds = rounds, .never_cancels = true}};
    rig_thread finisher;

    lun.on_srb = moody;
    trouble = every;
    stop = false;
    rig_start(&finisher, finish_held, NULL);
    for (int i = 0; i < 3; i++)
        rig_start(&readers[i].thread, read_and_cancel, &readers[i]);
    for (int i = 0; i < 3; i++)
        rig_join(&readers[i].thread);
    stop = true;
    rig_join(&finisher);
    assert_int_equal(lun.held_count, 0);
    assert_true(readers[2].good > 0);
    if (every == 0)
        assert_int_equal(readers[2].good, rounds);
}

static void cancel_against_completion(void **state)
{
    (void)state;
    run(ROUNDS, 0);
}

static void cancel_against_retries_and_timers(void **state)
{
    (void)state;
    run(ROUNDS / 6, 9);
}

static void pulled_out_while_it_is_read(void **state)
{
    unsigned seed = 7;

    (void)state;
    for (unsigned round = 0; round < 60 / RIG_SLOWER + 2; round++) {
        reader readers[2] = {{.seed = round}, {.seed = round + 1}};
        rig_thread finisher;

        lun.on_srb = moody;
        trouble = 0;
        stop = false;
        rig_start(&finisher, finish_held, NULL);
        for (int i = 0; i < 2; i++)
            rig_start(&readers[i].thread, read_and_cancel, &readers[i]);
        rig_spin(&seed, 200000);
        fake_unplug_later(&lun);
        rig_until(lun.surprises != 0);
        lun.gone = true;
        for (int i = 0; i < 2; i++)
            rig_join(&readers[i].thread);
        stop = true;
        rig_join(&finisher);
        rig_close(drive);
        drive = NULL;
        PnpSettle();
        rig_until(lun.removes == 1);
        PnpSettle();
        fake_forget(&lun);
        fake_init(&lun, L"1");
        drive_plug();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, drive_setup, drive_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cancel_against_completion),
        TEST(cancel_against_retries_and_timers),
        TEST(pulled_out_while_it_is_read),
    };

    return cmocka_run_group_tests_name("cdrom-races", tests, NULL, NULL);
}
