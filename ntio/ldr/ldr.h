/* SPDX-License-Identifier: MIT */
/*
 * ldr.h - loads drivers: native (.so, dlopen) and PE (.sys), and services by name.
 *
 * A service is a registry key below Services (Type, Start, ErrorControl, ImagePath). ImagePath here
 * is a path of the host; a name without a slash is looked for in the driver directories
 * (NtioAddDriverDirectory).
 */
#ifndef NTIO_LDR_H
#define NTIO_LDR_H

#include "ntio/io/io.h"
#include "ntio/cm/cm.h"

NTSTATUS LdrInitializeSystem(VOID);
VOID LdrShutdownSystem(VOID);

/* Maps File (.so or .sys by its content) and finds its entry. Reason (Size bytes) gets one sentence
 * on failure. */
NTSTATUS LdrLoadImage(const char *File, IOP_DRIVER_IMAGE *Image, char *Reason, size_t Size);
/* Loads and starts the driver of a service; STATUS_IMAGE_ALREADY_LOADED. */
NTSTATUS LdrStartService(const WCHAR *ServiceName, char *Reason, size_t Size);
NTSTATUS LdrStopService(const WCHAR *ServiceName);
/* The host's folder that an ImagePath calls \SystemRoot (also %SystemRoot%, C:\Windows, or a path
 * without a root); looked in before the driver directories. NULL: none. */
VOID LdrSetSystemRoot(const char *Path);

/* The export table: what a .sys may import. Each component lists its own in <component>/exports.inc
 * as NTIO_EXPORT(module, Name) or NTIO_EXPORT_AS(module, "Name", symbol) or NTIO_DATA(module,
 * Name). */
typedef struct _LDR_EXPORT {
    const char *Module; /* "ntoskrnl.exe", "hal.dll" */
    const char *Name;
    PVOID Address;
    BOOLEAN Data;
} LDR_EXPORT;
extern const LDR_EXPORT LdrExports[];
extern const ULONG LdrExportCount;
PVOID LdrFindExport(const char *Module, const char *Name);

#endif
