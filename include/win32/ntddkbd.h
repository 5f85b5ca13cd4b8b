/* SPDX-License-Identifier: MIT */
/* ntddkbd.h - keyboards: control codes and input, for programs: the driver's own header. */
#include "windef.h"
#include "../ddk/ntddkbd.h"
