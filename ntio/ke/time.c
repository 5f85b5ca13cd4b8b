/* SPDX-License-Identifier: MIT */
/* time.c - clocks. Interrupt time is the host's monotonic clock, system time its wall clock; both
 * in 100 ns. */
#include "kip.h"

#include <time.h>

static ULONGLONG KiReadClock(clockid_t Clock)
{
    struct timespec Now;

    clock_gettime(Clock, &Now);
    return (ULONGLONG)Now.tv_sec * 10000000 + (ULONGLONG)Now.tv_nsec / 100;
}

ULONGLONG KiNow(VOID)
{
    return KiReadClock(CLOCK_MONOTONIC);
}

ULONGLONG KiSystemNow(VOID)
{
    return KiReadClock(CLOCK_REALTIME) + KI_EPOCH_1601;
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = (LONGLONG)KiSystemNow();
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    KeQuerySystemTimePrecise(CurrentTime);
}

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    return KiNow();
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    ULONGLONG Now = KiNow();

    if (QpcTimeStamp != NULL)
        *QpcTimeStamp = Now;
    return Now;
}

/* CLOCK_MONOTONIC leaves out the time that the host was suspended. */
ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID)
{
    return KiNow();
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    CurrentCount->QuadPart = (LONGLONG)(KiNow() / KI_TIME_INCREMENT);
}

ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    return KI_TIME_INCREMENT;
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER Counter;

    if (PerformanceFrequency != NULL)
        PerformanceFrequency->QuadPart = 10000000;
    Counter.QuadPart = (LONGLONG)KiNow();
    return Counter;
}

/* Busy, as documented: the caller may be at any IRQL. */
VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    ULONGLONG End = KiNow() + (ULONGLONG)MicroSeconds * 10;

    while (KiNow() < End)
        KiPause();
}
