/* SPDX-License-Identifier: MIT */
/*
 * thread.c - threads of the program's process.
 *
 * Each is a thread of the host that joins the creator's process before its first instruction. Its
 * START_BLOCK lives from before its creation until the host's thread has been joined: by a later
 * CreateThread, or at the shutdown, which must not begin while the last steps of a thread, after
 * its object was signalled, are still under way.
 */
#include "ntio/win32/win32.h"
#include "ntio/win32/join.h"

#include <pthread.h>

#define TAG_THREAD 'hT3W'

typedef struct _START_BLOCK {
    LIST_ENTRY Entry; /* StartList, StartLock */
    LPTHREAD_START_ROUTINE Routine;
    LPVOID Parameter;
    PEPROCESS Process; /* referenced */
    PETHREAD Thread;   /* set, with a reference that is the creator's, before Attached */
    NTSTATUS Status;   /* of the attaching */
    KEVENT Attached;
    KEVENT Resumed;
    BOOLEAN Suspended;    /* StartLock */
    BOOLEAN Ending;       /* StartLock: HostThread is valid, Thread no more */
    _Atomic BOOLEAN Done; /* the thread's last word: joining does not sleep */
    pthread_t HostThread;
    BOOLEAN Abandoned; /* no handle could be made: end without running. Set before Resumed */
} START_BLOCK, *PSTART_BLOCK;

static KI_LOCK StartLock;
static LIST_ENTRY StartList = {&StartList, &StartList};

/* Under StartLock; NULL: not a thread of ours, or one that ends. */
static PSTART_BLOCK FindBlock(PETHREAD Thread)
{
    for (PLIST_ENTRY Entry = StartList.Flink; Entry != &StartList; Entry = Entry->Flink) {
        PSTART_BLOCK Block = CONTAINING_RECORD(Entry, START_BLOCK, Entry);
        if (Block->Thread == Thread && !Block->Ending)
            return Block;
    }
    return NULL;
}

/* Joins the threads that are done; All: those too that have only their last steps to go. */
static VOID Reap(BOOLEAN All)
{
    LIST_ENTRY Ended;

    InitializeListHead(&Ended);
    KiLock(&StartLock);
    for (PLIST_ENTRY Entry = StartList.Flink, Next; Entry != &StartList; Entry = Next) {
        PSTART_BLOCK Block = CONTAINING_RECORD(Entry, START_BLOCK, Entry);
        Next = Entry->Flink;
        if (atomic_load(&Block->Done) || (All && Block->Ending)) {
            RemoveEntryList(Entry);
            InsertTailList(&Ended, Entry);
        }
    }
    KiUnlock(&StartLock);
    while (!IsListEmpty(&Ended)) {
        PSTART_BLOCK Block = CONTAINING_RECORD(RemoveHeadList(&Ended), START_BLOCK, Entry);
        pthread_join(Block->HostThread, NULL);
        ExFreePoolWithTag(Block, TAG_THREAD);
    }
}

VOID Win32JoinEndedThreads(VOID)
{
    Reap(TRUE);
}

/* The end of the current thread, up to what the host does. Whoever sees it signalled finds it among
 * those that end. */
static VOID RunDown(PETHREAD Thread, DWORD ExitCode)
{
    PSTART_BLOCK Block;

    KiLock(&StartLock);
    Block = FindBlock(Thread);
    if (Block != NULL) {
        Block->HostThread = pthread_self();
        Block->Ending = TRUE;
    }
    KiUnlock(&StartLock);
    if (Block != NULL)
        ObDereferenceObject(Block->Process);
    Thread->ExitStatus = (NTSTATUS)ExitCode;
    PspDetachHostThread();
    if (Block != NULL)
        atomic_store(&Block->Done, TRUE);
}

static void *Run(void *Context)
{
    PSTART_BLOCK Block = Context;
    PETHREAD Thread;
    NTSTATUS Status = PspAttachHostThread(Block->Process, "thread");

    Block->Status = Status;
    if (!NT_SUCCESS(Status)) {
        KeSetEvent(&Block->Attached, 0, FALSE); /* the creator joins this thread */
        return NULL;
    }
    Thread = PspCurrentThread();
    Thread->ExitStatus = STILL_ACTIVE;
    ObReferenceObject(Thread);
    Block->Thread = Thread;
    KiLock(&StartLock);
    InsertTailList(&StartList, &Block->Entry);
    KiUnlock(&StartLock);
    KeSetEvent(&Block->Attached, 0, FALSE);
    /* The creator or ResumeThread sets this event; from here on the block is this thread's. */
    KeWaitForSingleObject(&Block->Resumed, Executive, KernelMode, FALSE, NULL);
    RunDown(Thread, Block->Abandoned ? 0 : Block->Routine(Block->Parameter));
    return NULL;
}

/* Lets a thread that was made suspended run. Returns whether it was. */
static DWORD Resume(PETHREAD Thread)
{
    DWORD Before = 0;
    PSTART_BLOCK Block;

    KiLock(&StartLock);
    Block = FindBlock(Thread);
    if (Block != NULL) {
        Before = Block->Suspended;
        Block->Suspended = FALSE;
        if (Before)
            KeSetEvent(&Block->Resumed, 0, FALSE); /* under the lock: the block stays as long */
    }
    KiUnlock(&StartLock);
    return Before;
}

static NTSTATUS ThreadOf(HANDLE Handle, PETHREAD *Thread)
{
    return ObReferenceObjectByHandle(Handle, 0, PspThreadType, UserMode, (PVOID *)Thread, NULL);
}

static NTSTATUS StartHostThread(PSTART_BLOCK Block, SIZE_T StackSize, pthread_t *Thread)
{
    pthread_attr_t Attributes;
    int Error = pthread_attr_init(&Attributes);

    if (Error != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* Less than 256 KiB is for Windows' small frames; a host thread gets at least that. */
    if (StackSize != 0)
        Error = pthread_attr_setstacksize(
            &Attributes, StackSize < 262144 ? 262144 : (StackSize + 65535) & ~65535ull);
    if (Error == 0)
        Error = pthread_create(Thread, &Attributes, Run, Block);
    pthread_attr_destroy(&Attributes);
    return Error == 0 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES SecurityAttributes, SIZE_T StackSize,
                           LPTHREAD_START_ROUTINE StartAddress, LPVOID Parameter,
                           DWORD CreationFlags, LPDWORD ThreadId)
{
    PSTART_BLOCK Block;
    pthread_t HostThread;
    PETHREAD Thread;
    HANDLE Handle;
    NTSTATUS Status;

    Reap(FALSE);
    if (StartAddress == NULL) {
        Win32pFail(STATUS_INVALID_PARAMETER);
        return NULL;
    }
    Block = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Block), TAG_THREAD);
    if (Block == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    RtlZeroMemory(Block, sizeof(*Block));
    Block->Routine = StartAddress;
    Block->Parameter = Parameter;
    Block->Suspended = TRUE;
    KeInitializeEvent(&Block->Attached, NotificationEvent, FALSE);
    KeInitializeEvent(&Block->Resumed, NotificationEvent, FALSE);
    Block->Process = PsGetCurrentProcess();
    ObReferenceObject(Block->Process);

    Status = StartHostThread(Block, StackSize, &HostThread);
    if (NT_SUCCESS(Status)) {
        KeWaitForSingleObject(&Block->Attached, Executive, KernelMode, FALSE, NULL);
        Status = Block->Status;
        if (!NT_SUCCESS(Status))
            pthread_join(HostThread, NULL);
    }
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Block->Process);
        ExFreePoolWithTag(Block, TAG_THREAD);
        Win32pFail(Status);
        return NULL;
    }
    Thread = Block->Thread;
    Status = ObpCreateHandle(
        Thread, THREAD_ALL_ACCESS,
        SecurityAttributes != NULL && SecurityAttributes->bInheritHandle ? OBJ_INHERIT : 0,
        &Handle);
    if (NT_SUCCESS(Status) && ThreadId != NULL)
        *ThreadId = HandleToUlong(Thread->Cid.UniqueThread);
    Block->Abandoned = !NT_SUCCESS(Status);
    if (Block->Abandoned || !(CreationFlags & CREATE_SUSPENDED))
        Resume(Thread); /* the block may be gone after this */
    ObDereferenceObject(Thread);
    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return NULL;
    }
    return Handle;
}

DWORD WINAPI ResumeThread(HANDLE Handle)
{
    WIN32_ENTER();
    PETHREAD Thread;
    DWORD Before;
    NTSTATUS Status = ThreadOf(Handle, &Thread);

    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return (DWORD)-1;
    }
    Before = Resume(Thread);
    ObDereferenceObject(Thread);
    return Before;
}

VOID WINAPI ExitThread(DWORD ExitCode)
{
    RunDown(PspCurrentThread(), ExitCode);
    pthread_exit(NULL);
}

BOOL WINAPI GetExitCodeThread(HANDLE Handle, LPDWORD ExitCode)
{
    WIN32_ENTER();
    LARGE_INTEGER Now = {.QuadPart = 0};
    PETHREAD Thread;
    NTSTATUS Status = ThreadOf(Handle, &Thread);

    if (!NT_SUCCESS(Status))
        return Win32pFail(Status);
    /* The signal is what orders the thread's last write of ExitStatus before this read. */
    if (KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, &Now) == STATUS_SUCCESS)
        *ExitCode = (DWORD)Thread->ExitStatus;
    else
        *ExitCode = STILL_ACTIVE;
    ObDereferenceObject(Thread);
    return TRUE;
}

DWORD WINAPI GetThreadId(HANDLE Handle)
{
    WIN32_ENTER();
    PETHREAD Thread;
    DWORD Id;
    NTSTATUS Status = ThreadOf(Handle, &Thread);

    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return 0;
    }
    Id = HandleToUlong(Thread->Cid.UniqueThread);
    ObDereferenceObject(Thread);
    return Id;
}

DWORD WINAPI GetCurrentThreadId(VOID)
{
    return HandleToUlong(PspCurrentThread()->Cid.UniqueThread);
}

DWORD WINAPI GetCurrentProcessId(VOID)
{
    return HandleToUlong(PspCurrentThread()->Cid.UniqueProcess);
}

HANDLE WINAPI GetCurrentThread(VOID)
{
    return (HANDLE)(LONG_PTR)-2;
}

HANDLE WINAPI GetCurrentProcess(VOID)
{
    return (HANDLE)(LONG_PTR)-1;
}
