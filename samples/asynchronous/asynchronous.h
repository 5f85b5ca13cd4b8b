/* SPDX-License-Identifier: MIT */
/* asynchronous.h - what the drivers transmit and ownqueue and their program say to each other. */
#ifndef ASYNCHRONOUS_H
#define ASYNCHRONOUS_H

/* Sends the input through the hardware byte by byte; the output is what the hardware made of it. */
#define IOCTL_TRANSMIT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* The hardware stops after the byte that it has, and goes on. */
#define IOCTL_TRANSMIT_HOLD CTL_CODE(FILE_DEVICE_UNKNOWN, 0x901, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_TRANSMIT_GO   CTL_CODE(FILE_DEVICE_UNKNOWN, 0x902, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* TRANSMIT_FACTS */
#define IOCTL_TRANSMIT_FACTS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x903, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* The resources of START, and where the driver's routines ran. */
typedef struct _TRANSMIT_FACTS {
    ULONG RawLevel, RawVector, Level, Vector;
    ULONGLONG Affinity;
    ULONG Port, Ports;
    ULONG Interrupts; /* that the service routine claimed */
    ULONG Dpcs, Started, Cancelled;
    ULONG StartIoIrql, SynchronizeIrql, ServiceIrql, DpcIrql;
    ULONG MostAtOnce; /* requests between StartIo and completion */
} TRANSMIT_FACTS;

/* QUEUE_FACTS: of each of ownqueue's two queues. */
#define IOCTL_QUEUE_FACTS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x904, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* The queues stop after the request that they have, and go on. */
#define IOCTL_QUEUE_HOLD CTL_CODE(FILE_DEVICE_UNKNOWN, 0x905, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_QUEUE_GO   CTL_CODE(FILE_DEVICE_UNKNOWN, 0x906, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _QUEUE_FACTS {
    struct {
        ULONG Started, Completed, Cancelled;
        ULONG MostAtOnce;
    } Reads, Writes;
} QUEUE_FACTS;

#endif
