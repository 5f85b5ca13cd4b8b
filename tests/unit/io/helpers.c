/* SPDX-License-Identifier: MIT */
/* What drivers are helped with: StartIo, remove locks, work items, the timer, the error log, power.
 */
#define DBG 1 /* remove locks with their tracking block */
#include "tests/unit/io/iotest.h"
#include "ntio/po/po.h"

#include <unistd.h>

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

static int setup(void **state)
{
    host_setup(state);
    driver = test_driver(L"helpers");
    device = test_device_make(driver, L"\\Device\\Helpers", 0);
    return 0;
}

static KIRQL raise(void)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return old;
}

static PIRP make_irp(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = device;
    return irp;
}

/* ---- StartIo ---- */

static PIRP started[8];
static int started_count;
static int depth, deepest;
static BOOLEAN finish_at_once;
static VOID NTAPI start_io(PDEVICE_OBJECT which, PIRP irp)
{
    assert_ptr_equal(which, device);
    assert_ptr_equal(which->CurrentIrp, irp);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    started[started_count++] = irp;
    if (++depth > deepest)
        deepest = depth;
    if (finish_at_once)
        IoStartNextPacket(which, FALSE);
    depth--;
}
static void start_reset(void)
{
    driver->DriverStartIo = start_io;
    started_count = depth = deepest = 0;
    finish_at_once = FALSE;
    IoSetStartIoAttributes(device, FALSE, FALSE);
}

static void start_io_one_at_a_time(void **state)
{
    PIRP irps[4];
    (void)state;
    start_reset();
    for (int i = 0; i < 4; i++) {
        irps[i] = make_irp();
        IoStartPacket(device, irps[i], NULL, NULL);
        assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
    assert_int_equal(started_count, 1);
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(started[i], irps[i]);
        KIRQL old = raise();
        IoStartNextPacket(device, FALSE);
        KeLowerIrql(old);
        assert_int_equal(started_count, i < 3 ? i + 2 : 4);
    }
    assert_null(device->CurrentIrp);
    /* By key: the smallest that is not below the one given. */
    ULONG keys[] = {50, 30, 10, 40};
    start_reset();
    for (int i = 0; i < 4; i++)
        IoStartPacket(device, irps[i], &keys[i], NULL);
    KIRQL old = raise();
    IoStartNextPacketByKey(device, FALSE, 20);
    assert_ptr_equal(started[1], irps[1]);
    IoStartNextPacketByKey(device, FALSE, 35);
    assert_ptr_equal(started[2], irps[3]);
    IoStartNextPacketByKey(device, FALSE, 45); /* none above: round to the smallest */
    assert_ptr_equal(started[3], irps[2]);
    IoStartNextPacket(device, FALSE);
    KeLowerIrql(old);
    for (int i = 0; i < 4; i++)
        IoFreeIrp(irps[i]);
}

static void start_io_without_recursion(void **state)
{
    PIRP irps[4];
    (void)state;
    for (int deferred = 0; deferred < 2; deferred++) {
        start_reset();
        IoSetStartIoAttributes(device, (BOOLEAN)deferred, FALSE);
        for (int i = 0; i < 4; i++) {
            irps[i] = make_irp();
            IoStartPacket(device, irps[i], NULL,
                          NULL); /* the first stays: it does not ask for the next */
        }
        assert_int_equal(started_count, 1);
        finish_at_once = TRUE;
        KIRQL old = raise();
        IoStartNextPacket(device, FALSE);
        KeLowerIrql(old);
        assert_int_equal(started_count, 4);
        assert_int_equal(deepest, deferred ? 1 : 3);
        finish_at_once = TRUE;
        IoStartPacket(device, irps[0], NULL, NULL); /* idle again: from IoStartPacket itself */
        assert_int_equal(started_count, 5);
        assert_null(device->CurrentIrp);
        for (int i = 0; i < 4; i++)
            IoFreeIrp(irps[i]);
    }
}

static int cancelled;
static VOID NTAPI cancel_queued(PDEVICE_OBJECT which, PIRP irp)
{
    BOOLEAN was_queued =
        which->CurrentIrp != irp &&
        KeRemoveEntryDeviceQueue(&which->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    cancelled += was_queued ? 1 : 100;
}
static void start_io_cancel(void **state)
{
    PIRP irps[3];
    (void)state;
    start_reset();
    cancelled = 0;
    for (int i = 0; i < 2; i++) {
        irps[i] = make_irp();
        IoStartPacket(device, irps[i], NULL, cancel_queued);
    }
    assert_true(IoCancelIrp(irps[1]));
    assert_int_equal(cancelled, 1);
    irps[2] = make_irp();
    irps[2]->Cancel = TRUE; /* before it comes */
    IoStartPacket(device, irps[2], NULL, cancel_queued);
    assert_int_equal(cancelled, 2);
    assert_true(IoCancelIrp(irps[0])); /* current: its routine is still there */
    assert_int_equal(cancelled, 102);
    KIRQL old = raise();
    IoStartNextPacket(device, TRUE);
    KeLowerIrql(old);
    assert_int_equal(started_count, 1);
    /* Not to be cancelled once it has started. */
    IoSetStartIoAttributes(device, FALSE, TRUE);
    irps[0]->Cancel = FALSE;
    IoStartPacket(device, irps[0], NULL, cancel_queued);
    assert_false(IoCancelIrp(irps[0]));
    old = raise();
    IoStartNextPacket(device, TRUE);
    KeLowerIrql(old);
    for (int i = 0; i < 3; i++)
        IoFreeIrp(irps[i]);
}

/* ---- remove locks ---- */

static IO_REMOVE_LOCK removal;

static void hold_a_while(void *context)
{
    usleep(5000);
    IoReleaseRemoveLock(&removal, context);
}

static void remove_lock_holds_removal_off(void **state)
{
    test_thread thread;
    int a, b;
    (void)state;
    C_ASSERT(sizeof(IO_REMOVE_LOCK) > sizeof(IO_REMOVE_LOCK_COMMON_BLOCK));
    IoInitializeRemoveLock(&removal, 'tseT', 1, 10);
    assert_ok(IoAcquireRemoveLock(&removal, &a));
    IoReleaseRemoveLock(&removal, &a);
    assert_ok(IoAcquireRemoveLock(&removal, &a));
    assert_ok(IoAcquireRemoveLock(&removal, &b));
    test_start(&thread, hold_a_while, &a);
    IoReleaseRemoveLockAndWait(&removal, &b);
    assert_int_equal(removal.Common.IoCount, 0);
    assert_status(IoAcquireRemoveLock(&removal, &a), STATUS_DELETE_PENDING);
    assert_int_equal(removal.Common.IoCount, 0);
    test_join(&thread);
}

/* Requests against removal: none is inside once the wait is over. */
static IO_REMOVE_LOCK_COMMON_BLOCK plain;
#define LOCK ((PIO_REMOVE_LOCK)&plain)
static _Atomic int inside, refused, entered;
static _Atomic bool removed;
static void request(void *context)
{
    (void)context;
    for (;;) {
        NTSTATUS status = IoAcquireRemoveLockEx(LOCK, &status, "", 1, sizeof(plain));
        if (status == STATUS_DELETE_PENDING) {
            atomic_fetch_add(&refused, 1);
            return;
        }
        atomic_fetch_add(&inside, 1);
        atomic_fetch_add(&entered, 1);
        assert_false(atomic_load(&removed));
        atomic_fetch_sub(&inside, 1);
        IoReleaseRemoveLockEx(LOCK, &status, sizeof(plain));
    }
}
static void removal_races(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        test_thread threads[3];
        int tag;
        IoInitializeRemoveLockEx(LOCK, 'tseT', 0, 0, sizeof(plain));
        atomic_store(&removed, false);
        atomic_store(&refused, 0);
        atomic_store(&entered, 0);
        for (int i = 0; i < 3; i++)
            test_start(&threads[i], request, NULL);
        while (atomic_load(&entered) < 10)
            sched_yield();
        assert_ok(IoAcquireRemoveLockEx(LOCK, &tag, "", 1, sizeof(plain)));
        IoReleaseRemoveLockAndWaitEx(LOCK, &tag, sizeof(plain));
        assert_int_equal(atomic_load(&inside), 0);
        atomic_store(&removed, true);
        for (int i = 0; i < 3; i++)
            test_join(&threads[i]);
        assert_int_equal(atomic_load(&refused), 3);
    }
}

/* ---- work items ---- */

static KEVENT worked;
static _Atomic int work_count;
static LONG_PTR work_references;
static VOID NTAPI work(PDEVICE_OBJECT which, PVOID context)
{
    assert_ptr_equal(which, device);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    work_references = ObpReferenceCount(which);
    IoFreeWorkItem(context); /* its own */
    KeSetEvent(&worked, IO_NO_INCREMENT, FALSE);
}
static VOID NTAPI work_again(PVOID object, PVOID context, PIO_WORKITEM item)
{
    (void)object;
    if (atomic_fetch_add(&work_count, 1) < 3)
        IoQueueWorkItemEx(item, work_again, CriticalWorkQueue, context);
    else
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}
static void work_items(void **state)
{
    LONG_PTR before = ObpReferenceCount(device);
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    (void)state;
    KeInitializeEvent(&worked, SynchronizationEvent, FALSE);
    KIRQL old = raise();
    IoQueueWorkItem(item, work, DelayedWorkQueue, item);
    KeLowerIrql(old);
    assert_true(test_wait(&worked));
    assert_int_equal(work_references, before + 1);
    item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), 'tseT');
    IoInitializeWorkItem(device, item);
    IoQueueWorkItemEx(item, work_again, DelayedWorkQueue, &worked);
    assert_true(test_wait(&worked));
    assert_int_equal(atomic_load(&work_count), 4);
    IoUninitializeWorkItem(item);
    ExFreePool(item);
    ExpDrainWorkQueues();
    assert_int_equal(ObpReferenceCount(device), before);
}

/* ---- the timer ---- */

static _Atomic int ticks;
static KEVENT ticked;
static VOID NTAPI tick(PDEVICE_OBJECT which, PVOID context)
{
    assert_ptr_equal(context, &ticks);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    atomic_fetch_add(&ticks, 1);
    IoStopTimer(which); /* from within */
    KeSetEvent(&ticked, IO_NO_INCREMENT, FALSE);
}
static void count_timer(const char *kind, PVOID object, PVOID detail, PVOID context)
{
    (void)kind;
    (void)object;
    (void)detail;
    ++*(int *)context;
}
static int timers(void)
{
    int count = 0;
    KiEnumerateTimers(count_timer, &count);
    return count;
}
static void once_a_second(void **state)
{
    PDEVICE_OBJECT own = test_device_make(driver, NULL, 0);
    int before = timers();
    (void)state;
    KeInitializeEvent(&ticked, SynchronizationEvent, FALSE);
    assert_ok(IoInitializeTimer(own, tick, &ticks));
    assert_int_equal(timers(), before); /* nothing runs, nothing is set */
    IoStartTimer(own);
    IoStartTimer(own);
    assert_int_equal(timers(), before + 1);
    assert_true(test_wait(&ticked));
    KeFlushQueuedDpcs();
    assert_int_equal(atomic_load(&ticks), 1);
    assert_int_equal(timers(), before);
    IoStartTimer(own);
    IoStopTimer(own);
    IoStopTimer(own);
    assert_int_equal(timers(), before);
    IoStartTimer(own);
    IoDeleteDevice(own); /* takes it along */
    assert_int_equal(timers(), before);
}

/* ---- the error log ---- */

static char line[512];
static void sink(const char *text, void *context)
{
    (void)context;
    if (strstr(text, "error log") != NULL)
        snprintf(line, sizeof(line), "%s", text);
}
static void error_log_is_debug_output(void **state)
{
    PIO_ERROR_LOG_PACKET packet = IoAllocateErrorLogEntry(device, sizeof(*packet) + 8);
    (void)state;
    assert_non_null(packet);
    packet->ErrorCode = (NTSTATUS)0xC0040004;
    packet->DumpDataSize = 8;
    packet->DumpData[1] = 0xabcd;
    ntio_set_debug_sink(sink, NULL);
    IoWriteErrorLogEntry(packet);
    ntio_set_debug_sink(NULL, NULL);
    assert_non_null(strstr(line, "\\Driver\\helpers"));
    assert_non_null(strstr(line, "c0040004"));
    assert_non_null(strstr(line, "0000abcd"));
    assert_null(IoAllocateErrorLogEntry(device, 8));
    assert_null(IoAllocateErrorLogEntry(device, ERROR_LOG_MAXIMUM_SIZE + 1));
    packet = IoAllocateErrorLogEntry(driver, sizeof(*packet));
    IoFreeErrorLogEntry(packet);
}

/* ---- power ---- */

static UCHAR power_minor;
static POWER_STATE power_state;
static NTSTATUS power_status;
static PDEVICE_OBJECT power_device;
static VOID NTAPI power_done(PDEVICE_OBJECT which, UCHAR minor, POWER_STATE state, PVOID context,
                             PIO_STATUS_BLOCK io)
{
    power_device = which;
    power_minor = minor;
    power_state = state;
    power_status = io->Status;
    *(int *)context = 1;
}
static PIRP power_irp;
static NTSTATUS NTAPI take_power(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    assert_status(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    IoMarkIrpPending(irp);
    power_irp = irp;
    return STATUS_PENDING;
}
static NTSTATUS NTAPI pass_power(PDEVICE_OBJECT which, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(ext(which)->lower, irp);
}
static void power_irps(void **state)
{
    PDEVICE_OBJECT above = test_device_above(driver, device);
    POWER_STATE wanted = {.DeviceState = PowerDeviceD3}, before;
    PIRP irp = NULL;
    int done = 0;
    (void)state;
    ext(above)->dispatch[IRP_MJ_POWER] = pass_power;
    ext(device)->dispatch[IRP_MJ_POWER] = take_power;
    assert_status(PoRequestPowerIrp(device, IRP_MN_SET_POWER, wanted, power_done, &done, &irp),
                  STATUS_PENDING);
    assert_ptr_equal(irp, power_irp);
    assert_int_equal(done, 0);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(power_irp);
    assert_int_equal(stack->MinorFunction, IRP_MN_SET_POWER);
    assert_int_equal(stack->Parameters.Power.Type, DevicePowerState);
    assert_int_equal(stack->Parameters.Power.State.DeviceState, PowerDeviceD3);
    PoStartNextPowerIrp(power_irp);
    finish(power_irp, STATUS_DEVICE_BUSY, 0);
    assert_int_equal(done, 1);
    assert_ptr_equal(power_device, device);
    assert_int_equal(power_minor, IRP_MN_SET_POWER);
    assert_int_equal(power_state.DeviceState, PowerDeviceD3);
    assert_status(power_status, STATUS_DEVICE_BUSY);
    assert_status(PoRequestPowerIrp(device, IRP_MN_POWER_SEQUENCE, wanted, NULL, NULL, NULL),
                  STATUS_INVALID_PARAMETER_2);
    before = PoSetPowerState(device, DevicePowerState, wanted);
    assert_int_equal(before.DeviceState, PowerDeviceUnspecified);
    wanted.DeviceState = PowerDeviceD0;
    before = PoSetPowerState(device, DevicePowerState, wanted);
    assert_int_equal(before.DeviceState, PowerDeviceD3);
    wanted.SystemState = PowerSystemWorking;
    before = PoSetPowerState(device, SystemPowerState, wanted);
    assert_int_equal(before.SystemState, PowerSystemUnspecified);
    PVOID handle = PoRegisterSystemState(NULL, 1);
    assert_ptr_equal(PoRegisterSystemState(handle, 2), handle);
    PoUnregisterSystemState(handle);
    PoSetSystemState(1 /* ES_SYSTEM_REQUIRED */); /* at any time, registered or not */
    ext(device)->dispatch[IRP_MJ_POWER] = NULL;
    test_device_delete(above);
    assert_int_equal(IopCountIrps(), 0);
}

/* ---- accounting ---- */

static char left_line[512];
static int left_count;
static void note_left(const char *kind, const char *sentence, PVOID context)
{
    (void)context;
    if (strcmp(kind, "IRP") != 0)
        return;
    left_count++;
    snprintf(left_line, sizeof(left_line), "%s", sentence);
}
static NTSTATUS NTAPI leave(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoMarkIrpPending(irp);
    power_irp = irp;
    return STATUS_PENDING;
}
static void a_forgotten_irp_is_named(void **state)
{
    HANDLE handle = test_open_async(L"\\Device\\Helpers");
    IO_STATUS_BLOCK io;
    LARGE_INTEGER zero = {.QuadPart = 0};
    (void)state;
    left_count = 0;
    VfAccount(note_left, NULL);
    assert_int_equal(left_count, 0);
    ext(device)->dispatch[IRP_MJ_WRITE] = leave;
    assert_status(NtWriteFile(handle, NULL, NULL, NULL, &io, NULL, 0, &zero, NULL), STATUS_PENDING);
    VfAccount(note_left, NULL);
    assert_int_equal(left_count, 1);
    assert_non_null(strstr(left_line, "IRP_MJ_WRITE"));
    assert_non_null(strstr(left_line, "\\Driver\\helpers"));
    assert_non_null(strstr(left_line, "location 1 of 1, pending"));
    assert_non_null(strstr(left_line, "allocated by"));
    finish(power_irp, STATUS_SUCCESS, 0);
    PIRP irp = IoAllocateIrp(3, FALSE);
    left_count = 0;
    VfAccount(note_left, NULL);
    assert_int_equal(left_count, 1);
    assert_non_null(strstr(left_line, "at nobody, 3 locations"));
    IoFreeIrp(irp);
    assert_ok(NtClose(handle));
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        T(start_io_one_at_a_time),
        T(start_io_without_recursion),
        T(start_io_cancel),
        T(remove_lock_holds_removal_off),
        T(removal_races),
        T(work_items),
        T(once_a_second),
        T(error_log_is_debug_output),
        T(power_irps),
        T(a_forgotten_irp_is_named),
    };
    return cmocka_run_group_tests_name("io-helpers", tests, setup, host_teardown);
}
