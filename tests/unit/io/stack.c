/* SPDX-License-Identifier: MIT */
/* An IRP through a stack: forwarding, completion routines, pending, more processing, associated
 * IRPs. */
#include "tests/unit/io/iotest.h"

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT bottom, middle, top;

static int setup(void **state)
{
    host_setup(state);
    driver = test_driver(L"stack");
    bottom = test_device_make(driver, L"\\Device\\Stack", DO_BUFFERED_IO);
    middle = test_device_above(driver, bottom);
    top = test_device_above(driver, middle);
    return 0;
}

static int teardown(void **state)
{
    test_device_delete(top);
    test_device_delete(middle);
    test_device_delete(bottom);
    return host_teardown(state);
}

/* What completion routines saw, in the order of their calls. */
static struct seen {
    PDEVICE_OBJECT device;
    NTSTATUS status;
    BOOLEAN pending;
    CHAR location;
} seen[8];
static int seen_count;
static NTSTATUS answer; /* of the completion routine */

static NTSTATUS NTAPI note(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    seen[seen_count++] =
        (struct seen){device, irp->IoStatus.Status, irp->PendingReturned, irp->CurrentLocation};
    if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
        IoMarkIrpPending(irp);
    if (context != NULL)
        *(PNTSTATUS)context = irp->IoStatus.Status;
    return answer;
}

static NTSTATUS NTAPI pass_on(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(ext(device)->lower, irp);
}

static NTSTATUS NTAPI copy(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    return IoCallDriver(ext(device)->lower, irp);
}

static UCHAR invoke_on; /* SL_INVOKE_* */
static NTSTATUS NTAPI copy_and_note(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, note, NULL, (invoke_on & SL_INVOKE_ON_SUCCESS) != 0,
                           (invoke_on & SL_INVOKE_ON_ERROR) != 0,
                           (invoke_on & SL_INVOKE_ON_CANCEL) != 0);
    return IoCallDriver(ext(device)->lower, irp);
}

static PDEVICE_OBJECT served_by;
static CHAR served_at;
static NTSTATUS serve_status;
static PIRP kept;
static NTSTATUS NTAPI serve(PDEVICE_OBJECT device, PIRP irp)
{
    served_by = device;
    served_at = irp->CurrentLocation;
    assert_ptr_equal(IoGetCurrentIrpStackLocation(irp)->DeviceObject, device);
    return finish(irp, serve_status, 0);
}
static NTSTATUS NTAPI keep(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    kept = irp;
    return STATUS_PENDING;
}

static void reset(DRIVER_DISPATCH *at_top, DRIVER_DISPATCH *at_middle, DRIVER_DISPATCH *at_bottom)
{
    ext(top)->dispatch[IRP_MJ_FLUSH_BUFFERS] = at_top;
    ext(middle)->dispatch[IRP_MJ_FLUSH_BUFFERS] = at_middle;
    ext(bottom)->dispatch[IRP_MJ_FLUSH_BUFFERS] = at_bottom;
    memset(seen, 0, sizeof(seen));
    seen_count = 0;
    answer = STATUS_SUCCESS;
    serve_status = STATUS_SUCCESS;
    served_by = NULL;
    kept = NULL;
    invoke_on = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
}

/* Sends a synchronous kernel request to the top. */
static NTSTATUS send(KEVENT *event, IO_STATUS_BLOCK *io)
{
    KeInitializeEvent(event, NotificationEvent, FALSE);
    io->Status = STATUS_UNSUCCESSFUL;
    io->Information = 77;
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, top, NULL, 0, NULL, event, io);
    assert_non_null(irp);
    assert_int_equal(irp->StackCount, 3);
    return IoCallDriver(top, irp);
}

static void stack_sizes(void **state)
{
    (void)state;
    assert_int_equal(bottom->StackSize, 1);
    assert_int_equal(middle->StackSize, 2);
    assert_int_equal(top->StackSize, 3);
    assert_ptr_equal(IoGetAttachedDevice(bottom), top);
    PDEVICE_OBJECT device = IoGetLowerDeviceObject(top);
    assert_ptr_equal(device, middle);
    ObDereferenceObject(device);
    device = IoGetDeviceAttachmentBaseRef(top);
    assert_ptr_equal(device, bottom);
    ObDereferenceObject(device);
    device = IoGetAttachedDeviceReference(middle);
    assert_ptr_equal(device, top);
    ObDereferenceObject(device);
    assert_null(IoGetLowerDeviceObject(bottom));
}

static void skipped_layers_give_their_location_away(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    reset(pass_on, pass_on, serve);
    assert_ok(send(&event, &io));
    assert_ptr_equal(served_by, bottom);
    assert_int_equal(served_at, 3);
    assert_int_equal(KeReadStateEvent(&event), 1);
    assert_ok(io.Status);
    assert_int_equal(io.Information, 0);
    assert_int_equal(IopCountIrps(), 0);
}

static void copied_layers_each_have_one(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    reset(copy, copy, serve);
    assert_ok(send(&event, &io));
    assert_int_equal(served_at, 1);
}

static void completion_routines_run_from_the_bottom_up(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    reset(copy_and_note, copy_and_note, serve);
    assert_ok(send(&event, &io));
    assert_int_equal(seen_count, 2);
    assert_ptr_equal(seen[0].device, middle);
    assert_int_equal(seen[0].location, 2);
    assert_ptr_equal(seen[1].device, top);
    assert_int_equal(seen[1].location, 3);
    assert_false(seen[0].pending);
}

static void completion_routines_run_for_what_they_asked(void **state)
{
    static const struct {
        UCHAR on;
        NTSTATUS status;
        BOOLEAN cancel;
        int calls;
    } cases[] = {
        {SL_INVOKE_ON_SUCCESS, STATUS_SUCCESS, FALSE, 2},
        {SL_INVOKE_ON_SUCCESS, STATUS_UNSUCCESSFUL, FALSE, 0},
        {SL_INVOKE_ON_ERROR, STATUS_SUCCESS, FALSE, 0},
        {SL_INVOKE_ON_ERROR, STATUS_UNSUCCESSFUL, FALSE, 2},
        {SL_INVOKE_ON_ERROR, STATUS_BUFFER_OVERFLOW, FALSE, 2}, /* a warning is no success */
        {SL_INVOKE_ON_CANCEL, STATUS_SUCCESS, FALSE, 0},
        {SL_INVOKE_ON_CANCEL, STATUS_SUCCESS, TRUE, 2},
        {SL_INVOKE_ON_CANCEL, STATUS_CANCELLED, TRUE, 2},
        {0, STATUS_SUCCESS, TRUE, 0},
    };
    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        KEVENT event;
        IO_STATUS_BLOCK io;
        reset(copy_and_note, copy_and_note, keep);
        invoke_on = cases[i].on;
        assert_status(send(&event, &io), STATUS_PENDING);
        if (cases[i].cancel)
            IoCancelIrp(kept);
        finish(kept, cases[i].status, 0);
        assert_int_equal(seen_count, cases[i].calls);
        assert_true(test_wait(&event));
        assert_status(io.Status, cases[i].status);
    }
}

static void pending_reaches_everybody(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    /* Through a layer without a completion routine, and one that marks by itself. */
    reset(copy_and_note, copy, keep);
    assert_status(send(&event, &io), STATUS_PENDING);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(IopCountIrps(), 1);
    finish(kept, STATUS_UNSUCCESSFUL, 0);
    assert_int_equal(seen_count, 1);
    assert_true(seen[0].pending);
    assert_true(test_wait(&event));
    assert_status(io.Status, STATUS_UNSUCCESSFUL); /* it was pending: errors are written */
    assert_int_equal(IopCountIrps(), 0);
}

static void error_at_once_is_only_a_status(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    reset(copy, copy, serve);
    serve_status = STATUS_UNSUCCESSFUL;
    assert_status(send(&event, &io), STATUS_UNSUCCESSFUL);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(io.Information, 77); /* untouched */
    serve_status = STATUS_BUFFER_OVERFLOW;
    assert_status(send(&event, &io), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(KeReadStateEvent(&event), 1);
    assert_status(io.Status, STATUS_BUFFER_OVERFLOW);
}

static void more_processing_gives_the_irp_back(void **state)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    (void)state;
    reset(NULL, NULL, serve);
    PIRP irp = IoAllocateIrp(1, FALSE);
    for (int i = 0; i < 3; i++) {
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        IoSetCompletionRoutine(irp, note, &status, TRUE, TRUE, TRUE);
        answer = STATUS_MORE_PROCESSING_REQUIRED;
        serve_status = STATUS_DEVICE_NOT_READY;
        assert_status(IoCallDriver(bottom, irp), STATUS_DEVICE_NOT_READY);
        assert_status(status, STATUS_DEVICE_NOT_READY);
        assert_int_equal(irp->CurrentLocation, 2);
        assert_null(seen[i].device); /* whoever made it has no location */
        /* What the driver below left in its location is gone. */
        assert_null(IoGetNextIrpStackLocation(irp)->Parameters.Others.Argument1);
        assert_int_equal(IoGetNextIrpStackLocation(irp)->Control, 0);
        IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
        assert_status(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    }
    IoFreeIrp(irp);
    assert_int_equal(IopCountIrps(), 0);
}

static NTSTATUS NTAPI forward_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    assert_true(IoForwardIrpSynchronously(ext(device)->lower, irp));
    return finish(irp, irp->IoStatus.Status, irp->IoStatus.Information + 1);
}
static void finish_later(void *context)
{
    finish(context, STATUS_SUCCESS, 4);
}
static test_thread finisher;
static NTSTATUS NTAPI keep_and_finish_elsewhere(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    test_start(&finisher, finish_later, irp);
    return STATUS_PENDING;
}
static void forwarding_synchronously_waits(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    reset(forward_and_wait, pass_on, keep_and_finish_elsewhere);
    assert_ok(send(&event, &io));
    test_join(&finisher);
    assert_int_equal(io.Information, 5);
    reset(forward_and_wait, pass_on, serve);
    assert_ok(send(&event, &io));
    assert_int_equal(io.Information, 1);
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    assert_false(IoForwardIrpSynchronously(bottom, irp));
    IoFreeIrp(irp);
}

static PIRP parts[3];
static NTSTATUS NTAPI keep_part(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    for (int i = 0; i < 3; i++) {
        if (parts[i] == NULL) {
            parts[i] = irp;
            break;
        }
    }
    return STATUS_PENDING;
}
static NTSTATUS NTAPI split(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    irp->AssociatedIrp.IrpCount = 3;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 30;
    PIRP part[3];
    for (int i = 0; i < 3; i++) {
        part[i] = IoMakeAssociatedIrp(irp, ext(device)->lower->StackSize);
        assert_ptr_equal(part[i]->AssociatedIrp.MasterIrp, irp);
        assert_ptr_equal(part[i]->Tail.Overlay.Thread, irp->Tail.Overlay.Thread);
        IoGetNextIrpStackLocation(part[i])->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    }
    for (int i = 0; i < 3; i++)
        assert_status(IoCallDriver(ext(device)->lower, part[i]), STATUS_PENDING);
    return STATUS_PENDING;
}
static void master_ends_with_its_last_part(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    memset(parts, 0, sizeof(parts));
    reset(split, pass_on, keep_part);
    assert_status(send(&event, &io), STATUS_PENDING);
    assert_int_equal(IopCountIrps(), 4);
    finish(parts[1], STATUS_SUCCESS, 0);
    finish(parts[0], STATUS_SUCCESS, 0);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(IopCountIrps(), 2);
    finish(parts[2], STATUS_SUCCESS, 0);
    assert_true(test_wait(&event));
    assert_int_equal(io.Information, 30);
    assert_int_equal(IopCountIrps(), 0);
}

static NTSTATUS NTAPI copy_and_note_held(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    assert_ok(IoSetCompletionRoutineEx(device, irp, note, NULL,
                                       (invoke_on & SL_INVOKE_ON_SUCCESS) != 0,
                                       (invoke_on & SL_INVOKE_ON_ERROR) != 0, FALSE));
    return IoCallDriver(ext(device)->lower, irp);
}
static void held_completion_routine(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    LONG_PTR references = ObpReferenceCount(top);
    reset(copy_and_note_held, pass_on, keep);
    assert_status(send(&event, &io), STATUS_PENDING);
    assert_int_equal(ObpReferenceCount(top), references + 1);
    finish(kept, STATUS_SUCCESS, 0);
    assert_int_equal(seen_count, 1);
    assert_true(test_wait(&event));
    assert_int_equal(ObpReferenceCount(top), references);
    /* Not called where it was not asked for; pending goes on all the same. */
    reset(copy_and_note_held, pass_on, keep);
    invoke_on = SL_INVOKE_ON_ERROR;
    assert_status(send(&event, &io), STATUS_PENDING);
    finish(kept, STATUS_SUCCESS, 0);
    assert_int_equal(seen_count, 0);
    assert_true(test_wait(&event));
}

static void unknown_function_is_refused(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    PDRIVER_DISPATCH before = driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS];
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = IopInvalidDeviceRequest;
    assert_status(send(&event, &io), STATUS_INVALID_DEVICE_REQUEST);
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = before;
}

/* Storage of every class. */
static void stacks_of_all_sizes(void **state)
{
    (void)state;
    PIRP irps[126];
    for (int i = 0; i < 126; i++) {
        irps[i] = IoAllocateIrp((CCHAR)i, FALSE);
        assert_non_null(irps[i]);
        assert_int_equal(irps[i]->StackCount, i);
        assert_int_equal(irps[i]->CurrentLocation, i + 1);
        assert_int_equal(irps[i]->Size, IoSizeOfIrp(i));
        assert_int_equal((ULONG_PTR)irps[i] & 15, 0);
        /* Every location is the IRP's own. */
        memset(irps[i] + 1, 0xa5, i * sizeof(IO_STACK_LOCATION));
    }
    assert_int_equal(IopCountIrps(), 126);
    for (int i = 0; i < 126; i++)
        IoFreeIrp(irps[i]);
    assert_int_equal(IopCountIrps(), 0);
    assert_null(IoAllocateIrp(-1, FALSE));
    assert_null(IoAllocateIrp(126, FALSE)); /* its count would not fit in a CHAR */
}

/* A driver's own memory. */
static void initialized_irp(void **state)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    (void)state;
    reset(NULL, NULL, serve);
    PIRP irp = ExAllocatePoolWithTag(NonPagedPool, IoSizeOfIrp(2), 'tseT');
    IoInitializeIrp(irp, IoSizeOfIrp(2), 2);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoSetCompletionRoutine(irp, note, &status, TRUE, TRUE, TRUE);
    answer = STATUS_MORE_PROCESSING_REQUIRED;
    assert_ok(IoCallDriver(bottom, irp));
    assert_ok(status);
    assert_int_equal(IopCountIrps(), 0); /* none of ours */
    IoFreeIrp(irp);
}

static int traced[5];
static VOID trace(IOP_TRACE_EVENT event, PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack,
                  NTSTATUS status)
{
    (void)device;
    (void)irp;
    (void)stack;
    (void)status;
    traced[event]++;
}
static void trace_sees_each_step(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)state;
    reset(copy_and_note, pass_on, serve);
    memset(traced, 0, sizeof(traced));
    atomic_store(&IopTraceCallout, trace);
    assert_ok(send(&event, &io));
    atomic_store(&IopTraceCallout, NULL);
    assert_int_equal(traced[IopTraceCall], 3);
    assert_int_equal(traced[IopTraceReturn], 3);
    assert_int_equal(traced[IopTraceComplete], 1);
    assert_int_equal(traced[IopTraceCompletionRoutine], 1);
    assert_int_equal(traced[IopTraceFree], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stack_sizes),
        cmocka_unit_test(skipped_layers_give_their_location_away),
        cmocka_unit_test(copied_layers_each_have_one),
        cmocka_unit_test(completion_routines_run_from_the_bottom_up),
        cmocka_unit_test(completion_routines_run_for_what_they_asked),
        cmocka_unit_test(pending_reaches_everybody),
        cmocka_unit_test(error_at_once_is_only_a_status),
        cmocka_unit_test(more_processing_gives_the_irp_back),
        cmocka_unit_test(forwarding_synchronously_waits),
        cmocka_unit_test(master_ends_with_its_last_part),
        cmocka_unit_test(held_completion_routine),
        cmocka_unit_test(unknown_function_is_refused),
        cmocka_unit_test(stacks_of_all_sizes),
        cmocka_unit_test(initialized_irp),
        cmocka_unit_test(trace_sees_each_step),
    };
    return cmocka_run_group_tests_name("io-stack", tests, setup, teardown);
}
