/* SPDX-License-Identifier: MIT */
/*
 * Questions: one command for a caller's IRP, which pends and can be cancelled, so that a device
 * that does not answer holds nobody.
 *
 * References of a CLASS_QUESTION: one for the command's way, one of dispatch, one for a cancel that
 * is looking at it or a retry that is being set up. Its IRP lives as long as it does. The rules are
 * those of a transfer's piece (transfer.c).
 */
#include "classlib.h"

static VOID Dereference(PCLASS_QUESTION Question)
{
    PCLASS_DEVICE Device = Question->Device;
    PVOID Tag = Question->Upper;

    if (InterlockedDecrement(&Question->References) != 0)
        return;
    if (Question->Mdl != NULL)
        IoFreeMdl(Question->Mdl);
    if (Question->Irp != NULL)
        IoFreeIrp(Question->Irp);
    ExFreePoolWithTag(Question, CLASS_TAG);
    IoReleaseRemoveLock(&Device->RemoveLock, Tag);
}

static BOOLEAN IsCancelled(PCLASS_QUESTION Question)
{
    return InterlockedCompareExchange(&Question->Cancelled, FALSE, FALSE) != FALSE;
}

/* Completes the caller's IRP and drops the command's reference. */
static VOID Finish(PCLASS_QUESTION Question, NTSTATUS Status, ULONG_PTR Information)
{
    PIRP Upper = Question->Upper;
    KIRQL Irql;

    if (IoSetCancelRoutine(Upper, NULL) == NULL) {
        /* The cancel routine has begun: it is done with the IRP once it has let go of this lock. */
        IoAcquireCancelSpinLock(&Irql);
        IoReleaseCancelSpinLock(Irql);
    }
    ClassCompleteIrp(Upper, Status, Information);
    Dereference(Question);
}

static NTSTATUS NTAPI QuestionDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);

/* IRQL <= DISPATCH_LEVEL. */
static VOID Send(PCLASS_QUESTION Question)
{
    PSCSI_REQUEST_BLOCK Srb = &Question->Srb;
    PIO_STACK_LOCATION Next;

    Question->Change = ClassMediaChangeCount(Question->Device);
    RtlZeroMemory(Srb, sizeof(*Srb));
    Srb->Length = sizeof(*Srb);
    Srb->Function = Question->Function;
    Srb->SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE;
    Srb->TimeOutValue = Question->TimeOut;
    Srb->SenseInfoBuffer = Question->Sense;
    Srb->SenseInfoBufferLength = sizeof(Question->Sense);
    Srb->OriginalRequest = Question->Irp;
    Srb->CdbLength = Question->CdbLength;
    RtlCopyMemory(Srb->Cdb, Question->Cdb, sizeof(Srb->Cdb));
    if (Question->Length != 0) {
        Srb->SrbFlags |= SRB_FLAGS_DATA_IN;
        Srb->DataBuffer = Question->Data;
        Srb->DataTransferLength = Question->Length;
    }

    /* Used again as it is: a reused one would lose a cancel that comes in this moment. */
    Question->Irp->MdlAddress = Question->Length != 0 ? Question->Mdl : NULL;
    Question->Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Question->Irp->IoStatus.Information = 0;
    Next = IoGetNextIrpStackLocation(Question->Irp);
    RtlZeroMemory(Next, sizeof(*Next));
    Next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    Next->Parameters.Scsi.Srb = Srb;
    IoSetCompletionRoutine(Question->Irp, QuestionDone, Question, TRUE, TRUE, TRUE);
    IoCallDriver(Question->Device->Lower, Question->Irp);
}

static VOID NTAPI RetryDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Send(Context);
}

/* The command has ended, for good: the asker makes something of it. */
static VOID End(PCLASS_QUESTION Question, NTSTATUS Status)
{
    ULONG_PTR Information = 0;

    Status = Question->Answer(Question, Status, &Information);
    if (Status == STATUS_MORE_PROCESSING_REQUIRED && !IsCancelled(Question)) {
        Question->Retries = 0;
        Send(Question);
        return;
    }
    Finish(Question, Status == STATUS_MORE_PROCESSING_REQUIRED ? STATUS_CANCELLED : Status,
           Information);
}

static NTSTATUS NTAPI QuestionDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCLASS_QUESTION Question = Context;
    CLASS_VERDICT Verdict = ClassJudge(Question->Device, &Question->Srb, Irp->IoStatus.Status);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Verdict.Status) && Question->Srb.DataTransferLength < Question->Length)
        Verdict.Status = STATUS_IO_DEVICE_ERROR;
    if (Verdict.Retry && IsCancelled(Question)) {
        Finish(Question, STATUS_CANCELLED, 0);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    if (!Verdict.Retry || Question->Retries >= CLASS_MAXIMUM_RETRIES) {
        End(Question, Verdict.Status);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    Question->Retries++;
    if (Verdict.Later) {
        InterlockedIncrement(&Question->References); /* the DPC may be faster than this */
        KeSetTimer(&Question->Timer, ClassRetryDelay, &Question->Dpc);
        if (IsCancelled(Question) && KeCancelTimer(&Question->Timer))
            Finish(Question, STATUS_CANCELLED, 0);
        Dereference(Question);
    } else {
        Send(Question);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID NTAPI CancelQuestion(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLASS_QUESTION Question = Irp->Tail.Overlay.DriverContext[0];

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedIncrement(&Question->References);
    InterlockedExchange(&Question->Cancelled, TRUE);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    IoCancelIrp(Question->Irp);
    if (KeCancelTimer(&Question->Timer))
        Finish(Question, STATUS_CANCELLED, 0);
    Dereference(Question);
}

NTSTATUS ClassAsk(PCLASS_DEVICE Device, PIRP Irp, const CLASS_QUESTION *Template)
{
    PCLASS_QUESTION Question = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Question), CLASS_TAG);

    if (Question == NULL)
        goto Failed;
    RtlZeroMemory(Question, sizeof(*Question));
    Question->Device = Device;
    Question->Upper = Irp;
    Question->Answer = Template->Answer;
    Question->Function = Template->Function;
    RtlCopyMemory(Question->Cdb, Template->Cdb, sizeof(Question->Cdb));
    Question->CdbLength = Template->CdbLength;
    Question->TimeOut = Template->TimeOut;
    Question->Length = Template->Length;
    Question->References = 2; /* the command's way and this routine's */
    KeInitializeTimer(&Question->Timer);
    KeInitializeDpc(&Question->Dpc, RetryDpc, Question);
    Question->Irp = IoAllocateIrp(Device->Lower->StackSize, FALSE);
    Question->Mdl = IoAllocateMdl(Question->Data, sizeof(Question->Data), FALSE, FALSE, NULL);
    if (Question->Irp == NULL || Question->Mdl == NULL)
        goto Failed;
    MmBuildMdlForNonPagedPool(Question->Mdl);

    Irp->Tail.Overlay.DriverContext[0] = Question;
    IoMarkIrpPending(Irp);
    (void)IoSetCancelRoutine(Irp, CancelQuestion);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* Cancelled before there was anything to cancel, and the routine will not run. */
        ClassCompleteIrp(Irp, STATUS_CANCELLED, 0);
        Question->References = 1;
        Dereference(Question);
        return STATUS_PENDING;
    }
    Send(Question);
    Dereference(Question);
    return STATUS_PENDING;

Failed:
    ClassCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (Question != NULL) {
        Question->References = 1;
        Dereference(Question); /* releases the remove lock */
    } else {
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

/* A medium that READ CAPACITY(10) has no room for is asked for once more, by (16). */
static NTSTATUS AnswerLength(PCLASS_QUESTION Question, NTSTATUS Status, ULONG_PTR *Information)
{
    BOOLEAN Long = Question->CdbLength == 16;
    GET_LENGTH_INFORMATION Length;
    ULONG64 Blocks;
    ULONG BlockSize;

    if (NT_SUCCESS(Status))
        Status = ClassNoteCapacity(Question->Device, Question->Data, Long, Question->Change,
                                   &Blocks, &BlockSize);
    if (Status == STATUS_MORE_ENTRIES) {
        Question->CdbLength = ClassCapacityCdb(Question->Cdb, TRUE);
        Question->Length = CLASS_CAPACITY_LENGTH(TRUE);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    if (!NT_SUCCESS(Status))
        return Status;
    Length.Length.QuadPart = (LONGLONG)(Blocks * BlockSize);
    RtlCopyMemory(Question->Upper->AssociatedIrp.SystemBuffer, &Length, sizeof(Length));
    *Information = sizeof(Length);
    return STATUS_SUCCESS;
}

NTSTATUS ClassAskLength(PCLASS_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    CLASS_QUESTION Question = {.Answer = AnswerLength,
                               .Function = SRB_FUNCTION_EXECUTE_SCSI,
                               .TimeOut = CLASS_TIMEOUT,
                               .Length = CLASS_CAPACITY_LENGTH(FALSE)};

    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(GET_LENGTH_INFORMATION)) {
        ClassCompleteIrp(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        return STATUS_BUFFER_TOO_SMALL;
    }
    Question.CdbLength = ClassCapacityCdb(Question.Cdb, FALSE);
    return ClassAsk(Device, Irp, &Question);
}
