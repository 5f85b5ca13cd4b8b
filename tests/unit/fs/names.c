/* SPDX-License-Identifier: MIT */
/* Renaming, linking, deleting; what a directory holds; patterns. */
#include "tests/unit/fs/fstest.h"

#define X    L"\\??\\X:\\"
#define SELF (DELETE | FILE_READ_ATTRIBUTES)

static void a_file_gets_another_name(void **state)
{
    (void)state;
    union {
        FILE_NAME_INFORMATION info;
        UCHAR bytes[256];
    } name;
    host_write("old.txt", "text");
    host_mkdir("dir");
    HANDLE file = open_file(X L"old.txt", SELF, FILE_OPEN, 0);
    assert_ok(rename_to(file, NULL, L"new.txt", FALSE, FALSE));
    assert_false(host_exists("old.txt"));
    assert_string_equal(host_read("new.txt"), "text");
    assert_ok(query(file, FileNameInformation, &name, sizeof(name)));
    assert_memory_equal(name.info.FileName, L"\\new.txt", 8 * sizeof(WCHAR));
    assert_ok(rename_to(file, NULL, L"NEW.txt", FALSE, FALSE)); /* the case alone */
    assert_true(host_exists("NEW.txt") && !host_exists("new.txt"));
    assert_ok(rename_to(file, NULL, X L"dir\\moved.txt", FALSE, FALSE));
    assert_true(host_exists("dir/moved.txt"));
    HANDLE root = open_file(X, READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_ok(rename_to(file, root, L"back.txt", FALSE, FALSE));
    assert_true(host_exists("back.txt"));
    /* It is deleted under the name that it has. */
    assert_ok(set_delete(file, TRUE));
    assert_ok(NtClose(root));
    assert_ok(NtClose(file));
    assert_false(host_exists("back.txt"));
}

static void a_name_that_is_taken(void **state)
{
    (void)state;
    host_write("from.txt", "from");
    host_write("Taken.txt", "taken");
    HANDLE file = open_file(X L"from.txt", SELF, FILE_OPEN, 0);
    assert_status(rename_to(file, NULL, L"taken.TXT", FALSE, FALSE), STATUS_OBJECT_NAME_COLLISION);
    HANDLE other = open_file(X L"Taken.txt", READ, FILE_OPEN, 0);
    assert_status(rename_to(file, NULL, L"taken.TXT", TRUE, FALSE), STATUS_ACCESS_DENIED);
    assert_ok(NtClose(other));
    assert_ok(rename_to(file, NULL, L"taken.TXT", TRUE, FALSE));
    assert_false(host_exists("Taken.txt"));
    assert_string_equal(host_read("taken.TXT"), "from");
    host_mkdir("takendir");
    assert_status(rename_to(file, NULL, L"takendir", TRUE, FALSE), STATUS_ACCESS_DENIED);
    assert_status(rename_to(file, NULL, X L"nowhere\\x", TRUE, FALSE),
                  STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(rename_to(file, NULL, L"a\\b", FALSE, FALSE), STATUS_OBJECT_NAME_INVALID);
    assert_status(rename_to(file, NULL, L"..", FALSE, FALSE), STATUS_OBJECT_NAME_INVALID);
    assert_status(rename_to(file, NULL, L"a:b", FALSE, FALSE), STATUS_OBJECT_NAME_INVALID);
    assert_status(rename_to(file, NULL, L"\\??\\R:\\x", FALSE, FALSE),
                  STATUS_MEDIA_WRITE_PROTECTED);
    assert_ok(NtClose(file));
}

static void a_directory_with_open_files_stays(void **state)
{
    (void)state;
    host_mkdir("full");
    host_write("full/leaf.txt", "leaf");
    HANDLE directory = open_file(X L"full", SELF, FILE_OPEN, FILE_DIRECTORY_FILE);
    HANDLE leaf = open_file(X L"full\\leaf.txt", SELF, FILE_OPEN, 0);
    assert_status(rename_to(directory, NULL, L"other", FALSE, FALSE), STATUS_ACCESS_DENIED);
    assert_status(set_delete(directory, TRUE), STATUS_DIRECTORY_NOT_EMPTY);
    assert_status(rename_to(directory, NULL, X L"full\\into", FALSE, FALSE), STATUS_ACCESS_DENIED);
    assert_ok(set_delete(leaf, TRUE));
    assert_ok(NtClose(leaf));
    assert_status(rename_to(directory, NULL, X L"full\\into", FALSE, FALSE), STATUS_ACCESS_DENIED);
    assert_ok(rename_to(directory, NULL, L"other", FALSE, FALSE));
    assert_true(host_exists("other"));
    assert_ok(set_delete(directory, TRUE));
    assert_status(try_open(X L"other\\new.txt", WRITE, FILE_CREATE, 0), STATUS_DELETE_PENDING);
    assert_ok(NtClose(directory));
    assert_false(host_exists("other"));
}

static void what_is_to_go_can_not_be_opened(void **state)
{
    (void)state;
    FILE_STANDARD_INFORMATION standard;
    host_write("going.txt", "");
    HANDLE one = open_file(X L"going.txt", SELF, FILE_OPEN, 0);
    HANDLE two = open_file(X L"going.txt", READ, FILE_OPEN, 0);
    assert_ok(set_delete(one, TRUE));
    assert_status(try_open(X L"going.txt", READ, FILE_OPEN, 0), STATUS_DELETE_PENDING);
    assert_status(try_open(X L"GOING.txt", READ, FILE_CREATE, 0), STATUS_DELETE_PENDING);
    assert_ok(query(two, FileStandardInformation, &standard, sizeof(standard)));
    assert_true(standard.DeletePending);
    assert_ok(set_delete(one, FALSE));
    assert_ok(try_open(X L"going.txt", READ, FILE_OPEN, 0));
    assert_ok(set_delete(one, TRUE));
    assert_ok(NtClose(one));
    assert_true(host_exists("going.txt"));
    assert_ok(NtClose(two));
    assert_false(host_exists("going.txt"));
    HANDLE closing = open_file(X L"going.txt", DELETE | WRITE, FILE_CREATE, FILE_DELETE_ON_CLOSE);
    assert_true(host_exists("going.txt"));
    assert_ok(NtClose(closing));
    assert_false(host_exists("going.txt"));
}

/* Somebody outside has put another file in its place: that one is not ours to delete. */
static void a_stranger_is_not_deleted(void **state)
{
    (void)state;
    host_write("swap.txt", "mine");
    HANDLE file = open_file(X L"swap.txt", SELF, FILE_OPEN, 0);
    host_write("stranger.txt", "stranger");
    char from[PATH_MAX + 32], to[PATH_MAX + 32];
    snprintf(from, sizeof(from), "%s/stranger.txt", folder);
    snprintf(to, sizeof(to), "%s/swap.txt", folder);
    assert_int_equal(rename(from, to), 0);
    assert_ok(set_delete(file, TRUE));
    assert_ok(NtClose(file));
    assert_string_equal(host_read("swap.txt"), "stranger");
}

static void hard_links(void **state)
{
    (void)state;
    FILE_STANDARD_INFORMATION standard;
    host_write("link1.txt", "both");
    HANDLE file = open_file(X L"link1.txt", SELF, FILE_OPEN, 0);
    assert_ok(rename_to(file, NULL, L"link2.txt", FALSE, TRUE));
    assert_ok(query(file, FileStandardInformation, &standard, sizeof(standard)));
    assert_int_equal(standard.NumberOfLinks, 2);
    assert_status(rename_to(file, NULL, L"link2.txt", FALSE, TRUE), STATUS_OBJECT_NAME_COLLISION);
    assert_ok(set_delete(file, TRUE));
    assert_ok(NtClose(file));
    assert_false(host_exists("link1.txt"));
    assert_string_equal(host_read("link2.txt"), "both");
}

/* ---- directories ---- */

/* The names of one query, each with a blank behind it. */
static NTSTATUS list(HANDLE directory, const WCHAR *pattern, ULONG room, BOOLEAN single,
                     BOOLEAN restart, char *text)
{
    static ULONGLONG aligned[512];
    UCHAR *buffer = (UCHAR *)aligned;
    UNICODE_STRING name;
    IO_STATUS_BLOCK io = {.Information = 0};
    RtlInitUnicodeString(&name, pattern);
    NTSTATUS status = NtQueryDirectoryFile(directory, NULL, NULL, NULL, &io, buffer, room,
                                           FileBothDirectoryInformation, single,
                                           pattern != NULL ? &name : NULL, restart);
    *text = '\0';
    if (NT_ERROR(status) || io.Information == 0)
        return status;
    for (ULONG at = 0;;) {
        FILE_BOTH_DIR_INFORMATION *entry = (FILE_BOTH_DIR_INFORMATION *)(buffer + at);
        assert_int_equal(at % 8, 0);
        for (ULONG i = 0; i < entry->FileNameLength / sizeof(WCHAR); i++)
            sprintf(text + strlen(text), "%c", (char)entry->FileName[i]);
        strcat(text, " ");
        if (entry->NextEntryOffset == 0)
            break;
        at += entry->NextEntryOffset;
        assert_true(at < io.Information);
    }
    return status;
}

static void a_directory_is_listed(void **state)
{
    (void)state;
    char text[4096];
    host_mkdir("list");
    host_write("list/b.txt", "1234");
    host_write("list/A.txt", "");
    host_write("list/c.dat", "");
    host_mkdir("list/sub");
    HANDLE directory = open_file(X L"list", READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_ok(list(directory, NULL, 4096, FALSE, FALSE, text));
    assert_string_equal(text, ". .. A.txt b.txt c.dat sub ");
    assert_status(list(directory, NULL, 4096, FALSE, FALSE, text), STATUS_NO_MORE_FILES);
    host_write("list/d.txt", ""); /* a search that begins again sees it */
    assert_ok(list(directory, NULL, 4096, FALSE, TRUE, text));
    assert_string_equal(text, ". .. A.txt b.txt c.dat d.txt sub ");
    assert_ok(list(directory, NULL, 4096, TRUE, TRUE, text));
    assert_string_equal(text, ". ");
    assert_ok(list(directory, NULL, 4096, TRUE, FALSE, text));
    assert_string_equal(text, ".. ");
    /* Room for one entry after the other: none is lost. */
    assert_ok(list(directory, NULL, 120, FALSE, FALSE, text));
    assert_string_equal(text, "A.txt ");
    assert_ok(list(directory, NULL, 120, FALSE, FALSE, text));
    assert_string_equal(text, "b.txt ");
    assert_ok(NtClose(directory));

    directory = open_file(X L"list", READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_ok(list(directory, L"*.TXT", 4096, FALSE, FALSE, text));
    assert_string_equal(text, "A.txt b.txt d.txt ");
    assert_ok(list(directory, L"*.dat", 4096, FALSE, TRUE, text)); /* the first pattern counts */
    assert_string_equal(text, "A.txt b.txt d.txt ");
    assert_ok(NtClose(directory));
    directory = open_file(X L"list", READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_status(list(directory, L"none*", 4096, FALSE, FALSE, text), STATUS_NO_SUCH_FILE);
    assert_status(list(directory, L"none*", 4096, FALSE, FALSE, text), STATUS_NO_MORE_FILES);
    assert_status(list(directory, NULL, 50, FALSE, TRUE, text), STATUS_INFO_LENGTH_MISMATCH);
    assert_ok(NtClose(directory));
    directory = open_file(X, READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_ok(list(directory, L"lis?", 4096, FALSE, FALSE, text));
    assert_string_equal(text, "list ");
    assert_ok(NtClose(directory));
    HANDLE file = open_file(X L"list\\b.txt", READ, FILE_OPEN, 0);
    assert_status(list(file, NULL, 4096, FALSE, FALSE, text), STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(file));
}

static void every_class_tells_the_same(void **state)
{
    (void)state;
    static const struct {
        FILE_INFORMATION_CLASS class;
        ULONG name, length, size, id;
    } rows[] = {
        {FileDirectoryInformation, 64, 60, 40, 0},
        {FileFullDirectoryInformation, 68, 60, 40, 0},
        {FileBothDirectoryInformation, 94, 60, 40, 0},
        {FileIdBothDirectoryInformation, 104, 60, 40, 96},
        {FileIdFullDirectoryInformation, 80, 60, 40, 72},
        {FileNamesInformation, 12, 8, 0, 0},
    };
    host_mkdir("classes");
    host_write("classes/seven.txt", "1234567");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ULONGLONG aligned[64];
        UCHAR *buffer = (UCHAR *)aligned;
        UNICODE_STRING name = RTL_CONSTANT_STRING(L"seven.txt");
        IO_STATUS_BLOCK io;
        HANDLE directory = open_file(X L"classes", READ, FILE_OPEN, FILE_DIRECTORY_FILE);
        assert_ok(NtQueryDirectoryFile(directory, NULL, NULL, NULL, &io, buffer, sizeof(aligned),
                                       rows[i].class, TRUE, &name, FALSE));
        assert_int_equal(*(PULONG)(buffer + rows[i].length), 18);
        assert_memory_equal(buffer + rows[i].name, L"seven.txt", 18);
        assert_int_equal(io.Information, rows[i].name + 18);
        if (rows[i].size != 0)
            assert_int_equal(*(PLONGLONG)(buffer + rows[i].size), 7);
        if (rows[i].id != 0) {
            FILE_INTERNAL_INFORMATION internal;
            HANDLE file = open_file(X L"classes\\seven.txt", READ, FILE_OPEN, 0);
            assert_ok(query(file, FileInternalInformation, &internal, sizeof(internal)));
            assert_int_equal(*(PLONGLONG)(buffer + rows[i].id), internal.IndexNumber.QuadPart);
            assert_ok(NtClose(file));
        }
        assert_ok(NtClose(directory));
    }
    IO_STATUS_BLOCK io;
    ULONGLONG buffer[64];
    HANDLE directory = open_file(X L"classes", READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_status(NtQueryDirectoryFile(directory, NULL, NULL, NULL, &io, buffer, sizeof(buffer),
                                       FileBasicInformation, TRUE, NULL, FALSE),
                  STATUS_INVALID_INFO_CLASS);
    /* A name that is cut short says how long it is. */
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"seven.txt");
    assert_status(NtQueryDirectoryFile(directory, NULL, NULL, NULL, &io, buffer, 72,
                                       FileDirectoryInformation, TRUE, &name, FALSE),
                  STATUS_BUFFER_OVERFLOW);
    assert_int_equal(io.Information, 72);
    assert_int_equal(((FILE_DIRECTORY_INFORMATION *)buffer)->FileNameLength, 18);
    assert_ok(NtClose(directory));
}

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const WCHAR *pattern, *name;
        BOOLEAN matches;
    } rows[] = {
        {L"*", L"anything.at.all", TRUE},
        {L"*.TXT", L"a.txt", TRUE},
        {L"*.TXT", L"a.txtx", FALSE},
        {L"A?C", L"abc", TRUE},
        {L"A?C", L"ac", FALSE},
        {L"*A*B*", L"xxaxxbxx", TRUE},
        {L"*A*B*", L"xxbxxaxx", FALSE},
        {L"<.TXT", L"a.b.txt", TRUE},
        {L"<.", L"noext", FALSE},
        {L"<\"", L"noext", TRUE},
        {L"<\"", L"with.ext", FALSE},
        {L"<\"*", L"with.ext", TRUE},
        {L"<", L"with.ext", FALSE},
        {L"A>>", L"a", TRUE},
        {L"A>>", L"abcd", FALSE},
        {L"A>>.TXT", L"ab.txt", TRUE},
        {L"A\"B", L"a.b", TRUE},
        {L"", L"", TRUE},
        {L"", L"a", FALSE},
        {L"A", L"", FALSE},
        {L"\x00c4*", L"\x00e4rger", TRUE},
    };
    ExpPreviousMode = KernelMode;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        UNICODE_STRING pattern, name;
        RtlInitUnicodeString(&pattern, rows[i].pattern);
        RtlInitUnicodeString(&name, rows[i].name);
        if (FsRtlIsNameInExpression(&pattern, &name, TRUE, NULL) != rows[i].matches)
            fail_msg("row %zu", i);
    }
    /* Many stars cost no time. */
    WCHAR stars[301], letters[300];
    for (int i = 0; i < 300; i++) {
        stars[i] = i % 2 ? L'*' : L'A';
        letters[i] = L'A';
    }
    stars[300] = L'B';
    UNICODE_STRING pattern = {sizeof(stars), sizeof(stars), stars};
    UNICODE_STRING name = {sizeof(letters), sizeof(letters), letters};
    assert_false(FsRtlIsNameInExpression(&pattern, &name, FALSE, NULL));
    assert_true(FsRtlDoesNameContainWildCards(&pattern));
    assert_false(FsRtlDoesNameContainWildCards(&name));
    ExpPreviousMode = UserMode;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gets_another_name),
        cmocka_unit_test(a_name_that_is_taken),
        cmocka_unit_test(a_directory_with_open_files_stays),
        cmocka_unit_test(what_is_to_go_can_not_be_opened),
        cmocka_unit_test(a_stranger_is_not_deleted),
        cmocka_unit_test(hard_links),
        cmocka_unit_test(a_directory_is_listed),
        cmocka_unit_test(every_class_tells_the_same),
        cmocka_unit_test(patterns),
    };
    return cmocka_run_group_tests(tests, fs_setup, fs_teardown);
}
