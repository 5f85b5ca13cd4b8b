/* SPDX-License-Identifier: MIT */
/* labtime.h - what the two files of the driver share. */
#ifndef LABTIME_H
#define LABTIME_H

#include <ntddk.h>
#include <csq.h>
#include "time_public.h"

#define TIME_TAG 'emiT'

typedef struct _TIME_EXTENSION {
    IO_CSQ Queue;
    KSPIN_LOCK Lock;  /* the queue's: guards Reads, and each read's timer while it is there */
    LIST_ENTRY Reads; /* IRPs */
    LONG Limit;       /* milliseconds that a read may wait; interlocked */
    struct {
        LONG Reads, InTime, TimedOut, Cancelled, Timers, Expired; /* TIME_COUNTS */
    } Count;                                                      /* interlocked */
    LONG Ticks, TickIrql; /* of the device's timer; interlocked */
} TIME_EXTENSION, *PTIME_EXTENSION;

/* Completes Irp, returns Status. */
NTSTATUS TimeComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* clocks.c */
DRIVER_DISPATCH TimeControl;
IO_TIMER_ROUTINE TimeTick;

#endif
