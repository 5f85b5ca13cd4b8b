/* SPDX-License-Identifier: MIT */
/*
 * fileinfo.c - asking about a file and setting what it is: what the I/O manager knows itself, and
 * the rest by an IRP.
 *
 * These services wait for the driver whatever the file is: on an asynchronous one with an event of
 * their own.
 */
#include "ntio/io/iop.h"

/* Smallest buffer and the right that is needed; Length 0: not a class that can be asked (or set).
 */
typedef struct _IOP_CLASS {
    ULONG QueryLength;
    ACCESS_MASK QueryAccess;
    ULONG SetLength;
    ACCESS_MASK SetAccess;
} IOP_CLASS;

#define IOP_CLASSES 56
static const IOP_CLASS IopClasses[IOP_CLASSES] = {
    [FileBasicInformation] = {40, FILE_READ_ATTRIBUTES, 40, FILE_WRITE_ATTRIBUTES},
    [FileStandardInformation] = {24, 0, 0, 0},
    [FileInternalInformation] = {8, 0, 0, 0},
    [FileEaInformation] = {4, 0, 0, 0},
    [FileAccessInformation] = {4, 0, 0, 0},
    [FileNameInformation] = {8, 0, 0, 0},
    [FileRenameInformation] = {0, 0, 24, DELETE},
    [FileLinkInformation] = {0, 0, 24, 0},
    [FileDispositionInformation] = {0, 0, 1, DELETE},
    [FilePositionInformation] = {8, 0, 8, 0},
    [FileFullEaInformation] = {0, 0, 0, 0},
    [FileModeInformation] = {4, 0, 4, 0},
    [FileAlignmentInformation] = {4, 0, 0, 0},
    [FileAllInformation] = {104, FILE_READ_ATTRIBUTES, 0, 0},
    [FileAllocationInformation] = {0, 0, 8, FILE_WRITE_DATA},
    [FileEndOfFileInformation] = {0, 0, 8, FILE_WRITE_DATA},
    [FileAlternateNameInformation] = {8, 0, 0, 0},
    [FileStreamInformation] = {32, 0, 0, 0},
    [FilePipeInformation] = {8, FILE_READ_ATTRIBUTES, 8, FILE_WRITE_ATTRIBUTES},
    [FilePipeLocalInformation] = {40, FILE_READ_ATTRIBUTES, 0, 0},
    [FileCompressionInformation] = {16, 0, 0, 0},
    [FileCompletionInformation] = {0, 0, 16, 0},
    [FileNetworkOpenInformation] = {56, FILE_READ_ATTRIBUTES, 0, 0},
    [FileAttributeTagInformation] = {8, FILE_READ_ATTRIBUTES, 0, 0},
    [FileValidDataLengthInformation] = {0, 0, 8, FILE_WRITE_DATA},
    [FileIoCompletionNotificationInformation] = {4, 0, 4, 0},
    [FileIsRemoteDeviceInformation] = {1, 0, 0, 0},
};

/* The options of NtCreateFile that the file object remembers. */
static ULONG IopModeOf(PFILE_OBJECT File)
{
    ULONG Mode = 0;

    if ((File->Flags & FO_WRITE_THROUGH) != 0)
        Mode |= FILE_WRITE_THROUGH;
    if ((File->Flags & FO_SEQUENTIAL_ONLY) != 0)
        Mode |= FILE_SEQUENTIAL_ONLY;
    if ((File->Flags & FO_NO_INTERMEDIATE_BUFFERING) != 0)
        Mode |= FILE_NO_INTERMEDIATE_BUFFERING;
    if ((File->Flags & FO_SYNCHRONOUS_IO) != 0)
        Mode |= (File->Flags & FO_ALERTABLE_IO) != 0 ? FILE_SYNCHRONOUS_IO_ALERT
                                                     : FILE_SYNCHRONOUS_IO_NONALERT;
    if ((File->Flags & FO_DELETE_ON_CLOSE) != 0)
        Mode |= FILE_DELETE_ON_CLOSE;
    return Mode;
}

NTSTATUS IopSendAndWait(PIOP_REQUEST Request, UCHAR MajorFunction, PIO_STATUS_BLOCK IoStatus)
{
    PFILE_OBJECT File = Request->File;
    KEVENT Event;
    NTSTATUS Status;

    if (Request->Synchronous) /* the file's event, and its lock */
        return IopSendRequest(Request, MajorFunction);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Request->Irp->Flags |= IRP_SYNCHRONOUS_API;
    Request->Irp->UserEvent = &Event;
    ObReferenceObject(File); /* the request's own reference is the IRP's once it is sent */
    Status = IopSendRequest(Request, MajorFunction);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus->Status;
    }
    ObDereferenceObject(File);
    return Status;
}

NTSTATUS IopBeginQuery(PIOP_REQUEST Request, KPROCESSOR_MODE Mode, HANDLE FileHandle,
                       ACCESS_MASK Access, PIO_STATUS_BLOCK IoStatusBlock, PIO_STATUS_BLOCK Own,
                       PVOID Caller)
{
    NTSTATUS Status = IopProbe(Mode, IoStatusBlock, sizeof(*IoStatusBlock), TRUE);

    if (!NT_SUCCESS(Status))
        return Status;
    Own->Pointer = NULL;
    Own->Information = 0;
    Status =
        IopBeginRequest(Request, Mode, FileHandle, Access, NULL, NULL, NULL, IoStatusBlock, Caller);
    if (NT_SUCCESS(Status))
        Request->Irp->UserIosb = Own;
    return Status;
}

NTSTATUS IopAnswer(PIO_STATUS_BLOCK IoStatusBlock, KPROCESSOR_MODE Mode, NTSTATUS Status,
                   ULONG_PTR Information)
{
    if (!NT_ERROR(Status))
        IopWriteStatus(IoStatusBlock, Status, Information, Mode);
    return Status;
}

/* What the I/O manager knows without the driver. FALSE: the driver is to be asked. */
static BOOLEAN IopKnowsInformation(PIOP_REQUEST Request, FILE_INFORMATION_CLASS Class, PVOID Buffer,
                                   PULONG Length)
{
    PFILE_OBJECT File = Request->File;

    *Length = 4;
    switch (Class) {
    case FileModeInformation:
        *(PULONG)Buffer = IopModeOf(File);
        return TRUE;
    case FileAccessInformation:
        *(PULONG)Buffer = Request->GrantedAccess;
        return TRUE;
    case FileAlignmentInformation:
        *(PULONG)Buffer = Request->Device->AlignmentRequirement;
        return TRUE;
    case FileIoCompletionNotificationInformation:
        *(PULONG)Buffer =
            ((File->Flags & FO_SKIP_COMPLETION_PORT) ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0) |
            ((File->Flags & FO_SKIP_SET_EVENT) ? FILE_SKIP_SET_EVENT_ON_HANDLE : 0) |
            ((File->Flags & FO_SKIP_SET_FAST_IO) ? FILE_SKIP_SET_USER_EVENT_ON_FAST_IO : 0);
        return TRUE;
    case FileIsRemoteDeviceInformation:
        *(PBOOLEAN)Buffer = (Request->Device->Characteristics & FILE_REMOTE_DEVICE) != 0;
        *Length = 1;
        return TRUE;
    case FilePositionInformation:
        if (!Request->Synchronous) /* there is none; the driver may have its own */
            return FALSE;
        *(PLARGE_INTEGER)Buffer = File->CurrentByteOffset;
        *Length = sizeof(LARGE_INTEGER);
        return TRUE;
    default:
        return FALSE;
    }
}

static NTSTATUS IopQueryFile(KPROCESSOR_MODE Mode, HANDLE FileHandle,
                             PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                             FILE_INFORMATION_CLASS Class, PVOID Caller)
{
    IOP_REQUEST Request;
    IO_STATUS_BLOCK IoStatus;
    UCHAR Known[8];
    ULONG KnownLength;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if ((ULONG)Class >= IOP_CLASSES || IopClasses[Class].QueryLength == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < IopClasses[Class].QueryLength)
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = IopProbe(Mode, FileInformation, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status = IopBeginQuery(&Request, Mode, FileHandle, IopClasses[Class].QueryAccess,
                               IoStatusBlock, &IoStatus, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    if (IopKnowsInformation(&Request, Class, Known, &KnownLength)) {
        Status = MmpCopyUser(FileInformation, Known, KnownLength);
        IopAbandonRequest(&Request);
        return IopAnswer(IoStatusBlock, Mode, Status, NT_SUCCESS(Status) ? KnownLength : 0);
    }
    Status = IopBufferRequest(&Request, NULL, 0, FileInformation, Length);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    if (Class == FileAllInformation) { /* the fields that are the I/O manager's */
        FILE_ALL_INFORMATION *All = Request.Irp->AssociatedIrp.SystemBuffer;
        All->AccessInformation.AccessFlags = Request.GrantedAccess;
        All->ModeInformation.Mode = IopModeOf(Request.File);
        All->AlignmentInformation.AlignmentRequirement = Request.Device->AlignmentRequirement;
    }
    Request.Stack->Parameters.QueryFile.Length = Length;
    Request.Stack->Parameters.QueryFile.FileInformationClass = Class;
    Status = IopSendAndWait(&Request, IRP_MJ_QUERY_INFORMATION, &IoStatus);
    return IopAnswer(IoStatusBlock, Mode, Status, IoStatus.Information);
}

/* ---- setting ---- */

static NTSTATUS IopSetMode(PFILE_OBJECT File, ULONG Mode)
{
    ULONG Synchronous = Mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT);
    ULONG Set = 0, Clear = FO_WRITE_THROUGH | FO_SEQUENTIAL_ONLY;

    /* What a file is opened as, synchronous or not, it stays. */
    if ((Mode & ~(ULONG)(FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | FILE_SYNCHRONOUS_IO_ALERT |
                         FILE_SYNCHRONOUS_IO_NONALERT)) != 0 ||
        Synchronous == (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) ||
        (Synchronous != 0) != IopIsSynchronous(File) ||
        ((Mode & FILE_WRITE_THROUGH) != 0 && (File->Flags & FO_NO_INTERMEDIATE_BUFFERING) != 0))
        return STATUS_INVALID_PARAMETER;
    if ((Mode & FILE_WRITE_THROUGH) != 0)
        Set |= FO_WRITE_THROUGH;
    if ((Mode & FILE_SEQUENTIAL_ONLY) != 0)
        Set |= FO_SEQUENTIAL_ONLY;
    if (Synchronous != 0) {
        Clear |= FO_ALERTABLE_IO;
        if ((Synchronous & FILE_SYNCHRONOUS_IO_ALERT) != 0)
            Set |= FO_ALERTABLE_IO;
    }
    __atomic_fetch_and(&File->Flags, ~Clear | Set, __ATOMIC_RELAXED);
    __atomic_fetch_or(&File->Flags, Set, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}

/* Binds a completion port, once and for good. */
static NTSTATUS IopSetCompletion(PFILE_OBJECT File, const FILE_COMPLETION_INFORMATION *Information,
                                 KPROCESSOR_MODE Mode)
{
    PIO_COMPLETION_CONTEXT New, None = NULL;
    PVOID Port;
    NTSTATUS Status;

    if (IopIsSynchronous(File))
        return STATUS_INVALID_PARAMETER;
    Status = ObReferenceObjectByHandle(Information->Port, IO_COMPLETION_MODIFY_STATE,
                                       IopCompletionType, Mode, &Port, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    New = ExAllocatePoolWithTag(NonPagedPool, sizeof(*New), IOP_TAG_MISC);
    if (New == NULL) {
        ObDereferenceObject(Port);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    New->Port = Port;
    New->Key = Information->Key;
    if (!__atomic_compare_exchange_n(&File->CompletionContext, &None, New, FALSE, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        ExFreePoolWithTag(New, IOP_TAG_MISC);
        ObDereferenceObject(Port);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS IopSetNotification(PFILE_OBJECT File, ULONG Flags)
{
    ULONG Set = 0;

    if ((Flags & ~(ULONG)(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE |
                          FILE_SKIP_SET_USER_EVENT_ON_FAST_IO)) != 0)
        return STATUS_INVALID_PARAMETER;
    if ((Flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0) {
        if (IopIsSynchronous(File))
            return STATUS_INVALID_PARAMETER;
        Set |= FO_SKIP_COMPLETION_PORT;
    }
    if ((Flags & FILE_SKIP_SET_EVENT_ON_HANDLE) != 0)
        Set |= FO_SKIP_SET_EVENT;
    if ((Flags & FILE_SKIP_SET_USER_EVENT_ON_FAST_IO) != 0)
        Set |= FO_SKIP_SET_FAST_IO;
    __atomic_fetch_or(&File->Flags, Set, __ATOMIC_RELAXED); /* they can be set, not taken away */
    return STATUS_SUCCESS;
}

/* What is the I/O manager's alone. FALSE: the driver is to be asked. */
static BOOLEAN IopKeepsInformation(PIOP_REQUEST Request, FILE_INFORMATION_CLASS Class,
                                   const VOID *Buffer, NTSTATUS *Status)
{
    LARGE_INTEGER Position;

    switch (Class) {
    case FileModeInformation:
        *Status = IopSetMode(Request->File, *(const ULONG *)Buffer);
        return TRUE;
    case FileCompletionInformation:
        *Status = IopSetCompletion(Request->File, Buffer, Request->Mode);
        return TRUE;
    case FileIoCompletionNotificationInformation:
        *Status = IopSetNotification(Request->File, *(const ULONG *)Buffer);
        return TRUE;
    case FilePositionInformation:
        if (!Request->Synchronous)
            return FALSE;
        Position = *(const LARGE_INTEGER *)Buffer;
        if (Position.QuadPart < 0 ||
            ((Request->File->Flags & FO_NO_INTERMEDIATE_BUFFERING) != 0 &&
             (Position.LowPart & Request->Device->AlignmentRequirement) != 0)) {
            *Status = STATUS_INVALID_PARAMETER;
        } else {
            Request->File->CurrentByteOffset = Position;
            *Status = STATUS_SUCCESS;
        }
        return TRUE;
    default:
        return FALSE;
    }
}

static NTSTATUS IopSetFile(KPROCESSOR_MODE Mode, HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                           PVOID FileInformation, ULONG Length, FILE_INFORMATION_CLASS Class,
                           PVOID Caller)
{
    IOP_REQUEST Request;
    IO_STATUS_BLOCK IoStatus;
    HANDLE Target = NULL;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if ((ULONG)Class >= IOP_CLASSES || IopClasses[Class].SetLength == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < IopClasses[Class].SetLength)
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = IopBeginQuery(&Request, Mode, FileHandle, IopClasses[Class].SetAccess, IoStatusBlock,
                           &IoStatus, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopBufferRequest(&Request, FileInformation, Length, NULL, 0);
    if (NT_SUCCESS(Status) &&
        IopKeepsInformation(&Request, Class, Request.Irp->AssociatedIrp.SystemBuffer, &Status)) {
        IopAbandonRequest(&Request);
        return IopAnswer(IoStatusBlock, Mode, Status, 0);
    }
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    Request.Stack->Parameters.SetFile.Length = Length;
    Request.Stack->Parameters.SetFile.FileInformationClass = Class;
    if (Class == FileRenameInformation || Class == FileLinkInformation) {
        Status = IopOpenTarget(&Request, Length, &Target);
        if (!NT_SUCCESS(Status)) {
            IopAbandonRequest(&Request);
            return Status;
        }
    }
    Status = IopSendAndWait(&Request, IRP_MJ_SET_INFORMATION, &IoStatus);
    if (Target != NULL) /* the directory was held for as long */
        ObCloseHandle(Target, KernelMode);
    return IopAnswer(IoStatusBlock, Mode, Status, IoStatus.Information);
}

/* ---- volumes ---- */

static NTSTATUS IopQueryVolume(KPROCESSOR_MODE Mode, HANDLE FileHandle,
                               PIO_STATUS_BLOCK IoStatusBlock, PVOID FsInformation, ULONG Length,
                               FS_INFORMATION_CLASS Class, PVOID Caller)
{
    static const ULONG Lengths[] = {
        [FileFsVolumeInformation] = 24,    [FileFsSizeInformation] = 24,
        [FileFsDeviceInformation] = 8,     [FileFsAttributeInformation] = 16,
        [FileFsControlInformation] = 48,   [FileFsFullSizeInformation] = 32,
        [FileFsObjectIdInformation] = 64,  [FileFsDriverPathInformation] = 16,
        [FileFsVolumeFlagsInformation] = 4};
    IOP_REQUEST Request;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if ((ULONG)Class >= RTL_NUMBER_OF(Lengths) || Lengths[Class] == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < Lengths[Class])
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = IopProbe(Mode, FsInformation, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status = IopBeginQuery(&Request, Mode, FileHandle,
                               Class == FileFsControlInformation ? FILE_READ_DATA : 0,
                               IoStatusBlock, &IoStatus, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Class == FileFsDeviceInformation) { /* the device's own words */
        PDEVICE_OBJECT Device = Request.File->DeviceObject;
        FILE_FS_DEVICE_INFORMATION Information = {Device->DeviceType, Device->Characteristics};
        if (Device->Vpb != NULL && (Device->Vpb->Flags & VPB_MOUNTED) != 0)
            Information.Characteristics |= FILE_DEVICE_IS_MOUNTED;
        IopAbandonRequest(&Request);
        Status = MmpCopyUser(FsInformation, &Information, sizeof(Information));
        return IopAnswer(IoStatusBlock, Mode, Status, sizeof(Information));
    }
    Status = IopBufferRequest(&Request, NULL, 0, FsInformation, Length);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    Request.Stack->Parameters.QueryVolume.Length = Length;
    Request.Stack->Parameters.QueryVolume.FsInformationClass = Class;
    Status = IopSendAndWait(&Request, IRP_MJ_QUERY_VOLUME_INFORMATION, &IoStatus);
    return IopAnswer(IoStatusBlock, Mode, Status, IoStatus.Information);
}

static NTSTATUS IopSetVolume(KPROCESSOR_MODE Mode, HANDLE FileHandle,
                             PIO_STATUS_BLOCK IoStatusBlock, PVOID FsInformation, ULONG Length,
                             FS_INFORMATION_CLASS Class, PVOID Caller)
{
    static const ULONG Lengths[] = {[FileFsLabelInformation] = 8,
                                    [FileFsControlInformation] = 48,
                                    [FileFsObjectIdInformation] = 64};
    IOP_REQUEST Request;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if ((ULONG)Class >= RTL_NUMBER_OF(Lengths) || Lengths[Class] == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < Lengths[Class])
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = IopBeginQuery(&Request, Mode, FileHandle, FILE_WRITE_DATA, IoStatusBlock, &IoStatus,
                           Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopBufferRequest(&Request, FsInformation, Length, NULL, 0);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    Request.Stack->Parameters.SetVolume.Length = Length;
    Request.Stack->Parameters.SetVolume.FsInformationClass = Class;
    Status = IopSendAndWait(&Request, IRP_MJ_SET_VOLUME_INFORMATION, &IoStatus);
    return IopAnswer(IoStatusBlock, Mode, Status, IoStatus.Information);
}

static NTSTATUS IopFlush(KPROCESSOR_MODE Mode, HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                         PVOID Caller)
{
    IOP_REQUEST Request;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = IopBeginQuery(&Request, Mode, FileHandle, 0, IoStatusBlock, &IoStatus, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Mode != KernelMode && (Request.GrantedAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == 0) {
        IopAbandonRequest(&Request);
        return STATUS_ACCESS_DENIED;
    }
    Status = IopSendAndWait(&Request, IRP_MJ_FLUSH_BUFFERS, &IoStatus);
    return IopAnswer(IoStatusBlock, Mode, Status, IoStatus.Information);
}

/* ---- the services ---- */

#define IOP_SERVICE(Name, Routine, Class)                                                          \
    NTSTATUS NTAPI Nt##Name(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,       \
                            ULONG Length, Class InformationClass)                                  \
    {                                                                                              \
        return Routine(IopPreviousMode(), FileHandle, IoStatusBlock, Buffer, Length,               \
                       InformationClass, __builtin_return_address(0));                             \
    }                                                                                              \
    NTSTATUS NTAPI Zw##Name(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,       \
                            ULONG Length, Class InformationClass)                                  \
    {                                                                                              \
        return Routine(KernelMode, FileHandle, IoStatusBlock, Buffer, Length, InformationClass,    \
                       __builtin_return_address(0));                                               \
    }

IOP_SERVICE(QueryInformationFile, IopQueryFile, FILE_INFORMATION_CLASS)
IOP_SERVICE(SetInformationFile, IopSetFile, FILE_INFORMATION_CLASS)
IOP_SERVICE(QueryVolumeInformationFile, IopQueryVolume, FS_INFORMATION_CLASS)
IOP_SERVICE(SetVolumeInformationFile, IopSetVolume, FS_INFORMATION_CLASS)

NTSTATUS NTAPI NtFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    return IopFlush(IopPreviousMode(), FileHandle, IoStatusBlock, __builtin_return_address(0));
}

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    return IopFlush(KernelMode, FileHandle, IoStatusBlock, __builtin_return_address(0));
}
