/* SPDX-License-Identifier: MIT */
/* account.c - IRPs that are still in use, each as a sentence. */
#include "ntio/io/iop.h"

typedef struct _IOP_ACCOUNT {
    VF_LEFT_ROUTINE *Left;
    PVOID Context;
} IOP_ACCOUNT;

VOID IopNarrow(PCUNICODE_STRING Name, char *Text, size_t Size)
{
    size_t n = 0;
    for (USHORT i = 0; i < Name->Length / sizeof(WCHAR) && n + 1 < Size; i++)
        Text[n++] = Name->Buffer[i] < 0x80 && Name->Buffer[i] >= 0x20 ? (char)Name->Buffer[i] : '?';
    Text[n] = '\0';
}

static VOID IopAccountIrp(PIRP Irp, PVOID AllocatedBy, PVOID Context)
{
    IOP_ACCOUNT *Account = Context;
    char Where[160], Driver[96] = "", Sentence[480];
    const char *Major;

    VfDescribeAddress(AllocatedBy, Where, sizeof(Where));
    if ((atomic_load(&IopPrefixOf(Irp)->State) & IOP_IRP_PACKET) != 0) {
        snprintf(Sentence, sizeof(Sentence),
                 "%p: complete, but its completion packet or APC was never taken, allocated by %s",
                 (void *)Irp, Where);
    } else if (Irp->CurrentLocation > Irp->StackCount) {
        /* Not sent, or back with whoever made it. */
        Major = Irp->StackCount > 0 && Irp->CurrentLocation == Irp->StackCount + 1
                    ? IopMajorName(Irp->Tail.Overlay.CurrentStackLocation[-1].MajorFunction)
                    : "IRP";
        snprintf(Sentence, sizeof(Sentence), "%p: %s at nobody, %d locations, allocated by %s",
                 (void *)Irp, Major, Irp->StackCount, Where);
    } else {
        PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
        if (Stack->DeviceObject != NULL && Stack->DeviceObject->DriverObject != NULL)
            IopNarrow(&Stack->DeviceObject->DriverObject->DriverName, Driver, sizeof(Driver));
        snprintf(Sentence, sizeof(Sentence),
                 "%p: %s (minor 0x%02x) at device %p of %s, location %d of %d%s, allocated by %s",
                 (void *)Irp, IopMajorName(Stack->MajorFunction), Stack->MinorFunction,
                 (void *)Stack->DeviceObject, Driver[0] != '\0' ? Driver : "?",
                 Irp->CurrentLocation, Irp->StackCount,
                 (Stack->Control & SL_PENDING_RETURNED) != 0 ? ", pending" : "", Where);
    }
    Account->Left("IRP", Sentence, Account->Context);
}

VOID IopAccount(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    IOP_ACCOUNT Account = {Left, Context};
    IopEnumerateIrps(IopAccountIrp, &Account);
}
