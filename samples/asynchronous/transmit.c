/* SPDX-License-Identifier: MIT */
/*
 * transmit.c - a device with an interrupt: StartIo, service routine, DPC.
 *
 * IoStartPacket gives StartIo one request at a time. StartIo sends the first byte. For each byte
 * the hardware interrupts: the service routine fetches the result and sends the next one; after the
 * last it asks for the DPC, which completes this request and starts the next one. What the service
 * routine touches others touch only in KeSynchronizeExecution.
 */
#include "transmit.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD TransmitUnload;
static DRIVER_DISPATCH TransmitOpenClose, TransmitControl;
static DRIVER_STARTIO TransmitStartIo;
static DRIVER_CANCEL TransmitCancel;
static KSYNCHRONIZE_ROUTINE TransmitBegin, TransmitEnd;

NTSTATUS TransmitComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI TransmitOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return TransmitComplete(Irp, STATUS_SUCCESS, 0);
}

/* Under the interrupt's lock, at its IRQL: the service routine does not run meanwhile. */
static BOOLEAN NTAPI TransmitBegin(PVOID Context)
{
    PTRANSMIT_EXTENSION Extension = Context;
    PIRP Irp = Extension->Self->CurrentIrp;

    Extension->Facts.SynchronizeIrql = KeGetCurrentIrql();
    Extension->Buffer = Irp->AssociatedIrp.SystemBuffer;
    Extension->Length =
        IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength;
    Extension->Position = 0;
    WRITE_PORT_UCHAR(Extension->Port + HW_DATA, Extension->Buffer[0]);
    return TRUE;
}

BOOLEAN NTAPI TransmitService(PKINTERRUPT Interrupt, PVOID Context)
{
    PTRANSMIT_EXTENSION Extension = Context;
    UCHAR Result;

    UNREFERENCED_PARAMETER(Interrupt);
    if ((READ_PORT_UCHAR(Extension->Port + HW_STATUS) & HW_STATUS_DONE) == 0)
        return FALSE; /* somebody else's, where the line is shared */
    Result = READ_PORT_UCHAR(Extension->Port + HW_DATA);
    WRITE_PORT_UCHAR(Extension->Port + HW_STATUS, HW_STATUS_DONE); /* lets go of the line */
    Extension->Facts.Interrupts++;
    Extension->Facts.ServiceIrql = KeGetCurrentIrql();
    if (Extension->Buffer == NULL)
        return TRUE;
    Extension->Buffer[Extension->Position++] = Result;
    if (Extension->Position < Extension->Length)
        WRITE_PORT_UCHAR(Extension->Port + HW_DATA, Extension->Buffer[Extension->Position]);
    else
        IoRequestDpc(Extension->Self, Extension->Self->CurrentIrp, Extension);
    return TRUE;
}

static BOOLEAN NTAPI TransmitEnd(PVOID Context)
{
    PTRANSMIT_EXTENSION Extension = Context;

    Extension->Buffer = NULL;
    return TRUE;
}

static VOID NTAPI TransmitDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PTRANSMIT_EXTENSION Extension = Context;
    ULONG Length = Extension->Length;

    UNREFERENCED_PARAMETER(Dpc);
    Extension->Facts.Dpcs++;
    Extension->Facts.DpcIrql = KeGetCurrentIrql();
    KeSynchronizeExecution(Extension->Interrupt, TransmitEnd, Extension);
    InterlockedDecrement(&Extension->AtOnce);
    /* In this order requests end as they came: once the next has been started, its DPC may run on
     * another processor beside this one. */
    TransmitComplete(Irp, STATUS_SUCCESS, Length);
    IoStartNextPacket(DeviceObject, TRUE);
}

static VOID NTAPI TransmitStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTRANSMIT_EXTENSION Extension = DeviceObject->DeviceExtension;
    KIRQL Irql;

    /* From here on it can't be cancelled; it may have been, after it left the queue. */
    IoAcquireCancelSpinLock(&Irql);
    if (Irp->Cancel) {
        Extension->Facts.Cancelled++;
        IoReleaseCancelSpinLock(Irql);
        IoStartNextPacket(DeviceObject, TRUE);
        TransmitComplete(Irp, STATUS_CANCELLED, 0);
        return;
    }
    IoSetCancelRoutine(Irp, NULL);
    IoReleaseCancelSpinLock(Irql);
    Extension->Facts.Started++;
    Extension->Facts.StartIoIrql = KeGetCurrentIrql();
    if (InterlockedIncrement(&Extension->AtOnce) > (LONG)Extension->Facts.MostAtOnce)
        Extension->Facts.MostAtOnce = (ULONG)Extension->AtOnce;
    KeSynchronizeExecution(Extension->Interrupt, TransmitBegin, Extension);
}

/* The cancel spin lock is held. */
static VOID NTAPI TransmitCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTRANSMIT_EXTENSION Extension = DeviceObject->DeviceExtension;

    if (Irp == DeviceObject->CurrentIrp) {
        /* On its way into StartIo, which looks at Irp->Cancel. */
        IoReleaseCancelSpinLock(Irp->CancelIrql);
        return;
    }
    if (KeRemoveEntryDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry))
        Extension->Facts.Cancelled++;
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    TransmitComplete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI TransmitControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PTRANSMIT_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Output = Stack->Parameters.DeviceIoControl.OutputBufferLength;

    if (!Extension->Started)
        return TransmitComplete(Irp, STATUS_DEVICE_NOT_READY, 0);
    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_TRANSMIT:
        if (Input == 0 || Output < Input)
            return TransmitComplete(Irp, STATUS_INVALID_PARAMETER, 0);
        IoMarkIrpPending(Irp);
        IoStartPacket(DeviceObject, Irp, NULL, TransmitCancel);
        return STATUS_PENDING;
    case IOCTL_TRANSMIT_HOLD:
        WRITE_PORT_UCHAR(Extension->Port + HW_CONTROL, HW_CONTROL_HOLD);
        return TransmitComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_TRANSMIT_GO:
        WRITE_PORT_UCHAR(Extension->Port + HW_CONTROL, 0);
        return TransmitComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_TRANSMIT_FACTS:
        if (Output < sizeof(TRANSMIT_FACTS))
            return TransmitComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(TRANSMIT_FACTS *)Irp->AssociatedIrp.SystemBuffer = Extension->Facts;
        return TransmitComplete(Irp, STATUS_SUCCESS, sizeof(TRANSMIT_FACTS));
    default:
        return TransmitComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static VOID NTAPI TransmitUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject); /* its devices went with IRP_MN_REMOVE_DEVICE */
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = TransmitOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = TransmitOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = TransmitOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TransmitControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = TransmitPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = TransmitPower;
    DriverObject->DriverStartIo = TransmitStartIo;
    DriverObject->DriverExtension->AddDevice = TransmitAddDevice;
    DriverObject->DriverUnload = TransmitUnload;
    return STATUS_SUCCESS;
}

/* What AddDevice sets up of the above. */
VOID TransmitInitializeDevice(PDEVICE_OBJECT DeviceObject)
{
    IoInitializeDpcRequest(DeviceObject, TransmitDpc);
    /* StartIo that starts the next packet (a cancelled one) is not called from within itself. */
    IoSetStartIoAttributes(DeviceObject, TRUE, FALSE);
}
