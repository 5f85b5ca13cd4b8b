/* SPDX-License-Identifier: MIT */
/* scsinet serve, and unshare, status and tree, which speak to it. */
#include "cli.h"
#include "control.h"
#include "host.h"
#include "image.h"
#include "server.h"
#include "ntio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MAXIMUM_IMAGES 64

static void status_line(const struct share *share, const char *state, const char *client,
                        void *context)
{
    FILE *out = context;

    fprintf(out, "%s\n    device    %s\n    instance  %s\n    state     %s%s%s\n", share->name,
            share->hardware_id, share->instance, state, client[0] ? " with " : "", client);
    if (share->state == SHARE_ACTIVE)
        fprintf(out, "    answered  %llu requests, %llu bytes\n",
                (unsigned long long)share->requests, (unsigned long long)share->bytes);
    if (share->problem[0])
        fprintf(out, "    problem   %s\n", share->problem);
}

static void control_command(const char *line, FILE *out, void *context)
{
    struct server *server = context;
    char error[300];

    if (strcmp(line, "status") == 0) {
        fputs("ok\n", out);
        server_status(server, status_line, out);
    } else if (strcmp(line, "tree") == 0) {
        fputs("ok\n", out);
        ntio_print_device_tree(out);
    } else if (strncmp(line, "unshare ", 8) == 0) {
        if (server_unshare(server, line + 8, error, sizeof(error)) == 0)
            fputs("ok\n", out);
        else
            fprintf(out, "error %s\n", error);
    } else {
        fprintf(out, "error '%s' is not a command\n", line);
    }
}

struct options {
    const char *listen, *control;
    const char *images[MAXIMUM_IMAGES];
    unsigned image_count;
    bool insecure;
};

static int parse(int argc, char **argv, struct options *options)
{
    bool bad = false;

    for (int i = 0; i < argc; i++) {
        const char *value;

        if ((value = option_value(argc, argv, &i, "--listen", &bad)))
            options->listen = value;
        else if (!bad && (value = option_value(argc, argv, &i, "--control", &bad)))
            options->control = value;
        else if (!bad && (value = option_value(argc, argv, &i, "--share", &bad))) {
            if (options->image_count == MAXIMUM_IMAGES)
                return misuse("more than %d images", MAXIMUM_IMAGES);
            options->images[options->image_count++] = value;
        } else if (!bad && strcmp(argv[i], "--insecure") == 0)
            options->insecure = true;
        else
            return bad ? 2 : misuse("'%s' is not an option of serve", argv[i]);
    }
    if (options->control && strlen(options->control) >= CONTROL_PATH_SIZE)
        return misuse("the name of the control socket is longer than %d bytes",
                      CONTROL_PATH_SIZE - 1);
    return options->image_count ? 0 : misuse("serve needs something to share: --share IMAGE");
}

static int serve(const struct options *options, const struct net_address *address, int stop)
{
    char bound[NET_ADDRESS_TEXT];
    char control_path[CONTROL_PATH_SIZE];
    struct signalfd_siginfo signal;
    struct control *control = NULL;
    struct server *server = NULL;
    char instance[256];
    char error[400];
    int listener;
    int result = 1;
    unsigned left;

    /* The port first: when it is taken there is nothing else to undo. */
    listener = net_listen(address, bound, error, sizeof(error));
    if (listener < 0)
        return fail("%s", error);
    if (host_boot("scsinet serve", error, sizeof(error)) != 0) {
        close(listener);
        return fail("%s", error);
    }
    if (host_add_adapter(error, sizeof(error)) != 0)
        goto failed;
    server = server_create(log_line, error, sizeof(error));
    if (!server)
        goto failed;
    for (unsigned i = 0; i < options->image_count; i++) {
        struct image image;

        /* It is known by its path, whatever words say its kind. */
        if (image_parse(options->images[i], &image, error, sizeof(error)) != 0 ||
            host_add_image(options->images[i], instance, sizeof(instance), error, sizeof(error)) !=
                0 ||
            server_offer(server, instance, image.path, error, sizeof(error)) != 0)
            goto failed;
    }
    if (options->control)
        snprintf(control_path, sizeof(control_path), "%s", options->control);
    else if (control_default_path(strrchr(bound, ':') + 1, control_path, error, sizeof(error)) != 0)
        goto failed;
    control = control_start(control_path, control_command, server, error, sizeof(error));
    if (!control || server_start_accepting(server, listener, error, sizeof(error)) != 0)
        goto failed;
    listener = -1; /* the server's */

    printf("sharing %u device%s on %s\ncontrol socket %s\n", options->image_count,
           options->image_count == 1 ? "" : "s", bound, control_path);
    fflush(stdout);
    while (read(stop, &signal, sizeof(signal)) < 0 && errno == EINTR)
        ;
    result = 0;
    goto done;

failed:
    fail("%s", error);
done:
    if (control)
        control_stop(control);
    if (server)
        server_destroy(server);
    if (listener >= 0)
        close(listener);
    left = host_shutdown();
    return result ? result : left != 0;
}

int cmd_serve(int argc, char **argv)
{
    struct options options = {.listen = DEFAULT_ADDRESS};
    struct net_address address;
    char error[200];
    int result = parse(argc, argv, &options);
    int stop;

    if (result)
        return result;
    if (net_parse(options.listen, &address, error, sizeof(error)) != 0)
        return misuse("%s", error);
    if (!options.insecure && !net_is_loopback(&address))
        return fail("'%s' is not a loopback address and the connection is not encrypted: anybody "
                    "who reaches it has your "
                    "drives; say --insecure if that is what you want",
                    options.listen);
    stop = stop_descriptor();
    if (stop < 0)
        return fail("cannot watch for signals: %s", strerror(errno));
    result = serve(&options, &address, stop);
    close(stop);
    return result;
}

/* ---- unshare, status ---- */

int cmd_unshare(int argc, char **argv)
{
    const char *control = NULL;
    const char *device = NULL;
    char line[900];
    bool bad = false;

    for (int i = 0; i < argc; i++) {
        const char *value = option_value(argc, argv, &i, "--control", &bad);

        if (value)
            control = value;
        else if (bad)
            return 2;
        else if (argv[i][0] == '-' || device)
            return misuse("'%s' is one word too many for unshare", argv[i]);
        else
            device = argv[i];
    }
    if (!device || strchr(device, '\n') || strlen(device) > 800)
        return misuse("unshare wants a device");
    snprintf(line, sizeof(line), "unshare %s", device);
    return control_ask(control, line);
}

/* A command that takes nothing but the socket. */
static int ask_plainly(int argc, char **argv, const char *command)
{
    const char *control = NULL;
    bool bad = false;

    for (int i = 0; i < argc; i++) {
        const char *value = option_value(argc, argv, &i, "--control", &bad);

        if (!value)
            return bad ? 2 : misuse("'%s' is not an option of %s", argv[i], command);
        control = value;
    }
    return control_ask(control, command);
}

int cmd_status(int argc, char **argv)
{
    return ask_plainly(argc, argv, "status");
}

int cmd_tree(int argc, char **argv)
{
    return ask_plainly(argc, argv, "tree");
}
