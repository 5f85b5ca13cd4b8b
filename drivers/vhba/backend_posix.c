/* SPDX-License-Identifier: MIT */
/* backend_posix.c - image files by POSIX, and Linux' way to read only what is in memory. */
#define _GNU_SOURCE
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/fs.h>

static enum backend_result failure(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return BACKEND_NOT_FOUND;
    case EACCES:
    case EPERM:
        return BACKEND_DENIED;
    case EISDIR:
        return BACKEND_DIRECTORY;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return BACKEND_TOO_MANY;
    default:
        return BACKEND_FAILED;
    }
}

enum backend_result backend_open(const char *path, struct backend_file *file)
{
    struct stat st;

    /* O_NONBLOCK: a FIFO must not keep us here; it changes nothing for files. */
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    file->cached_reads = 1;
    if (file->descriptor < 0)
        return failure(errno);
    if (fstat(file->descriptor, &st) != 0) {
        enum backend_result result = failure(errno);
        backend_close(file);
        return result;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        backend_close(file);
        return S_ISDIR(st.st_mode) ? BACKEND_DIRECTORY : BACKEND_NOT_A_FILE;
    }
    /* Not every file system can say what is in memory: without, all reads go to the workers. */
    {
        char byte;
        struct iovec iov = {.iov_base = &byte, .iov_len = 1};
        if (preadv2(file->descriptor, &iov, 1, 0, RWF_NOWAIT) < 0 && errno != EAGAIN)
            file->cached_reads = 0;
    }
    return BACKEND_OK;
}

void backend_close(struct backend_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

enum backend_result backend_size(const struct backend_file *file, uint64_t *size)
{
    struct stat st;

    if (fstat(file->descriptor, &st) != 0)
        return failure(errno);
    *size = (uint64_t)st.st_size;
    if (S_ISBLK(st.st_mode) && ioctl(file->descriptor, BLKGETSIZE64, size) != 0)
        return failure(errno);
    return BACKEND_OK;
}

enum backend_result backend_read(const struct backend_file *file, int wait, uint64_t offset,
                                 void *buffer, size_t length, size_t *done)
{
    if (!wait && !file->cached_reads)
        return BACKEND_WOULD_BLOCK;
    while (*done < length) {
        struct iovec iov = {.iov_base = (char *)buffer + *done, .iov_len = length - *done};
        ssize_t n =
            preadv2(file->descriptor, &iov, 1, (off_t)(offset + *done), wait ? 0 : RWF_NOWAIT);
        if (n > 0) {
            *done += (size_t)n;
        } else if (n == 0) {
            return BACKEND_END;
        } else if (errno != EINTR) {
            return !wait && (errno == EAGAIN || errno == EOPNOTSUPP) ? BACKEND_WOULD_BLOCK
                                                                     : BACKEND_FAILED;
        }
    }
    return BACKEND_OK;
}
