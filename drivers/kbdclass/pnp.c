/* SPDX-License-Identifier: MIT */
/* pnp.c - a keyboard comes: \Device\KeyboardClassN over the port; and goes: its reads end. */
#include <initguid.h>
#include "kbdclass.h"

NTSTATUS KbdClassComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* The first number that nobody has. */
static NTSTATUS CreateNamed(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT *DeviceObject)
{
    WCHAR Text[] = DD_KEYBOARD_DEVICE_NAME_U L"00";
    UNICODE_STRING Name;
    NTSTATUS Status = STATUS_OBJECT_NAME_COLLISION;
    const ULONG At = sizeof(DD_KEYBOARD_DEVICE_NAME_U) / sizeof(WCHAR) - 1;

    for (ULONG i = 0; i < KBDCLASS_DEVICES && Status == STATUS_OBJECT_NAME_COLLISION; i++) {
        ULONG Digits = i < 10 ? 1 : 2;
        if (Digits == 2)
            Text[At] = (WCHAR)(L'0' + i / 10);
        Text[At + Digits - 1] = (WCHAR)(L'0' + i % 10);
        Text[At + Digits] = 0;
        RtlInitUnicodeString(&Name, Text);
        Status = IoCreateDevice(DriverObject, sizeof(KBDCLASS_DEVICE), &Name, FILE_DEVICE_KEYBOARD,
                                0, FALSE, DeviceObject);
    }
    return Status;
}

NTSTATUS NTAPI KbdClassAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDevice)
{
    PDEVICE_OBJECT Self;
    PKBDCLASS_DEVICE Device;
    NTSTATUS Status = CreateNamed(DriverObject, &Self);

    if (!NT_SUCCESS(Status))
        return Status;
    Device = Self->DeviceExtension;
    RtlZeroMemory(Device, sizeof(*Device));
    Device->Self = Self;
    Device->Physical = PhysicalDevice;
    IoInitializeRemoveLock(&Device->RemoveLock, KBDCLASS_TAG, 0, 0);
    KbdClassInitializeReads(Device);
    Status = IoRegisterDeviceInterface(PhysicalDevice, &GUID_DEVINTERFACE_KEYBOARD, NULL,
                                       &Device->InterfaceName);
    if (NT_SUCCESS(Status)) {
        Device->Lower = IoAttachDeviceToDeviceStack(Self, PhysicalDevice);
        if (Device->Lower == NULL)
            Status = STATUS_NO_SUCH_DEVICE;
    }
    if (!NT_SUCCESS(Status)) {
        RtlFreeUnicodeString(&Device->InterfaceName);
        IoDeleteDevice(Self);
        return Status;
    }
    FollowInitialize(&Device->Power, Self, Device->Lower, &Device->RemoveLock);
    Self->Flags |= DO_BUFFERED_IO | (Device->Lower->Flags & DO_POWER_PAGABLE);
    Self->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* An internal request to the port, for which it needs no buffers but Input. PASSIVE_LEVEL. */
static NTSTATUS AskPort(PKBDCLASS_DEVICE Device, ULONG Code, PVOID Input, ULONG Length)
{
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;
    KEVENT Event;
    PIRP Irp;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(Code, Device->Lower, Input, Length, NULL, 0, TRUE, &Event,
                                        &IoStatus);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = IoCallDriver(Device->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    return Status;
}

static VOID SetInterface(PKBDCLASS_DEVICE Device, BOOLEAN Enable)
{
    if (Device->InterfaceEnabled != Enable &&
        NT_SUCCESS(IoSetDeviceInterfaceState(&Device->InterfaceName, Enable)))
        Device->InterfaceEnabled = Enable;
}

static NTSTATUS Start(PKBDCLASS_DEVICE Device, PIRP Irp)
{
    CONNECT_DATA Connect = {Device->Self, (PVOID)(ULONG_PTR)KbdClassService};
    NTSTATUS Status;

    if (!IoForwardIrpSynchronously(Device->Lower, Irp))
        return STATUS_UNSUCCESSFUL;
    Status = Irp->IoStatus.Status;
    if (!NT_SUCCESS(Status))
        return Status;
    FollowStarted(&Device->Power);
    Status = AskPort(Device, IOCTL_INTERNAL_KEYBOARD_CONNECT, &Connect, sizeof(Connect));
    if (Status == STATUS_SHARING_VIOLATION) /* from before a stop: it still is */
        Status = STATUS_SUCCESS;
    if (NT_SUCCESS(Status))
        SetInterface(Device, TRUE);
    return Status;
}

static NTSTATUS RemoveDevice(PKBDCLASS_DEVICE Device, PIRP Irp)
{
    PDEVICE_OBJECT Self = Device->Self, Lower = Device->Lower;
    NTSTATUS Status;

    SetInterface(Device, FALSE);
    KbdClassEndReads(Device, NULL, TRUE, STATUS_DEVICE_NOT_CONNECTED);
    (void)AskPort(Device, IOCTL_INTERNAL_KEYBOARD_DISCONNECT, NULL, 0);
    IoReleaseRemoveLockAndWait(&Device->RemoveLock, Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);
    IoDetachDevice(Lower);
    RtlFreeUnicodeString(&Device->InterfaceName);
    IoDeleteDevice(Self);
    return Status;
}

NTSTATUS NTAPI KbdClassPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PKBDCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return KbdClassComplete(Irp, Status, 0);
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Status = KbdClassComplete(Irp, Start(Device, Irp), 0);
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        return Status;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDevice(Device, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        SetInterface(Device, FALSE);
        KbdClassEndReads(Device, NULL, TRUE, STATUS_DEVICE_NOT_CONNECTED);
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
        break;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}
