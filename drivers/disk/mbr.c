/* SPDX-License-Identifier: MIT */
/*
 * The master boot record: four entries at byte 446, 55h AAh at 510; an extended partition holds a
 * chain of such sectors, each with a partition of its own and the way to the next.
 */
#include "disk.h"

#define TABLE_AT     446u
#define SIGNATURE_AT 440u
#define TYPE_GPT     0xEE

static BOOLEAN IsContainer(UCHAR Type)
{
    return Type == PARTITION_EXTENDED || Type == PARTITION_XINT13_EXTENDED || Type == 0x85;
}

/* Those that Windows' file systems may live in. */
static BOOLEAN IsRecognized(UCHAR Type)
{
    switch (Type) {
    case 0x01: /* FAT */
    case 0x04:
    case 0x06:
    case 0x07: /* IFS: NTFS, exFAT */
    case 0x0B: /* FAT32 */
    case 0x0C:
    case 0x0E:
        return TRUE;
    default:
        return FALSE;
    }
}

/* A file system's boot sector ends with 55h AAh as well: then these bytes are code. */
static BOOLEAN IsTable(const UCHAR *Sector, ULONG64 Blocks)
{
    if (Sector[510] != 0x55 || Sector[511] != 0xAA)
        return FALSE;
    for (ULONG Index = 0; Index < 4; Index++) {
        const UCHAR *Entry = Sector + TABLE_AT + Index * 16;

        if (Entry[0] != 0x00 && Entry[0] != 0x80)
            return FALSE;
        if (Entry[4] != 0 && Entry[4] != TYPE_GPT &&
            (DiskLe32(Entry + 12) == 0 || DiskLe32(Entry + 8) >= Blocks))
            return FALSE;
    }
    return TRUE;
}

/* An entry whose address counts from Base. */
static VOID AddEntry(PDISK_TABLE Table, const UCHAR *Entry, ULONG64 Base, ULONG *Number)
{
    PPARTITION_INFORMATION_EX To = &Table->Entries[Table->Count++];

    To->PartitionStyle = PARTITION_STYLE_MBR;
    if (Entry[4] == 0)
        return;
    To->StartingOffset.QuadPart = (LONGLONG)((Base + DiskLe32(Entry + 8)) * Table->BlockSize);
    To->PartitionLength.QuadPart = (LONGLONG)((ULONG64)DiskLe32(Entry + 12) * Table->BlockSize);
    To->Mbr.PartitionType = Entry[4];
    To->Mbr.BootIndicator = Entry[0] == 0x80;
    To->Mbr.RecognizedPartition = IsRecognized(Entry[4]);
    To->Mbr.HiddenSectors = DiskLe32(Entry + 8);
    if (!IsContainer(Entry[4]))
        To->PartitionNumber = ++*Number;
}

/*
 * The chain in an extended partition; each link counts from the partition's begin and is to lead
 * on, so that none leads in a circle. It ends where it is broken: what came before stands.
 */
static VOID FollowChain(PDISK_DEVICE Device, PDISK_TABLE Table, ULONG64 Begin, ULONG *Number)
{
    PUCHAR Sector = ExAllocatePoolWithTag(NonPagedPoolNx, Table->BlockSize, DISK_TAG);
    ULONG64 At = Begin;

    if (Sector == NULL)
        return;
    while (Table->Count + 4 <= DISK_MAXIMUM_PARTITIONS && At < Table->Blocks &&
           NT_SUCCESS(DiskReadBlocks(Device, At, 1, Table->BlockSize, Sector)) &&
           IsTable(Sector, Table->Blocks)) {
        ULONG64 Next = 0;

        for (ULONG Index = 0; Index < 4; Index++) {
            const UCHAR *Entry = Sector + TABLE_AT + Index * 16;

            AddEntry(Table, Entry, IsContainer(Entry[4]) ? Begin : At, Number);
            if (IsContainer(Entry[4]) && Next == 0)
                Next = Begin + DiskLe32(Entry + 8);
        }
        if (Next <= At)
            break;
        At = Next;
    }
    ExFreePoolWithTag(Sector, DISK_TAG);
}

BOOLEAN DiskParseMbr(PDISK_DEVICE Device, const UCHAR *Sector, PDISK_TABLE Table, BOOLEAN *Gpt)
{
    ULONG64 Extended = 0;
    ULONG Number = 0;

    *Gpt = FALSE;
    if (!IsTable(Sector, Table->Blocks))
        return FALSE;
    for (ULONG Index = 0; Index < 4; Index++)
        if (Sector[TABLE_AT + Index * 16 + 4] == TYPE_GPT)
            *Gpt = TRUE;
    if (*Gpt)
        return TRUE;
    Table->Style = PARTITION_STYLE_MBR;
    Table->Signature = DiskLe32(Sector + SIGNATURE_AT);
    for (ULONG Word = 0; Word < 128; Word++)
        Table->CheckSum += DiskLe32(Sector + Word * 4);
    Table->CheckSum = ~Table->CheckSum + 1;
    for (ULONG Index = 0; Index < 4; Index++) {
        const UCHAR *Entry = Sector + TABLE_AT + Index * 16;

        AddEntry(Table, Entry, 0, &Number);
        if (IsContainer(Entry[4]) && Extended == 0)
            Extended = DiskLe32(Entry + 8);
    }
    if (Extended != 0)
        FollowChain(Device, Table, Extended, &Number);
    return TRUE;
}
