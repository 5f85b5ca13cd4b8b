/* SPDX-License-Identifier: MIT */
/*
 * The answer, as docs/protocol.md lays it out, into the program's buffer. That it fits was checked
 * when the request was taken; what the lower device says of lengths is believed only as far as what
 * was asked for.
 */
#include "scsiserver.h"

static ULONG Smaller(ULONG_PTR A, ULONG_PTR B)
{
    return (ULONG)(A < B ? A : B);
}

/* PACKED_SRB, data (already in place), sense data. */
static ULONG WriteSrbAnswer(PSERVER_REQUEST Request)
{
    PACKED_SRB Packed = Request->Packed;
    PUCHAR Body = Request->Answer + sizeof(REQUEST_HEADER);
    ULONG Data;
    ULONG Sense;

    Packed.SrbStatus = Request->Srb.SrbStatus;
    Packed.ScsiStatus = Request->Srb.ScsiStatus;
    Packed.DataTransferLength =
        Smaller(Request->Srb.DataTransferLength, Request->Packed.DataTransferLength);
    Packed.SenseInfoBufferLength =
        (UCHAR)Smaller(Request->Srb.SenseInfoBufferLength, Request->Packed.SenseInfoBufferLength);
    Data = ScsinetAnswerDataLength(&Request->Header, &Packed);
    Sense = ScsinetAnswerSenseLength(&Request->Header, &Packed);
    RtlCopyMemory(Body, &Packed, sizeof(Packed));
    RtlCopyMemory(Body + sizeof(Packed) + Data, Request->Sense, Sense);
    return (ULONG)sizeof(Packed) + Data + Sense;
}

static ULONG WritePassThroughAnswer(PSERVER_REQUEST Request, PUCHAR Body)
{
    const SCSI_PASS_THROUGH *Asked = &Request->PassThrough;
    PSCSI_PASS_THROUGH Returned = (PSCSI_PASS_THROUGH)Request->Buffer;
    ULONG Length;

    Returned->Length = sizeof(*Returned);
    if (Returned->DataIn != Asked->DataIn ||
        Returned->DataTransferLength > Asked->DataTransferLength ||
        Returned->SenseInfoLength > Asked->SenseInfoLength ||
        Returned->DataBufferOffset != Asked->DataBufferOffset ||
        Returned->SenseInfoOffset != Asked->SenseInfoOffset) {
        /* A lower driver that moved what is not its own to move: nothing of what it says can be
         * passed on. */
        Request->Header.Status = STATUS_IO_DEVICE_ERROR;
        Request->Header.Information = 0;
        return 0;
    }
    Length = ScsinetPassThroughAnswerLength(
        Returned); /* not beyond the request's own, which was checked */
    RtlCopyMemory(Body, Request->Buffer, Length);
    return Length;
}

static ULONG WriteIoctlAnswer(PSERVER_REQUEST Request)
{
    PUCHAR Body = Request->Answer + sizeof(REQUEST_HEADER);
    ULONG Length;

    switch (Request->Header.IoControlCode) {
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_SCSI_GET_ADDRESS:
        Length = NT_SUCCESS(Request->Status)
                     ? Smaller(Request->Information, Request->Header.OutputBufferLength)
                     : 0;
        Request->Header.Information = Length;
        RtlCopyMemory(Body, Request->Buffer, Length);
        return Length;
    case IOCTL_SCSI_PASS_THROUGH:
        return WritePassThroughAnswer(Request, Body);
    default:
        return 0;
    }
}

ULONG ServerWriteAnswer(PSERVER_REQUEST Request)
{
    ULONG Body = 0;

    Request->Header.Status = Request->Status;
    Request->Header.Information = (ULONG)Request->Information;
    if (Request->Header.MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
        Body = WriteSrbAnswer(Request);
    else if (Request->Lower != NULL) /* a refused IOCTL carries its status alone */
        Body = WriteIoctlAnswer(Request);
    Request->Header.Length = (ULONG)sizeof(REQUEST_HEADER) + Body;
    RtlCopyMemory(Request->Answer, &Request->Header, sizeof(Request->Header));
    return Request->Header.Length;
}
