/* SPDX-License-Identifier: MIT */
/* clocks.c - the device's timer, timers with DPCs, the four ways to wait, the clocks. */
#include "labtime.h"

static KDEFERRED_ROUTINE TimeCountRun, TimeNoteOrder, TimeNoteProcessor;

/* ---- the device's timer ---- */

/* Once a second, at DISPATCH_LEVEL. */
VOID NTAPI TimeTick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PTIME_EXTENSION Extension = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedExchange(&Extension->TickIrql, KeGetCurrentIrql());
    InterlockedIncrement(&Extension->Ticks);
}

/* ---- a timer with a DPC ---- */

typedef struct _TIME_RUNS {
    KEVENT Done;
    LONG Runs, Wanted;
    LONG Irql;
    ULONG64 First, Last;
} TIME_RUNS;

static VOID NTAPI TimeCountRun(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    TIME_RUNS *Runs = Context;
    LONG Run = InterlockedIncrement(&Runs->Runs);
    ULONG64 Now = KeQueryInterruptTime();

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (Run == 1) {
        Runs->First = Now;
        Runs->Irql = KeGetCurrentIrql();
    }
    if (Run == Runs->Wanted) {
        Runs->Last = Now;
        KeSetEvent(&Runs->Done, IO_NO_INCREMENT, FALSE);
    }
}

static NTSTATUS TimeDpc(const TIME_DPC_REQUEST *In, TIME_DPC_RESULT *Out)
{
    ULONG Milliseconds = In->Milliseconds, Count = In->Count; /* Out lies over In */
    LARGE_INTEGER Due, Pause;
    ULONG64 Start;
    TIME_RUNS Runs;
    KTIMER Timer;
    KDPC Dpc;

    if (Count == 0 || Count > 1000 || Milliseconds > 10000)
        return STATUS_INVALID_PARAMETER;
    KeInitializeEvent(&Runs.Done, NotificationEvent, FALSE);
    Runs.Runs = 0;
    Runs.Wanted = (LONG)Count;
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, TimeCountRun, &Runs);
    Due.QuadPart = -10000LL * Milliseconds;
    Start = KeQueryInterruptTime();
    KeSetTimerEx(&Timer, Due, Count == 1 ? 0 : (LONG)Milliseconds, &Dpc);
    KeWaitForSingleObject(&Runs.Done, Executive, KernelMode, FALSE, NULL);
    Out->WasSet = KeCancelTimer(&Timer);
    /* Cancelled it queues no more; what it has queued has run when this returns. Only now may
     * timer, DPC and counter go. */
    KeFlushQueuedDpcs();
    Out->Runs = (ULONG)Runs.Runs;
    Pause.QuadPart = -30000LL * Milliseconds;
    KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    Out->Later = (ULONG)Runs.Runs - Out->Runs;
    Out->Irql = (ULONG)Runs.Irql;
    Out->First = Runs.First - Start;
    Out->Last = Runs.Last - Start;
    return STATUS_SUCCESS;
}

/* ---- importance and target of a DPC ---- */

typedef struct _TIME_ORDER {
    KEVENT Done;
    LONG Count;
    ULONG Order[3];
} TIME_ORDER;

static VOID NTAPI TimeNoteOrder(PKDPC Dpc, PVOID Context, PVOID Who, PVOID Argument2)
{
    TIME_ORDER *Order = Context;
    LONG Place = InterlockedIncrement(&Order->Count);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument2);
    Order->Order[Place - 1] = (ULONG)(ULONG_PTR)Who;
    if (Place == 3)
        KeSetEvent(&Order->Done, IO_NO_INCREMENT, FALSE);
}

static VOID TimeImportance(TIME_TARGETS *Out)
{
    static const KDPC_IMPORTANCE Importance[3] = {LowImportance, MediumImportance, HighImportance};
    TIME_ORDER Order;
    KDPC Dpc[3];
    KIRQL Irql;

    KeInitializeEvent(&Order.Done, NotificationEvent, FALSE);
    Order.Count = 0;
    /* On processor 0 at DISPATCH_LEVEL: its DPCs run when this IRQL falls, not before. */
    KeSetSystemAffinityThread(1);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    for (ULONG i = 0; i < 3; i++) {
        KeInitializeDpc(&Dpc[i], TimeNoteOrder, &Order);
        KeSetImportanceDpc(&Dpc[i], Importance[i]);
        KeSetTargetProcessorDpc(&Dpc[i], 0);
        KeInsertQueueDpc(&Dpc[i], (PVOID)(ULONG_PTR)i, NULL);
    }
    Out->QueuedTwice = KeInsertQueueDpc(&Dpc[0], (PVOID)(ULONG_PTR)99, NULL);
    KeLowerIrql(Irql);
    KeRevertToUserAffinityThread();
    KeWaitForSingleObject(&Order.Done, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs(); /* the last of them may not have returned */
    RtlCopyMemory(Out->Order, Order.Order, sizeof(Out->Order));
}

static VOID NTAPI TimeNoteProcessor(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    *(ULONG *)Context = KeGetCurrentProcessorNumber();
    KeSetEvent(Argument2, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS TimeTargets(TIME_TARGETS *Out)
{
    RtlZeroMemory(Out, sizeof(*Out));
    TimeImportance(Out);
    Out->Processors = KeQueryActiveProcessorCount(NULL);
    for (ULONG i = 0; i < Out->Processors && i < RTL_NUMBER_OF(Out->RanOn); i++) {
        ULONG RanOn = MAXULONG;
        KEVENT Ran;
        KDPC Dpc;

        KeInitializeEvent(&Ran, NotificationEvent, FALSE);
        KeInitializeDpc(&Dpc, TimeNoteProcessor, &RanOn);
        KeSetTargetProcessorDpc(&Dpc, (CCHAR)i);
        KeInsertQueueDpc(&Dpc, NULL, &Ran);
        KeWaitForSingleObject(&Ran, Executive, KernelMode, FALSE, NULL);
        KeFlushQueuedDpcs();
        Out->RanOn[i] = RanOn;
    }
    return STATUS_SUCCESS;
}

/* ---- the four ways to wait ---- */

static NTSTATUS TimeWaits(ULONG Microseconds, TIME_WAITS_RESULT *Out)
{
    LARGE_INTEGER Interval;
    ULONG64 Start[TIME_WAYS + 1];
    KEVENT Never;
    KTIMER Timer;

    if (Microseconds > 100000)
        return STATUS_INVALID_PARAMETER;
    Interval.QuadPart = -10LL * Microseconds;
    KeInitializeEvent(&Never, NotificationEvent, FALSE);
    KeInitializeTimer(&Timer);

    Start[TIME_STALL] = KeQueryInterruptTime();
    /* Busy: no other thread runs on this processor. Meant for some 50 microseconds at the most. */
    KeStallExecutionProcessor(Microseconds);
    Out->Status[TIME_STALL] = 0;
    Start[TIME_DELAY] = KeQueryInterruptTime();
    Out->Status[TIME_DELAY] = (ULONG)KeDelayExecutionThread(KernelMode, FALSE, &Interval);
    Start[TIME_EVENT] = KeQueryInterruptTime();
    Out->Status[TIME_EVENT] =
        (ULONG)KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, &Interval);
    Start[TIME_TIMER] = KeQueryInterruptTime();
    KeSetTimer(&Timer, Interval, NULL);
    Out->Status[TIME_TIMER] =
        (ULONG)KeWaitForSingleObject(&Timer, Executive, KernelMode, FALSE, NULL);
    Start[TIME_WAYS] = KeQueryInterruptTime();
    for (ULONG i = 0; i < TIME_WAYS; i++)
        Out->Took[i] = Start[i + 1] - Start[i];
    return STATUS_SUCCESS;
}

/* ---- the clocks ---- */

static NTSTATUS TimeClocks(TIME_CLOCKS *Out)
{
    LARGE_INTEGER System, Local, Ticks, Again;
    TIME_FIELDS Fields;

    KeQuerySystemTime(&System);
    ExSystemTimeToLocalTime(&System, &Local);
    KeQueryTickCount(&Ticks);
    RtlTimeToTimeFields(&Local, &Fields);
    if (!RtlTimeFieldsToTime(&Fields, &Again))
        return STATUS_UNSUCCESSFUL;
    Out->System = System.QuadPart;
    Out->Local = Local.QuadPart;
    Out->Again = Again.QuadPart;
    Out->Ticks = (ULONG64)Ticks.QuadPart;
    Out->Interrupt = KeQueryInterruptTime();
    Out->Increment = KeQueryTimeIncrement();
    Out->Year = (USHORT)Fields.Year;
    Out->Month = (USHORT)Fields.Month;
    Out->Day = (USHORT)Fields.Day;
    Out->Hour = (USHORT)Fields.Hour;
    Out->Minute = (USHORT)Fields.Minute;
    Out->Second = (USHORT)Fields.Second;
    Out->Milliseconds = (USHORT)Fields.Milliseconds;
    Out->Weekday = (USHORT)Fields.Weekday; /* 0: Sunday */
    Out->Padding = 0;
    return STATUS_SUCCESS;
}

/* ---- dispatch ---- */

static NTSTATUS TimeStartStop(PDEVICE_OBJECT DeviceObject, ULONG Start)
{
    PTIME_EXTENSION Extension = DeviceObject->DeviceExtension;

    IoStopTimer(DeviceObject); /* the routine does not run any more when this returns */
    if (Start != 0) {
        InterlockedExchange(&Extension->Ticks, 0);
        IoStartTimer(DeviceObject);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS TimeSetLimit(PTIME_EXTENSION Extension, ULONG Milliseconds)
{
    if (Milliseconds > 600000)
        return STATUS_INVALID_PARAMETER;
    InterlockedExchange(&Extension->Limit, (LONG)Milliseconds);
    return STATUS_SUCCESS;
}

static LONG TimeLook(LONG *Value)
{
    return InterlockedCompareExchange(Value, 0, 0);
}

static NTSTATUS TimeCounts(PTIME_EXTENSION Extension, TIME_COUNTS *Out)
{
    Out->Reads = (ULONG)TimeLook(&Extension->Count.Reads);
    Out->InTime = (ULONG)TimeLook(&Extension->Count.InTime);
    Out->TimedOut = (ULONG)TimeLook(&Extension->Count.TimedOut);
    Out->Cancelled = (ULONG)TimeLook(&Extension->Count.Cancelled);
    Out->Timers = (ULONG)TimeLook(&Extension->Count.Timers);
    Out->Expired = (ULONG)TimeLook(&Extension->Count.Expired);
    return STATUS_SUCCESS;
}

static NTSTATUS TimeIoTicks(PTIME_EXTENSION Extension, TIME_IO_TICKS *Out)
{
    Out->Ticks = (ULONG)TimeLook(&Extension->Ticks);
    Out->Irql = (ULONG)TimeLook(&Extension->TickIrql);
    return STATUS_SUCCESS;
}

/* What each code brings and takes. */
static const struct {
    ULONG Code, In, Out;
} Sizes[] = {
    {IOCTL_TIME_CLOCKS, 0, sizeof(TIME_CLOCKS)},
    {IOCTL_TIME_IO_TIMER, sizeof(ULONG), 0},
    {IOCTL_TIME_IO_TICKS, 0, sizeof(TIME_IO_TICKS)},
    {IOCTL_TIME_DPC, sizeof(TIME_DPC_REQUEST), sizeof(TIME_DPC_RESULT)},
    {IOCTL_TIME_TARGETS, 0, sizeof(TIME_TARGETS)},
    {IOCTL_TIME_WAITS, sizeof(ULONG), sizeof(TIME_WAITS_RESULT)},
    {IOCTL_TIME_SET_LIMIT, sizeof(ULONG), 0},
    {IOCTL_TIME_COUNTS, 0, sizeof(TIME_COUNTS)},
};

static NTSTATUS TimeRun(PDEVICE_OBJECT DeviceObject, ULONG Code, PVOID Buffer)
{
    PTIME_EXTENSION Extension = DeviceObject->DeviceExtension;

    switch (Code) {
    case IOCTL_TIME_CLOCKS:
        return TimeClocks(Buffer);
    case IOCTL_TIME_IO_TIMER:
        return TimeStartStop(DeviceObject, *(ULONG *)Buffer);
    case IOCTL_TIME_IO_TICKS:
        return TimeIoTicks(Extension, Buffer);
    case IOCTL_TIME_DPC:
        return TimeDpc(Buffer, Buffer);
    case IOCTL_TIME_TARGETS:
        return TimeTargets(Buffer);
    case IOCTL_TIME_WAITS:
        return TimeWaits(*(ULONG *)Buffer, Buffer);
    case IOCTL_TIME_SET_LIMIT:
        return TimeSetLimit(Extension, *(ULONG *)Buffer);
    default:
        return TimeCounts(Extension, Buffer);
    }
}

NTSTATUS NTAPI TimeControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode, i;
    NTSTATUS Status;

    for (i = 0; i < RTL_NUMBER_OF(Sizes) && Sizes[i].Code != Code; i++)
        ;
    if (i == RTL_NUMBER_OF(Sizes))
        return TimeComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < Sizes[i].In ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < Sizes[i].Out)
        return TimeComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    Status = TimeRun(DeviceObject, Code, Irp->AssociatedIrp.SystemBuffer);
    return TimeComplete(Irp, Status, NT_SUCCESS(Status) ? Sizes[i].Out : 0);
}
