/* SPDX-License-Identifier: MIT */
/* setuperr.h - the codes of setup, for its sources that see nothing else of the program's API. */
#ifndef NTIO_SETUP_SETUPERR_H
#define NTIO_SETUP_SETUPERR_H

#include "winerror.h"
#include "setupapi_err.h"

#endif
