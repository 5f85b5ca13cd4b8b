/* SPDX-License-Identifier: MIT */
/*
 * share.h - a server and a client in one process, over loopback: the drivers, the sessions and the
 * trace of both sides in one view. Each test makes a lab and ends it; ending asserts that nothing
 * was left behind.
 */
#ifndef TESTS_SHARE_H
#define TESTS_SHARE_H

#include "scsinet/attach/discs.h"
#include "scsinet/client.h"
#include "scsinet/host.h"
#include "scsinet/image.h"
#include "scsinet/server.h"
#include "ntio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Under a sanitizer everything is slower: loops are cut down by this. */
#if defined(__SANITIZE_THREAD__)
#define LAB_SLOWER 25
#elif defined(__SANITIZE_ADDRESS__)
#define LAB_SLOWER 8
#else
#define LAB_SLOWER 1
#endif
#define LAB_WAIT_MS 20000

struct lab {
    char folder[64];
    char image[2][96];
    uint32_t sectors;
    char instance[2][256]; /* of the drives on the server's side */
    unsigned drives;
    struct server *server;
    struct net_address address;
    struct client *client;
    struct discs discs;
    atomic_bool
        local_too; /* the adapter's own drives are opened too: an open drive can't be shared */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_uint client_ends;
    char last_log[512];
};

/* Whether lab.discs opens what is plugged in: an open device can't be restarted. True unless a
 * program says otherwise. */
extern bool lab_opens_drives;

/* Both sides up, drives images in the adapter; nothing shared, nobody connected. */
void lab_start(struct lab *lab, unsigned drives, uint32_t sectors);
void lab_end(struct lab *lab);

void lab_offer(struct lab *lab, unsigned drive);
void lab_unshare(struct lab *lab, unsigned drive);
void lab_connect(struct lab *lab);
void lab_disconnect(struct lab *lab);

/* Waits until `count` shares are in that state. */
void lab_wait_state(struct lab *lab, enum share_state state, unsigned count);
/* Waits until this host has exactly that many drives that are plugged in from a server; returns one
 * (a reference; disc_release). */
struct disc *lab_wait_remote(struct lab *lab, unsigned count);
/* The disc of a drive in the adapter while it is with its own driver. */
struct disc *lab_wait_local(struct lab *lab, unsigned drive);

/* The byte that the image has at an offset. */
uint8_t lab_byte(uint32_t drive, uint64_t offset);
/* ReadFile of whole sectors, waited for; returns ERROR_SUCCESS or the error. Checks the data. */
DWORD lab_read(HANDLE handle, uint32_t drive, uint32_t lba, uint32_t count);

/* The adapter's control IOCTL for the LUN of a drive. */
void lab_hold(struct lab *lab, unsigned drive, uint32_t lba, uint32_t count);
void lab_release(struct lab *lab, unsigned drive);

/* Another image of `sectors` sectors with the contents of a drive's; as the medium of a drive. */
void lab_make_image(const char *path, unsigned drive, uint32_t sectors);
void lab_insert(struct lab *lab, unsigned drive, const char *path);

/* Waits until condition holds, looking each time that something changed and otherwise every few
 * milliseconds. */
bool lab_wait(struct lab *lab, bool (*condition)(struct lab *lab, void *context), void *context);

#endif
