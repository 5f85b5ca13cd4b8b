/* SPDX-License-Identifier: MIT */
/* caller.h - the parts of caller: each way is a routine that fills the result. */
#ifndef CALLER_H
#define CALLER_H

#include <ntddk.h>

#include "driver_to_driver.h"

#define CALLER_TARGET L"\\Device\\Target"
#define CALLER_LINK   L"\\??\\TargetLink"

/* byhandle.c: PASSIVE_LEVEL; the status is that of getting as far as the request. */
NTSTATUS CallSynchronously(PCUNICODE_STRING Name, CALL_RESULT *Result);
NTSTATUS CallWithApc(CALL_RESULT *Result);
NTSTATUS CallWithFileEvent(CALL_RESULT *Result);
NTSTATUS CallThroughLink(CALL_RESULT *Result);

/* bypointer.c: the same. */
NTSTATUS CallSynchronousFsd(PDEVICE_OBJECT Target, CALL_RESULT *Result);
NTSTATUS CallAsynchronousFsd(PDEVICE_OBJECT Target, CALL_RESULT *Result);
NTSTATUS CallDeviceControl(PDEVICE_OBJECT Target, CALL_RESULT *Result);
NTSTATUS CallOwnIrp(PDEVICE_OBJECT Target, PFILE_OBJECT File, CALL_RESULT *Result);
NTSTATUS CallOwnPointer(PDEVICE_OBJECT Target, PFILE_OBJECT File, CALL_RESULT *Result);

#endif
