/* SPDX-License-Identifier: MIT */
/*
 * disk_filter.c - a filter that makes a disk read-only.
 *
 * As a lower filter it stands between the disk driver and the bus and sees SCSI commands: writes
 * end here, as a write-protected disk ends them; MODE SENSE goes down, and on the way back its data
 * get the WP bit, so that whoever asks knows before. As an upper filter it sees a program's reads
 * and writes, and counts them. It need not know where it stands: what passes is different.
 */
#include <ntddk.h>
#include <srb.h>
#include <scsi.h>
#include <ntddscsi.h>

#include "disk_filter_public.h"

#define FILTER_TAG 0x746C4644 /* DFlt */
#define WP         0x80       /* of the device-specific byte */

typedef struct _FILTER_EXTENSION {
    PDEVICE_OBJECT Lower;
    IO_REMOVE_LOCK RemoveLock; /* held by each request until it has ended here */
    DISK_FILTER_REPORT Report; /* interlocked */
} FILTER_EXTENSION, *PFILTER_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_ADD_DEVICE FilterAddDevice;
static DRIVER_UNLOAD FilterUnload;
static DRIVER_DISPATCH FilterPass, FilterPower, FilterPnp, FilterReadWrite, FilterScsi,
    FilterControl;
static IO_COMPLETION_ROUTINE FilterModeSenseDone;

static NTSTATUS FilterComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI FilterPass(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION Extension = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return FilterComplete(Irp, Status, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Extension->Lower, Irp);
    IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI FilterPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION Extension = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);

    PoStartNextPowerIrp(Irp);
    if (!NT_SUCCESS(Status))
        return FilterComplete(Irp, Status, 0);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = PoCallDriver(Extension->Lower, Irp);
    IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
    return Status;
}

/* ---- above the disk driver ---- */

static NTSTATUS NTAPI FilterReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION Extension = DeviceObject->DeviceExtension;

    InterlockedIncrement(IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_READ
                             ? &Extension->Report.Reads
                             : &Extension->Report.Writes);
    return FilterPass(DeviceObject, Irp);
}

/* ---- below it ---- */

static BOOLEAN FilterIsWrite(const UCHAR *Cdb)
{
    switch (Cdb[0]) {
    case 0x04: /* FORMAT UNIT */
    case 0x0A: /* WRITE (6), (10), (12), (16) */
    case 0x2A:
    case 0xAA:
    case 0x8A:
    case 0x2E: /* WRITE AND VERIFY (10), (12), (16) */
    case 0xAE:
    case 0x8E:
    case 0x41: /* WRITE SAME (10), (16) */
    case 0x93:
    case 0x42: /* UNMAP */
    case 0x89: /* COMPARE AND WRITE */
        return TRUE;
    default:
        return FALSE;
    }
}

/* DATA PROTECT, 27h/00h: write-protected. Fixed format, SPC-4 4.5.3. Returns how much it put. */
static UCHAR FilterPutSense(UCHAR *Sense, ULONG Room)
{
    static const UCHAR Protected[18] = {0x70, 0, 0x07, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x27, 0x00};
    UCHAR Length = (UCHAR)(Room < sizeof(Protected) ? Room : sizeof(Protected));

    RtlCopyMemory(Sense, Protected, Length);
    return Length;
}

/* As the port ends a command that the disk refuses. */
static NTSTATUS FilterRefuse(PIRP Irp, PSCSI_REQUEST_BLOCK Srb)
{
    Srb->SrbStatus = SRB_STATUS_ERROR;
    Srb->ScsiStatus = SCSISTAT_CHECK_CONDITION;
    Srb->DataTransferLength = 0;
    if (Srb->SenseInfoBuffer != NULL && Srb->SenseInfoBufferLength != 0 &&
        !(Srb->SrbFlags & SRB_FLAGS_DISABLE_AUTOSENSE)) {
        Srb->SenseInfoBufferLength =
            FilterPutSense(Srb->SenseInfoBuffer, Srb->SenseInfoBufferLength);
        Srb->SrbStatus |= SRB_STATUS_AUTOSENSE_VALID;
    }
    return FilterComplete(Irp, STATUS_IO_DEVICE_ERROR, 0);
}

/* Any IRQL up to DISPATCH_LEVEL, on whatever thread the bus has. */
static NTSTATUS NTAPI FilterModeSenseDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PFILTER_EXTENSION Extension = DeviceObject->DeviceExtension;
    PSCSI_REQUEST_BLOCK Srb = Context;
    ULONG At = Srb->Cdb[0] == SCSIOP_MODE_SENSE ? 2 : 3; /* the device-specific byte */
    PUCHAR Data = Srb->DataBuffer;

    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    /* DataBuffer is an address in the MDL's range; where the data are it says together with that.
     */
    if (Irp->MdlAddress != NULL) {
        PUCHAR Base = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

        if (Base != NULL)
            Data =
                Base + ((PUCHAR)Srb->DataBuffer - (PUCHAR)MmGetMdlVirtualAddress(Irp->MdlAddress));
        else
            Data = NULL;
    }
    if ((SRB_STATUS(Srb->SrbStatus) == SRB_STATUS_SUCCESS ||
         SRB_STATUS(Srb->SrbStatus) == SRB_STATUS_DATA_OVERRUN) && /* less than was asked for */
        Data != NULL &&
        Srb->DataTransferLength > At) {
        Data[At] |= WP;
        InterlockedIncrement(&Extension->Report.Edited);
    }
    IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
    return STATUS_SUCCESS;
}

/* IRP_MJ_INTERNAL_DEVICE_CONTROL, which is IRP_MJ_SCSI. */
static NTSTATUS NTAPI FilterScsi(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION Extension = DeviceObject->DeviceExtension;
    PSCSI_REQUEST_BLOCK Srb = IoGetCurrentIrpStackLocation(Irp)->Parameters.Scsi.Srb;
    NTSTATUS Status;

    if (Srb == NULL || Srb->Function != SRB_FUNCTION_EXECUTE_SCSI)
        return FilterPass(DeviceObject, Irp);
    InterlockedIncrement(&Extension->Report.Commands);
    if (FilterIsWrite(Srb->Cdb)) {
        InterlockedIncrement(&Extension->Report.Refused);
        return FilterRefuse(Irp, Srb);
    }
    if (Srb->Cdb[0] != SCSIOP_MODE_SENSE && Srb->Cdb[0] != SCSIOP_MODE_SENSE10)
        return FilterPass(DeviceObject, Irp);
    Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
    if (!NT_SUCCESS(Status)) {
        Srb->SrbStatus = SRB_STATUS_NO_DEVICE;
        return FilterComplete(Irp, Status, 0);
    }
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, FilterModeSenseDone, Srb, TRUE, TRUE, TRUE);
    return IoCallDriver(Extension->Lower, Irp);
}

/* A program's own command comes as a control code: it is refused with the same sense data, where it
 * has room for them. Both forms of the code begin alike. */
static NTSTATUS FilterRefusePassThrough(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PSCSI_PASS_THROUGH Header = Irp->AssociatedIrp.SystemBuffer;
    ULONG Room = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG Length = sizeof(*Header);

    if (Room < sizeof(*Header) ||
        (Header->SenseInfoLength != 0 &&
         (Header->SenseInfoOffset < sizeof(*Header) || Header->SenseInfoOffset > Room ||
          Header->SenseInfoLength > Room - Header->SenseInfoOffset)))
        return FilterComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    Header->ScsiStatus = SCSISTAT_CHECK_CONDITION;
    Header->DataTransferLength = 0;
    if (Header->SenseInfoLength != 0) {
        Header->SenseInfoLength =
            FilterPutSense((PUCHAR)Header + Header->SenseInfoOffset, Header->SenseInfoLength);
        Length = Header->SenseInfoOffset + Header->SenseInfoLength;
    }
    return FilterComplete(Irp, STATUS_SUCCESS, Length);
}

static NTSTATUS NTAPI FilterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PSCSI_PASS_THROUGH Header = Irp->AssociatedIrp.SystemBuffer;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DISK_FILTER_REPORT:
        if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(Extension->Report))
            return FilterComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, &Extension->Report,
                      sizeof(Extension->Report));
        return FilterComplete(Irp, STATUS_SUCCESS, sizeof(Extension->Report));
    case IOCTL_SCSI_PASS_THROUGH:
    case IOCTL_SCSI_PASS_THROUGH_DIRECT:
        if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*Header) ||
            Header->Length != sizeof(*Header) || !FilterIsWrite(Header->Cdb))
            return FilterPass(DeviceObject, Irp);
        InterlockedIncrement(&Extension->Report.Refused);
        return FilterRefusePassThrough(Irp, Stack);
    default:
        return FilterPass(DeviceObject, Irp);
    }
}

/* ---- plug and play ---- */

static NTSTATUS NTAPI FilterPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION Extension = DeviceObject->DeviceExtension;
    PDEVICE_OBJECT Lower = Extension->Lower;
    NTSTATUS Status;

    if (IoGetCurrentIrpStackLocation(Irp)->MinorFunction != IRP_MN_REMOVE_DEVICE)
        return FilterPass(DeviceObject, Irp);
    Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
    if (!NT_SUCCESS(Status))
        return FilterComplete(Irp, Status, 0);
    IoReleaseRemoveLockAndWait(&Extension->RemoveLock, Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);
    IoDetachDevice(Lower);
    IoDeleteDevice(DeviceObject);
    return Status;
}

static NTSTATUS NTAPI FilterAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Physical)
{
    PDEVICE_OBJECT DeviceObject;
    PFILTER_EXTENSION Extension;
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(*Extension), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);

    if (!NT_SUCCESS(Status))
        return Status;
    Extension = DeviceObject->DeviceExtension;
    IoInitializeRemoveLock(&Extension->RemoveLock, FILTER_TAG, 0, 0);
    Extension->Lower = IoAttachDeviceToDeviceStack(DeviceObject, Physical);
    if (Extension->Lower == NULL) {
        IoDeleteDevice(DeviceObject);
        return STATUS_NO_SUCH_DEVICE;
    }
    /* Seen from above the filter is like what it stands on. */
    DeviceObject->DeviceType = Extension->Lower->DeviceType;
    DeviceObject->Characteristics = Extension->Lower->Characteristics;
    DeviceObject->Flags |=
        Extension->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE);
    DeviceObject->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI FilterUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    for (ULONG Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; Major++)
        DriverObject->MajorFunction[Major] = FilterPass;
    DriverObject->MajorFunction[IRP_MJ_READ] = FilterReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = FilterReadWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = FilterControl;
    DriverObject->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = FilterScsi;
    DriverObject->MajorFunction[IRP_MJ_POWER] = FilterPower;
    DriverObject->MajorFunction[IRP_MJ_PNP] = FilterPnp;
    DriverObject->DriverExtension->AddDevice = FilterAddDevice;
    DriverObject->DriverUnload = FilterUnload;
    return STATUS_SUCCESS;
}
