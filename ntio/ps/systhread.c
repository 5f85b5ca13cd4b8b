/* SPDX-License-Identifier: MIT */
/*
 * systhread.c - system threads: PsCreateSystemThread, and how they end.
 *
 * A thread ends by returning from its start routine or by PsTerminateSystemThread, which jumps back
 * here, so that nothing of a driver is on its stack when its object is signalled. Its host thread
 * is joined later, by PspReapThreads.
 */
#define _GNU_SOURCE /* pthread_setname_np, pthread_tryjoin_np */
#include "psp.h"

#include <setjmp.h>
#include <stdlib.h>

/* One for each system thread, from its creation until it is joined. */
typedef struct _PSP_SYSTEM_THREAD {
    struct _PSP_SYSTEM_THREAD *Next; /* PspEndedThreads */
    PETHREAD Thread;
    pthread_t HostThread;
    sigjmp_buf End;
} PSP_SYSTEM_THREAD;

static PSP_SYSTEM_THREAD *PspEndedThreads; /* PspLock */
static __thread PSP_SYSTEM_THREAD *PspSelf;

/* The host's tools show 15 characters: the routine's, of "driver.so!Routine". */
static VOID PspNameHostThread(PETHREAD Thread)
{
    const char *Text = strchr(Thread->Name, '!');
    char Name[16];

    snprintf(Name, sizeof(Name), "%.15s", Text != NULL ? Text + 1 : Thread->Name);
    pthread_setname_np(pthread_self(), Name);
}

static void *PspSystemThreadStart(void *Context)
{
    PSP_SYSTEM_THREAD *Self = Context;
    PETHREAD Thread = Self->Thread;

    PspSelf = Self;
    PspNameHostThread(Thread);
    KeAttachCurrentThread(&Thread->Tcb);
    if (sigsetjmp(Self->End, 0) == 0)
        ((PKSTART_ROUTINE)(ULONG_PTR)Thread->StartRoutine)(Thread->StartContext);
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);

    PspRunExitCallout(Thread);
    /* Before it is signalled: whoever has seen it end finds it among the ended. It waits for
     * nothing any more. */
    Self->HostThread = pthread_self();
    KiLock(&PspLock);
    Self->Next = PspEndedThreads;
    PspEndedThreads = Self;
    KiUnlock(&PspLock);
    PspEndCurrentThread(Thread);
    return NULL;
}

/* Wait: for those too that are still on their last steps. Else they are left for the next time. */
static VOID PspJoinThreads(BOOLEAN Wait)
{
    PSP_SYSTEM_THREAD *Ended, *Left = NULL;

    KiLock(&PspLock);
    Ended = PspEndedThreads;
    PspEndedThreads = NULL;
    KiUnlock(&PspLock);
    while (Ended != NULL) {
        PSP_SYSTEM_THREAD *Next = Ended->Next;

        if ((Wait ? pthread_join(Ended->HostThread, NULL)
                  : pthread_tryjoin_np(Ended->HostThread, NULL)) == 0) {
            free(Ended);
        } else {
            Ended->Next = Left;
            Left = Ended;
        }
        Ended = Next;
    }
    while (Left != NULL) {
        PSP_SYSTEM_THREAD *Next = Left->Next;

        KiLock(&PspLock);
        Left->Next = PspEndedThreads;
        PspEndedThreads = Left;
        KiUnlock(&PspLock);
        Left = Next;
    }
}

VOID PspReapThreads(VOID)
{
    PspJoinThreads(TRUE);
}

/* "driver.so!Routine": what people look for in the list of threads. */
static VOID PspNameThread(PVOID Routine, char *Name, size_t Size)
{
    char Where[128];
    const char *Text;

    VfDescribeAddress(Routine, Where, sizeof(Where));
    Text = strrchr(Where, '/');
    snprintf(Name, Size, "%.*s", (int)Size - 1, Text != NULL ? Text + 1 : Where);
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext)
{
    PSP_SYSTEM_THREAD *Self = NULL;
    PEPROCESS Process = PsInitialSystemProcess;
    PETHREAD Thread = NULL;
    char Name[32];
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    PspJoinThreads(FALSE);
    if (ProcessHandle != NULL) {
        Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_CREATE_THREAD, PspProcessType,
                                           KernelMode, (PVOID *)&Process, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
    } else {
        ObReferenceObject(Process);
    }
    Self = calloc(1, sizeof(*Self));
    if (Self == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    PspNameThread((PVOID)(ULONG_PTR)StartRoutine, Name, sizeof(Name));
    Status = PspCreateThread(Process, ObjectAttributes, Name, TRUE, &Thread);
    if (!NT_SUCCESS(Status))
        goto Exit;
    Thread->StartRoutine = (PVOID)(ULONG_PTR)StartRoutine;
    Thread->StartContext = StartContext;
    Self->Thread = Thread;
    Status = ObpInsert(Thread, DesiredAccess, ThreadHandle);
    if (!NT_SUCCESS(Status))
        goto Exit;
    if (ClientId != NULL)
        *ClientId = Thread->Cid;
    PspInsertThread(Thread);
    if (KiStartThread(&Self->HostThread, PspSystemThreadStart, Self) != 0) {
        KiLock(&PspLock);
        RemoveEntryList(&Thread->ListEntry);
        KiUnlock(&PspLock);
        atomic_fetch_sub(&Process->ActiveThreads, 1);
        /* It has never been, for whoever found it meanwhile. */
        KiSignalObject(&Thread->Tcb.Header, 1);
        ObCloseHandle(*ThreadHandle, KernelMode);
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    Self = NULL; /* the thread's now, as is its reference to the object */
    Thread = NULL;
Exit:
    if (Thread != NULL)
        ObDereferenceObject(Thread);
    free(Self);
    ObDereferenceObject(Process);
    return Status;
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    PSP_SYSTEM_THREAD *Self = PspSelf;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Self == NULL)
        return STATUS_INVALID_PARAMETER;
    Self->Thread->ExitStatus = ExitStatus;
    siglongjmp(Self->End, 1);
}
