/* SPDX-License-Identifier: MIT */
/*
 * Reads: cut into pieces of what the adapter takes, all sent at once, finished by whichever ends
 * last.
 *
 * A CDROM_READ owns the caller's IRP from the moment it is marked pending. References: one for the
 * way of the pieces (dropped when the last ends), one of dispatch until all are sent, one for a
 * cancel that is looking at it. The pieces and their IRPs live as long as the read, so cancelling a
 * piece that has just ended is harmless.
 *
 * A piece is tried again on its own: at once from the completion routine, or by a timer where the
 * drive asks for time. Cancel takes a waiting timer back and ends the piece.
 *
 * A medium that was changed while several pieces were on their way would give a bit of the one and
 * a bit of the other: then all pieces are read again.
 */
#include "cdrom.h"

struct _CDROM_READ;

typedef struct _CDROM_PIECE {
    struct _CDROM_READ *Read;
    PIRP Irp;
    PMDL Mdl;
    PVOID Address; /* virtual address of its data in the caller's MDL */
    ULONG Length;
    ULONG Lba;
    ULONG Retries;
    KTIMER Timer;
    KDPC Dpc;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[CDROM_SENSE_LENGTH];
} CDROM_PIECE, *PCDROM_PIECE;

typedef struct _CDROM_READ {
    PCDROM_DEVICE Device;
    PIRP Upper;
    ULONG Length;
    volatile LONG References;
    volatile LONG Remaining; /* pieces that have not ended */
    volatile LONG Status;    /* the first failure, or STATUS_SUCCESS */
    volatile LONG Cancelled;
    ULONG MediaChange; /* Device->MediaChange when the pieces were sent; this and the next: whoever
                          ends the last piece */
    ULONG Restarts;
    ULONG Count;
    CDROM_PIECE Pieces[];
} CDROM_READ, *PCDROM_READ;

static VOID DereferenceRead(PCDROM_READ Read)
{
    PCDROM_DEVICE Device = Read->Device;
    PVOID Tag = Read->Upper;
    ULONG Index;

    if (InterlockedDecrement(&Read->References) != 0)
        return;
    for (Index = 0; Index < Read->Count; Index++) {
        PCDROM_PIECE Piece = &Read->Pieces[Index];

        if (Piece->Mdl != NULL)
            IoFreeMdl(Piece->Mdl);
        if (Piece->Irp != NULL)
            IoFreeIrp(Piece->Irp);
    }
    ExFreePoolWithTag(Read, CDROM_TAG);
    IoReleaseRemoveLock(&Device->RemoveLock, Tag);
}

static VOID SendPiece(PCDROM_PIECE Piece);

static BOOLEAN IsCancelled(PCDROM_READ Read)
{
    return InterlockedCompareExchange(&Read->Cancelled, FALSE, FALSE) != FALSE;
}

/* Sends all pieces; the caller has a reference. */
static VOID SendPieces(PCDROM_READ Read)
{
    ULONG Index;

    for (Index = 0; Index < Read->Count; Index++)
        SendPiece(&Read->Pieces[Index]);
}

/* All have ended well; is what they brought from one medium? If not, they are sent once more. */
static BOOLEAN RestartTorn(PCDROM_READ Read)
{
    ULONG Change;
    ULONG Index;

    if (Read->Count == 1 || Read->Restarts == CDROM_MAXIMUM_RETRIES || IsCancelled(Read))
        return FALSE;
    Change = CdromMediaChangeCount(Read->Device);
    if (Change == Read->MediaChange)
        return FALSE;
    Read->MediaChange = Change;
    Read->Restarts++;
    for (Index = 0; Index < Read->Count; Index++)
        Read->Pieces[Index].Retries = 0;
    InterlockedExchange(&Read->Remaining, (LONG)Read->Count);
    InterlockedIncrement(&Read->References);
    SendPieces(Read);
    DereferenceRead(Read);
    return TRUE;
}

/* All pieces have ended: the caller's IRP is completed. */
static VOID FinishRead(PCDROM_READ Read)
{
    PIRP Upper = Read->Upper;
    NTSTATUS Status = Read->Status;
    KIRQL Irql;

    if (NT_SUCCESS(Status) && RestartTorn(Read))
        return;
    if (IoSetCancelRoutine(Upper, NULL) == NULL) {
        /* The cancel routine has begun: it is done with the IRP once it has let go of this lock. */
        IoAcquireCancelSpinLock(&Irql);
        IoReleaseCancelSpinLock(Irql);
    }
    CdromCompleteIrp(Upper, Status, NT_SUCCESS(Status) ? Read->Length : 0);
    DereferenceRead(Read);
}

static VOID EndPiece(PCDROM_PIECE Piece, NTSTATUS Status)
{
    PCDROM_READ Read = Piece->Read;

    if (!NT_SUCCESS(Status))
        InterlockedCompareExchange(&Read->Status, Status, STATUS_SUCCESS);
    if (InterlockedDecrement(&Read->Remaining) == 0)
        FinishRead(Read);
}

static NTSTATUS NTAPI PieceDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);

/* IRQL <= DISPATCH_LEVEL. */
static VOID SendPiece(PCDROM_PIECE Piece)
{
    PCDROM_DEVICE Device = Piece->Read->Device;
    PSCSI_REQUEST_BLOCK Srb = &Piece->Srb;
    ULONG Blocks = Piece->Length / CDROM_SECTOR;
    PIO_STACK_LOCATION Next;

    RtlZeroMemory(Srb, sizeof(*Srb));
    Srb->Length = sizeof(*Srb);
    Srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    Srb->SrbFlags = SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE;
    Srb->DataBuffer = Piece->Address;
    Srb->DataTransferLength = Piece->Length;
    Srb->TimeOutValue = CDROM_TIMEOUT;
    Srb->QueueSortKey = Piece->Lba;
    Srb->SenseInfoBuffer = Piece->Sense;
    Srb->SenseInfoBufferLength = sizeof(Piece->Sense);
    Srb->OriginalRequest = Piece->Irp;
    Srb->CdbLength = 10;
    Srb->Cdb[0] = SCSIOP_READ;
    Srb->Cdb[2] = (UCHAR)(Piece->Lba >> 24);
    Srb->Cdb[3] = (UCHAR)(Piece->Lba >> 16);
    Srb->Cdb[4] = (UCHAR)(Piece->Lba >> 8);
    Srb->Cdb[5] = (UCHAR)Piece->Lba;
    Srb->Cdb[7] = (UCHAR)(Blocks >> 8);
    Srb->Cdb[8] = (UCHAR)Blocks;

    /* The IRP is used again as it is: a reused one would lose a cancel that comes in this moment.
     */
    Piece->Irp->MdlAddress = Piece->Mdl;
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
    PCDROM_PIECE Piece = Context;
    PCDROM_READ Read = Piece->Read;
    CDROM_VERDICT Verdict = CdromJudge(Read->Device, &Piece->Srb, Irp->IoStatus.Status);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Verdict.Status) && Piece->Srb.DataTransferLength < Piece->Length) {
        /* A drive that gives less than it was asked for has failed, unless it does better next
         * time. */
        Verdict.Status = STATUS_IO_DEVICE_ERROR;
        Verdict.Retry = TRUE;
        Verdict.Later = FALSE;
    }
    if (Verdict.Retry && IsCancelled(Read)) {
        Verdict.Status = STATUS_CANCELLED;
        Verdict.Retry = FALSE;
    }
    if (!Verdict.Retry || Piece->Retries >= CDROM_MAXIMUM_RETRIES) {
        EndPiece(Piece, Verdict.Status);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    Piece->Retries++;
    if (Verdict.Later) {
        /* The DPC may be faster than this: the read must be there to be looked at. */
        InterlockedIncrement(&Read->References);
        KeSetTimer(&Piece->Timer, CdromRetryDelay, &Piece->Dpc);
        /* A cancel that came before the timer was set has not found it. */
        if (IsCancelled(Read) && KeCancelTimer(&Piece->Timer))
            EndPiece(Piece, STATUS_CANCELLED);
        DereferenceRead(Read);
    } else {
        SendPiece(Piece);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID NTAPI CancelRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCDROM_READ Read = Irp->Tail.Overlay.DriverContext[0];
    ULONG Index;

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedIncrement(&Read->References);
    InterlockedExchange(&Read->Cancelled, TRUE);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    for (Index = 0; Index < Read->Count; Index++) {
        IoCancelIrp(Read->Pieces[Index].Irp);
        if (KeCancelTimer(&Read->Pieces[Index].Timer))
            EndPiece(&Read->Pieces[Index], STATUS_CANCELLED);
    }
    DereferenceRead(Read);
}

static NTSTATUS MakeRead(PCDROM_DEVICE Device, PIRP Irp, ULONG64 Lba, ULONG Length,
                         PCDROM_READ *Result)
{
    ULONG Count = Length / Device->MaximumTransfer + (Length % Device->MaximumTransfer != 0);
    PUCHAR Address = MmGetMdlVirtualAddress(Irp->MdlAddress);
    PCDROM_READ Read;
    ULONG Index;

    Read = ExAllocatePoolWithTag(
        NonPagedPoolNx, FIELD_OFFSET(CDROM_READ, Pieces) + Count * sizeof(CDROM_PIECE), CDROM_TAG);
    if (Read == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Read, FIELD_OFFSET(CDROM_READ, Pieces) + Count * sizeof(CDROM_PIECE));
    Read->Device = Device;
    Read->Upper = Irp;
    Read->Length = Length;
    Read->Count = Count;
    Read->Remaining = (LONG)Count;
    Read->Status = STATUS_SUCCESS;
    Read->MediaChange = CdromMediaChangeCount(Device);
    Read->References = 2; /* the pieces' way and dispatch's */
    *Result = Read;

    for (Index = 0; Index < Count; Index++) {
        PCDROM_PIECE Piece = &Read->Pieces[Index];
        ULONG Done = Index * Device->MaximumTransfer;

        Piece->Read = Read;
        Piece->Address = Address + Done;
        Piece->Length =
            Length - Done < Device->MaximumTransfer ? Length - Done : Device->MaximumTransfer;
        Piece->Lba = (ULONG)(Lba + Done / CDROM_SECTOR);
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

/* Whole sectors, within the medium. */
static NTSTATUS CheckRange(PCDROM_DEVICE Device, LONGLONG Offset, ULONG Length)
{
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status;

    if (Offset < 0 || Offset % CDROM_SECTOR != 0 || Length % CDROM_SECTOR != 0)
        return STATUS_INVALID_PARAMETER;
    if (Length == 0)
        return STATUS_SUCCESS;
    Status = CdromGetCapacity(Device, &Blocks, &BlockSize);
    if (!NT_SUCCESS(Status))
        return Status;
    if ((ULONG64)Offset / CDROM_SECTOR >= Blocks ||
        Length / CDROM_SECTOR > Blocks - (ULONG64)Offset / CDROM_SECTOR)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI CdromDispatchRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCDROM_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    LONGLONG Offset = Stack->Parameters.Read.ByteOffset.QuadPart;
    ULONG Length = Stack->Parameters.Read.Length;
    PCDROM_READ Read = NULL;
    NTSTATUS Status;

    Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);
    if (!NT_SUCCESS(Status))
        return CdromCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);

    Status = CheckRange(Device, Offset, Length);
    if (!NT_SUCCESS(Status) || Length == 0)
        goto CompleteNow;
    Status = MakeRead(Device, Irp, (ULONG64)Offset / CDROM_SECTOR, Length, &Read);
    if (!NT_SUCCESS(Status)) {
        CdromCompleteIrp(Irp, Status, 0);
        if (Read == NULL) {
            IoReleaseRemoveLock(&Device->RemoveLock, Irp);
        } else {
            Read->References = 1;
            DereferenceRead(Read); /* releases the remove lock */
        }
        return Status;
    }

    Irp->Tail.Overlay.DriverContext[0] = Read;
    IoMarkIrpPending(Irp);
    (void)IoSetCancelRoutine(Irp, CancelRead);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* Cancelled before there was anything to cancel, and the routine will not run. */
        CdromCompleteIrp(Irp, STATUS_CANCELLED, 0);
        Read->References = 1;
        DereferenceRead(Read);
        return STATUS_PENDING;
    }
    SendPieces(Read);
    DereferenceRead(Read);
    return STATUS_PENDING;

CompleteNow:
    CdromCompleteIrp(Irp, Status, 0);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
    return Status;
}
