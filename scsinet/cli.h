/* SPDX-License-Identifier: MIT */
/* cli.h - the commands of the program scsinet. Each takes what follows its name and returns an exit
 * status. */
#ifndef SCSINET_CLI_H
#define SCSINET_CLI_H

#include <stdbool.h>
#include <stddef.h>

#define DEFAULT_ADDRESS "127.0.0.1:3333"

int cmd_serve(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_unshare(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_tree(int argc, char **argv);

/* "scsinet: ..." to stderr; returns 1. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with a pointer to the help; returns 2. */
int misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The value of option argv[*index] (--name VALUE or --name=VALUE), or NULL where it is another
 * word. Misused: *bad. */
const char *option_value(int argc, char **argv, int *index, const char *name, bool *bad);

/* A line for the log, on stderr. */
void log_line(const char *line);

/*
 * SIGINT and SIGTERM make the descriptor readable, from any thread's point of view; SIGPIPE is
 * ignored. Call before any thread is made. -1 on failure.
 */
int stop_descriptor(void);

#endif
