/* SPDX-License-Identifier: MIT */
/* driver_to_driver.h - what caller does for its program, and what target answers. */
#ifndef DRIVER_TO_DRIVER_H
#define DRIVER_TO_DRIVER_H

/* Of target: turns the input round. */
#define IOCTL_TARGET_REVERSE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x910, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Of caller: calls target in the way that the input (ULONG) names; the output is a CALL_RESULT. */
#define IOCTL_CALL CTL_CODE(FILE_DEVICE_UNKNOWN, 0x911, METHOD_BUFFERED, FILE_ANY_ACCESS)

enum call_way {
    /* By handle: ZwCreateFile, ZwReadFile. */
    CALL_SYNCHRONOUSLY,   /* a handle for synchronous I/O */
    CALL_WITH_APC,        /* an APC says when it is done */
    CALL_WITH_FILE_EVENT, /* the file object's own event does */
    CALL_THROUGH_LINK,    /* the name is a symbolic link's, which is read first */
    /* By pointer: IoGetDeviceObjectPointer, IoCallDriver. */
    CALL_SYNCHRONOUS_FSD,  /* IoBuildSynchronousFsdRequest */
    CALL_ASYNCHRONOUS_FSD, /* IoBuildAsynchronousFsdRequest, freed in its completion routine */
    CALL_DEVICE_CONTROL,   /* IoBuildDeviceIoControlRequest */
    CALL_OWN_IRP,          /* IoAllocateIrp, freed in its completion routine */
    CALL_OWN_POINTER,      /* a hand-written IoGetDeviceObjectPointer */
    CALL_WAYS
};

#define CALL_BYTES  16 /* that are read */
#define CALL_OFFSET 3  /* from here */

typedef struct _CALL_RESULT {
    LONG Status;   /* the request's, as its IO_STATUS_BLOCK says */
    LONG Returned; /* what IoCallDriver or ZwReadFile returned */
    ULONG Information;
    ULONG ApcCalls; /* CALL_WITH_APC */
    ULONG ApcIrql;
    ULONG ApcInCaller; /* it ran in the thread that had asked */
    ULONG SamePointer; /* CALL_OWN_POINTER: both ways lead to the same device and count alike */
    CHAR Data[CALL_BYTES];
    WCHAR LinkTarget[32]; /* CALL_THROUGH_LINK: what the link stands for */
} CALL_RESULT;

#endif
