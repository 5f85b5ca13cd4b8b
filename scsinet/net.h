/* SPDX-License-Identifier: MIT */
/* net.h - addresses and sockets: ADDR:PORT to a listening or a connected TCP socket. Calls: the
 * host alone. */
#ifndef SCSINET_NET_H
#define SCSINET_NET_H

#include <stdbool.h>
#include <stddef.h>

#define NET_ADDRESS_TEXT 80

struct net_address {
    char host[64]; /* without brackets */
    char port[8];
};

/* "HOST:PORT", "[V6]:PORT" or ":PORT" (127.0.0.1). Returns 0, or -1 with a sentence in error. */
int net_parse(const char *text, struct net_address *address, char *error, size_t size);
/* Whether every address that the host's name stands for is a loopback one. */
bool net_is_loopback(const struct net_address *address);
/* A listening socket (close-on-exec), or -1 with a sentence in error. bound gets "host:port" as it
 * really is (port 0: the one chosen). */
int net_listen(const struct net_address *address, char bound[NET_ADDRESS_TEXT], char *error,
               size_t size);
/* A connected socket with the options of net_tune, or -1 with a sentence in error. cancel_fd:
 * readable ends the attempt; -1: none. */
int net_connect(const struct net_address *address, int cancel_fd, char *error, size_t size);
/* No delay for small frames; a peer whose machine has gone is noticed by the kernel's keep-alive.
 */
void net_tune(int socket);
/* "host:port" of the peer. */
void net_peer(int socket, char text[NET_ADDRESS_TEXT]);

#endif
