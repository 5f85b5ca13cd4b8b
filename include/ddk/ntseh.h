/* SPDX-License-Identifier: MIT */
/*
 * ntseh.h - structured exception handling that compiles everywhere.
 *
 *     NT_TRY {
 *         ProbeForRead(buffer, length, 1);
 *         RtlCopyMemory(copy, buffer, length);
 *     } NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER) {
 *         status = GetExceptionCode();
 *     } NT_END
 *
 *     NT_TRY { ... } NT_FINALLY { ... } NT_END_FINALLY
 *
 * Where the compiler has __try these are __try, __except and __finally. gcc and clang on Linux have
 * not: there a fault, or ExRaiseStatus, comes back to NT_TRY through ntio. The differences: filters
 * run after the stack was unwound, so GetExceptionInformation is not there and
 * EXCEPTION_CONTINUE_EXECUTION stops the host; local variables that change inside NT_TRY and are
 * read after an exception must be volatile; NT_FINALLY does not run for a return, break or goto out
 * of NT_TRY (those only end the protection).
 *
 * A .sys made by mingw-w64, which has no __try either, finds ntio's routines by name at its first
 * NT_TRY (PASSIVE_LEVEL). Windows has none of them: there that NT_TRY stops the system, before
 * anything could fault without a handler. For Windows such a driver is built with Microsoft's
 * compiler.
 */
#ifndef NTIO_DDK_NTSEH_H
#define NTIO_DDK_NTSEH_H

#ifndef __MINGW32__ /* it has a DDK of its own, which the driver has included */
#include "wdm/ex.h"
#endif

#ifndef EXCEPTION_EXECUTE_HANDLER
#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#endif

#if defined(_MSC_VER)

#define NT_TRY            __try
#define NT_EXCEPT(filter) __except (filter)
#define NT_FINALLY        __finally
#define NT_END
#define NT_END_FINALLY

#else

#ifdef __cplusplus
extern "C" {
#endif

/* On the stack of who tries; opaque, and larger than what ntio keeps in it. */
typedef struct DECLSPEC_ALIGN(16) _NTIO_SEH_FRAME {
    ULONG64 Opaque[56];
} NTIO_SEH_FRAME;

#ifdef __MINGW32__

typedef struct _NTIO_SEH_ROUTINES {
    VOID(NTAPI *Enter)(NTIO_SEH_FRAME *Frame, BOOLEAN Builtin);
    VOID(NTAPI *Leave)(NTIO_SEH_FRAME *Frame);
    NTSTATUS(NTAPI *Code)(NTIO_SEH_FRAME *Frame);
    VOID(NTAPI *Filter)(NTIO_SEH_FRAME *Frame, LONG Filter);
} NTIO_SEH_ROUTINES;

static inline PVOID NtioSehFind(PCWSTR Name)
{
    UNICODE_STRING Text;
    PVOID Routine;

    RtlInitUnicodeString(&Text, Name);
    Routine = MmGetSystemRoutineAddress(&Text);
    if (Routine == NULL)
        ExRaiseStatus(STATUS_NOT_IMPLEMENTED);
    return Routine;
}

/* Two that come at once find the same. */
static inline NTIO_SEH_ROUTINES *NtioSehRoutines(void)
{
    static NTIO_SEH_ROUTINES Routines;

    if (__atomic_load_n(&Routines.Enter, __ATOMIC_ACQUIRE) == NULL) {
        Routines.Leave = (VOID(NTAPI *)(NTIO_SEH_FRAME *))NtioSehFind(L"NtioSehLeave");
        Routines.Code = (NTSTATUS(NTAPI *)(NTIO_SEH_FRAME *))NtioSehFind(L"NtioSehCode");
        Routines.Filter = (VOID(NTAPI *)(NTIO_SEH_FRAME *, LONG))NtioSehFind(L"NtioSehFilter");
        __atomic_store_n(&Routines.Enter,
                         (VOID(NTAPI *)(NTIO_SEH_FRAME *, BOOLEAN))NtioSehFind(L"NtioSehEnter"),
                         __ATOMIC_RELEASE);
    }
    return &Routines;
}

#define NtioSehEnter(Frame, Builtin)  NtioSehRoutines()->Enter((Frame), (Builtin))
#define NtioSehLeave(Frame)           NtioSehRoutines()->Leave(Frame)
#define NtioSehCode(Frame)            NtioSehRoutines()->Code(Frame)
#define NtioSehFilter(Frame, Filter_) NtioSehRoutines()->Filter((Frame), (Filter_))

#else

/* Begins protection; Builtin: the frame was marked by __builtin_setjmp. [any] */
NTKERNELAPI VOID NTAPI NtioSehEnter(NTIO_SEH_FRAME *Frame, BOOLEAN Builtin);
/* Ends it. A second call does nothing. */
NTKERNELAPI VOID NTAPI NtioSehLeave(NTIO_SEH_FRAME *Frame);
/* The exception that came, or 0. */
NTKERNELAPI NTSTATUS NTAPI NtioSehCode(NTIO_SEH_FRAME *Frame);
/* Goes on to the outer frame unless Filter is EXCEPTION_EXECUTE_HANDLER. */
NTKERNELAPI VOID NTAPI NtioSehFilter(NTIO_SEH_FRAME *Frame, LONG Filter);

#endif

static inline void NtioSehCleanup(NTIO_SEH_FRAME *Frame)
{
    NtioSehLeave(Frame);
}

/* TSan must see the jump, and knows libc's only. */
#if defined(__SANITIZE_THREAD__)
#define NTIO_SEH_LIBC 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NTIO_SEH_LIBC 1
#endif
#endif

#ifdef NTIO_SEH_LIBC
extern int NtioSehMarkLibc(void *Buffer, int SaveMask) __asm__("__sigsetjmp")
    __attribute__((returns_twice));
#define NTIO_SEH_MARK(frame) NtioSehMarkLibc((frame)->Opaque, 0)
#define NTIO_SEH_BUILTIN     0
#else
#define NTIO_SEH_MARK(frame) __builtin_setjmp((void **)(frame)->Opaque)
#define NTIO_SEH_BUILTIN     1
#endif

#define NT_TRY                                                                                     \
    {                                                                                              \
        NTIO_SEH_FRAME NtioSehFrame __attribute__((cleanup(NtioSehCleanup)));                      \
        if (NTIO_SEH_MARK(&NtioSehFrame) == 0) {                                                   \
            NtioSehEnter(&NtioSehFrame, NTIO_SEH_BUILTIN);
#define NT_EXCEPT(filter)                                                                          \
    NtioSehLeave(&NtioSehFrame);                                                                   \
    }                                                                                              \
    else                                                                                           \
    {                                                                                              \
        NtioSehFilter(&NtioSehFrame, (filter));
#define NT_END                                                                                     \
    }                                                                                              \
    }
#define NT_FINALLY                                                                                 \
    NtioSehLeave(&NtioSehFrame);                                                                   \
    }                                                                                              \
    {
#define NT_END_FINALLY                                                                             \
    }                                                                                              \
    if (NtioSehCode(&NtioSehFrame) != 0)                                                           \
        NtioSehFilter(&NtioSehFrame, EXCEPTION_CONTINUE_SEARCH);                                   \
    }

#define GetExceptionCode()    NtioSehCode(&NtioSehFrame)
#define AbnormalTermination() (NtioSehCode(&NtioSehFrame) != 0)

#ifdef __cplusplus
}
#endif

#endif
#endif
