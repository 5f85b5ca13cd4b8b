/* SPDX-License-Identifier: MIT */
/* Sections on files and on memory, their views, who may map what, and who holds what. */
#include "tests/unit/fs/fstest.h"
#include "ntio/vm/vm.h"

#include <pthread.h>

#define X    L"\\??\\X:\\"
#define SELF ((HANDLE)(LONG_PTR)-1)

static NTSTATUS make(HANDLE file, LONGLONG size, ULONG page, ULONG kind, HANDLE *section)
{
    LARGE_INTEGER large = {.QuadPart = size};
    return NtCreateSection(section, SECTION_ALL_ACCESS, NULL, size != 0 ? &large : NULL, page, kind,
                           file);
}

static NTSTATUS map(HANDLE section, LONGLONG offset, SIZE_T size, ULONG page, PVOID *base)
{
    LARGE_INTEGER large = {.QuadPart = offset};
    return NtMapViewOfSection(section, SELF, base, 0, 0, &large, &size, ViewShare, 0, page);
}

static void a_file_is_seen_and_written(void **state)
{
    (void)state;
    HANDLE section;
    PVOID base = NULL, other = NULL;
    host_write("map.txt", "from the host");
    HANDLE file = open_file(X L"map.txt", READ | WRITE, FILE_OPEN, 0);
    assert_ok(make(file, 0, PAGE_READWRITE, SEC_COMMIT, &section));
    assert_ok(NtClose(file)); /* the section has it */
    assert_ok(map(section, 0, 0, PAGE_READWRITE, &base));
    assert_ok(map(section, 0, 4, PAGE_WRITECOPY, &other));
    assert_int_equal((ULONG_PTR)base % 65536, 0);
    assert_memory_equal(base, "from the host", 13);
    memcpy(base, "FROM", 4);
    assert_memory_equal(other, "FROM", 4);
    memcpy(other, "mine", 4); /* a copy of its own */
    assert_string_equal(host_read("map.txt"), "FROM the host");
    assert_ok(NtClose(section)); /* the views have it */
    assert_ok(NtUnmapViewOfSection(SELF, (PUCHAR)other + 1));
    assert_status(NtUnmapViewOfSection(SELF, other), STATUS_NOT_MAPPED_VIEW);
    file = open_file(X L"map.txt", READ | WRITE | DELETE, FILE_OPEN, 0);
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = 1};
    assert_status(set(file, FileEndOfFileInformation, &end, sizeof(end)), STATUS_USER_MAPPED_FILE);
    assert_status(set_delete(file, TRUE), STATUS_CANNOT_DELETE);
    assert_status(try_open(X L"map.txt", WRITE, FILE_OVERWRITE, 0), STATUS_USER_MAPPED_FILE);
    assert_ok(NtUnmapViewOfSection(SELF, base));
    assert_ok(set(file, FileEndOfFileInformation, &end, sizeof(end)));
    assert_ok(NtClose(file));
    assert_string_equal(host_read("map.txt"), "F");
}

static void what_can_not_be_a_section(void **state)
{
    (void)state;
    HANDLE section;
    host_write("empty.txt", "");
    host_write("small.txt", "12");
    HANDLE empty = open_file(X L"empty.txt", READ | WRITE, FILE_OPEN, 0);
    HANDLE reader = open_file(X L"small.txt", READ, FILE_OPEN, 0);
    HANDLE writer = open_file(X L"small.txt", WRITE, FILE_OPEN, 0);
    HANDLE root = open_file(X, READ, FILE_OPEN, FILE_DIRECTORY_FILE);
    assert_status(make(empty, 0, PAGE_READONLY, SEC_COMMIT, &section),
                  STATUS_MAPPED_FILE_SIZE_ZERO);
    assert_status(make(reader, 10, PAGE_READONLY, SEC_COMMIT, &section), STATUS_SECTION_TOO_BIG);
    assert_status(make(reader, 0, PAGE_READWRITE, SEC_COMMIT, &section), STATUS_ACCESS_DENIED);
    assert_status(make(writer, 0, PAGE_READONLY, SEC_COMMIT, &section), STATUS_ACCESS_DENIED);
    assert_status(make(root, 0, PAGE_READONLY, SEC_COMMIT, &section),
                  STATUS_INVALID_FILE_FOR_SECTION);
    assert_status(make(NULL, 0, PAGE_READWRITE, SEC_COMMIT, &section), STATUS_INVALID_PARAMETER_4);
    assert_status(make(NULL, -5, PAGE_READWRITE, SEC_COMMIT, &section), STATUS_INVALID_PARAMETER_4);
    assert_status(make(NULL, 10, PAGE_NOACCESS, SEC_COMMIT, &section),
                  STATUS_INVALID_PAGE_PROTECTION);
    assert_status(make(NULL, 10, PAGE_READWRITE, 0, &section), STATUS_INVALID_PARAMETER_6);
    assert_status(make(NULL, 10, PAGE_READWRITE, SEC_IMAGE, &section), STATUS_NOT_SUPPORTED);
    assert_ok(make(empty, 70000, PAGE_READWRITE, SEC_COMMIT, &section)); /* it grows */
    assert_ok(NtClose(section));
    FILE_STANDARD_INFORMATION standard;
    assert_ok(query(empty, FileStandardInformation, &standard, sizeof(standard)));
    assert_int_equal(standard.EndOfFile.QuadPart, 70000);
    assert_ok(NtClose(empty));
    assert_ok(NtClose(reader));
    assert_ok(NtClose(writer));
    assert_ok(NtClose(root));
}

static void views_are_checked(void **state)
{
    (void)state;
    HANDLE section, limited;
    PVOID base = NULL, wanted;
    assert_ok(make(NULL, 200000, PAGE_READONLY, SEC_COMMIT, &section));
    assert_status(map(section, 0, 0, PAGE_READWRITE, &base), STATUS_SECTION_PROTECTION);
    assert_status(map(section, 0, 0, PAGE_EXECUTE_READ, &base), STATUS_SECTION_PROTECTION);
    assert_status(map(section, 0, 0, 0x77, &base), STATUS_INVALID_PAGE_PROTECTION);
    assert_status(map(section, 1000, 0, PAGE_READONLY, &base), STATUS_MAPPED_ALIGNMENT);
    assert_status(map(section, 262144, 0, PAGE_READONLY, &base), STATUS_INVALID_VIEW_SIZE);
    assert_status(map(section, 131072, 100000, PAGE_READONLY, &base), STATUS_INVALID_VIEW_SIZE);
    assert_status(map(section, -65536, 0, PAGE_READONLY, &base), STATUS_INVALID_VIEW_SIZE);
    wanted = (PVOID)0x1001;
    assert_status(map(section, 0, 0, PAGE_READONLY, &wanted), STATUS_MAPPED_ALIGNMENT);
    assert_ok(map(section, 0, 0, PAGE_READONLY, &base));
    wanted = base;
    assert_status(map(section, 0, 0, PAGE_READONLY, &wanted), STATUS_CONFLICTING_ADDRESSES);
    assert_ok(NtUnmapViewOfSection(SELF, base));
    assert_ok(map(section, 0, 0, PAGE_READONLY, &wanted)); /* there, now that it is free */
    assert_ptr_equal(wanted, base);
    assert_ok(NtUnmapViewOfSection(SELF, base));
    assert_ok(NtClose(section));
    /* A handle's rights. */
    assert_ok(make(NULL, 4096, PAGE_READWRITE, SEC_COMMIT, &section));
    assert_ok(NtDuplicateObject(SELF, section, SELF, &limited, SECTION_MAP_READ, 0, 0));
    base = NULL;
    assert_status(map(limited, 0, 0, PAGE_READWRITE, &base), STATUS_ACCESS_DENIED);
    assert_ok(map(limited, 0, 0, PAGE_READONLY, &base));
    assert_ok(NtUnmapViewOfSection(SELF, base));
    assert_ok(NtClose(limited));
    assert_ok(NtClose(section));
    assert_status(NtUnmapViewOfSection(SELF, (PVOID)0x10000), STATUS_NOT_MAPPED_VIEW);
}

static void a_section_has_a_name(void **state)
{
    (void)state;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\VmTest");
    OBJECT_ATTRIBUTES object;
    LARGE_INTEGER size = {.QuadPart = 4096};
    SIZE_T all = 0;
    HANDLE one, two;
    PVOID first = NULL, second = NULL;
    InitializeObjectAttributes(&object, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ExpPreviousMode = KernelMode; /* as a driver */
    assert_ok(ZwCreateSection(&one, SECTION_ALL_ACCESS, &object, &size, PAGE_READWRITE, SEC_COMMIT,
                              NULL));
    assert_status(
        ZwCreateSection(&two, SECTION_ALL_ACCESS, &object, &size, PAGE_READWRITE, SEC_COMMIT, NULL),
        STATUS_OBJECT_NAME_COLLISION);
    assert_ok(ZwOpenSection(&two, SECTION_MAP_READ | SECTION_MAP_WRITE, &object));
    assert_ok(
        ZwMapViewOfSection(one, SELF, &first, 0, 0, NULL, &all, ViewUnmap, 0, PAGE_READWRITE));
    assert_int_equal(all, 4096);
    all = 0;
    assert_ok(
        ZwMapViewOfSection(two, SELF, &second, 0, 0, NULL, &all, ViewUnmap, 0, PAGE_READONLY));
    strcpy(first, "shared");
    assert_string_equal(second, "shared");
    assert_ok(ZwUnmapViewOfSection(SELF, first));
    assert_ok(ZwUnmapViewOfSection(SELF, second));
    assert_ok(ZwClose(one));
    assert_ok(ZwClose(two));
    assert_status(ZwOpenSection(&two, SECTION_MAP_READ, &object), STATUS_OBJECT_NAME_NOT_FOUND);
    ExpPreviousMode = UserMode;
}

/* A process's views end with it. */
static void views_end_with_their_process(void **state)
{
    (void)state;
    HANDLE section;
    PVOID base = NULL;
    ntio_process *process = ntio_process_create("mapper");
    assert_non_null(process);
    host_write("held.txt", "held");
    ntio_process_enter(process);
    HANDLE file = open_file(X L"held.txt", READ | WRITE, FILE_OPEN, 0);
    assert_ok(make(file, 0, PAGE_READWRITE, SEC_COMMIT, &section));
    assert_ok(map(section, 0, 0, PAGE_READWRITE, &base));
    ntio_process_enter(NULL);
    assert_status(NtUnmapViewOfSection(SELF, base), STATUS_NOT_MAPPED_VIEW);
    ntio_process_end(process);
    assert_ok(try_open(X L"held.txt", WRITE, FILE_OVERWRITE, 0));
    assert_int_equal(MmpProbeRange(base, 1, FALSE), STATUS_ACCESS_VIOLATION);
}

static _Atomic int failures;
static void *mapper(void *context)
{
    HANDLE section = context;
    ExpPreviousMode = UserMode;
    for (int i = 0; i < 500; i++) {
        PVOID base = NULL;
        if (map(section, 0, 0, PAGE_READWRITE, &base) != STATUS_SUCCESS) {
            atomic_fetch_add(&failures, 1);
            continue;
        }
        __atomic_fetch_add((PULONG)base, 1, __ATOMIC_RELAXED);
        if (NtUnmapViewOfSection(SELF, base) != STATUS_SUCCESS)
            atomic_fetch_add(&failures, 1);
    }
    return NULL;
}

static void many_map_at_once(void **state)
{
    (void)state;
    HANDLE section;
    pthread_t threads[4];
    PVOID base = NULL;
    assert_ok(make(NULL, 4096, PAGE_READWRITE, SEC_COMMIT, &section));
    assert_ok(map(section, 0, 0, PAGE_READONLY, &base));
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, mapper, section), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(failures, 0);
    assert_int_equal(*(PULONG)base, 4 * 500);
    assert_ok(NtUnmapViewOfSection(SELF, base));
    assert_ok(NtClose(section));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_seen_and_written),
        cmocka_unit_test(what_can_not_be_a_section),
        cmocka_unit_test(views_are_checked),
        cmocka_unit_test(a_section_has_a_name),
        cmocka_unit_test(views_end_with_their_process),
        cmocka_unit_test(many_map_at_once),
    };
    return cmocka_run_group_tests(tests, fs_setup, fs_teardown);
}
