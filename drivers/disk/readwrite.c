/* SPDX-License-Identifier: MIT */
#include "disk.h"

/* A file opened with FILE_FLAG_WRITE_THROUGH has SL_WRITE_THROUGH in each write. */
NTSTATUS NTAPI DiskDispatchReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClassCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    if (Stack->MajorFunction == IRP_MJ_READ)
        return ClassTransfer(Device, Irp, Stack->Parameters.Read.ByteOffset.QuadPart,
                             Stack->Parameters.Read.Length, FALSE, FALSE);
    return ClassTransfer(Device, Irp, Stack->Parameters.Write.ByteOffset.QuadPart,
                         Stack->Parameters.Write.Length, TRUE,
                         (Stack->Flags & SL_WRITE_THROUGH) != 0);
}
