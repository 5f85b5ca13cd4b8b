/* SPDX-License-Identifier: MIT */
/*
 * timer.c - timers with handles and names.
 *
 * The body begins with a KTIMER, which is what is waited for. A timer that is to call a routine has
 * a DPC that queues an APC to the thread that set it. From its setting until it is stopped it holds
 * a reference on itself, and another while the APC is queued, so that neither meets storage that
 * has gone; the last handle's end stops it.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

POBJECT_TYPE ObpTimerType;

typedef struct _OBP_TIMER {
    KTIMER Timer;
    KDPC Dpc;
    KAPC Apc;
    KI_LOCK SetLock; /* setting and cancelling, one at a time; PASSIVE_LEVEL */
    PETHREAD Thread; /* referenced; NULL: it calls nobody. SetLock, and the DPC */
} OBP_TIMER, *POBP_TIMER;

static VOID NTAPI ObpTimerApcKernel(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine,
                                    PVOID *NormalContext, PVOID *SystemArgument1,
                                    PVOID *SystemArgument2)
{
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    ObDereferenceObject(CONTAINING_RECORD(Apc, OBP_TIMER, Apc));
}

static VOID NTAPI ObpTimerApcRundown(PKAPC Apc)
{
    ObDereferenceObject(CONTAINING_RECORD(Apc, OBP_TIMER, Apc));
}

/* The routine gets the time as two halves. Its thread may be ending, or have the last call still
 * before it: then this one is left out, as on Windows. */
static VOID NTAPI ObpTimerDpc(PKDPC Dpc, PVOID Context, PVOID SystemArgument1,
                              PVOID SystemArgument2)
{
    POBP_TIMER Timer = Context;
    LARGE_INTEGER Now;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KeQuerySystemTime(&Now);
    ObReferenceObject(Timer);
    if (!KeInsertQueueApc(&Timer->Apc, (PVOID)(ULONG_PTR)Now.LowPart, (PVOID)(LONG_PTR)Now.HighPart,
                          0))
        ObDereferenceObject(Timer);
}

/* Under SetLock. After it neither DPC nor APC is queued or runs. */
static BOOLEAN ObpStopTimer(POBP_TIMER Timer)
{
    BOOLEAN Active = KeCancelTimer(&Timer->Timer);

    if (Timer->Thread != NULL) {
        KeRemoveQueueDpc(&Timer->Dpc);
        KeFlushQueuedDpcs();
        if (KeRemoveQueueApc(&Timer->Apc))
            ObDereferenceObject(Timer);
        ObDereferenceObject(Timer->Thread);
        Timer->Thread = NULL;
        ObDereferenceObject(Timer); /* not the last: the caller has one */
    }
    return Active;
}

static VOID ObpCloseTimer(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess,
                          ULONG ProcessHandleCount, ULONG SystemHandleCount)
{
    POBP_TIMER Timer = Object;

    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(GrantedAccess);
    UNREFERENCED_PARAMETER(ProcessHandleCount);
    if (SystemHandleCount != 1)
        return;
    KiLock(&Timer->SetLock);
    ObpStopTimer(Timer);
    KiUnlock(&Timer->SetLock);
}

static VOID ObpTimerBody(PVOID Object, PVOID Context)
{
    POBP_TIMER Timer = Object;

    KeInitializeTimerEx(&Timer->Timer, *(TIMER_TYPE *)Context);
    KeInitializeDpc(&Timer->Dpc, ObpTimerDpc, Timer);
}

NTSTATUS ObpInitializeTimerType(VOID)
{
    static const GENERIC_MAPPING Mapping = {
        STANDARD_RIGHTS_READ | TIMER_QUERY_STATE, STANDARD_RIGHTS_WRITE | TIMER_MODIFY_STATE,
        STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, TIMER_ALL_ACCESS};
    static const OB_TYPE_INFO Info = {.Name = L"Timer", .Waitable = TRUE, .Close = ObpCloseTimer};

    return ObpCreateTypeEx(&Info, &Mapping, &ObpTimerType);
}

static NTSTATUS ObpCreateTimer(KPROCESSOR_MODE Mode, PHANDLE Handle, ACCESS_MASK Access,
                               POBJECT_ATTRIBUTES Attributes, TIMER_TYPE Type)
{
    if (Type != NotificationTimer && Type != SynchronizationTimer)
        return STATUS_INVALID_PARAMETER_4;
    return ObpCreateService(ObpTimerType, sizeof(OBP_TIMER), Mode, Handle, Access, Attributes,
                            ObpTimerBody, &Type);
}

NTSTATUS NTAPI NtCreateTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, TIMER_TYPE TimerType)
{
    return ObpCreateTimer(ExGetPreviousMode(), TimerHandle, DesiredAccess, ObjectAttributes,
                          TimerType);
}

NTSTATUS NTAPI ZwCreateTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, TIMER_TYPE TimerType)
{
    return ObpCreateTimer(KernelMode, TimerHandle, DesiredAccess, ObjectAttributes, TimerType);
}

NTSTATUS NTAPI NtOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ObpTimerType, ExGetPreviousMode(), TimerHandle, DesiredAccess,
                          ObjectAttributes);
}

NTSTATUS NTAPI ZwOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ObpTimerType, KernelMode, TimerHandle, DesiredAccess, ObjectAttributes);
}

static NTSTATUS ObpSetTimer(KPROCESSOR_MODE Mode, HANDLE Handle, PLARGE_INTEGER DueTime,
                            PTIMER_APC_ROUTINE Routine, PVOID Context, BOOLEAN Resume, LONG Period,
                            PBOOLEAN PreviousState)
{
    LARGE_INTEGER Due;
    POBP_TIMER Timer;
    PVOID Object;
    BOOLEAN Before;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpProbe(Mode, DueTime, sizeof(*DueTime), FALSE);
    if (NT_SUCCESS(Status) && PreviousState != NULL)
        Status = ObpProbe(Mode, PreviousState, sizeof(*PreviousState), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    Due = *DueTime;
    if (Period < 0)
        return STATUS_INVALID_PARAMETER_6;
    Status =
        ObReferenceObjectByHandle(Handle, TIMER_MODIFY_STATE, ObpTimerType, Mode, &Object, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Timer = Object;
    KiLock(&Timer->SetLock);
    ObpStopTimer(Timer);
    Before = KeReadStateTimer(&Timer->Timer);
    if (Routine != NULL) {
        Timer->Thread = (PETHREAD)PsGetCurrentThread();
        ObReferenceObject(Timer->Thread);
        ObReferenceObject(Timer);
        KeInitializeApc(&Timer->Apc, &Timer->Thread->Tcb, CurrentApcEnvironment, ObpTimerApcKernel,
                        ObpTimerApcRundown, (PKNORMAL_ROUTINE)(PVOID)Routine, Mode, Context);
    }
    KeSetTimerEx(&Timer->Timer, Due, Period, Routine != NULL ? &Timer->Dpc : NULL);
    KiUnlock(&Timer->SetLock);
    ObDereferenceObject(Timer);
    if (PreviousState != NULL)
        *PreviousState = Before;
    /* It is set; that it wakes no sleeping machine the caller is told. */
    return Resume ? STATUS_TIMER_RESUME_IGNORED : STATUS_SUCCESS;
}

NTSTATUS NTAPI NtSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime,
                          PTIMER_APC_ROUTINE TimerApcRoutine, PVOID TimerContext,
                          BOOLEAN ResumeTimer, LONG Period, PBOOLEAN PreviousState)
{
    return ObpSetTimer(ExGetPreviousMode(), TimerHandle, DueTime, TimerApcRoutine, TimerContext,
                       ResumeTimer, Period, PreviousState);
}

NTSTATUS NTAPI ZwSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime,
                          PTIMER_APC_ROUTINE TimerApcRoutine, PVOID TimerContext,
                          BOOLEAN ResumeTimer, LONG Period, PBOOLEAN PreviousState)
{
    return ObpSetTimer(KernelMode, TimerHandle, DueTime, TimerApcRoutine, TimerContext, ResumeTimer,
                       Period, PreviousState);
}

static NTSTATUS ObpCancelTimer(KPROCESSOR_MODE Mode, HANDLE Handle, PBOOLEAN CurrentState)
{
    POBP_TIMER Timer;
    PVOID Object;
    BOOLEAN State;
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (CurrentState != NULL)
        Status = ObpProbe(Mode, CurrentState, sizeof(*CurrentState), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObReferenceObjectByHandle(Handle, TIMER_MODIFY_STATE, ObpTimerType, Mode, &Object,
                                           NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Timer = Object;
    KiLock(&Timer->SetLock);
    ObpStopTimer(Timer);
    State = KeReadStateTimer(&Timer->Timer);
    KiUnlock(&Timer->SetLock);
    ObDereferenceObject(Timer);
    if (CurrentState != NULL)
        *CurrentState = State;
    return Status;
}

NTSTATUS NTAPI NtCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState)
{
    return ObpCancelTimer(ExGetPreviousMode(), TimerHandle, CurrentState);
}

NTSTATUS NTAPI ZwCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState)
{
    return ObpCancelTimer(KernelMode, TimerHandle, CurrentState);
}
