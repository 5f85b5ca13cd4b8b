/* SPDX-License-Identifier: MIT */
/* races.c - waits, signals, spin locks and slots under many threads: no wake-up is lost, nothing is
 * given out twice. */
#define _GNU_SOURCE /* pthread_timedjoin_np */
#include "ketest.h"
#include <sched.h>
#include <stdlib.h>

#define THREADS 8
#define ROUNDS  4000

/* A semaphore's units: each release is taken exactly once. */

static struct {
    KSEMAPHORE semaphore;
    KEVENT stop;
    _Atomic ULONG taken;
} units;

static void *take_units(void *context)
{
    PVOID objects[2] = {&units.stop, &units.semaphore};

    (void)context;
    for (;;) {
        /* The semaphore second: at the end it is empty before the stop is seen. */
        NTSTATUS status =
            KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
        if (status == STATUS_WAIT_0)
            return NULL;
        atomic_fetch_add(&units.taken, 1);
    }
}

static void *give_units(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++)
        KeReleaseSemaphore(&units.semaphore, 0, 1 + i % 3, FALSE);
    return NULL;
}

static void test_semaphore_units(void **state)
{
    pthread_t takers[THREADS], givers[2];
    ULONG total = 0;

    (void)state;
    KeInitializeSemaphore(&units.semaphore, 0, MAXLONG);
    KeInitializeEvent(&units.stop, NotificationEvent, FALSE);
    units.taken = 0;
    for (int i = 0; i < THREADS; i++)
        takers[i] = start(take_units, NULL);
    for (int i = 0; i < 2; i++)
        givers[i] = start(give_units, NULL);
    for (int i = 0; i < ROUNDS; i++)
        total += 2 * (1 + (ULONG)i % 3);
    for (int i = 0; i < 2; i++)
        pthread_join(givers[i], NULL);
    for (int i = 0; i < 5000 && atomic_load(&units.taken) != total; i++)
        usleep(1000);
    assert_int_equal(units.taken, total);
    assert_int_equal(KeReadStateSemaphore(&units.semaphore), 0);
    KeSetEvent(&units.stop, 0, FALSE);
    for (int i = 0; i < THREADS; i++)
        pthread_join(takers[i], NULL);
    assert_int_equal(units.taken, total);
    assert_true(IsListEmpty(&units.semaphore.Header.WaitListHead));
    assert_true(IsListEmpty(&units.stop.Header.WaitListHead));
}

/* Two threads hand the turn to each other with events on the waiter's stack, which is gone once it
 * runs. */

static struct {
    PKEVENT _Atomic waiting;
    _Atomic ULONG set;
} on_stack;

static __attribute__((noinline)) void wait_on_stack(void)
{
    KEVENT event;

    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    atomic_store(&on_stack.waiting, &event);
    assert_int_equal(wait_for(&event), STATUS_SUCCESS);
    memset(&event, 0xcc, sizeof(event));
    __asm__ volatile("" : : "r"(&event) : "memory");
}

static void *set_on_stack(void *context)
{
    ULONG rounds = (ULONG)(ULONG_PTR)context;

    for (ULONG i = 0; i < rounds; i++) {
        PKEVENT event;
        while ((event = atomic_exchange(&on_stack.waiting, NULL)) == NULL)
            sched_yield();
        KeSetEvent(event, 0, FALSE);
    }
    return NULL;
}

static void test_event_on_stack(void **state)
{
    pthread_t setter = start(set_on_stack, (void *)(ULONG_PTR)ROUNDS);

    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        wait_on_stack();
    pthread_join(setter, NULL);
}

/* The same with an event in memory that is freed: the sanitizers see who comes late. */

static void test_event_freed(void **state)
{
    pthread_t setter = start(set_on_stack, (void *)(ULONG_PTR)ROUNDS);

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        PKEVENT event = malloc(sizeof(*event));
        KeInitializeEvent(event, i % 2 ? NotificationEvent : SynchronizationEvent, FALSE);
        atomic_store(&on_stack.waiting, event);
        assert_int_equal(wait_for(event), STATUS_SUCCESS);
        free(event);
    }
    pthread_join(setter, NULL);
}

/* Waits for any and for all over the same events, with time-outs in between: each set is taken by
 * exactly one. */

#define EVENTS 4
static struct {
    KEVENT event[EVENTS];
    KEVENT stop;
    _Atomic ULONG taken[EVENTS];
    _Atomic ULONG timeouts;
} mixed;

static void *wait_mixed(void *context)
{
    ULONG number = (ULONG)(ULONG_PTR)context;
    KWAIT_BLOCK blocks[EVENTS + 1];

    for (ULONG round = number;; round++) {
        LARGE_INTEGER limit = interval(-(LONGLONG)(50 + round % 7 * 100));
        NTSTATUS status;

        if (number % 3 == 2) {
            PVOID objects[2] = {&mixed.event[round % EVENTS], &mixed.event[(round + 1) % EVENTS]};
            status = KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE,
                                              &limit, blocks);
            if (status == STATUS_SUCCESS) {
                atomic_fetch_add(&mixed.taken[round % EVENTS], 1);
                atomic_fetch_add(&mixed.taken[(round + 1) % EVENTS], 1);
            }
        } else {
            PVOID objects[EVENTS];
            for (int i = 0; i < EVENTS; i++)
                objects[i] = &mixed.event[(round + (ULONG)i) % EVENTS];
            status = KeWaitForMultipleObjects(EVENTS, objects, WaitAny, Executive, KernelMode,
                                              FALSE, number % 3 ? &limit : NULL, blocks);
            if (status < EVENTS)
                atomic_fetch_add(&mixed.taken[(round + (ULONG)status) % EVENTS], 1);
        }
        if (status == STATUS_TIMEOUT)
            atomic_fetch_add(&mixed.timeouts, 1);
        if (KeReadStateEvent(&mixed.stop))
            return NULL;
    }
}

static void test_mixed_waits(void **state)
{
    pthread_t threads[6];
    ULONG set[EVENTS] = {0}, all;

    (void)state;
    memset(&mixed, 0, sizeof(mixed));
    for (int i = 0; i < EVENTS; i++)
        KeInitializeEvent(&mixed.event[i], SynchronizationEvent, FALSE);
    KeInitializeEvent(&mixed.stop, NotificationEvent, FALSE);
    for (int i = 0; i < 6; i++)
        threads[i] = start(wait_mixed, (void *)(ULONG_PTR)i);
    for (int i = 0; i < ROUNDS; i++) {
        int which = i * 7 % EVENTS;
        /* Was unset before: it counts. */
        if (KeSetEvent(&mixed.event[which], 0, FALSE) == 0)
            set[which]++;
        if (i % 64 == 0)
            usleep(100);
    }
    KeSetEvent(&mixed.stop, 0, FALSE);
    /* Let those out that wait without limit. */
    for (int i = 0; i < 6; i++) {
        struct timespec until;
        do {
            for (int j = 0; j < EVENTS; j++)
                if (KeSetEvent(&mixed.event[j], 0, FALSE) == 0)
                    set[j]++;
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_nsec += 1000000;
            until.tv_sec += until.tv_nsec / 1000000000;
            until.tv_nsec %= 1000000000;
        } while (pthread_timedjoin_np(threads[i], NULL, &until) != 0);
    }
    for (int i = 0; i < EVENTS; i++) {
        all = atomic_load(&mixed.taken[i]) + (ULONG)KeReadStateEvent(&mixed.event[i]);
        assert_int_equal(all, set[i]);
        assert_true(IsListEmpty(&mixed.event[i].Header.WaitListHead));
    }
}

/* A mutex keeps others out, also when its owners come through waits for all. */

static struct {
    KMUTEX mutex[2];
    ULONG counter[2]; /* under mutex */
} owned;

static void *own(void *context)
{
    PVOID both[2] = {&owned.mutex[1], &owned.mutex[0]};

    for (int i = 0; i < ROUNDS / 4; i++) {
        int which = (i + (int)(ULONG_PTR)context) % 3;

        if (which == 2) {
            KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
            owned.counter[0]++;
            owned.counter[1]++;
            KeReleaseMutex(&owned.mutex[0], FALSE);
            KeReleaseMutex(&owned.mutex[1], FALSE);
        } else {
            KeWaitForSingleObject(&owned.mutex[which], Executive, KernelMode, FALSE, NULL);
            owned.counter[which]++;
            KeReleaseMutex(&owned.mutex[which], FALSE);
        }
    }
    return NULL;
}

static void test_mutexes(void **state)
{
    pthread_t threads[THREADS];
    ULONG expected[2] = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        KeInitializeMutex(&owned.mutex[i], 0);
        owned.counter[i] = 0;
    }
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(own, (void *)(ULONG_PTR)i);
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        for (int i = 0; i < ROUNDS / 4; i++) {
            int which = (i + t) % 3;
            expected[0] += which != 1;
            expected[1] += which != 0;
        }
    }
    assert_int_equal(owned.counter[0], expected[0]);
    assert_int_equal(owned.counter[1], expected[1]);
}

/* Spin locks, with more threads than slots; and never more threads at DISPATCH_LEVEL than slots,
 * each on its own. */

static struct {
    KSPIN_LOCK lock, queued, tried;
    ULONG counter, queued_counter, tried_counter; /* under the locks */
    _Atomic ULONG inside[KI_MAXIMUM_PROCESSORS], faults;
} spun;

static void *spin(void *context)
{
    for (int i = 0; i < ROUNDS; i++) {
        KLOCK_QUEUE_HANDLE handle;
        ULONG number;
        KIRQL old;

        KeAcquireSpinLock(&spun.lock, &old);
        spun.counter++;
        KeReleaseSpinLock(&spun.lock, old);

        KeAcquireInStackQueuedSpinLock(&spun.queued, &handle);
        spun.queued_counter++;
        KeReleaseInStackQueuedSpinLock(&handle);

        old = KeRaiseIrqlToDpcLevel();
        number = KeGetCurrentProcessorNumber();
        if (atomic_fetch_add(&spun.inside[number], 1) != 0)
            atomic_fetch_add(&spun.faults, 1);
        if (KeTryToAcquireSpinLockAtDpcLevel(&spun.tried)) {
            spun.tried_counter++;
            KeReleaseSpinLockFromDpcLevel(&spun.tried);
        }
        if (i % 256 == (int)(ULONG_PTR)context)
            usleep(50); /* preempted in the midst of it */
        atomic_fetch_sub(&spun.inside[number], 1);
        KeLowerIrql(old);
    }
    return NULL;
}

static void test_spin_locks(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    memset(&spun, 0, sizeof(spun));
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(spin, (void *)(ULONG_PTR)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(spun.counter, THREADS * ROUNDS);
    assert_int_equal(spun.queued_counter, THREADS * ROUNDS);
    assert_in_range(spun.tried_counter, 1, THREADS * ROUNDS);
    assert_int_equal(spun.faults, 0);
    assert_true(KeTestSpinLock(&spun.lock));
    assert_true(KeTestSpinLock(&spun.queued));
}

/* Threads bound to one slot among threads that are not: all get their turn. */

static void *bound(void *context)
{
    ULONG number = (ULONG)(ULONG_PTR)context % KeActiveProcessors;

    if ((ULONG_PTR)context % 2)
        KeSetSystemAffinityThreadEx((KAFFINITY)1 << number);
    for (int i = 0; i < ROUNDS; i++) {
        KIRQL old = KeRaiseIrqlToDpcLevel();
        if ((ULONG_PTR)context % 2 && KeGetCurrentProcessorNumber() != number)
            atomic_fetch_add(&spun.faults, 1);
        KeLowerIrql(old);
    }
    return NULL;
}

static void test_bound_threads(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    spun.faults = 0;
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(bound, (void *)(ULONG_PTR)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(spun.faults, 0);
}

/* APCs and alerts hail on a thread that waits for something else: it gets all of them, and its
 * events. */

static struct {
    KEVENT event, ready, go_on;
    PKTHREAD thread;
    _Atomic ULONG apcs, alerts, events;
} hail;

static void NTAPI hail_apc(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    (void)normal, (void)context, (void)a, (void)b;
    free(apc);
    atomic_fetch_add(&hail.apcs, 1);
}

static void *hailed(void *context)
{
    (void)context;
    hail.thread = KeGetCurrentThread();
    KeSetEvent(&hail.ready, 0, FALSE);
    while (atomic_load(&hail.events) < ROUNDS) {
        NTSTATUS status = KeWaitForSingleObject(&hail.event, Executive, UserMode, TRUE, NULL);
        if (status == STATUS_SUCCESS) {
            atomic_fetch_add(&hail.events, 1);
            KeSetEvent(&hail.go_on, 0, FALSE);
        } else if (status == STATUS_ALERTED) {
            atomic_fetch_add(&hail.alerts, 1);
        }
    }
    return NULL;
}

static void *hail_on(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        PKAPC apc = malloc(sizeof(*apc));
        KeInitializeApc(apc, hail.thread, OriginalApcEnvironment, hail_apc, NULL, NULL, KernelMode,
                        NULL);
        assert_true(KeInsertQueueApc(apc, NULL, NULL, 0));
        if (i % 8 == 0)
            KeAlertThread(hail.thread, i % 16 ? KernelMode : UserMode);
    }
    return NULL;
}

static void test_apcs_and_alerts(void **state)
{
    pthread_t target, thrower;

    (void)state;
    memset(&hail, 0, sizeof(hail));
    KeInitializeEvent(&hail.event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&hail.go_on, SynchronizationEvent, FALSE);
    KeInitializeEvent(&hail.ready, NotificationEvent, FALSE);
    target = start(hailed, NULL);
    wait_for(&hail.ready);
    thrower = start(hail_on, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        if (i == ROUNDS - 1)
            pthread_join(thrower, NULL); /* the target must still be there */
        KeSetEvent(&hail.event, 0, FALSE);
        assert_int_equal(wait_for(&hail.go_on), STATUS_SUCCESS);
    }
    pthread_join(target, NULL);
    assert_int_equal(hail.apcs, ROUNDS);
    assert_int_equal(hail.events, ROUNDS);
    assert_in_range(hail.alerts, 1, ROUNDS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_semaphore_units), cmocka_unit_test(test_event_on_stack),
        cmocka_unit_test(test_event_freed),     cmocka_unit_test(test_mixed_waits),
        cmocka_unit_test(test_mutexes),         cmocka_unit_test(test_spin_locks),
        cmocka_unit_test(test_bound_threads),   cmocka_unit_test(test_apcs_and_alerts),
    };
    processors = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    return cmocka_run_group_tests(tests, boot, shut);
}
