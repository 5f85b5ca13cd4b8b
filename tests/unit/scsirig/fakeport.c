/* SPDX-License-Identifier: MIT */
/* fakeport.c - the adapter: a bus whose devices are plugged by the test. What its devices answer is
 * in fakedrive.c. */
#include "rig.h"
#include "rigp.h"

#define TAG 'ekaF'

typedef struct extension {
    bool is_lun;
    fake_lun *lun;
    PDEVICE_OBJECT self, pdo, lower;
} extension;

static pthread_mutex_t bus_lock =
    PTHREAD_MUTEX_INITIALIZER; /* children, present, reported, listed */
static LIST_ENTRY children;
static PDEVICE_OBJECT bus_pdo;
static PDRIVER_OBJECT bus_driver;

NTSTATUS fake_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static PVOID pool_copy(const void *from, size_t bytes)
{
    PVOID copy = ExAllocatePoolWithTag(PagedPool, bytes, TAG);

    assert_non_null(copy);
    memcpy(copy, from, bytes);
    return copy;
}

static size_t text_bytes(const WCHAR *text, bool list)
{
    const WCHAR *at = text;

    if (!list)
        return (NtCrt_wcslen(text) + 1) * sizeof(WCHAR);
    while (*at != 0)
        at += NtCrt_wcslen(at) + 1;
    return (size_t)(at + 1 - text) * sizeof(WCHAR);
}

/* ---- held IRPs ---- */

static VOID NTAPI cancel_held(PDEVICE_OBJECT device, PIRP irp)
{
    fake_lun *lun = irp->Tail.Overlay.DriverContext[0];
    KIRQL irql;

    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&lun->queue_lock, &irql);
    if (irp->Tail.Overlay.DriverContext[1] == NULL) {
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        lun->held_count--;
    }
    KeReleaseSpinLock(&lun->queue_lock, irql);
    lun->cancelled++;
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
        fake_complete_srb(irp, STATUS_CANCELLED, SRB_STATUS_ABORTED, 0, 0);
    else
        fake_complete(irp, STATUS_CANCELLED, 0);
}

NTSTATUS fake_hold(fake_lun *lun, PIRP irp)
{
    bool cancelled;
    KIRQL irql;

    irp->Tail.Overlay.DriverContext[0] = lun;
    irp->Tail.Overlay.DriverContext[1] = NULL;
    IoMarkIrpPending(irp);
    KeAcquireSpinLock(&lun->queue_lock, &irql);
    (void)IoSetCancelRoutine(irp, cancel_held);
    cancelled = irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL;
    if (!cancelled) {
        InsertTailList(&lun->held, &irp->Tail.Overlay.ListEntry);
        lun->held_count++;
    }
    KeReleaseSpinLock(&lun->queue_lock, irql);
    if (cancelled) {
        lun->cancelled++;
        if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
            fake_complete_srb(irp, STATUS_CANCELLED, SRB_STATUS_ABORTED, 0, 0);
        else
            fake_complete(irp, STATUS_CANCELLED, 0);
    }
    return STATUS_PENDING;
}

PIRP fake_take(fake_lun *lun)
{
    PIRP irp = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&lun->queue_lock, &irql);
    while (irp == NULL && !IsListEmpty(&lun->held)) {
        irp = CONTAINING_RECORD(RemoveHeadList(&lun->held), IRP, Tail.Overlay.ListEntry);
        lun->held_count--;
        if (IoSetCancelRoutine(irp, NULL) == NULL) {
            irp->Tail.Overlay.DriverContext[1] =
                irp; /* its routine has it, and is to leave the list alone */
            irp = NULL;
        }
    }
    KeReleaseSpinLock(&lun->queue_lock, irql);
    return irp;
}

NTSTATUS fake_hold_srb(fake_lun *lun, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    return fake_hold(lun, irp);
}

NTSTATUS fake_hold_ioctl(fake_lun *lun, PIRP irp, PIO_STACK_LOCATION stack)
{
    (void)stack;
    return fake_hold(lun, irp);
}

/* ---- the record ---- */

static void record(fake_lun *lun, const fake_record *what)
{
    pthread_mutex_lock(&lun->lock);
    if (lun->record_count < FAKE_RECORDS)
        lun->records[lun->record_count] = *what;
    lun->record_count++;
    pthread_mutex_unlock(&lun->lock);
}

unsigned fake_count(fake_lun *lun)
{
    unsigned count;

    pthread_mutex_lock(&lun->lock);
    count = lun->record_count;
    pthread_mutex_unlock(&lun->lock);
    return count;
}

fake_record fake_recorded(fake_lun *lun, unsigned index)
{
    fake_record found;

    pthread_mutex_lock(&lun->lock);
    assert_true(index < lun->record_count && index < FAKE_RECORDS);
    found = lun->records[index];
    pthread_mutex_unlock(&lun->lock);
    return found;
}

void fake_clear(fake_lun *lun)
{
    pthread_mutex_lock(&lun->lock);
    lun->record_count = 0;
    pthread_mutex_unlock(&lun->lock);
}

unsigned fake_count_of(fake_lun *lun, UCHAR operation)
{
    unsigned count = 0;

    pthread_mutex_lock(&lun->lock);
    for (unsigned i = 0; i < lun->record_count && i < FAKE_RECORDS; i++)
        count += lun->records[i].major == IRP_MJ_INTERNAL_DEVICE_CONTROL &&
                 lun->records[i].function == SRB_FUNCTION_EXECUTE_SCSI &&
                 lun->records[i].cdb[0] == operation;
    pthread_mutex_unlock(&lun->lock);
    return count;
}

/* ---- requests to a device ---- */

static NTSTATUS NTAPI dispatch_internal(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;
    PSCSI_REQUEST_BLOCK srb = IoGetCurrentIrpStackLocation(irp)->Parameters.Scsi.Srb;
    fake_record what = {.major = IRP_MJ_INTERNAL_DEVICE_CONTROL};

    if (!e->is_lun)
        return fake_complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    what.function = srb->Function;
    what.flags = srb->SrbFlags;
    what.length = srb->DataTransferLength;
    memcpy(what.cdb, srb->Cdb, sizeof(what.cdb));
    record(e->lun, &what);
    e->lun->srbs++;
    if (e->lun->gone)
        return fake_complete_srb(irp, STATUS_NO_SUCH_DEVICE, SRB_STATUS_NO_DEVICE, 0, 0);
    return e->lun->on_srb(e->lun, irp, srb);
}

static NTSTATUS NTAPI dispatch_control(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    fake_record what = {.major = IRP_MJ_DEVICE_CONTROL,
                        .code = stack->Parameters.DeviceIoControl.IoControlCode,
                        .input = stack->Parameters.DeviceIoControl.InputBufferLength,
                        .output = stack->Parameters.DeviceIoControl.OutputBufferLength};

    if (!e->is_lun)
        return fake_complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    record(e->lun, &what);
    e->lun->ioctls++;
    return e->lun->on_ioctl(e->lun, irp, stack);
}

static NTSTATUS NTAPI dispatch_open(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return fake_complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;

    PoStartNextPowerIrp(irp);
    if (e->is_lun)
        return fake_complete(irp, STATUS_SUCCESS, 0);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(e->lower, irp);
}

static NTSTATUS NTAPI dispatch_system_control(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;

    if (e->is_lun)
        return fake_complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(e->lower, irp);
}

/* ---- plug and play ---- */

static NTSTATUS lun_id(fake_lun *lun, PIRP irp, ULONG type)
{
    static const WCHAR *const drive[6] = {L"FAKE\\CdRom", L"FAKE\\CdRom\0GenCdRom\0",
                                          L"FAKE\\RAW\0"};
    const WCHAR *text = NULL;
    bool list = type == BusQueryHardwareIDs || type == BusQueryCompatibleIDs;

    if (type < 6 && lun->id_status[type] != 0)
        return fake_complete(irp, lun->id_status[type], 0);
    if (type < 6)
        text = lun->ids[type] != NULL       ? lun->ids[type]
               : type == BusQueryInstanceID ? lun->instance
                                            : drive[type];
    if (text == NULL)
        return fake_complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
    return fake_complete(irp, STATUS_SUCCESS, (ULONG_PTR)pool_copy(text, text_bytes(text, list)));
}

static NTSTATUS lun_pnp(fake_lun *lun, PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PDEVICE_CAPABILITIES capabilities;
    PDEVICE_RELATIONS relations;
    bool gone;

    switch (stack->MinorFunction) {
    case IRP_MN_QUERY_ID:
        return lun_id(lun, irp, stack->Parameters.QueryId.IdType);
    case IRP_MN_QUERY_DEVICE_TEXT: {
        ULONG type = stack->Parameters.QueryDeviceText.DeviceTextType;

        if (type > 1 || lun->texts[type] == NULL)
            break;
        return fake_complete(
            irp, STATUS_SUCCESS,
            (ULONG_PTR)pool_copy(lun->texts[type], text_bytes(lun->texts[type], false)));
    }
    case IRP_MN_QUERY_CAPABILITIES:
        capabilities = stack->Parameters.DeviceCapabilities.Capabilities;
        capabilities->UniqueID = TRUE;
        capabilities->Removable = TRUE;
        capabilities->EjectSupported = TRUE;
        capabilities->RawDeviceOK = TRUE;
        capabilities->Address = 3;
        return fake_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type != TargetDeviceRelation)
            break;
        relations = ExAllocatePoolWithTag(PagedPool, sizeof(*relations), TAG);
        assert_non_null(relations);
        ObReferenceObject(device);
        relations->Count = 1;
        relations->Objects[0] = device;
        return fake_complete(irp, STATUS_SUCCESS, (ULONG_PTR)relations);
    case IRP_MN_START_DEVICE:
        lun->starts++;
        return fake_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_SURPRISE_REMOVAL:
        lun->surprises++;
        return fake_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
        return fake_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_REMOVE_DEVICE:
        lun->removes++;
        pthread_mutex_lock(&bus_lock);
        gone = !lun->reported && lun->listed;
        if (gone) {
            RemoveEntryList(&lun->link);
            lun->listed = false;
        }
        pthread_mutex_unlock(&bus_lock);
        fake_complete(irp, STATUS_SUCCESS, 0);
        if (gone)
            IoDeleteDevice(device);
        return STATUS_SUCCESS;
    default:
        break;
    }
    return fake_complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
}

static NTSTATUS bus_relations(extension *e, PIRP irp)
{
    PDEVICE_RELATIONS relations =
        ExAllocatePoolWithTag(PagedPool, sizeof(*relations) + 16 * sizeof(PVOID), TAG);

    assert_non_null(relations);
    relations->Count = 0;
    pthread_mutex_lock(&bus_lock);
    for (PLIST_ENTRY link = children.Flink; link != &children; link = link->Flink) {
        fake_lun *lun = CONTAINING_RECORD(link, fake_lun, link);

        lun->reported = lun->present;
        if (!lun->present)
            continue;
        ObReferenceObject(lun->device);
        relations->Objects[relations->Count++] = lun->device;
    }
    pthread_mutex_unlock(&bus_lock);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = (ULONG_PTR)relations;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(e->lower, irp);
}

static void delete_children(void)
{
    for (;;) {
        fake_lun *lun = NULL;

        pthread_mutex_lock(&bus_lock);
        if (!IsListEmpty(&children)) {
            lun = CONTAINING_RECORD(RemoveHeadList(&children), fake_lun, link);
            lun->listed = false;
        }
        pthread_mutex_unlock(&bus_lock);
        if (lun == NULL)
            return;
        IoDeleteDevice(lun->device);
    }
}

static NTSTATUS NTAPI dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PDEVICE_OBJECT lower = e->lower;
    NTSTATUS status;

    if (e->is_lun)
        return lun_pnp(e->lun, device, irp);
    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        if (!IoForwardIrpSynchronously(lower, irp))
            return fake_complete(irp, STATUS_UNSUCCESSFUL, 0);
        return fake_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type == BusRelations)
            return bus_relations(e, irp);
        break;
    case IRP_MN_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(irp);
        status = IoCallDriver(lower, irp);
        delete_children();
        bus_pdo = NULL;
        IoDetachDevice(lower);
        IoDeleteDevice(device);
        return status;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    default:
        break;
    }
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    extension *e;

    assert_ok(IoCreateDevice(driver, sizeof(*e), NULL, FILE_DEVICE_CONTROLLER, 0, FALSE, &device));
    e = device->DeviceExtension;
    e->self = device;
    e->pdo = bus_pdo = pdo;
    e->lower = IoAttachDeviceToDeviceStack(device, pdo);
    assert_non_null(e->lower);
    InitializeListHead(&children);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    bus_driver = NULL;
}

NTSTATUS NTAPI fake_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    bus_driver = driver;
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch_open;
    driver->MajorFunction[IRP_MJ_CLEANUP] = dispatch_open;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch_open;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_control;
    driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = dispatch_internal;
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_system_control;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

/* ---- the test's side ---- */

void fake_start(void)
{
    WCHAR path[128];

    assert_ok(PnpCreateRootDevice(L"FAKEPORT", L"Root\\FakePort\0", L"fakeport", path, 128));
    assert_non_null(bus_pdo);
}

void fake_init(fake_lun *lun, const WCHAR *instance)
{
    memset(lun, 0, sizeof(*lun));
    lun->instance = instance;
    lun->maximum_transfer = 65536;
    lun->maximum_pages = 257;
    lun->on_srb = fake_drive;
    lun->on_ioctl = fake_properties;
    lun->disc = (fake_disc){.present = true, .medium = 1, .blocks = 1000};
    pthread_mutex_init(&lun->lock, NULL);
    KeInitializeSpinLock(&lun->queue_lock);
    InitializeListHead(&lun->held);
}

void fake_plug(fake_lun *lun)
{
    PDEVICE_OBJECT pdo;
    extension *e;

    assert_ok(IoCreateDevice(bus_driver, sizeof(*e), NULL, FILE_DEVICE_MASS_STORAGE,
                             FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &pdo));
    e = pdo->DeviceExtension;
    e->is_lun = true;
    e->lun = lun;
    e->self = pdo;
    ObReferenceObject(pdo);
    lun->pdo = lun->device = pdo;
    pdo->Flags |= DO_DIRECT_IO;
    pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    pthread_mutex_lock(&bus_lock);
    lun->present = lun->listed = true;
    lun->reported = false;
    InsertTailList(&children, &lun->link);
    pthread_mutex_unlock(&bus_lock);
    IoInvalidateDeviceRelations(bus_pdo, BusRelations);
    PnpSettle();
}

void fake_unplug_later(fake_lun *lun)
{
    pthread_mutex_lock(&bus_lock);
    lun->present = false;
    pthread_mutex_unlock(&bus_lock);
    IoInvalidateDeviceRelations(bus_pdo, BusRelations);
}

void fake_unplug(fake_lun *lun)
{
    fake_unplug_later(lun);
    PnpSettle();
}

void fake_forget(fake_lun *lun)
{
    ObDereferenceObject(lun->pdo);
    lun->pdo = NULL;
}

static VOID find_path(PDEVICE_NODE node, ULONG depth, PVOID context)
{
    fake_lun *lun = context;

    (void)depth;
    if (node->PhysicalDeviceObject != lun->pdo || node->InstancePath == NULL)
        return;
    NtCrt_wcsncpy(lun->path, node->InstancePath, RTL_NUMBER_OF(lun->path) - 1);
}

const WCHAR *fake_path(fake_lun *lun)
{
    lun->path[0] = 0;
    PnpEnumerateNodes(find_path, lun);
    assert_int_not_equal(lun->path[0], 0);
    return lun->path;
}

NTSTATUS fake_pnp(fake_lun *lun, UCHAR minor)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(lun->pdo);
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    KEVENT event;
    NTSTATUS status;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &event, &iosb);
    assert_non_null(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = minor;
    status = IoCallDriver(top, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = iosb.Status;
    }
    ObDereferenceObject(top);
    return status;
}
