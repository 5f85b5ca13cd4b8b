/* SPDX-License-Identifier: MIT */
/* drive.h - a drive of fakeport with cdrom on it. */
#ifndef TESTS_UNIT_CDROM_DRIVE_H
#define TESTS_UNIT_CDROM_DRIVE_H

#include "rig.h"
#include <ntddcdrm.h>
#include <ntdddisk.h>
#include <ntddmmc.h>

extern const GUID cdrom_guid;
extern fake_lun lun;
extern HANDLE drive; /* open, unless a test closes it (NULL then) */

/* The adapter alone; what a retry waits is `delay` milliseconds (0: the driver's own 1,000). */
void drive_boot(unsigned delay);
/* Setup: a drive with a disc of 1,000 blocks, open; the adapter takes 65,536 bytes at a time;
 * retries wait 2 ms. What was recorded at its start is cleared. */
int drive_setup(void **state);
/* The same, plugged in by the test. */
void drive_plug(void);
int drive_teardown(void **state);

/* ReadFile, waited for. */
NTSTATUS read_blocks(uint32_t lba, uint32_t count, void *buffer);
NTSTATUS control(ULONG code, void *in, ULONG in_size, void *out, ULONG out_size,
                 ULONG_PTR *information);

#endif
