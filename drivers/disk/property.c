/* SPDX-License-Identifier: MIT */
/* IOCTL_STORAGE_QUERY_PROPERTY, as far as the answer is the device's and not the port's: alignment,
 * seeking, trim, provisioning, the write cache. SBC-3 6.5 and 5.16. */
#include "disk.h"

#define PAGE_BYTES 64u

NTSTATUS DiskVitalPage(PDISK_DEVICE Device, UCHAR Code, PUCHAR Data, ULONG Length)
{
    CLASS_COMMAND Command = {
        .Cdb = {SCSIOP_INQUIRY, 0x01, Code, (UCHAR)(Length >> 8), (UCHAR)Length},
        .CdbLength = 6,
        .TimeOut = CLASS_TIMEOUT,
        .Buffer = Data,
        .Length = Length};
    NTSTATUS Status;

    RtlZeroMemory(Data, Length);
    Status = ClassSendCommand(&Device->Class, &Command);
    if (Status == STATUS_INVALID_DEVICE_REQUEST ||
        (NT_SUCCESS(Status) && (Command.Transferred < 4 || Data[1] != Code)))
        return STATUS_NOT_SUPPORTED;
    return Status;
}

static NTSTATUS ReadCapacity16(PDISK_DEVICE Device, PUCHAR Data)
{
    CLASS_COMMAND Command = {.TimeOut = CLASS_TIMEOUT, .Buffer = Data, .Length = 32};

    RtlZeroMemory(Data, 32);
    Command.CdbLength = ClassCapacityCdb(Command.Cdb, TRUE);
    return ClassSendCommand(&Device->Class, &Command);
}

static NTSTATUS Alignment(PDISK_DEVICE Device, PUCHAR Data, PVOID Answer)
{
    PSTORAGE_ACCESS_ALIGNMENT_DESCRIPTOR Descriptor = Answer;
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status = ClassGetCapacity(&Device->Class, &Blocks, &BlockSize);

    if (!NT_SUCCESS(Status))
        return Status;
    Descriptor->BytesPerLogicalSector = BlockSize;
    Descriptor->BytesPerPhysicalSector = BlockSize;
    if (NT_SUCCESS(ReadCapacity16(Device, Data))) { /* an old disk does not know it */
        ULONG Lowest = (ULONG)(Data[14] & 0x3F) << 8 | Data[15];
        Descriptor->BytesPerPhysicalSector = BlockSize << (Data[13] & 0x0F);
        Descriptor->BytesOffsetForSectorAlignment =
            Lowest == 0 ? 0 : Descriptor->BytesPerPhysicalSector - Lowest * BlockSize;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS SeekPenalty(PDISK_DEVICE Device, PUCHAR Data, PVOID Answer)
{
    NTSTATUS Status = DiskVitalPage(Device, 0xB1, Data, PAGE_BYTES);

    if (NT_SUCCESS(Status)) /* rotation rate 1: it does not turn */
        ((PDEVICE_SEEK_PENALTY_DESCRIPTOR)Answer)->IncursSeekPenalty = Data[4] != 0 || Data[5] != 1;
    return Status;
}

static NTSTATUS Trim(PDISK_DEVICE Device, PUCHAR Data, PVOID Answer)
{
    NTSTATUS Status = DiskVitalPage(Device, 0xB2, Data, PAGE_BYTES);

    if (NT_SUCCESS(Status))
        ((PDEVICE_TRIM_DESCRIPTOR)Answer)->TrimEnabled = (Data[5] & 0x80) != 0; /* LBPU */
    return Status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS : Status; /* no page: no trim */
}

static NTSTATUS Provisioning(PDISK_DEVICE Device, PUCHAR Data, PVOID Answer)
{
    PDEVICE_LB_PROVISIONING_DESCRIPTOR Descriptor = Answer;
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status = ClassGetCapacity(&Device->Class, &Blocks, &BlockSize);

    if (NT_SUCCESS(Status))
        Status = ReadCapacity16(Device, Data);
    if (!NT_SUCCESS(Status))
        return Status;
    Descriptor->ThinProvisioningEnabled = (Data[14] & 0x80) != 0;
    Descriptor->ThinProvisioningReadZeros = (Data[14] & 0x40) != 0;
    if (Descriptor->ThinProvisioningEnabled &&
        NT_SUCCESS(DiskVitalPage(Device, 0xB0, Data, PAGE_BYTES))) {
        Descriptor->OptimalUnmapGranularity = (ULONG64)ClassBe32(Data + 28) * BlockSize;
        Descriptor->UnmapGranularityAlignmentValid = (Data[32] & 0x80) != 0;
        Descriptor->UnmapGranularityAlignment =
            (ULONG64)(ClassBe32(Data + 32) & 0x7FFFFFFF) * BlockSize;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS WriteCache(PDISK_DEVICE Device, PUCHAR Data, PVOID Answer)
{
    PSTORAGE_WRITE_CACHE_PROPERTY Property = Answer;
    BOOLEAN Enabled;
    NTSTATUS Status = DiskWriteCacheEnabled(Device, &Enabled);

    UNREFERENCED_PARAMETER(Data);
    Property->WriteThroughSupported =
        Device->Class.NoFua ? WriteThroughNotSupported : WriteThroughSupported;
    if (Status == STATUS_NOT_SUPPORTED || Status == STATUS_INVALID_DEVICE_REQUEST)
        return STATUS_SUCCESS; /* unknown, all of it */
    if (!NT_SUCCESS(Status))
        return Status;
    Property->WriteCacheType = Enabled ? WriteCacheTypeWriteBack : WriteCacheTypeWriteThrough;
    Property->WriteCacheEnabled = Enabled ? WriteCacheEnabled : WriteCacheDisabled;
    Property->FlushCacheSupported = TRUE;
    return STATUS_SUCCESS;
}

static const struct {
    STORAGE_PROPERTY_ID Property;
    ULONG Size;
    NTSTATUS (*Fill)(PDISK_DEVICE Device, PUCHAR Data, PVOID Answer);
} Properties[] = {
    {StorageAccessAlignmentProperty, sizeof(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR), Alignment},
    {StorageDeviceSeekPenaltyProperty, sizeof(DEVICE_SEEK_PENALTY_DESCRIPTOR), SeekPenalty},
    {StorageDeviceTrimProperty, sizeof(DEVICE_TRIM_DESCRIPTOR), Trim},
    {StorageDeviceLBProvisioningProperty, sizeof(DEVICE_LB_PROVISIONING_DESCRIPTOR), Provisioning},
    {StorageDeviceWriteCacheProperty, sizeof(STORAGE_WRITE_CACHE_PROPERTY), WriteCache},
};

static ULONG Find(const DISK_IOCTL *Ioctl)
{
    const STORAGE_PROPERTY_QUERY *Query = Ioctl->Buffer;
    ULONG Index = RTL_NUMBER_OF(Properties);

    if (Ioctl->Input >= FIELD_OFFSET(STORAGE_PROPERTY_QUERY, AdditionalParameters))
        for (Index = 0; Index < RTL_NUMBER_OF(Properties); Index++)
            if (Properties[Index].Property == Query->PropertyId)
                break;
    return Index;
}

BOOLEAN DiskOwnsProperty(const DISK_IOCTL *Ioctl)
{
    return Find(Ioctl) < RTL_NUMBER_OF(Properties);
}

NTSTATUS DiskQueryProperty(PDISK_IOCTL Ioctl)
{
    const STORAGE_PROPERTY_QUERY *Query = Ioctl->Buffer;
    ULONG Index = Find(Ioctl);
    union {
        STORAGE_DESCRIPTOR_HEADER Header;
        STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR Alignment;
        DEVICE_LB_PROVISIONING_DESCRIPTOR Provisioning;
        STORAGE_WRITE_CACHE_PROPERTY WriteCache;
    } Answer;
    PUCHAR Data;
    NTSTATUS Status;

    if (Query->QueryType == PropertyExistsQuery)
        return STATUS_SUCCESS;
    if (Query->QueryType != PropertyStandardQuery)
        return STATUS_NOT_SUPPORTED;
    if (Ioctl->Output < sizeof(STORAGE_DESCRIPTOR_HEADER))
        return STATUS_INFO_LENGTH_MISMATCH;
    Data = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_BYTES, DISK_TAG);
    if (Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(&Answer, sizeof(Answer));
    Answer.Header.Version = Properties[Index].Size;
    Answer.Header.Size = Properties[Index].Size;
    Status = Properties[Index].Fill(Ioctl->Device, Data, &Answer);
    ExFreePoolWithTag(Data, DISK_TAG);
    return NT_SUCCESS(Status) ? DiskAnswer(Ioctl, &Answer, Properties[Index].Size, TRUE) : Status;
}
