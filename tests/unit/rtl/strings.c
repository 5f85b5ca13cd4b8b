/* SPDX-License-Identifier: MIT */
/* strings.c - counted strings, case, conversions, numbers, GUIDs. */
#include "rtltest.h"

static void test_init(void **state)
{
    static WCHAR lengthy[40000];
    UNICODE_STRING s;
    ANSI_STRING a;

    (void)state;
    RtlInitUnicodeString(&s, L"abc");
    assert_int_equal(s.Length, 6);
    assert_int_equal(s.MaximumLength, 8);
    RtlInitUnicodeString(&s, NULL);
    assert_int_equal(s.Length, 0);
    assert_int_equal(s.MaximumLength, 0);
    assert_null(s.Buffer);
    RtlInitUnicodeString(&s, L"");
    assert_int_equal(s.MaximumLength, 2);
    for (int i = 0; i < 39999; i++)
        lengthy[i] = 'x';
    RtlInitUnicodeString(&s, lengthy);
    assert_int_equal(s.Length, 0xfffc);
    assert_int_equal(s.MaximumLength, 0xfffe);
    assert_int_equal(RtlInitUnicodeStringEx(&s, lengthy), STATUS_NAME_TOO_LONG);
    lengthy[0xfffc / 2] = 0;
    assert_int_equal(RtlInitUnicodeStringEx(&s, lengthy), STATUS_SUCCESS);
    assert_int_equal(s.Length, 0xfffc);
    assert_int_equal(RtlInitUnicodeStringEx(&s, NULL), STATUS_SUCCESS);
    RtlInitAnsiString(&a, "abc");
    assert_int_equal(a.Length, 3);
    assert_int_equal(a.MaximumLength, 4);
    RtlInitString(&a, NULL);
    assert_int_equal(a.MaximumLength, 0);
}

static void test_copy_append(void **state)
{
    WCHAR buffer[8] = L"zzzzzzz";
    UNICODE_STRING to = {0, 10, buffer}, from = U(L"abcdef"), empty = {0, 0, NULL};
    CHAR narrow[4];
    ANSI_STRING a = {0, 4, narrow}, b = A("hello");

    (void)state;
    RtlCopyUnicodeString(&to, &from);
    assert_wide_equal(to, L"abcde");
    assert_int_equal(buffer[5], 'z'); /* no room for a zero */
    RtlCopyUnicodeString(&to, &empty);
    assert_int_equal(to.Length, 0);
    assert_int_equal(buffer[0], 0);
    to.Length = 4;
    RtlCopyUnicodeString(&to, NULL);
    assert_int_equal(to.Length, 0);
    assert_int_equal(RtlAppendUnicodeToString(&to, L"ab"), STATUS_SUCCESS);
    assert_int_equal(RtlAppendUnicodeToString(&to, NULL), STATUS_SUCCESS);
    assert_int_equal(buffer[2], 0);
    from = U(L"cde");
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &from), STATUS_SUCCESS);
    assert_wide_equal(to, L"abcde");
    assert_int_equal(RtlAppendUnicodeToString(&to, L"f"), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &empty), STATUS_SUCCESS);
    assert_wide_equal(to, L"abcde");
    RtlCopyString(&a, &b);
    assert_int_equal(a.Length, 4);
    assert_memory_equal(narrow, "hell", 4);
    RtlUpperString(&a, &b);
    assert_memory_equal(narrow, "HELL", 4);
    RtlCopyString(&a, NULL);
    assert_int_equal(a.Length, 0);
}

static void test_compare(void **state)
{
    UNICODE_STRING a = U(L"Foo"), b = U(L"fOO"), c = U(L"foobar"), e = {0, 0, NULL};
    ANSI_STRING x = A("Foo"), y = A("fOO"), z = A("foobar");

    (void)state;
    assert_true(RtlEqualUnicodeString(&a, &b, TRUE));
    assert_false(RtlEqualUnicodeString(&a, &b, FALSE));
    assert_true(RtlCompareUnicodeString(&a, &b, FALSE) < 0);
    assert_true(RtlCompareUnicodeString(&b, &c, TRUE) < 0);
    assert_true(RtlCompareUnicodeString(&c, &b, TRUE) > 0);
    assert_int_equal(RtlCompareUnicodeString(&e, &e, TRUE), 0);
    assert_true(RtlPrefixUnicodeString(&a, &c, TRUE));
    assert_false(RtlPrefixUnicodeString(&a, &c, FALSE));
    assert_false(RtlPrefixUnicodeString(&c, &a, TRUE));
    assert_true(RtlPrefixUnicodeString(&e, &a, FALSE));
    assert_true(RtlEqualString(&x, &y, TRUE));
    assert_false(RtlEqualString(&x, &y, FALSE));
    assert_true(RtlPrefixString(&y, &z, TRUE));
    assert_false(RtlPrefixString(&z, &y, TRUE));
    assert_true(RtlCompareString(&x, &y, FALSE) < 0);
    /* Case beyond ASCII. */
    a = U(L"\x00e9\x0436\x03c9");
    b = U(L"\x00c9\x0416\x03a9");
    assert_true(RtlEqualUnicodeString(&a, &b, TRUE));
}

static void test_case(void **state)
{
    UNICODE_STRING from = U(L"a\x00e4Z\x00ff"), to = {0, 0, NULL}, empty = {0, 0, NULL};
    WCHAR small[2];
    ULONG changed = 0;

    (void)state;
    assert_int_equal(RtlUpcaseUnicodeString(&to, &from, TRUE), STATUS_SUCCESS);
    assert_wide_equal(to, L"A\x00c4Z\x0178");
    assert_int_equal(to.MaximumLength, 8);
    RtlFreeUnicodeString(&to);
    assert_null(to.Buffer);
    assert_int_equal(to.MaximumLength, 0);
    RtlFreeUnicodeString(&to); /* nothing there */
    to.Buffer = small;
    to.MaximumLength = sizeof(small);
    assert_int_equal(RtlUpcaseUnicodeString(&to, &from, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlDowncaseUnicodeString(&to, &empty, FALSE), STATUS_SUCCESS);
    assert_int_equal(RtlUpcaseUnicodeString(&to, &empty, TRUE), STATUS_SUCCESS);
    RtlFreeUnicodeString(&to);
    assert_int_equal(RtlDowncaseUnicodeChar(L'\x0178'), 0xff);
    /* What does not come back stays: micro sign, sharp s, dotless i. */
    assert_int_equal(RtlUpcaseUnicodeChar(0xb5), 0xb5);
    assert_int_equal(RtlUpcaseUnicodeChar(0xdf), 0xdf);
    assert_int_equal(RtlUpcaseUnicodeChar(0x131), 0x131);
    assert_int_equal(RtlUpcaseUnicodeChar(0xf7), 0xf7);
    for (ULONG c = 0; c < 0x10000; c++) {
        WCHAR up = RtlUpcaseUnicodeChar((WCHAR)c);
        changed += up != c;
        assert_int_equal(RtlUpcaseUnicodeChar(up), up); /* once is enough */
        if (c >= 0xd800 && c < 0xe000)
            assert_int_equal(up, c);
    }
    assert_in_range(changed, 1000, 1500);
    assert_int_equal(RtlUpperChar('q'), 'Q');
    assert_int_equal((UCHAR)RtlUpperChar((CHAR)0xe4), 0xe4);
}

static void test_duplicate(void **state)
{
    UNICODE_STRING from = U(L"abc"), empty = {0, 0, NULL}, to, bad = {3, 3, (PWCH)L"ab"};

    (void)state;
    assert_int_equal(RtlDuplicateUnicodeString(0, &from, &to), STATUS_SUCCESS);
    assert_wide_equal(to, L"abc");
    assert_int_equal(to.MaximumLength, 6);
    RtlFreeUnicodeString(&to);
    assert_int_equal(RtlDuplicateUnicodeString(1, &from, &to), STATUS_SUCCESS);
    assert_int_equal(to.MaximumLength, 8);
    assert_int_equal(to.Buffer[3], 0);
    RtlFreeUnicodeString(&to);
    assert_int_equal(RtlDuplicateUnicodeString(1, &empty, &to), STATUS_SUCCESS);
    assert_null(to.Buffer);
    assert_int_equal(RtlDuplicateUnicodeString(3, &empty, &to), STATUS_SUCCESS);
    assert_non_null(to.Buffer);
    assert_int_equal(to.MaximumLength, 2);
    RtlFreeUnicodeString(&to);
    assert_int_equal(RtlDuplicateUnicodeString(2, &empty, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(4, &from, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(0, &bad, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(0, NULL, &to), STATUS_INVALID_PARAMETER);
    assert_true(RtlCreateUnicodeString(&to, L"xy"));
    assert_wide_equal(to, L"xy");
    RtlFreeUnicodeString(&to);
}

static void test_ansi(void **state)
{
    UNICODE_STRING wide, from = U(L"h\x00e9\xd83d\xde00!");
    ANSI_STRING narrow = A("h\xc3\xa9\xf0\x9f\x98\x80!"), back;
    CHAR small[6];

    (void)state;
    assert_int_equal(RtlAnsiStringToUnicodeSize(&narrow), 12);
    assert_int_equal(RtlUnicodeStringToAnsiSize(&from), 9);
    assert_int_equal(RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE), STATUS_SUCCESS);
    assert_wide_equal(wide, L"h\x00e9\xd83d\xde00!");
    assert_int_equal(wide.Buffer[5], 0);
    assert_int_equal(RtlUnicodeStringToAnsiString(&back, &wide, TRUE), STATUS_SUCCESS);
    assert_true(RtlEqualString(&back, &narrow, FALSE));
    assert_int_equal(back.Buffer[back.Length], 0);
    RtlFreeAnsiString(&back);
    wide.MaximumLength = 10; /* the closing zero has no room */
    assert_int_equal(RtlAnsiStringToUnicodeString(&wide, &narrow, FALSE), STATUS_BUFFER_OVERFLOW);
    wide.MaximumLength = 12;
    assert_int_equal(RtlAnsiStringToUnicodeString(&wide, &narrow, FALSE), STATUS_SUCCESS);
    /* What fits, in whole characters. */
    back.Buffer = small;
    back.MaximumLength = sizeof(small);
    assert_int_equal(RtlUnicodeStringToAnsiString(&back, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(back.Length, 3);
    assert_string_equal(small, "h\xc3\xa9");
    back.MaximumLength = 0;
    assert_int_equal(RtlUnicodeStringToAnsiString(&back, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
    RtlFreeUnicodeString(&wide);
    narrow = A("");
    assert_int_equal(RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE), STATUS_SUCCESS);
    assert_int_equal(wide.Length, 0);
    assert_int_equal(wide.MaximumLength, 2);
    RtlFreeUnicodeString(&wide);
}

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        ULONG units; /* of UTF-16 */
        NTSTATUS status;
    } cases[] = {
        {"a", 1, STATUS_SUCCESS},
        {"\xc2\x80", 1, STATUS_SUCCESS},
        {"\xe2\x82\xac", 1, STATUS_SUCCESS},
        {"\xf4\x8f\xbf\xbf", 2, STATUS_SUCCESS},
        {"\xef\xbf\xbd", 1, STATUS_SUCCESS},     /* U+FFFD itself */
        {"\xc0\x80", 2, STATUS_SOME_NOT_MAPPED}, /* overlong */
        {"\xe0\x9f\xbf", 3, STATUS_SOME_NOT_MAPPED},
        {"\xed\xa0\x80", 3, STATUS_SOME_NOT_MAPPED}, /* a surrogate */
        {"\xf4\x90\x80\x80", 4, STATUS_SOME_NOT_MAPPED},
        {"\xf8", 1, STATUS_SOME_NOT_MAPPED},
        {"\xe2\x82", 1, STATUS_SOME_NOT_MAPPED}, /* cut */
        {"\xe2(", 2, STATUS_SOME_NOT_MAPPED},
        {"\x80", 1, STATUS_SOME_NOT_MAPPED},
    };
    WCHAR wide[16], lone[2] = {0xd800, 'x'};
    CHAR narrow[16];
    ULONG bytes;

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, cases[i].text,
                                           (ULONG)strlen(cases[i].text)),
                         cases[i].status);
        assert_int_equal(bytes, cases[i].units * 2);
        if (cases[i].status == STATUS_SUCCESS) {
            assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, wide, bytes),
                             STATUS_SUCCESS);
            assert_int_equal(bytes, strlen(cases[i].text));
            assert_memory_equal(narrow, cases[i].text, bytes);
        }
    }
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, lone, 4),
                     STATUS_SOME_NOT_MAPPED);
    assert_int_equal(bytes, 4);
    assert_memory_equal(narrow, "\xef\xbf\xbdx", 4);
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, &bytes, "abc", 3), STATUS_SUCCESS);
    assert_int_equal(bytes, 6);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, 4, &bytes, "abc", 3), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(bytes, 4);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, 2, &bytes, L"a\x20ac", 4), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(bytes, 1);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, 2, &bytes, L"a", 1), STATUS_INVALID_PARAMETER_5);
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, NULL, "a", 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, 2, &bytes, NULL, 1), STATUS_INVALID_PARAMETER_4);
    assert_int_equal(RtlMultiByteToUnicodeN(wide, 4, &bytes, "abc", 3), STATUS_SUCCESS);
    assert_int_equal(bytes, 4);
    assert_int_equal(RtlUnicodeToMultiByteN(narrow, 1, &bytes, L"ab", 4), STATUS_SUCCESS);
    assert_int_equal(bytes, 1);
}

static void test_hash(void **state)
{
    UNICODE_STRING a = U(L"Device"), b = U(L"dEVICE");
    ULONG ha, hb;

    (void)state;
    assert_int_equal(RtlHashUnicodeString(&a, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &ha),
                     STATUS_SUCCESS);
    assert_int_equal(RtlHashUnicodeString(&b, TRUE, HASH_STRING_ALGORITHM_X65599, &hb),
                     STATUS_SUCCESS);
    assert_int_equal(ha, hb);
    RtlHashUnicodeString(&a, FALSE, HASH_STRING_ALGORITHM_DEFAULT, &ha);
    RtlHashUnicodeString(&b, FALSE, HASH_STRING_ALGORITHM_DEFAULT, &hb);
    assert_int_not_equal(ha, hb);
    a = U(L"ab");
    RtlHashUnicodeString(&a, FALSE, HASH_STRING_ALGORITHM_DEFAULT, &ha);
    assert_int_equal(ha, (ULONG)'a' * 65599 + 'b');
    assert_int_equal(RtlHashUnicodeString(&a, FALSE, 2, &ha), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlHashUnicodeString(&a, FALSE, 0, NULL), STATUS_INVALID_PARAMETER);
}

static NTSTATUS to_number(PCWSTR text, ULONG base, ULONG *value)
{
    UNICODE_STRING s;
    RtlInitUnicodeString(&s, text);
    return RtlUnicodeStringToInteger(&s, base, value);
}

static void test_integers(void **state)
{
    WCHAR buffer[40];
    UNICODE_STRING s = {0, sizeof(buffer), buffer};
    ULONG value;

    (void)state;
    assert_int_equal(to_number(L" \t-12x", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, (ULONG)-12);
    assert_int_equal(to_number(L"0x1F", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 0x1f);
    to_number(L"0b101", 0, &value);
    assert_int_equal(value, 5);
    to_number(L"+0o17", 0, &value);
    assert_int_equal(value, 15);
    to_number(L"ffffffff", 16, &value);
    assert_int_equal(value, 0xffffffff);
    to_number(L"", 10, &value);
    assert_int_equal(value, 0);
    to_number(L"129", 8, &value);
    assert_int_equal(value, 10);
    assert_int_equal(to_number(L"1", 7, &value), STATUS_INVALID_PARAMETER);

    assert_int_equal(RtlIntegerToUnicodeString(0, 0, &s), STATUS_SUCCESS);
    assert_wide_equal(s, L"0");
    assert_int_equal(RtlIntegerToUnicodeString(0xdeadbeef, 16, &s), STATUS_SUCCESS);
    assert_wide_equal(s, L"DEADBEEF");
    assert_int_equal(RtlIntegerToUnicodeString(4294967295u, 10, &s), STATUS_SUCCESS);
    assert_wide_equal(s, L"4294967295");
    assert_int_equal(RtlIntegerToUnicodeString(5, 2, &s), STATUS_SUCCESS);
    assert_wide_equal(s, L"101");
    assert_int_equal(RtlInt64ToUnicodeString(~0ULL, 8, &s), STATUS_SUCCESS);
    assert_wide_equal(s, L"1777777777777777777777");
    assert_int_equal(RtlIntegerToUnicodeString(5, 3, &s), STATUS_INVALID_PARAMETER);
    s.MaximumLength = 8;
    assert_int_equal(RtlIntegerToUnicodeString(1234, 10, &s), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlIntegerToUnicodeString(123, 10, &s), STATUS_SUCCESS);
    assert_int_equal(buffer[3], 0);
}

static void test_guid(void **state)
{
    static const GUID guid = {
        0x4d36e965, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};
    UNICODE_STRING s, bad;
    GUID back;

    (void)state;
    assert_int_equal(RtlStringFromGUID(&guid, &s), STATUS_SUCCESS);
    assert_wide_equal(s, L"{4d36e965-e325-11ce-bfc1-08002be10318}");
    assert_int_equal(s.MaximumLength, 78);
    assert_int_equal(RtlGUIDFromString(&s, &back), STATUS_SUCCESS);
    assert_memory_equal(&back, &guid, sizeof(guid));
    RtlFreeUnicodeString(&s);
    bad = U(L"{4D36E965-E325-11CE-BFC1-08002BE10318}");
    assert_int_equal(RtlGUIDFromString(&bad, &back), STATUS_SUCCESS);
    bad = U(L"{4d36e965-e325-11ce-bfc1-08002be10318");
    assert_int_equal(RtlGUIDFromString(&bad, &back), STATUS_INVALID_PARAMETER);
    bad = U(L"{4d36e965xe325-11ce-bfc1-08002be10318}");
    assert_int_equal(RtlGUIDFromString(&bad, &back), STATUS_INVALID_PARAMETER);
    bad = U(L"{4d36e96g-e325-11ce-bfc1-08002be10318}");
    assert_int_equal(RtlGUIDFromString(&bad, &back), STATUS_INVALID_PARAMETER);
    bad = U(L"(4d36e965-e325-11ce-bfc1-08002be10318)");
    assert_int_equal(RtlGUIDFromString(&bad, &back), STATUS_INVALID_PARAMETER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),      cmocka_unit_test(test_copy_append),
        cmocka_unit_test(test_compare),   cmocka_unit_test(test_case),
        cmocka_unit_test(test_duplicate), cmocka_unit_test(test_ansi),
        cmocka_unit_test(test_utf8),      cmocka_unit_test(test_hash),
        cmocka_unit_test(test_integers),  cmocka_unit_test(test_guid),
    };
    return cmocka_run_group_tests(tests, boot, shut);
}
