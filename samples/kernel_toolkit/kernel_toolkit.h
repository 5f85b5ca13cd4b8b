/* SPDX-License-Identifier: MIT */
/* kernel_toolkit.h - the driver's own: each part of the toolkit in a file. All PASSIVE_LEVEL. */
#ifndef KERNEL_TOOLKIT_H
#define KERNEL_TOOLKIT_H

#include <ntddk.h>
#include "kernel_toolkit_public.h"

#define TOOLKIT_TAG 'tkoT'

NTSTATUS ToolkitLists(TOOLKIT_LISTS *Report);
NTSTATUS ToolkitLookaside(TOOLKIT_LOOKASIDE *Report);
NTSTATUS ToolkitStrings(TOOLKIT_STRINGS *Report);
/* Path is made, and left there. */
NTSTATUS ToolkitFile(PUNICODE_STRING Path, TOOLKIT_FILE *Report);
/* Key: the service's own, as DriverEntry was given it. */
NTSTATUS ToolkitRegistry(PUNICODE_STRING Key, TOOLKIT_REGISTRY *Report);

/* The list that all callers share. */
VOID ToolkitInitializeShared(VOID);
NTSTATUS ToolkitPush(ULONG Value);
NTSTATUS ToolkitPop(PULONG Value);
VOID ToolkitEmptyShared(VOID);

#endif
