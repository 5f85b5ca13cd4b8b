/* SPDX-License-Identifier: MIT */
/* hardware.c - what a device model in the host uses: interrupt lines and I/O ports (ke has them).
 */
#include "ntio/init/initp.h"
#include "ntio/ke/interrupt.h"

#include <stdlib.h>

int32_t ntio_interrupt_assert(uint32_t vector)
{
    return KiAssertLine(vector);
}

int32_t ntio_interrupt_deassert(uint32_t vector)
{
    return KiDeassertLine(vector);
}

typedef struct _INITP_PORTS {
    KI_PORTS Ports;
    ntio_ports Model;
} INITP_PORTS;

static ULONG InitpReadPort(PVOID Context, USHORT Offset, ULONG Bytes)
{
    const ntio_ports *Model = Context;
    return Model->read(Model->context, Offset, Bytes);
}

static VOID InitpWritePort(PVOID Context, USHORT Offset, ULONG Bytes, ULONG Value)
{
    const ntio_ports *Model = Context;
    Model->write(Model->context, Offset, Bytes, Value);
}

int32_t ntio_add_ports(const ntio_ports *ports)
{
    INITP_PORTS *New;
    NTSTATUS Status;

    if (ports == NULL || ports->read == NULL || ports->write == NULL)
        return STATUS_INVALID_PARAMETER;
    New = calloc(1, sizeof(*New));
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Model = *ports;
    New->Ports.First = ports->first;
    New->Ports.Count = ports->count;
    New->Ports.Read = InitpReadPort;
    New->Ports.Write = InitpWritePort;
    New->Ports.Context = &New->Model;
    Status = KiAddPorts(&New->Ports);
    if (!NT_SUCCESS(Status))
        free(New);
    return Status;
}

int32_t ntio_remove_ports(uint16_t first)
{
    KI_PORTS *Ports = KiRemovePorts(first);

    if (Ports == NULL)
        return STATUS_NOT_FOUND;
    free(CONTAINING_RECORD(Ports, INITP_PORTS, Ports));
    return STATUS_SUCCESS;
}
