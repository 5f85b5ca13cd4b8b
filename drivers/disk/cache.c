/* SPDX-License-Identifier: MIT */
/* Mode parameters: write protection, FUA, the write cache. SPC-4 6.11 and 6.9, SBC-3 6.4.5. */
#include "disk.h"

#define CACHING_PAGE 0x08
#define WCE          0x04
#define MF           0x02
#define RCD          0x01

NTSTATUS DiskModeSense(PDISK_DEVICE Device, UCHAR Code, PUCHAR Data, ULONG *Page, ULONG *Bytes)
{
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_MODE_SENSE, 0, Code, 0, DISK_MODE_LENGTH},
                             .CdbLength = 6,
                             .TimeOut = CLASS_TIMEOUT,
                             .Buffer = Data,
                             .Length = DISK_MODE_LENGTH};
    NTSTATUS Status;
    ULONG Length;

    *Page = *Bytes = 0;
    RtlZeroMemory(Data, DISK_MODE_LENGTH);
    Status = ClassSendCommand(&Device->Class, &Command);
    if (!NT_SUCCESS(Status))
        return Status;
    Length = Data[0] + 1u < Command.Transferred ? Data[0] + 1u : Command.Transferred;
    if (Length < 4)
        return STATUS_IO_DEVICE_ERROR;
    if (Code == 0x3F)
        return STATUS_SUCCESS;
    *Page = 4u + Data[3];
    if (*Page + 2 > Length || (Data[*Page] & 0x3F) != Code) {
        *Page = 0;
        return STATUS_NOT_SUPPORTED;
    }
    *Bytes = 2u + Data[*Page + 1] < Length - *Page ? 2u + Data[*Page + 1] : Length - *Page;
    return STATUS_SUCCESS;
}

NTSTATUS DiskModeHeader(PDISK_DEVICE Device, UCHAR *Specific)
{
    PUCHAR Data = ExAllocatePoolWithTag(NonPagedPoolNx, DISK_MODE_LENGTH, DISK_TAG);
    NTSTATUS Status;
    ULONG Page;
    ULONG Bytes;

    if (Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = DiskModeSense(Device, 0x3F, Data, &Page, &Bytes);
    *Specific = Data[2];
    ExFreePoolWithTag(Data, DISK_TAG);
    return Status;
}

/* A device that says nothing of it is taken for writable: the write itself will tell. */
NTSTATUS DiskIsWritable(PDISK_IOCTL Ioctl)
{
    UCHAR Specific = 0;
    NTSTATUS Status = DiskModeHeader(Ioctl->Device, &Specific);

    if (NT_SUCCESS(Status))
        return Specific & DISK_WRITE_PROTECTED ? STATUS_MEDIA_WRITE_PROTECTED : STATUS_SUCCESS;
    return Status == STATUS_INVALID_DEVICE_REQUEST || Status == STATUS_IO_DEVICE_ERROR
               ? STATUS_SUCCESS
               : Status;
}

/* The caching page's first twelve bytes, all that anybody asks for. */
static NTSTATUS ReadCachingPage(PDISK_DEVICE Device, PUCHAR *Result, ULONG *Page, ULONG *Bytes)
{
    PUCHAR Data = ExAllocatePoolWithTag(NonPagedPoolNx, DISK_MODE_LENGTH, DISK_TAG);
    NTSTATUS Status;

    if (Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = DiskModeSense(Device, CACHING_PAGE, Data, Page, Bytes);
    if (NT_SUCCESS(Status) && *Bytes < 12)
        Status = STATUS_NOT_SUPPORTED;
    if (NT_SUCCESS(Status))
        *Result = Data;
    else
        ExFreePoolWithTag(Data, DISK_TAG);
    return Status;
}

NTSTATUS DiskWriteCacheEnabled(PDISK_DEVICE Device, BOOLEAN *Enabled)
{
    PUCHAR Data;
    ULONG Page;
    ULONG Bytes;
    NTSTATUS Status = ReadCachingPage(Device, &Data, &Page, &Bytes);

    if (!NT_SUCCESS(Status))
        return Status;
    *Enabled = (Data[Page + 2] & WCE) != 0;
    ExFreePoolWithTag(Data, DISK_TAG);
    return STATUS_SUCCESS;
}

static USHORT Be16(const UCHAR *Bytes)
{
    return (USHORT)(Bytes[0] << 8 | Bytes[1]);
}

static DISK_CACHE_RETENTION_PRIORITY Priority(UCHAR Nibble)
{
    return Nibble == 0x1 ? KeepPrefetchedData : Nibble == 0xF ? KeepReadData : EqualPriority;
}

NTSTATUS DiskGetCacheInformation(PDISK_IOCTL Ioctl)
{
    DISK_CACHE_INFORMATION Info;
    PUCHAR Data;
    const UCHAR *At;
    ULONG Page;
    ULONG Bytes;
    NTSTATUS Status;

    if (Ioctl->Output < sizeof(Info))
        return STATUS_BUFFER_TOO_SMALL;
    Status = ReadCachingPage(Ioctl->Device, &Data, &Page, &Bytes);
    if (!NT_SUCCESS(Status))
        return Status;
    At = Data + Page;
    RtlZeroMemory(&Info, sizeof(Info));
    Info.ParametersSavable = (At[0] & 0x80) != 0;
    Info.ReadCacheEnabled = !(At[2] & RCD);
    Info.WriteCacheEnabled = (At[2] & WCE) != 0;
    Info.ReadRetentionPriority = Priority(At[3] >> 4);
    Info.WriteRetentionPriority = Priority(At[3] & 0x0F);
    Info.DisablePrefetchTransferLength = Be16(At + 4);
    Info.PrefetchScalar = (At[2] & MF) != 0;
    Info.ScalarPrefetch.Minimum = Be16(At + 6);
    Info.ScalarPrefetch.Maximum = Be16(At + 8);
    if (Info.PrefetchScalar)
        Info.ScalarPrefetch.MaximumBlocks = Be16(At + 10);
    ExFreePoolWithTag(Data, DISK_TAG);
    return DiskAnswer(Ioctl, &Info, sizeof(Info), FALSE);
}

/* MODE SELECT of the page as it is now, with the two switches as they are to be. */
NTSTATUS DiskSetCacheInformation(PDISK_IOCTL Ioctl)
{
    const DISK_CACHE_INFORMATION *Info = Ioctl->Buffer;
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_MODE_SELECT, 0x10 /* PF */},
                             .CdbLength = 6,
                             .DataOut = TRUE,
                             .TimeOut = CLASS_LOAD_TIMEOUT};
    PUCHAR Data;
    ULONG Page;
    ULONG Bytes;
    NTSTATUS Status;

    if (Ioctl->Input < sizeof(*Info))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = ReadCachingPage(Ioctl->Device, &Data, &Page, &Bytes);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlMoveMemory(Data + 4, Data + Page, Bytes);
    RtlZeroMemory(Data, 4); /* a header without lengths, and no block descriptor */
    if (Info->ParametersSavable && (Data[4] & 0x80))
        Command.Cdb[1] |= 0x01; /* SP */
    Data[4] &= 0x3F;
    Data[6] = (UCHAR)((Data[6] & ~(WCE | RCD)) | (Info->WriteCacheEnabled ? WCE : 0) |
                      (Info->ReadCacheEnabled ? 0 : RCD));
    Command.Cdb[4] = (UCHAR)(4 + Bytes);
    Command.Buffer = Data;
    Command.Length = 4 + Bytes;
    Status = ClassSendCommand(&Ioctl->Device->Class, &Command);
    ExFreePoolWithTag(Data, DISK_TAG);
    return Status;
}
