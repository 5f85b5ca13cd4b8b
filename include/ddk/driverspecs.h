/* SPDX-License-Identifier: MIT */
/* driverspecs.h - an older name of the annotations. */
#include "sal.h"
