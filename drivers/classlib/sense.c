/* SPDX-License-Identifier: MIT */
/* From an SRB's outcome to an NTSTATUS and whether to try again. Sense data as in SPC-4
 * section 4.5. */
#include "classlib.h"

VOID ClassNoteMediaChange(PCLASS_DEVICE Device)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->CapacityValid = FALSE;
    Device->MediaChange++;
    KeReleaseSpinLock(&Device->Lock, Irql);
}

static VOID ForgetCapacity(PCLASS_DEVICE Device)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->CapacityValid = FALSE;
    KeReleaseSpinLock(&Device->Lock, Irql);
}

ULONG ClassMediaChangeCount(PCLASS_DEVICE Device)
{
    ULONG Count;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Count = Device->MediaChange;
    KeReleaseSpinLock(&Device->Lock, Irql);
    return Count;
}

/* The drive is empty: whatever is in it when it is not any more is another medium. */
static VOID NoteNoMedium(PCLASS_DEVICE Device)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    if (Device->CapacityValid)
        Device->MediaChange++;
    Device->CapacityValid = FALSE;
    KeReleaseSpinLock(&Device->Lock, Irql);
}

static CLASS_VERDICT Verdict(NTSTATUS Status, BOOLEAN Retry, BOOLEAN Later)
{
    CLASS_VERDICT Result = {Status, Retry, Later};

    return Result;
}

static CLASS_VERDICT JudgeIllegalRequest(UCHAR Asc)
{
    switch (Asc) {
    case SCSI_ADSENSE_ILLEGAL_BLOCK:
        return Verdict(STATUS_NONEXISTENT_SECTOR, FALSE, FALSE);
    case SCSI_ADSENSE_INVALID_LUN:
        return Verdict(STATUS_NO_SUCH_DEVICE, FALSE, FALSE);
    case 0x53: /* medium removal prevented */
        return Verdict(STATUS_INVALID_DEVICE_STATE, FALSE, FALSE);
    default:
        return Verdict(STATUS_INVALID_DEVICE_REQUEST, FALSE, FALSE);
    }
}

static CLASS_VERDICT JudgeSense(PCLASS_DEVICE Device, const UCHAR *Sense, ULONG Length)
{
    UCHAR Code = Length != 0 ? Sense[0] & 0x7F : 0;
    UCHAR Key = 0;
    UCHAR Asc = 0;
    UCHAR Ascq = 0;

    if ((Code == 0x70 || Code == 0x71) && Length >= 3) {
        Key = Sense[2] & 0x0F;
        Asc = Length > 12 ? Sense[12] : 0;
        Ascq = Length > 13 ? Sense[13] : 0;
    } else if ((Code == 0x72 || Code == 0x73) && Length >= 4) {
        Key = Sense[1] & 0x0F;
        Asc = Sense[2];
        Ascq = Sense[3];
    } else {
        return Verdict(STATUS_IO_DEVICE_ERROR, TRUE, FALSE);
    }

    switch (Key) {
    case SCSI_SENSE_NO_SENSE: /* it failed, and nobody knows why */
        return Verdict(STATUS_IO_DEVICE_ERROR, TRUE, FALSE);
    case SCSI_SENSE_RECOVERED_ERROR:
        return Verdict(STATUS_SUCCESS, FALSE, FALSE);
    case SCSI_SENSE_NOT_READY:
        if (Asc == SCSI_ADSENSE_NO_MEDIA_IN_DEVICE) {
            NoteNoMedium(Device);
            return Verdict(STATUS_NO_MEDIA_IN_DEVICE, FALSE, FALSE);
        }
        /* Becoming ready; an operation, a long write in progress. */
        if (Asc == SCSI_ADSENSE_LUN_NOT_READY && (Ascq == 0x01 || Ascq == 0x07 || Ascq == 0x08))
            return Verdict(STATUS_DEVICE_NOT_READY, TRUE, TRUE);
        return Verdict(STATUS_DEVICE_NOT_READY, FALSE, FALSE);
    case SCSI_SENSE_UNIT_ATTENTION:
        if (Asc == SCSI_ADSENSE_MEDIUM_CHANGED)
            ClassNoteMediaChange(Device);
        if (Asc == SCSI_ADSENSE_PARAMETERS_CHANGED && Ascq == 0x09) /* the capacity has */
            ForgetCapacity(Device);
        return Verdict(STATUS_IO_DEVICE_ERROR, TRUE, FALSE);
    case SCSI_SENSE_MEDIUM_ERROR:
        return Verdict(STATUS_DEVICE_DATA_ERROR, FALSE,
                       FALSE); /* the drive has tried for long enough itself */
    case SCSI_SENSE_HARDWARE_ERROR:
        return Verdict(STATUS_IO_DEVICE_ERROR, FALSE, FALSE);
    case SCSI_SENSE_ILLEGAL_REQUEST:
        return JudgeIllegalRequest(Asc);
    case SCSI_SENSE_DATA_PROTECT:
        if (Asc == SCSI_ADSENSE_WRITE_PROTECT && Ascq == 0x07) /* no room is left for it */
            return Verdict(STATUS_DISK_FULL, FALSE, FALSE);
        return Verdict(STATUS_MEDIA_WRITE_PROTECTED, FALSE, FALSE);
    case SCSI_SENSE_BLANK_CHECK:
        return Verdict(STATUS_NO_DATA_DETECTED, FALSE, FALSE);
    case SCSI_SENSE_ABORTED_COMMAND:
        return Verdict(STATUS_IO_DEVICE_ERROR, TRUE, FALSE);
    default:
        return Verdict(STATUS_IO_DEVICE_ERROR, FALSE, FALSE);
    }
}

CLASS_VERDICT ClassJudge(PCLASS_DEVICE Device, PSCSI_REQUEST_BLOCK Srb, NTSTATUS IrpStatus)
{
    /* Whoever cancelled, or took the device away, is not to be asked again. */
    if (IrpStatus == STATUS_CANCELLED || IrpStatus == STATUS_DEVICE_DOES_NOT_EXIST)
        return Verdict(IrpStatus, FALSE, FALSE);

    switch (SRB_STATUS(Srb->SrbStatus)) {
    case SRB_STATUS_SUCCESS:
    case SRB_STATUS_PENDING:
        /* A driver on the way may have failed the IRP without a look at the SRB; one that never
         * touched it has not succeeded. */
        if (!NT_SUCCESS(IrpStatus))
            return Verdict(IrpStatus, FALSE, FALSE);
        return Verdict(SRB_STATUS(Srb->SrbStatus) == SRB_STATUS_SUCCESS ? STATUS_SUCCESS
                                                                        : STATUS_IO_DEVICE_ERROR,
                       FALSE, FALSE);
    case SRB_STATUS_DATA_OVERRUN: /* less data than asked for: the caller looks at the length */
        return Verdict(STATUS_SUCCESS, FALSE, FALSE);
    case SRB_STATUS_ERROR:
        if (Srb->ScsiStatus == SCSISTAT_BUSY || Srb->ScsiStatus == SCSISTAT_QUEUE_FULL)
            return Verdict(STATUS_DEVICE_BUSY, TRUE, TRUE);
        if (Srb->SrbStatus & SRB_STATUS_AUTOSENSE_VALID)
            return JudgeSense(Device, Srb->SenseInfoBuffer, Srb->SenseInfoBufferLength);
        return Verdict(STATUS_IO_DEVICE_ERROR, TRUE, FALSE);
    case SRB_STATUS_BUSY:
        return Verdict(STATUS_DEVICE_BUSY, TRUE, TRUE);
    case SRB_STATUS_NO_DEVICE:
    case SRB_STATUS_NO_HBA:
        return Verdict(STATUS_DEVICE_DOES_NOT_EXIST, FALSE, FALSE);
    case SRB_STATUS_SELECTION_TIMEOUT:
        return Verdict(STATUS_DEVICE_NOT_CONNECTED, FALSE, FALSE);
    case SRB_STATUS_INVALID_REQUEST:
    case SRB_STATUS_BAD_FUNCTION:
        return Verdict(STATUS_INVALID_DEVICE_REQUEST, FALSE, FALSE);
    case SRB_STATUS_ABORTED:
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
        return Verdict(STATUS_IO_TIMEOUT, TRUE, FALSE);
    case SRB_STATUS_BUS_RESET:
        return Verdict(STATUS_IO_DEVICE_ERROR, TRUE, FALSE);
    default:
        return Verdict(STATUS_IO_DEVICE_ERROR, FALSE, FALSE);
    }
}
