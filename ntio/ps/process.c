/* SPDX-License-Identifier: MIT */
/* process.c - processes: System, and the programs inside the host. */
#include "psp.h"

#include <stdio.h>

PEPROCESS PsInitialSystemProcess;
POBJECT_TYPE PspProcessType;
POBJECT_TYPE *PsProcessType = &PspProcessType;
KI_LOCK PspLock;
LIST_ENTRY PspProcessList, PspThreadList;

static PEPROCESS PspDefaultProcess; /* referenced; PspLock */
static _Atomic ULONG PspLastId;

HANDLE PspAllocateId(VOID)
{
    return ULongToHandle(atomic_fetch_add(&PspLastId, 4) + 4);
}

static VOID PspDeleteProcessObject(PVOID Object)
{
    PEPROCESS Process = Object;

    if (Process->ObjectTable != NULL)
        ObpFreeHandleTable(Process->ObjectTable);
}

NTSTATUS PspCreateProcess(const char *ImageName, PEPROCESS *Process)
{
    PEPROCESS New;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpCreate(PspProcessType, NULL, sizeof(EPROCESS), (PVOID *)&New);
    if (!NT_SUCCESS(Status))
        return Status;
    New->Header.Type = ProcessObject;
    New->Header.Size = sizeof(EPROCESS) / sizeof(ULONG);
    InitializeListHead(&New->Header.WaitListHead);
    New->UniqueProcessId = PspAllocateId();
    snprintf(New->ImageName, sizeof(New->ImageName), "%s", ImageName);
    Status = ObpCreateHandleTable(New, &New->ObjectTable);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(New);
        return Status;
    }
    KiLock(&PspLock);
    InsertTailList(&PspProcessList, &New->ListEntry);
    KiUnlock(&PspLock);
    *Process = New;
    return STATUS_SUCCESS;
}

VOID PspTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus)
{
    UNREFERENCED_PARAMETER(ExitStatus);
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&PspLock);
    RemoveEntryList(&Process->ListEntry);
    KiUnlock(&PspLock);
    ObpCloseAllHandles(Process);
    KiSignalObject(&Process->Header, 1);
    ObDereferenceObject(Process);
}

VOID PspSetDefaultProcess(PEPROCESS Process)
{
    PEPROCESS Old;

    ObReferenceObject(Process);
    KiLock(&PspLock);
    Old = PspDefaultProcess;
    PspDefaultProcess = Process;
    KiUnlock(&PspLock);
    if (Old != NULL)
        ObDereferenceObject(Old);
}

PEPROCESS PspReferenceDefaultProcess(VOID)
{
    PEPROCESS Process;

    KiLock(&PspLock);
    Process = PspDefaultProcess;
    ObReferenceObject(Process);
    KiUnlock(&PspLock);
    return Process;
}

NTSTATUS PspInitializeProcesses(VOID)
{
    static const OB_TYPE_INFO Info = {
        .Name = L"Process", .Waitable = TRUE, .Delete = PspDeleteProcessObject};
    NTSTATUS Status;

    InitializeListHead(&PspProcessList);
    InitializeListHead(&PspThreadList);
    atomic_store(&PspLastId, 0);
    Status = ObpCreateType(&Info, &PspProcessType);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspCreateProcess("System", &PsInitialSystemProcess); /* its ID is 4 */
    if (!NT_SUCCESS(Status))
        return Status;
    PspSetDefaultProcess(PsInitialSystemProcess);
    return STATUS_SUCCESS;
}

VOID PspShutdownProcesses(VOID)
{
    PEPROCESS System = PsInitialSystemProcess;

    if (PspDefaultProcess != NULL)
        ObDereferenceObject(PspDefaultProcess);
    PspDefaultProcess = NULL;
    if (System != NULL) {
        /* Still current while its handles are closed. */
        ObReferenceObject(System);
        PspTerminateProcess(System, STATUS_SUCCESS);
        PsInitialSystemProcess = NULL;
        ObDereferenceObject(System);
    }
}

/* Queries. */

PEPROCESS NTAPI PsGetCurrentProcess(VOID)
{
    PKTHREAD Thread = KiThread();

    if (Thread->AttachedProcess != NULL)
        return Thread->AttachedProcess;
    /* A thread that began before ps, or outlives it, is System's. */
    return Thread->Process != NULL ? Thread->Process : PsInitialSystemProcess;
}

PEPROCESS NTAPI IoGetCurrentProcess(VOID)
{
    return PsGetCurrentProcess();
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process)
{
    return Process->UniqueProcessId;
}

/* The thread's own process, also while it is attached to another. */
HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    return ((PETHREAD)KiThread())->Cid.UniqueProcess;
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    NTSTATUS Status = STATUS_INVALID_CID;

    KE_IRQL_AT_MOST(APC_LEVEL);
    KiLock(&PspLock);
    for (PLIST_ENTRY Entry = PspProcessList.Flink; Entry != &PspProcessList; Entry = Entry->Flink) {
        PEPROCESS Candidate = CONTAINING_RECORD(Entry, EPROCESS, ListEntry);

        if (Candidate->UniqueProcessId == ProcessId) {
            /* In the list, so its creator's reference is there. */
            ObReferenceObject(Candidate);
            *Process = Candidate;
            Status = STATUS_SUCCESS;
            break;
        }
    }
    KiUnlock(&PspLock);
    return Status;
}

/* Attaching: ApcState keeps what the thread was attached to before, so attachments nest. */

VOID NTAPI KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState)
{
    PKTHREAD Thread = KiThread();

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (Thread->InDpc)
        KeBugCheckEx(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)Process,
                     (ULONG_PTR)Thread->AttachedProcess, 0, 1);
    memset(ApcState, 0, sizeof(*ApcState));
    ApcState->Process = (PVOID)Thread->AttachedProcess;
    Thread->AttachedProcess = (PEPROCESS)Process;
}

VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    PKTHREAD Thread = KiThread();

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (Thread->AttachedProcess == NULL)
        KeBugCheckEx(INVALID_PROCESS_DETACH_ATTEMPT, 0, 0, 0, 0);
    Thread->AttachedProcess = (PEPROCESS)ApcState->Process;
}

BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion)
{
    RTL_OSVERSIONINFOW Version;

    Version.dwOSVersionInfoSize = sizeof(Version);
    RtlGetVersion(&Version);
    if (MajorVersion != NULL)
        *MajorVersion = Version.dwMajorVersion;
    if (MinorVersion != NULL)
        *MinorVersion = Version.dwMinorVersion;
    if (BuildNumber != NULL)
        *BuildNumber = Version.dwBuildNumber;
    if (CSDVersion != NULL)
        CSDVersion->Length = 0; /* no service pack */
    return FALSE;               /* not a checked build */
}
