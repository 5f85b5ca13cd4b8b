/* SPDX-License-Identifier: MIT */
/* irql.c - raising and lowering, and what happens to whoever calls at the wrong level. */
#include "kip.h"

KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    PKTHREAD Thread = KiCurrentThread;
    return Thread != NULL ? Thread->Irql : PASSIVE_LEVEL;
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    PKTHREAD Thread = KiThread();
    KIRQL Old = Thread->Irql;

    if (NTIO_UNLIKELY(NewIrql < Old || NewIrql > HIGH_LEVEL))
        KeBugCheckEx(IRQL_NOT_GREATER_OR_EQUAL, Old, NewIrql, 0,
                     (ULONG_PTR)__builtin_return_address(0));
    if (NewIrql >= DISPATCH_LEVEL && Old < DISPATCH_LEVEL)
        KiAcquireProcessor(Thread);
    KiSetIrql(Thread, NewIrql);
    return Old;
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    PKTHREAD Thread = KiThread();
    KIRQL Old = Thread->Irql;

    if (NTIO_UNLIKELY(NewIrql > Old))
        KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, NewIrql, Old, 0,
                     (ULONG_PTR)__builtin_return_address(0));
    if (Old >= DISPATCH_LEVEL && NewIrql < DISPATCH_LEVEL) {
        if (NTIO_UNLIKELY(Thread->InDpc))
            VfStop(0x31, Old, NewIrql, 1, "a DPC routine lowered the IRQL below DISPATCH_LEVEL");
        if (NTIO_UNLIKELY(Thread->SpinLocksHeld != 0))
            VfStop(0x31, Old, NewIrql, 0, "the IRQL was lowered while a spin lock is held");
        KiSetIrql(Thread, NewIrql);
        KiReleaseProcessor(Thread);
    } else {
        KiSetIrql(Thread, NewIrql);
    }
    if (NewIrql == PASSIVE_LEVEL)
        KiCheckKernelApcs(Thread);
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    return KfRaiseIrql(DISPATCH_LEVEL);
}

KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    return KfRaiseIrql(SYNCH_LEVEL);
}

/* Bug check 0xC4's subcodes for routines that document one; parameter 2 is the IRQL. Longer names
 * first. */
static const struct {
    const char *Prefix;
    ULONG Subcode;
} KiIrqlSubcodes[] = {
    {"KeWait", 0x3b},
    {"KeSetEvent", 0x80},
    {"ExAcquireFastMutex", 0x33},
    {"MmProbeAndLockPages", 0x70},
    {"MmMapIoSpace", 0x73},
    {"MmMapLockedPagesSpecifyCache", 0x76},
    {"MmMapLockedPages", 0x74},
    {"MmUnlockPages", 0x78},
    {"MmUnmapLockedPages", 0x79},
    {"MmUnmapIoSpace", 0x7b},
    {"MmAllocatePagesForMdl", 0x7e},
    {"MmFreePagesFromMdl", 0x7e},
};

VOID NTAPI KiIrqlTooHigh(KIRQL Maximum, const char *Routine)
{
    KIRQL Irql = KeGetCurrentIrql();

    for (size_t i = 0; i < RTL_NUMBER_OF(KiIrqlSubcodes); i++)
        if (strncmp(Routine, KiIrqlSubcodes[i].Prefix, strlen(KiIrqlSubcodes[i].Prefix)) == 0)
            VfStop(KiIrqlSubcodes[i].Subcode, Irql, Maximum, 0, Routine);
    KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Routine, Irql, Maximum,
                 (ULONG_PTR)__builtin_return_address(0));
}
