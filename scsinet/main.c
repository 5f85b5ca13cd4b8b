/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#ifndef SCSINET_VERSION
#define SCSINET_VERSION "unknown"
#endif

static const char help[] =
    "scsinet shares CD, DVD and BD drives between machines: what is shared here is plugged in there.\n"
    "\n"
    "usage:\n"
    "  scsinet serve [--listen ADDR:PORT] --share IMAGE [--share IMAGE ...]\n"
    "                [--control PATH] [--insecure]\n"
    "      shares images as CD drives until SIGINT or SIGTERM. One client has them at a time.\n"
    "  scsinet attach ADDR:PORT [ADDR:PORT ...] --as fuse:DIR\n"
    "      plugs the server's devices in; each is a file DIR/NAME/disc.iso, until SIGINT or SIGTERM.\n"
    "  scsinet unshare DEVICE [--control PATH]\n"
    "      takes a device back from a running serve; DEVICE is its hardware id, instance or image.\n"
    "  scsinet status [--control PATH]\n"
    "      what a running serve shares, and with whom.\n"
    "  scsinet console server [--listen ADDR:PORT] [--image IMAGE ...] [--insecure]\n"
    "      commands: Connect, Disconnect, List, Share ID, Unshare ID, Exit\n"
    "  scsinet console client [--server ADDR:PORT]\n"
    "      commands: Connect, Disconnect, List, Exit\n"
    "\n"
    "ADDR:PORT is 127.0.0.1:3333 where it is not given. There is no encryption and no password yet, so an\n"
    "address outside loopback is refused unless --insecure says that this is understood.\n"
    "The drivers are found beside the program; NTIO_DRIVERS names another folder. NTIO_DEBUG=1 shows their\n"
    "debug output.\n";

int fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("scsinet: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return 1;
}

int misuse(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("scsinet: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("; see scsinet --help\n", stderr);
    va_end(arguments);
    return 2;
}

const char *option_value(int argc, char **argv, int *index, const char *name, bool *bad)
{
    const char *word = argv[*index];
    size_t length = strlen(name);

    if (strncmp(word, name, length) != 0 || (word[length] != '\0' && word[length] != '='))
        return NULL;
    if (word[length] == '=')
        return word + length + 1;
    if (*index + 1 < argc)
        return argv[++*index];
    misuse("%s wants a value", name);
    *bad = true;
    return NULL;
}

void log_line(const char *line)
{
    fprintf(stderr, "scsinet: %s\n", line);
}

int stop_descriptor(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"serve", cmd_serve},     {"attach", cmd_attach}, {"console", cmd_console},
        {"unshare", cmd_unshare}, {"status", cmd_status},
    };

    if (argc < 2) {
        fputs(help, stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("scsinet " SCSINET_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    return misuse("'%s' is not a command", argv[1]);
}
