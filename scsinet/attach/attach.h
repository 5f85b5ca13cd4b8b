/* SPDX-License-Identifier: MIT */
/* attach.h - the faces of attach, and what keeps a mount from outliving its process. */
#ifndef SCSINET_ATTACH_H
#define SCSINET_ATTACH_H

#include "discs.h"

#include <stdbool.h>
#include <stddef.h>

/* fuse.c: each disc is DIR/NAME/disc.iso */
struct fuse_face;
struct fuse_face *fuse_face_start(const char *directory, struct discs *discs, char *error,
                                  size_t size);
/* How many files are open through it. */
unsigned fuse_face_open_files(struct fuse_face *face);
/* An eventfd that counts files closed and the face's end; and whether it has ended (the mount was
 * taken away from outside). */
int fuse_face_event(struct fuse_face *face);
bool fuse_face_has_ended(struct fuse_face *face);
void fuse_face_stop(struct fuse_face *face);

/* mount.c */
/* Takes a mount away whose process is dead. */
void mount_clear_stale(const char *directory);
/*
 * A small process that waits for this one to end, however it ends, and then clears the mount. Call
 * while there is one thread. Returns the write end of the pipe that it watches, or -1; *guard is
 * its process.
 */
int mount_guard(const char *directory, int *guard);

#endif
