/* SPDX-License-Identifier: MIT */
/*
 * scsinet_ioctl.h - what the drivers scsiserver and scsiclient share with their programs: device
 * interfaces, IOCTLs, and the structures of SCSI over Net, which are also those of the classic wire
 * protocol.
 *
 * The including file has brought the base types (a driver: wdm.h; a program: windows.h and
 * winioctl.h). All numbers are little-endian; all offsets and sizes in bytes. Layout is asserted at
 * the end.
 */
#ifndef SCSINET_IOCTL_H
#define SCSINET_IOCTL_H

/* Device interface of scsiserver on each device that it serves.
 * {5c51e401-6f0d-4c52-9a3e-0f5d3c7be001} */
#define SCSISERVER_INTERFACE_GUID                                                                  \
    {                                                                                              \
        0x5c51e401, 0x6f0d, 0x4c52,                                                                \
        {                                                                                          \
            0x9a, 0x3e, 0x0f, 0x5d, 0x3c, 0x7b, 0xe0, 0x01                                         \
        }                                                                                          \
    }
#define SCSISERVER_INTERFACE_TEXT "{5c51e401-6f0d-4c52-9a3e-0f5d3c7be001}"
/* Device interface of scsiclient's bus. {5c51e402-6f0d-4c52-9a3e-0f5d3c7be002} */
#define SCSICLIENT_INTERFACE_GUID                                                                  \
    {                                                                                              \
        0x5c51e402, 0x6f0d, 0x4c52,                                                                \
        {                                                                                          \
            0x9a, 0x3e, 0x0f, 0x5d, 0x3c, 0x7b, 0xe0, 0x02                                         \
        }                                                                                          \
    }
#define SCSICLIENT_INTERFACE_TEXT "{5c51e402-6f0d-4c52-9a3e-0f5d3c7be002}"

/* The bus's hardware ID (class HDC) and the service names. */
#define SCSICLIENT_HARDWARE_ID  "VirtualSCSIBus"
#define SCSISERVER_SERVICE_NAME "scsiserver"
#define SCSICLIENT_SERVICE_NAME "scsiclient"

/* ---- scsiserver, on a handle to its interface ---- */

/*
 * Out (buffered): REQUEST_HEADER with Length set and, in InputBufferLength, how many bytes of data
 * the adapter takes in one request; then PNP_INFO and what it points to. STATUS_BUFFER_TOO_SMALL,
 * STATUS_DEVICE_NOT_READY.
 */
#define IOCTL_GET_PNP_INFO CTL_CODE(FILE_DEVICE_CONTROLLER, 0, METHOD_BUFFERED, FILE_ANY_ACCESS)
/*
 * The output buffer (direct) holds the request as it came over the wire and receives the answer in
 * its place: REQUEST_HEADER.Length says how long each is. It must be at least as large as the
 * larger of both. The IOCTL itself fails only for a malformed request or a device that is going;
 * what the device said is in REQUEST_HEADER.Status and the PACKED_SRB.
 */
#define IOCTL_EXECUTE_REQUEST                                                                      \
    CTL_CODE(FILE_DEVICE_CONTROLLER, 1, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)

/* ---- scsiclient, on a handle to its bus: one child for each handle ---- */

/*
 * In (buffered): REQUEST_HEADER, PNP_INFO and what it points to, as GET_PNP_INFO gave it. Makes the
 * child. STATUS_INVALID_PARAMETER; STATUS_INVALID_DEVICE_STATE: the handle has one, or had;
 * STATUS_DEVICE_DOES_NOT_EXIST: the bus itself was taken away.
 */
#define IOCTL_PLUGIN_DEVICE CTL_CODE(FILE_DEVICE_CONTROLLER, 0, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Takes the child away: its requests end with STATUS_DEVICE_DOES_NOT_EXIST, then PnP removes it by
 * surprise. */
#define IOCTL_PLUGOUT_DEVICE CTL_CODE(FILE_DEVICE_CONTROLLER, 1, METHOD_BUFFERED, FILE_ANY_ACCESS)
/*
 * Out (direct): the next request, REQUEST_HEADER first, Length its size; IoStatus.Information is
 * that too. Pends until there is one; many may pend. STATUS_DEVICE_DOES_NOT_EXIST once the child is
 * gone; STATUS_BUFFER_TOO_SMALL leaves the request for the next fetch and IoStatus.Information 0.
 */
#define IOCTL_FETCH_REQUEST CTL_CODE(FILE_DEVICE_CONTROLLER, 2, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
/*
 * In (buffered): the answer, REQUEST_HEADER first. Data behind the PACKED_SRB, as on the wire; or,
 * to save a copy, in the second buffer (direct) while the first ends with the PACKED_SRB and the
 * sense data. STATUS_NOT_FOUND: no request with that index and generation waits any more (it was
 * cancelled): nothing happened.
 */
#define IOCTL_COMPLETE_REQUEST                                                                     \
    CTL_CODE(FILE_DEVICE_CONTROLLER, 3, METHOD_IN_DIRECT, FILE_ANY_ACCESS)

#define OP_PLUGIN  1
#define OP_PLUGOUT 2
#define OP_REQUEST 3

/* In front of every frame and every request. 48 bytes. */
typedef struct _REQUEST_HEADER {
    ULONG Id;            /*  0: device, unique on its connection; the server chooses */
    ULONG Op;            /*  4: OP_* */
    ULONG Irp[2];        /*  8: the client's mark on a request, given back unchanged: here index and
                            generation */
    ULONG Length;        /* 16: of the whole frame, this header included */
    ULONG MajorFunction; /* 20: IRP_MJ_INTERNAL_DEVICE_CONTROL (a PACKED_SRB follows) or
                            IRP_MJ_DEVICE_CONTROL */
    ULONG MinorFunction; /* 24 */
    ULONG IoControlCode; /* 28: with IRP_MJ_DEVICE_CONTROL: one of the five */
    ULONG InputBufferLength;  /* 32 */
    ULONG OutputBufferLength; /* 36 */
    NTSTATUS Status;          /* 40: in an answer: what the lower device completed with */
    ULONG Information;        /* 44: in an answer */
} REQUEST_HEADER, *PREQUEST_HEADER;

/* A SCSI_REQUEST_BLOCK without its pointers. 44 bytes; data and sense data follow as
 * docs/protocol.md says. */
typedef struct _PACKED_SRB {
    UCHAR Function;              /*  0: SRB_FUNCTION_* */
    UCHAR SrbStatus;             /*  1 */
    UCHAR ScsiStatus;            /*  2 */
    UCHAR PathId;                /*  3 */
    UCHAR TargetId;              /*  4 */
    UCHAR Lun;                   /*  5 */
    UCHAR QueueTag;              /*  6 */
    UCHAR QueueAction;           /*  7 */
    UCHAR CdbLength;             /*  8: 0 to 16 */
    UCHAR SenseInfoBufferLength; /*  9 */
    /* 2 bytes of padding: sent as zero, ignored */
    ULONG SrbFlags;           /* 12: SRB_FLAGS_* */
    ULONG DataTransferLength; /* 16 */
    ULONG TimeOutValue;       /* 20: seconds */
    ULONG QueueSortKey;       /* 24 */
    UCHAR Cdb[16];            /* 28 */
} PACKED_SRB, *PPACKED_SRB;

/* One answer that the server's bus gave about the device. 12 bytes. */
typedef struct _PNP_ENTRY {
    ULONG InfoOffset; /* from the beginning of PNP_INFO; 0: there is none */
    ULONG InfoLength; /* bytes; strings with their terminator, multi-strings with both */
    NTSTATUS Status;
} PNP_ENTRY, *PPNP_ENTRY;

/* 108 bytes. */
typedef struct _PNP_INFO {
    PNP_ENTRY QueryId[6]; /* by BUS_QUERY_ID_TYPE: device, hardware, compatible, instance, serial
                             number, container */
    PNP_ENTRY QueryDeviceText[2]; /* by DEVICE_TEXT_TYPE: description, location */
    PNP_ENTRY QueryCapabilities;  /* a DEVICE_CAPABILITIES, 64 bytes */
} PNP_INFO, *PPNP_INFO;

/* Bounds that both sides keep. */
#define SCSINET_MAXIMUM_PNP_LENGTH 16384u /* PNP_INFO and what it points to */
#define SCSINET_MAXIMUM_DATA       (16u * 1024u * 1024u)
#define SCSINET_MAXIMUM_FRAME      (SCSINET_MAXIMUM_DATA + 4096u)

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(REQUEST_HEADER) == 48, "classic protocol");
_Static_assert(sizeof(PACKED_SRB) == 44, "classic protocol");
_Static_assert(sizeof(PNP_ENTRY) == 12, "classic protocol");
_Static_assert(sizeof(PNP_INFO) == 108, "classic protocol");
#endif

#endif
