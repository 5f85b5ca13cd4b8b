/* SPDX-License-Identifier: MIT */
/*
 * ntifs.h - what file systems and their filters may use beyond ntddk.h, as far as drivers of other
 * kinds include it: looking up processes, opening objects by pointer, impersonation's outline.
 */
#ifndef NTIO_DDK_NTIFS_H
#define NTIO_DDK_NTIFS_H
#define _NTIFS_

#include "ntddk.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IRP_MN_LOCK              0x01
#define IRP_MN_UNLOCK_SINGLE     0x02
#define IRP_MN_UNLOCK_ALL        0x03
#define IRP_MN_UNLOCK_ALL_BY_KEY 0x04

/*
 * A range of bytes, kept by the driver, for this open (and Key) alone, or shared. Needs the right
 * to read or to write. STATUS_PENDING, STATUS_LOCK_NOT_GRANTED, STATUS_RANGE_NOT_LOCKED. [PASSIVE]
 */
NTSYSAPI NTSTATUS NTAPI ZwLockFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                   PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                   PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length, ULONG Key,
                                   BOOLEAN FailImmediately, BOOLEAN ExclusiveLock);
NTSYSAPI NTSTATUS NTAPI ZwUnlockFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                     PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length, ULONG Key);
/* FileFsLabelInformation, FileFsControlInformation, FileFsObjectIdInformation. [PASSIVE] */
NTSYSAPI NTSTATUS NTAPI ZwSetVolumeInformationFile(HANDLE FileHandle,
                                                   PIO_STATUS_BLOCK IoStatusBlock,
                                                   PVOID FsInformation, ULONG Length,
                                                   FS_INFORMATION_CLASS FsInformationClass);
/*
 * A self-relative descriptor: the driver's for a file below a device, else an empty one.
 * STATUS_BUFFER_TOO_SMALL, with the length. Set: self-relative; STATUS_NOT_SUPPORTED where the
 * object is no file below a device, STATUS_BAD_DESCRIPTOR_FORMAT. [PASSIVE]
 */
NTSYSAPI NTSTATUS NTAPI ZwQuerySecurityObject(HANDLE Handle,
                                              SECURITY_INFORMATION SecurityInformation,
                                              PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Length,
                                              PULONG LengthNeeded);
NTSYSAPI NTSTATUS NTAPI ZwSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                            PSECURITY_DESCRIPTOR SecurityDescriptor);

/* Referenced; STATUS_INVALID_CID (threads: STATUS_INVALID_CID too). [<=APC] */
NTKERNELAPI NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process);
NTKERNELAPI NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread);
NTKERNELAPI PEPROCESS NTAPI IoThreadToProcess(PETHREAD Thread);
NTKERNELAPI PEPROCESS NTAPI PsGetThreadProcess(PETHREAD Thread);
NTKERNELAPI LARGE_INTEGER NTAPI PsGetProcessExitTime(VOID);
NTKERNELAPI NTSTATUS NTAPI PsGetProcessExitStatus(PEPROCESS Process);
NTKERNELAPI BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread);

/* A handle to an object that the caller holds. [PASSIVE] */
NTKERNELAPI NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes,
                                                 PACCESS_STATE PassedAccessState,
                                                 ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, PHANDLE Handle);
NTKERNELAPI NTSTATUS NTAPI ObInsertObject(PVOID Object, PACCESS_STATE PassedAccessState,
                                          ACCESS_MASK DesiredAccess, ULONG ObjectPointerBias,
                                          PVOID *NewObject, PHANDLE Handle);
/* The object's full name; STATUS_INFO_LENGTH_MISMATCH with the length. [PASSIVE] */
NTKERNELAPI NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo,
                                             ULONG Length, PULONG ReturnLength);
NTKERNELAPI BOOLEAN NTAPI ObIsKernelHandle(HANDLE Handle);
NTKERNELAPI VOID NTAPI ObMakeTemporaryObject(PVOID Object);

/* The driver's devices, each with a reference; STATUS_BUFFER_TOO_SMALL, with how many there are.
 * [<=DISPATCH] */
NTKERNELAPI NTSTATUS NTAPI IoEnumerateDeviceObjectList(PDRIVER_OBJECT DriverObject,
                                                       PDEVICE_OBJECT *DeviceObjectList,
                                                       ULONG DeviceObjectListSize,
                                                       PULONG ActualNumberDeviceObjects);

/* Queues: threads wait in KeRemoveQueue for entries. [<=DISPATCH; waiting PASSIVE] */
typedef struct _KQUEUE {
    DISPATCHER_HEADER Header;
    LIST_ENTRY EntryListHead;
    volatile ULONG CurrentCount;
    ULONG MaximumCount;
    LIST_ENTRY ThreadListHead;
} KQUEUE, *PRKQUEUE;
NTKERNELAPI VOID NTAPI KeInitializeQueue(PRKQUEUE Queue, ULONG Count);
NTKERNELAPI LONG NTAPI KeReadStateQueue(PRKQUEUE Queue);
NTKERNELAPI LONG NTAPI KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry);
NTKERNELAPI LONG NTAPI KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry);
/* The entry, or (PLIST_ENTRY)STATUS_TIMEOUT, STATUS_USER_APC. */
NTKERNELAPI PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode,
                                            PLARGE_INTEGER Timeout);
NTKERNELAPI PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE Queue);

/* APCs of one's own. */
typedef enum _KAPC_ENVIRONMENT {
    OriginalApcEnvironment,
    AttachedApcEnvironment,
    CurrentApcEnvironment,
    InsertApcEnvironment
} KAPC_ENVIRONMENT,
    *PKAPC_ENVIRONMENT;
NTKERNELAPI VOID NTAPI KeInitializeApc(PRKAPC Apc, PRKTHREAD Thread, KAPC_ENVIRONMENT Environment,
                                       PKKERNEL_ROUTINE KernelRoutine,
                                       PKRUNDOWN_ROUTINE RundownRoutine,
                                       PKNORMAL_ROUTINE NormalRoutine,
                                       KPROCESSOR_MODE ProcessorMode, PVOID NormalContext);
NTKERNELAPI BOOLEAN NTAPI KeInsertQueueApc(PRKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2,
                                           KPRIORITY Increment);

/* The calling thread's security, in outline. */
NTKERNELAPI VOID NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
NTKERNELAPI VOID NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
NTKERNELAPI VOID NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
NTKERNELAPI VOID NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
NTKERNELAPI BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN Token);
NTKERNELAPI PACCESS_TOKEN NTAPI PsReferencePrimaryToken(PEPROCESS Process);
NTKERNELAPI VOID NTAPI PsDereferencePrimaryToken(PACCESS_TOKEN PrimaryToken);

#ifdef __cplusplus
}
#endif

#endif
