/* SPDX-License-Identifier: MIT */
/*
 * ntob.h - system services over handles that ob implements and the DDK's headers do not declare:
 * the Nt names (previous mode: ExGetPreviousMode, so a program's thread is held to its handles'
 * access), and those that drivers import although no header has them. All PASSIVE_LEVEL.
 */
#ifndef NTIO_OB_NTOB_H
#define NTIO_OB_NTOB_H

#include "ntio/ob/ob.h"

/* ---- objects ---- */
/*
 * Follows ObjectName (absolute) to an object of ObjectType (NULL: any) and references it. Known to
 * every driver writer, declared in no header of the WDK. STATUS_OBJECT_NAME_INVALID for an empty
 * name, else as ObpOpenByName.
 */
NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes,
                                                   PACCESS_STATE AccessState,
                                                   ACCESS_MASK DesiredAccess,
                                                   POBJECT_TYPE ObjectType,
                                                   KPROCESSOR_MODE AccessMode, PVOID ParseContext,
                                                   PVOID *Object);
/* A handle to the object of a name. STATUS_INVALID_PARAMETER for bad attributes, else as
 * ObpOpenByName. */
NTKERNELAPI NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes,
                                              POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                              PACCESS_STATE PassedAccessState,
                                              ACCESS_MASK DesiredAccess, PVOID ParseContext,
                                              PHANDLE Handle);
/* A handle to an object that the caller references. OBJ_KERNEL_HANDLE in HandleAttributes:
 * System's. */
NTKERNELAPI NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes,
                                                 PACCESS_STATE PassedAccessState,
                                                 ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, PHANDLE Handle);
/* The object's path, terminated, behind the structure. STATUS_INFO_LENGTH_MISMATCH with
 * ReturnLength: too small. */
NTKERNELAPI NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo,
                                             ULONG Length, PULONG ReturnLength);
/* A permanent object becomes an ordinary one: its name goes with its last handle, at once where it
 * has none. */
NTKERNELAPI VOID NTAPI ObMakeTemporaryObject(PVOID Object);

#define ObjectHandleFlagInformation 4
typedef struct _OBJECT_HANDLE_FLAG_INFORMATION {
    BOOLEAN Inherit;
    BOOLEAN ProtectFromClose;
} OBJECT_HANDLE_FLAG_INFORMATION, *POBJECT_HANDLE_FLAG_INFORMATION;
/* Class ObjectHandleFlagInformation only. STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH.
 */
NTSYSAPI NTSTATUS NTAPI ZwSetInformationObject(HANDLE Handle, ULONG ObjectInformationClass,
                                               PVOID ObjectInformation,
                                               ULONG ObjectInformationLength);
NTSYSAPI NTSTATUS NTAPI NtSetInformationObject(HANDLE Handle, ULONG ObjectInformationClass,
                                               PVOID ObjectInformation,
                                               ULONG ObjectInformationLength);
NTSYSAPI NTSTATUS NTAPI NtClose(HANDLE Handle);
NTSYSAPI NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE Handle);
NTSYSAPI NTSTATUS NTAPI NtDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
                                          HANDLE TargetProcessHandle, PHANDLE TargetHandle,
                                          ACCESS_MASK DesiredAccess, ULONG HandleAttributes,
                                          ULONG Options);

/* ---- directories and links ---- */
typedef struct _OBJECT_DIRECTORY_INFORMATION {
    UNICODE_STRING Name;
    UNICODE_STRING TypeName;
} OBJECT_DIRECTORY_INFORMATION, *POBJECT_DIRECTORY_INFORMATION;
/*
 * Entries from *Context on, the oldest first, closed by an empty one, their strings behind.
 * STATUS_MORE_ENTRIES: the buffer is full; STATUS_NO_MORE_ENTRIES; STATUS_BUFFER_TOO_SMALL: not one
 * fits, ReturnLength says what it needs.
 */
NTSYSAPI NTSTATUS NTAPI ZwQueryDirectoryObject(HANDLE DirectoryHandle, PVOID Buffer, ULONG Length,
                                               BOOLEAN ReturnSingleEntry, BOOLEAN RestartScan,
                                               PULONG Context, PULONG ReturnLength);
NTSYSAPI NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE DirectoryHandle, PVOID Buffer, ULONG Length,
                                               BOOLEAN ReturnSingleEntry, BOOLEAN RestartScan,
                                               PULONG Context, PULONG ReturnLength);
NTSYSAPI NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                                POBJECT_ATTRIBUTES ObjectAttributes);
NTSYSAPI NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                              POBJECT_ATTRIBUTES ObjectAttributes);
NTSYSAPI NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                                   POBJECT_ATTRIBUTES ObjectAttributes,
                                                   PUNICODE_STRING LinkTarget);
NTSYSAPI NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                                 POBJECT_ATTRIBUTES ObjectAttributes);
NTSYSAPI NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget,
                                                  PULONG ReturnedLength);

/* ---- events ---- */
#define ObpEventBasicInformation 0
typedef struct _OBP_EVENT_BASIC_INFORMATION { /* EVENT_BASIC_INFORMATION */
    EVENT_TYPE EventType;
    LONG EventState;
} OBP_EVENT_BASIC_INFORMATION;
NTSYSAPI NTSTATUS NTAPI NtCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                                      POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                                      BOOLEAN InitialState);
NTSYSAPI NTSTATUS NTAPI NtOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes);
NTSYSAPI NTSTATUS NTAPI NtSetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSYSAPI NTSTATUS NTAPI NtClearEvent(HANDLE EventHandle);
NTSYSAPI NTSTATUS NTAPI NtResetEvent(HANDLE EventHandle, PLONG PreviousState);
/* Class 0 (EventBasicInformation) only: STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH. */
NTSYSAPI NTSTATUS NTAPI ZwQueryEvent(HANDLE EventHandle, ULONG EventInformationClass,
                                     PVOID EventInformation, ULONG EventInformationLength,
                                     PULONG ReturnLength);
NTSYSAPI NTSTATUS NTAPI NtQueryEvent(HANDLE EventHandle, ULONG EventInformationClass,
                                     PVOID EventInformation, ULONG EventInformationLength,
                                     PULONG ReturnLength);

/* ---- semaphores and mutants ---- */
/* STATUS_INVALID_PARAMETER: MaximumCount below 1, or InitialCount not within 0 and MaximumCount. */
NTSYSAPI NTSTATUS NTAPI NtCreateSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes, LONG InitialCount,
                                          LONG MaximumCount);
NTSYSAPI NTSTATUS NTAPI NtOpenSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes);
/* STATUS_SEMAPHORE_LIMIT_EXCEEDED; STATUS_INVALID_PARAMETER: ReleaseCount below 1. */
NTSYSAPI NTSTATUS NTAPI NtReleaseSemaphore(HANDLE SemaphoreHandle, LONG ReleaseCount,
                                           PLONG PreviousCount);
NTSYSAPI NTSTATUS NTAPI NtCreateMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN InitialOwner);
NTSYSAPI NTSTATUS NTAPI NtOpenMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes);
/* STATUS_MUTANT_NOT_OWNED. PreviousCount: 1 minus the depth of ownership before. */
NTSYSAPI NTSTATUS NTAPI NtReleaseMutant(HANDLE MutantHandle, PLONG PreviousCount);

/* ---- timers ---- */
/* As the Zw forms (wdm/zw.h). Period is in milliseconds; the routine runs as an APC of the thread
 * that set the timer. STATUS_TIMER_RESUME_IGNORED: it is set, but can't wake a sleeping machine. */
NTSYSAPI NTSTATUS NTAPI NtCreateTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                                      POBJECT_ATTRIBUTES ObjectAttributes, TIMER_TYPE TimerType);
NTSYSAPI NTSTATUS NTAPI NtOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes);
NTSYSAPI NTSTATUS NTAPI NtSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime,
                                   PTIMER_APC_ROUTINE TimerApcRoutine, PVOID TimerContext,
                                   BOOLEAN ResumeTimer, LONG Period, PBOOLEAN PreviousState);
NTSYSAPI NTSTATUS NTAPI NtCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState);

/* ---- waiting by handle ---- */
/* Needs SYNCHRONIZE. STATUS_OBJECT_TYPE_MISMATCH: not an object that can be waited for. */
NTSYSAPI NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable,
                                              PLARGE_INTEGER Timeout);
NTSYSAPI NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG Count, PHANDLE Handles, WAIT_TYPE WaitType,
                                                 BOOLEAN Alertable, PLARGE_INTEGER Timeout);

#endif
