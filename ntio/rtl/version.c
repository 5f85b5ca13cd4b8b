/* SPDX-License-Identifier: MIT */
/* version.c - which Windows ntio says it is: 10.0, build 19045 (22H2), a workstation. */
#include "rtlp.h"

#define RTLP_MAJOR 10
#define RTLP_MINOR 0
#define RTLP_BUILD 19045
#define RTLP_DDI   0x0a00000b /* NTDDI_WIN10_VB: the interface of that build */

/* Type bits and conditions of VerSetConditionMask. */
#define VER_MINORVERSION_     0x01
#define VER_MAJORVERSION_     0x02
#define VER_BUILDNUMBER_      0x04
#define VER_PLATFORMID_       0x08
#define VER_SERVICEPACKMINOR_ 0x10
#define VER_SERVICEPACKMAJOR_ 0x20
#define VER_SUITENAME_        0x40
#define VER_PRODUCT_TYPE_     0x80
enum { VerEqual = 1, VerGreater, VerGreaterEqual, VerLess, VerLessEqual, VerAnd, VerOr };

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation)
{
    lpVersionInformation->dwMajorVersion = RTLP_MAJOR;
    lpVersionInformation->dwMinorVersion = RTLP_MINOR;
    lpVersionInformation->dwBuildNumber = RTLP_BUILD;
    lpVersionInformation->dwPlatformId = 2; /* VER_PLATFORM_WIN32_NT */
    lpVersionInformation->szCSDVersion[0] = 0;
    if (lpVersionInformation->dwOSVersionInfoSize == sizeof(RTL_OSVERSIONINFOEXW)) {
        PRTL_OSVERSIONINFOEXW Extended = (PRTL_OSVERSIONINFOEXW)lpVersionInformation;

        Extended->wServicePackMajor = Extended->wServicePackMinor = 0;
        Extended->wSuiteMask = 0x100; /* VER_SUITE_SINGLEUSERTS */
        Extended->wProductType = NtProductWinNt;
        Extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

/* Three bits for each type bit. */
ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition)
{
    CCHAR Bit = RtlFindMostSignificantBit(TypeMask);

    return Bit < 0 ? ConditionMask : ConditionMask | (ULONGLONG)(Condition & 7) << Bit * 3;
}

static ULONG RtlpCondition(ULONGLONG Mask, ULONG Type)
{
    return (ULONG)(Mask >> RtlFindMostSignificantBit(Type) * 3) & 7;
}

static BOOLEAN RtlpHolds(ULONG Condition, ULONG Have, ULONG Want)
{
    switch (Condition) {
    case VerEqual:
        return Have == Want;
    case VerGreater:
        return Have > Want;
    case VerGreaterEqual:
        return Have >= Want;
    case VerLess:
        return Have < Want;
    case VerLessEqual:
        return Have <= Want;
    default:
        return FALSE;
    }
}

/*
 * Major, minor and service pack are compared as one number as far as they are asked for: a
 * difference in the higher one decides, and the condition of the major version is that of all.
 */
NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                    ULONGLONG ConditionMask)
{
    RTL_OSVERSIONINFOEXW Have;
    const struct {
        ULONG Type, Have, Want;
    } Parts[] = {
        {VER_MAJORVERSION_, RTLP_MAJOR, VersionInfo->dwMajorVersion},
        {VER_MINORVERSION_, RTLP_MINOR, VersionInfo->dwMinorVersion},
        {VER_SERVICEPACKMAJOR_, 0, VersionInfo->wServicePackMajor},
        {VER_SERVICEPACKMINOR_, 0, VersionInfo->wServicePackMinor},
    };
    ULONG Condition = 0;
    BOOLEAN Decided = FALSE;

    if (TypeMask == 0 || ConditionMask == 0)
        return STATUS_INVALID_PARAMETER;
    Have.dwOSVersionInfoSize = sizeof(Have);
    RtlGetVersion((PRTL_OSVERSIONINFOW)&Have);
    if ((TypeMask & VER_SUITENAME_) != 0) {
        ULONG Common = Have.wSuiteMask & VersionInfo->wSuiteMask;

        switch (RtlpCondition(ConditionMask, VER_SUITENAME_)) {
        case VerAnd:
            if (Common != VersionInfo->wSuiteMask)
                return STATUS_REVISION_MISMATCH;
            break;
        case VerOr:
            if (Common == 0 && VersionInfo->wSuiteMask != 0)
                return STATUS_REVISION_MISMATCH;
            break;
        default:
            return STATUS_INVALID_PARAMETER;
        }
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(Parts) && !Decided; i++) {
        BOOLEAN Last = TRUE;

        if ((TypeMask & Parts[i].Type) == 0)
            continue;
        if (Condition == 0 || Condition == VerEqual)
            Condition = RtlpCondition(ConditionMask, Parts[i].Type);
        for (ULONG j = i + 1; j < RTL_NUMBER_OF(Parts); j++)
            Last = Last && (TypeMask & Parts[j].Type) == 0;
        if (Parts[i].Have != Parts[i].Want || Last) {
            if (!RtlpHolds(Condition, Parts[i].Have, Parts[i].Want))
                return STATUS_REVISION_MISMATCH;
            Decided = TRUE;
        }
    }
    if ((TypeMask & VER_BUILDNUMBER_) != 0 &&
        !RtlpHolds(RtlpCondition(ConditionMask, VER_BUILDNUMBER_), RTLP_BUILD,
                   VersionInfo->dwBuildNumber))
        return STATUS_REVISION_MISMATCH;
    if ((TypeMask & VER_PLATFORMID_) != 0 &&
        !RtlpHolds(RtlpCondition(ConditionMask, VER_PLATFORMID_), Have.dwPlatformId,
                   VersionInfo->dwPlatformId))
        return STATUS_REVISION_MISMATCH;
    if ((TypeMask & VER_PRODUCT_TYPE_) != 0 &&
        !RtlpHolds(RtlpCondition(ConditionMask, VER_PRODUCT_TYPE_), Have.wProductType,
                   VersionInfo->wProductType))
        return STATUS_REVISION_MISMATCH;
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version)
{
    /* The low 16 bits name a service pack: a question for the routine below. */
    return (Version & 0xffff) <= (RTLP_DDI & 0xffff) ? Version <= RTLP_DDI : FALSE;
}

BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG Version)
{
    return Version <= RTLP_DDI;
}
