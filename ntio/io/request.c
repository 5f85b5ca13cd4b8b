/* SPDX-License-Identifier: MIT */
/*
 * request.c - what all services that send an IRP on a file share: handles in, buffers, the IRP,
 * waiting, handles out.
 *
 * On an asynchronous file the IRP takes over the references to file and event, and nothing of the
 * file may be touched once it is sent. On a synchronous one the file's lock is held until the
 * request is over.
 */
#include "ntio/io/iop.h"

NTSTATUS IopProbe(KPROCESSOR_MODE Mode, PVOID Address, SIZE_T Length, BOOLEAN Write)
{
    if (Mode == KernelMode || Length == 0)
        return STATUS_SUCCESS;
    return MmpProbeRange(Address, Length, Write);
}

__attribute__((noinline)) NTSTATUS IopLockMdl(PMDL Mdl, KPROCESSOR_MODE Mode,
                                              LOCK_OPERATION Operation)
{
    MMP_GUARD Guard;
    NTSTATUS Status = MmpEnterGuard(&Guard);

    if (Status != 0)
        return Status;
    MmProbeAndLockPages(Mdl, Mode, Operation);
    MmpLeaveGuard(&Guard);
    return STATUS_SUCCESS;
}

NTSTATUS IopBeginRequest(PIOP_REQUEST Request, KPROCESSOR_MODE Mode, HANDLE FileHandle,
                         ACCESS_MASK Access, HANDLE EventHandle, PIO_APC_ROUTINE ApcRoutine,
                         PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Caller)
{
    OBJECT_HANDLE_INFORMATION Information;
    PVOID Object;
    NTSTATUS Status;

    memset(Request, 0, sizeof(*Request));
    Request->Mode = Mode;
    Status = IopProbe(Mode, IoStatusBlock, sizeof(*IoStatusBlock), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status =
        ObReferenceObjectByHandle(FileHandle, Access, IopFileType, Mode, &Object, &Information);
    if (!NT_SUCCESS(Status))
        return Status;
    Request->File = Object;
    Request->GrantedAccess = Information.GrantedAccess;
    /* A packet and an APC at once can't be. */
    if (ApcRoutine != NULL &&
        __atomic_load_n(&Request->File->CompletionContext, __ATOMIC_ACQUIRE) != NULL) {
        Status = STATUS_INVALID_PARAMETER;
        goto Fail;
    }
    if (EventHandle != NULL) {
        Status = ObReferenceObjectByHandle(EventHandle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                           Mode, &Object, NULL);
        if (!NT_SUCCESS(Status))
            goto Fail;
        Request->Event = Object;
    }
    if (IopIsSynchronous(Request->File)) {
        Status = IopAcquireFileLock(Request->File, Mode);
        if (!NT_SUCCESS(Status))
            goto Fail;
        Request->Synchronous = TRUE;
    }
    Request->Device = IoGetRelatedDeviceObject(Request->File);
    Request->Irp = IopAllocateIrp(Request->Device->StackSize, Caller);
    if (Request->Irp == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Fail;
    }
    /* Not KeClearEvent: an earlier request's end, seen in its status block, may still be setting
     * the event (IopTell). */
    if (Request->Event != NULL)
        KeResetEvent(Request->Event);
    KeResetEvent(&Request->File->Event);
    Request->Irp->RequestorMode = Mode;
    Request->Irp->UserIosb = IoStatusBlock;
    Request->Irp->UserEvent = Request->Event;
    Request->Irp->Overlay.AsynchronousParameters.UserApcRoutine = ApcRoutine;
    Request->Irp->Overlay.AsynchronousParameters.UserApcContext = ApcContext;
    Request->Irp->Tail.Overlay.OriginalFileObject = Request->File;
    Request->Stack = IoGetNextIrpStackLocation(Request->Irp);
    Request->Stack->FileObject = Request->File;
    return STATUS_SUCCESS;

Fail:
    if (Request->Synchronous)
        IopReleaseFileLock(Request->File);
    if (Request->Event != NULL)
        ObDereferenceObject(Request->Event);
    ObDereferenceObject(Request->File);
    return Status;
}

VOID IopAbandonRequest(PIOP_REQUEST Request)
{
    PIRP Irp = Request->Irp;

    while (Irp->MdlAddress != NULL) {
        PMDL Mdl = Irp->MdlAddress;
        Irp->MdlAddress = Mdl->Next;
        if ((Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(Mdl);
        IoFreeMdl(Mdl);
    }
    if ((Irp->Flags & IRP_DEALLOCATE_BUFFER) != 0)
        IopFreeSystemBuffer(Irp);
    if (Irp->Tail.Overlay.AuxiliaryBuffer != NULL)
        ExFreePool(Irp->Tail.Overlay.AuxiliaryBuffer);
    IopReleaseIrp(Irp);
    if (Request->Synchronous)
        IopReleaseFileLock(Request->File);
    if (Request->Event != NULL)
        ObDereferenceObject(Request->Event);
    ObDereferenceObject(Request->File);
}

NTSTATUS IopBufferRequest(PIOP_REQUEST Request, PVOID Input, ULONG InputLength, PVOID Output,
                          ULONG OutputLength)
{
    PIRP Irp = Request->Irp;
    ULONG Length = InputLength > OutputLength ? InputLength : OutputLength;
    NTSTATUS Status;

    if (Length == 0)
        return STATUS_SUCCESS;
    Status = IopProbe(Request->Mode, Output, OutputLength, TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    Irp->AssociatedIrp.SystemBuffer = IopAllocateSystemBuffer(Irp, Length);
    if (Irp->AssociatedIrp.SystemBuffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (Output != NULL && OutputLength != 0) {
        Irp->Flags |= IRP_INPUT_OPERATION;
        Irp->UserBuffer = Output;
        IopPrefixOf(Irp)->OutputLength = OutputLength;
    }
    if (InputLength == 0)
        return STATUS_SUCCESS;
    if (Request->Mode != KernelMode)
        return MmpCopyUser(Irp->AssociatedIrp.SystemBuffer, Input, InputLength);
    memcpy(Irp->AssociatedIrp.SystemBuffer, Input, InputLength);
    return STATUS_SUCCESS;
}

NTSTATUS IopMapRequest(PIOP_REQUEST Request, PVOID Buffer, ULONG Length, LOCK_OPERATION Operation)
{
    if (Length == 0)
        return STATUS_SUCCESS;
    if (IoAllocateMdl(Buffer, Length, FALSE, FALSE, Request->Irp) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return IopLockMdl(Request->Irp->MdlAddress, Request->Mode, Operation);
}

static BOOLEAN IopMatchIrp(PIRP Irp, PVOID Context)
{
    return Irp == Context;
}

/* Waits for a request on a synchronous file. An alert or a user APC cancels it; it is waited for
 * all the same. */
static NTSTATUS IopWaitForFile(PFILE_OBJECT File, KPROCESSOR_MODE Mode, PIRP Irp)
{
    BOOLEAN Alertable = (IopFileFlags(File) & FO_ALERTABLE_IO) != 0 && Mode != KernelMode;
    NTSTATUS Status = KeWaitForSingleObject(&File->Event, Executive, Mode, Alertable, NULL);

    if (Status != STATUS_SUCCESS) {
        /* The storage of an IRP that has ended since may be another's: what is in this thread's
         * list is this thread's. */
        if (KeReadStateEvent(&File->Event) == 0)
            IopCancelThreadIrps(IopCurrentThread(), IopMatchIrp, Irp);
        KeWaitForSingleObject(&File->Event, Executive, KernelMode, FALSE, NULL);
    }
    return __atomic_load_n(&File->FinalStatus, __ATOMIC_RELAXED);
}

NTSTATUS IopSendRequest(PIOP_REQUEST Request, UCHAR MajorFunction)
{
    PFILE_OBJECT File = Request->File;
    PIRP Irp = Request->Irp;
    BOOLEAN Synchronous = Request->Synchronous;
    NTSTATUS Status;

    Request->Stack->MajorFunction = MajorFunction;
    Irp->Flags |= IRP_DEFER_IO_COMPLETION;
    IopPrefixOf(Irp)->FileReferenced = !Synchronous;
    IopPrefixOf(Irp)->EventReferenced = Request->Event != NULL;
    Status = IopQueueThreadIrp(Irp, NULL);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(Request);
        return Status;
    }
    Status = IopCallAndFinish(Request->Device, Irp);
    if (!Synchronous)
        return Status;
    if (Status == STATUS_PENDING)
        Status = IopWaitForFile(File, Request->Mode, Irp);
    IopReleaseFileLock(File);
    ObDereferenceObject(File);
    return Status;
}
