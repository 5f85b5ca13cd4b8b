/* SPDX-License-Identifier: MIT */
#include "tests/unit/setup/inftest.h"

#include <stdio.h>

struct text corpus(const char *name)
{
    struct text text = {0};
    char path[1024];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", INF_CORPUS, name);
    file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("no %s", path);
    text.bytes = malloc(65536);
    assert_non_null(text.bytes);
    text.size = fread(text.bytes, 1, 65536, file);
    fclose(file);
    return text;
}

struct text encode(const struct text *utf8, enum encoding encoding)
{
    SIZE_T count;
    WCHAR *wide = InfDecode(utf8->bytes, utf8->size, &count);
    struct text out = {.bytes = malloc(utf8->size * 2 + 16)};
    BOOLEAN big = encoding == ENCODE_UTF16BE || encoding == ENCODE_UTF16BE_UNMARKED;

    assert_true(wide != NULL && out.bytes != NULL);
    switch (encoding) {
    case ENCODE_UTF8_MARK:
        memcpy(out.bytes, "\xef\xbb\xbf", 3);
        out.size = 3;
        /* fall through */
    case ENCODE_UTF8:
        memcpy(out.bytes + out.size, utf8->bytes, utf8->size);
        out.size += utf8->size;
        break;
    case ENCODE_CRLF:
        for (size_t i = 0; i < utf8->size; i++) {
            if (utf8->bytes[i] == '\n')
                out.bytes[out.size++] = '\r';
            out.bytes[out.size++] = utf8->bytes[i];
        }
        break;
    case ENCODE_ANSI:
        for (SIZE_T i = 0; i < count; i++)
            out.bytes[out.size++] = wide[i] < 0x100 ? (UCHAR)wide[i] : '?';
        break;
    default:
        if (encoding == ENCODE_UTF16LE || encoding == ENCODE_UTF16BE) {
            out.bytes[0] = big ? 0xfe : 0xff;
            out.bytes[1] = big ? 0xff : 0xfe;
            out.size = 2;
        }
        for (SIZE_T i = 0; i < count; i++) {
            out.bytes[out.size + (big ? 1 : 0)] = (UCHAR)wide[i];
            out.bytes[out.size + (big ? 0 : 1)] = (UCHAR)(wide[i] >> 8);
            out.size += 2;
        }
        break;
    }
    free(wide);
    return out;
}

INF_FILE *inf_of(const UCHAR *bytes, size_t size, USHORT language)
{
    INF_FILE *file;
    ULONG line, error = InfParse(bytes, size, language, &file, &line);

    if (error != ERROR_SUCCESS)
        fail_msg("error 0x%x in line %u", (unsigned)error, (unsigned)line);
    return file;
}

INF_FILE *inf_of_corpus(const char *name, USHORT language)
{
    struct text text = corpus(name);
    INF_FILE *file = inf_of(text.bytes, text.size, language);

    free(text.bytes);
    return file;
}

static void narrow(const WCHAR *text, char *to, size_t size)
{
    size_t i;

    for (i = 0; text != NULL && text[i] != 0 && i + 1 < size; i++)
        to[i] = text[i] < 0x80 ? (char)text[i] : '?';
    to[i] = '\0';
}

void assert_wide_equal_(const WCHAR *a, const WCHAR *b, const char *file, int line)
{
    char left[200], right[200];

    if (a != NULL && b != NULL && NtCrt_wcscmp(a, b) == 0)
        return;
    narrow(a, left, sizeof(left));
    narrow(b, right, sizeof(right));
    print_error("'%s' is not '%s'\n", a != NULL ? left : "(none)", right);
    _fail(file, line);
}

static void assert_same_line(const INF_LINE *a, const INF_LINE *b)
{
    assert_int_equal(a->Number, b->Number);
    assert_int_equal(a->Count, b->Count);
    assert_int_equal(a->Key == NULL, b->Key == NULL);
    if (a->Key != NULL)
        assert_wide_equal(a->Key, b->Key);
    for (ULONG i = 0; i < a->Count; i++)
        assert_wide_equal(a->Fields[i], b->Fields[i]);
}

void assert_same_file(const INF_FILE *a, const INF_FILE *b)
{
    const INF_SECTION *left = InfFirstSection(a), *right = InfFirstSection(b);

    for (; left != NULL && right != NULL; left = left->Next, right = right->Next) {
        assert_wide_equal(left->Name, right->Name);
        assert_int_equal(left->Count, right->Count);
        for (ULONG i = 0; i < left->Count; i++)
            assert_same_line(&left->Lines[i], &right->Lines[i]);
    }
    assert_true(left == NULL && right == NULL);
}
