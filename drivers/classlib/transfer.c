/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes: cut into pieces of what the adapter takes, all sent at once, finished by
 * whichever ends last.
 *
 * A CLASS_TRANSFER owns the caller's IRP from the moment it is marked pending. References: one for
 * the way of the pieces (dropped when the last ends), one of dispatch until all are sent, one for a
 * cancel that is looking at it. The pieces and their IRPs live as long as the transfer, so
 * cancelling a piece that has just ended is harmless.
 *
 * A piece is tried again on its own: at once from the completion routine, or by a timer where the
 * drive asks for time. Cancel takes a waiting timer back and ends the piece.
 *
 * A medium that was changed while several pieces were on their way would give a bit of the one and
 * a bit of the other: then all pieces are read again. What was to be written to the one is not
 * written to the other: STATUS_VERIFY_REQUIRED.
 *
 * A durable write has FUA in each piece; a device that does not know it is told to write its cache
 * when all pieces have ended.
 */
#include "classlib.h"

struct _CLASS_TRANSFER;

typedef struct _CLASS_PIECE {
    struct _CLASS_TRANSFER *Transfer;
    PIRP Irp;
    PMDL Mdl;
    PVOID Address; /* virtual address of its data in the caller's MDL */
    ULONG Length;
    ULONG64 Lba;
    ULONG Retries;
    KTIMER Timer;
    KDPC Dpc;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[CLASS_SENSE_LENGTH];
} CLASS_PIECE, *PCLASS_PIECE;

typedef struct _CLASS_TRANSFER {
    PCLASS_DEVICE Device;
    PIRP Upper;
    ULONG Length;
    ULONG BlockSize;
    BOOLEAN Write, Durable;
    BOOLEAN Flushing; /* the pieces have ended; the first is used for the cache */
    volatile LONG References;
    volatile LONG Remaining; /* pieces that have not ended */
    volatile LONG Status;    /* the first failure, or STATUS_SUCCESS */
    volatile LONG Cancelled;
    ULONG MediaChange; /* Device->MediaChange when the pieces were sent; this and the next: whoever
                          ends the last piece */
    ULONG Restarts;
    ULONG Count;
    CLASS_PIECE Pieces[];
} CLASS_TRANSFER, *PCLASS_TRANSFER;

static VOID Dereference(PCLASS_TRANSFER Transfer)
{
    PCLASS_DEVICE Device = Transfer->Device;
    PVOID Tag = Transfer->Upper;
    ULONG Index;

    if (InterlockedDecrement(&Transfer->References) != 0)
        return;
    for (Index = 0; Index < Transfer->Count; Index++) {
        PCLASS_PIECE Piece = &Transfer->Pieces[Index];

        if (Piece->Mdl != NULL)
            IoFreeMdl(Piece->Mdl);
        if (Piece->Irp != NULL)
            IoFreeIrp(Piece->Irp);
    }
    ExFreePoolWithTag(Transfer, CLASS_TAG);
    IoReleaseRemoveLock(&Device->RemoveLock, Tag);
}

static VOID SendPiece(PCLASS_PIECE Piece);

static BOOLEAN IsCancelled(PCLASS_TRANSFER Transfer)
{
    return InterlockedCompareExchange(&Transfer->Cancelled, FALSE, FALSE) != FALSE;
}

/* Sends all pieces; the caller has a reference. */
static VOID SendPieces(PCLASS_TRANSFER Transfer)
{
    ULONG Index;

    for (Index = 0; Index < Transfer->Count; Index++)
        SendPiece(&Transfer->Pieces[Index]);
}

/* All have ended well; is what they brought from one medium? If not, they are sent once more. */
static BOOLEAN RestartTorn(PCLASS_TRANSFER Transfer)
{
    ULONG Change;
    ULONG Index;

    if (Transfer->Write || Transfer->Count == 1 || Transfer->Restarts == CLASS_MAXIMUM_RETRIES ||
        IsCancelled(Transfer))
        return FALSE;
    Change = ClassMediaChangeCount(Transfer->Device);
    if (Change == Transfer->MediaChange)
        return FALSE;
    Transfer->MediaChange = Change;
    Transfer->Restarts++;
    for (Index = 0; Index < Transfer->Count; Index++)
        Transfer->Pieces[Index].Retries = 0;
    InterlockedExchange(&Transfer->Remaining, (LONG)Transfer->Count);
    InterlockedIncrement(&Transfer->References);
    SendPieces(Transfer);
    Dereference(Transfer);
    return TRUE;
}

/* All is written, and a part of it may be in the device's cache alone. */
static BOOLEAN StartFlush(PCLASS_TRANSFER Transfer)
{
    if (!Transfer->Write || !Transfer->Durable || !Transfer->Device->NoFua || Transfer->Flushing ||
        IsCancelled(Transfer))
        return FALSE;
    Transfer->Flushing = TRUE;
    Transfer->Pieces[0].Retries = 0;
    InterlockedExchange(&Transfer->Remaining, 1);
    SendPiece(&Transfer->Pieces[0]);
    return TRUE;
}

/* All pieces have ended: the caller's IRP is completed. */
static VOID Finish(PCLASS_TRANSFER Transfer)
{
    PIRP Upper = Transfer->Upper;
    NTSTATUS Status = Transfer->Status;
    KIRQL Irql;

    if (NT_SUCCESS(Status) && (RestartTorn(Transfer) || StartFlush(Transfer)))
        return;
    if (IoSetCancelRoutine(Upper, NULL) == NULL) {
        /* The cancel routine has begun: it is done with the IRP once it has let go of this lock. */
        IoAcquireCancelSpinLock(&Irql);
        IoReleaseCancelSpinLock(Irql);
    }
    ClassCompleteIrp(Upper, Status, NT_SUCCESS(Status) ? Transfer->Length : 0);
    Dereference(Transfer);
}

static VOID EndPiece(PCLASS_PIECE Piece, NTSTATUS Status)
{
    PCLASS_TRANSFER Transfer = Piece->Transfer;

    if (!NT_SUCCESS(Status))
        InterlockedCompareExchange(&Transfer->Status, Status, STATUS_SUCCESS);
    if (InterlockedDecrement(&Transfer->Remaining) == 0)
        Finish(Transfer);
}

static NTSTATUS NTAPI PieceDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);

/* READ or WRITE (10) where the address and the count fit, else (16). SBC-3 5.10, 5.12. */
static UCHAR BlockCdb(PUCHAR Cdb, const CLASS_TRANSFER *Transfer, ULONG64 Lba, ULONG Blocks)
{
    BOOLEAN Long = Lba + Blocks > 0x100000000 || Blocks > 0xFFFF;

    if (Transfer->Durable && !Transfer->Device->NoFua)
        Cdb[1] = 0x08; /* FUA */
    if (Long) {
        Cdb[0] = Transfer->Write ? SCSIOP_WRITE16 : SCSIOP_READ16;
        ClassPutBe32(Cdb + 2, (ULONG)(Lba >> 32));
        ClassPutBe32(Cdb + 6, (ULONG)Lba);
        ClassPutBe32(Cdb + 10, Blocks);
        return 16;
    }
    Cdb[0] = Transfer->Write ? SCSIOP_WRITE : SCSIOP_READ;
    ClassPutBe32(Cdb + 2, (ULONG)Lba);
    Cdb[7] = (UCHAR)(Blocks >> 8);
    Cdb[8] = (UCHAR)Blocks;
    return 10;
}

/* IRQL <= DISPATCH_LEVEL. */
static VOID SendPiece(PCLASS_PIECE Piece)
{
    PCLASS_TRANSFER Transfer = Piece->Transfer;
    PCLASS_DEVICE Device = Transfer->Device;
    PSCSI_REQUEST_BLOCK Srb = &Piece->Srb;
    PIO_STACK_LOCATION Next;

    RtlZeroMemory(Srb, sizeof(*Srb));
    Srb->Length = sizeof(*Srb);
    Srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    Srb->SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE;
    Srb->TimeOutValue = CLASS_TIMEOUT;
    Srb->SenseInfoBuffer = Piece->Sense;
    Srb->SenseInfoBufferLength = sizeof(Piece->Sense);
    Srb->OriginalRequest = Piece->Irp;
    if (Transfer->Flushing) {
        Srb->Cdb[0] = SCSIOP_SYNCHRONIZE_CACHE;
        Srb->CdbLength = 10;
        Srb->TimeOutValue = CLASS_LOAD_TIMEOUT;
    } else {
        Srb->SrbFlags |= Transfer->Write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN;
        Srb->DataBuffer = Piece->Address;
        Srb->DataTransferLength = Piece->Length;
        Srb->QueueSortKey = (ULONG)Piece->Lba;
        Srb->CdbLength =
            BlockCdb(Srb->Cdb, Transfer, Piece->Lba, Piece->Length / Transfer->BlockSize);
    }

    /* The IRP is used again as it is: a reused one would lose a cancel that comes in this moment.
     */
    Piece->Irp->MdlAddress = Transfer->Flushing ? NULL : Piece->Mdl;
    Piece->Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Piece->Irp->IoStatus.Information = 0;
    Next = IoGetNextIrpStackLocation(Piece->Irp);
    RtlZeroMemory(Next, sizeof(*Next));
    Next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    Next->Parameters.Scsi.Srb = Srb;
    IoSetCompletionRoutine(Piece->Irp, PieceDone, Piece, TRUE, TRUE, TRUE);
    IoCallDriver(Device->Lower, Piece->Irp);
}

static VOID NTAPI RetryDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    SendPiece(Context);
}

static NTSTATUS NTAPI PieceDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCLASS_PIECE Piece = Context;
    PCLASS_TRANSFER Transfer = Piece->Transfer;
    CLASS_VERDICT Verdict = ClassJudge(Transfer->Device, &Piece->Srb, Irp->IoStatus.Status);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Verdict.Status) && !Transfer->Flushing &&
        Piece->Srb.DataTransferLength < Piece->Length) {
        /* A device that gives or takes less than it was asked for has failed, unless it does better
         * next time. */
        Verdict.Status = STATUS_IO_DEVICE_ERROR;
        Verdict.Retry = TRUE;
        Verdict.Later = FALSE;
    }
    if (Verdict.Retry && Transfer->Write &&
        ClassMediaChangeCount(Transfer->Device) != Transfer->MediaChange) {
        Verdict.Status = STATUS_VERIFY_REQUIRED;
        Verdict.Retry = FALSE;
    }
    if (Verdict.Retry && IsCancelled(Transfer)) {
        Verdict.Status = STATUS_CANCELLED;
        Verdict.Retry = FALSE;
    }
    if (!Verdict.Retry || Piece->Retries >= CLASS_MAXIMUM_RETRIES) {
        EndPiece(Piece, Verdict.Status);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    Piece->Retries++;
    if (Verdict.Later) {
        /* The DPC may be faster than this: the read must be there to be looked at. */
        InterlockedIncrement(&Transfer->References);
        KeSetTimer(&Piece->Timer, ClassRetryDelay, &Piece->Dpc);
        /* A cancel that came before the timer was set has not found it. */
        if (IsCancelled(Transfer) && KeCancelTimer(&Piece->Timer))
            EndPiece(Piece, STATUS_CANCELLED);
        Dereference(Transfer);
    } else {
        SendPiece(Piece);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID NTAPI CancelTransfer(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLASS_TRANSFER Transfer = Irp->Tail.Overlay.DriverContext[0];
    ULONG Index;

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedIncrement(&Transfer->References);
    InterlockedExchange(&Transfer->Cancelled, TRUE);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    for (Index = 0; Index < Transfer->Count; Index++) {
        IoCancelIrp(Transfer->Pieces[Index].Irp);
        if (KeCancelTimer(&Transfer->Pieces[Index].Timer))
            EndPiece(&Transfer->Pieces[Index], STATUS_CANCELLED);
    }
    Dereference(Transfer);
}

static NTSTATUS MakeTransfer(PCLASS_DEVICE Device, PIRP Irp, ULONG64 Lba, ULONG BlockSize,
                             ULONG Length, PCLASS_TRANSFER *Result)
{
    ULONG Most = Device->MaximumTransfer;
    PUCHAR Address = MmGetMdlVirtualAddress(Irp->MdlAddress);
    PCLASS_TRANSFER Transfer;
    ULONG Count;
    ULONG Index;

    Most = Most < BlockSize ? BlockSize : Most - Most % BlockSize;
    Count = Length / Most + (Length % Most != 0);
    Transfer = ExAllocatePoolWithTag(
        NonPagedPoolNx, FIELD_OFFSET(CLASS_TRANSFER, Pieces) + Count * sizeof(CLASS_PIECE),
        CLASS_TAG);
    if (Transfer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Transfer, FIELD_OFFSET(CLASS_TRANSFER, Pieces) + Count * sizeof(CLASS_PIECE));
    Transfer->Device = Device;
    Transfer->Upper = Irp;
    Transfer->Length = Length;
    Transfer->BlockSize = BlockSize;
    Transfer->Count = Count;
    Transfer->Remaining = (LONG)Count;
    Transfer->Status = STATUS_SUCCESS;
    Transfer->MediaChange = ClassMediaChangeCount(Device);
    Transfer->References = 2; /* the pieces' way and dispatch's */
    *Result = Transfer;

    for (Index = 0; Index < Count; Index++) {
        PCLASS_PIECE Piece = &Transfer->Pieces[Index];
        ULONG Done = Index * Most;

        Piece->Transfer = Transfer;
        Piece->Address = Address + Done;
        Piece->Length = Length - Done < Most ? Length - Done : Most;
        Piece->Lba = Lba + Done / BlockSize;
        KeInitializeTimer(&Piece->Timer);
        KeInitializeDpc(&Piece->Dpc, RetryDpc, Piece);
        Piece->Irp = IoAllocateIrp(Device->Lower->StackSize, FALSE);
        Piece->Mdl = IoAllocateMdl(Piece->Address, Piece->Length, FALSE, FALSE, NULL);
        if (Piece->Irp == NULL || Piece->Mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES; /* the caller frees what there is */
        IoBuildPartialMdl(Irp->MdlAddress, Piece->Mdl, Piece->Address, Piece->Length);
    }
    return STATUS_SUCCESS;
}

/* Whole blocks, within the medium. */
static NTSTATUS CheckRange(PCLASS_DEVICE Device, LONGLONG Offset, ULONG Length, ULONG *BlockSize)
{
    ULONG64 Blocks;
    NTSTATUS Status;

    *BlockSize = Device->OnlyBlock;
    if (Offset < 0)
        return STATUS_INVALID_PARAMETER;
    if (Length != 0 || *BlockSize == 0) {
        /* What is no number of blocks of any medium needs no question. */
        ULONG Least = *BlockSize != 0 ? *BlockSize : 512;
        if (Offset % Least != 0 || Length % Least != 0)
            return STATUS_INVALID_PARAMETER;
        Status = ClassGetCapacity(Device, &Blocks, BlockSize);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    if (Offset % *BlockSize != 0 || Length % *BlockSize != 0)
        return STATUS_INVALID_PARAMETER;
    if (Length == 0)
        return STATUS_SUCCESS;
    if ((ULONG64)Offset / *BlockSize >= Blocks ||
        Length / *BlockSize > Blocks - (ULONG64)Offset / *BlockSize)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS ClassTransfer(PCLASS_DEVICE Device, PIRP Irp, LONGLONG Offset, ULONG Length, BOOLEAN Write,
                       BOOLEAN Durable)
{
    PCLASS_TRANSFER Transfer = NULL;
    ULONG BlockSize;
    NTSTATUS Status;

    Status = CheckRange(Device, Offset, Length, &BlockSize);
    if (!NT_SUCCESS(Status) || Length == 0) {
        ClassCompleteIrp(Irp, Status, 0);
        IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        return Status;
    }
    Status = MakeTransfer(Device, Irp, (ULONG64)Offset / BlockSize, BlockSize, Length, &Transfer);
    if (!NT_SUCCESS(Status)) {
        ClassCompleteIrp(Irp, Status, 0);
        if (Transfer == NULL) {
            IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        } else {
            Transfer->References = 1;
            Dereference(Transfer); /* releases the remove lock */
        }
        return Status;
    }
    Transfer->Write = Write;
    Transfer->Durable = Write && Durable;

    Irp->Tail.Overlay.DriverContext[0] = Transfer;
    IoMarkIrpPending(Irp);
    (void)IoSetCancelRoutine(Irp, CancelTransfer);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* Cancelled before there was anything to cancel, and the routine will not run. */
        ClassCompleteIrp(Irp, STATUS_CANCELLED, 0);
        Transfer->References = 1;
        Dereference(Transfer);
        return STATUS_PENDING;
    }
    SendPieces(Transfer);
    Dereference(Transfer);
    return STATUS_PENDING;
}
