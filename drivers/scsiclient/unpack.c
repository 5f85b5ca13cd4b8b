/* SPDX-License-Identifier: MIT */
/*
 * COMPLETE_REQUEST: from an answer of the protocol to a completed IRP. The answer came from a
 * stranger: nothing in it is believed beyond what the request asked for.
 */
#include "scsiclient.h"

/* An answer, taken apart; all pointers into memory of the system's that the program can't change,
 * but for Data. */
typedef struct _CLIENT_ANSWER {
    const REQUEST_HEADER *Header;
    const UCHAR *Body; /* behind the header: Available bytes */
    ULONG Available;
    const UCHAR *Data; /* of an SRB: DataLength bytes */
    ULONG DataLength;
    const UCHAR *Sense;
    ULONG SenseLength;
    PACKED_SRB Packed;
} CLIENT_ANSWER;

static NTSTATUS TakeApart(PIRP Irp, PIO_STACK_LOCATION Stack, CLIENT_ANSWER *Answer)
{
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG BodyLength;

    RtlZeroMemory(Answer, sizeof(*Answer));
    Answer->Header = Irp->AssociatedIrp.SystemBuffer;
    if (Input < sizeof(REQUEST_HEADER) || Answer->Header->Op != OP_REQUEST ||
        ScsinetCheckHeader(Answer->Header, ScsinetFromServer, SCSINET_MAXIMUM_FRAME) !=
            ScsinetFrameGood)
        return STATUS_INVALID_PARAMETER;
    Answer->Body = (const UCHAR *)(Answer->Header + 1);
    Answer->Available = Input - (ULONG)sizeof(REQUEST_HEADER);
    BodyLength = Answer->Header->Length - (ULONG)sizeof(REQUEST_HEADER);

    /* A status that a driver must not complete with is not a status that a device can have had. */
    if (Answer->Header->Status == STATUS_PENDING ||
        Answer->Header->Status == STATUS_MORE_PROCESSING_REQUIRED)
        return STATUS_INVALID_PARAMETER;

    if (Answer->Header->MajorFunction != IRP_MJ_INTERNAL_DEVICE_CONTROL || BodyLength == 0) {
        if (BodyLength > Answer->Available)
            return STATUS_INVALID_PARAMETER;
        Answer->Available = BodyLength;
        return ScsinetCheckAnswer(Answer->Header, Answer->Body, BodyLength) == ScsinetFrameGood
                   ? STATUS_SUCCESS
                   : STATUS_INVALID_PARAMETER;
    }
    if (Answer->Available < sizeof(PACKED_SRB) ||
        ScsinetCheckAnswer(Answer->Header, Answer->Body, BodyLength) != ScsinetFrameGood)
        return STATUS_INVALID_PARAMETER;
    RtlCopyMemory(&Answer->Packed, Answer->Body, sizeof(PACKED_SRB));
    Answer->DataLength = ScsinetReceivedDataLength(Answer->Header, &Answer->Packed);
    Answer->SenseLength = ScsinetAnswerSenseLength(Answer->Header, &Answer->Packed);
    Answer->Sense = Answer->Body + sizeof(PACKED_SRB);
    if (Answer->DataLength != 0 && Irp->MdlAddress != NULL) {
        /* The form that saves a copy: data in the second buffer. */
        if (Stack->Parameters.DeviceIoControl.OutputBufferLength < Answer->DataLength ||
            Answer->Available < sizeof(PACKED_SRB) + Answer->SenseLength)
            return STATUS_INVALID_PARAMETER;
        Answer->Data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
        return Answer->Data != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Answer->Available < BodyLength)
        return STATUS_INVALID_PARAMETER;
    Answer->Data = Answer->Body + sizeof(PACKED_SRB);
    Answer->Sense = Answer->Data + Answer->DataLength;
    return STATUS_SUCCESS;
}

/* FALSE: not an answer to this request. Class drivers look at the SRB's status, others at the
 * IRP's: they never contradict each other. */
static BOOLEAN UnpackSrb(PCLIENT_CHILD Child, PIRP Request, const CLIENT_ANSWER *Answer,
                         NTSTATUS *Status, ULONG_PTR *Information)
{
    PSCSI_REQUEST_BLOCK Srb = IoGetCurrentIrpStackLocation(Request)->Parameters.Scsi.Srb;
    UCHAR SrbStatus =
        Answer->Packed.SrbStatus & (UCHAR)~SRB_STATUS_QUEUE_FROZEN; /* no queue stands still here */
    ULONG Sense = Answer->SenseLength;

    *Information = 0;
    if (Answer->Available == 0) {
        /* Refused with nothing but a status. */
        Srb->SrbStatus = SRB_STATUS_ERROR;
        Srb->DataTransferLength = 0;
        return TRUE;
    }
    if (SRB_STATUS(SrbStatus) == SRB_STATUS_PENDING ||
        Answer->Packed.DataTransferLength > Srb->DataTransferLength ||
        Answer->DataLength > Srb->DataTransferLength)
        return FALSE;
    if (Answer->DataLength != 0) {
        if ((Srb->SrbFlags & SRB_FLAGS_DATA_IN) == 0)
            return FALSE;
        RtlCopyMemory(ClientSrbData(Request, Srb), Answer->Data, Answer->DataLength);
    }
    if (Srb->SenseInfoBuffer == NULL || Srb->SenseInfoBufferLength == 0)
        Sense = 0;
    else if (Sense > Srb->SenseInfoBufferLength)
        Sense = Srb->SenseInfoBufferLength;
    if (Sense != 0) {
        RtlCopyMemory(Srb->SenseInfoBuffer, Answer->Sense, Sense);
        Srb->SenseInfoBufferLength = (UCHAR)Sense;
    } else {
        SrbStatus &= (UCHAR)~SRB_STATUS_AUTOSENSE_VALID;
    }
    if (NT_SUCCESS(*Status)) {
        if (SRB_STATUS(SrbStatus) != SRB_STATUS_SUCCESS &&
            SRB_STATUS(SrbStatus) != SRB_STATUS_DATA_OVERRUN)
            *Status = STATUS_IO_DEVICE_ERROR;
    } else if (SRB_STATUS(SrbStatus) == SRB_STATUS_SUCCESS) {
        SrbStatus = SRB_STATUS_ERROR | (SrbStatus & SRB_STATUS_AUTOSENSE_VALID);
    }
    Srb->SrbStatus = SrbStatus;
    Srb->ScsiStatus = Answer->Packed.ScsiStatus;
    /* What was to come in is counted by what did come: an answer can say more than it brings. */
    Srb->DataTransferLength =
        Srb->SrbFlags & SRB_FLAGS_DATA_IN ? Answer->DataLength : Answer->Packed.DataTransferLength;
    *Information = Srb->DataTransferLength;
    /* Whoever claims gets the device that it is to send to: ours. */
    if (Srb->Function == SRB_FUNCTION_CLAIM_DEVICE && NT_SUCCESS(*Status))
        Srb->DataBuffer = Child->Pdo;
    return TRUE;
}

/* A SCSI_PASS_THROUGH_DIRECT went as an SRB; what came back is told in the program's structure. */
static BOOLEAN UnpackDirect(PIRP Request, PIO_STACK_LOCATION Stack, PSCSI_PASS_THROUGH_DIRECT Spt,
                            const CLIENT_ANSWER *Answer, NTSTATUS *Status, ULONG_PTR *Information)
{
    PMDL Mdl = Request->Tail.Overlay.DriverContext[ClientContextMdl];
    ULONG Length = (ULONG)sizeof(*Spt);
    ULONG Sense =
        Answer->SenseLength < Spt->SenseInfoLength ? Answer->SenseLength : Spt->SenseInfoLength;

    *Information = 0;
    if (Answer->Available == 0)
        return TRUE;
    if (Answer->Packed.DataTransferLength > Spt->DataTransferLength ||
        (Answer->DataLength != 0 && (Mdl == NULL || Spt->DataIn != SCSI_IOCTL_DATA_IN)))
        return FALSE;
    if (Answer->DataLength != 0)
        RtlCopyMemory(MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority), Answer->Data,
                      Answer->DataLength);
    Spt->ScsiStatus = Answer->Packed.ScsiStatus;
    Spt->DataTransferLength =
        Spt->DataIn == SCSI_IOCTL_DATA_IN ? Answer->DataLength : Answer->Packed.DataTransferLength;
    if (Sense != 0) {
        RtlCopyMemory((PUCHAR)Spt + Spt->SenseInfoOffset, Answer->Sense, Sense);
        Length = Spt->SenseInfoOffset + Sense;
    }
    Spt->SenseInfoLength = (UCHAR)Sense;
    /* The SCSI status is the program's to judge: a check condition is a request that worked (as
     * port drivers do it). */
    if (Sense != 0 || SRB_STATUS(Answer->Packed.SrbStatus) == SRB_STATUS_DATA_OVERRUN)
        *Status = STATUS_SUCCESS;
    /* The program may have given a smaller buffer for the answer than for the question. */
    if (Length > Stack->Parameters.DeviceIoControl.OutputBufferLength)
        Length = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    *Information = Length;
    return TRUE;
}

static BOOLEAN UnpackPassThrough(PIRP Request, PIO_STACK_LOCATION Stack,
                                 const CLIENT_ANSWER *Answer, ULONG_PTR *Information)
{
    PSCSI_PASS_THROUGH Spt = Request->AssociatedIrp.SystemBuffer;
    const UCHAR *Body = Answer->Body;
    SCSI_PASS_THROUGH Returned;
    ULONG Length;

    *Information = 0;
    if (Answer->Available == 0)
        return TRUE;
    RtlCopyMemory(&Returned, Body, sizeof(Returned));
    if (Returned.DataIn != Spt->DataIn || Returned.DataTransferLength > Spt->DataTransferLength ||
        Returned.SenseInfoLength > Spt->SenseInfoLength ||
        (Returned.DataTransferLength != 0 && Returned.DataBufferOffset != Spt->DataBufferOffset) ||
        (Returned.SenseInfoLength != 0 && Returned.SenseInfoOffset != Spt->SenseInfoOffset))
        return FALSE;

    /*
     * The offsets are the program's own, which were checked against its buffer when the request was
     * taken. What the answer leaves out (the article's server: data or sense data) has not come.
     */
    if (Spt->DataIn == SCSI_IOCTL_DATA_IN && Returned.DataTransferLength != 0) {
        if (Spt->DataBufferOffset + Returned.DataTransferLength <= Answer->Available)
            RtlCopyMemory((PUCHAR)Spt + Spt->DataBufferOffset, Body + Spt->DataBufferOffset,
                          Returned.DataTransferLength);
        else
            Returned.DataTransferLength = 0;
    }
    if (Returned.SenseInfoLength != 0) {
        if ((ULONG)Spt->SenseInfoOffset + Returned.SenseInfoLength <= Answer->Available)
            RtlCopyMemory((PUCHAR)Spt + Spt->SenseInfoOffset, Body + Spt->SenseInfoOffset,
                          Returned.SenseInfoLength);
        else
            Returned.SenseInfoLength = 0;
    }
    Spt->ScsiStatus = Returned.ScsiStatus;
    Spt->DataTransferLength = Returned.DataTransferLength;
    Spt->SenseInfoLength = Returned.SenseInfoLength;

    Length = ScsinetPassThroughAnswerLength(Spt);
    if (Length > Stack->Parameters.DeviceIoControl.OutputBufferLength)
        Length = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    *Information = Length;
    return TRUE;
}

static BOOLEAN UnpackIoctl(PIRP Request, PIO_STACK_LOCATION Stack, const CLIENT_ANSWER *Answer,
                           ULONG_PTR *Information)
{
    ULONG Room = Stack->Parameters.DeviceIoControl.OutputBufferLength;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH:
        return UnpackPassThrough(Request, Stack, Answer, Information);
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_SCSI_GET_ADDRESS:
        if (Answer->Available > Room)
            return FALSE;
        if (Answer->Available != 0)
            RtlCopyMemory(Request->AssociatedIrp.SystemBuffer, Answer->Body, Answer->Available);
        *Information = Answer->Available;
        return TRUE;
    default:
        *Information = 0;
        return TRUE;
    }
}

NTSTATUS ClientComplete(PCLIENT_CHILD Child, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PSCSI_PASS_THROUGH_DIRECT Direct;
    PIO_STACK_LOCATION RequestStack;
    ULONG_PTR Information = 0;
    CLIENT_ANSWER Answer;
    BOOLEAN Fits = FALSE;
    NTSTATUS Status;
    PIRP Request;

    Status = TakeApart(Irp, Stack, &Answer);
    if (!NT_SUCCESS(Status))
        return Status;
    Request = ClientTakeFetched(Child, Answer.Header->Irp[0], Answer.Header->Irp[1]);
    if (Request == NULL)
        return STATUS_NOT_FOUND;

    RequestStack = IoGetCurrentIrpStackLocation(Request);
    Direct = ClientDirect(Request);
    Status = Answer.Header->Status;
    if (Direct != NULL || RequestStack->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL) {
        if (Answer.Header->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
            Fits = Direct != NULL
                       ? UnpackDirect(Request, RequestStack, Direct, &Answer, &Status, &Information)
                       : UnpackSrb(Child, Request, &Answer, &Status, &Information);
    } else if (Answer.Header->MajorFunction == IRP_MJ_DEVICE_CONTROL &&
               Answer.Header->IoControlCode ==
                   RequestStack->Parameters.DeviceIoControl.IoControlCode) {
        Fits = UnpackIoctl(Request, RequestStack, &Answer, &Information);
    }
    if (!Fits) {
        /* Not what was asked for. The request can't be answered any more; the program ends the
         * connection. */
        ClientFailRequest(Child, Request, STATUS_DEVICE_PROTOCOL_ERROR);
        return STATUS_INVALID_PARAMETER;
    }
    ClientEndRequest(Child, Request, Status, Information);
    return STATUS_SUCCESS;
}
