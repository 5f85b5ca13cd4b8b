/* SPDX-License-Identifier: MIT */
/* disk_inquiry.c - what a disk says of itself: the vital product data of SBC-3 6.5 and READ
 * CAPACITY, SBC-3 5.15 and 5.16. */
#include "vhba.h"

/* A host's file is kept in pages of this size. */
#define PHYSICAL_BLOCK 4096u

static BOOLEAN Punches(PVHBA_LUN Lun)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Lun);

    return Medium != NULL && Medium->File.punches;
}

static VOID BlockLimits(PVHBA_LUN Lun, UCHAR *Page)
{
    ULONG Most = (ULONG)ReadAcquire(&Lun->Adapter->MaximumTransfer) / Lun->BlockSize;

    Page[4] = 0x01; /* WSNZ: WRITE SAME of no blocks does not mean all of them */
    PutBe16(Page + 6, PHYSICAL_BLOCK / Lun->BlockSize);
    PutBe32(Page + 8, Most);
    PutBe32(Page + 12, Most);
    if (Punches(Lun)) {
        PutBe32(Page + 20, VHBA_UNMAP_BLOCKS);
        PutBe32(Page + 24, VHBA_UNMAP_RANGES);
        PutBe32(Page + 28, PHYSICAL_BLOCK / Lun->BlockSize);
        PutBe32(Page + 32, 0x80000000); /* aligned from the first block on */
    }
    PutBe64(Page + 36, VHBA_SAME_BYTES / Lun->BlockSize);
}

ULONG VhbaDiskPage(PVHBA_LUN Lun, UCHAR Code, UCHAR *Page)
{
    switch (Code) {
    case 0xB0: /* block limits */
        BlockLimits(Lun, Page);
        return 0x3C;
    case 0xB1: /* block device characteristics: nothing turns */
        PutBe16(Page + 4, 1);
        return 0x3C;
    case 0xB2: /* logical block provisioning: UNMAP and WRITE SAME give back, and zeros are read */
        if (Punches(Lun)) {
            Page[5] = 0x80 | 0x40 | 0x20 | 0x04;
            Page[6] = 0x02; /* thin */
        }
        return 4;
    default:
        return 0;
    }
}

VHBA_OUTCOME VhbaDiskReadCapacity10(PVHBA_COMMAND Command)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    UCHAR Data[8];

    if (Be32(Command->Cdb + 2) != 0 || (Command->Cdb[8] & 0x01)) /* PMI: obsolete */
        return VHBA_INVALID_FIELD(Command);
    /* Too large for this command: the host is to ask by the other one. */
    PutBe32(Data, Medium->Blocks > 0xFFFFFFFF ? 0xFFFFFFFF : (ULONG)(Medium->Blocks - 1));
    PutBe32(Data + 4, Medium->BlockSize);
    return VhbaReply(Command, Data, sizeof(Data), sizeof(Data));
}

VHBA_OUTCOME VhbaDiskServiceActionIn16(PVHBA_COMMAND Command)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Command->Lun);
    UCHAR Data[32] = {0};

    if ((Command->Cdb[1] & 0x1F) != 0x10) /* READ CAPACITY(16) */
        return VHBA_INVALID_FIELD(Command);
    PutBe64(Data, Medium->Blocks - 1);
    PutBe32(Data + 8, Medium->BlockSize);
    Data[13] = Medium->BlockSize == 512 ? 3 : 0;          /* 2^n blocks make a physical one */
    Data[14] = Medium->File.punches ? 0x80 | 0x40 : 0x00; /* LBPME, LBPRZ */
    return VhbaReply(Command, Data, sizeof(Data), Be32(Command->Cdb + 10));
}
