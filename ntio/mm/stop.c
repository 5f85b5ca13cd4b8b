/* SPDX-License-Identifier: MIT */
/*
 * stop.c - a fault that nobody took: whose it is, and which bugcheck Windows would answer it with.
 *
 * - the code is the program's own: not ntio's business;
 * - int 29h, or the trap that a broken list ends in: KERNEL_SECURITY_CHECK_FAILURE;
 * - read-only memory was written: ATTEMPTED_WRITE_TO_READONLY_MEMORY;
 * - at DISPATCH_LEVEL or above: DRIVER_IRQL_NOT_LESS_OR_EQUAL where the code is a driver's, else
 * IRQL_NOT_LESS_OR_EQUAL;
 * - a null pointer, or an address that no memory can have: an exception that nobody handled
 * (SYSTEM_THREAD_EXCEPTION_NOT_HANDLED in a system thread, else KMODE_EXCEPTION_NOT_HANDLED);
 * - anything else: PAGE_FAULT_IN_NONPAGED_AREA.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "ntio/mm/mmp.h"
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <ucontext.h>

#define MMP_NULL_REGION 0x10000
#define MMP_FRAMES      32

typedef struct _MMP_FAULT {
    ULONG_PTR Code;    /* the instruction */
    ULONG_PTR Address; /* what it touched; all ones: not known */
    ULONG_PTR Access;  /* 0 read, 1 write, 8 execute */
    ULONG_PTR Stack;
    ULONG_PTR FastFail; /* rcx at int 29h, or all ones */
} MMP_FAULT;

static BOOLEAN MmpIsHostLibrary(PVOID Address)
{
    Dl_info Info;
    const char *Name;

    if (dladdr(Address, &Info) == 0 || Info.dli_fname == NULL)
        return FALSE;
    Name = strrchr(Info.dli_fname, '/');
    Name = Name != NULL ? Name + 1 : Info.dli_fname;
    return (BOOLEAN)(strncmp(Name, "lib", 3) == 0 || strncmp(Name, "ld-", 3) == 0);
}

static inline BOOLEAN MmpIsOurCode(PVOID Address)
{
    return (BOOLEAN)(VfIsKernelAddress(Address) || VfIsDriverAddress(Address));
}

/* Is it ntio or a driver that faulted, or a library of the host that one of them called? */
static BOOLEAN MmpIsOurFault(const MMP_FAULT *Fault)
{
    PVOID Frame[MMP_FRAMES];
    int Count, i;

    if (MmpIsOurCode((PVOID)Fault->Code))
        return TRUE;
    if (KiCurrentThread != NULL &&
        (KiCurrentThread->Irql != PASSIVE_LEVEL || KiCurrentThread->SystemThread))
        return TRUE;
    /* A call to nowhere: the caller's address is on the stack. */
    if (Fault->Code == Fault->Address)
        return (BOOLEAN)(MmpProbeRange((PVOID)Fault->Stack, sizeof(PVOID), FALSE) ==
                             STATUS_SUCCESS &&
                         MmpIsOurCode(*(PVOID *)Fault->Stack));
    Count = backtrace(Frame, MMP_FRAMES);
    for (i = 0; i < Count && Frame[i] != (PVOID)Fault->Code; i++)
        ;
    for (i++; i < Count; i++) {
        if (MmpIsOurCode(Frame[i]))
            return TRUE;
        if (!MmpIsHostLibrary(Frame[i]))
            return FALSE;
    }
    return FALSE;
}

static VOID MmpReadFault(int Signal, const siginfo_t *Info, const ucontext_t *Context,
                         MMP_FAULT *Fault)
{
    Fault->Address = (ULONG_PTR)Info->si_addr;
    Fault->Access = 0;
    Fault->FastFail = ~(ULONG_PTR)0;
#if defined(__x86_64__)
    ULONGLONG Error = (ULONGLONG)Context->uc_mcontext.gregs[REG_ERR];

    Fault->Code = (ULONG_PTR)Context->uc_mcontext.gregs[REG_RIP];
    Fault->Stack = (ULONG_PTR)Context->uc_mcontext.gregs[REG_RSP];
    if ((Error & 16) != 0)
        Fault->Access = 8;
    else if ((Error & 2) != 0)
        Fault->Access = 1;
    /* A general protection fault has no address. */
    if (Signal == SIGSEGV && Info->si_code == SI_KERNEL) {
        Fault->Address = ~(ULONG_PTR)0;
        Fault->Access = 0;
    }
    if (Fault->Access != 8 && MmpProbeRange((PVOID)Fault->Code, 2, FALSE) == STATUS_SUCCESS) {
        const UCHAR *Byte = (const UCHAR *)Fault->Code;

        if (Byte[0] == 0xcd && Byte[1] == 0x29)
            Fault->FastFail = (ULONG_PTR)Context->uc_mcontext.gregs[REG_RCX];
    }
#elif defined(__aarch64__)
    Fault->Code = (ULONG_PTR)Context->uc_mcontext.pc;
    Fault->Stack = (ULONG_PTR)Context->uc_mcontext.sp;
#else
    Fault->Code = 0;
    Fault->Stack = 0;
    UNREFERENCED_PARAMETER(Context);
#endif
    if (Fault->Code == Fault->Address)
        Fault->Access = 8;
    UNREFERENCED_PARAMETER(Signal);
}

VOID MmpFaultStop(int Signal, PVOID SigInfo, PVOID UContext)
{
    const siginfo_t *Info = SigInfo;
    KIRQL Irql = MmpIrql();
    NTSTATUS Status = STATUS_ACCESS_VIOLATION;
    MMP_FAULT Fault;

    MmpReadFault(Signal, Info, UContext, &Fault);
    if (!MmpIsOurFault(&Fault))
        return;
    if (Fault.FastFail != ~(ULONG_PTR)0)
        KeBugCheckEx(KERNEL_SECURITY_CHECK_FAILURE, Fault.FastFail, Fault.Stack, Fault.Code, 0);
    if (Signal == SIGILL)
        /* 3: FAST_FAIL_CORRUPT_LIST_ENTRY; natively the list routines are what traps. */
        VfBugCheck(KERNEL_SECURITY_CHECK_FAILURE, 3, Fault.Stack, Fault.Code, 0,
                   "an illegal instruction: the links of a list are broken, or a trap in the code");
    if (Signal == SIGSEGV && Info->si_code == SEGV_ACCERR && Fault.Access == 1 &&
        MmpProbeRange((PVOID)Fault.Address, 1, FALSE) == STATUS_SUCCESS)
        KeBugCheckEx(ATTEMPTED_WRITE_TO_READONLY_MEMORY, Fault.Address, 0, Fault.Code, 0);
    if (Signal == SIGSEGV && Irql >= DISPATCH_LEVEL && Fault.Address != ~(ULONG_PTR)0)
        KeBugCheckEx(VfIsDriverAddress((PVOID)Fault.Code) ? DRIVER_IRQL_NOT_LESS_OR_EQUAL
                                                          : IRQL_NOT_LESS_OR_EQUAL,
                     Fault.Address, Irql, Fault.Access, Fault.Code);
    if (Signal == SIGBUS)
        Status = Info->si_code == BUS_ADRALN ? STATUS_DATATYPE_MISALIGNMENT : STATUS_IN_PAGE_ERROR;
    if (Signal == SIGBUS || Fault.Address < MMP_NULL_REGION || Fault.Address == ~(ULONG_PTR)0) {
        if (KiCurrentThread != NULL && KiCurrentThread->SystemThread)
            KeBugCheckEx(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)Status,
                         Fault.Code, (ULONG_PTR)SigInfo, (ULONG_PTR)UContext);
        KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)Status, Fault.Code,
                     Fault.Access, Fault.Address);
    }
    KeBugCheckEx(PAGE_FAULT_IN_NONPAGED_AREA, Fault.Address, Fault.Access, Fault.Code, 0);
}
