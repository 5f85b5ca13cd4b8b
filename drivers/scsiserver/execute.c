/* SPDX-License-Identifier: MIT */
/*
 * EXECUTE_REQUEST: a request that came over the wire, on its way down and back.
 *
 * References of a SERVER_REQUEST: one for the way down and back (dropped by whoever finishes it),
 * one for each cancel that is looking at it. The lower IRP lives as long as the request, so
 * cancelling one that has just completed is harmless.
 *
 * The upper IRP is finished by the second of dispatch and completion routine to come by (Phase), so
 * a request that the lower device completes at once is completed at once, without being pended.
 */
#include "scsiserver.h"

/* What a remote initiator may ask of the port driver; the rest needs pointers or would act on the
 * adapter. */
static BOOLEAN IsAllowedFunction(UCHAR Function)
{
    switch (Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
    case SRB_FUNCTION_CLAIM_DEVICE:
    case SRB_FUNCTION_RELEASE_DEVICE:
    case SRB_FUNCTION_SHUTDOWN:
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_LOCK_QUEUE:
    case SRB_FUNCTION_UNLOCK_QUEUE:
    case SRB_FUNCTION_FLUSH_QUEUE:
        return TRUE;
    default:
        return FALSE;
    }
}

/* Those of which ScsinetCheckRequest knows what they carry. */
static BOOLEAN IsForwardedIoctl(ULONG Code)
{
    return Code == IOCTL_SCSI_PASS_THROUGH || Code == IOCTL_STORAGE_QUERY_PROPERTY ||
           Code == IOCTL_STORAGE_ENABLE_IDLE_POWER || Code == IOCTL_SCSI_GET_ADDRESS ||
           Code == IOCTL_STORAGE_POWER_ACTIVE;
}

/* Flags that say something about the request; those that say who owns which memory stay at home. */
#define SERVER_SRB_FLAGS                                                                           \
    (SRB_FLAGS_QUEUE_ACTION_ENABLE | SRB_FLAGS_DISABLE_DISCONNECT |                                \
     SRB_FLAGS_DISABLE_SYNCH_TRANSFER | SRB_FLAGS_BYPASS_FROZEN_QUEUE |                            \
     SRB_FLAGS_DISABLE_AUTOSENSE | SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT |                        \
     SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_ADAPTER_CACHE_ENABLE | SRB_FLAGS_BYPASS_LOCKED_QUEUE)

static VOID ReferenceRequest(PSERVER_REQUEST Request)
{
    InterlockedIncrement(&Request->References);
}

static VOID DereferenceRequest(PSERVER_REQUEST Request)
{
    PSERVER_DEVICE Device = Request->Device;
    PVOID Tag = Request->LockTag;

    if (InterlockedDecrement(&Request->References) != 0)
        return;
    if (Request->DataMdl != NULL)
        IoFreeMdl(Request->DataMdl);
    if (Request->Lower != NULL)
        IoFreeIrp(Request->Lower);
    ExFreePoolWithTag(Request, SERVER_TAG);
    IoReleaseRemoveLock(&Device->RemoveLock, Tag);
}

/* Cancels the lower IRP of a request that the caller holds a reference to. */
static VOID CancelAndDereference(PSERVER_REQUEST Request)
{
    IoCancelIrp(Request->Lower);
    DereferenceRequest(Request);
}

static VOID NTAPI CancelUpper(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    /*
     * Under the cancel spin lock the upper IRP can't be completed: FinishRequest waits for the lock
     * where it finds the cancel routine gone. So the request is still there and takes one more
     * reference.
     */
    PSERVER_REQUEST Request = Irp->Tail.Overlay.DriverContext[0];

    UNREFERENCED_PARAMETER(DeviceObject);
    ReferenceRequest(Request);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    CancelAndDereference(Request);
}

VOID ServerCancelRequests(PSERVER_DEVICE Device)
{
    PLIST_ENTRY Entry;
    KIRQL Irql;

    /* A request that is not in Device->Requests has its Link pointing to itself. */
    for (;;) {
        PSERVER_REQUEST Request;

        KeAcquireSpinLock(&Device->Lock, &Irql);
        if (IsListEmpty(&Device->Requests)) {
            KeReleaseSpinLock(&Device->Lock, Irql);
            return;
        }
        Entry = RemoveHeadList(&Device->Requests);
        InitializeListHead(Entry);
        Request = CONTAINING_RECORD(Entry, SERVER_REQUEST, Link);
        ReferenceRequest(Request);
        KeReleaseSpinLock(&Device->Lock, Irql);
        CancelAndDereference(Request);
    }
}

/* A claim that came over the wire is given back when the program goes without releasing it. */
static VOID NoteClaim(PSERVER_REQUEST Request)
{
    PSERVER_DEVICE Device = Request->Device;
    KIRQL Irql;

    if (Request->Header.MajorFunction != IRP_MJ_INTERNAL_DEVICE_CONTROL ||
        !NT_SUCCESS(Request->Status))
        return;
    if (Request->Packed.Function != SRB_FUNCTION_CLAIM_DEVICE &&
        Request->Packed.Function != SRB_FUNCTION_RELEASE_DEVICE)
        return;
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->Claimed = Request->Packed.Function == SRB_FUNCTION_CLAIM_DEVICE;
    KeReleaseSpinLock(&Device->Lock, Irql);
}

/* Completes the upper IRP and drops the request's own reference. IRQL <= DISPATCH_LEVEL. */
static VOID FinishRequest(PSERVER_REQUEST Request)
{
    PSERVER_DEVICE Device = Request->Device;
    PIRP Upper = Request->Upper;
    ULONG Length;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    RemoveEntryList(&Request->Link);
    InitializeListHead(&Request->Link);
    KeReleaseSpinLock(&Device->Lock, Irql);

    if (IoSetCancelRoutine(Upper, NULL) == NULL) {
        /* The cancel routine has begun: it is done with the IRP once it has let go of this lock. */
        IoAcquireCancelSpinLock(&Irql);
        IoReleaseCancelSpinLock(Irql);
    }
    NoteClaim(Request);
    Length = ServerWriteAnswer(Request);
    ServerCompleteIrp(Upper, STATUS_SUCCESS, Length);
    DereferenceRequest(Request);
}

static NTSTATUS NTAPI LowerCompleted(PDEVICE_OBJECT DeviceObject, PIRP Lower, PVOID Context)
{
    PSERVER_REQUEST Request = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    Request->Status = Lower->IoStatus.Status;
    Request->Information = Lower->IoStatus.Information;
    /* Dispatch has returned pending: it is ours to finish. Else dispatch will see ServerCompleted.
     */
    if (InterlockedExchange(&Request->Phase, ServerCompleted) == ServerPended)
        FinishRequest(Request);
    return STATUS_MORE_PROCESSING_REQUIRED; /* the IRP is freed with the request */
}

/* The request is in its own memory and checked; makes the SRB and what goes with it. */
static NTSTATUS BuildSrb(PSERVER_REQUEST Request, PIRP Upper, PIO_STACK_LOCATION Next)
{
    PSCSI_REQUEST_BLOCK Srb = &Request->Srb;
    const PACKED_SRB *Packed = &Request->Packed;

    Srb->Length = sizeof(*Srb);
    Srb->Function = Packed->Function;
    Srb->PathId = Packed->PathId;
    Srb->TargetId = Packed->TargetId;
    Srb->Lun = Packed->Lun;
    Srb->QueueTag = Packed->QueueTag;
    Srb->QueueAction = Packed->QueueAction;
    Srb->CdbLength = Packed->CdbLength;
    Srb->SrbFlags = Packed->SrbFlags & SERVER_SRB_FLAGS;
    Srb->TimeOutValue = Packed->TimeOutValue;
    Srb->QueueSortKey = Packed->QueueSortKey;
    Srb->OriginalRequest = Request->Lower;
    RtlCopyMemory(Srb->Cdb, Packed->Cdb, sizeof(Srb->Cdb));
    if (Packed->SenseInfoBufferLength != 0) {
        Srb->SenseInfoBuffer = Request->Sense;
        Srb->SenseInfoBufferLength = Packed->SenseInfoBufferLength;
    }
    if (Packed->DataTransferLength != 0 &&
        (Packed->SrbFlags & (SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT))) {
        PUCHAR Data = (PUCHAR)MmGetMdlVirtualAddress(Upper->MdlAddress) + sizeof(REQUEST_HEADER) +
                      sizeof(PACKED_SRB);

        Request->DataMdl = IoAllocateMdl(Data, Packed->DataTransferLength, FALSE, FALSE, NULL);
        if (Request->DataMdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        IoBuildPartialMdl(Upper->MdlAddress, Request->DataMdl, Data, Packed->DataTransferLength);
        Request->Lower->MdlAddress = Request->DataMdl;
        Srb->DataBuffer = Data;
        Srb->DataTransferLength = Packed->DataTransferLength;
    }
    Next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    Next->Parameters.Scsi.Srb = Srb;
    return STATUS_SUCCESS;
}

static VOID BuildIoctl(PSERVER_REQUEST Request, PIO_STACK_LOCATION Next)
{
    Next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    Next->Parameters.DeviceIoControl.IoControlCode = Request->Header.IoControlCode;
    Next->Parameters.DeviceIoControl.InputBufferLength = Request->Header.InputBufferLength;
    Next->Parameters.DeviceIoControl.OutputBufferLength = Request->Header.OutputBufferLength;
    Request->Lower->AssociatedIrp.SystemBuffer =
        Request->BufferLength != 0 ? Request->Buffer : NULL;
}

/*
 * Copies the request out of the program's buffer and checks the copy. *Refused: well formed, but
 * nothing that this device does; the answer says so. On failure nothing is left.
 */
static NTSTATUS CaptureRequest(PSERVER_DEVICE Device, ULONG MaximumTransfer, PUCHAR Answer,
                               ULONG AnswerLength, PSERVER_REQUEST *Result, NTSTATUS *Refused)
{
    REQUEST_HEADER Header;
    PSERVER_REQUEST Request;
    ULONG BodyLength;
    ULONG Needed = 0;
    ULONG Captured;
    SCSINET_FAULT Fault;
    NTSTATUS Status = STATUS_INVALID_PARAMETER;
    ULONG Maximum = AnswerLength < SCSINET_MAXIMUM_FRAME ? AnswerLength : SCSINET_MAXIMUM_FRAME;

    *Refused = STATUS_SUCCESS;
    if (AnswerLength < sizeof(Header))
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(&Header, Answer, sizeof(Header));
    if (Header.Op != OP_REQUEST ||
        ScsinetCheckHeader(&Header, ScsinetFromClient, Maximum) != ScsinetFrameGood)
        return STATUS_INVALID_PARAMETER;
    BodyLength = Header.Length - (ULONG)sizeof(Header);

    /* An IOCTL's system buffer holds what goes in and what comes out, and all of that fits into the
     * program's. */
    if (Header.MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        Needed = BodyLength;
        if (IsForwardedIoctl(Header.IoControlCode)) {
            if (Needed < Header.InputBufferLength)
                Needed = Header.InputBufferLength;
            if (Needed < Header.OutputBufferLength)
                Needed = Header.OutputBufferLength;
        }
        if (Needed > SCSINET_MAXIMUM_FRAME)
            return STATUS_INVALID_PARAMETER;
        if (Needed > AnswerLength - sizeof(Header))
            return STATUS_BUFFER_TOO_SMALL;
    }
    Request = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Request) + Needed, SERVER_TAG);
    if (Request == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Request, sizeof(*Request) + Needed);
    Request->Header = Header;
    Request->Device = Device;
    Request->Answer = Answer;
    Request->AnswerLength = AnswerLength;
    Request->BufferLength = Needed;
    InitializeListHead(&Request->Link);

    if (Header.MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        RtlCopyMemory(Request->Buffer, Answer + sizeof(Header), BodyLength);
        Fault = ScsinetCheckRequest(&Request->Header, Request->Buffer, BodyLength);
    } else {
        Captured = BodyLength < sizeof(PACKED_SRB) ? BodyLength : (ULONG)sizeof(PACKED_SRB);
        RtlCopyMemory(&Request->Packed, Answer + sizeof(Header), Captured);
        Fault = ScsinetCheckRequest(&Request->Header, &Request->Packed, BodyLength);
    }
    if (Fault == ScsinetFrameUnsupported) {
        *Refused = STATUS_NOT_SUPPORTED;
    } else if (Fault != ScsinetFrameGood) {
        goto Failed;
    } else if (Header.MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL) {
        if (AnswerLength - sizeof(Header) - sizeof(PACKED_SRB) <
            (SIZE_T)Request->Packed.DataTransferLength + Request->Packed.SenseInfoBufferLength) {
            Status = STATUS_BUFFER_TOO_SMALL;
            goto Failed;
        }
        if (!IsAllowedFunction(Request->Packed.Function))
            *Refused = STATUS_NOT_SUPPORTED;
        else if (Request->Packed.DataTransferLength > MaximumTransfer)
            *Refused = STATUS_INVALID_PARAMETER;
    } else if (Header.IoControlCode == IOCTL_SCSI_PASS_THROUGH) {
        RtlCopyMemory(&Request->PassThrough, Request->Buffer, sizeof(Request->PassThrough));
    }
    *Result = Request;
    return STATUS_SUCCESS;

Failed:
    ExFreePoolWithTag(Request, SERVER_TAG);
    return Status;
}

/* Enters the request among those in flight. STATUS_DEVICE_NOT_READY while the device stands still.
 */
static NTSTATUS EnterRequest(PSERVER_REQUEST Request)
{
    PSERVER_DEVICE Device = Request->Device;
    NTSTATUS Status = STATUS_DEVICE_NOT_READY;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    if (Device->Started) {
        InsertTailList(&Device->Requests, &Request->Link);
        Status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&Device->Lock, Irql);
    return Status;
}

NTSTATUS ServerExecuteRequest(PSERVER_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PSERVER_REQUEST Request;
    PUCHAR Answer = NULL;
    ULONG MaximumTransfer;
    NTSTATUS Refused;
    NTSTATUS Status;
    BOOLEAN Pended = FALSE;
    BOOLEAN Started;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Started = Device->Started;
    MaximumTransfer = Device->MaximumTransfer;
    KeReleaseSpinLock(&Device->Lock, Irql);
    Status = STATUS_DEVICE_NOT_READY;
    if (!Started)
        goto CompleteNow;

    if (Irp->MdlAddress != NULL)
        Answer = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (Answer == NULL) {
        Status = Irp->MdlAddress == NULL ? STATUS_BUFFER_TOO_SMALL : STATUS_INSUFFICIENT_RESOURCES;
        goto CompleteNow;
    }
    Status =
        CaptureRequest(Device, MaximumTransfer, Answer,
                       Stack->Parameters.DeviceIoControl.OutputBufferLength, &Request, &Refused);
    if (!NT_SUCCESS(Status))
        goto CompleteNow;

    Request->References = 1;
    Request->Upper = Irp;
    Request->LockTag = Irp;
    if (!NT_SUCCESS(Refused)) {
        Request->Status = Refused;
        Request->Srb.SrbStatus = SRB_STATUS_INVALID_REQUEST;
        goto AnswerNow;
    }
    Request->Lower = IoAllocateIrp(Device->Lower->StackSize, FALSE);
    Status = STATUS_INSUFFICIENT_RESOURCES;
    if (Request->Lower != NULL) {
        PIO_STACK_LOCATION Next = IoGetNextIrpStackLocation(Request->Lower);

        Status = STATUS_SUCCESS;
        if (Request->Header.MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
            Status = BuildSrb(Request, Irp, Next);
        else
            BuildIoctl(Request, Next);
    }
    if (!NT_SUCCESS(Status))
        goto FreeRequest;
    Request->Lower->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoSetCompletionRoutine(Request->Lower, LowerCompleted, Request, TRUE, TRUE, TRUE);

    Irp->Tail.Overlay.DriverContext[0] = Request;
    Status = EnterRequest(Request);
    if (!NT_SUCCESS(Status))
        goto FreeRequest;

    (void)IoSetCancelRoutine(Irp, CancelUpper);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* Cancelled before there was anything to cancel, and nobody has called the routine. */
        KeAcquireSpinLock(&Device->Lock, &Irql);
        RemoveEntryList(&Request->Link);
        InitializeListHead(&Request->Link);
        KeReleaseSpinLock(&Device->Lock, Irql);
        Status = STATUS_CANCELLED;
        goto FreeRequest;
    }

    IoCallDriver(Device->Lower, Request->Lower);

    /* Until Phase changes hands the upper IRP is this routine's. */
    if (InterlockedCompareExchange(&Request->Phase, ServerSent, ServerSent) != ServerCompleted) {
        IoMarkIrpPending(Irp);
        Pended = TRUE;
        if (InterlockedCompareExchange(&Request->Phase, ServerPended, ServerSent) == ServerSent)
            return STATUS_PENDING;
    }
    FinishRequest(Request);
    return Pended ? STATUS_PENDING : STATUS_SUCCESS;

AnswerNow:
    Status = ServerCompleteIrp(Irp, STATUS_SUCCESS, ServerWriteAnswer(Request));
    DereferenceRequest(Request);
    return Status;

FreeRequest:
    /* The IRP is completed first: the request's last reference gives the remove lock back. */
    ServerCompleteIrp(Irp, Status, 0);
    DereferenceRequest(Request);
    return Status;

CompleteNow:
    ServerCompleteIrp(Irp, Status, 0);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}
