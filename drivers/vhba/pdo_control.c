/* SPDX-License-Identifier: MIT */
/* pdo_control.c - the port's control codes on a LUN. Source: MS docs, "Storage IOCTLs", "SCSI port
 * I/O control codes". */
#include "vhba.h"

static ULONG TextSize(const CHAR *Text)
{
    ULONG Length = 0;

    while (Text[Length] != 0)
        Length++;
    return Length + 1;
}

/* What fits; Information says how much. A caller that asks with a header learns the size to ask
 * for. */
static NTSTATUS Give(PIRP Irp, const VOID *Data, ULONG Length, ULONG Out)
{
    ULONG Given = Length < Out ? Length : Out;

    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Data, Given);
    Irp->IoStatus.Information = Given;
    return STATUS_SUCCESS;
}

static ULONG PutString(PUCHAR Buffer, ULONG *Used, const CHAR *Text)
{
    ULONG At = *Used;

    RtlCopyMemory(Buffer + At, Text, TextSize(Text));
    *Used += TextSize(Text);
    return At;
}

static NTSTATUS DeviceProperty(PVHBA_LUN Lun, PIRP Irp, ULONG Out)
{
    union {
        STORAGE_DEVICE_DESCRIPTOR Descriptor;
        UCHAR Bytes[sizeof(STORAGE_DEVICE_DESCRIPTOR) + 64];
    } Data;
    ULONG Used = FIELD_OFFSET(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties);

    RtlZeroMemory(&Data, sizeof(Data));
    Data.Descriptor.Version = sizeof(STORAGE_DEVICE_DESCRIPTOR);
    Data.Descriptor.DeviceType = Lun->Type;
    Data.Descriptor.RemovableMedia = Lun->Removable;
    Data.Descriptor.CommandQueueing = TRUE;
    Data.Descriptor.VendorIdOffset = PutString(Data.Bytes, &Used, Lun->Vendor);
    Data.Descriptor.ProductIdOffset = PutString(Data.Bytes, &Used, Lun->Product);
    Data.Descriptor.ProductRevisionOffset = PutString(Data.Bytes, &Used, Lun->Revision);
    Data.Descriptor.SerialNumberOffset = PutString(Data.Bytes, &Used, Lun->Serial);
    Data.Descriptor.BusType = BusTypeScsi;
    Data.Descriptor.RawPropertiesLength =
        Used - FIELD_OFFSET(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties);
    Data.Descriptor.Size = Used;
    return Give(Irp, &Data, Used, Out);
}

static NTSTATUS AdapterProperty(PVHBA_LUN Lun, PIRP Irp, ULONG Out)
{
    ULONG Most = (ULONG)ReadAcquire(&Lun->Adapter->MaximumTransfer);
    STORAGE_ADAPTER_DESCRIPTOR Data;

    RtlZeroMemory(&Data, sizeof(Data));
    Data.Version = sizeof(Data);
    Data.Size = sizeof(Data);
    Data.MaximumTransferLength = Most;
    Data.MaximumPhysicalPages = Most / 4096 + 1;
    Data.AlignmentMask = 0;
    Data.AdapterUsesPio = TRUE; /* it touches the data itself */
    Data.CommandQueueing = TRUE;
    Data.AcceleratedTransfer = TRUE;
    Data.BusType = BusTypeScsi;
    Data.BusMajorVersion = 2;
    return Give(Irp, &Data, sizeof(Data), Out);
}

/* The designator of VPD page 83h. */
static NTSTATUS DeviceIdProperty(PVHBA_LUN Lun, PIRP Irp, ULONG Out)
{
    union {
        STORAGE_DEVICE_ID_DESCRIPTOR Descriptor;
        UCHAR Bytes[sizeof(STORAGE_DEVICE_ID_DESCRIPTOR) + sizeof(STORAGE_IDENTIFIER) + 64];
    } Data;
    STORAGE_IDENTIFIER Identifier;
    ULONG Header = FIELD_OFFSET(STORAGE_IDENTIFIER, Identifier), Serial = TextSize(Lun->Serial) - 1;
    PUCHAR To = Data.Bytes + FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers);
    ULONG Size = FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers) + Header + 24 + Serial;

    RtlZeroMemory(&Data, sizeof(Data));
    Data.Descriptor.Version = sizeof(STORAGE_DEVICE_ID_DESCRIPTOR);
    Data.Descriptor.Size = Size;
    Data.Descriptor.NumberOfIdentifiers = 1;
    RtlZeroMemory(&Identifier, sizeof(Identifier));
    Identifier.CodeSet = StorageIdCodeSetAscii;
    Identifier.Type = StorageIdTypeVendorId;
    Identifier.IdentifierSize = (USHORT)(24 + Serial);
    Identifier.NextOffset = 0;
    Identifier.Association = StorageIdAssocDevice;
    RtlCopyMemory(To, &Identifier, Header);
    To += Header;
    RtlFillMemory(To, 24, ' ');
    RtlCopyMemory(To, Lun->Vendor, TextSize(Lun->Vendor) - 1);
    RtlCopyMemory(To + 8, Lun->Product, TextSize(Lun->Product) - 1);
    RtlCopyMemory(To + 24, Lun->Serial, Serial);
    return Give(Irp, &Data, Size, Out);
}

static NTSTATUS QueryProperty(PVHBA_LUN Lun, PIRP Irp, ULONG In, ULONG Out)
{
    PSTORAGE_PROPERTY_QUERY Query = Irp->AssociatedIrp.SystemBuffer;
    STORAGE_PROPERTY_ID Property;

    if (In < FIELD_OFFSET(STORAGE_PROPERTY_QUERY, AdditionalParameters))
        return STATUS_INVALID_PARAMETER;
    Property = Query->PropertyId;
    if (Query->QueryType != PropertyStandardQuery && Query->QueryType != PropertyExistsQuery)
        return STATUS_NOT_SUPPORTED;
    if (Property != StorageDeviceProperty && Property != StorageAdapterProperty &&
        Property != StorageDeviceIdProperty)
        return STATUS_NOT_SUPPORTED;
    if (Query->QueryType == PropertyExistsQuery)
        return STATUS_SUCCESS;
    if (Out < sizeof(STORAGE_DESCRIPTOR_HEADER))
        return STATUS_INFO_LENGTH_MISMATCH;
    return Property == StorageDeviceProperty    ? DeviceProperty(Lun, Irp, Out)
           : Property == StorageAdapterProperty ? AdapterProperty(Lun, Irp, Out)
                                                : DeviceIdProperty(Lun, Irp, Out);
}

static NTSTATUS GetAddress(PVHBA_LUN Lun, PIRP Irp, ULONG Out)
{
    SCSI_ADDRESS Address = {.Length = sizeof(Address),
                            .PortNumber = (UCHAR)Lun->Adapter->PortNumber,
                            .TargetId = (UCHAR)Lun->Number};

    return Out < sizeof(Address) ? STATUS_BUFFER_TOO_SMALL
                                 : Give(Irp, &Address, sizeof(Address), Out);
}

static NTSTATUS GetCapabilities(PVHBA_LUN Lun, PIRP Irp, ULONG Out)
{
    IO_SCSI_CAPABILITIES Data;

    if (Out < sizeof(Data))
        return STATUS_BUFFER_TOO_SMALL;
    RtlZeroMemory(&Data, sizeof(Data));
    Data.Length = sizeof(Data);
    Data.MaximumTransferLength = (ULONG)ReadAcquire(&Lun->Adapter->MaximumTransfer);
    Data.MaximumPhysicalPages = Data.MaximumTransferLength / 4096 + 1;
    Data.TaggedQueuing = TRUE;
    Data.AdapterUsesPio = TRUE;
    return Give(Irp, &Data, sizeof(Data), Out);
}

NTSTATUS VhbaPdoControl(PVHBA_LUN Lun, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG In = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    NTSTATUS Status;

    Irp->IoStatus.Information = 0;
    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH:
        return VhbaPassThrough(Lun, Irp, FALSE);
    case IOCTL_SCSI_PASS_THROUGH_DIRECT:
        return VhbaPassThrough(Lun, Irp, TRUE);
    case IOCTL_STORAGE_QUERY_PROPERTY:
        Status = QueryProperty(Lun, Irp, In, Out);
        break;
    case IOCTL_SCSI_GET_ADDRESS:
        Status = GetAddress(Lun, Irp, Out);
        break;
    case IOCTL_SCSI_GET_CAPABILITIES:
        Status = GetCapabilities(Lun, Irp, Out);
        break;
    case IOCTL_STORAGE_ENABLE_IDLE_POWER: /* no power is ever saved here */
        Status = STATUS_NOT_SUPPORTED;
        break;
    case IOCTL_STORAGE_POWER_ACTIVE: /* it always is */
    case IOCTL_STORAGE_POWER_IDLE:   /* leave to power down, not the duty */
        Status = STATUS_SUCCESS;
        break;
    default:
        Status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Lun->Common.RemoveLock, Irp);
    return Status;
}
