/* SPDX-License-Identifier: MIT */
/* layer.h - the filter: its device extension. */
#ifndef LAYER_H
#define LAYER_H

#include <ntddk.h>

#include "layered.h"

typedef struct _LAYER_EXTENSION {
    PDEVICE_OBJECT Lower; /* what it is attached to */
    LAYER_FACTS Facts;    /* counted with interlocked operations */
} LAYER_EXTENSION, *PLAYER_EXTENSION;
#define LAYER_COUNT(Extension, Field) InterlockedIncrement((PLONG) & (Extension)->Facts.Field)

/* split.c: reads and writes beyond STORE_LIMIT. */
NTSTATUS LayerSplit(PLAYER_EXTENSION Extension, PIRP Irp);

#endif
