/* SPDX-License-Identifier: MIT */
/* The partition table, read when somebody asks for it, and the IOCTLs that tell of it. Nothing is
 * ever written to it here. */
#include "disk.h"

NTSTATUS DiskReadBlocks(PDISK_DEVICE Device, ULONG64 Lba, ULONG Count, ULONG BlockSize, PVOID To)
{
    ULONG Most = Device->Class.MaximumTransfer / BlockSize;

    if (Most == 0)
        Most = 1;
    if (Most > 0xFFFF)
        Most = 0xFFFF;
    while (Count != 0) {
        ULONG Now = Count < Most ? Count : Most;
        CLASS_COMMAND Command = {
            .CdbLength = 10, .TimeOut = CLASS_TIMEOUT, .Buffer = To, .Length = Now * BlockSize};
        NTSTATUS Status;

        Command.Cdb[0] = SCSIOP_READ;
        ClassPutBe32(Command.Cdb + 2, (ULONG)Lba);
        Command.Cdb[7] = (UCHAR)(Now >> 8);
        Command.Cdb[8] = (UCHAR)Now;
        if (Lba + Now > 0x100000000) {
            RtlZeroMemory(Command.Cdb, sizeof(Command.Cdb));
            Command.CdbLength = 16;
            Command.Cdb[0] = SCSIOP_READ16;
            ClassPutBe32(Command.Cdb + 2, (ULONG)(Lba >> 32));
            ClassPutBe32(Command.Cdb + 6, (ULONG)Lba);
            ClassPutBe32(Command.Cdb + 10, Now);
        }
        Status = ClassSendCommand(&Device->Class, &Command);
        if (NT_SUCCESS(Status) && Command.Transferred < Command.Length)
            Status = STATUS_IO_DEVICE_ERROR;
        if (!NT_SUCCESS(Status))
            return Status;
        To = (PUCHAR)To + Now * BlockSize;
        Lba += Now;
        Count -= Now;
    }
    return STATUS_SUCCESS;
}

NTSTATUS DiskReadTable(PDISK_DEVICE Device, PDISK_TABLE *Result)
{
    PDISK_TABLE Table = ExAllocatePoolWithTag(PagedPool, sizeof(*Table), DISK_TAG);
    PUCHAR Sector = NULL;
    BOOLEAN Gpt = FALSE;
    NTSTATUS Status;

    if (Table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Table, sizeof(*Table));
    Status = ClassGetCapacity(&Device->Class, &Table->Blocks, &Table->BlockSize);
    if (NT_SUCCESS(Status)) {
        Sector = ExAllocatePoolWithTag(NonPagedPoolNx, Table->BlockSize, DISK_TAG);
        Status = Sector == NULL ? STATUS_INSUFFICIENT_RESOURCES
                                : DiskReadBlocks(Device, 0, 1, Table->BlockSize, Sector);
    }
    if (NT_SUCCESS(Status)) {
        if (!DiskParseMbr(Device, Sector, Table, &Gpt))
            Table->Style = PARTITION_STYLE_RAW;
        if (Gpt) {
            Status = DiskParseGpt(Device, Table);
            if (Status == STATUS_UNRECOGNIZED_MEDIA) { /* the MBR promised more than there is */
                Table->Style = PARTITION_STYLE_RAW;
                Table->Count = 0;
                Status = STATUS_SUCCESS;
            }
        }
    }
    if (Sector != NULL)
        ExFreePoolWithTag(Sector, DISK_TAG);
    if (NT_SUCCESS(Status))
        *Result = Table;
    else
        ExFreePoolWithTag(Table, DISK_TAG);
    return Status;
}

/* The device is the whole disk: partition 0, from its begin to its end. */
NTSTATUS DiskGetPartitionInfo(PDISK_IOCTL Ioctl)
{
    PARTITION_INFORMATION Info;
    PDISK_TABLE Table;
    NTSTATUS Status;

    if (Ioctl->Output < sizeof(Info))
        return STATUS_BUFFER_TOO_SMALL;
    Status = DiskReadTable(Ioctl->Device, &Table);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Info, sizeof(Info));
    Info.PartitionLength.QuadPart = (LONGLONG)(Table->Blocks * Table->BlockSize);
    /* The structure has no place for what a GPT says. */
    Status = Table->Style == PARTITION_STYLE_GPT ? STATUS_INVALID_DEVICE_REQUEST
                                                 : DiskAnswer(Ioctl, &Info, sizeof(Info), FALSE);
    ExFreePoolWithTag(Table, DISK_TAG);
    return Status;
}

NTSTATUS DiskGetPartitionInfoEx(PDISK_IOCTL Ioctl)
{
    PARTITION_INFORMATION_EX Info;
    PDISK_TABLE Table;
    NTSTATUS Status;

    if (Ioctl->Output < sizeof(Info))
        return STATUS_BUFFER_TOO_SMALL;
    Status = DiskReadTable(Ioctl->Device, &Table);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Info, sizeof(Info));
    Info.PartitionStyle = Table->Style;
    Info.PartitionLength.QuadPart = (LONGLONG)(Table->Blocks * Table->BlockSize);
    ExFreePoolWithTag(Table, DISK_TAG);
    return DiskAnswer(Ioctl, &Info, sizeof(Info), FALSE);
}

NTSTATUS DiskGetLayout(PDISK_IOCTL Ioctl)
{
    PDRIVE_LAYOUT_INFORMATION Layout = Ioctl->Buffer;
    PDISK_TABLE Table;
    ULONG Length;
    NTSTATUS Status = DiskReadTable(Ioctl->Device, &Table);

    if (!NT_SUCCESS(Status))
        return Status;
    Length = FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION, PartitionEntry) +
             Table->Count * sizeof(PARTITION_INFORMATION);
    if (Table->Style == PARTITION_STYLE_GPT) {
        Status = STATUS_INVALID_DEVICE_REQUEST;
    } else if (Ioctl->Output < Length) {
        Status = STATUS_BUFFER_TOO_SMALL;
    } else {
        RtlZeroMemory(Layout, Length);
        Layout->PartitionCount = Table->Count;
        Layout->Signature = Table->Signature;
        for (ULONG Index = 0; Index < Table->Count; Index++) {
            const PARTITION_INFORMATION_EX *From = &Table->Entries[Index];
            PPARTITION_INFORMATION To = &Layout->PartitionEntry[Index];

            To->StartingOffset = From->StartingOffset;
            To->PartitionLength = From->PartitionLength;
            To->HiddenSectors = From->Mbr.HiddenSectors;
            To->PartitionNumber = From->PartitionNumber;
            To->PartitionType = From->Mbr.PartitionType;
            To->BootIndicator = From->Mbr.BootIndicator;
            To->RecognizedPartition = From->Mbr.RecognizedPartition;
        }
        Ioctl->Information = Length;
    }
    ExFreePoolWithTag(Table, DISK_TAG);
    return Status;
}

NTSTATUS DiskGetLayoutEx(PDISK_IOCTL Ioctl)
{
    PDRIVE_LAYOUT_INFORMATION_EX Layout = Ioctl->Buffer;
    PDISK_TABLE Table;
    ULONG Length;
    NTSTATUS Status = DiskReadTable(Ioctl->Device, &Table);

    if (!NT_SUCCESS(Status))
        return Status;
    Length = FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry) +
             Table->Count * sizeof(PARTITION_INFORMATION_EX);
    if (Ioctl->Output < Length) {
        Status = STATUS_BUFFER_TOO_SMALL;
    } else {
        RtlZeroMemory(Layout, FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry));
        Layout->PartitionStyle = Table->Style;
        Layout->PartitionCount = Table->Count;
        if (Table->Style == PARTITION_STYLE_MBR) {
            Layout->Mbr.Signature = Table->Signature;
            Layout->Mbr.CheckSum = Table->CheckSum;
        } else if (Table->Style == PARTITION_STYLE_GPT) {
            Layout->Gpt.DiskId = Table->DiskId;
            Layout->Gpt.StartingUsableOffset.QuadPart =
                (LONGLONG)(Table->FirstUsable * Table->BlockSize);
            Layout->Gpt.UsableLength.QuadPart =
                (LONGLONG)((Table->LastUsable - Table->FirstUsable + 1) * Table->BlockSize);
            Layout->Gpt.MaxPartitionCount = Table->MaximumCount;
        }
        RtlCopyMemory(Layout->PartitionEntry, Table->Entries,
                      Table->Count * sizeof(PARTITION_INFORMATION_EX));
        Ioctl->Information = Length;
    }
    ExFreePoolWithTag(Table, DISK_TAG);
    return Status;
}
