/* SPDX-License-Identifier: MIT */
/* stops.c - break points and assertions without a debugger, and strings at the wrong IRQL. */
#include "ntio/ke/ke.h"
#include "tests/support/bugcheck.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void break_point(void *context)
{
    (void)context;
    DbgBreakPoint();
}

static void break_point_with_status(void *context)
{
    (void)context;
    DbgBreakPointWithStatus(1);
}

static void failed_assertion(void *context)
{
    (void)context;
    RtlAssert((PVOID) "1 == 2", (PVOID)__FILE__, __LINE__, NULL);
}

static void convert_at_dispatch(void *context)
{
    UNICODE_STRING from = RTL_CONSTANT_STRING(L"a"), to;
    (void)context;
    KeRaiseIrqlToDpcLevel();
    RtlUpcaseUnicodeString(&to, &from, TRUE);
}

static const struct bugcheck_case cases[] = {
    {"break point", 0x1e, 0xffffffff80000003ULL, break_point},
    {"break point with a status", 0x1e, 0xffffffff80000003ULL, break_point_with_status},
    {"assertion", 0x1e, 0xffffffff80000003ULL, failed_assertion},
    {"upcase at DISPATCH_LEVEL", 0xa, BUGCHECK_ANY, convert_at_dispatch},
};

int main(void)
{
    return run_bugcheck_cases("rtl stops", cases, sizeof(cases) / sizeof(cases[0]));
}
