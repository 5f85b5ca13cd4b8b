/* SPDX-License-Identifier: MIT */
/*
 * discs.h - the CD drives of this host, as the faces of attach see them: they come, go, have a length, are read.
 *
 * A thread of its own follows plug and play. It opens each drive's \\.\CdRomN once; the handle stays until the drive has
 * gone and the last read has ended. Lock: discs.lock guards the list and each disc's fields but `length` (atomic).
 */
#ifndef SCSINET_DISCS_H
#define SCSINET_DISCS_H

#include "scsinet/winhost.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DISC_SECTOR 2048u

struct disc {
    struct disc *next;
    uint64_t number; /* never used twice in a process */
    char name[24];   /* "cdrom0" */
    char *path;      /* of the device interface */
    HANDLE handle;
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
    void (*changed)(void *context); /* a disc came or went; on the thread */
    bool (*accept)(const char *path, void *context); /* whether to open it; NULL: every one */
    void *context;
};

/* Starts following. changed and accept may be NULL; both are called on the thread. 0 or -1. */
int discs_start(struct discs *discs, void (*changed)(void *context), bool (*accept)(const char *path, void *context),
                void *context);
/* Something may have come or gone: looks again, soon, on its own thread. From any thread. */
void discs_look(struct discs *discs);
/* Ends; drops every disc. Nobody uses one any more. */
void discs_stop(struct discs *discs);

/* With a reference, or NULL. */
struct disc *discs_find_name(struct discs *discs, const char *name);
struct disc *discs_find_number(struct discs *discs, uint64_t number);
/* The one with the smallest number above `after`, with a reference, or NULL. */
struct disc *discs_next(struct discs *discs, uint64_t after);
void disc_release(struct discs *discs, struct disc *disc);

/* Asks the drive for the disc's length. 0, or an errno (ENOMEDIUM, EIO). */
int disc_refresh(struct disc *disc);

/*
 * A read that can be cancelled from another thread (disc_cancel) while it lasts. Any offset and size; returns the bytes read, fewer at
 * the end of the disc, or -errno (EIO, EINTR, ENOMEDIUM, ENOMEM). *data points into a buffer of the calling thread's, good until its
 * next read.
 */
struct disc_read {
    struct disc *disc;
    OVERLAPPED overlapped;
    atomic_bool cancelled;
};
ssize_t disc_read(struct disc_read *read, uint64_t offset, size_t size, const void **data);
void disc_cancel(struct disc_read *read);

#endif
