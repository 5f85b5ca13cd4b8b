/* SPDX-License-Identifier: MIT */
/* timer.c - timers and DPCs, alone and under many threads. */
#include "ketest.h"
#include <stdlib.h>

static _Atomic ULONG runs, in_dpc_faults;
static PVOID _Atomic last_context, last_argument1, last_argument2;
static KEVENT ran;

static void NTAPI count_run(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    last_context = context;
    last_argument1 = argument1;
    last_argument2 = argument2;
    if (KeGetCurrentIrql() != DISPATCH_LEVEL)
        atomic_fetch_add(&in_dpc_faults, 1);
    atomic_fetch_add(&runs, 1);
    KeSetEvent(&ran, 0, FALSE);
}

static int prepare(void **state)
{
    (void)state;
    runs = in_dpc_faults = 0;
    KeInitializeEvent(&ran, SynchronizationEvent, FALSE);
    return 0;
}

static int check(void **state)
{
    (void)state;
    return in_dpc_faults != 0;
}

static void test_dpc(void **state)
{
    KDPC dpc;
    int context;

    (void)state;
    KeInitializeDpc(&dpc, count_run, &context);
    assert_false(KeRemoveQueueDpc(&dpc));
    assert_true(KeInsertQueueDpc(&dpc, &runs, &ran));
    assert_int_equal(wait_for(&ran), STATUS_SUCCESS);
    assert_int_equal(runs, 1);
    assert_ptr_equal(last_context, &context);
    assert_ptr_equal(last_argument1, &runs);
    assert_ptr_equal(last_argument2, &ran);
    assert_false(KeRemoveQueueDpc(&dpc));
    KeFlushQueuedDpcs();
}

/* This processor's DPCs wait until the IRQL falls; until then they can be taken back. */
static void test_dpc_behind_irql(void **state)
{
    KDPC dpc, high, low;
    KIRQL old;

    (void)state;
    KeInitializeDpc(&dpc, count_run, (PVOID)1);
    KeInitializeDpc(&low, count_run, (PVOID)2);
    KeInitializeDpc(&high, count_run, (PVOID)3);
    KeSetImportanceDpc(&high, HighImportance);
    KeSetImportanceDpc(&low, LowImportance);
    old = KeRaiseIrqlToDpcLevel();
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    /* Queued: the new arguments are dropped. */
    assert_false(KeInsertQueueDpc(&dpc, &runs, NULL));
    usleep(20000);
    assert_int_equal(runs, 0);
    assert_true(KeRemoveQueueDpc(&dpc));
    assert_false(KeRemoveQueueDpc(&dpc));
    assert_true(KeInsertQueueDpc(&low, NULL, NULL));
    assert_true(KeInsertQueueDpc(&high, NULL, NULL));
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    assert_int_equal(runs, 3);
    /* High importance went to the front. */
    assert_ptr_equal(last_context, (PVOID)1);
}

static _Atomic ULONG run_on[KI_MAXIMUM_PROCESSORS];

static void NTAPI note_processor(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    atomic_fetch_add(&run_on[KeGetCurrentProcessorNumber()], 1);
}

static void test_dpc_target(void **state)
{
    static KDPC dpcs[KI_MAXIMUM_PROCESSORS];

    (void)state;
    for (ULONG i = 0; i < KeActiveProcessors; i++) {
        run_on[i] = 0;
        KeInitializeThreadedDpc(&dpcs[i], note_processor, NULL);
        KeSetTargetProcessorDpc(&dpcs[i], (CCHAR)i);
    }
    for (ULONG i = 0; i < KeActiveProcessors; i++)
        assert_true(KeInsertQueueDpc(&dpcs[i], NULL, NULL));
    KeFlushQueuedDpcs();
    for (ULONG i = 0; i < KeActiveProcessors; i++)
        assert_int_equal(run_on[i], 1);
}

static void NTAPI free_itself(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)a, (void)b;
    free(dpc);
    atomic_fetch_add((_Atomic ULONG *)context, 1);
}

/* Inserted from many threads, each frees itself; a flush waits for all. */
static void *insert_many(void *context)
{
    for (int i = 0; i < 500; i++) {
        PKDPC dpc = malloc(sizeof(*dpc));
        KeInitializeDpc(dpc, free_itself, context);
        if (i % 5 == 0)
            KeSetImportanceDpc(dpc, HighImportance);
        if (i % 3 == 0)
            KeSetTargetProcessorDpc(dpc, (CCHAR)((ULONG)i % KeActiveProcessors));
        KeInsertQueueDpc(dpc, NULL, NULL);
        if (i % 50 == 0)
            KeFlushQueuedDpcs();
    }
    return NULL;
}

static void test_dpcs_from_many(void **state)
{
    static _Atomic ULONG count;
    pthread_t threads[6];

    (void)state;
    count = 0;
    for (int i = 0; i < 6; i++)
        threads[i] = start(insert_many, &count);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(count, 6 * 500);
}

/* Inserts and removals of the same DPCs: each insertion that succeeded either ran or was removed.
 */
static struct {
    KDPC dpc[4];
    _Atomic ULONG inserted, removed, ran;
} contest;

static void NTAPI contest_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    atomic_fetch_add(&contest.ran, 1);
}

static void *contest_insert(void *context)
{
    (void)context;
    for (int i = 0; i < 3000; i++)
        if (KeInsertQueueDpc(&contest.dpc[i % 4], NULL, NULL))
            atomic_fetch_add(&contest.inserted, 1);
    return NULL;
}

static void *contest_remove(void *context)
{
    (void)context;
    for (int i = 0; i < 3000; i++)
        if (KeRemoveQueueDpc(&contest.dpc[(i + 1) % 4]))
            atomic_fetch_add(&contest.removed, 1);
    return NULL;
}

static void test_insert_against_remove(void **state)
{
    pthread_t threads[4];

    (void)state;
    memset(&contest, 0, sizeof(contest));
    for (int i = 0; i < 4; i++)
        KeInitializeDpc(&contest.dpc[i], contest_dpc, NULL);
    for (int i = 0; i < 4; i++)
        threads[i] = start(i % 2 ? contest_remove : contest_insert, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(contest.ran + contest.removed, contest.inserted);
    for (int i = 0; i < 4; i++)
        assert_false(KeRemoveQueueDpc(&contest.dpc[i]));
}

/* Timers. */

static void test_timer(void **state)
{
    KTIMER timer;
    ULONGLONG before;

    (void)state;
    KeInitializeTimer(&timer);
    assert_false(KeReadStateTimer(&timer));
    assert_false(KeCancelTimer(&timer));
    before = KeQueryInterruptTime();
    assert_false(KeSetTimer(&timer, interval(MS(20)), NULL));
    assert_int_equal(poll_object(&timer), STATUS_TIMEOUT);
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_true(KeQueryInterruptTime() - before >= 200000);
    /* A notification timer stays signalled, until it is set again. */
    assert_true(KeReadStateTimer(&timer));
    assert_int_equal(poll_object(&timer), STATUS_SUCCESS);
    assert_false(KeCancelTimer(&timer));
    assert_true(KeReadStateTimer(&timer));
    assert_false(KeSetTimer(&timer, interval(MS(60000)), NULL));
    assert_false(KeReadStateTimer(&timer));
    assert_true(KeSetTimer(&timer, interval(MS(50000)), NULL));
    assert_true(KeCancelTimer(&timer));
    assert_false(KeCancelTimer(&timer));
    assert_false(KeReadStateTimer(&timer));
    /* Due at once: signalled when the call returns. */
    assert_false(KeSetTimer(&timer, interval(0), NULL));
    assert_true(KeReadStateTimer(&timer));
    assert_false(KeSetTimer(&timer, interval(1), NULL)); /* 1601 */
    assert_true(KeReadStateTimer(&timer));
}

static void test_synchronization_timer(void **state)
{
    LARGE_INTEGER now;
    KTIMER timer;

    (void)state;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeQuerySystemTime(&now);
    KeSetTimer(&timer, interval(now.QuadPart + 150000), NULL);
    assert_int_equal(poll_object(&timer), STATUS_TIMEOUT);
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_false(KeReadStateTimer(&timer));
    assert_int_equal(poll_object(&timer), STATUS_TIMEOUT);
}

static void test_timer_dpc(void **state)
{
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_run, &timer);
    KeSetTimer(&timer, interval(MS(5)), &dpc);
    assert_int_equal(wait_for(&ran), STATUS_SUCCESS);
    assert_ptr_equal(last_context, &timer);
    assert_true(KeReadStateTimer(&timer));
    KeSetTimer(&timer, interval(0), &dpc);
    assert_int_equal(wait_for(&ran), STATUS_SUCCESS);
    /* Cancelled in time, it does not run. */
    KeSetTimer(&timer, interval(MS(30)), &dpc);
    assert_true(KeCancelTimer(&timer));
    usleep(50000);
    KeFlushQueuedDpcs();
    assert_int_equal(runs, 2);
}

static void test_periodic(void **state)
{
    ULONGLONG before;
    KTIMER timer;
    KDPC dpc;
    ULONG seen;

    (void)state;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, count_run, NULL);
    before = KeQueryInterruptTime();
    assert_false(KeSetTimerEx(&timer, interval(MS(3)), 5, &dpc));
    for (int i = 0; i < 6; i++)
        assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_true(KeQueryInterruptTime() - before >= 30000 + 5 * 50000);
    assert_true(KeCancelTimer(&timer));
    KeFlushQueuedDpcs();
    seen = runs;
    assert_in_range(seen, 1, 100);
    usleep(20000);
    assert_int_equal(runs, seen);
    /* The first expiration may be due at once. */
    assert_false(KeSetTimerEx(&timer, interval(0), 1000, NULL));
    assert_int_equal(poll_object(&timer), STATUS_SUCCESS);
    assert_true(KeCancelTimer(&timer));
}

/* Many at once come in the order of their due times. */
static _Atomic ULONG order_errors, order_last;
static void NTAPI note_order(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    ULONG number = (ULONG)(ULONG_PTR)context;
    (void)dpc, (void)a, (void)b;
    if (number < order_last)
        atomic_fetch_add(&order_errors, 1);
    order_last = number;
    atomic_fetch_add(&runs, 1);
    KeSetEvent(&ran, 0, FALSE);
}

static void test_many_timers(void **state)
{
    enum { N = 300 };
    static KTIMER timers[N];
    static KDPC dpcs[N];
    LARGE_INTEGER now;

    (void)state;
    order_errors = order_last = 0;
    KeQuerySystemTime(&now);
    for (ULONG i = 0; i < N; i++) {
        ULONG number = i * 7 % N;
        KeInitializeTimer(&timers[number]);
        KeInitializeDpc(&dpcs[number], note_order, (PVOID)(ULONG_PTR)number);
        KeSetTargetProcessorDpc(&dpcs[number], 0);
        KeSetTimer(&timers[number], interval(MS(10) - (LONGLONG)number * 1000), &dpcs[number]);
    }
    /* Some are taken out of the middle and put back. */
    for (ULONG i = 0; i < N; i += 3)
        assert_true(KeCancelTimer(&timers[i]) || KeReadStateTimer(&timers[i]));
    for (ULONG i = 0; i < N; i += 3)
        KeSetTimer(&timers[i], interval(MS(60000)), NULL);
    for (ULONG i = 0; i < N; i++)
        if (i % 3 != 0)
            assert_int_equal(wait_for(&timers[i]), STATUS_SUCCESS);
    KeFlushQueuedDpcs();
    for (ULONG i = 0; i < N; i += 3)
        assert_true(KeCancelTimer(&timers[i]));
    assert_in_range(runs, N - N / 3, N);
}

static void count_timer(const char *kind, PVOID object, PVOID detail, PVOID context)
{
    (void)object;
    if (strcmp(kind, "timer") == 0 && detail == (PVOID)(ULONG_PTR)count_run)
        ++*(ULONG *)context;
}

static VOID count_left(const char *kind, const char *sentence, PVOID context)
{
    (void)sentence;
    if (strcmp(kind, "timer") == 0)
        ++*(ULONG *)context;
}

static void test_enumerate(void **state)
{
    ULONG count = 0;
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_run, NULL);
    KeSetTimer(&timer, interval(MS(60000)), &dpc);
    KiEnumerateTimers(count_timer, &count);
    assert_int_equal(count, 1);
    count = 0;
    VfAccount(count_left, &count);
    assert_int_equal(count, 1);
    KeCancelTimer(&timer);
    count = 0;
    KiEnumerateTimers(count_timer, &count);
    VfAccount(count_left, &count);
    assert_int_equal(count, 0);
}

/*
 * Set against cancel against expiry, and freed as soon as the cancel says that it is over: whoever
 * still touched the timer would be seen by the sanitizers; and each setting either expires or is
 * cancelled, so the DPC's runs add up.
 */
static _Atomic ULONG set_count, cancel_count, replace_count;

static void *set_and_cancel(void *context)
{
    ULONG seed = (ULONG)(ULONG_PTR)context * 2654435761u + 1;

    for (int round = 0; round < 300; round++) {
        PKTIMER timer = malloc(sizeof(*timer));
        PKDPC dpc = malloc(sizeof(*dpc));

        KeInitializeTimerEx(timer, round % 2 ? SynchronizationTimer : NotificationTimer);
        KeInitializeDpc(dpc, count_run, NULL);
        for (int i = 0; i < 4; i++) {
            seed = seed * 1664525 + 1013904223;
            /* The DPC of the setting before must be through, or this one's would be lost in it. */
            if (KeCancelTimer(timer))
                atomic_fetch_add(&cancel_count, 1);
            KeFlushQueuedDpcs();
            if (KeSetTimer(timer, interval(-(LONGLONG)(seed % 1500)), dpc))
                atomic_fetch_add(&replace_count, 1);
            atomic_fetch_add(&set_count, 1);
            if (seed % 7 == 0)
                assert_int_equal(wait_for(timer), STATUS_SUCCESS);
        }
        if (KeCancelTimer(timer))
            atomic_fetch_add(&cancel_count, 1);
        free(timer);
        KeFlushQueuedDpcs();
        free(dpc);
    }
    return NULL;
}

static void test_set_against_cancel(void **state)
{
    pthread_t threads[4];

    (void)state;
    set_count = cancel_count = replace_count = 0;
    for (int i = 0; i < 4; i++)
        threads[i] = start(set_and_cancel, (void *)(ULONG_PTR)(i + 1));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(set_count, 4 * 300 * 4);
    assert_int_equal(replace_count, 0);
    assert_int_equal(runs + cancel_count, set_count);
}

int main(int argc, char **argv)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, prepare, check)
    const struct CMUnitTest tests[] = {
        TEST(test_dpc),
        TEST(test_dpc_behind_irql),
        TEST(test_dpc_target),
        TEST(test_dpcs_from_many),
        TEST(test_insert_against_remove),
        TEST(test_timer),
        TEST(test_synchronization_timer),
        TEST(test_timer_dpc),
        TEST(test_periodic),
        TEST(test_many_timers),
        TEST(test_enumerate),
        TEST(test_set_against_cancel),
    };
    processors = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    return cmocka_run_group_tests(tests, boot, shut);
}
