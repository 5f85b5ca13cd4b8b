/* SPDX-License-Identifier: MIT */
/*
 * Reads from a client process to a server process: ReadFile on \\.\CdRom0 of this host, which is
 * plugged in from a running `scsinet serve`. Beside it, in the same run, the least that any such
 * path costs: a bare request and answer of the same sizes over TCP with a process that does nothing
 * else.
 *
 * usage: bench-remote ADDR:PORT
 */
#include "scsinet/attach/discs.h"
#include "scsinet/client.h"
#include "scsinet/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 2.0
#define DEPTH   32

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- the device ---- */

static struct discs discs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;

static void look(void *context)
{
    (void)context;
    discs_look(&discs);
}

static void ended(const char *reason, void *context)
{
    (void)context;
    if (strcmp(reason, "disconnected") != 0)
        fprintf(stderr, "bench-remote: %s\n", reason);
}

static void log_it(const char *line, void *context)
{
    (void)context;
    fprintf(stderr, "bench-remote: %s\n", line);
}

static void changed(void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&arrived);
    pthread_mutex_unlock(&lock);
}

static struct disc *wait_for_disc(void)
{
    struct timespec limit;
    struct disc *disc;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (!(disc = discs_next(&discs, 0)))
        if (pthread_cond_timedwait(&arrived, &lock, &limit) != 0)
            break;
    pthread_mutex_unlock(&lock);
    return disc;
}

/* Reads of `size` bytes with `depth` in flight for some seconds; returns reads in a second. */
static double measure_device(HANDLE handle, uint64_t length, size_t size, unsigned depth,
                             bool random)
{
    OVERLAPPED overlapped[DEPTH];
    HANDLE events[DEPTH];
    uint8_t *buffers = aligned_alloc(4096, size * depth);
    uint64_t blocks = length / size;
    uint64_t next = 0;
    uint64_t done = 0;
    unsigned seed = 1;
    double begin = now();
    double end = begin + SECONDS;
    unsigned in_flight = 0;

    if (!buffers || blocks == 0)
        exit(1);
    for (unsigned i = 0; i < depth; i++)
        events[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (unsigned i = 0;; i = (i + 1) % depth) {
        DWORD bytes = 0;
        uint64_t offset;

        if (done + in_flight >= depth && in_flight > 0 && (in_flight == depth || now() >= end)) {
            if (!GetOverlappedResult(handle, &overlapped[i], &bytes, TRUE) || bytes != size) {
                fprintf(stderr, "bench-remote: a read failed (error %u)\n",
                        (unsigned)GetLastError());
                exit(1);
            }
            in_flight--;
            done++;
        }
        if (now() >= end) {
            if (in_flight == 0)
                break;
            continue;
        }
        offset = (random ? (uint64_t)rand_r(&seed) % blocks : next++ % blocks) * size;
        memset(&overlapped[i], 0, sizeof(overlapped[i]));
        overlapped[i].Offset = (DWORD)offset;
        overlapped[i].OffsetHigh = (DWORD)(offset >> 32);
        overlapped[i].hEvent = events[i];
        if (!ReadFile(handle, buffers + i * size, (DWORD)size, NULL, &overlapped[i]) &&
            GetLastError() != ERROR_IO_PENDING) {
            fprintf(stderr, "bench-remote: a read failed (error %u)\n", (unsigned)GetLastError());
            exit(1);
        }
        in_flight++;
    }
    end = now();
    for (unsigned i = 0; i < depth; i++)
        CloseHandle(events[i]);
    free(buffers);
    return (double)done / (end - begin);
}

/* ---- the bare socket ---- */

static void echo(int listener, size_t request, size_t answer)
{
    int fd = accept(listener, NULL, NULL);
    char *buffer = calloc(1, answer > request ? answer : request);

    net_tune(fd);
    while (buffer && recv(fd, buffer, request, MSG_WAITALL) == (ssize_t)request)
        if (send(fd, buffer, answer, MSG_NOSIGNAL) != (ssize_t)answer)
            break;
    _exit(0);
}

static double measure_bare(size_t size, unsigned depth)
{
    enum { REQUEST = 92 };
    size_t answer = REQUEST + size;
    struct net_address address = {.host = "127.0.0.1", .port = "0"};
    char bound[NET_ADDRESS_TEXT];
    char error[200];
    char request[REQUEST] = {0};
    char *buffer = malloc(answer);
    uint64_t done = 0;
    double begin;
    double end;
    pid_t child;
    int listener = net_listen(&address, bound, error, sizeof(error));
    int fd;

    if (listener < 0 || !buffer)
        exit(1);
    child = fork();
    if (child == 0)
        echo(listener, REQUEST, answer);
    if (net_parse(bound, &address, error, sizeof(error)) != 0 ||
        (fd = net_connect(&address, -1, error, sizeof(error))) < 0)
        exit(1);
    for (unsigned i = 0; i < depth; i++)
        if (send(fd, request, REQUEST, MSG_NOSIGNAL) != REQUEST)
            exit(1);
    begin = now();
    end = begin + SECONDS;
    while (now() < end) {
        if (recv(fd, buffer, answer, MSG_WAITALL) != (ssize_t)answer ||
            send(fd, request, REQUEST, MSG_NOSIGNAL) != REQUEST)
            exit(1);
        done++;
    }
    end = now();
    close(fd);
    close(listener);
    waitpid(child, NULL, 0);
    free(buffer);
    return (double)done / (end - begin);
}

static void row(const char *what, double device, double bare, size_t size)
{
    printf("%-34s %9.0f /s %8.1f MB/s   bare TCP %9.0f /s   ratio %.2f\n", what, device,
           device * (double)size / 1e6, bare, device / bare);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct client_events events = {look, ended, log_it, NULL};
    struct net_address address;
    struct client *client;
    struct disc *disc;
    char error[300];
    double bare[3];
    unsigned left;

    if (argc != 2 || net_parse(argv[1], &address, error, sizeof(error)) != 0) {
        fprintf(stderr, "usage: bench-remote ADDR:PORT of a running serve\n");
        return 2;
    }
    /* The bare ones first: they fork. */
    bare[0] = measure_bare(4096, 1);
    bare[1] = measure_bare(4096, DEPTH);
    bare[2] = measure_bare(128 * 1024, 4);

    if (host_boot("bench", error, sizeof(error)) != 0 || host_add_bus(error, sizeof(error)) != 0) {
        fprintf(stderr, "bench-remote: %s\n", error);
        return 1;
    }
    if (discs_start(&discs, changed, NULL, NULL) != 0 ||
        !(client = client_connect(&address, -1, &events, error, sizeof(error)))) {
        fprintf(stderr, "bench-remote: %s\n", error);
        return 1;
    }
    disc = wait_for_disc();
    if (!disc) {
        fprintf(stderr, "bench-remote: no device came\n");
        return 1;
    }
    row("4 KiB random, depth 1", measure_device(disc->handle, disc->length, 4096, 1, true), bare[0],
        4096);
    row("4 KiB random, depth 32", measure_device(disc->handle, disc->length, 4096, DEPTH, true),
        bare[1], 4096);
    row("128 KiB sequential, depth 4",
        measure_device(disc->handle, disc->length, 128 * 1024, 4, false), bare[2], 128 * 1024);
    disc_release(&discs, disc);
    client_disconnect(client);
    discs_stop(&discs);
    left = host_shutdown();
    return left != 0;
}
