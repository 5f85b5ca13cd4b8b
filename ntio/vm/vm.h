/* SPDX-License-Identifier: MIT */
/*
 * vm.h - sections and their views: files of the host, or memory, mapped.
 *
 * Calls: fs (the host's file behind a file object), io, ob, mm, ex, ke. Called by: win32, drivers,
 * init (a process's end). Programs and drivers share one address space, so a view is seen by all,
 * and a process only owns it.
 *
 * Lock: VmpLock (the list of views), innermost; nothing is called under it.
 */
#ifndef NTIO_VM_VM_H
#define NTIO_VM_VM_H

#include "ntio/io/io.h"

extern POBJECT_TYPE VmpSectionType;

NTSTATUS VmInitializeSystem(VOID);
VOID VmShutdownSystem(VOID);
/* The end of a process: its views go. No thread of it is inside. PASSIVE_LEVEL. */
VOID VmEndProcess(PEPROCESS Process);

/* The Nt forms: the Zw forms' (wdm/zw.h), with the caller's rights and buffers checked. [PASSIVE]
 */
NTSYSAPI NTSTATUS NTAPI NtCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes,
                                        PLARGE_INTEGER MaximumSize, ULONG SectionPageProtection,
                                        ULONG AllocationAttributes, HANDLE FileHandle);
NTSYSAPI NTSTATUS NTAPI NtOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                                      POBJECT_ATTRIBUTES ObjectAttributes);
NTSYSAPI NTSTATUS NTAPI NtMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle,
                                           PVOID *BaseAddress, ULONG_PTR ZeroBits,
                                           SIZE_T CommitSize, PLARGE_INTEGER SectionOffset,
                                           PSIZE_T ViewSize, SECTION_INHERIT InheritDisposition,
                                           ULONG AllocationType, ULONG Win32Protect);
NTSYSAPI NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress);
/* Writes what has been changed in the view's pages from BaseAddress on to the file; *RegionSize 0:
 * to the view's end. STATUS_NOT_MAPPED_VIEW. */
NTSYSAPI NTSTATUS NTAPI NtFlushVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress,
                                             PSIZE_T RegionSize, PIO_STATUS_BLOCK IoStatus);

#endif
