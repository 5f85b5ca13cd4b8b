/* SPDX-License-Identifier: MIT */
/*
 * ioport.c - I/O ports: the bus between drivers and device models.
 *
 * KiPortLock guards the list alone; an access counts itself in Busy and calls the model outside the
 * lock, so that the model may pull interrupt lines, and remove others' ports.
 */
#include "interrupt.h"
#include "kip.h"

#define KI_PORTS_END    0x10000
#define KI_PORT_LEAVING 0x80000000u /* of Busy: somebody waits until it is zero but for this */

static KI_LOCK KiPortLock;
static LIST_ENTRY KiPortList = {&KiPortList, &KiPortList};

NTSTATUS KiAddPorts(KI_PORTS *Ports)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (Ports->Count == 0 || Ports->First >= KI_PORTS_END ||
        Ports->Count > KI_PORTS_END - Ports->First || Ports->Read == NULL || Ports->Write == NULL)
        return STATUS_INVALID_PARAMETER;
    KiLock(&KiPortLock);
    for (PLIST_ENTRY Entry = KiPortList.Flink; Entry != &KiPortList; Entry = Entry->Flink) {
        const KI_PORTS *Other = CONTAINING_RECORD(Entry, KI_PORTS, Link);

        if (Ports->First < Other->First + Other->Count &&
            Other->First < Ports->First + Ports->Count)
            Status = STATUS_CONFLICTING_ADDRESSES;
    }
    if (NT_SUCCESS(Status)) {
        atomic_store(&Ports->Busy, 0);
        InsertTailList(&KiPortList, &Ports->Link);
    }
    KiUnlock(&KiPortLock);
    return Status;
}

KI_PORTS *KiRemovePorts(ULONG First)
{
    KI_PORTS *Found = NULL;
    ULONG Busy;

    KiLock(&KiPortLock);
    for (PLIST_ENTRY Entry = KiPortList.Flink; Entry != &KiPortList; Entry = Entry->Flink) {
        KI_PORTS *Ports = CONTAINING_RECORD(Entry, KI_PORTS, Link);

        if (Ports->First == First) {
            RemoveEntryList(&Ports->Link);
            Found = Ports;
            break;
        }
    }
    KiUnlock(&KiPortLock);
    if (Found == NULL)
        return NULL;
    atomic_fetch_or(&Found->Busy, KI_PORT_LEAVING);
    while ((Busy = atomic_load(&Found->Busy)) != KI_PORT_LEAVING)
        KiFutexWait(&Found->Busy, Busy, 0);
    return Found;
}

/* NULL: nobody is there, or the access is not within one device's ports. */
static KI_PORTS *KiFindPort(ULONG Port, ULONG Bytes)
{
    KI_PORTS *Found = NULL;

    KiLock(&KiPortLock);
    for (PLIST_ENTRY Entry = KiPortList.Flink; Entry != &KiPortList; Entry = Entry->Flink) {
        KI_PORTS *Ports = CONTAINING_RECORD(Entry, KI_PORTS, Link);

        if (Port >= Ports->First && Port - Ports->First <= Ports->Count &&
            Bytes <= Ports->Count - (Port - Ports->First)) {
            atomic_fetch_add(&Ports->Busy, 1);
            Found = Ports;
            break;
        }
    }
    KiUnlock(&KiPortLock);
    return Found;
}

/* Once the count has fallen the model may be gone: the wake-up takes an address alone. */
static VOID KiLeavePort(KI_PORTS *Ports)
{
    _Atomic ULONG *Busy = &Ports->Busy;

    if (atomic_fetch_sub(Busy, 1) == (KI_PORT_LEAVING | 1))
        KiFutexWake(Busy, 1);
}

ULONG NTAPI KiReadPort(ULONG Port, ULONG Bytes)
{
    ULONG Mask = Bytes == 4 ? MAXULONG : (1u << Bytes * 8) - 1, Value = MAXULONG;
    KI_PORTS *Ports = KiFindPort(Port, Bytes);

    if (Ports != NULL) {
        Value = Ports->Read(Ports->Context, (USHORT)(Port - Ports->First), Bytes);
        KiLeavePort(Ports);
    }
    return Value & Mask;
}

VOID NTAPI KiWritePort(ULONG Port, ULONG Bytes, ULONG Value)
{
    KI_PORTS *Ports = KiFindPort(Port, Bytes);

    if (Ports != NULL) {
        Ports->Write(Ports->Context, (USHORT)(Port - Ports->First), Bytes, Value);
        KiLeavePort(Ports);
    }
}

/* The processor takes 16 bits of a port's number. */
#define KI_PORT(pointer) ((USHORT)(ULONG_PTR)(pointer))

#define KI_PORT_ROUTINES(NAME, TYPE)                                                               \
    TYPE NTAPI READ_PORT_##NAME(TYPE *Port)                                                        \
    {                                                                                              \
        return (TYPE)KiReadPort(KI_PORT(Port), sizeof(TYPE));                                      \
    }                                                                                              \
    VOID NTAPI WRITE_PORT_##NAME(TYPE *Port, TYPE Value)                                           \
    {                                                                                              \
        KiWritePort(KI_PORT(Port), sizeof(TYPE), Value);                                           \
    }                                                                                              \
    VOID NTAPI READ_PORT_BUFFER_##NAME(TYPE *Port, TYPE *Buffer, ULONG Count)                      \
    {                                                                                              \
        for (ULONG i = 0; i < Count; i++)                                                          \
            Buffer[i] = (TYPE)KiReadPort(KI_PORT(Port), sizeof(TYPE));                             \
    }                                                                                              \
    VOID NTAPI WRITE_PORT_BUFFER_##NAME(TYPE *Port, TYPE *Buffer, ULONG Count)                     \
    {                                                                                              \
        for (ULONG i = 0; i < Count; i++)                                                          \
            KiWritePort(KI_PORT(Port), sizeof(TYPE), Buffer[i]);                                   \
    }

KI_PORT_ROUTINES(UCHAR, UCHAR)
KI_PORT_ROUTINES(USHORT, USHORT)
KI_PORT_ROUTINES(ULONG, ULONG)
