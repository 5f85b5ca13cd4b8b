/* SPDX-License-Identifier: MIT */
/*
 * read.c - where input and reads meet. Input that nobody waits for is kept; a read that finds none
 * waits in a cancel-safe queue. Both sides decide under Lock, so that neither misses the other.
 */
#include "kbdclass.h"

static IO_CSQ_INSERT_IRP_EX Insert;
static IO_CSQ_REMOVE_IRP Remove;
static IO_CSQ_PEEK_NEXT_IRP Peek;
static IO_CSQ_ACQUIRE_LOCK Acquire;
static IO_CSQ_RELEASE_LOCK Release;
static IO_CSQ_COMPLETE_CANCELED_IRP Cancelled;

/* What Insert answers for a read that has its input already: any failure, it does not leave here.
 */
#define HAS_INPUT STATUS_NO_MORE_ENTRIES

static PKBDCLASS_DEVICE Of(PIO_CSQ Csq)
{
    return CONTAINING_RECORD(Csq, KBDCLASS_DEVICE, Reads);
}

/* Copies what fits out of the ring. Lock. */
static ULONG Take(PKBDCLASS_DEVICE Device, PIRP Irp)
{
    PKEYBOARD_INPUT_DATA To = Irp->AssociatedIrp.SystemBuffer;
    ULONG Room = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length / sizeof(*To);
    ULONG Taken = 0;

    for (; Taken < Room && Device->Count != 0; Taken++) {
        To[Taken] = Device->Inputs[Device->First];
        Device->First = (Device->First + 1) % KBDCLASS_QUEUE;
        Device->Count--;
    }
    return Taken * (ULONG)sizeof(*To);
}

/* On a failure the IRP is the caller's still: HAS_INPUT, *Context bytes of it, or why it fails. */
static NTSTATUS NTAPI Insert(PIO_CSQ Csq, PIRP Irp, PVOID Context)
{
    PKBDCLASS_DEVICE Device = Of(Csq);

    if (Device->Gone)
        return STATUS_DEVICE_NOT_CONNECTED;
    if (Device->Count != 0) {
        *(PULONG)Context = Take(Device, Irp);
        return HAS_INPUT;
    }
    InsertTailList(&Device->ReadList, &Irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

static VOID NTAPI Remove(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* The one behind Irp (NULL: the first) of the file object PeekContext (NULL: of any). */
static PIRP NTAPI Peek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PKBDCLASS_DEVICE Device = Of(Csq);
    PLIST_ENTRY Link = Irp == NULL ? Device->ReadList.Flink : Irp->Tail.Overlay.ListEntry.Flink;

    for (; Link != &Device->ReadList; Link = Link->Flink) {
        PIRP Next = CONTAINING_RECORD(Link, IRP, Tail.Overlay.ListEntry);
        if (PeekContext == NULL || IoGetCurrentIrpStackLocation(Next)->FileObject == PeekContext)
            return Next;
    }
    return NULL;
}

static VOID NTAPI Acquire(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&Of(Csq)->Lock, Irql);
}

static VOID NTAPI Release(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&Of(Csq)->Lock, Irql);
}

static VOID End(PKBDCLASS_DEVICE Device, PIRP Irp, NTSTATUS Status, ULONG Bytes)
{
    KbdClassComplete(Irp, Status, Bytes);
    IoReleaseRemoveLock(&Device->RemoveLock, Irp);
}

static VOID NTAPI Cancelled(PIO_CSQ Csq, PIRP Irp)
{
    End(Of(Csq), Irp, STATUS_CANCELLED, 0);
}

VOID KbdClassInitializeReads(PKBDCLASS_DEVICE Device)
{
    KeInitializeSpinLock(&Device->Lock);
    InitializeListHead(&Device->ReadList);
    IoCsqInitializeEx(&Device->Reads, Insert, Remove, Peek, Acquire, Release, Cancelled);
}

NTSTATUS KbdClassRead(PKBDCLASS_DEVICE Device, PIRP Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length, Bytes = 0;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return KbdClassComplete(Irp, STATUS_DEVICE_NOT_CONNECTED, 0);
    if (Length % sizeof(KEYBOARD_INPUT_DATA) != 0) {
        Status = STATUS_BUFFER_TOO_SMALL;
    } else if (Length != 0) {
        Status = IoCsqInsertIrpEx(&Device->Reads, Irp, NULL, &Bytes);
        if (NT_SUCCESS(Status))
            return STATUS_PENDING; /* it may be gone by now */
        if (Status == HAS_INPUT)
            Status = STATUS_SUCCESS;
    }
    End(Device, Irp, Status, Bytes);
    return Status;
}

/*
 * Inputs from First up to Behind (not including it). *Taken gets how many there was room for; what
 * is left the port driver offers again.
 */
VOID NTAPI KbdClassService(PVOID NormalContext, PVOID First, PVOID Behind, PVOID Taken)
{
    PKBDCLASS_DEVICE Device = ((PDEVICE_OBJECT)NormalContext)->DeviceExtension;
    PKEYBOARD_INPUT_DATA Input = First, Stop = Behind;
    ULONG Count = 0, Bytes;
    KIRQL Irql;
    PIRP Read;

    for (;;) {
        KeAcquireSpinLock(&Device->Lock, &Irql);
        for (; Input < Stop && Device->Count < KBDCLASS_QUEUE; Input++, Count++) {
            Device->Inputs[(Device->First + Device->Count) % KBDCLASS_QUEUE] = *Input;
            Device->Count++;
        }
        KeReleaseSpinLock(&Device->Lock, Irql);
        Read = IoCsqRemoveNextIrp(&Device->Reads, NULL);
        if (Read == NULL)
            break;
        KeAcquireSpinLock(&Device->Lock, &Irql);
        Bytes = Take(Device, Read);
        KeReleaseSpinLock(&Device->Lock, Irql);
        if (Bytes == 0) { /* another took it meanwhile: the read waits on */
            NTSTATUS Status = IoCsqInsertIrpEx(&Device->Reads, Read, NULL, &Bytes);
            if (NT_SUCCESS(Status))
                break;
            End(Device, Read, Status == HAS_INPUT ? STATUS_SUCCESS : Status, Bytes);
            continue;
        }
        End(Device, Read, STATUS_SUCCESS, Bytes);
    }
    *(PULONG)Taken += Count;
}

VOID KbdClassEndReads(PKBDCLASS_DEVICE Device, PFILE_OBJECT File, BOOLEAN Gone, NTSTATUS Status)
{
    KIRQL Irql;
    PIRP Irp;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->Gone = Device->Gone || Gone;
    KeReleaseSpinLock(&Device->Lock, Irql);
    while ((Irp = IoCsqRemoveNextIrp(&Device->Reads, File)) != NULL)
        End(Device, Irp, Status, 0);
}

VOID KbdClassFlush(PKBDCLASS_DEVICE Device)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->First = Device->Count = 0;
    KeReleaseSpinLock(&Device->Lock, Irql);
}
