/* SPDX-License-Identifier: MIT */
/* Pool: what an allocation gives, what is known about it, and failures on purpose. */
#include "ntio/ex/ex.h"
#include "ntio/mm/mm.h"
#include "ntio/vf/sanitizer.h"
#include "tests/support/host.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define TAG 'tseT'

static BOOLEAN all_bytes(const UCHAR *bytes, size_t length, UCHAR value)
{
    size_t i;
    for (i = 0; i < length; i++) {
        if (bytes[i] != value)
            return FALSE;
    }
    return TRUE;
}

static void test_alignment(void **state)
{
    static const SIZE_T sizes[] = {1, 7, 16, 17, 100, 1000, 4095, 4096, 4097, 8192, 70000};
    size_t i;

    (void)state;
    for (i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, sizes[i], TAG);
        assert_non_null(block);
        assert_int_equal((ULONG_PTR)block % (sizes[i] >= PAGE_SIZE ? PAGE_SIZE : 16), 0);
        memset(block, 0x11, sizes[i]);
        ExFreePoolWithTag(block, TAG);
        block = ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, sizes[i], TAG);
        assert_int_equal((ULONG_PTR)block % 64, 0);
        memset(block, 0x11, sizes[i]);
        ExFreePool(block);
    }
}

static void test_contents(void **state)
{
    static const SIZE_T sizes[] = {1, 40, 4096, 9000};
    size_t i;

    (void)state;
    for (i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        SIZE_T filled = sizes[i] < PAGE_SIZE ? sizes[i] : PAGE_SIZE;
        PUCHAR block = ExAllocatePoolWithTag(PagedPool, sizes[i], TAG);
        /* Not zero by luck: whoever reads it sees rubbish. */
        assert_true(all_bytes(block, filled, 0xa5));
        ExFreePool(block);
        block = ExAllocatePoolZero(PagedPool, sizes[i], TAG);
        assert_true(all_bytes(block, sizes[i], 0));
        ExFreePool(block);
        block = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizes[i], TAG);
        assert_true(all_bytes(block, sizes[i], 0));
        ExFreePool2(block, TAG, NULL, 0);
        block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizes[i], TAG);
        assert_true(all_bytes(block, filled, 0xa5));
        ExFreePool(block);
        block = ExAllocatePoolUninitialized(NonPagedPool, sizes[i], TAG);
        assert_true(all_bytes(block, filled, 0xa5));
        ExFreePool(block);
    }
}

static void test_block_info(void **state)
{
    EXP_POOL_BLOCK_INFO info;
    PVOID block = ExAllocatePoolWithTag(PagedPool, 123, TAG);

    (void)state;
    assert_true(ExpQueryPoolBlock(block, &info));
    assert_ptr_equal(info.Address, block);
    assert_int_equal(info.Bytes, 123);
    assert_int_equal(info.Tag, TAG);
    assert_int_equal(info.Type, PagedPool);
    assert_non_null(info.Caller);
    assert_false(ExpQueryPoolBlock((PUCHAR)block + 1, &info));
    ExFreePool(block);
    assert_false(ExpQueryPoolBlock(block, &info));
    block = ExAllocatePool(NonPagedPool, 5);
    assert_true(ExpQueryPoolBlock(block, &info));
    assert_memory_equal(&info.Tag, "None", 4);
    ExFreePool(block);
}

static void find_tag(ULONG tag, POOL_TYPE type, EXP_POOL_TAG_INFO *info)
{
    EXP_POOL_TAG_INFO *tags = calloc(4096, sizeof(*tags));
    ULONG count = ExpQueryPoolTags(tags, 4096);
    ULONG i;

    memset(info, 0, sizeof(*info));
    assert_in_range(count, 1, 4096);
    for (i = 0; i < count; i++) {
        if (tags[i].Tag == tag && tags[i].Type == type)
            *info = tags[i];
    }
    free(tags);
}

static void test_tags(void **state)
{
    EXP_POOL_TAG_INFO info;
    PVOID block[3];
    EXP_POOL_TAG_INFO one[1];

    (void)state;
    find_tag('1gaT', PagedPool, &info);
    assert_int_equal(info.Allocations, 0);
    block[0] = ExAllocatePoolWithTag(PagedPool, 100, '1gaT');
    block[1] = ExAllocatePoolWithTag(PagedPool, 50, '1gaT');
    block[2] = ExAllocatePoolWithTag(NonPagedPoolNx, 7, '1gaT');
    find_tag('1gaT', PagedPool, &info);
    assert_int_equal(info.Allocations, 2);
    assert_int_equal(info.Frees, 0);
    assert_int_equal(info.Bytes, 150);
    ExFreePool(block[0]);
    find_tag('1gaT', PagedPool, &info);
    assert_int_equal(info.Frees, 1);
    assert_int_equal(info.Bytes, 50);
    find_tag('1gaT', NonPagedPool, &info);
    assert_int_equal(info.Allocations, 1);
    assert_int_equal(info.Bytes, 7);
    /* A table that is too small is filled, and the number is still all. */
    assert_true(ExpQueryPoolTags(one, 1) >= 2);
    ExFreePool(block[1]);
    ExFreePool(block[2]);
}

static void test_flags_that_are_wrong(void **state)
{
    (void)state;
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 0, TAG));
    assert_null(ExAllocatePool2(0, 16, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RESERVED3, 16, TAG));
    /* Optional flags that are not known do no harm. */
    PVOID block = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_SPECIAL_POOL | (1ULL << 60), 16, TAG);
    assert_non_null(block);
    ExFreePool(block);
}

static NTSTATUS raised_by(PVOID (*allocate)(void), PVOID *block)
{
    MMP_GUARD guard;
    volatile NTSTATUS status = MmpEnterGuard(&guard);

    *block = NULL;
    if (status == 0) {
        *block = allocate();
        MmpLeaveGuard(&guard);
    }
    return status;
}

static PVOID by_flags(void)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 16, TAG);
}

static PVOID by_wrong_flags(void)
{
    return ExAllocatePool2(POOL_FLAG_RAISE_ON_FAILURE, 16, TAG);
}

static PVOID by_type(void)
{
    return ExAllocatePoolWithTag(NonPagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE, 16, TAG);
}

static PVOID by_quota(void)
{
    return ExAllocatePoolWithQuotaTag(PagedPool, 16, TAG);
}

static PVOID by_quota_without_raise(void)
{
    return ExAllocatePoolWithQuotaTag(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, 16, TAG);
}

static PVOID by_tag(void)
{
    return ExAllocatePoolWithTag(PagedPool, 16, TAG);
}

static void test_failures(void **state)
{
    static PVOID (*const raising[])(void) = {by_flags, by_type, by_quota};
    static PVOID (*const silent[])(void) = {by_tag, by_quota_without_raise};
    PVOID block;
    size_t i;

    (void)state;
    for (i = 0; i < RTL_NUMBER_OF(raising); i++) {
        atomic_store(&ExpFailAllocationNumber, 1);
        assert_int_equal(raised_by(raising[i], &block), STATUS_INSUFFICIENT_RESOURCES);
        assert_int_equal(raised_by(raising[i], &block), 0);
        assert_non_null(block);
        ExFreePool(block);
    }
    for (i = 0; i < RTL_NUMBER_OF(silent); i++) {
        atomic_store(&ExpFailAllocationNumber, 2);
        PVOID first = silent[i]();
        assert_non_null(first);
        assert_null(silent[i]());
        block = silent[i]();
        assert_non_null(block);
        ExFreePool(first);
        ExFreePool(block);
    }
    assert_int_equal(raised_by(by_wrong_flags, &block), STATUS_INVALID_PARAMETER);
    assert_int_equal(atomic_load(&ExpFailAllocationNumber), 0);
    if (!NTIO_SANITIZED)
        assert_null(ExAllocatePoolWithTag(PagedPool, (SIZE_T)1 << 60, TAG));
}

static VOID collect(const char *Kind, const char *Sentence, PVOID Context)
{
    if (strcmp(Kind, "pool block") == 0 && strstr(Sentence, "'keaL' 321 bytes paged") != NULL &&
        strstr(Sentence, "allocated by ") != NULL)
        ++*(int *)Context;
}

static void test_accounting(void **state)
{
    ULONGLONG blocks, bytes, blocks_after, bytes_after;
    int found = 0;
    ULONG tag;
    PVOID block;

    (void)state;
    memcpy(&tag, "keaL", 4);
    ExpQueryPoolTotals(&blocks, &bytes);
    block = ExAllocatePoolWithTag(PagedPool, 321, tag);
    ExpQueryPoolTotals(&blocks_after, &bytes_after);
    assert_int_equal(blocks_after - blocks, 1);
    assert_int_equal(bytes_after - bytes, 321);
    VfAccount(collect, &found);
    assert_int_equal(found, 1);
    ExFreePool(block);
    found = 0;
    VfAccount(collect, &found);
    assert_int_equal(found, 0);
}

static void *churn(void *context)
{
    PVOID blocks[32] = {0};
    unsigned seed = (unsigned)(ULONG_PTR)context;
    int i;

    for (i = 0; i < 4000; i++) {
        PVOID *slot = &blocks[(seed = seed * 1103515245 + 12345) >> 16 & 31];
        if (*slot != NULL) {
            ExFreePoolWithTag(*slot, TAG);
            *slot = NULL;
        } else {
            *slot = ExAllocatePoolWithTag(NonPagedPoolNx, 1 + (seed >> 8) % 600, TAG);
        }
    }
    for (i = 0; i < 32; i++) {
        if (blocks[i] != NULL)
            ExFreePool(blocks[i]);
    }
    return NULL;
}

static void test_threads(void **state)
{
    ULONGLONG blocks, bytes, blocks_after, bytes_after;
    pthread_t thread[4];
    ULONG_PTR i;

    (void)state;
    ExpQueryPoolTotals(&blocks, &bytes);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, churn, (PVOID)(i + 1)), 0);
    for (i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    ExpQueryPoolTotals(&blocks_after, &bytes_after);
    assert_int_equal(blocks_after, blocks);
    assert_int_equal(bytes_after, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_block_info),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_flags_that_are_wrong),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_accounting),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("ex pool", tests, host_setup, host_teardown);
}
