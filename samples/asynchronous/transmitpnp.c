/* SPDX-License-Identifier: MIT */
/*
 * transmitpnp.c - what the transmitter needs and what START gives it: ports and an interrupt line.
 *
 * The root enumerator knows nothing of the card, so the driver says itself what it needs, when the
 * PnP manager lets the stack filter the requirements. START brings the resources twice: raw, as the
 * bus counts them, and translated, which is what IoConnectInterrupt wants.
 */
#include "transmit.h"

#define TRANSMIT_NAME L"\\Device\\Transmit"
#define TRANSMIT_LINK L"\\??\\Transmit"
#define TRANSMIT_TAG  0x6d736e54 /* Tnsm */

static NTSTATUS TransmitRequirements(PIRP Irp)
{
    SIZE_T Bytes = sizeof(IO_RESOURCE_REQUIREMENTS_LIST) + sizeof(IO_RESOURCE_DESCRIPTOR);
    PIO_RESOURCE_REQUIREMENTS_LIST List, Old;
    PIO_RESOURCE_DESCRIPTOR Descriptor;

    List = ExAllocatePoolWithTag(PagedPool, Bytes, TRANSMIT_TAG);
    if (List == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(List, Bytes);
    List->ListSize = (ULONG)Bytes;
    List->InterfaceType = Isa;
    List->AlternativeLists = 1;
    List->List[0].Version = 1;
    List->List[0].Revision = 1;
    List->List[0].Count = 2;
    Descriptor = &List->List[0].Descriptors[0];
    Descriptor->Type = CmResourceTypePort;
    Descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    Descriptor->Flags = CM_RESOURCE_PORT_IO;
    Descriptor->u.Port.Length = HW_PORTS;
    Descriptor->u.Port.Alignment = 1;
    Descriptor->u.Port.MinimumAddress.QuadPart = HW_PORT;
    Descriptor->u.Port.MaximumAddress.QuadPart = HW_PORT + HW_PORTS - 1;
    Descriptor++;
    Descriptor->Type = CmResourceTypeInterrupt;
    Descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    Descriptor->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    Descriptor->u.Interrupt.MinimumVector = HW_FIRST_LINE;
    Descriptor->u.Interrupt.MaximumVector = HW_LAST_LINE;
    Old = (PIO_RESOURCE_REQUIREMENTS_LIST)Irp->IoStatus.Information;
    if (Old == NULL)
        Old = IoGetCurrentIrpStackLocation(Irp)
                  ->Parameters.FilterResourceRequirements.IoResourceRequirementList;
    if (Old != NULL)
        ExFreePool(Old);
    Irp->IoStatus.Information = (ULONG_PTR)List;
    return STATUS_SUCCESS;
}

static PCM_PARTIAL_RESOURCE_DESCRIPTOR TransmitFind(PCM_RESOURCE_LIST List, UCHAR Type)
{
    ULONG i;

    if (List == NULL || List->Count == 0)
        return NULL;
    for (i = 0; i < List->List[0].PartialResourceList.Count; i++) {
        if (List->List[0].PartialResourceList.PartialDescriptors[i].Type == Type)
            return &List->List[0].PartialResourceList.PartialDescriptors[i];
    }
    return NULL;
}

/* The device below has been started. */
static NTSTATUS TransmitStart(PTRANSMIT_EXTENSION Extension, PIO_STACK_LOCATION Stack)
{
    PCM_RESOURCE_LIST List = Stack->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST Translated = Stack->Parameters.StartDevice.AllocatedResourcesTranslated;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Port = TransmitFind(Translated, CmResourceTypePort);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Line = TransmitFind(Translated, CmResourceTypeInterrupt);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Raw = TransmitFind(List, CmResourceTypeInterrupt);
    NTSTATUS Status;

    if (Port == NULL || Line == NULL || Raw == NULL)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    Extension->Facts.RawLevel = Raw->u.Interrupt.Level;
    Extension->Facts.RawVector = Raw->u.Interrupt.Vector;
    Extension->Facts.Level = Line->u.Interrupt.Level;
    Extension->Facts.Vector = Line->u.Interrupt.Vector;
    Extension->Facts.Affinity = Line->u.Interrupt.Affinity;
    Extension->Facts.Port = (ULONG)Port->u.Port.Start.QuadPart;
    Extension->Facts.Ports = Port->u.Port.Length;
    Extension->Port = (PUCHAR)(ULONG_PTR)Port->u.Port.Start.QuadPart;
    Status = IoConnectInterrupt(
        &Extension->Interrupt, TransmitService, Extension, NULL, Line->u.Interrupt.Vector,
        (KIRQL)Line->u.Interrupt.Level, (KIRQL)Line->u.Interrupt.Level,
        (Line->Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0 ? Latched : LevelSensitive,
        Line->ShareDisposition == CmResourceShareShared, Line->u.Interrupt.Affinity, FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    /* The card may interrupt from now on. */
    WRITE_PORT_UCHAR(Extension->Port + HW_LINE, (UCHAR)Raw->u.Interrupt.Vector);
    Extension->Started = TRUE;
    return STATUS_SUCCESS;
}

/* No handle is open, so nothing is being sent. */
static VOID TransmitStop(PTRANSMIT_EXTENSION Extension)
{
    if (!Extension->Started)
        return;
    Extension->Started = FALSE;
    WRITE_PORT_UCHAR(Extension->Port + HW_LINE, 0); /* first the card is quiet */
    IoDisconnectInterrupt(Extension->Interrupt);
    Extension->Interrupt = NULL;
    KeFlushQueuedDpcs(); /* the last request's DPC may still be on its way out */
}

static NTSTATUS TransmitRemove(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTRANSMIT_EXTENSION Extension = DeviceObject->DeviceExtension;
    UNICODE_STRING Link;
    NTSTATUS Status;

    TransmitStop(Extension);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Extension->Lower, Irp);
    RtlInitUnicodeString(&Link, TRANSMIT_LINK);
    IoDeleteSymbolicLink(&Link);
    IoDetachDevice(Extension->Lower);
    IoDeleteDevice(DeviceObject);
    return Status;
}

NTSTATUS NTAPI TransmitPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTRANSMIT_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status;

    switch (Stack->MinorFunction) {
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
    case IRP_MN_START_DEVICE:
        if (!IoForwardIrpSynchronously(Extension->Lower, Irp))
            return TransmitComplete(Irp, STATUS_UNSUCCESSFUL, 0);
        Status = Irp->IoStatus.Status;
        if (Stack->MinorFunction == IRP_MN_START_DEVICE) {
            if (NT_SUCCESS(Status))
                Status = TransmitStart(Extension, Stack);
        } else if (NT_SUCCESS(Status) || Status == STATUS_NOT_SUPPORTED) {
            Status = TransmitRequirements(Irp);
        }
        return TransmitComplete(Irp, Status, Irp->IoStatus.Information);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        TransmitStop(Extension);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        return TransmitRemove(DeviceObject, Irp);
    default:
        break;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

NTSTATUS NTAPI TransmitPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTRANSMIT_EXTENSION Extension = DeviceObject->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Extension->Lower, Irp);
}

NTSTATUS NTAPI TransmitAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PTRANSMIT_EXTENSION Extension;
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, TRANSMIT_NAME);
    RtlInitUnicodeString(&Link, TRANSMIT_LINK);
    Status = IoCreateDevice(DriverObject, sizeof(TRANSMIT_EXTENSION), &Name, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Device->DeviceExtension;
    Extension->Self = Device;
    Extension->Pdo = PhysicalDeviceObject;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (NT_SUCCESS(Status)) {
        Extension->Lower = IoAttachDeviceToDeviceStack(Device, PhysicalDeviceObject);
        if (Extension->Lower == NULL) {
            IoDeleteSymbolicLink(&Link);
            Status = STATUS_NO_SUCH_DEVICE;
        }
    }
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    TransmitInitializeDevice(Device);
    Device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    Device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
