/* SPDX-License-Identifier: MIT */
/*
 * scsinet_frame.h - the one place that decides whether a frame of the classic protocol is well
 * formed.
 *
 * Used at both edges: by the programs for what came over the wire, by the drivers for what came
 * from a program. Pure: no allocation, no I/O, any IRQL. The caller has included the base types and
 * ntddscsi.h.
 */
#ifndef SCSINET_FRAME_H
#define SCSINET_FRAME_H

#include "scsinet_ioctl.h"

typedef enum _SCSINET_SENDER { ScsinetFromServer, ScsinetFromClient } SCSINET_SENDER;

typedef enum _SCSINET_FAULT {
    ScsinetFrameGood,
    ScsinetFrameUnsupported, /* well formed as far as it can be known; a server answers
                                STATUS_NOT_SUPPORTED */
    ScsinetFaultOp,          /* Op unknown, or not for this sender to use */
    ScsinetFaultTooShort,    /* Length less than header and fixed parts */
    ScsinetFaultTooLong,     /* Length above what is accepted */
    ScsinetFaultLength,      /* Length is not what the fields add up to */
    ScsinetFaultCdb,         /* CDB longer than 16 bytes */
    ScsinetFaultData,        /* data transfer longer than accepted */
    ScsinetFaultPassThrough, /* offsets or lengths of a SCSI_PASS_THROUGH out of bounds */
    ScsinetFaultPnpBounds,   /* a PNP_ENTRY points outside the frame or overlaps the table */
    ScsinetFaultPnpString,   /* an ID or text is not terminated or of odd size */
    ScsinetFaultPnpId,      /* an ID has characters or a length that plug and play does not allow */
    ScsinetFaultPnpMissing, /* no device ID, no instance ID or no hardware IDs */
    ScsinetFaultCapabilities /* capabilities of a wrong size */
} SCSINET_FAULT;

/* A few lower-case words for a log line. */
const char *ScsinetFaultText(SCSINET_FAULT Fault);

/*
 * Looks at a header alone, before anything is allocated or received for it. Maximum: the longest
 * frame accepted.
 */
SCSINET_FAULT ScsinetCheckHeader(const REQUEST_HEADER *Header, SCSINET_SENDER Sender,
                                 ULONG Maximum);

/*
 * Looks at a whole frame of Header->Length bytes, whose header ScsinetCheckHeader found good. The
 * frame must not change while it is looked at.
 */
SCSINET_FAULT ScsinetCheckFrame(const REQUEST_HEADER *Header, SCSINET_SENDER Sender);

/* The parts of ScsinetCheckFrame for those that hold header and body apart. BodyLength = Length -
 * sizeof(REQUEST_HEADER). */
SCSINET_FAULT ScsinetCheckPnpInfo(const VOID *Body, ULONG BodyLength);
SCSINET_FAULT ScsinetCheckRequest(const REQUEST_HEADER *Header, const VOID *Body, ULONG BodyLength);
SCSINET_FAULT ScsinetCheckAnswer(const REQUEST_HEADER *Header, const VOID *Body, ULONG BodyLength);

/* How many bytes of data and of sense data an answer with these fields carries behind its
 * PACKED_SRB, in this order. */
ULONG ScsinetAnswerDataLength(const REQUEST_HEADER *Header, const PACKED_SRB *Srb);
ULONG ScsinetAnswerSenseLength(const REQUEST_HEADER *Header, const PACKED_SRB *Srb);
/*
 * How many bytes of data an answer that came, and whose whole frame was found good, does carry: the
 * article's server leaves out those of a DATA_OVERRUN.
 */
ULONG ScsinetReceivedDataLength(const REQUEST_HEADER *Header, const PACKED_SRB *Srb);
/*
 * How many bytes an answer to a SCSI_PASS_THROUGH carries: the structure, and all up to the end of
 * its data (data in) and of its sense data. 0: more than any frame.
 */
ULONG ScsinetPassThroughAnswerLength(const SCSI_PASS_THROUGH *Spt);
/* How many bytes of data a request carries behind its PACKED_SRB. */
ULONG ScsinetRequestDataLength(const PACKED_SRB *Srb);

#endif
