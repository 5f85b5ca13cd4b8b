/* SPDX-License-Identifier: MIT */
/* scsinet attach: the devices of one or more servers, plugged into this process and shown through a
 * face. */
#include "attach.h"
#include "scsinet/cli.h"
#include "scsinet/client.h"
#include "scsinet/host.h"
#include "ntio.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAXIMUM_SERVERS 16

struct link {
    const char *text; /* as the user wrote it */
    struct net_address address;
    struct client *client;
    atomic_bool ended;
    struct attach *attach;
};

struct attach {
    struct link links[MAXIMUM_SERVERS];
    unsigned count;
    const char *directory;
    bool tree; /* shown at each change */
    struct discs discs;
    struct fuse_face *face;
    int event;
};

/* ---- events of a client, on its receive thread ---- */

static void link_changed(void *context)
{
    struct link *link = context;

    discs_look(&link->attach->discs);
}

static void link_ended(const char *reason, void *context)
{
    struct link *link = context;

    if (strcmp(reason, "disconnected") != 0)
        fprintf(stderr, "scsinet: %s: %s; its devices are gone\n", link->text, reason);
    atomic_store(&link->ended, true);
    discs_look(&link->attach->discs);
    eventfd_write(link->attach->event, 1);
}

static void link_log(const char *line, void *context)
{
    (void)context;
    log_line(line);
}

static void discs_changed(void *context)
{
    struct attach *attach = context;
    uint64_t after = 0;
    struct disc *disc;

    printf("attached:");
    while ((disc = discs_next(&attach->discs, after))) {
        after = disc->number;
        printf(" %s/%s/%s", attach->directory, disc->name, disc_file_name(disc));
        disc_release(&attach->discs, disc);
    }
    printf(after ? "\n" : " nothing\n");
    if (attach->tree)
        ntio_print_device_tree(stdout);
    fflush(stdout);
}

/* ---- the command ---- */

static bool all_ended(struct attach *attach)
{
    for (unsigned i = 0; i < attach->count; i++)
        if (!atomic_load(&attach->links[i].ended))
            return false;
    return true;
}

/*
 * Until a signal, or the mount is taken away (both: 0), or no server is left (1). In the last case
 * files that are still open keep the mount, so that their readers get an I/O error and not a dead
 * mount.
 */
static int wait_for_end(struct attach *attach, int stop)
{
    struct pollfd wait[3] = {{.fd = stop, .events = POLLIN},
                             {.fd = fuse_face_event(attach->face), .events = POLLIN},
                             {.fd = attach->event, .events = POLLIN}};

    for (;;) {
        eventfd_t count;

        if (poll(wait, 3, -1) < 0) {
            if (errno == EINTR)
                continue;
            return 1;
        }
        if (wait[0].revents)
            return 0;
        if (wait[1].revents)
            eventfd_read(wait[1].fd, &count);
        if (wait[2].revents)
            eventfd_read(wait[2].fd, &count);
        if (fuse_face_has_ended(attach->face))
            return 0;
        if (all_ended(attach) && fuse_face_open_files(attach->face) == 0)
            return fail("no server is left to attach to");
    }
}

static int run(struct attach *attach, int stop)
{
    char error[400];
    bool following = false;
    int result = 1;
    unsigned left;

    if (host_boot("scsinet attach", error, sizeof(error)) != 0)
        return fail("%s", error);
    if (host_add_bus(error, sizeof(error)) != 0)
        goto failed;
    following = discs_start(&attach->discs, discs_changed, NULL, attach) == 0;
    if (!following) {
        snprintf(error, sizeof(error), "cannot make a thread");
        goto failed;
    }
    for (unsigned i = 0; i < attach->count; i++) {
        struct link *link = &attach->links[i];
        struct client_events events = {link_changed, link_ended, link_log, link};

        link->attach = attach;
        link->client = client_connect(&link->address, stop, &events, error, sizeof(error));
        if (!link->client)
            goto failed;
    }
    attach->face = fuse_face_start(attach->directory, &attach->discs, error, sizeof(error));
    if (!attach->face)
        goto failed;
    printf("mounted %s\n", attach->directory);
    fflush(stdout);
    result = wait_for_end(attach, stop);
    goto done;

failed:
    fail("%s", error);
done:
    /* First what is read ends with an error, then the mount goes: nobody waits for anybody. */
    for (unsigned i = 0; i < attach->count; i++)
        if (attach->links[i].client)
            client_disconnect(attach->links[i].client);
    if (attach->face)
        fuse_face_stop(attach->face);
    if (following)
        discs_stop(&attach->discs);
    left = host_shutdown();
    return result ? result : left != 0;
}

static int parse(int argc, char **argv, struct attach *attach)
{
    const char *as = NULL;
    char error[200];
    bool bad = false;

    for (int i = 0; i < argc; i++) {
        const char *value = option_value(argc, argv, &i, "--as", &bad);

        if (value) {
            as = value;
        } else if (bad) {
            return 2;
        } else if (strcmp(argv[i], "--tree") == 0) {
            attach->tree = true;
        } else if (argv[i][0] == '-') {
            return misuse("'%s' is not an option of attach", argv[i]);
        } else {
            struct link *link = &attach->links[attach->count];

            if (attach->count == MAXIMUM_SERVERS)
                return misuse("more than %d servers", MAXIMUM_SERVERS);
            link->text = argv[i];
            if (net_parse(argv[i], &link->address, error, sizeof(error)) != 0)
                return misuse("%s", error);
            attach->count++;
        }
    }
    if (attach->count == 0)
        return misuse("attach wants the server's ADDR:PORT");
    if (!as)
        return misuse("attach wants --as fuse:DIR");
    if (strncmp(as, "fuse:", 5) != 0 || as[5] == '\0')
        return misuse("'%s' is not a way to attach; there is fuse:DIR", as);
    attach->directory = as + 5;
    return 0;
}

int cmd_attach(int argc, char **argv)
{
    struct attach attach = {0};
    struct stat info;
    int guard_pipe;
    int guard = -1;
    int result = parse(argc, argv, &attach);
    int stop;

    if (result)
        return result;
    mount_clear_stale(attach.directory);
    if (stat(attach.directory, &info) != 0)
        return fail("cannot mount at '%s': %s", attach.directory, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return fail("cannot mount at '%s': it is not a directory", attach.directory);
    stop = stop_descriptor();
    attach.event = eventfd(0, EFD_CLOEXEC);
    if (stop < 0 || attach.event < 0)
        return fail("cannot watch for signals: %s", strerror(errno));
    guard_pipe = mount_guard(attach.directory, &guard);
    if (guard_pipe < 0)
        return fail("cannot make the process that guards the mount: %s", strerror(errno));
    result = run(&attach, stop);
    close(guard_pipe);
    while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
        ;
    close(attach.event);
    close(stop);
    return result;
}
