/* SPDX-License-Identifier: MIT */
/* ntddcdrm.h - CD-ROM control codes, for programs: the driver's own header. */
#include "windef.h"
#include "../ddk/ntddcdrm.h"
