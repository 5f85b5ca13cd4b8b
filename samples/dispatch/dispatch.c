/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - one dispatch routine for every major function, and how each comes to it.
 *
 * Three devices: the buffered one is the function device of a plug and play stack; the direct and
 * the neither one stand beside it. Most majors come from a program's calls; PNP, POWER and SHUTDOWN
 * from the system; what only other drivers send the driver sends itself (DispatchSend).
 */
#include "dispatch.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_ADD_DEVICE DispatchAdd;
static DRIVER_UNLOAD DispatchUnload;
static DRIVER_DISPATCH DispatchAny;
static IO_COMPLETION_ROUTINE DispatchSent;
static REQUEST_POWER_COMPLETE DispatchPowered;

static const PCWSTR DeviceNames[DispatchWays] = {
    L"\\Device\\DispatchBuffered", L"\\Device\\DispatchDirect", L"\\Device\\DispatchNeither"};
static const PCWSTR LinkNames[DispatchWays] = {L"\\??\\DispatchBuffered", L"\\??\\DispatchDirect",
                                               L"\\??\\DispatchNeither"};
static LONG Counts[DISPATCH_MAJORS]; /* interlocked */

NTSTATUS DispatchComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID DispatchCounts(ULONG *To)
{
    for (ULONG i = 0; i < DISPATCH_MAJORS; i++)
        To[i] = (ULONG)InterlockedCompareExchange(&Counts[i], 0, 0);
}

/* ---- what a file is asked and told ---- */

static NTSTATUS DispatchQueryInformation(PDISPATCH_EXTENSION Extension, PIRP Irp,
                                         PIO_STACK_LOCATION Stack)
{
    FILE_STANDARD_INFORMATION *Standard = Irp->AssociatedIrp.SystemBuffer;

    if (Stack->Parameters.QueryFile.FileInformationClass != FileStandardInformation)
        return DispatchComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    if (Stack->Parameters.QueryFile.Length < sizeof(*Standard))
        return DispatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlZeroMemory(Standard, sizeof(*Standard));
    Standard->AllocationSize.QuadPart = DISPATCH_SIZE;
    ExAcquireFastMutex(&Extension->Lock);
    Standard->EndOfFile.QuadPart = Extension->Size;
    ExReleaseFastMutex(&Extension->Lock);
    Standard->NumberOfLinks = 1;
    return DispatchComplete(Irp, STATUS_SUCCESS, sizeof(*Standard));
}

static NTSTATUS DispatchSetInformation(PDISPATCH_EXTENSION Extension, PIRP Irp,
                                       PIO_STACK_LOCATION Stack)
{
    FILE_END_OF_FILE_INFORMATION *End = Irp->AssociatedIrp.SystemBuffer;

    if (Stack->Parameters.SetFile.FileInformationClass != FileEndOfFileInformation ||
        End->EndOfFile.QuadPart < 0)
        return DispatchComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    if (End->EndOfFile.QuadPart > DISPATCH_SIZE)
        return DispatchComplete(Irp, STATUS_DISK_FULL, 0);
    ExAcquireFastMutex(&Extension->Lock);
    if (End->EndOfFile.LowPart > Extension->Size)
        RtlZeroMemory(Extension->Data + Extension->Size, End->EndOfFile.LowPart - Extension->Size);
    Extension->Size = End->EndOfFile.LowPart;
    ExReleaseFastMutex(&Extension->Lock);
    return DispatchComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS DispatchQueryVolume(PDISPATCH_EXTENSION Extension, PIRP Irp,
                                    PIO_STACK_LOCATION Stack)
{
    FILE_FS_VOLUME_INFORMATION *Volume = Irp->AssociatedIrp.SystemBuffer;
    const ULONG Fixed = FIELD_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeLabel);
    ULONG Length = Stack->Parameters.QueryVolume.Length, Bytes;

    if (Stack->Parameters.QueryVolume.FsInformationClass != FileFsVolumeInformation)
        return DispatchComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    RtlZeroMemory(Volume, Fixed);
    Volume->VolumeSerialNumber = 0x20260101;
    ExAcquireFastMutex(&Extension->Lock);
    Bytes = Volume->VolumeLabelLength = Extension->LabelBytes;
    if (Bytes > Length - Fixed)
        Bytes = Length - Fixed;
    RtlCopyMemory(Volume->VolumeLabel, Extension->Label, Bytes);
    ExReleaseFastMutex(&Extension->Lock);
    return DispatchComplete(
        Irp, Bytes < Volume->VolumeLabelLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS,
        Fixed + Bytes);
}

static NTSTATUS DispatchSetVolume(PDISPATCH_EXTENSION Extension, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    FILE_FS_LABEL_INFORMATION *Label = Irp->AssociatedIrp.SystemBuffer;
    const ULONG Fixed = FIELD_OFFSET(FILE_FS_LABEL_INFORMATION, VolumeLabel);

    if (Stack->Parameters.SetVolume.FsInformationClass != FileFsLabelInformation ||
        Label->VolumeLabelLength > Stack->Parameters.SetVolume.Length - Fixed)
        return DispatchComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    if (Label->VolumeLabelLength > sizeof(Extension->Label))
        return DispatchComplete(Irp, STATUS_INVALID_VOLUME_LABEL, 0);
    ExAcquireFastMutex(&Extension->Lock);
    Extension->LabelBytes = Label->VolumeLabelLength;
    RtlCopyMemory(Extension->Label, Label->VolumeLabel, Label->VolumeLabelLength);
    ExReleaseFastMutex(&Extension->Lock);
    return DispatchComplete(Irp, STATUS_SUCCESS, 0);
}

/* The descriptor goes to the program's own buffer. */
static NTSTATUS DispatchQuerySecurity(PDISPATCH_EXTENSION Extension, PIRP Irp,
                                      PIO_STACK_LOCATION Stack)
{
    UCHAR Copy[sizeof(Extension->Security)];
    NTSTATUS Status;
    ULONG Bytes;

    ExAcquireFastMutex(&Extension->Lock);
    Bytes = Extension->SecurityBytes;
    RtlCopyMemory(Copy, Extension->Security, Bytes);
    ExReleaseFastMutex(&Extension->Lock);
    if (Stack->Parameters.QuerySecurity.Length < Bytes) /* so many are needed */
        return DispatchComplete(Irp, STATUS_BUFFER_OVERFLOW, Bytes);
    Status = DispatchToUser(Irp->UserBuffer, Copy, Bytes);
    return DispatchComplete(Irp, Status, NT_SUCCESS(Status) ? Bytes : 0);
}

static NTSTATUS DispatchSetSecurity(PDISPATCH_EXTENSION Extension, PIRP Irp,
                                    PIO_STACK_LOCATION Stack)
{
    PSECURITY_DESCRIPTOR Descriptor = Stack->Parameters.SetSecurity.SecurityDescriptor;
    ULONG Bytes = RtlLengthSecurityDescriptor(Descriptor);

    if (Bytes > sizeof(Extension->Security))
        return DispatchComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExAcquireFastMutex(&Extension->Lock);
    RtlCopyMemory(Extension->Security, Descriptor, Bytes);
    Extension->SecurityBytes = Bytes;
    ExReleaseFastMutex(&Extension->Lock);
    return DispatchComplete(Irp, STATUS_SUCCESS, 0);
}

/* One lock for all of the file, whatever the range. */
static NTSTATUS DispatchLock(PDISPATCH_EXTENSION Extension, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS Status = STATUS_SUCCESS;

    ExAcquireFastMutex(&Extension->Lock);
    if (Stack->MinorFunction == 1) { /* IRP_MN_LOCK, of ntifs.h; else it is unlocked */
        if (Extension->Locked != NULL)
            Status = STATUS_LOCK_NOT_GRANTED;
        else
            Extension->Locked = Stack->FileObject;
    } else if (Extension->Locked != Stack->FileObject) {
        Status = STATUS_RANGE_NOT_LOCKED;
    } else {
        Extension->Locked = NULL;
    }
    ExReleaseFastMutex(&Extension->Lock);
    return DispatchComplete(Irp, Status, 0);
}

static NTSTATUS DispatchCleanup(PDISPATCH_EXTENSION Extension, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    ExAcquireFastMutex(&Extension->Lock);
    if (Extension->Locked == Stack->FileObject)
        Extension->Locked = NULL;
    ExReleaseFastMutex(&Extension->Lock);
    return DispatchComplete(Irp, STATUS_SUCCESS, 0);
}

/* ---- the stack ---- */

static NTSTATUS DispatchForward(PDISPATCH_EXTENSION Extension, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

static VOID DispatchDelete(PDISPATCH_EXTENSION Function)
{
    /* The function device last: its extension says which the others are. */
    for (LONG i = DispatchWays - 1; i >= 0; i--) {
        UNICODE_STRING Link;

        if (Function->Device[i] == NULL)
            continue;
        RtlInitUnicodeString(&Link, LinkNames[i]);
        IoDeleteSymbolicLink(&Link);
        IoDeleteDevice(Function->Device[i]);
    }
}

static NTSTATUS DispatchPnp(PDISPATCH_EXTENSION Extension, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS Status;

    switch (Stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        if (!IoForwardIrpSynchronously(Extension->Lower, Irp))
            return DispatchComplete(Irp, STATUS_UNSUCCESSFUL, 0);
        return DispatchComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    case IRP_MN_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        Status = DispatchForward(Extension, Irp);
        IoUnregisterShutdownNotification(Extension->Function);
        IoDetachDevice(Extension->Lower);
        DispatchDelete(Extension);
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
    return DispatchForward(Extension, Irp);
}

static NTSTATUS DispatchPower(PDISPATCH_EXTENSION Extension, PIRP Irp)
{
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Extension->Lower, Irp);
}

/* ---- the one dispatch routine ---- */

static NTSTATUS NTAPI DispatchAny(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISPATCH_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    InterlockedIncrement(&Counts[Stack->MajorFunction]);
    DbgPrint("dispatch: major %02x minor %02x in process %p\n", Stack->MajorFunction,
             Stack->MinorFunction, PsGetCurrentProcess());
    switch (Stack->MajorFunction) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CLOSE:
    case IRP_MJ_FLUSH_BUFFERS: /* nothing is kept back */
    case IRP_MJ_FILE_SYSTEM_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
    case IRP_MJ_SHUTDOWN:
        return DispatchComplete(Irp, STATUS_SUCCESS, 0);
    case IRP_MJ_CLEANUP:
        return DispatchCleanup(Extension, Irp, Stack);
    case IRP_MJ_READ:
        return DispatchReadWrite(DeviceObject, Irp, FALSE);
    case IRP_MJ_WRITE:
        return DispatchReadWrite(DeviceObject, Irp, TRUE);
    case IRP_MJ_DEVICE_CONTROL:
        return DispatchDeviceControl(DeviceObject, Irp);
    case IRP_MJ_QUERY_INFORMATION:
        return DispatchQueryInformation(Extension, Irp, Stack);
    case IRP_MJ_SET_INFORMATION:
        return DispatchSetInformation(Extension, Irp, Stack);
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
        return DispatchQueryVolume(Extension, Irp, Stack);
    case IRP_MJ_SET_VOLUME_INFORMATION:
        return DispatchSetVolume(Extension, Irp, Stack);
    case IRP_MJ_QUERY_SECURITY:
        return DispatchQuerySecurity(Extension, Irp, Stack);
    case IRP_MJ_SET_SECURITY:
        return DispatchSetSecurity(Extension, Irp, Stack);
    case IRP_MJ_LOCK_CONTROL:
        return DispatchLock(Extension, Irp, Stack);
    case IRP_MJ_PNP:
        return DispatchPnp(Extension, Irp, Stack);
    case IRP_MJ_POWER:
        return DispatchPower(Extension, Irp);
    case IRP_MJ_SYSTEM_CONTROL:
        return DispatchForward(Extension, Irp);
    default: /* seen, and not served */
        return DispatchComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

/* ---- what only drivers send ---- */

static NTSTATUS NTAPI DispatchSent(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED; /* the IRP is this driver's, which frees it */
}

static VOID NTAPI DispatchPowered(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                  POWER_STATE PowerState, PVOID Context, PIO_STATUS_BLOCK IoStatus)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(MinorFunction);
    UNREFERENCED_PARAMETER(PowerState);
    UNREFERENCED_PARAMETER(IoStatus);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS DispatchSendPower(PDEVICE_OBJECT Top, PKEVENT Event)
{
    POWER_STATE State;
    NTSTATUS Status;

    State.DeviceState = PowerDeviceD0;
    Status = PoRequestPowerIrp(Top, IRP_MN_SET_POWER, State, DispatchPowered, Event, NULL);
    if (Status != STATUS_PENDING)
        return Status;
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS;
}

static NTSTATUS DispatchSendInternal(PDEVICE_OBJECT Top, PKEVENT Event)
{
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;
    PIRP Irp = IoBuildDeviceIoControlRequest(IOCTL_DISPATCH_BUFFERED, Top, NULL, 0, NULL, 0,
                                             TRUE /* internal */, Event, &IoStatus);

    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = IoCallDriver(Top, Irp); /* the I/O manager frees it at its end */
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    return Status;
}

NTSTATUS DispatchSend(PDISPATCH_EXTENSION Extension, ULONG Major)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PDEVICE_OBJECT Top;
    KEVENT Event;
    PIRP Irp;

    switch (Major) {
    case IRP_MJ_CREATE_NAMED_PIPE: /* for the named pipe file system alone */
    case IRP_MJ_CREATE_MAILSLOT:   /* for the mailslot file system */
    case IRP_MJ_QUERY_EA:          /* these are file systems' too */
    case IRP_MJ_SET_EA:
    case IRP_MJ_QUERY_QUOTA:
    case IRP_MJ_SET_QUOTA:
    case IRP_MJ_DIRECTORY_CONTROL:
    case IRP_MJ_DEVICE_CHANGE:           /* reserved: nobody sends it */
    case IRP_MJ_INTERNAL_DEVICE_CONTROL: /* from the driver above */
    case IRP_MJ_SYSTEM_CONTROL:          /* from WMI */
    case IRP_MJ_POWER:                   /* from the power manager */
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Top = IoGetAttachedDeviceReference(Extension->Function);
    if (Major == IRP_MJ_POWER) {
        Status = DispatchSendPower(Top, &Event);
    } else if (Major == IRP_MJ_INTERNAL_DEVICE_CONTROL) {
        Status = DispatchSendInternal(Top, &Event);
    } else if ((Irp = IoAllocateIrp(Top->StackSize, FALSE)) == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        IoGetNextIrpStackLocation(Irp)->MajorFunction = (UCHAR)Major;
        IoSetCompletionRoutine(Irp, DispatchSent, &Event, TRUE, TRUE, TRUE);
        IoCallDriver(Top, Irp);
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        IoFreeIrp(Irp);
    }
    ObDereferenceObject(Top);
    return Status;
}

/* ---- making and unmaking ---- */

static NTSTATUS DispatchMake(PDRIVER_OBJECT DriverObject, DISPATCH_WAY Way, PDEVICE_OBJECT *Device)
{
    /* Revision 1, self-relative, the owner S-1-1-0 behind the head, no group, no lists. */
    static const UCHAR Security[] = {1, 0, 0, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                     0, 0, 0, 0,    1,  1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    PDISPATCH_EXTENSION Extension;
    UNICODE_STRING Name, Link;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, DeviceNames[Way]);
    RtlInitUnicodeString(&Link, LinkNames[Way]);
    Status = IoCreateDevice(DriverObject, sizeof(DISPATCH_EXTENSION), &Name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(*Device);
        *Device = NULL;
        return Status;
    }
    Extension = (*Device)->DeviceExtension;
    Extension->Way = Way;
    ExInitializeFastMutex(&Extension->Lock);
    Extension->SecurityBytes = sizeof(Security);
    RtlCopyMemory(Extension->Security, Security, sizeof(Security));
    if (Way == DispatchBuffered)
        (*Device)->Flags |= DO_BUFFERED_IO;
    else if (Way == DispatchDirect)
        (*Device)->Flags |= DO_DIRECT_IO;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI DispatchAdd(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT Device[DispatchWays] = {NULL, NULL, NULL};
    PDISPATCH_EXTENSION Function;
    NTSTATUS Status = DispatchMake(DriverObject, DispatchBuffered, &Device[DispatchBuffered]);

    if (!NT_SUCCESS(Status))
        return Status;
    Function = Device[DispatchBuffered]->DeviceExtension;
    for (ULONG i = 0; NT_SUCCESS(Status) && i < DispatchWays; i++) {
        if (i != DispatchBuffered)
            Status = DispatchMake(DriverObject, (DISPATCH_WAY)i, &Device[i]);
        if (NT_SUCCESS(Status)) {
            Function->Device[i] = Device[i];
            ((PDISPATCH_EXTENSION)Device[i]->DeviceExtension)->Function = Device[DispatchBuffered];
        }
    }
    if (NT_SUCCESS(Status))
        Status = IoRegisterShutdownNotification(Device[DispatchBuffered]);
    if (NT_SUCCESS(Status)) {
        Function->Lower =
            IoAttachDeviceToDeviceStack(Device[DispatchBuffered], PhysicalDeviceObject);
        if (Function->Lower == NULL) {
            IoUnregisterShutdownNotification(Device[DispatchBuffered]);
            Status = STATUS_DEVICE_REMOVED;
        }
    }
    if (!NT_SUCCESS(Status)) {
        DispatchDelete(Function);
        return Status;
    }
    for (ULONG i = 0; i < DispatchWays; i++)
        Device[i]->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI DispatchUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject); /* the devices went with IRP_MN_REMOVE_DEVICE */
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DriverObject->MajorFunction[i] = DispatchAny;
    DriverObject->DriverExtension->AddDevice = DispatchAdd;
    DriverObject->DriverUnload = DispatchUnload;
    return STATUS_SUCCESS;
}
