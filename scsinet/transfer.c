/* SPDX-License-Identifier: MIT */
/* A device changes hands: from its own driver to scsiserver and a connection, and back. */
#include "server.h"
#include "ntio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DISPLACED_KEY                                                                              \
    "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\scsiserver\\Displaced"
#define OK(status)    ((int32_t)(status) >= 0)
#define RETRY_SECONDS 1

struct service_query {
    const char *instance;
    char *service;
};

static bool find_service(const ntio_device *device, void *context)
{
    struct service_query *query = context;

    if (strcasecmp(device->instance, query->instance) != 0)
        return true;
    query->service = strdup(device->service);
    return false;
}

/* An offer that can't be kept now, or is not wanted any more; lock held. */
static void settle(struct server *server, struct share *share)
{
    share->state = share->wanted ? SHARE_OFFERED : SHARE_LOCAL;
    pthread_cond_broadcast(&server->changed);
}

/* Opens scsiserver's interface on the device and binds it to the port. */
static HANDLE open_device(struct server *server, struct share *share)
{
    char **paths = NULL;
    HANDLE handle = INVALID_HANDLE_VALUE;

    if (!OK(ntio_get_interfaces(SCSISERVER_INTERFACE_TEXT, share->instance, &paths)))
        return INVALID_HANDLE_VALUE;
    if (paths && paths[0])
        handle = open_interface(paths[0]);
    ntio_free_list(paths);
    if (handle == INVALID_HANDLE_VALUE)
        return handle;
    if (!CreateIoCompletionPort(handle, server->port, (ULONG_PTR)share, 0) ||
        !SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
        CloseHandle(handle);
        return INVALID_HANDLE_VALUE;
    }
    return handle;
}

/* What goes out as a PLUGIN; freed when it is sent. */
struct plug_frame {
    struct stream_frame frame;
    uint8_t data[];
};

static void plug_frame_sent(struct stream_frame *frame)
{
    free(frame);
}

static struct plug_frame *describe_device(struct share *share, HANDLE handle)
{
    size_t room = sizeof(REQUEST_HEADER) + SCSINET_MAXIMUM_PNP_LENGTH;
    struct plug_frame *plug = malloc(sizeof(*plug) + room);
    REQUEST_HEADER header;
    size_t length = 0;

    if (!plug)
        return NULL;
    if (control_and_wait(handle, IOCTL_GET_PNP_INFO, NULL, 0, plug->data, room, &length) != 0 ||
        length < sizeof(header)) {
        free(plug);
        return NULL;
    }
    memcpy(&header, plug->data, sizeof(header));
    share->maximum_transfer = header.InputBufferLength;
    plug->frame.data = plug->data;
    plug->frame.length = length;
    plug->frame.sent = plug_frame_sent;
    return plug;
}

static void mark_frame(struct plug_frame *plug, uint32_t id)
{
    REQUEST_HEADER header;

    memcpy(&header, plug->data, sizeof(header));
    header.Id = id;
    header.Op = OP_PLUGIN;
    memcpy(header.Irp, "scsinet1", sizeof(header.Irp));
    header.Information = SERVER_REQUESTS_IN_FLIGHT;
    memcpy(plug->data, &header, sizeof(header));
}

int share_take(struct server *server, struct share *share, struct connection *connection,
               char *error, size_t size)
{
    struct service_query query = {.instance = share->instance};
    struct plug_frame *plug = NULL;
    HANDLE handle;
    char veto[200] = "";
    int32_t status;

    /* What is displaced is on record before the swap. */
    ntio_enumerate_devices(find_service, &query);
    free(share->displaced);
    share->displaced = query.service;
    if (!share->displaced) {
        snprintf(error, size, "'%s' is not there any more", share->name);
        goto failed;
    }
    ntio_registry_set_string(DISPLACED_KEY, share->instance, share->displaced);

    status = ntio_set_function_driver(share->instance, SCSISERVER_SERVICE_NAME, veto, sizeof(veto));
    if (!OK(status)) {
        if (veto[0])
            snprintf(error, size, "'%s' is in use and cannot be shared now (%s)", share->name,
                     veto);
        else
            snprintf(error, size,
                     "'%s' cannot be shared: its driver could not be changed (status %08X)",
                     share->name, (unsigned)status);
        goto failed;
    }
    handle = open_device(server, share);
    if (handle != INVALID_HANDLE_VALUE)
        plug = describe_device(share, handle);
    if (!plug) {
        snprintf(error, size, "'%s' cannot be shared: scsiserver does not answer for it",
                 share->name);
        if (handle != INVALID_HANDLE_VALUE)
            CloseHandle(handle);
        ntio_set_function_driver(share->instance, share->displaced[0] ? share->displaced : NULL,
                                 NULL, 0);
        goto failed;
    }

    pthread_mutex_lock(&server->lock);
    share->handle = handle;
    share->problem[0] = '\0';
    share->requests = share->bytes = 0;
    if (connection->ended || share->recalled) {
        bool ended = connection->ended;

        share->state = SHARE_RETURNING;
        pthread_mutex_unlock(&server->lock);
        free(plug);
        share_give_back(server, share);
        snprintf(error, size,
                 ended ? "the connection ended before '%s' was there"
                       : "'%s' was unshared meanwhile",
                 share->name);
        return -1;
    }
    share->id = connection->next_id++;
    share->owner = connection;
    share->state = SHARE_ACTIVE;
    mark_frame(plug, share->id);
    stream_queue(&connection->stream,
                 &plug->frame); /* under the lock: before any answer for this id */
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    stream_flush(&connection->stream);
    server_log(server, "%s: given to %s", share->name, connection->stream.peer);
    return 0;

failed:
    pthread_mutex_lock(&server->lock);
    snprintf(share->problem, sizeof(share->problem), "%.199s", error);
    clock_gettime(CLOCK_MONOTONIC, &share->retry_at);
    share->retry_at.tv_sec += RETRY_SECONDS;
    settle(server, share);
    pthread_mutex_unlock(&server->lock);
    return -1;
}

void share_give_back(struct server *server, struct share *share)
{
    struct connection *connection;
    struct request *request;
    char veto[200] = "";
    int32_t status;

    /* RETURNING: no new request starts. Those that the driver has are cancelled; their answers go
     * out before the PLUGOUT. */
    CancelIoEx(share->handle, NULL);
    pthread_mutex_lock(&server->lock);
    while (share->executing > 0)
        pthread_cond_wait(&server->changed, &server->lock);
    connection = share->owner;
    share->owner = NULL;
    pthread_cond_broadcast(&server->changed);
    while ((request = share->free)) {
        share->free = request->next_free;
        request_free(request);
    }
    share->allocated = 0; /* answers that are still going out free their own memory */
    if (connection)
        connection_reference(connection);
    pthread_mutex_unlock(&server->lock);

    if (connection)
        connection_send_header(connection, share->id, OP_PLUGOUT);
    CloseHandle(share->handle);
    share->handle = INVALID_HANDLE_VALUE;
    status = ntio_set_function_driver(
        share->instance, share->displaced[0] ? share->displaced : NULL, veto, sizeof(veto));
    if (!OK(status))
        server_log(server, "%s: its own driver '%s' could not be put back (status %08X%s%s)",
                   share->name, share->displaced, (unsigned)status, veto[0] ? ", " : "", veto);
    else
        server_log(server, "%s: back with its own driver", share->name);

    pthread_mutex_lock(&server->lock);
    settle(server, share);
    pthread_mutex_unlock(&server->lock);
    if (connection)
        connection_dereference(connection);
}
