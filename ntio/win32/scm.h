/* SPDX-License-Identifier: MIT */
/*
 * scm.h - the inside of the service control manager.
 *
 * The database is the registry: \Registry\Machine\System\CurrentControlSet\Services. What the
 * registry can't hold (handles, who is starting or stopping, the last exit code, marked for
 * deletion) stands in a record, made when the service is opened first. Whether a driver runs is
 * asked of io: drivers come and go without the manager, too (plug and play, ZwLoadDriver).
 *
 * Locks, outermost first:
 *   ScmTransition  one start or stop at a time, with all that depends on it; held over DriverEntry
 *                  and DriverUnload, so it is waited for as an event, at PASSIVE_LEVEL
 *   ScmLock        records and the keys below Services; held over calls into cm and look-ups in
 *                  ob and io (ObpNamespaceLock, IopDeviceLock and CmpLock come after it), never
 *                  over a call into a driver
 * A thread that wants a transition first claims the record's Pending under ScmLock, then waits for
 * ScmTransition: the second one of two sees at once that it comes too late.
 *
 * Calls ldr (start, stop), io, cm, ob. Nothing of it runs with previous mode UserMode: programs'
 * handles are checked where they are taken (ScmpReference).
 */
#ifndef NTIO_WIN32_SCM_H
#define NTIO_WIN32_SCM_H

#include "ntio/ldr/ldr.h"
#include "ntio/win32/win32.h"

#include "winsvc.h"

#define SCM_TAG          'mcS3'
#define SCM_SERVICES     L"\\Registry\\Machine\\System\\CurrentControlSet\\Services"
#define SCM_NAME_MAXIMUM 256 /* characters of a name, and of a display name */
#define SCM_KEY_MAXIMUM  (RTL_NUMBER_OF(SCM_SERVICES) + 1 + SCM_NAME_MAXIMUM)

/* On the host's heap: it is no program's and no driver's. All under ScmLock, but Name never
 * changes. */
typedef struct _SCM_RECORD {
    LIST_ENTRY ListEntry;
    ULONG References; /* objects, threads at work, and 1 while it is in the list */
    ULONG Handles;
    ULONG Pending;  /* SERVICE_START_PENDING, SERVICE_STOP_PENDING: some thread's claim; or 0 */
    ULONG ExitCode; /* dwWin32ExitCode while it is stopped */
    BOOLEAN Deleted;
    BOOLEAN Listed;
    WCHAR Name[SCM_NAME_MAXIMUM + 1]; /* as in the registry */
} SCM_RECORD, *PSCM_RECORD;

/* The body of the object behind an SC_HANDLE. */
typedef struct _SCM_OBJECT {
    PSCM_RECORD Record; /* NULL: the manager */
} SCM_OBJECT, *PSCM_OBJECT;

extern KI_LOCK ScmLock;
extern POBJECT_TYPE ScmManagerType, ScmServiceType;

/* At boot, after ldr; and at its end. */
NTSTATUS ScmInitializeSystem(VOID);
VOID ScmShutdownSystem(VOID);
/*
 * Loads what starts with the system: services of Start 0, then 1, then 2, each in the order of
 * their groups, tags and dependencies. Those that are marked for deletion are deleted first. A
 * failure is logged; where ErrorControl is SERVICE_ERROR_CRITICAL it ends the boot, and Reason gets
 * one sentence.
 */
NTSTATUS ScmStartSystem(char *Reason, size_t Size);

/* ---- scmdb.c: records and objects ---- */
/* All three under ScmLock. The record of a service that is there, referenced; made where missing.
 * ERROR_SERVICE_DOES_NOT_EXIST, ERROR_NOT_ENOUGH_MEMORY. */
DWORD ScmpOpenRecord(LPCWSTR Name, PSCM_RECORD *Record);
VOID ScmpDereferenceRecord(PSCM_RECORD Record);
/* Deletes the key, and the record from the list, of a service that is marked, stopped and closed.
 */
VOID ScmpPurge(PSCM_RECORD Record);
/* SERVICE_STOPPED, ... of a name. Under ScmLock. */
ULONG ScmpStateOf(LPCWSTR Name);
/* Under ScmLock. ScmpStateOf for a record. Status as programs see it. */
ULONG ScmpState(PSCM_RECORD Record);
VOID ScmpFillStatus(LPCWSTR Name, PSCM_RECORD RecordOrNull, ULONG Type,
                    SERVICE_STATUS_PROCESS *Status);
PSCM_RECORD ScmpFindRecord(LPCWSTR Name); /* or NULL; not referenced */
/* A handle to a new object. Record NULL: of the manager; else its reference goes to the object, and
 * it is counted in Handles already, both also on failure. Not under ScmLock. */
DWORD ScmpMakeHandle(PSCM_RECORD Record, ACCESS_MASK Access, SC_HANDLE *Handle);
/* What a handle stands for, referenced (ObDereferenceObject). ERROR_INVALID_HANDLE,
 * ERROR_ACCESS_DENIED. */
DWORD ScmpReference(SC_HANDLE Handle, POBJECT_TYPE Type, ACCESS_MASK Access, PSCM_OBJECT *Object);
/* One start or stop at a time. */
VOID ScmpBeginTransition(VOID);
VOID ScmpEndTransition(VOID);

/* ---- scmconfig.c: what a service's key says ---- */
typedef struct _SCM_CONFIG {
    ULONG Type, Start, ErrorControl, Tag; /* Tag 0: none */
    BOOLEAN Delayed, DeleteFlag;
    /* From pool; NULL where there is none. The two lists end with an empty string. */
    WCHAR *ImagePath, *Group, *Services, *Groups, *ObjectName, *DisplayName;
} SCM_CONFIG, *PSCM_CONFIG;
/* Under ScmLock, or without it for a glance. ERROR_SERVICE_DOES_NOT_EXIST: no key, or no service's.
 */
DWORD ScmpReadConfig(LPCWSTR Name, PSCM_CONFIG Config);
VOID ScmpFreeConfig(PSCM_CONFIG Config);
VOID ScmpKeyOf(LPCWSTR Name, WCHAR Key[SCM_KEY_MAXIMUM]);
/* What is to be written; SERVICE_NO_CHANGE and NULL: nothing. */
typedef struct _SCM_CHANGE {
    DWORD Type, Start, ErrorControl;
    LPCWSTR ImagePath, Group, Dependencies, ObjectName, DisplayName;
    LPDWORD TagId;
} SCM_CHANGE;
/* Checks Change against what there is (Old; NULL for a new service) and writes it. Under ScmLock.
 */
DWORD ScmpChange(LPCWSTR Name, const SCM_CONFIG *Old, const SCM_CHANGE *Change);

/* ---- scmnames.c ---- */
BOOLEAN ScmpIsName(LPCWSTR Name); /* of a service */
/* Each service's name and configuration, in the registry's order; FALSE from Each ends it. Under
 * ScmLock. */
typedef BOOLEAN SCM_EACH_ROUTINE(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context);
VOID ScmpForEach(SCM_EACH_ROUTINE *Each, PVOID Context);
BOOLEAN ScmpSameName(LPCWSTR One, LPCWSTR Other);
/* Whether a list that ends with an empty string has Name. */
BOOLEAN ScmpListHas(LPCWSTR List, LPCWSTR Name);

/* ---- scmcontrol.c ---- */
/* In a transition. Starts what Record depends on, then it, if it does not run; by ntio itself. */
typedef struct _SCM_CHAIN {
    const struct _SCM_CHAIN *Above;
    PSCM_RECORD Record;
} SCM_CHAIN;
/* Reason (Size bytes; may be NULL) gets one sentence on failure. */
DWORD ScmpStart(PSCM_RECORD Record, const SCM_CHAIN *Above, char *Reason, size_t Size);

/* ---- scmtext.c: text for programs ---- */
/*
 * A caller's buffer that is filled from both ends: structures from the front, their strings from
 * the back. Ansi: strings become UTF-8.
 */
typedef struct _SCM_PACK {
    LPBYTE Buffer;
    SIZE_T Front, Back; /* what lies between is free */
    BOOLEAN Ansi;
} SCM_PACK;
/* Bytes that Text (Characters with all its zeros) takes. */
DWORD ScmpPackSize(const SCM_PACK *Pack, LPCWSTR Text, SIZE_T Characters);
/* Puts it behind; there is room. */
PVOID ScmpPackText(SCM_PACK *Pack, LPCWSTR Text, SIZE_T Characters);
SIZE_T ScmpListLength(LPCWSTR List); /* characters, with both zeros; NULL: 1 */
/* UTF-16 of a program's text, or of a list of it. NULL gives NULL. ERROR_NOT_ENOUGH_MEMORY,
 * ERROR_INVALID_PARAMETER. Free with ScmpFreeText. */
DWORD ScmpWide(LPCSTR Text, BOOLEAN List, LPWSTR *Wide);
VOID ScmpFreeText(LPWSTR Wide);
/* Sets the last error of a Win32 code and returns whether it is 0. */
BOOL ScmpEnd(DWORD Error);

#endif
