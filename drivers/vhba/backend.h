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
};

struct backend_file {
    int descriptor;
    int cached_reads; /* whether reading without waiting works on this file */
};

/* Opens an image for reading. On BACKEND_OK the caller closes it. May sleep. */
enum backend_result backend_open(const char *path, struct backend_file *file);
void backend_close(struct backend_file *file);
/* The size at this moment; a block device's too. */
enum backend_result backend_size(const struct backend_file *file, uint64_t *size);
/*
 * Reads length bytes. *done counts on from where it stands, so that a read that would block goes
 * on elsewhere. Without wait never sleeps.
 */
enum backend_result backend_read(const struct backend_file *file, int wait, uint64_t offset,
                                 void *buffer, size_t length, size_t *done);

#endif
