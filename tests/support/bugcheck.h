/* SPDX-License-Identifier: MIT */
/*
 * bugcheck.h - tests that expect the host to stop.
 *
 * Each runs in a child process, forked before ntio is booted: the caller must not be booted (it may
 * have been, and shut down). The child boots, runs the routine, and must end by SIGABRT with the
 * STOP line that was announced.
 */
#ifndef TESTS_SUPPORT_BUGCHECK_H
#define TESTS_SUPPORT_BUGCHECK_H

#include <stddef.h>

#define BUGCHECK_ANY (~0ULL) /* any parameter 1 */

/* Fails the running cmocka test unless fn stops the host with this code and parameter 1, within 10
 * s. */
void expect_bugcheck(unsigned code, unsigned long long p1, void (*fn)(void *), void *context);
/* The same without a boot, for what needs none. */
void expect_bugcheck_unbooted(unsigned code, unsigned long long p1, void (*fn)(void *),
                              void *context);
/* The whole report of the last one: what the child wrote to stderr. */
const char *bugcheck_report(void);
/* What stood in the last STOP line, parameter 1 to 4. */
unsigned long long bugcheck_parameter(int number);

/* A table of such tests, each under its name; returns what cmocka's group does, for main. */
struct bugcheck_case {
    const char *name;
    unsigned code;
    unsigned long long p1;
    void (*fn)(void *);
};
int run_bugcheck_cases(const char *group, const struct bugcheck_case *cases, size_t count);
/* The same with a second table of faults and overruns: in a build with ASan its report must come
 * instead. */
int run_bugcheck_and_fault_cases(const char *group, const struct bugcheck_case *cases, size_t count,
                                 const struct bugcheck_case *faults, size_t fault_count);

#endif
