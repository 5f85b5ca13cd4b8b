/* SPDX-License-Identifier: MIT */
/* Everything that ex stops the host for. */
#include "ntio/ex/ex.h"
#include "tests/support/bugcheck.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define TAG 'tseT'

/* ---- pool ---- */

static void raise_to(KIRQL irql)
{
    KIRQL old;
    KeRaiseIrql(irql, &old);
}

static void zero_bytes(void *context)
{
    (void)context;
    ExAllocatePoolWithTag(PagedPool, 0, TAG);
}

static void paged_at_dispatch(void *context)
{
    (void)context;
    raise_to(DISPATCH_LEVEL);
    ExAllocatePoolWithTag(PagedPool, 16, TAG);
}

static void paged_by_flags_at_dispatch(void *context)
{
    (void)context;
    raise_to(DISPATCH_LEVEL);
    ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
}

static void nonpaged_above_dispatch(void *context)
{
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG);
}

static void free_paged_at_dispatch(void *context)
{
    PVOID block = ExAllocatePoolWithTag(PagedPool, 16, TAG);
    (void)context;
    raise_to(DISPATCH_LEVEL);
    ExFreePool(block);
}

static void free_nonpaged_above_dispatch(void *context)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG);
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    ExFreePool(block);
}

static void bad_pool_type(void *context)
{
    (void)context;
    ExAllocatePoolWithTag((POOL_TYPE)0x4000, 16, TAG);
}

static void must_succeed(void *context)
{
    (void)context;
    ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 16, TAG);
}

static void tag_zero(void *context)
{
    (void)context;
    ExAllocatePoolWithTag(PagedPool, 16, 0);
}

static void tag_big(void *context)
{
    (void)context;
    ExAllocatePoolWithTag(PagedPool, 16, 'GIB');
}

static void tag_without_letters(void *context)
{
    (void)context;
    ExAllocatePoolWithTag(PagedPool, 16, '!!--');
}

static void free_twice(void *context)
{
    PVOID block = ExAllocatePoolWithTag(PagedPool, 16, TAG);
    (void)context;
    ExFreePool(block);
    ExFreePool(block);
}

static void free_wild(void *context)
{
    (void)context;
    ExFreePool((PVOID)0x123450);
}

static void free_null(void *context)
{
    (void)context;
    ExFreePool(NULL);
}

static void free_inside(void *context)
{
    PUCHAR block = ExAllocatePoolWithTag(PagedPool, 64, TAG);
    (void)context;
    ExFreePool(block + 16);
}

static void free_stack(void *context)
{
    UCHAR local[64];
    (void)context;
    ExFreePool(local);
}

static void free_with_wrong_tag(void *context)
{
    PVOID block = ExAllocatePoolWithTag(PagedPool, 16, TAG);
    (void)context;
    ExFreePoolWithTag(block, 'rhtO');
}

static void write_past_the_end(void *context)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(PagedPool, 21, TAG);
    (void)context;
    block[21] ^= 0xff;
    ExFreePool((PVOID)block);
}

static void write_past_the_end_of_pages(void *context)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(PagedPool, 3 * PAGE_SIZE, TAG);
    (void)context;
    block[3 * PAGE_SIZE + 7] ^= 1;
    ExFreePool((PVOID)block);
}

static void write_before_the_start(void *context)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(PagedPool, 21, TAG);
    (void)context;
    block[-1] ^= 0xff;
    ExFreePool((PVOID)block);
}

/* ---- lookaside lists ---- */

static PNPAGED_LOOKASIDE_LIST new_list(void)
{
    PNPAGED_LOOKASIDE_LIST list =
        ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, sizeof(*list), TAG);
    ExInitializeNPagedLookasideList(list, NULL, NULL, 0, 64, TAG, 0);
    return list;
}

static void list_twice(void *context)
{
    PNPAGED_LOOKASIDE_LIST list = new_list();
    (void)context;
    ExInitializeNPagedLookasideList(list, NULL, NULL, 0, 64, TAG, 0);
}

static void list_deleted_twice(void *context)
{
    PNPAGED_LOOKASIDE_LIST list = new_list();
    (void)context;
    ExDeleteNPagedLookasideList(list);
    ExDeleteNPagedLookasideList(list);
}

static void list_freed(void *context)
{
    PNPAGED_LOOKASIDE_LIST list = new_list();
    (void)context;
    ExFreePool(list);
}

static void list_of_small_blocks(void *context)
{
    static LOOKASIDE_LIST_EX list;
    (void)context;
    ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 4, TAG, 0);
}

/* ---- fast mutexes ---- */

static FAST_MUTEX mutex;

static void mutex_at_dispatch(void *context)
{
    (void)context;
    ExInitializeFastMutex(&mutex);
    raise_to(DISPATCH_LEVEL);
    ExAcquireFastMutex(&mutex);
}

static void mutex_released_at_passive(void *context)
{
    (void)context;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    KeLowerIrql(PASSIVE_LEVEL);
    ExReleaseFastMutex(&mutex);
}

static void mutex_unsafe_at_passive(void *context)
{
    (void)context;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutexUnsafe(&mutex);
}

static void mutex_released_unsafe_at_passive(void *context)
{
    (void)context;
    ExInitializeFastMutex(&mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
    ExReleaseFastMutexUnsafe(&mutex);
}

static void mutex_taken_twice(void *context)
{
    (void)context;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
}

static void mutex_not_held(void *context)
{
    (void)context;
    ExInitializeFastMutex(&mutex);
    raise_to(APC_LEVEL);
    ExReleaseFastMutex(&mutex);
}

/* ---- resources ---- */

static ERESOURCE resource;

static void resource_without_region(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

static void resource_released_outside_region(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    KeLeaveCriticalRegion();
    ExReleaseResourceLite(&resource);
}

static void resource_not_owned(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExReleaseResourceLite(&resource);
}

static void resource_converted_without_owner(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExConvertExclusiveToSharedLite(&resource);
}

static void resource_twice(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    ExInitializeResourceLite(&resource);
}

static void resource_deleted_twice(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    ExDeleteResourceLite(&resource);
    ExDeleteResourceLite(&resource);
}

static void resource_freed(void *context)
{
    PERESOURCE inside = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * sizeof(*inside), TAG);
    (void)context;
    ExInitializeResourceLite(inside + 1);
    ExFreePool(inside);
}

static void resource_deleted_owned(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExDeleteResourceLite(&resource);
}

static void resource_shared_then_exclusive(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

static void resource_misaligned(void *context)
{
    static UCHAR memory[sizeof(ERESOURCE) + 16];
    (void)context;
    ExInitializeResourceLite((PERESOURCE)((((ULONG_PTR)memory + 15) & ~(ULONG_PTR)7) + 4));
}

static void owner_pointer_without_bits(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExSetResourceOwnerPointer(&resource, (PVOID)0x1000);
}

/* ---- rundown ---- */

static void rundown_not_held(void *context)
{
    EX_RUNDOWN_REF ref;
    (void)context;
    ExInitializeRundownProtection(&ref);
    ExReleaseRundownProtection(&ref);
}

static void rundown_reinitialised_alive(void *context)
{
    EX_RUNDOWN_REF ref;
    (void)context;
    ExInitializeRundownProtection(&ref);
    ExReInitializeRundownProtection(&ref);
}

/* ---- work items ---- */

static WORK_QUEUE_ITEM item, blocker;
static KEVENT never;

static VOID NTAPI return_raised(PVOID Parameter)
{
    (void)Parameter;
    raise_to(DISPATCH_LEVEL);
}

static VOID NTAPI return_in_region(PVOID Parameter)
{
    (void)Parameter;
    KeEnterCriticalRegion();
}

static VOID NTAPI wait_for_ever(PVOID Parameter)
{
    (void)Parameter;
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void sleep_here(void)
{
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void worker_returns_raised(void *context)
{
    (void)context;
    ExInitializeWorkItem(&item, return_raised, (PVOID)0x77);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    sleep_here();
}

static void worker_returns_in_region(void *context)
{
    (void)context;
    ExInitializeWorkItem(&item, return_in_region, NULL);
    ExQueueWorkItem(&item, CriticalWorkQueue);
    sleep_here();
}

/* All workers of the queue blocked, so that what comes next stays queued. */
static void block_queue(void)
{
    static WORK_QUEUE_ITEM blockers[16];
    int i;

    KeInitializeEvent(&never, NotificationEvent, FALSE);
    for (i = 0; i < 16; i++) {
        ExInitializeWorkItem(&blockers[i], wait_for_ever, NULL);
        ExQueueWorkItem(&blockers[i], DelayedWorkQueue);
    }
}

static void item_queued_twice(void *context)
{
    (void)context;
    block_queue();
    ExInitializeWorkItem(&item, wait_for_ever, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    ExQueueWorkItem(&item, DelayedWorkQueue);
}

static void item_freed(void *context)
{
    PWORK_QUEUE_ITEM queued = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*queued), TAG);
    (void)context;
    block_queue();
    ExInitializeWorkItem(queued, wait_for_ever, NULL);
    ExQueueWorkItem(queued, DelayedWorkQueue);
    /* Sixteen workers may still be on their way to the sixteen that block; this one comes after
     * them. */
    ExFreePool(queued);
}

static void item_without_routine(void *context)
{
    (void)context;
    ExInitializeWorkItem(&item, NULL, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
}

static void item_for_no_queue(void *context)
{
    (void)context;
    ExInitializeWorkItem(&item, wait_for_ever, NULL);
    ExQueueWorkItem(&item, MaximumWorkQueue);
}

/* ---- others ---- */

static void raise_without_guard(void *context)
{
    (void)context;
    ExRaiseStatus(STATUS_DEVICE_BUSY);
}

static VOID NTAPI raise_in_worker(PVOID Parameter)
{
    (void)Parameter;
    ExRaiseAccessViolation();
}

static void raise_in_system_thread(void *context)
{
    (void)context;
    ExInitializeWorkItem(&blocker, raise_in_worker, NULL);
    ExQueueWorkItem(&blocker, DelayedWorkQueue);
    sleep_here();
}

static void rw_lock_not_held(void *context)
{
    static EX_SPIN_LOCK lock;
    (void)context;
    raise_to(DISPATCH_LEVEL);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
}

static const struct bugcheck_case cases[] = {
    {"zero bytes", 0xc4, 0x00, zero_bytes},
    {"paged pool at DISPATCH_LEVEL", 0xc4, 0x01, paged_at_dispatch},
    {"paged pool by flags at DISPATCH_LEVEL", 0xc4, 0x01, paged_by_flags_at_dispatch},
    {"nonpaged pool above DISPATCH_LEVEL", 0xc4, 0x02, nonpaged_above_dispatch},
    {"free of paged pool at DISPATCH_LEVEL", 0xc4, 0x11, free_paged_at_dispatch},
    {"free of nonpaged pool above DISPATCH_LEVEL", 0xc4, 0x12, free_nonpaged_above_dispatch},
    {"pool type that is none", 0xc4, 0x16, bad_pool_type},
    {"must-succeed pool", 0xc2, 0x9a, must_succeed},
    {"tag 0", 0xc2, 0x9b, tag_zero},
    {"tag BIG", 0xc2, 0x9c, tag_big},
    {"tag without letter or digit", 0xc2, 0x9d, tag_without_letters},
    {"free twice", 0xc2, 0x07, free_twice},
    {"free of a wild address", 0xc2, 0x46, free_wild},
    {"free of NULL", 0xc2, 0x46, free_null},
    {"free inside a block", 0xc2, 0x46, free_inside},
    {"free of the stack", 0xc2, 0x46, free_stack},
    {"free with the wrong tag", 0xc2, 0x0a, free_with_wrong_tag},
    {"lookaside list initialised twice", 0xc4, 0xca, list_twice},
    {"lookaside list deleted twice", 0xc4, 0xcb, list_deleted_twice},
    {"lookaside list freed", 0xc4, 0xcc, list_freed},
    {"lookaside list of small blocks", 0xc4, 0xcd, list_of_small_blocks},
    {"fast mutex at DISPATCH_LEVEL", 0xc4, 0x33, mutex_at_dispatch},
    {"fast mutex released at PASSIVE_LEVEL", 0xc4, 0x34, mutex_released_at_passive},
    {"fast mutex unsafe at PASSIVE_LEVEL", 0xc4, 0x39, mutex_unsafe_at_passive},
    {"fast mutex released unsafe at PASSIVE_LEVEL", 0xc4, 0x3a, mutex_released_unsafe_at_passive},
    {"fast mutex taken twice", 0xc4, 0x1000, mutex_taken_twice},
    {"fast mutex not held", 0xc4, 0x1007, mutex_not_held},
    {"resource without critical region", 0xc4, 0x37, resource_without_region},
    {"resource released outside", 0xc4, 0x38, resource_released_outside_region},
    {"resource not owned", 0xe3, BUGCHECK_ANY, resource_not_owned},
    {"resource converted that is shared", 0xe3, BUGCHECK_ANY, resource_converted_without_owner},
    {"resource initialised twice", 0xc4, 0xd0, resource_twice},
    {"resource deleted twice", 0xc4, 0xd1, resource_deleted_twice},
    {"resource freed", 0xc4, 0xd2, resource_freed},
    {"resource deleted while owned", 0xc4, 0x100b, resource_deleted_owned},
    {"resource shared, then exclusive", 0xc4, 0x1000, resource_shared_then_exclusive},
    {"resource misaligned", 0xc4, 0x3d, resource_misaligned},
    {"owner pointer without its bits", 0xc4, 0x16, owner_pointer_without_bits},
    {"rundown not held", 0x18, BUGCHECK_ANY, rundown_not_held},
    {"rundown reinitialised alive", 0x18, BUGCHECK_ANY, rundown_reinitialised_alive},
    {"worker returns at DISPATCH_LEVEL", 0xe1, BUGCHECK_ANY, worker_returns_raised},
    {"worker returns in a critical region", 0xc4, 0xc5, worker_returns_in_region},
    {"work item queued twice", 0xe4, 1, item_queued_twice},
    {"work item freed while queued", 0xe4, 0, item_freed},
    {"work item without routine", 0xe4, 7, item_without_routine},
    {"work item for no queue", 0xe4, 6, item_for_no_queue},
    {"exception without guard", 0x1e, 0xffffffff80000011, raise_without_guard},
    {"exception in a system thread", 0x7e, 0xffffffffc0000005, raise_in_system_thread},
    {"shared spin lock not held", 0x10, BUGCHECK_ANY, rw_lock_not_held},
};

/* Where there is ASan, it reports these. */
static const struct bugcheck_case faults[] = {
    {"write past the end", 0x19, 0x21, write_past_the_end},
    {"write past the end of pages", 0x19, 0x21, write_past_the_end_of_pages},
    {"write before the start", 0x19, 0x20, write_before_the_start},
};

int main(void)
{
    return run_bugcheck_and_fault_cases("ex stops", cases, sizeof(cases) / sizeof(cases[0]), faults,
                                        sizeof(faults) / sizeof(faults[0]));
}
