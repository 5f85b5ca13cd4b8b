/* SPDX-License-Identifier: MIT */
#include "follow_power.h"

static IO_COMPLETION_ROUTINE SystemIrpBack, PoweredUp, Caught;
static REQUEST_POWER_COMPLETE DeviceIrpDone;

VOID FollowInitialize(PFOLLOW_POWER Power, PDEVICE_OBJECT Self, PDEVICE_OBJECT Lower,
                      PIO_REMOVE_LOCK RemoveLock)
{
    POWER_STATE State;

    Power->Self = Self;
    Power->Lower = Lower;
    Power->RemoveLock = RemoveLock;
    for (ULONG i = 0; i < POWER_SYSTEM_MAXIMUM; i++)
        Power->DeviceState[i] = PowerDeviceD3;
    Power->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    State.DeviceState = PowerDeviceD0;
    PoSetPowerState(Self, DevicePowerState, State);
}

static NTSTATUS NTAPI Caught(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

VOID FollowStarted(PFOLLOW_POWER Power)
{
    DEVICE_CAPABILITIES Capabilities;
    PIO_STACK_LOCATION Next;
    KEVENT Event;
    PIRP Irp = IoAllocateIrp(Power->Lower->StackSize, FALSE);

    if (Irp == NULL)
        return; /* D0 and D3 are always right */
    RtlZeroMemory(&Capabilities, sizeof(Capabilities));
    Capabilities.Size = sizeof(Capabilities);
    Capabilities.Version = 1;
    Capabilities.Address = Capabilities.UINumber = (ULONG)-1;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Next = IoGetNextIrpStackLocation(Irp);
    Next->MajorFunction = IRP_MJ_PNP;
    Next->MinorFunction = IRP_MN_QUERY_CAPABILITIES;
    Next->Parameters.DeviceCapabilities.Capabilities = &Capabilities;
    IoSetCompletionRoutine(Irp, Caught, &Event, TRUE, TRUE, TRUE);
    IoCallDriver(Power->Lower, Irp);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    if (NT_SUCCESS(Irp->IoStatus.Status)) {
        for (ULONG i = PowerSystemSleeping1; i < POWER_SYSTEM_MAXIMUM; i++) {
            DEVICE_POWER_STATE State = Capabilities.DeviceState[i];
            if (State >= PowerDeviceD0 && State <= PowerDeviceD3)
                Power->DeviceState[i] = State;
        }
    }
    IoFreeIrp(Irp);
}

/* The device has followed; now the system's IRP may go on up. Nobody can refuse a SET_POWER. */
static VOID NTAPI DeviceIrpDone(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE State,
                                PVOID Context, PIO_STATUS_BLOCK IoStatus)
{
    PIRP SystemIrp = Context;
    PFOLLOW_POWER Power = SystemIrp->Tail.Overlay.DriverContext[0];
    PIO_REMOVE_LOCK RemoveLock = Power->RemoveLock;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(State);
    if (MinorFunction == IRP_MN_QUERY_POWER)
        SystemIrp->IoStatus.Status = IoStatus->Status;
    IoCompleteRequest(SystemIrp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(RemoveLock, SystemIrp);
}

/* Every driver below knows of the system's state. */
static NTSTATUS NTAPI SystemIrpBack(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PFOLLOW_POWER Power = Context;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    POWER_STATE State;
    NTSTATUS Status;

    if (!NT_SUCCESS(Irp->IoStatus.Status)) {
        IoReleaseRemoveLock(Power->RemoveLock, Irp);
        return STATUS_SUCCESS; /* on its way up; it is marked pending */
    }
    State.DeviceState = Power->DeviceState[Stack->Parameters.Power.State.SystemState];
    Irp->Tail.Overlay.DriverContext[0] = Power;
    Status = PoRequestPowerIrp(DeviceObject, Stack->MinorFunction, State, DeviceIrpDone, Irp, NULL);
    if (Status != STATUS_PENDING) {
        if (Stack->MinorFunction == IRP_MN_QUERY_POWER)
            Irp->IoStatus.Status = Status;
        IoReleaseRemoveLock(Power->RemoveLock, Irp);
        return STATUS_SUCCESS;
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI PoweredUp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PFOLLOW_POWER Power = Context;

    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    PoSetPowerState(DeviceObject, DevicePowerState,
                    IoGetCurrentIrpStackLocation(Irp)->Parameters.Power.State);
    IoReleaseRemoveLock(Power->RemoveLock, Irp);
    return STATUS_SUCCESS;
}

NTSTATUS FollowPower(PFOLLOW_POWER Power, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PIO_REMOVE_LOCK RemoveLock = Power->RemoveLock;
    BOOLEAN Changes =
        Stack->MinorFunction == IRP_MN_SET_POWER || Stack->MinorFunction == IRP_MN_QUERY_POWER;
    NTSTATUS Status;

    PoStartNextPowerIrp(Irp);
    if (Changes && Stack->Parameters.Power.Type == SystemPowerState &&
        (ULONG)Stack->Parameters.Power.State.SystemState < POWER_SYSTEM_MAXIMUM) {
        IoMarkIrpPending(Irp);
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, SystemIrpBack, Power, TRUE, TRUE, TRUE);
        PoCallDriver(Power->Lower, Irp);
        return STATUS_PENDING;
    }
    if (Stack->MinorFunction == IRP_MN_SET_POWER &&
        Stack->Parameters.Power.Type == DevicePowerState) {
        if (Stack->Parameters.Power.State.DeviceState == PowerDeviceD0) {
            IoCopyCurrentIrpStackLocationToNext(Irp);
            IoSetCompletionRoutine(Irp, PoweredUp, Power, TRUE, TRUE, TRUE);
            return PoCallDriver(Power->Lower, Irp);
        }
        PoSetPowerState(Power->Self, DevicePowerState, Stack->Parameters.Power.State);
    }
    IoSkipCurrentIrpStackLocation(Irp);
    Status = PoCallDriver(Power->Lower, Irp);
    IoReleaseRemoveLock(RemoveLock, Irp);
    return Status;
}
