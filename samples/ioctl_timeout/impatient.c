/* SPDX-License-Identifier: MIT */
/*
 * impatient.c - a synchronous IOCTL to another driver that is cancelled when its time is up.
 *
 * When the wait is over without an answer, the answer may be on its way: IoCancelIrp is allowed
 * only while the IRP is surely still there. One word decides, in which both sides exchange their
 * mark for what stands there:
 *
 *   the completion routine  exchanges ANSWERED; finds CANCELLING: the other side holds the IRP, so
 *                           it stays (STATUS_MORE_PROCESSING_REQUIRED) and the other side is told
 *   the waiter, at its time exchanges CANCELLING; finds ANSWERED: there is nothing to cancel, the
 *                           I/O manager is about to finish the IRP
 *
 * Whoever comes first finds SENT. A waiter that won may cancel, waits until the IRP has come back
 * to the completion routine, and completes it once more: the I/O manager then finishes it.
 */
#include <ntddk.h>

#include "ioctl_timeout.h"

#define IMPATIENT_NAME  L"\\Device\\Impatient"
#define IMPATIENT_LINK  L"\\??\\Impatient"
#define IMPATIENT_LOWER L"\\Device\\Slow"

enum { SENT, CANCELLING, ANSWERED };

typedef struct _IMPATIENT_CALL {
    LONG State;  /* the word */
    KEVENT Kept; /* the completion routine has left the IRP to the waiter */
    KEVENT Done; /* the I/O manager has finished the IRP */
    IO_STATUS_BLOCK Block;
} IMPATIENT_CALL, *PIMPATIENT_CALL;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD ImpatientUnload;
static DRIVER_DISPATCH ImpatientOpenClose, ImpatientControl;

static NTSTATUS ImpatientComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI ImpatientAnswered(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PIMPATIENT_CALL Call = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    if (InterlockedExchange(&Call->State, ANSWERED) != CANCELLING)
        return STATUS_SUCCESS; /* on to the I/O manager: it sets Done, and Call may be gone */
    KeSetEvent(&Call->Kept, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The request goes down with its time. PASSIVE_LEVEL; Call lives until the IRP is finished. */
static NTSTATUS ImpatientSend(PDEVICE_OBJECT Lower, const IMPATIENT_REQUEST *Request,
                              IMPATIENT_ANSWER *Answer)
{
    IMPATIENT_CALL Call;
    LARGE_INTEGER Limit;
    NTSTATUS Status;
    PIRP Irp;

    Call.State = SENT;
    KeInitializeEvent(&Call.Kept, NotificationEvent, FALSE);
    KeInitializeEvent(&Call.Done, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(IOCTL_SLOW, Lower, (PVOID)&Request->Slow,
                                        sizeof(Request->Slow), Answer->Text, sizeof(Answer->Text),
                                        FALSE, &Call.Done, &Call.Block);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoSetCompletionRoutine(Irp, ImpatientAnswered, &Call, TRUE, TRUE, TRUE);
    Status = IoCallDriver(Lower, Irp);
    if (Status == STATUS_PENDING) {
        Limit.QuadPart = -10LL * Request->LimitMicroseconds;
        Status = KeWaitForSingleObject(&Call.Done, Executive, KernelMode, FALSE, &Limit);
        if (Status == STATUS_TIMEOUT) {
            Answer->TimeWasUp = TRUE;
            if (InterlockedExchange(&Call.State, CANCELLING) == SENT) {
                Answer->Cancelled = TRUE;
                IoCancelIrp(Irp);
                KeWaitForSingleObject(&Call.Kept, Executive, KernelMode, FALSE, NULL);
                IoCompleteRequest(Irp, IO_NO_INCREMENT);
            }
            KeWaitForSingleObject(&Call.Done, Executive, KernelMode, FALSE, NULL);
        }
    }
    Answer->LowerStatus = Call.Block.Status;
    Answer->Information = (ULONG)Call.Block.Information;
    /* An answer that came all the same, while it was being cancelled, is an answer. */
    Answer->Status =
        Answer->LowerStatus == STATUS_CANCELLED ? STATUS_IO_TIMEOUT : Answer->LowerStatus;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI ImpatientControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    IMPATIENT_ANSWER *Answer = Irp->AssociatedIrp.SystemBuffer;
    IMPATIENT_REQUEST Request;
    UNICODE_STRING Name;
    PDEVICE_OBJECT Lower;
    PFILE_OBJECT File;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_IMPATIENT)
        return ImpatientComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(Request) ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(*Answer))
        return ImpatientComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    Request = *(IMPATIENT_REQUEST *)Irp->AssociatedIrp.SystemBuffer;
    RtlZeroMemory(Answer, sizeof(*Answer));
    RtlInitUnicodeString(&Name, IMPATIENT_LOWER);
    Status = IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &File, &Lower);
    if (NT_SUCCESS(Status)) {
        Status = ImpatientSend(Lower, &Request, Answer);
        ObDereferenceObject(File);
    }
    return ImpatientComplete(Irp, Status, NT_SUCCESS(Status) ? sizeof(*Answer) : 0);
}

static NTSTATUS NTAPI ImpatientOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ImpatientComplete(Irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI ImpatientUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, IMPATIENT_LINK);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, IMPATIENT_NAME);
    RtlInitUnicodeString(&Link, IMPATIENT_LINK);
    Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ImpatientOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ImpatientOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ImpatientOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = ImpatientControl;
    DriverObject->DriverUnload = ImpatientUnload;
    return STATUS_SUCCESS;
}
