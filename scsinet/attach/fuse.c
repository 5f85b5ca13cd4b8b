/* SPDX-License-Identifier: MIT */
/*
 * The FUSE face: DIR/NAME/disc.iso for each disc. Nothing is cached by the kernel (no entry or attribute time-out, direct
 * I/O), so a disc that goes is gone at once and a changed medium is never served from old pages.
 *
 * Inodes: 1 is the root, 2n the folder of disc n, 2n+1 its file. Each read is done by the FUSE thread that took it; an interrupt, which
 * arrives on another, cancels its I/O.
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
#include <unistd.h>

#define FILE_NAME "disc.iso"

struct fuse_face {
    struct discs *discs;
    struct fuse_session *session;
    pthread_t thread;
    atomic_uint open_files;
    atomic_bool ended;
    int event; /* eventfd */
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
    disc_refresh(disc); /* an empty drive is an empty file */
    attributes->st_ino = inode;
    attributes->st_mode = S_IFREG | 0444;
    attributes->st_nlink = 1;
    attributes->st_uid = getuid();
    attributes->st_gid = getgid();
    attributes->st_size = (off_t)atomic_load(&disc->length);
    attributes->st_blksize = 128 * 1024;
    attributes->st_blocks = attributes->st_size / 512;
}

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
        }
    } else if (parent % 2 == 0 && strcmp(name, FILE_NAME) == 0) {
        disc = disc_of(face, parent);
        if (disc) {
            entry.ino = parent + 1;
            fill_file(&entry.attr, entry.ino, disc);
        }
    }
    if (!disc) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    disc_release(face->discs, disc);
    fuse_reply_entry(request, &entry);
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
        return;
    }
    if (inode % 2 == 0)
        fill_directory(&attributes, inode);
    else
        fill_file(&attributes, inode, disc);
    disc_release(face->discs, disc);
    fuse_reply_attr(request, &attributes, 0);
}

/* Adds an entry; false when the buffer is full. */
static bool add_entry(fuse_req_t request, char *buffer, size_t size, size_t *used, const char *name, fuse_ino_t inode,
                      mode_t mode, off_t next)
{
    struct stat attributes = {.st_ino = inode, .st_mode = mode};
    size_t length = fuse_add_direntry(request, buffer + *used, size - *used, name, &attributes, next);

    if (length > size - *used)
        return false;
    *used += length;
    return true;
}

static void face_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *info)
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
            room = add_entry(request, buffer, size, &used, disc->name, disc->number * 2, S_IFDIR, (off_t)(after + 2));
            disc_release(face->discs, disc);
        }
    } else if (room && offset < 3) {
        struct disc *disc = disc_of(face, inode);

        if (disc) {
            add_entry(request, buffer, size, &used, FILE_NAME, inode + 1, S_IFREG, 3);
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
    if ((info->flags & O_ACCMODE) != O_RDONLY) {
        disc_release(face->discs, disc);
        fuse_reply_err(request, EROFS);
        return;
    }
    disc_refresh(disc);
    info->fh = (uintptr_t)disc; /* the reference goes with the file */
    info->direct_io = 1;
    atomic_fetch_add(&face->open_files, 1);
    if (fuse_reply_open(request, info) != 0) {
        atomic_fetch_sub(&face->open_files, 1);
        disc_release(face->discs, disc);
    }
}

static void face_release(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct fuse_face *face = fuse_req_userdata(request);

    (void)inode;
    disc_release(face->discs, (struct disc *)(uintptr_t)info->fh);
    atomic_fetch_sub(&face->open_files, 1);
    eventfd_write(face->event, 1);
    fuse_reply_err(request, 0);
}

static void interrupted(fuse_req_t request, void *context)
{
    (void)request;
    disc_cancel(context);
}

static void face_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *info)
{
    struct disc_read read = {.disc = (struct disc *)(uintptr_t)info->fh};
    const void *data = NULL;
    ssize_t got;

    (void)inode;
    fuse_req_interrupt_func(request, interrupted, &read);
    got = disc_read(&read, (uint64_t)offset, size, &data);
    fuse_req_interrupt_func(request, NULL, NULL); /* after this nobody looks at `read` */
    if (got < 0)
        fuse_reply_err(request, (int)-got);
    else
        fuse_reply_buf(request, data, (size_t)got);
}

static const struct fuse_lowlevel_ops operations = {
    .lookup = face_lookup,
    .getattr = face_getattr,
    .readdir = face_readdir,
    .open = face_open,
    .read = face_read,
    .release = face_release,
};

static void *face_thread(void *context)
{
    struct fuse_face *face = context;
    struct fuse_loop_config config = {.clone_fd = 0, .max_idle_threads = 10};

    fuse_session_loop_mt(face->session, &config);
    atomic_store(&face->ended, true);
    eventfd_write(face->event, 1);
    return NULL;
}

struct fuse_face *fuse_face_start(const char *directory, struct discs *discs, char *error, size_t size)
{
    char *words[] = {"scsinet", "-o", "ro,fsname=scsinet,subtype=scsinet,default_permissions", NULL};
    struct fuse_args arguments = FUSE_ARGS_INIT(3, words);
    struct fuse_face *face = calloc(1, sizeof(*face));

    if (!face) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    face->discs = discs;
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
        snprintf(error, size, "cannot mount at '%s'; is it yours, and is /dev/fuse there?", directory);
        goto destroy_session;
    }
    if (pthread_create(&face->thread, NULL, face_thread, face) == 0) {
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
    fuse_session_exit(face->session);
    fuse_session_unmount(face->session); /* wakes the threads: their reads of the device end */
    pthread_join(face->thread, NULL);
    fuse_session_destroy(face->session);
    close(face->event);
    free(face);
}
