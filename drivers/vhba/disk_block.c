/* SPDX-License-Identifier: MIT */
/* disk_block.c - a disk's commands over blocks: READ, WRITE, VERIFY, SYNCHRONIZE CACHE, START STOP
 * UNIT. SBC-3 clause 5. */
#include "vhba.h"

#define PROTECT_FIELD 0xE0 /* RDPROTECT and its like: there is no protection information */
#define FUA           0x08
#define BYTCHK        0x06

static BOOLEAN IsSixByte(const VHBA_COMMAND *Command)
{
    return Command->Cdb[0] < 0x20;
}

/*
 * The checks and the start of a command that moves data. Limit: whether the block limits page
 * bounds it.
 */
static VHBA_OUTCOME Start(PVHBA_COMMAND Command, VHBA_OPERATION Operation, BOOLEAN ToHost,
                          BOOLEAN Data)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    ULONG64 Lba;
    ULONG Blocks;

    if (!IsSixByte(Command) && (Command->Cdb[1] & PROTECT_FIELD))
        return VHBA_INVALID_FIELD(Command);
    if (Operation != VhbaOperationRead && Operation != VhbaOperationVerify &&
        !Medium->File.writable)
        return VHBA_PROTECTED(Command);
    VhbaBlocksOf(Command, &Lba, &Blocks);
    if (!VhbaInRange(Medium, Lba, Blocks))
        return VHBA_OUT_OF_RANGE(Command);
    if (Blocks == 0)
        return VhbaDone;
    if (Data &&
        Blocks > (ULONG)ReadAcquire(&Command->Lun->Adapter->MaximumTransfer) / Medium->BlockSize)
        return VHBA_INVALID_FIELD(Command); /* page B0h says how much may be asked for */
    if (Data && (!(ToHost ? Command->ToHost : Command->ToDevice) ||
                 Command->BufferLength < Medium->BlockSize)) {
        Command->Overrun = TRUE;
        return VhbaDone;
    }
    return VhbaBegin(Command, Operation, Lba, Blocks);
}

VHBA_OUTCOME VhbaDiskRead(PVHBA_COMMAND Command)
{
    Command->Durable = !IsSixByte(Command) && (Command->Cdb[1] & FUA);
    return Start(Command, VhbaOperationRead, TRUE, TRUE);
}

VHBA_OUTCOME VhbaDiskWrite(PVHBA_COMMAND Command)
{
    Command->Durable =
        (!IsSixByte(Command) && (Command->Cdb[1] & FUA)) || !Command->Lun->Mode.WriteCache;
    return Start(Command, VhbaOperationWrite, FALSE, TRUE);
}

/* BytChk 0: the medium is read; 1: and compared with the data. More the standard has, and we not.
 */
VHBA_OUTCOME VhbaDiskWriteVerify(PVHBA_COMMAND Command)
{
    if ((Command->Cdb[1] & BYTCHK) > 0x02)
        return VHBA_INVALID_FIELD(Command);
    Command->Compare = (Command->Cdb[1] & BYTCHK) != 0;
    Command->Durable = TRUE; /* what is verified is the medium's, not a cache's */
    return Start(Command, VhbaOperationWriteVerify, FALSE, TRUE);
}

VHBA_OUTCOME VhbaDiskVerify(PVHBA_COMMAND Command)
{
    if ((Command->Cdb[1] & BYTCHK) > 0x02)
        return VHBA_INVALID_FIELD(Command);
    Command->Compare = (Command->Cdb[1] & BYTCHK) != 0;
    Command->Durable = TRUE;
    return Start(Command, VhbaOperationVerify, FALSE, Command->Compare);
}

VHBA_OUTCOME VhbaDiskSeek10(PVHBA_COMMAND Command)
{
    return VhbaInRange(VhbaLoaded(Command->Lun), Be32(Command->Cdb + 2), 0)
               ? VhbaDone
               : VHBA_OUT_OF_RANGE(Command);
}

VHBA_OUTCOME VhbaDiskSynchronize(PVHBA_COMMAND Command)
{
    ULONG64 Lba;
    ULONG Blocks;

    VhbaBlocksOf(Command, &Lba, &Blocks);
    if (!VhbaInRange(VhbaLoaded(Command->Lun), Lba, Blocks)) /* 0 blocks: to the end */
        return VHBA_OUT_OF_RANGE(Command);
    /* IMMED allows to answer before it is done, and does not demand it. The host knows no ranges:
     * all of it. */
    return VhbaBegin(Command, VhbaOperationFlush, Lba, 0);
}

/* An image needs no formatting, and nobody's data are thrown away by one command. */
VHBA_OUTCOME VhbaDiskFormat(PVHBA_COMMAND Command)
{
    if (!VhbaLoaded(Command->Lun)->File.writable)
        return VHBA_PROTECTED(Command);
    return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x20, 0x00);
}

/* What is stopped or ejected has its cache written first. */
VHBA_OUTCOME VhbaDiskStartStop(PVHBA_COMMAND Command)
{
    PVHBA_LUN Lun = Command->Lun;
    PVHBA_MEDIUM Medium = VhbaLoaded(Lun);
    BOOLEAN Load = (Command->Cdb[4] & 0x02) != 0, Started = (Command->Cdb[4] & 0x01) != 0;

    if (Command->Cdb[4] >> 4 == 0) {
        if (Load && !Lun->Removable)
            return VHBA_INVALID_FIELD(Command);
        if (Started || !Load)
            Lun->Stopped = !Started;
    }
    if (VhbaStartStop(Command) != VhbaDone || Command->ScsiStatus != SCSISTAT_GOOD || Started ||
        Medium == NULL)
        return VhbaDone;
    return VhbaBegin(Command, VhbaOperationFlush, 0, 0);
}
