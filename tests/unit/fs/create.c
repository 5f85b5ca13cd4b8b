/* SPDX-License-Identifier: MIT */
/* Opening and making: dispositions, options, names, rights, attributes, sharing. */
#include "tests/unit/fs/fstest.h"

#define X L"\\??\\X:\\"

static void a_drive_is_there_only_when_mapped(void **state)
{
    (void)state;
    assert_status(try_open(L"\\??\\C:\\a", READ, FILE_OPEN, 0), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(try_open(L"\\SystemRoot\\a", READ, FILE_OPEN, 0), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(ntio_map_drive("X:", folder, false), STATUS_OBJECT_NAME_COLLISION);
    assert_status(ntio_map_drive("XY:", folder, false), STATUS_OBJECT_NAME_INVALID);
    assert_status(ntio_map_drive("Y:", "/nowhere/at/all", false), STATUS_OBJECT_PATH_NOT_FOUND);
    host_write("mapped.txt", "here");
    assert_ok(ntio_map_drive("SystemRoot", folder, true));
    assert_ok(try_open(L"\\SystemRoot\\mapped.txt", READ, FILE_OPEN, 0));
    assert_ok(ntio_unmap_drive("SystemRoot"));
    assert_status(ntio_unmap_drive("SystemRoot"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(try_open(L"\\SystemRoot\\mapped.txt", READ, FILE_OPEN, 0),
                  STATUS_OBJECT_PATH_NOT_FOUND);
}

/* What is open outlives its drive's name. */
static void an_open_file_outlives_the_mapping(void **state)
{
    (void)state;
    char text[8] = "";
    ULONG done;
    host_write("outlive.txt", "alive");
    assert_ok(ntio_map_drive("Q:", folder, false));
    HANDLE file = open_file(L"\\??\\Q:\\outlive.txt", READ, FILE_OPEN, 0);
    assert_ok(ntio_unmap_drive("Q:"));
    assert_status(try_open(L"\\??\\Q:\\outlive.txt", READ, FILE_OPEN, 0),
                  STATUS_OBJECT_PATH_NOT_FOUND);
    assert_ok(read_at(file, 0, text, 5, &done));
    assert_string_equal(text, "alive");
    assert_ok(NtClose(file));
}

static NTSTATUS disposition(const WCHAR *name, ULONG which, ULONG_PTR *information)
{
    opened file;
    NTSTATUS status = create_at(NULL, name, READ | WRITE | DELETE, SHARE_ALL, which,
                                SYNC | FILE_NON_DIRECTORY_FILE, 0, &file);
    *information = file.information;
    if (NT_SUCCESS(status))
        assert_ok(NtClose(file.handle));
    return status;
}

static void every_disposition(void **state)
{
    (void)state;
    static const struct {
        ULONG disposition;
        NTSTATUS absent, there;
        ULONG absent_information, there_information;
        const char *text;
    } rows[] = {
        {FILE_SUPERSEDE, 0, 0, FILE_CREATED, FILE_SUPERSEDED, ""},
        {FILE_OPEN, STATUS_OBJECT_NAME_NOT_FOUND, 0, 0, FILE_OPENED, "old"},
        {FILE_CREATE, 0, STATUS_OBJECT_NAME_COLLISION, FILE_CREATED, 0, "old"},
        {FILE_OPEN_IF, 0, 0, FILE_CREATED, FILE_OPENED, "old"},
        {FILE_OVERWRITE, STATUS_OBJECT_NAME_NOT_FOUND, 0, 0, FILE_OVERWRITTEN, ""},
        {FILE_OVERWRITE_IF, 0, 0, FILE_CREATED, FILE_OVERWRITTEN, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ULONG_PTR information;
        host_remove("disp.txt");
        assert_status(disposition(X L"disp.txt", rows[i].disposition, &information),
                      rows[i].absent);
        assert_int_equal(host_exists("disp.txt"), NT_SUCCESS(rows[i].absent));
        if (NT_SUCCESS(rows[i].absent))
            assert_int_equal(information, rows[i].absent_information);
        host_write("disp.txt", "old");
        assert_status(disposition(X L"disp.txt", rows[i].disposition, &information), rows[i].there);
        if (NT_SUCCESS(rows[i].there))
            assert_int_equal(information, rows[i].there_information);
        assert_string_equal(host_read("disp.txt"), rows[i].text);
    }
}

static void directories_and_files_are_told_apart(void **state)
{
    (void)state;
    host_mkdir("kind");
    host_write("kind.txt", "");
    assert_status(try_open(X L"kind", READ, FILE_OPEN, FILE_NON_DIRECTORY_FILE),
                  STATUS_FILE_IS_A_DIRECTORY);
    assert_status(try_open(X L"kind.txt", READ, FILE_OPEN, FILE_DIRECTORY_FILE),
                  STATUS_NOT_A_DIRECTORY);
    assert_status(try_open(X L"kind.txt", READ, FILE_CREATE, FILE_DIRECTORY_FILE),
                  STATUS_OBJECT_NAME_COLLISION);
    assert_status(try_open(X L"kind", READ | WRITE, FILE_OVERWRITE, 0),
                  STATUS_OBJECT_NAME_COLLISION);
    assert_ok(try_open(X L"kind\\", READ, FILE_OPEN, FILE_DIRECTORY_FILE));
    assert_status(try_open(X L"kind.txt\\", READ, FILE_OPEN, 0), STATUS_OBJECT_NAME_INVALID);
    assert_status(try_open(X L"new.txt\\", READ, FILE_CREATE, 0), STATUS_OBJECT_NAME_INVALID);
    assert_ok(try_open(X L"made", READ, FILE_CREATE, FILE_DIRECTORY_FILE));
    assert_ok(try_open(X L"made\\below", READ, FILE_OPEN_IF, FILE_DIRECTORY_FILE));
    assert_true(host_exists("made/below"));
    assert_ok(try_open(X, READ, FILE_OPEN, FILE_DIRECTORY_FILE));
    assert_status(try_open(X, DELETE, FILE_OPEN, FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE),
                  STATUS_CANNOT_DELETE);
}

static void what_is_missing_has_its_own_status(void **state)
{
    (void)state;
    host_write("plain.txt", "");
    assert_status(try_open(X L"none", READ, FILE_OPEN, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(try_open(X L"none\\none", READ, FILE_OPEN, 0), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(try_open(X L"none\\none", READ, FILE_CREATE, 0), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(try_open(X L"plain.txt\\x", READ, FILE_OPEN, 0), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(try_open(X L"PLAIN.TXT\\x", READ, FILE_OPEN, 0), STATUS_OBJECT_PATH_NOT_FOUND);
}

static void names_match_whatever_the_case(void **state)
{
    (void)state;
    char text[8] = "";
    ULONG done;
    host_mkdir("Mixed");
    host_write("Mixed/Case.Txt", "upper");
    host_write("\xc3\x84rger.txt", "umlaut");
    assert_ok(try_open(X L"mixed\\CASE.TXT", READ, FILE_OPEN, 0));
    assert_ok(try_open(X L"\x00e4RGER.TXT", READ, FILE_OPEN, 0));
    assert_status(try_open(X L"MIXED\\case.txt", READ, FILE_CREATE, 0),
                  STATUS_OBJECT_NAME_COLLISION);
    /* The name that is spelt exactly so comes first. */
    host_write("Mixed/case.txt", "lower");
    HANDLE file = open_file(X L"MIXED\\case.txt", READ, FILE_OPEN, 0);
    assert_ok(read_at(file, 0, text, 5, &done));
    assert_string_equal(text, "lower");
    assert_ok(NtClose(file));
    /* A new file is spelt as it was asked for, in the directory as it is spelt. */
    assert_ok(try_open(X L"mIXED\\New.Txt", WRITE, FILE_CREATE, 0));
    assert_true(host_exists("Mixed/New.Txt"));
}

static void relative_to_a_directory(void **state)
{
    (void)state;
    opened file;
    union {
        FILE_NAME_INFORMATION info;
        UCHAR bytes[256];
    } name;
    host_mkdir("base");
    host_write("base/leaf.txt", "leaf");
    HANDLE base = open_file(X L"base", READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_ok(create_at(base, L"LEAF.txt", READ, SHARE_ALL, FILE_OPEN, SYNC, 0, &file));
    assert_ok(query(file.handle, FileNameInformation, &name, sizeof(name)));
    assert_int_equal(name.info.FileNameLength, 14 * sizeof(WCHAR));
    assert_memory_equal(name.info.FileName, L"\\base\\leaf.txt", 14 * sizeof(WCHAR));
    assert_status(create_at(file.handle, L"x", READ, SHARE_ALL, FILE_OPEN, SYNC, 0, &(opened){0}),
                  STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(file.handle));
    assert_status(create_at(base, L"\\leaf.txt", READ, SHARE_ALL, FILE_OPEN, SYNC, 0, &file),
                  STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_status(create_at(base, L"..\\plain.txt", READ, SHARE_ALL, FILE_OPEN, SYNC, 0, &file),
                  STATUS_OBJECT_NAME_INVALID);
    assert_ok(NtClose(base));
}

static void rights_are_held_to(void **state)
{
    (void)state;
    char text[8];
    ULONG done;
    host_write("rights.txt", "12345");
    HANDLE writer = open_file(X L"rights.txt", WRITE, FILE_OPEN, 0);
    HANDLE reader = open_file(X L"rights.txt", READ, FILE_OPEN, 0);
    HANDLE looker = open_file(X L"rights.txt", FILE_READ_ATTRIBUTES, FILE_OPEN, 0);
    assert_status(read_at(writer, 0, text, 5, &done), STATUS_ACCESS_DENIED);
    assert_status(write_at(reader, 0, "x", 1), STATUS_ACCESS_DENIED);
    assert_status(read_at(looker, 0, text, 5, &done), STATUS_ACCESS_DENIED);
    assert_status(set_delete(reader, TRUE), STATUS_ACCESS_DENIED);
    /* Nor can a driver, whom no handle's rights bind, do what the file was not opened for. */
    ExpPreviousMode = KernelMode;
    assert_status(read_at(writer, 0, text, 5, &done), STATUS_ACCESS_DENIED);
    assert_status(write_at(reader, 0, "x", 1), STATUS_ACCESS_DENIED);
    ExpPreviousMode = UserMode;
    FILE_STANDARD_INFORMATION standard;
    assert_ok(query(looker, FileStandardInformation, &standard, sizeof(standard)));
    assert_int_equal(standard.EndOfFile.QuadPart, 5);
    assert_ok(NtClose(writer));
    assert_ok(NtClose(reader));
    assert_ok(NtClose(looker));
}

static void a_drive_for_reading_alone(void **state)
{
    (void)state;
    char text[8] = "";
    ULONG done;
    host_write("ro.txt", "fixed");
    HANDLE file = open_file(L"\\??\\R:\\ro.txt", READ, FILE_OPEN, 0);
    assert_ok(read_at(file, 0, text, 5, &done));
    assert_string_equal(text, "fixed");
    FILE_BASIC_INFORMATION basic = {.FileAttributes = FILE_ATTRIBUTE_READONLY};
    ExpPreviousMode = KernelMode;
    assert_status(set(file, FileBasicInformation, &basic, sizeof(basic)),
                  STATUS_MEDIA_WRITE_PROTECTED);
    assert_status(set_delete(file, TRUE), STATUS_MEDIA_WRITE_PROTECTED);
    ExpPreviousMode = UserMode;
    assert_ok(NtClose(file));
    assert_status(try_open(L"\\??\\R:\\ro.txt", WRITE, FILE_OPEN, 0), STATUS_MEDIA_WRITE_PROTECTED);
    assert_status(try_open(L"\\??\\R:\\ro.txt", DELETE, FILE_OPEN, 0),
                  STATUS_MEDIA_WRITE_PROTECTED);
    assert_status(try_open(L"\\??\\R:\\ro.txt", READ, FILE_OVERWRITE_IF, 0),
                  STATUS_MEDIA_WRITE_PROTECTED);
    assert_status(try_open(L"\\??\\R:\\new.txt", READ, FILE_CREATE, 0),
                  STATUS_MEDIA_WRITE_PROTECTED);
    assert_string_equal(host_read("ro.txt"), "fixed");
    assert_false(host_exists("new.txt"));
}

static void attributes_protect(void **state)
{
    (void)state;
    opened file;
    assert_ok(create_at(NULL, X L"locked.txt", READ | WRITE, SHARE_ALL, FILE_CREATE, SYNC,
                        FILE_ATTRIBUTE_READONLY, &file));
    write_text(file.handle, "still writable here");
    assert_ok(NtClose(file.handle));
    assert_status(try_open(X L"locked.txt", WRITE, FILE_OPEN, 0), STATUS_ACCESS_DENIED);
    assert_status(try_open(X L"locked.txt", READ, FILE_OVERWRITE, 0), STATUS_ACCESS_DENIED);
    assert_status(try_open(X L"locked.txt", DELETE, FILE_OPEN, FILE_DELETE_ON_CLOSE),
                  STATUS_CANNOT_DELETE);
    HANDLE handle = open_file(X L"locked.txt", DELETE | FILE_WRITE_ATTRIBUTES, FILE_OPEN, 0);
    assert_status(set_delete(handle, TRUE), STATUS_CANNOT_DELETE);
    FILE_BASIC_INFORMATION basic = {.FileAttributes = FILE_ATTRIBUTE_NORMAL};
    assert_ok(set(handle, FileBasicInformation, &basic, sizeof(basic)));
    assert_ok(set_delete(handle, TRUE));
    assert_ok(NtClose(handle));
    assert_false(host_exists("locked.txt"));
}

static void sharing(void **state)
{
    (void)state;
    static const struct {
        ACCESS_MASK first;
        ULONG share;
        ACCESS_MASK second;
        ULONG second_share;
        NTSTATUS status;
    } rows[] = {
        {READ, FILE_SHARE_READ, READ, FILE_SHARE_READ, STATUS_SUCCESS},
        {READ, 0, READ, SHARE_ALL, STATUS_SHARING_VIOLATION},
        {READ, FILE_SHARE_READ, WRITE, SHARE_ALL, STATUS_SHARING_VIOLATION},
        {WRITE, SHARE_ALL, READ, FILE_SHARE_READ, STATUS_SHARING_VIOLATION},
        {WRITE, SHARE_ALL, READ, FILE_SHARE_READ | FILE_SHARE_WRITE, STATUS_SUCCESS},
        {READ, FILE_SHARE_READ | FILE_SHARE_WRITE, DELETE, SHARE_ALL, STATUS_SHARING_VIOLATION},
        {READ, 0, FILE_READ_ATTRIBUTES, 0, STATUS_SUCCESS},
    };
    host_write("shared.txt", "text");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        opened one, two;
        assert_ok(create_at(NULL, X L"shared.txt", rows[i].first, rows[i].share, FILE_OPEN, SYNC, 0,
                            &one));
        /* By another spelling it is the same file. */
        assert_status(create_at(NULL, X L"SHARED.TXT", rows[i].second, rows[i].second_share,
                                FILE_OPEN, SYNC, 0, &two),
                      rows[i].status);
        if (two.handle != NULL)
            assert_ok(NtClose(two.handle));
        assert_ok(NtClose(one.handle));
        assert_ok(
            create_at(NULL, X L"shared.txt", READ | WRITE | DELETE, 0, FILE_OPEN, SYNC, 0, &one));
        assert_ok(NtClose(one.handle));
    }
    /* Overwriting needs to write, whatever right was asked for; and leaves the text where it can't.
     */
    opened one, two;
    assert_ok(create_at(NULL, X L"shared.txt", READ, FILE_SHARE_READ, FILE_OPEN, SYNC, 0, &one));
    assert_status(create_at(NULL, X L"shared.txt", READ, SHARE_ALL, FILE_OVERWRITE, SYNC, 0, &two),
                  STATUS_SHARING_VIOLATION);
    assert_ok(NtClose(one.handle));
    assert_string_equal(host_read("shared.txt"), "text");
    /* Two names of one file share as one. */
    char from[PATH_MAX + 32], to[PATH_MAX + 32];
    snprintf(from, sizeof(from), "%s/shared.txt", folder);
    snprintf(to, sizeof(to), "%s/other.txt", folder);
    assert_int_equal(link(from, to), 0);
    assert_ok(create_at(NULL, X L"shared.txt", READ, 0, FILE_OPEN, SYNC, 0, &one));
    assert_status(create_at(NULL, X L"other.txt", READ, SHARE_ALL, FILE_OPEN, SYNC, 0, &two),
                  STATUS_SHARING_VIOLATION);
    assert_ok(NtClose(one.handle));
}

static void parameters_are_checked(void **state)
{
    (void)state;
    host_write("params.txt", "");
    assert_status(try_open(X L"params.txt", READ, 6, 0), STATUS_INVALID_PARAMETER);
    assert_status(
        try_open(X L"params.txt", READ, FILE_OPEN, FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE),
        STATUS_INVALID_PARAMETER);
    assert_status(try_open(X L"params.txt", READ, FILE_OPEN, FILE_DELETE_ON_CLOSE),
                  STATUS_INVALID_PARAMETER);
    assert_status(try_open(X L"params.txt", READ, FILE_OPEN, FILE_OPEN_BY_FILE_ID),
                  STATUS_NOT_SUPPORTED);
}

static void by_name(void **state)
{
    (void)state;
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES object;
    FILE_NETWORK_OPEN_INFORMATION info;
    host_write("byname.txt", "123456");
    RtlInitUnicodeString(&name, X L"ByName.txt");
    InitializeObjectAttributes(&object, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_ok(ZwQueryFullAttributesFile(&object, &info));
    assert_int_equal(info.EndOfFile.QuadPart, 6);
    assert_int_equal(info.FileAttributes, FILE_ATTRIBUTE_ARCHIVE);
    assert_ok(ZwDeleteFile(&object));
    assert_false(host_exists("byname.txt"));
    assert_status(ZwQueryFullAttributesFile(&object, &info), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(ZwDeleteFile(&object), STATUS_OBJECT_NAME_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drive_is_there_only_when_mapped),
        cmocka_unit_test(an_open_file_outlives_the_mapping),
        cmocka_unit_test(every_disposition),
        cmocka_unit_test(directories_and_files_are_told_apart),
        cmocka_unit_test(what_is_missing_has_its_own_status),
        cmocka_unit_test(names_match_whatever_the_case),
        cmocka_unit_test(relative_to_a_directory),
        cmocka_unit_test(rights_are_held_to),
        cmocka_unit_test(a_drive_for_reading_alone),
        cmocka_unit_test(attributes_protect),
        cmocka_unit_test(sharing),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(by_name),
    };
    return cmocka_run_group_tests(tests, fs_setup, fs_teardown);
}
