/* SPDX-License-Identifier: MIT */
/* ketest.h - what the tests of ke share. */
#ifndef TESTS_UNIT_KE_KETEST_H
#define TESTS_UNIT_KE_KETEST_H

#include "ntio/mm/mm.h"
#include "ntio/ps/ps.h"
#include "ntio.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define MS(n) (-10000LL * (n))

static inline LARGE_INTEGER interval(LONGLONG value)
{
    LARGE_INTEGER result;
    result.QuadPart = value;
    return result;
}

/* Waits kindly, 5 s at most. */
static inline NTSTATUS wait_for(PVOID object)
{
    LARGE_INTEGER limit = interval(MS(5000));
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &limit);
}

static inline NTSTATUS poll_object(PVOID object)
{
    LARGE_INTEGER zero = interval(0);
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &zero);
}

/* Sleeps until the thread's wait has been entered: then it can be signalled as a waiter. 5 s at
 * most. */
static inline void until_waiting(PKTHREAD thread)
{
    for (int i = 0; i < 5000; i++) {
        if (atomic_load(&thread->WaitState) == KiWaitWaiting)
            return;
        usleep(1000);
    }
    fail_msg("the thread does not wait");
}

/*
 * Processor slots: as many as the host has, unless the program's argument says otherwise. With one,
 * everything at DISPATCH_LEVEL is one after the other; with more than the host's, threads are
 * preempted there.
 */
static unsigned processors;

static inline int boot(void **state)
{
    ntio_config config = {.processors = processors};

    (void)state;
    return ntio_boot(&config);
}

static inline int shut(void **state)
{
    (void)state;
    return (int)ntio_shutdown();
}

static inline pthread_t start(void *(*routine)(void *), void *context)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, routine, context), 0);
    return thread;
}

#endif
