/* SPDX-License-Identifier: MIT */
/* Plug and play of the bus itself. PASSIVE_LEVEL, one request at a time. */
#include "scsiclient.h"

static const GUID ClientInterfaceGuid = SCSICLIENT_INTERFACE_GUID;

NTSTATUS NTAPI ClientAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT DeviceObject;
    PCLIENT_BUS Bus;
    NTSTATUS Status;

    Status = IoCreateDevice(DriverObject, sizeof(CLIENT_BUS), NULL, FILE_DEVICE_CONTROLLER,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Bus = DeviceObject->DeviceExtension;
    Bus->Common.IsBus = TRUE;
    Bus->Common.Self = DeviceObject;
    IoInitializeRemoveLock(&Bus->Common.RemoveLock, CLIENT_TAG, 0, 0);
    Bus->Physical = PhysicalDeviceObject;
    KeInitializeSpinLock(&Bus->Lock);
    InitializeListHead(&Bus->Children);

    Bus->Lower = IoAttachDeviceToDeviceStack(DeviceObject, PhysicalDeviceObject);
    if (Bus->Lower == NULL) {
        IoDeleteDevice(DeviceObject);
        return STATUS_NO_SUCH_DEVICE;
    }
    Status = IoRegisterDeviceInterface(PhysicalDeviceObject, &ClientInterfaceGuid, NULL,
                                       &Bus->InterfaceName);
    if (!NT_SUCCESS(Status)) {
        IoDetachDevice(Bus->Lower);
        IoDeleteDevice(DeviceObject);
        return Status;
    }
    FollowInitialize(&Bus->Power, DeviceObject, Bus->Lower, &Bus->Common.RemoveLock);
    DeviceObject->Flags |= (Bus->Lower->Flags & DO_POWER_PAGABLE) | DO_DIRECT_IO;
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS StartBus(PCLIENT_BUS Bus, PIRP Irp)
{
    POWER_STATE Power = {.DeviceState = PowerDeviceD0};
    NTSTATUS Status;

    if (!IoForwardIrpSynchronously(Bus->Lower, Irp))
        return STATUS_UNSUCCESSFUL;
    Status = Irp->IoStatus.Status;
    if (NT_SUCCESS(Status)) {
        FollowStarted(&Bus->Power);
        Status = IoSetDeviceInterfaceState(&Bus->InterfaceName, TRUE);
    }
    if (NT_SUCCESS(Status)) {
        Bus->InterfaceEnabled = TRUE;
        PoSetPowerState(Bus->Common.Self, DevicePowerState, Power);
    }
    return Status;
}

/*
 * Children that came and went before plug and play ever heard of them: it will never remove them,
 * so they go here, on its own thread.
 */
static VOID DeleteUnknown(PCLIENT_BUS Bus)
{
    for (;;) {
        PDEVICE_OBJECT Pdo = NULL;
        PLIST_ENTRY Entry;
        KIRQL Irql;

        KeAcquireSpinLock(&Bus->Lock, &Irql);
        for (Entry = Bus->Children.Flink; Entry != &Bus->Children && Pdo == NULL;
             Entry = Entry->Flink) {
            PCLIENT_CHILD Child = CONTAINING_RECORD(Entry, CLIENT_CHILD, Link);

            if (Child->Gone && !Child->Known)
                Pdo = Child->Pdo;
        }
        KeReleaseSpinLock(&Bus->Lock, Irql);
        if (Pdo == NULL)
            return;
        ClientDeletePdo(Pdo->DeviceExtension);
    }
}

/* Adds our children to what a filter above may have reported already. */
static NTSTATUS ReportChildren(PCLIENT_BUS Bus, PIRP Irp)
{
    PDEVICE_RELATIONS Before = (PDEVICE_RELATIONS)Irp->IoStatus.Information;
    ULONG Old = Before != NULL ? Before->Count : 0;
    PDEVICE_RELATIONS Relations;
    PLIST_ENTRY Entry;
    ULONG Count = 0;
    ULONG Room;
    KIRQL Irql;

    /* The list may grow between counting and filling: count again under the lock until it fits.
     * Non-paged: it is filled under the lock. */
    for (Room = 8;; Room = Count) {
        Relations = ExAllocatePoolWithTag(NonPagedPoolNx,
                                          FIELD_OFFSET(DEVICE_RELATIONS, Objects) +
                                              (Old + Room) * sizeof(PDEVICE_OBJECT),
                                          CLIENT_TAG);
        if (Relations == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        if (Old != 0)
            RtlCopyMemory(Relations->Objects, Before->Objects, Old * sizeof(PDEVICE_OBJECT));
        Relations->Count = Old;
        Count = 0;
        KeAcquireSpinLock(&Bus->Lock, &Irql);
        for (Entry = Bus->Children.Flink; Entry != &Bus->Children; Entry = Entry->Flink) {
            if (!CONTAINING_RECORD(Entry, CLIENT_CHILD, Link)->Gone)
                Count++;
        }
        if (Count <= Room)
            break; /* with the lock */
        KeReleaseSpinLock(&Bus->Lock, Irql);
        ExFreePoolWithTag(Relations, CLIENT_TAG);
    }
    for (Entry = Bus->Children.Flink; Entry != &Bus->Children; Entry = Entry->Flink) {
        PCLIENT_CHILD Child = CONTAINING_RECORD(Entry, CLIENT_CHILD, Link);

        Child->Reported = !Child->Gone;
        if (Child->Reported) {
            Child->Known = TRUE;
            ObReferenceObject(Child->Pdo);
            Relations->Objects[Relations->Count++] = Child->Pdo;
        }
    }
    KeReleaseSpinLock(&Bus->Lock, Irql);
    if (Before != NULL)
        ExFreePool(Before);
    Irp->IoStatus.Information = (ULONG_PTR)Relations;
    return STATUS_SUCCESS;
}

static NTSTATUS RemoveBus(PCLIENT_BUS Bus, PIRP Irp)
{
    PDEVICE_OBJECT Lower = Bus->Lower;
    NTSTATUS Status;

    if (Bus->InterfaceEnabled)
        IoSetDeviceInterfaceState(&Bus->InterfaceName, FALSE);
    IoReleaseRemoveLockAndWait(&Bus->Common.RemoveLock, Irp);

    /* Children that plug and play has removed without our having taken them back. Nobody else has
     * the list now. */
    ClientEndBus(Bus);
    while (!IsListEmpty(&Bus->Children)) {
        PCLIENT_CHILD Child = CONTAINING_RECORD(Bus->Children.Flink, CLIENT_CHILD, Link);
        PCLIENT_PDO Pdo = Child->Pdo->DeviceExtension;

        if (NT_SUCCESS(IoAcquireRemoveLock(&Pdo->Common.RemoveLock, Bus)))
            IoReleaseRemoveLockAndWait(&Pdo->Common.RemoveLock, Bus);
        ClientDeletePdo(Pdo);
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);

    IoDetachDevice(Lower);
    RtlFreeUnicodeString(&Bus->InterfaceName);
    IoDeleteDevice(Bus->Common.Self);
    return Status;
}

NTSTATUS ClientBusPnp(PCLIENT_BUS Bus, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS Status;

    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Status = ClientCompleteIrp(Irp, StartBus(Bus, Irp), 0);
        IoReleaseRemoveLock(&Bus->Common.RemoveLock, Irp);
        return Status;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveBus(Bus, Irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Stack->Parameters.QueryDeviceRelations.Type != BusRelations)
            break;
        DeleteUnknown(Bus);
        Status = ReportChildren(Bus, Irp);
        if (!NT_SUCCESS(Status)) {
            ClientCompleteIrp(Irp, Status, Irp->IoStatus.Information);
            IoReleaseRemoveLock(&Bus->Common.RemoveLock, Irp);
            return Status;
        }
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        ClientEndBus(Bus);
        if (Bus->InterfaceEnabled) {
            IoSetDeviceInterfaceState(&Bus->InterfaceName, FALSE);
            Bus->InterfaceEnabled = FALSE;
        }
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    default:
        break; /* passed on as it came */
    }
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Bus->Lower, Irp);
    IoReleaseRemoveLock(&Bus->Common.RemoveLock, Irp);
    return Status;
}
