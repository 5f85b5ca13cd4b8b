/* SPDX-License-Identifier: MIT */
/*
 * fault.c - instructions of a .sys that only a kernel may run.
 *
 * A compiled driver has KeRaiseIrql and KeLowerIrql inline: `mov reg, cr8` and `mov cr8, reg`. In
 * user mode each raises a general protection fault (SIGSEGV without an address; SIGILL under
 * valgrind). Intel SDM volume 2, MOV to/from control registers: 0F 20 /r reads, 0F 22 /r writes;
 * REX.R makes control register 0 the 8th; the r/m field with REX.B is the general register.
 */
#define _GNU_SOURCE 1 /* the names of registers */
#include "ntio/ldr/ldrp.h"

#if defined(__x86_64__)
#include <signal.h>
#include <ucontext.h>

/* General registers in the order of their encoding, as indices of gregs. */
static const UCHAR LdrpRegisters[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                        REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                        REG_R12, REG_R13, REG_R14, REG_R15};

BOOLEAN LdrpHandleFault(int Signal, PVOID SigInfo, PVOID UContext)
{
    ucontext_t *Context = UContext;
    UNREFERENCED_PARAMETER(SigInfo);
    ULONG_PTR At = (ULONG_PTR)Context->uc_mcontext.gregs[REG_RIP];

    if ((Signal != SIGSEGV && Signal != SIGILL) || !LdrpIsInPeImage(At) || !LdrpIsInPeImage(At + 3))
        return FALSE;
    const UCHAR *Code = (const UCHAR *)At;
    /* REX with R set, W and X as they please; B extends the general register. */
    if ((Code[0] & 0xf4) != 0x44 || Code[1] != 0x0f || (Code[2] != 0x20 && Code[2] != 0x22) ||
        (Code[3] & 0xf8) != 0xc0)
        return FALSE;
    greg_t *Register =
        &Context->uc_mcontext.gregs[LdrpRegisters[(Code[3] & 7) | ((Code[0] & 1) << 3)]];
    if (Code[2] == 0x20) {
        *Register = KeGetCurrentIrql();
    } else {
        ULONGLONG Irql = (ULONGLONG)*Register;
        if (Irql > HIGH_LEVEL)
            return FALSE; /* a fault on a real processor too */
        /* The compiler has checked nothing, and the processor would not either: up or down, both
         * are meant. */
        if (Irql > KeGetCurrentIrql())
            KfRaiseIrql((KIRQL)Irql);
        else
            KeLowerIrql((KIRQL)Irql);
    }
    Context->uc_mcontext.gregs[REG_RIP] += 4;
    return TRUE;
}

#else

BOOLEAN LdrpHandleFault(int Signal, PVOID SigInfo, PVOID UContext)
{
    UNREFERENCED_PARAMETER(Signal);
    UNREFERENCED_PARAMETER(SigInfo);
    UNREFERENCED_PARAMETER(UContext);
    return FALSE;
}

#endif
