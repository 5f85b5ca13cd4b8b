/* SPDX-License-Identifier: MIT */
/*
 * unload.c - a driver whose timer, DPC, device timer and work item run while its DriverUnload
 * cancels and flushes. Everything that they touch goes with the driver, so whoever comes late
 * touches freed memory, which the sanitizers see.
 */
#include "tests/unit/io/iotest.h"

#define ROUNDS 10000

typedef struct racer {
    KTIMER periodic, again;
    KDPC periodic_dpc, again_dpc;
    PIO_WORKITEM item;
    KEVENT idle; /* no work item is queued or runs */
    LONG queued;
    LONG stopping;
    LONG *seen; /* in pool, freed by the unload: every run counts here */
} racer;

static LONG runs_dpc, runs_item, unloads; /* of all rounds */

static racer *racer_of(PDEVICE_OBJECT device)
{
    return (racer *)(ext(device) + 1);
}

static VOID NTAPI work(PDEVICE_OBJECT device, PVOID context)
{
    racer *own = racer_of(device);

    (void)context;
    InterlockedIncrement(own->seen);
    InterlockedIncrement(&runs_item);
    InterlockedExchange(&own->queued, 0);
    KeSetEvent(&own->idle, IO_NO_INCREMENT, FALSE);
}

static VOID NTAPI expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    racer *own = racer_of(context);

    (void)argument1;
    (void)argument2;
    InterlockedIncrement(own->seen);
    InterlockedIncrement(&runs_dpc);
    if (dpc == &own->again_dpc) {
        LARGE_INTEGER soon = {.QuadPart = -50};
        if (InterlockedCompareExchange(&own->stopping, 0, 0) == 0)
            KeSetTimer(&own->again, soon, &own->again_dpc);
    } else if (InterlockedCompareExchange(&own->stopping, 0, 0) == 0 &&
               InterlockedExchange(&own->queued, 1) == 0) {
        KeClearEvent(&own->idle);
        IoQueueWorkItem(own->item, work, DelayedWorkQueue, NULL);
    }
}

static VOID NTAPI tick(PDEVICE_OBJECT device, PVOID context)
{
    (void)context;
    InterlockedIncrement(racer_of(device)->seen);
}

/* The order matters: no new runs, then no timer, then no DPC, then no work item; then the memory.
 */
static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT device = driver->DeviceObject;
    racer *own = racer_of(device);

    InterlockedExchange(&own->stopping, 1);
    IoStopTimer(device);
    KeCancelTimer(&own->periodic);
    /* A DPC that was past its look at `stopping` may set the timer once more: flush, then cancel
     * again. */
    KeFlushQueuedDpcs();
    KeCancelTimer(&own->again);
    KeFlushQueuedDpcs();
    KeWaitForSingleObject(&own->idle, Executive, KernelMode, FALSE, NULL);
    IoFreeWorkItem(own->item);
    ExFreePoolWithTag(own->seen, 'ecaR');
    IoDeleteDevice(device);
    InterlockedIncrement(&unloads);
}

static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    LARGE_INTEGER due = {.QuadPart = -1};
    NTSTATUS status;
    racer *own;

    (void)path;
    status = IoCreateDevice(driver, sizeof(test_device) + sizeof(racer), NULL, FILE_DEVICE_UNKNOWN,
                            0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    own = racer_of(device);
    own->seen = ExAllocatePoolWithTag(NonPagedPool, sizeof(LONG), 'ecaR');
    own->item = IoAllocateWorkItem(device);
    assert_non_null(own->seen);
    assert_non_null(own->item);
    *own->seen = 0;
    KeInitializeEvent(&own->idle, NotificationEvent, TRUE);
    KeInitializeTimer(&own->periodic);
    KeInitializeTimer(&own->again);
    KeInitializeDpc(&own->periodic_dpc, expired, device);
    KeInitializeDpc(&own->again_dpc, expired, device);
    assert_ok(IoInitializeTimer(device, tick, NULL));
    IoStartTimer(device);
    KeSetTimerEx(&own->periodic, due, 1, &own->periodic_dpc);
    KeSetTimer(&own->again, due, &own->again_dpc);
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

static void timer_against_unload(void **state)
{
    ntio_counts before, after;

    (void)state;
    runs_dpc = runs_item = unloads = 0;
    ntio_get_counts(&before);
    for (int round = 0; round < ROUNDS; round++) {
        IOP_DRIVER_IMAGE image = {.Entry = entry};
        PDRIVER_OBJECT driver = NULL;

        assert_ok(IopCreateDriver(L"Racer", &image, &driver));
        /* From at once to after some runs. */
        if (round % 4 == 3)
            KeStallExecutionProcessor((ULONG)round % 97);
        assert_ok(IopUnloadDriver(driver));
        assert_int_equal(unloads, round + 1);
    }
    ntio_get_counts(&after);
    assert_int_equal(after.timers, before.timers);
    assert_int_equal(after.pool_blocks, before.pool_blocks);
    /* It was a race: they ran, and not as a rule once each. */
    assert_true(runs_dpc > ROUNDS / 10 && runs_item > ROUNDS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timer_against_unload, host_setup, host_teardown),
    };
    return cmocka_run_group_tests_name("io-unload", tests, NULL, NULL);
}
