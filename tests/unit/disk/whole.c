/* SPDX-License-Identifier: MIT */
/* whole.c - disk on vhba on image files, as a program sees it. */
#define _GNU_SOURCE
#include "rig.h"
#include <ntdddisk.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB 1048576ull

static ULONG lun;
static char image[256];
static uint8_t buffer[2 * MIB], back[2 * MIB];

static int boot(void **state)
{
    char reason[256] = "";

    rig_setup(state);
    assert_int_equal(ntio_create_service("disk", getenv("NTIO_DISK")), 0);
    assert_int_equal(ntio_start_service("disk", reason, sizeof(reason)), 0);
    assert_int_equal(ntio_add_match("GenDisk", "disk"), 0);
    return 0;
}

static HANDLE open_drive(const char *name, DWORD flags)
{
    return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, flags, NULL);
}

static HANDLE plug_image(uint64_t bytes, ULONG block_size, ULONG flags)
{
    HANDLE handle;

    if (bytes != 0)
        strcpy(image, rig_disk_image("a.img", bytes));
    lun = rig_add_disk(image, block_size, flags);
    handle = open_drive("\\\\.\\PhysicalDrive0", 0);
    assert_ptr_not_equal(handle, INVALID_HANDLE_VALUE);
    return handle;
}

static DWORD transfer(HANDLE handle, uint64_t offset, void *data, DWORD size, bool write)
{
    OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    DWORD done = 0;

    if (!(write ? WriteFile(handle, data, size, &done, &at)
                : ReadFile(handle, data, size, &done, &at)))
        return GetLastError();
    assert_int_equal(done, size);
    return 0;
}

static DWORD control(HANDLE handle, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size,
                     DWORD *got)
{
    DWORD n = 0;
    BOOL done = DeviceIoControl(handle, code, in, in_size, out, out_size, &n, NULL);

    if (got != NULL)
        *got = n;
    return done ? 0 : GetLastError();
}

static void fill(uint8_t *to, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)((i * 29 + seed * 101) >> 3 ^ i >> 11);
}

static void on_image(uint64_t offset, const void *want, size_t size)
{
    uint8_t *got = malloc(size);
    int fd = open(image, O_RDONLY);

    assert_int_equal(pread(fd, got, size, (off_t)offset), size);
    close(fd);
    assert_memory_equal(got, want, size);
    free(got);
}

static void put_image(uint64_t offset, const void *data, size_t size)
{
    int fd = open(image, O_WRONLY);

    assert_int_equal(pwrite(fd, data, size, (off_t)offset), size);
    close(fd);
}

/* ---- names ---- */

static void its_names(void **state)
{
    static const char *const names[] = {"\\\\.\\PhysicalDrive0",
                                        "\\\\?\\GLOBALROOT\\Device\\Harddisk0\\Partition0"};
    STORAGE_DEVICE_NUMBER number;
    HANDLE handle = plug_image(MIB, 512, 0);
    ULONG other;

    (void)state;
    assert_int_equal(
        control(handle, IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, &number, sizeof(number), NULL),
        0);
    assert_int_equal(number.DeviceType, FILE_DEVICE_DISK);
    assert_int_equal(number.DeviceNumber, 0);
    assert_int_equal(number.PartitionNumber, 0);
    for (unsigned i = 0; i < 2; i++) {
        HANDLE again = open_drive(names[i], 0);
        assert_ptr_not_equal(again, INVALID_HANDLE_VALUE);
        assert_int_equal(transfer(again, 0, buffer, 512, false), 0);
        CloseHandle(again);
    }
    other = rig_add_disk(rig_disk_image("b.img", MIB), 512, 0);
    {
        HANDLE second = open_drive("\\\\.\\PhysicalDrive1", 0);
        assert_ptr_not_equal(second, INVALID_HANDLE_VALUE);
        CloseHandle(second);
    }
    assert_int_equal(rig_remove(other), 0);
    ntio_pnp_settle();
    assert_ptr_equal(open_drive("\\\\.\\PhysicalDrive1", 0), INVALID_HANDLE_VALUE);
    /* The number is free again. */
    rig_add_disk(rig_disk_image("c.img", MIB), 512, 0);
    {
        HANDLE third = open_drive("\\\\.\\PhysicalDrive1", 0);
        assert_ptr_not_equal(third, INVALID_HANDLE_VALUE);
        CloseHandle(third);
    }
    CloseHandle(handle);
}

/* ---- data ---- */

static void any_size(void **state)
{
    HANDLE handle = plug_image(4 * MIB, 512, 0);

    (void)state;
    for (unsigned blocks = 1; blocks <= 4096; blocks = blocks * 5 + 1) {
        uint64_t offset = (blocks % 13) * 512ull;
        fill(buffer, blocks * 512, blocks);
        assert_int_equal(transfer(handle, offset, buffer, blocks * 512, true), 0);
        on_image(offset, buffer, blocks * 512);
        memset(back, 0, blocks * 512);
        assert_int_equal(transfer(handle, offset, back, blocks * 512, false), 0);
        assert_memory_equal(back, buffer, blocks * 512);
    }
    CloseHandle(handle);
}

static void what_is_no_range_of_it(void **state)
{
    HANDLE handle = plug_image(MIB, 512, 0);
    struct stat st;

    (void)state;
    for (int write = 0; write < 2; write++) {
        assert_int_equal(transfer(handle, 100, buffer, 512, write), ERROR_INVALID_PARAMETER);
        assert_int_equal(transfer(handle, 0, buffer, 100, write), ERROR_INVALID_PARAMETER);
        assert_int_equal(transfer(handle, MIB, buffer, 512, write), ERROR_INVALID_PARAMETER);
        assert_int_equal(transfer(handle, MIB - 512, buffer, 1024, write), ERROR_INVALID_PARAMETER);
        assert_int_equal(transfer(handle, 1ull << 62, buffer, 512, write), ERROR_INVALID_PARAMETER);
    }
    for (unsigned i = 0; i < 512; i++)
        back[i] = rig_disk_byte(MIB - 512 + i);
    on_image(MIB - 512, back, 512);
    assert_int_equal(stat(image, &st), 0);
    assert_int_equal(st.st_size, MIB);
    CloseHandle(handle);
}

static void past_two_tebibytes(void **state)
{
    GET_LENGTH_INFORMATION length;
    DISK_GEOMETRY_EX geometry;
    HANDLE handle = plug_image(3ull << 40, 512, 0);
    uint64_t across = (1ull << 41) - 65536;

    (void)state;
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length, sizeof(length), NULL), 0);
    assert_int_equal(length.Length.QuadPart, 3ull << 40);
    assert_int_equal(control(handle, IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, NULL, 0, &geometry,
                             sizeof(geometry), NULL),
                     0);
    assert_int_equal(geometry.DiskSize.QuadPart, 3ull << 40);
    fill(buffer, 262144, 7);
    assert_int_equal(transfer(handle, across, buffer, 262144, true), 0);
    on_image(across, buffer, 262144);
    assert_int_equal(transfer(handle, across, back, 262144, false), 0);
    assert_memory_equal(back, buffer, 262144);
    assert_int_equal(transfer(handle, (3ull << 40) - 512, buffer, 512, true), 0);
    on_image((3ull << 40) - 512, buffer, 512);
    CloseHandle(handle);
}

static void blocks_of_4096(void **state)
{
    HANDLE handle = plug_image(MIB, 4096, 0);
    STORAGE_READ_CAPACITY capacity;

    (void)state;
    assert_int_equal(
        control(handle, IOCTL_STORAGE_READ_CAPACITY, NULL, 0, &capacity, sizeof(capacity), NULL),
        0);
    assert_int_equal(capacity.BlockLength, 4096);
    assert_int_equal(capacity.NumberOfBlocks.QuadPart, 256);
    assert_int_equal(transfer(handle, 512, buffer, 512, false), ERROR_INVALID_PARAMETER);
    fill(buffer, 8192, 2);
    assert_int_equal(transfer(handle, 4096, buffer, 8192, true), 0);
    on_image(4096, buffer, 8192);
    CloseHandle(handle);
}

#define WRITERS 8
struct writer {
    pthread_t thread;
    HANDLE handle;
    unsigned number, failures;
};

static void *write_blocks(void *context)
{
    struct writer *writer = context;
    uint8_t *mine = malloc(262144);

    for (unsigned round = 0; round < 12; round++) {
        uint64_t offset = ((uint64_t)round * WRITERS + writer->number) * 262144;
        fill(mine, 262144, round * WRITERS + writer->number);
        writer->failures += transfer(writer->handle, offset, mine, 262144, true) != 0;
    }
    free(mine);
    return NULL;
}

static void eight_writers(void **state)
{
    struct writer writers[WRITERS];

    (void)state;
    CloseHandle(plug_image(12 * WRITERS * 262144ull, 512, 0));
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i, .handle = open_drive("\\\\.\\PhysicalDrive0", 0)};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_blocks, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_int_equal(writers[i].failures, 0);
        CloseHandle(writers[i].handle);
    }
    for (unsigned i = 0; i < 12 * WRITERS; i++) {
        fill(buffer, 262144, i);
        on_image(i * 262144ull, buffer, 262144);
    }
}

/* ---- to the medium ---- */

static void flush_and_write_through(void **state)
{
    static VHBA_COUNTERS before, after;
    HANDLE handle = plug_image(MIB, 512, 0), through;

    (void)state;
    rig_query(lun, &before);
    assert_int_equal(transfer(handle, 0, buffer, 4096, true), 0);
    rig_query(lun, &after);
    assert_int_equal(after.DurableWrites + after.Flushes, before.DurableWrites + before.Flushes);
    assert_true(FlushFileBuffers(handle));
    rig_query(lun, &after);
    assert_int_equal(after.Flushes, before.Flushes + 1);
    through = open_drive("\\\\.\\PhysicalDrive0", FILE_FLAG_WRITE_THROUGH);
    assert_int_equal(transfer(through, 0, buffer, 262144, true), 0);
    rig_query(lun, &after);
    assert_int_equal(after.DurableWrites, before.DurableWrites + 2); /* both pieces */
    CloseHandle(through);
    CloseHandle(handle);
}

static void the_cache_is_switched(void **state)
{
    static VHBA_COUNTERS before, after;
    DISK_CACHE_INFORMATION info;
    HANDLE handle = plug_image(MIB, 512, 0);

    (void)state;
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_CACHE_INFORMATION, NULL, 0, &info, sizeof(info), NULL), 0);
    assert_true(info.WriteCacheEnabled);
    assert_true(info.ReadCacheEnabled);
    info.WriteCacheEnabled = FALSE;
    assert_int_equal(
        control(handle, IOCTL_DISK_SET_CACHE_INFORMATION, &info, sizeof(info), NULL, 0, NULL), 0);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_CACHE_INFORMATION, NULL, 0, &info, sizeof(info), NULL), 0);
    assert_false(info.WriteCacheEnabled);
    rig_query(lun, &before);
    assert_int_equal(transfer(handle, 0, buffer, 512, true), 0);
    rig_query(lun, &after);
    assert_int_equal(after.DurableWrites, before.DurableWrites + 1);
    info.ReadCacheEnabled = FALSE; /* this one has no such switch */
    assert_int_equal(
        control(handle, IOCTL_DISK_SET_CACHE_INFORMATION, &info, sizeof(info), NULL, 0, NULL),
        ERROR_INVALID_FUNCTION);
    CloseHandle(handle);
}

static void write_protected(void **state)
{
    HANDLE handle = plug_image(MIB, 512, VHBA_READ_ONLY);

    (void)state;
    assert_int_equal(control(handle, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, NULL),
                     ERROR_WRITE_PROTECT);
    assert_int_equal(transfer(handle, 0, buffer, 512, true), ERROR_WRITE_PROTECT);
    assert_int_equal(ERROR_WRITE_PROTECT, 19);
    assert_int_equal(transfer(handle, 0, buffer, 512, false), 0);
    CloseHandle(handle);
    rig_clean(NULL);
    handle = plug_image(MIB, 512, 0);
    assert_int_equal(control(handle, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, NULL), 0);
    CloseHandle(handle);
}

/* ---- questions ---- */

static void properties(void **state)
{
    STORAGE_PROPERTY_QUERY query = {StorageAccessAlignmentProperty, PropertyStandardQuery, {0}};
    STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR alignment;
    STORAGE_ADAPTER_DESCRIPTOR adapter;
    DEVICE_SEEK_PENALTY_DESCRIPTOR seek;
    DEVICE_TRIM_DESCRIPTOR trim;
    DEVICE_LB_PROVISIONING_DESCRIPTOR thin;
    STORAGE_WRITE_CACHE_PROPERTY cache;
    STORAGE_HOTPLUG_INFO hotplug;
    HANDLE handle = plug_image(MIB, 512, 0);

    (void)state;
#define ASK(id, answer)                                                                            \
    query.PropertyId = id;                                                                         \
    assert_int_equal(control(handle, IOCTL_STORAGE_QUERY_PROPERTY, &query, sizeof(query), &answer, \
                             sizeof(answer), NULL),                                                \
                     0);                                                                           \
    assert_int_equal(answer.Size, sizeof(answer))
    ASK(StorageAccessAlignmentProperty, alignment);
    assert_int_equal(alignment.BytesPerLogicalSector, 512);
    assert_int_equal(alignment.BytesPerPhysicalSector, 4096);
    assert_int_equal(alignment.BytesOffsetForSectorAlignment, 0);
    ASK(StorageAdapterProperty, adapter); /* the port's */
    assert_int_equal(adapter.MaximumTransferLength, VHBA_DEFAULT_TRANSFER);
    ASK(StorageDeviceSeekPenaltyProperty, seek);
    assert_false(seek.IncursSeekPenalty);
    ASK(StorageDeviceTrimProperty, trim);
    assert_true(trim.TrimEnabled);
    ASK(StorageDeviceLBProvisioningProperty, thin);
    assert_true(thin.ThinProvisioningEnabled && thin.ThinProvisioningReadZeros);
    assert_int_equal(thin.OptimalUnmapGranularity, 4096);
    ASK(StorageDeviceWriteCacheProperty, cache);
    assert_int_equal(cache.WriteCacheEnabled, WriteCacheEnabled);
    assert_int_equal(cache.WriteThroughSupported, WriteThroughSupported);
    query.QueryType = PropertyExistsQuery;
    assert_int_equal(
        control(handle, IOCTL_STORAGE_QUERY_PROPERTY, &query, sizeof(query), NULL, 0, NULL), 0);
    assert_int_equal(
        control(handle, IOCTL_STORAGE_GET_HOTPLUG_INFO, NULL, 0, &hotplug, sizeof(hotplug), NULL),
        0);
    assert_false(hotplug.MediaRemovable);
    assert_int_equal(control(handle, IOCTL_STORAGE_CHECK_VERIFY, NULL, 0, NULL, 0, NULL), 0);
    assert_int_equal(control(handle, IOCTL_STORAGE_EJECT_MEDIA, NULL, 0, NULL, 0, NULL),
                     ERROR_INVALID_FUNCTION);
    assert_int_equal(control(handle, IOCTL_DISK_UPDATE_PROPERTIES, NULL, 0, NULL, 0, NULL), 0);
    CloseHandle(handle);
}

static void verify_and_trim(void **state)
{
    struct {
        DEVICE_MANAGE_DATA_SET_ATTRIBUTES set;
        DEVICE_DATA_SET_RANGE ranges[3];
    } trim = {.set = {.Size = sizeof(trim.set),
                      .Action = DeviceDsmAction_Trim,
                      .DataSetRangesOffset = 32,
                      .DataSetRangesLength = 2 * sizeof(DEVICE_DATA_SET_RANGE)}};
    VERIFY_INFORMATION verify = {.StartingOffset.QuadPart = 512, .Length = MIB - 512};
    static VHBA_COUNTERS counters;
    HANDLE handle = plug_image(MIB, 512, 0);

    (void)state;
    assert_int_equal(offsetof(__typeof__(trim), ranges), 32);
    assert_int_equal(control(handle, IOCTL_DISK_VERIFY, &verify, sizeof(verify), NULL, 0, NULL), 0);
    rig_query(lun, &counters);
    assert_true(counters.BytesRead >= MIB - 512);
    verify.Length = MIB;
    assert_int_equal(control(handle, IOCTL_DISK_VERIFY, &verify, sizeof(verify), NULL, 0, NULL),
                     ERROR_INVALID_PARAMETER);
    trim.ranges[0] = (DEVICE_DATA_SET_RANGE){.StartingOffset = 8192, .LengthInBytes = 65536};
    trim.ranges[1] = (DEVICE_DATA_SET_RANGE){.StartingOffset = 524288, .LengthInBytes = 4096};
    assert_int_equal(control(handle, IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES, &trim, sizeof(trim),
                             NULL, 0, NULL),
                     0);
    rig_query(lun, &counters);
    assert_int_equal(counters.BytesUnmapped, 65536 + 4096);
    memset(back, 0, 65536);
    on_image(8192, back, 65536);
    back[0] = rig_disk_byte(8191);
    on_image(8191, back, 2);
    trim.ranges[1].StartingOffset = MIB;
    assert_int_equal(control(handle, IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES, &trim, sizeof(trim),
                             NULL, 0, NULL),
                     ERROR_INVALID_PARAMETER);
    CloseHandle(handle);
}

static void a_removable_disk(void **state)
{
    PREVENT_MEDIA_REMOVAL prevent = {TRUE};
    GET_LENGTH_INFORMATION length;
    DISK_GEOMETRY geometry;
    HANDLE handle;

    (void)state;
    handle = plug_image(MIB, 512, VHBA_REMOVABLE);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_DRIVE_GEOMETRY, NULL, 0, &geometry, sizeof(geometry), NULL),
        0);
    assert_int_equal(geometry.MediaType, RemovableMedia);
    assert_int_equal(
        control(handle, IOCTL_STORAGE_MEDIA_REMOVAL, &prevent, sizeof(prevent), NULL, 0, NULL), 0);
    assert_int_not_equal(control(handle, IOCTL_STORAGE_EJECT_MEDIA, NULL, 0, NULL, 0, NULL), 0);
    prevent.PreventMediaRemoval = FALSE;
    assert_int_equal(
        control(handle, IOCTL_STORAGE_MEDIA_REMOVAL, &prevent, sizeof(prevent), NULL, 0, NULL), 0);
    assert_int_equal(control(handle, IOCTL_STORAGE_EJECT_MEDIA, NULL, 0, NULL, 0, NULL), 0);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length, sizeof(length), NULL),
        ERROR_NOT_READY);
    assert_int_equal(rig_insert(lun, rig_disk_image("b.img", 2 * MIB), false), 0);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length, sizeof(length), NULL), 0);
    assert_int_equal(length.Length.QuadPart, 2 * MIB);
    CloseHandle(handle);
}

/* ---- partition tables ---- */

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}

static void put_entry(uint8_t *sector, unsigned i, uint8_t flag, uint8_t type, uint32_t first,
                      uint32_t count)
{
    uint8_t *entry = sector + 446 + 16 * i;

    entry[0] = flag;
    entry[4] = type;
    put32(entry + 8, first);
    put32(entry + 12, count);
    sector[510] = 0x55;
    sector[511] = 0xAA;
}

static union {
    DRIVE_LAYOUT_INFORMATION_EX ex;
    DRIVE_LAYOUT_INFORMATION plain;
    uint8_t room[32768];
} layout;

static DWORD get_layout(HANDLE handle, DWORD size, DWORD *got)
{
    memset(&layout, 0xEE, sizeof(layout));
    return control(handle, IOCTL_DISK_GET_DRIVE_LAYOUT_EX, NULL, 0, &layout, size, got);
}

static void no_table(void **state)
{
    PARTITION_INFORMATION_EX whole;
    HANDLE handle = plug_image(MIB, 512, 0);
    uint8_t sector[512] = {0};
    DWORD got;

    (void)state;
    assert_int_equal(get_layout(handle, sizeof(layout), &got), 0);
    assert_int_equal(layout.ex.PartitionStyle, PARTITION_STYLE_RAW);
    assert_int_equal(layout.ex.PartitionCount, 0);
    assert_int_equal(got, offsetof(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry));
    /* A boot sector with code where a table would be. */
    memset(sector, 0x90, sizeof(sector));
    sector[510] = 0x55;
    sector[511] = 0xAA;
    put_image(0, sector, 512);
    assert_int_equal(get_layout(handle, sizeof(layout), &got), 0);
    assert_int_equal(layout.ex.PartitionStyle, PARTITION_STYLE_RAW);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_PARTITION_INFO_EX, NULL, 0, &whole, sizeof(whole), NULL), 0);
    assert_int_equal(whole.PartitionStyle, PARTITION_STYLE_RAW);
    assert_int_equal(whole.PartitionLength.QuadPart, MIB);
    CloseHandle(handle);
}

static void an_mbr(void **state)
{
    HANDLE handle = plug_image(4 * MIB, 512, 0);
    PARTITION_INFORMATION whole;
    uint8_t sector[512] = {0};
    DWORD got;

    (void)state;
    put32(sector + 440, 0xCAFE1234);
    put_entry(sector, 0, 0x80, 0x07, 64, 1000);
    put_entry(sector, 1, 0, 0x0F, 2000, 4000);
    put_entry(sector, 3, 0, 0x83, 7000, 100);
    put_image(0, sector, 512);
    memset(sector, 0, sizeof(sector));
    put_entry(sector, 0, 0, 0x0B, 10, 500);
    put_entry(sector, 1, 0, 0x05, 1000, 1000);
    put_image(2000 * 512, sector, 512);
    memset(sector, 0, sizeof(sector));
    put_entry(sector, 0, 0, 0x83, 20, 600);
    put_entry(sector, 1, 0, 0x05, 0, 1000); /* back to where it began: not followed */
    put_image(3000 * 512, sector, 512);

    assert_int_equal(get_layout(handle, sizeof(layout), &got), 0);
    assert_int_equal(layout.ex.PartitionStyle, PARTITION_STYLE_MBR);
    assert_int_equal(layout.ex.Mbr.Signature, 0xCAFE1234);
    assert_int_equal(layout.ex.PartitionCount, 12);
    assert_int_equal(got, offsetof(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry) +
                              12 * sizeof(PARTITION_INFORMATION_EX));
    {
        static const struct {
            unsigned index, number;
            uint64_t first, count;
            uint8_t type;
            bool boot, known;
        } want[] = {{0, 1, 64, 1000, 0x07, true, true},     {1, 0, 2000, 4000, 0x0F, false, false},
                    {3, 2, 7000, 100, 0x83, false, false},  {4, 3, 2010, 500, 0x0B, false, true},
                    {5, 0, 3000, 1000, 0x05, false, false}, {8, 4, 3020, 600, 0x83, false, false}};
        for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
            PARTITION_INFORMATION_EX *entry = layout.ex.PartitionEntry + want[i].index;
            assert_int_equal(entry->StartingOffset.QuadPart, want[i].first * 512);
            assert_int_equal(entry->PartitionLength.QuadPart, want[i].count * 512);
            assert_int_equal(entry->PartitionNumber, want[i].number);
            assert_int_equal(entry->Mbr.PartitionType, want[i].type);
            assert_int_equal(entry->Mbr.BootIndicator, want[i].boot);
            assert_int_equal(entry->Mbr.RecognizedPartition, want[i].known);
        }
        assert_int_equal((layout.ex.PartitionEntry + 2)->Mbr.PartitionType, 0);
    }
    assert_int_equal(get_layout(handle, got - 1, NULL), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_DRIVE_LAYOUT, NULL, 0, &layout, sizeof(layout), NULL), 0);
    assert_int_equal(layout.plain.PartitionCount, 12);
    assert_int_equal((layout.plain.PartitionEntry + 4)->StartingOffset.QuadPart, 2010 * 512);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_PARTITION_INFO, NULL, 0, &whole, sizeof(whole), NULL), 0);
    assert_int_equal(whole.PartitionLength.QuadPart, 4 * MIB);
    assert_int_equal(whole.PartitionNumber, 0);
    CloseHandle(handle);
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = ~0u;

    while (size-- != 0) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    return ~crc;
}

static void put_gpt(uint64_t at, uint64_t other, uint64_t entries_at, const uint8_t *entries)
{
    uint8_t header[512] = "EFI PART";

    put32(header + 8, 0x00010000);
    put32(header + 12, 92);
    put64(header + 24, at);
    put64(header + 32, other);
    put64(header + 40, 34);
    put64(header + 48, 8192 - 34);
    memset(header + 56, 0xD1, 16);
    put64(header + 72, entries_at);
    put32(header + 80, 128);
    put32(header + 84, 128);
    put32(header + 88, crc32(entries, 16384));
    put32(header + 16, crc32(header, 92));
    put_image(at * 512, header, 512);
    put_image(entries_at * 512, entries, 16384);
}

static void a_gpt(void **state)
{
    static uint8_t entries[16384];
    HANDLE handle = plug_image(4 * MIB, 512, 0);
    PARTITION_INFORMATION whole;
    uint8_t sector[512] = {0};
    struct {
        DISK_GEOMETRY geometry;
        LARGE_INTEGER size;
        DISK_PARTITION_INFO partition;
    } geometry;

    (void)state;
    put_entry(sector, 0, 0, 0xEE, 1, 0xFFFFFFFF);
    put_image(0, sector, 512);
    memset(entries, 0, sizeof(entries));
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *entry = entries + 128 * (3 * i); /* one unused between them */
        memset(entry, 0xA0 + (int)i, 16);
        memset(entry + 16, 0xB0 + (int)i, 16);
        put64(entry + 32, 2048 + 1000 * i);
        put64(entry + 40, 2999 + 1000 * i);
        put64(entry + 48, 1ull << 63);
        entry[56] = (uint8_t)('a' + i);
    }
    put_gpt(1, 8191, 2, entries);
    put_gpt(8191, 1, 8191 - 32, entries);
    for (int copy = 0; copy < 2; copy++) {
        if (copy == 1) { /* the first is broken: its copy at the end stands */
            sector[0] = 0;
            put_image(512 + 60, sector, 1);
        }
        assert_int_equal(get_layout(handle, sizeof(layout), NULL), 0);
        assert_int_equal(layout.ex.PartitionStyle, PARTITION_STYLE_GPT);
        assert_int_equal(layout.ex.PartitionCount, 2);
        assert_int_equal(layout.ex.Gpt.MaxPartitionCount, 128);
        assert_int_equal(layout.ex.Gpt.StartingUsableOffset.QuadPart, 34 * 512);
        assert_int_equal(((uint8_t *)&layout.ex.Gpt.DiskId)[5], 0xD1);
        for (unsigned i = 0; i < 2; i++) {
            PARTITION_INFORMATION_EX *entry = layout.ex.PartitionEntry + i;
            assert_int_equal(entry->StartingOffset.QuadPart, (2048 + 1000 * i) * 512);
            assert_int_equal(entry->PartitionLength.QuadPart, (952) * 512);
            assert_int_equal(entry->PartitionNumber, i + 1);
            assert_int_equal(((uint8_t *)&entry->Gpt.PartitionType)[15], 0xA0 + i);
            assert_int_equal(((uint8_t *)&entry->Gpt.PartitionId)[15], 0xB0 + i);
            assert_int_equal(entry->Gpt.Name[0], 'a' + i);
        }
    }
    assert_int_equal(control(handle, IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, NULL, 0, &geometry,
                             sizeof(geometry), NULL),
                     0);
    assert_int_equal(geometry.partition.PartitionStyle, PARTITION_STYLE_GPT);
    assert_int_equal(
        control(handle, IOCTL_DISK_GET_PARTITION_INFO, NULL, 0, &whole, sizeof(whole), NULL),
        ERROR_INVALID_FUNCTION);
    put_image(8191 * 512 + 60, sector, 1); /* and now the copy, too */
    assert_int_equal(get_layout(handle, sizeof(layout), NULL), 0);
    assert_int_equal(layout.ex.PartitionStyle, PARTITION_STYLE_RAW);
    CloseHandle(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(its_names, rig_clean),
        cmocka_unit_test_teardown(any_size, rig_clean),
        cmocka_unit_test_teardown(what_is_no_range_of_it, rig_clean),
        cmocka_unit_test_teardown(past_two_tebibytes, rig_clean),
        cmocka_unit_test_teardown(blocks_of_4096, rig_clean),
        cmocka_unit_test_teardown(eight_writers, rig_clean),
        cmocka_unit_test_teardown(flush_and_write_through, rig_clean),
        cmocka_unit_test_teardown(the_cache_is_switched, rig_clean),
        cmocka_unit_test_teardown(write_protected, rig_clean),
        cmocka_unit_test_teardown(properties, rig_clean),
        cmocka_unit_test_teardown(verify_and_trim, rig_clean),
        cmocka_unit_test_teardown(a_removable_disk, rig_clean),
        cmocka_unit_test_teardown(no_table, rig_clean),
        cmocka_unit_test_teardown(an_mbr, rig_clean),
        cmocka_unit_test_teardown(a_gpt, rig_clean),
    };
    return cmocka_run_group_tests(tests, boot, rig_teardown);
}
