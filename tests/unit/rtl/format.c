/* SPDX-License-Identifier: MIT */
/* format.c - the printf family, narrow and wide, and the C library of kernel mode. Needs no boot
 * but for DbgPrint. */
#include "rtltest.h"
#include "ntio/ke/ke.h"

/* Formats both ways; the wide format is the narrow one, widened. */
static char narrow_out[256], wide_out[256];

static int NTAPI format_narrow(const char *format, ...)
{
    NT_VA_LIST list;
    int result;

    NT_VA_START(list, format);
    memset(narrow_out, '#', sizeof(narrow_out));
    result = NtCrt__vsnprintf(narrow_out, sizeof(narrow_out), format, list);
    NT_VA_END(list);
    return result;
}

static int NTAPI format_wide(const char *format, ...)
{
    WCHAR wide_format[128], out[256];
    NT_VA_LIST list;
    int result;
    SIZE_T i;

    for (i = 0; format[i] != 0; i++)
        wide_format[i] = (UCHAR)format[i];
    wide_format[i] = 0;
    NT_VA_START(list, format);
    result = NtCrt__vsnwprintf(out, RTL_NUMBER_OF(out), wide_format, list);
    NT_VA_END(list);
    for (i = 0; i <= (SIZE_T)result; i++)
        wide_out[i] = out[i] < 0x80 ? (char)out[i] : '?';
    return result;
}

#define CHECK(expected, ...)                                                                       \
    do {                                                                                           \
        assert_int_equal(format_narrow(__VA_ARGS__), strlen(expected));                            \
        assert_string_equal(narrow_out, expected);                                                 \
        assert_int_equal(format_wide(__VA_ARGS__), strlen(expected));                              \
        assert_string_equal(wide_out, expected);                                                   \
    } while (0)

static void test_numbers(void **state)
{
    (void)state;
    CHECK("", "");
    CHECK("100%", "100%%");
    CHECK("-5 5 5", "%d %i %u", -5, 5, 5);
    CHECK("2147483648", "%u", 0x80000000u);
    CHECK("-2147483648", "%d", (int)0x80000000u);
    CHECK("ff FF 377", "%x %X %o", 255, 255, 255);
    CHECK("0xff 0XFF 0377 0 0", "%#x %#X %#o %#x %#o", 255, 255, 255, 0, 0);
    CHECK("   42|42   |00042|+42| 42", "%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42);
    CHECK("  042|042  |-0042", "%5.3d|%-5.3d|%05d", 42, 42, -42);
    CHECK("  042", "%05.3d", 42);
    CHECK("|", "%.0d|", 0);
    CHECK("  7|7  |  7", "%*d|%*d|%*d", 3, 7, -3, 7, 3, 7);
    CHECK("007", "%.*d", 3, 7);
    CHECK("7", "%.*d", -3, 7);
    /* long has 32 bits; h, hh cut. */
    CHECK("-1 4294967295", "%ld %lu", -1, -1);
    CHECK("-1 65535 255 -1", "%hd %hu %hhu %hhd", 0x1ffff, 0x1ffff, 0x1ff, 0x1ff);
    CHECK("-1 18446744073709551615 ffffffffffffffff", "%lld %llu %I64x", -1LL, -1LL, -1LL);
    CHECK("9223372036854775807 -9223372036854775808", "%I64d %lld", 0x7fffffffffffffffLL,
          (LONGLONG)0x8000000000000000ULL);
    CHECK("5 6 7 8", "%I32d %Id %zu %jd", 5, 6LL, 7ULL, 8LL);
    CHECK("0000000000001AB0", "%p", (PVOID)0x1ab0);
    CHECK("0000000000000000", "%p", NULL);
    CHECK("  000000000000000A|", "%18p|", (PVOID)10);
    CHECK("1.500000 -0.25 1.5e+03 1e-05", "%f %.2f %.1e %g", 1.5, -0.25, 1500.0, 0.00001);
    CHECK("0003.5|3.5   |  +3.5", "%06.1f|%-6.1f|%+6.1f", 3.5, 3.5, 3.5);
    CHECK("-03.5", "%05.1f", -3.5);
    /* What follows is still found. */
    CHECK("1 2.0 3 four", "%d %.1f %I64d %hs", 1, 2.0, 3LL, "four");
    CHECK("y", "%y");
    CHECK("", "%");
}

static void test_text(void **state)
{
    ANSI_STRING a = A("ansi");
    UNICODE_STRING u = U(L"wide");

    (void)state;
    CHECK("abc|xyz", "%hs|%ls", "abc", L"xyz");
    CHECK("xyz|xyz", "%ws|%ls", L"xyz", L"xyz");
    CHECK("  abc|abc  |ab", "%5hs|%-5hs|%.2hs", "abc", "abc", "abc");
    CHECK("   xy|xy", "%5.2ws|%.*ws", L"xyz", 2, L"xyz");
    CHECK("(null) (null) (null)", "%hs %ws %wZ", NULL, NULL, NULL);
    CHECK("(n", "%.2hs", NULL);
    CHECK("ansi|wide|wide", "%Z|%wZ|%lZ", &a, &u, &u);
    CHECK("an|wid |ansi", "%.2Z|%-4.3wZ|%hZ", &a, &u, &a);
    CHECK("A|B|  C", "%hc|%wc|%3hc", 'A', 'B', 'C');
    /* s and c are of the format's kind, S and C of the other. */
    format_narrow("%s|%S|%c|%C", "n", L"w", 'c', 'C');
    assert_string_equal(narrow_out, "n|w|c|C");
    format_wide("%s|%S|%c|%C", L"w", "n", 'c', 'C');
    assert_string_equal(wide_out, "w|n|c|C");
    /* Between UTF-16 and UTF-8. */
    assert_int_equal(format_narrow("%ws", L"\x20ac\xd83d\xde00"), 7);
    assert_string_equal(narrow_out, "\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_int_equal(format_wide("%hs", "\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
    assert_int_equal(format_narrow("%4ws|", L"\x20ac"), 5);
    /* Not read beyond its precision or length. */
    {
        char *tight = malloc(3);
        memcpy(tight, "xyz", 3);
        assert_int_equal(format_narrow("%.3s", tight), 3);
        a.Buffer = tight;
        a.Length = a.MaximumLength = 3;
        assert_int_equal(format_narrow("%Z", &a), 3);
        free(tight);
    }
}

static void test_returns(void **state)
{
    char narrow[8];
    WCHAR wide[8];

    (void)state;
    memset(narrow, '#', sizeof(narrow));
    assert_int_equal(NtCrt__snprintf(narrow, 4, "%s", "abc"), 3);
    assert_string_equal(narrow, "abc");
    /* Exactly n: no zero. More: -1, filled. */
    memset(narrow, '#', sizeof(narrow));
    assert_int_equal(NtCrt__snprintf(narrow, 3, "%s", "abc"), 3);
    assert_memory_equal(narrow, "abc#", 4);
    memset(narrow, '#', sizeof(narrow));
    assert_int_equal(NtCrt__snprintf(narrow, 2, "%s", "abc"), -1);
    assert_memory_equal(narrow, "ab##", 4);
    assert_int_equal(NtCrt__snprintf(NULL, 0, "%d", 12345), 5);
    assert_int_equal(NtCrt_sprintf(narrow, "%d", 42), 2);
    assert_string_equal(narrow, "42");
    for (int i = 0; i < 8; i++)
        wide[i] = '#';
    assert_int_equal(NtCrt__snwprintf(wide, 2, L"%s", L"abc"), -1);
    assert_int_equal(wide[1], 'b');
    assert_int_equal(wide[2], '#');
    assert_int_equal(NtCrt__snwprintf(wide, 3, L"%s", L"abc"), 3);
    assert_int_equal(wide[3], '#');
    assert_int_equal(NtCrt_swprintf(wide, L"%d", 7), 1);
    assert_int_equal(wide[1], 0);
}

static void test_wide_strings(void **state)
{
    WCHAR buffer[16];
    WCHAR *end;

    (void)state;
    assert_int_equal(NtCrt_wcslen(L"abc"), 3);
    assert_int_equal(NtCrt_wcsnlen(L"abc", 2), 2);
    assert_int_equal(NtCrt_wcscmp(L"a", L"a"), 0);
    assert_true(NtCrt_wcscmp(L"a", L"b") < 0);
    assert_true(NtCrt_wcscmp(L"ab", L"a") > 0);
    assert_true(NtCrt_wcscmp(L"\xffff", L"a") > 0);
    assert_int_equal(NtCrt_wcsncmp(L"abc", L"abd", 2), 0);
    assert_int_equal(NtCrt__wcsicmp(L"aBc", L"AbC"), 0);
    assert_true(NtCrt__wcsicmp(L"_", L"A") < 0); /* lower case is compared */
    assert_int_equal(NtCrt__wcsnicmp(L"aBx", L"AbY", 2), 0);
    NtCrt_wcscpy(buffer, L"ab");
    NtCrt_wcscat(buffer, L"cd");
    NtCrt_wcsncat(buffer, L"efgh", 2);
    assert_memory_equal(buffer, L"abcdef", 14);
    buffer[3] = '#';
    NtCrt_wcsncpy(buffer, L"x", 3);
    assert_memory_equal(buffer, L"x\0\0#", 8);
    NtCrt_wcsncpy(buffer, L"xyz", 2);
    assert_memory_equal(buffer, L"xy\0#", 8);
    assert_ptr_equal(NtCrt_wcschr(L"abc", 'z'), NULL);
    end = L"abcb";
    assert_ptr_equal(NtCrt_wcschr(end, 'b'), end + 1);
    assert_ptr_equal(NtCrt_wcschr(end, 0), end + 4);
    assert_ptr_equal(NtCrt_wcsrchr(end, 'b'), end + 3);
    assert_ptr_equal(NtCrt_wcsrchr(end, 0), end + 4);
    assert_ptr_equal(NtCrt_wcsstr(end, L"cb"), end + 2);
    assert_ptr_equal(NtCrt_wcsstr(end, L""), end);
    assert_null(NtCrt_wcsstr(end, L"bb"));
    assert_int_equal(NtCrt_wcsspn(L"abcx", L"cba"), 3);
    NtCrt_wcscpy(buffer, L"aB\x00e9");
    assert_memory_equal(NtCrt__wcsupr(buffer), L"AB\x00c9", 8);
    assert_memory_equal(NtCrt__wcslwr(buffer), L"ab\x00e9", 8);
    assert_int_equal(NtCrt_wcstoul(L" 0x1fz", &end, 0), 0x1f);
    assert_int_equal(*end, 'z');
    assert_int_equal(NtCrt_wcstoul(L"zz", &end, 10), 0);
    assert_int_equal(*end, 'z');
    assert_int_equal(NtCrt_wcstoul(L"99999999999", NULL, 10), 0xffffffff);
    assert_int_equal(NtCrt_wcstoul(L"017", NULL, 0), 15);
    assert_int_equal(NtCrt__wtoi(L"-12"), -12);
}

static void test_narrow_strings(void **state)
{
    char buffer[16] = "aBc", *end;

    (void)state;
    assert_int_equal(NtCrt__stricmp("aBc", "AbC"), 0);
    assert_true(NtCrt__stricmp("a", "b") < 0);
    assert_int_equal(NtCrt__strnicmp("aBx", "AbY", 2), 0);
    assert_int_not_equal(NtCrt__strnicmp("aBx", "AbY", 3), 0);
    assert_string_equal(NtCrt__strupr(buffer), "ABC");
    assert_string_equal(NtCrt__strlwr(buffer), "abc");
    assert_int_equal(NtCrt_atoi(" -7x"), -7);
    assert_int_equal(NtCrt_strtoul("0xfg", &end, 16), 15);
    assert_int_equal(*end, 'g');
    assert_int_equal(NtCrt_strtoul("0xg", &end, 0), 0);
    assert_int_equal(*end, 'x');
    memset(buffer, '#', sizeof(buffer));
    NtCrt_strncpy(buffer, "ab", 4);
    assert_memory_equal(buffer, "ab\0\0#", 5);
    NtCrt_strncat(buffer, "xyz", 2);
    assert_string_equal(buffer, "abxy");
    assert_int_equal(NtCrt_toupper('a') + NtCrt_tolower('A'), 'A' + 'a');
    assert_true(NtCrt_isxdigit('F') && !NtCrt_isxdigit('g') && NtCrt_isspace('\v') &&
                NtCrt_isprint('~'));
}

static void test_memory(void **state)
{
    static const ULONG words[] = {7, 7, 7, 8};
    UCHAR buffer[8] = "abcdefg";

    (void)state;
    assert_int_equal(RtlCompareMemory("abcd", "abxd", 4), 2);
    assert_int_equal(RtlCompareMemory("abcd", "abcd", 4), 4);
    assert_int_equal(RtlCompareMemoryUlong((PVOID)words, sizeof(words), 7), 12);
    assert_int_equal(RtlCompareMemoryUlong((PVOID)words, 7, 7), 4);
    NtCrt_memmove(buffer + 1, buffer, 4);
    assert_memory_equal(buffer, "aabcdfg", 8);
    NtCrt_memcpy(buffer, buffer + 1, 6); /* may overlap */
    assert_memory_equal(buffer, "abcdfgg", 7);
    assert_true(NtCrt_memcmp("a", "b", 1) < 0);
    assert_ptr_equal(NtCrt_memchr(buffer, 'c', 8), buffer + 2);
    NtCrt_memset(buffer, 1, 3);
    NtRtl_FillMemory(buffer + 3, 2, 2);
    NtRtl_ZeroMemory(buffer + 5, 3);
    assert_memory_equal(buffer, "\1\1\1\2\2\0\0\0", 8);
    assert_int_equal(NtRtl_UlongByteSwap(0x12345678), 0x78563412);
    assert_int_equal(NtRtl_UshortByteSwap(0x1234), 0x3412);
    assert_int_equal(NtRtl_UlonglongByteSwap(1), 1ULL << 56);
}

static char sunk[2048];
static void sink(const char *line, void *context)
{
    (void)context;
    strncat(sunk, line, sizeof(sunk) - strlen(sunk) - 2);
    strcat(sunk, "\n");
}

static void test_dbgprint(void **state)
{
    UNICODE_STRING name = U(L"\\Device\\X");
    char expected[600];
    KIRQL old;

    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    ntio_set_debug_sink(sink, NULL);
    assert_int_equal(DbgPrint("%s: %wZ %08x\n", "drv", &name, 0xc0000001), STATUS_SUCCESS);
    assert_string_equal(sunk, "drv: \\Device\\X c0000001\n");
    sunk[0] = 0;
    KeRaiseIrql(HIGH_LEVEL, &old);
    DbgPrint("high\n");
    KeLowerIrql(old);
    assert_string_equal(sunk, "high\n");
    /* A level can be turned off, errors can't. */
    sunk[0] = 0;
    assert_true(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL));
    DbgSetDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, FALSE);
    assert_false(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL));
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "no\n");
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_TRACE_LEVEL, "yes %d\n", 1);
    DbgSetDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, FALSE);
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "error\n");
    DbgSetDebugFilterState(DPFLTR_IHVDRIVER_ID, 0x7fffffff, TRUE);
    assert_string_equal(sunk, "yes 1\nerror\n");
    /* 512 bytes at most. */
    sunk[0] = 0;
    memset(expected, 'x', sizeof(expected));
    expected[599] = 0;
    DbgPrint("%s", expected);
    assert_in_range(strlen(sunk), 511, 513);
    ntio_set_debug_sink(NULL, NULL);
    assert_int_equal(ntio_shutdown(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),        cmocka_unit_test(test_text),
        cmocka_unit_test(test_returns),        cmocka_unit_test(test_wide_strings),
        cmocka_unit_test(test_narrow_strings), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_dbgprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
