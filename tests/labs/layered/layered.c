/* SPDX-License-Identifier: MIT */
/*
 * layered: how the filter forwards each kind of request, by the order of steps that each IRP takes;
 * a large transfer becomes many with the same data; the tree shows drivers, devices and stacks.
 */
#include "../lab.h"

#include <winioctl.h>

#include "samples/layered/layered.h"

enum {
    MJ_CREATE = 0,
    MJ_CLOSE = 2,
    MJ_READ = 3,
    MJ_WRITE = 4,
    MJ_FLUSH = 9,
    MJ_CONTROL = 0xe,
    MJ_CLEANUP = 0x12
};
#define S_PENDING 0x103

static HANDLE start(void)
{
    lab_start("store");
    lab_start("layer");
    return lab_open(L"\\\\.\\Store", 0);
}

static void stop(HANDLE device)
{
    assert_true(CloseHandle(device));
    lab_stop("layer");
    lab_stop("store");
}

static LAYER_FACTS facts_of(HANDLE device)
{
    LAYER_FACTS facts;
    DWORD done;

    assert_true(
        DeviceIoControl(device, IOCTL_LAYER_FACTS, NULL, 0, &facts, sizeof(facts), &done, NULL));
    assert_int_equal(done, sizeof(facts));
    return facts;
}

/* The first event at or behind `from` of this IRP and step, on this driver (NULL: any). */
static int step_of(int from, const void *irp, int step, const char *driver)
{
    for (unsigned i = (unsigned)from; i < lab_event_count(); i++) {
        const lab_event *event = lab_event_at(i);
        if (event->irp == irp && event->step == step &&
            (driver == NULL || strcmp(event->driver, driver) == 0))
            return (int)i;
    }
    return -1;
}

/* A request that goes to layer, then to store with the same IRP. Index of store's CALL. */
static int forwarded(int major)
{
    int upper = lab_expect(0, NTIO_IRP_CALL, "layer", major, -1);
    int lower = lab_expect(upper, NTIO_IRP_CALL, "store", major, -1);

    assert_ptr_equal(lab_event_at((unsigned)upper)->irp, lab_event_at((unsigned)lower)->irp);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "store", major, -1), 1);
    return lower;
}

/* Skipped and copied without a routine: store completes, and layer has no part in it. */
static void passed_by(int major)
{
    int at = forwarded(major);
    const void *irp = lab_event_at((unsigned)at)->irp;

    at = lab_expect(at, NTIO_IRP_COMPLETE, "store", major, -1);
    assert_ptr_equal(lab_event_at((unsigned)at)->irp, irp);
    assert_int_equal(lab_event_at((unsigned)at)->status, 0);
    int end = step_of(at, irp, NTIO_IRP_FREE, NULL);
    int routine = step_of(at, irp, NTIO_IRP_COMPLETION_ROUTINE, NULL);
    assert_true(end > at);
    assert_true(routine < 0 || routine > end);
}

static void skipped_and_copied(void **state)
{
    LAYER_FACTS before, after;
    DWORD done;

    (void)state;
    lab_start("store");
    lab_start("layer");
    lab_trace_begin();
    HANDLE device = lab_open(L"\\\\.\\Store", 0);
    lab_trace_end();
    passed_by(MJ_CREATE);
    before = facts_of(device);
    /* Also the CLOSE of the file that IoAttachDevice had opened: by then layer stood on top. */
    assert_int_equal(before.Skipped, 2);
    assert_int_equal(before.Copied, 0);
    lab_trace_begin();
    assert_true(FlushFileBuffers(device));
    lab_trace_end();
    passed_by(MJ_FLUSH);
    lab_trace_begin();
    assert_true(WriteFile(device, "small", 5, &done, NULL));
    lab_trace_end();
    passed_by(MJ_WRITE);
    after = facts_of(device);
    assert_int_equal(after.Copied, 1);
    assert_int_equal(after.Skipped, 3);
    stop(device);
}

static void routed_with_its_pending_bit(void **state)
{
    DWORD number = 41, done = 0;

    (void)state;
    HANDLE device = start();
    lab_trace_begin();
    assert_true(DeviceIoControl(device, IOCTL_STORE_COUNT, &number, sizeof(number), &number,
                                sizeof(number), &done, NULL));
    lab_trace_end();
    assert_int_equal(done, sizeof(number));
    assert_int_equal(number, 41 + 1 + 100); /* store's, then the completion routine's */
    int at = forwarded(MJ_CONTROL);
    const void *irp = lab_event_at((unsigned)at)->irp;
    /* Both routines returned STATUS_PENDING. */
    assert_int_equal(lab_event_at((unsigned)step_of(at, irp, NTIO_IRP_RETURN, "store"))->status,
                     S_PENDING);
    assert_int_equal(lab_event_at((unsigned)step_of(at, irp, NTIO_IRP_RETURN, "layer"))->status,
                     S_PENDING);
    /* store completed, the routine ran, the IRP was done. */
    at = lab_expect(at, NTIO_IRP_COMPLETE, "store", MJ_CONTROL, -1);
    int routine = step_of(at, irp, NTIO_IRP_COMPLETION_ROUTINE, NULL);
    assert_true(routine > at);
    assert_true(step_of(routine, irp, NTIO_IRP_FREE, NULL) > routine);
    assert_int_equal(step_of(at + 1, irp, NTIO_IRP_COMPLETE, NULL), -1);
    assert_int_equal(facts_of(device).Pended, 1);
    /* One that fails at once is not pending, and not changed. */
    assert_false(DeviceIoControl(device, IOCTL_STORE_COUNT, NULL, 0, NULL, 0, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    LAYER_FACTS facts = facts_of(device);
    assert_int_equal(facts.Pended, 1);
    assert_int_equal(facts.Routed, 2);
    stop(device);
}

static void forwarded_and_waited_for(void **state)
{
    char text[16];
    DWORD done;

    (void)state;
    HANDLE device = start();
    assert_true(WriteFile(device, "wait for me", 11, &done, NULL));
    LARGE_INTEGER begin = {.QuadPart = 0};
    assert_true(SetFilePointerEx(device, begin, NULL, FILE_BEGIN));
    lab_trace_begin();
    assert_true(ReadFile(device, text, 11, &done, NULL));
    lab_trace_end();
    assert_int_equal(done, 11);
    assert_memory_equal(text, "wait for me", 11);
    int at = forwarded(MJ_READ);
    const void *irp = lab_event_at((unsigned)at)->irp;
    /* store completes; the routine keeps the IRP; layer completes it itself, then returns no
     * STATUS_PENDING. */
    int returned = step_of(at, irp, NTIO_IRP_RETURN, "store");
    assert_int_equal(lab_event_at((unsigned)returned)->status, S_PENDING);
    at = lab_expect(at, NTIO_IRP_COMPLETE, "store", MJ_READ, -1);
    int routine = step_of(at, irp, NTIO_IRP_COMPLETION_ROUTINE, NULL);
    int again = lab_expect(at, NTIO_IRP_COMPLETE, "layer", MJ_READ, -1);
    int back = step_of(at, irp, NTIO_IRP_RETURN, "layer");
    int end = step_of(again, irp, NTIO_IRP_FREE, NULL);
    assert_true(at < routine && routine < again && again < back && again < end);
    assert_ptr_equal(lab_event_at((unsigned)again)->irp, irp);
    assert_int_equal(lab_event_at((unsigned)back)->status, 0);
    assert_int_equal(facts_of(device).Waited, 1);
    stop(device);
}

/* ---- one large IRP, many small ones ---- */

static unsigned char large[STORE_BYTES], back[STORE_BYTES];

static unsigned pieces_of(DWORD length)
{
    return (length + STORE_LIMIT - 1) / STORE_LIMIT;
}

/* One transfer that is split, with its trace. */
static void split_transfer(HANDLE device, int major, void *data, DWORD length, DWORD offset)
{
    LARGE_INTEGER at = {.QuadPart = offset};
    unsigned calls = 0;
    DWORD done = 0;

    assert_true(SetFilePointerEx(device, at, NULL, FILE_BEGIN));
    lab_trace_begin();
    if (major == MJ_READ)
        assert_true(ReadFile(device, data, length, &done, NULL));
    else
        assert_true(WriteFile(device, data, length, &done, NULL));
    lab_trace_end();
    assert_int_equal(done, length);
    int first = lab_expect(0, NTIO_IRP_CALL, "layer", major, -1);
    const void *whole = lab_event_at((unsigned)first)->irp;
    int end = lab_expect(first, NTIO_IRP_COMPLETE, "layer", major, -1);
    assert_int_equal(lab_count(NTIO_IRP_CALL, "layer", major, -1), 1);
    assert_ptr_equal(lab_event_at((unsigned)end)->irp, whole);
    assert_int_equal(lab_event_at((unsigned)end)->information, length);
    /* The pieces are IRPs of their own, each freed before the whole is completed. */
    uint64_t bytes = 0;
    for (int i = first; i < end; i++) {
        const lab_event *event = lab_event_at((unsigned)i);
        if (strcmp(event->driver, "store") != 0)
            continue;
        if (event->step == NTIO_IRP_CALL) {
            assert_ptr_not_equal(event->irp, whole);
            calls++;
        } else if (event->step == NTIO_IRP_COMPLETE) {
            assert_int_equal(event->status, 0);
            assert_true(event->information <= STORE_LIMIT);
            bytes += event->information;
            int freed = step_of(i, event->irp, NTIO_IRP_FREE, NULL);
            assert_true(freed > i && freed < end);
        }
    }
    assert_int_equal(calls, pieces_of(length));
    assert_int_equal(lab_count(NTIO_IRP_COMPLETE, "store", major, -1), pieces_of(length));
    assert_true(bytes == length);
}

static void large_transfers_are_split(void **state)
{
    static const DWORD lengths[] = {STORE_LIMIT + 1, 2 * STORE_LIMIT, 30000, STORE_BYTES - 333};
    DWORD done;

    (void)state;
    HANDLE device = start();
    unsigned pieces = 0;
    for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
        for (DWORD i = 0; i < lengths[n]; i++)
            large[i] = (unsigned char)((i * 7 + n) % 253);
        memset(back, 0, sizeof(back));
        split_transfer(device, MJ_WRITE, large, lengths[n], 333);
        split_transfer(device, MJ_READ, back, lengths[n], 333);
        assert_memory_equal(large, back, lengths[n]);
        pieces += 2 * pieces_of(lengths[n]);
    }
    LAYER_FACTS facts = facts_of(device);
    assert_int_equal(facts.Split, 8);
    assert_int_equal(facts.Pieces, pieces);
    /* A piece that fails fails the whole, which is completed once, when all are back. */
    LARGE_INTEGER beyond = {.QuadPart = STORE_BYTES - 2 * STORE_LIMIT};
    assert_true(SetFilePointerEx(device, beyond, NULL, FILE_BEGIN));
    lab_trace_begin();
    assert_false(WriteFile(device, large, 3 * STORE_LIMIT, &done, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    lab_trace_end();
    assert_int_equal(lab_count(NTIO_IRP_COMPLETE, "store", MJ_WRITE, -1), 3);
    assert_int_equal(lab_count(NTIO_IRP_COMPLETE, "layer", MJ_WRITE, -1), 1);
    stop(device);
}

/* ---- the tree ---- */

static TREE_ENTRY entries[256];

static DWORD list_tree(void)
{
    DWORD done = 0;
    HANDLE device = lab_open(L"\\\\.\\DeviceTree", 0);

    assert_true(
        DeviceIoControl(device, IOCTL_TREE, NULL, 0, entries, sizeof(entries), &done, NULL));
    assert_int_equal(done % sizeof(entries[0]), 0);
    assert_true(CloseHandle(device));
    return done / sizeof(entries[0]);
}

static bool has_name(const TREE_ENTRY *entry, const char *name)
{
    size_t i;

    for (i = 0; name[i] != '\0'; i++) {
        if (entry->Name[i] != (WCHAR)name[i])
            return false;
    }
    return entry->Name[i] == 0;
}

/* The only device of this driver, or NULL. */
static const TREE_ENTRY *device_of(DWORD count, const char *driver)
{
    for (DWORD i = 0; i < count; i++) {
        if (entries[i].Kind == TREE_DRIVER && has_name(&entries[i], driver)) {
            assert_true(i + 1 < count && entries[i + 1].Kind == TREE_DEVICE);
            assert_true(i + 2 == count || entries[i + 2].Kind == TREE_DRIVER);
            return &entries[i + 1];
        }
    }
    return NULL;
}

static void the_tree_shows_drivers_devices_and_stacks(void **state)
{
    TREE_ENTRY one[1];
    DWORD done = 0;

    (void)state;
    lab_start("devicetree");
    HANDLE store = start();
    DWORD count = list_tree();
    const TREE_ENTRY *below = device_of(count, "\\Driver\\store");
    const TREE_ENTRY *above = device_of(count, "\\Driver\\layer");
    const TREE_ENTRY *own = device_of(count, "\\Driver\\devicetree");
    assert_non_null(below);
    assert_non_null(above);
    assert_non_null(own);
    assert_true(has_name(below, "\\Device\\Store"));
    assert_true(has_name(above, ""));
    assert_true(has_name(own, "\\Device\\DeviceTree"));
    /* The stack: layer's device on store's. */
    assert_true(above->Lower == below->Device);
    assert_true(below->Lower == 0);
    assert_true(below->Top == above->Device);
    assert_true(above->Top == above->Device);
    assert_true(own->Top == own->Device);
    assert_int_equal(below->StackSize, 1);
    assert_int_equal(above->StackSize, 2);
    assert_int_equal(above->Flags & 0x10, 0x10); /* DO_DIRECT_IO, as below */
    stop(store);
    /* Without them. */
    count = list_tree();
    assert_null(device_of(count, "\\Driver\\store"));
    assert_null(device_of(count, "\\Driver\\layer"));
    /* Where there is not room for all, the first come, and the program is told. */
    HANDLE device = lab_open(L"\\\\.\\DeviceTree", 0);
    assert_true(count > 1);
    assert_false(DeviceIoControl(device, IOCTL_TREE, NULL, 0, one, sizeof(one), &done, NULL));
    assert_int_equal(GetLastError(), ERROR_MORE_DATA);
    assert_int_equal(done, sizeof(one));
    assert_true(CloseHandle(device));
    lab_stop("devicetree");
}

/* A PnP stack is a stack like others: devices of the root enumerator have theirs too. */
static void the_tree_shows_pnp_stacks(void **state)
{
    (void)state;
    lab_start("devicetree");
    lab_device("LAYERED", "ROOT\\LAYERED");
    DWORD count = list_tree(), devices = 0;
    for (DWORD i = 0; i < count; i++) {
        if (entries[i].Kind == TREE_DRIVER)
            assert_int_equal(entries[i].Name[0], '\\');
        else
            devices++;
    }
    assert_true(devices >= 3); /* the root, the new device, devicetree's own */
    lab_stop("devicetree");
}

static const struct CMUnitTest tests[] = {
    LAB_TEST(skipped_and_copied),
    LAB_TEST(routed_with_its_pending_bit),
    LAB_TEST(forwarded_and_waited_for),
    LAB_TEST(large_transfers_are_split),
    LAB_TEST(the_tree_shows_drivers_devices_and_stacks),
    LAB_TEST(the_tree_shows_pnp_stacks),
};

LAB_MAIN("lab-layered", tests)
