/* SPDX-License-Identifier: MIT */
/* Names that would lead elsewhere, or nowhere; buffers that are none. */
#include "tests/unit/fs/fstest.h"

#define X L"\\??\\X:\\"

static void nothing_leads_out(void **state)
{
    (void)state;
    char path[PATH_MAX + 32], secret[PATH_MAX + 32];
    snprintf(secret, sizeof(secret), "%s/secret.txt", outside);
    FILE *file = fopen(secret, "w");
    assert_non_null(file);
    fputs("secret", file);
    fclose(file);
    /* Up, absolute, and through the middle of a path. */
    snprintf(path, sizeof(path), "%s/up", folder);
    assert_int_equal(symlink("../secret.txt", path), 0);
    snprintf(path, sizeof(path), "%s/absolute", folder);
    assert_int_equal(symlink(secret, path), 0);
    snprintf(path, sizeof(path), "%s/parent", folder);
    assert_int_equal(symlink("..", path), 0);
    snprintf(path, sizeof(path), "%s/proc", folder);
    assert_int_equal(symlink("/proc/self/cwd", path), 0);
    static const WCHAR *const names[] = {X L"up",      X L"absolute", X L"parent\\secret.txt",
                                         X L"proc\\x", X L"UP",       X L"PARENT\\secret.txt"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_status(try_open(names[i], READ, FILE_OPEN, 0), STATUS_ACCESS_DENIED);
        assert_status(try_open(names[i], WRITE | DELETE, FILE_OPEN_IF, 0), STATUS_ACCESS_DENIED);
        assert_status(try_open(names[i], WRITE | DELETE, FILE_SUPERSEDE, 0), STATUS_ACCESS_DENIED);
    }
    assert_status(try_open(X L"parent\\made.txt", WRITE, FILE_CREATE, 0), STATUS_ACCESS_DENIED);
    host_write("mover.txt", "");
    HANDLE mover = open_file(X L"mover.txt", DELETE, FILE_OPEN, 0);
    assert_status(rename_to(mover, NULL, X L"parent\\mover.txt", TRUE, FALSE),
                  STATUS_ACCESS_DENIED);
    assert_ok(NtClose(mover));
    assert_true(host_exists("mover.txt"));
    assert_true(host_exists("../secret.txt"));
    assert_string_equal(host_read("../secret.txt"), "secret");
    assert_false(host_exists("../made.txt"));
    /* Nor are they listed. */
    IO_STATUS_BLOCK io;
    ULONGLONG buffer[64];
    UNICODE_STRING all = RTL_CONSTANT_STRING(L"up");
    HANDLE root = open_file(X, READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_status(NtQueryDirectoryFile(root, NULL, NULL, NULL, &io, buffer, sizeof(buffer),
                                       FileDirectoryInformation, FALSE, &all, FALSE),
                  STATUS_NO_SUCH_FILE);
    assert_ok(NtClose(root));
}

static void links_inside_are_followed(void **state)
{
    (void)state;
    char path[PATH_MAX + 32], text[8] = "";
    ULONG done;
    host_mkdir("real");
    host_write("real/file.txt", "real");
    snprintf(path, sizeof(path), "%s/alias", folder);
    assert_int_equal(symlink("real", path), 0);
    HANDLE file = open_file(X L"alias\\file.txt", READ, FILE_OPEN, 0);
    assert_ok(read_at(file, 0, text, 4, &done));
    assert_string_equal(text, "real");
    assert_ok(NtClose(file));
    snprintf(path, sizeof(path), "%s/loop", folder);
    assert_int_equal(symlink("loop", path), 0);
    assert_status(try_open(X L"loop", READ, FILE_OPEN, 0), STATUS_REPARSE_POINT_NOT_RESOLVED);
    snprintf(path, sizeof(path), "%s/dangling", folder);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_status(try_open(X L"dangling", READ, FILE_OPEN, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    /* Deleting a link leaves what it leads to. */
    HANDLE link = open_file(X L"alias", DELETE, FILE_OPEN, 0);
    assert_ok(NtClose(link));
    assert_true(host_exists("real/file.txt"));
}

static NTSTATUS open_counted(const WCHAR *text, USHORT units)
{
    UNICODE_STRING name = {units * sizeof(WCHAR), units * sizeof(WCHAR), (PWSTR)(ULONG_PTR)text};
    OBJECT_ATTRIBUTES object;
    IO_STATUS_BLOCK io;
    HANDLE handle;
    InitializeObjectAttributes(&object, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS status =
        NtCreateFile(&handle, WRITE, &object, &io, NULL, 0, SHARE_ALL, FILE_OPEN_IF, SYNC, NULL, 0);
    if (NT_SUCCESS(status))
        NtClose(handle);
    return status;
}

static void names_that_are_none(void **state)
{
    (void)state;
    static const WCHAR *const names[] = {
        X L".",
        X L"..",
        X L"a\\..\\b",
        X L"..\\secret.txt",
        X L"a\\\\b",
        X L"a:stream",
        X L"a::$DATA",
        X L"a/b",
        X L"../secret.txt",
        X L"a*",
        X L"a?",
        X L"a<",
        X L"a|b",
        X L"a\"",
        X L"a\x01",
        X L"lone\xd800",
        X L"\xdc00lone",
        X L".\\",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((ULONG)try_open(names[i], WRITE, FILE_OPEN_IF, 0) != (ULONG)STATUS_OBJECT_NAME_INVALID)
            fail_msg("name %zu", i);
    }
    /* A zero inside. */
    static const WCHAR zero[] = X L"a\0b";
    assert_status(open_counted(zero, sizeof(zero) / sizeof(WCHAR) - 1), STATUS_OBJECT_NAME_INVALID);
    assert_false(host_exists("a"));
}

static void long_names(void **state)
{
    (void)state;
    static WCHAR text[32767];
    USHORT prefix = sizeof(X) / sizeof(WCHAR) - 1;
    memcpy(text, X, sizeof(X));
    for (USHORT i = prefix; i < 32767; i++)
        text[i] = L'n';
    assert_status(open_counted(text, (USHORT)(prefix + 256)), STATUS_OBJECT_NAME_INVALID);
    assert_ok(open_counted(text, (USHORT)(prefix + 255)));
    for (USHORT i = prefix; i < 32767; i++) /* fits NT's 255, not the host's 255 bytes */
        text[i] = 0x4e00;
    assert_status(open_counted(text, (USHORT)(prefix + 255)), STATUS_OBJECT_NAME_INVALID);
    for (USHORT i = prefix; i < 32767; i++) /* many components: longer than a path of the host */
        text[i] = (i - prefix) % 100 == 99 ? L'\\' : L'n';
    assert_status(open_counted(text, 32760), STATUS_NAME_TOO_LONG);
}

static void the_hosts_devices_are_none_of_ours(void **state)
{
    (void)state;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0666), 0);
    /* Comes back at once, too: opening a pipe would wait for its other end. */
    assert_status(try_open(X L"fifo", READ, FILE_OPEN, 0), STATUS_ACCESS_DENIED);
    assert_status(try_open(X L"fifo", WRITE, FILE_OVERWRITE_IF, 0), STATUS_ACCESS_DENIED);
}

#if !NTIO_SANITIZED
static void buffers_that_are_none(void **state)
{
    (void)state;
    IO_STATUS_BLOCK io;
    ULONG done;
    host_write("buffer.txt", "text");
    HANDLE file = open_file(X L"buffer.txt", READ | WRITE, FILE_OPEN, 0);
    assert_status(read_at(file, 0, (PVOID)0x1000, 4, &done), STATUS_ACCESS_VIOLATION);
    /* What is written from is the driver's to try. */
    assert_status(write_at(file, 0, (PVOID)0x1000, 4), STATUS_INVALID_USER_BUFFER);
    assert_status(query(file, FileAllInformation, (PVOID)0x1000, 512), STATUS_ACCESS_VIOLATION);
    /* A driver's buffer is not probed, so the host finds it out. */
    ExpPreviousMode = KernelMode;
    assert_status(read_at(file, 0, (PVOID)0x1000, 4, &done), STATUS_INVALID_USER_BUFFER);
    ExpPreviousMode = UserMode;
    assert_ok(NtClose(file));
    HANDLE root = open_file(X, READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_status(NtQueryDirectoryFile(root, NULL, NULL, NULL, &io, (PVOID)0x1000, 512,
                                       FileDirectoryInformation, FALSE, NULL, FALSE),
                  STATUS_ACCESS_VIOLATION);
    assert_ok(NtClose(root));
    assert_string_equal(host_read("buffer.txt"), "text");
}
#endif

static void renames_that_lie_about_their_length(void **state)
{
    (void)state;
    host_write("liar.txt", "");
    HANDLE file = open_file(X L"liar.txt", DELETE, FILE_OPEN, 0);
    union {
        FILE_RENAME_INFORMATION info;
        UCHAR bytes[64];
    } buffer;
    static const ULONG lengths[] = {0, 1, 3, 45, 1000, 0x7ffffffe, 0xfffffffe};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        memset(&buffer, 'a', sizeof(buffer));
        buffer.info.RootDirectory = NULL;
        buffer.info.FileNameLength = lengths[i];
        assert_status(set(file, FileRenameInformation, &buffer, sizeof(buffer)),
                      STATUS_INVALID_PARAMETER);
    }
    assert_ok(NtClose(file));
    assert_true(host_exists("liar.txt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leads_out),
        cmocka_unit_test(links_inside_are_followed),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(long_names),
        cmocka_unit_test(the_hosts_devices_are_none_of_ours),
#if !NTIO_SANITIZED
        cmocka_unit_test(buffers_that_are_none),
#endif
        cmocka_unit_test(renames_that_lie_about_their_length),
    };
    return cmocka_run_group_tests(tests, fs_setup, fs_teardown);
}
