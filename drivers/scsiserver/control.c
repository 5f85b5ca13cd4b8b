/* SPDX-License-Identifier: MIT */
/* Handles and IOCTLs of the one program that is served. */
#include "scsiserver.h"

NTSTATUS NTAPI ServerDispatchCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERVER_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);
    KIRQL Irql;

    if (!NT_SUCCESS(Status))
        return ServerCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    KeAcquireSpinLock(&Device->Lock, &Irql);
    if (!Device->Started)
        Status = STATUS_DEVICE_NOT_READY;
    else if (Device->Owner != NULL)
        Status = STATUS_SHARING_VIOLATION; /* one program at a time */
    else
        Device->Owner = Stack->FileObject;
    KeReleaseSpinLock(&Device->Lock, Irql);
    ServerCompleteIrp(Irp, Status, 0);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}

NTSTATUS NTAPI ServerDispatchCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERVER_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    /* After a removal the lock is closed, but nothing is left in flight then either. */
    if (NT_SUCCESS(Status))
        ServerCancelRequests(Device);
    ServerCompleteIrp(Irp, STATUS_SUCCESS, 0);
    if (NT_SUCCESS(Status))
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ServerDispatchClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERVER_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);
    KIRQL Irql;

    /*
     * Not at CLEANUP: a CLAIM_DEVICE in flight may yet succeed then. CLOSE comes when the last
     * request of the handle is over; and the next program gets in when the claim is gone. A removed
     * device (the lock is closed) has given it back already.
     */
    if (NT_SUCCESS(Status))
        ServerReleaseClaim(Device);
    KeAcquireSpinLock(&Device->Lock, &Irql);
    if (Device->Owner == Stack->FileObject)
        Device->Owner = NULL;
    KeReleaseSpinLock(&Device->Lock, Irql);
    ServerCompleteIrp(Irp, STATUS_SUCCESS, 0);
    if (NT_SUCCESS(Status))
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return STATUS_SUCCESS;
}

VOID ServerReleaseClaim(PSERVER_DEVICE Device)
{
    BOOLEAN Claimed;
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Claimed = Device->Claimed;
    Device->Claimed = FALSE;
    KeReleaseSpinLock(&Device->Lock, Irql);
    if (Claimed)
        ServerSendSrbFunction(Device, SRB_FUNCTION_RELEASE_DEVICE);
}

static NTSTATUS GetPnpInfo(PSERVER_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack,
                           ULONG *Information)
{
    PREQUEST_HEADER Header = Irp->AssociatedIrp.SystemBuffer;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Length;
    KIRQL Irql;

    /* A START that follows a STOP makes it anew; a system buffer is not paged. */
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Length = sizeof(REQUEST_HEADER) + Device->PnpLength;
    if (!Device->Started) {
        Status = STATUS_DEVICE_NOT_READY;
    } else if (Stack->Parameters.DeviceIoControl.OutputBufferLength < Length) {
        Status = STATUS_BUFFER_TOO_SMALL;
    } else {
        RtlZeroMemory(Header, sizeof(*Header));
        Header->Length = Length;
        Header->InputBufferLength = Device->MaximumTransfer;
        RtlCopyMemory(Header + 1, Device->PnpInfo, Device->PnpLength);
        *Information = Length;
    }
    KeReleaseSpinLock(&Device->Lock, Irql);
    return Status;
}

NTSTATUS NTAPI ServerDispatchDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERVER_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Information = 0;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ServerCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_GET_PNP_INFO:
        Status = GetPnpInfo(Device, Irp, Stack, &Information);
        break;
    case IOCTL_EXECUTE_REQUEST:
        return ServerExecuteRequest(Device, Irp, Stack); /* releases the remove lock */
    default:
        Status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    ServerCompleteIrp(Irp, Status, Information);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}
