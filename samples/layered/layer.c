/* SPDX-License-Identifier: MIT */
/*
 * layer.c - a filter on top of store: one way of forwarding for each kind of request.
 *
 *   skip     create, cleanup, close, all that is not named here: the lower driver gets our own
 * stack location; we never see the IRP again copy     flush: the lower driver gets a location of
 * its own, with the same parameters; no completion routine, so the I/O manager carries the pending
 * bit up route    device control: copied, with a completion routine that changes the answer. A
 * driver that has a completion routine carries the pending bit up itself wait     a read: copied;
 * the completion routine stops the completion there (STATUS_MORE_PROCESSING_REQUIRED) and wakes the
 * dispatch routine, which owns the IRP again split    transfers larger than store takes (split.c)
 */
#include "layer.h"

#define LAYER_LOWER L"\\Device\\Store"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD LayerUnload;
static DRIVER_DISPATCH LayerSkip, LayerCopy, LayerControl, LayerRead, LayerWrite;
static IO_COMPLETION_ROUTINE LayerControlDone, LayerWake;

static NTSTATUS NTAPI LayerSkip(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PLAYER_EXTENSION Extension = DeviceObject->DeviceExtension;

    LAYER_COUNT(Extension, Skipped);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

static NTSTATUS NTAPI LayerCopy(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PLAYER_EXTENSION Extension = DeviceObject->DeviceExtension;

    LAYER_COUNT(Extension, Copied);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

static NTSTATUS NTAPI LayerControlDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PLAYER_EXTENSION Extension = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    /* LayerControl has returned what IoCallDriver returned: STATUS_PENDING belongs to this bit. */
    if (Irp->PendingReturned) {
        LAYER_COUNT(Extension, Pended);
        IoMarkIrpPending(Irp);
    }
    if (NT_SUCCESS(Irp->IoStatus.Status) && Irp->IoStatus.Information == sizeof(ULONG))
        *(PULONG)Irp->AssociatedIrp.SystemBuffer += 100;
    return STATUS_SUCCESS; /* the completion goes on */
}

static NTSTATUS NTAPI LayerControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PLAYER_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = STATUS_SUCCESS;

    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_LAYER_FACTS) {
        LAYER_COUNT(Extension, Routed);
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, LayerControlDone, Extension, TRUE, TRUE, TRUE);
        return IoCallDriver(Extension->Lower, Irp);
    }
    Irp->IoStatus.Information = 0;
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(LAYER_FACTS)) {
        Status = STATUS_BUFFER_TOO_SMALL;
    } else {
        *(LAYER_FACTS *)Irp->AssociatedIrp.SystemBuffer = Extension->Facts;
        Irp->IoStatus.Information = sizeof(LAYER_FACTS);
    }
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI LayerWake(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    /* Not pending: LayerRead waits anyway, and saves the wake-up then. */
    if (Irp->PendingReturned)
        KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI LayerRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PLAYER_EXTENSION Extension = DeviceObject->DeviceExtension;
    NTSTATUS Status;
    KEVENT Event;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length > STORE_LIMIT)
        return LayerSplit(Extension, Irp);
    LAYER_COUNT(Extension, Waited);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, LayerWake, &Event, TRUE, TRUE, TRUE);
    Status = IoCallDriver(Extension->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = Irp->IoStatus.Status;
    }
    /* The IRP is ours again; its data may be looked at, here at PASSIVE_LEVEL. */
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI LayerWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PLAYER_EXTENSION Extension = DeviceObject->DeviceExtension;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length > STORE_LIMIT)
        return LayerSplit(Extension, Irp);
    return LayerSkip(DeviceObject, Irp);
}

/* No handle is open on the stack: the service control manager sees to that here. On Windows a
 * filter that was attached while the system runs had better stay. */
static VOID NTAPI LayerUnload(PDRIVER_OBJECT DriverObject)
{
    PLAYER_EXTENSION Extension = DriverObject->DeviceObject->DeviceExtension;

    IoDetachDevice(Extension->Lower);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PLAYER_EXTENSION Extension;
    UNICODE_STRING Lower;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;
    ULONG i;

    UNREFERENCED_PARAMETER(RegistryPath);
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DriverObject->MajorFunction[i] = LayerSkip;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = LayerCopy;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = LayerControl;
    DriverObject->MajorFunction[IRP_MJ_READ] = LayerRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = LayerWrite;
    DriverObject->DriverUnload = LayerUnload;
    /* No name: whoever opens store's gets the top of its stack. */
    Status = IoCreateDevice(DriverObject, sizeof(LAYER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Device->DeviceExtension;
    RtlInitUnicodeString(&Lower, LAYER_LOWER);
    Status = IoAttachDevice(Device, &Lower, &Extension->Lower);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    /* How buffers come is the lower device's to say. */
    Device->Flags |= Extension->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE);
    Device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
