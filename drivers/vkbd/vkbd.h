/* SPDX-License-Identifier: MIT */
/* vkbd.h - a virtual keyboard: a root-enumerated bus with one child, the keyboard's port. */
#ifndef DRIVERS_VKBD_H
#define DRIVERS_VKBD_H

#include <wdm.h>
#include <kbdmou.h>
#include "follow_power.h"
#include "vkbd_public.h"

#define VKBD_TAG 'dbkV'

typedef struct _VKBD_COMMON {
    BOOLEAN IsBus;
    PDEVICE_OBJECT Self;
    IO_REMOVE_LOCK RemoveLock;
} VKBD_COMMON, *PVKBD_COMMON;

typedef struct _VKBD_PORT VKBD_PORT, *PVKBD_PORT;

typedef struct _VKBD_BUS {
    VKBD_COMMON Common;
    PDEVICE_OBJECT Lower;
    FOLLOW_POWER Power;
    UNICODE_STRING Link; /* \??\VirtualKeyboardN; no buffer: there is none */
    WCHAR LinkText[32];
    PVKBD_PORT Port;
} VKBD_BUS, *PVKBD_BUS;

struct _VKBD_PORT {
    VKBD_COMMON Common;
    KSPIN_LOCK Lock;      /* guards all below */
    CONNECT_DATA Connect; /* ClassService NULL: not connected */
    BOOLEAN Enabled;
    DEVICE_POWER_STATE PowerState;
    USHORT Lights;
    KEYBOARD_TYPEMATIC_PARAMETERS Typematic;
};

NTSTATUS VkbdComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
/* bus.c */
DRIVER_ADD_DEVICE VkbdAddDevice;
NTSTATUS VkbdBusPnp(PVKBD_BUS Bus, PIRP Irp);
NTSTATUS VkbdBusControl(PVKBD_BUS Bus, PIRP Irp);
/* port.c */
VOID VkbdInitializePort(PVKBD_PORT Port, PDEVICE_OBJECT Self);
NTSTATUS VkbdPortPnp(PVKBD_PORT Port, PIRP Irp);
NTSTATUS VkbdPortPower(PVKBD_PORT Port, PIRP Irp);
NTSTATUS VkbdPortControl(PVKBD_PORT Port, PIRP Irp);
/* Hands inputs to the class driver. STATUS_DEVICE_NOT_READY. */
NTSTATUS VkbdType(PVKBD_PORT Port, PKEYBOARD_INPUT_DATA Inputs, ULONG Count, PULONG Taken);

#endif
