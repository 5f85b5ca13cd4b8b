/* SPDX-License-Identifier: MIT */
/* debug.c - lines of debug output: the ring, the host's sink, stderr. */
#include "ntio/trace/trace.h"

#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <time.h>
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

static TRACE_LISTENER TracepSink, TracepView;
static _Atomic TRACE_STDERR TracepStderr;
TRACE_NAME_ROUTINE *_Atomic TraceNameCallout;

VOID TraceSetStderr(TRACE_STDERR Mode)
{
    atomic_store_explicit(&TracepStderr, Mode, memory_order_relaxed);
}

/* Number of the line, from 1 since the process began. */
static ULONGLONG TracepKeep(const char *Text, size_t Length)
{
    KiLock(&TracepRing.Lock);
    ULONG Slot = (ULONG)(TracepRing.Next++ % TRACE_RING_LINES);
    TracepRing.Lines[Slot].Length = (USHORT)Length;
    memcpy(TracepRing.Lines[Slot].Text, Text, Length);
    TracepRing.Lines[Slot].Text[Length] = '\0';
    ULONGLONG Number = TracepRing.Next;
    KiUnlock(&TracepRing.Lock);
    return Number;
}

/* Who prints. A thread that ntio does not know has no process; it must not be made known here, at
 * any IRQL. */
static VOID TracepSource(PVOID Caller, ntio_debug_line *Line, char *Name, size_t Size)
{
    TRACE_NAME_ROUTINE *Callout = atomic_load_explicit(&TraceNameCallout, memory_order_acquire);
    PEPROCESS Process = KiCurrentThread != NULL ? (PEPROCESS)PsGetCurrentProcess() : NULL;

    Line->process = Process != NULL ? (uint32_t)(ULONG_PTR)Process->UniqueProcessId : 0;
    Line->kernel = Caller != NULL;
    if (Caller == NULL)
        snprintf(Name, Size, "%s", Process != NULL ? Process->ImageName : "program");
    else if (Callout == NULL || !Callout(Caller, Name, Size))
        snprintf(Name, Size, "ntio");
    Line->source = Name;
}

static uint64_t TracepNow(VOID)
{
    struct timespec Now;
    clock_gettime(CLOCK_MONOTONIC, &Now);
    return (uint64_t)Now.tv_sec * 1000000000u + (uint64_t)Now.tv_nsec;
}

/* As a viewer shows it; the time counts from the first line that was printed so. */
static int TracepFormat(const ntio_debug_line *Line, char *To, size_t Size)
{
    static _Atomic ULONGLONG First;
    ULONGLONG None = 0, Elapsed;

    atomic_compare_exchange_strong(&First, &None, Line->time_ns);
    Elapsed = Line->time_ns > atomic_load(&First) ? Line->time_ns - atomic_load(&First) : 0;
    return snprintf(To, Size, "%08llu %12.6f %-8s %s: %s", (unsigned long long)Line->number,
                    (double)Elapsed / 1e9, Line->kernel ? "kernel" : "program", Line->source,
                    Line->text);
}

/* The line for those who want to know where it comes from. TRUE: somebody got it. */
static VOID TracepShow(ULONGLONG Number, const char *Text, size_t Length, PVOID Caller,
                       BOOLEAN ToStderr)
{
    ntio_debug_line Line = {.number = Number, .time_ns = TracepNow()};
    CHAR Copy[TRACE_LINE_MAXIMUM + 1], Name[64];
    VOID (*Routine)(VOID);
    PVOID Context;

    memcpy(Copy, Text, Length);
    Copy[Length] = '\0';
    Line.text = Copy;
    TracepSource(Caller, &Line, Name, sizeof(Name));
    if (ToStderr) {
        char Whole[TRACE_LINE_MAXIMUM + 160];
        int Errno = errno, Count = TracepFormat(&Line, Whole, sizeof(Whole) - 1);
        if (Count > (int)sizeof(Whole) - 2)
            Count = (int)sizeof(Whole) - 2;
        Whole[Count] = '\n';
        ssize_t Written = write(STDERR_FILENO, Whole, (size_t)Count + 1);
        (void)Written;
        errno = Errno;
        return;
    }
    if (TraceEnterListener(&TracepView, &Routine, &Context)) {
        ((void (*)(const ntio_debug_line *, void *))Routine)(&Line, Context);
        TraceLeaveListener(&TracepView);
    }
}

static BOOLEAN TracepHasView(VOID)
{
    KiLock(&TracepView.Lock);
    BOOLEAN Has = TracepView.Routine != NULL;
    KiUnlock(&TracepView.Lock);
    return Has;
}

static VOID TracepLine(const char *Text, size_t Length, PVOID Caller)
{
    TRACE_STDERR Stderr = atomic_load_explicit(&TracepStderr, memory_order_relaxed);

    if (Length > TRACE_LINE_MAXIMUM)
        Length = TRACE_LINE_MAXIMUM;
    ULONGLONG Number = TracepKeep(Text, Length);
    if (TracepHasView())
        TracepShow(Number, Text, Length, Caller, FALSE);

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
    if (Stderr == TraceStderrView) {
        TracepShow(Number, Text, Length, Caller, TRUE);
    } else if (Stderr == TraceStderrPlain) {
        /* One call for text and newline: lines of several threads do not mix. */
        struct iovec Parts[2] = {{(void *)(uintptr_t)Text, Length}, {(void *)(uintptr_t) "\n", 1}};
        int Errno = errno;
        ssize_t Written = writev(STDERR_FILENO, Parts, 2);
        (void)Written; /* nobody to tell */
        errno = Errno;
    }
}

/* An address in ntio itself: what its own components print. */
VOID TraceDebugOutput(const char *Text, size_t Length)
{
    TraceDebugOutputOf(Text, Length, (PVOID)(ULONG_PTR)TraceDebugOutput);
}

VOID TraceDebugOutputOf(const char *Text, size_t Length, PVOID Caller)
{
    for (;;) {
        const char *End = memchr(Text, '\n', Length);
        if (End == NULL)
            break;
        TracepLine(Text, (size_t)(End - Text), Caller);
        Length -= (size_t)(End - Text) + 1;
        Text = End + 1;
        if (Length == 0)
            return;
    }
    TracepLine(Text, Length, Caller);
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

void ntio_set_debug_view(void (*each)(const ntio_debug_line *line, void *context), void *context)
{
    TraceSetListener(&TracepView, (VOID(*)(VOID))each, context);
}

int ntio_format_debug_line(const ntio_debug_line *line, char *text, size_t size)
{
    return TracepFormat(line, text, size);
}
