/* SPDX-License-Identifier: MIT */
/*
 * trace.h - DbgPrint's output and the IRP trace, to whoever listens.
 *
 * Calls: ke (KI_LOCK, futex). Called by: rtl (DbgPrint), io's trace callout, init (the host's
 * listeners). Everything here may run at any IRQL and allocates nothing. TraceLock guards the ring
 * and the listeners; it is a leaf and is never held over a call to a listener.
 */
#ifndef NTIO_TRACE_H
#define NTIO_TRACE_H

#include "ntio/io/io.h"
#include "ntio.h"

NTSTATUS TraceInitialize(VOID);
VOID TraceShutdown(VOID);
/* One line of debug output (without its newline), at any IRQL. Kept in a ring; given to the sink
 * that ntio_set_debug_sink named, and to the view. */
VOID TraceDebugOutput(const char *Text, size_t Length);

/* The same, with who prints: Caller is an address in a driver's code, or NULL for the program of
 * the current thread (OutputDebugString). */
VOID TraceDebugOutputOf(const char *Text, size_t Length, PVOID Caller);

/* Whether lines go to stderr while no sink is set, as they are, or with number, time and source.
 * Works before TraceInitialize as well. */
typedef enum _TRACE_STDERR { TraceStderrOff, TraceStderrPlain, TraceStderrView } TRACE_STDERR;
VOID TraceSetStderr(TRACE_STDERR Mode);

/* The name of the driver that an address belongs to, without an ending. FALSE: of none, or it can't
 * be told just now. Any IRQL. ldr sets it. */
typedef BOOLEAN TRACE_NAME_ROUTINE(PVOID Address, char *Name, size_t Size);
extern TRACE_NAME_ROUTINE *_Atomic TraceNameCallout;

/*
 * The lines that the ring still holds, oldest first, each called with its text (terminated; at most
 * TRACE_LINE_MAXIMUM characters, longer ones were cut). Each runs without a lock; lines that are
 * written meanwhile may be missed.
 */
#define TRACE_RING_LINES   256
#define TRACE_LINE_MAXIMUM 511
typedef VOID TRACE_LINE_ROUTINE(const char *Line, PVOID Context);
VOID TraceEnumerateRing(TRACE_LINE_ROUTINE *Each, PVOID Context);

/*
 * A routine of the host that is called from anywhere and may be replaced at any moment.
 * TraceSetListener returns when no other thread is inside the routine before, so its context may be
 * freed then. A routine that is called while it runs on the same thread is skipped: a sink that
 * prints does not recurse.
 */
typedef struct _TRACE_LISTENER {
    KI_LOCK Lock;
    _Atomic ULONG Active;  /* threads inside Routine; raised under Lock */
    _Atomic ULONG Waiters; /* threads that sleep until Active falls */
    VOID (*Routine)(VOID);
    PVOID Context;
} TRACE_LISTENER, *PTRACE_LISTENER;
VOID TraceSetListener(PTRACE_LISTENER Listener, VOID (*Routine)(VOID), PVOID Context);
/* FALSE: nobody listens, or this thread is inside already. Else TraceLeaveListener follows. */
BOOLEAN TraceEnterListener(PTRACE_LISTENER Listener, VOID (**Routine)(VOID), PVOID *Context);
VOID TraceLeaveListener(PTRACE_LISTENER Listener);

#endif
