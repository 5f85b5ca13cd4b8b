/* SPDX-License-Identifier: MIT */
/* pdo.c - a LUN as a device: plug and play and power. */
#include "vhba.h"

static NTSTATUS End(PVHBA_LUN Lun, PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Lun->Common.RemoveLock, Irp);
    return Status;
}

VOID VhbaDeleteLun(PVHBA_LUN Lun)
{
    if (Lun->Medium != NULL)
        VhbaDereferenceMedium(Lun->Medium);
    Lun->Medium = NULL;
    IoDeleteDevice(Lun->Common.Self);
}

static VOID Capabilities(PVHBA_LUN Lun, PDEVICE_CAPABILITIES Capabilities)
{
    Capabilities->RawDeviceOK = TRUE; /* pass-through without a class driver */
    Capabilities->Removable = TRUE;
    Capabilities->SilentInstall = TRUE;
    Capabilities->UniqueID = FALSE; /* numbers are unique within the adapter */
    Capabilities->Address = Lun->Number;
    Capabilities->UINumber = Lun->Number;
    Capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (ULONG State = PowerSystemSleeping1; State < PowerSystemMaximum; State++)
        Capabilities->DeviceState[State] = PowerDeviceD3;
    Capabilities->SystemWake = PowerSystemUnspecified;
    Capabilities->DeviceWake = PowerDeviceUnspecified;
}

static NTSTATUS TargetRelation(PVHBA_LUN Lun, PIRP Irp)
{
    PDEVICE_RELATIONS Relations = ExAllocatePoolWithTag(PagedPool, sizeof(*Relations), VHBA_TAG);

    if (Relations == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Relations->Count = 1;
    Relations->Objects[0] = Lun->Common.Self;
    ObReferenceObject(Lun->Common.Self);
    Irp->IoStatus.Information = (ULONG_PTR)Relations;
    return STATUS_SUCCESS;
}

/*
 * The stack above goes. A LUN that REMOVE_LUN took away, and of which the tree has been told, goes
 * with it; any other stays for the next start.
 */
static NTSTATUS Remove(PVHBA_LUN Lun, PIRP Irp)
{
    PVHBA_FDO Fdo = Lun->Adapter;
    BOOLEAN Delete;

    VhbaSet(&Lun->Common.Gone, TRUE);
    VhbaSet(&Lun->Common.Started, FALSE);
    VhbaFlush(Lun, NULL, SRB_STATUS_NO_DEVICE, STATUS_NO_SUCH_DEVICE);
    IoReleaseRemoveLockAndWait(&Lun->Common.RemoveLock, Irp);

    /* Not ExAcquireFastMutex: IoInitializeRemoveLock is for PASSIVE_LEVEL. */
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&Fdo->Mutex);
    Delete = Lun->Missing && !Lun->Reported;
    if (Delete) {
        RemoveEntryList(&Lun->Entry);
        InitializeListHead(&Lun->Entry);
    } else {
        IoInitializeRemoveLock(&Lun->Common.RemoveLock, VHBA_TAG, 0, 0);
        Lun->Claimed = FALSE;
        VhbaSet(&Lun->Common.Gone, Lun->Missing);
    }
    ExReleaseFastMutexUnsafe(&Fdo->Mutex);
    KeLeaveCriticalRegion();
    if (Delete)
        VhbaDeleteLun(Lun);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS VhbaPdoPnp(PVHBA_LUN Lun, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Lun->Common.RemoveLock, Irp);

    if (!NT_SUCCESS(Status)) {
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NO_SUCH_DEVICE;
    }
    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        if (VhbaIs(&Lun->Common.Gone))
            return End(Lun, Irp, STATUS_NO_SUCH_DEVICE);
        VhbaSet(&Lun->Common.Started, TRUE);
        VhbaSetAsleep(Lun, FALSE); /* a device that starts has power */
        return End(Lun, Irp, STATUS_SUCCESS);
    case IRP_MN_STOP_DEVICE:
        VhbaSet(&Lun->Common.Started, FALSE);
        return End(Lun, Irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return End(Lun, Irp, STATUS_SUCCESS);
    case IRP_MN_SURPRISE_REMOVAL:
        VhbaSet(&Lun->Common.Gone, TRUE);
        VhbaFlush(Lun, NULL, SRB_STATUS_NO_DEVICE, STATUS_NO_SUCH_DEVICE);
        return End(Lun, Irp, STATUS_SUCCESS);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Lun, Irp);
    case IRP_MN_QUERY_ID:
        return End(Lun, Irp, VhbaQueryId(Lun, Irp));
    case IRP_MN_QUERY_DEVICE_TEXT:
        return End(Lun, Irp, VhbaQueryText(Lun, Irp));
    case IRP_MN_QUERY_CAPABILITIES:
        if (Stack->Parameters.DeviceCapabilities.Capabilities->Version != 1 ||
            Stack->Parameters.DeviceCapabilities.Capabilities->Size < sizeof(DEVICE_CAPABILITIES))
            return End(Lun, Irp, STATUS_UNSUCCESSFUL);
        Capabilities(Lun, Stack->Parameters.DeviceCapabilities.Capabilities);
        return End(Lun, Irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Stack->Parameters.QueryDeviceRelations.Type != TargetDeviceRelation)
            break;
        return End(Lun, Irp, TargetRelation(Lun, Irp));
    default:
        break;
    }
    return End(Lun, Irp, Irp->IoStatus.Status); /* what we don't know stays as it came */
}

/* The bus driver's part: commands wait while the drive has no power, and the times that it had none
 * are counted. */
static VOID SetDevicePower(PVHBA_LUN Lun, POWER_STATE State)
{
    Lun->Common.PowerState = State.DeviceState;
    PoSetPowerState(Lun->Common.Self, DevicePowerState, State);
    if (State.DeviceState == PowerDeviceD1)
        Lun->Sequence.SequenceD1++;
    else if (State.DeviceState == PowerDeviceD2)
        Lun->Sequence.SequenceD2++;
    else if (State.DeviceState == PowerDeviceD3)
        Lun->Sequence.SequenceD3++;
    VhbaSetAsleep(Lun, State.DeviceState != PowerDeviceD0);
}

NTSTATUS VhbaPdoPower(PVHBA_LUN Lun, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = Irp->IoStatus.Status;

    PoStartNextPowerIrp(Irp);
    switch (Stack->MinorFunction) {
    case IRP_MN_SET_POWER:
        if (Stack->Parameters.Power.Type == DevicePowerState)
            SetDevicePower(Lun, Stack->Parameters.Power.State);
        Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_POWER:
        Status = STATUS_SUCCESS;
        break;
    case IRP_MN_POWER_SEQUENCE:
        *Stack->Parameters.PowerSequence.PowerSequence = Lun->Sequence;
        Status = STATUS_SUCCESS;
        break;
    default: /* it wakes nobody */
        break;
    }
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}
