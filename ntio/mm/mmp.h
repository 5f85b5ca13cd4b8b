/* SPDX-License-Identifier: MIT */
/* mmp.h - mm's own. */
#ifndef NTIO_MM_MMP_H
#define NTIO_MM_MMP_H

#include "ntio/mm/mm.h"
#include "ntio/vf/sanitizer.h"

/* guard.c */
VOID MmpInstallFaultHandler(VOID);
VOID MmpRemoveFaultHandler(VOID);
/* stop.c: the bugcheck for a fault that nobody took; returns where the fault is the program's own.
 */
VOID MmpFaultStop(int Signal, PVOID SigInfo, PVOID UContext);

/* mdl.c, region.c */
VOID MmpInitializeMdls(VOID);
VOID MmpInitializeRegions(VOID);

static inline KIRQL MmpIrql(VOID)
{
    return KiCurrentThread != NULL ? KiCurrentThread->Irql : PASSIVE_LEVEL;
}

#endif
