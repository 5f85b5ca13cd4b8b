/* SPDX-License-Identifier: MIT */
/*
 * scsi_install.h - four programs, each of one routine: the packages of scsinet's drivers in and
 * out. Each answers 0, or the Win32 code of what failed; *reboot: a device is in use.
 */
#ifndef SCSI_INSTALL_H
#define SCSI_INSTALL_H

#include <windows.h>

#define CLIENT_HARDWARE_ID L"VirtualSCSIBus"

/* Into the store only: installing it would take every CD drive. */
DWORD server_install(const char *inf);
DWORD server_uninstall(const char *inf, BOOL *reboot);
/* A root-enumerated device of class Unknown, then the package on it. */
DWORD client_install(const char *inf, BOOL *reboot);
/* The package out (the device is of class Unknown again), then the device. */
DWORD client_uninstall(const char *inf, BOOL *reboot);

#endif
