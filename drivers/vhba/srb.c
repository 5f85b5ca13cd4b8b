/* SPDX-License-Identifier: MIT */
/*
 * srb.c - SRBs: what a class driver sends to a LUN, and how their ends look to it. Source: MS docs,
 * "SCSI_REQUEST_BLOCK structure", "Handling SRBs"; the IRP's status for each SRB status as SCSI
 * port gives it.
 */
#include "vhba.h"

VOID VhbaFormatSense(const VHBA_SENSE *Sense, UCHAR *To)
{
    RtlZeroMemory(To, VHBA_SENSE_SIZE);
    To[0] = Sense->InformationValid ? 0xF0 : 0x70;
    To[2] = Sense->Key;
    PutBe32(To + 3, Sense->Information);
    To[7] = VHBA_SENSE_SIZE - 8;
    To[12] = Sense->Asc;
    To[13] = Sense->Ascq;
}

static NTSTATUS End(PVHBA_LUN Lun, PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_CD_ROM_INCREMENT);
    IoReleaseRemoveLock(&Lun->Common.RemoveLock, Irp);
    return Status;
}

/* Into the SRB's sense buffer, or kept for REQUEST SENSE. */
static VOID DeliverSense(PVHBA_COMMAND Command, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR Data[VHBA_SENSE_SIZE];
    KIRQL OldIrql;

    if (!(Srb->SrbFlags & SRB_FLAGS_DISABLE_AUTOSENSE) && Srb->SenseInfoBuffer != NULL &&
        Srb->SenseInfoBufferLength != 0) {
        UCHAR Length =
            Srb->SenseInfoBufferLength < sizeof(Data) ? Srb->SenseInfoBufferLength : sizeof(Data);
        VhbaFormatSense(&Command->Sense, Data);
        RtlCopyMemory(Srb->SenseInfoBuffer, Data, Length);
        Srb->SenseInfoBufferLength = Length;
        Srb->SrbStatus |= SRB_STATUS_AUTOSENSE_VALID;
        return;
    }
    KeAcquireSpinLock(&Command->Lun->Lock, &OldIrql);
    Command->Lun->Sense = Command->Sense;
    Command->Lun->SensePending = TRUE;
    KeReleaseSpinLock(&Command->Lun->Lock, OldIrql);
}

static NTSTATUS CompleteSrb(PVHBA_COMMAND Command, PIRP Irp, NTSTATUS Status, UCHAR SrbStatus)
{
    PSCSI_REQUEST_BLOCK Srb = Command->Srb;

    if (!NT_SUCCESS(Status)) {
        Srb->SrbStatus = SrbStatus;
        Srb->DataTransferLength = 0;
        return End(Command->Lun, Irp, Status, 0);
    }
    Srb->ScsiStatus = Command->ScsiStatus;
    if (Command->ScsiStatus != SCSISTAT_GOOD) {
        Srb->SrbStatus = SRB_STATUS_ERROR;
        DeliverSense(Command, Srb);
        Status = STATUS_IO_DEVICE_ERROR;
    } else if (Command->Overrun || Command->Transferred < Srb->DataTransferLength) {
        /* One name for both: less data than the buffer takes is an overrun with the length that
         * came. */
        Srb->SrbStatus = SRB_STATUS_DATA_OVERRUN;
        Status = STATUS_BUFFER_OVERFLOW;
    } else {
        Srb->SrbStatus = SRB_STATUS_SUCCESS;
    }
    Srb->DataTransferLength = Command->Transferred;
    return End(Command->Lun, Irp, Status, Command->Transferred);
}

/*
 * The address at which the data can be reached. DataBuffer is an address within the MDL's range,
 * maybe one that means nothing here: only its offset counts.
 */
static NTSTATUS MapData(PSCSI_REQUEST_BLOCK Srb, PMDL Mdl, PUCHAR *Buffer)
{
    ULONG_PTR Offset;
    PUCHAR Base;

    *Buffer = Srb->DataBuffer;
    if (Srb->DataTransferLength == 0)
        return STATUS_SUCCESS;
    if (Mdl == NULL)
        return Srb->DataBuffer != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    Offset = (ULONG_PTR)Srb->DataBuffer - (ULONG_PTR)MmGetMdlVirtualAddress(Mdl);
    if (Offset > MmGetMdlByteCount(Mdl) ||
        Srb->DataTransferLength > MmGetMdlByteCount(Mdl) - Offset)
        return STATUS_INVALID_PARAMETER;
    Base = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    if (Base == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Buffer = Base + Offset;
    return STATUS_SUCCESS;
}

static NTSTATUS Refuse(PVHBA_LUN Lun, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, UCHAR SrbStatus,
                       NTSTATUS Status)
{
    Srb->SrbStatus = SrbStatus;
    Srb->DataTransferLength = 0;
    return End(Lun, Irp, Status, 0);
}

static NTSTATUS ExecuteScsi(PVHBA_LUN Lun, PIRP Irp, PSCSI_REQUEST_BLOCK Srb)
{
    VHBA_COMMAND Command = {.Lun = Lun, .Srb = Srb};
    NTSTATUS Status;

    if (Srb->CdbLength == 0 || Srb->CdbLength > sizeof(Command.Cdb))
        return Refuse(Lun, Irp, Srb, SRB_STATUS_INVALID_REQUEST, STATUS_INVALID_DEVICE_REQUEST);
    if (!(Srb->SrbFlags & SRB_FLAGS_UNSPECIFIED_DIRECTION))
        Srb->DataTransferLength = 0;
    if (Srb->DataTransferLength > (ULONG)ReadAcquire(&Lun->Adapter->MaximumTransfer))
        return Refuse(Lun, Irp, Srb, SRB_STATUS_INVALID_REQUEST, STATUS_INVALID_PARAMETER);
    Status = MapData(Srb, Irp->MdlAddress, &Command.Buffer);
    if (!NT_SUCCESS(Status))
        return Refuse(Lun, Irp, Srb,
                      Status == STATUS_INSUFFICIENT_RESOURCES ? SRB_STATUS_ERROR
                                                              : SRB_STATUS_INVALID_REQUEST,
                      Status);
    /* Class drivers leave the address to the port. */
    Srb->PathId = 0;
    Srb->TargetId = (UCHAR)Lun->Number;
    Srb->Lun = 0;
    Srb->SrbStatus = SRB_STATUS_PENDING;
    Command.CdbLength = Srb->CdbLength;
    RtlCopyMemory(Command.Cdb, Srb->Cdb, Srb->CdbLength);
    Command.BufferLength = Srb->DataTransferLength;
    Command.ToHost = (Srb->SrbFlags & SRB_FLAGS_DATA_IN) != 0;
    Command.ToDevice = (Srb->SrbFlags & SRB_FLAGS_DATA_OUT) != 0;
    return VhbaStart(&Command, Irp, CompleteSrb);
}

/* The host's cache is the adapter's: what was written is on its medium when this ends. */
static NTSTATUS FlushCache(PVHBA_LUN Lun, PIRP Irp, PSCSI_REQUEST_BLOCK Srb)
{
    VHBA_COMMAND Command = {.Lun = Lun, .Srb = Srb, .FlushOnly = TRUE};

    Srb->DataTransferLength = 0;
    Srb->SrbStatus = SRB_STATUS_PENDING;
    return VhbaStart(&Command, Irp, CompleteSrb);
}

static NTSTATUS Claim(PVHBA_LUN Lun, PIRP Irp, PSCSI_REQUEST_BLOCK Srb)
{
    BOOLEAN Claimed;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Lun->Lock, &OldIrql);
    Claimed = Lun->Claimed;
    Lun->Claimed = TRUE;
    KeReleaseSpinLock(&Lun->Lock, OldIrql);
    if (Claimed)
        return Refuse(Lun, Irp, Srb, SRB_STATUS_BUSY, STATUS_DEVICE_BUSY);
    Srb->DataBuffer = Lun->Common.Self;
    Srb->SrbStatus = SRB_STATUS_SUCCESS;
    return End(Lun, Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Release(PVHBA_LUN Lun, PIRP Irp, PSCSI_REQUEST_BLOCK Srb)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(&Lun->Lock, &OldIrql);
    Lun->Claimed = FALSE;
    KeReleaseSpinLock(&Lun->Lock, OldIrql);
    Srb->SrbStatus = SRB_STATUS_SUCCESS;
    return End(Lun, Irp, STATUS_SUCCESS, 0);
}

/* What waits goes; what a worker reads ends in its own time. Then the reset is to be reported. */
static NTSTATUS Reset(PVHBA_LUN Lun, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, ULONG Attention)
{
    KIRQL OldIrql;

    VhbaFlush(Lun, NULL, SRB_STATUS_BUS_RESET, STATUS_IO_TIMEOUT);
    KeAcquireSpinLock(&Lun->Lock, &OldIrql);
    Lun->Attention |= Attention;
    Lun->SensePending = FALSE;
    Lun->Prevented =
        FALSE; /* MMC-6 6.14: a reset allows removal again, but for the persistent kind */
    Lun->Stopped = FALSE;
    VhbaResetMode(&Lun->Mode);
    KeReleaseSpinLock(&Lun->Lock, OldIrql);
    Srb->SrbStatus = SRB_STATUS_SUCCESS;
    return End(Lun, Irp, STATUS_SUCCESS, 0);
}

NTSTATUS VhbaScsi(PVHBA_LUN Lun, PIRP Irp)
{
    PSCSI_REQUEST_BLOCK Srb = IoGetCurrentIrpStackLocation(Irp)->Parameters.Scsi.Srb;
    NTSTATUS Status;

    if (Srb == NULL) {
        Irp->IoStatus.Status = STATUS_INVALID_PARAMETER;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_INVALID_PARAMETER;
    }
    Status = IoAcquireRemoveLock(&Lun->Common.RemoveLock, Irp);
    if (!NT_SUCCESS(Status)) {
        Srb->SrbStatus = SRB_STATUS_NO_DEVICE;
        Srb->DataTransferLength = 0;
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NO_SUCH_DEVICE;
    }
    if (VhbaIs(&Lun->Common.Gone))
        return Refuse(Lun, Irp, Srb, SRB_STATUS_NO_DEVICE, STATUS_NO_SUCH_DEVICE);
    if (!VhbaIs(&Lun->Common.Started))
        return Refuse(Lun, Irp, Srb, SRB_STATUS_NO_DEVICE, STATUS_DEVICE_NOT_READY);
    switch (Srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        return ExecuteScsi(Lun, Irp, Srb);
    case SRB_FUNCTION_CLAIM_DEVICE:
        return Claim(Lun, Irp, Srb);
    case SRB_FUNCTION_RELEASE_DEVICE:
        return Release(Lun, Irp, Srb);
    case SRB_FUNCTION_ABORT_COMMAND:
        if (Srb->NextSrb == NULL ||
            VhbaFlush(Lun, Srb->NextSrb, SRB_STATUS_ABORTED, STATUS_CANCELLED) == 0)
            return Refuse(Lun, Irp, Srb, SRB_STATUS_ABORT_FAILED, STATUS_IO_DEVICE_ERROR);
        break;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
        return Reset(Lun, Irp, Srb, VHBA_ATTENTION_RESET);
    case SRB_FUNCTION_RESET_BUS: /* each target is a bus of its own */
        return Reset(Lun, Irp, Srb, VHBA_ATTENTION_BUS);
    case SRB_FUNCTION_FLUSH_QUEUE:
        VhbaFlush(Lun, NULL, SRB_STATUS_REQUEST_FLUSHED, STATUS_CANCELLED);
        break;
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        if (Lun->Type == VHBA_TYPE_DISK)
            return FlushCache(Lun, Irp, Srb);
        break;                       /* a CD drive has no cache of writes */
    case SRB_FUNCTION_RELEASE_QUEUE: /* the queue never freezes, so it runs again */
        break;
    default:
        return Refuse(Lun, Irp, Srb, SRB_STATUS_INVALID_REQUEST, STATUS_INVALID_DEVICE_REQUEST);
    }
    Srb->SrbStatus = SRB_STATUS_SUCCESS;
    return End(Lun, Irp, STATUS_SUCCESS, 0);
}
