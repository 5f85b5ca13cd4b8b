/* SPDX-License-Identifier: MIT */
/*
 * Operations on a disc: any offset and size over ReadFile, which takes whole sectors, without a
 * thread that waits. Writes are discwrite.c's; they end here as all do.
 *
 * A read whose range is not within the disc as it was last seen asks for the length first; one that
 * fails asks for it behind, and is tried once more if the disc has changed. So an operation is one
 * to four requests, one after the other; each starts where the one before has ended.
 */
#include "discs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void start_read(struct disc_operation *operation);

int disc_error_number(DWORD error)
{
    switch (error) {
    case 0:
        return 0;
    case ERROR_NOT_READY:
    case ERROR_NO_MEDIA_IN_DRIVE:
        return ENOMEDIUM;
    case ERROR_OPERATION_ABORTED:
        return EINTR;
    case ERROR_WRITE_PROTECT:
        return EROFS;
    case ERROR_DISK_FULL:
        return ENOSPC;
    default:
        return EIO;
    }
}

int disc_refresh(struct disc *disc)
{
    GET_LENGTH_INFORMATION length;
    DWORD error = control_and_wait(disc->handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length,
                                   sizeof(length), NULL);

    atomic_store(&disc->length, error ? 0 : (uint64_t)length.Length.QuadPart);
    return disc_error_number(error);
}

void disc_end(struct disc_operation *operation, int error, const void *data, size_t size)
{
    if (operation->queued)
        disc_leave_writes(operation);
    operation->done(operation, error, data, size);
}

void disc_start_request(struct disc_operation *operation, size_t bytes)
{
    HANDLE handle = operation->disc->operations;
    uint32_t sector = operation->disc->sector;
    uint64_t first = operation->writing ? operation->first : operation->offset / sector * sector;
    DWORD error = 0;
    BOOL started;

    pthread_mutex_lock(&operation->lock);
    if (operation->cancelled) {
        pthread_mutex_unlock(&operation->lock);
        disc_end(operation, EINTR, NULL, 0);
        return;
    }
    memset(&operation->overlapped, 0, sizeof(operation->overlapped));
    operation->overlapped.Offset = (DWORD)first;
    operation->overlapped.OffsetHigh = (DWORD)(first >> 32);
    switch (operation->phase) {
    case DISC_READING:
        started = ReadFile(handle, operation->buffer, (DWORD)bytes, NULL, &operation->overlapped);
        break;
    case DISC_FETCHING:
        started = ReadFile(handle, operation->old, (DWORD)bytes, NULL, &operation->overlapped);
        break;
    case DISC_WRITING:
        started = WriteFile(handle, operation->buffer, (DWORD)bytes, NULL, &operation->overlapped);
        break;
    default:
        memset(&operation->overlapped, 0, sizeof(operation->overlapped));
        started =
            DeviceIoControl(handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &operation->answer.length,
                            sizeof(operation->answer.length), NULL, &operation->overlapped);
        break;
    }
    if (!started)
        error = GetLastError();
    pthread_mutex_unlock(&operation->lock);
    /* Refused at once: no packet comes. */
    if (!started && error != ERROR_IO_PENDING) {
        if (operation->phase == DISC_ASKING)
            atomic_store(&operation->disc->length, 0);
        disc_end(operation, operation->failure ? operation->failure : disc_error_number(error),
                 NULL, 0);
    }
}

void disc_start_asking(struct disc_operation *operation)
{
    operation->phase = DISC_ASKING;
    operation->asked = true;
    disc_start_request(operation, 0);
}

static void start_read(struct disc_operation *operation)
{
    uint64_t length = atomic_load(&operation->disc->length);
    uint64_t offset = operation->offset;
    uint32_t sector = operation->disc->sector;
    size_t bytes;

    if (offset > length || operation->size > length - offset) {
        if (!operation->asked) {
            disc_start_asking(operation);
            return;
        }
        if (offset >= length)
            operation->size = 0;
        else if (operation->size > length - offset)
            operation->size = (size_t)(length - offset);
    }
    if (operation->size == 0) {
        disc_end(operation, 0, NULL, 0);
        return;
    }
    bytes = (size_t)((offset + operation->size + sector - 1) / sector * sector -
                     offset / sector * sector);
    if (operation->capacity < bytes) {
        uint8_t *buffer = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);

        if (!buffer) {
            disc_end(operation, ENOMEM, NULL, 0);
            return;
        }
        free(operation->buffer);
        operation->buffer = buffer;
        operation->capacity = bytes;
    }
    operation->phase = DISC_READING;
    disc_start_request(operation, bytes);
}

static void length_is_there(struct disc_operation *operation, DWORD error)
{
    uint64_t length = error ? 0 : (uint64_t)operation->answer.length.Length.QuadPart;

    if (error != ERROR_OPERATION_ABORTED)
        atomic_store(&operation->disc->length, length);
    if (operation->failure) {
        /* The same disc as before: a fault of its own. */
        if (error || length == operation->failed_length)
            disc_end(operation, operation->failure, NULL, 0);
        else
            start_read(operation);
    } else if (error || operation->length_only) {
        disc_end(operation, disc_error_number(error), NULL, 0);
    } else if (operation->writing) {
        disc_start_write(operation);
    } else {
        start_read(operation);
    }
}

static void data_is_there(struct disc_operation *operation, DWORD error, size_t got)
{
    size_t skip = operation->offset % operation->disc->sector;
    int number = disc_error_number(error);

    if (number == 0) {
        size_t size = got <= skip ? 0 : got - skip < operation->size ? got - skip : operation->size;

        disc_end(operation, 0, operation->buffer + skip, size);
    } else if (number == EINTR || operation->failure) {
        disc_end(operation, number, NULL, 0);
    } else {
        operation->failure = number;
        operation->failed_length = atomic_load(&operation->disc->length);
        disc_start_asking(operation);
    }
}

void *disc_port_thread(void *context)
{
    struct discs *discs = context;

    for (;;) {
        struct disc_operation *operation;
        OVERLAPPED *overlapped = NULL;
        ULONG_PTR key = 0;
        DWORD bytes = 0;
        DWORD error = 0;

        if (!GetQueuedCompletionStatus(discs->port, &bytes, &key, &overlapped, INFINITE))
            error = GetLastError();
        if (!overlapped)
            return NULL;
        operation = CONTAINING_RECORD(overlapped, struct disc_operation, overlapped);
        /* Whoever started it has let go of it. */
        pthread_mutex_lock(&operation->lock);
        pthread_mutex_unlock(&operation->lock);
        if (operation->phase == DISC_ASKING)
            length_is_there(operation, error);
        else if (operation->writing)
            disc_write_step(operation, error, bytes);
        else
            data_is_there(operation, error, bytes);
    }
}

void disc_prepare(struct disc_operation *operation, struct disc *disc, disc_done *done)
{
    if (!operation->initialized) {
        pthread_mutex_init(&operation->lock, NULL);
        operation->initialized = true;
    }
    operation->disc = disc;
    operation->done = done;
    operation->cancelled = false;
    operation->asked = false;
    operation->failure = 0;
    operation->length_only = false;
    operation->writing = operation->queued = operation->waiting = false;
}

void disc_read(struct disc_operation *operation, uint64_t offset, size_t size)
{
    operation->length_only = false;
    operation->offset = offset;
    operation->size = size;
    start_read(operation);
}

void disc_ask_length(struct disc_operation *operation)
{
    operation->length_only = true;
    disc_start_asking(operation);
}

void disc_cancel(struct disc_operation *operation)
{
    bool ended;

    pthread_mutex_lock(&operation->lock);
    operation->cancelled = true;
    CancelIoEx(operation->disc->operations, &operation->overlapped);
    ended = disc_stop_waiting(operation);
    pthread_mutex_unlock(&operation->lock);
    if (ended)
        disc_end(operation, EINTR, NULL, 0);
}

void disc_operation_free(struct disc_operation *operation)
{
    if (operation->initialized)
        pthread_mutex_destroy(&operation->lock);
    free(operation->buffer);
    free(operation->old);
}
