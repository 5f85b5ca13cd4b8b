/* SPDX-License-Identifier: MIT */
#include "control.h"
#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_SIZE  1024
#define TIMEOUT_MS 5000

struct control {
    int listener;
    int stop[2];
    char path[CONTROL_PATH_SIZE];
    control_routine *routine;
    void *context;
    pthread_t thread;
};

static int folder(char path[CONTROL_PATH_SIZE])
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int length;

    if (runtime && runtime[0] == '/')
        length = snprintf(path, CONTROL_PATH_SIZE, "%s/scsinet", runtime);
    else
        length = snprintf(path, CONTROL_PATH_SIZE, "/tmp/scsinet-%u", (unsigned)getuid());
    return length > 0 && length < CONTROL_PATH_SIZE - 24 ? 0 : -1;
}

int control_default_path(const char *port, char path[CONTROL_PATH_SIZE], char *error, size_t size)
{
    struct stat info;
    size_t length;

    if (folder(path) != 0) {
        snprintf(error, size,
                 "the folder for the control socket has too long a name; give --control PATH");
        return -1;
    }
    /* Somebody else's folder there could hand our socket to him. */
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || lstat(path, &info) != 0 ||
        !S_ISDIR(info.st_mode) || info.st_uid != getuid() || (info.st_mode & 077) != 0) {
        snprintf(error, size, "'%s' is not a folder of yours alone; give --control PATH", path);
        return -1;
    }
    length = strlen(path);
    snprintf(path + length, CONTROL_PATH_SIZE - length, "/serve-%.5s.sock", port);
    return 0;
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address;
    int fd = unix_socket(path, &address);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* Reads up to the newline or the end; false: nothing in time, or too long. */
static bool read_line(int fd, char *line, size_t size)
{
    size_t length = 0;

    while (length + 1 < size) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        ssize_t got;

        if (poll(&wait, 1, TIMEOUT_MS) <= 0)
            return false;
        got = read(fd, line + length, 1);
        if (got <= 0 || line[length] == '\n') {
            line[length] = '\0';
            return length > 0;
        }
        length++;
    }
    return false;
}

static void write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t put = send(fd, text, left, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return;
        text += put;
        left -= (size_t)put;
    }
}

static void answer(struct control *control, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    struct timeval limit = {.tv_sec = TIMEOUT_MS / 1000};
    char line[LINE_SIZE];
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
        (peer.uid != getuid() && peer.uid != 0))
        return;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (!read_line(fd, line, sizeof(line)))
        return;
    out = open_memstream(&text, &size);
    if (!out)
        return;
    control->routine(line, out, control->context);
    if (fclose(out) == 0)
        write_all(fd, text);
    free(text);
}

static void *control_thread(void *context)
{
    struct control *control = context;
    struct pollfd wait[2] = {{.fd = control->listener, .events = POLLIN},
                             {.fd = control->stop[0], .events = POLLIN}};

    for (;;) {
        int fd;

        if (poll(wait, 2, -1) < 0 && errno == EINTR)
            continue;
        if (wait[1].revents)
            return NULL;
        fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        answer(control, fd);
        close(fd);
    }
}

struct control *control_start(const char *path, control_routine *routine, void *context,
                              char *error, size_t size)
{
    struct control *control = calloc(1, sizeof(*control));
    struct sockaddr_un address;
    struct stat info;
    int probe;

    if (!control) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    control->routine = routine;
    control->context = context;
    snprintf(control->path, sizeof(control->path), "%s", path);
    probe = connect_to(path);
    if (probe >= 0) {
        close(probe);
        snprintf(error, size, "another serve answers at '%s'; give --control PATH", path);
        goto free_control;
    }
    /* A socket that nobody listens to any more; a file of another kind is refused alike and is not
     * ours. */
    if (errno == ECONNREFUSED && lstat(path, &info) == 0 && S_ISSOCK(info.st_mode))
        unlink(path);
    control->listener = unix_socket(path, &address);
    if (control->listener < 0 ||
        bind(control->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0600) != 0 || listen(control->listener, 4) != 0 ||
        pipe2(control->stop, O_CLOEXEC) != 0) {
        snprintf(error, size, "cannot make the control socket '%s': %s", path, strerror(errno));
        goto close_listener;
    }
    if (pthread_create(&control->thread, NULL, control_thread, control) == 0)
        return control;
    snprintf(error, size, "cannot make a thread");
    close(control->stop[0]);
    close(control->stop[1]);
    unlink(path);
close_listener:
    if (control->listener >= 0)
        close(control->listener);
free_control:
    free(control);
    return NULL;
}

void control_stop(struct control *control)
{
    if (write(control->stop[1], "", 1) != 1)
        abort(); /* an empty pipe takes a byte */
    pthread_join(control->thread, NULL);
    unlink(control->path);
    close(control->listener);
    close(control->stop[0]);
    close(control->stop[1]);
    free(control);
}

/* ---- the other end ---- */

/* The only socket in the folder that answers. */
static int find_socket(char path[CONTROL_PATH_SIZE])
{
    char base[CONTROL_PATH_SIZE];
    struct dirent *entry;
    unsigned found = 0;
    DIR *directory;

    if (folder(base) != 0 || !(directory = opendir(base)))
        return fail("no serve is running here");
    while ((entry = readdir(directory))) {
        char candidate[CONTROL_PATH_SIZE + 260];
        int fd;

        if (strncmp(entry->d_name, "serve-", 6) != 0)
            continue;
        snprintf(candidate, sizeof(candidate), "%s/%s", base, entry->d_name);
        if (strlen(candidate) >= CONTROL_PATH_SIZE || (fd = connect_to(candidate)) < 0)
            continue;
        close(fd);
        strcpy(path, candidate);
        found++;
    }
    closedir(directory);
    if (found == 1)
        return 0;
    return found ? fail("several serves are running here; say which with --control PATH")
                 : fail("no serve is running here");
}

int control_ask(const char *path, const char *line)
{
    char found[CONTROL_PATH_SIZE];
    char first[LINE_SIZE];
    char rest[4096];
    ssize_t got;
    int fd;

    if (!path) {
        if (find_socket(found) != 0)
            return 1;
        path = found;
    }
    fd = connect_to(path);
    if (fd < 0)
        return fail("no serve answers at '%s': %s", path, strerror(errno));
    write_all(fd, line);
    write_all(fd, "\n");
    /* A device that is in the middle of a long command takes its time to come back. */
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    poll(&wait, 1, 60000);
    if (!read_line(fd, first, sizeof(first))) {
        close(fd);
        return fail("serve at '%s' did not answer", path);
    }
    if (strncmp(first, "error ", 6) == 0) {
        close(fd);
        return fail("%s", first + 6);
    }
    while ((got = read(fd, rest, sizeof(rest))) > 0)
        fwrite(rest, 1, (size_t)got, stdout);
    close(fd);
    return 0;
}
