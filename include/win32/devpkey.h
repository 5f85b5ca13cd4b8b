/* SPDX-License-Identifier: MIT */
/* devpkey.h - for programs: the driver's own header. */
#include "../ddk/devpkey.h"
