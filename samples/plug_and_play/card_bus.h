/* SPDX-License-Identifier: MIT */
/* card_bus.h - what the bus offers a card's driver by IRP_MN_QUERY_INTERFACE: a direct call. */
#ifndef CARD_BUS_H
#define CARD_BUS_H

DEFINE_GUID(GUID_CARD_INTERFACE, 0x5f1e2b60, 0x3f0c, 0x4b7e, 0x8a, 0x11, 0x42, 0x5a, 0x10, 0x77,
            0x9c, 0x03);
#define CARD_INTERFACE_VERSION 1

typedef ULONG(NTAPI CARD_GET_SERIAL)(PVOID Context);
typedef struct _CARD_INTERFACE {
    INTERFACE Header;
    CARD_GET_SERIAL *GetSerial;
} CARD_INTERFACE;

#endif
