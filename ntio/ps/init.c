/* SPDX-License-Identifier: MIT */
/* init.c - starts and stops the component, and names the threads that are left. */
#include "psp.h"

typedef struct _PSP_ACCOUNT {
    VF_LEFT_ROUTINE *Left;
    PVOID Context;
} PSP_ACCOUNT;

/* Drivers' threads have a start routine; a program's end with it, and ntio's own are stopped by it.
 */
static VOID PspAccountThread(PETHREAD Thread, PVOID Context)
{
    PSP_ACCOUNT *Account = Context;
    char Where[128], Sentence[256];

    if (Thread->StartRoutine == NULL)
        return;
    VfDescribeAddress(Thread->StartRoutine, Where, sizeof(Where));
    snprintf(Sentence, sizeof(Sentence), "%p (ID %u), started at %s, still runs", (PVOID)Thread,
             HandleToUlong(Thread->Cid.UniqueThread), Where);
    Account->Left("system thread", Sentence, Account->Context);
}

static VOID PspAccount(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    PSP_ACCOUNT Account = {Left, Context};

    PspEnumerateThreads(PspAccountThread, &Account);
}

NTSTATUS PsInitializeSystem(VOID)
{
    NTSTATUS Status = PspInitializeProcesses();

    if (NT_SUCCESS(Status))
        Status = PspInitializeThreads();
    if (!NT_SUCCESS(Status)) {
        PspShutdownProcesses();
        return Status;
    }
    VfAddAccountingSource("ps", PspAccount);
    return STATUS_SUCCESS;
}

VOID PsShutdownSystem(VOID)
{
    PspShutdownThreads();
    PspShutdownProcesses();
}
