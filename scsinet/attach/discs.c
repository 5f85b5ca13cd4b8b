/* SPDX-License-Identifier: MIT */
#include "discs.h"
#include "ntio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CDROM_INTERFACE "{53f56308-b6bf-11d0-94f2-00a0c91efb8b}"
#define DISK_INTERFACE  "{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"

static void drop(struct discs *discs, struct disc *disc); /* lock held; may free */

static void free_disc(struct disc *disc)
{
    if (disc->handle != INVALID_HANDLE_VALUE)
        CloseHandle(disc->handle);
    if (disc->operations != INVALID_HANDLE_VALUE)
        CloseHandle(disc->operations);
    if (disc->flushes != INVALID_HANDLE_VALUE)
        CloseHandle(disc->flushes);
    pthread_mutex_destroy(&disc->writes_lock);
    free(disc->path);
    free(disc);
}

/* ---- following plug and play ---- */

/* What a disk says of itself: whether it may be written, how large a sector is. */
static DWORD ask_disk(HANDLE handle, struct disc *disc)
{
    DISK_GEOMETRY geometry;
    DWORD error = control_and_wait(handle, IOCTL_DISK_GET_DRIVE_GEOMETRY, NULL, 0, &geometry,
                                   sizeof(geometry), NULL);

    if (error)
        return error;
    disc->sector = geometry.BytesPerSector;
    disc->writable =
        control_and_wait(handle, IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, NULL) == ERROR_SUCCESS;
    return disc->sector != 0 ? ERROR_SUCCESS : ERROR_NOT_READY;
}

static struct disc *open_disc(struct discs *discs, const char *path, bool disk)
{
    STORAGE_DEVICE_NUMBER number;
    struct disc *disc;
    char name[40];
    HANDLE handle = open_interface(path);
    DWORD error;

    if (handle == INVALID_HANDLE_VALUE)
        return NULL;
    error = control_and_wait(handle, IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, &number,
                             sizeof(number), NULL);
    CloseHandle(handle);
    if (error)
        return NULL;
    snprintf(name, sizeof(name), disk ? "\\\\.\\PhysicalDrive%u" : "\\\\.\\CdRom%u",
             (unsigned)number.DeviceNumber);
    disc = calloc(1, sizeof(*disc));
    if (!disc)
        return NULL;
    pthread_mutex_init(&disc->writes_lock, NULL);
    disc->discs = discs;
    disc->disk = disk;
    disc->sector = DISC_SECTOR;
    disc->path = strdup(path);
    disc->handle = open_interface(name);
    disc->operations = open_interface(name);
    disc->flushes = disk ? open_interface(name) : INVALID_HANDLE_VALUE;
    if (!disc->path || disc->handle == INVALID_HANDLE_VALUE ||
        disc->operations == INVALID_HANDLE_VALUE ||
        (disk && (disc->flushes == INVALID_HANDLE_VALUE || ask_disk(disc->handle, disc))) ||
        !CreateIoCompletionPort(disc->operations, discs->port, 0, 0)) {
        free_disc(disc);
        return NULL;
    }
    disc->references = 1;
    snprintf(disc->name, sizeof(disc->name), disk ? "disk%u" : "cdrom%u",
             (unsigned)number.DeviceNumber);
    return disc;
}

static bool listed(char *const *paths, const char *path)
{
    for (; paths && *paths; paths++)
        if (strcmp(*paths, path) == 0)
            return true;
    return false;
}

/* Takes out what is not there any more. */
static bool drop_gone(struct discs *discs, char *const *paths, char *const *disks)
{
    bool any = false;

    pthread_mutex_lock(&discs->lock);
    for (struct disc **at = &discs->list; *at;) {
        struct disc *disc = *at;

        if (listed(disc->disk ? disks : paths, disc->path)) {
            at = &disc->next;
            continue;
        }
        *at = disc->next;
        disc->gone = true;
        any = true;
        drop(discs, disc);
    }
    pthread_mutex_unlock(&discs->lock);
    return any;
}

static bool add_new(struct discs *discs, const char *path, bool disk)
{
    struct disc *disc;
    bool have = false;

    pthread_mutex_lock(&discs->lock);
    for (disc = discs->list; disc && !have; disc = disc->next)
        have = strcmp(disc->path, path) == 0;
    pthread_mutex_unlock(&discs->lock);
    if (have)
        return false;
    disc = open_disc(discs, path, disk);
    if (!disc)
        return false; /* gone again, or does not answer: the next look tells */
    disc_refresh(disc);
    pthread_mutex_lock(&discs->lock);
    disc->number = ++discs->next_number;
    disc->next = discs->list;
    discs->list = disc;
    pthread_mutex_unlock(&discs->lock);
    return true;
}

static bool add_all(struct discs *discs, char **paths, bool disk)
{
    bool changed = false;

    for (char **path = paths; path && *path; path++)
        if (!discs->accept || discs->accept(*path, discs->context))
            changed |= add_new(discs, *path, disk);
    return changed;
}

static void look(struct discs *discs)
{
    char **paths = NULL;
    char **disks = NULL;
    bool changed;

    ntio_pnp_settle();
    if (ntio_get_interfaces(CDROM_INTERFACE, NULL, &paths) >= 0 &&
        ntio_get_interfaces(DISK_INTERFACE, NULL, &disks) >= 0) {
        changed = drop_gone(discs, paths, disks);
        changed |= add_all(discs, paths, false);
        changed |= add_all(discs, disks, true);
        if (changed && discs->changed)
            discs->changed(discs->context);
    }
    ntio_free_list(paths);
    ntio_free_list(disks);
}

static void *discs_thread(void *context)
{
    struct discs *discs = context;

    pthread_mutex_lock(&discs->lock);
    for (;;) {
        while (!discs->look && !discs->stop)
            pthread_cond_wait(&discs->wake, &discs->lock);
        if (discs->stop)
            break;
        discs->look = false;
        pthread_mutex_unlock(&discs->lock);
        look(discs);
        pthread_mutex_lock(&discs->lock);
    }
    pthread_mutex_unlock(&discs->lock);
    return NULL;
}

static void end_port(struct discs *discs)
{
    for (unsigned i = 0; i < discs->port_thread_count; i++)
        PostQueuedCompletionStatus(discs->port, 0, 0, NULL);
    for (unsigned i = 0; i < discs->port_thread_count; i++)
        pthread_join(discs->port_threads[i], NULL);
    CloseHandle(discs->port);
}

/* Its thread ends when nothing waits for it any more. */
static void stop_flushes(struct discs *discs)
{
    pthread_mutex_lock(&discs->lock);
    discs->stop = true;
    pthread_cond_signal(&discs->flush_wake);
    pthread_mutex_unlock(&discs->lock);
    pthread_join(discs->flush_thread, NULL);
}

int discs_start(struct discs *discs, void (*changed)(void *context),
                bool (*accept)(const char *path, void *context), void *context)
{
    memset(discs, 0, sizeof(*discs));
    discs->changed = changed;
    discs->accept = accept;
    discs->context = context;
    pthread_mutex_init(&discs->lock, NULL);
    pthread_cond_init(&discs->wake, NULL);
    pthread_cond_init(&discs->flush_wake, NULL);
    discs->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    if (!discs->port)
        goto destroy;
    while (discs->port_thread_count < DISC_THREADS &&
           pthread_create(&discs->port_threads[discs->port_thread_count], NULL, disc_port_thread,
                          discs) == 0)
        discs->port_thread_count++;
    if (discs->port_thread_count > 0 &&
        pthread_create(&discs->flush_thread, NULL, disc_flush_thread, discs) == 0) {
        if (pthread_create(&discs->thread, NULL, discs_thread, discs) == 0)
            return 0;
        stop_flushes(discs);
    }
    end_port(discs);
destroy:
    pthread_cond_destroy(&discs->flush_wake);
    pthread_cond_destroy(&discs->wake);
    pthread_mutex_destroy(&discs->lock);
    return -1;
}

void discs_look(struct discs *discs)
{
    pthread_mutex_lock(&discs->lock);
    discs->look = true;
    pthread_cond_signal(&discs->wake);
    pthread_mutex_unlock(&discs->lock);
}

void discs_stop(struct discs *discs)
{
    pthread_mutex_lock(&discs->lock);
    discs->stop = true;
    pthread_cond_signal(&discs->wake);
    pthread_mutex_unlock(&discs->lock);
    pthread_join(discs->thread, NULL);
    stop_flushes(discs);
    drop_gone(discs, NULL, NULL);
    end_port(discs);
    pthread_cond_destroy(&discs->flush_wake);
    pthread_cond_destroy(&discs->wake);
    pthread_mutex_destroy(&discs->lock);
}

/* ---- users ---- */

static void drop(struct discs *discs, struct disc *disc)
{
    (void)discs;
    if (--disc->references == 0)
        free_disc(disc);
}

void disc_release(struct discs *discs, struct disc *disc)
{
    pthread_mutex_lock(&discs->lock);
    drop(discs, disc);
    pthread_mutex_unlock(&discs->lock);
}

struct disc *discs_find_name(struct discs *discs, const char *name)
{
    struct disc *disc;

    pthread_mutex_lock(&discs->lock);
    for (disc = discs->list; disc && strcmp(disc->name, name) != 0; disc = disc->next)
        ;
    if (disc)
        disc->references++;
    pthread_mutex_unlock(&discs->lock);
    return disc;
}

struct disc *discs_find_number(struct discs *discs, uint64_t number)
{
    struct disc *disc;

    pthread_mutex_lock(&discs->lock);
    for (disc = discs->list; disc && disc->number != number; disc = disc->next)
        ;
    if (disc)
        disc->references++;
    pthread_mutex_unlock(&discs->lock);
    return disc;
}

struct disc *discs_next(struct discs *discs, uint64_t after)
{
    struct disc *best = NULL;

    pthread_mutex_lock(&discs->lock);
    for (struct disc *disc = discs->list; disc; disc = disc->next)
        if (disc->number > after && (!best || disc->number < best->number))
            best = disc;
    if (best)
        best->references++;
    pthread_mutex_unlock(&discs->lock);
    return best;
}
