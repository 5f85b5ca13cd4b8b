/* SPDX-License-Identifier: MIT */
/*
 * plug_and_play_public.h - what program and drivers share. The including file has brought the base
 * types and, in one of its sources, initguid.h.
 */
#ifndef PLUG_AND_PLAY_PUBLIC_H
#define PLUG_AND_PLAY_PUBLIC_H

/* Interfaces: of the bus, and of each card that works. */
DEFINE_GUID(GUID_DEVINTERFACE_CARD_BUS, 0x5f1e2b60, 0x3f0c, 0x4b7e, 0x8a, 0x11, 0x42, 0x5a, 0x10,
            0x77, 0x9c, 0x01);
DEFINE_GUID(GUID_DEVINTERFACE_CARD, 0x5f1e2b60, 0x3f0c, 0x4b7e, 0x8a, 0x11, 0x42, 0x5a, 0x10, 0x77,
            0x9c, 0x02);

/* The bus. In: CARD_PLUG; ULONG, a card's serial number. */
#define IOCTL_BUS_PLUG   CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_BUS_UNPLUG CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
typedef struct _CARD_PLUG {
    ULONG Serial;
    ULONG Fixed; /* it can use its first I/O ports only */
} CARD_PLUG;

/* A card. Out: CARD_REPORT; in: ULONG, CARD_REFUSES_*; nothing. */
#define IOCTL_CARD_REPORT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x810, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_CARD_REFUSE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x811, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_CARD_MOVE   CTL_CODE(FILE_DEVICE_UNKNOWN, 0x812, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define CARD_REFUSES_STOP   1
#define CARD_REFUSES_REMOVE 2

#define CARD_PORT_FIRST  0x300 /* what every card would like to have */
#define CARD_PORT_LENGTH 0x10
#define CARD_PORT_OTHER  0x340 /* what it can do with, up to CARD_PORT_LAST */
#define CARD_PORT_MOVED  0x380 /* what it asks for after IOCTL_CARD_MOVE */
#define CARD_PORT_LAST   0x3ff

typedef enum _CARD_STATE {
    CardAdded,
    CardStarted,
    CardStopPending,
    CardStopped,
    CardRemovePending,
    CardSurpriseRemoved
} CARD_STATE;

typedef struct _CARD_REPORT {
    ULONG State;  /* CARD_STATE */
    ULONG Serial; /* by the bus's word, through its direct-call interface */
    ULONG PortStart, PortLength;
    ULONG Vector; /* raw */
    ULONG Irql;   /* the translated interrupt's level */
    ULONG
    Asked[32]; /* IRP_MJ_PNP requests by minor function, of all cards, since the driver came */
} CARD_REPORT;

#endif
