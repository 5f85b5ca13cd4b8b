/* SPDX-License-Identifier: MIT */
/* rtltest.h - what the tests of rtl share. */
#ifndef TESTS_UNIT_RTL_RTLTEST_H
#define TESTS_UNIT_RTL_RTLTEST_H

#include "ntio/rtl/rtlp.h"
#include "ntio/rtl/crt.h"
#include "ntio.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define assert_wide_equal(s, literal)                                                              \
    do {                                                                                           \
        assert_int_equal((s).Length, sizeof(literal) - 2);                                         \
        assert_memory_equal((s).Buffer, literal, sizeof(literal) - 2);                             \
    } while (0)

#define U(literal) ((UNICODE_STRING)RTL_CONSTANT_STRING(literal))
#define A(literal) ((ANSI_STRING)RTL_CONSTANT_STRING(literal))

static inline int boot(void **state)
{
    (void)state;
    return ntio_boot(NULL);
}

static inline int shut(void **state)
{
    (void)state;
    return (int)ntio_shutdown();
}

#endif
