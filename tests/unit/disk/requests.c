/* SPDX-License-Identifier: MIT */
/* requests.c - what disk sends to the port, and what it makes of the answers. */
#include "rig.h"
#include <ntdddisk.h>

static const GUID disk_guid = {
    0x53f56307, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}};
NTSTATUS NTAPI disk_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);

#define BLOCKS 0x180000000ull /* 3 TiB */

static fake_lun lun;
static HANDLE drive;
static uint8_t buffer[512 * 1024];

/* The device: takes everything; what a test wants to go wrong does. */
static struct {
    bool knows_fua, knows_synchronize, protected;
    UCHAR fail_operation; /* this one, `times` times: sense, or */
    unsigned times;
    UCHAR key, asc, ascq;
    NTSTATUS status; /* a failure of the port's: with srb_status */
    UCHAR srb_status, scsi_status;
    _Atomic unsigned functions[256];
} model;

static NTSTATUS reply(PIRP irp, const void *data, ULONG length)
{
    PSCSI_REQUEST_BLOCK srb = fake_srb_of(irp);
    ULONG given = length < srb->DataTransferLength ? length : srb->DataTransferLength;

    if (given != 0)
        memcpy(fake_data(irp), data, given);
    return given < srb->DataTransferLength
               ? fake_complete_srb(irp, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN, 0, given)
               : fake_good(irp);
}

static NTSTATUS answer(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    uint8_t data[64] = {0};

    model.functions[srb->Function]++;
    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI) {
        if (srb->Function == SRB_FUNCTION_CLAIM_DEVICE ||
            srb->Function == SRB_FUNCTION_RELEASE_DEVICE)
            return fake_drive(l, irp, srb);
        return fake_complete_srb(irp, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 0, 0);
    }
    if (srb->Cdb[0] == model.fail_operation && model.times != 0) {
        model.times--;
        if (model.srb_status != 0)
            return fake_complete_srb(irp, model.status, model.srb_status, model.scsi_status, 0);
        return fake_sense(irp, model.key, model.asc, model.ascq);
    }
    switch (srb->Cdb[0]) {
    case SCSIOP_INQUIRY:
        return reply(irp, data, 36); /* a disk, fixed */
    case SCSIOP_READ_CAPACITY:
        memset(data, 0xFF, 4);
        data[6] = 2;
        return reply(irp, data, 8);
    case SCSIOP_READ_CAPACITY16:
        data[3] = 1;
        data[4] = 0x7F;
        data[5] = data[6] = data[7] = 0xFF;
        data[10] = 2;
        return reply(irp, data, 32);
    case SCSIOP_MODE_SENSE:
        data[0] = 3;
        data[2] = (UCHAR)((model.knows_fua ? 0x10 : 0) | (model.protected ? 0x80 : 0));
        return reply(irp, data, 4);
    case SCSIOP_SYNCHRONIZE_CACHE:
        return model.knows_synchronize ? fake_good(irp)
                                       : fake_sense(irp, SCSI_SENSE_ILLEGAL_REQUEST, 0x20, 0);
    default:
        return fake_good(irp);
    }
}

static void plug(void)
{
    fake_plug(&lun);
    assert_int_equal(rig_state(fake_path(&lun)), PnpStarted);
    drive = rig_open(&disk_guid);
    fake_clear(&lun);
}

static int setup(void **state)
{
    (void)state;
    memset(&model, 0, sizeof(model));
    model.knows_fua = model.knows_synchronize = true;
    rig_boot();
    rig_add_service(L"disk", disk_entry);
    assert_ok(ntio_registry_set_uint32(
        "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\disk\\Parameters", "RetryDelay",
        2));
    assert_ok(PnpAddMatch(L"GenCdRom", L"disk", NULL)); /* whatever the adapter calls it */
    fake_start();
    fake_init(&lun, L"1");
    lun.on_srb = answer;
    return 0;
}

static int setup_plugged(void **state)
{
    setup(state);
    plug();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (drive != NULL)
        rig_close(drive);
    drive = NULL;
    if (lun.pdo != NULL)
        fake_forget(&lun);
    rig_shutdown();
    return 0;
}

static NTSTATUS transfer(HANDLE handle, bool write, uint64_t offset, ULONG length)
{
    LARGE_INTEGER at = {.QuadPart = (LONGLONG)offset};
    IO_STATUS_BLOCK iosb;
    HANDLE event;
    NTSTATUS status;

    assert_ok(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    status = write ? NtWriteFile(handle, event, NULL, NULL, &iosb, buffer, length, &at, NULL)
                   : NtReadFile(handle, event, NULL, NULL, &iosb, buffer, length, &at, NULL);
    if (status == STATUS_PENDING) {
        NtWaitForSingleObject(event, FALSE, NULL);
        status = iosb.Status;
    }
    NtClose(event);
    if (NT_SUCCESS(status))
        assert_int_equal(iosb.Information, length);
    return status;
}

/* ---- pieces ---- */

static void pieces(void **state)
{
    (void)state;
    for (int write = 0; write < 2; write++) {
        for (ULONG blocks = 1; blocks < 1000; blocks = blocks * 3 + 1) {
            uint64_t lba = 17;

            fake_clear(&lun);
            assert_ok(transfer(drive, write, lba * 512, blocks * 512));
            assert_int_equal(fake_count(&lun), (blocks + 127) / 128);
            for (unsigned i = 0; i < fake_count(&lun); i++) {
                fake_record r = fake_recorded(&lun, i);
                assert_int_equal(r.cdb[0], write ? SCSIOP_WRITE : SCSIOP_READ);
                assert_int_equal(r.cdb[1], 0);
                assert_int_equal(
                    (uint32_t)r.cdb[2] << 24 | r.cdb[3] << 16 | r.cdb[4] << 8 | r.cdb[5], lba);
                assert_int_equal((r.cdb[7] << 8 | r.cdb[8]) * 512u, r.length);
                assert_int_equal(r.flags & (SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT),
                                 write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN);
                lba += r.length / 512;
            }
            assert_int_equal(lba, 17 + blocks);
        }
    }
}

/* (10) up to the last block that 32 bits can name, (16) beyond. */
static void long_addresses(void **state)
{
    fake_record r;

    (void)state;
    assert_ok(transfer(drive, true, 0xFFFFFFFFull * 512, 512));
    r = fake_recorded(&lun, 0);
    assert_int_equal(r.cdb[0], SCSIOP_WRITE);
    fake_clear(&lun);
    assert_ok(transfer(drive, true, 0xFFFFFFFFull * 512, 1024));
    r = fake_recorded(&lun, 0);
    assert_int_equal(r.cdb[0], SCSIOP_WRITE16);
    assert_int_equal(r.cdb[5], 0);
    assert_int_equal(r.cdb[6], 0xFF);
    assert_int_equal(r.cdb[13], 2);
    fake_clear(&lun);
    assert_ok(transfer(drive, false, 0x123456789ull * 512, 512));
    r = fake_recorded(&lun, 0);
    assert_int_equal(r.cdb[0], SCSIOP_READ16);
    assert_memory_equal(r.cdb + 2, ((uint8_t[]){0, 0, 0, 1, 0x23, 0x45, 0x67, 0x89, 0, 0, 0, 1}),
                        12);
    assert_status(transfer(drive, true, BLOCKS * 512, 512), STATUS_INVALID_PARAMETER);
    assert_ok(transfer(drive, true, (BLOCKS - 1) * 512, 512));
}

/* ---- to the medium ---- */

static HANDLE open_through(void)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    RtlInitUnicodeString(&name, L"\\??\\PhysicalDrive0");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_ok(NtCreateFile(&handle, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &iosb,
                           NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN,
                           FILE_WRITE_THROUGH | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0));
    return handle;
}

static void write_through(void **state)
{
    HANDLE handle = open_through();

    (void)state;
    assert_ok(transfer(handle, true, 0, 131072));
    assert_int_equal(fake_count(&lun), 2);
    assert_int_equal(fake_recorded(&lun, 0).cdb[1], 0x08);
    assert_int_equal(fake_recorded(&lun, 1).cdb[1], 0x08);
    fake_clear(&lun);
    assert_ok(transfer(handle, false, 0, 512)); /* a read is a read */
    assert_int_equal(fake_recorded(&lun, 0).cdb[1], 0);
    rig_close(handle);
}

/* One that knows no FUA writes its cache behind the last piece; not behind one that failed. */
static void write_through_without_fua(void **state)
{
    HANDLE handle;

    (void)state;
    model.knows_fua = false;
    plug();
    handle = open_through();
    assert_ok(transfer(handle, true, 0, 131072));
    assert_int_equal(fake_count(&lun), 3);
    assert_int_equal(fake_recorded(&lun, 0).cdb[1], 0);
    assert_int_equal(fake_recorded(&lun, 2).cdb[0], SCSIOP_SYNCHRONIZE_CACHE);
    assert_ok(transfer(drive, true, 0, 131072));
    assert_int_equal(fake_count(&lun), 5);
    model.fail_operation = SCSIOP_SYNCHRONIZE_CACHE;
    model.times = 1;
    model.key = SCSI_SENSE_MEDIUM_ERROR;
    assert_status(transfer(handle, true, 0, 512), STATUS_DEVICE_DATA_ERROR);
    model.fail_operation = SCSIOP_WRITE;
    model.times = 1;
    fake_clear(&lun);
    assert_status(transfer(handle, true, 0, 512), STATUS_DEVICE_DATA_ERROR);
    assert_int_equal(fake_count(&lun), 1);
    rig_close(handle);
}

static NTSTATUS flush(void)
{
    IO_STATUS_BLOCK iosb;

    return NtFlushBuffersFile(drive, &iosb);
}

static void flushing(void **state)
{
    (void)state;
    assert_ok(flush());
    assert_int_equal(fake_count_of(&lun, SCSIOP_SYNCHRONIZE_CACHE), 1);
    assert_int_equal(model.functions[SRB_FUNCTION_FLUSH], 0);
    model.fail_operation = SCSIOP_SYNCHRONIZE_CACHE;
    model.times = 1;
    model.key = SCSI_SENSE_MEDIUM_ERROR;
    model.asc = 0x0C;
    assert_status(flush(), STATUS_DEVICE_DATA_ERROR);
    model.knows_synchronize = false; /* then the adapter is asked */
    assert_ok(flush());
    assert_int_equal(model.functions[SRB_FUNCTION_FLUSH], 1);
}

static void shutting_down(void **state)
{
    (void)state;
    rig_close(drive);
    drive = NULL;
    fake_forget(&lun);
    rig_shutdown();
    assert_int_equal(fake_count_of(&lun, SCSIOP_SYNCHRONIZE_CACHE), 1);
    assert_int_equal(model.functions[SRB_FUNCTION_SHUTDOWN], 1);
    setup(state); /* for the teardown */
    plug();
}

/* ---- what an answer means ---- */

static void meanings(void **state)
{
    static const struct {
        UCHAR key, asc, ascq;
        NTSTATUS status;
        unsigned sent;
    } rows[] = {
        {SCSI_SENSE_DATA_PROTECT, 0x27, 0x00, STATUS_MEDIA_WRITE_PROTECTED, 1},
        {SCSI_SENSE_DATA_PROTECT, 0x27, 0x07, STATUS_DISK_FULL, 1},
        {SCSI_SENSE_MEDIUM_ERROR, 0x0C, 0x00, STATUS_DEVICE_DATA_ERROR, 1},
        {SCSI_SENSE_ILLEGAL_REQUEST, 0x21, 0x00, STATUS_NONEXISTENT_SECTOR, 1},
        {SCSI_SENSE_ILLEGAL_REQUEST, 0x20, 0x00, STATUS_INVALID_DEVICE_REQUEST, 1},
        {SCSI_SENSE_NOT_READY, 0x04, 0x02, STATUS_DEVICE_NOT_READY, 1},
        {SCSI_SENSE_NOT_READY, 0x04, 0x01, STATUS_SUCCESS, 2},
        {SCSI_SENSE_UNIT_ATTENTION, 0x29, 0x00, STATUS_SUCCESS, 2},
        {SCSI_SENSE_UNIT_ATTENTION, 0x28, 0x00, STATUS_VERIFY_REQUIRED, 1},
        {SCSI_SENSE_RECOVERED_ERROR, 0x18, 0x00, STATUS_IO_DEVICE_ERROR, 9}, /* it took nothing */
        {SCSI_SENSE_ABORTED_COMMAND, 0x4B, 0x00, STATUS_SUCCESS, 2},
        {SCSI_SENSE_HARDWARE_ERROR, 0x44, 0x00, STATUS_IO_DEVICE_ERROR, 1},
    };

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(rows); i++) {
        NTSTATUS status;

        model.fail_operation = SCSIOP_WRITE;
        model.times = rows[i].key == SCSI_SENSE_RECOVERED_ERROR ? 100 : 1;
        model.key = rows[i].key;
        model.asc = rows[i].asc;
        model.ascq = rows[i].ascq;
        fake_clear(&lun);
        status = transfer(drive, true, 0, 512);
        if (status != rows[i].status || fake_count_of(&lun, SCSIOP_WRITE) != rows[i].sent)
            fail_msg("row %zu: %08x after %u", i, (unsigned)status,
                     fake_count_of(&lun, SCSIOP_WRITE));
    }
}

static void a_busy_device(void **state)
{
    (void)state;
    model.fail_operation = SCSIOP_WRITE;
    model.times = 3;
    model.status = STATUS_IO_DEVICE_ERROR;
    model.srb_status = SRB_STATUS_ERROR;
    model.scsi_status = SCSISTAT_BUSY;
    assert_ok(transfer(drive, true, 0, 512));
    assert_int_equal(fake_count_of(&lun, SCSIOP_WRITE), 4);
    model.times = 1;
    model.srb_status = SRB_STATUS_NO_DEVICE;
    assert_status(transfer(drive, true, 0, 512), STATUS_DEVICE_DOES_NOT_EXIST);
}

static NTSTATUS hold_writes(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_WRITE)
        return fake_hold(l, irp);
    return answer(l, irp, srb);
}

static void cancelled(void **state)
{
    LARGE_INTEGER at = {.QuadPart = 0};
    rig_io io = {.handle = drive};

    (void)state;
    lun.on_srb = hold_writes;
    assert_ok(NtCreateEvent(&io.event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_status(NtWriteFile(drive, io.event, NULL, NULL, &io.iosb, buffer, 262144, &at, NULL),
                  STATUS_PENDING);
    rig_until(lun.held_count == 4);
    rig_io_cancel(&io);
    assert_status(rig_io_end(&io), STATUS_CANCELLED);
    assert_int_equal(lun.held_count, 0);
    assert_int_equal(lun.cancelled, 4);
    lun.on_srb = answer;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces, setup_plugged, teardown),
        cmocka_unit_test_setup_teardown(long_addresses, setup_plugged, teardown),
        cmocka_unit_test_setup_teardown(write_through, setup_plugged, teardown),
        cmocka_unit_test_setup_teardown(write_through_without_fua, setup, teardown),
        cmocka_unit_test_setup_teardown(flushing, setup_plugged, teardown),
        cmocka_unit_test_setup_teardown(shutting_down, setup_plugged, teardown),
        cmocka_unit_test_setup_teardown(meanings, setup_plugged, teardown),
        cmocka_unit_test_setup_teardown(a_busy_device, setup_plugged, teardown),
        cmocka_unit_test_setup_teardown(cancelled, setup_plugged, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
