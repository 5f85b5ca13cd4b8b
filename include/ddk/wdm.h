/* SPDX-License-Identifier: MIT */
/*
 * wdm.h - everything a WDM driver may use, in parts: wdm/ke.h, wdm/ex.h, ...
 *
 * Each routine is described at length on the MS docs page of its name; the lines above a
 * declaration here give what it does, who owns what, its statuses, and in brackets the IRQL of the
 * caller.
 */
#ifndef NTIO_DDK_WDM_H
#define NTIO_DDK_WDM_H
#define _WDMDDK_
#define _NTDDK_WDM_

#ifndef DBG
#define DBG 0
#endif

#include "bugcodes.h"
#include "ntcrt.h"
#include "ntdef.h"
#include "ntseh.h"
#include "ntstatus.h"
#include "wdm/cm.h"
#include "wdm/dma.h"
#include "wdm/ex.h"
#include "wdm/interlocked.h"
#include "wdm/interrupt.h"
#include "wdm/io.h"
#include "wdm/ke.h"
#include "wdm/list.h"
#include "wdm/mm.h"
#include "wdm/ob.h"
#include "wdm/po.h"
#include "wdm/ps.h"
#include "wdm/rtl.h"
#include "wdm/zw.h"
#include "csq.h"

/*
 * The entry of every driver. Declared here so that it has the right convention and is exported from
 * a native driver built with -fvisibility=hidden.
 */
#ifndef NTIO_KERNEL_SOURCE
#ifdef __cplusplus
extern "C" {
#endif
DECLSPEC_EXPORT NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                           PUNICODE_STRING RegistryPath);
#ifdef __cplusplus
}
#endif
#endif

#endif
