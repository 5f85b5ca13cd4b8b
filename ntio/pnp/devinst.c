/* SPDX-License-Identifier: MIT */
/*
 * devinst.c - numbers for devices, which programs carry about (DEVINST).
 *
 * A number is the index of an entry plus one. Entries are never taken away while the system runs: a
 * number goes on meaning the device of that name, whether or not it is there. PnppNumberLock guards
 * the table; nothing is called under it.
 */
#include "ntio/pnp/pnpp.h"

static KI_LOCK PnppNumberLock;
static WCHAR **PnppNumbers;
static ULONG PnppCount, PnppCapacity;

/* Under the lock. */
static ULONG PnppNumberOf(const WCHAR *InstancePath)
{
    ULONG i;

    for (i = 0; i < PnppCount; i++) {
        if (PnpSameString(PnppNumbers[i], InstancePath))
            return i + 1;
    }
    return 0;
}

ULONG PnpDeviceNumber(const WCHAR *InstancePath)
{
    WCHAR *Copy = NULL, **Larger = NULL, **Old = NULL;
    ULONG Number, Capacity;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    for (;;) {
        KiLock(&PnppNumberLock);
        Number = PnppNumberOf(InstancePath);
        if (Number == 0 && Larger != NULL && PnppCount == PnppCapacity) {
            if (PnppCount != 0)
                memcpy(Larger, PnppNumbers, PnppCount * sizeof(*Larger));
            Old = PnppNumbers;
            PnppNumbers = Larger;
            PnppCapacity = Capacity;
            Larger = NULL;
        }
        if (Number == 0 && Copy != NULL && PnppCount < PnppCapacity) {
            PnppNumbers[PnppCount++] = Copy;
            Number = PnppCount;
            Copy = NULL;
        }
        Capacity = PnppCapacity == 0 ? 32 : PnppCapacity * 2;
        KiUnlock(&PnppNumberLock);
        PnpFree(Old);
        Old = NULL;
        if (Number != 0)
            break;
        /* Memory is had outside the lock; somebody else may have been faster meanwhile. */
        PnpFree(Larger);
        if (Copy == NULL)
            Copy = PnpDuplicateString(InstancePath);
        Larger = ExAllocatePoolWithTag(NonPagedPoolNx, Capacity * sizeof(*Larger), PNP_TAG);
        if (Copy == NULL || Larger == NULL)
            break;
    }
    PnpFree(Copy);
    PnpFree(Larger);
    return Number;
}

BOOLEAN PnpNumberedDevice(ULONG Number, WCHAR InstancePath[PNP_INSTANCE_CHARACTERS])
{
    BOOLEAN Found = FALSE;

    KiLock(&PnppNumberLock);
    if (Number != 0 && Number <= PnppCount)
        Found = PnpJoin(InstancePath, PNP_INSTANCE_CHARACTERS, PnppNumbers[Number - 1], NULL);
    KiUnlock(&PnppNumberLock);
    return Found;
}

VOID PnpForgetNumbers(VOID)
{
    while (PnppCount != 0)
        ExFreePool(PnppNumbers[--PnppCount]);
    PnpFree(PnppNumbers);
    PnppNumbers = NULL;
    PnppCapacity = 0;
}
