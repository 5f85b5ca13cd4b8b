/* SPDX-License-Identifier: MIT */
/* devioctl.h - how control codes are formed, for programs: the driver's own header. */
#include "windef.h"
#include "../ddk/devioctl.h"
