/* SPDX-License-Identifier: MIT */
/*
 * interlocked.c - lists and numbers under a spin lock that the caller names.
 *
 * Windows runs these with interrupts off, so they are allowed at any IRQL; here the lock's holder
 * owns a processor slot as for any spin lock (KeAcquireSpinLockForDpc raises only from below
 * DISPATCH_LEVEL).
 */
#include "ntio/ex/exp.h"

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    KIRQL OldIrql = KeAcquireSpinLockForDpc(Lock);
    PLIST_ENTRY First = IsListEmpty(ListHead) ? NULL : ListHead->Flink;

    InsertHeadList(ListHead, ListEntry);
    KeReleaseSpinLockForDpc(Lock, OldIrql);
    return First;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    KIRQL OldIrql = KeAcquireSpinLockForDpc(Lock);
    PLIST_ENTRY Last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;

    InsertTailList(ListHead, ListEntry);
    KeReleaseSpinLockForDpc(Lock, OldIrql);
    return Last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    KIRQL OldIrql = KeAcquireSpinLockForDpc(Lock);
    PLIST_ENTRY First = IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);

    KeReleaseSpinLockForDpc(Lock, OldIrql);
    return First;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    KIRQL OldIrql = KeAcquireSpinLockForDpc(Lock);
    PSINGLE_LIST_ENTRY First = ListHead->Next;

    if (First != NULL)
        ListHead->Next = First->Next;
    KeReleaseSpinLockForDpc(Lock, OldIrql);
    return First;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                    PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    KIRQL OldIrql = KeAcquireSpinLockForDpc(Lock);
    PSINGLE_LIST_ENTRY First = ListHead->Next;

    ListEntry->Next = First;
    ListHead->Next = ListEntry;
    KeReleaseSpinLockForDpc(Lock, OldIrql);
    return First;
}

/* Both return the value before. */
LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock)
{
    LARGE_INTEGER Before;

    /* On x64 this is one locked instruction, and mixes with the Interlocked routines. */
    UNREFERENCED_PARAMETER(Lock);
    Before.QuadPart = __atomic_fetch_add(&Addend->QuadPart, Increment.QuadPart, __ATOMIC_SEQ_CST);
    return Before;
}

ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    UNREFERENCED_PARAMETER(Lock);
    return __atomic_fetch_add(Addend, Increment, __ATOMIC_SEQ_CST);
}
