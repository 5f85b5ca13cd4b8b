/* SPDX-License-Identifier: MIT */
/*
 * finish.c - the end of an IRP.
 *
 * Windows runs this part in the thread that asked, by an APC, because the buffers are in its
 * address space. Here all share one: the thread that completed the IRP does it at once. What an APC
 * gave for nothing, that the asking thread can't look while it is under way, comes from the order:
 * everything of the IRP is gone before anybody is told.
 *
 * Who is told what is Windows' table:
 *   not an error, or an error that became known after STATUS_PENDING on an asynchronous file or to
 * a driver: status block, event (the caller's, else the file's), APC or completion packet; an error
 * after STATUS_PENDING on a synchronous file: the file's event and FinalStatus (status block and
 * event of the caller where it is an API that waits by itself); an error that was known when the
 * driver's routine returned: only that status.
 */
#include "ntio/io/iop.h"

static __attribute__((noinline)) VOID IopWriteStatusGuarded(PIO_STATUS_BLOCK To, NTSTATUS Status,
                                                            ULONG_PTR Information)
{
    MMP_GUARD Guard;
    if (MmpEnterGuard(&Guard) != 0)
        return; /* the program took its own memory away: its loss */
    *(volatile ULONG_PTR *)&To->Information = Information;
    __atomic_store_n(&To->Status, Status, __ATOMIC_RELEASE);
    MmpLeaveGuard(&Guard);
}

VOID IopWriteStatus(PIO_STATUS_BLOCK To, NTSTATUS Status, ULONG_PTR Information,
                    KPROCESSOR_MODE Mode)
{
    if (Mode != KernelMode) {
        IopWriteStatusGuarded(To, Status, Information);
        return;
    }
    To->Information = Information;
    __atomic_store_n(&To->Status, Status, __ATOMIC_RELEASE);
}

typedef struct _IOP_WORD {
    PIO_STATUS_BLOCK To;
    NTSTATUS Status;
    ULONG_PTR Information;
    KPROCESSOR_MODE Mode;
} IOP_WORD;

static VOID IopGiveWord(PVOID Context)
{
    const IOP_WORD *Word = Context;
    IopWriteStatus(Word->To, Word->Status, Word->Information, Word->Mode);
}

/*
 * Status block and event (either may be NULL) in one step. Windows does both in the asking thread,
 * which so can't see a final status, use the event for its next request, and then have it set for
 * the last one.
 */
static VOID IopTell(PKEVENT Event, IOP_WORD *Word)
{
    if (Word->To == NULL) {
        if (Event != NULL)
            KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    } else if (Event == NULL) {
        IopGiveWord(Word);
    } else {
        KiSetEventWith(Event, IopGiveWord, Word);
    }
}

/* Buffered output to the requestor, and the buffer freed. */
static VOID IopFinishBuffer(PIRP Irp)
{
    NTSTATUS Status = Irp->IoStatus.Status;
    ULONG_PTR Information = Irp->IoStatus.Information;

    if ((Irp->Flags & IRP_INPUT_OPERATION) != 0 && !NT_ERROR(Status) &&
        Status != STATUS_VERIFY_REQUIRED && Information != 0 && Irp->UserBuffer != NULL) {
        if (IopHasPrefix(Irp) && Information > IopPrefixOf(Irp)->OutputLength)
            IopStop(IOP_VF_INFORMATION_TOO_LARGE, Irp, Information, IopPrefixOf(Irp)->OutputLength);
        if (Irp->RequestorMode == KernelMode) {
            memcpy(Irp->UserBuffer, Irp->AssociatedIrp.SystemBuffer, Information);
        } else {
            Status = MmpCopyUser(Irp->UserBuffer, Irp->AssociatedIrp.SystemBuffer, Information);
            if (!NT_SUCCESS(Status)) {
                Irp->IoStatus.Status = Status;
                Irp->IoStatus.Information = 0;
            }
        }
    }
    if ((Irp->Flags & IRP_DEALLOCATE_BUFFER) != 0)
        IopFreeSystemBuffer(Irp);
}

/* The IRP's storage was a user APC: it has been delivered, or its thread has ended. */
static VOID NTAPI IopApcDelivered(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                                  PVOID *SystemArgument1, PVOID *SystemArgument2)
{
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    IopReleaseIrp(CONTAINING_RECORD(Apc, IRP, Tail.Apc));
}

static VOID NTAPI IopApcRundown(PKAPC Apc)
{
    IopReleaseIrp(CONTAINING_RECORD(Apc, IRP, Tail.Apc));
}

static VOID IopQueueIrpApc(PIRP Irp, PETHREAD Thread, PIO_APC_ROUTINE Routine, PVOID Context)
{
    atomic_fetch_or(&IopPrefixOf(Irp)->State, IOP_IRP_PACKET);
    KeInitializeApc(&Irp->Tail.Apc, &Thread->Tcb, OriginalApcEnvironment, IopApcDelivered,
                    IopApcRundown, (PKNORMAL_ROUTINE)(PVOID)Routine, Irp->RequestorMode, Context);
    if (!KeInsertQueueApc(&Irp->Tail.Apc, Irp->UserIosb, NULL, IO_NO_INCREMENT))
        IopReleaseIrp(Irp); /* the thread is on its way out */
}

VOID IopFinishIrp(PIRP Irp)
{
    PFILE_OBJECT File = Irp->Tail.Overlay.OriginalFileObject;
    PETHREAD Thread = Irp->Tail.Overlay.Thread;
    BOOLEAN Prefixed = IopHasPrefix(Irp);
    BOOLEAN Queued = IopIsQueued(Irp);
    BOOLEAN FileReferenced = Prefixed && IopPrefixOf(Irp)->FileReferenced;
    BOOLEAN EventReferenced = Prefixed && IopPrefixOf(Irp)->EventReferenced;
    PKEVENT UserEvent = Irp->UserEvent, Signal = NULL, SignalFile = NULL;
    PIOP_IRP_WAITER Waiters = NULL;
    PIO_APC_ROUTINE ApcRoutine = NULL;
    PVOID ApcContext = NULL, Port = NULL, Key = NULL;
    BOOLEAN Synchronous =
        (Irp->Flags & IRP_SYNCHRONOUS_API) != 0 || (File != NULL && IopIsSynchronous(File));

    if ((Irp->Flags & IRP_BUFFERED_IO) != 0)
        IopFinishBuffer(Irp);
    if (Prefixed && Irp->Tail.Overlay.AuxiliaryBuffer != NULL)
        ExFreePool(Irp->Tail.Overlay.AuxiliaryBuffer);
    while (Irp->MdlAddress != NULL) {
        PMDL Mdl = Irp->MdlAddress;
        Irp->MdlAddress = Mdl->Next;
        IoFreeMdl(Mdl);
    }

    NTSTATUS Status = Irp->IoStatus.Status;
    ULONG_PTR Information = Irp->IoStatus.Information;
    IOP_WORD Word = {NULL, Status, Information, Irp->RequestorMode};
    if (!NT_ERROR(Status) || (Irp->PendingReturned && !Synchronous)) {
        Word.To = Irp->UserIosb;
        if (UserEvent != NULL) {
            Signal = UserEvent;
            if (File != NULL && IopIsSynchronous(File))
                SignalFile = &File->Event;
        } else if (File != NULL && (IopFileFlags(File) & FO_SKIP_SET_EVENT) == 0) {
            SignalFile = &File->Event;
        }
        if (File != NULL)
            __atomic_store_n(&File->FinalStatus, Status, __ATOMIC_RELAXED);
        /* What the raw file system does on Windows: under the file's lock, which the sender holds.
         */
        if (Prefixed && IopPrefixOf(Irp)->StartOffset >= 0 && NT_SUCCESS(Status))
            File->CurrentByteOffset.QuadPart =
                IopPrefixOf(Irp)->StartOffset + (LONGLONG)Information;
        if ((Irp->Flags & IRP_CREATE_OPERATION) == 0) {
            ApcContext = Irp->Overlay.AsynchronousParameters.UserApcContext;
            ApcRoutine = Irp->Overlay.AsynchronousParameters.UserApcRoutine;
            if (!Queued)
                ApcRoutine = NULL;
            PIO_COMPLETION_CONTEXT Completion =
                File != NULL ? __atomic_load_n(&File->CompletionContext, __ATOMIC_ACQUIRE) : NULL;
            if (Completion != NULL && ApcContext != NULL && ApcRoutine == NULL && Prefixed &&
                ((IopFileFlags(File) & FO_SKIP_COMPLETION_PORT) == 0 || Irp->PendingReturned)) {
                Port = Completion->Port;
                Key = Completion->Key;
                ObReferenceObject(Port); /* the file may go before the packet is in */
            }
        }
    } else if (Irp->PendingReturned) {
        if ((Irp->Flags & IRP_SYNCHRONOUS_API) != 0) {
            Word.To = Irp->UserIosb;
            if (UserEvent != NULL)
                Signal = UserEvent;
            else if (File != NULL)
                SignalFile = &File->Event;
        } else if (File != NULL) {
            __atomic_store_n(&File->FinalStatus, Status, __ATOMIC_RELAXED);
            SignalFile = &File->Event;
        }
    }

    if (ApcRoutine != NULL)
        ObReferenceObject(Thread); /* it may end as soon as the IRP is off its list */
    if (Queued)
        Waiters = IopDequeueThreadIrp(Irp);
    /* The file's own event needs the file; any other word is given after the file is let go. */
    if (FileReferenced && SignalFile == NULL) {
        ObDereferenceObject(File);
        FileReferenced = FALSE;
    }
    if (ApcRoutine == NULL && Port == NULL)
        IopReleaseIrp(Irp);
    /* From here on a kernel caller's event and status block, on its stack, are gone. */
    IopTell(Signal != NULL ? Signal : SignalFile, &Word);
    if (Signal != NULL && SignalFile != NULL)
        KeSetEvent(SignalFile, IO_NO_INCREMENT, FALSE);
    /* Whoever is told by an APC or a packet may close the handle: then the file goes with it. */
    if (FileReferenced)
        ObDereferenceObject(File);
    if (ApcRoutine != NULL) {
        IopQueueIrpApc(Irp, Thread, ApcRoutine, ApcContext);
        ObDereferenceObject(Thread);
    } else if (Port != NULL) {
        IopQueueIrpPacket(Port, Irp, Key, ApcContext, Status, Information);
        ObDereferenceObject(Port);
    }
    if (EventReferenced)
        ObDereferenceObject(UserEvent);
    if (Queued)
        IopEndFinish(Thread, Waiters);
}

NTSTATUS IopCallAndFinish(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIOP_IRP_PREFIX Prefix = IopPrefixOf(Irp);
    ULONG Sent = atomic_load_explicit(&Prefix->State, memory_order_relaxed);
    ULONG Now = Sent;
    NTSTATUS Status;

    NTIO_ASSERT((Irp->Flags & IRP_DEFER_IO_COMPLETION) != 0);
    Status = IofCallDriver(Device, Irp);
    if (Status == STATUS_PENDING) {
        /* The storage is looked at, not the IRP: that may be another one by now. */
        if (!atomic_compare_exchange_strong(&Prefix->State, &Now, Sent | IOP_IRP_PENDING_SEEN) &&
            Now == (Sent | IOP_IRP_DEFERRED))
            IopStop(IOP_VF_PENDING_NOT_MARKED, Irp, (ULONG_PTR)Device, 0);
        return Status;
    }
    Now = atomic_load_explicit(&Prefix->State, memory_order_acquire);
    if (NTIO_UNLIKELY(Now == Sent))
        IopStop(IOP_VF_NOT_COMPLETED, Irp, (ULONG_PTR)Device, (ULONG_PTR)(LONG_PTR)Status);
    if (NTIO_UNLIKELY(Now != (Sent | IOP_IRP_DEFERRED)))
        IopStop(IOP_VF_MARKED_NOT_PENDING, Irp, (ULONG_PTR)Device, (ULONG_PTR)(LONG_PTR)Status);
    IopFinishIrp(Irp);
    return Status;
}
