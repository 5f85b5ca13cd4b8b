/* SPDX-License-Identifier: MIT */
/* scmdb.c - the service control manager's records, and the objects behind its handles. */
#include "ntio/win32/scm.h"

#include <stdlib.h>

KI_LOCK ScmLock;
POBJECT_TYPE ScmManagerType, ScmServiceType;

static LIST_ENTRY ScmRecords = {&ScmRecords, &ScmRecords};
static KEVENT ScmTransition; /* signalled: free */

VOID ScmpBeginTransition(VOID)
{
    KeWaitForSingleObject(&ScmTransition, Executive, KernelMode, FALSE, NULL);
}

VOID ScmpEndTransition(VOID)
{
    KeSetEvent(&ScmTransition, IO_NO_INCREMENT, FALSE);
}

/* ---- records ---- */

PSCM_RECORD ScmpFindRecord(LPCWSTR Name)
{
    for (PLIST_ENTRY Entry = ScmRecords.Flink; Entry != &ScmRecords; Entry = Entry->Flink) {
        PSCM_RECORD Record = CONTAINING_RECORD(Entry, SCM_RECORD, ListEntry);
        if (ScmpSameName(Record->Name, Name))
            return Record;
    }
    return NULL;
}

VOID ScmpDereferenceRecord(PSCM_RECORD Record)
{
    NTIO_ASSERT(Record->References != 0);
    if (--Record->References == 0)
        free(Record);
}

static VOID ScmpUnlist(PSCM_RECORD Record)
{
    if (!Record->Listed)
        return;
    Record->Listed = FALSE;
    RemoveEntryList(&Record->ListEntry);
    ScmpDereferenceRecord(Record);
}

static ULONG DriverState(LPCWSTR Name)
{
    PDRIVER_OBJECT Driver = IopFindDriver(Name);
    ULONG State = SERVICE_STOPPED;

    if (Driver != NULL) {
        State = IopIsUnloading(Driver) ? SERVICE_STOP_PENDING : SERVICE_RUNNING;
        ObDereferenceObject(Driver);
    }
    return State;
}

/* Not by its name: a service that was deleted and made anew has another record. */
ULONG ScmpState(PSCM_RECORD Record)
{
    return Record->Pending != 0 ? Record->Pending : DriverState(Record->Name);
}

ULONG ScmpStateOf(LPCWSTR Name)
{
    PSCM_RECORD Record = ScmpFindRecord(Name);
    return Record != NULL ? ScmpState(Record) : DriverState(Name);
}

VOID ScmpPurge(PSCM_RECORD Record)
{
    WCHAR Key[SCM_KEY_MAXIMUM];

    if (!Record->Deleted || !Record->Listed || Record->Handles != 0 ||
        ScmpState(Record) != SERVICE_STOPPED)
        return;
    ScmpKeyOf(Record->Name, Key);
    CmpDeleteTree(Key);
    ScmpUnlist(Record);
}

DWORD ScmpOpenRecord(LPCWSTR Name, PSCM_RECORD *Result)
{
    PSCM_RECORD Record = ScmpFindRecord(Name);
    SCM_CONFIG Config;
    DWORD Error;

    *Result = NULL;
    if (Record != NULL) {
        Record->References++;
        ScmpPurge(Record);
        if (!Record->Listed) {
            ScmpDereferenceRecord(Record);
            Record = NULL;
        }
    }
    Error = ScmpReadConfig(Name, &Config);
    if (Error == ERROR_SUCCESS && Record == NULL) {
        Record = calloc(1, sizeof(*Record));
        if (Record != NULL) {
            NtCrt_wcscpy(Record->Name, Name);
            Record->ExitCode = ERROR_SERVICE_NEVER_STARTED;
            Record->Deleted = Config.DeleteFlag;
            Record->Listed = TRUE;
            Record->References = 2; /* the list's, the caller's */
            InsertTailList(&ScmRecords, &Record->ListEntry);
        } else {
            Error = ERROR_NOT_ENOUGH_MEMORY;
        }
    }
    if (Error == ERROR_SUCCESS) {
        *Result = Record;
        ScmpFreeConfig(&Config);
    } else if (Record != NULL) {
        if (Record->Handles == 0 && Record->Pending == 0)
            ScmpUnlist(Record); /* its key was deleted by other means */
        ScmpDereferenceRecord(Record);
    }
    return Error;
}

VOID ScmpFillStatus(LPCWSTR Name, PSCM_RECORD Record, ULONG Type, SERVICE_STATUS_PROCESS *Status)
{
    PDRIVER_OBJECT Driver;

    RtlZeroMemory(Status, sizeof(*Status));
    Status->dwServiceType = Type;
    Status->dwCurrentState = Record != NULL ? ScmpState(Record) : ScmpStateOf(Name);
    if (Status->dwCurrentState == SERVICE_STOPPED)
        Status->dwWin32ExitCode = Record != NULL ? Record->ExitCode : ERROR_SERVICE_NEVER_STARTED;
    if (Status->dwCurrentState == SERVICE_RUNNING && (Driver = IopFindDriver(Name)) != NULL) {
        if (IopMayStopDriver(Driver))
            Status->dwControlsAccepted = SERVICE_ACCEPT_STOP;
        ObDereferenceObject(Driver);
    }
}

/* ---- objects ---- */

/* A service's last handle: what waited for it goes. */
static VOID ScmpClose(PEPROCESS Process, PVOID Body, ACCESS_MASK Access, ULONG ProcessHandles,
                      ULONG SystemHandles)
{
    PSCM_RECORD Record = ((PSCM_OBJECT)Body)->Record;

    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(Access);
    UNREFERENCED_PARAMETER(ProcessHandles);
    if (SystemHandles != 1)
        return;
    KiLock(&ScmLock);
    NTIO_ASSERT(Record->Handles != 0);
    Record->Handles--;
    ScmpPurge(Record);
    KiUnlock(&ScmLock);
}

static VOID ScmpDelete(PVOID Body)
{
    PSCM_RECORD Record = ((PSCM_OBJECT)Body)->Record;

    if (Record == NULL)
        return;
    KiLock(&ScmLock);
    ScmpDereferenceRecord(Record);
    KiUnlock(&ScmLock);
}

DWORD ScmpMakeHandle(PSCM_RECORD Record, ACCESS_MASK Access, SC_HANDLE *Handle)
{
    PVOID Object;
    HANDLE New;
    NTSTATUS Status = ObpCreate(Record != NULL ? ScmServiceType : ScmManagerType, NULL,
                                sizeof(SCM_OBJECT), &Object);

    *Handle = NULL;
    if (!NT_SUCCESS(Status)) {
        if (Record != NULL) {
            KiLock(&ScmLock);
            Record->Handles--;
            ScmpPurge(Record);
            ScmpDereferenceRecord(Record);
            KiUnlock(&ScmLock);
        }
        return RtlNtStatusToDosErrorNoTeb(Status);
    }
    ((PSCM_OBJECT)Object)->Record = Record;
    Status = ObpCreateHandle(Object, Access, 0, &New);
    if (NT_SUCCESS(Status)) {
        *Handle = (SC_HANDLE)New;
    } else if (Record != NULL) {
        KiLock(&ScmLock);
        Record->Handles--;
        ScmpPurge(Record);
        KiUnlock(&ScmLock);
    }
    ObDereferenceObject(Object);
    return RtlNtStatusToDosErrorNoTeb(Status);
}

DWORD ScmpReference(SC_HANDLE Handle, POBJECT_TYPE Type, ACCESS_MASK Access, PSCM_OBJECT *Object)
{
    PVOID Body = NULL;
    NTSTATUS Status =
        ObReferenceObjectByHandle((HANDLE)Handle, Access, Type, UserMode, &Body, NULL);

    *Object = Body;
    return RtlNtStatusToDosErrorNoTeb(Status);
}

/* ---- the system's beginning and end ---- */

NTSTATUS ScmInitializeSystem(VOID)
{
    static const OB_TYPE_INFO Manager = {.Name = L"ScManager"};
    static const OB_TYPE_INFO Service = {
        .Name = L"ScService", .Close = ScmpClose, .Delete = ScmpDelete};
    static const GENERIC_MAPPING ManagerMapping = {
        STANDARD_RIGHTS_READ | SC_MANAGER_ENUMERATE_SERVICE | SC_MANAGER_QUERY_LOCK_STATUS,
        STANDARD_RIGHTS_WRITE | SC_MANAGER_CREATE_SERVICE | SC_MANAGER_MODIFY_BOOT_CONFIG,
        STANDARD_RIGHTS_EXECUTE | SC_MANAGER_CONNECT | SC_MANAGER_LOCK, SC_MANAGER_ALL_ACCESS};
    static const GENERIC_MAPPING ServiceMapping = {
        STANDARD_RIGHTS_READ | SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS | SERVICE_INTERROGATE |
            SERVICE_ENUMERATE_DEPENDENTS,
        STANDARD_RIGHTS_WRITE | SERVICE_CHANGE_CONFIG,
        STANDARD_RIGHTS_EXECUTE | SERVICE_START | SERVICE_STOP | SERVICE_PAUSE_CONTINUE |
            SERVICE_USER_DEFINED_CONTROL,
        SERVICE_ALL_ACCESS};
    NTSTATUS Status = ObpCreateTypeEx(&Manager, &ManagerMapping, &ScmManagerType);

    if (NT_SUCCESS(Status))
        Status = ObpCreateTypeEx(&Service, &ServiceMapping, &ScmServiceType);
    KeInitializeEvent(&ScmTransition, SynchronizationEvent, TRUE);
    return Status;
}

VOID ScmShutdownSystem(VOID)
{
    KiLock(&ScmLock);
    while (!IsListEmpty(&ScmRecords))
        ScmpUnlist(CONTAINING_RECORD(ScmRecords.Flink, SCM_RECORD, ListEntry));
    KiUnlock(&ScmLock);
}
