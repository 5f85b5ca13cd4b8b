/* SPDX-License-Identifier: MIT */
/*
 * wmi.h - Windows Management Instrumentation, the kernel's part: drivers that provide data blocks,
 * drivers that ask for them, and WMILIB.SYS.
 *
 * Calls: pnp (names of devices), io, ob, ex, ke. Called by: drivers. README.md has the way of a
 * request.
 *
 * Locks: WmipControl (a mutex: which blocks have been told that somebody listens; held over
 * IRP_MN_ENABLE_EVENTS and its kin) -> WmipLock (a KI_LOCK: providers, blocks, open objects,
 * events; nothing is called under it).
 */
#ifndef NTIO_WMI_H
#define NTIO_WMI_H

#include "ntio/pnp/pnp.h"

NTSTATUS WmiInitializeSystem(VOID);
VOID WmiShutdownSystem(VOID);

#endif
