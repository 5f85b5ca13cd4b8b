/* SPDX-License-Identifier: MIT */
#include "cdrom.h"

#define CDROM_LONGEST_RETRY_DELAY 60000u

LARGE_INTEGER CdromRetryDelay;

/* The value of a REG_DWORD below the service's Parameters, or what it is without one.
 * PASSIVE_LEVEL. */
static ULONG ReadParameter(PUNICODE_STRING RegistryPath, const WCHAR *Name, ULONG Default)
{
    union {
        KEY_VALUE_PARTIAL_INFORMATION Information;
        UCHAR Room[FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + sizeof(ULONG)];
    } Value;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING String;
    HANDLE Service = NULL;
    HANDLE Key = NULL;
    ULONG Result = Default;
    ULONG Length;

    InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               NULL, NULL);
    if (!NT_SUCCESS(ZwOpenKey(&Service, KEY_READ, &Attributes)))
        return Default;
    RtlInitUnicodeString(&String, L"Parameters");
    InitializeObjectAttributes(&Attributes, &String, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               Service, NULL);
    if (NT_SUCCESS(ZwOpenKey(&Key, KEY_READ, &Attributes))) {
        RtlInitUnicodeString(&String, Name);
        if (NT_SUCCESS(ZwQueryValueKey(Key, &String, KeyValuePartialInformation, &Value,
                                       sizeof(Value), &Length)) &&
            Value.Information.Type == REG_DWORD && Value.Information.DataLength == sizeof(ULONG))
            RtlCopyMemory(&Result, Value.Information.Data, sizeof(Result));
        ZwClose(Key);
    }
    ZwClose(Service);
    return Result;
}

NTSTATUS NTAPI CdromCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI DispatchOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return CdromCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI DispatchWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return CdromCompleteIrp(Irp, STATUS_MEDIA_WRITE_PROTECTED, 0);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONG Delay = ReadParameter(RegistryPath, L"RetryDelay", CDROM_RETRY_DELAY);

    if (Delay == 0 || Delay > CDROM_LONGEST_RETRY_DELAY)
        Delay = CDROM_RETRY_DELAY;
    CdromRetryDelay.QuadPart = -10000LL * Delay;

    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = CdromDispatchRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DispatchWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CdromDispatchDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = CdromDispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = CdromDispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = CdromDispatchForward;
    DriverObject->DriverExtension->AddDevice = CdromAddDevice;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
