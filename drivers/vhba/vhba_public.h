/* SPDX-License-Identifier: MIT */
/*
 * vhba_public.h - what a program says to the virtual host bus adapter.
 *
 * Open the adapter by its interface (GUID_DEVINTERFACE_VHBA) and send the codes below. For drivers
 * and programs: include wdm.h, or windows.h and devioctl.h, first. All structures are
 * METHOD_BUFFERED; Size is the structure's (or with a path behind it the whole input's) number of
 * bytes.
 */
#ifndef VHBA_PUBLIC_H
#define VHBA_PUBLIC_H

/* Outside of a guard of its own, as every GUID list: initguid.h decides whether it defines. */
DEFINE_GUID(GUID_DEVINTERFACE_VHBA, 0x8f1c6e2a, 0x93b4, 0x4d0f, 0xa7, 0xc1, 0x5b, 0x2e, 0x90, 0xd4,
            0x16, 0x3f);
#define VHBA_INTERFACE_GUID "{8f1c6e2a-93b4-4d0f-a7c1-5b2e90d4163f}"
#define VHBA_HARDWARE_ID    "ROOT\\scsinet_vhba"

#define VHBA_MAXIMUM_LUNS     64
#define VHBA_MAXIMUM_HOLDS    8
#define VHBA_MAXIMUM_PATH     4096
#define VHBA_RECORDED_READS   256
#define VHBA_DEFAULT_TRANSFER (128 * 1024)
#define VHBA_LARGEST_TRANSFER (1024 * 1024)

#define VHBA_CTL(function, access)                                                                 \
    CTL_CODE(0x22 /* FILE_DEVICE_UNKNOWN */, 0x800 + (function), METHOD_BUFFERED, access)

/*
 * In: VHBA_ADD_LUN with a path; out: VHBA_LUN_NUMBER. The new device is enumerated soon after.
 * STATUS_OBJECT_NAME_NOT_FOUND: no such image; STATUS_ACCESS_DENIED; STATUS_FILE_IS_A_DIRECTORY;
 * STATUS_UNRECOGNIZED_MEDIA: not a CD or DVD image (size not a multiple of 2,048 or zero, no volume
 * descriptor) or not a disk's (its size zero or no multiple of the block size);
 * STATUS_SHARING_VIOLATION: another drive has the image, and one of the two writes;
 * STATUS_INVALID_PARAMETER; STATUS_INSUFFICIENT_RESOURCES: all numbers are taken.
 *
 * A disk writes to its image. Where the image may not be written (its permissions, its file system)
 * or VHBA_READ_ONLY says so, the disk is write-protected. Only a removable disk may be empty.
 */
#define IOCTL_VHBA_ADD_LUN VHBA_CTL(0, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define VHBA_TYPE_DISK     0 /* the peripheral device types */
#define VHBA_TYPE_CD       5
#define VHBA_READ_ONLY     0x1 /* Flags, of disks alone */
#define VHBA_REMOVABLE     0x2
typedef struct _VHBA_ADD_LUN {
    ULONG Size;
    ULONG Type;
    CHAR Vendor[8]; /* ASCII, ended by zero or the field's end; empty: the adapter's own */
    CHAR Product[16];
    CHAR Revision[4];
    CHAR Serial[20]; /* empty: made from the number */
    ULONG BlockSize; /* of a disk: 512 or 4096; 0: 512. Of a CD: 0 or 2048 */
    ULONG Flags;
    ULONG PathLength; /* bytes of UTF-8, no zero; 0: an empty drive */
    CHAR Path[1];
} VHBA_ADD_LUN, *PVHBA_ADD_LUN;
#define VHBA_ADD_LUN_HEADER FIELD_OFFSET(VHBA_ADD_LUN, Path)

typedef struct _VHBA_LUN_NUMBER {
    ULONG Size;
    ULONG Lun;
} VHBA_LUN_NUMBER, *PVHBA_LUN_NUMBER;

/* In: VHBA_LUN_NUMBER. The device is gone as if unplugged. STATUS_NO_SUCH_DEVICE. */
#define IOCTL_VHBA_REMOVE_LUN VHBA_CTL(1, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

/*
 * In: VHBA_EJECT. The medium is taken out, the tray closed behind it.
 * STATUS_UNABLE_TO_UNLOAD_MEDIA: its removal is prevented and Force is not set; the host is told
 * that the button was pressed. An empty drive: STATUS_NO_MEDIA_IN_DEVICE.
 */
#define IOCTL_VHBA_EJECT VHBA_CTL(2, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
typedef struct _VHBA_EJECT {
    ULONG Size;
    ULONG Lun;
    ULONG Force;
} VHBA_EJECT, *PVHBA_EJECT;

/* In: VHBA_INSERT with a path: another medium, in place of one that is there. Statuses as ADD_LUN
 * and EJECT. */
#define IOCTL_VHBA_INSERT VHBA_CTL(3, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
typedef struct _VHBA_INSERT {
    ULONG Size;
    ULONG Lun;
    ULONG Force;
    ULONG PathLength;
    CHAR Path[1];
} VHBA_INSERT, *PVHBA_INSERT;
#define VHBA_INSERT_HEADER FIELD_OFFSET(VHBA_INSERT, Path)

/*
 * For tests. HOLD: requests that touch these blocks (Blocks 0: every command) stay in the adapter
 * until RELEASE, cancel, reset or removal; several holds stand beside each other. RELEASE lets go
 * of all holds of the LUN. In: VHBA_HOLD. STATUS_INSUFFICIENT_RESOURCES: VHBA_MAXIMUM_HOLDS are
 * there.
 */
#define IOCTL_VHBA_HOLD    VHBA_CTL(4, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_VHBA_RELEASE VHBA_CTL(5, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
typedef struct _VHBA_HOLD {
    ULONG Size;
    ULONG Lun;
    ULONG64 Lba;
    ULONG Blocks;
} VHBA_HOLD, *PVHBA_HOLD;

/* In: VHBA_LUN_NUMBER; out: VHBA_COUNTERS. Reads holds the latest reads, the newest at (ReadCount -
 * 1) % VHBA_RECORDED_READS. */
#define IOCTL_VHBA_QUERY VHBA_CTL(6, FILE_READ_ACCESS)
typedef struct _VHBA_COUNTERS {
    ULONG Size;
    ULONG Held;         /* requests that a hold keeps now */
    ULONG64 Commands;   /* executed, the failed ones too */
    ULONG64 ReadCount;  /* that reached the medium */
    ULONG64 BytesRead;  /* off the medium */
    ULONG64 Queued;     /* transfers that a worker thread had to do */
    ULONG64 LastBlocks; /* size of the medium, 0: none */
    ULONG64 WriteCount; /* commands that wrote to the medium */
    ULONG64 BytesWritten;
    ULONG64 DurableWrites; /* of them, those that ended on the host's medium: FUA, or no cache */
    ULONG64 Flushes;       /* the host was told to bring its cache to the medium */
    ULONG64 BytesUnmapped;
    struct {
        ULONG64 Lba;
        ULONG Blocks;
    } Reads[VHBA_RECORDED_READS];
} VHBA_COUNTERS, *PVHBA_COUNTERS;

/* In: VHBA_ADAPTER. The largest transfer that the adapter reports and takes: 4 KiB to 1 MiB, a
 * multiple of 4 KiB. */
#define IOCTL_VHBA_SET_ADAPTER VHBA_CTL(7, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
typedef struct _VHBA_ADAPTER {
    ULONG Size;
    ULONG MaximumTransferLength;
} VHBA_ADAPTER, *PVHBA_ADAPTER;

#endif
