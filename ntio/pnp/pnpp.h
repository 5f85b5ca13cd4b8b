/* SPDX-License-Identifier: MIT */
/*
 * pnpp.h - what the files of pnp share. Everything here runs on the worker, at PASSIVE_LEVEL, where
 * nothing else is said.
 *
 * Locks: PnpTreeLock (links and fields of nodes, and a PDO's way to its node) -> PnpQueueLock (the
 * action queue); PnpNotifyLock and PnpInterfaceLock stand alone. None is held over a call into a
 * driver.
 */
#ifndef NTIO_PNPP_H
#define NTIO_PNPP_H

#include "ntio/pnp/pnp.h"
#include "ntio/ex/ex.h"
#include "ntio/mm/mm.h"

#define PNP_TAG             'pPnP'
#define PNP_CONTROL_SET     L"\\Registry\\Machine\\System\\CurrentControlSet"
#define PNP_ENUM_KEY        PNP_CONTROL_SET L"\\Enum"
#define PNP_CLASS_KEY       PNP_CONTROL_SET L"\\Control\\Class"
#define PNP_DATABASE_KEY    PNP_CONTROL_SET L"\\Control\\CriticalDeviceDatabase"
#define PNP_INTERFACES_KEY  PNP_CONTROL_SET L"\\Control\\DeviceClasses"
#define PNP_GUID_CHARACTERS 39 /* {8-4-4-4-12} with its zero */
#define PNP_PROFILE_KEY     PNP_CONTROL_SET L"\\Hardware Profiles\\Current\\System\\CurrentControlSet"
/* Enum's ConfigFlags, and the hardware profile's CSConfigFlags. */
#define PNP_CONFIGFLAG_DISABLED       0x00000001
#define PNP_CSCONFIGFLAG_DISABLED     0x00000001
#define PNP_CSCONFIGFLAG_DO_NOT_START 0x00000004

/* First parameter of PNP_DETECTED_FATAL_ERROR. */
#define PNP_FATAL_DUPLICATE_PDO    0x1
#define PNP_FATAL_INVALID_PDO      0x2
#define PNP_FATAL_INVALID_ID       0x3
#define PNP_FATAL_DELETED_PDO      0x4
#define PNP_FATAL_NULL_PDO         0x8
#define PNP_FATAL_CALLBACK         0xA
#define PNP_FATAL_DELETED_RELATION 0xB

/* ---- util.c ---- */
WCHAR *PnpDuplicateString(const WCHAR *String); /* NULL for NULL or no memory; ExFreePool */
WCHAR *PnpDuplicateMultiString(const WCHAR *Strings);
SIZE_T PnpMultiStringCharacters(const WCHAR *Strings); /* with the list's closing zero */
BOOLEAN PnpSameString(const WCHAR *A, const WCHAR *B); /* without regard to case */
VOID PnpFree(PVOID Block);                             /* NULL: nothing */
/* Puts strings together until NULL; FALSE: too long, To is cut off and terminated. */
BOOLEAN PnpJoin(WCHAR *To, ULONG Characters, ...);
VOID PnpGuidString(const GUID *Guid, WCHAR Text[PNP_GUID_CHARACTERS]);
BOOLEAN PnpSameGuid(const GUID *A, const GUID *B);
/* Stops with PNP_DETECTED_FATAL_ERROR, 2 for Device: an API that needs a PDO was given something
 * else. */
_Noreturn VOID PnpInvalidPdo(PDEVICE_OBJECT Device);

/* ---- servicelist.c: Services\NAME\Enum ---- */
VOID PnpListDevice(const WCHAR *Service, const WCHAR *Instance);
VOID PnpUnlistDevice(const WCHAR *Service, const WCHAR *Instance);

/* ---- tree.c ---- */
extern KI_LOCK PnpTreeLock;
extern PDEVICE_NODE PnpRootNode;
/* A node for Pdo, with a reference for the caller, not yet in the tree. NULL: no memory. */
PDEVICE_NODE PnpCreateNode(PDEVICE_OBJECT Pdo);
/* The tree takes a reference of its own; the PDO then knows its node. */
VOID PnpLinkNode(PDEVICE_NODE Parent, PDEVICE_NODE Node);
/* The reverse; state PnpRemoved. The node may go with this. */
VOID PnpUnlinkNode(PDEVICE_NODE Node);
VOID PnpReferenceNode(PDEVICE_NODE Node);
VOID PnpSetState(PDEVICE_NODE Node, PNP_STATE State);
VOID PnpSetProblem(PDEVICE_NODE Node, PNP_STATE State, ULONG Problem, NTSTATUS Status);
VOID PnpSetService(PDEVICE_NODE Node, WCHAR *Service /* becomes the node's, may be NULL */);
/* The node of a PDO, referenced, or NULL. Any IRQL up to DISPATCH_LEVEL. */
PDEVICE_NODE PnpNodeOfDevice(PDEVICE_OBJECT Pdo);
/* The same, of a device that has its name; a name does not change. */
PDEVICE_NODE PnpNamedNode(PDEVICE_OBJECT Pdo);
BOOLEAN PnpIsDeleted(PDEVICE_OBJECT Device); /* IoDeleteDevice was called */
/* Is Device a PDO, or was it one? */
BOOLEAN PnpIsPdo(PDEVICE_OBJECT Device);
ULONG PnpDepth(PDEVICE_NODE Node);
/* In the tree and not on its way out of it. */
BOOLEAN PnpIsLive(PDEVICE_NODE Node);
/* The node that comes after Node where children come before their parent, below Root; NULL: it was
 * Root. First: Node NULL. */
PDEVICE_NODE PnpNextLeafFirst(PDEVICE_NODE Root, PDEVICE_NODE Node);

/* ---- worker.c ---- */
NTSTATUS PnpStartWorker(VOID);
VOID PnpStopWorker(VOID); /* the queue is empty then */
BOOLEAN PnpOnWorker(VOID);
/* Queues an action of a node once: it is not queued again before it begins to run. Any IRQL up to
 * DISPATCH_LEVEL. */
VOID PnpQueueNodeAction(PDEVICE_NODE Node, PNP_ACTION *Action);
/* The same for the action at Offset in the node of Pdo; FALSE: the PDO has no node. */
BOOLEAN PnpQueueDeviceAction(PDEVICE_OBJECT Pdo, SIZE_T Offset);
/* The same for one that is nobody's. */
VOID PnpQueueActionOnce(PNP_ACTION *Action);
/* FALSE: pnp is shutting down, the action stays the caller's. Any IRQL up to DISPATCH_LEVEL. */
BOOLEAN PnpQueueAction(PNP_ACTION *Action);
/* Queues and waits. STATUS_POSSIBLE_DEADLOCK on the worker, STATUS_DEVICE_NOT_READY where there is
 * none. */
NTSTATUS PnpRunAction(PNP_ACTION *Action);

/* ---- irp.c ---- */
/*
 * Sends a PnP request to the top of Device's stack and waits. Stack: minor function, parameters,
 * file object. *Information goes in and comes out (NULL: 0 goes in). The IRP starts with
 * STATUS_NOT_SUPPORTED.
 */
NTSTATUS PnpSendIrp(PDEVICE_OBJECT Device, const IO_STACK_LOCATION *Stack, ULONG_PTR *Information);
NTSTATUS PnpSendSimpleIrp(PDEVICE_OBJECT Device, UCHAR MinorFunction);
NTSTATUS PnpQueryCapabilities(PDEVICE_OBJECT Device, PDEVICE_CAPABILITIES Capabilities);
/* *Relations (may be NULL on success) is pool; the objects are referenced. */
NTSTATUS PnpQueryRelations(PDEVICE_OBJECT Device, DEVICE_RELATION_TYPE Type, PFILE_OBJECT File,
                           PDEVICE_RELATIONS *Relations);
VOID PnpFreeRelations(PDEVICE_RELATIONS Relations);

/* ---- root.c ---- */
NTSTATUS PnpCreateRoot(VOID);
VOID PnpDeleteRoot(VOID);
BOOLEAN PnpIsRootPdo(PDEVICE_OBJECT Device);
/* The device leaves the list that the root bus reports; its PDO goes with the next REMOVE. */
VOID PnpForgetRootDevice(PDEVICE_OBJECT Pdo);

/* What PnpCreateRootDevice and the two IoReport routines (report.c) ask of the worker. */
typedef struct _PNP_CREATE_ACTION {
    PNP_ACTION Action;
    const WCHAR *Name, *HardwareIds, *CompatibleIds, *Service;
    PDEVICE_OBJECT Device; /* in: the driver's own PDO, or NULL; out */
    BOOLEAN Started;       /* a detected device: its driver attaches by itself */
    WCHAR *InstancePath;   /* out */
    ULONG Characters;
    const CM_RESOURCE_LIST *Resources;
    const IO_RESOURCE_REQUIREMENTS_LIST *Requirements;
    BOOLEAN PhantomOnly;       /* the Enum key, and no device */
    const WCHAR *ExistingPath; /* the Enum key is there */
} PNP_CREATE_ACTION;
PNP_ACTION_ROUTINE PnpCreateRoutine;
/* A name that may stand in a device ID between two backslashes. */
BOOLEAN PnpGoodName(const WCHAR *Name);

/* ---- ids.c ---- */
/* Asks a new device who it is, names it, writes its Enum key. On failure the node has its Problem.
 */
NTSTATUS PnpIdentify(PDEVICE_NODE Node);

/* ---- enumerate.c ---- */
NTSTATUS PnpEnumerateBus(PDEVICE_NODE Parent);
PNP_ACTION_ROUTINE PnpEnumerateRoutine;

/* ---- match.c ---- */
/* Enum's Service, or what the database says of the device's IDs (written to Enum then).
 * STATUS_NOT_FOUND. */
NTSTATUS PnpFindService(PDEVICE_NODE Node, WCHAR **Service);
/* What the database alone says. */
NTSTATUS PnpMatchService(PDEVICE_NODE Node, WCHAR **Service, WCHAR **ClassGuid);
/* The driver of a service, loaded where it is not; referenced, and held against unloading
 * (IopLetGoDriver). */
NTSTATUS PnpLoadDriver(const WCHAR *Service, PDRIVER_OBJECT *Driver);
/* Loads all drivers of the device and calls their AddDevice from the bottom up. On failure the node
 * has its Problem, and no stack. */
NTSTATUS PnpAddDrivers(PDEVICE_NODE Node);
/* Unloads the drivers that were loaded here and have no device any more. After each action. */
VOID PnpUnloadIdleDrivers(VOID);
VOID PnpLookForIdleDrivers(VOID); /* a stack has gone */
VOID PnpForgetDrivers(VOID);      /* at shutdown */
IOP_IDLE_DRIVER PnpIdleDriver;    /* io's callout; any thread */

/* ---- resource.c ---- */
/* Finds what Requirements (or, where NULL, BootResources) asks for and no other device has:
 * Node->Resources. STATUS_CONFLICTING_ADDRESSES. */
NTSTATUS PnpAssignResources(PDEVICE_NODE Node, const IO_RESOURCE_REQUIREMENTS_LIST *Requirements);
VOID PnpReleaseResources(PDEVICE_NODE Node);
/* Whether both lists can be satisfied once Other gives up what it has. Nothing changes. */
BOOLEAN PnpCouldMove(PDEVICE_NODE Node, const IO_RESOURCE_REQUIREMENTS_LIST *Wanted,
                     PDEVICE_NODE Other, const IO_RESOURCE_REQUIREMENTS_LIST *OtherWanted);
SIZE_T PnpResourceListBytes(const CM_RESOURCE_LIST *List);
IOP_QUERY_RESOURCES PnpQueryResources; /* io's callout; any thread */

/* ---- rebalance.c ---- */
/*
 * Gives the device what it needs: the bus driver's list, as the function driver changes it. Drivers
 * get a copy, which they may replace by a block of their own; the bus driver's stays for the next
 * start. Where another device has it, that may have to move (a pause of it, see there).
 * STATUS_CONFLICTING_ADDRESSES.
 */
NTSTATUS PnpAssign(PDEVICE_NODE Node);
NTSTATUS PnpSendStart(PDEVICE_NODE Node);
/* Stops the device where it may be stopped, asks again what it needs, and starts it with that. */
VOID PnpRequirementsChanged(PDEVICE_NODE Node);

/* ---- start.c ---- */
/* CM_PROB_* for a START that failed. */
ULONG PnpStartProblem(NTSTATUS Status);
/* From PnpInitialized: driver, start, children. Whatever the outcome, it is in the node's state and
 * comes back. */
NTSTATUS PnpConfigure(PDEVICE_NODE Node);
PNP_ACTION_ROUTINE PnpStateRoutine;

/* ---- remove.c ---- */
typedef struct _PNP_NODE_LIST {
    PDEVICE_NODE *Nodes; /* each referenced; children before parents */
    ULONG Count, Capacity;
} PNP_NODE_LIST;
/* Who refused, in words. */
typedef struct _PNP_VETO {
    WCHAR *Text;
    ULONG Characters;
    PNP_REFUSAL *Refusal; /* for a program, or NULL */
} PNP_VETO;
/*
 * Asks all drivers of Node, of what is below it and of its removal (Eject: and ejection) relations.
 * On success List holds the nodes, all in state PnpQueryRemoved or without a stack, and
 * PnpRemoveQueried must follow. On failure everything is as before.
 */
NTSTATUS PnpQueryRemove(PDEVICE_NODE Node, BOOLEAN Eject, PNP_VETO *Veto, PNP_NODE_LIST *List);
/*
 * Sends REMOVE to all in List and frees it. Node itself stays in the tree (PnpInitialized), and
 * can't be opened yet: PnpConfigure, PnpDropNode or PnpBarOpens follows. Those below it and its
 * relations leave. Buses (may be NULL) collects the buses that relations sat on: they report those
 * again.
 */
VOID PnpRemoveQueried(PDEVICE_NODE Node, PNP_NODE_LIST *List, PNP_NODE_LIST *Buses);
VOID PnpFreeNodeList(PNP_NODE_LIST *List);
/* New opens fail with STATUS_DELETE_PENDING (or may succeed again) on every device of the stack. */
VOID PnpBarOpens(PDEVICE_NODE Node, BOOLEAN Bar);
/*
 * From before AddDevice until START has succeeded opens fail with STATUS_NO_SUCH_DEVICE; io hands
 * that up the stack on attach. Ends a bar.
 */
VOID PnpSetStartPending(PDEVICE_NODE Node, BOOLEAN Pending);
/* Surprise removal of Node and all below; REMOVE follows where no handle is open, else at the last
 * close. Stays: the node remains, with Problem. */
VOID PnpSurpriseRemove(PDEVICE_NODE Node, BOOLEAN Stays, ULONG Problem, NTSTATUS Status);
/* A device whose AddDevice or start failed: its stack goes, the node stays with its Problem. */
VOID PnpFailDevice(PDEVICE_NODE Node, ULONG Problem, NTSTATUS Status);
/* Takes a node without children or stack from the tree. TellBus: its PDO gets a last REMOVE. */
VOID PnpDropNode(PDEVICE_NODE Node, BOOLEAN TellBus);
PNP_ACTION_ROUTINE PnpCloseRoutine;
IOP_LAST_CLOSE PnpLastClose;
/* Everything below the root, leaves first; waits for no handle. */
VOID PnpRemoveTree(VOID);

/* ---- power.c ---- */
PO_WAKE PnpWakeSystem;

/* ---- swap.c ---- */
PNP_ACTION_ROUTINE PnpEjectRoutine;

/* ---- interface.c ---- */
VOID PnpInitializeInterfaces(VOID);
VOID PnpDeleteInterfaces(VOID);
/* Turns off what the node's drivers left enabled. Notice: says so on the debug output. */
VOID PnpDisableInterfaces(PDEVICE_NODE Node, BOOLEAN Notice);
/* The node leaves the tree. Forget: its interfaces are no longer registered either. */
VOID PnpOrphanInterfaces(PDEVICE_NODE Node, BOOLEAN Forget);
/* While REMOVE or SURPRISE_REMOVAL is with this node's drivers (NULL: no more): they can't turn off
 * a successor's interface of the same name. */
VOID PnpSetRemoving(PDEVICE_NODE Node);

/* ---- notify.c ---- */
extern const GUID PnpTargetQueryRemove, PnpTargetRemoveCancelled, PnpTargetRemoveComplete;
VOID PnpInitializeNotify(VOID);
/* Queues the word that an interface came or went. */
VOID PnpNotifyInterface(const GUID *Class, PCUNICODE_STRING Link, BOOLEAN Arrived);
/* Tells those who registered for the device. The first failure ends it and comes back
 * (query-remove). */
NTSTATUS PnpNotifyTarget(PDEVICE_NODE Node, const GUID *Event, PNP_VETO *Veto);
/* Tells PnpEventCallout. */
NTSTATUS PnpTellNode(PDEVICE_NODE Node, PNP_EVENT_KIND Kind, PNP_VETO *Veto);

/* ---- devinst.c ---- */
VOID PnpForgetNumbers(VOID); /* at shutdown */

#endif
