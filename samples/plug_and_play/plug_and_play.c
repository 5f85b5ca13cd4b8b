/* SPDX-License-Identifier: MIT */
/*
 * plug_and_play.c - the driver of a card: an interface that programs find by its GUID, resources
 * that START brings, and every state that PnP can put a device into.
 *
 * It counts what it is asked, and refuses where a program has said so. A remove lock holds REMOVE
 * off until the last request has left. PnP's requests come one at a time: State and what START
 * brought need no lock but against a report, which reads single words.
 */
#include <ntddk.h>
#include <initguid.h>
#include <wdmguid.h>
#include "plug_and_play_public.h"
#include "card_bus.h"

#define TAG 0x44524143 /* CARD */

typedef struct _EXTENSION {
    PDEVICE_OBJECT Pdo, Lower;
    UNICODE_STRING Interface;
    IO_REMOVE_LOCK RemoveLock;
    CARD_STATE State;
    ULONG Refuses; /* CARD_REFUSES_* */
    BOOLEAN Move;  /* it asks for other I/O ports */
    ULONG Serial, PortStart, PortLength, Vector, Irql;
} EXTENSION, *PEXTENSION;

static LONG Asked[32]; /* by minor function, of all cards */

DRIVER_INITIALIZE DriverEntry;
static DRIVER_ADD_DEVICE CardAddDevice;
static DRIVER_UNLOAD CardUnload;
static DRIVER_DISPATCH CardPnp, CardPower, CardOpenClose, CardControl;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Pass(PEXTENSION Extension, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

/* ---- resources ---- */

/* After IOCTL_CARD_MOVE: the same, but with ports from CARD_PORT_MOVED on. */
static NTSTATUS FilterRequirements(PEXTENSION Extension, PIRP Irp)
{
    PIO_RESOURCE_REQUIREMENTS_LIST List;
    PIO_RESOURCE_DESCRIPTOR Descriptor;
    ULONG i;

    if (!IoForwardIrpSynchronously(Extension->Lower, Irp))
        return Complete(Irp, STATUS_UNSUCCESSFUL, 0);
    List = (PIO_RESOURCE_REQUIREMENTS_LIST)Irp->IoStatus.Information;
    if (!Extension->Move || List == NULL)
        return Complete(Irp, Irp->IoStatus.Status, (ULONG_PTR)List);
    Descriptor = List->List[0].Descriptors;
    for (i = 0; i < List->List[0].Count; i++) {
        if (Descriptor[i].Type == CmResourceTypePort)
            Descriptor[i].u.Port.MinimumAddress.QuadPart = CARD_PORT_MOVED;
    }
    return Complete(Irp, STATUS_SUCCESS, (ULONG_PTR)List);
}

/* What was granted: ports as they are, the interrupt raw (its vector) and translated (its level).
 */
static VOID TakeResources(PEXTENSION Extension, PIO_STACK_LOCATION Stack)
{
    PCM_RESOURCE_LIST Raw = Stack->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST Translated = Stack->Parameters.StartDevice.AllocatedResourcesTranslated;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR RawNext, Next;
    ULONG i;

    if (Raw == NULL || Translated == NULL)
        return;
    RawNext = Raw->List[0].PartialResourceList.PartialDescriptors;
    Next = Translated->List[0].PartialResourceList.PartialDescriptors;
    for (i = 0; i < Translated->List[0].PartialResourceList.Count; i++) {
        if (Next[i].Type == CmResourceTypePort) {
            Extension->PortStart = (ULONG)Next[i].u.Port.Start.QuadPart;
            Extension->PortLength = Next[i].u.Port.Length;
        } else if (Next[i].Type == CmResourceTypeInterrupt) {
            Extension->Vector = RawNext[i].u.Interrupt.Vector;
            Extension->Irql = Next[i].u.Interrupt.Level;
        }
    }
}

/* ---- the bus's direct calls ---- */

/* IRP_MN_QUERY_INTERFACE to the stack below, which is started. */
static VOID AskSerial(PEXTENSION Extension)
{
    CARD_INTERFACE Interface = {0};
    IO_STATUS_BLOCK Status = {0};
    PIO_STACK_LOCATION Stack;
    KEVENT Done;
    PIRP Irp;

    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    Irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, Extension->Lower, NULL, 0, NULL, &Done, &Status);
    if (Irp == NULL)
        return;
    Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    Stack->Parameters.QueryInterface.InterfaceType = &GUID_CARD_INTERFACE;
    Stack->Parameters.QueryInterface.Size = sizeof(Interface);
    Stack->Parameters.QueryInterface.Version = CARD_INTERFACE_VERSION;
    Stack->Parameters.QueryInterface.Interface = &Interface.Header;
    if (IoCallDriver(Extension->Lower, Irp) == STATUS_PENDING)
        KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    if (!NT_SUCCESS(Status.Status))
        return;
    Extension->Serial = Interface.GetSerial(Interface.Header.Context);
    Interface.Header.InterfaceDereference(Interface.Header.Context);
}

/* ---- IRP_MJ_PNP ---- */

static NTSTATUS Start(PEXTENSION Extension, PIRP Irp)
{
    NTSTATUS Status;

    /* From the bus up: the device is there once those below have started. */
    if (!IoForwardIrpSynchronously(Extension->Lower, Irp))
        return Complete(Irp, STATUS_UNSUCCESSFUL, 0);
    Status = Irp->IoStatus.Status;
    if (NT_SUCCESS(Status)) {
        TakeResources(Extension, IoGetCurrentIrpStackLocation(Irp));
        AskSerial(Extension);
        /* After a pause it is on already. */
        Status = IoSetDeviceInterfaceState(&Extension->Interface, TRUE);
        if (Status == STATUS_OBJECT_NAME_EXISTS)
            Status = STATUS_SUCCESS;
    }
    if (NT_SUCCESS(Status))
        Extension->State = CardStarted;
    return Complete(Irp, Status, 0);
}

static NTSTATUS Remove(PDEVICE_OBJECT Device, PEXTENSION Extension, PIRP Irp)
{
    NTSTATUS Status;

    IoSetDeviceInterfaceState(&Extension->Interface, FALSE);
    IoReleaseRemoveLockAndWait(&Extension->RemoveLock, Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Status = Pass(Extension, Irp);
    IoDetachDevice(Extension->Lower);
    RtlFreeUnicodeString(&Extension->Interface);
    IoDeleteDevice(Device);
    return Status;
}

/* A request that only changes the state, or is refused. */
static NTSTATUS Change(PEXTENSION Extension, PIRP Irp, CARD_STATE State, ULONG RefusedBy)
{
    if (Extension->Refuses & RefusedBy)
        return Complete(Irp, STATUS_DEVICE_BUSY, 0);
    Extension->State = State;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    return Pass(Extension, Irp);
}

static NTSTATUS NTAPI CardPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEXTENSION Extension = Device->DeviceExtension;
    UCHAR Minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return Complete(Irp, Status, 0);
    if (Minor < RTL_NUMBER_OF(Asked))
        InterlockedIncrement(&Asked[Minor]);
    switch (Minor) {
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        Status = FilterRequirements(Extension, Irp);
        break;
    case IRP_MN_START_DEVICE:
        Status = Start(Extension, Irp);
        break;
    case IRP_MN_QUERY_STOP_DEVICE:
        Status = Change(Extension, Irp, CardStopPending, CARD_REFUSES_STOP);
        break;
    case IRP_MN_STOP_DEVICE:
        Extension->PortStart = Extension->PortLength = Extension->Vector = Extension->Irql = 0;
        Status = Change(Extension, Irp, CardStopped, 0);
        break;
    case IRP_MN_CANCEL_STOP_DEVICE: /* comes also where this driver itself refused */
        Extension->Move = FALSE;
        Status = Change(Extension, Irp, CardStarted, 0);
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
        Status = Change(Extension, Irp, CardRemovePending, CARD_REFUSES_REMOVE);
        break;
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Status = Change(Extension, Irp, CardStarted, 0);
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        IoSetDeviceInterfaceState(&Extension->Interface, FALSE);
        Status = Change(Extension, Irp, CardSurpriseRemoved, 0);
        break;
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Device, Extension, Irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        if (Extension->Move && Extension->PortStart < CARD_PORT_MOVED) {
            Irp->IoStatus.Information |= PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED;
            Irp->IoStatus.Status = STATUS_SUCCESS;
        }
        Status = Pass(Extension, Irp);
        break;
    default:
        Status = Pass(Extension, Irp);
        break;
    }
    IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI CardPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEXTENSION Extension = Device->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Extension->Lower, Irp);
}

/* ---- the program ---- */

static NTSTATUS NTAPI CardOpenClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Report(PEXTENSION Extension, PIRP Irp)
{
    CARD_REPORT *To = Irp->AssociatedIrp.SystemBuffer;
    ULONG i;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength <
        sizeof(*To))
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    To->State = Extension->State;
    To->Serial = Extension->Serial;
    To->PortStart = Extension->PortStart;
    To->PortLength = Extension->PortLength;
    To->Vector = Extension->Vector;
    To->Irql = Extension->Irql;
    for (i = 0; i < RTL_NUMBER_OF(Asked); i++)
        To->Asked[i] = (ULONG)Asked[i];
    return Complete(Irp, STATUS_SUCCESS, sizeof(*To));
}

static NTSTATUS NTAPI CardControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEXTENSION Extension = Device->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return Complete(Irp, Status, 0);
    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_CARD_REPORT: /* needs no hardware: also of one that was pulled out */
        Status = Report(Extension, Irp);
        break;
    case IOCTL_CARD_REFUSE:
        if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG)) {
            Status = Complete(Irp, STATUS_INVALID_PARAMETER, 0);
            break;
        }
        Extension->Refuses = *(PULONG)Irp->AssociatedIrp.SystemBuffer;
        Status = Complete(Irp, STATUS_SUCCESS, 0);
        break;
    case IOCTL_CARD_MOVE:
        if (Extension->State == CardSurpriseRemoved) {
            Status = Complete(Irp, STATUS_DEVICE_NOT_CONNECTED, 0);
            break;
        }
        Extension->Move = TRUE;
        IoInvalidateDeviceState(
            Extension->Pdo); /* PnP asks for the state, and goes on from there */
        Status = Complete(Irp, STATUS_SUCCESS, 0);
        break;
    default:
        Status = Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
        break;
    }
    IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
    return Status;
}

/* ---- coming and going ---- */

static NTSTATUS NTAPI CardAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo)
{
    PEXTENSION Extension;
    PDEVICE_OBJECT Device;
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(*Extension), NULL, FILE_DEVICE_UNKNOWN, 0,
                                     FALSE, &Device);

    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Device->DeviceExtension;
    Extension->Pdo = Pdo;
    Extension->State = CardAdded;
    IoInitializeRemoveLock(&Extension->RemoveLock, TAG, 0, 0);
    Status = IoRegisterDeviceInterface(Pdo, &GUID_DEVINTERFACE_CARD, NULL, &Extension->Interface);
    if (NT_SUCCESS(Status)) {
        Extension->Lower = IoAttachDeviceToDeviceStack(Device, Pdo);
        if (Extension->Lower == NULL) {
            RtlFreeUnicodeString(&Extension->Interface);
            Status = STATUS_NO_SUCH_DEVICE;
        }
    }
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI CardUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_PNP] = CardPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = CardPower;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CardOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CardOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CardOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CardControl;
    DriverObject->DriverExtension->AddDevice = CardAddDevice;
    DriverObject->DriverUnload = CardUnload;
    return STATUS_SUCCESS;
}
