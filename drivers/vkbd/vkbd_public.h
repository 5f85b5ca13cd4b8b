/* SPDX-License-Identifier: MIT */
/*
 * vkbd_public.h - what a program asks of the virtual keyboard: \\.\VirtualKeyboard0.
 */
#ifndef DRIVERS_VKBD_PUBLIC_H
#define DRIVERS_VKBD_PUBLIC_H

/* Types: in: KEYBOARD_INPUT_DATA, any number. Out: ULONG, how many the class driver took. Fails
 * with STATUS_DEVICE_NOT_READY (ERROR_NOT_READY) where no class driver is connected or the keyboard
 * has no power. */
#define IOCTL_VKBD_TYPE CTL_CODE(FILE_DEVICE_KEYBOARD, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Out: USHORT, the lights (KEYBOARD_*_LOCK_ON). */
#define IOCTL_VKBD_LIGHTS CTL_CODE(FILE_DEVICE_KEYBOARD, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

#endif
