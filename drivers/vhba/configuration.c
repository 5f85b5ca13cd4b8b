/* SPDX-License-Identifier: MIT */
/* configuration.c - GET CONFIGURATION, GET EVENT STATUS NOTIFICATION, GET PERFORMANCE:
 * MMC-6 6.5, 6.6, 6.7, features by clause 5. */
#include "vhba.h"

#define PROFILE_CD_ROM  0x0008
#define PROFILE_DVD_ROM 0x0010

#define VERSION(v) ((v) << 2)
#define PERSISTENT 0x02
#define IS_CURRENT 0x01

/* One feature descriptor into To; returns its length, the four bytes of its header with it. */
static ULONG Feature(PVHBA_LUN Lun, USHORT Code, UCHAR *To)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Lun);
    BOOLEAN Cd = Medium != NULL && !Medium->Dvd, Dvd = Medium != NULL && Medium->Dvd;
    ULONG Length = 0;

    PutBe16(To, Code);
    switch (Code) {
    case 0x0000: /* profile list, the best first */
        To[2] = VERSION(0) | PERSISTENT | IS_CURRENT;
        PutBe16(To + 4, PROFILE_DVD_ROM);
        To[6] = Dvd;
        PutBe16(To + 8, PROFILE_CD_ROM);
        To[10] = Cd;
        Length = 8;
        break;
    case 0x0001: /* core: SCSI */
        To[2] = VERSION(2) | PERSISTENT | IS_CURRENT;
        PutBe32(To + 4, 1);
        Length = 8;
        break;
    case 0x0002: /* morphing: operational changes are events */
        To[2] = VERSION(1) | PERSISTENT | IS_CURRENT;
        To[4] = 0x02;
        Length = 4;
        break;
    case 0x0003: /* removable medium: tray, load, eject, lock */
        To[2] = VERSION(2) | PERSISTENT | IS_CURRENT;
        To[4] = 0x20 | 0x10 | 0x08 | 0x01;
        Length = 4;
        break;
    case 0x0010: /* random readable */
        To[2] = VERSION(0) | (Medium != NULL ? IS_CURRENT : 0);
        PutBe32(To + 4, VHBA_BLOCK);
        PutBe16(To + 8, Dvd ? 16 : 1);
        To[10] = 0x01; /* page 01h is there */
        Length = 8;
        break;
    case 0x001D: /* multi-read */
        To[2] = VERSION(0) | (Cd ? IS_CURRENT : 0);
        break;
    case 0x001E: /* CD read: no C2, no CD-Text, no DAP */
        To[2] = VERSION(2) | (Cd ? IS_CURRENT : 0);
        Length = 4;
        break;
    case 0x001F: /* DVD read */
        To[2] = VERSION(1) | (Dvd ? IS_CURRENT : 0);
        Length = 4;
        break;
    case 0x0100: /* power management */
        To[2] = VERSION(0) | PERSISTENT | IS_CURRENT;
        break;
    case 0x0105: /* time-out */
        To[2] = VERSION(1) | PERSISTENT | IS_CURRENT;
        Length = 4;
        break;
    case 0x0108: /* serial number, in fours */
        To[2] = VERSION(0) | PERSISTENT | IS_CURRENT;
        for (; Lun->Serial[Length] != 0; Length++)
            To[4 + Length] = (UCHAR)Lun->Serial[Length];
        for (; Length % 4 != 0; Length++)
            To[4 + Length] = ' ';
        break;
    default:
        return 0;
    }
    To[3] = (UCHAR)Length;
    return 4 + Length;
}

VHBA_OUTCOME VhbaGetConfiguration(PVHBA_COMMAND Command)
{
    static const USHORT Features[] = {0x0000, 0x0001, 0x0002, 0x0003, 0x0010, 0x001D,
                                      0x001E, 0x001F, 0x0100, 0x0105, 0x0108};
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    UCHAR Data[8 + RTL_NUMBER_OF(Features) * 24] = {0};
    UCHAR Wanted = Command->Cdb[1] & 0x03;
    USHORT First = Be16(Command->Cdb + 2);
    ULONG Length = 8;

    if (Wanted == 3)
        return VHBA_INVALID_FIELD(Command);
    for (ULONG i = 0; i < RTL_NUMBER_OF(Features); i++) {
        UCHAR One[4 + 24] = {0};
        ULONG Size;
        if (Wanted == 2 ? Features[i] != First : Features[i] < First)
            continue;
        Size = Feature(Command->Lun, Features[i], One);
        if (Wanted == 1 && !(One[2] & IS_CURRENT))
            continue;
        RtlCopyMemory(Data + Length, One, Size);
        Length += Size;
    }
    PutBe32(Data, Length - 4);
    PutBe16(Data + 6, Medium == NULL ? 0 : Medium->Dvd ? PROFILE_DVD_ROM : PROFILE_CD_ROM);
    return VhbaReply(Command, Data, Length, Be16(Command->Cdb + 7));
}

#define CLASS_OPERATIONAL 1
#define CLASS_POWER       2
#define CLASS_MEDIA       4
#define CLASSES           (1 << CLASS_OPERATIONAL | 1 << CLASS_POWER | 1 << CLASS_MEDIA)

VHBA_OUTCOME VhbaGetEventStatus(PVHBA_COMMAND Command)
{
    PVHBA_LUN Lun = Command->Lun;
    ULONG Allocation = Be16(Command->Cdb + 7), Wanted = Command->Cdb[4] & CLASSES;
    UCHAR Data[8] = {0, 0, 0, CLASSES};

    if (!(Command->Cdb[1] & 0x01)) /* asynchronous notification: no */
        return VHBA_INVALID_FIELD(Command);
    if (Wanted == 0) {
        Data[1] = 2;
        Data[2] = 0x80; /* no event available */
        return VhbaReply(Command, Data, 4, Allocation);
    }
    Data[1] = 6;
    /* The lowest class with an event, else the lowest asked for. Only media ever have one. */
    if ((Wanted & 1 << CLASS_MEDIA) && (Lun->EventCount != 0 || Wanted == 1 << CLASS_MEDIA)) {
        Data[2] = CLASS_MEDIA;
        if (Lun->EventCount != 0 && Allocation > 4) {
            Data[4] = Lun->Events[0];
            Lun->EventCount--;
            for (ULONG i = 0; i < Lun->EventCount; i++)
                Lun->Events[i] = Lun->Events[i + 1];
        }
        Data[5] = (UCHAR)((VhbaLoaded(Lun) != NULL ? 0x02 : 0) | (Lun->TrayOpen ? 0x01 : 0));
    } else if (Wanted & 1 << CLASS_OPERATIONAL) {
        Data[2] = CLASS_OPERATIONAL;
    } else if (Wanted & 1 << CLASS_POWER) {
        Data[2] = CLASS_POWER;
        Data[5] = 0x01; /* active */
    }
    return VhbaReply(Command, Data, sizeof(Data), Allocation);
}

VHBA_OUTCOME VhbaGetPerformance(PVHBA_COMMAND Command)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    ULONG Speed = Medium->Dvd ? VHBA_DVD_SPEED : VHBA_CD_SPEED;
    UCHAR Data[24] = {0};
    ULONG Descriptors = Be16(Command->Cdb + 8);
    ULONG Allocation = 8 + Descriptors * 16;

    if (Command->Cdb[10] == 0x03) { /* write speeds: none */
        PutBe32(Data, 4);
        return VhbaReply(Command, Data, 8, Allocation);
    }
    /* Nominal performance, no exceptions: the whole medium at one speed. */
    if (Command->Cdb[10] != 0x00 || (Command->Cdb[1] & 0x03) == 3)
        return VHBA_INVALID_FIELD(Command);
    if (Command->Cdb[1] & 0x03) { /* exceptions: none */
        PutBe32(Data, 4);
        Data[4] = 0x01;
        return VhbaReply(Command, Data, 8, Allocation);
    }
    PutBe32(Data, 4 + 16);
    PutBe32(Data + 12, Speed);
    PutBe32(Data + 16, (ULONG)Medium->Blocks - 1);
    PutBe32(Data + 20, Speed);
    return VhbaReply(Command, Data, sizeof(Data), Allocation);
}
