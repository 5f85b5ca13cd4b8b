/* SPDX-License-Identifier: MIT */
/* vmp.h - the inside of vm: sections and views. */
#ifndef NTIO_VM_VMP_H
#define NTIO_VM_VMP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "ntio/vm/vm.h"
#include "ntio/ex/ex.h"
#include "ntio/ob/obp.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where views begin, in addresses and in sections. */
#define VMP_GRANULARITY 65536u

typedef struct _VMP_SECTION {
    BOOLEAN Made;   /* Descriptor is one */
    int Descriptor; /* the file, or memory without a name */
    LONGLONG Size;
    ULONG Protection;  /* PAGE_* as it was made with */
    PFILE_OBJECT File; /* referenced; NULL: memory */
} VMP_SECTION, *PVMP_SECTION;

/* What a PAGE_ constant allows. FALSE: it is none that sections know. */
typedef struct _VMP_PROTECTION {
    BOOLEAN Write, Copy, Execute;
} VMP_PROTECTION;
BOOLEAN VmpProtection(ULONG Page, VMP_PROTECTION *Protection);

/* view.c */
VOID VmpInitializeViews(VOID);
/* ProcessHandle to the process, referenced. */
NTSTATUS VmpProcess(HANDLE ProcessHandle, KPROCESSOR_MODE Mode, PEPROCESS *Process);

#endif
