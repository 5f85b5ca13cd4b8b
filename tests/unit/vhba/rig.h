/* SPDX-License-Identifier: MIT */
/*
 * rig.h - what the tests of vhba share: an adapter with LUNs on images in a directory of their own,
 * and ways to send SRBs and control codes to a LUN as a class driver does.
 */
#ifndef TESTS_UNIT_VHBA_RIG_H
#define TESTS_UNIT_VHBA_RIG_H

#define NTIO_KERNEL_SOURCE 1 /* libc's names stay libc's */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <wdm.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <scsi.h>
#include <srb.h>
#include "windows.h"
#include "drivers/vhba/vhba_public.h"
#include "ntio.h"

#define RIG_WAIT 5000 /* ms, for what must happen */

/* The group's setup and teardown: boots, loads vhba, makes the adapter. */
int rig_setup(void **state);
int rig_teardown(void **state);
/* Each test's teardown: all LUNs are removed, the images deleted, the transfer limit is the
 * default. */
int rig_clean(void **state);

/* An image with a volume descriptor; byte i of block n is (n * 7 + i * 13 + (i >> 8)) & 0xFF
 * otherwise. Returns its path, static. */
const char *rig_image(const char *name, unsigned blocks);
/* The same length, nothing but the descriptor written (for large ones). */
const char *rig_sparse(const char *name, unsigned blocks);
uint8_t rig_byte(unsigned block, unsigned i);

/* The adapter's control; returns the last error, 0 for success. */
DWORD rig_control(DWORD code, const void *in, DWORD in_size, void *out, DWORD out_size);
/* ADD_LUN (path NULL: an empty drive); *lun is the number. */
DWORD rig_try_add(const char *path, ULONG *lun);
/* The same, must succeed, and the device is there when it returns. */
ULONG rig_add(const char *path);
/* A disk's image of so many bytes; the same bytes as rig_image's, of blocks of 2,048 without a
 * descriptor. Returns its path, static. */
const char *rig_disk_image(const char *name, uint64_t bytes);
uint8_t rig_disk_byte(uint64_t offset);
/* ADD_LUN of a disk; the device is there when it returns. */
DWORD rig_try_add_disk(const char *path, ULONG block_size, ULONG flags, ULONG *lun);
ULONG rig_add_disk(const char *path, ULONG block_size, ULONG flags);
DWORD rig_remove(ULONG lun);
DWORD rig_eject(ULONG lun, bool force);
DWORD rig_insert(ULONG lun, const char *path, bool force);
DWORD rig_hold(ULONG lun, ULONG lba, ULONG blocks);
void rig_release(ULONG lun);
void rig_query(ULONG lun, VHBA_COUNTERS *counters);
/* Waits until so many requests are held. */
void rig_wait_held(ULONG lun, ULONG count);

/* The LUN's device, referenced: ObDereferenceObject. NULL: there is none. */
PDEVICE_OBJECT rig_device(ULONG lun);

/* An SRB under way. */
struct rig_request {
    SCSI_REQUEST_BLOCK srb;
    PIRP irp;
    KEVENT done;
    PMDL mdl;
    NTSTATUS status;
    ULONG_PTR information;
    uint8_t sense[32];
};
enum rig_direction { RIG_NONE, RIG_IN, RIG_OUT };
/* Sends it; rig_end waits for it and frees what it needed. The request stays where it is until
 * then. */
void rig_begin(struct rig_request *r, PDEVICE_OBJECT device, UCHAR function, const uint8_t *cdb,
               size_t cdb_length, enum rig_direction direction, void *buffer, ULONG length);
bool rig_wait(struct rig_request *r, unsigned milliseconds);
void rig_end(struct rig_request *r);
/* Both at once, EXECUTE_SCSI. */
void rig_scsi(struct rig_request *r, PDEVICE_OBJECT device, const uint8_t *cdb, size_t cdb_length,
              enum rig_direction direction, void *buffer, ULONG length);
/* The same with no sense buffer. */
void rig_scsi_without_sense(struct rig_request *r, PDEVICE_OBJECT device, const uint8_t *cdb,
                            size_t cdb_length, enum rig_direction direction, void *buffer,
                            ULONG length);
/* ABORT_COMMAND of that SRB, waited for. */
void rig_abort(struct rig_request *r, PDEVICE_OBJECT device, PSCSI_REQUEST_BLOCK srb);
/* TEST UNIT READY until the attentions are gone. */
void rig_settle(PDEVICE_OBJECT device);
/* Key << 16 | asc << 8 | ascq of a request that ended with CHECK CONDITION; 0: it did not. */
unsigned rig_sense(const struct rig_request *r);

/* A control code to the LUN's device, from kernel mode. */
NTSTATUS rig_ioctl(PDEVICE_OBJECT device, ULONG code, void *in, ULONG in_size, void *out,
                   ULONG out_size, ULONG_PTR *information);

#define CDB(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

#endif
