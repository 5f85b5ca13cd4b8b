/* SPDX-License-Identifier: MIT */
/*
 * toaster.c - a WDM function driver with plug and play, power, WMI and a device interface: the
 * published samples' way of writing it.
 */
#include <ntddk.h>
#include <initguid.h>
#include <wdmguid.h>
#include <wmistr.h>
#include <wmilib.h>
#include <ntstrsafe.h>
#include "dontuse.h"

/* {781EF630-72B2-11d2-B852-00C04EAD5171} */
DEFINE_GUID(GUID_DEVINTERFACE_COMPILE_TOASTER, 0x781EF630, 0x72B2, 0x11d2, 0xB8, 0x52, 0x00, 0xC0,
            0x4E, 0xAD, 0x51, 0x71);
DEFINE_GUID(COMPILE_TOASTER_WMI_STD_DATA_GUID, 0xBBA21300L, 0x6DD3, 0x11d2, 0xB8, 0x44, 0x00, 0xC0,
            0x4F, 0xAD, 0x51, 0x71);

#define TOASTER_POOL_TAG (ULONG)'saoT'
#define MOFRESOURCENAME  L"ToasterWMI"

typedef enum _DEVICE_PNP_STATE {
    NotStarted = 0,
    Started,
    StopPending,
    Stopped,
    RemovePending,
    SurpriseRemovePending,
    Deleted
} DEVICE_PNP_STATE;

typedef struct _TOASTER_STD_DEVICE_DATA {
    UINT32 ConnectorType;
    UINT32 Capacity;
    UINT32 ErrorCount;
    UINT32 Controls;
    UINT32 DebugPrintLevel;
} TOASTER_STD_DEVICE_DATA, *PTOASTER_STD_DEVICE_DATA;

typedef struct _FDO_DATA {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT UnderlyingPDO;
    PDEVICE_OBJECT NextLowerDriver;
    DEVICE_PNP_STATE DevicePnPState;
    DEVICE_PNP_STATE PreviousPnPState;
    UNICODE_STRING InterfaceName;
    IO_REMOVE_LOCK RemoveLock;
    WMILIB_CONTEXT WmiLibInfo;
    TOASTER_STD_DEVICE_DATA StdDeviceData;
    DEVICE_POWER_STATE DevicePowerState;
    PIRP PendingSIrp;
} FDO_DATA, *PFDO_DATA;

#define INITIALIZE_PNP_STATE(_Data_)                                                               \
    (_Data_)->DevicePnPState = NotStarted;                                                         \
    (_Data_)->PreviousPnPState = NotStarted;
#define SET_NEW_PNP_STATE(_Data_, _state_)                                                         \
    (_Data_)->PreviousPnPState = (_Data_)->DevicePnPState;                                         \
    (_Data_)->DevicePnPState = (_state_);

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE ToasterAddDevice;
DRIVER_UNLOAD ToasterUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE)
    _Dispatch_type_(IRP_MJ_CLEANUP) DRIVER_DISPATCH ToasterCreateClose;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH ToasterDispatchPnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH ToasterDispatchPower;
_Dispatch_type_(IRP_MJ_SYSTEM_CONTROL) DRIVER_DISPATCH ToasterSystemControl;
IO_COMPLETION_ROUTINE ToasterDispatchPnpComplete;
IO_COMPLETION_ROUTINE ToasterCompletionOnSIrp;
REQUEST_POWER_COMPLETE ToasterCompletionOnDIrp;
WMI_QUERY_REGINFO_CALLBACK ToasterQueryWmiRegInfo;
WMI_QUERY_DATABLOCK_CALLBACK ToasterQueryWmiDataBlock;
WMI_SET_DATABLOCK_CALLBACK ToasterSetWmiDataBlock;
WMI_SET_DATAITEM_CALLBACK ToasterSetWmiDataItem;

static NTSTATUS ToasterSendIrpSynchronously(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ToasterAddDevice)
#pragma alloc_text(PAGE, ToasterCreateClose)
#pragma alloc_text(PAGE, ToasterDispatchPnp)
#pragma alloc_text(PAGE, ToasterSystemControl)
#pragma alloc_text(PAGE, ToasterUnload)
#endif

static WMIGUIDREGINFO ToasterWmiGuidList[] = {
    {&COMPILE_TOASTER_WMI_STD_DATA_GUID, 1, 0},
};
static UNICODE_STRING ToasterRegistryPath;

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath)
{
    ToasterRegistryPath.MaximumLength = RegistryPath->Length + sizeof(UNICODE_NULL);
    ToasterRegistryPath.Length = RegistryPath->Length;
    ToasterRegistryPath.Buffer =
        ExAllocatePoolWithTag(PagedPool, ToasterRegistryPath.MaximumLength, TOASTER_POOL_TAG);
    if (NULL == ToasterRegistryPath.Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyUnicodeString(&ToasterRegistryPath, RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_PNP] = ToasterDispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = ToasterDispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = ToasterSystemControl;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ToasterCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ToasterCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ToasterCreateClose;
    DriverObject->DriverExtension->AddDevice = ToasterAddDevice;
    DriverObject->DriverUnload = ToasterUnload;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID ToasterUnload(PDRIVER_OBJECT DriverObject)
{
    PAGED_CODE();
    ASSERT(DriverObject->DeviceObject == NULL);
    UNREFERENCED_PARAMETER(DriverObject);
    if (ToasterRegistryPath.Buffer != NULL)
        ExFreePool(ToasterRegistryPath.Buffer);
}

_Use_decl_annotations_ NTSTATUS ToasterAddDevice(PDRIVER_OBJECT DriverObject,
                                                 PDEVICE_OBJECT PhysicalDeviceObject)
{
    NTSTATUS status = STATUS_SUCCESS;
    PDEVICE_OBJECT deviceObject = NULL;
    PFDO_DATA fdoData;
    POWER_STATE powerState;

    PAGED_CODE();
    status = IoCreateDevice(DriverObject, sizeof(FDO_DATA), NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &deviceObject);
    if (!NT_SUCCESS(status))
        return status;
    fdoData = (PFDO_DATA)deviceObject->DeviceExtension;
    RtlZeroMemory(fdoData, sizeof(FDO_DATA));
    INITIALIZE_PNP_STATE(fdoData);
    fdoData->UnderlyingPDO = PhysicalDeviceObject;
    fdoData->Self = deviceObject;
    IoInitializeRemoveLock(&fdoData->RemoveLock, TOASTER_POOL_TAG, 1, 5);
    deviceObject->Flags |= DO_POWER_PAGABLE;
    deviceObject->Flags |= DO_BUFFERED_IO;
    fdoData->NextLowerDriver = IoAttachDeviceToDeviceStack(deviceObject, PhysicalDeviceObject);
    if (NULL == fdoData->NextLowerDriver) {
        IoDeleteDevice(deviceObject);
        return STATUS_NO_SUCH_DEVICE;
    }
    status =
        IoRegisterDeviceInterface(PhysicalDeviceObject, (LPGUID)&GUID_DEVINTERFACE_COMPILE_TOASTER,
                                  NULL, &fdoData->InterfaceName);
    if (!NT_SUCCESS(status)) {
        IoDetachDevice(fdoData->NextLowerDriver);
        IoDeleteDevice(deviceObject);
        return status;
    }
    fdoData->DevicePowerState = PowerDeviceD3;
    powerState.DeviceState = PowerDeviceD3;
    PoSetPowerState(deviceObject, DevicePowerState, powerState);
    fdoData->WmiLibInfo.GuidCount = sizeof(ToasterWmiGuidList) / sizeof(WMIGUIDREGINFO);
    fdoData->WmiLibInfo.GuidList = ToasterWmiGuidList;
    fdoData->WmiLibInfo.QueryWmiRegInfo = ToasterQueryWmiRegInfo;
    fdoData->WmiLibInfo.QueryWmiDataBlock = ToasterQueryWmiDataBlock;
    fdoData->WmiLibInfo.SetWmiDataBlock = ToasterSetWmiDataBlock;
    fdoData->WmiLibInfo.SetWmiDataItem = ToasterSetWmiDataItem;
    fdoData->WmiLibInfo.ExecuteWmiMethod = NULL;
    fdoData->WmiLibInfo.WmiFunctionControl = NULL;
    deviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return status;
}

_Use_decl_annotations_ NTSTATUS ToasterDispatchPnpComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                           PVOID Context)
{
    PKEVENT event = (PKEVENT)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned)
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS ToasterSendIrpSynchronously(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp)
{
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, ToasterDispatchPnpComplete, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(DeviceObject, Irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
    }
    return status;
}

_Use_decl_annotations_ NTSTATUS ToasterDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFDO_DATA fdoData = (PFDO_DATA)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    POWER_STATE powerState;
    NTSTATUS status;

    PAGED_CODE();
    status = IoAcquireRemoveLock(&fdoData->RemoveLock, Irp);
    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NO_SUCH_DEVICE;
    }
    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = ToasterSendIrpSynchronously(fdoData->NextLowerDriver, Irp);
        if (NT_SUCCESS(status)) {
            status = IoSetDeviceInterfaceState(&fdoData->InterfaceName, TRUE);
            fdoData->DevicePowerState = PowerDeviceD0;
            powerState.DeviceState = PowerDeviceD0;
            PoSetPowerState(DeviceObject, DevicePowerState, powerState);
            SET_NEW_PNP_STATE(fdoData, Started);
            (void)IoWMIRegistrationControl(DeviceObject, WMIREG_ACTION_REGISTER);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        IoReleaseRemoveLock(&fdoData->RemoveLock, Irp);
        return status;
    case IRP_MN_QUERY_REMOVE_DEVICE:
        SET_NEW_PNP_STATE(fdoData, RemovePending);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        if (RemovePending == fdoData->DevicePnPState) {
            fdoData->DevicePnPState = fdoData->PreviousPnPState;
        }
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        SET_NEW_PNP_STATE(fdoData, SurpriseRemovePending);
        (void)IoWMIRegistrationControl(DeviceObject, WMIREG_ACTION_DEREGISTER);
        IoSetDeviceInterfaceState(&fdoData->InterfaceName, FALSE);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        if (SurpriseRemovePending != fdoData->DevicePnPState) {
            (void)IoWMIRegistrationControl(DeviceObject, WMIREG_ACTION_DEREGISTER);
            IoSetDeviceInterfaceState(&fdoData->InterfaceName, FALSE);
        }
        SET_NEW_PNP_STATE(fdoData, Deleted);
        IoReleaseRemoveLockAndWait(&fdoData->RemoveLock, Irp);
        RtlFreeUnicodeString(&fdoData->InterfaceName);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(fdoData->NextLowerDriver, Irp);
        IoDetachDevice(fdoData->NextLowerDriver);
        IoDeleteDevice(fdoData->Self);
        return status;
    case IRP_MN_QUERY_STOP_DEVICE:
        SET_NEW_PNP_STATE(fdoData, StopPending);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_CANCEL_STOP_DEVICE:
        SET_NEW_PNP_STATE(fdoData, Started);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_STOP_DEVICE:
        SET_NEW_PNP_STATE(fdoData, Stopped);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    default:
        break;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(fdoData->NextLowerDriver, Irp);
    IoReleaseRemoveLock(&fdoData->RemoveLock, Irp);
    return status;
}

_Use_decl_annotations_ NTSTATUS ToasterCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* ---- power ---- */

_Use_decl_annotations_ VOID ToasterCompletionOnDIrp(PDEVICE_OBJECT DeviceObject,
                                                    UCHAR MinorFunction, POWER_STATE PowerState,
                                                    PVOID PowerContext, PIO_STATUS_BLOCK IoStatus)
{
    PFDO_DATA fdoData = (PFDO_DATA)PowerContext;
    PIRP sIrp = fdoData->PendingSIrp;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(MinorFunction);
    UNREFERENCED_PARAMETER(PowerState);
    fdoData->PendingSIrp = NULL;
    sIrp->IoStatus.Status = IoStatus->Status;
    PoStartNextPowerIrp(sIrp);
    IoCompleteRequest(sIrp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&fdoData->RemoveLock, sIrp);
}

_Use_decl_annotations_ NTSTATUS ToasterCompletionOnSIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                        PVOID Context)
{
    PFDO_DATA fdoData = (PFDO_DATA)Context;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    POWER_STATE state;
    NTSTATUS status = Irp->IoStatus.Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(status)) {
        state.DeviceState = stack->Parameters.Power.State.SystemState == PowerSystemWorking
                                ? PowerDeviceD0
                                : PowerDeviceD3;
        fdoData->PendingSIrp = Irp;
        status = PoRequestPowerIrp(fdoData->Self, stack->MinorFunction, state,
                                   ToasterCompletionOnDIrp, fdoData, NULL);
    }
    if (status != STATUS_PENDING) {
        PoStartNextPowerIrp(Irp);
        IoReleaseRemoveLock(&fdoData->RemoveLock, Irp);
        return STATUS_CONTINUE_COMPLETION;
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_ NTSTATUS ToasterDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFDO_DATA fdoData = (PFDO_DATA)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = IoAcquireRemoveLock(&fdoData->RemoveLock, Irp);

    if (!NT_SUCCESS(status)) {
        PoStartNextPowerIrp(Irp);
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NO_SUCH_DEVICE;
    }
    if ((stack->MinorFunction == IRP_MN_SET_POWER || stack->MinorFunction == IRP_MN_QUERY_POWER) &&
        stack->Parameters.Power.Type == SystemPowerState) {
        IoMarkIrpPending(Irp);
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, (PIO_COMPLETION_ROUTINE)ToasterCompletionOnSIrp, fdoData, TRUE,
                               TRUE, TRUE);
        PoCallDriver(fdoData->NextLowerDriver, Irp);
        return STATUS_PENDING;
    }
    if (stack->MinorFunction == IRP_MN_SET_POWER) {
        fdoData->DevicePowerState = stack->Parameters.Power.State.DeviceState;
        PoSetPowerState(DeviceObject, DevicePowerState, stack->Parameters.Power.State);
    }
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    status = PoCallDriver(fdoData->NextLowerDriver, Irp);
    IoReleaseRemoveLock(&fdoData->RemoveLock, Irp);
    return status;
}

/* ---- WMI ---- */

_Use_decl_annotations_ NTSTATUS ToasterSystemControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFDO_DATA fdoData = (PFDO_DATA)DeviceObject->DeviceExtension;
    SYSCTL_IRP_DISPOSITION disposition;
    NTSTATUS status;

    PAGED_CODE();
    status = IoAcquireRemoveLock(&fdoData->RemoveLock, Irp);
    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NO_SUCH_DEVICE;
    }
    status = WmiSystemControl(&fdoData->WmiLibInfo, DeviceObject, Irp, &disposition);
    switch (disposition) {
    case IrpProcessed:
        break;
    case IrpNotCompleted:
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        break;
    case IrpForward:
    case IrpNotWmi:
    default:
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(fdoData->NextLowerDriver, Irp);
        break;
    }
    IoReleaseRemoveLock(&fdoData->RemoveLock, Irp);
    return status;
}

_Use_decl_annotations_ NTSTATUS ToasterQueryWmiRegInfo(PDEVICE_OBJECT DeviceObject, ULONG *RegFlags,
                                                       PUNICODE_STRING InstanceName,
                                                       PUNICODE_STRING *RegistryPath,
                                                       PUNICODE_STRING MofResourceName,
                                                       PDEVICE_OBJECT *Pdo)
{
    PFDO_DATA fdoData = DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(InstanceName);
    *RegFlags = WMIREG_FLAG_INSTANCE_PDO;
    *RegistryPath = &ToasterRegistryPath;
    *Pdo = fdoData->UnderlyingPDO;
    RtlInitUnicodeString(MofResourceName, MOFRESOURCENAME);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS ToasterQueryWmiDataBlock(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                         ULONG GuidIndex, ULONG InstanceIndex,
                                                         ULONG InstanceCount,
                                                         PULONG InstanceLengthArray,
                                                         ULONG OutBufferSize, PUCHAR Buffer)
{
    PFDO_DATA fdoData = (PFDO_DATA)DeviceObject->DeviceExtension;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG size = sizeof(TOASTER_STD_DEVICE_DATA);

    UNREFERENCED_PARAMETER(InstanceCount);
    ASSERT(InstanceIndex == 0 && InstanceCount == 1 && GuidIndex == 0);
    UNREFERENCED_PARAMETER(InstanceIndex);
    UNREFERENCED_PARAMETER(GuidIndex);
    if (OutBufferSize < size) {
        status = STATUS_BUFFER_TOO_SMALL;
    } else {
        *(PTOASTER_STD_DEVICE_DATA)Buffer = fdoData->StdDeviceData;
        *InstanceLengthArray = size;
    }
    return WmiCompleteRequest(DeviceObject, Irp, status, size, IO_NO_INCREMENT);
}

_Use_decl_annotations_ NTSTATUS ToasterSetWmiDataBlock(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                       ULONG GuidIndex, ULONG InstanceIndex,
                                                       ULONG InBufferSize, PUCHAR Buffer)
{
    PFDO_DATA fdoData = (PFDO_DATA)DeviceObject->DeviceExtension;
    NTSTATUS status = STATUS_BUFFER_TOO_SMALL;

    UNREFERENCED_PARAMETER(GuidIndex);
    UNREFERENCED_PARAMETER(InstanceIndex);
    if (InBufferSize >= sizeof(TOASTER_STD_DEVICE_DATA)) {
        fdoData->StdDeviceData = *(PTOASTER_STD_DEVICE_DATA)Buffer;
        status = STATUS_SUCCESS;
    }
    return WmiCompleteRequest(DeviceObject, Irp, status, 0, IO_NO_INCREMENT);
}

_Use_decl_annotations_ NTSTATUS ToasterSetWmiDataItem(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                      ULONG GuidIndex, ULONG InstanceIndex,
                                                      ULONG DataItemId, ULONG InBufferSize,
                                                      PUCHAR Buffer)
{
    PFDO_DATA fdoData = (PFDO_DATA)DeviceObject->DeviceExtension;
    NTSTATUS status = STATUS_WMI_READ_ONLY;

    UNREFERENCED_PARAMETER(GuidIndex);
    UNREFERENCED_PARAMETER(InstanceIndex);
    if (DataItemId == 5) {
        status = STATUS_BUFFER_TOO_SMALL;
        if (InBufferSize >= sizeof(ULONG)) {
            fdoData->StdDeviceData.DebugPrintLevel = *((PULONG)Buffer);
            status = STATUS_SUCCESS;
        }
    }
    return WmiCompleteRequest(DeviceObject, Irp, status, 0, IO_NO_INCREMENT);
}
