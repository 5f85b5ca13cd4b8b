/* SPDX-License-Identifier: MIT */
/*
 * scsiserver.h - the server driver's structures.
 *
 * scsiserver takes the class driver's place on a SCSI device: an FDO over the device's PDO. One
 * program at a time opens its interface, asks for what plug and play knows of the device, and has
 * requests executed on it.
 *
 * Lock order: SERVER_DEVICE.Lock (spin lock) -> nothing. The cancel spin lock is taken before it by
 * the cancel routine (the I/O manager does that) and never under it.
 */
#ifndef SCSISERVER_H
#define SCSISERVER_H

#include <ntddk.h>
#include <scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include "scsinet_ioctl.h"
#include "scsinet_frame.h"
#include "follow_power.h"

#define SERVER_TAG 'rvSS'

/* The largest answer that a PNP_INFO can hold is refused rather than cut. */
typedef struct _SERVER_DEVICE {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Physical;
    PDEVICE_OBJECT Lower;
    FOLLOW_POWER Power;
    IO_REMOVE_LOCK RemoveLock; /* one for each dispatch, and each request until it is freed */
    UNICODE_STRING InterfaceName;
    BOOLEAN InterfaceEnabled; /* PnP's requests only, which come one at a time */

    KSPIN_LOCK Lock; /* guards all below */
    /* Set at each START. */
    PUCHAR PnpInfo; /* PNP_INFO and texts; non-paged pool */
    ULONG PnpLength;
    ULONG MaximumTransfer; /* bytes: what the adapter takes in one request */
    PFILE_OBJECT Owner;    /* the one program that is served, or NULL */
    BOOLEAN Started;
    BOOLEAN Claimed;     /* a CLAIM_DEVICE that came over the wire is in force */
    LIST_ENTRY Requests; /* SERVER_REQUEST.Link: sent to the lower device, not completed yet */
} SERVER_DEVICE, *PSERVER_DEVICE;

/* Where a request stands; changed by interlocked exchange alone. */
typedef enum _SERVER_PHASE {
    ServerSent,     /* dispatch is still in IoCallDriver, or has not looked yet */
    ServerPended,   /* dispatch has returned STATUS_PENDING: the completion routine finishes it */
    ServerCompleted /* the lower device is done: whoever of both comes second finishes it */
} SERVER_PHASE;

/*
 * One request on its way. Everything that the lower device reads but the data is in here, so that a
 * program which changes its buffer meanwhile changes nothing.
 */
typedef struct _SERVER_REQUEST {
    LIST_ENTRY Link; /* SERVER_DEVICE.Requests, Lock */
    volatile LONG References;
    volatile LONG Phase; /* SERVER_PHASE */
    PSERVER_DEVICE Device;
    PIRP Upper;         /* the EXECUTE_REQUEST; not to be touched once it is completed */
    PVOID LockTag;      /* what the remove lock was taken with */
    PIRP Lower;         /* freed with the last reference */
    PMDL DataMdl;       /* partial, over the data in the program's buffer */
    PUCHAR Answer;      /* system address of the program's buffer */
    ULONG AnswerLength; /* its size */
    NTSTATUS Status;    /* the lower device's outcome */
    ULONG_PTR Information;
    REQUEST_HEADER Header; /* as it came */
    PACKED_SRB Packed;
    SCSI_PASS_THROUGH PassThrough; /* as it came: Buffer's is the lower device's to change */
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[256];
    ULONG BufferLength; /* of Buffer */
    DECLSPEC_ALIGN(16)
    UCHAR Buffer[]; /* an IOCTL's system buffer; aligned as the I/O manager's are */
} SERVER_REQUEST, *PSERVER_REQUEST;

/* driver.c */
DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI ServerCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* pnp.c */
DRIVER_ADD_DEVICE ServerAddDevice;
DRIVER_DISPATCH ServerDispatchPnp;
DRIVER_DISPATCH ServerDispatchPower;
DRIVER_DISPATCH ServerDispatchSystemControl;

/* describe.c: fills PnpInfo, PnpLength and MaximumTransfer by asking the lower device.
 * PASSIVE_LEVEL. */
NTSTATUS ServerDescribeDevice(PSERVER_DEVICE Device);
/* Sends an SRB without data (CLAIM, RELEASE) and waits. PASSIVE_LEVEL. */
NTSTATUS ServerSendSrbFunction(PSERVER_DEVICE Device, UCHAR Function);

/* control.c */
DRIVER_DISPATCH ServerDispatchCreate;
DRIVER_DISPATCH ServerDispatchCleanup;
DRIVER_DISPATCH ServerDispatchClose;
DRIVER_DISPATCH ServerDispatchDeviceControl;
/* Gives back what the program has claimed, if it has. PASSIVE_LEVEL. */
VOID ServerReleaseClaim(PSERVER_DEVICE Device);

/* execute.c: the remove lock has been taken with Irp as its tag; it is released when the request is
 * freed, or before return. STATUS_DEVICE_NOT_READY while the device stands still. */
NTSTATUS ServerExecuteRequest(PSERVER_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack);
/* Cancels every request in flight; they complete in their own time. IRQL <= DISPATCH_LEVEL. */
VOID ServerCancelRequests(PSERVER_DEVICE Device);

/* answer.c: writes the answer into the program's buffer; returns its length. */
ULONG ServerWriteAnswer(PSERVER_REQUEST Request);

#endif
