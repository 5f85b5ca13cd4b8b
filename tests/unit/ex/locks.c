/* SPDX-License-Identifier: MIT */
/* Fast and guarded mutexes, resources, rundown protection, shared spin locks. */
#include "ntio/ex/ex.h"
#include "tests/support/host.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define THREADS 4
#define ROUNDS  2000

static void run_threads(void *(*routine)(void *), void *context)
{
    pthread_t thread[THREADS];
    int i;

    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, routine, context), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

/* ---- mutexes ---- */

static FAST_MUTEX mutex;
static ULONG counter; /* plain: the lock under test guards it */

static void test_fast_mutex(void **state)
{
    (void)state;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    assert_ptr_equal(mutex.Owner, KeGetCurrentThread());
    assert_false(ExTryToAcquireFastMutex(&mutex));
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(ExTryToAcquireFastMutex(&mutex));
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
    assert_null(mutex.Owner);
    assert_int_equal(mutex.Count, 1);
}

static void test_guarded_mutex(void **state)
{
    KGUARDED_MUTEX guarded;

    (void)state;
    KeInitializeGuardedMutex(&guarded);
    KeAcquireGuardedMutex(&guarded);
    assert_true(KeAreAllApcsDisabled());
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_false(KeTryToAcquireGuardedMutex(&guarded));
    KeReleaseGuardedMutex(&guarded);
    assert_false(KeAreAllApcsDisabled());
    assert_true(KeTryToAcquireGuardedMutex(&guarded));
    assert_true(KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&guarded);
    assert_false(KeAreAllApcsDisabled());
}

static void *count_with_mutex(void *context)
{
    int i;

    (void)context;
    for (i = 0; i < ROUNDS; i++) {
        if (i % 7 != 0) {
            ExAcquireFastMutex(&mutex);
        } else if (!ExTryToAcquireFastMutex(&mutex)) {
            i--;
            sched_yield();
            continue;
        }
        counter++;
        ExReleaseFastMutex(&mutex);
    }
    return NULL;
}

static void test_fast_mutex_threads(void **state)
{
    (void)state;
    ExInitializeFastMutex(&mutex);
    counter = 0;
    run_threads(count_with_mutex, NULL);
    assert_int_equal(counter, THREADS * ROUNDS);
    assert_int_equal(mutex.Count, 1);
}

/* ---- resources ---- */

static ERESOURCE resource;

/* A thread that does one thing with the resource, and another when told. */
typedef struct holder {
    pthread_t thread;
    BOOLEAN exclusive;
    BOOLEAN(NTAPI *acquire)(PERESOURCE, BOOLEAN);
    _Atomic int has; /* 1: acquired, 2: released */
    KEVENT release;
} holder;

static void *hold(void *context)
{
    holder *h = context;

    KeEnterCriticalRegion();
    h->acquire(&resource, TRUE);
    atomic_store(&h->has, 1);
    KeWaitForSingleObject(&h->release, Executive, KernelMode, FALSE, NULL);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    atomic_store(&h->has, 2);
    return NULL;
}

static void start(holder *h, BOOLEAN(NTAPI *acquire)(PERESOURCE, BOOLEAN))
{
    h->acquire = acquire;
    atomic_store(&h->has, 0);
    KeInitializeEvent(&h->release, NotificationEvent, FALSE);
    assert_int_equal(pthread_create(&h->thread, NULL, hold, h), 0);
}

static void finish(holder *h)
{
    KeSetEvent(&h->release, 0, FALSE);
    pthread_join(h->thread, NULL);
}

static bool has_it(void *context)
{
    return atomic_load(&((holder *)context)->has) == 1;
}

static bool one_exclusive_waits(void *context)
{
    (void)context;
    return ExGetExclusiveWaiterCount(&resource) == 1;
}

static bool one_shared_waits(void *context)
{
    (void)context;
    return ExGetSharedWaiterCount(&resource) == 1;
}

static void test_resource_alone(void **state)
{
    (void)state;
    assert_int_equal(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    KeEnterCriticalRegion();
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 0);
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    /* Shared on top of exclusive is exclusive once more. */
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    assert_true(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 3);
    assert_int_equal(resource.ActiveCount, 1);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    ExConvertExclusiveToSharedLite(&resource);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 1);
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    /* Who shares it cannot have it alone. */
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceForThreadLite(&resource, ExGetCurrentResourceThread());
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 0);
    assert_int_equal(resource.ActiveCount, 0);
    KeLeaveCriticalRegion();
    assert_null(ExEnterCriticalRegionAndAcquireResourceExclusive(&resource));
    assert_true(KeAreApcsDisabled());
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    assert_false(KeAreApcsDisabled());
    ExEnterCriticalRegionAndAcquireResourceShared(&resource);
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    assert_int_equal(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
    assert_int_equal(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void test_resource_shared(void **state)
{
    holder others[9];
    size_t i;

    (void)state;
    ExInitializeResourceLite(&resource);
    /* More owners than the first table has places for. */
    for (i = 0; i < RTL_NUMBER_OF(others); i++) {
        start(&others[i], ExAcquireResourceSharedLite);
        assert_true(wait_until(has_it, &others[i], 2000));
    }
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));
    assert_int_equal(resource.ActiveEntries, RTL_NUMBER_OF(others) + 1);
    ExReleaseResourceLite(&resource);
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    for (i = 0; i < RTL_NUMBER_OF(others); i++)
        finish(&others[i]);
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

/* An exclusive waiter holds new sharers off, but not those that starve it; who shares it already
 * may do so again. */
static void test_resource_starvation(void **state)
{
    holder sharer, writer, late;

    (void)state;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    start(&writer, ExAcquireResourceExclusiveLite);
    assert_true(wait_until(one_exclusive_waits, NULL, 2000));

    assert_true(ExAcquireResourceSharedLite(&resource, FALSE)); /* again */
    ExReleaseResourceLite(&resource);
    assert_false(ExAcquireSharedWaitForExclusive(&resource, FALSE)); /* not even again */
    start(&sharer, ExAcquireSharedStarveExclusive);
    assert_true(wait_until(has_it, &sharer, 2000));
    start(&late, ExAcquireResourceSharedLite);
    assert_true(wait_until(one_shared_waits, NULL, 2000));
    assert_int_equal(atomic_load(&writer.has), 0);
    assert_int_equal(atomic_load(&late.has), 0);

    /* The last sharer gives it to the writer, the writer to the sharer that waits. */
    finish(&sharer);
    assert_int_equal(atomic_load(&writer.has), 0);
    ExReleaseResourceLite(&resource);
    assert_true(wait_until(has_it, &writer, 2000));
    assert_int_equal(atomic_load(&late.has), 0);
    assert_false(ExAcquireResourceSharedLite(&resource, FALSE));
    assert_false(ExAcquireSharedStarveExclusive(&resource, FALSE));
    finish(&writer);
    assert_true(wait_until(has_it, &late, 2000));
    finish(&late);
    KeLeaveCriticalRegion();
    assert_int_equal(ExGetExclusiveWaiterCount(&resource), 0);
    assert_int_equal(ExGetSharedWaiterCount(&resource), 0);
    ExDeleteResourceLite(&resource);
}

/* A conversion lets the waiting sharers in. */
static void test_resource_convert(void **state)
{
    holder sharer;

    (void)state;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    start(&sharer, ExAcquireResourceSharedLite);
    assert_true(wait_until(one_shared_waits, NULL, 2000));
    ExConvertExclusiveToSharedLite(&resource);
    assert_true(wait_until(has_it, &sharer, 2000));
    finish(&sharer);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

static void *release_by_pointer(void *context)
{
    /* Another thread than the one that took it. */
    ExReleaseResourceForThreadLite(&resource, (ERESOURCE_THREAD)context);
    return NULL;
}

static void test_resource_owner_pointer(void **state)
{
    PVOID owner = (PVOID)((ULONG_PTR)&resource | 3);
    pthread_t thread;

    (void)state;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExSetResourceOwnerPointer(&resource, owner);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(pthread_create(&thread, NULL, release_by_pointer, owner), 0);
    pthread_join(thread, NULL);
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

static _Atomic LONG inside_shared, inside_exclusive, broken;

static void *share_and_own(void *context)
{
    int i;

    (void)context;
    for (i = 0; i < ROUNDS; i++) {
        KeEnterCriticalRegion();
        if (i % 4 == 0) {
            ExAcquireResourceExclusiveLite(&resource, TRUE);
            if (atomic_fetch_add(&inside_exclusive, 1) != 0 || atomic_load(&inside_shared) != 0)
                atomic_store(&broken, 1);
            counter++;
            atomic_fetch_sub(&inside_exclusive, 1);
        } else {
            ExAcquireResourceSharedLite(&resource, TRUE);
            atomic_fetch_add(&inside_shared, 1);
            if (atomic_load(&inside_exclusive) != 0)
                atomic_store(&broken, 1);
            (void)*(volatile ULONG *)&counter;
            atomic_fetch_sub(&inside_shared, 1);
        }
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
    }
    return NULL;
}

static void test_resource_threads(void **state)
{
    (void)state;
    ExInitializeResourceLite(&resource);
    counter = 0;
    run_threads(share_and_own, NULL);
    assert_int_equal(atomic_load(&broken), 0);
    assert_int_equal(counter, THREADS * ROUNDS / 4);
    ExDeleteResourceLite(&resource);
}

/* ---- rundown ---- */

static void test_rundown(void **state)
{
    EX_RUNDOWN_REF ref;

    (void)state;
    ExInitializeRundownProtection(&ref);
    assert_true(ExAcquireRundownProtection(&ref));
    assert_true(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
    ExReleaseRundownProtection(&ref);
    ExWaitForRundownProtectionRelease(&ref);
    assert_false(ExAcquireRundownProtection(&ref));
    ExRundownCompleted(&ref);
    ExWaitForRundownProtectionRelease(&ref); /* does not wait */
    assert_false(ExAcquireRundownProtection(&ref));
    ExReInitializeRundownProtection(&ref);
    assert_true(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
}

static EX_RUNDOWN_REF shared_ref;
static _Atomic LONG users, late_users, refused;

static void *use_until_refused(void *context)
{
    (void)context;
    for (;;) {
        if (!ExAcquireRundownProtection(&shared_ref))
            break;
        atomic_fetch_add(&users, 1);
        if (atomic_load(&refused) != 0)
            atomic_fetch_add(&late_users, 1);
        atomic_fetch_sub(&users, 1);
        ExReleaseRundownProtection(&shared_ref);
    }
    return NULL;
}

static void test_rundown_threads(void **state)
{
    pthread_t thread[THREADS];
    int round, i;

    (void)state;
    ExInitializeRundownProtection(&shared_ref);
    for (round = 0; round < 30; round++) {
        atomic_store(&refused, 0);
        for (i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&thread[i], NULL, use_until_refused, NULL), 0);
        ExWaitForRundownProtectionRelease(&shared_ref);
        /* From here on nobody is inside. */
        assert_int_equal(atomic_load(&users), 0);
        atomic_store(&refused, 1);
        for (i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
        assert_int_equal(atomic_load(&late_users), 0);
        ExReInitializeRundownProtection(&shared_ref);
    }
}

/* ---- shared spin locks ---- */

static EX_SPIN_LOCK rw_lock;

static void test_spin_lock(void **state)
{
    KIRQL old, older;

    (void)state;
    old = ExAcquireSpinLockShared(&rw_lock);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    older = ExAcquireSpinLockShared(&rw_lock);
    assert_int_equal(older, DISPATCH_LEVEL);
    ExReleaseSpinLockShared(&rw_lock, older);
    ExReleaseSpinLockShared(&rw_lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    old = ExAcquireSpinLockExclusive(&rw_lock);
    ExReleaseSpinLockExclusive(&rw_lock, old);
    assert_int_equal(rw_lock, 0);
}

static void *share_and_own_spin_lock(void *context)
{
    KIRQL old;
    int i;

    (void)context;
    for (i = 0; i < ROUNDS; i++) {
        if (i % 4 == 0) {
            old = ExAcquireSpinLockExclusive(&rw_lock);
            counter++;
            ExReleaseSpinLockExclusive(&rw_lock, old);
        } else {
            old = ExAcquireSpinLockShared(&rw_lock);
            (void)*(volatile ULONG *)&counter;
            ExReleaseSpinLockShared(&rw_lock, old);
        }
    }
    return NULL;
}

static void test_spin_lock_threads(void **state)
{
    (void)state;
    counter = 0;
    run_threads(share_and_own_spin_lock, NULL);
    assert_int_equal(counter, THREADS * ROUNDS / 4);
    assert_int_equal(rw_lock, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_mutex),         cmocka_unit_test(test_guarded_mutex),
        cmocka_unit_test(test_fast_mutex_threads), cmocka_unit_test(test_resource_alone),
        cmocka_unit_test(test_resource_shared),    cmocka_unit_test(test_resource_starvation),
        cmocka_unit_test(test_resource_convert),   cmocka_unit_test(test_resource_owner_pointer),
        cmocka_unit_test(test_resource_threads),   cmocka_unit_test(test_rundown),
        cmocka_unit_test(test_rundown_threads),    cmocka_unit_test(test_spin_lock),
        cmocka_unit_test(test_spin_lock_threads),
    };
    return cmocka_run_group_tests_name("ex locks", tests, host_setup, host_teardown);
}
