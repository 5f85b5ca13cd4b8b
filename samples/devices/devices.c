/* SPDX-License-Identifier: MIT */
/*
 * devices.c - several devices of one driver, and stacks of them.
 *
 * AddDevice makes two device objects on each PDO: a function device with a name, and one more above
 * it. So the driver's devices hang together in two ways: side by side (DRIVER_OBJECT.DeviceObject
 * and NextDevice), and one upon the other (AttachedDevice upwards; downwards each device keeps the
 * lower one in its extension, for DEVICE_OBJECT has no such field for drivers). The driver also
 * notes in which process its routines run.
 */
#include <ntddk.h>
#include "devices_public.h"

typedef struct _DEVICES_EXTENSION {
    PDEVICE_OBJECT Lower; /* the device below, where this one was attached */
    PDEVICE_OBJECT Pdo;
    BOOLEAN Named; /* the function device; else the one above it */
    ULONG Number;
} DEVICES_EXTENSION, *PDEVICES_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_ADD_DEVICE DevicesAdd;
static DRIVER_UNLOAD DevicesUnload;
static DRIVER_DISPATCH DevicesOpenClose, DevicesControl, DevicesPnp, DevicesPower, DevicesPass;

static PEPROCESS EntryProcess, AddProcess; /* compared and never dereferenced */
static HANDLE EntryProcessId, AddProcessId;
static LONG NextNumber;

static NTSTATUS DevicesComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS DevicesForward(PDEVICES_EXTENSION Extension, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

/* ---- the two ways through the devices ---- */

static VOID DevicesNote(DEVICES_ENTRY *Entry, PDEVICE_OBJECT Device)
{
    PUNICODE_STRING Name = &Device->DriverObject->DriverName;
    ULONG Length = Name->Length / sizeof(WCHAR);

    if (Length > RTL_NUMBER_OF(Entry->Driver) - 1)
        Length = RTL_NUMBER_OF(Entry->Driver) - 1;
    Entry->Device = (ULONG_PTR)Device;
    RtlCopyMemory(Entry->Driver, Name->Buffer, Length * sizeof(WCHAR));
    Entry->Driver[Length] = 0;
}

/* Side by side: the youngest first. */
static ULONG DevicesWalkNext(PDRIVER_OBJECT Driver, DEVICES_ENTRY *Entries)
{
    ULONG Count = 0;

    for (PDEVICE_OBJECT Device = Driver->DeviceObject; Device != NULL && Count < DEVICES_MOST;
         Device = Device->NextDevice) {
        DbgPrint("devices: side by side %u: device %p of %wZ\n", Count, Device,
                 &Device->DriverObject->DriverName);
        DevicesNote(&Entries[Count++], Device);
    }
    return Count;
}

/* One upon the other, from the bus's device up. */
static ULONG DevicesWalkUp(PDEVICE_OBJECT Lowest, DEVICES_ENTRY *Entries)
{
    ULONG Count = 0;

    for (PDEVICE_OBJECT Device = Lowest; Device != NULL && Count < DEVICES_MOST;
         Device = Device->AttachedDevice) {
        DbgPrint("devices: upwards %u: device %p of %wZ\n", Count, Device,
                 &Device->DriverObject->DriverName);
        DevicesNote(&Entries[Count++], Device);
    }
    return Count;
}

/* From the top down. Extensions of other drivers are theirs: the walk ends at the first such. */
static ULONG DevicesWalkDown(PDEVICE_OBJECT Top, DEVICES_ENTRY *Entries)
{
    PDRIVER_OBJECT Driver = Top->DriverObject;
    ULONG Count = 0;

    for (PDEVICE_OBJECT Device = Top; Device != NULL && Count < DEVICES_MOST;) {
        DbgPrint("devices: downwards %u: device %p of %wZ\n", Count, Device,
                 &Device->DriverObject->DriverName);
        DevicesNote(&Entries[Count++], Device);
        Device = Device->DriverObject == Driver
                     ? ((PDEVICES_EXTENSION)Device->DeviceExtension)->Lower
                     : NULL;
    }
    return Count;
}

static VOID DevicesReport(PDEVICE_OBJECT DeviceObject, DEVICES_REPORT *Report)
{
    PDEVICES_EXTENSION Extension = DeviceObject->DeviceExtension;
    PDEVICE_OBJECT Top = IoGetAttachedDeviceReference(DeviceObject);

    RtlZeroMemory(Report, sizeof(*Report));
    Report->EntryProcess = HandleToULong(EntryProcessId);
    Report->AddProcess = HandleToULong(AddProcessId);
    Report->DispatchProcess = HandleToULong(PsGetCurrentProcessId());
    Report->EntryInSystem = EntryProcess == PsInitialSystemProcess;
    Report->AddInSystem = AddProcess == PsInitialSystemProcess;
    Report->DispatchInSystem = PsGetCurrentProcess() == PsInitialSystemProcess;
    DbgPrint("devices: DriverEntry ran in process %p, AddDevice in %p, this in %p\n", EntryProcess,
             AddProcess, PsGetCurrentProcess());
    Report->NextCount = DevicesWalkNext(DeviceObject->DriverObject, Report->Next);
    Report->UpCount = DevicesWalkUp(Extension->Pdo, Report->Up);
    Report->DownCount = DevicesWalkDown(Top, Report->Down);
    ObDereferenceObject(Top);
}

/* ---- dispatch ---- */

/* The upper device hands everything down; the function device answers. */
static NTSTATUS NTAPI DevicesOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICES_EXTENSION Extension = DeviceObject->DeviceExtension;

    return Extension->Named ? DevicesComplete(Irp, STATUS_SUCCESS, 0)
                            : DevicesForward(Extension, Irp);
}

static NTSTATUS NTAPI DevicesControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICES_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    if (!Extension->Named)
        return DevicesForward(Extension, Irp);
    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_DEVICES_REPORT)
        return DevicesComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(DEVICES_REPORT))
        return DevicesComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    DevicesReport(DeviceObject, Irp->AssociatedIrp.SystemBuffer);
    return DevicesComplete(Irp, STATUS_SUCCESS, sizeof(DEVICES_REPORT));
}

static NTSTATUS NTAPI DevicesPass(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return DevicesForward(DeviceObject->DeviceExtension, Irp);
}

static NTSTATUS NTAPI DevicesPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICES_EXTENSION Extension = DeviceObject->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Extension->Lower, Irp);
}

static VOID DevicesNames(ULONG Number, WCHAR *Name, WCHAR *Link)
{
    static const WCHAR Prefix[] = L"\\Device\\LabDevice", Dos[] = L"\\??\\LabDevice";

    RtlCopyMemory(Name, Prefix, sizeof(Prefix));
    RtlCopyMemory(Link, Dos, sizeof(Dos));
    Name[RTL_NUMBER_OF(Prefix) - 1] = Link[RTL_NUMBER_OF(Dos) - 1] = (WCHAR)(L'0' + Number % 10);
    Name[RTL_NUMBER_OF(Prefix)] = Link[RTL_NUMBER_OF(Dos)] = 0;
}

static NTSTATUS NTAPI DevicesPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICES_EXTENSION Extension = DeviceObject->DeviceExtension;
    WCHAR Name[32], Link[32];
    UNICODE_STRING LinkName;
    NTSTATUS Status;

    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE: /* from the bottom up */
        if (!IoForwardIrpSynchronously(Extension->Lower, Irp))
            return DevicesComplete(Irp, STATUS_UNSUCCESSFUL, 0);
        return DevicesComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    case IRP_MN_REMOVE_DEVICE: /* from the top down; each takes itself out behind it */
        Irp->IoStatus.Status = STATUS_SUCCESS;
        Status = DevicesForward(Extension, Irp);
        IoDetachDevice(Extension->Lower);
        if (Extension->Named) {
            DevicesNames(Extension->Number, Name, Link);
            RtlInitUnicodeString(&LinkName, Link);
            IoDeleteSymbolicLink(&LinkName);
        }
        IoDeleteDevice(DeviceObject);
        return Status;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    }
    return DevicesForward(Extension, Irp);
}

/* ---- making and unmaking ---- */

static NTSTATUS DevicesStack(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo, PUNICODE_STRING Name,
                             ULONG Number, PDEVICE_OBJECT *Device)
{
    PDEVICES_EXTENSION Extension;
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(DEVICES_EXTENSION), Name,
                                     FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, Device);

    if (!NT_SUCCESS(Status))
        return Status;
    Extension = (*Device)->DeviceExtension;
    Extension->Pdo = Pdo;
    Extension->Named = Name != NULL;
    Extension->Number = Number;
    /* On top of whatever stands there by now. */
    Extension->Lower = IoAttachDeviceToDeviceStack(*Device, Pdo);
    if (Extension->Lower == NULL) {
        IoDeleteDevice(*Device);
        return STATUS_DEVICE_REMOVED;
    }
    (*Device)->Flags |= DO_POWER_PAGABLE;
    (*Device)->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI DevicesAdd(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    ULONG Number = (ULONG)InterlockedIncrement(&NextNumber) - 1;
    WCHAR Name[32], Link[32];
    UNICODE_STRING DeviceName, LinkName;
    PDEVICE_OBJECT Function, Upper;
    NTSTATUS Status;

    AddProcess = PsGetCurrentProcess();
    AddProcessId = PsGetCurrentProcessId();
    DevicesNames(Number, Name, Link);
    RtlInitUnicodeString(&DeviceName, Name);
    RtlInitUnicodeString(&LinkName, Link);
    Status = DevicesStack(DriverObject, PhysicalDeviceObject, &DeviceName, Number, &Function);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (NT_SUCCESS(Status)) {
        Status = DevicesStack(DriverObject, PhysicalDeviceObject, NULL, Number, &Upper);
        if (NT_SUCCESS(Status))
            return Status;
        IoDeleteSymbolicLink(&LinkName);
    }
    IoDetachDevice(((PDEVICES_EXTENSION)Function->DeviceExtension)->Lower);
    IoDeleteDevice(Function);
    return Status;
}

static VOID NTAPI DevicesUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject); /* the devices went with IRP_MN_REMOVE_DEVICE */
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    EntryProcess = PsGetCurrentProcess();
    EntryProcessId = PsGetCurrentProcessId();
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DevicesOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DevicesOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DevicesOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DevicesControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DevicesPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = DevicesPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = DevicesPass;
    DriverObject->DriverExtension->AddDevice = DevicesAdd;
    DriverObject->DriverUnload = DevicesUnload;
    return STATUS_SUCCESS;
}
