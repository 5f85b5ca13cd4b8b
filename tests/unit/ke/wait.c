/* SPDX-License-Identifier: MIT */
/* wait.c - events, semaphores, mutants, waits, alerts and APCs: each status and edge, with at most
 * one other thread. */
#include "ketest.h"

static void test_event_states(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(poll_object(&event), STATUS_TIMEOUT);
    assert_int_equal(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    assert_int_equal(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 1);
    assert_int_equal(wait_for(&event), STATUS_SUCCESS);
    assert_int_equal(wait_for(&event), STATUS_SUCCESS);
    assert_int_equal(KeResetEvent(&event), 1);
    assert_int_equal(KeResetEvent(&event), 0);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeClearEvent(&event);
    assert_int_equal(KeReadStateEvent(&event), 0);

    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    assert_int_equal(wait_for(&event), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(poll_object(&event), STATUS_TIMEOUT);
    /* A pulse that nobody waits for is lost. */
    assert_int_equal(KePulseEvent(&event, 0, FALSE), 0);
    assert_int_equal(poll_object(&event), STATUS_TIMEOUT);
    KeSetEvent(&event, 0, FALSE);
    assert_int_equal(KePulseEvent(&event, 0, FALSE), 1);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static void test_poll_at_dispatch(void **state)
{
    KEVENT event;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    old = KeRaiseIrqlToDpcLevel();
    assert_int_equal(poll_object(&event), STATUS_SUCCESS);
    assert_int_equal(poll_object(&event), STATUS_TIMEOUT);
    KeLowerIrql(old);
}

static void test_timeouts(void **state)
{
    LARGE_INTEGER limit, now;
    ULONGLONG before;
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    before = KeQueryInterruptTime();
    limit = interval(MS(20));
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &limit),
                     STATUS_TIMEOUT);
    assert_true(KeQueryInterruptTime() - before >= 200000);
    /* Absolute: in the future, and long past. */
    before = KeQueryInterruptTime();
    KeQuerySystemTime(&now);
    limit = interval(now.QuadPart + 200000);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &limit),
                     STATUS_TIMEOUT);
    assert_in_range(KeQueryInterruptTime() - before, 150000, 30000000);
    limit = interval(1);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &limit),
                     STATUS_TIMEOUT);
    /* The list of waiters is empty again. */
    assert_true(IsListEmpty(&event.Header.WaitListHead));
}

static void test_delay(void **state)
{
    LARGE_INTEGER delay = interval(MS(15));
    ULONGLONG before = KeQueryInterruptTime();

    (void)state;
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &delay), STATUS_SUCCESS);
    assert_true(KeQueryInterruptTime() - before >= 150000);
    delay = interval(0);
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &delay), STATUS_SUCCESS);
}

static void test_semaphore(void **state)
{
    KSEMAPHORE semaphore;
    MMP_GUARD guard;
    NTSTATUS status;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 3);
    assert_int_equal(poll_object(&semaphore), STATUS_TIMEOUT);
    assert_int_equal(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 0);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 2);
    assert_int_equal(wait_for(&semaphore), STATUS_SUCCESS);
    assert_int_equal(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 1);
    status = MmpEnterGuard(&guard);
    if (status == 0) {
        KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
        MmpLeaveGuard(&guard);
        fail_msg("released above its limit");
    }
    assert_int_equal(status, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    /* Neither does it change, nor stay locked; a negative adjustment is refused too. */
    assert_int_equal(KeReadStateSemaphore(&semaphore), 3);
    status = MmpEnterGuard(&guard);
    if (status == 0) {
        KeReleaseSemaphore(&semaphore, 0, -1, FALSE);
        MmpLeaveGuard(&guard);
    }
    assert_int_equal(status, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    for (int i = 0; i < 3; i++)
        assert_int_equal(poll_object(&semaphore), STATUS_SUCCESS);
    assert_int_equal(poll_object(&semaphore), STATUS_TIMEOUT);
}

static void *take_object(void *object)
{
    return (void *)(LONG_PTR)poll_object(object);
}

static void *release_mutex(void *mutex)
{
    MMP_GUARD guard;
    NTSTATUS status = MmpEnterGuard(&guard);

    if (status == 0) {
        KeReleaseMutex(mutex, FALSE);
        MmpLeaveGuard(&guard);
    }
    return (void *)(LONG_PTR)status;
}

static NTSTATUS in_other_thread(void *(*routine)(void *), void *context)
{
    void *result;

    pthread_join(start(routine, context), &result);
    return (NTSTATUS)(LONG_PTR)result;
}

static void test_mutex(void **state)
{
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
    assert_int_equal(wait_for(&mutex), STATUS_SUCCESS);
    assert_true(KeAreApcsDisabled());
    assert_int_equal(wait_for(&mutex), STATUS_SUCCESS);
    assert_int_equal(KeReadStateMutex(&mutex), -1);
    assert_int_equal(in_other_thread(take_object, &mutex), STATUS_TIMEOUT);
    assert_int_equal(in_other_thread(release_mutex, &mutex), STATUS_MUTANT_NOT_OWNED);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), -1);
    assert_true(KeAreApcsDisabled());
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
    assert_false(KeAreApcsDisabled());
    assert_int_equal(KeReadStateMutex(&mutex), 1);
    assert_int_equal((NTSTATUS)(LONG_PTR)release_mutex(&mutex), STATUS_MUTANT_NOT_OWNED);
}

static void *abandon(void *mutant)
{
    return (void *)(LONG_PTR)wait_for(mutant);
}

static void test_abandoned(void **state)
{
    KMUTANT mutant;
    KEVENT event;
    PVOID objects[2] = {&event, &mutant};

    (void)state;
    KeInitializeMutant(&mutant, TRUE);
    assert_int_equal(KeReadStateMutex(&mutant), 0);
    assert_false(KeAreApcsDisabled());
    assert_int_equal(KeReleaseMutant(&mutant, 0, FALSE, FALSE), 0);
    assert_int_equal(in_other_thread(abandon, &mutant), STATUS_SUCCESS);
    assert_int_equal(wait_for(&mutant), STATUS_ABANDONED);
    /* Once. */
    assert_int_equal(wait_for(&mutant), STATUS_SUCCESS);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
    assert_int_equal(wait_for(&mutant), STATUS_SUCCESS);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    in_other_thread(abandon, &mutant);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_ABANDONED_WAIT_0 + 1);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
    in_other_thread(abandon, &mutant);
    KeSetEvent(&event, 0, FALSE);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_ABANDONED);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

/* A waiter that is asleep gets the abandoned mutant with its status. */
static void *own_until(void *context)
{
    PVOID *objects = context;

    wait_for(objects[0]);
    KeSetEvent(objects[1], 0, FALSE);
    wait_for(objects[2]);
    return NULL;
}

static void *wait_in_other(void *context)
{
    PVOID *objects = context;

    *(PKTHREAD *)objects[1] = KeGetCurrentThread();
    KeSetEvent(objects[2], 0, FALSE);
    return (void *)(LONG_PTR)wait_for(objects[0]);
}

static void test_abandoned_to_waiter(void **state)
{
    KMUTANT mutant;
    KEVENT owned, go, ready;
    PKTHREAD waiter;
    PVOID owner_objects[] = {&mutant, &owned, &go}, waiter_objects[] = {&mutant, &waiter, &ready};
    pthread_t owner_thread, waiter_thread;
    void *status;

    (void)state;
    KeInitializeMutant(&mutant, FALSE);
    KeInitializeEvent(&owned, NotificationEvent, FALSE);
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    KeInitializeEvent(&ready, NotificationEvent, FALSE);
    owner_thread = start(own_until, owner_objects);
    assert_int_equal(wait_for(&owned), STATUS_SUCCESS);
    waiter_thread = start(wait_in_other, waiter_objects);
    assert_int_equal(wait_for(&ready), STATUS_SUCCESS);
    until_waiting(waiter);
    KeSetEvent(&go, 0, FALSE);
    pthread_join(waiter_thread, &status);
    pthread_join(owner_thread, NULL);
    assert_int_equal((LONG_PTR)status, STATUS_ABANDONED);
    /* And has abandoned it in turn. */
    assert_int_equal(poll_object(&mutant), STATUS_ABANDONED);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

static void test_wait_any(void **state)
{
    static KEVENT events[MAXIMUM_WAIT_OBJECTS];
    static KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    LARGE_INTEGER limit = interval(MS(5));

    (void)state;
    for (int i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KeInitializeEvent(&events[i], SynchronizationEvent, FALSE);
        objects[MAXIMUM_WAIT_OBJECTS - 1 - i] = &events[i];
    }
    assert_int_equal(KeWaitForMultipleObjects(64, objects, WaitAny, Executive, KernelMode, FALSE,
                                              &limit, blocks),
                     STATUS_TIMEOUT);
    for (int i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KeSetEvent(objects[i], 0, FALSE);
        assert_int_equal(KeWaitForMultipleObjects(64, objects, WaitAny, Executive, KernelMode,
                                                  FALSE, NULL, blocks),
                         STATUS_WAIT_0 + i);
        assert_true(IsListEmpty(&events[i].Header.WaitListHead));
    }
    /* Of several the first; the others stay signalled. */
    KeSetEvent(objects[9], 0, FALSE);
    KeSetEvent(objects[3], 0, FALSE);
    assert_int_equal(
        KeWaitForMultipleObjects(64, objects, WaitAny, Executive, KernelMode, FALSE, NULL, blocks),
        STATUS_WAIT_3);
    assert_int_equal(poll_object(objects[9]), STATUS_SUCCESS);
    /* The same object twice. */
    objects[1] = objects[0];
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, &limit, NULL),
        STATUS_TIMEOUT);
    KeSetEvent(objects[0], 0, FALSE);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_WAIT_0);
}

static void test_wait_all(void **state)
{
    KEVENT event, other;
    KSEMAPHORE semaphore;
    PVOID objects[3] = {&semaphore, &other, &event};
    LARGE_INTEGER limit = interval(MS(5)), zero = interval(0);

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    KeInitializeEvent(&other, NotificationEvent, FALSE);
    KeInitializeSemaphore(&semaphore, 2, 2);
    /* All or nothing. */
    assert_int_equal(
        KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, &limit, NULL),
        STATUS_TIMEOUT);
    assert_int_equal(KeReadStateEvent(&event), 1);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 2);
    KeSetEvent(&other, 0, FALSE);
    assert_int_equal(
        KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(KeReadStateEvent(&other), 1);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1);
    assert_int_equal(
        KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, &zero, NULL),
        STATUS_TIMEOUT);
}

struct all_waiter {
    PVOID objects[3];
    PKTHREAD thread;
    KEVENT ready;
    NTSTATUS status;
};

static void *wait_all_thread(void *context)
{
    struct all_waiter *waiter = context;

    waiter->thread = KeGetCurrentThread();
    KeSetEvent(&waiter->ready, 0, FALSE);
    waiter->status = KeWaitForMultipleObjects(3, waiter->objects, WaitAll, Executive, KernelMode,
                                              FALSE, NULL, NULL);
    return NULL;
}

static void test_wait_all_wakes(void **state)
{
    KEVENT events[3];
    struct all_waiter waiter;
    pthread_t thread;

    (void)state;
    KeInitializeEvent(&waiter.ready, NotificationEvent, FALSE);
    for (int i = 0; i < 3; i++) {
        KeInitializeEvent(&events[i], SynchronizationEvent, FALSE);
        waiter.objects[i] = &events[i];
    }
    thread = start(wait_all_thread, &waiter);
    wait_for(&waiter.ready);
    for (int i = 0; i < 3; i++) {
        until_waiting(waiter.thread);
        /* Not taken while the others are missing. */
        KeSetEvent(&events[2 - i], 0, FALSE);
        if (i < 2) {
            usleep(2000);
            assert_int_equal(KeReadStateEvent(&events[2 - i]), 1);
        }
    }
    pthread_join(thread, NULL);
    assert_int_equal(waiter.status, STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(KeReadStateEvent(&events[i]), 0);
}

/* Waiters of a synchronization event come one by one, first come first served; all of a
 * notification event's at once. */
struct order {
    KEVENT event, ready;
    KEVENT done[3];
    PKTHREAD thread[3];
    _Atomic int next;
    int number;
};

static void *wait_in_order(void *context)
{
    struct order *order = context;
    int number = order->number;

    order->thread[number] = KeGetCurrentThread();
    KeSetEvent(&order->ready, 0, FALSE);
    wait_for(&order->event);
    KeSetEvent(&order->done[number], 0, FALSE);
    return NULL;
}

static void three_waiters(struct order *order, pthread_t *thread, EVENT_TYPE type)
{
    KeInitializeEvent(&order->event, type, FALSE);
    KeInitializeEvent(&order->ready, SynchronizationEvent, FALSE);
    for (int i = 0; i < 3; i++) {
        KeInitializeEvent(&order->done[i], NotificationEvent, FALSE);
        order->number = i;
        thread[i] = start(wait_in_order, order);
        wait_for(&order->ready);
        until_waiting(order->thread[i]);
    }
}

static void test_order(void **state)
{
    pthread_t thread[3];
    struct order order;

    (void)state;
    three_waiters(&order, thread, SynchronizationEvent);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(KeSetEvent(&order.event, 0, FALSE), 0);
        assert_int_equal(wait_for(&order.done[i]), STATUS_SUCCESS);
        for (int j = i + 1; j < 3; j++)
            assert_int_equal(KeReadStateEvent(&order.done[j]), 0);
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(KeReadStateEvent(&order.event), 0);
    three_waiters(&order, thread, NotificationEvent);
    assert_int_equal(KePulseEvent(&order.event, 0, FALSE), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(KeReadStateEvent(&order.event), 0);
}

/* Alerts. */

static void test_alerts(void **state)
{
    KEVENT event;
    PKTHREAD self = KeGetCurrentThread();
    LARGE_INTEGER limit = interval(MS(1));

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_false(KeTestAlertThread(KernelMode));
    assert_false(KeAlertThread(self, KernelMode));
    assert_true(KeAlertThread(self, KernelMode));
    /* Not in a wait that isn't alertable, nor in one that is satisfied. */
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &limit),
                     STATUS_TIMEOUT);
    KeSetEvent(&event, 0, FALSE);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, NULL),
                     STATUS_SUCCESS);
    KeClearEvent(&event);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, NULL),
                     STATUS_ALERTED);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, &limit),
                     STATUS_TIMEOUT);
    /* A user mode alert ends user mode waits only; a kernel mode one ends both. */
    KeAlertThread(self, UserMode);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, &limit),
                     STATUS_TIMEOUT);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, UserMode, TRUE, NULL),
                     STATUS_ALERTED);
    KeAlertThread(self, KernelMode);
    assert_int_equal(KeDelayExecutionThread(UserMode, TRUE, &limit), STATUS_ALERTED);
    KeAlertThread(self, KernelMode);
    assert_true(KeTestAlertThread(KernelMode));
    assert_false(KeTestAlertThread(KernelMode));
}

struct sleeper {
    KEVENT event, ready;
    PKTHREAD thread;
    KPROCESSOR_MODE mode;
    BOOLEAN alertable;
    NTSTATUS status;
    _Atomic int apcs;
};

static void *sleep_alertably(void *context)
{
    struct sleeper *sleeper = context;
    LARGE_INTEGER limit = interval(MS(5000));

    sleeper->thread = KeGetCurrentThread();
    KeSetEvent(&sleeper->ready, 0, FALSE);
    sleeper->status = KeWaitForSingleObject(&sleeper->event, Executive, sleeper->mode,
                                            sleeper->alertable, &limit);
    return NULL;
}

static pthread_t start_sleeper(struct sleeper *sleeper, KPROCESSOR_MODE mode, BOOLEAN alertable)
{
    pthread_t thread;

    memset(sleeper, 0, sizeof(*sleeper));
    KeInitializeEvent(&sleeper->event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&sleeper->ready, NotificationEvent, FALSE);
    sleeper->mode = mode;
    sleeper->alertable = alertable;
    thread = start(sleep_alertably, sleeper);
    wait_for(&sleeper->ready);
    until_waiting(sleeper->thread);
    return thread;
}

static void test_alert_of_sleeper(void **state)
{
    struct sleeper sleeper;
    pthread_t thread = start_sleeper(&sleeper, KernelMode, TRUE);

    (void)state;
    KiAlertThread(sleeper.thread, STATUS_ALERTED);
    pthread_join(thread, NULL);
    assert_int_equal(sleeper.status, STATUS_ALERTED);
    assert_true(IsListEmpty(&sleeper.event.Header.WaitListHead));
}

/* APCs. */

static struct sleeper *apc_target;
static KIRQL kernel_irql, normal_irql;
static int kernel_runs, normal_runs, rundown_runs, free_runs;

static void NTAPI apc_kernel(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a,
                             PVOID *b)
{
    (void)normal, (void)context, (void)a;
    kernel_irql = KeGetCurrentIrql();
    kernel_runs++;
    assert_false(apc->Inserted);
    *b = (PVOID)((ULONG_PTR)*b + 1); /* may change what the normal routine gets */
}

static void NTAPI apc_normal(PVOID context, PVOID a, PVOID b)
{
    normal_irql = KeGetCurrentIrql();
    normal_runs++;
    assert_ptr_equal(context, &normal_runs);
    assert_int_equal((ULONG_PTR)a, 1);
    assert_int_equal((ULONG_PTR)b, 3);
    if (apc_target != NULL) {
        KEVENT event;
        LARGE_INTEGER little = interval(MS(1));

        assert_ptr_equal(KeGetCurrentThread(), apc_target->thread);
        apc_target->apcs++;
        /* A wait inside an APC leaves the outer one whole. */
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &little),
                         STATUS_TIMEOUT);
    }
}

static void NTAPI apc_rundown(PKAPC apc)
{
    (void)apc;
    rundown_runs++;
}

static void reset_apcs(struct sleeper *target)
{
    kernel_runs = normal_runs = rundown_runs = free_runs = 0;
    apc_target = target;
}

static BOOLEAN queue_apc(PKAPC apc, PKTHREAD thread, KPROCESSOR_MODE mode, BOOLEAN special)
{
    KeInitializeApc(apc, thread, OriginalApcEnvironment, apc_kernel, apc_rundown,
                    special ? NULL : apc_normal, mode, &normal_runs);
    return KeInsertQueueApc(apc, (PVOID)1, (PVOID)2, 0);
}

static void test_kernel_apc_of_self(void **state)
{
    PKTHREAD self = KeGetCurrentThread();
    KAPC apc, special;
    KIRQL old;

    (void)state;
    reset_apcs(NULL);
    assert_true(queue_apc(&apc, self, KernelMode, FALSE));
    assert_int_equal(kernel_runs, 1);
    assert_int_equal(normal_runs, 1);
    assert_int_equal(kernel_irql, APC_LEVEL);
    assert_int_equal(normal_irql, PASSIVE_LEVEL);
    /* A critical region keeps normal ones off, special ones not. */
    KeEnterCriticalRegion();
    assert_true(queue_apc(&apc, self, KernelMode, FALSE));
    assert_false(KeInsertQueueApc(&apc, NULL, NULL, 0));
    assert_int_equal(kernel_runs, 1);
    assert_true(queue_apc(&special, self, KernelMode, TRUE));
    assert_int_equal(kernel_runs, 2);
    KeLeaveCriticalRegion();
    assert_int_equal(kernel_runs, 3);
    assert_int_equal(normal_runs, 2);
    /* A guarded region keeps off all. */
    KeEnterGuardedRegion();
    queue_apc(&special, self, KernelMode, TRUE);
    assert_int_equal(kernel_runs, 3);
    assert_true(KeRemoveQueueApc(&special));
    assert_false(KeRemoveQueueApc(&special));
    queue_apc(&special, self, KernelMode, TRUE);
    KeLeaveGuardedRegion();
    assert_int_equal(kernel_runs, 4);
    /* So does APC_LEVEL, and the fall of the IRQL delivers. */
    KeRaiseIrql(APC_LEVEL, &old);
    queue_apc(&apc, self, KernelMode, FALSE);
    queue_apc(&special, self, KernelMode, TRUE);
    KeRaiseIrqlToDpcLevel();
    KeLowerIrql(APC_LEVEL);
    assert_int_equal(kernel_runs, 4);
    KeLowerIrql(old);
    assert_int_equal(kernel_runs, 6);
    assert_int_equal(normal_runs, 3);
    /* And a mutex that is held. */
    {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        wait_for(&mutex);
        queue_apc(&apc, self, KernelMode, FALSE);
        assert_int_equal(kernel_runs, 6);
        KeReleaseMutex(&mutex, FALSE);
        assert_int_equal(kernel_runs, 7);
    }
}

static void test_kernel_apc_in_wait(void **state)
{
    struct sleeper sleeper;
    pthread_t thread;
    KAPC apc;

    (void)state;
    thread = start_sleeper(&sleeper, KernelMode, FALSE);
    reset_apcs(&sleeper);
    assert_true(queue_apc(&apc, sleeper.thread, KernelMode, FALSE));
    /* It runs, and the wait goes on. */
    for (int i = 0; i < 5000 && sleeper.apcs == 0; i++)
        usleep(1000);
    until_waiting(sleeper.thread);
    KeSetEvent(&sleeper.event, 0, FALSE);
    pthread_join(thread, NULL);
    assert_int_equal(sleeper.status, STATUS_SUCCESS);
    assert_int_equal(sleeper.apcs, 1);
}

static void test_user_apc(void **state)
{
    struct sleeper sleeper;
    LARGE_INTEGER limit = interval(MS(1));
    pthread_t thread;
    KEVENT event;
    KAPC apc, second;

    (void)state;
    reset_apcs(NULL);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    /* Of this thread: only an alertable user mode wait runs it. */
    assert_true(queue_apc(&apc, KeGetCurrentThread(), UserMode, FALSE));
    assert_true(queue_apc(&second, KeGetCurrentThread(), UserMode, FALSE));
    assert_int_equal(normal_runs, 0);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, UserMode, FALSE, &limit),
                     STATUS_TIMEOUT);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, &limit),
                     STATUS_TIMEOUT);
    assert_int_equal(normal_runs, 0);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, UserMode, TRUE, &limit),
                     STATUS_USER_APC);
    assert_int_equal(normal_runs, 2);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, UserMode, TRUE, &limit),
                     STATUS_TIMEOUT);
    queue_apc(&apc, KeGetCurrentThread(), UserMode, FALSE);
    assert_true(KiDeliverUserApcs());
    assert_false(KiDeliverUserApcs());
    assert_int_equal(normal_runs, 3);
    /* Of one that is asleep. */
    thread = start_sleeper(&sleeper, UserMode, TRUE);
    reset_apcs(&sleeper);
    assert_true(queue_apc(&apc, sleeper.thread, UserMode, FALSE));
    pthread_join(thread, NULL);
    assert_int_equal(sleeper.status, STATUS_USER_APC);
    assert_int_equal(sleeper.apcs, 1);
    /* One that is asleep but not alertable ends with it: then it is run down. */
    thread = start_sleeper(&sleeper, UserMode, FALSE);
    reset_apcs(&sleeper);
    assert_true(queue_apc(&apc, sleeper.thread, UserMode, FALSE));
    KeSetEvent(&sleeper.event, 0, FALSE);
    pthread_join(thread, NULL);
    assert_int_equal(sleeper.status, STATUS_SUCCESS);
    assert_int_equal(normal_runs, 0);
    assert_int_equal(rundown_runs, 1);
    /* Without a rundown routine its kernel routine is what it is told by. */
    thread = start_sleeper(&sleeper, UserMode, FALSE);
    reset_apcs(&sleeper);
    KeInitializeApc(&apc, sleeper.thread, OriginalApcEnvironment, apc_kernel, NULL, apc_normal,
                    UserMode, &normal_runs);
    assert_true(KeInsertQueueApc(&apc, (PVOID)1, (PVOID)2, 0));
    KeSetEvent(&sleeper.event, 0, FALSE);
    pthread_join(thread, NULL);
    assert_int_equal(kernel_runs, 1);
    assert_int_equal(normal_runs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_states),
        cmocka_unit_test(test_poll_at_dispatch),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_semaphore),
        cmocka_unit_test(test_mutex),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_abandoned_to_waiter),
        cmocka_unit_test(test_wait_any),
        cmocka_unit_test(test_wait_all),
        cmocka_unit_test(test_wait_all_wakes),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_alert_of_sleeper),
        cmocka_unit_test(test_kernel_apc_of_self),
        cmocka_unit_test(test_kernel_apc_in_wait),
        cmocka_unit_test(test_user_apc),
    };
    return cmocka_run_group_tests(tests, boot, shut);
}
