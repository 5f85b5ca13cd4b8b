/* SPDX-License-Identifier: MIT */
/* kernel_toolkit_public.h - what the driver kernel_toolkit and its program agree on: \\.\Toolkit.
 */
#ifndef KERNEL_TOOLKIT_PUBLIC_H
#define KERNEL_TOOLKIT_PUBLIC_H

#define TOOLKIT_CTL(n)                                                                             \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x820 + (n), METHOD_BUFFERED,                                    \
             FILE_READ_ACCESS | FILE_WRITE_ACCESS)

/* Each gives its report; a driver's step that failed is the request's status. */
#define IOCTL_TOOLKIT_LISTS     TOOLKIT_CTL(0) /* out: TOOLKIT_LISTS */
#define IOCTL_TOOLKIT_LOOKASIDE TOOLKIT_CTL(1) /* out: TOOLKIT_LOOKASIDE */
#define IOCTL_TOOLKIT_STRINGS   TOOLKIT_CTL(2) /* out: TOOLKIT_STRINGS */
#define IOCTL_TOOLKIT_FILE      TOOLKIT_CTL(3) /* in: the file's NT path (WCHARs); out: TOOLKIT_FILE */
#define IOCTL_TOOLKIT_REGISTRY  TOOLKIT_CTL(4) /* out: TOOLKIT_REGISTRY */
/* The interlocked list that all callers share: one entry in (ULONG), one entry out
 * (STATUS_NO_MORE_ENTRIES). */
#define IOCTL_TOOLKIT_PUSH TOOLKIT_CTL(5)
#define IOCTL_TOOLKIT_POP  TOOLKIT_CTL(6)

#define TOOLKIT_ITEMS 8

typedef struct _TOOLKIT_LISTS {
    ULONG Forward[TOOLKIT_ITEMS];  /* 0, 1, 2 ... entered at the tail, walked from the head */
    ULONG Backward[TOOLKIT_ITEMS]; /* the same by Blink */
    ULONG Left;                    /* after every second one was taken out */
    ULONG SumLeft;
    ULONG Single[TOOLKIT_ITEMS]; /* a singly linked list: last in, first out */
} TOOLKIT_LISTS;

typedef struct _TOOLKIT_LOOKASIDE {
    ULONG64
    NonPaged[2]; /* an entry's address; and of the one that was asked for once it was back */
    ULONG64 Paged[2];
    ULONG Allocates, AllocateMisses; /* of the non-paged list */
} TOOLKIT_LOOKASIDE;

typedef struct _TOOLKIT_STRINGS {
    WCHAR Upper[32], Number[16], Appended[64], FromAnsi[32];
    ULONG Value;
    ULONG Compared; /* bytes that two blocks have in common at their beginning */
    BOOLEAN Equal, EqualCase, Prefix, Zeroed, Moved;
} TOOLKIT_STRINGS;

typedef struct _TOOLKIT_FILE {
    CHAR Text[64]; /* read back */
    ULONG64 Size;
    ULONG64 Position;
    ULONG Attributes;
    ULONG Appended; /* where the second write began */
    ULONG Missing;  /* the status of opening what is not there */
} TOOLKIT_FILE;

typedef struct _TOOLKIT_REGISTRY {
    ULONG Number;
    WCHAR Text[32];
    ULONG Values, Subkeys; /* that the key had */
    WCHAR FirstSubkey[32];
    ULONG Missing; /* the status of a value once it was deleted */
} TOOLKIT_REGISTRY;

#endif
