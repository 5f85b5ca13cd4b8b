/* SPDX-License-Identifier: MIT */
/* A disk's names. PASSIVE_LEVEL, one request at a time for a device. */
#include "disk.h"
#include <ntstrsafe.h>

#define DISK_MAXIMUM_NUMBER 1000u

/* GUID_DEVINTERFACE_DISK; named here so that the driver defines no other GUID of the header's. */
static const GUID DiskInterfaceGuid = {
    0x53f56307, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}};

static volatile LONG NextSerial;

typedef struct _DISK_NAME {
    UNICODE_STRING String;
    WCHAR Buffer[48];
} DISK_NAME;

static PUNICODE_STRING Directory(DISK_NAME *Name, ULONG Number)
{
    RtlStringCbPrintfW(Name->Buffer, sizeof(Name->Buffer), L"\\Device\\Harddisk%u", Number);
    RtlInitUnicodeString(&Name->String, Name->Buffer);
    return &Name->String;
}

static PUNICODE_STRING DeviceName(DISK_NAME *Name, PDISK_DEVICE Device)
{
    RtlStringCbPrintfW(Name->Buffer, sizeof(Name->Buffer), L"\\Device\\Harddisk%u\\DR%u",
                       Device->Number, Device->Serial);
    RtlInitUnicodeString(&Name->String, Name->Buffer);
    return &Name->String;
}

static PUNICODE_STRING WholeDisk(DISK_NAME *Name, PDISK_DEVICE Device)
{
    RtlStringCbPrintfW(Name->Buffer, sizeof(Name->Buffer), L"\\Device\\Harddisk%u\\Partition0",
                       Device->Number);
    RtlInitUnicodeString(&Name->String, Name->Buffer);
    return &Name->String;
}

static PUNICODE_STRING PhysicalDrive(DISK_NAME *Name, PDISK_DEVICE Device)
{
    RtlStringCbPrintfW(Name->Buffer, sizeof(Name->Buffer), L"\\??\\PhysicalDrive%u",
                       Device->Number);
    RtlInitUnicodeString(&Name->String, Name->Buffer);
    return &Name->String;
}

static VOID Hide(PCLASS_DEVICE Class)
{
    PDISK_DEVICE Device = (PDISK_DEVICE)Class;
    DISK_NAME Name;

    if (Device->ShutdownWanted)
        IoUnregisterShutdownNotification(Class->Self);
    Device->ShutdownWanted = FALSE;
    if (Device->LinksMade) {
        IoDeleteSymbolicLink(PhysicalDrive(&Name, Device));
        IoDeleteSymbolicLink(WholeDisk(&Name, Device));
    }
    Device->LinksMade = FALSE;
}

static NTSTATUS MakeLinks(PDISK_DEVICE Device)
{
    DISK_NAME Link;
    DISK_NAME Name;
    NTSTATUS Status;

    Status = IoCreateSymbolicLink(WholeDisk(&Link, Device), DeviceName(&Name, Device));
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(PhysicalDrive(&Link, Device), DeviceName(&Name, Device));
    if (!NT_SUCCESS(Status))
        IoDeleteSymbolicLink(WholeDisk(&Link, Device));
    Device->LinksMade = NT_SUCCESS(Status);
    return Status;
}

/* What it is, whether it knows FUA, how large it is. */
static NTSTATUS AskDevice(PDISK_DEVICE Device)
{
    PUCHAR Inquiry = ExAllocatePoolWithTag(NonPagedPoolNx, 36, DISK_TAG);
    ULONG64 Blocks;
    ULONG BlockSize;
    UCHAR Specific;
    NTSTATUS Status;

    if (Inquiry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = ClassCheckInquiry(&Device->Class, DIRECT_ACCESS_DEVICE, Inquiry);
    if (NT_SUCCESS(Status)) {
        Device->Removable = (Inquiry[1] & 0x80) != 0;
        if (Device->Removable)
            Device->Class.Self->Characteristics |= FILE_REMOVABLE_MEDIA;
    }
    ExFreePoolWithTag(Inquiry, DISK_TAG);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Device->Class.MaximumTransfer < 512)
        Device->Class.MaximumTransfer = 512;
    /* A disk that is not ready is a disk; what it has will be seen when it is used. */
    if (NT_SUCCESS(ClassGetCapacity(&Device->Class, &Blocks, &BlockSize)))
        Device->Class.Self->SectorSize = (USHORT)BlockSize;
    Device->Class.NoFua =
        !NT_SUCCESS(DiskModeHeader(Device, &Specific)) || !(Specific & DISK_KNOWS_FUA);
    return STATUS_SUCCESS;
}

static NTSTATUS Show(PCLASS_DEVICE Class)
{
    PDISK_DEVICE Device = (PDISK_DEVICE)Class;
    NTSTATUS Status = AskDevice(Device);

    if (NT_SUCCESS(Status) && !Device->LinksMade)
        Status = MakeLinks(Device);
    if (NT_SUCCESS(Status) && !Device->ShutdownWanted) {
        Status = IoRegisterShutdownNotification(Class->Self);
        Device->ShutdownWanted = NT_SUCCESS(Status);
    }
    return Status;
}

static VOID Free(PCLASS_DEVICE Class)
{
    ZwClose(((PDISK_DEVICE)Class)->Directory);
}

static const CLASS_ROUTINES Routines = {Show, Hide, Free};

/* The smallest number that is free: who makes the directory has it. */
static NTSTATUS TakeNumber(ULONG *Number, PHANDLE Handle)
{
    NTSTATUS Status = STATUS_OBJECT_NAME_COLLISION;
    OBJECT_ATTRIBUTES Attributes;
    DISK_NAME Name;

    for (*Number = 0; *Number < DISK_MAXIMUM_NUMBER; ++*Number) {
        InitializeObjectAttributes(&Attributes, Directory(&Name, *Number),
                                   OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
        Status = ZwCreateDirectoryObject(Handle, DIRECTORY_ALL_ACCESS, &Attributes);
        if (Status != STATUS_OBJECT_NAME_COLLISION)
            return Status;
    }
    return Status;
}

NTSTATUS NTAPI DiskAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    DISK_DEVICE Names = {.Serial = (ULONG)InterlockedIncrement(&NextSerial) - 1};
    PDEVICE_OBJECT DeviceObject;
    PDISK_DEVICE Device;
    DISK_NAME Name;
    NTSTATUS Status;

    Status = TakeNumber(&Names.Number, &Names.Directory);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateDevice(DriverObject, sizeof(DISK_DEVICE), DeviceName(&Name, &Names),
                            FILE_DEVICE_DISK, FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status)) {
        ZwClose(Names.Directory);
        return Status;
    }
    Device = DeviceObject->DeviceExtension;
    Device->Number = Names.Number;
    Device->Serial = Names.Serial;
    Device->Directory = Names.Directory;
    Device->Class.MaximumTransfer = 512;
    DeviceObject->SectorSize = 512;
    Status = ClassAttach(DeviceObject, PhysicalDeviceObject, &Routines, &DiskInterfaceGuid);
    if (!NT_SUCCESS(Status))
        ZwClose(Names.Directory);
    return Status;
}
