/* SPDX-License-Identifier: MIT */
/*
 * unload.c - unloading as ZwUnloadDriver and the service control manager ask for it: a driver whose
 * devices are in use goes when they are free.
 *
 * Source: MS docs, ZwUnloadDriver; "sc stop" on a driver with open handles shows STOP_PENDING.
 */
#include "ntio/io/iop.h"

BOOLEAN IopMayStopDriver(PDRIVER_OBJECT Driver)
{
    return Driver->DriverUnload != NULL && (Driver->Flags & DRVO_LEGACY_DRIVER) != 0;
}

BOOLEAN IopIsUnloading(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public);
    BOOLEAN Unloading;

    KiLock(&IopDeviceLock);
    Unloading = Object->Unloading || Object->UnloadAsked;
    KiUnlock(&IopDeviceLock);
    return Unloading;
}

NTSTATUS IopRequestUnload(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public);
    NTSTATUS Status = STATUS_SUCCESS;
    BOOLEAN Now = FALSE;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!IopMayStopDriver(Driver))
        return STATUS_INVALID_DEVICE_REQUEST;
    KiLock(&IopDeviceLock);
    if (Object->Unloading || Object->UnloadAsked) {
        Status = STATUS_SUCCESS; /* as Windows says to the second one */
    } else if (!IopIsDriverBusy(Object)) {
        Now = TRUE;
    } else {
        Object->UnloadAsked = TRUE;
        for (PDEVICE_OBJECT Device = Driver->DeviceObject; Device != NULL;
             Device = Device->NextDevice)
            Device->DeviceObjectExtension->ExtensionFlags |= DOE_UNLOAD_PENDING;
        Status = STATUS_PENDING;
    }
    KiUnlock(&IopDeviceLock);
    if (!Now)
        return Status;
    Status = IopUnloadDriver(Driver);
    /* Somebody opened it between the two: then it goes with that open. */
    return Status == STATUS_DEVICE_BUSY ? IopRequestUnload(Driver) : Status;
}

PIOP_DRIVER IopTakeUnload(PDRIVER_OBJECT Driver)
{
    PIOP_DRIVER Object = CONTAINING_RECORD(Driver, IOP_DRIVER, Public);

    if (!Object->UnloadAsked || Object->UnloadQueued || Object->Unloading ||
        IopIsDriverBusy(Object))
        return NULL;
    Object->UnloadQueued = TRUE;
    ObReferenceObject(Object);
    return Object;
}

typedef struct _IOP_UNLOAD_WAIT {
    PIOP_DRIVER Driver;
    KEVENT Done;
    WORK_QUEUE_ITEM Item;
} IOP_UNLOAD_WAIT;

static VOID IopUnloadNow(PIOP_DRIVER Driver)
{
    NTSTATUS Status = IopUnloadDriver(&Driver->Public);

    /* Busy again (a driver above attached itself in the meantime): its end asks once more. */
    if (Status == STATUS_DEVICE_BUSY) {
        KiLock(&IopDeviceLock);
        Driver->UnloadQueued = FALSE;
        KiUnlock(&IopDeviceLock);
    }
    ObDereferenceObject(Driver);
}

static VOID NTAPI IopUnloadWorker(PVOID Context)
{
    IopUnloadNow(Context);
}

static VOID NTAPI IopUnloadWaitWorker(PVOID Context)
{
    IOP_UNLOAD_WAIT *Wait = Context;

    IopUnloadNow(Wait->Driver);
    KeSetEvent(&Wait->Done, IO_NO_INCREMENT, FALSE);
}

VOID IopFinishUnload(PIOP_DRIVER Driver, BOOLEAN Wait)
{
    if (Wait && KeGetCurrentIrql() == PASSIVE_LEVEL &&
        PsGetCurrentProcess() != PsInitialSystemProcess) {
        IOP_UNLOAD_WAIT Waiting = {.Driver = Driver};

        KeInitializeEvent(&Waiting.Done, NotificationEvent, FALSE);
        ExInitializeWorkItem(&Waiting.Item, IopUnloadWaitWorker, &Waiting);
        ExQueueWorkItem(&Waiting.Item, DelayedWorkQueue);
        KeWaitForSingleObject(&Waiting.Done, Executive, KernelMode, FALSE, NULL);
    } else {
        ExInitializeWorkItem(&Driver->UnloadItem, IopUnloadWorker, Driver);
        ExQueueWorkItem(&Driver->UnloadItem, DelayedWorkQueue);
    }
}
