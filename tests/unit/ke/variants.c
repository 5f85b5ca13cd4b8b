/* SPDX-License-Identifier: MIT */
/* variants.c - the less used forms of timers, processors and times, and what mm answers about
 * paging of drivers. */
#include "ketest.h"
#include "tests/support/host.h"

static void a_coalescable_timer(void **state)
{
    KTIMER timer;

    (void)state;
    KeInitializeTimer(&timer);
    assert_false(KeSetCoalescableTimer(&timer, interval(MS(1)), 0, 5, NULL));
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_false(KeSetCoalescableTimer(&timer, interval(MS(100000)), 0, 5, NULL));
    assert_true(KeSetCoalescableTimer(&timer, interval(MS(100000)), 0, 5, NULL));
    assert_int_equal(poll_object(&timer), STATUS_TIMEOUT);
    assert_true(KeCancelTimer(&timer));
}

static void each_processor(void **state)
{
    ULONG count = KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS);
    KIRQL old;

    (void)state;
    assert_true(count >= 1);
    assert_int_equal(count, KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS));
    assert_int_equal(KeQueryMaximumProcessorCountEx(1), 0); /* there is one group */
    for (ULONG number = 0; number < count; number++) {
        KeSetSystemAffinityThread((KAFFINITY)1 << number);
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        assert_int_equal(KeGetCurrentProcessorNumber(), number);
        KeLowerIrql(old);
    }
    KeRevertToUserAffinityThread();
}

static void times(void **state)
{
    LARGE_INTEGER rough, precise, later;

    (void)state;
    KeQuerySystemTime(&rough);
    KeQuerySystemTimePrecise(&precise);
    KeQuerySystemTimePrecise(&later);
    assert_true(precise.QuadPart >= rough.QuadPart);
    assert_true(precise.QuadPart - rough.QuadPart < 10000000LL * 60);
    assert_true(later.QuadPart >= precise.QuadPart);
}

static void the_version_of_the_system(void **state)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
    ULONG major = 0, minor = 0, build = 0;
    WCHAR buffer[8] = L"x";
    UNICODE_STRING pack = {2, sizeof(buffer), buffer};

    (void)state;
    assert_int_equal(RtlGetVersion(&version), STATUS_SUCCESS);
    assert_false(PsGetVersion(&major, &minor, &build, &pack)); /* not a checked build */
    assert_int_equal(major, version.dwMajorVersion);
    assert_int_equal(minor, version.dwMinorVersion);
    assert_int_equal(build, version.dwBuildNumber);
    assert_int_equal(pack.Length, 0);
    assert_false(PsGetVersion(NULL, NULL, NULL, NULL));
}

/* Drivers are never paged out, so locking one has nothing to do; what is asked stays usable. */
static void sections_of_a_driver(void **state)
{
    PVOID section = MmPageEntireDriver((PVOID)(ULONG_PTR)sections_of_a_driver);

    (void)state;
    assert_ptr_equal(section, (PVOID)(ULONG_PTR)sections_of_a_driver);
    MmLockPagableSectionByHandle(section);
    MmUnlockPagableImageSection(section);
    MmResetDriverPaging(section);
    assert_true(MmIsAddressValid(section));
}

static void memory_of_a_device(void **state)
{
    static ULONG registers[4] = {1, 2, 3, 4};
    PHYSICAL_ADDRESS address = MmGetPhysicalAddress(registers);
    ULONG *mapped = MmMapIoSpaceEx(address, sizeof(registers), PAGE_READWRITE | PAGE_NOCACHE);

    (void)state;
    assert_non_null(mapped);
    assert_int_equal(mapped[2], 3);
    mapped[2] = 7;
    assert_int_equal(registers[2], 7);
    MmUnmapIoSpace(mapped, sizeof(registers));
    assert_null(MmMapIoSpaceEx(address, 0, PAGE_READWRITE));
    assert_true((ULONG_PTR)*MmSystemRangeStart > (ULONG_PTR)*MmHighestUserAddress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_coalescable_timer),
        cmocka_unit_test(each_processor),
        cmocka_unit_test(times),
        cmocka_unit_test(the_version_of_the_system),
        cmocka_unit_test(sections_of_a_driver),
        cmocka_unit_test(memory_of_a_device),
    };

    return cmocka_run_group_tests_name("ke variants", tests, host_setup, host_teardown);
}
