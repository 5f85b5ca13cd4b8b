/* SPDX-License-Identifier: MIT */
/*
 * split.c - one large request becomes many: each piece is an IRP of its own whose MDL describes a
 * part of the large one's pages. All are sent at once; the last to come back completes the large
 * request.
 */
#include "layer.h"

#define SPLIT_TAG 0x74696c53 /* Slit */

typedef struct _SPLIT {
    PIRP Large;
    LONG Left;        /* pieces that are not back, and 1 for the sender */
    LONG Status;      /* of the first piece that failed, else STATUS_SUCCESS */
    LONG Transferred; /* bytes of those that succeeded */
} SPLIT, *PSPLIT;

static IO_COMPLETION_ROUTINE SplitPieceDone;

static VOID SplitFreePiece(PIRP Piece)
{
    IoFreeMdl(Piece->MdlAddress); /* the pages are locked by the large request's MDL, not by this */
    IoFreeIrp(Piece);
}

/* One less under way; the last one completes. */
static VOID SplitDereference(PSPLIT Split)
{
    PIRP Large = Split->Large;

    if (InterlockedDecrement(&Split->Left) != 0)
        return;
    Large->IoStatus.Status = Split->Status;
    Large->IoStatus.Information = NT_SUCCESS(Split->Status) ? (ULONG_PTR)Split->Transferred : 0;
    ExFreePool(Split);
    IoCompleteRequest(Large, IO_NO_INCREMENT);
}

/* Takes the piece out of the I/O manager's hands: it was made here and is freed here. */
static NTSTATUS NTAPI SplitPieceDone(PDEVICE_OBJECT DeviceObject, PIRP Piece, PVOID Context)
{
    PSPLIT Split = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Piece->IoStatus.Status))
        InterlockedExchangeAdd(&Split->Transferred, (LONG)Piece->IoStatus.Information);
    else
        InterlockedCompareExchange(&Split->Status, Piece->IoStatus.Status, STATUS_SUCCESS);
    SplitFreePiece(Piece);
    SplitDereference(Split);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* At: where the piece begins in the large transfer. */
static PIRP SplitMakePiece(PLAYER_EXTENSION Extension, PSPLIT Split, ULONG At, ULONG Length)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Split->Large), Next;
    PMDL Whole = Split->Large->MdlAddress;
    PUCHAR Address = (PUCHAR)MmGetMdlVirtualAddress(Whole) + At;
    PIRP Piece = IoAllocateIrp(Extension->Lower->StackSize, FALSE);

    if (Piece == NULL)
        return NULL;
    Piece->MdlAddress = IoAllocateMdl(Address, Length, FALSE, FALSE, NULL);
    if (Piece->MdlAddress == NULL) {
        IoFreeIrp(Piece);
        return NULL;
    }
    IoBuildPartialMdl(Whole, Piece->MdlAddress, Address, Length);
    Piece->Tail.Overlay.Thread = Split->Large->Tail.Overlay.Thread;
    Next = IoGetNextIrpStackLocation(Piece);
    Next->MajorFunction = Stack->MajorFunction;
    Next->FileObject = Stack->FileObject;
    Next->Parameters.Read.Length = Length; /* Parameters.Write lies alike */
    Next->Parameters.Read.ByteOffset.QuadPart = Stack->Parameters.Read.ByteOffset.QuadPart + At;
    IoSetCompletionRoutine(Piece, SplitPieceDone, Split, TRUE, TRUE, TRUE);
    return Piece;
}

NTSTATUS LayerSplit(PLAYER_EXTENSION Extension, PIRP Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length, At, Piece;
    LIST_ENTRY Pieces;
    BOOLEAN Whole = TRUE;
    PSPLIT Split;
    PIRP Small;

    Split = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Split), SPLIT_TAG);
    if (Split == NULL) {
        Irp->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Split->Large = Irp;
    Split->Left = 1;
    Split->Status = STATUS_SUCCESS;
    Split->Transferred = 0;
    IoMarkIrpPending(Irp);
    /* All are made before the first is sent: either the whole request goes, or none of it. */
    InitializeListHead(&Pieces);
    for (At = 0; At < Length; At += Piece) {
        Piece = Length - At < STORE_LIMIT ? Length - At : STORE_LIMIT;
        Small = SplitMakePiece(Extension, Split, At, Piece);
        if (Small == NULL) {
            Split->Status = STATUS_INSUFFICIENT_RESOURCES;
            Whole = FALSE;
            break;
        }
        InsertTailList(&Pieces, &Small->Tail.Overlay.ListEntry);
        Split->Left++;
    }
    LAYER_COUNT(Extension, Split);
    while (!IsListEmpty(&Pieces)) {
        Small = CONTAINING_RECORD(RemoveHeadList(&Pieces), IRP, Tail.Overlay.ListEntry);
        if (!Whole) {
            SplitFreePiece(Small);
            SplitDereference(Split);
            continue;
        }
        LAYER_COUNT(Extension, Pieces);
        IoCallDriver(Extension->Lower, Small);
    }
    SplitDereference(Split); /* the sender's */
    return STATUS_PENDING;
}
