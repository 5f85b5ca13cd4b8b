/* SPDX-License-Identifier: MIT */
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* As root with the system call, else with FUSE's own helper. */
static void unmount(const char *directory)
{
    pid_t child;
    int status;

    if (umount2(directory, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
        return;
    child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", directory, (char *)NULL);
        _exit(127);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
}

void mount_clear_stale(const char *directory)
{
    struct stat info;

    /* What the kernel says of a FUSE mount that nobody answers for. */
    if (stat(directory, &info) != 0 && (errno == ENOTCONN || errno == ECONNABORTED))
        unmount(directory);
}

int mount_guard(const char *directory, int *guard)
{
    int watch[2];
    char byte;
    pid_t child;

    if (pipe2(watch, O_CLOEXEC) != 0)
        return -1;
    child = fork();
    if (child < 0) {
        close(watch[0]);
        close(watch[1]);
        return -1;
    }
    if (child > 0) {
        close(watch[0]);
        *guard = (int)child;
        return watch[1];
    }
    /* Stays when the terminal's signals end the other; holds nothing that somebody may wait to see
     * closed. */
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    dup2(watch[0], 3);
    close_range(4, ~0U, 0);
    {
        int null = open("/dev/null", O_RDWR);

        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (null > 3)
            close(null);
    }
    while (read(3, &byte, 1) < 0 && errno == EINTR)
        ;
    mount_clear_stale(directory);
    _exit(0);
}
