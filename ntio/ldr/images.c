/* SPDX-License-Identifier: MIT */
/*
 * images.c - which addresses belong to which driver.
 *
 * Slots are written under LdrpImageLock and read without it by the fault routine: a slot's base is
 * stored last when it fills and cleared first when it empties. Names are read under the lock, which
 * a signal handler only tries.
 */
#include "ntio/ldr/ldrp.h"

#include <stdio.h>

#define LDRP_IMAGES   256
#define LDRP_UNLOADED 32

static KI_LOCK LdrpImageLock;
static struct {
    _Atomic ULONG_PTR Base; /* 0: free */
    _Atomic ULONG Size;
    PLDRP_IMAGE Image;
} LdrpImages[LDRP_IMAGES];

/* As Windows' list of unloaded drivers: a block that a driver left behind still has a name. */
static struct {
    ULONG_PTR Base;
    ULONG Size;
    CHAR Name[64];
} LdrpUnloaded[LDRP_UNLOADED];
static ULONG LdrpUnloadedNext;

VOID LdrpInitializeImages(VOID)
{
    KiLock(&LdrpImageLock);
    memset(LdrpUnloaded, 0, sizeof(LdrpUnloaded));
    LdrpUnloadedNext = 0;
    KiUnlock(&LdrpImageLock);
}

NTSTATUS LdrpRegisterImage(PLDRP_IMAGE Image)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    KiLock(&LdrpImageLock);
    for (ULONG i = 0; i < LDRP_IMAGES; i++) {
        if (atomic_load_explicit(&LdrpImages[i].Base, memory_order_relaxed) != 0)
            continue;
        LdrpImages[i].Image = Image;
        atomic_store_explicit(&LdrpImages[i].Size, Image->Size, memory_order_relaxed);
        atomic_store_explicit(&LdrpImages[i].Base, (ULONG_PTR)Image->Base, memory_order_release);
        Status = STATUS_SUCCESS;
        break;
    }
    KiUnlock(&LdrpImageLock);
    return Status;
}

VOID LdrpUnregisterImage(PLDRP_IMAGE Image)
{
    KiLock(&LdrpImageLock);
    for (ULONG i = 0; i < LDRP_IMAGES; i++) {
        if (LdrpImages[i].Image != Image)
            continue;
        atomic_store_explicit(&LdrpImages[i].Base, 0, memory_order_release);
        LdrpImages[i].Image = NULL;
        ULONG Slot = LdrpUnloadedNext++ % LDRP_UNLOADED;
        LdrpUnloaded[Slot].Base = (ULONG_PTR)Image->Base;
        LdrpUnloaded[Slot].Size = Image->Size;
        memcpy(LdrpUnloaded[Slot].Name, Image->Name, sizeof(Image->Name));
        break;
    }
    KiUnlock(&LdrpImageLock);
}

/* The slot of Address, or LDRP_IMAGES. */
static ULONG LdrpFindSlot(ULONG_PTR Address)
{
    ULONG i;
    for (i = 0; i < LDRP_IMAGES; i++) {
        ULONG_PTR Base = atomic_load_explicit(&LdrpImages[i].Base, memory_order_acquire);
        if (Base != 0 &&
            Address - Base < atomic_load_explicit(&LdrpImages[i].Size, memory_order_relaxed))
            break;
    }
    return i;
}

BOOLEAN LdrpIsInPeImage(ULONG_PTR Address)
{
    ULONG Slot = LdrpFindSlot(Address);
    /* Code of the image is running: the slot can't empty meanwhile. */
    return Slot < LDRP_IMAGES && !LdrpImages[Slot].Image->Native;
}

BOOLEAN LdrpDescribeAddress(PVOID Address, char *Text, size_t Size)
{
    ULONG_PTR At = (ULONG_PTR)Address;
    BOOLEAN Known = FALSE;
    ULONG Free = 0;

    if (!atomic_compare_exchange_strong(&LdrpImageLock.Word, &Free, 1))
        return FALSE; /* perhaps this very thread, below the signal handler that asks */
    ULONG Slot = LdrpFindSlot(At);
    if (Slot < LDRP_IMAGES) {
        /* Of a native image the host's loader knows more. */
        if (!LdrpImages[Slot].Image->Native) {
            snprintf(Text, Size, "%s+0x%llx", LdrpImages[Slot].Image->Name,
                     At - (ULONG_PTR)LdrpImages[Slot].Image->Base);
            Known = TRUE;
        }
        goto Exit;
    }
    for (ULONG Back = 0; Back < LDRP_UNLOADED && !Known; Back++) {
        Slot = (LdrpUnloadedNext - 1 - Back) % LDRP_UNLOADED; /* the newest first */
        if (LdrpUnloaded[Slot].Base == 0 || At - LdrpUnloaded[Slot].Base >= LdrpUnloaded[Slot].Size)
            continue;
        snprintf(Text, Size, "%s+0x%llx (unloaded)", LdrpUnloaded[Slot].Name,
                 At - LdrpUnloaded[Slot].Base);
        Known = TRUE;
    }
Exit:
    KiUnlock(&LdrpImageLock);
    return Known;
}

BOOLEAN LdrpNameOfAddress(PVOID Address, char *Name, size_t Size)
{
    BOOLEAN Known = FALSE;
    ULONG Free = 0;

    if (!atomic_compare_exchange_strong(&LdrpImageLock.Word, &Free, 1))
        return FALSE;
    ULONG Slot = LdrpFindSlot((ULONG_PTR)Address);
    if (Slot < LDRP_IMAGES && LdrpImages[Slot].Image != NULL) {
        snprintf(Name, Size, "%s", LdrpImages[Slot].Image->Name);
        char *Dot = strrchr(Name, '.');
        if (Dot != NULL && Dot != Name)
            *Dot = '\0';
        Known = TRUE;
    }
    KiUnlock(&LdrpImageLock);
    return Known;
}
