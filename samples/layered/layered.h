/* SPDX-License-Identifier: MIT */
/* layered.h - what store, layer and devicetree say to their program. */
#ifndef LAYERED_H
#define LAYERED_H

#define STORE_BYTES 65536 /* that store keeps */
#define STORE_LIMIT 4096  /* bytes of one transfer at most */

/* ULONG in, ULONG out: store adds 1; layer, on the way back, 100. Answered later (pending). */
#define IOCTL_STORE_COUNT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x930, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Of layer itself: LAYER_FACTS. */
#define IOCTL_LAYER_FACTS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x931, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _LAYER_FACTS {
    ULONG Skipped, Copied, Waited, Routed; /* requests that were forwarded in each way */
    ULONG Pended;                          /* completion routines that marked the IRP pending */
    ULONG Split, Pieces;                   /* large transfers, and what became of them */
} LAYER_FACTS;

/* Of devicetree: as many TREE_ENTRYs as there is room for; STATUS_BUFFER_OVERFLOW: more. */
#define IOCTL_TREE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x932, METHOD_BUFFERED, FILE_ANY_ACCESS)

enum tree_kind { TREE_DRIVER, TREE_DEVICE };
typedef struct _TREE_ENTRY {
    ULONG Kind;
    ULONG DeviceType; /* of a device: FILE_DEVICE_XXX, DO_XXX, IRP stack locations */
    ULONG Flags;
    ULONG StackSize;
    ULONGLONG Device; /* its address, */
    ULONGLONG Lower;  /* that of the one it is attached to, or 0, */
    ULONGLONG Top;    /* that of the top of its stack */
    WCHAR Name[64];   /* cut where it is longer; a device may have none */
} TREE_ENTRY;

#endif
