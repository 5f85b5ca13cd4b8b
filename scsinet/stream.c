/* SPDX-License-Identifier: MIT */
#include "stream.h"
#include "net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FRAMES_AT_ONCE 64

int stream_init(struct stream *stream, int socket)
{
    memset(stream, 0, sizeof(*stream));
    stream->ahead = malloc(STREAM_READ_AHEAD);
    if (!stream->ahead)
        return -1;
    stream->socket = socket;
    stream->tail = &stream->head;
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->wake, NULL);
    net_peer(socket, stream->peer);
    return 0;
}

void stream_shutdown(struct stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->broken = true;
    pthread_cond_broadcast(&stream->wake);
    pthread_mutex_unlock(&stream->lock);
    shutdown(stream->socket, SHUT_RDWR);
}

/* ---- receiving ---- */

size_t stream_buffered(const struct stream *stream)
{
    return stream->ahead_end - stream->ahead_begin;
}

static ssize_t receive(struct stream *stream, void *to, size_t length)
{
    ssize_t got;

    do
        got = recv(stream->socket, to, length, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

int stream_read(struct stream *stream, void *to, size_t length)
{
    uint8_t *at = to;
    size_t left = length;

    while (left > 0) {
        size_t buffered = stream_buffered(stream);
        ssize_t got;

        if (buffered > 0) {
            size_t take = buffered < left ? buffered : left;

            memcpy(at, stream->ahead + stream->ahead_begin, take);
            stream->ahead_begin += take;
            at += take;
            left -= take;
            continue;
        }
        if (left >= STREAM_READ_AHEAD) {
            /* More than the buffer would hold: straight to where it is wanted. */
            got = receive(stream, at, left);
            if (got > 0) {
                at += got;
                left -= (size_t)got;
                continue;
            }
        } else {
            got = receive(stream, stream->ahead, STREAM_READ_AHEAD);
            if (got > 0) {
                stream->ahead_begin = 0;
                stream->ahead_end = (size_t)got;
                continue;
            }
        }
        return got == 0 && left == length ? 0 : -1;
    }
    return 1;
}

/* ---- sending ---- */

/* Gives back frames that are out of the queue; without the lock. */
static void give_back(struct stream_frame *list)
{
    while (list) {
        struct stream_frame *next = list->next;

        list->sent(list);
        list = next;
    }
}

/* Takes everything out of the queue; lock held. */
static struct stream_frame *take_all(struct stream *stream)
{
    struct stream_frame *list = stream->head;

    stream->head = NULL;
    stream->tail = &stream->head;
    return list;
}

/* Counts bytes as sent; returns the frames that are complete, out of the queue; lock held. */
static struct stream_frame *advance(struct stream *stream, size_t bytes)
{
    struct stream_frame *complete = NULL;
    struct stream_frame **end = &complete;

    while (stream->head) {
        struct stream_frame *frame = stream->head;
        size_t left = frame->length - frame->done;

        if (bytes < left) {
            frame->done += bytes;
            break;
        }
        bytes -= left;
        stream->head = frame->next;
        frame->next = NULL;
        *end = frame;
        end = &frame->next;
    }
    if (!stream->head)
        stream->tail = &stream->head;
    return complete;
}

/*
 * Sends until the queue is empty (true), or the socket takes no more and flags say not to wait
 * (false). Called and returns with the lock held; only one thread is here at a time (sending).
 */
static bool drain(struct stream *stream, int flags)
{
    while (stream->head && !stream->broken) {
        struct iovec parts[FRAMES_AT_ONCE];
        struct msghdr message = {.msg_iov = parts};
        struct stream_frame *complete;
        ssize_t sent;

        for (struct stream_frame *frame = stream->head;
             frame && message.msg_iovlen < FRAMES_AT_ONCE; frame = frame->next) {
            parts[message.msg_iovlen].iov_base = (void *)(uintptr_t)(frame->data + frame->done);
            parts[message.msg_iovlen].iov_len = frame->length - frame->done;
            message.msg_iovlen++;
        }
        pthread_mutex_unlock(&stream->lock);
        sent = sendmsg(stream->socket, &message, MSG_NOSIGNAL | flags);
        pthread_mutex_lock(&stream->lock);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK)
                return false;
            stream->broken = true;
            break;
        }
        complete = advance(stream, (size_t)sent);
        pthread_mutex_unlock(&stream->lock);
        give_back(complete);
        pthread_mutex_lock(&stream->lock);
    }
    while (stream->broken && stream->head) {
        struct stream_frame *dropped = take_all(stream);

        pthread_mutex_unlock(&stream->lock);
        give_back(dropped);
        pthread_mutex_lock(&stream->lock);
    }
    return true;
}

static void *writer(void *context)
{
    struct stream *stream = context;

    pthread_mutex_lock(&stream->lock);
    for (;;) {
        while (!stream->stop && (!stream->head || stream->sending))
            pthread_cond_wait(&stream->wake, &stream->lock);
        if (stream->stop)
            break;
        stream->sending = true;
        drain(stream, 0);
        stream->sending = false;
    }
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

void stream_queue(struct stream *stream, struct stream_frame *frame)
{
    frame->next = NULL;
    frame->done = 0;
    pthread_mutex_lock(&stream->lock);
    *stream->tail = frame;
    stream->tail = &frame->next;
    pthread_mutex_unlock(&stream->lock);
}

void stream_flush(struct stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->head && !stream->sending) {
        bool empty;

        stream->sending = true;
        empty = drain(stream, MSG_DONTWAIT);
        stream->sending = false;
        if (!empty && !stream->writer_started) {
            stream->writer_started = pthread_create(&stream->writer, NULL, writer, stream) == 0;
            if (!stream->writer_started) {
                stream->broken = true; /* nobody could go on: the connection ends */
                drain(stream, MSG_DONTWAIT);
                shutdown(stream->socket, SHUT_RDWR);
            }
        }
        if (!empty)
            pthread_cond_signal(&stream->wake);
    }
    /* Somebody else is sending: he looks at the queue again before he stops. */
    pthread_mutex_unlock(&stream->lock);
}

void stream_destroy(struct stream *stream)
{
    struct stream_frame *left;

    stream_shutdown(stream);
    pthread_mutex_lock(&stream->lock);
    stream->stop = true;
    pthread_cond_broadcast(&stream->wake);
    pthread_mutex_unlock(&stream->lock);
    if (stream->writer_started)
        pthread_join(stream->writer, NULL);
    pthread_mutex_lock(&stream->lock);
    left = take_all(stream);
    pthread_mutex_unlock(&stream->lock);
    give_back(left);
    close(stream->socket);
    pthread_cond_destroy(&stream->wake);
    pthread_mutex_destroy(&stream->lock);
    free(stream->ahead);
}
