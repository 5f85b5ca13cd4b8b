/* SPDX-License-Identifier: MIT */
/* toc.c - READ TOC/PMA/ATIP and READ SUB-CHANNEL: MMC-6 6.25 and 6.24. One data track, one session.
 */
#include "vhba.h"

#define DATA_TRACK 0x14 /* ADR 1: Q carries the position; control: data, uninterrupted */
#define LEAD_OUT   0xAA

VOID VhbaMsf(ULONG Lba, UCHAR *Msf)
{
    ULONG Frames = Lba + 150; /* the address 0 is two seconds in */

    Msf[0] = (UCHAR)(Frames / 75 / 60); /* a DVD's is past 255: whatever fits, as drives do */
    Msf[1] = (UCHAR)(Frames / 75 % 60);
    Msf[2] = (UCHAR)(Frames % 75);
}

static VOID PutAddress(UCHAR *To, ULONG Lba, BOOLEAN Msf)
{
    if (Msf)
        VhbaMsf(Lba, To + 1);
    else
        PutBe32(To, Lba);
}

static UCHAR *PutTrack(UCHAR *To, UCHAR Track, ULONG Lba, BOOLEAN Msf)
{
    To[1] = DATA_TRACK;
    To[2] = Track;
    PutAddress(To + 4, Lba, Msf);
    return To + 8;
}

/* An entry of the raw TOC: what the lead-in's Q channel repeats. */
static UCHAR *PutRaw(UCHAR *To, UCHAR Point, UCHAR Minute, UCHAR Second, UCHAR Frame)
{
    To[0] = 1; /* session */
    To[1] = DATA_TRACK;
    To[3] = Point;
    To[8] = Minute;
    To[9] = Second;
    To[10] = Frame;
    return To + 11;
}

VHBA_OUTCOME VhbaReadToc(PVHBA_COMMAND Command)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    BOOLEAN Msf = (Command->Cdb[1] & 0x02) != 0;
    UCHAR Data[64] = {0}, *End = Data + 4, LeadOut[3];
    UCHAR Track = Command->Cdb[6];

    Data[2] = Data[3] = 1; /* first and last track or session */
    switch (Command->Cdb[2] & 0x0F) {
    case 0:
        if (Track > 1 && Track != LEAD_OUT)
            return VHBA_INVALID_FIELD(Command);
        if (Track <= 1)
            End = PutTrack(End, 1, 0, Msf);
        End = PutTrack(End, LEAD_OUT, (ULONG)Medium->Blocks, Msf);
        break;
    case 1:
        End = PutTrack(End, 1, 0, Msf);
        break;
    case 2:
        if (Medium->Dvd || Track > 1)
            return VHBA_INVALID_FIELD(Command);
        VhbaMsf((ULONG)Medium->Blocks, LeadOut);
        End = PutRaw(End, 0xA0, 1, 0, 0); /* first track; CD-ROM */
        End = PutRaw(End, 0xA1, 1, 0, 0); /* last track */
        End = PutRaw(End, 0xA2, LeadOut[0], LeadOut[1], LeadOut[2]);
        End = PutRaw(End, 0x01, 0, 2, 0);
        break;
    default: /* PMA and ATIP are a recorder's; CD-TEXT is not here */
        return VHBA_INVALID_FIELD(Command);
    }
    PutBe16(Data, (ULONG)(End - Data) - 2);
    return VhbaReply(Command, Data, (ULONG)(End - Data), Be16(Command->Cdb + 7));
}

VHBA_OUTCOME VhbaReadSubChannel(PVHBA_COMMAND Command)
{
    UCHAR Data[24] = {0};
    ULONG Length;

    Data[1] = 0x15;                /* no audio status to return */
    if (!(Command->Cdb[2] & 0x40)) /* no sub-channel data: the header */
        return VhbaReply(Command, Data, 4, Be16(Command->Cdb + 7));
    Data[4] = Command->Cdb[3];
    switch (Command->Cdb[3]) {
    case 0x01: /* position: the start of the track, nothing plays */
        Length = 16;
        Data[5] = DATA_TRACK;
        Data[6] = 1;
        Data[7] = 1;
        PutAddress(Data + 8, 0, (Command->Cdb[1] & 0x02) != 0);
        PutAddress(Data + 12, 0, FALSE);
        break;
    case 0x02: /* media catalogue number: none */
        Length = 24;
        break;
    case 0x03: /* ISRC: none */
        if (Command->Cdb[6] != 1)
            return VHBA_INVALID_FIELD(Command);
        Length = 24;
        Data[5] = DATA_TRACK;
        Data[6] = 1;
        break;
    default:
        return VHBA_INVALID_FIELD(Command);
    }
    PutBe16(Data + 2, Length - 4);
    return VhbaReply(Command, Data, Length, Be16(Command->Cdb + 7));
}
