/* SPDX-License-Identifier: MIT */
/*
 * disk_filter: the filter below the disk driver and above it, for a device and for a class; what it
 * refuses, with which sense data, and that it is there from one restart to another.
 */
#define _GNU_SOURCE
#include "../lab.h"
#include <winioctl.h>
#include <ntddscsi.h>
#include <initguid.h>
#include <setupapi.h>

#include <fcntl.h>
#include <unistd.h>

#include "drivers/vhba/vhba_public.h"
#include "samples/disk_filter/disk_filter_public.h"

DEFINE_GUID(disk_interface, 0x53f56307, 0xb6bf, 0x11d0, 0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb,
            0x8b);
DEFINE_GUID(disk_class, 0x4d36e967, 0xe325, 0x11ce, 0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18);

#define CONTROL "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\"
#define CLASS   "{4d36e967-e325-11ce-bfc1-08002be10318}"
#define SIZE    (1 << 20)

enum { MJ_WRITE = 0x04, MJ_SCSI = 0x0f };

static char image[64];
static uint8_t block[1024], back[1024];

/* The device of the only interface of that class, in a set of its own; its name. */
static HDEVINFO find(const GUID *class, SP_DEVINFO_DATA *device, WCHAR name[512])
{
    SP_DEVICE_INTERFACE_DATA interface = {.cbSize = sizeof(interface)};
    union {
        SP_DEVICE_INTERFACE_DETAIL_DATA_W detail;
        BYTE room[2048];
    } buffer = {.detail = {.cbSize = sizeof(buffer.detail)}};
    HDEVINFO set = SetupDiGetClassDevsW(class, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);

    device->cbSize = sizeof(*device);
    assert_ptr_not_equal(set, INVALID_HANDLE_VALUE);
    assert_true(SetupDiEnumDeviceInterfaces(set, NULL, class, 0, &interface));
    assert_true(SetupDiGetDeviceInterfaceDetailW(set, &interface, &buffer.detail, sizeof(buffer),
                                                 NULL, device));
    for (unsigned i = 0; i == 0 || name[i - 1] != 0; i++)
        name[i] = *(buffer.detail.DevicePath + i);
    return set;
}

static HANDLE open_disk(void)
{
    SP_DEVINFO_DATA device;
    WCHAR name[512];

    ntio_pnp_settle();
    SetupDiDestroyDeviceInfoList(find(&disk_interface, &device, name));
    return lab_open(name, 0);
}

static void add_disk(void)
{
    SP_DEVINFO_DATA device;
    WCHAR name[512];
    VHBA_LUN_NUMBER number;
    VHBA_ADD_LUN *lun = calloc(1, VHBA_ADD_LUN_HEADER + sizeof(image));
    HANDLE adapter;
    DWORD n;
    int file;

    strcpy(image, "/tmp/disk_filter-XXXXXX");
    file = mkstemp(image);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, SIZE), 0);
    close(file);
    lab_match("ROOT\\scsinet_vhba", "vhba");
    lab_match("GenDisk", "disk");
    assert_int_equal(ntio_registry_set_string(CONTROL "Class\\" CLASS, "Class", "DiskDrive"), 0);
    assert_int_equal(
        ntio_registry_set_string(CONTROL "CriticalDeviceDatabase\\GenDisk", "ClassGUID", CLASS), 0);
    lab_device("VHBA", "ROOT\\scsinet_vhba");
    SetupDiDestroyDeviceInfoList(find(&GUID_DEVINTERFACE_VHBA, &device, name));
    adapter = lab_open(name, 0);
    lun->Size = (ULONG)(VHBA_ADD_LUN_HEADER + strlen(image));
    lun->Type = VHBA_TYPE_DISK;
    lun->PathLength = (ULONG)strlen(image);
    memcpy(lun->Path, image, strlen(image));
    assert_true(DeviceIoControl(adapter, IOCTL_VHBA_ADD_LUN, lun, lun->Size, &number,
                                sizeof(number), &n, NULL));
    free(lun);
    CloseHandle(adapter);
    unlink(image); /* the adapter has it open */
}

/* Sets (on) or takes away the value; restarts the device unless it is to stay as it is. */
static void set_filter(bool class, bool lower, bool on, bool restart)
{
    static const WCHAR filter[] = {'d', 'i', 's', 'k', '_', 'f', 'i', 'l', 't', 'e', 'r', 0, 0};
    const BYTE *value = on ? (const BYTE *)filter : NULL;
    DWORD size = on ? sizeof(filter) : 0;
    SP_DEVINFO_DATA device;
    WCHAR name[512];
    HDEVINFO set = find(&disk_interface, &device, name);

    if (class)
        assert_true(SetupDiSetClassRegistryPropertyW(
            &disk_class, lower ? SPCRP_LOWERFILTERS : SPCRP_UPPERFILTERS, value, size, NULL, NULL));
    else
        assert_true(SetupDiSetDeviceRegistryPropertyW(
            set, &device, lower ? SPDRP_LOWERFILTERS : SPDRP_UPPERFILTERS, value, size));
    if (restart)
        assert_true(SetupDiRestartDevices(set, &device));
    SetupDiDestroyDeviceInfoList(set);
}

static DWORD write_block(HANDLE disk, uint8_t fill)
{
    OVERLAPPED at = {.Offset = 4096};
    DWORD n;

    memset(block, fill, sizeof(block));
    return WriteFile(disk, block, sizeof(block), &n, &at) ? 0 : GetLastError();
}

static uint8_t read_block(HANDLE disk)
{
    OVERLAPPED at = {.Offset = 4096};
    DWORD n;

    assert_true(ReadFile(disk, back, sizeof(back), &n, &at));
    for (unsigned i = 1; i < sizeof(back); i++)
        assert_int_equal(back[i], back[0]);
    return back[0];
}

static DWORD writable(HANDLE disk)
{
    DWORD n;

    return DeviceIoControl(disk, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, &n, NULL)
               ? 0
               : GetLastError();
}

static bool report(HANDLE disk, DISK_FILTER_REPORT *out)
{
    DWORD n;

    if (DeviceIoControl(disk, IOCTL_DISK_FILTER_REPORT, NULL, 0, out, sizeof(*out), &n, NULL))
        return true;
    assert_int_equal(GetLastError(), ERROR_INVALID_FUNCTION);
    return false;
}

static void without_it(uint8_t fill)
{
    DISK_FILTER_REPORT counts;
    HANDLE disk = open_disk();

    assert_int_equal(write_block(disk, fill), 0);
    assert_int_equal(read_block(disk), fill);
    assert_int_equal(writable(disk), 0);
    assert_false(report(disk, &counts));
    CloseHandle(disk);
}

static void read_only_from_restart_to_restart(void **state)
{
    (void)state;
    add_disk();
    ntio_pnp_settle();
    without_it(0x11);
    for (int class = 0; class < 2; class ++) {
        DISK_FILTER_REPORT counts;
        HANDLE disk;

        set_filter(class, true, true, false);
        without_it(0x22); /* the stack stands as it was built */
        set_filter(class, true, true, true);
        disk = open_disk();
        assert_int_equal(write_block(disk, 0x33), ERROR_WRITE_PROTECT);
        assert_int_equal(ERROR_WRITE_PROTECT, 19);
        assert_int_equal(writable(disk), ERROR_WRITE_PROTECT);
        assert_int_equal(read_block(disk), 0x22);
        assert_true(report(disk, &counts));
        assert_int_equal(counts.Refused, 1);
        assert_int_equal(counts.Edited, 2); /* the disk driver asked at its start, too */
        assert_int_equal(counts.Reads + counts.Writes, 0);
        CloseHandle(disk);
        set_filter(class, true, false, false);
        disk = open_disk();
        assert_int_equal(write_block(disk, 0x44), ERROR_WRITE_PROTECT);
        CloseHandle(disk);
        set_filter(class, true, false, true);
        without_it(0x55);
    }
}

/* disk sends, the filter ends it; the adapter sees none of it. MODE SENSE: the adapter, then the
 * filter's routine, then disk's. */
static void in_the_right_place(void **state)
{
    HANDLE disk;
    int at;

    (void)state;
    add_disk();
    ntio_pnp_settle();
    set_filter(false, true, true, true);
    disk = open_disk();
    lab_trace_begin();
    assert_int_equal(write_block(disk, 1), ERROR_WRITE_PROTECT);
    lab_trace_end();
    at = lab_expect(0, NTIO_IRP_CALL, "disk", MJ_WRITE, -1);
    at = lab_expect(at, NTIO_IRP_CALL, "disk_filter", MJ_SCSI, -1);
    at = lab_expect(at, NTIO_IRP_COMPLETE, NULL, MJ_SCSI, -1);
    lab_expect(at, NTIO_IRP_COMPLETE, NULL, MJ_WRITE, -1);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "vhba", -1, -1), 0);

    lab_trace_begin();
    assert_int_equal(writable(disk), ERROR_WRITE_PROTECT);
    lab_trace_end();
    at = lab_expect(0, NTIO_IRP_CALL, "disk_filter", MJ_SCSI, -1);
    at = lab_expect(at, NTIO_IRP_CALL, "vhba", MJ_SCSI, -1);
    at = lab_expect(at, NTIO_IRP_COMPLETE, NULL, MJ_SCSI, -1);
    assert_int_equal(lab_count(NTIO_IRP_COMPLETION_ROUTINE, NULL, MJ_SCSI, -1), 2);
    CloseHandle(disk);
}

static void the_sense_of_a_protected_disk(void **state)
{
    struct {
        SCSI_PASS_THROUGH header;
        UCHAR sense[32], data[512];
    } in;
    HANDLE disk;
    DWORD n;

    (void)state;
    add_disk();
    ntio_pnp_settle();
    set_filter(false, true, true, true);
    disk = open_disk();
    for (int room = 0; room < 2; room++) {
        memset(&in, 0, sizeof(in));
        in.header.Length = sizeof(in.header);
        in.header.CdbLength = 10;
        in.header.SenseInfoLength = room == 0 ? 32 : 8;
        in.header.DataIn = SCSI_IOCTL_DATA_OUT;
        in.header.DataTransferLength = 512;
        in.header.TimeOutValue = 10;
        in.header.DataBufferOffset = offsetof(__typeof__(in), data);
        in.header.SenseInfoOffset = offsetof(__typeof__(in), sense);
        in.header.Cdb[0] = 0x2A;
        in.header.Cdb[8] = 1;
        assert_true(DeviceIoControl(disk, IOCTL_SCSI_PASS_THROUGH, &in, sizeof(in), &in, sizeof(in),
                                    &n, NULL));
        assert_int_equal(in.header.ScsiStatus, 2);
        assert_int_equal(in.header.SenseInfoLength, room == 0 ? 18 : 8);
        assert_int_equal(in.sense[0], 0x70);
        assert_int_equal(in.sense[2], 7);
        assert_int_equal(in.sense[12], room == 0 ? 0x27 : 0);
        assert_int_equal(in.sense[13], 0);
    }
    in.header.SenseInfoOffset = 0xFFFFFFF0; /* a place that is not the program's */
    assert_false(
        DeviceIoControl(disk, IOCTL_SCSI_PASS_THROUGH, &in, sizeof(in), &in, sizeof(in), &n, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    CloseHandle(disk);
}

static void above_the_disk_driver(void **state)
{
    (void)state;
    add_disk();
    ntio_pnp_settle();
    for (int class = 0; class < 2; class ++) {
        DISK_FILTER_REPORT counts;
        HANDLE disk;

        set_filter(class, false, true, true);
        disk = open_disk();
        assert_int_equal(write_block(disk, 0x66), 0);
        assert_int_equal(read_block(disk), 0x66);
        assert_int_equal(writable(disk), 0);
        assert_true(report(disk, &counts));
        assert_int_equal(counts.Reads, 1);
        assert_int_equal(counts.Writes, 1);
        assert_int_equal(counts.Commands, 0);
        CloseHandle(disk);
        set_filter(class, false, false, true);
        without_it(0x77);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(read_only_from_restart_to_restart),
        LAB_TEST(in_the_right_place),
        LAB_TEST(the_sense_of_a_protected_disk),
        LAB_TEST(above_the_disk_driver),
    };
    lab_take_arguments(argc, argv);
    return cmocka_run_group_tests_name("disk_filter", tests, NULL, NULL);
}
