/* SPDX-License-Identifier: MIT */
/* inf_parse.c - .inf files: encodings, sections, lines, fields, tokens, languages, faults. */
#include "tests/unit/setup/inftest.h"

/* ---- fields ---- */

/* Each line of [Lines] in odd.inf: its key (NULL: none) and its fields. */
static const struct {
    const WCHAR *Key;
    const WCHAR *Fields[6];
} expected_lines[] = {
    {L"ab", {L"cd"}},
    {L"ab", {L"cd", L"ef", L"gh", L"ij"}},
    {L"ab", {L"ab"}},
    {NULL, {L"ab", L"cd"}},
    {NULL, {L"ab", L"cd=ef"}},
    {L"ab", {L"cd", L"ef=gh"}},
    {L"spaced   key", {L"spaced   value", L"another"}},
    {L"", {L"no key"}},
    {L"a", {L"x y z"}},
    {L"b", {L"unterminated"}},
    {L"c", {L"comma, semicolon; equals = in quotes"}},
    {L"d", {L"halfquotedhalf"}},
    {L"e", {L""}},
    {L"f", {L"", L"", L""}},
    {L"g", {L"\"\""}},
    {L"h", {L"a\\b\\c"}},
    {L"i", {L"trailingjoined"}},
    {L"j", {L"one", L"two", L"three"}},
    {L"k", {L"firstsecond"}},
    {L"l", {L"%percent%"}},
    {L"m", {L"%unknown%"}},
    {L"n", {L"100%"}},
    {L"o", {L"first"}},
    {L"p", {L"%self%"}},
    {L"merged", {L"yes"}},
};

static void test_fields(void **state)
{
    INF_FILE *file = inf_of_corpus("odd.inf", 0x409);
    const INF_SECTION *lines = InfFindSection(file, L"LINES");

    (void)state;
    assert_non_null(lines);
    assert_int_equal(lines->Count, RTL_NUMBER_OF(expected_lines));
    for (ULONG i = 0; i < lines->Count; i++) {
        WCHAR *key = InfField(file, &lines->Lines[i], 0);
        ULONG j;

        if (expected_lines[i].Key == NULL)
            assert_null(key);
        else
            assert_wide_equal(key, expected_lines[i].Key);
        free(key);
        for (j = 0; j < 6 && expected_lines[i].Fields[j] != NULL; j++) {
            WCHAR *field = InfField(file, &lines->Lines[i], j + 1);

            assert_wide_equal(field, expected_lines[i].Fields[j]);
            free(field);
        }
        assert_int_equal(lines->Lines[i].Count, j);
        assert_null(InfField(file, &lines->Lines[i], j + 1));
    }
    assert_int_equal(InfFindSection(file, L"empty")->Count, 0);
    assert_null(InfFindSection(file, L"nowhere"));
    InfFree(file);
}

static void test_find_line(void **state)
{
    INF_FILE *file = inf_of_corpus("odd.inf", 0x409);
    const INF_SECTION *lines = InfFindSection(file, L"Lines");

    (void)state;
    assert_int_equal(InfFindLine(file, lines, 0, L"AB"), 0);
    assert_int_equal(InfFindLine(file, lines, 1, L"ab"), 1);
    assert_int_equal(InfFindLine(file, lines, 3, L"ab"), 5);
    assert_int_equal(InfFindLine(file, lines, 6, L"ab"), MAXULONG);
    assert_int_equal(InfFindLine(file, lines, 3, NULL), 3);
    assert_int_equal(InfFindLine(file, lines, lines->Count, NULL), MAXULONG);
    assert_int_equal(lines->Lines[0].Number, 7);
    InfFree(file);
}

static void test_numbers(void **state)
{
    static const struct {
        const WCHAR *Text;
        BOOLEAN Is;
        LONG Value;
    } cases[] = {
        {L"0", TRUE, 0},           {L"12", TRUE, 12},  {L"-1", TRUE, -1}, {L"0x10", TRUE, 16},
        {L"0XfF", TRUE, 255},      {L"+7", TRUE, 7},   {L"", FALSE, 0},   {L"0x", FALSE, 0},
        {L"1a", FALSE, 0},         {L"ten", FALSE, 0}, {L"-", FALSE, 0},  {L"-0x2", TRUE, -2},
        {L"0xffffffff", TRUE, -1},
    };

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        LONG value = 1;
        BOOLEAN is = InfNumber(cases[i].Text, &value);

        assert_int_equal(is, cases[i].Is);
        if (is)
            assert_int_equal(value, cases[i].Value);
    }
}

static WCHAR *twelve(ULONG id, PVOID context)
{
    (void)context;
    return id == 12 ? InfDuplicate(L"C:\\drivers") : NULL;
}

static void test_directories(void **state)
{
    INF_FILE *file = inf_of_corpus("odd.inf", 0x409);
    WCHAR *text;

    (void)state;
    InfSetDirectories(file, twelve, NULL);
    text = InfExpand(file, L"%12%\\x.sys %13% %one%");
    assert_wide_equal(text, L"C:\\drivers\\x.sys %13% first");
    free(text);
    InfFree(file);
}

/* ---- encodings ---- */

static void test_encodings(void **state)
{
    static const char *const names[] = {"wdm.inf", "odd.inf", "service.inf"};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(names); i++) {
        struct text text = corpus(names[i]);
        INF_FILE *plain = inf_of(text.bytes, text.size, 0x412);

        for (enum encoding encoding = 0; encoding < ENCODINGS; encoding++) {
            struct text encoded = encode(&text, encoding);
            INF_FILE *file;

            /* What Windows-1252 has no letter for is no part of that comparison. */
            if (encoding == ENCODE_ANSI && strcmp(names[i], "wdm.inf") == 0) {
                file = inf_of(encoded.bytes, encoded.size, 0x407);
                WCHAR *name = InfExpand(file, L"%DeviceName%");
                assert_wide_equal(name, L"Beispielger\u00e4t");
                free(name);
            } else {
                file = inf_of(encoded.bytes, encoded.size, 0x412);
                assert_same_file(plain, file);
            }
            InfFree(file);
            free(encoded.bytes);
        }
        InfFree(plain);
        free(text.bytes);
    }
}

static void test_damaged_encodings(void **state)
{
    static const UCHAR odd_utf16[] = {0xff, 0xfe, '[', 0, 'a', 0, ']', 0, '\n'};
    static const UCHAR bad_utf8[] = {0xef, 0xbb, 0xbf, 'a', 0xc0, 0x80,
                                     0xed, 0xa0, 0x80, 'b', 0xe2};
    static const UCHAR four_bytes[] = {0xf0, 0x9f, 0x98, 0x80};
    SIZE_T characters;
    WCHAR *text = InfDecode(odd_utf16, sizeof(odd_utf16), &characters);

    (void)state;
    assert_wide_equal(text, L"[a]"); /* half a character is none */
    free(text);
    text = InfDecode(bad_utf8, sizeof(bad_utf8), &characters);
    assert_wide_equal(text, L"a\ufffd\ufffd\ufffd\ufffd\ufffdb\ufffd");
    free(text);
    text = InfDecode(four_bytes, sizeof(four_bytes), &characters);
    assert_int_equal(characters, 2);
    assert_int_equal(text[0], 0xd83d);
    assert_int_equal(text[1], 0xde00);
    free(text);
    text = InfDecode((const UCHAR *)"\x80\x81\xff", 3, &characters);
    assert_int_equal(characters, 3);
    assert_int_equal(text[0], 0x20ac);
    assert_int_equal(text[1], 0x81); /* not assigned */
    assert_int_equal(text[2], 0xff);
    free(text);
}

/* ---- languages ---- */

static void test_languages(void **state)
{
    static const struct {
        USHORT Language;
        const WCHAR *Device, *Second;
    } cases[] = {
        {0x407, L"Beispielger\u00e4t", L"Second device"}, /* itself; the rest from [Strings] */
        {0xc07, L"Beispielger\u00e4t", L"Second device"}, /* Austria: German's default */
        {0x409, L"Sample device in English", L"Second device"}, /* the language without country */
        {0x412, L"\uc608\uc81c \uc7a5\uce58", L"Second device"},
        {0x40c, L"Sample device", L"Second device"},
    };

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        INF_FILE *file = inf_of_corpus("wdm.inf", cases[i].Language);
        WCHAR *device = InfExpand(file, L"%DEVICENAME%"),
              *second = InfExpand(file, L"%SecondName%");

        assert_wide_equal(device, cases[i].Device);
        assert_wide_equal(second, cases[i].Second);
        free(device);
        free(second);
        InfFree(file);
    }
}

/* ---- faults ---- */

#define HEADER "[Version]\nSignature=\"$Windows NT$\"\n"

static void test_faults(void **state)
{
    static const struct {
        const char *text;
        ULONG error, line;
    } cases[] = {
        {HEADER, ERROR_SUCCESS, 0},
        {"", ERROR_WRONG_INF_STYLE, 0},
        {"[Version]\n", ERROR_WRONG_INF_STYLE, 0},
        {"[Version]\nSignature=\"$Windows XP$\"\n", ERROR_WRONG_INF_STYLE, 0},
        {"[Other]\nSignature=\"$Windows NT$\"\n", ERROR_WRONG_INF_STYLE, 0},
        {"\n\ngarbage\n" HEADER, ERROR_EXPECTED_SECTION_NAME, 3},
        {HEADER "[unfinished\nx=y\n", ERROR_BAD_SECTION_NAME_LINE, 3},
        {HEADER "[unfinished", ERROR_BAD_SECTION_NAME_LINE, 3},
        {HEADER "[]\nx=y\n", ERROR_SUCCESS, 0},
        {HEADER "\x1a[unfinished", ERROR_SUCCESS, 0},
        {"\r\r\n\n\r[x", ERROR_BAD_SECTION_NAME_LINE, 5},
        {HEADER "[a]\nx=y\\", ERROR_SUCCESS, 0},
        {HEADER "[a]\nx=\"", ERROR_SUCCESS, 0},
    };
    char long_name[2000];

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        INF_FILE *file;
        ULONG line = 77;

        assert_int_equal(InfParse(cases[i].text, strlen(cases[i].text), 0x409, &file, &line),
                         cases[i].error);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(file != NULL, cases[i].error == ERROR_SUCCESS);
        InfFree(file);
    }
    for (size_t length = INF_MAXIMUM_NAME; length <= INF_MAXIMUM_NAME + 1; length++) {
        INF_FILE *file;
        ULONG line;
        size_t at = strlen(HEADER);

        strcpy(long_name, HEADER "[");
        memset(long_name + at + 1, 'n', length);
        strcpy(long_name + at + 1 + length, "]\n");
        assert_int_equal(InfParse(long_name, strlen(long_name), 0x409, &file, &line),
                         length > INF_MAXIMUM_NAME ? ERROR_SECTION_NAME_TOO_LONG : ERROR_SUCCESS);
        InfFree(file);
    }
}

/* One token that stands for much, many times: the answer is refused, not made. */
static void test_bomb(void **state)
{
    size_t size = 3 * 1024 * 1024, at;
    char *text = malloc(size);
    INF_FILE *file;
    WCHAR *field;

    (void)state;
    assert_non_null(text);
    strcpy(text, HEADER "[Strings]\na=");
    at = strlen(text);
    memset(text + at, 'x', 30000);
    at += 30000;
    strcpy(text + at, "\n[b]\nc=");
    at = strlen(text);
    while (at + 4 < size) {
        memcpy(text + at, "%a%", 3);
        at += 3;
    }
    file = inf_of((UCHAR *)text, at, 0x409);
    assert_null(InfValue(file, L"b", L"c"));
    field = InfExpand(file, L"%a%%a%");
    assert_int_equal(NtCrt_wcslen(field), 60000);
    free(field);
    InfFree(file);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),    cmocka_unit_test(test_find_line),
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_directories),
        cmocka_unit_test(test_encodings), cmocka_unit_test(test_damaged_encodings),
        cmocka_unit_test(test_languages), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_bomb),
    };
    return cmocka_run_group_tests_name("setup inf parse", tests, NULL, NULL);
}
