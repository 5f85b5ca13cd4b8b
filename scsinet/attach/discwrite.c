/* SPDX-License-Identifier: MIT */
/*
 * Writes of any offset and size over WriteFile, which takes whole sectors: one that begins or ends
 * within a sector fetches what is there first. So that of two such writes none is lost, a write
 * waits for the earlier ones to its sectors; all others are under way at once.
 *
 * And flushes: FlushFileBuffers waits, so a thread is there for it.
 */
#include "discs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool grow(uint8_t **buffer, size_t *capacity, size_t bytes)
{
    uint8_t *larger;

    if (*capacity >= bytes)
        return true;
    larger = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
    if (!larger)
        return false;
    free(*buffer);
    *buffer = larger;
    *capacity = bytes;
    return true;
}

/* It has its sectors for itself. */
static void go(struct disc_operation *operation)
{
    size_t bytes = (size_t)(operation->end - operation->first);

    if (operation->size == bytes) {
        operation->phase = DISC_WRITING;
    } else if (grow(&operation->old, &operation->old_capacity, bytes)) {
        operation->phase = DISC_FETCHING;
    } else {
        disc_end(operation, ENOMEM, NULL, 0);
        return;
    }
    disc_start_request(operation, bytes);
}

static bool overlap(const struct disc_operation *a, const struct disc_operation *b)
{
    return a->first < b->end && b->first < a->end;
}

/* Whether an older one has some of its sectors; writes_lock. */
static bool must_wait(const struct disc *disc, const struct disc_operation *operation)
{
    for (const struct disc_operation *older = disc->writes; older != operation; older = older->next)
        if (overlap(older, operation))
            return true;
    return false;
}

void disc_start_write(struct disc_operation *operation)
{
    struct disc *disc = operation->disc;
    uint64_t length = atomic_load(&disc->length);
    struct disc_operation **last = &disc->writes;
    bool waiting;

    if (operation->offset > length || operation->size > length - operation->offset) {
        if (operation->asked)
            disc_end(operation, ENOSPC, NULL, 0);
        else
            disc_start_asking(operation);
        return;
    }
    pthread_mutex_lock(&disc->writes_lock);
    while (*last)
        last = &(*last)->next;
    operation->next = NULL;
    *last = operation;
    operation->queued = true;
    operation->waiting = waiting = must_wait(disc, operation);
    pthread_mutex_unlock(&disc->writes_lock);
    if (!waiting) {
        go(operation);
        return;
    }
    /* A cancel that came before it was in the list has not found it there. */
    pthread_mutex_lock(&operation->lock);
    waiting = operation->cancelled && disc_stop_waiting(operation);
    pthread_mutex_unlock(&operation->lock);
    if (waiting)
        disc_end(operation, EINTR, NULL, 0);
}

void disc_leave_writes(struct disc_operation *operation)
{
    struct disc *disc = operation->disc;
    struct disc_operation *next;

    pthread_mutex_lock(&disc->writes_lock);
    for (struct disc_operation **at = &disc->writes; *at; at = &(*at)->next) {
        if (*at == operation) {
            *at = operation->next;
            break;
        }
    }
    operation->queued = false;
    /* One after the other: while the lock is let go of the list may change. */
    for (;;) {
        for (next = disc->writes; next; next = next->next)
            if (next->waiting && !must_wait(disc, next))
                break;
        if (!next)
            break;
        next->waiting = false;
        pthread_mutex_unlock(&disc->writes_lock);
        go(next);
        pthread_mutex_lock(&disc->writes_lock);
    }
    pthread_mutex_unlock(&disc->writes_lock);
}

void disc_write_step(struct disc_operation *operation, DWORD error, size_t bytes)
{
    size_t all = (size_t)(operation->end - operation->first);
    size_t skip = (size_t)(operation->offset - operation->first);
    size_t behind = skip + operation->size;

    if (error || bytes != all) {
        disc_end(operation, error ? disc_error_number(error) : EIO, NULL, 0);
    } else if (operation->phase == DISC_FETCHING) {
        memcpy(operation->buffer, operation->old, skip);
        memcpy(operation->buffer + behind, operation->old + behind, all - behind);
        operation->phase = DISC_WRITING;
        disc_start_request(operation, all);
    } else {
        disc_end(operation, 0, NULL, operation->size);
    }
}

void disc_write(struct disc_operation *operation, uint64_t offset, const void *data, size_t size)
{
    uint32_t sector = operation->disc->sector;

    if (size == 0 || offset > INT64_MAX - size - sector) {
        disc_end(operation, size == 0 ? 0 : ENOSPC, NULL, 0);
        return;
    }
    operation->writing = true;
    operation->offset = offset;
    operation->size = size;
    operation->first = offset / sector * sector;
    operation->end = (offset + size + sector - 1) / sector * sector;
    if (!grow(&operation->buffer, &operation->capacity,
              (size_t)(operation->end - operation->first))) {
        disc_end(operation, ENOMEM, NULL, 0);
        return;
    }
    memcpy(operation->buffer + (offset - operation->first), data, size);
    disc_start_write(operation);
}

/* ---- flushes ---- */

void disc_flush(struct disc_operation *operation)
{
    struct discs *discs = operation->disc->discs;
    struct disc_operation **last = &discs->flush_queue;

    pthread_mutex_lock(&discs->lock);
    while (*last)
        last = &(*last)->next;
    operation->next = NULL;
    *last = operation;
    pthread_cond_signal(&discs->flush_wake);
    pthread_mutex_unlock(&discs->lock);
}

void *disc_flush_thread(void *context)
{
    struct discs *discs = context;

    pthread_mutex_lock(&discs->lock);
    for (;;) {
        struct disc_operation *operation;
        DWORD error;

        while (!discs->flush_queue && !discs->stop)
            pthread_cond_wait(&discs->flush_wake, &discs->lock);
        operation = discs->flush_queue;
        if (!operation)
            break;
        discs->flush_queue = operation->next;
        discs->flushing = operation;
        pthread_mutex_unlock(&discs->lock);
        error = FlushFileBuffers(operation->disc->flushes) ? 0 : GetLastError();
        pthread_mutex_lock(&discs->lock);
        discs->flushing = NULL;
        pthread_mutex_unlock(&discs->lock);
        /* Whoever cancels it has let go of it. */
        pthread_mutex_lock(&operation->lock);
        pthread_mutex_unlock(&operation->lock);
        disc_end(operation, disc_error_number(error), NULL, 0);
        pthread_mutex_lock(&discs->lock);
    }
    pthread_mutex_unlock(&discs->lock);
    return NULL;
}

bool disc_stop_waiting(struct disc_operation *operation)
{
    struct disc *disc = operation->disc;
    struct discs *discs = disc->discs;
    bool stopped;

    pthread_mutex_lock(&disc->writes_lock);
    stopped = operation->waiting;
    operation->waiting = false; /* it stays in the list until it ends */
    pthread_mutex_unlock(&disc->writes_lock);
    if (stopped)
        return true;
    pthread_mutex_lock(&discs->lock);
    for (struct disc_operation **at = &discs->flush_queue; *at && !stopped;) {
        stopped = *at == operation;
        if (stopped)
            *at = operation->next;
        else
            at = &(*at)->next;
    }
    if (discs->flushing == operation)
        CancelIoEx(disc->flushes, NULL);
    pthread_mutex_unlock(&discs->lock);
    return stopped;
}
