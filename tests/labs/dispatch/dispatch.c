/* SPDX-License-Identifier: MIT */
/*
 * dispatch: each major function from the call that makes it, once; buffers in the three ways and
 * the four methods, with their addresses; exceptions on bad addresses caught; files asked and told.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* strcasestr */
#endif
#include "../lab.h"
#include <winioctl.h>
#include "samples/dispatch/dispatch_public.h"

enum {
    MJ_CREATE,
    MJ_CREATE_NAMED_PIPE,
    MJ_CLOSE,
    MJ_READ,
    MJ_WRITE,
    MJ_QUERY_INFORMATION,
    MJ_SET_INFORMATION,
    MJ_QUERY_EA,
    MJ_SET_EA,
    MJ_FLUSH_BUFFERS,
    MJ_QUERY_VOLUME_INFORMATION,
    MJ_SET_VOLUME_INFORMATION,
    MJ_DIRECTORY_CONTROL,
    MJ_FILE_SYSTEM_CONTROL,
    MJ_DEVICE_CONTROL,
    MJ_INTERNAL_DEVICE_CONTROL,
    MJ_SHUTDOWN,
    MJ_LOCK_CONTROL,
    MJ_CLEANUP,
    MJ_CREATE_MAILSLOT,
    MJ_QUERY_SECURITY,
    MJ_SET_SECURITY,
    MJ_POWER,
    MJ_SYSTEM_CONTROL,
    MJ_DEVICE_CHANGE,
    MJ_QUERY_QUOTA,
    MJ_SET_QUOTA,
    MJ_PNP
};

#define ACCESS_VIOLATION 0xc0000005u
#define PAGE             4096

static char instance[512];

static void install(void)
{
    lab_match("ROOT\\LABDISPATCH", "dispatch");
    snprintf(instance, sizeof(instance), "%s", lab_device("LABDISPATCH", "ROOT\\LABDISPATCH"));
}

static HANDLE open_with_rights(const WCHAR *path)
{
    HANDLE handle = CreateFileW(path, GENERIC_READ | GENERIC_WRITE | READ_CONTROL | WRITE_OWNER,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        fail_msg("no open: error %u", (unsigned)GetLastError());
    return handle;
}

static void counts_of(HANDLE device, ULONG counts[DISPATCH_MAJORS])
{
    DWORD done = 0;
    assert_true(DeviceIoControl(device, IOCTL_DISPATCH_COUNTS, NULL, 0, counts,
                                DISPATCH_MAJORS * sizeof(ULONG), &done, NULL));
    assert_int_equal(done, DISPATCH_MAJORS * sizeof(ULONG));
}

static DISPATCH_SEEN seen_by(HANDLE device)
{
    DISPATCH_SEEN seen;
    DWORD done = 0;
    assert_true(
        DeviceIoControl(device, IOCTL_DISPATCH_SEEN, NULL, 0, &seen, sizeof(seen), &done, NULL));
    assert_int_equal(done, sizeof(seen));
    return seen;
}

static void rewind_file(HANDLE device)
{
    LARGE_INTEGER start = {.QuadPart = 0};
    assert_true(SetFilePointerEx(device, start, NULL, FILE_BEGIN));
}

/* What a call adds to the counts: this major, once (and the question itself). */
static HANDLE counted;
static ULONG before[DISPATCH_MAJORS];

static void begin_count(HANDLE device)
{
    counted = device;
    counts_of(device, before);
    before[MJ_DEVICE_CONTROL]++; /* the next question */
}

static void came(int major)
{
    ULONG after[DISPATCH_MAJORS];

    counts_of(counted, after);
    before[major]++;
    for (int i = 0; i < DISPATCH_MAJORS; i++) {
        if (after[i] != before[i])
            fail_msg("major %02x came %u times, not %u", (unsigned)i, (unsigned)after[i],
                     (unsigned)before[i]);
    }
    before[MJ_DEVICE_CONTROL]++;
}

static void each_major_from_its_call(void **state)
{
    char text[16];
    WCHAR label[8];
    UCHAR descriptor[64];
    DWORD done = 0, serial = 0;
    LARGE_INTEGER size, end = {.QuadPart = 50};

    (void)state;
    install();
    HANDLE device = open_with_rights(L"\\\\.\\DispatchBuffered");
    begin_count(device);
    assert_true(before[MJ_PNP] >= 1); /* START_DEVICE at the least */
    assert_int_equal(before[MJ_CREATE], 1);

    HANDLE file = open_with_rights(L"\\\\.\\DispatchBuffered\\file");
    came(MJ_CREATE);
    assert_true(WriteFile(file, "0123456789", 10, &done, NULL));
    came(MJ_WRITE);
    rewind_file(file); /* the I/O manager's own business */
    assert_true(ReadFile(file, text, sizeof(text), &done, NULL));
    assert_int_equal(done, 10);
    came(MJ_READ);
    assert_true(GetFileSizeEx(file, &size));
    assert_int_equal(size.QuadPart, 10);
    came(MJ_QUERY_INFORMATION);
    assert_true(SetFilePointerEx(file, end, NULL, FILE_BEGIN));
    assert_true(SetEndOfFile(file));
    came(MJ_SET_INFORMATION);
    assert_true(GetFileSizeEx(file, &size));
    assert_int_equal(size.QuadPart, 50);
    came(MJ_QUERY_INFORMATION);
    assert_true(FlushFileBuffers(file));
    came(MJ_FLUSH_BUFFERS);
    assert_true(GetVolumeInformationByHandleW(file, label, 8, &serial, NULL, NULL, NULL, 0));
    assert_int_equal(serial, 0x20260101);
    assert_int_equal(label[0], 0);
    came(MJ_QUERY_VOLUME_INFORMATION);
    assert_true(DeviceIoControl(file, FSCTL_DISPATCH, NULL, 0, NULL, 0, &done, NULL));
    came(MJ_FILE_SYSTEM_CONTROL);
    assert_true(LockFile(file, 0, 0, 10, 0));
    came(MJ_LOCK_CONTROL);
    assert_true(UnlockFile(file, 0, 0, 10, 0));
    came(MJ_LOCK_CONTROL);
    assert_true(GetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, descriptor,
                                        sizeof(descriptor), &done));
    assert_int_equal(done, 32);
    came(MJ_QUERY_SECURITY);
    assert_true(SetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, descriptor));
    came(MJ_SET_SECURITY);
    /* A device's own descriptor is not the driver's: nothing comes. */
    assert_true(GetKernelObjectSecurity(device, OWNER_SECURITY_INFORMATION, descriptor,
                                        sizeof(descriptor), &done));
    assert_int_equal(done, 20);
    ULONG same[DISPATCH_MAJORS];
    counts_of(device, same);
    assert_int_equal(same[MJ_QUERY_SECURITY], before[MJ_QUERY_SECURITY]);
    before[MJ_DEVICE_CONTROL]++;

    /* The label's root is opened and closed again. */
    assert_true(SetVolumeLabelW(L"\\\\.\\DispatchBuffered\\", L"label"));
    before[MJ_CREATE]++;
    before[MJ_CLEANUP]++;
    before[MJ_CLOSE]++;
    came(MJ_SET_VOLUME_INFORMATION);
    assert_true(GetVolumeInformationByHandleW(file, label, 8, NULL, NULL, NULL, NULL, 0));
    assert_memory_equal(label, L"label", 12);
    came(MJ_QUERY_VOLUME_INFORMATION);

    assert_true(CloseHandle(file));
    before[MJ_CLOSE]++;
    came(MJ_CLEANUP);

    /* What no program sends: a driver does. */
    static const ULONG sent[] = {MJ_CREATE_NAMED_PIPE,
                                 MJ_QUERY_EA,
                                 MJ_SET_EA,
                                 MJ_DIRECTORY_CONTROL,
                                 MJ_CREATE_MAILSLOT,
                                 MJ_POWER,
                                 MJ_SYSTEM_CONTROL,
                                 MJ_DEVICE_CHANGE,
                                 MJ_QUERY_QUOTA,
                                 MJ_SET_QUOTA,
                                 MJ_INTERNAL_DEVICE_CONTROL};
    for (unsigned i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        ULONG major = sent[i];
        assert_true(DeviceIoControl(device, IOCTL_DISPATCH_SEND, &major, sizeof(major), NULL, 0,
                                    &done, NULL));
        before[MJ_DEVICE_CONTROL]++;
        came((int)major);
    }
    ULONG major = MJ_CREATE;
    assert_false(
        DeviceIoControl(device, IOCTL_DISPATCH_SEND, &major, sizeof(major), NULL, 0, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);

    ULONG all[DISPATCH_MAJORS];
    counts_of(device, all);
    for (int i = 0; i < DISPATCH_MAJORS; i++) {
        if (all[i] == 0 && i != MJ_SHUTDOWN)
            fail_msg("major %02x has not come", (unsigned)i);
    }
    assert_true(CloseHandle(device));
}

/* The order in which requests pass, from the making of the device to the end of the system. */
static void requests_in_order(void **state)
{
    char text[4];
    DWORD done;

    (void)state;
    lab_trace_begin();
    install();
    HANDLE device = lab_open(L"\\\\.\\DispatchBuffered", 0);
    assert_true(WriteFile(device, "abc", 3, &done, NULL));
    rewind_file(device);
    assert_true(ReadFile(device, text, 3, &done, NULL));
    assert_true(FlushFileBuffers(device));
    assert_true(CloseHandle(device));
    assert_int_equal(ntio_remove_device(instance, false), 0);
    lab_trace_end();
    static const struct {
        int major, minor;
    } order[] = {{MJ_PNP, 0 /* START_DEVICE */},
                 {MJ_CREATE, -1},
                 {MJ_WRITE, -1},
                 {MJ_READ, -1},
                 {MJ_FLUSH_BUFFERS, -1},
                 {MJ_CLEANUP, -1},
                 {MJ_CLOSE, -1},
                 {MJ_PNP, 1 /* QUERY_REMOVE */},
                 {MJ_PNP, 2 /* REMOVE */}};
    int at = 0;
    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        at = lab_expect(at + 1, NTIO_IRP_CALL, "dispatch", order[i].major, order[i].minor);
    at = lab_expect(0, NTIO_IRP_COMPLETE, "dispatch", MJ_WRITE, -1);
    assert_int_equal(lab_event_at((unsigned)at)->status, 0);
    assert_int_equal(lab_event_at((unsigned)at)->information, 3);
}

static unsigned shutdowns;

static void see_shutdown(const ntio_irp_event *event, void *context)
{
    (void)context;
    if (event->step == NTIO_IRP_CALL && event->major == MJ_SHUTDOWN &&
        strcmp(event->driver, "dispatch") == 0)
        __atomic_fetch_add(&shutdowns, 1, __ATOMIC_RELAXED);
}

static void the_systems_end(void **state)
{
    assert_int_equal(lab_setup(state), 0);
    install();
    shutdowns = 0;
    ntio_set_irp_trace(see_shutdown, NULL);
    assert_int_equal(ntio_shutdown(), 0);
    assert_int_equal(shutdowns, 1);
}

/* ---- buffers ---- */

static void three_ways(void **state)
{
    /* In the middle of a page, across the next. */
    static char pages[3 * PAGE] __attribute__((aligned(PAGE)));
    char *buffer = pages + PAGE - 100;
    DWORD done;

    (void)state;
    install();
    static const WCHAR *const paths[] = {L"\\\\.\\DispatchBuffered", L"\\\\.\\DispatchDirect",
                                         L"\\\\.\\DispatchNeither"};
    for (int way = 0; way < 3; way++) {
        HANDLE device = lab_open(paths[way], 0);
        for (int write = 1; write >= 0; write--) {
            if (write) {
                for (int i = 0; i < 1000; i++)
                    buffer[i] = (char)(i * 7 + way);
                assert_true(WriteFile(device, buffer, 1000, &done, NULL));
            } else {
                rewind_file(device);
                memset(buffer, 0, 1000);
                assert_true(ReadFile(device, buffer, 1200, &done, NULL));
                for (int i = 0; i < 1000; i++)
                    assert_int_equal(buffer[i], (char)(i * 7 + way));
            }
            assert_int_equal(done, 1000);
            DISPATCH_SEEN seen = seen_by(device);
            assert_int_equal(seen.Major, write ? MJ_WRITE : MJ_READ);
            assert_int_equal(seen.Length, write ? 1000 : 1200);
            assert_int_equal(seen.Process, GetCurrentProcessId());
            assert_int_equal(seen.SystemBuffer != 0, way == 0);
            assert_true(seen.SystemBuffer != (ULONG64)(ULONG_PTR)buffer);
            assert_true(seen.UserBuffer == (way == 2 ? (ULONG64)(ULONG_PTR)buffer : 0));
            assert_true(seen.MdlUser == (way == 1 ? (ULONG64)(ULONG_PTR)buffer : 0));
            assert_int_equal(seen.MdlSystem != 0, way == 1);
            if (way == 1) {
                assert_int_equal(seen.MdlOffset, PAGE - 100);
                assert_int_equal(seen.MdlLength, seen.Length);
            }
        }
        /* Past the end, and further than there is room. */
        LARGE_INTEGER far_away = {.QuadPart = 1000}, full = {.QuadPart = DISPATCH_SIZE - 1};
        assert_true(SetFilePointerEx(device, far_away, NULL, FILE_BEGIN));
        assert_true(ReadFile(device, buffer, 10, &done, NULL));
        assert_int_equal(done, 0);
        assert_true(SetFilePointerEx(device, full, NULL, FILE_BEGIN));
        assert_false(WriteFile(device, buffer, 2, &done, NULL));
        assert_int_equal(GetLastError(), ERROR_DISK_FULL);
        assert_true(CloseHandle(device));
    }
}

static unsigned printed;
static char wanted[64];

static void look_for_address(const char *line, void *context)
{
    (void)context;
    printed += strstr(line, "an MDL of 16 bytes") != NULL && strcasestr(line, wanted) != NULL;
}

static void addresses_are_printed(void **state)
{
    static char buffer[16];
    DWORD done;

    (void)state;
    install();
    HANDLE device = lab_open(L"\\\\.\\DispatchDirect", 0);
    snprintf(wanted, sizeof(wanted), "%llX", (unsigned long long)(ULONG_PTR)buffer);
    printed = 0;
    ntio_set_debug_sink(look_for_address, NULL);
    assert_true(WriteFile(device, buffer, 16, &done, NULL));
    ntio_set_debug_sink(NULL, NULL);
    assert_int_equal(printed, 1);
    assert_true(CloseHandle(device));
}

static void four_methods(void **state)
{
    char in[16] = "0123456789", out[16];
    DWORD done = 0;

    (void)state;
    install();
    HANDLE device = lab_open(L"\\\\.\\DispatchBuffered", 0);
    static const DWORD codes[] = {IOCTL_DISPATCH_BUFFERED, IOCTL_DISPATCH_OUT_DIRECT,
                                  IOCTL_DISPATCH_NEITHER};
    for (int i = 0; i < 3; i++) {
        memset(out, '.', sizeof(out));
        assert_true(DeviceIoControl(device, codes[i], in, 10, out, 12, &done, NULL));
        assert_int_equal(done, 10);
        assert_memory_equal(out, "9876543210", 10);
        assert_memory_equal(out + 10, i == 0 ? ".." : "..", 2);
        assert_memory_equal(in, "0123456789", 10);
        DISPATCH_SEEN seen = seen_by(device);
        assert_int_equal(seen.Major, MJ_DEVICE_CONTROL);
        assert_int_equal(seen.SystemBuffer != 0, i != 2);
        assert_true(seen.MdlUser == (i == 1 ? (ULONG64)(ULONG_PTR)out : 0));
        assert_true(seen.UserBuffer == (i == 2 ? (ULONG64)(ULONG_PTR)out : 0));
        assert_true(seen.Type3Buffer == (i == 2 ? (ULONG64)(ULONG_PTR)in : 0));
        assert_false(DeviceIoControl(device, codes[i], in, 10, out, 9, &done, NULL));
        assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    }
    /* The output buffer of IN_DIRECT is read; it is locked for reading alone. */
    assert_true(DeviceIoControl(device, IOCTL_DISPATCH_IN_DIRECT, NULL, 0, in, 10, &done, NULL));
    assert_int_equal(done, 10);
    rewind_file(device);
    assert_true(ReadFile(device, out, sizeof(out), &done, NULL));
    assert_int_equal(done, 10);
    assert_memory_equal(out, "0123456789", 10);
    assert_false(DeviceIoControl(device, 0x222fff, NULL, 0, NULL, 0, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_FUNCTION);
    assert_true(CloseHandle(device));
}

/* ---- bad addresses ---- */

static void exceptions_are_caught(void **state)
{
    static char good[16] = "0123456789";
    void *const low = (void *)(ULONG_PTR)16, *const high = (void *)0xffff800000000000;
    char out[16];
    DWORD done = 99;

    (void)state;
    install();
    HANDLE device = lab_open(L"\\\\.\\DispatchNeither", 0);
    /* Of a write the driver itself finds out. */
    assert_false(WriteFile(device, low, 8, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_NOACCESS);
    assert_int_equal(done, 0);
    assert_int_equal(seen_by(device).Caught, ACCESS_VIOLATION);
    /* Twice, for the protection is there again after an exception. */
    assert_false(WriteFile(device, low, 8, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_NOACCESS);
    assert_true(WriteFile(device, good, 10, &done, NULL)); /* Caught is of the last one */
    assert_int_equal(seen_by(device).Caught, 0);

    /* Control codes: either buffer, below and above what a program has. */
    static void *const bad[] = {(void *)(ULONG_PTR)16, (void *)0xffff800000000000};
    for (int i = 0; i < 2; i++) {
        assert_false(
            DeviceIoControl(device, IOCTL_DISPATCH_NEITHER, bad[i], 8, out, 8, &done, NULL));
        assert_int_equal(GetLastError(), ERROR_NOACCESS);
        assert_int_equal(seen_by(device).Caught, ACCESS_VIOLATION);
        assert_false(
            DeviceIoControl(device, IOCTL_DISPATCH_NEITHER, good, 8, bad[i], 8, &done, NULL));
        assert_int_equal(GetLastError(), ERROR_NOACCESS);
        assert_int_equal(seen_by(device).Caught, ACCESS_VIOLATION);
        assert_true(DeviceIoControl(device, IOCTL_DISPATCH_NEITHER, good, 8, out, 8, &done, NULL));
        assert_int_equal(seen_by(device).Caught, 0);
    }
    assert_true(CloseHandle(device));

    /* Buffered and direct: the I/O manager finds out, and the driver sees nothing. */
    static const WCHAR *const paths[] = {L"\\\\.\\DispatchBuffered", L"\\\\.\\DispatchDirect"};
    for (int way = 0; way < 2; way++) {
        device = lab_open(paths[way], 0);
        ULONG count[DISPATCH_MAJORS], now[DISPATCH_MAJORS];
        counts_of(device, count);
        assert_false(WriteFile(device, low, 8, &done, NULL));
        assert_int_equal(GetLastError(), ERROR_NOACCESS);
        assert_false(ReadFile(device, high, 8, &done, NULL));
        assert_int_equal(GetLastError(), ERROR_NOACCESS);
        counts_of(device, now);
        assert_int_equal(now[MJ_WRITE], count[MJ_WRITE]);
        assert_int_equal(now[MJ_READ], count[MJ_READ]);
        assert_true(CloseHandle(device));
    }
}

/* ---- locks, labels, security: what the driver says comes through ---- */

static void locks_belong_to_an_open(void **state)
{
    OVERLAPPED range = {.Offset = 5};

    (void)state;
    install();
    HANDLE one = lab_open(L"\\\\.\\DispatchBuffered", 0),
           two = lab_open(L"\\\\.\\DispatchBuffered", 0);
    assert_true(LockFile(one, 0, 0, 10, 0));
    assert_false(LockFile(two, 0, 0, 10, 0));
    assert_int_equal(GetLastError(), ERROR_LOCK_VIOLATION);
    assert_false(UnlockFile(two, 0, 0, 10, 0));
    assert_int_equal(GetLastError(), ERROR_NOT_LOCKED);
    assert_true(UnlockFile(one, 0, 0, 10, 0));
    assert_true(
        LockFileEx(two, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &range));
    assert_false(LockFile(one, 0, 0, 10, 0));
    assert_false(LockFileEx(two, 0, 1, 1, 0, &range));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(UnlockFileEx(two, 0, 1, 0, &range));
    assert_true(LockFile(two, 0, 0, 10, 0));
    assert_true(CloseHandle(two)); /* and with it the lock */
    assert_true(LockFile(one, 0, 0, 10, 0));
    assert_true(CloseHandle(one));

    HANDLE nothing = CreateFileW(L"\\\\.\\DispatchBuffered", 0, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 NULL, OPEN_EXISTING, 0, NULL);
    assert_true(nothing != INVALID_HANDLE_VALUE);
    assert_false(LockFile(nothing, 0, 0, 10, 0));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_true(CloseHandle(nothing));
}

static void labels(void **state)
{
    WCHAR text[40], tight[3];

    (void)state;
    install();
    HANDLE device = lab_open(L"\\\\.\\DispatchBuffered", 0);
    assert_true(SetVolumeLabelA("\\\\.\\DispatchBuffered\\", "abc"));
    assert_true(GetVolumeInformationByHandleW(device, text, 40, NULL, NULL, NULL, NULL, 0));
    assert_memory_equal(text, L"abc", 8);
    assert_false(GetVolumeInformationByHandleW(device, tight, 3, NULL, NULL, NULL, NULL, 0));
    assert_int_equal(GetLastError(), ERROR_BAD_LENGTH);
    assert_false(SetVolumeLabelW(L"\\\\.\\DispatchBuffered\\",
                                 L"123456789012345678901234567890123")); /* the driver takes 32 */
    assert_int_equal(GetLastError(), ERROR_LABEL_TOO_LONG);
    assert_false(SetVolumeLabelW(L"\\\\.\\DispatchBuffered", L"abc"));
    assert_int_equal(GetLastError(), ERROR_INVALID_NAME);
    assert_true(SetVolumeLabelW(L"\\\\.\\DispatchBuffered\\", NULL));
    assert_true(GetVolumeInformationByHandleW(device, text, 40, NULL, NULL, NULL, NULL, 0));
    assert_int_equal(text[0], 0);
    assert_false(GetVolumeInformationByHandleW(device, NULL, 0, NULL, NULL, NULL, text, 40));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER); /* the driver's word */
    assert_true(CloseHandle(device));
}

static void security_is_the_drivers(void **state)
{
    UCHAR descriptor[64], again[64];
    DWORD needed = 0;

    (void)state;
    install();
    HANDLE file = open_with_rights(L"\\\\.\\DispatchBuffered\\file");
    assert_false(GetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, NULL, 0, &needed));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(needed, 32);
    assert_true(GetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, descriptor,
                                        sizeof(descriptor), &needed));
    descriptor[28] = 7; /* the owner is S-1-1-7 now */
    assert_true(SetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, descriptor));
    assert_true(
        GetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, again, sizeof(again), &needed));
    assert_memory_equal(again, descriptor, 32);
    /* What leads out of the descriptor, is none, or not in one piece, does not come to a driver. */
    descriptor[4] = 200;
    assert_false(SetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, descriptor));
    descriptor[4] = 20;
    descriptor[0] = 2;
    assert_false(SetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, descriptor));
    assert_false(SetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, (void *)(ULONG_PTR)16));
    assert_int_equal(GetLastError(), ERROR_NOACCESS);
    assert_false(
        SetKernelObjectSecurity(file, DACL_SECURITY_INFORMATION, again)); /* no WRITE_DAC */
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_true(CloseHandle(file));

    HANDLE weak = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_true(
        GetKernelObjectSecurity(weak, OWNER_SECURITY_INFORMATION, again, sizeof(again), &needed));
    assert_int_equal(needed, 20);
    assert_false(SetKernelObjectSecurity(weak, OWNER_SECURITY_INFORMATION, again));
    assert_int_equal(GetLastError(), ERROR_NOT_SUPPORTED);
    assert_true(CloseHandle(weak));
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(each_major_from_its_call),
    LAB_TEST(requests_in_order),
    cmocka_unit_test(the_systems_end),
    LAB_TEST(three_ways),
    LAB_TEST(addresses_are_printed),
    LAB_TEST(four_methods),
    LAB_TEST(exceptions_are_caught),
    LAB_TEST(locks_belong_to_an_open),
    LAB_TEST(labels),
    LAB_TEST(security_is_the_drivers),
};

LAB_MAIN("lab-dispatch", tests)
