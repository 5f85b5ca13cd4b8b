/* SPDX-License-Identifier: MIT */
/* What every command needs of its surroundings: messages, options, signals. */
#include "cli.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

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
