/* SPDX-License-Identifier: MIT */
/*
 * thread.c - thread objects, and the host's threads that have one.
 *
 * A thread object lives from before its thread runs (or from when a host thread came in) until the
 * last reference to it goes; the thread holds one while it runs. ob needs a current thread to
 * create or delete it, so at both ends the host's thread lives on a stand-in on its stack.
 */
#define _GNU_SOURCE /* pthread_getname_np */
#include "psp.h"

#include <stdio.h>

POBJECT_TYPE PspThreadType;
POBJECT_TYPE *PsThreadType = &PspThreadType;
PSP_THREAD_EXIT_ROUTINE *PspThreadExitCallout;

/*
 * A host thread's end in ntio is somebody's: the thread's own (PspDetachHostThread), or the
 * shutdown's, which lets go of those that live on outside. Who takes it off the slot under PspLock
 * has it. How many threads are at their own: a futex.
 */
static _Atomic ULONG PspEnding;

/* Its destructor detaches a host thread as it ends. The value only has to be there. */
static pthread_key_t PspExitKey;
static pthread_once_t PspExitKeyOnce = PTHREAD_ONCE_INIT;

static VOID PspDeleteThreadObject(PVOID Object)
{
    PETHREAD Thread = Object;

    if (Thread->Tcb.Process != NULL)
        ObDereferenceObject(Thread->Tcb.Process);
}

VOID PspInitializeStandIn(PETHREAD Thread)
{
    memset(Thread, 0, sizeof(*Thread));
    InitializeListHead(&Thread->IrpList);
}

NTSTATUS PspCreateThread(PEPROCESS Process, POBJECT_ATTRIBUTES Attributes, const char *Name,
                         BOOLEAN SystemThread, PETHREAD *Thread)
{
    PETHREAD New;
    NTSTATUS Status = ObpCreate(PspThreadType, Attributes, sizeof(ETHREAD), (PVOID *)&New);

    if (!NT_SUCCESS(Status))
        return Status;
    KiInitializeThread(&New->Tcb);
    ObReferenceObject(Process);
    New->Tcb.Process = Process;
    New->Tcb.SystemThread = SystemThread;
    New->Cid.UniqueProcess = Process->UniqueProcessId;
    New->Cid.UniqueThread = PspAllocateId();
    InitializeListHead(&New->IrpList);
    InitializeListHead(&New->ListEntry);
    snprintf(New->Name, sizeof(New->Name), "%s", Name);
    *Thread = New;
    return STATUS_SUCCESS;
}

VOID PspInsertThread(PETHREAD Thread)
{
    atomic_fetch_add(&Thread->Tcb.Process->ActiveThreads, 1);
    KiLock(&PspLock);
    InsertTailList(&PspThreadList, &Thread->ListEntry);
    KiUnlock(&PspLock);
}

static VOID PspRemoveThread(PETHREAD Thread)
{
    KiLock(&PspLock);
    RemoveEntryList(&Thread->ListEntry);
    InitializeListHead(&Thread->ListEntry);
    KiUnlock(&PspLock);
    atomic_fetch_sub(&Thread->Tcb.Process->ActiveThreads, 1);
}

VOID PspRunExitCallout(PETHREAD Thread)
{
    if (PspThreadExitCallout != NULL)
        PspThreadExitCallout(Thread);
}

VOID PspEndCurrentThread(PETHREAD Thread)
{
    ETHREAD StandIn;

    Thread->Tcb.AttachedProcess = NULL;
    PspRemoveThread(Thread);
    KeDetachCurrentThread();
    PspInitializeStandIn(&StandIn);
    KeAttachCurrentThread(&StandIn.Tcb);
    ObDereferenceObject(Thread);
    KeDetachCurrentThread();
}

static NTSTATUS PspAttach(PEPROCESS Process, const char *Name, BOOLEAN SystemThread)
{
    ETHREAD StandIn;
    PETHREAD Thread;
    NTSTATUS Status;

    PspInitializeStandIn(&StandIn);
    KeAttachCurrentThread(&StandIn.Tcb);
    Status = PspCreateThread(Process, NULL, Name, SystemThread, &Thread);
    if (!NT_SUCCESS(Status)) {
        KeDetachCurrentThread();
        return Status;
    }
    KiSwapCurrentThread(&Thread->Tcb);
    PspInsertThread(Thread);
    pthread_setspecific(PspExitKey, &PspExitKey);
    return STATUS_SUCCESS;
}

NTSTATUS PspAttachHostThread(PEPROCESS Process, const char *Name)
{
    if (KiCurrentThread != NULL)
        return STATUS_INVALID_PARAMETER;
    return PspAttach(Process, Name, Process == PsInitialSystemProcess);
}

VOID PspDetachHostThread(VOID)
{
    PETHREAD Thread;

    KiLock(&PspLock);
    Thread = (PETHREAD)KiCurrentThread;
    if (Thread != NULL) {
        Thread->Ending = TRUE;
        atomic_fetch_add(&PspEnding, 1);
    }
    KiUnlock(&PspLock);
    if (Thread == NULL)
        return;
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    NTIO_ASSERT(Thread->StartRoutine == NULL);
    pthread_setspecific(PspExitKey, NULL);
    PspRunExitCallout(Thread);
    PspEndCurrentThread(Thread);
    if (atomic_fetch_sub(&PspEnding, 1) == 1)
        KiFutexWake(&PspEnding, MAXLONG);
}

static void PspHostThreadEnds(void *Value)
{
    UNREFERENCED_PARAMETER(Value);
    PspDetachHostThread();
}

static void PspMakeExitKey(void)
{
    int Error = pthread_key_create(&PspExitKey, PspHostThreadEnds);
    NTIO_ASSERT(Error == 0);
}

/* KI_THREAD_CALLOUTS.Attach: a thread that has to be attached and can't be stops the host. */
static VOID PspAttachCallout(const char *Name, BOOLEAN SystemThread)
{
    PEPROCESS Process = SystemThread ? PsInitialSystemProcess : NULL;
    char HostName[16] = "";
    NTSTATUS Status;

    if (Process == NULL)
        Process = PspReferenceDefaultProcess();
    else
        ObReferenceObject(Process);
    if (Name == NULL) {
        pthread_getname_np(pthread_self(), HostName, sizeof(HostName));
        Name = HostName;
    }
    Status = PspAttach(Process, Name, SystemThread);
    if (!NT_SUCCESS(Status))
        KeBugCheckEx(PROCESS1_INITIALIZATION_FAILED, (ULONG_PTR)Status, 0, 0, 0);
    ObDereferenceObject(Process);
}

static const KI_THREAD_CALLOUTS PspCallouts = {PspAttachCallout, PspDetachHostThread};

PETHREAD PspCurrentThread(VOID)
{
    return (PETHREAD)KiThread();
}

NTSTATUS PspInitializeThreads(VOID)
{
    static const OB_TYPE_INFO Info = {
        .Name = L"Thread", .Waitable = TRUE, .Delete = PspDeleteThreadObject};
    PETHREAD Thread;
    NTSTATUS Status;

    pthread_once(&PspExitKeyOnce, PspMakeExitKey);
    Status = ObpCreateType(&Info, &PspThreadType);
    if (!NT_SUCCESS(Status))
        return Status;
    /* The booting thread leaves ke's stand-in. */
    Status = PspCreateThread(PsInitialSystemProcess, NULL, "boot", TRUE, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    KiSwapCurrentThread(&Thread->Tcb);
    PspInsertThread(Thread);
    pthread_setspecific(PspExitKey, &PspExitKey);
    atomic_store(&KiThreadCallouts, &PspCallouts);
    return STATUS_SUCCESS;
}

/* It is off its slot. */
static VOID PspForgetHostThread(PETHREAD Thread)
{
    PspRunExitCallout(Thread);
    PspRemoveThread(Thread);
    KiSignalObject(&Thread->Tcb.Header, 1);
    ObDereferenceObject(Thread);
}

/* One that is not the caller's, and where !System not ntio's own; it is taken off its slot. */
static PETHREAD PspTakeHostThread(BOOLEAN System)
{
    PETHREAD Found = NULL;

    KiLock(&PspLock);
    for (PLIST_ENTRY Entry = PspThreadList.Flink; Entry != &PspThreadList && Found == NULL;
         Entry = Entry->Flink) {
        PETHREAD Thread = CONTAINING_RECORD(Entry, ETHREAD, ListEntry);

        if (Thread->StartRoutine == NULL && (System || !Thread->Tcb.SystemThread) &&
            !Thread->Ending && &Thread->Tcb != KiCurrentThread) {
            *Thread->Tcb.CurrentSlot = NULL;
            Found = Thread;
        }
    }
    KiUnlock(&PspLock);
    return Found;
}

VOID PspForgetHostThreads(BOOLEAN System)
{
    PETHREAD Thread;
    ULONG Left;

    while ((Thread = PspTakeHostThread(System)) != NULL)
        PspForgetHostThread(Thread);
    while ((Left = atomic_load(&PspEnding)) != 0)
        KiFutexWait(&PspEnding, Left, 0);
}

VOID PspShutdownThreads(VOID)
{
    atomic_store(&KiThreadCallouts, NULL);
    KiStopInterrupts();
    ExpStopWorkers();
    KiStopDpcThreads();
    PspReapThreads();
    PspForgetHostThreads(TRUE);
    PspDetachHostThread();
    KeAttachCurrentThread(KiStandInThread());
}

VOID PspEnumerateThreads(PSP_THREAD_ROUTINE *Each, PVOID Context)
{
    KiLock(&PspLock);
    for (PLIST_ENTRY Entry = PspThreadList.Flink; Entry != &PspThreadList; Entry = Entry->Flink)
        Each(CONTAINING_RECORD(Entry, ETHREAD, ListEntry), Context);
    KiUnlock(&PspLock);
}

/* Queries. */

PETHREAD NTAPI PsGetCurrentThread(VOID)
{
    return (PETHREAD)KiThread();
}

PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    return KiThread();
}

HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    return ((PETHREAD)KiThread())->Cid.UniqueThread;
}

HANDLE NTAPI PsGetThreadId(PETHREAD Thread)
{
    return Thread->Cid.UniqueThread;
}

HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread)
{
    return Thread->Cid.UniqueProcess;
}

PEPROCESS NTAPI PsGetThreadProcess(PETHREAD Thread)
{
    return Thread->Tcb.Process != NULL ? Thread->Tcb.Process : PsInitialSystemProcess;
}

BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread)
{
    return Thread->Tcb.SystemThread;
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread)
{
    NTSTATUS Status = STATUS_INVALID_CID;

    KE_IRQL_AT_MOST(APC_LEVEL);
    KiLock(&PspLock);
    for (PLIST_ENTRY Entry = PspThreadList.Flink; Entry != &PspThreadList; Entry = Entry->Flink) {
        PETHREAD Candidate = CONTAINING_RECORD(Entry, ETHREAD, ListEntry);

        if (Candidate->Cid.UniqueThread == ThreadId) {
            /* In the list, so the thread's own reference is there. */
            ObReferenceObject(Candidate);
            *Thread = Candidate;
            Status = STATUS_SUCCESS;
            break;
        }
    }
    KiUnlock(&PspLock);
    return Status;
}
