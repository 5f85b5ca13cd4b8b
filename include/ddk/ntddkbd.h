/* SPDX-License-Identifier: MIT */
/* ntddkbd.h - keyboards: control codes and input. Source: MS docs, "Keyboard and mouse HID client
 * drivers". */
#ifndef NTIO_DDK_NTDDKBD_H
#define NTIO_DDK_NTDDKBD_H

#include "devioctl.h"

#define DD_KEYBOARD_DEVICE_NAME   "\\Device\\KeyboardClass"
#define DD_KEYBOARD_DEVICE_NAME_U L"\\Device\\KeyboardClass"

#define NTIO_KEYBOARD(n) CTL_CODE(FILE_DEVICE_KEYBOARD, n, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define IOCTL_KEYBOARD_QUERY_ATTRIBUTES            NTIO_KEYBOARD(0x0000)
#define IOCTL_KEYBOARD_SET_TYPEMATIC               NTIO_KEYBOARD(0x0001)
#define IOCTL_KEYBOARD_SET_INDICATORS              NTIO_KEYBOARD(0x0002)
#define IOCTL_KEYBOARD_QUERY_TYPEMATIC             NTIO_KEYBOARD(0x0008)
#define IOCTL_KEYBOARD_QUERY_INDICATORS            NTIO_KEYBOARD(0x0010)
#define IOCTL_KEYBOARD_QUERY_INDICATOR_TRANSLATION NTIO_KEYBOARD(0x0020)
#define IOCTL_KEYBOARD_INSERT_DATA                 NTIO_KEYBOARD(0x0040)
#define IOCTL_KEYBOARD_QUERY_IME_STATUS            NTIO_KEYBOARD(0x0400)
#define IOCTL_KEYBOARD_SET_IME_STATUS              NTIO_KEYBOARD(0x0401)

#define GUID_CLASS_KEYBOARD GUID_DEVINTERFACE_KEYBOARD

#define KEYBOARD_ERROR_VALUE_BASE  10000
#define KEYBOARD_OVERRUN_MAKE_CODE 0xff

/* Flags of an input. */
#define KEY_MAKE             0
#define KEY_BREAK            1
#define KEY_E0               2
#define KEY_E1               4
#define KEY_TERMSRV_SET_LED  8
#define KEY_TERMSRV_SHADOW   0x10
#define KEY_TERMSRV_VKPACKET 0x20

#define KEYBOARD_LED_INJECTED   0x8000
#define KEYBOARD_SHADOW         0x4000
#define KEYBOARD_KANA_LOCK_ON   8
#define KEYBOARD_CAPS_LOCK_ON   4
#define KEYBOARD_NUM_LOCK_ON    2
#define KEYBOARD_SCROLL_LOCK_ON 1

typedef struct _KEYBOARD_INPUT_DATA {
    USHORT UnitId;
    USHORT MakeCode;
    USHORT Flags;
    USHORT Reserved;
    ULONG ExtraInformation;
} KEYBOARD_INPUT_DATA, *PKEYBOARD_INPUT_DATA;

typedef struct _KEYBOARD_TYPEMATIC_PARAMETERS {
    USHORT UnitId;
    USHORT Rate;
    USHORT Delay;
} KEYBOARD_TYPEMATIC_PARAMETERS, *PKEYBOARD_TYPEMATIC_PARAMETERS;

typedef struct _KEYBOARD_ID {
    UCHAR Type;
    UCHAR Subtype;
} KEYBOARD_ID, *PKEYBOARD_ID;
#define FAREAST_KEYBOARD(id)  ((id).Type == 7 || (id).Type == 8)
#define ENHANCED_KEYBOARD(id) ((id).Type == 2 || (id).Type == 4 || FAREAST_KEYBOARD(id))

typedef struct _KEYBOARD_INDICATOR_PARAMETERS {
    USHORT UnitId;
    USHORT LedFlags;
} KEYBOARD_INDICATOR_PARAMETERS, *PKEYBOARD_INDICATOR_PARAMETERS;

typedef struct _INDICATOR_LIST {
    USHORT MakeCode;
    USHORT IndicatorFlags;
} INDICATOR_LIST, *PINDICATOR_LIST;

typedef struct _KEYBOARD_INDICATOR_TRANSLATION {
    USHORT NumberOfIndicatorKeys;
    INDICATOR_LIST IndicatorList[1];
} KEYBOARD_INDICATOR_TRANSLATION, *PKEYBOARD_INDICATOR_TRANSLATION;

typedef struct _KEYBOARD_ATTRIBUTES {
    KEYBOARD_ID KeyboardIdentifier;
    USHORT KeyboardMode;
    USHORT NumberOfFunctionKeys;
    USHORT NumberOfIndicators;
    USHORT NumberOfKeysTotal;
    ULONG InputDataQueueLength;
    KEYBOARD_TYPEMATIC_PARAMETERS KeyRepeatMinimum;
    KEYBOARD_TYPEMATIC_PARAMETERS KeyRepeatMaximum;
} KEYBOARD_ATTRIBUTES, *PKEYBOARD_ATTRIBUTES;

typedef struct _KEYBOARD_UNIT_ID_PARAMETER {
    USHORT UnitId;
} KEYBOARD_UNIT_ID_PARAMETER, *PKEYBOARD_UNIT_ID_PARAMETER;

typedef struct _KEYBOARD_IME_STATUS {
    USHORT UnitId;
    ULONG ImeOpen;
    ULONG ImeConvMode;
} KEYBOARD_IME_STATUS, *PKEYBOARD_IME_STATUS;

#endif

#include "guiddef.h"

/* May be included again behind initguid.h, to define what was only declared before. */
#if !defined(NTIO_DDK_NTDDKBD_GUIDS) ||                                                            \
    (defined(INITGUID) && !defined(NTIO_DDK_NTDDKBD_GUIDS_DEFINED))
#define NTIO_DDK_NTDDKBD_GUIDS
#ifdef INITGUID
#define NTIO_DDK_NTDDKBD_GUIDS_DEFINED
#endif
DEFINE_GUID(GUID_DEVINTERFACE_KEYBOARD, 0x884b96c3, 0x56ef, 0x11d1, 0xbc, 0x8c, 0x00, 0xa0, 0xc9,
            0x14, 0x05, 0xdd);
#endif
