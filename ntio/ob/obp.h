/* SPDX-License-Identifier: MIT */
/*
 * obp.h - the inside of the object manager: headers, types, directories, handle tables.
 *
 * Locks. ObpNamespaceLock guards every directory, every object's Directory/Name/link fields and the
 * flags OBP_NAMED and OBP_PERMANENT. A header's HandleLock guards its handle counts; an entry's low
 * bit guards the entry. Order: ObpNamespaceLock -> HandleLock -> (pool). Entry bits are taken with
 * none of the others held, and nothing but an atomic increment is done under one. A shard's lock
 * and a table's FreeLock are innermost.
 */
#ifndef NTIO_OB_OBP_H
#define NTIO_OB_OBP_H

#include "ntio/ob/ob.h"
#include "ntio/ex/ex.h"
#include "ntio/mm/mm.h"
#include <stdlib.h>

/* The pool is for what callers free, and for the length of a call. */
#define OBP_TAG_NAME 0x6d4e624fu /* "ObNm" */
#define OBP_TAG_WORK 0x7054624fu /* "ObTp" */

/*
 * Objects, names and tables are the host's memory, not pool blocks: what is left of them is told
 * once, as an object or a handle, by ob. Zeroed; fails where a test wants an allocation to fail.
 */
static inline PVOID ObpAllocate(SIZE_T Bytes)
{
    return ExpAllocationMustFail() ? NULL : calloc(1, Bytes);
}

#define OBP_MAXIMUM_LINKS 32

/* OBJECT_HEADER.Flags. */
#define OBP_NAMED     0x01 /* is in Directory; under ObpNamespaceLock */
#define OBP_PERMANENT 0x02 /* its name holds a reference; under ObpNamespaceLock */
#define OBP_EXCLUSIVE 0x04 /* handles of one process only */
#define OBP_NAME_LOST 0x08 /* the last handle took the name away; under ObpNamespaceLock */
#define OBP_SYSTEM    0x10 /* ntio's own: no subject of the accounting */
#define OBP_KEEP      0x20 /* Delete asks that the memory stays until shutdown */

typedef struct _OBP_DIRECTORY OBP_DIRECTORY, *POBP_DIRECTORY;

/* Handles of one process to one object. */
typedef struct _OBP_HANDLE_COUNT {
    struct _OBP_HANDLE_COUNT *Next;
    PEPROCESS Process;
    ULONG Count;
} OBP_HANDLE_COUNT, *POBP_HANDLE_COUNT;

/* What ObpCreate was given, until ObpInsert. */
typedef struct _OBP_CREATE_INFO {
    PVOID Root; /* referenced, or NULL */
    ULONG Attributes;
    BOOLEAN HasName;
    UNICODE_STRING Name; /* Buffer is behind the structure */
} OBP_CREATE_INFO, *POBP_CREATE_INFO;

/* In front of each body. The size is a multiple of 64: bodies begin on a cache line. */
typedef struct _OBJECT_HEADER {
    _Atomic LONG_PTR PointerCount; /* includes one for each handle, one for a permanent name */
    _Atomic LONG_PTR HandleCount;  /* written under HandleLock */
    POBJECT_TYPE Type;
    _Atomic ULONG Flags;
    KI_LOCK HandleLock;
    OBP_HANDLE_COUNT FirstCount; /* the first process's; others are chained behind */
    POBP_CREATE_INFO CreateInfo;
    struct _OBJECT_HEADER *NextDeferred; /* ObpDeferredList */
    LIST_ENTRY ShardEntry;               /* ObpShards */
    POBP_DIRECTORY Directory;            /* referenced while OBP_NAMED */
    UNICODE_STRING Name;                 /* last component; stays after the name is gone */
    LIST_ENTRY HashEntry;                /* in Directory's bucket */
    LIST_ENTRY OrderEntry;               /* in Directory's list by age */
    ULONG NameHash;
    PVOID Creator; /* code address for the accounting, or NULL */
    __attribute__((aligned(64))) UCHAR Body[];
} OBJECT_HEADER, *POBJECT_HEADER;

static inline POBJECT_HEADER ObpHeader(PVOID Object)
{
    return CONTAINING_RECORD(Object, OBJECT_HEADER, Body);
}

struct _OBJECT_TYPE {
    /*
     * The type itself. Microsoft's headers reach a type through the address in the import slot
     * alone, mingw-w64's (dllimport) read the variable there as well: with this, *IoFileObjectType
     * is the type in a driver that was compiled with either.
     */
    struct _OBJECT_TYPE *Self;
    UNICODE_STRING Name; /* terminated */
    OB_TYPE_INFO Info;
    GENERIC_MAPPING Mapping;
    _Atomic LONG Objects;
    _Atomic LONG Handles;
};

struct _OBP_DIRECTORY {
    PLIST_ENTRY Buckets; /* BucketCount, a power of two; never NULL after creation */
    ULONG BucketCount;
    ULONG Count;
    LIST_ENTRY Order; /* OBJECT_HEADER.OrderEntry, the oldest first */
    LIST_ENTRY FirstBuckets[16];
};

typedef struct _OBP_SYMBOLIC_LINK {
    LARGE_INTEGER CreationTime;
    UNICODE_STRING Target; /* never changes */
} OBP_SYMBOLIC_LINK, *POBP_SYMBOLIC_LINK;

extern KI_LOCK ObpNamespaceLock;
extern PVOID ObpRootDirectory;
extern POBJECT_TYPE ExpEventObjectType, ExpSemaphoreObjectType;

/* ---- object.c ---- */
VOID ObpInitializeObjects(VOID);
VOID ObpFreeKept(VOID);
/* Every live object, referenced, into an array of the pool (OBP_TAG_WORK); the caller drops both.
 */
NTSTATUS ObpSnapshotObjects(PVOID **Objects, ULONG *Count);
/* Forgets what ObpCreate kept. */
VOID ObpFreeCreateInfo(POBJECT_HEADER Header);

/* ---- type.c ---- */
NTSTATUS ObpInitializeTypes(VOID); /* Type itself */
NTSTATUS ObpNameTypes(VOID);       /* enters those made before \ObjectTypes was */
VOID ObpUnnameTypes(VOID);         /* at shutdown: takes them out of \ObjectTypes, */
VOID ObpFreeTypes(VOID);           /* and frees those without objects */
ACCESS_MASK ObpMapAccess(POBJECT_TYPE Type, ACCESS_MASK Access);

/* ---- directory.c: all under ObpNamespaceLock ---- */
VOID ObpInitializeDirectory(POBP_DIRECTORY Directory);
ULONG ObpHashName(PCUNICODE_STRING Name);
/* The entry of that name, not referenced; dying ones are not seen. */
POBJECT_HEADER ObpFindEntry(POBP_DIRECTORY Directory, PCUNICODE_STRING Name, ULONG Hash);
/* Header->Name and NameHash are set. Takes over a reference on the directory, and takes one on the
 * object where it is permanent. */
VOID ObpLinkEntry(POBP_DIRECTORY Directory, POBJECT_HEADER Header);
/* The reverse. Returns what the caller dereferences once the lock is free: the directory, or NULL
 * where the object had no name. */
PVOID ObpUnlinkEntry(POBJECT_HEADER Header);
OB_DELETE_METHOD ObpDeleteDirectory;

/* ---- lookup.c ---- */
typedef struct _OBP_LOOKUP {
    PVOID Root; /* referenced by the caller, or NULL: Name begins at the root */
    PCUNICODE_STRING Name;
    POBJECT_TYPE Type; /* NULL: any */
    ACCESS_MASK Access;
    ULONG Attributes; /* OBJ_* */
    PVOID ParseContext;
    POBJECT_HEADER Insert; /* enters this where the last component is free */
} OBP_LOOKUP;
/*
 * Resolves. *Object carries a reference that is the caller's; with Insert it is NULL where the
 * object was entered, else the one found, with STATUS_OBJECT_NAME_EXISTS (OBJ_OPENIF) or
 * STATUS_OBJECT_NAME_COLLISION (*Object is NULL then).
 */
NTSTATUS ObpLookup(const OBP_LOOKUP *Lookup, PVOID *Object);
/* Where the object has lost all handles and is temporary: its name goes. */
VOID ObpCheckName(POBJECT_HEADER Header);

/* ---- handle.c ---- */
BOOLEAN ObpIsKernelHandle(HANDLE Handle);
/* A handle in the table of Process. Kernel: the value is marked as one. */
NTSTATUS ObpCreateHandleIn(PEPROCESS Process, BOOLEAN Kernel, PVOID Object, ACCESS_MASK Access,
                           ULONG Attributes, HANDLE *Handle);
/* As ObpCreateHandle, but STATUS_RETRY where the object lost its name since it was looked up. */
NTSTATUS ObpCreateHandleByName(PVOID Object, ACCESS_MASK Access, ULONG Attributes, HANDLE *Handle);
/* The object behind a handle of Process's table, referenced. Mode decides whether a kernel handle
 * is one. */
NTSTATUS ObpLookupHandle(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode, PVOID *Object,
                         ACCESS_MASK *Access, ULONG *Attributes);
/* STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE. */
NTSTATUS ObpCloseHandleIn(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode);
NTSTATUS ObpSetHandleAttributes(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode,
                                BOOLEAN Inherit, BOOLEAN Protect);

/* ---- symlink.c, event.c ... ---- */
OB_DELETE_METHOD ObpDeleteSymbolicLink;
NTSTATUS ObpCreateSymbolicLink(HANDLE *Handle, ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                               PCUNICODE_STRING Target, PVOID Creator);
NTSTATUS ObpInitializeSynchronizationTypes(VOID);
extern POBJECT_TYPE ObpTimerType; /* timer.c */
NTSTATUS ObpInitializeTimerType(VOID);

/* ---- capture.c: the edge between a caller's memory and the system's ---- */
NTSTATUS ObpProbe(KPROCESSOR_MODE Mode, PVOID Address, SIZE_T Length, BOOLEAN Write);
/* Checks attributes of a system service: STATUS_INVALID_PARAMETER, STATUS_ACCESS_VIOLATION. Copy
 * gets them, without OBJ_KERNEL_HANDLE for a program. */
NTSTATUS ObpCaptureAttributes(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes, BOOLEAN Needed,
                              POBJECT_ATTRIBUTES Copy);
/* Create-or-open for the Nt services: makes, names, gives a handle; OBJ_OPENIF gives one to what is
 * there. */
typedef VOID OBP_INITIALIZE_BODY(PVOID Object, PVOID Context);
NTSTATUS ObpCreateService(POBJECT_TYPE Type, SIZE_T Size, KPROCESSOR_MODE Mode, HANDLE *Handle,
                          ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                          OBP_INITIALIZE_BODY *Initialize, PVOID Context);
NTSTATUS ObpOpenService(POBJECT_TYPE Type, KPROCESSOR_MODE Mode, HANDLE *Handle, ACCESS_MASK Access,
                        POBJECT_ATTRIBUTES Attributes);

/* ---- account.c ---- */
VOID ObpAddAccounting(VOID);

#endif
