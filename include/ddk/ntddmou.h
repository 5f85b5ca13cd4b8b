/* SPDX-License-Identifier: MIT */
/* ntddmou.h - mice: control codes and input. Source: MS docs, "Keyboard and mouse HID client
 * drivers". */
#ifndef NTIO_DDK_NTDDMOU_H
#define NTIO_DDK_NTDDMOU_H

#include "devioctl.h"

#define DD_MOUSE_DEVICE_NAME   "\\Device\\PointerClass"
#define DD_MOUSE_DEVICE_NAME_U L"\\Device\\PointerClass"
#define IOCTL_MOUSE_QUERY_ATTRIBUTES                                                               \
    CTL_CODE(FILE_DEVICE_MOUSE, 0, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_MOUSE_INSERT_DATA CTL_CODE(FILE_DEVICE_MOUSE, 1, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define GUID_CLASS_MOUSE GUID_DEVINTERFACE_MOUSE

#define MOUSE_LEFT_BUTTON_DOWN   0x0001
#define MOUSE_LEFT_BUTTON_UP     0x0002
#define MOUSE_RIGHT_BUTTON_DOWN  0x0004
#define MOUSE_RIGHT_BUTTON_UP    0x0008
#define MOUSE_MIDDLE_BUTTON_DOWN 0x0010
#define MOUSE_MIDDLE_BUTTON_UP   0x0020
#define MOUSE_WHEEL              0x0400
#define MOUSE_MOVE_RELATIVE      0
#define MOUSE_MOVE_ABSOLUTE      1

typedef struct _MOUSE_INPUT_DATA {
    USHORT UnitId;
    USHORT Flags;
    union {
        ULONG Buttons;
        struct {
            USHORT ButtonFlags;
            USHORT ButtonData;
        };
    };
    ULONG RawButtons;
    LONG LastX;
    LONG LastY;
    ULONG ExtraInformation;
} MOUSE_INPUT_DATA, *PMOUSE_INPUT_DATA;

typedef struct _MOUSE_ATTRIBUTES {
    USHORT MouseIdentifier;
    USHORT NumberOfButtons;
    USHORT SampleRate;
    ULONG InputDataQueueLength;
} MOUSE_ATTRIBUTES, *PMOUSE_ATTRIBUTES;

#endif

#include "guiddef.h"

/* May be included again behind initguid.h, to define what was only declared before. */
#if !defined(NTIO_DDK_NTDDMOU_GUIDS) ||                                                            \
    (defined(INITGUID) && !defined(NTIO_DDK_NTDDMOU_GUIDS_DEFINED))
#define NTIO_DDK_NTDDMOU_GUIDS
#ifdef INITGUID
#define NTIO_DDK_NTDDMOU_GUIDS_DEFINED
#endif
DEFINE_GUID(GUID_DEVINTERFACE_MOUSE, 0x378de44c, 0x56ef, 0x11d1, 0xbc, 0x8c, 0x00, 0xa0, 0xc9, 0x14,
            0x05, 0xdd);
#endif
