/* SPDX-License-Identifier: MIT */
/* Buffers and endings of a program's requests: three methods, events, APCs, ports, positions. */
#include "tests/unit/io/iotest.h"

#include <stdlib.h>
#include <sys/mman.h>

#define CTL_BUFFERED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define CTL_IN       CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#define CTL_OUT      CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define CTL_NEITHER  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_NEITHER, FILE_ANY_ACCESS)
#define CTL_READ     CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_READ_ACCESS)
#define CTL_WRITE    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_WRITE_ACCESS)

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT buffered, direct, neither, disk;

/* What the driver is to answer. */
static NTSTATUS answer;
static ULONG_PTR answer_bytes;
static BOOLEAN answer_later; /* pend; kept is the IRP */
static PIRP kept;
/* What it saw. */
static ULONG in_length, out_length, read_length;
static LARGE_INTEGER offset;
static UCHAR in[4096];
static PVOID seen_user, seen_input, seen_system;
static PMDL seen_mdl;
static UCHAR stack_flags;
static KPROCESSOR_MODE seen_mode;

static NTSTATUS answer_it(PIRP irp)
{
    if (!answer_later)
        return finish(irp, answer, answer_bytes);
    IoMarkIrpPending(irp);
    kept = irp;
    return STATUS_PENDING;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    in_length = stack->Parameters.DeviceIoControl.InputBufferLength;
    out_length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    seen_user = irp->UserBuffer;
    seen_input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    seen_system = irp->AssociatedIrp.SystemBuffer;
    seen_mdl = irp->MdlAddress;
    seen_mode = irp->RequestorMode;
    stack_flags = stack->Flags;
    if (seen_system != NULL) {
        memcpy(in, seen_system, in_length);
        if (METHOD_FROM_CTL_CODE(stack->Parameters.DeviceIoControl.IoControlCode) ==
            METHOD_BUFFERED)
            memset(seen_system, 0x5a, answer_bytes);
    }
    if (seen_mdl != NULL &&
        METHOD_FROM_CTL_CODE(stack->Parameters.DeviceIoControl.IoControlCode) == METHOD_OUT_DIRECT)
        memset(MmGetSystemAddressForMdlSafe(seen_mdl, NormalPagePriority), 0x5a, answer_bytes);
    else if (seen_mdl != NULL)
        memcpy(in, MmGetSystemAddressForMdlSafe(seen_mdl, NormalPagePriority), out_length);
    return answer_it(irp);
}

static NTSTATUS NTAPI transfer(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PVOID buffer;
    (void)device;
    read_length = stack->Parameters.Read.Length;
    offset = stack->Parameters.Read.ByteOffset;
    seen_user = irp->UserBuffer;
    seen_system = irp->AssociatedIrp.SystemBuffer;
    seen_mdl = irp->MdlAddress;
    stack_flags = stack->Flags;
    buffer = seen_mdl != NULL      ? MmGetSystemAddressForMdlSafe(seen_mdl, NormalPagePriority)
             : seen_system != NULL ? seen_system
                                   : seen_user;
    if (stack->MajorFunction == IRP_MJ_READ && answer_bytes != 0)
        memset(buffer, 0x5a, answer_bytes);
    else if (stack->MajorFunction == IRP_MJ_WRITE && read_length <= sizeof(in))
        memcpy(in, buffer, read_length);
    return answer_it(irp);
}

static PDEVICE_OBJECT make(const WCHAR *name, ULONG flags, DEVICE_TYPE type)
{
    PDEVICE_OBJECT device = test_device_make_type(driver, name, flags, type, FALSE);
    ext(device)->dispatch[IRP_MJ_DEVICE_CONTROL] = control;
    ext(device)->dispatch[IRP_MJ_READ] = transfer;
    ext(device)->dispatch[IRP_MJ_WRITE] = transfer;
    return device;
}

static int setup(void **state)
{
    host_setup(state);
    driver = test_driver(L"transfer");
    buffered = make(L"\\Device\\Buffered", DO_BUFFERED_IO, FILE_DEVICE_UNKNOWN);
    direct = make(L"\\Device\\Direct", DO_DIRECT_IO, FILE_DEVICE_UNKNOWN);
    neither = make(L"\\Device\\Neither", 0, FILE_DEVICE_UNKNOWN);
    disk = make(L"\\Device\\Disk", DO_BUFFERED_IO, FILE_DEVICE_DISK);
    as_user(TRUE);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    answer = STATUS_SUCCESS;
    answer_bytes = 0;
    answer_later = FALSE;
    kept = NULL;
    memset(in, 0, sizeof(in));
    seen_user = seen_input = seen_system = NULL;
    seen_mdl = NULL;
    as_user(TRUE);
    return 0;
}

static NTSTATUS ioctl_(HANDLE handle, ULONG code, PVOID input, ULONG input_length, PVOID output,
                       ULONG output_length, IO_STATUS_BLOCK *io)
{
    io->Status = 0x11111111;
    io->Information = 77;
    return NtDeviceIoControlFile(handle, NULL, NULL, NULL, io, code, input, input_length, output,
                                 output_length);
}

static void method_buffered(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Buffered");
    IO_STATUS_BLOCK io;
    UCHAR buffer[16];
    (void)state;
    memset(buffer, 0xee, sizeof(buffer));
    answer_bytes = 5;
    assert_ok(ioctl_(handle, CTL_BUFFERED, "abc", 3, buffer, 16, &io));
    assert_int_equal(in_length, 3);
    assert_int_equal(out_length, 16);
    assert_memory_equal(in, "abc", 3);
    assert_int_equal(seen_mode, UserMode);
    assert_int_equal(io.Information, 5);
    assert_int_equal(buffer[4], 0x5a);
    assert_int_equal(buffer[5], 0xee); /* Information bytes and no more */
    /* The same buffer in and out; large ones come from pool. */
    UCHAR *large = malloc(100000);
    memset(large, 7, 100000);
    answer_bytes = 4000;
    assert_ok(ioctl_(handle, CTL_BUFFERED, large, 4096, large, 100000, &io));
    assert_int_equal(in[4095], 7);
    assert_int_equal(large[3999], 0x5a);
    assert_int_equal(large[4000], 7);
    free(large);
    /* None at all, and none that is said to be long. */
    answer_bytes = 0;
    assert_ok(ioctl_(handle, CTL_BUFFERED, NULL, 100, NULL, 200, &io));
    assert_int_equal(in_length, 0);
    assert_int_equal(out_length, 0);
    assert_ok(ioctl_(handle, CTL_BUFFERED, NULL, 0, NULL, 0, &io));
    assert_null(seen_system);
    assert_ok(NtClose(handle));
}

static void warnings_copy_errors_do_not(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Buffered");
    IO_STATUS_BLOCK io;
    UCHAR buffer[16] = {0};
    (void)state;
    answer = STATUS_BUFFER_OVERFLOW;
    answer_bytes = 16;
    assert_status(ioctl_(handle, CTL_BUFFERED, NULL, 0, buffer, 16, &io), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(buffer[15], 0x5a);
    assert_status(io.Status, STATUS_BUFFER_OVERFLOW);
    memset(buffer, 0, sizeof(buffer));
    answer = STATUS_VERIFY_REQUIRED; /* the one warning without data */
    assert_status(ioctl_(handle, CTL_BUFFERED, NULL, 0, buffer, 16, &io), STATUS_VERIFY_REQUIRED);
    assert_int_equal(buffer[0], 0);
    answer = STATUS_UNSUCCESSFUL;
    assert_status(ioctl_(handle, CTL_BUFFERED, NULL, 0, buffer, 16, &io), STATUS_UNSUCCESSFUL);
    assert_int_equal(buffer[0], 0);
    assert_status(io.Status, 0x11111111); /* an error that is known at once is only a status */
    assert_int_equal(io.Information, 77);
    assert_ok(NtClose(handle));
}

static void methods_direct(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Buffered");
    IO_STATUS_BLOCK io;
    UCHAR buffer[8192];
    (void)state;
    memset(buffer, 1, sizeof(buffer));
    answer_bytes = 8192;
    assert_ok(ioctl_(handle, CTL_OUT, "in", 2, buffer, 8192, &io));
    assert_memory_equal(in, "in", 2);
    assert_non_null(seen_mdl);
    assert_int_equal(io.Information, 8192);
    assert_int_equal(buffer[8191], 0x5a);
    answer_bytes = 0;
    memset(buffer, 3, sizeof(buffer));
    assert_ok(ioctl_(handle, CTL_IN, "x", 1, buffer, 100, &io));
    assert_non_null(seen_mdl);
    assert_int_equal(in[99], 3);
    /* The second buffer is optional. */
    assert_ok(ioctl_(handle, CTL_OUT, "x", 1, NULL, 0, &io));
    assert_null(seen_mdl);
    assert_ok(NtClose(handle));
}

static void method_neither(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Buffered");
    IO_STATUS_BLOCK io;
    (void)state;
    assert_ok(ioctl_(handle, CTL_NEITHER, (PVOID)0x10, 1, (PVOID)0x20, 2, &io));
    assert_ptr_equal(seen_input, (PVOID)0x10);
    assert_ptr_equal(seen_user, (PVOID)0x20);
    assert_null(seen_system);
    assert_ok(NtClose(handle));
}

static void bad_buffers(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Buffered"),
           to_direct = test_open_sync(L"\\Device\\Direct");
    IO_STATUS_BLOCK io;
    UCHAR good[16] = {0};
    (void)state;
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_status(ioctl_(handle, CTL_BUFFERED, (PVOID)0x1000, 4, good, 4, &io),
                  STATUS_ACCESS_VIOLATION);
    assert_status(ioctl_(handle, CTL_BUFFERED, good, 4, (PVOID)0x1000, 4, &io),
                  STATUS_ACCESS_VIOLATION);
    assert_status(ioctl_(handle, CTL_BUFFERED, good, 4, page, 4, &io), STATUS_ACCESS_VIOLATION);
    assert_status(ioctl_(handle, CTL_OUT, good, 4, page, 4, &io), STATUS_ACCESS_VIOLATION);
    assert_ok(ioctl_(handle, CTL_IN, good, 4, page, 4, &io));
    assert_status(NtReadFile(to_direct, NULL, NULL, NULL, &io, page, 16, NULL, NULL),
                  STATUS_ACCESS_VIOLATION);
    assert_status(
        NtReadFile(handle, NULL, NULL, NULL, (PIO_STATUS_BLOCK)page, good, 16, NULL, NULL),
        STATUS_ACCESS_VIOLATION);
    /* Taken away while the request is under way: the status, and nothing else. */
    answer_later = TRUE;
    answer_bytes = 16;
    HANDLE async = test_open_async(L"\\Device\\Buffered");
    LARGE_INTEGER zero = {.QuadPart = 0};
    assert_int_equal(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
    assert_status(NtReadFile(async, NULL, NULL, NULL, &io, page, 16, &zero, NULL), STATUS_PENDING);
    munmap(page, 4096);
    finish(kept, STATUS_SUCCESS, 16);
    assert_ok(NtWaitForSingleObject(async, FALSE, NULL));
    assert_status(io.Status, STATUS_ACCESS_VIOLATION);
    assert_int_equal(io.Information, 0);
    assert_ok(NtClose(async));
    assert_ok(NtClose(handle));
    assert_ok(NtClose(to_direct));
}

static void reading_and_writing(void **state)
{
    static const WCHAR *const names[] = {L"\\Device\\Buffered", L"\\Device\\Direct",
                                         L"\\Device\\Neither"};
    IO_STATUS_BLOCK io;
    (void)state;
    for (int i = 0; i < 3; i++) {
        HANDLE handle = test_open_sync(names[i]);
        UCHAR buffer[600];
        LARGE_INTEGER at = {.QuadPart = 12345678901};
        memset(buffer, 2, sizeof(buffer));
        answer_bytes = 600;
        assert_ok(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 600, &at, NULL));
        assert_int_equal(buffer[599], 0x5a);
        assert_int_equal(io.Information, 600);
        assert_int_equal(read_length, 600);
        assert_int_equal(offset.QuadPart, 12345678901);
        assert_true(i == 0 ? seen_system != NULL : i == 1 ? seen_mdl != NULL : seen_user == buffer);
        memset(buffer, 9, sizeof(buffer));
        assert_ok(NtWriteFile(handle, NULL, NULL, NULL, &io, buffer, 600, &at, NULL));
        assert_int_equal(in[599], 9);
        /* Nothing to transfer is a request all the same. */
        answer_bytes = 0;
        assert_ok(NtReadFile(handle, NULL, NULL, NULL, &io, NULL, 0, &at, NULL));
        assert_int_equal(read_length, 0);
        at.QuadPart = -5;
        assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 1, &at, NULL),
                      STATUS_INVALID_PARAMETER);
        at.QuadPart = -1; /* the end of the file */
        assert_ok(NtWriteFile(handle, NULL, NULL, NULL, &io, buffer, 1, &at, NULL));
        assert_int_equal(offset.QuadPart, -1);
        assert_ok(NtClose(handle));
    }
}

static void a_synchronous_file_has_a_position(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Disk");
    FILE_POSITION_INFORMATION position;
    IO_STATUS_BLOCK io;
    UCHAR buffer[512];
    LARGE_INTEGER at = {.QuadPart = 4096},
                  own = {.LowPart = FILE_USE_FILE_POINTER_POSITION, .HighPart = -1};
    (void)state;
    answer_bytes = 512;
    for (int i = 0; i < 3; i++) {
        assert_ok(
            NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 512, i == 1 ? &own : NULL, NULL));
        assert_int_equal(offset.QuadPart, i * 512);
    }
    assert_ok(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 512, &at, NULL));
    assert_ok(
        NtQueryInformationFile(handle, &io, &position, sizeof(position), FilePositionInformation));
    assert_int_equal(position.CurrentByteOffset.QuadPart, 4608);
    assert_int_equal(io.Information, 8);
    answer = STATUS_IO_DEVICE_ERROR; /* a failure moves nothing */
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 512, NULL, NULL),
                  STATUS_IO_DEVICE_ERROR);
    position.CurrentByteOffset.QuadPart = 100;
    assert_ok(
        NtSetInformationFile(handle, &io, &position, sizeof(position), FilePositionInformation));
    answer = STATUS_SUCCESS;
    assert_ok(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 512, NULL, NULL));
    assert_int_equal(offset.QuadPart, 100);
    position.CurrentByteOffset.QuadPart = -1;
    assert_status(
        NtSetInformationFile(handle, &io, &position, sizeof(position), FilePositionInformation),
        STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(handle));
    /* An asynchronous one has none. */
    handle = test_open_async(L"\\Device\\Disk");
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 512, NULL, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(handle));
}

static void unbuffered_is_by_sectors(void **state)
{
    HANDLE handle = NULL;
    IO_STATUS_BLOCK io;
    UCHAR buffer[1024];
    LARGE_INTEGER at = {.QuadPart = 512};
    (void)state;
    assert_ok(test_open(L"\\Device\\Disk", GENERIC_READ | SYNCHRONIZE, 0,
                        FILE_SYNCHRONOUS_IO_NONALERT | FILE_NO_INTERMEDIATE_BUFFERING, &handle));
    assert_ok(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 1024, &at, NULL));
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 1000, &at, NULL),
                  STATUS_INVALID_PARAMETER);
    at.QuadPart = 100;
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 512, &at, NULL),
                  STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(handle));
}

static void access_of_the_handle(void **state)
{
    HANDLE reader = NULL, none = NULL;
    IO_STATUS_BLOCK io;
    UCHAR byte = 0;
    (void)state;
    assert_ok(test_open(L"\\Device\\Buffered", GENERIC_READ | SYNCHRONIZE, 0,
                        FILE_SYNCHRONOUS_IO_NONALERT, &reader));
    assert_ok(test_open(L"\\Device\\Buffered", FILE_READ_ATTRIBUTES | SYNCHRONIZE, 0,
                        FILE_SYNCHRONOUS_IO_NONALERT, &none));
    assert_ok(ioctl_(reader, CTL_READ, NULL, 0, NULL, 0, &io));
    assert_int_equal(stack_flags & (SL_READ_ACCESS_GRANTED | SL_WRITE_ACCESS_GRANTED),
                     SL_READ_ACCESS_GRANTED);
    assert_status(ioctl_(reader, CTL_WRITE, NULL, 0, NULL, 0, &io), STATUS_ACCESS_DENIED);
    assert_status(ioctl_(none, CTL_READ, NULL, 0, NULL, 0, &io), STATUS_ACCESS_DENIED);
    assert_ok(ioctl_(none, CTL_BUFFERED, NULL, 0, NULL, 0, &io));
    assert_status(NtReadFile(none, NULL, NULL, NULL, &io, &byte, 1, NULL, NULL),
                  STATUS_ACCESS_DENIED);
    assert_status(NtWriteFile(reader, NULL, NULL, NULL, &io, &byte, 1, NULL, NULL),
                  STATUS_ACCESS_DENIED);
    assert_status(NtFlushBuffersFile(reader, &io), STATUS_ACCESS_DENIED);
    assert_status(ioctl_((HANDLE)0x7770, CTL_READ, NULL, 0, NULL, 0, &io), STATUS_INVALID_HANDLE);
    HANDLE event = test_event(NotificationEvent);
    assert_status(ioctl_(event, CTL_READ, NULL, 0, NULL, 0, &io), STATUS_OBJECT_TYPE_MISMATCH);
    /* From within, the handle's rights don't count. */
    assert_ok(ZwDeviceIoControlFile(none, NULL, NULL, NULL, &io, CTL_READ, NULL, 0, NULL, 0));
    assert_int_equal(seen_mode, KernelMode);
    assert_ok(NtClose(event));
    assert_ok(NtClose(reader));
    assert_ok(NtClose(none));
}

static LONG event_state(HANDLE event)
{
    OBP_EVENT_BASIC_INFORMATION information = {0};
    assert_ok(NtQueryEvent(event, 0, &information, sizeof(information), NULL));
    return information.EventState;
}

static void overlapped_with_an_event(void **state)
{
    HANDLE handle = test_open_async(L"\\Device\\Buffered"), event = test_event(NotificationEvent);
    IO_STATUS_BLOCK io = {.Status = STATUS_PENDING};
    UCHAR buffer[8] = {0};
    LARGE_INTEGER zero = {.QuadPart = 0};
    (void)state;
    answer_later = TRUE;
    answer_bytes = 8;
    assert_ok(NtSetEvent(event, NULL));
    assert_status(NtReadFile(handle, event, NULL, NULL, &io, buffer, 8, &zero, NULL),
                  STATUS_PENDING);
    assert_int_equal(event_state(event), 0); /* reset before it was sent */
    assert_int_equal(IopCountIrps(), 1);
    finish(kept, STATUS_SUCCESS, 8);
    assert_int_equal(event_state(event), 1);
    assert_ok(io.Status);
    assert_int_equal(io.Information, 8);
    assert_int_equal(buffer[7], 0x5a);
    assert_int_equal(IopCountIrps(), 0);
    /* An error after STATUS_PENDING is told in the same way. */
    io.Status = STATUS_PENDING;
    assert_status(NtReadFile(handle, event, NULL, NULL, &io, buffer, 8, &zero, NULL),
                  STATUS_PENDING);
    finish(kept, STATUS_IO_DEVICE_ERROR, 0);
    assert_int_equal(event_state(event), 1);
    assert_status(io.Status, STATUS_IO_DEVICE_ERROR);
    /* One that is known at once is not. */
    answer_later = FALSE;
    answer = STATUS_IO_DEVICE_ERROR;
    io.Status = STATUS_PENDING;
    assert_status(NtReadFile(handle, event, NULL, NULL, &io, buffer, 8, &zero, NULL),
                  STATUS_IO_DEVICE_ERROR);
    assert_int_equal(event_state(event), 0);
    assert_status(io.Status, STATUS_PENDING);
    /* Without an event the file itself is signalled. */
    answer = STATUS_SUCCESS;
    answer_later = TRUE;
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 8, &zero, NULL),
                  STATUS_PENDING);
    assert_status(NtWaitForSingleObject(handle, FALSE, &zero), STATUS_TIMEOUT);
    finish(kept, STATUS_SUCCESS, 8);
    assert_ok(NtWaitForSingleObject(handle, FALSE, &zero));
    assert_ok(NtClose(event));
    assert_ok(NtClose(handle));
}

static void late_finish(void *context)
{
    LARGE_INTEGER wait = {.QuadPart = -10000};
    (void)context;
    while (__atomic_load_n(&kept, __ATOMIC_ACQUIRE) == NULL)
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
    finish(__atomic_exchange_n(&kept, NULL, __ATOMIC_ACQ_REL), answer, 8);
}

static NTSTATUS NTAPI keep_atomically(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    __atomic_store_n(&kept, irp, __ATOMIC_RELEASE);
    return STATUS_PENDING;
}

static void a_synchronous_file_waits(void **state)
{
    HANDLE handle = test_open_sync(L"\\Device\\Buffered");
    IO_STATUS_BLOCK io;
    UCHAR buffer[8] = {0};
    test_thread thread;
    (void)state;
    ext(buffered)->dispatch[IRP_MJ_READ] = keep_atomically;
    for (int i = 0; i < 2; i++) {
        answer = i == 0 ? STATUS_SUCCESS : STATUS_IO_DEVICE_ERROR;
        io.Status = STATUS_PENDING;
        test_start(&thread, late_finish, NULL);
        assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 8, NULL, NULL), answer);
        test_join(&thread);
    }
    ext(buffered)->dispatch[IRP_MJ_READ] = transfer;
    assert_ok(NtClose(handle));
    assert_int_equal(IopCountIrps(), 0);
}

/* ---- APCs ---- */

static PVOID apc_context;
static PIO_STATUS_BLOCK apc_io;
static VOID NTAPI apc(PVOID context, PIO_STATUS_BLOCK io, ULONG reserved)
{
    assert_int_equal(reserved, 0);
    apc_context = context;
    apc_io = io;
}

static void apc_when_it_is_over(void **state)
{
    HANDLE handle = test_open_async(L"\\Device\\Buffered");
    IO_STATUS_BLOCK io;
    UCHAR buffer[8];
    LARGE_INTEGER zero = {.QuadPart = 0}, second = {.QuadPart = -10000000};
    (void)state;
    for (int later = 0; later < 2; later++) {
        answer_later = (BOOLEAN)later;
        apc_context = NULL;
        assert_status(NtReadFile(handle, NULL, apc, &io, &io, buffer, 8, &zero, NULL),
                      later ? STATUS_PENDING : STATUS_SUCCESS);
        if (later)
            finish(kept, STATUS_SUCCESS, 0);
        assert_null(apc_context);
        assert_int_equal(IopCountIrps(), 1); /* the APC is the IRP's storage */
        assert_status(KeDelayExecutionThread(UserMode, TRUE, &second), STATUS_USER_APC);
        assert_ptr_equal(apc_context, &io);
        assert_ptr_equal(apc_io, &io);
        assert_int_equal(IopCountIrps(), 0);
    }
    assert_ok(NtClose(handle));
}

static void thread_leaves_its_apc(void *context)
{
    IO_STATUS_BLOCK io;
    UCHAR buffer[8];
    LARGE_INTEGER zero = {.QuadPart = 0};
    as_user(TRUE);
    assert_ok(NtReadFile(context, NULL, apc, &io, &io, buffer, 8, &zero, NULL));
}
static void apc_of_a_thread_that_ends(void **state)
{
    HANDLE handle = test_open_async(L"\\Device\\Buffered");
    test_thread thread;
    (void)state;
    apc_context = NULL;
    test_start(&thread, thread_leaves_its_apc, handle);
    test_join(&thread);
    assert_null(apc_context);
    assert_int_equal(IopCountIrps(), 0);
    assert_ok(NtClose(handle));
}

/* ---- completion ports ---- */

static HANDLE make_port(void)
{
    HANDLE port = NULL;
    assert_ok(NtCreateIoCompletion(&port, IO_COMPLETION_ALL_ACCESS, NULL, 0));
    return port;
}

static LONG depth(HANDLE port)
{
    LONG count = -1;
    assert_ok(NtQueryIoCompletion(port, 0, &count, sizeof(count), NULL));
    return count;
}

static void bind_port(HANDLE handle, HANDLE port, PVOID key)
{
    FILE_COMPLETION_INFORMATION information = {port, key};
    IO_STATUS_BLOCK io;
    assert_ok(NtSetInformationFile(handle, &io, &information, sizeof(information),
                                   FileCompletionInformation));
}

static void packets_in_order(void **state)
{
    HANDLE port = make_port();
    LARGE_INTEGER none = {.QuadPart = 0};
    FILE_IO_COMPLETION_INFORMATION out[4];
    IO_STATUS_BLOCK io;
    PVOID key, context;
    ULONG count;
    (void)state;
    assert_status(NtRemoveIoCompletion(port, &key, &context, &io, &none), STATUS_TIMEOUT);
    for (ULONG_PTR i = 1; i <= 6; i++)
        assert_ok(NtSetIoCompletion(port, (PVOID)i, (PVOID)(i * 10), (NTSTATUS)i, i * 100));
    assert_int_equal(depth(port), 6);
    assert_ok(NtRemoveIoCompletion(port, &key, &context, &io, &none));
    assert_ptr_equal(key, (PVOID)1);
    assert_ptr_equal(context, (PVOID)10);
    assert_int_equal(io.Status, 1);
    assert_int_equal(io.Information, 100);
    assert_ok(NtRemoveIoCompletionEx(port, out, 4, &count, &none, FALSE));
    assert_int_equal(count, 4);
    assert_ptr_equal(out[3].KeyContext, (PVOID)5);
    assert_ok(NtRemoveIoCompletionEx(port, out, 4, &count, NULL, FALSE));
    assert_int_equal(count, 1);
    assert_status(NtRemoveIoCompletionEx(port, out, 4, &count, &none, FALSE), STATUS_TIMEOUT);
    assert_int_equal(count, 0);
    /* What is left goes with the port. */
    assert_ok(NtSetIoCompletion(port, NULL, NULL, 0, 0));
    assert_ok(NtClose(port));
}

static void requests_become_packets(void **state)
{
    HANDLE port = make_port(), handle = test_open_async(L"\\Device\\Buffered");
    FILE_COMPLETION_INFORMATION again = {port, NULL};
    LARGE_INTEGER none = {.QuadPart = 0};
    IO_STATUS_BLOCK io = {.Status = 0}, out;
    PVOID key, context;
    UCHAR buffer[8];
    (void)state;
    bind_port(handle, port, (PVOID)42);
    assert_status(
        NtSetInformationFile(handle, &out, &again, sizeof(again), FileCompletionInformation),
        STATUS_INVALID_PARAMETER); /* once and for good */
    for (int later = 0; later < 2; later++) {
        answer_later = (BOOLEAN)later;
        answer_bytes = 8;
        assert_status(NtReadFile(handle, NULL, NULL, &io, &io, buffer, 8, &none, NULL),
                      later ? STATUS_PENDING : STATUS_SUCCESS);
        if (later)
            finish(kept, STATUS_SUCCESS, 8);
        assert_ok(NtRemoveIoCompletion(port, &key, &context, &out, &none));
        assert_ptr_equal(key, (PVOID)42);
        assert_ptr_equal(context, &io);
        assert_int_equal(out.Information, 8);
        assert_int_equal(IopCountIrps(), 0);
    }
    /* Not wanted by this request; an error at once; an error later. */
    answer_later = FALSE;
    assert_ok(NtReadFile(handle, NULL, NULL, NULL, &io, buffer, 8, &none, NULL));
    assert_int_equal(depth(port), 0);
    answer = STATUS_IO_DEVICE_ERROR;
    assert_status(NtReadFile(handle, NULL, NULL, &io, &io, buffer, 8, &none, NULL),
                  STATUS_IO_DEVICE_ERROR);
    assert_int_equal(depth(port), 0);
    answer_later = TRUE;
    assert_status(NtReadFile(handle, NULL, NULL, &io, &io, buffer, 8, &none, NULL), STATUS_PENDING);
    finish(kept, STATUS_IO_DEVICE_ERROR, 0);
    assert_ok(NtRemoveIoCompletion(port, &key, &context, &out, &none));
    assert_status(out.Status, STATUS_IO_DEVICE_ERROR);
    /* An APC and a packet can't both be. */
    assert_status(NtReadFile(handle, NULL, apc, &io, &io, buffer, 8, &none, NULL),
                  STATUS_INVALID_PARAMETER);
    /* Success at once may go without one. */
    FILE_IO_COMPLETION_NOTIFICATION_INFORMATION modes = {FILE_SKIP_COMPLETION_PORT_ON_SUCCESS};
    assert_ok(NtSetInformationFile(handle, &out, &modes, sizeof(modes),
                                   FileIoCompletionNotificationInformation));
    answer = STATUS_SUCCESS;
    answer_later = FALSE;
    assert_ok(NtReadFile(handle, NULL, NULL, &io, &io, buffer, 8, &none, NULL));
    assert_int_equal(depth(port), 0);
    /* A packet outlives its file, and is freed with the port. */
    answer_later = TRUE;
    assert_status(NtReadFile(handle, NULL, NULL, &io, &io, buffer, 8, &none, NULL), STATUS_PENDING);
    finish(kept, STATUS_SUCCESS, 8);
    assert_ok(NtClose(handle));
    assert_int_equal(depth(port), 1);
    assert_int_equal(IopCountIrps(), 1);
    assert_ok(NtClose(port));
    assert_int_equal(IopCountIrps(), 0);
    /* Synchronous files have no ports. */
    port = make_port();
    handle = test_open_sync(L"\\Device\\Buffered");
    again.Port = port;
    assert_status(
        NtSetInformationFile(handle, &out, &again, sizeof(again), FileCompletionInformation),
        STATUS_INVALID_PARAMETER);
    assert_ok(NtClose(handle));
    assert_ok(NtClose(port));
}

/* ---- information ---- */

static NTSTATUS NTAPI standard(PDEVICE_OBJECT device, PIRP irp)
{
    FILE_STANDARD_INFORMATION *information = irp->AssociatedIrp.SystemBuffer;
    (void)device;
    assert_int_equal(IoGetCurrentIrpStackLocation(irp)->Parameters.QueryFile.FileInformationClass,
                     FileStandardInformation);
    memset(information, 0, sizeof(*information));
    information->EndOfFile.QuadPart = 99;
    answer_bytes = sizeof(*information);
    return answer_it(irp);
}

static void file_information(void **state)
{
    FILE_STANDARD_INFORMATION information;
    FILE_FS_DEVICE_INFORMATION device;
    IO_STATUS_BLOCK io;
    ULONG mode = 0;
    test_thread thread;
    (void)state;
    ext(disk)->dispatch[IRP_MJ_QUERY_INFORMATION] = standard;
    for (int i = 0; i < 2; i++) {
        HANDLE handle =
            i == 0 ? test_open_sync(L"\\Device\\Disk") : test_open_async(L"\\Device\\Disk");
        assert_ok(NtQueryInformationFile(handle, &io, &information, sizeof(information),
                                         FileStandardInformation));
        assert_int_equal(information.EndOfFile.QuadPart, 99);
        assert_int_equal(io.Information, sizeof(information));
        /* It waits, whatever the file is. */
        ext(disk)->dispatch[IRP_MJ_SET_INFORMATION] = keep_atomically;
        test_start(&thread, late_finish, NULL);
        LARGE_INTEGER end = {.QuadPart = 5};
        assert_ok(NtSetInformationFile(handle, &io, &end, sizeof(end), FileEndOfFileInformation));
        test_join(&thread);
        assert_int_equal(io.Information, 8);
        assert_ok(NtQueryInformationFile(handle, &io, &mode, sizeof(mode), FileModeInformation));
        assert_int_equal(mode, i == 0 ? FILE_SYNCHRONOUS_IO_NONALERT : 0);
        assert_ok(NtQueryVolumeInformationFile(handle, &io, &device, sizeof(device),
                                               FileFsDeviceInformation));
        assert_int_equal(device.DeviceType, FILE_DEVICE_DISK);
        assert_ok(NtFlushBuffersFile(handle, &io));
        assert_status(NtQueryInformationFile(handle, &io, &information, 4, FileStandardInformation),
                      STATUS_INFO_LENGTH_MISMATCH);
        assert_status(NtQueryInformationFile(handle, &io, &information, sizeof(information),
                                             FileEndOfFileInformation),
                      STATUS_INVALID_INFO_CLASS);
        assert_status(NtQueryInformationFile(handle, &io, &information, sizeof(information), 4711),
                      STATUS_INVALID_INFO_CLASS);
        assert_ok(NtClose(handle));
    }
}

static BOOLEAN NTAPI fast(PFILE_OBJECT file, BOOLEAN wait, PVOID input, ULONG input_length,
                          PVOID output, ULONG output_length, ULONG code, PIO_STATUS_BLOCK io,
                          PDEVICE_OBJECT device)
{
    (void)file;
    (void)wait;
    (void)input;
    (void)input_length;
    (void)output_length;
    (void)device;
    if (code != CTL_NEITHER)
        return FALSE;
    *(PULONG)output = 4711;
    io->Status = STATUS_SUCCESS;
    io->Information = 4;
    return TRUE;
}
static void fast_io_takes_what_it_knows(void **state)
{
    static FAST_IO_DISPATCH table = {.SizeOfFastIoDispatch = sizeof(table),
                                     .FastIoDeviceControl = fast};
    HANDLE handle = test_open_async(L"\\Device\\Buffered"), event = test_event(NotificationEvent);
    IO_STATUS_BLOCK io;
    ULONG value = 0;
    (void)state;
    driver->FastIoDispatch = &table;
    int before = atomic_load(&ext(buffered)->count[IRP_MJ_DEVICE_CONTROL]);
    assert_ok(
        NtDeviceIoControlFile(handle, event, NULL, NULL, &io, CTL_NEITHER, NULL, 0, &value, 4));
    assert_int_equal(value, 4711);
    assert_int_equal(io.Information, 4);
    assert_int_equal(event_state(event), 1);
    assert_int_equal(atomic_load(&ext(buffered)->count[IRP_MJ_DEVICE_CONTROL]), before);
    assert_ok(ioctl_(handle, CTL_BUFFERED, NULL, 0, NULL, 0, &io));
    assert_int_equal(atomic_load(&ext(buffered)->count[IRP_MJ_DEVICE_CONTROL]), before + 1);
    driver->FastIoDispatch = NULL;
    assert_ok(NtClose(event));
    assert_ok(NtClose(handle));
}

/* Kernel requests by IoBuild*. */
static void built_requests(void **state)
{
    KEVENT event;
    IO_STATUS_BLOCK io = {.Information = 0};
    UCHAR buffer[32] = {0};
    LARGE_INTEGER at = {.QuadPart = 77};
    (void)state;
    answer_bytes = 6;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(CTL_BUFFERED, buffered, "hello", 5, buffer, 32, FALSE,
                                             &event, &io);
    assert_ok(IoCallDriver(buffered, irp));
    assert_memory_equal(in, "hello", 5);
    assert_int_equal(buffer[5], 0x5a);
    assert_int_equal(KeReadStateEvent(&event), 1);
    assert_int_equal(io.Information, 6);
    irp = IoBuildDeviceIoControlRequest(CTL_OUT, buffered, "x", 1, buffer, 32, FALSE, &event, &io);
    assert_non_null(irp->MdlAddress);
    assert_ok(IoCallDriver(buffered, irp));
    for (int i = 0; i < 2; i++) {
        PDEVICE_OBJECT device = i == 0 ? buffered : direct;
        memset(buffer, 0, sizeof(buffer));
        irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, buffer, 32, &at, &event, &io);
        assert_ok(IoCallDriver(device, irp));
        assert_int_equal(offset.QuadPart, 77);
        assert_int_equal(buffer[5], 0x5a);
    }
    /* One that is not sent is ended by completing it. */
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, direct, buffer, 32, &at, &event, &io);
    finish(irp, STATUS_CANCELLED, 0);
    assert_int_equal(IopCountIrps(), 0);
    /* IopSendThreadIrp: the status block is there whatever came. */
    answer = STATUS_IO_DEVICE_ERROR;
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, direct, buffer, 32, &at, &event, &io);
    assert_status(IopSendThreadIrp(direct, irp, TRUE), STATUS_IO_DEVICE_ERROR);
    assert_status(io.Status, STATUS_IO_DEVICE_ERROR);
}

static NTSTATUS NTAPI free_async(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    while (irp->MdlAddress != NULL) {
        PMDL mdl = irp->MdlAddress;
        irp->MdlAddress = mdl->Next;
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
static void built_asynchronous_request_is_its_makers(void **state)
{
    IO_STATUS_BLOCK io;
    UCHAR buffer[64];
    LARGE_INTEGER at = {.QuadPart = 0};
    (void)state;
    answer_bytes = 64;
    PIRP irp = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, direct, buffer, 64, &at, &io);
    IoSetCompletionRoutine(irp, free_async, NULL, TRUE, TRUE, TRUE);
    assert_ok(IoCallDriver(direct, irp));
    assert_int_equal(buffer[63], 0x5a);
    assert_int_equal(IopCountIrps(), 0);
}

static NTSTATUS NTAPI who(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_ptr_equal(IoGetRequestorProcess(irp), PsGetCurrentProcess());
    assert_int_equal(IoGetRequestorProcessId(irp), HandleToULong(PsGetCurrentProcessId()));
    assert_true(IoIsOperationSynchronous(irp));
    assert_false(IoIs32bitProcess(irp));
    assert_ok(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS));
    assert_status(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), STATUS_ACCESS_DENIED);
    assert_status(IoValidateDeviceIoControlAccess(irp, 0x10), STATUS_INVALID_PARAMETER);
    IoSetTopLevelIrp(irp);
    assert_ptr_equal(IoGetTopLevelIrp(), irp);
    IoSetTopLevelIrp(NULL);
    ULONG_PTR low, high;
    IoGetStackLimits(&low, &high);
    assert_true(low < (ULONG_PTR)&low && (ULONG_PTR)&low < high);
    return finish(irp, STATUS_SUCCESS, 0);
}
static void who_asks(void **state)
{
    HANDLE handle = NULL;
    IO_STATUS_BLOCK io;
    (void)state;
    assert_ok(test_open(L"\\Device\\Buffered", GENERIC_READ | SYNCHRONIZE, 0,
                        FILE_SYNCHRONOUS_IO_NONALERT, &handle));
    ext(buffered)->dispatch[IRP_MJ_DEVICE_CONTROL] = who;
    assert_ok(ioctl_(handle, CTL_BUFFERED, NULL, 0, NULL, 0, &io));
    ext(buffered)->dispatch[IRP_MJ_DEVICE_CONTROL] = control;
    assert_ok(NtClose(handle));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        T(method_buffered),
        T(warnings_copy_errors_do_not),
        T(methods_direct),
        T(method_neither),
        T(bad_buffers),
        T(reading_and_writing),
        T(a_synchronous_file_has_a_position),
        T(unbuffered_is_by_sectors),
        T(access_of_the_handle),
        T(overlapped_with_an_event),
        T(a_synchronous_file_waits),
        T(apc_when_it_is_over),
        T(apc_of_a_thread_that_ends),
        T(packets_in_order),
        T(requests_become_packets),
        T(file_information),
        T(fast_io_takes_what_it_knows),
        T(built_requests),
        T(built_asynchronous_request_is_its_makers),
        T(who_asks),
    };
    return cmocka_run_group_tests_name("io-transfer", tests, setup, host_teardown);
}
