/* SPDX-License-Identifier: MIT */
/*
 * map.c - mappings of MDLs and of physical addresses. Everything is mapped once and for all: a
 * mapping is the memory's own address. What is kept is the flags, so that what would fail on
 * Windows fails here.
 */
#include "ntio/mm/mmp.h"

/* The address of the first byte, by the frame numbers: a driver may have filled those in itself. */
static PVOID MmpMappedAddress(PMDL Mdl, const char *Routine)
{
    PPFN_NUMBER Frame = MmGetMdlPfnArray(Mdl);
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(Mdl->ByteOffset, Mdl->ByteCount);
    ULONG i;

    for (i = 1; i < Pages; i++) {
        /* Pages that lie apart would have to be mapped a second time, side by side. */
        if (Frame[i] != Frame[0] + i)
            VfNotImplemented(Routine);
    }
    return (PVOID)((Frame[0] << PAGE_SHIFT) + Mdl->ByteOffset);
}

static PVOID MmpMapPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, const char *Routine)
{
    const USHORT Wrong =
        MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL_HAS_BEEN_MAPPED;
    const USHORT Needed = MDL_PAGES_LOCKED | MDL_PARTIAL;
    PVOID Address;

    if (AccessMode != KernelMode) {
        /* Nonpaged pool too may be shown to a program. */
        if ((Mdl->MdlFlags & (Needed | MDL_SOURCE_IS_NONPAGED_POOL)) == 0)
            VfStop(0xb3, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, Needed, NULL);
        if (ExpAllocationMustFail())
            ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
        return MmpMappedAddress(Mdl, Routine);
    }
    if (NTIO_UNLIKELY((Mdl->MdlFlags & Wrong) != 0))
        VfStop(0xb2, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, (USHORT)Mdl->MdlFlags & Wrong, NULL);
    if (NTIO_UNLIKELY((Mdl->MdlFlags & Needed) == 0))
        VfStop(0xb3, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, Needed, NULL);
    if (ExpAllocationMustFail())
        return NULL;
    Address = MmpMappedAddress(Mdl, Routine);
    Mdl->MappedSystemVa = Address;
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if ((Mdl->MdlFlags & MDL_PARTIAL) != 0)
        Mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return Address;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                         ULONG BugCheckOnFailure, ULONG Priority)
{
    KIRQL Irql = MmpIrql();
    PVOID Address;

    /* The cache type is the host's, priorities matter only where system addresses are short. */
    UNREFERENCED_PARAMETER(CacheType);
    UNREFERENCED_PARAMETER(Priority);
    if (NTIO_UNLIKELY(AccessMode == KernelMode && Irql > DISPATCH_LEVEL))
        VfStop(0x76, Irql, (ULONG_PTR)MemoryDescriptorList, (ULONG_PTR)AccessMode, NULL);
    if (NTIO_UNLIKELY(AccessMode != KernelMode && Irql > APC_LEVEL))
        VfStop(0x77, Irql, (ULONG_PTR)MemoryDescriptorList, (ULONG_PTR)AccessMode, NULL);
    if (AccessMode != KernelMode && RequestedAddress != NULL)
        VfNotImplemented("MmMapLockedPagesSpecifyCache at an address asked for");
    Address = MmpMapPages(MemoryDescriptorList, AccessMode,
                          "MmMapLockedPagesSpecifyCache of pages that do not lie side by side");
    if (Address == NULL && BugCheckOnFailure)
        KeBugCheckEx(NO_MORE_SYSTEM_PTES, 0, MemoryDescriptorList->ByteCount >> PAGE_SHIFT, 0, 0);
    return Address;
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    KIRQL Irql = MmpIrql();
    PVOID Address;

    if (NTIO_UNLIKELY(AccessMode == KernelMode && Irql > DISPATCH_LEVEL))
        VfStop(0x74, Irql, (ULONG_PTR)MemoryDescriptorList, (ULONG_PTR)AccessMode, NULL);
    if (NTIO_UNLIKELY(AccessMode != KernelMode && Irql > APC_LEVEL))
        VfStop(0x75, Irql, (ULONG_PTR)MemoryDescriptorList, (ULONG_PTR)AccessMode, NULL);
    Address = MmpMapPages(MemoryDescriptorList, AccessMode,
                          "MmMapLockedPages of pages that do not lie side by side");
    if (Address == NULL && (MemoryDescriptorList->MdlFlags & MDL_MAPPING_CAN_FAIL) == 0)
        KeBugCheckEx(NO_MORE_SYSTEM_PTES, 0, MemoryDescriptorList->ByteCount >> PAGE_SHIFT, 0, 0);
    return Address;
}

VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    PMDL Mdl = MemoryDescriptorList;
    KIRQL Irql = MmpIrql();

    if (NTIO_UNLIKELY(Irql > DISPATCH_LEVEL))
        VfStop(0x79, Irql, (ULONG_PTR)BaseAddress, (ULONG_PTR)Mdl, NULL);
    if ((Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0 && BaseAddress == Mdl->MappedSystemVa) {
        /* What a partial MDL has of its source's mapping is the source's to unmap. */
        if ((Mdl->MdlFlags & (MDL_PARTIAL | MDL_PARTIAL_HAS_BEEN_MAPPED)) != MDL_PARTIAL) {
            Mdl->MdlFlags &= (CSHORT) ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
            Mdl->MappedSystemVa = NULL;
            return;
        }
    } else if ((Mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL | MDL_SOURCE_IS_NONPAGED_POOL)) !=
                   0 &&
               BaseAddress == (PVOID)((MmGetMdlPfnArray(Mdl)[0] << PAGE_SHIFT) + Mdl->ByteOffset) &&
               (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0) {
        /* A user mapping, which leaves no trace in the MDL. */
        if (NTIO_UNLIKELY(Irql > APC_LEVEL))
            VfStop(0x7a, Irql, (ULONG_PTR)BaseAddress, (ULONG_PTR)Mdl, NULL);
        return;
    }
    KeBugCheckEx(SYSTEM_PTE_MISUSE, 1, (ULONG_PTR)Mdl, (ULONG_PTR)BaseAddress, 0);
}

NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if ((MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0 ||
        (MemoryDescriptorList->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)) != 0)
        return STATUS_NOT_MAPPED_VIEW;
    switch (NewProtect & 0xff) {
    case PAGE_READWRITE:
    case PAGE_EXECUTE_READWRITE:
        return STATUS_SUCCESS;
    case PAGE_READONLY:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_NOACCESS:
        /* The mapping is the program's own memory: it would lose its access as well. */
        VfNotImplemented("MmProtectMdlSystemAddress to less than read and write");
    default:
        return STATUS_INVALID_PAGE_PROTECTION;
    }
}

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS Physical = {.QuadPart = 0};

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (MmIsAddressValid(BaseAddress))
        Physical.QuadPart = (LONGLONG)(ULONG_PTR)BaseAddress;
    return Physical;
}

/* Memory that MmGetPhysicalAddress named; there are no devices with registers. */
static PVOID MmpMapPhysical(PHYSICAL_ADDRESS Physical, SIZE_T Bytes, const char *Routine)
{
    KIRQL Irql = MmpIrql();

    if (NTIO_UNLIKELY(Irql > DISPATCH_LEVEL))
        VfStop(0x73, Irql, (ULONG_PTR)Physical.QuadPart, Bytes, NULL);
    if (Bytes == 0 || ExpAllocationMustFail())
        return NULL;
    if (MmpProbeRange((PVOID)(ULONG_PTR)Physical.QuadPart, Bytes, FALSE) != STATUS_SUCCESS)
        VfNotImplemented(Routine);
    return (PVOID)(ULONG_PTR)Physical.QuadPart;
}

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                         MEMORY_CACHING_TYPE CacheType)
{
    UNREFERENCED_PARAMETER(CacheType);
    return MmpMapPhysical(PhysicalAddress, NumberOfBytes, "MmMapIoSpace of a device's registers");
}

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    UNREFERENCED_PARAMETER(Protect);
    return MmpMapPhysical(PhysicalAddress, NumberOfBytes, "MmMapIoSpaceEx of a device's registers");
}

VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    KIRQL Irql = MmpIrql();

    if (NTIO_UNLIKELY(Irql > DISPATCH_LEVEL))
        VfStop(0x7b, Irql, (ULONG_PTR)BaseAddress, NumberOfBytes, NULL);
}
