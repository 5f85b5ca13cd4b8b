/* SPDX-License-Identifier: MIT */
/* Commands that are waited for. PASSIVE_LEVEL. */
#include "classlib.h"

/* Everything of one attempt that the lower driver may touch: non-paged, alive until the IRP has
 * come back. */
typedef struct _CLASS_ATTEMPT {
    KEVENT Done;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[CLASS_SENSE_LENGTH];
} CLASS_ATTEMPT, *PCLASS_ATTEMPT;

static NTSTATUS NTAPI AttemptDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(&((PCLASS_ATTEMPT)Context)->Done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendOnce(PCLASS_DEVICE Device, PIRP Irp, PMDL Mdl, PCLASS_ATTEMPT Attempt)
{
    PIO_STACK_LOCATION Next;

    IoReuseIrp(Irp, STATUS_NOT_SUPPORTED);
    Irp->MdlAddress = Mdl;
    Next = IoGetNextIrpStackLocation(Irp);
    Next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    Next->Parameters.Scsi.Srb = &Attempt->Srb;
    Attempt->Srb.OriginalRequest = Irp;
    KeClearEvent(&Attempt->Done);
    IoSetCompletionRoutine(Irp, AttemptDone, Attempt, TRUE, TRUE, TRUE);
    IoCallDriver(Device->Lower, Irp);
    KeWaitForSingleObject(&Attempt->Done, Executive, KernelMode, FALSE, NULL);
    Irp->MdlAddress = NULL; /* it stays the caller's */
    return Irp->IoStatus.Status;
}

static VOID FillSrb(PCLASS_ATTEMPT Attempt, const CLASS_COMMAND *Command)
{
    PSCSI_REQUEST_BLOCK Srb = &Attempt->Srb;

    RtlZeroMemory(Srb, sizeof(*Srb));
    RtlZeroMemory(Attempt->Sense, sizeof(Attempt->Sense));
    Srb->Length = sizeof(*Srb);
    Srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    Srb->CdbLength = Command->CdbLength;
    RtlCopyMemory(Srb->Cdb, Command->Cdb, sizeof(Srb->Cdb));
    Srb->TimeOutValue = Command->TimeOut;
    Srb->SenseInfoBuffer = Attempt->Sense;
    Srb->SenseInfoBufferLength = sizeof(Attempt->Sense);
    Srb->SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE;
    if (Command->Length != 0) {
        Srb->SrbFlags |= Command->DataOut ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN;
        Srb->DataBuffer = Command->Buffer;
        Srb->DataTransferLength = Command->Length;
    }
}

NTSTATUS ClassSendCommand(PCLASS_DEVICE Device, PCLASS_COMMAND Command)
{
    PCLASS_ATTEMPT Attempt = NULL;
    PMDL OwnMdl = NULL;
    CLASS_VERDICT Verdict = {STATUS_INSUFFICIENT_RESOURCES, FALSE, FALSE};
    ULONG Retries;
    PIRP Irp;

    Command->Transferred = 0;
    Irp = IoAllocateIrp(Device->Lower->StackSize, FALSE);
    Attempt = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Attempt), CLASS_TAG);
    if (Irp == NULL || Attempt == NULL)
        goto Exit;
    KeInitializeEvent(&Attempt->Done, NotificationEvent, FALSE);
    if (Command->Length != 0 && Command->Mdl == NULL) {
        OwnMdl = IoAllocateMdl(Command->Buffer, Command->Length, FALSE, FALSE, NULL);
        if (OwnMdl == NULL)
            goto Exit;
        MmBuildMdlForNonPagedPool(OwnMdl);
    }
    for (Retries = 0;; Retries++) {
        NTSTATUS Status;

        FillSrb(Attempt, Command);
        Status = SendOnce(Device, Irp,
                          OwnMdl != NULL         ? OwnMdl
                          : Command->Length != 0 ? Command->Mdl
                                                 : NULL,
                          Attempt);
        Verdict = ClassJudge(Device, &Attempt->Srb, Status);
        if (!Verdict.Retry || Retries == CLASS_MAXIMUM_RETRIES)
            break;
        if (Verdict.Later)
            KeDelayExecutionThread(KernelMode, FALSE, &ClassRetryDelay);
    }
    if (NT_SUCCESS(Verdict.Status))
        Command->Transferred = Attempt->Srb.DataTransferLength < Command->Length
                                   ? Attempt->Srb.DataTransferLength
                                   : Command->Length;

Exit:
    if (OwnMdl != NULL)
        IoFreeMdl(OwnMdl);
    if (Attempt != NULL)
        ExFreePoolWithTag(Attempt, CLASS_TAG);
    if (Irp != NULL)
        IoFreeIrp(Irp);
    return Verdict.Status;
}

NTSTATUS ClassSendFunction(PCLASS_DEVICE Device, UCHAR Function)
{
    PCLASS_ATTEMPT Attempt;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    PIRP Irp = IoAllocateIrp(Device->Lower->StackSize, FALSE);

    Attempt = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Attempt), CLASS_TAG);
    if (Irp != NULL && Attempt != NULL) {
        RtlZeroMemory(&Attempt->Srb, sizeof(Attempt->Srb));
        KeInitializeEvent(&Attempt->Done, NotificationEvent, FALSE);
        Attempt->Srb.Length = sizeof(Attempt->Srb);
        Attempt->Srb.Function = Function;
        Status = SendOnce(Device, Irp, NULL, Attempt);
    }
    if (Attempt != NULL)
        ExFreePoolWithTag(Attempt, CLASS_TAG);
    if (Irp != NULL)
        IoFreeIrp(Irp);
    return Status;
}

NTSTATUS ClassTestUnitReady(PCLASS_DEVICE Device)
{
    CLASS_COMMAND Command = {
        .Cdb = {SCSIOP_TEST_UNIT_READY}, .CdbLength = 6, .TimeOut = CLASS_TIMEOUT};

    return ClassSendCommand(Device, &Command);
}

NTSTATUS ClassStartStop(PCLASS_DEVICE Device, UCHAR LoadEjectStart)
{
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_START_STOP_UNIT, 0, 0, 0, LoadEjectStart},
                             .CdbLength = 6,
                             .TimeOut = CLASS_LOAD_TIMEOUT};
    NTSTATUS Status = ClassSendCommand(Device, &Command);

    if (NT_SUCCESS(Status))
        ClassNoteMediaChange(Device);
    return Status;
}

NTSTATUS ClassPreventRemoval(PCLASS_DEVICE Device, BOOLEAN Prevent)
{
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_MEDIUM_REMOVAL, 0, 0, 0, Prevent ? 1 : 0},
                             .CdbLength = 6,
                             .TimeOut = CLASS_TIMEOUT};

    return ClassSendCommand(Device, &Command);
}

NTSTATUS ClassCheckInquiry(PCLASS_DEVICE Device, UCHAR Type, PUCHAR Data)
{
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_INQUIRY, 0, 0, 0, 36},
                             .CdbLength = 6,
                             .TimeOut = CLASS_TIMEOUT,
                             .Length = 36};
    PUCHAR Own = Data == NULL ? ExAllocatePoolWithTag(NonPagedPoolNx, 36, CLASS_TAG) : NULL;
    PUCHAR Buffer = Data == NULL ? Own : Data;
    NTSTATUS Status;

    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Command.Buffer = Buffer;
    Status = ClassSendCommand(Device, &Command);
    if (NT_SUCCESS(Status) && (Command.Transferred < 5 || (Buffer[0] & 0x1F) != Type))
        Status = STATUS_NO_SUCH_DEVICE;
    if (Own != NULL)
        ExFreePoolWithTag(Own, CLASS_TAG);
    return Status;
}
