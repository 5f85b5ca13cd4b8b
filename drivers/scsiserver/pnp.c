/* SPDX-License-Identifier: MIT */
/* Plug and play and power: AddDevice, start, the ways to go. PASSIVE_LEVEL, one request at a time
 * for a device. */
#include "scsiserver.h"

static const GUID ServerInterfaceGuid = SCSISERVER_INTERFACE_GUID;

NTSTATUS NTAPI ServerAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT DeviceObject;
    PSERVER_DEVICE Device;
    NTSTATUS Status;

    Status = IoCreateDevice(DriverObject, sizeof(SERVER_DEVICE), NULL, FILE_DEVICE_CONTROLLER,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;

    Device = DeviceObject->DeviceExtension;
    Device->Self = DeviceObject;
    Device->Physical = PhysicalDeviceObject;
    IoInitializeRemoveLock(&Device->RemoveLock, SERVER_TAG, 0, 0);
    KeInitializeSpinLock(&Device->Lock);
    InitializeListHead(&Device->Requests);

    Device->Lower = IoAttachDeviceToDeviceStack(DeviceObject, PhysicalDeviceObject);
    if (Device->Lower == NULL) {
        IoDeleteDevice(DeviceObject);
        return STATUS_NO_SUCH_DEVICE;
    }
    Status = IoRegisterDeviceInterface(PhysicalDeviceObject, &ServerInterfaceGuid, NULL,
                                       &Device->InterfaceName);
    if (!NT_SUCCESS(Status)) {
        IoDetachDevice(Device->Lower);
        IoDeleteDevice(DeviceObject);
        return Status;
    }
    FollowInitialize(&Device->Power, DeviceObject, Device->Lower, &Device->RemoveLock);
    DeviceObject->Flags |= (Device->Lower->Flags & DO_POWER_PAGABLE) | DO_DIRECT_IO;
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID SetStarted(PSERVER_DEVICE Device, BOOLEAN Started)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->Started = Started;
    KeReleaseSpinLock(&Device->Lock, Irql);
}

static VOID DisableInterface(PSERVER_DEVICE Device)
{
    if (Device->InterfaceEnabled) {
        IoSetDeviceInterfaceState(&Device->InterfaceName, FALSE);
        Device->InterfaceEnabled = FALSE;
    }
}

static NTSTATUS StartDevice(PSERVER_DEVICE Device, PIRP Irp)
{
    NTSTATUS Status;

    if (!IoForwardIrpSynchronously(Device->Lower, Irp))
        return STATUS_UNSUCCESSFUL;
    Status = Irp->IoStatus.Status;
    if (!NT_SUCCESS(Status))
        return Status;
    FollowStarted(&Device->Power);
    Status = ServerDescribeDevice(Device);
    if (!NT_SUCCESS(Status))
        return Status;
    SetStarted(Device, TRUE);
    Status = IoSetDeviceInterfaceState(&Device->InterfaceName, TRUE);
    if (!NT_SUCCESS(Status)) {
        SetStarted(Device, FALSE);
        return Status;
    }
    Device->InterfaceEnabled = TRUE;
    {
        POWER_STATE Power = {.DeviceState = PowerDeviceD0};
        PoSetPowerState(Device->Self, DevicePowerState, Power);
    }
    return STATUS_SUCCESS;
}

/* The device is going or gone: nothing new is taken, and what is in flight ends soon. */
static VOID StopServing(PSERVER_DEVICE Device)
{
    SetStarted(Device, FALSE);
    DisableInterface(Device);
    ServerCancelRequests(Device);
}

static NTSTATUS RemoveDevice(PSERVER_DEVICE Device, PIRP Irp)
{
    PDEVICE_OBJECT Lower = Device->Lower;
    NTSTATUS Status;

    StopServing(Device);
    IoReleaseRemoveLockAndWait(&Device->RemoveLock, Irp);
    ServerReleaseClaim(Device);

    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);

    IoDetachDevice(Lower);
    RtlFreeUnicodeString(&Device->InterfaceName);
    if (Device->PnpInfo != NULL)
        ExFreePoolWithTag(Device->PnpInfo, SERVER_TAG);
    IoDeleteDevice(Device->Self);
    return Status;
}

NTSTATUS NTAPI ServerDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERVER_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ServerCompleteIrp(Irp, Status, 0);

    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Status = ServerCompleteIrp(Irp, StartDevice(Device, Irp), 0);
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        return Status;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDevice(Device, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_STOP_DEVICE:
        StopServing(Device);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    default:
        break; /* not ours: passed on as it came */
    }
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

NTSTATUS NTAPI ServerDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERVER_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ServerCompleteIrp(Irp, Status, 0);
    return FollowPower(&Device->Power, Irp);
}

NTSTATUS NTAPI ServerDispatchSystemControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERVER_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ServerCompleteIrp(Irp, Status, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}
