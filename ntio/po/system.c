/* SPDX-License-Identifier: MIT */
/*
 * system.c - the system goes to sleep, wakes up, and ends.
 *
 * Devices of one depth are told together; the next depth's turn comes when all of them have
 * completed. A policy owner completes a system IRP only after its device IRP, so a child has lost
 * its power before its parent hears of it, and a parent has it back before its child does.
 */
#include "ntio/po/pop.h"

ULONG PopWatchdogSeconds = 600;
PO_WAKE *_Atomic PopWakeCallout;

static SYSTEM_POWER_STATE _Atomic PopState;
static POWER_ACTION _Atomic PopAction;

VOID PopInitializeState(VOID)
{
    atomic_store(&PopState, PowerSystemWorking);
    atomic_store(&PopAction, PowerActionNone);
}

SYSTEM_POWER_STATE PoQuerySystemPower(VOID)
{
    return atomic_load(&PopState);
}

POWER_ACTION PopCurrentAction(VOID)
{
    return atomic_load(&PopAction);
}

typedef struct _POP_PASS {
    UCHAR MinorFunction;
    SYSTEM_POWER_STATE State, Current, Target;
    const PO_DEVICE *Devices;
    ULONG Count;
    BOOLEAN ParentsFirst;
    ULONG Lowest; /* of a pass up: nobody above this depth has been asked; 0: all */
    NTSTATUS Status;
    PDEVICE_OBJECT Refused;
} POP_PASS, *PPOP_PASS;

/* Somebody keeps a system IRP, or the device IRP that it waits for. */
static _Noreturn VOID PopStopBlocked(PPOP_BROADCAST Broadcast)
{
    PDEVICE_OBJECT Base = NULL;
    PIRP Irp = NULL;
    PLIST_ENTRY Link;

    KiLock(&PopLock);
    for (Link = PopIrps.Flink; Link != &PopIrps; Link = Link->Flink) {
        PPOP_IRP Entry = CONTAINING_RECORD(Link, POP_IRP, Link);

        if (Entry->Broadcast == Broadcast || (Entry->Base == Base && Entry->Sent)) {
            Base = Entry->Base;
            Irp = Entry->Irp;
        }
    }
    KiUnlock(&PopLock);
    KeBugCheckEx(DRIVER_POWER_STATE_FAILURE, POP_FAILURE_BLOCKED, (ULONG_PTR)Base, 0,
                 (ULONG_PTR)Irp);
}

/* All devices of one depth. FALSE: one of them refused, or there is no memory. */
static BOOLEAN PopSendLevel(PPOP_PASS Pass, ULONG Depth)
{
    POWER_STATE State = {.SystemState = Pass->State};
    POP_BROADCAST Broadcast = {.Left = 1, .Status = STATUS_SUCCESS};
    LARGE_INTEGER Limit = {.QuadPart = -(LONGLONG)PopWatchdogSeconds * 10000000};
    BOOLEAN Failed = FALSE;
    ULONG i, Left;

    KeInitializeEvent(&Broadcast.Done, NotificationEvent, FALSE);
    for (i = 0; i < Pass->Count && !Failed; i++) {
        PPOP_IRP Entry;

        if (Pass->Devices[i].Depth != Depth)
            continue;
        Entry =
            PopAllocate(Pass->Devices[i].Physical, Pass->MinorFunction, SystemPowerState, State);
        if (Entry == NULL) {
            Failed = TRUE;
            break;
        }
        PopSetContext(Entry, PopCurrentAction(), Pass->Current, Pass->Target);
        Entry->Broadcast = &Broadcast;
        KiLock(&PopLock);
        Broadcast.Left++;
        KiUnlock(&PopLock);
        PopSend(Entry);
    }
    KiLock(&PopLock);
    Left = --Broadcast.Left;
    KiUnlock(&PopLock);
    /* Once the count is 0 the event is either set or will be by whoever counted, who touches it
     * last. */
    if (Left != 0 && KeWaitForSingleObject(&Broadcast.Done, Executive, KernelMode, FALSE, &Limit) ==
                         STATUS_TIMEOUT)
        PopStopBlocked(&Broadcast);
    if (Pass->MinorFunction == IRP_MN_SET_POWER || NT_SUCCESS(Broadcast.Status)) {
        /* Nobody can refuse a SET_POWER; what a driver says to it is not listened to. */
        if (Broadcast.Refused != NULL)
            ObDereferenceObject(Broadcast.Refused);
    } else {
        Pass->Status = Broadcast.Status;
        Pass->Refused = Broadcast.Refused;
    }
    if (Failed && NT_SUCCESS(Pass->Status))
        Pass->Status = STATUS_INSUFFICIENT_RESOURCES;
    return NT_SUCCESS(Pass->Status);
}

static ULONG PopDeepest(const POP_PASS *Pass)
{
    ULONG Deepest = 0, i;

    for (i = 0; i < Pass->Count; i++) {
        if (Pass->Devices[i].Depth > Deepest)
            Deepest = Pass->Devices[i].Depth;
    }
    return Deepest;
}

/* Depth by depth. A set goes on where there was no memory for one; a query ends with the first
 * refusal, and Lowest is the depth at which it did. */
static VOID PopRun(PPOP_PASS Pass)
{
    ULONG Deepest = PopDeepest(Pass), Step, Depth;
    BOOLEAN Good;

    for (Step = 0; Step <= Deepest; Step++) {
        Depth = Pass->ParentsFirst ? Step : Deepest - Step;
        if (Depth < Pass->Lowest)
            continue;
        Good = PopSendLevel(Pass, Depth);
        if (!Good && Pass->MinorFunction == IRP_MN_QUERY_POWER) {
            Pass->Lowest = Depth;
            break;
        }
    }
}

static NTSTATUS PopQuery(SYSTEM_POWER_STATE State, const PO_DEVICE *Devices, ULONG Count,
                         PDEVICE_OBJECT *Refused)
{
    POP_PASS Query = {.MinorFunction = IRP_MN_QUERY_POWER,
                      .State = State,
                      .Current = PowerSystemWorking,
                      .Target = State,
                      .Devices = Devices,
                      .Count = Count};
    POP_PASS Reaffirm;

    PopRun(&Query);
    if (NT_SUCCESS(Query.Status))
        return STATUS_SUCCESS;
    Reaffirm = Query;
    Reaffirm.MinorFunction = IRP_MN_SET_POWER;
    Reaffirm.State = Reaffirm.Target = PowerSystemWorking;
    Reaffirm.ParentsFirst = TRUE;
    Reaffirm.Refused = NULL;
    Reaffirm.Status = STATUS_SUCCESS;
    PopRun(&Reaffirm);
    if (Refused != NULL)
        *Refused = Query.Refused;
    else if (Query.Refused != NULL)
        ObDereferenceObject(Query.Refused);
    return Query.Status;
}

static POWER_ACTION PopActionOf(SYSTEM_POWER_STATE State)
{
    switch (State) {
    case PowerSystemHibernate:
        return PowerActionHibernate;
    case PowerSystemShutdown:
        return PowerActionShutdown;
    default:
        return PowerActionSleep;
    }
}

NTSTATUS PoSetSystemPower(SYSTEM_POWER_STATE State, BOOLEAN Critical, const PO_DEVICE *Devices,
                          ULONG Count, PDEVICE_OBJECT *Refused)
{
    SYSTEM_POWER_STATE Current = PoQuerySystemPower();
    POP_PASS Set = {.MinorFunction = IRP_MN_SET_POWER,
                    .State = State,
                    .Current = Current,
                    .Target = State,
                    .Devices = Devices,
                    .Count = Count,
                    .ParentsFirst = State == PowerSystemWorking};
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Refused != NULL)
        *Refused = NULL;
    if (State < PowerSystemWorking || State > PowerSystemShutdown)
        return STATUS_INVALID_PARAMETER;
    if (State == Current)
        return STATUS_SUCCESS;
    if (Current == PowerSystemShutdown ||
        (Current != PowerSystemWorking && State != PowerSystemWorking))
        return STATUS_INVALID_DEVICE_STATE;
    /* Awake again, the action is still that of the sleep. */
    atomic_store(&PopAction, PopActionOf(State == PowerSystemWorking ? Current : State));
    if (State != PowerSystemWorking && !Critical)
        Status = PopQuery(State, Devices, Count, Refused);
    if (NT_SUCCESS(Status)) {
        if (State == PowerSystemShutdown)
            IopSendShutdownNotifications();
        PopRun(&Set);
        atomic_store(&PopState, State);
    }
    atomic_store(&PopAction, PowerActionNone);
    return Status;
}
