/* SPDX-License-Identifier: MIT */
/* call.c - handing an IRP to a driver. The hot path: no lock, no system call. */
#include "ntio/io/iop.h"

IOP_TRACE_ROUTINE *_Atomic IopTraceCallout;

static inline KIRQL IopIrql(VOID)
{
    return KiCurrentThread != NULL ? KiCurrentThread->Irql : KeGetCurrentIrql();
}

/* The device may delete itself in this call (REMOVE): the trace still wants its name afterwards. */
static NTSTATUS IopCallTraced(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS Status;

    ObReferenceObject(DeviceObject);
    IopTrace(IopTraceCall, DeviceObject, Irp, Stack, STATUS_SUCCESS);
    Status = DeviceObject->DriverObject->MajorFunction[Stack->MajorFunction](DeviceObject, Irp);
    /* From here on Irp is only a number. */
    IopTrace(IopTraceReturn, DeviceObject, Irp, NULL, Status);
    ObDereferenceObject(DeviceObject);
    return Status;
}

/*
 * A power IRP for a device whose drivers may touch paged code (DO_POWER_PAGABLE) and that was
 * called at DISPATCH_LEVEL: a worker thread makes the call. The IRP's driver context is the
 * receiver's, who has not seen it yet.
 */
static VOID NTAPI IopPassiveCall(PVOID Parameter)
{
    PIRP Irp = Parameter;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT DeviceObject = Stack->DeviceObject;

    RtlZeroMemory(Irp->Tail.Overlay.DriverContext, sizeof(Irp->Tail.Overlay.DriverContext));
    (void)IopCallTraced(DeviceObject, Irp, Stack);
}

static NTSTATUS IopCallAtPassive(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PWORK_QUEUE_ITEM Item = (PWORK_QUEUE_ITEM)Irp->Tail.Overlay.DriverContext;

    C_ASSERT(sizeof(*Item) <= sizeof(Irp->Tail.Overlay.DriverContext));
    Stack->Control |= SL_PENDING_RETURNED;
    ExInitializeWorkItem(Item, IopPassiveCall, Irp);
    ExQueueWorkItem(Item, CriticalWorkQueue);
    return STATUS_PENDING;
}

NTSTATUS NTAPI IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL Before = IopIrql(), After;
    PIO_STACK_LOCATION Stack;
    NTSTATUS Status;

    if (NTIO_UNLIKELY(Before > DISPATCH_LEVEL))
        IopStop(IOP_VF_CALL_IRQL, (PVOID)(ULONG_PTR)Before, 0, 0);
    if (NTIO_UNLIKELY(Irp == NULL || Irp->Type != IO_TYPE_IRP))
        IopStop(IOP_VF_CALL_NO_IRP, Irp, 0, 0);
    if (NTIO_UNLIKELY(DeviceObject == NULL || DeviceObject->Type != IO_TYPE_DEVICE))
        IopStop(IOP_VF_CALL_NO_DEVICE, DeviceObject, (ULONG_PTR)Irp, 0);
    if (NTIO_UNLIKELY(Irp->CurrentLocation > Irp->StackCount + 1)) /* it has been completed */
        KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)Irp, 0, 0, 0);
    if (NTIO_UNLIKELY(--Irp->CurrentLocation <= 0))
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)Irp, 0, 0, 0);

    Stack = --Irp->Tail.Overlay.CurrentStackLocation;
    if (NTIO_UNLIKELY(Stack->MajorFunction > IRP_MJ_MAXIMUM_FUNCTION))
        KeBugCheckEx(INCONSISTENT_IRP, (ULONG_PTR)Irp, Stack->MajorFunction, 0, 0);
    Stack->DeviceObject = DeviceObject;
    if (NTIO_UNLIKELY(Stack->MajorFunction == IRP_MJ_POWER) && Before == DISPATCH_LEVEL &&
        (DeviceObject->Flags & DO_POWER_PAGABLE) != 0)
        return IopCallAtPassive(Irp, Stack);
    if (NTIO_UNLIKELY(atomic_load_explicit(&IopTraceCallout, memory_order_relaxed) != NULL))
        Status = IopCallTraced(DeviceObject, Irp, Stack);
    else
        Status = DeviceObject->DriverObject->MajorFunction[Stack->MajorFunction](DeviceObject, Irp);
    After = IopIrql();
    if (NTIO_UNLIKELY(After != Before))
        IopStop(IOP_VF_IRQL_CHANGED, DeviceObject, Before, After);
    return Status;
}

static NTSTATUS NTAPI IopCatch(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS IopCallAndCatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KEVENT Event;
    NTSTATUS Status;

    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    IoSetCompletionRoutine(Irp, IopCatch, &Event, TRUE, TRUE, TRUE);
    Status = IofCallDriver(DeviceObject, Irp);
    /* Always: the event, not the status, says that the IRP is back. */
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    if (Status == STATUS_PENDING)
        Status = Irp->IoStatus.Status;
    return Status;
}

BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    if (Irp->CurrentLocation <= 1) /* no location for the driver below */
        return FALSE;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IopCallAndCatch(DeviceObject, Irp);
    return TRUE;
}

NTSTATUS NTAPI IoSynchronousCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    return IopCallAndCatch(DeviceObject, Irp);
}

NTSTATUS NTAPI IopInvalidDeviceRequest(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    IofCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}
