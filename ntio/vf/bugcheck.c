/* SPDX-License-Identifier: MIT */
/*
 * bugcheck.c - the stop: a report to stderr, then abort.
 *
 * It may be entered from anywhere, a signal handler with locks held among them: it writes to the
 * descriptor by write(), into a buffer on the stack, and allocates nothing (the unwinder was
 * touched at start for that).
 */
#include "ntio/vf/vfp.h"
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define VFP_MAXIMUM_FRAMES 48

/* 0, or one more than zero when some thread stops; VfpStopper says which. */
static _Atomic int VfpStopping;
static pthread_t VfpStopper;

__attribute__((constructor)) static void VfpTouchUnwinder(void)
{
    void *Frame[2];

    (void)backtrace(Frame, 2);
}

static VOID VfpWrite(const char *Text, size_t Length)
{
    while (Length != 0) {
        ssize_t Written = write(STDERR_FILENO, Text, Length);
        if (Written < 0) {
            if (errno == EINTR)
                continue;
            return;
        }
        Text += Written;
        Length -= (size_t)Written;
    }
}

__attribute__((format(printf, 1, 2))) static VOID VfpPrint(const char *Format, ...)
{
    char Line[512];
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vsnprintf(Line, sizeof(Line), Format, Arguments);
    va_end(Arguments);
    if (Length < 0)
        return;
    VfpWrite(Line, (size_t)Length < sizeof(Line) ? (size_t)Length : sizeof(Line) - 1);
}

static __attribute__((noinline)) VOID VfpPrintStack(VOID)
{
    void *Frame[VFP_MAXIMUM_FRAMES];
    char Text[256];
    int Count = backtrace(Frame, VFP_MAXIMUM_FRAMES);
    int i;

    for (i = 0; i < Count; i++) {
        if (VfIsDriverAddress(Frame[i])) {
            VfDescribeAddress(Frame[i], Text, sizeof(Text));
            VfpPrint("*** Driver on the stack: %s\n", Text);
            break;
        }
    }
    VfpPrint("*** Stack:\n");
    /* The first two are this file's. */
    for (i = 2; i < Count; i++) {
        VfDescribeAddress(Frame[i], Text, sizeof(Text));
        VfpPrint("***   %2d  %p  %s\n", i - 2, Frame[i], Text);
    }
}

static _Noreturn __attribute__((noinline)) VOID VfpStop(ULONG Code, const ULONG_PTR *Parameter,
                                                        const char *What)
{
    const VFP_BUG_TEXT *BugText = VfpBugText(Code, Parameter[0]);
    const char *Name = VfBugCheckName(Code);
    int i;

    if (atomic_fetch_add(&VfpStopping, 1) != 0) {
        /* A stop while this thread reports one: nothing more can be said. */
        if (pthread_equal(VfpStopper, pthread_self()))
            abort();
        /* Another thread reports: it ends the process. Should it hang, this one does. */
        struct timespec Patience = {5, 0};
        while (nanosleep(&Patience, &Patience) != 0 && errno == EINTR)
            ;
        abort();
    }
    VfpStopper = pthread_self();

    VfpPrint("*** STOP: 0x%08X (0x%016llX, 0x%016llX, 0x%016llX, 0x%016llX) %s\n", Code,
             Parameter[0], Parameter[1], Parameter[2], Parameter[3],
             Name != NULL ? Name : "UNKNOWN");
    if (What != NULL)
        VfpPrint("*** %s\n", What);
    else if (BugText != NULL && BugText->What != NULL)
        VfpPrint("*** %s\n", BugText->What);
    for (i = 0; BugText != NULL && i < 4; i++) {
        char Text[256] = "";

        if (BugText->Parameter[i] == NULL)
            continue;
        if ((BugText->CodeAddresses & (1u << i)) != 0)
            VfDescribeAddress((PVOID)Parameter[i], Text, sizeof(Text));
        VfpPrint("***   %d: %016llX  %s%s%s\n", i + 1, Parameter[i], BugText->Parameter[i],
                 Text[0] != '\0' ? ": " : "", Text);
    }
    VfpPrintStack();
    VfpRunBugCheckCallbacks();
    abort();
}

VOID NTAPI VfBugCheck(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4,
                      const char *What)
{
    ULONG_PTR Parameter[4] = {P1, P2, P3, P4};

    VfpStop(Code, Parameter, What);
}

VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                        ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3,
                        ULONG_PTR BugCheckParameter4)
{
    ULONG_PTR Parameter[4] = {BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
                              BugCheckParameter4};

    VfpStop(BugCheckCode, Parameter, NULL);
}

VOID NTAPI KeBugCheck(ULONG BugCheckCode)
{
    ULONG_PTR Parameter[4] = {0, 0, 0, 0};

    VfpStop(BugCheckCode, Parameter, NULL);
}

VOID NTAPI VfStop(ULONG Subcode, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4, const char *What)
{
    ULONG_PTR Parameter[4] = {Subcode, P2, P3, P4};

    VfpStop(DRIVER_VERIFIER_DETECTED_VIOLATION, Parameter, What);
}

VOID NTAPI VfNotImplemented(const char *Routine)
{
    ULONG_PTR Parameter[4] = {(ULONG_PTR)Routine, (ULONG_PTR)__builtin_return_address(0), 0, 0};
    char Text[256];

    snprintf(Text, sizeof(Text), "%s is not implemented", Routine);
    VfpStop(NTIO_ROUTINE_NOT_IMPLEMENTED, Parameter, Text);
}

void NTAPI NtioAssertionFailed(const char *Text, const char *File, int Line)
{
    ULONG_PTR Parameter[4] = {(ULONG_PTR)Text, (ULONG_PTR)File, (ULONG_PTR)Line, 0};
    char What[512];

    snprintf(What, sizeof(What), "%s:%d: assertion failed: %s", File, Line, Text);
    VfpStop(NTIO_ASSERTION_FAILED, Parameter, What);
}
