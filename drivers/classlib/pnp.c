/* SPDX-License-Identifier: MIT */
/* Plug and play. PASSIVE_LEVEL, one request at a time for a device. */
#include "classlib.h"

NTSTATUS ClassAttach(PDEVICE_OBJECT DeviceObject, PDEVICE_OBJECT Physical,
                     const CLASS_ROUTINES *Routines, const GUID *Interface)
{
    PCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status;

    Device->Self = DeviceObject;
    Device->Physical = Physical;
    Device->Routines = Routines;
    IoInitializeRemoveLock(&Device->RemoveLock, CLASS_TAG, 0, 0);
    KeInitializeSpinLock(&Device->Lock);

    Device->Lower = IoAttachDeviceToDeviceStack(DeviceObject, Physical);
    if (Device->Lower == NULL) {
        IoDeleteDevice(DeviceObject);
        return STATUS_NO_SUCH_DEVICE;
    }
    Status = IoRegisterDeviceInterface(Physical, Interface, NULL, &Device->InterfaceName);
    if (!NT_SUCCESS(Status)) {
        IoDetachDevice(Device->Lower);
        IoDeleteDevice(DeviceObject);
        return Status;
    }
    DeviceObject->AlignmentRequirement = Device->Lower->AlignmentRequirement;
    FollowInitialize(&Device->Power, DeviceObject, Device->Lower, &Device->RemoveLock);
    DeviceObject->Flags |= DO_DIRECT_IO | (Device->Lower->Flags & DO_POWER_PAGABLE);
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* No new way to the device: the names and the interface go. */
static VOID Hide(PCLASS_DEVICE Device)
{
    if (Device->InterfaceEnabled) {
        IoSetDeviceInterfaceState(&Device->InterfaceName, FALSE);
        Device->InterfaceEnabled = FALSE;
    }
    Device->Routines->Hide(Device);
}

static VOID ReleaseClaim(PCLASS_DEVICE Device)
{
    if (Device->Claimed) {
        ClassSendFunction(Device, SRB_FUNCTION_RELEASE_DEVICE);
        Device->Claimed = FALSE;
    }
}

static NTSTATUS StartDevice(PCLASS_DEVICE Device, PIRP Irp)
{
    POWER_STATE Power = {.DeviceState = PowerDeviceD0};
    NTSTATUS Status;

    if (!IoForwardIrpSynchronously(Device->Lower, Irp))
        return STATUS_UNSUCCESSFUL;
    Status = Irp->IoStatus.Status;
    if (!NT_SUCCESS(Status))
        return Status;
    FollowStarted(&Device->Power);
    if (!Device->Claimed) {
        Status = ClassSendFunction(Device, SRB_FUNCTION_CLAIM_DEVICE);
        if (!NT_SUCCESS(Status))
            return Status;
        Device->Claimed = TRUE;
    }
    Device->MaximumTransfer = ClassQueryMaximumTransfer(Device);
    Status = Device->Routines->Show(Device);
    if (NT_SUCCESS(Status) && !Device->InterfaceEnabled) {
        Status = IoSetDeviceInterfaceState(&Device->InterfaceName, TRUE);
        Device->InterfaceEnabled = NT_SUCCESS(Status);
    }
    if (!NT_SUCCESS(Status)) {
        Hide(Device);
        ReleaseClaim(Device);
        return Status;
    }
    PoSetPowerState(Device->Self, DevicePowerState, Power);
    return STATUS_SUCCESS;
}

static NTSTATUS RemoveDevice(PCLASS_DEVICE Device, PIRP Irp)
{
    PDEVICE_OBJECT Lower = Device->Lower;
    NTSTATUS Status;

    Hide(Device);
    IoReleaseRemoveLockAndWait(&Device->RemoveLock, Irp);
    ReleaseClaim(Device);

    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);

    IoDetachDevice(Lower);
    RtlFreeUnicodeString(&Device->InterfaceName);
    Device->Routines->Free(Device);
    IoDeleteDevice(Device->Self);
    return Status;
}

NTSTATUS NTAPI ClassDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClassCompleteIrp(Irp, Status, 0);

    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Status = ClassCompleteIrp(Irp, StartDevice(Device, Irp), 0);
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        return Status;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDevice(Device, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        Hide(Device);
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
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}
