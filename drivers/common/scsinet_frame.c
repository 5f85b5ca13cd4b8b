/* SPDX-License-Identifier: MIT */
#ifdef SCSINET_DRIVER
#include <ntddk.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#else
#include <windows.h>
#include <winioctl.h>
#include <ntddscsi.h>
#endif
#include "scsinet_frame.h"

/* srb.h is not for programs; these are its values. */
#define FRAME_SRB_DATA_IN          0x00000040u
#define FRAME_SRB_DATA_OUT         0x00000080u
#define FRAME_SRB_AUTOSENSE_VALID  0x80u
#define FRAME_SRB_STATUS_MASK      0x3Fu
#define FRAME_SRB_DATA_OVERRUN     0x12u
#define FRAME_MJ_DEVICE_CONTROL    0x0Eu
#define FRAME_MJ_INTERNAL_CONTROL  0x0Fu
#define FRAME_MAXIMUM_IOCTL_BUFFER 65536u
#define FRAME_CAPABILITIES_SIZE    64u
#define FRAME_ID_DEVICE            0u /* BUS_QUERY_ID_TYPE is not for programs either */
#define FRAME_ID_INSTANCE          3u

/*
 * Plug and play's limits. An instance path has fewer than 200 characters: the device ID, what tells
 * buses apart (26 at most), the instance ID, and what scsiclient appends to tell equal devices
 * apart (11).
 */
#define FRAME_MAXIMUM_ID_CHARACTERS   199u
#define FRAME_MAXIMUM_PATH_CHARACTERS 160u
#define FRAME_MAXIMUM_LIST_CHARACTERS 1024u /* with all terminators */

_Static_assert(sizeof(SCSI_PASS_THROUGH) == 56, "64-bit Windows");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are used in place");

const char *ScsinetFaultText(SCSINET_FAULT Fault)
{
    switch (Fault) {
    case ScsinetFrameGood:
        return "well formed";
    case ScsinetFrameUnsupported:
        return "a request of an unsupported kind";
    case ScsinetFaultOp:
        return "unknown or misplaced operation";
    case ScsinetFaultTooShort:
        return "frame too short";
    case ScsinetFaultTooLong:
        return "frame too long";
    case ScsinetFaultLength:
        return "frame length does not match its fields";
    case ScsinetFaultCdb:
        return "cdb longer than 16 bytes";
    case ScsinetFaultData:
        return "data transfer too long";
    case ScsinetFaultPassThrough:
        return "pass-through offsets out of bounds";
    case ScsinetFaultPnpBounds:
        return "device description points outside its frame";
    case ScsinetFaultPnpString:
        return "device description has an unterminated text";
    case ScsinetFaultPnpId:
        return "device id with characters or a length that are not allowed";
    case ScsinetFaultPnpMissing:
        return "device description without its ids";
    case ScsinetFaultCapabilities:
        return "device capabilities of a wrong size";
    }
    return "unknown fault";
}

SCSINET_FAULT ScsinetCheckHeader(const REQUEST_HEADER *Header, SCSINET_SENDER Sender, ULONG Maximum)
{
    switch (Header->Op) {
    case OP_PLUGIN:
        if (Sender != ScsinetFromServer)
            return ScsinetFaultOp;
        if (Header->Length < sizeof(REQUEST_HEADER) + sizeof(PNP_INFO))
            return ScsinetFaultTooShort;
        if (Header->Length > sizeof(REQUEST_HEADER) + SCSINET_MAXIMUM_PNP_LENGTH)
            return ScsinetFaultTooLong;
        return ScsinetFrameGood;
    case OP_PLUGOUT:
        if (Header->Length < sizeof(REQUEST_HEADER))
            return ScsinetFaultTooShort;
        return Header->Length == sizeof(REQUEST_HEADER) ? ScsinetFrameGood : ScsinetFaultLength;
    case OP_REQUEST:
        if (Header->Length < sizeof(REQUEST_HEADER))
            return ScsinetFaultTooShort;
        return Header->Length <= Maximum ? ScsinetFrameGood : ScsinetFaultTooLong;
    default:
        return ScsinetFaultOp;
    }
}

static BOOLEAN IsSuccess(NTSTATUS Status)
{
    return Status >= 0;
}

ULONG ScsinetRequestDataLength(const PACKED_SRB *Srb)
{
    return Srb->SrbFlags & FRAME_SRB_DATA_OUT ? Srb->DataTransferLength : 0;
}

ULONG ScsinetAnswerDataLength(const REQUEST_HEADER *Header, const PACKED_SRB *Srb)
{
    if ((Srb->SrbFlags & FRAME_SRB_DATA_IN) == 0)
        return 0;
    /* A short transfer is reported as DATA_OVERRUN; what was transferred is worth delivering. */
    if (IsSuccess(Header->Status) ||
        (Srb->SrbStatus & FRAME_SRB_STATUS_MASK) == FRAME_SRB_DATA_OVERRUN)
        return Srb->DataTransferLength;
    return 0;
}

ULONG ScsinetAnswerSenseLength(const REQUEST_HEADER *Header, const PACKED_SRB *Srb)
{
    if (!IsSuccess(Header->Status) && (Srb->SrbStatus & FRAME_SRB_AUTOSENSE_VALID))
        return Srb->SenseInfoBufferLength;
    return 0;
}

/* An answer without the data of its DATA_OVERRUN, as the article's server sends it. */
static BOOLEAN LeavesOverrunOut(const REQUEST_HEADER *Header, const PACKED_SRB *Srb,
                                ULONG BodyLength)
{
    return !IsSuccess(Header->Status) && ScsinetAnswerDataLength(Header, Srb) != 0 &&
           BodyLength == sizeof(*Srb) + ScsinetAnswerSenseLength(Header, Srb);
}

ULONG ScsinetReceivedDataLength(const REQUEST_HEADER *Header, const PACKED_SRB *Srb)
{
    if (LeavesOverrunOut(Header, Srb, Header->Length - (ULONG)sizeof(*Header)))
        return 0;
    return ScsinetAnswerDataLength(Header, Srb);
}

ULONG ScsinetPassThroughAnswerLength(const SCSI_PASS_THROUGH *Spt)
{
    ULONG_PTR Length = sizeof(*Spt);
    ULONG_PTR End;

    if (Spt->DataTransferLength != 0 && Spt->DataIn == SCSI_IOCTL_DATA_IN) {
        if (Spt->DataBufferOffset > SCSINET_MAXIMUM_FRAME)
            return 0; /* the sum could wrap */
        End = Spt->DataBufferOffset + Spt->DataTransferLength;
        Length = End > Length ? End : Length;
    }
    if (Spt->SenseInfoLength != 0) {
        End = (ULONG_PTR)Spt->SenseInfoOffset + Spt->SenseInfoLength;
        Length = End > Length ? End : Length;
    }
    return Length <= SCSINET_MAXIMUM_FRAME ? (ULONG)Length : 0;
}

/* ---- SCSI_PASS_THROUGH: the structure is followed by data and sense data at offsets of its own
 * ---- */

static SCSINET_FAULT ReadPassThrough(const VOID *Body, ULONG BodyLength, SCSI_PASS_THROUGH *Spt)
{
    if (BodyLength < sizeof(*Spt))
        return ScsinetFaultTooShort;
    __builtin_memcpy(Spt, Body, sizeof(*Spt));
    if (Spt->Length != sizeof(*Spt) || Spt->CdbLength > sizeof(Spt->Cdb))
        return ScsinetFaultPassThrough;
    if (Spt->DataTransferLength > SCSINET_MAXIMUM_DATA)
        return ScsinetFaultData;
    if (Spt->DataTransferLength != 0 && (Spt->DataBufferOffset < sizeof(*Spt) ||
                                         Spt->DataBufferOffset > FRAME_MAXIMUM_IOCTL_BUFFER))
        return ScsinetFaultPassThrough;
    if (Spt->SenseInfoLength != 0 &&
        (Spt->SenseInfoOffset < sizeof(*Spt) || Spt->SenseInfoOffset > FRAME_MAXIMUM_IOCTL_BUFFER))
        return ScsinetFaultPassThrough;
    return ScsinetFrameGood;
}

static SCSINET_FAULT CheckPassThroughRequest(const REQUEST_HEADER *Header, const VOID *Body,
                                             ULONG BodyLength)
{
    SCSI_PASS_THROUGH Spt;
    ULONG Expected = sizeof(Spt);
    ULONG Returned = sizeof(Spt);
    SCSINET_FAULT Fault = ReadPassThrough(Body, BodyLength, &Spt);

    if (Fault != ScsinetFrameGood)
        return Fault;
    if (Header->InputBufferLength < sizeof(Spt) ||
        Header->InputBufferLength > SCSINET_MAXIMUM_FRAME ||
        Header->OutputBufferLength > SCSINET_MAXIMUM_FRAME)
        return ScsinetFaultPassThrough;
    if (Spt.DataTransferLength != 0) {
        ULONG End = (ULONG)Spt.DataBufferOffset + Spt.DataTransferLength;

        if (Spt.DataIn == SCSI_IOCTL_DATA_OUT) {
            if (End > Header->InputBufferLength)
                return ScsinetFaultPassThrough;
            Expected = End;
        } else if (Spt.DataIn == SCSI_IOCTL_DATA_IN) {
            Returned = End;
        } else {
            return ScsinetFaultPassThrough;
        }
    }
    if (Spt.SenseInfoLength != 0) {
        ULONG End = Spt.SenseInfoOffset + Spt.SenseInfoLength;

        if (End > Returned)
            Returned = End;
        /* Sense data and data must not lie over each other: one would be written over the other. */
        if (Spt.DataTransferLength != 0 &&
            Spt.SenseInfoOffset < Spt.DataBufferOffset + Spt.DataTransferLength &&
            Spt.DataBufferOffset < End)
            return ScsinetFaultPassThrough;
    }
    if (Returned > Header->OutputBufferLength && Header->OutputBufferLength != 0)
        return ScsinetFaultPassThrough;
    if (Returned > sizeof(Spt) && Header->OutputBufferLength == 0)
        return ScsinetFaultPassThrough;
    return BodyLength == Expected ? ScsinetFrameGood : ScsinetFaultLength;
}

/* The article's server sends data or sense data, ours both; a receiver takes what is there. */
static SCSINET_FAULT CheckPassThroughAnswer(const VOID *Body, ULONG BodyLength)
{
    SCSI_PASS_THROUGH Spt;
    SCSINET_FAULT Fault = ReadPassThrough(Body, BodyLength, &Spt);

    if (Fault != ScsinetFrameGood)
        return Fault;
    return BodyLength <= ScsinetPassThroughAnswerLength(&Spt) ? ScsinetFrameGood
                                                              : ScsinetFaultLength;
}

/* ---- requests and answers ---- */

SCSINET_FAULT ScsinetCheckRequest(const REQUEST_HEADER *Header, const VOID *Body, ULONG BodyLength)
{
    PACKED_SRB Srb;

    if (Header->MajorFunction == FRAME_MJ_INTERNAL_CONTROL) {
        if (BodyLength < sizeof(Srb))
            return ScsinetFaultTooShort;
        __builtin_memcpy(&Srb, Body, sizeof(Srb));
        if (Srb.CdbLength > sizeof(Srb.Cdb))
            return ScsinetFaultCdb;
        if (Srb.DataTransferLength > SCSINET_MAXIMUM_DATA)
            return ScsinetFaultData;
        return BodyLength - sizeof(Srb) == ScsinetRequestDataLength(&Srb) ? ScsinetFrameGood
                                                                          : ScsinetFaultLength;
    }
    if (Header->MajorFunction != FRAME_MJ_DEVICE_CONTROL)
        return ScsinetFrameUnsupported;

    switch (Header->IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH:
        return CheckPassThroughRequest(Header, Body, BodyLength);
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_STORAGE_ENABLE_IDLE_POWER:
        if (Header->InputBufferLength > FRAME_MAXIMUM_IOCTL_BUFFER ||
            Header->OutputBufferLength > FRAME_MAXIMUM_IOCTL_BUFFER)
            return ScsinetFaultData;
        return BodyLength == Header->InputBufferLength ? ScsinetFrameGood : ScsinetFaultLength;
    case IOCTL_SCSI_GET_ADDRESS:
    case IOCTL_STORAGE_POWER_ACTIVE:
        /* The input is not sent; but its length is what the receiver would make room for. */
        if (Header->InputBufferLength > FRAME_MAXIMUM_IOCTL_BUFFER ||
            Header->OutputBufferLength > FRAME_MAXIMUM_IOCTL_BUFFER)
            return ScsinetFaultData;
        return BodyLength == 0 ? ScsinetFrameGood : ScsinetFaultLength;
    default:
        return ScsinetFrameUnsupported;
    }
}

SCSINET_FAULT ScsinetCheckAnswer(const REQUEST_HEADER *Header, const VOID *Body, ULONG BodyLength)
{
    PACKED_SRB Srb;

    /* A refusal that carries nothing but its status. */
    if (BodyLength == 0 && !IsSuccess(Header->Status))
        return ScsinetFrameGood;

    if (Header->MajorFunction == FRAME_MJ_INTERNAL_CONTROL) {
        if (BodyLength < sizeof(Srb))
            return ScsinetFaultTooShort;
        __builtin_memcpy(&Srb, Body, sizeof(Srb));
        if (Srb.DataTransferLength > SCSINET_MAXIMUM_DATA)
            return ScsinetFaultData;
        return BodyLength - sizeof(Srb) == ScsinetAnswerDataLength(Header, &Srb) +
                                               ScsinetAnswerSenseLength(Header, &Srb) ||
                       LeavesOverrunOut(Header, &Srb, BodyLength)
                   ? ScsinetFrameGood
                   : ScsinetFaultLength;
    }
    if (Header->MajorFunction != FRAME_MJ_DEVICE_CONTROL)
        return ScsinetFrameUnsupported;

    switch (Header->IoControlCode) {
    case IOCTL_SCSI_PASS_THROUGH:
        return CheckPassThroughAnswer(Body, BodyLength);
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_SCSI_GET_ADDRESS:
        if (Header->Information > FRAME_MAXIMUM_IOCTL_BUFFER)
            return ScsinetFaultData;
        return BodyLength == Header->Information ? ScsinetFrameGood : ScsinetFaultLength;
    case IOCTL_STORAGE_ENABLE_IDLE_POWER:
    case IOCTL_STORAGE_POWER_ACTIVE:
        return BodyLength == 0 ? ScsinetFrameGood : ScsinetFaultLength;
    default:
        return ScsinetFrameUnsupported;
    }
}

/* ---- PNP_INFO ---- */

static USHORT CharacterAt(const UCHAR *Text, ULONG Index)
{
    return (USHORT)(Text[2 * Index] | Text[2 * Index + 1] << 8);
}

/*
 * One ID of a list, or one that stands alone, up to its terminator; what plug and play stops the
 * system for (bug check PNP_DETECTED_FATAL_ERROR) is refused. *Run: its characters; *Separators:
 * the backslashes among them.
 */
static SCSINET_FAULT CheckId(const UCHAR *Text, ULONG Characters, ULONG *Run, ULONG *Separators)
{
    ULONG Index;

    *Separators = 0;
    for (Index = 0; Index < Characters; Index++) {
        USHORT Character = CharacterAt(Text, Index);

        if (Character == 0) {
            *Run = Index;
            return ScsinetFrameGood;
        }
        if (Character < 0x20 || Character > 0x7F || Character == ',' ||
            Index == FRAME_MAXIMUM_ID_CHARACTERS)
            return ScsinetFaultPnpId;
        if (Character == '\\') {
            if (Index == 0)
                return ScsinetFaultPnpId;
            ++*Separators;
        }
    }
    return ScsinetFaultPnpString;
}

/* A device ID is bus and device with a backslash between them; instance, serial number and
 * container have none. */
static SCSINET_FAULT CheckSingleId(const UCHAR *Text, ULONG Characters, ULONG Type)
{
    ULONG Separators;
    ULONG Run;
    SCSINET_FAULT Fault = CheckId(Text, Characters, &Run, &Separators);

    if (Fault != ScsinetFrameGood)
        return Fault;
    if (Run == 0 || Run + 1 != Characters)
        return ScsinetFaultPnpString;
    if (Type == FRAME_ID_DEVICE && (Separators != 1 || CharacterAt(Text, Run - 1) == '\\'))
        return ScsinetFaultPnpId;
    return Type == FRAME_ID_INSTANCE && Separators != 0 ? ScsinetFaultPnpId : ScsinetFrameGood;
}

/* Strings one behind the other, then an empty one. An empty list is one terminator, or two. */
static SCSINET_FAULT CheckIdList(const UCHAR *Text, ULONG Characters)
{
    ULONG Separators;
    ULONG Index = 0;
    ULONG Run;

    if (Characters == 2 && CharacterAt(Text, 0) == 0 && CharacterAt(Text, 1) == 0)
        return ScsinetFrameGood;
    if (Characters > FRAME_MAXIMUM_LIST_CHARACTERS)
        return ScsinetFaultPnpId;
    for (;;) {
        SCSINET_FAULT Fault = CheckId(Text + 2 * Index, Characters - Index, &Run, &Separators);

        if (Fault != ScsinetFrameGood)
            return Fault;
        Index += Run + 1;
        if (Run == 0)
            return Index == Characters ? ScsinetFrameGood : ScsinetFaultPnpString;
    }
}

static SCSINET_FAULT CheckText(const UCHAR *Text, ULONG Characters)
{
    ULONG Index;

    for (Index = 0; Index < Characters; Index++) {
        if (CharacterAt(Text, Index) == 0)
            return Index + 1 == Characters ? ScsinetFrameGood : ScsinetFaultPnpString;
    }
    return ScsinetFaultPnpString;
}

/* FALSE: the entry is out of bounds. *Text is NULL where the entry holds nothing. */
static BOOLEAN ReadEntry(const VOID *Body, ULONG BodyLength, ULONG Index, const UCHAR **Text,
                         ULONG *Length)
{
    PNP_ENTRY Entry;

    __builtin_memcpy(&Entry, (const UCHAR *)Body + Index * sizeof(Entry), sizeof(Entry));
    *Text = NULL;
    *Length = 0;
    if (Entry.InfoOffset == 0)
        return TRUE;
    if (Entry.InfoOffset < sizeof(PNP_INFO) || Entry.InfoOffset > BodyLength ||
        Entry.InfoLength > BodyLength - Entry.InfoOffset)
        return FALSE;
    if (IsSuccess(Entry.Status)) {
        *Text = (const UCHAR *)Body + Entry.InfoOffset;
        *Length = Entry.InfoLength;
    }
    return TRUE;
}

SCSINET_FAULT ScsinetCheckPnpInfo(const VOID *Body, ULONG BodyLength)
{
    /* By BUS_QUERY_ID_TYPE: device, hardware, compatible, instance, serial number, container. */
    static const UCHAR Multiple[6] = {FALSE, TRUE, TRUE, FALSE, FALSE, FALSE};
    static const UCHAR Required[6] = {TRUE, TRUE, FALSE, TRUE, FALSE, FALSE};
    const UCHAR *Text;
    ULONG PathLength = 0;
    ULONG Length;
    ULONG Index;

    if (BodyLength < sizeof(PNP_INFO))
        return ScsinetFaultTooShort;
    if (BodyLength > SCSINET_MAXIMUM_PNP_LENGTH)
        return ScsinetFaultTooLong;

    for (Index = 0; Index < 9; Index++) {
        SCSINET_FAULT Fault = ScsinetFrameGood;

        if (!ReadEntry(Body, BodyLength, Index, &Text, &Length))
            return ScsinetFaultPnpBounds;
        if (Text == NULL) {
            if (Index < 6 && Required[Index])
                return ScsinetFaultPnpMissing;
            continue;
        }
        if (Index == 8) {
            if (Length != FRAME_CAPABILITIES_SIZE)
                return ScsinetFaultCapabilities;
            continue;
        }
        if (Length == 0 || Length % sizeof(WCHAR) != 0)
            return ScsinetFaultPnpString;
        if (Index >= 6)
            Fault = CheckText(Text, Length / sizeof(WCHAR));
        else if (Multiple[Index])
            Fault = CheckIdList(Text, Length / sizeof(WCHAR));
        else
            Fault = CheckSingleId(Text, Length / sizeof(WCHAR), Index);
        if (Fault != ScsinetFrameGood)
            return Fault;
        if (Index < 6 && Required[Index] && CharacterAt(Text, 0) == 0)
            return ScsinetFaultPnpMissing;
        if (Index == FRAME_ID_DEVICE || Index == FRAME_ID_INSTANCE)
            PathLength += Length / (ULONG)sizeof(WCHAR);
    }
    return PathLength <= FRAME_MAXIMUM_PATH_CHARACTERS ? ScsinetFrameGood : ScsinetFaultPnpId;
}

SCSINET_FAULT ScsinetCheckFrame(const REQUEST_HEADER *Header, SCSINET_SENDER Sender)
{
    const VOID *Body = Header + 1;
    ULONG BodyLength = Header->Length - (ULONG)sizeof(REQUEST_HEADER);

    switch (Header->Op) {
    case OP_PLUGIN:
        return ScsinetCheckPnpInfo(Body, BodyLength);
    case OP_PLUGOUT:
        return ScsinetFrameGood;
    default:
        return Sender == ScsinetFromClient ? ScsinetCheckRequest(Header, Body, BodyLength)
                                           : ScsinetCheckAnswer(Header, Body, BodyLength);
    }
}
