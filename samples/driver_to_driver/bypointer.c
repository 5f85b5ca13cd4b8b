/* SPDX-License-Identifier: MIT */
/*
 * bypointer.c - calling another driver with IRPs that were made for it. Who frees the IRP differs:
 * the I/O manager, where it waits in its thread's list (both synchronous routines), else the
 * completion routine, which then keeps the I/O manager away with STATUS_MORE_PROCESSING_REQUIRED.
 */
#include "caller.h"

/* What a completion routine needs to tell the waiting caller. */
typedef struct _CALL_WAIT {
    KEVENT Done;
    IO_STATUS_BLOCK Block;
} CALL_WAIT, *PCALL_WAIT;

static VOID CallReport(const IO_STATUS_BLOCK *Block, CALL_RESULT *Result)
{
    Result->Status = Block->Status;
    Result->Information = (ULONG)Block->Information;
}

/* Freed by the I/O manager, which fills Block and sets the event. */
NTSTATUS CallSynchronousFsd(PDEVICE_OBJECT Target, CALL_RESULT *Result)
{
    LARGE_INTEGER Offset;
    IO_STATUS_BLOCK Block;
    KEVENT Event;
    PIRP Irp;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Offset.QuadPart = CALL_OFFSET;
    Irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, Target, Result->Data, CALL_BYTES, &Offset,
                                       &Event, &Block);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Result->Returned = IoCallDriver(Target, Irp);
    if (Result->Returned == STATUS_PENDING)
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    CallReport(&Block, Result);
    return STATUS_SUCCESS;
}

NTSTATUS CallDeviceControl(PDEVICE_OBJECT Target, CALL_RESULT *Result)
{
    static const CHAR Text[] = "drawer";
    IO_STATUS_BLOCK Block;
    KEVENT Event;
    PIRP Irp;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(IOCTL_TARGET_REVERSE, Target, (PVOID)Text, sizeof(Text) - 1,
                                        Result->Data, CALL_BYTES, FALSE, &Event, &Block);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Result->Returned = IoCallDriver(Target, Irp);
    if (Result->Returned == STATUS_PENDING)
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    CallReport(&Block, Result);
    return STATUS_SUCCESS;
}

/* Frees the IRP and its MDL: nobody else will, and the I/O manager must not look at it any more. */
static NTSTATUS NTAPI CallFreeIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCALL_WAIT Wait = Context;
    PMDL Mdl;

    UNREFERENCED_PARAMETER(DeviceObject);
    Wait->Block = Irp->IoStatus;
    while ((Mdl = Irp->MdlAddress) != NULL) {
        Irp->MdlAddress = Mdl->Next;
        if ((Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(Mdl);
        IoFreeMdl(Mdl);
    }
    IoFreeIrp(Irp);
    KeSetEvent(&Wait->Done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS CallAsynchronousFsd(PDEVICE_OBJECT Target, CALL_RESULT *Result)
{
    LARGE_INTEGER Offset;
    CALL_WAIT Wait;
    PIRP Irp;

    KeInitializeEvent(&Wait.Done, NotificationEvent, FALSE);
    Offset.QuadPart = CALL_OFFSET;
    /* It has locked the buffer in an MDL, because target's device does direct I/O. */
    Irp =
        IoBuildAsynchronousFsdRequest(IRP_MJ_READ, Target, Result->Data, CALL_BYTES, &Offset, NULL);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoSetCompletionRoutine(Irp, CallFreeIrp, &Wait, TRUE, TRUE, TRUE);
    Result->Returned = IoCallDriver(Target, Irp);
    /* Irp may be gone. Here the caller has time to do something else. */
    KeWaitForSingleObject(&Wait.Done, Executive, KernelMode, FALSE, NULL);
    CallReport(&Wait.Block, Result);
    return STATUS_SUCCESS;
}

NTSTATUS CallOwnIrp(PDEVICE_OBJECT Target, PFILE_OBJECT File, CALL_RESULT *Result)
{
    PIO_STACK_LOCATION Stack;
    CALL_WAIT Wait;
    PIRP Irp;

    Irp = IoAllocateIrp(Target->StackSize, FALSE);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* The buffer is the program's IOCTL's system buffer: nonpaged pool. */
    Irp->MdlAddress = IoAllocateMdl(Result->Data, CALL_BYTES, FALSE, FALSE, NULL);
    if (Irp->MdlAddress == NULL) {
        IoFreeIrp(Irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(Irp->MdlAddress);
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = IRP_MJ_READ;
    Stack->FileObject = File;
    Stack->Parameters.Read.Length = CALL_BYTES;
    Stack->Parameters.Read.ByteOffset.QuadPart = CALL_OFFSET;
    KeInitializeEvent(&Wait.Done, NotificationEvent, FALSE);
    IoSetCompletionRoutine(Irp, CallFreeIrp, &Wait, TRUE, TRUE, TRUE);
    Result->Returned = IoCallDriver(Target, Irp);
    KeWaitForSingleObject(&Wait.Done, Executive, KernelMode, FALSE, NULL);
    CallReport(&Wait.Block, Result);
    return STATUS_SUCCESS;
}

/*
 * IoGetDeviceObjectPointer by hand: open the name, take the file object out of the handle, ask for
 * the top of the stack that it was opened on. The handle is closed again; the file object's
 * reference keeps the device.
 */
static NTSTATUS CallGetDeviceObjectPointer(PUNICODE_STRING Name, ACCESS_MASK Access,
                                           PFILE_OBJECT *File, PDEVICE_OBJECT *Device)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Block;
    HANDLE Handle;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Status = ZwOpenFile(&Handle, Access, &Attributes, &Block, 0, FILE_NON_DIRECTORY_FILE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status =
        ObReferenceObjectByHandle(Handle, 0, *IoFileObjectType, KernelMode, (PVOID *)File, NULL);
    if (NT_SUCCESS(Status))
        *Device = IoGetRelatedDeviceObject(*File);
    ZwClose(Handle);
    return Status;
}

NTSTATUS CallOwnPointer(PDEVICE_OBJECT Target, PFILE_OBJECT File, CALL_RESULT *Result)
{
    UNICODE_STRING Name;
    PFILE_OBJECT OwnFile;
    PDEVICE_OBJECT Own;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, CALLER_TARGET);
    Status = CallGetDeviceObjectPointer(&Name, FILE_READ_DATA, &OwnFile, &Own);
    if (!NT_SUCCESS(Status))
        return Status;
    Result->SamePointer =
        Own == Target && OwnFile != File && OwnFile->DeviceObject == File->DeviceObject;
    Status = CallSynchronousFsd(Own, Result);
    ObDereferenceObject(OwnFile);
    return Status;
}
