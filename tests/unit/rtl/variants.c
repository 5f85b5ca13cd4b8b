/* SPDX-License-Identifier: MIT */
/* variants.c - the less used forms of strings, debug output, stack walks and versions. */
#include "rtltest.h"
#include "ntio/ke/ke.h"
#include "ntio.h"

static void characters(void **state)
{
    (void)state;
    assert_int_equal(NtCrt_towlower(L'A'), L'a');
    assert_int_equal(NtCrt_towlower(0xC4), 0xE4); /* A and a with two dots */
    assert_int_equal(NtCrt_towupper(L'z'), L'Z');
    assert_int_equal(NtCrt_towupper(0xE4), 0xC4);
    assert_int_equal(NtCrt_towupper(L'1'), L'1');
    assert_true(NtCrt_isdigit('7') && !NtCrt_isdigit('a') && !NtCrt_isdigit('/'));
    assert_true(NtCrt_islower('q') && !NtCrt_islower('Q') && !NtCrt_islower('1'));
    assert_true(NtCrt_isupper('Q') && !NtCrt_isupper('q') && !NtCrt_isupper('['));
    assert_int_equal(NtCrt_strnlen("abc", 10), 3);
    assert_int_equal(NtCrt_strnlen("abc", 2), 2);
    assert_int_equal(NtCrt_strspn("aabbc", "ab"), 4);
    assert_int_equal(NtCrt_strspn("xyz", "ab"), 0);
    assert_string_equal(NtCrt_strchr("path/name", '/'), "/name");
    assert_null(NtCrt_strchr("path", '/'));
    assert_int_equal(*NtCrt_strchr("path", 0), 0); /* the end is a character, too */
}

static int NTAPI format(char *to, const char *pattern, ...)
{
    NT_VA_LIST arguments;
    int length;

    NT_VA_START(arguments, pattern);
    length = NtCrt_vsprintf(to, pattern, arguments);
    NT_VA_END(arguments);
    return length;
}

static char line[600];
static void sink(const char *text, void *context)
{
    (void)context;
    snprintf(line, sizeof(line), "%s", text);
}

static ULONG NTAPI print(ULONG level, const char *pattern, ...)
{
    NT_VA_LIST arguments;
    ULONG status;

    NT_VA_START(arguments, pattern);
    status = vDbgPrintEx(DPFLTR_IHVDRIVER_ID, level, pattern, arguments);
    NT_VA_END(arguments);
    return status;
}

static ULONG NTAPI print_with_prefix(const char *prefix, const char *pattern, ...)
{
    NT_VA_LIST arguments;
    ULONG status;

    NT_VA_START(arguments, pattern);
    status =
        vDbgPrintExWithPrefix(prefix, DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, pattern, arguments);
    NT_VA_END(arguments);
    return status;
}

static void argument_lists(void **state)
{
    char text[64];

    (void)state;
    assert_int_equal(format(text, "%d-%s-%ws", 5, "five", L"V"), 8);
    assert_string_equal(text, "5-five-V");
    assert_int_equal(ntio_boot(NULL), 0);
    ntio_set_debug_sink(sink, NULL);
    assert_int_equal(print(DPFLTR_ERROR_LEVEL, "%s %u\n", "value", 9), STATUS_SUCCESS);
    assert_string_equal(line, "value 9");
    assert_int_equal(print_with_prefix("drv: ", "%x\n", 0xab), STATUS_SUCCESS);
    assert_string_equal(line, "drv: ab");
    ntio_set_debug_sink(NULL, NULL);
    assert_int_equal(ntio_shutdown(), 0);
}

static PVOID frames[16], caller, callers_caller;
static ULONG frame_count;

static __attribute__((noinline)) void walk(void)
{
    frame_count = RtlWalkFrameChain(frames, 16, 0);
    RtlGetCallersAddress(&caller, &callers_caller);
    __asm__ volatile("");
}

static void stack_walks(void **state)
{
    PVOID more[2];

    (void)state;
    walk();
    assert_true(frame_count >= 2);
    /* The walker's own frame first; walk's caller is this routine. */
    assert_true((ULONG_PTR)frames[0] - (ULONG_PTR)walk < 512);
    assert_true((ULONG_PTR)frames[1] - (ULONG_PTR)stack_walks < 4096);
    assert_ptr_equal(caller, frames[1]);
    assert_ptr_equal(callers_caller, frames[2]);
    assert_int_equal(RtlWalkFrameChain(more, 1, 0), 1);
    assert_int_equal(RtlWalkFrameChain(more, 2, 1), 0); /* no frames of user mode */
}

static void versions(void **state)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};

    (void)state;
    assert_int_equal(RtlGetVersion(&version), STATUS_SUCCESS);
    assert_true(RtlIsServicePackVersionInstalled(0x06000000));
    assert_false(RtlIsServicePackVersionInstalled(0xFF000000));
}

static void nobody_debugs(void **state)
{
    (void)state;
    /* gdb or strace on the test itself is allowed to change it. */
    assert_int_equal(KdRefreshDebuggerNotPresent(), KD_DEBUGGER_NOT_PRESENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),    cmocka_unit_test(argument_lists),
        cmocka_unit_test(stack_walks),   cmocka_unit_test(versions),
        cmocka_unit_test(nobody_debugs),
    };

    return cmocka_run_group_tests_name("rtl variants", tests, NULL, NULL);
}
