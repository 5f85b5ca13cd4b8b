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

    /* From here on the routine may free it or queue it again. */
    atomic_store(&WorkItem->Queued, 0);
    if (RoutineEx != NULL)
        RoutineEx(IoObject, Context, WorkItem);
    else
        Routine(IoObject, Context);
    ObDereferenceObject(IoObject);
}

static VOID IopQueueWorkItem(PIO_WORKITEM WorkItem, PIO_WORKITEM_ROUTINE Routine,
                             PIO_WORKITEM_ROUTINE_EX RoutineEx, WORK_QUEUE_TYPE QueueType,
                             PVOID Context)
{
    if (atomic_exchange(&WorkItem->Queued, 1) != 0)
        IopStop(IOP_VF_WORK_ITEM_BUSY, WorkItem, 0, 0);
    ObReferenceObject(WorkItem->IoObject);
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
