/* SPDX-License-Identifier: MIT */
/* inftest.h - .inf texts for tests: the corpus, and each text in every encoding. */
#ifndef TESTS_UNIT_SETUP_INFTEST_H
#define TESTS_UNIT_SETUP_INFTEST_H

#include "ntio/setup/inf.h"
#include "ntio/setup/setuperr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct text {
    UCHAR *bytes; /* malloc */
    size_t size;
};
/* A file of the folder corpus/: UTF-8 without a mark. */
struct text corpus(const char *name);

enum encoding {
    ENCODE_UTF8,
    ENCODE_UTF8_MARK,
    ENCODE_UTF16LE,
    ENCODE_UTF16LE_UNMARKED,
    ENCODE_UTF16BE,
    ENCODE_UTF16BE_UNMARKED,
    ENCODE_CRLF, /* UTF-8, lines end with CR LF */
    ENCODE_ANSI, /* Windows-1252; '?' for what it has not */
    ENCODINGS
};
struct text encode(const struct text *utf8, enum encoding encoding);

/* Parsed; the test fails where that fails. */
INF_FILE *inf_of(const UCHAR *bytes, size_t size, USHORT language);
INF_FILE *inf_of_corpus(const char *name, USHORT language);

void assert_wide_equal_(const WCHAR *a, const WCHAR *b, const char *file, int line);
#define assert_wide_equal(a, b) assert_wide_equal_(a, b, __FILE__, __LINE__)
/* The same sections, lines and fields in the same order. */
void assert_same_file(const INF_FILE *a, const INF_FILE *b);

#endif
