/* SPDX-License-Identifier: MIT */
/* Signals that are none of ntio's faults go to who had them before. */
#include "ntio.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void earlier(int signal_number)
{
    (void)signal_number;
    _exit(42);
}

static void set_handler(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGBUS, &action, NULL);
}

/* A signal that somebody sends is no fault of ours: it goes to who had it before. */
static void test_chain(void **state)
{
    struct rlimit none = {0, 0};
    int status;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &none);
        set_handler(earlier);
        if (ntio_boot(NULL) != 0)
            _exit(1);
        raise(SIGBUS);
        _exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &none);
        set_handler(SIG_DFL);
        if (ntio_boot(NULL) != 0)
            _exit(1);
        raise(SIGBUS);
        _exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chain)};
    return cmocka_run_group_tests_name("mm chain", tests, NULL, NULL);
}
