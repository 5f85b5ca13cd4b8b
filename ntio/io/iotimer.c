/* SPDX-License-Identifier: MIT */
/*
 * iotimer.c - the timer of a device: once a second, for all devices in one DPC. The kernel timer is
 * set only while a device's timer runs.
 *
 * As on Windows the routines are called under the list's spin lock, so IoStopTimer means: it does
 * not run any more; from within the routine itself it may be called.
 */
#include "ntio/io/iop.h"

struct _IO_TIMER {
    CSHORT Type;
    CSHORT TimerFlag; /* 1: runs */
    LIST_ENTRY TimerList;
    PIO_TIMER_ROUTINE TimerRoutine;
    PVOID Context;
    PDEVICE_OBJECT DeviceObject;
};
typedef struct _IO_TIMER IO_TIMER, *PIO_TIMER;

#define IOP_TAG_TIMER 'iToI'

static KSPIN_LOCK IopTimerLock;
static LIST_ENTRY IopTimers;
static ULONG IopRunningTimers;
static KTIMER IopTimer;
static KDPC IopTimerDpc;
static PKTHREAD _Atomic IopTimerOwner; /* the thread that runs the routines, which may call back */

static VOID NTAPI IopTimerTick(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&IopTimerLock);
    atomic_store(&IopTimerOwner, KeGetCurrentThread());
    for (PLIST_ENTRY Entry = IopTimers.Flink; Entry != &IopTimers; Entry = Entry->Flink) {
        PIO_TIMER Timer = CONTAINING_RECORD(Entry, IO_TIMER, TimerList);
        if (Timer->TimerFlag != 0)
            Timer->TimerRoutine(Timer->DeviceObject, Timer->Context);
    }
    atomic_store(&IopTimerOwner, NULL);
    KeReleaseSpinLockFromDpcLevel(&IopTimerLock);
}

VOID IopInitializeTimers(VOID)
{
    KeInitializeSpinLock(&IopTimerLock);
    InitializeListHead(&IopTimers);
    IopRunningTimers = 0;
    KeInitializeTimerEx(&IopTimer, NotificationTimer);
    KeInitializeDpc(&IopTimerDpc, IopTimerTick, NULL);
}

VOID IopShutdownTimers(VOID)
{
    KeCancelTimer(&IopTimer);
    KeFlushQueuedDpcs();
}

/* Returns whether the lock was taken here: a routine that runs has it already. */
static BOOLEAN IopLockTimers(PKIRQL Irql)
{
    if (atomic_load(&IopTimerOwner) == KeGetCurrentThread())
        return FALSE;
    KeAcquireSpinLock(&IopTimerLock, Irql);
    return TRUE;
}

NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine,
                                 PVOID Context)
{
    PIO_TIMER Timer;
    KIRQL Irql;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (DeviceObject->Timer != NULL)
        IopStop(IOP_VF_TIMER_TWICE, DeviceObject, 0, 0);
    Timer = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Timer), IOP_TAG_TIMER);
    if (Timer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Timer, 0, sizeof(*Timer));
    Timer->Type = IO_TYPE_TIMER;
    Timer->TimerRoutine = TimerRoutine;
    Timer->Context = Context;
    Timer->DeviceObject = DeviceObject;
    DeviceObject->Timer = Timer;
    KeAcquireSpinLock(&IopTimerLock, &Irql);
    InsertTailList(&IopTimers, &Timer->TimerList);
    KeReleaseSpinLock(&IopTimerLock, Irql);
    return STATUS_SUCCESS;
}

VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    LARGE_INTEGER Second = {.QuadPart = -10000000};
    BOOLEAN Locked;
    KIRQL Irql = 0;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (IopDeviceExtension(DeviceObject)->DeletePending)
        return;
    Locked = IopLockTimers(&Irql);
    if (DeviceObject->Timer->TimerFlag == 0) {
        DeviceObject->Timer->TimerFlag = 1;
        if (IopRunningTimers++ == 0)
            KeSetTimerEx(&IopTimer, Second, 1000, &IopTimerDpc);
    }
    if (Locked)
        KeReleaseSpinLock(&IopTimerLock, Irql);
}

/* Under the lock. */
static VOID IopHaltTimer(PIO_TIMER Timer)
{
    if (Timer->TimerFlag == 0)
        return;
    Timer->TimerFlag = 0;
    if (--IopRunningTimers == 0)
        KeCancelTimer(&IopTimer);
}

VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    BOOLEAN Locked;
    KIRQL Irql = 0;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Locked = IopLockTimers(&Irql);
    IopHaltTimer(DeviceObject->Timer);
    if (Locked)
        KeReleaseSpinLock(&IopTimerLock, Irql);
}

VOID IopDeleteTimer(PDEVICE_OBJECT Device)
{
    PIO_TIMER Timer = Device->Timer;
    KIRQL Irql;

    KeAcquireSpinLock(&IopTimerLock, &Irql);
    IopHaltTimer(Timer);
    RemoveEntryList(&Timer->TimerList);
    KeReleaseSpinLock(&IopTimerLock, Irql);
    Device->Timer = NULL;
    ExFreePoolWithTag(Timer, IOP_TAG_TIMER);
}
