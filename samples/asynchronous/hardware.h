/* SPDX-License-Identifier: MIT */
/*
 * hardware.h - the registers of the emulated transmitter: four I/O ports.
 *
 * DATA takes a byte and gives what became of it (a letter comes back as a capital). When a byte is
 * done, STATUS has DONE and the card pulls its interrupt line until DONE is written back to STATUS.
 * CONTROL holds the card: a byte is done only when HOLD is gone. LINE says which line it pulls; 0:
 * none.
 */
#ifndef HARDWARE_H
#define HARDWARE_H

#define HW_PORT  0x2e0 /* where the card's switches put it */
#define HW_PORTS 4

#define HW_DATA    0
#define HW_STATUS  1
#define HW_CONTROL 2
#define HW_LINE    3

#define HW_STATUS_DONE  0x01
#define HW_CONTROL_HOLD 0x01

/* Lines that the card can be told to pull. */
#define HW_FIRST_LINE 40
#define HW_LAST_LINE  43

#endif
