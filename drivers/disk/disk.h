/* SPDX-License-Identifier: MIT */
/*
 * disk.h - the class driver for disks. A DISK_DEVICE begins with what classlib knows; here are a
 * disk's names, its cache, its IOCTLs and its partition table. No lock but classlib's.
 */
#ifndef DISK_H
#define DISK_H

#include "../classlib/classlib.h"

#define DISK_TAG 'ksiD'

typedef struct _DISK_DEVICE {
    CLASS_DEVICE Class;     /* the first member */
    ULONG Number;           /* the N of \Device\HarddiskN */
    ULONG Serial;           /* the n of DRn: never used twice */
    HANDLE Directory;       /* \Device\HarddiskN, a kernel handle; it goes with the device */
    BOOLEAN Removable;      /* the medium; constant from START on */
    BOOLEAN LinksMade;      /* PnP's requests only, and the next too */
    BOOLEAN ShutdownWanted; /* registered for IRP_MJ_SHUTDOWN */
} DISK_DEVICE, *PDISK_DEVICE;

/* One IOCTL on its way: METHOD_BUFFERED. */
typedef struct _DISK_IOCTL {
    PDISK_DEVICE Device;
    PVOID Buffer; /* system buffer */
    ULONG Input, Output;
    ULONG_PTR Information;
} DISK_IOCTL, *PDISK_IOCTL;
/* PASSIVE_LEVEL; waits for the device. */
typedef NTSTATUS DISK_IOCTL_ROUTINE(PDISK_IOCTL Ioctl);
/* Gives Bytes of Data, or as many as there is room for where Partial. */
NTSTATUS DiskAnswer(PDISK_IOCTL Ioctl, const VOID *Data, ULONG Bytes, BOOLEAN Partial);

/* ---- cache.c ---- */
#define DISK_MODE_LENGTH 192u
/*
 * MODE SENSE(6) of that page into Data (non-paged, DISK_MODE_LENGTH bytes); *Page: the page's
 * offset in it, *Bytes: how much of it there is; both 0 for page 3Fh. STATUS_NOT_SUPPORTED: it came
 * without the page.
 */
NTSTATUS DiskModeSense(PDISK_DEVICE Device, UCHAR Code, PUCHAR Data, ULONG *Page, ULONG *Bytes);
/* The device-specific byte of the mode header: WP, DPOFUA. */
NTSTATUS DiskModeHeader(PDISK_DEVICE Device, UCHAR *Specific);
#define DISK_WRITE_PROTECTED 0x80
#define DISK_KNOWS_FUA       0x10
DISK_IOCTL_ROUTINE DiskIsWritable, DiskGetCacheInformation, DiskSetCacheInformation;
NTSTATUS DiskWriteCacheEnabled(PDISK_DEVICE Device, BOOLEAN *Enabled);

/* ---- geometry.c ---- */
DISK_IOCTL_ROUTINE DiskGetGeometry, DiskGetGeometryEx, DiskReadCapacity, DiskUpdateProperties;

/* ---- property.c ---- */
/* A page of vital product data (non-paged, Length bytes; zeros behind what came).
 * STATUS_NOT_SUPPORTED: the device has it not. */
NTSTATUS DiskVitalPage(PDISK_DEVICE Device, UCHAR Code, PUCHAR Data, ULONG Length);
/* Whether IOCTL_STORAGE_QUERY_PROPERTY is this driver's to answer, and not the port's. */
BOOLEAN DiskOwnsProperty(const DISK_IOCTL *Ioctl);
DISK_IOCTL_ROUTINE DiskQueryProperty;

/* ---- trim.c ---- */
DISK_IOCTL_ROUTINE DiskManageDataSet, DiskVerify;

/* ---- partition.c ---- */
#define DISK_MAXIMUM_PARTITIONS 128u
typedef struct _DISK_TABLE {
    PARTITION_STYLE Style;
    ULONG64 Blocks;
    ULONG BlockSize;
    ULONG Signature, CheckSum; /* MBR */
    GUID DiskId;               /* GPT, and the next three */
    ULONG64 FirstUsable, LastUsable;
    ULONG MaximumCount;
    ULONG Count; /* of an MBR: a multiple of four, with the entries that are not used */
    PARTITION_INFORMATION_EX Entries[DISK_MAXIMUM_PARTITIONS];
} DISK_TABLE, *PDISK_TABLE;
/* Reads it as it is now; free it with ExFreePoolWithTag. */
NTSTATUS DiskReadTable(PDISK_DEVICE Device, PDISK_TABLE *Table);
/* Count blocks at Lba into non-paged memory. */
NTSTATUS DiskReadBlocks(PDISK_DEVICE Device, ULONG64 Lba, ULONG Count, ULONG BlockSize, PVOID To);
DISK_IOCTL_ROUTINE DiskGetPartitionInfo, DiskGetPartitionInfoEx, DiskGetLayout, DiskGetLayoutEx;

/* mbr.c: Sector is block 0. FALSE: it is no partition table. Extended: *Gpt says that a GPT
 * follows, and the table is not filled. */
BOOLEAN DiskParseMbr(PDISK_DEVICE Device, const UCHAR *Sector, PDISK_TABLE Table, BOOLEAN *Gpt);
/* gpt.c. STATUS_UNRECOGNIZED_MEDIA: neither the first nor the second is whole. */
NTSTATUS DiskParseGpt(PDISK_DEVICE Device, PDISK_TABLE Table);

static inline ULONG DiskLe32(const UCHAR *Bytes)
{
    return Bytes[0] | (ULONG)Bytes[1] << 8 | (ULONG)Bytes[2] << 16 | (ULONG)Bytes[3] << 24;
}
static inline ULONG64 DiskLe64(const UCHAR *Bytes)
{
    return DiskLe32(Bytes) | (ULONG64)DiskLe32(Bytes + 4) << 32;
}

/* ---- pnp.c, readwrite.c, flush.c, ioctl.c ---- */
DRIVER_ADD_DEVICE DiskAddDevice;
DRIVER_DISPATCH DiskDispatchReadWrite;
DRIVER_DISPATCH DiskDispatchFlush; /* IRP_MJ_FLUSH_BUFFERS and IRP_MJ_SHUTDOWN */
DRIVER_DISPATCH DiskDispatchDeviceControl;

#endif
