/* SPDX-License-Identifier: MIT */
/*
 * state.c - the states that drivers tell, the calls that Vista made into nothing, and what a driver
 * says about the system's use.
 */
#include "ntio/po/pop.h"

NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IofCallDriver(DeviceObject, Irp);
}

/* The power manager itself sends a stack's next device IRP when the one before is complete. */
VOID NTAPI PoStartNextPowerIrp(PIRP Irp)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Irp);
}

/* DEVOBJ_EXTENSION.PowerFlags, as on Windows: the system state in the lowest four bits, the
 * device's in the next. */
POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type,
                                  POWER_STATE State)
{
    PULONG Flags = &DeviceObject->DeviceObjectExtension->PowerFlags;
    ULONG Shift = Type == SystemPowerState ? 0 : 4;
    ULONG New =
        (Type == SystemPowerState ? (ULONG)State.SystemState : (ULONG)State.DeviceState) & 0xf;
    ULONG Old = __atomic_load_n(Flags, __ATOMIC_RELAXED);
    POWER_STATE Before = {0};

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    while (!__atomic_compare_exchange_n(Flags, &Old, (Old & ~(0xfu << Shift)) | (New << Shift),
                                        TRUE, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        ;
    if (Type == SystemPowerState)
        Before.SystemState = (SYSTEM_POWER_STATE)((Old >> Shift) & 0xf);
    else
        Before.DeviceState = (DEVICE_POWER_STATE)((Old >> Shift) & 0xf);
    return Before;
}

/*
 * These hold off a system that would fall asleep for want of use. This one never does so by itself:
 * it sleeps when the host says (ntio_set_system_power), which on Windows no such registration holds
 * off either. What is left of it is a block that the accounting finds if it is forgotten.
 */
PVOID NTAPI PoRegisterSystemState(PVOID StateHandle, EXECUTION_STATE Flags)
{
    PULONG State = StateHandle;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (State == NULL)
        State = ExAllocatePoolWithTag(NonPagedPool, sizeof(*State), POP_TAG);
    if (State != NULL)
        *State = Flags;
    return State;
}

VOID NTAPI PoUnregisterSystemState(PVOID StateHandle)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ExFreePoolWithTag(StateHandle, POP_TAG);
}

VOID NTAPI PoSetSystemState(EXECUTION_STATE Flags)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Flags);
}

/* io: the device is deleted. */
static VOID PopRunDownDevice(PDEVICE_OBJECT Device)
{
    PLIST_ENTRY Link;
    BOOLEAN Busy = FALSE;

    KiLock(&PopLock);
    for (Link = PopIrps.Flink; Link != &PopIrps && !Busy; Link = Link->Flink) {
        PPOP_IRP Entry = CONTAINING_RECORD(Link, POP_IRP, Link);

        Busy = Entry->Device == Device || Entry->Base == Device || Entry->Top == Device;
    }
    KiUnlock(&PopLock);
    if (Busy)
        KeBugCheckEx(DRIVER_POWER_STATE_FAILURE, POP_FAILURE_DEVICE_DELETED, (ULONG_PTR)Device, 0,
                     0);
    PopForgetIdle(Device);
}

NTSTATUS PoInitializeSystem(VOID)
{
    PopInitializeState();
    PopInitializeIrps();
    PopInitializeIdle();
    VfAddAccountingSource("po", PopAccountIrps);
    atomic_store(&IopRunDownDeviceCallout, PopRunDownDevice);
    return STATUS_SUCCESS;
}

VOID PoShutdownSystem(VOID)
{
    atomic_store(&IopRunDownDeviceCallout, NULL);
    PopShutdownIdle();
    PopForgetDropped();
}
