/* SPDX-License-Identifier: MIT */
/*
 * synchronisation_public.h - what the drivers synchronisation and sync_partner offer their program.
 * The including file has brought the base types (a driver: ntddk.h; a program: windows.h and
 * winioctl.h).
 */
#ifndef SYNCHRONISATION_PUBLIC_H
#define SYNCHRONISATION_PUBLIC_H

#define SYNC_CODE(n) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (n), METHOD_BUFFERED, FILE_ANY_ACCESS)

/* ---- synchronisation: \\.\LabSync ---- */

/* Out: SYNC_IRQL. */
#define IOCTL_SYNC_IRQL SYNC_CODE(0)
typedef struct _SYNC_IRQL {
    ULONG Start, Apc, Dispatch, Lowered; /* KeRaiseIrql, KeLowerIrql */
    ULONG SpinLock, AfterSpinLock;
    ULONG FastMutex, AfterFastMutex;
} SYNC_IRQL;

/*
 * In: SYNC_COUNT. Adds Rounds to a counter, one by one, each time under Means. Out: SYNC_TOTAL, of
 * all that have counted by these means so far. STATUS_INVALID_PARAMETER: no such means.
 */
#define IOCTL_SYNC_COUNT SYNC_CODE(1)
enum {
    SYNC_BY_SPIN_LOCK,
    SYNC_BY_QUEUED_SPIN_LOCK,
    SYNC_BY_FAST_MUTEX,
    SYNC_BY_MUTEX,
    SYNC_BY_SEMAPHORE,
    SYNC_BY_EVENT,
    SYNC_BY_INTERLOCKED,
    SYNC_MEANS
};
typedef struct _SYNC_COUNT {
    ULONG Means, Rounds;
} SYNC_COUNT;
typedef struct _SYNC_TOTAL {
    ULONG64 Total;
    ULONG64 Overlaps; /* how often two were inside at once: 0 */
} SYNC_TOTAL;

/* Starts a thread in the System process and one in the caller's, waits for both. Out: SYNC_THREADS.
 */
#define IOCTL_SYNC_THREADS SYNC_CODE(2)
typedef struct _SYNC_THREADS {
    ULONG Wait; /* the status of the wait for both */
    ULONG OwnProcess, SystemThreadProcess, ProcessThreadProcess;
    ULONG OwnThread, SystemThread, ProcessThread;
} SYNC_THREADS;

/* Waits on one object and on five; see SyncWaits. Out: SYNC_WAITS. */
#define IOCTL_SYNC_WAITS SYNC_CODE(3)
enum {
    SYNC_ONE_TIMEOUT, /* one event that nobody sets */
    SYNC_ONE_SET,     /* one event that is set */
    SYNC_ANY_NONE,    /* any of five, none signalled */
    SYNC_ANY_SYNCHRONIZATION,
    SYNC_ANY_SYNCHRONIZATION_AGAIN, /* the wait before has reset it */
    SYNC_ANY_NOTIFICATION,
    SYNC_ANY_NOTIFICATION_AGAIN, /* it stays */
    SYNC_ANY_SEMAPHORE,
    SYNC_ANY_SEMAPHORE_AGAIN, /* two units */
    SYNC_ANY_SEMAPHORE_EMPTY,
    SYNC_ANY_MUTEX,  /* its owner lets it go */
    SYNC_ANY_THREAD, /* the thread has ended, and stands before the mutex */
    SYNC_ALL_BUT_ONE,
    SYNC_ALL,
    SYNC_STEPS
};
typedef struct _SYNC_WAITS {
    ULONG Status[SYNC_STEPS];
    /* The objects' states after SYNC_ALL. */
    LONG Notification, Synchronization, Semaphore, Mutex;
} SYNC_WAITS;

/* In: ULONG64, an event's handle. The driver keeps a reference to the event. */
#define IOCTL_SYNC_GIVE_EVENT SYNC_CODE(4)
/* Sets it, from a thread of the System process, and drops the reference. STATUS_NOT_FOUND. */
#define IOCTL_SYNC_SET_EVENT SYNC_CODE(5)

/* In: ULONG, milliseconds. Waits so long for the named event. Out: SYNC_NAMED. */
#define IOCTL_SYNC_WAIT_NAMED SYNC_CODE(6)
typedef struct _SYNC_NAMED {
    ULONG Status;
    ULONG Padding;
    ULONG64 Event; /* its address */
} SYNC_NAMED;

/* Out: SYNC_INTERLOCKED. */
#define IOCTL_SYNC_INTERLOCKED SYNC_CODE(7)
typedef struct _SYNC_INTERLOCKED {
    LONG Increment, Decrement;   /* the new values, from 41 and back */
    LONG Exchange, Exchanged;    /* what was there (41), what is there now (7) */
    LONG Add, Added;             /* 7 before, 12 after 5 */
    LONG Hit, AfterHit;          /* 12 compared with 12: replaced by 100 */
    LONG Miss, AfterMiss;        /* 100 compared with 12: stays */
    LONG64 LargeAdd, AfterLarge; /* under a spin lock: 2^32 before, 2^32 + 3 after */
} SYNC_INTERLOCKED;

/* ---- sync_partner: \\.\LabSyncPartner ---- */

/* Sets, clears the named event. Out: SYNC_NAMED, Status the state before. */
#define IOCTL_PARTNER_SET   SYNC_CODE(16)
#define IOCTL_PARTNER_CLEAR SYNC_CODE(17)

#endif
