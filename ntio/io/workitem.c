/* SPDX-License-Identifier: MIT */
/*
 * workitem.c - work items that hold their device (or driver) from the queuing until the routine has
 * returned, so that its code is there.
 */
#include "ntio/io/iop.h"

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM Item;
    PVOID IoObject;
    PIO_WORKITEM_ROUTINE Routine; /* one of the two */
    PIO_WORKITEM_ROUTINE_EX RoutineEx;
    PVOID Context;
    _Atomic ULONG Queued;
};
typedef struct _IO_WORKITEM IO_WORKITEM;

/* The driver whose work item this thread runs. */
static __thread PIOP_DRIVER IopWorkingFor;

static PIOP_DRIVER IopDriverOf(PVOID IoObject)
{
    PDRIVER_OBJECT Driver = *(PCSHORT)IoObject == IO_TYPE_DRIVER
                                ? (PDRIVER_OBJECT)IoObject
                                : ((PDEVICE_OBJECT)IoObject)->DriverObject;

    return CONTAINING_RECORD(Driver, IOP_DRIVER, Public);
}

VOID IopFlushWorkItems(PIOP_DRIVER Driver)
{
    ULONG Own = IopWorkingFor == Driver ? 1 : 0;
    ULONG Work = atomic_fetch_or(&Driver->Work, IOP_WORK_WAITED) | IOP_WORK_WAITED;

    while ((Work & ~IOP_WORK_WAITED) > Own) {
        KiFutexWait(&Driver->Work, Work, 0);
        Work = atomic_load_explicit(&Driver->Work, memory_order_acquire);
    }
}

ULONG NTAPI IoSizeofWorkItem(VOID)
{
    return sizeof(IO_WORKITEM);
}

VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    memset(IoWorkItem, 0, sizeof(*IoWorkItem));
    IoWorkItem->IoObject = IoObject;
}

static VOID IopMustBeIdle(PIO_WORKITEM WorkItem)
{
    if (atomic_load(&WorkItem->Queued) != 0)
        IopStop(IOP_VF_WORK_ITEM_BUSY, WorkItem, 0, 0);
}

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    IopMustBeIdle(IoWorkItem);
}

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM WorkItem;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    WorkItem = ExAllocatePoolWithTag(NonPagedPool, sizeof(*WorkItem), IOP_TAG_WORK);
    if (WorkItem != NULL)
        IoInitializeWorkItem(DeviceObject, WorkItem);
    return WorkItem;
}

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    IopMustBeIdle(IoWorkItem);
    ExFreePoolWithTag(IoWorkItem, IOP_TAG_WORK);
}

static VOID NTAPI IopRunWorkItem(PVOID Parameter)
{
    PIO_WORKITEM WorkItem = Parameter;
    PVOID IoObject = WorkItem->IoObject;
    PIO_WORKITEM_ROUTINE Routine = WorkItem->Routine;
    PIO_WORKITEM_ROUTINE_EX RoutineEx = WorkItem->RoutineEx;
    PVOID Context = WorkItem->Context;
    PIOP_DRIVER Driver = IopDriverOf(IoObject);

    /* From here on the routine may free it or queue it again. */
    atomic_store(&WorkItem->Queued, 0);
    IopWorkingFor = Driver;
    if (RoutineEx != NULL)
        RoutineEx(IoObject, Context, WorkItem);
    else
        Routine(IoObject, Context);
    IopWorkingFor = NULL;
    /* The device may go with its reference, the driver stays until its count is down. */
    ObReferenceObject(&Driver->Public);
    ObDereferenceObject(IoObject);
    if ((atomic_fetch_sub_explicit(&Driver->Work, 1, memory_order_acq_rel) & IOP_WORK_WAITED) != 0)
        KiFutexWake(&Driver->Work, MAXLONG);
    IopDereferenceImage(&Driver->Public);
    ObDereferenceObject(&Driver->Public);
}

static VOID IopQueueWorkItem(PIO_WORKITEM WorkItem, PIO_WORKITEM_ROUTINE Routine,
                             PIO_WORKITEM_ROUTINE_EX RoutineEx, WORK_QUEUE_TYPE QueueType,
                             PVOID Context)
{
    if (atomic_exchange(&WorkItem->Queued, 1) != 0)
        IopStop(IOP_VF_WORK_ITEM_BUSY, WorkItem, 0, 0);
    ObReferenceObject(WorkItem->IoObject);
    IopReferenceImage(&IopDriverOf(WorkItem->IoObject)->Public);
    atomic_fetch_add_explicit(&IopDriverOf(WorkItem->IoObject)->Work, 1, memory_order_relaxed);
    WorkItem->Routine = Routine;
    WorkItem->RoutineEx = RoutineEx;
    WorkItem->Context = Context;
    ExInitializeWorkItem(&WorkItem->Item, IopRunWorkItem, WorkItem);
    ExQueueWorkItem(&WorkItem->Item, QueueType);
}

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    IopQueueWorkItem(IoWorkItem, WorkerRoutine, NULL, QueueType, Context);
}

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    IopQueueWorkItem(IoWorkItem, NULL, WorkerRoutine, QueueType, Context);
}
