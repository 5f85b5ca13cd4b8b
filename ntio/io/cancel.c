/* SPDX-License-Identifier: MIT */
/*
 * cancel.c - cancelling: the cancel spin lock, IoCancelIrp, and the services by which a program
 * asks for it.
 *
 * CancelRoutine is exchanged atomically by whoever wants the IRP, so that one of a canceller and a
 * completer gets it.
 */
#include "ntio/io/iop.h"

static KSPIN_LOCK IopCancelSpinLock;

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql)
{
    *Irql = KeAcquireSpinLockRaiseToDpc(&IopCancelSpinLock);
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql)
{
    KeReleaseSpinLock(&IopCancelSpinLock, Irql);
}

BOOLEAN NTAPI IoCancelIrp(PIRP Irp)
{
    PDRIVER_CANCEL Routine;
    KIRQL Irql, After;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    IoAcquireCancelSpinLock(&Irql);
    Irp->Cancel = TRUE;
    Routine = IoSetCancelRoutine(Irp, NULL);
    if (Routine == NULL) {
        IoReleaseCancelSpinLock(Irql);
        return FALSE;
    }
    if (Irp->CurrentLocation > Irp->StackCount + 1)
        KeBugCheckEx(CANCEL_STATE_IN_COMPLETED_IRP, (ULONG_PTR)Irp, (ULONG_PTR)Routine, 0, 0);
    Irp->CancelIrql = Irql;
    /* The routine releases the lock, at the IRQL it finds in the IRP. */
    Routine(Irp->CurrentLocation <= Irp->StackCount
                ? IoGetCurrentIrpStackLocation(Irp)->DeviceObject
                : NULL,
            Irp);
    After = KeGetCurrentIrql();
    if (After != Irql)
        IopStop(IOP_VF_CANCEL_IRQL, (PVOID)(ULONG_PTR)Routine, (ULONG_PTR)Irp, After);
    return TRUE;
}

/* ---- services ---- */

typedef struct _IOP_CANCEL_MATCH {
    PFILE_OBJECT File;     /* NULL: any */
    PEPROCESS Process;     /* NULL: any */
    PIO_STATUS_BLOCK Iosb; /* NULL: any */
    BOOLEAN Synchronous;   /* only what its thread waits for */
    ULONG Count;           /* out */
} IOP_CANCEL_MATCH;

static BOOLEAN IopMatchCancel(PIRP Irp, PVOID Context)
{
    const IOP_CANCEL_MATCH *Match = Context;
    PFILE_OBJECT File = Irp->Tail.Overlay.OriginalFileObject;

    if (Match->File != NULL && File != Match->File)
        return FALSE;
    if (Match->Process != NULL && IopPrefixOf(Irp)->Process != Match->Process)
        return FALSE;
    if (Match->Iosb != NULL && Irp->UserIosb != Match->Iosb)
        return FALSE;
    if (Match->Synchronous && (Irp->Flags & IRP_SYNCHRONOUS_API) == 0 &&
        (File == NULL || !IopIsSynchronous(File)))
        return FALSE;
    return TRUE;
}

static VOID IopCancelEach(PETHREAD Thread, PVOID Context)
{
    IOP_CANCEL_MATCH *Match = Context;
    Match->Count += IopCancelThreadIrps(Thread, IopMatchCancel, Match);
}

static VOID IopWaitEach(PETHREAD Thread, PVOID Context)
{
    IopWaitThreadIrps(Thread, IopMatchCancel, Context);
}

static NTSTATUS IopCancelService(HANDLE FileHandle, PIO_STATUS_BLOCK Request,
                                 PIO_STATUS_BLOCK IoStatusBlock, KPROCESSOR_MODE Mode,
                                 BOOLEAN OwnThread)
{
    IOP_CANCEL_MATCH Match = {.Iosb = Request};
    PVOID File;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    NTSTATUS Status = IopProbe(Mode, IoStatusBlock, sizeof(*IoStatusBlock), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(FileHandle, 0, IopFileType, Mode, &File, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Match.File = File;
    if (OwnThread) {
        IopCancelThreadIrps(IopCurrentThread(), IopMatchCancel, &Match);
    } else {
        Match.Process = PsGetCurrentProcess();
        Status = IopForEachThread(IopCancelEach, &Match);
        if (NT_SUCCESS(Status) && Match.Count == 0)
            Status = STATUS_NOT_FOUND;
    }
    ObDereferenceObject(File);
    IopWriteStatus(IoStatusBlock, Status, 0, Mode);
    return Status;
}

/* Only the calling thread's requests; succeeds whether there were any or not. */
NTSTATUS NTAPI NtCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    return IopCancelService(FileHandle, NULL, IoStatusBlock, IopPreviousMode(), TRUE);
}

NTSTATUS NTAPI ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    return IopCancelService(FileHandle, NULL, IoStatusBlock, KernelMode, TRUE);
}

NTSTATUS NTAPI NtCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock)
{
    return IopCancelService(FileHandle, IoRequestToCancel, IoStatusBlock, IopPreviousMode(), FALSE);
}

NTSTATUS NTAPI NtCancelSynchronousIoFile(HANDLE ThreadHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    IOP_CANCEL_MATCH Match = {.Iosb = IoRequestToCancel, .Synchronous = TRUE};
    KPROCESSOR_MODE Mode = IopPreviousMode();
    PVOID Thread;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    NTSTATUS Status = IopProbe(Mode, IoStatusBlock, sizeof(*IoStatusBlock), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObReferenceObjectByHandle(ThreadHandle, THREAD_TERMINATE, PspThreadType, Mode,
                                           &Thread, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (IopCancelThreadIrps(Thread, IopMatchCancel, &Match) == 0)
        Status = STATUS_NOT_FOUND;
    ObDereferenceObject(Thread);
    IopWriteStatus(IoStatusBlock, Status, 0, Mode);
    return Status;
}

VOID IopCancelProcessIrps(PEPROCESS Process)
{
    IOP_CANCEL_MATCH Match = {.Process = Process};

    KE_IRQL_AT_MOST(APC_LEVEL);
    IopForEachThread(IopCancelEach, &Match);
    IopForEachThread(IopWaitEach, &Match);
}
