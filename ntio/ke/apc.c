/* SPDX-License-Identifier: MIT */
/*
 * apc.c - asynchronous procedure calls, alerts, critical and guarded regions.
 *
 * A kernel APC runs in its thread as soon as that is at PASSIVE_LEVEL with APCs enabled and comes
 * by here: when it lowers its IRQL, leaves a region, waits, or is waiting (then the wait is left,
 * and taken up again afterwards). A thread that only computes is not interrupted. User APCs run at
 * the end of an alertable user mode wait. A thread's two lists, Alerted and ApcQueueable are under
 * its ApcLock; nothing is called under it.
 */
#include "kip.h"

static PKI_LOCK KiApcLock(PKTHREAD Thread)
{
    C_ASSERT(sizeof(KI_LOCK) == sizeof(Thread->ApcLock));
    return (PKI_LOCK)&Thread->ApcLock;
}

enum { KiApcKernel, KiApcRundown, KiApcNormal }; /* of KAPC.Reserved */

/* ApcLock held. The two flags are hints for those who have not got it. */
static VOID KiUpdatePending(PKTHREAD Thread)
{
    __atomic_store_n(&Thread->UserApcPending,
                     Thread->Alerted[KernelMode] || Thread->Alerted[UserMode] ||
                         !IsListEmpty(&Thread->ApcListHead[UserMode]),
                     __ATOMIC_SEQ_CST);
    atomic_store(&Thread->KernelApcPending, !IsListEmpty(&Thread->ApcListHead[KernelMode]));
}

VOID NTAPI KeInitializeApc(PRKAPC Apc, PRKTHREAD Thread, KAPC_ENVIRONMENT Environment,
                           PKKERNEL_ROUTINE KernelRoutine, PKRUNDOWN_ROUTINE RundownRoutine,
                           PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE ApcMode,
                           PVOID NormalContext)
{
    memset(Apc, 0, sizeof(*Apc));
    Apc->Type = ApcObject;
    Apc->Size = sizeof(*Apc);
    Apc->Thread = Thread;
    Apc->ApcStateIndex = (CCHAR)Environment;
    Apc->Reserved[KiApcKernel] = (PVOID)(ULONG_PTR)KernelRoutine;
    Apc->Reserved[KiApcRundown] = (PVOID)(ULONG_PTR)RundownRoutine;
    Apc->Reserved[KiApcNormal] = (PVOID)(ULONG_PTR)NormalRoutine;
    /* Without a normal routine it is a special kernel APC. */
    Apc->ApcMode = NormalRoutine != NULL ? ApcMode : KernelMode;
    Apc->NormalContext = NormalRoutine != NULL ? NormalContext : NULL;
}

BOOLEAN NTAPI KeInsertQueueApc(PRKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2,
                               KPRIORITY Increment)
{
    PKTHREAD Thread = Apc->Thread;
    PLIST_ENTRY Head = &Thread->ApcListHead[(UCHAR)Apc->ApcMode], After;
    KI_CLAIMED Claimed = {NULL};
    BOOLEAN Inserted = FALSE;

    UNREFERENCED_PARAMETER(Increment);
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(KiApcLock(Thread));
    if (Thread->ApcQueueable && !Apc->Inserted) {
        Apc->SystemArgument1 = SystemArgument1;
        Apc->SystemArgument2 = SystemArgument2;
        Apc->Inserted = Inserted = TRUE;
        After = Head->Blink;
        /* Special kernel APCs stand before the normal ones. */
        if (Apc->Reserved[KiApcNormal] == NULL)
            while (After != Head &&
                   CONTAINING_RECORD(After, KAPC, ApcListEntry)->Reserved[KiApcNormal] != NULL)
                After = After->Blink;
        InsertHeadList(After, &Apc->ApcListEntry);
        KiUpdatePending(Thread);
        KiClaimForRetest(Thread, &Claimed);
    }
    KiUnlock(KiApcLock(Thread));
    KiPublish(&Claimed);
    if (Inserted && Thread == KiCurrentThread)
        KiCheckKernelApcs(Thread);
    return Inserted;
}

BOOLEAN NTAPI KeRemoveQueueApc(PRKAPC Apc)
{
    PKTHREAD Thread = Apc->Thread;
    BOOLEAN Removed;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(KiApcLock(Thread));
    Removed = Apc->Inserted;
    if (Removed) {
        Apc->Inserted = FALSE;
        RemoveEntryList(&Apc->ApcListEntry);
        KiUpdatePending(Thread);
    }
    KiUnlock(KiApcLock(Thread));
    return Removed;
}

/* ApcLock held: the kernel APC that may run now. */
static PKAPC KiFirstKernelApc(PKTHREAD Thread)
{
    PLIST_ENTRY Head = &Thread->ApcListHead[KernelMode];
    PKAPC Apc;

    if (IsListEmpty(Head) || Thread->SpecialApcDisable != 0)
        return NULL;
    Apc = CONTAINING_RECORD(Head->Flink, KAPC, ApcListEntry);
    if (Apc->Reserved[KiApcNormal] != NULL &&
        (Thread->KernelApcDisable != 0 || Thread->KernelApcInProgress))
        return NULL;
    return Apc;
}

BOOLEAN NTAPI KiKernelApcDue(PKTHREAD Thread)
{
    BOOLEAN Due;

    if (!atomic_load(&Thread->KernelApcPending) || Thread->Irql != PASSIVE_LEVEL)
        return FALSE;
    KiLock(KiApcLock(Thread));
    Due = KiFirstKernelApc(Thread) != NULL;
    KiUnlock(KiApcLock(Thread));
    return Due;
}

static VOID KiCheckApcReturn(PKAPC Apc, PVOID Routine, KIRQL Expected)
{
    KIRQL Irql = KeGetCurrentIrql();

    if (Irql != Expected)
        KeBugCheckEx(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)Irql << 16 | (ULONG_PTR)Expected << 8 | 0,
                     (ULONG_PTR)Routine, (ULONG_PTR)Apc, 0);
}

/* What an APC asks for, copied while it is taken off its list: from then on its owner may queue it
 * again with other arguments. */
typedef struct _KI_APC_CALL {
    PKKERNEL_ROUTINE Kernel;
    PKNORMAL_ROUTINE Normal;
    PVOID Context, Argument1, Argument2;
} KI_APC_CALL;

/* ApcLock held. */
static VOID KiTakeApc(PKTHREAD Thread, PKAPC Apc, KI_APC_CALL *Call)
{
    RemoveEntryList(&Apc->ApcListEntry);
    Call->Kernel = (PKKERNEL_ROUTINE)(ULONG_PTR)Apc->Reserved[KiApcKernel];
    Call->Normal = (PKNORMAL_ROUTINE)(ULONG_PTR)Apc->Reserved[KiApcNormal];
    Call->Context = Apc->NormalContext;
    Call->Argument1 = Apc->SystemArgument1;
    Call->Argument2 = Apc->SystemArgument2;
    Apc->Inserted = FALSE;
    KiUpdatePending(Thread);
}

/* The kernel routine may free Apc. What remains to be run is in *Call. */
static VOID KiRunKernelRoutine(PKTHREAD Thread, PKAPC Apc, KI_APC_CALL *Call)
{
    KiSetIrql(Thread, APC_LEVEL);
    Call->Kernel(Apc, &Call->Normal, &Call->Context, &Call->Argument1, &Call->Argument2);
    KiCheckApcReturn(Apc, (PVOID)(ULONG_PTR)Call->Kernel, APC_LEVEL);
    KiSetIrql(Thread, PASSIVE_LEVEL);
}

VOID NTAPI KiDeliverKernelApcs(PKTHREAD Thread)
{
    KI_APC_CALL Call;

    for (;;) {
        PKAPC Apc;

        KiLock(KiApcLock(Thread));
        Apc = KiFirstKernelApc(Thread);
        if (Apc != NULL)
            KiTakeApc(Thread, Apc, &Call);
        KiUnlock(KiApcLock(Thread));
        if (Apc == NULL)
            return;
        KiRunKernelRoutine(Thread, Apc, &Call);
        if (Call.Normal != NULL) {
            Thread->KernelApcInProgress = TRUE;
            Call.Normal(Call.Context, Call.Argument1, Call.Argument2);
            KiCheckApcReturn(Apc, (PVOID)(ULONG_PTR)Call.Normal, PASSIVE_LEVEL);
            Thread->KernelApcInProgress = FALSE;
        }
    }
}

BOOLEAN NTAPI KiDeliverUserApcs(VOID)
{
    PKTHREAD Thread = KiThread();
    BOOLEAN Any = FALSE;
    KI_APC_CALL Call;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    for (;;) {
        PKAPC Apc = NULL;

        KiLock(KiApcLock(Thread));
        if (!IsListEmpty(&Thread->ApcListHead[UserMode])) {
            Apc = CONTAINING_RECORD(Thread->ApcListHead[UserMode].Flink, KAPC, ApcListEntry);
            KiTakeApc(Thread, Apc, &Call);
        }
        KiUnlock(KiApcLock(Thread));
        if (Apc == NULL)
            return Any;
        Any = TRUE;
        KiRunKernelRoutine(Thread, Apc, &Call);
        if (Call.Normal != NULL)
            Call.Normal(Call.Context, Call.Argument1, Call.Argument2);
    }
}

NTSTATUS NTAPI KiTestAlert(PKTHREAD Thread, KPROCESSOR_MODE Mode, BOOLEAN Alertable,
                           BOOLEAN Consume)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (!Alertable || !__atomic_load_n(&Thread->UserApcPending, __ATOMIC_SEQ_CST))
        return STATUS_SUCCESS;
    KiLock(KiApcLock(Thread));
    if (Thread->Alerted[(UCHAR)Mode]) {
        Status = STATUS_ALERTED;
        if (Consume)
            Thread->Alerted[(UCHAR)Mode] = FALSE;
    } else if (Mode == UserMode && !IsListEmpty(&Thread->ApcListHead[UserMode])) {
        Status = STATUS_USER_APC;
    } else if (Thread->Alerted[KernelMode]) {
        Status = STATUS_ALERTED;
        if (Consume)
            Thread->Alerted[KernelMode] = FALSE;
    }
    if (Consume)
        KiUpdatePending(Thread);
    KiUnlock(KiApcLock(Thread));
    return Status;
}

BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode)
{
    KI_CLAIMED Claimed = {NULL};
    BOOLEAN Before;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(KiApcLock(Thread));
    Before = Thread->Alerted[(UCHAR)AlertMode];
    Thread->Alerted[(UCHAR)AlertMode] = TRUE;
    KiUpdatePending(Thread);
    KiClaimForRetest(Thread, &Claimed);
    KiUnlock(KiApcLock(Thread));
    KiPublish(&Claimed);
    return Before;
}

VOID NTAPI KiAlertThread(PKTHREAD Thread, NTSTATUS Status)
{
    KI_CLAIMED Claimed = {NULL};

    if (Status == STATUS_ALERTED) {
        KeAlertThread(Thread, KernelMode);
        return;
    }
    KiLock(KiApcLock(Thread));
    KiClaimForRetest(Thread, &Claimed);
    KiUnlock(KiApcLock(Thread));
    KiPublish(&Claimed);
}

/* Takes the alert of this mode, if there is one. User APCs run at the next return to user mode:
 * KiDeliverUserApcs. */
BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE AlertMode)
{
    PKTHREAD Thread = KiThread();
    BOOLEAN Before;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(KiApcLock(Thread));
    Before = Thread->Alerted[(UCHAR)AlertMode];
    Thread->Alerted[(UCHAR)AlertMode] = FALSE;
    KiUpdatePending(Thread);
    KiUnlock(KiApcLock(Thread));
    return Before;
}

/*
 * The thread ends: no APC comes in any more. Kernel ones that are there still run; user ones are
 * run down, which is their rundown routine, or their kernel routine where they have none.
 */
VOID KiRundownApcs(PKTHREAD Thread)
{
    KI_APC_CALL Call;

    KiCheckKernelApcs(Thread);
    KiLock(KiApcLock(Thread));
    Thread->ApcQueueable = FALSE;
    KiUnlock(KiApcLock(Thread));
    KiCheckKernelApcs(Thread);
    for (;;) {
        PKRUNDOWN_ROUTINE Rundown = NULL;
        PKAPC Apc = NULL;

        /* Whoever queued one may be taking it back (KeRemoveQueueApc). */
        KiLock(KiApcLock(Thread));
        if (!IsListEmpty(&Thread->ApcListHead[UserMode])) {
            Apc = CONTAINING_RECORD(Thread->ApcListHead[UserMode].Flink, KAPC, ApcListEntry);
            Rundown = (PKRUNDOWN_ROUTINE)(ULONG_PTR)Apc->Reserved[KiApcRundown];
            KiTakeApc(Thread, Apc, &Call);
        }
        KiUnlock(KiApcLock(Thread));
        if (Apc == NULL)
            return;
        if (Rundown != NULL)
            Rundown(Apc);
        else
            KiRunKernelRoutine(Thread, Apc, &Call);
    }
}

/* Regions. The counts are the thread's own; negative inside. */

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    KiThread()->KernelApcDisable--;
}

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    PKTHREAD Thread = KiThread();

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (NTIO_UNLIKELY(Thread->KernelApcDisable >= 0))
        VfStop(0x3e, 0, 0, 0, "KeLeaveCriticalRegion outside a critical region");
    if (++Thread->KernelApcDisable == 0)
        KiCheckKernelApcs(Thread);
}

VOID NTAPI KeEnterGuardedRegion(VOID)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    KiThread()->SpecialApcDisable--;
}

VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    PKTHREAD Thread = KiThread();

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (NTIO_UNLIKELY(Thread->SpecialApcDisable >= 0))
        VfStop(0x3e, 0, 0, 0, "KeLeaveGuardedRegion outside a guarded region");
    if (++Thread->SpecialApcDisable == 0)
        KiCheckKernelApcs(Thread);
}

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    PKTHREAD Thread = KiThread();
    return Thread->KernelApcDisable != 0 || Thread->SpecialApcDisable != 0;
}

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    PKTHREAD Thread = KiThread();
    return Thread->SpecialApcDisable != 0 || Thread->Irql >= APC_LEVEL;
}
