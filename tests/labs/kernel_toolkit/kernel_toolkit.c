/* SPDX-License-Identifier: MIT */
/* kernel_toolkit: lists, lookaside lists, memory and strings, files and the registry of a driver.
 */
#include "../lab.h"
#include <winioctl.h>
#include <unistd.h>
#include "samples/kernel_toolkit/kernel_toolkit_public.h"

#define STATUS_NOT_THERE 0xc0000034u /* STATUS_OBJECT_NAME_NOT_FOUND */

static char folder[64];

static HANDLE start(void)
{
    snprintf(folder, sizeof(folder), "/tmp/ntio-toolkit-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(ntio_map_drive("C:", folder, false), 0);
    lab_start("kernel_toolkit");
    return lab_open(L"\\\\.\\Toolkit", 0);
}

/* What the driver leaves is named by lab_teardown: handles, pool, links. */
static void stop(HANDLE device)
{
    assert_true(CloseHandle(device));
    lab_stop("kernel_toolkit");
    rmdir(folder);
}

static void ask(HANDLE device, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size)
{
    DWORD done = 0;
    assert_true(DeviceIoControl(device, code, in, in_size, out, out_size, &done, NULL));
    assert_int_equal(done, out_size);
}

static void lists_are_walked_both_ways(void **state)
{
    (void)state;
    TOOLKIT_LISTS report;
    HANDLE device = start();
    ask(device, IOCTL_TOOLKIT_LISTS, NULL, 0, &report, sizeof(report));
    for (ULONG i = 0; i < TOOLKIT_ITEMS; i++) {
        assert_int_equal(report.Forward[i], i);
        assert_int_equal(report.Backward[i], TOOLKIT_ITEMS - 1 - i);
        assert_int_equal(report.Single[i], TOOLKIT_ITEMS - 1 - i);
    }
    assert_int_equal(report.Left, TOOLKIT_ITEMS / 2);
    assert_int_equal(report.SumLeft, 0 + 2 + 4 + 6);
    stop(device);
}

#define THREADS 4
#define ROUNDS  500
static HANDLE shared_device;
static volatile LONG popped, sum, failures;

static DWORD WINAPI pusher(LPVOID context)
{
    DWORD base = (DWORD)(ULONG_PTR)context * ROUNDS, done, got;
    for (DWORD i = 0; i < ROUNDS; i++) {
        DWORD value = base + i;
        if (!DeviceIoControl(shared_device, IOCTL_TOOLKIT_PUSH, &value, sizeof(value), NULL, 0,
                             &done, NULL))
            __atomic_fetch_add(&failures, 1, __ATOMIC_SEQ_CST);
        if (DeviceIoControl(shared_device, IOCTL_TOOLKIT_POP, NULL, 0, &got, sizeof(got), &done,
                            NULL)) {
            __atomic_fetch_add(&popped, 1, __ATOMIC_SEQ_CST);
            __atomic_fetch_add(&sum, (LONG)got, __ATOMIC_SEQ_CST);
        }
    }
    return 0;
}

/* Nothing is lost and nothing comes twice, whoever is at the interlocked list; it is first in,
 * first out; and what is left in it goes with the driver. */
static void the_interlocked_list_is_shared(void **state)
{
    (void)state;
    HANDLE device = start(), threads[THREADS];
    DWORD one = 1, two = 2, got = 0, done;
    ask(device, IOCTL_TOOLKIT_PUSH, &one, sizeof(one), NULL, 0);
    ask(device, IOCTL_TOOLKIT_PUSH, &two, sizeof(two), NULL, 0);
    ask(device, IOCTL_TOOLKIT_POP, NULL, 0, &got, sizeof(got));
    assert_int_equal(got, 1);
    ask(device, IOCTL_TOOLKIT_POP, NULL, 0, &got, sizeof(got));
    assert_int_equal(got, 2);
    assert_false(
        DeviceIoControl(device, IOCTL_TOOLKIT_POP, NULL, 0, &got, sizeof(got), &done, NULL));
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);

    popped = sum = failures = 0;
    shared_device = CreateFileW(L"\\\\.\\Toolkit", GENERIC_READ | GENERIC_WRITE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(shared_device != INVALID_HANDLE_VALUE);
    for (ULONG_PTR i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, pusher, (LPVOID)i, 0, NULL);
    assert_int_equal(WaitForMultipleObjects(THREADS, threads, TRUE, 60000), WAIT_OBJECT_0);
    for (int i = 0; i < THREADS; i++)
        assert_true(CloseHandle(threads[i]));
    while (DeviceIoControl(device, IOCTL_TOOLKIT_POP, NULL, 0, &got, sizeof(got), &done, NULL)) {
        popped++;
        sum += (LONG)got;
    }
    assert_int_equal(failures, 0);
    assert_int_equal(popped, THREADS * ROUNDS);
    assert_int_equal(sum, THREADS * ROUNDS * (THREADS * ROUNDS - 1) / 2);
    ask(device, IOCTL_TOOLKIT_PUSH, &one, sizeof(one), NULL, 0); /* left to DriverUnload */
    assert_true(CloseHandle(shared_device));
    stop(device);
}

static void lookaside_lists_give_blocks_again(void **state)
{
    (void)state;
    TOOLKIT_LOOKASIDE report;
    HANDLE device = start();
    ask(device, IOCTL_TOOLKIT_LOOKASIDE, NULL, 0, &report, sizeof(report));
    assert_true(report.NonPaged[0] != 0 && report.Paged[0] != 0);
    assert_true(report.NonPaged[0] != report.Paged[0]);
    assert_int_equal(report.Allocates, 2);
    /* Sanitizers have every block from the pool itself. */
    if (report.AllocateMisses == 1) {
        assert_true(report.NonPaged[0] == report.NonPaged[1]);
        assert_true(report.Paged[0] == report.Paged[1]);
    } else {
        assert_int_equal(report.AllocateMisses, 2);
    }
    stop(device);
}

static bool is_text(const WCHAR *wide, const char *text)
{
    while (*text != '\0' && *wide == (WCHAR)*text) {
        wide++;
        text++;
    }
    return *wide == 0 && *text == '\0';
}

static void memory_and_strings(void **state)
{
    (void)state;
    TOOLKIT_STRINGS report;
    HANDLE device = start();
    ask(device, IOCTL_TOOLKIT_STRINGS, NULL, 0, &report, sizeof(report));
    assert_true(is_text(report.Upper, "KERNEL TOOLKIT"));
    assert_true(is_text(report.Number, "BEEF"));
    assert_true(is_text(report.Appended, "\\Device\\BEEF"));
    assert_true(is_text(report.FromAnsi, "from ANSI"));
    assert_int_equal(report.Value, 0xbeef);
    assert_int_equal(report.Compared, 11);
    assert_true(report.Equal && report.Prefix && report.Zeroed && report.Moved);
    assert_false(report.EqualCase);
    stop(device);
}

static void the_driver_writes_a_file(void **state)
{
    (void)state;
    static const WCHAR path[] = L"\\??\\C:\\toolkit.txt", nowhere[] = L"\\??\\C:\\no\\file";
    static const char text[] = "written by a driver, and appended";
    char host[128], read_back[64] = "";
    DWORD done;
    union {
        WCHAR path[64];
        TOOLKIT_FILE report;
    } io;
    HANDLE device = start();
    memcpy(io.path, path, sizeof(path));
    ask(device, IOCTL_TOOLKIT_FILE, &io, sizeof(path) - sizeof(WCHAR), &io.report,
        sizeof(io.report));
    assert_string_equal(io.report.Text, text);
    assert_int_equal(io.report.Size, strlen(text));
    assert_int_equal(io.report.Position, strlen(text));
    assert_int_equal(io.report.Appended, strlen("written by a driver"));
    assert_int_equal(io.report.Attributes, FILE_ATTRIBUTE_ARCHIVE);
    assert_int_equal(io.report.Missing, STATUS_NOT_THERE);
    snprintf(host, sizeof(host), "%s/toolkit.txt", folder);
    FILE *file = fopen(host, "r");
    assert_non_null(file);
    assert_non_null(fgets(read_back, sizeof(read_back), file));
    fclose(file);
    assert_string_equal(read_back, text);
    unlink(host);

    memcpy(io.path, nowhere, sizeof(nowhere));
    assert_false(DeviceIoControl(device, IOCTL_TOOLKIT_FILE, &io, sizeof(nowhere) - sizeof(WCHAR),
                                 &io.report, sizeof(io.report), &done, NULL));
    assert_int_equal(GetLastError(), ERROR_PATH_NOT_FOUND);
    assert_false(DeviceIoControl(device, IOCTL_TOOLKIT_FILE, &io, 3, &io.report, sizeof(io.report),
                                 &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_false(DeviceIoControl(device, IOCTL_TOOLKIT_FILE, &io, 8, &io.report, 8, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    stop(device);
}

static void the_driver_keeps_values(void **state)
{
    (void)state;
    TOOLKIT_REGISTRY report;
    HANDLE device = start();
    for (int i = 0; i < 2; i++) { /* the second time over what the first one left */
        ask(device, IOCTL_TOOLKIT_REGISTRY, NULL, 0, &report, sizeof(report));
        assert_int_equal(report.Number, 4711);
        assert_true(is_text(report.Text, "a driver's value"));
        assert_int_equal(report.Values, 2);
        assert_int_equal(report.Subkeys, 1);
        assert_true(is_text(report.FirstSubkey, "Child"));
        assert_int_equal(report.Missing, STATUS_NOT_THERE);
    }
    stop(device);
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(lists_are_walked_both_ways),        LAB_TEST(the_interlocked_list_is_shared),
    LAB_TEST(lookaside_lists_give_blocks_again), LAB_TEST(memory_and_strings),
    LAB_TEST(the_driver_writes_a_file),          LAB_TEST(the_driver_keeps_values),
};

LAB_MAIN("lab-kernel_toolkit", tests)
