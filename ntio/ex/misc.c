/* SPDX-License-Identifier: MIT */
/* misc.c - exceptions, previous mode, identifiers, local time, what the processor has. */
#include "ntio/ex/exp.h"
#include "ntio/mm/mm.h"
#include <errno.h>
#include <sys/random.h>
#include <time.h>

__thread KPROCESSOR_MODE ExpPreviousMode = KernelMode;

VOID NTAPI ExRaiseStatus(NTSTATUS Status)
{
    MmpRaise(Status, __builtin_return_address(0));
}

VOID NTAPI ExRaiseAccessViolation(VOID)
{
    MmpRaise(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
}

VOID NTAPI ExRaiseDatatypeMisalignment(VOID)
{
    MmpRaise(STATUS_DATATYPE_MISALIGNMENT, __builtin_return_address(0));
}

KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID)
{
    if (KiCurrentThread != NULL && KiCurrentThread->SystemThread)
        return KernelMode;
    return ExpPreviousMode;
}

NTSTATUS NTAPI ExUuidCreate(GUID *Uuid)
{
    PUCHAR Bytes = (PUCHAR)Uuid;
    size_t Have = 0;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    while (Have < sizeof(*Uuid)) {
        ssize_t Got = getrandom(Bytes + Have, sizeof(*Uuid) - Have, 0);
        if (Got < 0 && errno != EINTR)
            return STATUS_RETRY;
        if (Got > 0)
            Have += (size_t)Got;
    }
    /* RFC 4122: version 4, variant 1. */
    Uuid->Data3 = (USHORT)((Uuid->Data3 & 0x0fff) | 0x4000);
    Uuid->Data4[0] = (UCHAR)((Uuid->Data4[0] & 0x3f) | 0x80);
    return STATUS_SUCCESS;
}

/* Like Windows, both use the zone's offset of today, not of the time given. */
static LONGLONG ExpZoneOffset(VOID)
{
    time_t Now = time(NULL);
    struct tm Local;

    if (localtime_r(&Now, &Local) == NULL)
        return 0;
    return (LONGLONG)Local.tm_gmtoff * 10000000;
}

VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    LocalTime->QuadPart = SystemTime->QuadPart + ExpZoneOffset();
}

VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    SystemTime->QuadPart = LocalTime->QuadPart - ExpZoneOffset();
}

/* No tick runs here: timers have the host's resolution whatever is asked for. */
ULONG NTAPI ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    UNREFERENCED_PARAMETER(DesiredTime);
    UNREFERENCED_PARAMETER(SetResolution);
    return KeQueryTimeIncrement();
}

BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    switch (ProcessorFeature) {
#if defined(__x86_64__)
    case 2:  /* PF_COMPARE_EXCHANGE_DOUBLE */
    case 3:  /* PF_MMX_INSTRUCTIONS_AVAILABLE */
    case 6:  /* PF_XMMI_INSTRUCTIONS_AVAILABLE */
    case 8:  /* PF_RDTSC_INSTRUCTION_AVAILABLE */
    case 9:  /* PF_PAE_ENABLED */
    case 10: /* PF_XMMI64_INSTRUCTIONS_AVAILABLE */
    case 12: /* PF_NX_ENABLED */
    case 14: /* PF_COMPARE_EXCHANGE128: every x64 processor that Windows 8.1 runs on */
        return TRUE;
    case 13: /* PF_SSE3_INSTRUCTIONS_AVAILABLE */
        return (BOOLEAN)(__builtin_cpu_supports("sse3") != 0);
    case 36: /* PF_SSSE3_INSTRUCTIONS_AVAILABLE */
        return (BOOLEAN)(__builtin_cpu_supports("ssse3") != 0);
    case 37: /* PF_SSE4_1_INSTRUCTIONS_AVAILABLE */
        return (BOOLEAN)(__builtin_cpu_supports("sse4.1") != 0);
    case 38: /* PF_SSE4_2_INSTRUCTIONS_AVAILABLE */
        return (BOOLEAN)(__builtin_cpu_supports("sse4.2") != 0);
    case 39: /* PF_AVX_INSTRUCTIONS_AVAILABLE */
        return (BOOLEAN)(__builtin_cpu_supports("avx") != 0);
    case 40: /* PF_AVX2_INSTRUCTIONS_AVAILABLE */
        return (BOOLEAN)(__builtin_cpu_supports("avx2") != 0);
#endif
    default:
        return FALSE;
    }
}

/* A workstation: none of the server suites. */
BOOLEAN NTAPI ExVerifySuite(ULONG SuiteType)
{
    UNREFERENCED_PARAMETER(SuiteType);
    return FALSE;
}
