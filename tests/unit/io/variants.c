/* SPDX-License-Identifier: MIT */
/* variants.c - the less used forms of routines whose common form other tests assert, and what a
 * driver asks about a thread, an IRP, the system. */
#include "tests/unit/io/iotest.h"

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

static int setup(void **state)
{
    host_setup(state);
    driver = test_driver(L"variants");
    device = test_device_make(driver, L"\\Device\\Variants", 0);
    return 0;
}

static void attached_by_pointer_and_safely(void **state)
{
    PDEVICE_OBJECT above = test_device_make(driver, NULL, 0);
    PDEVICE_OBJECT top = test_device_make(driver, NULL, 0), below = NULL;

    (void)state;
    assert_ok(IoAttachDeviceByPointer(above, device));
    assert_ptr_equal(device->AttachedDevice, above);
    assert_int_equal(above->StackSize, device->StackSize + 1);
    /* To the top, whichever device of the stack is named; what it lies on is said. */
    assert_ok(IoAttachDeviceToDeviceStackSafe(top, device, &below));
    assert_ptr_equal(below, above);
    assert_ptr_equal(IoGetAttachedDevice(device), top);
    IoDetachDevice(above);
    IoDetachDevice(device);
    assert_null(device->AttachedDevice);
    IoDeleteDevice(top);
    IoDeleteDevice(above);
}

static void an_irp_for_a_device(void **state)
{
    PIRP irp = IoAllocateIrpEx(device, device->StackSize, FALSE);

    (void)state;
    assert_non_null(irp);
    assert_int_equal(irp->StackCount, device->StackSize);
    IoFreeIrp(irp);
    assert_null(IoAllocateIrpEx(device, -1, FALSE));
}

static NTSTATUS NTAPI answer_42(PDEVICE_OBJECT which, PIRP irp)
{
    (void)which;
    return finish(irp, STATUS_SUCCESS, 42);
}

static void called_and_waited_for(void **state)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);

    (void)state;
    ext(device)->dispatch[IRP_MJ_FLUSH_BUFFERS] = answer_42;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    assert_ok(IoSynchronousCallDriver(device, irp));
    assert_int_equal(irp->IoStatus.Information, 42); /* the IRP is still the caller's */
    IoFreeIrp(irp);
}

static void a_secure_device_needs_a_name(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Guarded");
    UNICODE_STRING sddl = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY)");
    PDEVICE_OBJECT made = NULL;
    HANDLE handle;

    (void)state;
    assert_status(
        IoCreateDeviceSecure(driver, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &sddl, NULL, &made),
        STATUS_INVALID_PARAMETER);
    assert_ok(IoCreateDeviceSecure(driver, sizeof(test_device), &name, FILE_DEVICE_UNKNOWN, 0, TRUE,
                                   &sddl, NULL, &made));
    assert_true((made->Flags & DO_EXCLUSIVE) != 0);
    made->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_ok(test_open(name.Buffer, GENERIC_READ, 0, 0, &handle));
    assert_ok(NtClose(handle));
    IoDeleteDevice(made);
}

static void a_file_by_io_create_file(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Variants");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    PFILE_OBJECT file;
    HANDLE handle;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_ok(IoCreateFile(&handle, FILE_READ_DATA, &attributes, &io, NULL, 0, 0, FILE_OPEN, 0,
                           NULL, 0, CreateFileTypeNone, NULL, 0));
    assert_ok(ObReferenceObjectByHandle(handle, 0, IopFileType, KernelMode, (PVOID *)&file, NULL));
    assert_ptr_equal(file->DeviceObject, device);
    assert_ptr_equal(IoGetBaseFileSystemDeviceObject(file), device);
    ObDereferenceObject(file);
    assert_ok(ZwClose(handle));
    assert_status(IoCreateFile(&handle, FILE_READ_DATA, &attributes, &io, NULL, 0, 0, FILE_OPEN, 0,
                               NULL, 0, CreateFileTypeNamedPipe, NULL, 0),
                  STATUS_NOT_SUPPORTED);
}

static NTSTATUS NTAPI answer_fsctl(PDEVICE_OBJECT which, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    (void)which;
    assert_int_equal(stack->MinorFunction, IRP_MN_USER_FS_REQUEST);
    assert_int_equal(stack->Parameters.FileSystemControl.FsControlCode, 0x90018);
    assert_int_equal(stack->Parameters.FileSystemControl.InputBufferLength, 3);
    assert_memory_equal(irp->AssociatedIrp.SystemBuffer, "abc", 3);
    memcpy(irp->AssociatedIrp.SystemBuffer, "answer", 6);
    return finish(irp, STATUS_SUCCESS, 6);
}

static void a_control_of_the_file_system(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Variants");
    IO_STATUS_BLOCK io;
    char answer[8] = "";

    (void)state;
    ext(device)->dispatch[IRP_MJ_FILE_SYSTEM_CONTROL] = answer_fsctl;
    assert_ok(ZwFsControlFile(handle, NULL, NULL, NULL, &io, 0x90018, "abc", 3, answer, 8));
    assert_int_equal(io.Information, 6);
    assert_string_equal(answer, "answer");
    ext(device)->dispatch[IRP_MJ_FILE_SYSTEM_CONTROL] = NULL;
    assert_ok(NtClose(handle));
}

static void shares_are_counted_again(void **state)
{
    SHARE_ACCESS share;
    FILE_OBJECT file = {.ReadAccess = TRUE, .SharedRead = TRUE, .SharedWrite = TRUE};

    (void)state;
    IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, &file, &share);
    assert_int_equal(share.OpenCount, 1);
    IoUpdateShareAccess(&file, &share);
    assert_int_equal(share.OpenCount, 2);
    assert_int_equal(share.Readers, 2);
    assert_int_equal(share.Writers, 0);
    assert_int_equal(share.SharedWrite, 2);
    IoRemoveShareAccess(&file, &share);
    assert_int_equal(share.OpenCount, 1);
}

static void priority_hints(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    ULONG session = 5;

    (void)state;
    assert_int_equal(IoGetIoPriorityHint(irp), IoPriorityNormal);
    assert_ok(IoSetIoPriorityHint(irp, IoPriorityLow));
    assert_int_equal(IoGetIoPriorityHint(irp), IoPriorityLow);
    assert_ok(IoSetIoPriorityHint(irp, IoPriorityCritical));
    assert_int_equal(IoGetIoPriorityHint(irp), IoPriorityCritical);
    assert_status(IoSetIoPriorityHint(irp, MaxIoPriorityTypes), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoGetIoPriorityHint(irp), IoPriorityCritical);
    /* Nobody's IRP has no session. */
    assert_status(IoGetRequestorSessionId(irp, &session), STATUS_UNSUCCESSFUL);
    assert_int_equal(session, MAXULONG);
    IoFreeIrp(irp);
}

static void what_a_thread_is(void **state)
{
    PETHREAD thread = PsGetCurrentThread();
    ULONG_PTR here = (ULONG_PTR)__builtin_frame_address(0), low, high;
    PIRP irp;

    (void)state;
    assert_ptr_equal(IoThreadToProcess(thread), PsGetCurrentProcess());
    assert_false(IoIsSystemThread(thread));
    IoGetStackLimits(&low, &high);
    assert_true(low < here && here < high);
    assert_ptr_equal(IoGetInitialStack(), (PVOID)high);
    IoSetDeviceToVerify(thread, device);
    assert_ptr_equal(IoGetDeviceToVerify(thread), device);
    irp = IoAllocateIrp(1, FALSE);
    irp->Tail.Overlay.Thread = thread;
    IoSetHardErrorOrVerifyDevice(irp, NULL);
    assert_null(IoGetDeviceToVerify(thread));
    IoSetHardErrorOrVerifyDevice(irp, device);
    assert_ptr_equal(IoGetDeviceToVerify(thread), device);
    IoSetDeviceToVerify(thread, NULL);
    irp->Tail.Overlay.Thread = NULL;
    IoFreeIrp(irp);
}

static void what_the_system_is(void **state)
{
    PCONFIGURATION_INFORMATION configuration = IoGetConfigurationInformation();
    USHORT node = 7;

    (void)state;
    assert_true(IoIsWdmVersionAvailable(1, 0x30));
    assert_true(IoIsWdmVersionAvailable(6, 0));
    assert_false(IoIsWdmVersionAvailable(7, 0));
    /* Class drivers number their devices by it. */
    assert_ptr_equal(IoGetConfigurationInformation(), configuration);
    configuration->CdRomCount++;
    assert_int_equal(IoGetConfigurationInformation()->CdRomCount, configuration->CdRomCount);
    configuration->CdRomCount--;
    assert_status(IoGetDeviceNumaNode(device, &node), STATUS_NOT_FOUND);
    assert_int_equal(node, 7);
}

static void the_cancel_lock_by_hand(void **state)
{
    KIRQL old = 99;

    (void)state;
    IoAcquireCancelSpinLock(&old);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void an_unprotected_link(void **state)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\VariantsLink");
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Variants");
    HANDLE handle;

    (void)state;
    assert_ok(IoCreateUnprotectedSymbolicLink(&link, &name));
    assert_ok(test_open(link.Buffer, GENERIC_READ, 0, 0, &handle));
    assert_ok(NtClose(handle));
    assert_status(IoCreateUnprotectedSymbolicLink(&link, &name), STATUS_OBJECT_NAME_COLLISION);
    assert_ok(IoDeleteSymbolicLink(&link));
}

/* ---- called later ---- */

static ULONG reinitialized;
static VOID NTAPI reinitialize(PDRIVER_OBJECT which, PVOID context, ULONG count)
{
    assert_ptr_equal(context, &reinitialized);
    assert_int_equal(count, reinitialized + 1);
    if (++reinitialized < 3)
        IoRegisterBootDriverReinitialization(which, reinitialize, context);
}
static NTSTATUS entry_that_registers(PDRIVER_OBJECT which, PUNICODE_STRING path)
{
    (void)path;
    IoRegisterBootDriverReinitialization(which, reinitialize, &reinitialized);
    assert_true((which->Flags & DRVO_BOOTREINIT_REGISTERED) != 0);
    assert_int_equal(reinitialized, 0);
    return STATUS_SUCCESS;
}

static void reinitialized_as_often_as_it_asks(void **state)
{
    PDRIVER_OBJECT which;

    (void)state;
    assert_ok(test_driver_with(L"reinit", entry_that_registers, &which));
    assert_int_equal(reinitialized, 3);
    assert_true((which->Flags & DRVO_BOOTREINIT_REGISTERED) == 0);
}

static _Atomic int first_notified, last_notified, notifications;
static NTSTATUS NTAPI note_shutdown(PDEVICE_OBJECT which, PIRP irp)
{
    int number = ++notifications;
    if (which == ext(which)->context)
        first_notified = number;
    else
        last_notified = number;
    return finish(irp, STATUS_SUCCESS, 0);
}

/* Asserted when the system has shut down: by the group's teardown. */
static void the_last_chance_comes_after_the_others(void **state)
{
    PDEVICE_OBJECT last = test_device_make(driver, NULL, 0);

    (void)state;
    ext(last)->dispatch[IRP_MJ_SHUTDOWN] = note_shutdown;
    ext(device)->dispatch[IRP_MJ_SHUTDOWN] = note_shutdown;
    ext(device)->context = device;
    assert_ok(IoRegisterLastChanceShutdownNotification(last));
    assert_ok(IoRegisterShutdownNotification(device));
}

static int teardown(void **state)
{
    int result = host_teardown(state);
    if (notifications != 2 || first_notified != 1 || last_notified != 2) {
        print_error("shutdown notifications: %d, first %d, last chance %d\n", (int)notifications,
                    (int)first_notified, (int)last_notified);
        return -1;
    }
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attached_by_pointer_and_safely),
        cmocka_unit_test(an_irp_for_a_device),
        cmocka_unit_test(called_and_waited_for),
        cmocka_unit_test(a_secure_device_needs_a_name),
        cmocka_unit_test(a_file_by_io_create_file),
        cmocka_unit_test(a_control_of_the_file_system),
        cmocka_unit_test(shares_are_counted_again),
        cmocka_unit_test(priority_hints),
        cmocka_unit_test(what_a_thread_is),
        cmocka_unit_test(what_the_system_is),
        cmocka_unit_test(the_cancel_lock_by_hand),
        cmocka_unit_test(an_unprotected_link),
        cmocka_unit_test(reinitialized_as_often_as_it_asks),
        cmocka_unit_test(the_last_chance_comes_after_the_others),
    };

    return cmocka_run_group_tests_name("io variants", tests, setup, teardown);
}
