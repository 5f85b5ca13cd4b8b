/* SPDX-License-Identifier: MIT */
#include "clientp.h"
#include "ntio.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void client_log(struct client *client, const char *format, ...)
{
    char line[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    client->events.log(line, client->events.context);
}

/* ---- devices ---- */

/* Drops a reference; lock held. The last one frees the device: the caller does that without the
 * lock. */
static bool device_put(struct client_device *device)
{
    return --device->references == 0;
}

static void device_free(struct client_device *device)
{
    struct client *client = device->client;

    if (device->bus != INVALID_HANDLE_VALUE)
        CloseHandle(device->bus);
    free(device);
    pthread_mutex_lock(&client->lock);
    client->live_devices--;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

void client_retire(struct client_request *request)
{
    struct client_device *device = request->device;
    struct client *client = device->client;
    bool last;

    pthread_mutex_lock(&client->lock);
    for (struct client_request **at = &device->requests; *at; at = &(*at)->next) {
        if (*at == request) {
            *at = request->next;
            break;
        }
    }
    last = device_put(device);
    pthread_mutex_unlock(&client->lock);
    free(request->buffer);
    free(request);
    if (last)
        device_free(device);
}

void client_fetch(struct client_request *request)
{
    struct client_device *device = request->device;
    DWORD error;

    pthread_mutex_lock(&device->client->lock);
    request->state = REQUEST_FETCHING;
    pthread_mutex_unlock(&device->client->lock);
    memset(&request->overlapped, 0, sizeof(request->overlapped));
    if (DeviceIoControl(device->bus, IOCTL_FETCH_REQUEST, NULL, 0, request->buffer,
                        (DWORD)request->capacity, NULL, &request->overlapped))
        return; /* a packet comes all the same */
    error = GetLastError();
    if (error != ERROR_IO_PENDING)
        client_retire(request);
}

/* One of two conditions for the next fetch is met: sent, or answered. */
void client_step(struct client_request *request)
{
    if (atomic_fetch_sub(&request->outstanding, 1) == 1)
        client_fetch(request);
}

static void request_sent(struct stream_frame *frame)
{
    client_step(CONTAINING_RECORD(frame, struct client_request, frame));
}

static bool add_request(struct client_device *device, size_t capacity)
{
    struct client *client = device->client;
    struct client_request *request = calloc(1, sizeof(*request));

    if (!request)
        return false;
    request->buffer = malloc(capacity);
    if (!request->buffer) {
        free(request);
        return false;
    }
    request->capacity = capacity;
    request->device = device;
    request->frame.sent = request_sent;
    pthread_mutex_lock(&client->lock);
    request->next = device->requests;
    device->requests = request;
    device->references++;
    pthread_mutex_unlock(&client->lock);
    client_fetch(request);
    return true;
}

static HANDLE open_bus(struct client *client)
{
    char **paths = NULL;
    HANDLE bus = INVALID_HANDLE_VALUE;

    if (ntio_get_interfaces(SCSICLIENT_INTERFACE_TEXT, NULL, &paths) < 0)
        return bus;
    if (paths && paths[0])
        bus = open_interface(paths[0]);
    ntio_free_list(paths);
    if (bus != INVALID_HANDLE_VALUE &&
        !CreateIoCompletionPort(bus, client->port, (ULONG_PTR)client, 0)) {
        CloseHandle(bus);
        bus = INVALID_HANDLE_VALUE;
    }
    return bus;
}

bool client_plug_in(struct client *client, const REQUEST_HEADER *plugin)
{
    struct client_device *device = calloc(1, sizeof(*device));
    unsigned in_flight = 1;
    DWORD error;

    if (!device)
        return false;
    device->client = client;
    device->id = plugin->Id;
    device->references = 1; /* the list's */
    device->bus = open_bus(client);
    if (device->bus == INVALID_HANDLE_VALUE) {
        client_log(client, "a device cannot be plugged in: the driver scsiclient does not answer");
        free(device);
        return false;
    }
    error =
        control_and_wait(device->bus, IOCTL_PLUGIN_DEVICE, plugin, plugin->Length, NULL, 0, NULL);
    if (error) {
        client_log(client, "a device cannot be plugged in (error %u)", (unsigned)error);
        CloseHandle(device->bus);
        free(device);
        return false;
    }
    if (memcmp(plugin->Irp, "scsinet1", sizeof(plugin->Irp)) == 0 && plugin->Information > 0)
        in_flight = plugin->Information < CLIENT_REQUESTS ? plugin->Information : CLIENT_REQUESTS;

    pthread_mutex_lock(&client->lock);
    device->next = client->devices;
    client->devices = device;
    client->live_devices++;
    pthread_mutex_unlock(&client->lock);
    for (unsigned i = 0; i < in_flight; i++)
        if (!add_request(device, CLIENT_FETCH_BUFFER))
            break;
    client->events.changed(client->events.context);
    return true;
}

struct client_device *client_find(struct client *client, uint32_t id)
{
    struct client_device *device;

    pthread_mutex_lock(&client->lock);
    for (device = client->devices; device && device->id != id; device = device->next)
        ;
    pthread_mutex_unlock(&client->lock);
    return device; /* only the receive thread, which asks, takes devices out */
}

void client_plug_out(struct client_device *device)
{
    struct client *client = device->client;
    struct client_request *abandoned = NULL;
    bool last;

    /* Ends what waits in the driver; the fetches come back with an error and are retired by the
     * fetch thread. */
    control_and_wait(device->bus, IOCTL_PLUGOUT_DEVICE, NULL, 0, NULL, 0, NULL);

    pthread_mutex_lock(&client->lock);
    for (struct client_device **at = &client->devices; *at; at = &(*at)->next) {
        if (*at == device) {
            *at = device->next;
            break;
        }
    }
    /* No answer comes for these any more: that half of what they wait for is over. */
    for (struct client_request *request = device->requests; request; request = request->next) {
        if (request->state == REQUEST_UNDER_WAY) {
            request->state = REQUEST_ANSWERED;
            request->next_abandoned = abandoned;
            abandoned = request;
        }
    }
    device->gone = true;
    pthread_mutex_unlock(&client->lock);
    while (abandoned) {
        struct client_request *next = abandoned->next_abandoned;

        client_step(abandoned); /* fetches, is refused, and is retired */
        abandoned = next;
    }
    pthread_mutex_lock(&client->lock);
    last = device_put(device);
    pthread_mutex_unlock(&client->lock);
    if (last)
        device_free(device);
    client->events.changed(client->events.context);
}

/* ---- fetched requests go out ---- */

/* Returns true where the request is queued and wants a flush. */
static bool send_fetched(struct client *client, struct client_request *request, bool fetched)
{
    struct client_device *device = request->device;
    REQUEST_HEADER header;

    if (!fetched) {
        if (GetLastError() == ERROR_INSUFFICIENT_BUFFER &&
            request->capacity < SCSINET_MAXIMUM_FRAME) {
            size_t capacity = request->capacity * 4 < SCSINET_MAXIMUM_FRAME ? request->capacity * 4
                                                                            : SCSINET_MAXIMUM_FRAME;
            uint8_t *buffer = malloc(capacity);

            if (buffer) {
                free(request->buffer);
                request->buffer = buffer;
                request->capacity = capacity;
                client_fetch(request);
                return false;
            }
        }
        client_retire(request);
        return false;
    }
    memcpy(&header, request->buffer, sizeof(header));
    header.Id = device->id;
    memcpy(request->buffer, &header, sizeof(header));
    request->frame.data = request->buffer;
    request->frame.length = header.Length;

    pthread_mutex_lock(&client->lock);
    if (device->gone) {
        pthread_mutex_unlock(&client->lock);
        client_retire(request);
        return false;
    }
    memcpy(request->mark, header.Irp, sizeof(request->mark));
    atomic_store(&request->outstanding, 2);
    request->state = REQUEST_UNDER_WAY;
    stream_queue(&client->stream, &request->frame);
    pthread_mutex_unlock(&client->lock);
    return true;
}

static void *fetch_thread(void *context)
{
    struct client *client = context;
    bool dirty = false;

    for (;;) {
        OVERLAPPED *overlapped = NULL;
        ULONG_PTR key = 0;
        DWORD bytes = 0;
        BOOL fetched = GetQueuedCompletionStatus(client->port, &bytes, &key, &overlapped,
                                                 dirty ? 0 : INFINITE);

        if (!overlapped) {
            if (dirty)
                stream_flush(&client->stream);
            if (!fetched && dirty) {
                dirty = false;
                continue; /* nothing more at the moment */
            }
            break;
        }
        if (send_fetched(client, CONTAINING_RECORD(overlapped, struct client_request, overlapped),
                         fetched))
            dirty = true;
    }
    return NULL;
}

/* ---- the connection ---- */

struct client *client_connect(const struct net_address *address, int cancel_fd,
                              const struct client_events *events, char *error, size_t size)
{
    struct client *client = calloc(1, sizeof(*client));
    int socket;

    if (!client) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    client->events = *events;
    socket = net_connect(address, cancel_fd, error, size);
    if (socket < 0)
        goto free_client;
    if (stream_init(&client->stream, socket) != 0) {
        snprintf(error, size, "out of memory");
        close_socket(socket);
        goto free_client;
    }
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->changed, NULL);
    client->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    if (!client->port) {
        snprintf(error, size, "cannot make a completion port");
        goto destroy_stream;
    }
    if (pthread_create(&client->fetch_thread, NULL, fetch_thread, client) != 0) {
        snprintf(error, size, "cannot make a thread");
        goto close_port;
    }
    if (pthread_create(&client->receive_thread, NULL, client_receive_thread, client) != 0) {
        snprintf(error, size, "cannot make a thread");
        PostQueuedCompletionStatus(client->port, 0, 0, NULL);
        pthread_join(client->fetch_thread, NULL);
        goto close_port;
    }
    return client;

close_port:
    CloseHandle(client->port);
destroy_stream:
    stream_destroy(&client->stream);
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->lock);
free_client:
    free(client);
    return NULL;
}

unsigned client_device_count(struct client *client)
{
    unsigned count = 0;

    pthread_mutex_lock(&client->lock);
    for (struct client_device *device = client->devices; device; device = device->next)
        count++;
    pthread_mutex_unlock(&client->lock);
    return count;
}

void client_disconnect(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    client->disconnecting = true;
    pthread_mutex_unlock(&client->lock);
    stream_shutdown(&client->stream);
    pthread_join(client->receive_thread, NULL); /* plugs every device out as it ends */
    stream_flush(&client->stream);              /* gives back what can't go out any more */

    pthread_mutex_lock(&client->lock);
    while (client->live_devices > 0)
        pthread_cond_wait(&client->changed, &client->lock);
    pthread_mutex_unlock(&client->lock);
    PostQueuedCompletionStatus(client->port, 0, 0, NULL);
    pthread_join(client->fetch_thread, NULL);
    CloseHandle(client->port);
    stream_destroy(&client->stream);
    free(client->answer);
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->lock);
    free(client);
}
