/* SPDX-License-Identifier: MIT */
/* guiddef.h - for programs: the driver's own header. */
#include "../ddk/guiddef.h"
