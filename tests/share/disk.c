/* SPDX-License-Identifier: MIT */
/* A disk shared: the client's disk driver reads and writes the owner's image, command by command.
 */
#include "share.h"

#include <initguid.h>
#include <ntddscsi.h>
#include <setupapi.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/vhba/vhba_public.h"

DEFINE_GUID(disk_interface, 0x53f56307, 0xb6bf, 0x11d0, 0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb,
            0x8b);
#define DISK_INTERFACE "{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"
#define SIZE           (24u << 20)
#define PIECE          262144u

static struct lab lab;
static char path[160];
static HANDLE drive = INVALID_HANDLE_VALUE;

static uint8_t byte_of(unsigned seed, size_t at)
{
    return (uint8_t)((at * 37 + seed * 113) >> 3 ^ at >> 12);
}

static void fill(uint8_t *to, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        to[i] = byte_of(seed, i);
}

static void on_image(uint64_t offset, const uint8_t *want, size_t size)
{
    uint8_t *got = malloc(size);
    int file = open(path, O_RDONLY);

    assert_int_equal(pread(file, got, size, (off_t)offset), size);
    close(file);
    assert_memory_equal(got, want, size);
    free(got);
}

static DWORD transfer(HANDLE handle, bool write, uint64_t offset, void *buffer, DWORD size)
{
    OVERLAPPED overlapped = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    DWORD bytes = 0;
    DWORD result = ERROR_SUCCESS;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!(write ? WriteFile(handle, buffer, size, NULL, &overlapped)
                : ReadFile(handle, buffer, size, NULL, &overlapped)) &&
        GetLastError() != ERROR_IO_PENDING)
        result = GetLastError();
    else if (!GetOverlappedResult(handle, &overlapped, &bytes, TRUE))
        result = GetLastError();
    CloseHandle(overlapped.hEvent);
    if (result == ERROR_SUCCESS)
        assert_int_equal(bytes, size);
    return result;
}

static VHBA_COUNTERS *counters(void)
{
    static VHBA_COUNTERS result;
    VHBA_LUN_NUMBER in = {sizeof(in), 0};
    char **paths = NULL;
    HANDLE adapter;

    assert_true(ntio_get_interfaces(VHBA_INTERFACE_GUID, NULL, &paths) >= 0);
    adapter = open_interface(paths[0]);
    ntio_free_list(paths);
    assert_int_equal(
        control_and_wait(adapter, IOCTL_VHBA_QUERY, &in, sizeof(in), &result, sizeof(result), NULL),
        0);
    CloseHandle(adapter);
    return &result;
}

/* The one disk that this host has at the moment is the client's: the owner's is scsiserver's. */
static bool open_drive(struct lab *l, void *context)
{
    char **paths = NULL;

    (void)context;
    if (ntio_get_interfaces(DISK_INTERFACE, NULL, &paths) >= 0 && paths && paths[0] && !paths[1])
        drive = open_interface(paths[0]);
    ntio_free_list(paths);
    (void)l;
    return drive != INVALID_HANDLE_VALUE;
}

/* filtered: the owner's device has the sample's filter below whatever drives it. */
static void set_owner_filter(void);

static void share_disk_filtered(const char *kind, uint64_t size, bool filtered)
{
    char words[200];
    char error[400] = "";
    int file;

    lab_start(&lab, 0, 0);
    snprintf(path, sizeof(path), "%s/a.img", lab.folder);
    file = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, (off_t)size), 0);
    close(file);
    snprintf(words, sizeof(words), "%s%s", kind, path);
    if (host_add_image(words, lab.instance[0], sizeof(lab.instance[0]), error, sizeof(error)) != 0)
        fail_msg("%s", error);
    assert_int_equal(ntio_create_service("disk_filter", getenv("NTIO_DISK_FILTER")), 0);
    if (filtered)
        set_owner_filter();
    lab_offer(&lab, 0);
    lab_connect(&lab);
    lab_wait_state(&lab, SHARE_ACTIVE, 1);
    if (!lab_wait(&lab, open_drive, NULL))
        fail_msg("the client has no disk");
}

static void share_disk(const char *kind, uint64_t size)
{
    share_disk_filtered(kind, size, false);
}

static void end(void)
{
    CloseHandle(drive);
    drive = INVALID_HANDLE_VALUE;
    unlink(path);
    lab_end(&lab);
}

static void read_and_written(void **state)
{
    static uint8_t data[1 << 20], back[1 << 20];
    GET_LENGTH_INFORMATION length;

    (void)state;
    share_disk("disk:", SIZE);
    assert_int_equal(
        control_and_wait(drive, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length, sizeof(length), NULL),
        0);
    assert_int_equal(length.Length.QuadPart, SIZE);
    for (DWORD size = 512; size <= sizeof(data); size *= 4) { /* the last: several pieces */
        uint64_t offset = size * 3 + 512;
        fill(data, size, size);
        assert_int_equal(transfer(drive, true, offset, data, size), ERROR_SUCCESS);
        on_image(offset, data, size);
        memset(back, 0, size);
        assert_int_equal(transfer(drive, false, offset, back, size), ERROR_SUCCESS);
        assert_memory_equal(back, data, size);
    }
    /* The last block, and what is not there. */
    assert_int_equal(transfer(drive, true, SIZE - 512, data, 512), ERROR_SUCCESS);
    on_image(SIZE - 512, data, 512);
    fill(data, 1024, 99);
    assert_int_equal(transfer(drive, true, SIZE - 512, data, 1024), ERROR_INVALID_PARAMETER);
    assert_int_equal(transfer(drive, true, SIZE, data, 512), ERROR_INVALID_PARAMETER);
    end();
}

static void flush_reaches_the_owner(void **state)
{
    static uint8_t data[4096];
    uint64_t before;
    HANDLE through;
    STORAGE_DEVICE_NUMBER number;
    char name[40];

    (void)state;
    share_disk("disk:", SIZE);
    assert_int_equal(transfer(drive, true, 0, data, sizeof(data)), ERROR_SUCCESS);
    before = counters()->Flushes;
    assert_true(FlushFileBuffers(drive));
    assert_int_equal(counters()->Flushes, before + 1);
    assert_int_equal(control_and_wait(drive, IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, &number,
                                      sizeof(number), NULL),
                     0);
    snprintf(name, sizeof(name), "\\\\.\\PhysicalDrive%u", (unsigned)number.DeviceNumber);
    through =
        CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                    OPEN_EXISTING, FILE_FLAG_WRITE_THROUGH | FILE_FLAG_OVERLAPPED, NULL);
    assert_ptr_not_equal(through, INVALID_HANDLE_VALUE);
    before = counters()->DurableWrites;
    assert_int_equal(transfer(through, true, 0, data, sizeof(data)), ERROR_SUCCESS);
    assert_int_equal(counters()->DurableWrites, before + 1);
    CloseHandle(through);
    end();
}

static void large_and_protected(void **state)
{
    static uint8_t data[65536], back[65536];
    uint64_t across = (1ull << 41) - 32768;

    (void)state;
    share_disk("disk:", 3ull << 40);
    fill(data, sizeof(data), 5);
    assert_int_equal(transfer(drive, true, across, data, sizeof(data)), ERROR_SUCCESS);
    on_image(across, data, sizeof(data));
    assert_int_equal(transfer(drive, false, across, back, sizeof(back)), ERROR_SUCCESS);
    assert_memory_equal(back, data, sizeof(data));
    end();
    share_disk("disk,ro,4096:", SIZE);
    assert_int_equal(transfer(drive, true, 0, data, 4096), ERROR_WRITE_PROTECT);
    assert_int_equal(control_and_wait(drive, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, NULL),
                     ERROR_WRITE_PROTECT);
    assert_int_equal(transfer(drive, false, 4096, back, 4096), ERROR_SUCCESS);
    assert_int_equal(transfer(drive, false, 512, back, 512), ERROR_INVALID_PARAMETER);
    end();
}

#define WRITERS 8
struct writer {
    pthread_t thread;
    unsigned number, rounds, failures;
};

/* Each its own pieces, in turns with the others; reads back some of them at once. */
static void *write_pieces(void *context)
{
    struct writer *writer = context;
    uint8_t *data = malloc(PIECE), *back = malloc(PIECE);

    for (unsigned round = 0; round < writer->rounds; round++) {
        unsigned piece = round * WRITERS + writer->number;

        fill(data, PIECE, piece);
        writer->failures += transfer(drive, true, (uint64_t)piece * PIECE, data, PIECE) != 0;
        if (round % 3 == 0)
            writer->failures += transfer(drive, false, (uint64_t)piece * PIECE, back, PIECE) != 0 ||
                                memcmp(data, back, PIECE) != 0;
    }
    free(data);
    free(back);
    return NULL;
}

static void eight_writers(void **state)
{
    struct writer writers[WRITERS];
    unsigned rounds = LAB_SLOWER > 1 ? 3 : 12;
    static uint8_t data[PIECE];

    (void)state;
    share_disk("disk:", SIZE);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i, .rounds = rounds};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_pieces, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_int_equal(writers[i].failures, 0);
    }
    for (unsigned piece = 0; piece < WRITERS * rounds; piece++) {
        fill(data, PIECE, piece);
        on_image((uint64_t)piece * PIECE, data, PIECE);
    }
    end();
}

/* ---- with the read-only filter of samples/disk_filter ---- */

/* The host's only disk: LowerFilters is the filter, or nothing; restarted where that is asked for.
 */
static void set_filter(bool on, bool restart)
{
    static const WCHAR filter[] = {'d', 'i', 's', 'k', '_', 'f', 'i', 'l', 't', 'e', 'r', 0, 0};
    SP_DEVICE_INTERFACE_DATA interface = {.cbSize = sizeof(interface)};
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set =
        SetupDiGetClassDevsW(&disk_interface, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);

    assert_ptr_not_equal(set, INVALID_HANDLE_VALUE);
    assert_true(SetupDiEnumDeviceInterfaces(set, NULL, &disk_interface, 0, &interface));
    assert_false(SetupDiGetDeviceInterfaceDetailW(set, &interface, NULL, 0, NULL, &device));
    assert_true(SetupDiSetDeviceRegistryPropertyW(set, &device, SPDRP_LOWERFILTERS,
                                                  on ? (const BYTE *)filter : NULL,
                                                  on ? sizeof(filter) : 0));
    if (restart)
        assert_true(SetupDiRestartDevices(set, &device));
    SetupDiDestroyDeviceInfoList(set);
}

static void set_owner_filter(void)
{
    set_filter(true, false); /* the swap to scsiserver builds the stack anew */
}

/* A write of the program's own: what the sense data are. */
static unsigned sense_of_write(void)
{
    struct {
        SCSI_PASS_THROUGH header;
        UCHAR sense[32], data[512];
    } in = {.header = {.Length = sizeof(in.header),
                       .CdbLength = 10,
                       .SenseInfoLength = sizeof(in.sense),
                       .DataIn = SCSI_IOCTL_DATA_OUT,
                       .DataTransferLength = 512,
                       .TimeOutValue = 10,
                       .DataBufferOffset = offsetof(__typeof__(in), data),
                       .SenseInfoOffset = offsetof(__typeof__(in), sense),
                       .Cdb = {0x2A, 0, 0, 0, 0, 0, 0, 0, 1}}};

    assert_int_equal(
        control_and_wait(drive, IOCTL_SCSI_PASS_THROUGH, &in, sizeof(in), &in, sizeof(in), NULL),
        0);
    if (in.header.ScsiStatus == 0)
        return 0;
    assert_int_equal(in.header.ScsiStatus, 2);
    assert_true(in.header.SenseInfoLength >= 14);
    return (in.sense[2] & 0x0Fu) << 16 | in.sense[12] << 8 | in.sense[13];
}

static void reopen(void)
{
    drive = INVALID_HANDLE_VALUE;
    if (!lab_wait(&lab, open_drive, NULL))
        fail_msg("the client has no disk");
}

static void refused(void)
{
    static uint8_t data[131072 + 512];

    memset(data, 0x5A, sizeof(data));
    assert_int_equal(transfer(drive, true, 512, data, sizeof(data)), ERROR_WRITE_PROTECT);
    assert_int_equal(ERROR_WRITE_PROTECT, 19);
    assert_int_equal(control_and_wait(drive, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, NULL),
                     ERROR_WRITE_PROTECT);
    assert_int_equal(sense_of_write(), 0x072700);
    memset(data, 0, sizeof(data));
    on_image(0, data, sizeof(data));
    assert_int_equal(transfer(drive, false, 512, data, sizeof(data)), ERROR_SUCCESS);
    for (size_t i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], 0);
}

/* On the client's device, from one restart of it to another. */
static void a_filter_at_the_client(void **state)
{
    static uint8_t data[4096];

    (void)state;
    share_disk("disk:", SIZE);
    CloseHandle(drive);
    set_filter(true, true);
    reopen();
    refused();
    CloseHandle(drive);
    set_filter(false, true);
    reopen();
    memset(data, 0xA5, sizeof(data));
    assert_int_equal(transfer(drive, true, 8192, data, sizeof(data)), ERROR_SUCCESS);
    on_image(8192, data, sizeof(data));
    assert_int_equal(sense_of_write(), 0);
    end();
}

/* On the owner's: scsiserver stands on it, and what it says goes over the wire as it is. */
static void a_filter_at_the_owner(void **state)
{
    (void)state;
    share_disk_filtered("disk:", SIZE, true);
    refused();
    end();
}

static void what_words_mean(void **state)
{
    static const struct {
        const char *words, *path;
        bool disk, read_only;
        unsigned block;
    } rows[] = {
        {"cd:a.img", "a.img", false, false, 0},
        {"disk:a.iso", "a.iso", true, false, 512},
        {"disk,ro:x", "x", true, true, 512},
        {"disk,4096,ro:x:y", "x:y", true, true, 4096},
        {"/nowhere/a.ISO", "/nowhere/a.ISO", false, false, 0},
        {"./disk:x", "./disk:x", false, false, 0}, /* it is not there: nobody can say */
        {"/dev/zero", "/dev/zero", true, false, 512},
    };
    struct image image;
    char error[200];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(image_parse(rows[i].words, &image, error, sizeof(error)), 0);
        assert_string_equal(image.path, rows[i].path);
        assert_int_equal(image.disk, rows[i].disk);
        assert_int_equal(image.read_only, rows[i].read_only);
        assert_int_equal(image.block_size, rows[i].block);
    }
    assert_int_equal(image_parse("disk,rw:x", &image, error, sizeof(error)), -1);
    assert_non_null(strstr(error, "'disk,rw' is no kind of image"));
    assert_int_equal(image_parse("disk:", &image, error, sizeof(error)), -1);
    assert_int_equal(image_parse("", &image, error, sizeof(error)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_words_mean),         cmocka_unit_test(read_and_written),
        cmocka_unit_test(flush_reaches_the_owner), cmocka_unit_test(large_and_protected),
        cmocka_unit_test(eight_writers),           cmocka_unit_test(a_filter_at_the_client),
        cmocka_unit_test(a_filter_at_the_owner),
    };
    lab_opens_drives = false;
    return cmocka_run_group_tests_name("share disk", tests, NULL, NULL);
}
