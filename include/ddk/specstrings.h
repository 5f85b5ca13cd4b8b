/* SPDX-License-Identifier: MIT */
/* specstrings.h - an older name of the annotations. */
#include "sal.h"
