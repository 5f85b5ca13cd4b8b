/* SPDX-License-Identifier: MIT */
/*
 * stream.h - one TCP connection of the classic protocol: frames in, frames out. Knows frames, not
 * devices.
 *
 * Receiving belongs to one thread. It reads ahead, so that many small frames cost one system call.
 *
 * Sending: any thread queues frames and flushes. A flush sends all that is queued with one call and
 * never blocks: what the socket does not take is left to a writer thread that is made the first
 * time. A frame belongs to the stream from stream_queue until its `sent` routine is called: on the
 * thread that flushes or writes, in order, without the lock, also when the connection has ended
 * before it went out.
 *
 * Lock: stream.lock guards the queue. `sent` may queue frames.
 */
#ifndef SCSINET_STREAM_H
#define SCSINET_STREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_READ_AHEAD 65536

struct stream_frame {
    struct stream_frame *next; /* the stream's */
    const uint8_t *data;
    size_t length;
    size_t done; /* the stream's: bytes that have gone out */
    void (*sent)(struct stream_frame *frame);
};

struct stream {
    int socket;
    char peer[80];
    uint8_t *ahead; /* STREAM_READ_AHEAD bytes; [ahead_begin, ahead_end) is unread */
    size_t ahead_begin, ahead_end;

    pthread_mutex_t lock;
    pthread_cond_t wake; /* the writer's */
    struct stream_frame *head, **tail;
    bool sending; /* one thread is in sendmsg with frames at the head */
    bool broken;  /* nothing goes out any more */
    bool writer_started, stop;
    pthread_t writer;
};

/* Takes the socket over. Returns 0, or -1 without memory (the socket stays the caller's). */
int stream_init(struct stream *stream, int socket);
/* Ends both directions: a blocked receive returns, later sends are dropped. Any thread, any number
 * of times. */
void stream_shutdown(struct stream *stream);
/* Ends the writer, gives every frame back, closes the socket. No other thread is in the stream. */
void stream_destroy(struct stream *stream);

/* Exactly length bytes. 1: done; 0: the peer closed before the first of them; -1: closed in the
 * middle, or an error. */
int stream_read(struct stream *stream, void *to, size_t length);
/* How much is there without a system call. */
size_t stream_buffered(const struct stream *stream);

void stream_queue(struct stream *stream, struct stream_frame *frame);
void stream_flush(struct stream *stream);

#endif
