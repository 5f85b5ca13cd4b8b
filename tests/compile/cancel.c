/* SPDX-License-Identifier: MIT */
/*
 * cancel.c - reads that wait in a cancel-safe queue for a timer that polls: written as the
 * published samples of this kind are, with annotations, role types and the pragmas of Microsoft's
 * compiler.
 */
#include <ntddk.h>
#include <wdmsec.h>

#define CSAMP_DEVICE_NAME_U L"\\Device\\CompileCancel"
#define CSAMP_DOS_DEVICE_U  L"\\DosDevices\\CompileCancel"
#define POLL_MS             5
#define TAG                 (ULONG)'nacC'

typedef struct _DEVICE_EXTENSION {
    PDEVICE_OBJECT DeviceObject;
    LIST_ENTRY PendingIrpQueue;
    KSPIN_LOCK QueueLock;
    IO_CSQ CancelSafeQueue;
    KTIMER PollTimer;
    KDPC PollDpc;
    UCHAR Next;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;

_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH CsampCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH CsampRead;
_Dispatch_type_(IRP_MJ_CLEANUP) DRIVER_DISPATCH CsampCleanup;
DRIVER_UNLOAD CsampUnload;
KDEFERRED_ROUTINE CsampPollDpc;
IO_CSQ_INSERT_IRP CsampInsertIrp;
IO_CSQ_REMOVE_IRP CsampRemoveIrp;
IO_CSQ_PEEK_NEXT_IRP CsampPeekNextIrp;
IO_CSQ_ACQUIRE_LOCK CsampAcquireLock;
IO_CSQ_RELEASE_LOCK CsampReleaseLock;
IO_CSQ_COMPLETE_CANCELED_IRP CsampCompleteCanceledIrp;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, CsampCreateClose)
#pragma alloc_text(PAGE, CsampUnload)
#endif

NTSTATUS
DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;
    UNICODE_STRING ntName, dosName;
    PDEVICE_OBJECT deviceObject = NULL;
    PDEVICE_EXTENSION extension;

    UNREFERENCED_PARAMETER(RegistryPath);
    PAGED_CODE();

    (VOID) RtlInitUnicodeString(&ntName, CSAMP_DEVICE_NAME_U);
    status = IoCreateDeviceSecure(DriverObject, sizeof(DEVICE_EXTENSION), &ntName,
                                  FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                                  &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &deviceObject);
    if (!NT_SUCCESS(status)) {
        KdPrint(("IoCreateDeviceSecure failed: 0x%x\n", status));
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CsampCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CsampCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = CsampRead;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CsampCleanup;
    DriverObject->DriverUnload = CsampUnload;

    RtlInitUnicodeString(&dosName, CSAMP_DOS_DEVICE_U);
    status = IoCreateSymbolicLink(&dosName, &ntName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(deviceObject);
        return status;
    }
    extension = (PDEVICE_EXTENSION)deviceObject->DeviceExtension;
    extension->DeviceObject = deviceObject;
    extension->Next = 0;
    deviceObject->Flags |= DO_BUFFERED_IO;
    InitializeListHead(&extension->PendingIrpQueue);
    KeInitializeSpinLock(&extension->QueueLock);
    KeInitializeDpc(&extension->PollDpc, CsampPollDpc, extension);
    KeInitializeTimer(&extension->PollTimer);
    status = IoCsqInitialize(&extension->CancelSafeQueue, CsampInsertIrp, CsampRemoveIrp,
                             CsampPeekNextIrp, CsampAcquireLock, CsampReleaseLock,
                             CsampCompleteCanceledIrp);
    ASSERT(NT_SUCCESS(status));
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS CsampCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS CsampRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION extension = (PDEVICE_EXTENSION)DeviceObject->DeviceExtension;
    LARGE_INTEGER due;

    due.QuadPart = -10000LL * POLL_MS;
    IoCsqInsertIrp(&extension->CancelSafeQueue, Irp, NULL);
    KeSetTimer(&extension->PollTimer, due, &extension->PollDpc);
    return STATUS_PENDING;
}

_Use_decl_annotations_ VOID CsampPollDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                         PVOID SystemArgument2)
{
    PDEVICE_EXTENSION extension = (PDEVICE_EXTENSION)DeferredContext;
    PIRP irp;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    _Analysis_assume_(extension != NULL);
    while ((irp = IoCsqRemoveNextIrp(&extension->CancelSafeQueue, NULL)) != NULL) {
        PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
        ULONG length = stack->Parameters.Read.Length;

        RtlFillMemory(irp->AssociatedIrp.SystemBuffer, length, extension->Next++);
        irp->IoStatus.Status = STATUS_SUCCESS;
        irp->IoStatus.Information = length;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    }
}

_Use_decl_annotations_ NTSTATUS CsampCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION extension = (PDEVICE_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PIRP pending;

    while ((pending = IoCsqRemoveNextIrp(&extension->CancelSafeQueue, stack->FileObject)) != NULL) {
        pending->IoStatus.Information = 0;
        pending->IoStatus.Status = STATUS_CANCELLED;
        IoCompleteRequest(pending, IO_NO_INCREMENT);
    }
    Irp->IoStatus.Information = 0;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID CsampUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT deviceObject = DriverObject->DeviceObject;
    PDEVICE_EXTENSION extension = (PDEVICE_EXTENSION)deviceObject->DeviceExtension;
    UNICODE_STRING dosName;

    PAGED_CODE();
    KeCancelTimer(&extension->PollTimer);
    KeFlushQueuedDpcs();
    RtlInitUnicodeString(&dosName, CSAMP_DOS_DEVICE_U);
    IoDeleteSymbolicLink(&dosName);
    IoDeleteDevice(deviceObject);
}

VOID CsampInsertIrp(_In_ PIO_CSQ Csq, _In_ PIRP Irp)
{
    PDEVICE_EXTENSION extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);

    InsertTailList(&extension->PendingIrpQueue, &Irp->Tail.Overlay.ListEntry);
}

VOID CsampRemoveIrp(_In_ PIO_CSQ Csq, _In_ PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

PIRP CsampPeekNextIrp(_In_ PIO_CSQ Csq, _In_opt_ PIRP Irp, _In_opt_ PVOID PeekContext)
{
    PDEVICE_EXTENSION extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);
    PLIST_ENTRY head = &extension->PendingIrpQueue;
    PLIST_ENTRY next = Irp == NULL ? head->Flink : Irp->Tail.Overlay.ListEntry.Flink;

    for (; next != head; next = next->Flink) {
        PIRP nextIrp = CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);

        if (!PeekContext ||
            IoGetCurrentIrpStackLocation(nextIrp)->FileObject == (PFILE_OBJECT)PeekContext)
            return nextIrp;
    }
    return NULL;
}

_IRQL_raises_(DISPATCH_LEVEL) _IRQL_requires_max_(DISPATCH_LEVEL)
    _Acquires_lock_(CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue)->QueueLock) VOID
    CsampAcquireLock(_In_ PIO_CSQ Csq, _Out_ _At_(*Irql, _Post_ _IRQL_saves_) PKIRQL Irql)
{
    PDEVICE_EXTENSION extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);

#pragma prefast(suppress : __WARNING_BUFFER_UNDERFLOW, "the lock is in the extension")
    KeAcquireSpinLock(&extension->QueueLock, Irql);
}

_IRQL_requires_(DISPATCH_LEVEL)
    _Releases_lock_(CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue)->QueueLock) VOID
    CsampReleaseLock(_In_ PIO_CSQ Csq, _In_ _IRQL_restores_ KIRQL Irql)
{
    PDEVICE_EXTENSION extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);

    KeReleaseSpinLock(&extension->QueueLock, Irql);
}

VOID CsampCompleteCanceledIrp(_In_ PIO_CSQ Csq, _In_ PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}
