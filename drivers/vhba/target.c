/* SPDX-License-Identifier: MIT */
/*
 * target.c - the SCSI targets: the tables of commands, what holds for all of them, their two ends.
 *
 * Order of the checks (SPC-4 5.6, SAM-4 5.14): a pending unit attention, then the operation code,
 * the control byte, the medium, and the fields in each handler.
 */
#include "vhba.h"

#define EXEMPT    0x01 /* runs with a unit attention pending, and leaves it */
#define MEDIUM    0x02 /* needs a readable medium */
#define BLOCKS6   0x04 /* where the block address and count are, for holds */
#define BLOCKS10  0x08
#define BLOCKS12  0x10
#define BLOCKS24  0x20 /* READ CD: the count has three bytes */
#define BLOCKSMSF 0x40
#define BLOCKS16  0x80

typedef struct _COMMAND_ENTRY {
    VHBA_HANDLER *Handler;
    UCHAR Length;
    UCHAR Flags;
} COMMAND_ENTRY;

/* By operation code; MMC-6 clause 6, SPC-4 clause 6. What a ROM drive has not is not there. */
static const COMMAND_ENTRY CdCommands[256] = {
    [0x00] = {VhbaTestUnitReady, 6, MEDIUM},
    [0x03] = {VhbaRequestSense, 6, EXEMPT},
    [0x08] = {VhbaRead6, 6, MEDIUM | BLOCKS6},
    [0x0A] = {VhbaWrite, 6, MEDIUM},
    [0x12] = {VhbaInquiry, 6, EXEMPT},
    [0x15] = {VhbaModeSelect6, 6, 0},
    [0x1A] = {VhbaModeSense6, 6, 0},
    [0x1B] = {VhbaStartStop, 6, 0},
    [0x1E] = {VhbaPreventAllow, 6, 0},
    [0x25] = {VhbaReadCapacity10, 10, MEDIUM},
    [0x28] = {VhbaRead10, 10, MEDIUM | BLOCKS10},
    [0x2A] = {VhbaWrite, 10, MEDIUM},
    [0x2B] = {VhbaSeek10, 10, MEDIUM},
    [0x2E] = {VhbaWrite, 10, MEDIUM},
    [0x2F] = {VhbaVerify10, 10, MEDIUM | BLOCKS10},
    [0x35] = {VhbaSynchronizeCache, 10, 0},
    [0x42] = {VhbaReadSubChannel, 10, MEDIUM},
    [0x43] = {VhbaReadToc, 10, MEDIUM},
    [0x46] = {VhbaGetConfiguration, 10, EXEMPT},
    [0x4A] = {VhbaGetEventStatus, 10, EXEMPT},
    [0x51] = {VhbaReadDiscInformation, 10, MEDIUM},
    [0x52] = {VhbaReadTrackInformation, 10, MEDIUM},
    [0x55] = {VhbaModeSelect10, 10, 0},
    [0x5A] = {VhbaModeSense10, 10, 0},
    [0x9E] = {VhbaServiceActionIn16, 16, MEDIUM},
    [0xA0] = {VhbaReportLuns, 12, EXEMPT},
    [0xA8] = {VhbaRead12, 12, MEDIUM | BLOCKS12},
    [0xAA] = {VhbaWrite, 12, MEDIUM},
    [0xAC] = {VhbaGetPerformance, 12, MEDIUM},
    [0xAD] = {VhbaReadDvdStructure, 12, MEDIUM},
    [0xAE] = {VhbaWrite, 12, MEDIUM},
    [0xB9] = {VhbaReadCdMsf, 12, MEDIUM | BLOCKSMSF},
    [0xBB] = {VhbaSetCdSpeed, 12, 0},
    [0xBD] = {VhbaMechanismStatus, 12, 0},
    [0xBE] = {VhbaReadCd, 12, MEDIUM | BLOCKS24},
};

/* SBC-3 clause 5, SPC-4 clause 6. */
static const COMMAND_ENTRY DiskCommands[256] = {
    [0x00] = {VhbaTestUnitReady, 6, MEDIUM},
    [0x03] = {VhbaRequestSense, 6, EXEMPT},
    [0x04] = {VhbaDiskFormat, 6, MEDIUM},
    [0x08] = {VhbaDiskRead, 6, MEDIUM | BLOCKS6},
    [0x0A] = {VhbaDiskWrite, 6, MEDIUM | BLOCKS6},
    [0x12] = {VhbaInquiry, 6, EXEMPT},
    [0x15] = {VhbaModeSelect6, 6, 0},
    [0x1A] = {VhbaModeSense6, 6, 0},
    [0x1B] = {VhbaDiskStartStop, 6, 0},
    [0x1E] = {VhbaPreventAllow, 6, 0},
    [0x25] = {VhbaDiskReadCapacity10, 10, MEDIUM},
    [0x28] = {VhbaDiskRead, 10, MEDIUM | BLOCKS10},
    [0x2A] = {VhbaDiskWrite, 10, MEDIUM | BLOCKS10},
    [0x2B] = {VhbaDiskSeek10, 10, MEDIUM},
    [0x2E] = {VhbaDiskWriteVerify, 10, MEDIUM | BLOCKS10},
    [0x2F] = {VhbaDiskVerify, 10, MEDIUM | BLOCKS10},
    [0x35] = {VhbaDiskSynchronize, 10, MEDIUM | BLOCKS10},
    [0x41] = {VhbaDiskWriteSame, 10, MEDIUM | BLOCKS10},
    [0x42] = {VhbaDiskUnmap, 10, MEDIUM},
    [0x55] = {VhbaModeSelect10, 10, 0},
    [0x5A] = {VhbaModeSense10, 10, 0},
    [0x88] = {VhbaDiskRead, 16, MEDIUM | BLOCKS16},
    [0x8A] = {VhbaDiskWrite, 16, MEDIUM | BLOCKS16},
    [0x8E] = {VhbaDiskWriteVerify, 16, MEDIUM | BLOCKS16},
    [0x8F] = {VhbaDiskVerify, 16, MEDIUM | BLOCKS16},
    [0x91] = {VhbaDiskSynchronize, 16, MEDIUM | BLOCKS16},
    [0x93] = {VhbaDiskWriteSame, 16, MEDIUM | BLOCKS16},
    [0x9E] = {VhbaDiskServiceActionIn16, 16, MEDIUM},
    [0xA0] = {VhbaReportLuns, 12, EXEMPT},
    [0xA8] = {VhbaDiskRead, 12, MEDIUM | BLOCKS12},
    [0xAA] = {VhbaDiskWrite, 12, MEDIUM | BLOCKS12},
    [0xAE] = {VhbaDiskWriteVerify, 12, MEDIUM | BLOCKS12},
    [0xAF] = {VhbaDiskVerify, 12, MEDIUM | BLOCKS12},
};

static const COMMAND_ENTRY *EntryOf(const VHBA_COMMAND *Command)
{
    return &(Command->Lun->Type == VHBA_TYPE_DISK ? DiskCommands : CdCommands)[Command->Cdb[0]];
}

VHBA_OUTCOME VhbaFail(PVHBA_COMMAND Command, UCHAR Key, UCHAR Asc, UCHAR Ascq)
{
    Command->ScsiStatus = SCSISTAT_CHECK_CONDITION;
    RtlZeroMemory(&Command->Sense, sizeof(Command->Sense));
    Command->Sense.Key = Key;
    Command->Sense.Asc = Asc;
    Command->Sense.Ascq = Ascq;
    return VhbaDone;
}

VHBA_OUTCOME VhbaReply(PVHBA_COMMAND Command, const VOID *Data, ULONG Length, ULONG Allocation)
{
    if (Length > Allocation)
        Length = Allocation;
    if (Length > Command->BufferLength || (Length != 0 && !Command->ToHost)) {
        Command->Overrun = TRUE;
        Length = Command->ToHost ? Command->BufferLength : 0;
    }
    if (Length != 0) /* else there may be no buffer at all */
        RtlCopyMemory(Command->Buffer, Data, Length);
    Command->Transferred = Length;
    return VhbaDone;
}

/* The first of what waits to be reported, which with this is reported. Lun->Lock. */
static VHBA_OUTCOME ReportAttention(PVHBA_COMMAND Command)
{
    PVHBA_LUN Lun = Command->Lun;

    if (Lun->Attention & VHBA_ATTENTION_POWER_ON) {
        /* A power-on is a reset, too. */
        Lun->Attention &=
            ~(ULONG)(VHBA_ATTENTION_POWER_ON | VHBA_ATTENTION_RESET | VHBA_ATTENTION_BUS);
        return VhbaFail(Command, SCSI_SENSE_UNIT_ATTENTION, 0x29, 0x00);
    }
    if (Lun->Attention & VHBA_ATTENTION_BUS) {
        Lun->Attention &= ~(ULONG)(VHBA_ATTENTION_RESET | VHBA_ATTENTION_BUS);
        return VhbaFail(Command, SCSI_SENSE_UNIT_ATTENTION, 0x29, 0x02);
    }
    if (Lun->Attention & VHBA_ATTENTION_RESET) {
        Lun->Attention &= ~(ULONG)VHBA_ATTENTION_RESET;
        return VhbaFail(Command, SCSI_SENSE_UNIT_ATTENTION, 0x29, 0x03);
    }
    Lun->Attention &= ~(ULONG)VHBA_ATTENTION_MEDIUM;
    return VhbaFail(Command, SCSI_SENSE_UNIT_ATTENTION, 0x28, 0x00);
}

VHBA_OUTCOME VhbaExecute(PVHBA_COMMAND Command)
{
    PVHBA_LUN Lun = Command->Lun;
    const COMMAND_ENTRY *Entry = EntryOf(Command);
    VHBA_OUTCOME Outcome;
    KIRQL OldIrql;

    Command->ScsiStatus = SCSISTAT_GOOD;
    KeAcquireSpinLock(&Lun->Lock, &OldIrql);
    if (Command->FlushOnly) { /* of a tray that has been opened, too */
        Outcome = Lun->Medium == NULL ? VhbaDone : VhbaBegin(Command, VhbaOperationFlush, 0, 0);
        KeReleaseSpinLock(&Lun->Lock, OldIrql);
        return Outcome;
    }
    Lun->Counters.Commands++;
    /* What an earlier command left is of no interest to anybody but REQUEST SENSE. */
    if (Command->Cdb[0] != SCSIOP_REQUEST_SENSE)
        Lun->SensePending = FALSE;
    if (Lun->Attention != 0 && !(Entry->Flags & EXEMPT))
        Outcome = ReportAttention(Command);
    else if (Entry->Handler == NULL || Command->CdbLength < Entry->Length)
        Outcome = VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x20, 0x00);
    else if (Command->Cdb[Entry->Length - 1] & 0x04) /* NACA: no such contingent allegiance here */
        Outcome = VHBA_INVALID_FIELD(Command);
    else if ((Entry->Flags & MEDIUM) && VhbaLoaded(Lun) == NULL)
        Outcome = VhbaFail(Command, SCSI_SENSE_NOT_READY, 0x3A, 0x00);
    else if ((Entry->Flags & MEDIUM) && Lun->Stopped) /* an initializing command is required */
        Outcome = VhbaFail(Command, SCSI_SENSE_NOT_READY, 0x04, 0x02);
    else
        Outcome = Entry->Handler(Command);
    KeReleaseSpinLock(&Lun->Lock, OldIrql);
    return Outcome;
}

BOOLEAN VhbaBlocksOf(const VHBA_COMMAND *Command, ULONG64 *Lba, ULONG *Blocks)
{
    const UCHAR *Cdb = Command->Cdb;

    if (Command->FlushOnly)
        return FALSE;
    switch (EntryOf(Command)->Flags & ~(EXEMPT | MEDIUM)) {
    case BLOCKS6:
        *Lba = Be24(Cdb + 1) & 0x1FFFFF;
        *Blocks = Cdb[4] == 0 ? 256 : Cdb[4];
        return TRUE;
    case BLOCKS10:
        *Lba = Be32(Cdb + 2);
        *Blocks = Be16(Cdb + 7);
        return TRUE;
    case BLOCKS12:
        *Lba = Be32(Cdb + 2);
        *Blocks = Be32(Cdb + 6);
        return TRUE;
    case BLOCKS16:
        *Lba = Be64(Cdb + 2);
        *Blocks = Be32(Cdb + 10);
        return TRUE;
    case BLOCKS24:
        *Lba = Be32(Cdb + 2);
        *Blocks = Be24(Cdb + 6);
        return TRUE;
    case BLOCKSMSF: {
        ULONG First = (Cdb[3] * 60u + Cdb[4]) * 75u + Cdb[5];
        ULONG Last = (Cdb[6] * 60u + Cdb[7]) * 75u + Cdb[8];
        *Lba = First - 150;
        *Blocks = Last > First ? Last - First : 0;
        return TRUE;
    }
    default:
        return FALSE;
    }
}
