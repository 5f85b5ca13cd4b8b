/* SPDX-License-Identifier: MIT */
/* irql.c - IRQL, processor slots, what GS shows, spin locks on one thread, priorities, regions,
 * time. */
#include "ketest.h"

static __thread ULONG tls_value;
static __thread ULONG tls_other;

/*
 * gcc 12 took __tls_get_addr for a routine that keeps rsi, rdi and xmm6 to xmm15 when an ms_abi
 * function called it: values that lived in those were lost. -ftls-model=initial-exec makes no such
 * call.
 */
__attribute__((noinline)) static ULONG NTAPI tls_in_ms_abi(ULONG a, ULONG b, ULONG c, ULONG d,
                                                           double x, ULONG *out)
{
    ULONG sum = a;

    for (ULONG i = 0; i < b; i++) {
        sum += c ^ i;
        tls_value += d + i;
        tls_other ^= sum;
        out[i] = tls_value + sum + (ULONG)(x * i);
    }
    return sum + tls_value;
}

static void test_tls_in_ms_abi(void **state)
{
    ULONG out[16], value = 0, sum = 7, expected;

    (void)state;
    tls_value = 0;
    tls_other = 0;
    expected = tls_in_ms_abi(7, 16, 0x55, 3, 2.0, out);
    for (ULONG i = 0; i < 16; i++) {
        sum += 0x55 ^ i;
        value += 3 + i;
        assert_int_equal(out[i], value + sum + 2 * i);
    }
    assert_int_equal(expected, sum + value);
    assert_int_equal(tls_value, value);
}

static void test_raise_and_lower(void **state)
{
    KIRQL old, old2;

    (void)state;
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    assert_false(KiCurrentThread->OwnsProcessor);
    KeRaiseIrql(APC_LEVEL, &old2);
    assert_int_equal(old2, APC_LEVEL);
    assert_int_equal(KeRaiseIrqlToDpcLevel(), APC_LEVEL);
    assert_true(KiCurrentThread->OwnsProcessor);
    assert_int_equal(KeRaiseIrqlToDpcLevel(), DISPATCH_LEVEL);
    assert_int_equal(KeRaiseIrqlToSynchLevel(), DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), SYNCH_LEVEL);
    assert_int_equal(KfRaiseIrql(HIGH_LEVEL), SYNCH_LEVEL);
    KeLowerIrql(DISPATCH_LEVEL);
    assert_true(KiCurrentThread->OwnsProcessor);
    KeLowerIrql(APC_LEVEL);
    assert_false(KiCurrentThread->OwnsProcessor);
    KeLowerIrql(PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

#if defined(__x86_64__)
static ULONG64 gs_qword(ULONG offset)
{
    ULONG64 value;
    __asm__ volatile("movq %%gs:(%1), %0" : "=r"(value) : "r"((ULONG64)offset));
    return value;
}

static void *gs_of_other(void *context)
{
    PKTHREAD self = KeGetCurrentThread();

    *(ULONG64 *)context = gs_qword(0x18);
    return gs_qword(0x188) == (ULONG64)self ? self : NULL;
}

static void test_gs(void **state)
{
    ULONG64 self, other;
    void *thread;
    KIRQL old;

    (void)state;
    assert_ptr_equal((void *)gs_qword(0x188), KeGetCurrentThread());
    self = gs_qword(0x18);
    assert_int_equal(gs_qword(0x20), self + 0x180);
    assert_int_equal((UCHAR)gs_qword(0x50), PASSIVE_LEVEL);
    old = KeRaiseIrqlToDpcLevel();
    assert_int_equal((UCHAR)gs_qword(0x50), DISPATCH_LEVEL);
    assert_int_equal((ULONG)gs_qword(0x184), KeGetCurrentProcessorNumber());
    KeLowerIrql(old);
    assert_int_equal((UCHAR)gs_qword(0x50), PASSIVE_LEVEL);
    /* A new thread inherits its creator's GS until it is attached. */
    pthread_join(start(gs_of_other, &other), &thread);
    assert_non_null(thread);
    assert_int_not_equal(other, self);
    assert_int_equal(gs_qword(0x18), self);
}
#else
static void test_gs(void **state)
{
    (void)state;
    skip();
}
#endif

static void test_processors(void **state)
{
    KAFFINITY mask;
    PROCESSOR_NUMBER number;
    ULONG count = KeQueryActiveProcessorCount(&mask);

    (void)state;
    assert_int_equal(count, KeActiveProcessors);
    assert_int_equal(count, KeNumberProcessors);
    assert_int_equal(__builtin_popcountll(mask), count);
    assert_int_equal(KeQueryActiveProcessorCount(NULL), count);
    assert_int_equal(KeQueryActiveProcessors(), mask);
    assert_int_equal(KeQueryActiveProcessorCountEx(0), count);
    assert_int_equal(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), count);
    assert_int_equal(KeQueryActiveProcessorCountEx(1), 0);
    assert_int_equal(KeQueryMaximumProcessorCount(), count);
    assert_true(KeGetCurrentProcessorNumberEx(&number) < count);
    assert_int_equal(number.Group, 0);
    assert_int_equal(number.Number, KeGetCurrentProcessorNumber());
}

static void test_affinity(void **state)
{
    ULONG count = KeQueryActiveProcessorCount(NULL);

    (void)state;
    for (ULONG i = 0; i < count; i++) {
        KIRQL old;

        KeSetSystemAffinityThreadEx((KAFFINITY)1 << i);
        assert_int_equal(KeGetCurrentProcessorNumber(), i);
        old = KeRaiseIrqlToDpcLevel();
        assert_int_equal(KeGetCurrentProcessorNumber(), i);
        KeLowerIrql(old);
    }
    /* What was set before is returned, 0 when nothing was. */
    KeRevertToUserAffinityThreadEx(0);
    assert_int_equal(KeSetSystemAffinityThreadEx(1), 0);
    assert_int_equal(KeSetSystemAffinityThreadEx(count > 1 ? 2 : 1), 1);
    KeRevertToUserAffinityThreadEx(0);
    KeRevertToUserAffinityThread();
    assert_int_equal(KeSetSystemAffinityThreadEx(1), 0);
    KeRevertToUserAffinityThread();
}

static void test_spin_lock(void **state)
{
    KSPIN_LOCK lock = 0x1234, second;
    KIRQL old, old2;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeInitializeSpinLock(&second);
    assert_true(KeTestSpinLock(&lock));
    KeAcquireSpinLock(&lock, &old);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_false(KeTestSpinLock(&lock));
    assert_false(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    /* Let go in another order than taken. */
    KeAcquireSpinLock(&second, &old2);
    assert_int_equal(old2, DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, DISPATCH_LEVEL);
    assert_true(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeReleaseSpinLock(&second, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(KeTestSpinLock(&lock));
    assert_int_equal(KfAcquireSpinLock(&lock), PASSIVE_LEVEL);
    KfReleaseSpinLock(&lock, PASSIVE_LEVEL);
    old = KeAcquireSpinLockForDpc(&lock);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_queued_spin_lock(void **state)
{
    KLOCK_QUEUE_HANDLE handle, inner;
    KSPIN_LOCK lock, second;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeInitializeSpinLock(&second);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_int_equal(handle.OldIrql, PASSIVE_LEVEL);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&second, &inner);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&inner);
    assert_true(KeTestSpinLock(&second));
    KeReleaseInStackQueuedSpinLock(&handle);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(KeTestSpinLock(&lock));
}

static void test_regions(void **state)
{
    KIRQL old;

    (void)state;
    assert_false(KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    assert_true(KeAreApcsDisabled());
    assert_false(KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    assert_true(KeAreApcsDisabled());
    KeLeaveCriticalRegion();
    assert_false(KeAreApcsDisabled());
    KeEnterGuardedRegion();
    assert_true(KeAreApcsDisabled());
    assert_true(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    assert_false(KeAreAllApcsDisabled());
    KeRaiseIrql(APC_LEVEL, &old);
    assert_true(KeAreAllApcsDisabled());
    assert_false(KeAreApcsDisabled());
    KeLowerIrql(old);
}

static void test_priority(void **state)
{
    PKTHREAD thread = KeGetCurrentThread();

    (void)state;
    assert_int_equal(KeQueryPriorityThread(thread), 8);
    assert_int_equal(KeSetPriorityThread(thread, LOW_REALTIME_PRIORITY), 8);
    assert_int_equal(KeQueryPriorityThread(thread), LOW_REALTIME_PRIORITY);
    assert_int_equal(KeSetBasePriorityThread(thread, 2), 0);
    assert_int_equal(KeQueryPriorityThread(thread), 10);
    assert_int_equal(KeSetBasePriorityThread(thread, 0), 2);
    assert_int_equal(KeSetPriorityThread(thread, 8), 8);
}

static void test_time(void **state)
{
    LARGE_INTEGER system, tick, tick2, frequency, counter, counter2;
    ULONGLONG before = KeQueryInterruptTime(), after;
    ULONG64 stamp;
    time_t now = time(NULL);

    (void)state;
    KeQuerySystemTime(&system);
    assert_in_range((system.QuadPart - 116444736000000000LL) / 10000000 - now + 2, 0, 4);
    KeQueryTickCount(&tick);
    assert_in_range((ULONGLONG)tick.QuadPart, before / KeQueryTimeIncrement(),
                    KeQueryInterruptTime() / KeQueryTimeIncrement());
    counter = KeQueryPerformanceCounter(&frequency);
    assert_int_equal(frequency.QuadPart, 10000000);
    KeStallExecutionProcessor(300);
    counter2 = KeQueryPerformanceCounter(NULL);
    assert_true(counter2.QuadPart - counter.QuadPart >= 3000);
    after = KeQueryInterruptTimePrecise(&stamp);
    assert_true(after >= before + 3000);
    assert_true(stamp >= (ULONG64)counter2.QuadPart);
    assert_true(KeQueryUnbiasedInterruptTime() >= after);
    KeQueryTickCount(&tick2);
    assert_true(tick2.QuadPart >= tick.QuadPart);
}

static void test_device_queue(void **state)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY entry[5];

    (void)state;
    memset(entry, 0, sizeof(entry));
    KeInitializeDeviceQueue(&queue);
    assert_int_equal(queue.Type, DeviceQueueObject);
    /* The first goes straight to the device. */
    assert_false(KeInsertDeviceQueue(&queue, &entry[0]));
    assert_false(entry[0].Inserted);
    assert_true(KeInsertDeviceQueue(&queue, &entry[1]));
    assert_true(KeInsertDeviceQueue(&queue, &entry[2]));
    assert_true(KeRemoveEntryDeviceQueue(&queue, &entry[1]));
    assert_false(KeRemoveEntryDeviceQueue(&queue, &entry[1]));
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &entry[2]);
    assert_null(KeRemoveDeviceQueue(&queue));
    /* By key: sorted, equal ones in order; a sweep, then from the front. */
    assert_false(KeInsertByKeyDeviceQueue(&queue, &entry[0], 9));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &entry[1], 30));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &entry[2], 10));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &entry[3], 20));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &entry[4], 20));
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 15), &entry[3]);
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 20), &entry[4]);
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 31), &entry[2]);
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 0), &entry[1]);
    assert_null(KeRemoveByKeyDeviceQueue(&queue, 0));
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_in_ms_abi),
        cmocka_unit_test(test_raise_and_lower),
        cmocka_unit_test(test_gs),
        cmocka_unit_test(test_processors),
        cmocka_unit_test(test_affinity),
        cmocka_unit_test(test_spin_lock),
        cmocka_unit_test(test_queued_spin_lock),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_device_queue),
    };
    return cmocka_run_group_tests(tests, boot, shut);
}
