/* SPDX-License-Identifier: MIT */
/* inquiry.c - INQUIRY, REQUEST SENSE, REPORT LUNS: SPC-4 6.6, 6.39, 6.33, and 7.8 for the pages. */
#include "vhba.h"

static ULONG TextLength(const CHAR *Text)
{
    ULONG Length = 0;

    while (Text[Length] != 0)
        Length++;
    return Length;
}

VOID VhbaPutText(UCHAR *To, ULONG Field, const CHAR *Text)
{
    ULONG Length = TextLength(Text);

    for (ULONG i = 0; i < Field; i++)
        To[i] = i < Length ? (UCHAR)Text[i] : ' ';
}

static VHBA_OUTCOME VitalProductData(PVHBA_COMMAND Command, ULONG Allocation)
{
    static const UCHAR Supported[] = {0x00, 0x80, 0x83, 0xB0, 0xB1, 0xB2};
    PVHBA_LUN Lun = Command->Lun;
    UCHAR Page[80] = {Lun->Type, Command->Cdb[2]};
    ULONG Serial = TextLength(Lun->Serial);

    switch (Command->Cdb[2]) {
    case 0x00: /* supported pages: the last three are a disk's */
        Page[3] = Lun->Type == VHBA_TYPE_DISK ? sizeof(Supported) : 3;
        RtlCopyMemory(Page + 4, Supported, Page[3]);
        break;
    case 0x80: /* unit serial number */
        Page[3] = (UCHAR)Serial;
        VhbaPutText(Page + 4, Serial, Lun->Serial);
        break;
    case 0x83: /* device identification: T10 vendor ID based, of the logical unit */
        Page[3] = (UCHAR)(4 + 8 + 16 + Serial);
        Page[4] = 0x02; /* ASCII */
        Page[5] = 0x01;
        Page[7] = (UCHAR)(8 + 16 + Serial);
        VhbaPutText(Page + 8, 8, Lun->Vendor);
        VhbaPutText(Page + 16, 16, Lun->Product);
        VhbaPutText(Page + 32, Serial, Lun->Serial);
        break;
    default:
        if (Lun->Type == VHBA_TYPE_DISK)
            Page[3] = (UCHAR)VhbaDiskPage(Lun, Command->Cdb[2], Page);
        if (Page[3] == 0)
            return VHBA_INVALID_FIELD(Command);
        break;
    }
    return VhbaReply(Command, Page, 4u + Page[3], Allocation);
}

VHBA_OUTCOME VhbaInquiry(PVHBA_COMMAND Command)
{
    PVHBA_LUN Lun = Command->Lun;
    ULONG Allocation = Be16(Command->Cdb + 3);
    UCHAR Data[36] = {Lun->Type, Lun->Removable ? 0x80 : 0x00, 0x05, 0x02, 31}; /* SPC-3 */

    if (Lun->Type == VHBA_TYPE_DISK) {
        Data[2] = 0x06; /* SPC-4 */
        Data[7] = 0x02; /* CmdQue */
    }
    if (Command->Cdb[1] & 0x01)
        return VitalProductData(Command, Allocation);
    if ((Command->Cdb[1] & 0x02) || Command->Cdb[2] != 0)
        return VHBA_INVALID_FIELD(Command);
    VhbaPutText(Data + 8, 8, Lun->Vendor);
    VhbaPutText(Data + 16, 16, Lun->Product);
    VhbaPutText(Data + 32, 4, Lun->Revision);
    return VhbaReply(Command, Data, sizeof(Data), Allocation);
}

VHBA_OUTCOME VhbaRequestSense(PVHBA_COMMAND Command)
{
    PVHBA_LUN Lun = Command->Lun;
    VHBA_SENSE Sense = {0};
    UCHAR Data[VHBA_SENSE_SIZE];

    /* What a command left, then a unit attention (which this reports), then the state of the drive.
     */
    if (Lun->SensePending) {
        Sense = Lun->Sense;
        Lun->SensePending = FALSE;
    } else if (Lun->Attention != 0) {
        Sense.Key = SCSI_SENSE_UNIT_ATTENTION;
        if (Lun->Attention &
            (VHBA_ATTENTION_POWER_ON | VHBA_ATTENTION_RESET | VHBA_ATTENTION_BUS)) {
            Sense.Asc = 0x29;
            Sense.Ascq = (Lun->Attention & VHBA_ATTENTION_POWER_ON) ? 0x00
                         : (Lun->Attention & VHBA_ATTENTION_BUS)    ? 0x02
                                                                    : 0x03;
            Lun->Attention &= VHBA_ATTENTION_MEDIUM;
        } else {
            Sense.Asc = 0x28;
            Lun->Attention = 0;
        }
    } else if (VhbaLoaded(Lun) == NULL) {
        Sense.Key = SCSI_SENSE_NOT_READY;
        Sense.Asc = 0x3A;
    } else if (Lun->Stopped) {
        Sense.Key = SCSI_SENSE_NOT_READY;
        Sense.Asc = 0x04;
        Sense.Ascq = 0x02;
    }
    if (Command->Cdb[1] & 0x01) { /* descriptor format */
        UCHAR Descriptor[8] = {0x72, Sense.Key, Sense.Asc, Sense.Ascq};
        return VhbaReply(Command, Descriptor, sizeof(Descriptor), Command->Cdb[4]);
    }
    VhbaFormatSense(&Sense, Data);
    return VhbaReply(Command, Data, sizeof(Data), Command->Cdb[4]);
}

VHBA_OUTCOME VhbaReportLuns(PVHBA_COMMAND Command)
{
    UCHAR Data[16] = {0, 0, 0, 8}; /* one: LUN 0 of this target */
    ULONG Allocation = Be32(Command->Cdb + 6);

    if (Allocation < 16)
        return VHBA_INVALID_FIELD(Command);
    switch (Command->Cdb[2]) {
    case 0x00:
    case 0x02:
        return VhbaReply(Command, Data, sizeof(Data), Allocation);
    case 0x01: /* well-known ones: none */
        Data[3] = 0;
        return VhbaReply(Command, Data, 8, Allocation);
    default:
        return VHBA_INVALID_FIELD(Command);
    }
}
