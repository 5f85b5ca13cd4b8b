/* SPDX-License-Identifier: MIT */
#include "tests/unit/fs/fstest.h"

#include <ftw.h>

char folder[PATH_MAX], outside[PATH_MAX];

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

int fs_setup(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(outside, sizeof(outside), "%s/ntio-fs-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(outside) == NULL)
        return -1;
    snprintf(folder, sizeof(folder), "%.4000s/drive", outside);
    if (mkdir(folder, 0777) != 0)
        return -1;
    host_boot();
    if (ntio_map_drive("x:", folder, false) != 0 || ntio_map_drive("R:", folder, true) != 0)
        return -1;
    ExpPreviousMode = UserMode;
    return 0;
}

int fs_teardown(void **state)
{
    (void)state;
    ExpPreviousMode = KernelMode;
    host_shutdown();
    return nftw(outside, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *host_path(const char *name)
{
    static __thread char path[PATH_MAX + 256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

void host_write(const char *name, const char *text)
{
    FILE *file = fopen(host_path(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

void host_mkdir(const char *name)
{
    assert_int_equal(mkdir(host_path(name), 0777), 0);
}

void host_remove(const char *name)
{
    unlink(host_path(name));
}

bool host_exists(const char *name)
{
    struct stat stat;
    return lstat(host_path(name), &stat) == 0;
}

const char *host_read(const char *name)
{
    static char text[65536];
    FILE *file = fopen(host_path(name), "r");
    if (file == NULL)
        return NULL;
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

NTSTATUS create_at(HANDLE root, const WCHAR *name, ACCESS_MASK access, ULONG share,
                   ULONG disposition, ULONG options, ULONG attributes, opened *file)
{
    UNICODE_STRING path;
    OBJECT_ATTRIBUTES object;
    IO_STATUS_BLOCK io = {.Information = 99};
    RtlInitUnicodeString(&path, name);
    InitializeObjectAttributes(&object, &path, OBJ_CASE_INSENSITIVE, root, NULL);
    file->handle = NULL;
    NTSTATUS status = NtCreateFile(&file->handle, access | SYNCHRONIZE, &object, &io, NULL,
                                   attributes, share, disposition, options, NULL, 0);
    file->information = io.Information;
    return status;
}

NTSTATUS try_open(const WCHAR *name, ACCESS_MASK access, ULONG disposition, ULONG options)
{
    opened file;
    NTSTATUS status =
        create_at(NULL, name, access, SHARE_ALL, disposition, options | SYNC, 0, &file);
    if (NT_SUCCESS(status))
        assert_ok(NtClose(file.handle));
    return status;
}

HANDLE open_file(const WCHAR *name, ACCESS_MASK access, ULONG disposition, ULONG options)
{
    opened file;
    assert_ok(create_at(NULL, name, access, SHARE_ALL, disposition, options | SYNC, 0, &file));
    return file.handle;
}

void write_text(HANDLE file, const char *text)
{
    IO_STATUS_BLOCK io;
    assert_ok(NtWriteFile(file, NULL, NULL, NULL, &io, (PVOID)(ULONG_PTR)text, (ULONG)strlen(text),
                          NULL, NULL));
    assert_int_equal(io.Information, strlen(text));
}

NTSTATUS read_at(HANDLE file, LONGLONG offset, void *buffer, ULONG length, ULONG *done)
{
    IO_STATUS_BLOCK io = {.Information = 0};
    LARGE_INTEGER at = {.QuadPart = offset};
    NTSTATUS status = NtReadFile(file, NULL, NULL, NULL, &io, buffer, length, &at, NULL);
    *done = (ULONG)io.Information;
    return status;
}

NTSTATUS write_at(HANDLE file, LONGLONG offset, const void *buffer, ULONG length)
{
    IO_STATUS_BLOCK io;
    LARGE_INTEGER at = {.QuadPart = offset};
    return NtWriteFile(file, NULL, NULL, NULL, &io, (PVOID)(ULONG_PTR)buffer, length, &at, NULL);
}

NTSTATUS query(HANDLE file, FILE_INFORMATION_CLASS class, void *buffer, ULONG length)
{
    IO_STATUS_BLOCK io;
    return NtQueryInformationFile(file, &io, buffer, length, class);
}

NTSTATUS set(HANDLE file, FILE_INFORMATION_CLASS class, void *buffer, ULONG length)
{
    IO_STATUS_BLOCK io;
    return NtSetInformationFile(file, &io, buffer, length, class);
}

NTSTATUS set_delete(HANDLE file, BOOLEAN delete)
{
    FILE_DISPOSITION_INFORMATION disposition = {delete};
    return set(file, FileDispositionInformation, &disposition, sizeof(disposition));
}

NTSTATUS rename_to(HANDLE file, HANDLE root, const WCHAR *name, BOOLEAN replace, BOOLEAN link)
{
    union {
        FILE_RENAME_INFORMATION info;
        UCHAR bytes[1024];
    } buffer = {.info = {.ReplaceIfExists = replace, .RootDirectory = root}};
    ULONG length = (ULONG)(NtCrt_wcslen(name) * sizeof(WCHAR));
    buffer.info.FileNameLength = length;
    memcpy(buffer.info.FileName, name, length);
    return set(file, link ? FileLinkInformation : FileRenameInformation, &buffer,
               (ULONG)sizeof(buffer.info) + length);
}
