/* SPDX-License-Identifier: MIT */
/*
 * attach.c - stacks of devices.
 *
 * AttachedDevice points up and DeviceObjectExtension->AttachedTo down, both written under
 * IopDeviceLock; requests walk up without it. That is safe for the reason it is on Windows: who
 * sends to a stack has it open, and a device leaves only a stack that is not in use.
 */
#include "ntio/io/iop.h"

PDEVICE_OBJECT IopTopOfStack(PDEVICE_OBJECT Device)
{
    return IopTop(Device);
}

PDEVICE_OBJECT IopBottom(PDEVICE_OBJECT Device)
{
    while (Device->DeviceObjectExtension->AttachedTo != NULL)
        Device = Device->DeviceObjectExtension->AttachedTo;
    return Device;
}

static ULONG IopOpensAbove(PDEVICE_OBJECT Device)
{
    ULONG Count = 0;
    for (; Device != NULL; Device = Device->AttachedDevice)
        Count += (ULONG)Device->ReferenceCount;
    return Count;
}

ULONG IopOpenCountOfStack(PDEVICE_OBJECT PhysicalDeviceObject)
{
    KiLock(&IopDeviceLock);
    ULONG Count = IopOpensAbove(PhysicalDeviceObject);
    KiUnlock(&IopDeviceLock);
    return Count;
}

VOID IopDereferenceDevice(PDEVICE_OBJECT Device)
{
    IOP_LAST_CLOSE *LastClose;
    PDEVICE_OBJECT Bottom = NULL;
    PIOP_DRIVER Unload;
    BOOLEAN Destroy;

    KiLock(&IopDeviceLock);
    LastClose = IopLastCloseCallout; /* pnp takes it away under this lock */
    NTIO_ASSERT(Device->ReferenceCount > 0);
    Device->ReferenceCount--;
    if (LastClose != NULL && Device->ReferenceCount == 0) {
        Bottom = IopBottom(Device);
        if (IopOpensAbove(Bottom) == 0)
            ObReferenceObject(Bottom);
        else
            Bottom = NULL;
    }
    Unload = IopTakeUnload(Device->DriverObject);
    Destroy = IopMayDestroy(Device);
    KiUnlock(&IopDeviceLock);
    if (Destroy)
        IopDestroyDevice(Device);
    if (Bottom != NULL) {
        LastClose(Bottom);
        ObDereferenceObject(Bottom);
    }
    if (Unload != NULL)
        IopFinishUnload(Unload, TRUE);
}

NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice,
                                               PDEVICE_OBJECT TargetDevice,
                                               PDEVICE_OBJECT *AttachedToDeviceObject)
{
    PIOP_DEVICE_EXTENSION Extension;
    PDEVICE_OBJECT Top;
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&IopDeviceLock);
    Top = IopTop(TargetDevice);
    Extension = IopDeviceExtension(Top);
    if (SourceDevice->DeviceObjectExtension->AttachedTo != NULL)
        IopStop(IOP_VF_ATTACHED_TWICE, SourceDevice, (ULONG_PTR)TargetDevice, 0);
    if (Extension->DeletePending ||
        (Extension->Public.ExtensionFlags & (DOE_UNLOAD_PENDING | DOE_DELETE_PENDING |
                                             DOE_REMOVE_PENDING | DOE_REMOVE_PROCESSED)) != 0) {
        *AttachedToDeviceObject = NULL;
        Status = STATUS_NO_SUCH_DEVICE;
    } else {
        SourceDevice->StackSize = Top->StackSize + 1;
        SourceDevice->AlignmentRequirement = Top->AlignmentRequirement;
        SourceDevice->SectorSize = Top->SectorSize;
        if (Extension->Public.ExtensionFlags & DOE_START_PENDING)
            SourceDevice->DeviceObjectExtension->ExtensionFlags |= DOE_START_PENDING;
        SourceDevice->DeviceObjectExtension->AttachedTo = Top;
        *AttachedToDeviceObject = Top; /* before the first request can come */
        __atomic_store_n(&Top->AttachedDevice, SourceDevice, __ATOMIC_RELEASE);
    }
    KiUnlock(&IopDeviceLock);
    return Status;
}

PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice,
                                                 PDEVICE_OBJECT TargetDevice)
{
    PDEVICE_OBJECT Below = NULL;

    IoAttachDeviceToDeviceStackSafe(SourceDevice, TargetDevice, &Below);
    return Below;
}

NTSTATUS NTAPI IoAttachDeviceByPointer(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice)
{
    PDEVICE_OBJECT Below;
    return IoAttachDeviceToDeviceStackSafe(SourceDevice, TargetDevice, &Below);
}

NTSTATUS NTAPI IoAttachDevice(PDEVICE_OBJECT SourceDevice, PUNICODE_STRING TargetDevice,
                              PDEVICE_OBJECT *AttachedDevice)
{
    PFILE_OBJECT File;
    PDEVICE_OBJECT Target;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *AttachedDevice = NULL;
    Status = IopGetDeviceObjectPointer(TargetDevice, FILE_READ_ATTRIBUTES, &File, &Target,
                                       IO_ATTACH_DEVICE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoAttachDeviceToDeviceStackSafe(SourceDevice, Target, AttachedDevice);
    ObDereferenceObject(File);
    return Status;
}

VOID NTAPI IoDetachDevice(PDEVICE_OBJECT TargetDevice)
{
    PDEVICE_OBJECT Above;
    PIOP_DRIVER Unload;
    BOOLEAN Destroy;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&IopDeviceLock);
    Above = TargetDevice->AttachedDevice;
    if (Above != NULL) {
        Above->DeviceObjectExtension->AttachedTo = NULL;
        __atomic_store_n(&TargetDevice->AttachedDevice, NULL, __ATOMIC_RELEASE);
    }
    Unload = IopTakeUnload(TargetDevice->DriverObject);
    Destroy = IopMayDestroy(TargetDevice);
    KiUnlock(&IopDeviceLock);
    if (Above == NULL)
        IopStop(IOP_VF_DETACH_NOT_ATTACHED, TargetDevice, 0, 0);
    if (Destroy)
        IopDestroyDevice(TargetDevice);
    if (Unload != NULL)
        IopFinishUnload(Unload, FALSE);
}

PDEVICE_OBJECT NTAPI IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject)
{
    return IopTop(DeviceObject);
}

PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT Top;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&IopDeviceLock);
    Top = IopTop(DeviceObject);
    ObReferenceObject(Top);
    KiUnlock(&IopDeviceLock);
    return Top;
}

PDEVICE_OBJECT NTAPI IoGetLowerDeviceObject(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT Below = NULL;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&IopDeviceLock);
    if ((DeviceObject->DeviceObjectExtension->ExtensionFlags &
         (DOE_UNLOAD_PENDING | DOE_DELETE_PENDING | DOE_REMOVE_PENDING | DOE_REMOVE_PROCESSED)) ==
        0)
        Below = DeviceObject->DeviceObjectExtension->AttachedTo;
    if (Below != NULL)
        ObReferenceObject(Below);
    KiUnlock(&IopDeviceLock);
    return Below;
}

PDEVICE_OBJECT NTAPI IoGetDeviceAttachmentBaseRef(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT Bottom;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&IopDeviceLock);
    Bottom = IopBottom(DeviceObject);
    ObReferenceObject(Bottom);
    KiUnlock(&IopDeviceLock);
    return Bottom;
}

PDEVICE_OBJECT NTAPI IoGetBaseFileSystemDeviceObject(PFILE_OBJECT FileObject)
{
    return FileObject->DeviceObject;
}

PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    PVPB Vpb = FileObject->Vpb;

    if (Vpb != NULL && Vpb->DeviceObject != NULL) /* a file system is mounted */
        return IopTop(Vpb->DeviceObject);
    return IopTop(FileObject->DeviceObject);
}
