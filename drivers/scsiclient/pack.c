/* SPDX-License-Identifier: MIT */
/* From an IRP of the child's stack to a request of the protocol. IRQL <= DISPATCH_LEVEL. */
#include "scsiclient.h"
#include <ntseh.h>

static BOOLEAN IsForwardedFunction(UCHAR Function)
{
    switch (Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
    case SRB_FUNCTION_CLAIM_DEVICE:
    case SRB_FUNCTION_RELEASE_DEVICE:
    case SRB_FUNCTION_SHUTDOWN:
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_LOCK_QUEUE:
    case SRB_FUNCTION_UNLOCK_QUEUE:
    case SRB_FUNCTION_FLUSH_QUEUE:
        return TRUE;
    default:
        return FALSE;
    }
}

PSCSI_PASS_THROUGH_DIRECT ClientDirect(PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    if (Stack->MajorFunction != IRP_MJ_DEVICE_CONTROL ||
        Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_SCSI_PASS_THROUGH_DIRECT)
        return NULL;
    return Irp->AssociatedIrp.SystemBuffer;
}

PUCHAR ClientSrbData(PIRP Irp, const SCSI_REQUEST_BLOCK *Srb)
{
    ULONG_PTR Offset;
    PUCHAR Base;

    if (Irp->MdlAddress == NULL)
        return Srb->DataBuffer;
    Offset = (ULONG_PTR)Srb->DataBuffer - (ULONG_PTR)MmGetMdlVirtualAddress(Irp->MdlAddress);
    if (Offset > MmGetMdlByteCount(Irp->MdlAddress) ||
        Srb->DataTransferLength > MmGetMdlByteCount(Irp->MdlAddress) - Offset)
        return NULL;
    Base = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    return Base != NULL ? Base + Offset : NULL;
}

static BOOLEAN CanForwardSrb(PIRP Irp, PIO_STACK_LOCATION Stack, NTSTATUS *Status)
{
    PSCSI_REQUEST_BLOCK Srb = Stack->Parameters.Scsi.Srb;
    BOOLEAN Data =
        Srb->DataTransferLength != 0 && (Srb->SrbFlags & (SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT));

    *Status = STATUS_INVALID_DEVICE_REQUEST;
    Srb->SrbStatus = SRB_STATUS_INVALID_REQUEST;
    if (!IsForwardedFunction(Srb->Function))
        return FALSE;
    *Status = STATUS_INVALID_PARAMETER;
    if (Srb->CdbLength > sizeof(Srb->Cdb) || Srb->DataTransferLength > SCSINET_MAXIMUM_DATA)
        return FALSE;
    if (Data && ClientSrbData(Irp, Srb) == NULL) {
        *Status = STATUS_INSUFFICIENT_RESOURCES;
        Srb->SrbStatus = SRB_STATUS_INTERNAL_ERROR;
        return FALSE;
    }
    Srb->SrbStatus = SRB_STATUS_PENDING;
    return TRUE;
}

/* Bytes of a buffered IOCTL's input that go over the wire. */
static ULONG IoctlInputLength(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    ULONG Length = Stack->Parameters.DeviceIoControl.InputBufferLength;
    PSCSI_PASS_THROUGH Spt = Irp->AssociatedIrp.SystemBuffer;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_STORAGE_ENABLE_IDLE_POWER:
        return Length;
    case IOCTL_SCSI_PASS_THROUGH:
        if (Spt->DataTransferLength != 0 && Spt->DataIn == SCSI_IOCTL_DATA_OUT)
            return (ULONG)Spt->DataBufferOffset +
                   Spt->DataTransferLength; /* checked to be within */
        return sizeof(*Spt);
    default:
        return 0;
    }
}

static BOOLEAN CanForwardPassThrough(PIRP Irp, PIO_STACK_LOCATION Stack, NTSTATUS *Status)
{
    PSCSI_PASS_THROUGH Spt = Irp->AssociatedIrp.SystemBuffer;
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;
    REQUEST_HEADER Header;

    *Status = STATUS_INVALID_PARAMETER;
    if (Input < sizeof(*Spt))
        return FALSE;
    if (Spt->Length != sizeof(*Spt)) {
        *Status = STATUS_REVISION_MISMATCH;
        return FALSE;
    }
    if (Spt->DataTransferLength != 0 && Spt->DataIn == SCSI_IOCTL_DATA_OUT &&
        (Spt->DataBufferOffset > Input || Spt->DataTransferLength > Input - Spt->DataBufferOffset))
        return FALSE;
    RtlZeroMemory(&Header, sizeof(Header));
    Header.Op = OP_REQUEST;
    Header.MajorFunction = IRP_MJ_DEVICE_CONTROL;
    Header.IoControlCode = IOCTL_SCSI_PASS_THROUGH;
    Header.InputBufferLength = Input;
    Header.OutputBufferLength = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    return ScsinetCheckRequest(&Header, Spt, IoctlInputLength(Irp, Stack)) == ScsinetFrameGood;
}

static BOOLEAN CanForwardDirect(PIRP Irp, PIO_STACK_LOCATION Stack, NTSTATUS *Status)
{
    PSCSI_PASS_THROUGH_DIRECT Spt = Irp->AssociatedIrp.SystemBuffer;
    BOOLEAN In = Spt != NULL && Spt->DataIn == SCSI_IOCTL_DATA_IN;
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Output = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    volatile NTSTATUS Locked = STATUS_SUCCESS; /* set behind a guard */
    PMDL Mdl;

    *Status = STATUS_INVALID_PARAMETER;
    if (Input < sizeof(*Spt))
        return FALSE;
    if (Spt->Length != sizeof(*Spt)) {
        *Status = STATUS_REVISION_MISMATCH;
        return FALSE;
    }
    if (Spt->CdbLength > sizeof(Spt->Cdb) || Spt->DataTransferLength > SCSINET_MAXIMUM_DATA)
        return FALSE;
    if (Spt->SenseInfoLength != 0 &&
        (Spt->SenseInfoOffset < sizeof(*Spt) || Spt->SenseInfoOffset > Output ||
         Spt->SenseInfoLength > Output - Spt->SenseInfoOffset))
        return FALSE;
    if (Spt->DataTransferLength == 0 || Spt->DataIn == SCSI_IOCTL_DATA_UNSPECIFIED)
        return TRUE;
    if (Spt->DataIn != SCSI_IOCTL_DATA_IN && Spt->DataIn != SCSI_IOCTL_DATA_OUT)
        return FALSE;

    *Status = STATUS_INSUFFICIENT_RESOURCES;
    Mdl = IoAllocateMdl(Spt->DataBuffer, Spt->DataTransferLength, FALSE, FALSE, NULL);
    if (Mdl == NULL)
        return FALSE;
    /* In the asker's thread: the buffer is his until the IRP is completed. */
    NT_TRY
    {
        MmProbeAndLockPages(Mdl, Irp->RequestorMode, In ? IoWriteAccess : IoReadAccess);
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        Locked = GetExceptionCode();
    }
    NT_END
    if (NT_SUCCESS(Locked) && MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) == NULL) {
        MmUnlockPages(Mdl);
        Locked = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!NT_SUCCESS(Locked)) {
        IoFreeMdl(Mdl);
        *Status = Locked;
        return FALSE;
    }
    Irp->Tail.Overlay.DriverContext[ClientContextMdl] = Mdl;
    return TRUE;
}

BOOLEAN ClientCanForward(PIRP Irp, PIO_STACK_LOCATION Stack, NTSTATUS *Status)
{
    Irp->Tail.Overlay.DriverContext[ClientContextMdl] = NULL;
    if (Stack->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
        return CanForwardSrb(Irp, Stack, Status);

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH:
        return CanForwardPassThrough(Irp, Stack, Status);
    case IOCTL_SCSI_PASS_THROUGH_DIRECT:
        return CanForwardDirect(Irp, Stack, Status);
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_STORAGE_ENABLE_IDLE_POWER:
    case IOCTL_STORAGE_POWER_ACTIVE:
    case IOCTL_SCSI_GET_ADDRESS:
        *Status = STATUS_INVALID_PARAMETER;
        return Stack->Parameters.DeviceIoControl.InputBufferLength <= 65536 &&
               Stack->Parameters.DeviceIoControl.OutputBufferLength <= 65536;
    default:
        *Status = STATUS_NOT_SUPPORTED;
        return FALSE;
    }
}

ULONG ClientPackedLength(PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PSCSI_PASS_THROUGH_DIRECT Direct = ClientDirect(Irp);
    ULONG Length = sizeof(REQUEST_HEADER);

    if (Direct != NULL)
        return Length + (ULONG)sizeof(PACKED_SRB) +
               (Direct->DataIn == SCSI_IOCTL_DATA_OUT ? Direct->DataTransferLength : 0);
    if (Stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        return Length + IoctlInputLength(Irp, Stack);
    Length += sizeof(PACKED_SRB);
    if (Stack->Parameters.Scsi.Srb->SrbFlags & SRB_FLAGS_DATA_OUT)
        Length += Stack->Parameters.Scsi.Srb->DataTransferLength;
    return Length;
}

static VOID PackSrb(PIRP Irp, const SCSI_REQUEST_BLOCK *Srb, PPACKED_SRB To)
{
    To->Function = Srb->Function;
    To->SrbStatus = Srb->SrbStatus;
    To->ScsiStatus = Srb->ScsiStatus;
    To->PathId = Srb->PathId;
    To->TargetId = Srb->TargetId;
    To->Lun = Srb->Lun;
    To->QueueTag = Srb->QueueTag;
    To->QueueAction = Srb->QueueAction;
    To->CdbLength = Srb->CdbLength;
    To->SenseInfoBufferLength = Srb->SenseInfoBuffer != NULL ? Srb->SenseInfoBufferLength : 0;
    To->SrbFlags = Srb->SrbFlags;
    To->DataTransferLength = Srb->DataTransferLength;
    To->TimeOutValue = Srb->TimeOutValue;
    To->QueueSortKey = Srb->QueueSortKey;
    RtlCopyMemory(To->Cdb, Srb->Cdb, sizeof(To->Cdb));
    if ((Srb->SrbFlags & SRB_FLAGS_DATA_OUT) && Srb->DataTransferLength != 0)
        RtlCopyMemory(To + 1, ClientSrbData(Irp, Srb), Srb->DataTransferLength);
}

static VOID PackDirect(PIRP Irp, const SCSI_PASS_THROUGH_DIRECT *Spt, PPACKED_SRB To)
{
    PMDL Mdl = Irp->Tail.Overlay.DriverContext[ClientContextMdl];

    To->Function = SRB_FUNCTION_EXECUTE_SCSI;
    To->PathId = Spt->PathId;
    To->TargetId = Spt->TargetId;
    To->Lun = Spt->Lun;
    To->CdbLength = Spt->CdbLength;
    To->SenseInfoBufferLength = Spt->SenseInfoLength;
    To->SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE;
    To->TimeOutValue = Spt->TimeOutValue;
    RtlCopyMemory(To->Cdb, Spt->Cdb, sizeof(To->Cdb));
    if (Mdl == NULL)
        return;
    To->DataTransferLength = Spt->DataTransferLength;
    if (Spt->DataIn == SCSI_IOCTL_DATA_IN) {
        To->SrbFlags |= SRB_FLAGS_DATA_IN;
    } else {
        To->SrbFlags |= SRB_FLAGS_DATA_OUT;
        RtlCopyMemory(To + 1, MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority),
                      Spt->DataTransferLength);
    }
}

VOID ClientPack(PIRP Irp, ULONG Index, ULONG Generation, PREQUEST_HEADER To)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PSCSI_PASS_THROUGH_DIRECT Direct = ClientDirect(Irp);
    PPACKED_SRB Packed = (PPACKED_SRB)(To + 1);
    REQUEST_HEADER Header;

    RtlZeroMemory(&Header, sizeof(Header));
    Header.Op = OP_REQUEST;
    Header.Irp[0] = Index;
    Header.Irp[1] = Generation;
    Header.Length = ClientPackedLength(Irp);
    if (Direct != NULL || Stack->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL) {
        Header.MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
        RtlZeroMemory(Packed, sizeof(*Packed));
        if (Direct != NULL)
            PackDirect(Irp, Direct, Packed);
        else
            PackSrb(Irp, Stack->Parameters.Scsi.Srb, Packed);
    } else {
        Header.MajorFunction = Stack->MajorFunction;
        Header.MinorFunction = Stack->MinorFunction;
        Header.IoControlCode = Stack->Parameters.DeviceIoControl.IoControlCode;
        Header.InputBufferLength = Stack->Parameters.DeviceIoControl.InputBufferLength;
        Header.OutputBufferLength = Stack->Parameters.DeviceIoControl.OutputBufferLength;
        if (Header.Length != sizeof(Header))
            RtlCopyMemory(To + 1, Irp->AssociatedIrp.SystemBuffer, Header.Length - sizeof(Header));
    }
    *To = Header;
}
