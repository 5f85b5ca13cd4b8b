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
 * Microsoft's own words compile natively as well, in C and C++:
 *
 *     __try { ... __leave; ... } __except (filter) { ... }
 *
 * with the differences below, and one __try in each block of statements (a second one is a
 * redefinition of NtioSehOneTryInEachBlock); clang refuses a goto over it, and __leave. __finally
 * does not compile: it would not run for a return out of its __try.
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

#if !defined(__MINGW32__) || defined(NTIO_DDK_WDM_H)
#include "wdm/ex.h"
#include "wdm/mm.h"
#include "wdm/rtl.h"
#endif /* else mingw-w64's own DDK, which the driver has included */

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
    VOID(NTAPI *Forget)(NTIO_SEH_FRAME *Frame);
    VOID(NTAPI *GoOut)(NTIO_SEH_FRAME *Frame);
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
        Routines.Forget = (VOID(NTAPI *)(NTIO_SEH_FRAME *))NtioSehFind(L"NtioSehForget");
        Routines.GoOut = (VOID(NTAPI *)(NTIO_SEH_FRAME *))NtioSehFind(L"NtioSehGoOut");
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
#define NtioSehForget(Frame)          NtioSehRoutines()->Forget(Frame)
#define NtioSehGoOut(Frame)           (NtioSehRoutines()->GoOut(Frame), __builtin_unreachable())

#else

/* Begins protection; Builtin: the frame was marked by __builtin_setjmp. [any] */
NTKERNELAPI VOID NTAPI NtioSehEnter(NTIO_SEH_FRAME *Frame, BOOLEAN Builtin);
/* Ends it. A second call does nothing. */
NTKERNELAPI VOID NTAPI NtioSehLeave(NTIO_SEH_FRAME *Frame);
/* The exception that came, or 0. */
NTKERNELAPI NTSTATUS NTAPI NtioSehCode(NTIO_SEH_FRAME *Frame);
/* Goes on to the outer frame unless Filter is EXCEPTION_EXECUTE_HANDLER. */
NTKERNELAPI VOID NTAPI NtioSehFilter(NTIO_SEH_FRAME *Frame, LONG Filter);

/* The same for a frame that may never have been entered (gcc lets a goto jump over it). */
NTKERNELAPI VOID NTAPI NtioSehForget(NTIO_SEH_FRAME *Frame);
/* Out of the __try whose frame it is, as if its end had been reached. */
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI NtioSehGoOut(NTIO_SEH_FRAME *Frame);

#endif

static inline void NtioSehCleanup(NTIO_SEH_FRAME *Frame)
{
    NtioSehForget(Frame);
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
        NTIO_SEH_FRAME NtioSehOneTryInEachBlock __attribute__((cleanup(NtioSehCleanup)));          \
        if (NTIO_SEH_MARK(&NtioSehOneTryInEachBlock) == 0) {                                       \
            NtioSehEnter(&NtioSehOneTryInEachBlock, NTIO_SEH_BUILTIN);
#define NT_EXCEPT(filter)                                                                          \
    NtioSehLeave(&NtioSehOneTryInEachBlock);                                                       \
    }                                                                                              \
    else                                                                                           \
    {                                                                                              \
        NtioSehFilter(&NtioSehOneTryInEachBlock, (filter));
#define NT_END                                                                                     \
    }                                                                                              \
    }
#define NT_FINALLY                                                                                 \
    NtioSehLeave(&NtioSehOneTryInEachBlock);                                                       \
    }                                                                                              \
    {
#define NT_END_FINALLY                                                                             \
    }                                                                                              \
    if (NtioSehCode(&NtioSehOneTryInEachBlock) != 0)                                               \
        NtioSehFilter(&NtioSehOneTryInEachBlock, EXCEPTION_CONTINUE_SEARCH);                       \
    }

/*
 * __try and __except are three statements of the block that they stand in: the frame, what is
 * tried, and, after either way out of it, the question whether there was an exception. Both ways
 * out come to the last one.
 */
#ifndef __try
#define __try                                                                                      \
    NTIO_SEH_FRAME NtioSehOneTryInEachBlock __attribute__((cleanup(NtioSehCleanup)));              \
    if (NTIO_SEH_MARK(&NtioSehOneTryInEachBlock) == 0 &&                                           \
        (NtioSehEnter(&NtioSehOneTryInEachBlock, NTIO_SEH_BUILTIN), 1))
#define NTIO_SEH_EXCEPT(filter)                                                                    \
    NtioSehLeave(&NtioSehOneTryInEachBlock);                                                       \
    if (NtioSehCode(&NtioSehOneTryInEachBlock) != 0 &&                                             \
        (NtioSehFilter(&NtioSehOneTryInEachBlock, (filter)), 1))
#define __except NTIO_SEH_EXCEPT
#ifdef __cplusplus
#define NTIO_SEH_NOT_HERE(text) static_assert(0, text)
#else
#define NTIO_SEH_NOT_HERE(text) _Static_assert(0, text)
#endif
#ifdef __clang__ /* which does not know that the jump comes back, and loses what was assigned      \
                    before */
#define __leave                                                                                    \
    NTIO_SEH_NOT_HERE("clang can't natively __leave without losing what local variables were set " \
                      "to: use goto, or gcc")
#else
#define __leave NtioSehGoOut(&NtioSehOneTryInEachBlock)
#endif
#define __finally                                                                                  \
    NTIO_SEH_NOT_HERE("natively __finally would not run for a return out of __try: put the code "  \
                      "behind the block, or use NT_FINALLY of ntseh.h, which says so");
#endif

#define GetExceptionCode()    NtioSehCode(&NtioSehOneTryInEachBlock)
#define AbnormalTermination() (NtioSehCode(&NtioSehOneTryInEachBlock) != 0)

#ifdef __cplusplus
}
#endif

#endif
#endif
