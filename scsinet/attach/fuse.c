/* SPDX-License-Identifier: MIT */
/*
 * The FUSE face: DIR/NAME/disc.iso for each CD drive, DIR/NAME/disk.img for each disk, which can be
 * written (its size stands) and whose fsync is the disk's flush. Nothing is cached by the kernel
 * (no entry or attribute time-out, direct I/O), so a disc that goes is gone at once and a changed
 * medium is never served from old pages.
 *
 * Inodes: 1 is the root, 2n the folder of disc n, 2n+1 its file.
 *
 * The threads that take requests from the kernel never wait for a drive: what needs one becomes a
 * task, whose operation ends on a thread of discs.c and is answered there. So an interrupt always
 * finds somebody who takes it, however many readers wait, and cancels the task's I/O. (libfuse's
 * own loop blocks a thread for each read, and can't be ended while a file is open.)
 */
#define FUSE_USE_VERSION 35
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECEIVERS  2u
#define IDLE_TASKS 32u

enum task_kind { TASK_LOOKUP, TASK_GETATTR, TASK_OPEN, TASK_READ, TASK_WRITE, TASK_FSYNC };

/* A request of the kernel's that a drive has to be asked for. */
struct task {
    struct disc_operation operation;
    struct fuse_face *face;
    struct task *next; /* while idle */
    enum task_kind kind;
    fuse_req_t request;
    fuse_ino_t inode;
    struct disc *disc; /* a reference; that of a file's I/O is the file's */
    struct fuse_file_info info;
};

/* What a file's fh points to; in the face's list until it is released, or the mount goes under it.
 */
struct open_file {
    struct open_file *next, **link;
    struct disc *disc; /* a reference */
};

struct fuse_face {
    struct discs *discs;
    struct fuse_session *session;
    pthread_t receivers[RECEIVERS];
    unsigned receiver_count;
    atomic_uint open_files;
    atomic_bool ended;
    int event; /* eventfd */

    pthread_mutex_t lock;
    pthread_cond_t quiet; /* no task is under way */
    unsigned tasks;       /* those under way */
    struct task *idle;
    unsigned idle_count;
    struct open_file *files;
};

static struct disc *disc_of(struct fuse_face *face, fuse_ino_t inode)
{
    return inode < 2 ? NULL : discs_find_number(face->discs, inode / 2);
}

static void fill_directory(struct stat *attributes, fuse_ino_t inode)
{
    memset(attributes, 0, sizeof(*attributes));
    attributes->st_ino = inode;
    attributes->st_mode = S_IFDIR | 0555;
    attributes->st_nlink = 2;
    attributes->st_uid = getuid();
    attributes->st_gid = getgid();
}

static void fill_file(struct stat *attributes, fuse_ino_t inode, struct disc *disc)
{
    memset(attributes, 0, sizeof(*attributes));
    attributes->st_ino = inode;
    attributes->st_mode = S_IFREG | (disc->writable ? 0644 : 0444);
    attributes->st_nlink = 1;
    attributes->st_uid = getuid();
    attributes->st_gid = getgid();
    attributes->st_size = (off_t)atomic_load(&disc->length);
    attributes->st_blksize = 128 * 1024;
    attributes->st_blocks = attributes->st_size / 512;
}

/* ---- tasks ---- */

static struct task *task_new(struct fuse_face *face, enum task_kind kind, fuse_req_t request,
                             fuse_ino_t inode, struct disc *disc)
{
    struct task *task;

    pthread_mutex_lock(&face->lock);
    task = face->idle;
    if (task) {
        face->idle = task->next;
        face->idle_count--;
    } else {
        task = calloc(1, sizeof(*task));
    }
    if (task)
        face->tasks++;
    pthread_mutex_unlock(&face->lock);
    if (!task)
        return NULL;
    task->face = face;
    task->kind = kind;
    task->request = request;
    task->inode = inode;
    task->disc = disc;
    return task;
}

static bool is_file_io(const struct task *task)
{
    return task->kind == TASK_READ || task->kind == TASK_WRITE || task->kind == TASK_FSYNC;
}

/* The request has been answered. */
static void task_end(struct task *task)
{
    struct fuse_face *face = task->face;

    if (!is_file_io(task) && task->disc)
        disc_release(face->discs, task->disc);
    pthread_mutex_lock(&face->lock);
    if (face->idle_count < IDLE_TASKS) {
        task->next = face->idle;
        face->idle = task;
        face->idle_count++;
        task = NULL;
    }
    if (--face->tasks == 0)
        pthread_cond_broadcast(&face->quiet);
    pthread_mutex_unlock(&face->lock);
    if (task) {
        disc_operation_free(&task->operation);
        free(task);
    }
}

static void close_file(struct fuse_face *face, struct open_file *file)
{
    pthread_mutex_lock(&face->lock);
    *file->link = file->next;
    if (file->next)
        file->next->link = file->link;
    pthread_mutex_unlock(&face->lock);
    disc_release(face->discs, file->disc);
    free(file);
    atomic_fetch_sub(&face->open_files, 1);
}

static void answer_open(struct task *task)
{
    struct fuse_face *face = task->face;
    struct open_file *file = malloc(sizeof(*file));

    if (!file) {
        fuse_reply_err(task->request, ENOMEM);
        return; /* the disc is still the task's */
    }
    file->disc = task->disc; /* the reference goes with the file */
    task->disc = NULL;
    pthread_mutex_lock(&face->lock);
    file->next = face->files;
    file->link = &face->files;
    if (file->next)
        file->next->link = &file->next;
    face->files = file;
    pthread_mutex_unlock(&face->lock);
    task->info.fh = (uintptr_t)file;
    task->info.direct_io = 1;
    atomic_fetch_add(&face->open_files, 1);
    if (fuse_reply_open(task->request, &task->info) != 0)
        close_file(face, file);
}

static void task_done(struct disc_operation *operation, int error, const void *data, size_t size)
{
    struct task *task = CONTAINING_RECORD(operation, struct task, operation);
    struct fuse_entry_param entry = {0};
    struct stat attributes;

    fuse_req_interrupt_func(task->request, NULL, NULL); /* after this nobody cancels */
    if (error == EINTR || (error && is_file_io(task))) {
        fuse_reply_err(task->request, error);
        task_end(task);
        return;
    }
    /* A drive that has no disc, or does not say, has an empty file. */
    switch (task->kind) {
    case TASK_LOOKUP:
        entry.ino = task->inode;
        fill_file(&entry.attr, entry.ino, task->disc);
        fuse_reply_entry(task->request, &entry);
        break;
    case TASK_GETATTR:
        fill_file(&attributes, task->inode, task->disc);
        fuse_reply_attr(task->request, &attributes, 0);
        break;
    case TASK_OPEN:
        answer_open(task);
        break;
    case TASK_READ:
        fuse_reply_buf(task->request, data, size);
        break;
    case TASK_WRITE:
        fuse_reply_write(task->request, size);
        break;
    case TASK_FSYNC:
        fuse_reply_err(task->request, 0);
        break;
    }
    task_end(task);
}

static void interrupted(fuse_req_t request, void *context)
{
    (void)request;
    disc_cancel(context);
}

/* Starts what needs the disc's length. The reference goes with it. */
static void start_length_task(struct fuse_face *face, enum task_kind kind, fuse_req_t request,
                              fuse_ino_t inode, struct disc *disc,
                              const struct fuse_file_info *info)
{
    struct task *task = task_new(face, kind, request, inode, disc);

    if (!task) {
        disc_release(face->discs, disc);
        fuse_reply_err(request, ENOMEM);
        return;
    }
    if (info)
        task->info = *info;
    disc_prepare(&task->operation, disc, task_done);
    fuse_req_interrupt_func(request, interrupted, &task->operation);
    disc_ask_length(&task->operation);
}

/* Prepares what is done with an open file; NULL: the request has been answered. */
static struct task *file_task(enum task_kind kind, fuse_req_t request, fuse_ino_t inode,
                              struct fuse_file_info *info)
{
    struct disc *disc = ((struct open_file *)(uintptr_t)info->fh)->disc;
    struct task *task;

    if (kind == TASK_WRITE && !disc->writable) {
        fuse_reply_err(request, EROFS);
        return NULL;
    }
    task = task_new(fuse_req_userdata(request), kind, request, inode, disc);
    if (!task) {
        fuse_reply_err(request, ENOMEM);
        return NULL;
    }
    disc_prepare(&task->operation, disc, task_done);
    fuse_req_interrupt_func(request, interrupted, &task->operation);
    return task;
}

static void face_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                      struct fuse_file_info *info)
{
    struct task *task = file_task(TASK_READ, request, inode, info);

    if (task)
        disc_read(&task->operation, (uint64_t)offset, size);
}

static void face_write(fuse_req_t request, fuse_ino_t inode, const char *data, size_t size,
                       off_t offset, struct fuse_file_info *info)
{
    struct task *task = file_task(TASK_WRITE, request, inode, info);

    if (task)
        disc_write(&task->operation, (uint64_t)offset, data, size);
}

static void face_fsync(fuse_req_t request, fuse_ino_t inode, int data_only,
                       struct fuse_file_info *info)
{
    struct task *task;

    (void)data_only;
    if (!((struct open_file *)(uintptr_t)info->fh)->disc->disk) {
        fuse_reply_err(request, 0); /* a disc has nothing that was written */
        return;
    }
    task = file_task(TASK_FSYNC, request, inode, info);
    if (task)
        disc_flush(&task->operation);
}

/* ---- requests ---- */

static void face_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct fuse_face *face = fuse_req_userdata(request);
    struct fuse_entry_param entry = {0};
    struct disc *disc = NULL;

    if (parent == FUSE_ROOT_ID) {
        disc = discs_find_name(face->discs, name);
        if (disc) {
            entry.ino = disc->number * 2;
            fill_directory(&entry.attr, entry.ino);
            disc_release(face->discs, disc);
            fuse_reply_entry(request, &entry);
            return;
        }
    } else if (parent % 2 == 0) {
        disc = disc_of(face, parent);
        if (disc && strcmp(name, disc_file_name(disc)) != 0) {
            disc_release(face->discs, disc);
        } else if (disc) {
            start_length_task(face, TASK_LOOKUP, request, parent + 1, disc, NULL);
            return;
        }
    }
    fuse_reply_err(request, ENOENT);
}

static void face_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct fuse_face *face = fuse_req_userdata(request);
    struct stat attributes;
    struct disc *disc;

    (void)info;
    if (inode == FUSE_ROOT_ID) {
        fill_directory(&attributes, inode);
        fuse_reply_attr(request, &attributes, 0);
        return;
    }
    disc = disc_of(face, inode);
    if (!disc) {
        fuse_reply_err(request, ENOENT);
    } else if (inode % 2 == 0) {
        disc_release(face->discs, disc);
        fill_directory(&attributes, inode);
        fuse_reply_attr(request, &attributes, 0);
    } else {
        start_length_task(face, TASK_GETATTR, request, inode, disc, NULL);
    }
}

/* Nothing of a file can be changed but its content: a size is taken if it is the one that it has.
 */
static void face_setattr(fuse_req_t request, fuse_ino_t inode, struct stat *attributes, int set,
                         struct fuse_file_info *info)
{
    struct fuse_face *face = fuse_req_userdata(request);
    struct disc *disc = inode % 2 == 1 ? disc_of(face, inode) : NULL;
    int times = FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_ATIME_NOW |
                FUSE_SET_ATTR_MTIME_NOW | FUSE_SET_ATTR_CTIME;
    bool same = disc && disc->writable && !(set & ~(times | FUSE_SET_ATTR_SIZE)) &&
                (!(set & FUSE_SET_ATTR_SIZE) ||
                 (uint64_t)attributes->st_size == atomic_load(&disc->length));

    if (disc)
        disc_release(face->discs, disc);
    if (same)
        face_getattr(request, inode, info);
    else
        fuse_reply_err(request, !disc || disc->writable ? EPERM : EROFS);
}

/* Adds an entry; false when the buffer is full. */
static bool add_entry(fuse_req_t request, char *buffer, size_t size, size_t *used, const char *name,
                      fuse_ino_t inode, mode_t mode, off_t next)
{
    struct stat attributes = {.st_ino = inode, .st_mode = mode};
    size_t length =
        fuse_add_direntry(request, buffer + *used, size - *used, name, &attributes, next);

    if (length > size - *used)
        return false;
    *used += length;
    return true;
}

static void face_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                         struct fuse_file_info *info)
{
    struct fuse_face *face = fuse_req_userdata(request);
    char *buffer = malloc(size);
    size_t used = 0;
    bool room = true;

    (void)info;
    if (!buffer) {
        fuse_reply_err(request, ENOMEM);
        return;
    }
    /* Offsets: 0, 1 are . and .., then in the root 1 + the disc's number, in a disc's folder 2. */
    if (offset < 1)
        room = add_entry(request, buffer, size, &used, ".", inode, S_IFDIR, 1);
    if (room && offset < 2)
        room = add_entry(request, buffer, size, &used, "..", FUSE_ROOT_ID, S_IFDIR, 2);
    if (inode == FUSE_ROOT_ID) {
        uint64_t after = offset > 2 ? (uint64_t)offset - 2 : 0;
        struct disc *disc;

        while (room && (disc = discs_next(face->discs, after))) {
            after = disc->number;
            room = add_entry(request, buffer, size, &used, disc->name, disc->number * 2, S_IFDIR,
                             (off_t)(after + 2));
            disc_release(face->discs, disc);
        }
    } else if (room && offset < 3) {
        struct disc *disc = disc_of(face, inode);

        if (disc) {
            add_entry(request, buffer, size, &used, disc_file_name(disc), inode + 1, S_IFREG, 3);
            disc_release(face->discs, disc);
        }
    }
    fuse_reply_buf(request, buffer, used);
    free(buffer);
}

static void face_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct fuse_face *face = fuse_req_userdata(request);
    struct disc *disc = inode % 2 == 1 ? disc_of(face, inode) : NULL;

    if (!disc) {
        fuse_reply_err(request, inode % 2 == 0 ? EISDIR : ENOENT);
        return;
    }
    if ((info->flags & O_ACCMODE) != O_RDONLY && !disc->writable) {
        disc_release(face->discs, disc);
        fuse_reply_err(request, EROFS);
        return;
    }
    start_length_task(face, TASK_OPEN, request, inode, disc, info);
}

static void face_release(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct fuse_face *face = fuse_req_userdata(request);

    (void)inode;
    close_file(face, (struct open_file *)(uintptr_t)info->fh);
    eventfd_write(face->event, 1);
    fuse_reply_err(request, 0);
}

static const struct fuse_lowlevel_ops operations = {
    .lookup = face_lookup,
    .getattr = face_getattr,
    .readdir = face_readdir,
    .open = face_open,
    .read = face_read,
    .write = face_write,
    .fsync = face_fsync,
    .setattr = face_setattr,
    .release = face_release,
};

static void free_buffer(void *context)
{
    struct fuse_buf *buffer = context;

    free(buffer->mem);
}

static void *receiver(void *context)
{
    struct fuse_face *face = context;
    struct fuse_buf buffer = {0};
    int got;

    /* Only where it waits for the kernel may it be ended from outside (fuse_face_stop). The buffer
     * is the session's way to keep one. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while (!fuse_session_exited(face->session)) {
        pthread_cleanup_push(free_buffer, &buffer);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        got = fuse_session_receive_buf(face->session, &buffer);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        pthread_cleanup_pop(0);
        if (got == -EINTR || got == -EAGAIN)
            continue;
        if (got <= 0)
            break;
        fuse_session_process_buf(face->session, &buffer);
    }
    free(buffer.mem);
    /* The mount was taken away, or the session is over. */
    fuse_session_exit(face->session);
    atomic_store(&face->ended, true);
    eventfd_write(face->event, 1);
    return NULL;
}

static void end_receivers(struct fuse_face *face)
{
    for (unsigned i = 0; i < face->receiver_count; i++)
        pthread_cancel(face->receivers[i]);
    for (unsigned i = 0; i < face->receiver_count; i++)
        pthread_join(face->receivers[i], NULL);
}

struct fuse_face *fuse_face_start(const char *directory, struct discs *discs, char *error,
                                  size_t size)
{
    char *words[] = {"scsinet", "-o", "fsname=scsinet,subtype=scsinet,default_permissions", NULL};
    struct fuse_args arguments = FUSE_ARGS_INIT(3, words);
    struct fuse_face *face = calloc(1, sizeof(*face));

    if (!face) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    face->discs = discs;
    pthread_mutex_init(&face->lock, NULL);
    pthread_cond_init(&face->quiet, NULL);
    face->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (face->event < 0) {
        snprintf(error, size, "cannot make an event: %s", strerror(errno));
        goto free_face;
    }
    face->session = fuse_session_new(&arguments, &operations, sizeof(operations), face);
    if (!face->session) {
        snprintf(error, size, "cannot make a fuse session");
        goto close_event;
    }
    if (fuse_session_mount(face->session, directory) != 0) {
        snprintf(error, size, "cannot mount at '%s'; is it yours, and is /dev/fuse there?",
                 directory);
        goto destroy_session;
    }
    while (face->receiver_count < RECEIVERS &&
           pthread_create(&face->receivers[face->receiver_count], NULL, receiver, face) == 0)
        face->receiver_count++;
    if (face->receiver_count > 0) {
        fuse_opt_free_args(&arguments);
        return face;
    }
    snprintf(error, size, "cannot make a thread");
    fuse_session_unmount(face->session);
destroy_session:
    fuse_session_destroy(face->session);
close_event:
    close(face->event);
free_face:
    pthread_cond_destroy(&face->quiet);
    pthread_mutex_destroy(&face->lock);
    fuse_opt_free_args(&arguments);
    free(face);
    return NULL;
}

unsigned fuse_face_open_files(struct fuse_face *face)
{
    return atomic_load(&face->open_files);
}

int fuse_face_event(struct fuse_face *face)
{
    return face->event;
}

bool fuse_face_has_ended(struct fuse_face *face)
{
    return atomic_load(&face->ended);
}

void fuse_face_stop(struct fuse_face *face)
{
    struct task *task;

    /* No request comes in; those under way end with their I/O; then files that are still open lose
     * their other end. */
    fuse_session_exit(face->session);
    end_receivers(face);
    pthread_mutex_lock(&face->lock);
    while (face->tasks > 0)
        pthread_cond_wait(&face->quiet, &face->lock);
    pthread_mutex_unlock(&face->lock);
    fuse_session_unmount(face->session);
    fuse_session_destroy(face->session);
    while (face->files)
        close_file(face, face->files);
    while ((task = face->idle)) {
        face->idle = task->next;
        disc_operation_free(&task->operation);
        free(task);
    }
    close(face->event);
    pthread_cond_destroy(&face->quiet);
    pthread_mutex_destroy(&face->lock);
    free(face);
}
