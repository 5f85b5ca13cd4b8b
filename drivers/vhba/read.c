/* SPDX-License-Identifier: MIT */
/* read.c - commands over blocks: READ, READ CD, READ CAPACITY, VERIFY, SEEK, and what a ROM refuses
 * to write. MMC-6, SBC-3. */
#include "vhba.h"

#define OUT_OF_RANGE VHBA_OUT_OF_RANGE

/* Blocks 0 is no error, and nothing is read. */
static VHBA_OUTCOME Transfer(PVHBA_COMMAND Command, ULONG Lba, ULONG Blocks, UCHAR Selection)
{
    if (!VhbaInRange(VhbaLoaded(Command->Lun), Lba, Blocks))
        return OUT_OF_RANGE(Command);
    if (Blocks == 0)
        return VhbaDone;
    if (!Command->ToHost || Command->BufferLength == 0) {
        Command->Overrun = TRUE;
        return VhbaDone;
    }
    Command->Selection = Selection;
    return VhbaBegin(Command, VhbaOperationRead, Lba, Blocks);
}

VHBA_OUTCOME VhbaRead6(PVHBA_COMMAND Command)
{
    ULONG64 Lba;
    ULONG Blocks;

    VhbaBlocksOf(Command, &Lba, &Blocks);
    return Transfer(Command, (ULONG)Lba, Blocks, 0);
}

VHBA_OUTCOME VhbaRead10(PVHBA_COMMAND Command)
{
    if (Command->Cdb[1] & 0x01) /* relative addresses went with SCSI-2 */
        return VHBA_INVALID_FIELD(Command);
    return Transfer(Command, Be32(Command->Cdb + 2), Be16(Command->Cdb + 7), 0);
}

VHBA_OUTCOME VhbaRead12(PVHBA_COMMAND Command)
{
    if (Command->Cdb[1] & 0x01)
        return VHBA_INVALID_FIELD(Command);
    return Transfer(Command, Be32(Command->Cdb + 2), Be32(Command->Cdb + 6), 0);
}

static VHBA_OUTCOME ReadRawBlocks(PVHBA_COMMAND Command, ULONG Lba, ULONG Blocks)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    UCHAR Type = Command->Cdb[1] >> 2 & 0x07, Selection = Command->Cdb[9] & 0xF8;
    ULONG Bytes = VhbaSelectionBytes(Selection);

    if (Medium->Dvd)
        return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x30, 0x02);
    if (Type > 5 || Bytes == (ULONG)-1 || (Command->Cdb[9] & 0x06) != 0 ||
        (Command->Cdb[10] & 0x07) != 0)
        return VHBA_INVALID_FIELD(
            Command); /* C2 pointers and sub-channels are none of the features */
    if (!VhbaInRange(Medium, Lba, Blocks))
        return OUT_OF_RANGE(Command);
    if (Type != 0 && Type != 2) /* any, or mode 1: that is what there is */
        return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x64, 0x00);
    if (Bytes == 0)
        return VhbaDone;
    return Transfer(Command, Lba, Blocks, Selection == 0x10 ? 0 : Selection);
}

VHBA_OUTCOME VhbaReadCd(PVHBA_COMMAND Command)
{
    return ReadRawBlocks(Command, Be32(Command->Cdb + 2), Be24(Command->Cdb + 6));
}

VHBA_OUTCOME VhbaReadCdMsf(PVHBA_COMMAND Command)
{
    const UCHAR *From = Command->Cdb + 3, *To = Command->Cdb + 6;
    ULONG First = (From[0] * 60u + From[1]) * 75u + From[2],
          Last = (To[0] * 60u + To[1]) * 75u + To[2];

    if (From[1] > 59 || From[2] > 74 || To[1] > 59 || To[2] > 74 || Last < First)
        return VHBA_INVALID_FIELD(Command);
    if (First < 150)
        return OUT_OF_RANGE(Command);
    return ReadRawBlocks(Command, First - 150, Last - First);
}

VHBA_OUTCOME VhbaReadCapacity10(PVHBA_COMMAND Command)
{
    UCHAR Data[8];

    if (Be32(Command->Cdb + 2) != 0 || (Command->Cdb[8] & 0x01))
        return VHBA_INVALID_FIELD(Command);
    PutBe32(Data, (ULONG)VhbaLoaded(Command->Lun)->Blocks - 1);
    PutBe32(Data + 4, VHBA_BLOCK);
    return VhbaReply(Command, Data, sizeof(Data), sizeof(Data));
}

VHBA_OUTCOME VhbaServiceActionIn16(PVHBA_COMMAND Command)
{
    UCHAR Data[32] = {0};

    if ((Command->Cdb[1] & 0x1F) != 0x10) /* READ CAPACITY(16) */
        return VHBA_INVALID_FIELD(Command);
    PutBe32(Data + 4, (ULONG)VhbaLoaded(Command->Lun)->Blocks - 1);
    PutBe32(Data + 8, VHBA_BLOCK);
    return VhbaReply(Command, Data, sizeof(Data), Be32(Command->Cdb + 10));
}

VHBA_OUTCOME VhbaVerify10(PVHBA_COMMAND Command)
{
    if (Command->Cdb[1] & 0x02) /* BytChk: comparing with data from the host */
        return VHBA_INVALID_FIELD(Command);
    return VhbaInRange(VhbaLoaded(Command->Lun), Be32(Command->Cdb + 2), Be16(Command->Cdb + 7))
               ? VhbaDone
               : OUT_OF_RANGE(Command);
}

VHBA_OUTCOME VhbaSeek10(PVHBA_COMMAND Command)
{
    return VhbaInRange(VhbaLoaded(Command->Lun), Be32(Command->Cdb + 2), 0) ? VhbaDone
                                                                            : OUT_OF_RANGE(Command);
}

VHBA_OUTCOME VhbaSynchronizeCache(PVHBA_COMMAND Command)
{
    UNREFERENCED_PARAMETER(Command); /* nothing is ever written */
    return VhbaDone;
}

VHBA_OUTCOME VhbaWrite(PVHBA_COMMAND Command)
{
    return VHBA_PROTECTED(Command);
}
