/* SPDX-License-Identifier: MIT */
/* Commands that are waited for. PASSIVE_LEVEL. */
#include "cdrom.h"

/* Everything of one attempt that the lower driver may touch: non-paged, alive until the IRP has
 * come back. */
typedef struct _CDROM_ATTEMPT {
    KEVENT Done;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[CDROM_SENSE_LENGTH];
} CDROM_ATTEMPT, *PCDROM_ATTEMPT;

static NTSTATUS NTAPI AttemptDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(&((PCDROM_ATTEMPT)Context)->Done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendOnce(PCDROM_DEVICE Device, PIRP Irp, PMDL Mdl, PCDROM_ATTEMPT Attempt)
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

static VOID FillSrb(PCDROM_ATTEMPT Attempt, const CDROM_COMMAND *Command)
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

NTSTATUS CdromSendCommand(PCDROM_DEVICE Device, PCDROM_COMMAND Command)
{
    PCDROM_ATTEMPT Attempt = NULL;
    PMDL OwnMdl = NULL;
    CDROM_VERDICT Verdict = {STATUS_INSUFFICIENT_RESOURCES, FALSE, FALSE};
    ULONG Retries;
    PIRP Irp;

    Command->Transferred = 0;
    Irp = IoAllocateIrp(Device->Lower->StackSize, FALSE);
    Attempt = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Attempt), CDROM_TAG);
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
        Verdict = CdromJudge(Device, &Attempt->Srb, Status);
        if (!Verdict.Retry || Retries == CDROM_MAXIMUM_RETRIES)
            break;
        if (Verdict.Later)
            KeDelayExecutionThread(KernelMode, FALSE, &CdromRetryDelay);
    }
    if (NT_SUCCESS(Verdict.Status))
        Command->Transferred = Attempt->Srb.DataTransferLength < Command->Length
                                   ? Attempt->Srb.DataTransferLength
                                   : Command->Length;

Exit:
    if (OwnMdl != NULL)
        IoFreeMdl(OwnMdl);
    if (Attempt != NULL)
        ExFreePoolWithTag(Attempt, CDROM_TAG);
    if (Irp != NULL)
        IoFreeIrp(Irp);
    return Verdict.Status;
}

NTSTATUS CdromSendFunction(PCDROM_DEVICE Device, UCHAR Function)
{
    PCDROM_ATTEMPT Attempt;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    PIRP Irp = IoAllocateIrp(Device->Lower->StackSize, FALSE);

    Attempt = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Attempt), CDROM_TAG);
    if (Irp != NULL && Attempt != NULL) {
        RtlZeroMemory(&Attempt->Srb, sizeof(Attempt->Srb));
        KeInitializeEvent(&Attempt->Done, NotificationEvent, FALSE);
        Attempt->Srb.Length = sizeof(Attempt->Srb);
        Attempt->Srb.Function = Function;
        Status = SendOnce(Device, Irp, NULL, Attempt);
    }
    if (Attempt != NULL)
        ExFreePoolWithTag(Attempt, CDROM_TAG);
    if (Irp != NULL)
        IoFreeIrp(Irp);
    return Status;
}
