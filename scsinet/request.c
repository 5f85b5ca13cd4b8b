/* SPDX-License-Identifier: MIT */
/* Requests that the server executes: their objects and buffers. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_OVERHEAD 4096u /* headers, sense data, room between them */

bool request_reserve(struct request *request, size_t bytes)
{
    uint8_t *larger;

    if (bytes <= request->capacity)
        return true;
    larger = realloc(request->buffer, bytes);
    if (!larger)
        return false;
    request->buffer = larger;
    request->capacity = bytes;
    return true;
}

void request_free(struct request *request)
{
    free(request->buffer);
    free(request);
}

/* Whether the share is still what it was when the request was made; lock held. */
static bool still_there(const struct request *request)
{
    const struct share *share = request->share;

    return share->owner == request->connection && share->id == request->id;
}

/* The answer has gone out, or never will. */
static void answer_sent(struct stream_frame *frame)
{
    struct request *request = CONTAINING_RECORD(frame, struct request, frame);
    struct connection *connection = request->connection;
    struct server *server = connection->server;
    struct share *share = request->share;
    bool kept = false;

    pthread_mutex_lock(&server->lock);
    if (still_there(request)) {
        if (share->state == SHARE_ACTIVE) {
            /* Only a peer that wants too much needs more than that: it is not kept for him. */
            if (request->capacity > share->maximum_transfer + 2 * REQUEST_OVERHEAD) {
                free(request->buffer);
                request->buffer = NULL;
                request->capacity = 0;
            }
            request->next_free = share->free;
            share->free = request;
            kept = true;
        } else {
            share->allocated--;
        }
        pthread_cond_broadcast(&server->changed);
    }
    pthread_mutex_unlock(&server->lock);
    if (!kept)
        request_free(request);
    connection_dereference(connection);
}

struct request *request_get(struct server *server, struct share *share,
                            struct connection *connection, uint32_t id)
{
    struct request *request = NULL;
    bool flushed = false;

    pthread_mutex_lock(&server->lock);
    for (;;) {
        if (share->owner != connection || share->state != SHARE_ACTIVE || share->id != id)
            break;
        request = share->free;
        if (request) {
            share->free = request->next_free;
            break;
        }
        if (share->allocated < SERVER_REQUESTS_IN_FLIGHT) {
            request = calloc(1, sizeof(*request));
            if (request)
                share->allocated++;
            break;
        }
        if (flushed) {
            pthread_cond_wait(&server->changed, &server->lock);
            continue;
        }
        /* All that are out may be answers that this thread has queued and not flushed yet. */
        pthread_mutex_unlock(&server->lock);
        stream_flush(&connection->stream);
        flushed = true;
        pthread_mutex_lock(&server->lock);
    }
    if (request)
        connection_reference(connection);
    pthread_mutex_unlock(&server->lock);
    if (request) {
        request->share = share;
        request->connection = connection;
        request->id = id;
        request->frame.sent = answer_sent;
        memset(&request->overlapped, 0, sizeof(request->overlapped));
    }
    return request;
}

bool request_start(struct request *request)
{
    struct server *server = request->connection->server;
    bool started;

    pthread_mutex_lock(&server->lock);
    started = still_there(request) && request->share->state == SHARE_ACTIVE;
    if (started)
        request->share->executing++;
    pthread_mutex_unlock(&server->lock);
    return started;
}

void request_drop(struct request *request)
{
    struct connection *connection = request->connection;
    struct server *server = connection->server;

    pthread_mutex_lock(&server->lock);
    if (still_there(request))
        request->share->allocated--;
    pthread_mutex_unlock(&server->lock);
    request_free(request);
    connection_dereference(connection);
}
