/* SPDX-License-Identifier: MIT */
/*
 * port.c - I/O completion ports.
 *
 * A list of packets under a lock, and a semaphore that counts them: whoever has taken one from the
 * semaphore finds a packet in the list. So the semaphore must not be taken by anybody else, and a
 * port can't be waited for by its handle. The packet of a request is the storage of its IRP, so
 * that queuing can't fail. NumberOfConcurrentThreads is taken and not enforced: who runs is the
 * host's scheduler's to say.
 */
#include "ntio/io/iop.h"

#define IOP_TAG_PACKET 'kPoI'

POBJECT_TYPE IopCompletionType;

typedef struct _IOP_PORT {
    KI_LOCK Lock;
    LIST_ENTRY Packets;
    LONG Depth;
    KSEMAPHORE Semaphore;
} IOP_PORT, *PIOP_PORT;

/* In an IRP it lies over Tail and IoStatus stays where it is; otherwise it is a block of its own.
 */
typedef struct _IOP_PACKET {
    LIST_ENTRY ListEntry;
    PIRP Irp; /* NULL: from NtSetIoCompletion */
    PVOID Key, ApcContext;
    NTSTATUS Status;
    ULONG_PTR Information;
} IOP_PACKET, *PIOP_PACKET;
C_ASSERT(sizeof(IOP_PACKET) <= sizeof(((PIRP)0)->Tail));

static VOID IopFreePacket(PIOP_PACKET Packet)
{
    if (Packet->Irp != NULL)
        IopReleaseIrp(Packet->Irp);
    else
        ExFreePoolWithTag(Packet, IOP_TAG_PACKET);
}

static VOID IopDeletePort(PVOID Object)
{
    PIOP_PORT Port = Object;

    while (!IsListEmpty(&Port->Packets))
        IopFreePacket(CONTAINING_RECORD(RemoveHeadList(&Port->Packets), IOP_PACKET, ListEntry));
}

NTSTATUS IopInitializePortType(VOID)
{
    static const OB_TYPE_INFO Info = {.Name = L"IoCompletion", .Delete = IopDeletePort};
    return ObpCreateType(&Info, &IopCompletionType);
}

static VOID IopInsertPacket(PIOP_PORT Port, PIOP_PACKET Packet)
{
    KiLock(&Port->Lock);
    InsertTailList(&Port->Packets, &Packet->ListEntry);
    Port->Depth++;
    KiUnlock(&Port->Lock);
    KeReleaseSemaphore(&Port->Semaphore, IO_NO_INCREMENT, 1, FALSE);
}

VOID IopQueueIrpPacket(PVOID Port, PIRP Irp, PVOID Key, PVOID ApcContext, NTSTATUS Status,
                       ULONG_PTR Information)
{
    PIOP_PACKET Packet = (PIOP_PACKET)&Irp->Tail;

    atomic_fetch_or(&IopPrefixOf(Irp)->State, IOP_IRP_PACKET);
    *Packet = (IOP_PACKET){.Irp = Irp,
                           .Key = Key,
                           .ApcContext = ApcContext,
                           .Status = Status,
                           .Information = Information};
    IopInsertPacket(Port, Packet);
}

NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE IoCompletionHandle, ACCESS_MASK DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, ULONG Count)
{
    KPROCESSOR_MODE Mode = IopPreviousMode();
    HANDLE Handle;
    PIOP_PORT Port;
    PVOID Object;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(Count);
    Status = IopProbe(Mode, IoCompletionHandle, sizeof(*IoCompletionHandle), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObpCreate(IopCompletionType, ObjectAttributes, sizeof(*Port), &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    Port = Object;
    InitializeListHead(&Port->Packets);
    KeInitializeSemaphore(&Port->Semaphore, 0, MAXLONG);
    Status = ObpInsert(Port, DesiredAccess, &Handle);
    ObDereferenceObject(Port);
    if (NT_SUCCESS(Status))
        *IoCompletionHandle = Handle;
    return Status;
}

static NTSTATUS IopReferencePort(HANDLE Handle, ACCESS_MASK Access, PIOP_PORT *Port)
{
    PVOID Object;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, Access, IopCompletionType,
                                                IopPreviousMode(), &Object, NULL);
    if (NT_SUCCESS(Status))
        *Port = Object;
    return Status;
}

NTSTATUS NTAPI NtSetIoCompletion(HANDLE IoCompletionHandle, PVOID KeyContext, PVOID ApcContext,
                                 NTSTATUS IoStatus, ULONG_PTR IoStatusInformation)
{
    PIOP_PORT Port;
    PIOP_PACKET Packet;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = IopReferencePort(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE, &Port);
    if (!NT_SUCCESS(Status))
        return Status;
    Packet = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Packet), IOP_TAG_PACKET);
    if (Packet == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        *Packet = (IOP_PACKET){.Key = KeyContext,
                               .ApcContext = ApcContext,
                               .Status = IoStatus,
                               .Information = IoStatusInformation};
        IopInsertPacket(Port, Packet);
    }
    ObDereferenceObject(Port);
    return Status;
}

/* One packet, waiting if need be. STATUS_TIMEOUT, STATUS_USER_APC, STATUS_ALERTED. */
static NTSTATUS IopRemovePacket(PIOP_PORT Port, PLARGE_INTEGER Timeout, KPROCESSOR_MODE Mode,
                                BOOLEAN Alertable, PFILE_IO_COMPLETION_INFORMATION Out)
{
    PIOP_PACKET Packet;
    NTSTATUS Status = KeWaitForSingleObject(&Port->Semaphore, WrQueue, Mode, Alertable, Timeout);

    if (Status != STATUS_SUCCESS)
        return Status;
    KiLock(&Port->Lock);
    NTIO_ASSERT(!IsListEmpty(&Port->Packets));
    Packet = CONTAINING_RECORD(RemoveHeadList(&Port->Packets), IOP_PACKET, ListEntry);
    Port->Depth--;
    KiUnlock(&Port->Lock);
    Out->KeyContext = Packet->Key;
    Out->ApcContext = Packet->ApcContext;
    Out->IoStatusBlock.Status = Packet->Status;
    Out->IoStatusBlock.Information = Packet->Information;
    IopFreePacket(Packet);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE IoCompletionHandle, PVOID *KeyContext, PVOID *ApcContext,
                                    PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER Timeout)
{
    KPROCESSOR_MODE Mode = IopPreviousMode();
    FILE_IO_COMPLETION_INFORMATION Out;
    PIOP_PORT Port;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = IopProbe(Mode, KeyContext, sizeof(*KeyContext), TRUE);
    if (NT_SUCCESS(Status))
        Status = IopProbe(Mode, ApcContext, sizeof(*ApcContext), TRUE);
    if (NT_SUCCESS(Status))
        Status = IopProbe(Mode, IoStatusBlock, sizeof(*IoStatusBlock), TRUE);
    if (NT_SUCCESS(Status))
        Status = IopReferencePort(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE, &Port);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopRemovePacket(Port, Timeout, Mode, FALSE, &Out);
    ObDereferenceObject(Port);
    if (Status == STATUS_SUCCESS) {
        *KeyContext = Out.KeyContext;
        *ApcContext = Out.ApcContext;
        *IoStatusBlock = Out.IoStatusBlock;
    }
    return Status;
}

NTSTATUS NTAPI NtRemoveIoCompletionEx(HANDLE IoCompletionHandle,
                                      PFILE_IO_COMPLETION_INFORMATION IoCompletionInformation,
                                      ULONG Count, PULONG NumEntriesRemoved, PLARGE_INTEGER Timeout,
                                      BOOLEAN Alertable)
{
    KPROCESSOR_MODE Mode = IopPreviousMode();
    LARGE_INTEGER None = {.QuadPart = 0};
    PIOP_PORT Port;
    ULONG Taken = 0;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Count == 0)
        return STATUS_INVALID_PARAMETER;
    Status = IopProbe(Mode, IoCompletionInformation,
                      (SIZE_T)Count * sizeof(*IoCompletionInformation), TRUE);
    if (NT_SUCCESS(Status))
        Status = IopProbe(Mode, NumEntriesRemoved, sizeof(*NumEntriesRemoved), TRUE);
    if (NT_SUCCESS(Status))
        Status = IopReferencePort(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE, &Port);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopRemovePacket(Port, Timeout, Mode, Alertable, &IoCompletionInformation[0]);
    if (Status == STATUS_SUCCESS) {
        Taken = 1;
        while (Taken < Count && IopRemovePacket(Port, &None, KernelMode, FALSE,
                                                &IoCompletionInformation[Taken]) == STATUS_SUCCESS)
            Taken++;
    }
    ObDereferenceObject(Port);
    *NumEntriesRemoved = Taken;
    return Status;
}

NTSTATUS NTAPI NtQueryIoCompletion(HANDLE IoCompletionHandle, ULONG InformationClass, PVOID Buffer,
                                   ULONG Length, PULONG ReturnLength)
{
    KPROCESSOR_MODE Mode = IopPreviousMode();
    PIOP_PORT Port;
    LONG Depth;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (InformationClass != 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != sizeof(LONG))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = IopProbe(Mode, Buffer, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status = IopReferencePort(IoCompletionHandle, IO_COMPLETION_QUERY_STATE, &Port);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&Port->Lock);
    Depth = Port->Depth;
    KiUnlock(&Port->Lock);
    ObDereferenceObject(Port);
    memcpy(Buffer, &Depth, sizeof(Depth));
    if (ReturnLength != NULL)
        *ReturnLength = sizeof(Depth);
    return STATUS_SUCCESS;
}
