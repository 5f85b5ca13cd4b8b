/* SPDX-License-Identifier: MIT */
/* A CD drive's names. PASSIVE_LEVEL, one request at a time for a device. */
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

static NTSTATUS Show(PCLASS_DEVICE Class)
{
    PCDROM_DEVICE Device = (PCDROM_DEVICE)Class;
    UNICODE_STRING Link;
    UNICODE_STRING Name;
    WCHAR LinkBuffer[32];
    WCHAR NameBuffer[32];
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status = ClassCheckInquiry(Class, READ_ONLY_DIRECT_ACCESS_DEVICE, NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Class->MaximumTransfer > 65535u * CDROM_SECTOR)
        Class->MaximumTransfer = 65535u * CDROM_SECTOR; /* READ(10) counts in 16 bits */
    if (Class->MaximumTransfer < CDROM_SECTOR)
        Class->MaximumTransfer = CDROM_SECTOR;
    (void)ClassGetCapacity(Class, &Blocks, &BlockSize); /* an empty drive is a drive */
    if (Device->LinkMade)
        return STATUS_SUCCESS;
    FormatName(&Link, LinkBuffer, sizeof(LinkBuffer), L"\\??\\CdRom", Device->Number);
    FormatName(&Name, NameBuffer, sizeof(NameBuffer), L"\\Device\\CdRom", Device->Number);
    Status = IoCreateSymbolicLink(&Link, &Name);
    Device->LinkMade = NT_SUCCESS(Status);
    return Status;
}

static VOID Hide(PCLASS_DEVICE Class)
{
    PCDROM_DEVICE Device = (PCDROM_DEVICE)Class;
    UNICODE_STRING Link;
    WCHAR LinkBuffer[32];

    if (!Device->LinkMade)
        return;
    FormatName(&Link, LinkBuffer, sizeof(LinkBuffer), L"\\??\\CdRom", Device->Number);
    IoDeleteSymbolicLink(&Link);
    Device->LinkMade = FALSE;
}

static VOID Free(PCLASS_DEVICE Class)
{
    UNREFERENCED_PARAMETER(Class); /* nothing but what the class library has */
}

static const CLASS_ROUTINES Routines = {Show, Hide, Free};

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
    Device->Number = Number - 1;
    Device->Class.OnlyBlock = CDROM_SECTOR;
    Device->Class.BlockSize = CDROM_SECTOR;
    Device->Class.MaximumTransfer = CDROM_SECTOR;
    DeviceObject->SectorSize = CDROM_SECTOR;
    return ClassAttach(DeviceObject, PhysicalDeviceObject, &Routines, &CdromInterfaceGuid);
}
