/* SPDX-License-Identifier: MIT */
/*
 * ps.h - processes and threads as objects.
 *
 * One EPROCESS is System; drivers' entry points, AddDevice and work items run there. A program
 * inside the host is another (NtioCreateProcess); a host thread that calls in for the first time is
 * attached to the process that the host named as its default, and detached when it ends. Locks:
 * PspLock guards the list of processes and threads; no other lock is taken under it.
 */
#ifndef NTIO_PS_H
#define NTIO_PS_H

#include "ntio/ke/ke.h"

struct _HANDLE_TABLE; /* ob */
typedef struct _EPROCESS EPROCESS;
typedef struct _ETHREAD ETHREAD;

struct _EPROCESS {
    DISPATCHER_HEADER Header; /* signalled when the process has ended */
    LIST_ENTRY ListEntry;     /* PspProcessList, PspLock */
    HANDLE UniqueProcessId;
    struct _HANDLE_TABLE *ObjectTable;
    CHAR ImageName[32];
    _Atomic ULONG ActiveThreads;
};

struct _ETHREAD {
    KTHREAD Tcb;          /* first: a PETHREAD is a PKTHREAD */
    LIST_ENTRY ListEntry; /* PspThreadList, PspLock */
    CLIENT_ID Cid;
    NTSTATUS ExitStatus;
    KI_LOCK IrpLock; /* guards IrpList */
    /* IRP.ThreadListEntry of what this thread has asked for; io owns the links. */
    LIST_ENTRY IrpList;
    /* io: its IRPs that have left the list, while who finishes them is still at it; a futex. */
    _Atomic ULONG IrpsFinishing;
    /* io: per-thread lookaside lists, freed by its exit callout. */
    struct _IOP_THREAD_CACHE *IrpCache;
    PVOID StartRoutine, StartContext;
    BOOLEAN Ending; /* PspLock: on its own way out, see PspForgetHostThreads */
    CHAR Name[32];
    ULONG LastError; /* win32's GetLastError */
};

extern PEPROCESS PsInitialSystemProcess;
extern POBJECT_TYPE PspProcessType, PspThreadType;

NTSTATUS PsInitializeSystem(VOID);
VOID PsShutdownSystem(VOID);

/* Creates a process with an empty handle table. The caller owns the reference returned. */
NTSTATUS PspCreateProcess(const char *ImageName, PEPROCESS *Process);
/* Closes all handles of Process (as its end does on Windows), signals it, drops the caller's
 * reference. */
VOID PspTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus);
/* The process that host threads belong to which call in without having been attached; default:
 * System. */
VOID PspSetDefaultProcess(PEPROCESS Process);

/*
 * For the shutdown: host threads that have called in before and live on, outside, would find a
 * thread of a system that is gone at their next call; they are new then. Those that are just ending
 * are waited for. No thread of a program is inside, or calls in, while this runs. System: ntio's
 * own that still run are forgotten too. PASSIVE_LEVEL.
 */
VOID PspForgetHostThreads(BOOLEAN System);

/* The current ETHREAD; attaches the host's thread where it is new. Never NULL. */
PETHREAD PspCurrentThread(VOID);
/* Attaches the current host thread to Process under Name; PspDetachHostThread or the thread's end
 * undoes it. */
NTSTATUS PspAttachHostThread(PEPROCESS Process, const char *Name);
VOID PspDetachHostThread(VOID);

/* Joins the system threads that have ended: no code of a driver is on their way out any more.
 * PASSIVE_LEVEL. */
VOID PspReapThreads(VOID);
/* Calls Each for every thread, host's and system's, under PspLock. */
typedef VOID PSP_THREAD_ROUTINE(PETHREAD Thread, PVOID Context);
VOID PspEnumerateThreads(PSP_THREAD_ROUTINE *Each, PVOID Context);

/* io registers this (it stays registered until PsShutdownSystem has run, and then may be called for
 * another thread that sleeps outside): runs on each thread as it ends, at PASSIVE_LEVEL, to cancel
 * and wait for its IRPs and free caches. */
typedef VOID PSP_THREAD_EXIT_ROUTINE(PETHREAD Thread);
extern PSP_THREAD_EXIT_ROUTINE *PspThreadExitCallout;

#endif
