/* SPDX-License-Identifier: MIT */
/*
 * sync_partner.c - the other driver: it has the named event in common with synchronisation, and
 * sets and clears it.
 */
#include <ntddk.h>
#include "synchronisation_public.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD PartnerUnload;
static DRIVER_DISPATCH PartnerOpenClose, PartnerControl;

static PKEVENT NamedEvent;
static HANDLE NamedEventHandle;

static NTSTATUS PartnerComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI PartnerOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PartnerComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI PartnerControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    SYNC_NAMED *Out = Irp->AssociatedIrp.SystemBuffer;
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Code != IOCTL_PARTNER_SET && Code != IOCTL_PARTNER_CLEAR)
        return PartnerComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(*Out))
        return PartnerComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    Out->Padding = 0;
    Out->Event = (ULONG_PTR)NamedEvent;
    Out->Status = (ULONG)(Code == IOCTL_PARTNER_SET ? KeSetEvent(NamedEvent, IO_NO_INCREMENT, FALSE)
                                                    : KeResetEvent(NamedEvent));
    return PartnerComplete(Irp, STATUS_SUCCESS, sizeof(*Out));
}

static VOID NTAPI PartnerUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\LabSyncPartner");

    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
    ZwClose(NamedEventHandle);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\LabSyncPartner");
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\LabSyncPartner");
    UNICODE_STRING EventName = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\LabSyncEvent");
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = PartnerOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = PartnerOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = PartnerOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = PartnerControl;
    DriverObject->DriverUnload = PartnerUnload;
    NamedEvent = IoCreateNotificationEvent(&EventName, &NamedEventHandle);
    if (NamedEvent == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &Device);
    if (NT_SUCCESS(Status)) {
        Status = IoCreateSymbolicLink(&Link, &Name);
        if (NT_SUCCESS(Status))
            return Status;
        IoDeleteDevice(Device);
    }
    ZwClose(NamedEventHandle);
    return Status;
}
