/* SPDX-License-Identifier: MIT */
/* One connection on the server: its frames in, its answers out. */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_UNSUCCESSFUL_ ((int32_t)0xC0000001)
#define STATUS_PENDING_      ((int32_t)0x00000103)
#define SRB_STATUS_ERROR_    0x04

/* ---- lifetime ---- */

void connection_reference(struct connection *connection)
{
    connection->references++;
}

void connection_dereference(struct connection *connection)
{
    struct server *server = connection->server;

    /* The connection's own thread keeps one to the end, and frees it when that is the only one
     * left. */
    pthread_mutex_lock(&server->lock);
    if (--connection->references == 1)
        pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* On its own thread, after the stream was shut down and no share is its any more. What is left is
 * joined and freed by connection_reap. */
static void end_connection(struct connection *connection)
{
    struct server *server = connection->server;

    pthread_mutex_lock(&server->lock);
    while (connection->references > 1)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    stream_destroy(&connection->stream);
    pthread_mutex_lock(&server->lock);
    connection->next = server->dead;
    server->dead = connection;
    server->connection_count--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

bool connection_declines(const struct connection *connection, const struct share *share)
{
    for (size_t i = 0; i < connection->declined_count; i++)
        if (connection->declined[i] == share)
            return true;
    return false;
}

void connection_reap(struct server *server)
{
    struct connection *list;

    pthread_mutex_lock(&server->lock);
    list = server->dead;
    server->dead = NULL;
    pthread_mutex_unlock(&server->lock);
    while (list) {
        struct connection *next = list->next;

        pthread_join(list->thread, NULL);
        free(list->declined);
        free(list);
        list = next;
    }
}

/* ---- answers ---- */

struct header_frame {
    struct stream_frame frame;
    REQUEST_HEADER header;
};

static void header_sent(struct stream_frame *frame)
{
    free(frame);
}

void connection_send_header(struct connection *connection, uint32_t id, uint32_t op)
{
    struct header_frame *out = calloc(1, sizeof(*out));

    if (!out) {
        stream_shutdown(&connection->stream); /* the peer would wait for ever */
        return;
    }
    out->header.Id = id;
    out->header.Op = op;
    out->header.Length = sizeof(out->header);
    out->frame.data = (const uint8_t *)&out->header;
    out->frame.length = sizeof(out->header);
    out->frame.sent = header_sent;
    stream_queue(&connection->stream, &out->frame);
    stream_flush(&connection->stream);
}

/* The driver did not take the request: the answer is made here. */
static void make_refusal(struct request *request)
{
    int32_t status = (int32_t)request->overlapped.Internal;
    REQUEST_HEADER header = request->header;

    header.Status = status >= 0 || status == STATUS_PENDING_ ? STATUS_UNSUCCESSFUL_ : status;
    header.Information = 0;
    header.Length = sizeof(header);
    if (header.MajorFunction == 0x0F && request->capacity >= sizeof(header) + sizeof(PACKED_SRB)) {
        PACKED_SRB srb;

        memcpy(&srb, request->buffer + sizeof(header), sizeof(srb));
        srb.SrbStatus = SRB_STATUS_ERROR_;
        srb.DataTransferLength = 0;
        srb.SenseInfoBufferLength = 0;
        memcpy(request->buffer + sizeof(header), &srb, sizeof(srb));
        header.Length += sizeof(srb);
    }
    memcpy(request->buffer, &header, sizeof(header));
}

/* Queues the answer of a request that the driver is done with; somebody has to flush. */
static void finish_request(struct server *server, struct request *request, bool taken)
{
    struct share *share = request->share;
    REQUEST_HEADER header;

    if (!taken)
        make_refusal(request);
    memcpy(&header, request->buffer, sizeof(header));
    request->frame.data = request->buffer;
    request->frame.length = header.Length;

    pthread_mutex_lock(&server->lock);
    share->requests++;
    share->bytes += header.Length;
    stream_queue(&request->connection->stream, &request->frame);
    share->executing--;
    if (share->state == SHARE_RETURNING)
        pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

void *completion_thread(void *context)
{
    struct server *server = context;
    struct connection *dirty = NULL; /* has answers queued that wait for a flush */

    for (;;) {
        OVERLAPPED *overlapped = NULL;
        ULONG_PTR key = 0;
        DWORD bytes = 0;
        BOOL taken = GetQueuedCompletionStatus(server->port, &bytes, &key, &overlapped,
                                               dirty ? 0 : INFINITE);
        struct connection *connection;
        struct request *request;

        if (!overlapped) {
            if (dirty) {
                stream_flush(&dirty->stream);
                connection_dereference(dirty);
                dirty = NULL;
                if (!taken)
                    continue; /* nothing more at the moment */
            }
            break;
        }
        request = CONTAINING_RECORD(overlapped, struct request, overlapped);
        connection = request->connection;
        if (connection != dirty) {
            if (dirty) {
                stream_flush(&dirty->stream);
                connection_dereference(dirty);
            }
            dirty = connection;
            pthread_mutex_lock(&server->lock);
            connection_reference(connection);
            pthread_mutex_unlock(&server->lock);
        }
        finish_request(server, request, taken);
    }
    return NULL;
}

/* ---- frames in ---- */

enum outcome { GO_ON, CLOSED, LOST, VIOLATION };

static int read_more(struct connection *connection, void *to, size_t length)
{
    /* Before the socket is waited for, what has been answered goes out: all of it with one call. */
    if (stream_buffered(&connection->stream) < length)
        stream_flush(&connection->stream);
    return stream_read(&connection->stream, to, length);
}

static enum outcome discard(struct connection *connection, size_t length)
{
    uint8_t scratch[4096];

    while (length > 0) {
        size_t part = length < sizeof(scratch) ? length : sizeof(scratch);

        if (read_more(connection, scratch, part) != 1)
            return LOST;
        length -= part;
    }
    return GO_ON;
}

/* The connection's share with that id, or NULL. */
static struct share *find_active(struct connection *connection, uint32_t id)
{
    struct server *server = connection->server;
    struct share *found = NULL;

    pthread_mutex_lock(&server->lock);
    for (struct share *share = server->shares; share && !found; share = share->next)
        if (share->state == SHARE_ACTIVE && share->owner == connection && share->id == id)
            found = share;
    pthread_mutex_unlock(&server->lock);
    return found;
}

static bool was_plugged(struct connection *connection, uint32_t id)
{
    bool was;

    pthread_mutex_lock(&connection->server->lock);
    was = id > 0 && id < connection->next_id;
    pthread_mutex_unlock(&connection->server->lock);
    return was;
}

/* Room for the longest answer that this request can have. */
static size_t answer_room(const struct request *request)
{
    size_t room = sizeof(REQUEST_HEADER);
    PACKED_SRB srb;

    if (request->header.MajorFunction == 0x0F && request->header.Length >= room + sizeof(srb)) {
        memcpy(&srb, request->buffer + room, sizeof(srb));
        return room + sizeof(srb) + srb.DataTransferLength + srb.SenseInfoBufferLength;
    }
    return room + (request->header.InputBufferLength > request->header.OutputBufferLength
                       ? request->header.InputBufferLength
                       : request->header.OutputBufferLength);
}

static enum outcome take_request(struct connection *connection, const REQUEST_HEADER *header,
                                 const char **what)
{
    struct server *server = connection->server;
    struct share *share = find_active(connection, header->Id);
    struct request *request = share ? request_get(server, share, connection, header->Id) : NULL;
    size_t body = header->Length - sizeof(*header);
    SCSINET_FAULT fault;

    if (!request) {
        /* A device that was just plugged out: the request crossed the PLUGOUT, or comes from a peer
         * of the article's kind. */
        if (!was_plugged(connection, header->Id)) {
            *what = "request for a device that was never plugged in";
            return VIOLATION;
        }
        if (discard(connection, body) != GO_ON)
            return LOST;
        connection_send_header(connection, header->Id, OP_PLUGOUT);
        return GO_ON;
    }
    request->header = *header;
    if (!request_reserve(request, header->Length)) {
        *what = "no memory for a request";
        request_drop(request);
        return VIOLATION;
    }
    memcpy(request->buffer, header, sizeof(*header));
    if (body > 0 && read_more(connection, request->buffer + sizeof(*header), body) != 1) {
        request_drop(request);
        return LOST;
    }
    fault = ScsinetCheckFrame((const REQUEST_HEADER *)request->buffer, ScsinetFromClient);
    if (fault != ScsinetFrameGood && fault != ScsinetFrameUnsupported) {
        *what = ScsinetFaultText(fault);
        request_drop(request);
        return VIOLATION;
    }
    if (fault == ScsinetFrameGood && !request_reserve(request, answer_room(request))) {
        *what = "no memory for an answer";
        request_drop(request);
        return VIOLATION;
    }
    if (!request_start(request)) {
        /* Plugged out while the frame came. */
        request_drop(request);
        connection_send_header(connection, header->Id, OP_PLUGOUT);
        return GO_ON;
    }
    if (DeviceIoControl(share->handle, IOCTL_EXECUTE_REQUEST, NULL, 0, request->buffer,
                        (DWORD)request->capacity, NULL, &request->overlapped))
        finish_request(server, request, true);
    else if (GetLastError() != ERROR_IO_PENDING)
        finish_request(server, request, false);
    return GO_ON;
}

static enum outcome take_plugout(struct connection *connection, const REQUEST_HEADER *header,
                                 const char **what)
{
    struct server *server = connection->server;
    struct share *share = find_active(connection, header->Id);
    bool ours = false;

    if (!share) {
        if (was_plugged(connection, header->Id))
            return GO_ON; /* it crossed ours */
        *what = "plug-out of a device that was never plugged in";
        return VIOLATION;
    }
    pthread_mutex_lock(&server->lock);
    if (share->state == SHARE_ACTIVE && share->owner == connection) {
        struct share **more =
            realloc(connection->declined, (connection->declined_count + 1) * sizeof(*more));

        if (more) {
            connection->declined = more;
            more[connection->declined_count++] = share;
        } else {
            connection->ended = true; /* or it would get it again and again */
        }
        share->state = SHARE_RETURNING;
        ours = true;
    }
    pthread_mutex_unlock(&server->lock);
    if (ours)
        share_give_back(server, share);
    return GO_ON;
}

static enum outcome take_frame(struct connection *connection, const char **what)
{
    REQUEST_HEADER header;
    SCSINET_FAULT fault;
    int got = read_more(connection, &header, sizeof(header));

    if (got != 1)
        return got == 0 ? CLOSED : LOST;
    fault = ScsinetCheckHeader(&header, ScsinetFromClient, SCSINET_MAXIMUM_FRAME);
    if (fault != ScsinetFrameGood) {
        *what = ScsinetFaultText(fault);
        return VIOLATION;
    }
    return header.Op == OP_PLUGOUT ? take_plugout(connection, &header, what)
                                   : take_request(connection, &header, what);
}

/* Its devices go back; nothing refers to it as an owner when this returns. */
static void give_all_back(struct connection *connection)
{
    struct server *server = connection->server;

    pthread_mutex_lock(&server->lock);
    connection->ended = true;
    pthread_cond_broadcast(&server->changed);
    for (;;) {
        struct share *share = server->shares;
        bool owns = false;

        for (; share; share = share->next) {
            owns = owns || share->owner == connection;
            if (share->owner == connection && share->state == SHARE_ACTIVE)
                break;
        }
        if (share) {
            share->state = SHARE_RETURNING;
            pthread_mutex_unlock(&server->lock);
            share_give_back(server, share);
            pthread_mutex_lock(&server->lock);
        } else if (owns) {
            pthread_cond_wait(&server->changed,
                              &server->lock); /* another thread is giving it back */
        } else {
            break;
        }
    }
    for (struct connection **at = &server->connections; *at; at = &(*at)->next) {
        if (*at == connection) {
            *at = connection->next;
            break;
        }
    }
    pthread_mutex_unlock(&server->lock);
}

void *connection_thread(void *context)
{
    struct connection *connection = context;
    struct server *server = connection->server;
    const char *what = "";
    enum outcome outcome;

    server_log(server, "%s: connected", connection->stream.peer);
    do
        outcome = take_frame(connection, &what);
    while (outcome == GO_ON);

    stream_flush(&connection->stream);
    stream_shutdown(&connection->stream);
    stream_flush(&connection->stream); /* what did not go out is given back */
    if (outcome == VIOLATION)
        server_log(server, "%s: connection ended: %s", connection->stream.peer, what);
    else
        server_log(server, "%s: %s", connection->stream.peer,
                   outcome == CLOSED ? "disconnected" : "connection lost");
    give_all_back(connection);
    end_connection(connection);
    return NULL;
}
