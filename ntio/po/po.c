/* SPDX-License-Identifier: MIT */
/*
 * po.c - the power manager: states that drivers tell, and power IRPs that they ask for.
 *
 * Nothing here decides by itself that a device or the system is to sleep: power IRPs come from
 * drivers (PoRequestPowerIrp) and go the real way, to the top of the stack and back.
 */
#include "ntio/po/po.h"
#include "ntio/ex/ex.h"

#define POP_TAG 'rwoP'

NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IofCallDriver(DeviceObject, Irp);
}

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

/* ---- PoRequestPowerIrp ---- */

typedef struct _POP_REQUEST {
    PDEVICE_OBJECT Device; /* as the driver named it */
    PDEVICE_OBJECT Top;    /* referenced */
    UCHAR MinorFunction;
    POWER_STATE State;
    PREQUEST_POWER_COMPLETE Routine;
    PVOID Context;
} POP_REQUEST, *PPOP_REQUEST;

static NTSTATUS NTAPI PopRequestDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    POP_REQUEST Request = *(PPOP_REQUEST)Context;
    IO_STATUS_BLOCK IoStatus = Irp->IoStatus;

    UNREFERENCED_PARAMETER(DeviceObject);
    ExFreePoolWithTag(Context, POP_TAG);
    /* The routine may look at the IRP that *Irp gave it (a wait-wake); it is gone when it returns.
     */
    if (Request.Routine != NULL)
        Request.Routine(Request.Device, Request.MinorFunction, Request.State, Request.Context,
                        &IoStatus);
    IoFreeIrp(Irp);
    ObDereferenceObject(Request.Top);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                 POWER_STATE PowerState, PREQUEST_POWER_COMPLETE CompletionFunction,
                                 PVOID Context, PIRP *Irp)
{
    PPOP_REQUEST Request;
    PIO_STACK_LOCATION Next;
    PDEVICE_OBJECT Top;
    PIRP New;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (MinorFunction != IRP_MN_WAIT_WAKE && MinorFunction != IRP_MN_SET_POWER &&
        MinorFunction != IRP_MN_QUERY_POWER)
        return STATUS_INVALID_PARAMETER_2;
    Top = IoGetAttachedDeviceReference(DeviceObject);
    New = IoAllocateIrp(Top->StackSize, FALSE);
    Request = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Request), POP_TAG);
    if (New == NULL || Request == NULL) {
        if (New != NULL)
            IoFreeIrp(New);
        if (Request != NULL)
            ExFreePoolWithTag(Request, POP_TAG);
        ObDereferenceObject(Top);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Request =
        (POP_REQUEST){DeviceObject, Top, MinorFunction, PowerState, CompletionFunction, Context};
    New->IoStatus.Status = STATUS_NOT_SUPPORTED;
    New->RequestorMode = KernelMode;
    Next = IoGetNextIrpStackLocation(New);
    Next->MajorFunction = IRP_MJ_POWER;
    Next->MinorFunction = MinorFunction;
    if (MinorFunction == IRP_MN_WAIT_WAKE) {
        Next->Parameters.WaitWake.PowerState = PowerState.SystemState;
    } else {
        Next->Parameters.Power.Type = DevicePowerState;
        Next->Parameters.Power.State = PowerState;
        Next->Parameters.Power.ShutdownType = PowerActionNone;
    }
    IoSetCompletionRoutine(New, PopRequestDone, Request, TRUE, TRUE, TRUE);
    if (Irp != NULL)
        *Irp = New; /* before it can be completed: a driver cancels its wait-wake by it */
    IofCallDriver(Top, New);
    return STATUS_PENDING;
}

/* ---- what a driver says about the system ---- */

/*
 * The host does not sleep on ntio's word, so there is nothing to hold off: a registration is a
 * block that the accounting finds if it is forgotten.
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

/* NULL is a documented answer: the device is not watched, and the driver must live with it. */
PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject,
                                              ULONG ConservationIdleTime, ULONG PerformanceIdleTime,
                                              DEVICE_POWER_STATE State)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(ConservationIdleTime);
    UNREFERENCED_PARAMETER(PerformanceIdleTime);
    UNREFERENCED_PARAMETER(State);
    return NULL;
}

/* Did the IRP's wake-up come from this device? Nothing here wakes a system. */
BOOLEAN NTAPI PoGetSystemWake(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return FALSE;
}

VOID NTAPI PoSetSystemWake(PIRP Irp)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Irp);
}
