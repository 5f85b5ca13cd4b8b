/* SPDX-License-Identifier: MIT */
/*
 * fault.c - instructions of a .sys that only a kernel may run.
 *
 * A compiled driver has KeRaiseIrql and KeLowerIrql inline: `mov reg, cr8` and `mov cr8, reg`. In
 * user mode each raises a general protection fault (SIGSEGV without an address; SIGILL under
 * valgrind). Intel SDM volume 2, MOV to/from control registers: 0F 20 /r reads, 0F 22 /r writes;
 * REX.R makes control register 0 the 8th; the r/m field with REX.B is the general register.
 *
 * READ_PORT_xxx and WRITE_PORT_xxx are inline too: IN, OUT and, for buffers, REP INS and REP OUTS.
 * They go to the device models (ke/ioport.c). Reads of KUSER_SHARED_DATA are shared.c's.
 */
#define _GNU_SOURCE 1 /* the names of registers */
#include "ntio/ldr/ldrp.h"
#include "ntio/ke/interrupt.h"

#if defined(__x86_64__)
#include <signal.h>
#include <ucontext.h>

/* General registers in the order of their encoding, as indices of gregs. */
const UCHAR LdrpRegisters[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                 REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                 REG_R12, REG_R13, REG_R14, REG_R15};

static BOOLEAN LdrpMoveCr8(const UCHAR *Code, greg_t *Registers)
{
    /* REX with R set, W and X as they please; B extends the general register. */
    if ((Code[0] & 0xf4) != 0x44 || Code[1] != 0x0f || (Code[2] != 0x20 && Code[2] != 0x22) ||
        (Code[3] & 0xf8) != 0xc0)
        return FALSE;
    greg_t *Register = &Registers[LdrpRegisters[(Code[3] & 7) | ((Code[0] & 1) << 3)]];
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
    Registers[REG_RIP] += 4;
    return TRUE;
}

static VOID LdrpIn(greg_t *Registers, ULONG Port, ULONG Bytes)
{
    ULONGLONG Value = KiReadPort(Port, Bytes);

    if (Bytes == 1)
        Registers[REG_RAX] = (greg_t)(((ULONGLONG)Registers[REG_RAX] & ~0xffULL) | Value);
    else if (Bytes == 2)
        Registers[REG_RAX] = (greg_t)(((ULONGLONG)Registers[REG_RAX] & ~0xffffULL) | Value);
    else
        Registers[REG_RAX] = (greg_t)Value; /* 32 bits clear the upper half */
}

/* One step of INS or OUTS, forwards: memory at RDI is written, at RSI read. A fault on it is the
 * driver's. */
static VOID LdrpString(greg_t *Registers, BOOLEAN Out, ULONG Port, ULONG Bytes)
{
    int Index = Out ? REG_RSI : REG_RDI;
    PVOID Memory = (PVOID)(ULONG_PTR)Registers[Index];
    ULONG Value = 0;

    if (Out) {
        memcpy(&Value, Memory, Bytes);
        KiWritePort(Port, Bytes, Value);
    } else {
        Value = KiReadPort(Port, Bytes);
        memcpy(Memory, &Value, Bytes);
    }
    Registers[Index] += Bytes;
}

#define LDRP_DIRECTION_FLAG 0x400

static BOOLEAN LdrpPort(const UCHAR *Code, greg_t *Registers)
{
    ULONG Port = (USHORT)Registers[REG_RDX], Wide = 4, Length = 0;
    BOOLEAN Repeat = FALSE;

    for (; Code[Length] == 0x66 || Code[Length] == 0xf3; Length++) {
        if (Length == 2)
            return FALSE;
        if (Code[Length] == 0x66)
            Wide = 2;
        else
            Repeat = TRUE;
    }
    UCHAR Operation = Code[Length++];
    ULONG Bytes = (Operation & 1) != 0 ? Wide : 1;
    switch (Operation) {
    case 0xe4: /* IN and OUT with the port in the instruction */
    case 0xe5:
    case 0xe6:
    case 0xe7:
        Port = Code[Length++];
        /* fall through */
    case 0xec:
    case 0xed:
    case 0xee:
    case 0xef:
        if ((Operation & 2) == 0)
            LdrpIn(Registers, Port, Bytes);
        else
            KiWritePort(Port, Bytes, (ULONG)Registers[REG_RAX]);
        break;
    case 0x6c: /* INS */
    case 0x6d:
    case 0x6e: /* OUTS */
    case 0x6f:
        if ((Registers[REG_EFL] & LDRP_DIRECTION_FLAG) != 0)
            return FALSE; /* never set by compiled code */
        if (!Repeat) {
            LdrpString(Registers, Operation >= 0x6e, Port, Bytes);
            break;
        }
        for (; Registers[REG_RCX] != 0; Registers[REG_RCX]--)
            LdrpString(Registers, Operation >= 0x6e, Port, Bytes);
        break;
    default:
        return FALSE;
    }
    Registers[REG_RIP] += Length;
    return TRUE;
}

BOOLEAN LdrpHandleFault(int Signal, PVOID SigInfo, PVOID UContext)
{
    ucontext_t *Context = UContext;
    const siginfo_t *Info = SigInfo;
    ULONG_PTR At = (ULONG_PTR)Context->uc_mcontext.gregs[REG_RIP];

    if ((Signal != SIGSEGV && Signal != SIGILL) || !LdrpIsInPeImage(At) || !LdrpIsInPeImage(At + 3))
        return FALSE;
    return LdrpMoveCr8((const UCHAR *)At, Context->uc_mcontext.gregs) ||
           LdrpPort((const UCHAR *)At, Context->uc_mcontext.gregs) ||
           (Signal == SIGSEGV && LdrpReadShared((ULONG_PTR)Info->si_addr, (const UCHAR *)At,
                                                Context->uc_mcontext.gregs));
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
