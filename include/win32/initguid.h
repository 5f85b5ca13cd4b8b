/* SPDX-License-Identifier: MIT */
/* initguid.h - for programs: the driver's own header. */
#include "../ddk/initguid.h"
