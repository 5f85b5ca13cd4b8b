/* SPDX-License-Identifier: MIT */
/* devpropdef.h - for programs: the driver's own header. */
#include "../ddk/devpropdef.h"
