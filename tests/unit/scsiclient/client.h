/* SPDX-License-Identifier: MIT */
/* client.h - scsiclient's bus with children that the test plugs in and answers for. */
#ifndef TESTS_UNIT_SCSICLIENT_CLIENT_H
#define TESTS_UNIT_SCSICLIENT_CLIENT_H

#include "rig.h"
#include "scsinet_ioctl.h"
#include "scsinet_frame.h"

extern const GUID client_guid;
extern WCHAR bus_path[128];

/* Boots, makes the bus; fakeclass drives what is plugged in. Nothing may be left behind at the end.
 */
int client_setup(void **state);
int client_teardown(void **state);

/* ---- the program's side ---- */

/* What is said of a device; strings are ASCII, lists double terminated, NULL: as of a drive. */
typedef struct device_info {
    const char *device, *instance;
    const char *hardware, *compatible, *description, *location, *serial, *container;
    bool capabilities;
} device_info;
/* The input of IOCTL_PLUGIN_DEVICE; returns its length. */
ULONG make_info(uint8_t *to, const device_info *info);
NTSTATUS try_plug(HANDLE handle, const device_info *info);
/* Opens the bus, plugs in a drive with this instance ID, waits until it is started. */
HANDLE plug(const char *instance);
NTSTATUS plug_out(HANDLE handle);

/* A FETCH_REQUEST and its buffer. */
typedef struct fetch {
    rig_io io;
    uint8_t *buffer;
    ULONG size;
} fetch;
#define FETCH_ROOM (48 + 44 + 65536)
NTSTATUS fetch_begin(fetch *f, HANDLE handle, ULONG size);
/* Waits; the buffer stays until fetch_free. Checks that what came is a good frame. */
NTSTATUS fetch_end(fetch *f);
void fetch_free(fetch *f);
/* Both: there is a request. */
void fetch_one(fetch *f, HANDLE handle);
REQUEST_HEADER *header_of(fetch *f);
PACKED_SRB *srb_of(fetch *f);
uint8_t *body_of(fetch *f);

/* An answer under construction: header and body of the request that was fetched. */
typedef struct answer {
    uint8_t bytes[FETCH_ROOM + 256];
    ULONG used;
} answer;
REQUEST_HEADER *answer_header(answer *a);
PACKED_SRB *answer_srb(answer *a);
/* To an SRB: status, SRB status, data transferred (no data yet). */
void answer_start(answer *a, fetch *f, NTSTATUS status, UCHAR srb_status, ULONG transferred);
void answer_add(answer *a, const void *bytes, ULONG count);
/* COMPLETE_REQUEST, Length set to what was added. */
NTSTATUS answer_send(answer *a, HANDLE handle);
/* The same with the data in the second buffer; what was added are header, PACKED_SRB and sense
 * data. */
NTSTATUS answer_send_split(answer *a, HANDLE handle, const void *data, ULONG length);
/* Success, with the bytes of fake_byte for the blocks that a READ(10) asks for. */
NTSTATUS answer_read(fetch *f, HANDLE handle);

/* ---- the other side ---- */

/* The path of the child with that instance ID (L"FAKE\\CdRom\\...&instance"); false: there is none.
 */
bool child_path(const char *instance, WCHAR path[200]);
unsigned child_count(void);
/* Top of its stack, its PDO; referenced. */
PDEVICE_OBJECT child_top(const char *instance);
PDEVICE_OBJECT child_pdo(const char *instance);
/* A handle to it, as of a program. */
HANDLE child_open(const char *instance);
/* READ(10) of count blocks. */
void read_begin(rig_srb *r, PDEVICE_OBJECT device, uint32_t lba, uint32_t count, void *buffer);

#endif
