/* SPDX-License-Identifier: MIT */
/* po.h - power: PoSetPowerState, PoCallDriver, PoStartNextPowerIrp, PoRequestPowerIrp. Calls: io.
 * Lock: none of its own. */
#ifndef NTIO_PO_H
#define NTIO_PO_H
#include "ntio/io/io.h"
#endif
