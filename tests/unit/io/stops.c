/* SPDX-License-Identifier: MIT */
/* Everything that io stops the host for: each in a child, with its code and first parameter. */
#include "tests/unit/io/iotest.h"
#include "tests/support/bugcheck.h"

#define IOMANAGER DRIVER_VERIFIER_IOMANAGER_VIOLATION

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT device;
static PIRP kept;

static void make(void)
{
    driver = test_driver(L"stops");
    device = test_device_make(driver, L"\\Device\\Stops", DO_BUFFERED_IO);
}

static void raise_to(KIRQL irql)
{
    KIRQL old;
    KeRaiseIrql(irql, &old);
}

static PIRP sent_irp(DRIVER_DISPATCH *dispatch)
{
    make();
    ext(device)->dispatch[IRP_MJ_FLUSH_BUFFERS] = dispatch;
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    return irp;
}

static NTSTATUS NTAPI keep(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoMarkIrpPending(irp);
    kept = irp;
    return STATUS_PENDING;
}
static NTSTATUS NTAPI catch (PDEVICE_OBJECT which, PIRP irp, PVOID context)
{
    (void)which;
    (void)irp;
    (void)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

#if !NTIO_SANITIZED
static void complete_twice(void *context)
{
    (void)context;
    make();
    ext(device)->dispatch[IRP_MJ_READ] = keep;
    HANDLE handle = test_open_async(L"\\Device\\Stops");
    IO_STATUS_BLOCK io;
    LARGE_INTEGER zero = {.QuadPart = 0};
    NtReadFile(handle, NULL, NULL, NULL, &io, NULL, 0, &zero, NULL);
    finish(kept, STATUS_SUCCESS, 0);
    finish(kept, STATUS_SUCCESS, 0);
}
#endif
static NTSTATUS NTAPI complete_twice_in_dispatch(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    finish(irp, STATUS_SUCCESS, 0);
    return finish(irp, STATUS_SUCCESS, 0);
}
static void read_with(DRIVER_DISPATCH *dispatch)
{
    UCHAR buffer[8];
    IO_STATUS_BLOCK io;
    LARGE_INTEGER zero = {.QuadPart = 0};
    make();
    ext(device)->dispatch[IRP_MJ_READ] = dispatch;
    HANDLE handle = test_open_async(L"\\Device\\Stops");
    NtReadFile(handle, NULL, NULL, NULL, &io, buffer, sizeof(buffer), &zero, NULL);
}
static void complete_twice_at_once(void *context)
{
    (void)context;
    read_with(complete_twice_in_dispatch);
}

static NTSTATUS NTAPI complete_pending(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    return finish(irp, STATUS_PENDING, 0);
}
static void complete_with_pending(void *context)
{
    (void)context;
    read_with(complete_pending);
}
static VOID NTAPI some_cancel(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoReleaseCancelSpinLock(irp->CancelIrql);
}
static NTSTATUS NTAPI complete_with_routine(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoSetCancelRoutine(irp, some_cancel);
    return finish(irp, STATUS_SUCCESS, 0);
}
static void cancel_routine_set(void *context)
{
    (void)context;
    read_with(complete_with_routine);
}
static NTSTATUS NTAPI complete_high(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    raise_to(DISPATCH_LEVEL + 1);
    return finish(irp, STATUS_SUCCESS, 0);
}
static void complete_above_dispatch(void *context)
{
    (void)context;
    read_with(complete_high);
}
static NTSTATUS NTAPI pend_unmarked(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    kept = irp;
    return STATUS_PENDING;
}
static void pending_not_marked_later(void *context)
{
    (void)context;
    read_with(pend_unmarked);
    finish(kept, STATUS_SUCCESS, 0);
}
static NTSTATUS NTAPI pend_unmarked_complete(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    finish(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}
static void pending_not_marked_at_once(void *context)
{
    (void)context;
    read_with(pend_unmarked_complete);
}
static NTSTATUS NTAPI mark_and_succeed(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    IoMarkIrpPending(irp);
    return finish(irp, STATUS_SUCCESS, 0);
}
static void marked_not_pending(void *context)
{
    (void)context;
    read_with(mark_and_succeed);
}
static NTSTATUS NTAPI forget(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    (void)irp;
    return STATUS_SUCCESS;
}
static void not_completed(void *context)
{
    (void)context;
    read_with(forget);
}
static void close_not_completed(void *context)
{
    (void)context;
    make();
    ext(device)->dispatch[IRP_MJ_CLEANUP] = forget;
    NtClose(test_open_async(L"\\Device\\Stops"));
}
static NTSTATUS NTAPI too_much(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    return finish(irp, STATUS_SUCCESS, 9);
}
static void information_too_large(void *context)
{
    (void)context;
    read_with(too_much);
}
static NTSTATUS NTAPI come_back_high(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    finish(irp, STATUS_SUCCESS, 0);
    raise_to(DISPATCH_LEVEL);
    return STATUS_SUCCESS;
}
static void irql_changed(void *context)
{
    (void)context;
    read_with(come_back_high);
}

static void free_no_irp(void *context)
{
    UCHAR memory[256] = {0};
    (void)context;
    IoFreeIrp((PIRP)memory);
}
static void free_queued(void *context)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)context;
    make();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoFreeIrp(
        IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, NULL, 0, NULL, &event, &io));
}
static void reuse_queued(void *context)
{
    KEVENT event;
    IO_STATUS_BLOCK io;
    (void)context;
    make();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoReuseIrp(
        IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, NULL, 0, NULL, &event, &io), 0);
}
#if !NTIO_SANITIZED
static void free_twice(void *context)
{
    (void)context;
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoFreeIrp(irp);
    IoFreeIrp(irp);
}
static void call_freed(void *context)
{
    (void)context;
    PIRP irp = sent_irp(keep);
    IoFreeIrp(irp);
    IoCallDriver(device, irp);
}
#endif
static void call_without_device(void *context)
{
    (void)context;
    IoCallDriver(NULL, sent_irp(keep));
}
static void call_above_dispatch(void *context)
{
    (void)context;
    PIRP irp = sent_irp(keep);
    raise_to(DISPATCH_LEVEL + 1);
    IoCallDriver(device, irp);
}
static void no_more_locations(void *context)
{
    (void)context;
    PIRP irp = sent_irp(keep);
    IoCallDriver(device, irp);
    IoCallDriver(device, irp);
}
static void call_completed(void *context)
{
    (void)context;
    PIRP irp = sent_irp(keep);
    irp->CurrentLocation = irp->StackCount + 2;
    IoCallDriver(device, irp);
}
static void unknown_major(void *context)
{
    (void)context;
    PIRP irp = sent_irp(keep);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_MAXIMUM_FUNCTION + 1;
    IoCallDriver(device, irp);
}
static void nobody_takes_it_back(void *context)
{
    (void)context;
    PIRP irp = sent_irp(NULL);
    IoCallDriver(device, irp);
}
static void cancel_completed(void *context)
{
    (void)context;
    PIRP irp = sent_irp(keep);
    IoSetCancelRoutine(irp, some_cancel);
    irp->CurrentLocation = irp->StackCount + 2;
    IoCancelIrp(irp);
}
static VOID NTAPI keeps_the_lock(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    (void)irp;
}
static void cancel_keeps_the_lock(void *context)
{
    (void)context;
    PIRP irp = sent_irp(keep);
    IoSetCompletionRoutine(irp, catch, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(device, irp);
    IoSetCancelRoutine(irp, keeps_the_lock);
    IoCancelIrp(irp);
}

static void delete_twice(void *context)
{
    (void)context;
    make();
    ObReferenceObject(device);
    IoDeleteDevice(device);
    IoDeleteDevice(device);
}
static void delete_attached(void *context)
{
    (void)context;
    make();
    IoDeleteDevice(test_device_above(driver, device));
}
static void detach_nothing(void *context)
{
    (void)context;
    make();
    IoDetachDevice(device);
}
static void attach_twice(void *context)
{
    (void)context;
    make();
    PDEVICE_OBJECT above = test_device_above(driver, device);
    IoAttachDeviceToDeviceStack(above, test_device_make(driver, NULL, 0));
}
static VOID NTAPI tick(PDEVICE_OBJECT which, PVOID context)
{
    (void)which;
    (void)context;
}
static void timer_twice(void *context)
{
    (void)context;
    make();
    IoInitializeTimer(device, tick, NULL);
    IoInitializeTimer(device, tick, NULL);
}

static IO_REMOVE_LOCK removal;
static void release_too_often(void *context)
{
    (void)context;
    IoInitializeRemoveLock(&removal, 'tseT', 0, 0);
    IoReleaseRemoveLock(&removal, NULL);
}
static void wait_without_acquire(void *context)
{
    (void)context;
    IoInitializeRemoveLock(&removal, 'tseT', 0, 0);
    IoReleaseRemoveLockAndWait(&removal, NULL);
}
static struct {
    IO_REMOVE_LOCK_COMMON_BLOCK common;
    IO_REMOVE_LOCK_DBG_BLOCK dbg;
} tracked;
#define TRACKED ((PIO_REMOVE_LOCK)&tracked)
static void release_by_another_tag(void *context)
{
    int a, b;
    (void)context;
    IoInitializeRemoveLockEx(TRACKED, 'tseT', 0, 0, sizeof(tracked));
    IoAcquireRemoveLockEx(TRACKED, &a, __FILE__, __LINE__, sizeof(tracked));
    IoReleaseRemoveLockEx(TRACKED, &b, sizeof(tracked));
}
static void above_high_water(void *context)
{
    int tag;
    (void)context;
    IoInitializeRemoveLockEx(TRACKED, 'tseT', 0, 2, sizeof(tracked));
    for (int i = 0; i < 3; i++)
        IoAcquireRemoveLockEx(TRACKED, &tag, __FILE__, __LINE__, sizeof(tracked));
}
static KEVENT never;
static VOID NTAPI sleep_for_ever(PDEVICE_OBJECT which, PVOID context)
{
    (void)which;
    (void)context;
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}
static void work_item_twice(void *context)
{
    (void)context;
    make();
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    raise_to(DISPATCH_LEVEL);
    for (int i = 0; i < 1000; i++) { /* until a worker has not taken it yet */
        IoQueueWorkItem(item, sleep_for_ever, DelayedWorkQueue, NULL);
    }
}
static void start_next_too_low(void *context)
{
    (void)context;
    make();
    IoStartNextPacket(device, FALSE);
}

static void high(void (*routine)(void))
{
    make();
    raise_to(DISPATCH_LEVEL);
    routine();
}
static HANDLE file;
static void read_high(void *context)
{
    IO_STATUS_BLOCK io;
    (void)context;
    make();
    file = test_open_async(L"\\Device\\Stops");
    raise_to(DISPATCH_LEVEL);
    NtReadFile(file, NULL, NULL, NULL, &io, NULL, 0, NULL, NULL);
}
static void create_device(void)
{
    PDEVICE_OBJECT other;
    IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other);
}
static void create_device_high(void *context)
{
    (void)context;
    high(create_device);
}
static void build(void)
{
    IO_STATUS_BLOCK io;
    IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, NULL, 0, NULL, NULL, &io);
}
static void build_high(void *context)
{
    (void)context;
    high(build);
}

int main(void)
{
    static const struct bugcheck_case cases[] = {
#if !NTIO_SANITIZED /* there the memory is gone, and the sanitizer says so */
        {"completed twice", MULTIPLE_IRP_COMPLETE_REQUESTS, BUGCHECK_ANY, complete_twice},
#endif
        {"completed twice in dispatch", MULTIPLE_IRP_COMPLETE_REQUESTS, BUGCHECK_ANY,
         complete_twice_at_once},
        {"completed with STATUS_PENDING", IOMANAGER, IOP_VF_COMPLETE_PENDING,
         complete_with_pending},
        {"completed with a cancel routine", IOMANAGER, IOP_VF_CANCEL_ROUTINE_SET,
         cancel_routine_set},
        {"completed above DISPATCH_LEVEL", IOMANAGER, IOP_VF_COMPLETE_IRQL,
         complete_above_dispatch},
        {"pending not marked, later", IOMANAGER, IOP_VF_PENDING_NOT_MARKED,
         pending_not_marked_later},
        {"pending not marked, at once", IOMANAGER, IOP_VF_PENDING_NOT_MARKED,
         pending_not_marked_at_once},
        {"marked and not pending", IOMANAGER, IOP_VF_MARKED_NOT_PENDING, marked_not_pending},
        {"neither completed nor pending", IOMANAGER, IOP_VF_NOT_COMPLETED, not_completed},
        {"cleanup not completed", IOMANAGER, IOP_VF_NOT_COMPLETED, close_not_completed},
        {"Information over the buffer", IOMANAGER, IOP_VF_INFORMATION_TOO_LARGE,
         information_too_large},
        {"IRQL changed in dispatch", IOMANAGER, IOP_VF_IRQL_CHANGED, irql_changed},
        {"freed what is no IRP", IOMANAGER, IOP_VF_FREE_NO_IRP, free_no_irp},
        {"freed a thread's IRP", IOMANAGER, IOP_VF_FREE_QUEUED, free_queued},
        {"reused a thread's IRP", IOMANAGER, IOP_VF_REUSE_QUEUED, reuse_queued},
#if !NTIO_SANITIZED
        {"freed twice", IOMANAGER, IOP_VF_FREE_NO_IRP, free_twice},
        {"called with a freed IRP", IOMANAGER, IOP_VF_CALL_NO_IRP, call_freed},
#endif
        {"called without a device", IOMANAGER, IOP_VF_CALL_NO_DEVICE, call_without_device},
        {"called above DISPATCH_LEVEL", IOMANAGER, IOP_VF_CALL_IRQL, call_above_dispatch},
        {"no more locations", NO_MORE_IRP_STACK_LOCATIONS, BUGCHECK_ANY, no_more_locations},
        {"called with a completed IRP", MULTIPLE_IRP_COMPLETE_REQUESTS, BUGCHECK_ANY,
         call_completed},
        {"unknown major function", INCONSISTENT_IRP, BUGCHECK_ANY, unknown_major},
        {"nobody takes a driver's IRP back", IOMANAGER, IOP_VF_NO_COMPLETION, nobody_takes_it_back},
        {"cancelled after completion", CANCEL_STATE_IN_COMPLETED_IRP, BUGCHECK_ANY,
         cancel_completed},
        {"cancel routine keeps the lock", IOMANAGER, IOP_VF_CANCEL_IRQL, cancel_keeps_the_lock},
        {"device deleted twice", IOMANAGER, IOP_VF_DOUBLE_DELETION, delete_twice},
        {"device deleted while attached", IOMANAGER, IOP_VF_DELETE_ATTACHED, delete_attached},
        {"detached from nothing", IOMANAGER, IOP_VF_DETACH_NOT_ATTACHED, detach_nothing},
        {"attached twice", IOMANAGER, IOP_VF_ATTACHED_TWICE, attach_twice},
        {"timer initialized twice", IOMANAGER, IOP_VF_TIMER_TWICE, timer_twice},
        {"remove lock released too often", IOMANAGER, IOP_VF_REMOVE_LOCK, release_too_often},
        {"remove lock waited for, not held", IOMANAGER, IOP_VF_REMOVE_LOCK, wait_without_acquire},
        {"remove lock released by another", IOMANAGER, IOP_VF_REMOVE_LOCK, release_by_another_tag},
        {"remove lock above high water", IOMANAGER, IOP_VF_REMOVE_LOCK, above_high_water},
        {"work item queued twice", IOMANAGER, IOP_VF_WORK_ITEM_BUSY, work_item_twice},
        {"IoStartNextPacket too low", IRQL_NOT_DISPATCH_LEVEL, BUGCHECK_ANY, start_next_too_low},
        {"NtReadFile too high", IRQL_NOT_LESS_OR_EQUAL, BUGCHECK_ANY, read_high},
        {"IoCreateDevice too high", IRQL_NOT_LESS_OR_EQUAL, BUGCHECK_ANY, create_device_high},
        {"IoBuildSynchronousFsdRequest too high", IRQL_NOT_LESS_OR_EQUAL, BUGCHECK_ANY, build_high},
    };
    return run_bugcheck_cases("io-stops", cases, RTL_NUMBER_OF(cases));
}
