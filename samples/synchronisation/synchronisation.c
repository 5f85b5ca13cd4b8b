/* SPDX-License-Identifier: MIT */
/*
 * synchronisation.c - what a driver has to keep its threads in order: IRQL, spin locks, fast mutex,
 * mutex, semaphore, events, interlocked operations; threads of its own; waits on one object and on
 * many; an event of a program, and one that another driver has too.
 */
#include <ntddk.h>
#include "synchronisation_public.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD SyncUnload;
static DRIVER_DISPATCH SyncOpenClose, SyncControl;
static KSTART_ROUTINE SyncReportThread, SyncHelperThread, SyncSetThread;

static KSPIN_LOCK SpinLock, QueuedSpinLock, LargeLock;
static FAST_MUTEX FastMutex;
static KMUTEX Mutex;
static KSEMAPHORE Semaphore; /* one unit: a lock */
static KEVENT Turn;          /* a synchronization event, set: a lock too */
static FAST_MUTEX GivenLock; /* guards GivenEvent */
static PKEVENT GivenEvent;   /* the program's, referenced; or NULL */
static PKEVENT NamedEvent;
static HANDLE NamedEventHandle;

/* Counters[m] is the means' own to guard; only the last is counted by an interlocked operation. */
static struct {
    LONG64 Total;
    LONG Inside;
    LONG Overlaps;
} Counters[SYNC_MEANS];

/* ---- IRQL ---- */

static VOID SyncIrql(SYNC_IRQL *Out)
{
    KIRQL Old, Old2;

    Out->Start = KeGetCurrentIrql();
    KeRaiseIrql(APC_LEVEL, &Old);
    Out->Apc = KeGetCurrentIrql();
    KeRaiseIrql(DISPATCH_LEVEL, &Old2);
    Out->Dispatch = KeGetCurrentIrql(); /* from here on no wait, no paged memory */
    KeLowerIrql(Old2);
    KeLowerIrql(Old);
    Out->Lowered = KeGetCurrentIrql();

    KeAcquireSpinLock(&SpinLock, &Old);
    Out->SpinLock = KeGetCurrentIrql();
    KeReleaseSpinLock(&SpinLock, Old);
    Out->AfterSpinLock = KeGetCurrentIrql();

    ExAcquireFastMutex(&FastMutex);
    Out->FastMutex = KeGetCurrentIrql();
    ExReleaseFastMutex(&FastMutex);
    Out->AfterFastMutex = KeGetCurrentIrql();
}

/* ---- counting under each kind of lock ---- */

/* The caller holds what guards the counter. */
static VOID SyncAddOne(ULONG Means)
{
    if (InterlockedIncrement(&Counters[Means].Inside) != 1)
        InterlockedIncrement(&Counters[Means].Overlaps);
    Counters[Means].Total++; /* a read and a write: two at once would lose one */
    InterlockedDecrement(&Counters[Means].Inside);
}

static VOID SyncCountOnce(ULONG Means)
{
    KLOCK_QUEUE_HANDLE Queued;
    KIRQL Old;

    switch (Means) {
    case SYNC_BY_SPIN_LOCK:
        KeAcquireSpinLock(&SpinLock, &Old);
        SyncAddOne(Means);
        KeReleaseSpinLock(&SpinLock, Old);
        break;
    case SYNC_BY_QUEUED_SPIN_LOCK:
        KeAcquireInStackQueuedSpinLock(&QueuedSpinLock, &Queued);
        SyncAddOne(Means);
        KeReleaseInStackQueuedSpinLock(&Queued);
        break;
    case SYNC_BY_FAST_MUTEX:
        ExAcquireFastMutex(&FastMutex);
        SyncAddOne(Means);
        ExReleaseFastMutex(&FastMutex);
        break;
    case SYNC_BY_MUTEX:
        KeWaitForSingleObject(&Mutex, Executive, KernelMode, FALSE, NULL);
        SyncAddOne(Means);
        KeReleaseMutex(&Mutex, FALSE);
        break;
    case SYNC_BY_SEMAPHORE:
        KeWaitForSingleObject(&Semaphore, Executive, KernelMode, FALSE, NULL);
        SyncAddOne(Means);
        KeReleaseSemaphore(&Semaphore, IO_NO_INCREMENT, 1, FALSE);
        break;
    case SYNC_BY_EVENT:
        KeWaitForSingleObject(&Turn, Executive, KernelMode, FALSE, NULL);
        SyncAddOne(Means);
        KeSetEvent(&Turn, IO_NO_INCREMENT, FALSE);
        break;
    case SYNC_BY_INTERLOCKED:
        InterlockedIncrement64(&Counters[Means].Total);
        break;
    }
}

static NTSTATUS SyncCount(const SYNC_COUNT *In, SYNC_TOTAL *Out)
{
    ULONG Means = In->Means, Rounds = In->Rounds; /* Out lies over In */

    if (Means >= SYNC_MEANS)
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < Rounds; i++)
        SyncCountOnce(Means);
    /* Others may still be counting, so this is read as they write it: in one piece. */
    Out->Total = (ULONG64)InterlockedCompareExchange64(&Counters[Means].Total, 0, 0);
    Out->Overlaps = (ULONG64)InterlockedCompareExchange(&Counters[Means].Overlaps, 0, 0);
    return STATUS_SUCCESS;
}

/* ---- threads ---- */

typedef struct _SYNC_SEEN {
    ULONG Process, Thread;
} SYNC_SEEN;

/* A thread object, referenced: Process NULL is the System process. */
static NTSTATUS SyncStartThread(HANDLE Process, PKSTART_ROUTINE Routine, PVOID Context,
                                PVOID *Thread)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, &Attributes, Process, NULL, Routine,
                                  Context);
    if (!NT_SUCCESS(Status))
        return Status;
    /* By its pointer one waits in any process; the handle is not needed for that. */
    Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, Thread,
                                       NULL);
    ZwClose(Handle);
    return Status;
}

static VOID NTAPI SyncReportThread(PVOID Context)
{
    SYNC_SEEN *Seen = Context;

    Seen->Process = HandleToULong(PsGetCurrentProcessId());
    Seen->Thread = HandleToULong(PsGetCurrentThreadId());
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS SyncThreads(SYNC_THREADS *Out)
{
    SYNC_SEEN System = {0, 0}, Own = {0, 0};
    PVOID Threads[2];
    NTSTATUS Status = SyncStartThread(NULL, SyncReportThread, &System, &Threads[0]);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = SyncStartThread(NtCurrentProcess(), SyncReportThread, &Own, &Threads[1]);
    if (!NT_SUCCESS(Status)) {
        KeWaitForSingleObject(Threads[0], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Threads[0]);
        return Status;
    }
    /* Both write to this stack: it has to be waited for them, without a time-out. */
    Out->Wait = (ULONG)KeWaitForMultipleObjects(2, Threads, WaitAll, Executive, KernelMode, FALSE,
                                                NULL, NULL);
    ObDereferenceObject(Threads[0]);
    ObDereferenceObject(Threads[1]);
    Out->OwnProcess = HandleToULong(PsGetCurrentProcessId());
    Out->OwnThread = HandleToULong(PsGetCurrentThreadId());
    Out->SystemThreadProcess = System.Process;
    Out->SystemThread = System.Thread;
    Out->ProcessThreadProcess = Own.Process;
    Out->ProcessThread = Own.Thread;
    return STATUS_SUCCESS;
}

/* ---- waiting ---- */

typedef struct _SYNC_HELPER {
    KEVENT Owns, LetGo, End; /* Owns: the helper's word; the others are orders to it */
    KMUTEX Mutex;
} SYNC_HELPER;

/* Owns the mutex until it is told to let it go, lives until it is told to end. */
static VOID NTAPI SyncHelperThread(PVOID Context)
{
    SYNC_HELPER *Helper = Context;

    KeWaitForSingleObject(&Helper->Mutex, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&Helper->Owns, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&Helper->LetGo, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&Helper->Mutex, FALSE);
    KeWaitForSingleObject(&Helper->End, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Indices of the five objects. */
enum { OnNotification, OnSynchronization, OnSemaphore, OnThread, OnMutex, OnCount };

static VOID SyncWaitSteps(SYNC_WAITS *Out, SYNC_HELPER *Helper, PVOID Thread)
{
    LARGE_INTEGER Now = {.QuadPart = 0}, Short, Long;
    KEVENT Notification, Synchronization;
    KSEMAPHORE Units;
    PVOID Objects[OnCount];
    /* Three blocks are in each thread object; for more the caller brings them. */
    KWAIT_BLOCK Blocks[OnCount];

#define SYNC_WAIT(Type, Limit)                                                                     \
    (ULONG) KeWaitForMultipleObjects(OnCount, Objects, (Type), Executive, KernelMode, FALSE,       \
                                     (Limit), Blocks)
    Short.QuadPart = -10 * 1000LL * 5;          /* 5 ms: negative is from now on */
    Long.QuadPart = -10 * 1000LL * 1000LL * 10; /* 10 s: it comes long before */
    KeInitializeEvent(&Notification, NotificationEvent, FALSE);
    KeInitializeEvent(&Synchronization, SynchronizationEvent, FALSE);
    KeInitializeSemaphore(&Units, 0, 5);
    Objects[OnNotification] = &Notification;
    Objects[OnSynchronization] = &Synchronization;
    Objects[OnSemaphore] = &Units;
    Objects[OnMutex] = &Helper->Mutex;
    Objects[OnThread] = Thread;

    Out->Status[SYNC_ONE_TIMEOUT] =
        (ULONG)KeWaitForSingleObject(&Notification, Executive, KernelMode, FALSE, &Short);
    Out->Status[SYNC_ONE_SET] =
        (ULONG)KeWaitForSingleObject(&Helper->Owns, Executive, KernelMode, FALSE, &Long);
    Out->Status[SYNC_ANY_NONE] = SYNC_WAIT(WaitAny, &Now);

    KeSetEvent(&Synchronization, IO_NO_INCREMENT, FALSE);
    Out->Status[SYNC_ANY_SYNCHRONIZATION] = SYNC_WAIT(WaitAny, &Now);
    Out->Status[SYNC_ANY_SYNCHRONIZATION_AGAIN] = SYNC_WAIT(WaitAny, &Now);
    KeSetEvent(&Notification, IO_NO_INCREMENT, FALSE);
    Out->Status[SYNC_ANY_NOTIFICATION] = SYNC_WAIT(WaitAny, &Now);
    Out->Status[SYNC_ANY_NOTIFICATION_AGAIN] = SYNC_WAIT(WaitAny, &Now);
    KeClearEvent(&Notification);
    KeReleaseSemaphore(&Units, IO_NO_INCREMENT, 2, FALSE);
    Out->Status[SYNC_ANY_SEMAPHORE] = SYNC_WAIT(WaitAny, &Now);
    Out->Status[SYNC_ANY_SEMAPHORE_AGAIN] = SYNC_WAIT(WaitAny, &Now);
    Out->Status[SYNC_ANY_SEMAPHORE_EMPTY] = SYNC_WAIT(WaitAny, &Now);

    KeSetEvent(&Helper->LetGo, IO_NO_INCREMENT, FALSE);
    Out->Status[SYNC_ANY_MUTEX] = SYNC_WAIT(WaitAny, &Long);
    KeReleaseMutex(&Helper->Mutex, FALSE);
    /* Now thread and mutex are signalled: the one with the lower index ends the wait. */
    KeSetEvent(&Helper->End, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    Out->Status[SYNC_ANY_THREAD] = SYNC_WAIT(WaitAny, &Now);

    KeSetEvent(&Notification, IO_NO_INCREMENT, FALSE);
    KeSetEvent(&Synchronization, IO_NO_INCREMENT, FALSE);
    Out->Status[SYNC_ALL_BUT_ONE] = SYNC_WAIT(WaitAll, &Short); /* and takes none of them */
    KeReleaseSemaphore(&Units, IO_NO_INCREMENT, 1, FALSE);
    Out->Status[SYNC_ALL] = SYNC_WAIT(WaitAll, &Short);
    Out->Notification = KeReadStateEvent(&Notification);
    Out->Synchronization = KeReadStateEvent(&Synchronization);
    Out->Semaphore = KeReadStateSemaphore(&Units);
    Out->Mutex = KeReadStateMutex(&Helper->Mutex);
    if (Out->Status[SYNC_ALL] == STATUS_SUCCESS)
        KeReleaseMutex(&Helper->Mutex, FALSE);
#undef SYNC_WAIT
}

static NTSTATUS SyncWaits(SYNC_WAITS *Out)
{
    SYNC_HELPER Helper;
    PVOID Thread;
    NTSTATUS Status;

    KeInitializeEvent(&Helper.Owns, NotificationEvent, FALSE);
    KeInitializeEvent(&Helper.LetGo, NotificationEvent, FALSE);
    KeInitializeEvent(&Helper.End, NotificationEvent, FALSE);
    KeInitializeMutex(&Helper.Mutex, 0);
    Status = SyncStartThread(NULL, SyncHelperThread, &Helper, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    SyncWaitSteps(Out, &Helper, Thread);
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
    return STATUS_SUCCESS;
}

/* ---- events of others ---- */

/* A handle means something in the caller's process alone: here, in its context, it becomes a
 * pointer. UserMode: the handle must be the program's, of an event, and have the right. */
static NTSTATUS SyncGiveEvent(HANDLE Handle)
{
    PKEVENT Event, Before;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                                UserMode, (PVOID *)&Event, NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    ExAcquireFastMutex(&GivenLock);
    Before = GivenEvent;
    GivenEvent = Event;
    ExReleaseFastMutex(&GivenLock);
    if (Before != NULL)
        ObDereferenceObject(Before);
    return STATUS_SUCCESS;
}

static PKEVENT SyncTakeEvent(VOID)
{
    PKEVENT Event;

    ExAcquireFastMutex(&GivenLock);
    Event = GivenEvent;
    GivenEvent = NULL;
    ExReleaseFastMutex(&GivenLock);
    return Event;
}

/* In the System process, where the program's handle is none. */
static VOID NTAPI SyncSetThread(PVOID Context)
{
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    ObDereferenceObject(Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS SyncSetEvent(VOID)
{
    PKEVENT Event = SyncTakeEvent();
    PVOID Thread;
    NTSTATUS Status;

    if (Event == NULL)
        return STATUS_NOT_FOUND;
    Status = SyncStartThread(NULL, SyncSetThread, Event, &Thread);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Event);
        return Status;
    }
    /* Its code goes with the driver: nobody leaves before it has ended. */
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
    return STATUS_SUCCESS;
}

static NTSTATUS SyncWaitNamed(ULONG Milliseconds, SYNC_NAMED *Out)
{
    LARGE_INTEGER Limit;

    Limit.QuadPart = -10000LL * Milliseconds;
    Out->Event = (ULONG_PTR)NamedEvent;
    Out->Padding = 0;
    Out->Status = (ULONG)KeWaitForSingleObject(NamedEvent, Executive, KernelMode, FALSE, &Limit);
    return STATUS_SUCCESS;
}

/* ---- interlocked operations ---- */

static VOID SyncInterlocked(SYNC_INTERLOCKED *Out)
{
    volatile LONG Value = 41;
    LARGE_INTEGER Large, Three;

    Out->Increment = InterlockedIncrement(&Value);
    Out->Decrement = InterlockedDecrement(&Value);
    Out->Exchange = InterlockedExchange(&Value, 7);
    Out->Exchanged = Value;
    Out->Add = InterlockedExchangeAdd(&Value, 5);
    Out->Added = Value;
    Out->Hit = InterlockedCompareExchange(&Value, 100, 12);
    Out->AfterHit = Value;
    Out->Miss = InterlockedCompareExchange(&Value, 200, 12);
    Out->AfterMiss = Value;
    Large.QuadPart = 1LL << 32;
    Three.QuadPart = 3;
    Out->LargeAdd = ExInterlockedAddLargeInteger(&Large, Three, &LargeLock).QuadPart;
    Out->AfterLarge = Large.QuadPart;
}

/* ---- dispatch ---- */

static NTSTATUS SyncComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = NT_SUCCESS(Status) ? Information : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI SyncOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return SyncComplete(Irp, STATUS_SUCCESS, 0);
}

/* What each code brings and takes; 0 for nothing. */
static const struct {
    ULONG Code, In, Out;
} Sizes[] = {
    {IOCTL_SYNC_IRQL, 0, sizeof(SYNC_IRQL)},
    {IOCTL_SYNC_COUNT, sizeof(SYNC_COUNT), sizeof(SYNC_TOTAL)},
    {IOCTL_SYNC_THREADS, 0, sizeof(SYNC_THREADS)},
    {IOCTL_SYNC_WAITS, 0, sizeof(SYNC_WAITS)},
    {IOCTL_SYNC_GIVE_EVENT, sizeof(ULONG64), 0},
    {IOCTL_SYNC_SET_EVENT, 0, 0},
    {IOCTL_SYNC_WAIT_NAMED, sizeof(ULONG), sizeof(SYNC_NAMED)},
    {IOCTL_SYNC_INTERLOCKED, 0, sizeof(SYNC_INTERLOCKED)},
};

static NTSTATUS SyncRun(ULONG Code, PVOID Buffer)
{
    switch (Code) {
    case IOCTL_SYNC_IRQL:
        SyncIrql(Buffer);
        return STATUS_SUCCESS;
    case IOCTL_SYNC_COUNT:
        return SyncCount(Buffer, Buffer);
    case IOCTL_SYNC_THREADS:
        return SyncThreads(Buffer);
    case IOCTL_SYNC_WAITS:
        return SyncWaits(Buffer);
    case IOCTL_SYNC_GIVE_EVENT:
        return SyncGiveEvent((HANDLE)(ULONG_PTR) * (ULONG64 *)Buffer);
    case IOCTL_SYNC_SET_EVENT:
        return SyncSetEvent();
    case IOCTL_SYNC_WAIT_NAMED:
        return SyncWaitNamed(*(ULONG *)Buffer, Buffer);
    default:
        SyncInterlocked(Buffer);
        return STATUS_SUCCESS;
    }
}

static NTSTATUS NTAPI SyncControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode, i;

    UNREFERENCED_PARAMETER(DeviceObject);
    for (i = 0; i < RTL_NUMBER_OF(Sizes) && Sizes[i].Code != Code; i++)
        ;
    if (i == RTL_NUMBER_OF(Sizes))
        return SyncComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < Sizes[i].In ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < Sizes[i].Out)
        return SyncComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    return SyncComplete(Irp, SyncRun(Code, Irp->AssociatedIrp.SystemBuffer), Sizes[i].Out);
}

static VOID NTAPI SyncUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\LabSync");
    PKEVENT Event = SyncTakeEvent();

    if (Event != NULL)
        ObDereferenceObject(Event);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
    ZwClose(NamedEventHandle);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\LabSync");
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\LabSync");
    UNICODE_STRING EventName = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\LabSyncEvent");
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    KeInitializeSpinLock(&SpinLock);
    KeInitializeSpinLock(&QueuedSpinLock);
    KeInitializeSpinLock(&LargeLock);
    ExInitializeFastMutex(&FastMutex);
    ExInitializeFastMutex(&GivenLock);
    KeInitializeMutex(&Mutex, 0);
    KeInitializeSemaphore(&Semaphore, 1, 1);
    KeInitializeEvent(&Turn, SynchronizationEvent, TRUE);

    DriverObject->MajorFunction[IRP_MJ_CREATE] = SyncOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = SyncOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SyncOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SyncControl;
    DriverObject->DriverUnload = SyncUnload;

    /* Makes it, or opens what the other driver has made. A new one is set: cleared, then. */
    NamedEvent = IoCreateNotificationEvent(&EventName, &NamedEventHandle);
    if (NamedEvent == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeClearEvent(NamedEvent);
    Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &Device);
    if (NT_SUCCESS(Status)) {
        Status = IoCreateSymbolicLink(&Link, &Name);
        if (NT_SUCCESS(Status))
            return Status;
        IoDeleteDevice(Device);
    }
    ZwClose(NamedEventHandle);
    return Status;
}
