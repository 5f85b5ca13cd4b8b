/* SPDX-License-Identifier: MIT */
/* initp.h - what the files behind ntio.h share. */
#ifndef NTIO_INIT_INITP_H
#define NTIO_INIT_INITP_H

#include "ntio.h"
#include "ntio/ldr/ldr.h"
#include "ntio/wmi/wmi.h"
#include "ntio/pnp/pnp.h"
#include "ntio/setup/setup.h"
#include "ntio/trace/trace.h"
#include "ntio/vm/vm.h"

#define INITP_SERVICES L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"
#define INITP_ENUM     L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\"

/* Whether ntio is booted. What the host calls meanwhile answers STATUS_DEVICE_NOT_READY. */
BOOLEAN InitpIsUp(VOID);

/*
 * Text between the host (UTF-8) and NT. On the host's heap, so that the accounting sees none of it;
 * free() it. NULL: out of memory, or not text. NULL in, NULL out.
 */
WCHAR *InitpWide(const char *Text);
char *InitpNarrow(const WCHAR *Text);
char *InitpNarrowString(PCUNICODE_STRING Text);
/* Prefix and Text as one. */
WCHAR *InitpJoin(const WCHAR *Prefix, const WCHAR *Text);

/* A growing array of pointers to what malloc made; used where a copy is taken under a lock and read
 * after it. */
typedef struct _INITP_LIST {
    PVOID *Items;
    ULONG Count, Space;
    BOOLEAN Failed; /* out of memory: what follows is missing */
} INITP_LIST;
BOOLEAN InitpAppend(INITP_LIST *List, PVOID Item);

/* registry.c: into a registry that is there; Reason as in ntio.h. */
NTSTATUS InitpLoadRegistry(const char *File, char *Reason, size_t Size);

/* processes.c */
VOID InitpEndProcesses(VOID);

/* One node of the device tree, copied. */
typedef struct _INITP_NODE {
    PDEVICE_OBJECT Pdo; /* a reference; NULL where there is none */
    WCHAR *InstancePath, *Service;
    PNP_STATE State;
    ULONG Problem, Depth;
    NTSTATUS ProblemStatus;
} INITP_NODE;
/* Items are INITP_NODE. FALSE: out of memory (the list is empty). */
BOOLEAN InitpCopyTree(INITP_LIST *List);
VOID InitpFreeTree(INITP_LIST *List);
const char *InitpStateName(PNP_STATE State);

#endif
