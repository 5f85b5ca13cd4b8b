/* SPDX-License-Identifier: MIT */
#include "tests/unit/io/iotest.h"

static NTSTATUS (*pending_entry)(PDRIVER_OBJECT, PUNICODE_STRING);

NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    test_device *own = ext(device);

    atomic_fetch_add(&own->count[major], 1);
    if (own->dispatch[major] != NULL)
        return own->dispatch[major](device, irp);
    if (major == IRP_MJ_CREATE)
        return finish(irp, own->create_status, FILE_OPENED);
    return finish(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    while (driver->DeviceObject != NULL)
        test_device_delete(driver->DeviceObject);
}

static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    driver->DriverUnload = unload;
    return pending_entry != NULL ? pending_entry(driver, path) : STATUS_SUCCESS;
}

NTSTATUS test_driver_with(const WCHAR *name, NTSTATUS (*routine)(PDRIVER_OBJECT, PUNICODE_STRING),
                          PDRIVER_OBJECT *driver)
{
    IOP_DRIVER_IMAGE image = {.Entry = entry};
    pending_entry = routine;
    NTSTATUS status = IopCreateDriver(name, &image, driver);
    pending_entry = NULL;
    return status;
}

PDRIVER_OBJECT test_driver(const WCHAR *name)
{
    PDRIVER_OBJECT driver = NULL;
    assert_ok(test_driver_with(name, NULL, &driver));
    return driver;
}

PDEVICE_OBJECT test_device_make_type(PDRIVER_OBJECT driver, const WCHAR *name, ULONG flags,
                                     DEVICE_TYPE type, BOOLEAN exclusive)
{
    PDEVICE_OBJECT device = NULL;
    UNICODE_STRING path;

    RtlInitUnicodeString(&path, name);
    assert_ok(IoCreateDevice(driver, sizeof(test_device), name != NULL ? &path : NULL, type, 0,
                             exclusive, &device));
    ext(device)->self = device;
    KeInitializeSpinLock(&ext(device)->lock);
    InitializeListHead(&ext(device)->queue);
    device->Flags |= flags;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

PDEVICE_OBJECT test_device_make(PDRIVER_OBJECT driver, const WCHAR *name, ULONG flags)
{
    return test_device_make_type(driver, name, flags, FILE_DEVICE_UNKNOWN, FALSE);
}

PDEVICE_OBJECT test_device_above(PDRIVER_OBJECT driver, PDEVICE_OBJECT lower)
{
    PDEVICE_OBJECT device = test_device_make(driver, NULL, 0);

    ext(device)->lower = IoAttachDeviceToDeviceStack(device, lower);
    assert_non_null(ext(device)->lower);
    device->Flags |= lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
    return device;
}

void test_device_delete(PDEVICE_OBJECT device)
{
    if (device->DeviceObjectExtension->AttachedTo != NULL)
        IoDetachDevice(device->DeviceObjectExtension->AttachedTo);
    IoDeleteDevice(device);
}

NTSTATUS test_open(const WCHAR *name, ACCESS_MASK access, ULONG share, ULONG options,
                   HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    UNICODE_STRING path;

    RtlInitUnicodeString(&path, name);
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return NtCreateFile(handle, access, &attributes, &io, NULL, 0, share, FILE_OPEN, options, NULL,
                        0);
}

HANDLE test_open_sync(const WCHAR *name)
{
    HANDLE handle = NULL;
    assert_ok(test_open(name, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_SYNCHRONOUS_IO_NONALERT, &handle));
    return handle;
}

HANDLE test_open_async(const WCHAR *name)
{
    HANDLE handle = NULL;
    assert_ok(test_open(name, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, 0, &handle));
    return handle;
}

HANDLE test_event(EVENT_TYPE type)
{
    HANDLE handle = NULL;
    assert_ok(NtCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, type, FALSE));
    return handle;
}

static void *thread_main(void *context)
{
    test_thread *thread = context;
    thread->routine(thread->context);
    return NULL;
}

void test_start(test_thread *thread, void (*routine)(void *), void *context)
{
    thread->routine = routine;
    thread->context = context;
    assert_int_equal(pthread_create(&thread->thread, NULL, thread_main, thread), 0);
}

void test_join(test_thread *thread)
{
    assert_int_equal(pthread_join(thread->thread, NULL), 0);
}

bool test_wait(PKEVENT event)
{
    LARGE_INTEGER timeout = {.QuadPart = -5LL * 10000000};
    return KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &timeout) == STATUS_SUCCESS;
}
