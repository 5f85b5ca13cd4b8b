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

/* Why a device does not work, as cfg.h numbers it (spelt as there: a program may include both). */
#define CM_PROB_NOT_CONFIGURED             (0x00000001)
#define CM_PROB_OUT_OF_MEMORY              (0x00000003)
#define CM_PROB_INVALID_DATA               (0x00000009)
#define CM_PROB_FAILED_START               (0x0000000A)
#define CM_PROB_NORMAL_CONFLICT            (0x0000000C)
#define CM_PROB_NEED_RESTART               (0x0000000E)
#define CM_PROB_DISABLED                   (0x00000016)
#define CM_PROB_DEVICE_NOT_THERE           (0x00000018)
#define CM_PROB_FAILED_INSTALL             (0x0000001C)
#define CM_PROB_HARDWARE_DISABLED          (0x0000001D)
#define CM_PROB_FAILED_ADD                 (0x0000001F)
#define CM_PROB_FAILED_DRIVER_ENTRY        (0x00000025)
#define CM_PROB_DRIVER_FAILED_PRIOR_UNLOAD (0x00000026)
#define CM_PROB_DRIVER_FAILED_LOAD         (0x00000027)
#define CM_PROB_DRIVER_SERVICE_KEY_INVALID (0x00000028)
#define CM_PROB_FAILED_POST_START          (0x0000002B)
#define CM_PROB_HELD_FOR_EJECT             (0x0000002F)

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
    ULONG DeviceState;      /* PNP_DEVICE_* of the last IRP_MN_QUERY_PNP_DEVICE_STATE */
    PCM_RESOURCE_LIST BootResources, Resources, ResourcesTranslated;
    PIO_RESOURCE_REQUIREMENTS_LIST Requirements;
    struct _PNP_ACTION EnumerateAction, StateAction, EjectAction, CloseAction;
} DEVICE_NODE, *PDEVICE_NODE;

NTSTATUS PnpInitializeSystem(VOID); /* root node, \Driver\PnpManager, the worker thread */
VOID PnpShutdownSystem(VOID);       /* removes the whole tree, leaves first */

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

#endif
