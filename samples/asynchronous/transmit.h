/* SPDX-License-Identifier: MIT */
/* transmit.h - the driver of the emulated transmitter: its device extension. */
#ifndef TRANSMIT_H
#define TRANSMIT_H

#include <ntddk.h>

#include "asynchronous.h"
#include "hardware.h"

typedef struct _TRANSMIT_EXTENSION {
    PDEVICE_OBJECT Self, Lower, Pdo;
    PUCHAR Port; /* set by START */
    PKINTERRUPT Interrupt;
    BOOLEAN Started;

    /* Under the interrupt's lock: the request that is being sent. */
    PUCHAR Buffer; /* the IRP's system buffer; NULL: none */
    ULONG Position, Length;

    LONG AtOnce;
    TRANSMIT_FACTS Facts;
} TRANSMIT_EXTENSION, *PTRANSMIT_EXTENSION;

/* transmit.c */
NTSTATUS TransmitComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
KSERVICE_ROUTINE TransmitService;
VOID TransmitInitializeDevice(PDEVICE_OBJECT DeviceObject);

/* transmitpnp.c */
DRIVER_ADD_DEVICE TransmitAddDevice;
DRIVER_DISPATCH TransmitPnp, TransmitPower;

#endif
