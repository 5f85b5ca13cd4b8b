/* SPDX-License-Identifier: MIT */
/*
 * discs.h - the CD drives and disks of this host, as the faces of attach see them: they come, go,
 * have a length, are read, and disks are written.
 *
 * A thread of its own follows plug and play. It opens each drive's \\.\CdRomN or
 * \\.\PhysicalDriveN; the handles stay until the drive has gone and the last operation has ended.
 * Two more threads take completed operations from a port, one carries out flushes, which Windows
 * knows as a call that waits only. Locks: discs.lock guards the list, each disc's fields but
 * `length` (atomic), and the flushes that wait; disc.writes_lock its writes. Neither is held over
 * I/O; an operation's lock comes before writes_lock.
 */
#ifndef SCSINET_DISCS_H
#define SCSINET_DISCS_H

#include "scsinet/winhost.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DISC_SECTOR  2048u /* of a CD; a disk says its own */
#define DISC_THREADS 2u

struct discs;
struct disc_operation;

struct disc {
    struct disc *next;
    struct discs *discs;
    uint64_t number;     /* never used twice in a process */
    char name[24];       /* "cdrom0", "disk0" */
    bool disk, writable; /* constant */
    uint32_t sector;     /* bytes; constant */
    char *path;          /* of the device interface */
    HANDLE handle;       /* for whoever waits himself */
    HANDLE operations;   /* the same drive, bound to the port */
    HANDLE flushes;      /* the same; a disk's only */
    pthread_mutex_t writes_lock;
    struct disc_operation *writes; /* under way or waiting for these, the oldest first */
    unsigned references;           /* the list's, and each user's */
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
    pthread_t flush_thread;
    pthread_cond_t flush_wake;
    struct disc_operation *flush_queue; /* the oldest first */
    struct disc_operation *flushing;    /* the one that is under way */
    HANDLE port;                        /* a packet without an OVERLAPPED ends one of its threads */
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

/* The name of its file: what it is an image of. */
static inline const char *disc_file_name(const struct disc *disc)
{
    return disc->disk ? "disk.img" : "disc.iso";
}

/*
 * A read, a write, a flush, or a question for the length, that nobody waits for and that can be
 * cancelled. It lives in memory of its user's, zeros at first, which is prepared and then started;
 * its `done` is called exactly once, on a thread of the port or on the one that starts it. After
 * that it may be prepared anew (its buffer stays) or freed (disc_operation_free).
 */
/* error: 0 or an errno (EIO, EINTR when cancelled, ENOMEDIUM, ENOMEM; of a write EROFS, and ENOSPC
 * for the owner's full disk and for what is behind the end). data: what was read; it stays in the
 * operation's buffer. size: of a write what was written, all of it. */
typedef void disc_done(struct disc_operation *operation, int error, const void *data, size_t size);

struct disc_operation {
    struct disc *disc; /* its user keeps a reference */
    disc_done *done;
    OVERLAPPED overlapped;
    pthread_mutex_t lock; /* held while I/O is being started: a cancel comes before or after, a
                             completion after */
    bool initialized, cancelled;
    bool length_only, asked;
    enum { DISC_ASKING, DISC_READING, DISC_FETCHING, DISC_WRITING } phase;
    int failure;            /* of a read that is tried again if the disc is another one */
    uint64_t failed_length; /* the disc's when it failed */
    uint64_t offset;
    size_t size;
    uint8_t *buffer;
    size_t capacity;
    /* Of a write: the sectors [first, end); the old content of them, where the write begins or ends
     * within one; its place among the disc's writes (writes_lock). */
    bool writing, queued, waiting;
    uint64_t first, end;
    uint8_t *old;
    size_t old_capacity;
    struct disc_operation *next;
    union {
        GET_LENGTH_INFORMATION length;
        uint64_t align;
    } answer;
};

void disc_prepare(struct disc_operation *operation, struct disc *disc, disc_done *done);
/* Any offset and size; fewer bytes at the end of the disc. */
void disc_read(struct disc_operation *operation, uint64_t offset, size_t size);
/* Any offset and size within the disk; the data are copied before this returns. Of two writes to
 * the same sectors the later one starts when the earlier one has ended. */
void disc_write(struct disc_operation *operation, uint64_t offset, const void *data, size_t size);
/* What was written before is on the owner's medium when it ends. */
void disc_flush(struct disc_operation *operation);
/* Brings disc->length up to date. */
void disc_ask_length(struct disc_operation *operation);
/* From any thread, once it is prepared; without effect when it has ended. */
void disc_cancel(struct disc_operation *operation);
void disc_operation_free(struct disc_operation *operation);

/* discread.c, for discs.c and discwrite.c */
void *disc_port_thread(void *context);
int disc_error_number(DWORD error);
/* Starts the request of the operation's phase: bytes at `first` (DISC_READING: at the sector of
 * `offset`). Not to be touched after it: its completion may have ended the operation. */
void disc_start_request(struct disc_operation *operation, size_t bytes);
void disc_end(struct disc_operation *operation, int error, const void *data, size_t size);
void disc_start_asking(struct disc_operation *operation);

/* discwrite.c, for the other two */
void *disc_flush_thread(void *context);
/* The length is as fresh as it has to be. */
void disc_start_write(struct disc_operation *operation);
/* A request of DISC_FETCHING or DISC_WRITING has ended. */
void disc_write_step(struct disc_operation *operation, DWORD error, size_t bytes);
/* Takes it out of the disc's writes and starts those that it kept waiting. */
void disc_leave_writes(struct disc_operation *operation);
/* If it waits, to be written or flushed, it does not any more: the caller ends it. */
bool disc_stop_waiting(struct disc_operation *operation);

#endif
