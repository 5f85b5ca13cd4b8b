/* SPDX-License-Identifier: MIT */
#include "drive.h"

const GUID cdrom_guid = {
    0x53f56308, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}};
fake_lun lun;
HANDLE drive;

NTSTATUS NTAPI cdrom_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);

void drive_boot(unsigned delay)
{
    rig_boot();
    rig_add_service(L"cdrom", cdrom_entry);
    if (delay != 0)
        assert_ok(ntio_registry_set_uint32(
            "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\cdrom\\Parameters",
            "RetryDelay", delay));
    assert_ok(PnpAddMatch(L"GenCdRom", L"cdrom", NULL));
    fake_start();
    fake_init(&lun, L"1");
}

void drive_plug(void)
{
    fake_plug(&lun);
    assert_int_equal(rig_state(fake_path(&lun)), PnpStarted);
    drive = rig_open(&cdrom_guid);
    fake_clear(&lun);
    lun.reads = 0;
}

int drive_setup(void **state)
{
    (void)state;
    drive_boot(2);
    drive_plug();
    return 0;
}

int drive_teardown(void **state)
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

NTSTATUS read_blocks(uint32_t lba, uint32_t count, void *buffer)
{
    NTSTATUS status;
    rig_io io;

    rig_read(&io, drive, (uint64_t)lba * 2048, buffer, count * 2048);
    status = rig_io_end(&io);
    assert_int_equal(io.iosb.Information, NT_SUCCESS(status) ? count * 2048 : 0);
    return status;
}

NTSTATUS control(ULONG code, void *in, ULONG in_size, void *out, ULONG out_size,
                 ULONG_PTR *information)
{
    return rig_call(drive, code, in, in_size, out, out_size, information);
}
