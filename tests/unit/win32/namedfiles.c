/* SPDX-License-Identifier: MIT */
/* A program's files: CreateFile's errors, names, attributes, moving, copying, searching. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* nftw */
#endif
#include "ntio.h"
#include "tests/support/host.h"
#include <windows.h>

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/ntio-win32-XXXXXX";

static int setup(void **state)
{
    (void)state;
    char other[64];
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(other, sizeof(other), "%s/D", folder);
    host_boot();
    if (mkdir(other, 0777) != 0)
        return -1;
    snprintf(other, sizeof(other), "%s/C", folder);
    if (mkdir(other, 0777) != 0 || ntio_map_drive("C:", other, false) != 0)
        return -1;
    snprintf(other, sizeof(other), "%s/D", folder);
    return ntio_map_drive("D:", other, false);
}

static int remove_one(const char *path, const struct stat *what, int type, struct FTW *where)
{
    (void)what;
    (void)type;
    (void)where;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    host_shutdown();
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static HANDLE open_as(const char *name, DWORD access, DWORD share, DWORD how, DWORD flags)
{
    SetLastError(12345);
    return CreateFileA(name, access, share, NULL, how, flags, NULL);
}

static void make(const char *name, const char *text)
{
    DWORD done;
    HANDLE file = open_as(name, GENERIC_WRITE, 0, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, text, (DWORD)strlen(text), &done, NULL));
    assert_true(CloseHandle(file));
}

static const char *content(const char *name)
{
    static char text[256];
    DWORD done = 0;
    HANDLE file = open_as(name, GENERIC_READ, 7, OPEN_EXISTING, 0);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(ReadFile(file, text, sizeof(text) - 1, &done, NULL));
    text[done] = '\0';
    assert_true(CloseHandle(file));
    return text;
}

static void fails_with(const char *name, DWORD access, DWORD how, DWORD flags, DWORD error)
{
    assert_true(open_as(name, access, 0, how, flags) == INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), error);
}

static void opens_with(const char *name, DWORD how, DWORD error)
{
    HANDLE file = open_as(name, GENERIC_READ | GENERIC_WRITE, 0, how, 0);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), error);
    assert_true(CloseHandle(file));
}

static void the_documented_errors(void **state)
{
    (void)state;
    make("C:\\there.txt", "text");
    assert_true(CreateDirectoryA("C:\\dir", NULL));
    fails_with("C:\\none.txt", GENERIC_READ, OPEN_EXISTING, 0, ERROR_FILE_NOT_FOUND);
    fails_with("C:\\none\\x.txt", GENERIC_READ, OPEN_EXISTING, 0, ERROR_PATH_NOT_FOUND);
    fails_with("Z:\\x.txt", GENERIC_READ, OPEN_EXISTING, 0, ERROR_PATH_NOT_FOUND);
    fails_with("C:\\there.txt", GENERIC_WRITE, CREATE_NEW, 0, ERROR_FILE_EXISTS);
    fails_with("C:\\dir", GENERIC_READ, OPEN_EXISTING, 0, ERROR_ACCESS_DENIED);
    fails_with("C:\\dir\\", GENERIC_READ, OPEN_EXISTING, 0, ERROR_PATH_NOT_FOUND);
    fails_with("C:\\a|b", GENERIC_READ, OPEN_EXISTING, 0, ERROR_INVALID_NAME);
    fails_with("C:\\none.txt", GENERIC_WRITE, TRUNCATE_EXISTING, 0, ERROR_FILE_NOT_FOUND);
    opens_with("C:\\there.txt", OPEN_EXISTING, ERROR_SUCCESS);
    opens_with("C:\\there.txt", OPEN_ALWAYS, ERROR_ALREADY_EXISTS);
    opens_with("C:\\there.txt", CREATE_ALWAYS, ERROR_ALREADY_EXISTS);
    opens_with("C:\\new1.txt", OPEN_ALWAYS, ERROR_SUCCESS);
    opens_with("C:\\new2.txt", CREATE_ALWAYS, ERROR_SUCCESS);
    opens_with("C:\\new3.txt", CREATE_NEW, ERROR_SUCCESS);
    HANDLE alone = open_as("C:\\there.txt", GENERIC_READ, 0, OPEN_EXISTING, 0);
    fails_with("c:/THERE.txt", GENERIC_READ, OPEN_EXISTING, 0, ERROR_SHARING_VIOLATION);
    assert_false(DeleteFileA("C:\\there.txt"));
    assert_int_equal(GetLastError(), ERROR_SHARING_VIOLATION);
    assert_true(CloseHandle(alone));
    HANDLE directory =
        open_as("C:\\dir", GENERIC_READ, 7, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
    assert_true(directory != INVALID_HANDLE_VALUE);
    assert_int_equal(GetFileType(directory), FILE_TYPE_DISK);
    assert_true(CloseHandle(directory));
}

static void whole_paths(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"C:\\a\\..\\b.txt", "C:\\b.txt"},
        {"x\\.\\y", "C:\\x\\y"},
        {"\\up\\..\\..\\z", "C:\\z"},
        {"D:file. ", "D:\\file"},
        {"C:/a//b/", "C:\\a\\b\\"},
        {"C:\\dots.\\x..", "C:\\dots\\x"},
        {"C:", "C:\\"},
        {"\\\\.\\CdRom0", "\\\\.\\CdRom0"},
        {"..", "C:\\"},
        {"C:\\a\\.", "C:\\a\\"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char full[MAX_PATH], *part;
        DWORD length = GetFullPathNameA(rows[i][0], sizeof(full), full, &part);
        assert_string_equal(full, rows[i][1]);
        assert_int_equal(length, strlen(full));
        if (full[length - 1] == '\\')
            assert_null(part);
        else
            assert_ptr_equal(part, strrchr(full, '\\') + 1);
        assert_int_equal(GetFullPathNameA(rows[i][0], 3, full, NULL), strlen(rows[i][1]) + 1);
    }
    make("C:\\dir\\..\\normal.txt.", "found");
    assert_string_equal(content("C:\\normal.txt"), "found");
    char temp[MAX_PATH];
    DWORD length = GetTempPathA(sizeof(temp), temp);
    assert_int_equal(length, strlen(temp));
    assert_int_equal(GetTempPathA(2, temp), length + 1);
}

static void attributes_and_times(void **state)
{
    (void)state;
    WIN32_FILE_ATTRIBUTE_DATA data;
    BY_HANDLE_FILE_INFORMATION info, again;
    FILETIME time = {0x3f9c000, 0x01bf53ec}, created, written;
    make("C:\\attr.txt", "12345");
    assert_int_equal(GetFileAttributesA("C:\\attr.txt"), FILE_ATTRIBUTE_ARCHIVE);
    assert_true(SetFileAttributesA("C:\\attr.txt", FILE_ATTRIBUTE_READONLY));
    assert_int_equal(GetFileAttributesA("C:\\attr.txt"), FILE_ATTRIBUTE_READONLY);
    fails_with("C:\\attr.txt", GENERIC_WRITE, OPEN_EXISTING, 0, ERROR_ACCESS_DENIED);
    assert_false(DeleteFileA("C:\\attr.txt"));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_true(SetFileAttributesA("C:\\attr.txt", 0));
    assert_int_equal(GetFileAttributesA("C:\\attr.txt"), FILE_ATTRIBUTE_NORMAL);
    assert_int_equal(GetFileAttributesA("C:\\none"), INVALID_FILE_ATTRIBUTES);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    HANDLE file = open_as("C:\\attr.txt", GENERIC_READ | GENERIC_WRITE, 7, OPEN_EXISTING, 0);
    assert_true(SetFileTime(file, NULL, NULL, &time));
    assert_true(GetFileTime(file, &created, NULL, &written));
    assert_int_equal(CompareFileTime(&written, &time), 0);
    assert_int_equal(CompareFileTime(&written, &created), -1);
    assert_true(GetFileInformationByHandle(file, &info));
    assert_int_equal(info.nFileSizeLow, 5);
    assert_int_equal(info.nNumberOfLinks, 1);
    HANDLE same = open_as("C:\\ATTR.TXT", GENERIC_READ, 7, OPEN_EXISTING, 0);
    assert_true(GetFileInformationByHandle(same, &again));
    assert_int_equal(info.nFileIndexLow, again.nFileIndexLow);
    assert_int_equal(info.dwVolumeSerialNumber, again.dwVolumeSerialNumber);
    assert_true(CloseHandle(same));
    assert_true(GetFileAttributesExA("C:\\attr.txt", GetFileExInfoStandard, &data));
    assert_int_equal(data.nFileSizeLow, 5);
    assert_int_equal(CompareFileTime(&data.ftLastWriteTime, &time), 0);
    assert_int_equal(GetFileSize(file, NULL), 5);
    assert_int_equal(SetFilePointer(file, -2, NULL, FILE_END), 3);
    assert_true(SetEndOfFile(file));
    LARGE_INTEGER size;
    assert_true(GetFileSizeEx(file, &size));
    assert_int_equal(size.QuadPart, 3);
    assert_int_equal(SetFilePointer(file, -9, NULL, FILE_CURRENT), INVALID_SET_FILE_POINTER);
    assert_int_equal(GetLastError(), ERROR_NEGATIVE_SEEK);
    assert_true(FlushFileBuffers(file));
    assert_true(CloseHandle(file));
    assert_true(DeleteFileA("C:\\attr.txt"));
    assert_false(DeleteFileA("C:\\attr.txt"));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
}

static void the_end_of_a_file(void **state)
{
    (void)state;
    char text[8];
    DWORD done = 99;
    OVERLAPPED overlapped = {.Offset = 100};
    make("C:\\end.txt", "abc");
    HANDLE file = open_as("C:\\end.txt", GENERIC_READ, 7, OPEN_EXISTING, 0);
    assert_true(ReadFile(file, text, 8, &done, NULL));
    assert_int_equal(done, 3);
    assert_true(ReadFile(file, text, 8, &done, NULL));
    assert_int_equal(done, 0);
    assert_true(CloseHandle(file));
    file = open_as("C:\\end.txt", GENERIC_READ, 7, OPEN_EXISTING, FILE_FLAG_OVERLAPPED);
    if (!ReadFile(file, text, 8, NULL, &overlapped) && GetLastError() == ERROR_IO_PENDING)
        assert_false(GetOverlappedResult(file, &overlapped, &done, TRUE));
    assert_int_equal(GetLastError(), ERROR_HANDLE_EOF);
    assert_true(CloseHandle(file));
}

static void directories(void **state)
{
    (void)state;
    assert_true(CreateDirectoryA("C:\\one", NULL));
    assert_false(CreateDirectoryA("C:\\ONE", NULL));
    assert_int_equal(GetLastError(), ERROR_ALREADY_EXISTS);
    assert_false(CreateDirectoryA("C:\\no\\one", NULL));
    assert_int_equal(GetLastError(), ERROR_PATH_NOT_FOUND);
    assert_int_equal(GetFileAttributesA("C:\\one"), FILE_ATTRIBUTE_DIRECTORY);
    make("C:\\one\\file", "");
    assert_false(RemoveDirectoryA("C:\\one"));
    assert_int_equal(GetLastError(), ERROR_DIR_NOT_EMPTY);
    assert_false(RemoveDirectoryA("C:\\one\\file"));
    assert_int_equal(GetLastError(), ERROR_DIRECTORY);
    assert_false(DeleteFileA("C:\\one"));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_true(DeleteFileA("C:\\one\\file"));
    assert_true(RemoveDirectoryA("C:\\one"));
    assert_false(RemoveDirectoryA("C:\\one"));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
}

static void moving(void **state)
{
    (void)state;
    make("C:\\m1.txt", "one");
    make("C:\\m2.txt", "two");
    assert_true(CreateDirectoryA("C:\\mdir", NULL));
    assert_false(MoveFileA("C:\\m1.txt", "C:\\m2.txt"));
    assert_int_equal(GetLastError(), ERROR_ALREADY_EXISTS);
    assert_false(MoveFileA("C:\\none.txt", "C:\\m3.txt"));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_true(MoveFileExA("C:\\m1.txt", "C:\\M2.TXT",
                            MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH));
    assert_string_equal(content("C:\\m2.txt"), "one");
    assert_true(MoveFileA("C:\\m2.txt", "C:\\mdir\\m4.txt"));
    assert_true(MoveFileA("C:\\mdir", "C:\\mdir2"));
    assert_string_equal(content("C:\\mdir2\\m4.txt"), "one");
    assert_false(MoveFileExA("C:\\mdir2\\m4.txt", "D:\\m5.txt", 0));
    assert_int_equal(GetLastError(), ERROR_NOT_SAME_DEVICE);
    assert_true(MoveFileA("C:\\mdir2\\m4.txt", "D:\\m5.txt"));
    assert_string_equal(content("D:\\m5.txt"), "one");
    assert_int_equal(GetFileAttributesA("C:\\mdir2\\m4.txt"), INVALID_FILE_ATTRIBUTES);
    assert_false(MoveFileA("C:\\mdir2", "D:\\mdir2"));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_false(MoveFileExA("C:\\mdir2", "C:\\mdir3", 0x80000));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void copying(void **state)
{
    (void)state;
    char *large = malloc(200001);
    assert_non_null(large);
    memset(large, 'x', 200000);
    large[200000] = '\0';
    make("C:\\copy1.txt", large);
    free(large);
    WIN32_FILE_ATTRIBUTE_DATA one, two;
    assert_true(SetFileAttributesA("C:\\copy1.txt", FILE_ATTRIBUTE_READONLY));
    assert_true(CopyFileA("C:\\copy1.txt", "D:\\copy2.txt", TRUE));
    assert_true(GetFileAttributesExA("C:\\copy1.txt", GetFileExInfoStandard, &one));
    assert_true(GetFileAttributesExA("D:\\copy2.txt", GetFileExInfoStandard, &two));
    assert_int_equal(two.nFileSizeLow, 200000);
    assert_int_equal(two.dwFileAttributes, one.dwFileAttributes);
    assert_int_equal(CompareFileTime(&one.ftLastWriteTime, &two.ftLastWriteTime), 0);
    assert_false(CopyFileA("C:\\copy1.txt", "D:\\copy2.txt", TRUE));
    assert_int_equal(GetLastError(), ERROR_FILE_EXISTS);
    assert_false(CopyFileA("C:\\copy1.txt", "D:\\copy2.txt", FALSE)); /* it is read-only */
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_false(CopyFileA("C:\\copy1.txt", "C:\\copy1.txt", FALSE));
    assert_false(CopyFileA("C:\\nothing", "C:\\copy3.txt", FALSE));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_int_equal(GetFileAttributesA("C:\\copy3.txt"), INVALID_FILE_ATTRIBUTES);
}

static int count(const char *pattern, const char *names)
{
    WIN32_FIND_DATAA data;
    char all[4096] = "";
    int found = 0;
    HANDLE search = FindFirstFileA(pattern, &data);
    if (search == INVALID_HANDLE_VALUE)
        return -1;
    do {
        found++;
        strcat(strcat(all, data.cFileName), " ");
    } while (FindNextFileA(search, &data));
    assert_int_equal(GetLastError(), ERROR_NO_MORE_FILES);
    assert_true(FindClose(search));
    if (names != NULL)
        assert_string_equal(all, names);
    return found;
}

static void searching(void **state)
{
    (void)state;
    WIN32_FIND_DATAA data;
    assert_true(CreateDirectoryA("C:\\find", NULL));
    make("C:\\find\\a.txt", "123");
    make("C:\\find\\b.text", "");
    make("C:\\find\\noext", "");
    make("C:\\find\\ab.txt", "");
    assert_int_equal(count("C:\\find\\*", ". .. a.txt ab.txt b.text noext "), 6);
    assert_int_equal(count("C:\\find\\*.*", ". .. a.txt ab.txt b.text noext "), 6);
    assert_int_equal(count("C:\\find\\*.txt", "a.txt ab.txt "), 2);
    assert_int_equal(count("C:\\find\\a?.TXT", "a.txt ab.txt "), 2);
    assert_int_equal(count("C:\\find\\*.", "noext "), 1);
    assert_int_equal(count("C:\\find\\noext", "noext "), 1);
    assert_int_equal(count("C:\\find\\x*", NULL), -1);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_int_equal(count("C:\\none\\x*", NULL), -1);
    assert_int_equal(GetLastError(), ERROR_PATH_NOT_FOUND);
    assert_int_equal(count("C:\\find\\noext\\*", NULL), -1);
    assert_int_equal(GetLastError(), ERROR_DIRECTORY);
    assert_int_equal(count("C:\\find\\", NULL), -1);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_false(FindClose(INVALID_HANDLE_VALUE));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    HANDLE search = FindFirstFileA("C:\\find\\a.txt", &data);
    assert_int_equal(data.nFileSizeLow, 3);
    assert_int_equal(data.dwFileAttributes, FILE_ATTRIBUTE_ARCHIVE);
    assert_true(FindClose(search));
    assert_false(FindNextFileA(search, &data));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    /* One that is never closed goes with the program. */
    assert_true(FindFirstFileA("C:\\find\\*", &data) != INVALID_HANDLE_VALUE);
    /* More than one buffer of names. */
    char name[64];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "C:\\find\\many%03d.dat", i);
        make(name, "");
    }
    assert_int_equal(count("C:\\find\\many*", NULL), 200);
}

static void mapping(void **state)
{
    (void)state;
    make("C:\\map.txt", "mapped text");
    HANDLE file = open_as("C:\\map.txt", GENERIC_READ | GENERIC_WRITE, 7, OPEN_EXISTING, 0);
    HANDLE map = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    assert_non_null(map);
    char *view = MapViewOfFile(map, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    assert_non_null(view);
    assert_memory_equal(view, "mapped text", 11);
    memcpy(view, "MAPPED", 6);
    assert_true(FlushViewOfFile(view, 0));
    assert_string_equal(content("C:\\map.txt"), "MAPPED text");
    assert_int_equal(SetFilePointer(file, 2, NULL, FILE_BEGIN), 2);
    assert_false(SetEndOfFile(file)); /* not while it is mapped */
    assert_int_equal(GetLastError(), ERROR_USER_MAPPED_FILE);
    assert_null(MapViewOfFile(map, FILE_MAP_READ, 0, 4096, 0));
    assert_int_equal(GetLastError(), ERROR_MAPPED_ALIGNMENT);
    assert_true(UnmapViewOfFile(view));
    assert_false(UnmapViewOfFile(view));
    assert_int_equal(GetLastError(), ERROR_INVALID_ADDRESS);
    assert_true(CloseHandle(map));
    assert_true(SetEndOfFile(file));
    assert_true(CloseHandle(file));
    make("C:\\empty.txt", "");
    file = open_as("C:\\empty.txt", GENERIC_READ, 7, OPEN_EXISTING, 0);
    assert_null(CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL));
    assert_int_equal(GetLastError(), ERROR_FILE_INVALID);
    assert_null(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 10, NULL));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_true(CloseHandle(file));
    /* Memory under a name, seen twice. */
    map = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 100000, "Shared");
    assert_non_null(map);
    HANDLE again =
        CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 100000, "Shared");
    assert_non_null(again);
    assert_int_equal(GetLastError(), ERROR_ALREADY_EXISTS);
    char *one = MapViewOfFile(map, FILE_MAP_WRITE, 0, 0, 0);
    char *two = MapViewOfFile(again, FILE_MAP_READ, 0, 65536, 0);
    char *copy = MapViewOfFile(again, FILE_MAP_COPY, 0, 0, 0);
    assert_true(one != NULL && two != NULL && copy != NULL);
    one[65536] = 'x';
    assert_int_equal(two[0], 'x');
    copy[65536] = 'y';
    assert_int_equal(two[0], 'x');
    assert_true(CloseHandle(map) && CloseHandle(again));
    assert_true(UnmapViewOfFile(one) && UnmapViewOfFile(copy));
    /* The last one goes with the program. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_errors),
        cmocka_unit_test(whole_paths),
        cmocka_unit_test(attributes_and_times),
        cmocka_unit_test(the_end_of_a_file),
        cmocka_unit_test(directories),
        cmocka_unit_test(moving),
        cmocka_unit_test(copying),
        cmocka_unit_test(searching),
        cmocka_unit_test(mapping),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
