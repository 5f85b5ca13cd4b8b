/* SPDX-License-Identifier: MIT */
/* scmenum.c - lists of services. */
#include "ntio/win32/scm.h"

typedef struct _LISTING {
    SCM_PACK Pack;
    BOOLEAN Process; /* ENUM_SERVICE_STATUS_PROCESS, else ENUM_SERVICE_STATUS */
    DWORD Types, States;
    LPCWSTR Group;     /* NULL: any */
    LPCWSTR DependsOn; /* of EnumDependentServices */
    DWORD Index;       /* of those that match */
    DWORD First;       /* what came before was returned already */
    DWORD Returned, Needed;
    DWORD Visits; /* bounds the walk where services depend on each other in circles */
    BOOLEAN Full;
} LISTING;

static BOOLEAN Matches(LISTING *List, LPCWSTR Name, PSCM_CONFIG Config,
                       SERVICE_STATUS_PROCESS *Status)
{
    if ((Config->Type & List->Types) == 0)
        return FALSE;
    if (List->Group != NULL &&
        !ScmpSameName(Config->Group != NULL ? Config->Group : L"", List->Group))
        return FALSE;
    if (List->DependsOn != NULL && !ScmpListHas(Config->Services, List->DependsOn))
        return FALSE;
    ScmpFillStatus(Name, ScmpFindRecord(Name), Config->Type, Status);
    return (List->States &
            (Status->dwCurrentState == SERVICE_STOPPED ? SERVICE_INACTIVE : SERVICE_ACTIVE)) != 0;
}

static BOOLEAN AddService(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    LISTING *List = Context;
    LPCWSTR Display = Config->DisplayName != NULL ? Config->DisplayName : Name;
    SIZE_T NameLength = NtCrt_wcslen(Name) + 1, DisplayLength = NtCrt_wcslen(Display) + 1;
    SERVICE_STATUS_PROCESS Status;
    DWORD Fixed =
        List->Process ? sizeof(ENUM_SERVICE_STATUS_PROCESSW) : sizeof(ENUM_SERVICE_STATUSW);
    DWORD Bytes;

    if (!Matches(List, Name, Config, &Status) || List->Index++ < List->First)
        return TRUE;
    Bytes = Fixed + ScmpPackSize(&List->Pack, Name, NameLength) +
            ScmpPackSize(&List->Pack, Display, DisplayLength);
    if (List->Full || Bytes > List->Pack.Back - List->Pack.Front) {
        List->Full = TRUE;
        List->Needed += Bytes;
        return TRUE;
    }
    /* Both structures begin with the two names; the status follows. */
    LPBYTE To = List->Pack.Buffer + List->Pack.Front;
    List->Pack.Front += Fixed;
    ENUM_SERVICE_STATUS_PROCESSW Entry = {
        .lpServiceName = ScmpPackText(&List->Pack, Name, NameLength),
        .lpDisplayName = ScmpPackText(&List->Pack, Display, DisplayLength),
        .ServiceStatusProcess = Status};
    RtlCopyMemory(To, &Entry, Fixed);
    List->Returned++;
    return TRUE;
}

C_ASSERT(FIELD_OFFSET(ENUM_SERVICE_STATUSW, ServiceStatus) ==
         FIELD_OFFSET(ENUM_SERVICE_STATUS_PROCESSW, ServiceStatusProcess));
C_ASSERT(sizeof(ENUM_SERVICE_STATUSW) <= sizeof(ENUM_SERVICE_STATUS_PROCESSW));

/* *Resume (may be NULL): in, how many to pass over; out, how many were returned so far, or 0. */
static DWORD Fill(LISTING *List, LPVOID Buffer, DWORD Size, LPDWORD Needed, LPDWORD Returned,
                  LPDWORD Resume)
{
    if (Needed == NULL || Returned == NULL || (Buffer == NULL && Size != 0))
        return ERROR_INVALID_ADDRESS;
    if (List->States == 0 || (List->States & ~(DWORD)SERVICE_STATE_ALL) != 0 || List->Types == 0 ||
        (List->Types & ~(DWORD)SERVICE_TYPE_ALL) != 0)
        return ERROR_INVALID_PARAMETER;
    List->Pack.Buffer = Buffer;
    List->Pack.Back = Size & ~(SIZE_T)1;
    List->First = Resume != NULL ? *Resume : 0;
    KiLock(&ScmLock);
    ScmpForEach(AddService, List);
    KiUnlock(&ScmLock);
    *Needed = List->Needed;
    *Returned = List->Returned;
    if (Resume != NULL)
        *Resume = List->Full ? List->First + List->Returned : 0;
    return List->Full ? ERROR_MORE_DATA : ERROR_SUCCESS;
}

static BOOL EnumServices(SC_HANDLE Manager, LISTING *List, LPVOID Buffer, DWORD Size,
                         LPDWORD Needed, LPDWORD Returned, LPDWORD Resume)
{
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Manager, ScmManagerType, SC_MANAGER_ENUMERATE_SERVICE, &Object);

    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    Error = Fill(List, Buffer, Size, Needed, Returned, Resume);
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

BOOL WINAPI EnumServicesStatusW(SC_HANDLE Manager, DWORD ServiceType, DWORD ServiceState,
                                LPENUM_SERVICE_STATUSW Services, DWORD Size, LPDWORD Needed,
                                LPDWORD Returned, LPDWORD Resume)
{
    LISTING List = {.Types = ServiceType, .States = ServiceState};
    return EnumServices(Manager, &List, Services, Size, Needed, Returned, Resume);
}

BOOL WINAPI EnumServicesStatusA(SC_HANDLE Manager, DWORD ServiceType, DWORD ServiceState,
                                LPENUM_SERVICE_STATUSA Services, DWORD Size, LPDWORD Needed,
                                LPDWORD Returned, LPDWORD Resume)
{
    LISTING List = {.Pack.Ansi = TRUE, .Types = ServiceType, .States = ServiceState};
    return EnumServices(Manager, &List, Services, Size, Needed, Returned, Resume);
}

BOOL WINAPI EnumServicesStatusExW(SC_HANDLE Manager, SC_ENUM_TYPE Level, DWORD ServiceType,
                                  DWORD ServiceState, LPBYTE Services, DWORD Size, LPDWORD Needed,
                                  LPDWORD Returned, LPDWORD Resume, LPCWSTR GroupName)
{
    LISTING List = {
        .Process = TRUE, .Types = ServiceType, .States = ServiceState, .Group = GroupName};

    if (Level != SC_ENUM_PROCESS_INFO)
        return ScmpEnd(ERROR_INVALID_LEVEL);
    return EnumServices(Manager, &List, Services, Size, Needed, Returned, Resume);
}

BOOL WINAPI EnumServicesStatusExA(SC_HANDLE Manager, SC_ENUM_TYPE Level, DWORD ServiceType,
                                  DWORD ServiceState, LPBYTE Services, DWORD Size, LPDWORD Needed,
                                  LPDWORD Returned, LPDWORD Resume, LPCSTR GroupName)
{
    LPWSTR Group;
    BOOL Done = FALSE;

    if (Level != SC_ENUM_PROCESS_INFO)
        return ScmpEnd(ERROR_INVALID_LEVEL);
    if (ScmpEnd(ScmpWide(GroupName, FALSE, &Group))) {
        LISTING List = {.Pack.Ansi = TRUE,
                        .Process = TRUE,
                        .Types = ServiceType,
                        .States = ServiceState,
                        .Group = Group};
        Done = EnumServices(Manager, &List, Services, Size, Needed, Returned, Resume);
    }
    ScmpFreeText(Group);
    return Done;
}

/* ---- who depends on a service ---- */

/*
 * Direct dependents only are listed by one pass; those of theirs follow by a pass for each. Stopped
 * in reverse they would hurt nobody, so the deepest stand first.
 */
static VOID AddDependents(LISTING *List, LPCWSTR Name, ULONG Depth);

typedef struct _DEEPER {
    LISTING *List;
    LPCWSTR Name;
    ULONG Depth;
} DEEPER;

static BOOLEAN AddDeeper(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    DEEPER *Deeper = Context;

    if (ScmpListHas(Config->Services, Deeper->Name))
        AddDependents(Deeper->List, Name, Deeper->Depth + 1);
    return TRUE;
}

#define DEPENDENTS_DEPTH  64
#define DEPENDENTS_VISITS 1024

static BOOLEAN AlreadyListed(LISTING *List, LPCWSTR Name)
{
    SIZE_T Step = sizeof(ENUM_SERVICE_STATUSW);

    for (DWORD i = 0; i < List->Returned; i++) {
        ENUM_SERVICE_STATUSW *Entry = (ENUM_SERVICE_STATUSW *)(List->Pack.Buffer + i * Step);
        if (List->Pack.Ansi) {
            LPWSTR Wide;
            BOOLEAN Same = FALSE;
            if (ScmpWide((LPCSTR)Entry->lpServiceName, FALSE, &Wide) == ERROR_SUCCESS)
                Same = ScmpSameName(Wide, Name);
            ScmpFreeText(Wide);
            if (Same)
                return TRUE;
        } else if (ScmpSameName(Entry->lpServiceName, Name)) {
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN AddDirect(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    LISTING *List = Context;
    return AlreadyListed(List, Name) ? TRUE : AddService(Name, Config, List);
}

static VOID AddDependents(LISTING *List, LPCWSTR Name, ULONG Depth)
{
    DEEPER Deeper = {List, Name, Depth};

    if (Depth < DEPENDENTS_DEPTH && ++List->Visits <= DEPENDENTS_VISITS)
        ScmpForEach(AddDeeper, &Deeper);
    List->DependsOn = Name;
    ScmpForEach(AddDirect, List);
}

static BOOL EnumDependents(SC_HANDLE Service, LISTING *List, LPVOID Buffer, DWORD Size,
                           LPDWORD Needed, LPDWORD Returned)
{
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Service, ScmServiceType, SERVICE_ENUMERATE_DEPENDENTS, &Object);

    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    if (Needed == NULL || Returned == NULL || (Buffer == NULL && Size != 0)) {
        Error = ERROR_INVALID_ADDRESS;
    } else if (List->States == 0 || (List->States & ~(DWORD)SERVICE_STATE_ALL) != 0) {
        Error = ERROR_INVALID_PARAMETER;
    } else {
        List->Types = SERVICE_TYPE_ALL;
        List->Pack.Buffer = Buffer;
        List->Pack.Back = Size & ~(SIZE_T)1;
        KiLock(&ScmLock);
        AddDependents(List, Object->Record->Name, 0);
        KiUnlock(&ScmLock);
        *Needed = List->Needed;
        *Returned = List->Returned;
        Error = List->Full ? ERROR_MORE_DATA : ERROR_SUCCESS;
    }
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

BOOL WINAPI EnumDependentServicesW(SC_HANDLE Service, DWORD ServiceState,
                                   LPENUM_SERVICE_STATUSW Services, DWORD Size, LPDWORD Needed,
                                   LPDWORD Returned)
{
    LISTING List = {.States = ServiceState};
    return EnumDependents(Service, &List, Services, Size, Needed, Returned);
}

BOOL WINAPI EnumDependentServicesA(SC_HANDLE Service, DWORD ServiceState,
                                   LPENUM_SERVICE_STATUSA Services, DWORD Size, LPDWORD Needed,
                                   LPDWORD Returned)
{
    LISTING List = {.Pack.Ansi = TRUE, .States = ServiceState};
    return EnumDependents(Service, &List, Services, Size, Needed, Returned);
}
