/* SPDX-License-Identifier: MIT */
/*
 * apcexit.c - APCs of every kind are queued to threads that are just ending: each is delivered, run
 * down, taken back or refused, exactly once, and none runs after its thread has been waited for.
 */
#include "ntio/ex/ex.h"
#include "ntio/ob/ob.h"
#include "ntio/vf/sanitizer.h"
#include "ntio.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* Threads that end; some ten thousand APCs meet them. Making a thread is dear under TSan. */
#define ROUNDS  (NTIO_SANITIZED ? 1600 : 10000)
#define BATCH   16 /* of them at a time */
#define QUEUERS 2
#define SHOTS   6 /* of each queuer at each thread: a flood without an end would keep it alive */

static pthread_mutex_t target_lock = PTHREAD_MUTEX_INITIALIZER; /* guards targets */
static PETHREAD targets[BATCH];                                 /* referenced; NULL: none */
static _Atomic ULONG stop;

static _Atomic ULONG queued, refused, delivered, rundown, removed, normal_runs;

/* One reference is the queue's, which whoever takes it off drops; the other the queuer's. */
typedef struct shot {
    KAPC apc;
    PETHREAD thread; /* not referenced: only compared */
    _Atomic int references;
    _Atomic int ends;
} shot;

static void drop(shot *s)
{
    if (atomic_fetch_sub(&s->references, 1) == 1) {
        assert_int_equal(s->ends, 1);
        free(s);
    }
}

static VOID NTAPI on_kernel(PRKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                            PVOID *argument2)
{
    shot *s = CONTAINING_RECORD(apc, shot, apc);

    (void)normal;
    (void)context;
    (void)argument1;
    (void)argument2;
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    assert_ptr_equal(PsGetCurrentThread(), s->thread);
    atomic_fetch_add(&s->ends, 1);
    atomic_fetch_add(&delivered, 1);
    drop(s);
}

static VOID NTAPI on_normal(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    atomic_fetch_add(&normal_runs, 1);
}

static VOID NTAPI on_rundown(PRKAPC apc)
{
    shot *s = CONTAINING_RECORD(apc, shot, apc);

    atomic_fetch_add(&s->ends, 1);
    atomic_fetch_add(&rundown, 1);
    drop(s);
}

static void shoot(PETHREAD thread, ULONG kind)
{
    shot *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->thread = thread;
    s->references = 2;
    /* User, normal kernel, special kernel. */
    KeInitializeApc(&s->apc, (PRKTHREAD)thread, OriginalApcEnvironment, on_kernel, on_rundown,
                    kind % 3 == 2 ? NULL : on_normal, kind % 3 == 0 ? UserMode : KernelMode, NULL);
    if (!KeInsertQueueApc(&s->apc, NULL, NULL, 0)) {
        atomic_fetch_add(&refused, 1);
        atomic_fetch_add(&s->ends, 1);
        drop(s);
    } else {
        atomic_fetch_add(&queued, 1);
        if (kind % 5 == 0 && KeRemoveQueueApc(&s->apc)) {
            atomic_fetch_add(&removed, 1);
            atomic_fetch_add(&s->ends, 1);
            drop(s);
        }
    }
    drop(s);
}

static void *queuer(void *context)
{
    ULONG kind = (ULONG)(ULONG_PTR)context, shots[BATCH] = {0};
    PETHREAD last[BATCH] = {NULL};

    for (ULONG slot = kind, idle = 0; atomic_load(&stop) == 0; slot = (slot + 1) % BATCH) {
        PETHREAD thread;

        pthread_mutex_lock(&target_lock);
        thread = targets[slot];
        if (thread != last[slot]) {
            last[slot] = thread;
            shots[slot] = 0;
        }
        if (thread != NULL && shots[slot] < SHOTS)
            ObReferenceObject(thread);
        else
            thread = NULL;
        pthread_mutex_unlock(&target_lock);
        if (thread == NULL) {
            if (++idle % BATCH == 0)
                sched_yield();
            continue;
        }
        idle = 0;
        for (int i = 0; i < 3; i++, shots[slot]++)
            shoot(thread, kind++);
        ObDereferenceObject(thread);
    }
    return NULL;
}

static void publish(ULONG slot, PETHREAD thread)
{
    PETHREAD before;

    if (thread != NULL)
        ObReferenceObject(thread);
    pthread_mutex_lock(&target_lock);
    before = targets[slot];
    targets[slot] = thread;
    pthread_mutex_unlock(&target_lock);
    if (before != NULL)
        ObDereferenceObject(before);
}

/* What a thread does before it ends: APCs may come at each of these, or not at all. */
static void live(ULONG round)
{
    LARGE_INTEGER moment = {.QuadPart = -10};

    if (round % 4 == 0) {
        KeEnterCriticalRegion();
        KeLeaveCriticalRegion();
    }
    if (round % 4 == 1) {
        KeDelayExecutionThread(UserMode, TRUE, &moment);
        KiDeliverUserApcs();
    }
    if (round % 4 == 2) {
        KeEnterGuardedRegion();
        KeLeaveGuardedRegion();
        KiDeliverUserApcs();
    }
}

static VOID NTAPI system_thread(PVOID context)
{
    ULONG round = (ULONG)(ULONG_PTR)context;

    publish(round % BATCH, PsGetCurrentThread());
    live(round / 2);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void *host_thread(void *context)
{
    ULONG round = (ULONG)(ULONG_PTR)context;

    publish(round % BATCH, PsGetCurrentThread());
    live(round / 2);
    return NULL;
}

typedef struct victim {
    PVOID system; /* referenced; NULL: it is one of the host's */
    pthread_t host;
} victim;

static void begin(victim *v, ULONG round)
{
    HANDLE handle;

    v->system = NULL;
    if (round % 2 != 0) {
        assert_int_equal(pthread_create(&v->host, NULL, host_thread, (void *)(ULONG_PTR)round), 0);
        return;
    }
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                          system_thread, (PVOID)(ULONG_PTR)round),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                               &v->system, NULL),
                     STATUS_SUCCESS);
    ObCloseHandle(handle, KernelMode);
}

static void end(victim *v)
{
    if (v->system == NULL) {
        assert_int_equal(pthread_join(v->host, NULL), 0);
        return;
    }
    assert_int_equal(KeWaitForSingleObject(v->system, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    ObDereferenceObject(v->system);
}

static void apc_against_exit(void **state)
{
    pthread_t queuers[QUEUERS];

    (void)state;
    for (ULONG i = 0; i < QUEUERS; i++)
        assert_int_equal(pthread_create(&queuers[i], NULL, queuer, (void *)(ULONG_PTR)i), 0);
    for (ULONG round = 0; round < ROUNDS; round += BATCH) {
        victim victims[BATCH];

        for (ULONG i = 0; i < BATCH; i++)
            begin(&victims[i], round + i);
        for (ULONG i = 0; i < BATCH; i++)
            end(&victims[i]);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < QUEUERS; i++)
        pthread_join(queuers[i], NULL);
    for (ULONG i = 0; i < BATCH; i++)
        publish(i, NULL);
    /* Every one that was queued has ended in one way; it would not be free otherwise. */
    assert_int_equal(queued, delivered + rundown + removed);
    assert_true(queued + refused >= ROUNDS);
    assert_true(delivered != 0 && rundown != 0 && refused != 0);
    assert_true(normal_runs <= delivered);
}

static int boot(void **state)
{
    (void)state;
    return ntio_boot(NULL);
}

static int shut(void **state)
{
    (void)state;
    return (int)ntio_shutdown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(apc_against_exit, boot, shut),
    };
    return cmocka_run_group_tests_name("ps-apcexit", tests, NULL, NULL);
}
