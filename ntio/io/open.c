/* SPDX-License-Identifier: MIT */
/*
 * open.c - opening: the Parse of devices makes a file object and sends IRP_MJ_CREATE to the top of
 * the stack.
 *
 * A device's ReferenceCount is taken before the driver is asked and given back where it refuses;
 * then no CLEANUP and no CLOSE is sent.
 */
#include "ntio/io/iop.h"

POBJECT_TYPE IopFileType;
NTSYSAPI POBJECT_TYPE *IoFileObjectType = &IopFileType;

#define IOP_VALID_ATTRIBUTES 0x00007fb7
#define IOP_VALID_OPTIONS    0x00ffffff

NTSTATUS IopInitializeFileType(VOID)
{
    static const OB_TYPE_INFO Info = {.Name = L"File",
                                      .Waitable = TRUE,
                                      .DispatcherOffset = FIELD_OFFSET(FILE_OBJECT, Event),
                                      .Parse = IopParseFile,
                                      .Close = IopCloseFile,
                                      .Delete = IopDeleteFile,
                                      .QueryName = IopQueryFileName};
    return ObpCreateType(&Info, &IopFileType);
}

static ACCESS_MASK IopMapFileAccess(ACCESS_MASK Access)
{
    ACCESS_MASK Mapped = Access & ~(ACCESS_MASK)(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE |
                                                 GENERIC_ALL | MAXIMUM_ALLOWED);

    if ((Access & GENERIC_READ) != 0)
        Mapped |= FILE_GENERIC_READ;
    if ((Access & GENERIC_WRITE) != 0)
        Mapped |= FILE_GENERIC_WRITE;
    if ((Access & GENERIC_EXECUTE) != 0)
        Mapped |= FILE_GENERIC_EXECUTE;
    /* Nobody is refused anything here: what may be allowed at most is all. */
    if ((Access & (GENERIC_ALL | MAXIMUM_ALLOWED)) != 0)
        Mapped |= FILE_ALL_ACCESS;
    return Mapped;
}

/* May the device be opened? Then it has a reference more. */
static NTSTATUS IopReferenceForOpen(PDEVICE_OBJECT Device, IOP_OPEN_PACKET *Packet)
{
    PIOP_DEVICE_EXTENSION Extension = IopDeviceExtension(Device);
    NTSTATUS Status = STATUS_SUCCESS;

    KiLock(&IopDeviceLock);
    if (Extension->DeletePending || (Device->Flags & DO_DEVICE_INITIALIZING) != 0 ||
        (Extension->Public.ExtensionFlags &
         (DOE_UNLOAD_PENDING | DOE_DELETE_PENDING | DOE_START_PENDING)) != 0)
        Status = STATUS_NO_SUCH_DEVICE;
    else if (Extension->RemovePending || IopDeviceExtension(IopBottom(Device))->RemovePending)
        Status = STATUS_DELETE_PENDING;
    else if ((Device->Flags & DO_EXCLUSIVE) != 0 && Device->ReferenceCount != 0 &&
             Packet->RelatedFileObject == NULL && (Packet->Options & IO_ATTACH_DEVICE) == 0)
        Status = STATUS_ACCESS_DENIED;
    else
        Device->ReferenceCount++;
    KiUnlock(&IopDeviceLock);
    return Status;
}

static NTSTATUS IopMakeFile(PDEVICE_OBJECT Device, PCUNICODE_STRING FileName, ULONG CreateOptions,
                            PFILE_OBJECT *Result)
{
    PFILE_OBJECT File;
    PVOID Object;
    NTSTATUS Status = ObpCreate(IopFileType, NULL, sizeof(*File), &Object);

    if (!NT_SUCCESS(Status))
        return Status;
    File = Object;
    if (FileName->Length != 0) {
        File->FileName.Buffer =
            ExAllocatePoolWithTag(NonPagedPool, FileName->Length + sizeof(WCHAR), IOP_TAG_NAME);
        if (File->FileName.Buffer == NULL) {
            ObDereferenceObject(File);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        memcpy(File->FileName.Buffer, FileName->Buffer, FileName->Length);
        File->FileName.Buffer[FileName->Length / sizeof(WCHAR)] = L'\0';
        File->FileName.Length = FileName->Length;
        File->FileName.MaximumLength = FileName->Length + sizeof(WCHAR);
    }
    File->Type = IO_TYPE_FILE;
    File->Size = sizeof(*File);
    File->DeviceObject = Device;
    File->Vpb = Device->Vpb;
    if ((CreateOptions & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0)
        File->Flags |= FO_SYNCHRONOUS_IO;
    if ((CreateOptions & FILE_SYNCHRONOUS_IO_ALERT) != 0)
        File->Flags |= FO_ALERTABLE_IO;
    if ((CreateOptions & FILE_NO_INTERMEDIATE_BUFFERING) != 0)
        File->Flags |= FO_NO_INTERMEDIATE_BUFFERING;
    if ((CreateOptions & FILE_WRITE_THROUGH) != 0)
        File->Flags |= FO_WRITE_THROUGH;
    if ((CreateOptions & FILE_SEQUENTIAL_ONLY) != 0)
        File->Flags |= FO_SEQUENTIAL_ONLY;
    if ((CreateOptions & FILE_RANDOM_ACCESS) != 0)
        File->Flags |= FO_RANDOM_ACCESS;
    if ((CreateOptions & FILE_DELETE_ON_CLOSE) != 0)
        File->Flags |= FO_DELETE_ON_CLOSE;
    KeInitializeEvent(&File->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&File->Event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&File->IrpListLock);
    InitializeListHead(&File->IrpList);
    *Result = File;
    return STATUS_SUCCESS;
}

/* The driver said no, or was never asked: what is left of the file object is memory. */
static VOID IopUnmakeFile(PFILE_OBJECT File)
{
    File->DeviceObject = NULL;
    File->RelatedFileObject = NULL;
    ObDereferenceObject(File);
}

/* Sends IRP_MJ_CREATE and waits. Information comes back in the packet. */
static NTSTATUS IopSendCreate(PDEVICE_OBJECT Device, PFILE_OBJECT File, ACCESS_MASK Access,
                              ULONG Attributes, IOP_OPEN_PACKET *Packet)
{
    ACCESS_STATE AccessState = {.OriginalDesiredAccess = Access, .PreviouslyGrantedAccess = Access};
    IO_SECURITY_CONTEXT Security = {.AccessState = &AccessState,
                                    .DesiredAccess = Access,
                                    .FullCreateOptions = Packet->CreateOptions};
    IO_STATUS_BLOCK IoStatus = {.Information = 0};
    PDEVICE_OBJECT Top = IoGetRelatedDeviceObject(File);
    PIRP Irp = IopAllocateIrp(Top->StackSize, __builtin_return_address(0));
    PIO_STACK_LOCATION Stack;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Device);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Irp->Flags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
    Irp->RequestorMode = Packet->Mode;
    Irp->UserIosb = &IoStatus;
    Irp->Tail.Overlay.OriginalFileObject = File;
    Irp->AssociatedIrp.SystemBuffer = Packet->EaBuffer;
    Irp->Overlay.AllocationSize = Packet->AllocationSize;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = IRP_MJ_CREATE;
    Stack->FileObject = File;
    if ((Attributes & OBJ_CASE_INSENSITIVE) == 0)
        Stack->Flags = SL_CASE_SENSITIVE;
    if ((Packet->Options & IO_OPEN_TARGET_DIRECTORY) != 0)
        Stack->Flags |= SL_OPEN_TARGET_DIRECTORY;
    Stack->Parameters.Create.SecurityContext = &Security;
    Stack->Parameters.Create.Options =
        (Packet->CreateDisposition << 24) | (Packet->CreateOptions & IOP_VALID_OPTIONS);
    Stack->Parameters.Create.FileAttributes = (USHORT)Packet->FileAttributes;
    Stack->Parameters.Create.ShareAccess = (USHORT)Packet->ShareAccess;
    Stack->Parameters.Create.EaLength = Packet->EaLength;
    /* The status block is on this stack and no program's: finishing it needs no guard. */
    IopPrefixOf(Irp)->FileReferenced = FALSE;
    Status = IopQueueThreadIrp(Irp, NULL);
    if (!NT_SUCCESS(Status)) {
        IopReleaseIrp(Irp);
        return Status;
    }
    Status = IopCallAndFinish(Top, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&File->Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    Packet->IoStatus.Information = IoStatus.Information;
    return Status;
}

static NTSTATUS IopOpenDevice(PDEVICE_OBJECT Device, PCUNICODE_STRING FileName, ULONG Attributes,
                              IOP_OPEN_PACKET *Packet)
{
    ACCESS_MASK Access = IopMapFileAccess(Packet->DesiredAccess);
    PFILE_OBJECT File = NULL;
    NTSTATUS Status;

    Packet->GrantedAccess = Access;
    Packet->IoStatus.Information = 0;
    Status = IopReferenceForOpen(Device, Packet);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopMakeFile(Device, FileName, Packet->CreateOptions, &File);
    if (NT_SUCCESS(Status)) {
        File->RelatedFileObject = Packet->RelatedFileObject;
        Status = IopSendCreate(Device, File, Access, Attributes, Packet);
        /* A name that is to be parsed again is for file systems and their junctions. */
        if (Status == STATUS_REPARSE)
            Status = STATUS_NOT_SUPPORTED;
        if (NT_SUCCESS(Status)) {
            File->RelatedFileObject = NULL; /* it is the driver's only while it creates */
            Packet->FileObject = File;
            return Status;
        }
        IopUnmakeFile(File);
    }
    IopDereferenceDevice(Device);
    return Status;
}

NTSTATUS IopParseDevice(PVOID ParseObject, POBJECT_TYPE Type, ACCESS_MASK DesiredAccess,
                        ULONG Attributes, PUNICODE_STRING CompleteName, PUNICODE_STRING Remaining,
                        PVOID Context, PVOID *Object)
{
    IOP_OPEN_PACKET *Packet = Context;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(CompleteName);
    if (Packet == NULL) { /* a look-up, not an open: the device itself at most */
        if (Remaining->Length != 0 || (Type != NULL && Type != IopDeviceType))
            return STATUS_OBJECT_TYPE_MISMATCH;
        ObReferenceObject(ParseObject);
        *Object = ParseObject;
        return STATUS_SUCCESS;
    }
    Status = IopOpenDevice(ParseObject, Remaining, Attributes, Packet);
    Packet->IoStatus.Status = Status;
    if (NT_SUCCESS(Status))
        *Object = Packet->FileObject;
    return Status;
}

/* A name relative to an open file: the driver is asked, with RelatedFileObject. */
NTSTATUS IopParseFile(PVOID ParseObject, POBJECT_TYPE Type, ACCESS_MASK DesiredAccess,
                      ULONG Attributes, PUNICODE_STRING CompleteName, PUNICODE_STRING Remaining,
                      PVOID Context, PVOID *Object)
{
    PFILE_OBJECT File = ParseObject;
    IOP_OPEN_PACKET *Packet = Context;

    if (Packet == NULL) {
        if (Remaining->Length != 0 || (Type != NULL && Type != IopFileType))
            return STATUS_OBJECT_TYPE_MISMATCH;
        ObReferenceObject(File);
        *Object = File;
        return STATUS_SUCCESS;
    }
    Packet->RelatedFileObject = File;
    return IopParseDevice(File->DeviceObject, Type, DesiredAccess, Attributes, CompleteName,
                          Remaining, Context, Object);
}

static NTSTATUS IopCheckCreateParameters(ACCESS_MASK Access, ULONG FileAttributes,
                                         ULONG ShareAccess, ULONG Disposition, ULONG CreateOptions)
{
    ULONG Synchronous = CreateOptions & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT);

    if ((FileAttributes & ~(ULONG)IOP_VALID_ATTRIBUTES) != 0 ||
        (ShareAccess & ~(ULONG)FILE_SHARE_VALID_FLAGS) != 0 ||
        Disposition > FILE_MAXIMUM_DISPOSITION || (CreateOptions & ~(ULONG)IOP_VALID_OPTIONS) != 0)
        return STATUS_INVALID_PARAMETER;
    /* Waiting for a synchronous file needs the right to wait. */
    if (Synchronous != 0 && (Access & (SYNCHRONIZE | MAXIMUM_ALLOWED | GENERIC_READ |
                                       GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)) == 0)
        return STATUS_INVALID_PARAMETER;
    if (Synchronous == (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
        return STATUS_INVALID_PARAMETER;
    if ((CreateOptions & FILE_DELETE_ON_CLOSE) != 0 &&
        (Access & (DELETE | MAXIMUM_ALLOWED | GENERIC_ALL)) == 0)
        return STATUS_INVALID_PARAMETER;
    if ((CreateOptions & FILE_DIRECTORY_FILE) != 0 &&
        ((CreateOptions & FILE_NON_DIRECTORY_FILE) != 0 ||
         (Disposition != FILE_CREATE && Disposition != FILE_OPEN && Disposition != FILE_OPEN_IF)))
        return STATUS_INVALID_PARAMETER;
    if ((CreateOptions & FILE_COMPLETE_IF_OPLOCKED) != 0 &&
        (CreateOptions & FILE_RESERVE_OPFILTER) != 0)
        return STATUS_INVALID_PARAMETER;
    if ((CreateOptions & FILE_NO_INTERMEDIATE_BUFFERING) != 0 && (Access & FILE_APPEND_DATA) != 0)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* The file is open; gives it a handle in the current process. Consumes the file's reference. */
static NTSTATUS IopGiveHandle(PFILE_OBJECT File, ACCESS_MASK Access, ULONG Attributes,
                              HANDLE *Handle)
{
    NTSTATUS Status;

    /* Before the handle is there: the last one that goes sends CLEANUP, and there has been one. */
    __atomic_fetch_or(&File->Flags, FO_HANDLE_CREATED, __ATOMIC_RELAXED);
    Status = ObpCreateHandle(File, Access, Attributes & (OBJ_INHERIT | OBJ_KERNEL_HANDLE), Handle);
    if (!NT_SUCCESS(Status))
        __atomic_fetch_and(&File->Flags, ~(ULONG)FO_HANDLE_CREATED, __ATOMIC_RELAXED);
    ObDereferenceObject(File);
    return Status;
}

NTSTATUS IopCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES Attributes,
                       PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize,
                       ULONG FileAttributes, ULONG ShareAccess, ULONG Disposition,
                       ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength, KPROCESSOR_MODE Mode,
                       ULONG Options)
{
    IOP_OPEN_PACKET Packet = {.DesiredAccess = DesiredAccess,
                              .ShareAccess = ShareAccess,
                              .CreateDisposition = Disposition,
                              .CreateOptions = CreateOptions,
                              .FileAttributes = FileAttributes,
                              .Mode = Mode,
                              .Options = Options,
                              .EaBuffer = EaBuffer,
                              .EaLength = EaLength};
    OBJECT_ATTRIBUTES Copy;
    HANDLE Handle = NULL;
    PVOID File = NULL;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = IopProbe(Mode, FileHandle, sizeof(*FileHandle), TRUE);
    if (NT_SUCCESS(Status))
        Status = IopProbe(Mode, IoStatusBlock, sizeof(*IoStatusBlock), TRUE);
    if (NT_SUCCESS(Status))
        Status = IopProbe(Mode, Attributes, sizeof(*Attributes), FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Attributes == NULL || Attributes->Length != sizeof(*Attributes))
        return STATUS_INVALID_PARAMETER;
    Copy = *Attributes;
    if (Mode != KernelMode)
        Copy.Attributes &= ~(ULONG)OBJ_KERNEL_HANDLE;
    if (Copy.ObjectName != NULL) {
        Status = IopProbe(Mode, Copy.ObjectName, sizeof(*Copy.ObjectName), FALSE);
        if (NT_SUCCESS(Status))
            Status = IopProbe(Mode, Copy.ObjectName->Buffer, Copy.ObjectName->Length, FALSE);
    }
    if (NT_SUCCESS(Status) && AllocationSize != NULL) {
        Status = IopProbe(Mode, AllocationSize, sizeof(*AllocationSize), FALSE);
        if (NT_SUCCESS(Status)) {
            Packet.AllocationSize = *AllocationSize;
            if (AllocationSize->QuadPart < 0)
                Status = STATUS_INVALID_PARAMETER;
        }
    }
    if (NT_SUCCESS(Status) && (Options & IO_NO_PARAMETER_CHECKING) == 0)
        Status = IopCheckCreateParameters(DesiredAccess, FileAttributes, ShareAccess, Disposition,
                                          CreateOptions);
    if (NT_SUCCESS(Status) && EaBuffer != NULL && EaLength != 0)
        Status = IopProbe(Mode, EaBuffer, EaLength, FALSE);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = ObpOpenByName(&Copy, IopFileType, DesiredAccess, &Packet, &File);
    if (!NT_SUCCESS(Status))
        return Status;
    /* Opened under its own name only where the path went through Parse: files have none of their
     * own. */
    Status = IopGiveHandle(File, Packet.GrantedAccess, Copy.Attributes, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Mode == KernelMode) {
        *FileHandle = Handle;
    } else {
        Status = MmpCopyUser(FileHandle, &Handle, sizeof(Handle));
        if (!NT_SUCCESS(Status)) {
            ObCloseHandle(Handle, Mode);
            return Status;
        }
    }
    /* The driver's success, which may be more than STATUS_SUCCESS. */
    IopWriteStatus(IoStatusBlock, Packet.IoStatus.Status, Packet.IoStatus.Information, Mode);
    return Packet.IoStatus.Status;
}

NTSTATUS NTAPI NtCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength)
{
    return IopCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                         FileAttributes, ShareAccess, CreateDisposition, CreateOptions, EaBuffer,
                         EaLength, IopPreviousMode(), 0);
}

NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength)
{
    return IopCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                         FileAttributes, ShareAccess, CreateDisposition, CreateOptions, EaBuffer,
                         EaLength, KernelMode, 0);
}

NTSTATUS NTAPI NtOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                          ULONG ShareAccess, ULONG OpenOptions)
{
    return IopCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, NULL, 0,
                         ShareAccess, FILE_OPEN, OpenOptions, NULL, 0, IopPreviousMode(), 0);
}

NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                          ULONG ShareAccess, ULONG OpenOptions)
{
    return IopCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, NULL, 0,
                         ShareAccess, FILE_OPEN, OpenOptions, NULL, 0, KernelMode, 0);
}

NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            CREATE_FILE_TYPE CreateFileType, PVOID InternalParameters,
                            ULONG Options)
{
    UNREFERENCED_PARAMETER(InternalParameters);
    if (CreateFileType !=
        CreateFileTypeNone) /* pipes and mailslots: there is no file system for them */
        return STATUS_NOT_SUPPORTED;
    return IopCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                         FileAttributes, ShareAccess, Disposition, CreateOptions, EaBuffer,
                         EaLength, KernelMode, Options);
}

NTSTATUS IopGetDeviceObjectPointer(PUNICODE_STRING Name, ACCESS_MASK DesiredAccess,
                                   PFILE_OBJECT *File, PDEVICE_OBJECT *Device, ULONG Options)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    HANDLE Handle;
    PVOID Object;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, Name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    Status = IopCreateFile(&Handle, DesiredAccess, &Attributes, &IoStatus, NULL, 0, 0, FILE_OPEN,
                           FILE_NON_DIRECTORY_FILE, NULL, 0, KernelMode, Options);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, 0, IopFileType, KernelMode, &Object, NULL);
    if (NT_SUCCESS(Status)) {
        *File = Object;
        *Device = IoGetRelatedDeviceObject(*File);
    }
    /* The handle's end is the driver's CLEANUP; its CLOSE comes when the caller dereferences the
     * file. */
    ObCloseHandle(Handle, KernelMode);
    return Status;
}

NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                        PFILE_OBJECT *FileObject, PDEVICE_OBJECT *DeviceObject)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return IopGetDeviceObjectPointer(ObjectName, DesiredAccess, FileObject, DeviceObject, 0);
}

PFILE_OBJECT NTAPI IoCreateStreamFileObject(PFILE_OBJECT FileObject, PDEVICE_OBJECT DeviceObject)
{
    static const UNICODE_STRING None;
    PDEVICE_OBJECT Device = FileObject != NULL ? FileObject->DeviceObject : DeviceObject;
    PFILE_OBJECT File;
    HANDLE Handle;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&IopDeviceLock);
    Device->ReferenceCount++;
    KiUnlock(&IopDeviceLock);
    if (!NT_SUCCESS(IopMakeFile(Device, &None, 0, &File))) {
        IopDereferenceDevice(Device);
        return NULL;
    }
    File->Flags |= FO_STREAM_FILE;
    ObReferenceObject(File); /* the caller's */
    if (!NT_SUCCESS(IopGiveHandle(File, FILE_ALL_ACCESS, OBJ_KERNEL_HANDLE, &Handle))) {
        ObDereferenceObject(File);
        return NULL;
    }
    ObCloseHandle(Handle, KernelMode); /* as on Windows: the driver gets its CLEANUP now */
    return File;
}
