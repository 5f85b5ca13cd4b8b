/* SPDX-License-Identifier: MIT */
/*
 * backend.h - the host below the adapter: image files. The only way out of the driver model; plain
 * C on both sides, nothing of NT and nothing of POSIX in it.
 */
#ifndef VHBA_BACKEND_H
#define VHBA_BACKEND_H

#include <stddef.h>
#include <stdint.h>

enum backend_result {
    BACKEND_OK,
    BACKEND_NOT_FOUND,
    BACKEND_DENIED,
    BACKEND_DIRECTORY,
    BACKEND_NOT_A_FILE,
    BACKEND_TOO_MANY,    /* the host is out of files or memory */
    BACKEND_FAILED,      /* an error of the medium below */
    BACKEND_END,         /* the file is shorter than it was */
    BACKEND_WOULD_BLOCK, /* not in memory: ask again from a thread that may sleep */
    BACKEND_FULL,        /* no room on the host: its disk, a quota, a limit of the process */
    BACKEND_READ_ONLY,   /* what was writable when it was opened is not any more */
    BACKEND_BUSY,        /* another drive, or another program that asks too, has it */
};

struct backend_file {
    int descriptor;
    int cached_reads;  /* whether reading without waiting works on this file */
    int cached_writes; /* the same for writing; only ever cleared, so that threads may race for it
                        */
    int writable;
    int punches; /* whether blocks can be given back (they read as zeros then) */
};

/* Opens an image for reading. On BACKEND_OK the caller closes it. May sleep. */
enum backend_result backend_open(const char *path, struct backend_file *file);
/*
 * The same for reading and writing, with a lock against any other drive on it; for reading alone
 * (file->writable tells) where read_only is set, the host does not let this process write, or the
 * file has no permission to be written at all.
 */
enum backend_result backend_open_disk(const char *path, int read_only, struct backend_file *file);
void backend_close(struct backend_file *file);
/* The size at this moment; a block device's too. */
enum backend_result backend_size(const struct backend_file *file, uint64_t *size);
/*
 * Reads length bytes. *done counts on from where it stands, so that a read that would block goes
 * on elsewhere. Without wait never sleeps.
 */
enum backend_result backend_read(const struct backend_file *file, int wait, uint64_t offset,
                                 void *buffer, size_t length, size_t *done);
/* Writes, in the same manner. durable: what is written is on the host's medium when it returns. */
enum backend_result backend_write(struct backend_file *file, int wait, int durable, uint64_t offset,
                                  const void *buffer, size_t length, size_t *done);
/* What has been written before is on the host's medium when it returns. Sleeps. */
enum backend_result backend_flush(const struct backend_file *file);
/* Gives the range's storage back; it reads as zeros from now on. Sleeps. */
enum backend_result backend_punch(const struct backend_file *file, uint64_t offset,
                                  uint64_t length);

#endif
