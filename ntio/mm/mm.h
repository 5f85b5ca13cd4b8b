/* SPDX-License-Identifier: MIT */
/*
 * mm.h - memory descriptor lists and access to a program's memory.
 *
 * Programs and drivers share one address space, so a frame number is an address shifted by the
 * page size, and a mapping is the memory itself. What a driver does with MDL flags, lengths and
 * mappings is checked as on Windows all the same. Every MDL that IoAllocateMdl made is known until
 * IoFreeMdl.
 */
#ifndef NTIO_MM_H
#define NTIO_MM_H

#include "ntio/ex/ex.h"
#include <setjmp.h>

NTSTATUS MmInitializeSystem(VOID); /* installs the SIGSEGV/SIGBUS handler that guards use */
VOID MmShutdownSystem(VOID);

/* STATUS_ACCESS_VIOLATION where a byte of the range can't be read (Write: written), without
 * raising. No system call. */
NTSTATUS MmpProbeRange(PVOID Address, SIZE_T Length, BOOLEAN Write);
/* memcpy between a program's memory and the system's: STATUS_ACCESS_VIOLATION instead of a fault.
 */
NTSTATUS MmpCopyUser(PVOID To, const VOID *From, SIZE_T Length);

/*
 * A guard: a fault between MmpEnterGuard (returned 0) and MmpLeaveGuard comes back from
 * MmpEnterGuard with the NTSTATUS. Guards nest; they are per thread. The base of native __try (ddk)
 * and of the two routines above. MMP_GUARD Guard; int Status = MmpEnterGuard(&Guard); if (Status ==
 * 0) { ...; MmpLeaveGuard(&Guard); }
 */
typedef struct _MMP_GUARD {
    sigjmp_buf Buffer;
    struct _MMP_GUARD *Outer;
    NTSTATUS Status;
    ULONG Flags; /* MMP_GUARD_* */
} MMP_GUARD;
#define MMP_GUARD_PUSHED  1 /* it is on the thread's list */
#define MMP_GUARD_BUILTIN 2 /* Buffer is __builtin_setjmp's (NT_TRY of ntseh.h) */
VOID MmpPushGuard(MMP_GUARD *Guard);
VOID MmpLeaveGuard(MMP_GUARD *Guard);
#define MmpEnterGuard(g) (sigsetjmp((g)->Buffer, 0) == 0 ? (MmpPushGuard(g), 0) : (g)->Status)
/* ExRaiseStatus: to the innermost guard of the thread, or a bugcheck KMODE_EXCEPTION_NOT_HANDLED.
 */
_Noreturn VOID MmpRaise(NTSTATUS Status, PVOID Address);

/*
 * Every fault (SIGSEGV, SIGBUS, SIGILL) is offered here first, before the guards: the PE loader
 * answers CR8 and the like, also inside a guard. Returns TRUE where it resumed the context, and
 * FALSE for whatever is a real fault.
 */
typedef BOOLEAN MMP_FAULT_ROUTINE(int Signal, PVOID SigInfo, PVOID UContext);
VOID MmpSetFaultRoutine(MMP_FAULT_ROUTINE *Routine);

typedef VOID MMP_MDL_ROUTINE(PMDL Mdl, PVOID Caller, PVOID Context);
VOID MmpEnumerateMdls(MMP_MDL_ROUTINE *Each, PVOID Context);
/* MDLs that IoAllocateMdl made and nobody has freed. */
ULONGLONG MmpQueryMdlCount(VOID);

#endif
