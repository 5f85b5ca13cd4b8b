/* SPDX-License-Identifier: MIT */
#include "rig.h"
#include "rigp.h"
#include "ntio/pnp/pnpp.h"

/* ---- the host ---- */

static struct {
    const WCHAR *name;
    PDRIVER_INITIALIZE entry;
} services[8];
static unsigned service_count;

void rig_add_service(const WCHAR *name, PDRIVER_INITIALIZE entry)
{
    assert_true(service_count < RTL_NUMBER_OF(services));
    services[service_count].name = name;
    services[service_count++].entry = entry;
}

static NTSTATUS load_service(const WCHAR *service, PDRIVER_OBJECT *driver)
{
    for (unsigned i = 0; i < service_count; i++) {
        IOP_DRIVER_IMAGE image = {.Entry = services[i].entry};
        NTSTATUS status;

        if (NtCrt__wcsicmp(services[i].name, service) != 0)
            continue;
        status = IopCreateDriver(service, &image, driver);
        if (NT_SUCCESS(status))
            ObReferenceObject(*driver);
        return status;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

void rig_boot(void)
{
    assert_int_equal(ntio_boot(NULL), 0);
    service_count = 0;
    rig_add_service(L"fakeport", fake_entry);
    rig_add_service(L"fakeclass", class_entry);
    IopLoadServiceCallout = load_service;
}

void rig_shutdown(void)
{
    assert_int_equal(ntio_shutdown(), 0);
}

void rig_sleep(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

    nanosleep(&time, NULL);
}

void rig_spin(unsigned *seed, unsigned most)
{
    *seed = *seed * 1103515245 + 12345;
    for (volatile unsigned i = (*seed >> 8) % most; i > 0; i--)
        ;
}

static void *thread_main(void *context)
{
    rig_thread *thread = context;

    thread->routine(thread->context);
    return NULL;
}

void rig_start(rig_thread *thread, void (*routine)(void *), void *context)
{
    thread->routine = routine;
    thread->context = context;
    assert_int_equal(pthread_create(&thread->thread, NULL, thread_main, thread), 0);
}

void rig_join(rig_thread *thread)
{
    assert_int_equal(pthread_join(thread->thread, NULL), 0);
}

PNP_STATE rig_state(const WCHAR *instance)
{
    PDEVICE_NODE node = PnpFindNode(instance);
    PNP_STATE state = PnpRemoved;

    if (node != NULL) {
        KiLock(&PnpTreeLock);
        state = node->State;
        KiUnlock(&PnpTreeLock);
        PnpDereferenceNode(node);
    }
    return state;
}

ULONG rig_problem(const WCHAR *instance)
{
    PDEVICE_NODE node = PnpFindNode(instance);
    ULONG problem;

    assert_non_null(node);
    KiLock(&PnpTreeLock);
    problem = node->Problem;
    KiUnlock(&PnpTreeLock);
    PnpDereferenceNode(node);
    return problem;
}

/* ---- programs ---- */

unsigned rig_interfaces(const GUID *guid)
{
    unsigned count = 0;
    WCHAR *list;

    assert_ok(PnpGetInterfaces(guid, NULL, &list));
    for (const WCHAR *at = list; *at != 0; at += NtCrt_wcslen(at) + 1)
        count++;
    ExFreePool(list);
    return count;
}

NTSTATUS rig_open_name(const WCHAR *name, HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING string;
    IO_STATUS_BLOCK iosb;

    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return NtCreateFile(handle, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &iosb,
                        NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
}

NTSTATUS rig_try_open(const GUID *guid, HANDLE *handle)
{
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    WCHAR *list;

    assert_ok(PnpGetInterfaces(guid, NULL, &list));
    if (*list != 0)
        status = rig_open_name(list, handle);
    ExFreePool(list);
    return status;
}

HANDLE rig_open(const GUID *guid)
{
    HANDLE handle = NULL;

    assert_ok(rig_try_open(guid, &handle));
    return handle;
}

void rig_close(HANDLE handle)
{
    assert_ok(NtClose(handle));
}

static void io_begin(rig_io *io, HANDLE handle)
{
    memset(io, 0, sizeof(*io));
    io->handle = handle;
    io->iosb.Status = STATUS_PENDING;
    assert_ok(NtCreateEvent(&io->event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
}

/* A call that failed at once may leave the status block alone. */
static NTSTATUS io_begun(rig_io *io, NTSTATUS status)
{
    if (NT_ERROR(status)) {
        io->iosb.Status = status;
        io->iosb.Information = 0;
        assert_ok(NtSetEvent(io->event, NULL));
    }
    return status;
}

NTSTATUS rig_control(rig_io *io, HANDLE handle, ULONG code, void *in, ULONG in_size, void *out,
                     ULONG out_size)
{
    io_begin(io, handle);
    return io_begun(io, NtDeviceIoControlFile(handle, io->event, NULL, NULL, &io->iosb, code, in,
                                              in_size, out, out_size));
}

NTSTATUS rig_read(rig_io *io, HANDLE handle, uint64_t offset, void *buffer, ULONG length)
{
    LARGE_INTEGER at = {.QuadPart = (LONGLONG)offset};

    io_begin(io, handle);
    return io_begun(
        io, NtReadFile(handle, io->event, NULL, NULL, &io->iosb, buffer, length, &at, NULL));
}

bool rig_io_done(rig_io *io)
{
    LARGE_INTEGER none = {.QuadPart = 0};

    return NtWaitForSingleObject(io->event, FALSE, &none) == STATUS_SUCCESS;
}

NTSTATUS rig_io_end(rig_io *io)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * RIG_WAIT};

    assert_ok(NtWaitForSingleObject(io->event, FALSE, &timeout));
    assert_ok(NtClose(io->event));
    io->event = NULL;
    return io->iosb.Status;
}

void rig_io_cancel(rig_io *io)
{
    IO_STATUS_BLOCK iosb;
    NTSTATUS status = NtCancelIoFileEx(io->handle, &io->iosb, &iosb);

    assert_true(status == STATUS_SUCCESS || status == STATUS_NOT_FOUND);
}

NTSTATUS rig_call(HANDLE handle, ULONG code, void *in, ULONG in_size, void *out, ULONG out_size,
                  ULONG_PTR *information)
{
    NTSTATUS status;
    rig_io io;

    rig_control(&io, handle, code, in, in_size, out, out_size);
    status = rig_io_end(&io);
    if (information != NULL)
        *information = io.iosb.Information;
    return status;
}

/* ---- class drivers ---- */

static NTSTATUS NTAPI srb_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    rig_srb *r = context;

    (void)device;
    r->status = irp->IoStatus.Status;
    r->information = irp->IoStatus.Information;
    KeSetEvent(&r->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

void rig_srb_prepare(rig_srb *r, PDEVICE_OBJECT device, UCHAR function, const uint8_t *cdb,
                     size_t cdb_length, enum rig_direction direction, void *buffer, ULONG length)
{
    PIO_STACK_LOCATION stack;

    memset(r, 0, sizeof(*r));
    KeInitializeEvent(&r->done, NotificationEvent, FALSE);
    r->srb.Length = sizeof(r->srb);
    r->srb.Function = function;
    r->srb.CdbLength = (UCHAR)cdb_length;
    if (cdb_length != 0)
        memcpy(r->srb.Cdb, cdb, cdb_length);
    r->srb.TimeOutValue = 10;
    r->srb.SenseInfoBuffer = r->sense;
    r->srb.SenseInfoBufferLength = sizeof(r->sense);
    r->srb.SrbFlags = direction == RIG_IN    ? SRB_FLAGS_DATA_IN
                      : direction == RIG_OUT ? SRB_FLAGS_DATA_OUT
                                             : 0;
    r->irp = IoAllocateIrp(device->StackSize, FALSE);
    assert_non_null(r->irp);
    if (direction != RIG_NONE) {
        r->srb.DataBuffer = buffer;
        r->srb.DataTransferLength = length;
        r->mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, NULL);
        assert_non_null(r->mdl);
        MmProbeAndLockPages(r->mdl, KernelMode, IoModifyAccess);
        r->irp->MdlAddress = r->mdl;
    }
    r->srb.OriginalRequest = r->irp;
    stack = IoGetNextIrpStackLocation(r->irp);
    stack->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    stack->Parameters.Scsi.Srb = &r->srb;
    r->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoSetCompletionRoutine(r->irp, srb_completed, r, TRUE, TRUE, TRUE);
}

void rig_srb_send(rig_srb *r, PDEVICE_OBJECT device)
{
    IoCallDriver(device, r->irp);
}

void rig_srb_begin(rig_srb *r, PDEVICE_OBJECT device, UCHAR function, const uint8_t *cdb,
                   size_t cdb_length, enum rig_direction direction, void *buffer, ULONG length)
{
    rig_srb_prepare(r, device, function, cdb, cdb_length, direction, buffer, length);
    rig_srb_send(r, device);
}

bool rig_srb_done(rig_srb *r)
{
    return KeReadStateEvent(&r->done) != 0;
}

NTSTATUS rig_srb_end(rig_srb *r)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * RIG_WAIT};

    assert_ok(KeWaitForSingleObject(&r->done, Executive, KernelMode, FALSE, &timeout));
    if (r->mdl != NULL) {
        MmUnlockPages(r->mdl);
        IoFreeMdl(r->mdl);
    }
    IoFreeIrp(r->irp);
    r->irp = NULL;
    return r->status;
}

/* ---- any other request ---- */

static NTSTATUS NTAPI irp_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS rig_irp(PDEVICE_OBJECT device, const IO_STACK_LOCATION *what, ULONG_PTR *information)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000LL * RIG_WAIT};
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    PIO_STACK_LOCATION stack;
    NTSTATUS status;
    KEVENT done;

    assert_non_null(irp);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = what->MajorFunction;
    stack->MinorFunction = what->MinorFunction;
    stack->Parameters = what->Parameters;
    IoSetCompletionRoutine(irp, irp_completed, &done, TRUE, TRUE, TRUE);
    if (what->MajorFunction == IRP_MJ_POWER)
        PoCallDriver(device, irp);
    else
        IoCallDriver(device, irp);
    assert_ok(KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, &timeout));
    status = irp->IoStatus.Status;
    if (information != NULL)
        *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    return status;
}

void rig_check_power(PDEVICE_OBJECT top, NTSTATUS system_control)
{
    IO_STACK_LOCATION what = {.MajorFunction = IRP_MJ_POWER, .MinorFunction = IRP_MN_QUERY_POWER};

    what.Parameters.Power.Type = DevicePowerState;
    what.Parameters.Power.State.DeviceState = PowerDeviceD3;
    assert_ok(rig_irp(top, &what, NULL));
    what.MinorFunction = IRP_MN_SET_POWER;
    assert_ok(rig_irp(top, &what, NULL));
    what.Parameters.Power.State.DeviceState = PowerDeviceD0;
    assert_ok(rig_irp(top, &what, NULL));
    memset(&what, 0, sizeof(what));
    what.MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    what.MinorFunction = 0x08; /* IRP_MN_REGINFO */
    assert_status(rig_irp(top, &what, NULL), system_control);
}
