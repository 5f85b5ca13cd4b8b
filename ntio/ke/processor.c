/* SPDX-License-Identifier: MIT */
/*
 * processor.c - processor slots.
 *
 * A slot's word names its owner. Leaving one is a compare-and-swap that fails where
 * KI_SLOT_DPC_WANTED was set meanwhile, and then the slot goes straight to its DPC thread: DPCs run
 * when the IRQL falls, before anybody else. A thread that finds no slot sleeps on KiSlotGeneration.
 * Lost wake-ups: the sleeper counts itself, then looks at the slots; the leaver frees the slot,
 * then looks at the count; both sequentially consistent.
 */
#include "kip.h"

#include <limits.h>
#include <unistd.h>

KI_SLOT KiSlots[KI_MAXIMUM_PROCESSORS];
ULONG KeActiveProcessors;
NTKERNELAPI CCHAR KeNumberProcessors;

static struct DECLSPEC_CACHEALIGN {
    _Atomic ULONG Generation; /* the futex */
    _Atomic ULONG Waiters;
    _Atomic ULONG Restricted; /* of them, those that can't take every slot: then all are woken */
} KiSlotWait;

VOID KiInitializeProcessors(ULONG Processors)
{
    if (Processors == 0) {
        long Online = sysconf(_SC_NPROCESSORS_ONLN);
        Processors = Online > 0 ? (ULONG)Online : 1;
    }
    if (Processors > KI_MAXIMUM_PROCESSORS)
        Processors = KI_MAXIMUM_PROCESSORS;
    for (ULONG i = 0; i < KI_MAXIMUM_PROCESSORS; i++)
        atomic_store(&KiSlots[i].Owner, 0);
    KeActiveProcessors = Processors;
    KeNumberProcessors = (CCHAR)Processors;
}

KAFFINITY KiActiveAffinity(VOID)
{
    return KeActiveProcessors == 64 ? ~(KAFFINITY)0 : ((KAFFINITY)1 << KeActiveProcessors) - 1;
}

static BOOLEAN KiTryProcessors(PKTHREAD Thread)
{
    ULONG Count = KeActiveProcessors;

    for (ULONG i = 0; i < Count; i++) {
        ULONG Number = (Thread->Processor + i) % Count;
        ULONG Free = 0;

        if ((Thread->Affinity >> Number & 1) && atomic_load(&KiSlots[Number].Owner) == 0 &&
            atomic_compare_exchange_strong(&KiSlots[Number].Owner, &Free, Thread->HostThreadId)) {
            Thread->Processor = Number;
            Thread->Pcr->Number = Number;
            return TRUE;
        }
    }
    return FALSE;
}

static __attribute__((noinline)) VOID NTAPI KiWaitForProcessor(PKTHREAD Thread)
{
    BOOLEAN Restricted = (Thread->Affinity & KiActiveAffinity()) != KiActiveAffinity();

    for (int i = 0; i < KI_SPIN_COUNT; i++) {
        if (KiTryProcessors(Thread))
            return;
        KiPause();
    }
    atomic_fetch_add(&KiSlotWait.Waiters, 1);
    if (Restricted)
        atomic_fetch_add(&KiSlotWait.Restricted, 1);
    for (;;) {
        ULONG Generation = atomic_load(&KiSlotWait.Generation);

        if (KiTryProcessors(Thread))
            break;
        KiFutexWait(&KiSlotWait.Generation, Generation, 0);
    }
    if (Restricted)
        atomic_fetch_sub(&KiSlotWait.Restricted, 1);
    atomic_fetch_sub(&KiSlotWait.Waiters, 1);
}

static __attribute__((noinline)) VOID NTAPI KiWakeSlotWaiters(VOID)
{
    atomic_fetch_add(&KiSlotWait.Generation, 1);
    KiFutexWake(&KiSlotWait.Generation, atomic_load(&KiSlotWait.Restricted) != 0 ? INT_MAX : 1);
}

/* The thread's IRQL is below DISPATCH_LEVEL. Thread->Processor is always within its affinity. */
VOID NTAPI KiAcquireProcessor(PKTHREAD Thread)
{
    ULONG Free = 0;

    if (NTIO_UNLIKELY(!atomic_compare_exchange_strong_explicit(
            &KiSlots[Thread->Processor].Owner, &Free, Thread->HostThreadId, memory_order_acq_rel,
            memory_order_relaxed)))
        KiWaitForProcessor(Thread);
    Thread->OwnsProcessor = TRUE;
}

VOID NTAPI KiReleaseProcessor(PKTHREAD Thread)
{
    ULONG Number = Thread->Processor;
    ULONG Mine = Thread->HostThreadId;

    Thread->OwnsProcessor = FALSE;
    if (NTIO_UNLIKELY(!atomic_compare_exchange_strong(&KiSlots[Number].Owner, &Mine, 0))) {
        NTIO_ASSERT(Mine == (Thread->HostThreadId | KI_SLOT_DPC_WANTED));
        atomic_store(&KiSlots[Number].Owner, KI_SLOT_DPC_OWNER);
        KiWakeDpcThread(Number);
    } else if (NTIO_UNLIKELY(atomic_load(&KiSlotWait.Waiters) != 0)) {
        KiWakeSlotWaiters();
    }
}

VOID NTAPI KiRequestSlotForDpc(ULONG Number)
{
    ULONG Old = atomic_load(&KiSlots[Number].Owner);

    for (;;) {
        if (Old & KI_SLOT_DPC_WANTED)
            return;
        if (Old == 0) {
            if (atomic_compare_exchange_weak(&KiSlots[Number].Owner, &Old, KI_SLOT_DPC_OWNER)) {
                KiWakeDpcThread(Number);
                return;
            }
        } else if (atomic_compare_exchange_weak(&KiSlots[Number].Owner, &Old,
                                                Old | KI_SLOT_DPC_WANTED)) {
            return;
        }
    }
}

BOOLEAN KiReleaseSlotFromDpc(ULONG Number)
{
    ULONG Mine = KI_SLOT_DPC_OWNER;

    if (!atomic_compare_exchange_strong(&KiSlots[Number].Owner, &Mine, 0)) {
        atomic_store(&KiSlots[Number].Owner, KI_SLOT_DPC_OWNER);
        return FALSE;
    }
    if (atomic_load(&KiSlotWait.Waiters) != 0)
        KiWakeSlotWaiters();
    return TRUE;
}

/* Queries. There is one processor group, 0. */

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    ULONG Number = KiThread()->Processor;

    if (ProcNumber != NULL) {
        ProcNumber->Group = 0;
        ProcNumber->Number = (UCHAR)Number;
        ProcNumber->Reserved = 0;
    }
    return Number;
}

ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    return KiThread()->Processor;
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return KiActiveAffinity();
}

ULONG NTAPI KeQueryActiveProcessorCount(KAFFINITY *ActiveProcessors)
{
    if (ActiveProcessors != NULL)
        *ActiveProcessors = KiActiveAffinity();
    return KeActiveProcessors;
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? KeActiveProcessors : 0;
}

ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return KeActiveProcessors;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

/*
 * Affinity. It says which slots the thread may take from now on; a thread that is at DISPATCH_LEVEL
 * moves when its IRQL has fallen, as documented.
 */
static VOID KiSetAffinity(PKTHREAD Thread, KAFFINITY Affinity)
{
    Thread->Affinity = Affinity;
    if (!Thread->OwnsProcessor && !(Affinity >> Thread->Processor & 1)) {
        Thread->Processor = (ULONG)__builtin_ctzll(Affinity);
        Thread->Pcr->Number = Thread->Processor;
    }
}

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    PKTHREAD Thread = KiThread();
    KAFFINITY Before = Thread->SavedAffinity;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Affinity &= KiActiveAffinity();
    if (Affinity == 0)
        return 0;
    Thread->SavedAffinity = Affinity;
    KiSetAffinity(Thread, Affinity);
    return Before;
}

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    PKTHREAD Thread = KiThread();

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Affinity &= KiActiveAffinity();
    Thread->SavedAffinity = Affinity;
    KiSetAffinity(Thread, Affinity != 0 ? Affinity : KiActiveAffinity());
}

VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    if ((Affinity & KiActiveAffinity()) == 0)
        KeBugCheckEx(INVALID_AFFINITY_SET, Affinity, KiActiveAffinity(), 0, 0);
    KeSetSystemAffinityThreadEx(Affinity);
}

VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    KeRevertToUserAffinityThreadEx(0);
}
