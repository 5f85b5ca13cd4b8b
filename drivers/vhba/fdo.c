/* SPDX-License-Identifier: MIT */
/* fdo.c - the adapter itself: AddDevice, plug and play, power; its bus relations are the LUNs. */
#include <initguid.h>
#include "vhba.h"

static volatile LONG NextPort;

NTSTATUS NTAPI VhbaAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDevice)
{
    PDEVICE_OBJECT Device;
    PVHBA_FDO Fdo;
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(*Fdo), NULL, FILE_DEVICE_CONTROLLER,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &Device);

    if (!NT_SUCCESS(Status))
        return Status;
    Fdo = Device->DeviceExtension;
    RtlZeroMemory(Fdo, sizeof(*Fdo));
    Fdo->Common.IsFdo = TRUE;
    Fdo->Common.Self = Device;
    Fdo->Common.PowerState = PowerDeviceD0;
    IoInitializeRemoveLock(&Fdo->Common.RemoveLock, VHBA_TAG, 0, 0);
    Fdo->PhysicalDevice = PhysicalDevice;
    Fdo->MaximumTransfer = VHBA_DEFAULT_TRANSFER;
    Fdo->PortNumber = (ULONG)InterlockedIncrement(&NextPort) - 1;
    ExInitializeFastMutex(&Fdo->Mutex);
    InitializeListHead(&Fdo->Luns);
    KeInitializeSpinLock(&Fdo->QueueLock);
    InitializeListHead(&Fdo->Queue);
    KeInitializeSemaphore(&Fdo->Work, 0, MAXLONG);

    Fdo->WorkerItem = IoAllocateWorkItem(Device);
    Status = STATUS_INSUFFICIENT_RESOURCES;
    if (Fdo->WorkerItem != NULL)
        Status = IoRegisterDeviceInterface(PhysicalDevice, &GUID_DEVINTERFACE_VHBA, NULL,
                                           &Fdo->InterfaceName);
    if (NT_SUCCESS(Status)) {
        Fdo->LowerDevice = IoAttachDeviceToDeviceStack(Device, PhysicalDevice);
        if (Fdo->LowerDevice == NULL)
            Status = STATUS_NO_SUCH_DEVICE;
    }
    if (!NT_SUCCESS(Status)) {
        RtlFreeUnicodeString(&Fdo->InterfaceName);
        if (Fdo->WorkerItem != NULL)
            IoFreeWorkItem(Fdo->WorkerItem);
        IoDeleteDevice(Device);
        return Status;
    }
    FollowInitialize(&Fdo->Power, Device, Fdo->LowerDevice, &Fdo->Common.RemoveLock);
    Device->Flags |= DO_POWER_PAGABLE;
    Device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS SetInterface(PVHBA_FDO Fdo, BOOLEAN Enable)
{
    NTSTATUS Status;

    if (Fdo->InterfaceEnabled == Enable)
        return STATUS_SUCCESS;
    Status = IoSetDeviceInterfaceState(&Fdo->InterfaceName, Enable);
    if (NT_SUCCESS(Status))
        Fdo->InterfaceEnabled = Enable;
    return Status;
}

PVHBA_LUN VhbaFindLun(PVHBA_FDO Fdo, ULONG Number, PVOID Tag)
{
    PVHBA_LUN Found = NULL;

    ExAcquireFastMutex(&Fdo->Mutex);
    for (PLIST_ENTRY Entry = Fdo->Luns.Flink; Entry != &Fdo->Luns; Entry = Entry->Flink) {
        PVHBA_LUN Lun = CONTAINING_RECORD(Entry, VHBA_LUN, Entry);
        if (Lun->Number == Number && !Lun->Missing &&
            NT_SUCCESS(IoAcquireRemoveLock(&Lun->Common.RemoveLock, Tag)))
            Found = Lun;
    }
    ExReleaseFastMutex(&Fdo->Mutex);
    return Found;
}

/* The LUNs that are there, behind what a driver above may have listed already. */
static NTSTATUS ListLuns(PVHBA_FDO Fdo, PIRP Irp)
{
    PDEVICE_RELATIONS Old = (PDEVICE_RELATIONS)Irp->IoStatus.Information, New;
    ULONG Count = Old != NULL ? Old->Count : 0;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    ExAcquireFastMutex(&Fdo->Mutex);
    for (PLIST_ENTRY Entry = Fdo->Luns.Flink; Entry != &Fdo->Luns; Entry = Entry->Flink)
        Count += !CONTAINING_RECORD(Entry, VHBA_LUN, Entry)->Missing;
    New = ExAllocatePoolWithTag(
        PagedPool, FIELD_OFFSET(DEVICE_RELATIONS, Objects) + (SIZE_T)(Count + 1) * sizeof(PVOID),
        VHBA_TAG);
    if (New != NULL) {
        New->Count = 0;
        if (Old != NULL)
            for (; New->Count < Old->Count; New->Count++)
                New->Objects[New->Count] = Old->Objects[New->Count];
        for (PLIST_ENTRY Entry = Fdo->Luns.Flink; Entry != &Fdo->Luns; Entry = Entry->Flink) {
            PVHBA_LUN Lun = CONTAINING_RECORD(Entry, VHBA_LUN, Entry);
            Lun->Reported = !Lun->Missing;
            if (Lun->Missing)
                continue;
            Lun->Enumerated = TRUE;
            ObReferenceObject(Lun->Common.Self);
            New->Objects[New->Count++] = Lun->Common.Self;
        }
        if (Old != NULL)
            ExFreePool(Old);
        Irp->IoStatus.Information = (ULONG_PTR)New;
        Status = STATUS_SUCCESS;
    }
    ExReleaseFastMutex(&Fdo->Mutex);
    return Status;
}

/* The children are gone or have had their REMOVE; those that were only waiting for a next start go
 * now. */
static VOID DeleteLuns(PVHBA_FDO Fdo)
{
    for (;;) {
        PVHBA_LUN Lun = NULL;
        ExAcquireFastMutex(&Fdo->Mutex);
        if (!IsListEmpty(&Fdo->Luns)) {
            Lun = CONTAINING_RECORD(RemoveHeadList(&Fdo->Luns), VHBA_LUN, Entry);
            InitializeListHead(&Lun->Entry);
        }
        ExReleaseFastMutex(&Fdo->Mutex);
        if (Lun == NULL)
            return;
        VhbaDeleteLun(Lun);
    }
}

static NTSTATUS PassOn(PVHBA_FDO Fdo, PIRP Irp)
{
    NTSTATUS Status;

    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Fdo->LowerDevice, Irp);
    IoReleaseRemoveLock(&Fdo->Common.RemoveLock, Irp);
    return Status;
}

static NTSTATUS End(PVHBA_FDO Fdo, PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Fdo->Common.RemoveLock, Irp);
    return Status;
}

static NTSTATUS Remove(PVHBA_FDO Fdo, PIRP Irp)
{
    PDEVICE_OBJECT Lower = Fdo->LowerDevice;
    NTSTATUS Status;

    VhbaSet(&Fdo->Common.Gone, TRUE);
    SetInterface(Fdo, FALSE);
    IoReleaseRemoveLockAndWait(&Fdo->Common.RemoveLock, Irp);
    DeleteLuns(Fdo);
    VhbaStopWorkers(Fdo);
    IoFreeWorkItem(Fdo->WorkerItem);
    RtlFreeUnicodeString(&Fdo->InterfaceName);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);
    IoDetachDevice(Lower);
    IoDeleteDevice(Fdo->Common.Self);
    return Status;
}

NTSTATUS VhbaFdoPnp(PVHBA_FDO Fdo, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Fdo->Common.RemoveLock, Irp);

    if (!NT_SUCCESS(Status)) {
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NO_SUCH_DEVICE;
    }
    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Status = IoForwardIrpSynchronously(Fdo->LowerDevice, Irp) ? Irp->IoStatus.Status
                                                                  : STATUS_UNSUCCESSFUL;
        if (NT_SUCCESS(Status)) {
            FollowStarted(&Fdo->Power);
            VhbaSet(&Fdo->Common.Started, TRUE);
            Status = SetInterface(Fdo, TRUE);
        }
        return End(Fdo, Irp, Status);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Stack->Parameters.QueryDeviceRelations.Type != BusRelations)
            break;
        Status = ListLuns(Fdo, Irp);
        if (!NT_SUCCESS(Status))
            return End(Fdo, Irp, Status);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_STOP_DEVICE:
        VhbaSet(&Fdo->Common.Started, FALSE);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        VhbaSet(&Fdo->Common.Gone, TRUE);
        SetInterface(Fdo, FALSE);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Fdo, Irp);
    default:
        break; /* the status stays as it came */
    }
    return PassOn(Fdo, Irp);
}

NTSTATUS VhbaFdoPower(PVHBA_FDO Fdo, PIRP Irp)
{
    NTSTATUS Status = IoAcquireRemoveLock(&Fdo->Common.RemoveLock, Irp);

    if (!NT_SUCCESS(Status)) {
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NO_SUCH_DEVICE;
    }
    return FollowPower(&Fdo->Power, Irp);
}
