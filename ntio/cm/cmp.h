/* SPDX-License-Identifier: MIT */
/*
 * cmp.h - the inside of the registry: a tree of nodes under one lock, and key objects that refer to
 * nodes.
 */
#ifndef NTIO_CM_CMP_H
#define NTIO_CM_CMP_H

#include "ntio/cm/cm.h"
#include "ntio/ob/ntob.h"
#include "ntio/ex/ex.h"
#include "ntio/mm/mm.h"
#include <stdlib.h>

#define CMP_TAG 0x6d436d52u /* "RmCm": what callers of cm.h free */

#define CMP_MAXIMUM_LINKS      32
#define CMP_MAXIMUM_KEY_NAME   512   /* bytes: REG_MAX_KEY_NAME_LENGTH */
#define CMP_MAXIMUM_VALUE_NAME 32767 /* bytes */

typedef struct _CM_VALUE {
    UNICODE_STRING Name; /* empty: the key's default value; Buffer is behind the structure */
    ULONG Type;
    ULONG Bytes;
    PUCHAR Data; /* own allocation, NULL where Bytes is 0 */
} CM_VALUE, *PCM_VALUE;

typedef struct _CM_NODE {
    struct _CM_NODE *Parent; /* NULL: the root, or deleted */
    ULONG References;        /* key objects, and 1 while it is in the tree */
    BOOLEAN Deleted, Volatile;
    BOOLEAN
    Link; /* REG_OPTION_CREATE_LINK: value SymbolicLinkValue (REG_LINK) says where to go on */
    BOOLEAN Fixed; /* made by the boot to hold the rest together: can't be deleted */
    LARGE_INTEGER LastWriteTime;
    UNICODE_STRING Name, Class;
    struct _CM_NODE **Children; /* sorted by upcased name */
    ULONG ChildCount, ChildCapacity;
    PCM_VALUE *Values; /* as they came */
    ULONG ValueCount, ValueCapacity;
} CM_NODE, *PCM_NODE;

/* The body of a Key object. */
typedef struct _CM_KEY {
    PCM_NODE Node; /* a reference */
} CM_KEY, *PCM_KEY;

/* ParseContext of an open of a key. NULL: a plain open. */
typedef struct _CMP_OPEN_CONTEXT {
    BOOLEAN Create;
    ULONG Options;          /* REG_OPTION_* */
    PCUNICODE_STRING Class; /* or NULL */
    ULONG Disposition;
} CMP_OPEN_CONTEXT, *PCMP_OPEN_CONTEXT;

extern KI_LOCK CmpLock;
extern PCM_NODE CmpRoot; /* \REGISTRY */
extern POBJECT_TYPE CmpKeyType;

/* The registry is the host's memory: it is ntio's own and no subject of the pool's accounting.
 * Zeroed. */
static inline PVOID CmpAllocate(SIZE_T Bytes)
{
    return ExpAllocationMustFail() ? NULL : calloc(1, Bytes);
}

static inline NTSTATUS CmpProbe(KPROCESSOR_MODE Mode, PVOID Address, SIZE_T Length, BOOLEAN Write)
{
    if (Mode == KernelMode || Length == 0)
        return STATUS_SUCCESS;
    return MmpProbeRange(Address, Length, Write);
}

/* ---- node.c: all under CmpLock ---- */
PCM_NODE CmpFindChild(PCM_NODE Node, PCUNICODE_STRING Name);
/* Enters a new node; *Child is not referenced for the caller. STATUS_CHILD_MUST_BE_VOLATILE,
 * STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS CmpAddChild(PCM_NODE Node, PCUNICODE_STRING Name, PCUNICODE_STRING Class, BOOLEAN Volatile,
                     PCM_NODE *Child);
PCM_NODE CmpCreateRootNode(VOID);
/* Takes the node out of the tree. It has no children. */
VOID CmpUnlinkNode(PCM_NODE Node);
VOID CmpUnlinkTree(PCM_NODE Node); /* with all below; the root keeps itself */
VOID CmpReferenceNode(PCM_NODE Node);
VOID CmpDereferenceNode(PCM_NODE Node);
/* NULL or empty Name: the default value. */
PCM_VALUE CmpFindValue(PCM_NODE Node, PCUNICODE_STRING Name);
NTSTATUS CmpStoreValue(PCM_NODE Node, PCUNICODE_STRING Name, ULONG Type, const VOID *Data,
                       ULONG Bytes);
NTSTATUS CmpRemoveValue(PCM_NODE Node, PCUNICODE_STRING Name); /* STATUS_OBJECT_NAME_NOT_FOUND */
VOID CmpTouchNode(PCM_NODE Node);

/* ---- walk.c: under CmpLock ---- */
typedef struct _CMP_WALK {
    PCM_NODE Start;        /* where Path begins; NULL: Path is absolute (\Registry\...) */
    PCUNICODE_STRING Path; /* separators in excess are passed over */
    BOOLEAN OpenLink;      /* the last node is meant even if it is a link */
    BOOLEAN CreateLast;    /* makes the last node, */
    BOOLEAN CreateAll;     /* or all that are missing */
    BOOLEAN Volatile;
    BOOLEAN Trusted; /* may create right below \Registry */
    PCUNICODE_STRING Class;
    BOOLEAN Created; /* out */
} CMP_WALK;
/*
 * STATUS_OBJECT_NAME_NOT_FOUND (also for a missing parent, and for a ring of links),
 * STATUS_KEY_DELETED (Start), STATUS_INVALID_PARAMETER (a name too long), STATUS_ACCESS_DENIED
 * (create below the root), and as CmpAddChild. *Node is not referenced.
 */
NTSTATUS CmpWalk(CMP_WALK *Walk, PCM_NODE *Node);
/* The full path, malloc'ed. */
NTSTATUS CmpPathOfNode(PCM_NODE Node, PUNICODE_STRING Path);

/* ---- key.c ---- */
NTSTATUS CmpInitializeKeys(VOID); /* the type and \Registry */
VOID CmpShutdownKeys(VOID);
/* The key behind a handle, referenced. */
NTSTATUS CmpReferenceKey(HANDLE Handle, ACCESS_MASK Access, KPROCESSOR_MODE Mode, PCM_KEY *Key);

/* ---- notify.c: under CmpLock ---- */
/* REG_NOTIFY_CHANGE_NAME: a subkey of Node came or went; REG_NOTIFY_CHANGE_LAST_SET: a value. */
VOID CmpReportChange(PCM_NODE Node, ULONG What);
/* Ends what waits on a key object, on a node; both NULL: everything. STATUS_NOTIFY_CLEANUP. */
VOID CmpEndWatchesOf(PCM_KEY Key, PCM_NODE Node);

/* ---- answer.c: the shape of what queries return ---- */
/*
 * Fixed, then as much of the rest as fits: STATUS_BUFFER_TOO_SMALL where not even Fixed does,
 * STATUS_BUFFER_OVERFLOW where the rest does not. Buffer need not be aligned.
 */
NTSTATUS CmpAnswerKey(PCM_NODE Node, KEY_INFORMATION_CLASS Class, PVOID Buffer, ULONG Length,
                      PULONG ResultLength);
NTSTATUS CmpAnswerValue(PCM_VALUE Value, KEY_VALUE_INFORMATION_CLASS Class, PVOID Buffer,
                        ULONG Length, PULONG ResultLength);

#endif
