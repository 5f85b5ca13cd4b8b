/* SPDX-License-Identifier: MIT */
/*
 * races.c - ten thousand times each: StartIo against cancelling, completing out of a cancel-safe
 * queue against cancelling, removing a device against requests that come to it.
 *
 * Each request must end once, as what it was: completed or cancelled. Under TSan and ASan what is
 * touched too late is found as well.
 */
#include "tests/unit/io/iotest.h"
#include "csq.h"

#include <limits.h>
#include <sched.h>

#define IRPS     3    /* that are raced for in a round */
#define ROUNDS   3500 /* so some ten thousand races */
#define REMOVALS 10000

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

/* ---- requests of the test's own, which come back to it ---- */

typedef struct request {
    PIRP irp;
    KEVENT back;
    _Atomic unsigned ends; /* of this round */
} request;
static request requests[IRPS];
static unsigned completed, cancelled;

static NTSTATUS NTAPI come_back(PDEVICE_OBJECT which, PIRP irp, PVOID context)
{
    request *r = context;

    (void)which, (void)irp;
    atomic_fetch_add(&r->ends, 1);
    KeSetEvent(&r->back, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void send(request *r)
{
    PIO_STACK_LOCATION next;

    IoReuseIrp(r->irp, STATUS_SUCCESS);
    atomic_store(&r->ends, 0);
    next = IoGetNextIrpStackLocation(r->irp);
    next->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(r->irp, come_back, r, TRUE, TRUE, TRUE);
    assert_status(IoCallDriver(device, r->irp), STATUS_PENDING);
}

/* Waits for it and counts how it ended. */
static void receive(request *r)
{
    assert_true(test_wait(&r->back));
    assert_int_equal(atomic_load(&r->ends), 1);
    if (r->irp->IoStatus.Status == STATUS_CANCELLED) {
        cancelled++;
    } else {
        assert_status(r->irp->IoStatus.Status, STATUS_SUCCESS);
        completed++;
    }
    assert_null(r->irp->CancelRoutine);
}

/* ---- two threads in step: round by round, at once ---- */

static _Atomic ULONG round_begun, round_ended; /* futexes */

static void await_number(_Atomic ULONG *counter, ULONG number)
{
    ULONG now;

    while ((now = atomic_load(counter)) < number)
        assert_true(KiFutexWait(counter, now, 300000000)); /* 30 s */
}

static void count_up(_Atomic ULONG *counter)
{
    atomic_fetch_add(counter, 1);
    KiFutexWake(counter, INT_MAX);
}

static void reset(void)
{
    atomic_store(&round_begun, 0);
    atomic_store(&round_ended, 0);
    completed = cancelled = 0;
    for (int i = 0; i < IRPS; i++) {
        requests[i].irp = IoAllocateIrp(1, FALSE);
        assert_non_null(requests[i].irp);
        KeInitializeEvent(&requests[i].back, SynchronizationEvent, FALSE);
    }
}

static void free_requests(void)
{
    for (int i = 0; i < IRPS; i++)
        IoFreeIrp(requests[i].irp);
}

/* Cancels all of the round's, in an order that changes. */
static void cancel_in_step(void *context)
{
    (void)context;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        await_number(&round_begun, round);
        for (unsigned i = 0; i < IRPS; i++) {
            if ((round >> i & 1) == 0)
                continue; /* that one is left alone */
            IoCancelIrp(requests[(round + i) % IRPS].irp);
        }
        count_up(&round_ended);
    }
}

/* ---- StartIo against cancelling ---- */

static KDPC transfer_dpc;
static _Atomic int at_once;

static VOID NTAPI start_cancel(PDEVICE_OBJECT which, PIRP irp)
{
    BOOLEAN queued;

    if (irp == which->CurrentIrp) {
        IoReleaseCancelSpinLock(irp->CancelIrql); /* StartIo will see it */
        return;
    }
    queued = KeRemoveEntryDeviceQueue(&which->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    assert_true(queued);
    finish(irp, STATUS_CANCELLED, 0);
}

static VOID NTAPI start_io(PDEVICE_OBJECT which, PIRP irp)
{
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    assert_ptr_equal(which->CurrentIrp, irp);
    if (irp->Cancel) {
        IoReleaseCancelSpinLock(irql);
        IoStartNextPacket(which, TRUE);
        finish(irp, STATUS_CANCELLED, 0);
        return;
    }
    IoSetCancelRoutine(irp, NULL);
    IoReleaseCancelSpinLock(irql);
    assert_int_equal(atomic_fetch_add(&at_once, 1), 0);
    KeInsertQueueDpc(&transfer_dpc, irp, NULL);
}

static VOID NTAPI transfer(PKDPC dpc, PVOID context, PVOID argument, PVOID unused)
{
    PIRP irp = argument;

    (void)dpc, (void)unused;
    atomic_fetch_sub(&at_once, 1);
    IoStartNextPacket(context, TRUE);
    finish(irp, STATUS_SUCCESS, 1);
}

static NTSTATUS NTAPI start_packet(PDEVICE_OBJECT which, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(which, irp, NULL, start_cancel);
    return STATUS_PENDING;
}

static void race_rounds(void)
{
    test_thread canceller;

    test_start(&canceller, cancel_in_step, NULL);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < IRPS; i++)
            send(&requests[i]);
        count_up(&round_begun);
        await_number(&round_ended, round);
        for (int i = 0; i < IRPS; i++)
            receive(&requests[i]);
    }
    test_join(&canceller);
    assert_int_equal(completed + cancelled, ROUNDS * IRPS);
}

static void start_io_against_cancel(void **state)
{
    (void)state;
    driver->DriverStartIo = start_io;
    ext(device)->dispatch[IRP_MJ_READ] = start_packet;
    KeInitializeDpc(&transfer_dpc, transfer, device);
    /* Also nested: a cancelled one's StartIo starts the next from within. */
    for (int deferred = 0; deferred < 2; deferred++) {
        IoSetStartIoAttributes(device, (BOOLEAN)deferred, FALSE);
        reset();
        race_rounds();
        assert_true(completed > 0);
        free_requests();
        KeFlushQueuedDpcs();
        assert_false(device->DeviceQueue.Busy);
        assert_int_equal(atomic_load(&at_once), 0);
    }
}

/* ---- a cancel-safe queue: cancelling against completing ---- */

static IO_CSQ csq;
static KEVENT inserted;

static VOID NTAPI csq_insert(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    InsertTailList(&ext(device)->queue, &irp->Tail.Overlay.ListEntry);
    KeSetEvent(&inserted, IO_NO_INCREMENT, FALSE);
}
static VOID NTAPI csq_remove(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}
static PIRP NTAPI csq_peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : ext(device)->queue.Flink;

    (void)queue, (void)context;
    return next != &ext(device)->queue ? CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry)
                                       : NULL;
}
static VOID NTAPI csq_lock(PIO_CSQ queue, PKIRQL irql)
{
    (void)queue;
    KeAcquireSpinLock(&ext(device)->lock, irql);
}
static VOID NTAPI csq_unlock(PIO_CSQ queue, KIRQL irql)
{
    (void)queue;
    KeReleaseSpinLock(&ext(device)->lock, irql);
}
static VOID NTAPI csq_cancelled(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    finish(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI queue_it(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoCsqInsertIrp(&csq, irp, NULL);
    return STATUS_PENDING;
}

static _Atomic bool draining;

static void complete_from_queue(void *context)
{
    (void)context;
    while (atomic_load(&draining)) {
        PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);

        if (irp == NULL)
            assert_true(test_wait(&inserted));
        else
            finish(irp, STATUS_SUCCESS, 1);
    }
}

static void cancel_against_completion(void **state)
{
    test_thread completer;

    (void)state;
    ext(device)->dispatch[IRP_MJ_READ] = queue_it;
    IoCsqInitialize(&csq, csq_insert, csq_remove, csq_peek, csq_lock, csq_unlock, csq_cancelled);
    reset();
    KeInitializeEvent(&inserted, SynchronizationEvent, FALSE);
    atomic_store(&draining, true);
    test_start(&completer, complete_from_queue, NULL);
    race_rounds();
    atomic_store(&draining, false);
    KeSetEvent(&inserted, IO_NO_INCREMENT, FALSE);
    test_join(&completer);
    assert_true(completed > 0);
    assert_true(IsListEmpty(&ext(device)->queue));
    free_requests();
}

/* ---- removing against dispatching ---- */

#define SENDERS 2

/* The device of one round: what its requests use is freed by the removal. */
typedef struct removable {
    IO_REMOVE_LOCK lock;
    unsigned *data; /* pool; NULL once removed */
} removable;

static PDEVICE_OBJECT _Atomic target; /* of this round */
static _Atomic unsigned served, refused;
static _Atomic ULONG senders_done;
static KDPC late_dpcs[SENDERS];

static VOID NTAPI serve_later(PKDPC dpc, PVOID context, PVOID argument, PVOID device_of_it)
{
    removable *own = ((PDEVICE_OBJECT)device_of_it)->DeviceExtension;
    PIRP irp = argument;

    (void)dpc, (void)context;
    __atomic_fetch_add(own->data, 1, __ATOMIC_RELAXED); /* the lock keeps it */
    finish(irp, STATUS_SUCCESS, 1);
    IoReleaseRemoveLock(&own->lock, irp);
}

/* Under the lock: half of the requests at once, half by a DPC that holds the lock on. */
static NTSTATUS NTAPI removable_read(PDEVICE_OBJECT which, PIRP irp)
{
    removable *own = which->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = IoAcquireRemoveLock(&own->lock, irp);

    if (!NT_SUCCESS(status))
        return finish(irp, status, 0);
    if (stack->Parameters.Read.Key & 1) {
        IoMarkIrpPending(irp);
        KeInsertQueueDpc(&late_dpcs[stack->Parameters.Read.Key >> 1], irp, which);
        return STATUS_PENDING;
    }
    __atomic_fetch_add(own->data, 1, __ATOMIC_RELAXED);
    finish(irp, STATUS_SUCCESS, 1);
    IoReleaseRemoveLock(&own->lock, irp);
    return STATUS_SUCCESS;
}

/* Sends to the round's device until that says that it is gone. */
static void send_until_removed(void *context)
{
    unsigned number = (unsigned)(uintptr_t)context;
    request own;

    own.irp = IoAllocateIrp(1, FALSE);
    assert_non_null(own.irp);
    KeInitializeEvent(&own.back, SynchronizationEvent, FALSE);
    for (unsigned round = 1; round <= REMOVALS; round++) {
        NTSTATUS status = STATUS_SUCCESS;

        await_number(&round_begun, round);
        for (unsigned i = 0; status == STATUS_SUCCESS; i++) {
            PIO_STACK_LOCATION next;

            IoReuseIrp(own.irp, STATUS_SUCCESS);
            atomic_store(&own.ends, 0);
            next = IoGetNextIrpStackLocation(own.irp);
            next->MajorFunction = IRP_MJ_READ;
            next->Parameters.Read.Key = number << 1 | (i & 1);
            IoSetCompletionRoutine(own.irp, come_back, &own, TRUE, TRUE, TRUE);
            IoCallDriver(atomic_load(&target), own.irp);
            assert_true(test_wait(&own.back));
            status = own.irp->IoStatus.Status;
            if (status == STATUS_SUCCESS)
                atomic_fetch_add(&served, 1);
        }
        assert_status(status, STATUS_DELETE_PENDING);
        atomic_fetch_add(&refused, 1);
        count_up(&senders_done);
    }
    IoFreeIrp(own.irp);
}

static void remove_against_dispatch(void **state)
{
    PDRIVER_OBJECT removing = test_driver(L"removing");
    test_thread senders[SENDERS];
    unsigned total = 0;

    (void)state;
    removing->MajorFunction[IRP_MJ_READ] = removable_read;
    reset();
    free_requests();
    atomic_store(&served, 0);
    atomic_store(&refused, 0);
    atomic_store(&senders_done, 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        KeInitializeDpc(&late_dpcs[i], serve_later, NULL);
        test_start(&senders[i], send_until_removed, (void *)(uintptr_t)i);
    }
    for (unsigned round = 1; round <= REMOVALS; round++) {
        PDEVICE_OBJECT victim = NULL;
        removable *own;

        assert_ok(IoCreateDevice(removing, sizeof(removable), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE,
                                 &victim));
        victim->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
        own = victim->DeviceExtension;
        IoInitializeRemoveLock(&own->lock, 'tseT', 0, 0);
        own->data = ExAllocatePoolWithTag(NonPagedPool, sizeof(*own->data), 'tseT');
        assert_non_null(own->data);
        *own->data = 0;
        atomic_store(&target, victim);
        count_up(&round_begun);
        for (unsigned i = 0; i < round % 7; i++)
            sched_yield(); /* now earlier, now later */
        /* IRP_MN_REMOVE_DEVICE: what is under way is waited for, what comes is refused. */
        assert_ok(IoAcquireRemoveLock(&own->lock, victim));
        IoReleaseRemoveLockAndWait(&own->lock, victim);
        total += *own->data; /* nobody else touches it any more */
        ExFreePool(own->data);
        own->data = NULL;
        await_number(&senders_done, round * SENDERS);
        IoDeleteDevice(victim);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        test_join(&senders[i]);
    assert_int_equal(atomic_load(&refused), REMOVALS * SENDERS);
    assert_int_equal(total, atomic_load(&served));
    assert_true(total > 0);
}

static int setup(void **state)
{
    host_setup(state);
    driver = test_driver(L"races");
    device = test_device_make(driver, L"\\Device\\Races", DO_BUFFERED_IO);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_io_against_cancel),
        cmocka_unit_test(cancel_against_completion),
        cmocka_unit_test(remove_against_dispatch),
    };
    return cmocka_run_group_tests(tests, setup, host_teardown);
}
