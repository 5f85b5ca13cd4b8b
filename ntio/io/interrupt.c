/* SPDX-License-Identifier: MIT */
/*
 * interrupt.c - connecting service routines: fully specified, or by what the device's resources
 * say.
 *
 * Whatever was connected with one call is one block, and its first interrupt object is what the
 * driver gets: disconnecting that ends all of them.
 */
#include "ntio/io/iop.h"
#include "ntio/ke/interrupt.h"

IOP_QUERY_RESOURCES *_Atomic IopQueryResourcesCallout;

typedef struct _IOP_CONNECTION {
    ULONG Count;
    KINTERRUPT Interrupts[1];
} IOP_CONNECTION;

static IOP_CONNECTION *IopNewConnection(ULONG Count)
{
    IOP_CONNECTION *Connection = ExAllocatePoolWithTag(
        NonPagedPool, FIELD_OFFSET(IOP_CONNECTION, Interrupts) + Count * sizeof(KINTERRUPT),
        IOP_TAG_MISC);

    if (Connection != NULL)
        Connection->Count = 0;
    return Connection;
}

static VOID IopEndConnection(IOP_CONNECTION *Connection)
{
    for (ULONG i = 0; i < Connection->Count; i++)
        KeDisconnectInterrupt(&Connection->Interrupts[i]);
    ExFreePool(Connection);
}

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                  PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector,
                                  KIRQL Irql, KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                                  BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                                  BOOLEAN FloatingSave)
{
    IOP_CONNECTION *Connection;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(FloatingSave); /* a thread's registers are always saved */
    *InterruptObject = NULL;
    Connection = IopNewConnection(1);
    if (Connection == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeInterrupt(&Connection->Interrupts[0], ServiceRoutine, ServiceContext, SpinLock,
                          Vector, Irql, SynchronizeIrql, InterruptMode, ShareVector,
                          ProcessorEnableMask);
    Connection->Count = 1;
    /* The routine may run before the call is back: then the driver has its object already. */
    *InterruptObject = &Connection->Interrupts[0];
    Status = KeConnectInterrupt(&Connection->Interrupts[0]);
    if (!NT_SUCCESS(Status)) {
        *InterruptObject = NULL;
        ExFreePool(Connection);
    }
    return Status;
}

VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    IopEndConnection(CONTAINING_RECORD(InterruptObject, IOP_CONNECTION, Interrupts[0]));
}

static BOOLEAN IopIsLine(const CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor)
{
    return Descriptor->Type == CmResourceTypeInterrupt &&
           (Descriptor->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) == 0;
}

/* All lines of List (translated) at once: one lock, one level at which they keep each other off. */
static NTSTATUS IopConnectLines(const CM_PARTIAL_RESOURCE_LIST *List,
                                const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS *Line)
{
    IOP_CONNECTION *Connection;
    KIRQL Synchronize = Line->SynchronizeIrql;
    PKSPIN_LOCK Lock = Line->SpinLock;
    ULONG Lines = 0;

    for (ULONG i = 0; i < List->Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor = &List->PartialDescriptors[i];

        if (!IopIsLine(Descriptor))
            continue;
        Lines++;
        if (Descriptor->u.Interrupt.Level > Synchronize)
            Synchronize = (KIRQL)Descriptor->u.Interrupt.Level;
    }
    if (Lines == 0)
        return STATUS_NOT_FOUND;
    Connection = IopNewConnection(Lines);
    if (Connection == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Line->InterruptObject = &Connection->Interrupts[0];
    for (ULONG i = 0; i < List->Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor = &List->PartialDescriptors[i];
        PKINTERRUPT Interrupt = &Connection->Interrupts[Connection->Count];
        NTSTATUS Status;

        if (!IopIsLine(Descriptor))
            continue;
        KeInitializeInterrupt(
            Interrupt, Line->ServiceRoutine, Line->ServiceContext, Lock,
            Descriptor->u.Interrupt.Vector, (KIRQL)Descriptor->u.Interrupt.Level, Synchronize,
            (Descriptor->Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0 ? Latched : LevelSensitive,
            Descriptor->ShareDisposition == CmResourceShareShared,
            Descriptor->u.Interrupt.Affinity);
        Lock = Interrupt->ActualLock;
        Status = KeConnectInterrupt(Interrupt);
        if (!NT_SUCCESS(Status)) {
            *Line->InterruptObject = NULL;
            IopEndConnection(Connection);
            return Status;
        }
        Connection->Count++;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS IopConnectLineBased(const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS *Line)
{
    IOP_QUERY_RESOURCES *Query = atomic_load(&IopQueryResourcesCallout);
    PCM_RESOURCE_LIST Resources = NULL;
    NTSTATUS Status;

    *Line->InterruptObject = NULL;
    if (Line->PhysicalDeviceObject == NULL || Line->ServiceRoutine == NULL)
        return STATUS_INVALID_PARAMETER;
    Status = Query != NULL ? Query(Line->PhysicalDeviceObject, &Resources) : STATUS_NOT_FOUND;
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IopConnectLines(&Resources->List[0].PartialResourceList, Line);
    ExFreePool(Resources);
    return Status;
}

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *Full = &Parameters->FullySpecified;
    const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS *Message = &Parameters->MessageBased;
    IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS FallBack;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    switch (Parameters->Version) {
    case CONNECT_FULLY_SPECIFIED_GROUP:
        if (Full->Group != 0)
            return STATUS_INVALID_PARAMETER;
        /* fall through */
    case CONNECT_FULLY_SPECIFIED:
        if (Full->PhysicalDeviceObject == NULL || Full->ServiceRoutine == NULL)
            return STATUS_INVALID_PARAMETER;
        return IoConnectInterrupt(Full->InterruptObject, Full->ServiceRoutine, Full->ServiceContext,
                                  Full->SpinLock, Full->Vector, Full->Irql, Full->SynchronizeIrql,
                                  Full->InterruptMode, Full->ShareVector, Full->ProcessorEnableMask,
                                  Full->FloatingSave);
    case CONNECT_LINE_BASED:
        return IopConnectLineBased(&Parameters->LineBased);
    case CONNECT_MESSAGE_BASED:
        /* pnp gives no device messages, so what is left is the line, where the driver takes that.
         */
        if (Message->FallBackServiceRoutine == NULL)
            return STATUS_NOT_FOUND;
        FallBack.PhysicalDeviceObject = Message->PhysicalDeviceObject;
        FallBack.InterruptObject = Message->ConnectionContext.InterruptObject;
        FallBack.ServiceRoutine = Message->FallBackServiceRoutine;
        FallBack.ServiceContext = Message->ServiceContext;
        FallBack.SpinLock = Message->SpinLock;
        FallBack.SynchronizeIrql = Message->SynchronizeIrql;
        FallBack.FloatingSave = Message->FloatingSave;
        Status = IopConnectLineBased(&FallBack);
        if (NT_SUCCESS(Status))
            Parameters->Version = CONNECT_LINE_BASED;
        return Status;
    default:
        Parameters->Version = CONNECT_CURRENT_VERSION;
        return STATUS_NOT_SUPPORTED;
    }
}

VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    /* Every version that connects here gives out an interrupt object. */
    IoDisconnectInterrupt(Parameters->ConnectionContext.InterruptObject);
}
