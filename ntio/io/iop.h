/* SPDX-License-Identifier: MIT */
/*
 * iop.h - the inside of the I/O manager: what its files share.
 *
 * An IRP's way ends in IopFinishIrp (finish.c), on whichever thread completed it: data copied back,
 * buffers and MDLs gone, the IRP off its thread's list and free, and only then whoever waits is
 * told. So a thread that runs on after a wait finds nothing left.
 */
#ifndef NTIO_IO_IOP_H
#define NTIO_IO_IOP_H

#include "ntio/io/io.h"
#include "ntio/ex/ex.h"
#include "ntio/vf/sanitizer.h"

#define IOP_TAG_BUFFER 'fBoI' /* system buffers */
#define IOP_TAG_NAME   'mNoI' /* file names, driver names */
#define IOP_TAG_DRIVER 'rDoI' /* driver object extensions, reinitialization */
#define IOP_TAG_WORK   'kWoI' /* work items */
#define IOP_TAG_MISC   'siMI'

/* DRIVER_VERIFIER_IOMANAGER_VIOLATION's first parameter; the documented ones by their numbers. */
#define IOP_VF_FREE_NO_IRP         0x01
#define IOP_VF_FREE_QUEUED         0x02
#define IOP_VF_CALL_NO_IRP         0x03
#define IOP_VF_CALL_NO_DEVICE      0x04
#define IOP_VF_IRQL_CHANGED        0x05
#define IOP_VF_COMPLETE_PENDING    0x06
#define IOP_VF_CANCEL_ROUTINE_SET  0x07
#define IOP_VF_TIMER_TWICE         0x0a
#define IOP_VF_COMPLETE_IRQL       0x0e
#define IOP_VF_CALL_IRQL           0x10
#define IOP_VF_DELETE_ATTACHED     0x201
#define IOP_VF_DETACH_NOT_ATTACHED 0x202
#define IOP_VF_REUSE_QUEUED        0x20c
#define IOP_VF_NOT_COMPLETED       0x226
#define IOP_VF_PENDING_NOT_MARKED  0x23d
#define IOP_VF_MARKED_NOT_PENDING  0x23e
#define IOP_VF_DOUBLE_DELETION     0x240
/* ntio's own, above all documented ones (README.md). */
#define IOP_VF_INFORMATION_TOO_LARGE 0x10001 /* irp, Information, the requestor's buffer */
#define IOP_VF_REMOVE_LOCK                                                                         \
    0x10002 /* lock, tag, count: released more often than acquired, or by a tag that has not       \
               acquired */
#define IOP_VF_WORK_ITEM_BUSY                                                                      \
    0x10003 /* work item: queued, freed or initialized again while it is queued */
#define IOP_VF_CANCEL_IRQL                                                                         \
    0x10004 /* routine, irp, IRQL: a cancel routine did not release the cancel spin lock */
#define IOP_VF_ATTACHED_TWICE 0x10006 /* device, target: it is in a stack already */
#define IOP_VF_NO_COMPLETION                                                                       \
    0x10005 /* irp, major: a driver's own IRP reached the end of its stack and nobody took it back \
             */

_Noreturn static inline VOID IopStop(ULONG Code, PVOID P2, ULONG_PTR P3, ULONG_PTR P4)
{
    KeBugCheckEx(DRIVER_VERIFIER_IOMANAGER_VIOLATION, Code, (ULONG_PTR)P2, P3, P4);
}

/* ---- irpcache.c: storage of IRPs ---- */

/* IRP.AllocationFlags: a prefix belongs to it (it came from IoAllocateIrp and not from a driver's
 * own memory). */
#define IOP_IRP_HAS_PREFIX 0x80

/* The low byte of IOP_IRP_PREFIX.State; above it a count of how often the storage was given out. */
#define IOP_IRP_IN_USE 0x01
#define IOP_IRP_DEFERRED                                                                           \
    0x02 /* reached the end of its stack; the sender, still below, is to finish it */
#define IOP_IRP_PENDING_SEEN 0x04 /* the sender got STATUS_PENDING and went away */
#define IOP_IRP_PACKET       0x08 /* finished; its storage is an APC or lies in a completion port */
#define IOP_IRP_FLAGS        0xff
#define IOP_IRP_GENERATION   0x100

#define IOP_PINS_RELEASED 0x80000000u
#define IOP_SMALL_BUFFER  512
#define IOP_IRP_CLASSES   6
#define IOP_MAXIMUM_STACK 125 /* CurrentLocation goes two beyond it, in a CHAR */

struct _IOP_IRP_PREFIX {
    _Atomic ULONG State;
    _Atomic ULONG Pins; /* who cancels it and keeps its storage; added under the thread's IrpLock
                           while it is on the list */
    PIRP Irp;
    PVOID AllocatedBy;
    PEPROCESS Process; /* in whose context it was queued to its thread; not referenced: never read
                          when off the list */
    PVOID SmallBuffer; /* IOP_SMALL_BUFFER bytes that stay with the storage, once made */
    struct _IOP_IRP_PREFIX *NextFree;
    LONGLONG StartOffset; /* of a read or write that moves the file's position; else -1 */
    ULONG OutputLength;   /* what the requestor's buffer takes of a buffered request */
    UCHAR Class;
    BOOLEAN FileReferenced;  /* the file object's reference is the IRP's to drop */
    BOOLEAN EventReferenced; /* the same of UserEvent */
    BOOLEAN Queued; /* it is on its thread's list; whose links belong to the thread's IrpLock, this
                       to who has the IRP */
} __attribute__((aligned(64)));
typedef IOP_IRP_PREFIX *PIOP_IRP_PREFIX;

#if NTIO_SANITIZED
/* Each IRP is a block of its own; a word in front of it leads to the prefix, which stays for ever.
 */
#define IOP_IRP_FRONT 16
static inline PIOP_IRP_PREFIX IopPrefixOf(PIRP Irp)
{
    return *(PIOP_IRP_PREFIX *)((PUCHAR)Irp - IOP_IRP_FRONT);
}
#else
static inline PIOP_IRP_PREFIX IopPrefixOf(PIRP Irp)
{
    return (PIOP_IRP_PREFIX)Irp - 1;
}
#endif
static inline BOOLEAN IopIsCancelled(PIRP Irp)
{
    return Irp->Cancel;
}
static inline BOOLEAN IopHasPrefix(PIRP Irp)
{
    return (Irp->AllocationFlags & IOP_IRP_HAS_PREFIX) != 0;
}
/* On its thread's list? Its links are not asked: the list's other IRPs come and go. */
static inline BOOLEAN IopIsQueued(PIRP Irp)
{
    return IopHasPrefix(Irp) && IopPrefixOf(Irp)->Queued;
}

/* What io keeps of a thread (ETHREAD.IrpCache); made when the thread first needs it, freed at its
 * end. */
typedef struct _IOP_IRP_WAITER {
    struct _IOP_IRP_WAITER *Next;
    KEVENT Event;
} IOP_IRP_WAITER, *PIOP_IRP_WAITER;
struct _IOP_THREAD_CACHE {
    struct {
        PIOP_IRP_PREFIX First;
        ULONG Count;
    } Free[IOP_IRP_CLASSES]; /* the thread's alone */
    PIRP TopLevelIrp;
    PIOP_IRP_WAITER Waiters; /* under IrpLock: told whenever an IRP leaves the list */
    PDEVICE_OBJECT _Atomic DeviceToVerify;
};
typedef struct _IOP_THREAD_CACHE IOP_THREAD_CACHE, *PIOP_THREAD_CACHE;

static inline PETHREAD IopCurrentThread(VOID)
{
    return NTIO_LIKELY(KiCurrentThread != NULL) ? (PETHREAD)KiCurrentThread : PspCurrentThread();
}
PIOP_THREAD_CACHE IopThreadCache(PETHREAD Thread); /* the current thread's; NULL: no memory */
VOID IopFreeThreadCache(PETHREAD Thread);
/* Zeroed but for what IoAllocateIrp fills in; NULL: no memory. */
PIRP IopAllocateIrp(CCHAR StackSize, PVOID AllocatedBy);
VOID IopFreeIrpStorage(PIOP_IRP_PREFIX Prefix);
VOID IopForgetIrps(VOID); /* those that an earlier boot left */
/* A system buffer for the IRP: goes with IRP_DEALLOCATE_BUFFER. */
PVOID IopAllocateSystemBuffer(PIRP Irp, ULONG Length);
VOID IopFreeSystemBuffer(PIRP Irp);

/* ---- irp.c, thread.c ---- */
VOID IopInitializeIrpFields(PIRP Irp, USHORT PacketSize, CCHAR StackSize);
/* Gives the storage back, or leaves that to the last who has it pinned. */
VOID IopReleaseIrp(PIRP Irp);
NTSTATUS IopQueueThreadIrp(PIRP Irp, PVOID Caller);
/*
 * Takes it off; returns whom to tell once the IRP's storage, its file, event and port are let go
 * (IopEndFinish). Until then the thread stays.
 */
PIOP_IRP_WAITER IopDequeueThreadIrp(PIRP Irp);
VOID IopEndFinish(PETHREAD Thread, PIOP_IRP_WAITER Waiters);
typedef BOOLEAN IOP_IRP_MATCH(PIRP Irp, PVOID Context); /* under IrpLock */
/* Cancels what matches in the thread's list; how many were tried. */
ULONG IopCancelThreadIrps(PETHREAD Thread, IOP_IRP_MATCH *Match, PVOID Context);
/* Returns when nothing in the thread's list matches, and what has left the list is finished. */
VOID IopWaitThreadIrps(PETHREAD Thread, IOP_IRP_MATCH *Match, PVOID Context);
VOID IopThreadExit(PETHREAD Thread);
/* For each thread that there is, referenced and with no lock held. STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS IopForEachThread(PSP_THREAD_ROUTINE *Each, PVOID Context);

/* ---- finish.c ---- */
/* The end of an IRP that nobody took back. May be called at DISPATCH_LEVEL. */
VOID IopFinishIrp(PIRP Irp);
/*
 * Calls the driver with an IRP marked IRP_DEFER_IO_COMPLETION; where it comes back complete,
 * finishes it here. Any other status than STATUS_PENDING: the IRP is gone.
 */
NTSTATUS IopCallAndFinish(PDEVICE_OBJECT Device, PIRP Irp);

/* ---- driver.c ---- */
typedef struct _IOP_CLIENT_EXTENSION {
    struct _IOP_CLIENT_EXTENSION *Next;
    PVOID Identification;
    __attribute__((aligned(16))) UCHAR Body[];
} IOP_CLIENT_EXTENSION, *PIOP_CLIENT_EXTENSION;
typedef struct _IOP_REINITIALIZATION {
    struct _IOP_REINITIALIZATION *Next;
    PDRIVER_REINITIALIZE Routine;
    PVOID Context;
} IOP_REINITIALIZATION, *PIOP_REINITIALIZATION;
/* The body of a driver object. */
typedef struct _IOP_DRIVER {
    DRIVER_OBJECT Public;
    DRIVER_EXTENSION Extension;
    IOP_DRIVER_IMAGE Image;
    _Atomic ULONG ImageReferences;
    _Atomic ULONG DeviceObjects; /* deleted ones that somebody still refers to as well */
    LIST_ENTRY ListEntry;        /* IopDriverList, IopDeviceLock */
    BOOLEAN Listed;
    BOOLEAN Unloading;    /* IopDeviceLock */
    BOOLEAN UnloadAsked;  /* IopDeviceLock: it is unloaded when its devices are free */
    BOOLEAN UnloadQueued; /* IopDeviceLock: UnloadItem is on its way */
    WORK_QUEUE_ITEM UnloadItem;
    ULONG Holds;         /* IopDeviceLock: IopHoldDriver */
    _Atomic ULONG Work;  /* IO_WORKITEMs queued or running, IOP_WORK_WAITED; a futex */
    BOOLEAN LeftDevices; /* DriverUnload returned and devices were there: the image stays */
    PIOP_CLIENT_EXTENSION ClientExtensions; /* IopDeviceLock */
    PIOP_REINITIALIZATION Reinitialize;     /* IopDeviceLock; the oldest first */
} IOP_DRIVER, *PIOP_DRIVER;
#define IOP_WORK_WAITED 0x80000000u
NTSTATUS IopInitializeDriverType(VOID);
/* A device object of the driver is made; has gone: object and image may go with it. */
VOID IopCountDevice(PDRIVER_OBJECT Driver);
VOID IopUncountDevice(PDRIVER_OBJECT Driver);
NTSTATUS NTAPI IopInvalidDeviceRequest(PDEVICE_OBJECT Device, PIRP Irp);

/* Under IopDeviceLock: does anything keep the driver from being unloaded? */
BOOLEAN IopIsDriverBusy(PIOP_DRIVER Driver);

/* ---- unload.c ---- */
/*
 * Under IopDeviceLock, after something of the driver has gone (an open, an attachment, a hold). Not
 * NULL: the driver was asked to unload and now can; IopFinishUnload once the lock is free.
 */
PIOP_DRIVER IopTakeUnload(PDRIVER_OBJECT Driver);
/* Unloads it in the System process. Wait (PASSIVE_LEVEL): returns when it has gone, unless this is
 * a thread of System's, which may be the driver's own. */
VOID IopFinishUnload(PIOP_DRIVER Driver, BOOLEAN Wait);

/* ---- workitem.c ---- */
/* Waits until no work item of the driver is queued or runs, but for the one that this thread runs.
 * PASSIVE_LEVEL. */
VOID IopFlushWorkItems(PIOP_DRIVER Driver);

/* ---- device.c, attach.c ---- */
extern LIST_ENTRY IopDriverList;
NTSTATUS IopInitializeDeviceType(VOID);
/* Under IopDeviceLock. TRUE: the device is to be freed by IopDestroyDevice once the lock is free.
 */
BOOLEAN IopMayDestroy(PDEVICE_OBJECT Device);
VOID IopDestroyDevice(PDEVICE_OBJECT Device);
VOID IopDereferenceDevice(PDEVICE_OBJECT Device); /* an open has gone */
OB_DELETE_METHOD IopDeleteDeviceObject;
static inline PDEVICE_OBJECT IopLoadAttached(PDEVICE_OBJECT Device)
{
    return __atomic_load_n(&Device->AttachedDevice, __ATOMIC_ACQUIRE);
}
static inline PDEVICE_OBJECT IopTop(PDEVICE_OBJECT Device)
{
    PDEVICE_OBJECT Above;
    while ((Above = IopLoadAttached(Device)) != NULL)
        Device = Above;
    return Device;
}
PDEVICE_OBJECT IopBottom(PDEVICE_OBJECT Device); /* under IopDeviceLock */

/* ---- open.c, close.c ---- */
NTSTATUS IopInitializeFileType(VOID);
OB_PARSE_METHOD IopParseDevice, IopParseFile;
OB_CLOSE_METHOD IopCloseFile;
OB_DELETE_METHOD IopDeleteFile;
OB_QUERYNAME_METHOD IopQueryFileName;
NTSTATUS IopCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES Attributes,
                       PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize,
                       ULONG FileAttributes, ULONG ShareAccess, ULONG Disposition,
                       ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength, KPROCESSOR_MODE Mode,
                       ULONG Options);
#define IO_ATTACH_DEVICE                                                                           \
    0x0400 /* IoCreateFile's Options: an exclusive device may be opened again */
NTSTATUS IopGetDeviceObjectPointer(PUNICODE_STRING Name, ACCESS_MASK DesiredAccess,
                                   PFILE_OBJECT *File, PDEVICE_OBJECT *Device, ULONG Options);
/* One request at a time on a synchronous file object. Alertable ones may fail: STATUS_ALERTED,
 * STATUS_USER_APC. */
NTSTATUS IopAcquireFileLock(PFILE_OBJECT File, KPROCESSOR_MODE Mode);
VOID IopReleaseFileLock(PFILE_OBJECT File);
/* Whoever closes the last handle sets a flag while requests are on their way. */
static inline ULONG IopFileFlags(PFILE_OBJECT File)
{
    return __atomic_load_n(&File->Flags, __ATOMIC_RELAXED);
}
static inline BOOLEAN IopIsSynchronous(PFILE_OBJECT File)
{
    return (IopFileFlags(File) & FO_SYNCHRONOUS_IO) != 0;
}

/* ---- request.c: what all Nt requests share ---- */
static inline KPROCESSOR_MODE IopPreviousMode(VOID)
{
    return ExGetPreviousMode();
}
typedef struct _IOP_REQUEST {
    KPROCESSOR_MODE Mode;
    PFILE_OBJECT File;
    PDEVICE_OBJECT Device; /* the top of the stack */
    ACCESS_MASK GrantedAccess;
    PKEVENT Event; /* referenced */
    PIRP Irp;
    PIO_STACK_LOCATION Stack;
    BOOLEAN Synchronous; /* the file lock is held */
} IOP_REQUEST, *PIOP_REQUEST;
/*
 * Takes handles, checks access, locks a synchronous file, resets events, allocates the IRP and
 * fills in what is the same for all. After STATUS_SUCCESS either IopSendRequest or
 * IopAbandonRequest must follow.
 */
NTSTATUS IopBeginRequest(PIOP_REQUEST Request, KPROCESSOR_MODE Mode, HANDLE FileHandle,
                         ACCESS_MASK Access, HANDLE EventHandle, PIO_APC_ROUTINE ApcRoutine,
                         PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Caller);
NTSTATUS IopSendRequest(PIOP_REQUEST Request, UCHAR MajorFunction);
VOID IopAbandonRequest(PIOP_REQUEST Request);
/* System buffer with a copy of Input; both lengths may be 0. */
NTSTATUS IopBufferRequest(PIOP_REQUEST Request, PVOID Input, ULONG InputLength, PVOID Output,
                          ULONG OutputLength);
NTSTATUS IopMapRequest(PIOP_REQUEST Request, PVOID Buffer, ULONG Length, LOCK_OPERATION Operation);
/* Locks a buffer that is no caller's fault if it is bad: STATUS_ACCESS_VIOLATION instead of an
 * exception. */
NTSTATUS IopLockMdl(PMDL Mdl, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation);
NTSTATUS IopProbe(KPROCESSOR_MODE Mode, PVOID Address, SIZE_T Length, BOOLEAN Write);
/* Writes a status block of a program or of the system: Information first, the status with release
 * semantics. */
VOID IopWriteStatus(PIO_STATUS_BLOCK To, NTSTATUS Status, ULONG_PTR Information,
                    KPROCESSOR_MODE Mode);

/* ---- fileinfo.c ---- */
/*
 * Services that wait for the driver whatever the file is. Begin as IopBeginRequest, but the IRP's
 * status block is Own, the system's; Answer hands it to the caller at the end.
 */
NTSTATUS IopBeginQuery(PIOP_REQUEST Request, KPROCESSOR_MODE Mode, HANDLE FileHandle,
                       ACCESS_MASK Access, PIO_STATUS_BLOCK IoStatusBlock, PIO_STATUS_BLOCK Own,
                       PVOID Caller);
/* Sends a request whose buffer is in the system's hands, and waits. Consumes Request. */
NTSTATUS IopSendAndWait(PIOP_REQUEST Request, UCHAR MajorFunction, PIO_STATUS_BLOCK IoStatus);
NTSTATUS IopAnswer(PIO_STATUS_BLOCK IoStatusBlock, KPROCESSOR_MODE Mode, NTSTATUS Status,
                   ULONG_PTR Information);

/* ---- target.c ---- */
/*
 * A rename's request, its FILE_RENAME_INFORMATION in the system buffer: where it names more than a
 * name in the same directory, the target's directory is opened and put into the stack location.
 * *Target, where it is not NULL, is to be closed when the request is over. STATUS_NOT_SAME_DEVICE.
 */
NTSTATUS IopOpenTarget(PIOP_REQUEST Request, ULONG Length, HANDLE *Target);

/* ---- port.c ---- */
extern POBJECT_TYPE IopCompletionType;
NTSTATUS IopInitializePortType(VOID);
/* The IRP's storage becomes the packet. Any IRQL up to DISPATCH_LEVEL. */
VOID IopQueueIrpPacket(PVOID Port, PIRP Irp, PVOID Key, PVOID ApcContext, NTSTATUS Status,
                       ULONG_PTR Information);

/* ---- others ---- */
VOID IopInitializeTimers(VOID);
VOID IopDeleteTimer(PDEVICE_OBJECT Device);
VOID IopShutdownTimers(VOID);
/* Name as ASCII; '?' for the rest. */
VOID IopNarrow(PCUNICODE_STRING Name, char *Text, size_t Size);
VOID IopAccount(VF_LEFT_ROUTINE *Left, PVOID Context);
const char *IopMajorName(UCHAR Major);

static inline VOID IopTrace(IOP_TRACE_EVENT Event, PDEVICE_OBJECT Device, PIRP Irp,
                            PIO_STACK_LOCATION Stack, NTSTATUS Status)
{
    IOP_TRACE_ROUTINE *Routine = atomic_load_explicit(&IopTraceCallout, memory_order_acquire);
    if (NTIO_UNLIKELY(Routine != NULL))
        Routine(Event, Device, Irp, Stack, Status);
}

#endif
