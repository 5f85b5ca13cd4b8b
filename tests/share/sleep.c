/* SPDX-License-Identifier: MIT */
/*
 * The system sleeps and wakes with both sides in it: vhba and scsiserver on the one, scsiclient and
 * cdrom on the other. What is asked meanwhile waits, and comes right.
 */
#include "share.h"

#include <stdlib.h>
#include <string.h>

#include <pthread.h>

struct reader {
    HANDLE handle;
    uint32_t drive;
    DWORD error;
    atomic_bool begun, ended;
};

static void *read_one(void *context)
{
    struct reader *r = context;

    atomic_store(&r->begun, true);
    r->error = lab_read(r->handle, r->drive, 3, 40);
    atomic_store(&r->ended, true);
    return NULL;
}

static void begin(pthread_t *thread, struct reader *r, HANDLE handle, uint32_t drive)
{
    memset(r, 0, sizeof(*r));
    r->handle = handle;
    r->drive = drive;
    assert_int_equal(pthread_create(thread, NULL, read_one, r), 0);
    while (!atomic_load(&r->begun))
        sched_yield();
}

static unsigned set_powers; /* SET_POWERs that vhba or scsiclient completed */
static void count_power(const ntio_irp_event *event, void *context)
{
    (void)context;
    if (event->step == NTIO_IRP_COMPLETE && event->major == 0x16 && event->minor == 0x02 &&
        (strcmp(event->driver, "vhba") == 0 || strcmp(event->driver, "scsiclient") == 0))
        __atomic_fetch_add(&set_powers, 1, __ATOMIC_RELAXED);
}

static void a_shared_disc_survives_the_sleep(void **state)
{
    struct lab lab;
    struct disc *disc;
    struct reader reader;
    pthread_t thread;

    (void)state;
    lab_start(&lab, 1, 600);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    lab_wait_state(&lab, SHARE_ACTIVE, 1);
    disc = lab_wait_remote(&lab, 1);
    assert_int_equal(lab_read(disc->handle, 0, 0, 100), ERROR_SUCCESS);
    for (int i = 0; i < 20; i++) {
        set_powers = 0;
        ntio_set_irp_trace(count_power, NULL);
        assert_int_equal(ntio_set_system_power(NTIO_POWER_SLEEP1 + i % 4, NULL, 0), 0);
        ntio_set_irp_trace(NULL, NULL);
        /* S and D for the LUN and for the child, and S as the two adapters' policy owners end it.
         */
        assert_int_equal(set_powers, 6);
        begin(&thread, &reader, disc->handle, 0);
        for (int n = 0; n < 100; n++)
            sched_yield();
        assert_false(atomic_load(&reader.ended));
        assert_int_equal(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), 0);
        pthread_join(thread, NULL);
        assert_int_equal(reader.error, ERROR_SUCCESS);
    }
    assert_int_equal(lab_read(disc->handle, 0, 1, 597), ERROR_SUCCESS);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

static void a_local_disc_survives_the_sleep(void **state)
{
    struct lab lab;
    struct disc *disc;
    struct reader reader;
    pthread_t thread;

    (void)state;
    lab_start(&lab, 1, 100);
    disc = lab_wait_local(&lab, 0);
    assert_int_equal(ntio_set_system_power(NTIO_POWER_SLEEP3, NULL, 0), 0);
    begin(&thread, &reader, disc->handle, 0);
    for (int n = 0; n < 100; n++)
        sched_yield();
    assert_false(atomic_load(&reader.ended));
    assert_int_equal(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), 0);
    pthread_join(thread, NULL);
    assert_int_equal(reader.error, ERROR_SUCCESS);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

/* Reads all the while. */
static atomic_bool stop;
static void *read_on(void *context)
{
    struct reader *r = context;

    while (!atomic_load(&stop) && r->error == ERROR_SUCCESS)
        r->error = lab_read(r->handle, r->drive, 5, 30);
    return NULL;
}

static void sleeps_while_it_is_read(void **state)
{
    struct lab lab;
    struct disc *disc;
    struct reader reader = {0};
    pthread_t thread;

    (void)state;
    lab_start(&lab, 1, 100);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    lab_wait_state(&lab, SHARE_ACTIVE, 1);
    disc = lab_wait_remote(&lab, 1);
    atomic_store(&stop, false);
    reader.handle = disc->handle;
    assert_int_equal(pthread_create(&thread, NULL, read_on, &reader), 0);
    for (int i = 0; i < 200 / LAB_SLOWER; i++) {
        assert_int_equal(ntio_set_system_power(NTIO_POWER_SLEEP3, NULL, 0), 0);
        assert_int_equal(ntio_set_system_power(NTIO_POWER_WORKING, NULL, 0), 0);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(reader.error, ERROR_SUCCESS);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_disc_survives_the_sleep),
        cmocka_unit_test(a_local_disc_survives_the_sleep),
        cmocka_unit_test(sleeps_while_it_is_read),
    };

    return cmocka_run_group_tests_name("share sleep", tests, NULL, NULL);
}
