/* SPDX-License-Identifier: MIT */
/* psp.h - what the files of ps share. */
#ifndef NTIO_PS_PSP_H
#define NTIO_PS_PSP_H

#include "ntio/ex/ex.h"
#include "ntio/ob/ob.h"
#include "ntio/ps/ps.h"

extern KI_LOCK PspLock; /* the two lists, PspDefaultProcess */
extern LIST_ENTRY PspProcessList, PspThreadList;

/* Process and thread IDs are multiples of four and share one sequence, as on Windows. */
HANDLE PspAllocateId(VOID);

NTSTATUS PspInitializeProcesses(VOID); /* the type, and System */
VOID PspShutdownProcesses(VOID);
/* The process for a host thread that comes in for the first time, referenced. */
PEPROCESS PspReferenceDefaultProcess(VOID);

NTSTATUS PspInitializeThreads(VOID); /* the type, and the current thread's object */
VOID PspShutdownThreads(VOID);
/*
 * A thread object in Process (which it references), in no list yet; one reference, for the thread
 * while it runs. The current thread must be attached, if only by a stand-in.
 */
NTSTATUS PspCreateThread(PEPROCESS Process, POBJECT_ATTRIBUTES Attributes, const char *Name,
                         BOOLEAN SystemThread, PETHREAD *Thread);
/* In the list: it runs, or is about to. */
VOID PspInsertThread(PETHREAD Thread);
/* io's part of a thread's end: cancels its requests and waits for them. */
VOID PspRunExitCallout(PETHREAD Thread);
/*
 * The rest of it, of the current thread, whose object is Thread: rundown, signal, last reference.
 * Afterwards the host's thread is attached no more.
 */
VOID PspEndCurrentThread(PETHREAD Thread);

/* A KTHREAD to live on while there is no object, or no more. */
VOID PspInitializeStandIn(PETHREAD Thread);

#endif
