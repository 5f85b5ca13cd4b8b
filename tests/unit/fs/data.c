/* SPDX-License-Identifier: MIT */
/* What is in a file: reading, writing, positions, the end, flushing; times and sizes. */
#include "tests/unit/fs/fstest.h"

#define X L"\\??\\X:\\"

static LONGLONG position(HANDLE file)
{
    FILE_POSITION_INFORMATION info;
    assert_ok(query(file, FilePositionInformation, &info, sizeof(info)));
    return info.CurrentByteOffset.QuadPart;
}

static LONGLONG size(HANDLE file)
{
    FILE_STANDARD_INFORMATION info;
    assert_ok(query(file, FileStandardInformation, &info, sizeof(info)));
    return info.EndOfFile.QuadPart;
}

static void positions_move(void **state)
{
    (void)state;
    char text[32] = "";
    ULONG done;
    IO_STATUS_BLOCK io;
    HANDLE file = open_file(X L"pos.txt", READ | WRITE, FILE_CREATE, 0);
    write_text(file, "0123456789");
    assert_int_equal(position(file), 10);
    assert_ok(read_at(file, 2, text, 3, &done));
    assert_memory_equal(text, "234", 3);
    assert_int_equal(position(file), 5);
    /* No offset, and FILE_USE_FILE_POINTER_POSITION, both go on from there. */
    assert_ok(NtReadFile(file, NULL, NULL, NULL, &io, text, 2, NULL, NULL));
    assert_memory_equal(text, "56", 2);
    LARGE_INTEGER here = {.LowPart = FILE_USE_FILE_POINTER_POSITION, .HighPart = -1};
    assert_ok(NtReadFile(file, NULL, NULL, NULL, &io, text, 20, &here, NULL));
    assert_int_equal(io.Information, 3);
    assert_memory_equal(text, "789", 3);
    assert_status(NtReadFile(file, NULL, NULL, NULL, &io, text, 1, NULL, NULL), STATUS_END_OF_FILE);
    assert_int_equal(position(file), 10);
    assert_ok(NtReadFile(file, NULL, NULL, NULL, &io, text, 0, NULL, NULL));
    FILE_POSITION_INFORMATION set_to = {.CurrentByteOffset.QuadPart = 4};
    assert_ok(set(file, FilePositionInformation, &set_to, sizeof(set_to)));
    write_text(file, "xy");
    LARGE_INTEGER end = {.LowPart = FILE_WRITE_TO_END_OF_FILE, .HighPart = -1};
    assert_ok(NtWriteFile(file, NULL, NULL, NULL, &io, "Z", 1, &end, NULL));
    assert_int_equal(position(file), 11);
    assert_ok(NtClose(file));
    assert_string_equal(host_read("pos.txt"), "0123xy6789Z");
}

static void an_asynchronous_file_has_no_position(void **state)
{
    (void)state;
    opened file;
    IO_STATUS_BLOCK io;
    HANDLE event;
    char text[4];
    LARGE_INTEGER zero = {.QuadPart = 0}, timeout = {.QuadPart = -50000000};
    host_write("async.txt", "abcd");
    assert_ok(create_at(NULL, X L"async.txt", READ, SHARE_ALL, FILE_OPEN, 0, 0, &file));
    assert_ok(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    assert_status(NtReadFile(file.handle, event, NULL, NULL, &io, text, 4, NULL, NULL),
                  STATUS_INVALID_PARAMETER);
    NTSTATUS status = NtReadFile(file.handle, event, NULL, NULL, &io, text, 4, &zero, NULL);
    assert_true(status == STATUS_SUCCESS || status == STATUS_PENDING);
    assert_ok(NtWaitForSingleObject(event, FALSE, &timeout));
    assert_ok(io.Status);
    assert_int_equal(io.Information, 4);
    assert_memory_equal(text, "abcd", 4);
    assert_ok(NtClose(event));
    assert_ok(NtClose(file.handle));
}

static void appending_alone(void **state)
{
    (void)state;
    host_write("append.txt", "one");
    HANDLE file = open_file(X L"append.txt", FILE_APPEND_DATA, FILE_OPEN, 0);
    assert_ok(write_at(file, 0, "two", 3)); /* wherever it was to go */
    ExpPreviousMode = KernelMode;
    assert_ok(write_at(file, 0, "three", 5));
    ExpPreviousMode = UserMode;
    FILE_END_OF_FILE_INFORMATION none = {.EndOfFile.QuadPart = 0};
    assert_status(set(file, FileEndOfFileInformation, &none, sizeof(none)), STATUS_ACCESS_DENIED);
    assert_ok(NtClose(file));
    assert_string_equal(host_read("append.txt"), "onetwothree");
}

static void sizes(void **state)
{
    (void)state;
    HANDLE file = open_file(X L"size.bin", READ | WRITE, FILE_CREATE, 0);
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = 10000};
    char byte = 1;
    ULONG done;
    write_text(file, "abc");
    assert_ok(set(file, FileEndOfFileInformation, &end, sizeof(end)));
    assert_int_equal(size(file), 10000);
    assert_ok(read_at(file, 9999, &byte, 1, &done));
    assert_int_equal(byte, 0);
    end.EndOfFile.QuadPart = 2;
    assert_ok(set(file, FileEndOfFileInformation, &end, sizeof(end)));
    end.EndOfFile.QuadPart = -1;
    assert_status(set(file, FileEndOfFileInformation, &end, sizeof(end)), STATUS_INVALID_PARAMETER);
    assert_string_equal(host_read("size.bin"), "ab");
    FILE_ALLOCATION_INFORMATION room = {.AllocationSize.QuadPart = 65536};
    assert_ok(set(file, FileAllocationInformation, &room, sizeof(room)));
    assert_int_equal(size(file), 2);
    FILE_STANDARD_INFORMATION standard;
    assert_ok(query(file, FileStandardInformation, &standard, sizeof(standard)));
    assert_true(standard.AllocationSize.QuadPart >= 65536);
    room.AllocationSize.QuadPart = 1;
    assert_ok(set(file, FileAllocationInformation, &room, sizeof(room)));
    assert_int_equal(size(file), 1);
    /* Beyond what a file can be. */
    assert_status(write_at(file, MAXLONGLONG, "xx", 2), STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(file));
}

static void write_through_and_flush(void **state)
{
    (void)state;
    IO_STATUS_BLOCK io;
    HANDLE file = open_file(X L"through.txt", READ | WRITE, FILE_CREATE, FILE_WRITE_THROUGH);
    write_text(file, "on the disk");
    assert_ok(NtFlushBuffersFile(file, &io));
    assert_ok(NtClose(file));
    HANDLE directory = open_file(X, READ | WRITE, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_ok(NtFlushBuffersFile(directory, &io));
    assert_ok(NtClose(directory));
    HANDLE volume = open_file(L"\\??\\X:", READ | WRITE, FILE_OPEN, 0);
    assert_ok(NtFlushBuffersFile(volume, &io));
    char text[4];
    ULONG done;
    assert_status(read_at(volume, 0, text, 4, &done), STATUS_INVALID_DEVICE_REQUEST);
    assert_ok(NtClose(volume));
    HANDLE reader = open_file(X L"through.txt", READ, FILE_OPEN, 0);
    assert_status(NtFlushBuffersFile(reader, &io), STATUS_ACCESS_DENIED);
    assert_ok(NtClose(reader));
}

static void times_and_attributes(void **state)
{
    (void)state;
    HANDLE file = open_file(X L"times.txt", READ | WRITE, FILE_CREATE, 0);
    FILE_BASIC_INFORMATION basic, again;
    assert_ok(query(file, FileBasicInformation, &basic, sizeof(basic)));
    assert_int_equal(basic.FileAttributes, FILE_ATTRIBUTE_ARCHIVE);
    LARGE_INTEGER now;
    KeQuerySystemTime(&now);
    assert_true(now.QuadPart - basic.LastWriteTime.QuadPart < 60 * 10000000LL &&
                basic.LastWriteTime.QuadPart - now.QuadPart < 60 * 10000000LL);
    memset(&basic, 0, sizeof(basic));
    basic.LastWriteTime.QuadPart = 125911584000000000LL; /* 1 January 2000 */
    basic.CreationTime.QuadPart = 125911584000000001LL;
    basic.FileAttributes = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_READONLY;
    assert_ok(set(file, FileBasicInformation, &basic, sizeof(basic)));
    assert_ok(query(file, FileBasicInformation, &again, sizeof(again)));
    assert_int_equal(again.LastWriteTime.QuadPart, basic.LastWriteTime.QuadPart);
    assert_int_equal(again.CreationTime.QuadPart, basic.CreationTime.QuadPart);
    assert_int_equal(again.FileAttributes, FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_READONLY);
    /* 0 leaves everything as it was. */
    memset(&basic, 0, sizeof(basic));
    assert_ok(set(file, FileBasicInformation, &basic, sizeof(basic)));
    assert_ok(query(file, FileBasicInformation, &basic, sizeof(basic)));
    assert_int_equal(again.LastWriteTime.QuadPart, basic.LastWriteTime.QuadPart);
    assert_int_equal(again.FileAttributes, basic.FileAttributes);
    basic.FileAttributes = FILE_ATTRIBUTE_DIRECTORY;
    assert_status(set(file, FileBasicInformation, &basic, sizeof(basic)), STATUS_INVALID_PARAMETER);
    basic = (FILE_BASIC_INFORMATION){.CreationTime.QuadPart = -3};
    assert_status(set(file, FileBasicInformation, &basic, sizeof(basic)), STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(file));
    /* Hidden, and not said so. */
    assert_status(try_open(X L"times.txt", READ, FILE_OVERWRITE_IF, 0), STATUS_ACCESS_DENIED);
}

static void all_at_once(void **state)
{
    (void)state;
    union {
        FILE_ALL_INFORMATION all;
        UCHAR bytes[512];
    } buffer;
    host_write("all.txt", "12345");
    HANDLE file = open_file(X L"ALL.TXT", READ, FILE_OPEN, 0);
    char text[2];
    ULONG done;
    assert_ok(read_at(file, 0, text, 2, &done));
    assert_ok(query(file, FileAllInformation, &buffer, sizeof(buffer)));
    assert_int_equal(buffer.all.StandardInformation.EndOfFile.QuadPart, 5);
    assert_int_equal(buffer.all.StandardInformation.NumberOfLinks, 1);
    assert_int_equal(buffer.all.PositionInformation.CurrentByteOffset.QuadPart, 2);
    assert_int_equal(buffer.all.AccessInformation.AccessFlags & FILE_READ_DATA, FILE_READ_DATA);
    assert_int_equal(buffer.all.ModeInformation.Mode, FILE_SYNCHRONOUS_IO_NONALERT);
    assert_int_equal(buffer.all.NameInformation.FileNameLength, 8 * sizeof(WCHAR));
    /* The name as it is on the disk. */
    assert_memory_equal(buffer.all.NameInformation.FileName, L"\\all.txt", 8 * sizeof(WCHAR));
    assert_status(query(file, FileAllInformation, &buffer, sizeof(FILE_ALL_INFORMATION)),
                  STATUS_BUFFER_OVERFLOW);
    assert_status(query(file, FileAllInformation, &buffer, 100), STATUS_INFO_LENGTH_MISMATCH);
    struct stat stat_of;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/all.txt", folder);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(buffer.all.InternalInformation.IndexNumber.QuadPart, stat_of.st_ino);
    assert_ok(NtClose(file));
}

static void volumes(void **state)
{
    (void)state;
    union {
        FILE_FS_VOLUME_INFORMATION volume;
        FILE_FS_ATTRIBUTE_INFORMATION attribute;
        FILE_FS_FULL_SIZE_INFORMATION full;
        FILE_FS_DEVICE_INFORMATION device;
        UCHAR bytes[256];
    } info;
    IO_STATUS_BLOCK io;
    HANDLE file = open_file(L"\\??\\R:\\", READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_ok(
        NtQueryVolumeInformationFile(file, &io, &info, sizeof(info), FileFsVolumeInformation));
    assert_int_equal(info.volume.VolumeLabelLength, 4 * sizeof(WCHAR));
    assert_ok(
        NtQueryVolumeInformationFile(file, &io, &info, sizeof(info), FileFsAttributeInformation));
    assert_true((info.attribute.FileSystemAttributes & FILE_READ_ONLY_VOLUME) != 0);
    assert_int_equal(info.attribute.MaximumComponentNameLength, 255);
    assert_status(NtQueryVolumeInformationFile(file, &io, &info,
                                               sizeof(FILE_FS_ATTRIBUTE_INFORMATION),
                                               FileFsAttributeInformation),
                  STATUS_BUFFER_OVERFLOW);
    assert_ok(
        NtQueryVolumeInformationFile(file, &io, &info, sizeof(info), FileFsFullSizeInformation));
    assert_true(info.full.TotalAllocationUnits.QuadPart > 0);
    assert_ok(
        NtQueryVolumeInformationFile(file, &io, &info, sizeof(info), FileFsDeviceInformation));
    assert_int_equal(info.device.DeviceType, FILE_DEVICE_DISK);
    assert_true((info.device.Characteristics & FILE_DEVICE_IS_MOUNTED) != 0);
    assert_ok(NtClose(file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_move),
        cmocka_unit_test(an_asynchronous_file_has_no_position),
        cmocka_unit_test(appending_alone),
        cmocka_unit_test(sizes),
        cmocka_unit_test(write_through_and_flush),
        cmocka_unit_test(times_and_attributes),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(volumes),
    };
    return cmocka_run_group_tests(tests, fs_setup, fs_teardown);
}
