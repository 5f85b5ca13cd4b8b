/* SPDX-License-Identifier: MIT */
/* disk_provision.c - WRITE SAME and UNMAP: SBC-3 5.43 to 5.45, 5.28. */
#include "vhba.h"

VHBA_OUTCOME VhbaDiskWriteSame(PVHBA_COMMAND Command)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    BOOLEAN Long = Command->Cdb[0] == SCSIOP_WRITE_SAME16;
    ULONG64 Lba;
    ULONG Blocks;

    /* Protection, ANCHOR; PBDATA and LBDATA are obsolete, NDOB (16) is a later standard's. */
    if (Command->Cdb[1] & (Long ? 0xF1 : 0xF6))
        return VHBA_INVALID_FIELD(Command);
    Command->Unmap = (Command->Cdb[1] & 0x08) != 0;
    if (!Medium->File.writable)
        return VHBA_PROTECTED(Command);
    if (Command->Unmap && !Medium->File.punches)
        return VHBA_INVALID_FIELD(Command);
    VhbaBlocksOf(Command, &Lba, &Blocks);
    if (Blocks == 0 || Blocks > VHBA_SAME_BYTES / Medium->BlockSize)
        return VHBA_INVALID_FIELD(Command); /* page B0h says both */
    if (!VhbaInRange(Medium, Lba, Blocks))
        return VHBA_OUT_OF_RANGE(Command);
    if (!Command->ToDevice || Command->BufferLength < Medium->BlockSize) {
        Command->Overrun = TRUE;
        return VhbaDone;
    }
    Command->Durable = !Command->Lun->Mode.WriteCache;
    return VhbaBegin(Command, VhbaOperationWriteSame, Lba, Blocks);
}

/* The list is looked at here, and again range by range when it is carried out: it is in memory that
 * a program may write to. */
VHBA_OUTCOME VhbaDiskUnmap(PVHBA_COMMAND Command)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    const UCHAR *List = Command->Buffer;
    ULONG Length = Be16(Command->Cdb + 7), Ranges;
    ULONG64 Total = 0;

    if (!Medium->File.writable)
        return VHBA_PROTECTED(Command);
    if (!Medium->File.punches)
        return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x20, 0x00);
    if (Command->Cdb[1] & 0x01) /* ANCHOR */
        return VHBA_INVALID_FIELD(Command);
    if (Length == 0)
        return VhbaDone;
    if (!Command->ToDevice || Command->BufferLength < Length) {
        Command->Overrun = TRUE;
        return VhbaDone;
    }
    Command->Transferred = Length;
    if (Length < 8 || Be16(List + 2) > Length - 8)
        return VHBA_PARAMETER_LENGTH(Command);
    Ranges = Be16(List + 2) / 16u;
    if (Ranges > VHBA_UNMAP_RANGES)
        return VHBA_PARAMETER_FIELD(Command);
    for (ULONG i = 0; i < Ranges; i++) {
        const UCHAR *Range = List + 8 + i * 16;
        if (Be32(Range + 8) != 0 && !VhbaInRange(Medium, Be64(Range), Be32(Range + 8)))
            return VHBA_OUT_OF_RANGE(Command);
        Total += Be32(Range + 8);
    }
    if (Total > VHBA_UNMAP_BLOCKS)
        return VHBA_PARAMETER_FIELD(Command);
    if (Total == 0)
        return VhbaDone;
    Command->Durable = !Command->Lun->Mode.WriteCache;
    return VhbaBegin(Command, VhbaOperationUnmap, 0, Ranges);
}
