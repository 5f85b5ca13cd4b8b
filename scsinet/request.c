/* SPDX-License-Identifier: MIT */
/* Requests that the server executes: their objects and buffers. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

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

/* The answer has gone out, or never will. */
static void answer_sent(struct stream_frame *frame)
{
    struct request *request = CONTAINING_RECORD(frame, struct request, frame);
    struct connection *connection = request->connection;
    struct server *server = connection->server;
    struct share *share = request->share;
    bool kept = false;

    pthread_mutex_lock(&server->lock);
    if (share->owner == connection && share->state == SHARE_ACTIVE) {
        request->next_free = share->free;
        share->free = request;
        kept = true;
        pthread_cond_broadcast(&server->changed);
    } else if (share->allocated > 0 && share->owner == connection) {
        share->allocated--;
    }
    pthread_mutex_unlock(&server->lock);
    if (!kept)
        request_free(request);
    connection_dereference(connection);
}

struct request *request_get(struct server *server, struct share *share, struct connection *connection)
{
    struct request *request = NULL;

    pthread_mutex_lock(&server->lock);
    for (;;) {
        if (share->owner != connection || share->state != SHARE_ACTIVE)
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
        pthread_cond_wait(&server->changed, &server->lock);
    }
    if (request) {
        share->executing++;
        connection_reference(connection);
    }
    pthread_mutex_unlock(&server->lock);
    if (request) {
        request->share = share;
        request->connection = connection;
        request->frame.sent = answer_sent;
        memset(&request->overlapped, 0, sizeof(request->overlapped));
    }
    return request;
}
