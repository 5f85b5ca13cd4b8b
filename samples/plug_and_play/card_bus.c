/* SPDX-License-Identifier: MIT */
/*
 * card_bus.c - a small bus: its program plugs cards in and pulls them out (IOCTL_BUS_*), and PnP
 * asks for them, for who they are and what resources they need.
 *
 * A card's PDO lives from PLUG until REMOVE comes for it after it was no longer reported. Lock
 * guards the list and each card's Present and Reported.
 */
#include <ntddk.h>
#include <initguid.h>
#include <wdmguid.h>
#include "plug_and_play_public.h"
#include "card_bus.h"

#define TAG 0x53554243 /* CBUS */

typedef struct _BUS_EXTENSION {
    BOOLEAN IsCard; /* FALSE, first in both kinds of extension */
    PDEVICE_OBJECT Pdo, Lower;
    UNICODE_STRING Interface;
    FAST_MUTEX Lock;
    LIST_ENTRY Cards;
} BUS_EXTENSION, *PBUS_EXTENSION;

typedef struct _CARD_EXTENSION {
    BOOLEAN IsCard; /* TRUE */
    PDEVICE_OBJECT Self;
    PBUS_EXTENSION Bus;
    LIST_ENTRY Link;
    CARD_PLUG Plug;
    BOOLEAN Present, Reported;
} CARD_EXTENSION, *PCARD_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_ADD_DEVICE BusAddDevice;
static DRIVER_UNLOAD BusUnload;
static DRIVER_DISPATCH BusPnp, BusPower, BusOpenClose, BusControl;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* ---- a card's PDO ---- */

/* A device ID, an instance ID, or a list of hardware IDs; a second zero ends a list. */
static NTSTATUS CardId(PCARD_EXTENSION Card, BUS_QUERY_ID_TYPE Type, PIRP Irp)
{
    UNICODE_STRING Number;
    WCHAR *Text;

    if (Type != BusQueryDeviceID && Type != BusQueryInstanceID && Type != BusQueryHardwareIDs)
        return Complete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    Text = ExAllocatePoolWithTag(PagedPool, 64 * sizeof(WCHAR), TAG);
    if (Text == NULL)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(Text, 64 * sizeof(WCHAR));
    if (Type == BusQueryInstanceID) {
        Number.Buffer = Text;
        Number.Length = 0;
        Number.MaximumLength = 32 * sizeof(WCHAR);
        RtlIntegerToUnicodeString(Card->Plug.Serial, 10, &Number);
    } else {
        RtlCopyMemory(Text, L"LABBUS\\Card", sizeof(L"LABBUS\\Card"));
    }
    return Complete(Irp, STATUS_SUCCESS, (ULONG_PTR)Text);
}

static VOID WantPorts(PIO_RESOURCE_DESCRIPTOR Descriptor, ULONG First, ULONG Last)
{
    Descriptor->Type = CmResourceTypePort;
    Descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    Descriptor->Flags = CM_RESOURCE_PORT_IO;
    Descriptor->u.Port.Length = CARD_PORT_LENGTH;
    Descriptor->u.Port.Alignment = CARD_PORT_LENGTH;
    Descriptor->u.Port.MinimumAddress.QuadPart = First;
    Descriptor->u.Port.MaximumAddress.QuadPart = Last;
}

/* I/O ports, or (unless it is fixed) some others; and an interrupt of its own. */
static NTSTATUS CardRequirements(PCARD_EXTENSION Card, PIRP Irp)
{
    ULONG Count = Card->Plug.Fixed ? 2 : 3;
    SIZE_T Bytes = FIELD_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, List[0].Descriptors) +
                   Count * sizeof(IO_RESOURCE_DESCRIPTOR);
    PIO_RESOURCE_REQUIREMENTS_LIST List = ExAllocatePoolWithTag(PagedPool, Bytes, TAG);
    PIO_RESOURCE_DESCRIPTOR Next;

    if (List == NULL)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlZeroMemory(List, Bytes);
    List->ListSize = (ULONG)Bytes;
    List->InterfaceType = Internal;
    List->AlternativeLists = 1;
    List->List[0].Version = List->List[0].Revision = 1;
    List->List[0].Count = Count;
    Next = List->List[0].Descriptors;
    WantPorts(Next++, CARD_PORT_FIRST, CARD_PORT_FIRST + CARD_PORT_LENGTH - 1);
    if (!Card->Plug.Fixed) {
        WantPorts(Next, CARD_PORT_OTHER, CARD_PORT_LAST);
        Next++->Option = IO_RESOURCE_ALTERNATIVE;
    }
    Next->Type = CmResourceTypeInterrupt;
    Next->ShareDisposition = CmResourceShareDeviceExclusive;
    Next->Flags = CM_RESOURCE_INTERRUPT_LATCHED;
    Next->u.Interrupt.MinimumVector = 5;
    Next->u.Interrupt.MaximumVector = 7;
    return Complete(Irp, STATUS_SUCCESS, (ULONG_PTR)List);
}

static ULONG NTAPI CardGetSerial(PVOID Context)
{
    return ((PCARD_EXTENSION)Context)->Plug.Serial;
}

static VOID NTAPI CardReference(PVOID Context)
{
    ObReferenceObject(((PCARD_EXTENSION)Context)->Self);
}

static VOID NTAPI CardDereference(PVOID Context)
{
    ObDereferenceObject(((PCARD_EXTENSION)Context)->Self);
}

static NTSTATUS CardQueryInterface(PCARD_EXTENSION Card, PIO_STACK_LOCATION Stack, PIRP Irp)
{
    CARD_INTERFACE *Interface = (CARD_INTERFACE *)Stack->Parameters.QueryInterface.Interface;

    if (!IsEqualGUID(Stack->Parameters.QueryInterface.InterfaceType, &GUID_CARD_INTERFACE) ||
        Stack->Parameters.QueryInterface.Version != CARD_INTERFACE_VERSION ||
        Stack->Parameters.QueryInterface.Size < sizeof(*Interface))
        return Complete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    Interface->Header.Size = sizeof(*Interface);
    Interface->Header.Version = CARD_INTERFACE_VERSION;
    Interface->Header.Context = Card;
    Interface->Header.InterfaceReference = CardReference;
    Interface->Header.InterfaceDereference = CardDereference;
    Interface->GetSerial = CardGetSerial;
    CardReference(Card); /* who asked gives it back */
    return Complete(Irp, STATUS_SUCCESS, 0);
}

/* The device behind a file: PnP asks when somebody wants to hear of its fate. */
static NTSTATUS CardTarget(PCARD_EXTENSION Card, PIRP Irp)
{
    PDEVICE_RELATIONS Relations = ExAllocatePoolWithTag(PagedPool, sizeof(*Relations), TAG);

    if (Relations == NULL)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ObReferenceObject(Card->Self);
    Relations->Count = 1;
    Relations->Objects[0] = Card->Self;
    return Complete(Irp, STATUS_SUCCESS, (ULONG_PTR)Relations);
}

static NTSTATUS CardRemove(PCARD_EXTENSION Card, PIRP Irp)
{
    PDEVICE_OBJECT Self = Card->Self;
    BOOLEAN Gone;

    ExAcquireFastMutex(&Card->Bus->Lock);
    Gone = !Card->Reported; /* one that is still there keeps its PDO, for other drivers */
    if (Gone)
        RemoveEntryList(&Card->Link);
    ExReleaseFastMutex(&Card->Bus->Lock);
    Complete(Irp, STATUS_SUCCESS, 0);
    if (Gone)
        IoDeleteDevice(Self);
    return STATUS_SUCCESS;
}

static NTSTATUS CardPnp(PCARD_EXTENSION Card, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_CAPABILITIES Capabilities;

    switch (Stack->MinorFunction) {
    case IRP_MN_QUERY_ID:
        return CardId(Card, Stack->Parameters.QueryId.IdType, Irp);
    case IRP_MN_QUERY_CAPABILITIES:
        Capabilities = Stack->Parameters.DeviceCapabilities.Capabilities;
        Capabilities->UniqueID = TRUE;
        Capabilities->Removable = TRUE;
        Capabilities->SurpriseRemovalOK = TRUE;
        Capabilities->Address = Card->Plug.Serial;
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        return CardRequirements(Card, Irp);
    case IRP_MN_QUERY_INTERFACE:
        return CardQueryInterface(Card, Stack, Irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Stack->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation)
            return CardTarget(Card, Irp);
        break;
    case IRP_MN_REMOVE_DEVICE:
        return CardRemove(Card, Irp);
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        return Complete(Irp, STATUS_SUCCESS, 0);
    }
    return Complete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
}

/* ---- the bus ---- */

static NTSTATUS Pass(PBUS_EXTENSION Bus, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Bus->Lower, Irp);
}

static NTSTATUS BusRelations_(PBUS_EXTENSION Bus, PIRP Irp)
{
    PDEVICE_RELATIONS Relations;
    PLIST_ENTRY Link;
    ULONG Count = 0;

    ExAcquireFastMutex(&Bus->Lock);
    for (Link = Bus->Cards.Flink; Link != &Bus->Cards; Link = Link->Flink)
        Count++;
    Relations = ExAllocatePoolWithTag(
        PagedPool, sizeof(*Relations) + Count * sizeof(Relations->Objects[0]), TAG);
    if (Relations != NULL) {
        PDEVICE_OBJECT *Next = Relations->Objects;

        for (Link = Bus->Cards.Flink; Link != &Bus->Cards; Link = Link->Flink) {
            PCARD_EXTENSION Card = CONTAINING_RECORD(Link, CARD_EXTENSION, Link);

            Card->Reported = Card->Present;
            if (!Card->Present)
                continue;
            ObReferenceObject(Card->Self);
            *Next++ = Card->Self;
        }
        Relations->Count = (ULONG)(Next - Relations->Objects);
    }
    ExReleaseFastMutex(&Bus->Lock);
    if (Relations == NULL)
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = (ULONG_PTR)Relations;
    return Pass(Bus, Irp);
}

static NTSTATUS BusRemove(PDEVICE_OBJECT Device, PBUS_EXTENSION Bus, PIRP Irp)
{
    NTSTATUS Status;

    IoSetDeviceInterfaceState(&Bus->Interface, FALSE);
    /* Children that PnP has let go already, but that were still plugged in. */
    while (!IsListEmpty(&Bus->Cards))
        IoDeleteDevice(CONTAINING_RECORD(RemoveHeadList(&Bus->Cards), CARD_EXTENSION, Link)->Self);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Status = Pass(Bus, Irp);
    IoDetachDevice(Bus->Lower);
    RtlFreeUnicodeString(&Bus->Interface);
    IoDeleteDevice(Device);
    return Status;
}

static NTSTATUS NTAPI BusPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PBUS_EXTENSION Bus = Device->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    if (Bus->IsCard)
        return CardPnp(Device->DeviceExtension, Irp);
    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        if (!IoForwardIrpSynchronously(Bus->Lower, Irp))
            return Complete(Irp, STATUS_UNSUCCESSFUL, 0);
        if (NT_SUCCESS(Irp->IoStatus.Status))
            Irp->IoStatus.Status = IoSetDeviceInterfaceState(&Bus->Interface, TRUE);
        return Complete(Irp, Irp->IoStatus.Status, 0);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (Stack->Parameters.QueryDeviceRelations.Type == BusRelations)
            return BusRelations_(Bus, Irp);
        return Pass(Bus, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return BusRemove(Device, Bus, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        IoSetDeviceInterfaceState(&Bus->Interface, FALSE);
        /* fall through */
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return Pass(Bus, Irp);
    }
    return Pass(Bus, Irp);
}

static NTSTATUS NTAPI BusPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    PBUS_EXTENSION Bus = Device->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    if (Bus->IsCard)
        return Complete(Irp, STATUS_SUCCESS, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Bus->Lower, Irp);
}

/* An open of a card ends at the card's own driver: this is the bus. */
static NTSTATUS NTAPI BusOpenClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    PBUS_EXTENSION Bus = Device->DeviceExtension;

    return Complete(Irp, Bus->IsCard ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS, 0);
}

static PCARD_EXTENSION FindCard(PBUS_EXTENSION Bus, ULONG Serial)
{
    PLIST_ENTRY Link;

    for (Link = Bus->Cards.Flink; Link != &Bus->Cards; Link = Link->Flink) {
        PCARD_EXTENSION Card = CONTAINING_RECORD(Link, CARD_EXTENSION, Link);

        if (Card->Present && Card->Plug.Serial == Serial)
            return Card;
    }
    return NULL;
}

static NTSTATUS PlugIn(PDEVICE_OBJECT Device, PBUS_EXTENSION Bus, const CARD_PLUG *Plug)
{
    PCARD_EXTENSION Card;
    PDEVICE_OBJECT Pdo;
    NTSTATUS Status = IoCreateDevice(Device->DriverObject, sizeof(*Card), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &Pdo);

    if (!NT_SUCCESS(Status))
        return Status;
    Card = Pdo->DeviceExtension;
    Card->IsCard = TRUE;
    Card->Self = Pdo;
    Card->Bus = Bus;
    Card->Plug = *Plug;
    Card->Present = TRUE;
    Pdo->Flags &= ~DO_DEVICE_INITIALIZING;
    ExAcquireFastMutex(&Bus->Lock);
    if (FindCard(Bus, Plug->Serial) != NULL)
        Status = STATUS_OBJECT_NAME_COLLISION;
    else
        InsertTailList(&Bus->Cards, &Card->Link);
    ExReleaseFastMutex(&Bus->Lock);
    if (!NT_SUCCESS(Status))
        IoDeleteDevice(Pdo);
    return Status;
}

static NTSTATUS PullOut(PBUS_EXTENSION Bus, ULONG Serial)
{
    PCARD_EXTENSION Card;

    ExAcquireFastMutex(&Bus->Lock);
    Card = FindCard(Bus, Serial);
    if (Card != NULL)
        Card->Present = FALSE;
    ExReleaseFastMutex(&Bus->Lock);
    return Card != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

static NTSTATUS NTAPI BusControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PBUS_EXTENSION Bus = Device->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG Need = Code == IOCTL_BUS_PLUG ? sizeof(CARD_PLUG) : sizeof(ULONG);
    NTSTATUS Status;

    if (Bus->IsCard || (Code != IOCTL_BUS_PLUG && Code != IOCTL_BUS_UNPLUG))
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < Need)
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    Status = Code == IOCTL_BUS_PLUG ? PlugIn(Device, Bus, Irp->AssociatedIrp.SystemBuffer)
                                    : PullOut(Bus, *(PULONG)Irp->AssociatedIrp.SystemBuffer);
    if (NT_SUCCESS(Status))
        IoInvalidateDeviceRelations(Bus->Pdo, BusRelations);
    return Complete(Irp, Status, 0);
}

static NTSTATUS NTAPI BusAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo)
{
    PBUS_EXTENSION Bus;
    PDEVICE_OBJECT Device;
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(*Bus), NULL, FILE_DEVICE_BUS_EXTENDER, 0,
                                     FALSE, &Device);

    if (!NT_SUCCESS(Status))
        return Status;
    Bus = Device->DeviceExtension;
    Bus->Pdo = Pdo;
    ExInitializeFastMutex(&Bus->Lock);
    InitializeListHead(&Bus->Cards);
    Status = IoRegisterDeviceInterface(Pdo, &GUID_DEVINTERFACE_CARD_BUS, NULL, &Bus->Interface);
    if (NT_SUCCESS(Status)) {
        Bus->Lower = IoAttachDeviceToDeviceStack(Device, Pdo);
        if (Bus->Lower == NULL) {
            RtlFreeUnicodeString(&Bus->Interface);
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

static VOID NTAPI BusUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_PNP] = BusPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = BusPower;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = BusOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = BusOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = BusOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = BusControl;
    DriverObject->DriverExtension->AddDevice = BusAddDevice;
    DriverObject->DriverUnload = BusUnload;
    return STATUS_SUCCESS;
}
