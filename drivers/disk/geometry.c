/* SPDX-License-Identifier: MIT */
/* How large the disk is, in each of the forms that programs ask for. */
#include "disk.h"

/* What every disk is said to have since blocks are numbered from 0 on. */
#define TRACKS_PER_CYLINDER 255u
#define SECTORS_PER_TRACK   63u

static NTSTATUS FillGeometry(PDISK_DEVICE Device, PDISK_GEOMETRY Geometry, ULONG64 *Bytes)
{
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status = ClassReadCapacity(&Device->Class, &Blocks, &BlockSize);

    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(Geometry, sizeof(*Geometry));
    Geometry->MediaType = Device->Removable ? RemovableMedia : FixedMedia;
    Geometry->BytesPerSector = BlockSize;
    Geometry->SectorsPerTrack = SECTORS_PER_TRACK;
    Geometry->TracksPerCylinder = TRACKS_PER_CYLINDER;
    Geometry->Cylinders.QuadPart = (LONGLONG)(Blocks / (SECTORS_PER_TRACK * TRACKS_PER_CYLINDER));
    *Bytes = Blocks * BlockSize;
    return STATUS_SUCCESS;
}

NTSTATUS DiskGetGeometry(PDISK_IOCTL Ioctl)
{
    DISK_GEOMETRY Geometry;
    ULONG64 Bytes;
    NTSTATUS Status;

    if (Ioctl->Output < sizeof(Geometry))
        return STATUS_BUFFER_TOO_SMALL;
    Status = FillGeometry(Ioctl->Device, &Geometry, &Bytes);
    return NT_SUCCESS(Status) ? DiskAnswer(Ioctl, &Geometry, sizeof(Geometry), FALSE) : Status;
}

/* Behind the size, as far as there is room for the whole of each: what the partition table is, and
 * that no BIOS has been asked. */
NTSTATUS DiskGetGeometryEx(PDISK_IOCTL Ioctl)
{
    struct {
        DISK_GEOMETRY Geometry;
        LARGE_INTEGER DiskSize;
        DISK_PARTITION_INFO Partition;
        DISK_DETECTION_INFO Detection;
    } Data;
    ULONG Least = FIELD_OFFSET(DISK_GEOMETRY_EX, Data);
    ULONG Length = Least;
    PDISK_TABLE Table;
    ULONG64 Bytes;
    NTSTATUS Status;

    C_ASSERT(FIELD_OFFSET(DISK_GEOMETRY_EX, Data) == sizeof(DISK_GEOMETRY) + 8);
    if (Ioctl->Output < Least)
        return STATUS_BUFFER_TOO_SMALL;
    RtlZeroMemory(&Data, sizeof(Data));
    Status = FillGeometry(Ioctl->Device, &Data.Geometry, &Bytes);
    if (!NT_SUCCESS(Status))
        return Status;
    Data.DiskSize.QuadPart = (LONGLONG)Bytes;
    if (Ioctl->Output >= Length + sizeof(Data.Partition)) {
        Status = DiskReadTable(Ioctl->Device, &Table);
        if (!NT_SUCCESS(Status))
            return Status;
        Data.Partition.SizeOfPartitionInfo = sizeof(Data.Partition);
        Data.Partition.PartitionStyle = Table->Style;
        if (Table->Style == PARTITION_STYLE_MBR) {
            Data.Partition.Mbr.Signature = Table->Signature;
            Data.Partition.Mbr.CheckSum = Table->CheckSum;
        } else if (Table->Style == PARTITION_STYLE_GPT) {
            Data.Partition.Gpt.DiskId = Table->DiskId;
        }
        ExFreePoolWithTag(Table, DISK_TAG);
        Length += sizeof(Data.Partition);
        if (Ioctl->Output >= Length + sizeof(Data.Detection)) {
            Data.Detection.SizeOfDetectInfo = sizeof(Data.Detection);
            Data.Detection.DetectionType = DetectNone;
            Length += sizeof(Data.Detection);
        }
    }
    return DiskAnswer(Ioctl, &Data, Length, FALSE);
}

NTSTATUS DiskReadCapacity(PDISK_IOCTL Ioctl)
{
    STORAGE_READ_CAPACITY Capacity;
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status;

    if (Ioctl->Output < sizeof(Capacity))
        return STATUS_BUFFER_TOO_SMALL;
    Status = ClassReadCapacity(&Ioctl->Device->Class, &Blocks, &BlockSize);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(&Capacity, sizeof(Capacity));
    Capacity.Version = sizeof(Capacity);
    Capacity.Size = sizeof(Capacity);
    Capacity.BlockLength = BlockSize;
    Capacity.NumberOfBlocks.QuadPart = (LONGLONG)Blocks;
    Capacity.DiskLength.QuadPart = (LONGLONG)(Blocks * BlockSize);
    return DiskAnswer(Ioctl, &Capacity, sizeof(Capacity), FALSE);
}

/* The partition table is read each time that somebody asks; the size is what is remembered. */
NTSTATUS DiskUpdateProperties(PDISK_IOCTL Ioctl)
{
    ULONG64 Blocks;
    ULONG BlockSize;

    return ClassReadCapacity(&Ioctl->Device->Class, &Blocks, &BlockSize);
}
