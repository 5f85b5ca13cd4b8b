/* SPDX-License-Identifier: MIT */
/*
 * hello_wdm.c - a PnP driver: AddDevice puts an FDO on the bus's PDO, START enables an interface,
 * REMOVE takes it all down again. A read gives the greeting that the package wrote to the driver's
 * key.
 */
#include <initguid.h>
#include <wdm.h>
#include "hello_wdm_public.h"

#define GREETING  64         /* bytes, with its zero */
#define HELLO_TAG 0x6c6c6548 /* "Hell" */

typedef struct _DEVICE_EXTENSION {
    PDEVICE_OBJECT Lower;
    IO_REMOVE_LOCK RemoveLock;
    UNICODE_STRING Interface;
    WCHAR Greeting[GREETING / sizeof(WCHAR)];
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_ADD_DEVICE HelloAddDevice;
static DRIVER_UNLOAD HelloUnload;
static DRIVER_DISPATCH HelloCreateClose, HelloRead, HelloPnp, HelloPower, HelloPass;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    (void)RegistryPath;
    Driver->DriverExtension->AddDevice = HelloAddDevice;
    Driver->DriverUnload = HelloUnload;
    Driver->MajorFunction[IRP_MJ_CREATE] = HelloCreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = HelloCreateClose;
    Driver->MajorFunction[IRP_MJ_READ] = HelloRead;
    Driver->MajorFunction[IRP_MJ_PNP] = HelloPnp;
    Driver->MajorFunction[IRP_MJ_POWER] = HelloPower;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = HelloPass;
    return STATUS_SUCCESS;
}

static VOID NTAPI HelloUnload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
}

/* HKR of the package's AddReg: Class\{guid}\NNNN. What is not there stays empty. */
static VOID HelloReadGreeting(PDEVICE_OBJECT Pdo, PDEVICE_EXTENSION Extension)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Greeting");
    UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + GREETING];
    PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    ULONG Length;
    HANDLE Key;

    if (!NT_SUCCESS(IoOpenDeviceRegistryKey(Pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &Key)))
        return;
    if (NT_SUCCESS(ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Value, sizeof(Buffer),
                                   &Length)) &&
        Value->Type == REG_SZ && Value->DataLength <= GREETING)
        RtlCopyMemory(Extension->Greeting, Value->Data, Value->DataLength);
    ZwClose(Key);
}

static NTSTATUS NTAPI HelloAddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_EXTENSION Extension;
    PDEVICE_OBJECT Fdo;
    NTSTATUS Status;

    Status = IoCreateDevice(Driver, sizeof(*Extension), NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &Fdo);
    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Fdo->DeviceExtension;
    IoInitializeRemoveLock(&Extension->RemoveLock, HELLO_TAG, 0, 0);
    HelloReadGreeting(Pdo, Extension);
    Status =
        IoRegisterDeviceInterface(Pdo, &GUID_DEVINTERFACE_HELLO_WDM, NULL, &Extension->Interface);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Fdo);
        return Status;
    }
    Extension->Lower = IoAttachDeviceToDeviceStack(Fdo, Pdo);
    if (Extension->Lower == NULL) {
        RtlFreeUnicodeString(&Extension->Interface);
        IoDeleteDevice(Fdo);
        return STATUS_NO_SUCH_DEVICE;
    }
    Fdo->Flags |= DO_BUFFERED_IO | (Extension->Lower->Flags & DO_POWER_PAGABLE);
    Fdo->Flags &= ~DO_DEVICE_INITIALIZING;
    DbgPrint("hello_wdm: FDO %p over PDO %p\n", Fdo, Pdo);
    return STATUS_SUCCESS;
}

static NTSTATUS HelloComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI HelloCreateClose(PDEVICE_OBJECT Fdo, PIRP Irp)
{
    (void)Fdo;
    return HelloComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI HelloRead(PDEVICE_OBJECT Fdo, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = Fdo->DeviceExtension;
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return HelloComplete(Irp, Status, 0);
    if (Length > sizeof(Extension->Greeting))
        Length = sizeof(Extension->Greeting);
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Extension->Greeting, Length);
    Status = HelloComplete(Irp, STATUS_SUCCESS, Length);
    IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI HelloPass(PDEVICE_OBJECT Fdo, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = Fdo->DeviceExtension;

    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

static NTSTATUS NTAPI HelloPower(PDEVICE_OBJECT Fdo, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = Fdo->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Extension->Lower, Irp);
}

static NTSTATUS NTAPI HelloSignal(PDEVICE_OBJECT Fdo, PIRP Irp, PVOID Context)
{
    (void)Fdo;
    if (Irp->PendingReturned)
        KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The bus starts the device first: only then is there something to work with. */
static NTSTATUS HelloStart(PDEVICE_EXTENSION Extension, PIRP Irp)
{
    NTSTATUS Status;
    KEVENT Done;

    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, HelloSignal, &Done, TRUE, TRUE, TRUE);
    Status = IoCallDriver(Extension->Lower, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
        Status = Irp->IoStatus.Status;
    }
    if (NT_SUCCESS(Status))
        Status = IoSetDeviceInterfaceState(&Extension->Interface, TRUE);
    return HelloComplete(Irp, Status, 0);
}

static NTSTATUS HelloRemove(PDEVICE_OBJECT Fdo, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = Fdo->DeviceExtension;
    NTSTATUS Status;

    IoSetDeviceInterfaceState(&Extension->Interface, FALSE);
    if (NT_SUCCESS(IoAcquireRemoveLock(&Extension->RemoveLock, Irp)))
        IoReleaseRemoveLockAndWait(&Extension->RemoveLock, Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Status = HelloPass(Fdo, Irp);
    IoDetachDevice(Extension->Lower);
    RtlFreeUnicodeString(&Extension->Interface);
    IoDeleteDevice(Fdo);
    return Status;
}

static NTSTATUS NTAPI HelloPnp(PDEVICE_OBJECT Fdo, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = Fdo->DeviceExtension;

    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return HelloStart(Extension, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return HelloRemove(Fdo, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        IoSetDeviceInterfaceState(&Extension->Interface, FALSE);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return HelloPass(Fdo, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return HelloPass(Fdo, Irp);
    default:
        return HelloPass(Fdo, Irp);
    }
}
