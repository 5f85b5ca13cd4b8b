/* SPDX-License-Identifier: MIT */
/* ntddstor.h - storage control codes and properties, for programs: the driver's own header. */
#include "windef.h"
#include "../ddk/ntddstor.h"
