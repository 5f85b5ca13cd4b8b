/* SPDX-License-Identifier: MIT */
/*
 * csq.c - cancel-safe queues.
 *
 * DriverContext[3] of a queued IRP leads to its context, or to the queue where it has none; both
 * begin with their type. It is NULL once the IRP is out of the queue, so a cancel routine that
 * comes late does nothing.
 */
#include "ntio/io/iop.h"
#include "csq.h"

static NTSTATUS IopCsqInitialize(PIO_CSQ Csq, ULONG Type, PIO_CSQ_INSERT_IRP Insert,
                                 PIO_CSQ_REMOVE_IRP Remove, PIO_CSQ_PEEK_NEXT_IRP Peek,
                                 PIO_CSQ_ACQUIRE_LOCK Acquire, PIO_CSQ_RELEASE_LOCK Release,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP Complete)
{
    *Csq = (IO_CSQ){.Type = Type,
                    .CsqInsertIrp = Insert,
                    .CsqRemoveIrp = Remove,
                    .CsqPeekNextIrp = Peek,
                    .CsqAcquireLock = Acquire,
                    .CsqReleaseLock = Release,
                    .CsqCompleteCanceledIrp = Complete};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                               PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                               PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                               PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                               PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                               PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return IopCsqInitialize(Csq, IO_TYPE_CSQ, CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp,
                            CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                 PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                 PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                 PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                 PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return IopCsqInitialize(Csq, IO_TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(PVOID)CsqInsertIrp,
                            CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock,
                            CsqCompleteCanceledIrp);
}

/* Under the queue's lock. Out of the queue, and its context told. */
static VOID IopCsqTakeOut(PIO_CSQ Csq, PIRP Irp)
{
    PIO_CSQ_IRP_CONTEXT Context = Irp->Tail.Overlay.DriverContext[3];

    Csq->CsqRemoveIrp(Csq, Irp);
    if (Context != NULL && Context->Type == IO_TYPE_CSQ_IRP_CONTEXT)
        Context->Irp = NULL;
    Irp->Tail.Overlay.DriverContext[3] = NULL;
}

static VOID NTAPI IopCsqCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_CSQ_IRP_CONTEXT Context = Irp->Tail.Overlay.DriverContext[3];
    PIO_CSQ Csq;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    /*
     * Whoever takes an IRP out exchanges its cancel routine under the queue's lock and leaves the
     * IRP alone if this routine was called: so it is still in the queue.
     */
    Csq = Context->Type == IO_TYPE_CSQ_IRP_CONTEXT ? Context->Csq : (PIO_CSQ)Context;
    Csq->CsqAcquireLock(Csq, &Irql);
    IopCsqTakeOut(Csq, Irp);
    Csq->CsqReleaseLock(Csq, Irql);
    Csq->CsqCompleteCanceledIrp(Csq, Irp);
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context,
                                PVOID InsertContext)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql;

    if (Context != NULL) {
        Context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
        Context->Irp = Irp;
        Context->Csq = Csq;
        Irp->Tail.Overlay.DriverContext[3] = Context;
    } else {
        Irp->Tail.Overlay.DriverContext[3] = Csq;
    }
    Csq->CsqAcquireLock(Csq, &Irql);
    if (Csq->Type == IO_TYPE_CSQ_EX)
        Status = ((PIO_CSQ_INSERT_IRP_EX)(PVOID)Csq->CsqInsertIrp)(Csq, Irp, InsertContext);
    else
        Csq->CsqInsertIrp(Csq, Irp);
    if (!NT_SUCCESS(Status)) {
        Irp->Tail.Overlay.DriverContext[3] = NULL;
        if (Context != NULL)
            Context->Irp = NULL;
        Csq->CsqReleaseLock(Csq, Irql);
        return Status;
    }
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, IopCsqCancel);
    if (IopIsCancelled(Irp) && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* Cancelled before the routine was there. If it has been called in between, it waits for
         * the lock. */
        IopCsqTakeOut(Csq, Irp);
        Csq->CsqReleaseLock(Csq, Irql);
        Csq->CsqCompleteCanceledIrp(Csq, Irp);
        return Status;
    }
    Csq->CsqReleaseLock(Csq, Irql);
    return Status;
}

VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    IoCsqInsertIrpEx(Csq, Irp, Context, NULL);
}

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    KIRQL Irql;
    PIRP Irp;

    Csq->CsqAcquireLock(Csq, &Irql);
    Irp = Context->Irp;
    /* No routine there any more: the canceller has it, and is about to take the lock. */
    if (Irp != NULL && IoSetCancelRoutine(Irp, NULL) == NULL)
        Irp = NULL;
    if (Irp != NULL)
        IopCsqTakeOut(Csq, Irp);
    Csq->CsqReleaseLock(Csq, Irql);
    return Irp;
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    KIRQL Irql;
    PIRP Irp;

    Csq->CsqAcquireLock(Csq, &Irql);
    Irp = Csq->CsqPeekNextIrp(Csq, NULL, PeekContext);
    while (Irp != NULL && IoSetCancelRoutine(Irp, NULL) == NULL)
        Irp = Csq->CsqPeekNextIrp(Csq, Irp, PeekContext);
    if (Irp != NULL)
        IopCsqTakeOut(Csq, Irp);
    Csq->CsqReleaseLock(Csq, Irql);
    return Irp;
}
