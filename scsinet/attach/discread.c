/* SPDX-License-Identifier: MIT */
/* Reading a disc: any offset and size, over ReadFile, which takes whole sectors. */
#include "discs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What each reading thread keeps for its next read. */
struct reader {
    HANDLE event;
    uint8_t *buffer;
    size_t capacity;
};

static pthread_key_t reader_key;
static pthread_once_t reader_once = PTHREAD_ONCE_INIT;

static void reader_free(void *value)
{
    struct reader *reader = value;

    if (reader->event)
        CloseHandle(reader->event);
    free(reader->buffer);
    free(reader);
}

static void reader_key_make(void)
{
    if (pthread_key_create(&reader_key, reader_free) != 0)
        abort(); /* the first of a handful of keys */
}

static struct reader *reader_get(size_t bytes)
{
    struct reader *reader;

    pthread_once(&reader_once, reader_key_make);
    reader = pthread_getspecific(reader_key);
    if (!reader) {
        reader = calloc(1, sizeof(*reader));
        if (!reader)
            return NULL;
        reader->event = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (!reader->event || pthread_setspecific(reader_key, reader) != 0) {
            reader_free(reader);
            return NULL;
        }
    }
    if (reader->capacity < bytes) {
        uint8_t *buffer = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);

        if (!buffer)
            return NULL;
        free(reader->buffer);
        reader->buffer = buffer;
        reader->capacity = bytes;
    }
    return reader;
}

static int error_number(DWORD error)
{
    switch (error) {
    case ERROR_NOT_READY:
    case ERROR_NO_MEDIA_IN_DRIVE:
        return ENOMEDIUM;
    case ERROR_OPERATION_ABORTED:
        return EINTR;
    default:
        return EIO;
    }
}

int disc_refresh(struct disc *disc)
{
    GET_LENGTH_INFORMATION length;
    DWORD error =
        control_and_wait(disc->handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length, sizeof(length), NULL);

    if (error) {
        atomic_store(&disc->length, 0);
        return error_number(error);
    }
    atomic_store(&disc->length, (uint64_t)length.Length.QuadPart);
    return 0;
}

/* Whole sectors; 0 or an errno. */
static int read_sectors(struct disc_read *read, struct reader *reader, uint64_t offset, size_t size, size_t *got)
{
    HANDLE handle = read->disc->handle;
    DWORD bytes = 0;

    memset(&read->overlapped, 0, sizeof(read->overlapped));
    read->overlapped.Offset = (DWORD)offset;
    read->overlapped.OffsetHigh = (DWORD)(offset >> 32);
    read->overlapped.hEvent = reader->event;
    ResetEvent(reader->event);
    if (!ReadFile(handle, reader->buffer, (DWORD)size, NULL, &read->overlapped) && GetLastError() != ERROR_IO_PENDING)
        return error_number(GetLastError());
    /* Asked to stop before there was anything to cancel. */
    if (atomic_load(&read->cancelled))
        CancelIoEx(handle, &read->overlapped);
    if (!GetOverlappedResult(handle, &read->overlapped, &bytes, TRUE))
        return error_number(GetLastError());
    *got = bytes;
    return 0;
}

void disc_cancel(struct disc_read *read)
{
    atomic_store(&read->cancelled, true);
    CancelIoEx(read->disc->handle, &read->overlapped);
}

ssize_t disc_read(struct disc_read *read, uint64_t offset, size_t size, const void **data)
{
    int error = 0;

    /* The second time round the length has been asked for anew: another disc may be in the drive. */
    for (int attempt = 0; attempt < 2; attempt++) {
        uint64_t length = atomic_load(&read->disc->length);
        uint64_t first = offset / DISC_SECTOR * DISC_SECTOR;
        uint64_t last;
        struct reader *reader;
        size_t got = 0;

        if (offset > length || size > length - offset) {
            error = disc_refresh(read->disc);
            if (error)
                return -error;
            length = atomic_load(&read->disc->length);
            if (offset >= length)
                return 0;
            if (size > length - offset)
                size = (size_t)(length - offset);
        }
        if (size == 0)
            return 0;
        last = (offset + size + DISC_SECTOR - 1) / DISC_SECTOR * DISC_SECTOR;
        reader = reader_get((size_t)(last - first));
        if (!reader)
            return -ENOMEM;
        error = read_sectors(read, reader, first, (size_t)(last - first), &got);
        if (error == 0) {
            size_t skip = (size_t)(offset - first);

            *data = reader->buffer + skip;
            if (got <= skip)
                return 0;
            return (ssize_t)(got - skip < size ? got - skip : size);
        }
        if (error == EINTR || disc_refresh(read->disc) != 0)
            break;
        if (attempt == 0 && length == atomic_load(&read->disc->length))
            break; /* the same disc as before: a fault of its own */
    }
    return -error;
}
