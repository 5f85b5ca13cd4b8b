/* SPDX-License-Identifier: MIT */
#include "server.h"
#include "ntio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

void server_log(struct server *server, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    server->log(line);
}

const char *share_state_name(enum share_state state)
{
    static const char *const names[] = {"local", "offered", "taking", "active", "returning"};

    return names[state];
}

/* ---- shares ---- */

struct share *share_find(struct server *server, const char *id, unsigned prefer)
{
    struct share *found = NULL;

    for (struct share *share = server->shares; share; share = share->next) {
        if (strcasecmp(id, share->instance) == 0)
            return share;
        if ((strcasecmp(id, share->hardware_id) == 0 || strcmp(id, share->name) == 0) &&
            (!found || (prefer & 1u << share->state)) && !(found && (prefer & 1u << found->state)))
            found = share;
    }
    return found;
}

struct device_query {
    struct server *server; /* to pass over devices that it knows already */
    const char *id;
    char *instance, *hardware_id, *description;
    bool storage;
};

static bool is_storage(const ntio_device *device)
{
    for (const char *const *id = device->compatible_ids; id && *id; id++)
        if (strcasecmp(*id, "SCSI\\CdRom") == 0 || strcasecmp(*id, "SCSI\\Disk") == 0 ||
            strcasecmp(*id, "GenCdRom") == 0 || strcasecmp(*id, "GenDisk") == 0)
            return true;
    for (const char *const *id = device->hardware_ids; id && *id; id++)
        if (strcasecmp(*id, "GenCdRom") == 0 || strcasecmp(*id, "GenDisk") == 0)
            return true;
    return false;
}

static bool known(struct server *server, const char *instance)
{
    for (struct share *share = server->shares; share; share = share->next)
        if (strcasecmp(share->instance, instance) == 0)
            return true;
    return false;
}

static bool match_device(const ntio_device *device, void *context)
{
    struct device_query *query = context;
    bool match = strcasecmp(device->instance, query->id) == 0;

    for (const char *const *id = device->hardware_ids; id && *id && !match; id++)
        match = strcasecmp(*id, query->id) == 0;
    if (!match || !is_storage(device) || known(query->server, device->instance))
        return true;
    query->instance = strdup(device->instance);
    query->hardware_id =
        strdup(device->hardware_ids[0] ? device->hardware_ids[0] : device->instance);
    query->description = strdup(device->description);
    return false;
}

/* Finds the share, or makes one for a device of the system; lock held. */
static struct share *share_make(struct server *server, const char *id, const char *name,
                                char *error, size_t size)
{
    struct device_query query = {.server = server, .id = id};
    struct share *share;

    ntio_enumerate_devices(match_device, &query);
    if (!query.instance) {
        snprintf(error, size, "there is no device '%s'; see the list for hardware ids", id);
        return NULL;
    }
    share = calloc(1, sizeof(*share));
    if (!share || !query.hardware_id || !query.description) {
        free(share);
        free(query.instance);
        free(query.hardware_id);
        free(query.description);
        snprintf(error, size, "out of memory");
        return NULL;
    }
    share->instance = query.instance;
    share->hardware_id = query.hardware_id;
    share->name = name ? strdup(name) : query.description;
    if (name)
        free(query.description);
    share->handle = INVALID_HANDLE_VALUE;
    share->next = NULL;
    struct share **end = &server->shares;
    while (*end)
        end = &(*end)->next;
    *end = share;
    return share;
}

static void share_free(struct share *share)
{
    struct request *request;

    while ((request = share->free)) {
        share->free = request->next_free;
        request_free(request);
    }
    free(share->instance);
    free(share->hardware_id);
    free(share->name);
    free(share->displaced);
    free(share);
}

int server_offer(struct server *server, const char *id, const char *name, char *error, size_t size)
{
    struct share *share;
    int result = -1;

    pthread_mutex_lock(&server->lock);
    share = share_find(server, id, 1u << SHARE_LOCAL);
    if (!share || share->state != SHARE_LOCAL) {
        struct share *another = share_make(server, id, name, error, size);

        if (!another && share)
            snprintf(error, size, "'%s' is shared already", id);
        share = another;
    }
    if (share) {
        share->wanted = true;
        share->recalled = false;
        share->state = SHARE_OFFERED;
        pthread_cond_broadcast(&server->changed);
        result = 0;
    }
    pthread_mutex_unlock(&server->lock);
    return result;
}

int server_share_now(struct server *server, const char *id, char *error, size_t size)
{
    struct connection *connection;
    struct share *share;
    int result = -1;

    pthread_mutex_lock(&server->lock);
    connection = server->connections;
    while (connection && connection->ended)
        connection = connection->next;
    if (!connection) {
        snprintf(error, size, "not connected; use Connect first");
        goto unlock;
    }
    share = share_find(server, id, 1u << SHARE_LOCAL);
    if (!share || share->state != SHARE_LOCAL) {
        struct share *another = share_make(server, id, NULL, error, size);

        if (!another) {
            if (share)
                snprintf(error, size, "'%s' is shared already", id);
            goto unlock;
        }
        share = another;
    }
    share->state = SHARE_TAKING;
    share->wanted = false;
    share->recalled = false;
    connection_reference(connection);
    pthread_mutex_unlock(&server->lock);
    result = share_take(server, share, connection, error, size);
    connection_dereference(connection);
    return result;

unlock:
    pthread_mutex_unlock(&server->lock);
    return result;
}

int server_unshare(struct server *server, const char *id, char *error, size_t size)
{
    unsigned shared =
        1u << SHARE_ACTIVE | 1u << SHARE_OFFERED | 1u << SHARE_TAKING | 1u << SHARE_RETURNING;
    struct share *share;

    pthread_mutex_lock(&server->lock);
    share = share_find(server, id, shared);
    if (!share || share->state == SHARE_LOCAL) {
        snprintf(error, size, share ? "'%s' is not shared" : "there is no shared device '%s'", id);
        pthread_mutex_unlock(&server->lock);
        return -1;
    }
    share->wanted = false;
    share->recalled = true;
    if (share->state == SHARE_OFFERED) {
        share->state = SHARE_LOCAL;
    } else if (share->state == SHARE_ACTIVE) {
        share->state = SHARE_RETURNING;
        pthread_mutex_unlock(&server->lock);
        share_give_back(server, share);
        pthread_mutex_lock(&server->lock);
    }
    /* TAKING, RETURNING: whoever is at it sees that it is not wanted any more. */
    while (share->state != SHARE_LOCAL)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return 0;
}

void server_status(struct server *server, server_status_line *each, void *context)
{
    pthread_mutex_lock(&server->lock);
    for (struct share *share = server->shares; share; share = share->next)
        each(share, share_state_name(share->state), share->owner ? share->owner->stream.peer : "",
             context);
    pthread_mutex_unlock(&server->lock);
}

/* ---- connections ---- */

int server_add_connection(struct server *server, int socket, char *error, size_t size)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    struct connection **end;

    connection_reap(server);
    if (!connection || stream_init(&connection->stream, socket) != 0) {
        free(connection);
        snprintf(error, size, "out of memory");
        return -1;
    }
    connection->server = server;
    connection->references = 1; /* its thread's */
    connection->next_id = 1;

    pthread_mutex_lock(&server->lock);
    connection->number = ++server->next_number;
    for (end = &server->connections; *end; end = &(*end)->next)
        ;
    *end = connection;
    server->connection_count++;
    if (pthread_create(&connection->thread, NULL, connection_thread, connection) != 0) {
        *end = NULL;
        server->connection_count--;
        pthread_mutex_unlock(&server->lock);
        snprintf(error, size, "cannot make a thread for the connection");
        connection->stream.socket = dup(socket); /* the caller closes his */
        stream_destroy(&connection->stream);
        free(connection);
        return -1;
    }
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return 0;
}

bool server_is_connected(struct server *server)
{
    bool connected = false;

    pthread_mutex_lock(&server->lock);
    for (struct connection *connection = server->connections; connection;
         connection = connection->next)
        connected = connected || !connection->ended;
    pthread_mutex_unlock(&server->lock);
    return connected;
}

void server_disconnect(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct share *share = server->shares; share; share = share->next)
        share->wanted = share->wanted && server->accepting;
    for (struct connection *connection = server->connections; connection;
         connection = connection->next)
        stream_shutdown(&connection->stream);
    while (server->connection_count > 0)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    connection_reap(server);
}

static void *accept_thread(void *context)
{
    struct server *server = context;
    struct pollfd wait[2] = {{.fd = server->listener, .events = POLLIN},
                             {.fd = server->stop_pipe[0], .events = POLLIN}};
    char error[200];

    for (;;) {
        int fd;

        if (poll(wait, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        if (wait[1].revents)
            break;
        fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                server_log(server, "cannot accept a connection: %s", strerror(errno));
                poll(&wait[1], 1, 200); /* until something is closed; the stop pipe ends it */
            }
            continue;
        }
        net_tune(fd);
        if (server_add_connection(server, fd, error, sizeof(error)) != 0) {
            server_log(server, "cannot take a connection: %s", error);
            close(fd);
        }
    }
    return NULL;
}

static bool before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/*
 * The share that can go to a connection now, and that connection; lock held. *next: when to look
 * again although nothing changed, where a share waits for its next try (retry is set then).
 */
static struct share *next_transfer(struct server *server, struct connection **to,
                                   struct timespec *next, bool *retry)
{
    struct timespec now;

    *retry = false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (struct share *share = server->shares; share; share = share->next) {
        struct connection *connection = server->connections;

        while (connection && (connection->ended || connection_declines(connection, share)))
            connection = connection->next;
        if (share->state != SHARE_OFFERED || !connection)
            continue;
        if (!before(&now, &share->retry_at)) {
            *to = connection;
            return share;
        }
        if (!*retry || before(&share->retry_at, next))
            *next = share->retry_at;
        *retry = true;
    }
    return NULL;
}

/* Hands offered devices to connections. */
static void *manager_thread(void *context)
{
    struct server *server = context;

    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        struct connection *connection = NULL;
        struct timespec next = {0};
        bool retry;
        struct share *share = next_transfer(server, &connection, &next, &retry);
        char earlier[sizeof(share->problem)];
        char error[300];

        if (!share) {
            if (retry)
                pthread_cond_timedwait(&server->changed, &server->lock, &next);
            else
                pthread_cond_wait(&server->changed, &server->lock);
            continue;
        }
        share->state = SHARE_TAKING;
        memcpy(earlier, share->problem, sizeof(earlier));
        connection_reference(connection);
        pthread_mutex_unlock(&server->lock);
        if (share_take(server, share, connection, error, sizeof(error)) != 0 &&
            strncmp(error, earlier, sizeof(earlier) - 1) != 0)
            server_log(server, "%s", error); /* once, however often it is tried */
        connection_dereference(connection);
        pthread_mutex_lock(&server->lock);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

int server_start_accepting(struct server *server, int listener, char *error, size_t size)
{
    server->listener = listener;
    if (pthread_create(&server->accept_thread, NULL, accept_thread, server) == 0)
        server->accepting = true;
    if (server->accepting &&
        pthread_create(&server->manager_thread, NULL, manager_thread, server) == 0)
        server->managing = true;
    if (server->managing)
        return 0;
    snprintf(error, size, "cannot make a thread");
    return -1;
}

/* ---- the server itself ---- */

struct server *server_create(void (*log)(const char *line), char *error, size_t size)
{
    struct server *server = calloc(1, sizeof(*server));
    pthread_condattr_t clock;

    if (!server) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    server->log = log;
    server->listener = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &clock);
    pthread_condattr_destroy(&clock);
    if (pipe2(server->stop_pipe, O_CLOEXEC) != 0) {
        snprintf(error, size, "cannot make a pipe: %s", strerror(errno));
        goto free_server;
    }
    server->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    if (!server->port) {
        snprintf(error, size, "cannot make a completion port");
        goto close_pipe;
    }
    if (pthread_create(&server->completion_thread, NULL, completion_thread, server) != 0) {
        snprintf(error, size, "cannot make a thread");
        goto close_port;
    }
    return server;

close_port:
    CloseHandle(server->port);
close_pipe:
    close(server->stop_pipe[0]);
    close(server->stop_pipe[1]);
free_server:
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
    return NULL;
}

void server_destroy(struct server *server)
{
    struct share *share;

    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    if (write(server->stop_pipe[1], "", 1) != 1)
        abort(); /* an empty pipe takes a byte */
    if (server->accepting)
        pthread_join(server->accept_thread, NULL);
    if (server->managing)
        pthread_join(server->manager_thread, NULL);
    server->accepting = false;
    server_disconnect(server);

    PostQueuedCompletionStatus(server->port, 0, 0, NULL);
    pthread_join(server->completion_thread, NULL);
    CloseHandle(server->port);
    while ((share = server->shares)) {
        server->shares = share->next;
        share_free(share);
    }
    if (server->listener >= 0)
        close(server->listener);
    close(server->stop_pipe[0]);
    close(server->stop_pipe[1]);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
