/* SPDX-License-Identifier: MIT */
/* The device: its names, how it starts or does not, how it goes. */
#include "drive.h"

static uint8_t buffer[96 * 2048];
static fake_lun second;

static ULONG number_of(const WCHAR *name)
{
    STORAGE_DEVICE_NUMBER number;
    HANDLE handle;

    if (!NT_SUCCESS(rig_open_name(name, &handle)))
        return (ULONG)-1;
    assert_ok(
        rig_call(handle, IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, &number, sizeof(number), NULL));
    rig_close(handle);
    return number.DeviceNumber;
}

static void the_smallest_free_number(void **state)
{
    (void)state;
    drive_boot(2);
    fake_plug(&lun);
    fake_init(&second, L"2");
    fake_plug(&second);
    assert_int_equal(number_of(L"\\Device\\CdRom0"), 0);
    assert_int_equal(number_of(L"\\??\\CdRom0"), 0);
    assert_int_equal(number_of(L"\\Device\\CdRom1"), 1);
    assert_int_equal(number_of(L"\\??\\CdRom1"), 1);
    assert_int_equal(number_of(L"\\??\\CdRom2"), (ULONG)-1);
    assert_int_equal(rig_interfaces(&cdrom_guid), 2);
    fake_unplug(&lun);
    assert_int_equal(number_of(L"\\Device\\CdRom0"), (ULONG)-1);
    assert_int_equal(number_of(L"\\??\\CdRom0"), (ULONG)-1);
    assert_int_equal(number_of(L"\\??\\CdRom1"), 1);
    fake_forget(&lun);
    fake_init(&lun, L"3");
    fake_plug(&lun);
    assert_int_equal(number_of(L"\\??\\CdRom0"), 0);
    assert_int_equal(rig_interfaces(&cdrom_guid), 2);
    fake_unplug(&second);
    fake_forget(&second);
}

static void assert_not_started(void)
{
    HANDLE handle;

    assert_int_equal(rig_problem(fake_path(&lun)), CM_PROB_FAILED_START);
    assert_int_equal(rig_interfaces(&cdrom_guid), 0);
    assert_status(rig_open_name(L"\\??\\CdRom0", &handle), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(rig_open_name(L"\\Device\\CdRom0", &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void somebody_else_has_claimed_it(void **state)
{
    (void)state;
    drive_boot(2);
    lun.claimed = true;
    fake_plug(&lun);
    assert_not_started();
    /* What is not ours is not given back. */
    assert_true(lun.claimed);
    assert_int_equal(lun.releases, 0);
    assert_int_equal(fake_count_of(&lun, SCSIOP_INQUIRY), 0);
}

static NTSTATUS a_disk(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_INQUIRY) {
        memset(fake_data(irp), 0, srb->DataTransferLength);
        return fake_good(irp);
    }
    return fake_drive(l, irp, srb);
}

static NTSTATUS says_nothing(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_INQUIRY)
        return fake_complete_srb(irp, STATUS_BUFFER_OVERFLOW, SRB_STATUS_DATA_OVERRUN, 0, 4);
    return fake_drive(l, irp, srb);
}

static void what_is_no_cd_drive_is_left_alone(void **state)
{
    static fake_srb *const kinds[] = {a_disk, says_nothing};

    (void)state;
    drive_boot(2);
    for (size_t i = 0; i < RTL_NUMBER_OF(kinds); i++) {
        fake_init(&lun, L"1");
        lun.on_srb = kinds[i];
        fake_plug(&lun);
        assert_not_started();
        assert_int_equal(lun.claims, 1);
        assert_int_equal(lun.releases, 1);
        fake_unplug(&lun);
        fake_forget(&lun);
    }
}

static void an_empty_drive_is_a_drive(void **state)
{
    (void)state;
    drive_boot(2);
    lun.disc.present = false;
    drive_plug();
    assert_status(read_blocks(0, 1, buffer), STATUS_NO_MEDIA_IN_DEVICE);
    lun.disc.present = true;
    assert_ok(read_blocks(0, 1, buffer));
}

static void claimed_while_it_is_there(void **state)
{
    (void)state;
    assert_true(lun.claimed);
    assert_status(PnpRemoveDevice(fake_path(&lun), FALSE), STATUS_SHARING_VIOLATION);
    rig_close(drive);
    drive = NULL;
    assert_ok(PnpRestartDevice(lun.path));
    assert_int_equal(lun.claims, 2);
    assert_int_equal(lun.releases, 1);
    drive = rig_open(&cdrom_guid);
    assert_ok(read_blocks(0, 1, buffer));
    rig_close(drive);
    drive = NULL;
    assert_ok(PnpRemoveDevice(lun.path, FALSE));
    assert_false(lun.claimed);
}

static NTSTATUS hold_reads(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_READ)
        return fake_hold(l, irp);
    return fake_drive(l, irp, srb);
}

static void pulled_out_while_it_is_open(void **state)
{
    WCHAR path[128];
    HANDLE other;
    rig_io io;

    (void)state;
    NtCrt_wcscpy(path, fake_path(&lun));
    lun.on_srb = hold_reads;
    assert_status(rig_read(&io, drive, 0, buffer, sizeof(buffer)), STATUS_PENDING);
    fake_unplug(&lun);
    assert_status(rig_open_name(L"\\??\\CdRom0", &other), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(rig_interfaces(&cdrom_guid), 0);
    assert_int_equal(lun.removes, 0);
    while (lun.held_count != 0)
        fake_complete_srb(fake_take(&lun), STATUS_NO_SUCH_DEVICE, SRB_STATUS_NO_DEVICE, 0, 0);
    assert_status(rig_io_end(&io), STATUS_DEVICE_DOES_NOT_EXIST);
    rig_close(drive);
    drive = NULL;
    rig_until(rig_state(path) == PnpRemoved);
    PnpSettle();
    assert_int_equal(lun.removes, 1);
}

/* The last handle goes while a read is still on its way: REMOVE waits for it. */
static void closed_with_a_read_in_flight(void **state)
{
    rig_io io;

    (void)state;
    lun.on_srb = hold_reads;
    assert_status(rig_read(&io, drive, 0, buffer, sizeof(buffer)), STATUS_PENDING);
    rig_close(drive);
    drive = NULL;
    rig_sleep(1);
    while (lun.held_count != 0)
        fake_finish(&lun, fake_take(&lun));
    assert_ok(rig_io_end(&io));
    assert_true(fake_holds(buffer, 1, 0, 96));
    fake_unplug(&lun);
    assert_int_equal(lun.removes, 1);
}

static void stopped_and_started(void **state)
{
    (void)state;
    assert_ok(fake_pnp(&lun, IRP_MN_QUERY_STOP_DEVICE));
    assert_ok(fake_pnp(&lun, IRP_MN_STOP_DEVICE));
    lun.maximum_transfer = 8192;
    assert_ok(fake_pnp(&lun, IRP_MN_START_DEVICE));
    assert_int_equal(lun.claims, 1);
    fake_clear(&lun);
    assert_ok(read_blocks(0, 8, buffer));
    assert_int_equal(fake_count(&lun), 2);
}

static void memory_is_flat(void **state)
{
    ntio_counts before, after;
    unsigned rounds = RIG_SLOWER == 1 ? 300 : 60;

    (void)state;
    drive_boot(1);
    for (unsigned i = 0; i < rounds; i++) {
        if (i == 20) {
            ntio_get_counts(&before);
        }
        fake_init(&lun, L"1");
        drive_plug();
        assert_ok(read_blocks(0, 96, buffer));
        lun.disc.not_ready = 1;
        assert_ok(read_blocks(0, 1, buffer));
        rig_close(drive);
        drive = NULL;
        fake_unplug(&lun);
        fake_forget(&lun);
    }
    ntio_get_counts(&after);
    assert_in_range(after.pool_blocks, before.pool_blocks - 8, before.pool_blocks + 8);
    assert_in_range(after.irps, 0, before.irps + 4);
    assert_int_equal(after.mdls, before.mdls);
    assert_in_range(after.objects, 0, before.objects + 4);
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, drive_setup, drive_teardown)
#define TEST_BARE(name) cmocka_unit_test_teardown(name, drive_teardown)

static void power_and_the_rest_pass_through(void **state)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(lun.pdo);

    (void)state;
    rig_check_power(top, STATUS_NOT_SUPPORTED);
    assert_status(fake_pnp(&lun, IRP_MN_QUERY_BUS_INFORMATION), STATUS_NOT_SUPPORTED);
    ObDereferenceObject(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BARE(the_smallest_free_number),
        TEST_BARE(somebody_else_has_claimed_it),
        TEST_BARE(what_is_no_cd_drive_is_left_alone),
        TEST_BARE(an_empty_drive_is_a_drive),
        TEST(claimed_while_it_is_there),
        TEST(pulled_out_while_it_is_open),
        TEST(closed_with_a_read_in_flight),
        TEST(stopped_and_started),
        TEST(power_and_the_rest_pass_through),
        TEST_BARE(memory_is_flat),
    };

    return cmocka_run_group_tests_name("cdrom-device", tests, NULL, NULL);
}
