/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <pthread.h>

rig_driver rig_bus, rig_func, rig_other, rig_lower, rig_upper;
bool rig_verbose, rig_silent;
rig_child *rig_dead;
const GUID rig_class = {
    0x6a1d2b30, 0x5c4e, 0x4f7a, {0x91, 0x22, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60}};

static rig_driver *const all_drivers[] = {&rig_bus, &rig_func, &rig_other, &rig_lower, &rig_upper};

/* ---- the log ---- */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[16384];

void rig_log(const char *format, ...)
{
    va_list arguments;
    size_t length;

    if (rig_silent)
        return;
    pthread_mutex_lock(&log_lock);
    length = strlen(log_text);
    if (length != 0 && length + 1 < sizeof(log_text))
        log_text[length++] = '|';
    va_start(arguments, format);
    vsnprintf(log_text + length, sizeof(log_text) - length, format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&log_lock);
}

void rig_clear_log(void)
{
    pthread_mutex_lock(&log_lock);
    memset(log_text, 0, sizeof(log_text));
    pthread_mutex_unlock(&log_lock);
}

void rig_assert_log_(const char *expected, const char *file, int line)
{
    bool same;

    pthread_mutex_lock(&log_lock);
    same = strcmp(log_text, expected) == 0;
    if (!same)
        print_message("# log:      %s\n# expected: %s\n", log_text, expected);
    memset(log_text, 0, sizeof(log_text));
    pthread_mutex_unlock(&log_lock);
    _assert_true(same, "log", file, line);
}

/* ---- the drivers ---- */

typedef struct extension {
    enum { EXTENSION_CHILD = 1, EXTENSION_STACK } kind;
    rig_driver *driver;
    rig_child *child;                /* of a PDO */
    PDEVICE_OBJECT self, pdo, lower; /* of a device in a stack */
    LIST_ENTRY children;             /* of a bus */
    UNICODE_STRING link;
} extension;

static KI_LOCK bus_lock; /* children, present, listed */
static PDEVICE_OBJECT bus_fdo;

static const char *minor_name(UCHAR minor)
{
    static const char *const names[] = {
        "START",       "QUERY_REMOVE", "REMOVE",    "CANCEL_REMOVE", "STOP",         "QUERY_STOP",
        "CANCEL_STOP", "RELATIONS",    "INTERFACE", "CAPABILITIES",  "RESOURCES",    "REQUIREMENTS",
        "TEXT",        "FILTER",       "0e",        "READ_CONFIG",   "WRITE_CONFIG", "EJECT",
        "LOCK",        "ID",           "STATE",     "BUS",           "USAGE",        "SURPRISE"};

    return minor < RTL_NUMBER_OF(names) ? names[minor] : "?";
}

static bool minor_is_quiet(UCHAR minor)
{
    switch (minor) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_EJECT:
    case IRP_MN_SURPRISE_REMOVAL:
        return false;
    default:
        return !rig_verbose;
    }
}

const char *rig_device_name(PDEVICE_OBJECT pdo)
{
    extension *e = pdo->DeviceExtension;

    return pdo->DriverObject == rig_bus.driver && e->kind == EXTENSION_CHILD ? e->child->name
                                                                             : "root";
}

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static PVOID pool_copy(const void *from, size_t bytes)
{
    PVOID copy = ExAllocatePoolWithTag(PagedPool, bytes, 'tseT');

    if (copy != NULL)
        memcpy(copy, from, bytes);
    return copy;
}

static size_t multi_bytes(const WCHAR *strings)
{
    const WCHAR *at = strings;

    while (*at != 0)
        at += NtCrt_wcslen(at) + 1;
    return (size_t)(at + 1 - strings) * sizeof(WCHAR);
}

static NTSTATUS answer_id(rig_child *child, BUS_QUERY_ID_TYPE type, PIRP irp)
{
    const WCHAR *text = type == BusQueryDeviceID        ? child->device_id
                        : type == BusQueryInstanceID    ? child->instance_id
                        : type == BusQueryHardwareIDs   ? child->hardware_ids
                        : type == BusQueryCompatibleIDs ? child->compatible_ids
                                                        : NULL;
    bool list = type == BusQueryHardwareIDs || type == BusQueryCompatibleIDs;

    if (text == NULL)
        return complete(irp, irp->IoStatus.Status, 0);
    return complete(irp, STATUS_SUCCESS,
                    (ULONG_PTR)pool_copy(text, list ? multi_bytes(text)
                                                    : (NtCrt_wcslen(text) + 1) * sizeof(WCHAR)));
}

/* Takes the PDO from the bus's list, with the list's reference. */
static void forget_child(rig_child *child)
{
    RemoveEntryList(&child->link);
    child->listed = false;
}

static NTSTATUS child_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    rig_child *child = ((extension *)device->DeviceExtension)->child;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PDEVICE_CAPABILITIES capabilities;
    PDEVICE_RELATIONS relations;
    bool gone;

    if (!minor_is_quiet(stack->MinorFunction))
        rig_log("pdo %s %s", minor_name(stack->MinorFunction), child->name);
    switch (stack->MinorFunction) {
    case IRP_MN_QUERY_ID:
        return answer_id(child, stack->Parameters.QueryId.IdType, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        capabilities = stack->Parameters.DeviceCapabilities.Capabilities;
        capabilities->UniqueID = child->unique;
        capabilities->RawDeviceOK = child->raw;
        capabilities->Removable = 1;
        capabilities->SurpriseRemovalOK = 1;
        capabilities->EjectSupported = 1;
        capabilities->Address = 7;
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_DEVICE_TEXT:
        if (child->description == NULL ||
            stack->Parameters.QueryDeviceText.DeviceTextType != DeviceTextDescription)
            break;
        return complete(
            irp, STATUS_SUCCESS,
            (ULONG_PTR)pool_copy(child->description,
                                 (NtCrt_wcslen(child->description) + 1) * sizeof(WCHAR)));
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        if (child->requirements == NULL)
            break;
        return complete(irp, STATUS_SUCCESS,
                        (ULONG_PTR)pool_copy(child->requirements, child->requirements->ListSize));
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type != TargetDeviceRelation)
            break;
        relations = ExAllocatePoolWithTag(PagedPool, sizeof(*relations), 'tseT');
        ObReferenceObject(device);
        relations->Count = 1;
        relations->Objects[0] = device;
        return complete(irp, STATUS_SUCCESS, (ULONG_PTR)relations);
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_EJECT:
        KiLock(&bus_lock);
        child->present = !child->ejected;
        KiUnlock(&bus_lock);
        return complete(irp, child->ejected ? STATUS_SUCCESS : STATUS_DEVICE_BUSY, 0);
    case IRP_MN_REMOVE_DEVICE:
        child->removes++;
        KiLock(&bus_lock);
        gone = !child->reported && child->listed;
        if (gone)
            forget_child(child);
        KiUnlock(&bus_lock);
        complete(irp, STATUS_SUCCESS, 0);
        if (gone)
            IoDeleteDevice(device);
        return STATUS_SUCCESS;
    default:
        break;
    }
    return complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
}

static NTSTATUS NTAPI forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS forward_and_wait(extension *e, PIRP irp)
{
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, forwarded, &done, TRUE, TRUE, TRUE);
    if (IoCallDriver(e->lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

static NTSTATUS pass(extension *e, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(e->lower, irp);
}

static void keep_resources(rig_driver *driver, PIO_STACK_LOCATION stack)
{
    PCM_RESOURCE_LIST translated = stack->Parameters.StartDevice.AllocatedResourcesTranslated;
    PCM_RESOURCE_LIST raw = stack->Parameters.StartDevice.AllocatedResources;

    driver->got_count = 0;
    if (translated == NULL || raw == NULL)
        return;
    /* By pointers to the lists: the compiler takes an array of one inside another at its word. */
    PCM_PARTIAL_RESOURCE_LIST list = &translated->List[0].PartialResourceList;
    driver->raw_level = raw->List[0].PartialResourceList.PartialDescriptors[0].u.Interrupt.Level;
    for (ULONG i = 0; i < list->Count && i < 4; i++)
        driver->got[driver->got_count++] = list->PartialDescriptors[i];
}

static NTSTATUS bus_relations(extension *e, PIRP irp)
{
    PDEVICE_RELATIONS relations;
    PLIST_ENTRY link;
    ULONG count = 0;

    relations = ExAllocatePoolWithTag(PagedPool, sizeof(*relations) + 64 * sizeof(PVOID), 'tseT');
    KiLock(&bus_lock);
    for (link = e->children.Flink; link != &e->children; link = link->Flink) {
        rig_child *child = CONTAINING_RECORD(link, rig_child, link);

        if (child->report_null)
            relations->Objects[count++] = NULL;
        child->reported = child->present;
        if (!child->present)
            continue;
        for (int i = 0; i < (child->duplicate_report ? 2 : 1); i++) {
            ObReferenceObject(child->pdo);
            relations->Objects[count++] = child->pdo;
        }
    }
    KiUnlock(&bus_lock);
    relations->Count = count;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = (ULONG_PTR)relations;
    return pass(e, irp);
}

/* The bus goes: its children go with it, whatever their state. */
static void delete_children(extension *e)
{
    for (;;) {
        rig_child *child = NULL;

        KiLock(&bus_lock);
        if (!IsListEmpty(&e->children)) {
            child = CONTAINING_RECORD(e->children.Flink, rig_child, link);
            forget_child(child);
        }
        KiUnlock(&bus_lock);
        if (child == NULL)
            return;
        IoDeleteDevice(child->pdo);
    }
}

static NTSTATUS filter_requirements(extension *e, PIRP irp)
{
    NTSTATUS status = forward_and_wait(e, irp);
    ULONG_PTR information = irp->IoStatus.Information;

    if (e->driver->filtered != NULL) {
        if (information != 0)
            ExFreePool((PVOID)information);
        information = (ULONG_PTR)pool_copy(e->driver->filtered, e->driver->filtered->ListSize);
        status = STATUS_SUCCESS;
    }
    return complete(irp, status, information);
}

static NTSTATUS start_device(extension *e, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status;

    keep_resources(e->driver, stack);
    status = forward_and_wait(e, irp);
    if (NT_SUCCESS(status))
        status = e->driver->start;
    if (NT_SUCCESS(status)) {
        e->driver->starts++;
        if (e->link.Buffer != NULL)
            IoSetDeviceInterfaceState(&e->link, TRUE);
        if (e->driver->opens_at_start) {
            HANDLE handle;

            e->driver->opened_at_start = rig_open_device(e->pdo, &handle);
            if (NT_SUCCESS(e->driver->opened_at_start))
                ZwClose(handle);
        }
    }
    return complete(irp, status, 0);
}

static void interface_off(extension *e)
{
    if (e->link.Buffer != NULL && !e->driver->leaves_interface)
        (void)IoSetDeviceInterfaceState(&e->link, FALSE);
}

static NTSTATUS remove_device(extension *e, PIRP irp)
{
    PDEVICE_OBJECT self = e->self;
    NTSTATUS status;

    e->driver->removes++;
    interface_off(e);
    irp->IoStatus.Status = STATUS_SUCCESS;
    status = pass(e, irp);
    if (e->driver->is_bus) {
        delete_children(e);
        bus_fdo = NULL;
    }
    IoDetachDevice(e->lower);
    if (e->link.Buffer != NULL)
        RtlFreeUnicodeString(&e->link);
    IoDeleteDevice(self);
    return status;
}

static NTSTATUS removal_relations(extension *e, PIRP irp)
{
    PDEVICE_RELATIONS relations;

    if (e->driver->removal_relation == NULL)
        return pass(e, irp);
    relations = ExAllocatePoolWithTag(PagedPool, sizeof(*relations), 'tseT');
    ObReferenceObject(e->driver->removal_relation);
    relations->Count = 1;
    relations->Objects[0] = e->driver->removal_relation;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = (ULONG_PTR)relations;
    return pass(e, irp);
}

static NTSTATUS stack_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (!minor_is_quiet(stack->MinorFunction))
        rig_log("%s %s %s", e->driver->name, minor_name(stack->MinorFunction),
                rig_device_name(e->pdo));
    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start_device(e, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove_device(e, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        interface_off(e);
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(e, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
        if (!NT_SUCCESS(e->driver->query_remove))
            return complete(irp, e->driver->query_remove, 0);
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(e, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        if (!NT_SUCCESS(e->driver->query_stop))
            return complete(irp, e->driver->query_stop, 0);
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(e, irp);
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(e, irp);
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return filter_requirements(e, irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        if (e->driver->state != 0) {
            irp->IoStatus.Status = STATUS_SUCCESS;
            irp->IoStatus.Information |= e->driver->state;
        }
        return pass(e, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (e->driver->is_bus && stack->Parameters.QueryDeviceRelations.Type == BusRelations)
            return bus_relations(e, irp);
        if (stack->Parameters.QueryDeviceRelations.Type == RemovalRelations)
            return removal_relations(e, irp);
        return pass(e, irp);
    default:
        return pass(e, irp);
    }
}

static NTSTATUS NTAPI dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;

    return e->kind == EXTENSION_CHILD ? child_pnp(device, irp) : stack_pnp(device, irp);
}

static NTSTATUS NTAPI dispatch_file(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (e->driver != NULL && stack->MajorFunction == IRP_MJ_CREATE) {
        USHORT bytes = stack->FileObject->FileName.Length;

        e->driver->creates++;
        if (bytes != 0 && bytes < sizeof(e->driver->opened)) {
            memset(e->driver->opened, 0, sizeof(e->driver->opened));
            memcpy(e->driver->opened, stack->FileObject->FileName.Buffer, bytes);
        }
    } else if (e->driver != NULL && stack->MajorFunction == IRP_MJ_CLOSE) {
        e->driver->closes++;
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

static rig_driver *driver_of(PDRIVER_OBJECT driver)
{
    for (size_t i = 0; i < RTL_NUMBER_OF(all_drivers); i++) {
        if (all_drivers[i]->driver == driver)
            return all_drivers[i];
    }
    return NULL;
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    rig_driver *d = driver_of(driver);
    PDEVICE_OBJECT device;
    extension *e;
    NTSTATUS status;

    rig_log("%s ADD %s", d->name, rig_device_name(pdo));
    if (PsGetCurrentProcess() != PsInitialSystemProcess)
        rig_log("not in the System process");
    d->adds++;
    if (!NT_SUCCESS(d->add))
        return d->add;
    status =
        IoCreateDevice(driver, sizeof(extension), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    e = device->DeviceExtension;
    memset(e, 0, sizeof(*e));
    e->kind = EXTENSION_STACK;
    e->driver = d;
    e->self = device;
    e->pdo = pdo;
    InitializeListHead(&e->children);
    if (!d->no_interface) {
        UNICODE_STRING reference;

        RtlInitUnicodeString(&reference, d->reference);
        status = IoRegisterDeviceInterface(pdo, &rig_class,
                                           d->reference != NULL ? &reference : NULL, &e->link);
        if (!NT_SUCCESS(status)) {
            IoDeleteDevice(device);
            return status;
        }
        d->link = e->link;
    }
    e->lower = IoAttachDeviceToDeviceStack(device, pdo);
    if (e->lower == NULL) {
        if (e->link.Buffer != NULL)
            RtlFreeUnicodeString(&e->link);
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    if (d->is_bus)
        bus_fdo = device;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    rig_driver *d = driver_of(driver);

    rig_log("%s UNLOAD", d->name);
    d->unloads++;
    d->driver = NULL;
}

static NTSTATUS entry(rig_driver *d, PDRIVER_OBJECT driver)
{
    if (!NT_SUCCESS(d->load))
        return d->load;
    d->driver = driver;
    d->loads++;
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch_file;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch_file;
    driver->MajorFunction[IRP_MJ_CLEANUP] = dispatch_file;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

/* DriverEntry has no context: one for each service. */
#define RIG_ENTRY(which)                                                                           \
    static NTSTATUS NTAPI entry_##which(PDRIVER_OBJECT driver, PUNICODE_STRING path)               \
    {                                                                                              \
        (void)path;                                                                                \
        return entry(&rig_##which, driver);                                                        \
    }
RIG_ENTRY(bus)
RIG_ENTRY(func)
RIG_ENTRY(other)
RIG_ENTRY(lower)
RIG_ENTRY(upper)

static NTSTATUS load_service(const WCHAR *service, PDRIVER_OBJECT *driver)
{
    static const PDRIVER_INITIALIZE entries[] = {entry_bus, entry_func, entry_other, entry_lower,
                                                 entry_upper};
    NTSTATUS status;

    for (size_t i = 0; i < RTL_NUMBER_OF(all_drivers); i++) {
        if (NtCrt__wcsicmp(all_drivers[i]->service, service) != 0)
            continue;
        IOP_DRIVER_IMAGE image = {.Entry = entries[i]};

        status = IopCreateDriver(service, &image, driver);
        if (NT_SUCCESS(status))
            ObReferenceObject(*driver);
        return status;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* ---- the test's side ---- */

void rig_use(void)
{
    static const struct {
        rig_driver *driver;
        const WCHAR *service;
        const char *name;
    } names[] = {{&rig_bus, L"rigbus", "bus"},
                 {&rig_func, L"rigfunc", "func"},
                 {&rig_other, L"rigother", "other"},
                 {&rig_lower, L"riglower", "lower"},
                 {&rig_upper, L"rigupper", "upper"}};

    for (size_t i = 0; i < RTL_NUMBER_OF(names); i++) {
        memset(names[i].driver, 0, sizeof(*names[i].driver));
        names[i].driver->service = names[i].service;
        names[i].driver->name = names[i].name;
    }
    rig_bus.is_bus = true;
    rig_bus.no_interface = rig_lower.no_interface = rig_upper.no_interface = true;
    rig_verbose = false;
    bus_fdo = NULL;
    rig_clear_log();
    IopLoadServiceCallout = load_service;
}

int rig_boot(void **state)
{
    (void)state;
    if (ntio_boot(NULL) != 0)
        return -1;
    rig_use();
    return 0;
}

int rig_shutdown(void **state)
{
    (void)state;
    return ntio_shutdown() == 0 ? 0 : -1;
}

void rig_make_bus(WCHAR path[128])
{
    assert_status(PnpCreateRootDevice(L"RIG", L"Root\\RigBus\0", L"rigbus", path, 128),
                  STATUS_SUCCESS);
    assert_non_null(bus_fdo);
}

PDEVICE_OBJECT rig_bus_pdo(void)
{
    return ((extension *)bus_fdo->DeviceExtension)->pdo;
}

void rig_plug_later(rig_child *child)
{
    extension *bus = bus_fdo->DeviceExtension, *e;
    PDEVICE_OBJECT pdo;

    assert_status(IoCreateDevice(rig_bus.driver, sizeof(extension), NULL, FILE_DEVICE_UNKNOWN,
                                 child->no_name ? 0 : FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &pdo),
                  STATUS_SUCCESS);
    e = pdo->DeviceExtension;
    memset(e, 0, sizeof(*e));
    e->kind = EXTENSION_CHILD;
    e->child = child;
    child->pdo = pdo;
    child->removes = 0;
    pdo->Flags &= ~DO_DEVICE_INITIALIZING;
    KiLock(&bus_lock);
    child->present = child->listed = true;
    child->reported = false;
    InsertTailList(&bus->children, &child->link);
    KiUnlock(&bus_lock);
    IoInvalidateDeviceRelations(bus->pdo, BusRelations);
}

void rig_unplug_later(rig_child *child)
{
    KiLock(&bus_lock);
    child->present = false;
    KiUnlock(&bus_lock);
    IoInvalidateDeviceRelations(rig_bus_pdo(), BusRelations);
}

void rig_plug(rig_child *child)
{
    rig_plug_later(child);
    PnpSettle();
}

void rig_unplug(rig_child *child)
{
    rig_unplug_later(child);
    PnpSettle();
}

typedef struct search {
    PDEVICE_OBJECT pdo;
    WCHAR *path;
    bool found;
} search;

static VOID find_path(PDEVICE_NODE node, ULONG depth, PVOID context)
{
    search *s = context;

    (void)depth;
    if (node->PhysicalDeviceObject != s->pdo || node->InstancePath == NULL)
        return;
    NtCrt_wcsncpy(s->path, node->InstancePath, 255);
    s->path[255] = 0;
    s->found = true;
}

void rig_path(rig_child *child, WCHAR path[256])
{
    search s = {child->pdo, path, false};

    PnpEnumerateNodes(find_path, &s);
    assert_true(s.found);
}

PNP_STATE rig_state(const WCHAR *path)
{
    PDEVICE_NODE node = PnpFindNode(path);
    PNP_STATE state = PnpRemoved;

    if (node != NULL) {
        state = node->State;
        PnpDereferenceNode(node);
    }
    return state;
}

ULONG rig_problem(const WCHAR *path, NTSTATUS *status)
{
    PDEVICE_NODE node = PnpFindNode(path);
    ULONG problem;

    assert_non_null(node);
    problem = node->Problem;
    if (status != NULL)
        *status = node->ProblemStatus;
    PnpDereferenceNode(node);
    return problem;
}

PDEVICE_OBJECT rig_pdo_of(const WCHAR *path)
{
    PDEVICE_NODE node = PnpFindNode(path);
    PDEVICE_OBJECT pdo;

    assert_non_null(node);
    pdo = node->PhysicalDeviceObject;
    PnpDereferenceNode(node);
    return pdo;
}

NTSTATUS rig_open(const WCHAR *name, HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK status;
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    return ZwOpenFile(handle, FILE_GENERIC_READ, &attributes, &status,
                      FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_SYNCHRONOUS_IO_NONALERT);
}

NTSTATUS rig_open_device(PDEVICE_OBJECT device, HANDLE *handle)
{
    WCHAR name[128];
    ULONG length;
    NTSTATUS status = IoGetDeviceProperty(device, DevicePropertyPhysicalDeviceObjectName,
                                          sizeof(name), name, &length);

    return NT_SUCCESS(status) ? rig_open(name, handle) : status;
}

PFILE_OBJECT rig_file_of(HANDLE handle)
{
    PVOID file;

    assert_status(ObReferenceObjectByHandle(handle, 0, *IoFileObjectType, KernelMode, &file, NULL),
                  STATUS_SUCCESS);
    return file;
}
