/* SPDX-License-Identifier: MIT */
/* kbdmou.h - between keyboard and mouse class drivers and the drivers below. Source: MS docs,
 * kbdmou.h. */
#ifndef NTIO_DDK_KBDMOU_H
#define NTIO_DDK_KBDMOU_H
#define _KBDMOU_

#include "ntddkbd.h"
#include "ntddmou.h"
#include "wdm.h"

#define DD_KEYBOARD_PORT_DEVICE_NAME   "\\Device\\KeyboardPort"
#define DD_KEYBOARD_PORT_DEVICE_NAME_U L"\\Device\\KeyboardPort"
#define DD_KEYBOARD_PORT_BASE_NAME_U   L"KeyboardPort"
#define DD_POINTER_PORT_DEVICE_NAME    "\\Device\\PointerPort"
#define DD_POINTER_PORT_DEVICE_NAME_U  L"\\Device\\PointerPort"
#define DD_POINTER_PORT_BASE_NAME_U    L"PointerPort"
#define DD_KEYBOARD_CLASS_BASE_NAME_U  L"KeyboardClass"
#define DD_POINTER_CLASS_BASE_NAME_U   L"PointerClass"

#define POINTER_PORTS_MAXIMUM         8
#define KEYBOARD_PORTS_MAXIMUM        8
#define KBDMOU_COULD_NOT_SEND_COMMAND 0x0000
#define KBDMOU_COULD_NOT_SEND_PARAM   0x0001
#define KBDMOU_NO_RESPONSE            0x0002
#define KBDMOU_INCORRECT_RESPONSE     0x0004

#define NTIO_KBDMOU(type, n)               CTL_CODE(type, n, METHOD_NEITHER, FILE_ANY_ACCESS)
#define IOCTL_INTERNAL_KEYBOARD_CONNECT    NTIO_KBDMOU(FILE_DEVICE_KEYBOARD, 0x0080)
#define IOCTL_INTERNAL_KEYBOARD_DISCONNECT NTIO_KBDMOU(FILE_DEVICE_KEYBOARD, 0x0100)
#define IOCTL_INTERNAL_KEYBOARD_ENABLE     NTIO_KBDMOU(FILE_DEVICE_KEYBOARD, 0x0200)
#define IOCTL_INTERNAL_KEYBOARD_DISABLE    NTIO_KBDMOU(FILE_DEVICE_KEYBOARD, 0x0400)
#define IOCTL_INTERNAL_MOUSE_CONNECT       NTIO_KBDMOU(FILE_DEVICE_MOUSE, 0x0080)
#define IOCTL_INTERNAL_MOUSE_DISCONNECT    NTIO_KBDMOU(FILE_DEVICE_MOUSE, 0x0100)
#define IOCTL_INTERNAL_MOUSE_ENABLE        NTIO_KBDMOU(FILE_DEVICE_MOUSE, 0x0200)
#define IOCTL_INTERNAL_MOUSE_DISABLE       NTIO_KBDMOU(FILE_DEVICE_MOUSE, 0x0400)

/* CONNECT: the class driver's device, and a routine that takes inputs. */
typedef struct _CONNECT_DATA {
    PDEVICE_OBJECT ClassDeviceObject;
    PVOID ClassService; /* a PSERVICE_CALLBACK_ROUTINE */
} CONNECT_DATA, *PCONNECT_DATA;

/* Called at DISPATCH: device, first input, one behind the last, how many were taken. */
typedef VOID NTAPI SERVICE_CALLBACK_ROUTINE(PVOID NormalContext, PVOID SystemArgument1,
                                            PVOID SystemArgument2, PVOID SystemArgument3);
typedef SERVICE_CALLBACK_ROUTINE *PSERVICE_CALLBACK_ROUTINE;

#endif
