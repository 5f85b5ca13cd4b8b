/* SPDX-License-Identifier: MIT */
/* backend_posix.c - image files by POSIX, and Linux' ways to read and write only what needs no
 * waiting, and to give blocks back. */
#define _GNU_SOURCE
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
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
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return BACKEND_FULL;
    case EROFS:
        return BACKEND_READ_ONLY;
    default:
        return BACKEND_FAILED;
    }
}

static enum backend_result open_as(const char *path, int mode, struct backend_file *file)
{
    struct stat st;

    /* O_NONBLOCK: a FIFO must not keep us here; it changes nothing for files. */
    file->descriptor = open(path, mode | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    file->cached_reads = 1;
    file->cached_writes = mode == O_RDWR;
    file->writable = mode == O_RDWR;
    file->punches = 0;
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
    /* Behind the end there is nothing to lose by trying. */
    if (file->writable && S_ISREG(st.st_mode))
        file->punches = fallocate(file->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  (st.st_size + 4095) & ~(off_t)4095, 4096) == 0;
    return BACKEND_OK;
}

enum backend_result backend_open(const char *path, struct backend_file *file)
{
    return open_as(path, O_RDONLY, file);
}

enum backend_result backend_open_disk(const char *path, int read_only, struct backend_file *file)
{
    enum backend_result result;
    struct stat st;

    /* Who is root may write what says that it is not to be written. */
    if (!read_only && stat(path, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 0222))
        read_only = 1;
    result = open_as(path, read_only ? O_RDONLY : O_RDWR, file);
    if (!read_only && (result == BACKEND_DENIED || result == BACKEND_READ_ONLY))
        result = open_as(path, O_RDONLY, file);
    if (result != BACKEND_OK)
        return result;
    if (flock(file->descriptor, (file->writable ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 &&
        errno == EWOULDBLOCK) {
        backend_close(file);
        return BACKEND_BUSY;
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

enum backend_result backend_write(struct backend_file *file, int wait, int durable, uint64_t offset,
                                  const void *buffer, size_t length, size_t *done)
{
    /* What has to reach the medium waits for it, in any case. */
    if (!wait && (durable || !__atomic_load_n(&file->cached_writes, __ATOMIC_RELAXED)))
        return BACKEND_WOULD_BLOCK;
    while (*done < length) {
        struct iovec iov = {.iov_base = (char *)buffer + *done, .iov_len = length - *done};
        ssize_t n = pwritev2(file->descriptor, &iov, 1, (off_t)(offset + *done),
                             wait ? (durable ? RWF_DSYNC : 0) : RWF_NOWAIT);
        if (n > 0) {
            *done += (size_t)n;
        } else if (n == 0) {
            return BACKEND_FAILED;
        } else if (!wait && (errno == EAGAIN || errno == EOPNOTSUPP || errno == EINVAL)) {
            if (errno != EAGAIN) /* the file system cannot: not asked again */
                __atomic_store_n(&file->cached_writes, 0, __ATOMIC_RELAXED);
            return BACKEND_WOULD_BLOCK;
        } else if (errno != EINTR) {
            return failure(errno);
        }
    }
    return BACKEND_OK;
}

enum backend_result backend_flush(const struct backend_file *file)
{
    while (fdatasync(file->descriptor) != 0)
        if (errno != EINTR)
            return failure(errno);
    return BACKEND_OK;
}

enum backend_result backend_punch(const struct backend_file *file, uint64_t offset, uint64_t length)
{
    while (fallocate(file->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                     (off_t)length) != 0)
        if (errno != EINTR)
            return failure(errno);
    return BACKEND_OK;
}
