/* SPDX-License-Identifier: MIT */
/* debug.c - lines of debug output: the ring, the host's sink, stderr. */
#include "ntio/trace/trace.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

/* Static, so that what is printed before boot has come this far, and after a shutdown, is kept as
 * well. */
static struct {
    KI_LOCK Lock;
    ULONGLONG
    Next; /* number of lines written; Next % TRACE_RING_LINES is the slot of the next one */
    struct {
        USHORT Length;
        CHAR Text[TRACE_LINE_MAXIMUM + 1];
    } Lines[TRACE_RING_LINES];
} TracepRing;

static TRACE_LISTENER TracepSink;
static _Atomic BOOLEAN TracepStderr;

VOID TraceSetStderr(BOOLEAN Enable)
{
    atomic_store_explicit(&TracepStderr, Enable, memory_order_relaxed);
}

static VOID TracepKeep(const char *Text, size_t Length)
{
    KiLock(&TracepRing.Lock);
    ULONG Slot = (ULONG)(TracepRing.Next++ % TRACE_RING_LINES);
    TracepRing.Lines[Slot].Length = (USHORT)Length;
    memcpy(TracepRing.Lines[Slot].Text, Text, Length);
    TracepRing.Lines[Slot].Text[Length] = '\0';
    KiUnlock(&TracepRing.Lock);
}

static VOID TracepLine(const char *Text, size_t Length)
{
    if (Length > TRACE_LINE_MAXIMUM)
        Length = TRACE_LINE_MAXIMUM;
    TracepKeep(Text, Length);

    VOID (*Routine)(VOID);
    PVOID Context;
    if (TraceEnterListener(&TracepSink, &Routine, &Context)) {
        CHAR Line[TRACE_LINE_MAXIMUM + 1]; /* the caller's text need not be terminated */
        memcpy(Line, Text, Length);
        Line[Length] = '\0';
        ((void (*)(const char *, void *))Routine)(Line, Context);
        TraceLeaveListener(&TracepSink);
        return;
    }
    if (atomic_load_explicit(&TracepStderr, memory_order_relaxed)) {
        /* One call for text and newline: lines of several threads do not mix. */
        struct iovec Parts[2] = {{(void *)(uintptr_t)Text, Length}, {(void *)(uintptr_t) "\n", 1}};
        int Errno = errno;
        ssize_t Written = writev(STDERR_FILENO, Parts, 2);
        (void)Written; /* nobody to tell */
        errno = Errno;
    }
}

VOID TraceDebugOutput(const char *Text, size_t Length)
{
    for (;;) {
        const char *End = memchr(Text, '\n', Length);
        if (End == NULL)
            break;
        TracepLine(Text, (size_t)(End - Text));
        Length -= (size_t)(End - Text) + 1;
        Text = End + 1;
        if (Length == 0)
            return;
    }
    TracepLine(Text, Length);
}

VOID TraceEnumerateRing(TRACE_LINE_ROUTINE *Each, PVOID Context)
{
    CHAR Line[TRACE_LINE_MAXIMUM + 1];
    KiLock(&TracepRing.Lock);
    ULONGLONG End = TracepRing.Next;
    KiUnlock(&TracepRing.Lock);
    ULONGLONG Number = End > TRACE_RING_LINES ? End - TRACE_RING_LINES : 0;
    for (; Number < End; Number++) {
        KiLock(&TracepRing.Lock);
        BOOLEAN There = Number + TRACE_RING_LINES >= TracepRing.Next;
        if (There)
            memcpy(Line, TracepRing.Lines[Number % TRACE_RING_LINES].Text,
                   TracepRing.Lines[Number % TRACE_RING_LINES].Length + 1u);
        KiUnlock(&TracepRing.Lock);
        if (There)
            Each(Line, Context);
    }
}

void ntio_set_debug_sink(void (*sink)(const char *line, void *context), void *context)
{
    TraceSetListener(&TracepSink, (VOID(*)(VOID))sink, context);
}
