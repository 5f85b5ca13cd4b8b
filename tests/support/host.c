/* SPDX-License-Identifier: MIT */
#include "tests/support/host.h"
#include "ntio.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

void host_boot(void)
{
    assert_int_equal(ntio_boot(NULL), 0);
}

void host_shutdown(void)
{
    assert_int_equal(ntio_shutdown(), 0);
}

int host_setup(void **state)
{
    (void)state;
    return ntio_boot(NULL) == 0 ? 0 : -1;
}

int host_teardown(void **state)
{
    (void)state;
    return ntio_shutdown() == 0 ? 0 : -1;
}

bool wait_until(bool (*condition)(void *), void *context, unsigned milliseconds)
{
    const struct timespec step = {0, 1000000};
    unsigned waited;

    for (waited = 0; !condition(context); waited++) {
        if (waited >= milliseconds)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}
