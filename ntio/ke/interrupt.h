/* SPDX-License-Identifier: MIT */
/*
 * interrupt.h - emulated interrupts: lines that device models pull, and the service routines that
 * are connected to them.
 *
 * A line (its number is the vector) is a wire that several devices may pull at once. A connected
 * line has a thread, which sleeps until the line wants service, takes a processor slot at the
 * line's IRQL (a slot whose owner is at DISPATCH_LEVEL is not taken from it: the interrupt waits
 * until one of its affinity is free) and calls the service routines one after another, each under
 * its interrupt's spin lock. Level sensitive: in order until one claims, again and again while the
 * line is pulled. Latched: each rising edge once; where several share it, until none claims.
 *
 * Pulling a line never calls a driver, so a device model may do it under its own lock.
 *
 * Lock order: KiConnectLock (the set of connected lines; over creating and joining a thread) ->
 * a line's ServiceLock (held while its service routines run) -> the interrupt's spin lock -> a
 * driver's and a device model's locks -> a line's StateLock (innermost).
 */
#ifndef NTIO_KE_INTERRUPT_H
#define NTIO_KE_INTERRUPT_H

#include "ntio/ke/ke.h"

#define KI_LINES       256
#define KI_FIRST_DIRQL 3 /* levels of devices: 3 to 11, as on 64-bit Windows */
#define KI_LAST_DIRQL  11
/* The level of a line: what a translated resource says. */
#define KiLineIrql(vector)                                                                         \
    ((KIRQL)(KI_FIRST_DIRQL + (vector) % (KI_LAST_DIRQL - KI_FIRST_DIRQL + 1)))

/* The caller gives the memory (as NT's). Only ActualLock, Irql and SynchronizeIrql are read by
 * KeSynchronizeExecution; all but Link stays as it was initialised. */
typedef struct _KINTERRUPT {
    CSHORT Type; /* InterruptObject */
    CSHORT Size;
    LIST_ENTRY Link; /* in its line's list, under ServiceLock and StateLock */
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID ServiceContext;
    KSPIN_LOCK SpinLock;
    PKSPIN_LOCK ActualLock;
    ULONG Vector;
    KIRQL Irql;
    KIRQL SynchronizeIrql;
    BOOLEAN ShareVector;
    BOOLEAN Connected; /* under KiConnectLock */
    KINTERRUPT_MODE Mode;
    KAFFINITY Affinity;
} KINTERRUPT;

VOID KeInitializeInterrupt(PKINTERRUPT Interrupt, PKSERVICE_ROUTINE ServiceRoutine,
                           PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                           KIRQL SynchronizeIrql, KINTERRUPT_MODE Mode, BOOLEAN ShareVector,
                           KAFFINITY Affinity);
/*
 * STATUS_INVALID_PARAMETER: no such line, level or processor, or the line is another's who does not
 * share it, or shares it in another mode or at another level. STATUS_INSUFFICIENT_RESOURCES: no
 * thread. PASSIVE_LEVEL.
 */
NTSTATUS KeConnectInterrupt(PKINTERRUPT Interrupt);
/* The service routine does not run when this returns. FALSE: it was not connected. PASSIVE_LEVEL.
 */
BOOLEAN KeDisconnectInterrupt(PKINTERRUPT Interrupt);

/* One more device, or one less, pulls the line; any thread, any IRQL. STATUS_INVALID_PARAMETER: no
 * such line; STATUS_INVALID_DEVICE_STATE: nobody pulls it. */
NTSTATUS KiAssertLine(ULONG Vector);
NTSTATUS KiDeassertLine(ULONG Vector);

VOID KiEnumerateInterrupts(KI_ENUMERATE_ROUTINE *Each, PVOID Context);

/* I/O ports (ioport.c): what a driver reads and writes goes to the device model that has the port.
 * Bytes is 1, 2 or 4. Any IRQL. */
typedef struct _KI_PORTS {
    LIST_ENTRY Link;
    ULONG First, Count;
    ULONG (*Read)(PVOID Context, USHORT Offset, ULONG Bytes);
    VOID (*Write)(PVOID Context, USHORT Offset, ULONG Bytes, ULONG Value);
    PVOID Context;
    _Atomic ULONG Busy; /* accesses under way; a futex while it is removed */
} KI_PORTS;
/* STATUS_INVALID_PARAMETER; STATUS_CONFLICTING_ADDRESSES: another device has one of them. */
NTSTATUS KiAddPorts(KI_PORTS *Ports);
/* No access is under way when this returns. NULL: nobody has ports from First on. */
KI_PORTS *KiRemovePorts(ULONG First);
ULONG NTAPI KiReadPort(ULONG Port, ULONG Bytes);
VOID NTAPI KiWritePort(ULONG Port, ULONG Bytes, ULONG Value);

#endif
