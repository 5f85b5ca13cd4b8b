/* SPDX-License-Identifier: MIT */
/* initguid.h - from here on DEFINE_GUID defines. Include it in one source file before the lists. */
#ifndef INITGUID
#define INITGUID
#endif
#include "guiddef.h"
