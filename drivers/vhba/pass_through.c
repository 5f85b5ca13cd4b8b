/* SPDX-License-Identifier: MIT */
/*
 * pass_through.c - IOCTL_SCSI_PASS_THROUGH and its DIRECT form, as a port driver serves them.
 * Source: MS docs, pages of both codes.
 *
 * The structure stays in the system buffer until the command has ended; a program's data buffer of
 * the DIRECT form is locked down by an MDL, in DriverContext[1].
 */
#include "vhba.h"
#include <ntseh.h>

/* Both forms are alike up to here, and in size. */
C_ASSERT(sizeof(SCSI_PASS_THROUGH) == sizeof(SCSI_PASS_THROUGH_DIRECT));
C_ASSERT(FIELD_OFFSET(SCSI_PASS_THROUGH, DataBufferOffset) ==
         FIELD_OFFSET(SCSI_PASS_THROUGH_DIRECT, DataBuffer));
C_ASSERT(FIELD_OFFSET(SCSI_PASS_THROUGH, SenseInfoOffset) ==
         FIELD_OFFSET(SCSI_PASS_THROUGH_DIRECT, SenseInfoOffset));
C_ASSERT(FIELD_OFFSET(SCSI_PASS_THROUGH, Cdb) == FIELD_OFFSET(SCSI_PASS_THROUGH_DIRECT, Cdb));

static NTSTATUS End(PVHBA_LUN Lun, PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    PMDL Mdl = Irp->Tail.Overlay.DriverContext[1];

    if (Mdl != NULL) {
        MmUnlockPages(Mdl);
        IoFreeMdl(Mdl);
    }
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_CD_ROM_INCREMENT);
    IoReleaseRemoveLock(&Lun->Common.RemoveLock, Irp);
    return Status;
}

static NTSTATUS CompletePassThrough(PVHBA_COMMAND Command, PIRP Irp, NTSTATUS Status,
                                    UCHAR SrbStatus)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PSCSI_PASS_THROUGH Header = Irp->AssociatedIrp.SystemBuffer;
    BOOLEAN Direct =
        Stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_SCSI_PASS_THROUGH_DIRECT;
    ULONG_PTR Information = sizeof(*Header);
    UCHAR SenseLength = 0;

    UNREFERENCED_PARAMETER(SrbStatus);
    if (!NT_SUCCESS(Status))
        return End(Command->Lun, Irp, Status, 0);
    Header->ScsiStatus = Command->ScsiStatus;
    Header->DataTransferLength = Command->Transferred;
    if (Command->ScsiStatus != SCSISTAT_GOOD && Header->SenseInfoLength != 0) {
        UCHAR Sense[VHBA_SENSE_SIZE];
        SenseLength =
            Header->SenseInfoLength < sizeof(Sense) ? Header->SenseInfoLength : sizeof(Sense);
        VhbaFormatSense(&Command->Sense, Sense);
        RtlCopyMemory((PUCHAR)Header + Header->SenseInfoOffset, Sense, SenseLength);
        Information = (ULONG_PTR)Header->SenseInfoOffset + SenseLength;
    }
    Header->SenseInfoLength = SenseLength;
    if (!Direct && Header->DataIn == SCSI_IOCTL_DATA_IN && Command->Transferred != 0 &&
        Header->DataBufferOffset + Command->Transferred > Information)
        Information = Header->DataBufferOffset + Command->Transferred;
    if (Information > Stack->Parameters.DeviceIoControl.OutputBufferLength)
        Information = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    return End(Command->Lun, Irp, STATUS_SUCCESS, Information);
}

/* Nothing in the structure is trusted. In and Out: the lengths of the control's two buffers. */
static NTSTATUS Check(PVHBA_LUN Lun, const SCSI_PASS_THROUGH *Header, ULONG In, ULONG Out,
                      BOOLEAN Direct)
{
    ULONG Larger = In > Out ? In : Out;

    if (In < sizeof(*Header))
        return STATUS_INVALID_PARAMETER;
    if (Header->Length != sizeof(*Header))
        return STATUS_REVISION_MISMATCH;
    if (Out < sizeof(*Header) || Header->CdbLength == 0 || Header->CdbLength > 16 ||
        Header->DataIn > SCSI_IOCTL_DATA_UNSPECIFIED ||
        Header->DataTransferLength > (ULONG)ReadAcquire(&Lun->Adapter->MaximumTransfer))
        return STATUS_INVALID_PARAMETER;
    if (Header->SenseInfoLength != 0 &&
        (Header->SenseInfoOffset < sizeof(*Header) || Header->SenseInfoOffset > Larger ||
         Header->SenseInfoLength >
             Out - (Header->SenseInfoOffset < Out ? Header->SenseInfoOffset : Out)))
        return STATUS_INVALID_PARAMETER;
    if (Header->DataTransferLength == 0)
        return STATUS_SUCCESS;
    if (Direct)
        return ((const SCSI_PASS_THROUGH_DIRECT *)Header)->DataBuffer != NULL
                   ? STATUS_SUCCESS
                   : STATUS_INVALID_PARAMETER;
    {
        /* Where data go one way only that buffer has to hold them. */
        ULONG Room = Header->DataIn == SCSI_IOCTL_DATA_IN    ? Out
                     : Header->DataIn == SCSI_IOCTL_DATA_OUT ? In
                                                             : (In < Out ? In : Out);
        ULONG_PTR SenseEnd = Header->SenseInfoLength == 0
                                 ? sizeof(*Header)
                                 : (ULONG_PTR)Header->SenseInfoOffset + Header->SenseInfoLength;
        if (Header->DataBufferOffset < sizeof(*Header) || Header->DataBufferOffset > Room ||
            Header->DataTransferLength > Room - Header->DataBufferOffset)
            return STATUS_INVALID_PARAMETER;
        /* Sense first, data behind it: data in its place would be overwritten. */
        if (Header->SenseInfoLength != 0 && Header->DataBufferOffset < SenseEnd &&
            Header->SenseInfoOffset < Header->DataBufferOffset + Header->DataTransferLength)
            return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* Locks a program's buffer: in its own context, for the dispatch routine runs in it. */
static NTSTATUS LockBuffer(PIRP Irp, PVOID Buffer, ULONG Length, UCHAR DataIn, PMDL *Result)
{
    PMDL Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    volatile NTSTATUS Status = STATUS_SUCCESS; /* set behind an exception */

    *Result = NULL;
    if (Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NT_TRY
    {
        MmProbeAndLockPages(Mdl, Irp->RequestorMode,
                            DataIn == SCSI_IOCTL_DATA_OUT ? IoReadAccess : IoModifyAccess);
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        Status = GetExceptionCode();
    }
    NT_END
    if (!NT_SUCCESS(Status)) {
        IoFreeMdl(Mdl);
        return Status;
    }
    *Result = Mdl;
    return STATUS_SUCCESS;
}

NTSTATUS VhbaPassThrough(PVHBA_LUN Lun, PIRP Irp, BOOLEAN Direct)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG In = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PSCSI_PASS_THROUGH Header = Irp->AssociatedIrp.SystemBuffer;
    VHBA_COMMAND Command = {.Lun = Lun};
    NTSTATUS Status = Check(Lun, Header, In, Out, Direct);
    PMDL Mdl = NULL;

    Irp->Tail.Overlay.DriverContext[1] = NULL;
    if (NT_SUCCESS(Status) && !VhbaIs(&Lun->Common.Started))
        Status = STATUS_DEVICE_NOT_READY;
    if (!NT_SUCCESS(Status))
        return End(Lun, Irp, Status, 0);
    Command.BufferLength = Header->DataTransferLength;
    if (Command.BufferLength != 0 && Direct) {
        Status = LockBuffer(Irp, ((PSCSI_PASS_THROUGH_DIRECT)Header)->DataBuffer,
                            Command.BufferLength, Header->DataIn, &Mdl);
        if (!NT_SUCCESS(Status))
            return End(Lun, Irp, Status, 0);
        Irp->Tail.Overlay.DriverContext[1] = Mdl;
        Command.Buffer = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
        if (Command.Buffer == NULL)
            return End(Lun, Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    } else if (Command.BufferLength != 0) {
        Command.Buffer = (PUCHAR)Header + Header->DataBufferOffset;
    }
    Header->PathId = 0;
    Header->TargetId = (UCHAR)Lun->Number;
    Header->Lun = 0;
    Command.CdbLength = Header->CdbLength;
    RtlCopyMemory(Command.Cdb, Header->Cdb, Header->CdbLength);
    Command.ToHost = Header->DataIn != SCSI_IOCTL_DATA_OUT;
    Command.ToDevice = Header->DataIn != SCSI_IOCTL_DATA_IN;
    return VhbaStart(&Command, Irp, CompletePassThrough);
}
