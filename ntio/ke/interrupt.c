/* SPDX-License-Identifier: MIT */
/* interrupt.c - emulated interrupts; the design and the locks are in interrupt.h. */
#include "interrupt.h"
#include "kip.h"

/*
 * A level-sensitive line that stays pulled through so many services is a storm: Windows stops for
 * it too. A device model may let go of its line from another thread, so it is many.
 */
#define KI_STORM_SERVICES 200000
#define KI_INTERRUPT_TYPE 22 /* InterruptObject */
#define KI_UNIQUE_SERVICE 3  /* IRQL_UNEXPECTED_VALUE: after a service routine */

typedef struct DECLSPEC_CACHEALIGN _KI_LINE {
    KI_LOCK StateLock;
    ULONG Pulling;        /* devices that pull it */
    ULONG Changes;        /* how often that changed */
    BOOLEAN Edge;         /* it rose since the service began; latched lines */
    BOOLEAN Exit;         /* the thread is to end */
    _Atomic ULONG Wanted; /* the thread's futex: 1 once it must look */
    KI_LOCK ServiceLock;
    LIST_ENTRY Interrupts;  /* read under either lock, changed under both */
    PKI_HOST_THREAD Thread; /* under KiConnectLock; NULL: nobody is connected */
} KI_LINE;

static KI_LINE KiLines[KI_LINES];
static KI_LOCK KiConnectLock;

static VOID KiWakeLine(KI_LINE *Line)
{
    if (atomic_exchange(&Line->Wanted, 1) == 0)
        KiFutexWake(&Line->Wanted, 1);
}

NTSTATUS KiAssertLine(ULONG Vector)
{
    KI_LINE *Line;
    BOOLEAN Rose;

    if (Vector >= KI_LINES)
        return STATUS_INVALID_PARAMETER;
    Line = &KiLines[Vector];
    KiLock(&Line->StateLock);
    Rose = Line->Pulling++ == 0;
    Line->Changes++;
    if (Rose)
        Line->Edge = TRUE;
    KiUnlock(&Line->StateLock);
    if (Rose)
        KiWakeLine(Line);
    return STATUS_SUCCESS;
}

NTSTATUS KiDeassertLine(ULONG Vector)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KI_LINE *Line;

    if (Vector >= KI_LINES)
        return STATUS_INVALID_PARAMETER;
    Line = &KiLines[Vector];
    KiLock(&Line->StateLock);
    if (Line->Pulling == 0) {
        Status = STATUS_INVALID_DEVICE_STATE;
    } else {
        Line->Pulling--;
        Line->Changes++;
    }
    KiUnlock(&Line->StateLock);
    return Status;
}

/* The service routine of one interrupt, at the line's IRQL. TRUE: it was its device's. */
static BOOLEAN KiCallService(PKTHREAD Thread, PKINTERRUPT Interrupt)
{
    ULONG Held = Thread->SpinLocksHeld;
    BOOLEAN Claimed;

    KiSetIrql(Thread, Interrupt->SynchronizeIrql);
    KeAcquireSpinLockAtDpcLevel(Interrupt->ActualLock);
    Claimed = Interrupt->ServiceRoutine(Interrupt, Interrupt->ServiceContext);
    if (NTIO_UNLIKELY(Thread->Irql != Interrupt->SynchronizeIrql ||
                      Thread->SpinLocksHeld != Held + 1))
        KeBugCheckEx(IRQL_UNEXPECTED_VALUE,
                     (ULONG_PTR)Thread->Irql << 16 | (ULONG_PTR)Interrupt->SynchronizeIrql << 8 |
                         KI_UNIQUE_SERVICE,
                     (ULONG_PTR)Interrupt->ServiceRoutine, (ULONG_PTR)Interrupt,
                     Thread->SpinLocksHeld - Held - 1);
    KeReleaseSpinLockFromDpcLevel(Interrupt->ActualLock);
    KiSetIrql(Thread, Interrupt->Irql);
    return Claimed;
}

static ULONG KiChainLength(KI_LINE *Line)
{
    ULONG Count = 0;

    for (PLIST_ENTRY Entry = Line->Interrupts.Flink; Entry != &Line->Interrupts;
         Entry = Entry->Flink)
        Count++;
    return Count;
}

static DECLSPEC_NORETURN VOID KiStorm(KI_LINE *Line, BOOLEAN Claimed)
{
    PKINTERRUPT First = CONTAINING_RECORD(Line->Interrupts.Flink, KINTERRUPT, Link);

    KeBugCheckEx(HARDWARE_INTERRUPT_STORM, (ULONG_PTR)First->ServiceRoutine, Claimed,
                 (ULONG_PTR)First, KiChainLength(Line));
}

/* One service, under ServiceLock. *Claimed: the last routine's answer, for the storm's report. */
static VOID KiServiceLine(PKTHREAD Thread, KI_LINE *Line, BOOLEAN *Claimed)
{
    PKINTERRUPT First = CONTAINING_RECORD(Line->Interrupts.Flink, KINTERRUPT, Link);
    BOOLEAN Chained = First->Link.Flink != &Line->Interrupts, Again;
    ULONG Passes = 0;

    do {
        if (NTIO_UNLIKELY(Passes++ >= KI_STORM_SERVICES))
            KiStorm(Line, TRUE); /* one of them claims whatever comes */
        Again = FALSE;
        for (PLIST_ENTRY Entry = Line->Interrupts.Flink; Entry != &Line->Interrupts;
             Entry = Entry->Flink) {
            *Claimed = KiCallService(Thread, CONTAINING_RECORD(Entry, KINTERRUPT, Link));
            if (*Claimed && First->Mode == LevelSensitive)
                return; /* if another device pulls too, the line has not fallen */
            Again |= *Claimed && Chained;
        }
        /* An edge that came while the line was up already is seen only by asking all once more. */
    } while (Again);
}

/* What the thread finds when it looks. Services counts those since the line last changed. */
static BOOLEAN KiWantsService(KI_LINE *Line, PKINTERRUPT First, ULONG *Changes, ULONG *Services)
{
    BOOLEAN Wants;

    KiLock(&Line->StateLock);
    Wants = First->Mode == LevelSensitive ? Line->Pulling != 0 : Line->Edge;
    Line->Edge = FALSE;
    *Services = *Changes == Line->Changes ? *Services + 1 : 0;
    *Changes = Line->Changes;
    KiUnlock(&Line->StateLock);
    return Wants;
}

static VOID KiLineThread(PVOID Context)
{
    KI_LINE *Line = Context;
    PKTHREAD Thread = KiThread();
    ULONG Changes = 0, Services = 0;
    BOOLEAN Claimed = FALSE;

    for (;;) {
        PKINTERRUPT First;
        BOOLEAN Exit, Wants;

        KiLock(&Line->ServiceLock);
        KiLock(&Line->StateLock);
        Exit = Line->Exit;
        KiUnlock(&Line->StateLock);
        if (Exit || IsListEmpty(&Line->Interrupts)) {
            KiUnlock(&Line->ServiceLock);
            if (Exit)
                return;
            Wants = FALSE;
        } else {
            First = CONTAINING_RECORD(Line->Interrupts.Flink, KINTERRUPT, Link);
            Wants = KiWantsService(Line, First, &Changes, &Services);
            if (Wants) {
                if (NTIO_UNLIKELY(Services >= KI_STORM_SERVICES))
                    KiStorm(Line, Claimed);
                KeSetSystemAffinityThread(First->Affinity);
                KfRaiseIrql(First->Irql);
                KiServiceLine(Thread, Line, &Claimed);
                KeLowerIrql(PASSIVE_LEVEL);
            }
            KiUnlock(&Line->ServiceLock);
        }
        if (!Wants)
            while (atomic_exchange(&Line->Wanted, 0) == 0)
                KiFutexWait(&Line->Wanted, 0, 0);
    }
}

VOID KeInitializeInterrupt(PKINTERRUPT Interrupt, PKSERVICE_ROUTINE ServiceRoutine,
                           PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                           KIRQL SynchronizeIrql, KINTERRUPT_MODE Mode, BOOLEAN ShareVector,
                           KAFFINITY Affinity)
{
    memset(Interrupt, 0, sizeof(*Interrupt));
    Interrupt->Type = KI_INTERRUPT_TYPE;
    Interrupt->Size = sizeof(*Interrupt);
    InitializeListHead(&Interrupt->Link);
    Interrupt->ServiceRoutine = ServiceRoutine;
    Interrupt->ServiceContext = ServiceContext;
    Interrupt->ActualLock = SpinLock != NULL ? SpinLock : &Interrupt->SpinLock;
    Interrupt->Vector = Vector;
    Interrupt->Irql = Irql;
    Interrupt->SynchronizeIrql = SynchronizeIrql;
    Interrupt->Mode = Mode;
    Interrupt->ShareVector = ShareVector;
    Interrupt->Affinity = Affinity;
}

static BOOLEAN KiMayConnect(PKINTERRUPT Interrupt)
{
    PKINTERRUPT First;
    KI_LINE *Line;

    if (Interrupt->Vector >= KI_LINES || Interrupt->Irql != KiLineIrql(Interrupt->Vector) ||
        Interrupt->SynchronizeIrql < Interrupt->Irql || Interrupt->SynchronizeIrql > HIGH_LEVEL ||
        (Interrupt->Mode != LevelSensitive && Interrupt->Mode != Latched) ||
        (Interrupt->Affinity & KiActiveAffinity()) == 0 || Interrupt->Connected)
        return FALSE;
    Line = &KiLines[Interrupt->Vector];
    if (Line->Thread == NULL)
        return TRUE;
    First = CONTAINING_RECORD(Line->Interrupts.Flink, KINTERRUPT, Link);
    return First->ShareVector && Interrupt->ShareVector && First->Mode == Interrupt->Mode;
}

NTSTATUS KeConnectInterrupt(PKINTERRUPT Interrupt)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KI_LINE *Line;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&KiConnectLock);
    if (!KiMayConnect(Interrupt)) {
        Status = STATUS_INVALID_PARAMETER;
        goto Exit;
    }
    Line = &KiLines[Interrupt->Vector];
    KiLock(&Line->ServiceLock);
    KiLock(&Line->StateLock);
    if (Line->Thread == NULL) {
        InitializeListHead(&Line->Interrupts);
        Line->Edge = FALSE; /* what came while the line was masked is lost */
        Line->Exit = FALSE;
    }
    InsertTailList(&Line->Interrupts, &Interrupt->Link);
    KiUnlock(&Line->StateLock);
    KiUnlock(&Line->ServiceLock);
    if (Line->Thread == NULL) {
        char Name[16];

        snprintf(Name, sizeof(Name), "irq-%u", (unsigned)Interrupt->Vector);
        Status = KiCreateHostThread(KiLineThread, Line, Name, &Line->Thread);
        if (!NT_SUCCESS(Status)) {
            InitializeListHead(&Line->Interrupts);
            goto Exit;
        }
    }
    Interrupt->Connected = TRUE;
    KiWakeLine(Line); /* a level that is up already */
Exit:
    KiUnlock(&KiConnectLock);
    return Status;
}

static VOID KiEndLine(KI_LINE *Line)
{
    KiLock(&Line->StateLock);
    Line->Exit = TRUE;
    KiUnlock(&Line->StateLock);
    KiWakeLine(Line);
    KiJoinHostThread(Line->Thread);
    Line->Thread = NULL;
}

BOOLEAN KeDisconnectInterrupt(PKINTERRUPT Interrupt)
{
    KI_LINE *Line = &KiLines[Interrupt->Vector % KI_LINES];
    BOOLEAN Connected;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&KiConnectLock);
    Connected = Interrupt->Connected;
    if (Connected) {
        KiLock(&Line->ServiceLock); /* it does not run now */
        KiLock(&Line->StateLock);
        RemoveEntryList(&Interrupt->Link);
        KiUnlock(&Line->StateLock);
        KiUnlock(&Line->ServiceLock);
        Interrupt->Connected = FALSE;
        if (IsListEmpty(&Line->Interrupts))
            KiEndLine(Line);
    }
    KiUnlock(&KiConnectLock);
    return Connected;
}

VOID KiStopInterrupts(VOID)
{
    KiLock(&KiConnectLock);
    for (ULONG i = 0; i < KI_LINES; i++)
        if (KiLines[i].Thread != NULL)
            KiEndLine(&KiLines[i]);
    KiUnlock(&KiConnectLock);
}

VOID KiEnumerateInterrupts(KI_ENUMERATE_ROUTINE *Each, PVOID Context)
{
    for (ULONG i = 0; i < KI_LINES; i++) {
        KI_LINE *Line = &KiLines[i];

        KiLock(&KiConnectLock);
        if (Line->Thread != NULL) {
            for (PLIST_ENTRY Entry = Line->Interrupts.Flink; Entry != &Line->Interrupts;
                 Entry = Entry->Flink) {
                PKINTERRUPT Interrupt = CONTAINING_RECORD(Entry, KINTERRUPT, Link);

                Each("interrupt", Interrupt, (PVOID)(ULONG_PTR)Interrupt->ServiceRoutine, Context);
            }
        }
        KiUnlock(&KiConnectLock);
    }
}

/* What drivers call to keep their service routine away. */

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt,
                                     PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext)
{
    KIRQL Old = KeAcquireInterruptSpinLock(Interrupt);
    BOOLEAN Result = SynchronizeRoutine(SynchronizeContext);

    KeReleaseInterruptSpinLock(Interrupt, Old);
    return Result;
}

/* Above SynchronizeIrql raising stops the host with IRQL_NOT_GREATER_OR_EQUAL. */
KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    KIRQL Old = KfRaiseIrql(Interrupt->SynchronizeIrql);

    KeAcquireSpinLockAtDpcLevel(Interrupt->ActualLock);
    return Old;
}

VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    if (NTIO_UNLIKELY(KeGetCurrentIrql() != Interrupt->SynchronizeIrql))
        VfStop(0x32, KeGetCurrentIrql(), (ULONG_PTR)Interrupt->ActualLock, 0,
               "KeReleaseInterruptSpinLock at another IRQL than SynchronizeIrql");
    KeReleaseSpinLockFromDpcLevel(Interrupt->ActualLock);
    KeLowerIrql(OldIrql);
}
