/* SPDX-License-Identifier: MIT */
/* ntddcdvd.h - DVD control codes, for programs: the driver's own header. */
#include "windef.h"
#include "../ddk/ntddcdvd.h"
