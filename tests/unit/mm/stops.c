/* SPDX-License-Identifier: MIT */
/* Everything that mm stops the host for: misuse of MDLs, and faults. */
#include "ntio/mm/mm.h"
#include "tests/support/bugcheck.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

#define TAG 'tseT'

static UCHAR memory[4 * PAGE_SIZE];

static void raise_to(KIRQL irql)
{
    KIRQL old;
    KeRaiseIrql(irql, &old);
}

static PMDL new_mdl(void)
{
    return IoAllocateMdl(memory, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
}

static PMDL locked_mdl(void)
{
    PMDL mdl = new_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    return mdl;
}

static PMDL nonpaged_mdl(void)
{
    PMDL mdl =
        IoAllocateMdl(ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG), 100, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

static void free_locked(void *context)
{
    (void)context;
    IoFreeMdl(locked_mdl());
}

static void free_mapped(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    mdl->MdlFlags &= ~MDL_PAGES_LOCKED; /* as a driver that plays with flags would */
    IoFreeMdl(mdl);
}

static void free_twice(void *context)
{
    PMDL mdl = new_mdl();
    (void)context;
    IoFreeMdl(mdl);
    IoFreeMdl(mdl);
}

static void lock_at_high_irql(void *context)
{
    PMDL mdl = new_mdl();
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void lock_twice(void *context)
{
    (void)context;
    MmProbeAndLockPages(locked_mdl(), KernelMode, IoReadAccess);
}

static void lock_nonpaged(void *context)
{
    (void)context;
    MmProbeAndLockPages(nonpaged_mdl(), KernelMode, IoReadAccess);
}

static void lock_without_guard(void *context)
{
    (void)context;
    MmProbeAndLockPages(IoAllocateMdl((PVOID)0x1000, 10, FALSE, FALSE, NULL), UserMode,
                        IoReadAccess);
}

static void unlock_unlocked(void *context)
{
    (void)context;
    MmUnlockPages(new_mdl());
}

static void unlock_nonpaged(void *context)
{
    (void)context;
    MmUnlockPages(nonpaged_mdl());
}

static void unlock_partial(void *context)
{
    PMDL source = locked_mdl(), part = new_mdl();
    (void)context;
    IoBuildPartialMdl(source, part, memory, 10);
    MmUnlockPages(part);
}

static void unlock_at_high_irql(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    MmUnlockPages(mdl);
}

static void build_paged(void *context)
{
    (void)context;
    MmBuildMdlForNonPagedPool(
        IoAllocateMdl(ExAllocatePoolWithTag(PagedPool, 100, TAG), 100, FALSE, FALSE, NULL));
}

static void build_locked(void *context)
{
    (void)context;
    MmBuildMdlForNonPagedPool(locked_mdl());
}

static void map_unlocked(void *context)
{
    (void)context;
    MmGetSystemAddressForMdlSafe(new_mdl(), NormalPagePriority);
}

static void map_twice(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void map_at_high_irql(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void map_to_user_at_dispatch(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    raise_to(DISPATCH_LEVEL);
    MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void map_old_at_high_irql(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    MmMapLockedPages(mdl, KernelMode);
}

static void map_old_to_user_at_dispatch(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    raise_to(DISPATCH_LEVEL);
    MmMapLockedPages(mdl, UserMode);
}

static void map_or_stop(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    atomic_store(&ExpFailAllocationNumber, 1);
    MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, TRUE, NormalPagePriority);
}

static void map_pages_apart(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    MmGetMdlPfnArray(mdl)[1] += 5;
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
}

static void unmap_unmapped(void *context)
{
    PMDL mdl = locked_mdl();
    (void)context;
    MmUnmapLockedPages(memory + 1, mdl);
}

static void unmap_twice(void *context)
{
    PMDL mdl = new_mdl();
    (void)context;
    MmUnmapLockedPages(NULL, mdl);
}

static void unmap_at_high_irql(void *context)
{
    PMDL mdl = locked_mdl();
    PVOID address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    MmUnmapLockedPages(address, mdl);
}

static void partial_too_large(void *context)
{
    (void)context;
    IoBuildPartialMdl(locked_mdl(), IoAllocateMdl(memory, 10, FALSE, FALSE, NULL), memory,
                      2 * PAGE_SIZE);
}

static void partial_outside(void *context)
{
    (void)context;
    IoBuildPartialMdl(locked_mdl(), new_mdl(), memory + PAGE_SIZE, 2 * PAGE_SIZE);
}

static void partial_of_unlocked(void *context)
{
    (void)context;
    IoBuildPartialMdl(new_mdl(), new_mdl(), memory, 10);
}

static PHYSICAL_ADDRESS physical(ULONGLONG value)
{
    PHYSICAL_ADDRESS address;
    address.QuadPart = (LONGLONG)value;
    return address;
}

static void pages_at_high_irql(void *context)
{
    (void)context;
    raise_to(DISPATCH_LEVEL + 1);
    MmAllocatePagesForMdl(physical(0), physical(~0ULL >> 1), physical(0), PAGE_SIZE);
}

static void free_pages_twice(void *context)
{
    PMDL mdl = MmAllocatePagesForMdl(physical(0), physical(~0ULL >> 1), physical(0), PAGE_SIZE);
    (void)context;
    MmFreePagesFromMdl(mdl);
    MmFreePagesFromMdl(mdl);
}

static void free_bad_contiguous(void *context)
{
    (void)context;
    MmFreeContiguousMemory(memory);
}

static void map_registers(void *context)
{
    (void)context;
    MmMapIoSpace(physical(0x1000), PAGE_SIZE, MmNonCached);
}

static void probe_at_dispatch(void *context)
{
    (void)context;
    raise_to(DISPATCH_LEVEL);
    ProbeForRead(memory, 1, 1);
}

/* ---- faults ---- */

static PUCHAR page_of(int protection)
{
    return mmap(NULL, PAGE_SIZE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void touch_nothing(void *context)
{
    volatile UCHAR *byte = page_of(PROT_NONE);
    (void)context;
    (void)*byte;
}

static void touch_null(void *context)
{
    volatile UCHAR *volatile byte = (volatile UCHAR *)8;
    (void)context;
    (void)*byte;
}

static void touch_impossible(void *context)
{
    volatile UCHAR *volatile byte = (volatile UCHAR *)0xdead000000000000;
    (void)context;
    (void)*byte;
}

static void write_readonly(void *context)
{
    volatile UCHAR *byte = page_of(PROT_READ);
    (void)context;
    *byte = 1;
}

static void touch_at_dispatch(void *context)
{
    volatile UCHAR *byte = page_of(PROT_NONE);
    (void)context;
    raise_to(DISPATCH_LEVEL);
    (void)*byte;
}

static void call_null(void *context)
{
    VOID (*volatile routine)(VOID) = NULL;
    (void)context;
    routine();
}

/* In the host's library, on behalf of code that is ours. */
static void copy_from_nothing(void *context)
{
    (void)context;
    memcpy(memory, page_of(PROT_NONE), (SIZE_T)(ULONG_PTR)page_of(PROT_READ) & 0xfff ? 1 : 3000);
}

static VOID NTAPI touch_null_as_system(PVOID Parameter)
{
    touch_null(Parameter);
}

static void touch_in_system_thread(void *context)
{
    static WORK_QUEUE_ITEM item;
    KEVENT never;

    (void)context;
    ExInitializeWorkItem(&item, touch_null_as_system, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void broken_list(void *context)
{
    LIST_ENTRY head, entry, other;

    (void)context;
    InitializeListHead(&head);
    InsertTailList(&head, &entry);
    entry.Blink = &other;
    other.Flink = &other;
    RemoveEntryList(&entry);
}

#if defined(__x86_64__)
static void fail_fast(void *context)
{
    (void)context;
    __asm__ volatile("int $0x29" : : "c"(17));
}
#endif

static const struct bugcheck_case cases[] = {
    {"IoFreeMdl of a locked MDL", 0x76, 0, free_locked},
    {"IoFreeMdl of a mapped MDL", 0xc4, 0xb8, free_mapped},
    {"lock above DISPATCH_LEVEL", 0xc4, 0x70, lock_at_high_irql},
    {"lock twice", 0xc4, 0xb0, lock_twice},
    {"lock nonpaged pool", 0xc4, 0xb0, lock_nonpaged},
    {"lock a bad address without a guard", 0x1e, 0xffffffffc0000005, lock_without_guard},
    {"unlock what is not locked", 0xc4, 0x7c, unlock_unlocked},
    {"unlock nonpaged pool", 0xc4, 0x7d, unlock_nonpaged},
    {"unlock a partial MDL", 0xc4, 0xb4, unlock_partial},
    {"unlock above DISPATCH_LEVEL", 0xc4, 0x78, unlock_at_high_irql},
    {"build for paged pool", 0xc4, 0x7f, build_paged},
    {"build a locked MDL", 0xc4, 0xb0, build_locked},
    {"map what is not locked", 0xc4, 0xb3, map_unlocked},
    {"map twice", 0xc4, 0xb2, map_twice},
    {"map above DISPATCH_LEVEL", 0xc4, 0x76, map_at_high_irql},
    {"map to user mode at DISPATCH_LEVEL", 0xc4, 0x77, map_to_user_at_dispatch},
    {"MmMapLockedPages above DISPATCH_LEVEL", 0xc4, 0x74, map_old_at_high_irql},
    {"MmMapLockedPages to user mode at DISPATCH_LEVEL", 0xc4, 0x75, map_old_to_user_at_dispatch},
    {"a mapping that must not fail", 0x3f, BUGCHECK_ANY, map_or_stop},
    {"map pages that lie apart", 0xe0000001, BUGCHECK_ANY, map_pages_apart},
    {"unmap another address", 0xda, BUGCHECK_ANY, unmap_unmapped},
    {"unmap what is not mapped", 0xda, BUGCHECK_ANY, unmap_twice},
    {"unmap above DISPATCH_LEVEL", 0xc4, 0x79, unmap_at_high_irql},
    {"partial MDL that is too small", 0x40, BUGCHECK_ANY, partial_too_large},
    {"partial MDL outside its source", 0xc4, 0x16, partial_outside},
    {"partial MDL of one that is not locked", 0xc4, 0xb3, partial_of_unlocked},
    {"pages above DISPATCH_LEVEL", 0xc4, 0x7e, pages_at_high_irql},
    {"pages freed twice", 0xc4, 0x7c, free_pages_twice},
    {"contiguous memory that is none", 0xc2, 0x60, free_bad_contiguous},
    {"a device's registers", 0xe0000001, BUGCHECK_ANY, map_registers},
    {"ProbeForRead at DISPATCH_LEVEL", 0x0a, BUGCHECK_ANY, probe_at_dispatch},
    {"a list with broken links", 0x139, 3, broken_list},
};

/* Where there is ASan, it reports these. */
static const struct bugcheck_case faults[] = {
    {"IoFreeMdl twice", 0xc2, 0x07, free_twice},
    {"a page that is not there", 0x50, BUGCHECK_ANY, touch_nothing},
    {"a null pointer", 0x1e, 0xffffffffc0000005, touch_null},
    {"an address that cannot be", 0x1e, 0xffffffffc0000005, touch_impossible},
    {"a write to a read-only page", 0xbe, BUGCHECK_ANY, write_readonly},
    {"a page that is not there, at DISPATCH_LEVEL", 0x0a, BUGCHECK_ANY, touch_at_dispatch},
    {"a call through a null pointer", 0x1e, 0xffffffffc0000005, call_null},
    {"a copy from a page that is not there", 0x50, BUGCHECK_ANY, copy_from_nothing},
    {"a null pointer in a system thread", 0x7e, 0xffffffffc0000005, touch_in_system_thread},
#if defined(__x86_64__)
    {"__fastfail", 0x139, 17, fail_fast},
#endif
};

int main(void)
{
    return run_bugcheck_and_fault_cases("mm stops", cases, sizeof(cases) / sizeof(cases[0]), faults,
                                        sizeof(faults) / sizeof(faults[0]));
}
