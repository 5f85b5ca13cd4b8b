/* SPDX-License-Identifier: MIT */
/* ntdddisk.h - disk control codes, for programs: the driver's own header. */
#include "windef.h"
#include "../ddk/ntdddisk.h"
