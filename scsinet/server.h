/* SPDX-License-Identifier: MIT */
/*
 * server.h - the owner's side: which devices are shared, with whom, and the requests that come for
 * them.
 *
 * The states of a share are those of docs/architecture.md. Whoever moves a share to TAKING or
 * RETURNING (under the lock) is the only one to swap its driver, and does it without the lock;
 * everybody else waits for `changed`.
 *
 * Lock: server.lock guards every field of server, share and connection that is not said to be
 * constant or a thread's own. Order: server.lock -> stream.lock. No device I/O and no swap under
 * it.
 */
#ifndef SCSINET_SERVER_H
#define SCSINET_SERVER_H

#include "net.h"
#include "stream.h"
#include "winhost.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#define SERVER_REQUESTS_IN_FLIGHT 64u /* for each device; what the PLUGIN's mark says */

enum share_state { SHARE_LOCAL, SHARE_OFFERED, SHARE_TAKING, SHARE_ACTIVE, SHARE_RETURNING };

struct server;

struct connection {
    struct connection *next;
    struct server *server;
    struct stream stream;
    pthread_t thread;
    unsigned references; /* its thread's, and one for each answer that is not sent */
    uint32_t next_id;
    bool ended;              /* no device is given to it any more */
    struct share **declined; /* those that it gave back itself: not offered to it again */
    size_t declined_count;
    unsigned number;
};

struct request {
    OVERLAPPED overlapped; /* first: a completion packet points to it */
    struct stream_frame frame;
    struct request *next_free;
    struct share *share;
    struct connection *connection; /* whom the answer goes to; a reference */
    uint32_t id; /* the share's on it: that may be shared anew, to the same connection, before the
                    answer has gone out */
    uint8_t *buffer;
    size_t capacity;
    REQUEST_HEADER header; /* as it came */
};

struct share {
    struct share *next;
    char *instance;    /* constant */
    char *hardware_id; /* constant; the first */
    char *name;        /* constant; image or description */
    enum share_state state;
    bool wanted;              /* stays offered after the connection has ended */
    bool recalled;            /* unshared while it is being taken */
    struct connection *owner; /* while ACTIVE */
    uint32_t id;              /* on the owner's connection */
    HANDLE handle;            /* while ACTIVE and RETURNING */
    unsigned executing;       /* requests that the driver has */
    unsigned allocated;       /* request objects, idle ones included */
    struct request *free;
    uint32_t maximum_transfer;
    char *displaced;          /* the service whose place was taken */
    uint64_t requests, bytes; /* for status */
    char problem[200];        /* why the last attempt to take it failed, or "" */
    struct timespec retry_at; /* not taken before (monotonic): somebody had it open */
};

struct server {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* any state, any list */
    struct share *shares;
    struct connection *connections; /* the oldest first */
    struct connection *dead;        /* their threads have ended or are about to: connection_reap */
    unsigned connection_count, next_number;
    HANDLE port; /* completion of EXECUTE_REQUEST; key NULL ends the thread */
    pthread_t completion_thread;
    pthread_t accept_thread, manager_thread;
    bool accepting, managing, stopping;
    int listener;
    int stop_pipe[2];
    void (*log)(const char *line);
};

/* Starts the threads that every server needs. log gets one line (no newline) at a time, from any
 * thread. NULL with a sentence in error. */
struct server *server_create(void (*log)(const char *line), char *error, size_t size);
/* Ends the connections, gives every device back, frees all. */
void server_destroy(struct server *server);

/* Accepts any number of connections and gives them what is offered (`serve`). The listener becomes
 * the server's. */
int server_start_accepting(struct server *server, int listener, char *error, size_t size);
/* Takes one connected socket (`console`). 0, or -1 with a sentence. */
int server_add_connection(struct server *server, int socket, char *error, size_t size);
/* Ends every connection and waits until their devices are back. */
void server_disconnect(struct server *server);
bool server_is_connected(struct server *server);

/* Adds a device to those the server knows; id as share_find takes it. wanted: offer it from now on.
 */
int server_offer(struct server *server, const char *id, const char *name, char *error, size_t size);
/* Offers a device and hands it to the connection that is there; the outcome is final (`console`).
 */
int server_share_now(struct server *server, const char *id, char *error, size_t size);
/* Takes it back, from any state; waits until its own driver has it. */
int server_unshare(struct server *server, const char *id, char *error, size_t size);

typedef void server_status_line(const struct share *share, const char *state, const char *client,
                                void *context);
/* Under the lock. */
void server_status(struct server *server, server_status_line *each, void *context);

/* ---- between the server's files ---- */
void server_log(struct server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *share_state_name(enum share_state state);
/* By hardware ID, instance path or name; lock held. prefer: where several match, one in a state
 * with that bit set. */
struct share *share_find(struct server *server, const char *id, unsigned prefer);

/* transfer.c: state is TAKING / RETURNING by the caller; lock not held. */
int share_take(struct server *server, struct share *share, struct connection *connection,
               char *error, size_t size);
void share_give_back(struct server *server, struct share *share);

/* serverconn.c */
void connection_reference(struct connection *connection);   /* lock held */
void connection_dereference(struct connection *connection); /* lock not held */
/* lock held */
bool connection_declines(const struct connection *connection, const struct share *share);
/* Joins the threads of connections that have ended, and frees them. */
void connection_reap(struct server *server);
void *connection_thread(void *context);
void *completion_thread(void *context);
/* Queues a frame of the header alone. */
void connection_send_header(struct connection *connection, uint32_t id, uint32_t op);

/* request.c */
/*
 * A free request of the share for the connection, waiting while too many are out. NULL: the share
 * is not this connection's any more, or no memory. The receive thread's own until request_start:
 * who takes the share away does not wait for a frame that may never be complete.
 */
struct request *request_get(struct server *server, struct share *share,
                            struct connection *connection, uint32_t id);
/* From now on it executes, and is waited for. false: the share has gone meanwhile. */
bool request_start(struct request *request);
/* Gives back one that was not started. */
void request_drop(struct request *request);
/* Makes the buffer at least so large; what is in it stays. */
bool request_reserve(struct request *request, size_t bytes);
void request_free(struct request *request);

#endif
