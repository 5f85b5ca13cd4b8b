/* SPDX-License-Identifier: MIT */
/* What is the same for every device of a class driver. */
#include "classlib.h"

LARGE_INTEGER ClassRetryDelay;

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

VOID ClassInitialize(PUNICODE_STRING RegistryPath)
{
    ULONG Delay = ReadParameter(RegistryPath, L"RetryDelay", CLASS_RETRY_DELAY);

    if (Delay == 0 || Delay > CLASS_LONGEST_RETRY_DELAY)
        Delay = CLASS_RETRY_DELAY;
    ClassRetryDelay.QuadPart = -10000LL * Delay;
}

NTSTATUS ClassCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS NTAPI ClassDispatchForward(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClassCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Lower, Irp);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

NTSTATUS NTAPI ClassDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClassCompleteIrp(Irp, Status, 0);
    return FollowPower(&Device->Power, Irp);
}

ULONG ClassQueryMaximumTransfer(PCLASS_DEVICE Device)
{
    STORAGE_PROPERTY_QUERY Query = {.PropertyId = StorageAdapterProperty,
                                    .QueryType = PropertyStandardQuery};
    STORAGE_ADAPTER_DESCRIPTOR Descriptor;
    ULONG Maximum = 64 * 1024;
    IO_STATUS_BLOCK IoStatus;
    KEVENT Event;
    NTSTATUS Status;
    PIRP Irp;

    RtlZeroMemory(&Descriptor, sizeof(Descriptor));
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(IOCTL_STORAGE_QUERY_PROPERTY, Device->Lower, &Query,
                                        sizeof(Query), &Descriptor, sizeof(Descriptor), FALSE,
                                        &Event, &IoStatus);
    if (Irp == NULL)
        return Maximum;
    Status = IoCallDriver(Device->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    if (NT_SUCCESS(Status) &&
        IoStatus.Information >=
            RTL_SIZEOF_THROUGH_FIELD(STORAGE_ADAPTER_DESCRIPTOR, MaximumPhysicalPages)) {
        Maximum = Descriptor.MaximumTransferLength;
        /* A buffer need not begin on a page. */
        if (Descriptor.MaximumPhysicalPages > 1 &&
            Descriptor.MaximumPhysicalPages - 1 < Maximum / PAGE_SIZE)
            Maximum = (Descriptor.MaximumPhysicalPages - 1) * PAGE_SIZE;
    }
    return Maximum;
}
