/* SPDX-License-Identifier: MIT */
/* What the bus says of the device: six IDs, two texts, capabilities, and how much the adapter takes
 * at a time. */
#include "scsiserver.h"

#define SERVER_LOCALE_ENGLISH   0x0409u
#define SERVER_DEFAULT_TRANSFER 65536u

_Static_assert(sizeof(DEVICE_CAPABILITIES) == 64, "goes over the wire");

/* Sends a PnP request, made from Parameters, to the lower device and waits. */
static NTSTATUS AskBus(PSERVER_DEVICE Device, const IO_STACK_LOCATION *Parameters,
                       ULONG_PTR *Information)
{
    IO_STATUS_BLOCK IoStatus = {.Status = STATUS_NOT_SUPPORTED, .Information = 0};
    PIO_STACK_LOCATION Stack;
    KEVENT Event;
    NTSTATUS Status;
    PIRP Irp;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, Device->Lower, NULL, 0, NULL, &Event, &IoStatus);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MinorFunction = Parameters->MinorFunction;
    Stack->Parameters = Parameters->Parameters;

    Status = IoCallDriver(Device->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    *Information = IoStatus.Information;
    return Status;
}

/* Bytes of a string or a list of strings, with what ends it; 0 where it does not fit into a
 * PNP_INFO. */
static ULONG TextBytes(const WCHAR *Text, BOOLEAN Multiple)
{
    ULONG Index = 0;

    for (;;) {
        while (Text[Index] != 0) {
            if (++Index >= SCSINET_MAXIMUM_PNP_LENGTH / sizeof(WCHAR))
                return 0;
        }
        Index++;
        if (!Multiple || Text[Index] == 0)
            break;
    }
    return (Index + (Multiple ? 1 : 0)) * (ULONG)sizeof(WCHAR);
}

static NTSTATUS AddEntry(PUCHAR Info, ULONG *Length, PPNP_ENTRY Entry, const VOID *Data,
                         ULONG Bytes)
{
    if (Bytes == 0 || Bytes > SCSINET_MAXIMUM_PNP_LENGTH - *Length)
        return STATUS_BUFFER_OVERFLOW;
    Entry->InfoOffset = *Length;
    Entry->InfoLength = Bytes;
    RtlCopyMemory(Info + *Length, Data, Bytes);
    *Length += Bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS AddText(PSERVER_DEVICE Device, const IO_STACK_LOCATION *Question, BOOLEAN Multiple,
                        PUCHAR Info, ULONG *Length, PPNP_ENTRY Entry)
{
    ULONG_PTR Information = 0;
    NTSTATUS Status = STATUS_SUCCESS;

    Entry->Status = AskBus(Device, Question, &Information);
    if (!NT_SUCCESS(Entry->Status) || Information == 0)
        return STATUS_SUCCESS; /* a bus need not have an answer */
    if (Multiple && *(const WCHAR *)Information == 0) {
        static const WCHAR Empty[1] = {0};
        Status = AddEntry(Info, Length, Entry, Empty, sizeof(Empty));
    } else {
        Status = AddEntry(Info, Length, Entry, (PVOID)Information,
                          TextBytes((const WCHAR *)Information, Multiple));
    }
    ExFreePool((PVOID)Information);
    return Status;
}

static NTSTATUS DescribeForPnp(PSERVER_DEVICE Device, PUCHAR Info, ULONG *Length)
{
    PPNP_INFO Table = (PPNP_INFO)Info;
    DEVICE_CAPABILITIES Capabilities;
    IO_STACK_LOCATION Question;
    ULONG_PTR Information;
    NTSTATUS Status;
    ULONG Index;

    *Length = sizeof(PNP_INFO);

    RtlZeroMemory(&Capabilities, sizeof(Capabilities));
    Capabilities.Size = sizeof(Capabilities);
    Capabilities.Version = 1;
    Capabilities.Address = (ULONG)-1;
    Capabilities.UINumber = (ULONG)-1;
    RtlZeroMemory(&Question, sizeof(Question));
    Question.MinorFunction = IRP_MN_QUERY_CAPABILITIES;
    Question.Parameters.DeviceCapabilities.Capabilities = &Capabilities;
    Table->QueryCapabilities.Status = AskBus(Device, &Question, &Information);
    Status = AddEntry(Info, Length, &Table->QueryCapabilities, &Capabilities, sizeof(Capabilities));

    for (Index = 0; Index < RTL_NUMBER_OF(Table->QueryId) && NT_SUCCESS(Status); Index++) {
        RtlZeroMemory(&Question, sizeof(Question));
        Question.MinorFunction = IRP_MN_QUERY_ID;
        Question.Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)Index;
        Status = AddText(Device, &Question,
                         Index == BusQueryHardwareIDs || Index == BusQueryCompatibleIDs, Info,
                         Length, &Table->QueryId[Index]);
    }
    for (Index = 0; Index < RTL_NUMBER_OF(Table->QueryDeviceText) && NT_SUCCESS(Status); Index++) {
        RtlZeroMemory(&Question, sizeof(Question));
        Question.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT;
        Question.Parameters.QueryDeviceText.DeviceTextType = (DEVICE_TEXT_TYPE)Index;
        Question.Parameters.QueryDeviceText.LocaleId = SERVER_LOCALE_ENGLISH;
        Status = AddText(Device, &Question, FALSE, Info, Length, &Table->QueryDeviceText[Index]);
    }
    return Status;
}

/* MaximumTransferLength, less where the adapter can't take that many pages. */
static ULONG AskMaximumTransfer(PSERVER_DEVICE Device)
{
    STORAGE_PROPERTY_QUERY Query = {.PropertyId = StorageAdapterProperty,
                                    .QueryType = PropertyStandardQuery};
    STORAGE_ADAPTER_DESCRIPTOR Descriptor;
    IO_STATUS_BLOCK IoStatus;
    ULONG Maximum;
    KEVENT Event;
    NTSTATUS Status;
    PIRP Irp;

    RtlZeroMemory(&Descriptor, sizeof(Descriptor));
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(IOCTL_STORAGE_QUERY_PROPERTY, Device->Lower, &Query,
                                        sizeof(Query), &Descriptor, sizeof(Descriptor), FALSE,
                                        &Event, &IoStatus);
    if (Irp == NULL)
        return SERVER_DEFAULT_TRANSFER;
    Status = IoCallDriver(Device->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    if (!NT_SUCCESS(Status) ||
        IoStatus.Information <
            RTL_SIZEOF_THROUGH_FIELD(STORAGE_ADAPTER_DESCRIPTOR, MaximumPhysicalPages))
        return SERVER_DEFAULT_TRANSFER;

    Maximum = Descriptor.MaximumTransferLength;
    /* A transfer need not begin on a page, so one page fewer can be filled. */
    if (Descriptor.MaximumPhysicalPages > 1 &&
        Descriptor.MaximumPhysicalPages - 1 < Maximum / PAGE_SIZE)
        Maximum = (Descriptor.MaximumPhysicalPages - 1) * PAGE_SIZE;
    if (Maximum > SCSINET_MAXIMUM_DATA)
        Maximum = SCSINET_MAXIMUM_DATA;
    return Maximum != 0 ? Maximum : SERVER_DEFAULT_TRANSFER;
}

NTSTATUS ServerDescribeDevice(PSERVER_DEVICE Device)
{
    ULONG MaximumTransfer;
    PUCHAR Before;
    PUCHAR Info;
    ULONG Length = 0;
    NTSTATUS Status;
    KIRQL Irql;

    Info = ExAllocatePoolWithTag(NonPagedPoolNx, SCSINET_MAXIMUM_PNP_LENGTH, SERVER_TAG);
    if (Info == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Info, SCSINET_MAXIMUM_PNP_LENGTH);
    Status = DescribeForPnp(Device, Info, &Length);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Info, SERVER_TAG);
        return Status;
    }
    MaximumTransfer = AskMaximumTransfer(Device);
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Before = Device->PnpInfo; /* started again after a stop */
    Device->PnpInfo = Info;
    Device->PnpLength = Length;
    Device->MaximumTransfer = MaximumTransfer;
    KeReleaseSpinLock(&Device->Lock, Irql);
    if (Before != NULL)
        ExFreePoolWithTag(Before, SERVER_TAG);
    return STATUS_SUCCESS;
}

NTSTATUS ServerSendSrbFunction(PSERVER_DEVICE Device, UCHAR Function)
{
    IO_STATUS_BLOCK IoStatus;
    SCSI_REQUEST_BLOCK Srb;
    KEVENT Event;
    NTSTATUS Status;
    PIRP Irp;

    RtlZeroMemory(&Srb, sizeof(Srb));
    Srb.Length = sizeof(Srb);
    Srb.Function = Function;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    /* METHOD_BUFFERED without buffers: made as an internal control request, then given its SRB. */
    Irp = IoBuildDeviceIoControlRequest(IOCTL_SCSI_EXECUTE_NONE, Device->Lower, NULL, 0, NULL, 0,
                                        TRUE, &Event, &IoStatus);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Srb.OriginalRequest = Irp;
    IoGetNextIrpStackLocation(Irp)->Parameters.Scsi.Srb = &Srb;
    Status = IoCallDriver(Device->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    return Status;
}
