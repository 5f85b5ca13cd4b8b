/* SPDX-License-Identifier: MIT */
/* host.h - what most unit tests need: boot, shutdown with nothing left, bounded waits. */
#ifndef TESTS_SUPPORT_HOST_H
#define TESTS_SUPPORT_HOST_H

#include <stdbool.h>

/* ntio_boot(NULL) and ntio_shutdown; the running test fails unless the boot succeeds and nothing is
 * left behind. */
void host_boot(void);
void host_shutdown(void);
/* The same as cmocka's setup and teardown of a test or a group. */
int host_setup(void **state);
int host_teardown(void **state);

/*
 * Looks at condition again and again until it is true, or the time is up (false). For what cannot
 * be waited for otherwise, such as that another thread sleeps.
 */
bool wait_until(bool (*condition)(void *), void *context, unsigned milliseconds);

#endif
