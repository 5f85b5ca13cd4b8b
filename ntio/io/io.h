/* SPDX-License-Identifier: MIT */
/*
 * io.h - the I/O manager: drivers, devices, stacks, files, IRPs from their making to their
 * completion.
 *
 * Calls: ob, mm, ex, ke, ps; pnp only through the callouts that it registers here. Called by: pnp,
 * ldr, win32, drivers.
 *
 * Locks, in order: IopDeviceLock (a KI_LOCK: AttachedDevice/NextDevice/ReferenceCount and the
 * delete state of every device; attach, detach, create, delete, open and close take it, dispatch
 * does not) -> a thread's IrpLock -> nothing. IoCancelSpinLock (IRQL DISPATCH_LEVEL) is taken with
 * none of these held.
 *
 * An IRP's storage is type-stable: IRPs come from per-thread caches by number of stack locations,
 * in front of each stands an IOP_IRP_PREFIX by which the accounting finds it. Under sanitizers each
 * is a block of its own.
 */
#ifndef NTIO_IO_H
#define NTIO_IO_H

#include "ntio/ob/ob.h"
#include "ntio/mm/mm.h"
#include "ntio/io/ntfile.h"

extern POBJECT_TYPE IopDeviceType, IopDriverType, IopFileType;
extern KI_LOCK IopDeviceLock;

/* DEVOBJ_EXTENSION with what ntio adds behind the public part; DeviceObject->DeviceObjectExtension
 * points here. */
typedef struct _IOP_DEVICE_EXTENSION {
    DEVOBJ_EXTENSION Public; /* AttachedTo: the device below; DeviceNode: pnp's, in a PDO only */
    BOOLEAN DeletePending; /* IoDeleteDevice was called; goes when ReferenceCount and AttachedDevice
                              are gone */
    BOOLEAN RemovePending; /* pnp: no new opens (STATUS_DELETE_PENDING) */
    BOOLEAN WasPdo;        /* pnp: a node stands or stood behind it (PnpTreeLock) */
    BOOLEAN AutoName;
} IOP_DEVICE_EXTENSION, *PIOP_DEVICE_EXTENSION;
#define IopDeviceExtension(d) ((PIOP_DEVICE_EXTENSION)(d)->DeviceObjectExtension)

NTSTATUS IoInitializeSystem(VOID);
VOID IoShutdownSystem(VOID);
/* IRP_MJ_SHUTDOWN to whoever registered, the youngest first, each once. At the latest
 * IoShutdownSystem does it. */
VOID IopSendShutdownNotifications(VOID);

/* ---- drivers (driver.c) ---- */
/* What the loader fills in and the I/O manager keeps beside a DRIVER_OBJECT. */
typedef struct _IOP_DRIVER_IMAGE {
    PVOID LoaderHandle; /* ldr's */
    PVOID ImageBase;
    ULONG ImageSize;
    PDRIVER_INITIALIZE Entry;
    VOID (*Release)(PVOID LoaderHandle); /* unmaps; called when the driver object goes */
} IOP_DRIVER_IMAGE;
/*
 * Makes \Driver\Name (ServiceName's last part), sets every MajorFunction to a routine that fails
 * with STATUS_INVALID_DEVICE_REQUEST, calls Entry in the System process with the path of the
 * service key. What DriverEntry answers comes back; on failure everything is undone and the image
 * released. STATUS_OBJECT_NAME_COLLISION: it is loaded already; then *Driver is not set, and Image
 * is released as after any other failure. *Driver carries no reference: it is there until it is
 * unloaded.
 */
NTSTATUS IopCreateDriver(const WCHAR *ServiceName, const IOP_DRIVER_IMAGE *Image,
                         PDRIVER_OBJECT *Driver);
/*
 * Calls DriverUnload when no device of the driver is in use. Returns with the image released
 * (later, where somebody still refers to one of its deleted devices, or the caller runs on a work
 * item of its), or STATUS_INVALID_DEVICE_REQUEST (no DriverUnload), STATUS_DEVICE_BUSY (a device
 * has handles, is attached to, the driver still serves a device node, or somebody holds it). The
 * caller's own reference to the object stays the caller's. STATUS_RESOURCE_IN_USE: DriverUnload has
 * run and left devices; they are named on stderr, and image and object stay with them.
 */
NTSTATUS IopUnloadDriver(PDRIVER_OBJECT Driver);
/*
 * The same as ZwUnloadDriver means it: where devices of the driver are in use nobody can open them
 * any more, and the driver is unloaded with the last close or detach (STATUS_PENDING). Legacy
 * drivers only: STATUS_INVALID_DEVICE_REQUEST for one with AddDevice, too. STATUS_SUCCESS also
 * where it was asked for already.
 */
NTSTATUS IopRequestUnload(PDRIVER_OBJECT Driver);
BOOLEAN IopMayStopDriver(PDRIVER_OBJECT Driver); /* legacy, with DriverUnload */
BOOLEAN IopIsUnloading(PDRIVER_OBJECT Driver);   /* asked to, or at it */
/* At shutdown: every driver that nothing keeps, the youngest first; one without DriverUnload has
 * its devices deleted. */
VOID IopUnloadAllDrivers(VOID);
PDRIVER_OBJECT IopFindDriver(const WCHAR *ServiceName); /* with a reference, or NULL */
/* A driver that is held is not unloaded: for who is about to call AddDevice. FALSE: it is being
 * unloaded already. The caller has a reference. */
BOOLEAN IopHoldDriver(PDRIVER_OBJECT Driver);
VOID IopLetGoDriver(PDRIVER_OBJECT Driver);
/* Who keeps the address of one of the driver's routines keeps its image, besides a reference to the
 * object. PASSIVE_LEVEL for the reverse: the image may go. */
VOID IopReferenceImage(PDRIVER_OBJECT Driver);
VOID IopDereferenceImage(PDRIVER_OBJECT Driver);
/* No device object of the driver is left, not even a deleted one that somebody still refers to. */
BOOLEAN IopIsDriverIdle(PDRIVER_OBJECT Driver);
/* pnp registers: some driver has just become idle. PASSIVE_LEVEL. */
typedef VOID IOP_IDLE_DRIVER(VOID);
extern IOP_IDLE_DRIVER *_Atomic IopIdleDriverCallout;
/*
 * pnp registers: a copy (pool, the caller's) of the translated resources that a device was given.
 * STATUS_NOT_FOUND: none; STATUS_INVALID_PARAMETER: no PDO. PASSIVE_LEVEL.
 */
typedef NTSTATUS IOP_QUERY_RESOURCES(PDEVICE_OBJECT PhysicalDeviceObject, PCM_RESOURCE_LIST *List);
extern IOP_QUERY_RESOURCES *_Atomic IopQueryResourcesCallout;
/* \Driver objects, the oldest first; the routine may not load or unload. */
typedef VOID IOP_DRIVER_ROUTINE(PDRIVER_OBJECT Driver, PVOID Context);
VOID IopEnumerateDrivers(IOP_DRIVER_ROUTINE *Each, PVOID Context);
/* Loads a service by name where a device needs it: registered by ldr. STATUS_OBJECT_NAME_NOT_FOUND:
 * no such service. */
typedef NTSTATUS IOP_LOAD_SERVICE(const WCHAR *ServiceName,
                                  PDRIVER_OBJECT *Driver /* referenced */);
extern IOP_LOAD_SERVICE *IopLoadServiceCallout;

/* ---- devices and files (device.c, attach.c, create.c, close.c) ---- */
PDEVICE_OBJECT IopTopOfStack(PDEVICE_OBJECT Device); /* no reference; under IopDeviceLock */
/* Opens count: handles' file objects on the device or on any device of its stack. */
ULONG IopOpenCountOfStack(PDEVICE_OBJECT PhysicalDeviceObject);
/* pnp registers: called when the last file object of a stack closes (a surprise-removed device may
 * go now). */
typedef VOID IOP_LAST_CLOSE(PDEVICE_OBJECT PhysicalDeviceObject);
extern IOP_LAST_CLOSE *IopLastCloseCallout;
/* po registers: a device is being deleted. PASSIVE_LEVEL or APC_LEVEL. */
typedef VOID IOP_RUN_DOWN_DEVICE(PDEVICE_OBJECT Device);
extern IOP_RUN_DOWN_DEVICE *_Atomic IopRunDownDeviceCallout;
/* Context of ObpOpenByName for devices: makes the file object and sends IRP_MJ_CREATE. */
typedef struct _IOP_OPEN_PACKET {
    ACCESS_MASK DesiredAccess;
    ULONG ShareAccess, CreateDisposition, CreateOptions, FileAttributes;
    IO_STATUS_BLOCK IoStatus;
    PFILE_OBJECT FileObject;
    /* From here on zero will do. */
    ACCESS_MASK GrantedAccess; /* out: DesiredAccess, mapped */
    ULONG Options;             /* IoCreateFile's */
    KPROCESSOR_MODE Mode;
    PFILE_OBJECT RelatedFileObject;
    PVOID EaBuffer;
    ULONG EaLength;
    LARGE_INTEGER AllocationSize;
} IOP_OPEN_PACKET;
/* Nt forms take handles of the current process and check access; used by Zw* and win32. Documented
 * with Nt/ZwCreateFile and friends in ddk. */

/* ---- IRPs (irp.c, complete.c, cancel.c) ---- */
typedef struct _IOP_IRP_PREFIX IOP_IRP_PREFIX;
/* Every IRP in use: who allocated it, how many locations, whether queued. */
typedef VOID IOP_IRP_ROUTINE(PIRP Irp, PVOID AllocatedBy, PVOID Context);
VOID IopEnumerateIrps(
    IOP_IRP_ROUTINE *Each,
    PVOID Context); /* what Irp points to may be looked at only while nothing runs */
ULONG IopCountIrps(VOID);
/* Cancels what threads have asked for while they acted for Process, and waits until it is over. */
VOID IopCancelProcessIrps(PEPROCESS Process);
/*
 * Sends an IRP that the current thread asked for (queued to the thread; UserEvent/UserIosb set by
 * the caller) and, with Wait, waits until it is complete; a wait that a dying process or thread
 * ends cancels the IRP first and still waits for it.
 */
NTSTATUS IopSendThreadIrp(PDEVICE_OBJECT Device, PIRP Irp, BOOLEAN Wait);

/* ---- trace (used by ntio/trace): hooks that see an IRP pass each layer. NULL costs one predicted
 * branch. */
typedef enum _IOP_TRACE_EVENT {
    IopTraceCall,
    IopTraceReturn,
    IopTraceComplete,
    IopTraceCompletionRoutine,
    IopTraceFree
} IOP_TRACE_EVENT;
typedef VOID IOP_TRACE_ROUTINE(IOP_TRACE_EVENT Event, PDEVICE_OBJECT Device, PIRP Irp,
                               PIO_STACK_LOCATION Stack, NTSTATUS Status);
extern IOP_TRACE_ROUTINE *_Atomic IopTraceCallout;

#endif
