/* SPDX-License-Identifier: MIT */
/*
 * drive.c - drives: the driver \Driver\HostFs, its volumes, and what is asked about a volume.
 *
 * The driver is there from the first drive on; its unload takes all of them away. A FSP_VOLUME
 * outlives its device where files are still open.
 */
#include "ntio/fs/fsp.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#define FSP_LABEL L"Host"
#define FSP_NAME  L"HOSTFS"

typedef struct _FSP_DEVICE {
    PFSP_VOLUME Volume; /* referenced until the mapping goes; opens have references of their own */
} FSP_DEVICE, *PFSP_DEVICE;

static KI_LOCK FspVolumeLock;
static LIST_ENTRY FspVolumes = {&FspVolumes, &FspVolumes};
static PDRIVER_OBJECT FspDriver;
static ULONG FspNextNumber;

/* ---- asking about a volume ---- */

static NTSTATUS FspQueryVolumeName(PFSP_VOLUME Volume, FILE_FS_VOLUME_INFORMATION *Info, ULONG Room,
                                   ULONG_PTR *Used)
{
    const ULONG Fixed = FIELD_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeLabel);
    ULONG Length = sizeof(FSP_LABEL) - sizeof(WCHAR);
    ULONG Copy = Length <= Room - Fixed ? Length : (Room - Fixed) & ~1u;

    memset(Info, 0, Fixed);
    Info->VolumeCreationTime = Volume->Created;
    Info->VolumeSerialNumber = Volume->Serial;
    Info->VolumeLabelLength = Length;
    memcpy(Info->VolumeLabel, FSP_LABEL, Copy);
    *Used = Fixed + Copy;
    return Copy == Length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static NTSTATUS FspQueryAttributes(PFSP_VOLUME Volume, FILE_FS_ATTRIBUTE_INFORMATION *Info,
                                   ULONG Room, ULONG_PTR *Used)
{
    const ULONG Fixed = FIELD_OFFSET(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName);
    ULONG Length = sizeof(FSP_NAME) - sizeof(WCHAR);
    ULONG Copy = Length <= Room - Fixed ? Length : (Room - Fixed) & ~1u;

    Info->FileSystemAttributes = FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK |
                                 FILE_SUPPORTS_HARD_LINKS | FILE_SUPPORTS_SPARSE_FILES |
                                 (Volume->ReadOnly ? FILE_READ_ONLY_VOLUME : 0);
    Info->MaximumComponentNameLength = FSP_COMPONENT;
    Info->FileSystemNameLength = Length;
    memcpy(Info->FileSystemName, FSP_NAME, Copy);
    *Used = Fixed + Copy;
    return Copy == Length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static NTSTATUS FspStatVolume(PFSP_VOLUME Volume, struct statvfs *Stat)
{
    int Descriptor = FspOpenBelow(Volume, "", O_RDONLY | O_DIRECTORY);
    NTSTATUS Status = STATUS_SUCCESS;

    if (Descriptor < 0)
        return FspStatus(errno);
    if (fstatvfs(Descriptor, Stat) != 0)
        Status = FspStatus(errno);
    else if (Stat->f_frsize == 0)
        Stat->f_frsize = FSP_CLUSTER;
    close(Descriptor);
    return Status;
}

static VOID FspSectors(const struct statvfs *Stat, PULONG SectorsPerUnit, PULONG BytesPerSector)
{
    *BytesPerSector = Stat->f_frsize % 512 == 0 ? 512 : (ULONG)Stat->f_frsize;
    *SectorsPerUnit = (ULONG)Stat->f_frsize / *BytesPerSector;
}

NTSTATUS FspQueryVolume(PFSP_VOLUME Volume, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG Room = Stack->Parameters.QueryVolume.Length;
    ULONG_PTR *Used = &Irp->IoStatus.Information;
    FILE_FS_FULL_SIZE_INFORMATION *Full = Buffer;
    FILE_FS_SIZE_INFORMATION *Size = Buffer;
    struct statvfs Stat;
    NTSTATUS Status;

    switch (Stack->Parameters.QueryVolume.FsInformationClass) {
    case FileFsVolumeInformation:
        return FspQueryVolumeName(Volume, Buffer, Room, Used);
    case FileFsAttributeInformation:
        return FspQueryAttributes(Volume, Buffer, Room, Used);
    case FileFsSizeInformation:
        Status = FspStatVolume(Volume, &Stat);
        if (!NT_SUCCESS(Status))
            return Status;
        Size->TotalAllocationUnits.QuadPart = (LONGLONG)Stat.f_blocks;
        Size->AvailableAllocationUnits.QuadPart = (LONGLONG)Stat.f_bavail;
        FspSectors(&Stat, &Size->SectorsPerAllocationUnit, &Size->BytesPerSector);
        *Used = sizeof(*Size);
        return STATUS_SUCCESS;
    case FileFsFullSizeInformation:
        Status = FspStatVolume(Volume, &Stat);
        if (!NT_SUCCESS(Status))
            return Status;
        Full->TotalAllocationUnits.QuadPart = (LONGLONG)Stat.f_blocks;
        Full->CallerAvailableAllocationUnits.QuadPart = (LONGLONG)Stat.f_bavail;
        Full->ActualAvailableAllocationUnits.QuadPart = (LONGLONG)Stat.f_bfree;
        FspSectors(&Stat, &Full->SectorsPerAllocationUnit, &Full->BytesPerSector);
        *Used = sizeof(*Full);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* ---- the driver ---- */

/* The device's volume with a reference more; NULL: the mapping has just gone. */
static PFSP_VOLUME FspTakeVolume(PDEVICE_OBJECT Device)
{
    PFSP_VOLUME Volume;

    KiLock(&FspVolumeLock);
    Volume = ((PFSP_DEVICE)Device->DeviceExtension)->Volume;
    if (Volume != NULL)
        FspReferenceVolume(Volume);
    KiUnlock(&FspVolumeLock);
    return Volume;
}

static NTSTATUS FspHandleCreate(PDEVICE_OBJECT Device, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFSP_VOLUME Volume = FspTakeVolume(Device);
    NTSTATUS Status;

    if (Volume == NULL)
        return STATUS_NO_SUCH_DEVICE;
    Status = FspCreate(Volume, Irp, Stack);
    FspDereferenceVolume(Volume);
    return Status;
}

static NTSTATUS FspHandle(PDEVICE_OBJECT Device, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFSP_OPEN Open = Stack->FileObject != NULL ? FspOpenOf(Stack->FileObject) : NULL;

    switch (Stack->MajorFunction) {
    case IRP_MJ_CREATE:
        return FspHandleCreate(Device, Irp, Stack);
    case IRP_MJ_CLEANUP:
        return FspCleanup(Irp, Stack);
    case IRP_MJ_CLOSE:
        return FspClose(Irp, Stack);
    default:
        break;
    }
    /* A driver's own request with a file object that no create has been through, or none. */
    if (Open == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    switch (Stack->MajorFunction) {
    case IRP_MJ_READ:
        return FspRead(Irp, Stack);
    case IRP_MJ_WRITE:
        return FspWrite(Irp, Stack);
    case IRP_MJ_FLUSH_BUFFERS:
        return FspFlush(Irp, Stack);
    case IRP_MJ_QUERY_INFORMATION:
        return FspQueryInformation(Irp, Stack);
    case IRP_MJ_SET_INFORMATION:
        return FspSetInformation(Irp, Stack);
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
        return FspQueryVolume(Open->Volume, Irp, Stack);
    case IRP_MJ_DIRECTORY_CONTROL:
        return FspQueryDirectory(Irp, Stack);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

/* Every request ends here, on the thread that it came on. */
static NTSTATUS NTAPI FspDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS Status;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Irp->IoStatus.Information = 0;
    Status = FspHandle(Device, Irp, IoGetCurrentIrpStackLocation(Irp));
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

BOOLEAN FspIsVolumeDevice(PDEVICE_OBJECT Device)
{
    return Device->DriverObject != NULL &&
           Device->DriverObject->MajorFunction[IRP_MJ_CREATE] == FspDispatch;
}

/* The mapping's end; its references to link and device go. FspVolumeLock is not held. */
static VOID FspUnmap(PFSP_VOLUME Volume)
{
    PDEVICE_OBJECT Device = Volume->Device;

    if (Volume->Link.Buffer != NULL)
        IoDeleteSymbolicLink(&Volume->Link);
    KiLock(&FspVolumeLock);
    ((PFSP_DEVICE)Device->DeviceExtension)->Volume = NULL;
    Volume->Device = NULL;
    KiUnlock(&FspVolumeLock);
    IoDeleteDevice(Device);
    FspDereferenceVolume(Volume);
}

static VOID NTAPI FspUnload(PDRIVER_OBJECT Driver)
{
    LIST_ENTRY Gone;

    UNREFERENCED_PARAMETER(Driver);
    InitializeListHead(&Gone);
    KiLock(&FspVolumeLock);
    FspDriver = NULL;
    while (!IsListEmpty(&FspVolumes))
        InsertTailList(&Gone, RemoveHeadList(&FspVolumes));
    KiUnlock(&FspVolumeLock);
    while (!IsListEmpty(&Gone))
        FspUnmap(CONTAINING_RECORD(RemoveHeadList(&Gone), FSP_VOLUME, Entry));
}

static NTSTATUS NTAPI FspDriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    static const UCHAR Majors[] = {IRP_MJ_CREATE,
                                   IRP_MJ_CLEANUP,
                                   IRP_MJ_CLOSE,
                                   IRP_MJ_READ,
                                   IRP_MJ_WRITE,
                                   IRP_MJ_FLUSH_BUFFERS,
                                   IRP_MJ_QUERY_INFORMATION,
                                   IRP_MJ_SET_INFORMATION,
                                   IRP_MJ_QUERY_VOLUME_INFORMATION,
                                   IRP_MJ_DIRECTORY_CONTROL};

    UNREFERENCED_PARAMETER(RegistryPath);
    for (SIZE_T i = 0; i < RTL_NUMBER_OF(Majors); i++)
        Driver->MajorFunction[Majors[i]] = FspDispatch;
    Driver->DriverUnload = FspUnload;
    return STATUS_SUCCESS;
}

/* ---- mapping ---- */

/* "C:" or "SystemRoot" to the path of the link, from pool. */
static NTSTATUS FspLinkName(const char *Drive, PUNICODE_STRING Link)
{
    WCHAR Text[16];

    if (strcasecmp(Drive, "SystemRoot") == 0) {
        NtCrt_wcscpy(Text, L"\\SystemRoot");
    } else if (isalpha((unsigned char)Drive[0]) && Drive[1] == ':' && Drive[2] == '\0') {
        NtCrt_wcscpy(Text, L"\\??\\X:");
        Text[4] = (WCHAR)toupper((unsigned char)Drive[0]);
    } else {
        return STATUS_OBJECT_NAME_INVALID;
    }
    Link->Length = (USHORT)(NtCrt_wcslen(Text) * sizeof(WCHAR));
    Link->MaximumLength = Link->Length + sizeof(WCHAR);
    Link->Buffer = ExAllocatePoolWithTag(PagedPool, Link->MaximumLength, FSP_TAG);
    if (Link->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(Link->Buffer, Text, Link->MaximumLength);
    return STATUS_SUCCESS;
}

static NTSTATUS FspOpenRoot(PFSP_VOLUME Volume, const char *Directory)
{
    struct stat Stat;

    Volume->Root = open(Directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (Volume->Root < 0)
        return errno == ENOENT ? STATUS_OBJECT_PATH_NOT_FOUND : FspStatus(errno);
    if (fstat(Volume->Root, &Stat) != 0)
        return FspStatus(errno);
    Volume->Serial = (ULONG)(Stat.st_dev ^ Stat.st_ino ^ (Stat.st_ino >> 32));
    Volume->Created = FspTime(Stat.st_ctim.tv_sec, (LONG)Stat.st_ctim.tv_nsec);
    return STATUS_SUCCESS;
}

static NTSTATUS FspMakeVolumeDevice(PFSP_VOLUME Volume, PDRIVER_OBJECT Driver, ULONG Number)
{
    WCHAR Text[64];
    UNICODE_STRING Name = {.Buffer = Text, .MaximumLength = sizeof(Text)};
    UNICODE_STRING Prefix = RTL_CONSTANT_STRING(L"\\Device\\HostVolume");
    WCHAR Digits[16];
    UNICODE_STRING Decimal = {.Buffer = Digits, .MaximumLength = sizeof(Digits)};
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    RtlCopyUnicodeString(&Name, &Prefix);
    RtlIntegerToUnicodeString(Number, 10, &Decimal);
    RtlAppendUnicodeStringToString(&Name, &Decimal);
    Status = IoCreateDevice(Driver, sizeof(FSP_DEVICE), &Name, FILE_DEVICE_DISK,
                            Volume->ReadOnly ? FILE_READ_ONLY_DEVICE : 0, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    ((PFSP_DEVICE)Device->DeviceExtension)->Volume = Volume;
    Volume->Device = Device;
    /* Disk and file system in one: it is mounted on itself. */
    Device->Vpb->DeviceObject = Device;
    Device->Vpb->SerialNumber = Volume->Serial;
    Device->Vpb->VolumeLabelLength = sizeof(FSP_LABEL) - sizeof(WCHAR);
    memcpy(Device->Vpb->VolumeLabel, FSP_LABEL, sizeof(FSP_LABEL) - sizeof(WCHAR));
    Device->Vpb->Flags |= VPB_MOUNTED;
    if (Volume->Link.Buffer != NULL) {
        Status = IoCreateSymbolicLink(&Volume->Link, &Name);
        if (!NT_SUCCESS(Status)) {
            Volume->Device = NULL;
            IoDeleteDevice(Device);
            return Status;
        }
    }
    /* Under the lock by which an open looks at it: the name is out. */
    KiLock(&IopDeviceLock);
    Device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    KiUnlock(&IopDeviceLock);
    return STATUS_SUCCESS;
}

/* Under FspVolumeLock. */
static NTSTATUS FspStartDriver(VOID)
{
    IOP_DRIVER_IMAGE Image = {.Entry = FspDriverEntry};

    return FspDriver != NULL ? STATUS_SUCCESS : IopCreateDriver(L"HostFs", &Image, &FspDriver);
}

NTSTATUS FsMapDrive(const char *Drive, const char *Directory, BOOLEAN ReadOnly)
{
    PFSP_VOLUME Volume;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Volume = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Volume), FSP_TAG);
    if (Volume == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Volume, 0, sizeof(*Volume));
    Volume->References = 1;
    Volume->Root = -1;
    Volume->ReadOnly = ReadOnly;
    Status = FspLinkName(Drive, &Volume->Link);
    if (NT_SUCCESS(Status))
        Status = FspOpenRoot(Volume, Directory);
    if (NT_SUCCESS(Status)) {
        KiLock(&FspVolumeLock);
        Status = FspStartDriver();
        if (NT_SUCCESS(Status))
            Status = FspMakeVolumeDevice(Volume, FspDriver, ++FspNextNumber);
        if (NT_SUCCESS(Status))
            InsertTailList(&FspVolumes, &Volume->Entry);
        KiUnlock(&FspVolumeLock);
    }
    if (!NT_SUCCESS(Status))
        FspDereferenceVolume(Volume);
    return Status;
}

NTSTATUS FsUnmapDrive(const char *Drive)
{
    PFSP_VOLUME Found = NULL;
    UNICODE_STRING Link;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = FspLinkName(Drive, &Link);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&FspVolumeLock);
    for (PLIST_ENTRY Entry = FspVolumes.Flink; Entry != &FspVolumes; Entry = Entry->Flink) {
        PFSP_VOLUME Volume = CONTAINING_RECORD(Entry, FSP_VOLUME, Entry);
        if (RtlEqualUnicodeString(&Volume->Link, &Link, TRUE)) {
            Found = Volume;
            RemoveEntryList(Entry);
            break;
        }
    }
    KiUnlock(&FspVolumeLock);
    ExFreePoolWithTag(Link.Buffer, FSP_TAG);
    if (Found == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    FspUnmap(Found);
    return STATUS_SUCCESS;
}
