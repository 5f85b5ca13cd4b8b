/* SPDX-License-Identifier: MIT */
/* Nothing grows: over a thousand share and unshare cycles, over a hundred thousand requests. */
#include "share.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[200];
    long value = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "VmRSS: %ld", &value) == 1)
            break;
    fclose(file);
    return value;
}

/*
 * A few blocks may be kept for the next time (look-aside lists, a work item); what is lost in each
 * cycle would be seen all the same: there are at least forty.
 */
#define KEPT 16

static void assert_same_counts(const ntio_counts *before, const ntio_counts *after)
{
    assert_int_equal(after->irps, before->irps);
    assert_int_equal(after->mdls, before->mdls);
    assert_int_equal(after->handles, before->handles);
    assert_int_equal(after->timers, before->timers);
    assert_true(after->objects <= before->objects + KEPT);
    assert_true(after->pool_blocks <= before->pool_blocks + KEPT);
}

/*
 * Sanitizers keep freed memory for a while: there the counters alone are asked. A device's fetch
 * buffers are 2 MiB; the next device's may be made before the last one's are freed.
 */
static void assert_not_grown(long before_kib)
{
    if (LAB_SLOWER == 1)
        assert_true(resident_kib() < before_kib + before_kib / 10 + 8192);
}

/* The client's side is done some time after the server's: when its last device has gone and its
 * fetches are back. */
static void wait_until_quiet(struct lab *lab)
{
    ntio_counts counts;

    for (unsigned i = 0; i < LAB_WAIT_MS; i++) {
        ntio_pnp_settle();
        ntio_get_counts(&counts);
        if (client_device_count(lab->client) == 0 && counts.irps == 0)
            return;
        Sleep(1);
    }
    fail_msg("%u devices and %u IRPs are still there", client_device_count(lab->client),
             (unsigned)counts.irps);
}

static void thousand_shares_leave_nothing(void **state)
{
    unsigned cycles = 1000 / LAB_SLOWER;
    unsigned warm =
        200 / LAB_SLOWER + 20; /* until the allocators of all threads have what they want */
    ntio_counts before;
    ntio_counts after;
    struct lab lab;
    long resident = 0;

    (void)state;
    lab_start(&lab, 1, 300);
    lab_connect(&lab);
    for (unsigned i = 0; i < cycles + warm; i++) {
        char error[300] = "";

        if (i == warm) {
            ntio_get_counts(&before);
            resident = resident_kib();
        }
        if (server_share_now(lab.server, lab.instance[0], error, sizeof(error)) != 0)
            fail_msg("cycle %u: %s", i, error);
        if (server_unshare(lab.server, lab.instance[0], error, sizeof(error)) != 0)
            fail_msg("cycle %u: %s", i, error);
        /* Else the next one may find the last one's device still there, and has another name, which
         * the system remembers. */
        wait_until_quiet(&lab);
    }
    ntio_get_counts(&after);
    assert_same_counts(&before, &after);
    assert_not_grown(resident);
    lab_end(&lab);
}

static void hundred_thousand_requests_leave_nothing(void **state)
{
    enum { DEPTH = 16 };
    unsigned requests = 100000 / LAB_SLOWER;
    OVERLAPPED overlapped[DEPTH];
    uint8_t *buffer = aligned_alloc(4096, DEPTH * DISC_SECTOR);
    ntio_counts before;
    ntio_counts after;
    struct lab lab;
    struct disc *disc;
    long resident;

    (void)state;
    assert_non_null(buffer);
    lab_start(&lab, 1, 300);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    disc = lab_wait_remote(&lab, 1);
    memset(overlapped, 0, sizeof(overlapped));
    for (unsigned i = 0; i < DEPTH; i++)
        overlapped[i].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(lab_read(disc->handle, 0, i % 300, 1), ERROR_SUCCESS);
    /* At rest the client's fetches are under way and nothing else; the last answer may still be on
     * its way back into one. */
    for (unsigned i = 0; i < LAB_WAIT_MS; i++) {
        ntio_get_counts(&before);
        if (before.irps == CLIENT_REQUESTS && before.mdls == CLIENT_REQUESTS)
            break;
        Sleep(1);
    }
    resident = resident_kib();
    for (unsigned i = 0; i < requests + DEPTH; i++) {
        OVERLAPPED *slot = &overlapped[i % DEPTH];
        DWORD bytes = 0;

        if (i >= DEPTH)
            assert_true(GetOverlappedResult(disc->handle, slot, &bytes, TRUE) &&
                        bytes == DISC_SECTOR);
        if (i >= requests)
            continue;
        slot->Offset = i % 300 * DISC_SECTOR;
        if (!ReadFile(disc->handle, buffer + i % DEPTH * DISC_SECTOR, DISC_SECTOR, NULL, slot))
            assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    }
    assert_int_equal(lab_read(disc->handle, 0, 3, 1), ERROR_SUCCESS);
    for (unsigned i = 0; i < LAB_WAIT_MS; i++) {
        ntio_get_counts(&after);
        if (after.irps == before.irps && after.mdls == before.mdls)
            break;
        Sleep(1);
    }
    assert_same_counts(&before, &after);
    assert_not_grown(resident);
    for (unsigned i = 0; i < DEPTH; i++)
        CloseHandle(overlapped[i].hEvent);
    free(buffer);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousand_shares_leave_nothing),
        cmocka_unit_test(hundred_thousand_requests_leave_nothing),
    };

    /* One heap: else each new thread may begin one of its own, and what is resident says nothing.
     */
    mallopt(M_ARENA_MAX, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
