/* SPDX-License-Identifier: MIT */
/* ntstatus.h - for programs: the driver's own header. */
#include "../ddk/ntstatus.h"
