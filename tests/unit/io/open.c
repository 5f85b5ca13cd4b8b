/* SPDX-License-Identifier: MIT */
/* Devices and drivers: names, opening, sharing, CLEANUP and CLOSE, deleting, unloading. */
#include "tests/unit/io/iotest.h"

#include <stdlib.h>
#include <unistd.h>

#define ACCESS (GENERIC_READ | SYNCHRONIZE)

static PDRIVER_OBJECT driver;

static int setup(void **state)
{
    host_setup(state);
    driver = test_driver(L"open");
    return 0;
}

static int count(PDEVICE_OBJECT device, UCHAR major)
{
    return atomic_load(&ext(device)->count[major]);
}

static void cleanup_with_the_last_handle_close_with_the_last_reference(void **state)
{
    PDEVICE_OBJECT device = test_device_make(driver, L"\\Device\\Counts", 0);
    HANDLE handle, second;
    PVOID file;
    (void)state;
    assert_ok(test_open(L"\\Device\\Counts", ACCESS, 0, 0, &handle));
    assert_int_equal(device->ReferenceCount, 1);
    assert_int_equal(IopOpenCountOfStack(device), 1);
    assert_ok(ObReferenceObjectByHandle(handle, 0, IopFileType, KernelMode, &file, NULL));
    assert_ok(ObpCreateHandle(file, ACCESS, 0, &second));
    assert_ok(NtClose(handle));
    assert_int_equal(count(device, IRP_MJ_CLEANUP), 0);
    assert_ok(NtClose(second));
    assert_int_equal(count(device, IRP_MJ_CLEANUP), 1);
    assert_int_equal(count(device, IRP_MJ_CLOSE), 0);
    assert_int_equal(device->ReferenceCount, 1);
    assert_true(((PFILE_OBJECT)file)->Flags & FO_CLEANUP_COMPLETE);
    ObDereferenceObject(file);
    assert_int_equal(count(device, IRP_MJ_CLOSE), 1);
    assert_int_equal(device->ReferenceCount, 0);
    test_device_delete(device);
}

static void a_refused_create_has_no_end(void **state)
{
    PDEVICE_OBJECT device = test_device_make(driver, L"\\Device\\Refuses", 0);
    HANDLE handle;
    (void)state;
    ext(device)->create_status = STATUS_DEVICE_NOT_READY;
    assert_status(test_open(L"\\Device\\Refuses", ACCESS, 0, 0, &handle), STATUS_DEVICE_NOT_READY);
    assert_int_equal(count(device, IRP_MJ_CREATE), 1);
    assert_int_equal(count(device, IRP_MJ_CLEANUP), 0);
    assert_int_equal(count(device, IRP_MJ_CLOSE), 0);
    assert_int_equal(device->ReferenceCount, 0);
    test_device_delete(device);
}

static WCHAR seen_name[64];
static ULONG seen_options;
static USHORT seen_share;
static ACCESS_MASK seen_access;
static PFILE_OBJECT seen_related;
static NTSTATUS NTAPI look_at_create(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    memset(seen_name, 0, sizeof(seen_name));
    if (stack->FileObject->FileName.Length != 0)
        memcpy(seen_name, stack->FileObject->FileName.Buffer, stack->FileObject->FileName.Length);
    seen_options = stack->Parameters.Create.Options;
    seen_share = stack->Parameters.Create.ShareAccess;
    seen_access = stack->Parameters.Create.SecurityContext->DesiredAccess;
    seen_related = stack->FileObject->RelatedFileObject;
    assert_ptr_equal(irp->Tail.Overlay.OriginalFileObject, stack->FileObject);
    return finish(irp, STATUS_SUCCESS, FILE_CREATED);
}

static void what_create_sees(void **state)
{
    PDEVICE_OBJECT device = test_device_make(driver, L"\\Device\\Names", 0);
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    UNICODE_STRING name;
    HANDLE handle, below;
    PVOID file;
    (void)state;
    ext(device)->dispatch[IRP_MJ_CREATE] = look_at_create;
    RtlInitUnicodeString(&name, L"\\Device\\Names\\a\\b.c");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_ok(NtCreateFile(&handle, GENERIC_READ | SYNCHRONIZE, &attributes, &io, NULL, 0,
                           FILE_SHARE_READ, FILE_OPEN_IF, FILE_SYNCHRONOUS_IO_ALERT, NULL, 0));
    assert_int_equal(io.Information, FILE_CREATED);
    assert_int_equal(NtCrt_wcscmp(seen_name, L"\\a\\b.c"), 0);
    assert_int_equal(seen_options, (FILE_OPEN_IF << 24) | FILE_SYNCHRONOUS_IO_ALERT);
    assert_int_equal(seen_share, FILE_SHARE_READ);
    assert_int_equal(seen_access, FILE_GENERIC_READ | SYNCHRONIZE);
    assert_null(seen_related);
    assert_ok(ObReferenceObjectByHandle(handle, 0, IopFileType, KernelMode, &file, NULL));
    assert_int_equal(((PFILE_OBJECT)file)->Flags & (FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO),
                     FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO);
    assert_ok(ObpQueryName(file, &name));
    assert_int_equal(NtCrt_wcscmp(name.Buffer, L"\\Device\\Names\\a\\b.c"), 0);
    ExFreePool(name.Buffer);
    /* Relative to the open file. */
    RtlInitUnicodeString(&name, L"more");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, handle, NULL);
    assert_ok(NtOpenFile(&below, ACCESS, &attributes, &io, 0, 0));
    assert_int_equal(NtCrt_wcscmp(seen_name, L"more"), 0);
    assert_ptr_equal(seen_related, file);
    ObDereferenceObject(file);
    assert_ok(NtClose(below));
    assert_ok(NtClose(handle));
    test_device_delete(device);
}

static PIRP kept;
static NTSTATUS NTAPI keep(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    __atomic_store_n(&kept, irp, __ATOMIC_RELEASE);
    return STATUS_PENDING;
}
static void finish_kept(void *context)
{
    while (__atomic_load_n(&kept, __ATOMIC_ACQUIRE) == NULL)
        usleep(500);
    finish(__atomic_exchange_n(&kept, NULL, __ATOMIC_ACQ_REL), *(NTSTATUS *)context, FILE_OPENED);
}
static void create_may_pend(void **state)
{
    PDEVICE_OBJECT device = test_device_make(driver, L"\\Device\\Pends", 0);
    NTSTATUS statuses[] = {STATUS_SUCCESS, STATUS_DEVICE_NOT_READY};
    (void)state;
    ext(device)->dispatch[IRP_MJ_CREATE] = keep;
    ext(device)->dispatch[IRP_MJ_CLEANUP] = keep;
    for (int i = 0; i < 2; i++) {
        test_thread thread;
        HANDLE handle = NULL;
        test_start(&thread, finish_kept, &statuses[i]);
        assert_status(test_open(L"\\Device\\Pends", ACCESS, 0, 0, &handle), statuses[i]);
        test_join(&thread);
        if (handle != NULL) {
            test_start(&thread, finish_kept, &statuses[i]);
            assert_ok(NtClose(handle));
            test_join(&thread);
        }
    }
    assert_int_equal(count(device, IRP_MJ_CLOSE), 1);
    assert_int_equal(device->ReferenceCount, 0);
    test_device_delete(device);
}

static void who_may_not_be_opened(void **state)
{
    PDEVICE_OBJECT device =
        test_device_make_type(driver, L"\\Device\\One", 0, FILE_DEVICE_UNKNOWN, TRUE);
    HANDLE first, second;
    (void)state;
    assert_ok(test_open(L"\\Device\\One", ACCESS, 7, 0, &first));
    assert_status(test_open(L"\\Device\\One", ACCESS, 7, 0, &second), STATUS_ACCESS_DENIED);
    assert_ok(NtClose(first));
    assert_ok(test_open(L"\\Device\\One", ACCESS, 7, 0, &first));
    assert_ok(NtClose(first));

    device->Flags |= DO_DEVICE_INITIALIZING;
    assert_status(test_open(L"\\Device\\One", ACCESS, 0, 0, &first), STATUS_NO_SUCH_DEVICE);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    IopDeviceExtension(device)->RemovePending = TRUE;
    assert_status(test_open(L"\\Device\\One", ACCESS, 0, 0, &first), STATUS_DELETE_PENDING);
    IopDeviceExtension(device)->RemovePending = FALSE;
    assert_status(test_open(L"\\Device\\Nothing", ACCESS, 0, 0, &first),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(test_open(L"\\Nowhere\\Nothing", ACCESS, 0, 0, &first),
                  STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(test_open(L"\\Device", ACCESS, 0, 0, &first), STATUS_OBJECT_TYPE_MISMATCH);
    test_device_delete(device);
    assert_status(test_open(L"\\Device\\One", ACCESS, 0, 0, &first), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void remove_pending_below_holds_the_stack(void **state)
{
    PDEVICE_OBJECT bottom = test_device_make(driver, NULL, 0);
    PDEVICE_OBJECT top = test_device_make(driver, L"\\Device\\Above", 0);
    HANDLE handle;
    (void)state;
    ext(top)->lower = IoAttachDeviceToDeviceStack(top, bottom);
    IopDeviceExtension(bottom)->RemovePending = TRUE;
    assert_status(test_open(L"\\Device\\Above", ACCESS, 0, 0, &handle), STATUS_DELETE_PENDING);
    IopDeviceExtension(bottom)->RemovePending = FALSE;
    assert_ok(test_open(L"\\Device\\Above", ACCESS, 0, 0, &handle));
    assert_int_equal(IopOpenCountOfStack(bottom), 1);
    assert_int_equal(bottom->ReferenceCount, 0);
    assert_ok(NtClose(handle));
    test_device_delete(top);
    test_device_delete(bottom);
}

static void create_parameters(void **state)
{
    static const struct {
        ACCESS_MASK access;
        ULONG attributes, share, disposition, options;
        NTSTATUS status;
    } cases[] = {
        {ACCESS, 0, 0, FILE_OPEN, 0, STATUS_SUCCESS},
        {MAXIMUM_ALLOWED, 0, 0, FILE_OPEN, FILE_SYNCHRONOUS_IO_ALERT, STATUS_SUCCESS},
        {ACCESS, 0, 8, FILE_OPEN, 0, STATUS_INVALID_PARAMETER},
        {ACCESS, 0, 0, 6, 0, STATUS_INVALID_PARAMETER},
        {ACCESS, 0x10000, 0, FILE_OPEN, 0, STATUS_INVALID_PARAMETER},
        {ACCESS, 0, 0, FILE_OPEN, 0x80000000, STATUS_INVALID_PARAMETER},
        {FILE_READ_DATA, 0, 0, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, STATUS_INVALID_PARAMETER},
        {ACCESS, 0, 0, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT | FILE_SYNCHRONOUS_IO_ALERT,
         STATUS_INVALID_PARAMETER},
        {ACCESS, 0, 0, FILE_OPEN, FILE_DELETE_ON_CLOSE, STATUS_INVALID_PARAMETER},
        {ACCESS | DELETE, 0, 0, FILE_OPEN, FILE_DELETE_ON_CLOSE, STATUS_SUCCESS},
        {ACCESS, 0, 0, FILE_OPEN, FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE,
         STATUS_INVALID_PARAMETER},
        {ACCESS, 0, 0, FILE_OVERWRITE, FILE_DIRECTORY_FILE, STATUS_INVALID_PARAMETER},
        {FILE_APPEND_DATA, 0, 0, FILE_OPEN, FILE_NO_INTERMEDIATE_BUFFERING,
         STATUS_INVALID_PARAMETER},
    };
    PDEVICE_OBJECT device = test_device_make(driver, L"\\Device\\Parameters", 0);
    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        OBJECT_ATTRIBUTES attributes;
        IO_STATUS_BLOCK io;
        UNICODE_STRING name;
        HANDLE handle;
        RtlInitUnicodeString(&name, L"\\Device\\Parameters");
        InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
        NTSTATUS status =
            NtCreateFile(&handle, cases[i].access, &attributes, &io, NULL, cases[i].attributes,
                         cases[i].share, cases[i].disposition, cases[i].options, NULL, 0);
        assert_status(status, cases[i].status);
        if (NT_SUCCESS(status))
            assert_ok(NtClose(handle));
    }
    /* Bad pointers of a program. */
    as_user(TRUE);
    HANDLE handle;
    IO_STATUS_BLOCK io;
    assert_status(
        NtCreateFile(&handle, ACCESS, (PVOID)0x1000, &io, NULL, 0, 0, FILE_OPEN, 0, NULL, 0),
        STATUS_ACCESS_VIOLATION);
    assert_status(NtCreateFile((PVOID)0x1000, ACCESS, NULL, &io, NULL, 0, 0, FILE_OPEN, 0, NULL, 0),
                  STATUS_ACCESS_VIOLATION);
    as_user(FALSE);
    test_device_delete(device);
}

static void sharing(void **state)
{
    static const struct {
        ACCESS_MASK access1;
        ULONG share1;
        ACCESS_MASK access2;
        ULONG share2;
        NTSTATUS status;
    } cases[] = {
        {FILE_READ_DATA, FILE_SHARE_READ, FILE_READ_DATA, FILE_SHARE_READ, STATUS_SUCCESS},
        {FILE_READ_DATA, 0, FILE_READ_DATA, FILE_SHARE_READ, STATUS_SHARING_VIOLATION},
        {FILE_READ_DATA, FILE_SHARE_READ, FILE_READ_DATA, 0, STATUS_SHARING_VIOLATION},
        {FILE_READ_DATA, FILE_SHARE_READ, FILE_WRITE_DATA, FILE_SHARE_READ,
         STATUS_SHARING_VIOLATION},
        {FILE_WRITE_DATA, FILE_SHARE_WRITE, FILE_APPEND_DATA, FILE_SHARE_WRITE, STATUS_SUCCESS},
        {DELETE, FILE_SHARE_DELETE, DELETE, FILE_SHARE_DELETE, STATUS_SUCCESS},
        {DELETE, FILE_SHARE_DELETE, FILE_READ_DATA, FILE_SHARE_READ, STATUS_SHARING_VIOLATION},
        {FILE_READ_DATA, 0, FILE_READ_ATTRIBUTES, 0,
         STATUS_SUCCESS}, /* who only looks shares all */
        {FILE_READ_ATTRIBUTES, 0, FILE_WRITE_DATA, 0, STATUS_SUCCESS},
    };
    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        SHARE_ACCESS share;
        FILE_OBJECT first = {0}, second = {0};
        IoSetShareAccess(cases[i].access1, cases[i].share1, &first, &share);
        assert_status(IoCheckShareAccess(cases[i].access2, cases[i].share2, &second, &share, TRUE),
                      cases[i].status);
        if (cases[i].status == STATUS_SUCCESS)
            IoRemoveShareAccess(&second, &share);
        IoRemoveShareAccess(&first, &share);
        static const SHARE_ACCESS none;
        assert_memory_equal(&share, &none, sizeof(share));
    }
}

static void object_pointer(void **state)
{
    PDEVICE_OBJECT device = test_device_make(driver, L"\\Device\\Pointer", 0);
    PDEVICE_OBJECT above = test_device_above(driver, device), found;
    PFILE_OBJECT file;
    UNICODE_STRING name;
    (void)state;
    RtlInitUnicodeString(&name, L"\\Device\\Pointer");
    assert_ok(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &found));
    assert_ptr_equal(found, above);
    assert_ptr_equal(file->DeviceObject, device);
    assert_int_equal(count(above, IRP_MJ_CREATE), 1); /* requests go to the top */
    assert_int_equal(count(device, IRP_MJ_CREATE), 0);
    assert_int_equal(count(above, IRP_MJ_CLEANUP), 1);
    assert_int_equal(count(above, IRP_MJ_CLOSE), 0);
    ObDereferenceObject(file);
    assert_int_equal(count(above, IRP_MJ_CLOSE), 1);
    RtlInitUnicodeString(&name, L"\\Device\\NoPointer");
    assert_status(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &found),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    test_device_delete(above);
    test_device_delete(device);
}

static void attach_by_name(void **state)
{
    PDEVICE_OBJECT target =
        test_device_make_type(driver, L"\\Device\\Target", 0, FILE_DEVICE_CD_ROM, TRUE);
    PDEVICE_OBJECT filter = test_device_make(driver, NULL, 0), below;
    UNICODE_STRING name;
    HANDLE handle;
    (void)state;
    assert_ok(test_open(L"\\Device\\Target", ACCESS, 0, 0, &handle));
    RtlInitUnicodeString(&name, L"\\Device\\Target");
    assert_ok(IoAttachDevice(filter, &name, &below)); /* though it is open, and exclusive */
    assert_ptr_equal(below, target);
    assert_int_equal(filter->StackSize, 2);
    assert_int_equal(filter->SectorSize, 2048);
    assert_int_equal(target->ReferenceCount, 1);
    assert_ok(NtClose(handle));
    /* As on Windows it also saw the CLOSE of the file that it was attached by, without its CREATE.
     */
    assert_int_equal(count(filter, IRP_MJ_CREATE), 0);
    assert_int_equal(count(filter, IRP_MJ_CLOSE), 2);
    IoDetachDevice(target);
    IoDeleteDevice(filter);
    IoDeleteDevice(target);
}

static void deletion_waits(void **state)
{
    PDEVICE_OBJECT device = test_device_make(driver, L"\\Device\\Waits", 0);
    PDEVICE_OBJECT above = test_device_above(driver, device);
    UNICODE_STRING name;
    HANDLE handle;
    PDEVICE_OBJECT other;
    (void)state;
    ObReferenceObject(device);
    assert_ok(test_open(L"\\Device\\Waits", ACCESS, 0, 0, &handle));
    IoDeleteDevice(device); /* open, and attached to */
    RtlInitUnicodeString(&name, L"\\Device\\Waits");
    assert_ok(IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE,
                             &other)); /* its name is free */
    IoDeleteDevice(other);
    assert_int_equal(ObpReferenceCount(device), 2);
    IoDetachDevice(device);
    assert_int_equal(ObpReferenceCount(device), 2);
    assert_ok(NtClose(handle));
    assert_int_equal(ObpReferenceCount(device), 1);
    ObDereferenceObject(device);
    IoDeleteDevice(above);
}

static void what_a_device_is(void **state)
{
    PDEVICE_OBJECT device;
    UNICODE_STRING name;
    (void)state;
    assert_ok(
        IoCreateDevice(driver, 100, NULL, FILE_DEVICE_DISK, FILE_REMOVABLE_MEDIA, FALSE, &device));
    assert_int_equal(device->Type, IO_TYPE_DEVICE);
    assert_int_equal(device->Size, sizeof(DEVICE_OBJECT) + 100);
    assert_int_equal((ULONG_PTR)device & 63, 0);
    assert_int_equal((ULONG_PTR)device->DeviceExtension & 15, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(((PUCHAR)device->DeviceExtension)[i], 0);
    assert_int_equal(device->StackSize, 1);
    assert_int_equal(device->SectorSize, 512);
    assert_int_equal(device->Characteristics, FILE_REMOVABLE_MEDIA);
    assert_true(device->Flags & DO_DEVICE_INITIALIZING);
    assert_non_null(device->Vpb);
    assert_ptr_equal(device->Vpb->RealDevice, device);
    IoDeleteDevice(device);
    assert_ok(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, FILE_AUTOGENERATED_DEVICE_NAME,
                             FALSE, &device));
    assert_null(device->DeviceExtension);
    assert_null(device->Vpb);
    assert_ok(ObpQueryName(device, &name));
    assert_int_equal(name.Length, 16 * sizeof(WCHAR)); /* \Device\%08x */
    assert_true(device->Flags & DO_DEVICE_HAS_NAME);
    PDEVICE_OBJECT twin;
    assert_status(IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &twin),
                  STATUS_OBJECT_NAME_COLLISION);
    ExFreePool(name.Buffer);
    IoDeleteDevice(device);
    assert_status(IoCreateDevice(driver, 65536, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                  STATUS_INSUFFICIENT_RESOURCES);
}

static void device_lists(void **state)
{
    PDEVICE_OBJECT devices[3], list[3];
    ULONG number;
    (void)state;
    for (int i = 0; i < 3; i++)
        devices[i] = test_device_make(driver, NULL, 0);
    assert_ptr_equal(driver->DeviceObject, devices[2]);
    assert_ptr_equal(devices[2]->NextDevice, devices[1]);
    assert_ok(IoEnumerateDeviceObjectList(driver, list, sizeof(list), &number));
    assert_int_equal(number, 3);
    for (int i = 0; i < 3; i++)
        ObDereferenceObject(list[i]);
    assert_status(IoEnumerateDeviceObjectList(driver, list, sizeof(list[0]), &number),
                  STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(number, 3);
    ObDereferenceObject(list[0]);
    IoDeleteDevice(devices[1]);
    assert_ptr_equal(devices[2]->NextDevice, devices[0]);
    IoDeleteDevice(devices[0]);
    IoDeleteDevice(devices[2]);
    assert_null(driver->DeviceObject);
}

/* ---- drivers ---- */

static int released, reinitialized;
static VOID release(PVOID handle)
{
    assert_ptr_equal(handle, &released);
    released++;
}
static VOID NTAPI reinitialize(PDRIVER_OBJECT which, PVOID context, ULONG times)
{
    reinitialized++;
    assert_int_equal(times, reinitialized);
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    if (times < 3)
        IoRegisterDriverReinitialization(which, reinitialize, context);
}
static VOID NTAPI quiet_unload(PDRIVER_OBJECT which)
{
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    while (which->DeviceObject != NULL)
        IoDeleteDevice(which->DeviceObject);
}
static NTSTATUS NTAPI good_entry(PDRIVER_OBJECT which, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    PVOID extension, again;
    UNICODE_STRING name;
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    assert_int_equal(
        NtCrt_wcscmp(path->Buffer,
                     L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\whole"),
        0);
    RtlInitUnicodeString(&name, L"\\Driver\\whole");
    assert_true(RtlEqualUnicodeString(&which->DriverName, &name, FALSE));
    RtlInitUnicodeString(&name, L"whole");
    assert_true(RtlEqualUnicodeString(&which->DriverExtension->ServiceKeyName, &name, FALSE));
    RtlInitUnicodeString(&name, L"\\Device\\Whole");
    assert_ok(IoCreateDevice(which, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device));
    assert_ok(IoAllocateDriverObjectExtension(which, &released, 24, &extension));
    assert_int_equal(*(PUCHAR)extension, 0);
    assert_ptr_equal(IoGetDriverObjectExtension(which, &released), extension);
    assert_null(IoGetDriverObjectExtension(which, &reinitialized));
    assert_status(IoAllocateDriverObjectExtension(which, &released, 8, &again),
                  STATUS_OBJECT_NAME_COLLISION);
    IoRegisterDriverReinitialization(which, reinitialize, NULL);
    which->DriverUnload = quiet_unload;
    which->MajorFunction[IRP_MJ_READ] = NULL;
    return STATUS_SUCCESS;
}
static void find_oldest(PDRIVER_OBJECT which, PVOID context)
{
    if (*(PDRIVER_OBJECT *)context == NULL)
        *(PDRIVER_OBJECT *)context = which;
}

static void a_driver_from_entry_to_unload(void **state)
{
    IOP_DRIVER_IMAGE image = {.Entry = good_entry, .Release = release, .LoaderHandle = &released};
    PDRIVER_OBJECT which = NULL, twin = NULL, found;
    PEPROCESS process = PsGetCurrentProcess();
    HANDLE handle;
    IO_STATUS_BLOCK io;
    (void)state;
    released = reinitialized = 0;
    assert_ok(IopCreateDriver(L"\\Anything\\whole", &image, &which));
    assert_ptr_equal(PsGetCurrentProcess(), process);
    assert_int_equal(reinitialized, 3);
    assert_true(which->Flags & DRVO_INITIALIZED);
    assert_true(which->Flags & DRVO_LEGACY_DRIVER);
    found = IopFindDriver(L"WHOLE");
    assert_ptr_equal(found, which);
    ObDereferenceObject(found);
    assert_null(IopFindDriver(L"part"));
    found = NULL;
    IopEnumerateDrivers(find_oldest, &found);
    assert_non_null(found);
    assert_status(IopCreateDriver(L"whole", &image, &twin), STATUS_OBJECT_NAME_COLLISION);
    assert_null(twin);
    assert_int_equal(released, 1); /* the image that was not wanted */
    /* What DriverEntry made can be opened; what it left empty refuses. */
    assert_status(test_open(L"\\Device\\Whole", ACCESS, 0, 0, &handle),
                  STATUS_INVALID_DEVICE_REQUEST);
    which->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CREATE];
    which->DeviceObject->DeviceExtension = calloc(1, sizeof(test_device));
    assert_ok(test_open(L"\\Device\\Whole", ACCESS, 0, FILE_SYNCHRONOUS_IO_NONALERT, &handle));
    assert_status(NtReadFile(handle, NULL, NULL, NULL, &io, NULL, 0, NULL, NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    assert_status(IopUnloadDriver(which), STATUS_DEVICE_BUSY);
    free(which->DeviceObject->DeviceExtension);
    which->DeviceObject->DeviceExtension = NULL;
    assert_ok(NtClose(handle));
    assert_ok(IopUnloadDriver(which));
    assert_int_equal(released, 2);
    assert_null(IopFindDriver(L"whole"));
}

static NTSTATUS NTAPI bad_entry(PDRIVER_OBJECT which, PUNICODE_STRING path)
{
    (void)path;
    (void)which;
    return STATUS_NO_SUCH_DEVICE;
}
static NTSTATUS NTAPI plain_entry(PDRIVER_OBJECT which, PUNICODE_STRING path)
{
    (void)path;
    (void)which;
    return STATUS_SUCCESS;
}

static void a_failed_entry_leaves_nothing(void **state)
{
    IOP_DRIVER_IMAGE image = {.Entry = bad_entry, .Release = release, .LoaderHandle = &released};
    PDRIVER_OBJECT which = NULL;
    (void)state;
    released = 0;
    assert_status(IopCreateDriver(L"bad", &image, &which), STATUS_NO_SUCH_DEVICE);
    assert_int_equal(released, 1);
    assert_null(IopFindDriver(L"bad"));
    assert_status(IopCreateDriver(L"", &image, &which), STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(released, 2);
}

static void no_unload_routine(void **state)
{
    IOP_DRIVER_IMAGE image = {.Entry = plain_entry};
    PDRIVER_OBJECT which = NULL;
    PDEVICE_OBJECT device;
    (void)state;
    assert_ok(IopCreateDriver(L"stays", &image, &which));
    assert_status(IopUnloadDriver(which), STATUS_INVALID_DEVICE_REQUEST);
    assert_ok(IoCreateDevice(which, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device));
    /* The shutdown takes it, device and all. */
}

static VOID NTAPI lazy_unload(PDRIVER_OBJECT which)
{
    (void)which;
}
static void an_unload_that_leaves_devices(void **state)
{
    IOP_DRIVER_IMAGE image = {.Entry = plain_entry, .Release = release, .LoaderHandle = &released};
    PDRIVER_OBJECT which = NULL;
    PDEVICE_OBJECT device;
    UNICODE_STRING name;
    HANDLE handle;
    (void)state;
    released = 0;
    assert_ok(IopCreateDriver(L"lazy", &image, &which));
    which->DriverUnload = lazy_unload;
    RtlInitUnicodeString(&name, L"\\Device\\Lazy");
    assert_ok(IoCreateDevice(which, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device));
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_status(IopUnloadDriver(which), STATUS_RESOURCE_IN_USE);
    assert_int_equal(released, 0); /* its code stays as long as its devices */
    assert_status(test_open(L"\\Device\\Lazy", ACCESS, 0, 0, &handle), STATUS_NO_SUCH_DEVICE);
    assert_status(IopUnloadDriver(which), STATUS_DEVICE_BUSY);
    IoDeleteDevice(device);
    assert_int_equal(released, 1);
}

static PDEVICE_OBJECT last_closed;
static VOID note_last_close(PDEVICE_OBJECT pdo)
{
    last_closed = pdo;
}
static void last_close_is_told(void **state)
{
    PDEVICE_OBJECT bottom = test_device_make(driver, L"\\Device\\Last", 0);
    PDEVICE_OBJECT top = test_device_above(driver, bottom);
    IOP_LAST_CLOSE *before = IopLastCloseCallout;
    HANDLE first, second;
    (void)state;
    IopLastCloseCallout = note_last_close;
    assert_ok(test_open(L"\\Device\\Last", ACCESS, 0, 0, &first));
    assert_ok(test_open(L"\\Device\\Last", ACCESS, 0, 0, &second));
    assert_ok(NtClose(first));
    assert_null(last_closed);
    assert_ok(NtClose(second));
    assert_ptr_equal(last_closed, bottom);
    IopLastCloseCallout = before;
    test_device_delete(top);
    test_device_delete(bottom);
}

static int shutdowns[3];
static NTSTATUS NTAPI note_shutdown(PDEVICE_OBJECT device, PIRP irp)
{
    static int order;
    shutdowns[(ULONG_PTR)ext(device)->context] = ++order;
    return finish(irp, STATUS_SUCCESS, 0);
}
static void shutdown_is_told_the_youngest_first(void **state)
{
    PDEVICE_OBJECT devices[3];
    (void)state;
    for (ULONG_PTR i = 0; i < 3; i++) {
        devices[i] = test_device_make(driver, NULL, 0);
        ext(devices[i])->context = (PVOID)i;
        ext(devices[i])->dispatch[IRP_MJ_SHUTDOWN] = note_shutdown;
        assert_ok(IoRegisterShutdownNotification(devices[i]));
    }
    IoUnregisterShutdownNotification(devices[1]);
    IopSendShutdownNotifications();
    assert_int_equal(shutdowns[2], 1);
    assert_int_equal(shutdowns[0], 2);
    assert_int_equal(shutdowns[1], 0);
    IopSendShutdownNotifications(); /* once */
    assert_int_equal(shutdowns[2], 1);
    for (int i = 0; i < 3; i++)
        IoDeleteDevice(devices[i]);
}

static void stream_file(void **state)
{
    PDEVICE_OBJECT device = test_device_make(driver, NULL, 0);
    (void)state;
    PFILE_OBJECT file = IoCreateStreamFileObject(NULL, device);
    assert_non_null(file);
    assert_int_equal(count(device, IRP_MJ_CLEANUP), 1);
    ObDereferenceObject(file);
    assert_int_equal(count(device, IRP_MJ_CLOSE), 1);
    test_device_delete(device);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        T(cleanup_with_the_last_handle_close_with_the_last_reference),
        T(a_refused_create_has_no_end),
        T(what_create_sees),
        T(create_may_pend),
        T(who_may_not_be_opened),
        T(remove_pending_below_holds_the_stack),
        T(create_parameters),
        T(sharing),
        T(object_pointer),
        T(attach_by_name),
        T(deletion_waits),
        T(what_a_device_is),
        T(device_lists),
        T(a_driver_from_entry_to_unload),
        T(a_failed_entry_leaves_nothing),
        T(no_unload_routine),
        T(an_unload_that_leaves_devices),
        T(last_close_is_told),
        T(shutdown_is_told_the_youngest_first),
        T(stream_file),
    };
    return cmocka_run_group_tests_name("io-open", tests, setup, host_teardown);
}
