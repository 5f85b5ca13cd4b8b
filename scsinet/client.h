/* SPDX-License-Identifier: MIT */
/*
 * client.h - the other side: one connection to a server, and its devices on this machine.
 *
 * Each device has a handle on scsiclient's bus and a number of client_requests. Each of those is in
 * one of these states, and belongs to: fetching    the driver: a FETCH_REQUEST pends with its
 * buffer under way   the stream (until `sent`) and the server (until the answer): both must be
 * through before it fetches again retired     nobody: its device is gone A device is freed with its
 * last request.
 *
 * Threads: the receive thread reads frames, plugs in and out, completes requests; the fetch thread
 * takes fetched requests from the completion port and sends them. Lock: client.lock guards lists
 * and states. Order: client.lock -> stream.lock. No device I/O under it.
 */
#ifndef SCSINET_CLIENT_H
#define SCSINET_CLIENT_H

#include "net.h"
#include "stream.h"
#include "winhost.h"

#include <pthread.h>
#include <stdbool.h>

#define CLIENT_REQUESTS 32u /* for each device, where the server says that it takes as many */

struct client;

struct client_events {
    /* A device has been plugged in or out. Plug and play may still be at work on it. On the receive
     * thread. */
    void (*changed)(void *context);
    /* The connection has ended, by itself or by client_disconnect; reason in a few words. On the
     * receive thread, as its last act. */
    void (*ended)(const char *reason, void *context);
    /* One line for the log. */
    void (*log)(const char *line, void *context);
    void *context;
};

/* A connection to a server whose drivers are loaded here. NULL with a sentence in error. */
struct client *client_connect(const struct net_address *address, int cancel_fd,
                              const struct client_events *events, char *error, size_t size);
/* Gives the devices back to the server, waits until they are gone here and all threads have ended.
 * Not from an event. */
void client_disconnect(struct client *client);
unsigned client_device_count(struct client *client);

#endif
