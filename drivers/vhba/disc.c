/* SPDX-License-Identifier: MIT */
/* disc.c - READ DISC INFORMATION, READ TRACK INFORMATION, READ DVD STRUCTURE:
 * MMC-6 6.21, 6.26, 6.22. A closed read-only disc. */
#include "vhba.h"

/* A single layer holds this many blocks (4.7 GB). */
#define DVD_LAYER_BLOCKS 2298496

VHBA_OUTCOME VhbaReadDiscInformation(PVHBA_COMMAND Command)
{
    UCHAR Data[34] = {0};

    if ((Command->Cdb[1] & 0x07) != 0) /* track and POW resources: none */
        return VHBA_INVALID_FIELD(Command);
    PutBe16(Data, sizeof(Data) - 2);
    Data[2] = 0x0E; /* last session complete, disc finalised, not erasable */
    Data[3] = 1;    /* first track on the disc */
    Data[4] = 1;    /* sessions */
    Data[5] = 1;    /* first and last track of the last session */
    Data[6] = 1;
    Data[7] = 0x20;                 /* unrestricted use */
    Data[8] = 0x00;                 /* CD-DA or CD-ROM disc; reserved for DVD */
    PutBe32(Data + 16, 0xFFFFFFFF); /* no next session, so no lead-in nor lead-out for it */
    PutBe32(Data + 20, 0xFFFFFFFF);
    return VhbaReply(Command, Data, sizeof(Data), Be16(Command->Cdb + 7));
}

VHBA_OUTCOME VhbaReadTrackInformation(PVHBA_COMMAND Command)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    ULONG Address = Be32(Command->Cdb + 2);
    UCHAR Data[36] = {0};

    switch (Command->Cdb[1] & 0x03) {
    case 0:
        if (Address >= Medium->Blocks)
            return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x21, 0x00);
        break;
    case 1: /* a track number: 0 is the lead-in, FFh the invisible track */
    case 2: /* a session */
        if (Address != 1)
            return VHBA_INVALID_FIELD(Command);
        break;
    default:
        return VHBA_INVALID_FIELD(Command);
    }
    PutBe16(Data, sizeof(Data) - 2);
    Data[2] = 1;    /* track, low byte */
    Data[3] = 1;    /* session, low byte */
    Data[5] = 0x04; /* track mode: data, uninterrupted */
    Data[6] = 0x01; /* data mode 1 */
    PutBe32(Data + 24, (ULONG)Medium->Blocks);
    return VhbaReply(Command, Data, sizeof(Data), Be16(Command->Cdb + 7));
}

VHBA_OUTCOME VhbaReadDvdStructure(PVHBA_COMMAND Command)
{
    static const USHORT Formats[][2] = {{0x00, 4 + 2048},
                                        {0x01, 8}}; /* format, bytes with the header */
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    ULONG Allocation = Be16(Command->Cdb + 8);
    UCHAR Data[4 + 2048] = {0};

    if (!Medium->Dvd)
        return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x30, 0x02);
    if ((Command->Cdb[1] & 0x0F) != 0) /* media type: DVD */
        return VHBA_INVALID_FIELD(Command);
    switch (Command->Cdb[7]) {
    case 0x00: { /* physical format */
        BOOLEAN Dual = Medium->Blocks > DVD_LAYER_BLOCKS;
        PutBe16(Data, 2048 + 2);
        Data[4] = 0x01; /* DVD-ROM, part version 1 */
        Data[5] = 0x0F; /* 120 mm, no maximum rate given */
        Data[6] =
            (UCHAR)(0x01 | (Dual ? 0x20 : 0x00)); /* embossed data; layers; parallel track path */
        PutBe32(Data + 8, 0x00030000);            /* where data start, always */
        PutBe32(Data + 12, 0x00030000 + (ULONG)Medium->Blocks - 1);
        return VhbaReply(Command, Data, sizeof(Data), Allocation);
    }
    case 0x01: /* copyright: no protection, all regions */
        PutBe16(Data, 4 + 2);
        return VhbaReply(Command, Data, 8, Allocation);
    case 0xFF: /* what of these there is */
        PutBe16(Data, 2 + RTL_NUMBER_OF(Formats) * 4);
        for (ULONG i = 0; i < RTL_NUMBER_OF(Formats); i++) {
            Data[4 + i * 4] = (UCHAR)Formats[i][0];
            Data[5 + i * 4] = 0x40; /* readable */
            PutBe16(Data + 6 + i * 4, Formats[i][1]);
        }
        return VhbaReply(Command, Data, 4 + RTL_NUMBER_OF(Formats) * 4, Allocation);
    default:
        return VHBA_INVALID_FIELD(Command);
    }
}
