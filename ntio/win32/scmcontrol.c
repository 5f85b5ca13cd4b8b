/* SPDX-License-Identifier: MIT */
/*
 * scmcontrol.c - services started and stopped, with what they depend on.
 *
 * Everything that starts or stops runs in a transition (scm.h), so no two threads wait for each
 * other's service, whatever depends on what.
 */
#include "ntio/win32/scm.h"

#include <stdio.h>

static DWORD Say(char *Reason, size_t Size, DWORD Error, const char *Format, LPCWSTR First,
                 LPCWSTR Second)
{
    if (Reason != NULL && Size != 0)
        NtCrt__snprintf(Reason, Size, Format, First, Second);
    if (Reason != NULL && Size != 0)
        Reason[Size - 1] = '\0';
    return Error;
}

static VOID SetPending(PSCM_RECORD Record, ULONG Pending)
{
    KiLock(&ScmLock);
    Record->Pending = Pending;
    KiUnlock(&ScmLock);
}

/* ---- what a service depends on ---- */

/* Starts one, referenced by its name. */
static DWORD StartNamed(LPCWSTR Name, const SCM_CHAIN *Chain, char *Reason, size_t Size)
{
    PSCM_RECORD Record;
    DWORD Error;

    KiLock(&ScmLock);
    Error = ScmpOpenRecord(Name, &Record);
    KiUnlock(&ScmLock);
    if (Error != ERROR_SUCCESS)
        return Say(Reason, Size, Error, "there is no service %ws", Name, NULL);
    Error = ScmpStart(Record, Chain, Reason, Size);
    KiLock(&ScmLock);
    ScmpPurge(Record);
    ScmpDereferenceRecord(Record);
    KiUnlock(&ScmLock);
    return Error;
}

static DWORD StartServices(LPCWSTR List, const SCM_CHAIN *Chain, char *Reason, size_t Size)
{
    for (; List != NULL && *List != 0; List += NtCrt_wcslen(List) + 1) {
        DWORD Error = StartNamed(List, Chain, Reason, Size);
        if (Error == ERROR_SERVICE_DOES_NOT_EXIST)
            return Say(Reason, Size, ERROR_SERVICE_DEPENDENCY_DELETED,
                       "service %ws depends on %ws, which is not there", Chain->Record->Name, List);
        if (Error == ERROR_CIRCULAR_DEPENDENCY)
            return Error;
        if (Error != ERROR_SUCCESS)
            return ERROR_SERVICE_DEPENDENCY_FAIL; /* Reason is the other service's */
    }
    return ERROR_SUCCESS;
}

#define MEMBERS_MAXIMUM 256
typedef struct _MEMBERS {
    LPCWSTR Group;
    ULONG Count;
    WCHAR *Names[MEMBERS_MAXIMUM];
} MEMBERS;

static BOOLEAN AddMember(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    MEMBERS *Members = Context;
    SIZE_T Bytes = (NtCrt_wcslen(Name) + 1) * sizeof(WCHAR);

    if (Config->Group == NULL || !ScmpSameName(Config->Group, Members->Group) ||
        Config->Start == SERVICE_DISABLED || (Config->Type & SERVICE_WIN32) != 0)
        return TRUE;
    Members->Names[Members->Count] = ExAllocatePoolWithTag(PagedPool, Bytes, SCM_TAG);
    if (Members->Names[Members->Count] == NULL)
        return FALSE;
    RtlCopyMemory(Members->Names[Members->Count], Name, Bytes);
    return ++Members->Count < MEMBERS_MAXIMUM;
}

/* At least one member of each group must run after an attempt to start them all. */
static DWORD StartGroups(LPCWSTR List, const SCM_CHAIN *Chain, char *Reason, size_t Size)
{
    DWORD Error = ERROR_SUCCESS;
    MEMBERS *Members;

    if (List == NULL || *List == 0)
        return ERROR_SUCCESS;
    Members = ExAllocatePoolWithTag(PagedPool, sizeof(*Members), SCM_TAG);
    if (Members == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    for (; *List != 0 && Error == ERROR_SUCCESS; List += NtCrt_wcslen(List) + 1) {
        BOOLEAN Running = FALSE;

        Members->Group = List;
        Members->Count = 0;
        KiLock(&ScmLock);
        ScmpForEach(AddMember, Members);
        KiUnlock(&ScmLock);
        for (ULONG i = 0; i < Members->Count; i++) {
            if (StartNamed(Members->Names[i], Chain, NULL, 0) == ERROR_SUCCESS)
                Running = TRUE;
            ExFreePoolWithTag(Members->Names[i], SCM_TAG);
        }
        if (!Running)
            Error = Say(Reason, Size, ERROR_SERVICE_DEPENDENCY_FAIL,
                        "service %ws depends on group %ws, of which none could be started",
                        Chain->Record->Name, List);
    }
    ExFreePoolWithTag(Members, SCM_TAG);
    return Error;
}

/* ---- start ---- */

static DWORD StartDriver(PSCM_RECORD Record, PSCM_CONFIG Config, const SCM_CHAIN *Chain,
                         char *Reason, size_t Size)
{
    char Text[512];
    NTSTATUS Status;
    DWORD Error = StartServices(Config->Services, Chain, Reason, Size);

    if (Error == ERROR_SUCCESS)
        Error = StartGroups(Config->Groups, Chain, Reason, Size);
    if (Error != ERROR_SUCCESS)
        return Error;
    if ((Config->Type & SERVICE_WIN32) != 0)
        return Say(Reason, Size, ERROR_CALL_NOT_IMPLEMENTED,
                   "service %ws is a program's: there are only drivers here", Record->Name, NULL);
    Status = LdrStartService(Record->Name, Text, sizeof(Text));
    if (NT_SUCCESS(Status))
        return ERROR_SUCCESS;
    /* The code says little of a file that does not load. */
    DbgPrint("ntio: %s\n", Text);
    if (Reason != NULL && Size != 0)
        snprintf(Reason, Size, "%s", Text);
    return RtlNtStatusToDosErrorNoTeb(Status);
}

DWORD ScmpStart(PSCM_RECORD Record, const SCM_CHAIN *Above, char *Reason, size_t Size)
{
    const SCM_CHAIN Chain = {Above, Record};
    ULONG State, Claimed;
    BOOLEAN Deleted, Tried = FALSE;
    SCM_CONFIG Config;
    DWORD Error;

    for (const SCM_CHAIN *Link = Above; Link != NULL; Link = Link->Above)
        if (Link->Record == Record)
            return Say(Reason, Size, ERROR_CIRCULAR_DEPENDENCY,
                       "service %ws depends on itself by way of %ws", Record->Name,
                       Above->Record->Name);
    KiLock(&ScmLock);
    /* Who has claimed it waits for this transition, or is it: what counts is what runs now. */
    Claimed = Record->Pending;
    Deleted = Record->Deleted;
    Record->Pending = 0;
    State = ScmpState(Record);
    if (State == SERVICE_STOPPED)
        Record->Pending = SERVICE_START_PENDING;
    else
        Record->Pending = Claimed;
    Error = State == SERVICE_STOPPED ? ScmpReadConfig(Record->Name, &Config) : ERROR_SUCCESS;
    KiUnlock(&ScmLock);
    if (State == SERVICE_RUNNING)
        return ERROR_SUCCESS;
    if (State == SERVICE_STOP_PENDING)
        return Say(Reason, Size, ERROR_SERVICE_ALREADY_RUNNING,
                   "service %ws has not stopped yet: a device of its is open", Record->Name, NULL);
    if (Error != ERROR_SUCCESS) {
        Say(Reason, Size, Error, "there is no service %ws", Record->Name, NULL);
    } else {
        if (Deleted || Config.DeleteFlag)
            Error = Say(Reason, Size, ERROR_SERVICE_MARKED_FOR_DELETE,
                        "service %ws is marked for deletion", Record->Name, NULL);
        else if (Config.Start == SERVICE_DISABLED)
            Error = Say(Reason, Size, ERROR_SERVICE_DISABLED, "service %ws is disabled",
                        Record->Name, NULL);
        else
            Tried = TRUE;
        if (Tried)
            Error = StartDriver(Record, &Config, &Chain, Reason, Size);
        ScmpFreeConfig(&Config);
    }
    KiLock(&ScmLock);
    if (Tried)
        Record->ExitCode = Error;
    Record->Pending = Claimed; /* its owner's to take back */
    KiUnlock(&ScmLock);
    return Error;
}

static DWORD StartByHandle(SC_HANDLE Service)
{
    PSCM_OBJECT Object;
    PSCM_RECORD Record;
    DWORD Error = ScmpReference(Service, ScmServiceType, SERVICE_START, &Object);

    if (Error != ERROR_SUCCESS)
        return Error;
    Record = Object->Record;
    KiLock(&ScmLock);
    if (Record->Deleted)
        Error = ERROR_SERVICE_MARKED_FOR_DELETE;
    else if (ScmpState(Record) != SERVICE_STOPPED)
        Error = ERROR_SERVICE_ALREADY_RUNNING;
    else
        Record->Pending = SERVICE_START_PENDING;
    KiUnlock(&ScmLock);
    if (Error == ERROR_SUCCESS) {
        ScmpBeginTransition();
        Error = ScmpStart(Record, NULL, NULL, 0);
        SetPending(Record, 0);
        ScmpEndTransition();
        KiLock(&ScmLock);
        ScmpPurge(Record); /* its last handle may have been closed meanwhile */
        KiUnlock(&ScmLock);
    }
    ObDereferenceObject(Object);
    return Error;
}

BOOL WINAPI StartServiceW(SC_HANDLE Service, DWORD Count, LPCWSTR *Arguments)
{
    UNREFERENCED_PARAMETER(Count);
    UNREFERENCED_PARAMETER(Arguments);
    return ScmpEnd(StartByHandle(Service));
}

BOOL WINAPI StartServiceA(SC_HANDLE Service, DWORD Count, LPCSTR *Arguments)
{
    UNREFERENCED_PARAMETER(Count);
    UNREFERENCED_PARAMETER(Arguments);
    return ScmpEnd(StartByHandle(Service));
}

/* ---- stop ---- */

typedef struct _DEPENDENTS {
    LPCWSTR Name;
    WCHAR *Group;
    BOOLEAN Other, Needed; /* another member of Group runs; somebody needs Name */
} DEPENDENTS;

static BOOLEAN LookAtOther(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    DEPENDENTS *Search = Context;

    if (!ScmpSameName(Name, Search->Name) && Config->Group != NULL &&
        ScmpSameName(Config->Group, Search->Group) && ScmpStateOf(Name) == SERVICE_RUNNING)
        Search->Other = TRUE;
    return !Search->Other;
}

static BOOLEAN LookAtDependent(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    DEPENDENTS *Search = Context;

    if (ScmpListHas(Config->Services, Search->Name) ||
        (Search->Group != NULL && !Search->Other && ScmpListHas(Config->Groups, Search->Group)))
        Search->Needed = ScmpStateOf(Name) != SERVICE_STOPPED;
    return !Search->Needed;
}

static BOOLEAN IsNeeded(PSCM_RECORD Record)
{
    DEPENDENTS Search = {Record->Name, NULL, FALSE, FALSE};
    SCM_CONFIG Config;

    KiLock(&ScmLock);
    if (ScmpReadConfig(Record->Name, &Config) == ERROR_SUCCESS) {
        Search.Group = Config.Group;
        if (Search.Group != NULL)
            ScmpForEach(LookAtOther, &Search);
        ScmpForEach(LookAtDependent, &Search);
        ScmpFreeConfig(&Config);
    }
    KiUnlock(&ScmLock);
    return Search.Needed;
}

/* In a transition. */
static DWORD Stop(PSCM_RECORD Record)
{
    PDRIVER_OBJECT Driver = IopFindDriver(Record->Name);
    NTSTATUS Status;

    if (Driver == NULL)
        return ERROR_SERVICE_NOT_ACTIVE; /* somebody unloaded it otherwise */
    if (IsNeeded(Record))
        Status = STATUS_UNSUCCESSFUL;
    else
        Status = IopRequestUnload(Driver);
    ObDereferenceObject(Driver);
    if (Status == STATUS_UNSUCCESSFUL)
        return ERROR_DEPENDENT_SERVICES_RUNNING;
    if (Status == STATUS_INVALID_DEVICE_REQUEST)
        return ERROR_INVALID_SERVICE_CONTROL;
    /* STATUS_RESOURCE_IN_USE: it left devices behind, but the driver is gone as a service. */
    if (!NT_SUCCESS(Status) && Status != STATUS_RESOURCE_IN_USE)
        return RtlNtStatusToDosErrorNoTeb(Status);
    KiLock(&ScmLock);
    Record->ExitCode = ERROR_SUCCESS;
    KiUnlock(&ScmLock);
    return ERROR_SUCCESS;
}

static DWORD RightFor(DWORD Control)
{
    switch (Control) {
    case SERVICE_CONTROL_STOP:
        return SERVICE_STOP;
    case SERVICE_CONTROL_INTERROGATE:
        return SERVICE_INTERROGATE;
    case SERVICE_CONTROL_PAUSE:
    case SERVICE_CONTROL_CONTINUE:
    case SERVICE_CONTROL_PARAMCHANGE:
        return SERVICE_PAUSE_CONTINUE;
    default:
        return Control >= 128 && Control <= 255 ? SERVICE_USER_DEFINED_CONTROL : 0;
    }
}

static VOID Report(PSCM_RECORD Record, LPSERVICE_STATUS Status)
{
    SERVICE_STATUS_PROCESS Full;
    SCM_CONFIG Config;
    ULONG Type = 0;

    KiLock(&ScmLock);
    if (ScmpReadConfig(Record->Name, &Config) == ERROR_SUCCESS) {
        Type = Config.Type;
        ScmpFreeConfig(&Config);
    }
    ScmpFillStatus(Record->Name, Record, Type, &Full);
    KiUnlock(&ScmLock);
    RtlCopyMemory(Status, &Full, sizeof(*Status)); /* it begins the same */
}

BOOL WINAPI ControlService(SC_HANDLE Service, DWORD Control, LPSERVICE_STATUS Status)
{
    DWORD Right = RightFor(Control), Error;
    PSCM_OBJECT Object;
    PSCM_RECORD Record;
    ULONG State;

    if (Right == 0 || Status == NULL)
        return ScmpEnd(Status == NULL ? ERROR_INVALID_ADDRESS : ERROR_INVALID_PARAMETER);
    Error = ScmpReference(Service, ScmServiceType, Right, &Object);
    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    Record = Object->Record;
    KiLock(&ScmLock);
    State = ScmpState(Record);
    if (State == SERVICE_STOPPED)
        Error = ERROR_SERVICE_NOT_ACTIVE;
    else if (State != SERVICE_RUNNING)
        Error = ERROR_SERVICE_CANNOT_ACCEPT_CTRL;
    else if (Control == SERVICE_CONTROL_STOP)
        Record->Pending = SERVICE_STOP_PENDING;
    else if (Control != SERVICE_CONTROL_INTERROGATE)
        Error = ERROR_INVALID_SERVICE_CONTROL;
    KiUnlock(&ScmLock);
    if (Error == ERROR_SUCCESS && Control == SERVICE_CONTROL_STOP) {
        ScmpBeginTransition();
        Error = Stop(Record);
        SetPending(Record, 0);
        ScmpEndTransition();
        KiLock(&ScmLock);
        ScmpPurge(Record);
        KiUnlock(&ScmLock);
    }
    if (Error == ERROR_SUCCESS || Error == ERROR_INVALID_SERVICE_CONTROL ||
        Error == ERROR_SERVICE_CANNOT_ACCEPT_CTRL || Error == ERROR_SERVICE_NOT_ACTIVE ||
        Error == ERROR_DEPENDENT_SERVICES_RUNNING)
        Report(Record, Status);
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

/* ---- status ---- */

BOOL WINAPI QueryServiceStatus(SC_HANDLE Service, LPSERVICE_STATUS Status)
{
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Service, ScmServiceType, SERVICE_QUERY_STATUS, &Object);

    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    if (Status == NULL)
        Error = ERROR_INVALID_ADDRESS;
    else
        Report(Object->Record, Status);
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

BOOL WINAPI QueryServiceStatusEx(SC_HANDLE Service, SC_STATUS_TYPE Level, LPBYTE Buffer, DWORD Size,
                                 LPDWORD Needed)
{
    SERVICE_STATUS_PROCESS Full = {0};
    PSCM_OBJECT Object;
    DWORD Error;

    if (Level != SC_STATUS_PROCESS_INFO)
        return ScmpEnd(ERROR_INVALID_LEVEL);
    Error = ScmpReference(Service, ScmServiceType, SERVICE_QUERY_STATUS, &Object);
    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    if (Needed == NULL || (Buffer == NULL && Size != 0))
        Error = ERROR_INVALID_ADDRESS;
    else if (*Needed = sizeof(Full), Size < sizeof(Full))
        Error = ERROR_INSUFFICIENT_BUFFER;
    else
        Report(Object->Record, (LPSERVICE_STATUS)&Full);
    if (Error == ERROR_SUCCESS)
        RtlCopyMemory(Buffer, &Full, sizeof(Full));
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}
