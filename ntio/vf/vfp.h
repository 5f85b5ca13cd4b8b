/* SPDX-License-Identifier: MIT */
/* vfp.h - vf's own. */
#ifndef NTIO_VF_VFP_H
#define NTIO_VF_VFP_H

#include "ntio/vf/vf.h"

/* What a code's parameters mean; an entry of Parameter is NULL where nothing is known. */
typedef struct _VFP_BUG_TEXT {
    ULONG Code;
    LONGLONG FirstParameter; /* the entry is for this value of parameter 1; negative: for any */
    const char *What;
    const char *Parameter[4];
    UCHAR CodeAddresses; /* bit n: parameter n+1 is an address of code, which the report names */
} VFP_BUG_TEXT;
const VFP_BUG_TEXT *VfpBugText(ULONG Code, ULONG_PTR FirstParameter);

/* Runs the routines of KeRegisterBugCheckCallback, once each. */
VOID VfpRunBugCheckCallbacks(VOID);

#endif
