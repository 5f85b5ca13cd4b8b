/* SPDX-License-Identifier: MIT */
/*
 * win32.h - the insides of the program's API: what its source files share.
 *
 * Calls: io (Nt routines), ob, ps, ke, ex. Called by programs alone. The routines themselves are
 * declared in include/win32. No lock is held across a call into another component.
 */
#ifndef NTIO_WIN32_WIN32_H
#define NTIO_WIN32_WIN32_H

#include "ntio/ex/ex.h"
#include "ntio/io/io.h"
#include "ntio/io/ntfile.h"
#include "ntio/ob/ntob.h"
#include "ntio/ps/ps.h"

#include "windows.h"

/*
 * First in each routine that calls a system service: until it returns the thread's previous mode is
 * UserMode, so that handles are held to their rights and a program's bad pointers become statuses.
 */
static inline KPROCESSOR_MODE Win32pEnter(VOID)
{
    KPROCESSOR_MODE Before = ExpPreviousMode;

    ExpPreviousMode = UserMode;
    return Before;
}
static inline VOID Win32pLeave(KPROCESSOR_MODE *Before)
{
    ExpPreviousMode = *Before;
}
#define WIN32_ENTER()                                                                              \
    KPROCESSOR_MODE Win32pBefore __attribute__((cleanup(Win32pLeave), unused)) = Win32pEnter()

/* Sets the last error from Status; returns FALSE so that a routine may end with it. */
BOOL Win32pFail(NTSTATUS Status);

/* For the test of the table: 0, or the first status that is out of order. */
ULONG Win32pStatusTableOrdered(VOID);
NTSYSAPI ULONG NTAPI RtlNtStatusToDosErrorNoTeb(NTSTATUS Status);

/*
 * The NT path of a program's path, allocated (Win32pFreeName): the rules are CreateFileW's, see
 * fileapi.h. STATUS_OBJECT_NAME_INVALID: empty; STATUS_NAME_TOO_LONG.
 */
NTSTATUS Win32pNtPath(LPCWSTR Name, PUNICODE_STRING Path);
VOID Win32pFreeName(PUNICODE_STRING Name);
/* UTF-8 (the A routines' code page) to UTF-16, allocated. STATUS_NAME_TOO_LONG,
 * STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS Win32pWide(LPCSTR Text, PUNICODE_STRING Wide);

/* UTF-16 to UTF-8, Size bytes at most and no zero at the end. STATUS_BUFFER_TOO_SMALL. */
NTSTATUS Win32pNarrow(const WCHAR *Text, ULONG Characters, LPSTR To, ULONG Size, PULONG Length);

/*
 * Opens a file by a program's path, synchronously. INVALID_HANDLE_VALUE, with the last error set.
 * Must be called between WIN32_ENTER and the routine's end.
 */
HANDLE Win32pOpenPath(LPCWSTR Name, ACCESS_MASK Access, ULONG Share, ULONG Disposition,
                      ULONG Options, ULONG Attributes);
static inline FILETIME Win32pFileTime(LARGE_INTEGER Time)
{
    return (FILETIME){Time.LowPart, (DWORD)Time.HighPart};
}

/*
 * Runs the W form of a routine with an A form's name (NULL is passed on). Result is what the
 * routine returns where the name can't be turned.
 */
#define WIN32P_WITH_WIDE(Name, Wide, Result, Call)                                                 \
    do {                                                                                           \
        UNICODE_STRING Wide##String = {0};                                                         \
        NTSTATUS Wide##Status =                                                                    \
            (Name) == NULL ? STATUS_SUCCESS : Win32pWide((Name), &Wide##String);                   \
        LPCWSTR Wide = Wide##String.Buffer;                                                        \
        if (!NT_SUCCESS(Wide##Status)) {                                                           \
            Win32pFail(Wide##Status);                                                              \
            return Result;                                                                         \
        }                                                                                          \
        __typeof__(Call) Wide##Answer = (Call);                                                    \
        Win32pFreeName(&Wide##String);                                                             \
        return Wide##Answer;                                                                       \
    } while (0)

/* Milliseconds to an NT time-out; NULL for INFINITE. */
PLARGE_INTEGER Win32pTimeout(DWORD Milliseconds, PLARGE_INTEGER Timeout);

#endif
