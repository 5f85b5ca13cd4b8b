/* SPDX-License-Identifier: MIT */
/*
 * control.h - the control socket of a running `serve`: a Unix socket that its owner's user alone
 * may use. One command a connection: a line goes in ("status", "tree", "unshare DEVICE"); lines
 * come back, the first "ok" or "error SENTENCE".
 */
#ifndef SCSINET_CONTROL_H
#define SCSINET_CONTROL_H

#include <stddef.h>
#include <stdio.h>

#define CONTROL_PATH_SIZE 108

/* Answers one command line; writes all of the answer to out, which is memory. On the control
 * thread. */
typedef void control_routine(const char *line, FILE *out, void *context);

struct control;

/* Where serve on that port has its socket by default. Makes the folder. -1 with a sentence. */
int control_default_path(const char *port, char path[CONTROL_PATH_SIZE], char *error, size_t size);
/* Listens at path and answers from a thread of its own. A socket that a dead serve left is
 * replaced. NULL with a sentence. */
struct control *control_start(const char *path, control_routine *routine, void *context,
                              char *error, size_t size);
/* Stops answering and removes the socket. */
void control_stop(struct control *control);

/* The other end: sends a line and prints what comes back behind "ok". path NULL: the only serve
 * that runs. Returns an exit status. */
int control_ask(const char *path, const char *line);

#endif
