/* SPDX-License-Identifier: MIT */
/*
 * kernel_toolkit.c - what a driver has at hand: lists, lookaside lists, memory and strings, files
 * and the registry. Each request of \\.\Toolkit shows one of them and reports what came of it.
 */
#include "kernel_toolkit.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD ToolkitUnload;
static DRIVER_DISPATCH ToolkitOpenClose, ToolkitControl;

static UNICODE_STRING ServiceKey; /* a copy: DriverEntry's goes when it returns */

static NTSTATUS ToolkitComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI ToolkitOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ToolkitComplete(Irp, STATUS_SUCCESS, 0);
}

/* The path is the program's: only its length has been checked by anybody. */
static NTSTATUS ToolkitFileRequest(PVOID Buffer, ULONG InputLength, TOOLKIT_FILE *Report)
{
    UNICODE_STRING Path;
    NTSTATUS Status;

    if (InputLength < 2 * sizeof(WCHAR) || InputLength > 512 || InputLength % sizeof(WCHAR) != 0)
        return STATUS_INVALID_PARAMETER;
    Path.Length = Path.MaximumLength = (USHORT)InputLength;
    Path.Buffer = ExAllocatePoolWithTag(PagedPool, InputLength, TOOLKIT_TAG);
    if (Path.Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* Input and output share the system buffer: what came in is taken out before it is cleared. */
    RtlCopyMemory(Path.Buffer, Buffer, InputLength);
    RtlZeroMemory(Report, sizeof(*Report));
    Status = ToolkitFile(&Path, Report);
    ExFreePoolWithTag(Path.Buffer, TOOLKIT_TAG);
    return Status;
}

static NTSTATUS NTAPI ToolkitControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    static const struct {
        ULONG Code, In, Out;
    } Requests[] = {
        {IOCTL_TOOLKIT_LISTS, 0, sizeof(TOOLKIT_LISTS)},
        {IOCTL_TOOLKIT_LOOKASIDE, 0, sizeof(TOOLKIT_LOOKASIDE)},
        {IOCTL_TOOLKIT_STRINGS, 0, sizeof(TOOLKIT_STRINGS)},
        {IOCTL_TOOLKIT_FILE, 0, sizeof(TOOLKIT_FILE)},
        {IOCTL_TOOLKIT_REGISTRY, 0, sizeof(TOOLKIT_REGISTRY)},
        {IOCTL_TOOLKIT_PUSH, sizeof(ULONG), 0},
        {IOCTL_TOOLKIT_POP, 0, sizeof(ULONG)},
    };
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode, i = 0;
    ULONG In = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    while (i < RTL_NUMBER_OF(Requests) && Requests[i].Code != Code)
        i++;
    if (i == RTL_NUMBER_OF(Requests))
        return ToolkitComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (In < Requests[i].In || Out < Requests[i].Out)
        return ToolkitComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    if (Code != IOCTL_TOOLKIT_FILE && Code != IOCTL_TOOLKIT_PUSH)
        RtlZeroMemory(Buffer, Requests[i].Out);
    switch (Code) {
    case IOCTL_TOOLKIT_LISTS:
        Status = ToolkitLists(Buffer);
        break;
    case IOCTL_TOOLKIT_LOOKASIDE:
        Status = ToolkitLookaside(Buffer);
        break;
    case IOCTL_TOOLKIT_STRINGS:
        Status = ToolkitStrings(Buffer);
        break;
    case IOCTL_TOOLKIT_FILE:
        Status = ToolkitFileRequest(Buffer, In, Buffer);
        break;
    case IOCTL_TOOLKIT_REGISTRY:
        Status = ToolkitRegistry(&ServiceKey, Buffer);
        break;
    case IOCTL_TOOLKIT_PUSH:
        Status = ToolkitPush(*(PULONG)Buffer);
        break;
    default:
        Status = ToolkitPop(Buffer);
        break;
    }
    return ToolkitComplete(Irp, Status, NT_SUCCESS(Status) ? Requests[i].Out : 0);
}

static VOID NTAPI ToolkitUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    ToolkitEmptyShared();
    RtlInitUnicodeString(&Link, L"\\??\\Toolkit");
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
    ExFreePoolWithTag(ServiceKey.Buffer, TOOLKIT_TAG);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    ServiceKey.Buffer = ExAllocatePoolWithTag(PagedPool, RegistryPath->Length, TOOLKIT_TAG);
    if (ServiceKey.Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ServiceKey.MaximumLength = RegistryPath->Length;
    RtlCopyUnicodeString(&ServiceKey, RegistryPath);
    ToolkitInitializeShared();

    RtlInitUnicodeString(&Name, L"\\Device\\Toolkit");
    RtlInitUnicodeString(&Link, L"\\??\\Toolkit");
    Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &Device);
    if (NT_SUCCESS(Status)) {
        Status = IoCreateSymbolicLink(&Link, &Name);
        if (!NT_SUCCESS(Status))
            IoDeleteDevice(Device);
    }
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(ServiceKey.Buffer, TOOLKIT_TAG);
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ToolkitOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ToolkitOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ToolkitOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = ToolkitControl;
    DriverObject->DriverUnload = ToolkitUnload;
    return STATUS_SUCCESS;
}
