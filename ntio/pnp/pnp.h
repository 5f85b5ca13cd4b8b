/* SPDX-License-Identifier: MIT */
/*
 * pnp.h - plug and play: the device tree, enumeration, driver matching, the states of a device,
 * interfaces.
 *
 * One thread (PnpWorker, System process) changes the tree, taking actions from a queue in order:
 * enumerate, start, restart, remove, swap. So each device's IRP_MJ_PNP requests come one at a time.
 * Callers queue an action and may wait for its outcome. PnpTreeLock (KI_LOCK) guards links and
 * fields of nodes for readers; the worker holds it only while it writes, never over a call into a
 * driver. Order: PnpTreeLock -> IopDeviceLock.
 *
 * States (DEVICE_NODE.State):
 *   Uninitialized -> Initialized (IDs known) -> DriversAdded -> Started
 *   Started -> QueryRemoved -> (vetoed: Started) | Removed;  Started -> SurpriseRemoved -> Removed
 * when the last handle has closed A disabled device is Initialized, with its Problem. NoDriver:
 * initialized, nothing matches; the device waits for a driver. Failed: AddDevice or start failed;
 * Problem says why (CM_PROB_*).
 *
 * Registry: Enum\<device id>\<instance>: HardwareID, CompatibleIDs, Service, ClassGUID, Class,
 * DeviceDesc, FriendlyName, Capabilities, Driver, UpperFilters/LowerFilters; Device Parameters
 * below it. Matching without an .inf: Control\CriticalDeviceDatabase\<id with '#' for '\'>:
 * Service, ClassGUID. Hardware IDs are tried in order, then compatible IDs. Enum's own Service
 * wins.
 */
#ifndef NTIO_PNP_H
#define NTIO_PNP_H

#include "ntio/po/po.h"
#include "ntio/cm/cm.h"

#include "cfg.h" /* CM_PROB_*, DN_*, PNP_VETO_TYPE */
#include "devpropdef.h"

typedef enum _PNP_STATE {
    PnpUninitialized,
    PnpInitialized,
    PnpNoDriver,
    PnpDriversAdded,
    PnpStarted,
    PnpQueryRemoved,
    PnpSurpriseRemoved,
    PnpFailed,
    PnpRemoved
} PNP_STATE;

/* Something for the worker to do. Embedded in what it is about, so that queueing never fails. */
typedef struct _PNP_ACTION PNP_ACTION;
typedef VOID PNP_ACTION_ROUTINE(PNP_ACTION *Action);
struct _PNP_ACTION {
    LIST_ENTRY Link; /* PnpQueueLock */
    PNP_ACTION_ROUTINE
    *Run; /* on the worker, PASSIVE_LEVEL; may free the action where Done is NULL */
    struct _DEVICE_NODE *Node; /* referenced while queued; NULL: the action knows its own way */
    PKEVENT Done;              /* somebody waits, and owns the action */
    NTSTATUS Status;
    BOOLEAN Queued;   /* PnpQueueLock */
    BOOLEAN ByWorker; /* queued by what the worker did: PnpSettle waits for it too */
};

typedef struct _DEVICE_NODE {
    struct _DEVICE_NODE *Parent, *Child, *Sibling;
    PDEVICE_OBJECT PhysicalDeviceObject; /* a reference while the node lives */
    PNP_STATE State;
    ULONG Problem; /* CM_PROB_*, 0: none */
    NTSTATUS ProblemStatus;
    WCHAR *InstancePath; /* L"SCSI\\CdRom&Ven_..\\0001" */
    WCHAR *Service;      /* function driver, or NULL */
    DEVICE_CAPABILITIES Capabilities;
    BOOLEAN Enumerated; /* seen in the last BusRelations answer */
    BOOLEAN RawAllowed;
    _Atomic ULONG References;

    /* Written by the worker; what readers share is written under PnpTreeLock. */
    WCHAR *HardwareIds, *CompatibleIds; /* double terminated, or NULL */
    WCHAR *Description;                 /* device text, or NULL */
    PNP_BUS_INFORMATION BusInformation; /* of the bus that the device sits on */
    BOOLEAN HasBusInformation;
    BOOLEAN RootEnumerated; /* Root\NAME\NNNN */
    BOOLEAN HasStack;       /* drivers were added or the device started raw: a REMOVE is owed */
    BOOLEAN Stays;          /* after a surprise removal: the node stays, with its Problem */
    BOOLEAN Uninstalled;    /* somebody removed it while it was in use: DN_WILL_BE_REMOVED */
    ULONG DeviceState;      /* PNP_DEVICE_* of the last IRP_MN_QUERY_PNP_DEVICE_STATE */
    PCM_RESOURCE_LIST BootResources, Resources, ResourcesTranslated;
    PIO_RESOURCE_REQUIREMENTS_LIST Requirements;
    PIO_RESOURCE_REQUIREMENTS_LIST Filtered; /* as the function driver changed it; the worker's */
    struct _PNP_ACTION EnumerateAction, StateAction, EjectAction, CloseAction;
} DEVICE_NODE, *PDEVICE_NODE;

NTSTATUS PnpInitializeSystem(VOID); /* root node, \Driver\PnpManager, the worker thread */
VOID PnpShutdownSystem(VOID);       /* removes the whole tree, leaves first */

/*
 * Setup's part: a driver from the driver store for a device that has no service and that
 * CriticalDeviceDatabase does not know. On the worker. It writes the device's Enum key as an
 * installation does; STATUS_NOT_FOUND: there is none. NULL: nobody is there to ask.
 */
typedef NTSTATUS PNP_FIND_DRIVER(PDEVICE_NODE Node);
extern PNP_FIND_DRIVER *PnpFindDriverCallout;
/* The text of "@file.inf,%token%;text", as an installation writes descriptions; else Text itself.
 */
const WCHAR *PnpPlainText(const WCHAR *Text);

/*
 * Makes a root-enumerated device Root\Name\NNNN with hardware IDs (double terminated), enumerates,
 * starts it; waits. Once the device exists, InstancePath is filled in, and what comes back is
 * STATUS_SUCCESS (it is started, or waits for a driver) or why it failed; it stays in the tree
 * then, with its Problem. STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER: nothing was made.
 *
 * This and the routines below wait for the worker: called on it (from a PnP dispatch routine,
 * AddDevice, a notification callback) they answer STATUS_POSSIBLE_DEADLOCK. A device that is not in
 * the tree, or has gone by the time the worker comes to it: STATUS_NO_SUCH_DEVICE. PASSIVE_LEVEL.
 */
NTSTATUS PnpCreateRootDevice(const WCHAR *Name, const WCHAR *HardwareIds, const WCHAR *Service,
                             WCHAR *InstancePath /* out */, ULONG Characters);
/* Says that devices with this hardware or compatible ID are served by Service
 * (CriticalDeviceDatabase); no device is touched. */
NTSTATUS PnpAddMatch(const WCHAR *Id, const WCHAR *Service, const GUID *ClassGuid);
/*
 * Gives the device another function driver while the system runs: query-remove (Veto, which may be
 * NULL, gets what refused: L"\\Device\\CdRom0: 1 open handle"), remove of the stack down to the
 * PDO, Service value set, AddDevice and start of the new one. If the new driver fails the old one
 * is put back and the failure returned. Service NULL: the best match. Waits for the outcome.
 *
 * What a query-remove is refused with: STATUS_SHARING_VIOLATION, handles are open on a device of
 * the subtree; STATUS_NOT_SUPPORTED, a device says that it can't be disabled
 * (PNP_DEVICE_NOT_DISABLEABLE); else the status of the driver or notification callback that
 * refused. Nothing has changed then. Other failures with nothing changed: the new service could not
 * be loaded (the loader's status); STATUS_NOT_FOUND, Service is NULL and nothing matches a device
 * that can't run raw.
 */
NTSTATUS PnpSetFunctionDriver(const WCHAR *InstancePath, const WCHAR *Service, WCHAR *Veto,
                              ULONG VetoCharacters);
NTSTATUS PnpRestartDevice(const WCHAR *InstancePath); /* query-remove, remove, add, start */
NTSTATUS PnpDisableDevice(
    const WCHAR *InstancePath); /* query-remove, remove; stays so (CM_PROB_DISABLED) */
NTSTATUS PnpEnableDevice(const WCHAR *InstancePath);
/*
 * Takes the device from the tree: orderly (query-remove first, may be refused) or as if it had been
 * pulled out. A root-enumerated device goes for good; any other comes back when its bus is
 * enumerated again, if the bus still reports it.
 */
NTSTATUS PnpRemoveDevice(const WCHAR *InstancePath, BOOLEAN Surprise);
/* Asks the device's bus driver for its children again and waits; STATUS_INVALID_DEVICE_STATE: it is
 * not started. */
NTSTATUS PnpEnumerateDevice(const WCHAR *InstancePath);
/*
 * Takes the whole tree to another system power state (PoSetSystemPower says how) and waits. Veto
 * (may be NULL) gets who refused. Started devices take part; the root does not.
 */
NTSTATUS PnpSetSystemPower(SYSTEM_POWER_STATE State, BOOLEAN Critical, WCHAR *Veto,
                           ULONG VetoCharacters);
/* Returns when all actions queued before it are done, and those that they queued in turn. Returns
 * at once on the worker. */
VOID PnpSettle(VOID);

/* A node by its instance path or by its PDO, referenced; PnpDereferenceNode. */
PDEVICE_NODE PnpFindNode(const WCHAR *InstancePath);
VOID PnpDereferenceNode(PDEVICE_NODE Node);
typedef VOID PNP_NODE_ROUTINE(PDEVICE_NODE Node, ULONG Depth,
                              PVOID Context); /* under PnpTreeLock */
VOID PnpEnumerateNodes(PNP_NODE_ROUTINE *Each, PVOID Context);

/* Interfaces: symbolic link names (L"\\??\\...") of those enabled, double terminated, paged pool,
 * caller frees. InstancePath NULL: all. */
NTSTATUS PnpGetInterfaces(const GUID *Class, const WCHAR *InstancePath, WCHAR **List);

/*
 * ---- what win32's configuration manager is made of ----
 *
 * A device is meant by its instance path, which may be that of a device that is not there now: its
 * Enum key is left (a phantom). All at PASSIVE_LEVEL. PNP_INSTANCE_CHARACTERS hold any path.
 */
#define PNP_INSTANCE_CHARACTERS 448

/* A number for a device, the same as long as the system runs; never 0 (0: no memory). */
ULONG PnpDeviceNumber(const WCHAR *InstancePath);
/* FALSE: no device has that number. */
BOOLEAN PnpNumberedDevice(ULONG Number, WCHAR InstancePath[PNP_INSTANCE_CHARACTERS]);

/* What a device in the tree is just now. */
typedef struct _PNP_FACTS {
    PNP_STATE State;
    ULONG Problem;
    NTSTATUS ProblemStatus;
    ULONG DeviceState; /* PNP_DEVICE_* */
    DEVICE_CAPABILITIES Capabilities;
    BOOLEAN IsRoot, RootEnumerated, HasStack, HasService, Uninstalled;
} PNP_FACTS;
/* STATUS_NO_SUCH_DEVICE: not in the tree, or on its way out of it. */
NTSTATUS PnpGetFacts(const WCHAR *InstancePath, PNP_FACTS *Facts);

typedef enum _PNP_RELATIVE { PnpParentOf, PnpFirstChildOf, PnpNextSiblingOf } PNP_RELATIVE;
/* STATUS_NO_SUCH_DEVICE: as above; STATUS_NO_MORE_ENTRIES: it has no such relative. */
NTSTATUS PnpGetRelative(const WCHAR *InstancePath, PNP_RELATIVE Which,
                        WCHAR Relative[PNP_INSTANCE_CHARACTERS]);
/* As IoGetDeviceProperty. STATUS_NO_SUCH_DEVICE. */
NTSTATUS PnpGetLiveProperty(const WCHAR *InstancePath, DEVICE_REGISTRY_PROPERTY Property,
                            ULONG Length, PVOID Buffer, PULONG ResultLength);
/* The devices that the drivers of one name in answer to QUERY_DEVICE_RELATIONS; double terminated,
 * paged pool, the caller frees. STATUS_NO_SUCH_DEVICE, the drivers' status. */
NTSTATUS PnpGetRelations(const WCHAR *InstancePath, DEVICE_RELATION_TYPE Type, WCHAR **Paths);

/* PNP_ENUM_KEY\InstancePath[\Below]; FALSE: too long. Characters of Path: PNP_PATH_CHARACTERS. */
#define PNP_PATH_CHARACTERS 512 /* of a registry path that is put together here */
BOOLEAN PnpEnumPath(const WCHAR *InstancePath, const WCHAR *Below, WCHAR Path[PNP_PATH_CHARACTERS]);

/*
 * A property with a key, of the device whose Enum key is there. What is set here is what
 * IoGetDevicePropertyData reads. DEVPROP_TYPE_EMPTY takes it away. *Data is pool, the caller frees.
 * STATUS_OBJECT_NAME_NOT_FOUND, STATUS_NAME_TOO_LONG.
 */
NTSTATUS PnpSetKeyedProperty(const WCHAR *InstancePath, const DEVPROPKEY *Key, LCID Lcid,
                             DEVPROPTYPE Type, const VOID *Data, ULONG Bytes);
NTSTATUS PnpGetKeyedProperty(const WCHAR *InstancePath, const DEVPROPKEY *Key, LCID Lcid,
                             DEVPROPTYPE *Type, PVOID *Data, ULONG *Bytes);

/* Who refused, for a program: PNP_VETO_TYPE and the name that belongs to it. */
typedef struct _PNP_REFUSAL {
    PNP_VETO_TYPE Type;
    WCHAR Name[PNP_INSTANCE_CHARACTERS];
} PNP_REFUSAL;

/*
 * Like their namesakes above, with more to say. Refusal may be NULL.
 * PnpDisableDeviceEx without Persist: until somebody enables or restarts it; Enum's ConfigFlags
 * stay. PnpRemoveSubtree: query-remove and remove of the device and all below it; the device itself
 * stays in the tree, without drivers. Enumerating its bus again brings it back, unless NoRestart:
 * then PnpStartDevice alone does.
 */
NTSTATUS PnpRestartDeviceEx(const WCHAR *InstancePath, PNP_REFUSAL *Refusal);
NTSTATUS PnpDisableDeviceEx(const WCHAR *InstancePath, BOOLEAN Persist, PNP_REFUSAL *Refusal);
NTSTATUS PnpRemoveDeviceEx(const WCHAR *InstancePath, PNP_REFUSAL *Refusal);
NTSTATUS PnpRemoveSubtree(const WCHAR *InstancePath, BOOLEAN NoRestart, PNP_REFUSAL *Refusal);
NTSTATUS PnpEjectDevice(const WCHAR *InstancePath, PNP_REFUSAL *Refusal);
/* Gives drivers to a device that has none: it waits for one, failed, or was taken down. Nothing
 * happens to one that works, or is disabled. */
NTSTATUS PnpStartDevice(const WCHAR *InstancePath);
/* A removal was refused for now: DN_WILL_BE_REMOVED from here on. */
NTSTATUS PnpMarkUninstalled(const WCHAR *InstancePath);
/* An Enum key Root\Name\NNNN for a device that may be made later; nothing else. */
NTSTATUS PnpCreatePhantom(const WCHAR *Name, WCHAR InstancePath[PNP_INSTANCE_CHARACTERS]);
/* Makes the root-enumerated device whose Enum key is there, and starts it; outcome as
 * PnpCreateRootDevice's. STATUS_OBJECT_NAME_COLLISION: it is in the tree already. */
NTSTATUS PnpRegisterRootDevice(const WCHAR *InstancePath);

/* Every interface that is registered; one copy for each, in order of registration. */
typedef struct _PNP_INTERFACE_FACTS {
    GUID Class;
    BOOLEAN Enabled;
    WCHAR *InstancePath, *Name, *Reference; /* Name: L"\\??\\..."; Reference may be NULL */
} PNP_INTERFACE_FACTS;
/* Class, InstancePath and Name may be NULL: all. One block of paged pool, the caller frees. */
NTSTATUS PnpListInterfaces(const GUID *Class, const WCHAR *InstancePath, const WCHAR *Name,
                           PNP_INTERFACE_FACTS **List, ULONG *Count);

/*
 * Something happened. Called on the worker (custom events: where they are told of), before the next
 * thing does; a failure refuses a query-remove, and means nothing else. Name: of the interface, or
 * the device's instance path.
 */
typedef enum _PNP_EVENT_KIND {
    PnpEventInterfaceArrived,
    PnpEventInterfaceRemoved,
    PnpEventQueryRemove,
    PnpEventRemoveCancelled,
    PnpEventRemovePending,
    PnpEventRemoveComplete,
    PnpEventCustom,
    PnpEventEnumerated,
    PnpEventStarted,
    PnpEventRemoved
} PNP_EVENT_KIND;
typedef struct _PNP_EVENT {
    PNP_EVENT_KIND Kind;
    const GUID *Class;
    const WCHAR *Name;
    PDEVICE_NODE Node; /* of a device's event */
    const TARGET_DEVICE_CUSTOM_NOTIFICATION *Custom;
    PNP_VETO_TYPE Veto; /* out, of who refused */
    WCHAR *VetoName;    /* PNP_INSTANCE_CHARACTERS for a name, or NULL */
} PNP_EVENT;
typedef NTSTATUS PNP_EVENT_ROUTINE(PNP_EVENT *Event);
extern _Atomic(PNP_EVENT_ROUTINE *) PnpEventCallout;
/* The device that an open file is about, by its drivers' word; referenced. */
NTSTATUS PnpTargetOfFile(PFILE_OBJECT File, PDEVICE_NODE *Node);

#endif
