/* SPDX-License-Identifier: MIT */
/* The GUID partition table: UEFI specification 2.10, chapter 5. The first is at block 1, its copy
 * at the disk's last block; what their checksums do not cover is not believed. */
#include "disk.h"

#define HEADER_BYTES 92u
#define ENTRY_BYTES  128u
#define MOST_BYTES   (1024u * 1024)

static ULONG Crc32(const UCHAR *Bytes, ULONG Length)
{
    ULONG Crc = 0xFFFFFFFF;

    for (ULONG Index = 0; Index < Length; Index++) {
        Crc ^= Bytes[Index];
        for (ULONG Bit = 0; Bit < 8; Bit++)
            Crc = Crc >> 1 ^ (Crc & 1 ? 0xEDB88320 : 0);
    }
    return ~Crc;
}

/* Checks the header in Sector and clears its checksum in doing so. */
static BOOLEAN IsHeader(PUCHAR Sector, ULONG64 At, const DISK_TABLE *Table)
{
    static const UCHAR Signature[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};
    ULONG Length = DiskLe32(Sector + 12), Crc = DiskLe32(Sector + 16);
    ULONG Count = DiskLe32(Sector + 80), Size = DiskLe32(Sector + 84);

    if (RtlCompareMemory(Sector, Signature, 8) != 8 || Length < HEADER_BYTES ||
        Length > Table->BlockSize || DiskLe64(Sector + 24) != At)
        return FALSE;
    RtlZeroMemory(Sector + 16, 4);
    if (Crc32(Sector, Length) != Crc)
        return FALSE;
    return Size >= ENTRY_BYTES && Size % 8 == 0 && Count != 0 && Count <= MOST_BYTES / Size &&
           DiskLe64(Sector + 40) <= DiskLe64(Sector + 48) &&
           DiskLe64(Sector + 48) < Table->Blocks && DiskLe64(Sector + 72) < Table->Blocks &&
           ((ULONG64)Count * Size + Table->BlockSize - 1) / Table->BlockSize <=
               Table->Blocks - DiskLe64(Sector + 72);
}

static BOOLEAN IsUnused(const UCHAR *Entry)
{
    for (ULONG Index = 0; Index < 16; Index++)
        if (Entry[Index] != 0)
            return FALSE;
    return TRUE;
}

static VOID AddEntries(const UCHAR *Entries, ULONG Count, ULONG Size, PDISK_TABLE Table)
{
    for (ULONG Index = 0; Index < Count && Table->Count < DISK_MAXIMUM_PARTITIONS; Index++) {
        const UCHAR *Entry = Entries + Index * Size;
        ULONG64 First = DiskLe64(Entry + 32), Last = DiskLe64(Entry + 40);
        PPARTITION_INFORMATION_EX To = &Table->Entries[Table->Count];

        if (IsUnused(Entry) || First > Last || Last >= Table->Blocks)
            continue;
        To->PartitionStyle = PARTITION_STYLE_GPT;
        To->StartingOffset.QuadPart = (LONGLONG)(First * Table->BlockSize);
        To->PartitionLength.QuadPart = (LONGLONG)((Last - First + 1) * Table->BlockSize);
        To->PartitionNumber = Table->Count + 1;
        RtlCopyMemory(&To->Gpt.PartitionType, Entry, 16);
        RtlCopyMemory(&To->Gpt.PartitionId, Entry + 16, 16);
        To->Gpt.Attributes = DiskLe64(Entry + 48);
        RtlCopyMemory(To->Gpt.Name, Entry + 56, sizeof(To->Gpt.Name));
        Table->Count++;
    }
}

static NTSTATUS ParseAt(PDISK_DEVICE Device, PDISK_TABLE Table, ULONG64 At, PUCHAR Sector)
{
    ULONG Count, Size, Blocks;
    PUCHAR Entries;
    NTSTATUS Status = DiskReadBlocks(Device, At, 1, Table->BlockSize, Sector);

    if (!NT_SUCCESS(Status))
        return Status;
    if (!IsHeader(Sector, At, Table))
        return STATUS_UNRECOGNIZED_MEDIA;
    Count = DiskLe32(Sector + 80);
    Size = DiskLe32(Sector + 84);
    Blocks = (Count * Size + Table->BlockSize - 1) / Table->BlockSize;
    Entries = ExAllocatePoolWithTag(NonPagedPoolNx, (SIZE_T)Blocks * Table->BlockSize, DISK_TAG);
    if (Entries == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = DiskReadBlocks(Device, DiskLe64(Sector + 72), Blocks, Table->BlockSize, Entries);
    if (NT_SUCCESS(Status) && Crc32(Entries, Count * Size) != DiskLe32(Sector + 88))
        Status = STATUS_UNRECOGNIZED_MEDIA;
    if (NT_SUCCESS(Status)) {
        Table->Style = PARTITION_STYLE_GPT;
        RtlCopyMemory(&Table->DiskId, Sector + 56, 16);
        Table->FirstUsable = DiskLe64(Sector + 40);
        Table->LastUsable = DiskLe64(Sector + 48);
        Table->MaximumCount = Count;
        AddEntries(Entries, Count, Size, Table);
    }
    ExFreePoolWithTag(Entries, DISK_TAG);
    return Status;
}

NTSTATUS DiskParseGpt(PDISK_DEVICE Device, PDISK_TABLE Table)
{
    PUCHAR Sector = ExAllocatePoolWithTag(NonPagedPoolNx, Table->BlockSize, DISK_TAG);
    NTSTATUS Status;

    if (Sector == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = Table->Blocks < 2 ? STATUS_UNRECOGNIZED_MEDIA : ParseAt(Device, Table, 1, Sector);
    if (Status == STATUS_UNRECOGNIZED_MEDIA || Status == STATUS_DEVICE_DATA_ERROR)
        Status = ParseAt(Device, Table, Table->Blocks - 1, Sector);
    ExFreePoolWithTag(Sector, DISK_TAG);
    return Status;
}
