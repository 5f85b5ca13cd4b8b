/* SPDX-License-Identifier: MIT */
/* complete.c - IofCompleteRequest: the way back up the stack. */
#include "ntio/io/iop.h"

/* What a location's owner left is not the next one's to see; the trace and a debugger keep function
 * and device. */
static inline VOID IopClearLocation(PIO_STACK_LOCATION Stack)
{
    Stack->MinorFunction = 0;
    Stack->Flags = 0;
    Stack->Control = 0;
    Stack->Parameters.Others.Argument1 = NULL;
    Stack->Parameters.Others.Argument2 = NULL;
    Stack->Parameters.Others.Argument3 = NULL;
    Stack->Parameters.Others.Argument4 = NULL;
    Stack->FileObject = NULL;
}

static inline BOOLEAN IopWantsCompletion(PIRP Irp, UCHAR Control)
{
    if (NT_SUCCESS(Irp->IoStatus.Status) ? (Control & SL_INVOKE_ON_SUCCESS) != 0
                                         : (Control & SL_INVOKE_ON_ERROR) != 0)
        return TRUE;
    return (Control & SL_INVOKE_ON_CANCEL) != 0 && IopIsCancelled(Irp);
}

static VOID IopCompleteAssociated(PIRP Irp, CCHAR PriorityBoost)
{
    PIRP Master = Irp->AssociatedIrp.MasterIrp;

    while (Irp->MdlAddress != NULL) {
        PMDL Mdl = Irp->MdlAddress;
        Irp->MdlAddress = Mdl->Next;
        IoFreeMdl(Mdl);
    }
    IoFreeIrp(Irp);
    if (InterlockedDecrement(&Master->AssociatedIrp.IrpCount) == 0)
        IofCompleteRequest(Master, PriorityBoost);
}

/* Nobody above has taken it back: it ends here. */
static VOID IopCompleteFinally(PIRP Irp, CCHAR PriorityBoost)
{
    if ((Irp->Flags & IRP_ASSOCIATED_IRP) != 0) {
        IopCompleteAssociated(Irp, PriorityBoost);
        return;
    }
    if ((Irp->Flags & IRP_CLOSE_OPERATION) != 0) {
        /* The closing thread waits for it and frees it. */
        *Irp->UserIosb = Irp->IoStatus;
        KeSetEvent(Irp->UserEvent, PriorityBoost, FALSE);
        return;
    }
    if (Irp->Tail.Overlay.Thread == NULL)
        IopStop(IOP_VF_NO_COMPLETION, Irp,
                Irp->StackCount > 0 ? Irp->Tail.Overlay.CurrentStackLocation[-2].MajorFunction : 0,
                0);
    for (PMDL Mdl = Irp->MdlAddress; Mdl != NULL; Mdl = Mdl->Next)
        MmUnlockPages(Mdl);
    if ((Irp->Flags & IRP_DEFER_IO_COMPLETION) != 0 && !Irp->PendingReturned) {
        ULONG State = atomic_fetch_or(&IopPrefixOf(Irp)->State, IOP_IRP_DEFERRED);
        if ((State & IOP_IRP_PENDING_SEEN) != 0)
            IopStop(IOP_VF_PENDING_NOT_MARKED, Irp, 0, 0);
        return; /* the sender finishes it as soon as its call returns */
    }
    IopFinishIrp(Irp);
}

VOID NTAPI IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    PIO_STACK_LOCATION Stack;

    if (NTIO_UNLIKELY(KeGetCurrentIrql() > DISPATCH_LEVEL))
        IopStop(IOP_VF_COMPLETE_IRQL, (PVOID)(ULONG_PTR)KeGetCurrentIrql(), (ULONG_PTR)Irp, 0);
    if (NTIO_UNLIKELY(Irp->Type != IO_TYPE_IRP || Irp->CurrentLocation > Irp->StackCount + 1))
        KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)Irp, 0, 0, 0);
    if (NTIO_UNLIKELY(Irp->IoStatus.Status == STATUS_PENDING || Irp->IoStatus.Status == -1))
        IopStop(IOP_VF_COMPLETE_PENDING, (PVOID)(LONG_PTR)Irp->IoStatus.Status, (ULONG_PTR)Irp, 0);
    PDRIVER_CANCEL Cancel = __atomic_load_n(&Irp->CancelRoutine, __ATOMIC_RELAXED);
    if (NTIO_UNLIKELY(Cancel != NULL))
        IopStop(IOP_VF_CANCEL_ROUTINE_SET, (PVOID)(ULONG_PTR)Cancel, (ULONG_PTR)Irp, 0);

    /*
     * A driver's completion routine stands in the location of the driver below it: Stack is one
     * behind the IRP's current location, which is the owner's of the routine (there is none for
     * whoever made the IRP).
     */
    Stack = Irp->Tail.Overlay.CurrentStackLocation;
    if (Irp->CurrentLocation <= Irp->StackCount)
        IopTrace(IopTraceComplete, Stack->DeviceObject, Irp, Stack, Irp->IoStatus.Status);
    Irp->CurrentLocation++;
    Irp->Tail.Overlay.CurrentStackLocation++;
    while (Irp->CurrentLocation <= Irp->StackCount + 1) {
        UCHAR Control = Stack->Control;
        BOOLEAN Owned = Irp->CurrentLocation <= Irp->StackCount;

        Irp->PendingReturned = (Control & SL_PENDING_RETURNED) != 0;
        if (IopWantsCompletion(Irp, Control)) {
            PDEVICE_OBJECT Device =
                Owned ? Irp->Tail.Overlay.CurrentStackLocation->DeviceObject : NULL;
            PIO_COMPLETION_ROUTINE Routine = Stack->CompletionRoutine;
            PVOID Context = Stack->Context;

            IopClearLocation(Stack);
            IopTrace(IopTraceCompletionRoutine, Device, Irp,
                     Owned ? Irp->Tail.Overlay.CurrentStackLocation : Stack, Irp->IoStatus.Status);
            if (Routine(Device, Irp, Context) == STATUS_MORE_PROCESSING_REQUIRED)
                return; /* the IRP is the routine's owner's, or gone */
        } else {
            if (Irp->PendingReturned && Owned)
                IoMarkIrpPending(Irp);
            IopClearLocation(Stack);
        }
        Stack++;
        Irp->CurrentLocation++;
        Irp->Tail.Overlay.CurrentStackLocation++;
    }
    IopCompleteFinally(Irp, PriorityBoost);
}

/* ---- IoSetCompletionRoutineEx: the driver can't be unloaded before its routine has returned ----
 */

typedef struct _IOP_HELD_COMPLETION {
    PDEVICE_OBJECT Device;
    PIO_COMPLETION_ROUTINE Routine;
    PVOID Context;
    UCHAR Control;
} IOP_HELD_COMPLETION, *PIOP_HELD_COMPLETION;

static NTSTATUS NTAPI IopHeldCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    IOP_HELD_COMPLETION Held = *(PIOP_HELD_COMPLETION)Context;
    NTSTATUS Status = STATUS_SUCCESS;

    ExFreePoolWithTag(Context, IOP_TAG_MISC);
    if (IopWantsCompletion(Irp, Held.Control))
        Status = Held.Routine(DeviceObject, Irp, Held.Context);
    else if (Irp->PendingReturned && Irp->CurrentLocation <= Irp->StackCount)
        IoMarkIrpPending(Irp); /* what happens where no routine is called */
    ObDereferenceObject(Held.Device);
    return Status;
}

NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                        PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                        BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                        BOOLEAN InvokeOnCancel)
{
    PIOP_HELD_COMPLETION Held;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Held = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Held), IOP_TAG_MISC);
    if (Held == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Held->Device = DeviceObject;
    Held->Routine = CompletionRoutine;
    Held->Context = Context;
    Held->Control = (UCHAR)((InvokeOnSuccess ? SL_INVOKE_ON_SUCCESS : 0) |
                            (InvokeOnError ? SL_INVOKE_ON_ERROR : 0) |
                            (InvokeOnCancel ? SL_INVOKE_ON_CANCEL : 0));
    ObReferenceObject(DeviceObject);
    /* Always called, so that the context is freed. */
    IoSetCompletionRoutine(Irp, IopHeldCompletion, Held, TRUE, TRUE, TRUE);
    return STATUS_SUCCESS;
}
