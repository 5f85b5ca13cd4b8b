/* SPDX-License-Identifier: MIT */
/* stops.c - what stops the host: IRQL, spin locks, waits, regions, exits. */
#include "ntio/ps/ps.h"
#include "tests/support/bugcheck.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void raise_below(void *context)
{
    KIRQL old;
    (void)context;
    KeRaiseIrqlToDpcLevel();
    KeRaiseIrql(APC_LEVEL, &old);
}

static void raise_beyond(void *context)
{
    (void)context;
    KfRaiseIrql(HIGH_LEVEL + 1);
}

static void lower_above(void *context)
{
    (void)context;
    KeLowerIrql(DISPATCH_LEVEL);
}

static void lower_with_lock(void *context)
{
    KSPIN_LOCK lock = 0;
    (void)context;
    KeAcquireSpinLockRaiseToDpc(&lock);
    KeLowerIrql(PASSIVE_LEVEL);
}

static void NTAPI lowering_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeLowerIrql(PASSIVE_LEVEL);
}

static void NTAPI raising_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KfRaiseIrql(HIGH_LEVEL);
}

static void run_dpc(PKDEFERRED_ROUTINE routine)
{
    static KDPC dpc;
    KeInitializeDpc(&dpc, routine, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static void lower_in_dpc(void *context)
{
    (void)context;
    run_dpc(lowering_dpc);
}

static void return_raised_from_dpc(void *context)
{
    (void)context;
    run_dpc(raising_dpc);
}

static KSPIN_LOCK the_lock;

static void acquire_twice(void *context)
{
    (void)context;
    KeAcquireSpinLockRaiseToDpc(&the_lock);
    KeAcquireSpinLockAtDpcLevel(&the_lock);
}

static void acquire_queued_twice(void *context)
{
    KLOCK_QUEUE_HANDLE a, b;
    (void)context;
    KeAcquireInStackQueuedSpinLock(&the_lock, &a);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&the_lock, &b);
}

static void release_unowned(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLock(&the_lock, PASSIVE_LEVEL);
}

static void release_queued_twice(void *context)
{
    KLOCK_QUEUE_HANDLE handle;
    (void)context;
    KeRaiseIrqlToDpcLevel();
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&the_lock, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
}

static void acquire_garbage(void *context)
{
    KSPIN_LOCK lock = 0xcccccccccccccccc;
    (void)context;
    KeAcquireSpinLockRaiseToDpc(&lock);
}

static void release_at_passive(void *context)
{
    (void)context;
    KeReleaseSpinLock(&the_lock, PASSIVE_LEVEL);
}

static void acquire_at_passive(void *context)
{
    (void)context;
    KeAcquireSpinLockAtDpcLevel(&the_lock);
}

static void release_dpc_at_passive(void *context)
{
    (void)context;
    KeReleaseSpinLockFromDpcLevel(&the_lock);
}

static void acquire_at_high(void *context)
{
    (void)context;
    KfRaiseIrql(HIGH_LEVEL);
    KeAcquireSpinLockRaiseToDpc(&the_lock);
}

static void wait_at_dispatch(void *context)
{
    KEVENT event;
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeRaiseIrqlToDpcLevel();
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static void wait_at_high(void *context)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    KEVENT event;
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KfRaiseIrql(HIGH_LEVEL);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero);
}

static void delay_at_dispatch(void *context)
{
    LARGE_INTEGER little = {.QuadPart = -10};
    (void)context;
    KeRaiseIrqlToDpcLevel();
    KeDelayExecutionThread(KernelMode, FALSE, &little);
}

static void set_event_at_high(void *context)
{
    KEVENT event;
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KfRaiseIrql(HIGH_LEVEL);
    KeSetEvent(&event, 0, FALSE);
}

static void set_event_and_wait_at_dispatch(void *context)
{
    KEVENT event;
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrqlToDpcLevel();
    KeSetEvent(&event, 0, TRUE);
}

static void wait_for_too_many(void *context)
{
    KEVENT event[4];
    PVOID objects[4];
    (void)context;
    for (int i = 0; i < 4; i++) {
        KeInitializeEvent(&event[i], NotificationEvent, TRUE);
        objects[i] = &event[i];
    }
    KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

static void wait_for_65(void *context)
{
    static KWAIT_BLOCK blocks[65];
    static PVOID objects[65];
    (void)context;
    KeWaitForMultipleObjects(65, objects, WaitAny, Executive, KernelMode, FALSE, NULL, blocks);
}

static void leave_region(void *context)
{
    (void)context;
    KeLeaveCriticalRegion();
}

static void leave_guarded_region(void *context)
{
    (void)context;
    KeLeaveGuardedRegion();
}

static void release_semaphore_over(void *context)
{
    KSEMAPHORE semaphore;
    (void)context;
    KeInitializeSemaphore(&semaphore, 1, 1);
    KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
}

static void unready_timer(void *context)
{
    static KTIMER timer;
    LARGE_INTEGER due = {.QuadPart = -10};
    (void)context;
    KeSetTimer(&timer, due, NULL);
}

static void queue_not_busy(void *context)
{
    static KDEVICE_QUEUE queue;
    (void)context;
    KeInitializeDeviceQueue(&queue);
    KeRemoveDeviceQueue(&queue);
}

static void *die_with_mutex(void *context)
{
    KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
    return NULL;
}

static void end_with_mutex(void *context)
{
    static KMUTEX mutex;
    pthread_t thread;
    (void)context;
    KeInitializeMutex(&mutex, 0);
    pthread_create(&thread, NULL, die_with_mutex, &mutex);
    pthread_join(thread, NULL);
}

static void *die_in_region(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    return NULL;
}

static void end_in_region(void *context)
{
    pthread_t thread;
    (void)context;
    pthread_create(&thread, NULL, die_in_region, NULL);
    pthread_join(thread, NULL);
}

static void detach_too_often(void *context)
{
    KAPC_STATE apc_state;
    (void)context;
    memset(&apc_state, 0, sizeof(apc_state));
    KeUnstackDetachProcess(&apc_state);
}

static void target_nowhere(void *context)
{
    KDPC dpc;
    (void)context;
    KeInitializeDpc(&dpc, lowering_dpc, NULL);
    KeSetTargetProcessorDpc(&dpc, 63);
}

static const struct bugcheck_case cases[] = {
    {"raise below the current IRQL", 0x9, DISPATCH_LEVEL, raise_below},
    {"raise above HIGH_LEVEL", 0x9, PASSIVE_LEVEL, raise_beyond},
    {"lower above the current IRQL", 0xa, DISPATCH_LEVEL, lower_above},
    {"lower with a spin lock held", 0xc4, 0x31, lower_with_lock},
    {"lower in a DPC", 0xc4, 0x31, lower_in_dpc},
    {"DPC returns at another IRQL", 0xc8, HIGH_LEVEL << 16 | DISPATCH_LEVEL << 8 | 4,
     return_raised_from_dpc},
    {"spin lock taken twice", 0xf, BUGCHECK_ANY, acquire_twice},
    {"queued spin lock taken twice", 0xf, BUGCHECK_ANY, acquire_queued_twice},
    {"spin lock not owned", 0x10, BUGCHECK_ANY, release_unowned},
    {"queued spin lock released twice", 0x10, BUGCHECK_ANY, release_queued_twice},
    {"spin lock never initialised", 0x81, BUGCHECK_ANY, acquire_garbage},
    {"release at PASSIVE_LEVEL", 0xc4, 0x32, release_at_passive},
    {"AtDpcLevel at PASSIVE_LEVEL", 0xc4, 0x40, acquire_at_passive},
    {"FromDpcLevel at PASSIVE_LEVEL", 0xc4, 0x41, release_dpc_at_passive},
    {"acquire at HIGH_LEVEL", 0xc4, 0x42, acquire_at_high},
    {"wait at DISPATCH_LEVEL", 0xc4, 0x3b, wait_at_dispatch},
    {"zero wait above DISPATCH_LEVEL", 0xc4, 0x3b, wait_at_high},
    {"delay at DISPATCH_LEVEL", 0xa, BUGCHECK_ANY, delay_at_dispatch},
    {"KeSetEvent above DISPATCH_LEVEL", 0xc4, 0x80, set_event_at_high},
    {"KeSetEvent with Wait at DISPATCH_LEVEL", 0xc4, 0x80, set_event_and_wait_at_dispatch},
    {"four objects without blocks", 0xc, 0, wait_for_too_many},
    {"65 objects", 0xc, 0, wait_for_65},
    {"leave a critical region outside", 0xc4, 0x3e, leave_region},
    {"leave a guarded region outside", 0xc4, 0x3e, leave_guarded_region},
    {"semaphore above its limit, unhandled", 0x1e, 0xffffffffc0000047ULL, release_semaphore_over},
    {"timer never initialised", 0xc7, 0, unready_timer},
    {"device queue not busy", 0x2, BUGCHECK_ANY, queue_not_busy},
    {"thread ends with a mutex", 0x4000008a, BUGCHECK_ANY, end_with_mutex},
    {"thread ends in a critical region", 0x20, 0, end_in_region},
    {"detached from no process", 0x6, BUGCHECK_ANY, detach_too_often},
    {"DPC for a processor that is not there", 0x3, 63, target_nowhere},
};

int main(void)
{
    return run_bugcheck_cases("ke stops", cases, sizeof(cases) / sizeof(cases[0]));
}
