/* SPDX-License-Identifier: MIT */
/* consumer.h - what the two files that ask providers share. */
#ifndef NTIO_WMI_CONSUMER_H
#define NTIO_WMI_CONSUMER_H

#include "ntio/wmi/wmip.h"

/* Is the object open for it, and who has the block now? STATUS_ACCESS_DENIED, and as
 * WmipFindTargets. */
NTSTATUS WmipBeginRequest(PWMIP_OBJECT Object, ULONG Access, PWMIP_TARGET *Targets, PULONG Count);

#endif
