/* SPDX-License-Identifier: MIT */
/*
 * servicelist.c - Services\NAME\Enum: the devices that a service drives, as Windows keeps them
 * there for drivers and tools. "0", "1", ... are instance paths, Count and NextInstance say how
 * many. The key is volatile: each boot finds its devices anew.
 */
#include "ntio/pnp/pnpp.h"

#define PNP_SERVICES_KEY PNP_CONTROL_SET L"\\Services\\"

static ULONG PnppCount(const WCHAR *Path)
{
    ULONG Count;
    return NT_SUCCESS(CmpQueryUlong(Path, L"Count", &Count)) ? Count : 0;
}

/* The number under which Instance stands, or Count. */
static ULONG PnppFind(const WCHAR *Path, const WCHAR *Instance, ULONG Count)
{
    WCHAR Number[12], *Listed;
    ULONG i;

    for (i = 0; i < Count; i++) {
        NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%u", i);
        if (!NT_SUCCESS(CmpQueryString(Path, Number, &Listed)))
            continue;
        BOOLEAN Same = PnpSameString(Listed, Instance);
        ExFreePool(Listed);
        if (Same)
            break;
    }
    return i;
}

static VOID PnppSetCount(const WCHAR *Path, ULONG Count)
{
    (void)CmpSetUlong(Path, L"Count", Count);
    (void)CmpSetUlong(Path, L"NextInstance", Count);
}

static BOOLEAN PnppListPath(const WCHAR *Service, WCHAR Path[PNP_PATH_CHARACTERS])
{
    return PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_SERVICES_KEY, Service, NULL) &&
           CmpKeyExists(Path) &&
           PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_SERVICES_KEY, Service, L"\\Enum", NULL);
}

VOID PnpListDevice(const WCHAR *Service, const WCHAR *Instance)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Number[12];

    if (!PnppListPath(Service, Path) || !NT_SUCCESS(CmpCreateVolatileKey(Path)))
        return;
    ULONG Count = PnppCount(Path);
    if (PnppFind(Path, Instance, Count) != Count)
        return;
    NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%u", Count);
    if (NT_SUCCESS(CmpSetString(Path, Number, Instance)))
        PnppSetCount(Path, Count + 1);
}

VOID PnpUnlistDevice(const WCHAR *Service, const WCHAR *Instance)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Number[12], *Next;

    if (!PnppListPath(Service, Path) || !CmpKeyExists(Path))
        return;
    ULONG Count = PnppCount(Path), i = PnppFind(Path, Instance, Count);
    if (i == Count)
        return;
    /* Those behind move up. */
    for (; i + 1 < Count; i++) {
        NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%u", i + 1);
        if (!NT_SUCCESS(CmpQueryString(Path, Number, &Next)))
            continue;
        NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%u", i);
        (void)CmpSetString(Path, Number, Next);
        ExFreePool(Next);
    }
    NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%u", Count - 1);
    (void)CmpDeleteValue(Path, Number);
    PnppSetCount(Path, Count - 1);
}
