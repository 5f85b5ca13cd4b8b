/* SPDX-License-Identifier: MIT */
/*
 * cdrom.h - the class driver for CD, DVD and BD drives: \Device\CdRomN over the device's PDO. What
 * it has in common with others is classlib's; here are a CD drive's names and IOCTLs.
 */
#ifndef CDROM_H
#define CDROM_H

#include "../classlib/classlib.h"
#include <ntddcdrm.h>
#include <ntddmmc.h>

#define CDROM_TAG        'rdCS'
#define CDROM_SECTOR     2048u
#define CDROM_RAW_SECTOR 2352u

typedef struct _CDROM_DEVICE {
    CLASS_DEVICE Class; /* the first member */
    ULONG Number;       /* the N of \Device\CdRomN */
    BOOLEAN LinkMade;   /* PnP's requests only */
} CDROM_DEVICE, *PCDROM_DEVICE;

/* toc.c: fill Buffer (non-paged, Length bytes); *Written */
NTSTATUS CdromReadToc(PCDROM_DEVICE Device, UCHAR Format, BOOLEAN Msf, UCHAR SessionTrack,
                      PVOID Buffer, ULONG Length, ULONG *Written);
NTSTATUS CdromDiskType(PCDROM_DEVICE Device, PCDROM_DISK_DATA Data);
NTSTATUS CdromRawRead(PCDROM_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack,
                      ULONG_PTR *Information);

/* pnp.c, ioctl.c */
DRIVER_ADD_DEVICE CdromAddDevice;
DRIVER_DISPATCH CdromDispatchDeviceControl;

#endif
