/* SPDX-License-Identifier: MIT */
/* fakeclass.c - a class driver that passes everything on: the test sends the requests. */
#include "rig.h"
#include "rigp.h"

_Atomic unsigned class_starts, class_removes, class_surprises;

typedef struct extension {
    PDEVICE_OBJECT self, pdo, lower;
    IO_REMOVE_LOCK remove_lock;
} extension;

static NTSTATUS pass(extension *e, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(e->lower, irp);
}

static NTSTATUS NTAPI dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    extension *e = device->DeviceExtension;
    PDEVICE_OBJECT lower = e->lower;
    NTSTATUS status;

    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        if (!IoForwardIrpSynchronously(lower, irp))
            return fake_complete(irp, STATUS_UNSUCCESSFUL, 0);
        status = irp->IoStatus.Status;
        if (NT_SUCCESS(status))
            class_starts++;
        return fake_complete(irp, status, 0);
    case IRP_MN_REMOVE_DEVICE:
        assert_ok(IoAcquireRemoveLock(&e->remove_lock, irp));
        IoReleaseRemoveLockAndWait(&e->remove_lock, irp);
        class_removes++;
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass(e, irp);
        IoDetachDevice(lower);
        IoDeleteDevice(device);
        return status;
    case IRP_MN_SURPRISE_REMOVAL:
        class_surprises++;
        irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    default:
        break;
    }
    return pass(e, irp);
}

static NTSTATUS NTAPI dispatch_pass(PDEVICE_OBJECT device, PIRP irp)
{
    return pass(device->DeviceExtension, irp);
}

static NTSTATUS NTAPI dispatch_open(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return fake_complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    extension *e;

    assert_ok(IoCreateDevice(driver, sizeof(*e), NULL, FILE_DEVICE_CD_ROM, 0, FALSE, &device));
    e = device->DeviceExtension;
    e->self = device;
    e->pdo = pdo;
    IoInitializeRemoveLock(&e->remove_lock, 'salC', 0, 0);
    e->lower = IoAttachDeviceToDeviceStack(device, pdo);
    assert_non_null(e->lower);
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

NTSTATUS NTAPI class_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    class_starts = class_removes = class_surprises = 0;
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch_open;
    driver->MajorFunction[IRP_MJ_CLEANUP] = dispatch_open;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch_open;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_pass;
    driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = dispatch_pass;
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = dispatch_pass;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_pass;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
