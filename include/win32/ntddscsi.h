/* SPDX-License-Identifier: MIT */
/* ntddscsi.h - SCSI pass-through, for programs: the driver's own header. */
#include "windef.h"
#include "../ddk/ntddscsi.h"
