/* SPDX-License-Identifier: MIT */
/*
 * The child's requests from their arrival to their end, and the fetches that wait for them.
 * scsiclient.h has the places that a request can be in. The rule for cancel routines: whoever takes
 * an IRP out of its place under the lock exchanges the routine; if it was gone already, the routine
 * is running or about to, finds Leaving, and completes the IRP.
 */
#include "scsiclient.h"

static CLIENT_PLACE PlaceOf(PIRP Irp)
{
    return (CLIENT_PLACE)(ULONG_PTR)Irp->Tail.Overlay.DriverContext[ClientContextPlace];
}

static VOID SetPlace(PIRP Irp, CLIENT_PLACE Place)
{
    Irp->Tail.Overlay.DriverContext[ClientContextPlace] = (PVOID)(ULONG_PTR)Place;
}

static VOID FreeSlot(PCLIENT_CHILD Child, ULONG Index)
{
    Child->Slots[Index].Irp = NULL;
    Child->Slots[Index].Generation++;
    Child->Slots[Index].NextFree = Child->FirstFree;
    Child->FirstFree = Index;
}

static VOID EndFetch(PCLIENT_CHILD Child, PIRP Fetch, NTSTATUS Status, ULONG_PTR Information)
{
    PCLIENT_BUS Bus = Child->Bus; /* the file object may drop the child once its IRP is done */

    ClientCompleteIrp(Fetch, Status, Information);
    IoReleaseRemoveLock(&Bus->Common.RemoveLock, Fetch);
}

VOID ClientEndRequest(PCLIENT_CHILD Child, PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    /* The remove lock of the PDO keeps the PDO, and that the child, until this is over. */
    PCLIENT_PDO Pdo = Child->Pdo->DeviceExtension;
    PMDL Mdl = Irp->Tail.Overlay.DriverContext[ClientContextMdl];

    if (Mdl != NULL) {
        Irp->Tail.Overlay.DriverContext[ClientContextMdl] = NULL;
        MmUnlockPages(Mdl);
        IoFreeMdl(Mdl);
    }
    ClientCompleteIrp(Irp, Status, Information);
    IoReleaseRemoveLock(&Pdo->Common.RemoveLock, Irp);
}

VOID ClientFailRequest(PCLIENT_CHILD Child, PIRP Irp, NTSTATUS Status)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

    if (Stack->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL) {
        PSCSI_REQUEST_BLOCK Srb = Stack->Parameters.Scsi.Srb;

        Srb->DataTransferLength = 0;
        switch (Status) {
        case STATUS_CANCELLED:
            Srb->SrbStatus = SRB_STATUS_ABORTED;
            break;
        case STATUS_DEVICE_DOES_NOT_EXIST:
            Srb->SrbStatus = SRB_STATUS_NO_DEVICE;
            break;
        default:
            Srb->SrbStatus = SRB_STATUS_ERROR;
            break;
        }
    }
    ClientEndRequest(Child, Irp, Status, 0);
}

static VOID Pump(PCLIENT_CHILD Child);

static VOID NTAPI CancelRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_CHILD Child = Irp->Tail.Overlay.DriverContext[ClientContextChild];
    BOOLEAN SlotFreed = FALSE;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);

    KeAcquireSpinLock(&Child->Lock, &Irql);
    switch (PlaceOf(Irp)) {
    case ClientWaiting:
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        break;
    case ClientFetched:
        FreeSlot(Child, (ULONG)(ULONG_PTR)Irp->Tail.Overlay.DriverContext[ClientContextSlot]);
        SlotFreed = TRUE;
        break;
    default:
        break; /* Leaving: out of its place already */
    }
    KeReleaseSpinLock(&Child->Lock, Irql);
    if (!SlotFreed) {
        ClientFailRequest(Child, Irp, STATUS_CANCELLED);
        return;
    }
    /* One that waits for a slot can have this one. The request may be the PDO's last hold on the
     * child. */
    ClientReferenceChild(Child);
    ClientFailRequest(Child, Irp, STATUS_CANCELLED);
    Pump(Child);
    ClientDereferenceChild(Child);
}

static VOID NTAPI CancelFetch(PDEVICE_OBJECT DeviceObject, PIRP Fetch)
{
    PCLIENT_CHILD Child = Fetch->Tail.Overlay.DriverContext[ClientContextChild];
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Fetch->CancelIrql);

    KeAcquireSpinLock(&Child->Lock, &Irql);
    if (PlaceOf(Fetch) == ClientWaiting)
        RemoveEntryList(&Fetch->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Child->Lock, Irql);
    EndFetch(Child, Fetch, STATUS_CANCELLED, 0);
}

/*
 * Sets the cancel routine of an IRP that is in its place or about to be; lock held. FALSE: it was
 * cancelled before and the routine will not run: the caller completes it. (Where it was cancelled
 * and the routine does run, that waits for the lock and finds the place.)
 */
static BOOLEAN ArmCancel(PIRP Irp, PDRIVER_CANCEL Routine)
{
    (void)IoSetCancelRoutine(Irp, Routine);
    return !(Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL);
}

/* The first IRP of a list that its cancel routine does not have, taken out and no longer
 * cancellable; lock held. */
static PIRP TakeFirst(PLIST_ENTRY List)
{
    while (!IsListEmpty(List)) {
        PIRP Irp = CONTAINING_RECORD(RemoveHeadList(List), IRP, Tail.Overlay.ListEntry);

        if (IoSetCancelRoutine(Irp, NULL) != NULL) {
            SetPlace(Irp, ClientPacking);
            return Irp;
        }
        SetPlace(Irp, ClientLeaving);
    }
    return NULL;
}

/* Puts an IRP back in front of a list; lock held. FALSE: it has been cancelled and is the caller's
 * to complete. */
static BOOLEAN PutBack(PLIST_ENTRY List, PIRP Irp, PDRIVER_CANCEL Routine)
{
    SetPlace(Irp, ClientWaiting);
    if (!ArmCancel(Irp, Routine))
        return FALSE;
    InsertHeadList(List, &Irp->Tail.Overlay.ListEntry);
    return TRUE;
}

/*
 * Gives one request to one fetch. Request, fetch and slot have been taken and are this thread's;
 * returns after both have found their next place.
 */
static VOID Deliver(PCLIENT_CHILD Child, PIRP Request, PIRP Fetch, ULONG Index)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Fetch);
    ULONG Room = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG Length = ClientPackedLength(Request);
    BOOLEAN Fits = Length <= Room;
    NTSTATUS RequestStatus = STATUS_PENDING;
    NTSTATUS FetchStatus = STATUS_SUCCESS;
    KIRQL Irql;

    if (Fits)
        ClientPack(Request, Index, Child->Slots[Index].Generation,
                   MmGetSystemAddressForMdlSafe(Fetch->MdlAddress, NormalPagePriority));

    KeAcquireSpinLock(&Child->Lock, &Irql);
    if (Child->Gone) {
        FreeSlot(Child, Index);
        RequestStatus = FetchStatus = STATUS_DEVICE_DOES_NOT_EXIST;
    } else if (Child->Pulled) {
        FreeSlot(Child, Index);
        RequestStatus = STATUS_DEVICE_DOES_NOT_EXIST;
        FetchStatus =
            PutBack(&Child->Fetches, Fetch, CancelFetch) ? STATUS_PENDING : STATUS_CANCELLED;
    } else if (!Fits) {
        FreeSlot(Child, Index);
        FetchStatus = STATUS_BUFFER_TOO_SMALL;
        if (!PutBack(&Child->Waiting, Request, CancelRequest))
            RequestStatus = STATUS_CANCELLED;
    } else {
        SetPlace(Request, ClientFetched);
        Request->Tail.Overlay.DriverContext[ClientContextSlot] = (PVOID)(ULONG_PTR)Index;
        Child->Slots[Index].Irp = Request;
        if (!ArmCancel(Request, CancelRequest)) {
            FreeSlot(Child, Index);
            RequestStatus = STATUS_CANCELLED;
            /* What was packed is for nobody: the fetch goes on waiting. */
            FetchStatus =
                PutBack(&Child->Fetches, Fetch, CancelFetch) ? STATUS_PENDING : STATUS_CANCELLED;
        }
    }
    KeReleaseSpinLock(&Child->Lock, Irql);

    if (RequestStatus != STATUS_PENDING)
        ClientFailRequest(Child, Request, RequestStatus);
    if (FetchStatus != STATUS_PENDING)
        EndFetch(Child, Fetch, FetchStatus, FetchStatus == STATUS_SUCCESS ? Length : 0);
}

/* Brings waiting requests and waiting fetches together. The caller has a reference to the child. */
static VOID Pump(PCLIENT_CHILD Child)
{
    for (;;) {
        PIRP Request = NULL;
        PIRP Fetch = NULL;
        PIRP Cancelled = NULL;
        ULONG Index = CLIENT_SLOTS;
        KIRQL Irql;

        KeAcquireSpinLock(&Child->Lock, &Irql);
        if (!Child->Gone && !Child->Asleep && Child->FirstFree < CLIENT_SLOTS &&
            !IsListEmpty(&Child->Fetches))
            Request = TakeFirst(&Child->Waiting);
        if (Request != NULL) {
            Fetch = TakeFirst(&Child->Fetches);
            if (Fetch == NULL) {
                if (!PutBack(&Child->Waiting, Request, CancelRequest))
                    Cancelled = Request;
                Request = NULL;
            } else {
                Index = Child->FirstFree;
                Child->FirstFree = Child->Slots[Index].NextFree;
            }
        }
        KeReleaseSpinLock(&Child->Lock, Irql);

        if (Cancelled != NULL) {
            ClientFailRequest(Child, Cancelled, STATUS_CANCELLED);
            continue;
        }
        if (Request == NULL)
            return;
        Deliver(Child, Request, Fetch, Index);
    }
}

/* Enters an IRP at the end of a list; the IRP has been marked pending. Returns what it is to be
 * completed with, or STATUS_PENDING. */
static NTSTATUS Enter(PCLIENT_CHILD Child, PLIST_ENTRY List, PIRP Irp, PDRIVER_CANCEL Routine)
{
    NTSTATUS Status = STATUS_PENDING;
    KIRQL Irql;

    Irp->Tail.Overlay.DriverContext[ClientContextChild] = Child;
    SetPlace(Irp, ClientWaiting);
    KeAcquireSpinLock(&Child->Lock, &Irql);
    if (Child->Gone || (Child->Pulled && List == &Child->Waiting))
        Status = STATUS_DEVICE_DOES_NOT_EXIST;
    else if (!ArmCancel(Irp, Routine))
        Status = STATUS_CANCELLED;
    else
        InsertTailList(List, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Child->Lock, Irql);
    return Status;
}

NTSTATUS ClientQueueRequest(PCLIENT_CHILD Child, PIRP Irp)
{
    NTSTATUS Status;

    /* The IRP may be completed, and with it the PDO's hold on the child, before Pump is done. */
    ClientReferenceChild(Child);
    IoMarkIrpPending(Irp);
    Status = Enter(Child, &Child->Waiting, Irp, CancelRequest);
    if (Status == STATUS_PENDING)
        Pump(Child);
    else
        ClientFailRequest(Child, Irp, Status);
    ClientDereferenceChild(Child);
    return STATUS_PENDING;
}

NTSTATUS ClientFetch(PCLIENT_CHILD Child, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS Status = STATUS_BUFFER_TOO_SMALL;

    if (Irp->MdlAddress == NULL || Stack->Parameters.DeviceIoControl.OutputBufferLength <
                                       sizeof(REQUEST_HEADER) + sizeof(PACKED_SRB))
        goto Failed;
    Status = STATUS_INSUFFICIENT_RESOURCES;
    if (MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority) == NULL)
        goto Failed;

    ClientReferenceChild(Child);
    IoMarkIrpPending(Irp);
    Status = Enter(Child, &Child->Fetches, Irp, CancelFetch);
    if (Status == STATUS_PENDING)
        Pump(Child);
    else
        EndFetch(Child, Irp, Status, 0);
    ClientDereferenceChild(Child);
    return STATUS_PENDING;

Failed:
    EndFetch(Child, Irp, Status, 0);
    return Status;
}

/* Empties a slot; lock held. NULL: there was none, or its cancel routine has it. */
static PIRP TakeSlot(PCLIENT_CHILD Child, ULONG Index)
{
    PIRP Irp = Child->Slots[Index].Irp;

    if (Irp == NULL)
        return NULL;
    FreeSlot(Child, Index);
    if (IoSetCancelRoutine(Irp, NULL) != NULL) {
        SetPlace(Irp, ClientPacking);
        return Irp;
    }
    SetPlace(Irp, ClientLeaving);
    return NULL;
}

PIRP ClientTakeFetched(PCLIENT_CHILD Child, ULONG Index, ULONG Generation)
{
    PIRP Irp = NULL;
    BOOLEAN SlotFreed = FALSE;
    KIRQL Irql;

    KeAcquireSpinLock(&Child->Lock, &Irql);
    if (Index < CLIENT_SLOTS && Child->Slots[Index].Generation == Generation &&
        Child->Slots[Index].Irp != NULL) {
        Irp = TakeSlot(Child, Index);
        SlotFreed = TRUE; /* also where the cancel routine has the IRP: it will find it Leaving */
    }
    KeReleaseSpinLock(&Child->Lock, Irql);
    if (SlotFreed)
        Pump(Child);
    return Irp;
}

VOID ClientEndRequests(PCLIENT_CHILD Child)
{
    ULONG Index = 0;
    PIRP Request;
    PIRP Fetch;
    KIRQL Irql;

    /* Nothing comes in behind us. */
    for (;;) {
        KeAcquireSpinLock(&Child->Lock, &Irql);
        Request = TakeFirst(&Child->Waiting);
        while (Request == NULL && Index < CLIENT_SLOTS)
            Request = TakeSlot(Child, Index++);
        Fetch = Request == NULL && Child->Gone ? TakeFirst(&Child->Fetches) : NULL;
        KeReleaseSpinLock(&Child->Lock, Irql);
        if (Request != NULL)
            ClientFailRequest(Child, Request, STATUS_DEVICE_DOES_NOT_EXIST);
        else if (Fetch != NULL)
            EndFetch(Child, Fetch, STATUS_DEVICE_DOES_NOT_EXIST, 0);
        else
            return;
    }
}

VOID ClientSetAsleep(PCLIENT_CHILD Child, BOOLEAN Asleep)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Child->Lock, &Irql);
    Child->Asleep = Asleep;
    KeReleaseSpinLock(&Child->Lock, Irql);
    if (!Asleep)
        Pump(Child);
}
