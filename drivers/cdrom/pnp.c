/* SPDX-License-Identifier: MIT */
/* Plug and play and power. PASSIVE_LEVEL, one request at a time for a device. */
#include "cdrom.h"
#include <ntstrsafe.h>

#define CDROM_MAXIMUM_NUMBER 1000u

/* GUID_DEVINTERFACE_CDROM; named here so that the driver defines no other GUID of the header's. */
static const GUID CdromInterfaceGuid = {
    0x53f56308, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}};

static VOID FormatName(PUNICODE_STRING Name, WCHAR *Buffer, ULONG Bytes, const WCHAR *Prefix,
                       ULONG Number)
{
    RtlStringCbPrintfW(Buffer, Bytes, L"%ws%u", Prefix, Number);
    RtlInitUnicodeString(Name, Buffer);
}

NTSTATUS NTAPI CdromAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT DeviceObject = NULL;
    PCDROM_DEVICE Device;
    UNICODE_STRING Name;
    WCHAR Buffer[32];
    NTSTATUS Status = STATUS_OBJECT_NAME_COLLISION;
    ULONG Number;

    /* The smallest number that is free. */
    for (Number = 0; Number < CDROM_MAXIMUM_NUMBER && Status == STATUS_OBJECT_NAME_COLLISION;
         Number++) {
        FormatName(&Name, Buffer, sizeof(Buffer), L"\\Device\\CdRom", Number);
        Status =
            IoCreateDevice(DriverObject, sizeof(CDROM_DEVICE), &Name, FILE_DEVICE_CD_ROM,
                           FILE_REMOVABLE_MEDIA | FILE_READ_ONLY_DEVICE | FILE_DEVICE_SECURE_OPEN,
                           FALSE, &DeviceObject);
    }
    if (!NT_SUCCESS(Status))
        return Status;

    Device = DeviceObject->DeviceExtension;
    Device->Self = DeviceObject;
    Device->Physical = PhysicalDeviceObject;
    Device->Number = Number - 1;
    Device->BlockSize = CDROM_SECTOR;
    Device->MaximumTransfer = CDROM_SECTOR;
    IoInitializeRemoveLock(&Device->RemoveLock, CDROM_TAG, 0, 0);
    KeInitializeSpinLock(&Device->Lock);

    Device->Lower = IoAttachDeviceToDeviceStack(DeviceObject, PhysicalDeviceObject);
    if (Device->Lower == NULL) {
        IoDeleteDevice(DeviceObject);
        return STATUS_NO_SUCH_DEVICE;
    }
    Status = IoRegisterDeviceInterface(PhysicalDeviceObject, &CdromInterfaceGuid, NULL,
                                       &Device->InterfaceName);
    if (!NT_SUCCESS(Status)) {
        IoDetachDevice(Device->Lower);
        IoDeleteDevice(DeviceObject);
        return Status;
    }
    DeviceObject->SectorSize = CDROM_SECTOR;
    DeviceObject->AlignmentRequirement = Device->Lower->AlignmentRequirement;
    DeviceObject->Flags |= DO_DIRECT_IO | (Device->Lower->Flags & DO_POWER_PAGABLE);
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS MakeLink(PCDROM_DEVICE Device)
{
    UNICODE_STRING Link;
    UNICODE_STRING Name;
    WCHAR LinkBuffer[32];
    WCHAR NameBuffer[32];
    NTSTATUS Status;

    FormatName(&Link, LinkBuffer, sizeof(LinkBuffer), L"\\??\\CdRom", Device->Number);
    FormatName(&Name, NameBuffer, sizeof(NameBuffer), L"\\Device\\CdRom", Device->Number);
    Status = IoCreateSymbolicLink(&Link, &Name);
    Device->LinkMade = NT_SUCCESS(Status);
    return Status;
}

/* No new way to the device: the link and the interface go. */
static VOID Hide(PCDROM_DEVICE Device)
{
    UNICODE_STRING Link;
    WCHAR LinkBuffer[32];

    if (Device->InterfaceEnabled) {
        IoSetDeviceInterfaceState(&Device->InterfaceName, FALSE);
        Device->InterfaceEnabled = FALSE;
    }
    if (Device->LinkMade) {
        FormatName(&Link, LinkBuffer, sizeof(LinkBuffer), L"\\??\\CdRom", Device->Number);
        IoDeleteSymbolicLink(&Link);
        Device->LinkMade = FALSE;
    }
}

static VOID ReleaseClaim(PCDROM_DEVICE Device)
{
    if (Device->Claimed) {
        CdromSendFunction(Device, SRB_FUNCTION_RELEASE_DEVICE);
        Device->Claimed = FALSE;
    }
}

static NTSTATUS StartDevice(PCDROM_DEVICE Device, PIRP Irp)
{
    POWER_STATE Power = {.DeviceState = PowerDeviceD0};
    NTSTATUS Status;

    if (!IoForwardIrpSynchronously(Device->Lower, Irp))
        return STATUS_UNSUCCESSFUL;
    Status = Irp->IoStatus.Status;
    if (!NT_SUCCESS(Status))
        return Status;
    if (!Device->Claimed) {
        Status = CdromSendFunction(Device, SRB_FUNCTION_CLAIM_DEVICE);
        if (!NT_SUCCESS(Status))
            return Status;
        Device->Claimed = TRUE;
    }
    Status = CdromInitializeDrive(Device);
    if (NT_SUCCESS(Status) && !Device->LinkMade)
        Status = MakeLink(Device);
    if (NT_SUCCESS(Status) && !Device->InterfaceEnabled) {
        Status = IoSetDeviceInterfaceState(&Device->InterfaceName, TRUE);
        Device->InterfaceEnabled = NT_SUCCESS(Status);
    }
    if (!NT_SUCCESS(Status)) {
        Hide(Device);
        ReleaseClaim(Device);
        return Status;
    }
    PoSetPowerState(Device->Self, DevicePowerState, Power);
    return STATUS_SUCCESS;
}

static NTSTATUS RemoveDevice(PCDROM_DEVICE Device, PIRP Irp)
{
    PDEVICE_OBJECT Lower = Device->Lower;
    NTSTATUS Status;

    Hide(Device);
    IoReleaseRemoveLockAndWait(&Device->RemoveLock, Irp);
    ReleaseClaim(Device);

    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);

    IoDetachDevice(Lower);
    RtlFreeUnicodeString(&Device->InterfaceName);
    IoDeleteDevice(Device->Self);
    return Status;
}

NTSTATUS NTAPI CdromDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCDROM_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return CdromCompleteIrp(Irp, Status, 0);

    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Status = CdromCompleteIrp(Irp, StartDevice(Device, Irp), 0);
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        return Status;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDevice(Device, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        Hide(Device);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    default:
        break; /* passed on as it came */
    }
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

NTSTATUS NTAPI CdromDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCDROM_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    PoStartNextPowerIrp(Irp);
    if (!NT_SUCCESS(Status))
        return CdromCompleteIrp(Irp, Status, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = PoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

NTSTATUS NTAPI CdromDispatchForward(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCDROM_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return CdromCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}
