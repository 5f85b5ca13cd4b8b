/* SPDX-License-Identifier: MIT */
/* intstops.c - what a service routine may not do, and what else stops the host around interrupts.
 */
#include "ntio/ex/ex.h"
#include "ntio/io/io.h"
#include "ntio/ke/interrupt.h"
#include "ntio.h"
#include "tests/support/bugcheck.h"
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#define VECTOR 36
#define IRQL   KiLineIrql(VECTOR)

static KINTERRUPT interrupt;
static KSPIN_LOCK other_lock;
static KEVENT event;
static PIRP irp;

/* Connects routine, pulls the line once (or for good) and waits for the stop. */
static void serve(PKSERVICE_ROUTINE routine, KINTERRUPT_MODE mode)
{
    KeInitializeInterrupt(&interrupt, routine, NULL, NULL, VECTOR, IRQL, IRQL, mode, FALSE, 1);
    if (KeConnectInterrupt(&interrupt) == STATUS_SUCCESS)
        ntio_interrupt_assert(VECTOR);
    for (;;)
        pause();
}

#define SERVICE(name, statement)                                                                   \
    static BOOLEAN NTAPI name##_service(PKINTERRUPT i, PVOID context)                              \
    {                                                                                              \
        (void)i, (void)context;                                                                    \
        statement;                                                                                 \
        return TRUE;                                                                               \
    }                                                                                              \
    static void name(void *context)                                                                \
    {                                                                                              \
        (void)context;                                                                             \
        serve(name##_service, Latched);                                                            \
    }

SERVICE(take_spin_lock, KeAcquireSpinLockRaiseToDpc(&other_lock))
SERVICE(take_own_lock, KeAcquireSpinLockAtDpcLevel(i->ActualLock))
SERVICE(set_event, KeSetEvent(&event, 0, FALSE))
SERVICE(wait, KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL))
SERVICE(allocate, ExAllocatePoolWithTag(NonPagedPool, 16, 'tseT'))
SERVICE(return_raised, KfRaiseIrql(HIGH_LEVEL))
SERVICE(return_lowered, KeLowerIrql(DISPATCH_LEVEL))
SERVICE(lower_to_passive, KeLowerIrql(PASSIVE_LEVEL))
SERVICE(return_with_lock, KeAcquireSpinLockAtDpcLevel(&other_lock))
SERVICE(complete, IoCompleteRequest(irp, IO_NO_INCREMENT))
SERVICE(disconnect, KeDisconnectInterrupt(i))

static void complete_in_service(void *context)
{
    irp = IoAllocateIrp(1, FALSE);
    complete(context);
}

static BOOLEAN NTAPI never_quiet(PKINTERRUPT i, PVOID context)
{
    (void)i, (void)context;
    return FALSE;
}

static void storm(void *context)
{
    (void)context;
    serve(never_quiet, LevelSensitive);
}

static BOOLEAN NTAPI claims_all(PKINTERRUPT i, PVOID context)
{
    (void)i, (void)context;
    return TRUE;
}

static void storm_of_claims(void *context)
{
    static KINTERRUPT other;

    (void)context;
    KeInitializeInterrupt(&other, claims_all, NULL, NULL, VECTOR, IRQL, IRQL, Latched, TRUE, 1);
    KeInitializeInterrupt(&interrupt, never_quiet, NULL, NULL, VECTOR, IRQL, IRQL, Latched, TRUE,
                          1);
    if (KeConnectInterrupt(&other) == STATUS_SUCCESS &&
        KeConnectInterrupt(&interrupt) == STATUS_SUCCESS)
        ntio_interrupt_assert(VECTOR);
    for (;;)
        pause();
}

static BOOLEAN NTAPI nothing(PVOID context)
{
    (void)context;
    return TRUE;
}

static void synchronize_too_high(void *context)
{
    (void)context;
    KeInitializeInterrupt(&interrupt, never_quiet, NULL, NULL, VECTOR, IRQL, IRQL, Latched, FALSE,
                          1);
    KfRaiseIrql(IRQL + 1);
    KeSynchronizeExecution(&interrupt, nothing, NULL);
}

static void synchronize_twice(void *context)
{
    (void)context;
    KeInitializeInterrupt(&interrupt, never_quiet, NULL, NULL, VECTOR, IRQL, IRQL, Latched, FALSE,
                          1);
    KeAcquireInterruptSpinLock(&interrupt);
    KeSynchronizeExecution(&interrupt, nothing, NULL);
}

static void release_lowered(void *context)
{
    (void)context;
    KeInitializeInterrupt(&interrupt, never_quiet, NULL, NULL, VECTOR, IRQL, IRQL, Latched, FALSE,
                          1);
    KeAcquireInterruptSpinLock(&interrupt);
    KeLowerIrql(DISPATCH_LEVEL);
    KeReleaseInterruptSpinLock(&interrupt, PASSIVE_LEVEL);
}

static const struct bugcheck_case cases[] = {
    {"spin lock in a service routine", 0xc4, 0x42, take_spin_lock},
    {"its own lock in a service routine", 0xf, BUGCHECK_ANY, take_own_lock},
    {"KeSetEvent in a service routine", 0xc4, 0x80, set_event},
    {"wait in a service routine", 0xc4, 0x3b, wait},
    {"pool in a service routine", 0xc4, 0x2, allocate},
    {"service routine returns raised", 0xc8, HIGH_LEVEL << 16 | IRQL << 8 | 3, return_raised},
    {"service routine returns lowered", 0xc8, DISPATCH_LEVEL << 16 | IRQL << 8 | 3, return_lowered},
    {"service routine lowers to PASSIVE_LEVEL", 0xc4, 0x31, lower_to_passive},
    {"service routine returns with a lock", 0xc8, IRQL << 16 | IRQL << 8 | 3, return_with_lock},
    {"IoCompleteRequest in a service routine", 0xc9, BUGCHECK_ANY, complete_in_service},
    {"disconnect in a service routine", 0xa, BUGCHECK_ANY, disconnect},
    {"interrupt storm", 0xf2, BUGCHECK_ANY, storm},
    {"a shared edge claimed for ever", 0xf2, BUGCHECK_ANY, storm_of_claims},
    {"KeSynchronizeExecution above its IRQL", 0x9, IRQL + 1, synchronize_too_high},
    {"KeSynchronizeExecution under its own lock", 0xf, BUGCHECK_ANY, synchronize_twice},
    {"KeReleaseInterruptSpinLock at another IRQL", 0xc4, 0x32, release_lowered},
};

int main(void)
{
    return run_bugcheck_cases("ke interrupt stops", cases, sizeof(cases) / sizeof(cases[0]));
}
