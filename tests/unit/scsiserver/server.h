/* SPDX-License-Identifier: MIT */
/* server.h - a device of fakeport that scsiserver serves, and requests to it as they come over the
 * wire. */
#ifndef TESTS_UNIT_SCSISERVER_SERVER_H
#define TESTS_UNIT_SCSISERVER_SERVER_H

#include "rig.h"
#include "scsinet_ioctl.h"
#include "scsinet_frame.h"

extern const GUID server_guid;
extern fake_lun lun;

/* Each test's setup and teardown: the adapter, one device that is served; nothing left behind. */
int server_setup(void **state);
int server_teardown(void **state);
/* The host alone, for tests that plug the device in themselves. */
int server_setup_bare(void **state);

#define FRAME_ROOM (48 + 44 + 65536 + 256)

/* A request and the room for its answer. */
typedef struct request {
    uint8_t *buffer; /* malloc'ed: ASan sees what lies beyond */
    uint32_t capacity;
    rig_io io;
} request;

REQUEST_HEADER *header_of(request *r);
PACKED_SRB *srb_of(request *r);
uint8_t *body_of(request *r);
/* An SRB request with room for its answer; data behind the PACKED_SRB for data out. Mark and ID are
 * set. */
void make_srb(request *r, UCHAR function, const uint8_t *cdb, size_t cdb_length, uint32_t flags,
              uint32_t data, uint8_t sense);
/* READ(10). */
void make_read(request *r, uint32_t lba, uint32_t blocks);
void make_ioctl(request *r, uint32_t code, const void *in, uint32_t in_size, uint32_t out_size);
void free_request(request *r);
NTSTATUS begin(request *r, HANDLE handle);
NTSTATUS end(request *r);
/* Both. */
NTSTATUS execute(request *r, HANDLE handle);

#endif
