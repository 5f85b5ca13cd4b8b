/* SPDX-License-Identifier: MIT */
/*
 * mode.c - MODE SENSE and MODE SELECT: SPC-4 6.11 to 6.14. The pages are mode_cd.c's and
 * disk_mode.c's.
 *
 * Of a page three forms exist: what is now, what may be changed (bits set), what it is by default.
 */
#include "vhba.h"

#define MOST_PAGES 6

static ULONG PagesOf(PVHBA_LUN Lun, const VHBA_MODE_PAGE **Pages)
{
    *Pages = Lun->Type == VHBA_TYPE_DISK ? VhbaDiskModePages : VhbaCdModePages;
    return Lun->Type == VHBA_TYPE_DISK ? VhbaDiskModePageCount : VhbaCdModePageCount;
}

/* A disk's block descriptor, short or (MODE SENSE(10), LLBAA) long. Returns its length. */
static ULONG PutDescriptor(PVHBA_LUN Lun, UCHAR *To, BOOLEAN Long)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Lun);
    ULONG64 Blocks = Medium != NULL ? Medium->Blocks : 0;

    if (Long) {
        PutBe64(To, Blocks);
        PutBe32(To + 12, Lun->BlockSize);
        return 16;
    }
    PutBe32(To, Blocks > 0xFFFFFFFF ? 0xFFFFFFFF : (ULONG)Blocks);
    PutBe32(To + 4, Lun->BlockSize); /* the first byte is reserved, and zero */
    return 8;
}

static VHBA_OUTCOME ModeSense(PVHBA_COMMAND Command, ULONG Header, ULONG Allocation)
{
    PVHBA_LUN Lun = Command->Lun;
    UCHAR Data[8 + 16 + VHBA_PAGE_LARGEST * MOST_PAGES] = {0};
    UCHAR Code = Command->Cdb[2] & 0x3F, Form = Command->Cdb[2] >> 6, Subpage = Command->Cdb[3];
    UCHAR Specific = 0;
    ULONG Length = Header, Descriptors = 0, Start;
    const VHBA_MODE_PAGE *Pages;
    ULONG Count = PagesOf(Lun, &Pages);

    if (Form == 3)
        return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x39, 0x00);
    if (Subpage != 0 && !(Subpage == 0xFF && Code == 0x3F))
        return VHBA_INVALID_FIELD(Command);
    if (Lun->Type == VHBA_TYPE_DISK) {
        PVHBA_MEDIUM Medium = VhbaLoaded(Lun);
        Specific = 0x10; /* DPO and FUA are understood */
        if (Medium != NULL && !Medium->File.writable)
            Specific |= 0x80;          /* WP */
        if (!(Command->Cdb[1] & 0x08)) /* DBD */
            Descriptors =
                PutDescriptor(Lun, Data + Header, Header == 8 && (Command->Cdb[1] & 0x10));
        Length += Descriptors;
    }
    Start = Length;
    for (ULONG i = 0; i < Count; i++)
        if (Code == 0x3F || Code == Pages[i].Code)
            Length += Pages[i].Make(Lun, Form, Data + Length);
    if (Length == Start)
        return VHBA_INVALID_FIELD(Command);
    if (Header == 4) {
        Data[0] = (UCHAR)(Length - 1);
        Data[2] = Specific;
        Data[3] = (UCHAR)Descriptors;
    } else {
        PutBe16(Data, Length - 2);
        Data[3] = Specific;
        Data[4] = Descriptors == 16; /* LONGLBA */
        PutBe16(Data + 6, Descriptors);
    }
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

/* All pages are checked before the first is applied: a command that fails changes nothing. */
static VHBA_OUTCOME SelectPages(PVHBA_COMMAND Command, const UCHAR *List, ULONG Length,
                                VHBA_MODE *Mode)
{
    const VHBA_MODE_PAGE *Pages;
    ULONG Count = PagesOf(Command->Lun, &Pages);

    while (Length != 0) {
        UCHAR Now[VHBA_PAGE_LARGEST] = {0}, Mask[VHBA_PAGE_LARGEST] = {0};
        const VHBA_MODE_PAGE *Page = NULL;
        ULONG Size = 0, i;
        if (Length < 2)
            return VHBA_PARAMETER_LENGTH(Command);
        for (i = 0; i < Count; i++) {
            if ((List[0] & 0x3F) == Pages[i].Code) {
                Page = &Pages[i];
                Size = Page->Make(Command->Lun, VHBA_MODE_CURRENT, Now);
                Page->Make(Command->Lun, VHBA_MODE_CHANGEABLE, Mask);
            }
        }
        if (Page == NULL || (List[0] & 0x40) || List[1] + 2u != Size)
            return VHBA_PARAMETER_FIELD(Command);
        if (Length < Size)
            return VHBA_PARAMETER_LENGTH(Command);
        for (i = 2; i < Size; i++)
            if ((List[i] ^ Now[i]) & ~Mask[i])
                return VHBA_PARAMETER_FIELD(Command);
        if (Page->Select != NULL)
            Page->Select(Mode, List);
        List += Size;
        Length -= Size;
    }
    return VhbaDone;
}

static VHBA_OUTCOME ModeSelect(PVHBA_COMMAND Command, ULONG Header, ULONG Length)
{
    PVHBA_LUN Lun = Command->Lun;
    const UCHAR *List = Command->Buffer;
    VHBA_MODE Mode = Lun->Mode;
    ULONG BlockSize = Lun->Type == VHBA_TYPE_DISK ? Lun->BlockSize : VHBA_BLOCK;
    BOOLEAN WasCached = Mode.WriteCache;
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
        return VHBA_PARAMETER_LENGTH(Command);
    Descriptors = Header == 4 ? List[3] : Be16(List + 6);
    if (Descriptors != 0) {
        if (Length - Header < Descriptors)
            return VHBA_PARAMETER_LENGTH(Command);
        if (Descriptors != 8 ||
            (Be24(List + Header + 5) != 0 && Be24(List + Header + 5) != BlockSize))
            return VHBA_PARAMETER_FIELD(Command);
    }
    SelectPages(Command, List + Header + Descriptors, Length - Header - Descriptors, &Mode);
    if (Command->ScsiStatus != SCSISTAT_GOOD)
        return VhbaDone;
    Lun->Mode = Mode;
    /* A cache that is switched off is written first. */
    if (WasCached && !Mode.WriteCache && VhbaLoaded(Lun) != NULL)
        return VhbaBegin(Command, VhbaOperationFlush, 0, 0);
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
