/* SPDX-License-Identifier: MIT */
/*
 * ob.h - the object manager: types, objects with reference and handle counts, the namespace, handle
 * tables.
 *
 * Calls: ex (pool), ke. Called by: ps, cm, io, pnp, win32, ldr.
 *
 * An object is an OBJECT_HEADER followed by the body that everybody else points to. A body lives
 * until its last reference goes; each handle holds one, and so does the name of a permanent object.
 * Deletion runs at PASSIVE_LEVEL: a last dereference above it is handed to a work item.
 *
 * Lock order: ObpNamespaceLock (a mutex, PASSIVE_LEVEL) before a handle table entry's lock bit.
 * Procedures of a type (Parse, Close, Delete) are called with neither held.
 */
#ifndef NTIO_OB_H
#define NTIO_OB_H

#include "ntio/ps/ps.h"

/*
 * Parse: called where a path goes on below an object of this type (a device: \Device\CdRom0\name).
 * Remaining is the rest with its leading backslash. On STATUS_SUCCESS *Object carries a reference
 * that is the caller's. Context is what was given to ObpOpenByName. Called with nothing remaining
 * where another type than the object's was asked for, or a Context given; and for an open relative
 * to a handle of the object, then with the name as it was given. STATUS_REPARSE: the method has
 * freed CompleteName's buffer (ExFreePool) and put a new absolute path there from pool, and the
 * look-up begins again with it.
 */
typedef NTSTATUS OB_PARSE_METHOD(PVOID ParseObject, POBJECT_TYPE Type, ACCESS_MASK DesiredAccess,
                                 ULONG Attributes, PUNICODE_STRING CompleteName,
                                 PUNICODE_STRING Remaining, PVOID Context, PVOID *Object);
/* Close: a handle of Process has gone; ProcessHandleCount and SystemHandleCount are those before it
 * went (1: it was the last). */
typedef VOID OB_CLOSE_METHOD(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess,
                             ULONG ProcessHandleCount, ULONG SystemHandleCount);
/* Delete: the last reference has gone; frees what the body owns, not the body. PASSIVE_LEVEL. */
typedef VOID OB_DELETE_METHOD(PVOID Object);
/* QueryName: appends to the object's path (a file's name below its device). Optional. */
typedef NTSTATUS OB_QUERYNAME_METHOD(PVOID Object,
                                     PUNICODE_STRING Name /* allocated, caller frees */);

typedef struct _OB_TYPE_INFO {
    const WCHAR *Name;      /* L"Device" */
    BOOLEAN Waitable;       /* the body begins with a DISPATCHER_HEADER, or see DispatcherOffset */
    ULONG DispatcherOffset; /* of the DISPATCHER_HEADER in the body (a file object's Event) */
    OB_PARSE_METHOD *Parse;
    OB_CLOSE_METHOD *Close;
    OB_DELETE_METHOD *Delete;
    OB_QUERYNAME_METHOD *QueryName;
} OB_TYPE_INFO;

extern POBJECT_TYPE ObpDirectoryType, ObpSymbolicLinkType, ObpTypeType;
extern POBJECT_TYPE ExpEventObjectType, ExpSemaphoreObjectType,
    ExpMutantObjectType; /* KEVENT, KSEMAPHORE, KMUTANT */

NTSTATUS ObInitializeSystem(VOID); /* root, \Device, \Driver, \??, \DosDevices, \GLOBAL??,
                                      \BaseNamedObjects, \ObjectTypes, \Callback ... */
VOID ObShutdownSystem(VOID);
/* The end of the boot: what is alive now is the system's own, and the accounting does not name it.
 */
VOID ObpMarkSystemObjects(VOID);

NTSTATUS ObpCreateType(const OB_TYPE_INFO *Info, POBJECT_TYPE *Type);
/* With what the generic rights mean for the type; ObpCreateType takes those of files. */
NTSTATUS ObpCreateTypeEx(const OB_TYPE_INFO *Info, const GENERIC_MAPPING *Mapping,
                         POBJECT_TYPE *Type);

/*
 * Makes a zeroed body of Size bytes with one reference (the caller's), not yet in the namespace.
 * Attributes (may be NULL) gives name, root directory and OBJ_* flags; kept for ObpInsert.
 * STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_INVALID.
 */
NTSTATUS ObpCreate(POBJECT_TYPE Type, POBJECT_ATTRIBUTES Attributes, SIZE_T Size, PVOID *Object);
/*
 * Enters the object's name, if it has one, into the namespace and, where Handle is given, makes a
 * handle (kernel handle where the attributes say so). Consumes no reference.
 * STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_PATH_SYNTAX_BAD,
 * STATUS_INSUFFICIENT_RESOURCES. A named object that is not OBJ_PERMANENT loses its name when its
 * last handle goes; devices and drivers are permanent until ObMakeTemporaryObject.
 */
NTSTATUS ObpInsert(PVOID Object, ACCESS_MASK Access, HANDLE *Handle);
/* Removes the name at once (IoDeleteDevice, IoDeleteSymbolicLink): the next look-up fails. */
VOID ObpRemoveName(PVOID Object);

/*
 * Follows links and parse methods from Attributes' name (and root). Type NULL: any. The caller owns
 * the reference. STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
 * STATUS_OBJECT_TYPE_MISMATCH, STATUS_OBJECT_NAME_INVALID, or what a parse method said.
 */
NTSTATUS ObpOpenByName(POBJECT_ATTRIBUTES Attributes, POBJECT_TYPE Type, ACCESS_MASK Access,
                       PVOID ParseContext, PVOID *Object);

/* Handles. Tables grow and never shrink; an entry is locked by its low bit, so look-ups share
 * nothing. */
NTSTATUS ObpCreateHandleTable(PEPROCESS Process, struct _HANDLE_TABLE **Table);
VOID ObpCloseAllHandles(PEPROCESS Process); /* calls Close for each; waits for nothing */
VOID ObpFreeHandleTable(struct _HANDLE_TABLE *Table);
/* Makes a handle in the current process, or in System with OBJ_KERNEL_HANDLE in HandleAttributes;
 * takes its own reference. */
NTSTATUS ObpCreateHandle(PVOID Object, ACCESS_MASK Access, ULONG HandleAttributes, HANDLE *Handle);

POBJECT_TYPE ObpTypeOf(PVOID Object);
const WCHAR *ObpTypeName(POBJECT_TYPE Type); /* terminated */
/* Adds a reference unless the object is on its way out: FALSE. */
BOOLEAN ObpReferenceUnlessDying(PVOID Object);
LONG_PTR ObpReferenceCount(PVOID Object);
LONG_PTR ObpHandleCount(PVOID Object);
/* The DISPATCHER_HEADER of a waitable object, or NULL. */
PDISPATCHER_HEADER ObpDispatcherHeader(PVOID Object);
/* Full path (allocated from paged pool with tag 'mNbO'; the caller frees); an empty string for an
 * object without a name. */
NTSTATUS ObpQueryName(PVOID Object, PUNICODE_STRING Name);

/* For devtree, objdir and the accounting. Called under the namespace lock: Each must not call back
 * into ob. */
typedef VOID OBP_ENUMERATE_ROUTINE(PVOID Object, POBJECT_TYPE Type, PCUNICODE_STRING Name,
                                   ULONG Depth, PCUNICODE_STRING LinkTarget, PVOID Context);
VOID ObpEnumerateDirectory(PVOID DirectoryOrNullForRoot, OBP_ENUMERATE_ROUTINE *Each,
                           PVOID Context);
/* Every object that is alive, named or not; and every handle. */
typedef VOID OBP_OBJECT_ROUTINE(PVOID Object, POBJECT_TYPE Type, LONG_PTR References,
                                LONG_PTR Handles, PVOID Context);
VOID ObpEnumerateObjects(OBP_OBJECT_ROUTINE *Each, PVOID Context);
/* Returns when what was dereferenced for the last time above PASSIVE_LEVEL is deleted.
 * PASSIVE_LEVEL. */
VOID ObpDrainDeferred(VOID);
/* Process NULL: of every process. A handle's object is referenced while Each runs. */
typedef VOID OBP_HANDLE_ROUTINE(PEPROCESS Process, HANDLE Handle, PVOID Object, ACCESS_MASK Access,
                                PVOID Context);
VOID ObpEnumerateHandles(PEPROCESS Process, OBP_HANDLE_ROUTINE *Each, PVOID Context);

#endif
