/* SPDX-License-Identifier: MIT */
/* variants.c - the less used forms of routines whose common form other tests assert. */
#include "ntio/ex/ex.h"
#include "ntio/ob/ob.h"
#include "tests/support/host.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* For drivers of other compilers, whose headers declare it. */
PSLIST_ENTRY NTAPI FirstEntrySList(PSLIST_HEADER ListHead);

/* ---- pool ---- */

static void pool_with_quota_and_priority(void **state)
{
    char *block;

    (void)state;
    block = ExAllocatePoolWithQuota(NonPagedPool, 100);
    assert_non_null(block);
    assert_int_equal((ULONG_PTR)block % 16, 0);
    memset(block, 1, 100);
    ExFreePool(block);
    block = ExAllocatePoolWithTagPriority(PagedPool, 5000, 'irpT', LowPoolPriority);
    assert_non_null(block);
    memset(block, 2, 5000);
    ExFreePoolWithTag(block, 'irpT');
}

static void pool_3_is_pool_2_without_parameters(void **state)
{
    char *block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 64, '3Pxe', NULL, 0);

    (void)state;
    assert_non_null(block);
    for (int i = 0; i < 64; i++)
        assert_int_equal(block[i], 0); /* zeroed unless POOL_FLAG_UNINITIALIZED says otherwise */
    ExFreePoolWithTag(block, '3Pxe');
    /* Neither paged nor non-paged, or both. */
    assert_null(ExAllocatePool3(0, 64, '3Pxe', NULL, 0));
    assert_null(ExAllocatePool3(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 64, '3Pxe', NULL, 0));
}

/* ---- locks ---- */

static EX_SPIN_LOCK spin;
static ULONG counter; /* guarded by spin */

static void *count_exclusively(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        ExAcquireSpinLockExclusiveAtDpcLevel(&spin);
        counter++;
        ExReleaseSpinLockExclusiveFromDpcLevel(&spin);
        ExAcquireSpinLockSharedAtDpcLevel(&spin);
        assert_true(counter != 0);
        ExReleaseSpinLockSharedFromDpcLevel(&spin);
        KeLowerIrql(old);
    }
    return NULL;
}

static void reader_writer_spin_lock_at_dispatch_level(void **state)
{
    pthread_t threads[3];

    (void)state;
    counter = 0;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_exclusively, NULL), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter, 6000);
    assert_int_equal(spin, 0);
}

static KGUARDED_MUTEX guarded;

static void *count_guarded(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        KeEnterGuardedRegion();
        KeAcquireGuardedMutexUnsafe(&guarded);
        counter++;
        KeReleaseGuardedMutexUnsafe(&guarded);
        KeLeaveGuardedRegion();
    }
    return NULL;
}

static void guarded_mutex_in_a_region_of_its_callers(void **state)
{
    pthread_t threads[3];

    (void)state;
    counter = 0;
    KeInitializeGuardedMutex(&guarded);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_guarded, NULL), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter, 6000);
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&guarded);
    assert_ptr_equal(guarded.Owner, KeGetCurrentThread());
    assert_true(KeAreAllApcsDisabled());
    KeReleaseGuardedMutexUnsafe(&guarded);
    KeLeaveGuardedRegion();
    assert_false(KeAreAllApcsDisabled());
}

static void the_first_of_an_slist(void **state)
{
    static SLIST_HEADER head;
    static SLIST_ENTRY a, b;

    (void)state;
    InitializeSListHead(&head);
    assert_null(FirstEntrySList(&head));
    ExpInterlockedPushEntrySList(&head, &a);
    ExpInterlockedPushEntrySList(&head, &b);
    assert_ptr_equal(FirstEntrySList(&head), &b);
    assert_ptr_equal(ExpInterlockedPopEntrySList(&head), &b); /* looking took nothing */
    assert_ptr_equal(FirstEntrySList(&head), &a);
    assert_ptr_equal(ExpInterlockedFlushSList(&head), &a);
    assert_null(FirstEntrySList(&head));
}

/* ---- what the machine is ---- */

static void processor_features_and_suites(void **state)
{
    (void)state;
    assert_true(ExIsProcessorFeaturePresent(10)); /* PF_XMMI64: part of the ABI */
    assert_true(ExIsProcessorFeaturePresent(12)); /* PF_NX_ENABLED */
    assert_int_equal(ExIsProcessorFeaturePresent(39), __builtin_cpu_supports("avx") != 0);
    assert_false(ExIsProcessorFeaturePresent(1));   /* PF_FLOATING_POINT_EMULATED */
    assert_false(ExIsProcessorFeaturePresent(250)); /* no such feature */
    assert_false(ExVerifySuite(2));                 /* Enterprise: this is a workstation */
    assert_int_equal(ExSetTimerResolution(5000, TRUE), KeQueryTimeIncrement());
    assert_int_equal(ExSetTimerResolution(0, FALSE), KeQueryTimeIncrement());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_with_quota_and_priority),
        cmocka_unit_test(pool_3_is_pool_2_without_parameters),
        cmocka_unit_test(reader_writer_spin_lock_at_dispatch_level),
        cmocka_unit_test(guarded_mutex_in_a_region_of_its_callers),
        cmocka_unit_test(the_first_of_an_slist),
        cmocka_unit_test(processor_features_and_suites),
    };

    return cmocka_run_group_tests_name("ex variants", tests, host_setup, host_teardown);
}
