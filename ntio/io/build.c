/* SPDX-License-Identifier: MIT */
/* build.c - IRPs that drivers have made for them. */
#include "ntio/io/iop.h"

/* Undoes what a request that is not sent has got. */
static VOID IopDiscard(PIRP Irp)
{
    while (Irp->MdlAddress != NULL) {
        PMDL Mdl = Irp->MdlAddress;
        Irp->MdlAddress = Mdl->Next;
        if ((Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(Mdl);
        IoFreeMdl(Mdl);
    }
    if ((Irp->Flags & IRP_DEALLOCATE_BUFFER) != 0)
        IopFreeSystemBuffer(Irp);
    IopReleaseIrp(Irp);
}

static NTSTATUS IopBuildMdl(PIRP Irp, PVOID Buffer, ULONG Length, LOCK_OPERATION Operation)
{
    if (IoAllocateMdl(Buffer, Length, FALSE, FALSE, Irp) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return IopLockMdl(Irp->MdlAddress, KernelMode, Operation);
}

static PIRP IopBuildFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                               ULONG Length, PLARGE_INTEGER StartingOffset,
                               PIO_STATUS_BLOCK IoStatusBlock, PVOID Caller)
{
    PIRP Irp = IopAllocateIrp(DeviceObject->StackSize, Caller);
    PIO_STACK_LOCATION Stack;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Irp == NULL)
        return NULL;
    Irp->Tail.Overlay.Thread = IopCurrentThread();
    Irp->UserIosb = IoStatusBlock;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = (UCHAR)MajorFunction;
    if (MajorFunction != IRP_MJ_READ && MajorFunction != IRP_MJ_WRITE)
        return Irp;

    BOOLEAN Write = MajorFunction == IRP_MJ_WRITE;
    Irp->Flags = Write ? IRP_WRITE_OPERATION : IRP_READ_OPERATION;
    if (Length != 0 && (DeviceObject->Flags & DO_BUFFERED_IO) != 0) {
        Irp->AssociatedIrp.SystemBuffer = IopAllocateSystemBuffer(Irp, Length);
        if (Irp->AssociatedIrp.SystemBuffer == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
        } else {
            Irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
            if (Write) {
                memcpy(Irp->AssociatedIrp.SystemBuffer, Buffer, Length);
            } else {
                Irp->Flags |= IRP_INPUT_OPERATION;
                Irp->UserBuffer = Buffer;
                IopPrefixOf(Irp)->OutputLength = Length;
            }
        }
    } else if (Length != 0 && (DeviceObject->Flags & DO_DIRECT_IO) != 0) {
        Status = IopBuildMdl(Irp, Buffer, Length, Write ? IoReadAccess : IoWriteAccess);
    } else {
        Irp->UserBuffer = Buffer;
    }
    if (!NT_SUCCESS(Status)) {
        IopDiscard(Irp);
        return NULL;
    }
    Stack->Parameters.Read.Length = Length;
    if (StartingOffset != NULL)
        Stack->Parameters.Read.ByteOffset = *StartingOffset;
    return Irp;
}

PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                         PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return IopBuildFsdRequest(MajorFunction, DeviceObject, Buffer, Length, StartingOffset,
                              IoStatusBlock, __builtin_return_address(0));
}

/* Puts it in the thread's list, so that the thread's end cancels it. */
static PIRP IopThreadOwns(PIRP Irp, PKEVENT Event, PVOID Caller)
{
    if (Irp == NULL)
        return NULL;
    Irp->UserEvent = Event;
    if (!NT_SUCCESS(IopQueueThreadIrp(Irp, Caller))) {
        IopDiscard(Irp);
        return NULL;
    }
    return Irp;
}

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                        PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                        PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    PVOID Caller = __builtin_return_address(0);
    return IopThreadOwns(IopBuildFsdRequest(MajorFunction, DeviceObject, Buffer, Length,
                                            StartingOffset, IoStatusBlock, Caller),
                         Event, Caller);
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                         PVOID InputBuffer, ULONG InputBufferLength,
                                         PVOID OutputBuffer, ULONG OutputBufferLength,
                                         BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    PVOID Caller = __builtin_return_address(0);
    ULONG Method = METHOD_FROM_CTL_CODE(IoControlCode);
    ULONG Buffered = InputBufferLength;
    NTSTATUS Status = STATUS_SUCCESS;
    PIO_STACK_LOCATION Stack;
    PIRP Irp;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Irp = IopAllocateIrp(DeviceObject->StackSize, Caller);
    if (Irp == NULL)
        return NULL;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction =
        InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    Stack->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    Stack->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    Stack->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    Irp->UserIosb = IoStatusBlock;

    if (Method == METHOD_NEITHER) {
        Irp->UserBuffer = OutputBuffer;
        Stack->Parameters.DeviceIoControl.Type3InputBuffer = InputBuffer;
        return IopThreadOwns(Irp, Event, Caller);
    }
    if (Method == METHOD_BUFFERED && OutputBufferLength > Buffered)
        Buffered = OutputBufferLength;
    if (InputBuffer == NULL && Method != METHOD_BUFFERED)
        Buffered = 0;
    if (Buffered != 0) {
        Irp->AssociatedIrp.SystemBuffer = IopAllocateSystemBuffer(Irp, Buffered);
        if (Irp->AssociatedIrp.SystemBuffer == NULL) {
            IopDiscard(Irp);
            return NULL;
        }
        Irp->Flags = IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
        if (InputBuffer != NULL)
            memcpy(Irp->AssociatedIrp.SystemBuffer, InputBuffer, InputBufferLength);
        if (Method == METHOD_BUFFERED && OutputBuffer != NULL) {
            Irp->Flags |= IRP_INPUT_OPERATION;
            Irp->UserBuffer = OutputBuffer;
            IopPrefixOf(Irp)->OutputLength = OutputBufferLength;
        }
    }
    if (Method != METHOD_BUFFERED && OutputBuffer != NULL && OutputBufferLength != 0)
        Status = IopBuildMdl(Irp, OutputBuffer, OutputBufferLength,
                             Method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
    if (!NT_SUCCESS(Status)) {
        IopDiscard(Irp);
        return NULL;
    }
    return IopThreadOwns(Irp, Event, Caller);
}

NTSTATUS IopSendThreadIrp(PDEVICE_OBJECT Device, PIRP Irp, BOOLEAN Wait)
{
    PKEVENT Event = Irp->UserEvent;
    PIO_STATUS_BLOCK Iosb = Irp->UserIosb;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (!IopIsQueued(Irp)) {
        Status = IopQueueThreadIrp(Irp, __builtin_return_address(0));
        if (!NT_SUCCESS(Status)) {
            IopDiscard(Irp);
            return Status;
        }
    }
    Status = IofCallDriver(Device, Irp);
    if (Status != STATUS_PENDING) {
        if (NT_ERROR(Status) && Iosb != NULL) { /* nobody else has written it */
            Iosb->Status = Status;
            Iosb->Information = 0;
        }
        return Status;
    }
    if (!Wait)
        return Status;
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
    return Iosb->Status;
}
