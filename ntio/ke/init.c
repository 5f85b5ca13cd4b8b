/* SPDX-License-Identifier: MIT */
/* init.c - starts and stops the component, and names what was left. */
#include "interrupt.h"
#include "kip.h"

typedef struct _KI_ACCOUNT {
    VF_LEFT_ROUTINE *Left;
    PVOID Context;
} KI_ACCOUNT;

static VOID KiAccountOne(const char *Kind, PVOID Object, PVOID Routine, PVOID Context)
{
    KI_ACCOUNT *Account = Context;
    char Where[96] = "no DPC", Sentence[160];

    if (Routine != NULL)
        VfDescribeAddress(Routine, Where, sizeof(Where));
    snprintf(Sentence, sizeof(Sentence), "%p is %s (%s)", Object,
             Kind[0] == 't'   ? "set still"
             : Kind[0] == 'i' ? "connected still"
                              : "queued still",
             Where);
    Account->Left(Kind, Sentence, Account->Context);
}

static VOID KiAccount(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    KI_ACCOUNT Account = {Left, Context};

    KiEnumerateTimers(KiAccountOne, &Account);
    KiEnumerateInterrupts(KiAccountOne, &Account);
}

NTSTATUS KeInitializeSystem(ULONG Processors)
{
    NTSTATUS Status;

    KiInitializeProcessors(Processors);
    KiInitializeDpcs();
    KiAttachBootThread();
    Status = KiInitializeTimers();
    if (!NT_SUCCESS(Status)) {
        KiDetachBootThread();
        return Status;
    }
    VfAddAccountingSource("ke", KiAccount);
    return STATUS_SUCCESS;
}

VOID KeShutdownSystem(VOID)
{
    KiStopTimerThread();
    KiStopInterrupts();
    KiStopDpcThreads();
    KiDetachBootThread();
}
