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
 */
#ifndef NTIO_DDK_NTSEH_H
#define NTIO_DDK_NTSEH_H

#include "wdm/ex.h"

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

/* Begins protection; Builtin: the frame was marked by __builtin_setjmp. [any] */
NTKERNELAPI VOID NTAPI NtioSehEnter(NTIO_SEH_FRAME *Frame, BOOLEAN Builtin);
/* Ends it. A second call does nothing. */
NTKERNELAPI VOID NTAPI NtioSehLeave(NTIO_SEH_FRAME *Frame);
/* The exception that came, or 0. */
NTKERNELAPI NTSTATUS NTAPI NtioSehCode(NTIO_SEH_FRAME *Frame);
/* Goes on to the outer frame unless Filter is EXCEPTION_EXECUTE_HANDLER. */
NTKERNELAPI VOID NTAPI NtioSehFilter(NTIO_SEH_FRAME *Frame, LONG Filter);

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
