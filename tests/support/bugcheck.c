/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "tests/support/bugcheck.h"
#include "ntio.h"
#include "ntio/vf/sanitizer.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define PATIENCE_MS 10000

static char report[64 * 1024];
static unsigned long long parameters[4];

const char *bugcheck_report(void)
{
    return report;
}

unsigned long long bugcheck_parameter(int number)
{
    return number >= 1 && number <= 4 ? parameters[number - 1] : 0;
}

static _Noreturn void run_child(int out, bool boot, void (*fn)(void *), void *context)
{
    static const int signals[] = {SIGABRT, SIGFPE, SIGSYS};
    struct sigaction standard = {.sa_handler = SIG_DFL};
    struct rlimit none = {0, 0};
    int null = open("/dev/null", O_WRONLY);
    size_t i;

    /* cmocka's handlers would report into this process's copy of its state (signals.c has the
     * others). */
    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &standard, NULL);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (null >= 0)
        dup2(null, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (boot) {
        int32_t status = ntio_boot(NULL);
        if (status < 0) {
            dprintf(STDERR_FILENO, "ntio_boot: 0x%08x\n", (unsigned)status);
            _exit(112);
        }
    }
    fn(context);
    dprintf(STDERR_FILENO, "the routine returned\n");
    _exit(111);
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads to the end; false when the time is up. */
static bool read_report(int from)
{
    long long end = now_ms() + PATIENCE_MS;
    size_t length = 0;

    for (;;) {
        struct pollfd poll_fd = {from, POLLIN, 0};
        long long left = end - now_ms();
        char scrap[4096];
        ssize_t got;

        if (left <= 0)
            return false;
        if (poll(&poll_fd, 1, (int)left) <= 0)
            continue;
        if (length < sizeof(report) - 1)
            got = read(from, report + length, sizeof(report) - 1 - length);
        else
            got = read(from, scrap, sizeof(scrap));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return true;
        if (length < sizeof(report) - 1) {
            length += (size_t)got;
            report[length] = '\0';
        }
    }
}

/* Runs fn in a child to its end; its wait status. The report is what it wrote. */
static int run(bool boot, void (*fn)(void *), void *context)
{
    bool in_time;
    int ends[2];
    int status;
    pid_t child;

    memset(report, 0, sizeof(report));
    memset(parameters, 0, sizeof(parameters));
    fflush(stdout);
    fflush(stderr);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(ends[1], boot, fn, context);
    close(ends[1]);
    in_time = read_report(ends[0]);
    close(ends[0]);
    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!in_time)
        fail_msg("no end within %d ms; it wrote:\n%s", PATIENCE_MS, report);
    return status;
}

static void expect(bool boot, unsigned code, unsigned long long p1, void (*fn)(void *),
                   void *context)
{
    int status = run(boot, fn, context);
    unsigned stopped = 0;
    const char *line;

    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        fail_msg("no SIGABRT (wait status 0x%x); it wrote:\n%s", (unsigned)status, report);
    line = strstr(report, "*** STOP: ");
    if (line == NULL || sscanf(line, "*** STOP: 0x%x (0x%llx, 0x%llx, 0x%llx, 0x%llx)", &stopped,
                               &parameters[0], &parameters[1], &parameters[2], &parameters[3]) != 5)
        fail_msg("no STOP line; it wrote:\n%s", report);
    if (stopped != code || (p1 != BUGCHECK_ANY && parameters[0] != p1))
        fail_msg("expected 0x%08x with 0x%llx; it wrote:\n%s", code, p1, report);
}

void expect_bugcheck(unsigned code, unsigned long long p1, void (*fn)(void *), void *context)
{
    expect(true, code, p1, fn, context);
}

void expect_bugcheck_unbooted(unsigned code, unsigned long long p1, void (*fn)(void *),
                              void *context)
{
    expect(false, code, p1, fn, context);
}

static void run_case(void **state)
{
    const struct bugcheck_case *one = *state;
    expect_bugcheck(one->code, one->p1, one->fn, NULL);
}

static void run_fault_case(void **state)
{
    const struct bugcheck_case *one = *state;

    if (!NTIO_ASAN) {
        run_case(state);
        return;
    }
    run(true, one->fn, NULL);
    if (strstr(report, "ERROR: AddressSanitizer") == NULL)
        fail_msg("no report of ASan's; it wrote:\n%s", report);
}

/* One group, because a program that speaks TAP has one plan. */
int run_bugcheck_and_fault_cases(const char *group, const struct bugcheck_case *cases, size_t count,
                                 const struct bugcheck_case *faults, size_t fault_count)
{
    struct CMUnitTest *tests = calloc(count + fault_count, sizeof(*tests));
    int failed;
    size_t i;

    if (tests == NULL)
        return 1;
    for (i = 0; i < count + fault_count; i++) {
        const struct bugcheck_case *one = i < count ? &cases[i] : &faults[i - count];

        tests[i].name = one->name;
        tests[i].test_func = i < count ? run_case : run_fault_case;
        tests[i].initial_state = (void *)one;
    }
    failed = _cmocka_run_group_tests(group, tests, count + fault_count, NULL, NULL);
    free(tests);
    return failed;
}

int run_bugcheck_cases(const char *group, const struct bugcheck_case *cases, size_t count)
{
    return run_bugcheck_and_fault_cases(group, cases, count, NULL, 0);
}
