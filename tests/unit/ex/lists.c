/* SPDX-License-Identifier: MIT */
/* S-lists, interlocked lists and numbers, lookaside lists: alone and with threads against each
 * other. */
#include "ntio/ex/ex.h"
#include "ntio/vf/sanitizer.h"
#include "tests/support/host.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define TAG     'tseT'
#define THREADS 4

typedef struct DECLSPEC_ALIGN(16) node {
    SLIST_ENTRY link;
    ULONG value;
} node;

static void run_threads(void *(*routine)(void *), void *context)
{
    pthread_t thread[THREADS];
    int i;

    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, routine, context), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

static void test_slist_order(void **state)
{
    static SLIST_HEADER head;
    static node nodes[3];
    PSLIST_ENTRY chain;

    (void)state;
    InitializeSListHead(&head);
    assert_int_equal(ExQueryDepthSList(&head), 0);
    assert_null(InterlockedPopEntrySList(&head));
    assert_null(InterlockedPushEntrySList(&head, &nodes[0].link));
    assert_ptr_equal(InterlockedPushEntrySList(&head, &nodes[1].link), &nodes[0].link);
    assert_ptr_equal(InterlockedPushEntrySList(&head, &nodes[2].link), &nodes[1].link);
    assert_int_equal(ExQueryDepthSList(&head), 3);
    assert_int_equal(head.HeaderX64.Depth, 3);
    assert_int_equal((ULONGLONG)head.HeaderX64.NextEntry << 4, (ULONG_PTR)&nodes[2]);
    assert_ptr_equal(InterlockedPopEntrySList(&head), &nodes[2].link);
    assert_int_equal(ExQueryDepthSList(&head), 2);
    chain = InterlockedFlushSList(&head);
    assert_ptr_equal(chain, &nodes[1].link);
    assert_ptr_equal(chain->Next, &nodes[0].link);
    assert_null(chain->Next->Next);
    assert_int_equal(ExQueryDepthSList(&head), 0);
    assert_null(InterlockedFlushSList(&head));
}

static SLIST_HEADER shared_head;
static _Atomic ULONGLONG popped_sum;

/* Entries are freed by whoever pops them: a pop that looked at an entry of somebody else's would be
 * seen by a sanitizer. */
static void *push_and_pop(void *context)
{
    ULONG i;

    (void)context;
    for (i = 1; i <= 5000; i++) {
        node *mine = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(node), TAG);
        node *other;

        mine->value = i;
        InterlockedPushEntrySList(&shared_head, &mine->link);
        if (i % 3 == 0)
            continue;
        other = (node *)InterlockedPopEntrySList(&shared_head);
        if (other != NULL) {
            atomic_fetch_add(&popped_sum, other->value);
            ExFreePool(other);
        }
    }
    return NULL;
}

static void test_slist_threads(void **state)
{
    PSLIST_ENTRY entry, next;
    ULONG depth, count = 0;

    (void)state;
    InitializeSListHead(&shared_head);
    atomic_store(&popped_sum, 0);
    run_threads(push_and_pop, NULL);
    depth = ExQueryDepthSList(&shared_head);
    for (entry = InterlockedFlushSList(&shared_head); entry != NULL; entry = next, count++) {
        next = entry->Next;
        atomic_fetch_add(&popped_sum, ((node *)entry)->value);
        ExFreePool(entry);
    }
    assert_int_equal(count, depth);
    assert_int_equal(atomic_load(&popped_sum), THREADS * 5000ULL * 5001 / 2);
}

typedef struct numbers {
    KSPIN_LOCK lock;
    LIST_ENTRY list;
    SINGLE_LIST_ENTRY single;
    ULONG number;
    LARGE_INTEGER large;
} numbers;

static void test_interlocked(void **state)
{
    LIST_ENTRY a, b, c;
    SINGLE_LIST_ENTRY s, t;
    LARGE_INTEGER step = {.QuadPart = 0x100000000};
    numbers n;

    (void)state;
    KeInitializeSpinLock(&n.lock);
    InitializeListHead(&n.list);
    n.single.Next = NULL;
    assert_null(ExInterlockedRemoveHeadList(&n.list, &n.lock));
    assert_null(ExInterlockedInsertTailList(&n.list, &a, &n.lock));
    assert_ptr_equal(ExInterlockedInsertTailList(&n.list, &b, &n.lock), &a);
    assert_ptr_equal(ExInterlockedInsertHeadList(&n.list, &c, &n.lock), &a);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&n.list, &n.lock), &c);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&n.list, &n.lock), &a);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&n.list, &n.lock), &b);
    assert_null(ExInterlockedRemoveHeadList(&n.list, &n.lock));
    assert_null(ExInterlockedPopEntryList(&n.single, &n.lock));
    assert_null(ExInterlockedPushEntryList(&n.single, &s, &n.lock));
    assert_ptr_equal(ExInterlockedPushEntryList(&n.single, &t, &n.lock), &s);
    assert_ptr_equal(ExInterlockedPopEntryList(&n.single, &n.lock), &t);
    assert_ptr_equal(ExInterlockedPopEntryList(&n.single, &n.lock), &s);
    n.number = 0xfffffffe;
    assert_int_equal(ExInterlockedAddUlong(&n.number, 5, &n.lock), 0xfffffffe);
    assert_int_equal(n.number, 3);
    n.large.QuadPart = -1;
    assert_int_equal(ExInterlockedAddLargeInteger(&n.large, step, &n.lock).QuadPart, -1);
    assert_int_equal(n.large.QuadPart, 0xffffffff);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

typedef struct number_node {
    LIST_ENTRY link;
} number_node;

static void *insert_and_remove(void *context)
{
    numbers *n = context;
    int i;

    for (i = 0; i < 3000; i++) {
        number_node *mine = malloc(sizeof(*mine));
        PLIST_ENTRY other;

        if ((i & 1) != 0)
            ExInterlockedInsertTailList(&n->list, &mine->link, &n->lock);
        else
            ExInterlockedInsertHeadList(&n->list, &mine->link, &n->lock);
        ExInterlockedAddUlong(&n->number, 1, &n->lock);
        other = ExInterlockedRemoveHeadList(&n->list, &n->lock);
        if (other == NULL)
            return (void *)1; /* there is one for each thread at least */
        free(CONTAINING_RECORD(other, number_node, link));
    }
    return NULL;
}

static void test_interlocked_threads(void **state)
{
    numbers n = {0};

    (void)state;
    KeInitializeSpinLock(&n.lock);
    InitializeListHead(&n.list);
    run_threads(insert_and_remove, &n);
    assert_true(IsListEmpty(&n.list));
    assert_int_equal(n.number, THREADS * 3000);
}

static void test_lookaside(void **state)
{
    static NPAGED_LOOKASIDE_LIST list;
    static PAGED_LOOKASIDE_LIST paged;
    EXP_POOL_BLOCK_INFO info;
    PVOID block;

    (void)state;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 100, TAG, 0);
    assert_int_equal(list.L.Size, 100);
    assert_int_equal(list.L.Tag, TAG);
    block = ExAllocateFromNPagedLookasideList(&list);
    assert_true(ExpQueryPoolBlock(block, &info));
    assert_int_equal(info.Tag, TAG);
    assert_int_equal(info.Bytes, 100);
    assert_int_equal(list.L.TotalAllocates, 1);
    assert_int_equal(list.L.AllocateMisses, 1);
    ExFreeToNPagedLookasideList(&list, block);
    assert_int_equal(ExQueryDepthSList(&list.L.ListHead), NTIO_SANITIZED ? 0 : 1);
    if (!NTIO_SANITIZED) {
        assert_ptr_equal(ExAllocateFromNPagedLookasideList(&list), block);
        assert_int_equal(list.L.AllocateMisses, 1);
        ExFreeToNPagedLookasideList(&list, block);
    }
    /* What it keeps goes with it. */
    ExDeleteNPagedLookasideList(&list);
    assert_false(ExpQueryPoolBlock(block, &info));

    ExInitializePagedLookasideList(&paged, NULL, NULL, 0, 32, TAG, 0);
    block = ExAllocateFromPagedLookasideList(&paged);
    assert_true(ExpQueryPoolBlock(block, &info));
    assert_int_equal(info.Type, PagedPool);
    ExFreeToPagedLookasideList(&paged, block);
    ExDeletePagedLookasideList(&paged);
}

static void test_lookaside_depth(void **state)
{
    static NPAGED_LOOKASIDE_LIST list;
    PVOID blocks[300];
    int i;

    (void)state;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 16, TAG, 0);
    for (i = 0; i < 300; i++)
        blocks[i] = ExAllocateFromNPagedLookasideList(&list);
    for (i = 0; i < 300; i++)
        ExFreeToNPagedLookasideList(&list, blocks[i]);
    assert_int_equal(ExQueryDepthSList(&list.L.ListHead), list.L.Depth);
    assert_true(list.L.Depth < 300);
    assert_int_equal(list.L.FreeMisses, 300 - list.L.Depth);
    ExDeleteNPagedLookasideList(&list);
}

static int made, unmade;

static PVOID NTAPI make(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                        PLOOKASIDE_LIST_EX Lookaside)
{
    (void)Lookaside;
    made++;
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

static VOID NTAPI unmake(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside)
{
    (void)Lookaside;
    unmade++;
    ExFreePool(Buffer);
}

static void test_lookaside_ex(void **state)
{
    static LOOKASIDE_LIST_EX list;
    PVOID block;

    (void)state;
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 4, 64, TAG, 0),
                     STATUS_INVALID_PARAMETER_5);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 3, 64, TAG, 0),
                     STATUS_INVALID_PARAMETER_5);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 64, TAG, 9),
                     STATUS_INVALID_PARAMETER_8);
    assert_int_equal(
        ExInitializeLookasideListEx(&list, make, unmake, NonPagedPoolNx, 0, 64, TAG, 0), 0);
    block = ExAllocateFromLookasideListEx(&list);
    assert_int_equal(made, 1);
    ExFreeToLookasideListEx(&list, block);
    ExFlushLookasideListEx(&list);
    assert_int_equal(unmade, 1);
    assert_int_equal(ExQueryDepthSList(&list.L.ListHead), 0);
    block = ExAllocateFromLookasideListEx(&list);
    ExFreeToLookasideListEx(&list, block);
    ExDeleteLookasideListEx(&list);
    assert_int_equal(made, 2);
    assert_int_equal(unmade, 2);
}

static void *use_lookaside(void *context)
{
    PNPAGED_LOOKASIDE_LIST list = context;
    PULONG blocks[20];
    int i, j;

    for (i = 0; i < 500; i++) {
        for (j = 0; j < 20; j++) {
            blocks[j] = ExAllocateFromNPagedLookasideList(list);
            *blocks[j] = (ULONG)(i * j);
        }
        for (j = 0; j < 20; j++) {
            if (*blocks[j] != (ULONG)(i * j))
                return (void *)1;
            ExFreeToNPagedLookasideList(list, blocks[j]);
        }
    }
    return NULL;
}

static void test_lookaside_threads(void **state)
{
    static NPAGED_LOOKASIDE_LIST list;

    (void)state;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    run_threads(use_lookaside, &list);
    ExDeleteNPagedLookasideList(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slist_order),  cmocka_unit_test(test_slist_threads),
        cmocka_unit_test(test_interlocked),  cmocka_unit_test(test_interlocked_threads),
        cmocka_unit_test(test_lookaside),    cmocka_unit_test(test_lookaside_depth),
        cmocka_unit_test(test_lookaside_ex), cmocka_unit_test(test_lookaside_threads),
    };
    return cmocka_run_group_tests_name("ex lists", tests, host_setup, host_teardown);
}
