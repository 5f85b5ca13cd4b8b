/* SPDX-License-Identifier: MIT */
/*
 * time_public.h - what the driver time offers its program, as \\.\LabTime. The including file has
 * brought the base types (a driver: ntddk.h; a program: windows.h and winioctl.h). Times are in
 * 100 ns unless they say otherwise.
 */
#ifndef TIME_PUBLIC_H
#define TIME_PUBLIC_H

#define TIME_CODE(n) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (n), METHOD_BUFFERED, FILE_ANY_ACCESS)

/* Out: TIME_CLOCKS. */
#define IOCTL_TIME_CLOCKS TIME_CODE(0)
typedef struct _TIME_CLOCKS {
    LONG64 System, Local; /* since 1601 */
    LONG64 Again;         /* Local, made of its fields again; they have milliseconds */
    ULONG64 Ticks;        /* since the start */
    ULONG64 Interrupt;    /* since the start */
    ULONG Increment;      /* of a tick */
    USHORT Year, Month, Day, Hour, Minute, Second, Milliseconds, Weekday; /* of Local */
    ULONG Padding;
} TIME_CLOCKS;

/* In: ULONG, 1 starts the device's timer and its count anew, 0 stops it. */
#define IOCTL_TIME_IO_TIMER TIME_CODE(1)
/* Out: TIME_IO_TICKS. */
#define IOCTL_TIME_IO_TICKS TIME_CODE(2)
typedef struct _TIME_IO_TICKS {
    ULONG Ticks; /* once a second */
    ULONG Irql;  /* at which the routine ran */
} TIME_IO_TICKS;

/*
 * In: TIME_DPC_REQUEST. Sets a timer with a DPC, waits until that has run Count times (one: the
 * timer is a one-shot one), cancels it. Out: TIME_DPC_RESULT. STATUS_INVALID_PARAMETER: Count 0.
 */
#define IOCTL_TIME_DPC TIME_CODE(3)
typedef struct _TIME_DPC_REQUEST {
    ULONG Milliseconds, Count;
} TIME_DPC_REQUEST;
typedef struct _TIME_DPC_RESULT {
    ULONG Runs;
    ULONG Irql;
    ULONG WasSet;        /* KeCancelTimer's word afterwards: a periodic timer still was */
    ULONG Later;         /* further runs after it was cancelled and the DPCs were flushed: 0 */
    ULONG64 First, Last; /* from the setting to the first run, to the Count-th */
} TIME_DPC_RESULT;

/*
 * Queues DPCs of low, medium and high importance, in this order, while it is at DISPATCH_LEVEL on
 * their processor, and one to each processor. Out: TIME_TARGETS.
 */
#define IOCTL_TIME_TARGETS TIME_CODE(4)
typedef struct _TIME_TARGETS {
    ULONG Order[3];    /* who ran first, second, third: 0 low, 1 medium, 2 high */
    ULONG QueuedTwice; /* what KeInsertQueueDpc said of one that was queued: 0 */
    ULONG Processors;  /* how many there are */
    ULONG RanOn[64];   /* where the DPC that was for the processor of this index ran */
} TIME_TARGETS;

/* In: ULONG, microseconds. Waits for that long in each of four ways. Out: TIME_WAITS. */
#define IOCTL_TIME_WAITS TIME_CODE(5)
enum { TIME_STALL, TIME_DELAY, TIME_EVENT, TIME_TIMER, TIME_WAYS };
typedef struct _TIME_WAITS_RESULT {
    ULONG Status[TIME_WAYS];
    ULONG64 Took[TIME_WAYS];
} TIME_WAITS_RESULT;

/*
 * A read waits for a write's data, but not longer than this many milliseconds (In: ULONG, at first
 * 1,000); then it is cancelled.
 */
#define IOCTL_TIME_SET_LIMIT TIME_CODE(6)
/* Out: TIME_COUNTS, since the driver was loaded. */
#define IOCTL_TIME_COUNTS TIME_CODE(7)
typedef struct _TIME_COUNTS {
    ULONG Reads;     /* that have waited */
    ULONG InTime;    /* got data; their timers were cancelled or found nothing */
    ULONG TimedOut;  /* cancelled by their timer's DPC */
    ULONG Cancelled; /* by the program, or because it closed its handle */
    ULONG Timers;    /* that were cancelled before they expired */
    ULONG Expired;   /* DPCs that have run */
} TIME_COUNTS;

#endif
