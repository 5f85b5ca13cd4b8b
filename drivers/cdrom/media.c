/* SPDX-License-Identifier: MIT */
/* The medium and the tray. PASSIVE_LEVEL. */
#include "cdrom.h"

static ULONG BigEndian32(const UCHAR *Bytes)
{
    return (ULONG)Bytes[0] << 24 | (ULONG)Bytes[1] << 16 | (ULONG)Bytes[2] << 8 | Bytes[3];
}

NTSTATUS CdromTestUnitReady(PCDROM_DEVICE Device)
{
    CDROM_COMMAND Command = {
        .Cdb = {SCSIOP_TEST_UNIT_READY}, .CdbLength = 6, .TimeOut = CDROM_TIMEOUT};

    return CdromSendCommand(Device, &Command);
}

NTSTATUS CdromGetCapacity(PCDROM_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize)
{
    BOOLEAN Valid;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Valid = Device->CapacityValid;
    *Blocks = Device->Blocks;
    *BlockSize = Device->BlockSize;
    KeReleaseSpinLock(&Device->Lock, Irql);
    return Valid ? STATUS_SUCCESS : CdromReadCapacity(Device, Blocks, BlockSize);
}

ULONG64 CdromNoteCapacity(PCDROM_DEVICE Device, const UCHAR *Data, ULONG Change)
{
    ULONG64 Blocks = (ULONG64)BigEndian32(Data) + 1;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->Blocks = Blocks;
    /* Drives are known to report 2,352 or nothing for odd discs; what they read is 2,048. */
    Device->BlockSize = CDROM_SECTOR;
    /* Where a change was noticed meanwhile (by this very command, it may be) the next one asks once
     * more. */
    Device->CapacityValid = Device->MediaChange == Change;
    KeReleaseSpinLock(&Device->Lock, Irql);
    return Blocks;
}

NTSTATUS CdromReadCapacity(PCDROM_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize)
{
    CDROM_COMMAND Command = {
        .Cdb = {SCSIOP_READ_CAPACITY}, .CdbLength = 10, .TimeOut = CDROM_TIMEOUT, .Length = 8};
    ULONG Change = CdromMediaChangeCount(Device);
    NTSTATUS Status;
    PUCHAR Data;

    Data = ExAllocatePoolWithTag(NonPagedPoolNx, 8, CDROM_TAG);
    if (Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Command.Buffer = Data;
    Status = CdromSendCommand(Device, &Command);
    if (NT_SUCCESS(Status) && Command.Transferred < 8)
        Status = STATUS_IO_DEVICE_ERROR;
    if (NT_SUCCESS(Status)) {
        *Blocks = CdromNoteCapacity(Device, Data, Change);
        *BlockSize = CDROM_SECTOR;
    }
    ExFreePoolWithTag(Data, CDROM_TAG);
    return Status;
}

NTSTATUS CdromStartStop(PCDROM_DEVICE Device, UCHAR LoadEjectStart)
{
    CDROM_COMMAND Command = {.Cdb = {SCSIOP_START_STOP_UNIT, 0, 0, 0, LoadEjectStart},
                             .CdbLength = 6,
                             .TimeOut = CDROM_LOAD_TIMEOUT};
    NTSTATUS Status = CdromSendCommand(Device, &Command);

    if (NT_SUCCESS(Status))
        CdromNoteMediaChange(Device);
    return Status;
}

NTSTATUS CdromPreventRemoval(PCDROM_DEVICE Device, BOOLEAN Prevent)
{
    CDROM_COMMAND Command = {.Cdb = {SCSIOP_MEDIUM_REMOVAL, 0, 0, 0, Prevent ? 1 : 0},
                             .CdbLength = 6,
                             .TimeOut = CDROM_TIMEOUT};

    return CdromSendCommand(Device, &Command);
}

/* How much the adapter takes at a time, as a multiple of a sector. */
static ULONG QueryMaximumTransfer(PCDROM_DEVICE Device)
{
    STORAGE_PROPERTY_QUERY Query = {.PropertyId = StorageAdapterProperty,
                                    .QueryType = PropertyStandardQuery};
    STORAGE_ADAPTER_DESCRIPTOR Descriptor;
    ULONG Maximum = 64 * 1024;
    IO_STATUS_BLOCK IoStatus;
    KEVENT Event;
    NTSTATUS Status;
    PIRP Irp;

    RtlZeroMemory(&Descriptor, sizeof(Descriptor));
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(IOCTL_STORAGE_QUERY_PROPERTY, Device->Lower, &Query,
                                        sizeof(Query), &Descriptor, sizeof(Descriptor), FALSE,
                                        &Event, &IoStatus);
    if (Irp == NULL)
        return Maximum;
    Status = IoCallDriver(Device->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    if (NT_SUCCESS(Status) &&
        IoStatus.Information >=
            RTL_SIZEOF_THROUGH_FIELD(STORAGE_ADAPTER_DESCRIPTOR, MaximumPhysicalPages)) {
        Maximum = Descriptor.MaximumTransferLength;
        /* A buffer need not begin on a page. */
        if (Descriptor.MaximumPhysicalPages > 1 &&
            Descriptor.MaximumPhysicalPages - 1 < Maximum / PAGE_SIZE)
            Maximum = (Descriptor.MaximumPhysicalPages - 1) * PAGE_SIZE;
    }
    if (Maximum > 65535u * CDROM_SECTOR)
        Maximum = 65535u * CDROM_SECTOR; /* READ(10) counts in 16 bits */
    Maximum -= Maximum % CDROM_SECTOR;
    return Maximum != 0 ? Maximum : CDROM_SECTOR;
}

/* INQUIRY, standard data: is it a CD drive that answers? */
static NTSTATUS CheckInquiry(PCDROM_DEVICE Device)
{
    CDROM_COMMAND Command = {.Cdb = {SCSIOP_INQUIRY, 0, 0, 0, 36},
                             .CdbLength = 6,
                             .TimeOut = CDROM_TIMEOUT,
                             .Length = 36};
    PUCHAR Data = ExAllocatePoolWithTag(NonPagedPoolNx, 36, CDROM_TAG);
    NTSTATUS Status;

    if (Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Command.Buffer = Data;
    Status = CdromSendCommand(Device, &Command);
    if (NT_SUCCESS(Status) &&
        (Command.Transferred < 5 || (Data[0] & 0x1F) != READ_ONLY_DIRECT_ACCESS_DEVICE))
        Status = STATUS_NO_SUCH_DEVICE;
    ExFreePoolWithTag(Data, CDROM_TAG);
    return Status;
}

NTSTATUS CdromInitializeDrive(PCDROM_DEVICE Device)
{
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status;

    Device->MaximumTransfer = QueryMaximumTransfer(Device);
    Status = CheckInquiry(Device);
    if (NT_SUCCESS(Status))
        (void)CdromGetCapacity(Device, &Blocks, &BlockSize); /* an empty drive is a drive */
    return Status;
}
