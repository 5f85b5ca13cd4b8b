/* SPDX-License-Identifier: MIT */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 10000

int net_parse(const char *text, struct net_address *address, char *error, size_t size)
{
    const char *colon = strrchr(text, ':');
    const char *host = text;
    size_t length;
    char *end;
    long port;

    if (!colon || colon[1] == '\0') {
        snprintf(error, size, "'%s' is not an address; write HOST:PORT", text);
        return -1;
    }
    length = (size_t)(colon - text);
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (memchr(host, ':', length)) {
        snprintf(error, size, "'%s': write an IPv6 address in brackets, [ADDRESS]:PORT", text);
        return -1;
    }
    port = strtol(colon + 1, &end, 10);
    if (*end != '\0' || port < 0 || port > 65535) {
        snprintf(error, size, "'%s' is not a port; it is a number up to 65535", colon + 1);
        return -1;
    }
    if (length >= sizeof(address->host)) {
        snprintf(error, size, "the host name in '%s' is too long", text);
        return -1;
    }
    if (length == 0) {
        strcpy(address->host, "127.0.0.1");
    } else {
        memcpy(address->host, host, length);
        address->host[length] = '\0';
    }
    snprintf(address->port, sizeof(address->port), "%ld", port);
    return 0;
}

static struct addrinfo *resolve(const struct net_address *address, int flags, char *error,
                                size_t size)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *list;
    int result = getaddrinfo(address->host, address->port, &hints, &list);

    if (result == 0)
        return list;
    snprintf(error, size, "cannot resolve '%s': %s", address->host, gai_strerror(result));
    return NULL;
}

static bool sockaddr_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;

        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;

        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    }
    return false;
}

bool net_is_loopback(const struct net_address *address)
{
    struct addrinfo *list = resolve(address, AI_PASSIVE, (char[1]){0}, 1);
    bool loopback = list != NULL;

    for (struct addrinfo *item = list; item; item = item->ai_next)
        loopback = loopback && sockaddr_is_loopback(item->ai_addr);
    if (list)
        freeaddrinfo(list);
    return loopback;
}

static void describe(const struct sockaddr *address, socklen_t length, char text[NET_ADDRESS_TEXT])
{
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];

    if (getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV))
        strcpy(text, "?");
    else
        snprintf(text, NET_ADDRESS_TEXT, strchr(host, ':') ? "[%.60s]:%.10s" : "%.60s:%.10s", host,
                 port);
}

int net_listen(const struct net_address *address, char bound[NET_ADDRESS_TEXT], char *error,
               size_t size)
{
    struct addrinfo *list = resolve(address, AI_PASSIVE, error, size);
    struct sockaddr_storage actual;
    socklen_t length = sizeof(actual);
    int fd = -1;

    if (!list)
        return -1;
    for (struct addrinfo *item = list; item && fd < 0; item = item->ai_next) {
        fd = socket(item->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        if (bind(fd, item->ai_addr, item->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
            int saved = errno;

            close(fd);
            fd = -1;
            errno = saved;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        if (errno == EADDRINUSE)
            snprintf(error, size, "port %s on %s is in use; choose another", address->port,
                     address->host);
        else
            snprintf(error, size, "cannot listen on %s:%s: %s", address->host, address->port,
                     strerror(errno));
        return -1;
    }
    if (getsockname(fd, (struct sockaddr *)&actual, &length) == 0)
        describe((struct sockaddr *)&actual, length, bound);
    else
        snprintf(bound, NET_ADDRESS_TEXT, "%.50s:%s", address->host, address->port);
    return fd;
}

void net_tune(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){20}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){5}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){4}, sizeof(int));
}

/* Waits for a connection that is being made; returns 0 or an errno. */
static int finish_connect(int fd, int cancel_fd)
{
    struct pollfd wait[2] = {{.fd = fd, .events = POLLOUT}, {.fd = cancel_fd, .events = POLLIN}};
    socklen_t length = sizeof(int);
    int result = 0;
    int ready;

    do
        ready = poll(wait, cancel_fd >= 0 ? 2 : 1, CONNECT_TIMEOUT_MS);
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return errno;
    if (ready == 0)
        return ETIMEDOUT;
    if (cancel_fd >= 0 && wait[1].revents)
        return ECANCELED;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &length);
    return result;
}

int net_connect(const struct net_address *address, int cancel_fd, char *error, size_t size)
{
    struct addrinfo *list = resolve(address, 0, error, size);
    int failure = 0;
    int fd = -1;

    if (!list)
        return -1;
    for (struct addrinfo *item = list; item && fd < 0; item = item->ai_next) {
        fd = socket(item->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            failure = errno;
            continue;
        }
        failure = 0;
        if (connect(fd, item->ai_addr, item->ai_addrlen) != 0)
            failure = errno == EINPROGRESS ? finish_connect(fd, cancel_fd) : errno;
        if (failure) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        snprintf(error, size, "cannot connect to %s:%s: %s", address->host, address->port,
                 strerror(failure));
        return -1;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    net_tune(fd);
    return fd;
}

void net_peer(int fd, char text[NET_ADDRESS_TEXT])
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);

    if (getpeername(fd, (struct sockaddr *)&address, &length) == 0)
        describe((struct sockaddr *)&address, length, text);
    else
        strcpy(text, "?");
}
