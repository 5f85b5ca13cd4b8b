/* SPDX-License-Identifier: MIT */
/* misc.c - what kind of system this is, its routines by name, pageable sections that are never
 * paged; mm's beginning and end. */
#include "ntio/mm/mmp.h"

/* ldr's; a test of the lower components alone has no loader. */
PVOID LdrFindExport(const char *Module, const char *Name) __attribute__((weak));

MM_SYSTEMSIZE NTAPI MmQuerySystemSize(VOID)
{
    return MmLargeSystem;
}

BOOLEAN NTAPI MmIsThisAnNtAsSystem(VOID)
{
    return FALSE;
}

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    char Name[128];
    ULONG Length = SystemRoutineName->Length / sizeof(WCHAR);
    PVOID Routine;
    ULONG i;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (LdrFindExport == NULL || Length >= sizeof(Name))
        return NULL;
    for (i = 0; i < Length; i++) {
        /* Names of routines are ASCII. */
        if (SystemRoutineName->Buffer[i] == 0 || SystemRoutineName->Buffer[i] > 0x7e)
            return NULL;
        Name[i] = (char)SystemRoutineName->Buffer[i];
    }
    Name[Length] = '\0';
    Routine = LdrFindExport("ntoskrnl.exe", Name);
    if (Routine == NULL)
        Routine = LdrFindExport("hal.dll", Name);
    return Routine;
}

/*
 * Nothing is ever paged out by ntio, so a section is resident whether it is locked or not: these
 * say so, and that is all they would do on a Windows with DisablePagingExecutive. The handle is the
 * address.
 */
PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    return AddressWithinSection;
}

VOID NTAPI MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    UNREFERENCED_PARAMETER(ImageSectionHandle);
}

VOID NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    UNREFERENCED_PARAMETER(ImageSectionHandle);
}

/* The base of the driver's image, on Windows; no driver uses it but to know that it worked. */
PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    return AddressWithinSection;
}

VOID NTAPI MmResetDriverPaging(PVOID AddressWithinSection)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    UNREFERENCED_PARAMETER(AddressWithinSection);
}

NTSTATUS MmInitializeSystem(VOID)
{
    MmpInitializeMdls();
    MmpInitializeRegions();
    MmpInstallFaultHandler();
    return STATUS_SUCCESS;
}

VOID MmShutdownSystem(VOID)
{
    MmpRemoveFaultHandler();
}
