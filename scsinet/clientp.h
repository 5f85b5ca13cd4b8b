/* SPDX-License-Identifier: MIT */
/* clientp.h - between client.c and clientrecv.c. */
#ifndef SCSINET_CLIENTP_H
#define SCSINET_CLIENTP_H

#include "client.h"

#include <stdatomic.h>
#include <unistd.h>

#define CLIENT_FETCH_BUFFER (64u * 1024u) /* grows where a request has more data */

enum request_state { REQUEST_FETCHING, REQUEST_UNDER_WAY, REQUEST_ANSWERED };

struct client_request {
    OVERLAPPED overlapped; /* a completion packet points to it */
    struct stream_frame frame;
    struct client_device *device;
    struct client_request *next, *next_abandoned;
    enum request_state state;
    atomic_int outstanding; /* of: sent, answered */
    uint32_t mark[2];       /* REQUEST_HEADER.Irp */
    uint8_t *buffer;
    size_t capacity;
};

struct client_device {
    struct client_device *next;
    struct client *client;
    uint32_t id;
    HANDLE bus;
    bool gone;
    unsigned references; /* the list's and each request's */
    struct client_request *requests;
};

struct client {
    struct stream stream;
    struct client_events events;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    HANDLE port;
    pthread_t fetch_thread, receive_thread;
    bool disconnecting;
    struct client_device *devices;
    unsigned live_devices; /* those that are freed late included */
    uint32_t highest_id;   /* the receive thread's */
    uint8_t *answer;       /* the receive thread's buffer */
    size_t answer_capacity;
};

void client_log(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool client_plug_in(struct client *client, const REQUEST_HEADER *plugin);
void client_plug_out(struct client_device *device);
struct client_device *client_find(struct client *client, uint32_t id);
void client_fetch(struct client_request *request);
void client_retire(struct client_request *request);
void client_step(struct client_request *request);
void *client_receive_thread(void *context);

static inline void close_socket(int socket)
{
    close(socket);
}

#endif
