/* SPDX-License-Identifier: MIT */
/* init.c - ex comes up after ke and before mm; ExShutdownSystem is in worker.c. */
#include "ntio/ex/exp.h"

NTSTATUS ExInitializeSystem(VOID)
{
    ExpInitializePool();
    ExpInitializeTracking();
    ExpInitializeWorkers();
    ExpInitializeCallbacks();
    return STATUS_SUCCESS;
}
