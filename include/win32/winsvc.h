/* SPDX-License-Identifier: MIT */
/*
 * winsvc.h - the service control manager: services are made, started, stopped, asked about.
 *
 * Services here are drivers. One of another type (SERVICE_WIN32) can be registered, but there are
 * no service processes: StartService on it fails with ERROR_CALL_NOT_IMPLEMENTED. There is one
 * machine and one database: another name gives RPC_S_SERVER_UNAVAILABLE or
 * ERROR_DATABASE_DOES_NOT_EXIST.
 *
 * Each handle carries the rights that it was opened with; a routine whose right it lacks fails with
 * ERROR_ACCESS_DENIED, and one that gets another kind of handle with ERROR_INVALID_HANDLE. Whatever
 * is returned as TRUE/FALSE leaves the reason of FALSE in GetLastError. Text of the A forms is
 * UTF-8. Names are compared without regard to case. PASSIVE_LEVEL, any thread of a program.
 *
 * Source: MS docs, winsvc.h.
 */
#ifndef NTIO_WIN32_WINSVC_H
#define NTIO_WIN32_WINSVC_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SERVICES_ACTIVE_DATABASEW L"ServicesActive"
#define SERVICES_FAILED_DATABASEW L"ServicesFailed"
#define SERVICES_ACTIVE_DATABASEA "ServicesActive"
#define SERVICES_FAILED_DATABASEA "ServicesFailed"
/* In a list of dependencies: what follows is the name of a load order group. */
#define SC_GROUP_IDENTIFIERW L'+'
#define SC_GROUP_IDENTIFIERA '+'

#define SERVICE_NO_CHANGE 0xffffffff

#define SERVICE_ACTIVE    0x00000001
#define SERVICE_INACTIVE  0x00000002
#define SERVICE_STATE_ALL (SERVICE_ACTIVE | SERVICE_INACTIVE)

#define SERVICE_CONTROL_STOP        0x00000001
#define SERVICE_CONTROL_PAUSE       0x00000002
#define SERVICE_CONTROL_CONTINUE    0x00000003
#define SERVICE_CONTROL_INTERROGATE 0x00000004
#define SERVICE_CONTROL_SHUTDOWN    0x00000005
#define SERVICE_CONTROL_PARAMCHANGE 0x00000006

#define SERVICE_STOPPED          0x00000001
#define SERVICE_START_PENDING    0x00000002
#define SERVICE_STOP_PENDING     0x00000003
#define SERVICE_RUNNING          0x00000004
#define SERVICE_CONTINUE_PENDING 0x00000005
#define SERVICE_PAUSE_PENDING    0x00000006
#define SERVICE_PAUSED           0x00000007

#define SERVICE_ACCEPT_STOP           0x00000001
#define SERVICE_ACCEPT_PAUSE_CONTINUE 0x00000002
#define SERVICE_ACCEPT_SHUTDOWN       0x00000004

#define SC_MANAGER_CONNECT            0x0001
#define SC_MANAGER_CREATE_SERVICE     0x0002
#define SC_MANAGER_ENUMERATE_SERVICE  0x0004
#define SC_MANAGER_LOCK               0x0008
#define SC_MANAGER_QUERY_LOCK_STATUS  0x0010
#define SC_MANAGER_MODIFY_BOOT_CONFIG 0x0020
#define SC_MANAGER_ALL_ACCESS                                                                      \
    (STANDARD_RIGHTS_REQUIRED | SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE |                   \
     SC_MANAGER_ENUMERATE_SERVICE | SC_MANAGER_LOCK | SC_MANAGER_QUERY_LOCK_STATUS |               \
     SC_MANAGER_MODIFY_BOOT_CONFIG)

#define SERVICE_QUERY_CONFIG         0x0001
#define SERVICE_CHANGE_CONFIG        0x0002
#define SERVICE_QUERY_STATUS         0x0004
#define SERVICE_ENUMERATE_DEPENDENTS 0x0008
#define SERVICE_START                0x0010
#define SERVICE_STOP                 0x0020
#define SERVICE_PAUSE_CONTINUE       0x0040
#define SERVICE_INTERROGATE          0x0080
#define SERVICE_USER_DEFINED_CONTROL 0x0100
#define SERVICE_ALL_ACCESS                                                                         \
    (STANDARD_RIGHTS_REQUIRED | SERVICE_QUERY_CONFIG | SERVICE_CHANGE_CONFIG |                     \
     SERVICE_QUERY_STATUS | SERVICE_ENUMERATE_DEPENDENTS | SERVICE_START | SERVICE_STOP |          \
     SERVICE_PAUSE_CONTINUE | SERVICE_INTERROGATE | SERVICE_USER_DEFINED_CONTROL)

#define SERVICE_RUNS_IN_SYSTEM_PROCESS 0x00000001

#define SERVICE_CONFIG_DESCRIPTION             1
#define SERVICE_CONFIG_FAILURE_ACTIONS         2
#define SERVICE_CONFIG_DELAYED_AUTO_START_INFO 3

typedef struct _SERVICE_DESCRIPTIONA {
    LPSTR lpDescription;
} SERVICE_DESCRIPTIONA, *LPSERVICE_DESCRIPTIONA;

typedef struct _SERVICE_DESCRIPTIONW {
    LPWSTR lpDescription;
} SERVICE_DESCRIPTIONW, *LPSERVICE_DESCRIPTIONW;

typedef struct _SERVICE_DELAYED_AUTO_START_INFO {
    BOOL fDelayedAutostart;
} SERVICE_DELAYED_AUTO_START_INFO, *LPSERVICE_DELAYED_AUTO_START_INFO;

DECLARE_HANDLE(SC_HANDLE);
typedef SC_HANDLE *LPSC_HANDLE;

typedef enum _SC_STATUS_TYPE { SC_STATUS_PROCESS_INFO = 0 } SC_STATUS_TYPE;
typedef enum _SC_ENUM_TYPE { SC_ENUM_PROCESS_INFO = 0 } SC_ENUM_TYPE;

typedef struct _SERVICE_STATUS {
    DWORD dwServiceType;
    DWORD dwCurrentState;
    DWORD dwControlsAccepted;
    DWORD dwWin32ExitCode; /* ERROR_SERVICE_NEVER_STARTED: not since the boot */
    DWORD dwServiceSpecificExitCode;
    DWORD dwCheckPoint;
    DWORD dwWaitHint; /* milliseconds */
} SERVICE_STATUS, *LPSERVICE_STATUS;

typedef struct _SERVICE_STATUS_PROCESS {
    DWORD dwServiceType;
    DWORD dwCurrentState;
    DWORD dwControlsAccepted;
    DWORD dwWin32ExitCode;
    DWORD dwServiceSpecificExitCode;
    DWORD dwCheckPoint;
    DWORD dwWaitHint;
    DWORD dwProcessId; /* 0: a driver has none of its own */
    DWORD dwServiceFlags;
} SERVICE_STATUS_PROCESS, *LPSERVICE_STATUS_PROCESS;

typedef struct _ENUM_SERVICE_STATUSA {
    LPSTR lpServiceName;
    LPSTR lpDisplayName;
    SERVICE_STATUS ServiceStatus;
} ENUM_SERVICE_STATUSA, *LPENUM_SERVICE_STATUSA;

typedef struct _ENUM_SERVICE_STATUSW {
    LPWSTR lpServiceName;
    LPWSTR lpDisplayName;
    SERVICE_STATUS ServiceStatus;
} ENUM_SERVICE_STATUSW, *LPENUM_SERVICE_STATUSW;

typedef struct _ENUM_SERVICE_STATUS_PROCESSA {
    LPSTR lpServiceName;
    LPSTR lpDisplayName;
    SERVICE_STATUS_PROCESS ServiceStatusProcess;
} ENUM_SERVICE_STATUS_PROCESSA, *LPENUM_SERVICE_STATUS_PROCESSA;

typedef struct _ENUM_SERVICE_STATUS_PROCESSW {
    LPWSTR lpServiceName;
    LPWSTR lpDisplayName;
    SERVICE_STATUS_PROCESS ServiceStatusProcess;
} ENUM_SERVICE_STATUS_PROCESSW, *LPENUM_SERVICE_STATUS_PROCESSW;

/* The strings stand behind the structure in the caller's buffer; those that are not set are empty.
 */
typedef struct _QUERY_SERVICE_CONFIGA {
    DWORD dwServiceType;
    DWORD dwStartType;
    DWORD dwErrorControl;
    LPSTR lpBinaryPathName;
    LPSTR lpLoadOrderGroup;
    DWORD dwTagId;
    LPSTR lpDependencies; /* terminated by an empty string; groups begin with SC_GROUP_IDENTIFIER */
    LPSTR lpServiceStartName;
    LPSTR lpDisplayName;
} QUERY_SERVICE_CONFIGA, *LPQUERY_SERVICE_CONFIGA;

typedef struct _QUERY_SERVICE_CONFIGW {
    DWORD dwServiceType;
    DWORD dwStartType;
    DWORD dwErrorControl;
    LPWSTR lpBinaryPathName;
    LPWSTR lpLoadOrderGroup;
    DWORD dwTagId;
    LPWSTR lpDependencies;
    LPWSTR lpServiceStartName;
    LPWSTR lpDisplayName;
} QUERY_SERVICE_CONFIGW, *LPQUERY_SERVICE_CONFIGW;

/*
 * Machine NULL or empty (or "localhost"): this one. Database NULL or SERVICES_ACTIVE_DATABASE.
 * SC_MANAGER_CONNECT is granted in any case. NULL: RPC_S_SERVER_UNAVAILABLE, ERROR_INVALID_NAME,
 * ERROR_DATABASE_DOES_NOT_EXIST.
 */
WINADVAPI SC_HANDLE WINAPI OpenSCManagerW(LPCWSTR Machine, LPCWSTR Database, DWORD DesiredAccess);
WINADVAPI SC_HANDLE WINAPI OpenSCManagerA(LPCSTR Machine, LPCSTR Database, DWORD DesiredAccess);

/* NULL: ERROR_INVALID_NAME, ERROR_SERVICE_DOES_NOT_EXIST, ERROR_INVALID_ADDRESS (no name). */
WINADVAPI SC_HANDLE WINAPI OpenServiceW(SC_HANDLE Manager, LPCWSTR Name, DWORD DesiredAccess);
WINADVAPI SC_HANDLE WINAPI OpenServiceA(SC_HANDLE Manager, LPCSTR Name, DWORD DesiredAccess);

/* Of either kind. The last handle of a service that is marked for deletion and stopped deletes it.
 */
WINADVAPI BOOL WINAPI CloseServiceHandle(SC_HANDLE Object);

/*
 * Registers a service: its key below Services gets Type, Start, ErrorControl, ImagePath,
 * DisplayName (where it is not the name itself) and, as far as they are given, Group, Tag,
 * DependOnService, DependOnGroup, ObjectName. A driver's path C:\... becomes \??\C:\...,
 * %SystemRoot%\... becomes \SystemRoot\...; another relative one stays (it is relative to
 * \SystemRoot). A path of the host (/...) stays too. TagId (may be NULL) gets a number that is
 * unique in LoadOrderGroup. Dependencies: strings, ended by an empty one.
 *
 * Needs SC_MANAGER_CREATE_SERVICE. NULL: ERROR_INVALID_NAME, ERROR_INVALID_PARAMETER,
 * ERROR_SERVICE_EXISTS, ERROR_SERVICE_MARKED_FOR_DELETE, ERROR_DUPLICATE_SERVICE_NAME (another
 * service has that name or display name), ERROR_CIRCULAR_DEPENDENCY, ERROR_INVALID_ADDRESS.
 */
WINADVAPI SC_HANDLE WINAPI CreateServiceW(SC_HANDLE Manager, LPCWSTR Name, LPCWSTR DisplayName,
                                          DWORD DesiredAccess, DWORD ServiceType, DWORD StartType,
                                          DWORD ErrorControl, LPCWSTR BinaryPathName,
                                          LPCWSTR LoadOrderGroup, LPDWORD TagId,
                                          LPCWSTR Dependencies, LPCWSTR ServiceStartName,
                                          LPCWSTR Password);
WINADVAPI SC_HANDLE WINAPI CreateServiceA(SC_HANDLE Manager, LPCSTR Name, LPCSTR DisplayName,
                                          DWORD DesiredAccess, DWORD ServiceType, DWORD StartType,
                                          DWORD ErrorControl, LPCSTR BinaryPathName,
                                          LPCSTR LoadOrderGroup, LPDWORD TagId, LPCSTR Dependencies,
                                          LPCSTR ServiceStartName, LPCSTR Password);

/*
 * Marks a service for deletion (needs DELETE). Its key goes when the last handle is closed and the
 * service is stopped, at the latest with the next boot. ERROR_SERVICE_MARKED_FOR_DELETE.
 */
WINADVAPI BOOL WINAPI DeleteService(SC_HANDLE Service);

/*
 * Starts the services that this one depends on, then loads its driver and calls DriverEntry, in the
 * System process; returns when that has returned. Needs SERVICE_START. Arguments are passed over
 * for a driver.
 *
 * ERROR_SERVICE_ALREADY_RUNNING (also while it starts or stops), ERROR_SERVICE_DISABLED,
 * ERROR_SERVICE_MARKED_FOR_DELETE, ERROR_SERVICE_DEPENDENCY_DELETED,
 * ERROR_SERVICE_DEPENDENCY_FAIL, ERROR_CIRCULAR_DEPENDENCY, ERROR_FILE_NOT_FOUND,
 * ERROR_PATH_NOT_FOUND, or what DriverEntry's status means.
 */
WINADVAPI BOOL WINAPI StartServiceW(SC_HANDLE Service, DWORD Count, LPCWSTR *Arguments);
WINADVAPI BOOL WINAPI StartServiceA(SC_HANDLE Service, DWORD Count, LPCSTR *Arguments);

/*
 * SERVICE_CONTROL_STOP calls DriverUnload; where a device is still open the service is
 * SERVICE_STOP_PENDING until it is closed. SERVICE_CONTROL_INTERROGATE reports. Status gets the
 * state (also where the error is ERROR_INVALID_SERVICE_CONTROL, ERROR_SERVICE_CANNOT_ACCEPT_CTRL or
 * ERROR_SERVICE_NOT_ACTIVE).
 *
 * ERROR_SERVICE_NOT_ACTIVE, ERROR_INVALID_SERVICE_CONTROL (a driver without DriverUnload, a plug
 * and play driver, another control), ERROR_SERVICE_CANNOT_ACCEPT_CTRL (it starts or stops already),
 * ERROR_DEPENDENT_SERVICES_RUNNING, ERROR_INVALID_PARAMETER (no control code).
 */
WINADVAPI BOOL WINAPI ControlService(SC_HANDLE Service, DWORD Control, LPSERVICE_STATUS Status);

WINADVAPI BOOL WINAPI QueryServiceStatus(SC_HANDLE Service, LPSERVICE_STATUS Status);
/* ERROR_INSUFFICIENT_BUFFER with *Needed; ERROR_INVALID_LEVEL. */
WINADVAPI BOOL WINAPI QueryServiceStatusEx(SC_HANDLE Service, SC_STATUS_TYPE Level, LPBYTE Buffer,
                                           DWORD Size, LPDWORD Needed);

/* ERROR_INSUFFICIENT_BUFFER with *Needed bytes. */
WINADVAPI BOOL WINAPI QueryServiceConfigW(SC_HANDLE Service, LPQUERY_SERVICE_CONFIGW Config,
                                          DWORD Size, LPDWORD Needed);
WINADVAPI BOOL WINAPI QueryServiceConfigA(SC_HANDLE Service, LPQUERY_SERVICE_CONFIGA Config,
                                          DWORD Size, LPDWORD Needed);
/*
 * SERVICE_NO_CHANGE and NULL leave what is there; an empty string takes it away. Read by the next
 * start. Needs SERVICE_CHANGE_CONFIG. As CreateService, and ERROR_SERVICE_MARKED_FOR_DELETE.
 */
WINADVAPI BOOL WINAPI ChangeServiceConfigW(SC_HANDLE Service, DWORD ServiceType, DWORD StartType,
                                           DWORD ErrorControl, LPCWSTR BinaryPathName,
                                           LPCWSTR LoadOrderGroup, LPDWORD TagId,
                                           LPCWSTR Dependencies, LPCWSTR ServiceStartName,
                                           LPCWSTR Password, LPCWSTR DisplayName);
WINADVAPI BOOL WINAPI ChangeServiceConfigA(SC_HANDLE Service, DWORD ServiceType, DWORD StartType,
                                           DWORD ErrorControl, LPCSTR BinaryPathName,
                                           LPCSTR LoadOrderGroup, LPDWORD TagId,
                                           LPCSTR Dependencies, LPCSTR ServiceStartName,
                                           LPCSTR Password, LPCSTR DisplayName);
/*
 * SERVICE_CONFIG_DESCRIPTION and SERVICE_CONFIG_DELAYED_AUTO_START_INFO. ERROR_INVALID_LEVEL;
 * ERROR_CANNOT_DETECT_DRIVER_FAILURE: SERVICE_CONFIG_FAILURE_ACTIONS of a driver.
 */
WINADVAPI BOOL WINAPI QueryServiceConfig2W(SC_HANDLE Service, DWORD Level, LPBYTE Buffer,
                                           DWORD Size, LPDWORD Needed);
WINADVAPI BOOL WINAPI QueryServiceConfig2A(SC_HANDLE Service, DWORD Level, LPBYTE Buffer,
                                           DWORD Size, LPDWORD Needed);
WINADVAPI BOOL WINAPI ChangeServiceConfig2W(SC_HANDLE Service, DWORD Level, LPVOID Info);
WINADVAPI BOOL WINAPI ChangeServiceConfig2A(SC_HANDLE Service, DWORD Level, LPVOID Info);

/*
 * Services of these types (SERVICE_DRIVER, SERVICE_WIN32) and states, by name. *Resume is 0 at the
 * beginning. ERROR_MORE_DATA: as many as fit were returned, *Needed bytes are missing, and *Resume
 * is where to go on. GroupName NULL: of any group; empty: those of none. Needs
 * SC_MANAGER_ENUMERATE_SERVICE.
 */
WINADVAPI BOOL WINAPI EnumServicesStatusW(SC_HANDLE Manager, DWORD ServiceType, DWORD ServiceState,
                                          LPENUM_SERVICE_STATUSW Services, DWORD Size,
                                          LPDWORD Needed, LPDWORD Returned, LPDWORD Resume);
WINADVAPI BOOL WINAPI EnumServicesStatusA(SC_HANDLE Manager, DWORD ServiceType, DWORD ServiceState,
                                          LPENUM_SERVICE_STATUSA Services, DWORD Size,
                                          LPDWORD Needed, LPDWORD Returned, LPDWORD Resume);
WINADVAPI BOOL WINAPI EnumServicesStatusExW(SC_HANDLE Manager, SC_ENUM_TYPE Level,
                                            DWORD ServiceType, DWORD ServiceState, LPBYTE Services,
                                            DWORD Size, LPDWORD Needed, LPDWORD Returned,
                                            LPDWORD Resume, LPCWSTR GroupName);
WINADVAPI BOOL WINAPI EnumServicesStatusExA(SC_HANDLE Manager, SC_ENUM_TYPE Level,
                                            DWORD ServiceType, DWORD ServiceState, LPBYTE Services,
                                            DWORD Size, LPDWORD Needed, LPDWORD Returned,
                                            LPDWORD Resume, LPCSTR GroupName);
/* Those that depend on this one, in the order in which they are to be stopped. */
WINADVAPI BOOL WINAPI EnumDependentServicesW(SC_HANDLE Service, DWORD ServiceState,
                                             LPENUM_SERVICE_STATUSW Services, DWORD Size,
                                             LPDWORD Needed, LPDWORD Returned);
WINADVAPI BOOL WINAPI EnumDependentServicesA(SC_HANDLE Service, DWORD ServiceState,
                                             LPENUM_SERVICE_STATUSA Services, DWORD Size,
                                             LPDWORD Needed, LPDWORD Returned);

/*
 * *Characters: the buffer's size in; the name's length, without its zero, out.
 * ERROR_INSUFFICIENT_BUFFER, ERROR_SERVICE_DOES_NOT_EXIST.
 */
WINADVAPI BOOL WINAPI GetServiceKeyNameW(SC_HANDLE Manager, LPCWSTR DisplayName, LPWSTR Name,
                                         LPDWORD Characters);
WINADVAPI BOOL WINAPI GetServiceKeyNameA(SC_HANDLE Manager, LPCSTR DisplayName, LPSTR Name,
                                         LPDWORD Characters);
WINADVAPI BOOL WINAPI GetServiceDisplayNameW(SC_HANDLE Manager, LPCWSTR Name, LPWSTR DisplayName,
                                             LPDWORD Characters);
WINADVAPI BOOL WINAPI GetServiceDisplayNameA(SC_HANDLE Manager, LPCSTR Name, LPSTR DisplayName,
                                             LPDWORD Characters);

#ifdef UNICODE
#define SERVICES_ACTIVE_DATABASE SERVICES_ACTIVE_DATABASEW
#define SERVICES_FAILED_DATABASE SERVICES_FAILED_DATABASEW
#define SC_GROUP_IDENTIFIER      SC_GROUP_IDENTIFIERW
typedef SERVICE_DESCRIPTIONW SERVICE_DESCRIPTION;
typedef LPSERVICE_DESCRIPTIONW LPSERVICE_DESCRIPTION;
typedef ENUM_SERVICE_STATUSW ENUM_SERVICE_STATUS;
typedef LPENUM_SERVICE_STATUSW LPENUM_SERVICE_STATUS;
typedef ENUM_SERVICE_STATUS_PROCESSW ENUM_SERVICE_STATUS_PROCESS;
typedef LPENUM_SERVICE_STATUS_PROCESSW LPENUM_SERVICE_STATUS_PROCESS;
typedef QUERY_SERVICE_CONFIGW QUERY_SERVICE_CONFIG;
typedef LPQUERY_SERVICE_CONFIGW LPQUERY_SERVICE_CONFIG;
#define OpenSCManager         OpenSCManagerW
#define OpenService           OpenServiceW
#define CreateService         CreateServiceW
#define StartService          StartServiceW
#define QueryServiceConfig    QueryServiceConfigW
#define ChangeServiceConfig   ChangeServiceConfigW
#define QueryServiceConfig2   QueryServiceConfig2W
#define ChangeServiceConfig2  ChangeServiceConfig2W
#define EnumServicesStatus    EnumServicesStatusW
#define EnumServicesStatusEx  EnumServicesStatusExW
#define EnumDependentServices EnumDependentServicesW
#define GetServiceKeyName     GetServiceKeyNameW
#define GetServiceDisplayName GetServiceDisplayNameW
#else
#define SERVICES_ACTIVE_DATABASE SERVICES_ACTIVE_DATABASEA
#define SERVICES_FAILED_DATABASE SERVICES_FAILED_DATABASEA
#define SC_GROUP_IDENTIFIER      SC_GROUP_IDENTIFIERA
typedef SERVICE_DESCRIPTIONA SERVICE_DESCRIPTION;
typedef LPSERVICE_DESCRIPTIONA LPSERVICE_DESCRIPTION;
typedef ENUM_SERVICE_STATUSA ENUM_SERVICE_STATUS;
typedef LPENUM_SERVICE_STATUSA LPENUM_SERVICE_STATUS;
typedef ENUM_SERVICE_STATUS_PROCESSA ENUM_SERVICE_STATUS_PROCESS;
typedef LPENUM_SERVICE_STATUS_PROCESSA LPENUM_SERVICE_STATUS_PROCESS;
typedef QUERY_SERVICE_CONFIGA QUERY_SERVICE_CONFIG;
typedef LPQUERY_SERVICE_CONFIGA LPQUERY_SERVICE_CONFIG;
#define OpenSCManager            OpenSCManagerA
#define OpenService              OpenServiceA
#define CreateService            CreateServiceA
#define StartService             StartServiceA
#define QueryServiceConfig       QueryServiceConfigA
#define ChangeServiceConfig      ChangeServiceConfigA
#define QueryServiceConfig2      QueryServiceConfig2A
#define ChangeServiceConfig2     ChangeServiceConfig2A
#define EnumServicesStatus       EnumServicesStatusA
#define EnumServicesStatusEx     EnumServicesStatusExA
#define EnumDependentServices    EnumDependentServicesA
#define GetServiceKeyName        GetServiceKeyNameA
#define GetServiceDisplayName    GetServiceDisplayNameA
#endif

#ifdef __cplusplus
}
#endif
#endif
