/* SPDX-License-Identifier: MIT */
/* Many threads at the same files: sharing, appending, renaming, deleting, searching, unmapping. */
#include "tests/unit/fs/fstest.h"
#include "ntio/ps/ps.h"

#include <pthread.h>

#define X       L"\\??\\X:\\"
#define THREADS 4
#if NTIO_SANITIZED
#define ROUNDS 300
#else
#define ROUNDS 2000
#endif

static void run(void *(*routine)(void *))
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, routine, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static _Atomic int holders, won, lost, failures;

/* Whoever opens it for itself alone is alone. */
static void *exclusive(void *context)
{
    (void)context;
    ExpPreviousMode = UserMode;
    for (int i = 0; i < ROUNDS; i++) {
        opened file;
        NTSTATUS status =
            create_at(NULL, X L"alone.txt", READ | WRITE, 0, FILE_OPEN_IF, SYNC, 0, &file);
        if (status == STATUS_SHARING_VIOLATION) {
            atomic_fetch_add(&lost, 1);
            continue;
        }
        if (status != STATUS_SUCCESS || atomic_fetch_add(&holders, 1) != 0)
            atomic_fetch_add(&failures, 1);
        atomic_fetch_add(&won, 1);
        atomic_fetch_sub(&holders, 1);
        NtClose(file.handle);
    }
    return NULL;
}

static void one_at_a_time(void **state)
{
    (void)state;
    run(exclusive);
    assert_int_equal(failures, 0);
    assert_int_equal(won + lost, THREADS * ROUNDS);
    assert_true(won > 0);
}

/* Of those who create a name, one succeeds each time. */
static _Atomic int created;
static void *creator(void *context)
{
    (void)context;
    ExpPreviousMode = UserMode;
    for (int i = 0; i < ROUNDS; i++) {
        opened file;
        NTSTATUS status = create_at(NULL, X L"once.txt", WRITE | DELETE, SHARE_ALL, FILE_CREATE,
                                    SYNC | FILE_DELETE_ON_CLOSE, 0, &file);
        if (status == STATUS_SUCCESS) {
            if (atomic_fetch_add(&created, 1) != 0)
                atomic_fetch_add(&failures, 1);
            atomic_fetch_sub(&created, 1);
            NtClose(file.handle);
        } else if (status != STATUS_OBJECT_NAME_COLLISION && status != STATUS_DELETE_PENDING) {
            atomic_fetch_add(&failures, 1);
        }
    }
    return NULL;
}

static void one_creates(void **state)
{
    (void)state;
    run(creator);
    assert_int_equal(failures, 0);
    assert_false(host_exists("once.txt"));
}

static void *appender(void *context)
{
    char line[9];
    ExpPreviousMode = UserMode;
    HANDLE file = open_file(X L"log.txt", FILE_APPEND_DATA, FILE_OPEN_IF, 0);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(line, sizeof(line), "%c%06d\n", 'a' + (int)(uintptr_t)context, i);
        if (write_at(file, 0, line, 8) != STATUS_SUCCESS)
            atomic_fetch_add(&failures, 1);
    }
    NtClose(file);
    return NULL;
}

/* Nothing that was appended is lost or torn, and each writer's lines are in order. */
static void lines_are_whole(void **state)
{
    (void)state;
    int next[THREADS] = {0};
    char line[16];
    run(appender);
    assert_int_equal(failures, 0);
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/log.txt", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        int who = line[0] - 'a';
        assert_true(who >= 0 && who < THREADS);
        assert_int_equal(atoi(line + 1), next[who]++);
    }
    fclose(file);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(next[i], ROUNDS);
}

/* Names come and go under everybody's hands. */
static void *churner(void *context)
{
    static const WCHAR *const names[] = {L"c0.txt", L"c1.txt", L"c2.txt"};
    static const WCHAR *const paths[] = {X L"churn\\c0.txt", X L"churn\\C1.TXT",
                                         X L"churn\\c2.txt"};
    unsigned seed = (unsigned)(uintptr_t)context;
    ULONGLONG buffer[128];
    IO_STATUS_BLOCK io;
    ExpPreviousMode = UserMode;
    for (int i = 0; i < ROUNDS; i++) {
        opened file;
        int which = rand_r(&seed) % 3;
        NTSTATUS status = create_at(NULL, paths[which], READ | WRITE | DELETE, SHARE_ALL,
                                    FILE_OPEN_IF, SYNC, 0, &file);
        if (status == STATUS_SUCCESS) {
            if (rand_r(&seed) % 2)
                rename_to(file.handle, NULL, names[rand_r(&seed) % 3], rand_r(&seed) % 2, FALSE);
            else
                set_delete(file.handle, TRUE);
            NtClose(file.handle);
        } else if (status != STATUS_DELETE_PENDING) {
            atomic_fetch_add(&failures, 1);
        }
        status = create_at(NULL, X L"churn", READ, SHARE_ALL, FILE_OPEN, SYNC | FILE_DIRECTORY_FILE,
                           0, &file);
        if (status != STATUS_SUCCESS) {
            atomic_fetch_add(&failures, 1);
            continue;
        }
        status = NtQueryDirectoryFile(file.handle, NULL, NULL, NULL, &io, buffer, sizeof(buffer),
                                      FileDirectoryInformation, FALSE, NULL, FALSE);
        if (status != STATUS_SUCCESS)
            atomic_fetch_add(&failures, 1);
        NtClose(file.handle);
    }
    return NULL;
}

static void names_come_and_go(void **state)
{
    (void)state;
    host_mkdir("churn");
    run(churner);
    assert_int_equal(failures, 0);
}

/* One handle, one position: every byte is read once. */
static HANDLE common;
static _Atomic ULONG seen[256];
static void *reader(void *context)
{
    UCHAR byte;
    IO_STATUS_BLOCK io;
    (void)context;
    ExpPreviousMode = UserMode;
    while (NtReadFile(common, NULL, NULL, NULL, &io, &byte, 1, NULL, NULL) == STATUS_SUCCESS)
        atomic_fetch_add(&seen[byte], 1);
    return NULL;
}

static void a_position_is_moved_by_one_at_a_time(void **state)
{
    (void)state;
    common = open_file(X L"bytes.bin", READ | WRITE, FILE_CREATE, 0);
    for (int i = 0; i < 256; i++) {
        UCHAR byte = (UCHAR)i;
        assert_ok(write_at(common, i, &byte, 1));
    }
    FILE_POSITION_INFORMATION zero = {.CurrentByteOffset.QuadPart = 0};
    assert_ok(set(common, FilePositionInformation, &zero, sizeof(zero)));
    run(reader);
    for (int i = 0; i < 256; i++)
        assert_int_equal(seen[i], 1);
    assert_ok(NtClose(common));
}

static _Atomic bool over;
static void *opener(void *context)
{
    if (context == NULL) { /* the one that maps and unmaps */
        for (int i = 0; i < ROUNDS / 10; i++) {
            if (ntio_map_drive("T:", folder, false) != 0 || ntio_unmap_drive("T:") != 0)
                atomic_fetch_add(&failures, 1);
        }
        atomic_store(&over, true);
        return NULL;
    }
    ExpPreviousMode = UserMode;
    while (!atomic_load(&over)) {
        opened file;
        if (NT_SUCCESS(create_at(NULL, L"\\??\\T:\\bytes.bin", READ, SHARE_ALL, FILE_OPEN, SYNC, 0,
                                 &file)))
            NtClose(file.handle);
    }
    return NULL;
}

static void drives_come_and_go(void **state)
{
    (void)state;
    run(opener);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(one_creates),
        cmocka_unit_test(lines_are_whole),
        cmocka_unit_test(names_come_and_go),
        cmocka_unit_test(a_position_is_moved_by_one_at_a_time),
        cmocka_unit_test(drives_come_and_go),
    };
    return cmocka_run_group_tests(tests, fs_setup, fs_teardown);
}
