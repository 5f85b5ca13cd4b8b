/* SPDX-License-Identifier: MIT */
/* trace.c - debug output in the ring and at a sink, and listeners that come and go while others
 * print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "ntio/init/initp.h"
#include <cmocka.h>

typedef struct _LINES {
    _Atomic ULONG Count;
    char Last[TRACE_LINE_MAXIMUM + 1];
} LINES;

static void KeepLine(const char *Line, void *Context)
{
    LINES *Lines = Context;
    atomic_fetch_add(&Lines->Count, 1);
    strcpy(Lines->Last, Line);
}

static VOID KeepLast(const char *Line, PVOID Context)
{
    KeepLine(Line, Context);
}

static void lines_reach_the_sink(void **state)
{
    LINES Lines = {0};
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    ntio_set_debug_sink(KeepLine, &Lines);
    DbgPrint("one %d\n", 1);
    assert_int_equal(Lines.Count, 1);
    assert_string_equal(Lines.Last, "one 1");
    DbgPrint("two\nthree\n");
    assert_int_equal(Lines.Count, 3);
    assert_string_equal(Lines.Last, "three");
    KIRQL Irql = KeRaiseIrqlToDpcLevel();
    DbgPrint("at dispatch level\n");
    KeLowerIrql(Irql);
    assert_string_equal(Lines.Last, "at dispatch level");
    ntio_set_debug_sink(NULL, NULL);
    DbgPrint("nobody\n");
    assert_int_equal(Lines.Count, 4);
    assert_int_equal(ntio_shutdown(), 0);
}

static void the_ring_keeps_the_newest(void **state)
{
    LINES Lines = {0};
    char Long[TRACE_LINE_MAXIMUM + 100];
    (void)state;
    for (int i = 0; i < TRACE_RING_LINES + 10; i++)
        TraceDebugOutput("old", 3);
    memset(Long, 'x', sizeof(Long));
    TraceDebugOutput(Long, sizeof(Long));
    TraceEnumerateRing(KeepLast, &Lines);
    assert_int_equal(Lines.Count, TRACE_RING_LINES);
    assert_int_equal(strlen(Lines.Last), TRACE_LINE_MAXIMUM);
}

static void PrintInside(const char *Line, void *Context)
{
    (void)Line;
    atomic_fetch_add((_Atomic ULONG *)Context, 1);
    TraceDebugOutput("inside", 6); /* to the ring alone */
}

static void a_sink_may_print(void **state)
{
    _Atomic ULONG Count = 0;
    LINES Lines = {0};
    (void)state;
    ntio_set_debug_sink(PrintInside, &Count);
    TraceDebugOutput("outside", 7);
    ntio_set_debug_sink(NULL, NULL);
    assert_int_equal(Count, 1);
    TraceEnumerateRing(KeepLast, &Lines);
    assert_string_equal(Lines.Last, "inside");
}

/* A sink's context may be freed as soon as the sink is taken away: a sanitizer sees it if a call
 * comes late. */
static _Atomic BOOLEAN Stop;

static void TouchContext(const char *Line, void *Context)
{
    (void)Line;
    atomic_fetch_add((_Atomic ULONG *)Context, 1);
}

static void *PrintAlways(void *Context)
{
    (void)Context;
    while (!atomic_load(&Stop))
        TraceDebugOutput("line", 4);
    return NULL;
}

static void sinks_change_under_load(void **state)
{
    pthread_t Threads[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&Threads[i], NULL, PrintAlways, NULL), 0);
    for (int i = 0; i < 200; i++) {
        _Atomic ULONG *Count = calloc(1, sizeof(*Count));
        ntio_set_debug_sink(TouchContext, Count);
        TraceDebugOutput("mine", 4);
        ntio_set_debug_sink(NULL, NULL);
        assert_true(atomic_load(Count) >= 1);
        free(Count);
    }
    atomic_store(&Stop, TRUE);
    for (int i = 0; i < 2; i++)
        pthread_join(Threads[i], NULL);
}

/* ---- the IRP trace, on a driver made of this file ---- */

typedef struct _STEPS {
    ULONG Count;
    int Step[16];
    uint8_t Major[16];
    int32_t Status[16];
    char Driver[64];
    uint64_t Last;
} STEPS;

static void KeepStep(const ntio_irp_event *Event, void *Context)
{
    STEPS *Steps = Context;
    if (Steps->Count == 16)
        return;
    Steps->Step[Steps->Count] = Event->step;
    Steps->Major[Steps->Count] = Event->major;
    Steps->Status[Steps->Count++] = Event->status;
    if (Event->step == NTIO_IRP_CALL)
        snprintf(Steps->Driver, sizeof(Steps->Driver), "%s", Event->driver);
    assert_true(Event->time_ns >= Steps->Last);
    Steps->Last = Event->time_ns;
}

static NTSTATUS NTAPI TracedEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    PDEVICE_OBJECT Device;
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, L"\\Device\\Traced");
    return IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
}

static VOID NTAPI TracedUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

static void irps_are_traced(void **state)
{
    STEPS Steps = {0};
    IOP_DRIVER_IMAGE Image = {.Entry = TracedEntry};
    PDRIVER_OBJECT Driver;
    KEVENT Event;
    IO_STATUS_BLOCK Iosb;
    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    assert_int_equal(IopCreateDriver(L"traced", &Image, &Driver), STATUS_SUCCESS);
    Driver->DriverUnload = TracedUnload;
    Driver->DeviceObject->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    PIRP Irp = IoBuildDeviceIoControlRequest(0x222004, Driver->DeviceObject, NULL, 0, NULL, 0,
                                             FALSE, &Event, &Iosb);
    assert_non_null(Irp);
    ntio_set_irp_trace(KeepStep, &Steps);
    NTSTATUS Status = IoCallDriver(Driver->DeviceObject, Irp);
    ntio_set_irp_trace(NULL, NULL);
    assert_int_equal(Status, STATUS_INVALID_DEVICE_REQUEST);
    assert_true(Steps.Count >= 3);
    assert_int_equal(Steps.Step[0], NTIO_IRP_CALL);
    assert_int_equal(Steps.Major[0], IRP_MJ_DEVICE_CONTROL);
    assert_string_equal(Steps.Driver, "traced");
    assert_int_equal(Steps.Step[1], NTIO_IRP_COMPLETE);
    assert_int_equal(Steps.Status[1], STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(Steps.Step[Steps.Count - 1], NTIO_IRP_RETURN);
    assert_int_equal(Steps.Status[Steps.Count - 1], STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(ntio_shutdown(), 0);
}

int main(void)
{
    static const struct CMUnitTest Tests[] = {
        cmocka_unit_test(lines_reach_the_sink), cmocka_unit_test(the_ring_keeps_the_newest),
        cmocka_unit_test(a_sink_may_print),     cmocka_unit_test(sinks_change_under_load),
        cmocka_unit_test(irps_are_traced),
    };
    return cmocka_run_group_tests(Tests, NULL, NULL);
}
