/* SPDX-License-Identifier: MIT */
/* cfg.h - for programs: the driver's own header. */
#include "../ddk/cfg.h"
