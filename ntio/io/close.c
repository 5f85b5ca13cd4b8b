/* SPDX-License-Identifier: MIT */
/*
 * close.c - the end of a file object: the last handle's IRP_MJ_CLEANUP, the last reference's
 * IRP_MJ_CLOSE, and the lock that makes requests on a synchronous file come one at a time.
 */
#include "ntio/io/iop.h"

/* Status and result are nobody's: what a driver says to CLEANUP or CLOSE changes nothing. It never
 * fails for want of memory. */
static VOID IopSendClose(PFILE_OBJECT File, UCHAR MajorFunction)
{
    PDEVICE_OBJECT Top = IoGetRelatedDeviceObject(File);
    UCHAR Reserve[IoSizeOfIrp(Top->StackSize)] __attribute__((aligned(16)));
    PIRP Irp = IopAllocateIrp(Top->StackSize, __builtin_return_address(0));
    PIO_STACK_LOCATION Stack;
    IO_STATUS_BLOCK IoStatus;
    KEVENT Event;
    NTSTATUS Status;

    if (Irp == NULL) {
        Irp = (PIRP)Reserve;
        IoInitializeIrp(Irp, IoSizeOfIrp(Top->StackSize), Top->StackSize);
    }
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp->Flags = IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
    Irp->UserEvent = &Event;
    Irp->UserIosb = &IoStatus;
    Irp->Tail.Overlay.Thread = IopCurrentThread();
    Irp->Tail.Overlay.OriginalFileObject = File;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = MajorFunction;
    Stack->FileObject = File;
    Status = IofCallDriver(Top, Irp);
    if (Status == STATUS_PENDING)
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    else if (KeReadStateEvent(&Event) == 0)
        IopStop(IOP_VF_NOT_COMPLETED, Irp, (ULONG_PTR)Top, (ULONG_PTR)(LONG_PTR)Status);
    if (IopHasPrefix(Irp))
        IopReleaseIrp(Irp);
}

VOID IopCloseFile(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess,
                  ULONG ProcessHandleCount, ULONG SystemHandleCount)
{
    PFILE_OBJECT File = Object;

    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(GrantedAccess);
    UNREFERENCED_PARAMETER(ProcessHandleCount);
    if (SystemHandleCount != 1 || File->DeviceObject == NULL)
        return;
    /* Behind a request that another thread waits for, as on Windows. */
    if (IopIsSynchronous(File))
        while (!NT_SUCCESS(IopAcquireFileLock(File, KernelMode)))
            ;
    IopSendClose(File, IRP_MJ_CLEANUP);
    __atomic_fetch_or(&File->Flags, FO_CLEANUP_COMPLETE, __ATOMIC_RELAXED);
    if (IopIsSynchronous(File))
        IopReleaseFileLock(File);
}

VOID IopDeleteFile(PVOID Object)
{
    PFILE_OBJECT File = Object;

    if (File->DeviceObject != NULL) {
        PDEVICE_OBJECT Device = File->DeviceObject;
        if ((IopFileFlags(File) & FO_HANDLE_CREATED) == 0) /* no handle ever was there to send it */
            IopCloseFile(NULL, File, 0, 1, 1);
        IopSendClose(File, IRP_MJ_CLOSE);
        IopDereferenceDevice(Device);
    }
    if (File->FileName.Buffer != NULL)
        ExFreePoolWithTag(File->FileName.Buffer, IOP_TAG_NAME);
    if (File->CompletionContext != NULL) {
        ObDereferenceObject(File->CompletionContext->Port);
        ExFreePoolWithTag(File->CompletionContext, IOP_TAG_MISC);
    }
}

/* The device's path and the file's name behind it. */
NTSTATUS IopQueryFileName(PVOID Object, PUNICODE_STRING Name)
{
    PFILE_OBJECT File = Object;
    UNICODE_STRING Device = {0};
    NTSTATUS Status = STATUS_SUCCESS;
    SIZE_T Length;

    if (File->DeviceObject != NULL)
        Status = ObpQueryName(File->DeviceObject, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Length = (SIZE_T)Device.Length + File->FileName.Length;
    Name->Buffer = Length + sizeof(WCHAR) > MAXUSHORT
                       ? NULL
                       : ExAllocatePoolWithTag(PagedPool, Length + sizeof(WCHAR), 'mNbO');
    if (Name->Buffer == NULL) {
        Status = Length + sizeof(WCHAR) > MAXUSHORT ? STATUS_NAME_TOO_LONG
                                                    : STATUS_INSUFFICIENT_RESOURCES;
    } else {
        if (Device.Length != 0)
            memcpy(Name->Buffer, Device.Buffer, Device.Length);
        if (File->FileName.Length != 0)
            memcpy((PUCHAR)Name->Buffer + Device.Length, File->FileName.Buffer,
                   File->FileName.Length);
        Name->Buffer[Length / sizeof(WCHAR)] = L'\0';
        Name->Length = (USHORT)Length;
        Name->MaximumLength = (USHORT)(Length + sizeof(WCHAR));
    }
    if (Device.Buffer != NULL)
        ExFreePool(Device.Buffer);
    return Status;
}

/*
 * Busy says that the lock is taken, Waiters how many wait; the event wakes one of them. A releaser
 * that sees no waiter sets no event, so a waiter counts itself before it tries once more.
 */
NTSTATUS IopAcquireFileLock(PFILE_OBJECT File, KPROCESSOR_MODE Mode)
{
    BOOLEAN Alertable = (IopFileFlags(File) & FO_ALERTABLE_IO) != 0 && Mode != KernelMode;
    NTSTATUS Status = STATUS_SUCCESS;

    if (__atomic_exchange_n(&File->Busy, TRUE, __ATOMIC_ACQUIRE) == FALSE)
        return STATUS_SUCCESS;
    __atomic_fetch_add(&File->Waiters, 1, __ATOMIC_SEQ_CST);
    while (__atomic_exchange_n(&File->Busy, TRUE, __ATOMIC_SEQ_CST) != FALSE) {
        Status = KeWaitForSingleObject(&File->Lock, Executive, Mode, Alertable, NULL);
        if (Status != STATUS_SUCCESS)
            break; /* STATUS_ALERTED, STATUS_USER_APC */
    }
    __atomic_fetch_sub(&File->Waiters, 1, __ATOMIC_SEQ_CST);
    if (Status != STATUS_SUCCESS)
        return Status == STATUS_ALERTED || Status == STATUS_USER_APC ? STATUS_CANCELLED : Status;
    return STATUS_SUCCESS;
}

VOID IopReleaseFileLock(PFILE_OBJECT File)
{
    __atomic_store_n(&File->Busy, FALSE, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&File->Waiters, __ATOMIC_SEQ_CST) != 0)
        KeSetEvent(&File->Lock, IO_NO_INCREMENT, FALSE);
}
