/* SPDX-License-Identifier: MIT */
/* MDLs: layout, flags, partial ones, IRP chains, mappings, accounting; pages and contiguous memory.
 */
#include "ntio/mm/mm.h"
#include "tests/support/host.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

#define TAG 'tseT'

static PUCHAR buffer; /* 16 pages */
static PUCHAR readonly;

static NTSTATUS lock(PMDL mdl, LOCK_OPERATION operation)
{
    MMP_GUARD guard;
    volatile NTSTATUS status = MmpEnterGuard(&guard);

    if (status == 0) {
        MmProbeAndLockPages(mdl, UserMode, operation);
        MmpLeaveGuard(&guard);
    }
    return status;
}

static void test_layout(void **state)
{
    PMDL mdl = IoAllocateMdl(buffer + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)state;
    assert_non_null(mdl);
    assert_ptr_equal(mdl->StartVa, buffer);
    assert_int_equal(mdl->ByteOffset, 100);
    assert_int_equal(mdl->ByteCount, 2 * PAGE_SIZE);
    assert_null(mdl->Next);
    assert_null(mdl->Process);
    assert_int_equal(mdl->Size, sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
    assert_int_equal(mdl->MdlFlags & ~MDL_ALLOCATED_FIXED_SIZE, 0);
    assert_ptr_equal(MmGetMdlVirtualAddress(mdl), buffer + 100);
    IoFreeMdl(mdl);
    /* Nothing, and a lot. */
    mdl = IoAllocateMdl(NULL, 0, FALSE, FALSE, NULL);
    assert_non_null(mdl);
    IoFreeMdl(mdl);
    mdl = IoAllocateMdl(buffer, 1 << 30, FALSE, FALSE, NULL);
    assert_non_null(mdl);
    assert_int_equal(mdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE, 0);
    IoFreeMdl(mdl);
    assert_null(IoAllocateMdl(buffer, 0xfffff001, FALSE, FALSE, NULL));
    atomic_store(&ExpFailAllocationNumber, 1);
    assert_null(IoAllocateMdl(buffer, 1, FALSE, FALSE, NULL));
}

static void test_chain(void **state)
{
    PIRP irp = calloc(1, sizeof(*irp));
    PMDL a, b, c;

    (void)state;
    a = IoAllocateMdl(buffer, 10, FALSE, FALSE, irp);
    assert_ptr_equal(irp->MdlAddress, a);
    b = IoAllocateMdl(buffer, 20, TRUE, FALSE, irp);
    c = IoAllocateMdl(buffer, 30, TRUE, FALSE, irp);
    assert_ptr_equal(irp->MdlAddress, a);
    assert_ptr_equal(a->Next, b);
    assert_ptr_equal(b->Next, c);
    assert_null(c->Next);
    IoFreeMdl(a);
    IoFreeMdl(b);
    IoFreeMdl(c);
    free(irp);
}

static void test_nonpaged(void **state)
{
    PUCHAR block = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(block + 10, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    PPFN_NUMBER frame = MmGetMdlPfnArray(mdl);

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    assert_int_equal(mdl->MdlFlags & ~MDL_ALLOCATED_FIXED_SIZE, MDL_SOURCE_IS_NONPAGED_POOL);
    assert_ptr_equal(mdl->MappedSystemVa, block + 10);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), block + 10);
    assert_int_equal(frame[0], (ULONG_PTR)block >> PAGE_SHIFT);
    assert_int_equal(frame[1], frame[0] + 1);
    assert_int_equal(frame[2], frame[0] + 2);
    IoFreeMdl(mdl);
    ExFreePool(block);
}

static void test_lock(void **state)
{
    PMDL mdl = IoAllocateMdl(buffer + 10, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
    PUCHAR address;

    (void)state;
    assert_int_equal(lock(mdl, IoWriteAccess), STATUS_SUCCESS);
    assert_int_equal(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION),
                     MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    assert_ptr_equal(mdl->Process, PsGetCurrentProcess());
    assert_int_equal(MmGetMdlPfnArray(mdl)[3], ((ULONG_PTR)buffer >> PAGE_SHIFT) + 3);
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_non_null(address);
    address[0] = 0x5a;
    assert_int_equal(buffer[10], 0x5a);
    assert_int_equal(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, MDL_MAPPED_TO_SYSTEM_VA);
    /* Asked again, it is the same mapping. */
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), address);
    MmUnmapLockedPages(address, mdl);
    assert_int_equal(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_non_null(address);
    /* The mapping goes with the lock. */
    MmUnlockPages(mdl);
    assert_int_equal(mdl->MdlFlags & ~MDL_ALLOCATED_FIXED_SIZE, 0);
    /* And it may be locked anew. */
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_SUCCESS);
    assert_int_equal(mdl->MdlFlags & MDL_WRITE_OPERATION, 0);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_lock_fails(void **state)
{
    PMDL mdl;
    PUCHAR hole =
        mmap(NULL, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    munmap(hole + PAGE_SIZE, PAGE_SIZE);
    mdl = IoAllocateMdl(hole, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_ACCESS_VIOLATION);
    assert_int_equal(mdl->MdlFlags & MDL_PAGES_LOCKED, 0);
    IoFreeMdl(mdl);
    munmap(hole, PAGE_SIZE);
    munmap(hole + 2 * PAGE_SIZE, PAGE_SIZE);

    mdl = IoAllocateMdl(readonly, PAGE_SIZE, FALSE, FALSE, NULL);
    assert_int_equal(lock(mdl, IoWriteAccess), STATUS_ACCESS_VIOLATION);
    assert_int_equal(lock(mdl, IoModifyAccess), STATUS_ACCESS_VIOLATION);
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_SUCCESS);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);

    mdl = IoAllocateMdl((PVOID)0xffff800000001000, 16, FALSE, FALSE, NULL);
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_ACCESS_VIOLATION);
    IoFreeMdl(mdl);
    mdl = IoAllocateMdl(NULL, 16, FALSE, FALSE, NULL);
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_ACCESS_VIOLATION);
    IoFreeMdl(mdl);
}

static void test_mapping_fails(void **state)
{
    PMDL mdl = IoAllocateMdl(buffer, PAGE_SIZE, FALSE, FALSE, NULL);

    (void)state;
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_SUCCESS);
    atomic_store(&ExpFailAllocationNumber, 1);
    assert_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    assert_int_equal(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
    assert_non_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_partial(void **state)
{
    PMDL source = IoAllocateMdl(buffer + 100, 5 * PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL part = IoAllocateMdl(buffer + 100, 5 * PAGE_SIZE, FALSE, FALSE, NULL);
    PUCHAR address;

    (void)state;
    lock(source, IoWriteAccess);
    IoBuildPartialMdl(source, part, buffer + PAGE_SIZE + 50, PAGE_SIZE);
    assert_ptr_equal(part->StartVa, buffer + PAGE_SIZE);
    assert_int_equal(part->ByteOffset, 50);
    assert_int_equal(part->ByteCount, PAGE_SIZE);
    assert_ptr_equal(part->Process, source->Process);
    assert_int_equal(part->MdlFlags & (MDL_PARTIAL | MDL_MAPPED_TO_SYSTEM_VA | MDL_PAGES_LOCKED),
                     MDL_PARTIAL);
    assert_memory_equal(MmGetMdlPfnArray(part), MmGetMdlPfnArray(source) + 1,
                        2 * sizeof(PFN_NUMBER));
    /* A mapping of its own, which building it anew gives up. */
    address = MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    assert_ptr_equal(address, buffer + PAGE_SIZE + 50);
    assert_int_equal(part->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED, MDL_PARTIAL_HAS_BEEN_MAPPED);
    MmPrepareMdlForReuse(part);
    assert_int_equal(part->MdlFlags & (MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_MAPPED_TO_SYSTEM_VA), 0);
    /* Length 0: the rest. */
    IoBuildPartialMdl(source, part, buffer + 3 * PAGE_SIZE, 0);
    assert_int_equal(part->ByteCount, 2 * PAGE_SIZE + 100);
    MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    IoFreeMdl(part); /* with its mapping */

    /* The source's mapping serves for the part, and stays the source's. */
    address = MmGetSystemAddressForMdlSafe(source, NormalPagePriority);
    part = IoAllocateMdl(buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    IoBuildPartialMdl(source, part, buffer + 200, 10);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), address + 100);
    assert_int_equal(part->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA, MDL_PARENT_MAPPED_SYSTEM_VA);
    MmPrepareMdlForReuse(part);
    IoFreeMdl(part);
    MmUnlockPages(source);
    IoFreeMdl(source);
}

static void test_advance(void **state)
{
    PMDL mdl = IoAllocateMdl(buffer + 100, 4 * PAGE_SIZE, FALSE, FALSE, NULL);
    PFN_NUMBER first = (ULONG_PTR)buffer >> PAGE_SHIFT;

    (void)state;
    lock(mdl, IoReadAccess);
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_int_equal(MmAdvanceMdl(mdl, 4 * PAGE_SIZE), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(MmAdvanceMdl(mdl, 50), STATUS_SUCCESS);
    assert_int_equal(mdl->ByteOffset, 150);
    assert_int_equal(MmGetMdlPfnArray(mdl)[0], first);
    assert_int_equal(MmAdvanceMdl(mdl, PAGE_SIZE), STATUS_SUCCESS);
    assert_ptr_equal(mdl->StartVa, buffer + PAGE_SIZE);
    assert_int_equal(mdl->ByteOffset, 150);
    assert_int_equal(mdl->ByteCount, 3 * PAGE_SIZE - 50);
    assert_int_equal(MmGetMdlPfnArray(mdl)[0], first + 1);
    assert_ptr_equal(mdl->MappedSystemVa, buffer + PAGE_SIZE + 150);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_user_mapping(void **state)
{
    PUCHAR block = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(block, PAGE_SIZE, FALSE, FALSE, NULL);
    PUCHAR address;

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    address =
        MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    assert_non_null(address);
    address[5] = 7;
    assert_int_equal(block[5], 7);
    MmUnmapLockedPages(address, mdl);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_NOT_MAPPED_VIEW);
    IoFreeMdl(mdl);
    ExFreePool(block);
}

typedef struct counted {
    ULONGLONG mdls;
    PMDL wanted;
    BOOLEAN found;
} counted;

static VOID count_mdl(PMDL Mdl, PVOID Caller, PVOID Context)
{
    counted *c = Context;
    c->mdls++;
    if (Mdl == c->wanted && Caller != NULL)
        c->found = TRUE;
}

static VOID find_sentence(const char *Kind, const char *Sentence, PVOID Context)
{
    if (strcmp(Kind, "MDL") == 0 && strstr(Sentence, "of 77 bytes") != NULL &&
        strstr(Sentence, ", locked, allocated by ") != NULL)
        ++*(int *)Context;
}

static void test_accounting(void **state)
{
    PMDL mdl = IoAllocateMdl(buffer, 77, FALSE, FALSE, NULL);
    counted c = {0, mdl, FALSE};
    ULONGLONG count = MmpQueryMdlCount();
    int named = 0;

    (void)state;
    lock(mdl, IoReadAccess);
    MmpEnumerateMdls(count_mdl, &c);
    assert_true(c.found);
    assert_int_equal(c.mdls, count);
    VfAccount(find_sentence, &named);
    assert_int_equal(named, 1);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    assert_int_equal(MmpQueryMdlCount(), count - 1);
}

static void test_pool_mdl(void **state)
{
    /* A driver may make the MDL itself. */
    PMDL mdl = ExAllocatePoolWithTag(NonPagedPoolNx, MmSizeOfMdl(buffer, 100), TAG);
    EXP_POOL_BLOCK_INFO info;

    (void)state;
    MmInitializeMdl(mdl, buffer, 100);
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_SUCCESS);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    assert_false(ExpQueryPoolBlock(mdl, &info));
}

static PHYSICAL_ADDRESS physical(ULONGLONG value)
{
    PHYSICAL_ADDRESS address;
    address.QuadPart = (LONGLONG)value;
    return address;
}

static void test_pages(void **state)
{
    PMDL mdl = MmAllocatePagesForMdlEx(physical(0), physical(~0ULL >> 1), physical(0),
                                       10 * PAGE_SIZE + 1, MmCached, 0);
    PUCHAR address;
    size_t i;

    (void)state;
    assert_non_null(mdl);
    assert_int_equal(MmGetMdlByteCount(mdl), 11 * PAGE_SIZE);
    assert_null(mdl->StartVa);
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_non_null(address);
    for (i = 0; i < 11 * PAGE_SIZE; i++)
        assert_int_equal(address[i], 0);
    address[11 * PAGE_SIZE - 1] = 1;
    MmUnmapLockedPages(address, mdl);
    MmFreePagesFromMdl(mdl);
    assert_false(MmIsAddressValid(address));
    ExFreePool(mdl);
    assert_null(MmAllocatePagesForMdl(physical(0), physical(0xffff), physical(0), PAGE_SIZE));
    mdl = MmAllocatePagesForMdl(physical(0), physical(0xffffffff), physical(0), PAGE_SIZE);
    if (mdl != NULL) { /* where the host has memory below 4 GiB */
        assert_true(MmGetMdlPfnArray(mdl)[0] < 0x100000);
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
    }
}

static VOID find_region(const char *Kind, const char *Sentence, PVOID Context)
{
    (void)Sentence;
    if (strcmp(Kind, "contiguous memory") == 0)
        ++*(int *)Context;
}

static void test_contiguous(void **state)
{
    PUCHAR block = MmAllocateContiguousMemory(3 * PAGE_SIZE + 5, physical(~0ULL >> 1));
    int named = 0;

    (void)state;
    assert_non_null(block);
    assert_int_equal((ULONG_PTR)block % PAGE_SIZE, 0);
    memset(block, 1, 3 * PAGE_SIZE + 5);
    assert_int_equal(MmGetPhysicalAddress(block + 5).QuadPart, (ULONG_PTR)block + 5);
    assert_ptr_equal(MmMapIoSpace(MmGetPhysicalAddress(block), PAGE_SIZE, MmNonCached), block);
    MmUnmapIoSpace(block, PAGE_SIZE);
    VfAccount(find_region, &named);
    assert_int_equal(named, 1);
    MmFreeContiguousMemory(block);
    assert_int_equal(MmGetPhysicalAddress(block).QuadPart, 0);
    assert_null(MmAllocateContiguousMemory(PAGE_SIZE, physical(0xfff)));
    block = MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, physical(0), physical(~0ULL >> 1),
                                                   physical(0x10000), MmNonCached);
    assert_non_null(block);
    MmFreeContiguousMemorySpecifyCache(block, PAGE_SIZE, MmNonCached);
    block = MmAllocateNonCachedMemory(100);
    assert_non_null(block);
    MmFreeNonCachedMemory(block, 100);
}

static void *churn(void *context)
{
    PMDL mdls[16] = {0};
    int i;

    (void)context;
    for (i = 0; i < 4000; i++) {
        PMDL *slot = &mdls[i * 7 % 16];
        if (*slot != NULL) {
            MmUnlockPages(*slot);
            IoFreeMdl(*slot);
        }
        *slot = IoAllocateMdl(buffer + i % 4096, (ULONG)(1 + i % 50000), FALSE, FALSE, NULL);
        MmProbeAndLockPages(*slot, KernelMode, IoReadAccess);
    }
    for (i = 0; i < 16; i++) {
        if (mdls[i] != NULL) {
            MmUnlockPages(mdls[i]);
            IoFreeMdl(mdls[i]);
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    ULONGLONG count = MmpQueryMdlCount();
    pthread_t thread[4];
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, churn, NULL), 0);
    for (i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(MmpQueryMdlCount(), count);
}

static void test_routine_address(void **state)
{
    UNICODE_STRING known = RTL_CONSTANT_STRING(L"IoAllocateMdl");
    UNICODE_STRING unknown = RTL_CONSTANT_STRING(L"IoAllocateMdlOnTheMoon");
    UNICODE_STRING odd = RTL_CONSTANT_STRING(L"Io\x00e4");

    (void)state;
    assert_ptr_equal(MmGetSystemRoutineAddress(&known), (PVOID)(ULONG_PTR)&IoAllocateMdl);
    assert_null(MmGetSystemRoutineAddress(&unknown));
    assert_null(MmGetSystemRoutineAddress(&odd));
    assert_int_equal(MmQuerySystemSize(), MmLargeSystem);
    assert_false(MmIsThisAnNtAsSystem());
    assert_non_null(MmLockPagableDataSection((PVOID)(ULONG_PTR)&test_routine_address));
}

static int setup(void **state)
{
    buffer = mmap(NULL, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    readonly = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED || readonly == MAP_FAILED)
        return -1;
    return host_setup(state);
}

static int teardown(void **state)
{
    int result = host_teardown(state);
    munmap(buffer, 16 * PAGE_SIZE);
    munmap(readonly, PAGE_SIZE);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),          cmocka_unit_test(test_chain),
        cmocka_unit_test(test_nonpaged),        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_lock_fails),      cmocka_unit_test(test_mapping_fails),
        cmocka_unit_test(test_partial),         cmocka_unit_test(test_advance),
        cmocka_unit_test(test_user_mapping),    cmocka_unit_test(test_accounting),
        cmocka_unit_test(test_pool_mdl),        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_contiguous),      cmocka_unit_test(test_threads),
        cmocka_unit_test(test_routine_address),
    };
    return cmocka_run_group_tests_name("mm mdl", tests, setup, teardown);
}
