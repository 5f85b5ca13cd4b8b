/* SPDX-License-Identifier: MIT */
/*
 * devices: the devices of one driver side by side and one upon the other, walked both ways, and the
 * processes in which its routines run.
 */
#include "../lab.h"
#include <winioctl.h>
#include "samples/devices/devices_public.h"

#define SYSTEM_PROCESS 4

enum { MJ_CREATE = 0, MJ_DEVICE_CONTROL = 0x0e, MJ_CLEANUP = 0x12, MJ_CLOSE = 2, MJ_PNP = 0x1b };

static unsigned lines; /* that the driver printed of its walks */

static void count_line(const char *line, void *context)
{
    (void)context;
    lines += strstr(line, "side by side") != NULL || strstr(line, "upwards") != NULL ||
             strstr(line, "downwards") != NULL;
}

static void ask(const WCHAR *path, DEVICES_REPORT *report)
{
    DWORD done = 0;
    HANDLE device = lab_open(path, 0);

    memset(report, 0xcc, sizeof(*report));
    assert_false(DeviceIoControl(device, IOCTL_DEVICES_REPORT, NULL, 0, report, 16, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    lines = 0;
    ntio_set_debug_sink(count_line, NULL);
    assert_true(DeviceIoControl(device, IOCTL_DEVICES_REPORT, NULL, 0, report, sizeof(*report),
                                &done, NULL));
    ntio_set_debug_sink(NULL, NULL);
    assert_int_equal(done, sizeof(*report));
    assert_int_equal(lines, report->NextCount + report->UpCount + report->DownCount);
    assert_true(CloseHandle(device));
}

static bool has_driver(const DEVICES_ENTRY *entry, const char *name)
{
    size_t i;
    for (i = 0; name[i] != '\0'; i++) {
        if (entry->Driver[i] != (WCHAR)name[i])
            return false;
    }
    return entry->Driver[i] == 0;
}

static void make_two(char first[512])
{
    lab_match("ROOT\\LABDEVICE", "devices");
    snprintf(first, 512, "%s", lab_device("LABDEVICE", "ROOT\\LABDEVICE"));
    assert_string_not_equal(first, lab_device("LABDEVICE", "ROOT\\LABDEVICE"));
}

static void devices_hang_together_both_ways(void **state)
{
    char first[512];
    DEVICES_REPORT a, b;

    (void)state;
    make_two(first);
    ask(L"\\\\.\\LabDevice0", &a);
    ask(L"\\\\.\\LabDevice1", &b);

    /* Side by side: two for each of the two, the youngest first, the same from wherever one asks.
     */
    assert_int_equal(a.NextCount, 4);
    assert_int_equal(b.NextCount, 4);
    assert_memory_equal(a.Next, b.Next, sizeof(a.Next));
    for (unsigned i = 0; i < 4; i++) {
        assert_true(has_driver(&a.Next[i], "\\Driver\\devices"));
        for (unsigned j = 0; j < i; j++)
            assert_true(a.Next[i].Device != a.Next[j].Device);
    }

    /* One upon the other: the bus's, the function device, the upper one; down the same way back. */
    assert_int_equal(a.UpCount, 3);
    assert_int_equal(a.DownCount, 3);
    assert_true(has_driver(&a.Up[0], "\\Driver\\PnpManager"));
    assert_true(has_driver(&a.Up[1], "\\Driver\\devices"));
    assert_true(has_driver(&a.Up[2], "\\Driver\\devices"));
    for (unsigned i = 0; i < 3; i++) {
        assert_memory_equal(&a.Up[i], &a.Down[2 - i], sizeof(a.Up[i]));
        assert_true(a.Up[i].Device != b.Up[i].Device);
    }
    /* The lists cross: the first stack's two are the older ones of the driver's list. */
    assert_true(a.Next[3].Device == a.Up[1].Device && a.Next[2].Device == a.Up[2].Device);
    assert_true(a.Next[1].Device == b.Up[1].Device && a.Next[0].Device == b.Up[2].Device);

    /* One goes: its two devices leave the list, the other stack stays as it was. */
    assert_int_equal(ntio_remove_device(first, false), 0);
    HANDLE gone = CreateFileW(L"\\\\.\\LabDevice0", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(gone == INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    ask(L"\\\\.\\LabDevice1", &a);
    assert_int_equal(a.NextCount, 2);
    assert_memory_equal(a.Next, b.Next, 2 * sizeof(a.Next[0]));
    assert_memory_equal(a.Up, b.Up, sizeof(a.Up));
}

static void routines_run_in_their_processes(void **state)
{
    char first[512];
    DEVICES_REPORT report;

    (void)state;
    make_two(first);
    ask(L"\\\\.\\LabDevice0", &report);
    assert_int_equal(report.EntryProcess, SYSTEM_PROCESS);
    assert_int_equal(report.AddProcess, SYSTEM_PROCESS);
    assert_int_equal(report.DispatchProcess, GetCurrentProcessId());
    assert_int_not_equal(report.DispatchProcess, SYSTEM_PROCESS);
    assert_true(report.EntryInSystem && report.AddInSystem && !report.DispatchInSystem);

    /* Another program: dispatch runs in that one. */
    DWORD own = GetCurrentProcessId();
    ntio_process *other = ntio_process_create("other");
    assert_non_null(other);
    ntio_process_enter(other);
    ask(L"\\\\.\\LabDevice1", &report);
    assert_int_equal(report.DispatchProcess, GetCurrentProcessId());
    assert_int_not_equal(report.DispatchProcess, own);
    assert_int_equal(report.AddProcess, SYSTEM_PROCESS);
    ntio_process_enter(NULL);
    ntio_process_end(other);
}

/* A request goes to the top and is handed down; START goes up, REMOVE goes down. */
static void requests_pass_the_stack(void **state)
{
    char first[512];
    DEVICES_REPORT report;
    int at;

    (void)state;
    make_two(first);
    lab_trace_begin();
    ask(L"\\\\.\\LabDevice0", &report);
    lab_trace_end();
    static const int order[] = {MJ_CREATE, MJ_DEVICE_CONTROL, MJ_DEVICE_CONTROL, MJ_CLEANUP,
                                MJ_CLOSE};
    at = 0;
    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        at = lab_expect(at, NTIO_IRP_CALL, "devices", order[i], -1);
        const lab_event *upper = lab_event_at((unsigned)at);
        assert_true((ULONG64)(ULONG_PTR)upper->device == report.Up[2].Device);
        at = lab_expect(at + 1, NTIO_IRP_CALL, "devices", order[i], -1);
        const lab_event *lower = lab_event_at((unsigned)at);
        assert_true((ULONG64)(ULONG_PTR)lower->device == report.Up[1].Device);
        assert_ptr_equal(lower->irp, upper->irp);
        at = lab_expect(at, NTIO_IRP_COMPLETE, "devices", order[i], -1);
    }

    lab_trace_begin();
    assert_int_equal(ntio_remove_device(first, false), 0);
    lab_trace_end();
    at = 0;
    for (int level = 2; level >= 0; level--) {
        at = lab_expect(at + 1, NTIO_IRP_CALL, NULL, MJ_PNP, 2 /* REMOVE_DEVICE */);
        assert_true((ULONG64)(ULONG_PTR)lab_event_at((unsigned)at)->device ==
                    report.Up[level].Device);
    }
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(devices_hang_together_both_ways),
    LAB_TEST(routines_run_in_their_processes),
    LAB_TEST(requests_pass_the_stack),
};

LAB_MAIN("lab-devices", tests)
