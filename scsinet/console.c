/* SPDX-License-Identifier: MIT */
/* scsinet console server, scsinet console client: the interactive programs. */
#include "cli.h"
#include "client.h"
#include "host.h"
#include "server.h"
#include "ntio.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAXIMUM_IMAGES 64
#define WORD_SIZE      512

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

/*
 * The next word from standard input, as the commands are words that may stand on one line or
 * several. false at its end, or when a signal asks to stop. A prompt is shown where somebody is
 * there to read it.
 */
static bool next_word(int stop, const char *prompt, char word[WORD_SIZE])
{
    static char buffer[4096];
    static size_t begin, end;
    size_t length = 0;

    for (;;) {
        struct pollfd wait[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                 {.fd = stop, .events = POLLIN}};
        ssize_t got;

        while (begin < end) {
            char c = buffer[begin++];

            if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                if (length == 0)
                    continue;
                word[length] = '\0';
                return true;
            }
            if (length + 1 < WORD_SIZE)
                word[length++] = c;
        }
        if (length == 0) {
            printf("%s", prompt);
            fflush(stdout);
        }
        if (poll(wait, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        if (wait[1].revents)
            return false;
        got = read(STDIN_FILENO, buffer, sizeof(buffer));
        if (got <= 0) {
            word[length] = '\0';
            return length > 0;
        }
        begin = 0;
        end = (size_t)got;
    }
}

/* ---- server ---- */

struct console_server {
    struct server *server;
    int listener;
    int stop;
};

/* Waits for one client. */
static void do_accept(struct console_server *console)
{
    struct pollfd wait[2] = {{.fd = console->listener, .events = POLLIN},
                             {.fd = console->stop, .events = POLLIN}};
    char error[200];
    int fd = -1;

    if (server_is_connected(console->server)) {
        say("already connected; use Disconnect first");
        return;
    }
    say("waiting for a client");
    while (poll(wait, 2, -1) < 0 && errno == EINTR)
        ;
    if (!wait[1].revents)
        fd = accept4(console->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        say("no client came");
        return;
    }
    net_tune(fd);
    if (server_add_connection(console->server, fd, error, sizeof(error)) != 0) {
        close(fd);
        say(error);
        return;
    }
    say("Connected");
}

static void server_loop(struct console_server *console)
{
    char word[WORD_SIZE];
    char error[400];

    while (next_word(console->stop, "server> ", word)) {
        if (strcmp(word, "Connect") == 0) {
            do_accept(console);
        } else if (strcmp(word, "Disconnect") == 0) {
            if (server_is_connected(console->server)) {
                server_disconnect(console->server);
                say("Disconnected");
            } else {
                say("not connected");
            }
        } else if (strcmp(word, "List") == 0) {
            host_list_devices(stdout);
            fflush(stdout);
        } else if (strcmp(word, "Share") == 0 || strcmp(word, "Unshare") == 0) {
            bool share = word[0] == 'S';

            if (!next_word(console->stop, "hardware id> ", word))
                break;
            if (share && !server_is_connected(console->server))
                say("not connected; use Connect first");
            else if ((share ? server_share_now(console->server, word, error, sizeof(error))
                            : server_unshare(console->server, word, error, sizeof(error))) != 0)
                say(error);
            else
                say(share ? "Shared" : "Unshared");
        } else if (strcmp(word, "Tree") == 0) {
            ntio_print_device_tree(stdout);
            fflush(stdout);
        } else if (strcmp(word, "Exit") == 0) {
            break;
        } else {
            say("unknown command; there are Connect, Disconnect, List, Share ID, Unshare ID, Tree, "
                "Exit");
        }
    }
}

static int console_server(int argc, char **argv)
{
    struct console_server console = {.listener = -1};
    const char *listen_text = DEFAULT_ADDRESS;
    const char *images[MAXIMUM_IMAGES];
    struct net_address address;
    char bound[NET_ADDRESS_TEXT];
    unsigned image_count = 0;
    bool insecure = false;
    bool bad = false;
    char instance[256];
    char error[400];
    int result = 1;

    for (int i = 0; i < argc; i++) {
        const char *value;

        if ((value = option_value(argc, argv, &i, "--listen", &bad)))
            listen_text = value;
        else if (!bad && (value = option_value(argc, argv, &i, "--image", &bad))) {
            if (image_count == MAXIMUM_IMAGES)
                return misuse("more than %d images", MAXIMUM_IMAGES);
            images[image_count++] = value;
        } else if (!bad && strcmp(argv[i], "--insecure") == 0)
            insecure = true;
        else
            return bad ? 2 : misuse("'%s' is not an option of console server", argv[i]);
    }
    if (net_parse(listen_text, &address, error, sizeof(error)) != 0)
        return misuse("%s", error);
    if (!insecure && !net_is_loopback(&address))
        return fail("'%s' is not a loopback address and the connection is not encrypted; say "
                    "--insecure if that is what you want",
                    listen_text);
    console.stop = stop_descriptor();
    if (console.stop < 0)
        return fail("cannot watch for signals: %s", strerror(errno));
    console.listener = net_listen(&address, bound, error, sizeof(error));
    if (console.listener < 0)
        return fail("%s", error);
    if (host_boot("scsinet console", error, sizeof(error)) != 0) {
        close(console.listener);
        return fail("%s", error);
    }
    if (host_add_adapter(error, sizeof(error)) != 0)
        goto failed;
    for (unsigned i = 0; i < image_count; i++)
        if (host_add_image(images[i], instance, sizeof(instance), error, sizeof(error)) != 0)
            goto failed;
    console.server = server_create(log_line, error, sizeof(error));
    if (!console.server)
        goto failed;
    printf("listening on %s\n", bound);
    server_loop(&console);
    server_destroy(console.server);
    result = 0;
    goto done;

failed:
    fail("%s", error);
done:
    close(console.listener);
    close(console.stop);
    if (host_shutdown() != 0)
        result = 1;
    return result;
}

/* ---- client ---- */

struct console_client {
    struct client *client;
    atomic_bool ended;
};

static void client_changed(void *context)
{
    (void)context;
}

static void client_ended(const char *reason, void *context)
{
    struct console_client *console = context;

    /* Whoever has read the line may use Connect. */
    atomic_store(&console->ended, true);
    if (strcmp(reason, "disconnected") != 0)
        fprintf(stderr, "scsinet: %s\n", reason);
}

static void client_log_line(const char *line, void *context)
{
    (void)context;
    log_line(line);
}

static void drop_client(struct console_client *console)
{
    client_disconnect(console->client);
    console->client = NULL;
    atomic_store(&console->ended, false);
    ntio_pnp_settle();
}

static void client_loop(struct console_client *console, const struct net_address *address, int stop)
{
    struct client_events events = {client_changed, client_ended, client_log_line, console};
    char word[WORD_SIZE];
    char error[300];

    while (next_word(stop, "client> ", word)) {
        if (console->client && atomic_load(&console->ended))
            drop_client(console);
        if (strcmp(word, "Connect") == 0) {
            if (console->client) {
                say("already connected; use Disconnect first");
                continue;
            }
            console->client = client_connect(address, stop, &events, error, sizeof(error));
            say(console->client ? "Connected" : error);
        } else if (strcmp(word, "Disconnect") == 0) {
            if (console->client) {
                drop_client(console);
                say("Disconnected");
            } else {
                say("not connected");
            }
        } else if (strcmp(word, "List") == 0) {
            host_list_devices(stdout);
            fflush(stdout);
        } else if (strcmp(word, "Tree") == 0) {
            ntio_print_device_tree(stdout);
            fflush(stdout);
        } else if (strcmp(word, "Exit") == 0) {
            break;
        } else {
            say("unknown command; there are Connect, Disconnect, List, Tree, Exit");
        }
    }
    if (console->client)
        drop_client(console);
}

static int console_client(int argc, char **argv)
{
    struct console_client console = {0};
    const char *server = DEFAULT_ADDRESS;
    struct net_address address;
    bool bad = false;
    char error[300];
    int result = 0;
    int stop;

    for (int i = 0; i < argc; i++) {
        const char *value = option_value(argc, argv, &i, "--server", &bad);

        if (!value)
            return bad ? 2 : misuse("'%s' is not an option of console client", argv[i]);
        server = value;
    }
    if (net_parse(server, &address, error, sizeof(error)) != 0)
        return misuse("%s", error);
    stop = stop_descriptor();
    if (stop < 0)
        return fail("cannot watch for signals: %s", strerror(errno));
    if (host_boot("scsinet console", error, sizeof(error)) != 0)
        return fail("%s", error);
    if (host_add_bus(error, sizeof(error)) != 0)
        result = fail("%s", error);
    else
        client_loop(&console, &address, stop);
    close(stop);
    if (host_shutdown() != 0)
        result = 1;
    return result;
}

int cmd_console(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "server") == 0)
        return console_server(argc - 1, argv + 1);
    if (argc > 0 && strcmp(argv[0], "client") == 0)
        return console_client(argc - 1, argv + 1);
    return misuse("console wants 'server' or 'client'");
}
