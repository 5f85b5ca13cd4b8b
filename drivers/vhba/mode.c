/* SPDX-License-Identifier: MIT */
/*
 * mode.c - MODE SENSE and MODE SELECT: SPC-4 6.11 to 6.14, pages by MMC-6 clause 7.
 *
 * Of a page three forms exist: what is now, what may be changed (bits set), what it is by default.
 */
#include "vhba.h"

#define CURRENT    0
#define CHANGEABLE 1
#define DEFAULT    2

#define PAGE_LARGEST 32

typedef ULONG PAGE_MAKER(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page);

/* 01h, read error recovery: what to do is the host's choice, though no error of ours is mended by
 * it. */
static ULONG ErrorRecovery(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    Page[0] = 0x01;
    Page[1] = 0x0A;
    Page[2] = Form == CURRENT ? Lun->Mode.ErrorRecovery : Form == CHANGEABLE ? 0x3F : 0x00;
    Page[3] = Form == CURRENT ? Lun->Mode.ReadRetries : Form == CHANGEABLE ? 0xFF : 0x05;
    return 12;
}

/* 0Dh, CD device parameters: units of MSF addresses. */
static ULONG DeviceParameters(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x0D;
    Page[1] = 0x06;
    if (Form != CHANGEABLE) {
        Page[5] = 60;
        Page[7] = 75;
    }
    return 8;
}

/* 0Eh, CD audio control: nothing is played; hosts ask all the same. */
static ULONG AudioControl(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x0E;
    Page[1] = 0x0E;
    if (Form != CHANGEABLE) {
        Page[2] = 0x04; /* Immed */
        Page[8] = 0x01;
        Page[9] = 0xFF;
        Page[10] = 0x02;
        Page[11] = 0xFF;
    }
    return 16;
}

/* 1Ah, power condition: the timers stand. */
static ULONG PowerCondition(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    UNREFERENCED_PARAMETER(Form);
    Page[0] = 0x1A;
    Page[1] = 0x0A;
    return 12;
}

/* 1Dh, timeout and protect. */
static ULONG Timeouts(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x1D;
    Page[1] = 0x0A;
    if (Form != CHANGEABLE) {
        PutBe16(Page + 6, 10);  /* group 1, seconds */
        PutBe16(Page + 8, 120); /* group 2 */
    }
    return 12;
}

/* 2Ah, capabilities and mechanical status. */
static ULONG Capabilities(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Lun);
    ULONG Most = Medium != NULL && Medium->Dvd ? VHBA_DVD_SPEED : VHBA_CD_SPEED;

    Page[0] = 0x2A;
    Page[1] = 0x1E;
    if (Form == CHANGEABLE)
        return 32;
    Page[2] = 0x1B;               /* reads CD-R, CD-RW, DVD-ROM, DVD-R */
    Page[4] = 0x40;               /* multi-session */
    Page[6] = 0x20 | 0x08 | 0x01; /* tray, eject, lock */
    if (Form == CURRENT && (Lun->Prevented || Lun->PersistentPrevented))
        Page[6] |= 0x02;
    PutBe16(Page + 8, Most);
    PutBe16(Page + 12, 512); /* KiB of buffer */
    PutBe16(Page + 14, Form == CURRENT && Lun->Mode.ReadSpeed < Most ? Lun->Mode.ReadSpeed : Most);
    return 32;
}

static const struct {
    UCHAR Code;
    PAGE_MAKER *Make;
} Pages[] = {
    {0x01, ErrorRecovery},  {0x0D, DeviceParameters}, {0x0E, AudioControl},
    {0x1A, PowerCondition}, {0x1D, Timeouts},         {0x2A, Capabilities},
};

static VHBA_OUTCOME ModeSense(PVHBA_COMMAND Command, ULONG Header, ULONG Allocation)
{
    UCHAR Data[8 + PAGE_LARGEST * RTL_NUMBER_OF(Pages)] = {0};
    UCHAR Code = Command->Cdb[2] & 0x3F, Form = Command->Cdb[2] >> 6, Subpage = Command->Cdb[3];
    ULONG Length = Header;

    if (Form == 3)
        return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x39, 0x00);
    if (Subpage != 0 && !(Subpage == 0xFF && Code == 0x3F))
        return VHBA_INVALID_FIELD(Command);
    for (ULONG i = 0; i < RTL_NUMBER_OF(Pages); i++)
        if (Code == 0x3F || Code == Pages[i].Code)
            Length += Pages[i].Make(Command->Lun, Form, Data + Length);
    if (Length == Header)
        return VHBA_INVALID_FIELD(Command);
    if (Header == 4)
        Data[0] = (UCHAR)(Length - 1);
    else
        PutBe16(Data, Length - 2);
    return VhbaReply(Command, Data, Length, Allocation);
}

VHBA_OUTCOME VhbaModeSense6(PVHBA_COMMAND Command)
{
    return ModeSense(Command, 4, Command->Cdb[4]);
}

VHBA_OUTCOME VhbaModeSense10(PVHBA_COMMAND Command)
{
    return ModeSense(Command, 8, Be16(Command->Cdb + 7));
}

#define PARAMETER_LENGTH(c) VhbaFail(c, SCSI_SENSE_ILLEGAL_REQUEST, 0x1A, 0x00)
#define PARAMETER_FIELD(c)  VhbaFail(c, SCSI_SENSE_ILLEGAL_REQUEST, 0x26, 0x00)

/* All pages are checked before the first is applied: a command that fails changes nothing. */
static VHBA_OUTCOME SelectPages(PVHBA_COMMAND Command, const UCHAR *List, ULONG Length,
                                VHBA_MODE *Mode)
{
    while (Length != 0) {
        UCHAR Now[PAGE_LARGEST] = {0}, Mask[PAGE_LARGEST] = {0};
        ULONG Size = 0, i;
        if (Length < 2)
            return PARAMETER_LENGTH(Command);
        for (i = 0; i < RTL_NUMBER_OF(Pages); i++) {
            if ((List[0] & 0x3F) == Pages[i].Code) {
                Size = Pages[i].Make(Command->Lun, CURRENT, Now);
                Pages[i].Make(Command->Lun, CHANGEABLE, Mask);
            }
        }
        if (Size == 0 || (List[0] & 0x40) || List[1] + 2u != Size)
            return PARAMETER_FIELD(Command);
        if (Length < Size)
            return PARAMETER_LENGTH(Command);
        for (i = 2; i < Size; i++)
            if ((List[i] ^ Now[i]) & ~Mask[i])
                return PARAMETER_FIELD(Command);
        if ((List[0] & 0x3F) == 0x01) {
            Mode->ErrorRecovery = List[2];
            Mode->ReadRetries = List[3];
        }
        List += Size;
        Length -= Size;
    }
    return VhbaDone;
}

static VHBA_OUTCOME ModeSelect(PVHBA_COMMAND Command, ULONG Header, ULONG Length)
{
    const UCHAR *List = Command->Buffer;
    VHBA_MODE Mode = Command->Lun->Mode;
    ULONG Descriptors;

    if (!(Command->Cdb[1] & 0x10) || (Command->Cdb[1] & 0x01)) /* PF must be, SP can't */
        return VHBA_INVALID_FIELD(Command);
    if (Length == 0)
        return VhbaDone;
    if (!Command->ToDevice || Command->BufferLength < Length) {
        Command->Overrun = TRUE;
        Command->Transferred = Command->ToDevice ? Command->BufferLength : 0;
        return VhbaDone;
    }
    Command->Transferred = Length;
    if (Length < Header)
        return PARAMETER_LENGTH(Command);
    Descriptors = Header == 4 ? List[3] : Be16(List + 6);
    if (Descriptors != 0) {
        if (Length - Header < Descriptors)
            return PARAMETER_LENGTH(Command);
        if (Descriptors != 8 ||
            (Be24(List + Header + 5) != 0 && Be24(List + Header + 5) != VHBA_BLOCK))
            return PARAMETER_FIELD(Command);
    }
    SelectPages(Command, List + Header + Descriptors, Length - Header - Descriptors, &Mode);
    if (Command->ScsiStatus == SCSISTAT_GOOD)
        Command->Lun->Mode = Mode;
    return VhbaDone;
}

VHBA_OUTCOME VhbaModeSelect6(PVHBA_COMMAND Command)
{
    return ModeSelect(Command, 4, Command->Cdb[4]);
}

VHBA_OUTCOME VhbaModeSelect10(PVHBA_COMMAND Command)
{
    return ModeSelect(Command, 8, Be16(Command->Cdb + 7));
}
