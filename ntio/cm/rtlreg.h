/* SPDX-License-Identifier: MIT */
/* rtlreg.h - what the two files of Rtl's registry routines share. */
#ifndef NTIO_CM_RTLREG_H
#define NTIO_CM_RTLREG_H

#include "ntio/cm/cm.h"

/* Opens or creates the key of a relative place; RTL_REGISTRY_OPTIONAL is passed over. The handle is
 * a kernel handle. */
NTSTATUS RtlpOpenRegistryKey(ULONG RelativeTo, PCWSTR Path, BOOLEAN Create, ACCESS_MASK Access,
                             HANDLE *Key);

#endif
