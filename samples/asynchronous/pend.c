/* SPDX-License-Identifier: MIT */
/*
 * pend.c - reads that wait: a read on \\.\Pend stands in the driver's own list until a write brings
 * data for the oldest one, until it is cancelled, or until its handle is closed.
 *
 * An IRP in the list has a cancel routine. Whoever wants to complete it first takes that routine
 * away with IoSetCancelRoutine: one of two who try gets the routine, the other NULL, and the IRP is
 * the winner's alone.
 */
#include <ntddk.h>

#define PEND_NAME L"\\Device\\Pend"
#define PEND_LINK L"\\??\\Pend"

typedef struct _PEND_EXTENSION {
    KSPIN_LOCK Lock;  /* guards the list */
    LIST_ENTRY Reads; /* IRPs by Tail.Overlay.ListEntry, the oldest first */
} PEND_EXTENSION, *PPEND_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD PendUnload;
static DRIVER_DISPATCH PendOpenClose, PendCleanup, PendRead, PendWrite;
static DRIVER_CANCEL PendCancel;

static NTSTATUS PendComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI PendOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PendComplete(Irp, STATUS_SUCCESS, 0);
}

/* Called with the cancel spin lock held, which guards nothing here: let it go first. */
static VOID NTAPI PendCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPEND_EXTENSION Extension = DeviceObject->DeviceExtension;
    KIRQL Irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&Extension->Lock, &Irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Extension->Lock, Irql);
    PendComplete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI PendRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPEND_EXTENSION Extension = DeviceObject->DeviceExtension;
    KIRQL Irql;

    IoMarkIrpPending(Irp);
    KeAcquireSpinLock(&Extension->Lock, &Irql);
    InsertTailList(&Extension->Reads, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, PendCancel);
    /* Cancelled before the routine was there: nobody will call it, unless somebody has it already
     * and waits for the lock. */
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&Extension->Lock, Irql);
        PendComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&Extension->Lock, Irql);
    return STATUS_PENDING;
}

/* Takes the oldest read (of File, or of anybody where File is NULL) out of the list. */
static PIRP PendTake(PPEND_EXTENSION Extension, PFILE_OBJECT File)
{
    PIRP Irp, Found = NULL;
    PLIST_ENTRY Entry;
    KIRQL Irql;

    KeAcquireSpinLock(&Extension->Lock, &Irql);
    for (Entry = Extension->Reads.Flink; Entry != &Extension->Reads; Entry = Entry->Flink) {
        Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
        if (File != NULL && IoGetCurrentIrpStackLocation(Irp)->FileObject != File)
            continue;
        if (IoSetCancelRoutine(Irp, NULL) == NULL)
            continue; /* its cancel routine waits for the lock */
        RemoveEntryList(Entry);
        Found = Irp;
        break;
    }
    KeReleaseSpinLock(&Extension->Lock, Irql);
    return Found;
}

static NTSTATUS NTAPI PendWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length, Room;
    PIRP Read = PendTake(DeviceObject->DeviceExtension, NULL);

    if (Read == NULL)
        return PendComplete(Irp, STATUS_DEVICE_NOT_READY, 0);
    Room = IoGetCurrentIrpStackLocation(Read)->Parameters.Read.Length;
    if (Length > Room)
        Length = Room;
    if (Length != 0)
        RtlCopyMemory(Read->AssociatedIrp.SystemBuffer, Irp->AssociatedIrp.SystemBuffer, Length);
    PendComplete(Read, STATUS_SUCCESS, Length);
    return PendComplete(Irp, STATUS_SUCCESS, Length);
}

/* The handle is closed: what still waits on it must not wait any longer. */
static NTSTATUS NTAPI PendCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT File = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP Read;

    while ((Read = PendTake(DeviceObject->DeviceExtension, File)) != NULL)
        PendComplete(Read, STATUS_CANCELLED, 0);
    return PendComplete(Irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI PendUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, PEND_LINK);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PPEND_EXTENSION Extension;
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, PEND_NAME);
    RtlInitUnicodeString(&Link, PEND_LINK);
    Status = IoCreateDevice(DriverObject, sizeof(PEND_EXTENSION), &Name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    Extension = Device->DeviceExtension;
    KeInitializeSpinLock(&Extension->Lock);
    InitializeListHead(&Extension->Reads);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = PendOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = PendOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = PendCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = PendRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = PendWrite;
    DriverObject->DriverUnload = PendUnload;
    Device->Flags |= DO_BUFFERED_IO;
    return STATUS_SUCCESS;
}
