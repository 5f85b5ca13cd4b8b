/* SPDX-License-Identifier: MIT */
/*
 * irp.c - power IRPs: how one is made, when it may go, how it ends.
 *
 * A device's stack sees one device-power IRP (query or set) at a time: the next waits here until
 * the one before it has been completed and its requestor told. Of all devices with DO_POWER_INRUSH
 * one at a time is powered up. System IRPs come from system.c one at a time for each stack anyway;
 * a wait-wake stands beside all others for as long as its driver likes.
 */
#include "ntio/po/pop.h"

#include <stdio.h>

KI_LOCK PopLock;
LIST_ENTRY PopIrps;

/* SET_POWERs and successful queries that did not come to the bus driver. PopLock. */
#define POP_DROPPED_NAMED 8
static struct {
    char Text[160];
} PopDropped[POP_DROPPED_NAMED];
static ULONG PopDroppedCount;

VOID PopInitializeIrps(VOID)
{
    InitializeListHead(&PopIrps);
    PopForgetDropped();
}

VOID PopForgetDropped(VOID)
{
    KiLock(&PopLock);
    PopDroppedCount = 0;
    KiUnlock(&PopLock);
}

static const char *PopMinorName(UCHAR MinorFunction)
{
    static const char *const Names[] = {"WAIT_WAKE", "POWER_SEQUENCE", "SET_POWER", "QUERY_POWER"};

    return MinorFunction < RTL_NUMBER_OF(Names) ? Names[MinorFunction] : "?";
}

static VOID PopDescribe(PPOP_IRP Entry, char *Text, size_t Size)
{
    if (Entry->MinorFunction == IRP_MN_WAIT_WAKE)
        NtCrt__snprintf(Text, Size, "WAIT_WAKE of S%d", (int)Entry->State.SystemState - 1);
    else
        NtCrt__snprintf(Text, Size, "%s %c%d", PopMinorName(Entry->MinorFunction),
                        Entry->Type == SystemPowerState ? 'S' : 'D',
                        (int)Entry->State.SystemState - 1);
    Text[Size - 1] = 0;
}

VOID PopAccountIrps(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    char What[48], Text[200];
    PLIST_ENTRY Link;
    ULONG i;

    /* Nothing runs any more that could change either. */
    for (Link = PopIrps.Flink; Link != &PopIrps; Link = Link->Flink) {
        PPOP_IRP Entry = CONTAINING_RECORD(Link, POP_IRP, Link);

        PopDescribe(Entry, What, sizeof(What));
        NtCrt__snprintf(Text, sizeof(Text), "%p: %s for device %p of %wZ is not complete",
                        Entry->Irp, What, Entry->Device, &Entry->Device->DriverObject->DriverName);
        Text[sizeof(Text) - 1] = 0;
        Left("power IRP", Text, Context);
    }
    for (i = 0; i < PopDroppedCount && i < POP_DROPPED_NAMED; i++)
        Left("power IRP dropped", PopDropped[i].Text, Context);
    if (PopDroppedCount > POP_DROPPED_NAMED) {
        NtCrt__snprintf(Text, sizeof(Text), "%u more",
                        (unsigned)(PopDroppedCount - POP_DROPPED_NAMED));
        Left("power IRP dropped", Text, Context);
    }
}

/*
 * Every driver passes a power IRP down, but for a query that it refuses; only the bus driver
 * completes it. Each location keeps the device it was for, so it can be seen who was reached.
 */
static VOID PopNoteDropped(PPOP_IRP Entry, NTSTATUS Status)
{
    PIO_STACK_LOCATION Stack = (PIO_STACK_LOCATION)(Entry->Irp + 1);
    PDEVICE_OBJECT Lowest = Entry->Top;
    char What[48], Text[sizeof(PopDropped[0].Text)];
    int i;

    if (Entry->MinorFunction == IRP_MN_WAIT_WAKE ||
        (Entry->MinorFunction == IRP_MN_QUERY_POWER && !NT_SUCCESS(Status)))
        return;
    for (i = Entry->Irp->StackCount - 1; i >= 0; i--) {
        if (Stack[i].DeviceObject == Entry->Base)
            return;
        if (Stack[i].DeviceObject != NULL)
            Lowest = Stack[i].DeviceObject;
    }
    PopDescribe(Entry, What, sizeof(What));
    NtCrt__snprintf(Text, sizeof(Text), "%s was completed by %wZ and never came to the bus driver",
                    What, &Lowest->DriverObject->DriverName);
    Text[sizeof(Text) - 1] = 0;
    DbgPrint("Po: %s\n", Text);
    KiLock(&PopLock);
    if (PopDroppedCount < POP_DROPPED_NAMED)
        memcpy(PopDropped[PopDroppedCount].Text, Text, sizeof(Text));
    PopDroppedCount++;
    KiUnlock(&PopLock);
}

/* ---- when it may go ---- */

/* One of those that a device's stack sees one at a time. */
static BOOLEAN PopIsQueued(PPOP_IRP Entry)
{
    return Entry->Type == DevicePowerState && Entry->MinorFunction != IRP_MN_WAIT_WAKE;
}

static BOOLEAN PopIsInrush(PPOP_IRP Entry)
{
    return Entry->AtDispatch && PopIsQueued(Entry);
}

/* Under PopLock. */
static BOOLEAN PopMayGo(PPOP_IRP Entry)
{
    PLIST_ENTRY Link;
    BOOLEAN Before = TRUE;

    if (!PopIsQueued(Entry))
        return TRUE;
    for (Link = PopIrps.Flink; Link != &PopIrps; Link = Link->Flink) {
        PPOP_IRP Other = CONTAINING_RECORD(Link, POP_IRP, Link);

        if (Other == Entry) {
            Before = FALSE;
            continue;
        }
        if (Before && PopIsQueued(Other) && Other->Base == Entry->Base)
            return FALSE;
        if (Other->Sent && PopIsInrush(Other) && PopIsInrush(Entry))
            return FALSE;
    }
    return TRUE;
}

static VOID PopCall(PPOP_IRP Entry)
{
    /* It may be gone before the call is back. */
    PDEVICE_OBJECT Top = Entry->Top;
    BOOLEAN Raise = Entry->AtDispatch;
    KIRQL OldIrql = PASSIVE_LEVEL;

    if (Raise)
        KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    (void)IofCallDriver(Top, Entry->Irp); /* io hands it to a thread where the IRQL is too high */
    if (Raise)
        KeLowerIrql(OldIrql);
}

/*
 * Sends what may go now. An IRP that completes at once comes back here, on the same stack; so that
 * many of them do not nest without an end, from some depth on they are left to the caller that is
 * on the stack already: it looks again when its call is back.
 */
#define POP_DEEPEST 8
static __thread ULONG PopDepth;

static VOID PopSendWaiting(VOID)
{
    if (PopDepth == POP_DEEPEST)
        return;
    PopDepth++;
    for (;;) {
        PPOP_IRP Entry = NULL;
        PLIST_ENTRY Link;

        KiLock(&PopLock);
        for (Link = PopIrps.Flink; Link != &PopIrps && Entry == NULL; Link = Link->Flink) {
            PPOP_IRP Other = CONTAINING_RECORD(Link, POP_IRP, Link);

            if (!Other->Sent && PopMayGo(Other))
                Entry = Other;
        }
        if (Entry != NULL)
            Entry->Sent = TRUE;
        KiUnlock(&PopLock);
        if (Entry == NULL)
            break;
        PopCall(Entry);
    }
    PopDepth--;
}

/* ---- its end ---- */

static VOID PopEndBroadcast(PPOP_BROADCAST Broadcast, PDEVICE_OBJECT Base, NTSTATUS Status)
{
    BOOLEAN Last;

    KiLock(&PopLock);
    if (!NT_SUCCESS(Status) && NT_SUCCESS(Broadcast->Status)) {
        Broadcast->Status = Status;
        ObReferenceObject(Base);
        Broadcast->Refused = Base;
    }
    Last = --Broadcast->Left == 0;
    KiUnlock(&PopLock);
    if (Last)
        KeSetEvent(&Broadcast->Done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS NTAPI PopDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PPOP_IRP Entry = Context;
    IO_STATUS_BLOCK IoStatus = Irp->IoStatus;
    PO_WAKE *Wake;

    UNREFERENCED_PARAMETER(DeviceObject);
    PopNoteDropped(Entry, IoStatus.Status);
    /* From here on it is over: the requestor's routine may ask for the next, or delete the device.
     */
    KiLock(&PopLock);
    RemoveEntryList(&Entry->Link);
    KiUnlock(&PopLock);
    /* The routine may look at the IRP that *Irp gave it (a wait-wake); it is gone when it returns.
     */
    if (Entry->Routine != NULL)
        Entry->Routine(Entry->Device, Entry->MinorFunction, Entry->State, Entry->Context,
                       &IoStatus);
    if (Entry->MinorFunction == IRP_MN_WAIT_WAKE && NT_SUCCESS(IoStatus.Status) &&
        PoQuerySystemPower() != PowerSystemWorking) {
        Wake = atomic_load(&PopWakeCallout);
        if (Wake != NULL)
            Wake();
    }
    IoFreeIrp(Irp);
    if (Entry->Broadcast != NULL)
        PopEndBroadcast(Entry->Broadcast, Entry->Base, IoStatus.Status);
    ObDereferenceObject(Entry->Top);
    ObDereferenceObject(Entry->Base);
    ObDereferenceObject(Entry->Device);
    ExFreePoolWithTag(Entry, POP_TAG);
    PopSendWaiting();
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* ---- its making ---- */

PPOP_IRP PopAllocate(PDEVICE_OBJECT Device, UCHAR MinorFunction, POWER_STATE_TYPE Type,
                     POWER_STATE State)
{
    PPOP_IRP Entry = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Entry), POP_TAG);
    PIO_STACK_LOCATION Next;
    ULONG Flags;

    if (Entry == NULL)
        return NULL;
    memset(Entry, 0, sizeof(*Entry));
    Entry->Top = IoGetAttachedDeviceReference(Device);
    Entry->Irp = IoAllocateIrp(Entry->Top->StackSize, FALSE);
    if (Entry->Irp == NULL) {
        ObDereferenceObject(Entry->Top);
        ExFreePoolWithTag(Entry, POP_TAG);
        return NULL;
    }
    Entry->Base = IoGetDeviceAttachmentBaseRef(Device);
    ObReferenceObject(Device);
    Entry->Device = Device;
    Entry->MinorFunction = MinorFunction;
    Entry->Type = Type;
    Entry->State = State;
    Flags = Entry->Base->Flags;
    if (MinorFunction == IRP_MN_SET_POWER &&
        (Type == SystemPowerState ? State.SystemState == PowerSystemWorking
                                  : State.DeviceState == PowerDeviceD0))
        Entry->AtDispatch = (Flags & (DO_POWER_INRUSH | DO_POWER_PAGABLE)) == DO_POWER_INRUSH;

    Entry->Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Entry->Irp->RequestorMode = KernelMode;
    Next = IoGetNextIrpStackLocation(Entry->Irp);
    Next->MajorFunction = IRP_MJ_POWER;
    Next->MinorFunction = MinorFunction;
    if (MinorFunction == IRP_MN_WAIT_WAKE) {
        Next->Parameters.WaitWake.PowerState = State.SystemState;
    } else {
        Next->Parameters.Power.Type = Type;
        Next->Parameters.Power.State = State;
        Next->Parameters.Power.ShutdownType = PopCurrentAction();
    }
    IoSetCompletionRoutine(Entry->Irp, PopDone, Entry, TRUE, TRUE, TRUE);
    return Entry;
}

VOID PopSetContext(PPOP_IRP Entry, POWER_ACTION Action, SYSTEM_POWER_STATE Current,
                   SYSTEM_POWER_STATE Target)
{
    PIO_STACK_LOCATION Next = IoGetNextIrpStackLocation(Entry->Irp);
    SYSTEM_POWER_STATE_CONTEXT *Context = &Next->Parameters.Power.SystemPowerStateContext;

    Context->TargetSystemState = (ULONG)Target;
    Context->EffectiveSystemState = (ULONG)Target;
    Context->CurrentSystemState = (ULONG)Current;
    Next->Parameters.Power.ShutdownType = Action;
}

VOID PopSend(PPOP_IRP Entry)
{
    KiLock(&PopLock);
    InsertTailList(&PopIrps, &Entry->Link);
    Entry->Sent = PopMayGo(Entry);
    if (!Entry->Sent)
        Entry = NULL;
    KiUnlock(&PopLock);
    if (Entry != NULL)
        PopCall(Entry);
}

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                 POWER_STATE PowerState, PREQUEST_POWER_COMPLETE CompletionFunction,
                                 PVOID Context, PIRP *Irp)
{
    PPOP_IRP Entry;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (MinorFunction != IRP_MN_WAIT_WAKE && MinorFunction != IRP_MN_SET_POWER &&
        MinorFunction != IRP_MN_QUERY_POWER)
        return STATUS_INVALID_PARAMETER_2;
    Entry = PopAllocate(DeviceObject, MinorFunction, DevicePowerState, PowerState);
    if (Entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Entry->Routine = CompletionFunction;
    Entry->Context = Context;
    if (Irp != NULL)
        *Irp = Entry->Irp; /* before it can be completed: a driver cancels its wait-wake by it */
    PopSend(Entry);
    return STATUS_PENDING;
}

/* ---- who woke the system ---- */

static BOOLEAN PopWakes(PIRP Irp, BOOLEAN Set)
{
    PLIST_ENTRY Link;
    BOOLEAN Wakes = FALSE;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&PopLock);
    for (Link = PopIrps.Flink; Link != &PopIrps; Link = Link->Flink) {
        PPOP_IRP Entry = CONTAINING_RECORD(Link, POP_IRP, Link);

        if (Entry->Irp != Irp)
            continue;
        if (Set)
            Entry->Wakes = TRUE;
        Wakes = Entry->Wakes;
        break;
    }
    KiUnlock(&PopLock);
    return Wakes;
}

BOOLEAN NTAPI PoGetSystemWake(PIRP Irp)
{
    return PopWakes(Irp, FALSE);
}

VOID NTAPI PoSetSystemWake(PIRP Irp)
{
    (void)PopWakes(Irp, TRUE);
}
