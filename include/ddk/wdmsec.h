/* SPDX-License-Identifier: MIT */
/* wdmsec.h - security descriptors for IoCreateDeviceSecure (declared in wdm/io.h), as SDDL text. */
#ifndef NTIO_DDK_WDMSEC_H
#define NTIO_DDK_WDMSEC_H

#include "wdm.h"

#define NTIO_SDDL(name, text)                                                                      \
    static const UNICODE_STRING name __attribute__((unused)) = RTL_CONSTANT_STRING(L##text)
NTIO_SDDL(SDDL_DEVOBJ_KERNEL_ONLY, "D:P");
NTIO_SDDL(SDDL_DEVOBJ_SYS_ALL, "D:P(A;;GA;;;SY)");
NTIO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, "D:P(A;;GA;;;SY)(A;;GA;;;BA)");
NTIO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RX, "D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
NTIO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, "D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
NTIO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R,
          "D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
NTIO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX,
          "D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");

#define WdmlibIoCreateDeviceSecure IoCreateDeviceSecure

#endif
