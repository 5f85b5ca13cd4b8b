/* SPDX-License-Identifier: MIT */
/*
 * Operations on a disc: any offset and size over ReadFile, which takes whole sectors, without a
 * thread that waits.
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

static int error_number(DWORD error)
{
    switch (error) {
    case 0:
        return 0;
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
    DWORD error = control_and_wait(disc->handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length,
                                   sizeof(length), NULL);

    atomic_store(&disc->length, error ? 0 : (uint64_t)length.Length.QuadPart);
    return error_number(error);
}

static void end(struct disc_operation *operation, int error, const void *data, size_t size)
{
    operation->done(operation, error, data, size);
}

/* Starts one request. Not to be touched after it: its completion may have ended the operation. */
static void start_request(struct disc_operation *operation, size_t bytes)
{
    HANDLE handle = operation->disc->operations;
    DWORD error = 0;
    BOOL started;

    pthread_mutex_lock(&operation->lock);
    if (operation->cancelled) {
        pthread_mutex_unlock(&operation->lock);
        end(operation, EINTR, NULL, 0);
        return;
    }
    if (operation->phase == DISC_READING) {
        uint64_t first = operation->offset / DISC_SECTOR * DISC_SECTOR;

        memset(&operation->overlapped, 0, sizeof(operation->overlapped));
        operation->overlapped.Offset = (DWORD)first;
        operation->overlapped.OffsetHigh = (DWORD)(first >> 32);
        started = ReadFile(handle, operation->buffer, (DWORD)bytes, NULL, &operation->overlapped);
    } else {
        memset(&operation->overlapped, 0, sizeof(operation->overlapped));
        started =
            DeviceIoControl(handle, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &operation->answer.length,
                            sizeof(operation->answer.length), NULL, &operation->overlapped);
    }
    if (!started)
        error = GetLastError();
    pthread_mutex_unlock(&operation->lock);
    /* Refused at once: no packet comes. */
    if (!started && error != ERROR_IO_PENDING) {
        if (operation->phase == DISC_ASKING)
            atomic_store(&operation->disc->length, 0);
        end(operation, operation->failure ? operation->failure : error_number(error), NULL, 0);
    }
}

static void start_asking(struct disc_operation *operation)
{
    operation->phase = DISC_ASKING;
    operation->asked = true;
    start_request(operation, 0);
}

static void start_read(struct disc_operation *operation)
{
    uint64_t length = atomic_load(&operation->disc->length);
    uint64_t offset = operation->offset;
    size_t bytes;

    if (offset > length || operation->size > length - offset) {
        if (!operation->asked) {
            start_asking(operation);
            return;
        }
        if (offset >= length)
            operation->size = 0;
        else if (operation->size > length - offset)
            operation->size = (size_t)(length - offset);
    }
    if (operation->size == 0) {
        end(operation, 0, NULL, 0);
        return;
    }
    bytes = (size_t)((offset + operation->size + DISC_SECTOR - 1) / DISC_SECTOR * DISC_SECTOR -
                     offset / DISC_SECTOR * DISC_SECTOR);
    if (operation->capacity < bytes) {
        uint8_t *buffer = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);

        if (!buffer) {
            end(operation, ENOMEM, NULL, 0);
            return;
        }
        free(operation->buffer);
        operation->buffer = buffer;
        operation->capacity = bytes;
    }
    operation->phase = DISC_READING;
    start_request(operation, bytes);
}

static void length_is_there(struct disc_operation *operation, DWORD error)
{
    uint64_t length = error ? 0 : (uint64_t)operation->answer.length.Length.QuadPart;

    if (error != ERROR_OPERATION_ABORTED)
        atomic_store(&operation->disc->length, length);
    if (operation->failure) {
        /* The same disc as before: a fault of its own. */
        if (error || length == operation->failed_length)
            end(operation, operation->failure, NULL, 0);
        else
            start_read(operation);
    } else if (error || operation->length_only) {
        end(operation, error_number(error), NULL, 0);
    } else {
        start_read(operation);
    }
}

static void data_is_there(struct disc_operation *operation, DWORD error, size_t got)
{
    size_t skip = operation->offset % DISC_SECTOR;
    int number = error_number(error);

    if (number == 0) {
        size_t size = got <= skip ? 0 : got - skip < operation->size ? got - skip : operation->size;

        end(operation, 0, operation->buffer + skip, size);
    } else if (number == EINTR || operation->failure) {
        end(operation, number, NULL, 0);
    } else {
        operation->failure = number;
        operation->failed_length = atomic_load(&operation->disc->length);
        start_asking(operation);
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
    start_asking(operation);
}

void disc_cancel(struct disc_operation *operation)
{
    pthread_mutex_lock(&operation->lock);
    operation->cancelled = true;
    CancelIoEx(operation->disc->operations, &operation->overlapped);
    pthread_mutex_unlock(&operation->lock);
}

void disc_operation_free(struct disc_operation *operation)
{
    if (operation->initialized)
        pthread_mutex_destroy(&operation->lock);
    free(operation->buffer);
}
