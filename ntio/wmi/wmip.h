/* SPDX-License-Identifier: MIT */
/* wmip.h - what the files of wmi share. */
#ifndef NTIO_WMIP_H
#define NTIO_WMIP_H

#include "ntio/wmi/wmi.h"
#include "ntio/ex/ex.h"
#include "wmistr.h"

#define WMIP_TAG           'pimW'
#define WMIP_FIRST_BUFFER  4096
#define WMIP_LARGEST       (16u << 20) /* of a WNODE or of registration information, bytes */
#define WMIP_MAXIMUM_GUIDS 4096

/* A data or event block that one provider has. Refers to nothing else. */
typedef struct _WMIP_BLOCK {
    LIST_ENTRY Link;  /* WMIP_PROVIDER.Blocks; WmipLock */
    ULONG References; /* WmipLock */
    GUID Guid;
    ULONG Flags; /* WMIREG_FLAG_* */
    ULONG InstanceCount;
    PUNICODE_STRING Names;   /* static ones, InstanceCount of them; NULL: the driver names them */
    PDEVICE_OBJECT Physical; /* by which they are named, referenced; or NULL */
    BOOLEAN Events, Collection; /* WmipControl: the provider knows that somebody listens, asks */
} WMIP_BLOCK, *PWMIP_BLOCK;

typedef enum _WMIP_WORK { WmipNoWork, WmipRegister, WmipUpdate } WMIP_WORK;

typedef struct _WMIP_PROVIDER {
    LIST_ENTRY Link;       /* WmipProviders; WmipLock, as all that follows */
    PDEVICE_OBJECT Device; /* referenced */
    ULONG Id;
    ULONG References;
    ULONG Requests;     /* IRPs that it has */
    BOOLEAN Gone;       /* deregistered: no more IRPs */
    BOOLEAN Blocked;    /* WMIREG_ACTION_BLOCK_IRPS */
    PKEVENT Idle;       /* who deregisters it waits until Requests is 0 */
    LIST_ENTRY Blocks;  /* WMIP_BLOCK */
    WMIP_WORK Work;     /* it is to be asked for its blocks */
    LIST_ENTRY Waiting; /* WmipWork, while Work */
} WMIP_PROVIDER, *PWMIP_PROVIDER;

/* The body of an object of type WmiGuid. */
typedef struct _WMIP_OBJECT {
    LIST_ENTRY Link; /* WmipObjects; WmipLock */
    GUID Guid;
    ULONG Access;
    WMI_NOTIFICATION_CALLBACK Callback; /* WmipLock */
    PVOID Context;
} WMIP_OBJECT, *PWMIP_OBJECT;

extern KI_LOCK WmipLock;
extern LIST_ENTRY WmipProviders, WmipObjects;
extern POBJECT_TYPE WmipObjectType;

static inline BOOLEAN WmipSameGuid(LPCGUID A, LPCGUID B)
{
    return memcmp(A, B, sizeof(*A)) == 0;
}

/* A provider that has a block, and the block: for a request. */
typedef struct _WMIP_TARGET {
    PWMIP_PROVIDER Provider;
    PWMIP_BLOCK Block;
} WMIP_TARGET, *PWMIP_TARGET;

/* ---- provider.c ---- */
VOID WmipInitializeProviders(VOID);
VOID WmipAccountProviders(VF_LEFT_ROUTINE *Left, PVOID Context);
/* Returns when all registrations that were queued are done; at once where the caller does them. */
VOID WmipSettle(VOID);
/*
 * All providers that have a block of this GUID now. *Targets is pool, each entry referenced:
 * WmipFreeTargets. Information only; a provider may be gone when it is asked.
 */
NTSTATUS WmipFindTargets(LPCGUID Guid, PWMIP_TARGET *Targets, PULONG Count);
VOID WmipFreeTargets(PWMIP_TARGET Targets, ULONG Count);
/* Under WmipLock. TRUE: that was the last reference; WmipFreeBlock once the lock is free. */
BOOLEAN WmipDropBlock(PWMIP_BLOCK Block);
VOID WmipFreeBlock(PWMIP_BLOCK Block);

/* ---- reginfo.c ---- */
/*
 * Takes apart what a driver answered to IRP_MN_REGINFO(_EX): appends new blocks to Blocks, which
 * the caller owns. A block with WMIREG_FLAG_REMOVE_GUID stands for one that goes. Referenced: the
 * driver gave a reference with each PDO. STATUS_INVALID_PARAMETER: it makes no sense.
 */
NTSTATUS WmipParse(const WMIREGINFOW *Information, ULONG Bytes, BOOLEAN Referenced,
                   PLIST_ENTRY Blocks);
VOID WmipInitializeNames(VOID);
VOID WmipForgetNames(VOID);

/* ---- send.c ---- */
/*
 * Sends IRP_MJ_SYSTEM_CONTROL to the top of the provider's stack and waits.
 * STATUS_WMI_GUID_DISCONNECTED: the provider has gone.
 */
NTSTATUS WmipSend(PWMIP_PROVIDER Provider, UCHAR MinorFunction, PVOID DataPath, PVOID Buffer,
                  ULONG BufferSize, PULONG_PTR Information);
/* A pool buffer for a WNODE whose header is filled in. */
PWNODE_HEADER WmipAllocateNode(const WMIP_TARGET *Target, ULONG Bytes, ULONG Flags);
/*
 * Sends a request whose buffer is a WNODE and gets a WNODE back: with a larger buffer again where
 * the driver says that it was too small (*Node is another then; it is freed on failure and NULL).
 * Bytes: of the buffer. What came back is not larger than the buffer.
 */
NTSTATUS WmipSendNode(const WMIP_TARGET *Target, UCHAR MinorFunction, PWNODE_HEADER *Node,
                      ULONG Bytes);

/* ---- event.c ---- */
VOID WmipInitializeEvents(VOID);
/* Tells providers whether somebody listens to their events, or asks for their expensive blocks,
 * where that has changed. PASSIVE_LEVEL. */
VOID WmipTellProviders(VOID);
NTSTATUS WmipInitializeObjectType(VOID);

#endif
