/* SPDX-License-Identifier: MIT */
/* listener.c - calling a routine of the host that may be replaced at any moment. */
#include "ntio/trace/trace.h"

/* Set while a listener runs on this thread. One for all listeners: a trace routine may not print
 * either. */
static __thread BOOLEAN TracepInside;

BOOLEAN TraceEnterListener(PTRACE_LISTENER Listener, VOID (**Routine)(VOID), PVOID *Context)
{
    if (TracepInside)
        return FALSE;
    KiLock(&Listener->Lock);
    *Routine = Listener->Routine;
    *Context = Listener->Context;
    if (*Routine != NULL)
        atomic_fetch_add_explicit(&Listener->Active, 1, memory_order_relaxed);
    KiUnlock(&Listener->Lock);
    if (*Routine == NULL)
        return FALSE;
    TracepInside = TRUE;
    return TRUE;
}

VOID TraceLeaveListener(PTRACE_LISTENER Listener)
{
    TracepInside = FALSE;
    atomic_fetch_sub(&Listener->Active, 1);
    /* Read after the count is lowered; one who waits is counted before it reads Active. */
    if (atomic_load(&Listener->Waiters) != 0)
        KiFutexWake(&Listener->Active, INT32_MAX);
}

VOID TraceSetListener(PTRACE_LISTENER Listener, VOID (*Routine)(VOID), PVOID Context)
{
    KiLock(&Listener->Lock);
    Listener->Routine = Routine;
    Listener->Context = Context;
    KiUnlock(&Listener->Lock);
    /* A listener that replaces itself counts as one that is still inside. */
    ULONG Own = TracepInside ? 1 : 0;
    atomic_fetch_add(&Listener->Waiters, 1);
    for (;;) {
        ULONG Active = atomic_load(&Listener->Active);
        if (Active <= Own)
            break;
        KiFutexWait(&Listener->Active, Active, 0);
    }
    atomic_fetch_sub(&Listener->Waiters, 1);
}
