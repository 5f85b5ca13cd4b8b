/* SPDX-License-Identifier: MIT */
/*
 * discs.h - the CD drives of this host, as the faces of attach see them: they come, go, have a
 * length, are read.
 *
 * A thread of its own follows plug and play. It opens each drive's \\.\CdRomN; the handles stay
 * until the drive has gone and the last operation has ended. Two more threads take completed
 * operations from a port. Lock: discs.lock guards the list and each disc's fields but `length`
 * (atomic).
 */
#ifndef SCSINET_DISCS_H
#define SCSINET_DISCS_H

#include "scsinet/winhost.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DISC_SECTOR  2048u
#define DISC_THREADS 2u

struct disc {
    struct disc *next;
    uint64_t number;     /* never used twice in a process */
    char name[24];       /* "cdrom0" */
    char *path;          /* of the device interface */
    HANDLE handle;       /* for whoever waits himself */
    HANDLE operations;   /* the same drive, bound to the port */
    unsigned references; /* the list's, and each user's */
    bool gone;
    _Atomic uint64_t length; /* bytes, as it was when last asked for */
};

struct discs {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct disc *list;
    uint64_t next_number;
    bool look, stop;
    pthread_t thread;
    HANDLE port; /* a packet without an OVERLAPPED ends one of its threads */
    pthread_t port_threads[DISC_THREADS];
    unsigned port_thread_count;
    void (*changed)(void *context);                  /* a disc came or went; on the thread */
    bool (*accept)(const char *path, void *context); /* whether to open it; NULL: every one */
    void *context;
};

/* Starts following. changed and accept may be NULL; both are called on the thread. 0 or -1. */
int discs_start(struct discs *discs, void (*changed)(void *context),
                bool (*accept)(const char *path, void *context), void *context);
/* Something may have come or gone: looks again, soon, on its own thread. From any thread. */
void discs_look(struct discs *discs);
/* Ends; drops every disc. Nobody uses one any more, and no operation is under way. */
void discs_stop(struct discs *discs);

/* With a reference, or NULL. */
struct disc *discs_find_name(struct discs *discs, const char *name);
struct disc *discs_find_number(struct discs *discs, uint64_t number);
/* The one with the smallest number above `after`, with a reference, or NULL. */
struct disc *discs_next(struct discs *discs, uint64_t after);
void disc_release(struct discs *discs, struct disc *disc);

/* Asks the drive for the disc's length, and waits. 0, or an errno (ENOMEDIUM, EIO). */
int disc_refresh(struct disc *disc);

/*
 * A read, or a question for the length, that nobody waits for and that can be cancelled. It lives
 * in memory of its user's, zeros at first, which is prepared and then started; its `done` is called
 * exactly once, on a thread of the port or on the one that starts it. After that it may be prepared
 * anew (its buffer stays) or freed (disc_operation_free).
 */
struct disc_operation;
/* error: 0 or an errno (EIO, EINTR when cancelled, ENOMEDIUM, ENOMEM). data: what was read; it
 * stays in the operation's buffer. */
typedef void disc_done(struct disc_operation *operation, int error, const void *data, size_t size);

struct disc_operation {
    struct disc *disc; /* its user keeps a reference */
    disc_done *done;
    OVERLAPPED overlapped;
    pthread_mutex_t lock; /* held while I/O is being started: a cancel comes before or after, a
                             completion after */
    bool initialized, cancelled;
    bool length_only, asked;
    enum { DISC_ASKING, DISC_READING } phase;
    int failure;            /* of a read that is tried again if the disc is another one */
    uint64_t failed_length; /* the disc's when it failed */
    uint64_t offset;
    size_t size;
    uint8_t *buffer;
    size_t capacity;
    union {
        GET_LENGTH_INFORMATION length;
        uint64_t align;
    } answer;
};

void disc_prepare(struct disc_operation *operation, struct disc *disc, disc_done *done);
/* Any offset and size; fewer bytes at the end of the disc. */
void disc_read(struct disc_operation *operation, uint64_t offset, size_t size);
/* Brings disc->length up to date. */
void disc_ask_length(struct disc_operation *operation);
/* From any thread, once it is prepared; without effect when it has ended. */
void disc_cancel(struct disc_operation *operation);
void disc_operation_free(struct disc_operation *operation);

/* discread.c, for discs.c */
void *disc_port_thread(void *context);

#endif
