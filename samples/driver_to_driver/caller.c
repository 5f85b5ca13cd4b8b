/* SPDX-License-Identifier: MIT */
/* caller.c - the driver that calls target, in the way that its program asks for. */
#include "caller.h"

#define CALLER_NAME     L"\\Device\\Caller"
#define CALLER_DOS_NAME L"\\??\\Caller"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD CallerUnload;
static DRIVER_DISPATCH CallerOpenClose, CallerControl;

static NTSTATUS CallerComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI CallerOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return CallerComplete(Irp, STATUS_SUCCESS, 0);
}

/* The ways that need a pointer to target's device: a reference on the file object is what keeps the
 * device where it is. */
static NTSTATUS CallerByPointer(ULONG Way, CALL_RESULT *Result)
{
    UNICODE_STRING Name;
    PDEVICE_OBJECT Target;
    PFILE_OBJECT File;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, CALLER_TARGET);
    Status = IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &File, &Target);
    if (!NT_SUCCESS(Status))
        return Status;
    switch (Way) {
    case CALL_SYNCHRONOUS_FSD:
        Status = CallSynchronousFsd(Target, Result);
        break;
    case CALL_ASYNCHRONOUS_FSD:
        Status = CallAsynchronousFsd(Target, Result);
        break;
    case CALL_DEVICE_CONTROL:
        Status = CallDeviceControl(Target, Result);
        break;
    case CALL_OWN_IRP:
        Status = CallOwnIrp(Target, File, Result);
        break;
    case CALL_OWN_POINTER:
        Status = CallOwnPointer(Target, File, Result);
        break;
    default:
        Status = STATUS_INVALID_PARAMETER;
        break;
    }
    ObDereferenceObject(File);
    return Status;
}

static NTSTATUS NTAPI CallerControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    CALL_RESULT *Result = Irp->AssociatedIrp.SystemBuffer;
    UNICODE_STRING Name;
    NTSTATUS Status;
    ULONG Way;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_CALL)
        return CallerComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength != sizeof(Way) ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(*Result))
        return CallerComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    Way = *(PULONG)Irp->AssociatedIrp.SystemBuffer;
    RtlZeroMemory(Result, sizeof(*Result));
    switch (Way) {
    case CALL_SYNCHRONOUSLY:
        RtlInitUnicodeString(&Name, CALLER_TARGET);
        Status = CallSynchronously(&Name, Result);
        break;
    case CALL_WITH_APC:
        Status = CallWithApc(Result);
        break;
    case CALL_WITH_FILE_EVENT:
        Status = CallWithFileEvent(Result);
        break;
    case CALL_THROUGH_LINK:
        Status = CallThroughLink(Result);
        break;
    default:
        Status = CallerByPointer(Way, Result);
        break;
    }
    return CallerComplete(Irp, Status, NT_SUCCESS(Status) ? sizeof(*Result) : 0);
}

static VOID NTAPI CallerUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, CALLER_DOS_NAME);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, CALLER_NAME);
    RtlInitUnicodeString(&Link, CALLER_DOS_NAME);
    Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CallerOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CallerOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CallerOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CallerControl;
    DriverObject->DriverUnload = CallerUnload;
    return STATUS_SUCCESS;
}
