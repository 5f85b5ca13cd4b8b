/* SPDX-License-Identifier: MIT */
/*
 * scsiclient.h - the client driver's structures.
 *
 * scsiclient is a root-enumerated bus. A program opens the bus and plugs in one child for each
 * handle; the child's requests are queued here, fetched by the program, and completed with what it
 * brings back.
 *
 * A request (an IRP to the child's PDO) is in one of these places, all under CLIENT_CHILD.Lock:
 *   Waiting    in the list; cancel routine set
 *   Packing    taken by one fetch, which copies it without the lock; no cancel routine: the thread
 * owns it Fetched    in a slot; cancel routine set; the index and generation are what the program
 * knows of it Leaving    taken out while its cancel routine had begun to run: that routine
 * completes it A child once Gone (plugged out) never gets a request again, one that is Pulled
 * (SURPRISE_REMOVAL of a device that is still there) not before it is started anew; what was
 * Waiting or Fetched is completed by whoever made it so, what was Packing by the thread that packs.
 *
 * Lifetime: CLIENT_CHILD is referenced by its PDO and by the file object that plugged it in.
 *
 * Lock order: CLIENT_BUS.Lock -> CLIENT_CHILD.Lock (both spin locks). IRPs are completed with
 * neither held.
 */
#ifndef SCSICLIENT_H
#define SCSICLIENT_H

#include <ntddk.h>
#include <scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include "scsinet_ioctl.h"
#include "scsinet_frame.h"
#include "follow_power.h"

#define CLIENT_TAG   'lcSS'
#define CLIENT_SLOTS 256u

/* First in both device extensions. */
typedef struct _CLIENT_COMMON {
    BOOLEAN IsBus;
    PDEVICE_OBJECT Self;
    IO_REMOVE_LOCK RemoveLock;
} CLIENT_COMMON, *PCLIENT_COMMON;

typedef struct _CLIENT_BUS {
    CLIENT_COMMON Common;
    PDEVICE_OBJECT Physical;
    PDEVICE_OBJECT Lower;
    FOLLOW_POWER Power;
    UNICODE_STRING InterfaceName;
    BOOLEAN InterfaceEnabled;
    KSPIN_LOCK Lock;     /* guards Children and the fields of a child that say so */
    LIST_ENTRY Children; /* CLIENT_CHILD.Link: every child whose PDO exists */
    BOOLEAN Gone;        /* Lock: the bus itself was taken away; nothing is plugged in any more */
} CLIENT_BUS, *PCLIENT_BUS;

typedef struct _CLIENT_SLOT {
    PIRP Irp;         /* NULL: free */
    ULONG Generation; /* moves on each time the slot is emptied */
    ULONG NextFree;
} CLIENT_SLOT;

typedef struct _CLIENT_CHILD {
    LIST_ENTRY Link; /* CLIENT_BUS.Children; bus lock */
    volatile LONG References;
    PCLIENT_BUS Bus;
    PDEVICE_OBJECT Pdo;
    BOOLEAN Reported; /* bus lock: was in the last BusRelations answer */
    BOOLEAN Known;    /* bus lock: was in one at any time, so plug and play will remove it */
    BOOLEAN Gone;     /* bus lock and child lock to write, either to read */

    KSPIN_LOCK Lock; /* guards all below */
    BOOLEAN Pulled;  /* by plug and play's will, while still plugged in: no requests until the next
                        START */
    BOOLEAN Asleep;  /* not in D0: requests wait, and are not given to fetches */
    LIST_ENTRY Waiting; /* IRPs */
    LIST_ENTRY Fetches; /* FETCH_REQUESTs that wait for one */
    CLIENT_SLOT Slots[CLIENT_SLOTS];
    ULONG FirstFree; /* CLIENT_SLOTS: none */

    ULONG InstanceSuffix; /* constant; 0: the server's instance ID is unique here */
    ULONG PnpLength;
    UCHAR Pnp[]; /* a PNP_INFO that ScsinetCheckPnpInfo found good; constant */
} CLIENT_CHILD, *PCLIENT_CHILD;

typedef struct _CLIENT_PDO {
    CLIENT_COMMON Common;
    PCLIENT_CHILD Child;
} CLIENT_PDO, *PCLIENT_PDO;

/* What an IRP of ours carries in Tail.Overlay.DriverContext. */
enum {
    ClientContextChild, /* PCLIENT_CHILD */
    ClientContextPlace, /* CLIENT_PLACE, child lock */
    ClientContextSlot,  /* index, while Fetched */
    ClientContextMdl    /* of a SCSI_PASS_THROUGH_DIRECT's buffer */
};
typedef enum _CLIENT_PLACE {
    ClientWaiting,
    ClientPacking,
    ClientFetched,
    ClientLeaving
} CLIENT_PLACE;

/* driver.c */
NTSTATUS NTAPI ClientCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
VOID ClientReferenceChild(PCLIENT_CHILD Child);
VOID ClientDereferenceChild(PCLIENT_CHILD Child);
/* What was plugged in on a handle of the bus, or NULL; the file object's own reference. */
PCLIENT_CHILD ClientChildOf(PFILE_OBJECT FileObject);

/* buspnp.c, childpnp.c */
DRIVER_ADD_DEVICE ClientAddDevice;
NTSTATUS ClientBusPnp(PCLIENT_BUS Bus, PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS ClientChildPnp(PCLIENT_PDO Pdo, PIRP Irp, PIO_STACK_LOCATION Stack);
/* Takes the PDO's child off the bus, frees what it has, deletes the PDO. The remove lock has been
 * waited for. */
VOID ClientDeletePdo(PCLIENT_PDO Pdo);

/* plug.c: PASSIVE_LEVEL */
NTSTATUS ClientPlugIn(PCLIENT_BUS Bus, PFILE_OBJECT FileObject, const REQUEST_HEADER *Header,
                      ULONG Length);
/* Ends the child's requests and tells plug and play. Any number of times; IRQL <= DISPATCH_LEVEL.
 */
VOID ClientPlugOut(PCLIENT_CHILD Child);
/* No request is taken any more and those there are end. Returns FALSE where that was so before. */
BOOLEAN ClientMakeGone(PCLIENT_CHILD Child);
/* The bus was taken away: no plug-in any more, all children are Gone. */
VOID ClientEndBus(PCLIENT_BUS Bus);
/* Pulled: requests end and are refused; fetches go on waiting. Not pulled: as before. */
VOID ClientSetPulled(PCLIENT_CHILD Child, BOOLEAN Pulled);

/* queue.c */
/* Takes an IRP that dispatch holds with the child's PDO remove lock (tag: the IRP); returns
 * STATUS_PENDING, or completes it and says with what. */
NTSTATUS ClientQueueRequest(PCLIENT_CHILD Child, PIRP Irp);
NTSTATUS ClientFetch(PCLIENT_CHILD Child, PIRP Irp, PIO_STACK_LOCATION Stack);
/* Takes the request with that mark out of its slot, no longer cancellable, or NULL. */
PIRP ClientTakeFetched(PCLIENT_CHILD Child, ULONG Index, ULONG Generation);
/* Ends everything that waits or is fetched; with Gone every fetch too. Gone or Pulled has been set.
 */
VOID ClientEndRequests(PCLIENT_CHILD Child);
/* Requests wait (those that are fetched already go on), or go again. IRQL <= DISPATCH_LEVEL; the
 * caller holds the PDO's remove lock. */
VOID ClientSetAsleep(PCLIENT_CHILD Child, BOOLEAN Asleep);
/* Completes a child's request and gives the PDO's remove lock back. */
VOID ClientEndRequest(PCLIENT_CHILD Child, PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
/* The same for one that never got an answer: an SRB is told why (aborted, no device, internal
 * error). */
VOID ClientFailRequest(PCLIENT_CHILD Child, PIRP Irp, NTSTATUS Status);

/* pack.c: an IRP that nobody else can complete meanwhile */
/*
 * Whether the request can go over the wire; else *Status is what it is to be completed with. Clears
 * what ours the IRP's DriverContext holds.
 */
BOOLEAN ClientCanForward(PIRP Irp, PIO_STACK_LOCATION Stack, NTSTATUS *Status);
/* System address of an SRB's data: in the IRP's MDL, or where the SRB says if there is none. NULL:
 * not to be had. */
PUCHAR ClientSrbData(PIRP Irp, const SCSI_REQUEST_BLOCK *Srb);
/* The program's structure of a SCSI_PASS_THROUGH_DIRECT, or NULL for any other request. */
PSCSI_PASS_THROUGH_DIRECT ClientDirect(PIRP Irp);
ULONG ClientPackedLength(PIRP Irp);
VOID ClientPack(PIRP Irp, ULONG Index, ULONG Generation, PREQUEST_HEADER To);

/* unpack.c */
/* COMPLETE_REQUEST. */
NTSTATUS ClientComplete(PCLIENT_CHILD Child, PIRP Irp, PIO_STACK_LOCATION Stack);

/* control.c */
NTSTATUS ClientBusControl(PCLIENT_BUS Bus, PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS ClientChildControl(PCLIENT_PDO Pdo, PIRP Irp, PIO_STACK_LOCATION Stack);

#endif
