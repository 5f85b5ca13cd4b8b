/* SPDX-License-Identifier: MIT */
/* ReadFile: cut into what the adapter takes, tried again, cancelled; and what is refused. */
#include "drive.h"

static uint8_t buffer[512 * 2048];

static int setup(void **state)
{
    memset(buffer, 0, sizeof(buffer));
    return drive_setup(state);
}

/* ---- pieces ---- */

static void any_size_in_as_few_pieces_as_can_be(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 140; count += count < 70 ? 1 : 7) {
        unsigned pieces = (count + 31) / 32;
        uint32_t lba = count % 11, seen = 0;

        fake_clear(&lun);
        assert_ok(read_blocks(lba, count, buffer));
        assert_true(fake_holds(buffer, 1, lba, count));
        assert_int_equal(fake_count(&lun), pieces);
        for (unsigned i = 0; i < pieces; i++) {
            fake_record r = fake_recorded(&lun, i);

            assert_int_equal(r.cdb[0], SCSIOP_READ);
            assert_int_equal(r.cdb[4] << 8 | r.cdb[5], lba + seen);
            assert_int_equal(r.cdb[7] << 8 | r.cdb[8], r.length / 2048);
            assert_true(r.length <= 65536);
            seen += r.length / 2048;
        }
        assert_int_equal(seen, count);
    }
}

static void the_adapters_limit(void **state)
{
    static const struct {
        ULONG transfer, pages;
        unsigned pieces; /* for 64 blocks, 128 KiB */
    } rows[] = {{131072, 33, 1}, {131072, 17, 2},
                {131072, 0, 1},  {65536, 17, 2},
                {5000, 257, 32}, {4096, 257, 32},
                {2047, 257, 64}, {1, 2, 64},
                {0, 0, 64},      {0xFFFFFFFF, 0xFFFFFFFF, 1}};

    (void)state;
    drive_boot(2);
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        fake_init(&lun, L"1");
        lun.maximum_transfer = rows[i].transfer;
        lun.maximum_pages = rows[i].pages;
        drive_plug();
        memset(buffer, 0, sizeof(buffer));
        assert_ok(read_blocks(3, 64, buffer));
        assert_true(fake_holds(buffer, 1, 3, 64));
        if (lun.reads != rows[i].pieces)
            fail_msg("%u bytes, %u pages: %u pieces", rows[i].transfer, rows[i].pages, lun.reads);
        rig_close(drive);
        drive = NULL;
        fake_unplug(&lun);
        fake_forget(&lun);
    }
    /* An adapter that says nothing: 64 KiB. */
    fake_init(&lun, L"1");
    lun.no_properties = true;
    drive_plug();
    assert_ok(read_blocks(0, 64, buffer));
    assert_int_equal(lun.reads, 2);
}

static void a_buffer_anywhere(void **state)
{
    (void)state;
    for (unsigned offset = 1; offset < 4096; offset += 511) {
        memset(buffer, 0, sizeof(buffer));
        assert_ok(read_blocks(9, 70, buffer + offset));
        assert_true(fake_holds(buffer + offset, 1, 9, 70));
        assert_int_equal(buffer[offset - 1], 0);
        assert_int_equal(buffer[offset + 70 * 2048], 0);
    }
}

static NTSTATUS read_bytes(uint64_t offset, ULONG length)
{
    NTSTATUS status;
    rig_io io;

    rig_read(&io, drive, offset, buffer, length);
    status = rig_io_end(&io);
    assert_int_equal(io.iosb.Information, 0);
    return status;
}

static void whole_blocks_of_the_medium_or_nothing(void **state)
{
    (void)state;
    assert_status(read_bytes(1, 2048), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(2047, 2048), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(0, 1), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(0, 2047), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(0, 2049), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(1000 * 2048, 2048), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(999 * 2048, 4096), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(0xFFFFFFFFull * 2048, 2048), STATUS_INVALID_PARAMETER);
    assert_status(read_bytes(0x7FFFFFFFFFFFF800ull, 2048), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_count(&lun), 0);
    assert_ok(read_blocks(999, 1, buffer)); /* the last */
    assert_true(fake_holds(buffer, 1, 999, 1));
    fake_clear(&lun);
    /* Nothing is nothing wrong. */
    assert_status(read_bytes(0, 0), STATUS_SUCCESS);
    assert_status(read_bytes(2048ull * 5000, 0), STATUS_SUCCESS);
    assert_status(read_bytes(1, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_count(&lun), 0);
}

static void nothing_can_be_written(void **state)
{
    LARGE_INTEGER at = {.QuadPart = 0};
    IO_STATUS_BLOCK iosb;
    NTSTATUS status;

    (void)state;
    status = NtWriteFile(drive, NULL, NULL, NULL, &iosb, buffer, 2048, &at, NULL);
    assert_status(status, STATUS_MEDIA_WRITE_PROTECTED);
    assert_int_equal(fake_count(&lun), 0);
}

/* ---- what a command's end means ---- */

static struct {
    UCHAR srb_status, scsi_status;
    NTSTATUS irp_status;
    UCHAR key, asc, ascq;
    bool sense, descriptor;
    unsigned times; /* this many reads end so, the rest well; 0: all */
} script;

static NTSTATUS scripted(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    UCHAR status = script.srb_status;

    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI || srb->Cdb[0] != SCSIOP_READ)
        return fake_drive(l, irp, srb);
    if (script.times != 0 && fake_count_of(l, SCSIOP_READ) > script.times)
        return fake_drive(l, irp, srb);
    if (script.sense) {
        uint8_t *sense = srb->SenseInfoBuffer;

        memset(sense, 0, 18);
        if (script.descriptor) {
            sense[0] = 0x72;
            sense[1] = script.key;
            sense[2] = script.asc;
            sense[3] = script.ascq;
            srb->SenseInfoBufferLength = 8;
        } else {
            sense[0] = 0xF0;
            sense[2] = script.key;
            sense[12] = script.asc;
            sense[13] = script.ascq;
            srb->SenseInfoBufferLength = 18;
        }
        status |= SRB_STATUS_AUTOSENSE_VALID;
    }
    return fake_complete_srb(irp, script.irp_status, status, script.scsi_status,
                             status == SRB_STATUS_SUCCESS ? srb->DataTransferLength : 0);
}

static void each_end_has_its_status(void **state)
{
    static const struct {
        UCHAR srb, scsi;
        NTSTATUS irp;
        bool sense;
        UCHAR key, asc, ascq;
        NTSTATUS expected;
        unsigned attempts;
    } rows[] = {
        {SRB_STATUS_SUCCESS, 0, STATUS_SUCCESS, false, 0, 0, 0, STATUS_SUCCESS, 1},
        /* Nobody looked at the SRB. */
        {SRB_STATUS_SUCCESS, 0, STATUS_INSUFFICIENT_RESOURCES, false, 0, 0, 0,
         STATUS_INSUFFICIENT_RESOURCES, 1},
        {SRB_STATUS_PENDING, 0, STATUS_DEVICE_NOT_READY, false, 0, 0, 0, STATUS_DEVICE_NOT_READY,
         1},
        {SRB_STATUS_PENDING, 0, STATUS_SUCCESS, false, 0, 0, 0, STATUS_IO_DEVICE_ERROR, 1},
        {SRB_STATUS_ABORTED, 0, STATUS_CANCELLED, false, 0, 0, 0, STATUS_CANCELLED, 1},
        {SRB_STATUS_NO_DEVICE, 0, STATUS_DEVICE_DOES_NOT_EXIST, false, 0, 0, 0,
         STATUS_DEVICE_DOES_NOT_EXIST, 1},
        {SRB_STATUS_NO_DEVICE, 0, STATUS_NO_SUCH_DEVICE, false, 0, 0, 0,
         STATUS_DEVICE_DOES_NOT_EXIST, 1},
        {SRB_STATUS_SELECTION_TIMEOUT, 0, STATUS_DEVICE_NOT_CONNECTED, false, 0, 0, 0,
         STATUS_DEVICE_NOT_CONNECTED, 1},
        {SRB_STATUS_INVALID_REQUEST, 0, STATUS_INVALID_PARAMETER, false, 0, 0, 0,
         STATUS_INVALID_DEVICE_REQUEST, 1},
        {SRB_STATUS_ABORTED, 0, STATUS_IO_TIMEOUT, false, 0, 0, 0, STATUS_IO_TIMEOUT, 9},
        {SRB_STATUS_TIMEOUT, 0, STATUS_IO_TIMEOUT, false, 0, 0, 0, STATUS_IO_TIMEOUT, 9},
        {SRB_STATUS_BUS_RESET, 0, STATUS_IO_DEVICE_ERROR, false, 0, 0, 0, STATUS_IO_DEVICE_ERROR,
         9},
        {SRB_STATUS_BUSY, 0, STATUS_DEVICE_BUSY, false, 0, 0, 0, STATUS_DEVICE_BUSY, 9},
        {SRB_STATUS_ERROR, SCSISTAT_BUSY, STATUS_DEVICE_BUSY, false, 0, 0, 0, STATUS_DEVICE_BUSY,
         9},
        {SRB_STATUS_ERROR, SCSISTAT_QUEUE_FULL, STATUS_DEVICE_BUSY, false, 0, 0, 0,
         STATUS_DEVICE_BUSY, 9},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, false, 0, 0, 0, STATUS_IO_DEVICE_ERROR, 9},
        {SRB_STATUS_DATA_OVERRUN, 0, STATUS_BUFFER_OVERFLOW, false, 0, 0, 0, STATUS_IO_DEVICE_ERROR,
         9}, /* nothing came */
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 0, 0, 0, STATUS_IO_DEVICE_ERROR, 9},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 2, 0x3A, 0, STATUS_NO_MEDIA_IN_DEVICE,
         1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 2, 0x04, 1, STATUS_DEVICE_NOT_READY, 9},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 2, 0x04, 7, STATUS_DEVICE_NOT_READY, 9},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 2, 0x04, 8, STATUS_DEVICE_NOT_READY, 9},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 2, 0x04, 3, STATUS_DEVICE_NOT_READY, 1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 2, 0x30, 0, STATUS_DEVICE_NOT_READY, 1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 3, 0x11, 0, STATUS_DEVICE_DATA_ERROR,
         1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 4, 0x44, 0, STATUS_IO_DEVICE_ERROR, 1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 5, 0x21, 0, STATUS_NONEXISTENT_SECTOR,
         1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 5, 0x25, 0, STATUS_NO_SUCH_DEVICE, 1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 5, 0x24, 0,
         STATUS_INVALID_DEVICE_REQUEST, 1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 6, 0x29, 0, STATUS_IO_DEVICE_ERROR, 9},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 7, 0x27, 0,
         STATUS_MEDIA_WRITE_PROTECTED, 1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 8, 0, 0, STATUS_NO_DATA_DETECTED, 1},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 11, 0, 0, STATUS_IO_DEVICE_ERROR, 9},
        {SRB_STATUS_ERROR, 2, STATUS_IO_DEVICE_ERROR, true, 14, 0, 0, STATUS_IO_DEVICE_ERROR, 1},
        {SRB_STATUS_ERROR | SRB_STATUS_QUEUE_FROZEN, 2, STATUS_IO_DEVICE_ERROR, true, 3, 0, 0,
         STATUS_DEVICE_DATA_ERROR, 1},
    };

    (void)state;
    lun.on_srb = scripted;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        for (int descriptor = 0; descriptor < (rows[i].sense ? 2 : 1); descriptor++) {
            NTSTATUS status;

            memset(&script, 0, sizeof(script));
            script.srb_status = rows[i].srb;
            script.scsi_status = rows[i].scsi;
            script.irp_status = rows[i].irp;
            script.sense = rows[i].sense;
            script.key = rows[i].key;
            script.asc = rows[i].asc;
            script.ascq = rows[i].ascq;
            script.descriptor = descriptor != 0;
            fake_clear(&lun);
            status = read_blocks(0, 1, buffer);
            if (status != rows[i].expected || fake_count_of(&lun, SCSIOP_READ) != rows[i].attempts)
                fail_msg("row %zu: 0x%08x after %u attempts", i, (unsigned)status,
                         fake_count_of(&lun, SCSIOP_READ));
        }
    }
}

static void what_passes_is_tried_until_it_has_passed(void **state)
{
    static const struct {
        UCHAR key, asc, ascq;
    } rows[] = {{6, 0x29, 0}, {6, 0x28, 0}, {2, 4, 1}, {11, 0, 0}, {0, 0, 0}};

    (void)state;
    lun.on_srb = scripted;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        for (unsigned times = 1; times <= 9; times++) {
            NTSTATUS status;

            script.srb_status = SRB_STATUS_ERROR;
            script.scsi_status = 2;
            script.irp_status = STATUS_IO_DEVICE_ERROR;
            script.sense = true;
            script.descriptor = false;
            script.key = rows[i].key;
            script.asc = rows[i].asc;
            script.ascq = rows[i].ascq;
            script.times = times;
            fake_clear(&lun);
            status = read_blocks(5, 1, buffer);
            assert_int_equal(NT_SUCCESS(status), times <= 8);
            assert_int_equal(fake_count_of(&lun, SCSIOP_READ), times <= 8 ? times + 1 : 9);
            if (NT_SUCCESS(status))
                assert_true(fake_holds(buffer, 1, 5, 1));
        }
    }
}

static unsigned shorts;

static NTSTATUS half_of_it(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI || srb->Cdb[0] != SCSIOP_READ || shorts == 0)
        return fake_drive(l, irp, srb);
    shorts--;
    return fake_complete_srb(irp, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN, 0,
                             srb->DataTransferLength / 2);
}

static void half_a_piece_is_no_piece(void **state)
{
    (void)state;
    lun.on_srb = half_of_it;
    shorts = 3;
    assert_ok(read_blocks(1, 40, buffer));
    assert_true(fake_holds(buffer, 1, 1, 40));
    shorts = 1000;
    assert_status(read_blocks(1, 40, buffer), STATUS_IO_DEVICE_ERROR);
    assert_int_equal(1000 - shorts, 18);
}

static NTSTATUS bad_block(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    uint32_t lba = (uint32_t)srb->Cdb[4] << 8 | srb->Cdb[5];

    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_READ && lba <= 50 &&
        lba + srb->DataTransferLength / 2048 > 50)
        return fake_sense(irp, SCSI_SENSE_MEDIUM_ERROR, 0x11, 0);
    return fake_drive(l, irp, srb);
}

static void one_bad_piece_spoils_the_read(void **state)
{
    (void)state;
    lun.on_srb = bad_block;
    assert_status(read_blocks(0, 96, buffer), STATUS_DEVICE_DATA_ERROR);
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 3);
    assert_ok(read_blocks(51, 96, buffer));
}

/* ---- media ---- */

static void no_medium(void **state)
{
    (void)state;
    lun.disc.present = false;
    assert_status(read_blocks(0, 1, buffer), STATUS_NO_MEDIA_IN_DEVICE);
    /* The size is not known any more: it is asked for, and that fails. */
    fake_clear(&lun);
    assert_status(read_blocks(0, 1, buffer), STATUS_NO_MEDIA_IN_DEVICE);
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ_CAPACITY), 1);
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 0);
    lun.disc.present = true;
    lun.disc.medium = 2;
    assert_ok(read_blocks(0, 1, buffer));
    assert_true(fake_holds(buffer, 2, 0, 1));
}

static void another_medium_has_another_size(void **state)
{
    (void)state;
    lun.disc.blocks = 2000;
    lun.disc.medium = 2;
    lun.disc.attentions = 1;
    lun.disc.attention_asc = SCSI_ADSENSE_MEDIUM_CHANGED;
    /* Nobody has looked yet: what was known goes. */
    assert_status(read_blocks(1500, 1, buffer), STATUS_INVALID_PARAMETER);
    assert_ok(read_blocks(10, 1, buffer));
    assert_true(fake_holds(buffer, 2, 10, 1));
    assert_ok(read_blocks(1500, 1, buffer));
    assert_true(fake_holds(buffer, 2, 1500, 1));
    /* A smaller one. */
    lun.disc.blocks = 100;
    lun.disc.medium = 3;
    lun.disc.attentions = 1;
    assert_status(read_blocks(1500, 1, buffer), STATUS_NONEXISTENT_SECTOR);
    assert_status(read_blocks(1500, 1, buffer), STATUS_INVALID_PARAMETER);
    assert_ok(read_blocks(99, 1, buffer));
    assert_true(fake_holds(buffer, 3, 99, 1));
}

static NTSTATUS hold_reads(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_READ)
        return fake_hold(l, irp);
    return fake_drive(l, irp, srb);
}

static void a_read_is_of_one_medium(void **state)
{
    rig_io io;
    PIRP irp;

    (void)state;
    lun.on_srb = hold_reads;
    assert_status(rig_read(&io, drive, 0, buffer, 96 * 2048), STATUS_PENDING);
    assert_int_equal(lun.held_count, 3);
    /* The first piece is of the old medium; then it is changed. */
    fake_finish(&lun, fake_take(&lun));
    lun.disc.medium = 2;
    lun.disc.attentions = 1;
    lun.disc.attention_asc = SCSI_ADSENSE_MEDIUM_CHANGED;
    lun.on_srb = fake_drive;
    while ((irp = fake_take(&lun)) != NULL)
        fake_finish(&lun, irp);
    assert_ok(rig_io_end(&io));
    assert_int_equal(io.iosb.Information, 96 * 2048);
    assert_true(fake_holds(buffer, 2, 0, 96));
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 3 + 1 + 3);
}

/* ---- cancel ---- */

static void cancelled_in_flight(void **state)
{
    rig_io io;

    (void)state;
    lun.on_srb = hold_reads;
    assert_status(rig_read(&io, drive, 0, buffer, 96 * 2048), STATUS_PENDING);
    fake_finish(&lun, fake_take(&lun)); /* one has come */
    assert_false(rig_io_done(&io));
    rig_io_cancel(&io);
    assert_status(rig_io_end(&io), STATUS_CANCELLED);
    assert_int_equal(io.iosb.Information, 0);
    assert_int_equal(lun.cancelled, 2);
    assert_int_equal(lun.held_count, 0);
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 3); /* not tried again */
}

static PIRP kept;

/* An adapter that can't be stopped. */
static NTSTATUS keep_read(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI || srb->Cdb[0] != SCSIOP_READ)
        return fake_drive(l, irp, srb);
    IoMarkIrpPending(irp);
    kept = irp;
    return STATUS_PENDING;
}

static void what_was_cancelled_is_not_tried_again(void **state)
{
    (void)state;
    lun.on_srb = keep_read;
    for (int i = 0; i < 3; i++) {
        rig_io io;

        fake_clear(&lun);
        assert_status(rig_read(&io, drive, 0, buffer, 2048), STATUS_PENDING);
        rig_io_cancel(&io);
        assert_false(rig_io_done(&io)); /* the adapter has it */
        if (i == 0)
            fake_sense(kept, SCSI_SENSE_UNIT_ATTENTION, 0x29, 0);
        else if (i == 1)
            fake_sense(kept, SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, 1);
        else
            fake_finish(&lun, kept); /* it comes after all */
        assert_status(rig_io_end(&io), i < 2 ? STATUS_CANCELLED : STATUS_SUCCESS);
        assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 1);
    }
}

/* The flag is set before the driver sees the IRP. */
static void cancelled_before_it_is_sent(void **state)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(lun.pdo);
    LARGE_INTEGER at = {.QuadPart = 0};
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    KEVENT event;
    PIRP irp;

    (void)state;
    for (int i = 0; i < 2; i++) {
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        irp = i == 0 ? IoBuildSynchronousFsdRequest(IRP_MJ_READ, top, buffer, 96 * 2048, &at,
                                                    &event, &iosb)
                     : IoBuildDeviceIoControlRequest(IOCTL_DISK_GET_LENGTH_INFO, top, NULL, 0,
                                                     buffer, 8, FALSE, &event, &iosb);
        assert_non_null(irp);
        IoCancelIrp(irp);
        assert_status(IoCallDriver(top, irp), STATUS_PENDING);
        assert_ok(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL));
        assert_status(iosb.Status, STATUS_CANCELLED);
        assert_int_equal(fake_count(&lun), 0);
    }
    ObDereferenceObject(top);
}

static void cancelled_while_it_waits_for_the_drive(void **state)
{
    rig_io io;

    (void)state;
    drive_boot(60000);
    drive_plug();
    lun.disc.not_ready = 1000;
    assert_status(rig_read(&io, drive, 0, buffer, 96 * 2048), STATUS_PENDING);
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 3);
    assert_false(rig_io_done(&io));
    rig_io_cancel(&io);
    assert_status(rig_io_end(&io), STATUS_CANCELLED);
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 3);
}

static void the_drives_own_delay(void **state)
{
    struct timespec before, after;
    long long ms;

    (void)state;
    drive_boot(0);
    drive_plug();
    lun.disc.not_ready = 1;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_ok(read_blocks(0, 1, buffer));
    clock_gettime(CLOCK_MONOTONIC, &after);
    ms = (after.tv_sec - before.tv_sec) * 1000LL + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_in_range(ms, 990, 4000);
}

static void delays_that_make_no_sense(void **state)
{
    rig_io io;

    (void)state;
    drive_boot(60001);
    drive_plug();
    lun.disc.not_ready = 1;
    assert_status(rig_read(&io, drive, 0, buffer, 2048), STATUS_PENDING);
    rig_sleep(20);
    assert_false(rig_io_done(&io));
    rig_io_cancel(&io);
    assert_status(rig_io_end(&io), STATUS_CANCELLED);
}

static void gone_in_flight(void **state)
{
    rig_io io;

    (void)state;
    lun.on_srb = hold_reads;
    assert_status(rig_read(&io, drive, 0, buffer, 96 * 2048), STATUS_PENDING);
    fake_unplug(&lun);
    while (lun.held_count != 0)
        fake_complete_srb(fake_take(&lun), STATUS_NO_SUCH_DEVICE, SRB_STATUS_NO_DEVICE, 0, 0);
    assert_status(rig_io_end(&io), STATUS_DEVICE_DOES_NOT_EXIST);
    assert_int_equal(fake_count_of(&lun, SCSIOP_READ), 3);
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, setup, drive_teardown)
#define TEST_BARE(name) cmocka_unit_test_teardown(name, drive_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_size_in_as_few_pieces_as_can_be),
        TEST_BARE(the_adapters_limit),
        TEST(a_buffer_anywhere),
        TEST(whole_blocks_of_the_medium_or_nothing),
        TEST(nothing_can_be_written),
        TEST(each_end_has_its_status),
        TEST(what_passes_is_tried_until_it_has_passed),
        TEST(half_a_piece_is_no_piece),
        TEST(one_bad_piece_spoils_the_read),
        TEST(no_medium),
        TEST(another_medium_has_another_size),
        TEST(a_read_is_of_one_medium),
        TEST(cancelled_in_flight),
        TEST(what_was_cancelled_is_not_tried_again),
        TEST(cancelled_before_it_is_sent),
        TEST_BARE(cancelled_while_it_waits_for_the_drive),
        TEST_BARE(the_drives_own_delay),
        TEST_BARE(delays_that_make_no_sense),
        TEST(gone_in_flight),
    };

    return cmocka_run_group_tests_name("cdrom-reads", tests, NULL, NULL);
}
