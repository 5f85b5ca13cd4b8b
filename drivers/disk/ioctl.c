/* SPDX-License-Identifier: MIT */
/* IOCTL_DISK_* and IOCTL_STORAGE_*: which routine answers which. What is not known here is the port
 * driver's. */
#include "disk.h"

NTSTATUS DiskAnswer(PDISK_IOCTL Ioctl, const VOID *Data, ULONG Bytes, BOOLEAN Partial)
{
    if (Ioctl->Output < Bytes) {
        if (!Partial)
            return STATUS_BUFFER_TOO_SMALL;
        Bytes = Ioctl->Output;
    }
    RtlCopyMemory(Ioctl->Buffer, Data, Bytes);
    Ioctl->Information = Bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS CheckVerify(PDISK_IOCTL Ioctl)
{
    NTSTATUS Status;
    ULONG Change;

    if (Ioctl->Output != 0 && Ioctl->Output < sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    Status = ClassTestUnitReady(&Ioctl->Device->Class);
    if (!NT_SUCCESS(Status) || Ioctl->Output == 0)
        return Status;
    Change = ClassMediaChangeCount(&Ioctl->Device->Class);
    return DiskAnswer(Ioctl, &Change, sizeof(Change), FALSE);
}

static NTSTATUS GetNumber(PDISK_IOCTL Ioctl)
{
    STORAGE_DEVICE_NUMBER Number = {.DeviceType = FILE_DEVICE_DISK,
                                    .DeviceNumber = Ioctl->Device->Number,
                                    .PartitionNumber = 0};

    return DiskAnswer(Ioctl, &Number, sizeof(Number), FALSE);
}

static NTSTATUS GetHotplug(PDISK_IOCTL Ioctl)
{
    STORAGE_HOTPLUG_INFO Info = {
        .Size = sizeof(Info), .MediaRemovable = Ioctl->Device->Removable, .DeviceHotplug = TRUE};

    return DiskAnswer(Ioctl, &Info, sizeof(Info), FALSE);
}

static NTSTATUS Eject(PDISK_IOCTL Ioctl)
{
    return Ioctl->Device->Removable ? ClassStartStop(&Ioctl->Device->Class, 0x02)
                                    : STATUS_INVALID_DEVICE_REQUEST;
}

static NTSTATUS Load(PDISK_IOCTL Ioctl)
{
    return Ioctl->Device->Removable ? ClassStartStop(&Ioctl->Device->Class, 0x03)
                                    : STATUS_INVALID_DEVICE_REQUEST;
}

static NTSTATUS MediaRemoval(PDISK_IOCTL Ioctl)
{
    const PREVENT_MEDIA_REMOVAL *Prevent = Ioctl->Buffer;

    if (Ioctl->Input < sizeof(*Prevent))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!Ioctl->Device->Removable)
        return STATUS_INVALID_DEVICE_REQUEST;
    return ClassPreventRemoval(&Ioctl->Device->Class, Prevent->PreventMediaRemoval);
}

static const struct {
    ULONG Code;
    DISK_IOCTL_ROUTINE *Routine;
} Ioctls[] = {
    {IOCTL_STORAGE_CHECK_VERIFY, CheckVerify},
    {IOCTL_STORAGE_CHECK_VERIFY2, CheckVerify},
    {IOCTL_DISK_CHECK_VERIFY, CheckVerify},
    {IOCTL_DISK_GET_DRIVE_GEOMETRY, DiskGetGeometry},
    {IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, DiskGetGeometryEx},
    {IOCTL_STORAGE_READ_CAPACITY, DiskReadCapacity},
    {IOCTL_DISK_UPDATE_PROPERTIES, DiskUpdateProperties},
    {IOCTL_DISK_IS_WRITABLE, DiskIsWritable},
    {IOCTL_DISK_VERIFY, DiskVerify},
    {IOCTL_DISK_GET_PARTITION_INFO, DiskGetPartitionInfo},
    {IOCTL_DISK_GET_PARTITION_INFO_EX, DiskGetPartitionInfoEx},
    {IOCTL_DISK_GET_DRIVE_LAYOUT, DiskGetLayout},
    {IOCTL_DISK_GET_DRIVE_LAYOUT_EX, DiskGetLayoutEx},
    {IOCTL_DISK_GET_CACHE_INFORMATION, DiskGetCacheInformation},
    {IOCTL_DISK_SET_CACHE_INFORMATION, DiskSetCacheInformation},
    {IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES, DiskManageDataSet},
    {IOCTL_STORAGE_GET_DEVICE_NUMBER, GetNumber},
    {IOCTL_STORAGE_GET_HOTPLUG_INFO, GetHotplug},
    {IOCTL_STORAGE_EJECT_MEDIA, Eject},
    {IOCTL_DISK_EJECT_MEDIA, Eject},
    {IOCTL_STORAGE_LOAD_MEDIA, Load},
    {IOCTL_STORAGE_LOAD_MEDIA2, Load},
    {IOCTL_DISK_LOAD_MEDIA, Load},
    {IOCTL_STORAGE_MEDIA_REMOVAL, MediaRemoval},
    {IOCTL_DISK_MEDIA_REMOVAL, MediaRemoval},
    {IOCTL_STORAGE_EJECTION_CONTROL, MediaRemoval},
    {IOCTL_STORAGE_QUERY_PROPERTY, DiskQueryProperty},
};

NTSTATUS NTAPI DiskDispatchDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    DISK_IOCTL Ioctl = {.Device = Device,
                        .Buffer = Irp->AssociatedIrp.SystemBuffer,
                        .Input = Stack->Parameters.DeviceIoControl.InputBufferLength,
                        .Output = Stack->Parameters.DeviceIoControl.OutputBufferLength};
    NTSTATUS Status = IoAcquireRemoveLock(&Device->Class.RemoveLock, Irp);
    ULONG Index;

    if (!NT_SUCCESS(Status))
        return ClassCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    if (Code == IOCTL_DISK_GET_LENGTH_INFO)
        return ClassAskLength(&Device->Class, Irp, Stack); /* it releases the lock */
    for (Index = 0; Index < RTL_NUMBER_OF(Ioctls); Index++) {
        if (Ioctls[Index].Code != Code ||
            (Code == IOCTL_STORAGE_QUERY_PROPERTY && !DiskOwnsProperty(&Ioctl)))
            continue;
        Status = Ioctls[Index].Routine(&Ioctl);
        ClassCompleteIrp(Irp, Status, Ioctl.Information);
        IoReleaseRemoveLock(&Device->Class.RemoveLock, Irp);
        return Status;
    }
    /* Other properties, addresses, pass-through: the port driver's. */
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Device->Class.Lower, Irp);
    IoReleaseRemoveLock(&Device->Class.RemoveLock, Irp);
    return Status;
}
