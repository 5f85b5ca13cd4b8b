/* SPDX-License-Identifier: MIT */
/*
 * idle.c - devices that nobody uses are put to sleep.
 *
 * Once a second, while any device is watched, each one's counter goes up; a driver that uses its
 * device sets it back (PoSetDeviceBusy writes it through the pointer that it got). When it comes to
 * the time-out the device's stack gets SET_POWER for the state that its driver chose. To power it
 * up again is the driver's own business. The block of a device stays until the device is deleted:
 * a driver may write to its counter until then.
 */
#include "ntio/po/pop.h"

typedef struct _POP_IDLE {
    ULONG Count; /* seconds; first, for it is what the driver's pointer points to; interlocked */
    LIST_ENTRY Link;
    PDEVICE_OBJECT Device;
    ULONG Conservation, Performance; /* seconds; 0: not watched */
    ULONG Busy;                      /* PoStartDeviceBusy without its end */
    DEVICE_POWER_STATE State;
    BOOLEAN Due; /* its time is up and the request not yet made */
} POP_IDLE, *PPOP_IDLE;

/* What -1 stands for, by Windows' balanced plan. */
#define POP_DISK_CONSERVATION 600
#define POP_DISK_PERFORMANCE  1200

static KI_LOCK PopIdleLock;
static LIST_ENTRY PopIdleDevices; /* PopIdleLock, as all in a POP_IDLE but Count */
static ULONG PopWatched;          /* PopIdleLock: those that have a time-out */
static BOOLEAN PopTicking;        /* PopIdleLock */
static KTIMER PopIdleTimer;
static KDPC PopIdleDpc;

/* A machine that runs on mains optimises for performance. */
static ULONG PopLimit(const POP_IDLE *Idle)
{
    return Idle->Performance;
}

static PDEVICE_OBJECT PopNextDue(DEVICE_POWER_STATE *State)
{
    PDEVICE_OBJECT Device = NULL;
    PLIST_ENTRY Link;

    KiLock(&PopIdleLock);
    for (Link = PopIdleDevices.Flink; Link != &PopIdleDevices; Link = Link->Flink) {
        PPOP_IDLE Idle = CONTAINING_RECORD(Link, POP_IDLE, Link);

        if (!Idle->Due)
            continue;
        Idle->Due = FALSE;
        *State = Idle->State;
        Device = Idle->Device;
        ObReferenceObject(Device);
        break;
    }
    KiUnlock(&PopIdleLock);
    return Device;
}

static VOID NTAPI PopIdleTick(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    DEVICE_POWER_STATE State = PowerDeviceUnspecified;
    PDEVICE_OBJECT Device;
    PLIST_ENTRY Link;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (PoQuerySystemPower() != PowerSystemWorking)
        return;
    KiLock(&PopIdleLock);
    for (Link = PopIdleDevices.Flink; Link != &PopIdleDevices; Link = Link->Flink) {
        PPOP_IDLE Idle = CONTAINING_RECORD(Link, POP_IDLE, Link);

        if (PopLimit(Idle) == 0)
            continue;
        if (Idle->Busy != 0)
            __atomic_store_n(&Idle->Count, 0, __ATOMIC_RELAXED);
        else if (__atomic_add_fetch(&Idle->Count, 1, __ATOMIC_RELAXED) == PopLimit(Idle))
            Idle->Due = TRUE;
    }
    KiUnlock(&PopIdleLock);
    while ((Device = PopNextDue(&State)) != NULL) {
        POWER_STATE Power = {.DeviceState = State};

        /* No memory: it is tried again after another time-out. */
        (void)PoRequestPowerIrp(Device, IRP_MN_SET_POWER, Power, NULL, NULL, NULL);
        ObDereferenceObject(Device);
    }
}

VOID PopInitializeIdle(VOID)
{
    InitializeListHead(&PopIdleDevices);
    PopWatched = 0;
    PopTicking = FALSE;
    KeInitializeTimerEx(&PopIdleTimer, NotificationTimer);
    KeInitializeDpc(&PopIdleDpc, PopIdleTick, NULL);
}

VOID PopShutdownIdle(VOID)
{
    KeCancelTimer(&PopIdleTimer);
    KeFlushQueuedDpcs();
}

/* The timer runs while somebody is watched. Under PopIdleLock, so that the last who comes or goes
 * decides (order: PopIdleLock -> timer lock). */
static VOID PopSetTicking(VOID)
{
    LARGE_INTEGER Due = {.QuadPart = -10000000};

    if (PopTicking == (PopWatched != 0))
        return;
    PopTicking = !PopTicking;
    if (PopTicking)
        KeSetTimerEx(&PopIdleTimer, Due, 1000, &PopIdleDpc);
    else
        KeCancelTimer(&PopIdleTimer);
}

/* Under PopIdleLock. */
static PPOP_IDLE PopFindIdle(PDEVICE_OBJECT Device)
{
    PLIST_ENTRY Link;

    for (Link = PopIdleDevices.Flink; Link != &PopIdleDevices; Link = Link->Flink) {
        PPOP_IDLE Idle = CONTAINING_RECORD(Link, POP_IDLE, Link);

        if (Idle->Device == Device)
            return Idle;
    }
    return NULL;
}

VOID PopForgetIdle(PDEVICE_OBJECT Device)
{
    PPOP_IDLE Idle;

    KiLock(&PopIdleLock);
    Idle = PopFindIdle(Device);
    if (Idle != NULL) {
        RemoveEntryList(&Idle->Link);
        if (PopLimit(Idle) != 0)
            PopWatched--;
        PopSetTicking();
    }
    KiUnlock(&PopIdleLock);
    if (Idle != NULL)
        ExFreePoolWithTag(Idle, POP_TAG);
}

/* What -1 is for this device; FALSE: it has no class that the policy knows. */
static BOOLEAN PopStandardTime(PDEVICE_OBJECT Device, PULONG Seconds, ULONG Standard)
{
    if (*Seconds != MAXULONG)
        return TRUE;
    if (Device->DeviceType != FILE_DEVICE_DISK && Device->DeviceType != FILE_DEVICE_MASS_STORAGE)
        return FALSE;
    *Seconds = Standard;
    return TRUE;
}

PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject,
                                              ULONG ConservationIdleTime, ULONG PerformanceIdleTime,
                                              DEVICE_POWER_STATE State)
{
    PPOP_IDLE New, Idle;
    BOOLEAN Watched;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (!PopStandardTime(DeviceObject, &ConservationIdleTime, POP_DISK_CONSERVATION) ||
        !PopStandardTime(DeviceObject, &PerformanceIdleTime, POP_DISK_PERFORMANCE))
        return NULL;
    New = ExAllocatePoolWithTag(NonPagedPool, sizeof(*New), POP_TAG);
    if (New == NULL)
        return NULL;
    memset(New, 0, sizeof(*New));
    New->Device = DeviceObject;
    KiLock(&PopIdleLock);
    Idle = PopFindIdle(DeviceObject);
    if (Idle == NULL) {
        Idle = New;
        New = NULL;
        InsertTailList(&PopIdleDevices, &Idle->Link);
    } else if (PopLimit(Idle) != 0) {
        PopWatched--;
    }
    Idle->Conservation = ConservationIdleTime;
    Idle->Performance = PerformanceIdleTime;
    Idle->State = State;
    Idle->Due = FALSE;
    __atomic_store_n(&Idle->Count, 0, __ATOMIC_RELAXED);
    if (PopLimit(Idle) != 0)
        PopWatched++;
    PopSetTicking();
    Watched = ConservationIdleTime != 0 || PerformanceIdleTime != 0;
    KiUnlock(&PopIdleLock);
    if (New != NULL)
        ExFreePoolWithTag(New, POP_TAG);
    return Watched ? &Idle->Count : NULL;
}

VOID NTAPI PoSetDeviceBusyEx(PULONG IdlePointer)
{
    __atomic_store_n(IdlePointer, 0, __ATOMIC_RELAXED);
}

VOID NTAPI PoStartDeviceBusy(PULONG IdlePointer)
{
    PPOP_IDLE Idle = CONTAINING_RECORD(IdlePointer, POP_IDLE, Count);

    KiLock(&PopIdleLock);
    Idle->Busy++;
    KiUnlock(&PopIdleLock);
}

VOID NTAPI PoEndDeviceBusy(PULONG IdlePointer)
{
    PPOP_IDLE Idle = CONTAINING_RECORD(IdlePointer, POP_IDLE, Count);

    KiLock(&PopIdleLock);
    NTIO_ASSERT(Idle->Busy != 0);
    Idle->Busy--;
    __atomic_store_n(&Idle->Count, 0, __ATOMIC_RELAXED);
    KiUnlock(&PopIdleLock);
}
