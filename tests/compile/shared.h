/* SPDX-License-Identifier: MIT */
/* shared.h - between these drivers and the program that runs them. */
#ifndef TESTS_COMPILE_SHARED_H
#define TESTS_COMPILE_SHARED_H

#define SHARED_CODE(n, method) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900 + (n), method, FILE_ANY_ACCESS)

/* ioctl.c: each answers the input with its letters' case turned. */
#define IOCTL_TURN_BUFFERED SHARED_CODE(0, METHOD_BUFFERED)
#define IOCTL_TURN_DIRECT   SHARED_CODE(1, METHOD_OUT_DIRECT)
#define IOCTL_TURN_NEITHER  SHARED_CODE(2, METHOD_NEITHER)
/* How many exceptions there were; ULONG. */
#define IOCTL_TURN_FAULTS SHARED_CODE(3, METHOD_BUFFERED)

/* event.c: a handle of an event that is set after some milliseconds. */
typedef struct _REGISTER_EVENT {
    ULONG64 Event;
    ULONG Milliseconds;
    ULONG Reserved;
} REGISTER_EVENT, *PREGISTER_EVENT;
#define IOCTL_REGISTER_EVENT SHARED_CODE(4, METHOD_BUFFERED)

/* cpp.cpp: in: ULONGs; out: their sum, largest, and how often a destructor has run. */
typedef struct _CPP_ANSWER {
    ULONG Sum, Largest, Destroyed;
} CPP_ANSWER, *PCPP_ANSWER;
#define IOCTL_CPP_FOLD SHARED_CODE(5, METHOD_BUFFERED)

#endif
