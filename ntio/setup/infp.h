/* SPDX-License-Identifier: MIT */
/* infp.h - the inside of a parsed .inf file. */
#ifndef NTIO_SETUP_INFP_H
#define NTIO_SETUP_INFP_H

#include "ntio/setup/inf.h"
#include "ntio/setup/setuperr.h"

#include <stdlib.h>

#define INFP_BUCKETS     256
#define INFP_BLOCK_BYTES 32768

/* Everything that a file holds lives in a few blocks and goes with them. */
typedef struct _INFP_BLOCK {
    struct _INFP_BLOCK *Next;
    SIZE_T Used, Size;
    UCHAR Data[];
} INFP_BLOCK;

struct _INF_FILE {
    INFP_BLOCK *Blocks;
    INF_SECTION *First, **Last;
    INF_SECTION *Buckets[INFP_BUCKETS];
    const INF_SECTION *Strings[4]; /* where tokens are looked for, the best language first */
    INF_DIRECTORY_ROUTINE *Directory;
    PVOID DirectoryContext;
};

/* NULL: no memory. Aligned for pointers. */
PVOID InfpAllocate(INF_FILE *File, SIZE_T Bytes);
/* Finds or makes. NULL: no memory. */
INF_SECTION *InfpSection(INF_FILE *File, const WCHAR *Name);

#endif
