/* SPDX-License-Identifier: MIT */
/* debug.c - DbgPrint and its kin, assertions, break points. Any IRQL. */
#include "rtlp.h"
#include "ntio/trace/trace.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define RTLP_PRINT_MAXIMUM 512 /* one call's text, as on Windows */
#define RTLP_COMPONENTS    160

BOOLEAN RtlpNoDebugger = TRUE, RtlpDebugger; /* what a .sys imports (exports.inc) */
PBOOLEAN KdDebuggerEnabled = &RtlpDebugger;
PBOOLEAN KdDebuggerNotPresent = &RtlpNoDebugger;

/* Levels that are off, by component: everything is printed until somebody says otherwise. */
static _Atomic ULONG RtlpMuted[RTLP_COMPONENTS + 1];

static _Atomic ULONG *RtlpMutedOf(ULONG ComponentId)
{
    return &RtlpMuted[ComponentId < RTLP_COMPONENTS ? ComponentId : RTLP_COMPONENTS];
}

/* A level below 32 names a bit; above, it is a mask. */
static ULONG RtlpLevelMask(ULONG Level)
{
    return Level < 32 ? 1u << Level : Level & ~DPFLTR_MASK;
}

NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG ComponentId, ULONG Level)
{
    return (RtlpLevelMask(Level) & ~atomic_load(RtlpMutedOf(ComponentId))) != 0;
}

NTSTATUS NTAPI DbgSetDebugFilterState(ULONG ComponentId, ULONG Level, BOOLEAN State)
{
    if (State)
        atomic_fetch_and(RtlpMutedOf(ComponentId), ~RtlpLevelMask(Level));
    else
        atomic_fetch_or(RtlpMutedOf(ComponentId), RtlpLevelMask(Level));
    return STATUS_SUCCESS;
}

/* Caller: whose line it is, by an address in the code that asked. */
static ULONG RtlpDebugPrint(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format,
                            NT_VA_LIST List, PVOID Caller)
{
    CHAR Text[RTLP_PRINT_MAXIMUM];
    RTLP_OUTPUT Output = {FALSE, Text, sizeof(Text), 0};
    RTLP_ARGUMENTS Arguments;

    if (Level != DPFLTR_ERROR_LEVEL && !DbgQueryDebugFilterState(ComponentId, Level))
        return STATUS_SUCCESS;
    for (; *Prefix != 0 && Output.Count < Output.Limit; Prefix++)
        Text[Output.Count++] = *Prefix;
    NT_VA_COPY(Arguments.List, List);
    RtlpFormat(&Output, Format, &Arguments);
    NT_VA_END(Arguments.List);
    TraceDebugOutputOf(Text, Output.Count < Output.Limit ? Output.Count : Output.Limit, Caller);
    return STATUS_SUCCESS;
}

ULONG NTAPI vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format,
                                  NT_VA_LIST arglist)
{
    return RtlpDebugPrint(Prefix, ComponentId, Level, Format, arglist, __builtin_return_address(0));
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, NT_VA_LIST arglist)
{
    return RtlpDebugPrint("", ComponentId, Level, Format, arglist, __builtin_return_address(0));
}

ULONG NTAPI DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    NT_VA_LIST List;
    ULONG Status;

    NT_VA_START(List, Format);
    Status = RtlpDebugPrint("", ComponentId, Level, Format, List, __builtin_return_address(0));
    NT_VA_END(List);
    return Status;
}

ULONG NTAPI DbgPrint(PCSTR Format, ...)
{
    NT_VA_LIST List;
    ULONG Status;

    NT_VA_START(List, Format);
    Status = RtlpDebugPrint("", DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, Format, List,
                            __builtin_return_address(0));
    NT_VA_END(List);
    return Status;
}

/* Somebody traces this process: the line TracerPid of its status. */
static BOOLEAN RtlpIsTraced(VOID)
{
    char Text[2048], *At;
    ssize_t Length;
    int File = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    if (File < 0)
        return FALSE;
    Length = read(File, Text, sizeof(Text) - 1);
    close(File);
    if (Length <= 0)
        return FALSE;
    Text[Length] = 0;
    At = strstr(Text, "TracerPid:");
    return At != NULL && strtoul(At + 10, NULL, 10) != 0;
}

/* TRUE: no debugger is there. */
BOOLEAN NTAPI KdRefreshDebuggerNotPresent(VOID)
{
    BOOLEAN Traced = RtlpIsTraced();

    __atomic_store_n(&RtlpDebugger, Traced, __ATOMIC_RELAXED);
    __atomic_store_n(&RtlpNoDebugger, !Traced, __ATOMIC_RELAXED);
    return !Traced;
}

/* Into the debugger; without one it is an exception that nobody handles. */
static VOID RtlpBreak(PVOID Address)
{
    if (KdRefreshDebuggerNotPresent())
        KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)STATUS_BREAKPOINT,
                     (ULONG_PTR)Address, 0, 0);
    raise(SIGTRAP);
}

VOID NTAPI DbgBreakPoint(VOID)
{
    RtlpBreak(__builtin_return_address(0));
}

VOID NTAPI DbgBreakPointWithStatus(ULONG Status)
{
    UNREFERENCED_PARAMETER(Status);
    RtlpBreak(__builtin_return_address(0));
}

VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber,
                     PSTR MutableMessage)
{
    DbgPrint("*** Assertion failed: %s%s\n***   Source File: %s, line %u\n",
             MutableMessage != NULL ? (PCHAR)MutableMessage : "", (PCHAR)VoidFailedAssertion,
             (PCHAR)VoidFileName, LineNumber);
    RtlpBreak(__builtin_return_address(0));
}

/* The callers' return addresses. */

#define RTLP_FRAMES 64
typedef struct _RTLP_STACK {
    PVOID Frames[RTLP_FRAMES];
    ULONG First, Count; /* First: the frame whose return address was asked for */
} RTLP_STACK;

/* From Return on, whatever stands before it: this routine, its caller, a sanitizer's own frames. */
static VOID RtlpWalk(RTLP_STACK *Stack, PVOID Return)
{
    int Count = backtrace(Stack->Frames, RTLP_FRAMES);

    Stack->Count = Count > 0 ? (ULONG)Count : 0;
    for (Stack->First = 0; Stack->First < Stack->Count; Stack->First++)
        if (Stack->Frames[Stack->First] == Return)
            break;
}

USHORT NTAPI RtlCaptureStackBackTrace(ULONG FramesToSkip, ULONG FramesToCapture, PVOID *BackTrace,
                                      PULONG BackTraceHash)
{
    ULONG Hash = 0;
    USHORT Taken = 0;
    RTLP_STACK Stack;

    RtlpWalk(&Stack, __builtin_return_address(0));
    for (ULONG i = Stack.First; i < Stack.Count && Taken < FramesToCapture; i++) {
        if (FramesToSkip != 0) {
            FramesToSkip--;
            continue;
        }
        BackTrace[Taken++] = Stack.Frames[i];
        Hash += (ULONG)(ULONG_PTR)Stack.Frames[i];
    }
    if (BackTraceHash != NULL)
        *BackTraceHash = Hash;
    return Taken;
}

ULONG NTAPI RtlWalkFrameChain(PVOID *Callers, ULONG Count, ULONG Flags)
{
    ULONG Taken = 0;
    RTLP_STACK Stack;

    if (Flags != 0) /* user mode frames: there are none of another mode */
        return 0;
    RtlpWalk(&Stack, __builtin_return_address(0));
    for (ULONG i = Stack.First; i < Stack.Count && Taken < Count; i++)
        Callers[Taken++] = Stack.Frames[i];
    return Taken;
}

/* Whom the caller will return to, and that one in turn. */
VOID NTAPI RtlGetCallersAddress(PVOID *CallersAddress, PVOID *CallersCaller)
{
    RTLP_STACK Stack;

    RtlpWalk(&Stack, __builtin_return_address(0));
    *CallersAddress = Stack.First + 1 < Stack.Count ? Stack.Frames[Stack.First + 1] : NULL;
    *CallersCaller = Stack.First + 2 < Stack.Count ? Stack.Frames[Stack.First + 2] : NULL;
}
