/* SPDX-License-Identifier: MIT */
/*
 * devices_public.h - what the driver devices tells its program. The including file has brought the
 * base types (a driver: ntddk.h; a program: windows.h and winioctl.h).
 */
#ifndef DEVICES_PUBLIC_H
#define DEVICES_PUBLIC_H

/* Out: DEVICES_REPORT. */
#define IOCTL_DEVICES_REPORT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define DEVICES_MOST 8

typedef struct _DEVICES_ENTRY {
    ULONG64 Device;   /* the device object's address */
    WCHAR Driver[32]; /* the name of its driver, ended by a zero */
} DEVICES_ENTRY;

typedef struct _DEVICES_REPORT {
    /* The process in which each routine ran: its ID, and whether it is the System process. */
    ULONG EntryProcess, AddProcess, DispatchProcess;
    ULONG EntryInSystem, AddInSystem, DispatchInSystem;
    ULONG NextCount, UpCount, DownCount;
    DEVICES_ENTRY Next[DEVICES_MOST]; /* all devices of the driver, by NextDevice */
    DEVICES_ENTRY Up[DEVICES_MOST]; /* this device's stack from the lowest up, by AttachedDevice */
    DEVICES_ENTRY Down[DEVICES_MOST]; /* the same from the top down, by each extension's Lower */
} DEVICES_REPORT;

#endif
