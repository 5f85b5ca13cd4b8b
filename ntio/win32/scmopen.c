/* SPDX-License-Identifier: MIT */
/* scmopen.c - handles of the service control manager and of services; services made and deleted. */
#include "ntio/win32/scm.h"

static BOOLEAN IsThisMachine(LPCWSTR Machine)
{
    if (Machine == NULL || *Machine == 0)
        return TRUE;
    while (*Machine == L'\\')
        Machine++;
    return NtCrt__wcsicmp(Machine, L"localhost") == 0 || NtCrt_wcscmp(Machine, L".") == 0;
}

SC_HANDLE WINAPI OpenSCManagerW(LPCWSTR Machine, LPCWSTR Database, DWORD DesiredAccess)
{
    SC_HANDLE Handle = NULL;
    DWORD Error;

    if (!IsThisMachine(Machine))
        Error = RPC_S_SERVER_UNAVAILABLE;
    else if (Database == NULL || NtCrt__wcsicmp(Database, SERVICES_ACTIVE_DATABASEW) == 0)
        Error = ScmpMakeHandle(NULL, DesiredAccess | SC_MANAGER_CONNECT, &Handle);
    else if (NtCrt__wcsicmp(Database, SERVICES_FAILED_DATABASEW) == 0)
        Error = ERROR_DATABASE_DOES_NOT_EXIST;
    else
        Error = ERROR_INVALID_NAME;
    ScmpEnd(Error);
    return Handle;
}

SC_HANDLE WINAPI OpenSCManagerA(LPCSTR Machine, LPCSTR Database, DWORD DesiredAccess)
{
    LPWSTR WideMachine, WideDatabase = NULL;
    SC_HANDLE Handle = NULL;
    DWORD Error = ScmpWide(Machine, FALSE, &WideMachine);

    if (Error == ERROR_SUCCESS)
        Error = ScmpWide(Database, FALSE, &WideDatabase);
    if (ScmpEnd(Error))
        Handle = OpenSCManagerW(WideMachine, WideDatabase, DesiredAccess);
    ScmpFreeText(WideDatabase);
    ScmpFreeText(WideMachine);
    return Handle;
}

SC_HANDLE WINAPI OpenServiceW(SC_HANDLE Manager, LPCWSTR Name, DWORD DesiredAccess)
{
    SC_HANDLE Handle = NULL;
    PSCM_RECORD Record;
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Manager, ScmManagerType, SC_MANAGER_CONNECT, &Object);

    if (!ScmpEnd(Error))
        return NULL;
    if (Name == NULL) {
        Error = ERROR_INVALID_ADDRESS;
    } else if (!ScmpIsName(Name)) {
        Error = ERROR_INVALID_NAME;
    } else {
        KiLock(&ScmLock);
        Error = ScmpOpenRecord(Name, &Record);
        if (Error == ERROR_SUCCESS)
            Record->Handles++;
        KiUnlock(&ScmLock);
        if (Error == ERROR_SUCCESS)
            Error = ScmpMakeHandle(Record, DesiredAccess, &Handle);
    }
    ObDereferenceObject(Object);
    ScmpEnd(Error);
    return Handle;
}

SC_HANDLE WINAPI OpenServiceA(SC_HANDLE Manager, LPCSTR Name, DWORD DesiredAccess)
{
    SC_HANDLE Handle = NULL;
    LPWSTR Wide;

    if (ScmpEnd(ScmpWide(Name, FALSE, &Wide)))
        Handle = OpenServiceW(Manager, Wide, DesiredAccess);
    ScmpFreeText(Wide);
    return Handle;
}

BOOL WINAPI CloseServiceHandle(SC_HANDLE Handle)
{
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Handle, ScmServiceType, 0, &Object);

    if (Error != ERROR_SUCCESS)
        Error = ScmpReference(Handle, ScmManagerType, 0, &Object);
    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    ObDereferenceObject(Object);
    return ScmpEnd(RtlNtStatusToDosErrorNoTeb(ObCloseHandle((HANDLE)Handle, UserMode)));
}

/* *Record is referenced and counted in Handles. */
static DWORD Create(LPCWSTR Name, const SCM_CHANGE *Change, PSCM_RECORD *Record)
{
    DWORD Error;

    if (Name == NULL)
        return ERROR_INVALID_ADDRESS;
    if (!ScmpIsName(Name))
        return ERROR_INVALID_NAME;
    KiLock(&ScmLock);
    Error = ScmpOpenRecord(Name, Record);
    if (Error == ERROR_SUCCESS) {
        Error = (*Record)->Deleted ? ERROR_SERVICE_MARKED_FOR_DELETE : ERROR_SERVICE_EXISTS;
        ScmpDereferenceRecord(*Record);
    } else if (Error == ERROR_SERVICE_DOES_NOT_EXIST) {
        Error = ScmpChange(Name, NULL, Change);
        if (Error == ERROR_SUCCESS)
            Error = ScmpOpenRecord(Name, Record);
        if (Error == ERROR_SUCCESS)
            (*Record)->Handles++;
    }
    KiUnlock(&ScmLock);
    return Error;
}

SC_HANDLE WINAPI CreateServiceW(SC_HANDLE Manager, LPCWSTR Name, LPCWSTR DisplayName,
                                DWORD DesiredAccess, DWORD ServiceType, DWORD StartType,
                                DWORD ErrorControl, LPCWSTR BinaryPathName, LPCWSTR LoadOrderGroup,
                                LPDWORD TagId, LPCWSTR Dependencies, LPCWSTR ServiceStartName,
                                LPCWSTR Password)
{
    const SCM_CHANGE Change = {.Type = ServiceType,
                               .Start = StartType,
                               .ErrorControl = ErrorControl,
                               .ImagePath = BinaryPathName,
                               .Group = LoadOrderGroup,
                               .Dependencies = Dependencies,
                               .ObjectName = ServiceStartName,
                               .DisplayName = DisplayName,
                               .TagId = TagId};
    SC_HANDLE Handle = NULL;
    PSCM_RECORD Record;
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Manager, ScmManagerType, SC_MANAGER_CREATE_SERVICE, &Object);

    UNREFERENCED_PARAMETER(Password); /* a driver has no account */
    if (!ScmpEnd(Error))
        return NULL;
    Error = Create(Name, &Change, &Record);
    if (Error == ERROR_SUCCESS)
        Error = ScmpMakeHandle(Record, DesiredAccess, &Handle);
    ObDereferenceObject(Object);
    ScmpEnd(Error);
    return Handle;
}

/* The strings of CreateServiceA and ChangeServiceConfigA. */
typedef struct _WIDE_STRINGS {
    LPWSTR Name, DisplayName, Path, Group, Dependencies, StartName;
} WIDE_STRINGS;

static VOID FreeStrings(WIDE_STRINGS *Strings)
{
    ScmpFreeText(Strings->Name);
    ScmpFreeText(Strings->DisplayName);
    ScmpFreeText(Strings->Path);
    ScmpFreeText(Strings->Group);
    ScmpFreeText(Strings->Dependencies);
    ScmpFreeText(Strings->StartName);
}

static DWORD WidenStrings(WIDE_STRINGS *Strings, LPCSTR Name, LPCSTR DisplayName, LPCSTR Path,
                          LPCSTR Group, LPCSTR Dependencies, LPCSTR StartName)
{
    DWORD Error;

    RtlZeroMemory(Strings, sizeof(*Strings));
    Error = ScmpWide(Name, FALSE, &Strings->Name);
    if (Error == ERROR_SUCCESS)
        Error = ScmpWide(DisplayName, FALSE, &Strings->DisplayName);
    if (Error == ERROR_SUCCESS)
        Error = ScmpWide(Path, FALSE, &Strings->Path);
    if (Error == ERROR_SUCCESS)
        Error = ScmpWide(Group, FALSE, &Strings->Group);
    if (Error == ERROR_SUCCESS)
        Error = ScmpWide(Dependencies, TRUE, &Strings->Dependencies);
    if (Error == ERROR_SUCCESS)
        Error = ScmpWide(StartName, FALSE, &Strings->StartName);
    return Error;
}

SC_HANDLE WINAPI CreateServiceA(SC_HANDLE Manager, LPCSTR Name, LPCSTR DisplayName,
                                DWORD DesiredAccess, DWORD ServiceType, DWORD StartType,
                                DWORD ErrorControl, LPCSTR BinaryPathName, LPCSTR LoadOrderGroup,
                                LPDWORD TagId, LPCSTR Dependencies, LPCSTR ServiceStartName,
                                LPCSTR Password)
{
    WIDE_STRINGS Wide;
    SC_HANDLE Handle = NULL;

    UNREFERENCED_PARAMETER(Password);
    if (ScmpEnd(WidenStrings(&Wide, Name, DisplayName, BinaryPathName, LoadOrderGroup, Dependencies,
                             ServiceStartName)))
        Handle = CreateServiceW(Manager, Wide.Name, Wide.DisplayName, DesiredAccess, ServiceType,
                                StartType, ErrorControl, Wide.Path, Wide.Group, TagId,
                                Wide.Dependencies, Wide.StartName, NULL);
    FreeStrings(&Wide);
    return Handle;
}

BOOL WINAPI ChangeServiceConfigW(SC_HANDLE Service, DWORD ServiceType, DWORD StartType,
                                 DWORD ErrorControl, LPCWSTR BinaryPathName, LPCWSTR LoadOrderGroup,
                                 LPDWORD TagId, LPCWSTR Dependencies, LPCWSTR ServiceStartName,
                                 LPCWSTR Password, LPCWSTR DisplayName)
{
    const SCM_CHANGE Change = {.Type = ServiceType,
                               .Start = StartType,
                               .ErrorControl = ErrorControl,
                               .ImagePath = BinaryPathName,
                               .Group = LoadOrderGroup,
                               .Dependencies = Dependencies,
                               .ObjectName = ServiceStartName,
                               .DisplayName = DisplayName,
                               .TagId = TagId};
    PSCM_OBJECT Object;
    SCM_CONFIG Old;
    DWORD Error = ScmpReference(Service, ScmServiceType, SERVICE_CHANGE_CONFIG, &Object);

    UNREFERENCED_PARAMETER(Password);
    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    KiLock(&ScmLock);
    Error = Object->Record->Deleted ? (DWORD)ERROR_SERVICE_MARKED_FOR_DELETE
                                    : ScmpReadConfig(Object->Record->Name, &Old);
    if (Error == ERROR_SUCCESS) {
        Error = ScmpChange(Object->Record->Name, &Old, &Change);
        ScmpFreeConfig(&Old);
    }
    KiUnlock(&ScmLock);
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

BOOL WINAPI ChangeServiceConfigA(SC_HANDLE Service, DWORD ServiceType, DWORD StartType,
                                 DWORD ErrorControl, LPCSTR BinaryPathName, LPCSTR LoadOrderGroup,
                                 LPDWORD TagId, LPCSTR Dependencies, LPCSTR ServiceStartName,
                                 LPCSTR Password, LPCSTR DisplayName)
{
    WIDE_STRINGS Wide;
    BOOL Done = FALSE;

    UNREFERENCED_PARAMETER(Password);
    if (ScmpEnd(WidenStrings(&Wide, NULL, DisplayName, BinaryPathName, LoadOrderGroup, Dependencies,
                             ServiceStartName)))
        Done = ChangeServiceConfigW(Service, ServiceType, StartType, ErrorControl, Wide.Path,
                                    Wide.Group, TagId, Wide.Dependencies, Wide.StartName, NULL,
                                    Wide.DisplayName);
    FreeStrings(&Wide);
    return Done;
}

BOOL WINAPI DeleteService(SC_HANDLE Service)
{
    WCHAR Key[SCM_KEY_MAXIMUM];
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Service, ScmServiceType, DELETE, &Object);

    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    KiLock(&ScmLock);
    if (Object->Record->Deleted) {
        Error = ERROR_SERVICE_MARKED_FOR_DELETE;
    } else {
        /* On disk too: where it does not come to the deletion, the next boot sees to it. */
        ScmpKeyOf(Object->Record->Name, Key);
        if (CmpKeyExists(Key))
            Error = RtlNtStatusToDosErrorNoTeb(CmpSetUlong(Key, L"DeleteFlag", 1));
        if (Error == ERROR_SUCCESS)
            Object->Record->Deleted = TRUE;
    }
    KiUnlock(&ScmLock);
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}
