/* SPDX-License-Identifier: MIT */
/*
 * slow.c - a device that answers late: each request has a timer, whose DPC completes it unless it
 * was cancelled first.
 *
 * DPC and cancelling both want the IRP: a cancel-safe queue gives it to one of them. The request's
 * own memory is the last one's to free: timer and IRP each hold a reference.
 */
#include <ntddk.h>

#include "ioctl_timeout.h"

#define SLOW_NAME L"\\Device\\Slow"
#define SLOW_TAG  0x776f6c53 /* Slow */

typedef struct _SLOW_EXTENSION {
    IO_CSQ Csq;
    KSPIN_LOCK Lock;
    LIST_ENTRY Requests; /* under Lock */
} SLOW_EXTENSION, *PSLOW_EXTENSION;

typedef struct _SLOW_CONTEXT {
    IO_CSQ_IRP_CONTEXT Queued;
    PSLOW_EXTENSION Extension;
    KTIMER Timer;
    KDPC Dpc;
    LONG References;
} SLOW_CONTEXT, *PSLOW_CONTEXT;
#define SLOW_CONTEXT_OF(Irp) ((Irp)->Tail.Overlay.DriverContext[0])

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD SlowUnload;
static DRIVER_DISPATCH SlowOpenClose, SlowControl;
static KDEFERRED_ROUTINE SlowDpc;

static NTSTATUS SlowComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID SlowDereference(PSLOW_CONTEXT Context)
{
    if (InterlockedDecrement(&Context->References) == 0)
        ExFreePool(Context);
}

/* The queue's six routines. */

static VOID NTAPI SlowInsert(PIO_CSQ Csq, PIRP Irp)
{
    PSLOW_EXTENSION Extension = CONTAINING_RECORD(Csq, SLOW_EXTENSION, Csq);
    InsertTailList(&Extension->Requests, &Irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI SlowRemove(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* Requests are taken out by their context alone. */
static PIRP NTAPI SlowPeek(PIO_CSQ Csq, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Csq);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return NULL;
}

static VOID NTAPI SlowAcquire(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(Csq, SLOW_EXTENSION, Csq)->Lock, Irql);
}

static VOID NTAPI SlowRelease(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(Csq, SLOW_EXTENSION, Csq)->Lock, Irql);
}

static VOID NTAPI SlowCancelled(PIO_CSQ Csq, PIRP Irp)
{
    PSLOW_CONTEXT Context = SLOW_CONTEXT_OF(Irp);

    UNREFERENCED_PARAMETER(Csq);
    if (KeCancelTimer(&Context->Timer))
        SlowDereference(Context); /* the DPC will not */
    SlowDereference(Context);
    SlowComplete(Irp, STATUS_CANCELLED, 0);
}

static VOID NTAPI SlowDpc(PKDPC Dpc, PVOID DeferredContext, PVOID Argument1, PVOID Argument2)
{
    PSLOW_CONTEXT Context = DeferredContext;
    PIRP Irp = IoCsqRemoveIrp(&Context->Extension->Csq, &Context->Queued);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (Irp != NULL) { /* else it has been cancelled */
        SLOW_REQUEST *Request = Irp->AssociatedIrp.SystemBuffer;
        ULONG Length =
            IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;

        if (Length > sizeof(Request->Text))
            Length = sizeof(Request->Text);
        RtlMoveMemory(Irp->AssociatedIrp.SystemBuffer, Request->Text, Length);
        SlowDereference(Context);
        SlowComplete(Irp, STATUS_SUCCESS, Length);
    }
    SlowDereference(Context);
}

static NTSTATUS NTAPI SlowControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSLOW_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    SLOW_REQUEST *Request = Irp->AssociatedIrp.SystemBuffer;
    PSLOW_CONTEXT Context;
    LARGE_INTEGER Due;

    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_SLOW)
        return SlowComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*Request))
        return SlowComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    Context = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Context), SLOW_TAG);
    if (Context == NULL)
        return SlowComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    Context->Extension = Extension;
    Context->References = 2;
    KeInitializeTimer(&Context->Timer);
    KeInitializeDpc(&Context->Dpc, SlowDpc, Context);
    SLOW_CONTEXT_OF(Irp) = Context;
    Due.QuadPart = -10LL * Request->Microseconds;
    /* Cancelled in between, the timer runs out for nothing: its reference keeps Context for it. */
    IoCsqInsertIrp(&Extension->Csq, Irp, &Context->Queued);
    KeSetTimer(&Context->Timer, Due, &Context->Dpc);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI SlowOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return SlowComplete(Irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI SlowUnload(PDRIVER_OBJECT DriverObject)
{
    KeFlushQueuedDpcs();
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PSLOW_EXTENSION Extension;
    UNICODE_STRING Name;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&Name, SLOW_NAME);
    Status = IoCreateDevice(DriverObject, sizeof(SLOW_EXTENSION), &Name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Device->DeviceExtension;
    KeInitializeSpinLock(&Extension->Lock);
    InitializeListHead(&Extension->Requests);
    IoCsqInitialize(&Extension->Csq, SlowInsert, SlowRemove, SlowPeek, SlowAcquire, SlowRelease,
                    SlowCancelled);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SlowOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = SlowOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SlowOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SlowControl;
    DriverObject->DriverUnload = SlowUnload;
    return STATUS_SUCCESS;
}
