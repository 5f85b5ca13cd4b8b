/* SPDX-License-Identifier: MIT */
/* Table of contents and raw sectors. PASSIVE_LEVEL. */
#include "cdrom.h"

NTSTATUS CdromReadToc(PCDROM_DEVICE Device, UCHAR Format, BOOLEAN Msf, UCHAR SessionTrack,
                      PVOID Buffer, ULONG Length, ULONG *Written)
{
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_READ_TOC, Msf ? 0x02 : 0, Format & 0x0F, 0, 0, 0,
                                     SessionTrack, (UCHAR)(Length >> 8), (UCHAR)Length},
                             .CdbLength = 10,
                             .TimeOut = CLASS_TIMEOUT,
                             .Buffer = Buffer,
                             .Length = Length};
    NTSTATUS Status = ClassSendCommand(&Device->Class, &Command);

    *Written = Command.Transferred;
    return Status;
}

NTSTATUS CdromDiskType(PCDROM_DEVICE Device, PCDROM_DISK_DATA Data)
{
    PCDROM_TOC Toc = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Toc), CDROM_TAG);
    NTSTATUS Status;
    ULONG Written;
    ULONG Tracks;
    ULONG Index;

    if (Toc == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Toc, sizeof(*Toc));
    Status =
        CdromReadToc(Device, CDROM_READ_TOC_EX_FORMAT_TOC, FALSE, 0, Toc, sizeof(*Toc), &Written);
    if (NT_SUCCESS(Status)) {
        Data->DiskData = 0;
        Tracks = Written >= 4 ? (Written - 4) / sizeof(TRACK_DATA) : 0;
        for (Index = 0; Index < Tracks && Index < MAXIMUM_NUMBER_TRACKS; Index++) {
            if (Toc->TrackData[Index].TrackNumber == 0xAA)
                break; /* the lead-out */
            Data->DiskData |= Toc->TrackData[Index].Control & AUDIO_DATA_TRACK
                                  ? CDROM_DISK_DATA_TRACK
                                  : CDROM_DISK_AUDIO_TRACK;
        }
    }
    ExFreePoolWithTag(Toc, CDROM_TAG);
    return Status;
}

NTSTATUS CdromRawRead(PCDROM_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack,
                      ULONG_PTR *Information)
{
    const RAW_READ_INFO *Info = Irp->AssociatedIrp.SystemBuffer;
    CLASS_COMMAND Command = {.CdbLength = 12, .TimeOut = CLASS_TIMEOUT};
    ULONG64 Bytes;
    ULONG64 Lba;
    UCHAR Type;
    NTSTATUS Status;

    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*Info))
        return STATUS_INFO_LENGTH_MISMATCH;
    switch (Info->TrackMode) {
    case YellowMode2:
        Type = 3;
        break;
    case XAForm2:
        Type = 5;
        break;
    case CDDA:
        Type = 1;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    Bytes = (ULONG64)Info->SectorCount * CDROM_RAW_SECTOR;
    Lba = (ULONG64)Info->DiskOffset.QuadPart / CDROM_SECTOR;
    if (Info->SectorCount == 0 || Info->DiskOffset.QuadPart < 0 || Lba > MAXULONG ||
        Bytes > Stack->Parameters.DeviceIoControl.OutputBufferLength ||
        Bytes > Device->Class.MaximumTransfer || Irp->MdlAddress == NULL)
        return STATUS_INVALID_PARAMETER;

    Command.Cdb[0] = SCSIOP_READ_CD;
    Command.Cdb[1] = (UCHAR)(Type << 2);
    Command.Cdb[2] = (UCHAR)(Lba >> 24);
    Command.Cdb[3] = (UCHAR)(Lba >> 16);
    Command.Cdb[4] = (UCHAR)(Lba >> 8);
    Command.Cdb[5] = (UCHAR)Lba;
    Command.Cdb[6] = (UCHAR)(Info->SectorCount >> 16);
    Command.Cdb[7] = (UCHAR)(Info->SectorCount >> 8);
    Command.Cdb[8] = (UCHAR)Info->SectorCount;
    Command.Cdb[9] = 0xF8; /* sync, header, user data, EDC and ECC: the whole sector */
    Command.Mdl = Irp->MdlAddress;
    Command.Buffer = MmGetMdlVirtualAddress(Irp->MdlAddress);
    Command.Length = (ULONG)Bytes;
    Status = ClassSendCommand(&Device->Class, &Command);
    *Information = Command.Transferred;
    return Status;
}
