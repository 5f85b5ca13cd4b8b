/* SPDX-License-Identifier: MIT */
/*
 * devicetree.c - lists all drivers, their devices and the stacks these stand in, as the tool
 * DeviceTree does: the \Driver directory of the object manager names the drivers, each driver
 * object knows its devices, each device knows what it is attached to.
 *
 * Everything is held by a reference while it is looked at, and all of it may have gone a moment
 * later.
 */
#include <ntifs.h>

#include "layered.h"

#define TREE_NAME L"\\Device\\DeviceTree"
#define TREE_LINK L"\\??\\DeviceTree"
#define TREE_TAG  0x65657254 /* Tree */

/* What every driver that does this declares for itself. */
typedef struct _TREE_DIRECTORY_INFORMATION {
    UNICODE_STRING Name;
    UNICODE_STRING TypeName;
} TREE_DIRECTORY_INFORMATION;
NTSYSAPI NTSTATUS NTAPI ZwQueryDirectoryObject(HANDLE DirectoryHandle, PVOID Buffer, ULONG Length,
                                               BOOLEAN ReturnSingleEntry, BOOLEAN RestartScan,
                                               PULONG Context, PULONG ReturnLength);
NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes,
                                                   PACCESS_STATE PassedAccessState,
                                                   ACCESS_MASK DesiredAccess,
                                                   POBJECT_TYPE ObjectType,
                                                   KPROCESSOR_MODE AccessMode, PVOID ParseContext,
                                                   PVOID *Object);
extern NTKERNELAPI POBJECT_TYPE *IoDriverObjectType;

/* The answer as far as there is room. */
typedef struct _TREE_LIST {
    TREE_ENTRY *Entries;
    ULONG Room, Count; /* Count: how many there are */
} TREE_LIST;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD TreeUnload;
static DRIVER_DISPATCH TreeOpenClose, TreeControl;

static NTSTATUS TreeComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI TreeOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return TreeComplete(Irp, STATUS_SUCCESS, 0);
}

static TREE_ENTRY *TreeNewEntry(TREE_LIST *List, ULONG Kind)
{
    TREE_ENTRY *Entry = NULL;

    if (List->Count < List->Room) {
        Entry = &List->Entries[List->Count];
        RtlZeroMemory(Entry, sizeof(*Entry));
        Entry->Kind = Kind;
    }
    List->Count++;
    return Entry;
}

static VOID TreeSetName(TREE_ENTRY *Entry, PCUNICODE_STRING Name)
{
    USHORT Length = Name->Length;

    if (Length > sizeof(Entry->Name) - sizeof(WCHAR))
        Length = sizeof(Entry->Name) - sizeof(WCHAR);
    if (Length != 0)
        RtlCopyMemory(Entry->Name, Name->Buffer, Length);
}

static VOID TreeAddDevice(TREE_LIST *List, PDEVICE_OBJECT Device)
{
    union {
        OBJECT_NAME_INFORMATION Information;
        UCHAR Bytes[sizeof(OBJECT_NAME_INFORMATION) + 256];
    } Name;
    TREE_ENTRY *Entry = TreeNewEntry(List, TREE_DEVICE);
    PDEVICE_OBJECT Other;
    ULONG Length;

    if (Entry == NULL)
        return;
    Entry->DeviceType = Device->DeviceType;
    Entry->Flags = Device->Flags;
    Entry->StackSize = (ULONG)Device->StackSize;
    Entry->Device = (ULONG_PTR)Device;
    Other = IoGetLowerDeviceObject(Device);
    if (Other != NULL) {
        Entry->Lower = (ULONG_PTR)Other;
        ObDereferenceObject(Other);
    }
    Other = IoGetAttachedDeviceReference(Device);
    Entry->Top = (ULONG_PTR)Other;
    ObDereferenceObject(Other);
    if (NT_SUCCESS(ObQueryNameString(Device, &Name.Information, sizeof(Name), &Length)))
        TreeSetName(Entry, &Name.Information.Name);
}

/* Asks how many there are, makes room, asks again: more may have come. */
static NTSTATUS TreeAddDevices(TREE_LIST *List, PDRIVER_OBJECT Driver)
{
    PDEVICE_OBJECT *Devices = NULL;
    ULONG Room = 0, Count = 0, i;
    NTSTATUS Status;

    while ((Status = IoEnumerateDeviceObjectList(Driver, Devices, Room * sizeof(*Devices),
                                                 &Count)) == STATUS_BUFFER_TOO_SMALL) {
        /* Those that fitted were given with a reference each. */
        for (i = 0; i < Room && i < Count; i++)
            ObDereferenceObject(Devices[i]);
        if (Devices != NULL)
            ExFreePool(Devices);
        Room = Count + 4;
        Devices = ExAllocatePoolWithTag(NonPagedPool, Room * sizeof(*Devices), TREE_TAG);
        if (Devices == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(Status)) {
        for (i = 0; i < Count; i++) {
            TreeAddDevice(List, Devices[i]);
            ObDereferenceObject(Devices[i]);
        }
    }
    if (Devices != NULL)
        ExFreePool(Devices);
    return Status;
}

static NTSTATUS TreeAddDriver(TREE_LIST *List, PCUNICODE_STRING Name)
{
    static const WCHAR Directory[] = L"\\Driver\\";
    WCHAR Buffer[128];
    UNICODE_STRING Path;
    TREE_ENTRY *Entry;
    PDRIVER_OBJECT Driver;
    NTSTATUS Status;

    RtlCopyMemory(Buffer, Directory, sizeof(Directory));
    Path.Buffer = Buffer;
    Path.Length = sizeof(Directory) - sizeof(WCHAR);
    Path.MaximumLength = sizeof(Buffer);
    Status = RtlAppendUnicodeStringToString(&Path, Name);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByName(&Path, OBJ_CASE_INSENSITIVE, NULL, 0, *IoDriverObjectType,
                                     KernelMode, NULL, (PVOID *)&Driver);
    if (!NT_SUCCESS(Status))
        return STATUS_SUCCESS; /* it has been unloaded since, or is something else */
    Entry = TreeNewEntry(List, TREE_DRIVER);
    if (Entry != NULL)
        TreeSetName(Entry, &Driver->DriverName);
    Status = TreeAddDevices(List, Driver);
    ObDereferenceObject(Driver);
    return Status;
}

static NTSTATUS TreeBuild(TREE_LIST *List)
{
    union {
        TREE_DIRECTORY_INFORMATION Information;
        UCHAR Bytes[512];
    } Buffer;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    ULONG Context = 0;
    HANDLE Directory;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, L"\\Driver");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Status = ZwOpenDirectoryObject(&Directory, DIRECTORY_QUERY, &Attributes);
    if (!NT_SUCCESS(Status))
        return Status;
    while (NT_SUCCESS(Status)) {
        Status = ZwQueryDirectoryObject(Directory, &Buffer, sizeof(Buffer), TRUE, Context == 0,
                                        &Context, NULL);
        if (NT_SUCCESS(Status))
            Status = TreeAddDriver(List, &Buffer.Information.Name);
    }
    ZwClose(Directory);
    return Status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : Status;
}

static NTSTATUS NTAPI TreeControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    TREE_LIST List;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_TREE)
        return TreeComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    List.Entries = Irp->AssociatedIrp.SystemBuffer;
    List.Room = Stack->Parameters.DeviceIoControl.OutputBufferLength / sizeof(TREE_ENTRY);
    List.Count = 0;
    Status = TreeBuild(&List);
    if (!NT_SUCCESS(Status))
        return TreeComplete(Irp, Status, 0);
    if (List.Count > List.Room)
        return TreeComplete(Irp, STATUS_BUFFER_OVERFLOW, List.Room * sizeof(TREE_ENTRY));
    return TreeComplete(Irp, STATUS_SUCCESS, List.Count * sizeof(TREE_ENTRY));
}

static VOID NTAPI TreeUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, TREE_LINK);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, TREE_NAME);
    RtlInitUnicodeString(&Link, TREE_LINK);
    Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = TreeOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = TreeOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = TreeOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TreeControl;
    DriverObject->DriverUnload = TreeUnload;
    return STATUS_SUCCESS;
}
