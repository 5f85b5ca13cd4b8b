/* SPDX-License-Identifier: MIT */
/* IOCTL_CDROM_*, IOCTL_STORAGE_* and the IOCTL_DISK_* that CD drives answer. What is not known here
 * is the port driver's. */
#include "cdrom.h"

/* One IOCTL on its way: METHOD_BUFFERED but for the raw read. */
typedef struct _CDROM_IOCTL {
    PCDROM_DEVICE Device;
    PIRP Irp;
    PIO_STACK_LOCATION Stack;
    PVOID Buffer; /* system buffer */
    ULONG Input, Output;
    ULONG_PTR Information;
} CDROM_IOCTL, *PCDROM_IOCTL;

typedef NTSTATUS CDROM_IOCTL_ROUTINE(PCDROM_IOCTL Ioctl);

#define CDROM_TRACKS_PER_CYLINDER 64u
#define CDROM_SECTORS_PER_TRACK   32u

/* Gives Bytes of Data, or as many as there is room for where Partial says that callers expect that.
 */
static NTSTATUS Answer(PCDROM_IOCTL Ioctl, const VOID *Data, ULONG Bytes, BOOLEAN Partial)
{
    if (Ioctl->Output < Bytes) {
        if (!Partial)
            return STATUS_BUFFER_TOO_SMALL;
        Bytes = Ioctl->Output;
    }
    RtlCopyMemory(Ioctl->Buffer, Data, Bytes);
    Ioctl->Information = Bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS CheckVerify(PCDROM_IOCTL Ioctl)
{
    NTSTATUS Status;
    ULONG Change;
    KIRQL Irql;

    if (Ioctl->Output != 0 && Ioctl->Output < sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    Status = ClassTestUnitReady(&Ioctl->Device->Class);
    if (!NT_SUCCESS(Status) || Ioctl->Output == 0)
        return Status;
    KeAcquireSpinLock(&Ioctl->Device->Class.Lock, &Irql);
    Change = Ioctl->Device->Class.MediaChange;
    KeReleaseSpinLock(&Ioctl->Device->Class.Lock, Irql);
    return Answer(Ioctl, &Change, sizeof(Change), FALSE);
}

static NTSTATUS FillGeometry(PCDROM_DEVICE Device, PDISK_GEOMETRY_EX Geometry)
{
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status = ClassReadCapacity(&Device->Class, &Blocks, &BlockSize);

    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(Geometry, sizeof(*Geometry));
    Geometry->Geometry.MediaType = RemovableMedia;
    Geometry->Geometry.BytesPerSector = BlockSize;
    Geometry->Geometry.SectorsPerTrack = CDROM_SECTORS_PER_TRACK;
    Geometry->Geometry.TracksPerCylinder = CDROM_TRACKS_PER_CYLINDER;
    Geometry->Geometry.Cylinders.QuadPart =
        (LONGLONG)(Blocks / (CDROM_SECTORS_PER_TRACK * CDROM_TRACKS_PER_CYLINDER));
    Geometry->DiskSize.QuadPart = (LONGLONG)(Blocks * BlockSize);
    return STATUS_SUCCESS;
}

static NTSTATUS GetGeometry(PCDROM_IOCTL Ioctl)
{
    DISK_GEOMETRY_EX Geometry;
    NTSTATUS Status;

    if (Ioctl->Output < sizeof(DISK_GEOMETRY))
        return STATUS_BUFFER_TOO_SMALL;
    Status = FillGeometry(Ioctl->Device, &Geometry);
    return NT_SUCCESS(Status) ? Answer(Ioctl, &Geometry.Geometry, sizeof(DISK_GEOMETRY), FALSE)
                              : Status;
}

static NTSTATUS GetGeometryEx(PCDROM_IOCTL Ioctl)
{
    ULONG Length = FIELD_OFFSET(DISK_GEOMETRY_EX, Data);
    DISK_GEOMETRY_EX Geometry;
    NTSTATUS Status;

    if (Ioctl->Output < Length)
        return STATUS_BUFFER_TOO_SMALL;
    Status = FillGeometry(Ioctl->Device, &Geometry);
    return NT_SUCCESS(Status) ? Answer(Ioctl, &Geometry, Length, FALSE) : Status;
}

static NTSTATUS GetCapacity(PCDROM_IOCTL Ioctl)
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
    return Answer(Ioctl, &Capacity, sizeof(Capacity), FALSE);
}

static NTSTATUS GetNumber(PCDROM_IOCTL Ioctl)
{
    STORAGE_DEVICE_NUMBER Number = {.DeviceType = FILE_DEVICE_CD_ROM,
                                    .DeviceNumber = Ioctl->Device->Number,
                                    .PartitionNumber = (ULONG)-1};

    return Answer(Ioctl, &Number, sizeof(Number), FALSE);
}

static NTSTATUS GetHotplug(PCDROM_IOCTL Ioctl)
{
    STORAGE_HOTPLUG_INFO Info = {
        .Size = sizeof(Info), .MediaRemovable = TRUE, .DeviceHotplug = TRUE};

    return Answer(Ioctl, &Info, sizeof(Info), FALSE);
}

static NTSTATUS Eject(PCDROM_IOCTL Ioctl)
{
    return ClassStartStop(&Ioctl->Device->Class, 0x02);
}

static NTSTATUS Load(PCDROM_IOCTL Ioctl)
{
    return ClassStartStop(&Ioctl->Device->Class, 0x03);
}

static NTSTATUS MediaRemoval(PCDROM_IOCTL Ioctl)
{
    const PREVENT_MEDIA_REMOVAL *Prevent = Ioctl->Buffer;

    if (Ioctl->Input < sizeof(*Prevent))
        return STATUS_INFO_LENGTH_MISMATCH;
    return ClassPreventRemoval(&Ioctl->Device->Class, Prevent->PreventMediaRemoval);
}

static NTSTATUS IsWritable(PCDROM_IOCTL Ioctl)
{
    UNREFERENCED_PARAMETER(Ioctl);
    return STATUS_MEDIA_WRITE_PROTECTED;
}

/* How much a command can bring: what the program has room for, at most Most, and not more than the
 * adapter takes at a time. */
static ULONG DataLength(PCDROM_IOCTL Ioctl, ULONG Most)
{
    if (Most > Ioctl->Output)
        Most = Ioctl->Output;
    return Most < Ioctl->Device->Class.MaximumTransfer ? Most
                                                       : Ioctl->Device->Class.MaximumTransfer;
}

/* A command whose Length bytes of data go straight to the caller, as much as there is. */
static NTSTATUS SendForData(PCDROM_IOCTL Ioctl, PCLASS_COMMAND Command, ULONG Length)
{
    PVOID Data;
    NTSTATUS Status;

    Data = ExAllocatePoolWithTag(NonPagedPoolNx, Length, CDROM_TAG);
    if (Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Data, Length);
    Command->TimeOut = CLASS_TIMEOUT;
    Command->Buffer = Data;
    Command->Length = Length;
    Status = ClassSendCommand(&Ioctl->Device->Class, Command);
    if (NT_SUCCESS(Status))
        Status = Answer(Ioctl, Data, Command->Transferred, TRUE);
    ExFreePoolWithTag(Data, CDROM_TAG);
    return Status;
}

static NTSTATUS ReadTocFormat(PCDROM_IOCTL Ioctl, UCHAR Format, BOOLEAN Msf, UCHAR SessionTrack,
                              ULONG Least, ULONG Most)
{
    ULONG Length = DataLength(Ioctl, Most);
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_READ_TOC, Msf ? 0x02 : 0, Format & 0x0F, 0, 0, 0,
                                     SessionTrack, (UCHAR)(Length >> 8), (UCHAR)Length},
                             .CdbLength = 10};

    if (Ioctl->Output < Least)
        return STATUS_BUFFER_TOO_SMALL;
    return SendForData(Ioctl, &Command, Length);
}

static NTSTATUS ReadToc(PCDROM_IOCTL Ioctl)
{
    return ReadTocFormat(Ioctl, CDROM_READ_TOC_EX_FORMAT_TOC, TRUE, 0, 4 + sizeof(TRACK_DATA),
                         sizeof(CDROM_TOC));
}

static NTSTATUS GetLastSession(PCDROM_IOCTL Ioctl)
{
    return ReadTocFormat(Ioctl, CDROM_READ_TOC_EX_FORMAT_SESSION, FALSE, 0,
                         sizeof(CDROM_TOC_SESSION_DATA), sizeof(CDROM_TOC_SESSION_DATA));
}

static NTSTATUS ReadTocEx(PCDROM_IOCTL Ioctl)
{
    const CDROM_READ_TOC_EX *Question = Ioctl->Buffer;

    if (Ioctl->Input < sizeof(*Question))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (Question->Reserved1 != 0 || Question->Reserved2 != 0 || Question->Reserved3 != 0 ||
        Question->Format > CDROM_READ_TOC_EX_FORMAT_CDTEXT)
        return STATUS_INVALID_PARAMETER;
    return ReadTocFormat(Ioctl, Question->Format, Question->Msf, Question->SessionTrack,
                         MINIMUM_CDROM_READ_TOC_EX_SIZE, 0xFFFF);
}

static NTSTATUS GetConfiguration(PCDROM_IOCTL Ioctl)
{
    const GET_CONFIGURATION_IOCTL_INPUT *Question = Ioctl->Buffer;
    ULONG Length = DataLength(Ioctl, 0xFFFF);
    CLASS_COMMAND Command = {.CdbLength = 10};

    if (Ioctl->Input < sizeof(*Question))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (Ioctl->Output < 8) /* the feature header */
        return STATUS_BUFFER_TOO_SMALL;
    if (Question->RequestType > 2)
        return STATUS_INVALID_PARAMETER;
    Command.Cdb[0] = SCSIOP_GET_CONFIGURATION;
    Command.Cdb[1] = (UCHAR)Question->RequestType;
    Command.Cdb[2] = (UCHAR)((ULONG)Question->Feature >> 8);
    Command.Cdb[3] = (UCHAR)Question->Feature;
    Command.Cdb[7] = (UCHAR)(Length >> 8);
    Command.Cdb[8] = (UCHAR)Length;
    return SendForData(Ioctl, &Command, Length);
}

static NTSTATUS GetInquiryData(PCDROM_IOCTL Ioctl)
{
    ULONG Length = DataLength(Ioctl, 255);
    CLASS_COMMAND Command = {.Cdb = {SCSIOP_INQUIRY, 0, 0, 0, (UCHAR)Length}, .CdbLength = 6};

    if (Ioctl->Output < 36)
        return STATUS_BUFFER_TOO_SMALL;
    return SendForData(Ioctl, &Command, Length);
}

static NTSTATUS ReadSubChannel(PCDROM_IOCTL Ioctl)
{
    const CDROM_SUB_Q_DATA_FORMAT *Question = Ioctl->Buffer;
    ULONG Length = DataLength(Ioctl, sizeof(SUB_Q_CHANNEL_DATA));
    CLASS_COMMAND Command = {.CdbLength = 10};

    if (Ioctl->Input < sizeof(*Question))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (Ioctl->Output < sizeof(SUB_Q_HEADER))
        return STATUS_BUFFER_TOO_SMALL;
    if (Question->Format < IOCTL_CDROM_CURRENT_POSITION ||
        Question->Format > IOCTL_CDROM_TRACK_ISRC)
        return STATUS_INVALID_PARAMETER;
    Command.Cdb[0] = SCSIOP_READ_SUB_CHANNEL;
    Command.Cdb[1] = 0x02; /* MSF */
    Command.Cdb[2] = 0x40; /* sub-Q data */
    Command.Cdb[3] = Question->Format;
    Command.Cdb[6] = Question->Track;
    Command.Cdb[8] = (UCHAR)Length;
    return SendForData(Ioctl, &Command, Length);
}

static NTSTATUS DiskType(PCDROM_IOCTL Ioctl)
{
    CDROM_DISK_DATA Data;
    NTSTATUS Status;

    if (Ioctl->Output < sizeof(Data))
        return STATUS_BUFFER_TOO_SMALL;
    Status = CdromDiskType(Ioctl->Device, &Data);
    return NT_SUCCESS(Status) ? Answer(Ioctl, &Data, sizeof(Data), FALSE) : Status;
}

static NTSTATUS SetSpeed(PCDROM_IOCTL Ioctl)
{
    const CDROM_SET_SPEED *Speed = Ioctl->Buffer;
    CLASS_COMMAND Command = {.CdbLength = 12, .TimeOut = CLASS_TIMEOUT};

    if (Ioctl->Input < sizeof(*Speed))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (Speed->RequestType != CdromSetSpeed)
        return STATUS_INVALID_PARAMETER;
    Command.Cdb[0] = SCSIOP_SET_CD_SPEED;
    Command.Cdb[1] = (UCHAR)Speed->RotationControl & 0x03;
    Command.Cdb[2] = (UCHAR)(Speed->ReadSpeed >> 8);
    Command.Cdb[3] = (UCHAR)Speed->ReadSpeed;
    Command.Cdb[4] = (UCHAR)(Speed->WriteSpeed >> 8);
    Command.Cdb[5] = (UCHAR)Speed->WriteSpeed;
    return ClassSendCommand(&Ioctl->Device->Class, &Command);
}

static NTSTATUS RawRead(PCDROM_IOCTL Ioctl)
{
    return CdromRawRead(Ioctl->Device, Ioctl->Irp, Ioctl->Stack, &Ioctl->Information);
}

static const struct {
    ULONG Code;
    CDROM_IOCTL_ROUTINE *Routine;
} CdromIoctls[] = {
    {IOCTL_CDROM_CHECK_VERIFY, CheckVerify},
    {IOCTL_STORAGE_CHECK_VERIFY, CheckVerify},
    {IOCTL_STORAGE_CHECK_VERIFY2, CheckVerify},
    {IOCTL_DISK_CHECK_VERIFY, CheckVerify},
    {IOCTL_CDROM_GET_DRIVE_GEOMETRY, GetGeometry},
    {IOCTL_DISK_GET_DRIVE_GEOMETRY, GetGeometry},
    {IOCTL_CDROM_GET_DRIVE_GEOMETRY_EX, GetGeometryEx},
    {IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, GetGeometryEx},
    {IOCTL_STORAGE_READ_CAPACITY, GetCapacity},
    {IOCTL_STORAGE_GET_DEVICE_NUMBER, GetNumber},
    {IOCTL_STORAGE_GET_HOTPLUG_INFO, GetHotplug},
    {IOCTL_CDROM_EJECT_MEDIA, Eject},
    {IOCTL_STORAGE_EJECT_MEDIA, Eject},
    {IOCTL_DISK_EJECT_MEDIA, Eject},
    {IOCTL_CDROM_LOAD_MEDIA, Load},
    {IOCTL_STORAGE_LOAD_MEDIA, Load},
    {IOCTL_STORAGE_LOAD_MEDIA2, Load},
    {IOCTL_DISK_LOAD_MEDIA, Load},
    {IOCTL_CDROM_MEDIA_REMOVAL, MediaRemoval},
    {IOCTL_STORAGE_MEDIA_REMOVAL, MediaRemoval},
    {IOCTL_DISK_MEDIA_REMOVAL, MediaRemoval},
    {IOCTL_STORAGE_EJECTION_CONTROL, MediaRemoval},
    {IOCTL_DISK_IS_WRITABLE, IsWritable},
    {IOCTL_CDROM_READ_TOC, ReadToc},
    {IOCTL_CDROM_READ_TOC_EX, ReadTocEx},
    {IOCTL_CDROM_GET_LAST_SESSION, GetLastSession},
    {IOCTL_CDROM_GET_CONFIGURATION, GetConfiguration},
    {IOCTL_CDROM_GET_INQUIRY_DATA, GetInquiryData},
    {IOCTL_CDROM_READ_Q_CHANNEL, ReadSubChannel},
    {IOCTL_CDROM_DISK_TYPE, DiskType},
    {IOCTL_CDROM_SET_SPEED, SetSpeed},
    {IOCTL_CDROM_RAW_READ, RawRead},
};

NTSTATUS NTAPI CdromDispatchDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCDROM_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    CDROM_IOCTL Ioctl = {.Device = Device,
                         .Irp = Irp,
                         .Stack = Stack,
                         .Buffer = Irp->AssociatedIrp.SystemBuffer,
                         .Input = Stack->Parameters.DeviceIoControl.InputBufferLength,
                         .Output = Stack->Parameters.DeviceIoControl.OutputBufferLength};
    NTSTATUS Status = IoAcquireRemoveLock(&Device->Class.RemoveLock, Irp);
    ULONG Index;

    if (!NT_SUCCESS(Status))
        return ClassCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    if (Stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_DISK_GET_LENGTH_INFO)
        return ClassAskLength(&Device->Class, Irp, Stack); /* it releases the lock */
    for (Index = 0; Index < RTL_NUMBER_OF(CdromIoctls); Index++) {
        if (CdromIoctls[Index].Code == Stack->Parameters.DeviceIoControl.IoControlCode) {
            Status = CdromIoctls[Index].Routine(&Ioctl);
            ClassCompleteIrp(Irp, Status, Ioctl.Information);
            IoReleaseRemoveLock(&Device->Class.RemoveLock, Irp);
            return Status;
        }
    }
    /* Properties, addresses, pass-through: the port driver's. */
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Class.Lower, Irp);
    IoReleaseRemoveLock(&Device->Class.RemoveLock, Irp);
    return Status;
}
