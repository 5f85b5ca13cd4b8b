/* SPDX-License-Identifier: MIT */
/* event.c - sets a program's event after a while: the published samples' way of writing it. */
#include <ntddk.h>
#include "shared.h"

#pragma warning(disable : 4214)
#pragma warning(push)
#pragma warning(disable : 4115 4201)
#pragma warning(pop)

typedef struct _NOTIFY_RECORD {
    PKEVENT Event;
    KDPC Dpc;
    KTIMER Timer;
    PDEVICE_OBJECT DeviceObject;
} NOTIFY_RECORD, *PNOTIFY_RECORD;

typedef struct _DEVICE_EXTENSION {
    PDEVICE_OBJECT Self;
    volatile LONG Outstanding;
    KEVENT AllGone;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD EventUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH_PAGED EventCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH EventDispatchIoControl;
_Function_class_(KDEFERRED_ROUTINE)
    _IRQL_requires_(DISPATCH_LEVEL) _IRQL_requires_same_ KDEFERRED_ROUTINE EventDpc;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, EventUnload, EventCreateClose)
#endif

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT deviceObject;
    UNICODE_STRING ntDeviceName = RTL_CONSTANT_STRING(L"\\Device\\CompileEvent");
    DECLARE_CONST_UNICODE_STRING(linkName, L"\\DosDevices\\CompileEvent");
    PDEVICE_EXTENSION extension;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &ntDeviceName,
                            FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &deviceObject);
    if (!NT_SUCCESS(status))
        return status;
    extension = deviceObject->DeviceExtension;
    extension->Self = deviceObject;
    extension->Outstanding = 1;
    KeInitializeEvent(&extension->AllGone, NotificationEvent, FALSE);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = EventCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = EventCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = EventDispatchIoControl;
    DriverObject->DriverUnload = EventUnload;
    status = IoCreateSymbolicLink((PUNICODE_STRING)&linkName, &ntDeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(deviceObject);
        return status;
    }
    deviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID EventLetGo(_Inout_ PDEVICE_EXTENSION Extension)
{
    if (InterlockedDecrement(&Extension->Outstanding) == 0)
        KeSetEvent(&Extension->AllGone, IO_NO_INCREMENT, FALSE);
}

_Use_decl_annotations_ VOID EventUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION extension = DriverObject->DeviceObject->DeviceExtension;
    UNICODE_STRING linkName;

    PAGED_CODE();
    EventLetGo(extension);
    (void)KeWaitForSingleObject(&extension->AllGone, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    RtlInitUnicodeString(&linkName, L"\\DosDevices\\CompileEvent");
    IoDeleteSymbolicLink(&linkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS EventCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID EventDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                     PVOID SystemArgument2)
{
    PNOTIFY_RECORD record = DeferredContext;
    PDEVICE_EXTENSION extension;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    extension = record->DeviceObject->DeviceExtension;
    KeSetEvent(record->Event, 0, FALSE);
    ObDereferenceObject(record->Event);
    ExFreePoolWithTag(record, 'NEVT');
    EventLetGo(extension);
}

_Use_decl_annotations_ NTSTATUS EventDispatchIoControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION irpStack = IoGetCurrentIrpStackLocation(Irp);
    PREGISTER_EVENT registerEvent = Irp->AssociatedIrp.SystemBuffer;
    PNOTIFY_RECORD record;
    LARGE_INTEGER due;
    NTSTATUS status;

    switch (irpStack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_REGISTER_EVENT:
        if (irpStack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*registerEvent)) {
            status = STATUS_INVALID_PARAMETER;
            break;
        }
        record = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(NOTIFY_RECORD), 'NEVT');
        if (record == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        record->DeviceObject = DeviceObject;
        status = ObReferenceObjectByHandle((HANDLE)(ULONG_PTR)registerEvent->Event,
                                           SYNCHRONIZE | EVENT_MODIFY_STATE, *ExEventObjectType,
                                           Irp->RequestorMode, (PVOID *)&record->Event, NULL);
        if (!NT_SUCCESS(status)) {
            ExFreePoolWithTag(record, 'NEVT');
            break;
        }
        KeInitializeDpc(&record->Dpc, EventDpc, record);
        KeInitializeTimer(&record->Timer);
        due.QuadPart = -10000LL * registerEvent->Milliseconds;
        InterlockedIncrement(&extension->Outstanding);
        KeSetTimer(&record->Timer, due, &record->Dpc);
        status = STATUS_SUCCESS;
        break;
    default:
        ASSERTMSG("unknown code", FALSE || TRUE);
        status = STATUS_NOT_IMPLEMENTED;
        break;
    }
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}
