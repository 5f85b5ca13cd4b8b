/* SPDX-License-Identifier: MIT */
/* Everything at once: read, cancel, share, unshare, disconnect, remove. What is read is right or an
 * error, nothing hangs, nothing is left. */
#include "share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct churn {
    struct lab *lab;
    atomic_bool stop;
    atomic_uint good, failed, wrong;
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Reads whatever drive is there, the adapter's own ones too. Both images hold different bytes. */
static void *reader(void *context)
{
    struct churn *churn = context;
    unsigned seed = (unsigned)(uintptr_t)&seed;

    while (!atomic_load(&churn->stop)) {
        struct disc *disc = discs_next(&churn->lab->discs, 0);
        DWORD error;

        if (!disc) {
            Sleep(1);
            continue;
        }
        error = lab_read(disc->handle, 0, (uint32_t)rand_r(&seed) % 90 + 100,
                         (uint32_t)rand_r(&seed) % 100 + 1);
        if (error == ERROR_CRC)
            atomic_fetch_add(&churn->wrong, 1);
        else if (error == ERROR_SUCCESS)
            atomic_fetch_add(&churn->good, 1);
        else
            atomic_fetch_add(&churn->failed, 1);
        disc_release(&churn->lab->discs, disc);
    }
    return NULL;
}

/* Starts reads and cancels them, each at another moment. */
static void *canceller(void *context)
{
    struct churn *churn = context;
    uint8_t *buffer = aligned_alloc(4096, 64 * DISC_SECTOR);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    unsigned seed = 5;

    while (!atomic_load(&churn->stop)) {
        struct disc *disc = discs_next(&churn->lab->discs, 0);
        OVERLAPPED overlapped = {.hEvent = event,
                                 .Offset = (uint32_t)rand_r(&seed) % 200 * DISC_SECTOR};
        DWORD bytes;

        if (!disc) {
            Sleep(1);
            continue;
        }
        if (!ReadFile(disc->handle, buffer, 64 * DISC_SECTOR, NULL, &overlapped) &&
            GetLastError() == ERROR_IO_PENDING) {
            for (volatile unsigned spin = (unsigned)rand_r(&seed) % 20000; spin > 0; spin--)
                ;
            CancelIoEx(disc->handle, &overlapped);
            GetOverlappedResult(disc->handle, &overlapped, &bytes, TRUE);
        }
        disc_release(&churn->lab->discs, disc);
    }
    CloseHandle(event);
    free(buffer);
    return NULL;
}

static void everything_at_once(void **state)
{
    struct churn churn = {0};
    pthread_t threads[4];
    unsigned seed = 11;
    struct lab lab;
    double end;
    unsigned rounds = 0;

    (void)state;
    lab_start(&lab, 1, 300);
    churn.lab = &lab;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &churn), 0);
    assert_int_equal(pthread_create(&threads[3], NULL, canceller, &churn), 0);

    end = seconds() + 8;
    while (seconds() < end) {
        char error[300];

        if (!lab.client)
            lab_connect(&lab);
        server_offer(lab.server, lab.instance[0], NULL, error,
                     sizeof(error)); /* refused while it is shared */
        Sleep(rand_r(&seed) % 30);
        switch (rand_r(&seed) % 4) {
        case 0:
            server_unshare(lab.server, lab.instance[0], error,
                           sizeof(error)); /* not shared: refused */
            break;
        case 1:
            lab_disconnect(&lab);
            break;
        case 2:
            pthread_mutex_lock(&lab.server->lock); /* the network fails */
            if (lab.server->connections)
                stream_shutdown(&lab.server->connections->stream);
            pthread_mutex_unlock(&lab.server->lock);
            break;
        default:
            break;
        }
        discs_look(&lab.discs);
        if (lab.client && lab.client_ends > 0) {
            lab_disconnect(&lab);
            lab.client_ends = 0;
        }
        rounds++;
    }
    atomic_store(&churn.stop, true);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    print_message("# %u rounds, %u good reads, %u failed\n", rounds, atomic_load(&churn.good),
                  atomic_load(&churn.failed));
    assert_int_equal(atomic_load(&churn.wrong), 0);
    assert_true(atomic_load(&churn.good) > 0);
    lab_end(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
