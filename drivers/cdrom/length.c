/* SPDX-License-Identifier: MIT */
/*
 * IOCTL_DISK_GET_LENGTH_INFO: what a program asks for before it reads, and whenever it looks at the
 * drive. Unlike the other IOCTLs it does not wait in its dispatch routine: the caller's IRP pends
 * and can be cancelled, so that a drive that does not answer holds nobody.
 *
 * References of a CDROM_QUESTION: one for the command's way, one of dispatch, one for a cancel that
 * is looking at it or a retry that is being set up. Its IRP lives as long as it does. The rules are
 * those of a read's piece (read.c).
 */
#include "cdrom.h"

typedef struct _CDROM_QUESTION {
    PCDROM_DEVICE Device;
    PIRP Upper;
    PIRP Irp;
    PMDL Mdl;
    volatile LONG References;
    volatile LONG Cancelled;
    ULONG Change; /* Device->MediaChange when it was asked */
    ULONG Retries;
    KTIMER Timer;
    KDPC Dpc;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[CDROM_SENSE_LENGTH];
    UCHAR Data[8];
} CDROM_QUESTION, *PCDROM_QUESTION;

static VOID Dereference(PCDROM_QUESTION Question)
{
    PCDROM_DEVICE Device = Question->Device;
    PVOID Tag = Question->Upper;

    if (InterlockedDecrement(&Question->References) != 0)
        return;
    if (Question->Mdl != NULL)
        IoFreeMdl(Question->Mdl);
    if (Question->Irp != NULL)
        IoFreeIrp(Question->Irp);
    ExFreePoolWithTag(Question, CDROM_TAG);
    IoReleaseRemoveLock(&Device->RemoveLock, Tag);
}

static BOOLEAN IsCancelled(PCDROM_QUESTION Question)
{
    return InterlockedCompareExchange(&Question->Cancelled, FALSE, FALSE) != FALSE;
}

/* Completes the caller's IRP and drops the command's reference. */
static VOID Finish(PCDROM_QUESTION Question, NTSTATUS Status)
{
    PIRP Upper = Question->Upper;
    ULONG_PTR Information = 0;
    KIRQL Irql;

    if (IoSetCancelRoutine(Upper, NULL) == NULL) {
        /* The cancel routine has begun: it is done with the IRP once it has let go of this lock. */
        IoAcquireCancelSpinLock(&Irql);
        IoReleaseCancelSpinLock(Irql);
    }
    if (NT_SUCCESS(Status)) {
        GET_LENGTH_INFORMATION Length;

        Length.Length.QuadPart =
            (LONGLONG)(CdromNoteCapacity(Question->Device, Question->Data, Question->Change) *
                       CDROM_SECTOR);
        RtlCopyMemory(Upper->AssociatedIrp.SystemBuffer, &Length, sizeof(Length));
        Information = sizeof(Length);
    }
    CdromCompleteIrp(Upper, Status, Information);
    Dereference(Question);
}

static NTSTATUS NTAPI QuestionDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);

/* IRQL <= DISPATCH_LEVEL. */
static VOID Send(PCDROM_QUESTION Question)
{
    PSCSI_REQUEST_BLOCK Srb = &Question->Srb;
    PIO_STACK_LOCATION Next;

    Question->Change = CdromMediaChangeCount(Question->Device);
    RtlZeroMemory(Srb, sizeof(*Srb));
    Srb->Length = sizeof(*Srb);
    Srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    Srb->SrbFlags = SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE;
    Srb->DataBuffer = Question->Data;
    Srb->DataTransferLength = sizeof(Question->Data);
    Srb->TimeOutValue = CDROM_TIMEOUT;
    Srb->SenseInfoBuffer = Question->Sense;
    Srb->SenseInfoBufferLength = sizeof(Question->Sense);
    Srb->OriginalRequest = Question->Irp;
    Srb->CdbLength = 10;
    Srb->Cdb[0] = SCSIOP_READ_CAPACITY;

    /* Used again as it is: a reused one would lose a cancel that comes in this moment. */
    Question->Irp->MdlAddress = Question->Mdl;
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

static NTSTATUS NTAPI QuestionDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCDROM_QUESTION Question = Context;
    CDROM_VERDICT Verdict = CdromJudge(Question->Device, &Question->Srb, Irp->IoStatus.Status);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Verdict.Status) && Question->Srb.DataTransferLength < sizeof(Question->Data))
        Verdict.Status = STATUS_IO_DEVICE_ERROR;
    if (Verdict.Retry && IsCancelled(Question)) {
        Verdict.Status = STATUS_CANCELLED;
        Verdict.Retry = FALSE;
    }
    if (!Verdict.Retry || Question->Retries >= CDROM_MAXIMUM_RETRIES) {
        Finish(Question, Verdict.Status);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    Question->Retries++;
    if (Verdict.Later) {
        InterlockedIncrement(&Question->References); /* the DPC may be faster than this */
        KeSetTimer(&Question->Timer, CdromRetryDelay, &Question->Dpc);
        if (IsCancelled(Question) && KeCancelTimer(&Question->Timer))
            Finish(Question, STATUS_CANCELLED);
        Dereference(Question);
    } else {
        Send(Question);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID NTAPI CancelQuestion(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCDROM_QUESTION Question = Irp->Tail.Overlay.DriverContext[0];

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedIncrement(&Question->References);
    InterlockedExchange(&Question->Cancelled, TRUE);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    IoCancelIrp(Question->Irp);
    if (KeCancelTimer(&Question->Timer))
        Finish(Question, STATUS_CANCELLED);
    Dereference(Question);
}

NTSTATUS CdromAskLength(PCDROM_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PCDROM_QUESTION Question = NULL;
    NTSTATUS Status = STATUS_BUFFER_TOO_SMALL;

    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(GET_LENGTH_INFORMATION))
        goto Failed;
    Status = STATUS_INSUFFICIENT_RESOURCES;
    Question = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Question), CDROM_TAG);
    if (Question == NULL)
        goto Failed;
    RtlZeroMemory(Question, sizeof(*Question));
    Question->Device = Device;
    Question->Upper = Irp;
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
        CdromCompleteIrp(Irp, STATUS_CANCELLED, 0);
        Question->References = 1;
        Dereference(Question);
        return STATUS_PENDING;
    }
    Send(Question);
    Dereference(Question);
    return STATUS_PENDING;

Failed:
    CdromCompleteIrp(Irp, Status, 0);
    if (Question != NULL) {
        Question->References = 1;
        Dereference(Question); /* releases the remove lock */
    } else {
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    }
    return Status;
}
