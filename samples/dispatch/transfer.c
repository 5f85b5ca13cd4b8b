/* SPDX-License-Identifier: MIT */
/*
 * transfer.c - buffers: the system's copy (buffered), the program's pages locked and mapped
 * (direct), or the bare address in the program (neither), for reads, writes and control codes.
 */
#include "dispatch.h"

static VOID DispatchReverse(UCHAR *Data, ULONG Length)
{
    for (ULONG i = 0; i < Length / 2; i++) {
        UCHAR Byte = Data[i];
        Data[i] = Data[Length - 1 - i];
        Data[Length - 1 - i] = Byte;
    }
}

/* ---- the bare address ---- */

/*
 * An address that a program brought may be anything, and the memory may go while it is read: it is
 * probed (it must lie in the program's half) and touched inside NT_TRY alone. That can only be done
 * in the program's context, so in the dispatch routine of the topmost driver.
 */
static NTSTATUS DispatchFromUser(PVOID To, PVOID From, SIZE_T Length)
{
    volatile NTSTATUS Status = STATUS_SUCCESS;

    NT_TRY
    {
        ProbeForRead(From, Length, 1);
        RtlCopyMemory(To, From, Length);
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        Status = GetExceptionCode();
    }
    NT_END
    return Status;
}

NTSTATUS DispatchToUser(PVOID To, const VOID *From, SIZE_T Length)
{
    volatile NTSTATUS Status = STATUS_SUCCESS;

    NT_TRY
    {
        ProbeForWrite(To, Length, 1);
        RtlCopyMemory(To, From, Length);
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        Status = GetExceptionCode();
    }
    NT_END
    return Status;
}

/* ---- what came, for the program to look at ---- */

static VOID DispatchNote(PDISPATCH_EXTENSION Extension, PIRP Irp, ULONG Length, PVOID Mapped)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    DISPATCH_SEEN Seen;

    RtlZeroMemory(&Seen, sizeof(Seen));
    Seen.Major = Stack->MajorFunction;
    Seen.Length = Length;
    Seen.SystemBuffer = (ULONG_PTR)Irp->AssociatedIrp.SystemBuffer;
    Seen.Process = HandleToULong(PsGetCurrentProcessId());
    if (Irp->MdlAddress != NULL) {
        Seen.MdlUser = (ULONG_PTR)MmGetMdlVirtualAddress(Irp->MdlAddress);
        Seen.MdlSystem = (ULONG_PTR)Mapped;
        Seen.MdlLength = MmGetMdlByteCount(Irp->MdlAddress);
        Seen.MdlOffset = MmGetMdlByteOffset(Irp->MdlAddress);
        DbgPrint("dispatch: an MDL of %u bytes, at %p in the program, at %p in the system\n",
                 Seen.MdlLength, MmGetMdlVirtualAddress(Irp->MdlAddress), Mapped);
    }
    if (Stack->MajorFunction == IRP_MJ_DEVICE_CONTROL &&
        METHOD_FROM_CTL_CODE(Stack->Parameters.DeviceIoControl.IoControlCode) == METHOD_NEITHER)
        Seen.Type3Buffer = (ULONG_PTR)Stack->Parameters.DeviceIoControl.Type3InputBuffer;
    if (Extension->Way == DispatchNeither || Seen.Type3Buffer != 0)
        Seen.UserBuffer = (ULONG_PTR)Irp->UserBuffer;
    ExAcquireFastMutex(&Extension->Lock);
    Extension->Seen = Seen;
    ExReleaseFastMutex(&Extension->Lock);
}

static NTSTATUS DispatchCaught(PDISPATCH_EXTENSION Extension, PIRP Irp, NTSTATUS Status)
{
    DbgPrint("dispatch: caught exception %08x\n", Status);
    ExAcquireFastMutex(&Extension->Lock);
    Extension->Seen.Caught = (ULONG)Status;
    ExReleaseFastMutex(&Extension->Lock);
    return DispatchComplete(Irp, Status, 0);
}

/* ---- the file ---- */

static NTSTATUS DispatchWriteFile(PDISPATCH_EXTENSION Extension, LONGLONG Offset, const VOID *Data,
                                  ULONG Length)
{
    NTSTATUS Status = STATUS_DISK_FULL;

    ExAcquireFastMutex(&Extension->Lock);
    if (Offset >= 0 && Offset <= DISPATCH_SIZE && Length <= DISPATCH_SIZE - Offset) {
        if (Offset > Extension->Size)
            RtlZeroMemory(Extension->Data + Extension->Size, (ULONG)Offset - Extension->Size);
        RtlCopyMemory(Extension->Data + Offset, Data, Length);
        if ((ULONG)Offset + Length > Extension->Size)
            Extension->Size = (ULONG)Offset + Length;
        Status = STATUS_SUCCESS;
    }
    ExReleaseFastMutex(&Extension->Lock);
    return Status;
}

static NTSTATUS DispatchReadFile(PDISPATCH_EXTENSION Extension, LONGLONG Offset, PVOID Data,
                                 PULONG Length)
{
    NTSTATUS Status = STATUS_END_OF_FILE;

    ExAcquireFastMutex(&Extension->Lock);
    if (Offset >= 0 && Offset < Extension->Size) {
        if (*Length > Extension->Size - (ULONG)Offset)
            *Length = Extension->Size - (ULONG)Offset;
        RtlCopyMemory(Data, Extension->Data + Offset, *Length);
        Status = STATUS_SUCCESS;
    }
    ExReleaseFastMutex(&Extension->Lock);
    return Status;
}

/* By way of a copy: the program's memory is not touched while the lock is held. */
static NTSTATUS DispatchNeitherWay(PDISPATCH_EXTENSION Extension, PIRP Irp, LONGLONG Offset,
                                   ULONG Length, BOOLEAN Write)
{
    PVOID Copy = ExAllocatePoolWithTag(PagedPool, Length, DISPATCH_TAG);
    NTSTATUS Status, User = STATUS_SUCCESS;

    if (Copy == NULL)
        return DispatchComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (Write) {
        Status = User = DispatchFromUser(Copy, Irp->UserBuffer, Length);
        if (NT_SUCCESS(Status))
            Status = DispatchWriteFile(Extension, Offset, Copy, Length);
    } else {
        Status = DispatchReadFile(Extension, Offset, Copy, &Length);
        if (NT_SUCCESS(Status))
            Status = User = DispatchToUser(Irp->UserBuffer, Copy, Length);
    }
    ExFreePoolWithTag(Copy, DISPATCH_TAG);
    if (!NT_SUCCESS(User))
        return DispatchCaught(Extension, Irp, User);
    return DispatchComplete(Irp, Status, NT_SUCCESS(Status) ? Length : 0);
}

NTSTATUS DispatchReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp, BOOLEAN Write)
{
    PDISPATCH_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Write ? Stack->Parameters.Write.Length : Stack->Parameters.Read.Length;
    LONGLONG Offset =
        (Write ? Stack->Parameters.Write.ByteOffset : Stack->Parameters.Read.ByteOffset).QuadPart;
    PVOID Data = Irp->AssociatedIrp.SystemBuffer; /* buffered: the I/O manager copies */
    NTSTATUS Status;

    if (Extension->Way == DispatchDirect && Irp->MdlAddress != NULL) {
        /* The program's pages are locked; this is where the system sees them, in any context. */
        Data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
        if (Data == NULL)
            return DispatchComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    DispatchNote(Extension, Irp, Length, Data);
    if (Length == 0)
        return DispatchComplete(Irp, STATUS_SUCCESS, 0);
    if (Length > DISPATCH_SIZE)
        return DispatchComplete(Irp, Write ? STATUS_DISK_FULL : STATUS_INVALID_PARAMETER, 0);
    if (Extension->Way == DispatchNeither)
        return DispatchNeitherWay(Extension, Irp, Offset, Length, Write);
    Status = Write ? DispatchWriteFile(Extension, Offset, Data, Length)
                   : DispatchReadFile(Extension, Offset, Data, &Length);
    return DispatchComplete(Irp, Status, NT_SUCCESS(Status) ? Length : 0);
}

/* ---- the methods of control codes ---- */

static NTSTATUS DispatchReverseBuffered(PDISPATCH_EXTENSION Extension, PIRP Irp, ULONG In,
                                        ULONG Out)
{
    if (Out < In)
        return DispatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    /* One buffer of the system's for both ways. */
    DispatchNote(Extension, Irp, In, NULL);
    DispatchReverse(Irp->AssociatedIrp.SystemBuffer, In);
    return DispatchComplete(Irp, STATUS_SUCCESS, In);
}

/* Input comes as a copy, the second buffer as an MDL: here to write to, or (IN) to read from. */
static NTSTATUS DispatchDirectMethod(PDISPATCH_EXTENSION Extension, PIRP Irp, ULONG In, ULONG Out,
                                     BOOLEAN ToProgram)
{
    PVOID Mapped = NULL;
    NTSTATUS Status;

    if (Irp->MdlAddress != NULL) {
        Mapped = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
        if (Mapped == NULL)
            return DispatchComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    DispatchNote(Extension, Irp, Out, Mapped);
    if (!ToProgram) {
        if (Mapped == NULL)
            return DispatchComplete(Irp, STATUS_INVALID_PARAMETER, 0);
        Status = DispatchWriteFile(Extension, 0, Mapped, Out);
        return DispatchComplete(Irp, Status, NT_SUCCESS(Status) ? Out : 0);
    }
    if (Out < In)
        return DispatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    if (In != 0) {
        RtlCopyMemory(Mapped, Irp->AssociatedIrp.SystemBuffer, In);
        DispatchReverse(Mapped, In);
    }
    return DispatchComplete(Irp, STATUS_SUCCESS, In);
}

static NTSTATUS DispatchReverseNeither(PDISPATCH_EXTENSION Extension, PIRP Irp, ULONG In, ULONG Out)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status;
    PVOID Copy;

    DispatchNote(Extension, Irp, In, NULL);
    if (Out < In)
        return DispatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    if (In == 0 || In > DISPATCH_SIZE)
        return DispatchComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    Copy = ExAllocatePoolWithTag(PagedPool, In, DISPATCH_TAG);
    if (Copy == NULL)
        return DispatchComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    Status = DispatchFromUser(Copy, Stack->Parameters.DeviceIoControl.Type3InputBuffer, In);
    if (NT_SUCCESS(Status)) {
        DispatchReverse(Copy, In);
        Status = DispatchToUser(Irp->UserBuffer, Copy, In);
    }
    ExFreePoolWithTag(Copy, DISPATCH_TAG);
    return NT_SUCCESS(Status) ? DispatchComplete(Irp, Status, In)
                              : DispatchCaught(Extension, Irp, Status);
}

NTSTATUS DispatchDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISPATCH_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG In = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DISPATCH_COUNTS:
        if (Out < sizeof(ULONG) * DISPATCH_MAJORS)
            return DispatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        DispatchCounts(Buffer);
        return DispatchComplete(Irp, STATUS_SUCCESS, sizeof(ULONG) * DISPATCH_MAJORS);
    case IOCTL_DISPATCH_SEND:
        if (In < sizeof(ULONG))
            return DispatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        return DispatchComplete(Irp, DispatchSend(Extension, *(ULONG *)Buffer), 0);
    case IOCTL_DISPATCH_SEEN:
        if (Out < sizeof(DISPATCH_SEEN))
            return DispatchComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        ExAcquireFastMutex(&Extension->Lock);
        *(DISPATCH_SEEN *)Buffer = Extension->Seen;
        ExReleaseFastMutex(&Extension->Lock);
        return DispatchComplete(Irp, STATUS_SUCCESS, sizeof(DISPATCH_SEEN));
    case IOCTL_DISPATCH_BUFFERED:
        return DispatchReverseBuffered(Extension, Irp, In, Out);
    case IOCTL_DISPATCH_OUT_DIRECT:
        return DispatchDirectMethod(Extension, Irp, In, Out, TRUE);
    case IOCTL_DISPATCH_IN_DIRECT:
        return DispatchDirectMethod(Extension, Irp, In, Out, FALSE);
    case IOCTL_DISPATCH_NEITHER:
        return DispatchReverseNeither(Extension, Irp, In, Out);
    default:
        return DispatchComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
