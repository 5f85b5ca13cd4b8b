/* SPDX-License-Identifier: MIT */
/* Cancelling against completing, with threads: IoCancelIrp, cancel-safe queues, CancelIo, a
 * thread's and a process's end. */
#include "tests/unit/io/iotest.h"
#include "csq.h"

#include <sched.h>
#include <unistd.h>

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT device;
static IO_CSQ csq;

/* ---- a cancel-safe queue in the extension ---- */

static VOID NTAPI csq_insert(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    InsertTailList(&ext(device)->queue, &irp->Tail.Overlay.ListEntry);
}
static VOID NTAPI csq_remove(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}
static PIRP NTAPI csq_peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : ext(device)->queue.Flink;
    (void)queue;
    for (; next != &ext(device)->queue; next = next->Flink) {
        PIRP found = CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
        if (context == NULL || IoGetCurrentIrpStackLocation(found)->FileObject == context)
            return found;
    }
    return NULL;
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
static _Atomic int cancelled, completed;
static VOID NTAPI csq_cancelled(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    atomic_fetch_add(&cancelled, 1);
    finish(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI queue_it(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoCsqInsertIrp(&csq, irp, NULL);
    return STATUS_PENDING;
}
static NTSTATUS NTAPI cancel_of_file(PDEVICE_OBJECT which, PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PIRP next;
    (void)which;
    while ((next = IoCsqRemoveNextIrp(&csq, file)) != NULL)
        finish(next, STATUS_CANCELLED, 0);
    return finish(irp, STATUS_SUCCESS, 0);
}

static int setup(void **state)
{
    host_setup(state);
    driver = test_driver(L"cancel");
    device = test_device_make(driver, L"\\Device\\Cancel", DO_BUFFERED_IO);
    ext(device)->dispatch[IRP_MJ_READ] = queue_it;
    IoCsqInitialize(&csq, csq_insert, csq_remove, csq_peek, csq_lock, csq_unlock, csq_cancelled);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    atomic_store(&cancelled, 0);
    atomic_store(&completed, 0);
    return 0;
}

/* ---- IoCancelIrp against the driver's own completion ---- */

#define RACES 3000

static PIRP _Atomic shared;
static _Atomic int both_done;
static KEVENT round_over;

static VOID NTAPI race_cancel(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    atomic_fetch_add(&cancelled, 1);
    irp->IoStatus.Status = STATUS_CANCELLED;
    KeSetEvent(&round_over, IO_NO_INCREMENT, FALSE);
}

static void race_completer(void *context)
{
    (void)context;
    for (int i = 0; i < RACES; i++) {
        PIRP irp;
        while ((irp = atomic_exchange(&shared, NULL)) == NULL)
            sched_yield();
        if (IoSetCancelRoutine(irp, NULL) != NULL) {
            atomic_fetch_add(&completed, 1);
            irp->IoStatus.Status = STATUS_SUCCESS;
            KeSetEvent(&round_over, IO_NO_INCREMENT, FALSE);
        }
        atomic_fetch_add(&both_done, 1);
    }
}

static void one_of_cancel_and_completion_wins(void **state)
{
    test_thread thread;
    PIRP irp = IoAllocateIrp(1, FALSE);
    (void)state;
    KeInitializeEvent(&round_over, SynchronizationEvent, FALSE);
    atomic_store(&both_done, 0);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = device;
    test_start(&thread, race_completer, NULL);
    for (int i = 0; i < RACES; i++) {
        irp->Cancel = FALSE;
        IoSetCancelRoutine(irp, race_cancel);
        atomic_store(&shared, irp);
        IoCancelIrp(irp);
        assert_true(test_wait(&round_over));
        while (atomic_load(&both_done) <= i) /* the other has let go of it */
            sched_yield();
    }
    test_join(&thread);
    assert_int_equal(atomic_load(&cancelled) + atomic_load(&completed), RACES);
    IoFreeIrp(irp);
}

/* ---- the queue: programs read and cancel, a driver thread completes ---- */

#define READS 2000
static _Atomic bool stop;

static void complete_from_queue(void *context)
{
    (void)context;
    while (!atomic_load(&stop)) {
        PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);
        if (irp == NULL) {
            sched_yield();
            continue;
        }
        atomic_fetch_add(&completed, 1);
        finish(irp, STATUS_SUCCESS, 0);
    }
}

static void read_and_cancel(void *context)
{
    HANDLE handle, event;
    LARGE_INTEGER zero = {.QuadPart = 0};
    unsigned random = (unsigned)(ULONG_PTR)context * 7919 + 1;

    handle = test_open_async(L"\\Device\\Cancel");
    event = test_event(NotificationEvent);
    for (int i = 0; i < READS; i++) {
        IO_STATUS_BLOCK io = {.Status = STATUS_PENDING}, out;
        UCHAR byte;
        assert_status(NtReadFile(handle, event, NULL, NULL, &io, &byte, 1, &zero, NULL),
                      STATUS_PENDING);
        random = random * 1103515245 + 12345;
        switch ((random >> 16) & 3) {
        case 0:
            NtCancelIoFile(handle, &out);
            break;
        case 1:
            NtCancelIoFileEx(handle, &io, &out);
            break;
        case 2:
            NtCancelIoFileEx(handle, NULL, &out);
            break;
        }
        if (((random >> 18) & 1) == 0)
            NtCancelIoFileEx(handle, &io,
                             &out); /* or nobody completes it before the driver's thread */
        assert_ok(NtWaitForSingleObject(event, FALSE, NULL));
        NTSTATUS status = __atomic_load_n(&io.Status, __ATOMIC_ACQUIRE);
        assert_true(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
    }
    assert_ok(NtClose(event));
    assert_ok(NtClose(handle));
}

static void a_queue_under_fire(void **state)
{
    test_thread readers[3], completer;
    (void)state;
    atomic_store(&stop, false);
    test_start(&completer, complete_from_queue, NULL);
    for (ULONG_PTR i = 0; i < 3; i++)
        test_start(&readers[i], read_and_cancel, (PVOID)i);
    for (int i = 0; i < 3; i++)
        test_join(&readers[i]);
    atomic_store(&stop, true);
    test_join(&completer);
    assert_int_equal(atomic_load(&cancelled) + atomic_load(&completed), 3 * READS);
    assert_int_equal(IopCountIrps(), 0);
}

/* ---- the queue's own rules ---- */

static PIRP make_read(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = device;
    return irp;
}
static VOID NTAPI keep_cancelled(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    (void)irp;
    atomic_fetch_add(&cancelled, 1);
}
static NTSTATUS NTAPI refuse(PIO_CSQ queue, PIRP irp, PVOID context)
{
    if (context != NULL)
        return STATUS_DEVICE_BUSY;
    csq_insert(queue, irp);
    return STATUS_SUCCESS;
}

static void queue_rules(void **state)
{
    IO_CSQ queue, refusing;
    IO_CSQ_IRP_CONTEXT context;
    PIRP irp = make_read();
    (void)state;
    IoCsqInitialize(&queue, csq_insert, csq_remove, csq_peek, csq_lock, csq_unlock, keep_cancelled);
    /* Out by its context. */
    IoCsqInsertIrp(&queue, irp, &context);
    assert_true(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED);
    assert_ptr_equal(context.Irp, irp);
    assert_ptr_equal(IoCsqRemoveIrp(&queue, &context), irp);
    assert_null(IoCsqRemoveIrp(&queue, &context));
    assert_null(irp->CancelRoutine);
    /* Cancelled in the queue: neither next nor by context. */
    IoCsqInsertIrp(&queue, irp, &context);
    assert_true(IoCancelIrp(irp));
    assert_int_equal(atomic_load(&cancelled), 1);
    assert_null(IoCsqRemoveIrp(&queue, &context));
    assert_null(IoCsqRemoveNextIrp(&queue, NULL));
    /* Cancelled before it comes: ended at once. */
    IoCsqInsertIrp(&queue, irp, NULL);
    assert_int_equal(atomic_load(&cancelled), 2);
    assert_null(IoCsqRemoveNextIrp(&queue, NULL));
    irp->Cancel = FALSE;
    IoGetCurrentIrpStackLocation(irp)->Control = 0;
    /* An insert routine may refuse. */
    IoCsqInitializeEx(&refusing, refuse, csq_remove, csq_peek, csq_lock, csq_unlock,
                      keep_cancelled);
    assert_status(IoCsqInsertIrpEx(&refusing, irp, &context, &refusing), STATUS_DEVICE_BUSY);
    assert_int_equal(IoGetCurrentIrpStackLocation(irp)->Control, 0);
    assert_null(context.Irp);
    assert_ok(IoCsqInsertIrpEx(&refusing, irp, NULL, NULL));
    assert_ptr_equal(IoCsqRemoveNextIrp(&refusing, NULL), irp);
    IoFreeIrp(irp);
}

/* ---- who cancels what ---- */

static void each_cancel_takes_its_own(void **state)
{
    HANDLE first = test_open_async(L"\\Device\\Cancel"),
           second = test_open_async(L"\\Device\\Cancel");
    IO_STATUS_BLOCK io[3], out;
    LARGE_INTEGER zero = {.QuadPart = 0};
    UCHAR byte;
    (void)state;
    assert_ok(NtCancelIoFile(first, &out)); /* nothing there is no failure */
    assert_status(NtCancelIoFileEx(first, NULL, &out), STATUS_NOT_FOUND);
    for (int i = 0; i < 3; i++) {
        io[i].Status = STATUS_PENDING;
        assert_status(
            NtReadFile(i < 2 ? first : second, NULL, NULL, NULL, &io[i], &byte, 1, &zero, NULL),
            STATUS_PENDING);
    }
    assert_ok(NtCancelIoFileEx(first, &io[1], &out));
    assert_status(io[1].Status, STATUS_CANCELLED);
    assert_status(io[0].Status, STATUS_PENDING);
    assert_status(NtCancelIoFileEx(first, &io[2], &out), STATUS_NOT_FOUND);
    assert_ok(NtCancelIoFile(first, &out));
    assert_status(io[0].Status, STATUS_CANCELLED);
    assert_status(io[2].Status, STATUS_PENDING);
    assert_status(NtCancelIoFileEx((HANDLE)0x7770, NULL, &out), STATUS_INVALID_HANDLE);
    /* CLEANUP is the driver's chance. */
    ext(device)->dispatch[IRP_MJ_CLEANUP] = cancel_of_file;
    assert_ok(NtClose(second));
    assert_status(io[2].Status, STATUS_CANCELLED);
    ext(device)->dispatch[IRP_MJ_CLEANUP] = NULL;
    assert_ok(NtClose(first));
}

static HANDLE other_file;
static IO_STATUS_BLOCK other_io;
static UCHAR other_byte;
static KEVENT other_sent, other_go;
static void read_and_stay(void *context)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    assert_status(NtReadFile(other_file, NULL, NULL, NULL, &other_io, &other_byte, 1, &zero, NULL),
                  STATUS_PENDING);
    KeSetEvent(&other_sent, IO_NO_INCREMENT, FALSE);
    if (context != NULL)
        assert_true(test_wait(&other_go));
}

static void cancel_across_threads(void **state)
{
    test_thread thread;
    IO_STATUS_BLOCK out;
    (void)state;
    KeInitializeEvent(&other_sent, SynchronizationEvent, FALSE);
    KeInitializeEvent(&other_go, SynchronizationEvent, FALSE);
    other_file = test_open_async(L"\\Device\\Cancel");
    other_io.Status = STATUS_PENDING;
    test_start(&thread, read_and_stay, &thread);
    assert_true(test_wait(&other_sent));
    assert_ok(NtCancelIoFile(other_file, &out)); /* not this thread's */
    assert_status(__atomic_load_n(&other_io.Status, __ATOMIC_ACQUIRE), STATUS_PENDING);
    assert_ok(NtCancelIoFileEx(other_file, NULL, &out));
    assert_status(__atomic_load_n(&other_io.Status, __ATOMIC_ACQUIRE), STATUS_CANCELLED);
    KeSetEvent(&other_go, IO_NO_INCREMENT, FALSE);
    test_join(&thread);
    assert_ok(NtClose(other_file));
}

static void a_thread_takes_its_requests_with_it(void **state)
{
    test_thread thread;
    (void)state;
    KeInitializeEvent(&other_sent, SynchronizationEvent, FALSE);
    other_file = test_open_async(L"\\Device\\Cancel");
    other_io.Status = STATUS_PENDING;
    test_start(&thread, read_and_stay, NULL);
    test_join(&thread);
    assert_status(other_io.Status, STATUS_CANCELLED);
    assert_int_equal(atomic_load(&cancelled), 1);
    assert_int_equal(IopCountIrps(), 0);
    assert_ok(NtClose(other_file));
}

/* A driver that can't cancel: the thread's end waits for it. */
static PIRP _Atomic stubborn_irp;
static NTSTATUS NTAPI stubborn(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoMarkIrpPending(irp);
    atomic_store(&stubborn_irp, irp);
    return STATUS_PENDING;
}
static _Atomic bool thread_gone;
static void note_end(void *context)
{
    test_thread *thread = context;
    test_join(thread);
    atomic_store(&thread_gone, true);
}
static void a_threads_end_waits(void **state)
{
    test_thread thread, watcher;
    (void)state;
    KeInitializeEvent(&other_sent, SynchronizationEvent, FALSE);
    atomic_store(&thread_gone, false);
    ext(device)->dispatch[IRP_MJ_READ] = stubborn;
    other_file = test_open_async(L"\\Device\\Cancel");
    test_start(&thread, read_and_stay, NULL);
    test_start(&watcher, note_end, &thread);
    assert_true(test_wait(&other_sent));
    PIRP irp = atomic_load(&stubborn_irp);
    for (int i = 0; i < 5000 && !irp->Cancel; i++)
        usleep(1000);
    assert_true(irp->Cancel);
    usleep(20000);
    assert_false(atomic_load(&thread_gone));
    finish(irp, STATUS_SUCCESS, 0);
    test_join(&watcher);
    ext(device)->dispatch[IRP_MJ_READ] = queue_it;
    assert_ok(NtClose(other_file));
}

static void synchronous_read(void *context)
{
    HANDLE handle = test_open_sync(L"\\Device\\Cancel");
    IO_STATUS_BLOCK io;
    UCHAR byte;
    *(PETHREAD *)context = PsGetCurrentThread();
    ObReferenceObject(PsGetCurrentThread());
    KeSetEvent(&other_sent, IO_NO_INCREMENT, FALSE);
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, &byte, 1, NULL, NULL),
                  STATUS_CANCELLED);
    assert_ok(NtClose(handle));
}
static void cancel_what_a_thread_waits_for(void **state)
{
    test_thread thread;
    PETHREAD object = NULL;
    HANDLE handle;
    IO_STATUS_BLOCK out;
    NTSTATUS status;
    (void)state;
    KeInitializeEvent(&other_sent, SynchronizationEvent, FALSE);
    test_start(&thread, synchronous_read, &object);
    assert_true(test_wait(&other_sent));
    assert_ok(ObpCreateHandle(object, THREAD_ALL_ACCESS, 0, &handle));
    do {
        status = NtCancelSynchronousIoFile(handle, NULL, &out);
        usleep(200);
    } while (status == STATUS_NOT_FOUND);
    assert_ok(status);
    test_join(&thread);
    ObDereferenceObject(object);
    assert_ok(NtClose(handle));
}

/* A process ends: what its threads asked for while they were in it is cancelled. */
static ntio_process *process;
static PEPROCESS process_object;
static void read_in_process(void *context)
{
    (void)context;
    ntio_process_enter(process);
    process_object = PsGetCurrentProcess();
    other_file = test_open_async(L"\\Device\\Cancel");
    read_and_stay(&other_go);
}
static void a_process_takes_its_requests_with_it(void **state)
{
    test_thread thread;
    (void)state;
    KeInitializeEvent(&other_sent, SynchronizationEvent, FALSE);
    KeInitializeEvent(&other_go, SynchronizationEvent, FALSE);
    other_io.Status = STATUS_PENDING;
    process = ntio_process_create("dies");
    test_start(&thread, read_in_process, NULL);
    assert_true(test_wait(&other_sent));
    IopCancelProcessIrps(process_object);
    assert_status(__atomic_load_n(&other_io.Status, __ATOMIC_ACQUIRE), STATUS_CANCELLED);
    assert_int_equal(IopCountIrps(), 0);
    KeSetEvent(&other_go, IO_NO_INCREMENT, FALSE);
    test_join(&thread);
    ntio_process_end(process);
}

/* An alert or a user APC ends the wait of an alertable synchronous file: the request is cancelled.
 */
static VOID NTAPI nothing(PVOID a, PVOID b, PVOID c)
{
    (void)a;
    (void)b;
    (void)c;
}
static VOID NTAPI freed_apc(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *a, PVOID *b, PVOID *c)
{
    (void)apc;
    (void)normal;
    (void)a;
    (void)b;
    (void)c;
}
static void alertable_read(void *context)
{
    HANDLE handle = NULL;
    IO_STATUS_BLOCK io;
    UCHAR byte;
    *(PETHREAD *)context = PsGetCurrentThread();
    ObReferenceObject(PsGetCurrentThread());
    as_user(TRUE);
    assert_ok(test_open(L"\\Device\\Cancel", ACCESS_SYSTEM_SECURITY | GENERIC_READ | SYNCHRONIZE, 0,
                        FILE_SYNCHRONOUS_IO_ALERT, &handle));
    KeSetEvent(&other_sent, IO_NO_INCREMENT, FALSE);
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, &byte, 1, NULL, NULL),
                  STATUS_CANCELLED);
    assert_ok(NtClose(handle));
}
static void an_apc_interrupts_an_alertable_file(void **state)
{
    test_thread thread;
    PETHREAD object = NULL;
    KAPC apc;
    (void)state;
    KeInitializeEvent(&other_sent, SynchronizationEvent, FALSE);
    test_start(&thread, alertable_read, &object);
    assert_true(test_wait(&other_sent));
    KeInitializeApc(&apc, &object->Tcb, OriginalApcEnvironment, freed_apc, NULL, nothing, UserMode,
                    NULL);
    assert_true(KeInsertQueueApc(&apc, NULL, NULL, 0));
    test_join(&thread);
    ObDereferenceObject(object);
    assert_int_equal(IopCountIrps(), 0);
}

/* ---- many threads on one synchronous file: one request at a time ---- */

static _Atomic int inside, most;
static NTSTATUS NTAPI only_one(PDEVICE_OBJECT which, PIRP irp)
{
    int now = atomic_fetch_add(&inside, 1) + 1;
    (void)which;
    if (now > atomic_load(&most))
        atomic_store(&most, now);
    sched_yield();
    atomic_fetch_sub(&inside, 1);
    return finish(irp, STATUS_SUCCESS, 0);
}
static void read_many(void *context)
{
    IO_STATUS_BLOCK io;
    UCHAR byte;
    for (int i = 0; i < 500; i++)
        assert_ok(NtReadFile(context, NULL, NULL, NULL, &io, &byte, 1, NULL, NULL));
}
static void synchronous_requests_come_one_at_a_time(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Cancel");
    test_thread threads[4];
    (void)state;
    atomic_store(&most, 0);
    ext(device)->dispatch[IRP_MJ_READ] = only_one;
    for (int i = 0; i < 4; i++)
        test_start(&threads[i], read_many, handle);
    for (int i = 0; i < 4; i++)
        test_join(&threads[i]);
    assert_int_equal(atomic_load(&most), 1);
    ext(device)->dispatch[IRP_MJ_READ] = queue_it;
    assert_ok(NtClose(handle));
}

/* ---- a port, many threads ---- */

static HANDLE port;
static _Atomic int packets;
static NTSTATUS NTAPI finish_elsewhere(PDEVICE_OBJECT which, PIRP irp)
{
    return queue_it(which, irp);
}
static void take_packets(void *context)
{
    PVOID key, apc;
    IO_STATUS_BLOCK io;
    (void)context;
    for (;;) {
        assert_ok(NtRemoveIoCompletion(port, &key, &apc, &io, NULL));
        if (apc == NULL)
            return;
        assert_ptr_equal(key, (PVOID)1);
        assert_ok(((PIO_STATUS_BLOCK)apc)->Status);
        ((PIO_STATUS_BLOCK)apc)->Information = 4711;
        atomic_fetch_add(&packets, 1);
    }
}
static void packets_from_many_to_many(void **state)
{
    enum { REQUESTS = 3000 };
    static IO_STATUS_BLOCK io[REQUESTS];
    FILE_COMPLETION_INFORMATION information;
    HANDLE handle = test_open_async(L"\\Device\\Cancel");
    LARGE_INTEGER zero = {.QuadPart = 0};
    IO_STATUS_BLOCK out;
    test_thread takers[2], completer;
    UCHAR byte;
    (void)state;
    assert_ok(NtCreateIoCompletion(&port, IO_COMPLETION_ALL_ACCESS, NULL, 0));
    information = (FILE_COMPLETION_INFORMATION){port, (PVOID)1};
    assert_ok(NtSetInformationFile(handle, &out, &information, sizeof(information),
                                   FileCompletionInformation));
    ext(device)->dispatch[IRP_MJ_READ] = finish_elsewhere;
    atomic_store(&stop, false);
    atomic_store(&packets, 0);
    test_start(&completer, complete_from_queue, NULL);
    for (int i = 0; i < 2; i++)
        test_start(&takers[i], take_packets, NULL);
    for (int i = 0; i < REQUESTS; i++)
        assert_status(NtReadFile(handle, NULL, NULL, &io[i], &io[i], &byte, 1, &zero, NULL),
                      STATUS_PENDING);
    while (atomic_load(&packets) < REQUESTS)
        usleep(500);
    for (int i = 0; i < 2; i++)
        assert_ok(NtSetIoCompletion(port, NULL, NULL, 0, 0));
    for (int i = 0; i < 2; i++)
        test_join(&takers[i]);
    atomic_store(&stop, true);
    test_join(&completer);
    ext(device)->dispatch[IRP_MJ_READ] = queue_it;
    assert_int_equal(IopCountIrps(), 0);
    assert_ok(NtClose(handle));
    assert_ok(NtClose(port));
}

/* ---- opening and closing in parallel ---- */

static void open_and_close(void *context)
{
    (void)context;
    for (int i = 0; i < 300; i++) {
        HANDLE handle = test_open_async(L"\\Device\\Cancel");
        assert_ok(NtClose(handle));
    }
}
static void opens_and_closes_balance(void **state)
{
    test_thread threads[3];
    int before = atomic_load(&ext(device)->count[IRP_MJ_CLOSE]);
    (void)state;
    for (int i = 0; i < 3; i++)
        test_start(&threads[i], open_and_close, NULL);
    for (int i = 0; i < 3; i++)
        test_join(&threads[i]);
    assert_int_equal(atomic_load(&ext(device)->count[IRP_MJ_CLOSE]), before + 900);
    assert_int_equal(device->ReferenceCount, 0);
}

/* ---- what a program learns of an end, it learns at once ---- */

static KEVENT close_came, close_may_go;

static NTSTATUS NTAPI slow_close(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    KeSetEvent(&close_came, IO_NO_INCREMENT, FALSE);
    test_wait(&close_may_go);
    return finish(irp, STATUS_SUCCESS, 0);
}

static void end_the_read(void *context)
{
    (void)context;
    finish(IoCsqRemoveNextIrp(&csq, NULL), STATUS_SUCCESS, 0);
}

/*
 * A program that finds a final status may use status block and event again. So the event is set
 * together with the status, whatever else there is to do at the end: here, to close the file.
 */
static void status_and_event_come_together(void **state)
{
    IO_STATUS_BLOCK io = {.Status = STATUS_PENDING};
    HANDLE file = test_open_async(L"\\Device\\Cancel"), event = test_event(NotificationEvent);
    LARGE_INTEGER zero = {.QuadPart = 0};
    test_thread thread;
    char byte;

    (void)state;
    KeInitializeEvent(&close_came, NotificationEvent, FALSE);
    KeInitializeEvent(&close_may_go, NotificationEvent, FALSE);
    ext(device)->dispatch[IRP_MJ_CLOSE] = slow_close;
    assert_status(NtReadFile(file, event, NULL, NULL, &io, &byte, 1, &zero, NULL), STATUS_PENDING);
    assert_ok(NtClose(file)); /* the request has the file's last reference */
    test_start(&thread, end_the_read, NULL);
    assert_true(test_wait(&close_came));
    assert_status(__atomic_load_n(&io.Status, __ATOMIC_ACQUIRE), STATUS_PENDING);
    assert_status(NtWaitForSingleObject(event, FALSE, &zero), STATUS_TIMEOUT);
    KeSetEvent(&close_may_go, IO_NO_INCREMENT, FALSE);
    assert_ok(NtWaitForSingleObject(event, FALSE, NULL));
    assert_ok(__atomic_load_n(&io.Status, __ATOMIC_ACQUIRE));
    test_join(&thread);
    ext(device)->dispatch[IRP_MJ_CLOSE] = NULL;
    assert_ok(NtClose(event));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        T(one_of_cancel_and_completion_wins),
        T(a_queue_under_fire),
        T(queue_rules),
        T(each_cancel_takes_its_own),
        T(cancel_across_threads),
        T(a_thread_takes_its_requests_with_it),
        T(a_threads_end_waits),
        T(cancel_what_a_thread_waits_for),
        T(a_process_takes_its_requests_with_it),
        T(an_apc_interrupts_an_alertable_file),
        T(synchronous_requests_come_one_at_a_time),
        T(packets_from_many_to_many),
        T(opens_and_closes_balance),
        T(status_and_event_come_together),
    };
    return cmocka_run_group_tests_name("io-cancel", tests, setup, host_teardown);
}
