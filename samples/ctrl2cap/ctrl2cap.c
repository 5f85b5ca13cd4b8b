/* SPDX-License-Identifier: MIT */
/*
 * ctrl2cap.c - an NT-style filter: attaches by name to \Device\KeyboardClass0 while the system runs
 * and swaps the left Ctrl key and Caps Lock in the completion routine of each read.
 *
 * The trap: a keyboard read is always pending, and its completion routine is ours. So DriverUnload
 * first steps out of the stack, for new reads, and then waits until the last one that passed
 * through here has been completed.
 */
#include <ntddk.h>
#include <ntddkbd.h>

#define LEFT_CTRL 0x1D
#define CAPS_LOCK 0x3A

typedef struct _FILTER {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Lower;
    volatile LONG Reads; /* on their way, and one for the filter itself; at 0 NoReads is set */
    KEVENT NoReads;
} FILTER, *PFILTER;

static DRIVER_DISPATCH Pass, Read, Pnp, Power;
static IO_COMPLETION_ROUTINE ReadDone;
static DRIVER_UNLOAD Unload;
DRIVER_INITIALIZE DriverEntry;

static VOID LetGo(PFILTER Filter)
{
    if (InterlockedDecrement(&Filter->Reads) == 0)
        KeSetEvent(&Filter->NoReads, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS NTAPI Pass(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER Filter = DeviceObject->DeviceExtension;

    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Filter->Lower, Irp);
}

static NTSTATUS NTAPI Power(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER Filter = DeviceObject->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Filter->Lower, Irp);
}

static NTSTATUS NTAPI ReadDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PKEYBOARD_INPUT_DATA Keys = Irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR Count = Irp->IoStatus.Information / sizeof(*Keys);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Irp->IoStatus.Status)) {
        for (ULONG_PTR i = 0; i < Count; i++) {
            if ((Keys[i].Flags & (KEY_E0 | KEY_E1)) != 0)
                continue; /* the right Ctrl key stays */
            if (Keys[i].MakeCode == LEFT_CTRL)
                Keys[i].MakeCode = CAPS_LOCK;
            else if (Keys[i].MakeCode == CAPS_LOCK)
                Keys[i].MakeCode = LEFT_CTRL;
        }
    }
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    LetGo(Context);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER Filter = DeviceObject->DeviceExtension;
    NTSTATUS Status;

    InterlockedIncrement(&Filter->Reads);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    /* -Ex: the driver's code stays until the routine has returned, not only until it has said so.
     */
    Status = IoSetCompletionRoutineEx(DeviceObject, Irp, ReadDone, Filter, TRUE, TRUE, TRUE);
    if (!NT_SUCCESS(Status)) {
        LetGo(Filter);
        Irp->IoStatus.Status = Status;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return Status;
    }
    return IoCallDriver(Filter->Lower, Irp);
}

/* The keyboard goes, and the filter with it. Its reads have been completed by then. */
static NTSTATUS NTAPI Pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER Filter = DeviceObject->DeviceExtension;
    BOOLEAN Removed = IoGetCurrentIrpStackLocation(Irp)->MinorFunction == IRP_MN_REMOVE_DEVICE;
    NTSTATUS Status;

    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Filter->Lower, Irp);
    if (Removed) {
        LetGo(Filter);
        KeWaitForSingleObject(&Filter->NoReads, Executive, KernelMode, FALSE, NULL);
        IoDetachDevice(Filter->Lower);
        IoDeleteDevice(DeviceObject);
    }
    return Status;
}

static NTSTATUS Attach(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(DD_KEYBOARD_DEVICE_NAME_U L"0");
    PDEVICE_OBJECT Target, Self;
    PFILE_OBJECT File;
    PFILTER Filter;
    NTSTATUS Status = IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &File, &Target);

    if (!NT_SUCCESS(Status))
        return Status;
    Status =
        IoCreateDevice(DriverObject, sizeof(FILTER), NULL, FILE_DEVICE_KEYBOARD, 0, FALSE, &Self);
    if (NT_SUCCESS(Status)) {
        Filter = Self->DeviceExtension;
        Filter->Self = Self;
        Filter->Reads = 1;
        KeInitializeEvent(&Filter->NoReads, NotificationEvent, FALSE);
        /* What the device below says of buffers and of power holds for us too. */
        Self->Flags |= Target->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE);
        /* Lower is set before the device can be found above the target. */
        Status = IoAttachDeviceToDeviceStackSafe(Self, Target, &Filter->Lower);
        if (NT_SUCCESS(Status))
            Self->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
        else
            IoDeleteDevice(Self);
    }
    ObDereferenceObject(File); /* being attached keeps the device */
    return Status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT Self = DriverObject->DeviceObject;
    PFILTER Filter;

    if (Self == NULL)
        return; /* the keyboard went before */
    Filter = Self->DeviceExtension;
    IoDetachDevice(Filter->Lower);
    LetGo(Filter);
    DbgPrint("ctrl2cap: waiting for %d reads\n",
             (int)InterlockedCompareExchange(&Filter->Reads, 0, 0));
    KeWaitForSingleObject(&Filter->NoReads, Executive, KernelMode, FALSE, NULL);
    IoDeleteDevice(Self);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DriverObject->MajorFunction[i] = Pass;
    DriverObject->MajorFunction[IRP_MJ_READ] = Read;
    DriverObject->MajorFunction[IRP_MJ_PNP] = Pnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = Power;
    DriverObject->DriverUnload = Unload;
    return Attach(DriverObject);
}
