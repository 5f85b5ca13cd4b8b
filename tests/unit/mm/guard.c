/* SPDX-License-Identifier: MIT */
/* Guards, probes and copies of a program's memory; native __try. */
#include "ntio/mm/mm.h"
#include "ntseh.h"
#include "ntio/vf/sanitizer.h"
#include "tests/support/host.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static PUCHAR pages; /* read and write | read | nothing | read and write */
#define RW    pages
#define RO    (pages + PAGE_SIZE)
#define NONE  (pages + 2 * PAGE_SIZE)
#define AFTER (pages + 3 * PAGE_SIZE)

static void test_probe(void **state)
{
    (void)state;
    assert_int_equal(MmpProbeRange(RW, PAGE_SIZE, TRUE), 0);
    assert_int_equal(MmpProbeRange(RW, 2 * PAGE_SIZE, FALSE), 0);
    assert_int_equal(MmpProbeRange(RW, 2 * PAGE_SIZE, TRUE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpProbeRange(RW + 1, 2 * PAGE_SIZE - 1, FALSE), 0);
    /* The byte behind is one too many. */
    assert_int_equal(MmpProbeRange(RW + 1, 2 * PAGE_SIZE, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpProbeRange(NONE, 1, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpProbeRange(NONE, 0, TRUE), 0);
    assert_int_equal(MmpProbeRange(NULL, 1, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpProbeRange((PVOID)~0ULL, 2, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpProbeRange((PVOID)0x800000000000, 1, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpProbeRange((PVOID)0xffff800000000000, 1, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpProbeRange(RW, ~0ULL, FALSE), STATUS_ACCESS_VIOLATION);
    assert_true(MmIsAddressValid(RO));
    assert_false(MmIsAddressValid(NONE));
    RW[7] = 0x99; /* a write probe changes nothing */
    assert_int_equal(MmpProbeRange(RW + 7, 1, TRUE), 0);
    assert_int_equal(RW[7], 0x99);
}

static void test_copy(void **state)
{
    UCHAR local[64];

    (void)state;
    memset(RW, 0x42, PAGE_SIZE);
    assert_int_equal(MmpCopyUser(local, RW, sizeof(local)), 0);
    assert_int_equal(local[63], 0x42);
    assert_int_equal(MmpCopyUser(local, RO + PAGE_SIZE - 32, sizeof(local)),
                     STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpCopyUser(RO, local, sizeof(local)), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpCopyUser(NONE, local, 0), 0);
    assert_int_equal(MmpCopyUser((PVOID)0x10, local, 8), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpCopyUser(local, (PVOID)~0ULL, 8), STATUS_ACCESS_VIOLATION);
    assert_int_equal(MmpCopyUser(AFTER, local, sizeof(local)), 0);
    assert_memory_equal(AFTER, local, sizeof(local));
}

/* The routine's own access, which sanitizers are to leave alone. */
NTIO_NO_SANITIZE static UCHAR touch(volatile UCHAR *byte)
{
    return *byte;
}

static NTSTATUS touch_guarded(volatile UCHAR *byte)
{
    MMP_GUARD guard;
    NTSTATUS status = MmpEnterGuard(&guard);

    if (status == 0) {
        touch(byte);
        MmpLeaveGuard(&guard);
    }
    return status;
}

static void test_nested_guards(void **state)
{
    MMP_GUARD outer, inner;
    volatile int step = 0;
    NTSTATUS status;

    (void)state;
    status = MmpEnterGuard(&outer);
    if (status == 0) {
        status = MmpEnterGuard(&inner);
        if (status == 0) {
            step = 1;
            touch(NONE);
            step = 100;
        }
        assert_int_equal(status, STATUS_ACCESS_VIOLATION);
        assert_int_equal(step, 1);
        step = 2;
        assert_int_equal(touch_guarded(RW), 0);
        touch(NONE);
        step = 100;
    }
    assert_int_equal(status, STATUS_ACCESS_VIOLATION);
    assert_int_equal(step, 2);
}

static void test_status_of_a_file_that_shrank(void **state)
{
    FILE *file = tmpfile();
    PUCHAR map;

    (void)state;
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), PAGE_SIZE), 0);
    map = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fileno(file), 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    assert_int_equal(touch_guarded(map), 0);
    assert_int_equal(ftruncate(fileno(file), 0), 0);
    assert_int_equal(touch_guarded(map), STATUS_IN_PAGE_ERROR);
    munmap(map, PAGE_SIZE);
    fclose(file);
}

static void *fault_often(void *context)
{
    int i;

    (void)context;
    for (i = 0; i < 500; i++) {
        if (touch_guarded(NONE) != STATUS_ACCESS_VIOLATION || touch_guarded(RW) != 0)
            return (void *)1;
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t thread[4];
    void *result;
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fault_often, NULL), 0);
    for (i = 0; i < 4; i++) {
        pthread_join(thread[i], &result);
        assert_null(result);
    }
}

/* ---- native __try, as a driver writes it ---- */

static NTSTATUS NTAPI read_byte(volatile UCHAR *byte, PUCHAR value)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    NT_TRY
    {
        *value = touch(byte);
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        status = GetExceptionCode();
    }
    NT_END
    return status;
}

static void test_try(void **state)
{
    UCHAR value = 0;

    (void)state;
    RW[0] = 0x77;
    assert_int_equal(read_byte(RW, &value), STATUS_SUCCESS);
    assert_int_equal(value, 0x77);
    assert_int_equal(read_byte(NONE, &value), STATUS_ACCESS_VIOLATION);
}

static NTSTATUS NTAPI probe(PVOID address, SIZE_T length, ULONG alignment, BOOLEAN write)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    NT_TRY
    {
        if (write)
            ProbeForWrite(address, length, alignment);
        else
            ProbeForRead(address, length, alignment);
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        status = GetExceptionCode();
    }
    NT_END
    return status;
}

static void test_probe_for(void **state)
{
    (void)state;
    assert_int_equal(probe(RW, 16, 4, FALSE), STATUS_SUCCESS);
    assert_int_equal(probe(RW + 2, 16, 4, FALSE), STATUS_DATATYPE_MISALIGNMENT);
    assert_int_equal(probe(RW + 2, 16, 4, TRUE), STATUS_DATATYPE_MISALIGNMENT);
    assert_int_equal(probe(RW + 2, 16, 1, TRUE), STATUS_SUCCESS);
    /* Nothing is nothing, wherever and however it lies. */
    assert_int_equal(probe((PVOID)~0ULL, 0, 4, TRUE), STATUS_SUCCESS);
    assert_int_equal(probe((PVOID)~7ULL, 16, 4, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(probe((PVOID)0xffff800000000000, 16, 4, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(probe(MM_HIGHEST_USER_ADDRESS, 1, 1, FALSE), STATUS_SUCCESS);
    assert_int_equal(probe(MM_HIGHEST_USER_ADDRESS, 2, 1, FALSE), STATUS_ACCESS_VIOLATION);
    assert_int_equal((ULONG_PTR)MM_HIGHEST_USER_ADDRESS + 1, MM_USER_PROBE_ADDRESS);
    /* Reading is not tried, writing is. */
    assert_int_equal(probe(NONE, 16, 4, FALSE), STATUS_SUCCESS);
    assert_int_equal(probe(NONE, 16, 4, TRUE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(probe(RO, 16, 4, TRUE), STATUS_ACCESS_VIOLATION);
    assert_int_equal(probe(RW, 2 * PAGE_SIZE, 4, TRUE), STATUS_ACCESS_VIOLATION);
}

static LONG only(NTSTATUS wanted, NTSTATUS code)
{
    return code == wanted ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

static int NTAPI filtered(NTSTATUS raised)
{
    volatile int way = 0;

    NT_TRY
    {
        NT_TRY
        {
            way = way * 10 + 1;
            ExRaiseStatus(raised);
        }
        NT_EXCEPT(only(STATUS_DEVICE_BUSY, GetExceptionCode()))
        {
            way = way * 10 + 2;
        }
        NT_END
        way = way * 10 + 3;
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        way = way * 10 + (GetExceptionCode() == raised ? 4 : 5);
    }
    NT_END
    return way;
}

static void test_filters(void **state)
{
    (void)state;
    assert_int_equal(filtered(STATUS_DEVICE_BUSY), 123);
    assert_int_equal(filtered(STATUS_DATA_ERROR), 14);
}

static int NTAPI finally(BOOLEAN raise)
{
    volatile int way = 0;

    NT_TRY
    {
        NT_TRY
        {
            way = 1;
            if (raise)
                ExRaiseStatus(STATUS_DATA_ERROR);
        }
        NT_FINALLY
        {
            way = way * 10 + (AbnormalTermination() ? 2 : 3);
        }
        NT_END_FINALLY
        way = way * 10 + 4;
    }
    NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
    {
        way = way * 10 + 5;
    }
    NT_END
    return way;
}

static void test_finally(void **state)
{
    (void)state;
    assert_int_equal(finally(FALSE), 134);
    assert_int_equal(finally(TRUE), 125);
}

static int NTAPI leave_early(int how)
{
    int i;

    for (i = 0; i < 2; i++) {
        NT_TRY
        {
            if (how == 0)
                return 1;
            if (how == 1)
                break;
            if (how == 2)
                continue;
            ExRaiseStatus(STATUS_DATA_ERROR);
        }
        NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
        {
            if (how == 3)
                return 4;
        }
        NT_END
    }
    return how + 1;
}

/* Out of the block by return, break or continue: the protection ends there, and the next one out is
 * in force. */
static void test_early_leave(void **state)
{
    volatile int how;

    (void)state;
    for (how = 0; how < 4; how++) {
        MMP_GUARD guard;
        volatile int result = 0;
        NTSTATUS status = MmpEnterGuard(&guard);
        if (status == 0) {
            result = leave_early(how);
            assert_int_equal(result, how + 1);
            touch(NONE);
        }
        assert_int_equal(status, STATUS_ACCESS_VIOLATION);
    }
}

/* Registers that Windows' convention keeps for the caller, over a fault in between. */
static double NTAPI keep_registers(volatile UCHAR *byte, double a, double b, double c, double d,
                                   LONGLONG x, LONGLONG y)
{
    double e = a * b + c, f = b * c + d, g = c * d + a, h = d * a + b;
    LONGLONG u = x * 3 + y, v = y * 5 + x, w = x ^ y;
    UCHAR value;
    NTSTATUS status = read_byte(byte, &value);

    return e + 2 * f + 3 * g + 4 * h + (double)(u + 2 * v + 3 * w) + (status != 0 ? 0.5 : 0);
}

static void test_registers(void **state)
{
    double good, bad;

    (void)state;
    good = keep_registers(RW, 1, 2, 3, 4, 5, 6);
    bad = keep_registers(NONE, 1, 2, 3, 4, 5, 6);
    assert_true(bad == good + 0.5);
}

static NTSTATUS NTAPI deep(int depth)
{
    static volatile BOOLEAN raise = TRUE;
    volatile UCHAR frame[200];

    memset((void *)frame, depth, sizeof(frame));
    if (depth == 0) {
        if (raise)
            ExRaiseStatus(STATUS_STACK_OVERFLOW);
        return STATUS_SUCCESS;
    }
    return deep(depth - 1) + frame[0];
}

static void test_many_raises(void **state)
{
    volatile int i;

    (void)state;
    for (i = 0; i < 5000; i++) {
        volatile BOOLEAN caught = FALSE;
        NT_TRY
        {
            deep(20);
        }
        NT_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
        {
            caught = (BOOLEAN)(GetExceptionCode() == STATUS_STACK_OVERFLOW);
        }
        NT_END
        assert_true(caught);
    }
}

static int setup(void **state)
{
    pages = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(RO, PAGE_SIZE, PROT_READ) != 0 ||
        mprotect(NONE, PAGE_SIZE, PROT_NONE) != 0)
        return -1;
    return host_setup(state);
}

static int teardown(void **state)
{
    int result = host_teardown(state);
    munmap(pages, 4 * PAGE_SIZE);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe),         cmocka_unit_test(test_copy),
        cmocka_unit_test(test_nested_guards), cmocka_unit_test(test_status_of_a_file_that_shrank),
        cmocka_unit_test(test_threads),       cmocka_unit_test(test_try),
        cmocka_unit_test(test_probe_for),     cmocka_unit_test(test_filters),
        cmocka_unit_test(test_finally),       cmocka_unit_test(test_early_leave),
        cmocka_unit_test(test_registers),     cmocka_unit_test(test_many_raises),
    };
    return cmocka_run_group_tests_name("mm guard", tests, setup, teardown);
}
